/* SPDX-License-Identifier: BSD-3-Clause */
/* Session descriptions read and written (RFC 8866), what contradicts itself, and two of them compared. */
#include "proto/sdp/build.h"
#include "proto/sdp/compare.h"
#include "sdp_text.h"

static struct rs_sdp sdp, other;

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define C    "c=IN IP4 192.0.2.1\r\n"
#define T    "t=0 0\r\n"

static void
rfc8866_5_example_is_read(void **state)
{
	(void)state;
	assert_parses("v=0\r\n"
		      "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n"
		      "s=Call to John Smith\r\n"
		      "i=SDP Offer #1\r\n"
		      "u=http://www.jdoe.example.com/home.html\r\n"
		      "e=Jane Doe <jane@jdoe.example.com>\r\n"
		      "p=+1 617 555-6011\r\n"
		      "c=IN IP4 198.51.100.1\r\n"
		      "t=0 0\r\n"
		      "m=audio 49170 RTP/AVP 0\r\n"
		      "m=audio 49180 RTP/AVP 0\r\n"
		      "m=video 51372 RTP/AVP 99\r\n"
		      "c=IN IP6 2001:db8::2\r\n"
		      "a=rtpmap:99 h263-1998/90000\r\n",
		&sdp);
	assert_slice(sdp.user, "jdoe");
	assert_slice(sdp.id, "3724394400");
	assert_true(sdp.version == 3724394405u);
	assert_slice(sdp.name, "Call to John Smith");
	assert_int_equal(sdp.n_media, 3);
	assert_slice(sdp.media[0].type, "audio");
	assert_int_equal(sdp.media[0].port, 49170);
	assert_int_equal(sdp.media[0].rtcp_port, 49171);
	assert_addr(&sdp.media[1].connection.addr, "198.51.100.1");
	assert_addr(&sdp.media[2].connection.addr, "2001:db8::2");
	assert_true(sdp.media[2].own_connection);
	assert_slice(rs_sdp_format(&sdp, &sdp.media[0], 0)->name, "PCMU");
	assert_false(rs_sdp_format(&sdp, &sdp.media[0], 0)->mapped);
	assert_slice(rs_sdp_format(&sdp, &sdp.media[2], 0)->name, "h263-1998");
	assert_int_equal(rs_sdp_format(&sdp, &sdp.media[2], 0)->clock_hz, 90000);
	assert_int_equal(sdp.media[2].direction, RS_SDP_SENDRECV);
	assert_int_equal(sdp.odd, 0);
}

