/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoding of single values: numbers, CSeq, addresses, URIs, Via, parameters; and what
 * rs_sip_validate refuses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "proto/sip/field.h"
#include "unit.h"

/** @text ending at an unreadable page; valid until the eighth call from here. */
static struct rs_slice
at_page(const char *text)
{
	static struct guard g[8];
	static unsigned next;
	struct guard *mine = &g[next++ % 8];

	if (mine->map != NULL)
		guard_free(mine);
	*mine = guard_new(text, strlen(text));
	return rs_slice_of(mine->p, mine->len);
}

static void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len,
			s.p != NULL ? (const char *)s.p : "", text);
}

static void
numbers_fill_their_text(void **state)
{
	uint32_t n;

	(void)state;
	assert_int_equal(rs_sip_number(at_page("0"), &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(rs_sip_number(at_page("4294967295"), &n), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(rs_sip_number(at_page("0000000000000000000000000000070"), &n), 0);
	assert_int_equal(n, 70);
	assert_int_equal(rs_sip_number(at_page("4294967296"), &n), -ERANGE);
	assert_int_equal(rs_sip_number(at_page("36893488147419103232"), &n), -ERANGE);
	assert_int_equal(rs_sip_number(at_page(""), &n), -EBADMSG);
	assert_int_equal(rs_sip_number(at_page("-1"), &n), -EBADMSG);
	assert_int_equal(rs_sip_number(at_page("7 "), &n), -EBADMSG);
	assert_int_equal(rs_sip_number(at_page("36893488147419103232x"), &n), -EBADMSG);
	assert_int_equal(rs_sip_number((struct rs_slice){ NULL, 0 }, &n), -EBADMSG);
}

static void
cseq_has_a_number_and_a_method(void **state)
{
	static const char *const bad[] = { "", "1", "INVITE", "1INVITE", "1 ", "-1 INVITE",
		"1 INV ITE", "1 INVITE,", "2147483648 INVITE", "99999999999999999999 INVITE",
		"1:INVITE", "x1 INVITE", "12345678" };
	struct rs_sip_cseq c;
	char text[64];

	(void)state;
	/* Every count of digits, for short ones are read another way than long ones. */
	for (uint32_t n = 7, digits = 1; digits <= 10; digits++, n = n * 10 + digits % 10) {
		uint32_t number = digits == 10 ? 2147483647 : n;

		snprintf(text, sizeof(text), "%u INVITE", number);
		assert_int_equal(rs_sip_cseq(at_page(text), &c), 0);
		assert_int_equal(c.number, number);
		assert_int_equal(c.method, RS_SIP_INVITE);
		snprintf(text, sizeof(text), "%u ACK", number);
		assert_int_equal(rs_sip_cseq(at_page(text), &c), 0);
		assert_int_equal(c.number, number);
		assert_slice(c.method_text, "ACK");
	}
	assert_int_equal(rs_sip_cseq(at_page("0009\r\n  \tSUBSCRIBE"), &c), 0);
	assert_int_equal(c.number, 9);
	assert_int_equal(c.method, RS_SIP_SUBSCRIBE);
	assert_int_equal(rs_sip_cseq(at_page("5 O%tion!"), &c), 0);
	assert_int_equal(c.method, RS_SIP_OTHER);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rs_sip_cseq(at_page(bad[i]), &c) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(rs_sip_cseq((struct rs_slice){ NULL, 0 }, &c), -EBADMSG);
}

static void
an_address_has_a_name_a_uri_and_parameters(void **state)
{
	struct rs_sip_addr a;
	struct rs_slice v;

	(void)state;
	assert_int_equal(
		rs_sip_addr(at_page("\"Al \\\"the, <one>\\\"; b\" <sip:a@b;x=y?h=1>;tag=1;lr"), &a),
		0);
	assert_slice(a.display, "Al \\\"the, <one>\\\"; b");
	assert_slice(a.uri, "sip:a@b;x=y?h=1");
	assert_slice(a.params, ";tag=1;lr");
	assert_true(a.angle);
	assert_int_equal(rs_sip_addr(at_page("Bob  the builder\t<sip:b@c> ; q = 0.5"), &a), 0);
	assert_slice(a.display, "Bob  the builder");
	assert_true(rs_sip_param(a.params, "q", &v));
	assert_slice(v, "0.5");
	assert_int_equal(rs_sip_addr(at_page("caller<sip:c@d>"), &a), 0);
	assert_slice(a.display, "caller");
	assert_int_equal(a.params.len, 0);
	/* Without brackets what follows belongs to the header. */
	assert_int_equal(rs_sip_addr(at_page("sip:a@b:5061;tag=x"), &a), 0);
	assert_slice(a.uri, "sip:a@b:5061");
	assert_slice(a.params, ";tag=x");
	assert_false(a.angle);
	assert_null(a.display.p);
	assert_int_equal(rs_sip_addr(at_page("*"), &a), 0);
	assert_true(a.star);
	assert_int_equal(rs_sip_addr(at_page("< sip:a@b >"), &a), 0);
	assert_slice(a.uri, "sip:a@b");
	assert_int_equal(
		rs_sip_addr(
			at_page("<sip:x@[2001:db8::1]:5070;transport=tcp>;+sip.instance=\"<urn:uuid:1>\""),
			&a),
		0);
	assert_slice(a.uri, "sip:x@[2001:db8::1]:5070;transport=tcp");
	assert_true(rs_sip_param(a.params, "+SIP.instance", &v));
	assert_slice(v, "<urn:uuid:1>");
	/* Phones send names unquoted that should not be; what is meant is clear. */
	assert_int_equal(rs_sip_addr(at_page("J\xc3\xbcrgen (office) <sip:j@c>"), &a), 0);
	assert_slice(a.display, "J\xc3\xbcrgen (office)");
	/* A display name may be empty, and long enough for the searches to take several steps. */
	assert_int_equal(
		rs_sip_addr(
			at_page("\"\"<sip:a-rather-long-user-name-for-a-test@a-rather-long-host.example.test>"),
			&a),
		0);
	assert_slice(a.display, "");
	assert_slice(
		a.uri, "sip:a-rather-long-user-name-for-a-test@a-rather-long-host.example.test");
}

static void
malformed_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"\"open <sip:a@b>",
		"\"x\\\" <sip:a@b>",
		"\"x\" sip:a@b",
		"<sip:a@b",
		"<>",
		"< >",
		"<sip:a<b>",
		"bob",
		"Bell, A <sip:a@b>",
		"<sip:a@b> x",
		"<sip:a@b>;x=\"open",
		"<sip:a@b>,",
		"sip:a@b,",
		"sip:a b@c",
		"x \"y\" <sip:a@b>",
		",<sip:a@b>",
		"**",
		"<sip:a@b>;x=<y>",
	};
	struct rs_sip_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rs_sip_addr(at_page(bad[i]), &a) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
}

static void
several_addresses_of_one_value_come_one_by_one(void **state)
{
	struct rs_slice value =
		at_page("<sip:p1;lr>, \"a,b\" <sip:p2,x;lr>;q=\"1,2\" ,\r\n sip:p3;x");
	struct rs_sip_addr a;
	size_t pos = 0;

	(void)state;
	assert_int_equal(rs_sip_addr_next(value, &pos, &a), 0);
	assert_slice(a.uri, "sip:p1;lr");
	assert_int_equal(rs_sip_addr_next(value, &pos, &a), 0);
	assert_slice(a.display, "a,b");
	assert_slice(a.uri, "sip:p2,x;lr");
	assert_slice(a.params, ";q=\"1,2\"");
	assert_int_equal(rs_sip_addr_next(value, &pos, &a), 0);
	assert_slice(a.uri, "sip:p3");
	assert_slice(a.params, ";x");
	assert_int_equal(pos, value.len);
	assert_int_equal(rs_sip_addr_next(value, &pos, &a), -ENOENT);
}

static void
a_uri_comes_apart(void **state)
{
	struct rs_sip_uri u;
	struct rs_slice v;

	(void)state;
	assert_int_equal(
		rs_sip_uri(
			at_page("sips:al%20ice:se;cret@example.test:5061;transport=TLS;lr?Subject=a&b=c"),
			&u),
		0);
	assert_slice(u.scheme, "sips");
	assert_slice(u.user, "al%20ice");
	assert_slice(u.host, "example.test");
	assert_int_equal(u.port, 5061);
	assert_false(u.ipv6);
	assert_slice(u.params, ";transport=TLS;lr");
	assert_slice(u.headers, "Subject=a&b=c");
	assert_true(rs_sip_param(u.params, "lr", &v));
	assert_int_equal(v.len, 0);
	assert_int_equal(rs_sip_uri(at_page("SIP:198.18.0.1"), &u), 0);
	assert_null(u.user.p);
	assert_slice(u.host, "198.18.0.1");
	assert_int_equal(u.port, 0);
	assert_int_equal(rs_sip_uri(at_page("sip:[2001:db8::1]:5070"), &u), 0);
	assert_slice(u.host, "2001:db8::1");
	assert_int_equal(u.port, 5070);
	assert_true(u.ipv6);
	assert_int_equal(rs_sip_uri(at_page("sip:u@[::ffff:198.18.0.1];x"), &u), 0);
	assert_slice(u.host, "::ffff:198.18.0.1");
	assert_slice(u.params, ";x");
	assert_int_equal(rs_sip_uri(at_page("sip:a;b?c@d"), &u), 0);
	assert_slice(u.user, "a;b?c");
	assert_int_equal(rs_sip_uri(at_page("tel:+1-555;phone-context=x"), &u), 0);
	assert_slice(u.scheme, "tel");
	assert_null(u.host.p);
}

static void
malformed_uris_are_refused(void **state)
{
	static const char *const bad[] = { "", "sip", ":", "sip:", "sip:@b", "sip:a@",
		"sip:a@b:", "sip:a@b:65536", "sip:a@b:50x", "sip:2001:db8::10", "sip:[2001:db8::1",
		"sip:[]", "sip:[2001:db8::g]", "sip:a@b@c", "sip:a b@c", "sip:a@b ", "<sip:a@b>",
		"sip:a@b>", "sip:a@b\"", "sip:a@b :5060", "sip:a@b: 5060", "sip:a@b/c",
		"1 sip:a@b" };
	struct rs_sip_uri u;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rs_sip_uri(at_page(bad[i]), &u) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(rs_sip_uri((struct rs_slice){ NULL, 0 }, &u), -EBADMSG);
}

static void
via_values_come_one_by_one(void **state)
{
	struct rs_slice value = at_page(
		"SIP/2.0/UDP 198.18.0.1:5061 ;rport=5062;received=198.18.0.9;branch=z9hG4bK1 ,"
		" SIP / 2.0 / TLS\r\n [2001:db8::1] : 5070;x=\"a,b\";RPORT;Branch = z9hG4bK2, SIP/2.0/WS h.invalid;Alias");
	struct rs_sip_via v;
	size_t pos = 0;

	(void)state;
	assert_int_equal(rs_sip_via_next(value, &pos, &v), 0);
	assert_slice(v.transport, "UDP");
	assert_slice(v.host, "198.18.0.1");
	assert_int_equal(v.port, 5061);
	assert_true(v.rport);
	assert_null(v.rport_end);
	assert_false(v.alias);
	assert_slice(v.received, "198.18.0.9");
	assert_slice(v.branch, "z9hG4bK1");
	assert_slice(v.text,
		"SIP/2.0/UDP 198.18.0.1:5061 ;rport=5062;received=198.18.0.9;branch=z9hG4bK1");
	assert_int_equal(rs_sip_via_next(value, &pos, &v), 0);
	assert_slice(v.transport, "TLS");
	assert_slice(v.host, "2001:db8::1");
	assert_true(v.ipv6);
	assert_int_equal(v.port, 5070);
	assert_true(v.rport);
	assert_memory_equal(v.rport_end, ";Branch", 7);
	assert_slice(v.branch, "z9hG4bK2");
	assert_null(v.received.p);
	assert_slice(v.params, ";x=\"a,b\";RPORT;Branch = z9hG4bK2");
	assert_int_equal(rs_sip_via_next(value, &pos, &v), 0);
	assert_slice(v.transport, "WS");
	assert_slice(v.host, "h.invalid");
	assert_true(v.alias);
	assert_null(v.branch.p);
	assert_false(v.rport);
	assert_int_equal(rs_sip_via_next(value, &pos, &v), -ENOENT);
}

static void
malformed_vias_are_refused(void **state)
{
	static const char *const bad[] = { "SIP", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP ",
		"SIP/2.0/ h", "SIP/2.0/UDPh:1x", "SIP/2.0/UDP h;", "SIP/2.0/UDP h;;x",
		"SIP/2.0/UDP h:;x", "SIP/2.0/UDP h,", "SIP/2.0/UDP [::1", "SIP/2.0/UDP h g",
		"SIP/2.0/UDP h;x=\"y", "/2.0/UDP h" };
	struct rs_sip_via v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t pos = 0;

		if (rs_sip_via_next(at_page(bad[i]), &pos, &v) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

static void
tag_and_branch_are_found_without_decoding_the_rest(void **state)
{
	static const struct {
		const char *value;
		const char *tag; /* NULL: absent */
	} tags[] = {
		{ "<sip:a@b>;tag=1", "1" },
		{ "sip:a@b;tag=1", "1" },
		{ "<sip:a@b>;TaG=Ab-1.x", "Ab-1.x" },
		{ "<sip:a@b;tag=no>", NULL },
		{ "\"x;tag=no\" <sip:a@b;tag=no>;x=y ; tag = yes ;z", "yes" },
		{ "<sip:a@b>;tags=1", NULL },
		{ "<sip:a@b>;xtag=1", NULL },
		{ "\"\\\"<\" <sip:a@b>;x=\";tag=no\";tag=t", "t" },
		{ "<sip:a@b>", NULL },
		{ "", NULL },
		{ "<sip:a@b>;tag", NULL },
		{ "<sip:a@b>;tag=", "" },
		{ "<sip:a@b", NULL },
		{ "\"open", NULL },
		{ "<sip:a@b> \r\n ; \r\n tag=1", "1" },
		{ "<sip:a@b>;a=1,<sip:c@d>;tag=2", NULL },
		{ "t;tag=1", "1" },
		{ ";", NULL },
		{ "<sip:a@b>;tag\x1d"
		  "1",
			NULL },
		{ "<sip:alice@a-host-that-is-long.example.test>;tag=a-tag-that-is-longer-than-sixteen-bytes",
			"a-tag-that-is-longer-than-sixteen-bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct rs_slice got = rs_sip_tag(at_page(tags[i].value));

		if (tags[i].tag == NULL ? got.p != NULL : !rs_slice_is(got, tags[i].tag))
			fail_msg("tag of %s: \"%.*s\"", tags[i].value, (int)got.len,
				(const char *)got.p);
	}
	assert_slice(rs_sip_branch(at_page("SIP/2.0/UDP 198.18.0.1:5060;branch=z9hG4bKabc;rport")),
		"z9hG4bKabc");
	assert_slice(rs_sip_branch(at_page("SIP/2.0/UDP h;rport;received=1;BRANCH\t= z9hG4bKabc")),
		"z9hG4bKabc");
	assert_slice(rs_sip_branch(at_page("SIP/2.0/UDP h;branch=1, SIP/2.0/UDP g;branch=2")), "1");
	/* The top value has none; the second one's is not its. */
	assert_null(rs_sip_branch(at_page("SIP/2.0/UDP h;rport, SIP/2.0/UDP g;branch=2")).p);
	assert_null(rs_sip_branch(at_page("SIP/2.0/UDP h")).p);
	assert_null(rs_sip_branch((struct rs_slice){ NULL, 0 }).p);
	assert_null(rs_sip_tag((struct rs_slice){ NULL, 0 }).p);
}

static void
parameters_are_found_by_name(void **state)
{
	struct rs_slice v, list = at_page(";a;B=2 ; c = \"x;d=\\\"9\" ;e=[::1]:5;f=");

	(void)state;
	assert_true(rs_sip_param(list, "A", &v));
	assert_slice(v, "");
	assert_true(rs_sip_param(list, "b", &v));
	assert_slice(v, "2");
	assert_true(rs_sip_param(list, "c", &v));
	assert_slice(v, "x;d=\\\"9");
	assert_false(rs_sip_param(list, "d", &v));
	assert_true(rs_sip_param(list, "e", &v));
	assert_slice(v, "[::1]:5");
	assert_true(rs_sip_param(list, "f", &v));
	assert_slice(v, "");
	assert_false(rs_sip_param(at_page(""), "a", &v));
	assert_false(rs_sip_param(at_page(";x=\"open;a"), "a", &v));
	assert_false(rs_sip_param((struct rs_slice){ NULL, 0 }, "a", &v));
}

/** Validate a request that is well formed but for what @start, @drop and @add say. */
static int
validate(const char *start, const char *drop, const char *add)
{
	static const char *const lines[] = {
		"Via: SIP/2.0/UDP h;branch=z9hG4bK1",
		"From: <sip:a@b>;tag=1",
		"To: <sip:b@c>",
		"Call-ID: 1@h",
		"CSeq: 1 OPTIONS",
		"Max-Forwards: 70",
	};
	static struct rs_sip_msg msg;
	const char *why;
	char text[1024];
	size_t used, at = (size_t)snprintf(text, sizeof(text), "%s\r\n", start);

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (drop == NULL || strncmp(lines[i], drop, strlen(drop)) != 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\r\n", lines[i]);
	snprintf(text + at, sizeof(text) - at, "%s\r\n", add);
	assert_int_equal(rs_sip_parse((const uint8_t *)text, strlen(text), false, &msg, &used), 0);
	return rs_sip_validate(&msg, &why);
}

#define OPTIONS "OPTIONS sip:a@b SIP/2.0"

static void
validation_gives_the_status_to_answer_with(void **state)
{
	static const struct {
		const char *drop, *add;
		int status;
	} cases[] = {
		{ NULL, "", 0 },
		{ "Via", "", 400 },
		{ "From", "", 400 },
		{ "To", "", 400 },
		{ "Call-ID", "", 400 },
		{ "CSeq", "", 400 },
		{ "Max-Forwards", "", 0 }, /* RFC 2543 did not know it */
		{ NULL, "To: <sip:x@y>\r\n", 400 },
		{ NULL, "l: 0\r\nContent-Length: 0\r\n", 400 },
		{ NULL, "l: x\r\n", 400 },
		{ "CSeq", "CSeq: 1 INVITE\r\n", 400 },
		{ "CSeq", "CSeq: 1\r\n", 400 },
		{ "Max-Forwards", "Max-Forwards: 256\r\n", 400 },
		{ "Max-Forwards", "Max-Forwards: 0\r\n", 0 },
		{ "From", "From: <sip:a@b>;tag=1, <sip:c@d>\r\n", 400 },
		{ "From", "From: <sip:a@b>;;tag=1\r\n", 400 },
		{ "From", "From: *\r\n", 400 },
		{ "To", "To: <sip:>\r\n", 400 },
		{ "To", "To: <tel:+1>\r\n", 0 },
		{ "Call-ID", "i:\r\n", 400 },
		{ "Call-ID", "i: a b\r\n", 400 },
		{ "Via", "Via: SIP/2.0/UDP h, SIP/2.0/UDP\r\n", 400 },
		{ "Via", "v: SIP/2.0/UDP h;branch=z9hG4bK\r\n", 400 },
		{ "Via", "Via:\r\n", 400 },
		{ "Via", "Via: SIP/2.0/UDP h\r\n", 0 },
		{ NULL, "Contact: <sip:x@y>, <sip:z>;q=1\r\n", 0 },
		{ NULL, "Contact: sip:x@y?h=1\r\n", 400 },
		{ NULL, "Contact: x\r\n", 400 },
		{ NULL, "Route: <sip:p;lr>,\r\n", 400 },
		{ NULL, "Route: *\r\n", 400 },
		{ NULL, "Record-Route: <sip:p;lr>\r\n", 0 },
		{ NULL, "Bad Name: 1\r\n", 400 },
		{ NULL, "Require: timer,100rel\r\n", 0 },
		{ NULL, "Require: timer , unheard-of\r\n", 420 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int got = validate(OPTIONS, cases[i].drop, cases[i].add);

		if (got != cases[i].status)
			fail_msg("without %s, with %s: %d", cases[i].drop, cases[i].add, got);
	}
	assert_int_equal(validate("OPTIONS sip:a@b SIP/2.1", NULL, ""), 505);
	assert_int_equal(validate("OPTIONS sip:a@b sip/2.0", NULL, ""), 0);
	assert_int_equal(validate("OPTIONS sip:a@b SIP/two", NULL, ""), 400);
	assert_int_equal(validate("OPTIONS  sip:a@b SIP/2.0", NULL, ""), 400);
	assert_int_equal(validate("OPTIONS sip:a@b  SIP/2.0", NULL, ""), 400);
	assert_int_equal(validate("OPTIONS sip:a@b SIP/2.0 ", NULL, ""), 400);
	assert_int_equal(validate("OPTIONS sip:a@b;;x SIP/2.0", NULL, ""), 400);
	assert_int_equal(validate("OPTIONS foo:bar SIP/2.0", NULL, ""), 416);
	assert_int_equal(validate("OPTIONS tel:+1555 SIP/2.0", NULL, ""), 0);
	assert_int_equal(validate("OPTIONS urn:service:sos SIP/2.0", NULL, ""), 0);
	/* A response is judged by its headers alone; ACK never gets a 420. */
	assert_int_equal(validate("SIP/2.0 200 OK", NULL, "Require: unheard-of\r\n"), 0);
	assert_int_equal(validate("SIP/2.0 200 OK", "Via", ""), 400);
	assert_int_equal(
		validate("ACK sip:a@b SIP/2.0", "CSeq", "CSeq: 1 ACK\r\nRequire: unheard-of\r\n"),
		0);
	assert_int_equal(
		validate("REGISTER sip:b SIP/2.0", "CSeq", "CSeq: 1 REGISTER\r\nContact: *\r\n"),
		0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_fill_their_text),
		cmocka_unit_test(cseq_has_a_number_and_a_method),
		cmocka_unit_test(an_address_has_a_name_a_uri_and_parameters),
		cmocka_unit_test(malformed_addresses_are_refused),
		cmocka_unit_test(several_addresses_of_one_value_come_one_by_one),
		cmocka_unit_test(a_uri_comes_apart),
		cmocka_unit_test(malformed_uris_are_refused),
		cmocka_unit_test(via_values_come_one_by_one),
		cmocka_unit_test(malformed_vias_are_refused),
		cmocka_unit_test(tag_and_branch_are_found_without_decoding_the_rest),
		cmocka_unit_test(parameters_are_found_by_name),
		cmocka_unit_test(validation_gives_the_status_to_answer_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
