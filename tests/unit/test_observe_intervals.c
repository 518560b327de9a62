/* SPDX-License-Identifier: BSD-3-Clause */
/* The run second by second, and the live line. */
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
tick(uint64_t ms)
{
	rs_observer_tick(rig.o, RIG_T0 + ms * MS, RIG_T0);
}

static const json_t *
intervals(void)
{
	json_decref(report);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
	return at(report, "intervals");
}

static void
each_second_shows_what_came_in_it(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 10);
	rig_post_dial(&rig, 0, 10);
	tick(500);
	tick(1003);
	rig_start(&rig, 1, RIG_CALLS, 20);
	rig_not_started(&rig, 1, RIG_CALLS, RS_AM_NOT_LIMIT, 2);
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_TIMEOUT, 4);
	for (int i = 0; i < 5; i++)
		rs_metric_record(rig_cells(&rig, 1, RIG_CALLS), RS_AM_POST_DIAL_ALL, 200 * MS);
	tick(2001);

	const json_t *list = intervals();

	assert_int_equal(json_array_size(list), 3); /* the third: calls are still open */
	assert_count(list, "0.t", 0);
	assert_count(list, "0.offered", 10);
	assert_count(list, "0.open", 10);
	assert_near(list, "0.p50", 5);
	assert_near(list, "0.p99", 10);
	assert_count(list, "1.t", 1);
	assert_near(list, "1.length_s", 0.998);
	assert_count(list, "1.offered", 22);
	assert_count(list, "1.started", 20);
	assert_count(list, "1.failed", 4);
	assert_count(list, "1.open", 26);
	assert_near(list, "1.p50", 200);
	assert_near(list, "1.p99", 200);
	assert_true(json_is_null(at(list, "2.p50")));
	assert_count(list, "2.open", 26);
}

static void
the_second_that_is_not_over_completes_the_sums(void **state)
{
	long long offered = 0;
	const json_t *list, *i;
	size_t k;

	rig_start(&rig, 0, RIG_CALLS, 10);
	tick(1000);
	rig_start(&rig, 0, RIG_CALLS, 7);
	rig_complete(&rig, 0, RIG_CALLS, 17);
	list = intervals();
	json_array_foreach (list, k, i)
		offered += json_integer_value(at(i, "offered"));
	assert_int_equal(offered, 17);
	assert_count(report, "calls.placed.offered", 17);
	tick(2000); /* looking did not take anything away */
	assert_count(intervals(), "1.offered", 7);
	assert_int_equal(json_array_size(intervals()), 2); /* and what is over leaves no empty second */
}

static void
seconds_nobody_looked_at_are_there_with_their_counts_in_the_last(void **state)
{
	rig_start(&rig, 0, RIG_CALLS, 5);
	tick(1000);
	rig_start(&rig, 0, RIG_CALLS, 9);
	tick(4500);

	const json_t *list = intervals();

	assert_count(list, "1.offered", 0);
	assert_count(list, "1.open", 5);
	assert_count(list, "2.offered", 0);
	assert_count(list, "3.t", 3);
	assert_count(list, "3.offered", 9);
	assert_near(list, "3.length_s", 3.5); /* and over how long */
	assert_near(list, "1.length_s", 0);
}

static void
nothing_is_closed_before_the_run_begins(void **state)
{
	rs_observer_tick(rig.o, RIG_T0 - 5 * RS_NS_PER_S, RIG_T0);
	tick(0);
	tick(999);
	assert_int_equal(json_array_size(intervals()), 0);
}

static void
a_second_in_which_something_was_lost_here_is_limited(void **state)
{
	tick(1000);
	rs_metric_add(&rig.accounts[1]->engine, RS_ENG_POOL_EMPTY, 1);
	tick(2000);
	rs_metric_add(&rig.port_cells[0], RS_NET_RX_FULL_BURSTS, 1); /* worth a look, no loss */
	tick(3000);

	const json_t *list = intervals();

	assert_true(json_is_false(at(list, "0.limited")));
	assert_true(json_is_true(at(list, "1.limited")));
	assert_true(json_is_false(at(list, "2.limited")));
	assert_count(report, "health.limited_intervals", 1);
	assert_int_equal(verdict, RS_VERDICT_LIMITED); /* one of the three is more than 5 % */
}

