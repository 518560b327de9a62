/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ring ports: two ports of this process joined by rings, one ring per queue and direction.
 * "ring:NAME/a" and "ring:NAME/b" are the two ends of the pair NAME.
 */
#include "net/private.h"

#include <inttypes.h>
#include <stdlib.h>

#include <rte_bus_vdev.h>
#include <rte_eth_ring.h>
#include <rte_ring.h>

#define PREFIX    "ring:"
#define RING_SIZE 4096

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

static int
make_rings(struct rs_net_port *p, struct rs_net_port *q)
{
	uint32_t size = p->tx_descriptors ? p->tx_descriptors : RING_SIZE;
	char name[RTE_RING_NAMESIZE];

	p->tx_rings = calloc(p->n_workers, sizeof(*p->tx_rings));
	q->rx_rings = calloc(p->n_workers, sizeof(*q->rx_rings));
	if (p->tx_rings == NULL || q->rx_rings == NULL)
		return -ENOMEM;
	if (q->rx_descriptors > size)
		size = q->rx_descriptors;
	size = rte_align32pow2(size);
	for (uint32_t i = 0; i < p->n_workers; i++) {
		snprintf(name, sizeof(name), "rs%" PRIx64 "_%u_%u", p->net->id, p->index, i);
		/* One worker writes a queue and one reads it. */
		p->tx_rings[i] =
			rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (p->tx_rings[i] == NULL)
			return -ENOMEM;
		q->rx_rings[i] = p->tx_rings[i];
	}
	return 0;
}

static int
attach(struct rs_net_port *p, struct rs_err *err)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int dev;

	/*
	 * A name cannot be used again after its port was closed: ours holds a number of this net.
	 */
	snprintf(name, sizeof(name), "rs%" PRIx64 "_%u", p->net->id, p->index);
	dev = rte_eth_from_rings(
		name, p->rx_rings, p->n_workers, p->tx_rings, p->n_workers, SOCKET_ID_ANY);
	if (dev < 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": no ring port: %s; is DPDK's net_ring driver installed?",
			p->name, rte_strerror(rte_errno));
	p->dev = (uint16_t)dev;
	p->attached = true;
	return 0;
}

int
rs_net_ring_attach_all(struct rs_net *net, struct rs_err *err)
{
	for (uint32_t i = 0; i < net->n_ports; i++) {
		struct rs_net_port *p = &net->ports[i], *q;
		size_t len;

		if (p->kind != RS_NET_KIND_RING)
			continue;
		if (end_of(p->device, &len) == 0)
			return rs_err_set(err, -EINVAL,
				"port \"%s\": device \"%s\" is no end of a ring pair; write \"ring:NAME/a\" "
				"or \"ring:NAME/b\"",
				p->name, p->device);
		q = other_end(net, p);
		if (q == NULL)
			return rs_err_set(err, -EINVAL,
				"port \"%s\": device \"%s\" has no other end; give another port the device "
				"\"%.*s/%c\"",
				p->name, p->device, (int)len, p->device,
				p->device[strlen(p->device) - 1] == 'a' ? 'b' : 'a');
		if (q->n_workers != p->n_workers)
			return rs_err_set(err, -EINVAL,
				"ports \"%s\" and \"%s\" are the ends of one ring pair but have %u and %u "
				"workers; give both the same number",
				p->name, q->name, p->n_workers, q->n_workers);
		if (make_rings(p, q) != 0)
			return rs_err_set(err, -ENOMEM,
				"port \"%s\": no memory for rings; give EAL more memory (-m)",
				p->name);
	}
	for (uint32_t i = 0; i < net->n_ports; i++) {
		int rc;

		if (net->ports[i].kind == RS_NET_KIND_RING &&
			(rc = attach(&net->ports[i], err)) != 0)
			return rc;
	}
	return 0;
}

void
rs_net_ring_free(struct rs_net_port *p)
{
	for (uint32_t i = 0; p->tx_rings && i < p->n_workers; i++) {
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
}
