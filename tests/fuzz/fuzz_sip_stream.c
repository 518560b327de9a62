/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream cut into pieces. The first byte of the input says how many pings of ours are under way,
 * the second where the stream is cut: what comes of it is what comes of the whole in one piece, with
 * the scalar and the vector kernel; and a message that is framed ends where rs_sip_parse says.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/sip/msg.h"
#include "proto/sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rs_sip_stream_limits limits = { 600, 300 };

static uint64_t
mix(uint64_t sum, uint64_t n)
{
	sum = (sum ^ n) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

static void
check_message(const struct rs_sip_frame *frame, const uint8_t *end)
{
	static struct rs_sip_msg msg;
	size_t used;

	if (frame->message.p + frame->message.len > end)
		abort();
	/* A header that is none, and equal lengths that stand there twice, are no matter of framing. */
	if (rs_sip_parse(frame->message.p, frame->message.len, true, &msg, &used) == 0 &&
		used != frame->message.len)
		abort();
}

/** @param cut  0: in one piece; else seeds the sizes of the pieces */
static uint64_t
play(const uint8_t *data, size_t size, unsigned pings, unsigned cut)
{
	struct rs_sip_stream s = { 0 };
	size_t from = 0, to = 0, taken = 0;
	uint64_t sum = 0, strays = 0;

	for (unsigned i = 0; i < pings; i++)
		rs_sip_stream_pinged(&s);
	while (to < size) {
		enum rs_sip_stream_event event;
		struct rs_sip_frame frame;
		uint8_t *copy;

		cut = cut != 0 ? (cut * 5 + 7) % 251 + 1 : 0;
		to = cut == 0 || size - to < cut ? size : to + cut;
		copy = malloc(to - from + 1); /* its end is guarded by the sanitizer */
		memcpy(copy + 1, data + from, to - from);
		for (size_t at = 1;; at += frame.used) {
			event = rs_sip_stream_next(
				&s, &limits, copy + at, to - from + 1 - at, &frame);
			if (frame.used > to - from + 1 - at)
				abort();
			strays += frame.strays;
			taken += frame.used;
			if (event == RS_SIP_STREAM_MESSAGE) {
				check_message(&frame, copy + 1 + to - from);
				sum = mix(sum, frame.message.len);
			}
			if (event == RS_SIP_STREAM_MORE || event == RS_SIP_STREAM_ERROR)
				break;
			sum = mix(mix(sum, event), taken);
		}
		free(copy);
		from = taken;
		if (event == RS_SIP_STREAM_ERROR)
			return mix(mix(sum, frame.error), strays);
	}
	return mix(mix(sum, taken), strays);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;

	if (size < 2)
		return 0;
	rs_sip_scan_force_scalar(false);
	whole = play(data + 2, size - 2, data[0] & 3, 0);
	if (play(data + 2, size - 2, data[0] & 3, data[1] + 1u) != whole)
		abort();
	rs_sip_scan_force_scalar(true);
	if (play(data + 2, size - 2, data[0] & 3, 0) != whole)
		abort();
	return 0;
}
