/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The owner rule (base/steer.h) in words that devices understand: a key and a redirection table for receive side scaling (RSS),
 * or a list of match rules. And the reverse, what a device does with key and table, for ports that have no device. Pure: no DPDK.
 *
 * A device hashes the bytes {source address, destination address, source port, destination port} by Toeplitz: bit j of the hash
 * (0 is the most significant) is the XOR of all key bits i + j for which input bit i is set. The entry of its table is the hash's
 * low R bits. A key with a single bit K set therefore puts input bits K-31..K-32+R there, in reverse order: with K = 95-R these are
 * the low R bits of an IPv4 destination, with 126-R those of its port without the lowest one; 287-R and 318-R are the same of IPv6.
 */
#ifndef RS_NET_STEER_H
#define RS_NET_STEER_H

#include "base/steer.h"

#define RS_STEER_KEY_MIN  40 /* bytes that a Toeplitz hash of the longest tuple reads */
#define RS_STEER_KEY_MAX  64 /* some devices have 52 */
#define RS_STEER_RETA_MAX (1u << RS_STEER_BITS_MAX)
#define RS_STEER_TUPLE4	  12 /* bytes hashed of an IPv4 datagram */
#define RS_STEER_TUPLE6	  36

/** Write the key for tables of 2^@bits entries. @param len  bytes of @key, at least RS_STEER_KEY_MIN */
void rs_steer_key(unsigned bits, uint8_t *key, size_t len);

/**
 * What the peer's address adds to the hash of an IPv6 datagram: the key bits for IPv4 lie over the IPv6 source address.
 * @return bits 64-R..63 XOR bits 95-R..94 of @peer; 0 when it is no IPv6 address
 */
uint32_t rs_steer_peer(const struct rs_addr *peer, unsigned bits);

/** The queue of table entry @entry: the rule holds for IPv4 with @c = 0, for IPv6 peers with @c = rs_steer_peer. */
uint16_t rs_steer_entry(uint32_t entry, unsigned bits, uint32_t queues, uint32_t c);

/** Toeplitz by table, a byte at a time: what a device computes in hardware. */
struct rs_steer_hash {
	unsigned bits;
	uint16_t byte[RS_STEER_TUPLE6][256]; /* low @bits bits of the hash that one byte of the tuple adds */
};

/** @param key  RS_STEER_KEY_MIN bytes, any key */
void rs_steer_hash_init(struct rs_steer_hash *h, const uint8_t *key, unsigned bits);

/**
 * The entry of the redirection table for a frame, as a device finds it: UDP or TCP over IPv4 or IPv6, not a fragment, tagged or not.
 * @return false when it does not hash this frame: such frames go to queue 0
 */
bool rs_steer_frame(const struct rs_steer_hash *h, const uint8_t *frame, uint32_t len, uint32_t *entry);

/** One match of destination address and port, of UDP or TCP, and the queue for what matches. */
struct rs_steer_rule {
	struct rs_addr addr, mask; /* mask: of the address's family */
	uint16_t port, port_mask;
	uint16_t queue;
};

/** Addresses of ours, each with SIP ports @port to @port + @ports - 1. */
struct rs_steer_range {
	struct rs_addr first;
	uint32_t count;
	uint16_t port;
	uint32_t ports;
};

/**
 * Rules for some addresses of ours: one an address where all its ports have one owner, else one a pair of ports.
 * @return rules written, or -ENOSPC when @cap are not enough
 */
int rs_steer_rules_listed(const struct rs_steer_range *ranges, uint32_t n, unsigned bits, uint32_t queues,
	struct rs_steer_rule *out, uint32_t cap);

/**
 * Rules for any address of @family: one for each value of the bits that decide.
 * @return rules written (queues squared); -EINVAL when @queues is no power of two: no mask expresses a remainder; -ENOSPC
 */
int rs_steer_rules_masked(uint8_t family, unsigned bits, uint32_t queues, struct rs_steer_rule *out, uint32_t cap);

/** The queue that @rules give a datagram to @addr and @port: the first that matches. @return -1: none does */
int rs_steer_rules_find(const struct rs_steer_rule *rules, uint32_t n, const struct rs_addr *addr, uint16_t port);

#endif
