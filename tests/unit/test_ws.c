/* SPDX-License-Identifier: BSD-3-Clause */
/* WebSocket frames (RFC 6455, 5 to 7): read in any pieces, refused with the right code, built. */
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "proto/ws/ws.h"
#include "unit.h"

#define MAX 100000

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

/** What a connection told, one line an event. */
static char said[4096];

static void
tell(enum rs_ws_event event, const struct rs_ws_frame *f)
{
	char *out = said + strlen(said);
	size_t room = sizeof(said) - strlen(said);
	int len = (int)f->payload.len;
	const char *text = len != 0 ? (const char *)f->payload.p : "";

	switch (event) {
	case RS_WS_MESSAGE:
		if (len > 64)
			snprintf(out, room, "%s of %d\n",
				f->opcode == RS_WS_TEXT ? "text" : "binary", len);
		else
			snprintf(out, room, "%s %.*s\n",
				f->opcode == RS_WS_TEXT ? "text" : "binary", len, text);
		break;
	case RS_WS_PING: snprintf(out, room, "ping %.*s\n", len, text); break;
	case RS_WS_PONG: snprintf(out, room, "pong %.*s\n", len, text); break;
	case RS_WS_CLOSE: snprintf(out, room, "close %u %.*s\n", f->code, len, text); break;
	case RS_WS_ERROR:
		snprintf(out, room, "%u %s\n", rs_ws_error_code(f->error),
			rs_ws_error_name(f->error));
		break;
	default: break;
	}
}

/** Feed @len bytes in pieces; each time what is there ends at an unreadable page. @return bytes left */
static size_t
play(const uint8_t *data, size_t len, size_t piece, bool server)
{
	static uint8_t kept[200000];
	size_t n = 0, at = 0;
	enum rs_ws_event event = RS_WS_MORE;
	struct rs_ws_frame f;
	struct rs_ws w;

	said[0] = '\0';
	rs_ws_init(&w, server);
	while (at < len && event != RS_WS_ERROR) {
		size_t add = len - at < piece ? len - at : piece, from = 0;
		struct guard g;

		memcpy(kept + n, data + at, add);
		n += add;
		at += add;
		g = guard_new(kept, n);
		do {
			event = rs_ws_next(&w, g.p + from, n, MAX, &f);
			assert_true(f.used + f.left <= n);
			if (f.payload.len != 0)
				assert_true(f.payload.p >= g.p &&
					f.payload.p + f.payload.len <= g.p + g.len);
			tell(event, &f);
			from += f.used;
			n = f.left;
		} while (event != RS_WS_MORE && event != RS_WS_ERROR);
		if (event == RS_WS_MORE && n != 0)
			assert_true(f.need != 0);
		memcpy(kept, g.p + from, n);
		guard_free(&g);
	}
	return n;
}

static void
assert_played(const uint8_t *data, size_t len, bool server, const char *expect)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 2, 3, 5, 16, 100, 1460 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (int scalar = 0; scalar < 2; scalar++) {
			rs_ws_mask_force_scalar(scalar != 0);
			play(data, len, pieces[i], server);
			if (strcmp(said, expect) != 0)
				fail_msg("in pieces of %zu: \"%s\", not \"%s\"", pieces[i], said,
					expect);
		}
	rs_ws_mask_force_scalar(false);
}

#define assert_client(bytes, expect)                                                               \
	assert_played((const uint8_t *)(bytes), sizeof(bytes) - 1, false, expect)
#define assert_server(bytes, expect)                                                               \
	assert_played((const uint8_t *)(bytes), sizeof(bytes) - 1, true, expect)

