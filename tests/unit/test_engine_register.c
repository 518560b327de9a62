/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations, by the sections of RFC 3261 and its companions; what is challenged is in test_engine_register_auth.c. */
#include "engine_reg.h"

#include "engine/roster.h"

/* Times recorded in row @row. */
static uint64_t
samples(struct peer *p, uint32_t row)
{
	const struct rs_hist *h = p->s.accounts[0]->activities[0].cells.hists[row];
	uint64_t n = 0;

	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		n += atomic_load(&h->cells[i]);
	return n;
}

static void
a_register_names_the_domain_the_address_of_record_and_the_contact(void **state) /* 10.2 */
{
	struct peer p = { 0 };
	const char *m;

	reg_open_one(&p, "expires = \"100s\";");
	m = peer_sent(&p, "REGISTER sip:example.test SIP/2.0\r\n");
	assert_string_equal(header(m, "To"), "<sip:u000@example.test>");
	assert_memory_equal(header(m, "From"), "<sip:u000@example.test>;tag=", 28);
	assert_string_equal(header(m, "Contact"), "<sip:u000@198.18.4.1:5060>");
	assert_string_equal(header(m, "Expires"), "100");
	assert_string_equal(header(m, "Supported"), "path"); /* RFC 3327 */
	assert_string_equal(header(m, "Authorization"), "");
	assert_string_equal(header(m, "Max-Forwards"), "70");
	assert_memory_equal(branch_of(m), "z9hG4bK", 7);
	peer_reply_x(&p, m, "200 OK", "");
	assert_int_equal(peer_count(&p, RS_AM_REG_DONE), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_UNDER_WAY), 0);
	assert_int_equal(samples(&p, RS_AM_REGISTER), 1);
	reg_close(&p);
}

static void
what_is_granted_rules_and_refreshes_come_at_half_to_nine_tenths_of_it(void **state) /* 10.2.4, 10.3 */
{
	struct peer p = { 0 };
	const char *m, *again;
	uint64_t least = UINT64_MAX, most = 0;

	reg_open_one(&p, "expires = \"3600s\";");
	m = peer_sent(&p, "REGISTER");
	for (int i = 0; i < 40; i++) {
		/* others' bindings in the list are not ours, and Expires is for contacts without a life time of their own */
		peer_reply_x(&p, m, "200 OK", "Expires: 7000\nContact: <sip:u000@198.18.4.9:5060>;expires=9, <sip:u000@198.18.4.1>;expires=10\n");
		uint64_t after = wait_sent(&p, 11000);

		assert_true(after >= 4999 && after <= 9001);
		least = after < least ? after : least;
		most = after > most ? after : most;
		again = peer_sent(&p, "REGISTER");
		assert_string_equal(header(again, "Call-ID"), header(m, "Call-ID"));
		assert_int_equal(atoi(header(again, "CSeq")), atoi(header(m, "CSeq")) + 1);
		assert_string_not_equal(branch_of(again), branch_of(m));
		m = again;
	}
	assert_true(least < 5600 && most > 8400);
	assert_int_equal(peer_count(&p, RS_AM_REG_REFRESHED), 39);
	assert_int_equal(peer_count(&p, RS_AM_REG_DONE), 1);
	assert_int_equal(samples(&p, RS_AM_REFRESH), 39);
	reg_close(&p);
}

static void
a_part_of_the_life_time_may_be_asked_for(void **state)
{
	struct peer p = { 0 };

	reg_open_one(&p, "refresh = [ 0.2, 0.21 ];");
	for (int i = 0; i < 10; i++) {
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", GRANTED(100));
		uint64_t after = wait_sent(&p, 22000);

		assert_true(after >= 19999 && after <= 21001);
	}
	reg_close(&p);
}

static void
a_longer_interval_is_granted_to_who_wants_it(void **state) /* 10.2.8 */
{
	struct peer p = { 0 };
	const char *m;

	reg_open_one(&p, "expires = \"60s\";");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "423 Interval Too Brief", "Min-Expires: 300\n");
	m = peer_sent(&p, "REGISTER");
	assert_string_equal(header(m, "Expires"), "300");
	peer_reply_x(&p, m, "200 OK", "");
	assert_true(wait_sent(&p, 280000) >= 149999); /* half of 300 s */
	assert_string_equal(header(peer_sent(&p, "REGISTER"), "Expires"), "300");
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 0);
	reg_close(&p);
}

