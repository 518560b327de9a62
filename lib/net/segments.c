/* SPDX-License-Identifier: BSD-3-Clause */
/** From TCP's segments to the devices. */
#include "net/private.h"

static int
segment_take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);
	struct rte_mbuf *m = l ? rte_pktmbuf_alloc(w->pool) : NULL;

	if (m == NULL) {
		if (l)
			rs_metric_inc(l->metrics, RS_NET_TX_NO_MBUF);
		return -ENOBUFS;
	}
	buf->data = rte_pktmbuf_mtod(m, uint8_t *);
	buf->cap = rte_pktmbuf_tailroom(m);
	buf->opaque = m;
	if (len <= buf->cap)
		return 0;
	rte_pktmbuf_free(m);
	return -ENOBUFS;
}

static int
segment_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);
	struct rte_mbuf *m = buf->opaque;
	struct rs_neigh_entry *e = NULL;
	uint8_t *frame;
	uint32_t total;
	int rc;

	rc = rs_output_next_hop(&l->ifc, w->target_set, &l->neigh, &path->remote, w->now_ns, &e);
	if (rc != 0 && rc != -EINPROGRESS)
		return rs_net_refuse_hop(l, m, rc, e);
	total = rs_output_ip(&l->ifc, path, e, RS_IPPROTO_TCP, buf->data, len, &frame);
	m->data_off = (uint16_t)(frame - (uint8_t *)m->buf_addr);
	m->pkt_len = total;
	m->data_len = (uint16_t)total;
	if (rc == 0)
		rs_net_push(w, l, m);
	else if (rs_neigh_hold(&l->neigh, e, m) != 0)
		return rs_net_refuse(l, m, -EHOSTUNREACH, RS_NET_TX_UNRESOLVED);
	return 0;
}

static uint32_t
segment_mtu(void *ctx, const struct rs_path *path)
{
	struct rs_net_worker *w = ctx;
	struct rs_net_lane *l = rs_net_lane_of(w, path);

	return l ? l->ifc.mtu : 0; /* what routers tell of a path TCP hears itself */
}

struct rs_tcp_link
rs_net_tcp_link(struct rs_net_worker *w)
{
	return (struct rs_tcp_link){ .take = segment_take, .send = segment_send, .mtu = segment_mtu, .ctx = w };
}

bool
rs_net_is_target(const struct rs_net_worker *w, const struct rs_addr *to)
{
	return rs_output_allowed(w->target_set, to);
}
