/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole runs as control sees them: real EAL, ring ports, workers, at low rates. One daemon for all tests, as EAL starts but
 * once in a process: each test loads its own plan, on the same ports.
 */
#include "run_rig.h"

#include <sys/stat.h>

static void
run_ends_when_its_total_is_reached(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; total = 20;"), "");
	assert_int_equal(rs_daemon_run_status(d), -1);
	rig_start(d);
	rig_until_done(d, 5000);
	assert_int_equal(rs_daemon_run_status(d), 0);

	json_t *report = rs_daemon_report(d, NULL);

	assert_string_equal(rig_text(report, "run", "verdict"), "passed");
	assert_int_equal(rig_count(report, "placed", "offered"), 20);
	assert_int_equal(rig_count(report, "placed", "completed"), 20);
	assert_int_equal(rig_count(report, "answered", "completed"), 20);
	assert_int_equal(rig_count(report, "placed", "open"), 0);
	json_decref(report);
}

/* What each verb says in each state. */
enum verb { START, LOAD, PAUSE, RESUME, RATE, LIMIT, BEGIN, RESET, STOP };

static int
say(struct rs_daemon *d, enum verb verb)
{
	struct rs_plan *plan;
	int rc;

	switch (verb) {
	case START:
		return rs_daemon_start(d, NULL);
	case LOAD:
		plan = rig_plan(RIG_CALLS("rate = 10;"), "");
		rc = rs_daemon_load(d, plan, NULL);
		if (rc)
			rs_plan_free(plan);
		return rc;
	case PAUSE:
		return rs_daemon_pause(d, NULL);
	case RESUME:
		return rs_daemon_resume(d, NULL);
	case RATE:
		return rs_daemon_rate(d, "calls", 50, false, NULL);
	case LIMIT:
		return rs_daemon_limit(d, "calls", 10, NULL);
	case BEGIN:
		return rs_daemon_start_activity(d, "calls", NULL);
	case RESET:
		return rs_daemon_reset(d, NULL);
	default:
		return rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL);
	}
}

static void
check_verbs(struct rs_daemon *d, enum rs_state state, const int *expected)
{
	for (enum verb v = START; v <= STOP; v++) {
		if (expected[v] == 1) /* would lead to another state: it has a test of its own */
			continue;
		int rc = say(d, v);

		if (rc != expected[v] || rs_daemon_state(d) != state)
			fail_msg("verb %d in state %s: %d, not %d; now %s", (int)v, rs_state_name(state), rc, expected[v],
				rs_state_name(rs_daemon_state(d)));
	}
}

static void
verbs_are_obeyed_or_refused_by_state(void **state)
{
	struct rs_daemon *d = *state;
	/*			    start	load	  pause	    resume    rate	limit	  begin	     reset stop */
	static const int idle[] = { 1, 0, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL };
	static const int running[] = { -EBUSY, -EBUSY, 1, -EINVAL, 0, 0, -EALREADY, 0, 1 };
	static const int paused[] = { -EBUSY, -EBUSY, -EINVAL, 1, 0, 0, -EALREADY, 0, 1 };
	static const int draining[] = { -EBUSY, -EBUSY, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, 0 };
	static const int done[] = { 1, 1, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL };

	rig_load(d, RIG_CALLS("rate = 50; hold = \"300ms\";"), "");
	check_verbs(d, RS_STATE_IDLE, idle);
	rig_start(d);
	check_verbs(d, RS_STATE_RUNNING, running);
	rig_play(d, 200);
	assert_int_equal(rs_daemon_pause(d, NULL), 0);
	check_verbs(d, RS_STATE_PAUSED, paused);
	assert_int_equal(rs_daemon_resume(d, NULL), 0);
	rig_play(d, 100);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL), 0);
	check_verbs(d, RS_STATE_DRAINING, draining);
	rig_until_done(d, 3000);
	check_verbs(d, RS_STATE_DONE, done);
	assert_int_equal(rs_daemon_run_status(d), 5);
}

