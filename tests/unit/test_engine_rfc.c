/* SPDX-License-Identifier: BSD-3-Clause */
/* rfc3261 mode against a peer played by hand: transactions, acknowledgements, races, forks, and what comes too late. */
#include "engine_peer.h"

#define RFC "run = { mode = \"rfc3261\"; };"
#define INVITE SEND("INVITE", "")
#define CALL INVITE RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "") \
	RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(100) SEND("BYE", "") RECV("response=\"200\"", "")
#define ANSWERING                                                                                                      \
	RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER("200 OK", "")                          \
	RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", "") "<timewait milliseconds=\"4000\"/>\n"

static void
open_call(struct peer *p, const char *scenario)
{
	peer_open(p, scenario,
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"60s\"; hold = \"100ms\";",
		RFC);
}

static void
open_answer(struct peer *p, const char *scenario)
{
	peer_open(p, scenario, "do = \"answer\"; endpoints = \"us\"; timeout = \"60s\"; ring = \"100ms\";", RFC);
}

/* Nothing open; tombstones may be left. */
static void
ended(struct peer *p, uint32_t cause)
{
	assert_int_equal(peer_count(p, RS_AM_OPEN), 0);
	if (cause)
		assert_int_equal(sim_cause(&p->s, 0, cause), 1);
	else
		assert_int_equal(peer_count(p, RS_AM_COMPLETED), 1);
	peer_wait(p, 70000);
	peer_all_gone(p);
	assert_int_equal(sim_engine(&p->s, RS_ENG_TOMBS), 0);
}

static void
an_invite_is_sent_seven_times_and_given_up_at_64_t1(void **state)
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 15500, 31500 };
	struct peer p = { 0 };

	open_call(&p, CALL);
	peer_wait(&p, 70000);
	assert_int_equal(p.n_sent, 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_in_range(p.sent_at[i], at[i], at[i] + 2);
		assert_string_equal(p.sent[i], p.sent[0]);
	}
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANSMITTED), 6);
	ended(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
other_requests_are_sent_eleven_times(void **state)
{
	static const uint64_t at[] = { 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500 };
	struct peer p = { 0 };

	open_call(&p, SEND("OPTIONS", "") RECV("response=\"200\"", ""));
	peer_wait(&p, 31900);
	assert_int_equal(peer_count(&p, RS_AM_FAILED), 0);
	peer_wait(&p, 200);
	assert_int_equal(p.n_sent, 11);
	for (unsigned i = 0; i < 11; i++)
		assert_in_range(p.sent_at[i], at[i], at[i] + 3);
	ended(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
a_whole_call_has_one_branch_a_transaction(void **state)
{
	struct peer p = { 0 };
	const char *invite, *ack, *bye;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "180 Ringing");
	peer_reply(&p, invite, "200 OK");
	ack = peer_sent(&p, "ACK ");
	assert_string_not_equal(branch_of(ack), branch_of(invite));
	assert_string_equal(header(ack, "CSeq"), "1 ACK");
	peer_wait(&p, 101);
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(header(bye, "CSeq"), "2 BYE");
	assert_string_not_equal(branch_of(bye), branch_of(ack));
	/* a copy of the 200 to the INVITE gets the same ACK again, and changes nothing */
	peer_reply(&p, invite, "200 OK");
	assert_string_equal(peer_sent(&p, "ACK "), ack);
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(peer_count(&p, RS_AM_COMPLETED), 1);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	/* also when the call is long over: rebuilt from the 200 itself */
	peer_reply(&p, invite, "200 OK");
	ack = peer_sent(&p, "ACK sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(ack, "CSeq"), "1 ACK");
	assert_string_equal(tag_of(header(ack, "To")), ";tag=peer");
	peer_heard_nothing(&p);
	/* and a copy of the answer to the BYE is swallowed */
	peer_reply(&p, bye, "200 OK");
	peer_heard_nothing(&p);
	ended(&p, 0);
	peer_close(&p);
}

static void
a_refusal_is_acknowledged_by_the_transaction(void **state)
{
	struct peer p = { 0 };
	const char *invite, *ack;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "100 Trying");
	peer_reply(&p, invite, "486 Busy");
	ack = peer_sent(&p, "ACK sip:bob@198.18.8.1:5060 SIP/2.0\r\n");
	assert_string_equal(branch_of(ack), branch_of(invite));
	assert_string_equal(tag_of(header(ack, "To")), ";tag=peer");
	assert_string_equal(header(ack, "CSeq"), "1 ACK");
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_RESPONSE + 186), 1);
	peer_reply(&p, invite, "486 Busy"); /* the ACK was lost */
	ack = peer_sent(&p, "ACK ");
	assert_string_equal(branch_of(ack), branch_of(invite));
	peer_heard_nothing(&p);
	ended(&p, RS_CAUSE_RESPONSE + 186);
	peer_close(&p);
}

