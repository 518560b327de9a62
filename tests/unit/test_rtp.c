/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP packets: what is one, what else comes to a media port, what is wrong with the rest. */
#include <errno.h>

#include "guard.h"
#include "proto/rtp/rtp.h"
#include "proto/rtp/watermark.h"
#include "unit.h"

/** Parses bytes that end at an unreadable page. */
static enum rs_rtp_why
parse(const uint8_t *data, size_t len, struct rs_rtp_packet *p)
{
	struct guard g = guard_new(data, len);
	enum rs_rtp_why why = rs_rtp_parse(g.p, len, p);

	if (why == RS_RTP_OK) {
		/* Where it points must be inside; as offsets it can be looked at later. */
		assert_true(p->payload >= g.p && p->payload + p->payload_len <= g.p + len);
		p->payload = data + (p->payload - g.p);
	}
	guard_free(&g);
	return why;
}

static void
rfc3550_5_1_a_header_reads_as_it_was_written(void **state)
{
	const uint8_t wire[] = { 0x80, 0x88, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04 };
	uint8_t buf[RS_RTP_HEADER_LEN];
	struct rs_rtp_packet p;

	(void)state;
	rs_rtp_write_header(buf, 8 | RS_RTP_MARKER, 0x1234, 0xdeadbeef, 0x01020304);
	assert_memory_equal(buf, wire, sizeof(wire));
	assert_int_equal(parse(buf, sizeof(buf), &p), RS_RTP_OK);
	assert_int_equal(p.pt, 8);
	assert_true(p.marker);
	assert_int_equal(p.seq, 0x1234);
	assert_int_equal(p.timestamp, 0xdeadbeef);
	assert_int_equal(p.ssrc, 0x01020304);
	assert_int_equal(p.payload_len, 0);
	assert_null(p.ext);
}

static void
rfc3550_5_3_1_csrcs_extension_and_padding_are_not_payload(void **state)
{
	const uint8_t wire[] = { 0xb2, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, /* P, X, two CSRCs */
		0, 0, 0, 4, 0, 0, 0, 5, 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0, /* an extension of one word */
		'a', 'b', 'c', 0, 2 };
	struct rs_rtp_packet p;

	(void)state;
	assert_int_equal(parse(wire, sizeof(wire), &p), RS_RTP_OK);
	assert_int_equal(p.csrcs, 2);
	assert_int_equal(p.ext_profile, 0xbede);
	assert_int_equal(p.ext_words, 1);
	assert_int_equal(p.header_len, 28);
	assert_int_equal(p.padding, 2);
	assert_int_equal(p.payload_len, 3);
	assert_memory_equal(p.payload, "abc", 3);
	/* The header alone leaves the padding to whoever decrypts. */
	assert_int_equal(rs_rtp_parse_header(wire, sizeof(wire), &p), RS_RTP_OK);
	assert_int_equal(p.payload_len, 5);
	assert_int_equal(rs_rtp_strip_padding(wire, &p), RS_RTP_OK);
	assert_int_equal(p.payload_len, 3);
}

static void
rfc3550_a_1_what_is_wrong_is_told_by_kind(void **state)
{
	static const struct {
		uint8_t first, second;
		size_t len;
		uint8_t words, last; /* of the extension; the last byte */
		enum rs_rtp_why why;
	} cases[] = {
		{ 0x80, 0, 0, 0, 0, RS_RTP_SHORT },
		{ 0x80, 0, 11, 0, 0, RS_RTP_SHORT },
		{ 0x40, 0, 40, 0, 0, RS_RTP_VERSION },
		{ 0xc0, 0, 40, 0, 0, RS_RTP_VERSION },
		{ 0x8f, 0, 71, 0, 0, RS_RTP_CSRC },
		{ 0x8f, 0, 72, 0, 0, RS_RTP_OK },
		{ 0x90, 0, 15, 0, 0, RS_RTP_EXTENSION },
		{ 0x90, 0, 16, 0, 0, RS_RTP_OK },
		{ 0x90, 0, 19, 1, 0, RS_RTP_EXTENSION },
		{ 0x90, 0, 20, 1, 0, RS_RTP_OK },
		{ 0xa0, 0, 12, 0, 0, RS_RTP_PADDING },
		{ 0xa0, 0, 16, 0, 0, RS_RTP_PADDING },
		{ 0xa0, 0, 16, 0, 5, RS_RTP_PADDING },
		{ 0xa0, 0, 16, 0, 4, RS_RTP_OK },
		{ 0x80, 200, 28, 0, 0, RS_RTP_CONTROL },
		{ 0x80, 192, 28, 0, 0, RS_RTP_CONTROL },
		{ 0x80, 224, 28, 0, 0, RS_RTP_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t wire[80] = { cases[i].first, cases[i].second };
		struct rs_rtp_packet p;

		wire[15] = cases[i].words;
		if (cases[i].last)
			wire[cases[i].len - 1] = cases[i].last;
		if (parse(wire, cases[i].len, &p) != cases[i].why)
			fail_msg("case %zu is not \"%s\"", i, rs_rtp_why_name(cases[i].why));
	}
	for (int why = 0; why < RS_RTP_WHYS; why++)
		assert_string_not_equal(rs_rtp_why_name((enum rs_rtp_why)why), "?");
}

static void
rfc7983_7_and_rfc5761_4_the_first_bytes_say_what_it_is(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++) {
		uint8_t buf[2] = { (uint8_t)first, 0 };
		enum rs_rtp_what want = first <= 3	   ? RS_RTP_IS_STUN
			: first >= 16 && first <= 19	   ? RS_RTP_IS_ZRTP
			: first >= 20 && first <= 63	   ? RS_RTP_IS_DTLS
			: first >= 64 && first <= 79	   ? RS_RTP_IS_TURN
			: first >= 128 && first <= 191 ? RS_RTP_IS_RTP
							   : RS_RTP_IS_OTHER;

		assert_int_equal(rs_rtp_demux(buf, 2), want);
		if (want != RS_RTP_IS_RTP)
			continue;
		for (int second = 0; second < 256; second++) {
			buf[1] = (uint8_t)second;
			assert_int_equal(rs_rtp_demux(buf, 2),
				second >= 192 && second <= 223 ? RS_RTP_IS_RTCP : RS_RTP_IS_RTP);
		}
	}
	assert_int_equal(rs_rtp_demux(NULL, 0), RS_RTP_IS_OTHER);
	assert_int_equal(rs_rtp_demux((const uint8_t *)"\x80", 1), RS_RTP_IS_RTP);
}

