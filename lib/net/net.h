/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ports and packets. A net is what the process owns: devices, memory for packets, interfaces; a net
 * worker is one worker's share of it: its queues, neighbours, transmit bursts. No DPDK type shows
 * in this header.
 */
#ifndef RS_NET_NET_H
#define RS_NET_NET_H

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "net/link.h"
#include "net/tcp/tcp.h"

struct rs_net;
struct rs_net_worker;

/** Addresses of ours, each with SIP ports @port to @port + @ports - 1 (0: not known; only rte_flow asks). */
struct rs_net_range {
	struct rs_addr first;
	uint32_t count;
	uint16_t port;
	uint32_t ports;
};

struct rs_net_prefix {
	struct rs_addr addr;
	uint8_t bits;
};

struct rs_net_port_cfg {
	const char *name;
	/*
	 * PCI address, DPDK device string, name of a port that EAL already has, or "ring:x/a"
	 * (pairs with "ring:x/b").
	 */
	const char *device;
	uint16_t vlan; /* 0: untagged */
	uint16_t mtu;
	uint8_t mac[6]; /* zero: the device's own; where it has none: made from name and index */
	const struct rs_net_prefix *addresses;
	uint32_t n_addresses;
	struct rs_addr gateway4, gateway6;
	bool routed;             /* own ranges are behind this port: no ARP/ND for them */
	const uint32_t *workers; /* worker numbers; the first one owns the port (ARP, ND, ICMP) */
	uint32_t n_workers;
	uint8_t steering; /* enum rs_steer_mode: what to steer by, where there are several workers */
	uint16_t rx_descriptors, tx_descriptors;
};

struct rs_net_cfg {
	const struct rs_net_port_cfg *ports;
	uint32_t n_ports;
	uint32_t n_workers;
	uint32_t mbufs;
	const struct rs_clock *clock;
};

/** What was found out about a port, for `environment` and the start's lines. */
struct rs_net_port_info {
	const char *name, *device, *driver;
	const char *steering;     /* "single queue", or rs_steer_mode_name */
	uint8_t steer_bits;       /* R of the owner rule (base/steer.h) at this port */
	const char *offloads;     /* "udp" or "none" */
	/* Who counts packets lost in front of us: "device", "kernel", "inferred" (nobody: estimated). */
	const char *miss_counter;
	uint8_t mac[6];
	uint16_t mtu, rx_queues, tx_queues;
	uint32_t speed_mbps;
	bool link_up;
};

/**
 * Make and start all ports (EAL must run). On failure all is rolled back. @return 0; -ENODEV,
 * -ENOMEM, -EPERM, -EINVAL with @err
 */
int rs_net_open(const struct rs_net_cfg *cfg, struct rs_net **out, struct rs_err *err);
void rs_net_close(struct rs_net *net);
const struct rs_net_port_info *rs_net_port_info(const struct rs_net *net, uint32_t port);
uint32_t rs_net_n_ports(const struct rs_net *net);

/**
 * Replace the own address ranges (endpoints) and targets of port @port; called by control while no
 * run is on, taken over by the workers at rs_net_worker_begin.
 */
int rs_net_set_addresses(
	struct rs_net *net, uint32_t port, const struct rs_net_range *ranges, uint32_t n_ranges);
/**
 * IPv6 packets of @peer are to reach their owner without a detour where steering is by hash key; family 0 or 4: those of IPv4. Called
 * by control while no run is on. @return 0; negative errno: the device refused, and redirecting does the rest
 */
int rs_net_set_peer(struct rs_net *net, uint32_t port, const struct rs_addr *peer);
int rs_net_set_targets(struct rs_net *net, const struct rs_net_prefix *targets, uint32_t n_targets);

struct rs_net_worker *rs_net_worker(struct rs_net *net, uint32_t worker);

/**
 * Worker: a run begins: take the address ranges over, announce them (gratuitous ARP, unsolicited
 * NA; bounded).
 */
void rs_net_worker_begin(struct rs_net_worker *w, uint64_t now_ns);

/**
 * Worker: start to resolve the next hop of @path. @return 0: known; -EINPROGRESS; -EACCES;
 * -EHOSTUNREACH
 */
int rs_net_resolve(struct rs_net_worker *w, const struct rs_path *path, uint64_t now_ns);

/**
 * Worker: one bounded burst from each own queue. ARP, ND, ICMP are dealt with; SIP goes to @out.
 * @param rx_packets  out: packets taken from the devices (0: there was nothing to do)
 * @return items in @out (at most @cap)
 */
uint32_t rs_net_receive(
	struct rs_net_worker *w, struct rs_rx *out, uint32_t cap, uint32_t *rx_packets);

/** Worker: the items of the last rs_net_receive are no longer needed. */
void rs_net_release(struct rs_net_worker *w);

