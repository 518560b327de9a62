/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in a rendered message: the values of variables and fields, and the texts of the leg and its endpoint. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "engine/credentials.h"
#include "engine/media_crypto.h"
#include "engine/media_sdp.h"
#include "engine/render.h"

static const struct rs_slice sipp_version = { (const uint8_t *)"ringstorm", 9 };

static int
put(uint8_t *out, size_t cap, struct rs_slice s)
{
	if (s.len > cap)
		return -ENOSPC;
	if (s.len > 0)
		memcpy(out, s.p, s.len);
	return (int)s.len;
}

static int
put_value(struct rs_engine *e, const struct value *v, uint8_t *out, size_t cap)
{
	char number[340]; /* the longest double in %f */

	switch (v->type) {
	case VALUE_NUMBER:
		snprintf(number, sizeof(number), "%f", v->number);
		return put(out, cap, rs_slice_str(number));
	case VALUE_BOOL:
		return put(out, cap, rs_slice_str(v->number != 0 ? "true" : "false"));
	case VALUE_TEXT:
		return put(out, cap, rs_blob_get(&e->blobs, &v->text));
	default:
		return 0;
	}
}

static uint64_t
wall_us(const struct rs_engine *e)
{
	return e->wall_us + (e->now - e->wall_at_ns) / RS_NS_PER_US;
}

static int
put_time(const struct rs_engine *e, bool date, uint8_t *out, size_t cap)
{
	uint64_t us = wall_us(e);
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	char text[96];
	size_t n;

	gmtime_r(&seconds, &tm);
	if (date) {
		n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	} else {
		n = strftime(text, sizeof(text), "%Y-%m-%d\t%H:%M:%S", &tm);
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%06u\t%lld.%06u", (unsigned)(us % 1000000),
			(long long)seconds, (unsigned)(us % 1000000));
	}
	return put(out, cap, rs_slice_of(text, n));
}

static int
put_field(const struct rendering *r, const struct rs_field_ref *ref, uint8_t *out, size_t cap)
{
	struct activity *a = leg_activity(r->e, r->leg);
	uint64_t line = r->leg->line;

	if ((uint32_t)ref->file >= a->plan->n_data)
		return 0;
	const struct rs_inject *in = a->plan->data[ref->file];

	if (ref->line >= 0) {
		line = (uint64_t)ref->line;
	} else if (ref->line_var != RS_NO_VAR) {
		const struct value *v = leg_value(r->e, r->leg, ref->line_var);

		line = v->type == VALUE_NUMBER && v->number >= 0 && v->number < 1e18 ? (uint64_t)v->number : UINT64_MAX;
	} else if (ref->file > 0) {
		line = leg_inject_line(r->e, r->leg, (uint32_t)ref->file);
	}
	return line < in->n_lines ? rs_inject_field(in, line, ref->field, out, cap) : 0;
}

static int
put_fill(const struct rendering *r, const struct rs_fill *fill, uint8_t *out, size_t cap)
{
	const struct value *v = leg_value(r->e, r->leg, fill->var);
	double wanted = v->type == VALUE_NUMBER && v->number > 0 ? v->number : 0;

	if (wanted > (double)cap)
		return -ENOSPC;
	size_t n = (size_t)wanted;

	for (size_t i = 0; i < n && fill->text.len > 0; i++)
		out[i] = fill->text.p[i % fill->text.len];
	return fill->text.len ? (int)n : 0;
}

/** Template @number of the program, for a value of [authentication]. @out: absent when there is no such template. @return 0, -ENOSPC */
static int
auth_value(const struct rendering *r, int32_t number, uint8_t *buf, struct rs_slice *out)
{
	int n;

	*out = rs_slice_of(NULL, 0);
	if (number < 0)
		return 0;
	n = rs_template_render(&leg_program(r->e, r->leg)->templates[number], &r->e->render, buf, MAX_CREDENTIAL);
	if (n < 0)
		return n;
	*out = rs_slice_of(buf, (size_t)n);
	return 0;
}

static int
put_auth(const struct rendering *r, const struct rs_auth_ref *ref, uint8_t *out, size_t cap)
{
	uint8_t user_buf[MAX_CREDENTIAL], password_buf[MAX_CREDENTIAL];
	struct rs_slice user, password;

	if (!r->start || !r->leg->challenge.class)
		return 0;
	if (auth_value(r, ref->username, user_buf, &user) != 0 || auth_value(r, ref->password, password_buf, &password) != 0)
		return -ENOSPC;
	return leg_authenticate(r->e, r->leg, user, password, r->start, out, cap);
}

static const char auth_keyword[] = "[authentication";

