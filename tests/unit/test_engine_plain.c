/* SPDX-License-Identifier: BSD-3-Clause */
/* SIPp's media scenarios as they are: descriptions and keys are the scenario's own, captures of video and images go where the peer says. */
#include "engine/stream.h"
#include "sim.h"

#include <stdio.h>
#include <unistd.h>

#define MS RS_NS_PER_MS
#define S  RS_NS_PER_S

#define HEAD(method) method " sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"     \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] " method "\n" \
	"Contact: <sip:me@[local_ip]:[local_port]>\n"
#define SDP "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=us 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n"
#define NO_SDP "Content-Length: 0\n\n"
#define CALLER(sdp, steps)                                                                                                  \
	"<scenario name=\"caller\"><send retrans=\"500\"><![CDATA[\n" HEAD("INVITE") SDP sdp "]]></send><recv response=\"180\" optional=\"true\"/>" \
	"<recv response=\"200\"/><send><![CDATA[\n" HEAD("ACK") NO_SDP "]]></send>" steps "<pause milliseconds=\"1000\"/>"   \
	"<send retrans=\"500\"><![CDATA[\n" HEAD("BYE") NO_SDP "]]></send><recv response=\"200\"/></scenario>"
#define REPLY "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=[tag]\n[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:it@[local_ip]:[local_port]>\n"
#define CALLEE(sdp, steps)                                                                                                  \
	"<scenario name=\"callee\"><recv request=\"INVITE\"/><send retrans=\"500\"><![CDATA[\n" REPLY SDP sdp "]]></send>"          \
	"<recv request=\"ACK\"/>" steps "<recv request=\"BYE\"/><send><![CDATA[\n" REPLY NO_SDP "]]></send></scenario>"
#define EXEC(what) "<nop><action><exec " what "/></action></nop>"
#define AUDIO "m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"
#define KEYS(n, suite) "a=crypto:[cryptotag" n "audio] [cryptosuite" suite n "audio] inline:[cryptokeyparams" n "audio]"
#define SAVP "m=audio [rtpstream_audio_port] RTP/SAVP 0\n"
#define CM80 "aescm128sha180"
#define CM32 "aescm128sha132"
#define CM80_NAME "AES_CM_128_HMAC_SHA1_80"
#define CM32_NAME "AES_CM_128_HMAC_SHA1_32"

#define SEEN 256

static struct place {
	char dir[40], caller[64], callee[64], audio[64], video[64], image[64];
	struct sim s;
	struct sim_packet seen[SEEN]; /* of media */
	unsigned n_seen;
	char offer[1400], answer[1400], first_offer[1400];
} p;

static uint64_t
count(uint32_t activity, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < p.s.n; w++)
		n += rs_metric_get(&p.s.accounts[w]->activities[activity].media, row);
	return n;
}

enum { RING, CALLS };

/* --- captures --- */

static const uint64_t times_us[] = { 0, 20000, 33000, 85000 };
#define PACKETS (sizeof(times_us) / sizeof(times_us[0]))

/* Four datagrams of raw IPv4: RTP of payload type @pt, else UDPTL. */
static void
write_capture(const char *name, int pt)
{
	static const uint8_t file[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101 };
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, sizeof(file), f), sizeof(file));
	for (uint8_t i = 0; i < PACKETS; i++) {
		uint32_t us = (uint32_t)times_us[i];
		uint8_t record[16] = { 1, 0, 0, 0, (uint8_t)us, (uint8_t)(us >> 8), (uint8_t)(us >> 16), 0, 44, 0, 0, 0, 44 };
		uint8_t packet[44] = { 0x45, 0, 0, 44, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x20, 0, 0x30, 0, 0, 24, 0, 0,
			0x80, (uint8_t)pt, 0, i, 0, 0, 0, (uint8_t)(i * 40), 1, 2, 3, 4, 'd', 'a', (uint8_t)pt, i };

		if (pt < 0) {
			packet[28] = 0;
			packet[29] = i;
		}
		assert_int_equal(fwrite(record, 1, sizeof(record), f), sizeof(record));
		assert_int_equal(fwrite(packet, 1, sizeof(packet), f), sizeof(packet));
	}
	fclose(f);
}

