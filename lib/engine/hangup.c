/* SPDX-License-Identifier: BSD-3-Clause */
/* What we say of our own accord: the end of a call before its scenario's, and the answer to what it does not expect. */
#include "engine/dialog.h"
#include "engine/render.h"

/*
 * @msg as if it went the other way: what our request says of From and To is what the peer's said of To and From, and the
 * templates are written for one of both.
 */
static const struct rs_sip_msg *
swap_ends(struct rs_engine *e, const struct rs_sip_msg *msg)
{
	int16_t from = msg->first[RS_HDR_FROM];

	e->swapped = *msg;
	e->swapped.first[RS_HDR_FROM] = msg->first[RS_HDR_TO];
	e->swapped.first[RS_HDR_TO] = from;
	return &e->swapped;
}

/* ACK to a refusal and CANCEL belong to the INVITE's transaction: its branch, Request-URI and number (RFC 3261, 9.1, 17.1.1.3). */
static void
render_in_invite(struct rs_engine *e, struct leg *leg, enum rs_sip_method method, const struct rs_sip_msg *last,
	struct texts *texts)
{
	struct rs_sip_addr to;
	struct rs_sip_cseq cseq;

	e->render.cseq = leg->invite_cseq;
	if (last && rs_sip_cseq(rs_sip_get(last, RS_HDR_CSEQ), &cseq) == 0 && cseq.method == RS_SIP_INVITE)
		e->render.cseq = cseq.number;
	if (leg->flags & LEG_ESTABLISHED) { /* a further INVITE went along the dialog's routes */
		e->render.next_url = target_text(e, leg, NULL, &e->render, texts);
		return;
	}
	e->render.routes = rs_slice_of(NULL, 0);
	if (method == RS_SIP_CANCEL) /* the INVITE's To had no tag (RFC 3261, 9.1) */
		e->render.peer_tag = rs_slice_of(NULL, 0);
	if (method == RS_SIP_ACK && last && rs_sip_get(last, RS_HDR_TO).p &&
		rs_sip_addr(rs_sip_get(last, RS_HDR_TO), &to) == 0)
		e->render.next_url = to.uri;
	else
		e->render.next_url = target_text(e, leg, NULL, &e->render, texts);
}

void
leg_send_own(struct rs_engine *e, struct leg *leg, int32_t template, enum rs_sip_method method,
	const struct rs_sip_msg *last)
{
	struct activity *a = leg_activity(e, leg);
	bool in_invite = method == RS_SIP_CANCEL || (method == RS_SIP_ACK && !(leg->flags & LEG_ANSWERED));
	uint32_t index = leg_program(e, leg)->n_steps; /* of the branch: no step has this one */
	struct rendering ctx;
	struct texts texts;

	if (template < 0 || e->silent)
		return;
	last = last ? last : leg_kept(e, leg);
	if (last && (method == RS_SIP_BYE || method == RS_SIP_ACK) &&
		(last->status == 0) != (method == RS_SIP_BYE && leg_program(e, leg)->is_server))
		last = swap_ends(e, last);
	if (method == RS_SIP_BYE) {
		leg->cseq++;
		if (a->legs)
			stamp_add(e, leg, STAMP_BYE, 0);
	}
	if (in_invite)
		index = (uint32_t)leg->invite_step;
	else if (method == RS_SIP_ACK)
		index++;
	fill_render(e, leg, index, EVERY_SLOT, last, &ctx, &texts);
	if (in_invite) {
		render_in_invite(e, leg, method, last, &texts);
	} else {
		e->render.next_url = target_text(e, leg, last, &e->render, &texts);
		if (method == RS_SIP_ACK)
			e->render.cseq = leg->invite_cseq;
	}
	e->sending = RS_TRACE_OWN;
	if (send_template(e, leg, &leg_program(e, leg)->templates[template], false, NULL) == RS_CAUSE_NONE)
		rs_metric_inc(&a->account->cells, RS_AM_SIP_SENT);
}

void
leg_hang_up(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last)
{
	const struct rs_program *p = leg_program(e, leg);

	if (leg_is_rfc(e, leg)) {
		rfc_hang_up(e, leg);
		return;
	}
	bool placed = leg->flags & LEG_UAC, invited = leg->flags & LEG_INVITED;
	bool dialog = placed ? leg->flags & (LEG_ESTABLISHED | LEG_ANSWERED) :
			       (leg->flags & LEG_SENT_2XX) && (leg->flags & LEG_GOT_ACK);

	if (invited && (leg->flags & LEG_FINAL) && !(leg->flags & LEG_ACKED))
		leg_send_own(e, leg, p->abort_ack, RS_SIP_ACK, last);
	if (leg->flags & LEG_ENDING)
		return;
	if (dialog)
		leg_send_own(e, leg, p->abort_bye, RS_SIP_BYE, last);
	else if (placed && invited && (leg->flags & LEG_PROVISIONAL) && !(leg->flags & (LEG_FINAL | LEG_CANCELLED)))
		leg_send_own(e, leg, p->abort_cancel, RS_SIP_CANCEL, last);
}
