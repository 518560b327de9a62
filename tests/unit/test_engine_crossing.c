/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that cross in a call, and messages of one call that come by different ways: RFC 3261, 9, 14, 15, 18.2.2; RFC 3311. */
#include "engine_ua.h"

#define OTHER_SAYS                                                                                                     \
	"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.7:5091;branch=z9hG4bKo%u%s\nFrom: <sip:peer@198.18.8.1>;tag=peer\n" \
	"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: %u %s\nContact: <sip:peer@198.18.8.1:5070>\n%sContent-Length: 0\n\n"

/* A request of the call "peer-1" that comes by another hop than the INVITE did: its Via names port 5091. */
static void
peer_by_another_way(struct peer *p, const char *method, unsigned cseq, const char *to_tag, const char *extra)
{
	char text[2048];

	snprintf(text, sizeof(text), OTHER_SAYS, method, cseq, method, to_tag, cseq, method, extra);
	peer_say(p, text);
}

/* --- 18.2.2: each answer goes where its own request came from --- */

static void
rfc3261_18_2_2_the_answers_to_an_invite_stay_with_its_via(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	tag = tag_of(header(peer_sent(&p, "SIP/2.0 180 "), "To"));
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_by_another_way(&p, "INFO", 2, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(sent_to(&p), "198.18.8.1:5091");
	peer_wait(&p, 101);
	peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_by_another_way(&p, "OPTIONS", 3, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(sent_to(&p), "198.18.8.1:5091");
	peer_wait(&p, 500); /* the 200 goes again, where the first one went */
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 INVITE");
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 4);
}

static void
rfc3261_18_2_2_a_merged_invite_does_not_draw_the_answers_away(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	tag = tag_of(header(peer_sent(&p, "SIP/2.0 180 "), "To"));
	peer_by_another_way(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 482 ");
	assert_string_equal(sent_to(&p), "198.18.8.1:5091");
	peer_wait(&p, 101);
	peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 2);
}

static void
rfc3261_18_2_2_the_487_goes_where_the_invite_came_from(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	tag = tag_of(header(peer_sent(&p, "SIP/2.0 180 "), "To"));
	peer_by_another_way(&p, "BYE", 2, tag, ""); /* an early dialog may be hung up (15.1.2) */
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "2 BYE");
	assert_string_equal(sent_to(&p), "198.18.8.1:5091");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 487 "), "CSeq"), "1 INVITE");
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_call(&p, "ACK", 1, tag, "");
	failed_with(&p, RS_CAUSE_BYE);
}

/* --- 15: both hang up --- */

static void
rfc3261_15_both_hang_up_at_once(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(10) BYE, "");
	peer_wait(&p, 11);
	bye = peer_sent(&p, "BYE ");
	peer_ask(&p, invite, "BYE", 1);
	peer_sent(&p, "SIP/2.0 200 ");
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1); /* it waits for the answer to its own */
	peer_ask(&p, invite, "BYE", 1); /* and answers a copy */
	peer_sent(&p, "SIP/2.0 200 ");
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(peer_count(&p, RS_AM_SIP_UNEXPECTED), 0);
	ends_well(&p);
}

static void
rfc3261_15_a_bye_that_waits_is_sent_whatever_was_acknowledged(void **state)
{
	struct peer p = { 0 };
	const char *tag;
	unsigned n;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	tag = tag_of(header(peer_sent(&p, "SIP/2.0 180 "), "To"));
	peer_wait(&p, 101);
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1100);
	peer_skip(&p, &n, "SIP/2.0 200 "); /* our BYE waits for the ACK, which is lost */
	peer_call(&p, "INVITE", 2, tag, "");
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "ACK", 2, tag, "");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	failed_with(&p, RS_CAUSE_STOPPED);
}

/* --- 13: copies of a 2xx --- */

/* A peer of before RFC 3261 (8.1.1.3, 12.1.1): no tag is a tag like another, and a copy of its 2xx a copy. */
static void
rfc3261_13_2_2_4_a_2xx_without_a_tag_is_no_fork(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;
	char ok[1024];

	open_call(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
	invite = peer_sent(&p, "INVITE ");
	snprintf(ok, sizeof(ok), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: 1 INVITE\nContact: <sip:peer@198.18.8.1:5070>\n"
		"Content-Length: 0\n\n", header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, ok);
	peer_sent(&p, "ACK ");
	peer_say(&p, ok); /* the ACK was lost */
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	peer_wait(&p, 1001);
	bye = peer_sent(&p, "BYE ");
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	peer_say(&p, ok); /* and behind the end of the call */
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_FORKS_ENDED), 0);
	ends_well(&p);
}

