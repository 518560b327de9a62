/* SPDX-License-Identifier: BSD-3-Clause */
/* Session timers, RFC 4028: either side calling, either side refreshing. */
#include "engine_ua.h"

#define UA(text) "ua = { " text " };"
#define TIMER "Supported: timer\n"
#define EXPIRES(s, who) "Session-Expires: " s ";refresher=" who "\n"
#define ALLOWS_UPDATE "Allow: INVITE, ACK, BYE, UPDATE\n"

/* --- 7: UAC behaviour --- */

static void
rfc4028_7_1_the_invite_asks(void **state)
{
	struct peer p = { .group = UA("session_expires = \"1800s\"; min_se = \"120s\"; refresher = \"uas\";") };
	const char *invite;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	assert_string_equal(header(invite, "Session-Expires"), "1800;refresher=uas");
	assert_string_equal(header(invite, "Min-SE"), "120");
	assert_true(has_option(invite, "Supported", "timer"));
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc4028_7_3_a_422_is_obeyed(void **state)
{
	struct peer p = { .group = UA("session_expires = \"100s\";") };
	const char *invite, *again;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	assert_string_equal(header(invite, "Session-Expires"), "100");
	peer_reply_x(&p, invite, "422 Too Small", "Min-SE: 300\n");
	peer_sent(&p, "ACK ");
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "Session-Expires"), "300");
	assert_string_equal(header(again, "Min-SE"), "300");
	assert_string_equal(header(again, "CSeq"), "2 INVITE");
	assert_string_equal(header(again, "Call-ID"), header(invite, "Call-ID"));
	assert_string_equal(tag_of(header(again, "To")), "");
	peer_reply_x(&p, invite, "422 Too Small", "Min-SE: 300\n"); /* its ACK was lost */
	assert_string_equal(header(peer_sent(&p, "ACK "), "CSeq"), "1 ACK");
	peer_reply_x(&p, again, "422 Too Small", "Min-SE: 600\n"); /* another one on the way */
	peer_sent(&p, "ACK ");
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "Session-Expires"), "600");
	peer_reply_x(&p, again, "422 Too Small", "Min-SE: 601\n"); /* it will not end */
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	failed_with(&p, RS_CAUSE_RESPONSE + 122);
}

static void
rfc4028_10_we_refresh_by_update_at_half_the_interval(void **state)
{
	struct peer p = { 0 };
	const char *invite, *update;

	invite = established(&p, CALL, EXPIRES("100", "uac") "Require: timer\n" ALLOWS_UPDATE);
	peer_wait(&p, 49999);
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	update = peer_sent(&p, "UPDATE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(update, "Session-Expires"), "100;refresher=uac");
	assert_true(has_option(update, "Supported", "timer"));
	assert_string_equal(header(update, "CSeq"), "2 UPDATE");
	assert_string_equal(header(update, "Contact"), "<sip:198.18.4.1:5060>");
	assert_string_equal(body_of(update), "");
	assert_string_equal(sent_to(&p), "198.18.8.1:5070");
	peer_reply_x(&p, update, "200 OK", EXPIRES("100", "uac"));
	assert_int_equal(peer_count(&p, RS_AM_SESSION_REFRESHES), 1);
	peer_wait(&p, 49999);
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	update = peer_sent(&p, "UPDATE ");
	peer_reply_x(&p, update, "200 OK", EXPIRES("200", "uac")); /* renegotiated */
	peer_wait(&p, 99999);
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	peer_reply(&p, peer_sent(&p, "UPDATE "), "200 OK"); /* without a timer: none any more */
	peer_wait(&p, 300000);
	peer_heard_nothing(&p);
	peer_ask(&p, invite, "BYE", 1);
	peer_sent(&p, "SIP/2.0 200 ");
	failed_with(&p, RS_CAUSE_BYE);
}

static void
rfc4028_10_we_refresh_by_invite_where_update_is_unknown(void **state)
{
	struct peer p = { 0 };
	const char *invite, *again, *ack, *first_ack = "";

	invite = established(&p, CALL, EXPIRES("100", "uac") "Allow: INVITE, ACK, BYE\n");
	first_ack = p.sent[p.n_read - 1];
	peer_wait(&p, 50001);
	again = peer_sent(&p, "INVITE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(again, "CSeq"), "2 INVITE");
	assert_string_equal(header(again, "Session-Expires"), "100;refresher=uac");
	assert_string_equal(tag_of(header(again, "To")), ";tag=peer");
	assert_string_equal(header(again, "Content-Type"), "application/sdp");
	assert_string_equal(body_of(again), OUR_SDP); /* the same version: nothing has changed (RFC 4028, 7.4) */
	assert_string_equal(body_of(again), body_of(invite));
	peer_reply_x(&p, again, "200 OK", EXPIRES("100", "uac"));
	ack = peer_sent(&p, "ACK ");
	assert_string_equal(header(ack, "CSeq"), "2 ACK");
	assert_string_not_equal(branch_of(ack), branch_of(first_ack));
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANSMITTED), 0);
	peer_reply_x(&p, again, "200 OK", EXPIRES("100", "uac")); /* the ACK was lost */
	assert_string_equal(peer_sent(&p, "ACK "), ack);
	peer_reply(&p, invite, "200 OK"); /* and a very late copy of the first */
	assert_string_equal(header(peer_sent(&p, "ACK "), "CSeq"), "1 ACK");
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_ask(&p, invite, "BYE", 1);
	peer_sent(&p, "SIP/2.0 200 ");
	failed_with(&p, RS_CAUSE_BYE);
}

