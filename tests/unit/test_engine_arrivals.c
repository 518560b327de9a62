/* SPDX-License-Identifier: BSD-3-Clause */
/* When calls come: even and random arrivals, ramps, steps and spikes, orders in between, what is late; alike on any number of workers. */
#include "engine_arrivals.h"

#include <math.h>

#include "engine/arrivals.h"

static struct seen one, more;

static void
orders(struct seen *x)
{
	for (uint32_t w = 0; w < x->s.n; w++) {
		rs_engine_pause(x->s.engines[w], x->t0 + 700 * MS);
		rs_engine_resume(x->s.engines[w], x->t0 + 900 * MS);
		rs_engine_set_rate(x->s.engines[w], 0, 333.3, x->t0 + 1500 * MS);
	}
}

static void
calls_are_alike(const char *group, const char *call)
{
	seen_open(&one, 1, group, call, "");
	orders(&one);
	sim_play(&one.s, 3 * SECOND);
	assert_true(one.n > 400);
	for (int workers = 2; workers <= 4; workers++) {
		seen_open(&more, workers, group, call, "");
		orders(&more);
		sim_play(&more.s, 3 * SECOND);
		for (unsigned k = 0; k < MAX_CALLS; k++) {
			const struct seen_call *a = &one.calls[k], *b = &more.calls[k];
			uint64_t latest = a->start_ns > b->start_ns ? a->start_ns : b->start_ns;

			if (latest == 0 || latest > 3 * SECOND - MS)
				continue;
			assert_in_range(b->start_ns - a->start_ns + 2000, 0, 4000);
			assert_int_equal(a->caller, b->caller);
			assert_int_equal(a->line, b->line);
			if (a->end_ns && b->end_ns) /* timers count in ms */
				assert_in_range(b->end_ns - b->start_ns + MS + 2000 - (a->end_ns - a->start_ns), 0, 2 * MS + 4000);
		}
		seen_close(&more);
	}
	seen_close(&one);
}

#define HOLDS "hold = { distribution = \"exponential\"; mean = \"200ms\"; };"

static void
the_same_seed_offers_the_same_calls_on_any_number_of_workers(void **state)
{
	calls_are_alike(PHONES, "rate = 200; " HOLDS);
	calls_are_alike(PHONES, "rate = 200; arrivals = \"poisson\"; " HOLDS);
	calls_are_alike(TRUNK, "arrivals = \"poisson\"; " HOLDS
		"shape = ( { to = 400; time = \"500ms\"; }, { spike = 900; time = \"100ms\"; }, { rate = 150; time = \"10s\"; } );");
	calls_are_alike("count = 3; addresses = \"198.18.4.1\";", "rate = 250; arrivals = \"poisson\"; " HOLDS);
}

static void
another_seed_offers_others(void **state)
{
	unsigned same = 0;

	seen_open(&one, 1, PHONES, "rate = 200; arrivals = \"poisson\";", "run = { seed = 1; };");
	seen_open(&more, 1, PHONES, "rate = 200; arrivals = \"poisson\";", "run = { seed = 2; };");
	sim_play(&one.s, 2 * SECOND);
	sim_play(&more.s, 2 * SECOND);
	for (unsigned k = 1; k < 300; k++)
		same += one.calls[k].start_ns == more.calls[k].start_ns;
	assert_int_equal(same, 0);
	seen_close(&one);
	seen_close(&more);
}

static void
poisson_arrivals_have_exponential_gaps(void **state)
{
	double sum = 0, squares = 0, windows = 0, counts = 0;
	unsigned n, longer = 0;

	seen_open(&one, 1, TRUNK, "rate = 1000; arrivals = \"poisson\"; total = 30000;", "");
	sim_play(&one.s, 40 * SECOND);
	n = one.n - 1;
	assert_int_equal(one.n, 30000);
	for (unsigned k = 1; k <= n; k++) {
		double gap = (double)(one.calls[k].start_ns - one.calls[k - 1].start_ns) / 1e6;

		assert_true(gap >= 0);
		sum += gap;
		squares += gap * gap;
		longer += gap > 3;
	}
	double mean = sum / n, variance = squares / n - mean * mean;

	assert_true(fabs(mean - 1) < 0.02); /* ms */
	assert_true(fabs(variance - 1) < 0.06);
	assert_true(fabs((double)longer / n - exp(-3)) < 0.005);
	for (unsigned w = 0; w < 250; w++) { /* calls in 100 ms: variance = mean */
		double c = started_in(&one, w * 100, (w + 1) * 100);

		counts += c;
		windows += c * c;
	}
	counts /= 250;
	assert_true(fabs(windows / 250 / counts - counts - 1) < 0.3);
	seen_close(&one);
}

