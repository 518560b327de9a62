/* SPDX-License-Identifier: BSD-3-Clause */
/* The upgrade to WebSocket (RFC 6455, 4; RFC 7118, 4), both sides, and the heads it is made of. */
#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "guard.h"
#include "proto/ws/private.h"
#include "unit.h"

static struct rs_http_head head;
static size_t used;

/** Parse a head that ends at an unreadable page, byte by byte and as a whole: the same comes of it. */
static int
parse_len(const char *text, size_t len)
{
	static struct guard g;
	size_t seen = 0;
	int whole, rc = -EAGAIN;

	for (size_t n = 1; n <= len && rc == -EAGAIN; n++) {
		struct guard part = guard_new(text, n);

		rc = rs_http_parse(part.p, n, &seen, &head, &used);
		assert_true(seen <= n);
		guard_free(&part);
	}
	if (g.map != NULL)
		guard_free(&g);
	g = guard_new(text, len);
	seen = 0;
	whole = rs_http_parse(g.p, len, &seen, &head, &used);
	assert_int_equal(whole, rc);
	return whole;
}

static int
parse(const char *text)
{
	return parse_len(text, strlen(text));
}

static void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len,
			s.p != NULL ? (const char *)s.p : "", text);
}

/* RFC 7118, 4.2 has this request and this answer, but for names. */
#define START "GET /ws?a=b HTTP/1.1\r\n"
#define HOST  "Host: sip-ws.example.test\r\n"
#define UP    "Upgrade: websocket\r\n"
#define CONN  "Connection: Upgrade\r\n"
#define KEY   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define FROM  "Origin: http://www.example.test\r\n"
#define PROTO "Sec-WebSocket-Protocol: sip\r\n"
#define VERS  "Sec-WebSocket-Version: 13\r\n"

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static const uint8_t nonce[16] = "the sample nonce";

