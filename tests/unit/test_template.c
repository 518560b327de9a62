/* SPDX-License-Identifier: BSD-3-Clause */
/** Message templates: what each slot writes, and which lines are dropped. */
#include "template_build.h"

#include <stdlib.h>

static void
every_slot_writes_its_value(void **state)
{
	static const struct {
		enum rs_slot slot;
		int32_t n;
		const char *want;
	} cases[] = {
		{ RS_SLOT_LINE, 0, "" },
		{ RS_SLOT_BODY, 0, "" },
		{ RS_SLOT_LEN, 0, "    0" },
		{ RS_SLOT_REMOTE_IP, 0, "198.18.0.1" },
		{ RS_SLOT_REMOTE_HOST, 0, "sut.test" },
		{ RS_SLOT_REMOTE_PORT, 0, "5060" },
		{ RS_SLOT_TRANSPORT, 0, "UDP" },
		{ RS_SLOT_URI_TRANSPORT, 0, "WS" },
		{ RS_SLOT_CONTACT_TRANSPORT, 0, "WS;ob" },
		{ RS_SLOT_LOCAL_IP, 0, "[2001:2::1]" },
		{ RS_SLOT_LOCAL_IP_TYPE, 0, "6" },
		{ RS_SLOT_LOCAL_PORT, 0, "5070" },
		{ RS_SLOT_SERVER_IP, 0, "198.18.0.9" },
		{ RS_SLOT_MEDIA_IP, 0, "198.18.0.3" },
		{ RS_SLOT_MEDIA_IP_TYPE, 0, "4" },
		{ RS_SLOT_MEDIA_PORT, 2, "6002" },
		{ RS_SLOT_AUTO_MEDIA_PORT, 0, "6044" },
		{ RS_SLOT_AUTO_MEDIA_PORT, 1, "6045" },
		{ RS_SLOT_CALL_NUMBER, 0, "12" },
		{ RS_SLOT_CALL_ID, 0, "1-77@198.18.0.2" },
		{ RS_SLOT_DYNAMIC_ID, 0, "10004" },
		{ RS_SLOT_PID, 0, "77" },
		{ RS_SLOT_SERVICE, 0, "service" },
		{ RS_SLOT_USER, 0, "u00001" },
		{ RS_SLOT_DOMAIN, 0, "example.test" },
		{ RS_SLOT_TAG, 0, "TAG" },
		{ RS_SLOT_MSG_INDEX, 0, "3" },
		{ RS_SLOT_BRANCH, 0, "z9hG4bKtoken" },
		{ RS_SLOT_BRANCH, 1, "z9hG4bKtoken-1" },
		{ RS_SLOT_BRANCH, -4, "z9hG4bKtoken--4" },
		{ RS_SLOT_CSEQ, 0, "2" },
		{ RS_SLOT_LAST_CSEQ_NUMBER, 0, "7" },
		{ RS_SLOT_CLOCK_TICK, 0, "4500000000" },
		{ RS_SLOT_TIMESTAMP, 0, "a time" },
		{ RS_SLOT_DATE, 0, "a date" },
		{ RS_SLOT_SIPP_VERSION, 0, "3.7.7" },
		{ RS_SLOT_LAST_MESSAGE, 0, received },
		{ RS_SLOT_LAST_REQUEST_URI, 0, "sip:b@[2001:2::2]:5070;user=phone" },
		{ RS_SLOT_PEER_TAG_PARAM, 0, ";tag=2" },
		{ RS_SLOT_NEXT_URL, 0, "sip:b@198.18.0.1" },
		{ RS_SLOT_ROUTES, 0, "Route: <sip:r1;lr>, <sip:r2;lr>" },
		{ RS_SLOT_VAR, 0, "var" },
		{ RS_SLOT_FIELD, 0, "field" },
		{ RS_SLOT_FILL, 0, "xxxx" },
		{ RS_SLOT_AUTH, 0, "Authorization: Digest" },
		{ RS_SLOT_VIDEO_PORT, 2, "6002" },
		{ RS_SLOT_CRYPTO, 0, "1" },
	};
	bool seen[RS_SLOTS] = { [RS_SLOT_LITERAL] = true, [RS_SLOT_LAST_HEADER] = true };
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[2048];
		struct build b;

		begin(&b);
		lit(&b, "A: <");
		add(&b, cases[i].slot, cases[i].n);
		lit(&b, ">\r\n");
		snprintf(want, sizeof(want), "A: <%s>\r\n", cases[i].want);
		/* behind BODY everything is body, which LEN would count: there is none in that case */
		gives(&b, &r, want);
		seen[cases[i].slot] = true;
	}
	for (int i = 0; i < RS_SLOTS; i++)
		assert_true(seen[i]);
}

