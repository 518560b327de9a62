/* SPDX-License-Identifier: BSD-3-Clause */
/** What the DPDK side of net shares among its files. */
#ifndef RS_NET_PRIVATE_H
#define RS_NET_PRIVATE_H

#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_mbuf.h>

#include "base/mailbox.h"
#include "net/fragment.h"
#include "net/input.h"
#include "net/kernel.h"
#include "net/misses.h"
#include "net/net.h"
#include "net/output.h"
#include "net/reassembly.h"
#include "net/spread.h"

#define RS_NET_PORTS_MAX 64
#define RS_NET_RX_BURST  64
#define RS_NET_TX_BURST  64
#define RS_NET_HELD_MAX  4096 /* received packets of one turn; those beyond are chained */

/*
 * The neighbours of one port and worker. A SUT is a handful of hosts; a whole /20 of phones behind
 * a switch fits too.
 */
#define RS_NET_NEIGHBOURS   4096
#define RS_NET_WAITING      1024
#define RS_NET_WAITING_EACH 64

/*
 * Buffers for whole datagrams that are longer than the MTU. One is taken only while a message is cut up, or from the moment a
 * datagram is whole until the end of the turn: a full receive burst of last fragments, on each worker.
 */
#define RS_NET_LARGE_ROOM UINT16_MAX
#define RS_NET_LARGE_EACH 32
/* Packets of a port whose device wants larger ones than the others: held to the end of a turn, or on the way to another worker. */
#define RS_NET_RX_OWN_EACH 1023

enum rs_net_kind {
	RS_NET_KIND_RING,
	RS_NET_KIND_VDEV,     /* made from a device string */
	RS_NET_KIND_PCI,      /* probed by address */
	RS_NET_KIND_EXISTING, /* EAL had it already: it is not removed at the end */
};

/**
 * Behind each mbuf: what an item, or a fragment, needs when it moves to another worker. As long as whole cache lines, so that a payload,
 * which is written behind the headroom, begins with one.
 */
struct rs_net_priv {
	union {
		struct rs_rx rx;
		struct rs_ip ip;
	};
	struct rte_mbuf *chain;
} __attribute__((aligned(RTE_CACHE_LINE_SIZE)));
_Static_assert(RTE_PKTMBUF_HEADROOM % RTE_CACHE_LINE_SIZE == 0, "a payload begins with a cache line");

struct rs_net_ring_pair;

/**
 * A set of addresses in use by workers: control replaces it, and frees it when no worker has it any
 * more.
 */
struct rs_net_sets {
	struct rs_ranges *own, *answered;
	struct rs_net_sets *older;
};

struct rs_net_targets {
	struct rs_ranges *set;
	struct rs_net_targets *older;
};

struct rs_net_port {
	struct rs_net *net;
	char *name, *device;
	uint32_t index;
	enum rs_net_kind kind;
	uint16_t dev;
	bool attached, started; /* how far it got, for roll-back */
	bool promiscuous;       /* we switched it on: a clean end switches it off */
	bool routed;
	uint16_t mtu, rx_descriptors, tx_descriptors;
	uint32_t *workers, n_workers;
	struct rs_net_prefix *prefixes;
	struct rs_ranges *on_link;
	struct rs_net_sets *sets; /* newest first */
	struct rs_iface ifc;
	struct rs_metrics *metrics; /* one a worker of the net */
	struct rs_net_port_info info;
	char driver[32], offloads[64];
	struct rte_ring **rx_rings, **tx_rings; /* ring ports; the other end has them crossed */
	uint16_t n_tx; /* transmit queues; ring ports: as many as the other end receives with */
	struct rs_net_port *peer_port; /* ring ports: the other end */
	enum rs_steer_mode asked, mode;
	uint8_t steer_bits;
	uint32_t peer; /* of the main peer: rs_steer_peer */
	struct rs_net_spread *spread; /* ring ports with several queues */
	uint8_t rss_key[RS_STEER_KEY_MAX], rss_key_len;
	uint64_t rss_hf; /* what is hashed, in DPDK's words */
	struct rte_flow **flows;
	uint32_t n_flows;
	/* With several workers: one of each a worker, none for the owner. */
	struct rs_mailbox **to_owner, **from_owner;
	struct rte_ring **fragments; /* to the owner */
	struct rs_kernel_sockets sockets; /* the device's */
	uint64_t socket_drops, iface_drops; /* as read last */
	bool infer;			     /* nobody counts what it misses */
	uint32_t frame_size;	     /* of the device's own ring, 0 without one */
	struct rte_mempool *rx_pool; /* where that is more than the net's packets hold */
};

