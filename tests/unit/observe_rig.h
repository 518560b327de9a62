/* SPDX-License-Identifier: BSD-3-Clause */
/** A run that is counted by hand: two workers, one port, an activity that places calls and one that answers them. */
#ifndef RS_TESTS_OBSERVE_RIG_H
#define RS_TESTS_OBSERVE_RIG_H

#include <math.h>

#include "observe/observe.h"
#include "plan_text.h"
#include "unit.h"

#define RIG_WORKERS 2
#define RIG_T0 (100 * RS_NS_PER_S)
#define MS 1000000ull

enum { RIG_RING, RIG_CALLS }; /* activities */

static const char rig_plan[] =
	"sut = { name = \"SBC\"; version = \"7\"; };\n"
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 10; addresses = \"198.18.4.1\"; },\n"
	"              { name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\"; } );\n"
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
	"               { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100; } );\n"
	"run = { seed = 7; };\n";

static inline int
rig_scenario(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out, struct rs_findings *findings,
	struct rs_err *err)
{
	const char *xml = strncmp(file, "uas", 3) == 0
		? "<scenario name=\"s\"><recv request=\"INVITE\"/><send><![CDATA[\nSIP/2.0 200 OK\nContent-Length: 0\n\n]]></send>"
		  "<recv request=\"ACK\"/></scenario>"
		: "<scenario name=\"c\"><send retrans=\"500\" start_rtd=\"setup\"><![CDATA[\nINVITE sip:a@b SIP/2.0\n"
		  "Content-Length: 0\n\n]]></send><recv response=\"200\" rtd=\"setup\" counter=\"good\"/><pause/></scenario>";

	return rs_scenario_compile(file, rs_slice_str(xml), opts, out, findings, err);
}

struct rig {
	struct rs_plan *plan;
	struct rs_account *accounts[RIG_WORKERS];
	struct rs_metrics worker_cells[RIG_WORKERS], port_cells[RIG_WORKERS];
	struct rs_metrics *workers[RIG_WORKERS], *ports[RIG_WORKERS * 2];
	struct rs_clock clock;
	struct rs_observer *o;
	struct rs_run_facts facts;
};

static inline void
rig_plan_from(struct rig *r, const char *text)
{
	const struct rs_plan_io io = { .n_cores = 2, .find = no_files_find, .scenario = rig_scenario, .data = no_files_data };
	struct rs_err err;

	*r = (struct rig){ .clock = { .hz = RS_NS_PER_S } };
	if (rs_plan_read_text("rig.conf", text, strlen(text), NULL, 0, &io, &r->plan, &err) != 0)
		fail_msg("%s", err.text);
	for (int w = 0; w < RIG_WORKERS; w++) {
		assert_int_equal(rs_account_create(r->plan, &r->accounts[w]), 0);
		assert_int_equal(rs_metrics_init(&r->worker_cells[w], &rs_worker_metrics_table), 0);
		assert_int_equal(rs_metrics_init(&r->port_cells[w], &rs_net_metrics_table), 0);
		r->workers[w] = &r->worker_cells[w];
		r->ports[w * 2 + w] = &r->port_cells[w]; /* port w is worker w's alone */
	}
	r->facts = (struct rs_run_facts){
		.id = "20260102T030405Z-1",
		.started_wall_us = 1767323045678901,
		.t0_ns = RIG_T0,
		.state = "running",
		.rate_hz = 100,
		.memory_mb = 256,
	};
}

static inline void
rig_observe(struct rig *r)
{
	struct rs_observed what = {
		.plan = r->plan,
		.accounts = r->accounts,
		.workers = r->workers,
		.ports = r->ports,
		.n_workers = RIG_WORKERS,
		.n_ports = 2,
		.clock = &r->clock,
	};

	assert_int_equal(rs_observer_create(&what, &r->o), 0);
}

static inline void
rig_up(struct rig *r)
{
	rig_plan_from(r, rig_plan);
	rig_observe(r);
}

static inline void
rig_down(struct rig *r)
{
	rs_observer_free(r->o);
	for (int w = 0; w < RIG_WORKERS; w++) {
		rs_account_free(r->accounts[w]);
		rs_metrics_fini(&r->worker_cells[w]);
		rs_metrics_fini(&r->port_cells[w]);
	}
	rs_plan_free(r->plan);
}

static inline struct rs_metrics *
rig_cells(struct rig *r, uint32_t worker, uint32_t activity)
{
	return &r->accounts[worker]->activities[activity].cells;
}

