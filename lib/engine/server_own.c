/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers that no step writes: refusals, and what a user agent says of its own accord. */
#include <errno.h>

#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/media_sdp.h"
#include "engine/render.h"

/* What the INVITE's answer is rendered from when nothing of the wire is at hand. */
const struct rs_sip_msg *
server_kept_invite(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_blob kept = leg->kept;
	int16_t recv = leg->last_recv;

	if (!d->invite.class)
		return leg_kept(e, leg);
	if (d->invite_recv < 0)
		return read_request(e, &d->invite);
	leg->kept = d->invite;
	leg->last_recv = d->invite_recv;
	const struct rs_sip_msg *msg = leg_kept(e, leg);

	leg->kept = kept;
	leg->last_recv = recv;
	return msg;
}

static int
write_answer(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status, struct rs_slice tag,
	const char *extra, struct rs_slice sdp, const struct rs_buf *buf)
{
	const struct endpoint *ep = group_endpoint(leg_activity(e, leg)->group, leg->endpoint);
	bool success = status / 100 == 2;
	struct rs_sip_out o = rs_sip_out(buf->data, buf->cap);

	rs_out_response(&o, msg, status, rs_sip_reason(status), tag, status > 100 && status < 300);
	if (success && (msg->method == RS_SIP_INVITE || msg->method == RS_SIP_UPDATE)) { /* target refreshes have a Contact (12.1.1) */
		rs_out_text(&o, "Contact: <sip:");
		rs_out_bytes(&o, rs_slice_of(ep->text, ep->text_len));
		rs_out_text(&o, ":");
		rs_out_number(&o, leg->path.local_port);
		rs_out_text(&o, contact_transport(&leg->path));
		rs_out_text(&o, leg_activity(e, leg)->group->plan->outbound ? ";ob" : "");
		rs_out_text(&o, ">\r\n");
	}
	rs_out_text(&o, extra);
	return rs_out_end(&o, "application/sdp", sdp);
}

static uint32_t
send_answer(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status, struct rs_slice tag,
	const char *extra, struct rs_slice sdp, const struct rs_path *path)
{
	struct rs_path other;
	struct rs_buf buf;
	int rc, n;

	path = flow_path(e, leg, path, &other);
	if (!path)
		return RS_CAUSE_NOT_CONNECTED;
	rc = e->link.take(e->link.ctx, path, &buf);
	if (rc)
		return cause_of(rc);
	n = write_answer(e, leg, msg, status, tag, extra, sdp, &buf);
	if (n < 0) { /* then in fragments */
		e->link.drop(e->link.ctx, &buf);
		rc = rs_link_take_large(&e->link, path, &buf);
		if (rc)
			return rc == -EMSGSIZE ? RS_CAUSE_TOO_LONG : cause_of(rc);
		n = write_answer(e, leg, msg, status, tag, extra, sdp, &buf);
	}
	if (n < 0) {
		e->link.drop(e->link.ctx, &buf);
		return RS_CAUSE_TOO_LONG;
	}
	trace_sent(e, leg, buf.data, (uint32_t)n, RS_TRACE_OWN);
	rc = e->link.send(e->link.ctx, path, &buf, (uint32_t)n);
	return rc ? cause_of(rc) : RS_CAUSE_NONE;
}

void
server_own(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status, const char *extra,
	struct rs_slice sdp)
{
	bool live = msg && msg != &e->kept_msg;
	struct dialog *d = leg_dialog(e, leg);
	struct rs_sip_cseq cseq;

	if (!msg)
		msg = server_kept_invite(e, leg);
	if (!msg || e->silent || rs_sip_cseq(rs_sip_get(msg, RS_HDR_CSEQ), &cseq) != 0)
		return;
	if (status >= 300 && leg_has_own_sdp(e, leg) && (cseq.method == RS_SIP_INVITE || cseq.method == RS_SIP_UPDATE))
		sdp_refuses(e, leg, (uint8_t)cseq.method);
	struct server *s = server_answered(d, &cseq);
	bool again = s && s->status >= status;
	struct rs_slice tag = status > 100 ? dialog_tag(e, leg) : rs_slice_of(NULL, 0);

	if (send_answer(e, leg, msg, status, tag, extra, sdp, dialog_reply(d, s ? s->method : RS_SIP_OTHER)) == RS_CAUSE_NONE)
		rs_metric_inc(&leg_activity(e, leg)->account->cells, again ? RS_AM_SIP_RETRANSMITTED : RS_AM_SIP_SENT);
	if (!s || s->state >= TXN_COMPLETED)
		return;
	if (s->method == RS_SIP_INVITE && status >= 200) { /* it may have to go again, whatever is received meanwhile */
		if (!live)
			server_put_aside(e, leg);
		else if (keep_request(e, &d->invite, msg))
			d->invite_recv = -1;
		else
			rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
	}
	server_note(e, leg, s, status, OWN_ANSWER);
}

void
server_refuse(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, uint16_t status)
{
	struct rs_slice tag = dialog_tag(e, leg);
	uint8_t other[RS_TOKEN_LEN + 1];

	if (status == 482) { /* the ACK to it must not be taken for one to the INVITE that came first: not the dialog's tag */
		memcpy(other, leg->token, RS_TOKEN_LEN);
		other[RS_TOKEN_LEN] = 'm';
		tag = rs_slice_of(other, sizeof(other));
	}
	if (!e->silent && send_answer(e, leg, msg, status, tag, status == 500 ? "Retry-After: 2\r\n" : "", rs_slice_of(NULL, 0),
		&leg_dialog(e, leg)->reply) == RS_CAUSE_NONE)
		rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_SENT);
}
