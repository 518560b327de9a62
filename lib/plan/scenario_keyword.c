/* SPDX-License-Identifier: BSD-3-Clause */
/* The keywords that stand for one value each, and the pieces that templates are made of. */
#include "plan/scenario_int.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define MAX_KEYWORD 256

enum {
	OFFSET = 1, /* takes +n or -n */
	OURS = 2,   /* not SIPp's: a custom keyword of this name goes first */
	MESSAGE = 4 /* has a meaning in a message only */
};

static const struct {
	const char *name;
	uint8_t slot;
	uint8_t flags;
} keywords[] = {
	{ "remote_ip", RS_SLOT_REMOTE_IP, 0 },
	{ "remote_host", RS_SLOT_REMOTE_HOST, 0 },
	{ "remote_port", RS_SLOT_REMOTE_PORT, OFFSET },
	{ "transport", RS_SLOT_TRANSPORT, 0 },
	{ "local_ip", RS_SLOT_LOCAL_IP, 0 },
	{ "local_ip_type", RS_SLOT_LOCAL_IP_TYPE, 0 },
	{ "local_port", RS_SLOT_LOCAL_PORT, OFFSET },
	{ "server_ip", RS_SLOT_SERVER_IP, 0 },
	{ "media_ip", RS_SLOT_MEDIA_IP, 0 },
	{ "media_ip_type", RS_SLOT_MEDIA_IP_TYPE, 0 },
	{ "media_port", RS_SLOT_MEDIA_PORT, OFFSET },
	{ "auto_media_port", RS_SLOT_AUTO_MEDIA_PORT, OFFSET },
	{ "rtpstream_audio_port", RS_SLOT_MEDIA_PORT, OFFSET },
	{ "rtpstream_video_port", RS_SLOT_VIDEO_PORT, OFFSET },
	{ "call_number", RS_SLOT_CALL_NUMBER, OFFSET },
	{ "call_id", RS_SLOT_CALL_ID, 0 },
	{ "dynamic_id", RS_SLOT_DYNAMIC_ID, OFFSET },
	{ "pid", RS_SLOT_PID, 0 },
	{ "service", RS_SLOT_SERVICE, 0 },
	{ "user", RS_SLOT_USER, OURS },
	{ "domain", RS_SLOT_DOMAIN, OURS },
	{ "tag", RS_SLOT_TAG, OURS },
	{ "msg_index", RS_SLOT_MSG_INDEX, OFFSET },
	{ "branch", RS_SLOT_BRANCH, OFFSET },
	{ "cseq", RS_SLOT_CSEQ, OFFSET },
	{ "last_cseq_number", RS_SLOT_LAST_CSEQ_NUMBER, OFFSET },
	{ "clock_tick", RS_SLOT_CLOCK_TICK, OFFSET },
	{ "timestamp", RS_SLOT_TIMESTAMP, 0 },
	{ "date", RS_SLOT_DATE, 0 },
	{ "sipp_version", RS_SLOT_SIPP_VERSION, 0 },
	{ "last_message", RS_SLOT_LAST_MESSAGE, 0 },
	{ "last_Request_URI", RS_SLOT_LAST_REQUEST_URI, 0 },
	{ "peer_tag_param", RS_SLOT_PEER_TAG_PARAM, 0 },
	{ "next_url", RS_SLOT_NEXT_URL, 0 },
	{ "routes", RS_SLOT_ROUTES, 0 },
	{ "len", RS_SLOT_LEN, OFFSET | MESSAGE },
};

/* Keywords of SIPp that are not built: the whole name, or with a star its beginning. */
static const struct {
	const char *name;
	const char *why;
} missing[] = {
	{ "users", "there is no -users mode: endpoints are the plan's" },
	{ "userid", "there is no -users mode: endpoints are the plan's" },
	{ "tdmmap", "the TDM map is not carried over" },
};

/* --- pieces of templates --- */

struct rs_op *
rs_sc_op(struct rs_sc *c, enum rs_slot slot)
{
	struct rs_op *op = rs_sc_push(c, &c->ops, sizeof(*op));

	op->slot = (uint8_t)slot;
	return op;
}

uint32_t
rs_sc_text_add(struct rs_sc *c, const void *p, size_t len)
{
	struct rs_sc_vec *t = &c->text;
	uint32_t off = t->n;

	if (t->n + len > RS_SC_MAX_TEXT) {
		c->oom = true;
		return 0;
	}
	if (t->n + len > t->cap) {
		uint32_t cap = (uint32_t)(t->cap + len) * 2;
		void *q = realloc(t->p, cap);

		if (q == NULL) {
			c->oom = true;
			return 0;
		}
		t->p = q;
		t->cap = cap;
	}
	if (len > 0)
		memcpy((uint8_t *)t->p + off, p, len);
	t->n += (uint32_t)len;
	return off;
}