static void
write_text(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	strcpy(p.dir, "/tmp/rs-plain-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	snprintf(p.caller, sizeof(p.caller), "%s/caller.xml", p.dir);
	snprintf(p.callee, sizeof(p.callee), "%s/callee.xml", p.dir);
	snprintf(p.audio, sizeof(p.audio), "%s/audio.pcap", p.dir);
	snprintf(p.video, sizeof(p.video), "%s/video.pcap", p.dir);
	snprintf(p.image, sizeof(p.image), "%s/image.pcap", p.dir);
	write_capture(p.audio, 0);
	write_capture(p.video, 99);
	write_capture(p.image, -1);
	return 0;
}

static int
tear_down(void **state)
{
	const char *files[] = { p.caller, p.callee, p.audio, p.video, p.image };

	(void)state;
	sim_close(&p.s);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	rmdir(p.dir);
	return 0;
}

/* --- a run --- */

static unsigned
watch(void *ctx, struct sim_packet *packet)
{
	const char *text = (const char *)packet->data, *body;

	(void)ctx;
	if (packet->path.local_port != 5060) {
		assert_true(p.n_seen < SEEN);
		p.seen[p.n_seen++] = *packet;
		return 1;
	}
	packet->data[packet->len < SIM_MTU ? packet->len : SIM_MTU - 1] = 0;
	body = strstr(text, "\r\n\r\nv=0");
	if (body && !p.first_offer[0])
		snprintf(p.first_offer, sizeof(p.first_offer), "%s", body + 4);
	if (body)
		snprintf(strncmp(text, "INVITE ", 7) == 0 ? p.offer : p.answer, sizeof(p.offer), "%s", body + 4);
	return 1;
}

/* One call; a scenario that is NULL is the built-in one, of a group with the profile @media. */
static void
run(const char *caller, const char *callee, const char *media, const char *mode)
{
	char plan[2048];

	if (caller)
		write_text(p.caller, caller);
	if (callee)
		write_text(p.callee, callee);
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"
		"media = ( { name = \"m\"; codecs = [ \"PCMU\" ]; %s } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = 1; addresses = \"198.18.4.1\"; %s rtp_ports = \"20000-20999\"; },\n"
		"  { name = \"them\"; port = \"b\"; count = 1; addresses = \"198.18.8.1\"; %s rtp_ports = \"30000-30999\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"%s\"; ring = \"0s\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"%s\"; rate = 100; total = 1; hold = \"1s\"; } );\n"
		"run = { mode = \"%s\"; };\n",
		media, caller ? "" : "media = \"m\";", callee ? "" : "media = \"m\";", callee ? p.callee : "uas", caller ? p.caller : "uac", mode);
	p.s.on_wire = watch;
	sim_open(&p.s, plan);
	sim_play(&p.s, 10 * S);
	sim_sums_hold(&p.s);
	assert_int_equal(sim_count(&p.s, CALLS, RS_AM_COMPLETED), 1);
	for (uint32_t w = 0; w < p.s.n; w++) {
		assert_int_equal(p.s.engines[w]->streams->pool.used, 0);
		assert_int_equal(p.s.engines[w]->streams->ports.used, 0);
		assert_int_equal(p.s.engines[w]->streams->keys.used, 0);
	}
}

static unsigned
port_of(const char *sdp, const char *line)
{
	const char *at = strstr(sdp, line);

	return at ? (unsigned)atoi(at + strlen(line)) : 0;
}

/* The capture of @pt came from port @from to port @to as it was taken. */
static void
assert_played(unsigned from, unsigned to, int pt)
{
	uint64_t first = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < p.n_seen; i++) {
		const struct sim_packet *k = &p.seen[i];

		if (k->path.local_port != to)
			continue;
		assert_int_equal(k->path.remote_port, from);
		assert_int_equal(k->len, 16);
		first = n ? first : k->at_ns;
		/* The calendar's slots are 125 us. */
		assert_in_range(k->at_ns - first + 125000, times_us[n] * 1000, times_us[n] * 1000 + 2 * 125000);
		assert_memory_equal(k->data + 12, ((uint8_t[]){ 'd', 'a', (uint8_t)pt, (uint8_t)n }), 4);
		if (pt < 0)
			assert_memory_equal(k->data, ((uint8_t[]){ 0, (uint8_t)n, 0, (uint8_t)n, 0, 0, 0, (uint8_t)(n * 40), 1, 2, 3, 4 }), 12);
		else
			assert_int_equal(k->data[1] & 0x7f, pt);
		n++;
	}
	assert_int_equal(n, PACKETS);
}

