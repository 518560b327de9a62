/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in <action>: searches, checks, variables, log lines, orders; and what branches on them. */
#include <fcntl.h>

#include "engine_peer.h"

#define EREG(re, more) "<ereg regexp=\"" re "\" " more "/>"
#define HDR(name, var) EREG(".*", "search_in=\"hdr\" header=\"" name "\" assign_to=\"" var "\"")
/* A request is answered with what the variables hold. */
#define TELL(text)                                                                                                     \
	"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n" \
	"X: " text "\nContent-Length: 0\n]]></send>\n"

/* @return the X header of the answer to @method with @extra headers */
static const char *
told(struct peer *p, const char *scenario, const char *extra)
{
	peer_open_answer(p, scenario);
	peer_call(p, "MESSAGE", 50, "", extra);
	return header(peer_sent(p, "SIP/2.0 200"), "X");
}

static void
expect_told(const char *scenario, const char *extra, const char *expected)
{
	struct peer p = { 0 };

	assert_string_equal(told(&p, scenario, extra), expected);
	peer_completed(&p);
	peer_close(&p);
}

static void
a_header_search_begins_behind_the_text_given(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"", HDR("CSeq:", "a") HDR("Via", "b")) TELL("<[$a]><[$b]>"), "",
		"< 50 MESSAGE><: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc50MESSAGE>");
	/* The start line and other headers' insides are searched, too: seen at SIPp 3.6.1. */
	expect_told(RECV_DO("request=\"MESSAGE\"", HDR("MESSAGE", "a") HDR("SIP/2.0", "b")) TELL("<[$a]><[$b]>"), "",
		"< sip:me@198.18.4.1:5060 SIP/2.0><>");
}

static void
occurrences_are_counted_and_start_line_means_the_lines_start(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"",
			EREG(".*", "search_in=\"hdr\" header=\"To:\" occurrence=\"2\" assign_to=\"a\"")
			EREG(".*", "search_in=\"hdr\" header=\"To:\" occurrence=\"2\" start_line=\"true\" assign_to=\"b\"")
			EREG(".*", "search_in=\"hdr\" header=\"N:\" occurrence=\"2\" assign_to=\"c\""))
		TELL("<[$a]><[$b]><[$c]>"), "X-To: other\nN: one\nN: two\n", "< other><>< two>");
}

static void
case_counts_unless_case_indep(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"", HDR("subject:", "a")
			EREG(".*", "search_in=\"hdr\" header=\"subject:\" case_indep=\"true\" assign_to=\"b\"")
			EREG("HELLO", "search_in=\"msg\" case_indep=\"true\" assign_to=\"c\"")) TELL("<[$a]><[$b]><[$c]>"),
		"Subject: hello\n", "<>< hello><>");
}

static void
a_compact_name_is_found_by_its_long_one(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"", HDR("Subject:", "a") HDR("Subject", "b")
			EREG(".*", "search_in=\"hdr\" header=\"s:\" start_line=\"true\" assign_to=\"c\"")) TELL("<[$a]><[$b]><[$c]>"),
		"s: short\n", "< short><: short>< short>");
	expect_told(RECV_DO("request=\"MESSAGE\"", HDR("Subject:", "a")) TELL("<[$a]>"), "s  : blank\n", "< blank>");
}

static void
groups_go_to_their_variables(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"",
			EREG("sip:([a-z]+)@([0-9.]+)(;x)?", "search_in=\"hdr\" header=\"From:\" assign_to=\"all,user,host,opt\""))
		TELL("<[$all]><[$user]><[$host]><[$opt]>"), "", "<sip:peer@198.18.8.1><peer><198.18.8.1><>");
}

static void
message_and_body_are_searched_across_lines(void **state)
{
	struct peer p = { 0 };

	peer_open_answer(&p, RECV_DO("request=\"MESSAGE\"", EREG("^MESSAGE sip:[^@]*@[^@]*@", "assign_to=\"m\"")
			EREG("^a=(.)..b", "search_in=\"body\" assign_to=\"whole,one\"")
			EREG("To", "search_in=\"body\" assign_to=\"none\"")) "<nop><action>"
			EREG("a=", "search_in=\"var\" variable=\"whole\" assign_to=\"whole\"") "</action></nop>\n"
		TELL("<[$one]><[$whole]><[$none]>") "<Reference variables=\"m\"/>\n");
	peer_say(&p, "MESSAGE sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:p@x>;tag=1\n"
		     "To: <sip:me@x>\nCall-ID: 1\nCSeq: 1 MESSAGE\nContent-Length: 6\n\na=1\nb\n");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200"), "X"), "<1><a=><>");
	peer_close(&p);
}

