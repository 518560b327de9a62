/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers on a virtual clock, against a model that remembers every due time: never early, at most one tick late, in order. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/wheel.h"
#include "unit.h"

#define MS RS_NS_PER_MS
#define S  RS_NS_PER_S

struct world {
	struct rs_arena arena;
	struct rs_wheel wheel;
	uint64_t now;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->now =
		123456789012345; /* a clock that did not start at 0, in the middle of a millisecond */
	if (rs_arena_init(&w->arena, 32 << 20) != 0 ||
		rs_wheel_init(&w->wheel, &w->arena, 1 << 20, w->now) != 0)
		return -1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	rs_arena_fini(&w->arena);
	free(w);
	return 0;
}

static uint32_t
expire(struct world *w, uint64_t now, uint32_t *out, uint32_t cap)
{
	w->now = now;
	return rs_wheel_expire(&w->wheel, now, out, cap);
}

/* Plans ask for millions of timers that few runs arm: they cost address space, and no time at the start. */
static void
nodes_that_were_never_armed_are_not_touched(void **state)
{
	struct world *w = *state;
	size_t bytes = w->wheel.n_nodes * sizeof(*w->wheel.nodes), pages = (bytes + 4095) / 4096, touched = 0;
	uint8_t *in_core = calloc(pages, 1), *from = (uint8_t *)((uintptr_t)w->wheel.nodes & ~(uintptr_t)4095);

	rs_wheel_arm(&w->wheel, 7, w->now + MS);
	assert_int_equal(mincore(from, bytes, in_core), 0);
	for (size_t i = 0; i < pages; i++)
		touched += in_core[i] & 1;
	assert_in_range(touched, 1, pages / 4); /* a huge page is 512 of them */
	assert_true(rs_wheel_armed(&w->wheel, 7));
	assert_false(rs_wheel_armed(&w->wheel, 0));
	assert_false(rs_wheel_armed(&w->wheel, w->wheel.n_nodes - 1));
	free(in_core);
}

static void
timer_fires_at_its_time_and_not_before(void **state)
{
	struct world *w = *state;
	static const uint64_t delays[] = { 1, MS - 1, MS, MS + 1, 255 * MS, 256 * MS, 257 * MS,
		511 * MS, 512 * MS, 513 * MS, 32 * S, 65535 * MS, 65536 * MS, 131072 * MS,
		131073 * MS, 4 * 3600 * S, 48 * 24 * 3600 * S };
	uint32_t out[4];

	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		uint64_t due = w->now + delays[i];

		rs_wheel_arm(&w->wheel, 3, due);
		assert_true(rs_wheel_armed(&w->wheel, 3));
		assert_int_equal(expire(w, due - 1, out, 4), 0);
		assert_true(rs_wheel_armed(&w->wheel, 3));
		assert_int_equal(expire(w, due + MS, out, 4), 1);
		assert_int_equal(out[0], 3);
		assert_false(rs_wheel_armed(&w->wheel, 3));
		assert_int_equal(w->wheel.armed, 0);
	}
}

static void
past_due_time_fires_at_the_next_expire(void **state)
{
	struct world *w = *state;
	uint32_t out[4];

	expire(w, w->now + 10 * S, out, 4);
	rs_wheel_arm(&w->wheel, 0, 0);
	rs_wheel_arm(&w->wheel, 1, w->now - 5 * S);
	assert_true(rs_wheel_next(&w->wheel) <= w->now);
	assert_int_equal(expire(w, w->now, out, 4), 2); /* the very same moment */
	rs_wheel_arm(&w->wheel, 2, w->now - 1);
	assert_int_equal(expire(w, w->now + 1, out, 4), 1);
}

static void
cancelled_timer_does_not_fire_and_moved_one_fires_once(void **state)
{
	struct world *w = *state;
	uint32_t out[4];

	rs_wheel_arm(&w->wheel, 5, w->now + 10 * MS);
	rs_wheel_arm(&w->wheel, 6, w->now + 10 * MS);
	rs_wheel_arm(&w->wheel, 7, w->now + 10 * MS);
	rs_wheel_cancel(&w->wheel, 6);
	rs_wheel_cancel(&w->wheel, 6);
	rs_wheel_arm(&w->wheel, 7, w->now + 5000 * MS);
	assert_int_equal(w->wheel.armed, 2);
	assert_int_equal(expire(w, w->now + 1000 * MS, out, 4), 1);
	assert_int_equal(out[0], 5);
	rs_wheel_arm(&w->wheel, 7, w->now + 1 * MS);
	assert_int_equal(expire(w, w->now + 10 * S, out, 4), 1);
	assert_int_equal(out[0], 7);
}

