/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS profiles of plans: what they become, and what is said about each wrong one and each wrong file. */
#include "unit.h"

#include <unistd.h>

#include "plan_text.h"

#define PROFILE "{ name = \"t\"; "

static char *
with_tls(const char *profile, const char *group)
{
	char text[4096], *one, *two, *three;

	snprintf(text, sizeof(text), "tls = (\n%s, { name = \"other\"; } );\nendpoints = (", profile);
	one = plan_edit(good_plan, "endpoints = (", text);
	snprintf(text, sizeof(text), "count = 1000; %s", group);
	two = plan_edit(one, "count = 1000;", text);
	free(one);
	if (group[0] == '\0')
		return two;
	three = plan_edit(two, "count = 10; ", "count = 10; transport = \"tls\"; tls = \"other\"; ");
	free(two);
	return three;
}

static struct rs_plan *
read_good(const char *profile, const char *group)
{
	char *text = with_tls(profile, group);
	struct rs_err err = { 0 };
	struct rs_plan *plan;

	if (plan_read(text, NULL, 0, &plan, &err) != 0)
		fail_msg("%s: %s", profile, err.text);
	free(text);
	return plan;
}

static void
a_profile_is_read_whole(void **state)
{
	struct rs_plan *plan = read_good(PROFILE
		"versions = [ \"1.3\" ]; ciphers = [ \"TLS_AES_256_GCM_SHA384\", \"ECDHE-RSA-AES128-GCM-SHA256\", "
		"\"TLS_CHACHA20_POLY1305_SHA256\" ]; groups = [ \"P-256\", \"X25519\" ]; cert = \"c-{index:03}.pem\"; key = \"k{index}.pem\"; "
		"expired = true; ca = \"ca.pem\"; mutual = true; sni = \"none\"; check_name = \"sbc.test\"; alpn = [ \"sip/2\", \"sip\" ]; "
		"resume = 0.8; tickets = 1; ticket_wait = \"50ms\"; timeout = \"3s\"; key_log = \"keys\"; }",
		"transport = \"tls\"; tls = \"t\";");
	const struct rs_plan_tls *t = &plan->tls[0];

	assert_int_equal(plan->n_tls, 2);
	assert_string_equal(t->name, "t");
	assert_int_equal(t->min_version, 0x0304);
	assert_int_equal(t->max_version, 0x0304);
	assert_string_equal(t->suites, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(t->ciphers, "ECDHE-RSA-AES128-GCM-SHA256");
	assert_string_equal(t->groups, "P-256:X25519");
	assert_int_equal(t->n_certs, 1000); /* one for each endpoint of the group */
	assert_string_equal(t->certs[7], "c-007.pem");
	assert_string_equal(t->keys[7], "k7.pem");
	assert_string_equal(t->certs[999], "c-999.pem");
	assert_true(t->expired && t->verify && t->mutual);
	assert_string_equal(t->ca, "ca.pem");
	assert_string_equal(t->sni, "");
	assert_string_equal(t->check_name, "sbc.test");
	assert_int_equal(t->n_alpn, 2);
	assert_string_equal(t->alpn[1], "sip");
	assert_true(t->resume == 0.8);
	assert_int_equal(t->tickets, 1);
	assert_int_equal(t->ticket_wait_ns, 50000000);
	assert_int_equal(t->timeout_ns, 3000000000);
	assert_string_equal(t->key_log, "keys");
	assert_int_equal(plan->groups[0].tls, 0);
	assert_int_equal(plan->groups[1].tls, 1);
	rs_plan_free(plan);
}

static void
what_is_left_out_has_its_default(void **state)
{
	struct rs_plan *plan = read_good(PROFILE "}", "");
	const struct rs_plan_tls *t = &plan->tls[0];

	assert_int_equal(t->min_version, 0x0303);
	assert_int_equal(t->max_version, 0x0304);
	assert_non_null(strstr(t->ciphers, "ECDHE-ECDSA-CHACHA20-POLY1305"));
	assert_non_null(strstr(t->suites, "TLS_AES_128_GCM_SHA256"));
	assert_string_equal(t->groups, "X25519:P-256:P-384");
	assert_int_equal(t->n_certs, 0);
	assert_false(t->verify || t->mutual || t->expired);
	assert_null(t->sni);
	assert_null(t->check_name);
	assert_null(t->ca);
	assert_null(t->key_log);
	assert_int_equal(t->n_alpn, 0);
	assert_int_equal(t->tickets, 2);
	assert_int_equal(t->timeout_ns, 10000000000);
	assert_int_equal(plan->handshake_threads, 1);
	assert_int_equal(plan->handshakes, 2048);
	assert_int_equal(plan->handshake_queue, 1024);
	assert_int_equal(plan->sessions, 65536);
	rs_plan_free(plan);
}

static void
one_certificate_serves_all_without_index(void **state)
{
	struct rs_plan *plan = read_good(PROFILE "cert = \"one.pem\"; verify = true; }", "transport = \"tls\"; tls = \"t\";");

	assert_int_equal(plan->tls[0].n_certs, 1);
	assert_string_equal(plan->tls[0].certs[0], "one.pem");
	assert_string_equal(plan->tls[0].keys[0], "one.pem"); /* the key is in the same file */
	assert_true(plan->tls[0].verify);
	rs_plan_free(plan);
}

/* Only versions that have a suite are offered. */
static void
suites_narrow_the_versions(void **state)
{
	struct rs_plan *plan = read_good(PROFILE "ciphers = \"TLS_AES_128_GCM_SHA256\"; }", "");

	assert_int_equal(plan->tls[0].min_version, 0x0304);
	assert_null(plan->tls[0].ciphers);
	rs_plan_free(plan);
	plan = read_good(PROFILE "ciphers = \"ECDHE-ECDSA-AES128-GCM-SHA256\"; }", "");
	assert_int_equal(plan->tls[0].max_version, 0x0303);
	rs_plan_free(plan);
}

static void
threads_are_fixed_while_the_daemon_runs(void **state)
{
	struct rs_set set = { "workers.handshake_threads", "3" };
	struct rs_plan *a, *b;
	struct rs_err err;

	assert_int_equal(plan_read(good_plan, NULL, 0, &a, &err), 0);
	assert_int_equal(plan_read(good_plan, &set, 1, &b, &err), 0);
	assert_int_equal(b->handshake_threads, 3);
	assert_string_equal(rs_plan_static_difference(a, b), "workers.handshake_threads");
	rs_plan_free(a);
	rs_plan_free(b);
}

static const struct {
	const char *profile, *group, *says;
} wrongs[] = {
	{ PROFILE "certificate = 1; }", "", "t.conf:7: tls[0]: unknown setting 'certificate'" },
	{ "{ versions = \"1.2\"; }", "", "t.conf:7: tls[0].name: is missing: add name = \"...\";" },
	{ PROFILE "}, " PROFILE "}", "", "t.conf:7: tls[1].name: there is another profile \"t\" (line 7)" },
	{ PROFILE "versions = \"1.1\"; }", "", "t.conf:7: tls[0].versions: unknown version \"1.1\": did you mean '1.2'?" },
	{ PROFILE "versions = \"SSLv3\"; }", "", "t.conf:7: tls[0].versions: unknown version \"SSLv3\": known are 1.2 and 1.3" },
	{ PROFILE "ciphers = \"TLS_AES_128_GCM_SHA25\"; }", "",
		"t.conf:7: tls[0].ciphers: unknown suite \"TLS_AES_128_GCM_SHA25\": did you mean 'TLS_AES_128_GCM_SHA256'?" },
	{ PROFILE "ciphers = \"ECDHE-RSA-CAMELLIA128-SHA256\"; }", "",
		"t.conf:7: tls[0].ciphers: \"ECDHE-RSA-CAMELLIA128-SHA256\" is not in this version: use suites with AES or ChaCha20-Poly1305, such as \"ECDHE-ECDSA-AES128-GCM-SHA256\"" },
	{ PROFILE "ciphers = [ \"TLS_AES_128_GCM_SHA256\", \"TLS_AES_128_GCM_SHA256\" ]; }", "",
		"t.conf:7: tls[0].ciphers: \"TLS_AES_128_GCM_SHA256\" is named twice" },
	{ PROFILE "versions = \"1.2\"; ciphers = \"TLS_AES_128_GCM_SHA256\"; }", "",
		"t.conf:7: tls[0].ciphers: names no suite of TLS 1.2, the only one of versions: add \"ECDHE-ECDSA-AES128-GCM-SHA256\"" },
	{ PROFILE "versions = \"1.3\"; ciphers = \"ECDHE-ECDSA-AES128-GCM-SHA256\"; }", "",
		"t.conf:7: tls[0].ciphers: names no suite of TLS 1.3, the only one of versions: add \"TLS_AES_128_GCM_SHA256\"" },
	{ PROFILE "groups = \"P256\"; }", "", "t.conf:7: tls[0].groups: unknown group \"P256\": did you mean 'P-256'?" },
	{ PROFILE "alpn = \"\"; }", "", "t.conf:7: tls[0].alpn: is empty" },
	{ PROFILE "alpn = \"a-name-that-goes-on-and-on-and-on-and-on\"; }", "",
		"t.conf:7: tls[0].alpn: \"a-name-that-goes-on-and-on-and-on-and-on\" is longer than a protocol's name can be here: at most 32 bytes" },
	{ PROFILE "resume = 1.5; }", "", "t.conf:7: tls[0].resume: 1.5 is out of range: 0 to 1" },
	{ PROFILE "tickets = 9; }", "", "t.conf:7: tls[0].tickets: 9 is out of range: 0 to 8 tickets" },
	{ PROFILE "timeout = \"0s\"; }", "", "t.conf:7: tls[0].timeout: is out of range: at least 1ms" },
	{ PROFILE "cert = \"no-such.pem\"; }", "", "t.conf:7: tls[0].cert: there is no file \"no-such.pem\"" },
	{ PROFILE "cert = \"c.pem\"; key = \"no-key\"; }", "", "t.conf:7: tls[0].key: there is no file \"no-key\"" },
	{ PROFILE "cert = \"expired.pem\"; }", "", "t.conf:7: tls[0].cert: expired.pem: expired" },
	{ PROFILE "cert = \"c{index.pem\"; }", "", "t.conf:7: tls[0].cert: \"c{index.pem\" has a { without }" },
	{ PROFILE "cert = \"c{random}.pem\"; }", "",
		"t.conf:7: tls[0].cert: \"c{random}.pem\" would be another with every handshake: use {index}" },
	{ PROFILE "cert = \"c{index}.pem\"; key = \"k\"; }", "", "t.conf:7: tls[0].key: has no {index}, but cert has: they belong together" },
	{ PROFILE "cert = \"c\"; key = \"k{index}\"; }", "", "t.conf:7: tls[0].cert: has no {index}, but key has: they belong together" },
	{ PROFILE "cert = \"c\"; generate = 5; }", "", "t.conf:7: tls[0].generate: is of no use beside cert: remove one of them" },
	{ PROFILE "generate = 1001; }", "", "t.conf:7: tls[0].generate: 1001 is out of range: 0 to 1000 certificates" },
	{ PROFILE "key = \"k\"; }", "", "t.conf:7: tls[0].key: is of no use without cert: add cert = \"FILE\"" },
	{ PROFILE "expired = true; }", "", "t.conf:7: tls[0].expired: is of no use without cert: add cert = \"FILE\"" },
	{ PROFILE "ca = \"ca\"; verify = false; }", "",
		"t.conf:7: tls[0].ca: is of no use where verify is false: set verify = true, or remove one of them" },
	{ PROFILE "ca = \"no-ca\"; }", "", "t.conf:7: tls[0].ca: there is no file \"no-ca\"" },
	{ PROFILE "}", "transport = \"tls\"; tls = \"u\";", "t.conf:9: endpoints[0].tls: there is no TLS profile \"u\"" },
	{ "{ name = \"access\"; }", "transport = \"tls\"; tls = \"acess\";",
		"t.conf:9: endpoints[0].tls: there is no TLS profile \"acess\": did you mean 'access'?" },
};

static void
each_wrong_setting_has_its_message(void **state)
{
	for (size_t i = 0; i < RS_COUNT(wrongs); i++) {
		char *text = with_tls(wrongs[i].profile, wrongs[i].group);
		struct rs_err err = { 0 };
		struct rs_plan *plan;

		if (plan_read(text, NULL, 0, &plan, &err) != -EINVAL)
			fail_msg("%s %s: read", wrongs[i].profile, wrongs[i].group);
		if (strncmp(err.text, wrongs[i].says, strlen(wrongs[i].says)) != 0)
			fail_msg("\n%s\nis expected, this came:\n%s", wrongs[i].says, err.text);
		free(text);
	}
}

/* --- real files --- */

static char dir[64];

static int
make_files(void **state)
{
	const char *source = getenv("RINGSTORM_SOURCE");
	char command[700];

	snprintf(dir, sizeof(dir), "/tmp/rs-plan-tls-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(command, sizeof(command),
		"%s/scripts/make-certs --expired --clients 2 %s 2>/dev/null && cd %s && cat server.key server.pem > both.pem && echo x > text.pem && "
		"openssl pkey -in server.key -aes256 -passout pass:x -out locked.key && mkdir folder.pem",
		source ? source : ".", dir, dir);
	return system(command);
}

static int
remove_files(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* @return what is said about the plan with @profile, in @err; empty: it was read */
static void
load(const char *profile, const char *group, struct rs_err *err)
{
	char *text = with_tls(profile, group), *one = plan_edit(text, "cores = [ 0, 1 ]", "cores = [ 0 ]"),
	     *two = plan_edit(one, "workers = [ 1 ]", "workers = [ 0 ]"), file[100];
	struct rs_plan *plan = NULL;
	FILE *f;

	snprintf(file, sizeof(file), "%s/p.conf", dir);
	f = fopen(file, "w");
	fputs(two, f);
	fclose(f);
	*err = (struct rs_err){ 0 };
	rs_plan_load(file, NULL, 0, &plan, err);
	rs_plan_free(plan);
	free(text);
	free(one);
	free(two);
}

static void
files_are_read_and_what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *profile, *setting, *file, *says; /* says NULL: nothing is wrong */
	} rows[] = {
		{ "cert = \"server.pem\"; key = \"server.key\"; ca = \"ca.pem\";", "", "", NULL },
		{ "cert = \"both.pem\";", "", "", NULL },
		{ "cert = \"client-{index}.pem\"; key = \"client-{index}.key\";", "", "", NULL },
		{ "cert = \"expired.pem\"; key = \"expired.key\"; expired = true;", "", "", NULL },
		{ "cert = \"expired.pem\"; key = \"expired.key\";", "cert", "expired.pem", ": expired at 20" },
		{ "cert = \"nowhere.pem\"; key = \"server.key\";", "cert", "", "\": No such file or directory" },
		{ "cert = \"server.pem\"; key = \"nowhere.key\";", "key", "", "\": No such file or directory" },
		{ "cert = \"server.pem\"; key = \"client-0.key\";", "cert", "client-0.key", ": is not the key of the certificate in " },
		{ "cert = \"text.pem\"; key = \"server.key\";", "cert", "text.pem",
			": holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" },
		{ "cert = \"server.pem\"; key = \"text.pem\";", "cert", "text.pem", ": holds no private key in PEM form without a pass phrase" },
		{ "cert = \"server.pem\"; key = \"locked.key\";", "cert", "locked.key",
			": holds no private key in PEM form without a pass phrase: \"openssl pkey -in FILE -out NEW\" takes one off" },
		{ "cert = \"folder.pem\"; key = \"server.key\";", "cert", "", "\": Is a directory" },
		{ "ca = \"text.pem\";", "ca", "text.pem", ": holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" },
		{ "ca = \"server.key\";", "ca", "server.key", ": holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" },
	};

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		char profile[400], front[200];
		struct rs_err err;

		snprintf(profile, sizeof(profile), PROFILE "%s }", rows[i].profile);
		load(profile, "", &err);
		if (!rows[i].says) {
			assert_string_equal(err.text, "");
			continue;
		}
		snprintf(front, sizeof(front), "%s/p.conf:7: tls[0].%s: ", dir, rows[i].setting);
		if (strncmp(err.text, front, strlen(front)) != 0 || !strstr(err.text, rows[i].says) ||
			!strstr(err.text, rows[i].file))
			fail_msg("\n%s...%s\nis expected, this came:\n%s", front, rows[i].says, err.text);
	}
}