static void
a_check_that_fails_ends_the_actions_not_the_call(void **state)
{
	static const struct {
		const char *check;
		bool holds;
	} checks[] = {
		{ EREG("MESSAGE", "search_in=\"hdr\" header=\"CSeq:\" check_it=\"true\" assign_to=\"x\""), true },
		{ EREG("INVITE", "search_in=\"hdr\" header=\"CSeq:\" check_it=\"true\" assign_to=\"x\""), false },
		{ EREG(".*", "search_in=\"hdr\" header=\"Gone:\" check_it=\"true\" assign_to=\"x\""), false },
		{ EREG("INVITE", "search_in=\"hdr\" header=\"CSeq:\" check_it_inverse=\"true\" assign_to=\"x\""), true },
		{ EREG("MESSAGE", "search_in=\"hdr\" header=\"CSeq:\" check_it_inverse=\"true\" assign_to=\"x\""), false },
		{ "<assign assign_to=\"x\" value=\"3\"/><test variable=\"x\" compare=\"equal\" value=\"3\" check_it=\"true\"/>", true },
		{ "<assign assign_to=\"x\" value=\"3\"/><test variable=\"x\" compare=\"equal\" value=\"3\" check_it_inverse=\"true\"/>", false },
		{ "<assignstr assign_to=\"x\" value=\"a\"/><strcmp variable=\"x\" value=\"a\" check_it=\"true\"/>", true },
		{ "<assignstr assign_to=\"x\" value=\"a\"/><strcmp variable=\"x\" value=\"b\" check_it=\"true\"/>", false },
		{ "<assignstr assign_to=\"x\" value=\"a\"/><strcmp variable=\"x\" value=\"b\" check_it_inverse=\"true\"/>", true },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct peer p = { 0 };
		char scenario[2048];

		snprintf(scenario, sizeof(scenario), "<recv request=\"MESSAGE\"><action>%s<assignstr assign_to=\"after\" value=\"yes\"/>"
			"</action></recv>\n" TELL("[$after].") "<Reference variables=\"x\"/>\n", checks[i].check);
		assert_string_equal(told(&p, scenario, ""), checks[i].holds ? "yes." : ".");
		if (checks[i].holds)
			peer_completed(&p);
		else
			peer_failed(&p, RS_CAUSE_CHECK);
		peer_close(&p);
	}
}

static void
a_failed_check_is_one_failure_however_the_call_goes_on(void **state)
{
	for (int late = 0; late < 2; late++) {
		struct peer p = { 0 };

		peer_open_answer(&p, RECV_DO("request=\"MESSAGE\"", EREG("nope", "check_it=\"true\" assign_to=\"x\""))
			ANSWER("200 OK", "") "<timewait milliseconds=\"1000\"/>\n<Reference variables=\"x\"/>\n");
		peer_call(&p, "MESSAGE", 1, "", "");
		assert_int_equal(sim_engine(&p.s, RS_ENG_LINGERING), 1);
		if (late)
			rs_engine_silence(p.s.engines[0]); /* while it lingers */
		peer_wait(&p, 1010);
		peer_failed(&p, RS_CAUSE_CHECK);
		peer_close(&p);
	}
}

