/* SPDX-License-Identifier: BSD-3-Clause */
/* What both sides say of their media (RFC 3264), in whatever messages of a leg it stands. */
#include "engine/media_sdp.h"

#include <errno.h>

#include "engine/dialog.h"
#include "engine/media_plain.h"

enum exchange {
	X_NONE,	    /* nobody has offered anything */
	X_OFFERED,  /* we have */
	X_DUE,	    /* they have; our answer is ready */
	X_ANSWERED, /* and was sent */
};

/** Our side of the session at this moment. */
struct side {
	struct rs_sdp_local local;
	struct rs_sdp_local_media media;
	uint8_t keys[RS_SDP_MAX_SUITES * RS_SDP_KEY_MAX];
};

static const struct rs_slice nothing = { NULL, 0 };

static const struct rs_plan_media *
profile_of(const struct rs_engine *e, const struct media *m)
{
	return &e->plan->media[m->profile];
}

static void
our_side(const struct rs_engine *e, const struct leg *leg, const struct media *m, struct side *s)
{
	const struct rs_sdp_profile *p = &profile_of(e, m)->sdp;

	s->local = (struct rs_sdp_local){ .address = leg->path.local, .media = &s->media, .n_media = 1, .hold_zero = m->hold_zero };
	s->media = (struct rs_sdp_local_media){ .profile = p, .port = m->ports[0], .direction = m->direction };
	if (p->srtp != RS_SDP_SRTP_FORBIDDEN) {
		sdp_keys(e->secret, m->key_seed, p->n_suites, s->keys);
		s->media.keys = s->keys;
	}
}

uint32_t
sdp_open(struct rs_engine *e, struct leg *leg)
{
	int32_t profile = leg_activity(e, leg)->plan->media;
	struct media *m;

	if (profile < 0)
		return RS_CAUSE_NONE;
	m = media_open(e, leg, (uint16_t)profile);
	if (!m)
		return RS_CAUSE_NO_MEDIA_PORT;
	m->key_seed = rs_rng_next(&e->rng);
	m->direction = RS_SDP_SENDRECV;
	rs_sdp_session_init(&m->sdp, rs_rng_next(&e->rng) >> 2, m->lines, MEDIA_LINES);
	return RS_CAUSE_NONE;
}

static void
forget(struct rs_engine *e, struct media_exchange *x)
{
	rs_blob_clear(&e->blobs, &x->said);
	rs_blob_clear(&e->blobs, &x->before);
	x->state = X_NONE;
}

/* What was agreed, should the answer to a further offer be a refusal. */
static bool
keep_before(struct rs_engine *e, const struct media *m, struct media_exchange *x)
{
	uint8_t *p;

	if (m->sdp.n_agreed == 0)
		return true;
	p = rs_blob_alloc(&e->blobs, &x->before, sizeof(m->sdp) + m->sdp.cap * sizeof(m->lines[0]));
	if (!p)
		return false;
	memcpy(p, &m->sdp, sizeof(m->sdp));
	memcpy(p + sizeof(m->sdp), m->sdp.streams, m->sdp.cap * sizeof(m->lines[0]));
	return true;
}

/*
 * Few offers have more m-lines than we have streams. What we refuse keeps its place for good (RFC 3264, 8), so that such a call
 * remembers all of them, up to as many as a description is read with: RS_SDP_MAX_MEDIA.
 */
static bool
make_room(struct rs_engine *e, struct media *m, unsigned n)
{
	struct rs_blob more = { 0 };
	struct rs_sdp_stream *lines;
	unsigned cap = m->sdp.cap;

	if (n <= cap)
		return true;
	while (cap < n)
		cap *= 2;
	lines = (void *)rs_blob_alloc(&e->blobs, &more, cap * sizeof(*lines));
	if (!lines) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		return false;
	}
	memset(lines, 0, cap * sizeof(*lines));
	memcpy(lines, m->sdp.streams, m->sdp.cap * sizeof(*lines));
	explicit_bzero(m->sdp.streams, m->sdp.cap * sizeof(*lines)); /* keys */
	rs_blob_clear(&e->blobs, &m->more);
	m->more = more;
	m->sdp.streams = lines;
	m->sdp.cap = (uint8_t)cap;
	return true;
}

