/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that no step writes: ACK to a refusal, CANCEL, BYE, PRACK, session refreshes. */
#include "engine/auth_retry.h"
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/media_sdp.h"
#include "engine/render.h"
#include "engine/ua.h"

#include <errno.h>
#include <stdio.h>

static void
use_branch(struct rs_engine *e, const struct leg *leg, const struct client *c, struct texts *t)
{
	e->render.branch = rs_slice_of(t->branch, branch_text(leg, c->branch, t->branch));
	e->render.branch_whole = true;
	e->render.cseq = c->cseq;
}

static void
count_sent(struct rs_engine *e, struct leg *leg, bool again, uint32_t cause)
{
	if (cause == RS_CAUSE_NONE)
		rs_metric_inc(&leg_activity(e, leg)->account->cells, again ? RS_AM_SIP_RETRANSMITTED : RS_AM_SIP_SENT);
}

/* The Route lines of our INVITE that its step did not write (RFC 3261, 9.1, 17.1.1.3). */
static struct rs_slice
inserted_routes(const struct rs_engine *e, const struct leg *leg)
{
	if (leg->invite_step < 0 || leg_facts(e, leg, leg->invite_step)->has & SENT_ROUTE)
		return rs_slice_of(NULL, 0);
	return auth_service_route(e, leg, RS_SIP_INVITE);
}

/* ACK to a refusal and CANCEL: the INVITE's own lines, branch and number (RFC 3261, 17.1.1.3, 9.1). */
static void
send_in_invite(struct rs_engine *e, struct leg *leg, const struct client *c, int32_t template, const struct rs_sip_msg *last,
	bool again)
{
	struct rendering ctx;
	struct texts texts;

	if (template < 0 || e->silent)
		return;
	fill_render(e, leg, 0, EVERY_SLOT, last, &ctx, &texts);
	if (leg->flags & LEG_ESTABLISHED) { /* it went along the dialog */
		e->render.next_url = target_text(e, leg, NULL, &e->render, &texts);
		e->path = dialog_path(e, leg);
	} else {
		e->render.routes = inserted_routes(e, leg);
	}
	if (last == NULL)
		e->render.peer_tag = rs_slice_of(NULL, 0);
	use_branch(e, leg, c, &texts);
	e->sending = (uint8_t)(RS_TRACE_OWN | (again ? RS_TRACE_AGAIN : 0));
	count_sent(e, leg, again,
		send_template(e, leg, &leg_program(e, leg)->templates[template], false, NULL));
	e->path = NULL;
}

void
client_acknowledge(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg, bool again)
{
	const struct rs_program *p = leg_program(e, leg);

	send_in_invite(e, leg, c, leg->flags & LEG_ESTABLISHED ? p->abort_ack : p->abort_refused, msg, again);
}

static const struct {
	uint8_t method;
	const char *lines;
} owns[] = {
	[-OWN_BYE] = { RS_SIP_BYE, "" },
	[-OWN_CANCEL] = { RS_SIP_CANCEL, "" },
	[-OWN_PRACK] = { RS_SIP_PRACK, "" },
	[-OWN_UPDATE] = { RS_SIP_UPDATE, "Supported: timer\r\n" },
	[-OWN_REINVITE] = { RS_SIP_INVITE, "Supported: timer\r\n" },
};

static void
put_own_lines(struct rs_engine *e, struct leg *leg, const struct client *c, struct rs_sip_out *o)
{
	const struct dialog *d = leg_dialog(e, leg);
	const struct endpoint *ep = group_endpoint(leg_activity(e, leg)->group, leg->endpoint);
	char line[160];

	if (c->step == OWN_PRACK) { /* RFC 3262, 7.2 */
		const struct client *invite = client_invite(leg_dialog(e, leg));

		snprintf(line, sizeof(line), "RAck: %u %u INVITE\r\n", c->about, invite ? invite->cseq : 1);
		rs_out_text(o, line);
	} else if (c->step == OWN_UPDATE || c->step == OWN_REINVITE) {
		snprintf(line, sizeof(line), "Contact: <sip:%.*s:%u%s%s>\r\nSession-Expires: %u;refresher=uac\r\n", ep->text_len,
			(const char *)ep->text, leg->path.local_port, contact_transport(&leg->path),
			leg_activity(e, leg)->group->plan->outbound ? ";ob" : "", d->session_s);
		rs_out_text(o, line);
		session_put_told(e, leg, o);
	}
	rs_out_text(o, owns[-c->step].lines);
}

/* A request inside the dialog: @c is NULL for the ACK to a 2xx. */
static int
write_own(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_request *r, struct rs_slice sdp,
	const struct rs_buf *buf)
{
	struct rs_sip_out o = rs_sip_out(buf->data, buf->cap);

	rs_out_request(&o, r);
	if (c)
		put_own_lines(e, leg, c, &o);
	e->render.cseq = r->cseq;
	auth_put(e, leg, &o);
	return rs_out_end(&o, "application/sdp", sdp);
}

