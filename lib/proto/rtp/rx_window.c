/* SPDX-License-Identifier: BSD-3-Clause */
/* The window of packets that are remembered: it moves on, is looked back into, and begins anew. */
#include "proto/rtp/rx_private.h"

void
rx_begin_sequence(struct rs_rtp_rx *rx, uint16_t seq)
{
	/* One cycle up, so that packets in front of the first have numbers, too. */
	rx->ext = 0x10000u + seq;
	rx->base = rx->ext;
	rx->received = 0;
	rx->late_live = 0;
	rx->flags &= (uint8_t) ~(RX_BAD_SEQ | RX_CANDIDATE | RX_COMFORT);
	memset(rx->window, 0xff, sizeof(rx->window));
	memset(rx->cold.late, 0, sizeof(rx->cold.late));
	memset(rx->cold.before, 0, sizeof(rx->cold.before));
	rs_rtp_burst_init(&rx->cold.burst, rx->base, rx->profile->gmin);
}

static void
add_burst(struct rs_rtp_burst *sum, const struct rs_rtp_burst *b)
{
	sum->c11 += b->c11;
	sum->c13 += b->c13;
	sum->c14 += b->c14;
	sum->c22 += b->c22;
	sum->c23 += b->c23;
	sum->c33 += b->c33;
	sum->lost += b->lost;
	sum->discarded += b->discarded;
}

void
rx_end_sequence(struct rs_rtp_rx *rx)
{
	struct rs_rtp_rx_cold *c = &rx->cold;
	struct rs_rtp_burst_report settled;

	rx_judge_rest(rx, &c->burst);
	rs_rtp_burst_report(&c->burst, rx->ext + 1, 0, &settled);
	add_burst(&c->past_burst, &settled.counts);
	c->past_expected += rs_rtp_rx_expected(rx);
	c->past_received += rx->received;
	c->past_missing += c->burst.lost;
}

void
rx_move_on(struct rs_rtp_rx *rx, uint32_t n)
{
	struct rs_rtp_burst *b = &rx->cold.burst;
	uint32_t ext = rx->ext, end = ext + n;

	for (uint32_t k = 0; k < n && k < RS_RTP_WINDOW; k++) {
		bool came;

		ext++;
		came = (rx->window[word_of(ext)] & bit_of(ext)) != 0;
		/* One that came, and in time, is nothing to tell, and what is cold is not looked at for it. */
		if (came && rx->late_live == 0) {
			rx->window[word_of(ext)] &= ~bit_of(ext);
			continue;
		}
		rx_judge(rx, ext - RS_RTP_WINDOW, b);
		rx->window[word_of(ext)] &= ~bit_of(ext);
		if (rx->late_live > 0 && (rx->cold.late[word_of(ext)] & bit_of(ext)) != 0) {
			rx->cold.late[word_of(ext)] &= ~bit_of(ext);
			rx->late_live--;
		}
	}
	/* What would lie in front of the window was never seen. */
	if (n > RS_RTP_WINDOW)
		rs_rtp_burst_missing(b, rx->ext + 1, n - RS_RTP_WINDOW, false);
	rx->ext = end;
	rx->window[word_of(end)] |= bit_of(end);
}

uint32_t
rx_step_back(struct rs_rtp_rx *rx, uint32_t distance)
{
	struct rs_rtp_rx_cold *c = &rx->cold;
	uint32_t ext = rx->ext - distance;
	uint64_t *set = &rx->window[word_of(ext)], bit = bit_of(ext);

	rx->received++;
	if ((int32_t)(ext - rx->base) < 0) {
		/* At most RS_RTP_MAX_MISORDER in front of the newest, so fewer in front of the first. */
		set = &c->before[(rx->base - ext) / 64];
		bit = bit_of(rx->base - ext);
	}
	if (*set & bit) {
		c->duplicates++;
		return RS_RTP_RX_DUPLICATE;
	}
	*set |= bit;
	if ((int32_t)(ext - rx->base) < 0)
		c->before_first++;
	c->reordered++;
	if (distance > c->max_distance)
		c->max_distance = distance;
	return RS_RTP_RX_REORDERED;
}
