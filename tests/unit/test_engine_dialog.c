/* SPDX-License-Identifier: BSD-3-Clause */
/* Forks, races of CANCEL, route sets, late and odd responses, tombstones: RFC 3261, 9.1, 12, 13.2.2.4, 17.1; RFC 6026. */
#include "engine_ua.h"

#include "engine/tomb.h"

/* A response of branch @tag of a fork, whose target is 198.18.8.@host. */
static void
branch_replies(struct peer *p, const char *invite, const char *status, const char *tag, unsigned host, const char *extra)
{
	char text[8192];

	snprintf(text, sizeof(text), "SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s;tag=%s\nCall-ID: %s\nCSeq: %s\nContact: <sip:%s@198.18.8.%u:5070>\n%s"
		"Content-Length: 0\n\n", status, header(invite, "Via"), header(invite, "From"), header(invite, "To"), tag,
		header(invite, "Call-ID"), header(invite, "CSeq"), tag, host, extra);
	peer_say(p, text);
}

#define SHORT_CALL INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(100) BYE

/* --- 13.2.2.4: forks --- */

static void
rfc3261_13_2_2_4_the_branch_that_answers_has_the_call(void **state)
{
	struct peer p = { 0 };
	const char *invite, *m;

	open_call(&p, SHORT_CALL);
	invite = peer_sent(&p, "INVITE ");
	branch_replies(&p, invite, "180 Ringing", "a", 21, "Record-Route: <sip:198.18.8.31;lr>\n");
	branch_replies(&p, invite, "180 Ringing", "b", 22, "Record-Route: <sip:198.18.8.32;lr>\n");
	branch_replies(&p, invite, "180 Ringing", "c", 23, "");
	branch_replies(&p, invite, "200 OK", "b", 22, "Record-Route: <sip:198.18.8.32;lr>\n");
	m = peer_sent(&p, "ACK ");
	assert_string_equal(sent_to(&p), "198.18.8.32:5060");
	assert_string_equal(tag_of(header(m, "To")), ";tag=b");
	branch_replies(&p, invite, "200 OK", "c", 23, ""); /* late */
	m = peer_sent(&p, "ACK sip:c@198.18.8.23:5070 SIP/2.0\r\n");
	assert_string_equal(tag_of(header(m, "To")), ";tag=c");
	m = peer_sent(&p, "BYE sip:c@198.18.8.23:5070 SIP/2.0\r\n");
	assert_string_equal(tag_of(header(m, "To")), ";tag=c");
	branch_replies(&p, invite, "200 OK", "c", 23, ""); /* both were lost */
	peer_sent(&p, "ACK sip:c@198.18.8.23:5070 SIP/2.0\r\n");
	assert_string_equal(peer_sent(&p, "BYE "), m);
	branch_replies(&p, invite, "200 OK", "b", 22, "Record-Route: <sip:198.18.8.32;lr>\n"); /* a copy of the right one */
	assert_string_equal(tag_of(header(peer_sent(&p, "ACK "), "To")), ";tag=b");
	peer_heard_nothing(&p);
	peer_wait(&p, 101);
	const char *bye = peer_sent(&p, "BYE ");

	assert_string_equal(tag_of(header(bye, "To")), ";tag=b");
	assert_string_equal(sent_to(&p), "198.18.8.32:5060");
	assert_string_equal(header(bye, "CSeq"), header(m, "CSeq")); /* and yet the answer to the one is none to the other: */
	peer_reply(&p, m, "200 OK");
	peer_wait(&p, 501);
	assert_string_equal(peer_sent(&p, "BYE "), bye);
	peer_reply(&p, bye, "200 OK");
	assert_int_equal(peer_count(&p, RS_AM_FORKS_ENDED), 2);
	ends_well(&p);
}

