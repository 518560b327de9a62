/* SPDX-License-Identifier: BSD-3-Clause */
/* Reliable provisional responses, RFC 3262, of both sides. */
#include "engine_ua.h"

#define RELIABLE(n) "Require: 100rel\nRSeq: " #n "\n"

/* --- 4: UAC behaviour --- */

static void
rfc3262_4_a_reliable_provisional_is_acknowledged_once(void **state)
{
	struct peer p = { 0 };
	const char *invite, *prack, *bye;

	open_call(&p, INVITE RECV("response=\"183\"", "") RECV("response=\"200\"", "") SEND("ACK", "") BYE);
	invite = peer_sent(&p, "INVITE ");
	assert_true(has_option(invite, "Supported", "100rel"));
	assert_string_equal(header(invite, "Require"), "");
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(4711) "Record-Route: <sip:198.18.8.6:5090;lr>\n");
	prack = peer_sent(&p, "PRACK sip:peer@198.18.8.1:5070 SIP/2.0\r\n");
	assert_string_equal(header(prack, "RAck"), "4711 1 INVITE");
	assert_string_equal(header(prack, "CSeq"), "2 PRACK");
	assert_string_equal(header(prack, "Route"), "<sip:198.18.8.6:5090;lr>");
	assert_string_equal(sent_to(&p), "198.18.8.6:5090");
	assert_string_equal(tag_of(header(prack, "To")), ";tag=peer");
	assert_string_equal(tag_of(header(prack, "From")), tag_of(header(invite, "From")));
	assert_string_not_equal(branch_of(prack), branch_of(invite));
	/* a copy is not acknowledged again, and the scenario sees it once */
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(4711) "Record-Route: <sip:198.18.8.6:5090;lr>\n");
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED), 1);
	peer_reply(&p, prack, "200 OK");
	peer_reply(&p, invite, "200 OK");
	assert_string_equal(header(peer_sent(&p, "ACK "), "CSeq"), "1 ACK");
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(header(bye, "CSeq"), "3 BYE");
	peer_reply(&p, bye, "200 OK");
	ends_well(&p);
}

static void
rfc3262_4_one_behind_a_gap_is_dropped(void **state)
{
	struct peer p = { 0 };
	const char *invite, *prack;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(10));
	peer_reply(&p, peer_sent(&p, "PRACK "), "200 OK");
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(12));
	peer_heard_nothing(&p);
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(11));
	prack = peer_sent(&p, "PRACK ");
	assert_string_equal(header(prack, "RAck"), "11 1 INVITE");
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(12));
	assert_string_equal(header(peer_sent(&p, "PRACK "), "RAck"), "12 1 INVITE");
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc3262_4_a_prack_is_repeated_until_it_is_answered(void **state)
{
	struct peer p = { 0 };
	const char *invite, *prack;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(1));
	prack = peer_sent(&p, "PRACK ");
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "PRACK "), prack);
	peer_wait(&p, 1000);
	assert_string_equal(peer_sent(&p, "PRACK "), prack);
	peer_reply(&p, prack, "200 OK");
	peer_wait(&p, 10000);
	peer_heard_nothing(&p);
	peer_reply(&p, invite, "486 Busy");
	peer_sent(&p, "ACK ");
	failed_with(&p, RS_CAUSE_RESPONSE + 186);
}

static void
rfc3262_4_a_prack_that_is_refused_or_lost_does_not_end_the_call(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	unsigned n;

	open_call(&p, INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "") BYE);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(1));
	peer_reply(&p, peer_sent(&p, "PRACK "), "481 None");
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(2));
	peer_wait(&p, 33000);
	peer_skip(&p, &n, "PRACK ");
	assert_int_equal(n, 11);
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