static void
numbers_are_reckoned_and_texts_made(void **state)
{
	expect_told(RECV_DO("request=\"MESSAGE\"", "<assign assign_to=\"a\" value=\"10\"/><add assign_to=\"a\" value=\"5\"/>"
			"<subtract assign_to=\"a\" value=\"3\"/><multiply assign_to=\"a\" value=\"2\"/><divide assign_to=\"a\" value=\"5\"/>"
			"<assign assign_to=\"z\" value=\"0\"/><assign assign_to=\"q\" value=\"7\"/><divide assign_to=\"q\" variable=\"z\"/>"
			"<assignstr assign_to=\"t\" value=\"  n[$z]  \"/><trim assign_to=\"t\"/>"
			"<assignstr assign_to=\"n\" value=\"12.5x\"/><todouble assign_to=\"d\" variable=\"n\"/>"
			"<assignstr assign_to=\"e\" value=\"\"/><todouble assign_to=\"f\" variable=\"e\"/><trim assign_to=\"e\"/>"
			"<strcmp assign_to=\"c\" variable=\"n\" value=\"12\"/><strcmp assign_to=\"g\" variable=\"e\" variable2=\"e\"/>"
			"<test assign_to=\"b\" variable=\"d\" compare=\"greater_than\" value=\"12\"/>")
		TELL("[$a] [$q] <[$t]> [$d] [$f] <[$e]> [$b] [$g]") "<nop condexec=\"c\"/>\n", "",
		"4.800000 0.000000 <n0.000000> 12.500000 0.000000 <> true 0.000000");
}

static void
every_comparison_compares(void **state)
{
#define CMP(op, var, v) "<test assign_to=\"" var "\" variable=\"a\" compare=\"" op "\" value=\"" v "\"/>"
	expect_told(RECV_DO("request=\"MESSAGE\"", "<assign assign_to=\"a\" value=\"2\"/>" CMP("equal", "b", "2")
			CMP("not_equal", "c", "2") CMP("greater_than", "d", "1") CMP("less_than", "e", "2")
			CMP("greater_than_equal", "f", "2") CMP("less_than_equal", "g", "1"))
		TELL("[$b] [$c] [$d] [$e] [$f] [$g]"), "", "true false true false true false");
}

static void
the_time_of_day_is_the_wall_clocks(void **state)
{
	struct peer p = { 0 };
	double seconds, us;

	assert_int_equal(sscanf(told(&p, RECV_DO("request=\"MESSAGE\"", "<gettimeofday assign_to=\"s,u\"/>") TELL("[$s] [$u]"), ""),
		"%lf %lf", &seconds, &us), 2);
	assert_true(seconds == 1760000000);
	assert_true(us < 1000);
	peer_close(&p);
}

static void
log_lines_expand_and_error_ends_the_call(void **state)
{
	struct peer p = { 0 };
	struct rs_log log = { .level = RS_LOG_INFO };
	char text[1024] = { 0 }, name[] = "/tmp/rs-log-XXXXXX";

	log.fd = mkstemp(name);
	assert_true(log.fd >= 0);
	unlink(name);
	p.s.log = &log;
	peer_open_answer(&p, RECV_DO("request=\"MESSAGE\"", "<log message=\"from [last_From]\"/><warning message=\"number [call_number]\"/>"
			"<error message=\"that is all\"/><log message=\"never\"/>") ANSWER("200 OK", ""));
	peer_call(&p, "MESSAGE", 1, "", "");
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_ERROR_ACTION);
	assert_true(pread(log.fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "from From: <sip:peer@198.18.8.1>;tag=peer\n"));
	assert_non_null(strstr(text, "number 1\n"));
	assert_non_null(strstr(text, "that is all\n"));
	assert_null(strstr(text, "never"));
	close(log.fd);
	peer_close(&p);
}

static void
a_scenario_may_ask_for_the_end(void **state)
{
	static const char *const orders[] = { "stop_call", "stop_gracefully", "stop_now" };

	for (unsigned i = 0; i < 3; i++) {
		struct peer p = { 0 };
		char scenario[1024];

		snprintf(scenario, sizeof(scenario), "<recv request=\"MESSAGE\"><action><exec int_cmd=\"%s\"/></action></recv>\n" ANSWER("200 OK", ""),
			orders[i]);
		peer_open_answer(&p, scenario);
		peer_call(&p, "MESSAGE", 1, "", "");
		assert_int_equal(sim_engine(&p.s, RS_ENG_STOP_ASKED), i);
		if (i == 0)
			peer_failed(&p, RS_CAUSE_STOPPED);
		else
			peer_completed(&p);
		peer_close(&p);
	}
}

