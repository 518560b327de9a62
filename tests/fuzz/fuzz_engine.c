/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A peer that says anything at any time to an engine that calls and answers, and in rfc3261 mode registers, is challenged, refreshes
 * sessions and remembers what is over. The first byte of the input is the mode (its lowest bit: rfc3261; the next one: calls have media, and what the peer says has
 * session descriptions; the third: these are the scenario's own, as SIPp has them); the rest is a list of
 * moves, each one byte (its low three bits the kind) and what belongs to it. Datagrams of media are RTP, RTCP, UDPTL or anything, protected
 * with the stream's own key where that is asked for, so that what lies behind the verification is reached; in the text of a message the bytes 1 to 5 stand for the Via, From, To, Call-ID and
 * CSeq of what the engine sent last, so that calls are hit. All sums hold at every move, and nothing stays behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MTU 1472
#define REGISTRATION_BYTES (2 * 2 * 2048) /* nonce and routes of both endpoints stay */

struct world {
	struct rs_plan *plan;
	struct rs_engine *e;
	struct rs_account *account;
	uint64_t now;
	uint8_t buf[MTU], sent[MTU]; /* what the engine sent last */
	uint32_t sent_len;
	struct rs_path path;	     /* as its receiver sees it */
	uint8_t said[8192];
	uint32_t said_len;
	uint8_t rtp[MTU]; /* the last datagram of media */
	uint32_t rtp_len;
	uint16_t seq;	  /* of what we say */
	bool media, plain;
};

static const char caller[] =
	"<scenario name=\"c\"><send retrans=\"200\" start_rtd=\"a\"><![CDATA[\nINVITE sip:[service]@[remote_ip] SIP/2.0\n"
	"Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: <sip:[user]@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>\n"
	"Call-ID: [call_id]\nCSeq: [cseq] INVITE\nContact: <sip:[local_ip]>\nContent-Type: application/sdp\nContent-Length: [len]\n\nv=0\n]]></send>"
	"<recv response=\"100\" optional=\"true\"/><recv response=\"401\" auth=\"true\" optional=\"true\" next=\"ringing\"/><recv response=\"180\" optional=\"true\" next=\"ringing\" chance=\"0.2\"/>"
	"<recv request=\"INFO\" optional=\"global\"><action><ereg regexp=\"s:(.*)@\" search_in=\"hdr\" header=\"From:\" assign_to=\"f,g\"/></action></recv>"
	"<recv response=\"200\" rrs=\"true\" rtd=\"a\"><action><ereg regexp=\"[0-9]+\" search_in=\"hdr\" header=\"CSeq:\" check_it=\"true\" assign_to=\"n\"/>"
	"<todouble assign_to=\"d\" variable=\"n\"/><test assign_to=\"b\" variable=\"d\" compare=\"less_than\" value=\"3\"/>"
	"<assignstr assign_to=\"g\" value=\"[last_message]\"/><trim assign_to=\"g\"/></action></recv>"
	"<label id=\"ringing\"/>"
	"<send><![CDATA[\nACK [next_url] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n[routes]\n[last_From:]\n[last_To:]\n"
	"Call-ID: [call_id]\nCSeq: [cseq] ACK\n[authentication username=u password=p]\nX: [$f] [$g]\nContent-Length: 0\n]]></send>"
	"<pause variable=\"d\"/><send retrans=\"200\" condexec=\"b\"><![CDATA[\nBYE [next_url] SIP/2.0\nVia: SIP/2.0/UDP [local_ip];branch=[branch]\n[routes]\n"
	"From: <sip:[user]@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] BYE\n]]></send>"
	"<recv response=\"200\" timeout=\"900\" ontimeout=\"end\"/><label id=\"end\"/><timewait milliseconds=\"300\"/></scenario>";

static const char callee[] =
	"<scenario name=\"u\"><recv request=\"INVITE\" rrs=\"true\"><action><ereg regexp=\".*\" search_in=\"hdr\" header=\"Subject\" assign_to=\"s\"/>"
	"<verifyauth assign_to=\"v\" username=\"[$s]\" password=\"p\"/></action></recv><send lost=\"10\"><![CDATA[\nSIP/2.0 180 Ringing\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n"
	"[last_Record-Route:]\nX:[$s] [$v] [last_Request_URI]\nContent-Length: 0\n]]></send><recv request=\"PRACK\" optional=\"true\"/>"
	"<recv request=\"CANCEL\" optional=\"true\" timeout=\"20\" ontimeout=\"answer\" next=\"cancelled\"/><recv request=\"INFO\"/><label id=\"answer\"/>"
	"<send retrans=\"200\"><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\n"
	"Contact: <sip:[local_ip]>\nContent-Type: application/sdp\nContent-Length: [len]\n\n[last_X-Y:]\n]]></send><recv request=\"ACK\"/><recv request=\"BYE\"/><label id=\"cancelled\"/>"
	"<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n]]></send>"
	"<timewait milliseconds=\"300\"/></scenario>";

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static int
link_take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct world *w = ctx;

	*buf = (struct rs_buf){ w->buf, MTU, NULL };
	return 0;
}

