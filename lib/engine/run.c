/* SPDX-License-Identifier: BSD-3-Clause */
/* Playing a program: step after step until the leg has to wait, and what its timers do. */
#include "engine/dialog.h"
#include "engine/flow.h"

#define HOLD_STREAM 1000 /* of random numbers, + activity: beside those of callees and URIs */
#define MAX_PAUSE_MS (365.0 * 86400 * 1000) /* a year, whatever number a variable holds */

static uint32_t
node_of(const struct rs_engine *e, const struct leg *leg, enum timer which)
{
	return leg_slot(e, leg) * TIMERS + which;
}

bool
leg_next(struct rs_engine *e, struct leg *leg, uint32_t step)
{
	const struct rs_step *s = &leg_program(e, leg)->steps[step];

	leg->step = (uint16_t)(step + 1);
	if (s->next == RS_NO_STEP || (s->test != RS_NO_VAR && !leg_set(e, leg, s->test)))
		return false;
	if (!chance(e, s->chance))
		return false;
	leg->step = (uint16_t)s->next;
	return true;
}

static uint64_t
pause_length(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	const struct rs_plan_activity *plan = leg_activity(e, leg)->plan;
	const struct value *v;
	struct rs_rng rng;

	switch ((enum rs_dist_kind)s->pause.kind) {
	case RS_DIST_DEFAULT: /* follows from the call's number alone, whoever plays it */
		rng = (struct rs_rng){ rs_random_at(e->plan->seed, leg->activity + HOLD_STREAM, leg->number) };
		return rs_dist_sample(leg->flags & LEG_UAC ? &plan->hold : &plan->ring, &rng);
	case RS_DIST_VARIABLE:
		v = leg_value(e, leg, s->pause.var);
		if (v->type != VALUE_NUMBER || !(v->number > 0))
			return 0;
		return v->number < MAX_PAUSE_MS ? (uint64_t)(v->number * RS_NS_PER_MS) :
						  (uint64_t)MAX_PAUSE_MS * RS_NS_PER_MS;
	default:
		return rs_dist_sample(&s->pause, &e->rng);
	}
}

/* A call under way lasts as long as whoever ends it likes, unless somebody has written how long that may be. */
static bool
waits_in_call(const struct leg *leg, const struct rs_plan_activity *plan, const struct rs_step *recv)
{
	return !plan->timeout_written && leg->flags & LEG_ESTABLISHED && recv->status == 0 && recv->method != RS_SIP_ACK;
}

/* How long to wait for a message: the first limit among the recvs that may match, else the activity's; 0: without end. */
static uint64_t
receive_timeout(const struct leg *leg, const struct rs_program *p, const struct rs_plan_activity *plan, uint32_t *which)
{
	const uint32_t step = leg->step;
	bool endless = false;

	for (uint32_t i = step; i < p->n_steps && p->steps[i].kind == RS_STEP_RECV; i++) {
		*which = i;
		if (p->steps[i].timeout_ns)
			return p->steps[i].timeout_ns;
		if (p->steps[i].optional == RS_MANDATORY) {
			endless = waits_in_call(leg, plan, &p->steps[i]);
			break;
		}
	}
	*which = step;
	return endless ? 0 : plan->timeout_ns;
}

static void
linger(struct rs_engine *e, struct leg *leg, uint64_t length_ns)
{
	leg_complete(e, leg);
	leg->flags |= LEG_LINGERING;
	rs_wheel_cancel(&e->wheel, node_of(e, leg, TIMER_RETRANS)); /* it answers, but has nothing more to say itself */
	leg->retrans_step = -1;
	rs_metric_inc(e->cells, RS_ENG_LINGERING);
	rs_wheel_arm(&e->wheel, node_of(e, leg, TIMER_WAIT), e->now + length_ns);
}

/* What every step that waits for no message ends with: its counter, its actions, and on. @return false when the leg is gone */
static bool
step_done(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct rs_sip_msg *last)
{
	if (s->counter >= 0)
		rs_account_count(leg_play(e, leg)->account, (uint32_t)s->counter);
	if (!leg_actions(e, leg, s, last))
		return false;
	leg_next(e, leg, leg->step);
	return true;
}

/* FLOW_FAILED: the leg is gone. */
static enum flow_ready
connection(struct rs_engine *e, struct leg *leg)
{
	uint32_t cause;
	enum flow_ready ready = FLOW_READY;

	if (leg->flags & LEG_CONNECTING) /* what it sent before has been put off: see large.c */
		return FLOW_WAIT;
	if (rs_transport_is_stream(leg->path.transport))
		large_over(e, leg);
	if (rs_transport_is_stream(leg->path.transport) && !e->silent)
		ready = leg_connect(e, leg, &cause);
	if (ready == FLOW_FAILED)
		leg_fail(e, leg, cause, false);
	return ready;
}

