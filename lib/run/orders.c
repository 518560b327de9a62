/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a run that is on can be told: start and stop of its activities, pause, rate, limit. What takes effect at a set time is
 * stamped a little ahead, so that all workers take it over at the same moment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run/internal.h"

static int
need_run(const struct rs_daemon *d, struct rs_err *err)
{
	return run_is_on(d)
		? 0
		: rs_err_set(err, -EINVAL, "no run is on (state %s)", rs_state_name(d->state));
}

int
daemon_need_calls(const struct rs_daemon *d, struct rs_err *err)
{
	if (d->state == RS_STATE_RUNNING || d->state == RS_STATE_PAUSED)
		return 0;
	return rs_err_set(err, -EINVAL, "no run with calls to come is on (state %s)",
		rs_state_name(d->state));
}

int
rs_daemon_start_activity(struct rs_daemon *d, const char *activity, struct rs_err *err)
{
	int32_t i;
	int rc = daemon_need_calls(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc)
		return rc;
	if (i < 0)
		return rs_err_set(err, -EINVAL, "which activity?");
	if (d->run->stopped[i])
		return rs_err_set(err, -EALREADY,
			"activity \"%s\" has been stopped, for the rest of the run", activity);
	if (d->run->begun[i])
		return rs_err_set(
			err, -EALREADY, "activity \"%s\" has been started already", activity);
	activity_begin(d, (uint32_t)i, NULL);
	return 0;
}

static int
stop_one(struct rs_daemon *d, int32_t i, enum rs_stop how, struct rs_err *err)
{
	const char *name = d->plan->activities[i].name;

	if (how == RS_STOP_NOW)
		return rs_err_set(err, -EINVAL,
			"stop --now is for the whole run: use stop --hangup %s", name);
	d->run->stopped[i] = 1;
	d->run->hangup_at_ns[i] = how == RS_STOP_DRAIN ? daemon_now(d) + d->plan->drain_ns : 0;
	daemon_mail(d,
		&(struct rs_mail){ .type = how == RS_STOP_DRAIN ? RS_MAIL_STOP : RS_MAIL_HANGUP,
			.arg = { 0, (uint64_t)(int64_t)i } });
	daemon_event(d, "activity stopped", json_pack("{s:s}", "activity", name));
	return 0;
}

int
rs_daemon_stop(struct rs_daemon *d, const char *activity, enum rs_stop how, struct rs_err *err)
{
	int32_t i;
	int rc = need_run(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc)
		return rc;
	if (i >= 0)
		return stop_one(d, i, how, err);
	/* What the run is doing anyway was not stopped by hand. */
	if (how == RS_STOP_NOW                  ? d->run->give_up_at_ns != 0
			: how == RS_STOP_HANGUP ? d->run->silence_at_ns != 0
						: d->state == RS_STATE_DRAINING)
		return 0;
	d->run->by_hand = true;
	d->run->mute |= how == RS_STOP_NOW;
	if (how == RS_STOP_NOW)
		run_silence(d);
	else if (how == RS_STOP_HANGUP)
		run_hang_up(d);
	else
		run_drain(d, "stop");
	return 0;
}

int
rs_daemon_pause(struct rs_daemon *d, struct rs_err *err)
{
	if (d->state != RS_STATE_RUNNING)
		return rs_err_set(
			err, -EINVAL, "nothing to pause (state %s)", rs_state_name(d->state));
	d->run->paused_ns = daemon_now(d) + LEAD_NS;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_PAUSE, .arg = { d->run->paused_ns } });
	d->state = RS_STATE_PAUSED;
	daemon_event(d, "paused", NULL);
	return 0;
}

int
rs_daemon_resume(struct rs_daemon *d, struct rs_err *err)
{
	if (d->state != RS_STATE_PAUSED)
		return rs_err_set(err, -EINVAL, "not paused (state %s)", rs_state_name(d->state));
	uint64_t at = daemon_now(d) + LEAD_NS;

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_RESUME, .arg = { at } });
	activities_resumed(d, at);
	d->state = RS_STATE_RUNNING;
	daemon_event(d, "resumed", NULL);
	return 0;
}

/* Which activity a turn of the knob is for: one that has a rate; -1: all that place calls. */
static int
check_rated(struct rs_daemon *d, const char *activity, int32_t *i, struct rs_err *err)
{
	int rc = daemon_need_calls(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, i, err);
	if (rc == 0 && *i >= 0 && d->plan->activities[*i].kind == RS_DO_DROP)
		return rs_err_set(err, -EINVAL, "activity \"%s\" cuts connections by a timetable: it has no rate", activity);
	if (rc == 0 && *i >= 0 && d->plan->activities[*i].kind == RS_DO_ANSWER)
		return rs_err_set(err, -EINVAL,
			"activity \"%s\" answers calls: it has no rate, loadctl limit bounds it", activity);
	return rc;
}

