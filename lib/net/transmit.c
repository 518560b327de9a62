/* SPDX-License-Identifier: BSD-3-Clause */
/** From the engine's datagrams to the devices. */
#include "net/private.h"

/*
 * A full ring empties when its reader runs, which may be this very worker in its next turn: waiting
 * longer helps nobody.
 */
#define TX_TRIES 3

static void
burst(struct rs_net_lane *l, uint16_t queue, struct rte_mbuf **tx, uint16_t n)
{
	uint16_t sent = 0;

	for (unsigned i = 0; i < TX_TRIES && sent < n; i++)
		sent += rte_eth_tx_burst(l->dev, queue, tx + sent, n - sent);
	for (uint16_t i = sent; i < n; i++)
		l->tx_bytes -= tx[i]->pkt_len;
	if (unlikely(sent < n)) {
		rte_pktmbuf_free_bulk(tx + sent, n - sent);
		rs_metric_add(l->metrics, RS_NET_TX_FULL, n - sent);
	}
	rs_metric_add(l->metrics, RS_NET_TX_PACKETS, sent);
}

/* The other end has several queues and no device that would choose. */
static void
burst_spread(struct rs_net_lane *l)
{
	struct rte_mbuf *some[RS_NET_TX_BURST];
	uint16_t queue_of[RS_NET_TX_BURST];

	for (uint16_t i = 0; i < l->n_tx; i++)
		queue_of[i] = rs_net_spread_queue(
			l->spread, rte_pktmbuf_mtod(l->tx[i], const uint8_t *), l->tx[i]->data_len);
	for (uint16_t q = 0; q < l->queues; q++) {
		uint16_t n = 0;

		for (uint16_t i = 0; i < l->n_tx; i++)
			if (queue_of[i] == q)
				some[n++] = l->tx[i];
		if (n)
			burst(l, q, some, n);
	}
}

static void
flush_lane(struct rs_net_lane *l)
{
	if (unlikely(l->spread))
		burst_spread(l);
	else
		burst(l, l->tx_queue, l->tx, l->n_tx);
	rs_metric_add(l->metrics, RS_NET_TX_BYTES, l->tx_bytes);
	l->n_tx = 0;
	l->tx_bytes = 0;
}

static void
send_all(struct rs_net_worker *w)
{
	uint64_t now_ns = 0;

	/* All ports at once: what on_flush is told then holds for everything that was queued. */
	for (uint32_t i = 0; i < w->n_lanes; i++) {
		struct rs_net_lane *l = &w->lanes[i];

		if (l->n_tx == 0)
			continue;
		if (now_ns == 0)
			now_ns = rs_clock_now(w->clock);
		flush_lane(l);
	}
	if (now_ns && w->on_flush)
		w->on_flush(w->on_flush_ctx, now_ns);
}

void
rs_net_flush(struct rs_net_worker *w)
{
	for (uint32_t i = 0; i < w->n_lanes; i++) {
		if (unlikely(w->lanes[i].neigh.fresh))
			rs_net_ask_due(w, &w->lanes[i], rs_clock_now(w->clock));
	}
	send_all(w);
}

void
rs_net_on_flush(struct rs_net_worker *w, void (*fn)(void *ctx, uint64_t time_ns), void *ctx)
{
	w->on_flush = fn;
	w->on_flush_ctx = ctx;
}

void
rs_net_push(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m)
{
	/*
	 * Before and not after: what on_flush is told then holds for the sends that have returned,
	 * and for no other.
	 */
	if (unlikely(l->n_tx == RS_NET_TX_BURST))
		send_all(w);
	l->tx_bytes += m->pkt_len;
	l->tx[l->n_tx++] = m;
}

void
rs_net_push_copy(struct rs_net_worker *w, struct rs_net_lane *l, const uint8_t *frame, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m == NULL) {
		rs_metric_inc(l->metrics, RS_NET_TX_NO_MBUF);
		return;
	}
	memcpy(rte_pktmbuf_mtod(m, void *), frame, len);
	m->pkt_len = len;
	m->data_len = (uint16_t)len;
	rs_net_push(w, l, m);
}

#define TAKE_AHEAD 8   /* buffers */
#define TAKE_BYTES 192 /* of each, headers aside: a packet of media */

/* Compilers know this instruction for newer processors only; older ones take it for a plain prefetch, or for nothing. */
static inline void
prefetch_write(const uint8_t *p)
{
	__asm__ volatile("prefetchw %0" : : "m"(*p));
}

/*
 * The worker that freed a buffer last has it in its cache. Those that are taken next are asked for while this one is filled; they
 * lie at the top of this worker's share of the pool.
 */
static inline void
prefetch_taken(const struct rs_net_worker *w)
{
	struct rte_mempool_cache *cache = rte_mempool_default_cache(w->pool, rte_lcore_id());
	uint8_t *m;

	if (unlikely(cache == NULL || cache->len < TAKE_AHEAD))
		return;
	m = cache->objs[cache->len - TAKE_AHEAD];
	prefetch_write(m);
	m += sizeof(struct rte_mbuf) + sizeof(struct rs_net_priv) + RTE_PKTMBUF_HEADROOM;
	m -= RTE_CACHE_LINE_SIZE; /* headers stand in front of what is written */
	for (uint32_t at = 0; at < TAKE_BYTES + RTE_CACHE_LINE_SIZE; at += RTE_CACHE_LINE_SIZE)
		prefetch_write(m + at);
}