/** One worker's share of one port. */
struct rs_net_lane {
	struct rs_iface ifc;
	struct rs_metrics *metrics;
	uint16_t dev, queue;
	bool ring; /* marks in received mbufs are the sender's */
	bool owner;
	const struct rs_net_spread *spread; /* NULL: all of it leaves by tx_queue */
	uint16_t tx_queue, queues;	    /* @queues: of the other end, with @spread */
	uint16_t n_tx;
	uint32_t tx_bytes;
	struct rte_mbuf *tx[RS_NET_TX_BURST];
	struct rs_neigh neigh;
	struct rs_net_port *port;
	uint32_t position;                  /* of the worker among the port's workers */
	_Atomic(struct rs_net_sets *) sets; /* taken over at begin */
	struct rs_ranges_cursor announced;
	uint32_t n_announce;  /* announcements still to come */
	uint64_t announce_ns; /* the next ones */
	struct rs_reassembly *reassembly; /* the owner's */
	struct rs_pmtu pmtu;
	bool infer;
	struct rs_misses misses;
};

struct rs_net_worker {
	struct rs_net *net;
	const struct rs_clock *clock;
	struct rte_mempool *pool, *large;
	uint32_t room; /* bytes that one of @pool holds */
	struct rs_fragment_ids ids;
	struct rs_net_lane *lane_of[RS_NET_PORTS_MAX]; /* by port index; NULL: not this worker's */
	struct rs_net_lane *lanes;
	uint32_t n_lanes;
	uint32_t first_lane; /* who is asked first in the next turn */
	uint32_t number;
	uint64_t now_ns; /* of the last receive or tick */
	_Atomic(struct rs_net_targets *) targets;
	const struct rs_ranges *target_set;
	void (*on_flush)(void *ctx, uint64_t time_ns);
	void *on_flush_ctx;
	uint32_t n_held;
	struct rte_mbuf *chain; /* held beyond the array */
	struct rte_mbuf *held[RS_NET_HELD_MAX];
};

struct rs_net {
	const struct rs_clock *clock;
	struct rte_mempool *pool, *large;
	struct rs_net_port *ports;
	uint32_t n_ports;
	struct rs_net_worker **workers;
	uint32_t n_workers;
	struct rs_net_targets *targets; /* newest first */
	uint64_t id;                    /* makes names of rings and pools unique in this process */
};

/** Keep @m until rs_net_release. */
static inline void
rs_net_hold(struct rs_net_worker *w, struct rte_mbuf *m)
{
	struct rs_net_priv *priv;

	if (likely(w->n_held < RS_NET_HELD_MAX)) {
		w->held[w->n_held++] = m;
		return;
	}
	priv = rte_mbuf_to_priv(m);
	priv->chain = w->chain;
	w->chain = m;
}

/** Bytes of an IP packet that may go to @remote. */
static inline uint16_t
rs_net_mtu(const struct rs_net_worker *w, const struct rs_net_lane *l, const struct rs_addr *remote)
{
	if (likely(l->pmtu.n == 0))
		return l->ifc.mtu;
	return rs_pmtu_of(&l->pmtu, remote, l->ifc.mtu, w->now_ns);
}

/* pool.c */
/** A pool of @n packets with @room bytes each, headroom included. @return NULL with rte_errno */
struct rte_mempool *rs_net_make_pool(const char *name, uint32_t n, uint16_t room, unsigned cache);

/* device.c */
int rs_net_device_attach(struct rs_net_port *p, struct rs_err *err);
int rs_net_device_start(struct rs_net_port *p, struct rs_err *err);
void rs_net_device_close(struct rs_net_port *p);

/* ring.c */
bool rs_net_ring_is(const char *device);
/** Make the two ends of every "ring:" pair; they must be complete. */
int rs_net_ring_attach_all(struct rs_net *net, struct rs_err *err);
void rs_net_ring_free(struct rs_net_port *p);

/* probe.c */
/**
 * Check a device string before EAL sees it, and complete it. @return 0 with @out; -ENODEV, -EPERM
 * with @err
 */
int rs_net_probe_string(const struct rs_net_port *p, char *out, size_t size, struct rs_err *err);
void rs_net_probe_info(struct rs_net_port *p);
/** Bytes of the frames that the device's ring holds, where they are longer than the MTU asks for; 0: no such ring */
uint32_t rs_net_probe_frame_size(const char *string);
/**
 * Before it is configured: how will the port steer? What was asked for and cannot be is an error. @dev NULL: a ring port
 * @return 0, -EINVAL with @err
 */
int rs_net_probe_steering(struct rs_net_port *p, const struct rte_eth_dev_info *dev, struct rs_err *err);

