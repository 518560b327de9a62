/* SPDX-License-Identifier: BSD-3-Clause */
/* Which seconds the generator limited, by which bound, and what that does to calls, figures and the verdict. */
#include <stdatomic.h>

#include "observe_rig.h"

static struct rig rig;
static json_t *report;
static enum rs_verdict verdict;
static _Atomic uint64_t limited_until;
static uint64_t at_ms;

static void
begin(const char *run)
{
	char *text = plan_edit(rig_plan, "run = { seed = 7; };", run);

	rig_plan_from(&rig, text);
	free(text);

	struct rs_observed what = {
		.plan = rig.plan,
		.accounts = rig.accounts,
		.workers = rig.workers,
		.ports = rig.ports,
		.n_workers = RIG_WORKERS,
		.n_ports = 2,
		.clock = &rig.clock,
		.limited_until = &limited_until,
	};

	limited_until = 0;
	at_ms = 0;
	assert_int_equal(rs_observer_create(&what, &rig.o), 0);
}

static int
set_up(void **state)
{
	begin("run = { seed = 7; };");
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
again(const char *run)
{
	tear_down(NULL);
	begin(run);
}

/* A second passes with a call of each side in it. */
static void
second(void)
{
	at_ms += 1000;
	for (uint32_t w = 0; w < RIG_WORKERS; w++)
		rs_metric_add(&rig.worker_cells[w], RS_WORK_TURNS, 1000);
	rig_start(&rig, 0, RIG_CALLS, 1);
	rig_complete(&rig, 0, RIG_CALLS, 1);
	rs_observer_tick(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
}

static const json_t *
look(void)
{
	json_decref(report);
	rig.facts.end_ns = RIG_T0 + at_ms * MS;
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
	return report;
}

/* The bound @name as `health` tells of it. */
static const json_t *
bound(const char *name)
{
	const json_t *b;
	size_t i;

	json_array_foreach (at(look(), "health.bounds"), i, b)
		if (strcmp(json_string_value(at(b, "name")), name) == 0)
			return b;
	fail_msg("no bound %s", name);
	return NULL;
}

static bool
reasons_have(const char *words)
{
	const json_t *r;
	size_t i;

	json_array_foreach (at(report, "run.reasons"), i, r)
		if (strstr(json_string_value(r), words))
			return true;
	return false;
}

/* Second number 1 is the one in which something happens; it alone is limited, by @name at @value. */
static void
assert_breaks(const char *name, double value, int worker, const char *port)
{
	const json_t *b;

	second();
	b = bound(name);
	assert_count(b, "intervals", 1);
	assert_count(b, "t", 1);
	assert_near(b, "worst", value);
	assert_count(b, "worker", worker);
	if (port)
		assert_text(b, "port", port);
	else
		assert_true(json_is_null(at(b, "port")));
	assert_true(json_is_string(at(b, "remedy")));
	assert_true(json_is_false(at(report, "intervals.0.limited")));
	assert_true(json_is_true(at(report, "intervals.1.limited")));
	assert_int_equal(json_array_size(at(report, "intervals.1.limits")), 1);
	assert_text(report, "intervals.1.limits.0.bound", name);
	assert_near(report, "intervals.1.limits.0.value", value);
	assert_true(json_is_false(at(report, "intervals.2.limited")));
	assert_count(report, "health.limited_intervals", 1);
	assert_count(report, "health.limited.0.t", 1);
}

/* What happens in second 1; the third one is quiet again. */
#define IN_SECOND_1(what)                                                                          \
	do {                                                                                       \
		second();                                                                          \
		what;                                                                              \
		second();                                                                          \
	} while (0)

static void
a_worker_without_time_left(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.worker_cells[1], RS_WORK_BUSY_CYCLES, 970 * MS));
	assert_breaks("busy", 97, 1, NULL);
}

static void
time_that_the_machine_took_is_no_work_of_a_worker(void **state)
{
	IN_SECOND_1({
		/* a gap of 200 ms lies in the busy turns: 0.78 of 0.8 s would be too much, 0.5 is not */
		rs_metric_add(&rig.worker_cells[1], RS_WORK_BUSY_CYCLES, 960 * MS);
		rs_metric_record(&rig.worker_cells[1], RS_WORK_GAP, 200 * MS);
	});
	second();
	assert_near(bound("busy"), "worst", 95);
	assert_count(report, "health.limited_intervals", 0);
	assert_int_equal(verdict, RS_VERDICT_PASSED);
}

static void
calls_that_leave_late(void **state)
{
	IN_SECOND_1(for (int i = 0; i < 50; i++)
			rs_metric_record(rig_cells(&rig, 1, RIG_CALLS), RS_AM_LATENESS, 30 * MS));
	assert_breaks("lateness", 30, 1, NULL);
}