static void
attributes_of_a_stream_are_read(void **state)
{
	const struct rs_sdp_media *m;
	const struct rs_sdp_format *f;
	int at;

	(void)state;
	assert_parses(HEAD C T
		"b=AS:1000\r\na=sendonly\r\na=setup:actpass\r\na=fingerprint:sha-256 AA\r\na=group:BUNDLE 0\r\n"
		"m=audio 5004/2 UDP/TLS/RTP/SAVPF 111 0 101\r\n"
		"b=TIAS:64000\r\n"
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
		"a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:* nack\r\n"
		"a=ptime:20\r\na=maxptime:60\r\na=rtcp:53020 IN IP6 2001:db8::1\r\n"
		"a=rtcp-rsize\r\na=recvonly\r\na=mid:0\r\na=label:10\r\na=ssrc:4294967295 cname:x\r\n"
		"a=ssrc:1 cname:x\r\na=crypto:1 X y\r\na=crypto:2 X y\r\na=setup:active\r\na=x-unknown\r\n"
		"m=video 5006 RTP/SAVPF 96\r\na=rtcp-mux\r\n"
		"m=audio 5008 RTP/SAVP 0\r\nm=audio 5010 RTP/AVPF 0\r\nm=audio 5012 rtp/avp 0\r\n"
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\n",
		&sdp);
	m = &sdp.media[0];
	assert_int_equal(m->proto, RS_SDP_DTLS_SAVPF);
	assert_int_equal(m->n_ports, 2);
	assert_int_equal(m->n_formats, 3);
	f = rs_sdp_format(&sdp, m, 0);
	assert_int_equal(f->channels, 2);
	assert_int_equal(f->payload, 111);
	assert_slice(f->fmtp, "minptime=10;useinbandfec=1");
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->maxptime_ms, 60);
	assert_int_equal(m->rtcp_port, 53020);
	assert_addr(&m->rtcp.addr, "2001:db8::1");
	assert_int_equal(m->direction, RS_SDP_RECVONLY);
	assert_slice(m->mid, "0");
	assert_slice(m->label, "10");
	assert_true(m->has_ssrc && m->ssrc == UINT32_MAX);
	assert_int_equal(m->n_crypto, 2);
	assert_slice(m->setup, "active");
	assert_slice(m->fingerprint, "sha-256 AA");
	assert_true(m->rtcp_rsize);
	assert_false(m->rtcp_mux);
	assert_int_equal(m->bandwidth.tias_bps, 64000);
	assert_int_equal(sdp.bandwidth.as_kbps, 1000);
	assert_int_equal(sdp.media[1].direction, RS_SDP_SENDONLY);
	assert_int_equal(sdp.media[1].rtcp_port, 5006);
	assert_slice(sdp.media[1].setup, "actpass");
	assert_int_equal(sdp.media[1].proto, RS_SDP_RTP_SAVPF);
	assert_int_equal(sdp.media[2].proto, RS_SDP_RTP_SAVP);
	assert_int_equal(sdp.media[3].proto, RS_SDP_RTP_AVPF);
	assert_int_equal(sdp.media[4].proto, RS_SDP_RTP_AVP);
	assert_int_equal(sdp.media[5].proto, RS_SDP_PROTO_OTHER);
	assert_slice(rs_sdp_format(&sdp, &sdp.media[5], 0)->text, "webrtc-datachannel");
	at = rs_sdp_attr_next(&sdp, 0, RS_SDP_ATTR_RTCP_FB, 0);
	assert_slice(sdp.attrs[at].value, "111 transport-cc");
	at = rs_sdp_attr_next(&sdp, 0, RS_SDP_ATTR_RTCP_FB, at + 1);
	assert_slice(sdp.attrs[at].value, "* nack");
	assert_int_equal(rs_sdp_attr_next(&sdp, 0, RS_SDP_ATTR_RTCP_FB, at + 1), -1);
	at = rs_sdp_attr_next(&sdp, RS_SDP_SESSION, RS_SDP_ATTR_OTHER, 0);
	assert_slice(sdp.attrs[at].name, "group");
}

static void
what_is_odd_is_taken_and_told(void **state)
{
	(void)state;
	assert_parses(
		"v=0\no=- 1 1 IN IP4 host.example\n\nm=audio 5004 RTP/AVP 9 0\nc=IN IP4 host.example\n"
		"a=rtpmap:9 G722/16000\na=rtpmap:97 x/8000\nz=whatever\na=ptime:20.0",
		&sdp);
	assert_int_equal(sdp.odd,
		RS_SDP_ODD_LF | RS_SDP_ODD_NO_NAME | RS_SDP_ODD_NO_TIME | RS_SDP_ODD_STRAY |
			RS_SDP_ODD_CLOCK);
	assert_int_equal(sdp.media[0].connection.addr.family, 0);
	assert_slice(sdp.media[0].connection.text, "host.example");
	assert_int_equal(sdp.media[0].ptime_ms, 20);
	assert_parses(HEAD T "m=audio 0 RTP/AVP 0\r\n", &sdp); /* refused: needs no c= */
	assert_int_equal(sdp.media[0].rtcp_port, 0);
	assert_parses(HEAD "c=IN IP4 224.2.1.1/127/3\r\n" T, &sdp);
	assert_addr(&sdp.connection.addr, "224.2.1.1");
	assert_parses(HEAD C T "m=audio 65535 RTP/AVP 0\r\n", &sdp);
	assert_int_equal(sdp.media[0].rtcp_port, 0);
}