static void
a_ramp_makes_its_area_due(void **state)
{
	seen_open(&one, 2, PHONES,
		"shape = ( { to = 100; time = \"10s\"; }, { rate = 100; time = \"5s\"; }, { to = 0; time = \"4s\"; } );", "");
	sim_play(&one.s, 10 * SECOND);
	for (unsigned t = 1; t <= 10; t++) { /* 5 t^2 */
		assert_in_range(started_in(&one, 0, t * 1000), 5 * t * t - (t > 0), 5 * t * t + 1);
	}
	sim_play(&one.s, 30 * SECOND);
	assert_in_range(started_in(&one, 10000, 15000), 499, 501);
	assert_in_range(one.n, 1199, 1201); /* 500 + 500 + 200, and then nothing more */
	assert_in_range(started_in(&one, 0, 19000), 1199, 1201);
	seen_close(&one);
}

static void
a_step_holds_and_a_spike_returns(void **state)
{
	seen_open(&one, 1, PHONES,
		"rate = 10; shape = ( { rate = 20; time = \"2s\"; }, { spike = 500; time = \"1s\"; }, { rate = 20; time = \"1s\"; } );", "");
	sim_play(&one.s, 8 * SECOND);
	assert_in_range(started_in(&one, 0, 2000), 39, 41);
	assert_in_range(started_in(&one, 2000, 3000), 499, 501);
	assert_in_range(started_in(&one, 3000, 8000), 99, 101); /* the last rate holds on */
	seen_close(&one);
}

static void
a_pause_stops_the_shapes_clock(void **state)
{
	seen_open(&one, 2, PHONES, "shape = ( { to = 100; time = \"10s\"; }, { rate = 0; time = \"1s\"; } );", "");
	for (uint32_t w = 0; w < one.s.n; w++) {
		rs_engine_pause(one.s.engines[w], one.t0 + 5000 * MS);
		rs_engine_pause(one.s.engines[w], one.t0 + 6000 * MS); /* is paused already */
		rs_engine_resume(one.s.engines[w], one.t0 + 8000 * MS);
	}
	sim_play(&one.s, 20 * SECOND);
	assert_in_range(started_in(&one, 0, 5000), 124, 126);
	assert_int_equal(started_in(&one, 5000, 8000), 0);
	assert_in_range(started_in(&one, 8000, 13000), 374, 376);
	assert_in_range(one.n, 499, 501);
	seen_close(&one);
}

static void
a_rate_set_replaces_the_shape(void **state)
{
	seen_open(&one, 1, PHONES, "shape = ( { to = 100; time = \"10s\"; } );", "");
	rs_engine_set_rate(one.s.engines[0], 0, 20, one.t0 + 4 * SECOND);
	sim_play(&one.s, 14 * SECOND);
	assert_in_range(started_in(&one, 0, 4000), 79, 81);
	assert_in_range(started_in(&one, 4000, 14000), 199, 201);
	/* Also while it is paused, and before it begins. */
	rs_engine_pause(one.s.engines[0], one.s.now_ns);
	rs_engine_set_rate(one.s.engines[0], 0, 50, one.s.now_ns);
	sim_play(&one.s, SECOND);
	assert_in_range(started_in(&one, 14000, 15000), 0, 1);
	rs_engine_resume(one.s.engines[0], one.s.now_ns);
	sim_play(&one.s, 2 * SECOND);
	assert_in_range(started_in(&one, 15000, 17000), 99, 101);
	seen_close(&one);
}

