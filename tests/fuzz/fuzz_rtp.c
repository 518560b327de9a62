/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream of datagrams into a receiver. The first byte: bit 0: two packets of probation, bit 1: video. Then each datagram with its
 * length (8 bits) and the time since the one before (8 bits, in ms) in front.
 */
#include <stdlib.h>

#include "proto/rtp/event.h"
#include "proto/rtp/rx.h"
#include "proto/rtp/watermark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct rs_rtp_rx *rx)
{
	struct rs_rtp_rx_report r;

	rs_rtp_rx_report(rx, 20, &r);
	/* Each packet expected is missing or was received once. */
	if (r.expected - r.missing != r.received - r.duplicates - rx->cold.before_first)
		abort();
	if (r.burst.counts.lost != r.missing || r.burst.counts.discarded > r.late)
		abort();
	if (rx->max_gap_ns > 256 * 256 * 1000000ull || r.max_jitter_ms < r.mean_jitter_ms * 0.999999)
		abort();
}

static void
look_at_payload(const struct rs_rtp_packet *p, struct rs_rtp_event_rx *events)
{
	struct rs_rtp_event_seen seen[RS_RTP_EVENT_SEEN];
	struct rs_rtp_watermark mark;
	size_t at = 0;

	if (rs_rtp_event_input(events, p->payload, p->payload_len, p->timestamp, p->marker, seen) > RS_RTP_EVENT_SEEN)
		abort();
	if (rs_rtp_watermark_find(p->payload, p->payload_len, 1, 1, &at, &mark) == RS_RTP_MARK_OK &&
		rs_rtp_watermark_read(p->payload + at, p->payload_len - at, 1, 1, &mark) != RS_RTP_MARK_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_rtp_event_rx events = { 0 };
	struct rs_rtp_profile profile;
	struct rs_rtp_rx rx;
	uint64_t now = 1000000000;
	const uint8_t *end = data + size;

	if (size == 0)
		return 0;
	rs_rtp_profile_init(&profile, 8000);
	profile.kind[0] = RS_RTP_MEDIA;
	profile.kind[8] = RS_RTP_MEDIA;
	profile.kind[13] = RS_RTP_COMFORT;
	profile.kind[101] = RS_RTP_EVENT;
	profile.min_sequential = (uint8_t)(1 + (data[0] & 1));
	profile.talkspurts = (data[0] & 2) == 0;
	rs_rtp_rx_init(&rx, &profile, now);
	for (data++; end - data > 2;) {
		size_t len = data[0];
		struct rs_rtp_packet p;
		enum rs_rtp_what what;

		now += data[1] * 1000000ull;
		data += 2;
		if (len > (size_t)(end - data))
			len = (size_t)(end - data);
		what = rs_rtp_demux(data, len);
		if (rs_rtp_parse(data, len, &p) == RS_RTP_OK) {
			if (what != RS_RTP_IS_RTP || p.payload + p.payload_len + p.padding != data + len)
				abort();
			rs_rtp_rx_packet(&rx, &p, now);
			look_at_payload(&p, &events);
		}
		data += len;
	}
	check(&rx);
	return 0;
}
