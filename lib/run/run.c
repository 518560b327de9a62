/* SPDX-License-Identifier: BSD-3-Clause */
/* The begin of a run: engines made and attached, started together; and their memory, until the next one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/bus.h"
#include "run/internal.h"

#define T0_LEAD_NS (10 * RS_NS_PER_MS)

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
		.srtp = r->srtp[0] ? r->srtp : NULL,
		.cuts = r->cuts,
	};
	if (d->exec_ns && d->runs == 1)
		out->start_ms = (double)(r->t0_ns - d->exec_ns) / 1e6;
	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		if (rs_activity_places(d->plan->activities[i].kind) && r->begun[i] && !r->stopped[i] &&
			!d->plan->activities[i].open_calls && d->state == RS_STATE_RUNNING)
			out->rate_hz += activity_rate(d, i);
}

/* Take the engines back. @return false: a worker keeps its own */
static bool
detach(struct rs_daemon *d)
{
	bool all = true;

	for (uint32_t i = 0; i < d->launched; i++) {
		struct rs_mail m = { .type = RS_MAIL_DETACH };

		if (daemon_ask(d, i, &m, ASK_NS) == 0)
			rs_engine_free(m.data);
		else
			all = false;
	}
	return all;
}

int
run_free(struct rs_daemon *d, struct rs_err *err)
{
	struct run *r = d->run;

	if (!d->lost && r && r->attached && !detach(d))
		d->lost = true;
	if (d->lost)
		return rs_err_set(err, -EIO, "a worker does not answer: restart the daemon");
	if (!r)
		return 0;
	changes_undo(d);
	rs_observer_free(r->observer);
	for (uint32_t i = 0; r->accounts && i < d->n_workers; i++)
		rs_account_free(r->accounts[i]);
	rs_bus_free(r->bus);
	run_conns_free(r->conns);
	changes_free(r->changes);
	free(r->engines);
	free(r->accounts);
	free(r->rates);
	free(r->limits);
	free((void *)r->answered);
	free(r->begun);
	free(r->begun_ns);
	free(r->shaped);
	free(r->stopped);
	free(r->hangup_at_ns);
	free(r->cuts_made);
	json_decref(r->cuts);
	free(r);
	d->run = NULL;
	return 0;
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
	r->number = (uint16_t)(d->runs ^
		(uint16_t)d
			->secret); /* a restarted daemon does not repeat the tokens of the last one */
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
		.limited_until = &r->limited_until,
	};

	run_conns_observed(r->conns, &what);
	return rs_observer_create(&what, &r->observer);
}

static int
make_run(struct rs_daemon *d, struct rs_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	uint32_t n = d->plan->n_activities, room = n + RS_LATE_ACTIVITIES;
	int rc = 0;

	if (!r)
		return rs_err_set(err, -ENOMEM, "no memory for a run");
	d->run = r;
	name_run(d, r);
	r->accounts = calloc(d->n_workers, sizeof(struct rs_account *));
	r->engines = calloc(d->n_workers, sizeof(struct rs_engine *));
	r->rates = calloc(room, sizeof(*r->rates));
	r->limits = calloc(room, sizeof(*r->limits));
	r->answered = calloc(room, sizeof(*r->answered));
	r->begun = calloc(room, 1);
	r->begun_ns = calloc(room, sizeof(*r->begun_ns));
	r->shaped = calloc(room, 1);
	r->stopped = calloc(room, 1);
	r->hangup_at_ns = calloc(room, sizeof(*r->hangup_at_ns));
	r->cuts_made = calloc(room, sizeof(*r->cuts_made));
	if (!r->cuts_made || !r->accounts || !r->engines || !r->rates || !r->limits || !r->answered || !r->begun || !r->begun_ns ||
		!r->shaped || !r->stopped || !r->hangup_at_ns)
		rc = -ENOMEM;
	if (rc == 0 && d->n_workers > 1)
		rc = rs_bus_create(d->n_workers, &r->bus);
	for (uint32_t i = 0; rc == 0 && i < d->n_workers; i++)
		rc = rs_account_create(d->plan, &r->accounts[i]);
	if (rc == 0) {
		int failed = run_conns_create(d, &r->conns, err);

		if (failed)
			return failed;
	}
	if (rc == 0)
		rc = make_observer(d, r);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		r->rates[i] = d->plan->activities[i].rate_hz;
		r->limits[i] = d->plan->activities[i].open_calls ? d->plan->activities[i].open_calls
								  : d->plan->activities[i].limit;
		r->shaped[i] = d->plan->activities[i].n_shape > 0;
		r->begun[i] = d->plan->activities[i].start == RS_START_AT_ONCE;
	}
	return rc ? rs_err_set(err, rc, "no memory for a run of %u activities", n) : 0;
}

