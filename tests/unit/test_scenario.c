/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenarios as SIPp reads them: what a file becomes, step by step and byte by byte. */
#include "scenario_text.h"

static void
a_plain_call_becomes_its_steps(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send retrans=\"500\" start_rtd=\"1\"><![CDATA[\n  INVITE sip:a@b SIP/2.0\n  Call-ID: [call_id]\n]]></send>\n"
		"<recv response=\"180\" optional=\"true\"/>\n"
		"<recv response=\"200\" rrs=\"true\" rtd=\"1\" timeout=\"1500\"/>\n"
		"<send><![CDATA[ACK sip:a@b SIP/2.0\n]]></send>\n"
		"<pause/><pause milliseconds=\"250\"/>\n"
		"<nop/>\n"
		"<timewait distribution=\"uniform\" min=\"10\" max=\"20.5\"/>\n" TAIL);
	char name[32];

	assert_false(p->is_server);
	assert_int_equal(p->n_steps, 8);
	assert_string_equal(rs_step_name(p, 0, name, sizeof(name)), "INVITE");
	assert_string_equal(rs_step_name(p, 2, name, sizeof(name)), "200");
	assert_string_equal(rs_step_name(p, 4, name, sizeof(name)), "pause");
	assert_string_equal(rs_step_name(p, 7, name, sizeof(name)), "timewait");
	assert_int_equal(p->steps[0].method, RS_SIP_INVITE);
	assert_int_equal(p->steps[0].retrans_ns, 500000000);
	assert_int_equal(p->steps[0].start_rtd, 0);
	assert_int_equal(p->steps[0].line, 4);
	assert_int_equal(p->steps[1].optional, RS_OPTIONAL);
	assert_int_equal(p->steps[1].status, 180);
	assert_int_equal(p->steps[1].methods, UINT64_C(1) << RS_SIP_INVITE);
	assert_true(p->steps[2].rrs);
	assert_int_equal(p->steps[2].rtd, 0);
	assert_int_equal(p->steps[2].timeout_ns, 1500000000);
	assert_int_equal(p->steps[4].pause.kind, RS_DIST_DEFAULT);
	assert_int_equal(p->steps[5].pause.kind, RS_DIST_FIXED);
	assert_int_equal(p->steps[5].pause.a_ns, 250000000);
	assert_int_equal(p->steps[7].pause.kind, RS_DIST_UNIFORM);
	assert_int_equal(p->steps[7].pause.a_ns, 10000000);
	assert_int_equal(p->steps[7].pause.b_ns, 20500000);
	rs_program_free(p);
}

static void
a_pause_is_drawn_from_any_of_sipps_distributions(void **state)
{
	static const struct {
		const char *attributes;
		struct rs_dist want;
	} rows[] = {
		{ "distribution=\"fixed\" value=\"1.5\"", { .kind = RS_DIST_FIXED, .a_ns = 1500000 } },
		{ "min=\"1\" max=\"2\"", { .kind = RS_DIST_UNIFORM, .a_ns = 1000000, .b_ns = 2000000 } },
		{ "distribution=\"normal\" mean=\"60000\" stdev=\"15000\"",
			{ .kind = RS_DIST_NORMAL, .a = 60000, .b = 15000 } },
		{ "distribution=\"lognormal\" mean=\"12.28\" stdev=\"1\" sanity_check=\"false\"",
			{ .kind = RS_DIST_LOGNORMAL, .a = 12.28, .b = 1 } },
		{ "distribution=\"exponential\" mean=\"900000\"",
			{ .kind = RS_DIST_EXPONENTIAL, .a = 900000 } },
		{ "distribution=\"weibull\" lambda=\"3\" k=\"4\"",
			{ .kind = RS_DIST_WEIBULL, .a = 3, .b = 4 } },
		{ "distribution=\"pareto\" k=\"1\" x_m=\"2\"",
			{ .kind = RS_DIST_PARETO, .a = 1, .b = 2 } },
		{ "distribution=\"gamma\" k=\"3\" theta=\"2\"",
			{ .kind = RS_DIST_GAMMA, .a = 3, .b = 2 } },
		{ "distribution=\"negbin\" n=\"2\" p=\"0.1\"",
			{ .kind = RS_DIST_NEGBIN, .a = 0.1, .b = 2 } },
		{ "normal=\"true\" stdev=\"1\" mean=\"5\"", { .kind = RS_DIST_NORMAL, .a = 5, .b = 1 } },
	};
	char xml[400];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(xml, sizeof(xml),
			HEAD "<send><![CDATA[OPTIONS sip:a@b SIP/2.0\n]]></send><pause %s/><timewait %s/>" TAIL,
			rows[i].attributes, rows[i].attributes);
		struct rs_program *p = compile(xml);

		for (int k = 1; k < 3; k++) {
			const struct rs_dist *d = &p->steps[k].pause;

			assert_int_equal(d->kind, rows[i].want.kind);
			assert_int_equal(d->a_ns, rows[i].want.a_ns);
			assert_int_equal(d->b_ns, rows[i].want.b_ns);
			assert_true(d->a == rows[i].want.a && d->b == rows[i].want.b);
		}
		rs_program_free(p);
	}
}

