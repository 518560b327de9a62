/* SPDX-License-Identifier: BSD-3-Clause */
/** Calls in rfc3261 mode against a peer played by hand, each side with a session description, and what their tests look at. */
#ifndef RS_TESTS_ENGINE_UA_H
#define RS_TESTS_ENGINE_UA_H

#include "engine_peer.h"

#define RFC "run = { mode = \"rfc3261\"; };"
#define S RS_NS_PER_S
#define SDP_LINES "v=0\no=us 7 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 0\n"
#define OUR_SDP "v=0\r\no=us 7 1 IN IP4 198.18.4.1\r\ns=-\r\nc=IN IP4 198.18.4.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
#define PEER_SDP "v=0\no=peer 1 1 IN IP4 198.18.8.1\ns=-\nc=IN IP4 198.18.8.1\nt=0 0\nm=audio 9000 RTP/AVP 0\n"
#define WITH_SDP "Content-Type: application/sdp\nContent-Length: [len]\n\n" SDP_LINES
#define INVITE_X(extra)                                                                                                \
	"<send><![CDATA[\nINVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>\nCall-ID: [call_id]\nCSeq: [cseq] INVITE\n" \
	"Contact: <sip:me@[local_ip]:[local_port]>\n" extra WITH_SDP "]]></send>\n"
#define INVITE INVITE_X("")
#define BYE SEND("BYE", "") RECV("response=\"200\"", "")
#define ANSWER_SDP(status, extra)                                                                                      \
	"<send><![CDATA[\nSIP/2.0 " status "\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n" \
	"[last_Record-Route:]\nContact: <sip:me@[local_ip]:[local_port]>\n" extra WITH_SDP "]]></send>\n"
/** A call that lasts until the peer has been silent for 600 s. */
#define CALL INVITE RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"183\"", "optional=\"true\"") \
	RECV("response=\"200\"", "") SEND("ACK", "") PAUSE(600000) BYE
/** The same, answered. */
#define ANSWERING                                                                                                      \
	RECV("request=\"INVITE\"", "") ANSWER("180 Ringing", "") PAUSE(100) ANSWER_SDP("200 OK", "") RECV("request=\"ACK\"", "")  \
	RECV("request=\"BYE\"", "timeout=\"900000\"") ANSWER("200 OK", "")

static inline void
open_call(struct peer *p, const char *scenario)
{
	peer_open(p, scenario,
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"60s\"; hold = \"100ms\";",
		RFC);
}

static inline void
open_answer(struct peer *p, const char *scenario)
{
	peer_open(p, scenario, "do = \"answer\"; endpoints = \"us\"; timeout = \"60s\"; ring = \"100ms\";", RFC);
}

/* Our call is answered. @return its INVITE */
static inline const char *
established(struct peer *p, const char *scenario, const char *extra)
{
	const char *invite;

	open_call(p, scenario);
	invite = peer_sent(p, "INVITE ");
	peer_reply_x(p, invite, "200 OK", extra);
	peer_sent(p, "ACK ");
	return invite;
}

/* The peer's call is answered. @return ";tag=..." of ours */
static inline const char *
answered(struct peer *p, const char *scenario, const char *extra)
{
	const char *ok;

	open_answer(p, scenario);
	peer_call(p, "INVITE", 1, "", extra);
	peer_sent(p, "SIP/2.0 180 ");
	peer_wait(p, 101);
	ok = peer_sent(p, "SIP/2.0 200 ");
	peer_call(p, "ACK", 1, tag_of(header(ok, "To")), "");
	return tag_of(header(ok, "To"));
}

/* A request of the peer in the call that our @invite began, with header lines and a body of its own. */
static inline void
peer_ask_x(struct peer *p, const char *invite, const char *method, unsigned cseq, const char *extra, const char *body)
{
	char text[4096];
	unsigned lines = 0;

	for (const char *at = body; *at; at++)
		lines += *at == '\n';
	snprintf(text, sizeof(text),
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKp%u%s\nFrom: %s;tag=peer\n"
		"To: %s\nCall-ID: %s\nCSeq: %u %s\n%sContent-Length: %zu\n\n%s",
		method, cseq, method, header(invite, "To"), header(invite, "From"), header(invite, "Call-ID"), cseq, method, extra,
		strlen(body) + lines, body);
	peer_say(p, text);
}

static inline const char *
body_of(const char *message)
{
	const char *at = strstr(message, "\r\n\r\n");

	return at ? at + 4 : "";
}

/* Is @value among the option tags of header @name? */
static inline bool
has_option(const char *message, const char *name, const char *value)
{
	return strstr(header(message, name), value) != NULL;
}

/* Where the last message that was read went to: "198.18.8.1:5060" */
static inline const char *
sent_to(const struct peer *p)
{
	static char text[64];
	const struct rs_path *path = &p->sent_to[p->n_read - 1];
	uint8_t address[48];
	int n = (int)rs_addr_write(&path->local, address);

	snprintf(text, sizeof(text), "%.*s:%u", n, (const char *)address, path->local_port);
	return text;
}

/* Our call's BYE is answered, and nothing is left. */
static inline void
ends_well(struct peer *p)
{
	assert_int_equal(peer_count(p, RS_AM_FAILED), 0);
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 1);
	assert_int_equal(peer_count(p, RS_AM_OPEN), 0);
	peer_wait(p, 70000);
	peer_all_gone(p);
	assert_int_equal(sim_engine(&p->s, RS_ENG_TOMBS), 0);
	assert_int_equal(sim_engine(&p->s, RS_ENG_CLOSING), 0);
	peer_close(p);
}

/* The peer hangs up a call that it placed. */
static inline void
peer_hangs_up(struct peer *p, const char *tag, unsigned cseq)
{
	peer_call(p, "BYE", cseq, tag, "");
	peer_sent(p, "SIP/2.0 200 ");
	peer_heard_nothing(p);
	ends_well(p);
}

/* The peer hangs up a call of ours that waits for it. */
static inline void
failed_with(struct peer *p, uint32_t cause)
{
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 0);
	assert_int_equal(peer_count(p, RS_AM_FAILED), 1);
	assert_int_equal(sim_cause(&p->s, 0, cause), 1);
	peer_wait(p, 140000);
	peer_all_gone(p);
	assert_int_equal(sim_engine(&p->s, RS_ENG_TOMBS), 0);
	peer_close(p);
}

/* Whatever is sent from now on is not looked at any more; the last message of @n. */
static inline const char *
peer_skip(struct peer *p, unsigned *n, const char *start)
{
	const char *last = NULL;

	for (*n = 0; p->n_read < p->n_sent; ++*n)
		last = peer_sent(p, start);
	return last;
}

#endif
