/* SPDX-License-Identifier: BSD-3-Clause */
/* From text with [keywords] to the operations of a template. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/scenario_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_KEYWORD 256

enum { OFFSET = 1, /* takes +n or -n */
	OURS = 2,  /* not SIPp's: a custom keyword of this name goes first */
	MESSAGE = 4 /* has a meaning in a message only */ };

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
	{ "authentication*", "authentication is not built" },
	{ "users", "there is no -users mode: endpoints are the plan's" },
	{ "userid", "there is no -users mode: endpoints are the plan's" },
	{ "tdmmap", "the TDM map is not carried over" },
	{ "rtpstream_audio_port*", "media are not built" },
	{ "rtpstream_video_port*", "media are not built" },
	{ "cryptotag*", "SRTP is not built" },
	{ "cryptosuite*", "SRTP is not built" },
	{ "cryptokeyparams*", "SRTP is not built" },
	{ "ueaescm128sha1*", "SRTP is not built" },
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
	struct rs_op *last = c->ops.n > c->template_ops ? RS_SC_AT(c->ops, struct rs_op, c->ops.n - 1) : NULL;
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

/* --- parameters: name="value" name=value --- */

/* The value of @name in @params; what is between quotes may hold anything but a quote. @return absent: not given */
static struct rs_slice
param(struct rs_slice params, const char *name)
{
	size_t i = 0, len = strlen(name);

	while (i < params.len) {
		size_t start, eq, from;

		while (i < params.len && (params.p[i] == ' ' || params.p[i] == '\t'))
			i++;
		start = i;
		while (i < params.len && params.p[i] != '=' && params.p[i] != ' ')
			i++;
		eq = i;
		if (i < params.len && params.p[i] == '=')
			i++;
		from = i;
		if (i < params.len && params.p[i] == '"') {
			from = ++i;
			while (i < params.len && params.p[i] != '"')
				i++;
		} else {
			while (i < params.len && params.p[i] != ' ')
				i++;
		}
		if (eq - start == len && memcmp(params.p + start, name, len) == 0)
			return rs_slice_of(params.p + from, i - from);
		if (i < params.len)
			i++;
	}
	return rs_slice_of(NULL, 0);
}

static struct rs_slice
behind(struct rs_slice s, size_t n)
{
	return rs_slice_of(s.p + n, s.len - n);
}

static int
shown(struct rs_slice s)
{
	return (int)(s.len < 60 ? s.len : 60);
}

/* --- keywords with a beginning of their own --- */

static void
kw_var(struct rs_sc *c, struct rs_slice kw, int line)
{
	int16_t v = rs_sc_var(c, line, behind(kw, 1), false);

	rs_sc_op(c, RS_SLOT_VAR)->aux = (uint32_t)v;
}

static void
kw_last(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice name = rs_slice_trim(behind(kw, strlen("last_")));
	struct rs_op *op;
	uint32_t off;

	if (name.len > 0 && name.p[name.len - 1] == ':')
		name.len--;
	name = rs_slice_trim(name);
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || name.p[i] == ':' || name.p[i] == '"')
			name.len = 0;
	if (name.len == 0) {
		rs_sc_error(c, line, "[%.*s]: a header's name is needed behind last_", shown(kw), kw.p);
		return;
	}
	off = rs_sc_text_add(c, name.p, name.len);
	op = rs_sc_op(c, RS_SLOT_LAST_HEADER);
	op->off = off;
	op->len = (uint32_t)name.len;
	op->header_id = (uint8_t)rs_sip_header_id(name);
	op->with_name = 1; /* with its colon or without: SIPp always gives the whole line */
}

static int16_t
inject_file(struct rs_sc *c, struct rs_slice name, int line)
{
	if (name.p == NULL)
		return 0;
	for (uint32_t i = 0; i < c->opts->n_files; i++)
		if (rs_slice_is(name, c->opts->files[i]))
			return (int16_t)i;
	if (!c->opts->any_key)
		rs_sc_error(c, line, "[field file=\"%.*s\"]: no injection file of this name: give it in the activity's data", shown(name),
			name.p);
	return 0;
}