static void
far_future_fires_after_the_wheels_span_and_not_before(void **state)
{
	struct world *w = *state;
	uint32_t out[4];

	rs_wheel_arm(&w->wheel, 1, UINT64_MAX);
	assert_int_equal(expire(w, w->now + 49ull * 24 * 3600 * S - 6 * 3600 * S, out, 4), 0);
	assert_int_equal(expire(w, w->now + 24 * 3600 * S, out, 4), 1);
}

static void
small_output_is_asked_again_and_keeps_the_order(void **state)
{
	struct world *w = *state;
	uint32_t out[7], n, got = 0, last = 0;

	/* node i due at tick 3 * i, armed in a scattered order */
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t node = (uint32_t)(i * 7919ull % 10000);

		rs_wheel_arm(&w->wheel, node, w->now + 3ull * node * MS);
	}
	w->now += 3600 * S;
	do {
		n = expire(w, w->now, out, 7);
		for (uint32_t i = 0; i < n; i++) {
			assert_true(got == 0 || out[i] == last + 1);
			last = out[i];
			got++;
		}
	} while (n == 7);
	assert_int_equal(got, 10000);
}

static void
next_is_the_due_tick_when_it_is_near_and_never_after_it(void **state)
{
	struct world *w = *state;
	struct rs_rng r = { 5 };
	uint32_t out[8];

	assert_true(rs_wheel_next(&w->wheel) == UINT64_MAX);
	for (int i = 0; i < 20000; i++) {
		uint64_t v = rs_rng_next(&r), origin = w->wheel.origin_ns;
		uint64_t due = w->now + (i % 4 ? v % (256 * MS) : v % (1000 * S)), next, tick;

		rs_wheel_arm(&w->wheel, 1, due);
		rs_wheel_arm(&w->wheel, 2, w->now + 2000 * S);
		tick = origin + (due - origin + MS - 1) / MS * MS;
		next = rs_wheel_next(&w->wheel);
		assert_true(next <= tick);
		if (due - w->now <= 255 * MS)
			assert_int_equal(next, tick);
		/* Who sleeps until then and asks again arrives in a few steps, and then on time. */
		for (int steps = 0; rs_wheel_armed(&w->wheel, 1); steps++) {
			assert_true(steps < 8);
			next = rs_wheel_next(&w->wheel);
			assert_true(next <= tick && next > w->now - MS);
			expire(w, next, out, 8);
		}
		assert_int_equal(w->now, tick);
		w->now += v >> 44;
	}
}

/* Armed long ago, the timer sits in a slot that is being emptied while its time comes near. */
static void
next_is_exact_for_timers_still_on_their_way_down(void **state)
{
	struct world *w = *state;
	uint32_t out[8];

	for (uint64_t delay = 600; delay < 1200; delay += 7) {
		uint64_t tick = w->wheel.tick + delay, due = w->wheel.origin_ns + tick * MS;

		for (uint32_t i = 0; i < 100; i++) /* company, so that not all is moved at once */
			rs_wheel_arm(&w->wheel, i, due + i * MS / 4);
		while (w->wheel.tick + 1 < tick) {
			assert_int_equal(expire(w, w->now + MS, out, 8), 0);
			assert_true(rs_wheel_next(&w->wheel) <= due);
			if (due - w->now <= 255 * MS)
				assert_int_equal(rs_wheel_next(&w->wheel), due);
		}
		for (uint32_t i = 0; i < 100; i++)
			rs_wheel_cancel(&w->wheel, i);
	}
}

