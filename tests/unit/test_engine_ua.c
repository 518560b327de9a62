/* SPDX-License-Identifier: BSD-3-Clause */
/* What a user agent answers by itself in a call: RFC 3261, 8.2, 9.2, 12.2, 13.3, 14; RFC 3311; RFC 3264 with late offers. */
#include "engine_ua.h"

/* --- 8.2, 9.2, 12.2: what is refused --- */

static void
rfc3261_8_2_2_3_an_extension_that_is_unknown_is_refused(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, ""), *refusal;

	peer_call(&p, "INFO", 2, tag, "Require: 100rel, foo,bar\nRequire: timer, baz\n");
	refusal = peer_sent(&p, "SIP/2.0 420 ");
	assert_non_null(strstr(refusal, "\r\nUnsupported: foo\r\nUnsupported: bar\r\nUnsupported: baz\r\n"));
	peer_call(&p, "INFO", 3, tag, "Require: timer\n");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_hangs_up(&p, tag, 4);
}

static void
rfc3261_8_2_1_a_method_that_is_unknown_gets_405_with_allow(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, ""), *refusal;

	peer_call(&p, "REFER", 2, tag, "");
	refusal = peer_sent(&p, "SIP/2.0 405 ");
	assert_true(has_option(refusal, "Allow", "INVITE, ACK, BYE, CANCEL"));
	peer_call(&p, "REFER", 2, tag, ""); /* its copy is rebuilt, Allow and all */
	assert_string_equal(peer_sent(&p, "SIP/2.0 405 "), refusal);
	peer_hangs_up(&p, tag, 3);
}

static void
rfc3261_8_2_2_2_a_merged_request_gets_482_and_its_ack_is_not_the_calls(void **state)
{
	static const char merged[] =
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKother\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: 1 %s\nContact: <sip:peer@198.18.8.1:5070>\nContent-Length: 0\n\n";
	struct peer p = { 0 };
	const char *ok, *refusal;
	char text[1024];

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 180 ");
	snprintf(text, sizeof(text), merged, "INVITE", "", "INVITE");
	peer_say(&p, text);
	refusal = peer_sent(&p, "SIP/2.0 482 ");
	assert_true(strstr(header(refusal, "Via"), "z9hG4bKother") != NULL);
	peer_wait(&p, 101);
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_not_equal(tag_of(header(refusal, "To")), tag_of(header(ok, "To")));
	snprintf(text, sizeof(text), merged, "ACK", tag_of(header(refusal, "To")), "ACK");
	peer_say(&p, text);
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok); /* still not acknowledged */
	peer_call(&p, "ACK", 1, tag_of(header(ok, "To")), "");
	peer_wait(&p, 5000);
	peer_hangs_up(&p, tag_of(header(ok, "To")), 2);
}

static void
rfc3261_8_2_2_2_another_from_tag_is_another_call(void **state)
{
	static const char other[] =
		"INVITE sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKother\nFrom: <sip:peer@198.18.8.1>;tag=second\n"
		"To: <sip:me@198.18.4.1>\nCall-ID: peer-1\nCSeq: 1 INVITE\nContact: <sip:peer@198.18.8.1:5070>\nContent-Length: 0\n\n";
	struct peer p = { 0 };

	answered(&p, ANSWERING, "");
	peer_say(&p, other);
	peer_sent(&p, "SIP/2.0 180 ");
	assert_int_equal(peer_count(&p, RS_AM_STARTED), 2);
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc3261_12_2_2_tags_that_change_are_another_dialog(void **state)
{
	static const char ask[] =
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bK%u\nFrom: <sip:peer@198.18.8.1>;tag=%s\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: %u %s\nContent-Length: 0\n\n";
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, "");
	char text[1024];

	snprintf(text, sizeof(text), ask, "BYE", 1, "changed", tag, 5, "BYE");
	peer_say(&p, text);
	peer_sent(&p, "SIP/2.0 481 ");
	snprintf(text, sizeof(text), ask, "BYE", 2, "peer", ";tag=changed", 6, "BYE");
	peer_say(&p, text);
	peer_sent(&p, "SIP/2.0 481 ");
	snprintf(text, sizeof(text), ask, "ACK", 3, "peer", ";tag=changed", 1, "ACK");
	peer_say(&p, text);
	peer_heard_nothing(&p);
	assert_int_equal(sim_engine(&p.s, RS_ENG_OTHER_DIALOG), 2);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_hangs_up(&p, tag, 2);
}

static void
rfc3261_12_2_2_numbers_that_go_back_get_500(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, "");

	peer_call(&p, "INFO", 10, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "OPTIONS", 9, tag, "");
	assert_string_not_equal(header(peer_sent(&p, "SIP/2.0 500 "), "Retry-After"), "");
	peer_hangs_up(&p, tag, 11);
}

