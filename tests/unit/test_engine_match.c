/* SPDX-License-Identifier: BSD-3-Clause */
/* Which recv a message belongs to, what a repeated one is answered with, and when messages are sent again. */
#include "engine_peer.h"

#define INVITE SEND("INVITE", "retrans=\"500\"")
#define CALL_HEAD INVITE RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "optional=\"true\"") \
	RECV("response=\"200\"", "")
#define CALL CALL_HEAD SEND("ACK", "") "<pause/>\n" SEND("BYE", "retrans=\"500\"") RECV("response=\"200\"", "")

static void
optional_ones_may_come_in_any_order_and_twice(void **state)
{
	static const char *const orders[][4] = { { "200 OK" }, { "100 T", "200 OK" }, { "180 R", "100 T", "200 OK" },
		{ "100 T", "180 R", "100 Again", "200 OK" }, { "180 R", "180 Other", "200 OK" } };

	for (size_t i = 0; i < 5; i++) {
		struct peer p = { 0 };
		const char *invite;

		peer_open_call(&p, CALL);
		invite = peer_sent(&p, "INVITE sip:bob@198.18.8.1:5060 SIP/2.0\r\n");
		for (size_t k = 0; k < 4 && orders[i][k]; k++)
			peer_reply(&p, invite, orders[i][k]);
		assert_string_equal(header(peer_sent(&p, "ACK "), "CSeq"), "1 ACK");
		peer_wait(&p, 150);
		peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
		peer_completed(&p);
		peer_heard_nothing(&p);
		peer_close(&p);
	}
}

static void
a_response_fits_by_code_and_by_any_method_sent(void **state)
{
	struct peer p = { 0 };
	char other[2048];
	const char *invite;

	/* Wrong number, right method: taken. */
	peer_open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	snprintf(other, sizeof(other), "%s", invite);
	memcpy(strstr(other, "CSeq: 1"), "CSeq: 9", 7);
	peer_reply(&p, other, "200 OK");
	peer_sent(&p, "ACK ");
	peer_close(&p);

	/* A method that was never sent: not expected. */
	p = (struct peer){ 0 };
	peer_open_call(&p, CALL);
	snprintf(other, sizeof(other), "%s", peer_sent(&p, "INVITE "));
	memcpy(strstr(other, "CSeq: 1 INVITE"), "CSeq: 1 NOTIFY", 14);
	peer_reply(&p, other, "200 OK");
	peer_failed(&p, RS_CAUSE_UNEXPECTED);
	peer_close(&p);

	/* Of methods without a number of their own a part of the text is enough, as SIPp has it. */
	p = (struct peer){ 0 };
	peer_open_call(&p, SEND("FROBNICATE", "") RECV("response=\"200\"", ""));
	snprintf(other, sizeof(other), "%s", peer_sent(&p, "FROBNICATE "));
	memcpy(strstr(other, "CSeq: 1 FROBNICATE"), "CSeq: 1 NICATE\r\nX", 17);
	peer_reply(&p, other, "200 OK");
	peer_completed(&p);
	peer_close(&p);
}

static void
requests_fit_by_method_text(void **state)
{
	struct peer p = { 0 };

	peer_open_answer(&p, RECV("request=\"FROB\"", "") ANSWER("200 OK", ""));
	peer_call(&p, "FRO", 1, "", "");
	peer_heard_nothing(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_OUT_OF_CALL), 1);
	peer_call(&p, "FROB", 1, "", "");
	peer_sent(&p, "SIP/2.0 200");
	peer_completed(&p);
	peer_close(&p);
}

