/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINEAR 1024u /* cells of one unit each; behind them 512 an octave */

uint64_t
rs_hist_value(uint32_t i)
{
	uint64_t low = i, width = 1;

	if (i >= LINEAR) {
		unsigned shift = (i - LINEAR) / 512 + 1;

		low = (uint64_t)((i - LINEAR) % 512 + 512) << shift;
		width <<= shift;
	}
	return (low << RS_HIST_SHIFT) + (width << RS_HIST_SHIFT) / 2;
}

void
rs_hist_init(struct rs_hist *h)
{
	atomic_store_explicit(&h->min_ns, UINT64_MAX, memory_order_relaxed);
}

void
rs_hist_sum_clear(struct rs_hist_sum *s)
{
	memset(s, 0, sizeof(*s));
	s->min_ns = UINT64_MAX;
}

struct rs_hist_sum *
rs_hist_sum_create(void)
{
	struct rs_hist_sum *s = malloc(sizeof(*s));

	if (s != NULL)
		rs_hist_sum_clear(s);
	return s;
}

/* The extremes as the cells know them, held between @low and @high where those know better. */
static void
extremes_from_cells(struct rs_hist_sum *s, uint64_t low, uint64_t high)
{
	uint32_t first = 0, last = RS_HIST_CELLS - 1;

	s->min_ns = UINT64_MAX;
	s->max_ns = 0;
	if (s->count == 0)
		return;
	while (first < last && s->cells[first] == 0)
		first++;
	while (last > first && s->cells[last] == 0)
		last--;
	s->min_ns = rs_hist_value(first);
	s->max_ns = rs_hist_value(last);
	if (low <= high) {
		if (s->min_ns < low)
			s->min_ns = low;
		/* The last cell has no upper end. */
		if (s->max_ns > high || last == RS_HIST_CELLS - 1)
			s->max_ns = high;
		if (s->min_ns > s->max_ns)
			s->min_ns = s->max_ns;
	}
}

void
rs_hist_collect(const struct rs_hist *h, uint32_t *last, struct rs_hist_sum *into)
{
	for (uint32_t i = 0; i < RS_HIST_CELLS; i++) {
		uint32_t now = atomic_load_explicit(&h->cells[i], memory_order_relaxed);
		uint32_t grown = now - last[i];

		if (grown == 0)
			continue;
		last[i] = now;
		into->cells[i] += grown;
		into->count += grown;
	}
	into->sum_ns = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
	into->min_ns = atomic_load_explicit(&h->min_ns, memory_order_relaxed);
	into->max_ns = atomic_load_explicit(&h->max_ns, memory_order_relaxed);
	/* The writer may stand between the very first value's cell and its extremes. */
	if (into->count > 0 && into->min_ns > into->max_ns)
		extremes_from_cells(into, 1, 0);
}

void
rs_hist_sum_add(struct rs_hist_sum *into, const struct rs_hist_sum *from)
{
	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		into->cells[i] += from->cells[i];
	into->count += from->count;
	into->sum_ns += from->sum_ns;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

void
rs_hist_sum_diff(struct rs_hist_sum *into, const struct rs_hist_sum *a, const struct rs_hist_sum *b)
{
	uint64_t low = a->min_ns, high = a->max_ns; /* @into may be @a or @b */

	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		into->cells[i] = a->cells[i] - b->cells[i];
	into->count = a->count - b->count;
	into->sum_ns = a->sum_ns - b->sum_ns;
	extremes_from_cells(into, low, high);
}

uint64_t
rs_hist_quantile(const struct rs_hist_sum *s, double q)
{
	uint64_t rank, seen = 0, v;
	uint32_t i;
	double r;

	if (s->count == 0)
		return 0;
	r = ceil(q * (double)s->count);
	rank = r < 1 ? 1 : r >= (double)s->count ? s->count : (uint64_t)r;
	if (rank == 1)
		return s->min_ns;
	if (rank == s->count)
		return s->max_ns;
	for (i = 0; i < RS_HIST_CELLS - 1; i++) {
		seen += s->cells[i];
		if (seen >= rank)
			break;
	}
	v = rs_hist_value(i);
	if (v < s->min_ns)
		v = s->min_ns;
	return v < s->max_ns ? v : s->max_ns;
}
