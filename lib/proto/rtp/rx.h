/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The receiving end of a stream: what arrived, what did not, and how evenly. One call a packet, in constant time (a gap in the
 * sequence costs as many steps as packets are missing). Nothing is allocated; the caller owns the struct.
 *
 * Definitions:
 * - lost: RFC 3550's, expected less received, negative when packets come twice; and missing: expected packets that never came,
 *   duplicates aside.
 * - late: came after its play-out by a modelled buffer. The first packet of a talkspurt is played @playout_ns after it came, each
 *   further one at its timestamp's distance from that. A talkspurt begins with the marker, behind comfort noise, and where
 *   timestamps jump. The buffer does not adapt: where a sender's clock drifts by more than that within a talkspurt, all is late.
 * - jitter: RFC 3550, 6.4.1, over packets of media and comfort noise in order of arrival, kept in 1/16 ns.
 * - gap: time between two packets that should have followed each other at once: not in front of a talkspurt or around comfort noise.
 * - sequence: RFC 3550, A.1. Two packets in a row from elsewhere in the sequence, or of another SSRC, begin the stream anew; one
 *   alone is counted and ignored.
 */
#ifndef RS_PROTO_RTP_RX_H
#define RS_PROTO_RTP_RX_H

#include "proto/rtp/burst.h"
#include "proto/rtp/rtp.h"

#define RS_RTP_WINDOW       256  /* packets back that duplicates are told from late ones */
#define RS_RTP_MAX_DROPOUT  3000 /* RFC 3550, A.1 */
#define RS_RTP_MAX_MISORDER 100
#define RS_RTP_PLAYOUT_NS   60000000u
/* Timestamps that leave time behind by more than this have jumped. */
#define RS_RTP_JUMP_NS 1000000000u

/** What a payload type is to a stream. */
enum rs_rtp_kind {
	RS_RTP_UNKNOWN, /* not negotiated */
	RS_RTP_MEDIA,
	RS_RTP_COMFORT, /* comfort noise (RFC 3389) */
	RS_RTP_EVENT,   /* telephone-event (RFC 4733) */
};

/** What streams of one negotiated description share. */
struct rs_rtp_profile {
	uint8_t kind[128]; /* enum rs_rtp_kind of each payload type */
	uint64_t tick_q16; /* ns of one tick of the media clock, times 65536 */
	uint32_t clock_hz;
	uint32_t playout_ns;
	uint8_t min_sequential; /* packets in a row before a source counts: 1 for signalled streams, RFC 3550 has 2 */
	uint8_t gmin;
	bool talkspurts; /* a marker begins a talkspurt (audio); in video it ends a frame */
};

/** What rs_rtp_rx_packet says about a packet; 0: the next one, in time. */
enum rs_rtp_rx_says {
	RS_RTP_RX_FIRST = 1 << 0, /* of the stream, or of a new SSRC or sequence */
	RS_RTP_RX_DUPLICATE = 1 << 1,
	RS_RTP_RX_REORDERED = 1 << 2, /* a later one came before it */
	RS_RTP_RX_LATE = 1 << 3,
	RS_RTP_RX_GAP = 1 << 4,       /* some before it are missing, so far */
	RS_RTP_RX_TALKSPURT = 1 << 5, /* begins one */
	RS_RTP_RX_COMFORT = 1 << 6,
	RS_RTP_RX_EVENT = 1 << 7,
	RS_RTP_RX_PT_UNKNOWN = 1 << 8, /* not negotiated: in the sequence, but not played */
	RS_RTP_RX_PT_CHANGED = 1 << 9, /* another media payload type than before */
	RS_RTP_RX_TS_JUMP = 1 << 10,
	RS_RTP_RX_SSRC_CHANGED = 1 << 11,
	RS_RTP_RX_RESTARTED = 1 << 12, /* the sequence went on somewhere else */
	/* The packet is not part of the stream (yet): */
	RS_RTP_RX_PROBATION = 1 << 13, /* too few in a row */
	RS_RTP_RX_BAD_SEQ = 1 << 14,   /* far from where the sequence is */
	RS_RTP_RX_OTHER_SSRC = 1 << 15,
	RS_RTP_RX_REFUSED = RS_RTP_RX_PROBATION | RS_RTP_RX_BAD_SEQ | RS_RTP_RX_OTHER_SSRC,
};

/** What is touched when something is out of the ordinary. */
struct rs_rtp_rx_cold {
	uint64_t begun_ns;                 /* from when the first packet was waited for */
	uint64_t first_ns;                 /* the first packet of all; 0: none came */
	uint64_t late[RS_RTP_WINDOW / 64]; /* which packets of the window came late */
	uint64_t before[2];                /* which ones in front of the first came after it */
	uint64_t candidate_ns;             /* the first packet of what may take over, */
	uint32_t candidate_ssrc;           /* */
	uint32_t candidate_ts;             /* */
	uint16_t candidate_seq;            /* its last one */
	uint8_t candidate_pt;
	bool candidate_marker;
	/* Of sequences that were given up for another; packets. */
	uint32_t past_expected, past_received, past_missing;
	uint32_t duplicates, before_first, reordered, late_packets, comfort, events;
	uint32_t max_distance; /* of reordering: packets between it and the newest */
	uint32_t pt_unknown, pt_changes, ts_jumps, ssrc_changes, restarts, talkspurts;
	uint32_t probation, bad_seq, other_ssrc; /* packets refused */
	struct rs_rtp_burst burst;
	struct rs_rtp_burst past_burst; /* sums of what was given up */
};