static void
rfc4028_10_update_refused_as_unknown_is_followed_by_invite(void **state)
{
	struct peer p = { 0 };
	const char *again;

	established(&p, CALL, EXPIRES("100", "uac") ALLOWS_UPDATE);
	peer_wait(&p, 50001);
	peer_reply(&p, peer_sent(&p, "UPDATE "), "501 Not Implemented");
	again = peer_sent(&p, "INVITE ");
	peer_reply(&p, again, "500 Later");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 10100);
	again = peer_sent(&p, "INVITE "); /* while there is time */
	peer_reply_x(&p, again, "422 Too Small", "Min-SE: 400\n");
	peer_sent(&p, "ACK ");
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "Session-Expires"), "400;refresher=uac");
	peer_reply_x(&p, again, "200 OK", EXPIRES("400", "uac"));
	peer_sent(&p, "ACK ");
	peer_wait(&p, 199990);
	peer_heard_nothing(&p);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc4028_7_3_a_refresh_that_was_too_small_says_what_is_enough(void **state)
{
	struct peer p = { 0 };
	const char *update;

	established(&p, CALL, EXPIRES("100", "uac") ALLOWS_UPDATE);
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE ");
	assert_string_equal(header(update, "Min-SE"), "");
	peer_reply_x(&p, update, "422 Too Small", "Min-SE: 300\n");
	for (unsigned i = 0; i < 2; i++) { /* and so does every one behind it */
		update = peer_sent(&p, "UPDATE ");
		assert_string_equal(header(update, "Session-Expires"), "300;refresher=uac");
		assert_string_equal(header(update, "Min-SE"), "300");
		peer_reply_x(&p, update, "200 OK", EXPIRES("300", "uac"));
		peer_wait(&p, 150001);
	}
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc4028_7_3_what_was_agreed_is_not_the_least(void **state)
{
	struct peer p = { .group = UA("session_expires = \"1800s\";") };
	const char *again;

	established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(10) INVITE_X("X: again\n") RECV("response=\"200\"", "")
		SEND("ACK", "") PAUSE(600000) BYE, EXPIRES("1800", "uac"));
	peer_wait(&p, 11);
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "Session-Expires"), "1800");
	assert_string_equal(header(again, "Min-SE"), "");
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc4028_10_a_dialog_that_is_gone_ends_the_call(void **state)
{
	static const char *const status[] = { "481 None", "408 Timeout" };

	for (unsigned i = 0; i < 2; i++) {
		struct peer p = { 0 };

		established(&p, CALL, EXPIRES("100", "uac") ALLOWS_UPDATE);
		peer_wait(&p, 50001);
		peer_reply(&p, peer_sent(&p, "UPDATE "), status[i]);
		peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
		failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
	}
}

