/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a run: engines made and attached, started together, watched, drained, reported. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "run/internal.h"

#define ASK_NS (5 * RS_NS_PER_S)
#define T0_LEAD_NS (10 * RS_NS_PER_MS)
#define HANGUP_NS (5 * RS_NS_PER_S) /* after hanging up: as long for the answers, then silence */

void
run_facts(const struct rs_daemon *d, struct rs_run_facts *out)
{
	const struct run *r = d->run;

	*out = (struct rs_run_facts){
		.id = r->id,
		.started_wall_us = r->started_wall_us,
		.t0_ns = r->t0_ns,
		.end_ns = r->end_ns,
		.stopped_by_hand = r->by_hand,
		.state = rs_state_name(d->state),
		.memory_mb = d->plan->memory_mb,
	};
	if (d->exec_ns && d->runs == 1)
		out->start_ms = (double)(r->t0_ns - d->exec_ns) / 1e6;
	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		if (d->plan->activities[i].kind == RS_DO_CALL && r->begun[i] && !r->stopped[i] &&
			d->state == RS_STATE_RUNNING)
			out->rate_hz += r->rates[i];
}

static void
detach(struct rs_daemon *d)
{
	for (uint32_t i = 0; i < d->launched; i++) {
		struct rs_mail m = { .type = RS_MAIL_DETACH };

		if (daemon_ask(d, i, &m, ASK_NS) == 0)
			rs_engine_free(m.data);
	}
}

void
run_free(struct rs_daemon *d)
{
	struct run *r = d->run;

	if (!r)
		return;
	if (r->attached)
		detach(d);
	rs_observer_free(r->observer);
	for (uint32_t i = 0; r->accounts && i < d->n_workers; i++)
		rs_account_free(r->accounts[i]);
	free(r->accounts);
	free(r->rates);
	free(r->limits);
	free((void *)r->answered);
	free(r->begun);
	free(r->stopped);
	free(r);
	d->run = NULL;
}

static void
name_run(struct rs_daemon *d, struct run *r)
{
	time_t now = time(NULL);
	struct tm tm;
	char stamp[24];

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(r->id, sizeof(r->id), "%s-%u", stamp, ++d->runs);
	r->number = (uint16_t)(d->runs ^ (uint16_t)d->secret); /* a restarted daemon does not repeat the tokens of the last one */
}

static int
make_observer(struct rs_daemon *d, struct run *r)
{
	struct rs_observed what = {
		.plan = d->plan,
		.net = d->net,
		.port_info = rs_net_port_info,
		.accounts = r->accounts,
		.workers = d->worker_cells,
		.ports = d->port_cells,
		.n_workers = d->n_workers,
		.n_ports = d->plan->n_ports,
		.clock = &d->clock,
	};

	return rs_observer_create(&what, &r->observer);
}

static int
make_run(struct rs_daemon *d, struct rs_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	uint32_t n = d->plan->n_activities;
	int rc = 0;

	if (!r)
		return rs_err_set(err, -ENOMEM, "no memory for a run");
	d->run = r;
	name_run(d, r);
	r->accounts = calloc(d->n_workers, sizeof(struct rs_account *));
	r->rates = calloc(n + 1, sizeof(*r->rates));
	r->limits = calloc(n + 1, sizeof(*r->limits));
	r->answered = calloc(n + 1, sizeof(*r->answered));
	r->begun = calloc(n + 1, 1);
	r->stopped = calloc(n + 1, 1);
	if (!r->accounts || !r->rates || !r->limits || !r->answered || !r->begun || !r->stopped)
		rc = -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < d->n_workers; i++)
		rc = rs_account_create(d->plan, &r->accounts[i]);
	if (rc == 0)
		rc = make_observer(d, r);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		r->rates[i] = d->plan->activities[i].rate_hz;
		r->limits[i] = d->plan->activities[i].limit;
		r->begun[i] = d->plan->activities[i].start == RS_START_AT_ONCE;
	}
	return rc ? rs_err_set(err, rc, "no memory for a run of %u activities", n) : 0;
}

