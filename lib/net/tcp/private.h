/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of TCP share. */
#ifndef RS_NET_TCP_PRIVATE_H
#define RS_NET_TCP_PRIVATE_H

#include "base/clock.h"
#include "base/pool.h"
#include "base/table.h"
#include "base/wheel.h"
#include "net/tcp/blocks.h"
#include "net/tcp/hash.h"
#include "net/tcp/ranges.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcp.h"

#define NONE UINT32_MAX

/* What a value of the look-up table names. */
#define AT_KIND	      0xc0000000u
#define AT_CONNECTION 0x00000000u
#define AT_TOMB	      0x40000000u
#define AT_LISTENER   0x80000000u

#define DUP_THRESHOLD 3	   /* RFC 5681, 3.2 */
#define CHALLENGE_MS  500u /* between challenge ACKs of one connection (RFC 5961, 7) */
#define NO_BUFFER_MS  5u   /* until a packet or block is asked for again */
#define WINDOW_MAX    (1u << 30)
#define MTU_MIN	      256u /* what a link must at least take */
#define MSS_MIN	      88u  /* less is a lie that would cost us a packet for every few bytes */

/** Sequence numbers (RFC 9293, 3.4): modulo 2^32. */
static inline bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool
after(uint32_t a, uint32_t b)
{
	return before(b, a);
}

static inline uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t
most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

enum flag {
	F_TIMESTAMPS = 1 << 0, /* both ends said so */
	F_SACK = 1 << 1,
	F_SCALE = 1 << 2,
	F_ACTIVE = 1 << 3,	/* begun by us: not a listener's */
	F_CLOSED = 1 << 4,	/* rs_tcp_close: nobody reads any more */
	F_FIN_QUEUED = 1 << 5,	/* our FIN stands at snd_end */
	F_FIN_KNOWN = 1 << 6,	/* the peer's FIN stands at rcv_fin; it may not be its turn yet */
	F_FIN_TAKEN = 1 << 7,	/* rcv_nxt is behind it */
	F_EOF_TOLD = 1 << 8,	/* RS_TCP_HALF_CLOSED was given */
	F_ACK_NOW = 1 << 9,
	F_WANT_WRITE = 1 << 10, /* a write was cut short */
	F_PAUSED = 1 << 11,	/* the user did not take all that it was given */
	F_TIMING = 1 << 12,	/* rtt_seq is being timed (no timestamps) */
	F_RECOVERY = 1 << 13,	/* fast recovery, until recover is acknowledged */
	F_LOSS = 1 << 14,	/* after a time-out, until recover is acknowledged */
	F_PERSIST = 1 << 15,	/* the retransmission timer probes the window */
	F_RESCUED = 1 << 16,	/* RFC 6675, 4: NextSeg() rule 4 was used in this recovery */
	F_DONE = 1 << 17,	/* over, but for bytes that the user has not read */
	F_DRAIN = 1 << 18,	/* closed, but what comes is thrown away, as far as the window went when that was said */
	F_SOFT_ERROR = 1 << 19, /* ICMP or the link said unreachable since the last progress */
	F_HOLD = 1 << 20,	/* in a call-back or in input: output follows at its end */
	F_CLOSING_NOW = 1 << 21, /* no more can come: the last event is being given */
	F_RECENT = 1 << 22,	/* ts_recent holds something */
	F_RESEND = 1 << 23,	/* the first segment that is not acknowledged is due again, whatever cwnd says */
};

/** Deadlines of a connection; its one timer is armed for the first of them. */
enum deadline {
	DUE_RETRANSMIT, /* SYN, RTO, or the window's probe */
	DUE_ACK,
	DUE_IDLE,  /* keep-alive; in FIN-WAIT-2: the wait for the peer's FIN */
	DUE_AGAIN, /* no packet or no block was free */
	DUES
};

