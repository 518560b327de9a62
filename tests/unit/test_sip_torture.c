/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of RFC 4475 (all 49) and RFC 5118, as files in data/torture, and what we make of
 * each. Where those documents leave a choice, the table says which one is ours and why. What needs
 * knowledge of a scenario (406, 415, 404, 401) is not decided here: such messages are accepted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "sip_touch.h"
#include "unit.h"

struct expected {
	const char *file;
	int parse;       /* result of rs_sip_parse on a datagram */
	int validate;    /* result of rs_sip_validate; of a response, not 0: it is dropped */
	const char *why; /* the choice, where there is one */
};

static const struct expected messages[] = {
	/* RFC 4475, 3.1.1: valid */
	{ "wsinv", 0, 0, NULL },
	{ "intmeth", 0, 0, NULL },
	{ "esc01", 0, 0, NULL },
	{ "escnull", 0, 0, NULL },
	{ "esc02", 0, 0, NULL },
	{ "lwsdisp", 0, 0, NULL },
	{ "longreq", 0, 0, NULL },
	{ "dblreq", 0, 0,
		"the second request lies behind the first one's body and is ignored (RFC 3261, 18.3)" },
	{ "semiuri", 0, 0, NULL },
	{ "transports", 0, 0, NULL },
	{ "mpart01", 0, 0, NULL },
	{ "unreason", 0, 0, NULL },
	{ "noreason", 0, 0, NULL },
	/* 3.1.2: invalid */
	{ "badinv01", 0, 400, NULL },
	{ "clerr", -EBADMSG, 0,
		"msg.h: a datagram shorter than its Content-Length is not answered but dropped and counted" },
	{ "ncl", 0, 400, NULL },
	{ "scalar02", 0, 400, NULL },
	{ "scalarlg", 0, 400, "a response: dropped" },
	{ "quotbal", 0, 400, NULL },
	{ "ltgtruri", 0, 400, NULL },
	{ "lwsruri", 0, 400, NULL },
	{ "lwsstart", 0, 400, NULL },
	{ "trws", 0, 400, NULL },
	{ "escruri", 0, 400, NULL },
	{ "baddate", 0, 0, "Date may be ignored, and nothing here reads it" },
	{ "regbadct", 0, 400,
		"whose parameters the '?' begins cannot be known, so nothing is guessed" },
	{ "badaspec", 0, 0,
		"the blanks inside the brackets can only be left out: lenient, as 3.1.2.14 allows" },
	{ "baddn", 0, 400, "a comma outside quotes separates values, and From has only one" },
	{ "badvers", 0, 505, NULL },
	{ "mismatch01", 0, 400, NULL },
	{ "mismatch02", 0, 400,
		"400 comes before 501: the message is malformed whatever the method is" },
	{ "bigcode", -EBADMSG, 0, "a response that is none: dropped" },
	/* 3.2 */
	{ "badbranch", 0, 400,
		"accepted, it would match the transactions of every other sender that does the same" },
	/* 3.3 */
	{ "insuf", 0, 400, NULL },
	{ "unkscm", 0, 416, NULL },
	{ "novelsc", 0, 416, NULL },
	{ "unksm2", 0, 400, "a REGISTER must name a SIP URI in To" },
	{ "bext01", 0, 420, NULL },
	{ "invut", 0, 0, "415 is the scenario's" },
	{ "regaut01", 0, 0, "401 is the scenario's" },
	{ "multi01", 0, 400, NULL },
	{ "mcl01", 0, 400, NULL },
	{ "bcast", 0, 0,
		"nothing here forwards by the second Via; the first one is ours or the response is unexpected" },
	{ "zeromf", 0, 0, "only a proxy answers 483" },
	{ "cparam01", 0, 0, NULL },
	{ "cparam02", 0, 0, NULL },
	{ "regescrt", 0, 0, NULL },
	{ "sdp01", 0, 0, "406 is the scenario's" },
	/* 3.4 */
	{ "inv2543", 0, 0, NULL },
	/* RFC 5118, section 4 */
	{ "ipv6-good", 0, 0, NULL },
	{ "ipv6-bad", 0, 400, NULL },
	{ "port-ambiguous", 0, 0, NULL },
	{ "port-unambiguous", 0, 0, NULL },
	{ "via-received-param-with-delim", 0, 0, NULL },
	{ "via-received-param-no-delim", 0, 0, NULL },
	{ "ipv6-in-sdp", 0, 0, NULL },
	{ "mult-ip-in-header", 0, 0, NULL },
	{ "mult-ip-in-sdp", 0, 0, NULL },
	{ "ipv4-mapped-ipv6", 0, 0, NULL },
	{ "ipv6-bug-abnf-3-colons", 0, 0,
		"4.10 asks to be robust: the reference is taken as it stands" },
	{ "ipv6-correct-abnf-2-colons", 0, 0, NULL },
};

