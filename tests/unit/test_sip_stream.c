/* SPDX-License-Identifier: BSD-3-Clause */
/* rs_sip_stream_next: messages and keep-alives on a stream, whatever the pieces it comes in. */
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "proto/sip/msg.h"
#include "proto/sip/stream.h"
#include "unit.h"

#define OPTIONS                                                                                    \
	"OPTIONS sip:a@198.18.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 198.18.0.2;branch=z9hG4bK1\r\n"      \
	"From: <sip:b@198.18.0.2>;tag=1\r\nTo: <sip:a@198.18.0.1>\r\nCall-ID: x\r\n"               \
	"CSeq: 1 OPTIONS\r\n"
#define EMPTY OPTIONS "Content-Length: 0\r\n\r\n"
#define FIVE  "SIP/2.0 200 OK\r\nl: 5\r\n\r\nhello"

#define EVENTS 64

/** All that a stream had in it, in words: "message 12", "ping", ... */
struct story {
	char text[EVENTS][48];
	int n;
	uint32_t strays;
	size_t left; /* bytes that were not taken */
	size_t need; /* of the last event */
};

static void
tell(struct story *story, enum rs_sip_stream_event event, const struct rs_sip_frame *frame)
{
	char *out;

	story->strays += frame->strays;
	story->need = frame->need;
	if (event == RS_SIP_STREAM_MORE)
		return;
	assert_true(story->n < EVENTS);
	out = story->text[story->n++];
	switch (event) {
	case RS_SIP_STREAM_MESSAGE:
		snprintf(out, sizeof(story->text[0]), "message %zu", frame->message.len);
		break;
	case RS_SIP_STREAM_PING: strcpy(out, "ping"); break;
	case RS_SIP_STREAM_PONG: strcpy(out, "pong"); break;
	default:
		snprintf(out, sizeof(story->text[0]), "%s", rs_sip_stream_error_name(frame->error));
		break;
	}
}

/** Feed @text in pieces of @piece bytes, each at an unreadable page. */
static void
play(const char *text, size_t len, size_t piece, unsigned pings,
	const struct rs_sip_stream_limits *limits, struct story *story)
{
	struct rs_sip_stream s = { 0 };
	size_t from = 0, to = 0;

	memset(story, 0, sizeof(*story));
	for (unsigned i = 0; i < pings; i++)
		rs_sip_stream_pinged(&s);
	while (to < len) {
		enum rs_sip_stream_event event;
		struct rs_sip_frame frame;
		struct guard g;

		to = len - to < piece ? len : to + piece;
		g = guard_new(text + from, to - from);
		for (size_t at = 0;; at += frame.used) {
			event = rs_sip_stream_next(&s, limits, g.p + at, g.len - at, &frame);
			tell(story, event, &frame);
			assert_true(frame.used <= g.len - at);
			from += frame.used;
			if (event == RS_SIP_STREAM_MESSAGE) {
				assert_ptr_equal(
					frame.message.p + frame.message.len, g.p + at + frame.used);
				assert_int_not_equal(frame.message.p[0], '\r');
			}
			if (event == RS_SIP_STREAM_MORE || event == RS_SIP_STREAM_ERROR)
				break;
		}
		guard_free(&g);
		if (event == RS_SIP_STREAM_ERROR)
			return;
	}
	story->left = len - from;
}

static struct story story;

/** Whole, byte by byte and in pieces of other sizes: the story is the same. @expect ends with NULL */
static void
assert_story_of(const char *text, size_t len, unsigned pings,
	const struct rs_sip_stream_limits *limits, const char *const *expect)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 2, 3, 7, 64, 255, 256, 257, 1460 };
	uint32_t strays = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (int scalar = 0; scalar < 2; scalar++) {
			int n = 0;

			rs_sip_scan_force_scalar(scalar != 0);
			play(text, len, pieces[i] < len ? pieces[i] : len, pings, limits, &story);
			for (; expect[n] != NULL; n++)
				if (n >= story.n || strcmp(expect[n], story.text[n]) != 0)
					fail_msg("in pieces of %zu: event %d is \"%s\", not \"%s\"",
						pieces[i], n, n < story.n ? story.text[n] : "",
						expect[n]);
			assert_int_equal(story.n, n);
			if (i > 0)
				assert_int_equal(story.strays, strays);
			strays = story.strays;
		}
	rs_sip_scan_force_scalar(false);
}