static void
kw_field(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice rest = behind(kw, strlen("field")), file, expr;
	struct rs_field_ref *f;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < rest.len && rest.p[i] >= '0' && rest.p[i] <= '9' && n < UINT16_MAX; i++)
		n = n * 10 + (uint32_t)(rest.p[i] - '0');
	if (n > UINT16_MAX || (i < rest.len && rest.p[i] != ' ')) {
		rs_sc_error(c, line, "[%.*s]: [fieldN], [fieldN file=\"name\"] or [fieldN line=\"number\"] is needed", shown(kw), kw.p);
		return;
	}
	if (c->opts->n_files == 0 && !c->opts->any_key)
		rs_sc_error(c, line, "[%.*s]: there is no injection file: set the activity's data = \"file\"", shown(kw), kw.p);
	rest = behind(rest, i);
	file = param(rest, "file");
	expr = param(rest, "line");
	rs_sc_op(c, RS_SLOT_FIELD)->aux = c->fields.n;
	f = rs_sc_push(c, &c->fields, sizeof(*f));
	*f = (struct rs_field_ref){ .file = inject_file(c, file, line), .field = (uint16_t)n, .line_var = RS_NO_VAR, .line = -1 };
	if (expr.p == NULL)
		return;
	if (expr.len > 3 && expr.p[0] == '[' && expr.p[1] == '$' && expr.p[expr.len - 1] == ']') {
		int16_t v = rs_sc_var(c, line, rs_slice_of(expr.p + 2, expr.len - 3), false);

		if (!c->oom)
			RS_SC_AT(c->fields, struct rs_field_ref, c->fields.n - 1)->line_var = v;
		return;
	}
	uint32_t v = 0;

	for (i = 0; i < expr.len && expr.p[i] >= '0' && expr.p[i] <= '9' && v < 100000000; i++)
		v = v * 10 + (uint32_t)(expr.p[i] - '0');
	if (i != expr.len || expr.len == 0)
		rs_sc_error(c, line, "[%.*s]: line is a number (from 0) or \"[$variable]\"", shown(kw), kw.p);
	f->line = (int32_t)v;
}

static void
kw_fill(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice rest = behind(kw, strlen("fill")), text = param(rest, "text"), var = param(rest, "variable");
	struct rs_fill *f;
	int16_t v;

	if (var.p == NULL) {
		rs_sc_error(c, line, "[fill]: variable=\"name\" (how many characters) is missing");
		return;
	}
	v = rs_sc_var(c, line, var, false);
	if (text.p == NULL || text.len == 0)
		text = rs_slice_str("X");
	rs_sc_op(c, RS_SLOT_FILL)->aux = c->fills.n;
	f = rs_sc_push(c, &c->fills, sizeof(*f));
	f->text = rs_slice_of(rs_sc_copy(c, text.p, text.len), text.len);
	f->var = v;
}

/* [file name="..."]: its bytes, as they are, become part of the template. */
static void
kw_file(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice name = param(behind(kw, strlen("file")), "name");
	const char *slash = strrchr(c->name, '/');
	char path[4096];
	uint8_t *bytes;
	struct stat st;
	ssize_t n = 0;
	int fd;

	if (name.p == NULL || name.len == 0) {
		rs_sc_error(c, line, "[file]: name=\"path\" is missing");
		return;
	}
	if (memchr(name.p, '[', name.len) != NULL) {
		rs_sc_unsupported(c, line, "file with keyword", "[file name=\"%.*s\"]: a keyword in the name is not built", shown(name), name.p);
		return;
	}
	if (name.p[0] == '/' || slash == NULL)
		n = snprintf(path, sizeof(path), "%.*s", (int)name.len, name.p);
	else
		n = snprintf(path, sizeof(path), "%.*s/%.*s", (int)(slash - c->name), c->name, (int)name.len, name.p);
	fd = n < (ssize_t)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rs_sc_error(c, line, "[file name=\"%.*s\"]: cannot be read (relative names count from the scenario's directory)", shown(name),
			name.p);
		if (fd >= 0)
			close(fd);
		return;
	}
	bytes = st.st_size <= RS_SC_MAX_INLINE ? rs_sc_alloc(c, (size_t)st.st_size + 1) : NULL;
	if (st.st_size > RS_SC_MAX_INLINE)
		rs_sc_error(c, line, "[file name=\"%.*s\"]: larger than %u KiB: no datagram holds it", shown(name), name.p,
			RS_SC_MAX_INLINE >> 10);
	n = bytes != NULL ? read(fd, bytes, (size_t)st.st_size) : 0;
	if (n > 0)
		rs_sc_literal(c, bytes, (size_t)n);
	close(fd);
}