/* As the engine counts @n calls of a kind: every one measured. */
static inline void
rig_start(struct rig *r, uint32_t worker, uint32_t activity, uint32_t n)
{
	struct rs_metrics *m = rig_cells(r, worker, activity);

	rs_metric_add(m, RS_AM_OFFERED, n);
	rs_metric_add(m, RS_AM_M_OFFERED, n);
	rs_metric_add(m, RS_AM_STARTED, n);
	rs_metric_add(m, RS_AM_M_STARTED, n);
	rs_metric_add(m, RS_AM_OPEN, n);
	rs_metric_max(m, RS_AM_PEAK, rs_metric_get(m, RS_AM_OPEN));
}

static inline void
rig_complete(struct rig *r, uint32_t worker, uint32_t activity, uint32_t n)
{
	struct rs_metrics *m = rig_cells(r, worker, activity);

	rs_metric_add(m, RS_AM_ESTABLISHED, n);
	rs_metric_add(m, RS_AM_M_ESTABLISHED, n);
	rs_metric_add(m, RS_AM_COMPLETED, n);
	rs_metric_add(m, RS_AM_M_COMPLETED, n);
	rs_metric_add(m, RS_AM_OPEN, (uint64_t)-(int64_t)n);
}

static inline void
rig_fail(struct rig *r, uint32_t worker, uint32_t activity, uint32_t step, uint32_t cause, uint32_t n)
{
	struct rs_metrics *m = rig_cells(r, worker, activity);

	r->accounts[worker]->activities[activity].program.failures[(size_t)step * RS_CAUSES + cause] += n;
	rs_metric_add(m, RS_AM_FAILED, n);
	rs_metric_add(m, RS_AM_M_FAILED, n);
	rs_metric_add(m, RS_AM_OPEN, (uint64_t)-(int64_t)n);
}

static inline void
rig_not_started(struct rig *r, uint32_t worker, uint32_t activity, uint32_t why, uint32_t n)
{
	struct rs_metrics *m = rig_cells(r, worker, activity);

	rs_metric_add(m, RS_AM_OFFERED, n);
	rs_metric_add(m, RS_AM_M_OFFERED, n);
	rs_metric_add(m, RS_AM_NOT_STARTED, n);
	rs_metric_add(m, RS_AM_M_NOT_STARTED, n);
	rs_metric_add(m, why, n);
}

static inline void
rig_step(struct rig *r, uint32_t worker, uint32_t activity, uint32_t step, uint32_t what, uint32_t n)
{
	rs_metric_add(&r->accounts[worker]->activities[activity].program.steps[step], what, n);
}

/* Post-dial delays of 1 ms to @n ms, one each, as the engine records them: measured and for the intervals. */
static inline void
rig_post_dial(struct rig *r, uint32_t worker, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++) {
		rs_metric_record(rig_cells(r, worker, RIG_CALLS), RS_AM_POST_DIAL, i * MS);
		rs_metric_record(rig_cells(r, worker, RIG_CALLS), RS_AM_POST_DIAL_ALL, i * MS);
	}
}

/*
 * Legs, matched on worker 1: of 96 placed calls 92 were established and 90 of those found their other half, of the 4 others one; 93
 * of 95 answered ones were established, 90 are halves of those, and one of the others that of a call that failed.
 */
static inline void
rig_legs(struct rig *r)
{
	rs_metric_add(rig_cells(r, 0, RIG_CALLS), RS_AM_LEGS, 96);
	rs_metric_add(rig_cells(r, 0, RIG_CALLS), RS_AM_LEGS_UP, 92);
	rs_metric_add(rig_cells(r, 1, RIG_CALLS), RS_AM_LEGS_MATCHED, 91);
	rs_metric_add(rig_cells(r, 1, RIG_CALLS), RS_AM_LEGS_MATCHED_UP, 90);
	rs_metric_add(rig_cells(r, 1, RIG_CALLS), RS_AM_LEGS_WRONG, 5);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_LEGS, 95);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_LEGS_UP, 93);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_LEGS_MATCHED, 91);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_LEGS_MATCHED_UP, 90);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_LEGS_NO_KEY, 2);
	rs_metric_add(&r->accounts[1]->engine, RS_ENG_HALVES_EARLY, 3);
	for (uint32_t i = 1; i <= 90; i++) {
		rs_metric_record(rig_cells(r, 1, RIG_CALLS), RS_AM_LEG_INVITE, i * MS);
		rs_metric_record(rig_cells(r, 1, RIG_CALLS), RS_AM_LEG_OK, 2 * MS);
	}
}

