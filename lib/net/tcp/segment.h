/* SPDX-License-Identifier: BSD-3-Clause */
/** A TCP header read and written (RFC 9293, 3.1), with the options of RFC 7323 and RFC 2018. */
#ifndef RS_NET_TCP_SEGMENT_H
#define RS_NET_TCP_SEGMENT_H

#include "net/link.h"

#define RS_IPPROTO_TCP	 6
#define RS_TCP_HDR_LEN	 20
#define RS_TCP_HDR_MAX	 60
#define TCP_TS_LEN	 12 /* with the two NOPs in front */
#define TCP_SACKS_MAX	 4
#define TCP_WINDOW_SHIFT 14 /* at most (RFC 7323, 2.3) */

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

/** A segment as it was received. */
struct segment {
	uint32_t seq, ack;
	const uint8_t *payload;
	uint32_t len;	/* of the payload */
	uint16_t window; /* not scaled yet */
	uint8_t flags;
	bool has_ts, sack_permitted;
	bool has_scale;
	uint8_t scale;
	uint16_t mss; /* 0: not said */
	uint32_t ts_val, ts_ecr;
	uint8_t n_sacks;
	struct {
		uint32_t from, to;
	} sacks[TCP_SACKS_MAX];
};

/**
 * Read the header and options of a segment.
 * @param sum_is_good  the checksum is not looked at
 * @return 0, or the row of rs_tcp_metrics_table to count: RS_NET_TCP_RX_TRUNCATED, _BAD_CHECKSUM, _BAD_OPTION, _BAD_FLAGS
 */
int rs_tcp_segment_parse(const struct rs_path *path, const uint8_t *p, uint32_t len, bool sum_is_good, struct segment *s);

/** What is written of a header; options follow from what is set. */
struct segment_out {
	uint32_t seq, ack;
	uint16_t window; /* as it stands in the header */
	uint8_t flags;
	bool ts, sack_permitted, has_scale;
	uint8_t scale;
	uint16_t mss; /* 0: none */
	uint32_t ts_val, ts_ecr;
	uint8_t n_sacks;
	struct {
		uint32_t from, to;
	} sacks[TCP_SACKS_MAX];
};

/** Bytes of the header that @s makes. */
uint32_t rs_tcp_header_len(const struct segment_out *s);

/**
 * Write the header in front of @len bytes of payload, which are there already, and the checksum.
 * @param offload  only the pseudo header's sum goes into it: the port does the rest
 */
void rs_tcp_header_put(uint8_t *p, const struct rs_path *path, const struct segment_out *s, uint32_t len, bool offload);

#endif
