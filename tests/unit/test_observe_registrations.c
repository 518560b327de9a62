/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations in the report: a section of their own, judged by themselves, and never among the calls. */
#include "observe_rig.h"

enum { REG = 0, REG_RING, REG_CALLS };

static struct rig rig;
static json_t *report;
static enum rs_verdict verdict;

static const char plan[] =
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 10; addresses = \"198.18.4.1\"; },\n"
	"              { name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\"; proxy = \"sip:198.18.0.1\"; } );\n"
	"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"callees\"; rate = 10; },\n"
	"               { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
	"               { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100; } );\n"
	"run = { seed = 7; };\n";

static void
begin(const char *run)
{
	char *text = plan_edit(plan, "run = { seed = 7; };", run);

	rig_plan_from(&rig, text);
	free(text);
	rig_observe(&rig);
}

static void
count(uint32_t row, uint64_t n)
{
	rs_metric_add(rig_cells(&rig, 1, REG), row, n);
}

static void
fail_with(uint32_t row, uint32_t cause, uint32_t n)
{
	count(row, n);
	count(RS_AM_M_REG_FAILED, n);
	rig.accounts[1]->activities[REG].program.failures[cause] += n;
}

/* Eight of ten register, seven are refreshed, five leave; one refresh is not answered. */
static void
play(void)
{
	count(RS_AM_REG_OFFERED, 10);
	count(RS_AM_M_REG_STARTED, 30);
	count(RS_AM_REG_DONE, 8);
	fail_with(RS_AM_REG_FAILED, RS_CAUSE_RESPONSE + 103, 1);
	count(RS_AM_REG_REFRESHED, 7);
	fail_with(RS_AM_REG_REFRESH_FAILED, RS_CAUSE_TIMEOUT, 3);
	count(RS_AM_REG_ENDED, 5);
	count(RS_AM_REG_CHALLENGED, 9);
	rs_metric_set(rig_cells(&rig, 1, REG), RS_AM_REG_ACTIVE, 3);
	rs_metric_max(rig_cells(&rig, 1, REG), RS_AM_REG_PEAK, 8);
	rs_metric_set(rig_cells(&rig, 1, REG), RS_AM_REG_UNDER_WAY, 1);
	for (int i = 1; i <= 8; i++)
		rs_metric_record(rig_cells(&rig, 1, REG), RS_AM_REGISTER, (uint64_t)i * MS);
	rs_metric_record(rig_cells(&rig, 1, REG), RS_AM_REFRESH, 20 * MS);
}

