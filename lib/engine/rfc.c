/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a leg's messages, timers and end in rfc3261 mode. */
#include "engine/dialog.h"

void
rfc_open(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	memset(d, 0, sizeof(*d));
	d->ack_step = d->sdp_step = OWN_NONE;
	d->invite_recv = -1;
}

void
rfc_due(struct rs_engine *e, struct leg *leg, uint64_t due_ns)
{
	struct dialog *d = leg_dialog(e, leg);

	/* One timer for all: it may come too early, when what it was for is done; then it is set anew. */
	if (d->armed_ns && d->armed_ns <= due_ns)
		return;
	d->armed_ns = due_ns;
	rs_wheel_arm(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_RETRANS, due_ns);
}

static void
earlier(uint64_t *least, uint64_t due_ns)
{
	if (due_ns && due_ns < *least)
		*least = due_ns;
}

static void
arm_next(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < CLIENTS; i++) {
		if (!d->clients[i].state)
			continue;
		earlier(&next, d->clients[i].due_ns);
		earlier(&next, d->clients[i].give_up_ns);
	}
	earlier(&next, d->trying_ns);
	earlier(&next, d->answer_ns);
	earlier(&next, d->answer_ns ? d->answer_give_up_ns : 0);
	earlier(&next, d->session_ns);
	earlier(&next, d->glare_ns);
	earlier(&next, d->rel_ns);
	earlier(&next, d->close_ns);
	d->armed_ns = 0;
	if (next != UINT64_MAX)
		rfc_due(e, leg, next);
}

bool
rfc_settled(struct rs_engine *e, struct leg *leg)
{
	if (!(leg_dialog(e, leg)->flags & DIALOG_CLOSING) || rfc_outstanding(e, leg))
		return true;
	leg_free(e, leg);
	return false;
}

void
rfc_timer(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	if (d->close_ns && d->close_ns <= e->now) {
		leg_free(e, leg);
		return;
	}
	if (!client_timers(e, leg) || !server_timers(e, leg))
		return;
	if (d->session_ns && d->session_ns <= e->now && !ua_session(e, leg))
		return;
	if (d->glare_ns && d->glare_ns <= e->now && !ua_glare_over(e, leg))
		return;
	if (rfc_settled(e, leg))
		arm_next(e, leg);
}

/* What comes to a call that is over and only brings its transactions to an end. */
static void
receive_closing(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct dialog *d = leg_dialog(e, leg);

	if (msg->status == 0 && msg->method != RS_SIP_ACK) {
		server_own(e, leg, msg, msg->method == RS_SIP_BYE || msg->method == RS_SIP_CANCEL ? 200 : 481, "",
			rs_slice_of(NULL, 0));
	} else if (cseq->method == RS_SIP_INVITE && msg->status >= 200 && msg->status < 300) {
		client_own_ack(e, leg); /* answered before the CANCEL came: hung up at once (RFC 3261, 9.1) */
		if (!(leg->flags & LEG_ENDING))
			client_own(e, leg, OWN_BYE, 0);
	}
	if (d->flags & DIALOG_CLOSING)
		rfc_settled(e, leg);
}

void
rfc_receive(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];
	bool up = msg->status ? client_response(e, leg, rx, msg, cseq) : server_request(e, leg, rx, msg, cseq);

	if (e->legs.generation[slot] != generation)
		return;
	if (leg->flags & LEG_LINGERING) {
		if (up)
			receive_closing(e, leg, msg, cseq);
		else
			rfc_settled(e, leg);
	} else if (up) {
		leg_match(e, leg, rx, msg, cseq, 0);
	}
	if (e->legs.generation[slot] == generation)
		rel_go_on(e, leg);
}

static uint32_t
cause_of_response(const struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	if (msg->status >= 300)
		return RS_CAUSE_RESPONSE + msg->status - 300u;
	if (cseq->method == RS_SIP_INVITE && (leg->flags & LEG_CANCELLED))
		return RS_CAUSE_CANCELLED_LATE;
	return RS_CAUSE_UNEXPECTED;
}

/* Is our own BYE not answered yet? */
static bool
hangs_up(const struct dialog *d)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].method == RS_SIP_BYE && (d->clients[i].state == TXN_TRYING || d->clients[i].state == TXN_PROCEEDING))
			return true;
	return false;
}

/*
 * What ends nothing that was not over, or begun, already: a BYE that crosses ours (15), the CANCEL of a further INVITE in the dialog (9.2).
 * @return true when it was answered
 */
static bool
takes_nothing_away(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	if (!leg_activity(e, leg)->group->automatic)
		return false;
	if (msg->method == RS_SIP_BYE ? !hangs_up(leg_dialog(e, leg)) : !(leg->flags & LEG_ESTABLISHED))
		return false;
	server_own(e, leg, msg, 200, "", rs_slice_of(NULL, 0));
	if (msg->method == RS_SIP_CANCEL)
		server_own(e, leg, NULL, 487, "", rs_slice_of(NULL, 0));
	return true;
}