/* --- watermarks --- */

#define SECRET 0x0123456789abcdefu

static const struct rs_rtp_watermark sent = {
	.stream = 0x1122334455667705u, .sent_ns = 987654321012u, .seq = 4711, .run = 42, .aux = 7 };

static void
a_watermark_tells_stream_run_sequence_and_time(void **state)
{
	uint8_t buf[RS_RTP_WATERMARK_LEN];
	struct rs_rtp_watermark got;
	struct guard g;

	(void)state;
	rs_rtp_watermark_write(&sent, SECRET, buf);
	g = guard_new(buf, sizeof(buf));
	assert_int_equal(rs_rtp_watermark_read(g.p, g.len, SECRET, 42, &got), RS_RTP_MARK_OK);
	guard_free(&g);
	assert_memory_equal(&got, &sent, sizeof(got));
	assert_int_equal(rs_handle_slot(got.stream), 0x11223344);
	assert_int_equal(rs_handle_generation(got.stream), 0x5566);
	/* Media of another run is told from media of this one. */
	assert_int_equal(rs_rtp_watermark_read(buf, sizeof(buf), SECRET, 43, &got), RS_RTP_MARK_STALE);
	assert_int_equal(got.run, 42);
	assert_int_equal(rs_rtp_watermark_read(buf, sizeof(buf) - 1, SECRET, 42, &got), RS_RTP_MARK_SHORT);
	assert_int_equal(rs_rtp_watermark_read(buf, sizeof(buf), SECRET + 1, 42, &got), RS_RTP_MARK_BROKEN);
}

static void
a_watermark_with_one_bit_changed_does_not_count(void **state)
{
	uint8_t buf[RS_RTP_WATERMARK_LEN];
	struct rs_rtp_watermark got;

	(void)state;
	rs_rtp_watermark_write(&sent, SECRET, buf);
	for (unsigned bit = 0; bit < 8 * RS_RTP_WATERMARK_LEN; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(rs_rtp_watermark_read(buf, sizeof(buf), SECRET, 42, &got),
			bit < 32 ? RS_RTP_MARK_ABSENT : RS_RTP_MARK_BROKEN);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
transcoded_media_has_no_watermark(void **state)
{
	uint8_t payload[160];
	struct rs_rtp_watermark got;
	size_t at = 0;

	(void)state;
	memset(payload, 0xd5, sizeof(payload));
	assert_int_equal(rs_rtp_watermark_read(payload, sizeof(payload), SECRET, 42, &got), RS_RTP_MARK_ABSENT);
	/* From A law to mu law: each byte is another. */
	rs_rtp_watermark_write(&sent, SECRET, payload);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] ^= 0x2a;
	assert_int_equal(rs_rtp_watermark_read(payload, sizeof(payload), SECRET, 42, &got), RS_RTP_MARK_ABSENT);
	assert_int_equal(rs_rtp_watermark_find(payload, sizeof(payload), SECRET, 42, &at, &got), RS_RTP_MARK_ABSENT);
}

static void
in_re_packetised_media_watermarks_can_be_searched(void **state)
{
	uint8_t payload[240];
	struct rs_rtp_watermark second = sent, got;
	struct guard g;
	size_t at = 0;

	(void)state;
	/* 30 ms made of two packets of 20 ms, from the middle of the first on. */
	memset(payload, 'R', sizeof(payload));
	second.seq++;
	rs_rtp_watermark_write(&sent, SECRET, payload);
	rs_rtp_watermark_write(&second, SECRET, payload + 208);
	g = guard_new(payload, sizeof(payload));
	assert_int_equal(rs_rtp_watermark_find(g.p, g.len, SECRET, 42, &at, &got), RS_RTP_MARK_OK);
	assert_int_equal(at, 0);
	assert_int_equal(got.seq, 4711);
	at++;
	assert_int_equal(rs_rtp_watermark_find(g.p, g.len, SECRET, 42, &at, &got), RS_RTP_MARK_OK);
	assert_int_equal(at, 208);
	assert_int_equal(got.seq, 4712);
	at++;
	assert_int_equal(rs_rtp_watermark_find(g.p, g.len, SECRET, 42, &at, &got), RS_RTP_MARK_ABSENT);
	guard_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3550_5_1_a_header_reads_as_it_was_written),
		cmocka_unit_test(rfc3550_5_3_1_csrcs_extension_and_padding_are_not_payload),
		cmocka_unit_test(rfc3550_a_1_what_is_wrong_is_told_by_kind),
		cmocka_unit_test(rfc7983_7_and_rfc5761_4_the_first_bytes_say_what_it_is),
		cmocka_unit_test(a_watermark_tells_stream_run_sequence_and_time),
		cmocka_unit_test(a_watermark_with_one_bit_changed_does_not_count),
		cmocka_unit_test(transcoded_media_has_no_watermark),
		cmocka_unit_test(in_re_packetised_media_watermarks_can_be_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