static void
a_423_without_a_longer_interval_fails(void **state)
{
	static const char *const lines[] = { "", "Min-Expires: 60\n", "Min-Expires: x\n" };

	for (size_t i = 0; i < 3; i++) {
		struct peer p = { 0 };

		reg_open_one(&p, "expires = \"60s\";");
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "423 Interval Too Brief", lines[i]);
		peer_heard_nothing(&p);
		assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_RESPONSE + 123), 1);
		reg_close(&p);
	}
}

static void
a_yes_that_binds_nothing_is_none(void **state)
{
	struct peer p = { 0 };

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", "Contact: <sip:u000@198.18.4.1>;expires=0\n");
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 0);
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_UNEXPECTED), 1);
	reg_close(&p);
}

static void
without_an_answer_it_is_sent_11_times_and_given_up_after_64_t1(void **state) /* 17.1.2, timers E and F */
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500 };
	struct peer p = { 0 };

	reg_open_one(&p, "");
	peer_wait(&p, 60000);
	assert_int_equal(p.n_sent, 11);
	for (unsigned i = 0; i < 11; i++) {
		assert_true(p.sent_at[i] - p.sent_at[0] - at[i] <= 12);
		assert_string_equal(p.sent[i], p.sent[0]);
	}
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_TIMEOUT), 1);
	assert_int_equal(peer_count(&p, RS_AM_SIP_SENT), 1);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANSMITTED), 10);
	assert_int_equal(peer_count(&p, RS_AM_REG_UNDER_WAY), 0);
	reg_close(&p);
}

static void
icmp_names_the_cause_of_silence(void **state)
{
	static const struct {
		uint32_t len;
		uint16_t port;
		uint32_t cause;
	} cases[] = {
		{ 40, 5060, RS_CAUSE_TIMEOUT }, /* cut off before its branch */
		{ 0, 5061, RS_CAUSE_TIMEOUT },	 /* of another endpoint of ours */
		{ 0, 5060, RS_CAUSE_UNREACHABLE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer p = { 0 };
		struct rs_rx rx = { .kind = RS_RX_UNREACHABLE, .path = { .local_port = cases[i].port, .remote_port = 5060 } };
		const char *m;

		reg_open_one(&p, "");
		m = peer_sent(&p, "REGISTER");
		rx.data = (const uint8_t *)m;
		rx.len = cases[i].len ? cases[i].len : (uint32_t)strlen(m);
		rs_addr_parse(rs_slice_str("198.18.4.1"), &rx.path.local);
		rs_addr_parse(rs_slice_str("198.18.8.1"), &rx.path.remote);
		rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
		peer_wait(&p, 33000);
		assert_int_equal(p.n_sent, 11); /* the registrar may come back meanwhile */
		assert_int_equal(sim_cause(&p.s, 0, cases[i].cause), 1);
		reg_close(&p);
	}
}

static void
after_a_provisional_it_is_sent_every_t2_only(void **state)
{
	struct peer p = { 0 };

	reg_open_one(&p, "");
	peer_reply(&p, peer_sent(&p, "REGISTER"), "100 Trying");
	assert_true(wait_sent(&p, 5000) >= 3990);
	reg_close(&p);
}

static void
a_failed_refresh_is_tried_again_in_half_a_minute(void **state)
{
	struct peer p = { 0 };
	uint64_t after;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", GRANTED(10));
	wait_sent(&p, 10000);
	peer_reply(&p, peer_sent(&p, "REGISTER"), "503 Busy");
	assert_int_equal(peer_count(&p, RS_AM_REG_REFRESH_FAILED), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 0);
	after = wait_sent(&p, 31000);
	assert_true(after >= 14990 && after <= 30010);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", GRANTED(10));
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_REFRESHED), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_FAILED), 0);
	reg_close(&p);
}

static void
answers_that_come_again_or_to_nothing_change_nothing(void **state)
{
	struct peer p = { 0 };
	const char *m;

	reg_open_one(&p, "");
	m = peer_sent(&p, "REGISTER");
	peer_reply_x(&p, m, "401 X", CHALLENGE);
	peer_reply_x(&p, m, "401 X", CHALLENGE);
	m = peer_sent(&p, "REGISTER");
	peer_reply_x(&p, m, "200 OK", GRANTED(100));
	peer_reply_x(&p, m, "200 OK", GRANTED(100));
	peer_reply_x(&p, m, "500 X", "");
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_REG_DONE), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_CHALLENGED), 1);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 1);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED), 3);
	reg_close(&p);
}

/* Answer the next @n REGISTERs of whatever kind. */
static void
grant(struct peer *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		wait_sent(p, 100);
		peer_reply_x(p, peer_sent(p, "REGISTER"), "200 OK", GRANTED(1000));
	}
}

