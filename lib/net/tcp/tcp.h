/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TCP (RFC 9293) for one worker: segments and `now` in, segments, events and deadlines out. Pure: no DPDK, no clock, no
 * memory but the arena that it was made with. A connection that is idle takes less than 512 bytes, look-up and timer
 * included; blocks of a pool that all connections share are borrowed while bytes are under way, unread or out of order.
 *
 * What it does: MSS, window scale, timestamps and PAWS (RFC 7323), SACK both ways (RFC 2018, recovery by RFC 6675),
 * NewReno without it (RFC 6582), RFC 5681 with limited transmit (RFC 3042), RTO by RFC 6298, zero-window probes, delayed
 * ACK, keep-alive, path MTU (RFC 1191, 8201) with the checks of RFC 5927, blind attacks by RFC 5961, ISN by RFC 6528,
 * ports by RFC 6056, TIME-WAIT as a tombstone with reuse by RFC 6191. No Nagle (RFC 9293, 3.7.4 allows that), no urgent
 * data (RFC 6093: taken as any other), no ECN.
 *
 * What users call never calls them back, rs_tcp_read and what brings news (rs_tcp_input, _error, _tick) aside. In a
 * call-back every function may be called, for this connection and for others; rs_tcp_read only for others.
 */
#ifndef RS_NET_TCP_H
#define RS_NET_TCP_H

#include "base/arena.h"
#include "base/handle.h"
#include "base/metric.h"
#include "base/slice.h"
#include "net/link.h"

/** Bytes of a connection of ours that is idle, at most: object, look-up entry, timer, bookkeeping. */
#define RS_TCP_IDLE_MAX 512
#define RS_TCP_BLOCK	2048u /* bytes of a block of the shared pool */
#define RS_TCP_BUF_MAX	(1u << 24)

struct rs_tcp;

enum rs_tcp_event {
	RS_TCP_CONNECTED,   /* of rs_tcp_connect */
	RS_TCP_ACCEPTED,    /* a new connection, its user that of the listener: see rs_tcp_set_user */
	RS_TCP_WRITABLE,    /* there is room again, after a write that was not taken as a whole */
	RS_TCP_HALF_CLOSED, /* the peer sends no more, and all that it sent was read */
	RS_TCP_CLOSED,	    /* the last event: the handle names nothing any more */
};

/** Why a connection is closed. */
enum rs_tcp_cause {
	RS_TCP_CAUSE_NONE,	  /* as both sides wanted it */
	RS_TCP_CAUSE_REFUSED,	  /* RST to our SYN */
	RS_TCP_CAUSE_RESET,	  /* RST later, or bytes that came when nobody would read them */
	RS_TCP_CAUSE_TIMEOUT,	  /* no acknowledgement in time */
	RS_TCP_CAUSE_UNREACHABLE, /* ICMP said so, and nothing else came */
	RS_TCP_CAUSE_KEEPALIVE,	  /* probes of an idle connection were not answered */
	RS_TCP_CAUSES
};

/** Where segments go. */
struct rs_tcp_link {
	/** Room for a segment of @len bytes, TCP header included. @return 0; -ENOBUFS */
	int (*take)(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf);
	/**
	 * Send the first @len bytes of @buf, which is given away whatever is returned: it may get lost.
	 * @param mss  bytes of payload in each of the segments that the port is to cut it into; 0: it is one segment
	 */
	int (*send)(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss);
	/** @return bytes of an IP packet that the path takes, as far as we know */
	uint32_t (*mtu)(void *ctx, const struct rs_path *path);
	void *ctx;
};

/** Who hears of it. */
struct rs_tcp_user {
	void (*event)(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event event, enum rs_tcp_cause cause);
	/**
	 * Bytes in order, straight from the packet where that is possible; valid during the call.
	 * @return how many were taken. The others are kept, and no more are given before rs_tcp_read asks for them.
	 */
	size_t (*data)(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes);
	void *ctx;
};