static void
one_gap_of_28_ms_that_was_caught_up_with_is_no_limit(void **state)
{
	IN_SECOND_1({
		rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 28 * MS);
		for (uint32_t i = 0; i < 28; i++) {
			rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS, (28 - i) * MS);
			rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS_GAP, (28 - i) * MS);
		}
		for (int i = 0; i < 972; i++)
			rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS, MS / 10);
	});
	second();
	assert_near(bound("gap"), "worst", 2.8);
	assert_count(report, "health.limited_intervals", 0);
	assert_int_equal(verdict, RS_VERDICT_PASSED);
	/* both figures are shown */
	assert_near(report, "health.lateness.max", 28);
	assert_near(report, "health.lateness_without_gaps.max", 0.1);
	assert_count(report, "health.lateness_without_gaps.count", 972);
	assert_near(bound("lateness_with_gaps"), "worst", 18);
	assert_near(bound("lateness"), "worst", 0.1);
}

static void
what_gaps_made_late_must_come_back_into_time(void **state)
{
	IN_SECOND_1(for (int i = 0; i < 50; i++) {
		rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS, 120 * MS);
		rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS_GAP, 120 * MS);
	});
	assert_breaks("lateness_with_gaps", 120, 0, NULL);
}

static void
a_core_that_the_machine_takes_for_a_third_of_the_second(void **state)
{
	IN_SECOND_1(for (int i = 0; i < 10; i++)
			rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 30 * MS));
	assert_breaks("gap", 30, 0, NULL);
}

static void
a_worker_that_makes_no_turn_stands_still(void **state)
{
	second();
	at_ms += 1000;
	rs_metric_add(&rig.worker_cells[0], RS_WORK_TURNS, 10);
	rig_start(&rig, 0, RIG_CALLS, 1);
	rs_observer_tick(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
	assert_breaks("gap", 100, 1, NULL);
}

static void
what_a_transmit_queue_does_not_take(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.port_cells[1], RS_NET_TX_FULL, 3));
	assert_breaks("tx_full", 3, 1, "b");
}

static void
packets_without_a_buffer(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.port_cells[0], RS_NET_TX_NO_MBUF, 2));
	assert_breaks("tx_no_mbuf", 2, 0, "a");
}

static void
receives_without_a_buffer(void **state)
{
	IN_SECOND_1(rs_metric_set(&rig.port_cells[0], RS_NET_DEV_NO_MBUF, 4));
	assert_breaks("device_no_mbuf", 4, 0, "a");
}

static void
packets_that_a_device_missed(void **state)
{
	IN_SECOND_1(rs_metric_set(&rig.port_cells[1], RS_NET_DEV_MISSED, 9));
	assert_breaks("misses", 9, 1, "b");
}

static void
packets_that_must_have_been_missed(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.port_cells[1], RS_NET_MISSES_INFERRED, 9));
	assert_breaks("misses_inferred", 9, 1, "b");
}

static void
a_ring_between_workers_that_was_full(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.worker_cells[0], RS_WORK_REDIRECT_FULL, 1));
	assert_breaks("redirect_full", 1, 0, NULL);
}

static void
fragments_that_the_port_s_owner_did_not_take(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.port_cells[1], RS_NET_FRAG_LOST, 6));
	assert_breaks("redirect_full", 6, 1, "b");
	assert_count(report, "health.redirect_full", 6);
}

static void
whole_datagrams_without_a_buffer(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.port_cells[0], RS_NET_FRAG_NO_MBUF, 2));
	assert_breaks("device_no_mbuf", 2, 0, "a");
	assert_count(report, "health.device_no_mbuf", 2);
}

static void
a_pool_that_was_empty(void **state)
{
	IN_SECOND_1(rs_metric_add(&rig.accounts[1]->engine, RS_ENG_POOL_EMPTY, 5));
	assert_breaks("memory", 5, 1, NULL);
}

static void
what_the_sut_or_its_neighbourhood_loses_is_no_limit_of_ours(void **state)
{
	IN_SECOND_1({
		rs_metric_add(&rig.port_cells[0], RS_NET_TX_UNRESOLVED, 100);
		rs_metric_add(&rig.port_cells[0], RS_NET_RX_FULL_BURSTS, 100);
		rs_metric_add(&rig.port_cells[0], RS_NET_RX_BAD_CHECKSUM, 100);
	});
	assert_count(look(), "health.limited_intervals", 0);
}

