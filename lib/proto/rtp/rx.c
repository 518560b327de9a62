/* SPDX-License-Identifier: BSD-3-Clause */
/* One packet: where in the sequence it is, then whether it came in time. */
#include <errno.h>

#include "proto/rtp/rx_private.h"

int
rs_rtp_profile_init(struct rs_rtp_profile *profile, uint32_t clock_hz)
{
	if (clock_hz == 0)
		return -EINVAL;
	*profile = (struct rs_rtp_profile){
		.tick_q16 = ((1000000000ull << 16) + clock_hz / 2) / clock_hz,
		.clock_hz = clock_hz,
		.playout_ns = RS_RTP_PLAYOUT_NS,
		.min_sequential = 1,
		.gmin = RS_RTP_GMIN,
		.talkspurts = true,
	};
	return 0;
}

void
rs_rtp_rx_init(struct rs_rtp_rx *rx, const struct rs_rtp_profile *profile, uint64_t now_ns)
{
	memset(rx, 0, sizeof(*rx));
	rx->profile = profile;
	rx->cold.begun_ns = now_ns;
}

void
rs_rtp_rx_resume(struct rs_rtp_rx *rx, const struct rs_rtp_profile *profile, uint64_t now_ns)
{
	rx->profile = profile;
	rx->last_ns = now_ns;
	rx->flags &= (uint8_t) ~(RX_COMFORT | RX_MEDIA | RX_PLAYING);
}

static inline int64_t
ticks_to_ns(const struct rs_rtp_profile *profile, uint32_t to, uint32_t from)
{
	return (int64_t)((__int128)(int32_t)(to - from) * (int64_t)profile->tick_q16 >> 16);
}

/** RFC 3550, A.1: the sequence of a source that is valid. */
static uint32_t
place(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p)
{
	uint16_t step = (uint16_t)(p->seq - (uint16_t)rx->ext);

	if (__builtin_expect(step == 1, 1)) {
		uint32_t ext = rx->ext + 1;
		uint64_t bit = bit_of(ext), *word = &rx->window[word_of(ext)];

		rx->received++;
		/* The packet that leaves the window came, and in time: nothing to tell. */
		if (__builtin_expect((*word & bit) != 0 && rx->late_live == 0, 1))
			rx->ext = ext;
		else
			rx_move_on(rx, 1);
		return 0;
	}
	if (step != 0 && step < RS_RTP_MAX_DROPOUT) {
		rx->received++;
		rx_move_on(rx, step);
		return RS_RTP_RX_GAP;
	}
	if (step == 0 || step >= 0x10000 - RS_RTP_MAX_MISORDER)
		return rx_step_back(rx, (uint16_t)-step);
	if ((rx->flags & RX_BAD_SEQ) && p->seq == rx->bad_seq) {
		rx_end_sequence(rx);
		rx_begin_sequence(rx, p->seq);
		rx->received = 1;
		rx->flags &= (uint8_t) ~(RX_MEDIA | RX_PLAYING);
		rx->cold.restarts++;
		return RS_RTP_RX_RESTARTED | RS_RTP_RX_FIRST;
	}
	rx->bad_seq = (uint16_t)(p->seq + 1);
	rx->flags |= RX_BAD_SEQ;
	rx->cold.bad_seq++;
	return RS_RTP_RX_BAD_SEQ;
}

/** After the one that is here. */
static uint8_t
wanted_in_a_row(const struct rs_rtp_profile *profile)
{
	return profile->min_sequential > 2 ? (uint8_t)(profile->min_sequential - 1) : 1;
}

static void
start(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns)
{
	rx->ssrc = p->ssrc;
	rx->flags = RX_STARTED;
	if (rx->cold.first_ns == 0) {
		rx->cold.first_ns = now_ns;
		rx->last_ns = now_ns;
	}
	rx_begin_sequence(rx, p->seq);
	rx->probation = rx->profile->min_sequential > 1 ? wanted_in_a_row(rx->profile) : 0;
}

/** RFC 3550, A.1: a source is valid once so many packets came in a row. */
static uint32_t
on_probation(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p)
{
	rx->flags &= (uint8_t)~RX_CANDIDATE;
	if (p->seq == (uint16_t)(rx->ext + 1)) {
		if (--rx->probation == 0) {
			rx_begin_sequence(rx, p->seq);
			rx->received = 1;
			return RS_RTP_RX_FIRST;
		}
	} else {
		rx->probation = wanted_in_a_row(rx->profile);
	}
	rx->ext = 0x10000u + p->seq;
	rx->cold.probation++;
	return RS_RTP_RX_PROBATION;
}