struct rs_tcp_cfg {
	uint32_t connections;	 /* at most */
	uint32_t time_waits;	 /* tombstones at most; when all are there, the oldest goes early */
	uint32_t listeners;
	uint32_t blocks;	 /* of RS_TCP_BLOCK bytes, for all connections together */
	uint32_t half_open;	 /* connections of all listeners that are not established yet, at most */
	uint32_t send_bytes;	 /* written and not acknowledged yet, of one connection */
	uint32_t receive_bytes;	 /* the window of one connection */
	uint32_t tso_bytes;	 /* payload that the port cuts into segments by itself; 0: none */
	uint32_t resets_hz;	 /* RSTs to segments without a connection, at most */
	uint16_t initial_window; /* segments; 0: as RFC 5681 says */
	uint8_t worker;		 /* for handles */
	bool timestamps, sack, window_scale;
	bool checksum_offload; /* only the pseudo header's sum is written */
	uint64_t rto_min_ns, rto_max_ns;
	uint64_t connect_ns;	/* until a SYN is given up */
	uint64_t accept_ns;	/* until a SYN-ACK is given up */
	uint64_t give_up_ns;	/* until bytes that are not acknowledged end the connection */
	uint64_t ack_delay_ns;	/* at most 500 ms (RFC 9293, 3.8.6.3) */
	uint64_t time_wait_ns;	/* 2*MSL */
	uint64_t fin_wait_ns;	/* how long the peer's FIN is waited for after rs_tcp_close */
	uint64_t keep_idle_ns;	/* 0: no keep-alive */
	uint64_t keep_probe_ns; /* between probes */
	uint32_t keep_probes;
	uint8_t secret[32]; /* of this run: ISNs, ports and the look-up follow from it */
};

/**
 * What is usual: sizes for a few connections, times as the RFCs or, where these are of another age, today's hosts have
 * them.
 */
struct rs_tcp_cfg rs_tcp_defaults(void);

/** Bytes that rs_tcp_create takes from the arena, alignment included. */
uint64_t rs_tcp_bytes(const struct rs_tcp_cfg *cfg);

/**
 * @param cells  of rs_tcp_metrics_table
 * @return 0; -EINVAL: a size is zero or too large; -ENOMEM: the arena is full
 */
int rs_tcp_create(const struct rs_tcp_cfg *cfg, const struct rs_tcp_link *link, const struct rs_tcp_user *user,
	struct rs_arena *arena, struct rs_metrics *cells, uint64_t now_ns, struct rs_tcp **out);

/**
 * Local ports to pick from, and who owns them: a picked one's packets come to position @queue of @queues workers by the rule of
 * base/steer.h.
 */
struct rs_tcp_ports {
	uint16_t first, last;
	uint8_t bits; /* R of the port */
	uint32_t queue, queues;
};

/**
 * Begin a connection; RS_TCP_CONNECTED or RS_TCP_CLOSED follows.
 *
 * @param path   local port 0: one of @ports
 * @param ports  may be NULL when @path has a local port
 * @param user   comes back with each event
 * @return 0; -ENOBUFS: no connection is free; -EADDRINUSE: these addresses and ports are used, or no port was found; -EINVAL
 */
int rs_tcp_connect(struct rs_tcp *t, const struct rs_path *path, const struct rs_tcp_ports *ports, uint64_t user, uint64_t now_ns,
	rs_handle *h);

/**
 * Listen at an address and port.
 * @param local    family 0: any address of ours
 * @param backlog  connections that are not established yet, at most
 * @return 0; -ENOBUFS; -EADDRINUSE
 */
int rs_tcp_listen(struct rs_tcp *t, const struct rs_addr *local, uint16_t port, uint32_t backlog, uint64_t user, rs_handle *h);
/** Listen no more; connections stay, those not established yet go. @return 0; -ENOENT */
int rs_tcp_unlisten(struct rs_tcp *t, rs_handle h, uint64_t now_ns);

/**
 * A segment to one of our addresses.
 * @param path         local: ours
 * @param sum_is_good  the device has checked it
 */
void rs_tcp_input(struct rs_tcp *t, const struct rs_path *path, const uint8_t *segment, uint32_t len, bool sum_is_good,
	uint64_t now_ns);