static void
steps_are_skipped_and_branches_taken_by_variables(void **state)
{
	for (int there = 0; there < 2; there++) {
		struct peer p = { 0 };

		peer_open_answer(&p, RECV_DO("request=\"MESSAGE\"", HDR("Flag:", "f")) "<nop next=\"yes\" test=\"f\"/>\n"
			SEND("INFO", "condexec=\"f\"") SEND("UPDATE", "condexec=\"f\" condexec_inverse=\"true\"") "<nop next=\"end\"/>\n"
			"<label id=\"yes\"/>\n" SEND("OPTIONS", "condexec=\"f\" condexec_inverse=\"true\"") SEND("NOTIFY", "condexec=\"f\"")
			"<label id=\"end\"/>\n" SEND("PUBLISH", ""));
		peer_call(&p, "MESSAGE", 1, "", there ? "Flag: 1\n" : "");
		peer_sent(&p, there ? "NOTIFY " : "UPDATE ");
		peer_sent(&p, "PUBLISH ");
		peer_heard_nothing(&p);
		peer_completed(&p);
		peer_close(&p);
	}
}

static void
a_loop_ends_by_its_test_or_by_the_limit(void **state)
{
	expect_told(RECV("request=\"MESSAGE\"", "") "<nop><action><assign assign_to=\"n\" value=\"0\"/></action></nop>\n<label id=\"again\"/>\n"
		"<nop next=\"again\" test=\"more\"><action><add assign_to=\"n\" value=\"1\"/>"
		"<test assign_to=\"more\" variable=\"n\" compare=\"less_than\" value=\"20\"/></action></nop>\n" TELL("[$n]"), "", "20.000000");

	struct peer p = { 0 };

	peer_open_answer(&p, RECV("request=\"MESSAGE\"", "") "<label id=\"again\"/>\n<nop next=\"again\"/>\n" ANSWER("200 OK", ""));
	peer_call(&p, "MESSAGE", 1, "", "");
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_LOOP);
	peer_close(&p);
}

