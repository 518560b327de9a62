/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Time. `now` is nanoseconds on the monotonic clock and an argument everywhere; only the worker loop and control read it.
 * The TSC is turned into nanoseconds by a multiplier measured at start against CLOCK_MONOTONIC and corrected by control.
 */
#ifndef RS_BASE_CLOCK_H
#define RS_BASE_CLOCK_H

#include <stdint.h>

#define RS_NS_PER_US 1000ull
#define RS_NS_PER_MS 1000000ull
#define RS_NS_PER_S  1000000000ull

struct rs_clock {
	uint64_t tsc0;
	uint64_t ns0;
	uint64_t mult;	/* ns = ns0 + ((tsc - tsc0) * mult >> 32) */
	uint64_t hz;	/* TSC ticks a second */
};

/** Measure the TSC for @window_ns (10 ms gives 10 ppm; the kernel's figure is used when it publishes one). */
void rs_clock_init(struct rs_clock *c, uint64_t window_ns);

/** Nanoseconds of CLOCK_MONOTONIC by the kernel: for control and tests, not for workers. */
uint64_t rs_clock_mono_ns(void);
/** The same in milliseconds: for what waits and repeats. */
static inline uint64_t
rs_clock_mono_ms(void)
{
	return rs_clock_mono_ns() / RS_NS_PER_MS;
}
/** Microseconds since 1970 (UTC). */
uint64_t rs_clock_wall_us(void);

static inline uint64_t
rs_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t
rs_clock_ns(const struct rs_clock *c, uint64_t tsc)
{
	return c->ns0 + (uint64_t)((unsigned __int128)(tsc - c->tsc0) * c->mult >> 32);
}

static inline uint64_t
rs_clock_now(const struct rs_clock *c)
{
	return rs_clock_ns(c, rs_tsc());
}

#endif
