/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that arrived at a worker and belong to another: one single-producer single-consumer ring a pair. */
#include <errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/worker.h"

#define RING_PACKETS 1024

struct rs_redirect {
	uint32_t n;
	struct rte_ring **rings; /* [from * n + to], NULL on the diagonal */
};

int
rs_redirect_create(uint32_t n, struct rs_redirect **out)
{
	struct rs_redirect *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->n = n;
	r->rings = calloc((size_t)n * n, sizeof(*r->rings));
	if (!r->rings) {
		free(r);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n * n; i++) {
		char name[RTE_RING_NAMESIZE];

		if (i / n == i % n)
			continue;
		snprintf(name, sizeof(name), "redirect_%u_%u", (i / n) & 0xff, (i % n) & 0xff);
		r->rings[i] = rte_ring_create(
			name, RING_PACKETS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!r->rings[i]) {
			rs_redirect_free(r);
			return -ENOMEM;
		}
	}
	*out = r;
	return 0;
}

void
rs_redirect_free(struct rs_redirect *r)
{
	void *mbuf;

	if (!r)
		return;
	for (uint32_t i = 0; i < r->n * r->n; i++) {
		while (r->rings[i] && rte_ring_dequeue(r->rings[i], &mbuf) == 0)
			rte_pktmbuf_free(mbuf);
		rte_ring_free(r->rings[i]);
	}
	free(r->rings);
	free(r);
}

bool
rs_redirect_send(struct rs_redirect *r, uint32_t from, uint32_t to, void *mbuf)
{
	if (rte_ring_enqueue(r->rings[from * r->n + to], mbuf) == 0)
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
}

uint32_t
rs_redirect_receive(struct rs_redirect *r, uint32_t to, void **mbufs, uint32_t cap)
{
	uint32_t n = 0;

	/* What is left of @cap is shared by the rings that are left: a busy one does not shut the others out. */
	for (uint32_t from = 0; from < r->n && n < cap; from++) {
		struct rte_ring *ring = r->rings[from * r->n + to];
		uint32_t left = r->n - from - (from < to), room = cap - n;

		if (ring)
			n += rte_ring_dequeue_burst(
				ring, mbufs + n, (room + left - 1) / left, NULL);
	}
	return n;
}
