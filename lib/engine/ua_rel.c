/* SPDX-License-Identifier: BSD-3-Clause */
/* Reliable provisional responses: RFC 3262, both sides. */
#include "engine/ua.h"

#define RSEQ_SPAN 0x7fff0000u /* the first one is below 2^31 (RFC 3262, 3) */

bool
ua_has_option(const struct rs_sip_msg *msg, enum rs_sip_header_id header, const char *tag)
{
	struct rs_slice wanted = rs_slice_str(tag);

	for (int i = msg->first[header]; i >= 0; i = rs_sip_next(msg, i)) {
		struct rs_slice v = rs_sip_value(msg, i);

		while (v.len > 0) {
			const uint8_t *comma = memchr(v.p, ',', v.len);
			size_t n = comma ? (size_t)(comma - v.p) : v.len;

			if (rs_slice_case_eq(rs_slice_trim(rs_slice_of(v.p, n)), wanted))
				return true;
			n += comma != NULL;
			v = rs_slice_of(v.p + n, v.len - n);
		}
	}
	return false;
}

static const struct rs_ua *
ua_of(const struct rs_engine *e, const struct leg *leg)
{
	return &leg_activity(e, leg)->group->plan->ua;
}

void
rel_invited(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *invite)
{
	struct dialog *d = leg_dialog(e, leg);
	const struct rs_ua *ua = ua_of(e, leg);

	d->rel = ua->rel != RS_100REL_OFF &&
		(ua_has_option(invite, RS_HDR_REQUIRE, "100rel") ||
			(ua->rel == RS_100REL_REQUIRED && ua_has_option(invite, RS_HDR_SUPPORTED, "100rel")));
}

bool
rel_sends(const struct rs_engine *e, const struct leg *leg, uint16_t status)
{
	return leg_dialog(e, leg)->rel && status > 100 && status < 200 && leg->invited_us;
}

void
rel_number(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	d->rseq = d->rseq ? d->rseq + 1 : 1 + (uint32_t)rs_random_below(rs_rng_next(&e->rng), RSEQ_SPAN);
}

void
rel_sent(struct rs_engine *e, struct leg *leg, uint32_t number, bool body)
{
	struct dialog *d = leg_dialog(e, leg);

	if (body)
		d->flags |= DIALOG_ANSWER_SENT;
	if (!leg_activity(e, leg)->group->automatic) /* the scenario does all of it */
		return;
	if (number)
		d->rseq = number;
	d->flags &= (uint16_t)~DIALOG_REL_SDP;
	d->flags |= DIALOG_REL_OPEN | (body ? DIALOG_REL_SDP : 0);
	d->answer_interval_ns = e->plan->t1_ns;
	d->rel_ns = e->now + e->plan->t1_ns;
	d->rel_give_up_ns = e->now + 64 * e->plan->t1_ns;
	rfc_due(e, leg, d->rel_ns);
}

/* RFC 3262, 3: the PRACK ends the repetition; one that fits nothing gets a 481. */
bool
rel_acknowledged(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *prack)
{
	struct dialog *d = leg_dialog(e, leg);
	struct rs_slice rack = rs_sip_get(prack, RS_HDR_RACK);
	const uint8_t *blank = rack.p ? memchr(rack.p, ' ', rack.len) : NULL;
	const struct server *invite = server_invite(d);
	struct rs_sip_cseq cseq;
	uint32_t rseq;

	if (!blank || !invite || !(d->flags & DIALOG_REL_OPEN) ||
		rs_sip_number(rs_slice_of(rack.p, (size_t)(blank - rack.p)), &rseq) != 0 || rseq != d->rseq ||
		rs_sip_cseq(rs_slice_trim(rs_slice_of(blank, rack.len - (size_t)(blank - rack.p))), &cseq) != 0 ||
		cseq.method != RS_SIP_INVITE || cseq.number != invite->cseq)
		return false;
	d->rel_ns = 0;
	d->flags &= (uint16_t)~(DIALOG_REL_OPEN | DIALOG_REL_SDP);
	return true;
}