#define assert_story(text, ...)                                                                    \
	assert_story_of(text, sizeof(text) - 1, 0, &rs_sip_stream_limits,                          \
		(const char *const[]){ __VA_ARGS__, NULL })

static const char *
message(size_t len)
{
	static char names[8][32];
	static unsigned turn;
	char *out = names[turn++ % 8];

	snprintf(out, sizeof(names[0]), "message %zu", len);
	return out;
}

#define M(text) message(sizeof(text) - 1)

/* RFC 3261, 18.3: Content-Length says where a message ends. */
static void
one_message_or_several_in_a_segment(void **state)
{
	(void)state;
	assert_story(EMPTY, M(EMPTY));
	assert_int_equal(story.left, 0);
	assert_story(EMPTY FIVE EMPTY, M(EMPTY), M(FIVE), M(EMPTY));
	assert_int_equal(story.strays, 0);
	assert_story(FIVE FIVE "SIP/2.0 1", M(FIVE), M(FIVE));
	assert_int_equal(story.left, 9);
}

static void
how_much_is_missing_is_told_once_the_length_is_known(void **state)
{
	struct rs_sip_stream s = { 0 };
	struct rs_sip_frame frame;
	const uint8_t *text = (const uint8_t *)FIVE;

	(void)state;
	assert_int_equal(rs_sip_stream_next(&s, &rs_sip_stream_limits, text, 20, &frame),
		RS_SIP_STREAM_MORE);
	assert_int_equal(frame.need, 0);
	assert_int_equal(
		rs_sip_stream_next(&s, &rs_sip_stream_limits, text, sizeof(FIVE) - 1 - 5, &frame),
		RS_SIP_STREAM_MORE);
	assert_int_equal(frame.need, 5);
	assert_int_equal(
		rs_sip_stream_next(&s, &rs_sip_stream_limits, text, sizeof(FIVE) - 1 - 1, &frame),
		RS_SIP_STREAM_MORE);
	assert_int_equal(frame.need, 1);
	assert_int_equal(frame.used, 0);
}

/* RFC 3261, 7.3.1 and 20.14: any case, compact, blanks, folds. */
static void
content_length_in_all_its_forms(void **state)
{
	static const char *const forms[] = { "Content-Length: 5", "CONTENT-LENGTH:5", "l:5",
		"L \t:  5  ", "content-length \t : 5", "Content-Length:\r\n 5",
		"Content-Length: 5\r\n\t ", "Content-Length: 00000005", "l:\r\n \r\n 5\r\n ",
		"l: 5\r\nContent-Length: 5", "Content-Length: 5\r\nX: y\r\nl: 05" };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char text[256];
		int n = snprintf(
			text, sizeof(text), "SIP/2.0 200 OK\r\n%s\r\nTo: x\r\n\r\nhello", forms[i]);

		assert_story_of(text, (size_t)n, 0, &rs_sip_stream_limits,
			(const char *const[]){ message((size_t)n), NULL });
	}
	/* Line feeds alone end lines, too: rs_sip_parse takes them. */
	assert_story("SIP/2.0 200 OK\nl: 2\n\nab" FIVE, "message 23", M(FIVE));
}

static void
names_that_only_look_like_it(void **state)
{
	(void)state;
	assert_story(OPTIONS "X-Content-Length: 3\r\nContent-Lengths: 4\r\nContent-Type: 5\r\n"
			     "ll: 6\r\nContent-Length\r\nS: l: 7\r\n l: 8\r\nl: 0\r\n\r\n" FIVE,
		M(OPTIONS "X-Content-Length: 3\r\nContent-Lengths: 4\r\nContent-Type: 5\r\n"
			  "ll: 6\r\nContent-Length\r\nS: l: 7\r\n l: 8\r\nl: 0\r\n\r\n"),
		M(FIVE));
}

