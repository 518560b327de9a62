/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/tcp/blocks.h"

#include <errno.h>

#define BASE(seq)   ((seq) & ~(RS_TCP_BLOCK - 1))
#define OFFSET(seq) ((seq) & (RS_TCP_BLOCK - 1))

uint64_t
blocks_bytes(uint32_t n)
{
	return (uint64_t)n * (RS_TCP_BLOCK + sizeof(struct block_meta)) + 128;
}

int
blocks_init(struct blocks *b, struct rs_arena *a, uint32_t n)
{
	*b = (struct blocks){ .n = n, .free = BLOCK_NONE };
	b->data = rs_arena_alloc(a, (size_t)n * RS_TCP_BLOCK, 64);
	b->meta = rs_arena_alloc(a, n * sizeof(*b->meta), 64);
	return b->data && b->meta ? 0 : -ENOMEM;
}

uint32_t
blocks_take(struct blocks *b)
{
	uint32_t i = b->free;

	if (i != BLOCK_NONE)
		b->free = b->meta[i].next;
	else if (b->fresh < b->n)
		i = b->fresh++;
	else
		return BLOCK_NONE;
	b->used++;
	b->meta[i].next = BLOCK_NONE;
	return i;
}

void
blocks_give(struct blocks *b, uint32_t i)
{
	b->meta[i].next = b->free;
	b->free = i;
	b->used--;
}

void
blocks_give_chain(struct blocks *b, uint32_t head)
{
	while (head != BLOCK_NONE) {
		uint32_t next = b->meta[head].next;

		blocks_give(b, head);
		head = next;
	}
}

uint32_t
blocks_put(struct blocks *b, uint32_t *head, uint32_t seq, const uint8_t *p, uint32_t len)
{
	uint32_t *link = head, done = 0;

	while (done < len) {
		uint32_t base = BASE(seq), n = RS_TCP_BLOCK - OFFSET(seq), i;

		while (*link != BLOCK_NONE && (int32_t)(b->meta[*link].seq - base) < 0)
			link = &b->meta[*link].next;
		i = *link;
		if (i == BLOCK_NONE || b->meta[i].seq != base) {
			i = blocks_take(b);
			if (i == BLOCK_NONE)
				break;
			b->meta[i] = (struct block_meta){ *link, base };
			*link = i;
		}
		if (n > len - done)
			n = len - done;
		memcpy(block_at(b, i) + OFFSET(seq), p + done, n);
		done += n;
		seq += n;
	}
	return done;
}

uint32_t
blocks_get(const struct blocks *b, uint32_t from, uint32_t seq, uint8_t *out, uint32_t len)
{
	while (b->meta[from].seq != BASE(seq))
		from = b->meta[from].next;
	for (;;) {
		uint32_t n = RS_TCP_BLOCK - OFFSET(seq);

		if (n > len)
			n = len;
		memcpy(out, block_at(b, from) + OFFSET(seq), n);
		len -= n;
		if (len == 0)
			return from;
		out += n;
		seq += n;
		from = b->meta[from].next;
	}
}

struct rs_slice
blocks_first(const struct blocks *b, uint32_t head, uint32_t seq, uint32_t len)
{
	uint32_t n = RS_TCP_BLOCK - OFFSET(seq);

	return rs_slice_of(block_at(b, head) + OFFSET(seq), n < len ? n : len);
}

uint32_t
blocks_cut(struct blocks *b, uint32_t head, uint32_t seq)
{
	while (head != BLOCK_NONE && (int32_t)(b->meta[head].seq + RS_TCP_BLOCK - seq) <= 0) {
		uint32_t next = b->meta[head].next;

		blocks_give(b, head);
		head = next;
	}
	return head;
}