static void
numbers_take_offsets_of_both_signs(void **state)
{
	static const struct {
		enum rs_slot slot;
		int32_t n;
		const char *want;
	} cases[] = {
		{ RS_SLOT_REMOTE_PORT, 1, "5061" },
		{ RS_SLOT_LOCAL_PORT, -70, "5000" },
		{ RS_SLOT_MEDIA_PORT, 100000, "106000" },
		{ RS_SLOT_CSEQ, -2, "0" },
		{ RS_SLOT_CSEQ, -3, "-1" },
		{ RS_SLOT_CSEQ, INT32_MIN, "-2147483646" },
		{ RS_SLOT_LAST_CSEQ_NUMBER, 1, "8" },
		{ RS_SLOT_CALL_NUMBER, INT32_MAX, "2147483659" },
		{ RS_SLOT_MSG_INDEX, -1, "2" },
		{ RS_SLOT_DYNAMIC_ID, 6, "10010" },
		{ RS_SLOT_CLOCK_TICK, -1, "4499999999" },
	};
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		begin(&b);
		add(&b, cases[i].slot, cases[i].n);
		gives(&b, &r, cases[i].want);
	}
	r.call_number = UINT64_MAX;
	{
		struct build b;

		begin(&b);
		add(&b, RS_SLOT_CALL_NUMBER, 0);
		gives(&b, &r, "18446744073709551615");
	}
}

/* m=audio [media_port], a=rtcp:[media_port+1], m=video [media_port+2], a=rtcp:[media_port+3] */
static void
ports_of_a_calls_own_are_those_of_their_lines(void **state)
{
	static const struct {
		enum rs_slot slot;
		int32_t n, line;
		const char *constant, *audio, *both;
	} cases[] = {
		{ RS_SLOT_MEDIA_PORT, 0, 0, "6000", "30010", "30010" },
		{ RS_SLOT_MEDIA_PORT, 1, 0, "6001", "30011", "30011" },
		{ RS_SLOT_MEDIA_PORT, 10, 10, "6010", "30010", "30010" },
		{ RS_SLOT_VIDEO_PORT, 2, 2, "6002", "30012", "30440" },
		{ RS_SLOT_VIDEO_PORT, 3, 2, "6003", "30013", "30441" },
	};
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		begin(&b);
		add(&b, cases[i].slot, cases[i].n);
		b.ops[b.t.n_ops - 1].aux = (uint32_t)cases[i].line;
		r.media_port = 6000;
		r.media_port_own = false;
		r.video_port = 0;
		gives(&b, &r, cases[i].constant);
		r.media_port = 30010;
		r.media_port_own = true;
		gives(&b, &r, cases[i].audio);
		r.video_port = 30440;
		gives(&b, &r, cases[i].both);
	}
}

static void
automatic_media_ports_start_over_after_10000(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_VIDEO_PORT, 2);
	b.ops[b.t.n_ops - 1].with_name = 1;
	r.call_number = 3;
	gives(&b, &r, "6010");
	begin(&b);
	add(&b, RS_SLOT_AUTO_MEDIA_PORT, 0);
	r.call_number = 1;
	gives(&b, &r, "6000");
	r.call_number = 2;
	gives(&b, &r, "6004");
	r.call_number = 2500;
	gives(&b, &r, "15996");
	r.call_number = 2501;
	gives(&b, &r, "6000");
}

static void
a_branch_by_index_names_the_step_it_belongs_to(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_BRANCH, -3);
	lit(&b, " ");
	add(&b, RS_SLOT_BRANCH, 0);
	r.branch_by_index = true;
	gives(&b, &r, "z9hG4bKtoken-0 z9hG4bKtoken-3");
}

static void
a_ready_date_is_used_and_another_is_asked_for(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_DATE, 0);
	lit(&b, "|");
	add(&b, RS_SLOT_TIMESTAMP, 0);
	r.date = rs_slice_str("Fri, 20 Nov 2026 11:18:35 GMT");
	gives(&b, &r, "Fri, 20 Nov 2026 11:18:35 GMT|a time");
	r.expand = NULL;
	gives(&b, &r, "Fri, 20 Nov 2026 11:18:35 GMT|");
}

static void
absent_values_write_nothing(void **state)
{
	static const enum rs_slot slots[] = { RS_SLOT_REMOTE_IP, RS_SLOT_PEER_TAG_PARAM, RS_SLOT_ROUTES,
		RS_SLOT_NEXT_URL, RS_SLOT_LAST_MESSAGE, RS_SLOT_LAST_REQUEST_URI, RS_SLOT_VAR, RS_SLOT_DATE };
	struct rs_render none = { 0 };

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct build b;

		begin(&b);
		lit(&b, "[");
		add(&b, slots[i], 0);
		last(&b, "Via", true);
		lit(&b, "]");
		gives(&b, &none, "[]");
	}
}

static void
last_headers_come_with_the_name_as_received(void **state)
{
	static const struct {
		const char *name;
		bool with_name;
		const char *want;
	} cases[] = {
		{ "Call-ID", true, "Call-ID: 1@h" },
		{ "call-id", false, "1@h" },
		{ "i", false, "1@h" },
		{ "From", true, "From: \"A\" <sip:a@198.18.0.1>;tag=1" },
		/* several are joined, whichever form each has */
		{ "Via", true, "Via: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKa, SIP/2.0/UDP 198.18.0.2;branch=z9hG4bKb" },
		{ "X-Many", true, "x-many: 1, 2" },
		{ "x-many", false, "1, 2" },
		/* folds become one blank, blanks inside a line stay */
		{ "x-fold", true, "X-Fold: one two three  four" },
		{ "Subject", true, "Subject: " },
	};
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		begin(&b);
		last(&b, cases[i].name, cases[i].with_name);
		gives(&b, &r, cases[i].want);
	}
}

