/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Connections that carry SIP, of one worker: TCP (net/tcp), over it TLS by the worker's own record layer once a handshake thread is
 * done, over that WebSocket; out of it whole messages come. What the engine sees is struct rs_conns_ops and items of struct rs_rx.
 * Pure, as TCP is: segments and `now` in, segments, items and deadlines out.
 */
#ifndef RS_NET_CONN_H
#define RS_NET_CONN_H

#include "base/offload.h"
#include "net/link.h"
#include "net/tcp/tcp.h"

#define RS_CONNS_PORTS 64

struct rs_conns;

/** What connections of a group are like. */
struct rs_conns_profile {
	enum rs_transport transport;
	struct rs_slice host;	/* WebSocket, ours: Host */
	struct rs_slice path;	/* "/" */
	struct rs_slice origin; /* absent: none */
	struct rs_slice fields; /* further header lines, each with CR LF */
	uint16_t tls;		/* TLS profile of the handshake threads' pool */
	struct rs_slice server; /* ours: name of the server, for SNI and the name check */
};

struct rs_conns_cfg {
	uint32_t connections;	  /* at most */
	uint32_t tls_connections; /* of them, with TLS */
	uint32_t gathering;	  /* connections that are in the middle of a message, at most */
	const struct rs_conns_profile *profiles; /* by number: `profile` of open() and of listens() */
	uint32_t n_profiles;
	struct rs_tcp_cfg tcp;	  /* connections, worker and secret are filled in */
	struct rs_tcp_link link;
	struct rs_tcp_ports ports[RS_CONNS_PORTS]; /* by index of our interface: local ports that connections are opened from */
	/** May an IP packet go there? */
	bool (*is_target)(void *ctx, const struct rs_addr *to);
	/** Does somebody take connections there? @profile and @user are the connection's then. */
	bool (*listens)(void *ctx, const struct rs_path *path, uint32_t *profile, uint64_t *user);
	/** Which endpoint of its group is it: whose certificate, whose session? */
	uint32_t (*endpoint)(void *ctx, uint32_t profile, uint64_t user, const struct rs_path *path);
	/** A message, or what happened to a connection. Every function may be called from it. */
	void (*deliver)(void *ctx, const struct rs_rx *rx);
	void *ctx;
	struct rs_offload offload; /* TLS handshakes; ops NULL: none */
	uint8_t worker;
	uint64_t secret;
	uint64_t open_ns;	  /* TLS and WebSocket must be done in so long */
	uint64_t message_ns;	  /* and a message that has begun */
	uint64_t pong_ns;	  /* RFC 5626, 4.4.1: 10 s */
};

/** Sizes for a few connections, usual times. */
struct rs_conns_cfg rs_conns_defaults(void);

/** Bytes of arena that it takes. */
uint64_t rs_conns_bytes(const struct rs_conns_cfg *cfg);
/**
 * @param cells      of rs_conns_metrics_table
 * @param tcp_cells  of rs_tcp_metrics_table
 * @return 0; -EINVAL; -ENOMEM
 */
int rs_conns_create(const struct rs_conns_cfg *cfg, struct rs_arena *arena, struct rs_metrics *cells, struct rs_metrics *tcp_cells,
	uint64_t now_ns, struct rs_conns **out);
/** Connections are forgotten. NULL is fine. */
void rs_conns_free(struct rs_conns *c);

/** @datagrams, and connections besides: take and send of a path with a connection are ours. @datagrams must live as long. */
struct rs_link rs_conns_link(struct rs_conns *c, const struct rs_link *datagrams);

/** Take connections at SIP port @port, of any address that `listens` knows. @return 0, -ENOBUFS, -EADDRINUSE */
int rs_conns_listen(struct rs_conns *c, uint16_t port);

/** An item of kind RS_RX_TCP or RS_RX_TCP_ERROR. */
void rs_conns_input(struct rs_conns *c, const struct rs_rx *rx, uint64_t now_ns);
/** What is due, bounded. @return when there is something to do again; UINT64_MAX: never */
uint64_t rs_conns_turn(struct rs_conns *c, uint64_t now_ns);

/** When there is something to do, by what is known now. */
uint64_t rs_conns_next(const struct rs_conns *c);
/** What handshake threads have done. @return how much */
uint32_t rs_conns_poll(struct rs_conns *c, uint64_t now_ns);

uint32_t rs_conns_open(const struct rs_conns *c);

/**
 * The run is over: end connections in order, @n of them at most, and from the first call on neither open nor accept any. The engine is
 * not told.
 * @return false: all have been ended
 */
bool rs_conns_leave(struct rs_conns *c, uint32_t n, uint64_t now_ns);

/** Rows of rs_conns_metrics_table. */
enum rs_conns_metric {
	RS_CONNS_OPEN,		/* gauge: ours and others', whatever their state */
	RS_CONNS_TLS_OPEN,	/* gauge: of them, with keys */
	RS_CONNS_MESSAGES_IN, RS_CONNS_MESSAGES_OUT,
	RS_CONNS_BYTES_IN, RS_CONNS_BYTES_OUT, /* of messages */
	RS_CONNS_PINGS_IN, RS_CONNS_PONGS_IN, RS_CONNS_PINGS_OUT, RS_CONNS_PONGS_OUT,
	RS_CONNS_STRAYS,	/* CR and LF between messages */
	RS_CONNS_HANDSHAKES,	/* TLS, begun */
	RS_CONNS_HANDSHAKES_DONE, RS_CONNS_RESUMED,
	RS_CONNS_FALLBACK,	/* of those done: their records are not ours */
	RS_CONNS_KEY_UPDATES, RS_CONNS_TICKETS, RS_CONNS_ALERTS,
	RS_CONNS_UPGRADES, RS_CONNS_UPGRADES_REFUSED, /* of peers */
	RS_CONNS_FULL,		/* messages not sent: the peer does not read, and the room for it is full */
	RS_CONNS_NO_BUFFER,	/* a buffer was wanted, and none was there */
	RS_CONNS_NOBODY,	/* connections to where nobody listens, reset */
	RS_CONNS_GATHERING,	/* gauge: buffers of unfinished messages */
	RS_CONNS_HANDSHAKE_TIME, /* hist: TLS, of its beginning to its end */
	RS_CONNS_HANDSHAKE_WAIT, /* hist: the part of it that our own handshake thread was waited for */
	RS_CONNS_METRICS
};
extern const struct rs_metric_table rs_conns_metrics_table;

#endif