static void
drop_room(struct rs_engine *e, struct media *m)
{
	if (m->more.class)
		explicit_bzero(m->sdp.streams, m->sdp.cap * sizeof(m->lines[0]));
	rs_blob_clear(&e->blobs, &m->more);
	m->sdp.streams = m->lines;
	m->sdp.cap = MEDIA_LINES;
	m->sdp.n_streams = m->sdp.n_agreed = 0;
}

static struct media_exchange *
exchange_of(struct media *m, uint8_t method)
{
	return &m->exchanges[method != RS_SIP_INVITE && method != RS_SIP_ACK];
}

void
sdp_refuses(struct rs_engine *e, struct leg *leg, uint8_t method)
{
	struct media *m = media_at(e, leg);
	struct media_exchange *x = exchange_of(m, method); /* an INVITE that waits for its answer has another one */
	const uint8_t *p = rs_blob_bytes(&e->blobs, &x->before);
	struct rs_sdp_session before;

	if (x->state != X_DUE)
		return;
	if (p) {
		memcpy(&before, p, sizeof(before));
		memcpy(m->sdp.streams, p + sizeof(before), before.cap * sizeof(m->lines[0]));
		before.streams = m->sdp.streams; /* there may be more room than then */
		before.cap = m->sdp.cap;
		m->sdp = before;
	}
	forget(e, x);
}

void
sdp_close(struct rs_engine *e, struct leg *leg)
{
	struct media *m = media_at(e, leg);

	if (!m)
		return;
	forget(e, &m->exchanges[0]);
	forget(e, &m->exchanges[1]);
	drop_room(e, m);
	media_close(e, leg);
	leg->media = NO_MEDIA;
}

void
sdp_end(struct rs_engine *e, struct leg *leg)
{
	struct media *m = media_at(e, leg);
	bool ran = false;

	for (unsigned i = 0; m && i < m->sdp.n_streams; i++) {
		ran |= m->sdp.streams[i].state != RS_SDP_STREAM_REFUSED;
		m->sdp.streams[i].state = RS_SDP_STREAM_REFUSED;
	}
	if (ran)
		media_apply(e, leg, m);
}

/* --- ours --- */

static struct rs_slice
said(const struct rs_engine *e, const struct media_exchange *x)
{
	return rs_blob_get(&e->blobs, &x->said);
}

static bool
keep_said(struct rs_engine *e, struct media_exchange *x, int n, enum exchange state)
{
	if (n <= 0 || !rs_blob_set(&e->blobs, &x->said, rs_slice_of(e->scratch2, (size_t)n))) {
		rs_metric_inc(e->cells, n < 0 ? RS_ENG_SDP_UNSAID : RS_ENG_POOL_EMPTY);
		forget(e, x);
		return false;
	}
	x->state = (uint8_t)state;
	return true;
}

static struct rs_slice
say_offer(struct rs_engine *e, struct leg *leg, struct media *m, struct media_exchange *x)
{
	struct side us;

	our_side(e, leg, m, &us);
	keep_said(e, x, rs_sdp_offer(&m->sdp, &us.local, e->scratch2, SCRATCH_BYTES), X_OFFERED);
	return said(e, x);
}

static struct rs_slice
say_answer(struct rs_engine *e, struct leg *leg, struct media *m, struct media_exchange *x)
{
	x->state = X_ANSWERED;
	rs_blob_clear(&e->blobs, &x->before);
	media_apply(e, leg, m);
	return said(e, x);
}

/* What a message of @method brings on its way: our offer, or the answer to one; an 18x's answer goes with PRACK. */
static struct media_exchange *
said_in(struct media *m, uint8_t method, uint16_t status)
{
	if (status == 0 && method == RS_SIP_PRACK && m->exchanges[0].state == X_DUE)
		return &m->exchanges[0];
	return exchange_of(m, method);
}

void
sdp_wishes(struct rs_engine *e, struct leg *leg, uint8_t method, uint16_t status, enum rs_sdp_direction direction, bool hold_zero)
{
	struct media *m = media_at(e, leg);
	struct media_exchange *x = said_in(m, method, status);
	bool offers = status == 0 ? method != RS_SIP_ACK : method == RS_SIP_INVITE && x->state == X_NONE;
	struct side us;

	if (x->state != X_DUE && !offers)
		return;
	if (m->direction == direction && m->hold_zero == hold_zero)
		return;
	m->direction = (uint8_t)direction;
	m->hold_zero = hold_zero;
	if (x->state != X_DUE)
		return;
	our_side(e, leg, m, &us);
	keep_said(e, x, rs_sdp_redirect(&m->sdp, &us.local, e->scratch2, SCRATCH_BYTES), X_DUE);
}