static void
at_the_end_bindings_are_removed_one_by_one_at_a_pace(void **state) /* 10.2.2 */
{
	struct peer p = { 0 };
	uint64_t last = 0;

	reg_open(&p, 10, "password = \"x\";", "unregister_rate = 100;", "");
	grant(&p, 10);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 10);
	rs_engine_unregister(p.s.engines[0]);
	for (unsigned i = 0; i < 10; i++) {
		wait_sent(&p, 50);
		uint64_t at = p.sent_at[p.n_read];
		const char *m = peer_sent(&p, "REGISTER");

		assert_string_equal(header(m, "Expires"), "0");
		assert_true(i == 0 || (at - last >= 9 && at - last <= 12));
		last = at;
		peer_reply(&p, m, "200 OK");
	}
	peer_wait(&p, 2000000);
	peer_heard_nothing(&p); /* and nobody refreshes any more */
	assert_int_equal(peer_count(&p, RS_AM_REG_ENDED), 10);
	assert_int_equal(peer_count(&p, RS_AM_REG_ACTIVE), 0);
	assert_int_equal(peer_count(&p, RS_AM_REG_ENDING), 0);
	reg_close(&p);
}

static void
service_route_is_the_way_of_what_begins_outside_a_dialog(void **state) /* RFC 3608, 5 */
{
	struct peer p = { 0 };
	const char *m;

	reg_open(&p, 1, "password = \"x\";", "",
		", { name = \"c\"; do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1\"; scenario = \"uac\"; rate = 10; total = 1;\n"
		"    start = \"after reg\"; hold = \"1s\"; } );\nrun = { mode = \"rfc3261\"; };\n");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK",
		"Expires: 1000\nPath: <sip:edge@198.18.8.1;lr>\nService-Route: <sip:a@198.18.8.1;lr>\nService-Route: <sip:b@198.18.8.2;lr>\n");
	rs_engine_start_activity(p.s.engines[0], 1, p.s.now_ns);
	wait_sent(&p, 200);
	m = peer_sent(&p, "INVITE");
	assert_string_equal(header(m, "Route"), "<sip:a@198.18.8.1;lr>, <sip:b@198.18.8.2;lr>");
	peer_reply(&p, m, "200 OK");
	m = peer_sent(&p, "ACK");
	assert_string_equal(header(m, "Route"), ""); /* the dialog's own: nobody recorded a route */
	reg_close(&p);
}

static void
rfc3261_9_1_and_17_1_1_3_cancel_and_ack_go_the_way_of_their_invite(void **state)
{
	struct peer p = { 0 };
	const char *invite, *m;

	reg_open(&p, 1, "password = \"x\";", "",
		", { name = \"c\"; do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1\"; scenario = \"uac\"; rate = 10; total = 1;\n"
		"    start = \"after reg\"; timeout = \"5s\"; } );\nrun = { mode = \"rfc3261\"; };\n");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", "Expires: 1000\nService-Route: <sip:a@198.18.8.1;lr>\n");
	rs_engine_start_activity(p.s.engines[0], 1, p.s.now_ns);
	wait_sent(&p, 200);
	invite = peer_sent(&p, "INVITE");
	peer_reply(&p, invite, "180 Ringing");
	wait_sent(&p, 6000);
	m = peer_sent(&p, "CANCEL");
	assert_string_equal(header(m, "Route"), "<sip:a@198.18.8.1;lr>");
	assert_string_equal(header(m, "Via"), header(invite, "Via"));
	peer_reply(&p, m, "200 OK");
	peer_reply(&p, invite, "487 Terminated");
	m = peer_sent(&p, "ACK");
	assert_string_equal(header(m, "Route"), "<sip:a@198.18.8.1;lr>");
	assert_string_equal(header(m, "Via"), header(invite, "Via"));
	reg_close(&p);
}

/* What a registrar would answer, given in the way of the packet: the engine that sent it hears it. */
static unsigned
grants_at_once(void *ctx, struct sim_packet *p)
{
	struct rs_path back = { .local = p->path.remote, .remote = p->path.local, .local_port = p->path.remote_port,
		.remote_port = p->path.local_port, .port = p->path.port ^ 1 };
	char m[SIM_MTU + 1], text[SIM_MTU];

	memcpy(m, p->data, p->len);
	m[p->len] = 0;
	p->len = (uint32_t)snprintf(text, sizeof(text),
		"SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=x\r\nCall-ID: %s\r\nCSeq: %s\r\nExpires: 100\r\n"
		"Content-Length: 0\r\n\r\n", header(m, "Via"), header(m, "From"), header(m, "To"), header(m, "Call-ID"), header(m, "CSeq"));
	memcpy(p->data, text, p->len);
	p->path = back;
	return 1;
}