static bool
play_send(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct rs_sip_msg *last)
{
	int rc = leg_send(e, leg, leg->step, last, false);

	if (rc < 0) {
		leg_fail(e, leg, (uint32_t)-rc, false);
		return false;
	}
	return step_done(e, leg, s, last);
}

static bool
play_nop(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct rs_sip_msg *last)
{
	rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_MESSAGES);
	latency_rtd(e, leg, s, e->now);
	return step_done(e, leg, s, last);
}

/* @return true when there is nothing to wait for */
static bool
play_pause(struct rs_engine *e, struct leg *leg, const struct rs_step *s)
{
	uint64_t length = pause_length(e, leg, s);

	rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_MESSAGES);
	if (length == 0)
		return true;
	leg->flags |= LEG_PAUSED;
	rs_wheel_arm(&e->wheel, node_of(e, leg, TIMER_WAIT), e->now + length);
	return false;
}

static bool
after_pause(struct rs_engine *e, struct leg *leg, const struct rs_step *s, const struct rs_sip_msg *last)
{
	latency_rtd(e, leg, s, e->now);
	return step_done(e, leg, s, last);
}

bool
leg_run(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last)
{
	const struct rs_program *p = leg_program(e, leg);
	uint32_t which;

	for (int budget = LOOP_STEPS; budget > 0; budget--) {
		if (leg->step >= p->n_steps) {
			leg->step = (uint16_t)(p->n_steps - 1);
			leg_complete(e, leg);
			leg_part(e, leg);
			return false;
		}
		const struct rs_step *s = &p->steps[leg->step];

		if (s->condexec != RS_NO_VAR && leg_set(e, leg, s->condexec) == s->condexec_inverse) {
			leg->step++; /* not executed: its `next` does not count either */
			continue;
		}
		switch ((enum rs_step_kind)s->kind) {
		case RS_STEP_SEND:
			if (leg_is_rfc(e, leg) && rel_holds(e, leg, s))
				return true;
			switch (connection(e, leg)) {
			case FLOW_READY: break;
			case FLOW_WAIT: return true;
			case FLOW_FAILED: return false;
			}
			if (!play_send(e, leg, s, last))
				return false;
			break;
		case RS_STEP_RECV: {
			uint64_t timeout =
				receive_timeout(leg, p, leg_activity(e, leg)->plan, &which);

			if (timeout)
				rs_wheel_arm(&e->wheel, node_of(e, leg, TIMER_WAIT), e->now + timeout);
			return true;
		}
		case RS_STEP_PAUSE:
			if (!play_pause(e, leg, s))
				return true;
			if (!after_pause(e, leg, s, last))
				return false;
			break;
		case RS_STEP_TIMEWAIT:
			rs_metric_inc(&leg_play(e, leg)->account->steps[leg->step], RS_SM_MESSAGES);
			if (leg_is_rfc(e, leg)) { /* tombstones do that */
				leg_complete(e, leg);
				leg_part(e, leg);
				return false;
			}
			linger(e, leg, pause_length(e, leg, s));
			return true;
		case RS_STEP_NOP:
			if (!play_nop(e, leg, s, last))
				return false;
			break;
		}
	}
	leg_fail(e, leg, RS_CAUSE_LOOP, true);
	return false;
}

void
leg_timed_out(struct rs_engine *e, struct leg *leg)
{
	struct activity *a = leg_activity(e, leg);
	uint32_t which;

	if (a->rfc && leg_dialog(e, leg)->refused) { /* by the user agent, and nobody has tried again */
		leg_fail(e, leg, RS_CAUSE_RESPONSE + leg_dialog(e, leg)->refused - 300u, false);
		return;
	}
	receive_timeout(leg, leg_program(e, leg), a->plan, &which);
	const struct rs_step *s = &leg_program(e, leg)->steps[which];

	rs_metric_inc(&leg_play(e, leg)->account->steps[which], RS_SM_TIMEOUTS);
	if (s->ontimeout == RS_NO_STEP) {
		leg_fail(e, leg, RS_CAUSE_TIMEOUT, true);
		return;
	}
	leg->step = (uint16_t)s->ontimeout;
	leg_run(e, leg, NULL);
}

void
leg_timer(struct rs_engine *e, struct leg *leg, enum timer which)
{
	if (which == TIMER_RETRANS) {
		if (leg_is_rfc(e, leg))
			rfc_timer(e, leg);
		else
			leg_retransmit(e, leg);
	} else if (leg->flags & LEG_LINGERING) {
		leg_free(e, leg);
	} else if (leg->flags & LEG_PAUSED) {
		const struct rs_step *s = leg_step(e, leg);

		leg->flags &= ~(uint32_t)LEG_PAUSED;
		if (after_pause(e, leg, s, NULL))
			leg_run(e, leg, NULL);
	} else {
		leg_timed_out(e, leg);
	}
}
