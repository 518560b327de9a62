/* SPDX-License-Identifier: BSD-3-Clause */
/* Digest authentication: challenges as they are found in the wild, the RFCs' examples, and credentials that verify. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "proto/sip/auth.h"
#include "unit.h"

static struct rs_auth_hasher *hasher;
static struct rs_auth_challenge challenge;
static struct rs_sip_msg msg;
static struct guard page; /* the bytes that slices point into, until the next ones are read */
static unsigned long allocations;
static bool fails;

static const uint8_t *
at_page_end(const char *text)
{
	if (page.map != NULL)
		guard_free(&page);
	page = guard_new(text, strlen(text));
	return page.p;
}

static struct rs_slice
at_end(const char *text)
{
	return rs_slice_of(at_page_end(text), strlen(text));
}

static int
read_challenge(const char *text)
{
	return rs_auth_challenge(at_end(text), &challenge);
}

static void
assert_slice(struct rs_slice s, const char *text)
{
	if (!rs_slice_is(s, text))
		fail_msg("got \"%.*s\", not \"%s\"", (int)s.len, s.p != NULL ? (const char *)s.p : "", text);
}

/* --- challenges --- */

static void
a_challenge_gives_its_parameters(void **state)
{
	(void)state;
	assert_int_equal(read_challenge("Digest realm=\"example.test\", nonce=\"84a4cc6f\", opaque=\"5ccc\", "
					"algorithm=SHA-256, qop=\"auth, auth-int\", domain=\"sip:a sip:b\", stale=TRUE"), 0);
	assert_slice(challenge.realm, "example.test");
	assert_slice(challenge.nonce, "84a4cc6f");
	assert_slice(challenge.opaque, "5ccc");
	assert_slice(challenge.domain, "sip:a sip:b");
	assert_int_equal(challenge.algorithm, RS_AUTH_SHA256);
	assert_true(challenge.algorithm_given && challenge.qop_auth && challenge.stale);
	assert_false(challenge.qop_other);
}

static void
what_is_not_said_has_its_default(void **state)
{
	(void)state;
	assert_int_equal(read_challenge("digest\r\n REALM = \"\" ,\tnonce=a+/b==,"), 0);
	assert_non_null(challenge.realm.p);
	assert_slice(challenge.realm, "");
	assert_slice(challenge.nonce, "a+/b==");
	assert_null(challenge.opaque.p);
	assert_int_equal(challenge.algorithm, RS_AUTH_MD5);
	assert_false(challenge.algorithm_given || challenge.qop_auth || challenge.qop_other || challenge.stale);
}

static void
quotes_hide_commas_and_escapes_stay(void **state)
{
	(void)state;
	assert_int_equal(read_challenge("Digest realm=\"a, nonce=\\\"x\\\" \\\\\", nonce=\"n,Digest b\""), 0);
	assert_slice(challenge.realm, "a, nonce=\\\"x\\\" \\\\");
	assert_slice(challenge.nonce, "n,Digest b");
}

static void
unknown_parameters_are_passed_over(void **state)
{
	(void)state;
	assert_int_equal(
		read_challenge("Digest charset=UTF-8, x=\"a,b\", realm=\"r\", userhash=true, nonce=\"n\", qop=auth"), 0);
	assert_slice(challenge.realm, "r");
	assert_true(challenge.qop_auth);
}

static void
algorithms_are_known_by_name(void **state)
{
	static const struct {
		const char *text;
		enum rs_auth_algorithm algorithm;
	} names[] = { { "md5", RS_AUTH_MD5 }, { "MD5-Sess", RS_AUTH_MD5_SESS }, { "\"SHA-256\"", RS_AUTH_SHA256 },
		{ "sha-256-sess", RS_AUTH_SHA256_SESS }, { "SHA-512-256", RS_AUTH_UNKNOWN },
		{ "AKAv1-MD5", RS_AUTH_UNKNOWN }, { "MD", RS_AUTH_UNKNOWN } };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "Digest realm=\"r\",nonce=\"n\",algorithm=%s", names[i].text);
		assert_int_equal(read_challenge(text), 0);
		assert_int_equal(challenge.algorithm, names[i].algorithm);
	}
}