static void
errors_of_the_length_end_the_stream(void **state)
{
	(void)state;
	assert_story(FIVE OPTIONS "\r\n" FIVE, M(FIVE), "no Content-Length");
	assert_story(OPTIONS "l:\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: -1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: +1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 1x\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 1 1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 1\r\n 1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 0x1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 1, 1\r\n\r\n", "bad Content-Length");
	assert_story(OPTIONS "l: 1\r\nContent-Length: 2\r\n\r\n", "Content-Lengths differ");
	assert_story(OPTIONS "l: 65536\r\n\r\n", "body too long");
	assert_story(OPTIONS "l: 4294967296\r\n\r\n", "body too long");
	assert_story(OPTIONS "l: 4294967301\r\nl: 5\r\n\r\n", "Content-Lengths differ");
	assert_story(OPTIONS "l: 99999999999999999999999999999\r\n\r\n", "body too long");
}

/* A length that lies makes the next message begin inside a body, or hides it in one. */
static void
a_length_that_lies(void **state)
{
	(void)state;
	assert_story(
		"SIP/2.0 200 OK\r\nl: 3\r\n\r\nhello, world\r\n" EMPTY, "message 27", "not SIP");
	assert_story("SIP/2.0 200 OK\r\nl: 19\r\n\r\n" FIVE FIVE FIVE, "message 44", "not SIP");
}

static void
what_is_not_sip_is_found_out_by_its_first_bytes(void **state)
{
	(void)state;
	assert_story("\x16\x03\x01\x02", "not SIP");
	assert_story("GET / HTTP/1.1\r\n", "not SIP");
	assert_story("\0\0\0\0", "not SIP");
	assert_story("\r\n <", "not SIP");
	assert_story(FIVE "x", M(FIVE));
	assert_story(FIVE "x\r\n", M(FIVE), "not SIP");
	assert_story("SIP/3.0 200 OK\r\n", "not SIP");
}

static void
an_error_stays(void **state)
{
	struct rs_sip_stream s = { 0 };
	struct rs_sip_frame frame;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *text = i == 0 ? "\x80" : FIVE;

		assert_int_equal(rs_sip_stream_next(&s, &rs_sip_stream_limits,
					 (const uint8_t *)text, strlen(text), &frame),
			RS_SIP_STREAM_ERROR);
		assert_int_equal(frame.error, RS_SIP_STREAM_NOT_SIP);
		assert_int_equal(frame.used, 0);
	}
}

static void
limits_hold_whatever_the_pieces(void **state)
{
	static const struct rs_sip_stream_limits limits = { sizeof(OPTIONS "l: 4\r\n\r\n") - 1, 4 };
	static char big[70000];
	const char *text = OPTIONS "l: 4\r\n\r\n1234" OPTIONS "l: 5\r\n\r\n12345";
	int n;

	(void)state;
	assert_story_of(text, strlen(text), 0, &limits,
		(const char *const[]){ message(limits.header + 4), "body too long", NULL });
	text = OPTIONS "l: 04\r\n\r\n1234";
	assert_story_of(
		text, strlen(text), 0, &limits, (const char *const[]){ "header too long", NULL });
	memset(big, 'a', sizeof(big));
	assert_story_of(big, 65000, 0, &limits, (const char *const[]){ "header too long", NULL });
	/* The largest message there is. */
	n = snprintf(big, sizeof(big), OPTIONS "l: %zu\r\n\r\n",
		65536 - sizeof(OPTIONS "l: 12345\r\n\r\n") + 1);
	memset(big + n, 'b', sizeof(big) - (size_t)n);
	assert_story_of(big, 65536, 0, &rs_sip_stream_limits,
		(const char *const[]){ "message 65536", NULL });
}

/* RFC 5626, 3.5.1: the double CRLF asks, the single one answers. */
static void
pings_between_messages(void **state)
{
	(void)state;
	assert_story("\r\n\r\n", "ping");
	assert_story("\r\n\r\n\r\n\r\n" FIVE "\r\n\r\n", "ping", "ping", M(FIVE), "ping");
	assert_int_equal(story.strays, 0);
	assert_int_equal(story.left, 0);
}