static void
chances_are_chances_and_pauses_as_long_as_they_say(void **state)
{
	struct peer p = { 0 };
	unsigned jumped = 0;

	peer_open(&p, "<nop next=\"b\" chance=\"0.25\"/>\n" SEND("INFO", "next=\"end\"") "<label id=\"b\"/>\n" SEND("NOTIFY", "")
		"<label id=\"end\"/>\n<nop/>\n",
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 200; total = 200;", "");
	peer_wait(&p, 1100);
	for (unsigned i = 0; i < p.n_sent; i++)
		jumped += p.sent[i][0] == 'N';
	assert_int_equal(p.n_sent, 200);
	assert_in_range(jumped, 30, 70);
	peer_close(&p);

	p = (struct peer){ 0 };
	peer_open(&p, "<pause distribution=\"uniform\" min=\"100\" max=\"300\"/>\n" SEND("INFO", ""),
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 100000; total = 100;", "");
	peer_wait(&p, 400);
	assert_int_equal(p.n_sent, 100);
	assert_in_range(p.sent_at[0], 100, 110);
	assert_in_range(p.sent_at[99], 290, 303);
	peer_close(&p);

	p = (struct peer){ 0 };
	peer_open_call(&p, "<nop><action><assign assign_to=\"l\" value=\"70\"/></action></nop>\n<pause variable=\"l\"/>\n" SEND("INFO", "")
		"<nop><action><assign assign_to=\"l\" value=\"1e300\"/></action></nop>\n<pause variable=\"l\"/>\n");
	peer_wait(&p, 100);
	assert_in_range(p.sent_at[0], 70, 72);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_close(&p);
}

static void
timers_and_counters_of_the_scenario_count(void **state)
{
	struct peer p = { 0 };
	const struct rs_activity_account *a;

	peer_open_call(&p, SEND("OPTIONS", "start_rtd=\"t\"") RECV("response=\"200\"", "rtd=\"t\" counter=\"oks\"") PAUSE(50)
		SEND("OPTIONS", "start_rtd=\"u\" rtd=\"t\"") RECV("response=\"200\"", "rtd=\"u\" counter=\"oks\""));
	peer_wait(&p, 20);
	peer_reply(&p, peer_sent(&p, "OPTIONS "), "200 OK");
	peer_wait(&p, 70);
	peer_reply(&p, peer_sent(&p, "OPTIONS "), "200 OK");
	peer_completed(&p);
	a = &p.s.accounts[0]->activities[0];
	assert_int_equal(a->program.n_rtds, 2);
	assert_in_range(atomic_load(&a->program.rtds[0].hists[0]->min_ns), 19 * MS, 22 * MS);
	assert_int_equal(atomic_load(&a->program.counters[0]), 2);
	peer_close(&p);

	/* One that the last message of a call stops. */
	p = (struct peer){ 0 };
	peer_open_answer(&p, RECV("request=\"MESSAGE\"", "start_rtd=\"t\"") PAUSE(30) ANSWER("200 OK", "rtd=\"t\""));
	peer_call(&p, "MESSAGE", 1, "", "");
	peer_wait(&p, 40);
	peer_completed(&p);
	assert_in_range(atomic_load(&p.s.accounts[0]->activities[0].program.rtds[0].hists[0]->max_ns), 29 * MS, 33 * MS);
	peer_close(&p);
}

static void
messages_go_where_setdest_says(void **state)
{
	struct peer p = { 0 };

	(void)told(&p, RECV_DO("request=\"MESSAGE\"", EREG("[0-9]+", "search_in=\"hdr\" header=\"X-Port:\" assign_to=\"port\"")
		"<setdest host=\"198.18.8.9\" port=\"[$port]\" protocol=\"[transport]\"/><closecon/>") TELL("x"), "X-Port: 5077\n");
	assert_int_equal(p.sent_to[p.n_sent - 1].local_port, 5077);
	assert_int_equal(p.sent_to[p.n_sent - 1].local.b[3], 9);
	peer_completed(&p);
	peer_close(&p);
}

static void
a_destination_that_is_none_fails_the_call(void **state)
{
	static const char *const wrong[] = {
		"host=\"peer.example\" port=\"5060\" protocol=\"udp\"", "host=\"198.18.8.9\" port=\"0\" protocol=\"udp\"",
		"host=\"198.18.8.9\" port=\"65536\" protocol=\"udp\"", "host=\"198.18.8.9\" port=\"5060\" protocol=\"tcp\"",
		"host=\"2001:2::1\" port=\"5060\" protocol=\"udp\"",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct peer p = { 0 };
		char scenario[512];

		snprintf(scenario, sizeof(scenario), RECV_DO("request=\"MESSAGE\"", "<setdest %s/>") TELL("x"), wrong[i]);
		peer_open_answer(&p, scenario);
		peer_call(&p, "MESSAGE", 50, "", "");
		assert_int_equal(sim_count(&p.s, 0, RS_AM_FAILED), 1);
		assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_DESTINATION), 1);
		peer_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_search_begins_behind_the_text_given),
		cmocka_unit_test(occurrences_are_counted_and_start_line_means_the_lines_start),
		cmocka_unit_test(case_counts_unless_case_indep),
		cmocka_unit_test(a_compact_name_is_found_by_its_long_one),
		cmocka_unit_test(groups_go_to_their_variables),
		cmocka_unit_test(message_and_body_are_searched_across_lines),
		cmocka_unit_test(a_check_that_fails_ends_the_actions_not_the_call),
		cmocka_unit_test(a_failed_check_is_one_failure_however_the_call_goes_on),
		cmocka_unit_test(numbers_are_reckoned_and_texts_made),
		cmocka_unit_test(every_comparison_compares),
		cmocka_unit_test(the_time_of_day_is_the_wall_clocks),
		cmocka_unit_test(log_lines_expand_and_error_ends_the_call),
		cmocka_unit_test(a_scenario_may_ask_for_the_end),
		cmocka_unit_test(steps_are_skipped_and_branches_taken_by_variables),
		cmocka_unit_test(a_loop_ends_by_its_test_or_by_the_limit),
		cmocka_unit_test(chances_are_chances_and_pauses_as_long_as_they_say),
		cmocka_unit_test(timers_and_counters_of_the_scenario_count),
		cmocka_unit_test(messages_go_where_setdest_says),
		cmocka_unit_test(a_destination_that_is_none_fails_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
