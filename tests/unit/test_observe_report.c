/* SPDX-License-Identifier: BSD-3-Clause */
/* The report's members, from cells that are counted by hand. */
#include <pthread.h>

#include "observe_rig.h"

static struct rig rig;
static json_t *report;
static enum rs_verdict verdict;

static int
set_up(void **state)
{
	rig_up(&rig);
	return 0;
}

static int
tear_down(void **state)
{
	json_decref(report);
	report = NULL;
	rig_down(&rig);
	return 0;
}

static void
make_report(void)
{
	rig_play(&rig);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
}

static void
all_members_of_the_contract_are_there(void **state)
{
	static const char *const members[] = {
		"schema", "run.id", "run.plan", "run.seed", "run.started", "run.duration_s", "run.measured_s", "run.verdict",
		"run.reasons", "calls.placed.offered", "calls.placed.not_started", "calls.placed.started",
		"calls.placed.established", "calls.placed.completed", "calls.placed.failed", "calls.placed.open",
		"calls.placed.peak", "calls.answered.offered", "calls.answered.peak", "activities.0.name", "activities.0.do",
		"activities.0.offered", "activities.0.peak", "sip.sent", "sip.received", "sip.retransmitted", "sip.unexpected",
		"sip.malformed", "failures.0.cause", "failures.0.step", "failures.0.count", "latency_ms.trying.count",
		"latency_ms.post_dial.p999", "latency_ms.answer.min", "latency_ms.disconnect.mean", "latency_ms.register.max",
		"lateness_ms.count", "lateness_ms.p99", "intervals.0.t", "intervals.0.offered", "intervals.0.started",
		"intervals.0.open", "intervals.0.failed", "intervals.0.p50", "intervals.0.p99", "intervals.0.limited",
		"health.limited_intervals", "health.busy", "health.lateness", "health.misses", "health.drops",
		"health.workers.1.busy", "environment.version", "environment.cpu", "environment.workers",
		"environment.ports.0.device", "environment.ports.0.driver", "environment.ports.0.steering",
		"environment.ports.0.offloads", "environment.ports.0.miss_counter", "environment.memory",
	};

	make_report();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!at(report, members[i]))
			fail_msg("no %s", members[i]);
	assert_text(report, "schema", "ringstorm.report/1");
	assert_text(report, "run.id", "20260102T030405Z-1");
	assert_text(report, "run.plan", "rig.conf");
	assert_count(report, "run.seed", 7);
	assert_text(report, "run.started", "2026-01-02T03:04:05.678Z");
	assert_near(report, "run.duration_s", 2.5);
	assert_near(report, "run.measured_s", 2.5);
}

static void
calls_add_up(void **state)
{
	static const char *const sides[] = { "calls.placed", "calls.answered", "activities.0", "activities.1" };

	make_report();
	assert_count(report, "calls.placed.offered", 103);
	assert_count(report, "calls.placed.not_started", 3);
	assert_count(report, "calls.placed.completed", 96);
	assert_count(report, "calls.placed.failed", 4);
	assert_count(report, "calls.placed.peak", 100); /* 50 on each worker */
	assert_count(report, "calls.answered.completed", 100);
	assert_text(report, "activities.1.name", "calls");
	assert_text(report, "activities.1.do", "call");
	assert_count(report, "activities.1.not_started_because.limit", 3);
	for (int i = 0; i < 4; i++) {
		const json_t *c = at(report, sides[i]);

		assert_count(c, "offered",
			json_integer_value(at(c, "started")) + json_integer_value(at(c, "not_started")));
		assert_count(c, "started",
			json_integer_value(at(c, "completed")) + json_integer_value(at(c, "failed")) +
				json_integer_value(at(c, "open")));
	}
}

static void
sip_messages_are_those_of_both_sides(void **state)
{
	make_report();
	assert_count(report, "sip.sent", 198);
	assert_count(report, "sip.received", 198);
	assert_count(report, "sip.retransmitted", 10);
	assert_count(report, "sip.unexpected", 1);
	assert_count(report, "sip.malformed", 4);
}

static void
failures_name_cause_step_and_activity_the_most_frequent_first(void **state)
{
	make_report();
	assert_int_equal(json_array_size(at(report, "failures")), 3);
	assert_text(report, "failures.0.cause", "timeout");
	assert_text(report, "failures.0.step", "200");
	assert_count(report, "failures.0.index", 1);
	assert_text(report, "failures.0.activity", "calls");
	assert_count(report, "failures.0.count", 2);
	assert_text(report, "failures.1.cause", "response 486");
	assert_text(report, "failures.2.cause", "no route");
	assert_text(report, "failures.2.step", "before the first step");
	assert_true(json_is_null(at(report, "failures.2.index")));
}