static void
each_endpoint_s_state_is_told_once_by_the_worker_that_has_it(void **state)
{
	static const char plan[] =
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.33\";\n"
		"                proxy = \"sip:198.18.8.1\"; } );\n"
		"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"us\"; rate = 1000; } );\n";
	struct sim s = { .on_wire = grants_at_once };
	uint64_t seen[RS_ENDPOINT_STATES] = { 0 };
	bool listed[100] = { false };

	sim_open(&s, plan);
	sim_play(&s, RS_NS_PER_S);
	assert_int_equal(sim_count(&s, 0, RS_AM_REG_ACTIVE), 100);
	for (uint32_t w = 0; w < 2; w++) {
		assert_in_range(rs_metric_get(&s.accounts[w]->activities[0].cells, RS_AM_REG_DONE), 30, 70);
		for (uint64_t from = 0; from != UINT64_MAX;) {
			struct rs_endpoint_chunk chunk;
			struct rs_endpoint_info info[7];

			rs_engine_endpoints(s.engines[w], &from, -1, &chunk, info, 7);
			for (int i = 0; i < RS_ENDPOINT_STATES; i++)
				seen[i] += chunk.counts[i];
			for (uint32_t i = 0; i < chunk.n; i++) {
				assert_false(listed[info[i].index]);
				listed[info[i].index] = true;
			}
		}
	}
	assert_int_equal(seen[RS_ENDPOINT_REGISTERED], 100);
	assert_int_equal(seen[RS_ENDPOINT_IDLE] + seen[RS_ENDPOINT_UNREGISTERED], 0);
	for (int i = 0; i < 100; i++)
		assert_true(listed[i]);
	sim_close(&s);
}

static void
a_restart_of_the_network_costs_no_memory(void **state)
{
	struct peer p = { 0 };
	uint64_t bytes;

	reg_open_one(&p, "");
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X", CHALLENGE);
	peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", "Expires: 10\nService-Route: <sip:a@198.18.8.1;lr>\n");
	wait_sent(&p, 10000);
	bytes = sim_engine(&p.s, RS_ENG_REG_TEXT_BYTES);
	assert_true(bytes >= strlen("n0") + strlen("<sip:a@198.18.8.1;lr>"));
	assert_int_equal(rs_engine_leg_bytes(p.s.engines[0]), 0); /* registrations are no calls */
	for (unsigned i = 0; i < 30; i++) {
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "401 X",
			"WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", stale=true, qop=\"auth\"\n");
		peer_reply_x(&p, peer_sent(&p, "REGISTER"), "200 OK", "Expires: 10\nService-Route: <sip:a@198.18.8.1;lr>\n");
		wait_sent(&p, 10000);
	}
	assert_int_equal(sim_engine(&p.s, RS_ENG_REG_TEXT_BYTES), bytes);
	assert_int_equal(peer_count(&p, RS_AM_REG_REFRESHED), 30);
	reg_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_register_names_the_domain_the_address_of_record_and_the_contact),
		cmocka_unit_test(what_is_granted_rules_and_refreshes_come_at_half_to_nine_tenths_of_it),
		cmocka_unit_test(a_part_of_the_life_time_may_be_asked_for),
		cmocka_unit_test(a_longer_interval_is_granted_to_who_wants_it),
		cmocka_unit_test(a_423_without_a_longer_interval_fails),
		cmocka_unit_test(a_yes_that_binds_nothing_is_none),
		cmocka_unit_test(without_an_answer_it_is_sent_11_times_and_given_up_after_64_t1),
		cmocka_unit_test(icmp_names_the_cause_of_silence),
		cmocka_unit_test(after_a_provisional_it_is_sent_every_t2_only),
		cmocka_unit_test(a_failed_refresh_is_tried_again_in_half_a_minute),
		cmocka_unit_test(answers_that_come_again_or_to_nothing_change_nothing),
		cmocka_unit_test(at_the_end_bindings_are_removed_one_by_one_at_a_pace),
		cmocka_unit_test(service_route_is_the_way_of_what_begins_outside_a_dialog),
		cmocka_unit_test(rfc3261_9_1_and_17_1_1_3_cancel_and_ack_go_the_way_of_their_invite),
		cmocka_unit_test(each_endpoint_s_state_is_told_once_by_the_worker_that_has_it),
		cmocka_unit_test(a_restart_of_the_network_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
