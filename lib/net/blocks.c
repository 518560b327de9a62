/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each full block has one object at least, and a thread has at most two blocks in its hands: with so many more than objects there is
 * always an empty one. Most are never used, and memory that is not touched is not there.
 */
#define SPARE	   1024
#define INDEX_BITS 25
#define INDEX(head) ((uint32_t)((head) & ((1u << INDEX_BITS) - 1)))

struct rs_blocks *
rs_blocks_create(uint32_t cap)
{
	struct rs_blocks *b;
	uint32_t n = cap + SPARE;

	if (cap >= 1u << 24 || posix_memalign((void **)&b, 64, sizeof(*b)) != 0)
		return NULL;
	memset(b, 0, sizeof(*b));
	b->blocks = aligned_alloc(64, (size_t)n * sizeof(*b->blocks));
	if (b->blocks)
		return b;
	free(b);
	return NULL;
}

void
rs_blocks_free(struct rs_blocks *b)
{
	if (!b)
		return;
	free(b->blocks);
	free(b);
}

static void
push(struct rs_blocks *b, _Atomic uint64_t *stack, struct rs_block *block)
{
	uint64_t head = atomic_load_explicit(stack, memory_order_relaxed), to;

	do {
		atomic_store_explicit(&block->next, INDEX(head), memory_order_relaxed);
		to = ((head >> INDEX_BITS) + 1) << INDEX_BITS | (uint64_t)(block - b->blocks + 1);
	} while (!atomic_compare_exchange_weak_explicit(stack, &head, to, memory_order_release, memory_order_relaxed));
}

/* @return NULL: the stack is empty */
static struct rs_block *
pop(struct rs_blocks *b, _Atomic uint64_t *stack)
{
	uint64_t head = atomic_load_explicit(stack, memory_order_acquire), to;
	struct rs_block *block;

	do {
		if (INDEX(head) == 0)
			return NULL;
		block = &b->blocks[INDEX(head) - 1];
		/* Another thread may have it by now, and this be nonsense: then the head has changed. */
		to = ((head >> INDEX_BITS) + 1) << INDEX_BITS | atomic_load_explicit(&block->next, memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(stack, &head, to, memory_order_acquire, memory_order_acquire));
	return block;
}

static struct rs_block *
take_empty(struct rs_blocks *b)
{
	struct rs_block *block = pop(b, &b->empty);

	if (!block) {
		block = &b->blocks[atomic_fetch_add_explicit(&b->fresh, 1, memory_order_relaxed)];
		block->n = 0;
	}
	return block;
}

/* One with room for @n objects: where they are few, the one on top may have it, so that blocks stay full. */
static struct rs_block *
take_roomy(struct rs_blocks *b, uint32_t n)
{
	struct rs_block *block = n < RS_BLOCK_OBJECTS ? pop(b, &b->full) : NULL;

	if (block && block->n + n <= RS_BLOCK_OBJECTS)
		return block;
	if (block)
		push(b, &b->full, block);
	return take_empty(b);
}

void
rs_blocks_put(struct rs_blocks *b, void *const *objects, uint32_t n)
{
	atomic_fetch_add_explicit(&b->count, n, memory_order_relaxed);
	while (n > 0) {
		uint32_t some = n < RS_BLOCK_OBJECTS ? n : RS_BLOCK_OBJECTS;
		struct rs_block *block = take_roomy(b, some);

		memcpy(block->objects + block->n, objects, some * sizeof(*objects));
		block->n += some;
		objects += some;
		n -= some;
		push(b, &b->full, block);
	}
}

int
rs_blocks_get(struct rs_blocks *b, void **objects, uint32_t n)
{
	uint32_t got = 0;

	while (got < n) {
		struct rs_block *block = pop(b, &b->full);
		uint32_t some;

		if (!block) {
			atomic_fetch_sub_explicit(&b->count, got, memory_order_relaxed);
			rs_blocks_put(b, objects, got);
			return -ENOBUFS;
		}
		some = block->n < n - got ? block->n : n - got;
		block->n -= some;
		memcpy(objects + got, block->objects + block->n, some * sizeof(*objects));
		got += some;
		push(b, block->n > 0 ? &b->full : &b->empty, block);
	}
	atomic_fetch_sub_explicit(&b->count, n, memory_order_relaxed);
	return 0;
}
