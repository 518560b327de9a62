/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One engine and a peer that the test plays by hand: own scenario in, what the engine sends out, answers built from that.
 * The engine calls from (or answers at) 198.18.4.1:5060; the peer is 198.18.8.1:5060. Line ends are written as \n.
 */
#ifndef RS_TESTS_ENGINE_PEER_H
#define RS_TESTS_ENGINE_PEER_H

#include "sim.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#define PEER_SENT 256
#define PEER_RTP  256
#define MS RS_NS_PER_MS

struct peer {
	struct sim s;
	char dir[64], file[96];
	char sent[PEER_SENT][SIM_MTU + 1];
	uint64_t sent_at[PEER_SENT]; /* ms since the engine began */
	struct rs_path sent_to[PEER_SENT]; /* as the receiver sees it: local is where it went */
	unsigned n_sent, n_read;
	uint64_t media; /* packets of RTP and RTCP, of which the newest ones are kept */
	struct peer_rtp {
		uint64_t at_ns;
		struct rs_path to; /* as the receiver sees it */
		uint32_t len;
		uint8_t data[320];
	} rtp[PEER_RTP];
	uint64_t start_ns;
	const char *group; /* more settings of the endpoints; NULL: none */
	const char *to; /* endpoint that the peer speaks to; NULL: 198.18.4.1 */
};

/* --- steps of scenarios --- */
#define REQUEST_LINES(method, extra)                                                                                   \
	method " sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\n"  \
	"CSeq: [cseq] " method "\nContact: <sip:me@[local_ip]:[local_port]>\n" extra "Content-Length: 0\n"
#define SEND(method, attrs) "<send " attrs "><![CDATA[\n" REQUEST_LINES(method, "") "]]></send>\n"
#define SEND_X(method, attrs, extra) "<send " attrs "><![CDATA[\n" REQUEST_LINES(method, extra) "]]></send>\n"
#define ANSWER(status, attrs)                                                                                          \
	"<send " attrs "><![CDATA[\nSIP/2.0 " status "\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n" \
	"[last_CSeq:]\nContact: <sip:me@[local_ip]:[local_port]>\nContent-Length: 0\n]]></send>\n"
#define RECV(what, attrs) "<recv " what " " attrs "/>\n"
#define RECV_DO(what, actions) "<recv " what "><action>" actions "</action></recv>\n"
#define PAUSE(ms) "<pause milliseconds=\"" #ms "\"/>\n"

static unsigned
peer_takes(void *ctx, struct sim_packet *p)
{
	struct peer *peer = ctx;

	if (rs_rx_kind_of(p->data, p->len) == RS_RX_RTP) {
		struct peer_rtp *r = &peer->rtp[peer->media++ % PEER_RTP];

		*r = (struct peer_rtp){ .at_ns = peer->s.now_ns, .to = p->path, .len = p->len };
		memcpy(r->data, p->data, p->len < sizeof(r->data) ? p->len : sizeof(r->data));
		return 0;
	}
	assert_true(peer->n_sent < PEER_SENT);
	memcpy(peer->sent[peer->n_sent], p->data, p->len);
	peer->sent[peer->n_sent][p->len] = 0;
	peer->sent_to[peer->n_sent] = p->path;
	peer->sent_at[peer->n_sent++] = (peer->s.now_ns - peer->start_ns) / MS;
	return 0;
}

static void
peer_open(struct peer *p, const char *scenario, const char *activity, const char *more)
{
	char plan[2048];
	FILE *f;

	strcpy(p->dir, "/tmp/rs-engine-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%s/test.xml", p->dir);
	f = fopen(p->file, "w");
	assert_non_null(f);
	fprintf(f, "<?xml version=\"1.0\"?>\n<scenario name=\"test\">\n%s</scenario>\n", scenario);
	fclose(f);
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 4; addresses = \"198.18.4.1-198.18.4.4\"; %s } );\n"
		"activities = ( { name = \"x\"; scenario = \"%s\"; %s } );\n%s", p->group ? p->group : "", p->file, activity, more);
	p->s.on_wire = peer_takes;
	p->s.ctx = p;
	p->start_ns = 1000 * RS_NS_PER_S;
	sim_open(&p->s, plan);
	sim_play(&p->s, MS / 2);
}

/* One call is placed at once. */
static inline void
peer_open_call(struct peer *p, const char *scenario)
{
	peer_open(p, scenario,
		"do = \"call\"; from = \"us\"; to = \"sip:bob@198.18.8.1:5060\"; rate = 1; total = 1; timeout = \"20s\"; hold = \"100ms\";",
		"");
}

static inline void
peer_open_answer(struct peer *p, const char *scenario)
{
	peer_open(p, scenario, "do = \"answer\"; endpoints = \"us\"; timeout = \"20s\"; ring = \"100ms\";", "");
}

static inline void
peer_close(struct peer *p)
{
	sim_sums_hold(&p->s);
	sim_close(&p->s);
	unlink(p->file);
	rmdir(p->dir);
}

static inline void
peer_wait(struct peer *p, uint64_t ms)
{
	sim_play(&p->s, ms * MS);
}

/* The next message that the engine sent; its start line begins with @start. */
static inline const char *
peer_sent(struct peer *p, const char *start)
{
	if (p->n_read == p->n_sent)
		fail_msg("nothing was sent, %s was expected", start);
	const char *m = p->sent[p->n_read++];

	if (strncmp(m, start, strlen(start)) != 0)
		fail_msg("%s was expected, this was sent:\n%s", start, m);
	return m;
}