/* RFC 6455, 5.7. */
static void
the_examples_of_the_rfc(void **state)
{
	static uint8_t big[10 + 65536];

	(void)state;
	assert_client("\x81\x05Hello", "text Hello\n");
	assert_server("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "text Hello\n");
	assert_client("\x01\x03Hel\x80\x02lo", "text Hello\n");
	assert_client("\x89\x05Hello", "ping Hello\n");
	assert_server("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "pong Hello\n");
	memcpy(big, "\x82\x7e\x01\x00", 4);
	assert_played(big, 4 + 256, false, "binary of 256\n");
	memcpy(big, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
	assert_played(big, 10 + 65536, false, "binary of 65536\n");
}

static void
several_frames_in_a_segment(void **state)
{
	(void)state;
	assert_client("\x81\x01"
		      "a\x89\x00\x82\x01"
		      "b\x8a\x00\x81\x00",
		"text a\nping \nbinary b\npong \ntext \n");
}

/* RFC 6455, 5.4. */
static void
control_frames_between_fragments(void **state)
{
	(void)state;
	assert_client("\x01\x02"
		      "ab\x89\x01x\x00\x02"
		      "cd\x8a\x01y\x89\x01z\x00\x00\x80\x02"
		      "ef\x82\x02gh",
		"ping x\npong y\nping z\ntext abcdef\nbinary gh\n");
	assert_client("\x01\x00\x89\x00\x80\x00", "ping \ntext \n");
	assert_client("\x01\x01"
		      "a\x88\x02\x03\xe8",
		"close 1000 \n");
}

static void
every_length_masked_and_not(void **state)
{
	static uint8_t data[70100];
	uint8_t payload[70000];

	(void)state;
	for (size_t len = 0; len <= 70000; len += len < 140 ? 1 : len < 600 ? 37 : 9871) {
		for (int server = 0; server < 2; server++) {
			struct rs_ws_frame f;
			struct rs_ws w;
			uint8_t *p = data + RS_WS_HEADROOM, *frame;
			size_t total = rs_ws_header_len(len, server) + len;
			struct guard g;

			for (size_t i = 0; i < len; i++)
				p[i] = payload[i] = (uint8_t)(i * 7 + len);
			frame = rs_ws_wrap(p, len, RS_WS_BINARY, true, server ? key : NULL);
			assert_int_equal(p + len - frame, total);
			g = guard_new(frame, total);
			rs_ws_init(&w, server != 0);
			assert_int_equal(rs_ws_next(&w, g.p, total, MAX, &f), RS_WS_MESSAGE);
			assert_int_equal(f.used, total);
			assert_int_equal(f.left, 0);
			assert_int_equal(f.payload.len, len);
			if (len != 0)
				assert_memory_equal(f.payload.p, payload, len);
			guard_free(&g);
		}
	}
}

static void
all_kernels_mask_alike(void **state)
{
	(void)state;
	for (size_t len = 0; len < 200; len++) {
		struct guard a = guard_new(NULL, len), b = guard_new(NULL, len);

		for (size_t i = 0; i < len; i++)
			a.p[i] = b.p[i] = (uint8_t)(i * 31);
		rs_ws_mask(a.p, len, key);
		rs_ws_mask_force_scalar(true);
		assert_string_equal(rs_ws_mask_name(), "scalar");
		rs_ws_mask(b.p, len, key);
		rs_ws_mask_force_scalar(false);
		assert_memory_equal(a.p, b.p, len);
		if (len > 5)
			assert_int_equal(a.p[5], (uint8_t)(5 * 31) ^ key[1]);
		guard_free(&a);
		guard_free(&b);
	}
}

/* RFC 6455, 5.1, 5.2, 5.4, 5.5. */
static void
what_is_refused_with_1002(void **state)
{
	(void)state;
	assert_server("\x81\x05Hello", "1002 unmasked\n");
	assert_client("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "1002 masked\n");
	assert_client("\xc1\x00", "1002 reserved bit\n");
	assert_client("\xa1\x00", "1002 reserved bit\n");
	assert_client("\x91\x00", "1002 reserved bit\n");
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		uint8_t data[2] = { (uint8_t)(0x80 | opcode), 0 };

		if ((opcode > 2 && opcode < 8) || opcode > 10)
			assert_played(data, 2, false, "1002 reserved opcode\n");
	}
	assert_client("\x89\x7e", "1002 control frame too long\n");
	assert_client("\x88\x7f", "1002 control frame too long\n");
	assert_client("\x09\x00", "1002 control frame in fragments\n");
	assert_client("\x80\x00", "1002 continuation of nothing\n");
	assert_client("\x81\x00\x00\x00", "text \n1002 continuation of nothing\n");
	assert_client("\x01\x00\x81\x00", "1002 message inside a message\n");
	assert_client("\x82\x7e\x00\x7d", "1002 bad length\n");
	assert_client("\x82\x7f\0\0\0\0\0\0\xff\xff", "1002 bad length\n");
	assert_client("\x82\x7f\x80\0\0\0\0\0\0\0", "1002 bad length\n");
}

/* RFC 6455, 7.4.1: told before the payload has come. */
static void
messages_that_are_too_big(void **state)
{
	static uint8_t data[4 * 40004];

	(void)state;
	assert_client("\x82\x7f\0\0\0\0\0\x01\x86\xa1", "1009 message too big\n"); /* MAX + 1 */
	assert_client("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "1009 message too big\n");
	for (int i = 0; i < 3; i++)
		memcpy(data + i * 40004, i == 0 ? "\x02\x7e\x9c\x40" : "\x00\x7e\x9c\x40", 4);
	assert_played(data, 2 * 40004 + 4, false, "1009 message too big\n");
}

/* RFC 6455, 5.5.1 and 7.4. */
static void
closing(void **state)
{
	static const unsigned bad[] = { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 };
	static const unsigned good[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
		1014, 3000, 4999 };
	char expect[64];

	(void)state;
	assert_client("\x88\x00\x81\x01x", "close 1005 \n");
	assert_client("\x88\x05\x03\xe9"
		      "bye",
		"close 1001 bye\n");
	assert_client("\x88\x01\x03", "1002 bad close\n");
	assert_client("\x88\x03\x03\xe8\xff", "1007 not UTF-8\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_played((uint8_t[]){ 0x88, 2, (uint8_t)(bad[i] >> 8), (uint8_t)bad[i] }, 4,
			false, "1002 bad close\n");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(expect, sizeof(expect), "close %u \n", good[i]);
		assert_played((uint8_t[]){ 0x88, 2, (uint8_t)(good[i] >> 8), (uint8_t)good[i] }, 4,
			false, expect);
	}
}

static void
a_close_is_written(void **state)
{
	uint8_t out[RS_WS_CONTROL_MAX];
	char reason[256];

	(void)state;
	assert_int_equal(rs_ws_close_payload(0, rs_slice_str("x"), out), 0);
	assert_int_equal(rs_ws_close_payload(1001, rs_slice_str("bye"), out), 5);
	assert_memory_equal(out,
		"\x03\xe9"
		"bye",
		5);
	/* Cut at the end of a character. */
	memset(reason, 'a', sizeof(reason));
	memcpy(reason + 122, "\xc3\xa9", 2);
	assert_int_equal(rs_ws_close_payload(1000, rs_slice_of(reason, 200), out), 2 + 122);
	assert_true(rs_ws_utf8(rs_slice_of(out + 2, 122)));
}

/* RFC 6455, 8.1; RFC 3629, 3 and 4. */
static void
text_is_utf8(void **state)
{
	static const char *const good[] = {
		"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
		"0123456789012345678901234567890123456789\xc3\xa9 0123456789012345678901234567890"
	};
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2",
		"\xc2"
		"a",
		"\xe0\x9f\xbf", "\xe1\x80",
		"\xe1\x80"
		"a",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"0123456789012345678901234567890123456789\xc3", "\xfe" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct guard g = guard_new(good[i], strlen(good[i]));

		assert_true(rs_ws_utf8(rs_slice_of(g.p, g.len)));
		guard_free(&g);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct guard g = guard_new(bad[i], strlen(bad[i]));

		if (rs_ws_utf8(rs_slice_of(g.p, g.len)))
			fail_msg("bad text %zu is taken", i);
		guard_free(&g);
	}
	assert_client("\x81\x02\xc3\xa9", "text \xc3\xa9\n");
	assert_client("\x81\x01\xc3", "1007 not UTF-8\n");
	assert_client("\x82\x01\xc3", "binary \xc3\n");
	/* A character may lie in two fragments. */
	assert_client("\x01\x01\xc3\x80\x01\xa9", "text \xc3\xa9\n");
}

static void
an_error_stays_and_nothing_is_read_after_a_close(void **state)
{
	uint8_t data[] = "\x88\x00\x81\x01x";
	struct rs_ws_frame f;
	struct rs_ws w;

	(void)state;
	rs_ws_init(&w, false);
	assert_int_equal(rs_ws_next(&w, data, 2, MAX, &f), RS_WS_CLOSE);
	assert_int_equal(rs_ws_next(&w, data + 2, 3, MAX, &f), RS_WS_MORE);
	assert_int_equal(f.used, 3);
	assert_int_equal(f.left, 0);
	rs_ws_init(&w, true);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rs_ws_next(&w, data, 2, MAX, &f), RS_WS_ERROR);
		assert_int_equal(f.error, RS_WS_UNMASKED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfc),
		cmocka_unit_test(several_frames_in_a_segment),
		cmocka_unit_test(control_frames_between_fragments),
		cmocka_unit_test(every_length_masked_and_not),
		cmocka_unit_test(all_kernels_mask_alike),
		cmocka_unit_test(what_is_refused_with_1002),
		cmocka_unit_test(messages_that_are_too_big),
		cmocka_unit_test(closing),
		cmocka_unit_test(a_close_is_written),
		cmocka_unit_test(text_is_utf8),
		cmocka_unit_test(an_error_stays_and_nothing_is_read_after_a_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