static void
latencies_are_of_all_workers_in_ms(void **state)
{
	make_report();
	assert_count(report, "latency_ms.post_dial.count", 100);
	assert_near(report, "latency_ms.post_dial.min", 1);
	assert_near(report, "latency_ms.post_dial.mean", 25.5);
	assert_near(report, "latency_ms.post_dial.p50", 25);
	assert_near(report, "latency_ms.post_dial.p90", 45);
	assert_near(report, "latency_ms.post_dial.p99", 50);
	assert_near(report, "latency_ms.post_dial.max", 50);
	assert_near(report, "latency_ms.answer.p50", 2);
	assert_near(report, "lateness_ms.p99", 0.03);
	assert_near(report, "response_times.0.mean", 3);
	assert_text(report, "response_times.0.name", "setup");
	assert_count(report, "counters.0.count", 100);
	assert_text(report, "counters.0.name", "good");
}

static void
without_samples_a_latency_is_zero_and_nulls(void **state)
{
	static const char *const stats[] = { "min", "mean", "p50", "p90", "p99", "p999", "max" };
	char path[64];

	make_report();
	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "latency_ms.trying.%s", stats[i]);
		assert_true(json_is_null(at(report, path)));
		snprintf(path, sizeof(path), "latency_ms.register.%s", stats[i]);
		assert_true(json_is_null(at(report, path)));
	}
	assert_count(report, "latency_ms.trying.count", 0);
	assert_count(report, "latency_ms.register.count", 0);
}

static void
each_step_has_its_counts(void **state)
{
	make_report();
	assert_text(report, "scenarios.1.activity", "calls");
	assert_text(report, "scenarios.1.steps.0.name", "INVITE");
	assert_text(report, "scenarios.1.steps.0.kind", "send");
	assert_count(report, "scenarios.1.steps.0.messages", 100);
	assert_count(report, "scenarios.1.steps.0.retrans", 10);
	assert_count(report, "scenarios.1.steps.1.timeouts", 2);
	assert_text(report, "scenarios.1.steps.2.name", "pause");
	assert_int_equal(json_array_size(at(report, "scenarios.0.steps")), 3);
}

static void
health_shows_what_was_lost_and_where(void **state)
{
	make_report();
	assert_count(report, "health.limited_intervals", 1);
	assert_near(report, "health.busy", 0.2); /* 0.5 s of 2.5 s */
	assert_count(report, "health.tx_full", 5);
	assert_count(report, "health.misses", 6);
	assert_count(report, "health.workers.0.tx_full", 5);
	assert_count(report, "health.workers.1.tx_full", 0);
	assert_count(report, "health.workers.1.misses", 6);
	assert_count(report, "health.ports.1.dev_missed", 6);
	assert_count(report, "health.turn_us.count", 2);
	assert_near(report, "health.turn_us.max", 4);
	assert_count(report, "health.lateness.count", 100);
	assert_text(report, "health.signals.0", "6 packets missed by devices for want of room");
}

static void
what_earlier_runs_left_in_the_process_is_not_counted(void **state)
{
	rs_observer_free(rig.o);
	for (int w = 0; w < RIG_WORKERS; w++) {
		rs_metric_add(&rig.port_cells[w], RS_NET_TX_FULL, 1000);
		rs_metric_set(&rig.port_cells[w], RS_NET_DEV_MISSED, 0);
		rs_metric_add(&rig.worker_cells[w], RS_WORK_BUSY_CYCLES, 1000 * RS_NS_PER_S);
		rs_metric_record(&rig.worker_cells[w], RS_WORK_TURN, 77 * MS);
	}
	rig_observe(&rig);
	make_report();
	assert_count(report, "health.tx_full", 5);
	assert_near(report, "health.busy", 0.2);
	assert_count(report, "health.turn_us.count", 2);
	assert_near(report, "health.turn_us.max", 4);
}

static void
legs_are_what_is_left_of_both_sides(void **state)
{
	make_report();
	assert_text(report, "legs.by", "called user");
	assert_count(report, "legs.matched", 91);
	assert_count(report, "legs.unmatched_placed", 2);
	assert_count(report, "legs.unmatched_answered", 3);
	assert_count(report, "legs.unmatched", 5);
	assert_count(report, "legs.not_forwarded", 3);
	assert_count(report, "legs.branches", 1);
	assert_count(report, "legs.wrong_endpoint", 5);
	assert_count(report, "legs.without_key", 2);
	assert_count(report, "legs.given_up", 3);
	assert_count(report, "legs.delay_ms.invite.count", 90);
	assert_near(report, "legs.delay_ms.invite.max", 90);
	assert_near(report, "legs.delay_ms.ok.mean", 2);
	assert_count(report, "legs.delay_ms.bye.count", 0);
}

static void
a_plan_that_matches_no_legs_says_so(void **state)
{
	char plan[4096];

	rig_down(&rig);
	snprintf(plan, sizeof(plan), "%s", rig_plan);
	snprintf(strstr(plan, "run = {"), 64, "run = { legs = \"none\"; };\n");
	rig_plan_from(&rig, plan);
	rig_observe(&rig);
	make_report();
	assert_true(json_is_null(at(report, "legs")));
}