static inline void
peer_heard_nothing(struct peer *p)
{
	if (p->n_read != p->n_sent)
		fail_msg("nothing was expected, this was sent:\n%s", p->sent[p->n_read]);
}

/* Value of header @name of @m in a buffer of its own; "" when it is not there. Long and lower-case names are told apart. */
static inline const char *
header(const char *m, const char *name)
{
	static char values[16][1024];
	static unsigned next;
	char *out = values[next++ % 16], start[64];
	size_t n = (size_t)snprintf(start, sizeof(start), "\n%s:", name);
	const char *at = strstr(m, start);

	out[0] = 0;
	if (!at)
		return out;
	for (at += n; *at == ' '; at++)
		;
	snprintf(out, 1024, "%.*s", (int)strcspn(at, "\r\n"), at);
	return out;
}

static inline void
peer_say_bytes(struct peer *p, const void *data, size_t len)
{
	struct rs_path path = { .local_port = 5060, .remote_port = 5060 };
	uint8_t *copy = malloc(len ? len : 1); /* its own block: a read past the end is seen */

	assert_int_equal(rs_addr_parse(rs_slice_str(p->to ? p->to : "198.18.4.1"), &path.local), 0);
	assert_int_equal(rs_addr_parse(rs_slice_str("198.18.8.1"), &path.remote), 0);
	memcpy(copy, data, len);
	struct rs_rx rx = { .data = copy, .len = (uint32_t)len, .kind = RS_RX_SIP, .path = path, .time_ns = p->s.now_ns };

	rs_engine_input(p->s.engines[0], p->s.now_ns, &rx, 1);
	rs_engine_flushed(p->s.engines[0], p->s.now_ns);
	free(copy);
}

static inline void
peer_say(struct peer *p, const char *text)
{
	char out[16384];
	size_t n = 0;

	for (; *text && n < sizeof(out) - 2; text++) {
		if (*text == '\n')
			out[n++] = '\r';
		out[n++] = *text;
	}
	peer_say_bytes(p, out, n);
}

/* The response @status to @request; @extra: further header lines. */
static inline void
peer_reply_x(struct peer *p, const char *request, const char *status, const char *extra)
{
	const char *to = header(request, "To");
	char text[8192];

	snprintf(text, sizeof(text),
		"SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s%s\nCall-ID: %s\nCSeq: %s\nContact: <sip:peer@198.18.8.1:5070>\n%sContent-Length: 0\n\n",
		status, header(request, "Via"), header(request, "From"), to, strstr(to, ";tag=") ? "" : ";tag=peer",
		header(request, "Call-ID"), header(request, "CSeq"), extra);
	peer_say(p, text);
}

static inline void
peer_reply(struct peer *p, const char *request, const char *status)
{
	peer_reply_x(p, request, status, "");
}

/* A request of the peer in the call that our @invite began. */
static inline void
peer_ask(struct peer *p, const char *invite, const char *method, unsigned cseq)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKp%u%s\nFrom: %s;tag=peer\n"
		"To: %s\nCall-ID: %s\nCSeq: %u %s\nMax-Forwards: 70\nContent-Length: 0\n\n",
		method, cseq, method, header(invite, "To"), header(invite, "From"), header(invite, "Call-ID"), cseq, method);
	peer_say(p, text);
}

/* A request of a call that the peer places: Call-ID "peer-1", From tag "peer". @to_tag: "" or ";tag=..." */
static inline void
peer_call(struct peer *p, const char *method, unsigned cseq, const char *to_tag, const char *extra)
{
	char text[8192];

	snprintf(text, sizeof(text),
		"%s sip:me@198.18.4.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.18.8.1:5060;branch=z9hG4bKc%u%s\nFrom: <sip:peer@198.18.8.1>;tag=peer\n"
		"To: <sip:me@198.18.4.1>%s\nCall-ID: peer-1\nCSeq: %u %s\nContact: <sip:peer@198.18.8.1:5070>\nMax-Forwards: 70\n%s"
		"Content-Length: 0\n\n", method, cseq, method, to_tag, cseq, method, extra);
	peer_say(p, text);
}

/* ";tag=..." of @value */
static inline const char *
tag_of(const char *value)
{
	const char *at = strstr(value, ";tag=");

	return at ? at : "";
}

static inline const char *
branch_of(const char *message)
{
	const char *at = strstr(header(message, "Via"), "branch=");

	return at ? at + 7 : "";
}

static inline uint64_t
peer_count(const struct peer *p, uint32_t row)
{
	return sim_count(&p->s, 0, row);
}

/* The call is over, and nothing of it is left. */
static inline void
peer_all_gone(const struct peer *p)
{
	assert_int_equal(sim_engine(&p->s, RS_ENG_LEGS), 0);
	assert_int_equal(sim_engine(&p->s, RS_ENG_LINGERING), 0);
	assert_int_equal(rs_engine_leg_bytes(p->s.engines[0]), 0);
}

static inline void
peer_completed(const struct peer *p)
{
	assert_int_equal(peer_count(p, RS_AM_FAILED), 0);
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 1);
	peer_all_gone(p);
}

static inline void
peer_failed(const struct peer *p, uint32_t cause)
{
	assert_int_equal(peer_count(p, RS_AM_COMPLETED), 0);
	assert_int_equal(peer_count(p, RS_AM_FAILED), 1);
	assert_int_equal(sim_cause(&p->s, 0, cause), 1);
	peer_all_gone(p);
}

#endif
