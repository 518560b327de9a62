/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench_compute [--json FILE]
 *
 * What the machine itself gives: a loop that only computes, in registers, on one core and on two at a time, by turns. Keys:
 * one_core, two_cores (steps a second, medians of rounds), ratio two_cores. On shared cores it is below 2.
 */
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define ROUNDS 15
#define ROUND_NS (100 * RS_NS_PER_MS)
#define LOOK 4096 /* steps between two looks at the clock */

struct runner {
	pthread_barrier_t *begin;
	const struct rs_clock *clock;
	int core;
	uint64_t steps;
	uint64_t ns;
	uint64_t result; /* so that the steps are not optimised away */
};

static void *
compute(void *arg)
{
	struct runner *r = arg;
	cpu_set_t set;
	uint64_t x = 88172645463325252u + (uint64_t)r->core, begin, now;

	CPU_ZERO(&set);
	CPU_SET(r->core, &set);
	sched_setaffinity(0, sizeof(set), &set);
	pthread_barrier_wait(r->begin);
	begin = now = rs_clock_now(r->clock);
	for (r->steps = 0; now - begin < ROUND_NS; r->steps += LOOK) {
		for (int i = 0; i < LOOK; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		now = rs_clock_now(r->clock);
	}
	r->ns = now - begin;
	r->result = x;
	return NULL;
}

/* @return steps a second of all @n together */
static double
measure(const struct rs_clock *clock, const int *cores, unsigned n)
{
	struct runner runners[2];
	pthread_t threads[2];
	pthread_barrier_t begin;
	double sum = 0;

	pthread_barrier_init(&begin, NULL, n);
	for (unsigned i = 0; i < n; i++) {
		runners[i] = (struct runner){ .begin = &begin, .clock = clock, .core = cores[i] };
		if (pthread_create(&threads[i], NULL, compute, &runners[i]) != 0)
			exit(6);
	}
	for (unsigned i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		sum += (double)runners[i].steps * 1e9 / (double)runners[i].ns;
	}
	pthread_barrier_destroy(&begin);
	return sum;
}

int
main(int argc, char **argv)
{
	static uint64_t one[ROUNDS], two[ROUNDS];
	struct rs_bench bench;
	struct rs_clock clock;
	cpu_set_t set;
	int cores[2], n = 0;

	if (rs_bench_begin(&bench, "compute", argc, argv) != 0)
		return 2;
	sched_getaffinity(0, sizeof(set), &set);
	for (int c = 0; c < CPU_SETSIZE && n < 2; c++)
		if (CPU_ISSET(c, &set))
			cores[n++] = c;
	if (n < 2) {
		fprintf(stderr, "bench_compute: two cores are needed\n");
		return 6;
	}
	rs_clock_init(&clock, 10 * RS_NS_PER_MS);
	for (unsigned i = 0; i < ROUNDS; i++) {
		one[i] = (uint64_t)measure(&clock, &cores[i % 2], 1);
		two[i] = (uint64_t)measure(&clock, cores, 2);
	}
	double a = rs_bench_median(one, ROUNDS), b = rs_bench_median(two, ROUNDS);

	rs_bench_figure(&bench, "one_core", a, "steps/s");
	rs_bench_figure(&bench, "two_cores", b, "steps/s");
	rs_bench_ratio(&bench, "two_cores", b / a);
	return rs_bench_end(&bench);
}