static void
the_first_message_decides_who_calls(void **state)
{
	struct rs_program *p = compile(HEAD
		"<pause/><recv request=\"INVITE\"/><send><![CDATA[SIP/2.0 200 OK\n]]></send>" TAIL);

	assert_true(p->is_server);
	assert_int_equal(p->steps[1].method, RS_SIP_INVITE);
	assert_int_equal(p->steps[1].status, 0);
	assert_int_equal(p->steps[2].status, 200);
	rs_program_free(p);
}

static void
lines_are_trimmed_and_end_in_crlf(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[\n\n\t  INVITE sip:a@b SIP/2.0  \n\n   ]]></send>"
		"<send><![CDATA[MESSAGE sip:a@b SIP/2.0\n  A: 1\t\n \t \n  body \n  end\n\n  ]]></send>"
		"<send><![CDATA[MESSAGE sip:a@b SIP/2.0\nA: 1\n\nbody]]></send>" TAIL);

	/* the missing empty line is added */
	assert_string_equal(sent(p, 0), "INVITE sip:a@b SIP/2.0\r\n\r\n");
	/* one line end of those at a body's end stays */
	assert_string_equal(sent(p, 1), "MESSAGE sip:a@b SIP/2.0\r\nA: 1\r\n\r\nbody\r\nend\r\n");
	assert_string_equal(sent(p, 2), "MESSAGE sip:a@b SIP/2.0\r\nA: 1\r\n\r\nbody");
	rs_program_free(p);
}

static void
hex_escapes_make_any_byte(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[MESSAGE sip:a SIP/2.0\n\n\\x5bcall_id\\x5D\\x00\\xff\\x4 \\y]]></send>" TAIL);
	const char *out = sent(p, 0);

	assert_memory_equal(out, "MESSAGE sip:a SIP/2.0\r\n\r\n[call_id]\0\xff\\x4 \\y", 42);
	rs_program_free(p);
}

static void
bytes_stay_as_they_are_whatever_is_declared(void **state)
{
	static const char *const heads[] = {
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>",
		"<?xml version=\"1.0\" encoding=\"UTF-8\" ?>",
		"<?xml version=\"1.0\" encoding=\"no-such\" ?>",
		"\n <?xml version=\"1.0\"?>",
		"\xef\xbb\xbf",
		"",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		char xml[512];
		struct rs_program *p;

		snprintf(xml, sizeof(xml),
			"%s<scenario name=\"x\"><send><![CDATA[MESSAGE sip:a SIP/2.0\n\n\xc3\xa4\xff\x80z]]></send>"
			"<nop><action><log message=\"\xe9\"/></action></nop></scenario>",
			heads[i]);
		p = compile(xml);
		assert_string_equal(sent(p, 0), "MESSAGE sip:a SIP/2.0\r\n\r\n\xc3\xa4\xff\x80z");
		assert_string_equal(rendered(p, p->actions[0].template, NULL), "\xe9");
		rs_program_free(p);
	}
}

