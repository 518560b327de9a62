/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections of endpoints and of calls: RFC 3261, 18, and RFC 5626. */
#include "sim_conns.h"

#include "engine/flow.h"

#define MS RS_NS_PER_MS
enum { LISTEN, CALL };

static void
play_plan(struct sim *s, const char *callers, const char *callees, const char *call, const char *run)
{
	char plan[4096];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"tls = ( { name = \"t\"; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; addresses = \"198.18.4.1-198.18.4.4\"; %s },\n"
		"              { name = \"callees\"; port = \"b\"; addresses = \"198.18.8.1\"; kind = \"trunk\"; count = 100; %s } );\n"
		"activities = ( { name = \"listen\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
		"               { name = \"calls\"; do = \"call\"; from = \"callers\"; scenario = \"uac\"; %s } );\n"
		"run = { legs = \"none\"; %s };\n",
		callers, callees, call, run);
	sim_connect(s);
	sim_open(s, plan);
}

static void
end(struct sim *s)
{
	sim_sums_hold(s);
	free(s->conns);
	sim_close(s);
}

struct watch {
	struct sim *s;
	uint32_t messages;
	char last[SIM_MTU + 1];
	const char *want; /* in each message; NULL: nothing is checked */
};

static unsigned
on_wire(void *ctx, struct sim_packet *p)
{
	struct watch *w = ctx;

	w->messages++;
	memcpy(w->last, p->data, p->len);
	w->last[p->len] = '\0';
	if (w->want && !strstr(w->last, w->want))
		fail_msg("no \"%s\" in: %s", w->want, w->last);
	return 1;
}

static void
each_call_opens_a_connection_of_its_own_and_closes_it(void **state)
{
	static struct sim s;
	struct watch w = { .s = &s, .want = "SIP/2.0/TCP " };

	s = (struct sim){ .on_wire = on_wire, .ctx = &w };
	play_plan(&s, "transport = \"tcp\"; connections = \"call\";", "transport = \"tcp\";", "to = \"callees\"; rate = 100; total = 50; hold = \"1s\";", "");
	sim_play(&s, 900 * MS);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPENED), 50);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 50);
	sim_play(&s, 3000 * MS);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 50);
	assert_int_equal(sim_count(&s, LISTEN, RS_AM_COMPLETED), 50);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 0);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPENING), 0);
	assert_int_equal(sim_flows(&s, RS_FLOW_ACCEPTED), 50);
	sim_play(&s, 100 * MS);
	assert_int_equal(sim_flows(&s, RS_FLOW_ACCEPTED_OPEN), 0);
	end(&s);
}

static void
calls_of_an_endpoint_run_on_its_connection(void **state)
{
	static const struct { const char *transport, *want; } kinds[] = {
		{ "tcp", "SIP/2.0/TCP " }, { "tls", "SIP/2.0/TLS " }, { "ws", "SIP/2.0/WS " }, { "wss", "SIP/2.0/WSS " },
	};
	static struct sim s;
	char callers[200], callees[80];

	for (unsigned rfc = 0; rfc < 2; rfc++)
		for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			struct watch w = { .s = &s, .want = kinds[i].want };

			s = (struct sim){ .on_wire = on_wire, .ctx = &w };
			const char *tls = i % 2 ? "tls = \"t\";" : "";

			snprintf(callers, sizeof(callers), "transport = \"%s\"; count = 4; proxy = \"sip:198.18.8.1:5060\"; %s", kinds[i].transport, tls);
			snprintf(callees, sizeof(callees), "transport = \"%s\"; %s", kinds[i].transport, tls);
			play_plan(&s, callers, callees, "to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 100; hold = \"1s\";",
				rfc ? "mode = \"rfc3261\";" : "");
			sim_play(&s, 4000 * MS);
			assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 100);
			assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), 0);
			assert_int_equal(sim_flows(&s, RS_FLOW_OPENED), 4);
			assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 4);
			assert_int_equal(s.conns->opened, 4);
			end(&s);
		}
}