static int
attach_engines(struct rs_daemon *d, struct rs_err *err)
{
	for (uint32_t i = 0; i < d->n_workers; i++) {
		struct rs_engine *engine;
		struct rs_engine_cfg cfg = {
			.plan = d->plan,
			.worker = i,
			.run = d->run->number,
			.secret = d->secret,
			.pid = (uint32_t)getpid(),
			.link = rs_net_link(d->workers[i].net),
			.account = d->run->accounts[i],
			.answered = d->run->answered,
			.log = &d->workers[i].log,
			.wall_us = rs_clock_wall_us(),
			.wall_at_ns = daemon_now(d),
		};
		int rc = rs_engine_create(&cfg, &engine, err);

		if (rc)
			return rc;
		struct rs_mail m = { .type = RS_MAIL_ATTACH, .data = engine };

		m.arg[1] = (uint64_t)(uintptr_t)d->plan;
		rc = daemon_ask(d, i, &m, ASK_NS);
		d->run->attached = true;
		if (rc)
			return rs_err_set(err, rc, "worker %u does not answer", i);
		if (m.arg[0] && !d->quiet)
			fprintf(stderr, "worker %u: %llu next hops do not answer ARP or neighbour discovery yet\n", i,
				(unsigned long long)m.arg[0]);
	}
	return 0;
}

int
rs_daemon_start(struct rs_daemon *d, struct rs_err *err)
{
	if (d->state != RS_STATE_IDLE && d->state != RS_STATE_DONE)
		return rs_err_set(err, -EBUSY, "a run is %s already", rs_state_name(d->state));
	run_free(d);
	int rc = net_take_plan(d, err);

	if (rc == 0)
		rc = make_run(d, err);
	if (rc == 0)
		rc = attach_engines(d, err);
	if (rc) {
		run_free(d);
		d->state = RS_STATE_IDLE;
		return rc;
	}
	d->run->t0_ns = daemon_now(d) + T0_LEAD_NS;
	d->run->started_wall_us = rs_clock_wall_us() + T0_LEAD_NS / 1000;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_BEGIN, .arg = { d->run->t0_ns } });
	d->state = RS_STATE_RUNNING;
	daemon_event(d, "started", NULL);
	return 0;
}

static bool
is_on(const struct rs_daemon *d)
{
	return d->state == RS_STATE_RUNNING || d->state == RS_STATE_PAUSED || d->state == RS_STATE_DRAINING;
}

static int
need_run(const struct rs_daemon *d, struct rs_err *err)
{
	return is_on(d) ? 0 : rs_err_set(err, -EINVAL, "no run is on (state %s)", rs_state_name(d->state));
}

int
rs_daemon_start_activity(struct rs_daemon *d, const char *activity, struct rs_err *err)
{
	int32_t i;
	int rc = need_run(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc)
		return rc;
	if (d->run->begun[i])
		return rs_err_set(err, -EALREADY, "activity \"%s\" has been started already", activity);
	d->run->begun[i] = 1;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_START_ACTIVITY,
			       .arg = { daemon_now(d) + LEAD_NS, (uint64_t)(int64_t)i } });
	daemon_event(d, "activity started", json_pack("{s:s}", "activity", activity));
	return 0;
}

static void
begin_drain(struct rs_daemon *d, const char *why)
{
	uint64_t now = daemon_now(d);

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_STOP, .arg = { now, UINT64_MAX } });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = now + d->plan->drain_ns;
	daemon_event(d, "draining", json_pack("{s:s}", "why", why));
}

static void
begin_hangup(struct rs_daemon *d)
{
	uint64_t now = daemon_now(d);

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_HANGUP, .arg = { now, UINT64_MAX } });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = now;
	d->run->silence_at_ns = now + HANGUP_NS;
	daemon_event(d, "hanging up", NULL);
}

