/* SPDX-License-Identifier: BSD-3-Clause */
/* Arenas give zeroed, aligned memory; pools give slots whose stale handles are told from live ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/rng.h"
#include "unit.h"

static void
arena_gives_zeroed_aligned_memory_until_it_is_full(void **state)
{
	struct rs_arena a;
	uint8_t *p, *q;

	assert_int_equal(rs_arena_init(&a, 3 << 20), 0);
	assert_true(a.size >= 3 << 20);
	p = rs_arena_alloc(&a, 100, 8);
	q = rs_arena_alloc(&a, 1, 4096);
	assert_int_equal((uintptr_t)p % 64, 0);
	assert_int_equal((uintptr_t)q % 4096, 0);
	assert_true(q >= p + 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_null(rs_arena_alloc(&a, a.size, 64));
	assert_null(rs_arena_alloc(&a, SIZE_MAX - 32, 64));
	p = rs_arena_alloc(&a, a.size - a.used - 64, 64);
	assert_non_null(p);
	p[0] = 1;
	rs_arena_fini(&a);
	rs_arena_fini(&a);
}

static void
arena_of_a_terabyte_costs_nothing_until_touched_or_is_refused(void **state)
{
	struct rs_arena a;
	int rc = rs_arena_init(&a, (size_t)1 << 40);

	assert_true(rc == 0 || rc == -ENOMEM);
	if (rc == 0)
		*(uint8_t *)rs_arena_alloc(&a, 1, 64) = 1;
	rs_arena_fini(&a);
	assert_int_equal(rs_arena_init(&a, SIZE_MAX), -ENOMEM);
	assert_int_equal(rs_arena_init(&a, 0), -ENOMEM);
}

static void
pool_gives_each_slot_once(void **state)
{
	enum { N = 2000 };
	struct rs_arena a;
	struct rs_pool p;
	uint8_t seen[N] = { 0 };

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 24, N), 0);
	for (int i = 0; i < N; i++) {
		uint32_t s = rs_pool_take(&p);

		assert_true(s < N);
		assert_int_equal(seen[s]++, 0);
		memset(rs_pool_at(&p, s), 0xa5, 24);
	}
	assert_int_equal(rs_pool_take(&p), RS_POOL_NONE);
	assert_int_equal(p.used, N);
	assert_int_equal(p.peak, N);
	rs_pool_give(&p, 7);
	assert_int_equal(p.used, N - 1);
	assert_int_equal(rs_pool_take(&p), 7);
	assert_int_equal(p.peak, N);
	rs_arena_fini(&a);
}

static void
handle_goes_stale_when_its_slot_is_given_back(void **state)
{
	struct rs_arena a;
	struct rs_pool p;
	uint32_t s;
	uint16_t g;

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 8, 1), 0);
	assert_false(rs_pool_is_live(&p, 0, 0)); /* never taken */
	assert_false(rs_pool_is_live(&p, 1, 0)); /* no such slot */
	assert_false(rs_pool_is_live(&p, RS_POOL_NONE, 0));
	s = rs_pool_take(&p);
	g = (uint16_t)p.generation[s];
	assert_true(rs_pool_is_live(&p, s, g));
	rs_pool_give(&p, s);
	assert_false(rs_pool_is_live(&p, s, g));
	assert_false(rs_pool_is_live(&p, s, (uint16_t)(g + 1))); /* nobody has it */
	assert_int_equal(rs_pool_take(&p), s);
	assert_false(rs_pool_is_live(&p, s, g));
	assert_true(rs_pool_is_live(&p, s, (uint16_t)(g + 1)));
	rs_arena_fini(&a);
}

static void
growing_pool_rests_its_slots_first(void **state)
{
	struct rs_arena a;
	struct rs_pool p;

	assert_int_equal(rs_arena_init(&a, 4 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 64, 10000), 0);
	/* One call at a time: the same slot does not come back before RS_POOL_REST others. */
	for (uint32_t i = 0; i < 5 * RS_POOL_REST; i++) {
		uint32_t s = rs_pool_take(&p);

		assert_int_equal(s, i % RS_POOL_REST);
		rs_pool_give(&p, s);
	}
	/* What was never used was never touched. */
	assert_int_equal(p.fresh, RS_POOL_REST);
	rs_arena_fini(&a);
}