/* --- lookup --- */

static bool
begins(struct rs_slice s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.p, with, n) == 0;
}

static bool
is_var(struct rs_slice kw)
{
	return kw.p[0] == '$';
}

static bool
is_field(struct rs_slice kw)
{
	return begins(kw, "field") && kw.len > 5 && kw.p[5] >= '0' && kw.p[5] <= '9';
}

static bool
is_fill(struct rs_slice kw)
{
	return rs_slice_is(kw, "fill") || begins(kw, "fill ");
}

static bool
is_file(struct rs_slice kw)
{
	return rs_slice_is(kw, "file") || begins(kw, "file ");
}

static bool
is_last(struct rs_slice kw)
{
	return begins(kw, "last_");
}

static const struct {
	bool (*is)(struct rs_slice kw);
	void (*take)(struct rs_sc *c, struct rs_slice kw, int line);
} families[] = { { is_var, kw_var }, { is_field, kw_field }, { is_fill, kw_fill }, { is_file, kw_file }, { is_last, kw_last } };

static const char *
missing_why(struct rs_slice kw, const char **name)
{
	for (size_t i = 0; i < COUNT(missing); i++) {
		size_t n = strlen(missing[i].name);
		bool star = missing[i].name[n - 1] == '*';

		if (star ? kw.len >= n - 1 && memcmp(kw.p, missing[i].name, n - 1) == 0 : rs_slice_is(kw, missing[i].name)) {
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
	for (size_t i = 0; i < COUNT(families); i++)
		if (families[i].is(word))
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

		if (!(ch >= 'a' && ch <= 'z') && !(kw.p[i] >= '0' && kw.p[i] <= '9') && strchr("_-.", kw.p[i]) == NULL)
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
		rs_sc_warn(c, line, "[%.60s] is no keyword of the language%s%s%s: a custom one?", name, near != NULL ? " (near: [" : "",
			near != NULL ? near : "", near != NULL ? "])" : "");
	else if (near != NULL)
		rs_sc_error(c, line, "[%.60s] is no keyword: is [%s] meant? (a custom one goes into the activity's keys)", name, near);
	else
		rs_sc_error(c, line, "[%.60s] is no keyword: set it in the activity's keys, or write \\x5b for a bracket", name);
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

	for (size_t i = 0; i < COUNT(families); i++) {
		if (families[i].is(kw) && builtin(kw) < 0 && !begins(kw, "last_cseq_number")) {
			families[i].take(c, kw, line);
			return;
		}
	}
	why = missing_why(kw, &construct);
	if (why != NULL) {
		rs_sc_unsupported(c, line, construct, "[%.*s]: %s", shown(kw), kw.p, why);
		return;
	}
	offset = cut_offset(&name, &n);
	k = builtin(name);
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
		rs_sc_warn(c, line, "[%.*s]: [%s] is no number, the offset is ignored", shown(kw), kw.p, keywords[k].name);
	if ((keywords[k].flags & MESSAGE) && use != RS_SC_MESSAGE)
		rs_sc_error(c, line, "[%s] has a meaning inside a message only", keywords[k].name);
	rs_sc_op(c, keywords[k].slot)->n = offset && (keywords[k].flags & OFFSET) ? n : 0;
}