static void
qop_options_decide_whether_it_can_be_answered(void **state)
{
	(void)state;
	assert_int_equal(read_challenge("Digest realm=\"r\",nonce=\"n\",qop=\"auth-int\""), 0);
	assert_true(challenge.qop_other && !challenge.qop_auth);
	assert_int_equal(read_challenge("Digest realm=\"r\",nonce=\"n\",qop=\"auth-int , AUTH\""), 0);
	assert_true(challenge.qop_auth && !challenge.qop_other);
	/* No option is no qop. */
	assert_int_equal(read_challenge("Digest realm=\"r\",nonce=\"n\",qop=\" ,\""), 0);
	assert_true(!challenge.qop_auth && !challenge.qop_other);
}

static void
broken_challenges_are_told_from_other_schemes(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "", -EBADMSG }, { " , ", -EBADMSG }, { "=", -EBADMSG }, { "Digest", -EBADMSG },
		{ "Digest realm=\"r\"", -EBADMSG }, { "Digest nonce=\"n\"", -EBADMSG },
		{ "Digest realm=\"r, nonce=\"n\"", -EBADMSG }, { "Digest realm=\"r\" nonce=\"n\"", -EBADMSG },
		{ "Digest realm=\"r\", nonce=\"n", -EBADMSG }, { "Digest realm=\"r\", nonce=\"n\\", -EBADMSG },
		{ "Digest realm=\"r\", nonce=", 0 }, { "Digest realm=\"r\", nonce=\"n\", nonce=\"m\"", -EBADMSG },
		{ "Digest realm=\"r\", nonce=n\\", -EBADMSG }, { "Digest realm=\"r\r\n b\", nonce=\"n\"", -EBADMSG },
		{ "Digest realm=\"r\", ;nonce=\"n\"", -EBADMSG }, { "Digest/realm=\"r\"", -EBADMSG },
		{ "Basic realm=\"r\"", -ENOTSUP }, { "NTLM", -ENOTSUP }, { "NTLM TlRMTVNTUAAB==", -ENOTSUP },
		{ "Basic realm=\"r", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_challenge(bad[i].text) != bad[i].err)
			fail_msg("%s: %d, not %d", bad[i].text, read_challenge(bad[i].text), bad[i].err);
}

static void
no_byte_behind_a_challenge_is_read(void **state)
{
	const char *whole = "Digest realm=\"a\\\"b\" , nonce = n1==, qop=\"auth,auth-int\", opaque=\"\", algorithm=MD5, "
			    "NTLM TlR=, Basic realm=x";
	struct rs_auth_credentials c;
	char text[160];

	(void)state;
	for (size_t n = 0; n <= strlen(whole); n++) {
		snprintf(text, sizeof(text), "%.*s", (int)n, whole);
		read_challenge(text);
		rs_auth_credentials(at_end(text), &c);
	}
}

/* --- which of several --- */

static int
choose(const char *headers, struct rs_auth_challenge *out, unsigned cap)
{
	char text[2048];
	size_t used;

	snprintf(text, sizeof(text), "SIP/2.0 401 Unauthorized\r\n%s\r\n", headers);
	assert_int_equal(rs_sip_parse(at_page_end(text), strlen(text), false, &msg, &used), 0);
	return rs_auth_challenges(&msg, out, cap);
}

static void
the_first_known_algorithm_of_a_realm_is_answered(void **state)
{
	struct rs_auth_challenge c[4];

	(void)state;
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=SHA-512-256\r\n"
				"WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",algorithm=SHA-256\r\n"
				"WWW-Authenticate: Digest realm=\"r\",nonce=\"3\",algorithm=MD5\r\n", c, 4), 1);
	assert_slice(c[0].nonce, "2");
	assert_false(c[0].proxy);
	/* The order is the server's preference. */
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\",nonce=\"3\"\r\n"
				"WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",algorithm=SHA-256\r\n", c, 4), 1);
	assert_slice(c[0].nonce, "3");
}

static void
each_realm_is_answered(void **state)
{
	struct rs_auth_challenge c[4];

	(void)state;
	assert_int_equal(choose("Proxy-Authenticate: Digest realm=\"p\",nonce=\"1\"\r\n"
				"WWW-Authenticate: Digest realm=\"a\",nonce=\"2\"\r\n"
				"Proxy-Authenticate: Digest realm=\"q\",nonce=\"3\"\r\n"
				"Proxy-Authenticate: Digest realm=\"a\",nonce=\"4\"\r\n", c, 4), 4);
	assert_slice(c[0].nonce, "2");
	assert_slice(c[1].nonce, "1");
	assert_slice(c[2].nonce, "3");
	assert_slice(c[3].nonce, "4");
	assert_true(!c[0].proxy && c[1].proxy && c[2].proxy && c[3].proxy);
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"a\",nonce=\"1\"\r\n"
				"WWW-Authenticate: Digest realm=\"b\",nonce=\"2\"\r\n", c, 1), 1);
}

