/* SPDX-License-Identifier: BSD-3-Clause */
/* Offer and answer without SRTP: RFC 3264 with its examples (10) and those of RFC 4317. */
#include "sdp_session.h"

static void
rfc3264_10_1_basic_exchange(void **state)
{
	struct side bob = side_new("PCMU", "H261 MPV");
	struct rs_sdp_stream *st = bob.streams;
	const char *answer;

	(void)state;
	/* Bob has one video stream; the first one offered is H261, which he does not have. */
	bob.profiles[1].n_codecs = 1;
	bob.profiles[1].codecs[0] = bob.profiles[1].codecs[1];
	bob.media[0].port = 49920;
	bob.media[1].port = 53000;
	answer = answer_to(&bob,
		"v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\n"
		"c=IN IP4 host.anywhere.com\r\nt=0 0\r\n"
		"m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
		"m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
		"m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n");
	assert_has(answer, "m=audio 49920 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n");
	assert_has(answer, "m=video 0 RTP/AVP 31\r\nm=video 53000 RTP/AVP 32\r\n");
	assert_int_equal(bob.result.n_active, 2);
	assert_int_equal(st[0].remote_port, 49170);
	assert_int_equal(st[0].remote.family, 0); /* a host's name */
	assert_int_equal(st[1].state, RS_SDP_STREAM_REFUSED);
	assert_int_equal(
		st[1].why, RS_SDP_FAIL_MEDIA); /* the answer again: his stream has its line */
	assert_int_equal(st[2].use[RS_SDP_ROLE_CODEC].send, 32);
	assert_true(bob.session.version == 1);
	/* Bob changes the port of his audio stream and adds one that only receives events: the version goes up, places stay. */
	bob.media[0].port = 65422;
	bob.profiles[2] = profile("audio", "telephone-event PCMU");
	bob.profiles[2].codecs[0].payload = 110;
	assert_int_equal(rs_sdp_profile_complete(&bob.profiles[2]), 0);
	bob.media[2] = (struct rs_sdp_local_media){
		.profile = &bob.profiles[2], .port = 51434, .direction = RS_SDP_RECVONLY
	};
	bob.local.n_media = 3;
	answer = offer_of(&bob);
	assert_has(answer, "o=- 77 2 IN IP4 192.0.2.7\r\n");
	assert_has(answer, "m=audio 65422 RTP/AVP 0\r\n");
	assert_has(answer, "m=video 0 RTP/AVP 31\r\nm=video 53000 RTP/AVP 32\r\n");
	assert_has(answer, "m=audio 51434 RTP/AVP 0 110\r\n");
	assert_has(answer, "a=rtpmap:110 telephone-event/8000\r\n");
	accept_text(&bob,
		"v=0\r\no=alice 2890844526 2890844527 IN IP4 host.anywhere.com\r\ns=\r\n"
		"c=IN IP4 host.anywhere.com\r\nt=0 0\r\n"
		"m=audio 49170 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\nm=video 53000 RTP/AVP 32\r\n"
		"m=audio 53122 RTP/AVP 0 110\r\na=rtpmap:110 telephone-event/8000\r\na=sendonly\r\n");
	assert_int_equal(bob.result.n_active, 3);
	assert_int_equal(bob.result.odd, 0);
	assert_int_equal(st[3].direction, RS_SDP_RECVONLY);
	assert_int_equal(st[3].use[RS_SDP_ROLE_EVENT].recv, 110);
	assert_int_equal(st[3].remote_port, 53122);
}

static void
rfc3264_10_2_one_of_n_codecs(void **state)
{
	struct side alice = side_new("PCMU G723 G729", NULL),
		    bob = side_new("G729 G723 PCMU", NULL);

	(void)state;
	assert_has(offer_of(&alice), "m=audio 6000 RTP/AVP 0 4 18\r\n");
	/* The offerer's order decides. */
	assert_has(
		answer_to(&bob, alice.text), "m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n");
	/* An answer with all of them leaves all of them to be received; the first is sent. */
	accept_text(&alice, ANSWER "m=audio 54344 RTP/AVP 4 0 18\r\n");
	assert_int_equal(alice.streams[0].use[RS_SDP_ROLE_CODEC].send, 4);
	assert_int_equal(alice.streams[0].recv_codecs, 7);
	assert_int_equal(
		alice.streams[0].ptime_ms, 30); /* G723 has frames of 30 ms, and 20 is none */
}

