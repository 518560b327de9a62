/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A small good plan, one thing of it changed, and an outside without files: for the tests of the
 * plan reader.
 */
#ifndef RS_TESTS_PLAN_TEXT_H
#define RS_TESTS_PLAN_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "plan/plan_read.h"

/* The line numbers are part of the expected messages. */
static const char good_plan[] =
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"ports = (\n"
	"{ name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"{ name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = (\n"
	"{ name = \"callers\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1-198.18.4.250\"; user = \"c{index:05}\"; },\n"
	"{ name = \"callees\"; port = \"b\"; count = 10; addresses = \"198.18.8.1\"; } );\n"
	"activities = (\n"
	"{ name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
	"{ name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100; total = 1000; } );\n"
	"run = { seed = 1; };\n";

/** @text with the first @old in it replaced by @new. The caller frees it. */
static inline char *
plan_edit(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	size_t before, n = strlen(text) + strlen(new) + 1;
	char *out = malloc(n);

	if (!at || !out)
		abort();
	before = (size_t)(at - text);
	snprintf(out, n, "%.*s%s%s", (int)before, text, new, at + strlen(old));
	return out;
}

static inline int
no_files_find(const char *plan_file, const char *name, bool is_scenario, char *path, size_t cap,
	struct rs_err *err)
{
	if (strncmp(name, "no-", 3) == 0)
		return rs_err_set(err, -ENOENT, "there is no %s \"%s\"",
			is_scenario ? "scenario" : "file", name);
	snprintf(path, cap, "%s", name);
	return 0;
}

/** "uac..." begins with a send, "uas..." with a recv. */
static inline int
no_files_scenario(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out,
	struct rs_findings *findings, struct rs_err *err)
{
	bool server = strncmp(file, "uas", 3) == 0;
	const char *xml = server
		? "<scenario name=\"s\"><recv request=\"INVITE\"/></scenario>"
		: "<scenario name=\"s\"><send><![CDATA[\nINVITE sip:a@b SIP/2.0\nContent-Length: 0\n\n]]></send></scenario>";

	return rs_scenario_compile(file,
		rs_slice_str(strncmp(file, "bad", 3) == 0 ? "<scenario><sendd/></scenario>" : xml),
		opts, out, findings, err);
}

static inline int
no_files_data(const char *file, struct rs_inject **out, struct rs_err *err)
{
	return rs_inject_parse(file, rs_slice_str("SEQUENTIAL\na;b\n"), out, err);
}

static inline int
no_files_payload(const char *file, const struct rs_payload_want *want, struct rs_payload **out,
	struct rs_err *err)
{
	static const uint8_t octets[1024] = { 1 };

	if (strncmp(file, "broken", 6) == 0)
		return rs_payload_read(file, rs_slice_str("RIFF"), want, out, err);
	return rs_payload_read(file, rs_slice_of(octets, sizeof(octets)), want, out, err);
}

/** "expired..." is. */
static inline int
no_files_cert(const char *cert, const char *key, bool may_be_expired, struct rs_err *err)
{
	if (strncmp(cert, "expired", 7) == 0 && !may_be_expired)
		return rs_err_set(err, -EINVAL, "%s: expired", cert);
	return 0;
}

/** Two cores, and no file of this machine. */
static const struct rs_plan_io no_files = {
	.n_cores = 2, .find = no_files_find, .scenario = no_files_scenario, .data = no_files_data,
	.payload = no_files_payload, .cert = no_files_cert
};

static inline int
plan_read(const char *text, const struct rs_set *sets, uint32_t n_sets, struct rs_plan **out,
	struct rs_err *err)
{
	return rs_plan_read_text("t.conf", text, strlen(text), sets, n_sets, &no_files, out, err);
}

#endif
