/* SPDX-License-Identifier: BSD-3-Clause */
/* How calls end before their scenario does: what the peer is told, and what the end is counted as. */
#include "base/token.h"
#include "engine_peer.h"

#define INVITE SEND("INVITE", "retrans=\"500\"")
#define CALL INVITE RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "optional=\"true\"") \
	RECV("response=\"200\"", "rrs=\"true\"") SEND("ACK", "") PAUSE(100) SEND("BYE", "retrans=\"500\"") RECV("response=\"200\"", "")
#define ANSWERING                                                                                                      \
	RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER("200 OK", "retrans=\"500\"")          \
	RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", "")

/* The call has been answered and acknowledged; @return its INVITE. */
static const char *
answered(struct peer *p)
{
	const char *invite = peer_sent(p, "INVITE ");

	peer_reply(p, invite, "200 OK");
	peer_sent(p, "ACK ");
	return invite;
}

static void
a_refusal_is_acknowledged_in_the_invites_transaction(void **state)
{
	static const char *const refusals[] = { "486 Busy", "503 Out", "300 Many" };

	for (size_t i = 0; i < 6; i++) {
		struct peer p = { 0 };
		const char *invite, *ack;

		peer_open_call(&p, CALL);
		invite = peer_sent(&p, "INVITE ");
		if (i >= 3)
			peer_reply(&p, invite, "180 Ringing");
		peer_reply(&p, invite, refusals[i % 3]);
		ack = peer_sent(&p, "ACK sip:bob@198.18.8.1 SIP/2.0\r\n"); /* not the Contact of the refusal */
		assert_string_equal(branch_of(ack), branch_of(invite));
		assert_string_equal(header(ack, "CSeq"), "1 ACK");
		assert_string_equal(header(ack, "From"), header(invite, "From"));
		assert_string_equal(header(ack, "Call-ID"), header(invite, "Call-ID"));
		assert_string_equal(tag_of(header(ack, "To")), ";tag=peer");
		peer_heard_nothing(&p);
		peer_failed(&p, RS_CAUSE_RESPONSE + (uint32_t)atoi(refusals[i % 3]) - 300);
		peer_close(&p);
	}
}

static void
an_unlisted_provisional_is_cancelled(void **state)
{
	struct peer p = { 0 };
	const char *invite, *cancel;

	peer_open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "183 Progress");
	cancel = peer_sent(&p, "CANCEL sip:bob@198.18.8.1:5060 SIP/2.0\r\n"); /* RFC 3261, 9.1: all as in the INVITE */
	assert_string_equal(branch_of(cancel), branch_of(invite));
	assert_string_equal(header(cancel, "CSeq"), "1 CANCEL");
	assert_string_equal(header(cancel, "From"), header(invite, "From"));
	assert_string_equal(header(cancel, "To"), header(invite, "To"));
	peer_failed(&p, RS_CAUSE_UNEXPECTED);
	/* What the peer then says falls on a call that is over. */
	peer_reply(&p, cancel, "200 OK");
	peer_reply(&p, invite, "487 Terminated");
	peer_heard_nothing(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_DEAD_CALL), 2);
	peer_close(&p);
}

static void
after_the_answer_the_unexpected_is_hung_up_on(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	/* A late 180 in the pause. */
	peer_open_call(&p, CALL);
	invite = answered(&p);
	peer_reply(&p, invite, "180 Late");
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(bye, "CSeq"), "2 BYE");
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	assert_string_equal(header(bye, "From"), header(invite, "From"));
	assert_string_not_equal(branch_of(bye), branch_of(invite));
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_UNEXPECTED);
	peer_close(&p);

	/* A request of the peer: From and To of our BYE are still ours and its. */
	p = (struct peer){ 0 };
	peer_open_call(&p, CALL);
	invite = answered(&p);
	peer_ask(&p, invite, "INFO", 50);
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(bye, "CSeq"), "2 BYE"); /* numbers of our own: RFC 3261, 12.2.1.1 */
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	assert_string_equal(header(bye, "From"), header(invite, "From"));
	peer_failed(&p, RS_CAUSE_UNEXPECTED);
	peer_close(&p);
}

