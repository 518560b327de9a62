/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics: one thread writes, another reads at any time; wrapped histogram cells are no loss to a reader who looks often. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "unit.h"

enum { STARTED, OPEN, WORST, DELAY, N_DEFS };

static const struct rs_metric_def defs[N_DEFS] = {
	[STARTED] = { "calls_started", "calls", "Calls begun.", RS_METRIC_COUNTER },
	[OPEN] = { "calls_open", "calls", "Calls open now.", RS_METRIC_GAUGE },
	[WORST] = { "turn_worst", "ns", "The longest turn.", RS_METRIC_MAX },
	[DELAY] = { "delay", "ns", "Due time to start.", RS_METRIC_HIST },
};

static const struct rs_metric_table table = { "test", "worker", defs, N_DEFS };

static void
cells_start_at_zero_and_do_what_their_type_says(void **state)
{
	struct rs_metrics m;

	assert_int_equal(rs_metrics_init(&m, &table), 0);
	for (uint32_t i = 0; i < N_DEFS; i++)
		assert_int_equal(rs_metric_get(&m, i), 0);
	assert_null(m.hists[STARTED]);
	assert_non_null(m.hists[DELAY]);
	assert_int_equal((uintptr_t)m.cells % 64, 0);
	rs_metric_inc(&m, STARTED);
	rs_metric_add(&m, STARTED, 41);
	rs_metric_set(&m, OPEN, 5);
	rs_metric_set(&m, OPEN, 3);
	rs_metric_max(&m, WORST, 9);
	rs_metric_max(&m, WORST, 4);
	rs_metric_record(&m, DELAY, 1000);
	assert_int_equal(rs_metric_get(&m, STARTED), 42);
	assert_int_equal(rs_metric_get(&m, OPEN), 3);
	assert_int_equal(rs_metric_get(&m, WORST), 9);
	assert_int_equal(m.hists[DELAY]->min_ns, 1000);
	rs_metrics_fini(&m);
	assert_null(m.cells);
}

static void
wrapped_cell_is_summed_in_64_bits(void **state)
{
	struct rs_metrics m;
	struct rs_hist_sum *sum = rs_hist_sum_create();
	uint32_t *last = calloc(RS_HIST_CELLS, sizeof(*last)), cell = rs_hist_index(5000);

	assert_int_equal(rs_metrics_init(&m, &table), 0);
	/* three looks, three billion values between each: the cell wraps twice */
	for (uint32_t i = 1; i <= 3; i++) {
		atomic_store(&m.hists[DELAY]->cells[cell], (uint32_t)(i * 3000000000ull));
		rs_metric_record(&m, DELAY, 5000);
		atomic_fetch_sub(&m.hists[DELAY]->cells[cell], 1);
		rs_hist_collect(m.hists[DELAY], last, sum);
		assert_true(sum->count == i * 3000000000ull);
		assert_true(sum->cells[cell] == i * 3000000000ull);
	}
	rs_metrics_fini(&m);
	free(last);
	free(sum);
}

#define VALUES 1000000u

static void *
writer(void *arg)
{
	struct rs_metrics *m = arg;

	for (uint32_t i = 1; i <= VALUES; i++) {
		rs_metric_record(m, DELAY, (uint64_t)i * 100);
		rs_metric_max(m, WORST, i);
		rs_metric_set(m, OPEN, i % 100);
		rs_metric_inc(m, STARTED);
	}
	return NULL;
}

static void
reader_sees_growing_totals_while_the_writer_writes(void **state)
{
	struct rs_metrics m;
	struct rs_hist_sum *sum = rs_hist_sum_create();
	uint32_t *last = calloc(RS_HIST_CELLS, sizeof(*last)), looks = 0, wrong = 0;
	uint64_t started = 0, count = 0, cells = 0;
	pthread_t t;

	assert_int_equal(rs_metrics_init(&m, &table), 0);
	/* start just below the wrap, so that it is crossed under the reader's eyes */
	for (uint32_t i = 0; i < RS_HIST_CELLS; i++) {
		atomic_store(&m.hists[DELAY]->cells[i], UINT32_MAX - 3);
		last[i] = UINT32_MAX - 3;
	}
	assert_int_equal(pthread_create(&t, NULL, writer, &m), 0);
	while (started < VALUES) {
		uint64_t s = rs_metric_get(&m, STARTED);

		wrong += s < started || rs_metric_get(&m, OPEN) >= 100;
		started = s;
		rs_hist_collect(m.hists[DELAY], last, sum);
		wrong += sum->count < count || sum->count > VALUES;
		count = sum->count;
		wrong += count > 0 &&
			(sum->min_ns > sum->max_ns || rs_hist_quantile(sum, 0.5) > VALUES * 101ull);
		looks++;
	}
	pthread_join(t, NULL);
	rs_hist_collect(m.hists[DELAY], last, sum);
	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		cells += sum->cells[i];
	assert_int_equal(wrong, 0);
	assert_true(looks > 0);
	assert_int_equal(sum->count, VALUES);
	assert_int_equal(cells, VALUES);
	assert_int_equal(sum->min_ns, 100);
	assert_int_equal(sum->max_ns, VALUES * 100ull);
	assert_true(sum->sum_ns == (uint64_t)VALUES * (VALUES + 1) / 2 * 100);
	assert_int_equal(rs_metric_get(&m, WORST), VALUES);
	rs_metrics_fini(&m);
	free(last);
	free(sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_start_at_zero_and_do_what_their_type_says),
		cmocka_unit_test(wrapped_cell_is_summed_in_64_bits),
		cmocka_unit_test(reader_sees_growing_totals_while_the_writer_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