/** The value behind @name in the text of a keyword, up to a blank or its bracket; absent when it is not there. */
static struct rs_slice
auth_param(struct rs_slice text, const char *name)
{
	const uint8_t *at = memmem(text.p, text.len, name, strlen(name)), *end = text.p + text.len, *q;
	bool quoted;

	if (!at)
		return rs_slice_of(NULL, 0);
	at += strlen(name);
	quoted = at < end && *at == '"';
	at += quoted;
	for (q = at; q < end && (quoted ? *q != '"' : *q != ' ' && *q != ']'); q++)
		;
	return rs_slice_of(at, (size_t)(q - at));
}

/* As in SIPp a field may hold a whole [authentication username=... password=...]. */
static int
put_field_or_auth(const struct rendering *r, const struct rs_field_ref *ref, uint8_t *out, size_t cap)
{
	uint8_t text[2 * MAX_CREDENTIAL];
	int n = put_field(r, ref, out, cap);
	struct rs_slice field;

	if (n < (int)sizeof(auth_keyword) - 1 || memcmp(out, auth_keyword, sizeof(auth_keyword) - 1) != 0)
		return n;
	if ((size_t)n > sizeof(text))
		return -ENOSPC;
	memcpy(text, out, (size_t)n);
	field = rs_slice_of(text, (size_t)n);
	if (!r->start)
		return 0;
	return leg_authenticate(r->e, r->leg, auth_param(field, " username="), auth_param(field, " password="), r->start, out, cap);
}

static int
expand(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	const struct rendering *r = ctx;
	const struct rs_program *p = leg_program(r->e, r->leg);

	switch ((enum rs_slot)op->slot) {
	case RS_SLOT_VAR:
		return put_value(r->e, leg_value(r->e, r->leg, (int16_t)op->aux), out, cap);
	case RS_SLOT_FIELD:
		return put_field_or_auth(r, &p->fields[op->aux], out, cap);
	case RS_SLOT_FILL:
		return put_fill(r, &p->fills[op->aux], out, cap);
	case RS_SLOT_AUTH:
		return put_auth(r, &p->auths[op->aux], out, cap);
	case RS_SLOT_CRYPTO:
		return crypto_put(r->e, r->leg, op, out, cap);
	case RS_SLOT_TIMESTAMP:
		return put_time(r->e, false, out, cap);
	case RS_SLOT_DATE:
		return put_time(r->e, true, out, cap);
	case RS_SLOT_SIPP_VERSION:
		return put(out, cap, sipp_version);
	default:
		return 0;
	}
}

struct rs_slice
address_text(const struct rs_addr *a, uint8_t *buf)
{
	size_t n;

	if (a->family != 6)
		return rs_slice_of(buf, rs_addr_write(a, buf));
	buf[0] = '[';
	n = rs_addr_write(a, buf + 1);
	buf[n + 1] = ']';
	return rs_slice_of(buf, n + 2);
}

static struct rs_slice
pattern_text(const struct rs_pattern *p, uint64_t index, uint64_t random, uint8_t *out, size_t cap)
{
	int n = rs_pattern_write(p, index, random, out, cap);

	return rs_slice_of(out, n > 0 ? (size_t)n : 0);
}

static struct rs_slice
service_text(struct rs_engine *e, const struct leg *leg, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);

	if (leg->callee != NO_ENDPOINT)
		return pattern_text(&a->to->plan->user, leg->callee, leg->callee, t->service, sizeof(t->service));
	if (a->plan->to_user.text) {
		uint64_t random = rs_random_at(e->plan->seed, leg->activity, leg->number);

		return pattern_text(&a->plan->to_user, leg->number, random >> 32, t->service, sizeof(t->service));
	}
	return rs_slice_str("service");
}

struct rs_slice
target_text(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last, const struct rs_render *r,
	struct texts *t)
{
	struct rs_slice stored = rs_blob_get(&e->blobs, &leg->contact);
	struct rs_sip_addr contact;

	if (stored.len)
		return stored;
	if (last && rs_sip_get(last, RS_HDR_CONTACT).p &&
		rs_sip_addr(rs_sip_get(last, RS_HDR_CONTACT), &contact) == 0 && !contact.star)
		return contact.uri;
	int n = snprintf((char *)t->target, sizeof(t->target), "sip:%.*s@%.*s:%u", (int)r->service.len,
		(const char *)r->service.p, (int)r->remote_ip.len, (const char *)r->remote_ip.p, r->remote_port);

	return rs_slice_of(t->target, n > 0 && (size_t)n < sizeof(t->target) ? (size_t)n : 0);
}

#define SLOT(s) (1ull << RS_SLOT_##s)