static void
an_unexpected_bye_or_cancel_gets_its_200(void **state)
{
	struct peer p = { 0 };
	const char *invite, *ok;

	peer_open_call(&p, CALL);
	invite = answered(&p);
	peer_ask(&p, invite, "BYE", 7);
	ok = peer_sent(&p, "SIP/2.0 200 OK\r\n");
	assert_string_equal(header(ok, "CSeq"), "7 BYE");
	assert_string_equal(header(ok, "Via"), "SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKp7BYE");
	assert_string_equal(header(ok, "To"), header(invite, "From")); /* it had our tag: not a second one */
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_BYE);
	peer_close(&p);

	p = (struct peer){ 0 };
	peer_open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 180");
	peer_call(&p, "CANCEL", 1, "", "");
	ok = peer_sent(&p, "SIP/2.0 200 OK\r\n");
	assert_string_equal(header(ok, "CSeq"), "1 CANCEL");
	assert_string_equal(header(ok, "To"), "<sip:me@198.18.4.1>"); /* as it came */
	peer_wait(&p, 200);
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_CANCEL);
	peer_close(&p);
}

static void
ping_is_answered_and_changes_nothing(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, CALL);
	invite = answered(&p);
	peer_ask(&p, invite, "PING", 3);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 OK\r\n"), "CSeq"), "3 PING");
	assert_int_equal(peer_count(&p, RS_AM_AUTO_ANSWERED), 1);
	peer_wait(&p, 110);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	peer_completed(&p);
	peer_close(&p);
}

static void
a_refused_bye_is_not_repeated(void **state)
{
	struct peer p = { 0 };

	peer_open_call(&p, CALL);
	answered(&p);
	peer_wait(&p, 110);
	peer_reply(&p, peer_sent(&p, "BYE "), "481 Gone");
	peer_heard_nothing(&p);
	peer_failed(&p, RS_CAUSE_RESPONSE + 181);
	peer_close(&p);
}

