/* SPDX-License-Identifier: BSD-3-Clause */
/* The calendar against a plain list of due times, and impairment against its own figures. */
#include "unit.h"

#include <string.h>

#include "base/rng.h"
#include "engine/calendar.h"
#include "engine/impair.h"

#define STREAMS 500
#define SLOT	CALENDAR_SLOT_NS

struct kit {
	struct rs_arena arena;
	struct calendar *c;
};

static void
kit_open(struct kit *k, uint64_t now_ns)
{
	assert_int_equal(rs_arena_init(&k->arena, sizeof(*k->c) + 4096 + calendar_reserve(STREAMS)), 0);
	k->c = rs_arena_alloc(&k->arena, sizeof(*k->c), 64);
	assert_int_equal(calendar_init(k->c, &k->arena, STREAMS, now_ns), 0);
	for (uint32_t i = 0; i < STREAMS; i++)
		calendar_clear(k->c, i);
}

static void
what_is_due_comes_in_order_and_not_before_its_time(void **state)
{
	struct kit k;
	struct rs_rng rng = { 5 };
	uint64_t due[STREAMS], now = 1000000007, next;
	uint32_t out[64], taken = 0, early = 0;

	kit_open(&k, now);
	for (uint32_t i = 0; i < STREAMS; i++) {
		due[i] = now + rs_rng_next(&rng) % 100000000;
		calendar_add(k.c, i, due[i]);
	}
	for (uint32_t round = 0; round < 200000; round++) {
		uint32_t i = (uint32_t)(rs_rng_next(&rng) % STREAMS), n;

		now += rs_rng_next(&rng) % 300000;
		if (round % 5 == 0 && calendar_has(k.c, i)) { /* held, and gone on with */
			calendar_remove(k.c, i);
			assert_false(calendar_has(k.c, i));
			due[i] = now + rs_rng_next(&rng) % 60000000;
			calendar_add(k.c, i, due[i]);
		}
		next = calendar_next(k.c);
		while ((n = calendar_take(k.c, now, out, 1 + round % 64)) > 0) {
			assert_true(next <= now);
			for (uint32_t j = 0; j < n; j++) {
				uint32_t s = out[j];

				assert_false(calendar_has(k.c, s));
				early += due[s] > now;
				assert_true(due[s] <= now || s % 30 > 10); /* only those that are a round ahead */
				if (due[s] <= now)
					due[s] += 10000000 * (1 + s % 30); /* up to 300 ms */
				calendar_add(k.c, s, due[s]);
				taken++;
			}
		}
		assert_int_equal(k.c->n, STREAMS);
		for (uint32_t j = 0; j < STREAMS && round % 1000 == 0; j++) /* nobody is left behind */
			assert_true(due[j] > now - SLOT);
	}
	assert_true(taken > 100000);
	assert_in_range(early, 1000, taken / 2);
	for (uint32_t i = 0; i < STREAMS; i++)
		calendar_remove(k.c, i);
	assert_int_equal(k.c->n, 0);
	assert_int_equal(calendar_next(k.c), UINT64_MAX);
	assert_int_equal(calendar_take(k.c, now + 1000000000, out, 64), 0);
	for (uint32_t i = 0; i < CALENDAR_SLOTS / 64; i++)
		assert_int_equal(k.c->occupied[i], 0);
	rs_arena_fini(&k.arena);
}

static void
late_ones_come_at_once_and_phases_are_even(void **state)
{
	struct kit k;
	uint64_t now = 77 * SLOT;
	uint32_t out[64], by[80] = { 0 }, most = 0;

	kit_open(&k, now);
	calendar_add(k.c, 3, 5);
	assert_int_equal(calendar_take(k.c, now, out, 64), 1);
	assert_int_equal(out[0], 3);
	for (uint32_t i = 0; i < STREAMS; i++) { /* 10 ms: 80 slots, 6.25 streams in each */
		uint64_t at = calendar_phase(k.c, now, 80 * SLOT, i);

		assert_in_range(at, now + 1, now + 81 * SLOT);
		calendar_add(k.c, i, at);
		by[at / SLOT % 80]++;
	}
	for (uint32_t i = 0; i < 80; i++)
		most = by[i] > most ? by[i] : most;
	assert_in_range(most, 7, 8);
	rs_arena_fini(&k.arena);
}

#define PACKETS 200000

static void
impairment_does_what_its_shares_say(void **state)
{
	struct rs_impairment how = { .loss = rs_impair_share(0.05), .duplicate = rs_impair_share(0.02), .delay_ns = 1000, .jitter_ns = 500 };
	struct rs_impair_state state_of = { 0 };
	struct rs_rng rng = { 9 };
	uint32_t lost = 0, twice = 0, runs = 0;
	bool before = false;

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct rs_impaired f = rs_impair(&state_of, &how, rs_rng_next(&rng));

		lost += f.copies == 0;
		twice += f.copies == 2;
		assert_in_range(f.delay_ns, 1000, 1500);
	}
	assert_in_range(lost, PACKETS * 0.047, PACKETS * 0.053);
	assert_in_range(twice, PACKETS * 0.017, PACKETS * 0.021);
	/* Gilbert-Elliott: bursts of 5 packets, 5 % in all. */
	how = (struct rs_impairment){ .to_bad = rs_impair_share(0.2 / 19), .to_good = rs_impair_share(0.2), .loss_bad = UINT32_MAX };
	assert_in_range(rs_impairment_loss(&how) * 10000, 499, 501);
	lost = 0;
	for (uint32_t i = 0; i < PACKETS; i++) {
		bool gone = rs_impair(&state_of, &how, rs_rng_next(&rng)).copies == 0;

		lost += gone;
		runs += gone && !before;
		before = gone;
	}
	assert_in_range(lost, PACKETS * 0.045, PACKETS * 0.055);
	assert_in_range(lost * 10 / runs, 46, 54);
	how = (struct rs_impairment){ .loss = UINT32_MAX };
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(rs_impair(&state_of, &how, rs_rng_next(&rng)).copies, 0);
	assert_false(rs_impairment_is_any(&(struct rs_impairment){ .loss_bad = 5, .reorder_ns = 7 }));
	assert_int_equal(rs_impair_share(-1), 0);
	assert_int_equal(rs_impair_share(1), UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_comes_in_order_and_not_before_its_time),
		cmocka_unit_test(late_ones_come_at_once_and_phases_are_even),
		cmocka_unit_test(impairment_does_what_its_shares_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