static void
rfc3261_12_1_requests_of_any_early_dialog_are_the_calls(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	char text[1024];

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	branch_replies(&p, invite, "180 Ringing", "a", 21, "");
	branch_replies(&p, invite, "180 Ringing", "b", 22, "");
	for (unsigned i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "OPTIONS sip:me@198.18.4.1 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1;branch=z9hG4bKq%u\nFrom: %s;tag=%c\nTo: %s\n"
			"Call-ID: %s\nCSeq: %u OPTIONS\nContent-Length: 0\n\n", i, header(invite, "To"), 'a' + (int)i, header(invite, "From"),
			header(invite, "Call-ID"), i + 1);
		peer_say(&p, text);
		peer_sent(&p, "SIP/2.0 200 ");
	}
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

static void
more_branches_than_are_told_apart(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	char tag[16];

	open_call(&p, SHORT_CALL);
	invite = peer_sent(&p, "INVITE ");
	for (unsigned i = 0; i < 50; i++) {
		snprintf(tag, sizeof(tag), "t%u", i);
		branch_replies(&p, invite, "180 Ringing", tag, 20 + i, "");
	}
	branch_replies(&p, invite, "200 OK", "t33", 53, "");
	peer_sent(&p, "ACK ");
	assert_string_equal(sent_to(&p), "198.18.8.53:5070");
	peer_wait(&p, 101);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

/* --- 9.1: CANCEL and its races --- */

static void
open_and_time_out(struct peer *p)
{
	peer_open(p, CALL, "do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"5s\";", RFC);
	peer_reply(p, peer_sent(p, "INVITE "), "180 Ringing");
	peer_wait(p, 5001);
	peer_sent(p, "CANCEL ");
}

static void
rfc3261_9_1_the_487_before_the_200_to_the_cancel(void **state)
{
	struct peer p = { 0 };

	open_and_time_out(&p);
	peer_reply(&p, p.sent[0], "487 Terminated");
	assert_string_equal(branch_of(peer_sent(&p, "ACK ")), branch_of(p.sent[0]));
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 1);
	peer_reply(&p, p.sent[1], "200 OK");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_9_1_the_200_before_the_487(void **state)
{
	struct peer p = { 0 };
	const char *bye;

	open_and_time_out(&p);
	peer_reply(&p, p.sent[0], "200 OK");
	peer_sent(&p, "ACK ");
	bye = peer_sent(&p, "BYE ");
	peer_reply(&p, p.sent[0], "487 Terminated"); /* some proxy says both */
	peer_reply(&p, p.sent[1], "481 None");
	peer_reply(&p, p.sent[0], "200 OK"); /* the ACK was lost */
	assert_string_equal(header(peer_sent(&p, "ACK "), "CSeq"), "1 ACK");
	peer_heard_nothing(&p);
	peer_reply(&p, bye, "200 OK");
	peer_reply(&p, p.sent[0], "200 OK"); /* lost again, all is over: only the ACK is due */
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_9_1_a_200_behind_the_487_is_hung_up(void **state)
{
	struct peer p = { 0 };

	open_and_time_out(&p);
	peer_reply(&p, p.sent[1], "200 OK");
	peer_reply(&p, p.sent[0], "487 Terminated");
	peer_sent(&p, "ACK ");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	branch_replies(&p, p.sent[0], "200 OK", "late", 21, "");
	peer_sent(&p, "ACK sip:late@198.18.8.21:5070 ");
	peer_sent(&p, "BYE sip:late@198.18.8.21:5070 ");
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_9_1_a_cancel_answered_with_481_ends_nothing_and_64_t1_does(void **state)
{
	struct peer p = { 0 };

	open_and_time_out(&p);
	peer_reply(&p, p.sent[1], "481 None");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 1);
	peer_wait(&p, 31900);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 1);
	peer_wait(&p, 200);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	peer_heard_nothing(&p);
	branch_replies(&p, p.sent[0], "200 OK", "late", 21, ""); /* and a 2xx is hung up even then */
	peer_sent(&p, "ACK ");
	peer_sent(&p, "BYE ");
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_9_1_a_scenario_that_cancels_and_is_answered(void **state)
{
	struct peer p = { 0 };
	const char *cancel;

	open_call(&p, INVITE RECV("response=\"180\"", "") SEND("CANCEL", "") RECV("response=\"487\"", "") SEND("ACK", ""));
	peer_reply(&p, peer_sent(&p, "INVITE "), "180 Ringing");
	cancel = peer_sent(&p, "CANCEL ");
	peer_reply(&p, p.sent[0], "200 OK");
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	peer_reply(&p, cancel, "200 OK");
	failed_with(&p, RS_CAUSE_CANCELLED_LATE);
}

static void
rfc3261_17_1_1_2_a_200_behind_timer_b_is_hung_up(void **state)
{
	struct peer p = { 0 };
	unsigned n;

	open_call(&p, CALL);
	peer_wait(&p, 32100);
	peer_skip(&p, &n, "INVITE ");
	assert_int_equal(n, 7);
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	peer_reply(&p, p.sent[0], "180 Ringing");
	peer_heard_nothing(&p);
	peer_reply(&p, p.sent[0], "200 OK");
	peer_sent(&p, "ACK ");
	peer_sent(&p, "BYE ");
	failed_with(&p, RS_CAUSE_TIMEOUT);
}

static void
rfc3261_22_a_cancelled_call_that_is_challenged_is_not_begun_again(void **state)
{
	struct peer p = { .group = "password = \"secret\";" };

	open_call(&p, CALL);
	peer_sent(&p, "INVITE ");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 10);
	peer_heard_nothing(&p); /* the CANCEL waits for a provisional */
	peer_reply_x(&p, p.sent[0], "407 Who", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\n");
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
rfc3261_22_3_a_proxy_and_the_callee_may_both_ask(void **state)
{
	struct peer p = { .group = "password = \"secret\";" };
	const char *m;

	open_call(&p, SHORT_CALL);
	peer_reply_x(&p, peer_sent(&p, "INVITE "), "407 Who", "Proxy-Authenticate: Digest realm=\"p\", nonce=\"p0\", qop=\"auth\"\n");
	peer_sent(&p, "ACK ");
	m = peer_sent(&p, "INVITE ");
	assert_string_equal(header(m, "Authorization"), "");
	peer_reply_x(&p, m, "401 Who", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n0\", qop=\"auth\"\n");
	peer_sent(&p, "ACK ");
	m = peer_sent(&p, "INVITE ");
	assert_non_null(strstr(header(m, "Proxy-Authorization"), "nonce=\"p0\""));
	assert_non_null(strstr(header(m, "Proxy-Authorization"), "nc=00000002"));
	assert_non_null(strstr(header(m, "Authorization"), "nc=00000001"));
	peer_reply(&p, m, "200 OK");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 101);
	m = peer_sent(&p, "BYE ");
	assert_non_null(strstr(header(m, "Proxy-Authorization"), "nc=00000003"));
	peer_reply(&p, m, "200 OK");
	ends_well(&p);
}

static void
rfc3261_22_credentials_that_are_refused_are_not_sent_again(void **state)
{
	static const char *const second[] = { "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\"\n" };

	for (size_t i = 0; i < 2; i++) {
		struct peer p = { .group = "password = \"wrong\";" };

		open_call(&p, CALL);
		peer_reply_x(&p, peer_sent(&p, "INVITE "), "401 Who", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n0\", qop=\"auth\"\n");
		peer_sent(&p, "ACK ");
		peer_reply_x(&p, peer_sent(&p, "INVITE "), "401 Who", second[i]);
		peer_sent(&p, "ACK ");
		peer_heard_nothing(&p);
		failed_with(&p, RS_CAUSE_RESPONSE + 401 - 300);
	}
}

/* --- odd responses --- */

static void
responses_of_no_transaction_change_nothing(void **state)
{
	struct peer p = { 0 };
	const char *invite;
	char text[2048], via[256], *at;

	open_call(&p, SHORT_CALL);
	invite = peer_sent(&p, "INVITE ");
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=peer\nCall-ID: %s\nCSeq: 77 INVITE\nContact: <sip:x@198.18.8.66>\n"
		"Content-Length: 0\n\n", header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, text);
	memcpy(strstr(text, "77 INVITE"), "01 BYE   ", 9);
	peer_say(&p, text);
	snprintf(via, sizeof(via), "%s", header(invite, "Via"));
	at = strrchr(via, '-');
	strcpy(at, "-999"); /* our token, a transaction that never was */
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=peer\nCall-ID: %s\nCSeq: 1 INVITE\nContact: <sip:x@198.18.8.66>\n"
		"Content-Length: 0\n\n", via, header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, text);
	peer_heard_nothing(&p);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED), 3);
	assert_int_equal(peer_count(&p, RS_AM_ESTABLISHED), 0);
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	peer_wait(&p, 101);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

