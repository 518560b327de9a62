/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench_stream [--json FILE]
 *
 * Cycles to find a SIP message on a stream, beside those to parse it, and to take a message out of a
 * WebSocket frame. Each sample is over messages of different lengths in an order that does not repeat
 * soon. Keys: frame_*: rs_sip_stream_next(); *_scalar: without vectors; *_byte: fed byte by byte, a
 * byte; mask_*: rs_ws_mask(); ws_*: a masked text frame read, checked for UTF-8 included.
 */
#include "bench.h"
#include "proto/sip/msg.h"
#include "proto/sip/stream.h"
#include "proto/ws/ws.h"

#define MESSAGES 64
#define ROUNDS   1001
#define ROUND    64 /* messages of one sample */

struct corpus {
	uint8_t text[MESSAGES][RS_WS_HEADROOM + 1400];
	size_t len[MESSAGES];
	size_t bytes;
};

static struct corpus invites, ringings;
static uint64_t samples[ROUNDS];
static uint32_t drawn = 1;

static uint32_t
draw(uint32_t bound)
{
	drawn = drawn * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(drawn >> 8) * bound >> 24);
}

static void
fill(struct corpus *c, bool invite)
{
	c->bytes = 0;
	for (int i = 0; i < MESSAGES; i++) {
		char *out = (char *)c->text[i] + RS_WS_HEADROOM, body[512] = "";
		size_t room = sizeof(c->text[i]) - RS_WS_HEADROOM;
		unsigned user = draw(10000000), port = 1024 + draw(60000);
		int blanks = (int)draw(30);

		if (invite)
			snprintf(body, sizeof(body),
				"v=0\r\no=- %u %u IN IP4 198.18.4.7\r\ns=-\r\nc=IN IP4 198.18.4.7\r\nt=0 0\r\n"
				"m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
				"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n",
				user, user, port);
		c->len[i] = (size_t)snprintf(out, room,
			"%s%u%s\r\nVia: SIP/2.0/TCP 198.18.4.%u:%u;branch=z9hG4bK%032u\r\n"
			"Max-Forwards: 70\r\nFrom: \"%*s\" <sip:u%u@example.test>;tag=%08x\r\n"
			"To: <sip:+1555%07u@198.18.0.1:5060>\r\nCall-ID: %016x@198.18.4.7\r\n"
			"CSeq: %u INVITE\r\nContact: <sip:u%u@198.18.4.7:%u;transport=tcp>\r\n"
			"%sContent-Length: %zu\r\n\r\n%s",
			invite ? "INVITE sip:+1555" : "SIP/2.0 18", invite ? user : 0,
			invite ? "@198.18.0.1 SIP/2.0" : " Ringing", user % 250, port, user, blanks,
			"x", user, user * 7, user, user * 3, user % 1000, user, port,
			invite ? "Supported: timer, 100rel\r\nContent-Type: application/sdp\r\n"
			       : "",
			strlen(body), body);
		c->bytes += c->len[i];
	}
}

static void
check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_stream: %s\n", what);
		exit(1);
	}
}

static double
measure_frame(const struct corpus *c)
{
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = rs_bench_tsc();

		for (int i = 0; i < ROUND; i++) {
			uint32_t k = draw(MESSAGES);
			struct rs_sip_stream s = { 0 };
			struct rs_sip_frame f;

			check(rs_sip_stream_next(&s, &rs_sip_stream_limits,
				      c->text[k] + RS_WS_HEADROOM, c->len[k],
				      &f) == RS_SIP_STREAM_MESSAGE,
				"a message is not found");
		}
		samples[round] = rs_bench_tsc() - start;
	}
	return rs_bench_median(samples, ROUNDS) / ROUND;
}

