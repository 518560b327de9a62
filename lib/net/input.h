/* SPDX-License-Identifier: BSD-3-Clause */
/** One received frame, judged: pure, so that it can be tested and fuzzed without a device. */
#ifndef RS_NET_INPUT_H
#define RS_NET_INPUT_H

#include "net/arp.h"
#include "net/icmp.h"
#include "net/nd.h"

#define RS_INPUT_REPLY_MAX RS_ND_FRAME_MAX

enum rs_input_verdict {
	RS_INPUT_DROP,  /* nothing more to do: the row says why */
	RS_INPUT_ITEM,  /* for the engine */
	RS_INPUT_REPLY, /* send the frame that was made */
	RS_INPUT_TURNED, /* the received frame was turned into the answer: send it back */
	RS_INPUT_FRAGMENT /* a piece of a datagram to one of our addresses: for rs_reassembly_add, which counts it */
};

/** What a frame brought besides an item. */
struct rs_input {
	uint32_t row;              /* the one row of rs_net_metrics_table to count this frame in */
	uint32_t refused;          /* 1: an answer was due to an address outside `targets` */
	struct rs_neigh_news news; /* family 0: none */
	uint32_t mtu_told; /* 1: a router said what the path takes: */
	uint32_t mtu;	   /* bytes of an IP packet, 0 when it did not say how many */
	struct rs_addr mtu_dst;
	struct rs_ip ip; /* of a fragment */
	uint32_t reply_len;
	uint8_t reply[RS_INPUT_REPLY_MAX];
};

/**
 * Judge a frame.
 *
 * @param ifc       the port's interface
 * @param targets   who may be answered
 * @param frame     the bytes from the Ethernet header on; an echo request is turned round in place
 * @param len       bytes in @frame, nothing behind them is read
 * @param flags     enum rs_frame_flags
 * @param vlan_tci  the tag, where flags say that it was stripped
 * @param rx        out: data, len, kind, path of an item; the slices point into @frame
 * @param in        out: row, and news; the rest as the verdict says
 * @return enum rs_input_verdict
 */
enum rs_input_verdict rs_input_frame(const struct rs_iface *ifc, const struct rs_ranges *targets,
	uint8_t *frame, uint32_t len, unsigned flags, uint16_t vlan_tci, struct rs_rx *rx,
	struct rs_input *in);

/**
 * Judge a datagram that was put together from fragments. @param ip  as rs_reassembly_add gave it
 * @return RS_INPUT_ITEM with @rx, whose slices point into the payload of @ip; RS_INPUT_DROP; @in: the row
 */
enum rs_input_verdict rs_input_whole(
	const struct rs_iface *ifc, struct rs_ip *ip, struct rs_rx *rx, struct rs_input *in);

#endif
