/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "proto/rtp/event.h"

static const char digits[] = "0123456789*#ABCD!";

char
rs_rtp_event_char(uint8_t code)
{
	return code < sizeof(digits) - 1 ? digits[code] : 0;
}

int
rs_rtp_event_code(char c)
{
	if (c >= 'a' && c <= 'd')
		c = (char)(c - 'a' + 'A');
	for (int i = 0; digits[i] != 0; i++)
		if (digits[i] == c)
			return i;
	return -1;
}

int
rs_rtp_event_begin(struct rs_rtp_event_tx *tx, uint8_t code, uint8_t volume, uint32_t total_ticks,
	uint16_t step_ticks, uint32_t timestamp)
{
	if (volume > 63 || total_ticks == 0 || step_ticks == 0)
		return -EINVAL;
	*tx = (struct rs_rtp_event_tx){
		.timestamp = timestamp,
		.total_ticks = total_ticks,
		.step_ticks = step_ticks,
		.code = code,
		.volume = volume,
		.ends_left = RS_RTP_EVENT_ENDS,
	};
	return 0;
}

bool
rs_rtp_event_next(struct rs_rtp_event_tx *tx, struct rs_rtp_event_packet *out)
{
	uint32_t ticks;
	bool full;

	if (tx->ends_left == 0)
		return false;
	if (tx->step_ticks < tx->total_ticks - tx->elapsed_ticks)
		tx->elapsed_ticks += tx->step_ticks;
	else
		tx->elapsed_ticks = tx->total_ticks;
	ticks = tx->elapsed_ticks - tx->before_ticks;
	full = ticks > RS_RTP_EVENT_SEGMENT;
	if (full)
		ticks = RS_RTP_EVENT_SEGMENT;
	out->timestamp = tx->timestamp;
	out->marker = !tx->begun;
	out->end = !full && tx->elapsed_ticks == tx->total_ticks;
	out->payload[0] = tx->code;
	out->payload[1] = (uint8_t)((out->end ? 0x80 : 0) | tx->volume);
	out->payload[2] = (uint8_t)(ticks >> 8);
	out->payload[3] = (uint8_t)ticks;
	tx->begun = true;
	if (out->end)
		tx->ends_left--;
	if (full) {
		/* The next segment begins where this one ends, without a marker (2.5.1.3). */
		tx->before_ticks += RS_RTP_EVENT_SEGMENT;
		tx->timestamp += RS_RTP_EVENT_SEGMENT;
	}
	return true;
}