/* A million operations on few nodes, all kinds of delays, the clock by steps from nothing to hours. */
static void
random_traffic_agrees_with_a_naive_model(void **state)
{
	enum { N = 512, OPS = 1000000 };
	static uint64_t due[N]; /* 0: not armed */
	static const uint64_t spans[] = { 4 * MS, 300 * MS, 600 * MS, 40 * S, 200 * S, 7 * 3600 * S,
		40 * 86400 * S };
	static const uint64_t steps[] = { 100000, 1 * MS, 3 * MS, 300 * MS, 3 * S, 300 * S,
		9 * 3600 * S };
	struct world *w = *state;
	struct rs_rng r = { 6 };
	uint32_t out[32], armed = 0;
	uint64_t fired = 0;

	for (int op = 0; op < OPS; op++) {
		uint64_t v = rs_rng_next(&r);
		uint32_t node = (uint32_t)(v % N);

		v >>= 10;
		if (v % 8 < 4) {
			uint64_t d = w->now + rs_rng_next(&r) % spans[(v >> 8) % 7];

			armed += due[node] == 0;
			due[node] = d;
			rs_wheel_arm(&w->wheel, node, d);
		} else if (v % 8 < 5) {
			armed -= due[node] != 0;
			due[node] = 0;
			rs_wheel_cancel(&w->wheel, node);
		} else {
			/* mostly small steps; the long stalls are rare enough that timers survive to see the cascades */
			uint64_t kind = (v >> 8) % 1024 < 1000 ? (v >> 20) % 3 : 3 + (v >> 20) % 4;
			uint64_t before = w->now, last_tick = 0;
			uint32_t n;

			w->now += rs_rng_next(&r) % steps[kind];
			do {
				n = expire(w, w->now, out, 32);
				for (uint32_t i = 0; i < n; i++) {
					uint64_t d = due[out[i]], tick;

					assert_true(d != 0 && d <= w->now);
					/* in the order of ticks, those already late when armed first */
					tick = d > before ? (d - w->wheel.origin_ns + MS - 1) / MS
							  : last_tick;
					assert_true(tick >= last_tick);
					last_tick = tick;
					due[out[i]] = 0;
					armed--;
					fired++;
				}
			} while (n == 32);
			if (op % 16 == 0 || kind > 2)
				for (int i = 0; i < N; i++)
					assert_true(due[i] == 0 || due[i] + MS > w->now);
		}
		assert_int_equal(w->wheel.armed, armed);
		assert_int_equal(rs_wheel_armed(&w->wheel, node), due[node] != 0);
	}
	assert_true(fired > OPS / 20);
}

/*
 * Half a million timers due within one slot of the second level, and as many in one of the third: each tick moves its share
 * (1/256 and 1/65,536 of them, and what came down from above), none a whole slot.
 */
static void
no_tick_pays_for_a_whole_slot(void **state)
{
	enum { N = 1 << 20 };
	static uint32_t out[N];
	struct world *w = *state;
	struct rs_rng r = { 7 };
	uint64_t origin = w->wheel.origin_ns, worst = 0, before, fired = 0;

	for (uint32_t i = 0; i < N / 2; i++)
		rs_wheel_arm(&w->wheel, i, origin + (1024 + rs_rng_next(&r) % 256) * MS);
	for (uint32_t i = N / 2; i < N; i++)
		rs_wheel_arm(
			&w->wheel, i, origin + (131072 + 65536 + rs_rng_next(&r) % 65536) * MS);
	for (uint64_t tick = 1; tick < 131072 + 65536 * 2; tick++) {
		before = w->wheel.moved;
		fired += expire(w, origin + tick * MS, out, N);
		if (w->wheel.moved - before > worst)
			worst = w->wheel.moved - before;
	}
	assert_int_equal(fired, N);
	/* once from the second level, twice from the third */
	assert_in_range(w->wheel.moved, N, N / 2 * 3);
	assert_in_range(worst, N / 2 / 256, N / 2 / 256 + 32);
}

static void
long_stalls_are_skipped_not_counted_through(void **state)
{
	struct world *w = *state;
	uint32_t out[4];
	uint64_t t0 = rs_clock_mono_ns();

	for (int i = 0; i < 1000; i++) {
		rs_wheel_arm(&w->wheel, 0, w->now + 40ull * 86400 * S);
		rs_wheel_arm(&w->wheel, 1, w->now + 20ull * 86400 * S);
		assert_int_equal(expire(w, w->now + 30ull * 86400 * S, out, 4), 1);
		assert_int_equal(expire(w, w->now + 30ull * 86400 * S, out, 4), 1);
	}
	/* 60,000 days of ticks: one by one they would take hours, even block by block minutes. */
	assert_true(rs_clock_mono_ns() - t0 < 2 * S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nodes_that_were_never_armed_are_not_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(
			timer_fires_at_its_time_and_not_before, setup, teardown),
		cmocka_unit_test_setup_teardown(
			past_due_time_fires_at_the_next_expire, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cancelled_timer_does_not_fire_and_moved_one_fires_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			far_future_fires_after_the_wheels_span_and_not_before, setup, teardown),
		cmocka_unit_test_setup_teardown(
			small_output_is_asked_again_and_keeps_the_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			next_is_the_due_tick_when_it_is_near_and_never_after_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			next_is_exact_for_timers_still_on_their_way_down, setup, teardown),
		cmocka_unit_test_setup_teardown(
			random_traffic_agrees_with_a_naive_model, setup, teardown),
		cmocka_unit_test_setup_teardown(no_tick_pays_for_a_whole_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(
			long_stalls_are_skipped_not_counted_through, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
