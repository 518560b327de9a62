/* SPDX-License-Identifier: BSD-3-Clause */
/* Session timers: RFC 4028. Who refreshes does so at half the interval; who does not hangs up shortly before it has passed. */
#include "engine/ua.h"

#include <stdio.h>

#include "engine/auth_retry.h"

#define LEAST_S 90	/* RFC 4028, 5 */
#define END_BEFORE_S 32 /* RFC 4028, 10: or a third of the interval */

static const struct rs_ua *
ua_of(const struct rs_engine *e, const struct leg *leg)
{
	return &leg_activity(e, leg)->group->plan->ua;
}

static uint32_t
min_se(const struct rs_engine *e, const struct leg *leg)
{
	uint64_t s = ua_of(e, leg)->min_se_ns / RS_NS_PER_S;

	return s ? (uint32_t)s : LEAST_S;
}

static uint32_t
own_interval(const struct rs_engine *e, const struct leg *leg)
{
	uint32_t own = (uint32_t)(ua_of(e, leg)->session_expires_ns / RS_NS_PER_S);
	uint32_t wanted = leg_dialog(e, leg)->session_s; /* raised by a 422 */

	return own && wanted > own ? wanted : own;
}

/* "1800;refresher=uac". @return false when it cannot be read, or is not there */
static bool
read_expires(const struct rs_sip_msg *msg, uint32_t *seconds, char *refresher)
{
	struct rs_slice v = rs_sip_get(msg, RS_HDR_SESSION_EXPIRES), who;
	const uint8_t *semi = v.p ? memchr(v.p, ';', v.len) : NULL;
	size_t n = semi ? (size_t)(semi - v.p) : v.len;

	*refresher = 0;
	if (!v.p || rs_sip_number(rs_slice_trim(rs_slice_of(v.p, n)), seconds) != 0 || *seconds == 0)
		return false;
	if (semi && rs_sip_param(rs_slice_of(semi, v.len - n), "refresher", &who))
		*refresher = rs_slice_case_eq(who, rs_slice_str("uac")) ? 'c' : rs_slice_case_eq(who, rs_slice_str("uas")) ? 's' : 0;
	return true;
}

uint16_t
session_asked(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct rs_ua *ua = ua_of(e, leg);
	bool supported = ua_has_option(msg, RS_HDR_SUPPORTED, "timer") || ua_has_option(msg, RS_HDR_REQUIRE, "timer");
	uint32_t seconds = 0, least;
	char refresher = 0;

	if (!read_expires(msg, &seconds, &refresher)) {
		seconds = (uint32_t)(ua->session_expires_ns / RS_NS_PER_S);
		if (seconds && rs_sip_number(rs_sip_get(msg, RS_HDR_MIN_SE), &least) == 0 && least > seconds)
			seconds = least; /* not below what somebody on the way wants (RFC 4028, 9) */
	} else if (seconds < min_se(e, leg) && supported)
		return 422;
	d->session_s = seconds;
	d->peer_timer = supported;
	if (seconds == 0)
		return 0;
	/* Table 2 of RFC 4028, 9: who cannot, does not; who is named, does; else as the plan says, the caller by default. */
	if (!supported)
		d->refresher = 1;
	else if (refresher)
		d->refresher = refresher == 's';
	else
		d->refresher = ua->refresher == RS_REFRESHER_UAS;
	return 0;
}

void
session_put_answer(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o)
{
	const struct dialog *d = leg_dialog(e, leg);
	char line[96];

	if (d->session_s == 0)
		return;
	snprintf(line, sizeof(line), "Session-Expires: %u;refresher=%s\r\n%s", d->session_s, d->refresher ? "uas" : "uac",
		d->refresher ? "" : "Require: timer\r\n");
	rs_out_text(o, line);
}

static void
put_min_se(struct rs_sip_out *o, uint32_t seconds)
{
	char line[32];

	snprintf(line, sizeof(line), "Min-SE: %u\r\n", seconds);
	rs_out_text(o, line);
}

void
session_put_least(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o)
{
	put_min_se(o, min_se(e, leg));
}

void
session_put_request(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o)
{
	static const char *const refreshers[] = {
		[RS_REFRESHER_AUTO] = "", [RS_REFRESHER_UAC] = ";refresher=uac", [RS_REFRESHER_UAS] = ";refresher=uas"
	};
	uint32_t seconds = own_interval(e, leg), least = min_se(e, leg);
	char line[128];

	if (seconds == 0)
		return;
	snprintf(line, sizeof(line), "Session-Expires: %u%s\r\n", seconds, refreshers[ua_of(e, leg)->refresher]);
	rs_out_text(o, line);
	if (leg_dialog(e, leg)->least_s > least)
		least = leg_dialog(e, leg)->least_s;
	if (least > LEAST_S)
		put_min_se(o, least);
}

void
session_put_told(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o)
{
	if (leg_dialog(e, leg)->least_s)
		put_min_se(o, leg_dialog(e, leg)->least_s);
}

void
session_begin(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint64_t whole = d->session_s * RS_NS_PER_S, before;

	if (d->session_s == 0 || (leg->flags & (LEG_ENDING | LEG_LINGERING))) {
		d->session_ns = 0;
		return;
	}
	before = whole / 3 < END_BEFORE_S * RS_NS_PER_S ? whole / 3 : END_BEFORE_S * RS_NS_PER_S;
	d->session_end_ns = e->now + whole - before;
	d->session_ns = d->refresher ? e->now + whole / 2 : d->session_end_ns;
	rfc_due(e, leg, d->session_ns);
}