static void
make_report(void)
{
	rig.facts.end_ns = RIG_T0 + 2 * RS_NS_PER_S;
	rs_observer_tick(rig.o, rig.facts.end_ns, RIG_T0);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	assert_non_null(report);
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
registrations_have_a_section_of_their_own(void **state)
{
	begin("run = { seed = 7; };");
	play();
	make_report();
	assert_count(report, "registrations.offered", 10);
	assert_count(report, "registrations.registered", 8);
	assert_count(report, "registrations.failed", 1);
	assert_count(report, "registrations.refreshed", 7);
	assert_count(report, "registrations.refresh_failed", 3);
	assert_count(report, "registrations.unregistered", 5);
	assert_count(report, "registrations.unregister_failed", 0);
	assert_count(report, "registrations.challenged", 9);
	assert_count(report, "registrations.active", 3);
	assert_count(report, "registrations.peak", 8);
	assert_count(report, "registrations.under_way", 1);
	assert_text(report, "registrations.failures.0.cause", "timeout");
	assert_count(report, "registrations.failures.0.count", 3);
	assert_text(report, "registrations.failures.1.cause", "response 403");
	assert_int_equal(json_array_size(at(report, "registrations.failures")), 2);
	assert_count(report, "latency_ms.register.count", 8);
	assert_near(report, "latency_ms.register.max", 8);
	assert_count(report, "latency_ms.refresh.count", 1);
}

static void
registrations_are_no_calls(void **state)
{
	begin("run = { seed = 7; };");
	play();
	make_report();
	assert_count(report, "calls.answered.offered", 0);
	assert_count(report, "calls.answered.open", 0);
	assert_count(report, "calls.placed.failed", 0);
	assert_int_equal(json_array_size(at(report, "failures")), 0);
	assert_int_equal(json_array_size(at(report, "scenarios")), 2); /* none for what plays no scenario */
	assert_text(report, "activities.0.do", "register");
	assert_count(report, "activities.0.offered", 10);
	assert_count(report, "activities.0.started", 10);
	assert_count(report, "activities.0.completed", 8);
	assert_count(report, "activities.0.failed", 1);
	assert_count(report, "activities.0.open", 1);

	struct rs_totals t;

	rs_observer_totals(rig.o, &t);
	assert_int_equal(t.answered.open + t.placed.open, 0); /* or a run would wait for them */
	assert_int_equal(t.registered, 3);
}

static void
what_is_open_stays_after_a_reset(void **state)
{
	json_t *stats;

	begin("run = { seed = 7; };");
	count(RS_AM_REG_OFFERED, 10);
	rs_observer_tick(rig.o, RIG_T0 + RS_NS_PER_S, RIG_T0);
	rs_observer_reset(rig.o, RIG_T0 + RS_NS_PER_S);
	count(RS_AM_REG_DONE, 4);
	stats = rs_observer_stats(rig.o, &rig.facts, RIG_T0 + 3 * RS_NS_PER_S);
	assert_count(stats, "registrations.offered", 0);
	assert_count(stats, "registrations.registered", 4);
	assert_count(stats, "activities.0.open", 6);
	json_decref(stats);
}

static bool
has_reason(const char *text)
{
	const json_t *r;
	size_t i;

	json_array_foreach (at(report, "run.reasons"), i, r)
		if (strcmp(json_string_value(r), text) == 0)
			return true;
	return false;
}

static void
failed_registrations_fail_the_run_and_are_the_sut_s(void **state)
{
	begin("run = { seed = 7; };");
	play();
	make_report();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_true(has_reason("failed_percent: at most 0 asked, 13.3333 got (4 of 30 registrations)"));
	assert_true(has_reason("SUT: 4 registrations failed: timeout (3), response 403 (1)"));
}

static void
a_share_of_failed_registrations_may_be_allowed(void **state)
{
	begin("run = { seed = 7; thresholds = { failed_percent = 15.0; }; };");
	play();
	make_report();
	assert_int_equal(verdict, RS_VERDICT_PASSED);
}

static void
thresholds_on_their_latency_hold_or_break(void **state)
{
	begin("run = { seed = 7; thresholds = { failed_percent = 15.0; register_p99_ms = 7; refresh_max_ms = 30; }; };");
	play();
	make_report();
	assert_int_equal(verdict, RS_VERDICT_FAILED);
	assert_true(has_reason("register_p99_ms: at most 7 asked, 8 got"));
}

static void
tainted_registrations_are_not_the_sut_s(void **state)
{
	begin("run = { seed = 7; };");
	play();
	count(RS_AM_REG_TAINTED, 5);
	count(RS_AM_REG_TAINTED_FAILED, 4);
	make_report();
	assert_int_equal(verdict, RS_VERDICT_LIMITED);
	assert_true(has_reason(
		"generator: 4 registrations failed, all of them in or after intervals that it limited: timeout (3), response 403 (1)"));
}

static void
without_registrations_the_section_is_null(void **state)
{
	rig_up(&rig);
	rig_play(&rig);
	make_report();
	assert_true(json_is_null(at(report, "registrations")));
	assert_count(report, "latency_ms.register.count", 0);
}

static void
they_read_as_a_table_and_have_no_scenario(void **state)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	begin("run = { seed = 7; };");
	play();
	make_report();
	rs_report_print(f, report);
	fclose(f);
	assert_non_null(strstr(text, "Registrations  offered  registered  failed  refreshed  failed  unregistered  failed"));
	assert_non_null(strstr(text, "endpoints           10           8       1          7       3             5       0"));
	assert_non_null(strstr(text, "Cause of failed registrations  count\ntimeout                            3\n"));
	assert_null(strstr(text, "of reg\n"));
	free(text);
}

static void
the_live_line_has_how_many_are_registered(void **state)
{
	struct rs_live l;

	begin("run = { seed = 7; };");
	play();
	rs_observer_live(rig.o, &rig.facts, RIG_T0 + RS_NS_PER_S, &l);
	assert_true(l.registers);
	assert_int_equal(l.registered, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(registrations_have_a_section_of_their_own, tear_down),
		cmocka_unit_test_teardown(registrations_are_no_calls, tear_down),
		cmocka_unit_test_teardown(what_is_open_stays_after_a_reset, tear_down),
		cmocka_unit_test_teardown(failed_registrations_fail_the_run_and_are_the_sut_s, tear_down),
		cmocka_unit_test_teardown(a_share_of_failed_registrations_may_be_allowed, tear_down),
		cmocka_unit_test_teardown(thresholds_on_their_latency_hold_or_break, tear_down),
		cmocka_unit_test_teardown(tainted_registrations_are_not_the_sut_s, tear_down),
		cmocka_unit_test_teardown(without_registrations_the_section_is_null, tear_down),
		cmocka_unit_test_teardown(they_read_as_a_table_and_have_no_scenario, tear_down),
		cmocka_unit_test_teardown(the_live_line_has_how_many_are_registered, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