static void
a_global_one_is_taken_anywhere_and_the_call_stays_where_it_is(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, INVITE RECV("request=\"INFO\"", "optional=\"global\" counter=\"infos\"") RECV("response=\"200\"", "")
		SEND("ACK", "") "<pause/>\n" SEND("BYE", "") RECV("response=\"200\"", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 50);
	peer_ask(&p, invite, "INFO", 10); /* in the pause */
	peer_wait(&p, 20);
	peer_heard_nothing(&p);
	peer_wait(&p, 40);
	const char *bye = peer_sent(&p, "BYE "); /* the pause was neither cut short nor begun anew */

	assert_string_equal(header(bye, "CSeq"), "11 BYE");
	peer_ask(&p, invite, "INFO", 12); /* and while its 200 is waited for */
	peer_reply(&p, bye, "200 OK");
	peer_completed(&p);
	assert_int_equal(atomic_load(&p.s.accounts[0]->activities[0].program.counters[0]), 2);
	peer_close(&p);
}

static void
an_optional_one_that_jumps_jumps(void **state)
{
	for (int refused = 0; refused < 2; refused++) {
		struct peer p = { 0 };
		const char *invite;

		peer_open_call(&p, INVITE RECV("response=\"404\"", "optional=\"true\" next=\"err\"") RECV("response=\"200\"", "")
			SEND("ACK", "next=\"end\"") "<label id=\"err\"/>\n"
			SEND_X("ACK", "", "X: refused [branch-4]\n") "<label id=\"end\"/>\n<nop/>\n");
		invite = peer_sent(&p, "INVITE ");
		peer_reply(&p, invite, refused ? "404 N" : "200 OK");
		const char *ack = peer_sent(&p, "ACK ");

		assert_int_equal(strlen(header(ack, "X")) > 0, refused);
		if (refused) /* [branch-4]: that of the step four before */
			assert_string_equal(header(ack, "X") + 8, branch_of(invite));
		peer_completed(&p);
		peer_close(&p);
	}
}

static void
a_repeated_200_is_acknowledged_again(void **state)
{
	struct peer p = { 0 };
	const char *invite, *ack, *bye;

	peer_open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	ack = peer_sent(&p, "ACK ");
	for (int i = 0; i < 3; i++) {
		peer_reply(&p, invite, "200 OK");
		assert_string_equal(peer_sent(&p, "ACK "), ack);
	}
	peer_reply(&p, invite, "200 Fine"); /* other bytes: no retransmission, but the ACK is what it wants */
	assert_string_equal(peer_sent(&p, "ACK "), ack);
	peer_wait(&p, 150);
	bye = peer_sent(&p, "BYE ");
	peer_reply(&p, invite, "200 OK"); /* the BYE does not answer it */
	assert_string_equal(peer_sent(&p, "ACK "), ack);
	peer_heard_nothing(&p);
	peer_reply(&p, bye, "200 OK");
	peer_completed(&p);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED), 5);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANSMITTED), 5);
	peer_close(&p);
}

static void
a_200_that_comes_again_before_its_ack_is_absorbed(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, CALL_HEAD PAUSE(100) SEND("ACK", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	peer_reply(&p, invite, "200 OK");
	peer_heard_nothing(&p);
	peer_wait(&p, 110);
	peer_sent(&p, "ACK ");
	peer_completed(&p);
	peer_close(&p);
}

#define ANSWERING                                                                                                      \
	RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") "<pause/>\n" ANSWER("200 OK", "retrans=\"500\"")        \
	RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", "") "<timewait milliseconds=\"4000\"/>\n"