static void
rfc4028_10_no_answer_to_the_refresh_ends_the_call(void **state)
{
	struct peer p = { 0 };
	unsigned n;

	established(&p, CALL, EXPIRES("200", "uac") ALLOWS_UPDATE);
	peer_wait(&p, 100000 + 31900);
	peer_skip(&p, &n, "UPDATE ");
	assert_int_equal(n, 11);
	peer_wait(&p, 110);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
rfc4028_10_without_the_peers_refresh_we_hang_up_before_the_end(void **state)
{
	struct peer p = { 0 };

	established(&p, CALL, EXPIRES("120", "uas"));
	peer_wait(&p, 87999); /* 32 s before the end */
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
rfc4028_10_a_third_of_a_short_interval(void **state)
{
	struct peer p = { 0 };

	established(&p, CALL, EXPIRES("90", "uas"));
	peer_wait(&p, 59999);
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
rfc4028_7_2_a_peer_without_timers_is_refreshed_all_the_same(void **state)
{
	struct peer p = { .group = UA("session_expires = \"100s\";") };

	established(&p, CALL, "");
	peer_wait(&p, 50001);
	peer_sent(&p, "INVITE ");
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

/* --- 9: UAS behaviour --- */

static void
rfc4028_9_the_peers_timer_is_taken_and_it_refreshes(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, TIMER EXPIRES("120", "uac") ALLOWS_UPDATE), *ok;

	ok = p.sent[p.n_read - 1];
	assert_string_equal(header(ok, "Session-Expires"), "120;refresher=uac");
	assert_true(has_option(ok, "Require", "timer"));
	for (unsigned i = 0; i < 3; i++) {
		peer_wait(&p, 60000);
		peer_heard_nothing(&p);
		peer_call(&p, "UPDATE", 2 + i, tag, TIMER EXPIRES("120", "uac"));
		ok = peer_sent(&p, "SIP/2.0 200 ");
		assert_string_equal(header(ok, "Session-Expires"), "120;refresher=uac");
		assert_true(has_option(ok, "Require", "timer"));
		assert_string_equal(header(ok, "Contact"), "<sip:198.18.4.1:5060>");
		assert_string_equal(body_of(ok), "");
		peer_call(&p, "UPDATE", 2 + i, tag, TIMER EXPIRES("120", "uac")); /* lost: the same once more */
		assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok);
	}
	peer_wait(&p, 87998);
	peer_heard_nothing(&p);
	peer_wait(&p, 3);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
rfc4028_9_an_invite_refreshes_too(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, TIMER EXPIRES("120", "uac")), *ok;

	peer_wait(&p, 60000);
	peer_call(&p, "INVITE", 2, tag, TIMER EXPIRES("120", "uac"));
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(header(ok, "Session-Expires"), "120;refresher=uac");
	assert_string_equal(body_of(ok), OUR_SDP);
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "SIP/2.0 200 "), ok); /* until its ACK */
	peer_call(&p, "ACK", 2, tag, "");
	peer_wait(&p, 87000);
	peer_heard_nothing(&p);
	peer_hangs_up(&p, tag, 3);
}

static void
rfc4028_9_a_peer_without_timers_is_refreshed_by_us(void **state)
{
	struct peer p = { .group = UA("session_expires = \"100s\";") };
	const char *tag = answered(&p, ANSWERING, ALLOWS_UPDATE), *ok = p.sent[p.n_read - 1], *update;

	assert_string_equal(header(ok, "Session-Expires"), "100;refresher=uas");
	assert_string_equal(header(ok, "Require"), "");
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(update, "To"), "<sip:peer@198.18.8.1>;tag=peer");
	assert_string_equal(tag_of(header(update, "From")), tag);
	assert_string_equal(header(update, "Call-ID"), "peer-1");
	peer_reply_x(&p, update, "200 OK", EXPIRES("100", "uac"));
	peer_hangs_up(&p, tag, 2);
}

static void
rfc4028_9_the_peer_makes_us_the_refresher(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, ANSWERING, TIMER EXPIRES("100", "uas")), *again;

	peer_wait(&p, 50001);
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(body_of(again), OUR_SDP);
	peer_reply_x(&p, again, "200 OK", EXPIRES("100", "uac"));
	peer_sent(&p, "ACK sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	peer_hangs_up(&p, tag, 2);
}