enum rs_tcp_error_kind {
	RS_TCP_ERROR_SOFT,    /* may pass: net or host unreachable, time exceeded */
	RS_TCP_ERROR_HARD,    /* protocol or port unreachable, prohibited (RFC 1122, 4.2.3.9) */
	RS_TCP_ERROR_TOO_BIG, /* the path takes less */
};

/** What an ICMP message of @type and @code says about a segment of ours. @return enum rs_tcp_error_kind; -1: nothing */
int rs_tcp_error_kind(uint8_t family, uint8_t type, uint8_t code);

/**
 * ICMP quoted a segment of ours.
 * @param path    as we sent it
 * @param quoted  the TCP header as far as it was quoted
 * @param mtu     of RS_TCP_ERROR_TOO_BIG; 0: an old router that does not say
 */
void rs_tcp_error(struct rs_tcp *t, const struct rs_path *path, struct rs_slice quoted, enum rs_tcp_error_kind kind, uint32_t mtu,
	uint64_t now_ns);

/**
 * Send bytes; they are copied. Before the connection is established they wait.
 * @return bytes taken, perhaps fewer than there are: then RS_TCP_WRITABLE follows; -ENOENT; -EPIPE after close or shutdown
 */
int64_t rs_tcp_write(struct rs_tcp *t, rs_handle h, struct rs_slice bytes, uint64_t now_ns);
/** Give kept bytes to the data call-back, and then those that come. @return 0; -ENOENT; -EBUSY inside a call-back for @h */
int rs_tcp_read(struct rs_tcp *t, rs_handle h, uint64_t now_ns);
/** We send no more: FIN behind what was written. Receiving goes on. @return 0; -ENOENT; -EPIPE */
int rs_tcp_shutdown(struct rs_tcp *t, rs_handle h, uint64_t now_ns);
/**
 * Neither send nor receive any more.
 * @return 0: what was written is sent, RS_TCP_CLOSED follows; 1: gone without one, since it was not established, or bytes were not
 * read (RST: RFC 9293, 3.10.4); -ENOENT; -EALREADY
 */
int rs_tcp_close(struct rs_tcp *t, rs_handle h, uint64_t now_ns);
/**
 * The same, but bytes that were not read or still come are thrown away, at most those that fit the window now, instead of being answered
 * by RST, for which the peer would forget what was written last and it has not read yet. @return as rs_tcp_close
 */
int rs_tcp_close_gently(struct rs_tcp *t, rs_handle h, uint64_t now_ns);
/** Gone at once, RST to the peer, no event. @return 0; -ENOENT */
int rs_tcp_abort(struct rs_tcp *t, rs_handle h, uint64_t now_ns);
/** Gone at once, and the peer hears nothing: as if the machine had lost its power. @return 0; -ENOENT */
int rs_tcp_forget(struct rs_tcp *t, rs_handle h);
/** @return 0; -ENOENT */
int rs_tcp_set_user(struct rs_tcp *t, rs_handle h, uint64_t user);

/** Do what is due, a bounded share of it. @return true: there is more, call again soon */
bool rs_tcp_tick(struct rs_tcp *t, uint64_t now_ns);
/** @return a time not after the next thing that is due; UINT64_MAX: nothing is */
uint64_t rs_tcp_next_due(const struct rs_tcp *t);

/**
 * RFC 9293, 3.3.2; LISTEN, TIME-WAIT and CLOSED are no states of a connection with a handle, TIME-WAIT with bytes
 * unread aside.
 */
enum rs_tcp_state {
	RS_TCP_STATE_CLOSED,
	RS_TCP_SYN_SENT,
	RS_TCP_SYN_RECEIVED,
	RS_TCP_ESTABLISHED,
	RS_TCP_FIN_WAIT_1,
	RS_TCP_FIN_WAIT_2,
	RS_TCP_CLOSE_WAIT,
	RS_TCP_CLOSING,
	RS_TCP_LAST_ACK,
	RS_TCP_TIME_WAIT,
};

struct rs_tcp_info {
	struct rs_path path;
	uint64_t user;
	enum rs_tcp_state state;
	uint64_t sent_bytes, received_bytes; /* payload, each byte once; received: in order */
	uint32_t retransmitted;		     /* segments */
	uint32_t srtt_us;		     /* 0: not measured yet */
	uint32_t rttvar_us, rto_us;
	uint32_t mss; /* bytes of payload in a full segment of ours */
	uint32_t window, cwnd, ssthresh;
	uint32_t unacked_bytes, unread_bytes, blocks; /* written and not acknowledged; borrowed from the pool */
	bool timestamps, sack, window_scale;
};