static void
pause_freezes_arrivals_and_resume_goes_on(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100; total = 40;"), "");
	rig_start(d);
	rig_play(d, 100);
	assert_int_equal(rs_daemon_pause(d, NULL), 0);
	rig_play(d, 50);

	uint64_t offered = rig_offered(d);

	assert_in_range(offered, 1, 39);
	rig_play(d, 300);
	assert_int_equal(rig_offered(d), offered);
	assert_int_equal(rs_daemon_state(d), RS_STATE_PAUSED);
	assert_int_equal(rs_daemon_resume(d, NULL), 0);
	rig_until_done(d, 3000);
	assert_int_equal(rig_offered(d), 40);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

static void
run_that_is_paused_can_be_stopped(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100;"), "");
	rig_start(d);
	rig_play(d, 50);
	assert_int_equal(rs_daemon_pause(d, NULL), 0);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL), 0);
	assert_int_equal(rs_daemon_resume(d, NULL), -EINVAL);
	rig_until_done(d, 3000);
	assert_int_equal(rs_daemon_run_status(d), 5);
}

static void
measured_time_passes_while_paused(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100;"), "measure = \"400ms\";");
	rig_start(d);
	assert_int_equal(rs_daemon_pause(d, NULL), 0);
	rig_until_done(d, 2000);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

static void
rate_is_turned_and_its_ceiling_holds(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100;"), "max_rate = 500;");
	rig_start(d);
	assert_int_equal(rs_daemon_rate(d, "calls", 501, false, NULL), -EINVAL);
	assert_int_equal(rs_daemon_rate(d, "calls", -1, false, NULL), -EINVAL);
	assert_int_equal(rs_daemon_rate(d, "calls", -101, true, NULL), -EINVAL);
	assert_int_equal(rs_daemon_rate(d, "ring", 1, false, NULL), -EINVAL);
	assert_int_equal(rs_daemon_rate(d, "cals", 1, false, NULL), -ENOENT);
	assert_int_equal(rs_daemon_rate(d, NULL, 0, false, NULL), 0);
	rig_play(d, 50);

	uint64_t offered = rig_offered(d);

	rig_play(d, 200);
	assert_int_equal(rig_offered(d), offered);
	assert_int_equal(rs_daemon_rate(d, NULL, 400, true, NULL), 0);
	rig_play(d, 300);
	assert_true(rig_offered(d) >= offered + 60);
	rig_silence(d);
}

static void
limit_holds_calls_back_and_zero_lifts_it(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; hold = \"10s\"; limit = 4;"), "");
	rig_start(d);
	rig_play(d, 200);

	struct rs_call_totals t = rig_activity(d, RIG_CALL);

	assert_int_equal(t.open, 4);
	assert_true(t.not_started > 0);
	assert_int_equal(rs_daemon_limit(d, "calls", 6, NULL), 0);
	rig_play(d, 200);
	assert_int_equal(rig_activity(d, RIG_CALL).open, 6);
	assert_int_equal(rs_daemon_limit(d, NULL, 0, NULL), 0);
	rig_play(d, 300);
	assert_true(rig_activity(d, RIG_CALL).open > 20);
	rig_silence(d);
	assert_int_equal(rig_activity(d, RIG_CALL).open, 0);
}

static void
manual_activity_waits_for_its_start(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; total = 20; start = \"manual\";"), "");
	rig_start(d);
	rig_play(d, 200);
	assert_int_equal(rig_offered(d), 0);
	assert_int_equal(rs_daemon_state(d), RS_STATE_RUNNING);
	assert_int_equal(rs_daemon_start_activity(d, "cal", NULL), -ENOENT);
	assert_int_equal(rs_daemon_start_activity(d, "calls", NULL), 0);
	assert_int_equal(rs_daemon_start_activity(d, "calls", NULL), -EALREADY);
	rig_until_done(d, 3000);
	assert_int_equal(rig_offered(d), 20);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

static void
activity_that_was_stopped_does_not_start_again(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; start = \"manual\";"), "");
	rig_start(d);
	assert_int_equal(rs_daemon_stop(d, "calls", RS_STOP_NOW, NULL), -EINVAL);
	assert_int_equal(rs_daemon_stop(d, "calls", RS_STOP_DRAIN, NULL), 0);
	assert_int_equal(rs_daemon_start_activity(d, "calls", NULL), -EALREADY);
	rig_play(d, 100);
	assert_int_equal(rig_offered(d), 0);
	rig_silence(d);
}