static void
rfc4028_9_too_small_is_refused_with_422(void **state)
{
	struct peer p = { .group = UA("min_se = \"200s\";") };
	const char *refusal, *tag;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", TIMER EXPIRES("100", "uac"));
	refusal = peer_sent(&p, "SIP/2.0 422 ");
	assert_string_equal(header(refusal, "Min-SE"), "200");
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "SIP/2.0 422 "), refusal);
	peer_call(&p, "ACK", 1, tag_of(header(refusal, "To")), "");
	peer_call(&p, "INVITE", 2, "", TIMER EXPIRES("200", "uac"));
	peer_sent(&p, "SIP/2.0 180 ");
	peer_wait(&p, 101);
	refusal = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(header(refusal, "Session-Expires"), "200;refresher=uac");
	tag = tag_of(header(refusal, "To"));
	peer_call(&p, "ACK", 2, tag, "");
	peer_call(&p, "UPDATE", 3, tag, TIMER EXPIRES("100", "uac")); /* in the call, too */
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 422 "), "Min-SE"), "200");
	peer_hangs_up(&p, tag, 4);
}

static void
rfc4028_9_a_call_refused_with_422_that_is_not_tried_again_fails(void **state)
{
	struct peer p = { .group = UA("min_se = \"200s\";") };
	const char *refusal;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", TIMER EXPIRES("100", "uac"));
	refusal = peer_sent(&p, "SIP/2.0 422 ");
	peer_call(&p, "ACK", 1, tag_of(header(refusal, "To")), "");
	peer_wait(&p, 31000);
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1);
	peer_wait(&p, 1100);
	peer_heard_nothing(&p);
	failed_with(&p, RS_CAUSE_RESPONSE + 122);
}

static void
rfc4028_9_who_knows_no_timers_is_not_refused(void **state)
{
	struct peer p = { .group = UA("min_se = \"200s\";") };

	peer_hangs_up(&p, answered(&p, ANSWERING, "Session-Expires: 100\n"), 2); /* a proxy asked */
}

static void
rfc4028_9_our_interval_is_not_below_what_is_wanted_on_the_way(void **state)
{
	struct peer p = { .group = UA("session_expires = \"100s\";") };

	answered(&p, ANSWERING, TIMER "Min-SE: 500\n");
	assert_string_equal(header(p.sent[p.n_read - 1], "Session-Expires"), "500;refresher=uac");
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

/* --- beside the scenario --- */

static void
rfc4028_9_an_update_that_a_step_answers_refreshes_too(void **state)
{
	struct peer p = { 0 };
	const char *tag = answered(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"UPDATE\"", "timeout=\"900000\"") ANSWER("200 OK", "")
		RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""), TIMER EXPIRES("120", "uac")), *ok;

	peer_wait(&p, 60000);
	peer_call(&p, "UPDATE", 2, tag, TIMER EXPIRES("120", "uac"));
	ok = peer_sent(&p, "SIP/2.0 200 ");
	assert_string_equal(header(ok, "Session-Expires"), "120;refresher=uac");
	peer_wait(&p, 87999); /* 32 s before the end of the interval that began with it */
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
a_refresh_does_not_disturb_a_pause(void **state)
{
	struct peer p = { 0 };
	const char *invite;

	invite = established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(80000) BYE, EXPIRES("100", "uac") ALLOWS_UPDATE);
	peer_wait(&p, 50001);
	peer_reply_x(&p, peer_sent(&p, "UPDATE "), "200 OK", EXPIRES("100", "uac"));
	peer_ask_x(&p, invite, "UPDATE", 5, TIMER EXPIRES("100", "uac"), ""); /* the peer takes over */
	peer_sent(&p, "SIP/2.0 200 ");
	peer_wait(&p, 29990);
	peer_heard_nothing(&p);
	peer_wait(&p, 20);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK"); /* at its time */
	ends_well(&p);
}