static void
a_tag_that_changes_in_a_response_is_not_the_dialogs(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	open_call(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") SEND("INFO", "") RECV("response=\"200\"", "") BYE);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	peer_sent(&p, "ACK ");
	const char *info = peer_sent(&p, "INFO ");
	char text[2048], to[256];

	snprintf(to, sizeof(to), "%s", header(invite, "To"));
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=other\nCall-ID: %s\nCSeq: %s\nContent-Length: 0\n\n",
		header(info, "Via"), header(info, "From"), to, header(info, "Call-ID"), header(info, "CSeq"));
	peer_say(&p, text); /* it is that transaction's all the same (17.1.3) */
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(tag_of(header(bye, "To")), ";tag=peer");
	peer_reply(&p, invite, "200 OK"); /* a copy is known as one */
	assert_string_equal(tag_of(header(peer_sent(&p, "ACK "), "To")), ";tag=peer");
	assert_int_equal(peer_count(&p, RS_AM_FORKS_ENDED), 0);
	peer_reply(&p, bye, "200 OK");
	ends_well(&p);
}

static void
an_ack_that_is_lost_again_and_again(void **state)
{
	struct peer p = { 0 };
	const char *invite, *ack;

	open_call(&p, SHORT_CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply(&p, invite, "200 OK");
	ack = peer_sent(&p, "ACK ");
	for (unsigned i = 0; i < 10; i++) {
		peer_reply(&p, invite, "200 OK");
		assert_string_equal(peer_sent(&p, "ACK "), ack);
	}
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANSMITTED), 10);
	assert_int_equal(peer_count(&p, RS_AM_SIP_RETRANS_RECEIVED), 10);
	peer_wait(&p, 101);
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	ends_well(&p);
}