static void
a_repeated_request_gets_the_latest_answer_again(void **state)
{
	struct peer p = { 0 };
	const char *ringing, *ok, *bye_ok, *tag;

	peer_open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	ringing = peer_sent(&p, "SIP/2.0 180");
	peer_call(&p, "INVITE", 1, "", "");
	assert_string_equal(peer_sent(&p, "SIP/2.0 180"), ringing);
	peer_wait(&p, 110);
	ok = peer_sent(&p, "SIP/2.0 200");
	peer_call(&p, "INVITE", 1, "", "");
	assert_string_equal(peer_sent(&p, "SIP/2.0 200"), ok);
	tag = tag_of(header(ok, "To"));
	peer_call(&p, "ACK", 1, tag, "");
	peer_call(&p, "ACK", 1, tag, ""); /* nothing answers an ACK */
	peer_heard_nothing(&p);
	peer_call(&p, "BYE", 2, tag, "");
	bye_ok = peer_sent(&p, "SIP/2.0 200");
	assert_string_equal(header(bye_ok, "CSeq"), "2 BYE");
	/* The call is over and counted; timewait still answers. */
	assert_int_equal(peer_count(&p, RS_AM_COMPLETED), 1);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 0);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LINGERING), 1);
	peer_wait(&p, 3900);
	peer_call(&p, "BYE", 2, tag, "");
	assert_string_equal(peer_sent(&p, "SIP/2.0 200"), bye_ok);
	peer_call(&p, "INFO", 3, tag, ""); /* but nothing new */
	peer_wait(&p, 110);
	peer_call(&p, "BYE", 2, tag, "");
	peer_heard_nothing(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_DEAD_CALL), 2);
	assert_int_equal(peer_count(&p, RS_AM_SIP_UNEXPECTED), 0);
	peer_completed(&p);
	peer_close(&p);
}

static void
an_invite_is_sent_six_times_doubling(void **state)
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 15500 };
	struct peer p = { 0 };

	peer_open_call(&p, CALL);
	peer_wait(&p, 15600);
	assert_int_equal(p.n_sent, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_in_range(p.sent_at[i], at[i], at[i] + 6); /* each is a tick of the wheel late at most */
		assert_string_equal(p.sent[i], p.sent[0]);
	}
	peer_wait(&p, 15000);
	assert_int_equal(p.n_sent, 6);
	peer_failed(&p, RS_CAUSE_TIMEOUT); /* its 20 s end before the 31.5 s of the schedule */
	peer_close(&p);
}

static void
the_schedule_ends_a_call_that_no_timeout_ends(void **state)
{
	struct peer p = { 0 };

	peer_open_call(&p, SEND("INVITE", "retrans=\"100\"") RECV("response=\"200\"", "timeout=\"60000\""));
	peer_wait(&p, 6290);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_wait(&p, 20);
	peer_failed(&p, RS_CAUSE_RETRANSMISSIONS);
	assert_int_equal(p.n_sent, 6);
	peer_close(&p);
}

static void
other_requests_are_sent_ten_times_at_most_every_four_seconds(void **state)
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500 };
	struct peer p = { 0 };

	peer_open_call(&p, SEND("OPTIONS", "retrans=\"500\"") RECV("response=\"200\"", "timeout=\"60000\""));
	peer_wait(&p, 31490);
	assert_int_equal(p.n_sent, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_in_range(p.sent_at[i], at[i], at[i] + 10);
	peer_wait(&p, 30);
	peer_failed(&p, RS_CAUSE_RETRANSMISSIONS);
	peer_close(&p);
}

static void
a_provisional_slows_a_request_and_stops_an_invite(void **state)
{
	struct peer p = { 0 };

	peer_open_call(&p, SEND("OPTIONS", "retrans=\"500\"") RECV("response=\"100\"", "optional=\"true\"")
		RECV("response=\"200\"", ""));
	peer_reply(&p, peer_sent(&p, "OPTIONS "), "100 T");
	peer_wait(&p, 3990);
	peer_heard_nothing(&p);
	peer_wait(&p, 20);
	peer_reply(&p, peer_sent(&p, "OPTIONS "), "200 OK");
	peer_completed(&p);
	peer_close(&p);

	p = (struct peer){ 0 };
	peer_open_call(&p, CALL);
	peer_reply(&p, peer_sent(&p, "INVITE "), "100 T");
	peer_wait(&p, 15000);
	peer_heard_nothing(&p);
	peer_close(&p);
}

static void
a_200_is_sent_until_its_ack(void **state)
{
	struct peer p = { 0 };
	const char *ok;

	peer_open_answer(&p, RECV("request=\"INVITE\"", "") ANSWER("200 OK", "retrans=\"500\"") RECV("request=\"ACK\"", ""));
	peer_call(&p, "INVITE", 1, "", "");
	ok = peer_sent(&p, "SIP/2.0 200");
	peer_wait(&p, 1600);
	peer_sent(&p, "SIP/2.0 200");
	assert_string_equal(peer_sent(&p, "SIP/2.0 200"), ok);
	peer_call(&p, "ACK", 1, tag_of(header(ok, "To")), "");
	peer_completed(&p);
	peer_wait(&p, 10000);
	peer_heard_nothing(&p);
	peer_close(&p);
}

