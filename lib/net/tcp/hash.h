/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What follows from addresses, ports and a secret: initial sequence numbers, timestamp offsets, where the search for a
 * port begins.
 */
#ifndef RS_NET_TCP_HASH_H
#define RS_NET_TCP_HASH_H

#include "net/link.h"

/** SipHash-2-4: a keyed hash that cannot be told from a random function without the key. */
uint64_t rs_siphash(const uint8_t key[16], const void *data, size_t len);

/** Addresses and ports as bytes that can be compared and hashed: 38 of them, no padding. */
struct tcp_tuple {
	uint8_t local[16], remote[16], ports[4], family, zero;
};
_Static_assert(sizeof(struct tcp_tuple) == 38, "hashed as a whole");

static inline struct tcp_tuple
tcp_tuple_of(const struct rs_path *path)
{
	struct tcp_tuple u = { .family = path->remote.family };
	size_t n = path->remote.family == 4 ? 4 : 16;

	memcpy(u.local, path->local.b, n);
	memcpy(u.remote, path->remote.b, n);
	memcpy(u.ports, &path->local_port, 2);
	memcpy(u.ports + 2, &path->remote_port, 2);
	return u;
}

/** ISN = M + F(addresses, ports, secret), M a clock of 4 us (RFC 6528, 3). */
static inline uint32_t
tcp_isn(const uint8_t secret[32], const struct rs_path *path, uint64_t now_ns)
{
	struct tcp_tuple u = tcp_tuple_of(path);

	return (uint32_t)(now_ns / 4000) + (uint32_t)rs_siphash(secret, &u, sizeof(u));
}

/** The same for timestamps, so that a connection's are behind those of the one before (RFC 7323, 5.4 and 7.1). */
static inline uint32_t
tcp_ts_offset(const uint8_t secret[32], const struct rs_path *path)
{
	struct tcp_tuple u = tcp_tuple_of(path);

	return (uint32_t)rs_siphash(secret + 16, &u, sizeof(u));
}

/** Where the search for a local port begins: other for each peer (RFC 6056, 3.3.3). */
static inline uint32_t
tcp_port_offset(const uint8_t secret[32], const struct rs_path *path)
{
	struct tcp_tuple u = tcp_tuple_of(path);

	memset(u.ports, 0, 2);
	return (uint32_t)(rs_siphash(secret + 16, &u, sizeof(u)) >> 32);
}

#endif