static void
an_endpoint_of_websocket_has_a_name_that_nobody_resolves(void **state) /* RFC 7118, 5 */
{
	static struct sim s;
	struct watch w = { .s = &s };

	s = (struct sim){ .on_wire = on_wire, .ctx = &w };
	play_plan(&s, "transport = \"wss\"; tls = \"t\"; count = 1; proxy = \"sip:198.18.8.1:5060\";", "transport = \"wss\"; tls = \"t\";",
		"to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 1; hold = \"1s\";", "");
	for (int i = 0; i < 10 && !strstr(w.last, "INVITE "); i++)
		sim_play(&s, MS / 2);
	assert_non_null(strstr(w.last, ".invalid"));
	assert_null(strstr(w.last, "SIP/2.0/WSS 198.18"));
	assert_non_null(strstr(w.last, "c=IN IP4 198.18.4.1\r\n"));
	assert_non_null(strstr(w.last, ".invalid:5060;transport=WS>\r\n")); /* of a URI: section 5.2 */
	end(&s);
}

static void
who_registers_a_flow_asks_for_it_in_dialogs(void **state) /* RFC 5626, 4.3 */
{
	static const struct { const char *more, *want, *supported; } cases[] = {
		{ "outbound = true;", "Contact: <sip:0@198.18.4.1:5060;transport=TCP;ob>\r\n", "Supported: 100rel, timer, outbound\r\n" },
		{ "", "Contact: <sip:0@198.18.4.1:5060;transport=TCP>\r\n", "Supported: 100rel, timer\r\n" },
	};
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		struct watch w = { .s = &s };
		char callers[160];

		s = (struct sim){ .on_wire = on_wire, .ctx = &w };
		snprintf(callers, sizeof(callers), "transport = \"tcp\"; count = 1; proxy = \"sip:198.18.8.1:5060\"; %s", cases[i].more);
		play_plan(&s, callers, "transport = \"tcp\";", "to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 1; hold = \"1s\";",
			"mode = \"rfc3261\";");
		for (int k = 0; k < 10 && !strstr(w.last, "INVITE "); k++)
			sim_play(&s, MS / 2);
		assert_non_null(strstr(w.last, cases[i].want));
		assert_non_null(strstr(w.last, cases[i].supported));
		end(&s);
	}
}

static void
nothing_is_sent_again_for_loss(void **state) /* RFC 3261, 17.1.1.2, 17.1.2.2 */
{
	static struct sim s;

	for (unsigned rfc = 0; rfc < 2; rfc++) {
		s = (struct sim){ .delay_ns = 1500 * MS };
		play_plan(&s, "transport = \"tcp\"; count = 1; proxy = \"sip:198.18.8.1:5060\";", "transport = \"tcp\";",
			"to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 1; hold = \"10s\"; timeout = \"100s\";", rfc ? "mode = \"rfc3261\";" : "");
		sim_play(&s, 40000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 1);
		/* but a 2xx, which goes end to end (13.3.1.4), and its ACK */
		assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), rfc ? 2 : 0);
		assert_int_equal(sim_count(&s, LISTEN, RS_AM_SIP_RETRANSMITTED), rfc ? 2 : 0);
		end(&s);
	}
}

static void
calls_fail_with_what_became_of_their_connection(void **state)
{
	static const struct { enum rs_conn_cause cause; } causes[] = { { RS_CONN_CAUSE_REFUSED }, { RS_CONN_CAUSE_TIMEOUT }, { RS_CONN_CAUSE_TLS } };
	static struct sim s;

	for (unsigned own = 0; own < 2; own++)
		for (unsigned i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
			s = (struct sim){ 0 };
			play_plan(&s, own ? "transport = \"tls\"; tls = \"t\"; connections = \"call\";" : "transport = \"tls\"; tls = \"t\"; count = 4; proxy = \"sip:198.18.8.1\";",
				"transport = \"tls\"; tls = \"t\";", own ? "to = \"callees\"; rate = 1000; total = 4;" : "rate = 1000; total = 4;", "");
			s.conns->refuse = causes[i].cause;
			sim_play(&s, 100 * MS);
			assert_int_equal(sim_cause(&s, CALL, RS_CAUSE_CONNECTION + causes[i].cause), 4);
			assert_int_equal(sim_flows(&s, RS_FLOW_FAILED + causes[i].cause), 4);
			assert_int_equal(sim_flows(&s, RS_FLOW_OPENING), 0);
			assert_int_equal(sim_flows(&s, RS_FLOW_RESTING), own ? 0 : 4);
			end(&s);
		}
}