static void
a_scenarios_own_ack_to_a_refusal_is_not_sent_twice(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	open_call(&p, INVITE RECV("response=\"486\"", "") SEND("ACK", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "486 Busy");
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	ended(&p, 0);
	peer_close(&p);
}

static void
a_late_provisional_is_counted_as_reordered(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK"); /* before any 180: the scenario's mandatory one is passed over */
	assert_string_equal(tag_of(header(peer_sent(&p, "ACK "), "To")), ";tag=peer"); /* it is the first to say the tag */
	peer_reply(&p, invite, "180 Ringing");
	assert_int_equal(peer_count(&p, RS_AM_SIP_REORDERED), 1);
	peer_wait(&p, 101);
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	peer_reply(&p, bye, "200 OK");
	ended(&p, 0);
	peer_close(&p);
}

static void
provisional_only_is_cancelled_and_waited_for(void **state)
{
	struct peer p = { 0 };
	const char *invite, *cancel, *ack;

	peer_open(&p, CALL, "do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"5s\";", RFC);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "183 Progress");
	peer_wait(&p, 5001);
	cancel = peer_sent(&p, "CANCEL sip:bob@198.18.8.1:5060 SIP/2.0\r\n");
	assert_string_equal(branch_of(cancel), branch_of(invite));
	assert_string_equal(header(cancel, "To"), header(invite, "To"));
	assert_int_equal(sim_cause(&p.s, 0, RS_CAUSE_TIMEOUT), 1);
	peer_reply(&p, cancel, "200 OK");
	peer_reply(&p, invite, "487 Terminated");
	ack = peer_sent(&p, "ACK ");
	assert_string_equal(branch_of(ack), branch_of(invite));
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	ended(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
a_late_200_is_acknowledged_and_hung_up(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	peer_open(&p, CALL, "do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"5s\";", RFC);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "180 Ringing");
	peer_wait(&p, 5001);
	peer_reply(&p, peer_sent(&p, "CANCEL "), "200 OK");
	peer_reply(&p, invite, "200 OK"); /* it crossed the CANCEL */
	peer_sent(&p, "ACK sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(bye, "CSeq"), "2 BYE");
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "BYE "), bye);
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	ended(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
a_cancel_waits_for_a_provisional(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	open_call(&p, INVITE PAUSE(100) SEND("CANCEL", "") RECV("response=\"200\"", "optional=\"true\"") RECV("response=\"487\"", "") SEND("ACK", ""));
	invite = peer_sent(&p, "INVITE ");
	peer_wait(&p, 200);
	peer_heard_nothing(&p);
	peer_reply(&p, invite, "100 Trying");
	peer_reply(&p, peer_sent(&p, "CANCEL "), "200 OK");
	peer_reply(&p, invite, "487 Terminated");
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	ended(&p, 0);
	peer_close(&p);
}

static void
a_second_branch_that_answers_gets_ack_and_bye(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;
	char other[2048];

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "180 Ringing");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	snprintf(other, sizeof(other),
		"SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=second\nCall-ID: %s\nCSeq: 1 INVITE\nContact: <sip:second@198.18.8.2:5080>\n"
		"Record-Route: <sip:198.18.8.9;lr>, <sip:198.18.8.8;lr>\nContent-Length: 0\n\n",
		header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, other);
	bye = peer_sent(&p, "ACK sip:second@198.18.8.2:5080 SIP/2.0\r\n");
	assert_string_equal(header(bye, "Route"), "<sip:198.18.8.8;lr>, <sip:198.18.8.9;lr>");
	bye = peer_sent(&p, "BYE sip:second@198.18.8.2:5080 SIP/2.0\r\n");
	assert_string_equal(header(bye, "CSeq"), "2 BYE");
	assert_string_equal(tag_of(header(bye, "To")), ";tag=second");
	assert_int_equal(peer_count(&p, RS_AM_FORKS_ENDED), 1);
	peer_wait(&p, 101);
	bye = peer_sent(&p, "BYE sip:bob@198.18.8.1:5060 SIP/2.0\r\n");
	peer_reply(&p, bye, "200 OK");
	ended(&p, 0);
	peer_close(&p);
}

static void
the_route_set_and_the_target_rule_where_the_scenario_asks(void **state)
{
	static const char bye_on_routes[] =
		"<send><![CDATA[\nBYE [next_url] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n[routes]\n"
		"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\n"
		"CSeq: [cseq] BYE\nContent-Length: 0\n]]></send>\n";
	char scenario[4096];
	struct peer p = { 0 };
	const char *invite, *bye;

	snprintf(scenario, sizeof(scenario), "%s%s%s%s", INVITE, RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(10), bye_on_routes,
		RECV("response=\"200\"", ""));
	open_call(&p, scenario);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "200 OK", "Record-Route: <sip:198.18.8.7:5090;lr>\nRecord-Route: <sip:198.18.8.6;lr>\n");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 11);
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(bye, "Route"), "<sip:198.18.8.6;lr>, <sip:198.18.8.7:5090;lr>");
	peer_reply(&p, bye, "200 OK");
	ended(&p, 0);
	peer_close(&p);
}