static void
sha1_of_rfc_3174(void **state)
{
	static char million[1000000];
	uint8_t out[20];

	(void)state;
	rs_ws_sha1((const uint8_t *)"abc", 3, out);
	assert_memory_equal(out,
		"\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d",
		20);
	rs_ws_sha1((const uint8_t *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		out);
	assert_memory_equal(out,
		"\x84\x98\x3e\x44\x1c\x3b\xd2\x6e\xba\xae\x4a\xa1\xf9\x51\x29\xe5\xe5\x46\x70\xf1",
		20);
	memset(million, 'a', sizeof(million));
	rs_ws_sha1((const uint8_t *)million, sizeof(million), out);
	assert_memory_equal(out,
		"\x34\xaa\x97\x3c\xd4\xc4\xda\xa4\xf6\x1e\xeb\x2b\xdb\xad\x27\x31\x65\x34\x01\x6f",
		20);
}

static void
heads_are_read(void **state)
{
	unsigned n;

	(void)state;
	assert_int_equal(parse("\r\n" START "Host:a\r\nX:  y z \t\r\nx: \r\n\r\nrest"), 0);
	assert_int_equal(used, strlen("\r\n" START "Host:a\r\nX:  y z \t\r\nx: \r\n\r\n"));
	assert_slice(head.method, "GET");
	assert_slice(head.target, "/ws?a=b");
	assert_int_equal(head.minor, 1);
	assert_int_equal(head.status, 0);
	assert_int_equal(head.n_fields, 3);
	assert_slice(rs_http_get(&head, "x", &n), "y z");
	assert_int_equal(n, 2);
	assert_null(rs_http_get(&head, "y", &n).p);
	assert_int_equal(n, 0);
	assert_int_equal(parse("HTTP/1.0 404 Not \xc3\xa9 found\n\n"), 0);
	assert_int_equal(head.status, 404);
	assert_int_equal(head.minor, 0);
	assert_slice(head.reason, "Not \xc3\xa9 found");
	assert_null(head.method.p);
	assert_int_equal(parse("HTTP/1.1 101\r\n\r\n"), 0);
	assert_int_equal(head.reason.len, 0);
}

static void
lists_are_searched_over_all_fields(void **state)
{
	(void)state;
	assert_int_equal(parse(START "A: b, Cd ,e\r\na: ,f\r\n\r\n"), 0);
	assert_true(rs_http_has(&head, "A", "cd", false));
	assert_false(rs_http_has(&head, "A", "cd", true));
	assert_true(rs_http_has(&head, "A", "Cd", true));
	assert_true(rs_http_has(&head, "a", "f", true));
	assert_false(rs_http_has(&head, "a", "b,", true));
	assert_false(rs_http_has(&head, "a", "g", false));
}

static void
what_is_no_head(void **state)
{
	static const char *const bad[] = {
		"\x16\x03\x01",
		"GET / HTTP/2.0\r\n\r\n",
		"GET  / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1 \r\n\r\n",
		"GET /\r\n\r\n",
		"GET HTTP/1.1\r\n\r\n",
		"G(T / HTTP/1.1\r\n\r\n",
		"GET /\x01 HTTP/1.1\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
		START "no colon\r\n\r\n",
		START ": no name\r\n\r\n",
		START "Blank : before\r\n\r\n",
		START "Folded: a\r\n b\r\n\r\n",
		START "X: a\rb\r\n\r\n",
		START "X: a\x7f\r\n\r\n",
		"\r\n\r\n\r\n" START "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i]) != -EBADMSG)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(
		parse_len(START "X: a\0b\r\n\r\n", sizeof(START "X: a\0b\r\n\r\n") - 1), -EBADMSG);
}

static void
heads_are_bounded(void **state)
{
	static char text[RS_HTTP_MAX_HEAD + 100];
	size_t n = (size_t)snprintf(text, sizeof(text), START "X: ");

	(void)state;
	memset(text + n, 'x', RS_HTTP_MAX_HEAD - n - 4);
	strcpy(text + RS_HTTP_MAX_HEAD - 4, "\r\n\r\n");
	assert_int_equal(parse(text), 0);
	assert_int_equal(used, RS_HTTP_MAX_HEAD);
	strcpy(text + RS_HTTP_MAX_HEAD - 4, "x\r\n\r\n");
	assert_int_equal(parse(text), -E2BIG);
	n = (size_t)snprintf(text, sizeof(text), START);
	for (int i = 0; i < RS_HTTP_MAX_FIELDS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a:\r\n");
	strcpy(text + n, "\r\n");
	assert_int_equal(parse(text), 0);
	strcpy(text + n, "a:\r\n\r\n");
	assert_int_equal(parse(text), -E2BIG);
}

/* RFC 6455, 1.3 and 4.2.2: the accept value of the sample nonce. */
static void
a_request_is_written_and_answered(void **state)
{
	struct rs_ws_request request = { .host = rs_slice_str("sip-ws.example.test"),
		.path = rs_slice_str("/ws?a=b"),
		.origin = rs_slice_str("http://www.example.test"),
		.fields = rs_slice_str("User-Agent: x y\r\nX:\r\n") };
	struct rs_ws_asked asked;
	struct rs_ws_answer answer;
	char out[1024];
	int n = rs_ws_write_request(&request, nonce, (uint8_t *)out, sizeof(out));

	(void)state;
	assert_true(n > 0);
	for (int room = 0; room < n; room++) {
		struct guard g = guard_new(NULL, (size_t)room);

		assert_int_equal(rs_ws_write_request(&request, nonce, g.p, g.len), -ENOSPC);
		guard_free(&g);
	}
	out[n] = '\0';
	assert_string_equal(
		out, START HOST UP CONN KEY FROM PROTO VERS "User-Agent: x y\r\nX:\r\n\r\n");
	assert_int_equal(parse(out), 0);
	rs_ws_read_request(&head, &asked);
	assert_int_equal(asked.status, 101);
	assert_null(asked.why);
	assert_slice(asked.host, "sip-ws.example.test");
	assert_slice(asked.target, "/ws?a=b");
	assert_slice(asked.origin, "http://www.example.test");
	n = rs_ws_write_answer(&asked, rs_slice_str("Server: z\r\n"), (uint8_t *)out, sizeof(out));
	assert_true(n > 0);
	for (int room = 0; room < n; room++) {
		struct guard g = guard_new(NULL, (size_t)room);

		assert_int_equal(
			rs_ws_write_answer(&asked, rs_slice_str("Server: z\r\n"), g.p, g.len),
			-ENOSPC);
		guard_free(&g);
	}
	out[n] = '\0';
	assert_string_equal(out, SWITCH UP CONN ACCEPT PROTO "Server: z\r\n\r\n");
	assert_int_equal(parse(out), 0);
	rs_ws_read_answer(&head, nonce, &answer);
	assert_int_equal(answer.outcome, RS_WS_UPGRADED);
	assert_int_equal(answer.status, 101);
}

static void
what_a_server_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
	} cases[] = {
		{ "POST / HTTP/1.1\r\n" HOST UP CONN KEY PROTO VERS "\r\n", 405 },
		{ "GET / HTTP/1.0\r\n" HOST UP CONN KEY PROTO VERS "\r\n", 505 },
		{ START UP CONN KEY PROTO VERS "\r\n", 400 },
		{ START HOST HOST UP CONN KEY PROTO VERS "\r\n", 400 },
		{ START HOST CONN KEY PROTO VERS "\r\n", 426 },
		{ START HOST UP KEY PROTO VERS "\r\n", 400 },
		{ START HOST UP "Connection: keep-alive\r\n" KEY PROTO VERS "\r\n", 400 },
		{ START HOST UP CONN PROTO VERS "\r\n", 400 },
		{ START HOST UP CONN KEY KEY PROTO VERS "\r\n", 400 },
		{ START HOST UP CONN "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" PROTO VERS
				     "\r\n",
			400 },
		{ START HOST UP CONN "Sec-WebSocket-Key: ????????????????????????\r\n" PROTO VERS
				     "\r\n",
			400 },
		{ START HOST UP CONN KEY VERS "\r\n", 400 },
		{ START HOST UP CONN KEY "Sec-WebSocket-Protocol: xmpp, SIP\r\n" VERS "\r\n", 400 },
		{ START HOST UP CONN KEY PROTO "\r\n", 426 },
		{ START HOST UP CONN KEY PROTO "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
		{ SWITCH HOST UP CONN KEY PROTO VERS "\r\n", 400 },
		/* what browsers and proxies send in other words */
		{ START HOST
			"upgrade: h2c, WebSocket\r\nconnection: keep-alive, upgrade\r\n" KEY
			"Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Protocol: msrp , sip\r\n" VERS
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
			101 },
	};
	struct rs_ws_asked asked;
	char out[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n;

		assert_int_equal(parse(cases[i].text), 0);
		rs_ws_read_request(&head, &asked);
		if (asked.status != cases[i].status)
			fail_msg("case %zu: %u, %s", i, asked.status, asked.why);
		assert_true((asked.status == 101) == (asked.why == NULL));
		n = rs_ws_write_answer(
			&asked, rs_slice_of(NULL, 0), (uint8_t *)out, sizeof(out) - 1);
		assert_true(n > 0);
		out[n] = '\0';
		assert_int_equal(parse(out), 0);
		assert_int_equal(head.status, cases[i].status);
		/* RFC 6455, 4.2.2 and 4.4 */
		if (asked.status == 426)
			assert_slice(rs_http_get(&head, "Sec-WebSocket-Version", NULL), "13");
		if (asked.status != 101)
			assert_true(rs_http_has(&head, "Connection", "close", false));
		if (asked.status == 101)
			assert_null(rs_http_get(&head, "Sec-WebSocket-Extensions", NULL).p);
	}
}

static void
what_a_client_makes_of_an_answer(void **state)
{
	static const struct {
		const char *text;
		enum rs_ws_outcome outcome;
	} cases[] = {
		{ SWITCH UP CONN ACCEPT PROTO "\r\n", RS_WS_UPGRADED },
		{ SWITCH "Upgrade: WebSocket\r\nConnection: upgrade\r\n" ACCEPT PROTO "\r\n",
			RS_WS_UPGRADED },
		{ "HTTP/1.1 103 Early Hints\r\n\r\n", RS_WS_INTERIM },
		{ "HTTP/1.1 302 Found\r\nLocation: wss://b.example.test/\r\n\r\n",
			RS_WS_REDIRECTED },
		{ "HTTP/1.1 401 Unauthorized\r\n\r\n", RS_WS_REFUSED },
		{ "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\n\r\n",
			RS_WS_REFUSED },
		{ "HTTP/1.1 200 OK\r\n\r\n", RS_WS_REFUSED },
		{ SWITCH CONN ACCEPT PROTO "\r\n", RS_WS_NO_UPGRADE },
		{ SWITCH UP ACCEPT PROTO "\r\n", RS_WS_NO_UPGRADE },
		{ SWITCH UP CONN PROTO "\r\n", RS_WS_WRONG_ACCEPT },
		{ SWITCH UP CONN "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" PROTO
				 "\r\n",
			RS_WS_WRONG_ACCEPT },
		{ SWITCH UP CONN ACCEPT "\r\n", RS_WS_WRONG_PROTOCOL },
		{ SWITCH UP CONN ACCEPT PROTO PROTO "\r\n", RS_WS_WRONG_PROTOCOL },
		{ SWITCH UP CONN ACCEPT "Sec-WebSocket-Protocol: xmpp\r\n\r\n",
			RS_WS_WRONG_PROTOCOL },
		{ SWITCH UP CONN ACCEPT PROTO
			"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
			RS_WS_EXTENSION },
	};
	struct rs_ws_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text), 0);
		rs_ws_read_answer(&head, nonce, &answer);
		if (answer.outcome != cases[i].outcome)
			fail_msg("case %zu: %s", i, rs_ws_outcome_name(answer.outcome));
		assert_int_equal(answer.status, head.status);
		if (answer.outcome == RS_WS_REDIRECTED)
			assert_slice(answer.location, "wss://b.example.test/");
	}
}