static void
all_bounds_that_break_in_a_second_are_told(void **state)
{
	IN_SECOND_1({
		rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 7);
		rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 400 * MS);
		rs_metric_add(&rig.accounts[1]->engine, RS_ENG_POOL_EMPTY, 1);
	});
	second();
	assert_int_equal(json_array_size(at(look(), "intervals.1.limits")), 3);
	assert_count(report, "health.limited_intervals", 1);
	assert_true(reasons_have("tx_full beyond 0 packets in 1 intervals, at worst 7 in second 1, worker 0, port a"));
	assert_true(reasons_have("gap beyond 25 %"));
	assert_true(reasons_have("memory beyond 0 times"));
}

static void
bounds_are_the_plan_s(void **state)
{
	again("run = { seed = 7; health = { drops = 10; gap_percent = 50; busy_percent = 40; }; };");
	IN_SECOND_1({
		rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 5);
		rs_metric_set(&rig.port_cells[1], RS_NET_DEV_MISSED, 5); /* ten of all kinds together */
		rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 400 * MS);
	});
	assert_count(look(), "health.limited_intervals", 0);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 6);
	rs_metric_set(&rig.port_cells[1], RS_NET_DEV_MISSED, 10);
	second();
	assert_count(look(), "health.limited_intervals", 1);
	assert_int_equal(json_array_size(at(report, "intervals.2.limits")), 2);
	rs_metric_add(&rig.worker_cells[0], RS_WORK_BUSY_CYCLES, 500 * MS);
	second();
	assert_text(look(), "intervals.3.limits.0.bound", "busy");
}

static void
time_that_no_call_needed_is_not_judged_but_losses_are(void **state)
{
	rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 900 * MS);
	at_ms = 1000;
	rs_observer_tick(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
	assert_count(look(), "health.limited_intervals", 0);
	assert_count(report, "health.measured_intervals", 0);
	rs_metric_set(&rig.port_cells[1], RS_NET_DEV_MISSED, 9); /* it may have been every INVITE there was */
	at_ms = 2000;
	rs_observer_tick(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
	assert_count(look(), "health.limited_intervals", 1);
}

static void
seconds_nobody_looked_at_share_what_limited_the_last_of_them(void **state)
{
	second();
	rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 1500 * MS);
	at_ms = 2000;
	second();
	assert_true(json_is_false(at(look(), "intervals.0.limited")));
	assert_true(json_is_true(at(report, "intervals.1.limited")));
	assert_true(json_is_true(at(report, "intervals.2.limited")));
	assert_text(report, "intervals.1.limits.0.bound", "gap");
	assert_near(report, "intervals.1.limits.0.value", 75);
}

static void
up_to_five_percent_of_the_intervals_may_be_limited(void **state)
{
	for (int i = 0; i < 19; i++)
		second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	assert_count(look(), "health.limited_measured", 1);
	assert_count(report, "health.measured_intervals", 20);
	assert_int_equal(verdict, RS_VERDICT_PASSED);
	assert_true(reasons_have("1 of 20 intervals were limited by the generator (5 % allowed)"));
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
}

static void
a_benchmark_allows_none(void **state)
{
	again("run = { seed = 7; limited_percent = 0; };");
	for (int i = 0; i < 99; i++)
		second();
	assert_int_equal((look(), verdict), RS_VERDICT_PASSED);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
}

static void
only_the_measured_window_is_judged(void **state)
{
	again("run = { seed = 7; warmup = \"2s\"; measure = \"10s\"; };");
	second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	for (int i = 0; i < 12; i++)
		second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	assert_count(look(), "health.limited_intervals", 2);
	assert_count(report, "health.limited_measured", 0);
	assert_count(report, "health.measured_intervals", 10);
	assert_int_equal(verdict, RS_VERDICT_PASSED);
}

static void
the_end_of_a_run_is_an_interval_too(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 10);
	rig_complete(&rig, 0, RIG_CALLS, 10);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	at_ms = 300;
	rs_observer_end(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
	assert_int_equal(json_array_size(at(look(), "intervals")), 1);
	assert_count(report, "health.limited_intervals", 1);
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
}

static void
three_milliseconds_are_not_a_second(void **state)
{
	second();
	rig_start(&rig, 0, RIG_CALLS, 1);
	rig_complete(&rig, 0, RIG_CALLS, 1);
	rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 2 * MS);
	rs_metric_add(&rig.worker_cells[1], RS_WORK_BUSY_CYCLES, 3 * MS);
	at_ms = 1003;
	rs_observer_end(rig.o, RIG_T0 + at_ms * MS, RIG_T0);
	assert_count(look(), "health.limited_intervals", 0);
}