static void
whoever_stops_while_it_connects_waits_no_longer(void **state)
{
	static struct sim s;

	for (unsigned own = 0; own < 2; own++) {
		s = (struct sim){ 0 };
		play_plan(&s, own ? "transport = \"tcp\"; connections = \"call\";" : "transport = \"tcp\"; count = 2; proxy = \"sip:198.18.8.1\";",
			"transport = \"tcp\";", own ? "to = \"callees\"; rate = 1000; total = 4;" : "rate = 1000; total = 4;", "");
		s.conns->silent = true;
		sim_play(&s, 100 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 4);
		rs_engine_hangup(s.engines[0], -1);
		sim_play(&s, 3000 * MS);
		assert_int_equal(sim_cause(&s, CALL, RS_CAUSE_STOPPED), 4);
		end(&s);
	}
}

/* Cut every connection that is open. */
static unsigned
cut_all(struct sim *s, enum rs_conn_cause cause)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < SIM_CONNS; i++)
		if (s->conns->ends[i].taken && s->conns->ends[i].open) {
			sim_cut(s, &s->conns->ends[i], NULL, cause);
			n++;
		}
	return n;
}

static void
a_call_outlives_its_connection(void **state) /* RFC 5626, 4.3 */
{
	static struct sim s;

	for (unsigned rfc = 0; rfc < 2; rfc++) {
		s = (struct sim){ 0 };
		play_plan(&s, "transport = \"tcp\"; count = 4; proxy = \"sip:198.18.8.1:5060\"; reconnect = \"at once\";", "transport = \"tcp\";",
			"to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 20; hold = \"5s\";", rfc ? "mode = \"rfc3261\";" : "");
		sim_play(&s, 2000 * MS);
		assert_int_equal(cut_all(&s, RS_CONN_CAUSE_RESET), 4);
		sim_play(&s, 100 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_REOPENED), 4);
		assert_int_equal(sim_flows(&s, RS_FLOW_BROKEN + RS_CONN_CAUSE_RESET), 8);
		assert_int_equal(sim_flows(&s, RS_FLOW_LEGS_CUT), 0);
		sim_play(&s, 8000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, LISTEN, RS_AM_COMPLETED), 20);
		end(&s);
	}
}

static void
what_was_asked_on_a_connection_that_broke_has_failed(void **state) /* RFC 3261, 17.1.4 */
{
	static struct sim s;

	for (unsigned rfc = 0; rfc < 2; rfc++) {
		s = (struct sim){ .delay_ns = 200 * MS };
		play_plan(&s, "transport = \"tcp\"; count = 4; proxy = \"sip:198.18.8.1:5060\"; reconnect = \"never\";", "transport = \"tcp\";",
			"to = \"sip:x@198.18.8.1:5060\"; rate = 1000; total = 40; hold = \"5s\";", rfc ? "mode = \"rfc3261\";" : "");
		sim_play(&s, 300 * MS);
		cut_all(&s, RS_CONN_CAUSE_RESET);
		sim_play(&s, 1000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_FAILED), 40);
		assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 0);
		end(&s);
	}
}

