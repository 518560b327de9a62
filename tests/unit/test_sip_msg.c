/* SPDX-License-Identifier: BSD-3-Clause */
/* rs_sip_parse: start lines, the header index, framing on datagrams and streams, and that all
 * kernels give the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "proto/sip/scan.h"
#include "sip_touch.h"
#include "unit.h"

#define VIA "Via: SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bKabc\r\n"
#define INVITE                                                                                     \
	"INVITE sip:bob@198.18.0.2 SIP/2.0\r\n" VIA "Max-Forwards: 70\r\n"                         \
	"From: \"Al, ice\" <sip:alice@example.test;x=y>;tag=f1\r\nTo: <sip:bob@example.test>\r\n"  \
	"Call-ID: c1@198.18.0.1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@198.18.0.1:5060>\r\n"

static struct rs_sip_msg msg;
static size_t used;

/** Parse a text that ends at an unreadable page; slices are compared before it goes, see
 * assert_value(). */
static int
parse_bytes(const void *data, size_t len, bool stream)
{
	static struct guard g;

	if (g.map != NULL)
		guard_free(&g);
	g = guard_new(data, len);
	return rs_sip_parse(g.p, len, stream, &msg, &used);
}

static int
parse(const char *text)
{
	return parse_bytes(text, strlen(text), false);
}

static int
parse_stream(const char *text)
{
	return parse_bytes(text, strlen(text), true);
}

static void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len,
			s.p != NULL ? (const char *)s.p : "", text);
}

static void
a_request_line_gives_method_and_uri(void **state)
{
	(void)state;
	assert_int_equal(parse(INVITE "\r\n"), 0);
	assert_int_equal(msg.status, 0);
	assert_int_equal(msg.method, RS_SIP_INVITE);
	assert_slice(msg.method_text, "INVITE");
	assert_slice(msg.uri, "sip:bob@198.18.0.2");
	assert_null(msg.reason.p);
	assert_int_equal(msg.n_headers, 7);
	assert_int_equal(used, sizeof(INVITE "\r\n") - 1);

	assert_int_equal(parse("PING tel:+1555 sip/2.0\r\n\r\n"), 0);
	assert_int_equal(msg.method, RS_SIP_OTHER);
	assert_slice(msg.method_text, "PING");
	/* Method names are case-sensitive. */
	assert_int_equal(parse("invite sip:a@b SIP/2.0\r\n\r\n"), 0);
	assert_int_equal(msg.method, RS_SIP_OTHER);
	/* Another version is answered with 505, so it must parse. */
	assert_int_equal(parse("OPTIONS sip:a@b SIP/17.3\r\n\r\n"), 0);
}

static void
a_status_line_gives_code_and_reason(void **state)
{
	(void)state;
	assert_int_equal(parse("SIP/2.0 180 Ring ing\r\n" VIA "\r\n"), 0);
	assert_int_equal(msg.status, 180);
	assert_int_equal(msg.method, RS_SIP_OTHER);
	assert_slice(msg.reason, "Ring ing");
	assert_null(msg.uri.p);
	assert_null(msg.method_text.p);
	assert_int_equal(parse("sip/2.0 699 \r\n" VIA "\r\n"), 0);
	assert_int_equal(msg.status, 699);
	assert_int_equal(msg.reason.len, 0);
	assert_int_equal(parse("SIP/2.0 200\r\n" VIA "\r\n"), 0);
	assert_int_equal(msg.status, 200);
}