/** Was it a right that was missing? Then @rc becomes -EPERM and the remedy says so. */
int rs_net_probe_failure(const struct rs_net_port *p, int rc, const char *what, struct rs_err *err);
/**
 * Does the device share its MAC with a kernel interface that is the peer? Then ours must be
 * another.
 */
bool rs_net_probe_mac_is_peers(const struct rs_net_port *p);

/* rss.c */
/** Why the device cannot be given our key and table, or NULL. */
const char *rs_net_rss_refusal(const struct rs_net_port *p, const struct rte_eth_dev_info *dev);
void rs_net_rss_configure(struct rs_net_port *p, const struct rte_eth_dev_info *dev, struct rte_eth_conf *conf);
/** Give the started device key and table, and see whether it has them. @return 0; -EIO: it has not; what the driver says */
int rs_net_rss_program(struct rs_net_port *p);
/** The table alone, after p->peer changed. */
int rs_net_rss_table(struct rs_net_port *p);

/* flow.c */
/** Would the started device take a rule? @return 0, or what the driver says */
int rs_net_flow_check(const struct rs_net_port *p);
/** Replace all rules by those for @ranges. @return 0; -EINVAL (too many, and no masks for so many workers), -ENOTSUP, -ENOMEM */
int rs_net_flow_set(struct rs_net_port *p, const struct rs_net_range *ranges, uint32_t n);
void rs_net_flow_clear(struct rs_net_port *p);

/* spread.c */
int rs_net_spread_create(struct rs_net_port *p);
/** Write its table, after p->peer changed. */
void rs_net_spread_fill(struct rs_net_port *p);
void rs_net_spread_free(struct rs_net_port *p);

/** Packets that the kernel interface of the device counts as lost on their way to us. */
uint64_t rs_net_probe_iface_drops(const struct rs_net_port *p);

/* xdp.c */
/** @return true when a program that a killed run left on the interface was removed */
bool rs_net_xdp_remove_stale(unsigned ifindex);

/* transmit.c */
static inline struct rs_net_lane *
rs_net_lane_of(const struct rs_net_worker *w, const struct rs_path *path)
{
	return path->port < RS_NET_PORTS_MAX ? w->lane_of[path->port] : NULL;
}

/** Drop @m, which may be NULL, and count it in @row. @return rc */
int rs_net_refuse(struct rs_net_lane *l, struct rte_mbuf *m, int rc, uint32_t row);
/** No frame can be made now: the same, the cause being what rs_output_next_hop() said. */
int rs_net_refuse_hop(struct rs_net_lane *l, struct rte_mbuf *m, int rc, const struct rs_neigh_entry *e);
void rs_net_push(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m);
/** Send a frame of ours that is not in an mbuf yet. */
void rs_net_push_copy(
	struct rs_net_worker *w, struct rs_net_lane *l, const uint8_t *frame, uint32_t len);

/* datagram.c */
/** Rings to the port's owner. @return 0, -ENOMEM (rs_net_datagram_free) */
int rs_net_datagram_init(struct rs_net_port *p);
void rs_net_datagram_free(struct rs_net_port *p);
/** A fragment came in; @m is used up. @return true: its datagram is whole, and @rx the item */
bool rs_net_fragment_in(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m,
	const struct rs_ip *ip, uint64_t now_ns, struct rs_rx *rx);
/** The owner takes what other workers of the port handed it. @return items in @out, at most @cap */
uint32_t rs_net_fragments_handed(
	struct rs_net_worker *w, struct rs_net_lane *l, struct rs_rx *out, uint32_t cap);
/** A message in a large buffer turned out to fit: @large is given back. @return its new buffer, NULL when there was none */
struct rte_mbuf *rs_net_shorten(
	struct rs_net_worker *w, struct rs_buf *buf, struct rte_mbuf *large, uint32_t len);
/**
 * Send @len bytes in fragments; they are copied. @param resolved  else they wait for @e
 * @return 0; -EHOSTUNREACH; -ENOBUFS; both counted
 */
int rs_net_send_fragments(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_path *path,
	struct rs_neigh_entry *e, bool resolved, uint8_t *payload, uint32_t len);

/* resolve.c */
/** A router said what the path to @dst takes: this worker and the others of the port heed it. */
void rs_net_learn_mtu(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_addr *dst, uint32_t told);
void rs_net_learn(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_neigh_news *news);
void rs_net_ask_due(struct rs_net_worker *w, struct rs_net_lane *l, uint64_t now_ns);
void rs_net_read_mail(struct rs_net_worker *w, struct rs_net_lane *l);

/* lane.c */
int rs_net_workers_create(struct rs_net *net);
void rs_net_workers_free(struct rs_net *net);

#endif
