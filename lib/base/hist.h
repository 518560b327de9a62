/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Log-linear histograms of durations: 12,288 cells of 32 bits (48 KiB), unit 64 ns, 512 cells an octave: an error of at most
 * 0.1 % or 32 ns, up to 274 s (longer ones fall into the last cell). One thread writes. Cells wrap: a reader takes differences
 * modulo 2^32 at least once a second and sums in 64 bits (struct rs_hist_sum).
 */
#ifndef RS_BASE_HIST_H
#define RS_BASE_HIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RS_HIST_CELLS 12288
#define RS_HIST_SHIFT 6 /* unit: 64 ns */

struct rs_hist {
	_Atomic uint64_t sum_ns;
	_Atomic uint64_t min_ns; /* UINT64_MAX while empty */
	_Atomic uint64_t max_ns;
	_Atomic uint32_t cells[RS_HIST_CELLS];
};

/** A reader's copy: 64-bit counts that grow by the differences since the last look. Mergeable. */
struct rs_hist_sum {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns; /* UINT64_MAX while empty */
	uint64_t max_ns;
	uint64_t cells[RS_HIST_CELLS];
};

static inline uint32_t
rs_hist_index(uint64_t ns)
{
	uint64_t v = ns >> RS_HIST_SHIFT;

	if (v < 1024)
		return (uint32_t)v;
	unsigned octave = 63 - (unsigned)__builtin_clzll(v); /* at least 10 */
	uint32_t i = (octave - 10) * 512 + 512 + (uint32_t)(v >> (octave - 9));
	return i < RS_HIST_CELLS ? i : RS_HIST_CELLS - 1;
}

/** The middle of cell @i in ns. */
uint64_t rs_hist_value(uint32_t i);

/** The same value @n times. */
static inline void
rs_hist_record_n(struct rs_hist *h, uint64_t ns, uint32_t n)
{
	_Atomic uint32_t *c = &h->cells[rs_hist_index(ns)];

	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
	atomic_store_explicit(&h->sum_ns, atomic_load_explicit(&h->sum_ns, memory_order_relaxed) + ns * n,
		memory_order_relaxed);
	if (ns < atomic_load_explicit(&h->min_ns, memory_order_relaxed))
		atomic_store_explicit(&h->min_ns, ns, memory_order_relaxed);
	if (ns > atomic_load_explicit(&h->max_ns, memory_order_relaxed))
		atomic_store_explicit(&h->max_ns, ns, memory_order_relaxed);
}

static inline void
rs_hist_record(struct rs_hist *h, uint64_t ns)
{
	rs_hist_record_n(h, ns, 1);
}

/** Make an empty histogram of zeroed memory (min must start high). */
void rs_hist_init(struct rs_hist *h);

/** Memory for a reader's copy, empty. @return NULL without memory */
struct rs_hist_sum *rs_hist_sum_create(void);
void rs_hist_sum_clear(struct rs_hist_sum *s);

/**
 * Look at @h: add what came since @last (the cells as this reader saw them before, RS_HIST_CELLS values, updated) to @into.
 * @into's min, max and sum are taken over from @h as a whole.
 */
void rs_hist_collect(const struct rs_hist *h, uint32_t *last, struct rs_hist_sum *into);

/** @into += @from; @into = @a - @b (b an earlier copy of a; min and max then come from the cells). */
void rs_hist_sum_add(struct rs_hist_sum *into, const struct rs_hist_sum *from);
void rs_hist_sum_diff(struct rs_hist_sum *into, const struct rs_hist_sum *a, const struct rs_hist_sum *b);

/** Value at quantile @q of [0, 1] in ns: the smallest v with at least q*count values at or below it. 0 when empty. */
uint64_t rs_hist_quantile(const struct rs_hist_sum *s, double q);

#endif
