/* SPDX-License-Identifier: BSD-3-Clause */
/** From the devices to items for the engine. */
#include "net/private.h"

#define PREFETCH_AHEAD 16
#define PREFETCH_BYTES 1024

/*
 * Every byte of a datagram is read (checksum, parser), and over a ring it lies in the other core's cache: all its lines are asked for
 * while the packets before it are dealt with.
 */
static inline void
prefetch_packet(const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = m->data_len < PREFETCH_BYTES ? m->data_len : PREFETCH_BYTES;

	/* A frame does not begin with a line. */
	for (const uint8_t *end = p + len, *at = RTE_PTR_ALIGN_FLOOR(p, RTE_CACHE_LINE_SIZE); at < end; at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(at);
}

static unsigned
flags_of(const struct rs_net_lane *l, const struct rte_mbuf *m)
{
	unsigned flags = 0;
	uint64_t ol = m->ol_flags;

	if (l->ring)
		return 0;
	if ((ol & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		flags |= RS_FRAME_IP_GOOD;
	if ((ol & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		flags |= RS_FRAME_UDP_GOOD;
	/*
	 * A device's "bad" is checked again in software: some say it of packets they could not
	 * read.
	 */
	if (ol & RTE_MBUF_F_RX_VLAN_STRIPPED)
		flags |= RS_FRAME_VLAN_STRIPPED;
	return flags;
}

/** What is neither a plain datagram nor a plain drop. @return true when the mbuf was used up */
static bool
deal_with(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m,
	enum rs_input_verdict verdict, const struct rs_input *in)
{
	if (in->news.addr.family)
		rs_net_learn(w, l, &in->news);
	if (in->refused)
		rs_metric_inc(l->metrics, RS_NET_TX_NOT_TARGET);
	if (in->mtu_told)
		rs_net_learn_mtu(w, l, &in->mtu_dst, in->mtu);
	if (verdict == RS_INPUT_REPLY)
		rs_net_push_copy(w, l, in->reply, in->reply_len);
	if (verdict != RS_INPUT_TURNED)
		return false;
	m->ol_flags = 0;
	rs_net_push(w, l, m);
	return true;
}

static uint32_t
receive_lane(struct rs_net_worker *w, struct rs_net_lane *l, struct rs_rx *out, uint32_t cap,
	uint32_t *taken)
{
	struct rte_mbuf *burst[RS_NET_RX_BURST], *done[RS_NET_RX_BURST];
	uint16_t want = cap < RS_NET_RX_BURST ? (uint16_t)cap : RS_NET_RX_BURST;
	uint16_t n = want ? rte_eth_rx_burst(l->dev, l->queue, burst, want) : 0;
	uint32_t n_out = 0, n_done = 0, n_sip = 0;
	uint64_t bytes = 0, now_ns;

	*taken = n;
	if (unlikely(want == 0)) /* other ports have used it up: nobody has looked here */
		return 0;
	if (unlikely(l->infer))
		rs_metric_add(l->metrics, RS_NET_MISSES_INFERRED,
			rs_misses_look(&l->misses, rs_clock_now(w->clock), n, n && n == want));
	if (n == 0)
		return 0;
	now_ns = w->now_ns = rs_clock_now(w->clock);
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(burst[i]);
	for (uint16_t i = 0; i < n && i < PREFETCH_AHEAD; i++)
		prefetch_packet(burst[i]);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = burst[i];
		struct rs_rx *rx = &out[n_out];
		enum rs_input_verdict verdict;
		struct rs_input in;

		if (i + PREFETCH_AHEAD < n)
			prefetch_packet(burst[i + PREFETCH_AHEAD]);
		bytes += m->pkt_len;
		if (unlikely(m->nb_segs != 1)) { /* larger than the MTU lets it be */
			rs_metric_inc(l->metrics, RS_NET_RX_TRUNCATED);
			done[n_done++] = m;
			continue;
		}
		verdict = rs_input_frame(&l->ifc, w->target_set, rte_pktmbuf_mtod(m, uint8_t *),
			m->data_len, flags_of(l, m), m->vlan_tci, rx, &in);
		if (likely(verdict == RS_INPUT_ITEM)) {
			rx->time_ns = now_ns;
			rx->opaque = m;
			rs_net_hold(w, m);
			n_out++;
			if (likely(in.row == RS_NET_RX_SIP)) {
				n_sip++;
				continue;
			}
		} else if (verdict == RS_INPUT_FRAGMENT) {
			n_out += rs_net_fragment_in(w, l, m, &in.ip, now_ns, rx);
			continue; /* counted there */
		} else if (!deal_with(w, l, m, verdict, &in)) {
			done[n_done++] = m;
		}
		rs_metric_inc(l->metrics, in.row);
	}
	if (n_done)
		rte_pktmbuf_free_bulk(done, n_done);
	rs_metric_add(l->metrics, RS_NET_RX_PACKETS, n);
	rs_metric_add(l->metrics, RS_NET_RX_BYTES, bytes);
	rs_metric_add(l->metrics, RS_NET_RX_SIP, n_sip);
	if (n == RS_NET_RX_BURST)
		rs_metric_inc(l->metrics, RS_NET_RX_FULL_BURSTS);
	return n_out;
}

uint32_t
rs_net_receive(struct rs_net_worker *w, struct rs_rx *out, uint32_t cap, uint32_t *rx_packets)
{
	uint32_t n = 0, taken, total = 0, at = w->first_lane;

	/* The first one changes, so that a busy port cannot starve the others of a small @cap. */
	if (++w->first_lane >= w->n_lanes)
		w->first_lane = 0;
	for (uint32_t i = 0; i < w->n_lanes; i++) {
		struct rs_net_lane *l = &w->lanes[at];

		if (++at == w->n_lanes)
			at = 0;
		if (unlikely(l->port->n_workers > 1)) {
			rs_net_read_mail(w, l);
			if (l->owner)
				n += rs_net_fragments_handed(w, l, out + n, cap - n);
		}
		n += receive_lane(w, l, out + n, cap - n, &taken);
		total += taken;
	}
	*rx_packets = total;
	return n;
}

/* Nothing hangs on it: its second cache line, which still lies at the core that took it, need not be looked at. */
static inline bool
is_plain(const struct rs_net_worker *w, const struct rte_mbuf *m)
{
	return m->pool == w->pool && m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m);
}

void
rs_net_release(struct rs_net_worker *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_held; i++) {
		struct rte_mbuf *m = w->held[i];

		if (unlikely(m == NULL)) /* detached */
			continue;
		if (likely(is_plain(w, m)))
			w->held[n++] = m;
		else
			rte_pktmbuf_free(m);
	}
	if (n)
		rte_mempool_put_bulk(w->pool, (void **)w->held, n);
	w->n_held = 0;
	while (w->chain) {
		struct rte_mbuf *m = w->chain;

		w->chain = ((struct rs_net_priv *)rte_mbuf_to_priv(m))->chain;
		rte_pktmbuf_free(m);
	}
}

void *
rs_net_detach(struct rs_net_worker *w, struct rs_rx *rx)
{
	struct rte_mbuf *m = rx->opaque, **link = &w->chain;
	struct rs_net_priv *priv = rte_mbuf_to_priv(m);
	uint32_t i;

	for (i = 0; i < w->n_held && w->held[i] != m; i++)
		;
	if (i < w->n_held) {
		/* rs_net_release passes over NULL; moving the others would not pay. */
		w->held[i] = NULL;
	} else {
		while (*link != m)
			link = &((struct rs_net_priv *)rte_mbuf_to_priv(*link))->chain;
		*link = priv->chain;
	}
	priv->rx = *rx;
	return m;
}

void
rs_net_attach(struct rs_net_worker *w, void *mbuf, struct rs_rx *out)
{
	struct rs_net_priv *priv = rte_mbuf_to_priv((struct rte_mbuf *)mbuf);

	*out = priv->rx;
	rs_net_hold(w, mbuf);
}