static void
each_contradiction_has_its_kind_and_line(void **state)
{
#define M HEAD C T "m=audio 5004 RTP/AVP 0 96\r\n"
	static const struct {
		const char *text;
		uint8_t error;
		uint16_t line;
	} bad[] = {
		{ "", RS_SDP_ERR_EMPTY, 0 },
		{ "\r\n\r\n", RS_SDP_ERR_EMPTY, 0 },
		{ "o=- 1 1 IN IP4 192.0.2.1\r\n", RS_SDP_ERR_VERSION, 1 },
		{ "v=1\r\n", RS_SDP_ERR_VERSION, 1 },
		{ "v=0\r\n", RS_SDP_ERR_ORIGIN, 0 },
		{ "v=0\r\no=- 1 1 IN IP4\r\n", RS_SDP_ERR_ORIGIN, 2 },
		{ "v=0\r\no=- 1 x IN IP4 h\r\n", RS_SDP_ERR_ORIGIN, 2 },
		{ HEAD "nonsense\r\n", RS_SDP_ERR_LINE, 4 },
		{ HEAD "=x\r\n", RS_SDP_ERR_LINE, 4 },
		{ HEAD "i=a\rb\r\n", RS_SDP_ERR_LINE, 4 },
		{ HEAD "a=\r\n", RS_SDP_ERR_LINE, 4 },
		{ HEAD "v=0\r\n", RS_SDP_ERR_DUPLICATE, 4 },
		{ HEAD "s=x\r\n", RS_SDP_ERR_DUPLICATE, 4 },
		{ HEAD C C, RS_SDP_ERR_DUPLICATE, 5 },
		{ HEAD "t=x 0\r\n", RS_SDP_ERR_TIME, 4 },
		{ HEAD "b=AS:many\r\n", RS_SDP_ERR_BANDWIDTH, 4 },
		{ HEAD "c=IN IP4\r\n", RS_SDP_ERR_CONNECTION, 4 },
		{ HEAD "c=IN IP4 2001:db8::1\r\n", RS_SDP_ERR_CONNECTION, 4 },
		{ HEAD "c=IN IP6 192.0.2.1\r\n", RS_SDP_ERR_CONNECTION, 4 },
		{ HEAD "c=IN IP4 192.0.2.256\r\n", RS_SDP_ERR_CONNECTION, 4 },
		{ HEAD "c=ATM NSAP x\r\n", RS_SDP_ERR_CONNECTION, 4 },
		{ HEAD T "m=audio 5004 RTP/AVP 0\r\n", RS_SDP_ERR_NO_CONNECTION, 5 },
		{ M "t=0 0\r\n", RS_SDP_ERR_ORDER, 7 },
		{ HEAD C T "m=audio 5004 RTP/AVP\r\n", RS_SDP_ERR_MEDIA, 6 },
		{ HEAD C T "m=audio\r\n", RS_SDP_ERR_MEDIA, 6 },
		{ HEAD C T "m=audio 65536 RTP/AVP 0\r\n", RS_SDP_ERR_PORT, 6 },
		{ HEAD C T "m=audio x RTP/AVP 0\r\n", RS_SDP_ERR_PORT, 6 },
		{ HEAD C T "m=audio 5004/0 RTP/AVP 0\r\n", RS_SDP_ERR_PORT, 6 },
		{ HEAD C T "m=audio 5004 RTP/AVP 128\r\n", RS_SDP_ERR_PAYLOAD, 6 },
		{ HEAD C T "m=audio 5004 RTP/AVP 0 8 0\r\n", RS_SDP_ERR_PAYLOAD, 6 },
		{ HEAD C T "m=audio 5004 RTP/AVP PCMU\r\n", RS_SDP_ERR_PAYLOAD, 6 },
		{ M "a=rtpmap:96 opus\r\n", RS_SDP_ERR_RTPMAP, 7 },
		{ M "a=rtpmap:96 opus/0\r\n", RS_SDP_ERR_RTPMAP, 7 },
		{ M "a=rtpmap:96 opus/48000/0\r\n", RS_SDP_ERR_RTPMAP, 7 },
		{ M "a=rtpmap:\r\n", RS_SDP_ERR_RTPMAP, 7 },
		{ M "a=rtpmap:0 PCMA/8000\r\n", RS_SDP_ERR_RTPMAP_CONFLICT, 7 },
		{ M "a=rtpmap:96 a/8000\r\na=rtpmap:96 a/16000\r\n", RS_SDP_ERR_RTPMAP_CONFLICT,
			8 },
		{ M "a=sendonly\r\na=recvonly\r\n", RS_SDP_ERR_DIRECTION, 8 },
		{ HEAD "a=sendrecv\r\na=inactive\r\n", RS_SDP_ERR_DIRECTION, 5 },
		{ M "a=ptime:0\r\n", RS_SDP_ERR_PTIME, 7 },
		{ M "a=ptime:20\r\na=ptime:30\r\n", RS_SDP_ERR_PTIME, 8 },
		{ M "a=ptime:40\r\na=maxptime:20\r\n", RS_SDP_ERR_PTIME, 6 },
		{ M "a=rtcp:x\r\n", RS_SDP_ERR_RTCP, 7 },
		{ M "a=rtcp:1 IN IP4 2001:db8::1\r\n", RS_SDP_ERR_RTCP, 7 },
		{ M "a=mid:1\r\nm=audio 5006 RTP/AVP 0\r\na=mid:1\r\n", RS_SDP_ERR_MID, 9 },
		{ M "a=ssrc:4294967296 cname:x\r\n", RS_SDP_ERR_SSRC, 7 },
		{ M "a=crypto:1 A b\r\na=crypto:1 C d\r\n", RS_SDP_ERR_CRYPTO_TAG, 8 },
		{ M "a=crypto:x A b\r\n", RS_SDP_ERR_CRYPTO_TAG, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int rc = parse_text(bad[i].text, &sdp);

		if (rc != -EBADMSG || sdp.error != bad[i].error || sdp.error_line != bad[i].line)
			fail_msg("%d %s at %u:\n%s", rc, rs_sdp_error_name(sdp.error),
				sdp.error_line, bad[i].text);
	}
	for (int i = 0; i < RS_SDP_ERRORS; i++)
		assert_non_null(rs_sdp_error_name((enum rs_sdp_error)i));
}

static void
too_much_of_anything_is_an_error(void **state)
{
	static char text[70000];
	int n;

	(void)state;
	n = sprintf(text, HEAD C T);
	for (int i = 0; i <= RS_SDP_MAX_MEDIA; i++)
		n += sprintf(text + n, "m=audio 0 RTP/AVP 0\r\n");
	assert_int_equal(parse_text(text, &sdp), -E2BIG);
	assert_int_equal(sdp.error, RS_SDP_ERR_TOO_MANY_MEDIA);
	n = sprintf(text, HEAD C T "m=x 1 y");
	for (int i = 0; i <= RS_SDP_MAX_FORMATS; i++)
		n += sprintf(text + n, " %d", i);
	assert_int_equal(parse_text(text, &sdp), -E2BIG);
	assert_int_equal(sdp.error, RS_SDP_ERR_TOO_MANY_FORMATS);
	n = sprintf(text, HEAD);
	for (int i = 0; i <= RS_SDP_MAX_ATTRS; i++)
		n += sprintf(text + n, "a=x\r\n");
	assert_int_equal(parse_text(text, &sdp), -E2BIG);
	assert_int_equal(sdp.error, RS_SDP_ERR_TOO_MANY_ATTRS);
	memset(text, '\n', RS_SDP_MAX_BYTES + 1);
	text[RS_SDP_MAX_BYTES + 1] = '\0';
	assert_int_equal(parse_text(text, &sdp), -E2BIG);
	assert_int_equal(sdp.error, RS_SDP_ERR_TOO_LONG);
}

static const char full[] =
	"v=0\r\no=me 7 8 IN IP6 2001:db8::1\r\ns=test\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\na=group:x\r\n"
	"m=audio 6000 RTP/SAVP 111 0\r\nc=IN IP4 192.0.2.9\r\nb=AS:80\r\n"
	"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=ptime:20\r\na=maxptime:40\r\na=rtcp:7001 IN IP4 192.0.2.8\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	"a=setup:active\r\na=fingerprint:sha-1 00\r\na=mid:a\r\na=label:l\r\na=ssrc:9 cname:me\r\n"
	"a=x:y\r\na=sendonly\r\n"
	"m=image 0 udptl t38\r\na=mid:b\r\n";

static void
a_description_is_written_and_read_again(void **state)
{
	const struct rs_sdp_build_format formats[] = { { .name = rs_slice_str("opus"),
							       .fmtp = rs_slice_str(
								       "useinbandfec=1"),
							       .clock_hz = 48000,
							       .channels = 2,
							       .payload = 111 },
		{ .name = rs_slice_str("PCMU"), .clock_hz = 8000, .channels = 1 } };
	const struct rs_sdp_crypto line = { .tag = 1, .suite = RS_SDP_AES_CM_128_HMAC_SHA1_80 };
	const struct rs_slice extra[] = { rs_slice_str("x:y") },
			      group[] = { rs_slice_str("group:x") };
	struct rs_sdp_build_media media[2] = { { .type = rs_slice_str("audio"),
						       .proto = rs_slice_str("RTP/SAVP"),
						       .formats = formats,
						       .n_formats = 2,
						       .crypto = &line,
						       .n_crypto = 1,
						       .extra = extra,
						       .n_extra = 1,
						       .address = addr("192.0.2.9"),
						       .rtcp_address = addr("192.0.2.8"),
						       .port = 6000,
						       .rtcp_port = 7001,
						       .mid = rs_slice_str("a"),
						       .label = rs_slice_str("l"),
						       .setup = rs_slice_str("active"),
						       .fingerprint = rs_slice_str("sha-1 00"),
						       .cname = rs_slice_str("me"),
						       .ssrc = 9,
						       .has_ssrc = true,
						       .rtcp_mux = true,
						       .rtcp_rsize = true,
						       .bandwidth_as_kbps = 80,
						       .ptime_ms = 20,
						       .maxptime_ms = 40,
						       .direction = RS_SDP_SENDONLY },
		{ .type = rs_slice_str("image"),
			.proto = rs_slice_str("udptl"),
			.raw_formats = rs_slice_str("t38"),
			.mid = rs_slice_str("b") } };
	struct rs_sdp_build b = { .user = rs_slice_str("me"),
		.name = rs_slice_str("test"),
		.id = 7,
		.version = 8,
		.address = addr("2001:db8::1"),
		.extra = group,
		.n_extra = 1,
		.media = media,
		.n_media = 2 };
	uint8_t out[2048];
	int n = rs_sdp_build(&b, out, sizeof(out));

	(void)state;
	assert_true(n > 0);
	assert_slice(rs_slice_of(out, (size_t)n), full);
	assert_int_equal(rs_sdp_parse(out, (size_t)n, &sdp), 0);
	for (int cap = 0; cap < n; cap += 7) {
		struct guard g = guard_new(NULL, (size_t)cap);

		assert_int_equal(rs_sdp_build(&b, g.p, (size_t)cap), -ENOSPC);
		guard_free(&g);
	}
	b.name = rs_slice_str("x\r\na=evil");
	assert_int_equal(rs_sdp_build(&b, out, sizeof(out)), -EINVAL);
	b.name = rs_slice_str("x");
	media[1].raw_formats.len = 0;
	assert_int_equal(rs_sdp_build(&b, out, sizeof(out)), -EINVAL);
	b.n_media = 0;
	b.address.family = 0;
	assert_int_equal(rs_sdp_build(&b, out, sizeof(out)), -EINVAL);
}

static uint32_t
changes(const char *from, const char *to)
{
	struct rs_sdp_item a[RS_SDP_OUTLINE_MAX], b[RS_SDP_OUTLINE_MAX];
	int n_a, n_b;

	assert_parses(from, &sdp);
	assert_parses(to, &other);
	n_a = rs_sdp_outline(&sdp, a);
	n_b = rs_sdp_outline(&other, b);
	assert_true(n_a > 0 && n_b > 0);
	return rs_sdp_compare(a, (unsigned)n_a, b, (unsigned)n_b);
}

static void
what_lies_between_two_legs_is_told(void **state)
{
#define BASE(c, m, a) "v=0\r\no=a 1 1 IN IP4 h\r\ns=-\r\nc=IN " c "\r\nt=0 0\r\nm=" m "\r\n" a
#define V4            "IP4 192.0.2.1"
#define AB            "audio 5000 RTP/AVP 0 8"
	static const struct {
		const char *a, *b;
		uint32_t bits;
	} cases[] = {
		{ BASE(V4, AB, ""), BASE(V4, AB, ""), 0 },
		{ BASE(V4, AB, ""), BASE("IP4 192.0.2.2", AB, ""), RS_SDP_CHANGED_ADDRESS },
		{ BASE(V4, AB, ""), BASE("IP6 ::1", AB, ""),
			RS_SDP_CHANGED_ADDRESS | RS_SDP_CHANGED_FAMILY },
		{ BASE("IP6 ::1", AB, ""), BASE("IP6 0::0:1", AB, ""), 0 },
		{ BASE(V4, AB, ""), BASE(V4, "audio 6000 RTP/AVP 0 8", ""), RS_SDP_CHANGED_PORT },
		{ BASE(V4, AB, ""), BASE(V4, "audio 0 RTP/AVP 0", ""),
			RS_SDP_CHANGED_PORT | RS_SDP_LINE_REFUSED },
		{ BASE(V4, AB, ""), BASE(V4, "audio 5000 RTP/AVP 8 0", ""),
			RS_SDP_CODECS_REORDERED },
		{ BASE(V4, AB, ""), BASE(V4, "audio 5000 RTP/AVP 0", ""), RS_SDP_CODECS_DROPPED },
		{ BASE(V4, AB, ""), BASE(V4, "audio 5000 RTP/AVP 0 8 9", ""), RS_SDP_CODECS_ADDED },
		{ BASE(V4, AB, ""), BASE(V4, "audio 5000 RTP/SAVP 0 8", ""),
			RS_SDP_CHANGED_TRANSPORT },
		{ BASE(V4, AB, ""), BASE(V4, "video 5000 RTP/AVP 0 8", ""), RS_SDP_CHANGED_TYPE },
		{ BASE(V4, "audio 5000 RTP/AVP 96",
			  "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\n"),
			BASE(V4, "audio 5000 RTP/AVP 97", "a=rtpmap:97 OPUS/48000/2\r\n"),
			RS_SDP_CHANGED_PAYLOAD | RS_SDP_CHANGED_FMTP },
		{ BASE(V4, AB, ""),
			BASE(V4, AB,
				"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"),
			0 },
		{ BASE(V4, AB, "a=ptime:20\r\n"), BASE(V4, AB, ""), RS_SDP_CHANGED_PTIME },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=sendonly\r\n"), RS_SDP_CHANGED_DIRECTION },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=rtcp:5005\r\n"), RS_SDP_CHANGED_RTCP },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=rtcp:5001\r\n"), 0 },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=rtcp-mux\r\n"), RS_SDP_CHANGED_RTCP_MUX },
		{ BASE(V4, AB, "a=rtcp-mux\r\n"), BASE(V4, AB, ""), RS_SDP_CHANGED_RTCP_MUX },
		{ BASE(V4, AB, "a=inactive\r\n"), BASE(V4, AB, ""), RS_SDP_CHANGED_DIRECTION },
		{ BASE(V4, AB, ""), BASE(V4, "audio 5000/2 RTP/AVP 0 8", ""), RS_SDP_CHANGED_PORT },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=setup:active\r\n"), RS_SDP_CHANGED_FINGERPRINT },
		{ BASE(V4, AB "\r\nm=audio 6000 RTP/AVP 0 8", ""), BASE(V4, AB "\r\nm=audio 6000 RTP/AVP 8 0", ""),
			RS_SDP_CODECS_REORDERED },
		{ BASE(V4, "image 5000 udptl t38", ""), BASE(V4, "image 5000 udptl t39", ""),
			RS_SDP_CODECS_DROPPED | RS_SDP_CODECS_ADDED },
		{ BASE("IP4 a.example", AB, ""), BASE("IP4 b.example", AB, ""), RS_SDP_CHANGED_ADDRESS },
		{ BASE(V4, AB, "a=crypto:1 A k\r\na=crypto:2 B k\r\n"), BASE(V4, AB, ""),
			RS_SDP_CRYPTO_DROPPED },
		{ BASE(V4, AB, "a=crypto:1 A k\r\na=crypto:2 B k\r\n"),
			BASE(V4, AB, "a=crypto:2 B k\r\na=crypto:1 A k\r\n"),
			RS_SDP_CRYPTO_REORDERED },
		{ BASE(V4, AB, "a=crypto:1 A k\r\n"), BASE(V4, AB, "a=crypto:1 A l\r\n"),
			RS_SDP_CHANGED_KEYS },
		{ BASE(V4, AB, ""), BASE(V4, AB, "a=crypto:1 A l\r\n"), RS_SDP_CRYPTO_ADDED },
		{ BASE(V4, AB, "b=AS:1\r\n"), BASE(V4, AB, ""), RS_SDP_CHANGED_BANDWIDTH },
		{ BASE(V4, AB, "a=x\r\na=y:1\r\n"), BASE(V4, AB, "a=y:2\r\na=z\r\n"),
			RS_SDP_ATTRS_DROPPED | RS_SDP_ATTRS_ADDED | RS_SDP_CHANGED_ATTRS },
		{ BASE(V4, AB, ""), BASE(V4, AB, "m=video 0 RTP/AVP 31\r\n"), RS_SDP_LINES_ADDED },
		{ BASE(V4, AB, "m=video 0 RTP/AVP 31\r\n"), BASE(V4, AB, ""),
			RS_SDP_LINES_DROPPED },
		{ "v=0\r\no=a 1 1 IN IP4 h\r\ns=a\r\n", "v=0\r\no=a 1 2 IN IP4 h\r\ns=b\r\n",
			RS_SDP_CHANGED_ORIGIN | RS_SDP_CHANGED_NAME },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t got = changes(cases[i].a, cases[i].b);

		if (got != cases[i].bits)
			fail_msg("case %zu: %x, not %x", i, got, cases[i].bits);
	}
	for (unsigned i = 0; i < RS_SDP_CHANGES; i++)
		assert_non_null(rs_sdp_change_name(i));
	assert_null(rs_sdp_change_name(RS_SDP_CHANGES));
}

