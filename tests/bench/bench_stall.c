/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench_stall [--json FILE]
 *
 * How long the machine takes cores away: a loop on each of the first two cores looks at the TSC for two seconds and nothing else,
 * so that every gap is somebody else's. Keys, of each core: coreN_worst_us, coreN_gaps (longer than GAP_NS), coreN_lost_us (of a
 * second, in those gaps).
 */
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define CORES 2
#define WATCH_NS (2 * RS_NS_PER_S)
#define GAP_NS 20000

struct watcher {
	pthread_t thread;
	const struct rs_clock *clock;
	int core;
	uint64_t worst_ns, gaps, lost_ns;
};

static void *
watch(void *arg)
{
	struct watcher *w = arg;
	cpu_set_t set;
	uint64_t begin, last, now;

	CPU_ZERO(&set);
	CPU_SET(w->core, &set);
	sched_setaffinity(0, sizeof(set), &set);
	begin = last = rs_clock_now(w->clock);
	for (; last - begin < WATCH_NS; last = now) {
		now = rs_clock_now(w->clock);
		if (now - last > w->worst_ns)
			w->worst_ns = now - last;
		if (now - last > GAP_NS) {
			w->gaps++;
			w->lost_ns += now - last;
		}
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static const char *const names[CORES][3] = { { "core0_worst_us", "core0_gaps", "core0_lost_us" },
		{ "core1_worst_us", "core1_gaps", "core1_lost_us" } };
	struct watcher watchers[CORES];
	struct rs_bench bench;
	struct rs_clock clock;
	cpu_set_t set;
	int n = 0;

	if (rs_bench_begin(&bench, "stall", argc, argv) != 0)
		return 2;
	rs_clock_init(&clock, 10 * RS_NS_PER_MS);
	sched_getaffinity(0, sizeof(set), &set);
	for (int c = 0; c < CPU_SETSIZE && n < CORES; c++)
		if (CPU_ISSET(c, &set))
			watchers[n++] = (struct watcher){ .clock = &clock, .core = c };
	for (int i = 0; i < n; i++)
		if (pthread_create(&watchers[i].thread, NULL, watch, &watchers[i]) != 0)
			exit(6);
	for (int i = 0; i < n; i++) {
		pthread_join(watchers[i].thread, NULL);
		rs_bench_figure(&bench, names[i][0], (double)watchers[i].worst_ns / 1e3, "us");
		rs_bench_figure(&bench, names[i][1], (double)watchers[i].gaps * 1e9 / WATCH_NS, "gaps/s");
		rs_bench_figure(&bench, names[i][2], (double)watchers[i].lost_ns / 1e3 * 1e9 / WATCH_NS, "us/s");
	}
	return rs_bench_end(&bench);
}