static void
unexpected_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct activity *a = leg_activity(e, leg);
	const struct server *invite = server_invite(leg_dialog(e, leg));
	bool ringing = invite && invite->state < TXN_COMPLETED;
	bool bye = msg->method == RS_SIP_BYE;

	if (msg->method == RS_SIP_ACK)
		return;
	if (!bye && msg->method != RS_SIP_CANCEL) {
		if (ua_request(e, leg, rx, msg, cseq)) {
			rs_metric_inc(&a->account->cells, RS_AM_AUTO_ANSWERED);
			return;
		}
		rs_metric_inc(&a->account->cells, RS_AM_SIP_UNEXPECTED);
		rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_UNEXPECTED);
		leg_fail(e, leg, RS_CAUSE_UNEXPECTED, true);
		return;
	}
	if (takes_nothing_away(e, leg, msg)) {
		rs_metric_inc(&a->account->cells, RS_AM_AUTO_ANSWERED);
		return;
	}
	rs_metric_inc(&a->account->cells, RS_AM_SIP_UNEXPECTED);
	rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_UNEXPECTED);
	server_own(e, leg, msg, 200, "", rs_slice_of(NULL, 0));
	leg->flags |= bye ? LEG_ENDING : LEG_CANCELLED;
	if (ringing) /* 9.2, 15.1.2 */
		server_own(e, leg, NULL, 487, "", rs_slice_of(NULL, 0));
	leg_fail(e, leg, bye ? RS_CAUSE_BYE : RS_CAUSE_CANCEL, bye && !ringing && !(leg->flags & LEG_ACKED));
}

void
rfc_unexpected(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	struct activity *a = leg_activity(e, leg);

	if (msg->status == 0) {
		unexpected_request(e, leg, rx, msg, cseq);
		return;
	}
	/* Any provisional may come, and what answers our CANCEL says nothing about the call. */
	if (msg->status < 200 || cseq->method == RS_SIP_CANCEL)
		return;
	rs_metric_inc(&a->account->cells, RS_AM_SIP_UNEXPECTED);
	rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_UNEXPECTED);
	leg_fail(e, leg, cause_of_response(leg, msg, cseq), true);
}

void
rfc_hang_up(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct server *answering = server_invite(d);

	if ((leg->flags & LEG_ANSWERED) && !(leg->flags & LEG_ACKED))
		client_own_ack(e, leg);
	if (answering && answering->state < TXN_COMPLETED) {
		server_own(e, leg, NULL, (leg->flags & LEG_CANCELLED) ? 487 : 480, "", rs_slice_of(NULL, 0));
		if (!(leg->flags & LEG_ESTABLISHED)) /* else it was a further one, and the dialog lives on */
			return;
	}
	if (leg->flags & LEG_ENDING)
		return;
	if (leg->flags & (LEG_ESTABLISHED | LEG_ANSWERED | LEG_SENT_2XX)) {
		if (answering && answering->state == TXN_ACCEPTED && d->answer_ns) /* not before its ACK (15) */
			d->flags |= DIALOG_BYE_WANTED;
		else
			client_own(e, leg, OWN_BYE, 0);
	} else if ((leg->flags & LEG_INVITED) && !(leg->flags & (LEG_FINAL | LEG_CANCELLED))) {
		if (leg->flags & LEG_PROVISIONAL)
			client_own(e, leg, OWN_CANCEL, 0);
		else if (client_outstanding(d))
			d->flags |= DIALOG_CANCEL_WANTED;
	}
}

bool
rfc_outstanding(const struct rs_engine *e, const struct leg *leg)
{
	const struct dialog *d = leg_dialog(e, leg);

	return client_outstanding(d) || server_outstanding(d) || (d->flags & DIALOG_BYE_WANTED);
}

void
rfc_close(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	d->flags |= DIALOG_CLOSING;
	rs_metric_add(e->cells, RS_ENG_CLOSING, 1);
	d->session_ns = d->glare_ns = 0;
	d->close_ns = e->now + 2 * 64 * e->plan->t1_ns; /* an answer that nobody acknowledges, and then its BYE */
	leg->flags |= LEG_LINGERING;
	leg->flags &= ~(uint32_t)LEG_PAUSED;
	rs_wheel_cancel(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_WAIT);
	rs_metric_inc(e->cells, RS_ENG_LINGERING);
	rfc_due(e, leg, d->close_ns);
	arm_next(e, leg);
}

void
rfc_bury(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	if (d->flags & DIALOG_CLOSING)
		rs_metric_add(e->cells, RS_ENG_CLOSING, (uint64_t)-1);
	if (!e->silent) {
		client_bury(e, leg);
		server_bury(e, leg);
	}
	rs_blob_clear(&e->blobs, &d->parties);
	rs_blob_clear(&e->blobs, &d->invite);
}