static void
rfc4317_2_audio_and_video(void **state)
{
	static const char offer[] =
		"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		"m=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:97 iLBC/8000\r\n"
		"m=video 51372 RTP/AVP 31 32\r\na=rtpmap:31 H261/90000\r\na=rtpmap:32 MPV/90000\r\n";
	struct side bob = side_new("PCMU", "MPV"), carol = side_new("iLBC PCMA", NULL);
	struct side dave = side_new("opus", NULL);

	(void)state;
	assert_has(answer_to(&bob, offer), "m=audio 6000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 6002 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n");
	/* 2.2: one stream is refused. */
	assert_has(answer_to(&carol, offer), "m=audio 6000 RTP/AVP 8\r\n");
	assert_has(carol.text, "m=video 0 RTP/AVP 31\r\n");
	assert_int_equal(carol.streams[1].why, RS_SDP_FAIL_MEDIA);
	/* No codec at all: 488, and nothing has changed. */
	assert_int_equal(try_answer(&dave, offer), -ENOTSUP);
	assert_int_equal(dave.result.why, RS_SDP_FAIL_NO_CODEC);
	assert_int_equal(dave.result.line, 0);
	assert_int_equal(dave.session.n_agreed, 0);
	assert_false(dave.session.sent);
}

static void
rfc4317_2_5_telephone_event_numbers_are_the_offerers(void **state)
{
	struct side bob = side_new("PCMU telephone-event", NULL);

	(void)state;
	assert_int_equal(bob.profiles[0].codecs[1].payload, 96);
	assert_has(answer_to(&bob,
			   OFFER "m=audio 49170 RTP/AVP 0 97 98\r\na=rtpmap:97 iLBC/8000\r\n"
				 "a=rtpmap:98 telephone-event/8000\r\na=fmtp:98 0-15\r\n"),
		"m=audio 6000 RTP/AVP 0 98\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:98 telephone-event/8000\r\n"
		"a=fmtp:98 0-15\r\n");
	/* Our own re-offer keeps the numbers and says the same, so its version stays. */
	assert_has(offer_of(&bob), "m=audio 6000 RTP/AVP 0 98\r\n");
	assert_true(bob.session.version == 1);
	/* All codecs again: 98 is taken, 96 is free. */
	bob.local.all_codecs = true;
	bob.profiles[0] = profile("audio", "PCMU telephone-event opus");
	bob.profiles[0].codecs[2].payload = 98;
	assert_int_equal(rs_sdp_profile_complete(&bob.profiles[0]), 0);
	assert_has(offer_of(&bob),
		"m=audio 6000 RTP/AVP 0 127 98 97\r\na=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:127 opus/48000/2\r\n");
	assert_true(bob.session.version == 2);
}

static void
rfc4733_2_events_have_the_codecs_clock(void **state)
{
	static const char offer[] =
		OFFER "m=audio 49170 RTP/AVP 111 0 101 110\r\na=rtpmap:111 opus/48000/2\r\n"
		      "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:110 telephone-event/48000\r\n";
	struct side wide = side_new("opus PCMU telephone-event", NULL);
	struct side narrow = side_new("PCMU telephone-event", NULL);

	(void)state;
	assert_has(offer_of(&wide), "m=audio 6000 RTP/AVP 96 0 97 98\r\n");
	assert_has(wide.text, "a=rtpmap:97 telephone-event/8000\r\n");
	assert_has(wide.text, "a=rtpmap:98 telephone-event/48000\r\n");
	rs_sdp_withdraw(&wide.session);
	assert_has(answer_to(&wide, offer), "m=audio 6000 RTP/AVP 111 110\r\n");
	assert_has(answer_to(&narrow, offer), "m=audio 6000 RTP/AVP 0 101\r\n");
	/* None with that clock: none at all. */
	narrow = side_new("PCMU telephone-event", NULL);
	assert_has(answer_to(&narrow,
			   OFFER
			   "m=audio 49170 RTP/AVP 0 110\r\na=rtpmap:110 telephone-event/48000\r\n"),
		"m=audio 6000 RTP/AVP 0\r\n");
	assert_int_equal(narrow.streams[0].use[RS_SDP_ROLE_EVENT].codec, RS_SDP_NO_PAYLOAD);
}

