/* SPDX-License-Identifier: BSD-3-Clause */
/* What a receiver's counts come to: loss, bursts, jitter, silence. */
#include "proto/rtp/rx_private.h"

static bool
is_set(const uint64_t *ring, uint32_t ext)
{
	return (ring[word_of(ext)] & bit_of(ext)) != 0;
}

void
rx_judge(const struct rs_rtp_rx *rx, uint32_t ext, struct rs_rtp_burst *b)
{
	if ((int32_t)(ext - rx->base) < 0)
		return;
	if (!is_set(rx->window, ext))
		rs_rtp_burst_missing(b, ext, 1, false);
	else if (is_set(rx->cold.late, ext))
		rs_rtp_burst_missing(b, ext, 1, true);
}

/* Those of the @n packets from @ext on, all of one word, that are to be told of. */
static uint64_t
amiss(const struct rs_rtp_rx *rx, uint32_t ext, uint32_t n)
{
	uint64_t bits = ~rx->window[word_of(ext)] | rx->cold.late[word_of(ext)];

	bits >>= ext & 63;
	return n < 64 ? bits & ((1ull << n) - 1) : bits;
}

void
rx_judge_rest(const struct rs_rtp_rx *rx, struct rs_rtp_burst *b)
{
	uint32_t end = rx->ext + 1, n;

	/* A word at a time: most of them came, and in time. */
	for (uint32_t ext = end - RS_RTP_WINDOW; ext != end; ext += n) {
		n = 64 - (ext & 63);
		if (n > end - ext)
			n = end - ext;
		for (uint64_t bits = amiss(rx, ext, n); bits != 0; bits &= bits - 1)
			rx_judge(rx, ext + (uint32_t)__builtin_ctzll(bits), b);
	}
}

bool
rs_rtp_rx_valid(const struct rs_rtp_rx *rx)
{
	return (rx->flags & RX_STARTED) != 0 && rx->probation == 0;
}

uint32_t
rs_rtp_rx_expected(const struct rs_rtp_rx *rx)
{
	return rs_rtp_rx_valid(rx) ? rx->ext - rx->base + 1 : 0;
}

uint32_t
rs_rtp_rx_highest(const struct rs_rtp_rx *rx)
{
	return rx->ext - 0x10000u;
}

uint32_t
rs_rtp_rx_jitter_ticks(const struct rs_rtp_rx *rx)
{
	uint64_t ns = (rx->jitter_q4 + 8) >> 4;
	unsigned __int128 ticks = ((unsigned __int128)ns << 16) / rx->profile->tick_q16;

	return ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
}

enum rs_rtp_silence
rs_rtp_rx_silence(const struct rs_rtp_rx *rx, uint64_t now_ns, uint64_t timeout_ns)
{
	bool never = rx->cold.first_ns == 0;
	uint64_t since_ns = never ? rx->cold.begun_ns : rx->last_ns;

	/* A packet's time may be later than that of the turn that asks. */
	if (now_ns <= since_ns || now_ns - since_ns < timeout_ns)
		return RS_RTP_HEARD;
	if (never)
		return RS_RTP_NEVER;
	return rx->flags & RX_COMFORT ? RS_RTP_QUIET : RS_RTP_TIMED_OUT;
}

/* @param b  of the present sequence, up to its newest packet */
static void
report_bursts(const struct rs_rtp_rx *rx, struct rs_rtp_burst b, double packet_ms, struct rs_rtp_burst_report *out)
{
	const struct rs_rtp_burst *past = &rx->cold.past_burst;
	uint32_t end = rs_rtp_rx_valid(rx) ? rx->ext + 1 : rx->base;

	b.c11 += past->c11;
	b.c13 += past->c13;
	b.c14 += past->c14;
	b.c22 += past->c22;
	b.c23 += past->c23;
	b.c33 += past->c33;
	b.lost += past->lost;
	b.discarded += past->discarded;
	rs_rtp_burst_report(&b, end, packet_ms, out);
}

void
rs_rtp_rx_report(const struct rs_rtp_rx *rx, double packet_ms, struct rs_rtp_rx_report *out)
{
	const struct rs_rtp_rx_cold *c = &rx->cold;
	bool valid = rs_rtp_rx_valid(rx);
	struct rs_rtp_burst b = c->burst;

	if (valid)
		rx_judge_rest(rx, &b);
	*out = (struct rs_rtp_rx_report){
		.expected = (uint64_t)c->past_expected + rs_rtp_rx_expected(rx),
		.received = (uint64_t)c->past_received + (valid ? rx->received : 0),
		/* those in front of the first do not make up for them */
		.missing = (uint64_t)c->past_missing + (valid ? b.lost : 0),
		.duplicates = c->duplicates,
		.reordered = c->reordered,
		.max_distance = c->max_distance,
		.late = c->late_packets,
		.jitter_ms = (double)rx->jitter_q4 / 16e6,
		.mean_jitter_ms =
			rx->jitter_n > 0 ? (double)rx->jitter_sum_ns / rx->jitter_n / 1e6 : 0,
		.max_jitter_ms = rx->jitter_max_ns / 1e6,
		.max_gap_ms = (double)rx->max_gap_ns / 1e6,
		.first_packet_ns = c->first_ns != 0 ? (int64_t)(c->first_ns - c->begun_ns) : -1,
	};
	out->lost = (int64_t)out->expected - (int64_t)out->received;
	report_bursts(rx, b, packet_ms, &out->burst);
}