/*
 * As rte_pktmbuf_alloc, but for an mbuf's second cache line, which would have to be had from the core that freed it: what lies in the
 * pool is one segment, and nobody reads tx_offload unless ol_flags say so.
 */
static inline struct rte_mbuf *
take_mbuf(struct rs_net_worker *w)
{
	struct rte_mbuf *m = rte_mbuf_raw_alloc(w->pool);

	if (unlikely(m == NULL))
		return NULL;
	m->ol_flags = 0;
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->port = RTE_MBUF_PORT_INVALID;
	m->packet_type = 0;
	m->vlan_tci = 0;
	m->vlan_tci_outer = 0;
	return m;
}

static int
link_take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);
	struct rte_mbuf *m;

	if (unlikely(l == NULL))
		return -ENODEV;
	m = take_mbuf(w);
	if (unlikely(m == NULL)) {
		rs_metric_inc(l->metrics, RS_NET_TX_NO_MBUF);
		return -ENOBUFS;
	}
	prefetch_taken(w);
	buf->data = rte_pktmbuf_mtod(m, uint8_t *);
	buf->cap = rs_output_udp_max(rs_net_mtu(w, l, &path->remote), &path->remote);
	buf->opaque = m;
	return 0;
}

static int
link_take_large(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);
	struct rte_mbuf *m;

	if (l == NULL)
		return -ENODEV;
	m = rte_pktmbuf_alloc(w->large);
	if (m == NULL) {
		rs_metric_inc(l->metrics, RS_NET_TX_NO_MBUF);
		return -ENOBUFS;
	}
	/* Only the UDP header goes in front here: fragments are written into buffers of their own. */
	buf->data = (uint8_t *)m->buf_addr + RS_UDP_HDR_LEN;
	buf->cap = RS_DATAGRAM_MAX;
	buf->opaque = m;
	return 0;
}

static void
link_drop(void *ctx, struct rs_buf *buf)
{
	rte_pktmbuf_free(buf->opaque);
	buf->opaque = NULL;
}

int
rs_net_refuse(struct rs_net_lane *l, struct rte_mbuf *m, int rc, uint32_t row)
{
	rs_metric_inc(l->metrics, row);
	rte_pktmbuf_free(m);
	return rc;
}

int
rs_net_refuse_hop(struct rs_net_lane *l, struct rte_mbuf *m, int rc, const struct rs_neigh_entry *e)
{
	switch (rc) {
	case -EACCES: return rs_net_refuse(l, m, rc, RS_NET_TX_NOT_TARGET);
	case -EHOSTUNREACH: return rs_net_refuse(l, m, rc, e ? RS_NET_TX_UNRESOLVED : RS_NET_TX_NO_ROUTE);
	default: return rs_net_refuse(l, m, rc, RS_NET_TX_UNRESOLVED);
	}
}

static int
link_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);
	struct rte_mbuf *m = buf->opaque;
	struct rs_neigh_entry *e = NULL;
	uint8_t *frame;
	uint32_t total;
	bool fits;
	int rc;

	buf->opaque = NULL;
	if (unlikely(l == NULL)) {
		rte_pktmbuf_free(m);
		return -ENODEV;
	}
	if (unlikely(path->local.family != path->remote.family))
		return rs_net_refuse(l, m, -EHOSTUNREACH, RS_NET_TX_NO_ROUTE);
	fits = len <= rs_output_udp_max(rs_net_mtu(w, l, &path->remote), &path->remote);
	if (unlikely(m->pool == w->large && fits)) {
		m = rs_net_shorten(w, buf, m, len);
		if (m == NULL)
			return rs_net_refuse(l, NULL, -ENOBUFS, RS_NET_TX_NO_MBUF);
	}
	if (unlikely(!fits && (m->pool != w->large || len > RS_DATAGRAM_MAX)))
		return rs_net_refuse(l, m, -EMSGSIZE, RS_NET_TX_NO_ROUTE);
	rc = rs_output_next_hop(&l->ifc, w->target_set, &l->neigh, &path->remote, w->now_ns, &e);
	if (unlikely(rc != 0 && rc != -EINPROGRESS))
		return rs_net_refuse_hop(l, m, rc, e);
	if (unlikely(!fits)) {
		rc = rs_net_send_fragments(w, l, path, e, rc == 0, buf->data, len);
		rte_pktmbuf_free(m);
		return rc;
	}
	total = rs_output_udp(&l->ifc, path, e, buf->data, len, &frame);
	m->data_off = (uint16_t)(frame - (uint8_t *)m->buf_addr);
	m->pkt_len = total;
	m->data_len = (uint16_t)total;
	if (l->ifc.udp_offload) {
		bool v4 = path->remote.family == 4;

		m->ol_flags =
			RTE_MBUF_F_TX_UDP_CKSUM | (v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
		m->l2_len = rs_eth_len(l->ifc.vlan);
		m->l3_len = rs_ip_hdr_len(&path->remote);
	}
	if (likely(rc == 0)) {
		rs_net_push(w, l, m);
		return 0;
	}
	if (rs_neigh_hold(&l->neigh, e, m) != 0)
		return rs_net_refuse(l, m, -EHOSTUNREACH, RS_NET_TX_UNRESOLVED); /* it does not answer */
	return 0;
}

struct rs_link
rs_net_link(struct rs_net_worker *w)
{
	return (struct rs_link){
		.take = link_take,
		.send = link_send,
		.drop = link_drop,
		.ctx = w,
		.take_large = link_take_large
	};
}