static int
link_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct world *w = ctx;

	check(len <= MTU);
	if (path->remote.family != 4 || path->remote.b[0] != 198 || path->remote.b[1] != 18)
		return -EACCES; /* as the real one: not a target */
	if (path->local_port != 5060 || rs_rx_kind_of(buf->data, len) == RS_RX_RTP) {
		memcpy(w->rtp, buf->data, len);
		w->rtp_len = len;
		return 0;
	}
	memcpy(w->sent, buf->data, len);
	w->sent_len = len;
	w->path = *path;
	return 0;
}

static void
link_drop(void *ctx, struct rs_buf *buf)
{
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	check(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* Two datagrams of raw IPv4: RTP, or UDPTL. */
static void
write_capture(const char *path, bool udptl)
{
	static const uint8_t head[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101 };
	FILE *f = fopen(path, "w");

	check(f && fwrite(head, sizeof(head), 1, f) == 1);
	for (uint8_t i = 0; i < 2; i++) {
		uint8_t packet[16 + 44] = { 1, 0, 0, 0, 0x20, 0x4e * i, 0, 0, 44, 0, 0, 0, 44, 0, 0, 0,
			0x45, 0, 0, 44, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x20, 0, 0x30, 0, 0, 24, 0, 0,
			udptl ? 0 : 0x80, udptl ? i : 99, 0, i, 0, 0, 0, i, 1, 2, 3, 4, 5, 6, 7, 8 };

		check(fwrite(packet, sizeof(packet), 1, f) == 1);
	}
	check(fclose(f) == 0);
}

/* The caller's and callee's text with SIPp's media in it, for groups without a profile. */
static void
make_plain(char *out, size_t cap, const char *text, const char *sdp, const char *before, const char *steps)
{
	const char *at = strstr(text, sdp), *then = strstr(text, before);

	check(at && then && at < then);
	snprintf(out, cap, "%.*sv=0\no=u 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 0 96\n"
		"a=rtpmap:96 telephone-event/8000\na=crypto:[cryptotag1audio] [cryptosuiteaescm128sha1801audio] inline:[cryptokeyparams1audio]\n"
		"a=crypto:[cryptotag2audio] [cryptosuitenullsha1322audio] inline:[cryptokeyparams2audio]\n"
		"m=image [media_port+2] udptl t38\n]]%.*s<nop><action>%s</action></nop>%s",
		(int)(at - text), text, (int)(then - (strstr(at, "]]") + 2)), strstr(at, "]]") + 2, steps, then);
}

static const char steps[] = "<exec rtp_stream=\"apattern,1,0,PCMU/8000\"/><exec play_dtmf=\"1#,60,both\"/>"
	"<exec play_pcap_image=\"fax.pcap\"/><exec play_pcap_video=\"video.pcap\"/>";

static struct rs_plan *
make_plan(bool rfc, bool media, bool plain)
{
	static const char profile[] = "media = ( { name = \"m\"; codecs = [ \"PCMU\", \"telephone-event\" ]; srtp = \"optional\"; "
		"suites = [ \"AES_CM_128_HMAC_SHA1_80\", \"AEAD_AES_128_GCM\" ]; rtcp_mux = true; hear_dtmf = \"both\"; "
		"receive_impair = { duplicate_percent = 5; delay = \"1ms\"; jitter = \"3ms\"; }; } );\n";
	static const char agent[] = "password = \"p\"; auth_user = \"u\"; ua = { session_expires = \"90s\"; }; },\n"
		"  { name = \"them\"; port = \"a\"; count = 2; addresses = \"198.18.5.1-198.18.5.2\"; proxy = \"sip:198.18.8.2\"; password = \"p\"; }";
	static const char registering[] = ", { name = \"r\"; do = \"register\"; endpoints = \"them\"; rate = 50; expires = \"60s\"; }";
	char dir[] = "/tmp/rs-fuzz-XXXXXX", a[64], b[64], fax[64], video[64], text[3072], one[8192], two[8192];
	struct rs_plan *plan = NULL;
	struct rs_err err = { 0 };

	check(mkdtemp(dir) != NULL);
	snprintf(a, sizeof(a), "%s/caller.xml", dir);
	snprintf(b, sizeof(b), "%s/callee.xml", dir);
	snprintf(fax, sizeof(fax), "%s/fax.pcap", dir);
	snprintf(video, sizeof(video), "%s/video.pcap", dir);
	write_capture(fax, true);
	write_capture(video, false);
	make_plain(one, sizeof(one), caller, "v=0\n]]", "<pause variable", steps);
	make_plain(two, sizeof(two), callee, "[last_X-Y:]\n]]", "<recv request=\"BYE\"/>", "<exec rtp_echo=\"startaudio,0,PCMU/8000\"/>");
	write_file(a, plain ? one : caller);
	write_file(b, plain ? two : callee);
	snprintf(text, sizeof(text),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n%s"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 2; addresses = \"198.18.4.1-198.18.4.2\"; %s %s );\n"
		"activities = ( { name = \"c\"; do = \"call\"; from = \"us\"; to = \"sip:x@198.18.8.1\"; scenario = \"%s\"; rate = %u; timeout = \"2s\"; },\n"
		"  { name = \"u\"; do = \"answer\"; endpoints = \"us\"; scenario = \"%s\"; timeout = \"2s\"; limit = 50; } %s );\n"
		"run = { max_calls = 20; %s };\n", media && !plain ? profile : "", media && !plain ? "media = \"m\";" : "", rfc ? agent : "}", a, rfc ? 4 : 20, b, rfc ? registering : "", rfc ? "mode = \"rfc3261\";" : "");
	if (rs_plan_parse("fuzz.conf", text, NULL, 0, &plan, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	unlink(a);
	unlink(b);
	unlink(fax);
	unlink(video);
	rmdir(dir);
	return plan;
}

static void
sums_hold(const struct world *w)
{
	for (uint32_t i = 0; i < w->account->n_activities; i++) {
		struct rs_metrics *m = &w->account->activities[i].cells;

		check(rs_metric_get(m, RS_AM_OFFERED) == rs_metric_get(m, RS_AM_STARTED) + rs_metric_get(m, RS_AM_NOT_STARTED));
		check(rs_metric_get(m, RS_AM_STARTED) ==
			rs_metric_get(m, RS_AM_COMPLETED) + rs_metric_get(m, RS_AM_FAILED) + rs_metric_get(m, RS_AM_OPEN));
		check(rs_metric_get(m, RS_AM_OPEN) <= 50);
	}
	check(rs_metric_get(&w->account->engine, RS_ENG_LEGS) == rs_engine_legs(w->e));
}

/* The value of header @name of what was sent last. */
static struct rs_slice
sent_value(const struct world *w, const char *name)
{
	const uint8_t *at = memmem(w->sent, w->sent_len, name, strlen(name)), *end;

	if (!at)
		return rs_slice_of(w->sent, 0);
	at += strlen(name);
	end = memchr(at, '\r', (size_t)(w->sent + w->sent_len - at));
	return rs_slice_of(at, end ? (size_t)(end - at) : 0);
}

static void
append(struct world *w, const void *p, size_t n)
{
	if (w->said_len + n <= sizeof(w->said)) {
		memcpy(w->said + w->said_len, p, n);
		w->said_len += (uint32_t)n;
	}
}

static void
append_value(struct world *w, const char *name)
{
	struct rs_slice v = sent_value(w, name);

	append(w, v.p, v.len);
}

static void
compose(struct world *w, const uint8_t *text, size_t len)
{
	static const char *const names[] = { NULL, "\nVia: ", "\nFrom: ", "\nTo: ", "\nCall-ID: ", "\nCSeq: " };

	w->said_len = 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 1 && text[i] <= 5)
			append_value(w, names[text[i]]);
		else
			append(w, &text[i], 1);
}

/* Header lines that change what a user agent does: a bit each of @more. */
static const char *
lines_of(uint8_t what, uint8_t more, char *out, size_t cap)
{
	static const char *const expires[] = { "90;refresher=uac", "90;refresher=uas", "100", "1" };

	snprintf(out, cap, "%s%s%s%s%s%s%u%s%s",
		more & 1 ? "Require: 100rel\r\nRSeq: 7\r\nRAck: 7 1 INVITE\r\n" : "",
		more & 2 ? "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"m\", stale=true\r\n" : "",
		more & 4 ? "Supported: timer, 100rel\r\nSession-Expires: " : "", more & 4 ? expires[what & 3] : "",
		more & 4 ? "\r\nMin-SE: 120\r\n" : "", "Expires: ", what & 64 ? 60u : 1u, "\r\n",
		more & 16 ? "Allow: INVITE, UPDATE\r\nService-Route: <sip:198.18.8.9;lr>\r\nMin-Expires: 90\r\n" : "");
	return out;
}

/* A session description, good or odd; with the header lines it needs. */
static const char *
body_of(const struct world *w, uint8_t what, uint8_t more, char *out, size_t cap)
{
	static const char head[] = "v=0\r\no=p 1 1 IN IP4 198.18.8.1\r\ns=-\r\nc=IN IP4 198.18.8.1\r\nt=0 0\r\n";
	static const char key[] = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";
	static const char *const lines[] = { "m=audio 9000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
		"m=audio 9000 RTP/SAVP 0\r\n", "m=audio 9000 RTP/AVP 0\r\na=sendonly\r\na=rtcp-mux\r\n", "m=audio 0 RTP/AVP 0\r\n",
		"m=video 9002 RTP/AVP 34\r\nm=audio 9000 RTP/AVP 0\r\n", "m=audio 9000 RTP/AVP 99\r\n", "c=IN IP4 203.0.113.1\r\n",
		"m=audio 9000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n" };
	static const char *const plain[] = { "m=audio 9000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n%sm=image 9002 udptl t38\r\n",
		"m=audio 9000 RTP/SAVP 0\r\n%s", "m=video 9002 RTP/AVP 99\r\n%sm=audio 9000 RTP/AVP 8\r\n",
		"m=image 9002 udptl t38\r\nm=video 9004 RTP/AVP 99\r\nm=audio 9000 RTP/AVP 0\r\na=crypto:2 NULL_HMAC_SHA1_32 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n" };
	char sdp[1024];

	if (!w->media || (what + more) % 9 == 8) {
		snprintf(out, cap, "\r\n");
		return out;
	}
	if (w->plain && (what & 8)) {
		size_t n = (size_t)snprintf(sdp, sizeof(sdp), "%s", head);

		snprintf(sdp + n, sizeof(sdp) - n, plain[(what >> 1 & 1) + (what >> 5 & 2)], what & 32 ? key : "");
	} else {
		snprintf(sdp, sizeof(sdp), "%s%s%s", head, lines[(what + more) % 9], what & 32 ? key : "");
	}
	if (what & 16)
		snprintf(out, cap, "Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\nContent-Type: application/sdp\r\n\r\n%s--b--\r\n", sdp);
	else
		snprintf(out, cap, "Content-Type: application/sdp\r\n\r\n%s", sdp);
	return out;
}

/* A well-formed response to what was sent last, or a request within its call. */
static void
compose_fitting(struct world *w, uint8_t what, uint8_t more, bool request)
{
	static const char *const hard[] = { "401", "407", "420", "422", "423", "481", "491", "500", "408", "200" };
	static const char *const asked[] = { "UPDATE", "OPTIONS", "NOTIFY", "PRACK", "REFER", "INVITE", "BYE" };
	static const char *const contacts[] = { "<sip:h>", "<sip:198.18.8.1:5070>", "<sip:203.0.113.9>" };
	static const char *const lines[] = { "100", "180", "183", "200", "202", "302", "404", "486", "487", "503" };
	static const char *const methods[] = { "INVITE", "ACK", "BYE", "CANCEL", "INFO", "PRACK", "PING" };
	char text[3072], extra[512], body[1536];
	const char *contact = contacts[(what >> 4) % 3];
	int n;

	lines_of(what, more, extra, sizeof(extra));
	body_of(w, what, more, body, sizeof(body));
	if (request)
		n = snprintf(text, sizeof(text), "%s sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u\r\nFrom: \3%s\r\nTo: \2\r\nCall-ID: \4\r\n"
						 "CSeq: %u %s\r\nContact: %s\r\n%s%s",
			more & 8 ? asked[what % 7] : methods[what % 7], what, what & 64 ? ";tag=p" : "", what / 7u % 4,
			more & 8 ? asked[what % 7] : methods[what % 7], contact, more ? extra : "", body);
	else
		n = snprintf(text, sizeof(text), "SIP/2.0 %s X\r\nVia: \1\r\nFrom: \2\r\nTo: \3%s\r\nCall-ID: \4\r\nCSeq: \5\r\n%sContact: %s\r\n%s%s",
			more & 8 ? hard[what % 10] : lines[what % 10], what & 64 ? ";tag=p" : "", what & 128 ? "Record-Route: <sip:r;lr>, <sip:q>\r\n" : "", contact, more ? extra : "", body);
	compose(w, (const uint8_t *)text, (size_t)n);
}

static void
say(struct world *w, uint8_t kind)
{
	uint8_t *copy = malloc(w->said_len ? w->said_len : 1); /* its own block: the sanitizer watches its end */
	struct rs_rx rx = { .data = copy, .len = w->said_len, .kind = kind, .path = w->path, .time_ns = w->now };

	memcpy(copy, w->said, w->said_len);
	rs_engine_input(w->e, w->now, &rx, 1);
	free(copy);
}

/* Stream number @n of those that run; NULL: none does. */
static struct stream *
stream_of(const struct world *w, uint32_t n)
{
	struct streams *ms = w->e->streams;

	if (!ms || ms->pool.used == 0)
		return NULL;
	n %= ms->pool.used;
	for (uint32_t slot = 0; slot < ms->pool.fresh; slot++)
		if (rs_pool_is_taken(&ms->pool, slot) && n-- == 0)
			return stream_at(ms, slot);
	return NULL;
}

/* A header and @text behind it: RTP that fits more or less, RTCP of a type and a length that fit or not, or @text alone. */
static uint32_t
datagram(struct world *w, const struct stream *s, uint8_t kind, const uint8_t *text, size_t len, uint8_t *out)
{
	uint8_t a = len > 0 ? text[0] : 0, b = len > 1 ? text[1] : 0;
	const uint8_t pts[] = { s->pt, s->pt_event, 8, s->pt_noise };
	uint32_t ts = w->seq * 160u, n = 12;

	if (kind < 3) {
		w->seq = (uint16_t)(w->seq + (a & 64 ? (int8_t)b : 1));
		rs_rtp_write_header(out, (uint8_t)(pts[a & 3] & 0x7f) | (a & 4 ? RS_RTP_MARKER : 0), w->seq, a & 8 ? ts + b * 999u : ts, a & 16 ? b : 77);
		out[0] |= kind == 2 ? b & 0x3f : 0; /* CSRCs, an extension, padding */
	} else if (kind < 5) {
		out[0] = (uint8_t)(0x80 | (a & 0x1f));
		out[1] = (uint8_t)(200 + b % 8);
		out[2] = 0;
		out[3] = (uint8_t)(kind == 3 ? len / 4 + 1 : a);
		memcpy(out + 4, "\0\0\0\x4d", 4);
		n = 8;
	} else {
		n = 0;
	}
	len = len < 1200 ? len : 1200;
	memcpy(out + n, text, len);
	n += (uint32_t)len;
	return n ? n : 1;
}

/* As the peer would have done it: its key is ours to receive with. */
static uint32_t
protect(struct world *w, const struct stream *s, bool rtcp, uint8_t *p, uint32_t len, uint32_t room)
{
	struct streams *ms = w->e->streams;
	struct rs_srtp_ctx ctx;
	struct rs_srtcp_ctx control;
	struct rs_srtp_item item = { .packet = p, .len = len, .room = room };

	if (s->keys == STREAM_NONE)
		return len;
	ctx = keys_at(ms, s->keys)->rx;
	control = ms->secrets[s->keys].rx;
	if (rtcp) {
		static uint32_t index;

		rs_srtcp_set_index(&control, ++index & 0x7fffffff);
		item.rtcp = &control;
		rs_srtcp_protect_batch(ms->srtp, &item, 1);
	} else {
		item.ctx = &ctx;
		rs_srtp_protect_batch(ms->srtp, &item, 1);
	}
	return item.status == RS_SRTP_OK ? item.out_len : len;
}

/* @how: kind of the datagram, protected or not, from somewhere else or not. It comes up to three times in a burst. */
static void
media(struct world *w, uint8_t how, uint8_t which, const uint8_t *text, size_t len)
{
	const struct stream *s = stream_of(w, which & 7);
	uint8_t kind = how & 7, *copies[3];
	struct rs_rx rx[3];
	uint8_t out[MTU];
	uint32_t n, copies_n = 1 + (which >> 6) % 3;

	if (!s)
		return;
	n = datagram(w, s, kind, text, len, out);
	if (kind == 7 && w->rtp_len) {
		memcpy(out, w->rtp, w->rtp_len);
		n = w->rtp_len;
	} else if (how & 8) {
		n = protect(w, s, kind == 3 || kind == 4, out, n, sizeof(out));
	}
	for (uint32_t i = 0; i < copies_n; i++) {
		copies[i] = malloc(n); /* its own block: the sanitizer watches its end */
		memcpy(copies[i], out, n);
		rx[i] = (struct rs_rx){ .data = copies[i], .len = n, .kind = rs_rx_kind_of(out, n), .time_ns = w->now };
		rx[i].path = (struct rs_path){ .local = s->path.local, .remote = s->path.remote, .local_port = s->path.local_port,
			.remote_port = (uint16_t)(s->path.remote_port + !!(how & 16)), .port = s->path.port };
		rx[i].path.local_port += (kind == 3 || kind == 4) && (which & 32); /* RTCP's own port, or that of RTP */
	}
	rs_engine_input(w->e, w->now, rx, copies_n);
	for (uint32_t i = 0; i < copies_n; i++)
		free(copies[i]);
}

static void
command(struct world *w, uint8_t what)
{
	uint64_t at = w->now + what * 100000ull;

	switch (what % 8) {
	case 0: rs_engine_set_rate(w->e, -1, what, at); break;
	case 1: rs_engine_pause(w->e, at); break;
	case 2: rs_engine_resume(w->e, at); break;
	case 3: rs_engine_set_limit(w->e, 0, what); break;
	case 4: rs_engine_stop(w->e, what & 64 ? -1 : what >> 7); break;
	case 5: rs_engine_hangup(w->e, what & 64 ? -1 : what >> 7); break;
	case 6: rs_engine_start_activity(w->e, what >> 7, at); break;
	default: break;
	}
}

static void
time_passes(struct world *w, uint64_t ms)
{
	uint64_t until = w->now + ms * RS_NS_PER_MS;

	while (w->now < until) {
		uint64_t due = rs_engine_turn(w->e, w->now);

		rs_engine_flushed(w->e, w->now);
		w->now = due > w->now ? due : w->now + 1000;
	}
	w->now = until;
}

static void
play(struct world *w, const uint8_t *p, size_t size)
{
	size_t i = 0;

	while (i + 1 < size) {
		uint8_t move = p[i] & 7, arg = p[i + 1];
		size_t len = (size_t)(p[i] >> 3) * 256 + arg;

		i += 2;
		switch (move) {
		case 0:
			len = len < size - i ? len : size - i;
			compose(w, p + i, len);
			i += len;
			say(w, RS_RX_SIP);
			break;
		case 1:
		case 2:
			compose_fitting(w, arg, p[i - 2] >> 3, move == 2);
			say(w, RS_RX_SIP);
			break;
		case 3:
			time_passes(w, arg * (p[i - 2] & 8 ? 400u : 4u));
			break;
		case 4:
			w->said_len = 0;
			append(w, w->sent, w->sent_len < len ? w->sent_len : len);
			say(w, RS_RX_UNREACHABLE);
			break;
		case 5: /* what we said last again, or what the engine said back to it */
			if (arg & 1) {
				w->said_len = 0;
				append(w, w->sent, w->sent_len);
			}
			say(w, RS_RX_SIP);
			break;
		case 6:
			w->path.local.b[3] = (uint8_t)(1 + (arg & 1));
			break;
		default:
			if (len < 256) {
				command(w, arg);
				break;
			}
			len = i < size ? p[i] : 0;
			i++;
			len = i >= size ? 0 : len < size - i ? len : size - i;
			media(w, p[i - 3] >> 3, arg, p + (len ? i : 0), len);
			i += len;
			break;
		}
		sums_hold(w);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_plan *plans[8]; /* read once: the process of a fuzzer is its only owner */
	struct rs_plan *plan;
	bool rfc = size > 0 && (data[0] & 1), media = size > 0 && (data[0] & 2);
	bool plain = media && (data[0] & 4);
	unsigned which = rfc + 2u * media + 4u * plain;
	struct world *w;
	struct rs_err err;

	if (size > 4096)
		return 0;
	if (!plans[which])
		plans[which] = make_plan(rfc, media, plain);
	plan = plans[which];
	w = calloc(1, sizeof(*w));
	if (!w || rs_account_create(plan, &w->account) != 0)
		abort();
	w->now = 1000 * RS_NS_PER_S;
	w->media = media;
	w->plain = plain;
	struct rs_engine_cfg cfg = {
		.plan = plan,
		.run = 3,
		.secret = 7,
		.pid = 1,
		.link = { .take = link_take, .send = link_send, .drop = link_drop, .ctx = w },
		.account = w->account,
		.wall_us = 1760000000000000,
		.wall_at_ns = w->now,
	};

	check(rs_engine_create(&cfg, &w->e, &err) == 0);
	rs_engine_begin(w->e, w->now);
	time_passes(w, 1);
	if (size > 0)
		play(w, data + 1, size - 1);
	if (size & 1)
		time_passes(w, 6000);
	rs_engine_silence(w->e);
	sums_hold(w);
	if (w->e->streams)
		check(w->e->streams->pool.used == 0 && w->e->streams->keys.used == 0 && w->e->streams->gcm.used == 0 &&
			w->e->streams->detectors.used == 0 && w->e->streams->ports.used == 0 && w->e->media.used == 0);
	check(rs_engine_legs(w->e) == 0 && rs_engine_leg_bytes(w->e) <= (rfc ? REGISTRATION_BYTES : 0));
	rs_engine_free(w->e);
	rs_account_free(w->account);
	free(w);
	return 0;
}
