/* SPDX-License-Identifier: BSD-3-Clause */
/** Opus from Ogg: pages and their checksums (RFC 3533), the mapping (RFC 7845), packets and frames (RFC 6716). */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "media/payload.h"

struct ogg {
	uint8_t bytes[200000];
	size_t len;
	uint32_t serial, page;
};

static void
le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/** RFC 3533, 6: bit by bit, as it is written there. */
static void
seal(uint8_t *page, size_t len)
{
	uint32_t crc = 0;

	le32(page + 22, 0);
	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)page[i] << 24;
		for (int b = 0; b < 8; b++)
			crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
	}
	le32(page + 22, crc);
}

/** A page of these lacing values and as much of @body as they sum to. */
static void
page(struct ogg *o, unsigned flags, const uint8_t *lacing, size_t n, const void *body)
{
	uint8_t *p = o->bytes + o->len;
	size_t sum = 0;

	memset(p, 0, 27);
	memcpy(p, "OggS", 4);
	p[5] = (uint8_t)flags;
	le32(p + 14, o->serial);
	le32(p + 18, o->page++);
	p[26] = (uint8_t)n;
	memcpy(p + 27, lacing, n);
	for (size_t i = 0; i < n; i++)
		sum += lacing[i];
	if (sum)
		memcpy(p + 27 + n, body, sum);
	o->len += 27 + n + sum;
	seal(p, 27 + n + sum);
}

/** One packet of less than 255 bytes in a page of its own. */
static void
packet(struct ogg *o, unsigned flags, const void *p, size_t len)
{
	uint8_t lacing = (uint8_t)len;

	page(o, flags, &lacing, 1, p);
}

static void
begin(struct ogg *o)
{
	o->len = 0;
	o->serial = 0x1234;
	o->page = 0;
	packet(o, 2, "OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0", 19);
	packet(o, 0, "OpusTags\0\0\0\0\0\0\0\0", 16);
}

static struct ogg o;

static struct rs_payload *
read_ok(unsigned ms)
{
	struct rs_payload_want w = {
		.codec = RS_CODEC_OPUS, .ptime_ns = ms * 1000000ull, .loop = true
	};
	struct guard g = guard_new(o.bytes, o.len);
	struct rs_payload *p = NULL;
	struct rs_err err = { 0 };

	if (rs_payload_read("a.opus", rs_slice_of(g.p, g.len), &w, &p, &err))
		fail_msg("%d: %s", err.code, err.text);
	guard_free(&g);
	return p;
}

static void
refused(unsigned ms, int code, const char *words)
{
	struct rs_payload_want w = { .codec = RS_CODEC_OPUS, .ptime_ns = ms * 1000000ull };
	struct guard g = guard_new(o.bytes, o.len);
	struct rs_payload *p;
	struct rs_err err = { 0 };

	if (rs_payload_read("a.opus", rs_slice_of(g.p, g.len), &w, &p, &err) != code ||
		!strstr(err.text, words))
		fail_msg("%d (not %d) \"%s\" lacks \"%s\"", err.code, code, err.text, words);
	assert_null(p);
	guard_free(&g);
}

static void
frame_is(const struct rs_payload *p, uint64_t k, const void *bytes, size_t len)
{
	const struct rs_frame *f = rs_payload_frame(p, k);

	assert_int_equal(f->len, len);
	assert_memory_equal(rs_payload_bytes(p, f).p, bytes, len);
}

/* TOC: config 1 is SILK, 20 ms; 0x08 with one frame in the packet. */
#define SILK20   "\x08"
#define CELT2_5  "\xe0"
#define HYBRID10 "\x60"