void
ua_established(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	char refresher;

	if (rs_sip_get(msg, RS_HDR_ALLOW).p)
		d->peer_update = ua_allows(msg, RS_SIP_UPDATE);
	d->peer_timer = true;
	if (!read_expires(msg, &d->session_s, &refresher)) {
		d->session_s = own_interval(e, leg); /* the peer has no session timer: ours may run all the same (7.2) */
		refresher = 'c';
		d->peer_timer = false;
	}
	d->refresher = refresher != 's';
	session_begin(e, leg);
}

/* How long after a 491 to try again (RFC 3261, 14.1): who made the Call-ID longer than the other one. */
static uint64_t
glare_wait(struct rs_engine *e, const struct leg *leg)
{
	uint64_t span = rs_random_below(rs_rng_next(&e->rng), 200) * 10 * RS_NS_PER_MS;

	return leg->flags & LEG_UAC ? 2100 * RS_NS_PER_MS + span * 190 / 200 : span;
}

bool
ua_glare_over(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];
	int rc = 0;

	d->glare_ns = 0;
	if (!(leg->flags & (LEG_ENDING | LEG_LINGERING)))
		rc = leg_send(e, leg, (uint32_t)d->glare_step, NULL, false);
	if (rc < 0)
		leg_fail(e, leg, (uint32_t)-rc, true);
	return e->legs.generation[slot] == generation;
}

/* 422: the interval is too small for somebody on the way (RFC 4028, 7.3). */
bool
ua_refused(struct rs_engine *e, struct leg *leg, struct client *c, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint32_t least;

	if (c->step < 0) { /* a refresh of our own: over, whatever is said, when the dialog is (10) */
		ua_answered(e, leg, c, msg);
		return true;
	}
	if (leg->flags & LEG_LINGERING)
		return false;
	if (msg->status == 491 && (leg->flags & LEG_ESTABLISHED) && !scenario_waits_for(e, leg, 491)) {
		d->glare_step = c->step;
		d->glare_ns = e->now + glare_wait(e, leg);
		rfc_due(e, leg, d->glare_ns);
		return true;
	}
	if (msg->status != 422 || own_interval(e, leg) == 0 || c->tries >= 2 ||
		rs_sip_number(rs_sip_get(msg, RS_HDR_MIN_SE), &least) != 0 || least <= own_interval(e, leg))
		return false;
	uint8_t tries = c->tries;

	d->session_s = d->least_s = least;
	if (leg_send(e, leg, (uint32_t)c->step, NULL, false) != 0)
		return false;
	c = client_find(d, leg->cseq, RS_SIP_INVITE);
	if (c)
		c->tries = (uint8_t)(tries + 1);
	return true;
}

static bool
session_failed(struct rs_engine *e, struct leg *leg)
{
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];

	leg_dialog(e, leg)->session_ns = 0;
	if (!(leg->flags & LEG_LINGERING))
		leg_fail(e, leg, RS_CAUSE_SESSION_EXPIRED, true);
	return e->legs.generation[slot] == generation;
}

static bool
invite_is_pending(struct dialog *d)
{
	const struct server *theirs = server_invite(d);

	for (unsigned i = 0; i < CLIENTS; i++)
		if (d->clients[i].method == RS_SIP_INVITE &&
			(d->clients[i].state == TXN_TRYING || d->clients[i].state == TXN_PROCEEDING))
			return true;
	return theirs && theirs->state < TXN_COMPLETED;
}

static struct client *
refresh(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	struct client *c = client_own(e, leg, d->peer_update ? OWN_UPDATE : OWN_REINVITE, 0);

	rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SESSION_REFRESHES);
	d->session_ns = d->session_end_ns;
	rfc_due(e, leg, d->session_ns);
	return c;
}

static void
try_again(struct rs_engine *e, struct leg *leg, uint64_t after_ns)
{
	struct dialog *d = leg_dialog(e, leg);

	d->session_ns = e->now + after_ns < d->session_end_ns ? e->now + after_ns : d->session_end_ns;
	rfc_due(e, leg, d->session_ns);
}

bool
ua_session(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	if (e->now >= d->session_end_ns)
		return session_failed(e, leg);
	if (invite_is_pending(d)) {
		try_again(e, leg, RS_NS_PER_S);
		return true;
	}
	refresh(e, leg);
	return true;
}

/* Refused, and the dialog lives on: another time, or in another way. */
static void
refresh_refused(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint32_t least;

	if (msg->status == 491) {
		try_again(e, leg, glare_wait(e, leg));
	} else if ((msg->status == 405 || msg->status == 501) && c->step == OWN_UPDATE) {
		d->peer_update = false;
		refresh(e, leg);
	} else if (msg->status == 422 && rs_sip_number(rs_sip_get(msg, RS_HDR_MIN_SE), &least) == 0 && least > d->session_s &&
		c->tries == 0) {
		d->session_s = d->least_s = least;
		refresh(e, leg)->tries = 1;
	} else {
		try_again(e, leg, d->session_end_ns > e->now ? (d->session_end_ns - e->now) / 2 + RS_NS_PER_S : 0);
	}
}

void
ua_answered(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg)
{
	if (c->step != OWN_UPDATE && c->step != OWN_REINVITE)
		return;
	if (leg->flags & (LEG_ENDING | LEG_LINGERING))
		return;
	if (msg->status < 300)
		ua_established(e, leg, msg);
	else if (msg->status == 408 || msg->status == 481) /* 10: the dialog is gone */
		session_failed(e, leg);
	else
		refresh_refused(e, leg, c, msg);
}

void
ua_gave_up(struct rs_engine *e, struct leg *leg, const struct client *c)
{
	if (c->cause)
		leg_fail(e, leg, c->cause, true);
	else if (c->step == OWN_UPDATE || c->step == OWN_REINVITE)
		session_failed(e, leg);
}
