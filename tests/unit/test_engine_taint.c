/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker knows of the generator's own limits: calls that overlapped a limited interval, calls that a gap made late. */
#include "sim.h"

#define PLAN(more)                                                                                                     \
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"                                            \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"                   \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"                 \
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1-198.18.4.10\"; },\n" \
	"              { name = \"callees\"; port = \"b\"; count = 1000; addresses = \"198.18.8.1-198.18.8.10\"; } );\n" \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"       \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " } );\n"

enum { RING, CALL };

static void
calls_due_before_the_end_of_a_limited_interval_that_end_after_it_are_tainted(void **state)
{
	_Atomic uint64_t limited_until = 0;
	struct sim s = { .limited_until = &limited_until };

	sim_open(&s, PLAN("rate = 10; total = 100; hold = \"3s\";"));
	sim_play(&s, 5 * RS_NS_PER_S);
	assert_int_equal(sim_count(&s, CALL, RS_AM_TAINTED), 0);
	limited_until = s.now_ns;
	sim_play(&s, 15 * RS_NS_PER_S);
	/* Those of 3 s, each of them held for so long; the ones that came later are clean. */
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 100);
	assert_in_range(sim_count(&s, CALL, RS_AM_TAINTED), 29, 31);
	assert_int_equal(sim_count(&s, CALL, RS_AM_M_TAINTED), sim_count(&s, CALL, RS_AM_TAINTED));
	assert_int_equal(sim_count(&s, CALL, RS_AM_TAINTED_FAILED), 0);
	assert_in_range(sim_count(&s, RING, RS_AM_TAINTED), 29, 31);
	sim_close(&s);
}

static unsigned
lose(void *ctx, struct sim_packet *p)
{
	return *(const bool *)ctx ? 0 : 1;
}

static void
a_call_that_fails_long_after_a_limited_interval_is_tainted_all_the_same(void **state)
{
	_Atomic uint64_t limited_until = 0;
	bool lost = false;
	uint64_t failed;
	struct sim s = { .limited_until = &limited_until, .on_wire = lose, .ctx = &lost };

	sim_open(&s, PLAN("rate = 10; total = 50; timeout = \"4s\";"));
	sim_play(&s, 2 * RS_NS_PER_S);
	lost = true;
	sim_play(&s, RS_NS_PER_S);
	limited_until = s.now_ns;
	assert_int_equal(sim_count(&s, CALL, RS_AM_FAILED), 0);
	sim_play(&s, 60 * RS_NS_PER_S); /* still lost, and no longer our fault */
	sim_sums_hold(&s);
	failed = sim_count(&s, CALL, RS_AM_FAILED);
	assert_in_range(failed, 29, 31);
	assert_in_range(sim_count(&s, CALL, RS_AM_TAINTED_FAILED), 9, 11);
	assert_int_equal(sim_count(&s, CALL, RS_AM_M_TAINTED_FAILED), sim_count(&s, CALL, RS_AM_TAINTED_FAILED));
	assert_int_equal(sim_count(&s, CALL, RS_AM_TAINTED), sim_count(&s, CALL, RS_AM_TAINTED_FAILED));
	sim_close(&s);
}

static void
without_a_judge_nothing_is_tainted(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PLAN("rate = 10; total = 20;"));
	sim_play(&s, 10 * RS_NS_PER_S);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 20);
	assert_int_equal(sim_count(&s, CALL, RS_AM_TAINTED), 0);
	sim_close(&s);
}

static uint64_t
samples(const struct sim *s, uint32_t row)
{
	const struct rs_hist *h = s->accounts[0]->activities[CALL].cells.hists[row];
	uint64_t n = 0;

	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		n += atomic_load(&h->cells[i]);
	return n;
}

static void
calls_that_a_gap_made_late_are_known_and_those_that_were_caught_up_with_after_it(void **state)
{
	struct sim s = { 0 };
	uint64_t gap_from;

	sim_open(&s, PLAN("rate = 1000; total = 3000;"));
	sim_play(&s, RS_NS_PER_S);
	assert_int_equal(samples(&s, RS_AM_LATENESS_GAP), 0);
	gap_from = s.now_ns;
	s.now_ns += 20 * RS_NS_PER_MS; /* nobody had the core */
	rs_engine_gap(s.engines[0], gap_from, s.now_ns);
	sim_play(&s, 10 * RS_NS_PER_S);
	assert_int_equal(samples(&s, RS_AM_LATENESS), 3000);
	/* 20 fell due in the gap; at twice the rate the backlog is gone after as long again. */
	assert_in_range(samples(&s, RS_AM_LATENESS_GAP), 38, 42);
	assert_in_range(s.accounts[0]->activities[CALL].cells.hists[RS_AM_LATENESS]->max_ns, 19 * RS_NS_PER_MS,
		21 * RS_NS_PER_MS);
	sim_close(&s);
}

static void
gaps_one_after_the_other_reach_as_far_as_their_sum(void **state)
{
	struct sim s = { 0 };
	uint64_t gap_from;

	sim_open(&s, PLAN("rate = 1000; total = 3000;"));
	sim_play(&s, RS_NS_PER_S);
	for (int i = 0; i < 2; i++) {
		gap_from = s.now_ns;
		s.now_ns += 20 * RS_NS_PER_MS;
		rs_engine_gap(s.engines[0], gap_from, s.now_ns);
		sim_play(&s, RS_NS_PER_MS);
	}
	sim_play(&s, 10 * RS_NS_PER_S);
	assert_in_range(samples(&s, RS_AM_LATENESS_GAP), 78, 84);
	sim_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_due_before_the_end_of_a_limited_interval_that_end_after_it_are_tainted),
		cmocka_unit_test(a_call_that_fails_long_after_a_limited_interval_is_tainted_all_the_same),
		cmocka_unit_test(without_a_judge_nothing_is_tainted),
		cmocka_unit_test(calls_that_a_gap_made_late_are_known_and_those_that_were_caught_up_with_after_it),
		cmocka_unit_test(gaps_one_after_the_other_reach_as_far_as_their_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