static void
rfc7845_3_packets_come_out_as_they_are(void **state)
{
	struct rs_payload *p;

	begin(&o);
	packet(&o, 0, SILK20 "abc", 4);
	packet(&o, 4, SILK20 "de", 3);
	p = read_ok(20);
	assert_int_equal(p->n_frames, 2);
	assert_int_equal(p->clock_hz, 48000);
	assert_int_equal(p->ts_step, 960);
	frame_is(p, 0, SILK20 "abc", 4);
	frame_is(p, 3, SILK20 "de", 3);
	rs_payload_free(p);
}

static void
rfc3533_5_packets_go_on_over_pages(void **state)
{
	static uint8_t body[1024], want[1024];
	uint8_t lacing[5] = { 4, 255, 255, 255, 255 };
	struct rs_payload *p;

	begin(&o);
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i % 251);
	/* A page that ends within a packet, a page of nothing else but its middle, and one with its end and another packet. */
	body[0] = body[4] = 8;
	page(&o, 0, lacing, 2, body);
	memcpy(want, body + 4, 255);
	page(&o, 1, lacing + 1, 1, body + 300);
	memcpy(want + 255, body + 300, 255);
	page(&o, 1 | 4, (const uint8_t[]){ 0, 3 }, 2, SILK20 "xy");
	p = read_ok(20);
	assert_int_equal(p->n_frames, 3);
	frame_is(p, 0, body, 4);
	frame_is(p, 1, want, 510);
	frame_is(p, 2, SILK20 "xy", 3);
	rs_payload_free(p);
}

static void
rfc6716_3_2_frames_of_all_codes_are_split_and_packed_again(void **state)
{
	struct rs_payload *p;

	begin(&o);
	/* Code 1: two of the same length; code 2: lengths 1 and 3; code 3: CBR, VBR, padding. 10 ms each. */
	packet(&o, 0,
		"\x61"
		"aabb",
		5);
	packet(&o, 0, "\x62\1cddd", 6);
	packet(&o, 0,
		"\x63\x03"
		"eefgh!",
		8);
	packet(&o, 0, "\x63\x83\1\2ijjkkk", 10);
	packet(&o, 0, "\x63\x42\3lm\0\0\0", 8);
	p = read_ok(10);
	assert_int_equal(p->n_frames, 12);
	frame_is(p, 0, HYBRID10 "aa", 3);
	frame_is(p, 2, HYBRID10 "c", 2);
	frame_is(p, 3, HYBRID10 "ddd", 4);
	frame_is(p, 6, HYBRID10 "h!", 3);
	frame_is(p, 9, HYBRID10 "kkk", 4);
	frame_is(p, 10, HYBRID10 "l", 2);
	rs_payload_free(p);
	p = read_ok(20);
	frame_is(p, 0,
		"\x61"
		"aabb",
		5);
	frame_is(p, 1, "\x62\1cddd", 6);
	frame_is(p, 2,
		"\x61"
		"eefg",
		5);
	frame_is(p, 5, "\x61lm", 3);
	rs_payload_free(p);
	p = read_ok(60);
	assert_int_equal(p->n_frames, 2);
	frame_is(p, 0,
		"\x63\x86\2\2\1\3\2"
		"aabbcdddeefg",
		19);
	rs_payload_free(p);
	p = read_ok(30);
	frame_is(p, 3, "\x63\x83\3\1kkklm", 9);
	rs_payload_free(p);
}

static void
rfc6716_3_2_1_long_lengths_are_two_bytes(void **state)
{
	static uint8_t frame[1 + 300];
	uint8_t want[604] = { 0x0a, 252 + (300 & 3), (300 - 252) >> 2 };
	struct rs_payload *p;

	begin(&o);
	memset(frame, 0x77, sizeof(frame));
	frame[0] = 8;
	page(&o, 0, (const uint8_t[]){ 255, 46 }, 2, frame);
	packet(&o, 0, frame, 11);
	p = read_ok(40);
	memset(want + 3, 0x77, 310);
	frame_is(p, 0, want, 313);
	rs_payload_free(p);
	/* And read again. */
	begin(&o);
	page(&o, 0, (const uint8_t[]){ 255, 58 }, 2, want);
	p = read_ok(20);
	assert_int_equal(p->frames[0].len, 301);
	assert_int_equal(p->frames[1].len, 11);
	rs_payload_free(p);
}