static uint32_t
first_packet(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns)
{
	start(rx, p, now_ns);
	if (rx->probation > 0) {
		rx->cold.probation++;
		return RS_RTP_RX_PROBATION;
	}
	rx->received = 1;
	return RS_RTP_RX_FIRST;
}

static uint32_t in_time(
	struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns, uint32_t says);

/** Another SSRC takes over when two of its packets come in a row and none of the present one's between them. */
static uint32_t
other_ssrc(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns)
{
	struct rs_rtp_rx_cold *c = &rx->cold;
	struct rs_rtp_packet first = { .ssrc = c->candidate_ssrc,
		.seq = c->candidate_seq,
		.timestamp = c->candidate_ts,
		.pt = c->candidate_pt,
		.marker = c->candidate_marker };

	if ((rx->flags & RX_CANDIDATE) && p->ssrc == first.ssrc &&
		p->seq == (uint16_t)(first.seq + 1)) {
		if (rx->probation == 0)
			rx_end_sequence(rx);
		c->other_ssrc--; /* its first packet is one of the stream now */
		c->ssrc_changes++;
		start(rx, &first, c->candidate_ns);
		rx->probation = 0;
		rx->received = 1;
		in_time(rx, &first, c->candidate_ns, RS_RTP_RX_FIRST);
		return RS_RTP_RX_SSRC_CHANGED | place(rx, p);
	}
	rx->flags |= RX_CANDIDATE;
	c->candidate_ns = now_ns;
	c->candidate_ssrc = p->ssrc;
	c->candidate_ts = p->timestamp;
	c->candidate_seq = p->seq;
	c->candidate_pt = p->pt;
	c->candidate_marker = p->marker;
	c->other_ssrc++;
	return RS_RTP_RX_OTHER_SSRC;
}

/** RFC 3550, 6.4.1 and A.8. */
static void
add_jitter(struct rs_rtp_rx *rx, int64_t arrival, int64_t sending, bool regular)
{
	int64_t d = arrival - sending;
	uint64_t now;

	rx->jitter_q4 += (uint64_t)(d < 0 ? -d : d) - ((rx->jitter_q4 + 8) >> 4);
	if (!regular)
		return;
	now = (rx->jitter_q4 + 8) >> 4;
	if (now > UINT32_MAX)
		now = UINT32_MAX;
	rx->jitter_sum_ns += now;
	rx->jitter_n++;
	if (now > rx->jitter_max_ns)
		rx->jitter_max_ns = (uint32_t)now;
}

static bool
jumped(int64_t arrival, int64_t sending)
{
	int64_t d = arrival - sending;

	return (sending > RS_RTP_JUMP_NS || sending < -(int64_t)RS_RTP_JUMP_NS) &&
		(d > RS_RTP_JUMP_NS || d < -(int64_t)RS_RTP_JUMP_NS);
}

static void
set_anchor(struct rs_rtp_rx *rx, uint32_t timestamp, uint64_t play_ns)
{
	rx->anchor_ts = timestamp;
	rx->anchor_ns = play_ns;
}

static uint32_t
play(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns, uint32_t says)
{
	uint32_t ext = rx->ext - (uint16_t)((uint16_t)rx->ext - p->seq);
	uint64_t play_ns =
		rx->anchor_ns + (uint64_t)ticks_to_ns(rx->profile, p->timestamp, rx->anchor_ts);

	if (__builtin_expect((int64_t)(now_ns - play_ns) <= 0, 1)) {
		/* Distances of timestamps are known up to 2^31 ticks. */
		if (__builtin_expect(p->timestamp - rx->anchor_ts - (1u << 30) < 1u << 30, 0))
			set_anchor(rx, p->timestamp, play_ns);
		return 0;
	}
	if (says & RS_RTP_RX_DUPLICATE)
		return 0;
	rx->cold.late_packets++;
	if ((int32_t)(ext - rx->base) >= 0) {
		rx->cold.late[word_of(ext)] |= bit_of(ext);
		rx->late_live++;
	}
	return RS_RTP_RX_LATE;
}