static void
a_timeout_cancels_only_what_was_heard_of(void **state)
{
	for (int heard = 0; heard < 2; heard++) {
		struct peer p = { 0 };
		const char *invite;

		peer_open_call(&p, SEND("INVITE", "") RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", ""));
		invite = peer_sent(&p, "INVITE ");
		if (heard)
			peer_reply(&p, invite, "180 R");
		peer_wait(&p, 20100);
		if (heard)
			peer_sent(&p, "CANCEL ");
		peer_heard_nothing(&p);
		peer_failed(&p, RS_CAUSE_TIMEOUT);
		peer_close(&p);
	}
}

static void
one_who_answered_hangs_up_only_after_the_ack(void **state)
{
	for (int acked = 0; acked < 2; acked++) {
		struct peer p = { 0 };
		const char *ok, *bye;

		peer_open_answer(&p, RECV("request=\"INVITE\"", "rrs=\"true\"") ANSWER("200 OK", "") RECV("request=\"ACK\"", "")
			RECV("request=\"BYE\"", "") ANSWER("200 OK", ""));
		peer_call(&p, "INVITE", 5, "", "Record-Route: <sip:r1@198.18.8.1;lr>\nRecord-Route: <sip:r2@198.18.8.1;lr>\n");
		ok = peer_sent(&p, "SIP/2.0 200");
		if (acked)
			peer_call(&p, "ACK", 5, tag_of(header(ok, "To")), "");
		peer_wait(&p, 20100);
		if (acked) {
			bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
			assert_string_equal(header(bye, "Route"), "<sip:r1@198.18.8.1;lr>, <sip:r2@198.18.8.1;lr>");
			assert_string_equal(header(bye, "From"), header(ok, "To"));
			assert_string_equal(header(bye, "To"), "<sip:peer@198.18.8.1>;tag=peer");
			assert_string_equal(header(bye, "Call-ID"), "peer-1");
			assert_string_equal(header(bye, "CSeq"), "6 BYE");
		}
		peer_heard_nothing(&p);
		peer_failed(&p, RS_CAUSE_TIMEOUT);
		peer_close(&p);
	}
}

static void
hanging_up_says_what_the_state_asks_for(void **state)
{
	static const char *const asks[] = { NULL, "CANCEL ", "BYE " };

	for (int i = 0; i < 3; i++) {
		struct peer p = { 0 };
		const char *invite;

		peer_open_call(&p, CALL);
		invite = peer_sent(&p, "INVITE ");
		if (i > 0)
			peer_reply(&p, invite, "180 R");
		if (i > 1) {
			peer_reply(&p, invite, "200 OK");
			peer_sent(&p, "ACK ");
		}
		rs_engine_hangup(p.s.engines[0], -1);
		peer_wait(&p, 10);
		if (asks[i])
			peer_sent(&p, asks[i]);
		peer_heard_nothing(&p);
		peer_failed(&p, RS_CAUSE_STOPPED);
		peer_close(&p);
	}
}

static void
a_call_in_which_more_was_said_is_hung_up_in_the_same_dialog(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	/* The last message received before the end was an INFO, then a response to an OPTIONS. */
	peer_open_call(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") RECV("request=\"INFO\"", "")
		SEND("OPTIONS", "") RECV("response=\"200\"", "") PAUSE(10000));
	invite = answered(&p);
	peer_ask(&p, invite, "INFO", 1);
	peer_reply(&p, peer_sent(&p, "OPTIONS "), "200 OK");
	peer_wait(&p, 10);
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 10);
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(header(bye, "From"), header(invite, "From"));
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	peer_failed(&p, RS_CAUSE_STOPPED);
	peer_close(&p);

	/* And the same while that INFO is the last one. */
	p = (struct peer){ 0 };
	peer_open_call(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") RECV("request=\"INFO\"", "") PAUSE(10000));
	invite = answered(&p);
	peer_ask(&p, invite, "INFO", 1);
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 10);
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(header(bye, "From"), header(invite, "From"));
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	peer_close(&p);
}

static void
a_refused_re_invite_ends_the_dialog(void **state)
{
	struct peer p = { 0 };
	const char *again;

	peer_open_call(&p, INVITE RECV("response=\"200\"", "rrs=\"true\"") SEND("ACK", "") PAUSE(10) SEND("INVITE", "")
		RECV("response=\"200\"", "") SEND("ACK", ""));
	answered(&p);
	peer_wait(&p, 20);
	again = peer_sent(&p, "INVITE ");
	peer_reply(&p, again, "488 No");
	const char *ack = peer_sent(&p, "ACK sip:peer@198.18.8.1:5070 ");

	assert_string_equal(branch_of(ack), branch_of(again));
	assert_string_equal(header(ack, "CSeq"), "2 ACK");
	assert_string_equal(header(peer_sent(&p, "BYE "), "CSeq"), "3 BYE");
	peer_failed(&p, RS_CAUSE_RESPONSE + 188);
	peer_close(&p);
}

static void
a_200_that_crosses_the_cancel_is_taken_down(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, SEND("INVITE", "") RECV("response=\"180\"", "") SEND("CANCEL", "") RECV("response=\"487\"", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "180 R");
	peer_sent(&p, "CANCEL ");
	peer_reply(&p, invite, "200 OK");
	const char *ack = peer_sent(&p, "ACK "), *bye = peer_sent(&p, "BYE ");

	assert_string_equal(header(ack, "CSeq"), "1 ACK");
	assert_string_not_equal(branch_of(ack), branch_of(invite)); /* of a 2xx: a transaction of its own */
	assert_string_not_equal(branch_of(ack), branch_of(bye));
	peer_failed(&p, RS_CAUSE_UNEXPECTED);
	peer_close(&p);
}

