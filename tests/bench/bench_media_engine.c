/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles of the engine for a packet of media: from the calendar to the link, and from the link to what is known of it, plain and
 * with SRTP. Packets of one worker are handed to the other without a network; the streams' memory is walked through as in a run.
 */
#include "bench.h"
#include "engine/stream.h"

#define BATCH 128
#define PACKET 256

struct side {
	struct rs_engine *e;
	struct rs_account *account;
	uint8_t (*bufs)[PACKET];
	struct rs_rx *out;
	uint32_t n, cap;
};

static int
take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct side *s = ctx;

	(void)path;
	if (s->n == s->cap)
		return -ENOBUFS;
	*buf = (struct rs_buf){ s->bufs[s->n++], PACKET, NULL };
	return 0;
}

static int
send_it(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct side *s = ctx;

	s->out[(uint32_t)((uint8_t (*)[PACKET])buf->data - s->bufs)] = (struct rs_rx){
		.data = buf->data,
		.len = len,
		.kind = RS_RX_RTP,
		.path = { .local = path->remote, .remote = path->local, .local_port = path->remote_port,
			.remote_port = path->local_port, .port = path->port ^ 1 },
	};
	return 0;
}

static void
drop(void *ctx, struct rs_buf *buf)
{
	(void)ctx;
	(void)buf;
}

static struct rs_payload *tone;

static const struct rs_payload *
payload(const void *ctx, uint32_t source, const struct rs_sdp_codec *codec, uint16_t ptime_ms)
{
	(void)ctx;
	(void)source;
	(void)codec;
	(void)ptime_ms;
	return tone;
}

static const char plan_text[] =
	"targets = [ \"198.18.0.0/16\" ]; workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/16\" ]; workers = [ 0 ]; },\n"
	"  { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/16\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"us\"; port = \"a\"; count = 1000; addresses = \"198.18.16.1-198.18.19.232\"; },\n"
	"  { name = \"them\"; port = \"b\"; count = 1000; addresses = \"198.18.32.1-198.18.35.232\"; } );\n"
	"activities = ( { name = \"x\"; do = \"answer\"; endpoints = \"us\"; scenario = \"%s/uas.xml\"; },\n"
	"  { name = \"y\"; do = \"answer\"; endpoints = \"them\"; scenario = \"%s/uas.xml\"; } );\n"
	"run = { max_calls = 110000; keep_messages = { calls = 0; }; };\n";

