/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs with media: calls of a plan's activities, what they agree on by SIP, and what both ends hear. */
#include "engine/bus.h"
#include "engine/stream.h"
#include "engine_peer.h"

#include <inttypes.h>

#define S RS_NS_PER_S

static uint64_t
count(const struct sim *s, uint32_t activity, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < s->n; w++)
		n += rs_metric_get(&s->accounts[w]->activities[activity].media, row);
	return n;
}

static const char *caller = "uac"; /* the placing side's scenario */
static bool ipv6;

/* 200 calls between two groups, by @cores on both ports. */
static void
open_calls(struct sim *s, const char *cores, const char *profile, const char *mode, const char *more)
{
	char plan[2048];

	const char *const *at = ipv6 ? (const char *const[]){ "2001:2::/48", "2001:2::2/48", "2001:2::3/48", "2001:2::4:1", "2001:2::8:1-2001:2::8:c8" } :
				       (const char *const[]){ "198.18.0.0/16", "198.18.0.2/16", "198.18.0.3/16", "198.18.4.1", "198.18.8.1-198.18.8.200" };

	snprintf(plan, sizeof(plan),
		"targets = [ \"%s\" ]; workers = { cores = [ %s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"%s\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"%s\" ]; } );\n"
		"media = ( { name = \"m\"; %s %s } );\n"
		"endpoints = ( { name = \"us\"; kind = \"trunk\"; port = \"a\"; count = 100; addresses = \"%s\"; media = \"m\"; },\n"
		"  { name = \"them\"; port = \"b\"; count = 200; addresses = \"%s\"; media = \"m\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; ring = \"200ms\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"%s\"; rate = 100; total = 200; hold = \"4s\"; } );\n"
		"run = { mode = \"%s\"; %s };\n", at[0], cores, at[1], at[2],
		strstr(profile, "codecs") ? "" : "codecs = [ \"PCMU\", \"telephone-event\" ];", profile, at[3], at[4], caller, mode, more);
	sim_open(s, plan);
	sim_play(s, 20 * S);
	sim_sums_hold(s);
}

static void
run(struct sim *s, const char *cores, const char *profile, const char *mode, const char *more)
{
	open_calls(s, cores, profile, mode, more);
	assert_int_equal(sim_count(s, 1, RS_AM_COMPLETED), 200);
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(s, a, RS_MEDIA_STARTED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_ENDED), 200);
		assert_in_range(count(s, a, RS_MEDIA_SENT), 200 * 198, 200 * 202);
	}
	for (uint32_t w = 0; w < s->n; w++) {
		assert_int_equal(s->engines[w]->streams->ports.used, 0);
		assert_int_equal(s->engines[w]->streams->keys.used, 0);
	}
}

static void
all_is_heard(const struct sim *s)
{
	for (uint32_t a = 0; a < 2; a++) {
		assert_int_equal(count(s, a, RS_MEDIA_JUDGED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_RATED), 200);
		assert_int_equal(count(s, a, RS_MEDIA_LOST), 0);
		assert_int_equal(count(s, a, RS_MEDIA_LATE), 0);
		assert_int_equal(count(s, a, RS_MEDIA_CROSSED), 0);
		assert_int_equal(count(s, a, RS_MEDIA_ONE_WAY), 0);
		assert_int_equal(count(s, a, RS_MEDIA_TIMED_OUT), 0);
		assert_int_equal(count(s, a, RS_MEDIA_WRONG_SOURCE), 0);
		assert_int_equal(count(s, a, RS_MEDIA_AUTH_FAILED), 0);
		assert_int_equal(count(s, a, RS_MEDIA_ABSENT), 0);
		/* What was on its way when the call ended came to nobody. */
		assert_in_range(count(s, a, RS_MEDIA_RECEIVED), count(s, 1 - a, RS_MEDIA_SENT) - 400, count(s, 1 - a, RS_MEDIA_SENT));
		for (uint32_t w = 0; w < s->n; w++) {
			const struct rs_hist *h = s->accounts[w]->activities[a].media.hists[RS_MEDIA_MOS];

			assert_true(h->min_ns == UINT64_MAX || h->min_ns > 4300000);
		}
	}
	assert_int_equal(count(s, 1, RS_MEDIA_LEGS_CROSSED), 0);
}

