/* SPDX-License-Identifier: BSD-3-Clause */
/* The closed loop holds so many calls open; whom calls find idle and registered; OPTIONS placed by rate. */
#include "sim.h"

#include <stdio.h>

#include "engine/internal.h"

#define MS RS_NS_PER_MS
#define SECOND RS_NS_PER_S

enum { RING, CALL, REG };

/* @workers on one core, both ports theirs; @callee, @caller: scenarios; @call: the caller's settings; @more: further activities */
static void
open_with(struct sim *s, int workers, const char *callee, const char *call, const char *more)
{
	char plan[4096];
	int list = 3 * workers - 2;

	*s = (struct sim){ 0 };
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ %.*s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ %.*s ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ %.*s ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = 200; addresses = \"198.18.8.1-198.18.8.200\"; proxy = \"sip:198.18.4.1\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"%s\"; },\n"
		"  { name = \"calls\"; from = \"callers\"; to = \"callees\"; %s }%s );\n",
		list, "0, 0, 0, 0", list, "0, 1, 2, 3", list, "0, 1, 2, 3", callee, call, more);
	sim_open(s, plan);
}

#define UAC "do = \"call\"; scenario = \"uac\"; "

static void
so_many_calls_are_held_open(void **state)
{
	for (int workers = 1; workers <= 4; workers++) {
		struct sim s;

		open_with(&s, workers, "uas", UAC "open_calls = 30; hold = \"400ms\";", "");
		sim_play(&s, 500 * MS);
		assert_in_range(sim_count(&s, CALL, RS_AM_OPEN), 13, 17); /* the first second brings them one by one */
		sim_play(&s, 550 * MS);
		for (int i = 0; i < 3000; i++) {
			sim_play(&s, MS + 77);
			assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 30);
		}
		sim_sums_hold(&s);
		assert_in_range(sim_count(&s, CALL, RS_AM_COMPLETED), 30 * 7, 30 * 10); /* some 404 ms each */
		assert_int_equal(sim_count(&s, CALL, RS_AM_NOT_STARTED), 0);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OVER), 0);
		for (uint32_t w = 0; w < s.n; w++) /* neither what is paced nor what takes a place at once is late */
			assert_in_range(atomic_load(&s.accounts[w]->activities[CALL].cells.hists[RS_AM_LATENESS]->max_ns), 0, MS / 10);
		sim_close(&s);
	}
}

static void
a_total_is_offered_to_the_last_call(void **state)
{
	for (int workers = 1; workers <= 4; workers++) {
		struct sim s;

		open_with(&s, workers, "uas", UAC "open_calls = 3; total = 50; hold = \"50ms\";", "");
		sim_play(&s, 20 * SECOND);
		sim_sums_hold(&s);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OFFERED), 50);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 50);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OVER), (uint64_t)workers);
		sim_close(&s);
	}
}

static void
a_rate_is_the_loops_ceiling(void **state)
{
	struct sim s;

	open_with(&s, 2, "uas", UAC "open_calls = 40; rate = 100; hold = \"100ms\";", "");
	sim_play(&s, 10 * SECOND);
	sim_sums_hold(&s);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 990, 1003);
	assert_in_range(sim_count(&s, CALL, RS_AM_PEAK), 8, 16); /* no more fit in at that rate */
	for (uint32_t w = 0; w < 2; w++)
		rs_engine_set_rate(s.engines[w], CALL, 0, s.now_ns + MS); /* none */
	sim_play(&s, 2 * SECOND);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 40);
	sim_close(&s);
}

static void
the_plans_highest_rate_holds_for_loops_as_well(void **state)
{
	struct sim s;

	open_with(&s, 2, "uas", UAC "open_calls = 40; hold = \"0s\"; } ); run = { max_rate = 500.0; }; #", "");
	sim_play(&s, 10 * SECOND);
	sim_sums_hold(&s);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 4900, 5003);
	sim_close(&s);
}

/* What the others may do together is not the loop's. */
static void
a_loop_beside_a_rate_has_what_that_leaves_of_the_highest(void **state)
{
	struct sim s;

	open_with(&s, 2, "uas", UAC "rate = 300; total = 2000; }, { name = \"loop\"; from = \"callers\"; to = \"callees\"; " UAC "open_calls = 40; hold = \"0s\"; } ); run = { max_rate = 500.0; }; #", "");
	sim_play(&s, 5 * SECOND);
	sim_sums_hold(&s);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 1490, 1503);
	assert_in_range(sim_count(&s, CALL + 1, RS_AM_OFFERED), 980, 1003);
	sim_close(&s);
}

static void
a_sut_that_refuses_is_asked_once_a_second_for_each_place(void **state)
{
	struct sim s;

	open_with(&s, 1, "uas_busy", UAC "open_calls = 20; hold = \"1s\";", "");
	sim_play(&s, 10 * SECOND);
	sim_sums_hold(&s);
	assert_in_range(sim_count(&s, CALL, RS_AM_FAILED), 195, 205);
	sim_close(&s);
}

static void
places_are_held_free_while_it_pauses(void **state)
{
	struct sim s;
	uint64_t offered;

	open_with(&s, 2, "uas", UAC "open_calls = 20; hold = \"300ms\";", "");
	sim_play(&s, 2 * SECOND);
	for (uint32_t w = 0; w < 2; w++)
		rs_engine_pause(s.engines[w], s.now_ns + MS);
	sim_play(&s, SECOND);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 0);
	offered = sim_count(&s, CALL, RS_AM_OFFERED);
	for (uint32_t w = 0; w < 2; w++)
		rs_engine_resume(s.engines[w], s.now_ns + MS);
	sim_play(&s, 2 * SECOND);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 20);
	assert_true(sim_count(&s, CALL, RS_AM_OFFERED) > offered + 60);
	for (uint32_t w = 0; w < 2; w++)
		assert_in_range(atomic_load(&s.accounts[w]->activities[CALL].cells.hists[RS_AM_LATENESS]->max_ns), 0, MS);
	sim_close(&s);
}