static void
one_header_may_hold_several_challenges(void **state)
{
	struct rs_auth_challenge c[4];

	(void)state;
	assert_int_equal(choose("WWW-Authenticate: Basic realm=\"x, Digest\", NTLM TlRMTVNTUAAB==, Negotiate,"
				" Digest realm=\"r\", nonce=\"1\", algorithm=FOO,\r\n"
				"  Digest realm=\"r\", qop=\"auth\", nonce=\"2,\",, Digest nonce=\"3\", realm=\"s\"\r\n", c, 4), 2);
	assert_slice(c[0].nonce, "2,");
	assert_true(c[0].qop_auth);
	assert_slice(c[1].realm, "s");
	/* One that lacks its nonce spoils no other. */
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\", Digest realm=\"s\", nonce=\"1\"\r\n", c, 4), 1);
	assert_slice(c[0].realm, "s");
	/* What cannot be read spoils its own line only. */
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\r\n"
				"WWW-Authenticate: Digest realm=\"s\", nonce=\"1\"\r\n", c, 4), 1);
}

static void
it_says_why_there_is_nothing_to_answer(void **state)
{
	struct rs_auth_challenge c[4];

	(void)state;
	assert_int_equal(choose("To: <sip:a@b>\r\n", c, 4), -ENOENT);
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=AKAv1-MD5\r\n", c, 4), -ENOTSUP);
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",qop=\"auth-int\"\r\n", c, 4), -ENOTSUP);
	assert_int_equal(choose("Proxy-Authenticate: Basic realm=\"r\"\r\n", c, 4), -ENOTSUP);
	assert_int_equal(choose("WWW-Authenticate: Digest realm=\"r\"\r\n", c, 4), -EBADMSG);
	assert_int_equal(choose("WWW-Authenticate: @\r\n", c, 4), -EBADMSG);
}

/* --- responses --- */

struct example {
	const char *challenge, *user, *password, *method, *uri, *cnonce;
	const char *response;
};

#define RFC7616                                                                                                \
	"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "                                     \
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define RFC7616_NO_QOP                                                                                         \
	"Digest realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define RFC2617 "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""

/* The first four are the RFCs' own (7616, 3.9.1; 2617, 3.5; 2069 with its erratum); the others were computed apart from this
 * code, by their formulas. */
