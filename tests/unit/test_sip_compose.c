/* SPDX-License-Identifier: BSD-3-Clause */
/* rs_out_*: what we compose reads back as what was meant, and nothing is written past the caller's bytes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "proto/sip/compose.h"
#include "proto/sip/field.h"
#include "unit.h"

#define BRANCH "z9hG4bKabc"
#define VIAS                                                                                       \
	"Via: SIP/2.0/UDP 198.18.0.1:5060;branch=" BRANCH "\r\n"                                   \
	"v: SIP/2.0/UDP 198.18.0.9;branch=z9hG4bK2,\r\n   SIP/2.0/UDP 198.18.0.8;branch=z9hG4bK3\r\n"
#define REST                                                                                       \
	"Record-Route: <sip:198.18.0.7;lr>\r\nMax-Forwards: 70\r\n"                                \
	"From: \"Al, ice\" <sip:alice@example.test;x=y>;tag=f1\r\n"                                \
	"Call-ID: c1@198.18.0.1\r\nCSeq: 1 INVITE\r\nRecord-Route: <sip:[2001:2::7]:5070;lr>\r\n"  \
	"Timestamp: 54.2\r\nContact: <sip:alice@198.18.0.1:5060>\r\nContent-Length: 0\r\n\r\n"
#define START "INVITE sip:bob@198.18.0.2 SIP/2.0\r\n"
#define NO_TAG START VIAS "To: <sip:bob@example.test>\r\n" REST
#define TAGGED START VIAS "To: <sip:bob@example.test>;tag=t9\r\n" REST

static struct rs_sip_msg request, msg;
static uint8_t buf[2048];

static void
request_is(const char *text)
{
	size_t used;

	assert_int_equal(rs_sip_parse((const uint8_t *)text, strlen(text), false, &request, &used), 0);
}

/** Compose a response and read it back with our own parser. */
static const char *
respond(uint16_t status, const char *reason, const char *tag, bool dialog)
{
	struct rs_sip_out o = rs_sip_out(buf, sizeof(buf) - 1);
	const char *why = "";
	size_t used;
	int len;

	rs_out_response(&o, &request, status, reason, tag != NULL ? rs_slice_str(tag) : rs_slice_of(NULL, 0), dialog);
	len = rs_out_end(&o, NULL, rs_slice_of(NULL, 0));
	assert_true(len > 0);
	buf[len] = '\0';
	assert_int_equal(rs_sip_parse(buf, (size_t)len, true, &msg, &used), 0);
	assert_int_equal(used, len);
	if (rs_sip_validate(&msg, &why) != 0)
		fail_msg("status %u: %s", status, why);
	assert_int_equal(msg.status, status);
	return (const char *)buf;
}

static void
assert_value(enum rs_sip_header_id id, const char *text)
{
	struct rs_slice s = rs_sip_get(&msg, id);

	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len, s.p != NULL ? (const char *)s.p : "", text);
}

static void
every_status_gives_a_response_that_parses(void **state)
{
	(void)state;
	request_is(NO_TAG);
	for (uint16_t status = 100; status < 700; status++) {
		respond(status, NULL, "t1", status % 2 == 0);
		assert_true(rs_slice_is(msg.reason, rs_sip_reason(status)));
	}
	assert_string_equal(rs_sip_reason(481), "Call/Transaction Does Not Exist");
	assert_string_equal(rs_sip_reason(423), "Interval Too Brief");
	assert_string_equal(rs_sip_reason(699), "");
	respond(200, "Fine", "t1", false);
	assert_true(rs_slice_is(msg.reason, "Fine"));
}

static void
a_response_copies_what_the_request_says(void **state)
{
	(void)state;
	request_is(NO_TAG);
	respond(180, NULL, "t1", true);
	assert_value(RS_HDR_FROM, "\"Al, ice\" <sip:alice@example.test;x=y>;tag=f1");
	assert_value(RS_HDR_CALL_ID, "c1@198.18.0.1");
	assert_value(RS_HDR_CSEQ, "1 INVITE");
	assert_value(RS_HDR_CONTENT_LENGTH, "0");
	assert_int_equal(msg.first[RS_HDR_MAX_FORWARDS], -1);
	assert_int_equal(msg.first[RS_HDR_CONTACT], -1);
}

