/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a run: watched for, drained, hung up, silenced, and reported. */
#include <stdio.h>
#include <stdlib.h>

#include "run/internal.h"

#define STATUS_NO_MEMORY 6 /* exit status of a run whose report found none */
#define STALL_NS         (200 * RS_NS_PER_MS)
#define SETTLE_NS        (100 * RS_NS_PER_MS)
#define HANGUP_NS        (5 * RS_NS_PER_S) /* after hanging up: as long for the answers, then silence */
#define LEAVE_NS         (5 * RS_NS_PER_S) /* for closing what connections are open */
#define LAST_WORDS_NS    (50 * RS_NS_PER_MS) /* and for the peers' answers to that */

void
run_drain(struct rs_daemon *d, const char *why)
{
	uint64_t now = daemon_now(d);

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_STOP, .arg = { now, UINT64_MAX } });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = now + d->plan->drain_ns;
	daemon_event(d, "draining", json_pack("{s:s}", "why", why));
}

void
run_hang_up(struct rs_daemon *d)
{
	uint64_t now = daemon_now(d);

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_HANGUP, .arg = { now, UINT64_MAX } });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = now;
	d->run->silence_at_ns = now + HANGUP_NS;
	daemon_event(d, "hanging up", NULL);
}

void
run_silence(struct rs_daemon *d)
{
	uint64_t now = daemon_now(d);

	if (d->run->leave_until_ns) {
		d->run->leave_until_ns = now;
		return;
	}
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_SILENCE });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = d->run->silence_at_ns = now;
	d->run->give_up_at_ns = now + ASK_NS;
}

static void
stop_activity(struct rs_daemon *d, uint32_t i, enum rs_worker_mail how)
{
	daemon_mail(d, &(struct rs_mail){ .type = (uint16_t)how, .arg = { 0, i } });
}

/* Activities that were stopped by themselves have the plan's `drain`, too. */
static void
hang_up_stopped(struct rs_daemon *d, uint64_t now)
{
	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		if (!d->run->hangup_at_ns[i] || now < d->run->hangup_at_ns[i])
			continue;
		d->run->hangup_at_ns[i] = 0;
		stop_activity(d, i, RS_MAIL_HANGUP);
	}
}

/*
 * A run is over when everything that has a `total`, or a shape that ends at rate 0, has reached it, or when its measured time has
 * passed. @return why, or NULL
 */
static const char *
is_over(const struct rs_daemon *d, uint64_t now)
{
	const struct rs_plan *plan = d->plan;
	bool any = false, all = true, short_of = false;
	struct rs_totals totals;

	rs_observer_totals(d->run->observer, &totals);
	if (totals.stop_asked)
		return "asked for by the scenario";
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_call_totals t;

		if (!activity_has_end(&plan->activities[i]) || d->run->stopped[i] == 2)
			continue;
		any = true;
		rs_observer_activity(d->run->observer, i, &t);
		if (plan->activities[i].total &&
			(plan->activities[i].kind == RS_DO_ANSWER ? t.started : t.offered) >=
				plan->activities[i].total)
			continue;
		if (d->run->stopped[i]) /* it never will */
			short_of = true;
		else if (!activity_over(d, i))
			all = false;
	}
	if (any && all) {
		d->run->by_hand |= short_of;
		return short_of ? "what has a total was stopped" : "total reached";
	}
	if (plan->measure_ns && now >= d->run->t0_ns + plan->warmup_ns + plan->measure_ns)
		return "measured time over";
	return NULL;
}

