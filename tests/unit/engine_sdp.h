/* SPDX-License-Identifier: BSD-3-Clause */
/** One call with a media profile against a peer played by hand: descriptions in, descriptions out, what is agreed. */
#ifndef RS_TESTS_ENGINE_SDP_H
#define RS_TESTS_ENGINE_SDP_H

#include "engine_ua.h"

#include "engine/media_sdp.h"
#include "proto/rtp/rtp.h"

#define PROFILE(more) "media = ( { name = \"m\"; codecs = [ \"PCMU\", \"PCMA\", \"telephone-event\" ]; " more " } );"
#define SUITES "suites = [ \"AES_CM_128_HMAC_SHA1_80\", \"AEAD_AES_128_GCM\" ];"
#define PLAIN PROFILE("")
#define REQUIRED PROFILE("srtp = \"required\"; " SUITES)
#define OPTIONAL PROFILE("srtp = \"optional\"; " SUITES)
#define KEY "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

/* The scenario's own text is of no account, but for what it says of hold. */
#define HOLD_SDP "v=0\no=x 0 0 IN IP4 1.2.3.4\ns=-\nc=IN IP4 1.2.3.4\nt=0 0\nm=audio 1 RTP/AVP 99\na=sendonly\n"
#define REINVITE(sdp)                                                                                                  \
	"<send><![CDATA[\nINVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] INVITE\n" \
	"Contact: <sip:me@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n" sdp "]]></send>\n"
#define LATE_INVITE SEND("INVITE", "")
#define ACK_SDP                                                                                                        \
	"<send><![CDATA[\nACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] ACK\n" WITH_SDP "]]></send>\n"

static inline struct peer *
peer_new(void)
{
	struct peer *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->group = "media = \"m\"; rtp_ports = \"20000-20099\";";
	return p;
}

static inline void
call(struct peer *p, const char *profile, bool rfc, const char *scenario)
{
	char more[1024];

	snprintf(more, sizeof(more), "%s %s", profile, rfc ? RFC : "");
	peer_open(p, scenario,
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"60s\"; hold = \"100ms\";",
		more);
}

static inline void
answer(struct peer *p, const char *profile, bool rfc, const char *scenario)
{
	char more[1024];

	snprintf(more, sizeof(more), "%s %s", profile, rfc ? RFC : "");
	peer_open(p, scenario, "do = \"answer\"; endpoints = \"us\"; timeout = \"60s\"; ring = \"100ms\";", more);
}

/* A description of the peer's; @lines go behind its m-line. */
static inline const char *
theirs(const char *host, unsigned port, const char *proto, const char *formats, const char *lines)
{
	static char text[4][2048];
	static unsigned next;
	char *out = text[next++ % 4];

	snprintf(out, sizeof(text[0]), "v=0\no=peer 1 %u IN IP4 %s\ns=-\nc=IN IP4 %s\nt=0 0\nm=audio %u %s %s\n%s", next, host, host, port,
		proto, formats, lines);
	return out;
}
#define PLAIN_SDP theirs("198.18.8.1", 9000, "RTP/AVP", "0", "")

static inline const char *
with_body(const char *body)
{
	static char text[4][4096];
	static unsigned next;
	char *out = text[next++ % 4];
	unsigned lines = 0;

	for (const char *at = body; *at; at++)
		lines += *at == '\n';
	assert_true(strlen(body) <= 4000);
	snprintf(out, sizeof(text[0]), "Content-Type: application/sdp\nContent-Length: %zu\n\n%.4000s", strlen(body) + lines, body);
	return out;
}

/* A message with a body: what engine_peer.h's have instead of one is cut. */
static inline void
say_with(struct peer *p, const char *head, const char *body)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s%s", head, with_body(body));
	peer_say(p, text);
}

static inline void
reply(struct peer *p, const char *request, const char *status, const char *extra, const char *body)
{
	char head[4096];

	snprintf(head, sizeof(head), "SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s%s\nCall-ID: %s\nCSeq: %s\nContact: <sip:bob@198.18.8.1:5060>\n%s",
		status, header(request, "Via"), header(request, "From"), header(request, "To"),
		strstr(header(request, "To"), ";tag=") ? "" : ";tag=peer", header(request, "Call-ID"), header(request, "CSeq"), extra);
	say_with(p, head, body);
}

