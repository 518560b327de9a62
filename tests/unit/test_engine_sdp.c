/* SPDX-License-Identifier: BSD-3-Clause */
/* Offers and answers in the messages of calls with a media profile: RFC 3264, 6337, 4568, 3262, 3311, in both modes. */
#include "engine_sdp.h"

#include "base/chacha.h"

/* --- we offer --- */

static void
rfc3264_5_the_offer_is_the_profiles_and_the_answer_is_taken(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const struct media *m;
		const char *invite;

		call(p, PLAIN, rfc, SHORT_CALL);
		invite = peer_sent(p, "INVITE ");
		length_is_right(invite);
		assert_true(says(invite, "c=IN IP4 198.18.4.1"));
		assert_true(says(invite, "m=audio 20000 RTP/AVP 0 8 96"));
		assert_null(strstr(invite, "crypto"));
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/AVP", "8 96", "a=rtpmap:96 telephone-event/8000\n"));
		peer_sent(p, "ACK ");
		m = media_of(p);
		assert_int_equal(m->lines[0].state, RS_SDP_STREAM_ACTIVE);
		assert_int_equal(m->lines[0].remote_port, 9000);
		assert_int_equal(m->lines[0].use[RS_SDP_ROLE_CODEC].codec, 1);
		assert_int_equal(m->lines[0].use[RS_SDP_ROLE_EVENT].send, 96);
		assert_int_equal(m->lines[0].direction, RS_SDP_SENDRECV);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc3264_4_an_invite_that_goes_again_has_the_same_bytes(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite, *again;

		call(p, REQUIRED, rfc,
			"<send retrans=\"500\"><![CDATA[\nINVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP "
			"[local_ip]:[local_port];branch=[branch]\nFrom: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>\n"
			"Call-ID: [call_id]\nCSeq: [cseq] INVITE\nContact: <sip:me@[local_ip]:[local_port]>\n" WITH_SDP "]]></send>\n"
			RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		peer_wait(p, 501);
		again = peer_sent(p, "INVITE ");
		assert_string_equal(invite, again);
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
		peer_sent(p, "ACK ");
		assert_true(media_of(p)->lines[0].flags & RS_SDP_SECURE);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc3264_6_an_answer_that_cannot_be_accepted_ends_the_call(void **state)
{
	static const struct {
		const char *profile, *proto, *formats, *lines;
		enum rs_sdp_fail why;
	} rows[] = {
		{ PLAIN, "RTP/AVP", "99", "a=rtpmap:99 EVS/16000\n", RS_SDP_FAIL_PAYLOAD },
		{ PLAIN, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n", RS_SDP_FAIL_LINE_PROTO },
		{ PLAIN, "RTP/AVP", "0", "m=video 9002 RTP/AVP 34\n", RS_SDP_FAIL_LINE_COUNT },
		{ REQUIRED, "RTP/SAVP", "0", "", RS_SDP_FAIL_NO_CRYPTO },
		{ REQUIRED, "RTP/AVP", "0", "", RS_SDP_FAIL_LINE_PROTO },
		{ REQUIRED, "RTP/SAVP", "0", "a=crypto:7 AES_CM_128_HMAC_SHA1_80 " KEY "\n", RS_SDP_FAIL_CRYPTO_TAG },
		{ REQUIRED, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=\n", RS_SDP_FAIL_CRYPTO_KEY },
	};

	for (size_t i = 0; i < 2 * (sizeof(rows) / sizeof(rows[0])); i++) {
		bool rfc = i & 1;
		struct peer *p = peer_new();
		const char *invite;

		call(p, rows[i / 2].profile, rfc, SHORT_CALL);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, rows[i / 2].proto, rows[i / 2].formats, rows[i / 2].lines));
		peer_sent(p, "ACK ");
		peer_reply(p, peer_sent(p, "BYE "), "200 OK");
		assert_int_equal(counted(p, rows[i / 2].why), 1);
		/* at the 200, not at one of the provisionals that might have come before it */
		assert_int_equal(rs_account_failures(&p->s.accounts[0]->activities[0].program, 3, RS_CAUSE_MEDIA), 1);
		failed(p, RS_CAUSE_MEDIA);
	}
}

static void
rfc3264_6_a_2xx_without_an_answer_ends_the_call(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();

		call(p, PLAIN, rfc, SHORT_CALL);
		peer_reply(p, peer_sent(p, "INVITE "), "200 OK");
		peer_sent(p, "ACK ");
		peer_reply(p, peer_sent(p, "BYE "), "200 OK");
		assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_NO_ANSWER), 1);
		failed(p, RS_CAUSE_MEDIA);
	}
}

static void
rfc8866_a_description_that_cannot_be_read_is_counted_by_kind(void **state)
{
	struct peer *p = peer_new();

	call(p, PLAIN, true, SHORT_CALL);
	reply(p, peer_sent(p, "INVITE "), "200 OK", "", "v=0\no=peer 1 1 IN IP4 198.18.8.1\ns=-\nt=0 0\nm=audio 9000 RTP/AVP 0\n");
	peer_sent(p, "ACK ");
	peer_reply(p, peer_sent(p, "BYE "), "200 OK");
	assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_BROKEN + RS_SDP_ERR_NO_CONNECTION), 1);
	failed(p, RS_CAUSE_MEDIA);
}