/* Adjacent literals become one operation. */
void
rs_sc_literal(struct rs_sc *c, const void *p, size_t len)
{
	struct rs_op *last =
		c->ops.n > c->template_ops ? RS_SC_AT(c->ops, struct rs_op, c->ops.n - 1) : NULL;
	uint32_t off;

	if (len == 0)
		return;
	off = rs_sc_text_add(c, p, len);
	if (last == NULL || last->slot != RS_SLOT_LITERAL || last->off + last->len != off) {
		last = rs_sc_op(c, RS_SLOT_LITERAL);
		last->off = off;
	}
	last->len += (uint32_t)len;
}

static int
shown(struct rs_slice s)
{
	return (int)(s.len < 60 ? s.len : 60);
}

static const char *
missing_why(struct rs_slice kw, const char **name)
{
	for (size_t i = 0; i < COUNT(missing); i++) {
		size_t n = strlen(missing[i].name);
		bool star = missing[i].name[n - 1] == '*';

		if (star ? kw.len >= n - 1 && memcmp(kw.p, missing[i].name, n - 1) == 0
			 : rs_slice_is(kw, missing[i].name)) {
			*name = missing[i].name;
			return missing[i].why;
		}
	}
	return NULL;
}

/* "remote_port+2": the number behind the sign, cut off @kw. @return there is one */
static bool
cut_offset(struct rs_slice *kw, int32_t *n)
{
	size_t i = kw->len;
	int64_t v = 0;

	while (i > 0 && kw->p[i - 1] >= '0' && kw->p[i - 1] <= '9')
		i--;
	if (i == kw->len || i < 2 || (kw->p[i - 1] != '+' && kw->p[i - 1] != '-'))
		return false;
	for (size_t k = i; k < kw->len; k++)
		v = v > 99999999 ? v : v * 10 + (kw->p[k] - '0');
	*n = (int32_t)(kw->p[i - 1] == '-' ? -v : v);
	kw->len = i - 1;
	return true;
}

static int
builtin(struct rs_slice kw)
{
	for (size_t i = 0; i < COUNT(keywords); i++)
		if (rs_slice_is(kw, keywords[i].name))
			return (int)i;
	return -1;
}

static const struct rs_key *
custom(const struct rs_sc *c, struct rs_slice kw)
{
	for (uint32_t i = 0; i < c->opts->n_keys; i++)
		if (rs_slice_is(kw, c->opts->keys[i].name))
			return &c->opts->keys[i];
	return NULL;
}

bool
rs_sc_is_keyword(struct rs_slice kw)
{
	struct rs_slice word = kw;
	const char *name;
	int32_t n;

	for (size_t i = 0; i < kw.len; i++) {
		if (kw.p[i] == ' ') {
			word.len = i;
			break;
		}
	}
	if (word.len == 0)
		return false;
	if (rs_sc_is_family(word) || rs_sc_is_auth(word) || rs_sc_is_crypto(word))
		return true;
	cut_offset(&word, &n);
	return builtin(word) >= 0 || missing_why(kw, &name) != NULL;
}

/* Could @kw be the name of a custom keyword? */
static bool
is_name(struct rs_slice kw)
{
	for (size_t i = 0; i < kw.len; i++) {
		uint8_t ch = kw.p[i] | 0x20;

		if (!(ch >= 'a' && ch <= 'z') && !(kw.p[i] >= '0' && kw.p[i] <= '9') &&
			strchr("_-.", kw.p[i]) == NULL)
			return false;
	}
	return true;
}

static void
unknown(struct rs_sc *c, struct rs_slice kw, int line)
{
	const char *names[COUNT(keywords) + COUNT(missing)], *near;
	char name[MAX_KEYWORD + 1];

	for (size_t i = 0; i < COUNT(keywords); i++)
		names[i] = keywords[i].name;
	memcpy(name, kw.p, kw.len);
	name[kw.len] = '\0';
	near = rs_text_nearest(name, names, COUNT(keywords));
	if (c->opts->any_key && is_name(kw))
		rs_sc_warn(c, line, "[%.60s] is no keyword of the language%s%s%s: a custom one?",
			name, near != NULL ? " (near: [" : "", near != NULL ? near : "",
			near != NULL ? "])" : "");
	else if (near != NULL)
		rs_sc_error(c, line,
			"[%.60s] is no keyword: is [%s] meant? (a custom one goes into the activity's keys)",
			name, near);
	else
		rs_sc_error(c, line,
			"[%.60s] is no keyword: set it in the activity's keys, or write \\x5b for a bracket",
			name);
}

/* The text of the line so far, as far as it is literal. */
static struct rs_slice
line_so_far(const struct rs_sc *c)
{
	const struct rs_op *op = c->ops.n > c->template_ops ? RS_SC_AT(c->ops, struct rs_op, c->ops.n - 1) : NULL;
	const uint8_t *text = c->text.p;
	size_t at;

	if (op == NULL || op->slot != RS_SLOT_LITERAL)
		return rs_slice_of(NULL, 0);
	for (at = op->len; at > 0 && text[op->off + at - 1] != '\n'; at--)
		;
	return rs_slice_of(text + op->off + at, op->len - at);
}

/*
 * The port of the m= line that the keyword stands in, or below: SIPp, too, takes the port of what it plays from the line's type. A
 * second line of a type is nobody's: its port is what the offset makes of the first.
 */