static void
what_is_not_sip_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\r\n\r\n",
		"\r\n",
		"hello\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"INVITE SIP/2.0\r\n\r\n",
		"INVITE  SIP/2.0\r\n\r\n",
		" INVITE sip:a@b SIP/2.0\r\n\r\n",
		"INV(TE sip:a@b SIP/2.0\r\n\r\n",
		"INVITE sip:a@b\r\n\r\n",
		"INVITE sip:a@bSIP/2.0\r\n\r\n",
		"SIP/2.0 99 x\r\n\r\n",
		"SIP/2.0 700 x\r\n\r\n",
		"SIP/2.0 2000 x\r\n\r\n",
		"SIP/2.0 2x0 x\r\n\r\n",
		"SIP/2.0  200 x\r\n\r\n",
		"SIP/3.0 200 x\r\n\r\n",
		"SIP/2.0 200x\r\n\r\n",
		"SIP/2.0\r\n\r\n",
		/* header lines */
		INVITE "no colon\r\n\r\n",
		INVITE ": no name\r\n\r\n",
		"INVITE sip:a@b SIP/2.0\r\n folded start line\r\n\r\n",
		"INVITE sip:a@b SIP/2.0\r\nA-name-of-more-than-thirty-two-characters-and-no-colon\r\n\r\n",
		/* the header section does not end */
		INVITE,
		INVITE "\r",
		"INVITE sip:a@b SIP/2.0",
		"INVITE sip:a@b SIP/2.0\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i]) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
}

static void
headers_are_known_by_long_and_compact_name_in_any_case(void **state)
{
	static const struct {
		const char *line;
		int id;
	} known[] = {
		{ "v", RS_HDR_VIA },
		{ "f", RS_HDR_FROM },
		{ "t", RS_HDR_TO },
		{ "i", RS_HDR_CALL_ID },
		{ "m", RS_HDR_CONTACT },
		{ "l", RS_HDR_CONTENT_LENGTH },
		{ "c", RS_HDR_CONTENT_TYPE },
		{ "k", RS_HDR_SUPPORTED },
		{ "s", RS_HDR_SUBJECT },
		{ "r", RS_HDR_REFER_TO },
		{ "b", RS_HDR_REFERRED_BY },
		{ "o", RS_HDR_EVENT },
		{ "e", RS_HDR_CONTENT_ENCODING },
		{ "u", RS_HDR_ALLOW_EVENTS },
		{ "a", RS_HDR_ACCEPT_CONTACT },
		{ "j", RS_HDR_REJECT_CONTACT },
		{ "d", RS_HDR_REQUEST_DISPOSITION },
		{ "y", RS_HDR_IDENTITY },
		{ "x", RS_HDR_SESSION_EXPIRES },
		{ "V", RS_HDR_VIA },
		{ "cSeQ", RS_HDR_CSEQ },
		{ "CONTENT-LENGTH", RS_HDR_CONTENT_LENGTH },
		/* near misses */
		{ "n", RS_HDR_OTHER },
		{ "Vi", RS_HDR_OTHER },
		{ "Viaa", RS_HDR_OTHER },
		{ "Call_ID", RS_HDR_OTHER },
		{ "Call\rID", RS_HDR_OTHER },
		{ "User-Agent", RS_HDR_OTHER },
		{ "Content-Lengti", RS_HDR_OTHER },
		{ "Content-Langth", RS_HDR_OTHER },
		{ "P-Asserted-Identity", RS_HDR_OTHER },
		{ "\x16ia", RS_HDR_OTHER },
		{ "A-header-whose-name-is-longer-than-any-that-is-known", RS_HDR_OTHER },
		{ "Thirty-two-characters-is-a-limit", RS_HDR_OTHER },
		{ "Thirty-one-characters-are-below", RS_HDR_OTHER },
	};
	char text[256];

	(void)state;
	for (int scalar = 0; scalar < 2; scalar++) {
		rs_sip_scan_force_scalar(scalar != 0);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			/* In front of other lines, at the very end, and with a blank before the
			 * colon. */
			for (int form = 0; form < 3; form++) {
				snprintf(text, sizeof(text),
					"BYE sip:a@b SIP/2.0\r\n%s%s: 0%s\r\n\r\n", known[i].line,
					form == 2 ? " " : "",
					form == 0 ? "\r\nSome-other-header: with a longer value"
						  : "");
				assert_int_equal(parse(text), 0);
				if (msg.headers[0].id != known[i].id)
					fail_msg("%s is header %d", known[i].line,
						msg.headers[0].id);
				assert_int_equal(msg.headers[0].name_len, strlen(known[i].line));
				assert_slice(rs_sip_value(&msg, 0), "0");
				assert_int_equal(
					rs_sip_header_id(rs_slice_str(known[i].line)), known[i].id);
			}
		}
		for (int id = 1; id < RS_HDR_IDS; id++) {
			snprintf(text, sizeof(text), "BYE sip:a@b SIP/2.0\r\n%s:x\r\n\r\n",
				rs_sip_header_name(id));
			assert_int_equal(parse(text), 0);
			assert_int_equal(msg.headers[0].id, id);
			assert_int_equal(msg.first[id], 0);
			assert_int_equal(
				rs_sip_header_id(rs_slice_str(rs_sip_header_name(id))), id);
		}
	}
	rs_sip_scan_force_scalar(false);
}

