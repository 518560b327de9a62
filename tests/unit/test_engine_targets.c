/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `targets`: whatever the peer's messages name as the next place to go, nothing is sent there. The link refuses as the real one does,
 * and looks at every destination it is asked for.
 */
#include "engine_ua.h"

#include <errno.h>

#define ELSEWHERE "203.0.113.9"

static unsigned refused; /* how often the link was asked to send elsewhere, in this test */

/* Inside 198.18.0.0/20, as the plan says. */
static int
judge(void *ctx, const struct rs_path *path)
{
	if (path->remote.family == 4 && path->remote.b[0] == 198 && path->remote.b[1] == 18 && path->remote.b[2] < 16)
		return 0;
	refused++;
	return -EACCES;
}

static int
begin(void **state)
{
	refused = 0;
	return 0;
}

static void
reply_from(struct peer *p, const char *request, const char *status, const char *contact, const char *extra)
{
	char text[4096];

	snprintf(text, sizeof(text), "SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s;tag=peer\nCall-ID: %s\nCSeq: %s\nContact: %s\n%sContent-Length: 0\n\n",
		status, header(request, "Via"), header(request, "From"), header(request, "To"), header(request, "Call-ID"),
		header(request, "CSeq"), contact, extra);
	peer_say(p, text);
}

static void
a_contact_elsewhere_ends_the_call(void **state)
{
	struct peer p = { .s.judge = judge };

	open_call(&p, CALL);
	reply_from(&p, peer_sent(&p, "INVITE "), "200 OK", "<sip:peer@" ELSEWHERE ":5060>", "");
	peer_wait(&p, 70000);
	peer_heard_nothing(&p);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_NOT_TARGET);
}

static void
a_record_route_elsewhere_ends_the_call(void **state)
{
	struct peer p = { .s.judge = judge };

	open_call(&p, CALL);
	reply_from(&p, peer_sent(&p, "INVITE "), "200 OK", "<sip:peer@198.18.8.1>", "Record-Route: <sip:" ELSEWHERE ";lr>\n");
	peer_wait(&p, 70000);
	peer_heard_nothing(&p);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_NOT_TARGET);
}

static void
a_prack_elsewhere_ends_the_call(void **state)
{
	struct peer p = { .s.judge = judge };
	const char *invite;

	open_call(&p, CALL);
	invite = peer_sent(&p, "INVITE ");
	reply_from(&p, invite, "180 Ringing", "<sip:peer@" ELSEWHERE ">", "Require: 100rel\nRSeq: 1\n");
	peer_wait(&p, 10);
	peer_reply(&p, peer_sent(&p, "CANCEL "), "200 OK");
	peer_reply(&p, invite, "487 Terminated");
	peer_sent(&p, "ACK ");
	peer_heard_nothing(&p);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_NOT_TARGET);
}

static void
a_target_that_moves_elsewhere_ends_the_call_when_it_is_used(void **state)
{
	struct peer p = { .s.judge = judge };
	const char *invite = established(&p, CALL, "Session-Expires: 100;refresher=uac\n");

	peer_ask_x(&p, invite, "UPDATE", 1, "Contact: <sip:peer@" ELSEWHERE ">\nSupported: timer\nSession-Expires: 100;refresher=uas\n", "");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_wait(&p, 100000);
	peer_heard_nothing(&p);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_NOT_TARGET);
}

static void
hanging_up_elsewhere_sends_nothing_and_leaves_nothing(void **state)
{
	struct peer p = { .s.judge = judge };
	const char *tag = answered(&p, ANSWERING, "");
	char text[1024];

	snprintf(text, sizeof(text), "UPDATE sip:me@198.18.4.1 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1;branch=z9hG4bK1\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: 2 UPDATE\nContact: <sip:" ELSEWHERE ">\nContent-Length: 0\n\n", tag);
	peer_say(&p, text);
	peer_sent(&p, "SIP/2.0 200 ");
	rs_engine_hangup(p.s.engines[0], -1);
	peer_wait(&p, 70000);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_STOPPED);
}