static void
rfc3261_9_2_a_cancel_of_no_known_invite_gets_481(void **state)
{
	static const char cancel[] =
		"CANCEL sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKanother\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>\nCall-ID: peer-1\nCSeq: 1 CANCEL\nContent-Length: 0\n\n";
	struct peer p = { 0 };

	open_answer(&p, ANSWERING);
	peer_say(&p, cancel);
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "INVITE", 1, "", "");
	peer_sent(&p, "SIP/2.0 180 ");
	p.n_read = p.n_sent;
	char text[sizeof(cancel) + 1];
	snprintf(text, sizeof(text), "%s", cancel);
	memcpy(strstr(text, "another"), "annther", 7); /* the first one has a tombstone */
	peer_say(&p, text);
	peer_sent(&p, "SIP/2.0 481 ");
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_wait(&p, 101);
	const char *tag = tag_of(header(peer_sent(&p, "SIP/2.0 200 "), "To"));

	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 2);
}

static void
rfc3261_9_2_a_cancel_behind_the_final_answer_changes_nothing(void **state)
{
	struct peer p = { 0 };
	const char *tag;

	tag = answered(&p, ANSWERING, "");
	peer_say(&p, "CANCEL sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>\nCall-ID: peer-1\nCSeq: 1 CANCEL\nContent-Length: 0\n\n");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 CANCEL");
	peer_hangs_up(&p, tag, 2);
}

/* --- 14: re-INVITE --- */

static void
rfc3261_14_2_a_reinvite_is_answered_with_the_present_sdp(void **state)
{
	struct peer p = { 0 };
	const char *invite = established(&p, CALL, ""), *ok, *tag = tag_of(header(invite, "From"));
	char ack[1024];

	peer_ask_x(&p, invite, "INVITE", 1, "Contact: <sip:peer@198.18.8.1:5071>\nContent-Type: application/sdp\n", PEER_SDP);
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(body_of(ok), OUR_SDP);
	assert_string_equal(header(ok, "Contact"), "<sip:198.18.4.1:5060>");
	assert_string_equal(header(ok, "CSeq"), "1 INVITE");
	assert_string_equal(tag_of(header(ok, "To")), tag);
	peer_wait(&p, 501); /* until it is acknowledged: the same, whole */
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	peer_wait(&p, 1000);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	snprintf(ack, sizeof(ack), "ACK sip:me@198.18.4.1 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKack\nFrom: %s;tag=peer\nTo: %s\n"
		"Call-ID: %s\nCSeq: 1 ACK\nContent-Length: 0\n\n", header(invite, "To"), header(invite, "From"), header(invite, "Call-ID"));
	peer_say(&p, ack);
	peer_wait(&p, 5000);
	peer_heard_nothing(&p);
	/* without an offer: ours is in the 200 (late offer) */
	peer_ask_x(&p, invite, "INVITE", 2, "Contact: <sip:peer@198.18.8.1:5072>\n", "");
	assert_string_equal(body_of(peer_sent(&p, "SIP/2.0 200 ")), OUR_SDP);
	memcpy(strstr(ack, "CSeq: 1"), "CSeq: 2", 7);
	peer_say(&p, ack);
	assert_int_equal(peer_count(&p, RS_AM_AUTO_ANSWERED), 2);
	/* the target has moved (12.2.2): what we send goes there */
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1);
	peer_reply(&p, peer_sent(&p, "BYE sip:peer@198.18.8.1:5072 SIP/2.0\r\n"), "200 OK");
	assert_string_equal(sent_to(&p), "198.18.8.1:5072");
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
rfc3261_14_2_a_reinvite_without_ack_ends_the_call(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, "");
	unsigned n;

	peer_call(&p, "INVITE", 2, tag, "");
	peer_wait(&p, 31990);
	peer_skip(&p, &n, "SIP/2.0 200 ");
	assert_int_equal(n, 11);
	peer_wait(&p, 20);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_14_2_a_second_invite_before_the_first_is_answered_gets_500(void **state)
{
	struct peer p = { 0 };
	const char *ringing, *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", "");
	ringing = peer_sent(&p, "SIP/2.0 180 ");
	tag = tag_of(header(ringing, "To"));
	peer_call(&p, "INVITE", 2, tag, "");
	peer_sent(&p, "SIP/2.0 500 ");
	peer_wait(&p, 101);
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 3);
}

