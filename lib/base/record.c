/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SKIP                                                                                       \
	UINT16_MAX /* type of what fills the end of the ring when a record does not fit there */

/* Records start at multiples of 16, the size of their header, so that the end of the ring always has room for a SKIP. */
struct rs_record_ring {
	_Alignas(64) _Atomic uint64_t head; /* writer: bytes handed over so far */
	uint64_t tail_seen;
	uint64_t reserved; /* where head will be after the commit */
	_Atomic uint64_t dropped;
	_Alignas(64) _Atomic uint64_t tail; /* reader: bytes done with so far */
	uint64_t head_seen;
	_Alignas(64) uint32_t size;
	_Alignas(64) uint8_t bytes[];
};
_Static_assert(sizeof(struct rs_record) == 16, "records are laid out in units of their header");

static uint64_t
span(uint32_t len)
{
	return (sizeof(struct rs_record) + (uint64_t)len + 15) & ~15ull;
}

struct rs_record_ring *
rs_record_ring_create(uint32_t size)
{
	struct rs_record_ring *r;

	if (size < 4096 || (size & (size - 1)) != 0)
		return NULL;
	r = aligned_alloc(64, sizeof(*r) + size);
	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->size = size;
	return r;
}

void
rs_record_ring_free(struct rs_record_ring *r)
{
	free(r);
}

static bool
has_room(struct rs_record_ring *r, uint64_t head, uint64_t need)
{
	if (r->size - (head - r->tail_seen) >= need)
		return true;
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return r->size - (head - r->tail_seen) >= need;
}

void *
rs_record_reserve(
	struct rs_record_ring *r, uint16_t type, uint16_t aux, uint64_t time_ns, uint32_t len)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t need = span(len), to_end = r->size - (head & (r->size - 1));
	uint64_t skip = need > to_end ? to_end : 0;
	struct rs_record *rec;

	if (need > r->size / 4 || !has_room(r, head, skip + need)) {
		atomic_store_explicit(&r->dropped,
			atomic_load_explicit(&r->dropped, memory_order_relaxed) + 1,
			memory_order_relaxed);
		return NULL;
	}
	rec = (struct rs_record *)(r->bytes + (head & (r->size - 1)));
	if (skip > 0) {
		*rec = (struct rs_record){ .len = (uint32_t)(skip - sizeof(*rec)), .type = SKIP };
		rec = (struct rs_record *)r->bytes;
	}
	*rec = (struct rs_record){ .time_ns = time_ns, .len = len, .type = type, .aux = aux };
	r->reserved = head + skip + need;
	return rec + 1;
}

void
rs_record_commit(struct rs_record_ring *r)
{
	atomic_store_explicit(&r->head, r->reserved, memory_order_release);
}

const struct rs_record *
rs_record_peek(struct rs_record_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	const struct rs_record *rec;

	if (tail == r->head_seen) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		if (tail == r->head_seen)
			return NULL;
	}
	rec = (const struct rs_record *)(r->bytes + (tail & (r->size - 1)));
	if (rec->type == SKIP) {
		/* Handed over together with the record behind it. */
		atomic_store_explicit(&r->tail, tail + span(rec->len), memory_order_release);
		rec = (const struct rs_record *)r->bytes;
	}
	return rec;
}

void
rs_record_pop(struct rs_record_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	const struct rs_record *rec = (const struct rs_record *)(r->bytes + (tail & (r->size - 1)));

	atomic_store_explicit(&r->tail, tail + span(rec->len), memory_order_release);
}

bool
rs_record_is_empty(const struct rs_record_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return tail == atomic_load_explicit(&r->head, memory_order_acquire);
}

uint64_t
rs_record_dropped(const struct rs_record_ring *r)
{
	return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}