/* --- 12.1.2, 12.2.1.1: route sets --- */

static const char *
many_routes(unsigned n, char *out, size_t cap)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, cap - len, "Record-Route: <sip:198.18.9.%u;lr>\n", i);
	return out;
}

static void
fifty_proxies_are_kept_in_order(void **state)
{
	struct peer p = { 0 };
	char lines[4096], wanted[64];
	const char *invite, *bye;

	open_call(&p, INVITE RECV("response=\"200\"", "rrs=\"true\"") SEND("ACK", "") PAUSE(600000) BYE);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "200 OK", many_routes(50, lines, sizeof(lines)));
	peer_sent(&p, "ACK ");
	assert_string_equal(sent_to(&p), "198.18.9.49:5060");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1);
	bye = peer_sent(&p, "BYE sip:peer@198.18.8.1:5070 ");
	assert_string_equal(sent_to(&p), "198.18.9.49:5060");
	snprintf(wanted, sizeof(wanted), "Route: <sip:198.18.9.49;lr>, <sip:198.18.9.48;lr>, ");
	assert_non_null(strstr(bye, wanted));
	assert_non_null(strstr(bye, "<sip:198.18.9.1;lr>, <sip:198.18.9.0;lr>\r\n"));
	assert_int_equal(sim_engine(&p.s, RS_ENG_ROUTES_LONG), 0);
	peer_reply(&p, bye, "200 OK");
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
a_request_that_does_not_fit_goes_in_fragments_or_not_at_all(void **state)
{
	struct peer p = { 0 };
	char lines[6000];
	size_t len = 0;

	for (unsigned i = 0; i < 50; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "Record-Route: <sip:a-proxy-of-some-name@198.18.9.%u;lr>\n", i);
	open_call(&p, CALL);
	peer_sent(&p, "INVITE ");
	branch_replies(&p, p.sent[0], "200 OK", "b", 22, lines); /* this link has no large buffers */
	peer_sent(&p, "ACK ");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 40000);
	peer_heard_nothing(&p);
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
more_proxies_than_that_end_the_call(void **state)
{
	struct peer p = { 0 };
	char lines[4096];

	open_call(&p, CALL);
	peer_sent(&p, "INVITE ");
	peer_reply_x(&p, p.sent[0], "200 OK", many_routes(70, lines, sizeof(lines)));
	assert_int_equal(sim_engine(&p.s, RS_ENG_ROUTES_LONG), 1);
	peer_sent(&p, "ACK ");
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	failed_with(&p, RS_CAUSE_TOO_LONG);

	struct peer q = { 0 };
	const char *refusal;

	open_answer(&q, ANSWERING);
	peer_call(&q, "INVITE", 1, "", many_routes(70, lines, sizeof(lines)));
	refusal = peer_sent(&q, "SIP/2.0 513 ");
	peer_call(&q, "ACK", 1, tag_of(header(refusal, "To")), "");
	failed_with(&q, RS_CAUSE_TOO_LONG);
}

