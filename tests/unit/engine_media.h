/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Two engines whose ports are wired to each other, legs at both without any SIP, and what they send each other: descriptions are
 * offered and answered by hand. Worker 0 is 198.18.4.1 and so on at port "a", worker 1 198.18.8.1 and so on at port "b".
 */
#ifndef RS_TESTS_ENGINE_MEDIA_H
#define RS_TESTS_ENGINE_MEDIA_H

#include "engine/stream.h"
#include "sim.h"

#define MS RS_NS_PER_MS
#define S  RS_NS_PER_S
#define RIG_SENT 65536

struct rig_packet {
	uint64_t at_ns;
	struct rs_path path; /* as the receiver sees it */
	uint32_t len;
	uint32_t worker;
	uint8_t data[256];
};

struct rig {
	struct sim s;
	struct rs_sdp_profile sdp;
	struct rs_media_profile profile;
	struct rs_media_setup setup;
	struct rs_payload *payload[3]; /* by source: a tone, one second that ends, digits */
	struct rs_replay *replay;
	uint8_t keys[RS_SDP_MAX_SUITES * RS_SDP_KEY_MAX];
	struct rig_packet *sent;
	uint32_t n_sent;
	unsigned (*meddle)(struct rig *r, struct sim_packet *p); /* NULL; else how many arrive */
	uint32_t count;						 /* the test's own */
};

/* A side of a call. */
struct party {
	struct rs_engine *e;
	struct leg *leg;
	struct media *m;
	struct rs_sdp_local_media media;
	struct rs_sdp_local local;
};

static unsigned
rig_wire(void *ctx, struct sim_packet *p)
{
	struct rig *r = ctx;
	struct rig_packet *k = &r->sent[r->n_sent++];

	assert_true(r->n_sent < RIG_SENT);
	*k = (struct rig_packet){ r->s.now_ns, p->path, p->len, r->s.sending, { 0 } };
	memcpy(k->data, p->data, p->len < sizeof(k->data) ? p->len : sizeof(k->data));
	return r->meddle ? r->meddle(r, p) : 1;
}

static const struct rs_payload *
rig_payload(const void *ctx, uint32_t source, const struct rs_sdp_codec *codec, uint16_t ptime_ms)
{
	const struct rig *r = ctx;

	assert_non_null(codec);
	assert_int_equal(ptime_ms, 20);
	return source < 3 ? r->payload[source] : NULL;
}

static const struct rs_replay *
rig_replay(const void *ctx, uint32_t capture)
{
	const struct rig *r = ctx;

	return capture == 0 ? r->replay : NULL;
}

static const char rig_plan[] =
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 0 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"us\"; port = \"a\"; count = 4; addresses = \"198.18.4.1-198.18.4.4\"; },\n"
	"              { name = \"them\"; port = \"b\"; count = 4; addresses = \"198.18.8.1-198.18.8.4\"; } );\n"
	"activities = ( { name = \"x\"; do = \"answer\"; endpoints = \"us\"; scenario = \"uas\"; },\n"
	"               { name = \"y\"; do = \"answer\"; endpoints = \"them\"; scenario = \"uas\"; } );\n";

static inline void
rig_codec(struct rig *r, const char *name)
{
	assert_int_equal(rs_sdp_codec_find(rs_slice_str(name), &r->sdp.codecs[r->sdp.n_codecs]), 0);
	r->sdp.n_codecs++;
}

/** Fill in what every test wants; the profile may be changed before rig_open. */
static inline void
rig_prepare(struct rig *r)
{
	struct rs_payload_want want = { .codec = RS_CODEC_PCMU, .ptime_ns = 20 * MS, .loop = true };
	static int16_t second[8000];
	struct rs_err err;

	memset(r, 0, sizeof(*r));
	r->sent = calloc(RIG_SENT, sizeof(*r->sent));
	assert_non_null(r->sent);
	r->sdp = (struct rs_sdp_profile){ .type = "audio", .srtp = RS_SDP_SRTP_FORBIDDEN };
	rig_codec(r, "PCMU");
	rig_codec(r, "telephone-event");
	rig_codec(r, "CN");
	assert_int_equal(rs_payload_tone(rs_tone_preset("us-dial"), &want, &r->payload[0], &err), 0);
	want.loop = false;
	assert_int_equal(rs_payload_pcm(second, 8000, &want, &r->payload[1], &err), 0);
	assert_int_equal(rs_payload_dtmf("159#", 80, 80, -10, &want, &r->payload[2], &err), 0);
	for (size_t i = 0; i < sizeof(r->keys); i++)
		r->keys[i] = (uint8_t)(i * 37 + 11);
	r->profile = (struct rs_media_profile){ .payload = rig_payload, .replay = rig_replay, .ctx = r, .watermark = true };
	r->profile.sdp[0] = &r->sdp;
	r->setup = (struct rs_media_setup){ .profiles = &r->profile, .n_profiles = 1, .streams = 1000 };
	r->s.media = &r->setup;
	r->s.on_wire = rig_wire;
	r->s.ctx = r;
	r->s.delay_ns = 5 * MS;
}

static inline void
rig_secure(struct rig *r, enum rs_sdp_suite suite)
{
	r->sdp.srtp = RS_SDP_SRTP_REQUIRED;
	r->sdp.suites[0] = (uint8_t)suite;
	r->sdp.n_suites = 1;
}

static inline void
rig_open(struct rig *r)
{
	assert_int_equal(rs_sdp_profile_complete(&r->sdp), 0);
	sim_open(&r->s, rig_plan);
	sim_play(&r->s, MS);
}

