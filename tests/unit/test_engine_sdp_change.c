/* SPDX-License-Identifier: BSD-3-Clause */
/* What re-INVITE and UPDATE change in mid-call (RFC 3264, 8.3): codec, payload type, packet length, address, port, RTCP, keys. */
#include "engine_sdp.h"

#include "engine/stream.h"

#define THEIR_BYE RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", "")
#define AT_ONCE	  RECV("request=\"INVITE\"", "") ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "") THEIR_BYE
#define CRYPTO(tag, suite, key) "a=crypto:" tag " " suite " " key "\n"
#define CM80 "AES_CM_128_HMAC_SHA1_80"

static uint32_t
word(const struct peer_rtp *r, unsigned at)
{
	return (uint32_t)r->data[at] << 24 | (uint32_t)r->data[at + 1] << 16 | (uint32_t)r->data[at + 2] << 8 | r->data[at + 3];
}

/* A call of the peer's. @return ";tag=..." of ours */
static const char *
called(struct peer *p, const char *profile, const char *offer)
{
	const char *tag;

	answer(p, profile, true, AT_ONCE);
	request(p, "INVITE", 1, "", "", offer);
	tag = tag_of(header(peer_sent(p, "SIP/2.0 200 "), "To"));
	peer_call(p, "ACK", 1, tag, "");
	return tag;
}

/* By re-INVITE (an even @i) or UPDATE. @return our answer */
static const char *
change(struct peer *p, unsigned i, unsigned cseq, const char *tag, const char *offer)
{
	const char *ok;

	request(p, i & 1 ? "UPDATE" : "INVITE", cseq, tag, "", offer);
	ok = peer_sent(p, "SIP/2.0 200 ");
	length_is_right(ok);
	if (!(i & 1))
		peer_call(p, "ACK", cseq, tag, "");
	return ok;
}

static void
they_hang_up(struct peer *p, const char *tag, unsigned cseq)
{
	peer_call(p, "BYE", cseq, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	completed(p);
}

/* Since packet @at all that was sent is one stream: one SSRC, no number left out, timestamps by the clock. */
static void
is_one_stream(const struct peer *p, uint64_t at, unsigned least)
{
	const struct peer_rtp *last = next_rtp(p, &at), *r;
	unsigned n = 1;

	assert_non_null(last);
	while ((r = next_rtp(p, &at)) != NULL) {
		int64_t ticks = (int64_t)(r->at_ns - last->at_ns) * 8 / 1000000, said = (int32_t)(word(r, 4) - word(last, 4));

		assert_int_equal(word(r, 8), word(last, 8));
		assert_int_equal((uint16_t)(word(r, 0) - word(last, 0)), 1);
		if (said < ticks - 9 || said > ticks + 9) /* the turn's grid */
			fail_msg("%d ticks later, %d by the clock", (int)said, (int)ticks);
		last = r;
		n++;
	}
	assert_true(n >= least);
}

static void
rfc3264_8_3_2_the_codec_and_its_payload_type_change(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag = called(p, PLAIN, theirs("198.18.8.1", 9000, "RTP/AVP", "0", "")), *ok;
		const struct peer_rtp *r;
		uint64_t at, all;

		peer_wait(p, 95);
		all = 0;
		assert_int_equal(next_rtp(p, &all)->data[1] & 0x7f, 0);
		ok = change(p, i, 2, tag, theirs("198.18.8.1", 9000, "RTP/AVP", "8", ""));
		assert_true(says(ok, "m=audio 20000 RTP/AVP 8"));
		at = mark(p);
		peer_wait(p, 95);
		while ((r = next_rtp(p, &at)) != NULL)
			assert_int_equal(r->data[1] & 0x7f, 8);
		/* the same codec under a number of the peer's, and events under another */
		ok = change(p, i, 3, tag,
			theirs("198.18.8.1", 9000, "RTP/AVP", "101 100", "a=rtpmap:101 PCMU/8000\na=rtpmap:100 telephone-event/8000\n"));
		assert_true(says(ok, "m=audio 20000 RTP/AVP 101 100"));
		assert_int_equal(media_of(p)->lines[0].use[RS_SDP_ROLE_EVENT].send, 100);
		at = mark(p);
		peer_wait(p, 95);
		while ((r = next_rtp(p, &at)) != NULL)
			assert_int_equal(r->data[1] & 0x7f, 101);
		is_one_stream(p, 0, 12);
		peer_rtp_plain(p, 20000, 9000, 101, 1);
		assert_int_equal(media_count(p, RS_MEDIA_RECEIVED), 1);
		assert_int_equal(media_count(p, RS_MEDIA_PT_UNKNOWN), 0);
		assert_int_equal(media_count(p, RS_MEDIA_STARTED), 1);
		they_hang_up(p, tag, 4);
	}
}