static void
media_outside_the_targets_is_refused(void **state)
{
	static const char *const hosts[] = { "192.0.2.1", "host.example" };

	for (size_t i = 0; i < 2; i++) {
		struct peer *p = peer_new();

		call(p, PLAIN, true, SHORT_CALL);
		reply(p, peer_sent(p, "INVITE "), "200 OK", "", theirs(hosts[i], 9000, "RTP/AVP", "0", ""));
		peer_sent(p, "ACK ");
		peer_reply(p, peer_sent(p, "BYE "), "200 OK");
		assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_NOT_TARGET), 1);
		failed(p, RS_CAUSE_MEDIA_TARGET);
	}
	struct peer *p = peer_new();

	answer(p, PLAIN, true, ANSWERING);
	request(p, "INVITE", 1, "", "", theirs("192.0.2.1", 9000, "RTP/AVP", "0", ""));
	peer_call(p, "ACK", 1, tag_of(header(peer_sent(p, "SIP/2.0 488 "), "To")), "");
	failed(p, RS_CAUSE_MEDIA_TARGET);
}

/* --- early media, forks, late offers --- */

static void
rfc3960_early_media_is_agreed_with_the_18x(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite;

		call(p, PLAIN, rfc, SHORT_CALL);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "183 Session Progress", "", PLAIN_SDP);
		assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
		reply(p, invite, "200 OK", "", theirs("198.18.8.2", 9100, "RTP/AVP", "0", "")); /* another branch answers */
		peer_sent(p, "ACK ");
		assert_int_equal(media_of(p)->lines[0].remote_port, 9100);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc3261_9_a_cancelled_call_ends_without_media(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *cancel;

	call(p, PLAIN, true, INVITE RECV("response=\"180\"", "") SEND("CANCEL", "") RECV("response=\"200\"", "") RECV("response=\"487\"", ""));
	invite = peer_sent(p, "INVITE ");
	peer_reply(p, invite, "180 Ringing");
	cancel = peer_sent(p, "CANCEL ");
	peer_reply(p, cancel, "200 OK");
	peer_reply(p, invite, "487 Request Terminated");
	peer_sent(p, "ACK ");
	completed(p);
}

static void
rfc3261_13_2_1_a_late_offer_is_answered_in_the_ack(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite, *ack;

		call(p, PLAIN, rfc, LATE_INVITE RECV("response=\"200\"", "") ACK_SDP PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		assert_string_equal(body_of(invite), "");
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/AVP", "0 8", ""));
		ack = peer_sent(p, "ACK ");
		length_is_right(ack);
		assert_true(says(ack, "m=audio 20000 RTP/AVP 0"));
		assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc3261_13_3_1_we_offer_in_the_200_when_the_invite_does_not(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *ok, *tag;

		answer(p, PLAIN, rfc, ANSWERING);
		peer_call(p, "INVITE", 1, "", "");
		peer_sent(p, "SIP/2.0 180 ");
		peer_wait(p, 101);
		ok = peer_sent(p, "SIP/2.0 200 ");
		length_is_right(ok);
		assert_true(says(ok, "m=audio 20000 RTP/AVP 0 8 96"));
		tag = tag_of(header(ok, "To"));
		request(p, "ACK", 1, tag, "", PLAIN_SDP);
		assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
		peer_call(p, "BYE", 2, tag, "");
		peer_sent(p, "SIP/2.0 200 ");
		completed(p);
	}
}

static void
rfc3261_13_2_1_an_ack_without_the_answer_ends_the_call(void **state)
{
	struct peer *p = peer_new();
	const char *ok;

	answer(p, PLAIN, true, ANSWERING);
	peer_call(p, "INVITE", 1, "", "");
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	peer_call(p, "ACK", 1, tag_of(header(ok, "To")), "");
	peer_reply(p, peer_sent(p, "BYE "), "200 OK");
	assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_NO_ANSWER), 1);
	failed(p, RS_CAUSE_MEDIA);
}

/* --- we answer --- */

static void
rfc3264_6_the_answer_is_said_in_the_200_and_again_with_the_same_bytes(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *ok, *again, *tag;

		answer(p, REQUIRED, rfc,
			RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100)
			"<send retrans=\"500\"><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n"
			"Contact: <sip:me@[local_ip]:[local_port]>\n" WITH_SDP "]]></send>\n"
			RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""));
		request(p, "INVITE", 1, "", "",
			theirs("198.18.8.1", 9000, "RTP/SAVP", "8 0", "a=crypto:3 AEAD_AES_128_GCM inline:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYg==\n"));
		peer_sent(p, "SIP/2.0 180 ");
		peer_wait(p, 101);
		ok = peer_sent(p, "SIP/2.0 200 ");
		length_is_right(ok);
		assert_true(says(ok, "m=audio 20000 RTP/SAVP 8"));
		assert_non_null(strstr(ok, "a=crypto:3 AEAD_AES_128_GCM inline:"));
		peer_wait(p, 501);
		again = peer_sent(p, "SIP/2.0 200 ");
		assert_string_equal(ok, again);
		tag = tag_of(header(ok, "To"));
		peer_call(p, "ACK", 1, tag, "");
		assert_true(media_of(p)->lines[0].flags & RS_SDP_SECURE);
		peer_call(p, "BYE", 2, tag, "");
		peer_sent(p, "SIP/2.0 200 ");
		completed(p);
	}
}

