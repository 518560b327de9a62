/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/ranges.h"

#include <errno.h>
#include <stdlib.h>

struct rs_ranges *
rs_ranges_create(void)
{
	return calloc(1, sizeof(struct rs_ranges));
}

void
rs_ranges_free(struct rs_ranges *r)
{
	if (r == NULL)
		return;
	free(r->v4);
	free(r->v6);
	free(r);
}

static int
grow(void **list, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return 0;
	/* 16-byte alignment is what malloc gives, and what __int128 needs. */
	p = realloc(*list, want * size);
	if (p == NULL)
		return -ENOMEM;
	*list = p;
	*cap = want;
	return 0;
}

static int
add4(struct rs_ranges *r, uint32_t first, uint32_t last)
{
	if (grow((void **)&r->v4, r->n4, &r->cap4, sizeof(*r->v4)) != 0)
		return -ENOMEM;
	r->v4[r->n4++] = (struct rs_range4){ first, last };
	return 0;
}

static int
add6(struct rs_ranges *r, unsigned __int128 first, unsigned __int128 last)
{
	if (grow((void **)&r->v6, r->n6, &r->cap6, sizeof(*r->v6)) != 0)
		return -ENOMEM;
	r->v6[r->n6++] = (struct rs_range6){ first, last };
	return 0;
}

int
rs_ranges_add(struct rs_ranges *r, const struct rs_addr *first, uint32_t count)
{
	if (count == 0)
		return -EINVAL;
	if (first->family == 4) {
		uint32_t v = rs_load32(first->b);

		return count - 1 > UINT32_MAX - v ? -EINVAL : add4(r, v, v + (count - 1));
	}
	if (first->family == 6) {
		unsigned __int128 v = rs_addr_u128(first), last = v + (count - 1);

		return last < v ? -EINVAL : add6(r, v, last);
	}
	return -EINVAL;
}

int
rs_ranges_add_prefix(struct rs_ranges *r, const struct rs_net_prefix *p)
{
	if (p->addr.family == 4 && p->bits <= 32) {
		uint32_t host = p->bits == 32 ? 0 : UINT32_MAX >> p->bits;
		uint32_t v = rs_load32(p->addr.b) & ~host;

		return add4(r, v, v | host);
	}
	if (p->addr.family == 6 && p->bits <= 128) {
		unsigned __int128 host = p->bits == 128 ? 0 : ~(unsigned __int128)0 >> p->bits;
		unsigned __int128 v = rs_addr_u128(&p->addr) & ~host;

		return add6(r, v, v | host);
	}
	return -EINVAL;
}

static int
compare4(const void *a, const void *b)
{
	const struct rs_range4 *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int
compare6(const void *a, const void *b)
{
	const struct rs_range6 *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

void
rs_ranges_seal(struct rs_ranges *r)
{
	uint32_t n = 0;

	if (r->n4)
		qsort(r->v4, r->n4, sizeof(*r->v4), compare4);
	for (uint32_t i = 0; i < r->n4; i++) {
		/* Neighbouring ranges are merged too: fewer steps for each packet. */
		if (n &&
			(r->v4[n - 1].last == UINT32_MAX ||
				r->v4[i].first <= r->v4[n - 1].last + 1)) {
			if (r->v4[i].last > r->v4[n - 1].last)
				r->v4[n - 1].last = r->v4[i].last;
		} else {
			r->v4[n++] = r->v4[i];
		}
	}
	r->n4 = n;
	n = 0;
	if (r->n6)
		qsort(r->v6, r->n6, sizeof(*r->v6), compare6);
	for (uint32_t i = 0; i < r->n6; i++) {
		if (n && (r->v6[n - 1].last + 1 == 0 || r->v6[i].first <= r->v6[n - 1].last + 1)) {
			if (r->v6[i].last > r->v6[n - 1].last)
				r->v6[n - 1].last = r->v6[i].last;
		} else {
			r->v6[n++] = r->v6[i];
		}
	}
	r->n6 = n;
}

bool
rs_ranges_has6(const struct rs_ranges *r, const struct rs_addr *a)
{
	unsigned __int128 v = rs_addr_u128(a);
	uint32_t low = 0, high = r->n6;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (v < r->v6[mid].first)
			high = mid;
		else if (v > r->v6[mid].last)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

static struct rs_addr
addr6(unsigned __int128 v)
{
	struct rs_addr a = { .family = 6 };

	for (int i = 15; i >= 0; i--, v >>= 8)
		a.b[i] = (uint8_t)v;
	return a;
}

bool
rs_ranges_next(const struct rs_ranges *r, struct rs_ranges_cursor *c, struct rs_addr *out)
{
	while (c->range < r->n4) {
		const struct rs_range4 *p = &r->v4[c->range];

		if (c->offset <= p->last - p->first) {
			*out = (struct rs_addr){ .family = 4 };
			rs_store32(out->b, p->first + (uint32_t)c->offset++);
			return true;
		}
		c->range++;
		c->offset = 0;
	}
	while (c->range - r->n4 < r->n6) {
		const struct rs_range6 *p = &r->v6[c->range - r->n4];

		if (c->offset <= p->last - p->first) {
			*out = addr6(p->first + c->offset++);
			return true;
		}
		c->range++;
		c->offset = 0;
	}
	return false;
}
