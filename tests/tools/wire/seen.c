/* SPDX-License-Identifier: BSD-3-Clause */
#include "seen.h"

#include <errno.h>
#include <stdlib.h>

int
rs_wire_seen_init(struct rs_wire_seen *s)
{
	*s = (struct rs_wire_seen){ .cap = 1 << 14 };
	s->entries = calloc(s->cap, sizeof(*s->entries));
	return s->entries != NULL ? 0 : -ENOMEM;
}

void
rs_wire_seen_fini(struct rs_wire_seen *s)
{
	free(s->entries);
}

static struct rs_wire_seen_entry *
find(struct rs_wire_seen_entry *entries, uint32_t cap, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (cap - 1);

	while (entries[i].hash != 0 && entries[i].hash != hash)
		i = (i + 1) & (cap - 1);
	return &entries[i];
}

static int
grow(struct rs_wire_seen *s)
{
	uint32_t cap = 2 * s->cap;
	struct rs_wire_seen_entry *entries = calloc(cap, sizeof(*entries));

	if (entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->cap; i++) {
		if (s->entries[i].hash != 0)
			*find(entries, cap, s->entries[i].hash) = s->entries[i];
	}
	free(s->entries);
	s->entries = entries;
	s->cap = cap;
	return 0;
}

struct rs_wire_seen_entry *
rs_wire_seen(struct rs_wire_seen *s, uint64_t hash)
{
	struct rs_wire_seen_entry *entry;

	hash += hash == 0;
	entry = find(s->entries, s->cap, hash);
	if (entry->hash != 0)
		return entry;
	if (s->n >= s->cap / 2) {
		if (s->n >= RS_WIRE_SEEN_MAX || grow(s) != 0)
			return NULL;
		entry = find(s->entries, s->cap, hash);
	}
	s->n++;
	entry->hash = hash;
	return entry;
}