static void
method_names_map_both_ways(void **state)
{
	(void)state;
	for (int m = 1; m < RS_SIP_METHODS; m++)
		assert_int_equal(rs_sip_method(rs_slice_str(rs_sip_method_name(m))), m);
	assert_int_equal(rs_sip_method(rs_slice_str("INVITF")), RS_SIP_OTHER);
	assert_int_equal(rs_sip_method(rs_slice_str("IN")), RS_SIP_OTHER);
	assert_int_equal(rs_sip_method(rs_slice_str("SUBSCRIBF")), RS_SIP_OTHER);
	assert_int_equal(rs_sip_method(rs_slice_str("ACL")), RS_SIP_OTHER);
	assert_int_equal(rs_sip_method((struct rs_slice){ NULL, 0 }), RS_SIP_OTHER);
}

static void
values_lose_blanks_around_them_and_keep_folds_inside(void **state)
{
	(void)state;
	assert_int_equal(
		parse("BYE sip:a@b SIP/2.0\r\nSubject:no blank\r\ns : \t many  \t\r\nX-Empty:\r\nX-Blank:   \r\n"
		      "X-Fold: one\r\n two\r\n\tthree \r\nX-Late:\r\n value\r\nX-Gap: a\r\n  \r\n b\r\nLast: z\r\n\r\n"),
		0);
	assert_int_equal(msg.n_headers, 8);
	assert_slice(rs_sip_value(&msg, 0), "no blank");
	assert_slice(rs_sip_value(&msg, 1), "many");
	assert_int_equal(msg.headers[1].id, RS_HDR_SUBJECT);
	assert_slice(rs_sip_value(&msg, 2), "");
	assert_slice(rs_sip_value(&msg, 3), "");
	assert_slice(rs_sip_value(&msg, 4), "one\r\n two\r\n\tthree");
	assert_int_equal(msg.headers[4].folded, 1);
	assert_slice(rs_sip_value(&msg, 5), "value");
	assert_slice(rs_sip_value(&msg, 6), "a\r\n  \r\n b");
	assert_slice(rs_sip_value(&msg, 7), "z");
	assert_int_equal(msg.headers[7].folded, 0);
}

static void
bare_line_feeds_and_leading_line_ends_are_taken(void **state)
{
	(void)state;
	assert_int_equal(
		parse("\r\n\r\n\nBYE sip:a@b SIP/2.0\nFrom: a\nTo: b\n c\nContent-Length: 2\n\nxy"),
		0);
	assert_int_equal(msg.n_headers, 3);
	assert_slice(rs_sip_get(&msg, RS_HDR_FROM), "a");
	assert_slice(rs_sip_get(&msg, RS_HDR_TO), "b\n c");
	assert_slice(msg.body, "xy");
	assert_int_equal(msg.buf[0], 'B');
	assert_int_equal(used, 5 + msg.len);
	/* Mixed line ends, and a header of one letter between the two of an empty line. */
	assert_int_equal(parse("BYE sip:a@b SIP/2.0\r\nFrom: a\nt:b\r\nX:\n\nv=0"), 0);
	assert_int_equal(msg.n_headers, 3);
	assert_slice(msg.body, "v=0");
}