static void
plain_calls_hear_each_other_on_any_number_of_workers(void **state)
{
	static const char *const cores[] = { "0", "0, 0", "0, 0, 0" };

	for (uint32_t i = 0; i < 3; i++) {
		struct sim s = { 0 };

		run(&s, cores[i], "", i % 2 ? "sipp" : "rfc3261", "legs = \"called user\";");
		all_is_heard(&s);
		sim_close(&s);
	}
}

static void
srtp_calls_hear_each_other(void **state)
{
	static const char *const suites[] = { "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" };

	for (uint32_t i = 0; i < 2; i++) {
		struct sim s = { 0 };
		char profile[256];

		snprintf(profile, sizeof(profile), "srtp = \"required\"; suites = [ \"%s\" ]; rtcp_mux = %s;", suites[i], i ? "true" : "false");
		run(&s, "0, 0", profile, "rfc3261", "");
		all_is_heard(&s);
		assert_int_equal(count(&s, 0, RS_MEDIA_SECURE), 200);
		sim_close(&s);
	}
}

static void
ipv6_calls_hear_each_other(void **state)
{
	ipv6 = true;
	for (uint32_t i = 0; i < 4; i++) {
		struct sim s = { 0 };

		run(&s, i & 2 ? "0, 0" : "0", i & 1 ? "srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]; rtcp_mux = true;" : "", "rfc3261",
			"legs = \"called user\";");
		all_is_heard(&s);
		assert_int_equal(count(&s, 0, RS_MEDIA_SECURE), i & 1 ? 200 : 0);
		sim_close(&s);
	}
	ipv6 = false;
}

/* RFC 3711, 3.1: in front of the tag of each packet, RTCP's too, and part of what is looked for. */
static void
rfc4568_6_1_calls_with_an_mki_hear_each_other(void **state)
{
	static const char *const suites[] = { "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM" }, *const mkis[] = { "1:1", "66051:4", "1:8" };

	for (uint32_t i = 0; i < 6; i++) {
		struct sim s = { 0 };
		char profile[256];

		snprintf(profile, sizeof(profile), "srtp = \"required\"; suites = [ \"%s\" ]; mki = \"%s\"; lifetime = 1048576;", suites[i & 1], mkis[i / 2]);
		run(&s, "0", profile, "rfc3261", "");
		all_is_heard(&s);
		assert_true(count(&s, 0, RS_MEDIA_RTCP_RECEIVED) > 0);
		assert_int_equal(count(&s, 0, RS_MEDIA_RTCP_BAD), 0);
		sim_close(&s);
	}
}

static void
write_scenario(char *dir, char *file, size_t cap, const char *steps)
{
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(file, cap, "%s/scenario.xml", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "<?xml version=\"1.0\"?>\n<scenario name=\"test\">\n%s</scenario>\n", steps);
	fclose(f);
}

/* A scenario holds and resumes; the other side's user agent answers. Streams go on with their keys and numbers. */
static void
rfc3264_8_4_calls_that_hold_and_resume_hear_each_other(void **state)
{
#define RE_INVITE(direction)                                                                                           \
	"<send retrans=\"500\"><![CDATA[\nINVITE [next_url] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:me@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] INVITE\n" \
	"Contact: <sip:me@[local_ip]:[local_port]>\nContent-Type: application/sdp\nContent-Length: [len]\n\nv=0\n" direction "]]></send>\n" \
	RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"200\"", "") SEND("ACK", "")