static void
keywords_become_slots(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[\nINVITE sip:[service]@[remote_ip]:[remote_port+1] SIP/2.0\n"
		"Via: SIP/2.0/[transport] [local_ip]:[local_port-2];branch=[branch-4]\n"
		"From: <sip:[user]@[domain]>;tag=[tag]\nX: [call_number] [pid] [cseq+1] [local_ip_type] [server_ip] [remote_host]\n"
		"R: [next_url][routes]\nContent-Length: [len]\n\nm=audio [media_port+2] [media_ip] [auto_media_port]\n]]></send>" TAIL);

	assert_string_equal(sent(p, 0),
		"INVITE sip:SERVICE@198.18.0.1:5061 SIP/2.0\r\nVia: SIP/2.0/UDP 198.18.0.2:5068;branch=z9hG4bKBRANCH--4\r\n"
		"From: <sip:USER@DOMAIN>;tag=TAG\r\nX: 7 4711 4 4 198.18.0.4 sut.test\r\nR: sip:next@198.18.0.9\r\n"
		"Content-Length:    30\r\n\r\nm=audio 6002 198.18.0.3 6024\r\n");
	rs_program_free(p);
}

/* "WSS" is no transport of a URI (RFC 7118, 5.2), and the URI of our Contact may have a flow's "ob" behind it (RFC 5626, 4.3). */
static void
the_transport_of_a_uri_is_another_slot_than_that_of_via(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[\nINVITE sip:a;transport=[transport] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]\n"
		"Contact: \"x\" <sip:[user]@[local_ip]:[local_port];Transport=[transport]>;y=[transport]\n"
		"m: <sip:[local_ip];transport=[transport];z>\nm:<sip:b>;transport=[transport]\nContact: sip:b;transport=[transport]\n"
		"Route: <sip:[remote_ip];transport=[transport];lr>\nContent-Length: [len]\n\nm: <[transport] transport=[transport]\nm:<transport=[transport]\n]]></send>" TAIL);

	assert_string_equal(sent(p, 0),
		"INVITE sip:a;transport=U SIP/2.0\r\nVia: SIP/2.0/UDP 198.18.0.2\r\n"
		"Contact: \"x\" <sip:USER@198.18.0.2:5070;Transport=C>;y=UDP\r\n"
		"m: <sip:198.18.0.2;transport=C;z>\r\nm:<sip:b>;transport=U\r\nContact: sip:b;transport=U\r\n"
		"Route: <sip:198.18.0.1;transport=U;lr>\r\nContent-Length:    37\r\n\r\nm: <UDP transport=U\r\nm:<transport=U\r\n");
	rs_program_free(p);
}

static void
a_bracket_before_another_is_text(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[INVITE sip:a SIP/2.0\nX: [[local_ip]] [x[pid]\n]]></send>" TAIL);

	assert_string_equal(sent(p, 0), "INVITE sip:a SIP/2.0\r\nX: [198.18.0.2] [x4711\r\n\r\n");
	rs_program_free(p);
}

static void
literals_that_meet_are_one_operation(void **state)
{
	struct rs_program *p = compile(HEAD
		"<send><![CDATA[INVITE sip:a SIP/2.0\nA: \\x41\nB: [call_id]\nC: 1\n\nbody]]></send>" TAIL);
	const struct rs_template *t = &p->templates[p->steps[0].template];

	/* text, call_id, text up to the body, body's mark, body */
	assert_int_equal(t->n_ops, 5);
	assert_int_equal(t->ops[1].slot, RS_SLOT_CALL_ID);
	assert_int_equal(t->ops[3].slot, RS_SLOT_BODY);
	assert_true(t->has_body);
	rs_program_free(p);
}