static void
rfc3261_12_2_1_1_a_strict_router_is_the_request_uri(void **state)
{
	struct peer p = { 0 };
	const char *invite, *bye;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	peer_reply_x(&p, invite, "200 OK", "Record-Route: <sip:198.18.8.7;lr>, <sip:198.18.8.6:5066>\n");
	peer_sent(&p, "ACK ");
	assert_string_equal(sent_to(&p), "198.18.8.6:5066");
	peer_ask_x(&p, invite, "UPDATE", 1, "Contact: <sip:moved@198.18.8.1:5071>\n", "");
	peer_sent(&p, "SIP/2.0 200 ");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 1);
	bye = peer_sent(&p, "BYE sip:198.18.8.6:5066 SIP/2.0\r\n");
	assert_string_equal(header(bye, "Route"), "<sip:198.18.8.7;lr>, <sip:moved@198.18.8.1:5071>");
	assert_string_equal(sent_to(&p), "198.18.8.6:5066");
	peer_reply(&p, bye, "200 OK");
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
rfc3261_12_2_1_2_the_route_set_stays_when_the_target_moves(void **state)
{
	struct peer p = { 0 };
	const char *tag, *bye;

	tag = answered(&p, ANSWERING, "Record-Route: <sip:198.18.8.7;lr>, <sip:198.18.8.6:5066;lr>\n");
	assert_string_equal(header(p.sent[p.n_read - 1], "Record-Route"), "<sip:198.18.8.7;lr>, <sip:198.18.8.6:5066;lr>");
	peer_call(&p, "INVITE", 2, tag, "Contact: <sip:moved@198.18.8.1:5071>\nRecord-Route: <sip:198.18.8.99;lr>\n");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_call(&p, "ACK", 2, tag, "");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 2000);
	bye = peer_sent(&p, "BYE ");
	assert_string_equal(header(bye, "Route"), "<sip:198.18.8.7;lr>, <sip:198.18.8.6:5066;lr>");
	assert_string_equal(sent_to(&p), "198.18.8.7:5060");
	peer_reply(&p, bye, "200 OK");
	failed_with(&p, RS_CAUSE_STOPPED);
}

/* --- tombstones --- */

static void
a_tombstone_takes_64_bytes_with_all_that_belongs_to_it(void **state)
{
	const uint32_t n = 1 << 20;

	assert_true(tombs_reserve(n) - 3 * 4096 <= 64ull * n);
}

