/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user agent does of its own accord: it answers what its scenario does not wait for, and adds what that does not write. */
#include "engine/ua.h"
#include "engine/media_sdp.h"

#include <errno.h>
#include <stdio.h>

#include "engine/render.h"

#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, MESSAGE\r\n"

static const struct rs_slice no_sdp = { NULL, 0 };

#define MOST_UNSUPPORTED 8
#define MOST_LINES 512

/* The body of what carried our SDP, rendered once more: nothing of it is kept. */
struct rs_slice
ua_sdp(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct rs_program *p = leg_program(e, leg);
	const uint8_t *body;
	int n;

	if (d->sdp_step < 0)
		return no_sdp;
	n = leg_render(e, leg, p->steps[d->sdp_step].template, NULL, e->scratch2, SCRATCH_BYTES);
	body = n > 0 ? memmem(e->scratch2, (size_t)n, "\r\n\r\n", 4) : NULL;
	if (!body)
		return no_sdp;
	body += 4;
	return rs_slice_of(body, (size_t)(e->scratch2 + n - body));
}

bool
ua_allows(const struct rs_sip_msg *msg, enum rs_sip_method method)
{
	return ua_has_option(msg, RS_HDR_ALLOW, rs_sip_method_name(method));
}

/* Option tags that are required and that we do not know (RFC 3261, 8.2.2.3), as many as fit. @return how many there are */
static unsigned
unsupported(const struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg, struct rs_sip_out *o)
{
	const struct rs_ua *ua = &leg_activity(e, leg)->group->plan->ua;
	unsigned n = 0;

	for (int i = msg->first[RS_HDR_REQUIRE]; i >= 0; i = rs_sip_next(msg, i)) {
		struct rs_slice v = rs_sip_value(msg, i);

		while (v.len > 0) {
			const uint8_t *comma = memchr(v.p, ',', v.len);
			size_t len = comma ? (size_t)(comma - v.p) : v.len;
			struct rs_slice tag = rs_slice_trim(rs_slice_of(v.p, len));
			bool ok = (rs_slice_case_eq(tag, rs_slice_str("100rel")) && ua->rel != RS_100REL_OFF) ||
				rs_slice_case_eq(tag, rs_slice_str("timer"));

			if (!ok && tag.len > 0 && n++ < MOST_UNSUPPORTED)
				rs_out_header(o, "Unsupported", tag);
			len += comma != NULL;
			v = rs_slice_of(v.p + len, v.len - len);
		}
	}
	return n;
}

const char *
ua_fixed_lines(uint8_t method, uint16_t status)
{
	if (status == 405)
		return ALLOW;
	if (status == 500)
		return "Retry-After: 2\r\n";
	return status == 200 && method == RS_SIP_OPTIONS ? ALLOW "Accept: application/sdp\r\nSupported: 100rel, timer\r\n" : "";
}

/* What an answer of ours says beside what it copies from its request. */
static void
put_lines(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status, struct rs_sip_out *o)
{
	rs_out_text(o, ua_fixed_lines(msg->method, status));
	switch (status) {
	case 200:
		if (msg->method != RS_SIP_INVITE && msg->method != RS_SIP_UPDATE)
			return;
		rs_out_text(o, ALLOW);
		session_put_answer(e, leg, o);
		return;
	case 420:
		unsupported(e, leg, msg, o);
		return;
	case 422:
		session_put_least(e, leg, o);
		return;
	default:
		return;
	}
}

void
ua_answer(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status)
{
	uint8_t lines[MOST_LINES];
	struct rs_sip_out o = rs_sip_out(lines, sizeof(lines) - 1);
	struct rs_slice sdp = no_sdp;

	if (status / 100 == 2 && leg_has_own_sdp(e, leg) &&
		(!msg || msg->method == RS_SIP_INVITE || msg->method == RS_SIP_UPDATE || msg->method == RS_SIP_PRACK))
		sdp = sdp_says(e, leg, msg ? msg->method : RS_SIP_INVITE, status, false);
	else if (status / 100 == 2 && !leg_has_own_sdp(e, leg) && (!msg || msg->method == RS_SIP_INVITE || (msg->method == RS_SIP_UPDATE && msg->body.len)))
		sdp = ua_sdp(e, leg);
	if (!msg)
		msg = server_kept_invite(e, leg);
	if (!msg)
		return;
	put_lines(e, leg, msg, status, &o);
	lines[o.len] = 0;
	server_own(e, leg, msg, status, (const char *)lines, sdp);
}

/* The scenario goes on waiting for the INVITE: who was refused may try again with what we want. Not for ever. */
static void
refuse(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status)
{
	ua_answer(e, leg, msg, status);
	if (msg->method != RS_SIP_INVITE || (leg->flags & (LEG_ESTABLISHED | LEG_LINGERING)))
		return;
	leg_dialog(e, leg)->refused = status;
	rs_wheel_arm(&e->wheel, leg_slot(e, leg) * TIMERS + TIMER_WAIT, e->now + 64 * e->plan->t1_ns);
}