static void
rfc4568_5_1_what_cannot_be_agreed_gets_488(void **state)
{
	static const struct {
		const char *profile, *proto, *formats, *lines;
		enum rs_sdp_fail why;
	} rows[] = {
		{ PLAIN, "RTP/AVP", "99", "a=rtpmap:99 EVS/16000\n", RS_SDP_FAIL_NO_CODEC },
		{ PLAIN, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n", RS_SDP_FAIL_CRYPTO_FORBIDDEN },
		{ PLAIN, "UDP/TLS/RTP/SAVP", "0", "", RS_SDP_FAIL_TRANSPORT },
		{ REQUIRED, "RTP/AVP", "0", "", RS_SDP_FAIL_NO_CRYPTO },
		{ REQUIRED, "RTP/SAVP", "0", "", RS_SDP_FAIL_NO_CRYPTO },
		{ REQUIRED, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_32 " KEY "\n", RS_SDP_FAIL_CRYPTO_SUITE },
		{ OPTIONAL, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=\n", RS_SDP_FAIL_CRYPTO_KEY },
	};

	for (size_t i = 0; i < 2 * (sizeof(rows) / sizeof(rows[0])); i++) {
		struct peer *p = peer_new();
		const char *no;

		answer(p, rows[i / 2].profile, i & 1, ANSWERING);
		request(p, "INVITE", 1, "", "", theirs("198.18.8.1", 9000, rows[i / 2].proto, rows[i / 2].formats, rows[i / 2].lines));
		no = peer_sent(p, "SIP/2.0 488 ");
		assert_string_equal(header(no, "Content-Length"), "0");
		peer_call(p, "ACK", 1, tag_of(header(no, "To")), "");
		assert_int_equal(counted(p, rows[i / 2].why), 1);
		failed(p, RS_CAUSE_MEDIA);
	}
}

static void
rfc4568_optional_takes_either(void **state)
{
	for (int secure = 0; secure < 2; secure++) {
		struct peer *p = peer_new();
		const char *invite;

		call(p, OPTIONAL, true, SHORT_CALL);
		invite = peer_sent(p, "INVITE ");
		assert_true(says(invite, "m=audio 20000 RTP/AVP 0 8 96"));
		assert_non_null(strstr(invite, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"));
		assert_non_null(strstr(invite, "a=crypto:2 AEAD_AES_128_GCM inline:"));
		reply(p, invite, "200 OK", "",
			theirs("198.18.8.1", 9000, "RTP/AVP", "0", secure ? "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n" : ""));
		peer_sent(p, "ACK ");
		assert_int_equal((media_of(p)->lines[0].flags & RS_SDP_SECURE) != 0, secure);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc5621_the_description_may_be_a_part_of_several(void **state)
{
	static const char body[] = "preamble\n--xyz\nContent-Type: text/plain\n\nm=audio 1 RTP/AVP 0\n--xyz\nContent-Disposition: session\n"
		"content-type: application/sdp; charset=x\n\nv=0\no=peer 1 1 IN IP4 198.18.8.1\ns=-\nc=IN IP4 198.18.8.1\nt=0 0\n"
		"m=audio 9000 RTP/AVP 0\n--xyz--\n";
	struct peer *p = peer_new();
	char text[4096];
	const char *ok, *tag;
	unsigned lines = 0;

	for (const char *at = body; *at; at++)
		lines += *at == '\n';
	answer(p, PLAIN, true, ANSWERING);
	snprintf(text, sizeof(text),
		"INVITE sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>\nCall-ID: peer-1\nCSeq: 1 INVITE\nContact: <sip:peer@198.18.8.1:5060>\n"
		"Content-Type: multipart/mixed;boundary=\"xyz\"\nContent-Length: %zu\n\n%s", strlen(body) + lines, body);
	peer_say(p, text);
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	tag = tag_of(header(ok, "To"));
	assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
	peer_call(p, "ACK", 1, tag, "");
	peer_call(p, "BYE", 2, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

/* --- re-offers --- */

static void
rfc3264_8_4_we_hold_as_the_scenario_says(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite, *hold, *resume;

		call(p, REQUIRED, rfc,
			INVITE RECV("response=\"200\"", "") SEND("ACK", "") REINVITE(HOLD_SDP) RECV("response=\"200\"", "") SEND("ACK", "")
			REINVITE(SDP_LINES) RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
		peer_sent(p, "ACK ");
		hold = peer_sent(p, "INVITE ");
		length_is_right(hold);
		assert_true(says(hold, "a=sendonly"));
		assert_true(says(hold, "m=audio 20000 RTP/SAVP 0 8 96"));
		/* RFC 4568, 7.1.4: the key in use */
		assert_int_equal(strncmp(strstr(hold, "a=crypto:"), strstr(invite, "a=crypto:"), strlen("a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY)), 0);
		reply(p, hold, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", "a=recvonly\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
		peer_sent(p, "ACK ");
		resume = peer_sent(p, "INVITE ");
		assert_int_equal(media_of(p)->lines[0].direction, RS_SDP_SENDONLY);
		assert_false(says(resume, "a=sendonly"));
		reply(p, resume, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
		peer_sent(p, "ACK ");
		assert_int_equal(media_of(p)->lines[0].direction, RS_SDP_SENDRECV);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
rfc3264_8_4_the_peer_holds_and_the_user_agent_answers(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *tag, *held, *again;

	answer(p, PLAIN, true, ANSWERING);
	request(p, "INVITE", 1, "", "", PLAIN_SDP);
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	tag = tag_of(header(ok, "To"));
	peer_call(p, "ACK", 1, tag, "");
	request(p, "INVITE", 2, tag, "", theirs("198.18.8.1", 9000, "RTP/AVP", "0", "a=sendonly\n"));
	held = peer_sent(p, "SIP/2.0 200 ");
	length_is_right(held);
	assert_true(says(held, "a=recvonly"));
	assert_int_equal(media_of(p)->lines[0].direction, RS_SDP_RECVONLY);
	peer_wait(p, 501);
	again = peer_sent(p, "SIP/2.0 200 ");
	assert_string_equal(held, again);
	peer_call(p, "ACK", 2, tag, "");
	request(p, "UPDATE", 3, tag, "", PLAIN_SDP);
	held = peer_sent(p, "SIP/2.0 200 ");
	assert_false(says(held, "a=recvonly"));
	assert_int_equal(media_of(p)->lines[0].direction, RS_SDP_SENDRECV);
	request(p, "UPDATE", 3, tag, "", PLAIN_SDP); /* its copy */
	assert_string_equal(peer_sent(p, "SIP/2.0 200 "), held);
	peer_call(p, "OPTIONS", 4, tag, "");
	assert_string_equal(body_of(peer_sent(p, "SIP/2.0 200 ")), "");
	peer_call(p, "BYE", 5, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

static void
rfc3261_14_2_a_re_offer_that_cannot_be_taken_gets_488_and_the_call_lives_on(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *tag, *no;

	answer(p, PLAIN, true, ANSWERING);
	request(p, "INVITE", 1, "", "", PLAIN_SDP);
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	tag = tag_of(header(ok, "To"));
	peer_call(p, "ACK", 1, tag, "");
	request(p, "INVITE", 2, tag, "", theirs("198.18.8.1", 9000, "RTP/AVP", "99", "a=rtpmap:99 EVS/16000\n"));
	no = peer_sent(p, "SIP/2.0 488 ");
	peer_call(p, "ACK", 2, tag_of(header(no, "To")), "");
	assert_int_equal(media_of(p)->lines[0].state, RS_SDP_STREAM_ACTIVE);
	peer_call(p, "BYE", 3, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

static void
rfc3311_5_2_offers_that_cross_get_491(void **state)
{
	struct peer *p = peer_new();
	const char *invite;

	call(p, PLAIN, true, CALL);
	invite = peer_sent(p, "INVITE ");
	peer_reply(p, invite, "180 Ringing");
	peer_ask_x(p, invite, "UPDATE", 5, "Content-Type: application/sdp\n", PLAIN_SDP);
	peer_sent(p, "SIP/2.0 491 ");
	assert_int_equal(counted(p, RS_SDP_FAIL_GLARE), 1);
	reply(p, invite, "200 OK", "", PLAIN_SDP);
	peer_sent(p, "ACK ");
	assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
	peer_ask_x(p, invite, "BYE", 6, "", "");
	peer_sent(p, "SIP/2.0 200 ");
	failed(p, RS_CAUSE_BYE);
}

static void
rfc3261_14_1_a_re_invite_that_crosses_goes_again_with_the_offer_it_had(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *hold, *again;

	call(p, PLAIN, true,
		INVITE RECV("response=\"200\"", "") SEND("ACK", "") REINVITE(HOLD_SDP) RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
	invite = peer_sent(p, "INVITE ");
	reply(p, invite, "200 OK", "", PLAIN_SDP);
	peer_sent(p, "ACK ");
	hold = peer_sent(p, "INVITE ");
	peer_reply(p, hold, "491 Request Pending");
	peer_sent(p, "ACK ");
	peer_ask_x(p, invite, "UPDATE", 5, "Content-Type: application/sdp\n", theirs("198.18.8.1", 9300, "RTP/AVP", "0", ""));
	assert_true(says(peer_sent(p, "SIP/2.0 200 "), "m=audio 20000 RTP/AVP 0"));
	assert_int_equal(media_of(p)->lines[0].remote_port, 9300);
	peer_wait(p, 4001);
	again = peer_sent(p, "INVITE ");
	assert_true(says(again, "a=sendonly"));
	reply(p, again, "200 OK", "", theirs("198.18.8.1", 9300, "RTP/AVP", "0", "a=recvonly\n"));
	peer_sent(p, "ACK ");
	peer_wait(p, 1001);
	we_hang_up(p);
}

static void
rfc4028_a_refresh_of_our_own_offers_what_is_agreed(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *refresh;

	p->group = "media = \"m\"; rtp_ports = \"20000-20099\"; ua = { session_expires = \"90s\"; };";
	call(p, REQUIRED, true, CALL);
	invite = peer_sent(p, "INVITE ");
	reply(p, invite, "200 OK", "Session-Expires: 90;refresher=uac\n",
		theirs("198.18.8.1", 9000, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
	peer_sent(p, "ACK ");
	peer_wait(p, 45001);
	refresh = peer_sent(p, "INVITE ");
	length_is_right(refresh);
	assert_true(says(refresh, "m=audio 20000 RTP/SAVP 0 8 96"));
	reply(p, refresh, "200 OK", "Session-Expires: 90;refresher=uac\n",
		theirs("198.18.8.1", 9400, "RTP/SAVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"));
	peer_sent(p, "ACK ");
	assert_int_equal(media_of(p)->lines[0].remote_port, 9400);
	peer_ask_x(p, invite, "BYE", 6, "", "");
	peer_sent(p, "SIP/2.0 200 ");
	failed(p, RS_CAUSE_BYE);
}

/* --- reliable provisionals --- */

static void
rfc3262_5_an_offer_in_a_reliable_18x_is_answered_in_its_prack(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *prack, *again;

	call(p, PLAIN, true, LATE_INVITE RECV("response=\"183\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE);
	invite = peer_sent(p, "INVITE ");
	reply(p, invite, "183 Session Progress", "Require: 100rel\nRSeq: 7\n", PLAIN_SDP);
	prack = peer_sent(p, "PRACK ");
	length_is_right(prack);
	assert_true(says(prack, "m=audio 20000 RTP/AVP 0"));
	assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
	peer_wait(p, 501);
	again = peer_sent(p, "PRACK ");
	assert_string_equal(prack, again);
	peer_reply(p, prack, "200 OK");
	peer_reply(p, invite, "200 OK");
	assert_string_equal(body_of(peer_sent(p, "ACK ")), "");
	peer_wait(p, 1001);
	we_hang_up(p);
}

static void
rfc3262_5_the_answer_in_a_reliable_18x_of_ours_is_the_200s_too(void **state)
{
	struct peer *p = peer_new();
	const char *early, *ok, *tag;

	answer(p, PLAIN, true,
		RECV("request=\"INVITE\"", "") ANSWER_SDP("183 Session Progress", "") PAUSE(100) ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "")
		RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""));
	request(p, "INVITE", 1, "", "", PLAIN_SDP);
	early = peer_sent(p, "SIP/2.0 183 ");
	length_is_right(early);
	assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	assert_string_equal(body_of(early), body_of(ok));
	tag = tag_of(header(ok, "To"));
	peer_call(p, "ACK", 1, tag, "");
	peer_call(p, "BYE", 2, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

static void
rfc3262_5_an_offer_in_a_reliable_18x_of_ours_is_answered_by_the_prack(void **state)
{
	struct peer *p = peer_new();
	const char *early, *ok, *tag;

	answer(p, PLAIN, true,
		RECV("request=\"INVITE\"", "") ANSWER_SDP("183 Session Progress", "") PAUSE(100) ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "")
		RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""));
	peer_call(p, "INVITE", 1, "", "Require: 100rel\n");
	early = peer_sent(p, "SIP/2.0 183 ");
	assert_true(says(early, "m=audio 20000 RTP/AVP 0 8 96"));
	tag = tag_of(header(early, "To"));
	char rack[64];

	snprintf(rack, sizeof(rack), "RAck: %s 1 INVITE\n", header(early, "RSeq"));
	request(p, "PRACK", 2, tag, rack, PLAIN_SDP);
	assert_string_equal(body_of(peer_sent(p, "SIP/2.0 200 ")), "");
	assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	assert_string_equal(body_of(ok), "");
	length_is_right(ok);
	peer_wait(p, 501);
	assert_string_equal(peer_sent(p, "SIP/2.0 200 "), ok);
	peer_call(p, "ACK", 1, tag, "");
	peer_call(p, "BYE", 3, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

/* What a PRACK offers is answered in its 200, and in that to each of its copies (RFC 3262, 5; RFC 3261, 17.2.2). */
static void
rfc3262_5_an_offer_in_a_prack_is_answered_in_each_200_to_it(void **state)
{
	struct peer *p = peer_new();
	const char *early, *ok, *again, *tag;
	char rack[64];

	answer(p, PLAIN, true,
		RECV("request=\"INVITE\"", "") ANSWER_SDP("183 Session Progress", "") PAUSE(100) ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "")
		RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""));
	request(p, "INVITE", 1, "", "Require: 100rel\n", PLAIN_SDP);
	early = peer_sent(p, "SIP/2.0 183 ");
	assert_true(says(early, "m=audio 20000 RTP/AVP 0"));
	tag = tag_of(header(early, "To"));
	snprintf(rack, sizeof(rack), "RAck: %s 1 INVITE\n", header(early, "RSeq"));
	request(p, "PRACK", 2, tag, rack, theirs("198.18.8.1", 9100, "RTP/AVP", "8", ""));
	ok = peer_sent(p, "SIP/2.0 200 ");
	length_is_right(ok);
	assert_true(says(ok, "m=audio 20000 RTP/AVP 8"));
	assert_int_equal(media_of(p)->lines[0].remote_port, 9100);
	request(p, "PRACK", 2, tag, rack, theirs("198.18.8.1", 9100, "RTP/AVP", "8", "")); /* its copy */
	again = peer_sent(p, "SIP/2.0 200 ");
	assert_string_equal(again, ok);
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	peer_call(p, "ACK", 1, tag, "");
	request(p, "PRACK", 2, tag, rack, theirs("198.18.8.1", 9100, "RTP/AVP", "8", "")); /* another one, very late */
	assert_string_equal(peer_sent(p, "SIP/2.0 200 "), again);
	assert_int_equal(media_of(p)->lines[0].remote_port, 9100);
	peer_call(p, "BYE", 3, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

/* Ours is on its way in an UPDATE when the peer's PRACK comes, which has none: both go on. */
static void
rfc3311_5_1_a_prack_without_an_offer_does_not_touch_our_update(void **state)
{
	struct peer *p = peer_new();
	const char *early, *update, *tag;
	char rack[64];

	answer(p, PLAIN, true,
		RECV("request=\"INVITE\"", "") ANSWER_SDP("183 Session Progress", "")
		"<send><![CDATA[\nUPDATE sip:peer@198.18.8.1:5060 SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
		"From: <sip:me@198.18.4.1>;tag=[tag]\nTo: <sip:peer@198.18.8.1>[peer_tag_param]\nCall-ID: peer-1\nCSeq: [cseq] UPDATE\n"
		"Contact: <sip:me@[local_ip]:[local_port]>\n" WITH_SDP "]]></send>\n" RECV("response=\"200\"", "") PAUSE(100)
		"<send><![CDATA[\nSIP/2.0 200 OK\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>;tag=[tag]\nCall-ID: peer-1\nCSeq: 1 INVITE\nContact: <sip:me@[local_ip]:[local_port]>\n" WITH_SDP "]]></send>\n"
		RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", ""));
	request(p, "INVITE", 1, "", "Require: 100rel\n", PLAIN_SDP);
	early = peer_sent(p, "SIP/2.0 183 ");
	tag = tag_of(header(early, "To"));
	update = peer_sent(p, "UPDATE ");
	assert_true(says(update, "m=audio 20000 RTP/AVP 0"));
	snprintf(rack, sizeof(rack), "RAck: %s 1 INVITE\n", header(early, "RSeq"));
	peer_call(p, "PRACK", 2, tag, rack);
	assert_string_equal(body_of(peer_sent(p, "SIP/2.0 200 ")), "");
	reply(p, update, "200 OK", "", theirs("198.18.8.1", 9200, "RTP/AVP", "0", ""));
	assert_int_equal(media_of(p)->lines[0].remote_port, 9200);
	assert_false(media_of(p)->sdp.pending);
	peer_wait(p, 101);
	assert_true(says(peer_sent(p, "SIP/2.0 200 "), "m=audio 20000 RTP/AVP 0"));
	peer_call(p, "ACK", 1, tag, "");
	peer_call(p, "BYE", 3, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

static void
rfc3261_14_2_a_re_offer_that_the_scenario_refuses_changes_nothing(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *tag;

		answer(p, PLAIN, rfc,
			RECV("request=\"INVITE\"", "") ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "") RECV("request=\"INVITE\"", "")
			ANSWER("486 Busy Here", "") RECV("request=\"ACK\"", "") RECV("request=\"BYE\"", "") ANSWER("200 OK", ""));
		request(p, "INVITE", 1, "", "", PLAIN_SDP);
		tag = tag_of(header(peer_sent(p, "SIP/2.0 200 "), "To"));
		peer_call(p, "ACK", 1, tag, "");
		request(p, "INVITE", 2, tag, "", theirs("198.18.8.1", 9500, "RTP/AVP", "8", "a=sendonly\n"));
		peer_sent(p, "SIP/2.0 486 ");
		peer_call(p, "ACK", 2, tag, "");
		assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
		assert_int_equal(media_of(p)->lines[0].direction, RS_SDP_SENDRECV);
		assert_int_equal(media_of(p)->exchanges[0].before.class, 0);
		peer_call(p, "BYE", 3, tag, "");
		peer_sent(p, "SIP/2.0 200 ");
		completed(p);
	}
}

/* --- the rest --- */

static void
descriptions_of_legs_without_a_profile_are_the_scenarios(void **state)
{
	struct peer *p = peer_new();
	const char *invite;

	p->group = NULL;
	call(p, PLAIN, true, SHORT_CALL);
	invite = peer_sent(p, "INVITE ");
	assert_string_equal(body_of(invite), OUR_SDP);
	peer_reply(p, invite, "200 OK");
	peer_sent(p, "ACK ");
	peer_wait(p, 1001);
	we_hang_up(p);
}

/* As SIPp: its own text, with the call's own port; the peer's c= and first m=audio say where to. */
static void
media_steps_without_a_profile_go_where_the_peers_description_says(void **state)
{
	static const char answer_lines[] = "v=0\no=peer 1 1 IN IP4 198.18.8.1\ns=-\nc=IN IP4 198.18.8.3\nt=0 0\nm=image 0 udptl t38\n"
		"m=audio 9000 RTP/AVP 18 8 101\na=rtpmap:101 telephone-event/8000\n";

	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const struct media *m;
		const char *invite;

		p->group = "rtp_ports = \"30000-30001\";";
		call(p, PLAIN, rfc,
			INVITE RECV("response=\"200\"", "") SEND("ACK", "") "<nop><action><exec play_dtmf=\"1\"/><exec rtp_stream=\"pause\"/></action></nop>"
			PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		assert_true(says(invite, "m=audio 30000 RTP/AVP 0"));
		assert_true(says(invite, "o=us 7 1 IN IP4 198.18.4.1"));
		reply(p, invite, "200 OK", "", answer_lines);
		peer_sent(p, "ACK ");
		m = media_of(p);
		assert_true(p->s.plan->media[m->profile].implied);
		assert_int_equal(m->lines[0].state, RS_SDP_STREAM_ACTIVE);
		assert_int_equal(m->lines[0].remote_port, 9000);
		assert_int_equal(m->lines[0].remote.b[3], 3);
		assert_int_equal(m->lines[0].use[RS_SDP_ROLE_CODEC].codec, 1);
		assert_int_equal(m->lines[0].use[RS_SDP_ROLE_CODEC].send, 8);
		assert_int_equal(m->lines[0].use[RS_SDP_ROLE_EVENT].send, 101);
		assert_int_equal(m->lines[1].state, RS_SDP_STREAM_REFUSED);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
digits_of_a_step_may_say_how_long_each_one_is(void **state)
{
	static const struct {
		const char *text;
		uint64_t sent;
	} cases[] = { { "159#", 4 }, { "159#,100", 4 }, { " 12 , 100", 2 }, { "1,49", 1 }, { "1,2001", 1 }, { "1,99999999999999999999", 1 },
		{ "1,", 1 }, { ",100", 0 }, { "1x", 0 },
		{ "12,100,in-band", 2 }, { "1,,events", 1 }, { "12,100, both ", 2 }, { "1,100,loud", 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *p = peer_new();
		char steps[4000];

		snprintf(steps, sizeof(steps),
			INVITE RECV("response=\"200\"", "") SEND("ACK", "") "<nop><action><exec play_dtmf=\"%s\"/></action></nop>" PAUSE(1500) BYE,
			cases[i].text);
		p->group = "rtp_ports = \"30000-30001\";";
		call(p, PLAIN, false, steps);
		reply(p, peer_sent(p, "INVITE "), "200 OK", "", theirs("198.18.8.3", 9000, "RTP/AVP", "0 101", "a=rtpmap:101 telephone-event/8000\n"));
		peer_sent(p, "ACK ");
		peer_wait(p, 1501);
		assert_int_equal(rs_metric_get(&p->s.engines[0]->activities[0].account->media, RS_MEDIA_DIGITS_SENT), cases[i].sent);
		we_hang_up(p);
	}
}

/* Digits in INFO are the scenario's; no description is put into it, nor looked for in theirs. */
static void
digits_in_info_go_and_come_as_they_are_written(void **state)
{
	static const char relay[] = "Signal=5\r\nDuration=160\r\n";

	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *invite, *info;

		call(p, PLAIN, rfc,
			INVITE RECV("response=\"200\"", "") SEND("ACK", "")
			"<send><![CDATA[\nINFO sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
			"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] INFO\n"
			"Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=5\nDuration=160\n]]></send>\n" RECV("response=\"200\"", "")
			"<recv request=\"INFO\"><action><ereg regexp=\"Signal=([0-9])\" search_in=\"body\" check_it=\"true\" assign_to=\"all,digit\"/>"
			"<log message=\"[$all] [$digit]\"/></action></recv>" ANSWER("200 OK", "") PAUSE(1000) BYE);
		invite = peer_sent(p, "INVITE ");
		reply(p, invite, "200 OK", "", theirs("198.18.8.1", 9000, "RTP/AVP", "0", ""));
		peer_sent(p, "ACK ");
		info = peer_sent(p, "INFO ");
		assert_string_equal(body_of(info), relay);
		assert_string_equal(header(info, "Content-Type"), "application/dtmf-relay");
		length_is_right(info);
		peer_reply(p, info, "200 OK");
		peer_ask_x(p, invite, "INFO", 2, "Content-Type: application/dtmf-relay\n", "Signal=7\nDuration=100\n");
		peer_sent(p, "SIP/2.0 200 ");
		assert_int_equal(media_of(p)->lines[0].state, RS_SDP_STREAM_ACTIVE);
		peer_wait(p, 1001);
		we_hang_up(p);
	}
}

static void
media_steps_send_nothing_outside_the_targets(void **state)
{
	struct peer *p = peer_new();

	p->group = NULL;
	call(p, PLAIN, false, INVITE RECV("response=\"200\"", "") SEND("ACK", "") "<nop><action><exec play_dtmf=\"1\"/></action></nop>" PAUSE(1000) BYE);
	reply(p, peer_sent(p, "INVITE "), "200 OK", "", theirs("192.0.2.1", 9000, "RTP/AVP", "0", ""));
	peer_sent(p, "ACK ");
	assert_int_equal(media_of(p)->lines[0].state, RS_SDP_STREAM_REFUSED);
	assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_NOT_TARGET), 1);
	peer_wait(p, 1001);
	we_hang_up(p);
}

static void
ipv6_media_stand_without_brackets(void **state)
{
	struct peer *p = peer_new();
	const char *invite, *plan =
		"targets = [ \"2001:2::/64\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"2001:2::2/64\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"2001:2::3/64\" ]; } );\n" PLAIN
		"endpoints = ( { name = \"us\"; port = \"a\"; addresses = \"2001:2::4:1\"; media = \"m\"; } );\n"
		"activities = ( { name = \"x\"; scenario = \"uac\"; do = \"call\"; from = \"us\"; to = \"sip:bob@[2001:2::8:1]:5060\"; rate = 1; total = 1; } );\n";

	p->s.on_wire = peer_takes;
	p->s.ctx = p;
	p->start_ns = 1000 * RS_NS_PER_S;
	sim_open(&p->s, plan);
	sim_play(&p->s, MS / 2);
	invite = peer_sent(p, "INVITE ");
	length_is_right(invite);
	assert_true(says(invite, "c=IN IP6 2001:2::4:1"));
	assert_true(says(invite, "m=audio 16384 RTP/AVP 0 8 96"));
	rs_engine_silence(p->s.engines[0]);
	sim_close(&p->s);
	free(p);
}

/* Two ends of ours, in every pair of modes and settings that can agree: what one sends with, the other receives with. */
static void
both_ends_of_ours_agree(void **state)
{
	static const char *const srtp[] = { "required", "optional" }, *const modes[] = { "sipp", "rfc3261" };

	for (unsigned i = 0; i < 8; i++) {
		char plan[4096];
		struct sim s = { 0 };
		const struct media *m[2] = { NULL, NULL };
		unsigned n = 0;

		snprintf(plan, sizeof(plan),
			"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
			"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
			"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
			"media = ( { name = \"m\"; codecs = [ \"PCMA\", \"PCMU\", \"telephone-event\" ]; srtp = \"%s\"; suites = [ \"AEAD_AES_128_GCM\", "
			"\"AES_CM_128_HMAC_SHA1_80\" ]; mki = \"1:4\"; lifetime = 1048576; rtcp_mux = true; }, { name = \"o\"; codecs = [ \"PCMU\", "
			"\"telephone-event\" ]; srtp = \"optional\"; suites = \"AES_CM_128_HMAC_SHA1_80\"; } );\n"
			"endpoints = ( { name = \"us\"; port = \"a\"; count = 10; addresses = \"198.18.4.1-198.18.4.4\"; media = \"m\"; },\n"
			"  { name = \"them\"; port = \"b\"; count = 10; addresses = \"198.18.8.1-198.18.8.4\"; media = \"%s\"; } );\n"
			"activities = ( { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; rate = 10; total = 5; hold = \"10s\"; },\n"
			"  { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; } );\nrun = { mode = \"%s\"; };\n",
			srtp[i & 1], i & 2 ? "m" : "o", modes[i >> 2]);
		sim_open(&s, plan);
		sim_play(&s, 5 * S);
		struct rs_engine *e = s.engines[0];

		for (uint32_t slot = 0; slot < e->media.fresh; slot++) {
			const struct media *one = rs_pool_at(&e->media, slot);

			if (!rs_pool_is_taken(&e->media, slot))
				continue;
			n++;
			for (uint32_t other = 0; other < slot; other++) {
				const struct media *two = rs_pool_at(&e->media, other);
				const struct leg *leg = leg_at(e, two->leg);

				if (one->lines[0].remote_port != two->ports[0] || !rs_addr_eq(&one->lines[0].remote, &leg->path.local))
					continue;
				m[0] = one;
				m[1] = two;
				assert_true(one->lines[0].flags & RS_SDP_SECURE);
				assert_int_equal(one->lines[0].tx.suite, i & 2 ? RS_SDP_AEAD_AES_128_GCM : RS_SDP_AES_CM_128_HMAC_SHA1_80);
				assert_int_equal(one->lines[0].tx.suite, two->lines[0].rx.suite);
				assert_memory_equal(one->lines[0].tx.key, two->lines[0].rx.key, rs_sdp_suite_bytes(one->lines[0].tx.suite));
				assert_memory_equal(one->lines[0].rx.key, two->lines[0].tx.key, rs_sdp_suite_bytes(one->lines[0].tx.suite));
				assert_memory_not_equal(one->lines[0].tx.key, one->lines[0].rx.key, 30);
				assert_int_equal((one->lines[0].flags & RS_SDP_MUX) != 0, (i & 2) != 0);
			}
		}
		assert_int_equal(n, 10);
		assert_non_null(m[0]);
		sim_play(&s, 80 * S);
		assert_int_equal(sim_count(&s, 0, RS_AM_COMPLETED), 5);
		assert_int_equal(sim_count(&s, 1, RS_AM_COMPLETED), 5);
		assert_int_equal(e->media.used, 0);
		sim_sums_hold(&s);
		sim_close(&s);
	}
}

static void
rfc8439_2_3_2_the_block_of_the_example(void **state)
{
	static const uint8_t nonce[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0 }, wanted[16] = { 0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59,
		0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4 };
	uint8_t key[32], out[RS_CHACHA_BLOCK];

	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	rs_chacha_block(key, 1, nonce, out);
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void
keys_follow_from_secret_and_seed(void **state)
{
	uint8_t a[2 * RS_SDP_KEY_MAX], b[2 * RS_SDP_KEY_MAX];

	sdp_keys(1, 2, 2, a);
	sdp_keys(1, 2, 2, b);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, a + RS_SDP_KEY_MAX, RS_SDP_KEY_MAX);
	sdp_keys(1, 3, 2, b);
	assert_memory_not_equal(a, b, RS_SDP_KEY_MAX);
	sdp_keys(2, 2, 2, b);
	assert_memory_not_equal(a, b, RS_SDP_KEY_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3264_5_the_offer_is_the_profiles_and_the_answer_is_taken),
		cmocka_unit_test(rfc3264_4_an_invite_that_goes_again_has_the_same_bytes),
		cmocka_unit_test(rfc3264_6_an_answer_that_cannot_be_accepted_ends_the_call),
		cmocka_unit_test(rfc3264_6_a_2xx_without_an_answer_ends_the_call),
		cmocka_unit_test(rfc8866_a_description_that_cannot_be_read_is_counted_by_kind),
		cmocka_unit_test(media_outside_the_targets_is_refused),
		cmocka_unit_test(rfc3960_early_media_is_agreed_with_the_18x),
		cmocka_unit_test(rfc3261_9_a_cancelled_call_ends_without_media),
		cmocka_unit_test(rfc3261_13_2_1_a_late_offer_is_answered_in_the_ack),
		cmocka_unit_test(rfc3261_13_3_1_we_offer_in_the_200_when_the_invite_does_not),
		cmocka_unit_test(rfc3261_13_2_1_an_ack_without_the_answer_ends_the_call),
		cmocka_unit_test(rfc3264_6_the_answer_is_said_in_the_200_and_again_with_the_same_bytes),
		cmocka_unit_test(rfc4568_5_1_what_cannot_be_agreed_gets_488),
		cmocka_unit_test(rfc4568_optional_takes_either),
		cmocka_unit_test(rfc5621_the_description_may_be_a_part_of_several),
		cmocka_unit_test(rfc3264_8_4_we_hold_as_the_scenario_says),
		cmocka_unit_test(rfc3264_8_4_the_peer_holds_and_the_user_agent_answers),
		cmocka_unit_test(rfc3261_14_2_a_re_offer_that_cannot_be_taken_gets_488_and_the_call_lives_on),
		cmocka_unit_test(rfc3311_5_2_offers_that_cross_get_491),
		cmocka_unit_test(rfc3261_14_1_a_re_invite_that_crosses_goes_again_with_the_offer_it_had),
		cmocka_unit_test(rfc4028_a_refresh_of_our_own_offers_what_is_agreed),
		cmocka_unit_test(rfc3262_5_an_offer_in_a_reliable_18x_is_answered_in_its_prack),
		cmocka_unit_test(rfc3262_5_the_answer_in_a_reliable_18x_of_ours_is_the_200s_too),
		cmocka_unit_test(rfc3262_5_an_offer_in_a_reliable_18x_of_ours_is_answered_by_the_prack),
		cmocka_unit_test(rfc3262_5_an_offer_in_a_prack_is_answered_in_each_200_to_it),
		cmocka_unit_test(rfc3311_5_1_a_prack_without_an_offer_does_not_touch_our_update),
		cmocka_unit_test(rfc3261_14_2_a_re_offer_that_the_scenario_refuses_changes_nothing),
		cmocka_unit_test(descriptions_of_legs_without_a_profile_are_the_scenarios),
		cmocka_unit_test(media_steps_without_a_profile_go_where_the_peers_description_says),
		cmocka_unit_test(digits_of_a_step_may_say_how_long_each_one_is),
		cmocka_unit_test(digits_in_info_go_and_come_as_they_are_written),
		cmocka_unit_test(media_steps_send_nothing_outside_the_targets),
		cmocka_unit_test(ipv6_media_stand_without_brackets),
		cmocka_unit_test(both_ends_of_ours_agree),
		cmocka_unit_test(rfc8439_2_3_2_the_block_of_the_example),
		cmocka_unit_test(keys_follow_from_secret_and_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
