/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/plan_mem.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (16u << 10)

void *
rs_plan_alloc(struct rs_plan_mem *m, size_t size)
{
	const size_t align = sizeof(max_align_t);

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	struct rs_plan_block *b = m->blocks;
	if (!b || b->size - b->used < size) {
		size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		b = calloc(1, sizeof(*b) + bytes);
		if (!b)
			return NULL;
		b->size = bytes;
		b->next = m->blocks;
		m->blocks = b;
	}
	void *p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

char *
rs_plan_copy(struct rs_plan_mem *m, const char *s, size_t len)
{
	char *p = rs_plan_alloc(m, len + 1);

	if (p && len > 0)
		memcpy(p, s, len);
	return p;
}

char *
rs_plan_dup(struct rs_plan_mem *m, const char *s)
{
	return rs_plan_copy(m, s, strlen(s));
}

void
rs_plan_mem_fini(struct rs_plan_mem *m)
{
	while (m->blocks) {
		struct rs_plan_block *b = m->blocks;

		m->blocks = b->next;
		free(b);
	}
}