#define FIRST_INVITE                                                                                                   \
	"<send retrans=\"500\"><![CDATA[\nINVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"                       \
	"Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: <sip:me@[local_ip]>;tag=[tag]\n"              \
	"To: <sip:[service]@[remote_ip]>\nCall-ID: [call_id]\nCSeq: [cseq] INVITE\nContact: <sip:me@[local_ip]:[local_port]>\n" \
	"Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\n]]></send>\n"                                    \
	RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\" rrs=\"true\"", "") SEND("ACK", "")
	static const char *const profiles[] = { "", "srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ];",
		"srtp = \"required\"; suites = [ \"AEAD_AES_128_GCM\" ];" };
	char dir[] = "/tmp/rs-engine-XXXXXX", file[64];

	write_scenario(dir, file, sizeof(file),
		FIRST_INVITE PAUSE(1000) RE_INVITE("a=sendonly\n") PAUSE(500) RE_INVITE("") PAUSE(1000) RE_INVITE("a=inactive\n") PAUSE(500)
			RE_INVITE("") PAUSE(1000) SEND("BYE", "retrans=\"500\"") RECV("response=\"200\"", ""));
	caller = file;
	for (uint32_t i = 0; i < 6; i++) {
		struct sim s = { 0 };

		ipv6 = i & 1;
		open_calls(&s, "0", profiles[i / 2], "rfc3261", "legs = \"called user\";");
		assert_int_equal(sim_count(&s, 1, RS_AM_COMPLETED), 200);
		for (uint32_t a = 0; a < 2; a++) {
			assert_int_equal(count(&s, a, RS_MEDIA_STARTED), 200);
			/* 3 s both ways; half a second more of the caller alone */
			assert_in_range(count(&s, a, RS_MEDIA_SENT), 200 * (a ? 172 : 147), 200 * (a ? 178 : 153));
			assert_int_equal(count(&s, a, RS_MEDIA_LOST), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_LATE), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_AUTH_FAILED), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_REPLAYED), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_SSRC_CHANGED), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_RESTARTED), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_TS_JUMPS), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_TIMED_OUT), 0);
			assert_int_equal(count(&s, a, RS_MEDIA_ONE_WAY), 0);
		}
		sim_close(&s);
	}
	ipv6 = false;
	caller = "uac";
	unlink(file);
	rmdir(dir);
}

/* What b's ports get from the even calls is exchanged, consistently in both directions. */
static unsigned
exchange(void *ctx, struct sim_packet *p)
{
	if (rs_rx_kind_of(p->data, p->len) != RS_RX_RTP || p->path.port != 1)
		return 1;
	p->path.local.b[3] ^= 1; /* the callee's neighbour: both got their first pair of ports */
	return 1;
}

static void
media_that_is_exchanged_between_two_calls_is_seen_by_their_legs(void **state)
{
	struct sim s = { .on_wire = exchange };

	run(&s, "0", "", "rfc3261", "legs = \"called user\";");
	assert_true(sim_count(&s, 1, RS_AM_LEGS_MATCHED) > 190);
	assert_true(count(&s, 1, RS_MEDIA_LEGS_CROSSED) > 100);
	sim_close(&s);
}

/* --- what the system under test makes of descriptions --- */

static void
assert_changes(const struct sim *s, uint32_t first, uint32_t bits, uint64_t n)
{
	for (uint32_t i = 0; i < RS_SDP_CHANGES; i++)
		if (sim_count(s, 1, first + i) != (bits >> i & 1 ? n : 0))
			fail_msg("%s: %" PRIu64, rs_sdp_change_name(i), sim_count(s, 1, first + i));
}

static void
descriptions_that_pass_as_they_are_have_no_change(void **state)
{
	static const char *const cores[] = { "0", "0, 0", "0, 0, 0" };

	for (uint32_t i = 0; i < 6; i++) {
		struct sim s = { 0 };

		assert_int_equal(rs_bus_create(SIM_WORKERS, &s.bus), 0);
		run(&s, cores[i / 2], "srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\", \"AEAD_AES_128_GCM\" ];",
			i % 2 ? "sipp" : "rfc3261", "legs = \"called user\";");
		assert_int_equal(sim_count(&s, 1, RS_AM_LEGS_MATCHED), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_OFFERS), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_ANSWERS), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_UNCOMPARED), 0);
		assert_changes(&s, RS_AM_SDP_OFFER, 0, 0);
		assert_changes(&s, RS_AM_SDP_ANSWER, 0, 0);
		for (uint32_t w = 0; w < s.n; w++)
			assert_int_equal(s.engines[w]->blobs.bytes, 0);
		sim_close(&s);
		rs_bus_free(s.bus);
	}
}

/* Texts of one length, so that Content-Length stays true. */
static void
edit(struct sim_packet *p, const char *old, const char *new)
{
	uint8_t *at = memmem(p->data, p->len, old, strlen(old));

	assert_int_equal(strlen(old), strlen(new));
	if (at)
		memcpy(at, new, strlen(new));
}