static void
full_pool_gives_the_slot_that_rested_longest(void **state)
{
	struct rs_arena a;
	struct rs_pool p;
	const uint32_t order[] = { 3, 0, 4, 1, 2 };

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 16, 5), 0);
	for (int i = 0; i < 5; i++)
		rs_pool_take(&p);
	for (int i = 0; i < 5; i++)
		rs_pool_give(&p, order[i]);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rs_pool_take(&p), order[i]);
	rs_arena_fini(&a);
}

static void
pool_keeps_what_the_last_user_left(void **state)
{
	struct rs_arena a;
	struct rs_pool p;
	uint32_t s;

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 20, 1), 0); /* rounded up to 24 */
	assert_int_equal(p.size, 24);
	s = rs_pool_take(&p);
	for (int i = 0; i < 24; i++)
		assert_int_equal(((uint8_t *)rs_pool_at(&p, s))[i], 0);
	memset(rs_pool_at(&p, s), 7, 20);
	rs_pool_give(&p, s);
	assert_int_equal(((uint8_t *)rs_pool_at(&p, rs_pool_take(&p)))[19], 7);
	assert_int_equal(rs_pool_cost(24), 32);
	rs_arena_fini(&a);
}

static void
pool_that_does_not_fit_is_refused(void **state)
{
	struct rs_arena a;
	struct rs_pool p;

	assert_int_equal(rs_arena_init(&a, 4096), 0);
	assert_int_equal(rs_pool_init(&p, &a, 64, 1000), -ENOMEM);
	assert_int_equal(rs_pool_init(&p, &a, 64, RS_POOL_NONE), -ENOMEM);
	rs_arena_fini(&a);
}

static void
random_traffic_agrees_with_a_naive_model(void **state)
{
	enum { N = 1500 };
	struct rs_arena a;
	struct rs_pool p;
	struct rs_rng r = { 3 };
	uint32_t *mine = calloc(N, sizeof(*mine)), n = 0, peak = 0;
	uint32_t generation[N] = { 0 };
	uint8_t taken[N] = { 0 };

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_pool_init(&p, &a, 8, N), 0);
	for (int i = 0; i < 500000; i++) {
		uint64_t v = rs_rng_next(&r);
		/* waves: fill for a while, empty for a while */
		bool take = (v & 7) < (i / 5000 % 2 ? 3u : 5u);

		if (take) {
			uint32_t s = rs_pool_take(&p);

			if (n == N) {
				assert_int_equal(s, RS_POOL_NONE);
				continue;
			}
			assert_true(s < N && !taken[s]);
			taken[s] = 1;
			mine[n++] = s;
			peak = n > peak ? n : peak;
			assert_int_equal(p.generation[s], generation[s]);
		} else if (n > 0) {
			uint32_t k = (uint32_t)rs_random_below(v, n), s = mine[k];

			assert_true(rs_pool_is_live(&p, s, (uint16_t)generation[s]));
			rs_pool_give(&p, s);
			assert_false(rs_pool_is_live(&p, s, (uint16_t)generation[s]));
			generation[s]++;
			taken[s] = 0;
			mine[k] = mine[--n];
		}
		assert_int_equal(p.used, n);
		assert_int_equal(p.peak, peak);
	}
	free(mine);
	rs_arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_until_it_is_full),
		cmocka_unit_test(arena_of_a_terabyte_costs_nothing_until_touched_or_is_refused),
		cmocka_unit_test(pool_gives_each_slot_once),
		cmocka_unit_test(handle_goes_stale_when_its_slot_is_given_back),
		cmocka_unit_test(growing_pool_rests_its_slots_first),
		cmocka_unit_test(full_pool_gives_the_slot_that_rested_longest),
		cmocka_unit_test(pool_keeps_what_the_last_user_left),
		cmocka_unit_test(pool_that_does_not_fit_is_refused),
		cmocka_unit_test(random_traffic_agrees_with_a_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