/* What the worker's engine does at the end of a call that was due before limited_until. */
static void
count_tainted(uint32_t activity, uint32_t n, bool failed)
{
	struct rs_metrics *m = rig_cells(&rig, 0, activity);

	rs_metric_add(m, RS_AM_TAINTED, n);
	rs_metric_add(m, RS_AM_M_TAINTED, n);
	if (failed) {
		rs_metric_add(m, RS_AM_TAINTED_FAILED, n);
		rs_metric_add(m, RS_AM_M_TAINTED_FAILED, n);
	}
}

static void
calls_that_ended_in_a_limited_second_or_began_before_its_end_are_tainted(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 100);
	second();
	assert_int_equal(limited_until, 0);
	rig_complete(&rig, 0, RIG_CALLS, 10); /* ends in it, and cannot know */
	rig_start(&rig, 0, RIG_CALLS, 5);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	assert_int_equal(limited_until, RIG_T0 + 2000 * MS); /* from now on workers know */
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_TIMEOUT, 3);
	count_tainted(RIG_CALLS, 3, true);
	second();
	/* 10, the call of that second itself, and 3 */
	assert_count(look(), "tainted.placed.calls", 14);
	assert_count(report, "tainted.placed.failed", 3);
	assert_count(report, "tainted.answered.calls", 0);
}

static void
failures_of_tainted_calls_alone_are_not_blamed_on_the_sut(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 100);
	for (int i = 0; i < 30; i++)
		second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 4);
	second();
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_TIMEOUT, 4);
	count_tainted(RIG_CALLS, 4, true);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_true(reasons_have("all 4 failed placed calls overlapped intervals that the generator limited"));
	assert_true(reasons_have("generator: 4 placed calls failed"));
	assert_false(reasons_have("SUT: "));
}

static void
calls_that_the_end_of_the_run_stopped_put_no_blame_on_the_sut(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 100);
	second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 4);
	second();
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_TIMEOUT, 4);
	count_tainted(RIG_CALLS, 4, true);
	/* Due after the measured window, and still open when the run ended. */
	rs_metric_add(rig_cells(&rig, 0, RIG_CALLS), RS_AM_FAILED, 3);
	rs_metric_add(rig_cells(&rig, 0, RIG_CALLS), RS_AM_OPEN, (uint64_t)-3);
	rig.accounts[0]->activities[RIG_CALLS].program.failures[RS_CAUSES + RS_CAUSE_STOPPED] += 3;
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_true(reasons_have("generator: 4 placed calls failed, all of them in or after intervals that it limited: timeout (4)"));
	assert_true(reasons_have("stop: 3 placed calls failed: stopped (3)"));
	assert_false(reasons_have("SUT: "));
}

static void
a_failure_outside_of_them_is_the_sut_s(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 100);
	for (int i = 0; i < 30; i++)
		second();
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_RESPONSE + 203, 1);
	second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 4);
	second();
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_TIMEOUT, 4);
	count_tainted(RIG_CALLS, 4, true);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_true(reasons_have("SUT: 5 placed calls failed: timeout (4), response 503 (1)"));
}

static void
too_many_limited_intervals_come_before_any_failure(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 10);
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_RESPONSE + 203, 1);
	second();
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 4);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	rig.facts.stopped_by_hand = true;
	look();
	assert_int_equal(verdict, RS_VERDICT_STOPPED);
}

static void
our_own_lack_of_memory_is_not_the_sut_s(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 10);
	for (int i = 0; i < 30; i++)
		second();
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_MEMORY, 2);
	rs_metric_add(&rig.accounts[0]->engine, RS_ENG_POOL_EMPTY, 3);
	rig_fail(&rig, 0, RIG_CALLS, 1, RS_CAUSE_NO_MEMORY, 1);
	second();
	look();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_true(reasons_have("generator: 2 of 43 placed calls were not started: a pool was empty"));
	assert_true(reasons_have("pools are made for run.max_calls: raise it"));
	assert_false(reasons_have("SUT: "));
}

static void
latencies_are_given_with_and_without_limited_intervals(void **state)
{
	again("run = { seed = 7; thresholds = { post_dial_p99_ms = 50; }; };");
	for (int i = 0; i < 30; i++) {
		rig_post_dial(&rig, 0, 10);
		second();
	}
	rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 600 * MS);
	for (int i = 0; i < 100; i++)
		rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_POST_DIAL, 500 * MS);
	second();
	rig_post_dial(&rig, 0, 10);
	second();
	assert_count(look(), "latency_ms.post_dial.count", 410);
	assert_count(report, "latency_clean_ms.post_dial.count", 310);
	assert_near(report, "latency_ms.post_dial.p99", 500);
	assert_near(report, "latency_clean_ms.post_dial.p99", 10);
	assert_count(report, "latency_clean_ms.answer.count", 0);
	assert_int_equal(verdict, RS_VERDICT_LIMITED); /* it is the gap's, not the SUT's */
	assert_true(reasons_have("post_dial_p99_ms: at most 50 asked"));
	assert_true(reasons_have("outside intervals that the generator limited"));
}