static void
rfc3262_4_each_invite_has_its_own_numbers(void **state)
{
	struct peer p = { .group = "password = \"secret\"; auth_user = \"joe\";" };
	const char *invite, *again;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(100));
	peer_reply(&p, peer_sent(&p, "PRACK "), "200 OK");
	peer_reply_x(&p, invite, "407 Who", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\n");
	peer_sent(&p, "ACK ");
	again = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, again, "180 Ringing", RELIABLE(7));
	assert_string_equal(header(peer_sent(&p, "PRACK "), "RAck"), "7 3 INVITE");
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc3262_4_off_neither_offers_nor_acknowledges(void **state)
{
	struct peer p = { .group = "ua = { rel100 = \"off\"; };" };
	const char *invite;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	assert_false(has_option(invite, "Supported", "100rel"));
	peer_reply_x(&p, invite, "180 Ringing", RELIABLE(100));
	peer_heard_nothing(&p);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc3262_4_required_says_so(void **state)
{
	struct peer p = { .group = "ua = { rel100 = \"required\"; };" };

	open_call(&p, CALL);
	assert_true(has_option(peer_sent(&p, "INVITE "), "Require", "100rel"));
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc3262_4_a_scenarios_own_prack_is_not_sent_twice(void **state)
{
	struct peer p = { 0 };
	const char *invite, *prack;

	open_call(&p, INVITE RECV("response=\"183\"", "") SEND_X("PRACK", "", "RAck: 5 1 INVITE\n") RECV("response=\"200\"", "")
		RECV("response=\"200\"", "") SEND("ACK", "") BYE);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "183 Progress", RELIABLE(5));
	prack = peer_sent(&p, "PRACK ");
	peer_heard_nothing(&p);
	peer_reply(&p, prack, "200 OK");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

/* --- 3: UAS behaviour --- */

/* The peer's call rings reliably. @return RAck for it */
static const char *
rings(struct peer *p, const char *scenario, const char *extra, const char **tag)
{
	static char rack[64];
	const char *ringing;

	open_answer(p, scenario);
	peer_call(p, "INVITE", 1, "", extra);
	ringing = peer_sent(p, "SIP/2.0 18");
	assert_true(has_option(ringing, "Require", "100rel"));
	assert_true(atoll(header(ringing, "RSeq")) > 0 && atoll(header(ringing, "RSeq")) < 0x80000000LL);
	snprintf(rack, sizeof(rack), "RAck: %s 1 INVITE\n", header(ringing, "RSeq"));
	*tag = tag_of(header(ringing, "To"));
	return rack;
}

#define REQUIRED "Require: 100rel\n"
#define SUPPORTED "Supported: 100rel\n"

static void
rfc3262_3_a_provisional_goes_again_until_its_prack(void **state)
{
	struct peer p = { 0 };
	const char *tag, *rack = rings(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(5000) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""), REQUIRED, &tag);
	const char *ringing = p.sent[p.n_read - 1];

	peer_wait(&p, 499);
	peer_heard_nothing(&p);
	peer_wait(&p, 2);
	assert_string_equal(peer_sent(&p, "SIP/2.0 180 "), ringing);
	peer_wait(&p, 1000);
	assert_string_equal(peer_sent(&p, "SIP/2.0 180 "), ringing);
	peer_wait(&p, 2000);
	assert_string_equal(peer_sent(&p, "SIP/2.0 180 "), ringing);
	peer_call(&p, "PRACK", 2, tag, "RAck: 999 1 INVITE\n"); /* another one */
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "PRACK", 3, tag, rack);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "3 PRACK");
	peer_call(&p, "PRACK", 3, tag, rack); /* a copy: the same answer */
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "3 PRACK");
	peer_call(&p, "PRACK", 4, tag, rack); /* acknowledged already */
	peer_sent(&p, "SIP/2.0 481 ");
	peer_wait(&p, 1600);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 INVITE");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 5);
}

