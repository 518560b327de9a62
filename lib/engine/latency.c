/* SPDX-License-Identifier: BSD-3-Clause */
/* Send times come with the transmit burst, receive times with the receive burst; what lies between is the SUT's. */
#include "engine/legs.h"
#include "engine/media.h"
#include "engine/register.h"

void
stamp_add(struct rs_engine *e, struct leg *leg, enum stamp_what what, int rtd)
{
	if (e->n_stamps == MAX_STAMPS)
		rs_engine_flushed(e, e->now); /* more sends in a turn than any burst holds: the turn's time is near enough */
	uint32_t slot = leg_slot(e, leg);

	leg->flags |= LEG_STAMPED;
	e->stamps[e->n_stamps++] = (struct stamp){
		.slot = slot,
		.generation = e->legs.generation[slot],
		.what = (uint8_t)what,
		.rtd = (uint8_t)rtd,
		.activity = leg->activity,
	};
}

static void
rtd_record(struct rs_engine *e, struct leg *leg, int rtd, uint64_t time_ns, bool repeat)
{
	uint64_t *start = leg_rtd(e, leg, rtd);

	if (*start && time_ns >= *start && (leg->flags & LEG_MEASURED))
		rs_metric_record(&leg_play(e, leg)->account->rtds[rtd], 0, time_ns - *start);
	if (!repeat)
		*start = 0;
}

void
latency_rtd(struct rs_engine *e, struct leg *leg, const struct rs_step *step, uint64_t time_ns)
{
	if (step->rtd >= 0)
		rtd_record(e, leg, step->rtd, time_ns, step->repeat_rtd);
	if (step->start_rtd >= 0)
		*leg_rtd(e, leg, step->start_rtd) = time_ns;
}

static void
record_lateness(struct rs_engine *e, struct leg *leg, uint64_t late_ns)
{
	struct rs_metrics *m = &leg_activity(e, leg)->account->cells;

	rs_metric_record(m, RS_AM_LATENESS, late_ns);
	if (leg->due_ns >= e->gap_from && leg->due_ns < e->gap_until)
		rs_metric_record(m, RS_AM_LATENESS_GAP, late_ns);
}

static void
stamp_apply(struct rs_engine *e, struct leg *leg, const struct stamp *s, uint64_t time_ns)
{
	switch ((enum stamp_what)s->what) {
	case STAMP_REGISTER: /* of no leg */
		break;
	case STAMP_INVITE:
		leg->invite_ns = time_ns;
		break;
	case STAMP_BYE:
		leg->bye_ns = time_ns;
		if (leg_activity(e, leg)->legs)
			legs_sent_bye(e, leg, time_ns);
		break;
	case STAMP_OK:
		legs_sent_ok(e, leg, time_ns);
		break;
	case STAMP_REQUEST:
		leg->request_ns = time_ns;
		break;
	case STAMP_RTD_START:
		*leg_rtd(e, leg, s->rtd) = time_ns;
		break;
	case STAMP_RTD_STOP:
	case STAMP_RTD_REPEAT:
		rtd_record(e, leg, s->rtd, time_ns, s->what == STAMP_RTD_REPEAT);
		break;
	case STAMP_LATENESS:
		if (leg->flags & LEG_MEASURED)
			record_lateness(e, leg, time_ns > leg->due_ns ? time_ns - leg->due_ns : 0);
		break;
	}
}

#define GAP_REACH 20 /* so many times its own length a gap makes calls late at most, however slow the catching up */

void
rs_engine_gap(struct rs_engine *e, uint64_t from_ns, uint64_t to_ns)
{
	double catch_up = e->plan->catch_up - 1;
	double length = to_ns > from_ns ? (double)(to_ns - from_ns) : 0;
	/* What fell due in the gap comes out beside what falls due after it: that takes so long again ... */
	uint64_t after = (uint64_t)(catch_up > 1.0 / GAP_REACH ? length / catch_up : length * GAP_REACH);
	/* ... and what was left to catch up with before it has waited. */
	uint64_t left = e->gap_until > from_ns ? e->gap_until - from_ns : 0;

	/* A call that the turn before did not see due was due up to a turn before the gap. */
	if (left == 0)
		e->gap_from = from_ns > RS_NS_PER_MS ? from_ns - RS_NS_PER_MS : 0;
	e->gap_until = to_ns + left + after;
}

void
rs_engine_flushed(struct rs_engine *e, uint64_t time_ns)
{
	for (uint32_t i = 0; i < e->n_stamps; i++) {
		const struct stamp *s = &e->stamps[i];

		if (s->what == STAMP_REGISTER) {
			register_stamped(e, s->slot, time_ns);
			continue;
		}
		struct leg *leg = leg_at(e, s->slot);

		if (e->legs.generation[s->slot] != s->generation)
			continue; /* the leg ended in the turn that sent this: settled then */
		leg->flags &= ~(uint32_t)LEG_STAMPED;
		stamp_apply(e, leg, s, time_ns);
	}
	e->n_stamps = 0;
	if (e->matcher)
		legs_flushed(e, time_ns);
	if (e->streams)
		streams_flushed(e, time_ns);
}

void
stamps_settle(struct rs_engine *e, struct leg *leg)
{
	uint32_t slot = leg_slot(e, leg);

	if (!(leg->flags & LEG_STAMPED))
		return;
	for (uint32_t i = 0; i < e->n_stamps; i++)
		if (e->stamps[i].slot == slot && e->stamps[i].generation == e->legs.generation[slot])
			stamp_apply(e, leg, &e->stamps[i], e->now);
}

static void
record(struct leg *leg, struct rs_metrics *m, uint32_t row, uint64_t from, uint64_t to)
{
	if (from && to >= from && (leg->flags & LEG_MEASURED))
		rs_metric_record(m, row, to - from);
}

void
latency_response(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, uint16_t status,
	enum rs_sip_method method)
{
	struct rs_metrics *m = &leg_activity(e, leg)->account->cells;
	uint64_t at = rx->time_ns;

	if (!(leg->flags & LEG_UAC))
		return;
	if (method == RS_SIP_INVITE) {
		if (status == 100 && !(leg->flags & LEG_TRYING)) {
			leg->flags |= LEG_TRYING;
			record(leg, m, RS_AM_TRYING, leg->invite_ns, at);
		}
		if (status >= 180 && !(leg->flags & LEG_POST_DIAL) && (status < 190 || status >= 200)) {
			leg->flags |= LEG_POST_DIAL;
			record(leg, m, RS_AM_POST_DIAL, leg->invite_ns, at);
			if (leg->invite_ns && at >= leg->invite_ns)
				rs_metric_record(m, RS_AM_POST_DIAL_ALL, at - leg->invite_ns);
		}
		if (status >= 200 && status < 300 && !(leg->flags & LEG_ESTABLISHED))
			record(leg, m, RS_AM_ANSWER, leg->invite_ns, at);
	} else if (status >= 200 && method == RS_SIP_BYE) {
		record(leg, m, RS_AM_DISCONNECT, leg->bye_ns, at);
		leg->bye_ns = 0;
	} else if (status >= 200 && method != RS_SIP_CANCEL && !(leg->flags & LEG_RESPONSE)) {
		leg->flags |= LEG_RESPONSE;
		record(leg, m, RS_AM_RESPONSE, leg->request_ns, at);
	}
}
