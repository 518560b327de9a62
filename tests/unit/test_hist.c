/* SPDX-License-Identifier: BSD-3-Clause */
/* Histograms answer within 0.1 % or 32 ns of the truth, alone, merged and subtracted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hist.h"
#include "base/rng.h"
#include "unit.h"

static struct rs_hist *
hist_create(void)
{
	struct rs_hist *h = calloc(1, sizeof(*h));

	rs_hist_init(h);
	return h;
}

static struct rs_hist_sum *
sum_of(const struct rs_hist *h)
{
	struct rs_hist_sum *s = rs_hist_sum_create();
	uint32_t *last = calloc(RS_HIST_CELLS, sizeof(*last));

	rs_hist_collect(h, last, s);
	free(last);
	return s;
}

static void
assert_near(uint64_t got, uint64_t truth)
{
	double error = fabs((double)got - (double)truth);

	assert_true(error <= 32 || error <= (double)truth * 0.001);
}

static void
cell_of_a_value_stands_for_it_within_the_bound(void **state)
{
	struct rs_rng r = { 8 };

	assert_int_equal(sizeof(((struct rs_hist *)0)->cells), 48 * 1024);
	for (int i = 0; i < 2000000; i++) {
		uint64_t v =
			rs_rng_next(&r) >> (26 + i % 38); /* every magnitude up to 2^38 ns, 274 s */

		assert_near(rs_hist_value(rs_hist_index(v)), v);
	}
	/* both ends of every cell */
	for (uint32_t i = 0; i + 1 < RS_HIST_CELLS; i++) {
		uint64_t middle = rs_hist_value(i);

		assert_int_equal(rs_hist_index(middle), i);
		assert_true(rs_hist_value(i + 1) > middle);
	}
}

static void
longer_durations_fall_into_the_last_cell(void **state)
{
	assert_int_equal(rs_hist_index((1ull << 38) - 1), RS_HIST_CELLS - 1);
	assert_int_equal(rs_hist_index(1ull << 38), RS_HIST_CELLS - 1);
	assert_int_equal(rs_hist_index(UINT64_MAX), RS_HIST_CELLS - 1);
	assert_int_equal(rs_hist_index(0), 0);
}

static void
empty_histogram_has_no_extremes(void **state)
{
	struct rs_hist *h = hist_create();
	struct rs_hist_sum *s = sum_of(h);

	assert_int_equal(s->count, 0);
	assert_true(s->min_ns == UINT64_MAX);
	assert_int_equal(s->max_ns, 0);
	assert_int_equal(rs_hist_quantile(s, 0.5), 0);
	free(s);
	free(h);
}

static void
one_value_is_every_quantile(void **state)
{
	struct rs_hist *h = hist_create();
	struct rs_hist_sum *s;

	rs_hist_record(h, 1234567);
	s = sum_of(h);
	assert_int_equal(rs_hist_quantile(s, 0), 1234567);
	assert_int_equal(rs_hist_quantile(s, 0.5), 1234567);
	assert_int_equal(rs_hist_quantile(s, 1), 1234567);
	free(s);
	free(h);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
quantiles_agree_with_a_sorted_array(void **state)
{
	static const double qs[] = { 0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
	enum { MAX = 50000 };
	static uint64_t v[MAX];
	struct rs_rng r = { 9 };
	static const int sizes[] = { 2, 3, 10, 1000, MAX };

	for (int shape = 0; shape < 3; shape++) {
		for (int k = 0; k < 5; k++) {
			struct rs_hist *h = hist_create();
			struct rs_hist_sum *s;
			int n = sizes[k];
			uint64_t total = 0;

			for (int i = 0; i < n; i++) {
				double u = rs_random_unit(rs_rng_next(&r));

				v[i] = shape == 0    ? (uint64_t)(u * 1e6)
					: shape == 1 ? (uint64_t)(-log(1 - u) * 5e6)
						     : (uint64_t)pow(10, 1 + 10 * u);
				rs_hist_record(h, v[i]);
				total += v[i];
			}
			qsort(v, (size_t)n, sizeof(v[0]), compare);
			s = sum_of(h);
			assert_int_equal(s->count, n);
			assert_int_equal(s->sum_ns, total);
			assert_int_equal(s->min_ns, v[0]);
			assert_int_equal(s->max_ns, v[n - 1]);
			for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
				int rank = (int)ceil(qs[i] * n);

				assert_near(rs_hist_quantile(s, qs[i]), v[rank < 1 ? 0 : rank - 1]);
			}
			free(s);
			free(h);
		}
	}
}

static void
merged_histograms_are_one_of_all_values(void **state)
{
	struct rs_hist *a = hist_create(), *b = hist_create(), *both = hist_create();
	struct rs_hist_sum *sa, *sb, *sboth, *merged = rs_hist_sum_create();
	struct rs_rng r = { 10 };

	for (int i = 0; i < 10000; i++) {
		uint64_t v = rs_rng_next(&r) % 100000000;

		rs_hist_record(i % 3 ? a : b, v);
		rs_hist_record(both, v);
	}
	sa = sum_of(a);
	sb = sum_of(b);
	sboth = sum_of(both);
	rs_hist_sum_add(merged, sa);
	rs_hist_sum_add(merged, sb);
	assert_memory_equal(merged, sboth, sizeof(*merged));
	free(a);
	free(b);
	free(both);
	free(sa);
	free(sb);
	free(sboth);
	free(merged);
}

static void
difference_is_what_came_between_two_copies(void **state)
{
	struct rs_hist *h = hist_create();
	struct rs_hist_sum *before, *after, *diff = rs_hist_sum_create();

	rs_hist_record(h, 100);
	rs_hist_record(h, 900000000);
	before = sum_of(h);
	rs_hist_record(h, 5000000);
	rs_hist_record(h, 6000000);
	rs_hist_record(h, 7000000);
	after = sum_of(h);
	rs_hist_sum_diff(diff, after, before);
	assert_int_equal(diff->count, 3);
	assert_int_equal(diff->sum_ns, 18000000);
	assert_near(diff->min_ns, 5000000);
	assert_near(diff->max_ns, 7000000);
	assert_near(rs_hist_quantile(diff, 0.5), 6000000);
	rs_hist_sum_diff(after, after, after); /* in place, and nothing between */
	assert_int_equal(after->count, 0);
	assert_true(after->min_ns == UINT64_MAX);
	assert_int_equal(after->max_ns, 0);
	free(h);
	free(before);
	free(after);
	free(diff);
}

static void
difference_knows_the_length_of_what_is_beyond_the_range(void **state)
{
	struct rs_hist *h = hist_create();
	struct rs_hist_sum *before = sum_of(h), *after;

	rs_hist_record(h, 1000000000000); /* 1,000 s */
	after = sum_of(h);
	rs_hist_sum_diff(after, after, before);
	assert_int_equal(after->max_ns, 1000000000000);
	assert_int_equal(rs_hist_quantile(after, 1), 1000000000000);
	free(h);
	free(before);
	free(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cell_of_a_value_stands_for_it_within_the_bound),
		cmocka_unit_test(longer_durations_fall_into_the_last_cell),
		cmocka_unit_test(empty_histogram_has_no_extremes),
		cmocka_unit_test(one_value_is_every_quantile),
		cmocka_unit_test(quantiles_agree_with_a_sorted_array),
		cmocka_unit_test(merged_histograms_are_one_of_all_values),
		cmocka_unit_test(difference_is_what_came_between_two_copies),
		cmocka_unit_test(difference_knows_the_length_of_what_is_beyond_the_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
