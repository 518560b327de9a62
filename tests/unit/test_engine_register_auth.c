/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations that are challenged (RFC 3261, 22; RFC 7616): who is asked, who answers, and when it is enough. */
#include "engine_reg.h"

static struct rs_auth_hasher *hasher;

static struct rs_auth_credentials
verified(const char *m, const char *password)
{
	struct rs_auth_credentials c;

	if (rs_auth_credentials(rs_slice_str(header(m, "Authorization")), &c) != 0)
		fail_msg("no credentials in %s", m);
	if (!rs_auth_verify(hasher, &c, rs_slice_str(password), rs_slice_str("REGISTER")))
		fail_msg("not made with %s: %s", password, m);
	return c;
}

static void
a_challenge_is_answered_and_its_nonce_counted_on(void **state) /* 22, RFC 7616 */
{
	struct peer p = { 0 };
	struct rs_auth_credentials c;
	const char *m;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE);
	for (unsigned nc = 1; nc < 20; nc++) {
		char text[16];

		m = peer_sent(&p, "REGISTER");
		c = verified(m, "secret");
		snprintf(text, sizeof(text), "%08x", nc);
		assert_true(rs_slice_is(c.nc_text, text) && rs_slice_is(c.nonce, "n0"));
		peer_reply_x(&p, m, "200 OK", GRANTED(10));
		wait_sent(&p, 10000);
	}
	assert_int_equal(peer_count(&p, RS_AM_REG_CHALLENGED), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED) + peer_count(&p, RS_AM_REG_REFRESH_FAILED), 0);
	reg_close(&p);
}

static void
without_nonce_reuse_each_transaction_begins_without_credentials(void **state)
{
	struct peer p = { 0 };

	reg_open_one(&p, "nonce_reuse = false;");
	for (unsigned i = 0; i < 3; i++) {
		const char *m = peer_sent(&p, "REGISTER");

		assert_string_equal(header(m, "Authorization"), "");
		peer_reply_x(&p, m, "401 X", CHALLENGE);
		m = peer_sent(&p, "REGISTER");
		assert_true(rs_slice_is(verified(m, "secret").nc_text, "00000001"));
		peer_reply_x(&p, m, "200 OK", GRANTED(10));
		wait_sent(&p, 10000);
	}
	assert_int_equal(peer_count(&p, RS_AM_REG_CHALLENGED), 3);
	reg_close(&p);
}

static void
a_stale_nonce_is_replaced(void **state) /* RFC 7616, 3.3 */
{
	struct peer p = { 0 };
	struct rs_auth_credentials c;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", GRANTED(10));
	wait_sent(&p, 10000);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", stale=true, qop=\"auth\", algorithm=SHA-256\n");
	c = verified(peer_sent(&p, "REGISTER"), "secret");
	assert_true(rs_slice_is(c.nonce, "n1") && rs_slice_is(c.nc_text, "00000001") && c.algorithm == RS_AUTH_SHA256);
	reg_close(&p);
}

static void
a_wrong_password_is_told_once(void **state)
{
	struct peer p = { 0 };

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\n");
	peer_wait(&p, 120000);
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 1);
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_RESPONSE + 101), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 0);
	reg_close(&p);
}

static void
a_registrar_that_asks_without_end_is_given_up(void **state)
{
	struct peer p = { 0 };
	unsigned n = 0;

	reg_open_one(&p, "");
	for (; n < 20 && p.n_read < p.n_sent; n++)
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", stale=true, qop=\"auth\"\n");
	assert_int_equal(n, 4);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 1);
	reg_close(&p);
}

#define PROXYS "Proxy-Authenticate: Digest realm=\"p\", nonce=\"p0\", qop=\"auth\"\n"

static struct rs_auth_credentials
verified_proxy(const char *m)
{
	struct rs_auth_credentials c;

	assert_int_equal(rs_auth_credentials(rs_slice_str(header(m, "Proxy-Authorization")), &c), 0);
	assert_true(rs_auth_verify(hasher, &c, rs_slice_str("secret"), rs_slice_str("REGISTER")));
	return c;
}