/* The answer to an offer in a reliable 18x goes with its PRACK, which has an exchange of its own (RFC 3262, 5). */
static struct rs_slice
say_in_prack(struct rs_engine *e, struct leg *leg, struct media *m)
{
	struct rs_slice answer = say_answer(e, leg, m, &m->exchanges[0]);

	memcpy(e->scratch2, answer.p, answer.len);
	keep_said(e, &m->exchanges[1], (int)answer.len, X_ANSWERED);
	return answer;
}

static struct rs_slice
say_in_request(struct rs_engine *e, struct leg *leg, struct media *m, uint8_t method)
{
	struct media_exchange *x = exchange_of(m, method);

	if (method == RS_SIP_ACK)
		return x->state == X_DUE ? say_answer(e, leg, m, x) : nothing;
	if (method == RS_SIP_PRACK && m->exchanges[0].state == X_DUE)
		return say_in_prack(e, leg, m);
	return say_offer(e, leg, m, x);
}

struct rs_slice
sdp_says(struct rs_engine *e, struct leg *leg, uint8_t method, uint16_t status, bool again)
{
	struct media *m = media_at(e, leg);
	struct media_exchange *x = exchange_of(m, method);

	if (again && x->said.class)
		return said(e, x);
	if (status == 0)
		return say_in_request(e, leg, m, method);
	if (status == 100 || status >= 300)
		return nothing;
	switch ((enum exchange)x->state) {
	case X_NONE:
		return method == RS_SIP_INVITE ? say_offer(e, leg, m, x) : nothing;
	case X_DUE:
		return say_answer(e, leg, m, x);
	case X_OFFERED: /* in a 18x, which the 2xx says again; what an UPDATE of ours offers has nothing to do with a response */
		return method == RS_SIP_INVITE ? said(e, x) : nothing;
	case X_ANSWERED:
		break;
	}
	return said(e, x);
}

bool
sdp_answers(const struct rs_engine *e, const struct leg *leg)
{
	const struct media_exchange *x = &media_at(e, leg)->exchanges[1];

	return x->state == X_ANSWERED && x->said.class;
}

bool
sdp_is_due(const struct rs_engine *e, const struct leg *leg, bool again)
{
	const struct media *m = media_at(e, leg);

	return again ? m->exchanges[1].said.class != 0 : m->exchanges[0].state == X_DUE;
}

void
sdp_sends_none(struct rs_engine *e, struct leg *leg, uint8_t method)
{
	struct media *m = media_at(e, leg);

	if (method == RS_SIP_INVITE || method == RS_SIP_UPDATE || method == RS_SIP_PRACK)
		forget(e, exchange_of(m, method));
}

void
sdp_confirmed(struct rs_engine *e, struct leg *leg)
{
	rs_blob_clear(&e->blobs, &media_at(e, leg)->exchanges[0].said);
}

void
sdp_refused(struct rs_engine *e, struct leg *leg, uint8_t method)
{
	struct media *m = media_at(e, leg);
	struct media_exchange *x = exchange_of(m, method);

	if (x->state != X_OFFERED || !m->sdp.pending)
		return;
	rs_sdp_withdraw(&m->sdp);
	forget(e, x);
}

/* --- theirs --- */

/* How a description of the peer's was taken. */
struct verdict {
	uint32_t cause;	 /* RS_CAUSE_NONE: agreed */
	uint16_t status; /* that refuses a request with it */
};

static struct verdict
not_agreed(struct rs_engine *e, uint32_t row, uint16_t status)
{
	rs_metric_inc(e->cells, row);
	return (struct verdict){ RS_CAUSE_MEDIA, status };
}

static struct verdict
failed(struct rs_engine *e, int rc, const struct rs_sdp_result *result)
{
	if (rc != -ENOTSUP)
		return not_agreed(e, RS_ENG_SDP_UNSAID, 500);
	return not_agreed(e, RS_ENG_SDP_FAIL + result->why, result->why == RS_SDP_FAIL_GLARE ? 491 : 488);
}

static bool
is_target(const struct rs_engine *e, const struct rs_addr *a, const struct rs_addr *local)
{
	if (a->family != local->family) /* 0: a name; nor does anything of one family reach the other */
		return false;
	for (uint32_t i = 0; i < e->plan->n_targets; i++)
		if (rs_addr_in(a, &e->plan->targets[i].addr, e->plan->targets[i].bits))
			return true;
	return false;
}