/* --- captures, played --- */

static void
a_capture_of_video_goes_beside_that_of_sound(void **state)
{
	static const char *const modes[] = { "sipp", "rfc3261" };
	static const char *const sdps[] = {
		AUDIO "a=rtcp:[media_port+1]\nm=video [media_port+2] RTP/AVP 99\na=rtpmap:99 H264/90000\na=rtcp:[media_port+3]\n",
		AUDIO "a=rtcp:[media_port+1]\nm=video [rtpstream_video_port] RTP/AVP 99\na=rtpmap:99 H264/90000\na=rtcp:[rtpstream_video_port+1]\n",
		"m=video [auto_media_port+2] RTP/AVP 99\na=rtpmap:99 H264/90000\na=rtcp:[auto_media_port+3]\n" AUDIO "a=rtcp:[media_port+1]\n",
	};
	char caller[4096], callee[4096];
	unsigned audio, video, rtcp[2] = { 0 };
	const char *at;

	for (size_t i = 0; i < 3; i++) {
		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		snprintf(caller, sizeof(caller), CALLER("%s", EXEC("play_pcap_audio=\"audio.pcap\"") EXEC("play_pcap_video=\"video.pcap\"")), sdps[i]);
		snprintf(callee, sizeof(callee), CALLEE("%s", EXEC("play_pcap_video=\"video.pcap\"")), sdps[i]);
		run(caller, callee, "", modes[i % 2]);
		audio = port_of(p.offer, "m=audio ");
		video = port_of(p.offer, "m=video ");
		assert_in_range(audio, 20000, 20998);
		assert_in_range(video, 20000, 20998);
		assert_int_not_equal(audio, video);
		at = p.offer;
		for (int k = 0; k < 2; k++) {
			at = strstr(at, "a=rtcp:");
			assert_non_null(at);
			rtcp[k] = (unsigned)atoi(at + 7);
			at++;
		}
		assert_int_equal(rtcp[i == 2], audio + 1);
		assert_int_equal(rtcp[i != 2], video + 1);
		assert_played(audio, port_of(p.answer, "m=audio "), 0);
		assert_played(video, port_of(p.answer, "m=video "), 99);
		assert_played(port_of(p.answer, "m=video "), video, 99);
		assert_int_equal(count(RING, RS_MEDIA_RECEIVED), 2 * PACKETS);
		assert_int_equal(count(CALLS, RS_MEDIA_RECEIVED), PACKETS);
		assert_int_equal(count(RING, RS_MEDIA_STARTED), 2);
		assert_int_equal(count(RING, RS_MEDIA_LOST) + count(RING, RS_MEDIA_WRONG_SOURCE) + count(RING, RS_MEDIA_PT_UNKNOWN), 0);
	}
}

static void
t38_an_image_goes_as_udptl_and_is_not_judged(void **state)
{
	static const char sdp[] = AUDIO "m=image [media_port+2] udptl t38\na=T38FaxVersion:0\n";
	char caller[4096], callee[4096];

	snprintf(caller, sizeof(caller), CALLER("%s", EXEC("play_pcap_image=\"image.pcap\"") EXEC("play_pcap_video=\"video.pcap\"")), sdp);
	snprintf(callee, sizeof(callee), CALLEE("%s", EXEC("play_pcap_image=\"image.pcap\"")), sdp);
	run(caller, callee, "", "sipp");
	assert_played(port_of(p.offer, "m=image "), port_of(p.answer, "m=image "), -1);
	assert_played(port_of(p.answer, "m=image "), port_of(p.offer, "m=image "), -1);
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(a, RS_MEDIA_UDPTL_SENT), PACKETS);
		assert_int_equal(count(a, RS_MEDIA_UDPTL_RECEIVED), PACKETS);
		assert_int_equal(count(a, RS_MEDIA_SENT), 0); /* nor did the video find a line of its own */
		assert_int_equal(count(a, RS_MEDIA_STARTED), 2);
		assert_int_equal(count(a, RS_MEDIA_JUDGED), 1);
	}
	assert_int_equal(sim_engine(&p.s, RS_ENG_MALFORMED), 0);
}