static const struct example examples[] = {
	{ RFC7616 ", algorithm=MD5", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"8ca523f5e9506fed4657c9700eebdbec" },
	{ RFC7616 ", algorithm=SHA-256", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
	{ RFC2617 ", qop=\"auth,auth-int\"", "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b",
		"6629fae49393a05397450978507c4ef1" },
	{ RFC2617, "Mufasa", "CircleOfLife", "GET", "/dir/index.html", "", "1949323746fe6a43ef61f9606e7febea" },
	{ RFC7616 ", algorithm=MD5-sess", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"e783283f46242139c486a698fec7211d" },
	{ RFC7616 ", algorithm=SHA-256-sess", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7" },
	{ RFC7616_NO_QOP ", algorithm=MD5-sess", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"37a7f42db2090a3fcac4e26e747d4fc8" },
	{ RFC7616_NO_QOP ", algorithm=SHA-256-sess", "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE,
		"30bc0742357e535c85094121d22cf826b794be0667e19537beb7b28f2251c274" },
	{ "Digest realm=\"r\", nonce=\"n1\"", "a\"b\\c", "p", "REGISTER", "sip:x", "", "1f2c434a378b6f139fc5081753948ce6" },
};

static struct rs_auth_in
in_of(const struct example *e)
{
	return (struct rs_auth_in){ .challenge = &challenge, .user = rs_slice_str(e->user),
		.password = rs_slice_str(e->password), .method = rs_slice_str(e->method), .uri = rs_slice_str(e->uri), .nc = 1,
		.cnonce = rs_slice_str(e->cnonce) };
}

static char written[1024];

static const char *
write_credentials(const struct rs_auth_in *in)
{
	int n = rs_auth_write(hasher, in, (uint8_t *)written, sizeof(written) - 1);

	assert_true(n > 0);
	written[n] = '\0';
	return written;
}

static void
examples_give_the_responses_of_their_standards(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct rs_auth_in in;
		char want[128];

		assert_int_equal(read_challenge(examples[i].challenge), 0);
		in = in_of(&examples[i]);
		snprintf(want, sizeof(want), ", response=\"%s\"", examples[i].response);
		if (strstr(write_credentials(&in), want) == NULL)
			fail_msg("example %zu: %s", i, written);
	}
}

static void
credentials_say_back_what_the_challenge_said(void **state)
{
	struct rs_auth_in in;

	(void)state;
	assert_int_equal(read_challenge(examples[0].challenge), 0);
	in = in_of(&examples[0]);
	in.nc = 0x1f;
	assert_string_equal(write_credentials(&in),
		"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
		"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", "
		"response=\"b73d3a33f555d3e92224325b96a4020c\", algorithm=MD5, "
		"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", cnonce=\"" CNONCE "\", qop=auth, nc=0000001f");
	/* A server of RFC 2069 gets nothing that it did not ask for. */
	assert_int_equal(read_challenge(examples[8].challenge), 0);
	in = in_of(&examples[8]);
	assert_string_equal(write_credentials(&in), "Digest username=\"a\\\"b\\\\c\", realm=\"r\", nonce=\"n1\", uri=\"sip:x\", "
						    "response=\"1f2c434a378b6f139fc5081753948ce6\"");
}

static void
credentials_are_not_written_past_their_room(void **state)
{
	struct rs_auth_in in;
	size_t whole;

	(void)state;
	assert_int_equal(read_challenge(examples[1].challenge), 0);
	in = in_of(&examples[1]);
	whole = strlen(write_credentials(&in));
	for (size_t cap = 0; cap <= whole; cap++) {
		struct guard g = guard_new(NULL, cap);

		assert_int_equal(rs_auth_write(hasher, &in, g.p, cap), cap < whole ? -ENOSPC : (int)whole);
		guard_free(&g);
	}
	challenge.algorithm = RS_AUTH_UNKNOWN;
	assert_int_equal(rs_auth_write(hasher, &in, (uint8_t *)written, sizeof(written)), -ENOTSUP);
}

/* --- verifying --- */

static void
what_we_write_verifies(void **state)
{
	struct rs_auth_credentials c;

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		struct rs_auth_in in;

		assert_int_equal(read_challenge(e->challenge), 0);
		in = in_of(e);
		write_credentials(&in);
		assert_int_equal(rs_auth_credentials(at_end(written), &c), 0);
		assert_true(rs_auth_user_is(&c, in.user));
		assert_false(rs_auth_user_is(&c, rs_slice_str("mufasa")));
		assert_slice(c.uri, e->uri);
		assert_true(rs_auth_verify(hasher, &c, in.password, in.method));
		assert_false(rs_auth_verify(hasher, &c, rs_slice_str("other"), in.method));
		assert_false(rs_auth_verify(hasher, &c, rs_slice_str(""), in.method));
		assert_false(rs_auth_verify(hasher, &c, in.password, rs_slice_str("PUT")));
	}
}

static void
a_response_verifies_in_capitals_and_fails_by_one_digit(void **state)
{
	struct rs_auth_credentials c;
	struct rs_auth_in in;
	char *response;

	(void)state;
	assert_int_equal(read_challenge(examples[0].challenge), 0);
	in = in_of(&examples[0]);
	write_credentials(&in);
	response = strstr(written, "8ca5");
	memcpy(response, "8CA5", 4);
	assert_int_equal(rs_auth_credentials(at_end(written), &c), 0);
	assert_true(rs_auth_verify(hasher, &c, in.password, in.method));
	response[31] = '0';
	assert_int_equal(rs_auth_credentials(at_end(written), &c), 0);
	assert_false(rs_auth_verify(hasher, &c, in.password, in.method));
	memmove(response + 31, response + 32, strlen(response + 32) + 1);
	assert_int_equal(rs_auth_credentials(at_end(written), &c), 0);
	assert_false(rs_auth_verify(hasher, &c, in.password, in.method));
}

#define BASE "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\""