static inline void
rig_close(struct rig *r)
{
	for (uint32_t w = 0; w < r->s.n; w++) {
		assert_int_equal(r->s.engines[w]->streams->pool.used, 0);
		assert_int_equal(r->s.engines[w]->streams->keys.used, 0);
		assert_int_equal(r->s.engines[w]->media.used, 0);
		assert_int_equal(r->s.engines[w]->streams->ports.used, 0);
		assert_int_equal(r->s.engines[w]->streams->calendar.n, 0);
	}
	sim_close(&r->s);
	for (uint32_t i = 0; i < 3; i++)
		rs_payload_free(r->payload[i]);
	free(r->sent);
}

/** A leg of worker @worker at its endpoint @endpoint, with ports. */
static inline struct party
party_open(struct rig *r, uint32_t worker, uint32_t endpoint)
{
	struct party p = { .e = r->s.engines[worker] };
	struct activity *a = &p.e->activities[worker];

	p.e->now = r->s.now_ns;
	p.leg = leg_create(p.e, a, 0, r->s.now_ns);
	assert_non_null(p.leg);
	p.leg->endpoint = endpoint;
	p.leg->path.port = (uint8_t)a->group->plan->port;
	p.leg->path.local = group_endpoint(a->group, endpoint)->addr;
	p.leg->path.local_port = 5060;
	p.m = media_open(p.e, p.leg, 0);
	if (!p.m)
		return p;
	p.m->key_seed = rs_rng_next(&p.e->rng);
	rs_sdp_session_init(&p.m->sdp, 7, p.m->lines, MEDIA_LINES);
	p.media = (struct rs_sdp_local_media){ .profile = &r->sdp, .keys = r->keys, .ssrc = p.m->ssrc[0], .port = p.m->ports[0],
		.direction = RS_SDP_SENDRECV };
	p.local = (struct rs_sdp_local){ .address = p.leg->path.local, .n_media = 1 };
	return p;
}

static inline void
party_close(struct party *p)
{
	leg_free(p->e, p->leg);
	*p = (struct party){ 0 };
}

/** @a offers, @b answers, both apply what was agreed. */
static inline void
agree(struct rig *r, struct party *a, struct party *b)
{
	static struct rs_sdp parsed;
	struct rs_sdp_result result;
	uint8_t offer[2048], answer[2048];
	int n;

	a->local.media = &a->media;
	b->local.media = &b->media;
	/* Keys of both are different ones. */
	uint8_t keys[sizeof(r->keys)];

	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = r->keys[i] ^ (uint8_t)a->m->key_seed;
	a->media.keys = keys;
	uint8_t others[sizeof(r->keys)];

	for (size_t i = 0; i < sizeof(others); i++)
		others[i] = r->keys[i] ^ (uint8_t)(b->m->key_seed + 1);
	b->media.keys = others;
	n = rs_sdp_offer(&a->m->sdp, &a->local, offer, sizeof(offer));
	assert_true(n > 0);
	assert_int_equal(rs_sdp_parse(offer, (size_t)n, &parsed), 0);
	n = rs_sdp_answer(&b->m->sdp, &b->local, &parsed, answer, sizeof(answer), &result);
	if (n < 0)
		fail_msg("no answer: %s", rs_sdp_fail_name(result.why));
	assert_int_equal(rs_sdp_parse(answer, (size_t)n, &parsed), 0);
	if (rs_sdp_accept(&a->m->sdp, &a->local, &parsed, &result) != 0)
		fail_msg("not accepted: %s", rs_sdp_fail_name(result.why));
	a->e->now = b->e->now = r->s.now_ns;
	media_apply(b->e, b->leg, b->m);
	media_apply(a->e, a->leg, a->m);
}

static inline struct stream *
party_stream(const struct party *p)
{
	assert_int_not_equal(p->m->streams[0], NO_MEDIA);
	return stream_at(p->e->streams, p->m->streams[0]);
}

static inline uint64_t
rig_count(const struct rig *r, uint32_t worker, uint32_t row)
{
	return rs_metric_get(&r->s.accounts[worker]->activities[worker].media, row);
}

static inline const struct rs_hist *
rig_hist(const struct rig *r, uint32_t worker, uint32_t row)
{
	return r->s.accounts[worker]->activities[worker].media.hists[row];
}

static inline uint64_t
hist_count(const struct rs_hist *h)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < RS_HIST_CELLS; i++)
		n += h->cells[i];
	return n;
}

static inline uint16_t
seq_of(const struct rig_packet *p)
{
	return (uint16_t)(p->data[2] << 8 | p->data[3]);
}

static inline uint32_t
ts_of(const struct rig_packet *p)
{
	return (uint32_t)p->data[4] << 24 | (uint32_t)p->data[5] << 16 | (uint32_t)p->data[6] << 8 | p->data[7];
}

static inline uint32_t
ssrc_of(const struct rig_packet *p)
{
	return (uint32_t)p->data[8] << 24 | (uint32_t)p->data[9] << 16 | (uint32_t)p->data[10] << 8 | p->data[11];
}

static inline bool
is_rtcp(const struct rig_packet *p)
{
	return rs_rtp_demux(p->data, p->len) == RS_RTP_IS_RTCP;
}

/** RTP packet number @n of @ssrc among what was sent from packet @*at on; NULL: there are no more. */
static inline const struct rig_packet *
next_rtp(const struct rig *r, uint32_t *at, uint32_t ssrc)
{
	while (*at < r->n_sent) {
		const struct rig_packet *p = &r->sent[(*at)++];

		if (!is_rtcp(p) && ssrc_of(p) == ssrc)
			return p;
	}
	return NULL;
}

#endif