static void
a_proxy_and_the_registrar_may_ask_one_after_the_other(void **state) /* 22.3 */
{
	struct peer p = { 0 };
	const char *m;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "407 X", PROXYS);
	m = peer_sent(&p, "REGISTER");
	assert_string_equal(header(m, "Authorization"), "");
	assert_true(rs_slice_is(verified_proxy(m).nc_text, "00000001"));
	peer_reply_x(&p, m, "401 X", CHALLENGE);
	for (unsigned nc = 1; nc < 4; nc++) {
		char text[16], proxys[16];

		m = peer_sent(&p, "REGISTER");
		snprintf(text, sizeof(text), "%08x", nc);
		snprintf(proxys, sizeof(proxys), "%08x", nc + 1);
		assert_true(rs_slice_is(verified(m, "secret").nc_text, text) && rs_slice_is(verified_proxy(m).nc_text, proxys));
		peer_reply_x(&p, m, "200 OK", GRANTED(10));
		wait_sent(&p, 10000);
	}
	assert_int_equal(peer_count(&p, RS_AM_REG_CHALLENGED), 2);
	m = peer_sent(&p, "REGISTER");
	peer_reply_x(&p, m, "407 X", "Proxy-Authenticate: Digest realm=\"p\", nonce=\"p1\", stale=true, qop=\"auth\"\n");
	m = peer_sent(&p, "REGISTER"); /* what the other one asked is still answered */
	assert_true(rs_slice_is(verified(m, "secret").nc_text, "00000005"));
	assert_true(rs_slice_is(verified_proxy(m).nc_text, "00000001") && rs_slice_is(verified_proxy(m).nonce, "p1"));
	peer_reply_x(&p, m, "407 X", PROXYS);
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_REG_REFRESH_FAILED), 1);
	reg_close(&p);
}

static void
two_realms_of_one_response_are_answered_together(void **state) /* 22.3 */
{
	struct peer p = { 0 };
	const char *m;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE PROXYS);
	m = peer_sent(&p, "REGISTER");
	verified(m, "secret");
	verified_proxy(m);
	peer_reply_x(&p, m, "200 OK", GRANTED(10));
	assert_int_equal(peer_count(&p, RS_AM_REG_DONE), 1);
	reg_close(&p);
}

static void
a_registrar_of_many_realms_is_given_up(void **state)
{
	struct peer p = { 0 };
	unsigned n = 0;

	reg_open_one(&p, "");
	for (; n < 20 && p.n_read < p.n_sent; n++) {
		char line[128];

		snprintf(line, sizeof(line), "WWW-Authenticate: Digest realm=\"r%u\", nonce=\"n\", qop=\"auth\"\n", n);
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", line);
	}
	assert_int_equal(n, 4);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 1);
	reg_close(&p);
}

static void
a_nonce_that_is_good_once_is_replaced_where_it_was_used_before(void **state) /* RFC 7616, 3.3 */
{
	struct peer p = { 0 };

	reg_open_one(&p, "expires = \"60s\";");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "423 Interval Too Brief", "Min-Expires: 300\n");
	/* It does not say stale, as many do not. */
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\n");
	assert_true(rs_slice_is(verified(peer_sent(&p, "REGISTER"), "secret").nonce, "n1"));
	peer_reply_x(&p, p.sent[p.n_sent - 1], "200 OK", "");
	assert_int_equal(peer_count(&p, RS_AM_REG_DONE), 1);
	reg_close(&p);
}

static void
a_session_keeps_its_cnonce_as_long_as_its_nonce(void **state) /* RFC 7616, 3.4.2 */
{
	struct peer p = { 0 };
	char cnonce[64] = "";

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess, qop=\"auth\"\n");
	for (unsigned i = 0; i < 3; i++) {
		const char *m = peer_sent(&p, "REGISTER");
		struct rs_auth_credentials c = verified(m, "secret");

		if (i == 0)
			snprintf(cnonce, sizeof(cnonce), "%.*s", (int)c.cnonce.len, (const char *)c.cnonce.p);
		assert_true(rs_slice_is(c.cnonce, cnonce));
		peer_reply_x(&p, m, "200 OK", GRANTED(10));
		wait_sent(&p, 10000);
	}
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", algorithm=MD5-sess, qop=\"auth\"\n");
	assert_false(rs_slice_is(verified(peer_sent(&p, "REGISTER"), "secret").cnonce, cnonce));
	reg_close(&p);
}

