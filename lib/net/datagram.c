/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Datagrams that are longer than the path's MTU: sent in fragments, and put together again by the port's owner. The other
 * workers of a port hand it the fragments that came to them: where a datagram belongs is not known before it is whole.
 */
#include "net/private.h"

#include <inttypes.h>
#include <stdlib.h>

#include <rte_ring.h>

#define HAND_OVER  512 /* fragments that wait for the owner, from each other worker */
#define HAND_BURST 32

int
rs_net_datagram_init(struct rs_net_port *p)
{
	if (p->n_workers < 2)
		return 0;
	p->fragments = calloc(p->n_workers, sizeof(*p->fragments));
	if (p->fragments == NULL)
		return -ENOMEM;
	for (uint32_t i = 1; i < p->n_workers; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "rsf%" PRIx64 "_%u_%u", p->net->id, p->index & 0xff, i & 0xff);
		p->fragments[i] = rte_ring_create(
			name, HAND_OVER, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (p->fragments[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

void
rs_net_datagram_free(struct rs_net_port *p)
{
	void *m;

	for (uint32_t i = 1; p->fragments && i < p->n_workers; i++) {
		while (p->fragments[i] && rte_ring_dequeue(p->fragments[i], &m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(p->fragments[i]);
	}
	free(p->fragments);
	p->fragments = NULL;
}

/** A whole datagram gets a packet buffer of its own, since it may go on to another worker. */
static bool
deliver(struct rs_net_worker *w, struct rs_net_lane *l, struct rs_ip *whole, uint64_t now_ns,
	struct rs_rx *rx)
{
	struct rs_input in;
	enum rs_input_verdict verdict = rs_input_whole(&l->ifc, whole, rx, &in);
	struct rte_mbuf *m;

	if (verdict != RS_INPUT_ITEM) {
		rs_metric_inc(l->metrics, in.row);
		return false;
	}
	m = rte_pktmbuf_alloc(rx->len <= w->room ? w->pool : w->large);
	if (m == NULL) {
		rs_metric_inc(l->metrics, RS_NET_FRAG_NO_MBUF);
		return false;
	}
	memcpy(m->buf_addr, rx->data, rx->len);
	rx->data = m->buf_addr;
	rx->time_ns = now_ns;
	rx->opaque = m;
	rs_net_hold(w, m);
	rs_metric_inc(l->metrics, in.row);
	return true;
}

bool
rs_net_fragment_in(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m,
	const struct rs_ip *ip, uint64_t now_ns, struct rs_rx *rx)
{
	struct rs_ip whole;
	bool item;

	if (!l->owner) {
		struct rs_net_priv *priv = rte_mbuf_to_priv(m);

		priv->ip = *ip;
		if (rte_ring_enqueue(l->port->fragments[l->position], m) == 0) {
			rs_metric_inc(l->metrics, RS_NET_FRAG_HANDED);
		} else {
			rs_metric_inc(l->metrics, RS_NET_FRAG_LOST);
			rte_pktmbuf_free(m);
		}
		return false;
	}
	item = rs_reassembly_add(l->reassembly, ip, now_ns, &whole) &&
		deliver(w, l, &whole, now_ns, rx);
	rte_pktmbuf_free(m);
	return item;
}

uint32_t
rs_net_fragments_handed(struct rs_net_worker *w, struct rs_net_lane *l, struct rs_rx *out, uint32_t cap)
{
	struct rs_net_port *p = l->port;
	uint32_t n_out = 0;

	for (uint32_t i = 1; i < p->n_workers && cap > n_out; i++) {
		void *burst[HAND_BURST];
		uint32_t room = cap - n_out < HAND_BURST ? cap - n_out : HAND_BURST;
		uint32_t n = rte_ring_dequeue_burst(p->fragments[i], burst, room, NULL);

		if (n)
			w->now_ns = rs_clock_now(w->clock);
		for (uint32_t k = 0; k < n; k++) {
			const struct rs_net_priv *priv = rte_mbuf_to_priv((struct rte_mbuf *)burst[k]);
			struct rs_ip ip = priv->ip;

			n_out += rs_net_fragment_in(w, l, burst[k], &ip, w->now_ns, &out[n_out]);
		}
	}
	return n_out;
}

/** The payload in a buffer of the usual size: those for long ones are few. @return NULL: there was none */
struct rte_mbuf *
rs_net_shorten(struct rs_net_worker *w, struct rs_buf *buf, struct rte_mbuf *large, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m) {
		memcpy(rte_pktmbuf_mtod(m, void *), buf->data, len);
		buf->data = rte_pktmbuf_mtod(m, uint8_t *);
	}
	rte_pktmbuf_free(large);
	return m;
}

int
rs_net_send_fragments(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_path *path,
	struct rs_neigh_entry *e, bool resolved, uint8_t *payload, uint32_t len)
{
	uint32_t total = RS_UDP_HDR_LEN + len;
	uint32_t unit = rs_fragment_unit(&path->remote, rs_net_mtu(w, l, &path->remote));
	uint32_t n = (total + unit - 1) / unit, id;
	struct rte_mbuf *pieces[RS_FRAGMENT_MAX];

	/* All of them or none: a part would only burden the receiver. */
	if (!resolved && rs_neigh_room(&l->neigh, e) < n) {
		rs_metric_inc(l->metrics, RS_NET_TX_UNRESOLVED);
		return -EHOSTUNREACH;
	}
	if (n > RS_FRAGMENT_MAX || rte_pktmbuf_alloc_bulk(w->pool, pieces, n) != 0) {
		rs_metric_inc(l->metrics, RS_NET_TX_NO_MBUF);
		return -ENOBUFS;
	}
	rs_udp_put(payload, len, &path->local, path->local_port, &path->remote, path->remote_port, false);
	id = rs_fragment_id(&w->ids, path);
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pieces[i];

		m->pkt_len = rs_fragment_put(&l->ifc, path, e, id, payload - RS_UDP_HDR_LEN, total,
			i * unit, unit, rte_pktmbuf_mtod(m, uint8_t *));
		m->data_len = (uint16_t)m->pkt_len;
		if (resolved)
			rs_net_push(w, l, m);
		else
			(void)rs_neigh_hold(&l->neigh, e, m); /* there is room */
	}
	rs_metric_inc(l->metrics, RS_NET_TX_FRAGMENTED);
	return 0;
}
