/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ring ports: two ports of this process joined by rings, one ring a receive queue. "ring:NAME/a" and "ring:NAME/b" are the two
 * ends of the pair NAME. Into which queue of the other end a packet goes: see spread.c; with queue pairs, into that of its own number.
 */
#include "net/private.h"

#include <inttypes.h>
#include <stdlib.h>

#include <rte_bus_vdev.h>
#include <rte_eth_ring.h>
#include <rte_ring.h>

#define PREFIX    "ring:"
#define RING_SIZE 4096
#define QUEUES_MAX 16u /* of DPDK's ring driver */

bool
rs_net_ring_is(const char *device)
{
	return strncmp(device, PREFIX, strlen(PREFIX)) == 0;
}

/**
 * The end's letter, and the length of the pair's name in front of it. @return 0 when it is not
 * well-formed
 */
static char
end_of(const char *device, size_t *name_len)
{
	size_t n = strlen(device);

	if (n < strlen(PREFIX) + 3 || device[n - 2] != '/' ||
		(device[n - 1] != 'a' && device[n - 1] != 'b'))
		return 0;
	*name_len = n - 2;
	return device[n - 1];
}

static struct rs_net_port *
other_end(struct rs_net *net, const struct rs_net_port *p)
{
	size_t len = 0, other;
	char end = end_of(p->device, &len);

	for (uint32_t i = 0; i < net->n_ports; i++) {
		struct rs_net_port *q = &net->ports[i];
		char letter;

		if (q == p || !rs_net_ring_is(q->device))
			continue;
		letter = end_of(q->device, &other);
		if (other == len && letter && letter != end &&
			memcmp(p->device, q->device, len) == 0)
			return q;
	}
	return NULL;
}

/* The rings from @p to @q: one a receive queue of @q. */
static int
make_rings(struct rs_net_port *p, struct rs_net_port *q)
{
	uint32_t size = p->tx_descriptors ? p->tx_descriptors : RING_SIZE;
	/*
	 * Where any worker may send to any queue, one that loses its core in the middle of it must not hold the others up: they go on,
	 * and the reader waits (RTS).
	 */
	bool shared = p->n_workers > 1 && (q->spread || q->n_workers == 1);
	unsigned flags = RING_F_SC_DEQ | (shared ? RING_F_MP_RTS_ENQ : RING_F_SP_ENQ);
	char name[RTE_RING_NAMESIZE];

	p->n_tx = (uint16_t)q->n_workers;
	p->tx_rings = calloc(p->n_tx, sizeof(*p->tx_rings));
	q->rx_rings = calloc(p->n_tx, sizeof(*q->rx_rings));
	if (p->tx_rings == NULL || q->rx_rings == NULL)
		return -ENOMEM;
	if (q->rx_descriptors > size)
		size = q->rx_descriptors;
	size = rte_align32pow2(size);
	for (uint32_t i = 0; i < p->n_tx; i++) {
		snprintf(name, sizeof(name), "rs%" PRIx64 "_%u_%u", p->net->id, p->index, i);
		p->tx_rings[i] = rte_ring_create(name, size, SOCKET_ID_ANY, flags);
		if (p->tx_rings[i] == NULL)
			return -ENOMEM;
		q->rx_rings[i] = p->tx_rings[i];
	}
	return 0;
}

static int
attach(struct rs_net *net, struct rs_net_port *p, struct rs_err *err)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int dev;

	/*
	 * A name cannot be used again after its port was closed: ours holds a number of this net.
	 */
	snprintf(name, sizeof(name), "rs%" PRIx64 "_%u", net->id, p->index);
	dev = rte_eth_from_rings(
		name, p->rx_rings, p->n_workers, p->tx_rings, p->n_tx, SOCKET_ID_ANY);
	if (dev < 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": no ring port: %s; is DPDK's net_ring driver installed?",
			p->name, rte_strerror(rte_errno));
	p->dev = (uint16_t)dev;
	p->attached = true;
	return 0;
}

static int
check_ends(struct rs_net *net, struct rs_net_port *p, struct rs_err *err)
{
	size_t len;

	if (end_of(p->device, &len) == 0)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": device \"%s\" is no end of a ring pair; write \"ring:NAME/a\" "
			"or \"ring:NAME/b\"",
			p->name, p->device);
	p->peer_port = other_end(net, p);
	if (p->peer_port == NULL)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": device \"%s\" has no other end; give another port the device "
			"\"%.*s/%c\"",
			p->name, p->device, (int)len, p->device,
			p->device[strlen(p->device) - 1] == 'a' ? 'b' : 'a');
	if (p->n_workers > QUEUES_MAX)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": %u workers: a ring port has at most %u queues; list fewer in `workers` of the port",
			p->name, p->n_workers, QUEUES_MAX);
	return rs_net_probe_steering(p, NULL, err);
}

static int
join(struct rs_net *net, struct rs_net_port *p, struct rs_err *err)
{
	struct rs_net_port *q = p->peer_port;
	bool pairs = q->n_workers > 1 && q->mode == RS_STEER_PAIR;

	if (pairs && p->n_workers != q->n_workers)
		return rs_err_set(err, -EINVAL,
			"ports \"%s\" and \"%s\" are the ends of one ring pair and steered by queue pair, but have %u and %u "
			"workers; give both the same number, or another `steering`",
			p->name, q->name, p->n_workers, q->n_workers);
	if ((q->n_workers > 1 && !pairs && rs_net_spread_create(q) != 0) || make_rings(p, q) != 0)
		return rs_err_set(err, -ENOMEM,
			"port \"%s\": no memory for rings; give EAL more memory (-m)", p->name);
	return 0;
}

int
rs_net_ring_attach_all(struct rs_net *net, struct rs_err *err)
{
	static int (*const stages[])(struct rs_net *, struct rs_net_port *, struct rs_err *) = { check_ends, join, attach };

	for (size_t s = 0; s < RTE_DIM(stages); s++) {
		for (uint32_t i = 0; i < net->n_ports; i++) {
			int rc = net->ports[i].kind == RS_NET_KIND_RING ? stages[s](net, &net->ports[i], err) : 0;

			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

void
rs_net_ring_free(struct rs_net_port *p)
{
	for (uint32_t i = 0; p->tx_rings && i < p->n_tx; i++) {
		void *m;

		if (p->tx_rings[i] == NULL)
			continue;
		while (rte_ring_dequeue(p->tx_rings[i], &m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(p->tx_rings[i]);
	}
	free(p->tx_rings);
	free(p->rx_rings);
	p->tx_rings = p->rx_rings = NULL;
	rs_net_spread_free(p);
}
