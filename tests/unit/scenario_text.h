/* SPDX-License-Identifier: BSD-3-Clause */
/** Scenarios written in tests: compiling a text, and showing how a message of it renders. */
#ifndef RS_TESTS_UNIT_SCENARIO_TEXT_H
#define RS_TESTS_UNIT_SCENARIO_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/scenario.h"
#include "unit.h"

#define HEAD                                                                                       \
	"<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<!DOCTYPE scenario SYSTEM \"sipp.dtd\">\n<scenario name=\"test\">\n"
#define TAIL "</scenario>\n"

/* A request with all that a request needs; @extra: further header lines. */
#define REQUEST(method, extra)                                                                     \
	"<send><![CDATA[\n" method " sip:a@b SIP/2.0\nCall-ID: [call_id]\nCSeq: [cseq] " method    \
	"\n" extra "Content-Length: 0\n]]></send>\n"

static inline struct rs_program *
compile_with(const char *xml, const struct rs_scenario_opts *opts)
{
	struct rs_findings findings;
	struct rs_program *p = NULL;
	struct rs_err err = { 0 };
	int rc = rs_scenario_compile("test.xml", rs_slice_str(xml), opts, &p, &findings, &err);

	for (uint32_t i = 0; rc != 0 && i < findings.n; i++)
		print_message("line %d: %s\n", findings.list[i].line, findings.list[i].text);
	if (rc != 0)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	rs_findings_free(&findings);
	return p;
}

static inline struct rs_program *
compile(const char *xml)
{
	return compile_with(xml, NULL);
}

/** The one finding of @xml, which makes it unusable with @rc (0: a warning only). */
static inline void
assert_finding(const char *xml, int rc, int line, const char *text)
{
	struct rs_findings findings;
	struct rs_program *p = NULL;
	struct rs_err err = { 0 };

	assert_int_equal(
		rs_scenario_compile("test.xml", rs_slice_str(xml), NULL, &p, &findings, &err), rc);
	for (uint32_t i = 0; i < findings.n; i++)
		if (findings.n != 1)
			print_message(
				"line %d: %s\n", findings.list[i].line, findings.list[i].text);
	assert_int_equal(findings.n, 1);
	if (strstr(findings.list[0].text, text) == NULL)
		fail_msg("'%s' is not in '%s'", text, findings.list[0].text);
	assert_int_equal(findings.list[0].line, line);
	rs_program_free(p);
	rs_findings_free(&findings);
}

static inline int
expand_shown(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	return snprintf((char *)out, cap, "{%u:%u}", op->slot, op->aux);
}

/**
 * What template @number renders to, with values that say what they are; @last: the last message
 * received, or NULL.
 */
static inline char *
rendered(const struct rs_program *p, int32_t number, const struct rs_sip_msg *last)
{
	static char out[65536];
	struct rs_render r = {
		.remote_ip = rs_slice_str("198.18.0.1"),
		.remote_host = rs_slice_str("sut.test"),
		.local_ip = rs_slice_str("198.18.0.2"),
		.media_ip = rs_slice_str("198.18.0.3"),
		.server_ip = rs_slice_str("198.18.0.4"),
		.transport = rs_slice_str("UDP"),
		.uri_transport = rs_slice_str("U"),
		.contact_transport = rs_slice_str("C"),
		.call_id = rs_slice_str("CALLID"),
		.service = rs_slice_str("SERVICE"),
		.user = rs_slice_str("USER"),
		.domain = rs_slice_str("DOMAIN"),
		.tag = rs_slice_str("TAG"),
		.branch = rs_slice_str("z9hG4bKBRANCH"),
		.pid = rs_slice_str("4711"),
		.next_url = rs_slice_str("sip:next@198.18.0.9"),
		.remote_port = 5060,
		.local_port = 5070,
		.media_port = 6000,
		.local_family = 4,
		.media_family = 4,
		.call_number = 7,
		.cseq = 3,
		.last = last,
		.expand = expand_shown,
	};
	int n = rs_template_render(&p->templates[number], &r, (uint8_t *)out, sizeof(out) - 1);

	assert_true(n >= 0);
	out[n] = '\0';
	return out;
}

static inline char *
sent(const struct rs_program *p, uint32_t step)
{
	assert_int_equal(p->steps[step].kind, RS_STEP_SEND);
	return rendered(p, p->steps[step].template, NULL);
}

#endif