/* RFC 5626, 4.4.1. */
static void
pongs_while_they_are_waited_for(void **state)
{
	(void)state;
	assert_story_of("\r\n" FIVE, 2 + sizeof(FIVE) - 1, 1, &rs_sip_stream_limits,
		(const char *const[]){ "pong", M(FIVE), NULL });
	assert_int_equal(story.strays, 0);
	/* Both sides ping at the same time. */
	assert_story_of("\r\n\r\n\r\n" FIVE, 6 + sizeof(FIVE) - 1, 1, &rs_sip_stream_limits,
		(const char *const[]){ "pong", "ping", M(FIVE), NULL });
	assert_story_of("\r\n\r\n", 4, 2, &rs_sip_stream_limits,
		(const char *const[]){ "pong", "pong", NULL });
}

static void
a_single_crlf_before_a_ping_of_ours_is_not_its_answers_other_half(void **state)
{
	struct rs_sip_stream s = { 0 };
	struct rs_sip_frame frame;

	(void)state;
	assert_int_equal(
		rs_sip_stream_next(&s, &rs_sip_stream_limits, (const uint8_t *)"\r\n", 2, &frame),
		RS_SIP_STREAM_MORE);
	assert_int_equal(frame.used, 2);
	rs_sip_stream_pinged(&s);
	assert_int_equal(
		rs_sip_stream_next(&s, &rs_sip_stream_limits, (const uint8_t *)"\r\n", 2, &frame),
		RS_SIP_STREAM_PONG);
	assert_int_equal(frame.strays, 2);
}

/* RFC 3261, 7.5: CRLFs before a start line are ignored. */
static void
stray_line_ends_are_counted_and_ignored(void **state)
{
	(void)state;
	assert_story("\r\n" FIVE, M(FIVE));
	assert_int_equal(story.strays, 2);
	assert_story("\r\n\r\n\r\n" FIVE "\r\n" FIVE, "ping", M(FIVE), M(FIVE));
	assert_int_equal(story.strays, 4);
	assert_story("\n\r\r\n\n\r" FIVE, M(FIVE));
	assert_int_equal(story.strays, 6);
}

/** What is framed parses, and the framer's end is the parser's. */
static void
what_is_framed_is_what_the_parser_reads(void **state)
{
	static struct rs_sip_msg msg;
	struct rs_sip_stream s = { 0 };
	struct rs_sip_frame frame;
	const char *text = "\r\n" EMPTY FIVE;
	size_t used;

	(void)state;
	for (size_t at = 0; at < strlen(text); at += frame.used) {
		assert_int_equal(rs_sip_stream_next(&s, &rs_sip_stream_limits,
					 (const uint8_t *)text + at, strlen(text) - at, &frame),
			RS_SIP_STREAM_MESSAGE);
		assert_int_equal(
			rs_sip_parse(frame.message.p, frame.message.len, false, &msg, &used), 0);
		assert_int_equal(used, frame.message.len);
		assert_int_equal(rs_sip_parse((const uint8_t *)text + at, strlen(text) - at, true,
					 &msg, &used),
			0);
		assert_int_equal(used, frame.used);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_or_several_in_a_segment),
		cmocka_unit_test(how_much_is_missing_is_told_once_the_length_is_known),
		cmocka_unit_test(content_length_in_all_its_forms),
		cmocka_unit_test(names_that_only_look_like_it),
		cmocka_unit_test(errors_of_the_length_end_the_stream),
		cmocka_unit_test(a_length_that_lies),
		cmocka_unit_test(what_is_not_sip_is_found_out_by_its_first_bytes),
		cmocka_unit_test(an_error_stays),
		cmocka_unit_test(limits_hold_whatever_the_pieces),
		cmocka_unit_test(pings_between_messages),
		cmocka_unit_test(pongs_while_they_are_waited_for),
		cmocka_unit_test(a_single_crlf_before_a_ping_of_ours_is_not_its_answers_other_half),
		cmocka_unit_test(stray_line_ends_are_counted_and_ignored),
		cmocka_unit_test(what_is_framed_is_what_the_parser_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
