/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Blocks that connections borrow. A block of a chain holds the bytes with sequence numbers seq to seq + RS_TCP_BLOCK, seq a multiple
 * of RS_TCP_BLOCK: where a byte lies follows from its number, whether it came in order or not.
 */
#ifndef RS_NET_TCP_BLOCKS_H
#define RS_NET_TCP_BLOCKS_H

#include "base/arena.h"
#include "base/slice.h"
#include "net/tcp/tcp.h"

#define BLOCK_NONE UINT32_MAX

struct blocks {
	uint8_t *data;
	struct block_meta {
		uint32_t next;
		uint32_t seq;
	} *meta;
	uint32_t n, used;
	uint32_t free;	/* the last one given back comes first: its bytes are still cached */
	uint32_t fresh; /* this one and those behind it were never used */
};

/** Bytes of memory for @n blocks. */
uint64_t blocks_bytes(uint32_t n);
int blocks_init(struct blocks *b, struct rs_arena *a, uint32_t n);
/** @return BLOCK_NONE: all are taken */
uint32_t blocks_take(struct blocks *b);
void blocks_give(struct blocks *b, uint32_t i);
/** Give a whole chain back. */
void blocks_give_chain(struct blocks *b, uint32_t head);

static inline uint8_t *
block_at(const struct blocks *b, uint32_t i)
{
	return b->data + (size_t)i * RS_TCP_BLOCK;
}

/** At most a @share of all (in 1/8) is taken. */
static inline bool
blocks_below(const struct blocks *b, uint32_t share)
{
	return (uint64_t)b->used * 8 < (uint64_t)b->n * share;
}

/**
 * Copy @len bytes to where they belong, in a chain in the order of sequence numbers, holes allowed.
 * @return bytes written: fewer when no block is free
 */
uint32_t blocks_put(struct blocks *b, uint32_t *head, uint32_t seq, const uint8_t *p, uint32_t len);
/**
 * Copy bytes out of a chain that has them, from block @from on. @return the block that holds the byte behind the last,
 * or the last
 */
uint32_t blocks_get(const struct blocks *b, uint32_t from, uint32_t seq, uint8_t *out, uint32_t len);
/** The bytes from @seq on that lie together in the first block, at most @len of them. */
struct rs_slice blocks_first(const struct blocks *b, uint32_t head, uint32_t seq, uint32_t len);
/** Give back the blocks that lie wholly before @seq. @return the new head */
uint32_t blocks_cut(struct blocks *b, uint32_t head, uint32_t seq);

#endif