/* --- 9: a CANCEL ends its INVITE, nothing else --- */

static void
rfc3261_9_2_a_reinvite_that_is_cancelled_leaves_the_call(void **state)
{
	struct peer p = { 0 };
	const char *invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") RECV("request=\"INVITE\"", "")
		PAUSE(1000) ANSWER_SDP("200 OK", "") PAUSE(1000) BYE, "");
	char cancel[1024];

	peer_ask_x(&p, invite, "INVITE", 1, "", PEER_SDP);
	peer_wait(&p, 201);
	peer_sent(&p, "SIP/2.0 100 ");
	snprintf(cancel, sizeof(cancel), "CANCEL sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKp1INVITE\n"
		"From: %s;tag=peer\nTo: %s\nCall-ID: %s\nCSeq: 1 CANCEL\nContent-Length: 0\n\n", header(invite, "To"), header(invite, "From"),
		header(invite, "Call-ID"));
	peer_say(&p, cancel);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 CANCEL");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 487 "), "CSeq"), "1 INVITE");
	peer_ask(&p, invite, "ACK", 1);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_wait(&p, 1000); /* what the scenario would have said is not said any more */
	peer_heard_nothing(&p);
	peer_ask_x(&p, invite, "INVITE", 2, "", PEER_SDP);
	peer_sent(&p, "SIP/2.0 200 ");
	peer_ask(&p, invite, "ACK", 2);
	peer_wait(&p, 1000);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

/* --- RFC 3311, 5.2: offers that cross --- */

static void
rfc3311_5_2_an_update_with_an_offer_beside_our_own_offer_gets_491(void **state)
{
	struct peer p = { 0 };
	const char *invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(10) INVITE_X("X: again\n")
		RECV("response=\"200\"", "") SEND("ACK", "") BYE, ""), *again;

	peer_wait(&p, 11);
	again = peer_sent(&p, "INVITE ");
	peer_ask_x(&p, invite, "UPDATE", 1, "", PEER_SDP);
	peer_sent(&p, "SIP/2.0 491 ");
	peer_ask_x(&p, invite, "UPDATE", 2, "", ""); /* it offers nothing: a session refresh */
	peer_sent(&p, "SIP/2.0 200 ");
	peer_reply(&p, again, "200 OK");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

static void
rfc3311_5_2_an_update_behind_a_reliable_answer_is_answered(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	char text[1024];

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "180 Ringing");
	peer_ask_x(&p, invite, "UPDATE", 1, "", PEER_SDP);
	peer_sent(&p, "SIP/2.0 491 ");
	snprintf(text, sizeof(text), "SIP/2.0 183 Progress\nVia: %s\nFrom: %s\nTo: %s;tag=peer\nCall-ID: %s\nCSeq: 1 INVITE\n"
		"Contact: <sip:peer@198.18.8.1:5070>\nRequire: 100rel\nRSeq: 9\nContent-Length: 5\n\nv=0\n", header(invite, "Via"),
		header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, text);
	peer_reply(&p, peer_sent(&p, "PRACK "), "200 OK");
	peer_ask_x(&p, invite, "UPDATE", 2, "", PEER_SDP);
	assert_string_equal(body_of(peer_sent(&p, "SIP/2.0 200 ")), OUR_SDP);
	peer_reply(&p, invite, "486 Busy");
	peer_sent(&p, "ACK ");
	failed_with(&p, RS_CAUSE_RESPONSE + 186);
}

static void
rfc3311_5_2_an_update_with_an_offer_before_the_first_is_answered_gets_500(void **state)
{
	struct peer p = { 0 };
	const char *tag;
	char text[1024];

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	tag = tag_of(header(peer_sent(&p, "SIP/2.0 180 "), "To"));
	snprintf(text, sizeof(text), "UPDATE sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKu2\n"
		"From: <sip:peer@198.18.8.1>;tag=peer\nTo: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: 2 UPDATE\nContent-Length: 5\n\nv=0\n", tag);
	peer_say(&p, text);
	assert_string_not_equal(header(peer_sent(&p, "SIP/2.0 500 "), "Retry-After"), "");
	peer_wait(&p, 101);
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 3);
}