static void
an_outline_that_would_be_too_long_is_none(void **state)
{
	struct rs_sdp_item items[RS_SDP_OUTLINE_MAX];
	char text[2048] = BASE(V4, AB, "");

	(void)state;
	for (unsigned i = 0; i < RS_SDP_OUTLINE_MAX - 8; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "a=x:%u\r\n", i);
	assert_parses(text, &sdp);
	assert_int_equal(rs_sdp_outline(&sdp, items), RS_SDP_OUTLINE_MAX); /* o=, s=, m=, c=, RTCP, direction, two codecs */
	strcat(text, "a=y\r\n");
	assert_parses(text, &sdp);
	assert_int_equal(rs_sdp_outline(&sdp, items), -E2BIG);
}

static void
every_prefix_stays_inside(void **state)
{
	struct rs_sdp_item items[RS_SDP_OUTLINE_MAX], all[RS_SDP_OUTLINE_MAX];
	int n_all;

	(void)state;
	assert_parses(full, &other);
	n_all = rs_sdp_outline(&other, all);
	assert_true(n_all > 0);
	for (size_t n = 0; n <= strlen(full); n++) {
		struct guard g = guard_new(full, n);

		if (rs_sdp_parse(g.p, g.len, &sdp) == 0) {
			int n_items = rs_sdp_outline(&sdp, items);

			assert_true(n_items > 0);
			rs_sdp_compare(items, (unsigned)n_items, all, (unsigned)n_all);
		}
		guard_free(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8866_5_example_is_read),
		cmocka_unit_test(attributes_of_a_stream_are_read),
		cmocka_unit_test(what_is_odd_is_taken_and_told),
		cmocka_unit_test(each_contradiction_has_its_kind_and_line),
		cmocka_unit_test(too_much_of_anything_is_an_error),
		cmocka_unit_test(a_description_is_written_and_read_again),
		cmocka_unit_test(what_lies_between_two_legs_is_told),
		cmocka_unit_test(an_outline_that_would_be_too_long_is_none),
		cmocka_unit_test(every_prefix_stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