/** Jitter, by packets of media and comfort noise. @return 0, RS_RTP_RX_TS_JUMP */
static uint32_t
pace(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns, bool newest,
	bool regular)
{
	uint32_t found = 0;

	if (__builtin_expect((rx->flags & RX_MEDIA) != 0, 1)) {
		int64_t arrival = (int64_t)(now_ns - rx->media_ns);
		int64_t sending = ticks_to_ns(rx->profile, p->timestamp, rx->media_ts);

		if (__builtin_expect(!jumped(arrival, sending), 1)) {
			add_jitter(rx, arrival, sending, regular);
		} else if (newest) {
			rx->cold.ts_jumps++;
			found = RS_RTP_RX_TS_JUMP;
		} else {
			/* Nothing that comes after it is measured by this one. */
			return 0;
		}
	}
	rx->media_ns = now_ns;
	rx->media_ts = p->timestamp;
	rx->flags |= RX_MEDIA;
	return found;
}

static uint32_t
media(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns, uint32_t says,
	bool followed)
{
	bool newest = (says & (RS_RTP_RX_DUPLICATE | RS_RTP_RX_REORDERED)) == 0;
	bool marker = p->marker && rx->profile->talkspurts;
	bool spurt = (newest && (marker || (rx->flags & RX_COMFORT))) || !(rx->flags & RX_PLAYING);
	uint32_t found = pace(rx, p, now_ns, newest, followed && !marker);

	if (p->pt != rx->media_pt && (rx->flags & RX_PLAYING)) {
		rx->cold.pt_changes++;
		found |= RS_RTP_RX_PT_CHANGED;
	}
	rx->media_pt = p->pt;
	rx->flags |= RX_PLAYING;
	if (spurt || (found & RS_RTP_RX_TS_JUMP)) {
		set_anchor(rx, p->timestamp, now_ns + rx->profile->playout_ns);
		rx->cold.talkspurts++;
		return found | RS_RTP_RX_TALKSPURT;
	}
	return found | play(rx, p, now_ns, says);
}

/** What the packet's place in time says, now that the one in the sequence is known. */
static uint32_t
in_time(struct rs_rtp_rx *rx, const struct rs_rtp_packet *p, uint64_t now_ns, uint32_t says)
{
	uint8_t kind = rx->profile->kind[p->pt & 0x7f];
	bool newest = (says & (RS_RTP_RX_DUPLICATE | RS_RTP_RX_REORDERED)) == 0;
	bool spurt = p->marker && rx->profile->talkspurts;
	bool followed = (rx->flags & RX_COMFORT) == 0 && (says & RS_RTP_RX_FIRST) == 0;
	uint64_t gap_ns = now_ns - rx->last_ns;

	rx->last_ns = now_ns;
	if (gap_ns > rx->max_gap_ns && followed && kind != RS_RTP_COMFORT && !spurt)
		rx->max_gap_ns = gap_ns;
	if (__builtin_expect(kind == RS_RTP_MEDIA, 1)) {
		says |= media(rx, p, now_ns, says, followed);
		if (newest)
			rx->flags &= (uint8_t)~RX_COMFORT;
		return says;
	}
	if (kind == RS_RTP_COMFORT) {
		says |= pace(rx, p, now_ns, newest, false);
		rx->cold.comfort++;
		if (newest)
			rx->flags |= RX_COMFORT;
		return says | RS_RTP_RX_COMFORT;
	}
	if (kind == RS_RTP_EVENT) {
		rx->cold.events++;
		return says | RS_RTP_RX_EVENT;
	}
	rx->cold.pt_unknown++;
	return says | RS_RTP_RX_PT_UNKNOWN;
}

uint32_t
rs_rtp_rx_packet(struct rs_rtp_rx *rx, const struct rs_rtp_packet *packet, uint64_t now_ns)
{
	uint32_t says;

	if (__builtin_expect(
		    packet->ssrc == rx->ssrc && rx->probation == 0 && (rx->flags & RX_STARTED),
		    1)) {
		rx->flags &= (uint8_t)~RX_CANDIDATE;
		says = place(rx, packet);
		if (__builtin_expect((says & RS_RTP_RX_BAD_SEQ) != 0, 0))
			return says;
		rx->flags &= (uint8_t)~RX_BAD_SEQ;
		return in_time(rx, packet, now_ns, says);
	}
	if (!(rx->flags & RX_STARTED))
		says = first_packet(rx, packet, now_ns);
	else if (packet->ssrc != rx->ssrc)
		says = other_ssrc(rx, packet, now_ns);
	else
		says = on_probation(rx, packet);
	return says & RS_RTP_RX_REFUSED ? says : in_time(rx, packet, now_ns, says);
}
