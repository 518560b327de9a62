/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables find every value under its hash and nothing else, whatever was added and removed before. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/table.h"
#include "guard.h"
#include "unit.h"

static int
count_under(const struct rs_table *t, uint64_t hash, uint32_t wanted)
{
	int n = 0;

	for (uint32_t v, i = rs_table_first(t, hash, &v); i != RS_TABLE_END;
		i = rs_table_next(t, hash, i, &v))
		n += v == wanted;
	return n;
}

static void
empty_table_has_nothing(void **state)
{
	struct rs_arena a;
	struct rs_table t;
	uint32_t v;

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_table_init(&t, &a, 0), 0);
	assert_int_equal(rs_table_first(&t, 0, &v), RS_TABLE_END);
	assert_int_equal(rs_table_first(&t, UINT64_MAX, &v), RS_TABLE_END);
	rs_table_remove(&t, 1, 1);
	assert_int_equal(t.used, 0);
	rs_arena_fini(&a);
}

static void
several_values_may_have_one_hash(void **state)
{
	struct rs_arena a;
	struct rs_table t;
	const uint64_t h =
		0xfffffffe00000000u; /* its home is near the end: the run wraps to the start */

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_table_init(&t, &a, 8), 0);
	for (uint32_t v = 0; v < 5; v++)
		assert_int_equal(rs_table_add(&t, h, v), 0);
	assert_int_equal(rs_table_add(&t, 0x0000000100000000u, 9), 0);
	for (uint32_t v = 0; v < 5; v++)
		assert_int_equal(count_under(&t, h, v), 1);
	rs_table_remove(&t, h, 2);
	rs_table_remove(&t, h, 2);
	rs_table_remove(&t, h, 9); /* another hash has this value */
	assert_int_equal(t.used, 5);
	assert_int_equal(count_under(&t, h, 2), 0);
	assert_int_equal(count_under(&t, h, 4), 1);
	assert_int_equal(count_under(&t, 0x0000000100000000u, 9), 1);
	rs_arena_fini(&a);
}

static void
full_table_refuses_more(void **state)
{
	struct rs_arena a;
	struct rs_table t;

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_table_init(&t, &a, 1024), 0);
	assert_int_equal(t.mask + 1, 2048);
	for (uint32_t v = 0; v < 1024; v++)
		assert_int_equal(rs_table_add(&t, rs_mix64(v), v), 0);
	assert_int_equal(rs_table_add(&t, 1, 1), -ENOSPC);
	rs_table_remove(&t, rs_mix64(5), 5);
	assert_int_equal(rs_table_add(&t, 1, 1), 0);
	assert_int_equal(count_under(&t, 1, 1), 1);
	assert_int_equal(rs_table_init(&t, &a, UINT32_MAX), -ENOMEM);
	assert_int_equal(rs_table_init(&t, &a, 1 << 20), -ENOMEM);
	rs_arena_fini(&a);
}

/* A million random additions and removals over few hashes, so that runs are long, against a list per hash. */
static void
random_traffic_agrees_with_a_naive_model(void **state)
{
	enum { HASHES = 512, CAP = 2048 };
	struct rs_arena a;
	struct rs_table t;
	struct rs_rng r = { 4 };
	uint32_t count = 0;
	uint64_t hash_of[HASHES];
	uint8_t *present = calloc(CAP, 1);
	uint16_t under[CAP] = { 0 };

	assert_int_equal(rs_arena_init(&a, 1 << 20), 0);
	assert_int_equal(rs_table_init(&t, &a, CAP), 0);
	for (int i = 0; i < HASHES;
		i++) /* homes close together, and equal tags under unlike hashes */
		hash_of[i] =
			(rs_rng_next(&r) & 0x1ff) << 32 | (i % 3 == 0 ? 0xe0000000ull << 32 : 0);
	for (int op = 0; op < 1000000; op++) {
		uint64_t x = rs_rng_next(&r);
		uint32_t v = (uint32_t)(x % CAP);

		if (present[v]) {
			rs_table_remove(&t, hash_of[under[v]], v);
			present[v] = 0;
			count--;
			assert_int_equal(count_under(&t, hash_of[under[v]], v), 0);
		} else {
			under[v] = (uint16_t)(x >> 32 & (HASHES - 1));
			assert_int_equal(rs_table_add(&t, hash_of[under[v]], v), 0);
			present[v] = 1;
			count++;
		}
		assert_int_equal(t.used, count);
		if (op % 20000 == 0)
			for (v = 0; v < CAP; v++)
				assert_int_equal(
					count_under(&t, hash_of[under[v] % HASHES], v), present[v]);
	}
	for (uint32_t v = 0; v < CAP; v++)
		if (present[v])
			rs_table_remove(&t, hash_of[under[v]], v);
	assert_int_equal(t.used, 0);
	for (uint32_t i = 0; i <= t.mask; i++)
		assert_int_equal(t.entries[i].inverted, 0);
	free(present);
	rs_arena_fini(&a);
}

static void
hash_reads_no_byte_too_many_and_depends_on_all(void **state)
{
	uint8_t bytes[200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct guard g = guard_new(bytes, len);
		uint64_t h = rs_hash(g.p, len, 1);

		assert_int_equal(h, rs_hash(bytes, len, 1)); /* alignment does not matter */
		assert_int_not_equal(h, rs_hash(bytes, len, 2));
		if (len > 0)
			assert_int_not_equal(h, rs_hash(bytes, len - 1, 1));
		for (size_t i = 0; i < len; i++) {
			g.p[i] ^= 0x10;
			assert_int_not_equal(h, rs_hash(g.p, len, 1));
			g.p[i] ^= 0x10;
		}
		guard_free(&g);
	}
}

static void
hash_spreads_numbered_names_evenly(void **state)
{
	enum { N = 1 << 16, BUCKETS = 1 << 12 };
	uint32_t *high = calloc(BUCKETS, sizeof(*high)), *low = calloc(BUCKETS, sizeof(*low));
	double chi_high = 0, chi_low = 0, expected = (double)N / BUCKETS;

	for (int i = 0; i < N; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "%d-1234@198.18.0.2", i);
		uint64_t h = rs_hash(name, (size_t)len, 7);

		high[h >> 32 & (BUCKETS - 1)]++; /* what tables take as home */
		low[h & (BUCKETS - 1)]++;
	}
	for (int i = 0; i < BUCKETS; i++) {
		chi_high += (high[i] - expected) * (high[i] - expected) / expected;
		chi_low += (low[i] - expected) * (low[i] - expected) / expected;
	}
	/* chi square with 4,095 degrees of freedom: mean 4,095, deviation 90.5 */
	assert_true(chi_high < 4095 + 5 * 91 && chi_high > 4095 - 5 * 91);
	assert_true(chi_low < 4095 + 5 * 91 && chi_low > 4095 - 5 * 91);
	free(high);
	free(low);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_has_nothing),
		cmocka_unit_test(several_values_may_have_one_hash),
		cmocka_unit_test(full_table_refuses_more),
		cmocka_unit_test(random_traffic_agrees_with_a_naive_model),
		cmocka_unit_test(hash_reads_no_byte_too_many_and_depends_on_all),
		cmocka_unit_test(hash_spreads_numbered_names_evenly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