static void
a_higher_rate_is_not_held_up_by_the_one_before(void **state)
{
	seen_open(&one, 1, PHONES, "rate = 0.5;", "");
	rs_engine_set_rate(one.s.engines[0], 0, 1000, one.t0 + 10 * MS);
	sim_play(&one.s, 110 * MS);
	assert_in_range(one.n, 99, 102);
	seen_close(&one);
}

/* After a stall of @ms: how many starts there were at most within any 10 ms, and do all come in the end? */
static void
stall(struct seen *x, uint64_t ms)
{
	sim_play(&x->s, SECOND);
	x->s.now_ns += ms * MS;
	sim_play(&x->s, SECOND);
}

static void
what_a_stall_left_comes_out_at_twice_the_rate(void **state)
{
	uint64_t most;

	seen_open(&one, 1, PHONES, "rate = 1000;", "");
	stall(&one, 100);
	assert_in_range(one.n, 2099, 2101);
	/* 100 calls are late; with those that fall due meanwhile they take 100 ms. A turn's starts count as one moment. */
	assert_in_range(started_in(&one, 1100, 1200), 198, 206);
	assert_in_range(started_in(&one, 1200, 1300), 99, 101);
	most = seen_count(&one, RS_AM_BURST_10MS);
	assert_in_range(most, 20, 24);
	assert_in_range(seen_count(&one, RS_AM_BURST_1MS), 2, 6);
	assert_int_equal(sim_engine(&one.s, RS_ENG_BURST_10MS), most);
	seen_close(&one);

	/* On a ramp, at twice what was due then; random arrivals keep their pattern. */
	seen_open(&one, 1, PHONES, "shape = ( { to = 2000; time = \"2s\"; } );", "");
	stall(&one, 100);
	assert_in_range(started_in(&one, 0, 2100), 2203 - 10, 2203 + 10); /* 1000 t^2 / 2 until 2 s, then 2000/s */
	assert_in_range(seen_count(&one, RS_AM_BURST_10MS), 21, 30);
	seen_close(&one);
	seen_open(&one, 1, PHONES, "rate = 1000; arrivals = \"poisson\";", "run = { catch_up = 4.0; };");
	stall(&one, 100);
	assert_true(fabs((double)started_in(&one, 1100, 1133) - 133) < 50);
	assert_in_range(seen_count(&one, RS_AM_BURST_10MS), 30, 75);
	seen_close(&one);
}

static void
what_a_stall_left_stays_under_the_plans_highest_rate(void **state)
{
	seen_open(&one, 1, PHONES, "rate = 1000;", "run = { max_rate = 1250.0; };");
	stall(&one, 100);
	assert_in_range(started_in(&one, 1100, 1500), 490, 506); /* 1.25 times, until all are made up for */
	assert_in_range(started_in(&one, 1600, 1700), 99, 101);
	seen_close(&one);

	/* At the ceiling itself nothing can be made up for: all that follows is as late. */
	seen_open(&one, 1, PHONES, "rate = 1000;", "run = { max_rate = 1000.0; };");
	stall(&one, 100);
	assert_in_range(started_in(&one, 1100, 2100), 998, 1004);
	seen_close(&one);

	/* A shape may go up to its highest rate again. */
	seen_open(&one, 2, PHONES, "shape = ( { rate = 500; time = \"5s\"; }, { rate = 1000; time = \"5s\"; } );", "run = { max_rate = 1000.0; };");
	stall(&one, 100);
	assert_in_range(started_in(&one, 1100, 2100), 498, 504);
	seen_close(&one);
}

static void
bursts_are_the_most_in_any_window(void **state)
{
	struct burst b = { 0 };
	uint64_t slot = MS / 16, now = 5 * SECOND;

	assert_true(burst_add(&b, now / slot));
	assert_int_equal(b.most, 1);
	assert_true(burst_add(&b, (now + MS / 2) / slot)); /* across a slot's edge */
	assert_true(burst_add(&b, (now + MS - 1) / slot));
	assert_int_equal(b.most, 3);
	assert_false(burst_add(&b, (now + 3 * MS) / slot));
	for (int i = 0; i < 1000; i++) /* 1000/s: two at the ends of a window of 1 ms */
		burst_add(&b, (now + (10 + (uint64_t)i) * MS) / slot);
	assert_int_equal(b.most, 3);
	for (int i = 0; i < 40; i++)
		burst_add(&b, (now + 2 * SECOND) / slot);
	assert_int_equal(b.most, 40);
	burst_add(&b, (now + 3600 * SECOND) / slot);
	assert_int_equal(b.sum, 1);
}

