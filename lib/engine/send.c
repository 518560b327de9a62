/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending: a step's message, its number and what it is remembered for, and the same again. */
#include <errno.h>

#include "engine/auth_retry.h"
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/media_plain.h"
#include "engine/media_sdp.h"
#include "engine/render.h"
#include "engine/ua.h"

uint32_t
cause_of(int rc)
{
	switch (rc) {
	case -EACCES:
		return RS_CAUSE_NOT_TARGET;
	case -EHOSTUNREACH:
		return RS_CAUSE_NO_ROUTE;
	default:
		return RS_CAUSE_NO_BUFFER;
	}
}

static bool
is_named(const uint8_t *line, size_t len, const char *name, size_t name_len)
{
	return len > name_len && memcmp(line, name, name_len) == 0;
}
#define IS(line, len, name) is_named(line, len, name, sizeof(name) - 1)

uint32_t
sent_flag(const uint8_t *line, size_t len)
{
	switch (len ? line[0] : 0) {
	case 'A':
		return IS(line, len, "Authorization:") ? SENT_CREDENTIALS : 0;
	case 'P':
		return IS(line, len, "Proxy-Authorization:") ? SENT_CREDENTIALS : 0;
	case 'R':
		return IS(line, len, "Route:") ? SENT_ROUTE : IS(line, len, "Require:") ? SENT_REQUIRE : IS(line, len, "RSeq:") ? SENT_RSEQ : 0;
	case 'S':
		return IS(line, len, "Supported:") ? SENT_SUPPORTED : IS(line, len, "Session-Expires:") ? SENT_SESSION_EXPIRES : 0;
	default:
		return 0;
	}
}

static void
read_line(const uint8_t *line, size_t len, struct sent *out)
{
	if (IS(line, len, "CSeq:")) {
		if (rs_sip_cseq(rs_slice_trim(rs_slice_of(line + 5, len - 5)), &out->cseq) != 0)
			out->cseq = (struct rs_sip_cseq){ 0 };
	} else if (IS(line, len, "To:")) {
		out->to = rs_slice_trim(rs_slice_of(line + 3, len - 3));
	} else {
		uint32_t flag = sent_flag(line, len);

		out->has |= flag;
		if (flag == SENT_RSEQ && rs_sip_number(rs_slice_trim(rs_slice_of(line + 5, len - 5)), &out->rseq) != 0)
			out->rseq = 0;
	}
}

void
sent_read(const uint8_t *data, size_t len, struct sent *out)
{
	*out = (struct sent){ 0 };
	for (size_t at = 0; at < len;) {
		const uint8_t *nl = memchr(data + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - data) - at : len - at;

		if (n == 0 || (n == 1 && data[at] == '\r')) {
			out->end = at;
			return;
		}
		if (at > 0)
			read_line(data + at, n, out);
		at += n + 1;
	}
}

/* Where the empty line begins; 0: there is none. */
static size_t
find_end(const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		const uint8_t *nl = memchr(data + at, '\n', len - at);

		if (!nl)
			return 0;
		at = (size_t)(nl - data) + 1;
		if (at < len && (data[at] == '\r' || data[at] == '\n'))
			return at;
	}
	return 0;
}

/* A response with the CSeq of what it answers: @return false, nothing foreseen */
static bool
has_last_cseq(const struct rs_engine *e, const struct facts *f, struct rs_sip_cseq *cseq)
{
	return f->known && f->cseq == CSEQ_LAST && e->render.last && rs_sip_cseq(rs_sip_get(e->render.last, RS_HDR_CSEQ), cseq) == 0;
}

