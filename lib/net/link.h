/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The small table through which the engine reaches the wire: take a buffer, fill it, send it by a path. No DPDK in it, so that
 * whole runs play on a virtual clock with a recording link.
 */
#ifndef RS_NET_LINK_H
#define RS_NET_LINK_H

#include <errno.h>

#include "base/text.h"

/** Where a datagram goes and from where. Ports in host byte order. */
struct rs_path {
	struct rs_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t port; /* index of our interface */
};

/** Room for one datagram's payload. */
struct rs_buf {
	uint8_t *data;
	uint32_t cap; /* bytes that fit the path's MTU; of a large one: what fits a datagram */
	void *opaque;
};

enum rs_rx_kind {
	RS_RX_SIP,	   /* payload of a datagram to one of our addresses */
	RS_RX_UNREACHABLE, /* ICMP said that a datagram of ours did not arrive; data: the start of its payload; path as we sent it */
	RS_RX_RTP	   /* as RS_RX_SIP, and its first byte is one of RTP's or RTCP's (RFC 7983, 7) */
};

/** What a datagram to one of our addresses is taken for: nothing of SIP begins with a byte of 128 to 191. */
static inline uint8_t
rs_rx_kind_of(const uint8_t *data, uint32_t len)
{
	return len > 0 && (data[0] & 0xc0) == 0x80 ? RS_RX_RTP : RS_RX_SIP;
}

/** One received item; valid until the end of the turn that received it. */
struct rs_rx {
	const uint8_t *data; /* may be written: SRTP is decrypted where it lies */
	uint32_t len;
	uint8_t kind;	   /* enum rs_rx_kind */
	struct rs_path path; /* local: ours; remote: the sender */
	uint64_t time_ns;  /* of the burst that brought it */
	void *opaque;
};

struct rs_link {
	/** @return 0; -ENOBUFS when the pool is empty (counted) */
	int (*take)(void *ctx, const struct rs_path *path, struct rs_buf *buf);
	/**
	 * Send the first @len bytes of @buf, which is given away whatever is returned.
	 * @return 0 (queued for the next burst, or until the neighbour answers); -EACCES: the destination is not among the targets;
	 * -EHOSTUNREACH: no route, or the neighbour does not answer; -ENOBUFS
	 */
	int (*send)(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len);
	/** Give an unused buffer back. */
	void (*drop)(void *ctx, struct rs_buf *buf);
	void *ctx;
	/**
	 * As take, for a message that did not fit: what is sent from it goes out in as many IP fragments as the path's MTU makes
	 * of it. There are few of these buffers, so they are for a second attempt only. May be NULL: nothing longer can be sent.
	 */
	int (*take_large)(void *ctx, const struct rs_path *path, struct rs_buf *buf);
};

/**
 * A large buffer, for what did not fit one that take gave.
 * @return 0; -ENOBUFS when there is none (counted); -EMSGSIZE when @link has none at all
 */
static inline int
rs_link_take_large(const struct rs_link *link, const struct rs_path *path, struct rs_buf *buf)
{
	return link->take_large ? link->take_large(link->ctx, path, buf) : -EMSGSIZE;
}

#endif
