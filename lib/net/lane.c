/* SPDX-License-Identifier: BSD-3-Clause */
/** Net workers and their lanes: made by control before workers run, freed when they have ended. */
#include "net/private.h"

#include <stdlib.h>

static int
lane_init(struct rs_net_lane *l, struct rs_net_port *p, uint32_t position, uint32_t worker)
{
	l->ifc = p->ifc;
	l->metrics = &p->metrics[worker];
	l->dev = p->dev;
	l->queue = (uint16_t)position;
	l->tx_queue = p->n_tx == 1 ? 0 : (uint16_t)position;
	if (p->peer_port && p->peer_port->spread) {
		l->spread = p->peer_port->spread;
		l->queues = (uint16_t)p->peer_port->n_workers;
	}
	l->ring = strcmp(p->driver, "net_ring") == 0;
	l->owner = position == 0;
	l->port = p;
	l->position = position;
	l->infer = p->infer;
	l->misses.depth = p->rx_descriptors;
	atomic_init(&l->sets, p->sets);
	l->ifc.own = p->sets->own;
	l->ifc.answered = p->sets->answered;
	if (rs_neigh_init(&l->neigh, RS_NET_NEIGHBOURS, RS_NET_WAITING, RS_NET_WAITING_EACH) != 0)
		return -ENOMEM;
	if (!l->owner)
		return 0;
	l->reassembly = malloc(sizeof(*l->reassembly));
	if (l->reassembly && rs_reassembly_init(l->reassembly, l->metrics, rs_tsc()) == 0)
		return 0;
	free(l->reassembly);
	rs_neigh_fini(&l->neigh);
	return -ENOMEM;
}

static int
worker_create(struct rs_net *net, uint32_t number)
{
	struct rs_net_worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return -ENOMEM;
	net->workers[number] = w;
	w->net = net;
	w->clock = net->clock;
	w->pool = net->pool;
	w->large = net->large;
	w->room = rte_pktmbuf_data_room_size(net->pool);
	rs_fragment_ids_init(&w->ids, (uint32_t)net->id, number, net->n_workers);
	w->number = number;
	atomic_init(&w->targets, net->targets);
	w->target_set = net->targets->set;
	w->lanes = calloc(net->n_ports, sizeof(*w->lanes));
	if (w->lanes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < net->n_ports; i++) {
		struct rs_net_port *p = &net->ports[i];

		for (uint32_t k = 0; k < p->n_workers; k++) {
			struct rs_net_lane *l = &w->lanes[w->n_lanes];

			if (p->workers[k] != number)
				continue;
			if (lane_init(l, p, k, number) != 0)
				return -ENOMEM;
			w->n_lanes++;
			w->lane_of[i] = l;
		}
	}
	return 0;
}

int
rs_net_workers_create(struct rs_net *net)
{
	int rc = 0;

	net->workers = calloc(net->n_workers, sizeof(*net->workers));
	if (net->workers == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < net->n_workers; i++)
		rc = worker_create(net, i);
	return rc;
}

static void
lane_fini(struct rs_net_lane *l)
{
	struct rte_mbuf *m;

	while ((m = rs_neigh_take_any(&l->neigh)) != NULL)
		rte_pktmbuf_free(m);
	rs_neigh_fini(&l->neigh);
	if (l->reassembly)
		rs_reassembly_fini(l->reassembly);
	free(l->reassembly);
	rte_pktmbuf_free_bulk(l->tx, l->n_tx);
}

void
rs_net_workers_free(struct rs_net *net)
{
	for (uint32_t i = 0; net->workers && i < net->n_workers; i++) {
		struct rs_net_worker *w = net->workers[i];

		if (w == NULL)
			continue;
		rs_net_release(w);
		for (uint32_t k = 0; k < w->n_lanes; k++)
			lane_fini(&w->lanes[k]);
		free(w->lanes);
		free(w);
	}
	free(net->workers);
	net->workers = NULL;
}
