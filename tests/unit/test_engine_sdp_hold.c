/* SPDX-License-Identifier: BSD-3-Clause */
/* Hold and resume (RFC 3264, 8.4), by either side, in offers and in answers: what is said, and what is sent and received. */
#include "engine_sdp.h"

#include "engine/stream.h"

#define TEXT(connection, direction)                                                                                    \
	"v=0\no=x 0 0 IN IP4 1.2.3.4\ns=-\nc=IN IP4 " connection "\nt=0 0\nm=audio 1 RTP/AVP 99\n" direction
#define OK_TEXT(text)                                                                                                  \
	"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n" \
	"Contact: <sip:me@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n" text "]]></send>\n"
#define THEIR_INVITE RECV("request=\"INVITE\"", "")
#define THEIR_ACK    RECV("request=\"ACK\"", "")
#define THEIR_BYE    RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", "")
#define OUR_ACK	     RECV("response=\"200\"", "") SEND("ACK", "")

static uint32_t
word(const struct peer_rtp *r, unsigned at)
{
	return (uint32_t)r->data[at] << 24 | (uint32_t)r->data[at + 1] << 16 | (uint32_t)r->data[at + 2] << 8 | r->data[at + 3];
}

/* What comes now is heard (@heard), or comes while we are not to receive. */
static void
hears(struct peer *p, bool heard)
{
	static uint16_t seq;
	uint64_t before = media_count(p, RS_MEDIA_RECEIVED), held = media_count(p, RS_MEDIA_HELD);

	for (unsigned i = 0; i < 3; i++)
		peer_rtp_plain(p, 20000, 9000, 0, ++seq);
	assert_int_equal(media_count(p, RS_MEDIA_RECEIVED) - before, 3);
	assert_int_equal(media_count(p, RS_MEDIA_HELD) - held, heard ? 0 : 3);
}

/* In the next 200 ms we send, or nothing. */
static void
sends(struct peer *p, bool sent)
{
	uint64_t at = mark(p);

	peer_wait(p, 201);
	if (sent)
		assert_in_range(rtp_since(p, at), 9, 11);
	else
		assert_int_equal(rtp_since(p, at), 0);
}

static void
rfc3264_6_1_an_answer_of_the_scenarios_holds(void **state)
{
	static const struct {
		const char *steps, *said;
		bool sends, hears;
	} cases[] = {
		{ THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "a=sendonly\n")) THEIR_ACK THEIR_BYE, "a=sendonly", true, false },
		{ THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "a=recvonly\n")) THEIR_ACK THEIR_BYE, "a=recvonly", false, true },
		{ THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "a=inactive\n")) THEIR_ACK THEIR_BYE, "a=inactive", false, false },
		{ THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "")) THEIR_ACK THEIR_BYE, "a=sendrecv", true, true },
		{ THEIR_INVITE OK_TEXT(TEXT("0.0.0.0", "a=sendonly\n")) THEIR_ACK THEIR_BYE, "c=IN IP4 0.0.0.0", true, false },
	};

	for (size_t i = 0; i < 2 * (sizeof(cases) / sizeof(cases[0])); i++) {
		struct peer *p = peer_new();
		const char *ok, *tag;

		answer(p, PLAIN, i & 1, cases[i / 2].steps);
		request(p, "INVITE", 1, "", "", PLAIN_SDP);
		ok = peer_sent(p, "SIP/2.0 200 ");
		length_is_right(ok);
		assert_true(says(ok, cases[i / 2].said));
		assert_true(says(ok, "m=audio 20000 RTP/AVP 0"));
		assert_non_null(strstr(ok, " 1 IN IP4 198.18.4.1\r\n")); /* its first version */
		tag = tag_of(header(ok, "To"));
		peer_call(p, "ACK", 1, tag, "");
		sends(p, cases[i / 2].sends);
		hears(p, cases[i / 2].hears);
		peer_call(p, "BYE", 2, tag, "");
		peer_sent(p, "SIP/2.0 200 ");
		completed(p);
	}
}