static void
port(struct rs_sc *c, uint8_t slot, int32_t n, bool stream)
{
	struct rs_slice line = line_so_far(c);
	bool begun = rs_slice_begins(line, "m=");
	bool video = slot == RS_SLOT_VIDEO_PORT || rs_slice_begins(line, "m=video ") || rs_slice_begins(line, "m=image ");
	struct rs_op *op;

	if (begun && !c->lines.seen[video]) {
		c->lines.seen[video] = true;
		c->lines.video = video;
		c->lines.n = n;
	} else if (begun) {
		c->lines.n = 0;
		c->lines.video = slot == RS_SLOT_VIDEO_PORT;
	} else if (slot == RS_SLOT_VIDEO_PORT && !c->lines.video) {
		c->lines.n = 0;
	}
	video = c->lines.video || slot == RS_SLOT_VIDEO_PORT;
	op = rs_sc_op(c, video ? RS_SLOT_VIDEO_PORT : slot);
	op->n = n;
	op->aux = (uint32_t)c->lines.n;
	op->with_name = slot == RS_SLOT_AUTO_MEDIA_PORT;
	c->media |= stream;
	c->video |= slot == RS_SLOT_VIDEO_PORT;
}

static bool
is_contact(struct rs_slice line)
{
	return (line.len >= 8 && rs_slice_case_eq(rs_slice_of(line.p, 8), rs_slice_str("Contact:"))) ||
		(line.len >= 2 && rs_slice_case_eq(rs_slice_of(line.p, 2), rs_slice_str("m:")));
}

/*
 * [transport] as a parameter of a URI is not always what it is in Via. @return the slot for where the template has come to; our
 * Contact may have more behind it, inside its brackets only: outside them it would be a parameter of the header.
 */
static enum rs_slot
transport(const struct rs_sc *c)
{
	struct rs_slice line = line_so_far(c), name = rs_slice_str("transport=");
	bool begins = true, contact = false, inside = false;

	if (line.len < name.len || !rs_slice_case_eq(rs_slice_of(line.p + line.len - name.len, name.len), name))
		return RS_SLOT_TRANSPORT;
	for (uint32_t i = c->template_ops; i < c->ops.n; i++) {
		const struct rs_op *op = RS_SC_AT(c->ops, struct rs_op, i);
		struct rs_slice text = rs_slice_of((const uint8_t *)c->text.p + op->off, op->slot == RS_SLOT_LITERAL ? op->len : 0);

		if (op->slot == RS_SLOT_BODY)
			return RS_SLOT_URI_TRANSPORT;
		begins |= op->slot == RS_SLOT_LINE;
		for (size_t k = 0; k < text.len; k++) {
			if (begins) {
				contact = is_contact(rs_slice_of(text.p + k, text.len - k));
				inside = false;
			}
			begins = text.p[k] == '\n';
			inside = (inside || text.p[k] == '<') && text.p[k] != '>';
		}
		begins &= text.len > 0 || op->slot == RS_SLOT_LINE;
	}
	return contact && inside ? RS_SLOT_CONTACT_TRANSPORT : RS_SLOT_URI_TRANSPORT;
}

void
rs_sc_keyword(struct rs_sc *c, struct rs_slice kw, int line, enum rs_sc_use_of_text use)
{
	struct rs_slice name = kw;
	const char *construct, *why;
	const struct rs_key *key;
	int32_t n = 0;
	bool offset;
	int k;

	offset = cut_offset(&name, &n);
	k = builtin(name);
	if (k < 0 && rs_sc_is_auth(kw)) {
		rs_sc_auth(c, kw, line, use);
		return;
	}
	if (k < 0 && (rs_sc_family(c, kw, line) || rs_sc_crypto(c, kw)))
		return;
	why = missing_why(kw, &construct);
	if (why != NULL) {
		rs_sc_unsupported(c, line, construct, "[%.*s]: %s", shown(kw), kw.p, why);
		return;
	}
	key = custom(c, kw);
	if (key != NULL && (k < 0 || (keywords[k].flags & OURS))) {
		rs_sc_literal(c, key->value, strlen(key->value));
		return;
	}
	if (k < 0) {
		unknown(c, kw, line);
		return;
	}
	if (offset && !(keywords[k].flags & OFFSET))
		rs_sc_warn(c, line, "[%.*s]: [%s] is no number, the offset is ignored", shown(kw),
			kw.p, keywords[k].name);
	if ((keywords[k].flags & MESSAGE) && use != RS_SC_MESSAGE)
		rs_sc_error(c, line, "[%s] has a meaning inside a message only", keywords[k].name);
	n = offset && (keywords[k].flags & OFFSET) ? n : 0;
	if (keywords[k].slot == RS_SLOT_MEDIA_PORT || keywords[k].slot == RS_SLOT_AUTO_MEDIA_PORT || keywords[k].slot == RS_SLOT_VIDEO_PORT)
		port(c, keywords[k].slot, n, strncmp(keywords[k].name, "rtpstream_", 10) == 0);
	else if (keywords[k].slot == RS_SLOT_TRANSPORT)
		rs_sc_op(c, transport(c));
	else
		rs_sc_op(c, keywords[k].slot)->n = n;
}