/* What the message says of itself: as its template tells, where that is enough. @return false: it has to be read */
static bool
sent_foreseen(struct rs_engine *e, struct leg *leg, const struct facts *f, const uint8_t *data, size_t len, bool completes)
{
	const struct rs_step *s = e->complete;

	if (!f->known || f->cseq == CSEQ_UNKNOWN || (f->has & SENT_RSEQ) || (s->status != 0) != (f->cseq == CSEQ_LAST))
		return false;
	e->sent = (struct sent){ .has = f->has };
	if (f->cseq == CSEQ_OWN)
		e->sent.cseq = (struct rs_sip_cseq){ .number = e->render.cseq, .method = s->method };
	else if (!e->render.last || rs_sip_cseq(rs_sip_get(e->render.last, RS_HDR_CSEQ), &e->sent.cseq) != 0)
		return false;
	if (completes)
		e->sent.end = f->has_body ? find_end(data, len) : len - 2;
	return true;
}

/* A response goes where its own request came from, which need not be the last one: only now is it known whose it is. */
static void
aim(struct rs_engine *e, const struct leg *leg)
{
	const struct rs_path *path = dialog_reply(leg_dialog(e, leg), (uint8_t)e->sent.cseq.method);

	if (path->port == e->path->port && path->remote.family == e->path->remote.family) /* the buffer is of that port */
		e->path = path;
}

/* In rfc3261 mode a message of a step gets what the step does not write: credentials, a Service-Route, option tags ... */
static int
complete_message(struct rs_engine *e, struct leg *leg, uint8_t *data, size_t len, size_t cap)
{
	const struct rs_step *s = e->complete;
	bool provisional = s->status > 100 && s->status < 300 && leg->invited_us;
	bool learns = provisional && !(leg_dialog(e, leg)->flags & DIALOG_MADE), completes = auth_completes(e, leg, s);

	if (learns || !sent_foreseen(e, leg, &leg_play(e, leg)->facts[s->template], data, len, completes))
		sent_read(data, len, &e->sent);
	if (s->status)
		aim(e, leg);
	if (learns && e->sent.cseq.method == RS_SIP_INVITE && e->render.last)
		dialog_learn_local(e, leg, rs_sip_get(e->render.last, RS_HDR_FROM), e->sent.to);
	return completes ? auth_insert(e, leg, &e->sent, data, len, cap) : (int)len;
}

static int
render_into(struct rs_engine *e, struct leg *leg, const struct rs_template *t, const struct rs_buf *buf)
{
	((struct rendering *)e->render.ctx)->start = buf->data;
	int n = rs_template_render(t, &e->render, buf->data, buf->cap);

	if (n > 0 && e->sdp_sends) {
		n = sdp_put(e, leg, buf->data, (size_t)n, buf->cap, e->sdp_sends == SDP_SENDS_AGAIN);
		e->sdp_sends = SDP_SENDS_AGAIN; /* should it have to be rendered into a larger buffer */
	}
	return n > 0 && e->complete ? complete_message(e, leg, buf->data, (size_t)n, buf->cap) : n;
}

uint32_t
send_template(struct rs_engine *e, struct leg *leg, const struct rs_template *t, bool drop, struct sent *sent)
{
	const struct rs_path *path = e->path ? e->path : &leg->path;
	struct rs_path other;
	struct rs_buf buf;
	uint8_t flags = e->sending;

	e->sending = 0;
	path = flow_path(e, leg, path, &other);
	if (!path)
		return RS_CAUSE_NOT_CONNECTED;
	int rc = e->link.take(e->link.ctx, path, &buf);

	if (rc)
		return cause_of(rc);
	uint32_t fits = buf.cap;
	int n = render_into(e, leg, t, &buf);

	if (n == -ENOSPC) { /* then in fragments: what fits does not pay for it */
		e->link.drop(e->link.ctx, &buf);
		rc = rs_link_take_large(&e->link, path, &buf);
		if (rc)
			return rc == -EMSGSIZE ? RS_CAUSE_TOO_LONG : cause_of(rc);
		n = render_into(e, leg, t, &buf);
	}
	if (n > 0 && leg_activity(e, leg)->legs)
		legs_sent(e, leg, buf.data, (size_t)n);
	if (n > 0 && sent && e->complete)
		*sent = e->sent;
	else if (n > 0 && sent)
		sent_read(buf.data, (size_t)n, sent);
	if (n > 0 && !drop && large_found(e, leg, path, fits, (uint32_t)n)) {
		e->link.drop(e->link.ctx, &buf);
		return RS_CAUSE_NONE;
	}
	if (n > 0)
		trace_sent(e, leg, buf.data, (uint32_t)n, flags | (drop ? RS_TRACE_DROPPED : 0));
	if (n < 0 || drop) {
		e->link.drop(e->link.ctx, &buf);
		return n < 0 ? RS_CAUSE_TOO_LONG : RS_CAUSE_NONE;
	}
	if (e->path) /* where a response goes is known only now: see aim */
		path = flow_path(e, leg, e->path, &other);
	if (!path) {
		e->link.drop(e->link.ctx, &buf);
		return RS_CAUSE_NOT_CONNECTED;
	}
	rc = e->link.send(e->link.ctx, path, &buf, (uint32_t)n);
	if (rc && (leg->flags & LEG_TRACED))
		trace_not_sent(e, leg);
	return rc ? cause_of(rc) : RS_CAUSE_NONE;
}

