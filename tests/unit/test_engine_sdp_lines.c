/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptions with more m-lines than we have streams: RFC 3264, 6 and 8, in calls. */
#include "engine_sdp.h"

#include "engine/stream.h"

#define DATA  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:d\n"
#define VIDEO "m=video 9002 RTP/AVP 96\na=rtpmap:96 VP8/90000\n"
#define FAX   "m=image 9004 udptl t38\n"
#define SOUND "m=audio 9000 RTP/AVP 0\n"
#define MORE  "m=audio 9006 RTP/AVP 0\n"

#define NO_DATA	 "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
#define NO_VIDEO "m=video 0 RTP/AVP 96"
#define NO_FAX	 "m=image 0 udptl t38"
#define NO_MORE	 "m=audio 0 RTP/AVP 0"

static const char *
lines(const char *text)
{
	static char out[4][4096];
	static unsigned next;
	char *at = out[next++ % 4];

	snprintf(at, sizeof(out[0]), "v=0\no=peer 1 %u IN IP4 198.18.8.1\ns=-\nc=IN IP4 198.18.8.1\nt=0 0\n%s", next, text);
	return at;
}

/* The m-lines of @message are these, in this order. */
static void
has_lines(const char *message, const char *const *wanted, unsigned n)
{
	char body[4096], *rest = body, *line;
	unsigned found = 0;

	snprintf(body, sizeof(body), "%s", body_of(message));
	while ((line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = 0;
		if (strncmp(line, "m=", 2) != 0)
			continue;
		assert_true(found < n);
		assert_string_equal(line, wanted[found++]);
	}
	assert_int_equal(found, n);
}
#define HAS_LINES(message, ...) has_lines(message, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* The peer calls with @offer, and is answered. @return ";tag=..." of ours; *@ok: the 200 */
static const char *
called(struct peer *p, bool rfc, const char *scenario, const char *offer, const char **ok)
{
	const char *tag;

	answer(p, PLAIN, rfc, scenario);
	request(p, "INVITE", 1, "", "", offer);
	*ok = peer_sent(p, "SIP/2.0 200 ");
	length_is_right(*ok);
	tag = tag_of(header(*ok, "To"));
	peer_call(p, "ACK", 1, tag, "");
	return tag;
}
#define AT_ONCE RECV("request=\"INVITE\"", "") ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "")
#define THEIR_BYE RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", "")

static void
they_hang_up(struct peer *p, const char *tag, unsigned cseq)
{
	peer_call(p, "BYE", cseq, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	assert_int_equal(p->s.engines[0]->streams->ports.used, 0);
	completed(p);
}

static void
rfc3264_6_what_we_do_not_take_is_refused_in_its_place(void **state)
{
	for (int rfc = 0; rfc < 2; rfc++) {
		struct peer *p = peer_new();
		const char *ok, *tag = called(p, rfc, AT_ONCE THEIR_BYE, lines(DATA VIDEO FAX SOUND MORE), &ok);

		HAS_LINES(ok, NO_DATA, NO_VIDEO, NO_FAX, "m=audio 20000 RTP/AVP 0", NO_MORE);
		assert_true(says(ok, "a=mid:d"));
		peer_wait(p, 101);
		assert_in_range(rtp_since(p, 0), 5, 6); /* and it runs, wherever its line is */
		assert_int_equal(p->rtp[0].to.local_port, 9000);
		peer_rtp_plain(p, 20000, 9000, 0, 1);
		assert_int_equal(media_count(p, RS_MEDIA_RECEIVED), 1);
		they_hang_up(p, tag, 2);
	}
}

static void
rfc3264_8_our_own_re_offer_keeps_all_places(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *hold, *tag = called(p, true, AT_ONCE REINVITE(HOLD_SDP) RECV("response=\"200\"", "") SEND("ACK", "") THEIR_BYE,
		lines(DATA VIDEO FAX SOUND MORE), &ok);

	hold = peer_sent(p, "INVITE ");
	HAS_LINES(hold, NO_DATA, NO_VIDEO, NO_FAX, "m=audio 20000 RTP/AVP 0", NO_MORE);
	assert_true(says(hold, "a=sendonly"));
	reply(p, hold, "200 OK", "",
		lines("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\nm=video 0 RTP/AVP 96\nm=image 0 udptl t38\nm=audio 9000 RTP/AVP 0\n"
		      "a=recvonly\nm=audio 0 RTP/AVP 0\n"));
	peer_sent(p, "ACK ");
	assert_int_equal(media_of(p)->sdp.streams[3].direction, RS_SDP_SENDONLY);
	they_hang_up(p, tag, 2);
}

/* The ports and the SSRC of a stream that goes on, wherever its line has moved. */
static void
rfc3264_8_the_peer_adds_moves_and_removes_lines(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *tag = called(p, true, AT_ONCE THEIR_BYE, lines(SOUND), &ok);
	const struct peer_rtp *r;
	uint32_t ssrc, slot;
	uint64_t at;

	HAS_LINES(ok, "m=audio 20000 RTP/AVP 0");
	slot = media_of(p)->streams[0];
	peer_wait(p, 50);
	memcpy(&ssrc, p->rtp[0].data + 8, 4);
	/* three more behind it (8.1) */
	request(p, "INVITE", 2, tag, "", lines(SOUND VIDEO FAX DATA));
	ok = peer_sent(p, "SIP/2.0 200 ");
	peer_call(p, "ACK", 2, tag, "");
	HAS_LINES(ok, "m=audio 20000 RTP/AVP 0", NO_VIDEO, NO_FAX, NO_DATA);
	assert_int_equal(media_of(p)->streams[0], slot);
	/* the sound takes the place of the video, which takes its (8.3.4); by UPDATE */
	request(p, "UPDATE", 3, tag, "", lines(VIDEO "m=audio 9100 RTP/AVP 0\n" FAX DATA));
	ok = peer_sent(p, "SIP/2.0 200 ");
	HAS_LINES(ok, NO_VIDEO, "m=audio 20000 RTP/AVP 0", NO_FAX, NO_DATA);
	assert_int_equal(media_of(p)->streams[0], slot);
	at = mark(p);
	peer_wait(p, 50);
	r = next_rtp(p, &at);
	assert_non_null(r);
	assert_int_equal(r->to.local_port, 9100);
	assert_memory_equal(r->data + 8, &ssrc, 4);
	/* removed (8.2), and nothing is sent any more; the call lives on */
	request(p, "INVITE", 4, tag, "", lines(VIDEO "m=audio 0 RTP/AVP 0\nm=image 0 udptl t38\nm=application 0 x y\n"));
	ok = peer_sent(p, "SIP/2.0 488 "); /* of what is left we have nothing */
	peer_call(p, "ACK", 4, tag_of(header(ok, "To")), "");
	assert_int_equal(media_of(p)->streams[0], slot);
	request(p, "INVITE", 5, tag, "", lines("m=video 0 RTP/AVP 96\nm=audio 0 RTP/AVP 0\nm=image 0 udptl t38\nm=application 0 x y\n"));
	ok = peer_sent(p, "SIP/2.0 200 ");
	HAS_LINES(ok, NO_VIDEO, NO_MORE, NO_FAX, "m=application 0 x y");
	peer_call(p, "ACK", 5, tag, "");
	assert_int_equal(media_of(p)->streams[0], NO_MEDIA);
	at = mark(p);
	peer_wait(p, 200);
	assert_int_equal(rtp_since(p, at), 0);
	/* and again */
	request(p, "INVITE", 6, tag, "", lines("m=video 0 RTP/AVP 96\nm=audio 9200 RTP/AVP 0\nm=image 0 udptl t38\nm=application 0 x y\n"));
	ok = peer_sent(p, "SIP/2.0 200 ");
	HAS_LINES(ok, NO_VIDEO, "m=audio 20000 RTP/AVP 0", NO_FAX, "m=application 0 x y");
	peer_call(p, "ACK", 6, tag, "");
	at = mark(p);
	peer_wait(p, 50);
	r = next_rtp(p, &at);
	assert_non_null(r);
	assert_int_equal(r->to.local_port, 9200);
	they_hang_up(p, tag, 7);
}

static void
rfc3264_8_fewer_lines_are_no_re_offer(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *tag = called(p, true, AT_ONCE THEIR_BYE, lines(DATA VIDEO SOUND), &ok);

	request(p, "INVITE", 2, tag, "", lines(DATA SOUND));
	peer_call(p, "ACK", 2, tag_of(header(peer_sent(p, "SIP/2.0 488 "), "To")), "");
	assert_int_equal(counted(p, RS_SDP_FAIL_LINE_COUNT), 1);
	assert_int_equal(media_of(p)->sdp.streams[2].state, RS_SDP_STREAM_ACTIVE);
	they_hang_up(p, tag, 3);
}

static void
a_scenario_that_refuses_more_lines_keeps_what_there_was(void **state)
{
	struct peer *p = peer_new();
	const char *ok, *tag = called(p, true, AT_ONCE RECV("request=\"INVITE\"", "") ANSWER("486 Busy Here", "") RECV("request=\"ACK\"", "") THEIR_BYE,
		lines(SOUND), &ok);

	request(p, "INVITE", 2, tag, "", lines("m=audio 9100 RTP/AVP 8\n" VIDEO FAX DATA));
	peer_sent(p, "SIP/2.0 486 ");
	peer_call(p, "ACK", 2, tag, "");
	assert_int_equal(media_of(p)->sdp.n_agreed, 1);
	assert_int_equal(media_of(p)->sdp.streams[0].remote_port, 9000);
	assert_int_equal(media_of(p)->sdp.streams[0].local, 0);
	they_hang_up(p, tag, 3);
}

/* As many as a description is read with, and one more. */
static void
sixteen_lines_are_taken_and_seventeen_refused(void **state)
{
	struct peer *p;
	const char *ok, *tag, *wanted[RS_SDP_MAX_MEDIA];
	char text[2048] = "";

	for (unsigned i = 0; i < RS_SDP_MAX_MEDIA - 1; i++) {
		strcat(text, FAX);
		wanted[i] = NO_FAX;
	}
	wanted[RS_SDP_MAX_MEDIA - 1] = "m=audio 20000 RTP/AVP 0";
	strcat(text, SOUND);
	p = peer_new();
	tag = called(p, true, AT_ONCE THEIR_BYE, lines(text), &ok);
	has_lines(ok, wanted, RS_SDP_MAX_MEDIA);
	request(p, "INVITE", 2, tag, "", lines(strcat(text, FAX)));
	peer_call(p, "ACK", 2, tag_of(header(peer_sent(p, "SIP/2.0 488 "), "To")), "");
	assert_int_equal(sim_engine(&p->s, RS_ENG_SDP_BROKEN + RS_SDP_ERR_TOO_MANY_MEDIA), 1);
	they_hang_up(p, tag, 3);

	p = peer_new();
	answer(p, PLAIN, true, AT_ONCE THEIR_BYE);
	request(p, "INVITE", 1, "", "", lines(text));
	peer_call(p, "ACK", 1, tag_of(header(peer_sent(p, "SIP/2.0 488 "), "To")), "");
	failed(p, RS_CAUSE_MEDIA);
}

/* It is another line, so that it has another key; the stream is the same one. */
static void
rfc4568_a_line_that_moves_has_a_new_key(void **state)
{
#define CRYPTO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\n"
	struct peer *p = peer_new();
	const char *ok, *again, *tag;
	char key[128];

	answer(p, REQUIRED, true, AT_ONCE THEIR_BYE);
	request(p, "INVITE", 1, "", "", lines(FAX VIDEO "m=audio 9000 RTP/SAVP 0\n" CRYPTO));
	ok = peer_sent(p, "SIP/2.0 200 ");
	tag = tag_of(header(ok, "To"));
	HAS_LINES(ok, NO_FAX, NO_VIDEO, "m=audio 20000 RTP/SAVP 0");
	peer_call(p, "ACK", 1, tag, "");
	snprintf(key, sizeof(key), "%.*s", (int)strcspn(strstr(ok, "inline:"), "\r|"), strstr(ok, "inline:"));
	request(p, "INVITE", 2, tag, "", lines("m=audio 9000 RTP/SAVP 0\n" CRYPTO FAX "m=audio 0 RTP/SAVP 0\n"));
	again = peer_sent(p, "SIP/2.0 200 ");
	peer_call(p, "ACK", 2, tag, "");
	HAS_LINES(again, "m=audio 20000 RTP/SAVP 0", NO_FAX, "m=audio 0 RTP/SAVP 0");
	assert_null(strstr(again, key));
	assert_int_equal(media_count(p, RS_MEDIA_NO_KEYS), 0);
	assert_int_equal(media_count(p, RS_MEDIA_STARTED), 1);
	they_hang_up(p, tag, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3264_6_what_we_do_not_take_is_refused_in_its_place),
		cmocka_unit_test(rfc3264_8_our_own_re_offer_keeps_all_places),
		cmocka_unit_test(rfc3264_8_the_peer_adds_moves_and_removes_lines),
		cmocka_unit_test(rfc3264_8_fewer_lines_are_no_re_offer),
		cmocka_unit_test(a_scenario_that_refuses_more_lines_keeps_what_there_was),
		cmocka_unit_test(sixteen_lines_are_taken_and_seventeen_refused),
		cmocka_unit_test(rfc4568_a_line_that_moves_has_a_new_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