static unsigned
edit_descriptions(void *ctx, struct sim_packet *p)
{
	if (rs_rx_kind_of(p->data, p->len) == RS_RX_RTP)
		return 1;
	if (memcmp(p->data, "INVITE ", 7) == 0) {
		edit(p, "\r\ns=-\r\n", "\r\ns=B\r\n");
		edit(p, "RTP/AVP 0 8 96", "RTP/AVP 8 0 96");
		edit(p, "a=rtcp-mux", "a=made-one");
	} else {
		edit(p, "a=fmtp:96 0-15", "a=fmtp:96 0-11");
		edit(p, "a=sendrecv", "a=made-one");
		edit(p, "a=ptime:20", "a=made:two");
	}
	return 1;
}

static void
what_the_system_changed_is_counted_by_kind_on_any_number_of_workers(void **state)
{
	static const char *const cores[] = { "0", "0, 0", "0, 0, 0" };

	for (uint32_t i = 0; i < 3; i++) {
		struct sim s = { .on_wire = edit_descriptions };

		assert_int_equal(rs_bus_create(SIM_WORKERS, &s.bus), 0);
		run(&s, cores[i], "codecs = [ \"PCMU\", \"PCMA\", \"telephone-event\" ]; rtcp_mux = true; ptime = \"20ms\";", "rfc3261",
			"legs = \"called user\";");
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_OFFERS), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_ANSWERS), 200);
		assert_changes(&s, RS_AM_SDP_OFFER,
			RS_SDP_CHANGED_NAME | RS_SDP_CODECS_REORDERED | RS_SDP_CHANGED_RTCP_MUX | RS_SDP_ATTRS_ADDED, 200);
		assert_changes(&s, RS_AM_SDP_ANSWER, RS_SDP_CHANGED_FMTP | RS_SDP_CHANGED_PTIME | RS_SDP_ATTRS_ADDED, 200);
		sim_close(&s);
		rs_bus_free(s.bus);
	}
}

static unsigned
edit_late_ones(void *ctx, struct sim_packet *p)
{
	if (rs_rx_kind_of(p->data, p->len) == RS_RX_RTP)
		return 1;
	if (memcmp(p->data, "ACK ", 4) == 0)
		edit(p, "a=fmtp:96 0-15", "a=fmtp:96 0-11");
	else
		edit(p, "\r\ns=-\r\n", "\r\ns=B\r\n");
	return 1;
}

static void
a_late_offer_and_its_answer_in_the_ack_are_compared_too(void **state)
{
	static const char late[] = SEND("INVITE", "retrans=\"500\"")
		RECV("response=\"100\"", "optional=\"true\"") RECV("response=\"180\"", "optional=\"true\"") RECV("response=\"200\"", "")
		"<send><![CDATA[\nACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"
		"Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom: <sip:me@[local_ip]>;tag=[tag]\n"
		"To: <sip:[service]@[remote_ip]>[peer_tag_param]\nCall-ID: [call_id]\nCSeq: [cseq] ACK\n"
		"Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\n]]></send>\n"
		"<pause/>\n" SEND("BYE", "retrans=\"500\"") RECV("response=\"200\"", "");
	char dir[] = "/tmp/rs-engine-XXXXXX", file[64];

	write_scenario(dir, file, sizeof(file), late);
	caller = file;
	for (uint32_t i = 0; i < 2; i++) {
		struct sim s = { .on_wire = edit_late_ones };

		run(&s, "0", "", i ? "sipp" : "rfc3261", "legs = \"called user\";");
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_OFFERS), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_ANSWERS), 200);
		assert_int_equal(sim_count(&s, 1, RS_AM_SDP_UNCOMPARED), 0);
		assert_changes(&s, RS_AM_SDP_OFFER, RS_SDP_CHANGED_NAME, 200);
		assert_changes(&s, RS_AM_SDP_ANSWER, RS_SDP_CHANGED_FMTP, 200);
		sim_close(&s);
	}
	caller = "uac";
	unlink(file);
	rmdir(dir);
}

