/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user agent does of its own accord in a call: it answers what its scenario does not wait for. */
#include "engine/dialog.h"
#include "engine/render.h"

#define SCENARIO_ALLOW "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, MESSAGE\r\n"

static const struct rs_slice no_sdp = { NULL, 0 };

/* The body of what carried our SDP, rendered once more: nothing of it is kept. */
struct rs_slice
ua_sdp(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct rs_program *p = leg_activity(e, leg)->program;
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
ua_request(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq)
{
	if (!leg_activity(e, leg)->group->automatic)
		return false;
	switch ((enum rs_sip_method)msg->method) {
	case RS_SIP_INVITE:
	case RS_SIP_UPDATE:
		dialog_refresh_target(e, leg, msg);
		server_own(e, leg, msg, 200, SCENARIO_ALLOW, msg->method == RS_SIP_INVITE || msg->body.len ? ua_sdp(e, leg) : no_sdp);
		break;
	case RS_SIP_OPTIONS:
		server_own(e, leg, msg, 200, SCENARIO_ALLOW "Accept: application/sdp\r\n", no_sdp);
		break;
	case RS_SIP_INFO:
	case RS_SIP_NOTIFY:
	case RS_SIP_MESSAGE:
		server_own(e, leg, msg, 200, "", no_sdp);
		break;
	default:
		server_own(e, leg, msg, 405, SCENARIO_ALLOW, no_sdp);
		break;
	}
	return true;
}

bool
ua_provisional(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	return true;
}

void
ua_established(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
}

bool
ua_refused(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_sip_msg *msg)
{
	return false;
}

void
ua_answered(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
}

void
ua_gave_up(struct rs_engine *e, struct leg *leg, const struct client *c)
{
}

bool
ua_session(struct rs_engine *e, struct leg *leg)
{
	leg_dialog(e, leg)->session_ns = 0;
	return true;
}