/* The peer's re-INVITE holds, and a second one resumes; the scenario answers both with the same text. */
static void
rfc3264_8_4_the_peer_holds_and_resumes(void **state)
{
	static const char *const holds[] = { "a=sendonly\n", "a=inactive\n", NULL };

	for (size_t i = 0; i < 2 * 3; i++) {
		struct peer *p = peer_new();
		const char *ok, *tag, *how = holds[i / 2];
		struct peer_rtp last, next;
		uint64_t at;

		answer(p, PLAIN, i & 1, THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "")) THEIR_ACK THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "")) THEIR_ACK
			THEIR_INVITE OK_TEXT(TEXT("1.2.3.4", "")) THEIR_ACK THEIR_BYE);
		request(p, "INVITE", 1, "", "", PLAIN_SDP);
		tag = tag_of(header(peer_sent(p, "SIP/2.0 200 "), "To"));
		peer_call(p, "ACK", 1, tag, "");
		sends(p, true);
		hears(p, true);
		request(p, "INVITE", 2, tag, "", how ? theirs("198.18.8.1", 9000, "RTP/AVP", "0", how) : theirs("0.0.0.0", 9000, "RTP/AVP", "0", ""));
		ok = peer_sent(p, "SIP/2.0 200 ");
		assert_true(says(ok, i / 2 == 1 ? "a=inactive" : "a=recvonly"));
		peer_call(p, "ACK", 2, tag, "");
		last = p->rtp[(p->media - 1) % PEER_RTP];
		sends(p, false);
		if (how)
			hears(p, i / 2 == 0);
		request(p, "INVITE", 3, tag, "", PLAIN_SDP);
		ok = peer_sent(p, "SIP/2.0 200 ");
		assert_true(says(ok, "a=sendrecv"));
		peer_call(p, "ACK", 3, tag, "");
		at = mark(p);
		sends(p, true);
		next = *next_rtp(p, &at);
		/* One stream: the next packet, by its clock as much later as it is (RFC 3550, 5.1), and a talkspurt begins. */
		assert_int_equal(word(&next, 8), word(&last, 8));
		assert_int_equal((uint16_t)(word(&next, 0) - word(&last, 0)), 1);
		assert_int_equal(word(&next, 4) - word(&last, 4), (next.at_ns - last.at_ns + RS_NS_PER_MS) / (20 * RS_NS_PER_MS) * 160);
		assert_true(next.data[1] & 0x80);
		hears(p, true);
		assert_int_equal(media_count(p, RS_MEDIA_STARTED), 1);
		peer_call(p, "BYE", 4, tag, "");
		peer_sent(p, "SIP/2.0 200 ");
		completed(p);
	}
}

/* Ours holds and resumes; the peer answers as it must. */
static void
rfc3264_8_4_we_hold_and_resume(void **state)
{
	static const struct {
		const char *steps, *said, *answered;
		bool sends;
	} cases[] = {
		{ INVITE OUR_ACK PAUSE(500) REINVITE(TEXT("1.2.3.4", "a=sendonly\n")) OUR_ACK PAUSE(500) REINVITE(TEXT("1.2.3.4", "")) OUR_ACK PAUSE(500) BYE,
			"a=sendonly", "a=recvonly\n", true },
		{ INVITE OUR_ACK PAUSE(500) REINVITE(TEXT("1.2.3.4", "a=inactive\n")) OUR_ACK PAUSE(500) REINVITE(TEXT("1.2.3.4", "")) OUR_ACK PAUSE(500) BYE,
			"a=inactive", "a=inactive\n", false },
	};

	for (size_t i = 0; i < 4; i++) {
		struct peer *p = peer_new();
		const char *invite, *again;

		call(p, PLAIN, i & 1, cases[i / 2].steps);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "200 OK", "", PLAIN_SDP);
		peer_sent(p, "ACK ");
		sends(p, true);
		hears(p, true);
		peer_wait(p, 301);
		again = peer_sent(p, "INVITE ");
		assert_true(says(again, cases[i / 2].said));
		reply(p, again, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/AVP", "0", cases[i / 2].answered));
		peer_sent(p, "ACK ");
		sends(p, cases[i / 2].sends);
		hears(p, false);
		peer_wait(p, 301);
		again = peer_sent(p, "INVITE ");
		assert_true(says(again, "a=sendrecv"));
		reply(p, again, "200 OK", "", PLAIN_SDP);
		peer_sent(p, "ACK ");
		sends(p, true);
		hears(p, true);
		assert_int_equal(media_count(p, RS_MEDIA_STARTED), 1);
		peer_wait(p, 301);
		we_hang_up(p);
	}
}