static void
a_fork_elsewhere_is_acknowledged_where_it_came_from(void **state)
{
	struct peer p = { .s.judge = judge };
	const char *invite = established(&p, CALL, "");
	char text[2048];

	snprintf(text, sizeof(text), "SIP/2.0 200 OK\nVia: %s\nFrom: %s\nTo: %s;tag=second\nCall-ID: %s\nCSeq: 1 INVITE\nContact: <sip:" ELSEWHERE ">\n"
		"Record-Route: <sip:" ELSEWHERE ";lr>\nContent-Length: 0\n\n",
		header(invite, "Via"), header(invite, "From"), header(invite, "To"), header(invite, "Call-ID"));
	peer_say(&p, text);
	peer_sent(&p, "ACK sip:" ELSEWHERE);
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	peer_sent(&p, "BYE sip:" ELSEWHERE);
	assert_string_equal(sent_to(&p), "198.18.8.1:5060");
	assert_int_equal(refused, 0);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
a_via_elsewhere_is_answered_where_it_came_from(void **state)
{
	static const char *const vias[] = { ELSEWHERE, ELSEWHERE ";rport", ELSEWHERE ";maddr=" ELSEWHERE, ELSEWHERE ";received=" ELSEWHERE };

	for (unsigned i = 0; i < 4; i++) {
		struct peer p = { .s.judge = judge };
		char text[1024];

		open_answer(&p, ANSWERING);
		snprintf(text, sizeof(text), "INVITE sip:me@198.18.4.1 SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1\nFrom: <sip:p@x>;tag=p\nTo: <sip:me@x>\n"
			"Call-ID: c\nCSeq: 1 INVITE\nContact: <sip:" ELSEWHERE ">\nContent-Length: 0\n\n", vias[i]);
		peer_say(&p, text);
		peer_sent(&p, "SIP/2.0 180 ");
		assert_string_equal(sent_to(&p), "198.18.8.1:5060");
		rs_engine_silence(p.s.engines[0]);
		peer_all_gone(&p);
		assert_int_equal(refused, 0);
		peer_close(&p);
	}
}

static void
sdp_elsewhere_gets_nothing(void **state)
{
	struct peer p = { .s.judge = judge };
	const char *invite;

	open_call(&p, INVITE RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
	invite = peer_sent(&p, "INVITE ");
	reply_from(&p, invite, "200 OK", "<sip:peer@198.18.8.1>", "Content-Type: application/sdp\nX: c=IN IP4 " ELSEWHERE "\n");
	peer_sent(&p, "ACK ");
	peer_ask_x(&p, invite, "INVITE", 1, "Content-Type: application/sdp\n",
		"v=0\no=p 1 1 IN IP4 " ELSEWHERE "\ns=-\nc=IN IP4 " ELSEWHERE "\nt=0 0\nm=audio 9 RTP/AVP 0\n");
	peer_sent(&p, "SIP/2.0 200 ");
	peer_wait(&p, 1001);
	p.n_read = p.n_sent - 1;
	peer_reply(&p, peer_sent(&p, "BYE "), "200 OK");
	assert_int_equal(refused, 0);
	rs_engine_silence(p.s.engines[0]);
	peer_close(&p);
}

static void
a_call_from_elsewhere_is_not_answered(void **state)
{
	struct peer p = { .s.judge = judge };
	static const char invite[] = "INVITE sip:me@198.18.4.1 SIP/2.0\r\nVia: SIP/2.0/UDP " ELSEWHERE ";branch=z9hG4bK1\r\nFrom: <sip:p@x>;tag=p\r\n"
		"To: <sip:me@x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:" ELSEWHERE ">\r\nContent-Length: 0\r\n\r\n";
	struct rs_rx rx = { .data = (const uint8_t *)invite, .len = sizeof(invite) - 1, .kind = RS_RX_SIP };

	open_answer(&p, ANSWERING);
	rx.time_ns = p.s.now_ns;
	rx.path.local_port = rx.path.remote_port = 5060;
	rs_addr_parse(rs_slice_str("198.18.4.1"), &rx.path.local);
	rs_addr_parse(rs_slice_str(ELSEWHERE), &rx.path.remote);
	rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	peer_heard_nothing(&p);
	assert_true(refused > 0);
	failed_with(&p, RS_CAUSE_NOT_TARGET);
}

static void
icmp_that_quotes_another_destination_sends_nothing(void **state)
{
	struct peer p = { .s.judge = judge };
	struct rs_rx rx = { .kind = RS_RX_UNREACHABLE };

	open_call(&p, CALL);
	const char *invite = peer_sent(&p, "INVITE ");

	rx.data = (const uint8_t *)invite;
	rx.len = (uint32_t)strlen(invite);
	rx.time_ns = p.s.now_ns;
	rx.path.local_port = rx.path.remote_port = 5060;
	rs_addr_parse(rs_slice_str("198.18.4.1"), &rx.path.local);
	rs_addr_parse(rs_slice_str(ELSEWHERE), &rx.path.remote);
	rs_engine_input(p.s.engines[0], p.s.now_ns, &rx, 1);
	peer_wait(&p, 1000);
	assert_int_equal(refused, 0);
	rs_engine_silence(p.s.engines[0]);
	peer_all_gone(&p);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_contact_elsewhere_ends_the_call, begin),
		cmocka_unit_test_setup(a_record_route_elsewhere_ends_the_call, begin),
		cmocka_unit_test_setup(a_prack_elsewhere_ends_the_call, begin),
		cmocka_unit_test_setup(a_target_that_moves_elsewhere_ends_the_call_when_it_is_used, begin),
		cmocka_unit_test_setup(hanging_up_elsewhere_sends_nothing_and_leaves_nothing, begin),
		cmocka_unit_test_setup(a_fork_elsewhere_is_acknowledged_where_it_came_from, begin),
		cmocka_unit_test_setup(a_via_elsewhere_is_answered_where_it_came_from, begin),
		cmocka_unit_test_setup(sdp_elsewhere_gets_nothing, begin),
		cmocka_unit_test_setup(a_call_from_elsewhere_is_not_answered, begin),
		cmocka_unit_test_setup(icmp_that_quotes_another_destination_sends_nothing, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
