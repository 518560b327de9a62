/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The small table through which the engine reaches the wire: take a buffer, fill it, send it by a path. No DPDK in it, so that
 * whole runs play on a virtual clock with a recording link.
 */
#ifndef RS_NET_LINK_H
#define RS_NET_LINK_H

#include <errno.h>
#include <stdbool.h>

#include "base/handle.h"
#include "base/text.h"
#include "base/transport.h"

/**
 * Where a message goes and from where. Ports in host byte order. On a connection local_port is the SIP port of whoever has it
 * (Via and Contact name that one), whatever port the connection itself was opened from.
 */
struct rs_path {
	struct rs_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t port;	   /* index of our interface */
	uint8_t transport; /* enum rs_transport */
	rs_handle conn;	   /* transport other than UDP: the connection; 0: none yet */
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
	RS_RX_RTP,	   /* as RS_RX_SIP, and its first byte is one of RTP's or RTCP's (RFC 7983, 7) */
	RS_RX_TCP,	   /* a segment: IP addresses in path, data from the TCP header on; detail: 1, its checksum is good. Not the engine's */
	RS_RX_TCP_ERROR,   /* ICMP quotes one of ours: path as we sent it, data its header; event: enum rs_tcp_error_kind, detail: MTU. Nor this */
	RS_RX_CONN	   /* something happened to a connection: path.conn, event, cause; no data */
};

/** What happened to a connection. */
enum rs_conn_event {
	RS_CONN_OPENED,	  /* ours: messages can be sent (TCP, TLS and WebSocket are done) */
	RS_CONN_ACCEPTED, /* the same of one that a peer opened */
	RS_CONN_CLOSED,	  /* it is gone, and its handle names nothing any more; cause says why */
	RS_CONN_NOT_ACCEPTED, /* one that a peer opened went before TLS and WebSocket were done: its handle never was told */
};

/** Why a connection was not opened, or is gone. */
enum rs_conn_cause {
	RS_CONN_CAUSE_NONE,
	RS_CONN_CAUSE_LOCAL,	   /* we closed it */
	RS_CONN_CAUSE_PEER,	   /* the peer closed it in order */
	RS_CONN_CAUSE_REFUSED,	   /* RST to our SYN */
	RS_CONN_CAUSE_TIMEOUT,	   /* no answer to the SYN, or to data */
	RS_CONN_CAUSE_UNREACHABLE, /* ICMP, no route, or no neighbour */
	RS_CONN_CAUSE_RESET,
	RS_CONN_CAUSE_NO_PORT,	   /* no local port is left for it */
	RS_CONN_CAUSE_NO_MEMORY,
	RS_CONN_CAUSE_NOT_TARGET,
	RS_CONN_CAUSE_TLS,	   /* the handshake failed: rs_rx.detail is an enum rs_tls_cause */
	RS_CONN_CAUSE_TLS_RECORD,  /* a record was wrong */
	RS_CONN_CAUSE_TLS_ALERT,   /* the peer's fatal alert behind the handshake: rs_rx.detail is its number (RFC 8446, 6) */
	RS_CONN_CAUSE_TRUNCATED,   /* TCP's end without close_notify (RFC 8446, 6.1) */
	RS_CONN_CAUSE_TLS_QUEUE,   /* our own handshake threads had no room */
	RS_CONN_CAUSE_HTTP,	   /* the upgrade was answered otherwise: rs_rx.detail is the status, 0: no HTTP */
	RS_CONN_CAUSE_HTTP_401,	   /* of those, what is told apart: with these ... */
	RS_CONN_CAUSE_HTTP_403,
	RS_CONN_CAUSE_HTTP_404,
	RS_CONN_CAUSE_HTTP_503,
	RS_CONN_CAUSE_REDIRECTED,  /* ... and with any 3xx: it is not followed */
	RS_CONN_CAUSE_WS_ACCEPT,   /* 101, but not to our key (RFC 6455, 4.1) */
	RS_CONN_CAUSE_WS_PROTOCOL, /* 101, but not for "sip" (RFC 7118, 4.1) */
	RS_CONN_CAUSE_WS_EXTENSION, /* 101, with an extension that was not asked for */
	RS_CONN_CAUSE_WS,	   /* frames broke RFC 6455 */
	RS_CONN_CAUSE_WS_ERROR,	   /* the peer closed it for an error: rs_rx.detail is the code of its Close (RFC 6455, 7.4) */
	RS_CONN_CAUSE_FRAMING,	   /* bytes that are no stream of SIP messages: rs_rx.detail says how */
	RS_CONN_CAUSE_TOO_LONG,	   /* a message larger than we take */
	RS_CONN_CAUSE_SLOW,	   /* neither a message nor a handshake came to its end in time */
	RS_CONN_CAUSE_PONG,	   /* no answer to a keep-alive (RFC 5626, 4.4.1) */
	RS_CONN_CAUSES
};
/** "refused", "peer closed", ... as reports have it */
const char *rs_conn_cause_name(enum rs_conn_cause cause);

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
	uint64_t user;	   /* path.conn: what open() was given; of an accepted connection what `listens` said */
	uint8_t event, cause; /* RS_RX_CONN: enum rs_conn_event, enum rs_conn_cause */
	uint16_t detail;
};

/** What a connection is asked about, for reports. */
struct rs_conn_info {
	struct rs_path path;
	uint16_t own_port; /* the local port that it has on the wire */
	uint8_t tls;	   /* 12, 13; 0: none */
	bool resumed, accepted, open;
	uint64_t opened_ns, bytes_in, bytes_out, rtt_ns;
	uint32_t retransmitted;
};

/**
 * Connections of one worker. Opening one takes time: RS_RX_CONN items tell how it went, never before open() has returned.
 * A message is sent on one as a datagram is: take and send of struct rs_link with path.conn; what does not fit the window is
 * kept, up to a bound, and behind that send returns -ENOBUFS.
 */
struct rs_conns_ops {
	/**
	 * @param path     local address and SIP port, remote address and port, transport
	 * @param profile  of TLS and WebSocket: the index of the group in the plan that it is opened for
	 * @param user     comes back in every item
	 * @return 0; -EACCES: not among the targets; -EADDRNOTAVAIL: no local port is left; -ENOBUFS; -EHOSTUNREACH
	 */
	int (*open)(void *ctx, const struct rs_path *path, uint32_t profile, uint64_t user, rs_handle *out);
	/** No item of @conn comes any more. What was sent before RS_CONN_FIN still arrives. A handle that is stale is ignored. */
	void (*close)(void *ctx, rs_handle conn, enum rs_conn_close how);
	/** Send keep-alives every @interval_ns (CRLF CRLF, or a WebSocket ping: RFC 5626, 4.4.1; RFC 7118, 6), 0: none. */
	void (*keep_alive)(void *ctx, rs_handle conn, uint64_t interval_ns);
	/** Does @conn still name a connection that is not on its way to its end? */
	bool (*alive)(void *ctx, rs_handle conn);
	/** @return 0, -ENOENT */
	int (*info)(void *ctx, rs_handle conn, struct rs_conn_info *out);
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
	const struct rs_conns_ops *conns; /* NULL: datagrams only */
	void *conns_ctx;
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
