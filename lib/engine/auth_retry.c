/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/auth_retry.h"

#include <errno.h>

#include "engine/credentials.h"
#include "engine/register.h"

/* A second challenge is answered only when the nonce was stale (RFC 7616, 3.4), or another realm asks (RFC 3261, 22.3). */
#define MOST_TRIES 2

static bool
has_password(const struct rs_engine *e, const struct leg *leg)
{
	const struct rs_plan_group *g = leg_activity(e, leg)->group->plan;

	return g->credentials || g->password.text;
}

bool
scenario_waits_for(const struct rs_engine *e, const struct leg *leg, uint16_t status)
{
	const struct rs_program *p = leg_program(e, leg);

	for (uint32_t i = leg->step; i < p->n_steps && p->steps[i].kind == RS_STEP_RECV; i++) {
		if (p->steps[i].status == status)
			return true;
		if (p->steps[i].optional == RS_MANDATORY && p->steps[i].status >= 200)
			break;
	}
	return false;
}

/* Does @msg ask for something that the request did not have? */
static bool
is_news(struct rs_engine *e, const struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_auth_challenge c[MAX_CHALLENGES];
	int n = rs_auth_challenges(msg, c, MAX_CHALLENGES);

	for (int i = 0; i < n; i++)
		if (c[i].stale || !leg_is_answered(e, leg, &c[i]))
			return true;
	return false;
}

bool
auth_retry(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
	const uint8_t tries = c->tries, method = c->method;
	struct rs_auth_challenge challenges[MAX_CHALLENGES];

	if ((msg->status != 401 && msg->status != 407) || !has_password(e, leg) || (leg->flags & LEG_CANCELLED) || e->silent)
		return false;
	if (method == RS_SIP_INVITE && (leg->flags & LEG_LINGERING)) /* the call is over: nothing begins any more */
		return false;
	if (c->step >= 0 && scenario_waits_for(e, leg, msg->status))
		return false;
	if (c->tries >= MOST_TRIES || (c->tries && !is_news(e, leg, msg)))
		return false;
	if (challenges_of(e, msg, challenges, MAX_CHALLENGES) <= 0)
		return false;
	if (!leg_keep_challenges(e, leg, msg)) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		return false;
	}
	rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_AUTHENTICATED);
	if (c->step < 0)
		client_own(e, leg, (enum own)c->step, c->about);
	else if (leg_send(e, leg, (uint32_t)c->step, NULL, false) != 0)
		return false;
	struct client *now = client_find(leg_dialog(e, leg), leg->cseq, method);

	if (now)
		now->tries = (uint8_t)(tries + 1);
	return true;
}

struct rs_slice
auth_service_route(const struct rs_engine *e, const struct leg *leg, uint8_t method)
{
	bool early = leg_dialog(e, leg)->flags & DIALOG_MADE && method != RS_SIP_INVITE && method != RS_SIP_CANCEL;

	if (early || leg->flags & LEG_ESTABLISHED)
		return rs_slice_of(NULL, 0);
	return register_routes(e, leg_activity(e, leg)->group, leg->endpoint);
}

static bool
wants_ua(const struct rs_engine *e, const struct leg *leg, const struct rs_step *s)
{
	const struct dialog *d = leg_dialog(e, leg);

	if (!leg_activity(e, leg)->group->automatic)
		return false;
	return s->status ? leg->invited_us && (d->rel || d->session_s) : s->method == RS_SIP_INVITE;
}

bool
auth_completes(const struct rs_engine *e, const struct leg *leg, const struct rs_step *s)
{
	return wants_ua(e, leg, s) || (s->status == 0 && (leg->challenge.class || auth_service_route(e, leg, s->method).len > 0));
}

int
auth_insert(struct rs_engine *e, struct leg *leg, const struct sent *sent, uint8_t *data, size_t len, size_t cap)
{
	const struct rs_step *s = e->complete;
	struct rs_slice routes = s->status ? rs_slice_of(NULL, 0) : auth_service_route(e, leg, s->method);
	bool ua = wants_ua(e, leg, s), credentials = s->status == 0 && leg->challenge.class && !(sent->has & SENT_CREDENTIALS);
	struct rs_sip_out o = rs_sip_out(e->scratch2, SCRATCH_BYTES);
	size_t at = sent->end;
	int n;

	if (at == 0)
		return (int)len;
	if (routes.len && !(sent->has & SENT_ROUTE))
		rs_out_header(&o, "Route", routes);
	if (ua && s->status)
		ua_put_answer(e, leg, s->status, sent, &o);
	else if (ua)
		ua_put_invite(e, leg, sent, &o);
	if (credentials) {
		n = leg_authenticate(e, leg, rs_slice_of(NULL, 0), rs_slice_of(NULL, 0), data, o.p + o.len, o.cap - o.len);
		if (n < 0)
			return n;
		o.len += (size_t)n;
		if (n > 0)
			rs_out_text(&o, "\r\n");
	}
	if (o.len == 0)
		return (int)len;
	if (o.full || len + o.len > cap)
		return -ENOSPC;
	memmove(data + at + o.len, data + at, len - at);
	memcpy(data + at, o.p, o.len);
	return (int)(len + o.len);
}

void
auth_put(struct rs_engine *e, struct leg *leg, struct rs_sip_out *o)
{
	int n;

	if (!leg->challenge.class || o->full)
		return;
	n = leg_authenticate(e, leg, rs_slice_of(NULL, 0), rs_slice_of(NULL, 0), o->p, o->p + o->len, o->cap - o->len);
	if (n < 0) {
		o->full = true;
		return;
	}
	o->len += (size_t)n;
	if (n > 0)
		rs_out_text(o, "\r\n");
}
