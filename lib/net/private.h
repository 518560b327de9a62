/* SPDX-License-Identifier: BSD-3-Clause */
/** What the DPDK side of net shares among its files. */
#ifndef RS_NET_PRIVATE_H
#define RS_NET_PRIVATE_H

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "base/mailbox.h"
#include "net/input.h"
#include "net/net.h"
#include "net/output.h"

#define RS_NET_PORTS_MAX 64
#define RS_NET_RX_BURST  32
#define RS_NET_TX_BURST  64
#define RS_NET_HELD_MAX  4096 /* received packets of one turn; those beyond are chained */

/*
 * The neighbours of one port and worker. A SUT is a handful of hosts; a whole /20 of phones behind
 * a switch fits too.
 */
#define RS_NET_NEIGHBOURS   4096
#define RS_NET_WAITING      1024
#define RS_NET_WAITING_EACH 64

enum rs_net_kind {
	RS_NET_KIND_RING,
	RS_NET_KIND_VDEV,     /* made from a device string */
	RS_NET_KIND_PCI,      /* probed by address */
	RS_NET_KIND_EXISTING, /* EAL had it already: it is not removed at the end */
};

/** Behind each mbuf: what an item needs when it moves to another worker. */
struct rs_net_priv {
	struct rs_rx rx;
	struct rte_mbuf *chain;
};

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
	/* With several workers: one of each a worker, none for the owner. */
	struct rs_mailbox **to_owner, **from_owner;
};

/** One worker's share of one port. */
struct rs_net_lane {
	struct rs_iface ifc;
	struct rs_metrics *metrics;
	uint16_t dev, queue;
	bool ring; /* marks in received mbufs are the sender's */
	bool owner;
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
};

struct rs_net_worker {
	struct rs_net *net;
	const struct rs_clock *clock;
	struct rte_mempool *pool;
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
	struct rte_mempool *pool;
	struct rs_net_port *ports;
	uint32_t n_ports;
	struct rs_net_worker **workers;
	uint32_t n_workers;
	struct rs_net_targets *targets; /* newest first */
	uint64_t id;                    /* makes names of rings and pools unique in this process */
};

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

/** Was it a right that was missing? Then @rc becomes -EPERM and the remedy says so. */
int rs_net_probe_failure(const struct rs_net_port *p, int rc, const char *what, struct rs_err *err);
/**
 * Does the device share its MAC with a kernel interface that is the peer? Then ours must be
 * another.
 */
bool rs_net_probe_mac_is_peers(const struct rs_net_port *p);

/* xdp.c */
/** @return true when a program that a killed run left on the interface was removed */
bool rs_net_xdp_remove_stale(unsigned ifindex);

/* transmit.c */
void rs_net_push(struct rs_net_worker *w, struct rs_net_lane *l, struct rte_mbuf *m);
/** Send a frame of ours that is not in an mbuf yet. */
void rs_net_push_copy(
	struct rs_net_worker *w, struct rs_net_lane *l, const uint8_t *frame, uint32_t len);

/* resolve.c */
void rs_net_learn(struct rs_net_worker *w, struct rs_net_lane *l, const struct rs_neigh_news *news);
void rs_net_ask_due(struct rs_net_worker *w, struct rs_net_lane *l, uint64_t now_ns);
void rs_net_read_mail(struct rs_net_worker *w, struct rs_net_lane *l);

/* lane.c */
int rs_net_workers_create(struct rs_net *net);
void rs_net_workers_free(struct rs_net *net);

#endif