static void
rfc3262_3_rack_names_the_invite_too(void **state)
{
	struct peer p = { 0 };
	const char *tag;
	char rack[64], *at;

	snprintf(rack, sizeof(rack), "%s", rings(&p, ANSWERING, REQUIRED, &tag));
	at = strstr(rack, " 1 INVITE");
	memcpy(at, " 2", 2);
	peer_call(&p, "PRACK", 2, tag, rack);
	peer_sent(&p, "SIP/2.0 481 ");
	peer_call(&p, "PRACK", 3, tag, "");
	peer_sent(&p, "SIP/2.0 481 ");
	memcpy(at, " 1", 2);
	peer_call(&p, "PRACK", 4, tag, rack);
	peer_sent(&p, "SIP/2.0 200 ");
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc3262_3_without_a_prack_the_call_is_refused(void **state)
{
	struct peer p = { 0 };
	const char *tag, *refusal;
	unsigned n;

	rings(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(60000) ANSWER("200 OK", ""), REQUIRED, &tag);
	peer_wait(&p, 31900);
	peer_skip(&p, &n, "SIP/2.0 180 ");
	assert_int_equal(n, 6); /* 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 */
	peer_wait(&p, 200);
	refusal = peer_sent(&p, "SIP/2.0 500 ");
	assert_string_equal(header(refusal, "CSeq"), "1 INVITE");
	peer_call(&p, "ACK", 1, tag, "");
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3262_3_a_2xx_waits_for_the_prack_of_a_session_description(void **state)
{
	struct peer p = { 0 };
	const char *tag, *rack = rings(&p, RECV("request=\"INVITE\"", "") ANSWER_SDP("183 Progress", "") PAUSE(100) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""), SUPPORTED REQUIRED, &tag);

	peer_wait(&p, 400);
	peer_heard_nothing(&p);
	peer_call(&p, "OPTIONS", 2, tag, ""); /* answered while the step waits */
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "PRACK", 3, tag, rack);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "3 PRACK");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "1 INVITE");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 4);
}

static void
rfc3262_3_a_2xx_ends_the_repetition_but_its_prack_is_taken(void **state)
{
	struct peer p = { 0 };
	const char *tag, *rack = rings(&p, ANSWERING, REQUIRED, &tag);

	peer_wait(&p, 101);
	peer_sent(&p, "SIP/2.0 200 ");
	peer_wait(&p, 300);
	peer_heard_nothing(&p);
	peer_call(&p, "PRACK", 2, tag, rack);
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 200 "), "CSeq"), "2 PRACK");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 3);
}

static void
rfc3262_3_one_provisional_after_the_other(void **state)
{
	struct peer p = { 0 };
	const char *tag, *rack, *second;
	char again[64];
	long long number;

	rack = rings(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") ANSWER("183 Progress", "") ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""), REQUIRED, &tag);
	peer_heard_nothing(&p);
	sscanf(rack, "RAck: %lld", &number);
	peer_call(&p, "PRACK", 2, tag, rack);
	peer_sent(&p, "SIP/2.0 200 ");
	second = peer_sent(&p, "SIP/2.0 183 ");
	assert_int_equal(atoll(header(second, "RSeq")), number + 1);
	snprintf(again, sizeof(again), "RAck: %lld 1 INVITE\n", number + 1);
	peer_sent(&p, "SIP/2.0 200 "); /* the 183 had no session description */
	peer_call(&p, "PRACK", 3, tag, again);
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "ACK", 1, tag, "");
	peer_hangs_up(&p, tag, 4);
}

static void
rfc3262_3_a_scenario_may_wait_for_the_prack_itself(void **state)
{
	struct peer p = { 0 };
	const char *tag, *rack = rings(&p, RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") RECV("request=\"PRACK\"", "") ANSWER("200 OK", "")
		PAUSE(2000), REQUIRED, &tag);

	peer_call(&p, "PRACK", 2, tag, rack);
	assert_non_null(strstr(peer_sent(&p, "SIP/2.0 200 "), "Contact: <sip:me@")); /* the scenario's */
	peer_wait(&p, 1900);
	peer_heard_nothing(&p); /* and the 180 is not repeated */
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
rfc3262_3_a_scenario_may_write_its_own_number(void **state)
{
	static const char ringing[] = "<send><![CDATA[\nSIP/2.0 180 Ringing\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n"
		"[last_CSeq:]\nContact: <sip:me@[local_ip]>\nRequire: 100rel\nRSeq: 42\nContent-Length: 0\n]]></send>\n";
	char scenario[2048];
	struct peer p = { 0 };
	const char *tag;

	snprintf(scenario, sizeof(scenario), "%s%s%s", RECV("request=\"INVITE\"", ""), ringing, PAUSE(60000));
	open_answer(&p, scenario);
	peer_call(&p, "INVITE", 1, "", SUPPORTED);
	const char *first = peer_sent(&p, "SIP/2.0 180 ");

	tag = tag_of(header(first, "To"));
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "SIP/2.0 180 "), first);
	peer_call(&p, "PRACK", 2, tag, "RAck: 42 1 INVITE\n");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_wait(&p, 10000);
	peer_heard_nothing(&p);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