bool
sdp_may_send(const struct rs_engine *e, const struct leg *leg, const struct media *m)
{
	static const struct rs_addr zero;

	for (unsigned i = 0; i < m->sdp.n_agreed; i++) {
		const struct rs_sdp_stream *st = &m->sdp.streams[i];
		bool held = st->remote.family && memcmp(st->remote.b, zero.b, st->remote.family == 4 ? 4 : 16) == 0;

		if (st->state != RS_SDP_STREAM_ACTIVE || held) /* nothing is sent to c=0.0.0.0 */
			continue;
		if (!is_target(e, &st->remote, &leg->path.local) ||
			(st->remote_rtcp_port && !is_target(e, &st->remote_rtcp, &leg->path.local)))
			return false;
	}
	return true;
}

static struct verdict
check_targets(struct rs_engine *e, const struct leg *leg, const struct media *m)
{
	if (sdp_may_send(e, leg, m))
		return (struct verdict){ RS_CAUSE_NONE, 0 };
	rs_metric_inc(e->cells, RS_ENG_SDP_NOT_TARGET);
	return (struct verdict){ RS_CAUSE_MEDIA_TARGET, 488 };
}

static struct verdict
take_offer(struct rs_engine *e, struct leg *leg, struct media *m, struct media_exchange *x)
{
	struct rs_sdp_result result = { 0 };
	struct side us;
	int n;

	if (!make_room(e, m, e->sdp->n_media) || (!x->before.class && !keep_before(e, m, x)))
		return (struct verdict){ RS_CAUSE_NO_MEMORY, 500 };
	/* A key that is in use stays, and any other is a new one: with one of before its key stream would be used again. */
	if (m->sdp.n_agreed)
		m->key_seed = rs_rng_next(&e->rng);
	our_side(e, leg, m, &us);
	n = rs_sdp_answer(&m->sdp, &us.local, e->sdp, e->scratch2, SCRATCH_BYTES, &result);
	if (n < 0) {
		rs_blob_clear(&e->blobs, &x->before);
		return failed(e, n, &result);
	}
	rs_metric_add(e->cells, RS_ENG_SDP_ODD, result.odd != 0);
	if (!keep_said(e, x, n, X_DUE))
		return (struct verdict){ RS_CAUSE_NO_MEMORY, 500 };
	return check_targets(e, leg, m);
}

static struct verdict
take_answer(struct rs_engine *e, struct leg *leg, struct media *m)
{
	struct rs_sdp_result result = { 0 };
	struct verdict v;
	struct side us;
	int rc;

	our_side(e, leg, m, &us);
	rc = rs_sdp_accept(&m->sdp, &us.local, e->sdp, &result);
	if (rc)
		return failed(e, rc, &result);
	rs_metric_add(e->cells, RS_ENG_SDP_ODD, result.odd != 0);
	v = check_targets(e, leg, m);
	if (!v.cause)
		media_apply(e, leg, m);
	return v;
}

/* An answer to our offer in @x: the first one, or that of a later response or another branch of a fork. */
static bool
is_answered(const struct media *m, const struct media_exchange *x)
{
	if (x->state != X_OFFERED)
		return false;
	return m->sdp.pending || (m->sdp.ours && m->exchanges[1].state == X_NONE);
}

static struct verdict
hear_request(struct rs_engine *e, struct leg *leg, struct media *m, uint8_t method)
{
	struct media_exchange *x = exchange_of(m, method), *invite = &m->exchanges[0];

	if ((method == RS_SIP_ACK || method == RS_SIP_PRACK) && invite->state == X_OFFERED && m->sdp.pending) {
		if (method == RS_SIP_PRACK) /* the 2xx does not say it again: there it would be another offer (RFC 6337, 2.2) */
			rs_blob_clear(&e->blobs, &invite->said);
		return take_answer(e, leg, m);
	}
	if (method != RS_SIP_INVITE && method != RS_SIP_UPDATE && method != RS_SIP_PRACK)
		return (struct verdict){ RS_CAUSE_NONE, 0 };
	if (x != invite && invite->state == X_DUE) { /* a second offer before the first is answered (RFC 3311, 5.2) */
		rs_metric_inc(e->cells, RS_ENG_SDP_FAIL + RS_SDP_FAIL_GLARE);
		return (struct verdict){ RS_CAUSE_MEDIA, 500 };
	}
	return take_offer(e, leg, m, x);
}