static void
rfc3264_8_3_2_the_packet_length_changes(void **state)
{
	static const struct {
		const char *lines;
		unsigned ms;
	} steps[] = { { "a=ptime:40\n", 40 }, { "a=ptime:10\n", 10 }, { "a=ptime:30\n", 30 }, { "a=maxptime:10\n", 10 }, { "", 20 },
		{ "a=ptime:25\n", 20 } /* whole frames */ };

	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag = called(p, PLAIN, PLAIN_SDP);
		unsigned n = sizeof(steps) / sizeof(steps[0]);

		peer_wait(p, 95);
		for (unsigned k = 0; k < n; k++) {
			const struct peer_rtp *r;
			uint64_t at;

			change(p, i, 2 + k, tag, theirs("198.18.8.1", 9000, "RTP/AVP", "0", steps[k].lines));
			at = mark(p);
			peer_wait(p, 241);
			assert_in_range(rtp_since(p, at), 240 / steps[k].ms - 1, 240 / steps[k].ms + 1);
			while ((r = next_rtp(p, &at)) != NULL)
				assert_int_equal(r->len, 12 + 8 * steps[k].ms);
		}
		is_one_stream(p, 0, 60);
		assert_int_equal(media_count(p, RS_MEDIA_STARTED), 1);
		they_hang_up(p, tag, 2 + n);
	}
}

/* RFC 3264, 8.3.1: what comes from the old place may still do so; what is sent goes to the new one at once. */
static void
rfc3264_8_3_1_address_and_port_change(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag = called(p, PLAIN, PLAIN_SDP);
		const struct peer_rtp *r;
		uint64_t at;

		peer_wait(p, 95);
		peer_rtp_plain(p, 20000, 9000, 0, 1);
		change(p, i, 2, tag, theirs("198.18.8.7", 9100, "RTP/AVP", "0", ""));
		at = mark(p);
		peer_wait(p, 95);
		while ((r = next_rtp(p, &at)) != NULL) {
			assert_int_equal(r->to.local.b[3], 7);
			assert_int_equal(r->to.local_port, 9100);
		}
		assert_int_equal(media_count(p, RS_MEDIA_WRONG_SOURCE), 0);
		peer_rtp_plain(p, 20000, 9000, 0, 2);
		assert_int_equal(media_count(p, RS_MEDIA_RECEIVED), 2);
		assert_int_equal(media_count(p, RS_MEDIA_WRONG_SOURCE), 1);
		is_one_stream(p, 0, 8);
		/* out of the plan's targets: refused, and the stream goes where it went */
		request(p, i ? "UPDATE" : "INVITE", 3, tag, "", theirs("192.0.2.1", 9200, "RTP/AVP", "0", ""));
		peer_sent(p, "SIP/2.0 488 ");
		at = mark(p);
		peer_wait(p, 50);
		assert_non_null(r = next_rtp(p, &at));
		assert_int_equal(r->to.local_port, 9100);
		if (!i)
			peer_call(p, "ACK", 3, tag, "");
		they_hang_up(p, tag, 4);
	}
}

/* RTCP packets since number @at, and where they went. */
static unsigned
rtcp_since(const struct peer *p, uint64_t at, uint16_t port, uint8_t host)
{
	unsigned n = 0;

	for (; at < p->media; at++) {
		const struct peer_rtp *r = &p->rtp[at % PEER_RTP];

		if (rs_rtp_demux(r->data, r->len) != RS_RTP_IS_RTCP)
			continue;
		assert_int_equal(r->to.local_port, port);
		assert_int_equal(r->to.local.b[3], host);
		n++;
	}
	return n;
}