static void
a_kept_header_without_its_name_gets_the_one_asked_for(void **state)
{
	struct rs_sip_msg *kept = malloc(sizeof(*kept));
	struct rs_render r = values();
	struct build b;

	assert_non_null(kept);
	*kept = message;
	kept->headers[kept->first[RS_HDR_CALL_ID]].name_len = 0;
	r.last = kept;
	begin(&b);
	last(&b, "Call-ID", true);
	gives(&b, &r, "Call-ID: 1@h");
	free(kept);
}

/** Lines 1 and 3 around @mid. */
static void
around(struct build *b, void (*mid)(struct build *b))
{
	begin(b);
	lit(b, "One: 1\r\n");
	add(b, RS_SLOT_LINE, 0);
	mid(b);
	lit(b, "\r\n");
	add(b, RS_SLOT_LINE, 0);
	lit(b, "Three: 3\r\n");
}

static void mid_missing(struct build *b) { last(b, "Contact", true); }
static void mid_two_missing(struct build *b) { last(b, "Contact", true); lit(b, " "); last(b, "X-None", true); }
static void mid_routes(struct build *b) { add(b, RS_SLOT_ROUTES, 0); }
static void mid_empty_var(struct build *b) { add(b, RS_SLOT_VAR, 0)->aux = 99; }
static void mid_text_before(struct build *b) { lit(b, "A: "); last(b, "Contact", true); }
static void mid_text_after(struct build *b) { last(b, "Contact", true); lit(b, " \tafter"); }
static void mid_value_after(struct build *b)
{
	last(b, "Contact", true);
	add(b, RS_SLOT_TAG, 0);
	lit(b, " x");
}
static void mid_between(struct build *b) { lit(b, "a "); last(b, "Contact", true); lit(b, " b"); }

static void
a_line_that_stays_empty_is_dropped(void **state)
{
	static const struct {
		void (*mid)(struct build *b);
		const char *want;
	} cases[] = {
		{ mid_missing, "One: 1\r\nThree: 3\r\n" },
		{ mid_two_missing, "One: 1\r\nThree: 3\r\n" },
		{ mid_routes, "One: 1\r\nThree: 3\r\n" },
		{ mid_empty_var, "One: 1\r\nThree: 3\r\n" },
		{ mid_text_before, "One: 1\r\nA: \r\nThree: 3\r\n" },
		{ mid_text_after, "One: 1\r\nafter\r\nThree: 3\r\n" },
		{ mid_value_after, "One: 1\r\nTAG x\r\nThree: 3\r\n" },
		{ mid_between, "One: 1\r\na  b\r\nThree: 3\r\n" },
	};
	struct rs_render r = values();

	r.routes = (struct rs_slice){ NULL, 0 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		around(&b, cases[i].mid);
		gives(&b, &r, cases[i].want);
	}
	/* there, the same lines stay */
	{
		struct build b;

		r = values();
		around(&b, mid_routes);
		gives(&b, &r, "One: 1\r\nRoute: <sip:r1;lr>, <sip:r2;lr>\r\nThree: 3\r\n");
	}
}

static void
the_line_between_header_and_body_survives_a_dropped_line(void **state)
{
	struct rs_render r = values();
	struct build b;

	/* with the literals cut as a compiler may cut them, or in one piece */
	begin(&b);
	lit(&b, "One: 1\r\n");
	last(&b, "Contact", true);
	lit(&b, "\r\n");
	lit(&b, "\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "x");
	gives(&b, &r, "One: 1\r\n\r\nx");
	begin(&b);
	lit(&b, "One: 1\r\n");
	last(&b, "Contact", true);
	lit(&b, "\r\n\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "x");
	gives(&b, &r, "One: 1\r\n\r\nx");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_writes_its_value),
		cmocka_unit_test(numbers_take_offsets_of_both_signs),
		cmocka_unit_test(ports_of_a_calls_own_are_those_of_their_lines),
		cmocka_unit_test(automatic_media_ports_start_over_after_10000),
		cmocka_unit_test(a_branch_by_index_names_the_step_it_belongs_to),
		cmocka_unit_test(a_ready_date_is_used_and_another_is_asked_for),
		cmocka_unit_test(absent_values_write_nothing),
		cmocka_unit_test(last_headers_come_with_the_name_as_received),
		cmocka_unit_test(a_kept_header_without_its_name_gets_the_one_asked_for),
		cmocka_unit_test(a_line_that_stays_empty_is_dropped),
		cmocka_unit_test(the_line_between_header_and_body_survives_a_dropped_line),
	};

	return cmocka_run_group_tests(tests, parse_received, NULL);
}