static void
begin_silence(struct rs_daemon *d)
{
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_SILENCE });
	d->state = RS_STATE_DRAINING;
	d->run->drain_until_ns = d->run->silence_at_ns = daemon_now(d);
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
	if (i >= 0) {
		if (how == RS_STOP_NOW)
			return rs_err_set(err, -EINVAL, "stop --now is for the whole run: use stop --hangup %s", activity);
		d->run->stopped[i] = 1;
		daemon_mail(d, &(struct rs_mail){ .type = how == RS_STOP_DRAIN ? RS_MAIL_STOP : RS_MAIL_HANGUP,
				       .arg = { 0, (uint64_t)(int64_t)i } });
		daemon_event(d, "activity stopped", json_pack("{s:s}", "activity", activity));
		return 0;
	}
	d->run->by_hand = true;
	if (how == RS_STOP_NOW)
		begin_silence(d);
	else if (how == RS_STOP_HANGUP)
		begin_hangup(d);
	else if (d->state != RS_STATE_DRAINING)
		begin_drain(d, "stop");
	return 0;
}

int
rs_daemon_pause(struct rs_daemon *d, struct rs_err *err)
{
	if (d->state != RS_STATE_RUNNING)
		return rs_err_set(err, -EINVAL, "nothing to pause (state %s)", rs_state_name(d->state));
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_PAUSE, .arg = { daemon_now(d) + LEAD_NS } });
	d->state = RS_STATE_PAUSED;
	daemon_event(d, "paused", NULL);
	return 0;
}

int
rs_daemon_resume(struct rs_daemon *d, struct rs_err *err)
{
	if (d->state != RS_STATE_PAUSED)
		return rs_err_set(err, -EINVAL, "not paused (state %s)", rs_state_name(d->state));
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_RESUME, .arg = { daemon_now(d) + LEAD_NS } });
	d->state = RS_STATE_RUNNING;
	daemon_event(d, "resumed", NULL);
	return 0;
}

/* Which activities a turn of the knob is for; those that place calls. */
static int
check_placing(struct rs_daemon *d, const char *activity, int32_t *i, struct rs_err *err)
{
	int rc = need_run(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, i, err);
	if (rc == 0 && *i >= 0 && d->plan->activities[*i].kind != RS_DO_CALL)
		return rs_err_set(err, -EINVAL, "activity \"%s\" places no calls: it has no rate", activity);
	return rc;
}

int
rs_daemon_rate(struct rs_daemon *d, const char *activity, double value, bool by, struct rs_err *err)
{
	uint64_t at = daemon_now(d) + LEAD_NS, bits;
	double ceiling = d->plan->max_rate_hz, all = 0;
	double *rates;
	int32_t i;
	int rc = check_placing(d, activity, &i, err);

	if (rc)
		return rc;
	rates = calloc(d->plan->n_activities, sizeof(*rates));
	if (!rates)
		return rs_err_set(err, -ENOMEM, "no memory");
	for (uint32_t a = 0; a < d->plan->n_activities && rc == 0; a++) {
		bool meant = (i < 0 || (uint32_t)i == a) && d->plan->activities[a].kind == RS_DO_CALL;

		rates[a] = !meant ? d->run->rates[a] : by ? d->run->rates[a] + value : value;
		all += d->plan->activities[a].kind == RS_DO_CALL ? rates[a] : 0;
		if (!(rates[a] >= 0 && rates[a] <= 1e8))
			rc = rs_err_set(err, -EINVAL, "a rate of %g calls/s: give 0 to 100000000", rates[a]);
	}
	if (rc == 0 && ceiling > 0 && all > ceiling)
		rc = rs_err_set(err, -EINVAL, "%g calls/s in all are above the plan's run.max_rate of %g", all, ceiling);
	for (uint32_t a = 0; a < d->plan->n_activities && rc == 0; a++) {
		if (rates[a] == d->run->rates[a])
			continue;
		d->run->rates[a] = rates[a];
		memcpy(&bits, &rates[a], sizeof(bits));
		daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_RATE, .arg = { at, a, bits } });
		daemon_event(d, "rate",
			json_pack("{s:s, s:f}", "activity", d->plan->activities[a].name, "rate", rates[a]));
	}
	free(rates);
	return rc;
}