struct tcp_conn {
	/* Who: what the look-up compares. */
	struct rs_path path; /* conn: the user's number */
	uint32_t flags;
	uint8_t state; /* enum rs_tcp_state */
	uint8_t dues;  /* bits of enum deadline that are set */
	uint8_t snd_scale, rcv_scale;
	/* Sending and acknowledgements. */
	uint32_t snd_una, snd_nxt; /* the latter goes back after a time-out */
	uint32_t snd_max;	   /* the highest that was sent, and one */
	uint32_t snd_end;	   /* behind the last byte that was written */
	/* 64 */
	uint32_t snd_wnd, snd_wnd_max;
	uint32_t snd_wl1, snd_wl2;
	uint32_t cwnd, ssthresh, cwnd_acked;
	uint32_t recover, high_rxt;
	uint32_t snd_head, snd_tail, snd_hint; /* blocks; hint: where snd_nxt is */
	uint32_t sacked;		       /* block with ranges that the peer has; NONE: none */
	uint16_t mss;			       /* payload of a full segment, timestamps taken off */
	uint16_t peer_mss;
	uint8_t dupacks, backoff, probes, spare8;
	uint32_t srtt_us8; /* 8 times as much */
	/* 128 */
	uint32_t rcv_nxt;
	uint32_t rcv_read; /* the first byte that the user has not taken */
	uint32_t rcv_edge; /* the first byte beyond the window that we told */
	uint32_t rcv_fin;
	uint32_t rcv_head; /* blocks, in order, with holes */
	uint32_t held;	   /* block with ranges beyond rcv_nxt that are here; NONE: none */
	uint32_t ack_sent; /* the last one */
	uint32_t ts_recent, ts_recent_ms;
	uint32_t ts_offset;
	uint32_t rttvar_us4, rto_ms;
	uint32_t rtt_seq, rtt_us; /* F_TIMING */
	uint32_t heard_ms;	  /* when the peer's last segment came */
	uint32_t progress_ms;	  /* since when it has been waited for an acknowledgement */
	/* 192 */
	uint32_t due[DUES];
	uint32_t armed; /* what the timer is armed for, if it is */
	uint32_t challenge_ms;
	uint64_t sent_bytes, received_bytes;
	uint32_t retransmitted;
	uint32_t listener; /* slot, while SYN-RECEIVED for one */
	uint16_t mtu, mtu_told; /* path; told by ICMP and waiting for a loss (RFC 5927, 7.2) */
	uint16_t size_sent, size_acked; /* the largest payload */
};
_Static_assert(sizeof(struct tcp_conn) == 256, "four cache lines: who and sending, window, receiving, timers");

/** A closed connection for 2*MSL. All of them last equally long: the list is in order. */
struct tcp_tomb {
	struct rs_path path;
	uint32_t snd_nxt, rcv_nxt;
	uint32_t ts_recent, ts_offset;
	uint32_t until_ms;
	uint32_t newer, older;
	uint16_t window;
	bool timestamps;
};
_Static_assert(sizeof(struct tcp_tomb) <= 80, "a tombstone is small");

struct tcp_listener {
	struct rs_addr local; /* family 0: any */
	uint16_t port;
	uint32_t backlog, half_open;
	uint64_t user;
};

struct rs_tcp {
	struct rs_tcp_cfg cfg;
	struct rs_tcp_link link;
	struct rs_tcp_user user;
	struct rs_metrics *cells;
	uint64_t now_ns, origin_ns, hash_seed;
	uint32_t now_ms, now_us; /* since origin, modulo 2^32 */
	struct rs_pool conns, tombs, listeners;
	struct rs_table table;
	struct blocks blocks;
	uint32_t tomb_first, tomb_last;
	uint32_t half_open;
	uint32_t any_listeners; /* of any address */
	uint32_t port_turn;
	uint32_t resets_left, resets_ms;
	uint8_t rcv_scale;
	/* cfg's times in ms */
	uint32_t rto_min_ms, rto_max_ms, connect_ms, accept_ms, give_up_ms, ack_delay_ms, time_wait_ms, fin_wait_ms, keep_idle_ms,
		keep_probe_ms;
	struct rs_wheel wheel;
};

