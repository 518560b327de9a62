/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which recv a message belongs to, in `sipp` mode: forward over optional ones to the first mandatory one, else back over the
 * contiguous optional ones or any global one; an old 2xx gets its ACK again; all else is unexpected. Retransmissions are known
 * by the hash of the whole message and answered by what answered the first copy.
 */
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/media_sdp.h"

#define NO_MATCH (-1)

static bool
method_was_sent(const struct rs_step *step, const struct rs_sip_cseq *cseq)
{
	if (cseq->method != RS_SIP_OTHER)
		return step->methods >> cseq->method & 1;
	struct rs_slice all = step->methods_text, m = cseq->method_text;

	/* Methods without a number are compared as SIPp does it: anywhere in the text of all that were sent. */
	for (size_t i = 0; m.len > 0 && i + m.len <= all.len; i++)
		if (memcmp(all.p + i, m.p, m.len) == 0)
			return true;
	return false;
}

static bool
matches(const struct rs_step *step, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	if (step->kind != RS_STEP_RECV)
		return false;
	if (msg->status)
		return step->status == msg->status && method_was_sent(step, cseq);
	if (step->status || step->method != msg->method)
		return false;
	return msg->method != RS_SIP_OTHER || rs_slice_eq(step->method_text, msg->method_text);
}

bool
program_begins_with(const struct rs_program *p, const struct rs_sip_msg *msg)
{
	struct rs_sip_cseq none = { 0 };

	for (uint32_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i].kind == RS_STEP_NOP)
			continue;
		if (matches(&p->steps[i], msg, &none))
			return true;
		if (p->steps[i].kind != RS_STEP_RECV || p->steps[i].optional == RS_MANDATORY)
			return false;
	}
	return false;
}

/*
 * In rfc3261 mode nobody can count on a provisional (17.1.1.2: it is not repeated), and an ACK that is lost comes again only when
 * the 2xx does: what follows may come before them.
 */
static bool
may_be_passed(const struct activity *a, const struct rs_step *s)
{
	if (s->kind != RS_STEP_RECV)
		return false;
	if (s->optional != RS_MANDATORY)
		return true;
	return a->rfc && (s->status ? s->status < 200 : s->method == RS_SIP_ACK);
}

static int
search_forward(const struct rs_engine *e, const struct leg *leg, uint32_t from, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	const struct activity *a = leg_activity(e, leg);
	const struct rs_program *p = leg_program(e, leg);

	for (uint32_t i = from; i < p->n_steps; i++) {
		if (matches(&p->steps[i], msg, cseq))
			return (int)i;
		if (!may_be_passed(a, &p->steps[i]))
			break;
	}
	return NO_MATCH;
}

void
leg_blame(const struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	int at = search_forward(e, leg, leg->step, msg, cseq);

	if (at != NO_MATCH)
		leg->step = (uint16_t)at;
}

static bool
is_ack_send(const struct rs_program *p, uint32_t i)
{
	return i < p->n_steps && p->steps[i].kind == RS_STEP_SEND && p->steps[i].method == RS_SIP_ACK;
}

/*
 * @again: out: the ACK to send once more instead, NO_MATCH if it is not that: an INVITE sent behind that ACK has been answered as
 * the one before was, refused a second time with 401 for example.
 */
static int
search_back(const struct leg *leg, const struct rs_program *p, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq,
	int *again)
{
	uint32_t from = leg->step;
	bool contiguous = true;

	*again = NO_MATCH;
	for (int i = (int)from - 1; i >= 0; i--) {
		const struct rs_step *s = &p->steps[i];

		if (s->kind != RS_STEP_RECV || s->optional == RS_MANDATORY)
			contiguous = false;
		if (!matches(s, msg, cseq))
			continue;
		if (s->optional == RS_OPTIONAL_GLOBAL || (contiguous && s->optional != RS_MANDATORY))
			return i;
		if (msg->status && cseq->method == RS_SIP_INVITE && is_ack_send(p, (uint32_t)i + 1) &&
			(leg->invite_step <= i || cseq->number != leg->invite_cseq)) {
			*again = i + 1;
			return NO_MATCH;
		}
	}
	return NO_MATCH;
}