/* 15: the refusal ends the INVITE, not the dialog. */
static void
a_call_that_ends_before_a_reinvite_is_answered_is_hung_up(void **state)
{
	struct peer p = { 0 };
	const char *invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") RECV("request=\"INVITE\"", "")
		PAUSE(600000) ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "") BYE, "");
	const char *bye;

	peer_ask_x(&p, invite, "INVITE", 1, "", PEER_SDP);
	peer_wait(&p, 201);
	peer_sent(&p, "SIP/2.0 100 ");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1);
	peer_sent(&p, "SIP/2.0 480 ");
	bye = peer_sent(&p, "BYE ");
	peer_ask_x(&p, invite, "ACK", 1, "", "");
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
rfc3261_15_a_call_whose_peer_hangs_up_first_waits_for_no_ack(void **state)
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
	peer_skip(&p, &n, "SIP/2.0 200 "); /* our BYE waits for the ACK */
	assert_int_equal(n, 2);
	peer_call(&p, "BYE", 2, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	failed_with(&p, RS_CAUSE_STOPPED);
}

#define REINVITE INVITE_X("X: again\n")

static void
rfc3261_14_both_at_once_is_491(void **state)
{
	struct peer p = { 0 };
	const char *invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(10) REINVITE RECV("response=\"200\"", "")
		SEND("ACK", "") BYE, ""), *again;

	peer_wait(&p, 11);
	again = peer_sent(&p, "INVITE ");
	peer_ask_x(&p, invite, "INVITE", 1, "", PEER_SDP);
	peer_sent(&p, "SIP/2.0 491 ");
	peer_reply(&p, again, "491 Pending"); /* and ours likewise: once more, in a while (14.1) */
	assert_string_equal(branch_of(peer_sent(&p, "ACK ")), branch_of(again));
	assert_string_equal(sent_to(&p), "198.18.8.1:5070"); /* where the INVITE went */
	peer_wait(&p, 2099);
	peer_heard_nothing(&p);
	for (unsigned i = 0; i < 20 && p.n_read == p.n_sent; i++)
		peer_wait(&p, 100);
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "CSeq"), "3 INVITE");
	assert_string_equal(header(again, "X"), "again");
	peer_reply(&p, again, "200 OK");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

static void
rfc3261_14_1_a_scenario_may_wait_for_the_491_itself(void **state)
{
	struct peer p = { 0 };

	established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") REINVITE RECV("response=\"491\"", "") SEND("ACK", "") BYE, "");
	peer_reply(&p, peer_sent(&p, "INVITE "), "491 Pending");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

static void
rfc3261_14_1_a_refused_reinvite_leaves_a_call_to_hang_up(void **state)
{
	struct peer p = { 0 };
	const char *ack;

	established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") REINVITE RECV("response=\"200\"", "") SEND("ACK", "") BYE, "");
	peer_reply(&p, peer_sent(&p, "INVITE "), "488 No");
	ack = peer_sent(&p, "ACK ");
	assert_string_equal(header(ack, "CSeq"), "2 ACK");
	peer_reply(&p, peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 SIP/2.0\r\n"), "200 OK");
	failed_with(&p, RS_CAUSE_RESPONSE + 188);
}

/* --- requests in a call --- */

static void
requests_are_answered_while_the_scenario_waits_for_something_else(void **state)
{
	static const char *const methods[] = { "OPTIONS", "INFO", "NOTIFY", "MESSAGE", "UPDATE" };
	struct peer p = { 0 };
	const char *invite = established(&p, CALL, ""), *ok;

	for (unsigned i = 0; i < 5; i++) {
		peer_ask_x(&p, invite, methods[i], i + 1, "", "");
		ok = peer_sent(&p, "SIP/2.0 200 ");
		assert_string_equal(tag_of(header(ok, "To")), tag_of(header(invite, "From")));
		assert_string_equal(body_of(ok), "");
		peer_ask_x(&p, invite, methods[i], i + 1, "", "");
		assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	}
	assert_int_equal(peer_count(&p, RS_AM_AUTO_ANSWERED), 5);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED) + sim_engine(&p.s, RS_ENG_REPEATED), 5);
	peer_ask_x(&p, invite, "UPDATE", 9, "Content-Type: application/sdp\nContact: <sip:peer@198.18.8.1:5099>\n", PEER_SDP);
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(body_of(ok), OUR_SDP);
	peer_ask_x(&p, invite, "UPDATE", 9, "Content-Type: application/sdp\nContact: <sip:peer@198.18.8.1:5099>\n", PEER_SDP);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1);
	peer_reply(&p, peer_sent(&p, "BYE sip:peer@198.18.8.1:5099 SIP/2.0\r\n"), "200 OK");
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
what_the_scenario_waits_for_is_the_scenarios(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"INFO\"", "") ANSWER("202 Accepted", "") RECV("request=\"INVITE\"", "")
		ANSWER_SDP("200 Again", "X: its\n") RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""), "");

	peer_call(&p, "OPTIONS", 2, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "INFO", 3, tag, "");
	peer_sent(&p, "SIP/2.0 202 ");
	peer_call(&p, "INVITE", 4, tag, "");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 Again"), "X"), "its");
	peer_wait(&p, 501);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 Again"), "X"), "its");
	peer_call(&p, "ACK", 4, tag, "");
	peer_call(&p, "NOTIFY", 5, tag, "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_hangs_up(&p, tag, 6);
}