/* CSeq as SIPp counts it: every new request but ACK and CANCEL takes the next number. */
static void
number_request(struct leg *leg, const struct rs_step *s, bool again)
{
	if (s->status || again)
		return;
	if (s->method != RS_SIP_ACK && s->method != RS_SIP_CANCEL)
		leg->cseq++;
	if (s->method == RS_SIP_INVITE || s->method == RS_SIP_ACK)
		leg->invite_cseq = leg->cseq;
}

static void
note_sent(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s, bool answer)
{
	if (!(leg->flags & LEG_FIRST_SENT)) {
		leg->flags |= LEG_FIRST_SENT;
		if (leg->flags & LEG_UAC)
			stamp_add(e, leg, STAMP_LATENESS, 0);
	}
	if (s->status) {
		if (answer && !(leg->flags & LEG_SENT_2XX)) {
			leg->flags |= LEG_SENT_2XX;
			leg_established(e, leg);
			if (leg_activity(e, leg)->legs)
				stamp_add(e, leg, STAMP_OK, 0);
		}
	} else if (s->method == RS_SIP_INVITE) {
		leg->flags |= LEG_INVITED;
		leg->flags &= ~(uint32_t)(LEG_PROVISIONAL | LEG_ANSWERED | LEG_FINAL | LEG_ACKED | LEG_CANCELLED);
		leg->invite_step = (int16_t)step;
		if (!(leg->flags & LEG_ESTABLISHED))
			stamp_add(e, leg, STAMP_INVITE, 0);
	} else if (s->method == RS_SIP_ACK) {
		leg->flags |= LEG_ACKED;
	} else if (s->method == RS_SIP_BYE) {
		leg->flags |= LEG_ENDING;
		stamp_add(e, leg, STAMP_BYE, 0);
	} else if (s->method == RS_SIP_CANCEL) {
		leg->flags |= LEG_CANCELLED;
	} else if (!leg->request_ns && !(leg->flags & LEG_RESPONSE)) {
		stamp_add(e, leg, STAMP_REQUEST, 0);
	}
	if (s->rtd >= 0)
		stamp_add(e, leg, s->repeat_rtd ? STAMP_RTD_REPEAT : STAMP_RTD_STOP, s->rtd);
	if (s->start_rtd >= 0)
		stamp_add(e, leg, STAMP_RTD_START, s->start_rtd);
}

static void
arm_retransmission(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_step *s)
{
	uint32_t node = leg_slot(e, leg) * TIMERS + TIMER_RETRANS;

	if (s->retrans_ns == 0 || rs_transport_is_stream(leg->path.transport)) { /* one timer a call, for the last message sent: as SIPp */
		if (s->method != RS_SIP_ACK || leg->retrans_step < 0) {
			rs_wheel_cancel(&e->wheel, node);
			leg->retrans_step = -1;
		}
		return;
	}
	leg->retrans_step = (int16_t)step;
	leg->retrans_cseq = leg->cseq;
	leg->retrans_count = 0;
	leg->retrans_invite = s->status == 0 && s->method == RS_SIP_INVITE;
	leg->retrans_ns = s->retrans_ns;
	rs_wheel_arm(&e->wheel, node, e->now + s->retrans_ns);
}

