/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each side owns a line: its index, and what it last saw of the other's, so that a line changes hands only when that view has
 * run out. Indices count for ever and wrap; their difference is what is inside.
 */
struct rs_mailbox {
	_Alignas(64) _Atomic uint32_t head; /* writer: next to write */
	uint32_t tail_seen;
	_Alignas(64) _Atomic uint32_t tail; /* reader: next to read */
	uint32_t head_seen;
	_Alignas(64) uint32_t mask;
	_Alignas(64) struct rs_mail mails[];
};

struct rs_mailbox *
rs_mailbox_create(uint32_t cap)
{
	struct rs_mailbox *m;
	size_t size = sizeof(*m) + (size_t)cap * sizeof(m->mails[0]);

	if (cap == 0 || (cap & (cap - 1)) != 0)
		return NULL;
	m = aligned_alloc(64, size);
	if (m == NULL)
		return NULL;
	memset(m, 0, size);
	m->mask = cap - 1;
	return m;
}

void
rs_mailbox_free(struct rs_mailbox *m)
{
	free(m);
}

bool
rs_mailbox_send(struct rs_mailbox *m, const struct rs_mail *mail)
{
	uint32_t head = atomic_load_explicit(&m->head, memory_order_relaxed);

	if (head - m->tail_seen > m->mask) {
		m->tail_seen = atomic_load_explicit(&m->tail, memory_order_acquire);
		if (head - m->tail_seen > m->mask)
			return false;
	}
	m->mails[head & m->mask] = *mail;
	atomic_store_explicit(&m->head, head + 1, memory_order_release);
	return true;
}

uint32_t
rs_mailbox_receive(struct rs_mailbox *m, struct rs_mail *out, uint32_t cap)
{
	uint32_t tail = atomic_load_explicit(&m->tail, memory_order_relaxed);
	uint32_t n = m->head_seen - tail;

	if (n < cap) {
		m->head_seen = atomic_load_explicit(&m->head, memory_order_acquire);
		n = m->head_seen - tail;
	}
	if (n > cap)
		n = cap;
	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		out[i] = m->mails[(tail + i) & m->mask];
	atomic_store_explicit(&m->tail, tail + n, memory_order_release);
	return n;
}

uint32_t
rs_mailbox_count(const struct rs_mailbox *m)
{
	/* The tail first: the other order could see the reader overtake an old head. */
	uint32_t tail = atomic_load_explicit(&m->tail, memory_order_acquire);
	uint32_t n = atomic_load_explicit(&m->head, memory_order_acquire) - tail;

	return n <= m->mask ? n : m->mask + 1;
}