static void
where_nothing_is_placed_intervals_are_of_answered_calls(void **state)
{
	char *text = strdup(rig_plan), *begin = strstr(text, "uas\"; }"), *end = strstr(text, "rate = 100; }");

	rig_down(&rig);
	memmove(begin + 7, end + 13, strlen(end + 13) + 1); /* without the activity that places */
	rig_plan_from(&rig, text);
	free(text);
	assert_int_equal(rig.plan->n_activities, 1);
	rig_observe(&rig);
	rig_start(&rig, 1, RIG_RING, 3);
	tick(1000);
	assert_count(intervals(), "0.offered", 3);
}

static struct rs_live
live(uint64_t ms)
{
	struct rs_live l;

	rs_observer_live(rig.o, &rig.facts, RIG_T0 + ms * MS, &l);
	return l;
}

static void
the_live_line_is_of_the_last_closed_second(void **state)
{
	struct rs_live l = live(0);

	assert_true(isnan(l.rate_reached) && isnan(l.p50_ms));
	assert_string_equal(l.health, "ok");
	rig_start(&rig, 0, RIG_CALLS, 100);
	tick(1000);
	rig_start(&rig, 0, RIG_CALLS, 80);
	rig_complete(&rig, 0, RIG_CALLS, 30);
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_TIMEOUT, 1);
	rig_post_dial(&rig, 0, 100);
	tick(2050); /* control was late, the rate is not */
	l = live(2100);
	assert_float_equal(l.elapsed_s, 2.1, 1e-9);
	assert_float_equal(l.rate_asked, 100, 0);
	assert_float_equal(l.rate_reached, 80 / 1.05, 1e-9);
	assert_float_equal(l.p50_ms, 50, 0.1);
	assert_float_equal(l.p99_ms, 99, 0.2);
	assert_int_equal(l.offered, 180);
	assert_int_equal(l.completed, 30);
	assert_int_equal(l.failed, 1);
	assert_int_equal(l.open, 149);
}

static void
the_live_line_names_the_signal_that_stands_out(void **state)
{
	rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_LATENESS, 12 * MS);
	rs_metric_record(&rig.worker_cells[1], RS_WORK_GAP, 40 * MS);
	tick(1000);
	assert_string_equal(live(1000).health, "late 12 ms");
	rs_metric_record(&rig.worker_cells[1], RS_WORK_GAP, 25 * MS);
	tick(2000);
	assert_string_equal(live(2000).health, "gap 25 ms");
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_NO_MBUF, 2);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_UNRESOLVED, 2);
	tick(3000);
	assert_string_equal(live(3000).health, "limited: no packet buffers (2)");
	rs_metric_add(&rig.port_cells[0], RS_NET_RX_PACKETS, 640);
	rs_metric_add(&rig.port_cells[0], RS_NET_RX_FULL_BURSTS, 15);
	tick(4000);
	assert_string_equal(live(4000).health, "full bursts (15)");
	tick(5000);
	assert_string_equal(live(5000).health, "ok");
}

static void
health_tells_of_the_last_second_and_of_the_run(void **state)
{
	json_t *h;

	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 3);
	tick(1000);
	rs_metric_add(&rig.port_cells[0], RS_NET_TX_FULL, 2);
	tick(2000);
	h = rs_observer_health(rig.o);
	assert_count(h, "tx_full", 5);
	assert_count(h, "last_interval.tx_full", 2);
	assert_text(h, "now", "limited: transmit queue full (2)");
	assert_count(h, "workers.0.tx_full", 5);
	assert_int_equal(json_array_size(at(h, "signals")), 1);
	json_decref(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_second_shows_what_came_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_second_that_is_not_over_completes_the_sums, set_up, tear_down),
		cmocka_unit_test_setup_teardown(seconds_nobody_looked_at_are_there_with_their_counts_in_the_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_closed_before_the_run_begins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_in_which_something_was_lost_here_is_limited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_nothing_is_placed_intervals_are_of_answered_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_live_line_is_of_the_last_closed_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_live_line_names_the_signal_that_stands_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(health_tells_of_the_last_second_and_of_the_run, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