/* The texts that cost something are made only where the template asks for them: @slots has a bit per enum rs_slot. */
static void
fill_texts(struct rs_engine *e, struct leg *leg, uint64_t slots, const struct endpoint *ep, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);
	struct rs_render *r = &e->render;

	if (slots & (SLOT(REMOTE_IP) | SLOT(REMOTE_HOST)))
		r->remote_ip = address_text(&leg->path.remote, t->remote);
	if (slots & SLOT(BRANCH)) {
		memcpy(t->branch, "z9hG4bK", 7);
		memcpy(t->branch + 7, leg->token, RS_TOKEN_LEN);
		r->branch = rs_slice_of(t->branch, 7 + RS_TOKEN_LEN);
	}
	if (leg->call_id.class) {
		r->call_id = rs_blob_get(&e->blobs, &leg->call_id);
	} else if (slots & SLOT(CALL_ID)) {
		memcpy(t->call_id, leg->token, RS_TOKEN_LEN);
		t->call_id[RS_TOKEN_LEN] = '@';
		memcpy(t->call_id + RS_TOKEN_LEN + 1, ep->text, ep->text_len);
		r->call_id = rs_slice_of(t->call_id, RS_TOKEN_LEN + 1u + ep->text_len);
	}
	if (slots & SLOT(USER))
		r->user = pattern_text(&a->group->plan->user, leg->endpoint, leg->endpoint, t->user, sizeof(t->user));
	if (slots & SLOT(SERVICE))
		r->service = service_text(e, leg, t);
}

void
fill_render(struct rs_engine *e, struct leg *leg, uint32_t step, uint64_t slots, const struct rs_sip_msg *last,
	struct rendering *ctx, struct texts *t)
{
	struct activity *a = leg_activity(e, leg);
	struct rs_render *r = &e->render;
	struct endpoint *ep = group_endpoint(a->group, leg->endpoint);

	fill_texts(e, leg, slots, ep, t);
	r->remote_host = (leg->flags & LEG_UAC) && a->group->plan->has_proxy ?
		rs_slice_str(a->group->plan->proxy_host) :
		(leg->flags & LEG_UAC) && a->plan->to_host ? rs_slice_str(a->plan->to_host) : r->remote_ip;
	r->remote_port = leg->path.remote_port;
	r->local_ip = r->server_ip = rs_slice_of(ep->text, ep->text_len);
	r->media_ip = r->local_ip; /* in SDP an IPv6 address stands without brackets (RFC 8866, 9) */
	if (rs_transport_is_ws(leg->path.transport)) /* whose local_ip is a name that nobody resolves */
		r->media_ip = rs_slice_of(t->media, rs_addr_write(&ep->addr, t->media));
	else if (ep->addr.family == 6)
		r->media_ip = rs_slice_of(ep->text + 1, ep->text_len - 2u);
	r->local_port = leg->path.local_port;
	r->media_port = leg_has_media(leg) ? media_at(e, leg)->ports[0] : MEDIA_PORT;
	r->media_port_own = leg_has_media(leg);
	r->video_port = leg_has_media(leg) ? media_at(e, leg)->ports[1] : 0;
	r->local_family = r->media_family = ep->addr.family;
	r->transport = rs_transport_via((enum rs_transport)leg->path.transport);
	r->uri_transport = rs_transport_uri((enum rs_transport)leg->path.transport);
	r->contact_transport = a->group->plan->outbound ? rs_transport_uri_ob((enum rs_transport)leg->path.transport) : r->uri_transport;
	r->pid = rs_slice_of(e->pid_text, e->pid_len);
	r->tag = rs_slice_of(leg->token, RS_TOKEN_LEN);
	r->branch_by_index = true;
	r->branch_alias = a->group->plan->alias;
	r->domain = a->group->plan->domain ? rs_slice_str(a->group->plan->domain) : r->local_ip;
	r->msg_index = step;
	r->call_number = leg->number + 1;
	r->dynamic_id = e->dynamic_id;
	r->cseq = leg->cseq;
	r->last_cseq = leg->last_cseq;
	r->clock_tick_ms = e->now > e->t0 ? (e->now - e->t0) / RS_NS_PER_MS : 0;
	r->last = last;
	r->peer_tag = rs_blob_get(&e->blobs, &leg->peer_tag);
	r->next_url = rs_blob_get(&e->blobs, &leg->contact);
	r->routes = rs_blob_get(&e->blobs, &leg->routes);
	r->expand = expand;
	*ctx = (struct rendering){ e, leg, NULL };
	r->ctx = ctx;
}

int
leg_render(struct rs_engine *e, struct leg *leg, int32_t template, const struct rs_sip_msg *last, uint8_t *out,
	size_t cap)
{
	struct rendering ctx;
	struct texts texts;

	fill_render(e, leg, leg->step, EVERY_SLOT, last ? last : leg_kept(e, leg), &ctx, &texts);
	e->render.branch_alias = false; /* the value of a variable is no Via */
	return rs_template_render(&leg_program(e, leg)->templates[template], &e->render, out, cap);
}