#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static struct rs_sip_msg msg;

/** The file @name, ending at an unreadable page. */
static struct guard
load(const char *name)
{
	const char *source = getenv("RINGSTORM_SOURCE");
	static uint8_t text[65536];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/unit/data/torture/%s.sip",
		source != NULL ? source : ".", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	return guard_new(text, len);
}

static struct guard
load_parsed(const char *name)
{
	struct guard g = load(name);
	size_t used;

	assert_int_equal(rs_sip_parse(g.p, g.len, false, &msg, &used), 0);
	return g;
}

static void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len,
			s.p != NULL ? (const char *)s.p : "", text);
}

static void
each_message_gets_the_outcome_of_its_rfc(void **state)
{
	(void)state;
	assert_int_equal(MESSAGES, 49 + 12);
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct expected *e = &messages[i];
		struct guard g = load(e->file);
		const char *why = "";
		size_t used;
		int got = rs_sip_parse(g.p, g.len, false, &msg, &used);

		if (got != e->parse)
			fail_msg("%s: parsing gives %d, not %d", e->file, got, e->parse);
		got = got == 0 ? rs_sip_validate(&msg, &why) : 0;
		if (got != e->validate)
			fail_msg("%s: validation gives %d (%s), not %d", e->file, got, why,
				e->validate);
		/* A refusal says why, an acceptance has nothing to say. */
		assert_int_equal(why[0] != '\0', got != 0);
		guard_free(&g);
	}
}

static void
no_prefix_is_read_past_its_end_and_kernels_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		struct guard whole = load(messages[i].file);
		struct guard g = guard_new(whole.p, whole.len);

		for (size_t len = 0; len <= whole.len; len++) {
			const uint8_t *p = g.p + g.len - len;
			uint64_t vector[2];

			memmove(g.p + g.len - len, whole.p, len);
			for (int stream = 0; stream < 2; stream++)
				vector[stream] = touch_message(p, len, stream, &msg);
			rs_sip_scan_force_scalar(true);
			for (int stream = 0; stream < 2; stream++)
				assert_int_equal(
					touch_message(p, len, stream, &msg), vector[stream]);
			rs_sip_scan_force_scalar(false);
		}
		guard_free(&g);
		guard_free(&whole);
	}
}

static void
a_tortuous_invite_is_understood(void **state)
{
	struct guard g = load_parsed("wsinv");
	struct rs_sip_cseq cseq;
	struct rs_sip_addr a;
	struct rs_sip_via via;
	struct rs_slice value;
	size_t pos = 0;
	int second;

	(void)state;
	assert_slice(rs_sip_tag(rs_sip_get(&msg, RS_HDR_TO)), "1918181833n");
	assert_slice(rs_sip_tag(rs_sip_get(&msg, RS_HDR_FROM)), "98asjd8");
	assert_int_equal(rs_sip_addr(rs_sip_get(&msg, RS_HDR_FROM), &a), 0);
	assert_slice(a.display, "J Rosenberg \\\\\\\"");
	assert_int_equal(rs_sip_cseq(rs_sip_get(&msg, RS_HDR_CSEQ), &cseq), 0);
	assert_int_equal(cseq.number, 9);
	assert_int_equal(cseq.method, RS_SIP_INVITE);
	assert_int_equal(rs_sip_get(&msg, RS_HDR_SUBJECT).len, 0);
	assert_non_null(rs_sip_get(&msg, RS_HDR_SUBJECT).p);
	assert_slice(rs_sip_branch(rs_sip_get(&msg, RS_HDR_VIA)), "390skdjuw");

	second = rs_sip_next(&msg, msg.first[RS_HDR_VIA]);
	assert_true(second > 0);
	value = rs_sip_value(&msg, second);
	assert_slice(rs_sip_branch(value), "z9hG4bK9ikj8");
	assert_int_equal(rs_sip_via_next(value, &pos, &via), 0);
	assert_slice(via.transport, "TCP");
	assert_slice(via.host, "spindle.example.com");
	assert_int_equal(rs_sip_via_next(value, &pos, &via), 0);
	assert_slice(via.host, "192.168.255.111");
	assert_slice(via.branch, "z9hG4bK30239");
	assert_int_equal(rs_sip_via_next(value, &pos, &via), -ENOENT);

	assert_int_equal(rs_sip_addr(rs_sip_get(&msg, RS_HDR_CONTACT), &a), 0);
	assert_true(rs_sip_param(a.params, "NEWPARAM", &value));
	assert_slice(value, "newvalue");
	assert_true(rs_sip_param(a.params, "q", &value));
	assert_slice(value, "0.33");
	assert_int_equal(
		rs_sip_number(rs_sip_get(&msg, RS_HDR_CONTENT_LENGTH), &(uint32_t){ 0 }), 0);
	assert_memory_equal(msg.body.p, "v=0\r\n", 5);
	guard_free(&g);
}

