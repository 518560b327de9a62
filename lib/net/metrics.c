/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/net.h"

#define COUNTER(row, n, u, h) [row] = { .name = n, .unit = u, .help = h, .type = RS_METRIC_COUNTER }
#define GAUGE(row, n, u, h)   [row] = { .name = n, .unit = u, .help = h, .type = RS_METRIC_GAUGE }

static const struct rs_metric_def defs[RS_NET_METRICS] = {
	COUNTER(RS_NET_RX_PACKETS, "rx_packets", "packets", "Frames taken from the device."),
	COUNTER(RS_NET_RX_BYTES, "rx_bytes", "bytes",
		"Bytes of those frames, Ethernet header included."),
	COUNTER(RS_NET_TX_PACKETS, "tx_packets", "packets", "Frames that the device took."),
	COUNTER(RS_NET_TX_BYTES, "tx_bytes", "bytes",
		"Bytes of those frames, Ethernet header included."),
	COUNTER(RS_NET_RX_SIP, "rx_sip", "packets", "UDP datagrams handed to the engine."),
	COUNTER(RS_NET_RX_NOT_OURS, "rx_not_ours", "packets",
		"Dropped: the MAC or the IP address is not one of ours."),
	COUNTER(RS_NET_RX_TRUNCATED, "rx_truncated", "packets",
		"Dropped: shorter than the headers say."),
	COUNTER(RS_NET_RX_BAD_CHECKSUM, "rx_bad_checksum", "packets",
		"Dropped: a wrong IP, UDP or ICMP checksum."),
	COUNTER(RS_NET_RX_UNKNOWN, "rx_unknown", "packets",
		"Dropped: an Ethernet type, protocol or message that nobody here serves."),
	COUNTER(RS_NET_RX_FRAGMENT, "rx_fragment", "packets",
		"Dropped: IP fragments are not put together."),
	COUNTER(RS_NET_RX_VLAN, "rx_vlan", "packets", "Dropped: not the port's VLAN."),
	COUNTER(RS_NET_RX_ARP, "rx_arp", "packets", "ARP packets dealt with."),
	COUNTER(RS_NET_RX_ND, "rx_nd", "packets", "Neighbour discovery messages dealt with."),
	COUNTER(RS_NET_RX_ICMP, "rx_icmp", "packets",
		"ICMP and ICMPv6 messages dealt with, echo requests among them."),
	COUNTER(RS_NET_RX_UNREACHABLE, "rx_unreachable", "packets",
		"ICMP errors about a datagram of ours, handed to the engine."),
	COUNTER(RS_NET_RX_FULL_BURSTS, "rx_full_bursts", "bursts",
		"Receive bursts that came full: more may have been waiting than was seen."),
	COUNTER(RS_NET_TX_FULL, "tx_full", "packets",
		"Dropped: the device's transmit queue stayed full."),
	COUNTER(RS_NET_TX_NO_MBUF, "tx_no_mbuf", "packets", "Not sent: the packet pool was empty."),
	COUNTER(RS_NET_TX_NOT_TARGET, "tx_not_target", "packets",
		"Refused: the destination is not among `targets`."),
	COUNTER(RS_NET_TX_NO_ROUTE, "tx_no_route", "packets",
		"Refused: neither on the link nor behind a gateway."),
	COUNTER(RS_NET_TX_UNRESOLVED, "tx_unresolved", "packets",
		"Dropped: the neighbour did not answer, or too many packets waited for it."),
	GAUGE(RS_NET_DEV_MISSED, "dev_missed", "packets",
		"The device's own count of packets missed for want of room."),
	GAUGE(RS_NET_DEV_ERRORS, "dev_errors", "packets",
		"The device's own count of receive and transmit errors."),
	GAUGE(RS_NET_DEV_NO_MBUF, "dev_no_mbuf", "packets",
		"The device's own count of receives without memory."),
};

const struct rs_metric_table rs_net_metrics_table = {
	.module = "port",
	.labels = "worker,port",
	.defs = defs,
	.n_defs = RS_NET_METRICS,
};