/** @return 0; -ENOENT */
int rs_tcp_info(const struct rs_tcp *t, rs_handle h, struct rs_tcp_info *out);
/** "ESTABLISHED" */
const char *rs_tcp_state_name(enum rs_tcp_state state);
/** "timed out" */
const char *rs_tcp_cause_name(enum rs_tcp_cause cause);

extern const struct rs_metric_table rs_tcp_metrics_table;

/** Rows of rs_tcp_metrics_table. */
enum rs_tcp_metric {
	RS_NET_TCP_RX_SEGMENTS,
	RS_NET_TCP_RX_BYTES,
	RS_NET_TCP_TX_SEGMENTS,
	RS_NET_TCP_TX_BYTES,
	RS_NET_TCP_TX_RETRANSMITTED,
	RS_NET_TCP_TX_RETRANSMITTED_BYTES,
	RS_NET_TCP_CONNECTS, /* rs_tcp_connect that began */
	RS_NET_TCP_CONNECTED,
	RS_NET_TCP_ACCEPTED,
	RS_NET_TCP_CLOSED, /* this and the next ones: by cause, in its order */
	RS_NET_TCP_REFUSED,
	RS_NET_TCP_RESET,
	RS_NET_TCP_TIMEOUT,
	RS_NET_TCP_UNREACHABLE,
	RS_NET_TCP_KEEPALIVE,
	RS_NET_TCP_ABORTED,
	RS_NET_TCP_OPEN,
	RS_NET_TCP_HALF_OPEN,
	RS_NET_TCP_TIME_WAIT,
	RS_NET_TCP_BLOCKS,
	RS_NET_TCP_RX_TRUNCATED, /* this and the next ones: segments dropped, and why */
	RS_NET_TCP_RX_BAD_CHECKSUM,
	RS_NET_TCP_RX_BAD_OPTION,
	RS_NET_TCP_RX_BAD_FLAGS,
	RS_NET_TCP_RX_NO_CONNECTION,
	RS_NET_TCP_RX_OUT_OF_WINDOW,
	RS_NET_TCP_RX_PAWS,
	RS_NET_TCP_RX_NO_TIMESTAMP,
	RS_NET_TCP_RX_BAD_ACK,
	RS_NET_TCP_RX_BLIND_RST,
	RS_NET_TCP_RX_BLIND_SYN,
	RS_NET_TCP_RX_TIME_WAIT,
	RS_NET_TCP_RX_NO_MEMORY,
	RS_NET_TCP_RX_OUT_OF_ORDER, /* not dropped */
	RS_NET_TCP_RX_DUPLICATE,
	RS_NET_TCP_SYN_BACKLOG, /* SYNs dropped */
	RS_NET_TCP_SYN_NO_MEMORY,
	RS_NET_TCP_HALF_OPEN_LOST,
	RS_NET_TCP_TX_RESETS,
	RS_NET_TCP_TX_RESETS_HELD,
	RS_NET_TCP_TX_CHALLENGES,
	RS_NET_TCP_TX_NO_BUFFER,
	RS_NET_TCP_RTO,
	RS_NET_TCP_RECOVERIES,
	RS_NET_TCP_WINDOW_PROBES,
	RS_NET_TCP_KEEP_PROBES,
	RS_NET_TCP_ACKS_DELAYED,
	RS_NET_TCP_ICMP_TOO_BIG,
	RS_NET_TCP_ICMP_UNREACHABLE,
	RS_NET_TCP_ICMP_IGNORED,
	RS_NET_TCP_TIME_WAIT_REUSED,
	RS_NET_TCP_TIME_WAIT_EARLY,
	RS_NET_TCP_NO_PORT,
	RS_NET_TCP_NO_CONNECTION_FREE,
	RS_NET_TCP_NO_BLOCK,
	RS_NET_TCP_RTT, /* hist */
	RS_NET_TCP_METRICS
};

#endif