static void
unusual_characters_stay_where_they_are(void **state)
{
	struct guard g = load_parsed("intmeth");
	struct rs_sip_addr a;
	struct rs_sip_uri uri;

	(void)state;
	assert_int_equal(msg.method, RS_SIP_OTHER);
	assert_slice(msg.method_text, "!interesting-Method0123456789_*+`.%indeed'~");
	assert_int_equal(rs_sip_uri(msg.uri, &uri), 0);
	assert_slice(uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
	assert_slice(uri.host, "example.com");
	assert_int_equal(rs_sip_addr(rs_sip_get(&msg, RS_HDR_TO), &a), 0);
	/* "BEL:\x07 NUL:\x00 DEL:\x7f", each behind a backslash: the NUL ends nothing. */
	assert_int_equal(a.display.len, 20);
	assert_slice(rs_sip_tag(rs_sip_get(&msg, RS_HDR_FROM)), "_token~1'+`*%!-.");
	guard_free(&g);

	/* An escaped method or header name is not unescaped: it is another one (RFC 3261, 7.3
	 * and 25.1). */
	g = load_parsed("esc02");
	assert_int_equal(msg.method, RS_SIP_OTHER);
	assert_slice(rs_sip_value(&msg, rs_sip_next(&msg, msg.first[RS_HDR_CONTACT])),
		"<sip:alias3@host3.example.com>");
	guard_free(&g);

	g = load_parsed("semiuri");
	assert_int_equal(rs_sip_uri(msg.uri, &uri), 0);
	assert_slice(uri.user, "user;par=u%40example.net");
	assert_slice(uri.host, "example.com");
	assert_int_equal(uri.params.len, 0);
	guard_free(&g);
}

static void
a_binary_body_is_left_alone(void **state)
{
	struct guard g = load_parsed("mpart01");
	uint32_t length;

	(void)state;
	assert_int_equal(rs_sip_number(rs_sip_get(&msg, RS_HDR_CONTENT_LENGTH), &length), 0);
	assert_int_equal(msg.body.len, length);
	assert_ptr_equal(msg.body.p + msg.body.len, g.p + g.len);
	assert_non_null(memchr(msg.body.p, '\0', msg.body.len));
	guard_free(&g);
}

static void
two_requests_of_one_stream_are_taken_one_after_the_other(void **state)
{
	struct guard g = load("dblreq");
	size_t used, second;

	(void)state;
	assert_int_equal(rs_sip_parse(g.p, g.len, true, &msg, &used), 0);
	assert_int_equal(msg.method, RS_SIP_REGISTER);
	assert_true(used < g.len);
	assert_int_equal(rs_sip_parse(g.p + used, g.len - used, true, &msg, &second), 0);
	assert_int_equal(msg.method, RS_SIP_INVITE);
	assert_int_equal(used + second, g.len);
	guard_free(&g);
}

static void
ipv6_references_are_told_from_ports(void **state)
{
	struct guard g = load_parsed("port-ambiguous");
	struct rs_sip_uri uri;
	struct rs_sip_via via;
	size_t pos = 0;

	(void)state;
	assert_int_equal(rs_sip_uri(msg.uri, &uri), 0);
	assert_slice(uri.host, "2001:db8::10:5070");
	assert_int_equal(uri.port, 0);
	assert_true(uri.ipv6);
	guard_free(&g);

	g = load_parsed("port-unambiguous");
	assert_int_equal(rs_sip_uri(msg.uri, &uri), 0);
	assert_slice(uri.host, "2001:db8::10");
	assert_int_equal(uri.port, 5070);
	guard_free(&g);

	g = load_parsed("via-received-param-with-delim");
	assert_int_equal(rs_sip_via_next(rs_sip_get(&msg, RS_HDR_VIA), &pos, &via), 0);
	assert_slice(via.host, "2001:db8::9:1");
	assert_slice(via.received, "[2001:db8::9:255]");
	guard_free(&g);

	g = load_parsed("via-received-param-no-delim");
	pos = 0;
	assert_int_equal(rs_sip_via_next(rs_sip_get(&msg, RS_HDR_VIA), &pos, &via), 0);
	assert_slice(via.received, "2001:db8::9:255");
	guard_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_gets_the_outcome_of_its_rfc),
		cmocka_unit_test(no_prefix_is_read_past_its_end_and_kernels_agree),
		cmocka_unit_test(a_tortuous_invite_is_understood),
		cmocka_unit_test(unusual_characters_stay_where_they_are),
		cmocka_unit_test(a_binary_body_is_left_alone),
		cmocka_unit_test(two_requests_of_one_stream_are_taken_one_after_the_other),
		cmocka_unit_test(ipv6_references_are_told_from_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