static void
rfc6716_3_1_durations_are_the_tocs(void **state)
{
	static const uint32_t us100[32] = { 100, 200, 400, 600, 100, 200, 400, 600, 100, 200, 400,
		600, 100, 200, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25,
		50, 100, 200 };

	for (unsigned config = 0; config < 32; config++) {
		uint8_t bytes[2] = { (uint8_t)(config << 3), 'x' };
		unsigned ms = us100[config] < 100 ? 10 : us100[config] / 10;
		struct rs_payload *p;

		begin(&o);
		for (unsigned i = 0; i < 8; i++)
			packet(&o, 0, bytes, 2);
		p = read_ok(ms);
		assert_int_equal(p->n_frames, us100[config] < 100 ? 8 * us100[config] / 100 : 8);
		rs_payload_free(p);
		/* Without a ptime: 20 ms, or a frame. */
		p = read_ok(0);
		assert_int_equal(
			p->ptime_ns, us100[config] > 200 ? us100[config] * 100000ull : 20000000);
		rs_payload_free(p);
		if (us100[config] > 100)
			refused(10, -ENOTSUP, "no packets of 10 ms");
	}
}

static void
frames_that_do_not_go_together_are_refused(void **state)
{
	begin(&o);
	packet(&o, 0, SILK20 "a", 2);
	packet(&o, 0,
		"\x48"
		"b",
		2); /* wideband */
	refused(40, -ENOTSUP, "changes its mode (TOC 0x08 to 0x48)");
	rs_payload_free(read_ok(20));
	begin(&o);
	packet(&o, 0, SILK20 "a", 2);
	packet(&o, 0, CELT2_5 "b", 2);
	refused(20, -ENOTSUP, "Opus packet 2 has frames of 2.5 ms, those before had 20");
}

static void
rfc6716_3_4_packets_against_the_rules_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *words;
	} bad[] = {
		{ "", 0, "R1" },
		{ "\x09"
		  "abc",
			4, "R3" },
		{ "\x0a", 1, "R4" },
		{ "\x0a\xfc", 2, "R4" },
		{ "\x0a\5abc", 5, "R4" },
		{ "\x0b", 1, "R6" },
		{ "\x0b\0", 2, "R5" },
		{ "\x0b\x07"
		  "abcdefg",
			9, "R5" },
		{ "\x0b\x02"
		  "abc",
			5, "R6" },
		{ "\x0b\x42\x09"
		  "ab",
			5, "R6" },
		{ "\x0b\x42\xff", 3, "R6" },
		{ "\x0b\x82\5ab", 5, "R7" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&o);
		packet(&o, 0, bad[i].bytes, bad[i].len);
		refused(20, -EBADMSG, bad[i].words);
		refused(20, -EBADMSG, "Opus packet 1");
	}
}

static void
a_page_that_was_damaged_or_lost_is_told(void **state)
{
	size_t first, second;

	begin(&o);
	first = o.len;
	packet(&o, 0, SILK20 "abc", 4);
	second = o.len;
	packet(&o, 0, SILK20 "abc", 4);
	for (size_t i = first + 5; i < second; i++) {
		o.bytes[i] ^= 0x10;
		refused(20, -EBADMSG, "at byte");
		o.bytes[i] ^= 0x10;
	}
	o.bytes[second - 1] ^= 1;
	refused(20, -EBADMSG, "checksum");
	o.bytes[second - 1] ^= 1;
	memmove(o.bytes + first, o.bytes + second, o.len - second);
	o.len -= second - first;
	refused(20, -EBADMSG, "page 3 follows where 2 is due");
}

