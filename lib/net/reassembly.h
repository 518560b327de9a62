/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * IP fragments put together (RFC 791, 3.2; RFC 8200, 4.5; RFC 5722; RFC 6946). The bytes are copied into buffers of our own, so
 * no received packet is kept, and a whole datagram is contiguous. Everything is bounded: datagrams under way, pieces of each,
 * time and memory. When there is no room, the sources that take most of it lose their oldest: a flood of fragments that never
 * complete pushes out itself. One thread owns it; memory is taken at creation only. Pure: no DPDK.
 */
#ifndef RS_NET_REASSEMBLY_H
#define RS_NET_REASSEMBLY_H

#include "base/arena.h"
#include "base/metric.h"
#include "base/table.h"
#include "net/ip.h"

#define RS_REASSEMBLY_LIVE   512  /* datagrams under way at most */
#define RS_REASSEMBLY_SLOTS  2048 /* those, and the ones done or given up whose late fragments are known again */
#define RS_REASSEMBLY_PIECES 128  /* fragments of one datagram, repeated ones among them: 64 KiB at an MTU of 576 are 119 */
#define RS_REASSEMBLY_CLASSES 64  /* of sources, by a hash that they do not know */
#define RS_REASSEMBLY_SPANS  64	  /* stretches of bytes with holes between them */
/*
 * Fragments of one datagram leave in one burst; a SIP client sends again after 0.5 s, and its datagram has another ID. 16-bit
 * IDs come round in as little as 2 s (RFC 4963), so longer than needed is not better.
 */
#define RS_REASSEMBLY_NS 3000000000ull
#define RS_REASSEMBLY_MAX4 (65535 - RS_IP4_HDR_LEN) /* bytes of a datagram behind its IP header */
#define RS_REASSEMBLY_MAX6 65535

struct rs_reassembly_entry;
struct rs_reassembly_buffer;

/** A list of entries, oldest first. */
struct rs_reassembly_list {
	uint32_t first, last, n;
};

struct rs_reassembly {
	struct rs_arena arena;
	struct rs_metrics *cells; /* of rs_net_metrics_table */
	uint64_t seed;
	struct rs_table table;
	struct rs_reassembly_entry *entries;
	struct rs_reassembly_buffer *buffers; /* not touched before they are used */
	struct rs_reassembly_list live, done;
	uint16_t live_of[RS_REASSEMBLY_CLASSES]; /* datagrams under way, by the class of their source */
	uint32_t free_entry, free_buffer;
	uint32_t next_buffer[RS_REASSEMBLY_LIVE]; /* of the free ones */
	uint64_t next_ns; /* nothing times out before */
};

/**
 * @param cells  where fragments and datagrams are counted, row by row
 * @param seed   keeps peers from choosing collisions
 * @return 0, -ENOMEM
 */
int rs_reassembly_init(struct rs_reassembly *r, struct rs_metrics *cells, uint64_t seed);
void rs_reassembly_fini(struct rs_reassembly *r);

/**
 * Take one fragment; its bytes are copied. It, and what happens to its datagram, is counted here.
 *
 * @param ip     as rs_ip_parse left it with RS_NET_RX_FRAGMENT
 * @param whole  out, when true is returned: the datagram behind all IP headers but possible IPv6 options; its payload is valid
 * 	until the next call
 * @return true when the datagram is whole now
 */
bool rs_reassembly_add(
	struct rs_reassembly *r, const struct rs_ip *ip, uint64_t now_ns, struct rs_ip *whole);

/** Give up what is too old. */
void rs_reassembly_expire(struct rs_reassembly *r, uint64_t now_ns);

#endif