static bool
answers_invite(const struct dialog *d)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (d->servers[i].method != RS_SIP_INVITE &&
			(d->servers[i].state == TXN_TRYING || d->servers[i].state == TXN_PROCEEDING))
			return false;
	return true;
}

/* One provisional after the other, and no 2xx before the PRACK of one that had a session description. */
bool
rel_holds(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	struct dialog *d = leg_dialog(e, leg);

	if (!(d->flags & DIALOG_REL_OPEN) || !d->rel_ns || s->status <= 100 || s->status >= 300 || !answers_invite(d))
		return false;
	if (s->status < 200 ? !d->rel : !(d->flags & DIALOG_REL_SDP))
		return false;
	d->flags |= DIALOG_HELD;
	return true;
}

void
rel_go_on(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);

	if ((d->flags & (DIALOG_HELD | DIALOG_REL_OPEN)) != DIALOG_HELD)
		return;
	d->flags &= (uint16_t)~DIALOG_HELD;
	if (!(leg->flags & LEG_LINGERING))
		leg_run(e, leg, NULL);
}

/* 18x goes again until its PRACK comes; without one the call is refused (RFC 3262, 3). @return false when the leg is gone */
bool
rel_timer(struct rs_engine *e, struct leg *leg)
{
	struct dialog *d = leg_dialog(e, leg);
	uint32_t slot = leg_slot(e, leg), generation = e->legs.generation[slot];

	if (!d->rel_ns || d->rel_ns > e->now)
		return true;
	if (d->rel_give_up_ns <= e->now) {
		d->rel_ns = 0;
		server_own(e, leg, NULL, 500, "", rs_slice_of(NULL, 0));
		if (!(leg->flags & LEG_LINGERING))
			leg_fail(e, leg, RS_CAUSE_TIMEOUT, false);
		return e->legs.generation[slot] == generation;
	}
	d->answer_interval_ns *= 2; /* no cap: RFC 3262, 3 */
	d->rel_ns += d->answer_interval_ns;
	if (d->rel_ns <= e->now)
		d->rel_ns = e->now + d->answer_interval_ns;
	if (d->rel_ns > d->rel_give_up_ns)
		d->rel_ns = d->rel_give_up_ns;
	server_repeat(e, leg);
	return true;
}

/* --- the calling side --- */

static bool
scenario_sends_prack(const struct rs_engine *e, const struct leg *leg)
{
	const struct rs_program *p = leg_program(e, leg);

	for (uint32_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].kind == RS_STEP_SEND && p->steps[i].status == 0 && p->steps[i].method == RS_SIP_PRACK)
			return true;
	return false;
}

/*
 * A reliable provisional is acknowledged once, in order; a copy, or one behind a gap, is not seen by the scenario (RFC 3262, 4). Each
 * branch of a fork has its own numbers; where there are too many, their order is not looked at.
 */
bool
ua_provisional(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, unsigned fork)
{
	struct dialog *d = leg_dialog(e, leg);
	uint32_t *last = &d->peer_rseq[fork], rseq;

	if (!ua_has_option(msg, RS_HDR_REQUIRE, "100rel") || rs_sip_number(rs_sip_get(msg, RS_HDR_RSEQ), &rseq) != 0 || rseq == 0)
		return true;
	if (msg->body.len)
		d->flags |= DIALOG_ANSWER_GOT;
	if (ua_of(e, leg)->rel == RS_100REL_OFF || scenario_sends_prack(e, leg))
		return true;
	if (*last && (fork < FORKS ? rseq != *last + 1 : rseq == *last)) {
		rs_metric_inc(&leg_activity(e, leg)->account->cells, RS_AM_SIP_RETRANS_RECEIVED);
		return false;
	}
	*last = rseq;
	client_own(e, leg, OWN_PRACK, rseq);
	return true;
}