static void
vias_keep_their_order_and_lose_their_folds(void **state)
{
	(void)state;
	request_is(NO_TAG);
	respond(200, NULL, "t1", false);
	assert_value(RS_HDR_VIA, "SIP/2.0/UDP 198.18.0.1:5060;branch=" BRANCH);
	assert_true(rs_slice_is(rs_sip_value(&msg, rs_sip_next(&msg, msg.first[RS_HDR_VIA])),
		"SIP/2.0/UDP 198.18.0.9;branch=z9hG4bK2, SIP/2.0/UDP 198.18.0.8;branch=z9hG4bK3"));
	for (int i = 0; i < msg.n_headers; i++)
		assert_int_equal(msg.headers[i].folded, 0);
}

static void
the_tag_is_put_behind_a_to_without_one(void **state)
{
	(void)state;
	request_is(NO_TAG);
	respond(200, NULL, "t1", false);
	assert_value(RS_HDR_TO, "<sip:bob@example.test>;tag=t1");
	respond(100, NULL, NULL, false);
	assert_value(RS_HDR_TO, "<sip:bob@example.test>");
	request_is(TAGGED);
	respond(200, NULL, "t1", false);
	assert_value(RS_HDR_TO, "<sip:bob@example.test>;tag=t9");
	/* A parameter of the URI is not the header's. */
	request_is(START VIAS "To: <sip:bob@example.test;tag=u>\r\n" REST);
	respond(200, NULL, "t1", false);
	assert_value(RS_HDR_TO, "<sip:bob@example.test;tag=u>;tag=t1");
}

static void
record_route_is_copied_for_a_dialog_only(void **state)
{
	int i;

	(void)state;
	request_is(NO_TAG);
	respond(200, NULL, "t1", false);
	assert_int_equal(msg.first[RS_HDR_RECORD_ROUTE], -1);
	respond(200, NULL, "t1", true);
	i = msg.first[RS_HDR_RECORD_ROUTE];
	assert_value(RS_HDR_RECORD_ROUTE, "<sip:198.18.0.7;lr>");
	assert_true(rs_slice_is(rs_sip_value(&msg, rs_sip_next(&msg, i)), "<sip:[2001:2::7]:5070;lr>"));
}

static void
a_100_gives_the_timestamp_back(void **state)
{
	(void)state;
	request_is(NO_TAG);
	assert_non_null(strstr(respond(100, NULL, NULL, false), "\r\nTimestamp: 54.2\r\n"));
	assert_null(strstr(respond(180, NULL, "t1", false), "Timestamp"));
}

static const struct rs_sip_request *
a_request(enum rs_sip_method method, const char *routes)
{
	static struct rs_sip_request r;

	r = (struct rs_sip_request){ .method = method, .uri = rs_slice_str("sip:example.test"), .transport = rs_slice_str("UDP"),
		.host = rs_slice_str("[2001:2::1]"), .port = 5062, .branch = rs_slice_str(BRANCH),
		.routes = routes != NULL ? rs_slice_str(routes) : rs_slice_of(NULL, 0), .from = rs_slice_str("<sip:a@example.test>;tag=1"),
		.to = rs_slice_str("<sip:a@example.test>"), .call_id = rs_slice_str("id-1"), .cseq = 4294967 };
	return &r;
}

static void
every_method_gives_a_request_that_parses(void **state)
{
	const char *why = "";
	size_t used;

	(void)state;
	for (enum rs_sip_method m = RS_SIP_OTHER + 1; m < RS_SIP_METHODS; m++) {
		struct rs_sip_out o = rs_sip_out(buf, sizeof(buf));
		struct rs_sip_via via;
		size_t pos = 0;
		int len;

		rs_out_request(&o, a_request(m, NULL));
		rs_out_header(&o, "Contact", rs_slice_str("<sip:a@[2001:2::1]:5062>"));
		rs_out_header(&o, "Subject", rs_slice_of(NULL, 0));
		len = rs_out_end(&o, "text/plain", rs_slice_str("hello"));
		assert_true(len > 0);
		assert_int_equal(rs_sip_parse(buf, (size_t)len, true, &msg, &used), 0);
		if (rs_sip_validate(&msg, &why) != 0)
			fail_msg("%s: %s", rs_sip_method_name(m), why);
		assert_int_equal(msg.method, m);
		assert_true(rs_slice_is(msg.uri, "sip:example.test"));
		assert_true(rs_slice_is(msg.body, "hello"));
		assert_value(RS_HDR_CONTENT_TYPE, "text/plain");
		assert_value(RS_HDR_MAX_FORWARDS, "70");
		assert_int_equal(msg.first[RS_HDR_ROUTE], -1);
		assert_int_equal(msg.first[RS_HDR_SUBJECT], -1);
		assert_int_equal(rs_sip_via_next(rs_sip_get(&msg, RS_HDR_VIA), &pos, &via), 0);
		assert_true(rs_slice_is(via.host, "2001:2::1") && via.port == 5062 && rs_slice_is(via.branch, BRANCH));
	}
}