static void
units_do_not_drift(void **state)
{
	struct rs_stretch stretches[] = { { 0, SECOND, 0, 1e5 }, { SECOND, 2 * SECOND, 1e5, 1e5 } };
	struct rs_plan_activity plan = { .shape = stretches, .n_shape = 2 };
	struct rs_arena arena;
	struct shape s;

	assert_int_equal(rs_arena_init(&arena, 1 << 16), 0);
	shape_setup(&s, rs_arena_alloc(&arena, shape_bytes(&plan), 64), &plan);
	/* 50,000 by the ramp, then 100,000/s: arrival 10^9 + 50,000 after 10^4 s more, to the ns. */
	for (uint64_t n = 1; n <= 1000000000; n *= 10) {
		uint64_t at = shape_time(&s, UNIT * (50000 + n));

		assert_in_range(at, SECOND + n * 10000 - 1, SECOND + n * 10000 + 1);
		assert_true(fabs(units_number(shape_units(&s, SECOND + n * 10000)) - (double)(50000 + n)) < 1e-5);
	}
	assert_in_range(shape_time(&s, UNIT * 12500), SECOND / 2 - 1, SECOND / 2 + 1);
	assert_int_equal(shape_end(&s), NEVER_NS);
	assert_true(units_of(2.5) == UNIT * 2 + UNIT / 2);
	assert_true(rs_engine_shape_rate(&plan, SECOND / 2) == 5e4);
	assert_true(rs_engine_shape_rate(&plan, 100 * SECOND) == 1e5);
	rs_arena_fini(&arena);
}

static void
an_activity_is_over_when_its_last_call_has_ended(void **state)
{
	seen_open(&one, 3, PHONES, "rate = 100; total = 50; hold = \"2s\";", "");
	sim_play(&one.s, SECOND);
	assert_int_equal(one.n, 50);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 0);
	sim_play(&one.s, 2 * SECOND);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 3); /* every worker says so, one without callers, too */
	seen_close(&one);

	seen_open(&one, 2, PHONES, "shape = ( { rate = 10; time = \"1s\"; }, { rate = 0; time = \"1s\"; } );", "");
	sim_play(&one.s, SECOND + 500 * MS);
	rs_engine_set_rate(one.s.engines[0], 0, 10, one.s.now_ns + SECOND); /* on one of them more is to come */
	assert_int_equal(seen_count(&one, RS_AM_OVER), 0); /* the second at rate 0 is part of the shape */
	sim_play(&one.s, 600 * MS);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 1);
	sim_play(&one.s, 3 * SECOND);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 1);
	seen_close(&one);

	seen_open(&one, 1, PHONES, "rate = 10; hold = \"1s\";", "");
	sim_play(&one.s, SECOND);
	rs_engine_stop(one.s.engines[0], 0);
	sim_play(&one.s, 500 * MS);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 0);
	sim_play(&one.s, SECOND);
	assert_int_equal(seen_count(&one, RS_AM_OVER), 1);
	seen_close(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_offers_the_same_calls_on_any_number_of_workers),
		cmocka_unit_test(another_seed_offers_others),
		cmocka_unit_test(poisson_arrivals_have_exponential_gaps),
		cmocka_unit_test(a_ramp_makes_its_area_due),
		cmocka_unit_test(a_step_holds_and_a_spike_returns),
		cmocka_unit_test(a_pause_stops_the_shapes_clock),
		cmocka_unit_test(a_rate_set_replaces_the_shape),
		cmocka_unit_test(a_higher_rate_is_not_held_up_by_the_one_before),
		cmocka_unit_test(what_a_stall_left_comes_out_at_twice_the_rate),
		cmocka_unit_test(what_a_stall_left_stays_under_the_plans_highest_rate),
		cmocka_unit_test(bursts_are_the_most_in_any_window),
		cmocka_unit_test(units_do_not_drift),
		cmocka_unit_test(an_activity_is_over_when_its_last_call_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