static void
rfc3311_5_2_the_answer_to_our_refresh_moves_the_target(void **state)
{
	struct peer p = { 0 };
	const char *invite, *update;
	char text[1024];

	invite = established(&p, CALL, "Session-Expires: 100;refresher=uac\nAllow: INVITE, ACK, BYE, UPDATE\n");
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE ");
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %s\nContact: <sip:moved@198.18.8.1:5077>\n"
		"Session-Expires: 100;refresher=uac\nContent-Length: 0\n\n", header(update, "Via"), header(update, "From"), header(update, "To"),
		header(update, "Call-ID"), header(update, "CSeq"));
	peer_say(&p, text);
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE sip:moved@198.18.8.1:5077 SIP/2.0\r\n");
	assert_string_equal(sent_to(&p), "198.18.8.1:5077");
	peer_reply(&p, update, "200 OK");
	peer_ask(&p, invite, "BYE", 1);
	peer_sent(&p, "SIP/2.0 200 ");
	failed_with(&p, RS_CAUSE_BYE);
}

/* --- RFC 3262: two branches of a fork, each with numbers of its own --- */

static void
reply_as(struct peer *p, const char *invite, const char *tag, const char *rseq)
{
	char text[2048];

	snprintf(text, sizeof(text), "SIP/2.0 183 Progress\nVia: %s\nFrom: %s\nTo: %s;tag=%s\nCall-ID: %s\nCSeq: %s\n"
		"Contact: <sip:%s@198.18.8.1:5070>\nRequire: 100rel\nRSeq: %s\nContent-Length: 0\n\n", header(invite, "Via"),
		header(invite, "From"), header(invite, "To"), tag, header(invite, "Call-ID"), header(invite, "CSeq"), tag, rseq);
	peer_say(p, text);
}

static void
rfc3262_4_each_branch_of_a_fork_has_its_own_numbers(void **state)
{
	struct peer p = { 0 };
	const char *invite, *prack;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	reply_as(&p, invite, "one", "100");
	prack = peer_sent(&p, "PRACK sip:one@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(prack, "RAck"), "100 1 INVITE");
	peer_reply(&p, prack, "200 OK");
	reply_as(&p, invite, "two", "100"); /* the same number, another dialog */
	prack = peer_sent(&p, "PRACK sip:two@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(tag_of(header(prack, "To")), ";tag=two");
	peer_reply(&p, prack, "200 OK");
	reply_as(&p, invite, "one", "100"); /* a copy of the first */
	peer_heard_nothing(&p);
	reply_as(&p, invite, "one", "102"); /* behind a gap */
	peer_heard_nothing(&p);
	reply_as(&p, invite, "one", "101");
	prack = peer_sent(&p, "PRACK sip:one@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(prack, "RAck"), "101 1 INVITE");
	peer_reply(&p, prack, "200 OK");
	peer_reply(&p, invite, "486 Busy");
	peer_sent(&p, "ACK ");
	failed_with(&p, RS_CAUSE_RESPONSE + 186);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3261_18_2_2_the_answers_to_an_invite_stay_with_its_via),
		cmocka_unit_test(rfc3261_18_2_2_a_merged_invite_does_not_draw_the_answers_away),
		cmocka_unit_test(rfc3261_18_2_2_the_487_goes_where_the_invite_came_from),
		cmocka_unit_test(rfc3261_15_both_hang_up_at_once),
		cmocka_unit_test(rfc3261_15_a_bye_that_waits_is_sent_whatever_was_acknowledged),
		cmocka_unit_test(rfc3261_13_2_2_4_a_2xx_without_a_tag_is_no_fork),
		cmocka_unit_test(rfc3261_9_2_a_reinvite_that_is_cancelled_leaves_the_call),
		cmocka_unit_test(rfc3311_5_2_an_update_with_an_offer_beside_our_own_offer_gets_491),
		cmocka_unit_test(rfc3311_5_2_an_update_behind_a_reliable_answer_is_answered),
		cmocka_unit_test(rfc3311_5_2_an_update_with_an_offer_before_the_first_is_answered_gets_500),
		cmocka_unit_test(rfc3311_5_2_the_answer_to_our_refresh_moves_the_target),
		cmocka_unit_test(rfc3262_4_each_branch_of_a_fork_has_its_own_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