static void
stop_lets_open_calls_end(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100; hold = \"300ms\";"), "");
	rig_start(d);
	rig_play(d, 200);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL), 0);
	rig_until_done(d, 3000);

	struct rs_call_totals t = rig_activity(d, RIG_CALL);

	assert_true(t.completed > 10);
	assert_int_equal(t.completed, t.started);
	assert_int_equal(rs_daemon_run_status(d), 5);
}

static void
what_ends_anyway_was_not_stopped_by_hand(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; total = 5; hold = \"500ms\";"), "");
	rig_start(d);
	rig_until(d, RS_STATE_DRAINING, 2000);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL), 0);
	rig_until_done(d, 3000);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

static void
drain_that_is_over_hangs_up(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100; total = 10; hold = \"100s\";"), "drain = \"200ms\";");
	rig_start(d);
	rig_until_done(d, 4000);
	assert_int_equal(rig_activity(d, RIG_CALL).failed, 10); /* cause: stopped */
	assert_int_equal(rig_activity(d, RIG_RING).completed, 10); /* they got their BYE */
	assert_int_equal(rs_daemon_run_status(d), 1);
}

static void
stop_with_hangup_does_not_wait(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100; hold = \"100s\";"), "");
	rig_start(d);
	rig_play(d, 200);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_HANGUP, NULL), 0);
	rig_until_done(d, 2000);

	struct rs_call_totals t = rig_activity(d, RIG_CALL);

	assert_true(t.failed > 10);
	assert_int_equal(t.failed + t.completed, t.started);
	assert_int_equal(rs_daemon_run_status(d), 5);
}

static void
stop_of_one_activity_has_its_drain_too(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 100; hold = \"100s\"; total = 1000;"), "drain = \"200ms\";");
	rig_start(d);
	rig_play(d, 100);
	assert_int_equal(rs_daemon_stop(d, "calls", RS_STOP_DRAIN, NULL), 0);
	assert_true(rig_activity(d, RIG_CALL).open > 0);
	/* What has a total will not reach it any more: the run has nothing to wait for. */
	rig_until_done(d, 3000);
	assert_int_equal(rig_activity(d, RIG_CALL).open, 0);
	assert_int_equal(rs_daemon_run_status(d), 5);

	rig_load(d, RIG_CALLS("rate = 100; hold = \"100s\";"), "drain = \"200ms\";");
	rig_start(d);
	rig_play(d, 100);
	assert_int_equal(rs_daemon_stop(d, "calls", RS_STOP_DRAIN, NULL), 0);
	rig_play(d, 100);
	assert_true(rig_activity(d, RIG_CALL).open > 0);
	rig_play(d, 500);
	assert_int_equal(rig_activity(d, RIG_CALL).open, 0);
	assert_int_equal(rs_daemon_state(d), RS_STATE_RUNNING); /* without totals a run is ended by `stop` */
	rig_silence(d);
}

static void
run_that_only_answers_waits_for_stop(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_RINGS(""), "");
	rig_start(d);
	rig_play(d, 200);
	assert_int_equal(rs_daemon_state(d), RS_STATE_RUNNING);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_DRAIN, NULL), 0);
	rig_until_done(d, 500);
	assert_int_equal(rs_daemon_run_status(d), 5);
}

static void
runs_can_follow_each_other_and_keep_their_reports(void **state)
{
	struct rs_daemon *d = *state;
	char first[64], second[64];

	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "");
	rig_start(d);
	snprintf(first, sizeof(first), "%s", rs_daemon_run_id(d));
	rig_until_done(d, 2000);
	rig_start(d);
	snprintf(second, sizeof(second), "%s", rs_daemon_run_id(d));
	assert_string_not_equal(first, second);
	rig_until_done(d, 2000);

	json_t *a = rs_daemon_report(d, first), *b = rs_daemon_report(d, second), *last = rs_daemon_report(d, NULL);

	assert_string_equal(rig_text(a, "run", "id"), first);
	assert_string_equal(rig_text(b, "run", "id"), second);
	assert_ptr_equal(b, last);
	assert_int_equal(rig_count(b, "placed", "offered"), 5); /* the first run's are not in it */
	json_decref(a);
	json_decref(b);
	json_decref(last);
}