/* Both hold: what the user agent answers by itself leaves our hold in force. */
static void
rfc3264_8_4_each_resumes_its_own_hold_only(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *again, *ok;

	call(p, PLAIN, true, INVITE OUR_ACK REINVITE(TEXT("1.2.3.4", "a=sendonly\n")) OUR_ACK PAUSE(2000) BYE);
	invite = peer_sent(p, "INVITE ");
	reply(p, invite, "200 OK", "", PLAIN_SDP);
	peer_sent(p, "ACK ");
	again = peer_sent(p, "INVITE ");
	reply(p, again, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/AVP", "0", "a=recvonly\n"));
	peer_sent(p, "ACK ");
	peer_ask_x(p, invite, "UPDATE", 5, "Content-Type: application/sdp\n", theirs("198.18.8.1", 9000, "RTP/AVP", "0", "a=sendonly\n"));
	ok = peer_sent(p, "SIP/2.0 200 ");
	assert_true(says(ok, "a=inactive"));
	sends(p, false);
	hears(p, false);
	peer_ask_x(p, invite, "UPDATE", 6, "Content-Type: application/sdp\n", PLAIN_SDP);
	ok = peer_sent(p, "SIP/2.0 200 ");
	assert_true(says(ok, "a=sendonly"));
	sends(p, true);
	hears(p, false);
	peer_wait(p, 1601);
	we_hang_up(p);
}

/* The answer in an ACK, too, and the one of an 18x that the 200 says again. */
static void
rfc3264_6_1_answers_in_other_messages_hold_as_well(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite, *ack;

		call(p, PLAIN, rfc, LATE_INVITE RECV("response=\"200\"", "")
			"<send><![CDATA[\nACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
			"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] ACK\n"
			"Content-Type: application/sdp\nContent-Length: [len]\n\n" TEXT("1.2.3.4", "a=recvonly\n") "]]></send>\n" PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "200 OK", "", PLAIN_SDP);
		ack = peer_sent(p, "ACK ");
		assert_true(says(ack, "a=recvonly"));
		sends(p, false);
		hears(p, true);
		peer_wait(p, 801);
		we_hang_up(p);
	}
	struct peer *p = peer_new();
	const char *early, *ok, *tag;

	answer(p, PLAIN, true,
		THEIR_INVITE "<send><![CDATA[\nSIP/2.0 183 Session Progress\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n"
		"[last_CSeq:]\nContact: <sip:me@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n"
		TEXT("1.2.3.4", "a=sendonly\n") "]]></send>\n" PAUSE(300) OK_TEXT(TEXT("1.2.3.4", "")) THEIR_ACK THEIR_BYE);
	request(p, "INVITE", 1, "", "", PLAIN_SDP);
	early = peer_sent(p, "SIP/2.0 183 ");
	assert_true(says(early, "a=sendonly"));
	sends(p, true);
	hears(p, false);
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	assert_string_equal(body_of(ok), body_of(early)); /* RFC 3261, 13.2.1: the same answer */
	tag = tag_of(header(ok, "To"));
	peer_call(p, "ACK", 1, tag, "");
	peer_call(p, "BYE", 2, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3264_6_1_an_answer_of_the_scenarios_holds),
		cmocka_unit_test(rfc3264_8_4_the_peer_holds_and_resumes),
		cmocka_unit_test(rfc3264_8_4_we_hold_and_resume),
		cmocka_unit_test(rfc3264_8_4_each_resumes_its_own_hold_only),
		cmocka_unit_test(rfc3264_6_1_answers_in_other_messages_hold_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