static void
a_limit_set_is_what_it_holds_from_then_on(void **state)
{
	static const struct {
		uint64_t limit, open;
	} steps[] = { { 5, 5 }, { 60, 60 }, { 1, 1 }, { UINT64_MAX, 20 } };
	struct sim s;

	open_with(&s, 2, "uas", UAC "open_calls = 20; hold = \"300ms\";", "");
	sim_play(&s, 2 * SECOND);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (uint32_t w = 0; w < 2; w++)
			rs_engine_set_limit(s.engines[w], CALL, steps[i].limit);
		sim_play(&s, 3 * SECOND);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), steps[i].open);
	}
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_NOT_STARTED), 0);
	sim_close(&s);
}

static void
a_stall_brings_no_more_than_the_places(void **state)
{
	struct sim s;

	open_with(&s, 1, "uas", UAC "open_calls = 50; hold = \"50ms\";", "");
	sim_play(&s, 2 * SECOND);
	s.now_ns += 100 * MS;
	for (int i = 0; i < 200; i++) {
		sim_play(&s, MS);
		assert_true(sim_count(&s, CALL, RS_AM_OPEN) <= 50);
	}
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 50);
	assert_int_equal(sim_count(&s, CALL, RS_AM_PEAK), 50);
	sim_close(&s);
}

#define REGISTER ", { name = \"reg\"; do = \"register\"; endpoints = \"callees\"; rate = 100; }"

static void
tell(struct sim *s, uint32_t callee, bool registered)
{
	uint64_t holders = callee_holders(s->engines[0], 1, callee);

	assert_int_equal(__builtin_popcountll(holders), 1);
	for (uint32_t w = 0; w < s->n; w++)
		if (holders >> w & 1)
			callee_registered(s->engines[w], 1, callee, registered);
}

static void
only_registered_callees_are_called(void **state)
{
	for (int workers = 1; workers <= 3; workers++) {
		struct sim s;

		open_with(&s, workers, "uas", UAC "rate = 300; hold = \"300ms\";", REGISTER);
		sim_play(&s, SECOND);
		assert_int_equal(sim_count(&s, CALL, RS_AM_STARTED), 0);
		assert_in_range(sim_count(&s, CALL, RS_AM_NOT_IDLE), 299, 301);
		for (uint32_t i = 10; i < 40; i++) {
			tell(&s, i, true);
			tell(&s, i, true); /* a refresh says it again */
		}
		tell(&s, 35, false);
		for (uint32_t i = 36; i < 40; i++)
			tell(&s, i, false);
		sim_play(&s, 200 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 25); /* 10 to 34 */
		/* While in a call: it does not come back to the list; and back again it comes once. */
		for (uint32_t i = 10; i < 34; i++)
			tell(&s, i, false);
		tell(&s, 10, true);
		tell(&s, 11, true);
		tell(&s, 11, false);
		tell(&s, 36, true);
		sim_play(&s, 2 * SECOND);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 3); /* 10, 34, 36 */
		tell(&s, 10, false);
		tell(&s, 34, false);
		tell(&s, 36, false);
		sim_play(&s, SECOND);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 0);
		for (uint32_t i = 0; i < 200; i++)
			tell(&s, i, true);
		sim_play(&s, SECOND);
		assert_in_range(sim_count(&s, CALL, RS_AM_OPEN), 89, 95); /* 300/s of 0.304 s: all have somebody */
		sim_sums_hold(&s);
		sim_close(&s);
	}
}

static void
options_are_placed_by_rate_and_answered(void **state)
{
	struct sim s;

	open_with(&s, 2, "options_uas", "do = \"options\"; scenario = \"options\"; rate = 100; total = 300;", "");
	sim_play(&s, 5 * SECOND);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 300);
	assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 300);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OVER), 2);
	sim_close(&s);
}

static void
an_answering_activity_is_over_after_its_total(void **state)
{
	struct sim s;

	open_with(&s, 1, "uas\"; total = 20; ring = \"100ms", UAC "rate = 100; total = 30; hold = \"500ms\";", "");
	sim_play(&s, 400 * MS);
	assert_int_equal(sim_count(&s, RING, RS_AM_STARTED), 20);
	assert_int_equal(sim_count(&s, RING, RS_AM_OVER), 0);
	sim_play(&s, 10 * SECOND);
	assert_int_equal(sim_count(&s, RING, RS_AM_OVER), 1);
	sim_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_calls_are_held_open),
		cmocka_unit_test(a_total_is_offered_to_the_last_call),
		cmocka_unit_test(a_rate_is_the_loops_ceiling),
		cmocka_unit_test(the_plans_highest_rate_holds_for_loops_as_well),
		cmocka_unit_test(a_loop_beside_a_rate_has_what_that_leaves_of_the_highest),
		cmocka_unit_test(a_sut_that_refuses_is_asked_once_a_second_for_each_place),
		cmocka_unit_test(places_are_held_free_while_it_pauses),
		cmocka_unit_test(a_limit_set_is_what_it_holds_from_then_on),
		cmocka_unit_test(a_stall_brings_no_more_than_the_places),
		cmocka_unit_test(only_registered_callees_are_called),
		cmocka_unit_test(options_are_placed_by_rate_and_answered),
		cmocka_unit_test(an_answering_activity_is_over_after_its_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