/* A whole short run: 100 calls placed and answered, some of them in trouble; ended after 2.5 s. */
static inline void
rig_play(struct rig *r)
{
	for (uint32_t w = 0; w < RIG_WORKERS; w++) {
		rig_start(r, w, RIG_CALLS, 50);
		rig_start(r, w, RIG_RING, 50);
		rig_post_dial(r, w, 50);
		for (uint32_t i = 0; i < 50; i++) {
			rs_metric_record(rig_cells(r, w, RIG_CALLS), RS_AM_ANSWER, 2 * MS);
			rs_metric_record(rig_cells(r, w, RIG_CALLS), RS_AM_LATENESS, 30000);
			rs_metric_record(&r->accounts[w]->activities[RIG_CALLS].program.rtds[0], 0, 3 * MS);
			rs_account_count(&r->accounts[w]->activities[RIG_CALLS].program, 0);
		}
		rig_step(r, w, RIG_CALLS, 0, RS_SM_MESSAGES, 50);
		rig_step(r, w, RIG_CALLS, 1, RS_SM_MESSAGES, 48);
		rig_step(r, w, RIG_RING, 0, RS_SM_MESSAGES, 50);
		rs_metric_add(rig_cells(r, w, RIG_CALLS), RS_AM_SIP_SENT, 50);
		rs_metric_add(rig_cells(r, w, RIG_RING), RS_AM_SIP_SENT, 49);
		rs_metric_add(&r->accounts[w]->engine, RS_ENG_RECEIVED, 99);
		rs_metric_add(&r->worker_cells[w], RS_WORK_BUSY_CYCLES, 500 * MS);
		rs_metric_record(&r->worker_cells[w], RS_WORK_TURN, 4000);
	}
	rig_legs(r);
	rs_observer_tick(r->o, RIG_T0 + 1010 * MS, RIG_T0);
	for (uint32_t w = 0; w < RIG_WORKERS; w++) {
		rig_complete(r, w, RIG_CALLS, 48);
		rig_complete(r, w, RIG_RING, 50);
	}
	rig_fail(r, 0, RIG_CALLS, 1, RS_CAUSE_TIMEOUT, 2);
	rig_step(r, 0, RIG_CALLS, 1, RS_SM_TIMEOUTS, 2);
	rig_step(r, 0, RIG_CALLS, 0, RS_SM_RETRANS, 10);
	rig_fail(r, 1, RIG_CALLS, 1, RS_CAUSE_RESPONSE + 186, 1);
	rig_fail(r, 1, RIG_CALLS, 3, RS_CAUSE_NO_ROUTE, 1);
	rig_not_started(r, 1, RIG_CALLS, RS_AM_NOT_LIMIT, 3);
	rs_metric_add(rig_cells(r, 0, RIG_CALLS), RS_AM_SIP_RETRANSMITTED, 10);
	rs_metric_add(rig_cells(r, 1, RIG_RING), RS_AM_SIP_UNEXPECTED, 1);
	rs_metric_add(&r->accounts[1]->engine, RS_ENG_MALFORMED, 4);
	rs_metric_add(&r->port_cells[0], RS_NET_RX_PACKETS, 99);
	rs_metric_add(&r->port_cells[0], RS_NET_TX_FULL, 5);
	rs_metric_set(&r->port_cells[1], RS_NET_DEV_MISSED, 6);
	rs_observer_tick(r->o, RIG_T0 + 2020 * MS, RIG_T0);
	r->facts.end_ns = RIG_T0 + 2500 * MS;
	r->facts.state = "done";
	rs_observer_tick(r->o, r->facts.end_ns, RIG_T0);
}

/* The member at @path, dots between names, numbers for places in lists. */
static inline const json_t *
at(const json_t *j, const char *path)
{
	char name[64];

	while (j && *path) {
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(name)) : json_object_get(j, name);
		path += n + (path[n] == '.');
	}
	return j;
}

static inline void
assert_count(const json_t *j, const char *path, long long want)
{
	if (!json_is_integer(at(j, path)) || json_integer_value(at(j, path)) != want)
		fail_msg("%s is %lld (type %d), not %lld", path, (long long)json_integer_value(at(j, path)),
			at(j, path) ? (int)json_typeof(at(j, path)) : -1, want);
}

static inline void
assert_near(const json_t *j, const char *path, double want)
{
	double got = json_number_value(at(j, path));

	if (!json_is_number(at(j, path)) || fabs(got - want) > 0.0011 * fabs(want))
		fail_msg("%s is %g, not %g", path, got, want);
}

static inline void
assert_text(const json_t *j, const char *path, const char *want)
{
	if (!json_is_string(at(j, path)))
		fail_msg("%s is no text", path);
	assert_string_equal(json_string_value(at(j, path)), want);
}

#endif