/* A byte, when bytes come one by one. */
static double
measure_bytes(const struct corpus *c)
{
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t k = draw(MESSAGES);
		struct rs_sip_stream s = { 0 };
		struct rs_sip_frame f;
		uint64_t start = rs_bench_tsc();

		for (size_t n = 1; n <= c->len[k]; n++)
			rs_sip_stream_next(
				&s, &rs_sip_stream_limits, c->text[k] + RS_WS_HEADROOM, n, &f);
		samples[round] = (rs_bench_tsc() - start) * 100 / c->len[k];
		check(f.message.len == c->len[k], "a message is not found byte by byte");
	}
	return rs_bench_median(samples, ROUNDS) / 100;
}

static double
measure_parse(const struct corpus *c)
{
	static struct rs_sip_msg msg;
	size_t used;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = rs_bench_tsc();

		for (int i = 0; i < ROUND; i++) {
			uint32_t k = draw(MESSAGES);

			check(rs_sip_parse(c->text[k] + RS_WS_HEADROOM, c->len[k], false, &msg,
				      &used) == 0,
				"a message does not parse");
		}
		samples[round] = rs_bench_tsc() - start;
	}
	return rs_bench_median(samples, ROUNDS) / ROUND;
}

static double
measure_mask(size_t len)
{
	static uint8_t bytes[65536];
	const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = rs_bench_tsc();

		rs_ws_mask(bytes, len, key);
		samples[round] = rs_bench_tsc() - start;
	}
	return rs_bench_median(samples, ROUNDS);
}

/* Frames are made outside of the measured time. */
static double
measure_ws(struct corpus *c)
{
	const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

	for (int round = 0; round < ROUNDS; round++) {
		uint8_t *frames[MESSAGES];
		uint64_t start;

		for (int i = 0; i < MESSAGES; i++)
			frames[i] = rs_ws_wrap(
				c->text[i] + RS_WS_HEADROOM, c->len[i], RS_WS_TEXT, true, key);
		start = rs_bench_tsc();
		for (int i = 0; i < MESSAGES; i++) {
			struct rs_ws_frame f;
			struct rs_ws w;

			rs_ws_init(&w, true);
			check(rs_ws_next(&w, frames[i],
				      c->len[i] + rs_ws_header_len(c->len[i], true), 65536,
				      &f) == RS_WS_MESSAGE,
				"a frame is not read");
		}
		samples[round] = rs_bench_tsc() - start;
	}
	return rs_bench_median(samples, ROUNDS) / MESSAGES;
}

int
main(int argc, char **argv)
{
	struct rs_bench b;

	if (rs_bench_begin(&b, "stream", argc, argv) != 0)
		return 2;
	fill(&invites, true);
	fill(&ringings, false);
	rs_bench_figure(&b, "invite_bytes", (double)invites.bytes / MESSAGES, "bytes");
	rs_bench_figure(&b, "ringing_bytes", (double)ringings.bytes / MESSAGES, "bytes");
	rs_bench_figure(&b, "frame_invite", measure_frame(&invites), "cycles");
	rs_bench_figure(&b, "frame_ringing", measure_frame(&ringings), "cycles");
	rs_bench_figure(&b, "parse_invite", measure_parse(&invites), "cycles");
	rs_bench_figure(&b, "parse_ringing", measure_parse(&ringings), "cycles");
	rs_bench_figure(&b, "frame_invite_byte", measure_bytes(&invites), "cycles");
	rs_sip_scan_force_scalar(true);
	rs_bench_figure(&b, "frame_invite_scalar", measure_frame(&invites), "cycles");
	rs_sip_scan_force_scalar(false);
	rs_bench_figure(&b, "mask_500", measure_mask(500), "cycles");
	rs_bench_figure(&b, "mask_1400", measure_mask(1400), "cycles");
	rs_bench_figure(&b, "mask_65536", measure_mask(65536), "cycles");
	rs_ws_mask_force_scalar(true);
	rs_bench_figure(&b, "mask_500_scalar", measure_mask(500), "cycles");
	rs_bench_figure(&b, "mask_65536_scalar", measure_mask(65536), "cycles");
	rs_ws_mask_force_scalar(false);
	rs_bench_figure(&b, "ws_invite", measure_ws(&invites), "cycles");
	rs_bench_figure(&b, "ws_ringing", measure_ws(&ringings), "cycles");
	return rs_bench_end(&b);
}