static void
a_reset_moves_the_zero_of_both(void **state)
{
	json_t *stats;

	rig_post_dial(&rig, 0, 10);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	rs_observer_reset(rig.o, RIG_T0 + at_ms * MS);
	rig_post_dial(&rig, 0, 20);
	second();
	rig_post_dial(&rig, 0, 5);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 1);
	second();
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + at_ms * MS);
	assert_count(stats, "latency_ms.post_dial.count", 25);
	assert_count(stats, "latency_clean_ms.post_dial.count", 20);
	assert_near(stats, "latency_clean_ms.post_dial.max", 20);
	assert_count(stats, "tainted.placed.calls", 1);
	json_decref(stats);
	assert_count(look(), "latency_clean_ms.post_dial.count", 20);
	assert_count(report, "tainted.placed.calls", 2);
}

static void
the_rate_to_go_down_to_is_what_a_good_second_held(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 800);
	rig_complete(&rig, 0, RIG_CALLS, 800);
	second();
	rig_start(&rig, 0, RIG_CALLS, 900);
	rig_complete(&rig, 0, RIG_CALLS, 900);
	rs_metric_add(&rig.worker_cells[1], RS_WORK_BUSY_CYCLES, 999 * MS);
	second();
	assert_text(bound("busy"), "remedy",
		"lower the rate to 801 calls/s or less, or add a core to workers.cores (2 now)");
}

static void
limited_seconds_show_while_the_run_is_on(void **state)
{
	struct rs_live l;

	second();
	rs_metric_record(&rig.worker_cells[0], RS_WORK_GAP, 310 * MS);
	second();
	rs_observer_live(rig.o, &rig.facts, RIG_T0 + at_ms * MS, &l);
	assert_int_equal(l.limited, 1);
	assert_string_equal(l.health, "limited: gaps 31 %");
	assert_int_equal(rs_observer_limited(rig.o), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_worker_without_time_left),
		TEST(time_that_the_machine_took_is_no_work_of_a_worker),
		TEST(calls_that_leave_late),
		TEST(one_gap_of_28_ms_that_was_caught_up_with_is_no_limit),
		TEST(what_gaps_made_late_must_come_back_into_time),
		TEST(a_core_that_the_machine_takes_for_a_third_of_the_second),
		TEST(a_worker_that_makes_no_turn_stands_still),
		TEST(what_a_transmit_queue_does_not_take),
		TEST(packets_without_a_buffer),
		TEST(receives_without_a_buffer),
		TEST(packets_that_a_device_missed),
		TEST(packets_that_must_have_been_missed),
		TEST(a_ring_between_workers_that_was_full),
		TEST(fragments_that_the_port_s_owner_did_not_take),
		TEST(whole_datagrams_without_a_buffer),
		TEST(a_pool_that_was_empty),
		TEST(what_the_sut_or_its_neighbourhood_loses_is_no_limit_of_ours),
		TEST(all_bounds_that_break_in_a_second_are_told),
		TEST(bounds_are_the_plan_s),
		TEST(time_that_no_call_needed_is_not_judged_but_losses_are),
		TEST(seconds_nobody_looked_at_share_what_limited_the_last_of_them),
		TEST(up_to_five_percent_of_the_intervals_may_be_limited),
		TEST(a_benchmark_allows_none),
		TEST(only_the_measured_window_is_judged),
		TEST(the_end_of_a_run_is_an_interval_too),
		TEST(three_milliseconds_are_not_a_second),
		TEST(calls_that_ended_in_a_limited_second_or_began_before_its_end_are_tainted),
		TEST(failures_of_tainted_calls_alone_are_not_blamed_on_the_sut),
		TEST(calls_that_the_end_of_the_run_stopped_put_no_blame_on_the_sut),
		TEST(a_failure_outside_of_them_is_the_sut_s),
		TEST(too_many_limited_intervals_come_before_any_failure),
		TEST(our_own_lack_of_memory_is_not_the_sut_s),
		TEST(latencies_are_given_with_and_without_limited_intervals),
		TEST(a_reset_moves_the_zero_of_both),
		TEST(the_rate_to_go_down_to_is_what_a_good_second_held),
		TEST(limited_seconds_show_while_the_run_is_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