/* A thousand endpoints, two files. */
static void
the_first_missing_of_many_is_named(void **state)
{
	char says[200];
	struct rs_err err;

	load(PROFILE "cert = \"client-{index}.pem\"; key = \"client-{index}.key\"; }", "transport = \"tls\"; tls = \"t\";", &err);
	snprintf(says, sizeof(says), "%s/p.conf:7: tls[0].cert: \"%s/client-2.pem\": No such file or directory", dir, dir);
	assert_string_equal(err.text, says);
}

/* Whose certificates are made as its page tells. */
static void
the_shipped_plan_is_good_once_there_are_certificates(void **state)
{
	const char *source = getenv("RINGSTORM_SOURCE");
	char file[400], ca[100];
	struct rs_set set = { "tls.access.ca", ca };
	struct rs_plan *plan;
	struct rs_err err = { 0 };

	snprintf(file, sizeof(file), "%s/config/register-then-answer-tls", source ? source : ".");
	snprintf(ca, sizeof(ca), "\"%s/ca.pem\"", dir);
	if (rs_plan_load(file, &set, 1, &plan, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(plan->n_tls, 1);
	rs_plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_read_whole),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(one_certificate_serves_all_without_index),
		cmocka_unit_test(suites_narrow_the_versions),
		cmocka_unit_test(threads_are_fixed_while_the_daemon_runs),
		cmocka_unit_test(each_wrong_setting_has_its_message),
		cmocka_unit_test(files_are_read_and_what_is_wrong_is_told),
		cmocka_unit_test(the_first_missing_of_many_is_named),
		cmocka_unit_test(the_shipped_plan_is_good_once_there_are_certificates),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
