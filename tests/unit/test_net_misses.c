/* SPDX-License-Identifier: BSD-3-Clause */
/* What is inferred from looks into a queue that nobody counts for: rate, depth and gaps in, packets out. */
#include "unit.h"

#include "net/misses.h"

#define DEPTH 2048
#define BURST 32
#define US    1000ull
#define MS    1000000ull

/** A queue of DEPTH packets with something that fills it, and somebody who looks. */
struct queue {
	struct rs_misses m;
	uint64_t now_ns, filled_ns;
	uint64_t rate; /* packets/s that come */
	double held, lost;
	uint64_t inferred;
};

static void
fill(struct queue *q)
{
	q->held += (double)q->rate * (double)(q->now_ns - q->filled_ns) / 1e9;
	q->filled_ns = q->now_ns;
	if (q->held > DEPTH) {
		q->lost += q->held - DEPTH;
		q->held = DEPTH;
	}
}

/** Look every @step_ns for @for_ns. */
static void
look(struct queue *q, uint64_t for_ns, uint64_t step_ns)
{
	for (uint64_t end = q->now_ns + for_ns; q->now_ns < end;) {
		uint32_t got;

		q->now_ns += step_ns;
		fill(q);
		got = q->held < BURST ? (uint32_t)q->held : BURST;
		q->held -= got;
		q->inferred += rs_misses_look(&q->m, q->now_ns, got, got == BURST);
	}
}

static struct queue
queue_at(uint64_t rate)
{
	struct queue q = { .m.depth = DEPTH, .now_ns = 1000 * MS, .filled_ns = 1000 * MS, .rate = rate };

	look(&q, 100 * MS, 20 * US);
	assert_int_equal(q.inferred, 0);
	return q;
}

static void
steady_traffic_infers_nothing(void **state)
{
	(void)state;
	for (uint64_t rate = 0; rate <= 1000000; rate += 100000) {
		struct queue q = queue_at(rate);

		look(&q, 1000 * MS, 20 * US);
		assert_int_equal(q.inferred, 0);
	}
}

static void
gap_that_the_queue_bridges_infers_nothing(void **state)
{
	struct queue q = queue_at(200000);

	(void)state;
	for (uint32_t gap_ms = 1; gap_ms <= 8; gap_ms++) { /* 8 ms: 1,600 packets */
		q.now_ns += gap_ms * MS;
		look(&q, 50 * MS, 20 * US);
	}
	assert_true(q.lost == 0);
	assert_int_equal(q.inferred, 0);
}

static void
gap_that_overflows_the_queue_is_estimated_by_the_rate(void **state)
{
	static const uint64_t rates[] = { 50000, 200000, 500000 };

	(void)state;
	for (int r = 0; r < 3; r++) {
		for (uint64_t gap_ms = 50; gap_ms <= 1000; gap_ms *= 2) {
			struct queue q = queue_at(rates[r]);

			q.now_ns += gap_ms * MS;
			look(&q, 50 * MS, 20 * US);
			assert_true(q.lost > 0);
			/* Within a tenth, or a few bursts. */
			assert_true((double)q.inferred > q.lost * 0.9 - 100);
			assert_true((double)q.inferred < q.lost * 1.1 + 100);
		}
	}
}

static void
gap_in_silence_infers_nothing(void **state)
{
	struct queue q = queue_at(100);

	(void)state;
	q.now_ns += 5000 * MS;
	look(&q, 50 * MS, 20 * US);
	assert_int_equal(q.inferred, 0);
}

static void
queue_found_full_after_a_gap_counts_though_the_rate_does_not_explain_it(void **state)
{
	struct queue q = queue_at(100);

	(void)state;
	q.rate = 1000000; /* a burst, while nobody looks */
	q.now_ns += 3 * MS;
	fill(&q);
	q.rate = 100;
	assert_true(q.lost > 0);
	look(&q, 50 * MS, 20 * US);
	assert_int_equal(q.inferred, 1);
}

static void
more_than_is_taken_is_noticed_without_a_gap(void **state)
{
	struct queue q = queue_at(100000);

	(void)state;
	q.rate = 3000000; /* 1.6 million a second are taken */
	look(&q, 100 * MS, 20 * US);
	assert_true(q.lost > 0);
	/* How many, nobody knows: one for each queue's worth. */
	assert_in_range(q.inferred, 10, 100000 / DEPTH * 2);
}

static void
short_runs_of_full_bursts_are_no_loss(void **state)
{
	struct queue q = queue_at(100000);

	(void)state;
	for (int i = 0; i < 100; i++) {
		q.held += 1500; /* a peer that answers in volleys */
		look(&q, 10 * MS, 20 * US);
	}
	assert_int_equal(q.inferred, 0);
}

static void
first_look_knows_nothing(void **state)
{
	struct rs_misses m = { .depth = DEPTH };

	(void)state;
	assert_int_equal(rs_misses_look(&m, 5000 * MS, BURST, true), 0);
	assert_int_equal(rs_misses_look(&m, 5001 * MS, 0, false), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_traffic_infers_nothing),
		cmocka_unit_test(gap_that_the_queue_bridges_infers_nothing),
		cmocka_unit_test(gap_that_overflows_the_queue_is_estimated_by_the_rate),
		cmocka_unit_test(gap_in_silence_infers_nothing),
		cmocka_unit_test(queue_found_full_after_a_gap_counts_though_the_rate_does_not_explain_it),
		cmocka_unit_test(more_than_is_taken_is_noticed_without_a_gap),
		cmocka_unit_test(short_runs_of_full_bursts_are_no_loss),
		cmocka_unit_test(first_look_knows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