static void
only_a_2xx_to_the_invite_establishes(void **state)
{
	struct peer p = { 0 };
	const char *ringing;

	peer_open_answer(&p, RECV_DO("request=\"INVITE\"", "<ereg regexp=\".*\" search_in=\"hdr\" header=\"CSeq:\" assign_to=\"c\"/>"
							   "<ereg regexp=\".*\" search_in=\"hdr\" header=\"Via:\" assign_to=\"v\"/>")
		ANSWER("183 Progress", "") RECV("request=\"PRACK\"", "") ANSWER("200 OK", "") PAUSE(100)
		"<send><![CDATA[\nSIP/2.0 200 OK\nVia:[$v]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\nCSeq:[$c]\nContent-Length: 0\n]]></send>\n"
		RECV("request=\"ACK\"", ""));
	peer_call(&p, "INVITE", 1, "", "");
	ringing = peer_sent(&p, "SIP/2.0 183");
	peer_call(&p, "PRACK", 2, tag_of(header(ringing, "To")), "");
	peer_sent(&p, "SIP/2.0 200");
	assert_int_equal(peer_count(&p, RS_AM_ESTABLISHED), 0);
	peer_wait(&p, 110);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200"), "CSeq"), "1 INVITE");
	assert_int_equal(peer_count(&p, RS_AM_ESTABLISHED), 1);
	peer_call(&p, "ACK", 1, tag_of(header(ringing, "To")), "");
	peer_completed(&p);
	peer_close(&p);
}

static void
icmp_fails_the_call_whose_datagram_it_quotes(void **state)
{
	struct peer p = { 0 };
	const char *invite, *at;
	struct rs_rx rx = { .kind = RS_RX_UNREACHABLE, .path = { .local_port = 5060, .remote_port = 5060 } };

	peer_open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.4.1"), &rx.path.local), 0);
	rx.data = (const uint8_t *)invite;
	at = strstr(invite, "branch=");
	for (uint32_t cut = 0; cut < (uint32_t)(at - invite) + 7 + 7 + RS_TOKEN_LEN; cut++) { /* too little to know */
		rx.len = cut;
		rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	}
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	rx.len++;
	rx.path.local_port = 5061; /* somebody else's datagram that has the branch in it */
	rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	rx.path.local_port = 5060;
	rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	peer_failed(&p, RS_CAUSE_UNREACHABLE);
	assert_int_equal(sim_engine(&p.s, RS_ENG_UNREACHABLE), rx.len + 2);
	peer_heard_nothing(&p);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_acknowledged_in_the_invites_transaction),
		cmocka_unit_test(an_unlisted_provisional_is_cancelled),
		cmocka_unit_test(after_the_answer_the_unexpected_is_hung_up_on),
		cmocka_unit_test(an_unexpected_bye_or_cancel_gets_its_200),
		cmocka_unit_test(ping_is_answered_and_changes_nothing),
		cmocka_unit_test(a_refused_bye_is_not_repeated),
		cmocka_unit_test(a_timeout_cancels_only_what_was_heard_of),
		cmocka_unit_test(one_who_answered_hangs_up_only_after_the_ack),
		cmocka_unit_test(hanging_up_says_what_the_state_asks_for),
		cmocka_unit_test(a_call_in_which_more_was_said_is_hung_up_in_the_same_dialog),
		cmocka_unit_test(a_refused_re_invite_ends_the_dialog),
		cmocka_unit_test(a_200_that_crosses_the_cancel_is_taken_down),
		cmocka_unit_test(only_a_2xx_to_the_invite_establishes),
		cmocka_unit_test(icmp_fails_the_call_whose_datagram_it_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