static void
credentials_that_fit_no_message_are_the_cause_at_once(void **state) /* this link has no large buffers */
{
	struct peer p = { 0 };
	char line[1400];

	reg_open_one(&p, "");
	snprintf(line, sizeof(line), "WWW-Authenticate: Digest realm=\"r\", nonce=\"%01200d\", qop=\"auth\"\n", 1);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", line);
	peer_wait(&p, 10);
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 1);
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_TOO_LONG), 1);
	reg_close(&p);
}

static void
without_a_password_and_for_challenges_that_nobody_knows_the_response_is_the_cause(void **state)
{
	static const char *const lines[] = { CHALLENGE, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3\n", "",
		"WWW-Authenticate: Digest realm\n" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct peer p = { 0 };

		reg_open(&p, 1, i ? "password = \"x\";" : "", "", "");
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", lines[i]);
		peer_heard_nothing(&p);
		assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_RESPONSE + 101), 1);
		reg_close(&p);
	}
}

static const char *long_text; /* nonce and route of every endpoint */

/* A registrar that challenges each first REGISTER, and grants what has credentials. */
static unsigned
challenges_at_length(void *ctx, struct sim_packet *p)
{
	struct rs_path back = { .local = p->path.remote, .remote = p->path.local, .local_port = p->path.remote_port,
		.remote_port = p->path.local_port, .port = p->path.port ^ 1 };
	char m[SIM_MTU + 1], text[SIM_MTU + 1];
	bool good;

	memcpy(m, p->data, p->len);
	m[p->len] = 0;
	good = strstr(m, "\nAuthorization:");
	p->len = (uint32_t)snprintf(text, sizeof(text),
		"SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: %s\r\nCSeq: %s\r\n%s%s%s\r\nContent-Length: 0\r\n\r\n",
		good ? "200 OK" : "401 X", header(m, "Via"), header(m, "From"), header(m, "To"), header(m, "Call-ID"), header(m, "CSeq"),
		good ? "Service-Route: <sip:" : "WWW-Authenticate: Digest realm=\"r\", nonce=\"", long_text, good ? "@198.18.8.1;lr>" : "\"");
	memcpy(p->data, text, p->len);
	p->path = back;
	return 1;
}

static void
long_nonces_and_routes_have_room_at_every_endpoint(void **state)
{
	static const char plan[] =
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 3000; addresses = \"198.18.4.1-198.18.4.250\";\n"
		"                proxy = \"sip:198.18.8.1\"; password = \"x\"; } );\n"
		"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"us\"; rate = 3000; } ); run = { max_calls = 10; };\n";
	static const int lengths[] = { 40, 100, 200, 400 };
	char text[512];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct sim s = { .on_wire = challenges_at_length };

		memset(text, 'n', sizeof(text));
		text[lengths[i]] = 0;
		long_text = text;
		sim_open(&s, plan);
		sim_play(&s, 2 * RS_NS_PER_S);
		assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 3000);
		assert_int_equal(sim_count(&s, 0, RS_AM_REG_FAILED), 0);
		assert_int_equal(sim_engine(&s, RS_ENG_POOL_EMPTY), 0);
		sim_close(&s);
	}
}

static int
set_up(void **state)
{
	return rs_auth_hasher_create(&hasher);
}

static int
tear_down(void **state)
{
	rs_auth_hasher_free(hasher);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_answered_and_its_nonce_counted_on),
		cmocka_unit_test(without_nonce_reuse_each_transaction_begins_without_credentials),
		cmocka_unit_test(a_stale_nonce_is_replaced),
		cmocka_unit_test(a_wrong_password_is_told_once),
		cmocka_unit_test(a_registrar_that_asks_without_end_is_given_up),
		cmocka_unit_test(a_proxy_and_the_registrar_may_ask_one_after_the_other),
		cmocka_unit_test(two_realms_of_one_response_are_answered_together),
		cmocka_unit_test(a_registrar_of_many_realms_is_given_up),
		cmocka_unit_test(a_nonce_that_is_good_once_is_replaced_where_it_was_used_before),
		cmocka_unit_test(a_session_keeps_its_cnonce_as_long_as_its_nonce),
		cmocka_unit_test(credentials_that_fit_no_message_are_the_cause_at_once),
		cmocka_unit_test(without_a_password_and_for_challenges_that_nobody_knows_the_response_is_the_cause),
		cmocka_unit_test(long_nonces_and_routes_have_room_at_every_endpoint),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