/* --- answering --- */

static const char *
its_200(struct peer *p)
{
	peer_call(p, "INVITE", 1, "", "");
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	return peer_sent(p, "SIP/2.0 200 ");
}

static void
a_repeated_invite_gets_the_last_answer_and_makes_no_call(void **state)
{
	struct peer p = { 0 };
	const char *ringing, *ok, *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	ringing = peer_sent(&p, "SIP/2.0 180 ");
	peer_call(&p, "INVITE", 1, "", "");
	assert_string_equal(peer_sent(&p, "SIP/2.0 180 "), ringing);
	peer_wait(&p, 101);
	ok = peer_sent(&p, "SIP/2.0 200 ");
	tag = tag_of(header(ok, "To"));
	peer_call(&p, "INVITE", 1, "", ""); /* Accepted: swallowed (RFC 6026, 7.1) */
	peer_heard_nothing(&p);
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	peer_wait(&p, 1000);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	peer_call(&p, "ACK", 1, tag, "");
	peer_call(&p, "ACK", 1, tag, "");
	peer_wait(&p, 5000);
	peer_heard_nothing(&p);
	peer_call(&p, "BYE", 2, tag, "");
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_int_equal(peer_count(&p, RS_AM_COMPLETED), 1);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	peer_call(&p, "BYE", 2, tag, ""); /* rebuilt by its tombstone */
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "2 BYE");
	peer_call(&p, "INVITE", 1, "", ""); /* a very late copy */
	peer_heard_nothing(&p);
	/* A wire would say the same: two copies came that no call knew, one answer went out again. */
	assert_int_equal(sim_engine(&p.s, RS_ENG_REPEATED), 2);
	assert_int_equal(sim_engine(&p.s, RS_ENG_REPEATED_SENT), 1);
	assert_int_equal(sim_engine(&p.s, RS_ENG_STRAY_SENT), 0);
	assert_int_equal(peer_count(&p, RS_AM_STARTED), 1);
	ended(&p, 0);
	peer_call(&p, "BYE", 2, tag, ""); /* and nobody remembers it any more */
	peer_sent(&p, "SIP/2.0 481 ");
	peer_close(&p);
}

static void
no_ack_ends_the_call_with_a_bye(void **state)
{
	struct peer p = { 0 };
	const char *bye;
	unsigned n = 0;

	open_answer(&p, ANSWERING);
	its_200(&p);
	peer_wait(&p, 31990);
	while (p.n_read < p.n_sent) {
		peer_sent(&p, "SIP/2.0 200 ");
		n++;
	}
	assert_int_equal(n, 10); /* T1 doubling to T2: 0.5, 1.5, 3.5, 7.5, 11.5 ... 31.5 */
	peer_wait(&p, 20);
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(bye, "To"), "<sip:peer@198.18.8.1>;tag=peer");
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	ended(&p, RS_CAUSE_TIMEOUT);
	peer_close(&p);
}

static void
a_bye_may_come_before_its_ack(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	open_answer(&p, ANSWERING);
	tag = tag_of(header(its_200(&p), "To"));
	peer_call(&p, "BYE", 2, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "ACK", 1, tag, "");
	peer_heard_nothing(&p);
	ended(&p, 0);
	peer_close(&p);
}