rfc3262_3_who_does_not_do_it_refuses_with_420(void **state)
{
	struct peer p = { .group = "ua = { rel100 = \"off\"; };" };
	const char *refusal;

	open_answer(&p, ANSWERING);
	peer_call(&p, "INVITE", 1, "", REQUIRED);
	refusal = peer_sent(&p, "SIP/2.0 420 ");
	assert_string_equal(header(refusal, "Unsupported"), "100rel");
	peer_call(&p, "INVITE", 1, "", REQUIRED);
	assert_string_equal(peer_sent(&p, "SIP/2.0 420 "), refusal);
	peer_wait(&p, 501); /* timer G: whole, too */
	assert_string_equal(peer_sent(&p, "SIP/2.0 420 "), refusal);
	peer_call(&p, "ACK", 1, tag_of(header(refusal, "To")), "");
	assert_int_equal(peer_count(&p, RS_AM_OPEN), 1); /* it may try without */
	peer_call(&p, "INVITE", 2, "", "");
	assert_string_equal(header(peer_sent(&p, "SIP/2.0 180 "), "RSeq"), "");
	peer_wait(&p, 101);
	const char *tag = tag_of(header(peer_sent(&p, "SIP/2.0 200 "), "To"));

	peer_call(&p, "ACK", 2, tag, "");
	peer_hangs_up(&p, tag, 3);
}

static void
rfc3262_3_required_makes_supported_enough(void **state)
{
	struct peer p = { .group = "ua = { rel100 = \"required\"; };" }, q = { 0 };
	const char *tag;

	rings(&p, ANSWERING, SUPPORTED, &tag);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
	open_answer(&q, ANSWERING); /* merely supported by both: not used */
	peer_call(&q, "INVITE", 1, "", SUPPORTED);
	assert_string_equal(header(peer_sent(&q, "SIP/2.0 180 "), "RSeq"), "");
	rs_engine_silence(q.s.engines[0]);
	peer_close(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3262_4_a_reliable_provisional_is_acknowledged_once),
		cmocka_unit_test(rfc3262_4_one_behind_a_gap_is_dropped),
		cmocka_unit_test(rfc3262_4_a_prack_is_repeated_until_it_is_answered),
		cmocka_unit_test(rfc3262_4_a_prack_that_is_refused_or_lost_does_not_end_the_call),
		cmocka_unit_test(rfc3262_4_each_invite_has_its_own_numbers),
		cmocka_unit_test(rfc3262_4_off_neither_offers_nor_acknowledges),
		cmocka_unit_test(rfc3262_4_required_says_so),
		cmocka_unit_test(rfc3262_4_a_scenarios_own_prack_is_not_sent_twice),
		cmocka_unit_test(rfc3262_3_a_provisional_goes_again_until_its_prack),
		cmocka_unit_test(rfc3262_3_rack_names_the_invite_too),
		cmocka_unit_test(rfc3262_3_without_a_prack_the_call_is_refused),
		cmocka_unit_test(rfc3262_3_a_2xx_waits_for_the_prack_of_a_session_description),
		cmocka_unit_test(rfc3262_3_a_2xx_ends_the_repetition_but_its_prack_is_taken),
		cmocka_unit_test(rfc3262_3_one_provisional_after_the_other),
		cmocka_unit_test(rfc3262_3_a_scenario_may_wait_for_the_prack_itself),
		cmocka_unit_test(rfc3262_3_a_scenario_may_write_its_own_number),
		cmocka_unit_test(rfc3262_3_who_does_not_do_it_refuses_with_420),
		cmocka_unit_test(rfc3262_3_required_makes_supported_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