static void
credentials_are_checked_when_read(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ BASE, 0 }, { BASE ", algorithm=MD5, opaque=\"\"", 0 }, { BASE ", qop=auth, nc=0000000A, cnonce=\"c\"", 0 },
		{ BASE ", qop=\"auth\", nc=00000001, cnonce=\"c\"", 0 }, { BASE ", qop=auth, nc=00000001", -EBADMSG },
		{ BASE ", qop=auth, cnonce=\"c\"", -EBADMSG }, { BASE ", qop=auth, nc=1, cnonce=\"c\"", -EBADMSG },
		{ BASE ", qop=auth, nc=0000000g, cnonce=\"c\"", -EBADMSG }, { BASE ", qop=auth-int, nc=00000001, cnonce=\"c\"", -ENOTSUP },
		{ BASE ", algorithm=AKAv1-MD5", -ENOTSUP }, { "Basic dTpw", -ENOTSUP }, { "", -EBADMSG },
		{ "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\"", -EBADMSG },
		{ BASE ", username=\"v\"", -EBADMSG }, { BASE ", uri=\"", -EBADMSG },
	};
	struct rs_auth_credentials c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (rs_auth_credentials(at_end(cases[i].text), &c) != cases[i].err)
			fail_msg("%s", cases[i].text);
	assert_int_equal(rs_auth_credentials(at_end(cases[2].text), &c), 0);
	assert_int_equal(c.nc, 10);
	assert_true(c.qop_auth);
}

/* --- memory --- */

/* Linked with --wrap for our own calls; the library's are counted by its hook. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

void *
__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return fails ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

void
__wrap_free(void *p)
{
	__real_free(p);
}

static void *
library_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_malloc(size);
}

static void *
library_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(p, size);
}

static void
library_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	__wrap_free(p);
}

static void
a_hasher_without_memory_is_refused(void **state)
{
	struct rs_auth_hasher *h = hasher;

	(void)state;
	fails = true;
	assert_int_equal(rs_auth_hasher_create(&h), -ENOMEM);
	fails = false;
	assert_null(h);
}

static void
nothing_is_allocated_for_a_message(void **state)
{
	struct rs_auth_credentials c;
	unsigned long before = allocations;

	(void)state;
	assert_true(before > 0); /* the hasher's own was counted */
	for (size_t k = 0; k < 100 * sizeof(examples) / sizeof(examples[0]); k++) {
		const struct example *e = &examples[k % (sizeof(examples) / sizeof(examples[0]))];
		struct rs_auth_in in = in_of(e);
		int n;

		assert_int_equal(rs_auth_challenge(rs_slice_str(e->challenge), &challenge), 0);
		n = rs_auth_write(hasher, &in, (uint8_t *)written, sizeof(written));
		assert_int_equal(rs_auth_credentials(rs_slice_of(written, (size_t)n), &c), 0);
		assert_true(rs_auth_verify(hasher, &c, in.password, in.method));
	}
	assert_int_equal(allocations, before);
}

static int
setup(void **state)
{
	(void)state;
	return rs_auth_hasher_create(&hasher);
}

static int
teardown(void **state)
{
	(void)state;
	rs_auth_hasher_free(hasher);
	rs_auth_hasher_free(NULL);
	guard_free(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_allocated_for_a_message),
		cmocka_unit_test(a_hasher_without_memory_is_refused),
		cmocka_unit_test(a_challenge_gives_its_parameters),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(quotes_hide_commas_and_escapes_stay),
		cmocka_unit_test(unknown_parameters_are_passed_over),
		cmocka_unit_test(algorithms_are_known_by_name),
		cmocka_unit_test(qop_options_decide_whether_it_can_be_answered),
		cmocka_unit_test(broken_challenges_are_told_from_other_schemes),
		cmocka_unit_test(no_byte_behind_a_challenge_is_read),
		cmocka_unit_test(the_first_known_algorithm_of_a_realm_is_answered),
		cmocka_unit_test(each_realm_is_answered),
		cmocka_unit_test(one_header_may_hold_several_challenges),
		cmocka_unit_test(it_says_why_there_is_nothing_to_answer),
		cmocka_unit_test(examples_give_the_responses_of_their_standards),
		cmocka_unit_test(credentials_say_back_what_the_challenge_said),
		cmocka_unit_test(credentials_are_not_written_past_their_room),
		cmocka_unit_test(what_we_write_verifies),
		cmocka_unit_test(a_response_verifies_in_capitals_and_fails_by_one_digit),
		cmocka_unit_test(credentials_are_checked_when_read),
	};

	if (CRYPTO_set_mem_functions(library_malloc, library_realloc, library_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
