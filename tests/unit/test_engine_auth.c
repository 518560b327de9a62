/* SPDX-License-Identifier: BSD-3-Clause */
/* Digest authentication in calls: challenged and answering, challenging and verifying, as the shipped scenarios do it. */
#include <errno.h>

#include "engine_peer.h"

#include "engine/credentials.h"

#define FIRST_INVITE SEND("INVITE", "")
#define REFUSED(code)                                                                                                  \
	RECV("response=\"" code "\"", "auth=\"true\"") SEND("ACK", "")
#define CALL(code, auth)                                                                                               \
	FIRST_INVITE REFUSED(code) SEND_X("INVITE", "retrans=\"500\"", auth "\n") RECV("response=\"200\"", "") SEND("ACK", "") \
	SEND_X("BYE", "", auth "\n") RECV("response=\"200\"", "")
#define JOE "[authentication username=joe password=secret]"
#define QOP "Digest realm=\"r\", nonce=\"n0\", opaque=\"o\", qop=\"auth,auth-int\""

static struct rs_auth_hasher *hasher;

/** The credentials of @line, as they verify for @password and the start line of @m. */
static struct rs_auth_credentials
verified(const char *m, const char *line, const char *user, const char *password)
{
	struct rs_slice method = rs_slice_of(m, strcspn(m, " "));
	struct rs_slice uri = rs_slice_of(m + method.len + 1, strcspn(m + method.len + 1, " "));
	struct rs_auth_credentials c;

	if (rs_auth_credentials(rs_slice_str(line), &c) != 0)
		fail_msg("no credentials: '%s'", line);
	if (!rs_auth_user_is(&c, rs_slice_str(user)) || !rs_slice_eq(c.uri, uri) ||
		!rs_auth_verify(hasher, &c, rs_slice_str(password), method))
		fail_msg("not those of %s for %s: %s", user, m, line);
	return c;
}

/** Refuse the first INVITE with @challenge lines. @return the INVITE that follows */
static const char *
challenged(struct peer *p, const char *scenario, const char *status, const char *challenge)
{
	const char *invite;

	peer_open_call(p, scenario);
	invite = peer_sent(p, "INVITE");
	assert_string_equal(header(invite, "Authorization"), "");
	assert_string_equal(header(invite, "Proxy-Authorization"), "");
	peer_reply_x(p, invite, status, challenge);
	assert_string_equal(header(peer_sent(p, "ACK"), "Authorization"), "");
	return peer_sent(p, "INVITE");
}

/** Accept @invite and let the call end. @return its BYE */
static const char *
accepted(struct peer *p, const char *invite)
{
	const char *bye;

	peer_reply(p, invite, "200 OK");
	peer_sent(p, "ACK");
	bye = peer_sent(p, "BYE");
	peer_reply(p, bye, "200 OK");
	peer_completed(p);
	return bye;
}

static void
a_407_is_answered_with_the_nonce_counted(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("407", JOE), "407 X", "Proxy-Authenticate: " QOP "\n"), *bye;
	struct rs_auth_credentials c = verified(invite, header(invite, "Proxy-Authorization"), "joe", "secret");

	assert_true(c.qop_auth && rs_slice_is(c.realm, "r") && rs_slice_is(c.nonce, "n0") && rs_slice_is(c.opaque, "o"));
	assert_true(rs_slice_is(c.nc_text, "00000001"));
	assert_int_equal(c.cnonce.len, 16);
	assert_string_equal(header(invite, "Authorization"), "");
	assert_non_null(strstr(invite, "Digest")); /* one line, and none left empty behind it */
	assert_null(strstr(invite, "\r\n\r\nContent"));
	assert_string_equal(header(invite, "Content-Length"), "0");
	bye = accepted(&p, invite);
	c = verified(bye, header(bye, "Proxy-Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.nc_text, "00000002"));
	assert_int_equal(peer_count(&p, RS_AM_AUTHENTICATED), 2);
	peer_close(&p);
}

/* This response was computed apart from our code: MD5(MD5("joe:r:secret"):n0:MD5("INVITE:sip:bob@198.18.8.1:5060")). */
static void
a_401_without_qop_is_answered_as_rfc_2069_has_it(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("401", JOE), "401 X", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n0\"\n");

	assert_string_equal(header(invite, "Authorization"), "Digest username=\"joe\", realm=\"r\", nonce=\"n0\", "
		"uri=\"sip:bob@198.18.8.1:5060\", response=\"26f554d91603bf93e2a295b887243f78\"");
	accepted(&p, invite);
	peer_close(&p);
}