/* Each INVITE comes again behind its 200. */
static unsigned
repeat_invites(void *ctx, struct sim_packet *p)
{
	static struct sim_packet invites[200];
	static unsigned n;

	if (memcmp(p->data, "INVITE ", 7) == 0)
		invites[n++ % 200] = *p;
	if (memcmp(p->data, "SIP/2.0 200", 11) != 0 || !memmem(p->data, p->len, " INVITE\r\n", 9))
		return 1;
	const uint8_t *id = memmem(p->data, p->len, "\nCall-ID:", 9);
	size_t len = (size_t)((const uint8_t *)memchr(id + 1, '\n', 200) - id);

	for (unsigned i = 0; i < 200; i++)
		if (memmem(invites[i].data, invites[i].len, id, len))
			sim_append(ctx, &invites[i]);
	return 1;
}

static void
an_invite_that_comes_again_takes_nothing_back(void **state)
{
	struct sim s = { .on_wire = repeat_invites };

	s.ctx = &s;
	run(&s, "0", "", "rfc3261", "legs = \"called user\";");
	assert_true(sim_count(&s, 0, RS_AM_SIP_RETRANS_RECEIVED) >= 200);
	assert_int_equal(sim_count(&s, 1, RS_AM_SDP_OFFERS), 200);
	assert_int_equal(sim_count(&s, 1, RS_AM_SDP_ANSWERS), 200);
	assert_int_equal(sim_count(&s, 1, RS_AM_SDP_UNCOMPARED), 0);
	sim_close(&s);
}

static unsigned
drop_offers(void *ctx, struct sim_packet *p)
{
	static const char type[] = "Content-Type: application/sdp";

	if (memcmp(p->data, "INVITE ", 7) == 0)
		edit(p, type, "Content-Type: application/xyz");
	return 1;
}

static void
an_offer_that_does_not_come_out_is_not_compared(void **state)
{
	struct sim s = { .on_wire = drop_offers };

	open_calls(&s, "0", "", "rfc3261", "legs = \"called user\";");
	assert_int_equal(sim_count(&s, 1, RS_AM_LEGS_MATCHED), 200);
	assert_int_equal(sim_count(&s, 1, RS_AM_SDP_OFFERS), 0);
	assert_int_equal(sim_count(&s, 1, RS_AM_SDP_UNCOMPARED), 200);
	sim_close(&s);
}

static void
each_kind_of_change_has_a_row_of_its_name(void **state)
{
	char name[64];

	for (uint32_t i = 0; i < RS_SDP_CHANGES; i++) {
		snprintf(name, sizeof(name), "sdp_offer_%s", rs_sdp_change_name(i));
		assert_string_equal(rs_activity_metrics_table.defs[RS_AM_SDP_OFFER + i].name, name);
		snprintf(name, sizeof(name), "sdp_answer_%s", rs_sdp_change_name(i));
		assert_string_equal(rs_activity_metrics_table.defs[RS_AM_SDP_ANSWER + i].name, name);
	}
}

static void
streams_with_another_key_are_not_heard(void **state)
{
	struct sim s = { 0 };

	run(&s, "0",
		"srtp = \"required\"; suites = [ \"AES_CM_128_HMAC_SHA1_80\" ]; wrong = { wrong_key_percent = 50; };", "rfc3261", "");
	assert_in_range(count(&s, 0, RS_MEDIA_ONE_WAY) + count(&s, 1, RS_MEDIA_ONE_WAY), 150, 250);
	assert_in_range(count(&s, 0, RS_MEDIA_AUTH_FAILED), 15000, 25000);
	sim_close(&s);
}

static uint64_t
samples(const struct sim *s, uint32_t activity, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
			n += s->accounts[w]->activities[activity].media.hists[row]->cells[i];
	return n;
}

/* Nothing that a callee sends comes through. */
static unsigned
deaf_callers(void *ctx, struct sim_packet *p)
{
	return rs_rx_kind_of(p->data, p->len) == RS_RX_SIP || p->path.port == 1;
}

/*
 * 200 calls of 4 s at 100/s: 100 of them are due in the measured second, 50 of those before half of it had passed, until when the
 * generator is found to have been limited; answered ones arrive a little later.
 */