static void
remember_peer(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_slice tag = rs_sip_tag(rs_sip_get(msg, msg->status ? RS_HDR_TO : RS_HDR_FROM));

	if (tag.len == 0)
		return;
	uint32_t hash = (uint32_t)rs_hash(tag.p, tag.len, e->hash_seed) | 1;

	if (leg_is_rfc(e, leg) && leg->remote_tag && leg->remote_tag != hash &&
		(leg_dialog(e, leg)->flags & DIALOG_CONFIRMED))
		return; /* the dialog says who the peer is; its tag is still to be kept when a 2xx is the first to name it */
	leg->remote_tag = hash;
	if (msg->status && leg_play(e, leg)->wants_peer_tag)
		rs_metric_add(e->cells, RS_ENG_POOL_EMPTY, !rs_blob_set(&e->blobs, &leg->peer_tag, tag));
}

/* Responses move the state that hanging up depends on, and stop or slow the retransmission timer. */
static void
take_response(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	uint32_t node = leg_slot(e, leg) * TIMERS + TIMER_RETRANS;

	latency_response(e, leg, rx, msg->status, cseq->method);
	if (leg_is_rfc(e, leg)) /* the transaction has it already */
		return;
	if (cseq->method == RS_SIP_INVITE) {
		if (msg->status < 200)
			leg->flags |= LEG_PROVISIONAL;
		else
			leg->flags |= msg->status < 300 ? LEG_ANSWERED | LEG_FINAL : LEG_FINAL;
		if (msg->status >= 200)
			leg->flags &= ~(uint32_t)LEG_ACKED;
		if (msg->status >= 200 && msg->status < 300)
			leg_established(e, leg);
	}
	if (cseq->method != RS_SIP_INVITE && msg->status < 200) {
		if (rs_wheel_armed(&e->wheel, node)) {
			leg->retrans_ns = T2_NS;
			rs_wheel_arm(&e->wheel, node, e->now + T2_NS);
		}
		return;
	}
	rs_wheel_cancel(&e->wheel, node);
	leg->retrans_step = -1;
}

static void
take_request(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	if (cseq->number > leg->cseq && !leg_is_rfc(e, leg))
		leg->cseq = cseq->number;
	if (msg->method == RS_SIP_ACK)
		leg->flags |= LEG_GOT_ACK;
	else if (msg->method == RS_SIP_BYE)
		leg->flags |= LEG_ENDING;
	else if (msg->method == RS_SIP_CANCEL)
		leg->flags |= LEG_CANCELLED;
	if (leg_is_rfc(e, leg))
		return;
	rs_wheel_cancel(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_RETRANS);
	leg->retrans_step = -1;
}

/*
 * Does the call move because of this message? Sets leg->step when it does. One behind the present step was optional: the call
 * stays where it waits, unless a jump is written there. (SIPp goes back to it and then waits for what it has had already.)
 */
static bool
goes_on(struct rs_engine *e, struct leg *leg, const struct rs_step *step, int at, uint16_t before)
{
	if (!step->advance_state && step->optional != RS_MANDATORY)
		return false;
	return leg_next(e, leg, (uint32_t)at) || at >= before;
}

static void
take(struct rs_engine *e, struct leg *leg, int at, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq, uint64_t hash)
{
	struct activity *a = leg_activity(e, leg);
	const struct rs_step *step = &leg_program(e, leg)->steps[at];
	struct rs_metrics *cells = &leg_play(e, leg)->account->steps[at];

	if (step->lost && chance(e, step->lost)) {
		rs_metric_inc(cells, RS_SM_LOST);
		rs_metric_inc(&a->account->cells, RS_AM_SIP_LOST);
		return;
	}
	rs_metric_inc(cells, RS_SM_MESSAGES);
	if (a->rfc && (msg->status || msg->method != RS_SIP_INVITE))
		server_put_aside(e, leg);
	leg->last_hash = hash;
	leg->last_recv = (int16_t)at;
	leg->last_cseq = cseq->number;
	latency_rtd(e, leg, step, rx->time_ns);
	remember_peer(e, leg, msg);
	if (msg->status)
		take_response(e, leg, rx, msg, cseq);
	else
		take_request(e, leg, msg, cseq);
	if (step->counter >= 0)
		rs_account_count(leg_play(e, leg)->account, step->counter);
	uint32_t cause = leg_keep(e, leg, step, msg) ? RS_CAUSE_NONE : RS_CAUSE_NO_MEMORY;

	if (!cause && step->rrs && !a->rfc && !(leg->flags & LEG_ROUTES))
		cause = leg_store_routes(e, leg, msg);
	if (cause) {
		rs_metric_add(e->cells, RS_ENG_POOL_EMPTY, cause == RS_CAUSE_NO_MEMORY);
		leg_fail(e, leg, cause, true);
		return;
	}
	uint16_t before = leg->step;

	/* ignoresdp: where the scenario writes the descriptions; else of early media alone, as the others are offers and answers. */
	if (leg_has_media(leg) && !a->rfc &&
		!(step->ignoresdp && (!leg_has_own_sdp(e, leg) || (msg->status > 100 && msg->status < 200))) &&
		!sdp_hears(e, leg, msg, cseq))
		return;
	leg->step = (uint16_t)at; /* where actions count and fail */
	if (!leg_actions(e, leg, step, msg))
		return;
	if (!goes_on(e, leg, step, at, before)) {
		leg->step = before;
		return;
	}
	leg->flags &= ~(uint32_t)LEG_PAUSED;
	rs_wheel_cancel(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_WAIT);
	leg_run(e, leg, msg);
}

