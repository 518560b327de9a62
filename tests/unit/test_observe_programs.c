/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of programs and activities that have come while the run was on. */
#include "observe_rig.h"

static struct rig rig;
static struct rs_program *program;
static struct rs_program_account accounts[RIG_WORKERS];

/* The caller of the rig with a step before its own, which the activity plays from @at_ns on. @return its number */
static uint32_t
swap(uint64_t at_ns)
{
	static const char xml[] = "<scenario name=\"o\"><nop/><send retrans=\"500\" start_rtd=\"other\"><![CDATA[\nOPTIONS sip:a@b SIP/2.0\n"
		"Content-Length: 0\n\n]]></send><recv response=\"200\" rtd=\"other\" counter=\"fine\"/></scenario>";
	struct rs_program_account *each[RIG_WORKERS] = { &accounts[0], &accounts[1] };
	struct rs_err err;
	uint32_t number;

	assert_int_equal(rs_scenario_compile("other.xml", rs_slice_str(xml), NULL, &program, NULL, &err), 0);
	for (int w = 0; w < RIG_WORKERS; w++)
		assert_int_equal(rs_program_account_init(&accounts[w], program), 0);
	assert_int_equal(rs_observer_program(rig.o, RIG_CALLS, program, "other.xml", each, &number), 0);
	rs_observer_swapped(rig.o, at_ns, number);
	rs_program_free(program); /* the names are kept */
	return number;
}

static void
down(void)
{
	rig_down(&rig);
	for (int w = 0; w < RIG_WORKERS; w++)
		rs_program_account_fini(&accounts[w]);
}

static void
each_program_has_its_own_steps(void **state)
{
	enum rs_verdict verdict;
	json_t *report;

	rig_up(&rig);
	assert_int_equal(rs_observer_programs(rig.o), 2);
	rig_play(&rig);
	uint32_t number = swap(RIG_T0 + 2100 * MS);

	assert_int_equal(number, 2);
	rs_metric_add(&accounts[1].steps[1], RS_SM_MESSAGES, 7);
	rs_metric_record(&accounts[0].rtds[0], 0, 5 * MS);
	rs_account_count(&accounts[1], 0);
	rs_account_fail(&accounts[0], 2, RS_CAUSE_TIMEOUT);
	rs_metric_inc(rig_cells(&rig, 0, RIG_CALLS), RS_AM_FAILED);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_int_equal(json_array_size(at(report, "scenarios")), 3);
	assert_text(report, "scenarios.1.scenario", "uac");
	assert_count(report, "scenarios.1.program", 0);
	assert_count(report, "scenarios.1.steps.1.timeouts", 2);
	assert_text(report, "scenarios.2.activity", "calls");
	assert_text(report, "scenarios.2.scenario", "other.xml");
	assert_count(report, "scenarios.2.program", 1);
	assert_text(report, "scenarios.2.steps.1.name", "OPTIONS");
	assert_count(report, "scenarios.2.steps.1.messages", 7);
	assert_count(report, "scenarios.2.steps.2.timeouts", 0);
	assert_int_equal(json_array_size(at(report, "failures")), 4);
	assert_text(report, "failures.0.cause", "timeout");
	assert_count(report, "failures.0.program", 0);
	assert_text(report, "failures.3.cause", "timeout");
	assert_count(report, "failures.3.program", 1);
	assert_count(report, "failures.3.index", 2);
	assert_text(report, "response_times.0.name", "setup");
	assert_text(report, "response_times.1.name", "other");
	assert_count(report, "response_times.1.program", 1);
	assert_count(report, "response_times.1.count", 1);
	assert_text(report, "counters.1.name", "fine");
	assert_count(report, "counters.1.count", 1);
	assert_int_equal(json_array_size(at(report, "swaps")), 1);
	assert_near(report, "swaps.0.t", 2.1);
	assert_text(report, "swaps.0.from", "uac");
	assert_text(report, "swaps.0.to", "other.xml");
	assert_count(report, "swaps.0.program", 1);
	assert_string_equal(rs_observer_step_name(rig.o, number, 1), "OPTIONS");
	assert_null(rs_observer_step_name(rig.o, number, 3));
	assert_null(rs_observer_step_name(rig.o, 3, 0));
	json_decref(report);
	down();
}

static void
a_reset_before_and_after_it_counts_from_there(void **state)
{
	json_t *stats;

	rig_up(&rig);
	rig_play(&rig);
	rs_observer_reset(rig.o, RIG_T0 + 2100 * MS);
	swap(RIG_T0 + 2200 * MS);
	rs_metric_add(&accounts[0].steps[1], RS_SM_MESSAGES, 3);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + 2300 * MS);
	assert_count(stats, "scenarios.1.steps.0.messages", 0);
	assert_count(stats, "scenarios.2.steps.1.messages", 3);
	json_decref(stats);
	rs_observer_reset(rig.o, RIG_T0 + 2400 * MS);
	rs_metric_add(&accounts[1].steps[1], RS_SM_MESSAGES, 4);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + 2500 * MS);
	assert_count(stats, "scenarios.2.steps.1.messages", 4);
	json_decref(stats);
	down();
}

static void
an_activity_that_has_come_is_told_like_the_others(void **state)
{
	struct rs_plan_activity *late;
	enum rs_verdict verdict;
	json_t *report;

	rig_up(&rig);
	rig_play(&rig);
	late = &rig.plan->activities[2];
	*late = rig.plan->activities[RIG_CALLS];
	late->name = "late";
	for (int w = 0; w < RIG_WORKERS; w++)
		assert_int_equal(rs_account_add(rig.accounts[w], late->program), 0);
	rig.plan->n_activities++;
	assert_int_equal(rs_observer_add(rig.o, 2), 0);
	rig_start(&rig, 1, 2, 5);
	rig_complete(&rig, 1, 2, 5);
	rs_metric_record(rig_cells(&rig, 1, 2), RS_AM_LATENESS, 400 * MS);
	rs_metric_record(rig_cells(&rig, 1, 2), RS_AM_ANSWER, 900 * MS);
	rig.facts.end_ns = RIG_T0 + 3100 * MS;
	rs_observer_tick(rig.o, rig.facts.end_ns, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_text(report, "activities.2.name", "late");
	assert_count(report, "activities.2.completed", 5);
	assert_count(report, "calls.placed.completed", 101);
	assert_near(report, "lateness_ms.max", 400);
	assert_near(report, "latency_ms.answer.max", 900);
	assert_count(report, "intervals.2.started", 5);
	assert_text(report, "scenarios.2.activity", "late");
	json_decref(report);
	rig.plan->n_activities--; /* its program is the other's */
	rig_down(&rig);
}

static void
there_is_room_for_so_many(void **state)
{
	rig_up(&rig);
	for (int i = 0; i < RS_LATE_ACTIVITIES; i++)
		assert_int_equal(rs_account_add(rig.accounts[0], rig.plan->activities[0].program), 0);
	assert_int_equal(rs_account_add(rig.accounts[0], rig.plan->activities[0].program), -ENOSPC);
	rig_down(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_program_has_its_own_steps),
		cmocka_unit_test(a_reset_before_and_after_it_counts_from_there),
		cmocka_unit_test(an_activity_that_has_come_is_told_like_the_others),
		cmocka_unit_test(there_is_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