static struct verdict
hear_response(struct rs_engine *e, struct leg *leg, struct media *m, uint8_t method)
{
	struct media_exchange *x = exchange_of(m, method);

	if (is_answered(m, x))
		return take_answer(e, leg, m);
	if (method == RS_SIP_INVITE && (x->state == X_NONE || x->state == X_DUE)) /* ours had no offer */
		return take_offer(e, leg, m, x);
	return (struct verdict){ RS_CAUSE_NONE, 0 };
}

/* What had to have a description, and has none. */
static struct verdict
hear_none(struct rs_engine *e, struct media *m, const struct rs_sip_msg *msg, uint8_t method)
{
	bool last = msg->status ? msg->status / 100 == 2 && (method == RS_SIP_INVITE || method == RS_SIP_UPDATE) :
				  msg->method == RS_SIP_ACK;

	if (last && m->sdp.pending && exchange_of(m, method)->state == X_OFFERED)
		return not_agreed(e, RS_ENG_SDP_NO_ANSWER, 488);
	return (struct verdict){ RS_CAUSE_NONE, 0 };
}

/* Ours, and not answered yet: a request of the peer's that crosses it is of another exchange, or glare. */
static bool
is_open(const struct media *m, const struct media_exchange *x)
{
	return x->state == X_OFFERED && m->sdp.pending;
}

static struct verdict
hear(struct rs_engine *e, struct leg *leg, struct media *m, const struct rs_sip_msg *msg, uint8_t method)
{
	struct rs_slice body = sdp_body(msg);

	if (msg->status == 0 && (method == RS_SIP_INVITE || method == RS_SIP_UPDATE || method == RS_SIP_PRACK) &&
		!is_open(m, exchange_of(m, method)))
		forget(e, exchange_of(m, method));
	if (!body.p)
		return hear_none(e, m, msg, method);
	if (rs_sdp_parse(body.p, body.len, e->sdp) != 0)
		return not_agreed(e, RS_ENG_SDP_BROKEN + e->sdp->error, 488);
	return msg->status ? hear_response(e, leg, m, method) : hear_request(e, leg, m, method);
}

/* `sipp` mode has no transactions: the answer is made from the request alone. */
static void
refuse_plainly(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status)
{
	struct rs_buf buf;
	struct rs_sip_out o;
	int n;

	if (e->silent || e->link.take(e->link.ctx, &leg->path, &buf) != 0)
		return;
	o = rs_sip_out(buf.data, buf.cap);
	rs_out_response(&o, msg, status, rs_sip_reason(status), rs_slice_of(leg->token, RS_TOKEN_LEN), false);
	n = rs_out_end(&o, "", nothing);
	if (n < 0) {
		e->link.drop(e->link.ctx, &buf);
		return;
	}
	trace_sent(e, leg, buf.data, (uint32_t)n, RS_TRACE_OWN);
	if (e->link.send(e->link.ctx, &leg->path, &buf, (uint32_t)n) == 0)
		rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_SENT);
}

/* What came cannot be agreed to: a request is refused, which ends a call that is not one yet; anything else ends it. */
static void
refuse(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq, struct verdict v)
{
	bool request = msg->status == 0 && msg->method != RS_SIP_ACK;

	if (request)
		sdp_refuses(e, leg, msg->method);
	if (request && leg_is_rfc(e, leg))
		server_own(e, leg, msg, v.status, v.status == 500 ? "Retry-After: 2\r\n" : "", nothing);
	else if (request)
		refuse_plainly(e, leg, msg, v.status);
	if (request && (msg->method != RS_SIP_INVITE || (leg->flags & LEG_ESTABLISHED)))
		return;
	leg_blame(e, leg, msg, cseq);
	leg_fail(e, leg, v.cause, !request);
}

bool
sdp_hears(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct media *m = media_at(e, leg);
	uint8_t method = msg->status ? (uint8_t)cseq->method : msg->method;
	struct verdict v;

	if (leg->flags & LEG_LINGERING)
		return true;
	if (profile_of(e, m)->implied) {
		plain_hears(e, leg, m, msg);
		return true;
	}
	if (msg->status >= 300) {
		sdp_refused(e, leg, method);
		return true;
	}
	if (msg->status == 100)
		return true;
	v = hear(e, leg, m, msg, method);
	if (v.cause)
		refuse(e, leg, msg, cseq, v);
	return v.cause == RS_CAUSE_NONE;
}