static inline struct tcp_conn *
conn_at(const struct rs_tcp *t, uint32_t slot)
{
	return rs_pool_at(&t->conns, slot);
}

static inline uint32_t
slot_of(const struct rs_tcp *t, const struct tcp_conn *c)
{
	return (uint32_t)((size_t)((const uint8_t *)c - t->conns.base) / sizeof(*c));
}

static inline rs_handle
handle_of(const struct rs_tcp *t, const struct tcp_conn *c)
{
	uint32_t slot = slot_of(t, c);

	return rs_handle_make(slot, (uint16_t)t->conns.generation[slot], t->cfg.worker, RS_KIND_CONNECTION);
}

static inline void
count(struct rs_tcp *t, enum rs_tcp_metric row)
{
	rs_metric_inc(t->cells, row);
}

/** Is our SYN acknowledged? */
static inline bool
is_synchronized(const struct tcp_conn *c)
{
	return c->state >= RS_TCP_ESTABLISHED;
}

/** May bytes still be written? */
static inline bool
can_write(const struct tcp_conn *c)
{
	return !(c->flags & (F_FIN_QUEUED | F_CLOSED | F_DONE | F_CLOSING_NOW));
}

static inline uint32_t
flight(const struct tcp_conn *c)
{
	return c->snd_max - c->snd_una;
}

/** Our timestamp clock: a millisecond, and an offset that follows from the addresses (RFC 7323, 7.1). */
static inline uint32_t
ts_now(const struct rs_tcp *t, uint32_t offset)
{
	return (uint32_t)(t->now_ns / RS_NS_PER_MS) + offset;
}

static inline void
set_due(struct tcp_conn *c, enum deadline d, uint32_t at_ms)
{
	c->due[d] = at_ms;
	c->dues |= (uint8_t)(1u << d);
}

static inline void
clear_due(struct tcp_conn *c, enum deadline d)
{
	c->dues &= (uint8_t)~(1u << d);
}

static inline bool
is_due(const struct tcp_conn *c, enum deadline d)
{
	return c->dues >> d & 1;
}

/* tcp.c */
void tcp_set_now(struct rs_tcp *t, uint64_t now_ns);
uint64_t tcp_key(const struct rs_tcp *t, const struct rs_path *path);
uint32_t tcp_find(const struct rs_tcp *t, const struct rs_path *path);
/** @return NULL: it names no connection */
struct tcp_conn *tcp_live(const struct rs_tcp *t, rs_handle h);
/** A new connection, in the table. @return NULL: none is free, or the table is full */
struct tcp_conn *tcp_take(struct rs_tcp *t, const struct rs_path *path);
/** Out of the table, blocks given back, slot free. */
void tcp_free(struct rs_tcp *t, struct tcp_conn *c);
/** @return false when the call-back ended the connection */
bool tcp_tell(struct rs_tcp *t, struct tcp_conn *c, enum rs_tcp_event event, enum rs_tcp_cause cause);
/** Over: counted, told, freed. */
void tcp_end(struct rs_tcp *t, struct tcp_conn *c, enum rs_tcp_cause cause);
/** As both sides wanted; waits for the user to read what is there. @return false: it is freed */
bool tcp_finish(struct rs_tcp *t, struct tcp_conn *c);
/** The MSS that we tell, and our segments' payload, from what path and peer take. */
void tcp_set_mss(struct tcp_conn *c);
/** Initial or restart window (RFC 5681, 3.1; RFC 6928). */
uint32_t tcp_initial_window(const struct rs_tcp *t, const struct tcp_conn *c);

/* listen.c */
struct tcp_listener *tcp_listener_of(const struct rs_tcp *t, const struct rs_path *path, uint32_t *slot);
void tcp_syn(struct rs_tcp *t, const struct rs_path *path, const struct segment *s, uint32_t listener, uint32_t isn_least);
/** The SYN of the peer is taken: what its options say holds. */
void tcp_take_syn(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s);
void tcp_left_half_open(struct rs_tcp *t, struct tcp_conn *c);