static void
streams_are_judged_with_their_calls_by_due_time_and_limited_seconds(void **state)
{
	static const char plan[] =
		"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ 0, 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; } );\n"
		"media = ( { name = \"m\"; codecs = [ \"PCMU\" ]; } );\n"
		"endpoints = ( { name = \"us\"; kind = \"trunk\"; port = \"a\"; count = 100; addresses = \"198.18.4.1\"; media = \"m\"; },\n"
		"  { name = \"them\"; port = \"b\"; count = 200; addresses = \"198.18.8.1-198.18.8.200\"; media = \"m\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"us\"; to = \"them\"; scenario = \"uac\"; rate = 100; total = 200; hold = \"4s\"; } );\n"
		"run = { warmup = \"1s\"; measure = \"1s\"; };\n";
	_Atomic uint64_t limited_until = 0;

	for (int deaf = 0; deaf < 2; deaf++) {
		struct sim s = { .limited_until = &limited_until, .on_wire = deaf ? deaf_callers : NULL };
		uint64_t t0;

		atomic_store(&limited_until, 0);
		sim_open(&s, plan);
		t0 = s.now_ns;
		sim_play(&s, 2 * S);
		atomic_store(&limited_until, t0 + 1500 * MS);
		sim_play(&s, 18 * S);
		sim_sums_hold(&s);
		for (uint32_t a = 0; a < 2; a++) {
			bool hears = !(deaf && a == 1);

			assert_int_equal(count(&s, a, RS_MEDIA_JUDGED), 200);
			assert_in_range(count(&s, a, RS_MEDIA_M_JUDGED), 99, 101);
			assert_in_range(count(&s, a, RS_MEDIA_T_JUDGED), 49, 51);
			assert_int_equal(count(&s, a, RS_MEDIA_M_ONE_WAY), hears ? 0 : count(&s, a, RS_MEDIA_M_JUDGED));
			assert_int_equal(count(&s, a, RS_MEDIA_T_ONE_WAY), hears ? 0 : count(&s, a, RS_MEDIA_T_JUDGED));
			assert_int_equal(count(&s, a, RS_MEDIA_M_RATED), hears ? count(&s, a, RS_MEDIA_M_JUDGED) : 0);
			assert_int_equal(count(&s, a, RS_MEDIA_T_RATED), hears ? count(&s, a, RS_MEDIA_T_JUDGED) : 0);
			assert_int_equal(samples(&s, a, RS_MEDIA_M_MOS), count(&s, a, RS_MEDIA_M_RATED));
			assert_int_equal(samples(&s, a, RS_MEDIA_C_MOS), count(&s, a, RS_MEDIA_M_RATED) - count(&s, a, RS_MEDIA_T_RATED));
			assert_int_equal(samples(&s, a, RS_MEDIA_C_JITTER_MAX), samples(&s, a, RS_MEDIA_C_MOS));
			if (!hears)
				continue;
			assert_in_range(count(&s, a, RS_MEDIA_M_EXPECTED), 99 * 198, 101 * 202);
			assert_in_range(count(&s, a, RS_MEDIA_T_EXPECTED), 49 * 198, 51 * 202);
			assert_int_equal(count(&s, a, RS_MEDIA_M_LOST), 0);
		}
		sim_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_calls_hear_each_other_on_any_number_of_workers),
		cmocka_unit_test(srtp_calls_hear_each_other),
		cmocka_unit_test(ipv6_calls_hear_each_other),
		cmocka_unit_test(rfc4568_6_1_calls_with_an_mki_hear_each_other),
		cmocka_unit_test(rfc3264_8_4_calls_that_hold_and_resume_hear_each_other),
		cmocka_unit_test(media_that_is_exchanged_between_two_calls_is_seen_by_their_legs),
		cmocka_unit_test(descriptions_that_pass_as_they_are_have_no_change),
		cmocka_unit_test(what_the_system_changed_is_counted_by_kind_on_any_number_of_workers),
		cmocka_unit_test(a_late_offer_and_its_answer_in_the_ack_are_compared_too),
		cmocka_unit_test(an_invite_that_comes_again_takes_nothing_back),
		cmocka_unit_test(an_offer_that_does_not_come_out_is_not_compared),
		cmocka_unit_test(each_kind_of_change_has_a_row_of_its_name),
		cmocka_unit_test(streams_with_another_key_are_not_heard),
		cmocka_unit_test(streams_are_judged_with_their_calls_by_due_time_and_limited_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