static void
headers_are_found_one_after_the_other(void **state)
{
	int i;

	(void)state;
	assert_int_equal(
		parse("BYE sip:a@b SIP/2.0\r\nVia: 1\r\nX-Own: 2\r\nv: 3\r\nx-own: 4\r\nVIA: 5\r\n\r\n"),
		0);
	i = msg.first[RS_HDR_VIA];
	assert_slice(rs_sip_value(&msg, i), "1");
	i = rs_sip_next(&msg, i);
	assert_slice(rs_sip_value(&msg, i), "3");
	i = rs_sip_next(&msg, i);
	assert_slice(rs_sip_value(&msg, i), "5");
	assert_int_equal(rs_sip_next(&msg, i), -1);
	i = rs_sip_find(&msg, rs_slice_str("X-OWN"), 0);
	assert_slice(rs_sip_value(&msg, i), "2");
	assert_int_equal(rs_sip_next(&msg, i), 3);
	assert_int_equal(rs_sip_next(&msg, 3), -1);
	assert_int_equal(rs_sip_find(&msg, rs_slice_str("V"), 1), 2);
	assert_int_equal(rs_sip_find(&msg, rs_slice_str("Route"), 0), -1);
	assert_int_equal(msg.first[RS_HDR_ROUTE], -1);
	assert_null(rs_sip_get(&msg, RS_HDR_ROUTE).p);
}

static void
a_datagram_ends_the_body_and_content_length_shortens_it(void **state)
{
	(void)state;
	assert_int_equal(parse(INVITE "\r\nbody"), 0);
	assert_slice(msg.body, "body");
	assert_int_equal(parse(INVITE "Content-Length: 2\r\n\r\nbody"), 0);
	assert_slice(msg.body, "bo");
	assert_int_equal(used, sizeof(INVITE "Content-Length: 2\r\n\r\nbo") - 1);
	assert_int_equal(msg.len, used);
	assert_int_equal(parse(INVITE "Content-Length: 5\r\n\r\nbody"), -EBADMSG);
	assert_int_equal(parse(INVITE "l: 99999999999999999999\r\n\r\nbody"), -EBADMSG);
	assert_int_equal(parse(INVITE "l: 0004\r\n\r\nbody"), 0);
	assert_slice(msg.body, "body");
	/* Not a number: the caller's 400. */
	assert_int_equal(parse(INVITE "l: -1\r\n\r\nbody"), 0);
	assert_slice(msg.body, "body");
}

static void
a_stream_says_when_more_is_needed(void **state)
{
	static const char text[] = INVITE "Content-Length: 4\r\n\r\nbodyINVITE next";
	size_t whole = sizeof(text) - 1 - strlen("INVITE next");

	(void)state;
	for (int scalar = 0; scalar < 2; scalar++) {
		rs_sip_scan_force_scalar(scalar != 0);
		for (size_t len = 0; len < sizeof(text); len++) {
			int want = len < whole ? -EAGAIN : 0;

			if (parse_bytes(text, len, true) != want)
				fail_msg("result of the first %zu bytes", len);
			assert_int_equal(used, want == 0 ? whole : 0);
		}
	}
	rs_sip_scan_force_scalar(false);
	/* Keep-alives before, after and without a message. */
	assert_int_equal(parse_stream("\r\n\r\n"), -EAGAIN);
	assert_int_equal(used, 4);
	assert_int_equal(parse_stream("\r\n\r\nINV"), -EAGAIN);
	assert_int_equal(used, 4);
}

static void
a_stream_without_a_clear_length_is_lost(void **state)
{
	(void)state;
	assert_int_equal(parse_stream(INVITE "\r\n"), -EBADMSG);
	assert_int_equal(parse_stream(INVITE "Content-Length: x\r\n\r\n"), -EBADMSG);
	assert_int_equal(parse_stream(INVITE "Content-Length: -4\r\n\r\nbody"), -EBADMSG);
	assert_int_equal(parse_stream(INVITE "Content-Length:\r\n\r\n"), -EBADMSG);
	assert_int_equal(parse_stream(INVITE "Content-Length: 0\r\nl: 0\r\n\r\n"), -EBADMSG);
	assert_int_equal(parse_stream(INVITE "Content-Length: 65536\r\n\r\n"), -EBADMSG);
	/* As soon as the first line is there, and it is not SIP. */
	assert_int_equal(parse_stream("GET / HTTP/1.1\r\nHost: a"), -EBADMSG);
}