static void
rfc3264_6_1_directions_are_reversed_and_combined(void **state)
{
	static const char *const words[] = { "inactive", "sendonly", "recvonly", "sendrecv" };

	(void)state;
	for (unsigned wish = 0; wish < 4; wish++) {
		for (unsigned theirs = 0; theirs < 4; theirs++) {
			struct side bob = side_new("PCMU", NULL), alice = side_new("PCMU", NULL);
			unsigned ours = rs_sdp_reverse(theirs) & wish;
			char text[512], line[32];

			bob.media[0].direction = (uint8_t)wish;
			alice.media[0].direction = (uint8_t)theirs;
			snprintf(line, sizeof(line), "a=%s\r\n", words[theirs]);
			assert_has(offer_of(&alice), line);
			snprintf(text, sizeof(text), "%s", alice.text);
			snprintf(line, sizeof(line), "a=%s\r\n", words[ours]);
			assert_has(answer_to(&bob, text), line);
			assert_int_equal(bob.streams[0].direction, ours);
			assert_int_equal((bob.streams[0].flags & RS_SDP_HELD) != 0,
				(theirs & RS_SDP_RECVONLY) == 0);
			accept_text(&alice, bob.text);
			assert_int_equal(alice.streams[0].direction, rs_sdp_reverse(ours));
			assert_int_equal(alice.result.odd, 0);
		}
	}
}

static void
rfc4317_3_hold_and_resume(void **state)
{
	struct side alice = side_new("PCMU telephone-event", NULL),
		    bob = side_new("PCMU telephone-event", NULL);

	(void)state;
	exchange(&alice, &bob);
	assert_int_equal(alice.streams[0].direction, RS_SDP_SENDRECV);
	alice.media[0].direction = RS_SDP_SENDONLY;
	exchange(&alice, &bob);
	assert_has(alice.text, "a=sendonly\r\n");
	assert_has(bob.text, "a=recvonly\r\n");
	assert_true(alice.session.version == 2 && bob.session.version == 2);
	assert_int_equal(bob.streams[0].direction, RS_SDP_RECVONLY);
	assert_true((bob.streams[0].flags & RS_SDP_HELD) != 0);
	assert_int_equal(bob.result.odd, 0);
	/* Both hold; then bob offers (RFC 3264, 8.4), and both resume. */
	bob.media[0].direction = RS_SDP_SENDONLY;
	exchange(&bob, &alice);
	assert_int_equal(bob.streams[0].direction, RS_SDP_INACTIVE);
	alice.media[0].direction = bob.media[0].direction = RS_SDP_SENDRECV;
	exchange(&bob, &alice);
	assert_int_equal(bob.streams[0].direction, RS_SDP_SENDRECV);
	assert_int_equal(alice.streams[0].direction, RS_SDP_SENDRECV);
	/* A refresh that changes nothing keeps the version. */
	{
		uint64_t version = alice.session.version;

		exchange(&alice, &bob);
		assert_true(alice.session.version == version);
	}
}

/* The side's answer to @offer, worded for @direction only when it is due. */
static const char *
answer_late(struct side *s, const char *offer, enum rs_sdp_direction direction)
{
	int n;

	assert_true(try_answer(s, offer) > 0);
	s->media[0].direction = direction;
	n = rs_sdp_redirect(&s->session, &s->local, (uint8_t *)s->text, 4095);
	assert_true(n > 0);
	s->text[n] = '\0';
	return s->text;
}