/* A request of a call that the peer places. */
static inline void
request(struct peer *p, const char *method, unsigned cseq, const char *tag, const char *extra, const char *body)
{
	char head[4096];

	snprintf(head, sizeof(head),
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc%u%s\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: %u %s\nContact: <sip:peer@198.18.8.1:5060>\nMax-Forwards: 70\n%s", method,
		cseq, method, tag, cseq, method, extra);
	say_with(p, head, body);
}

static inline void
length_is_right(const char *message)
{
	assert_int_equal(atoi(header(message, "Content-Length")), strlen(body_of(message)));
}

static inline bool
says(const char *message, const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s\r\n", line);
	return strstr(body_of(message), wanted) != NULL;
}

/* The only call's media. */
static inline const struct media *
media_of(const struct peer *p)
{
	const struct rs_engine *e = p->s.engines[0];

	for (uint32_t i = 0; i < e->media.fresh; i++)
		if (rs_pool_is_taken(&e->media, i))
			return rs_pool_at(&e->media, i);
	fail_msg("no call has media");
	return NULL;
}

static inline uint64_t
counted(const struct peer *p, enum rs_sdp_fail fail)
{
	return sim_engine(&p->s, RS_ENG_SDP_FAIL + fail);
}

static inline void
over(struct peer *p)
{
	peer_wait(p, 140000);
	peer_all_gone(p);
	assert_int_equal(p->s.engines[0]->media.used, 0);
	peer_close(p);
	free(p);
}

static inline void
completed(struct peer *p)
{
	assert_int_equal(peer_count(p, RS_AM_FAILED), 0);
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 1);
	over(p);
}

static inline void
failed(struct peer *p, uint32_t cause)
{
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 0);
	assert_int_equal(peer_count(p, RS_AM_FAILED), 1);
	assert_int_equal(sim_cause(&p->s, 0, cause), 1);
	over(p);
}

/* --- RTP --- */

/* Number of the next packet that will be sent: what is behind it is looked at. */
static inline uint64_t
mark(const struct peer *p)
{
	return p->media;
}

/* The next RTP packet that was sent, from number *@at on; NULL: there is none. RTCP is passed over. */
static inline const struct peer_rtp *
next_rtp(const struct peer *p, uint64_t *at)
{
	if (p->media > PEER_RTP && *at < p->media - PEER_RTP)
		*at = p->media - PEER_RTP;
	while (*at < p->media) {
		const struct peer_rtp *r = &p->rtp[(*at)++ % PEER_RTP];

		if (rs_rtp_demux(r->data, r->len) != RS_RTP_IS_RTCP)
			return r;
	}
	return NULL;
}

static inline unsigned
rtp_since(const struct peer *p, uint64_t at)
{
	unsigned n = 0;

	while (next_rtp(p, &at))
		n++;
	return n;
}

/* This comes to port @port of ours from 198.18.8.1:@from. */
static inline void
peer_rtp_bytes(struct peer *p, uint16_t port, uint16_t from, const uint8_t *data, uint32_t len)
{
	struct rs_path path = { .local_port = port, .remote_port = from };
	uint8_t *copy = malloc(len);

	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.4.1"), &path.local), 0);
	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.8.1"), &path.remote), 0);
	memcpy(copy, data, len);
	struct rs_rx rx = { .data = copy, .len = len, .kind = RS_RX_RTP, .path = path, .time_ns = p->s.now_ns };

	rs_engine_input(p->s.engines[0], p->s.now_ns, &rx, 1);
	rs_engine_flushed(p->s.engines[0], p->s.now_ns);
	free(copy);
}

static inline void
peer_rtp_plain(struct peer *p, uint16_t port, uint16_t from, uint8_t payload, uint16_t seq)
{
	uint8_t packet[12 + 160] = { 0x80, payload, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, (uint8_t)(seq * 160 >> 8), (uint8_t)(seq * 160), 1, 2, 3, 4 };

	peer_rtp_bytes(p, port, from, packet, sizeof(packet));
}

static inline uint64_t
media_count(const struct peer *p, enum rs_media_metric row)
{
	return rs_metric_get(&p->s.engines[0]->activities[0].account->media, row);
}

/* Our own BYE is answered. */
static inline void
we_hang_up(struct peer *p)
{
	const char *bye = peer_sent(p, "BYE ");

	peer_reply(p, bye, "200 OK");
	completed(p);
}

#define SHORT_CALL INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"183\"", "optional=\"true\"") \
	RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(1000) BYE

#endif