static void
rfc3605_rtcp_goes_where_a_rtcp_says(void **state)
{
	static const struct {
		const char *lines;
		uint16_t port;
		uint8_t host;
	} steps[] = { { "", 9001, 1 }, { "a=rtcp:9555\n", 9555, 1 }, { "a=rtcp:9666 IN IP4 198.18.8.9\n", 9666, 9 }, { "a=rtcp-mux\n", 9000, 1 },
		{ "a=rtcp:9777\na=rtcp-mux\n", 9000, 1 } };

	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag = called(p, PROFILE("rtcp_mux = true;"), PLAIN_SDP), *ok;
		unsigned n = sizeof(steps) / sizeof(steps[0]);

		for (unsigned k = 0; k < n; k++) {
			uint64_t at;

			ok = change(p, i, 2 + k, tag, theirs("198.18.8.1", 9000, "RTP/AVP", "0", steps[k].lines));
			assert_int_equal(says(ok, "a=rtcp-mux"), strstr(steps[k].lines, "mux") != NULL);
			at = mark(p);
			for (unsigned ms = 0; ms < 10000 && p->media - at < PEER_RTP - 10 && rtcp_since(p, at, steps[k].port, steps[k].host) == 0;
				ms += 500) {
				at = mark(p);
				peer_wait(p, 500);
			}
			assert_true(rtcp_since(p, at, steps[k].port, steps[k].host) > 0);
		}
		they_hang_up(p, tag, 2 + n);
	}
}