struct rs_rtp_rx {
	/* Every packet: two cache lines. */
	uint64_t
		window[RS_RTP_WINDOW / 64]; /* a ring: bit ext % 256 is set when that packet came */
	uint64_t last_ns;                   /* arrival of the last packet, of whatever kind */
	uint64_t media_ns;                  /* of the last packet of media or comfort noise, */
	uint64_t jitter_q4;                 /* ns times 16 */
	uint64_t jitter_sum_ns;
	uint64_t anchor_ns; /* play-out of timestamp anchor_ts */
	uint64_t max_gap_ns;
	const struct rs_rtp_profile *profile;
	uint32_t ssrc;
	uint32_t ext;      /* highest extended sequence number */
	uint32_t base;     /* the first one */
	uint32_t received; /* RFC 3550's: duplicates among them */
	uint32_t media_ts; /* and its timestamp */
	uint32_t anchor_ts;
	uint32_t jitter_n;      /* terms of the sum */
	uint32_t jitter_max_ns; /* saturates, as the terms of the sum do */
	uint16_t bad_seq;       /* what would follow a packet that was out of sequence */
	uint16_t late_live;     /* late packets in the window */
	uint8_t media_pt;
	uint8_t flags;
	uint8_t probation; /* packets in a row still wanted */
	uint8_t unused;
	struct rs_rtp_rx_cold cold;
};
_Static_assert(offsetof(struct rs_rtp_rx, cold) == 128, "the hot part is two cache lines");
_Static_assert(sizeof(struct rs_rtp_rx) <= 448, "what a receiving stream takes");

/** What it comes to, all sequences and SSRCs together. */
struct rs_rtp_rx_report {
	uint64_t expected, received, missing; /* packets */
	int64_t lost;                         /* RFC 3550's: expected - received */
	uint32_t duplicates, reordered, max_distance, late;
	double jitter_ms, mean_jitter_ms, max_jitter_ms;
	double max_gap_ms;
	int64_t first_packet_ns; /* after the begin; -1: none came */
	struct rs_rtp_burst_report burst;
};

/** Whether something is being received. */
enum rs_rtp_silence {
	RS_RTP_HEARD,     /* a packet came within the time-out */
	RS_RTP_NEVER,     /* none came since the begin, and the time-out is over */
	RS_RTP_QUIET,     /* the sender said comfort noise and nothing since: nothing to miss */
	RS_RTP_TIMED_OUT, /* media came, and stopped */
};

/**
 * A profile without payload types: set their kinds next.
 * @return 0; -EINVAL when @clock_hz is 0
 */
int rs_rtp_profile_init(struct rs_rtp_profile *profile, uint32_t clock_hz);

/** @param profile  stays with the caller, and alive; @param now_ns  packets are waited for from here on */
void rs_rtp_rx_init(struct rs_rtp_rx *rx, const struct rs_rtp_profile *profile, uint64_t now_ns);

/**
 * Media is expected from here on, after a hold or under a new description: the time before is neither a gap nor silence, and what
 * comes next begins a talkspurt.
 * @param profile  the one that holds from now on
 */
void rs_rtp_rx_resume(struct rs_rtp_rx *rx, const struct rs_rtp_profile *profile, uint64_t now_ns);

/**
 * Take a packet.
 * @param now_ns  when it came; not before the last one
 * @return enum rs_rtp_rx_says, or'ed
 */
uint32_t rs_rtp_rx_packet(
	struct rs_rtp_rx *rx, const struct rs_rtp_packet *packet, uint64_t now_ns);

/** Whether the SSRC and sequence of the stream are settled: packets count. */
bool rs_rtp_rx_valid(const struct rs_rtp_rx *rx);

/** Packets expected of the present sequence (RFC 3550, A.3). */
uint32_t rs_rtp_rx_expected(const struct rs_rtp_rx *rx);

/** The highest sequence number, extended by the times it came round: what a report block carries. */
uint32_t rs_rtp_rx_highest(const struct rs_rtp_rx *rx);

/** The present jitter in ticks of the media clock: what a report block carries (RFC 3550, A.8). */
uint32_t rs_rtp_rx_jitter_ticks(const struct rs_rtp_rx *rx);

enum rs_rtp_silence rs_rtp_rx_silence(
	const struct rs_rtp_rx *rx, uint64_t now_ns, uint64_t timeout_ns);

/**
 * The sums, at any time; @rx is not changed.
 * @param packet_ms  length of the sound in a packet, for the durations of bursts and gaps
 */
void rs_rtp_rx_report(const struct rs_rtp_rx *rx, double packet_ms, struct rs_rtp_rx_report *out);

#endif
