/* SPDX-License-Identifier: BSD-3-Clause */
/* Passed or not, and the reasons in words. */
#include "observe_rig.h"

static struct rig rig;
static json_t *report;

static void
begin(const char *run)
{
	char *text = plan_edit(rig_plan, "run = { seed = 7; };", run);

	rig_plan_from(&rig, text);
	free(text);
	rig_observe(&rig);
	rig_start(&rig, 0, RIG_CALLS, 100);
}

/* Ends the run that begin() began. @return its verdict; the reasons, joined by "; ", in @reasons */
static enum rs_verdict
end(char reasons[512])
{
	enum rs_verdict verdict;
	const json_t *r;
	size_t i, n = 0;

	rig.facts.end_ns = RIG_T0 + RS_NS_PER_S;
	rs_observer_tick(rig.o, rig.facts.end_ns, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	reasons[0] = 0;
	json_array_foreach (at(report, "run.reasons"), i, r)
		n += (size_t)snprintf(reasons + n, 512 - n, "%s%s", i ? "; " : "", json_string_value(r));
	assert_text(report, "run.verdict", rs_verdict_name(verdict));
	json_decref(report);
	rig_down(&rig);
	return verdict;
}

static void
all_completed_has_passed(void **state)
{
	char why[512];

	begin("run = { seed = 7; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	assert_int_equal(end(why), RS_VERDICT_PASSED);
	assert_string_equal(why, "");
}

static void
one_failed_call_is_too_many_unless_the_plan_allows_it(void **state)
{
	char why[512];

	begin("run = { seed = 7; };");
	rig_complete(&rig, 0, RIG_CALLS, 99);
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_TIMEOUT, 1);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_string_equal(why,
		"failed_percent: at most 0 asked, 1 got (1 of 100 placed calls); SUT: 1 placed calls failed: timeout (1)");

	begin("run = { seed = 7; thresholds = { failed_percent = 1.0; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 99);
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_TIMEOUT, 1);
	assert_int_equal(end(why), RS_VERDICT_PASSED);
}

static void
the_good_half_does_not_hide_the_other(void **state)
{
	char why[512];

	begin("run = { seed = 7; thresholds = { failed_percent = 1.5; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_start(&rig, 1, RIG_RING, 100);
	rig_fail(&rig, 1, RIG_RING, 0, RS_CAUSE_TIMEOUT, 2);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_string_equal(why,
		"failed_percent: at most 1.5 asked, 2 got (2 of 100 answered calls); SUT: 2 answered calls failed: timeout (2)");
}

static void
calls_outside_the_measured_window_are_not_judged(void **state)
{
	char why[512];

	begin("run = { seed = 7; warmup = \"100ms\"; measure = \"500ms\"; };");
	rs_metric_add(rig_cells(&rig, 0, RIG_CALLS), RS_AM_STARTED, 10);
	rs_metric_add(rig_cells(&rig, 0, RIG_CALLS), RS_AM_FAILED, 10);
	rig_complete(&rig, 0, RIG_CALLS, 100);
	assert_int_equal(end(why), RS_VERDICT_PASSED);
}

static void
the_measured_time_is_the_window_s_share_of_the_run(void **state)
{
	enum rs_verdict verdict;

	begin("run = { seed = 7; warmup = \"1s\"; measure = \"4s\"; };");
	rig.facts.end_ns = RIG_T0 + 8 * RS_NS_PER_S;
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_near(report, "run.duration_s", 8);
	assert_near(report, "run.measured_s", 4);
	json_decref(report);
	rig.facts.end_ns = RIG_T0 + 2 * RS_NS_PER_S;
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_near(report, "run.measured_s", 1);
	json_decref(report);
	rig_down(&rig);
}

static void
latencies_are_held_to_their_bounds(void **state)
{
	char why[512];

	begin("run = { seed = 7; thresholds = { post_dial_p99_ms = 50; post_dial_mean_ms = 60; trying_max_ms = 5; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_post_dial(&rig, 0, 100);
	rs_metric_record(rig_cells(&rig, 0, RIG_CALLS), RS_AM_TRYING, 4 * MS);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_non_null(strstr(why, "post_dial_p99_ms: at most 50 asked, 9"));
	assert_null(strchr(why, ';'));
}

static void
a_bound_on_what_was_never_measured_does_not_hold(void **state)
{
	char why[512];

	begin("run = { seed = 7; thresholds = { disconnect_p50_ms = 50; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_string_equal(why, "disconnect_p50_ms: at most 50 asked, nothing was measured");
}

static void
calls_that_were_not_started_count_where_the_plan_says(void **state)
{
	char why[512];

	begin("run = { seed = 7; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_LIMIT, 100);
	assert_int_equal(end(why), RS_VERDICT_PASSED);

	begin("run = { seed = 7; thresholds = { not_started_percent = 10; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_LIMIT, 100);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_string_equal(why,
		"not_started_percent: at most 10 asked, 50 got (100 of 200 placed calls); "
		"plan: 100 of 200 placed calls were not started: limit or max_calls was reached");
}

static void
a_run_that_started_none_of_its_calls_has_not_passed(void **state)
{
	char why[512];

	rig_plan_from(&rig, rig_plan);
	rig_observe(&rig);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_IDLE, 8);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_string_equal(why,
		"none of 8 calls to be placed was started; plan: 8 of 8 placed calls were not started: no callee was idle");
}

static void
our_own_failures_before_the_measured_window_excuse_none_in_it(void **state)
{
	struct rs_metrics *m;
	char why[512];

	begin("run = { seed = 7; };");
	rig_complete(&rig, 0, RIG_CALLS, 98);
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_RESPONSE + 203, 2);
	m = rig_cells(&rig, 0, RIG_CALLS);
	rs_metric_add(m, RS_AM_OFFERED, 3); /* in the warm-up: not measured */
	rs_metric_add(m, RS_AM_STARTED, 3);
	rs_metric_add(m, RS_AM_FAILED, 3);
	rig.accounts[0]->activities[RIG_CALLS].program.failures[RS_CAUSE_NO_BUFFER] += 3;
	assert_int_equal(end(why), RS_VERDICT_FAILED);
	assert_non_null(strstr(why, "SUT: 2 placed calls failed: response 503 (2)"));
	assert_non_null(strstr(why, "generator: 3 placed calls failed: no buffer (3)"));
}

static void
calls_that_our_own_memory_refused_are_not_the_sut_s(void **state)
{
	char why[512];

	begin("run = { seed = 7; thresholds = { not_started_percent = 1.0; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_MEMORY, 5);
	assert_int_equal(end(why), RS_VERDICT_LIMITED);
	assert_non_null(strstr(why, "not_started_percent: it was a pool of ours that was empty: not blamed on the SUT"));

	begin("run = { seed = 7; thresholds = { not_started_percent = 1.0; }; };");
	rig_complete(&rig, 0, RIG_CALLS, 100);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_MEMORY, 5);
	rig_not_started(&rig, 0, RIG_CALLS, RS_AM_NOT_IDLE, 5);
	assert_int_equal(end(why), RS_VERDICT_FAILED);
}

static void
stopped_by_hand_comes_before_failed(void **state)
{
	char why[512];

	begin("run = { seed = 7; };");
	rig_fail(&rig, 0, RIG_CALLS, 0, RS_CAUSE_STOPPED, 100);
	rig.facts.stopped_by_hand = true;
	assert_int_equal(end(why), RS_VERDICT_STOPPED);
	assert_string_equal(why,
		"stopped by hand; failed_percent: at most 0 asked, 100 got (100 of 100 placed calls); "
		"stop: 100 placed calls failed: stopped (100)");
}

static void
verdicts_have_names_and_exit_statuses(void **state)
{
	assert_int_equal(rs_verdict_status(RS_VERDICT_PASSED), 0);
	assert_int_equal(rs_verdict_status(RS_VERDICT_FAILED), 1);
	assert_int_equal(rs_verdict_status(RS_VERDICT_LIMITED), 4);
	assert_int_equal(rs_verdict_status(RS_VERDICT_STOPPED), 5);
	assert_string_equal(rs_verdict_name(RS_VERDICT_PASSED), "passed");
	assert_string_equal(rs_verdict_name(RS_VERDICT_FAILED), "failed");
	assert_string_equal(rs_verdict_name(RS_VERDICT_LIMITED), "generator limited");
	assert_string_equal(rs_verdict_name(RS_VERDICT_STOPPED), "stopped");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_completed_has_passed),
		cmocka_unit_test(one_failed_call_is_too_many_unless_the_plan_allows_it),
		cmocka_unit_test(the_good_half_does_not_hide_the_other),
		cmocka_unit_test(calls_outside_the_measured_window_are_not_judged),
		cmocka_unit_test(the_measured_time_is_the_window_s_share_of_the_run),
		cmocka_unit_test(latencies_are_held_to_their_bounds),
		cmocka_unit_test(a_bound_on_what_was_never_measured_does_not_hold),
		cmocka_unit_test(calls_that_were_not_started_count_where_the_plan_says),
		cmocka_unit_test(a_run_that_started_none_of_its_calls_has_not_passed),
		cmocka_unit_test(our_own_failures_before_the_measured_window_excuse_none_in_it),
		cmocka_unit_test(calls_that_our_own_memory_refused_are_not_the_sut_s),
		cmocka_unit_test(stopped_by_hand_comes_before_failed),
		cmocka_unit_test(verdicts_have_names_and_exit_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