/* RFC 4568, 7.1.4: our key stays while the suite does; the peer's new one is used at once. */
static void
rfc4568_7_1_4_keys_over_re_offers(void **state)
{
#define KEY2 "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
#define GCM_KEY "inline:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYg=="
	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag = called(p, REQUIRED, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", CM80, KEY))), *ok;
		uint8_t tx[RS_SDP_KEY_MAX], rx[RS_SDP_KEY_MAX];
		const struct rs_sdp_stream *st = &media_of(p)->lines[0];

		memcpy(tx, st->tx.key, sizeof(tx));
		memcpy(rx, st->rx.key, sizeof(rx));
		peer_wait(p, 95);
		/* the same again, under another tag */
		ok = change(p, i, 2, tag, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("5", CM80, KEY)));
		assert_non_null(strstr(ok, "a=crypto:5 " CM80 " inline:"));
		assert_memory_equal(st->tx.key, tx, sizeof(tx));
		/* the peer's is another one */
		ok = change(p, i, 3, tag, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", CM80, KEY2)));
		assert_memory_equal(st->tx.key, tx, sizeof(tx));
		assert_memory_not_equal(st->rx.key, rx, sizeof(rx));
		/* another suite, then the first again: with a key that has not been before, as its key stream would be used again */
		ok = change(p, i, 4, tag, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", "AEAD_AES_128_GCM", GCM_KEY)));
		assert_non_null(strstr(ok, "a=crypto:1 AEAD_AES_128_GCM inline:"));
		peer_wait(p, 95);
		ok = change(p, i, 5, tag, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", CM80, KEY)));
		assert_memory_not_equal(st->tx.key, tx, 30);
		memcpy(tx, st->tx.key, sizeof(tx));
		peer_wait(p, 95);
		is_one_stream(p, 0, 12);
		/* removed and there again: likewise */
		change(p, i, 6, tag, theirs("198.18.8.1", 0, "RTP/SAVP", "0", ""));
		change(p, i, 7, tag, theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", CM80, KEY)));
		assert_memory_not_equal(st->tx.key, tx, 30);
		/* a SAVP line without a key: refused, and the keys stay */
		request(p, i ? "UPDATE" : "INVITE", 8, tag, "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", ""));
		peer_sent(p, "SIP/2.0 488 ");
		if (!i)
			peer_call(p, "ACK", 8, tag, "");
		assert_int_equal(counted(p, RS_SDP_FAIL_NO_CRYPTO), 1);
		assert_int_equal(st->tx.suite, RS_SDP_AES_CM_128_HMAC_SHA1_80);
		assert_int_equal(media_count(p, RS_MEDIA_STARTED), 2);
		assert_int_equal(media_count(p, RS_MEDIA_NO_KEYS), 0);
		they_hang_up(p, tag, 9);
	}
}

/* RFC 4568, 6.1: lines with an MKI are taken, its bytes are in their packets; too long a one is passed over for the next line. */
static void
rfc4568_6_1_lines_with_an_mki(void **state)
{
	static const struct {
		const char *lines, *said;
		unsigned rx_len;
	} cases[] = {
		{ CRYPTO("1", CM80, KEY "|2^20|66051:4"), "a=crypto:1 " CM80 " inline:", 4 },
		{ CRYPTO("1", CM80, KEY "|1:1"), "a=crypto:1 " CM80 " inline:", 1 },
		{ CRYPTO("1", CM80, KEY "|1:8"), "a=crypto:1 " CM80 " inline:", 8 },
		{ CRYPTO("1", CM80, KEY "|1:9") CRYPTO("2", CM80, KEY), "a=crypto:2 " CM80 " inline:", 0 },
		{ CRYPTO("1", CM80, KEY "|1:128") CRYPTO("2", CM80, KEY "|3:2"), "a=crypto:2 " CM80 " inline:", 2 },
		{ CRYPTO("1", CM80, KEY "|1:4;" KEY2 "|2:4") CRYPTO("2", CM80, KEY), "a=crypto:2 " CM80 " inline:", 0 }, /* two keys */
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *p = peer_new();
		const char *ok, *tag;
		const struct media *m;
		uint64_t at = 0;

		answer(p, REQUIRED, true, AT_ONCE);
		request(p, "INVITE", 1, "", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", cases[i].lines));
		ok = peer_sent(p, "SIP/2.0 200 ");
		tag = tag_of(header(ok, "To"));
		peer_call(p, "ACK", 1, tag, "");
		assert_non_null(strstr(ok, cases[i].said));
		m = media_of(p);
		assert_int_equal(m->lines[0].rx.mki_len, cases[i].rx_len);
		peer_wait(p, 50);
		assert_int_equal(next_rtp(p, &at)->len, 12 + 160 + 10); /* ours has none: the profile says none */
		assert_int_equal(media_count(p, RS_MEDIA_NO_KEYS), 0);
		they_hang_up(p, tag, 2);
	}
	struct peer *p = peer_new();

	answer(p, REQUIRED, true, AT_ONCE);
	request(p, "INVITE", 1, "", "", theirs("198.18.8.1", 9000, "RTP/SAVP", "0", CRYPTO("1", CM80, KEY "|1:9")));
	peer_call(p, "ACK", 1, tag_of(header(peer_sent(p, "SIP/2.0 488 "), "To")), "");
	assert_int_equal(counted(p, RS_SDP_FAIL_CRYPTO_SUITE), 1);
	failed(p, RS_CAUSE_MEDIA);
}

#define LATE_200                                                                                                                          \
	"<send><![CDATA[\nSIP/2.0 200 OK\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc1INVITE\nFrom: <sip:peer@198.18.8.1>;tag=peer\n" \
	"To: <sip:me@198.18.4.1>;tag=[tag]\nCall-ID: peer-1\nCSeq: 1 INVITE\nContact: <sip:me@[local_ip]:[local_port]>\n" WITH_SDP "]]></send>\n"

/* RFC 3311, 5.2: an offer before the answer to the INVITE's gets 500, and that answer goes with its 200 as if nothing had been. */
static void
rfc3311_5_2_what_is_refused_meanwhile_leaves_the_invites_answer(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer *p = peer_new();
		const char *tag, *ok;

		answer(p, PLAIN, true, i ? RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") RECV("request=\"INFO\"", "")
				ANSWER("415 Unsupported Media Type", "") LATE_200 RECV("request=\"ACK\"", "") THEIR_BYE :
				RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) LATE_200 RECV("request=\"ACK\"", "") THEIR_BYE);
		request(p, "INVITE", 1, "", "", PLAIN_SDP);
		tag = tag_of(header(peer_sent(p, "SIP/2.0 180 "), "To"));
		if (i) {
			peer_call(p, "INFO", 2, tag, "");
			peer_sent(p, "SIP/2.0 415 ");
		} else {
			request(p, "UPDATE", 2, tag, "", theirs("198.18.8.1", 9100, "RTP/AVP", "0", ""));
			peer_sent(p, "SIP/2.0 500 ");
			peer_wait(p, 101);
		}
		ok = peer_sent(p, "SIP/2.0 200 ");
		assert_true(says(ok, "m=audio 20000 RTP/AVP 0"));
		assert_false(media_of(p)->sdp.pending);
		assert_int_equal(media_of(p)->lines[0].remote_port, 9000);
		peer_call(p, "ACK", 1, tag, "");
		they_hang_up(p, tag, 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3264_8_3_2_the_codec_and_its_payload_type_change),
		cmocka_unit_test(rfc3264_8_3_2_the_packet_length_changes),
		cmocka_unit_test(rfc3264_8_3_1_address_and_port_change),
		cmocka_unit_test(rfc3605_rtcp_goes_where_a_rtcp_says),
		cmocka_unit_test(rfc4568_7_1_4_keys_over_re_offers),
		cmocka_unit_test(rfc3311_5_2_what_is_refused_meanwhile_leaves_the_invites_answer),
		cmocka_unit_test(rfc4568_6_1_lines_with_an_mki),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