static void
a_tombstones_answer_says_what_the_first_one_said(void **state)
{
	static const char scenario[] = RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER_SDP("200 OK", "")
		RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "")
		"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n]]></send>\n";
	struct peer p = { 0 };
	const char *tag = answered(&p, scenario, ""), *ok, *again;

	peer_call(&p, "BYE", 2, tag, "");
	ok = peer_sent(&p, "SIP/2.0 200 OK\r\n");
	assert_int_equal(sim_engine(&p.s, RS_ENG_LEGS), 0);
	peer_wait(&p, 31900);
	peer_call(&p, "BYE", 2, tag, "");
	again = peer_sent(&p, "SIP/2.0 200 OK\r\n");
	assert_string_equal(again, ok);
	peer_wait(&p, 200);
	peer_call(&p, "BYE", 2, tag, ""); /* 64*T1 are over */
	peer_sent(&p, "SIP/2.0 481 ");
	assert_int_equal(sim_engine(&p.s, RS_ENG_TOMBS_EARLY), 0);
	ends_well(&p);
}

static void
a_ring_that_is_full_lets_go_of_the_oldest_and_counts(void **state)
{
	struct tombs t;
	struct rs_arena a;

	assert_int_equal(rs_arena_init(&a, tombs_reserve(1000) + (1 << 16)), 0);
	assert_int_equal(tombs_init(&t, &a, 1000, 32 * S), 0);
	for (uint64_t i = 1; i <= 1500; i++)
		tombs_add(&t, i * MS, (struct tomb){ .hash = i * 0x9e3779b97f4a7c15ull, .status = (uint16_t)(200 + i % 100) });
	assert_int_equal(t.early, 500);
	assert_int_equal(t.n, 1000);
	assert_null(tombs_find(&t, 500 * 0x9e3779b97f4a7c15ull));
	for (uint64_t i = 501; i <= 1500; i++)
		assert_int_equal(tombs_find(&t, i * 0x9e3779b97f4a7c15ull)->status, 200 + i % 100);
	for (unsigned i = 0; i < 10; i++)
		tombs_expire(&t, 32 * S + 1000 * MS);
	assert_int_equal(t.n, 500);
	for (unsigned i = 0; i < 10; i++)
		tombs_expire(&t, 33 * S + 1000 * MS);
	assert_int_equal(t.n, 0);
	rs_arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3261_13_2_2_4_the_branch_that_answers_has_the_call),
		cmocka_unit_test(rfc3261_12_1_requests_of_any_early_dialog_are_the_calls),
		cmocka_unit_test(more_branches_than_are_told_apart),
		cmocka_unit_test(rfc3261_9_1_the_487_before_the_200_to_the_cancel),
		cmocka_unit_test(rfc3261_9_1_the_200_before_the_487),
		cmocka_unit_test(rfc3261_9_1_a_200_behind_the_487_is_hung_up),
		cmocka_unit_test(rfc3261_9_1_a_cancel_answered_with_481_ends_nothing_and_64_t1_does),
		cmocka_unit_test(rfc3261_9_1_a_scenario_that_cancels_and_is_answered),
		cmocka_unit_test(rfc3261_17_1_1_2_a_200_behind_timer_b_is_hung_up),
		cmocka_unit_test(rfc3261_22_a_cancelled_call_that_is_challenged_is_not_begun_again),
		cmocka_unit_test(rfc3261_22_3_a_proxy_and_the_callee_may_both_ask),
		cmocka_unit_test(rfc3261_22_credentials_that_are_refused_are_not_sent_again),
		cmocka_unit_test(responses_of_no_transaction_change_nothing),
		cmocka_unit_test(a_tag_that_changes_in_a_response_is_not_the_dialogs),
		cmocka_unit_test(an_ack_that_is_lost_again_and_again),
		cmocka_unit_test(fifty_proxies_are_kept_in_order),
		cmocka_unit_test(a_request_that_does_not_fit_goes_in_fragments_or_not_at_all),
		cmocka_unit_test(more_proxies_than_that_end_the_call),
		cmocka_unit_test(rfc3261_12_2_1_1_a_strict_router_is_the_request_uri),
		cmocka_unit_test(rfc3261_12_2_1_2_the_route_set_stays_when_the_target_moves),
		cmocka_unit_test(a_tombstone_takes_64_bytes_with_all_that_belongs_to_it),
		cmocka_unit_test(a_tombstones_answer_says_what_the_first_one_said),
		cmocka_unit_test(a_ring_that_is_full_lets_go_of_the_oldest_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