static void
what_the_peer_refuses_is_not_played(void **state)
{
	char caller[4096];

	snprintf(caller, sizeof(caller), CALLER("%s", EXEC("play_pcap_image=\"image.pcap\"") EXEC("play_pcap_video=\"video.pcap\"")),
		AUDIO "m=video [media_port+2] RTP/AVP 99\nm=image [media_port+4] udptl t38\n");
	run(caller, CALLEE(AUDIO "m=video 0 RTP/AVP 99\nm=image 9000 tcp t38\n", ""), "", "sipp");
	assert_int_equal(p.n_seen, 0);
}

/* --- keys --- */

#define STREAM EXEC("rtp_stream=\"apattern,1,0,PCMU/8000\"")
#define PROFILE(suites) "srtp = \"required\"; suites = [ " suites " ]; watermark = false;"

static void
heard_both_ways(bool secure)
{
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(a, RS_MEDIA_STARTED), 1);
		assert_int_equal(count(a, RS_MEDIA_SECURE), secure);
		assert_int_equal(count(a, RS_MEDIA_AUTH_FAILED) + count(a, RS_MEDIA_SRTP_OTHER) + count(a, RS_MEDIA_REPLAYED), 0);
		assert_in_range(count(a, RS_MEDIA_RECEIVED), 45, 52);
		assert_int_equal(count(a, RS_MEDIA_LOST) + count(a, RS_MEDIA_ONE_WAY), 0);
	}
}

/* A pattern is one octet over and over: it is on the wire as it is. */
static bool
is_readable(const struct sim_packet *k)
{
	for (uint32_t i = 13; i < 32; i++)
		if (k->data[i] != k->data[12])
			return false;
	return true;
}

static void
assert_secret(bool secret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p.n_seen; i++)
		n += (p.seen[i].data[1] & 0x7f) == 0 && is_readable(&p.seen[i]);
	if (secret)
		assert_int_equal(n, 0);
	else
		assert_in_range(n, 45, 110);
}