static uint32_t
compose_own(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_request *r, struct rs_slice sdp)
{
	struct rs_buf buf;
	struct rs_path other;
	const struct rs_path *path = flow_path(e, leg, dialog_path(e, leg), &other);
	int rc, n;

	if (!r->from.len) /* there was no memory to keep the parties in */
		return RS_CAUSE_NO_MEMORY;
	if (!path)
		return RS_CAUSE_NOT_CONNECTED;
	rc = e->link.take(e->link.ctx, path, &buf);
	if (rc)
		return cause_of(rc);
	n = write_own(e, leg, c, r, sdp, &buf);
	if (n < 0) { /* then in fragments */
		e->link.drop(e->link.ctx, &buf);
		rc = rs_link_take_large(&e->link, path, &buf);
		if (rc)
			return rc == -EMSGSIZE ? RS_CAUSE_TOO_LONG : cause_of(rc);
		n = write_own(e, leg, c, r, sdp, &buf);
	}
	if (n < 0) {
		e->link.drop(e->link.ctx, &buf);
		return RS_CAUSE_TOO_LONG;
	}
	trace_sent(e, leg, buf.data, (uint32_t)n, RS_TRACE_OWN);
	rc = e->link.send(e->link.ctx, path, &buf, (uint32_t)n);
	return rc ? cause_of(rc) : RS_CAUSE_NONE;
}

static uint32_t
send_in_dialog(struct rs_engine *e, struct leg *leg, const struct client *c, uint8_t method, uint32_t cseq, uint16_t branch,
	struct rs_slice sdp)
{
	struct rendering ctx;
	struct texts t;

	fill_render(e, leg, 0, EVERY_SLOT, NULL, &ctx, &t);
	struct rs_sip_request r = {
		.method = method,
		.uri = target_text(e, leg, NULL, &e->render, &t),
		.transport = e->render.transport,
		.host = e->render.local_ip,
		.port = leg->path.local_port,
		.branch = rs_slice_of(t.branch, branch_text(leg, branch, t.branch)),
		.rport = !rs_transport_is_stream(leg->path.transport),
		.alias = e->render.branch_alias,
		.routes = e->render.routes,
		.from = dialog_party(e, leg, true),
		.to = dialog_party(e, leg, false),
		.call_id = e->render.call_id,
		.cseq = cseq,
	};
	return compose_own(e, leg, c, &r, sdp);
}

void
client_transmit(struct rs_engine *e, struct leg *leg, struct client *c, bool again)
{
	struct rs_slice sdp = { NULL, 0 };
	uint32_t cause;

	if (e->silent)
		return;
	if (c->step == OWN_CANCEL) {
		send_in_invite(e, leg, c, leg_program(e, leg)->abort_cancel, NULL, again);
		return;
	}
	if (leg_has_own_sdp(e, leg) && !again && c->step == OWN_PRACK && !sdp_is_due(e, leg, false))
		sdp_sends_none(e, leg, RS_SIP_PRACK);
	if (leg_has_own_sdp(e, leg) && (c->step == OWN_REINVITE || (c->step == OWN_PRACK && sdp_is_due(e, leg, again))))
		sdp = sdp_says(e, leg, c->method, 0, again);
	else if (c->step == OWN_REINVITE)
		sdp = ua_sdp(e, leg);
	if (sdp.len && leg_activity(e, leg)->legs && leg_has_media(leg))
		legs_sdp_note(e, leg, true, c->method, 0, sdp);
	cause = send_in_dialog(e, leg, c, c->method, c->cseq, c->branch, sdp);
	count_sent(e, leg, again, cause);
	if (cause != RS_CAUSE_NOT_TARGET)
		return;
	c->cause = (uint8_t)cause; /* it never will be sent */
	c->give_up_ns = e->now;
	rfc_due(e, leg, e->now);
}

struct client *
client_own(struct rs_engine *e, struct leg *leg, enum own what, uint32_t about)
{
	struct dialog *d = leg_dialog(e, leg);
	struct client *invite = client_invite(d), *c;

	if (what == OWN_CANCEL) {
		if (!invite)
			return NULL;
		leg->flags |= LEG_CANCELLED;
		invite->give_up_ns = e->now + 64 * e->plan->t1_ns;
		c = client_open(e, leg, RS_SIP_CANCEL, OWN_CANCEL, invite->cseq, invite->branch);
	} else {
		if (what == OWN_REINVITE)
			client_begin_invite(leg, d);
		c = client_open(e, leg, owns[-what].method, (int16_t)what, ++leg->cseq, ++d->branches);
	}
	c->about = about;
	if (what == OWN_BYE) {
		leg->flags |= LEG_ENDING;
		d->session_ns = 0;
		stamp_add(e, leg, STAMP_BYE, 0);
	}
	client_transmit(e, leg, c, false);
	return c;
}

void
client_own_ack(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct client *invite = client_invite(d);
	bool again = d->flags & DIALOG_ACK_SENT;

	if (!invite || e->silent)
		return;
	if (!again)
		d->ack_branch = ++d->branches;
	d->flags |= DIALOG_ACK_SENT;
	leg->flags |= LEG_ACKED;
	count_sent(e, leg, again,
		send_in_dialog(e, leg, NULL, RS_SIP_ACK, invite->cseq, d->ack_branch, rs_slice_of(NULL, 0)));
}
