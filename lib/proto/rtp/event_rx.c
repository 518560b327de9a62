/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/rtp/event.h"

struct report {
	uint32_t timestamp;
	uint16_t ticks;
	uint8_t code;
	uint8_t volume;
	bool end;
	bool marker;
};

static struct rs_rtp_event_seen
seen(const struct rs_rtp_event_rx *rx, bool ended, bool end_lost)
{
	return (struct rs_rtp_event_seen){
		.ticks = ended ? rx->before_ticks + rx->ticks : 0,
		.code = rx->code,
		.volume = rx->volume,
		.ended = ended,
		.start_lost = rx->start_lost,
		.end_lost = end_lost,
	};
}

unsigned
rs_rtp_event_flush(struct rs_rtp_event_rx *rx, struct rs_rtp_event_seen *out)
{
	if (!rx->active)
		return 0;
	*out = seen(rx, true, true);
	rx->active = false;
	return 1;
}

/** The next segment of a long event (2.5.1.3): it begins where the one before ended, or where that must have ended. */
static bool
continues(const struct rs_rtp_event_rx *rx, const struct report *r)
{
	uint32_t after = r->timestamp - rx->timestamp;

	return rx->active && !r->marker && r->code == rx->code &&
		(after == rx->ticks || after == RS_RTP_EVENT_SEGMENT);
}

static unsigned
take(struct rs_rtp_event_rx *rx, const struct report *r, struct rs_rtp_event_seen *out)
{
	unsigned n = 0;

	if (rx->known && (int32_t)(r->timestamp - rx->timestamp) < 0) {
		rx->stale++;
		return 0;
	}
	if (rx->known && r->timestamp == rx->timestamp && r->code == rx->code) {
		if (!rx->active) {
			rx->duplicates++;
			return 0;
		}
	} else if (continues(rx, r)) {
		rx->before_ticks += r->timestamp - rx->timestamp;
		rx->timestamp = r->timestamp;
		rx->ticks = 0;
	} else {
		n = rs_rtp_event_flush(rx, out);
		rx->timestamp = r->timestamp;
		rx->before_ticks = 0;
		rx->ticks = 0;
		rx->code = r->code;
		rx->volume = r->volume;
		rx->active = true;
		rx->known = true;
		rx->start_lost = !r->marker;
		out[n++] = seen(rx, false, false);
	}
	/* Reports may come out of order: the longest one tells most. */
	if (r->ticks > rx->ticks)
		rx->ticks = r->ticks;
	if (r->end) {
		out[n++] = seen(rx, true, false);
		rx->active = false;
	}
	return n;
}

unsigned
rs_rtp_event_input(struct rs_rtp_event_rx *rx, const uint8_t *payload, size_t len,
	uint32_t timestamp, bool marker, struct rs_rtp_event_seen *out)
{
	size_t blocks = len / RS_RTP_EVENT_LEN;
	unsigned n = 0;

	if (blocks == 0 || len % RS_RTP_EVENT_LEN != 0)
		rx->malformed++;
	if (blocks > RS_RTP_EVENT_BLOCKS) {
		blocks = RS_RTP_EVENT_BLOCKS;
		rx->malformed++;
	}
	for (size_t i = 0; i < blocks; i++, payload += RS_RTP_EVENT_LEN) {
		struct report r = {
			.timestamp = timestamp,
			.ticks = (uint16_t)(payload[2] << 8 | payload[3]),
			.code = payload[0],
			.volume = payload[1] & 63,
			.end = payload[1] >> 7,
			.marker = marker,
		};

		n += take(rx, &r, out + n);
		/* Several events of one packet follow each other without a pause (2.5.1.5). */
		timestamp += r.ticks;
	}
	return n;
}