static void
a_timeout_fails_or_jumps(void **state)
{
	struct peer p = { 0 };

	peer_open_call(&p, SEND("OPTIONS", "") RECV("response=\"200\"", "timeout=\"300\""));
	peer_wait(&p, 310);
	peer_failed(&p, RS_CAUSE_TIMEOUT);
	assert_int_equal(rs_metric_get(&p.s.accounts[0]->activities[0].program.steps[1], RS_SM_TIMEOUTS), 1);
	peer_close(&p);

	/* Of an optional one it counts from where the scenario began to wait. */
	p = (struct peer){ 0 };
	peer_open_call(&p, SEND("OPTIONS", "retrans=\"200\"") RECV("response=\"183\"", "optional=\"true\" timeout=\"300\" ontimeout=\"give-up\"")
		RECV("response=\"200\"", "") "<label id=\"give-up\"/>\n" SEND("MESSAGE", ""));
	peer_sent(&p, "OPTIONS ");
	peer_wait(&p, 310);
	peer_sent(&p, "OPTIONS ");
	peer_sent(&p, "MESSAGE ");
	peer_completed(&p);
	peer_close(&p);
}

static void
lost_messages_are_counted_and_go_nowhere(void **state)
{
	struct peer p = { 0 };
	const char *options;

	peer_open_call(&p, SEND("INFO", "lost=\"100\"") SEND("OPTIONS", "") RECV("response=\"200\"", "lost=\"100\""));
	options = peer_sent(&p, "OPTIONS ");
	peer_reply(&p, options, "200 OK");
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	assert_int_equal(peer_count(&p, RS_AM_SIP_LOST), 2);
	peer_wait(&p, 21000);
	peer_failed(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
one_that_does_not_advance_is_only_looked_at(void **state)
{
	struct peer p = { 0 };
	const char *options;

	peer_open_call(&p, SEND("OPTIONS", "") RECV("response=\"180\"", "optional=\"true\" advance_state=\"false\" counter=\"seen\"")
		RECV("response=\"200\"", ""));
	options = peer_sent(&p, "OPTIONS ");
	peer_reply(&p, options, "180 One");
	peer_reply(&p, options, "180 Two");
	peer_reply(&p, options, "200 OK");
	peer_completed(&p);
	assert_int_equal(atomic_load(&p.s.accounts[0]->activities[0].program.counters[0]), 2);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(optional_ones_may_come_in_any_order_and_twice),
		cmocka_unit_test(a_response_fits_by_code_and_by_any_method_sent),
		cmocka_unit_test(requests_fit_by_method_text),
		cmocka_unit_test(a_global_one_is_taken_anywhere_and_the_call_stays_where_it_is),
		cmocka_unit_test(an_optional_one_that_jumps_jumps),
		cmocka_unit_test(a_repeated_200_is_acknowledged_again),
		cmocka_unit_test(a_200_that_comes_again_before_its_ack_is_absorbed),
		cmocka_unit_test(a_repeated_request_gets_the_latest_answer_again),
		cmocka_unit_test(an_invite_is_sent_six_times_doubling),
		cmocka_unit_test(the_schedule_ends_a_call_that_no_timeout_ends),
		cmocka_unit_test(other_requests_are_sent_ten_times_at_most_every_four_seconds),
		cmocka_unit_test(a_provisional_slows_a_request_and_stops_an_invite),
		cmocka_unit_test(a_200_is_sent_until_its_ack),
		cmocka_unit_test(a_timeout_fails_or_jumps),
		cmocka_unit_test(lost_messages_are_counted_and_go_nowhere),
		cmocka_unit_test(one_that_does_not_advance_is_only_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