static void
a_description_that_a_step_answered_with_is_said_again(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"UPDATE\"", "") ANSWER_SDP("200 OK", "X: step\n") RECV("request=\"INFO\"", "")
		ANSWER_SDP("200 OK", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""), ""), *update, *info;

	peer_call(&p, "UPDATE", 2, tag, "");
	update = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(body_of(update), OUR_SDP);
	peer_call(&p, "UPDATE", 2, tag, ""); /* it was lost */
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), update);
	peer_call(&p, "INFO", 3, tag, "");
	info = peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "INFO", 3, tag, "");
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), info);
	for (unsigned i = 0; i < 6; i++) { /* more than a call has places for */
		peer_call(&p, "OPTIONS", 4 + i, tag, "");
		assert_string_equal(body_of(peer_sent(&p, "SIP/2.0 200 ")), "");
	}
	peer_hangs_up(&p, tag, 10);
}

static void
automatic_off_leaves_it_all_to_the_scenario(void **state)
{
	struct peer p = { .group = "ua = { automatic = false; };" };
	const char *invite;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	assert_string_equal(header(invite, "Supported"), "");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	peer_ask(&p, invite, "OPTIONS", 1);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_UNEXPECTED);
}

static void
sipp_mode_does_none_of_this(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	peer_open_call(&p, INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
	invite = peer_sent(&p, "INVITE ");
	assert_string_equal(header(invite, "Supported"), "");
	peer_reply_x(&p, invite, "180 Ringing", "Require: 100rel\nRSeq: 1\n");
	peer_heard_nothing(&p);
	peer_reply_x(&p, invite, "200 OK", "Session-Expires: 90;refresher=uac\n");
	peer_sent(&p, "ACK ");
	assert_int_equal(sim_engine(&p.s, RS_ENG_TOMBS), 0);
	peer_wait(&p, 1001);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	peer_completed(&p);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3261_8_2_2_3_an_extension_that_is_unknown_is_refused),
		cmocka_unit_test(rfc3261_8_2_1_a_method_that_is_unknown_gets_405_with_allow),
		cmocka_unit_test(rfc3261_8_2_2_2_a_merged_request_gets_482_and_its_ack_is_not_the_calls),
		cmocka_unit_test(rfc3261_8_2_2_2_another_from_tag_is_another_call),
		cmocka_unit_test(rfc3261_12_2_2_tags_that_change_are_another_dialog),
		cmocka_unit_test(rfc3261_12_2_2_numbers_that_go_back_get_500),
		cmocka_unit_test(rfc3261_9_2_a_cancel_of_no_known_invite_gets_481),
		cmocka_unit_test(rfc3261_9_2_a_cancel_behind_the_final_answer_changes_nothing),
		cmocka_unit_test(rfc3261_14_2_a_reinvite_is_answered_with_the_present_sdp),
		cmocka_unit_test(rfc3261_14_2_a_reinvite_without_ack_ends_the_call),
		cmocka_unit_test(rfc3261_14_2_a_second_invite_before_the_first_is_answered_gets_500),
		cmocka_unit_test(a_call_that_ends_before_a_reinvite_is_answered_is_hung_up),
		cmocka_unit_test(rfc3261_15_a_call_whose_peer_hangs_up_first_waits_for_no_ack),
		cmocka_unit_test(rfc3261_14_both_at_once_is_491),
		cmocka_unit_test(rfc3261_14_1_a_scenario_may_wait_for_the_491_itself),
		cmocka_unit_test(rfc3261_14_1_a_refused_reinvite_leaves_a_call_to_hang_up),
		cmocka_unit_test(requests_are_answered_while_the_scenario_waits_for_something_else),
		cmocka_unit_test(what_the_scenario_waits_for_is_the_scenarios),
		cmocka_unit_test(a_description_that_a_step_answered_with_is_said_again),
		cmocka_unit_test(automatic_off_leaves_it_all_to_the_scenario),
		cmocka_unit_test(sipp_mode_does_none_of_this),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