static int
make_engine(struct rs_daemon *d, uint32_t worker, struct rs_engine **out, struct rs_err *err)
{
	struct rs_engine_cfg cfg = {
		.plan = d->plan,
		.worker = worker,
		.run = d->run->number,
		.secret = d->secret,
		.pid = (uint32_t)getpid(),
		.link = rs_net_link(d->workers[worker].net),
		.account = d->run->accounts[worker],
		.answered = d->run->answered,
		.bus = d->run->bus,
		.limited_until = &d->run->limited_until,
		.log = &d->workers[worker].log,
		.wall_us = rs_clock_wall_us(),
		.wall_at_ns = daemon_now(d),
	};
	uint8_t steer_bits[RS_MAX_PORTS];
	int rc;

	daemon_steer_bits(d, steer_bits);
	cfg.steer_bits = steer_bits;
	if (d->run->conns)
		cfg.link = run_conns_link(d->run->conns, worker, &cfg.link);
	rc = rs_engine_create(&cfg, out, err);
	if (rc == 0 && d->run->conns)
		run_conns_engine(d->run->conns, worker, *out);
	return rc;
}

/*
 * All workers get theirs before any answer is waited for: each answers once its next hops are known, and one's next hop may be
 * another's address, which that one answers for only when it has got the plan's.
 */
static int
attach_engines(struct rs_daemon *d, struct rs_engine *engines[], struct rs_err *err)
{
	struct rs_mail mails[RS_MAX_WORKERS];
	uint32_t n = 0;
	int rc = 0;

	d->run->attached = true;
	for (; rc == 0 && n < d->n_workers; n++) {
		mails[n] = (struct rs_mail){ .type = RS_MAIL_ATTACH, .data = engines[n] };
		mails[n].arg[1] = (uint64_t)(uintptr_t)d->plan;
		if (d->run->conns)
			mails[n].arg[2] = (uint64_t)(uintptr_t)run_conns_worker(d->run->conns, n);
		d->run->engines[n] = engines[n];
		rc = daemon_post(d, n, &mails[n]);
		if (rc == 0)
			engines[n] = NULL; /* the worker's now */
	}
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = daemon_await(d, i, &mails[i], ASK_NS);
		if (rc == 0 && mails[i].arg[0] && !d->quiet)
			fprintf(stderr,
				"worker %u: %llu next hops do not answer ARP or neighbour discovery yet\n",
				i, (unsigned long long)mails[i].arg[0]);
	}
	return rc ? rs_err_set(err, -EIO, "a worker does not answer: restart the daemon") : 0;
}

static int
make_engines(struct rs_daemon *d, struct rs_err *err)
{
	struct rs_engine *engines[RS_MAX_WORKERS] = { 0 };
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < d->n_workers; i++)
		rc = make_engine(d, i, &engines[i], err);
	if (rc == 0 && rs_engine_srtp_name(engines[0]))
		snprintf(d->run->srtp, sizeof(d->run->srtp), "%s", rs_engine_srtp_name(engines[0]));
	if (rc == 0)
		rc = attach_engines(d, engines, err);
	for (uint32_t i = 0; i < d->n_workers; i++)
		rs_engine_free(engines[i]); /* those that no worker has got */
	return rc;
}

/* Where the report will go is tried before the run, not after it. */
static int
check_reports(const struct rs_daemon *d, struct rs_err *err)
{
	const char *dir = d->plan->reports;

	if (!dir || ((mkdir(dir, 0777) == 0 || errno == EEXIST) && access(dir, W_OK | X_OK) == 0))
		return 0;
	return rs_err_set(err, -EACCES,
		"run.reports: \"%s\" is no directory to write to (%s): make it, or name another",
		dir, strerror(errno));
}

int
rs_daemon_start(struct rs_daemon *d, struct rs_err *err)
{
	if (run_is_on(d))
		return rs_err_set(err, -EBUSY, "a run is %s already", rs_state_name(d->state));
	int rc = check_reports(d, err);

	if (rc == 0)
		rc = run_free(d, err);
	if (rc)
		return rc;
	rc = daemon_take_addresses(d, err);
	if (rc == 0)
		rc = make_run(d, err);
	if (rc == 0)
		rc = make_engines(d, err);
	if (rc) {
		(void)run_free(d, NULL);
		d->state = RS_STATE_IDLE;
		return rc;
	}
	d->run->t0_ns = daemon_now(d) + T0_LEAD_NS;
	d->run->started_wall_us = rs_clock_wall_us() + T0_LEAD_NS / 1000;
	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		d->run->begun_ns[i] = d->run->t0_ns;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_BEGIN, .arg = { d->run->t0_ns } });
	d->state = RS_STATE_RUNNING;
	daemon_event(d, "started", NULL);
	return 0;
}

bool
run_is_on(const struct rs_daemon *d)
{
	return d->state == RS_STATE_RUNNING || d->state == RS_STATE_PAUSED ||
		d->state == RS_STATE_DRAINING;
}