static void
a_connection_comes_back_as_rfc_5626_says(void **state) /* 4.5 */
{
	static struct sim s;
	uint64_t cut;

	s = (struct sim){ 0 };
	play_plan(&s, "transport = \"tcp\"; count = 4; proxy = \"sip:198.18.8.1:5060\";", "transport = \"tcp\";",
		"to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 4; hold = \"1s\";", "");
	sim_play(&s, 2000 * MS);
	cut_all(&s, RS_CONN_CAUSE_RESET);
	cut = s.now_ns;
	s.conns->refuse = RS_CONN_CAUSE_REFUSED;
	sim_play(&s, 14900 * MS);
	assert_int_equal(s.conns->opened, 4);
	assert_int_equal(sim_flows(&s, RS_FLOW_RESTING), 4);
	sim_play(&s, cut + 30100 * MS - s.now_ns);
	assert_int_equal(s.conns->opened, 8);
	/* the second wait: 30 to 60 s from the failure */
	sim_play(&s, cut + 44000 * MS - s.now_ns);
	assert_int_equal(s.conns->opened, 8);
	s.conns->refuse = RS_CONN_CAUSE_NONE;
	sim_play(&s, cut + 91000 * MS - s.now_ns);
	assert_int_equal(s.conns->opened, 12);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 4);
	assert_int_equal(sim_flows(&s, RS_FLOW_REOPENED), 4);
	end(&s);
}

static void
connections_may_be_opened_before_anybody_wants_them(void **state)
{
	static struct sim s;

	s = (struct sim){ 0 };
	play_plan(&s, "transport = \"tcp\"; count = 400; proxy = \"sip:198.18.8.1:5060\"; connect_rate = 100;", "transport = \"tcp\";",
		"to = \"sip:x@198.18.8.1:5060\"; start = \"manual\"; rate = 100; total = 1;", "");
	sim_play(&s, 2000 * MS);
	assert_in_range(sim_flows(&s, RS_FLOW_OPENED), 195, 205);
	sim_play(&s, 3000 * MS);
	assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 400);
	assert_int_equal(s.conns->opened, 400);
	end(&s);
}

static void
connections_are_cut_on_purpose(void **state)
{
	static struct sim s;

	for (int how = RS_CONN_FIN; how <= RS_CONN_SILENT; how++) {
		s = (struct sim){ 0 };
		play_plan(&s, "transport = \"tcp\"; count = 400; proxy = \"sip:198.18.8.1:5060\"; reconnect = \"spread 1s\";", "transport = \"tcp\";",
			"to = \"sip:x@198.18.8.1:5060\"; rate = 4000; total = 400; hold = \"10s\";", "");
		sim_play(&s, 2000 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 400);
		rs_engine_drop(s.engines[0], 0, 0.25, (enum rs_conn_close)how);
		sim_play(&s, 10 * MS);
		assert_in_range(sim_flows(&s, RS_FLOW_DROPPED), 60, 140);
		assert_in_range(sim_flows(&s, RS_FLOW_RESTING), 50, 140);
		sim_play(&s, 2000 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 400);
		assert_int_equal(sim_flows(&s, RS_FLOW_REOPENED), sim_flows(&s, RS_FLOW_DROPPED));
		sim_play(&s, 10000 * MS);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 400);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_opens_a_connection_of_its_own_and_closes_it),
		cmocka_unit_test(calls_of_an_endpoint_run_on_its_connection),
		cmocka_unit_test(an_endpoint_of_websocket_has_a_name_that_nobody_resolves),
		cmocka_unit_test(who_registers_a_flow_asks_for_it_in_dialogs),
		cmocka_unit_test(nothing_is_sent_again_for_loss),
		cmocka_unit_test(calls_fail_with_what_became_of_their_connection),
		cmocka_unit_test(whoever_stops_while_it_connects_waits_no_longer),
		cmocka_unit_test(a_call_outlives_its_connection),
		cmocka_unit_test(what_was_asked_on_a_connection_that_broke_has_failed),
		cmocka_unit_test(a_connection_comes_back_as_rfc_5626_says),
		cmocka_unit_test(connections_may_be_opened_before_anybody_wants_them),
		cmocka_unit_test(connections_are_cut_on_purpose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
