/* SPDX-License-Identifier: BSD-3-Clause */
/** Memory of one worker and one run: reserved at once, touched as it is used, freed as a whole. */
#ifndef RS_BASE_ARENA_H
#define RS_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct rs_arena {
	uint8_t *base;
	size_t size; /* bytes reserved */
	size_t used;
};

/** Reserve @size bytes of address space (mmap, no swap reserved, huge pages advised). @return 0 or -ENOMEM */
int rs_arena_init(struct rs_arena *a, size_t size);
void rs_arena_fini(struct rs_arena *a);

/** @return zeroed bytes at a multiple of @align (a power of two; at least 64 is used), NULL when the arena is full */
void *rs_arena_alloc(struct rs_arena *a, size_t size, size_t align);

#endif