int
rs_daemon_limit(struct rs_daemon *d, const char *activity, uint64_t value, struct rs_err *err)
{
	int32_t i;
	int rc = need_run(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc)
		return rc;
	for (uint32_t a = 0; a < d->plan->n_activities; a++)
		if (i < 0 ? d->plan->activities[a].kind == RS_DO_CALL : (uint32_t)i == a)
			d->run->limits[a] = value;
	if (i >= 0) {
		daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_LIMIT, .arg = { 0, (uint64_t)(int64_t)i, value } });
	} else {
		for (uint32_t a = 0; a < d->plan->n_activities; a++)
			if (d->plan->activities[a].kind == RS_DO_CALL)
				daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_LIMIT, .arg = { 0, a, value } });
	}
	daemon_event(d, "limit", json_pack("{s:s?, s:I}", "activity", activity, "limit", (json_int_t)value));
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

/* A run is over when everything that has a `total` reached it, or its measured time has passed. @return why, or NULL */
static const char *
is_over(const struct rs_daemon *d, uint64_t now)
{
	const struct rs_plan *plan = d->plan;
	bool any = false, all = true;
	struct rs_totals totals;

	rs_observer_totals(d->run->observer, &totals);
	if (totals.stop_asked)
		return "asked for by the scenario";
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_call_totals t;

		if (!plan->activities[i].total || d->run->stopped[i])
			continue;
		any = true;
		rs_observer_activity(d->run->observer, i, &t);
		all &= (plan->activities[i].kind == RS_DO_ANSWER ? t.started : t.offered) >= plan->activities[i].total;
	}
	if (any && all)
		return "total reached";
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
	mkdir(d->plan->reports, 0777);
	snprintf(path, sizeof(path), "%s/%s.json", d->plan->reports, d->run->id);
	if (json_dump_file(report, path, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0)
		fprintf(stderr, "%s: the report could not be written: is run.reports a directory we may write to?\n", path);
}

static void
finish(struct rs_daemon *d)
{
	struct rs_run_facts facts;

	d->run->end_ns = daemon_now(d);
	if (d->run->end_ns < d->run->t0_ns)
		d->run->end_ns = d->run->t0_ns;
	rs_net_poll_device_stats(d->net);
	rs_observer_tick(d->run->observer, d->run->end_ns, d->run->t0_ns);
	d->state = RS_STATE_DONE;
	run_facts(d, &facts);
	json_t *report = rs_observer_report(d->run->observer, &facts, &d->run->verdict);

	if (report)
		keep_report(d, report);
	daemon_event(d, "done", json_pack("{s:s}", "verdict", rs_verdict_name(d->run->verdict)));
}

bool
rs_daemon_poll(struct rs_daemon *d)
{
	struct rs_totals t;
	uint64_t now = daemon_now(d);
	const char *why;

	if (!is_on(d))
		return false;
	rs_net_poll_device_stats(d->net);
	rs_observer_tick(d->run->observer, now, d->run->t0_ns);
	if (d->state != RS_STATE_DRAINING) {
		why = is_over(d, now);
		if (!why)
			return false;
		rs_observer_totals(d->run->observer, &t);
		if (t.stop_asked > 1)
			begin_silence(d);
		else
			begin_drain(d, why);
		return false; /* the workers have yet to obey */
	}
	rs_observer_totals(d->run->observer, &t);
	if (t.placed.open == 0 && t.answered.open == 0) {
		finish(d);
		return true;
	}
	if (d->run->silence_at_ns == 0 && now >= d->run->drain_until_ns)
		begin_hangup(d);
	else if (d->run->silence_at_ns && now >= d->run->silence_at_ns)
		begin_silence(d);
	return false;
}

int
rs_daemon_run_status(const struct rs_daemon *d)
{
	return d->run && d->state == RS_STATE_DONE ? rs_verdict_status(d->run->verdict) : -1;
}