/* ack.c */
enum verdict {
	GONE, /* the connection is freed */
	DROP, /* the segment goes no further */
	GO_ON
};

enum verdict tcp_ack(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s);
void tcp_measure(struct rs_tcp *t, struct tcp_conn *c, uint32_t rtt_us);
/** The retransmission timer has run out: all that is not acknowledged counts as lost. */
void tcp_lost_all(struct rs_tcp *t, struct tcp_conn *c);

/* receive.c */
/** What a segment brings, already trimmed to the window, is taken or kept. @return false: the connection is gone */
bool tcp_receive(struct rs_tcp *t, struct tcp_conn *c, const struct segment *s);
/** Give the user what is kept. @return false: gone */
bool tcp_deliver(struct rs_tcp *t, struct tcp_conn *c);

/* send.c */
/** All bytes before it that the peer does not have are lost (RFC 6675, IsLost); snd_una: none is. */
uint32_t tcp_lost_edge(const struct rs_tcp *t, const struct tcp_conn *c);
void tcp_output(struct rs_tcp *t, struct tcp_conn *c);

/* emit.c */
/** Bytes from @seq on that were written, at most @cap. @param fin  out: our FIN comes right behind them */
static inline uint32_t
tcp_written(const struct tcp_conn *c, uint32_t seq, uint32_t cap, bool *fin)
{
	uint32_t n = before(seq, c->snd_end) ? least(c->snd_end - seq, cap) : 0;

	*fin = (c->flags & F_FIN_QUEUED) && seq + n == c->snd_end;
	return n;
}

/** Payload from @seq on, and our FIN where it stands. @return false: no packet is free */
bool tcp_send_data(struct rs_tcp *t, struct tcp_conn *c, uint32_t seq, uint32_t len, bool fin);
void tcp_send_syn(struct rs_tcp *t, struct tcp_conn *c);
void tcp_send_ack(struct rs_tcp *t, struct tcp_conn *c);
/** An ACK that an attacker may have provoked: at most one in CHALLENGE_MS. */
void tcp_challenge(struct rs_tcp *t, struct tcp_conn *c);
void tcp_send_reset(struct rs_tcp *t, struct tcp_conn *c);
/** One byte, or the FIN, into a closed window. */
void tcp_probe_window(struct rs_tcp *t, struct tcp_conn *c);
void tcp_probe_alive(struct rs_tcp *t, struct tcp_conn *c);
/** RST to a segment of no connection (RFC 9293, 3.10.7.1). */
void tcp_refuse(struct rs_tcp *t, const struct rs_path *path, const struct segment *s);
/** A segment without payload, of no connection. @param ts  NULL: no timestamps; else value and echo */
void tcp_send_bare(struct rs_tcp *t, const struct rs_path *path, uint8_t flags, uint32_t seq, uint32_t ack, uint16_t window,
	const uint32_t *ts);

/* timer.c */
/** Arm the timer when the first deadline is before what it is armed for. */
void tcp_arm(struct rs_tcp *t, struct tcp_conn *c);
void tcp_start_rto(struct rs_tcp *t, struct tcp_conn *c);
/** A deadline @in_ms from now: never early, whatever of this millisecond has passed. */
static inline void
tcp_due_in(struct rs_tcp *t, struct tcp_conn *c, enum deadline d, uint32_t in_ms)
{
	set_due(c, d, t->now_ms + in_ms + 1);
}

/* tomb.c */
void tcp_bury(struct rs_tcp *t, const struct tcp_conn *c);
void tcp_tomb_input(struct rs_tcp *t, uint32_t slot, const struct rs_path *path, const struct segment *s);
void tcp_tomb_remove(struct rs_tcp *t, uint32_t slot);
/** May a connection of ours begin where this tombstone is? @param isn_least  out: its ISN is to be behind this */
bool tcp_tomb_may_reuse(const struct rs_tcp *t, uint32_t slot, uint32_t *isn_least);
/** @return true: there are more that are due */
bool tcp_tombs_expire(struct rs_tcp *t, uint32_t budget);

#endif