static int
open_side(struct side *s, const struct rs_plan *plan, const struct rs_media_setup *setup, uint32_t worker, uint64_t now, uint32_t streams)
{
	struct rs_err err;
	struct rs_engine_cfg cfg = { .plan = plan, .worker = worker, .run = 1, .secret = 99, .pid = 4242, .wall_at_ns = now,
		.link = { .take = take, .send = send_it, .drop = drop, .ctx = s }, .media = setup };

	s->cap = streams / 50 + 1024;
	s->bufs = calloc(s->cap, sizeof(*s->bufs));
	s->out = calloc(s->cap, sizeof(*s->out));
	if (!s->bufs || !s->out || rs_account_create(plan, &s->account) != 0)
		return -1;
	cfg.account = s->account;
	if (rs_engine_create(&cfg, &s->e, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	s->e->now = now;
	rs_engine_begin(s->e, now);
	return 0;
}

/* A leg with media that is agreed on, without a word of SIP. */
static struct media *
call(struct side *s, uint32_t worker, uint32_t i)
{
	struct activity *a = &s->e->activities[worker];
	struct leg *leg = leg_create(s->e, a, i, s->e->now);

	if (!leg)
		return NULL;
	leg->path.port = (uint8_t)worker;
	leg->path.local = group_endpoint(a->group, i % 1000)->addr;
	struct media *m = media_open(s->e, leg, 0);

	if (m)
		m->key_seed = rs_rng_next(&s->e->rng);
	return m;
}

static void
agree(struct side *s, struct media *m, const struct media *to, bool secure)
{
	struct rs_sdp_stream *st = &m->lines[0];

	memset(st, 0, sizeof(*st));
	st->remote = to->local;
	st->remote_port = to->ports[0];
	st->ptime_ms = 20;
	st->recv_codecs = 1;
	for (uint32_t role = 1; role < 3; role++)
		st->use[role].codec = RS_SDP_NO_PAYLOAD;
	st->state = RS_SDP_STREAM_ACTIVE;
	st->direction = RS_SDP_SENDRECV;
	if (secure) {
		st->flags = RS_SDP_SECURE;
		st->tx.suite = st->rx.suite = RS_SDP_AES_CM_128_HMAC_SHA1_80;
		for (uint32_t i = 0; i < RS_SDP_KEY_MAX; i++) {
			st->tx.key[i] = (uint8_t)(m->key_seed >> i % 8 * 8);
			st->rx.key[i] = (uint8_t)(to->key_seed >> i % 8 * 8);
		}
	}
	m->sdp.n_streams = 1;
	media_apply(s->e, leg_at(s->e, m->leg), m);
}

/* @return 0 and figures; main's exit status */
static int
measure(struct rs_bench *bench, uint32_t streams, bool secure, const char *tx_name, const char *rx_name)
{
	static struct rs_sdp_profile sdp;
	struct rs_media_profile profile = { .sdp = { &sdp }, .payload = payload, .watermark = true, .no_rtcp = true };
	struct rs_media_setup setup = { .profiles = &profile, .n_profiles = 1, .streams = streams };
	struct side *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	static uint64_t tx[20000], rx[20000];
	struct rs_plan *plan;
	struct rs_err err;
	char text[4096];
	uint64_t now = 1000 * RS_NS_PER_S, received;
	uint32_t n_tx = 0, rounds = 160 * 10;

	sdp = (struct rs_sdp_profile){ .type = "audio", .n_codecs = 1,
		.srtp = secure ? RS_SDP_SRTP_REQUIRED : RS_SDP_SRTP_FORBIDDEN, .suites = { RS_SDP_AES_CM_128_HMAC_SHA1_80 }, .n_suites = secure };
	rs_sdp_codec_find(rs_slice_str("PCMU"), &sdp.codecs[0]);
	snprintf(text, sizeof(text), plan_text, BENCH_SCENARIOS, BENCH_SCENARIOS);
	if (!a || !b || rs_plan_parse("bench", text, NULL, 0, &plan, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (open_side(a, plan, &setup, 0, now, streams) != 0 || open_side(b, plan, &setup, 1, now, streams) != 0)
		return 6;
	for (uint32_t i = 0; i < streams; i++) {
		struct media *x = call(a, 0, i), *y = call(b, 1, i);

		if (!x || !y) {
			fprintf(stderr, "no media for call %u\n", i);
			return 1;
		}
		agree(a, x, y, secure);
		y->lines[0].direction = RS_SDP_RECVONLY;
		agree(b, y, x, secure);
		for (uint32_t k = 0; k < MEDIA_LINES; k++) /* b listens */
			if (y->streams[k] != NO_MEDIA)
				media_play(b->e, leg_at(b->e, y->leg), y, MEDIA_STOP, 0, (struct rs_slice){ 0 });
	}
	for (uint32_t round = 0; round < rounds; round++) {
		uint64_t t;

		now += CALENDAR_SLOT_NS;
		a->n = 0;
		a->e->now = b->e->now = now;
		t = rs_bench_tsc();
		while (streams_turn(a->e, now) <= now)
			continue;
		streams_flushed(a->e, now);
		t = rs_bench_tsc() - t;
		if (a->n == 0)
			continue;
		tx[n_tx] = t / a->n;
		for (uint32_t i = 0; i < a->n; i++)
			a->out[i].time_ns = now;
		t = rs_bench_tsc();
		for (uint32_t at = 0; at < a->n; at += BATCH)
			streams_input(b->e, a->out + at, a->n - at < BATCH ? a->n - at : BATCH);
		rx[n_tx++] = (rs_bench_tsc() - t) / a->n;
	}
	received = rs_metric_get(&b->account->activities[1].media, RS_MEDIA_RECEIVED);
	if (received != rs_metric_get(&a->account->activities[0].media, RS_MEDIA_SENT) || received < streams * 9ull) {
		fprintf(stderr, "%llu received\n", (unsigned long long)received);
		return 1;
	}
	rs_bench_figure(bench, tx_name, rs_bench_median(tx, n_tx), "cycles");
	rs_bench_figure(bench, rx_name, rs_bench_median(rx, n_tx), "cycles");
	rs_engine_free(a->e);
	rs_engine_free(b->e);
	rs_account_free(a->account);
	rs_account_free(b->account);
	free(a->bufs);
	free(a->out);
	free(b->bufs);
	free(b->out);
	free(a);
	free(b);
	rs_plan_free(plan);
	return 0;
}

int
main(int argc, char **argv)
{
	struct rs_payload_want want = { .codec = RS_CODEC_PCMU, .ptime_ns = 20 * RS_NS_PER_MS, .loop = true };
	struct rs_bench bench;
	struct rs_err err;
	int rc;

	if (rs_bench_begin(&bench, "media_engine", argc, argv) != 0)
		return 2;
	if (rs_payload_tone(rs_tone_preset("us-dial"), &want, &tone, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 6;
	}
	rc = measure(&bench, 1000, false, "plain_1k_tx_cycles", "plain_1k_rx_cycles");
	if (rc == 0)
		rc = measure(&bench, 50000, false, "plain_50k_tx_cycles", "plain_50k_rx_cycles");
	if (rc == 0)
		rc = measure(&bench, 1000, true, "srtp_1k_tx_cycles", "srtp_1k_rx_cycles");
	if (rc == 0)
		rc = measure(&bench, 50000, true, "srtp_50k_tx_cycles", "srtp_50k_rx_cycles");
	rs_bench_figure(&bench, "plain_stream_bytes", STREAM_BYTES, "bytes");
	rs_bench_figure(&bench, "srtp_stream_bytes", STREAM_SECURE_BYTES, "bytes");
	rs_payload_free(tone);
	return rc ? rc : rs_bench_end(&bench);
}