static void
sha_256_is_answered_where_it_is_asked_for_first(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("401", JOE), "401 X",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-512-256, qop=\"auth\"\n"
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\"\n"
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n3\", algorithm=MD5, qop=\"auth\"\n");
	struct rs_auth_credentials c = verified(invite, header(invite, "Authorization"), "joe", "secret");

	assert_int_equal(c.algorithm, RS_AUTH_SHA256);
	assert_int_equal(c.response.len, 64);
	assert_true(rs_slice_is(c.nonce, "n2"));
	accepted(&p, invite);
	peer_close(&p);
}

static void
each_realm_gets_its_line(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("407", JOE), "407 X",
		"Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\", Digest realm=\"b\", nonce=\"2\", qop=\"auth\"\n"
		"WWW-Authenticate: Digest realm=\"c\", nonce=\"3\"\n");
	const char *first = strstr(invite, "\nProxy-Authorization: "), *second = strstr(first + 1, "\nProxy-Authorization: ");
	struct rs_auth_credentials c = verified(invite, header(first, "Proxy-Authorization"), "joe", "secret");

	assert_true(rs_slice_is(c.realm, "a"));
	c = verified(invite, header(second, "Proxy-Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.realm, "b") && c.qop_auth);
	c = verified(invite, header(invite, "Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.realm, "c"));
	accepted(&p, invite);
	peer_close(&p);
}

static void
what_is_repeated_has_the_same_credentials(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("401", JOE), "401 X", "WWW-Authenticate: " QOP "\n");

	peer_wait(&p, 600);
	assert_string_equal(peer_sent(&p, "INVITE"), invite);
	assert_int_equal(peer_count(&p, RS_AM_AUTHENTICATED), 1);
	accepted(&p, invite);
	peer_close(&p);
}

static void
a_new_challenge_replaces_the_old_one(void **state)
{
	struct peer p = { 0 };
	const char *scenario = FIRST_INVITE REFUSED("401") SEND_X("INVITE", "", JOE "\n") REFUSED("401")
		SEND_X("INVITE", "", JOE "\n") RECV("response=\"403\"", "") SEND("ACK", "");
	const char *invite = challenged(&p, scenario, "401 X", "WWW-Authenticate: " QOP "\n");
	struct rs_auth_credentials c;

	peer_reply_x(&p, invite, "401 X", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", stale=true, qop=\"auth\"\n");
	peer_sent(&p, "ACK");
	invite = peer_sent(&p, "INVITE");
	c = verified(invite, header(invite, "Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.nonce, "n1") && rs_slice_is(c.nc_text, "00000001"));
	peer_reply(&p, invite, "403 X");
	peer_completed(&p);
	peer_close(&p);
}

/* A proxy, and then whom it leads to: either wants its own credentials (RFC 3261, 22.3). */
static void
what_another_realm_asks_is_answered_beside_the_first(void **state)
{
	struct peer p = { 0 };
	const char *scenario = FIRST_INVITE REFUSED("407") SEND_X("INVITE", "", JOE "\n") REFUSED("401") SEND_X("INVITE", "", JOE "\n")
		RECV("response=\"200\"", "") SEND("ACK", "") SEND_X("BYE", "", JOE "\n") RECV("response=\"200\"", "");
	const char *invite = challenged(&p, scenario, "407 X", "Proxy-Authenticate: Digest realm=\"p\", nonce=\"p0\", qop=\"auth\"\n"), *bye;
	struct rs_auth_credentials c;
	char cnonce[64];

	peer_reply_x(&p, invite, "401 X", "WWW-Authenticate: " QOP "\n");
	peer_sent(&p, "ACK");
	invite = peer_sent(&p, "INVITE");
	c = verified(invite, header(invite, "Proxy-Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.nonce, "p0") && rs_slice_is(c.nc_text, "00000002"));
	snprintf(cnonce, sizeof(cnonce), "%.*s", (int)c.cnonce.len, (const char *)c.cnonce.p);
	c = verified(invite, header(invite, "Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.nonce, "n0") && rs_slice_is(c.nc_text, "00000001"));
	bye = accepted(&p, invite);
	c = verified(bye, header(bye, "Proxy-Authorization"), "joe", "secret");
	assert_true(rs_slice_is(c.nc_text, "00000003") && rs_slice_is(c.cnonce, cnonce)); /* RFC 7616, 3.4.2 */
	verified(bye, header(bye, "Authorization"), "joe", "secret");
	assert_null(strstr(strstr(bye, "\nAuthorization:") + 1, "\nAuthorization:"));
	peer_close(&p);
}

static void
what_cannot_be_answered_is_counted_and_nothing_is_sent_for_it(void **state)
{
	static const struct {
		const char *challenge;
		uint32_t row;
	} cases[] = {
		{ "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", algorithm=AKAv1-MD5\n", RS_ENG_CHALLENGE_UNKNOWN },
		{ "WWW-Authenticate: Basic realm=\"r\"\n", RS_ENG_CHALLENGE_UNKNOWN },
		{ "WWW-Authenticate: Digest realm=\"r, nonce=\"1\"\n", RS_ENG_CHALLENGE_BROKEN },
		{ "", RS_ENG_CHALLENGE_BROKEN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer p = { 0 };
		const char *invite = challenged(&p, CALL("401", JOE), "401 X", cases[i].challenge);

		assert_null(strstr(invite, "uthorization:"));
		assert_null(strstr(invite, "\r\n\r\nContent"));
		assert_int_equal(sim_engine(&p.s, cases[i].row), 1);
		assert_int_equal(peer_count(&p, RS_AM_AUTHENTICATED), 0);
		/* So it is refused again, and that is what the call fails of. */
		peer_reply_x(&p, invite, "401 X", cases[i].challenge);
		peer_failed(&p, RS_CAUSE_RESPONSE + 401 - 300);
		peer_close(&p);
	}
}

static void
an_endpoint_without_a_password_sends_no_credentials(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("401", "[authentication]"), "401 X", "WWW-Authenticate: " QOP "\n");

	assert_string_equal(header(invite, "Authorization"), "");
	accepted(&p, invite);
	peer_close(&p);
}

static void
values_are_rendered_for_each_call(void **state)
{
	struct peer p = { 0 };
	const char *invite = challenged(&p, CALL("401", "[authentication username=\"[user]-[call_number]\" password=\"[service]\"]"),
		"401 X", "WWW-Authenticate: " QOP "\n");

	verified(invite, header(invite, "Authorization"), "0-1", "bob");
	accepted(&p, invite);
	peer_close(&p);
}

static void
a_field_may_hold_the_whole_keyword(void **state)
{
	static const char *const lines[] = { "[authentication username=joe password=secret]",
		"[authentication username=\"joe\" password=\"secret\"]" };

	for (size_t i = 0; i < 2; i++) {
		struct peer p = { 0 };
		const char *invite;
		char file[64] = "/tmp/rs-auth-XXXXXX", activity[512];
		int fd = mkstemp(file);

		dprintf(fd, "SEQUENTIAL\n%s;x\n", lines[i]);
		close(fd);
		snprintf(activity, sizeof(activity), "do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; data = \"%s\";",
			file);
		peer_open(&p, CALL("401", "[field0]"), activity, "");
		unlink(file);
		invite = peer_sent(&p, "INVITE");
		/* Nobody has asked yet. */
		assert_null(strstr(invite, "authentication"));
		peer_reply_x(&p, invite, "401 X", "WWW-Authenticate: " QOP "\n");
		peer_sent(&p, "ACK");
		invite = peer_sent(&p, "INVITE");
		verified(invite, header(invite, "Authorization"), "joe", "secret");
		accepted(&p, invite);
		peer_close(&p);
	}
}

/* --- who asks --- */

#define VERIFY "<verifyauth assign_to=\"ok\" username=\"joe\" password=\"secret\"/>"
#define TOLD                                                                                                           \
	"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n" \
	"X: [$ok]\nContent-Length: 0\n]]></send>\n"

/** What verifyauth says of a MESSAGE with @headers. */
static const char *
told(const char *steps, const char *headers)
{
	static char value[64];
	struct peer p = { 0 };

	peer_open_answer(&p, steps);
	peer_call(&p, "MESSAGE", 1, "", headers);
	peer_wait(&p, 200);
	snprintf(value, sizeof(value), "%s", header(peer_sent(&p, "SIP/2.0 200"), "X"));
	peer_completed(&p);
	peer_close(&p);
	return value;
}

static const char *
credentials_of(const char *name, const char *user, const char *password, const char *method, enum rs_auth_algorithm algorithm)
{
	static char line[1024];
	struct rs_auth_challenge c = { .realm = rs_slice_str("r"), .nonce = rs_slice_str("n"), .algorithm = (uint8_t)algorithm,
		.algorithm_given = true, .qop_auth = true };
	struct rs_auth_in in = { .challenge = &c, .user = rs_slice_str(user), .password = rs_slice_str(password),
		.method = rs_slice_str(method), .uri = rs_slice_str("sip:me@198.18.4.1:5060"), .nc = 1,
		.cnonce = rs_slice_str("0123456789abcdef") };
	uint8_t value[512];
	int n = rs_auth_write(hasher, &in, value, sizeof(value));

	assert_true(n > 0);
	snprintf(line, sizeof(line), "%s: %.*s\n", name, n, (const char *)value);
	return line;
}

static void
verifyauth_tells_right_from_wrong(void **state)
{
	/* At once, and in a later turn from what was kept. */
	static const char *const steps[] = { RECV_DO("request=\"MESSAGE\"", VERIFY) TOLD,
		RECV("request=\"MESSAGE\"", "") PAUSE(50) "<nop><action>" VERIFY "</action></nop>\n" TOLD };

	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(told(steps[i], credentials_of("Authorization", "joe", "secret", "MESSAGE", RS_AUTH_MD5)), "true");
		assert_string_equal(told(steps[i], credentials_of("Proxy-Authorization", "joe", "secret", "MESSAGE", RS_AUTH_SHA256)),
			"true");
		assert_string_equal(told(steps[i], credentials_of("Authorization", "joe", "wrong", "MESSAGE", RS_AUTH_MD5)), "false");
		assert_string_equal(told(steps[i], credentials_of("Authorization", "jim", "secret", "MESSAGE", RS_AUTH_MD5)), "false");
		assert_string_equal(told(steps[i], credentials_of("Authorization", "joe", "secret", "INVITE", RS_AUTH_MD5)), "false");
		assert_string_equal(told(steps[i], ""), "false");
		assert_string_equal(told(steps[i], "Authorization: Digest username=\"joe\"\n"), "false");
		assert_string_equal(told(steps[i], "Authorization: Basic am9lOnNlY3JldA==\n"), "false");
	}
}

static void
one_of_several_credentials_is_enough(void **state)
{
	char headers[2048];
	size_t n = (size_t)snprintf(headers, sizeof(headers), "%s",
		credentials_of("Authorization", "other", "x", "MESSAGE", RS_AUTH_MD5));

	snprintf(headers + n, sizeof(headers) - n, "%s", credentials_of("Authorization", "joe", "secret", "MESSAGE", RS_AUTH_MD5));
	assert_string_equal(told(RECV_DO("request=\"MESSAGE\"", VERIFY) TOLD, headers), "true");
}

/* --- both sides ours: the shipped scenarios --- */

static void
play_shipped(const char *mode, const char *credentials, uint64_t established, uint64_t failed)
{
	const char *source = getenv("RINGSTORM_SOURCE");
	struct sim s = { 0 };
	char plan[4096];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 8; addresses = \"198.18.4.1\"; user = \"u{index:03}\"; %s },\n"
		"              { name = \"callees\"; port = \"b\"; count = 8; addresses = \"198.18.8.1\"; domain = \"example.test\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"%s/config/scenarios/uas_auth.xml\"; ring = \"10ms\"; %s },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; rate = 50; total = 20; hold = \"20ms\"; timeout = \"5s\";\n"
		"    scenario = \"%s/config/scenarios/uac_auth.xml\"; %s } );\n",
		credentials, source, mode, source, mode);
	sim_open(&s, plan);
	sim_play(&s, 60 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, 1, RS_AM_STARTED), 20);
	assert_int_equal(sim_count(&s, 1, RS_AM_ESTABLISHED), established);
	assert_int_equal(sim_count(&s, 1, RS_AM_COMPLETED), established);
	assert_int_equal(sim_count(&s, 1, RS_AM_FAILED), failed);
	assert_int_equal(sim_cause(&s, 1, RS_CAUSE_RESPONSE + 403 - 300), failed);
	assert_int_equal(sim_count(&s, 0, RS_AM_ESTABLISHED), established);
	assert_int_equal(sim_count(&s, 0, RS_AM_COMPLETED), 20);
	assert_int_equal(sim_count(&s, 0, RS_AM_SIP_UNEXPECTED), 0);
	assert_int_equal(sim_engine(&s, RS_ENG_LEGS), 0);
	assert_int_equal(sim_engine(&s, RS_ENG_LEG_BYTES), 0);
	sim_close(&s);
}

static void
shipped_scenarios_challenge_and_answer_each_other(void **state)
{
	static const char *const modes[] = { "", "mode = \"rfc3261\";" };

	for (size_t i = 0; i < 2; i++) {
		play_shipped(modes[i], "password = \"secret\";", 20, 0);
		play_shipped(modes[i], "password = \"secret\"; auth_user = \"x{index}\";", 20, 0);
		play_shipped(modes[i], "password = \"wrong\";", 0, 20);
	}
}

static void
the_shipped_registration_answers_with_the_endpoints_own(void **state)
{
	struct peer p = { .s = { .on_wire = peer_takes, .ctx = &p }, .start_ns = 1000 * RS_NS_PER_S };
	const char *request;
	char plan[2048];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 4; addresses = \"198.18.4.1-198.18.4.4\"; domain = \"example.test\";\n"
		"                user = \"u{index:03}\"; password = \"p{index:03}\"; proxy = \"sip:198.18.8.1\"; } );\n"
		"activities = ( { name = \"x\"; do = \"call\"; from = \"us\"; to = \"sip:x@198.18.8.1\"; rate = 1; total = 1;\n"
		"                 scenario = \"%s/config/scenarios/register.xml\"; } );\n", getenv("RINGSTORM_SOURCE"));
	sim_open(&p.s, plan);
	sim_play(&p.s, MS / 2);
	request = peer_sent(&p, "REGISTER sip:example.test SIP/2.0");
	peer_reply_x(&p, request, "401 X", "WWW-Authenticate: " QOP "\n");
	request = peer_sent(&p, "REGISTER sip:example.test SIP/2.0");
	verified(request, header(request, "Authorization"), "u000", "p000");
	assert_string_equal(header(request, "CSeq"), "2 REGISTER");
	peer_reply(&p, request, "200 OK");
	peer_completed(&p);
	sim_sums_hold(&p.s);
	sim_close(&p.s);
}

/* --- whose credentials --- */

static void
an_endpoint_has_its_line_else_its_patterns(void **state)
{
	struct rs_inject *lines;
	struct rs_err err = { 0 };
	struct rs_plan_group g = { 0 };
	uint8_t out[64];

	assert_int_equal(endpoint_password(&g, 3, out, sizeof(out)), -ENOENT);
	g.user = (struct rs_pattern){ .text = "u{index:03}", .before = rs_slice_str("u"), .what = 1, .width = 3 };
	assert_int_equal(endpoint_auth_user(&g, 7, out, sizeof(out)), 4);
	assert_memory_equal(out, "u007", 4);
	g.auth_user = (struct rs_pattern){ .text = "a{index}", .before = rs_slice_str("a"), .what = 1 };
	g.password = (struct rs_pattern){ .text = "p{index}", .before = rs_slice_str("p"), .what = 1 };
	assert_int_equal(endpoint_auth_user(&g, 7, out, sizeof(out)), 2);
	assert_memory_equal(out, "a7", 2);
	assert_int_equal(endpoint_password(&g, 7, out, sizeof(out)), 2);
	assert_memory_equal(out, "p7", 2);
	assert_int_equal(endpoint_password(&g, 7, out, 1), -ENOSPC);
	assert_int_equal(rs_inject_parse("x", rs_slice_str("SEQUENTIAL\njoe;secret\njim;other\n"), &lines, &err), 0);
	g.credentials = lines;
	assert_int_equal(endpoint_auth_user(&g, 1, out, sizeof(out)), 3);
	assert_memory_equal(out, "jim", 3);
	assert_int_equal(endpoint_password(&g, 0, out, sizeof(out)), 6);
	assert_memory_equal(out, "secret", 6);
	rs_inject_free(lines);
}

static int
setup(void **state)
{
	return rs_auth_hasher_create(&hasher);
}

static int
teardown(void **state)
{
	rs_auth_hasher_free(hasher);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_407_is_answered_with_the_nonce_counted),
		cmocka_unit_test(a_401_without_qop_is_answered_as_rfc_2069_has_it),
		cmocka_unit_test(sha_256_is_answered_where_it_is_asked_for_first),
		cmocka_unit_test(each_realm_gets_its_line),
		cmocka_unit_test(what_is_repeated_has_the_same_credentials),
		cmocka_unit_test(a_new_challenge_replaces_the_old_one),
		cmocka_unit_test(what_another_realm_asks_is_answered_beside_the_first),
		cmocka_unit_test(what_cannot_be_answered_is_counted_and_nothing_is_sent_for_it),
		cmocka_unit_test(an_endpoint_without_a_password_sends_no_credentials),
		cmocka_unit_test(values_are_rendered_for_each_call),
		cmocka_unit_test(a_field_may_hold_the_whole_keyword),
		cmocka_unit_test(verifyauth_tells_right_from_wrong),
		cmocka_unit_test(one_of_several_credentials_is_enough),
		cmocka_unit_test(shipped_scenarios_challenge_and_answer_each_other),
		cmocka_unit_test(the_shipped_registration_answers_with_the_endpoints_own),
		cmocka_unit_test(an_endpoint_has_its_line_else_its_patterns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
