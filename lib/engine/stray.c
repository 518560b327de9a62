/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that belong to no leg: copies that tombstones know, branches of forks, and requests out of calls. */
#include "engine/dialog.h"
#include "engine/render.h"

#include <stdio.h>

#define STRAY_COOKIE "z9hG4bKstray-"

struct outgoing {
	struct rs_path path;
	struct rs_buf buf;
	struct rs_sip_out out;
	bool large;
};

static bool
begin(struct rs_engine *e, const struct rs_path *path, struct outgoing *g)
{
	g->path = *path;
	g->large = false;
	if (e->silent || e->link.take(e->link.ctx, path, &g->buf) != 0)
		return false;
	g->out = rs_sip_out(g->buf.data, g->buf.cap);
	return true;
}

/* @return false when the message is to be written again: it did not fit, and there is more room now (then it goes in fragments) */
static bool
end(struct rs_engine *e, struct outgoing *g, enum rs_engine_metric count)
{
	int n = rs_out_end(&g->out, NULL, rs_slice_of(NULL, 0));

	if (n >= 0) {
		if (e->link.send(e->link.ctx, &g->path, &g->buf, (uint32_t)n) == 0)
			rs_metric_inc(e->cells, count);
		return true;
	}
	e->link.drop(e->link.ctx, &g->buf);
	if (g->large || rs_link_take_large(&e->link, &g->path, &g->buf) != 0)
		return true;
	g->large = true;
	g->out = rs_sip_out(g->buf.data, g->buf.cap);
	return false;
}

/* A request made of a response: whatever a leg would know stands in it. */
static void
send_request(struct rs_engine *e, const struct rs_path *path, const struct rs_sip_msg *msg, struct rs_sip_request *r)
{
	uint8_t host[48];
	struct outgoing g;

	if (!begin(e, path, &g))
		return;
	r->transport = rs_transport_via((enum rs_transport)path->transport);
	r->host = address_text(&path->local, host);
	r->port = path->local_port;
	r->from = rs_sip_get(msg, RS_HDR_FROM);
	r->to = rs_sip_get(msg, RS_HDR_TO);
	r->call_id = rs_sip_get(msg, RS_HDR_CALL_ID);
	do
		rs_out_request(&g.out, r);
	while (!end(e, &g, RS_ENG_STRAY_SENT));
}

/* Record-Route the other way round, into e->scratch. */
static struct rs_slice
routes_of(struct rs_engine *e, const struct rs_sip_msg *msg)
{
	struct rs_slice values[MAX_ROUTES];
	size_t n = join_routes(msg, true, values, MAX_ROUTES), len = 0;

	if (n > MAX_ROUTES) {
		rs_metric_inc(e->cells, RS_ENG_ROUTES_LONG);
		n = 0;
	}

	for (size_t i = 0; i < n && len + values[i].len + 2 <= SCRATCH_BYTES; i++) {
		if (i > 0) {
			memcpy(e->scratch + len, ", ", 2);
			len += 2;
		}
		memcpy(e->scratch + len, values[i].p, values[i].len);
		len += values[i].len;
	}
	return rs_slice_of(e->scratch, len);
}

void
stray_end(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq, bool bye)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA)), tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	struct rs_path path = rx->path;
	struct rs_sip_addr contact;
	uint8_t minted[40];

	if (rs_sip_addr(rs_sip_get(msg, RS_HDR_CONTACT), &contact) != 0 || contact.star)
		return; /* no target: nothing that an ACK could be sent to */
	struct rs_sip_request r = { .uri = contact.uri, .routes = routes_of(e, msg) };

	for (unsigned i = 0; i < (bye ? 2 : 1); i++) {
		uint64_t id = rs_hash(tag.p, tag.len, rs_hash(branch.p, branch.len, e->hash_seed + i));
		int n = snprintf((char *)minted, sizeof(minted), STRAY_COOKIE "%016llx", (unsigned long long)id);

		r.branch = rs_slice_of(minted, (size_t)n);
		r.method = i ? RS_SIP_BYE : RS_SIP_ACK;
		r.cseq = cseq->number + i;
		send_request(e, &path, msg, &r);
	}
}

bool
stray_branch(struct rs_slice branch)
{
	return branch.len >= sizeof(STRAY_COOKIE) - 1 && memcmp(branch.p, STRAY_COOKIE, sizeof(STRAY_COOKIE) - 1) == 0;
}

static uint64_t
own_branch_key(const struct rs_engine *e, const struct rs_sip_msg *msg)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));

	return rs_hash(branch.p, branch.len, e->hash_seed);
}