static void
headers_without_room_are_left_out_but_frame_the_message(void **state)
{
	static char text[65536];
	size_t at = (size_t)snprintf(text, sizeof(text), "BYE sip:a@b SIP/2.0\r\n");

	(void)state;
	for (int i = 0; i < RS_SIP_MAX_HEADERS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "X-%d: %d\r\n", i, i);
	snprintf(text + at, sizeof(text) - at, "\r\n");
	assert_int_equal(parse(text), 0);
	assert_int_equal(msg.n_headers, RS_SIP_MAX_HEADERS);
	assert_int_equal(msg.n_headers_full, 0);
	snprintf(text + at, sizeof(text) - at,
		"X-Next: 1\r\n folded\r\nContent-Length: 3\r\n\r\nabcd");
	assert_int_equal(parse_stream(text), 0);
	assert_int_equal(msg.n_headers, RS_SIP_MAX_HEADERS);
	assert_int_equal(msg.n_headers_full, 1);
	assert_slice(msg.body, "abc");
	snprintf(text + at, sizeof(text) - at, "l: 3\r\nl: 3\r\n\r\nabcd");
	assert_int_equal(parse_stream(text), -EBADMSG);
	snprintf(text + at, sizeof(text) - at, "no colon\r\n\r\n");
	assert_int_equal(parse(text), -EBADMSG);
}

static void
messages_up_to_64_kib_are_taken(void **state)
{
	static char text[70000];
	size_t head = (size_t)snprintf(text, sizeof(text), "BYE sip:a@b SIP/2.0\r\nSubject: ");

	(void)state;
	/* One line of nearly everything. */
	memset(text + head, 'a', 65536 - head - 4);
	memcpy(text + 65532, "\r\n\r\n", 4);
	assert_int_equal(parse_bytes(text, 65536, false), 0);
	assert_int_equal(rs_sip_get(&msg, RS_HDR_SUBJECT).len, 65536 - head - 4);
	/* One byte more. */
	memset(text + 65532, 'a', 4);
	memcpy(text + 65533, "\r\n\r\n", 4);
	assert_int_equal(parse_bytes(text, 65537, false), -EBADMSG);
	assert_int_equal(parse_bytes(text, 65535, true), -EAGAIN);
	assert_int_equal(parse_bytes(text, 65536, true), -EBADMSG);
	/* A body over the limit, and one at it. */
	head = (size_t)snprintf(text, sizeof(text), "BYE sip:a@b SIP/2.0\r\nl: 65504\r\n\r\n");
	memset(text + head, 'b', sizeof(text) - head);
	assert_int_equal(head + 65504, 65537);
	assert_int_equal(parse_bytes(text, sizeof(text), true), -EBADMSG);
	text[head - 5] = '3';
	assert_int_equal(parse_bytes(text, sizeof(text), true), 0);
	assert_int_equal(used, 65536);
}

static uint32_t
draw(uint64_t *state, uint32_t bound)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) * bound >> 31);
}

/** Change @text in one to eight places, with a liking for what means something to the parser. */
static size_t
mutate(uint8_t *text, size_t len, uint64_t *state)
{
	static const char special[] = "\r\n\t :;,<>\"\\=@[]?/%*vVlL0\0\xff";
	unsigned changes = 1 + draw(state, 8);

	for (unsigned i = 0; i < changes && len > 0; i++) {
		size_t at = draw(state, (uint32_t)len);

		switch (draw(state, 4)) {
		case 0: text[at] = (uint8_t)special[draw(state, sizeof(special) - 1)]; break;
		case 1: text[at] ^= (uint8_t)(1u << draw(state, 8)); break;
		case 2:
			memmove(text + at, text + at + 1, len - at - 1);
			len--;
			break;
		default:
			memmove(text + at + 1, text + at, len - at);
			text[at] = (uint8_t)special[draw(state, sizeof(special) - 1)];
			len++;
		}
	}
	return len;
}