static void
a_file_cut_anywhere_is_refused_or_shorter(void **state)
{
	size_t ends[4], n = 0;

	begin(&o);
	packet(&o, 0, SILK20 "abc", 4);
	ends[n++] = o.len;
	packet(&o, 0, SILK20 "abc", 4);
	ends[n++] = o.len;
	for (size_t len = o.len; len > 0; len--) {
		struct rs_payload_want w = { .codec = RS_CODEC_OPUS, .ptime_ns = 20000000 };
		struct guard g = guard_new(o.bytes, len);
		struct rs_payload *p;
		int rc = rs_payload_read("a.opus", rs_slice_of(g.p, g.len), &w, &p, NULL);

		assert_true((rc == 0) == (len == ends[0] || len == ends[1]));
		rs_payload_free(p);
		guard_free(&g);
	}
}

static void
what_is_no_single_opus_stream_is_refused(void **state)
{
	begin(&o);
	refused(20, -ENODATA, "less than one packet");
	o.len = 0;
	o.page = 0;
	packet(&o, 2, "\1vorbis.....", 12);
	refused(20, -ENOTSUP, "without Opus");
	o.len = 0;
	o.page = 0;
	packet(&o, 2, "OpusHead\1\6\0\0\0\0\0\0\0\0\1", 19);
	refused(20, -ENOTSUP, "mapping family 1");
	o.len = 0;
	o.page = 0;
	packet(&o, 2, "OpusHead\x11\1\0\0\0\0\0\0\0\0\0", 19);
	refused(20, -EBADMSG, "version 17");
	o.len = 0;
	o.page = 0;
	packet(&o, 2, "OpusHead\1\1\0\0\0\0\0\0\0\0\0", 19);
	packet(&o, 0, SILK20 "abc", 4);
	refused(20, -EBADMSG, "no OpusTags");
	begin(&o);
	packet(&o, 4, SILK20 "abc", 4);
	o.page = 0;
	packet(&o, 2, "OpusHead\1\1\0\0\0\0\0\0\0\0\0", 19);
	refused(20, -ENOTSUP, "chained");
}

static void
pages_of_other_streams_are_passed_over(void **state)
{
	struct rs_payload *p;
	uint32_t next;

	begin(&o);
	next = o.page;
	o.serial = 99;
	o.page = 0;
	packet(&o, 2, "video", 5);
	o.serial = 0x1234;
	o.page = next;
	packet(&o, 0, SILK20 "abc", 4);
	p = read_ok(20);
	assert_int_equal(p->n_frames, 1);
	rs_payload_free(p);
}

static void
packets_that_do_not_fit_an_mtu_are_refused(void **state)
{
	static uint8_t frame[1200];

	begin(&o);
	frame[0] = 8;
	for (int i = 0; i < 2; i++)
		page(&o, 0, (const uint8_t[]){ 255, 255, 255, 255, 180 }, 5, frame);
	rs_payload_free(read_ok(20));
	refused(40, -EMSGSIZE, "more than the 1400 that fit");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc7845_3_packets_come_out_as_they_are),
		cmocka_unit_test(rfc3533_5_packets_go_on_over_pages),
		cmocka_unit_test(rfc6716_3_2_frames_of_all_codes_are_split_and_packed_again),
		cmocka_unit_test(rfc6716_3_2_1_long_lengths_are_two_bytes),
		cmocka_unit_test(rfc6716_3_1_durations_are_the_tocs),
		cmocka_unit_test(frames_that_do_not_go_together_are_refused),
		cmocka_unit_test(rfc6716_3_4_packets_against_the_rules_are_refused),
		cmocka_unit_test(a_page_that_was_damaged_or_lost_is_told),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_or_shorter),
		cmocka_unit_test(what_is_no_single_opus_stream_is_refused),
		cmocka_unit_test(pages_of_other_streams_are_passed_over),
		cmocka_unit_test(packets_that_do_not_fit_an_mtu_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