static void
refresh_and_bye_answer_challenges(void **state)
{
	struct peer p = { .group = "password = \"secret\"; auth_user = \"joe\";" };
	const char *update, *bye;

	established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(600000) BYE, EXPIRES("100", "uac") ALLOWS_UPDATE);
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE ");
	assert_string_equal(header(update, "Proxy-Authorization"), "");
	peer_reply_x(&p, update, "407 Who", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\n");
	update = peer_sent(&p, "UPDATE ");
	assert_non_null(strstr(header(update, "Proxy-Authorization"), "username=\"joe\""));
	assert_string_equal(header(update, "CSeq"), "3 UPDATE");
	peer_reply_x(&p, update, "200 OK", EXPIRES("100", "uac"));
	peer_wait(&p, 50001);
	update = peer_sent(&p, "UPDATE "); /* the nonce goes on being used */
	assert_non_null(strstr(header(update, "Proxy-Authorization"), "nc=00000002"));
	peer_reply(&p, update, "481 None");
	bye = peer_sent(&p, "BYE ");
	peer_reply_x(&p, bye, "407 Who", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"m\", qop=\"auth\"\n");
	bye = peer_sent(&p, "BYE "); /* also when the call is counted as over */
	assert_non_null(strstr(header(bye, "Proxy-Authorization"), "nonce=\"m\""));
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(peer_count(&p, RS_AM_AUTHENTICATED), 2);
	failed_with(&p, RS_CAUSE_SESSION_EXPIRED);
}

static void
a_refresh_waits_for_an_invite_under_way(void **state)
{
	struct peer p = { 0 };
	const char *again;

	established(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(49900) INVITE_X("X: again\n")
		RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(600000) BYE, EXPIRES("100", "uac"));
	peer_wait(&p, 49901);
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "X"), "again");
	peer_reply(&p, again, "100 Trying");
	peer_wait(&p, 2000);
	peer_heard_nothing(&p);
	peer_reply_x(&p, again, "200 OK", EXPIRES("100", "uac"));
	peer_sent(&p, "ACK ");
	peer_wait(&p, 49990);
	peer_heard_nothing(&p);
	peer_wait(&p, 20);
	peer_reply_x(&p, peer_sent(&p, "INVITE "), "491 Pending", "");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 2000);
	peer_heard_nothing(&p);
	for (unsigned i = 0; i < 20 && p.n_read == p.n_sent; i++)
		peer_wait(&p, 100); /* 2.1 to 4 s: the Call-ID is ours */
	again = peer_sent(&p, "INVITE ");
	assert_string_equal(header(again, "X"), "");
	peer_reply_x(&p, again, "200 OK", EXPIRES("100", "uac"));
	peer_sent(&p, "ACK ");
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc4028_7_1_the_invite_asks),
		cmocka_unit_test(rfc4028_7_3_a_422_is_obeyed),
		cmocka_unit_test(rfc4028_10_we_refresh_by_update_at_half_the_interval),
		cmocka_unit_test(rfc4028_10_we_refresh_by_invite_where_update_is_unknown),
		cmocka_unit_test(rfc4028_10_update_refused_as_unknown_is_followed_by_invite),
		cmocka_unit_test(rfc4028_7_3_a_refresh_that_was_too_small_says_what_is_enough),
		cmocka_unit_test(rfc4028_7_3_what_was_agreed_is_not_the_least),
		cmocka_unit_test(rfc4028_10_a_dialog_that_is_gone_ends_the_call),
		cmocka_unit_test(rfc4028_10_no_answer_to_the_refresh_ends_the_call),
		cmocka_unit_test(rfc4028_10_without_the_peers_refresh_we_hang_up_before_the_end),
		cmocka_unit_test(rfc4028_10_a_third_of_a_short_interval),
		cmocka_unit_test(rfc4028_7_2_a_peer_without_timers_is_refreshed_all_the_same),
		cmocka_unit_test(rfc4028_9_the_peers_timer_is_taken_and_it_refreshes),
		cmocka_unit_test(rfc4028_9_an_invite_refreshes_too),
		cmocka_unit_test(rfc4028_9_a_peer_without_timers_is_refreshed_by_us),
		cmocka_unit_test(rfc4028_9_the_peer_makes_us_the_refresher),
		cmocka_unit_test(rfc4028_9_too_small_is_refused_with_422),
		cmocka_unit_test(rfc4028_9_a_call_refused_with_422_that_is_not_tried_again_fails),
		cmocka_unit_test(rfc4028_9_who_knows_no_timers_is_not_refused),
		cmocka_unit_test(rfc4028_9_our_interval_is_not_below_what_is_wanted_on_the_way),
		cmocka_unit_test(rfc4028_9_an_update_that_a_step_answers_refreshes_too),
		cmocka_unit_test(a_refresh_does_not_disturb_a_pause),
		cmocka_unit_test(refresh_and_bye_answer_challenges),
		cmocka_unit_test(a_refresh_waits_for_an_invite_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