static void
keep_report(struct rs_daemon *d, json_t *report)
{
	struct kept_report *k = &d->reports[d->next_report++ % KEPT_REPORTS];
	char path[1024];

	json_decref(k->json);
	k->json = report;
	snprintf(k->id, sizeof(k->id), "%s", d->run->id);
	if (!d->plan->reports)
		return;
	snprintf(path, sizeof(path), "%s/%s.json", d->plan->reports, d->run->id);
	if (json_dump_file(report, path, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0)
		fprintf(stderr, "%s: the report could not be written: is the disk full?\n", path);
}

/* @return true */
static bool
done(struct rs_daemon *d)
{
	d->state = RS_STATE_DONE;
	daemon_event(d, "done", json_pack("{s:s}", "verdict", rs_verdict_name(d->run->verdict)));
	return true;
}

/* A system under test that still had the connections of a run that is over would have them for hours. @return true: there are none any more */
static bool
leave(struct rs_daemon *d)
{
	struct run *r = d->run;

	if (r->mute || run_conns_left(r->conns) == 0)
		return done(d);
	d->state = RS_STATE_DRAINING;
	r->leave_until_ns = daemon_now(d) + LEAVE_NS;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_LEAVE });
	return false;
}

static bool
leave_on(struct rs_daemon *d, uint64_t now)
{
	struct run *r = d->run;

	if (r->leave_until_ns > now + LAST_WORDS_NS && run_conns_left(r->conns) == 0)
		r->leave_until_ns = now + LAST_WORDS_NS;
	return now >= r->leave_until_ns && done(d);
}

/* The report is made. @return true: and it is over */
static bool
finish(struct rs_daemon *d)
{
	struct rs_run_facts facts;

	d->run->end_ns = daemon_now(d);
	if (d->run->end_ns < d->run->t0_ns)
		d->run->end_ns = d->run->t0_ns;
	rs_net_poll_device_stats(d->net);
	rs_observer_end(d->run->observer, d->run->end_ns, d->run->t0_ns);
	d->state = RS_STATE_DONE;
	run_facts(d, &facts);
	facts.failed_calls = failed_report(d); /* while the workers have the engines */
	json_t *report = rs_observer_report(d->run->observer, &facts, &d->run->verdict);

	json_decref(facts.failed_calls);
	d->run->reported = report != NULL;
	if (report)
		keep_report(d, report);
	return leave(d);
}

/* Calls that have failed may still have a BYE or CANCEL to be answered: a while is granted. */
static bool
closed_down(struct rs_daemon *d, const struct rs_totals *t)
{
	uint64_t now = daemon_now(d);

	if (t->closing == 0 || d->run->give_up_at_ns)
		return true;
	if (!d->run->closing_until_ns)
		d->run->closing_until_ns = now + HANGUP_NS;
	return now >= d->run->closing_until_ns;
}

/* The longest that removing so many bindings at the plan's pace takes. */
static uint64_t
unregister_span(const struct rs_daemon *d)
{
	double longest_s = 0;

	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &d->plan->activities[i];
		double span = a->kind == RS_DO_REGISTER && a->unregister && a->unregister_rate_hz > 0
			? d->plan->groups[a->from].count / a->unregister_rate_hz
			: 0;

		longest_s = span > longest_s ? span : longest_s;
	}
	return (uint64_t)(longest_s * 1.5 * RS_NS_PER_S) + 64 * d->plan->t1_ns + RS_NS_PER_S;
}

/* What the run has registered is removed when no call needs it any more. @return true when that is done, or has taken too long */
static bool
unregistered(struct rs_daemon *d, const struct rs_totals *t)
{
	uint64_t now = daemon_now(d);
	bool any = false;

	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		any |= d->plan->activities[i].kind == RS_DO_REGISTER && d->plan->activities[i].unregister;
	if (!any || d->run->give_up_at_ns)
		return true;
	if (!d->run->unregister_until_ns) {
		if (t->registered + t->registering == 0)
			return true;
		d->run->unregister_until_ns = now + unregister_span(d);
		d->run->drain_until_ns = d->run->silence_at_ns = d->run->unregister_until_ns;
		daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_UNREGISTER });
		daemon_event(d, "unregistering", NULL);
		return false;
	}
	return t->registering == 0 && (t->unregistering == 0 || now >= d->run->unregister_until_ns) &&
		(t->registered == 0 || now >= d->run->unregister_until_ns);
}