static void
reports_go_to_the_directory_of_the_plan(void **state)
{
	struct rs_daemon *d = *state;
	char dir[] = "/tmp/rs-run-XXXXXX", reports[64], path[200], more[96];
	json_t *j;

	assert_non_null(mkdtemp(dir));
	snprintf(reports, sizeof(reports), "%s/reports", dir); /* is made */
	snprintf(more, sizeof(more), "reports = \"%s\";", reports);
	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), more);
	rig_start(d);
	rig_until_done(d, 2000);
	snprintf(path, sizeof(path), "%s/%s.json", reports, rs_daemon_run_id(d));
	j = json_load_file(path, 0, NULL);
	assert_string_equal(rig_text(j, "run", "id"), rs_daemon_run_id(d));
	json_decref(j);

	/* One of an earlier daemon is found by its id; an id is never a path. */
	snprintf(more, sizeof(more), "%s/20200101T000000Z-1.json", reports);
	assert_int_equal(rename(path, more), 0);
	j = rs_daemon_report(d, "20200101T000000Z-1");
	assert_non_null(j);
	json_decref(j);
	assert_null(rs_daemon_report(d, "../reports/20200101T000000Z-1"));
	unlink(more);
	rmdir(reports);
	rmdir(dir);
}

static void
directory_that_takes_no_reports_is_told_before_the_run(void **state)
{
	struct rs_daemon *d = *state;
	struct rs_err err = { 0 };

	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "reports = \"/dev/null\";");
	assert_int_equal(rs_daemon_start(d, &err), -EACCES);
	assert_non_null(strstr(err.text, "run.reports"));
	assert_int_equal(rs_daemon_state(d), RS_STATE_IDLE);
}

static void
plan_that_needs_other_ports_is_refused_by_name(void **state)
{
	struct rs_daemon *d = *state;
	struct rs_plan *plan = rig_plan(RIG_CALLS("rate = 10;"), "");
	struct rs_err err = { 0 };

	plan->ports[1].vlan = 7;
	assert_int_equal(rs_daemon_load(d, plan, &err), -EINVAL);
	assert_non_null(strstr(err.text, "ports[].vlan"));
	assert_non_null(strstr(err.text, "restart the daemon"));
	rs_plan_free(plan);
}

static void
open_calls_are_listed(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 500; total = 150; hold = \"100s\";"), "");
	rig_start(d);
	rig_play(d, 600);

	json_t *calls = rs_daemon_calls(d, 1000), *few = rs_daemon_calls(d, 7), *activities = rs_daemon_activities(d);

	assert_int_equal(json_array_size(calls), 300); /* both sides; more than one mail holds */
	assert_int_equal(json_array_size(few), 7);
	assert_int_equal(json_array_size(activities), 2);
	for (size_t i = 0; i < 300; i++)
		assert_non_null(json_object_get(json_array_get(calls, i), "call_id"));
	json_decref(calls);
	json_decref(few);
	json_decref(activities);
	rig_silence(d);
	calls = rs_daemon_calls(d, 1000);
	assert_int_equal(json_array_size(calls), 0);
	json_decref(calls);
}

static void
run_without_memory_leaves_the_daemon_as_it_was(void **state)
{
	struct rs_daemon *d = *state;
	struct rlimit before, tight;
	struct rs_err err = { 0 };

	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "max_calls = 100000000;");
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	tight = before;
	tight.rlim_cur = rig_address_space() + (4ull << 30);
	assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
	int rc = rs_daemon_start(d, &err);

	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(rc, -ENOMEM);
	assert_non_null(strstr(err.text, "max_calls"));
	assert_int_equal(rs_daemon_state(d), RS_STATE_IDLE);
	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "");
	rig_start(d);
	rig_until_done(d, 2000);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

static void
no_packet_is_left_behind_by_runs_that_are_cut_off(void **state)
{
	struct rs_daemon *d = *state;

	for (int i = 0; i < 3; i++) {
		rig_load(d, RIG_CALLS("rate = 2000; hold = \"100s\";"), "");
		rig_start(d);
		rig_play(d, 150);
		rig_silence(d);
	}
	rig_load(d, RIG_CALLS("rate = 10;"), "");
	usleep(100000); /* what was still in the rings is received, and dropped */
	assert_int_equal(rig_packets_in_use(), 0);
}

