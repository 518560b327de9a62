/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user agent does of its own accord: it answers what its scenario does not wait for, and adds what that does not write. */
#include "engine/ua.h"

#include <errno.h>
#include <stdio.h>

#include "engine/render.h"

#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, MESSAGE\r\n"

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
ua_allows(const struct rs_sip_msg *msg, enum rs_sip_method method)
{
	return ua_has_option(msg, RS_HDR_ALLOW, rs_sip_method_name(method));
}

/* 420: something is required that we do not know (RFC 3261, 8.2.2.3). @return true when the request was refused */
static bool
refused_extension(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	static const char *const known[] = { "100rel", "timer" };
	const struct rs_ua *ua = &leg_activity(e, leg)->group->plan->ua;
	char lines[256];
	size_t n = 0;

	for (int i = msg->first[RS_HDR_REQUIRE]; i >= 0; i = rs_sip_next(msg, i)) {
		struct rs_slice v = rs_sip_value(msg, i);

		while (v.len > 0) {
			const uint8_t *comma = memchr(v.p, ',', v.len);
			size_t len = comma ? (size_t)(comma - v.p) : v.len;
			struct rs_slice tag = rs_slice_trim(rs_slice_of(v.p, len));
			bool ok = (rs_slice_case_eq(tag, rs_slice_str(known[0])) && ua->rel != RS_100REL_OFF) ||
				rs_slice_case_eq(tag, rs_slice_str(known[1]));

			if (!ok && tag.len > 0 && n + tag.len + 20 < sizeof(lines))
				n += (size_t)snprintf(lines + n, sizeof(lines) - n, "%s%.*s", n ? ", " : "Unsupported: ", (int)tag.len,
					(const char *)tag.p);
			len += comma != NULL;
			v = rs_slice_of(v.p + len, v.len - len);
		}
	}
	if (n == 0)
		return false;
	snprintf(lines + n, sizeof(lines) - n, "\r\n");
	server_own(e, leg, msg, 420, lines, no_sdp);
	return true;
}

/* What is looked at before the scenario sees a request. @return false: it was refused */
bool
ua_admits(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	char lines[48];

	if (!leg_activity(e, leg)->group->automatic || msg->method == RS_SIP_ACK || msg->method == RS_SIP_CANCEL)
		return true;
	if (refused_extension(e, leg, msg))
		return false;
	if (msg->method != RS_SIP_INVITE && msg->method != RS_SIP_UPDATE)
		return true;
	if (session_asked(e, leg, msg) == 422) {
		const struct rs_ua *ua = &leg_activity(e, leg)->group->plan->ua;

		snprintf(lines, sizeof(lines), "Min-SE: %u\r\n", (unsigned)(ua->min_se_ns / RS_NS_PER_S));
		server_own(e, leg, msg, 422, lines, no_sdp);
		return false;
	}
	leg_dialog(e, leg)->peer_update = ua_allows(msg, RS_SIP_UPDATE);
	if (msg->method == RS_SIP_INVITE)
		rel_invited(e, leg, msg);
	return true;
}

static void
answer_refresh(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	uint8_t lines[256];
	struct rs_sip_out o = rs_sip_out(lines, sizeof(lines) - 1);

	rs_out_text(&o, ALLOW);
	session_put_answer(e, leg, &o);
	lines[o.len] = 0;
	dialog_refresh_target(e, leg, msg);
	server_own(e, leg, msg, 200, (const char *)lines,
		msg->method == RS_SIP_INVITE || msg->body.len ? ua_sdp(e, leg) : no_sdp);
	session_begin(e, leg);
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
		answer_refresh(e, leg, msg);
		break;
	case RS_SIP_OPTIONS:
		server_own(e, leg, msg, 200, ALLOW "Accept: application/sdp\r\nSupported: 100rel, timer\r\n", no_sdp);
		break;
	case RS_SIP_INFO:
	case RS_SIP_NOTIFY:
	case RS_SIP_MESSAGE:
		server_own(e, leg, msg, 200, "", no_sdp);
		break;
	case RS_SIP_PRACK:
		server_own(e, leg, msg, rel_acknowledged(e, leg, msg) ? 200 : 481, "", no_sdp);
		break;
	default:
		server_own(e, leg, msg, 405, ALLOW, no_sdp);
		break;
	}
	return true;
}

/* --- what a step does not write --- */

void
ua_put_invite(struct rs_engine *e, struct leg *leg, const struct sent *sent, struct rs_sip_out *o)
{
	const struct rs_ua *ua = &leg_activity(e, leg)->group->plan->ua;

	if (!(sent->has & SENT_SUPPORTED))
		rs_out_text(o, ua->rel == RS_100REL_OFF ? "Supported: timer\r\n" : "Supported: 100rel, timer\r\n");
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