/* BYE and CANCEL end the call with a 200, PING is answered, everything else ends it as its state asks. */
static void
unexpected(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct activity *a = leg_activity(e, leg);
	uint32_t cause = RS_CAUSE_UNEXPECTED;

	if (msg->status == 0 && msg->method == RS_SIP_OTHER && rs_slice_is(msg->method_text, "PING")) {
		leg_send_own(e, leg, leg_program(e, leg)->auto_200, RS_SIP_OTHER, msg);
		rs_metric_inc(&a->account->cells, RS_AM_AUTO_ANSWERED);
		return;
	}
	rs_metric_inc(&a->account->cells, RS_AM_SIP_UNEXPECTED);
	rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_UNEXPECTED);
	if (msg->status == 0 && (msg->method == RS_SIP_BYE || msg->method == RS_SIP_CANCEL)) {
		leg_send_own(e, leg, leg_program(e, leg)->auto_200, RS_SIP_OTHER, msg);
		leg_fail(e, leg, msg->method == RS_SIP_BYE ? RS_CAUSE_BYE : RS_CAUSE_CANCEL, false);
		return;
	}
	if (msg->status) {
		if (cseq->method == RS_SIP_INVITE)
			leg->flags |= msg->status < 200 ? LEG_PROVISIONAL :
				      msg->status < 300 ? LEG_ANSWERED | LEG_FINAL : LEG_FINAL;
		if (msg->status >= 300 && msg->status < 700)
			cause = RS_CAUSE_RESPONSE + msg->status - 300u;
	}
	remember_peer(e, leg, msg);
	leg_hang_up(e, leg, msg);
	leg_fail(e, leg, cause, false);
}

static void
send_again(struct rs_engine *e, struct leg *leg, int recv, int send, const struct rs_sip_msg *msg)
{
	struct activity *a = leg_activity(e, leg);

	rs_metric_inc(&a->account->cells, RS_AM_SIP_RETRANS_RECEIVED);
	if (recv >= 0)
		rs_metric_inc(&leg_play(e, leg)->account->steps[recv], RS_SM_RETRANS);
	if (send >= 0)
		leg_send(e, leg, (uint32_t)send, msg, true);
}

void
leg_receive(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct activity *a = leg_activity(e, leg);
	rs_metric_inc(&a->account->cells, RS_AM_SIP_RECEIVED);
	if (rs_transport_is_stream((enum rs_transport)rx->path.transport) || (leg->path.transport != rx->path.transport && !msg->status))
		leg_heard(e, leg, rx);
	if (a->legs)
		legs_received(e, leg, rx, msg, cseq);
	if (a->rfc) {
		rfc_receive(e, leg, rx, msg, cseq);
		return;
	}
	uint64_t hash = rs_hash(msg->buf, msg->len, e->hash_seed);

	if (leg->cause_send >= 0 && hash == leg->cause_hash) {
		send_again(e, leg, leg->cause_recv, leg->cause_send, msg);
		return;
	}
	if (hash == leg->last_hash) {
		send_again(e, leg, leg->last_recv, -1, msg);
		return;
	}
	if (leg->flags & LEG_LINGERING) { /* the call is over and counted: what still comes changes nothing */
		rs_metric_inc(e->cells, RS_ENG_DEAD_CALL);
		return;
	}
	leg_match(e, leg, rx, msg, cseq, hash);
}

void
leg_match(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq, uint64_t hash)
{
	struct activity *a = leg_activity(e, leg);
	int again, at = search_forward(e, leg, leg->step, msg, cseq);

	if (at == NO_MATCH)
		at = search_back(leg, leg_program(e, leg), msg, cseq, &again);
	else
		again = NO_MATCH;
	if (at != NO_MATCH)
		take(e, leg, at, rx, msg, cseq, hash);
	else if (a->rfc)
		rfc_unexpected(e, leg, rx, msg, cseq);
	else if (again != NO_MATCH)
		send_again(e, leg, again - 1, again, msg);
	else
		unexpected(e, leg, msg, cseq);
}