/* Does it answer REGISTER? What the run's own endpoints are bound by is there until they are not any more. */
static bool
is_registrar(const struct rs_plan_activity *a)
{
	for (uint32_t i = 0; i < a->program->n_steps; i++) {
		const struct rs_step *s = &a->program->steps[i];

		if (s->kind != RS_STEP_RECV)
			continue;
		if (s->status == 0 && s->method == RS_SIP_REGISTER)
			return true;
		if (s->optional == RS_MANDATORY)
			break;
	}
	return false;
}

/* Nothing more is answered, but by registrars before bindings are removed. @return true when the workers have obeyed */
static bool
close_answers(struct rs_daemon *d, enum closed how)
{
	if (d->run->closed >= how)
		return true;
	d->run->closed = how;
	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		if (d->plan->activities[i].kind == RS_DO_ANSWER && is_registrar(&d->plan->activities[i]) == (how == CLOSED))
			stop_activity(d, i, RS_MAIL_STOP);
	return daemon_settle(d, SETTLE_NS);
}

/*
 * Has everything ended, for good? What is open counts only once the workers have obeyed. Calls that are placed may still have to
 * be answered by us, round through the SUT; after that whatever else calls in is refused, or a run that is called never ends.
 */
static bool
drained(struct rs_daemon *d)
{
	struct rs_totals t;

	rs_observer_totals(d->run->observer, &t);
	if (t.placed.open || (t.registering_first && !d->run->give_up_at_ns) || (d->run->closed && t.answered.open) ||
		!daemon_settle(d, SETTLE_NS))
		return false;
	rs_observer_totals(d->run->observer, &t);
	if (t.placed.open)
		return false;
	if (!close_answers(d, CLOSED_BUT_REGISTRARS))
		return false;
	rs_observer_totals(d->run->observer, &t);
	if (t.answered.open || !closed_down(d, &t) || !unregistered(d, &t) || !close_answers(d, CLOSED))
		return false;
	rs_observer_totals(d->run->observer, &t);
	return t.answered.open == 0;
}

/* @return true when the run has ended */
static bool
drain_on(struct rs_daemon *d, uint64_t now)
{
	struct run *r = d->run;

	if (drained(d))
		return finish(d);
	if (r->give_up_at_ns) {
		if (now < r->give_up_at_ns)
			return false;
		fprintf(stderr, "a worker does not answer: calls are left open\n");
		d->run->mute = true;
		return finish(d);
	}
	if (r->silence_at_ns == 0 && now >= r->drain_until_ns)
		run_hang_up(d);
	else if (r->silence_at_ns && now >= r->silence_at_ns)
		run_silence(d);
	return false;
}

/*
 * When control itself stood still, the workers did as well, perhaps, and only now find out for how long: the interval is closed at the
 * next look, with that in it.
 */
static void
observe(struct rs_daemon *d, uint64_t now)
{
	bool late = d->run->polled_ns && now > d->run->polled_ns + STALL_NS;

	d->run->polled_ns = now;
	if (late)
		return;
	rs_net_poll_device_stats(d->net);
	rs_observer_tick(d->run->observer, now, d->run->t0_ns);
}

bool
rs_daemon_poll(struct rs_daemon *d)
{
	uint64_t now = daemon_now(d);
	struct rs_totals t;
	const char *why;

	if (!run_is_on(d))
		return false;
	if (d->run->leave_until_ns)
		return leave_on(d, now);
	observe(d, now);
	if (d->state == RS_STATE_DRAINING)
		return drain_on(d, now);
	changes_poll(d);
	hang_up_stopped(d, now);
	activities_follow(d);
	drops_follow(d);
	why = is_over(d, now);
	if (!why)
		return false;
	rs_observer_totals(d->run->observer, &t);
	if (t.stop_asked > 1)
		run_silence(d);
	else
		run_drain(d, why);
	return false;
}

int
rs_daemon_run_status(const struct rs_daemon *d)
{
	if (!d->run || d->state != RS_STATE_DONE)
		return -1;
	return d->run->reported ? rs_verdict_status(d->run->verdict) : STATUS_NO_MEMORY;
}