static void
a_cancel_is_answered_and_the_invite_ended_with_487(void **state)
{
	struct peer p = { 0 };
	char cancel[1024];
	const char *refusal;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 180 ");
	snprintf(cancel, sizeof(cancel),
		"CANCEL sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>\nCall-ID: peer-1\nCSeq: 1 CANCEL\nMax-Forwards: 70\nContent-Length: 0\n\n");
	peer_say(&p, cancel);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 CANCEL");
	refusal = peer_sent(&p, "SIP/2.0 487 ");
	assert_string_equal(header(refusal, "CSeq"), "1 INVITE");
	peer_wait(&p, 501); /* timer G */
	assert_string_equal(peer_sent(&p, "SIP/2.0 487 "), refusal);
	snprintf(cancel, sizeof(cancel),
		"ACK sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: 1 ACK\nMax-Forwards: 70\nContent-Length: 0\n\n", tag_of(header(refusal, "To")));
	peer_say(&p, cancel);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	ended(&p, RS_CAUSE_CANCEL);
	peer_close(&p);
}

static void
nothing_said_for_200_ms_is_a_100(void **state)
{
	struct peer p = { 0 };

	open_answer(&p, RECV("request=\"INVITE\"", "") PAUSE(1000) ANSWER("486 Busy", "") RECV("request=\"ACK\"", ""));
	peer_call(&p, "INVITE", 1, "", "");
	peer_wait(&p, 198);
	peer_heard_nothing(&p);
	peer_wait(&p, 4);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 100 "), "CSeq"), "1 INVITE");
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 100 ");
	peer_close(&p);
}

static void
requests_nobody_waits_for_are_answered(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	open_answer(&p, ANSWERING);
	tag = tag_of(header(its_200(&p), "To"));
	peer_call(&p, "ACK", 1, tag, "");
	peer_call(&p, "INFO", 2, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "OPTIONS", 3, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "OPTIONS", 3, tag, "");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "3 OPTIONS");
	peer_call(&p, "INFO", 2, tag, "X: 1\n"); /* a copy still */
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "FOO", 4, tag, "");
	peer_sent(&p, "SIP/2.0 405 ");
	peer_call(&p, "MESSAGE", 1, tag, ""); /* out of order */
	peer_sent(&p, "SIP/2.0 500 ");
	peer_call(&p, "BYE", 9, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	ended(&p, 0);
	peer_close(&p);
}

static void
out_of_calls_the_endpoint_answers(void **state)
{
	struct peer p = { 0 };

	open_answer(&p, ANSWERING);
	peer_call(&p, "OPTIONS", 1, "", "");
	assert_non_null(strstr(peer_sent(&p, "SIP/2.0 200 "), "\r\nAllow: INVITE"));
	peer_call(&p, "NOTIFY", 2, "", "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "BYE", 3, ";tag=nobody", "");
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "INVITE", 4, ";tag=nobody", "");
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "REGISTER", 5, "", "");
	peer_sent(&p, "SIP/2.0 405 ");
	peer_call(&p, "ACK", 6, "", "");
	peer_heard_nothing(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_AUTO_ANSWERED), 5 + 1);
	assert_int_equal(peer_count(&p, RS_AM_STARTED), 0);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invite_is_sent_seven_times_and_given_up_at_64_t1),
		cmocka_unit_test(other_requests_are_sent_eleven_times),
		cmocka_unit_test(a_whole_call_has_one_branch_a_transaction),
		cmocka_unit_test(a_refusal_is_acknowledged_by_the_transaction),
		cmocka_unit_test(a_scenarios_own_ack_to_a_refusal_is_not_sent_twice),
		cmocka_unit_test(a_late_provisional_is_counted_as_reordered),
		cmocka_unit_test(provisional_only_is_cancelled_and_waited_for),
		cmocka_unit_test(a_late_200_is_acknowledged_and_hung_up),
		cmocka_unit_test(a_cancel_waits_for_a_provisional),
		cmocka_unit_test(a_second_branch_that_answers_gets_ack_and_bye),
		cmocka_unit_test(the_route_set_and_the_target_rule_where_the_scenario_asks),
		cmocka_unit_test(a_repeated_invite_gets_the_last_answer_and_makes_no_call),
		cmocka_unit_test(no_ack_ends_the_call_with_a_bye),
		cmocka_unit_test(a_bye_may_come_before_its_ack),
		cmocka_unit_test(a_cancel_is_answered_and_the_invite_ended_with_487),
		cmocka_unit_test(nothing_said_for_200_ms_is_a_100),
		cmocka_unit_test(requests_nobody_waits_for_are_answered),
		cmocka_unit_test(out_of_calls_the_endpoint_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