static void
last_headers_are_whole_lines_with_or_without_colon(void **state)
{
	static const uint8_t text[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nv: SIP/2.0/UDP b\r\nX-Mine: 1\r\nTo: <sip:t@u>;tag=9\r\n\r\n";
	struct rs_sip_msg msg;
	struct rs_program *p;
	size_t used;

	assert_int_equal(rs_sip_parse(text, sizeof(text) - 1, false, &msg, &used), 0);
	p = compile(HEAD
		"<send><![CDATA[ACK sip:a SIP/2.0\n[last_To:]\n[last_x-mine]\n[last_Subject:]\nU: [last_Request_URI]\n]]></send>" TAIL);
	assert_string_equal(rendered(p, p->steps[0].template, &msg),
		"ACK sip:a SIP/2.0\r\nTo: <sip:t@u>;tag=9\r\nX-Mine: 1\r\nU: sip:t@u\r\n\r\n");
	rs_program_free(p);
}

static void
custom_keys_are_text_when_the_file_is_read(void **state)
{
	const struct rs_key keys[] = { { "target", "198.18.7.7" }, { "tag", "mine" },
		{ "call_id", "no" }, { "a-1", "dash" } };
	const struct rs_scenario_opts opts = { .keys = keys, .n_keys = 4 };
	struct rs_program *p = compile_with(HEAD
		"<send><![CDATA[INVITE sip:[target] SIP/2.0\nX: [tag] [call_id] [a-1]\n]]></send>" TAIL,
		&opts);

	/* SIPp's own names win over custom ones, and those over the names that are ours alone */
	assert_string_equal(
		sent(p, 0), "INVITE sip:198.18.7.7 SIP/2.0\r\nX: mine CALLID dash\r\n\r\n");
	rs_program_free(p);
}

static void
fields_variables_and_fills_go_through_the_context(void **state)
{
	const char *const files[] = { "users.csv", "other.csv" };
	const struct rs_scenario_opts opts = { .files = files, .n_files = 2 };
	struct rs_program *p = compile_with(HEAD
		"<send><![CDATA[INVITE sip:a SIP/2.0\nX: [field0] [field12 file=\"other.csv\" line=\"[$row]\"] [field1 line=3]"
		" [$row] [fill text=\"ab\" variable=\"row\"]\n]]>"
		"<action><assign assign_to=\"row\" value=\"1\"/></action></send>" TAIL,
		&opts);

	assert_int_equal(p->n_fields, 3);
	assert_int_equal(p->fields[0].file, 0);
	assert_int_equal(p->fields[0].line_var, RS_NO_VAR);
	assert_int_equal(p->fields[0].line, -1);
	assert_int_equal(p->fields[1].file, 1);
	assert_int_equal(p->fields[1].field, 12);
	assert_int_equal(p->fields[1].line_var, 0);
	assert_int_equal(p->fields[2].line, 3);
	assert_int_equal(p->n_fills, 1);
	assert_true(rs_slice_is(p->fills[0].text, "ab"));
	assert_int_equal(p->fills[0].var, 0);
	rs_program_free(p);
}

static void
labels_are_the_step_that_follows(void **state)
{
	struct rs_program *p = compile(HEAD "<label id=\"again\"/>" REQUEST("OPTIONS",
		"") "<recv response=\"404\" optional=\"true\" next=\"again\" chance=\"0.5\"/>"
		    "<recv response=\"200\" next=\"out\" test=\"v\" ontimeout=\"out\">"
		    "<action><ereg regexp=\"a\" assign_to=\"v\"/></action></recv>"
		    "<pause milliseconds=\"1\" condexec=\"v\" condexec_inverse=\"true\"/>"
		    "<label id=\"out\"/>" TAIL);

	assert_int_equal(p->steps[0].next, RS_NO_STEP);
	assert_int_equal(p->steps[1].next, 0);
	assert_int_equal(p->steps[1].chance, 0x80000000u);
	assert_int_equal(p->steps[2].next, 4); /* the end */
	assert_int_equal(p->steps[2].ontimeout, 4);
	assert_int_equal(p->steps[2].test, 0);
	assert_int_equal(p->steps[2].chance, UINT32_MAX);
	assert_int_equal(p->steps[3].condexec, 0);
	assert_true(p->steps[3].condexec_inverse);
	rs_program_free(p);
}

static void
a_response_may_answer_any_request_sent_above(void **state)
{
	struct rs_program *p = compile(HEAD REQUEST("INVITE", "") REQUEST("FOO", "") REQUEST("BAR",
		"") "<recv response=\"200\"/>" REQUEST("BYE", "") "<recv response=\"200\"/>" TAIL);

	assert_int_equal(p->steps[3].methods, UINT64_C(1) << RS_SIP_INVITE);
	assert_true(rs_slice_is(p->steps[3].methods_text, "FOOBAR"));
	assert_int_equal(
		p->steps[5].methods, UINT64_C(1) << RS_SIP_INVITE | UINT64_C(1) << RS_SIP_BYE);
	rs_program_free(p);
}

static void
the_file_keyword_is_read_when_the_scenario_is(void **state)
{
	char dir[] = "/tmp/rs-scenario-XXXXXX", xml[64], body[64];
	struct rs_program *p = NULL;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(xml, sizeof(xml), "%s/s.xml", dir);
	snprintf(body, sizeof(body), "%s/b.txt", dir);
	f = fopen(body, "w");
	fputs("one\n[two]", f);
	fclose(f);
	f = fopen(xml, "w");
	fputs(HEAD "<send><![CDATA[MESSAGE sip:a SIP/2.0\n\n[file name=\"b.txt\"]]]></send>" TAIL,
		f);
	fclose(f);
	assert_int_equal(rs_scenario_load(xml, NULL, &p, NULL, NULL), 0);
	assert_string_equal(sent(p, 0), "MESSAGE sip:a SIP/2.0\r\n\r\none\n[two]");
	rs_program_free(p);
	remove(body);
	remove(xml);
	remove(dir);
}

static void
what_sipp_reads_and_xml_does_not_is_read(void **state)
{
	struct rs_program *p = compile(
		"\n<!-- two -- hyphens -- are fine ---->\n" HEAD
		"<nop><action><log message=\"a \\\"b\\\" <c> & d\te &lt; &amp;lt; \\\\ \\q\"/></action></nop>" REQUEST(
			"OPTIONS", "") TAIL);

	assert_string_equal(
		rendered(p, p->actions[0].template, NULL), "a \"b\" <c> & d\te < < \\ \\q");
	assert_int_equal(p->steps[1].line, 6);
	rs_program_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_call_becomes_its_steps),
		cmocka_unit_test(a_pause_is_drawn_from_any_of_sipps_distributions),
		cmocka_unit_test(the_first_message_decides_who_calls),
		cmocka_unit_test(lines_are_trimmed_and_end_in_crlf),
		cmocka_unit_test(hex_escapes_make_any_byte),
		cmocka_unit_test(bytes_stay_as_they_are_whatever_is_declared),
		cmocka_unit_test(keywords_become_slots),
		cmocka_unit_test(the_transport_of_a_uri_is_another_slot_than_that_of_via),
		cmocka_unit_test(a_bracket_before_another_is_text),
		cmocka_unit_test(literals_that_meet_are_one_operation),
		cmocka_unit_test(last_headers_are_whole_lines_with_or_without_colon),
		cmocka_unit_test(custom_keys_are_text_when_the_file_is_read),
		cmocka_unit_test(fields_variables_and_fills_go_through_the_context),
		cmocka_unit_test(labels_are_the_step_that_follows),
		cmocka_unit_test(a_response_may_answer_any_request_sent_above),
		cmocka_unit_test(the_file_keyword_is_read_when_the_scenario_is),
		cmocka_unit_test(what_sipp_reads_and_xml_does_not_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