/**
 * Worker: take item @rx out of the last receive and keep it (its mbuf) for another worker's
 * redirect ring. @return the mbuf
 */
void *rs_net_detach(struct rs_net_worker *w, struct rs_rx *rx);
/**
 * Worker: an mbuf that came through a redirect ring becomes an item again; freed by the next
 * rs_net_release.
 */
void rs_net_attach(struct rs_net_worker *w, void *mbuf, struct rs_rx *out);

/**
 * Worker: the engine's table; its sends are queued until rs_net_flush or a full burst. Besides what
 * link.h lists, take and send return -ENODEV for a port that is not this worker's, send -EMSGSIZE
 * for more bytes than take offered.
 */
struct rs_link rs_net_link(struct rs_net_worker *w);
/** Worker: the same for segments of TCP. */
struct rs_tcp_link rs_net_tcp_link(struct rs_net_worker *w);
/** Worker: is @to among the targets? */
bool rs_net_is_target(const struct rs_net_worker *w, const struct rs_addr *to);

/**
 * @fn is called after the devices were given what was queued, with the time read before. That holds
 * for every send that has returned: a burst that a send itself causes, because the queue is full,
 * does not have its own datagram in it.
 */
void rs_net_on_flush(struct rs_net_worker *w, void (*fn)(void *ctx, uint64_t time_ns), void *ctx);
void rs_net_flush(struct rs_net_worker *w);

/**
 * Worker: ARP and ND retries and ageing, announcements. @return when it wants to be called next: in
 * 10 ms at the latest
 */
uint64_t rs_net_tick(struct rs_net_worker *w, uint64_t now_ns);

/** Cells of (worker, port): see rs_net_metrics_table. */
struct rs_metrics *rs_net_metrics(struct rs_net *net, uint32_t worker, uint32_t port);
extern const struct rs_metric_table rs_net_metrics_table;

/** Rows of rs_net_metrics_table. */
enum rs_net_metric {
	RS_NET_RX_PACKETS,
	RS_NET_RX_BYTES,
	RS_NET_TX_PACKETS,
	RS_NET_TX_BYTES,
	RS_NET_RX_SIP,       /* datagrams handed up */
	RS_NET_RX_TCP,       /* segments handed up */
	RS_NET_RX_NOT_OURS,  /* other destination address or MAC */
	RS_NET_RX_TRUNCATED, /* shorter than their headers say */
	RS_NET_RX_BAD_CHECKSUM,
	RS_NET_RX_UNKNOWN,  /* ether type, protocol or port nobody here serves */
	RS_NET_RX_FRAGMENT, /* taken for reassembly: the FRAG rows say what became of it */
	RS_NET_RX_VLAN,     /* other VLAN */
	RS_NET_RX_ARP,
	RS_NET_RX_ND,
	RS_NET_RX_ICMP,
	RS_NET_RX_UNREACHABLE,
	RS_NET_RX_FULL_BURSTS, /* receive bursts that came full: there may have been more */
	RS_NET_TX_FULL,        /* packets the device did not take: dropped */
	RS_NET_TX_NO_MBUF,     /* pool empty */
	RS_NET_TX_NOT_TARGET, /* refused: destination outside `targets` */
	RS_NET_TX_NO_ROUTE,
	RS_NET_TX_UNRESOLVED, /* dropped: the neighbour did not answer, or its queue was full */
	RS_NET_DEV_MISSED,
	RS_NET_DEV_ERRORS,
	RS_NET_DEV_NO_MBUF, /* gauges of the device's own counters */
	RS_NET_FRAG_WHOLE,  /* datagrams put together */
	RS_NET_FRAG_DUPLICATE,
	RS_NET_FRAG_LATE,
	RS_NET_FRAG_BAD,
	RS_NET_FRAG_OVERLAP, /* this and the next ones: datagrams given up */
	RS_NET_FRAG_TOO_LONG,
	RS_NET_FRAG_TOO_MANY,
	RS_NET_FRAG_TIMEOUT,
	RS_NET_FRAG_EVICTED,
	RS_NET_FRAG_NO_MBUF,
	RS_NET_FRAG_HANDED, /* fragments given to the port's owner */
	RS_NET_FRAG_LOST,   /* its ring was full */
	RS_NET_RX_TOO_BIG,  /* ICMP: the path takes less */
	RS_NET_TX_FRAGMENTED,
	RS_NET_MISSES_INFERRED, /* estimate: packets lost in front of a worker that did not look */
	RS_NET_KERNEL_DROPS,    /* what the kernel counts as lost on the way into the port; written by control */
	RS_NET_METRICS
};

/** Control: read the devices' and the kernel's counters into the cells of each port's owner. */
void rs_net_poll_device_stats(struct rs_net *net);

#endif