/* What is looked at before the scenario sees a request. @return false: it was refused */
bool
ua_admits(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	uint8_t lines[MOST_LINES];
	struct rs_sip_out o = rs_sip_out(lines, sizeof(lines));

	if (!leg_activity(e, leg)->group->automatic || msg->method == RS_SIP_ACK || msg->method == RS_SIP_CANCEL)
		return true;
	if (unsupported(e, leg, msg, &o)) {
		refuse(e, leg, msg, 420);
		return false;
	}
	if (msg->method == RS_SIP_PRACK && !rel_acknowledged(e, leg, msg)) {
		ua_answer(e, leg, msg, 481);
		return false;
	}
	if (msg->method != RS_SIP_INVITE && msg->method != RS_SIP_UPDATE)
		return true;
	if (session_asked(e, leg, msg) == 422) {
		refuse(e, leg, msg, 422);
		return false;
	}
	leg_dialog(e, leg)->refused = 0;
	if (rs_sip_get(msg, RS_HDR_ALLOW).p)
		leg_dialog(e, leg)->peer_update = ua_allows(msg, RS_SIP_UPDATE);
	if (msg->method == RS_SIP_INVITE)
		rel_invited(e, leg, msg);
	return true;
}

static void
answer_refresh(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	dialog_refresh_target(e, leg, msg);
	ua_answer(e, leg, msg, 200);
	session_begin(e, leg);
}

static bool
has_offer(const struct rs_engine *e, const struct leg *leg, const struct client *c)
{
	if (c->step < 0)
		return c->step == OWN_REINVITE;
	return (c->method == RS_SIP_INVITE || c->method == RS_SIP_UPDATE) && leg_facts(e, leg, c->step)->body;
}

/* Offers that cross: RFC 3311, 5.2. @return the status that refuses the offer in @update, 0: it may be answered */
static uint16_t
offer_refused(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *update)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct server *invite = server_invite(d);

	if (update->body.len == 0)
		return 0;
	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct client *c = &d->clients[i];

		if ((c->state == TXN_TRYING || c->state == TXN_PROCEEDING) && has_offer(e, leg, c) &&
			!(c->method == RS_SIP_INVITE && (d->flags & DIALOG_ANSWER_GOT)))
			return 491;
	}
	return invite && invite->state < TXN_COMPLETED && !(d->flags & DIALOG_ANSWER_SENT) ? 500 : 0;
}

bool
ua_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	uint16_t status;

	if (!leg_activity(e, leg)->group->automatic)
		return false;
	switch ((enum rs_sip_method)msg->method) {
	case RS_SIP_UPDATE:
		status = offer_refused(e, leg, msg);
		if (status) {
			ua_answer(e, leg, msg, status);
			break;
		}
		/* fall through */
	case RS_SIP_INVITE:
		answer_refresh(e, leg, msg);
		break;
	case RS_SIP_OPTIONS:
	case RS_SIP_INFO:
	case RS_SIP_NOTIFY:
	case RS_SIP_MESSAGE:
	case RS_SIP_PRACK: /* one that fits nothing was refused before */
		ua_answer(e, leg, msg, 200);
		break;
	default:
		ua_answer(e, leg, msg, 405);
		break;
	}
	return true;
}

/* --- what a step does not write --- */

void
ua_put_invite(struct rs_engine *e, struct leg *leg, const struct sent *sent, struct rs_sip_out *o)
{
	const struct rs_plan_group *g = leg_activity(e, leg)->group->plan;
	const struct rs_ua *ua = &g->ua;

	if (!(sent->has & SENT_SUPPORTED)) {
		rs_out_text(o, ua->rel == RS_100REL_OFF ? "Supported: timer" : "Supported: 100rel, timer");
		rs_out_text(o, g->outbound ? ", outbound\r\n" : "\r\n"); /* an edge looks for it beside "ob" in Contact (RFC 5626) */
	}
	if (ua->rel == RS_100REL_REQUIRED && !(sent->has & SENT_REQUIRE))
		rs_out_text(o, "Require: 100rel\r\n");
	if (ua->session_expires_ns && !(sent->has & SENT_SESSION_EXPIRES))
		session_put_request(e, leg, o);
}

void
ua_put_answer(struct rs_engine *e, struct leg *leg, uint16_t status, const struct sent *sent, struct rs_sip_out *o)
{
	const struct dialog *d = leg_dialog(e, leg);
	char line[64];

	if (sent->cseq.method != RS_SIP_INVITE && sent->cseq.method != RS_SIP_UPDATE)
		return;
	if (rel_sends(e, leg, status) && !(sent->has & SENT_RSEQ)) {
		snprintf(line, sizeof(line), "Require: 100rel\r\nRSeq: %u\r\n", d->rseq);
		rs_out_text(o, line);
	} else if (status / 100 == 2 && d->session_s && !(sent->has & SENT_SESSION_EXPIRES)) {
		session_put_answer(e, leg, o);
	}
}