static void
rfc4568_a_scenarios_keys_are_those_of_its_streams(void **state)
{
	static const struct {
		const char *sdp, *suites, *tag; /* of the answer that takes it */
	} offers[] = {
		{ SAVP KEYS("1", CM80) "\n", "\"AES_CM_128_HMAC_SHA1_80\"", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " },
		{ SAVP KEYS("1", CM32) "\n", "\"AES_CM_128_HMAC_SHA1_32\"", "a=crypto:1 AES_CM_128_HMAC_SHA1_32 " },
		{ SAVP KEYS("1", CM80) "\n" KEYS("2", CM32) "\n", "\"AES_CM_128_HMAC_SHA1_32\"", "a=crypto:2 AES_CM_128_HMAC_SHA1_32 " },
		{ "m=audio [media_port] RTP/AVP 0\n" KEYS("1", CM80) "\n", "\"AES_CM_128_HMAC_SHA1_80\"", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " },
	};
	static const char *const modes[] = { "sipp", "rfc3261" };
	char caller[4096], media[256];

	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		snprintf(caller, sizeof(caller), CALLER("%s", STREAM), offers[i].sdp);
		snprintf(media, sizeof(media), PROFILE("%s"), offers[i].suites);
		run(caller, NULL, media, modes[i % 2]);
		assert_non_null(strstr(p.answer, offers[i].tag));
		heard_both_ways(true);
		assert_secret(true);
	}
}

static void
rfc4568_5_1_2_an_answer_says_the_tag_of_the_line_that_it_takes(void **state)
{
	/* The profile offers two suites, the scenario knows the second one only. */
	run(NULL, CALLEE(SAVP KEYS("1", CM32) "\n", STREAM), PROFILE("\"AES_CM_128_HMAC_SHA1_80\", \"AES_CM_128_HMAC_SHA1_32\""), "rfc3261");
	assert_non_null(strstr(p.answer, "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:"));
	heard_both_ways(true);
	assert_secret(true);
}

static void
two_scenarios_agree_on_keys_and_echo_under_them(void **state)
{
	run(CALLER(SAVP KEYS("1", CM80) "\n", STREAM), CALLEE(SAVP KEYS("1", CM80) "\n", EXEC("rtp_echo=\"startaudio,0,PCMU/8000\"")), "", "sipp");
	heard_both_ways(true);
	assert_int_not_equal(count(RING, RS_MEDIA_ECHO_SENT), 0);
	assert_secret(true);
}

static void
null_ciphers_and_unencrypted_srtp_are_signed_only(void **state)
{
	static const char *const lines[] = { KEYS("1", "nullsha180"), KEYS("1", "nullsha132"), KEYS("1", CM80) " [ueaescm128sha1801audio]" };
	char caller[4096], callee[4096];

	for (size_t i = 0; i < 3; i++) {
		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		snprintf(caller, sizeof(caller), CALLER(SAVP "%s\n", STREAM), lines[i]);
		snprintf(callee, sizeof(callee), CALLEE(SAVP "%s\n", STREAM), lines[i]);
		run(caller, callee, "", "sipp");
		heard_both_ways(true);
		assert_secret(false);
		assert_int_equal(p.seen[0].len, 12 + 160 + (i == 1 ? 4 : 10));
		assert_int_equal(strstr(p.offer, " UNENCRYPTED_SRTP\r\n") != NULL, i == 2);
	}
}

static void
each_call_has_keys_of_its_own_and_both_directions_differ(void **state)
{
	const char *ours, *theirs;

	run(CALLER(SAVP KEYS("1", CM80) "\n" KEYS("2", CM80) "\n", STREAM), CALLEE(SAVP KEYS("1", CM80) "\n", STREAM), "", "sipp");
	ours = strstr(p.offer, "inline:");
	theirs = strstr(p.answer, "inline:");
	assert_int_equal(strcspn(ours + 7, "\r"), 40);
	assert_memory_not_equal(ours, theirs, 47);
	assert_memory_not_equal(ours, strstr(ours + 1, "inline:"), 47);
	heard_both_ways(true);
}

#define KEY "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"

/* As many lines as there may be, and some in front of ours that nobody takes who has not all of their keys, or no room for an MKI. */
static void
rfc4568_7_1_1_the_line_that_can_be_taken_is_found_among_many(void **state)
{
	static const char *const in_front[] = {
		"a=crypto:5 AES_CM_128_HMAC_SHA1_80 " KEY "|2^20|1:4;" KEY "|2^20|2:4\n",
		"a=crypto:5 AES_CM_128_HMAC_SHA1_80 " KEY "|2^20|1:100\n",
		"a=crypto:5 AES_CM_128_HMAC_SHA1_80 " KEY " KDR=2\n",
		"",
	};
	char caller[4096], more[1024];
	size_t n = 0;

	for (unsigned i = 0; i < 9; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "a=crypto:%u AES_CM_128_HMAC_SHA1_32 " KEY "\n", 20 + i);
	for (size_t i = 0; i < sizeof(in_front) / sizeof(in_front[0]); i++) {
		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		snprintf(caller, sizeof(caller), CALLER(SAVP "%s%s" KEYS("1", CM80) "\n", STREAM), in_front[i], i == 3 ? more : "");
		run(caller, CALLEE(SAVP KEYS("1", CM80) "\n", STREAM), "", i % 2 ? "sipp" : "rfc3261");
		assert_non_null(strstr(p.answer, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "));
		heard_both_ways(true);
		assert_secret(true);
	}
}

/* From the start of its key stream a key would be used again, by another suite or by a line that was off. */
static void
another_suite_has_another_key(void **state)
{
	run(CALLER(SAVP KEYS("1", CM80) "\n", STREAM "<pause milliseconds=\"200\"/><send retrans=\"500\"><![CDATA[\n" HEAD("INVITE") SDP SAVP KEYS("1", CM32)
		    "\n]]></send><recv response=\"200\"/><send><![CDATA[\n" HEAD("ACK") NO_SDP "]]></send>"),
		CALLEE(SAVP KEYS("1", CM80) "\n", STREAM "<recv request=\"INVITE\"/><send retrans=\"500\"><![CDATA[\n" REPLY SDP SAVP KEYS("1", CM32)
			"\n]]></send><recv request=\"ACK\"/>"), "", "rfc3261");
	assert_non_null(strstr(p.first_offer, CM80_NAME " inline:"));
	assert_non_null(strstr(p.offer, CM32_NAME " inline:"));
	assert_memory_not_equal(strstr(p.first_offer, "inline:"), strstr(p.offer, "inline:"), 47);
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(a, RS_MEDIA_STARTED), 1);
		assert_int_equal(count(a, RS_MEDIA_LOST), 0);
		assert_in_range(count(a, RS_MEDIA_RECEIVED), 45, 75);
	}
	assert_secret(true);
}

static void
what_does_not_go_together_is_refused_and_counted(void **state)
{
	static const struct {
		const char *callee;
		uint32_t caller_why, callee_why;
	} rows[] = {
		{ CALLEE(SAVP, STREAM), RS_SDP_FAIL_NO_CRYPTO, RS_SDP_FAIL_NONE },
		{ CALLEE(SAVP KEYS("1", CM32) "\n", STREAM), RS_SDP_FAIL_CRYPTO_TAG, RS_SDP_FAIL_CRYPTO_SUITE },
		{ CALLEE(SAVP "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n", ""), RS_SDP_FAIL_CRYPTO_TAG, RS_SDP_FAIL_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		run(CALLER(SAVP KEYS("1", CM80) "\n", STREAM), rows[i].callee, "", "sipp");
		assert_int_equal(sim_engine(&p.s, RS_ENG_SDP_FAIL + rows[i].caller_why), 1);
		if (rows[i].callee_why)
			assert_int_equal(sim_engine(&p.s, RS_ENG_SDP_FAIL + rows[i].callee_why), 1);
		assert_int_equal(count(CALLS, RS_MEDIA_STARTED), 0);
		assert_int_equal(count(CALLS, RS_MEDIA_SENT), 0);
	}
}

/* Both sides have it as an option in RTP/AVP, and one of them does not want it. */
static void
keys_that_only_one_side_says_leave_rtp_plain(void **state)
{
	run(CALLER(AUDIO KEYS("1", CM80) "\n", STREAM), CALLEE(AUDIO, STREAM), "", "rfc3261");
	heard_both_ways(false);
	assert_secret(false);
	tear_down(state);
	set_up(state);
	run(CALLER(AUDIO, STREAM), CALLEE(AUDIO KEYS("1", CM80) "\n", STREAM), "", "sipp");
	heard_both_ways(false);
}

/* Neither side keeps the offer: its answer is not taken for one. */
static void
an_offer_that_is_too_long_is_not_compared(void **state)
{
	char caller[4096], more[1024];
	size_t n = 0;

	for (unsigned i = 0; i < 70; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "a=x%u\n", i);
	snprintf(caller, sizeof(caller), CALLER(AUDIO "%s", STREAM), more);
	run(caller, CALLEE(AUDIO, STREAM), "", "sipp\"; legs = \"called user");
	assert_int_equal(sim_count(&p.s, CALLS, RS_AM_LEGS_MATCHED), 1);
	assert_int_equal(sim_count(&p.s, CALLS, RS_AM_SDP_OFFERS) + sim_count(&p.s, CALLS, RS_AM_SDP_ANSWERS), 0);
	assert_int_equal(sim_count(&p.s, CALLS, RS_AM_SDP_UNCOMPARED), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_capture_of_video_goes_beside_that_of_sound),
		TEST(t38_an_image_goes_as_udptl_and_is_not_judged),
		TEST(what_the_peer_refuses_is_not_played),
		TEST(rfc4568_a_scenarios_keys_are_those_of_its_streams),
		TEST(rfc4568_5_1_2_an_answer_says_the_tag_of_the_line_that_it_takes),
		TEST(two_scenarios_agree_on_keys_and_echo_under_them),
		TEST(null_ciphers_and_unencrypted_srtp_are_signed_only),
		TEST(each_call_has_keys_of_its_own_and_both_directions_differ),
		TEST(rfc4568_7_1_1_the_line_that_can_be_taken_is_found_among_many),
		TEST(another_suite_has_another_key),
		TEST(what_does_not_go_together_is_refused_and_counted),
		TEST(keys_that_only_one_side_says_leave_rtp_plain),
		TEST(an_offer_that_is_too_long_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
