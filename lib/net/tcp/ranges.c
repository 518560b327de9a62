/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/tcp/ranges.h"

#include <string.h>

static inline bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void
note(struct ranges *r, uint32_t from)
{
	uint32_t i = 0;

	while (i < RANGES_RECENT - 1 && r->recent[i] != from)
		i++;
	memmove(r->recent + 1, r->recent, i * sizeof(r->recent[0]));
	r->recent[0] = from;
}

int64_t
ranges_add(struct ranges *r, uint32_t from, uint32_t to)
{
	uint32_t i = 0, j, had = 0, whole;

	/*
	 * i: the first range that reaches @from; j: the first one that begins behind @to. What is between them becomes
	 * one.
	 */
	while (i < r->n && before(r->r[i].to, from))
		i++;
	for (j = i; j < r->n && !before(to, r->r[j].from); j++)
		had += r->r[j].to - r->r[j].from;
	if (i == j) {
		if (r->n == RANGES_MAX)
			return -1;
		memmove(r->r + i + 1, r->r + i, (r->n - i) * sizeof(r->r[0]));
		r->r[i] = (struct range){ from, to };
		r->n++;
		note(r, from);
		return (int64_t)(to - from);
	}
	if (before(r->r[i].from, from))
		from = r->r[i].from;
	if (before(to, r->r[j - 1].to))
		to = r->r[j - 1].to;
	whole = to - from;
	r->r[i] = (struct range){ from, to };
	memmove(r->r + i + 1, r->r + j, (r->n - j) * sizeof(r->r[0]));
	r->n -= j - i - 1;
	note(r, from);
	return (int64_t)whole - had;
}

void
ranges_cut(struct ranges *r, uint32_t seq)
{
	uint32_t i = 0;

	while (i < r->n && !before(seq, r->r[i].to))
		i++;
	memmove(r->r, r->r + i, (r->n - i) * sizeof(r->r[0]));
	r->n -= i;
	if (r->n && before(r->r[0].from, seq))
		r->r[0].from = seq;
}

uint32_t
ranges_within(const struct ranges *r, uint32_t from, uint32_t to)
{
	uint32_t sum = 0;

	if (!before(from, to))
		return 0;
	for (uint32_t i = 0; i < r->n && before(r->r[i].from, to); i++) {
		uint32_t a = before(r->r[i].from, from) ? from : r->r[i].from, b = before(to, r->r[i].to) ? to : r->r[i].to;

		if (before(a, b))
			sum += b - a;
	}
	return sum;
}

const struct range *
ranges_at(const struct ranges *r, uint32_t seq)
{
	for (uint32_t i = 0; i < r->n && !before(seq, r->r[i].from); i++)
		if (before(seq, r->r[i].to))
			return &r->r[i];
	return NULL;
}

const struct range *
ranges_behind(const struct ranges *r, uint32_t seq)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (before(seq, r->r[i].from))
			return &r->r[i];
	return NULL;
}
