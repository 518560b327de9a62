/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/table.h"

#include <errno.h>

/*
 * Linear probing; an entry's home follows from its tag alone, so that a removal can shift the entries behind it back without
 * asking anybody for their hashes.
 */
int
rs_table_init(struct rs_table *t, struct rs_arena *a, uint32_t cap)
{
	uint32_t n = 16;

	*t = (struct rs_table){ 0 };
	if (cap > UINT32_MAX / 4)
		return -ENOMEM;
	while (n < 2 * cap)
		n *= 2;
	t->entries = rs_arena_alloc(a, n * sizeof(*t->entries), 64);
	if (t->entries == NULL)
		return -ENOMEM;
	t->mask = n - 1;
	t->cap = n / 2;
	return 0;
}

int
rs_table_add(struct rs_table *t, uint64_t hash, uint32_t value)
{
	uint32_t tag = (uint32_t)(hash >> 32), i = tag & t->mask;

	if (t->used == t->cap)
		return -ENOSPC;
	while (t->entries[i].inverted != 0)
		i = (i + 1) & t->mask;
	t->entries[i].tag = tag;
	t->entries[i].inverted = ~value;
	t->used++;
	return 0;
}

void
rs_table_remove(struct rs_table *t, uint64_t hash, uint32_t value)
{
	uint32_t tag = (uint32_t)(hash >> 32), i = tag & t->mask, j, home;

	while (t->entries[i].inverted != ~value || t->entries[i].tag != tag) {
		if (t->entries[i].inverted == 0)
			return;
		i = (i + 1) & t->mask;
	}
	/* Close the gap: an entry may move back to it unless its home lies behind the gap. */
	for (j = (i + 1) & t->mask; t->entries[j].inverted != 0; j = (j + 1) & t->mask) {
		home = t->entries[j].tag & t->mask;
		if (((j - home) & t->mask) >= ((j - i) & t->mask)) {
			t->entries[i] = t->entries[j];
			i = j;
		}
	}
	t->entries[i].inverted = 0;
	t->used--;
}

static uint32_t
find(const struct rs_table *t, uint32_t tag, uint32_t i, uint32_t *value)
{
	for (; t->entries[i].inverted != 0; i = (i + 1) & t->mask) {
		if (t->entries[i].tag == tag) {
			*value = ~t->entries[i].inverted;
			return i;
		}
	}
	return RS_TABLE_END;
}

uint32_t
rs_table_first(const struct rs_table *t, uint64_t hash, uint32_t *value)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	return find(t, tag, tag & t->mask, value);
}

uint32_t
rs_table_next(const struct rs_table *t, uint64_t hash, uint32_t i, uint32_t *value)
{
	return find(t, (uint32_t)(hash >> 32), (i + 1) & t->mask, value);
}