void
send_arm(struct rs_engine *e, struct leg *leg, uint32_t step)
{
	arm_retransmission(e, leg, step, &leg_program(e, leg)->steps[step]);
}

/*
 * What answers the first copy of a message answers all: a request its response (180, then 200: the final one), a 2xx its ACK.
 * What merely follows does not: a BYE some time after the ACK, or the 487 to the INVITE behind the 200 to its CANCEL.
 */
static void
note_cause(struct leg *leg, uint32_t step, const struct rs_step *s, const struct rs_program *p)
{
	const struct rs_step *recv = &p->steps[leg->last_recv < 0 ? 0 : leg->last_recv];

	if (leg->last_recv < 0 || (recv->status == 0 && recv->method == RS_SIP_ACK))
		return;
	if (recv->status ? s->status || s->method != RS_SIP_ACK : !s->status)
		return;
	if (leg->cause_send >= 0 && leg->last_hash == leg->cause_hash &&
		(recv->status || p->steps[leg->cause_send].status >= 200))
		return;
	leg->cause_hash = leg->last_hash;
	leg->cause_send = (int16_t)step;
	leg->cause_recv = leg->last_recv;
}

/* SIPp's numbers: from 10000 on in steps of 4, up to 12000. */
static void
count_dynamic_id(struct rs_engine *e, const struct rs_template *t)
{
	for (uint32_t i = 0; i < t->n_ops; i++) {
		if (t->ops[i].slot != RS_SLOT_DYNAMIC_ID)
			continue;
		e->dynamic_id = e->dynamic_id < 12000 ? e->dynamic_id + 4 : 10000;
		return;
	}
}

/* Of the request that a response step refuses: what came last, but for what only goes with an INVITE. */
static uint8_t
refused_method(const struct rs_engine *e, const struct leg *leg)
{
	const struct rs_step *recv = leg->last_recv < 0 ? NULL : &leg_program(e, leg)->steps[leg->last_recv];

	if (!recv || recv->status || recv->method == RS_SIP_PRACK || recv->method == RS_SIP_ACK || recv->method == RS_SIP_CANCEL)
		return RS_SIP_INVITE;
	return recv->method;
}

/* Has the message a description of ours, or does it begin an exchange without one? */
static void
media_prepare(struct rs_engine *e, struct leg *leg, const struct rs_step *s, bool again)
{
	const struct activity *a = leg_activity(e, leg);

	if (e->plan->media[a->plan->media].implied) {
		if (!again && leg_program(e, leg)->crypto)
			plain_prepares(e, leg, s);
		return;
	}
	if (!again && s->status >= 300)
		sdp_refuses(e, leg, refused_method(e, leg));
	else if (leg_play(e, leg)->facts[s->template].sdp)
		e->sdp_sends = again ? SDP_SENDS_AGAIN : SDP_SENDS;
	else if (!again && !s->status)
		sdp_sends_none(e, leg, s->method);
}

/* Responses go where the request came from; requests have their transaction's branch and number. */
static void
transaction_prepare(struct rs_engine *e, struct leg *leg, const struct rs_step *s, bool again, struct texts *t)
{
	e->complete = s;
	if (s->status && !again && rel_sends(e, leg, s->status))
		rel_number(e, leg);
	if (s->status)
		e->path = &leg_dialog(e, leg)->reply;
	else
		client_prepare(e, leg, s, again ? e->again : NULL, t);
}