static void
reset_moves_the_zero_of_stats_but_not_of_the_report(void **state)
{
	json_t *stats;

	rig_start(&rig, 0, RIG_CALLS, 10);
	rig_post_dial(&rig, 0, 10);
	rs_observer_tick(rig.o, RIG_T0 + RS_NS_PER_S, RIG_T0);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + RS_NS_PER_S);
	assert_count(stats, "calls.placed.started", 10);
	json_decref(stats);

	rs_observer_reset(rig.o, RIG_T0 + RS_NS_PER_S);
	rig_start(&rig, 1, RIG_CALLS, 5);
	rig_complete(&rig, 1, RIG_CALLS, 2);
	rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_POST_DIAL, 80 * MS);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + 3 * RS_NS_PER_S);
	assert_count(stats, "calls.placed.started", 5);
	assert_count(stats, "calls.placed.completed", 2);
	assert_count(stats, "calls.placed.open", 13); /* a state: what is open now */
	assert_count(stats, "latency_ms.post_dial.count", 1);
	assert_near(stats, "latency_ms.post_dial.p50", 80);
	assert_near(stats, "run.duration_s", 2);
	json_decref(stats);

	rs_observer_tick(rig.o, RIG_T0 + 3 * RS_NS_PER_S, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_count(report, "calls.placed.started", 15);
	assert_count(report, "latency_ms.post_dial.count", 11);
}

static void
names_that_are_not_utf8_do_not_spoil_a_report(void **state)
{
	char name[] = "caf\xe9";

	rig.plan->activities[RIG_CALLS].name = name;
	make_report();
	assert_text(report, "activities.1.name", "caf?");
}

static void
totals_need_no_tick(void **state)
{
	struct rs_totals t;
	struct rs_call_totals a;

	rig_start(&rig, 0, RIG_CALLS, 3);
	rig_start(&rig, 1, RIG_CALLS, 4);
	rig_complete(&rig, 1, RIG_CALLS, 1);
	rs_metric_set(&rig.accounts[1]->engine, RS_ENG_STOP_ASKED, 2);
	rs_metric_set(&rig.accounts[0]->engine, RS_ENG_STOP_ASKED, 1);
	rs_metric_set(&rig.accounts[0]->engine, RS_ENG_LINGERING, 9);
	rs_observer_totals(rig.o, &t);
	assert_int_equal(t.placed.started, 7);
	assert_int_equal(t.placed.open, 6);
	assert_int_equal(t.answered.offered, 0);
	assert_int_equal(t.stop_asked, 2);
	assert_int_equal(t.lingering, 9);
	rs_observer_activity(rig.o, RIG_CALLS, &a);
	assert_int_equal(a.offered, 7);
	assert_int_equal(a.peak, 7);
}

static uint64_t allocations, fail_at;

static void *
allocate(size_t n)
{
	return fail_at && ++allocations >= fail_at ? NULL : malloc(n);
}

static void
without_memory_there_is_no_report_rather_than_half_of_one(void **state)
{
	uint64_t n;

	rig_play(&rig);
	json_set_alloc_funcs(allocate, free);
	allocations = 0;
	fail_at = UINT64_MAX;
	json_decref(rs_observer_report(rig.o, &rig.facts, &verdict));
	n = allocations;
	assert_true(n > 100);
	for (uint64_t at_n = 1; at_n <= n; at_n += 1 + at_n / 20) {
		allocations = 0;
		fail_at = at_n;
		if (rs_observer_report(rig.o, &rig.facts, &verdict))
			fail_msg("a report without the allocations from %llu on", (unsigned long long)at_n);
	}
	fail_at = 0;
	json_set_alloc_funcs(malloc, free);
}

/* A worker as it counts: one call after the other, up to three open. */
static void *
work(void *arg)
{
	atomic_bool *stop = arg;

	while (!atomic_load(stop)) {
		rig_start(&rig, 0, RIG_CALLS, 1);
		rig_start(&rig, 0, RIG_CALLS, 1);
		rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_LIMIT, 1);
		rig_start(&rig, 0, RIG_CALLS, 1);
		rig_complete(&rig, 0, RIG_CALLS, 2);
		rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_TIMEOUT, 1);
	}
	return NULL;
}

static void
sums_hold_while_workers_count(void **state)
{
	atomic_bool stop = false;
	uint64_t last = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, work, &stop), 0);
	for (int i = 0; i < 20000 || last == 0; i++) {
		struct rs_call_totals t;

		rs_observer_activity(rig.o, RIG_CALLS, &t);
		assert_true(t.offered == t.started + t.not_started);
		assert_true(t.completed + t.failed <= t.started);
		assert_true(t.started == t.completed + t.failed + t.open);
		assert_true(t.started >= last);
		last = t.started;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_members_of_the_contract_are_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(calls_add_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sip_messages_are_those_of_both_sides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_name_cause_step_and_activity_the_most_frequent_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(latencies_are_of_all_workers_in_ms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_samples_a_latency_is_zero_and_nulls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_step_has_its_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(health_shows_what_was_lost_and_where, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_earlier_runs_left_in_the_process_is_not_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(legs_are_what_is_left_of_both_sides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_plan_that_matches_no_legs_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reset_moves_the_zero_of_stats_but_not_of_the_report, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_not_utf8_do_not_spoil_a_report, set_up, tear_down),
		cmocka_unit_test_setup_teardown(totals_need_no_tick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_there_is_no_report_rather_than_half_of_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sums_hold_while_workers_count, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