/** The SSE2 kernel is nobody's choice on a CPU with AVX2, so it is asked by name. */
static void
assert_sse2_agrees(const uint8_t *p, size_t len)
{
#if defined(__x86_64__)
	static struct rs_sip_msg got[2];
	struct rs_sip_scan scan[2];
	int result[2];

	memset(got, 0xff, sizeof(got));
	memset(scan, 0, sizeof(scan));
	result[0] = rs_sip_scan_sse2(p, len, &got[0], &scan[0]);
	result[1] = rs_sip_scan_scalar(p, len, &got[1], &scan[1]);
	assert_int_equal(result[0], result[1]);
	assert_memory_equal(&scan[0], &scan[1], sizeof(scan[0]));
	assert_memory_equal(&got[0], &got[1], sizeof(got[0]));
#endif
}

static void
every_kernel_gives_the_same_on_mutated_messages(void **state)
{
	static const char *const seeds[] = {
		INVITE
		"Allow: INVITE, ACK\r\nRoute: <sip:p.test;lr>, \"q\" <sip:[2001:db8::1]:5070>;x\r\nContent-Length: 4\r\n\r\nbody",
		"SIP/2.0 200 OK\r\nv: SIP/2.0/TCP [2001:db8::1]:5060 ;rport;branch=z9hG4bK1 , SIP/2.0/UDP a;received=198.18.0.9\r\n"
		"f: sip:a@b;tag=1\r\nt: \"x\\\"<\" <sip:b@c?d=e>;q=\"a;b\" ;tag=2\r\ni: c\r\nCSeq:  7\r\n INVITE\r\nm: *\r\nl: 0\r\n\r\n",
		"ACK sip:a@b SIP/2.0\nVia: SIP / 2.0 / UDP h\nl:0\n\n",
	};
	uint64_t random = 42;
	struct guard g = guard_new(NULL, 2048);

	(void)state;
	for (int round = 0; round < 200000; round++) {
		const char *seed = seeds[round % 3];
		uint8_t text[2048];
		size_t len = strlen(seed);
		bool stream = draw(&random, 2) != 0;
		uint64_t vector, scalar;
		uint8_t *p;

		memcpy(text, seed, len);
		len = mutate(text, len, &random);
		if (draw(&random, 4) == 0)
			len = draw(&random, (uint32_t)len + 1);
		p = g.p + g.len - len;
		memcpy(p, text, len);
		vector = touch_message(p, len, stream, &msg);
		rs_sip_scan_force_scalar(true);
		scalar = touch_message(p, len, stream, &msg);
		rs_sip_scan_force_scalar(false);
		assert_sse2_agrees(p, len);
		if (vector != scalar)
			fail_msg("round %d: %s and scalar differ", round, rs_sip_scan_name());
	}
	guard_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_line_gives_method_and_uri),
		cmocka_unit_test(a_status_line_gives_code_and_reason),
		cmocka_unit_test(what_is_not_sip_is_refused),
		cmocka_unit_test(headers_are_known_by_long_and_compact_name_in_any_case),
		cmocka_unit_test(method_names_map_both_ways),
		cmocka_unit_test(values_lose_blanks_around_them_and_keep_folds_inside),
		cmocka_unit_test(bare_line_feeds_and_leading_line_ends_are_taken),
		cmocka_unit_test(headers_are_found_one_after_the_other),
		cmocka_unit_test(a_datagram_ends_the_body_and_content_length_shortens_it),
		cmocka_unit_test(a_stream_says_when_more_is_needed),
		cmocka_unit_test(a_stream_without_a_clear_length_is_lost),
		cmocka_unit_test(headers_without_room_are_left_out_but_frame_the_message),
		cmocka_unit_test(messages_up_to_64_kib_are_taken),
		cmocka_unit_test(every_kernel_gives_the_same_on_mutated_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