/* The refusal came again: so does its ACK. The Request-URI is the To's, which is what nearly every INVITE is sent to. */
static void
acknowledge(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct rs_sip_addr to;
	struct rs_sip_request r = { .method = RS_SIP_ACK, .cseq = cseq->number };

	if (rs_sip_addr(rs_sip_get(msg, RS_HDR_TO), &to) != 0)
		return;
	r.uri = to.uri;
	r.branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));
	send_request(e, &rx->path, msg, &r);
}

bool
stray_response(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, RS_HDR_TO));
	const struct tomb *t;

	if (!e->rfc || cseq->method != RS_SIP_INVITE)
		return false;
	t = tombs_find(&e->tombs, own_branch_key(e, msg));
	if (!t || (t->kind != TOMB_REFUSED && t->kind != TOMB_ACCEPTED))
		return false;
	rs_metric_inc(e->cells, RS_ENG_REPEATED);
	if (msg->status >= 300 && t->kind == TOMB_REFUSED)
		acknowledge(e, rx, msg, cseq);
	else if (msg->status >= 200 && msg->status < 300)
		stray_end(e, rx, msg, cseq,
			t->kind == TOMB_REFUSED || (tag.len && ((uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1) != t->peer_tag));
	return true;
}

static void
answer(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, uint16_t status, struct rs_slice tag,
	const char *extra, enum rs_engine_metric count)
{
	struct rs_path path;
	struct outgoing g;

	reply_path(rx, msg, &path);
	if (!begin(e, &path, &g))
		return;
	do {
		rs_out_response(&g.out, msg, status, rs_sip_reason(status), tag, false);
		rs_out_text(&g.out, extra);
	} while (!end(e, &g, count));
}

bool
stray_request(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	uint8_t tag[RS_TOKEN_LEN];
	const struct tomb *t;

	if (!e->rfc || msg->method == RS_SIP_ACK || cseq->method != msg->method)
		return false;
	if (e->no_tomb) /* looked for already */
		return false;
	t = tombs_find(&e->tombs, server_key(e, msg));
	if (!t || (t->kind != TOMB_ABSORB && t->kind != TOMB_ANSWER)) {
		e->no_tomb = true;
		return false;
	}
	rs_metric_inc(e->cells, RS_ENG_REPEATED);
	if (t->kind == TOMB_ANSWER) {
		struct rs_token token = { .handle = t->handle, .run = e->run, .aux = t->aux };

		rs_token_write(&token, e->secret, tag);
		answer(e, rx, msg, t->status, rs_slice_of(tag, sizeof(tag)), ua_fixed_lines(msg->method, t->status), RS_ENG_REPEATED_SENT);
	}
	return true;
}

/* @return the status that a request out of any call is answered with */
static uint16_t
status_of(const struct rs_sip_msg *msg)
{
	const char *why;
	int invalid = rs_sip_validate(msg, &why);

	if (invalid)
		return (uint16_t)invalid;
	if (rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)).len)
		return 481;
	switch ((enum rs_sip_method)msg->method) {
	case RS_SIP_OPTIONS:
	case RS_SIP_NOTIFY: /* what SBCs send to phones unasked: message waiting, check-sync */
	case RS_SIP_MESSAGE:
		return 200;
	case RS_SIP_BYE:
	case RS_SIP_CANCEL:
	case RS_SIP_PRACK:
	case RS_SIP_UPDATE:
	case RS_SIP_INFO:
		return 481;
	case RS_SIP_INVITE: /* nobody takes calls here */
		return 480;
	default:
		return 405;
	}
}

/* The same for each copy of a request: no state is kept (8.2.7). @out: 20 bytes */
static struct rs_slice
stateless_tag(const struct rs_engine *e, const struct rs_sip_msg *msg, uint8_t *out)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA)), call_id = rs_sip_get(msg, RS_HDR_CALL_ID);
	uint64_t n = rs_hash(branch.p, branch.len, rs_hash(call_id.p, call_id.len, e->hash_seed));

	return rs_slice_of(out, (size_t)snprintf((char *)out, 20, "s%016llx", (unsigned long long)n));
}

bool
stray_answer(struct rs_engine *e, const struct group *g, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	uint8_t tag[20];
	uint16_t status;

	if (!g->automatic || msg->status)
		return false;
	if (msg->method == RS_SIP_ACK)
		return true;
	status = status_of(msg);
	answer(e, rx, msg, status, stateless_tag(e, msg, tag), ua_fixed_lines(msg->method, status), RS_ENG_STRAY_SENT);
	return true;
}

void
stray_decline(struct rs_engine *e, const struct activity *a, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	uint8_t tag[20];

	if (a->rfc)
		answer(e, rx, msg, 503, stateless_tag(e, msg, tag), "Retry-After: 5\r\n", RS_ENG_STRAY_SENT);
}