static void
a_request_cannot_be_broken_by_its_parts(void **state)
{
	static const struct rs_ws_request good = { .host = { (const uint8_t *)"h", 1 } };
	struct rs_ws_request r;
	uint8_t out[512];

	(void)state;
	assert_true(rs_ws_write_request(&good, nonce, out, sizeof(out)) > 0);
#define REFUSED(member, text)                                                                      \
	r = good;                                                                                  \
	r.member = rs_slice_str(text);                                                             \
	assert_int_equal(rs_ws_write_request(&r, nonce, out, sizeof(out)), -EINVAL)
	REFUSED(host, "");
	REFUSED(host, "a\r\nX: y");
	REFUSED(host, "a b");
	REFUSED(path, "");
	REFUSED(path, "ws");
	REFUSED(path, "/a b");
	REFUSED(path, "/a\n");
	REFUSED(origin, "a\r\nb");
	REFUSED(fields, "X: y");
	REFUSED(fields, "X: y\r\n\r\n");
	REFUSED(fields, "X: y\n\r\n");
	REFUSED(fields, "X: y\r\nno colon\r\n");
	REFUSED(fields, ": y\r\n");
	REFUSED(fields, "X y: z\r\n");
	REFUSED(fields, "X: y\r");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_of_rfc_3174),
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(lists_are_searched_over_all_fields),
		cmocka_unit_test(what_is_no_head),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(a_request_is_written_and_answered),
		cmocka_unit_test(what_a_server_refuses),
		cmocka_unit_test(what_a_client_makes_of_an_answer),
		cmocka_unit_test(a_request_cannot_be_broken_by_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