static void
rfc3264_6_1_an_answer_is_directed_when_it_is_due(void **state)
{
	static const struct {
		const char *theirs;
		enum rs_sdp_direction ours, agreed;
		const char *said;
	} cases[] = {
		{ "", RS_SDP_SENDONLY, RS_SDP_SENDONLY, "a=sendonly\r\n" },
		{ "", RS_SDP_RECVONLY, RS_SDP_RECVONLY, "a=recvonly\r\n" },
		{ "", RS_SDP_INACTIVE, RS_SDP_INACTIVE, "a=inactive\r\n" },
		{ "a=sendonly\r\n", RS_SDP_SENDRECV, RS_SDP_RECVONLY, "a=recvonly\r\n" },
		{ "a=sendonly\r\n", RS_SDP_SENDONLY, RS_SDP_INACTIVE, "a=inactive\r\n" },
		{ "a=recvonly\r\n", RS_SDP_SENDRECV, RS_SDP_SENDONLY, "a=sendonly\r\n" },
		{ "a=inactive\r\n", RS_SDP_SENDRECV, RS_SDP_INACTIVE, "a=inactive\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct side bob = side_new("PCMU PCMA telephone-event", NULL);
		char offer[512];

		snprintf(offer, sizeof(offer), OFFER "m=audio 5000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n%sm=image 1 udptl t38\r\n",
			cases[i].theirs);
		answer_late(&bob, offer, cases[i].ours);
		assert_has(bob.text, cases[i].said);
		assert_has(bob.text, "m=audio 6000 RTP/AVP 8 96\r\n");
		assert_has(bob.text, "m=image 0 udptl t38\r\n");
		assert_int_equal(bob.streams[0].direction, cases[i].agreed);
		assert_has(bob.text, "o=- 77 1 IN"); /* nothing else has been said */
		/* The next one differs from what was said, by one. */
		snprintf(offer, sizeof(offer), OFFER2 "m=audio 5000 RTP/AVP 0\r\nm=image 0 udptl t38\r\n");
		answer_late(&bob, offer, cases[i].ours);
		assert_has(bob.text, "o=- 77 2 IN");
		answer_late(&bob, offer, cases[i].ours);
		assert_has(bob.text, "o=- 77 2 IN");
	}
}

static void
rfc3264_8_4_hold_by_an_address_of_zeros(void **state)
{
	struct side bob = side_new("PCMU", NULL), alice = side_new("PCMU", NULL);

	(void)state;
	answer_to(&bob,
		"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n");
	assert_has(bob.text, "a=recvonly\r\n");
	assert_int_equal(bob.streams[0].direction, RS_SDP_RECVONLY);
	assert_true((bob.streams[0].flags & RS_SDP_HELD) != 0);
	alice.local.hold_zero = true;
	assert_has(offer_of(&alice), "o=- 77 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n");
}

static void
rfc3264_8_places_stay(void **state)
{
	struct side bob = side_new("PCMU", "MPV");

	(void)state;
	answer_to(&bob,
		OFFER "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
		      "m=audio 5000 RTP/AVP 0\r\na=mid:a\r\n");
	assert_has(bob.text,
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\nm=audio 6000 RTP/AVP 0\r\n");
	assert_has(bob.text, "a=mid:a\r\n");
	/* Our own re-offer has them in their places, and our video behind them. */
	assert_has(offer_of(&bob),
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\nm=audio 6000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 6002 RTP/AVP 32\r\n");
	assert_int_equal(
		try_accept(&bob, ANSWER "m=application 0 x y\r\nm=audio 5000 RTP/AVP 0\r\n"),
		-ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_LINE_COUNT);
	assert_int_equal(bob.session.n_streams, 2); /* as before the offer */
	assert_int_equal(bob.streams[1].state, RS_SDP_STREAM_ACTIVE);
	/* A re-offer with fewer. */
	assert_int_equal(try_answer(&bob, OFFER "m=audio 5000 RTP/AVP 0\r\n"), -ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_LINE_COUNT);
	/* Another type in the place of one that is in use (8.3.4), the other one in a place that was refused. */
	answer_to(&bob, OFFER2 "m=audio 5000 RTP/AVP 0\r\nm=video 5002 RTP/AVP 32\r\n");
	assert_has(bob.text, "m=audio 6000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 6002 RTP/AVP 32\r\n");
	assert_int_equal(bob.result.n_active, 2);
	/* Both in each other's places. */
	answer_to(&bob, OFFER2 "m=video 5002 RTP/AVP 32\r\nm=audio 5000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 6002 RTP/AVP 32\r\n");
	assert_has(bob.text, "m=audio 6000 RTP/AVP 0\r\n");
	assert_int_equal(bob.streams[0].local, 1);
	assert_int_equal(bob.streams[1].local, 0);
	answer_to(&bob, OFFER2 "m=application 0 x y\r\nm=audio 5000 RTP/AVP 0\r\n");
	/* A refused place may be used for something else (8.1). */
	answer_to(&bob, OFFER2 "m=video 5002 RTP/AVP 32\r\nm=audio 5000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 6002 RTP/AVP 32\r\n");
	assert_int_equal(bob.result.n_active, 2);
	/* The peer removes a stream (8.2), and our next offer leaves it removed. */
	answer_to(&bob, OFFER2 "m=video 0 RTP/AVP 32\r\nm=audio 5000 RTP/AVP 0\r\n");
	assert_has(bob.text, "m=video 0 RTP/AVP 32\r\nm=audio 6000 RTP/AVP 0\r\n");
	assert_has(offer_of(&bob), "m=video 0 RTP/AVP 32\r\nm=audio 6000 RTP/AVP 0\r\n");
}

static void
rfc3264_8_2_a_stream_is_turned_off_and_on(void **state)
{
	struct side alice = side_new("PCMU", "MPV"), bob = side_new("PCMU", "MPV");

	(void)state;
	exchange(&alice, &bob);
	assert_int_equal(alice.result.n_active, 2);
	alice.media[1].off = true;
	exchange(&alice, &bob);
	assert_has(alice.text, "m=video 0 RTP/AVP 32\r\n");
	assert_int_equal(alice.streams[1].why, RS_SDP_FAIL_OFF);
	assert_int_equal(bob.streams[1].why, RS_SDP_FAIL_PEER);
	alice.media[1].off = false;
	exchange(&alice, &bob);
	assert_int_equal(alice.session.n_streams, 2);
	assert_int_equal(bob.streams[1].state, RS_SDP_STREAM_ACTIVE);
	assert_int_equal(alice.result.n_active, 2);
}

static void
rfc3264_7_answers_that_are_none(void **state)
{
	static const struct {
		const char *text;
		uint8_t why;
	} bad[] = {
		{ ANSWER, RS_SDP_FAIL_LINE_COUNT },
		{ ANSWER "m=audio 1 RTP/AVP 0\r\nm=audio 3 RTP/AVP 0\r\n", RS_SDP_FAIL_LINE_COUNT },
		{ ANSWER "m=video 5000 RTP/AVP 0\r\n", RS_SDP_FAIL_LINE_TYPE },
		{ ANSWER "m=audio 5000 RTP/SAVP 0\r\n", RS_SDP_FAIL_LINE_PROTO },
		{ ANSWER "m=audio 5000 RTP/AVP 18\r\n", RS_SDP_FAIL_PAYLOAD },
		{ ANSWER "m=audio 5000 RTP/AVP 96\r\na=rtpmap:96 telephone-event/8000\r\n",
			RS_SDP_FAIL_NO_CODEC },
		{ ANSWER "m=audio 0 RTP/AVP 0\r\n", RS_SDP_FAIL_ALL_REFUSED },
	};
	struct side alice = side_new("PCMU PCMA telephone-event", NULL);

	(void)state;
	assert_int_equal(try_accept(&alice, bad[6].text), -ENOTSUP);
	assert_int_equal(alice.result.why, RS_SDP_FAIL_NO_OFFER);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		offer_of(&alice);
		assert_int_equal(try_accept(&alice, bad[i].text), -ENOTSUP);
		if (alice.result.why != bad[i].why)
			fail_msg("%s: %s", bad[i].text, rs_sdp_fail_name(alice.result.why));
		assert_false(alice.session.pending);
	}
	/* Lived with, and told. */
	alice.media[0].direction = RS_SDP_SENDONLY;
	offer_of(&alice);
	accept_text(&alice, ANSWER "m=audio 5000 RTP/AVPF 18 8 96\r\na=ptime:200\r\n");
	assert_int_equal(alice.result.odd,
		RS_SDP_PEER_PAYLOAD | RS_SDP_PEER_PROTO | RS_SDP_PEER_DIRECTION |
			RS_SDP_PEER_PTIME);
	assert_int_equal(alice.streams[0].direction, RS_SDP_SENDONLY);
	assert_int_equal(alice.streams[0].use[RS_SDP_ROLE_CODEC].send, 8);
	assert_int_equal(alice.streams[0].use[RS_SDP_ROLE_EVENT].send,
		96); /* without an rtpmap: by its number */
	/* Ours is open: theirs is glare, and withdrawing ours ends that. */
	offer_of(&alice);
	assert_int_equal(try_answer(&alice, OFFER "m=audio 5000 RTP/AVP 0\r\n"), -ENOTSUP);
	assert_int_equal(alice.result.why, RS_SDP_FAIL_GLARE);
	rs_sdp_withdraw(&alice.session);
	answer_to(&alice, OFFER "m=audio 5000 RTP/AVP 0\r\n");
	for (int i = 0; i < RS_SDP_FAILS; i++)
		assert_non_null(rs_sdp_fail_name((enum rs_sdp_fail)i));
}

static void
rfc3264_6_1_an_answer_may_number_a_codec_otherwise(void **state)
{
	struct side alice = side_new("opus PCMU", NULL);

	(void)state;
	offer_of(&alice);
	accept_text(&alice, ANSWER "m=audio 5000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
	assert_int_equal(alice.streams[0].use[RS_SDP_ROLE_CODEC].send, 111);
	assert_int_equal(alice.streams[0].use[RS_SDP_ROLE_CODEC].recv, 96);
}

static void
rfc4867_8_octet_alignment_makes_two_codecs(void **state)
{
	struct side bob = side_new("AMR", NULL);

	(void)state;
	assert_int_equal(
		try_answer(&bob,
			OFFER
			"m=audio 5000 RTP/AVP 97\r\na=rtpmap:97 AMR/8000\r\na=fmtp:97 mode-set=7\r\n"),
		-ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_NO_CODEC);
	answer_to(&bob,
		OFFER
		"m=audio 5000 RTP/AVP 97 98\r\na=rtpmap:97 AMR/8000\r\na=rtpmap:98 AMR/8000\r\n"
		"a=fmtp:98 mode-set=7; octet-align=1\r\na=ptime:50\r\n");
	assert_int_equal(bob.streams[0].use[RS_SDP_ROLE_CODEC].send, 98);
	assert_int_equal(bob.streams[0].ptime_ms, 40); /* whole frames */
	assert_has(bob.text, "a=ptime:40\r\n");
}

static void
ptime_is_what_the_receiver_asks_for(void **state)
{
	static const struct {
		const char *lines;
		uint16_t ms;
	} cases[] = { { "", 30 }, { "a=ptime:10\r\n", 10 }, { "a=ptime:60\r\n", 60 },
		{ "a=maxptime:20\r\n", 20 }, { "a=ptime:70\r\n", 30 }, { "a=ptime:9\r\n", 30 },
		{ "a=maxptime:5\r\n", 10 }, { "a=ptime:25\r\n", 20 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct side alice = side_new("PCMU", NULL), bob = side_new("PCMU", NULL);
		char text[512];

		alice.profiles[0].ptime_ms = bob.profiles[0].ptime_ms = 30;
		snprintf(text, sizeof(text), OFFER "m=audio 5000 RTP/AVP 0\r\n%s", cases[i].lines);
		answer_to(&bob, text);
		assert_int_equal(bob.streams[0].ptime_ms, cases[i].ms);
		assert_has(offer_of(&alice), "a=ptime:30\r\n");
		accept_text(&alice, text);
		assert_int_equal(alice.streams[0].ptime_ms, cases[i].ms);
	}
}

static void
rfc5761_5_mux_and_rfc3605_rtcp(void **state)
{
	struct side alice = side_new("PCMU", NULL), bob = side_new("PCMU", NULL);
	const struct rs_sdp_stream *st = alice.streams;

	(void)state;
	alice.profiles[0].rtcp_mux = alice.profiles[0].rtcp_rsize = alice.profiles[0].avpf = true;
	alice.media[0].rtcp_port = 7777;
	assert_has(offer_of(&alice),
		"m=audio 6000 RTP/AVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=rtcp:7777\r\na=rtcp-mux\r\na=rtcp-rsize\r\n");
	accept_text(&alice, ANSWER "m=audio 5000 RTP/AVPF 0\r\na=rtcp-mux\r\na=rtcp-rsize\r\n");
	assert_int_equal(st->flags, RS_SDP_MUX | RS_SDP_RSIZE);
	assert_int_equal(st->remote_rtcp_port, 5000);
	assert_int_equal(rs_sdp_local_rtcp(st, &alice.media[0]), 6000);
	/* The 200 after the 18x, from another fork: the same function. */
	accept_text(&alice, ANSWER "m=audio 5000 RTP/AVPF 0\r\na=rtcp:9000 IN IP4 192.0.2.200\r\n");
	assert_int_equal(st->flags, 0);
	assert_int_equal(st->remote_rtcp_port, 9000);
	assert_addr(&st->remote_rtcp, "192.0.2.200");
	assert_addr(&st->remote, "192.0.2.99");
	assert_int_equal(rs_sdp_local_rtcp(st, &alice.media[0]), 7777);
	/* Offered with a port to fall back to, and we do not multiplex. */
	answer_to(&bob, OFFER "m=audio 5000 RTP/AVP 0\r\na=rtcp:5011\r\na=rtcp-mux\r\n");
	assert_int_equal(bob.streams[0].remote_rtcp_port, 5011);
	assert_int_equal(bob.streams[0].flags, 0);
	assert_null(strstr(bob.text, "rtcp-mux"));
	bob = side_new("PCMU", NULL);
	bob.profiles[0].rtcp_mux = true;
	assert_has(answer_to(&bob, OFFER "m=audio 5000 RTP/AVP 0\r\na=rtcp-mux\r\n"),
		"a=rtcp-mux\r\n");
	assert_int_equal(bob.streams[0].remote_rtcp_port, 5000);
}

static void
rfc3264_5_ipv6_and_no_media(void **state)
{
	struct side alice = side_new("PCMU", NULL), bob = side_new("PCMU", NULL);

	(void)state;
	alice.local.address = addr("2001:db8::7");
	alice.local.cname = rs_slice_str("c");
	alice.media[0].ssrc = 5;
	alice.media[0].has_ssrc = true;
	exchange(&alice, &bob);
	assert_has(alice.text, "c=IN IP6 2001:db8::7\r\n");
	assert_has(alice.text, "a=ssrc:5 cname:c\r\n");
	assert_addr(&bob.streams[0].remote, "2001:db8::7");
	bob = side_new("PCMU", NULL);
	answer_to(&bob, OFFER);
	assert_int_equal(bob.result.n_active, 0);
	assert_null(strstr(bob.text, "m="));
	/* What was not there may come later. */
	answer_to(&bob, OFFER2 "m=audio 5000 RTP/AVP 0\r\n");
	assert_int_equal(bob.result.n_active, 1);
	assert_true(bob.session.version == 2);
}

static void
rfc3264_8_the_peers_version_is_watched(void **state)
{
	struct side bob = side_new("PCMU", NULL);
	static const struct {
		const char *text;
		uint16_t odd;
	} steps[] = {
		{ "o=a 1 5 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 0\r\n", 0 },
		{ "o=a 1 5 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 0\r\n", 0 },
		{ "o=a 1 6 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5002 RTP/AVP 0\r\n", 0 },
		{ "o=a 1 6 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\n",
			RS_SDP_PEER_VERSION_STUCK },
		{ "o=a 1 9 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\n",
			RS_SDP_PEER_VERSION_JUMP },
		{ "o=a 1 8 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\n",
			RS_SDP_PEER_VERSION_JUMP },
		{ "o=b 1 9 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\n",
			RS_SDP_PEER_ORIGIN },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		snprintf(text, sizeof(text), "v=0\r\n%s", steps[i].text);
		answer_to(&bob, text);
		assert_int_equal(bob.result.odd, steps[i].odd);
		assert_true(bob.session.version == 1); /* our answer is the same each time */
	}
}

static void
rfc3389_4_noise_and_rfc4585_3_feedback_profile(void **state)
{
	struct side bob = side_new("PCMU opus CN telephone-event", NULL);
	const struct rs_sdp_use *use = bob.streams[0].use;

	(void)state;
	/* The answer has the offer's transport, whatever the profile would offer (RFC 3264, 6). */
	answer_to(&bob,
		OFFER "m=audio 5000 RTP/AVPF 101 13 0\r\na=rtpmap:101 telephone-event/8000\r\n");
	assert_has(bob.text, "m=audio 6000 RTP/AVPF 0 13 101\r\n");
	assert_int_equal(use[RS_SDP_ROLE_NOISE].send, 13);
	assert_int_equal(use[RS_SDP_ROLE_EVENT].send, 101);
	/* Noise of 8 kHz is none for opus. */
	answer_to(&bob, OFFER2 "m=audio 5000 RTP/AVPF 96 13 0\r\na=rtpmap:96 opus/48000/2\r\n");
	assert_has(bob.text, "m=audio 6000 RTP/AVPF 96\r\n");
	assert_int_equal(use[RS_SDP_ROLE_NOISE].codec, RS_SDP_NO_PAYLOAD);
}

static void
what_cannot_be_written_changes_nothing(void **state)
{
	struct side alice = side_new("PCMU", "MPV"), bob = side_new("PCMU", NULL);
	struct rs_sdp_result result;
	uint8_t out[1024];
	int n;

	(void)state;
	n = (int)strlen(offer_of(&alice));
	rs_sdp_withdraw(&alice.session);
	for (int cap = 0; cap < n; cap += 11)
		assert_int_equal(
			rs_sdp_offer(&alice.session, &alice.local, out, (size_t)cap), -ENOSPC);
	assert_false(alice.session.pending);
	assert_int_equal(rs_sdp_offer(&alice.session, &alice.local, out, (size_t)n), n);
	assert_true(alice.session.version == 1);
	rs_sdp_session_init(&alice.session, 1, alice.streams, 1);
	assert_int_equal(rs_sdp_offer(&alice.session, &alice.local, out, sizeof(out)), -E2BIG);
	alice.local.n_media = 1;
	alice.media[0].port = 0;
	assert_int_equal(rs_sdp_offer(&alice.session, &alice.local, out, sizeof(out)), -EINVAL);
	assert_parses(OFFER "m=audio 5000 RTP/AVP 0\r\n", &parsed);
	assert_int_equal(
		rs_sdp_answer(&bob.session, &bob.local, &parsed, out, 40, &result), -ENOSPC);
	assert_int_equal(bob.session.n_agreed, 0);
	rs_sdp_session_init(&bob.session, 1, bob.streams, 1);
	assert_int_equal(
		try_answer(&bob, OFFER "m=audio 5000 RTP/AVP 0\r\nm=audio 5000 RTP/AVP 0\r\n"),
		-ENOTSUP);
	assert_int_equal(bob.result.why, RS_SDP_FAIL_TOO_LARGE);
}

static void
profiles_are_checked(void **state)
{
	struct rs_sdp_profile p = profile("audio", "opus AMR-WB PCMU telephone-event");

	(void)state;
	assert_int_equal(rs_sdp_profile_complete(&p), 0);
	assert_int_equal(p.n_codecs, 6); /* events for 8000, 48000 and 16000 */
	assert_int_equal(p.codecs[4].clock_hz, 48000);
	assert_int_equal(p.codecs[5].clock_hz, 16000);
	assert_int_equal(p.codecs[5].payload, 100);
	p.codecs[0].payload = 0;
	assert_int_equal(rs_sdp_profile_complete(&p), -EINVAL);
	p = profile("audio", "telephone-event");
	assert_int_equal(rs_sdp_profile_complete(&p), -EINVAL);
	p = profile("audio", "PCMU");
	p.ptime_ms = 70;
	assert_int_equal(rs_sdp_profile_complete(&p), -EINVAL);
	p.ptime_ms = 0;
	p.srtp = RS_SDP_SRTP_OPTIONAL;
	assert_int_equal(rs_sdp_profile_complete(&p), -EINVAL);
	p.srtp = RS_SDP_SRTP_FORBIDDEN;
	assert_int_equal(rs_sdp_profile_complete(&p), 0);
	assert_int_equal(rs_sdp_codec_find(rs_slice_str("nothing"), &p.codecs[0]), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3264_10_1_basic_exchange),
		cmocka_unit_test(rfc3264_10_2_one_of_n_codecs),
		cmocka_unit_test(rfc4317_2_audio_and_video),
		cmocka_unit_test(rfc4317_2_5_telephone_event_numbers_are_the_offerers),
		cmocka_unit_test(rfc4733_2_events_have_the_codecs_clock),
		cmocka_unit_test(rfc3264_6_1_directions_are_reversed_and_combined),
		cmocka_unit_test(rfc4317_3_hold_and_resume),
		cmocka_unit_test(rfc3264_6_1_an_answer_is_directed_when_it_is_due),
		cmocka_unit_test(rfc3264_8_4_hold_by_an_address_of_zeros),
		cmocka_unit_test(rfc3264_8_places_stay),
		cmocka_unit_test(rfc3264_8_2_a_stream_is_turned_off_and_on),
		cmocka_unit_test(rfc3264_7_answers_that_are_none),
		cmocka_unit_test(rfc3264_6_1_an_answer_may_number_a_codec_otherwise),
		cmocka_unit_test(rfc4867_8_octet_alignment_makes_two_codecs),
		cmocka_unit_test(ptime_is_what_the_receiver_asks_for),
		cmocka_unit_test(rfc5761_5_mux_and_rfc3605_rtcp),
		cmocka_unit_test(rfc3264_5_ipv6_and_no_media),
		cmocka_unit_test(rfc3264_8_the_peers_version_is_watched),
		cmocka_unit_test(rfc3389_4_noise_and_rfc4585_3_feedback_profile),
		cmocka_unit_test(what_cannot_be_written_changes_nothing),
		cmocka_unit_test(profiles_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