int
leg_send(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_sip_msg *last, bool again)
{
	struct activity *a = leg_activity(e, leg);
	const struct rs_play *play = leg_play(e, leg);
	const struct rs_step *s = &play->program->steps[step];
	struct rs_metrics *cells = &play->account->steps[step];
	struct rendering ctx;
	struct texts texts;

	if (e->silent)
		return 0;
	if (a->rfc && !again && !(s->status ? server_may_send(e, leg, s) : client_may_send(e, leg, s))) {
		rs_metric_inc(cells, RS_SM_MESSAGES);
		return 0;
	}
	number_request(leg, s, again);
	fill_render(e, leg, step, play->slots[s->template], last ? last : leg_kept(e, leg), &ctx, &texts);
	if (again && s->status == 0)
		e->render.cseq = s->method == RS_SIP_ACK || s->method == RS_SIP_CANCEL ? leg->invite_cseq : leg->retrans_cseq;
	if (a->rfc)
		transaction_prepare(e, leg, s, again, &texts);
	if (leg_has_media(leg))
		media_prepare(e, leg, s, again);

	bool drop = s->lost && chance(e, s->lost);
	bool answer = !again && leg->invited_us && s->status / 100 == 2 && !(leg->flags & LEG_SENT_2XX);
	struct sent sent = { 0 };
	bool ask = !again && (a->rfc || (answer && !has_last_cseq(e, &play->facts[s->template], &sent.cseq)));

	bool late = e->large == LARGE_SEND; /* for the first time, whatever is said */

	if (!again && !s->status)
		large_look(e, leg);
	e->sending = again && !late ? RS_TRACE_AGAIN : 0;
	uint32_t cause = send_template(e, leg, &play->program->templates[s->template], drop, ask ? &sent : NULL);

	bool put_off = e->large == LARGE_FOUND;

	e->path = NULL;
	e->complete = NULL;
	e->sdp_sends = SDP_SENDS_NONE;
	e->large = LARGE_NO;
	if (cause)
		return -(int)cause;
	if (play->wants_dynamic_id)
		count_dynamic_id(e, &play->program->templates[s->template]);
	if (drop) {
		rs_metric_inc(cells, RS_SM_LOST);
		rs_metric_inc(&a->account->cells, RS_AM_SIP_LOST);
	}
	if (!put_off) {
		rs_metric_inc(&a->account->cells, again && !late ? RS_AM_SIP_RETRANSMITTED : RS_AM_SIP_SENT);
		rs_metric_inc(cells, again && !late ? RS_SM_RETRANS : RS_SM_MESSAGES);
	}
	if (again)
		return 0;
	if (leg->challenge.class && play->slots[s->template] >> RS_SLOT_AUTH & 1)
		rs_metric_inc(&a->account->cells, RS_AM_AUTHENTICATED);
	if (play->program->crypto && leg_has_media(leg) && !leg_has_own_sdp(e, leg))
		plain_says(e, leg, s);
	note_sent(e, leg, step, s, s->status / 100 == 2 && leg->invited_us && sent.cseq.method == RS_SIP_INVITE);
	if (!a->rfc) {
		note_cause(leg, step, s, play->program);
		arm_retransmission(e, leg, step, s);
	} else if (s->status) {
		server_sent(e, leg, step, s, &sent);
	} else {
		client_sent(e, leg, step, s, &sent);
	}
	return put_off ? large_put_off(e, leg, step) : 0;
}

/*
 * One timer per call, doubling from `retrans`; requests other than INVITE, and responses, at most every T2. At the end of the
 * allowed number the call has failed.
 */
void
leg_retransmit(struct rs_engine *e, struct leg *leg)
{
	uint8_t max = leg->retrans_invite ? MAX_INVITE_RETRANS : MAX_OTHER_RETRANS;

	if (leg->retrans_step < 0)
		return;
	if (leg->retrans_count >= max) {
		leg_fail(e, leg, RS_CAUSE_RETRANSMISSIONS, true);
		return;
	}
	leg->retrans_count++;
	leg->retrans_ns *= 2;
	if (!leg->retrans_invite && leg->retrans_ns > T2_NS)
		leg->retrans_ns = T2_NS;
	rs_wheel_arm(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_RETRANS, e->now + leg->retrans_ns);
	leg_send(e, leg, (uint32_t)leg->retrans_step, NULL, true);
}