/* A closed loop without a rate takes the places that become free as fast as the ceiling lets it. */
static double
rate_at_most(const struct rs_plan *plan, uint32_t i, double rate_hz)
{
	const struct rs_plan_activity *a = &plan->activities[i];

	if (!a->open_calls || rate_hz > 0)
		return rate_hz;
	return a->rate_hz > 0 ? plan->max_rate_hz : rs_plan_loop_ceiling(plan);
}

int
rs_daemon_rate(struct rs_daemon *d, const char *activity, double value, bool by, struct rs_err *err)
{
	uint64_t at = daemon_now(d) + LEAD_NS, bits;
	double ceiling = d->plan->max_rate_hz, all = 0;
	double *rates;
	int32_t i;
	int rc = check_rated(d, activity, &i, err);

	if (rc)
		return rc;
	bool calls = i < 0 || rs_activity_places(d->plan->activities[i].kind);
	const char *unit = calls ? "calls/s" : "registrations/s";

	rates = calloc(d->plan->n_activities, sizeof(*rates));
	if (!rates)
		return rs_err_set(err, -ENOMEM, "no memory");
	for (uint32_t a = 0; a < d->plan->n_activities && rc == 0; a++) {
		bool counts = rs_activity_places(d->plan->activities[a].kind) == calls;
		bool meant = i < 0 ? counts : (uint32_t)i == a;

		rates[a] = activity_rate(d, a);
		if (meant)
			rates[a] = by ? rates[a] + value : value;
		all += counts && !d->run->stopped[a] ? rate_at_most(d->plan, a, rates[a]) : 0;
		if (!(rates[a] >= 0 && rates[a] <= 1e8))
			rc = rs_err_set(err, -EINVAL, "a rate of %g %s: give 0 to 100000000",
				rates[a], unit);
	}
	if (rc == 0 && ceiling > 0 && all > ceiling)
		rc = rs_err_set(err, -EINVAL,
			"%g %s in all are above the plan's run.max_rate of %g", all, unit, ceiling);
	for (uint32_t a = 0; a < d->plan->n_activities && rc == 0; a++) {
		bool meant = i < 0 ? rs_activity_places(d->plan->activities[a].kind)
				   : (uint32_t)i == a;

		if (!meant || (rates[a] == d->run->rates[a] && !d->run->shaped[a]))
			continue;
		d->run->rates[a] = rates[a];
		d->run->shaped[a] = 0; /* a rate set by hand replaces the shape */
		memcpy(&bits, &rates[a], sizeof(bits));
		daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_RATE, .arg = { at, a, bits } });
		daemon_event(d, "rate",
			json_pack("{s:s, s:f}", "activity", d->plan->activities[a].name, "rate",
				rates[a]));
	}
	free(rates);
	return rc;
}

int
rs_daemon_limit(struct rs_daemon *d, const char *activity, uint64_t value, struct rs_err *err)
{
	uint64_t limit = value ? value : UINT64_MAX; /* as in a plan: only run.max_calls */
	int32_t i;
	int rc = daemon_need_calls(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc == 0 && i >= 0 && d->plan->activities[i].kind == RS_DO_REGISTER)
		rc = rs_err_set(err, -EINVAL,
			"activity \"%s\" registers: it has no calls to limit, loadctl rate turns it",
			activity);
	if (rc == 0 && i >= 0 && d->plan->activities[i].kind == RS_DO_DROP)
		rc = rs_err_set(err, -EINVAL, "activity \"%s\" cuts connections: it has no calls to limit", activity);
	if (rc)
		return rc;
	for (uint32_t a = 0; a < d->plan->n_activities; a++) {
		if (i < 0 ? !rs_activity_places(d->plan->activities[a].kind) : (uint32_t)i != a)
			continue;
		d->run->limits[a] = value ? value : d->plan->activities[a].open_calls;
		daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_LIMIT, .arg = { 0, a, limit } });
	}
	daemon_event(d, "limit",
		json_pack("{s:s?, s:I}", "activity", activity, "limit", (json_int_t)value));
	return 0;
}

int
rs_daemon_reset(struct rs_daemon *d, struct rs_err *err)
{
	if (!d->run)
		return rs_err_set(err, -EINVAL, "no run yet");
	rs_observer_reset(d->run->observer, daemon_now(d));
	return 0;
}