static void
routes_stand_in_a_request_that_has_some(void **state)
{
	struct rs_sip_out o = rs_sip_out(buf, sizeof(buf));
	size_t used;
	int len;

	(void)state;
	rs_out_request(&o, a_request(RS_SIP_BYE, "<sip:a;lr>, <sip:b;lr>"));
	len = rs_out_end(&o, "text/plain", rs_slice_of(NULL, 0));
	assert_int_equal(rs_sip_parse(buf, (size_t)len, true, &msg, &used), 0);
	assert_value(RS_HDR_ROUTE, "<sip:a;lr>, <sip:b;lr>");
	/* Without a body there is no type to name. */
	assert_int_equal(msg.first[RS_HDR_CONTENT_TYPE], -1);
}

static void
a_value_cannot_begin_a_header_of_its_own(void **state)
{
	struct rs_sip_out o = rs_sip_out(buf, sizeof(buf));
	struct rs_sip_request r = *a_request(RS_SIP_BYE, NULL);

	(void)state;
	r.uri = rs_slice_str("sip:a\r\nEvil: 1");
	rs_out_request(&o, &r);
	rs_out_header(&o, "Reason", rs_slice_str("one\r\nEvil: 2 \t\r\n\r\n three\n"));
	buf[o.len] = '\0';
	assert_null(strstr((char *)buf, "\nEvil"));
	assert_non_null(strstr((char *)buf, "\r\nReason: one Evil: 2 three \r\n"));
}

static void
what_does_not_fit_is_not_sent(void **state)
{
	int whole;

	(void)state;
	request_is(NO_TAG);
	whole = (int)strlen(respond(200, NULL, "t1", true));
	for (int cap = 0; cap <= whole; cap++) {
		struct guard g = guard_new(NULL, (size_t)cap);
		struct rs_sip_out o = rs_sip_out(g.p, g.len);

		rs_out_response(&o, &request, 200, NULL, rs_slice_str("t1"), true);
		assert_int_equal(rs_out_end(&o, NULL, rs_slice_of(NULL, 0)), cap < whole ? -ENOSPC : whole);
		assert_int_equal(o.full, cap < whole);
		assert_int_equal(memcmp(g.p, buf, o.len), 0);
		guard_free(&g);
	}
}

static void
a_method_without_a_name_is_not_sent(void **state)
{
	struct rs_sip_out o = rs_sip_out(buf, sizeof(buf));

	(void)state;
	rs_out_request(&o, a_request(RS_SIP_OTHER, NULL));
	assert_int_equal(rs_out_end(&o, NULL, rs_slice_of(NULL, 0)), -ENOSPC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_gives_a_response_that_parses),
		cmocka_unit_test(a_response_copies_what_the_request_says),
		cmocka_unit_test(vias_keep_their_order_and_lose_their_folds),
		cmocka_unit_test(the_tag_is_put_behind_a_to_without_one),
		cmocka_unit_test(record_route_is_copied_for_a_dialog_only),
		cmocka_unit_test(a_100_gives_the_timestamp_back),
		cmocka_unit_test(every_method_gives_a_request_that_parses),
		cmocka_unit_test(routes_stand_in_a_request_that_has_some),
		cmocka_unit_test(a_value_cannot_begin_a_header_of_its_own),
		cmocka_unit_test(what_does_not_fit_is_not_sent),
		cmocka_unit_test(a_method_without_a_name_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