static uint64_t
open_calls(struct rs_daemon *d)
{
	return rig_activity(d, RIG_CALL).open + rig_activity(d, RIG_RING).open;
}

static void
worker_that_is_held_up_holds_nobody_up(void **state)
{
	struct rs_daemon *d = *state;
	uint64_t open;
	json_t *calls;

	rig_load(d, RIG_CALLS("rate = 100; hold = \"100s\";"), "");
	rig_start(d);
	rig_play(d, 100);
	rig_hold_worker(true);
	calls = rs_daemon_calls(d, 100); /* after 2 s, without those of worker 0 */
	json_decref(calls);
	for (int i = 0; i < 600; i++) /* more than its mailbox holds */
		assert_int_equal(rs_daemon_rate(d, "calls", i % 2 ? 10 : 20, false, NULL), 0);
	rig_hold_worker(false);
	assert_int_equal(rs_daemon_stop(d, "calls", RS_STOP_DRAIN, NULL), 0); /* what is late does not come any more */
	for (int i = 0; i < 20; i++) { /* a busy machine takes a while */
		open = open_calls(d);
		rig_play(d, 200);
		if (open == open_calls(d))
			break;
	}

	/* What it says too late to the first question is no answer to the second. */
	calls = rs_daemon_calls(d, 1000);
	assert_int_equal(json_array_size(calls), open_calls(d));
	json_decref(calls);
	rig_silence(d);
}

static void
run_ends_without_a_worker_that_does_not_obey(void **state)
{
	struct rs_daemon *d = *state;

	rig_load(d, RIG_CALLS("rate = 200; hold = \"100s\";"), "");
	rig_start(d);
	rig_play(d, 300);
	rig_hold_worker(true);
	assert_int_equal(rs_daemon_stop(d, NULL, RS_STOP_NOW, NULL), 0);
	rig_until_done(d, 8000);
	assert_true(rig_activity(d, RIG_CALL).open + rig_activity(d, RIG_RING).open > 0);
	rig_hold_worker(false);
	usleep(50000);
	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "");
	rig_start(d);
	rig_until_done(d, 2000);
	assert_int_equal(rs_daemon_run_status(d), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_ends_when_its_total_is_reached),
		cmocka_unit_test(verbs_are_obeyed_or_refused_by_state),
		cmocka_unit_test(pause_freezes_arrivals_and_resume_goes_on),
		cmocka_unit_test(run_that_is_paused_can_be_stopped),
		cmocka_unit_test(measured_time_passes_while_paused),
		cmocka_unit_test(rate_is_turned_and_its_ceiling_holds),
		cmocka_unit_test(limit_holds_calls_back_and_zero_lifts_it),
		cmocka_unit_test(manual_activity_waits_for_its_start),
		cmocka_unit_test(activity_that_was_stopped_does_not_start_again),
		cmocka_unit_test(stop_lets_open_calls_end),
		cmocka_unit_test(what_ends_anyway_was_not_stopped_by_hand),
		cmocka_unit_test(drain_that_is_over_hangs_up),
		cmocka_unit_test(stop_with_hangup_does_not_wait),
		cmocka_unit_test(stop_of_one_activity_has_its_drain_too),
		cmocka_unit_test(run_that_only_answers_waits_for_stop),
		cmocka_unit_test(runs_can_follow_each_other_and_keep_their_reports),
		cmocka_unit_test(reports_go_to_the_directory_of_the_plan),
		cmocka_unit_test(directory_that_takes_no_reports_is_told_before_the_run),
		cmocka_unit_test(plan_that_needs_other_ports_is_refused_by_name),
		cmocka_unit_test(open_calls_are_listed),
		cmocka_unit_test(run_without_memory_leaves_the_daemon_as_it_was),
		cmocka_unit_test(no_packet_is_left_behind_by_runs_that_are_cut_off),
		cmocka_unit_test(worker_that_is_held_up_holds_nobody_up),
		cmocka_unit_test(run_ends_without_a_worker_that_does_not_obey),
	};

	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
