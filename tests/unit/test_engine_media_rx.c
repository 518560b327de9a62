/* SPDX-License-Identifier: BSD-3-Clause */
/* What arrives at media ports: told apart by kind, and judged; reports, digits, echoes, impairment. */
#include "engine_media.h"

#include "proto/rtcp/build.h"

/* Two parties in the middle of a call. */
static void
talk(struct rig *r, struct party *a, struct party *b)
{
	rig_open(r);
	*a = party_open(r, 0, 0);
	*b = party_open(r, 1, 0);
	agree(r, a, b);
	sim_play(&r->s, S);
}

static void
hang_up(struct rig *r, struct party *a, struct party *b)
{
	a->e->now = b->e->now = r->s.now_ns;
	party_close(a);
	party_close(b);
}

/* Bytes come to a's stream from b's address, or from @port there. */
static void
arrive(struct rig *r, const struct party *a, const struct party *b, uint16_t at, uint16_t port, const uint8_t *data, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct rs_rx rx = { .data = copy, .len = len, .kind = rs_rx_kind_of(data, len), .time_ns = r->s.now_ns,
		.path = { .local = a->m->local, .remote = b->m->local, .local_port = at, .remote_port = port, .port = a->m->port } };

	memcpy(copy, data, len);
	rs_engine_input(a->e, r->s.now_ns, &rx, 1);
	free(copy);
}

static void
what_is_no_packet_of_the_stream_is_counted_by_kind(void **state)
{
	struct rig r;
	struct party a, b;
	uint8_t p[172] = { 0 };
	uint16_t at, port;
	uint64_t received;

	rig_prepare(&r);
	talk(&r, &a, &b);
	at = a.m->ports[0];
	port = b.m->ports[0];
	received = rig_count(&r, 0, RS_MEDIA_RECEIVED);
	rs_rtp_write_header(p, 0, party_stream(&b)->seq, party_stream(&b)->ts, b.m->ssrc[0]);
	arrive(&r, &a, &b, at, port, p, 5);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SHORT), 1);
	p[0] = 0x8f; /* fifteen CSRCs that are not there */
	arrive(&r, &a, &b, at, port, p, 20);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_HEADER), 1);
	p[0] = 0x80;
	p[11] ^= 1;
	arrive(&r, &a, &b, at, port, p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_OTHER_SSRC), 1);
	p[11] ^= 1;
	p[2] ^= 0x40;
	arrive(&r, &a, &b, at, port, p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_BAD_SEQ), 1);
	p[2] ^= 0x40;
	arrive(&r, &a, &b, (uint16_t)(at + 1), port, p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_WRONG_PORT), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_RECEIVED), received);
	p[1] = 77;
	arrive(&r, &a, &b, at, port, p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_PT_UNKNOWN), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_RECEIVED), received + 1);
	p[1] = 0;
	p[3]++;
	arrive(&r, &a, &b, at, (uint16_t)(port + 8), p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_WRONG_SOURCE), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_LATCHED), 0);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_ABSENT), 2);
	arrive(&r, &a, &b, (uint16_t)(at + 400), port, p, sizeof(p));
	assert_int_equal(rs_metric_get(&r.s.accounts[0]->media, RS_MEDIA_W_NO_STREAM), 1);
	arrive(&r, &a, &b, 40000, port, p, sizeof(p));
	assert_int_equal(rs_metric_get(&r.s.accounts[0]->media, RS_MEDIA_W_NOT_OURS), 1);
	p[1] = 200; /* an SR whose length is more than there is */
	p[2] = 1;
	arrive(&r, &a, &b, (uint16_t)(at + 1), port, p, sizeof(p));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_RTCP_BAD), 1);
	hang_up(&r, &a, &b);
	rig_close(&r);
}

static void
srtp_that_is_wrong_on_purpose_is_counted_by_cause(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t wrong;

	rig_prepare(&r);
	rig_secure(&r, RS_SDP_AES_CM_128_HMAC_SHA1_80);
	r.profile.wrong = (struct rs_wrong){ .tag = rs_impair_share(0.1), .header = rs_impair_share(0.1), .replay = rs_impair_share(0.1),
		.key = rs_impair_share(0.1), .roc = rs_impair_share(0.1) };
	talk(&r, &a, &b);
	sim_play(&r.s, 19 * S);
	wrong = rig_count(&r, 0, RS_MEDIA_WRONG_SENT);
	assert_in_range(wrong, 430, 570);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_REPLAYED), 70, 130);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_AUTH_FAILED) + rig_count(&r, 1, RS_MEDIA_REPLAYED), wrong - 2, wrong);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_RECEIVED) + rig_count(&r, 1, RS_MEDIA_AUTH_FAILED), rig_count(&r, 0, RS_MEDIA_SENT) - 2,
		rig_count(&r, 0, RS_MEDIA_SENT));
	hang_up(&r, &a, &b);
	rig_close(&r);
}

static void
crossed_media_is_seen_from_both_ends(void **state)
{
	struct rig r;
	struct party a, b, c, d;

	rig_prepare(&r);
	talk(&r, &a, &b);
	c = party_open(&r, 0, 1);
	d = party_open(&r, 1, 1);
	agree(&r, &c, &d);
	sim_play(&r.s, S);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_CROSSED) + rig_count(&r, 1, RS_MEDIA_CROSSED), 0);
	/* What b sends now goes to c: c hears another stream than before, and b's says that it hears a. */
	party_stream(&b)->path.remote = c.m->local;
	party_stream(&b)->path.remote_port = c.m->ports[0];
	party_stream(&b)->ssrc = party_stream(&d)->ssrc;
	party_stream(&b)->seq = (uint16_t)(party_stream(&d)->seq + 10);
	sim_play(&r.s, S);
	assert_true(rig_count(&r, 0, RS_MEDIA_CROSSED) > 20);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_CROSSED), 0);
	party_close(&c);
	party_close(&d);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_CROSSED_STREAMS), 1);
	rig_close(&r);
}

static unsigned
transcode(struct rig *r, struct sim_packet *p)
{
	if (rs_rtp_demux(p->data, p->len) == RS_RTP_IS_RTP && p->len > 44)
		memset(p->data + 12, 0x55, 32);
	return 1;
}

static unsigned
age(struct rig *r, struct sim_packet *p)
{
	struct rs_rtp_watermark w;

	if (p->len < 44 || rs_rtp_watermark_read(p->data + 12, 32, 0x1234567890abcdef, 7, &w) != RS_RTP_MARK_OK)
		return 1;
	w.run = 6;
	rs_rtp_watermark_write(&w, 0x1234567890abcdef, p->data + 12);
	return 1;
}

static void
transcoded_and_stale_media_is_told_apart(void **state)
{
	struct rig r;
	struct party a, b;

	rig_prepare(&r);
	r.meddle = transcode;
	talk(&r, &a, &b);
	assert_true(rig_count(&r, 0, RS_MEDIA_ABSENT) > 40);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_MARKED), 0);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_TRANSCODED), 1);
	rig_close(&r);
	rig_prepare(&r);
	r.meddle = age;
	talk(&r, &a, &b);
	assert_true(rig_count(&r, 0, RS_MEDIA_STALE) > 40);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_TRANSCODED), 0);
	rig_close(&r);
}

static unsigned
lose_a_tenth(struct rig *r, struct sim_packet *p)
{
	return rs_rtp_demux(p->data, p->len) == RS_RTP_IS_RTP && r->count++ % 20 < 2 ? 0 : 1; /* both directions */
}

static unsigned
one_direction(struct rig *r, struct sim_packet *p)
{
	return r->s.sending == 0 ? 1 : 0;
}

static void
loss_one_way_audio_and_silence_are_judged(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t lost;

	rig_prepare(&r);
	r.meddle = lose_a_tenth;
	talk(&r, &a, &b);
	sim_play(&r.s, 9 * S);
	hang_up(&r, &a, &b);
	lost = rig_count(&r, 0, RS_MEDIA_LOST) + rig_count(&r, 1, RS_MEDIA_LOST);
	assert_in_range(lost, 90, 102);
	assert_in_range(rig_hist(&r, 0, RS_MEDIA_LOSS)->max_ns + rig_hist(&r, 1, RS_MEDIA_LOSS)->max_ns, 19000000, 21000000);
	assert_true(rig_hist(&r, 0, RS_MEDIA_MOS)->min_ns < 4300000);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_ONE_WAY), 0);
	rig_close(&r);
	rig_prepare(&r);
	r.meddle = one_direction;
	talk(&r, &a, &b);
	sim_play(&r.s, 9 * S);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_NEVER_HEARD), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_ONE_WAY), 1);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_NEVER_HEARD), 0);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_TIMED_OUT), 0);
	rig_close(&r);
	rig_prepare(&r);
	talk(&r, &a, &b);
	r.meddle = one_direction;
	sim_play(&r.s, 9 * S);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_TIMED_OUT), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_NEVER_HEARD), 0);
	rig_close(&r);
}

static void
reports_come_by_rfc_3550_and_give_the_round_trip(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t before = 0;
	uint32_t n = 0, xr = 0;

	rig_prepare(&r);
	r.profile.xr = true;
	talk(&r, &a, &b);
	sim_play(&r.s, 59 * S);
	for (uint32_t i = 0; i < r.n_sent; i++) {
		const struct rig_packet *p = &r.sent[i];
		struct rs_rtcp_block block;
		size_t pos = 0;

		if (!is_rtcp(p) || p->worker != 0)
			continue;
		assert_int_equal(rs_rtcp_check(p->data, p->len, false), RS_RTCP_OK);
		assert_int_equal(p->path.remote_port, a.m->ports[0] + 1);
		assert_int_equal(p->path.local_port, b.m->ports[0] + 1);
		assert_int_equal(p->data[1], RS_RTCP_SR);
		while (rs_rtcp_next(p->data, p->len, &pos, &block) == RS_RTCP_OK)
			xr += block.type == RS_RTCP_XR;
		if (before) /* 5 s, 0.5 to 1.5 times, over 1.21828; a tick of the wheel */
			assert_in_range(p->at_ns - before, 2050 * MS, 6200 * MS);
		before = p->at_ns;
		n++;
	}
	assert_in_range(n, 8, 25);
	assert_int_equal(xr, n);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_RTCP_RECEIVED), n - 1, n);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_RTCP_BAD), 0);
	/* Two times 5 ms. */
	assert_true(hist_count(rig_hist(&r, 0, RS_MEDIA_RTT)) >= n - 3);
	assert_in_range(rig_hist(&r, 0, RS_MEDIA_RTT)->min_ns, 10 * MS - 40000, 10 * MS + 40000);
	assert_in_range(rig_hist(&r, 0, RS_MEDIA_RTT)->max_ns, 10 * MS - 40000, 10 * MS + 40000);
	/* The end is said. */
	a.e->now = r.s.now_ns;
	party_close(&a);
	sim_play(&r.s, S);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_RTCP_BYE), 1);
	party_close(&b);
	rig_close(&r);
}

static void
digits_are_sent_and_heard_rfc_4733(void **state)
{
	struct rig r;
	struct party a, b;
	struct rs_slice heard;
	uint32_t at = 0, first = 0;
	const struct rig_packet *p;

	rig_prepare(&r);
	talk(&r, &a, &b);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, 100, rs_slice_str("12#")), 0);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, 100, rs_slice_str("A")), 0);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, 100, rs_slice_str("x")), -EINVAL);
	sim_play(&r.s, 2 * S);
	heard = media_digits(b.e, b.m);
	assert_int_equal(heard.len, 4);
	assert_memory_equal(heard.p, "12#A", 4);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_DIGITS_SENT), 4);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_DIGITS_HEARD), 4);
	while ((p = next_rtp(&r, &at, a.m->ssrc[0]))) /* one packet every 20 ms, sound or event */
		first += (p->data[1] & 0x7f) == party_stream(&a)->pt_event && (p->data[1] & RS_RTP_MARKER);
	assert_int_equal(first, 4);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_SENT), 148, 151);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_LOST), 0);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_TS_JUMPS), 0);
	rig_close(&r);
}

static void
digits_are_heard_in_the_sound(void **state)
{
	struct rig r;
	struct party a, b;
	struct rs_slice heard;

	rig_prepare(&r);
	r.profile.hear_digits = true;
	r.profile.watermark = false;
	talk(&r, &a, &b);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_SOURCE, 2, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, 2 * S);
	heard = media_digits(b.e, b.m);
	assert_int_equal(heard.len, 4);
	assert_memory_equal(heard.p, "159#", 4);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_DIGITS_INBAND), 4);
	hang_up(&r, &a, &b);
	rig_close(&r);
}

/* Sent in the sound, as events or as both, where telephone-event was agreed on and where it was not: each digit is heard once. */
static void
digits_go_in_the_sound_as_events_or_both_ways(void **state)
{
	static const struct {
		const char *codec;
		bool events, watermark;
		uint32_t how;
		uint64_t sound, event; /* heard */
	} rows[] = {
		{ "PCMU", true, true, RS_DTMF_INBAND, 6, 0 },
		{ "PCMA", true, false, RS_DTMF_INBAND, 6, 0 },
		{ "PCMU", true, true, RS_DTMF_BOTH, 6, 6 },
		{ "PCMA", true, true, RS_DTMF_EVENTS, 0, 6 },
		{ "PCMU", true, true, RS_DTMF_AUTO, 0, 6 },
		{ "PCMA", false, true, RS_DTMF_AUTO, 6, 0 },
		{ "PCMU", false, true, RS_DTMF_BOTH, 6, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_slice none = { 0 }, heard;
		struct rig r;
		struct party a, b;

		rig_prepare(&r);
		r.sdp.n_codecs = 0;
		rig_codec(&r, rows[i].codec);
		if (rows[i].events)
			rig_codec(&r, "telephone-event");
		r.profile.hear_digits = true;
		r.profile.watermark = rows[i].watermark;
		talk(&r, &a, &b);
		assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_STOP, 0, none), 0); /* a tone would be in its way */
		assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, rows[i].how * MEDIA_DIGITS_HOW + 90, rs_slice_str("1*7")), 0);
		assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, rows[i].how * MEDIA_DIGITS_HOW + 90, rs_slice_str("7#D")), 0);
		sim_play(&r.s, 2 * S);
		heard = media_digits(b.e, b.m);
		assert_int_equal(heard.len, 6);
		assert_memory_equal(heard.p, "1*77#D", 6);
		assert_int_equal(rig_count(&r, 0, RS_MEDIA_DIGITS_SENT), 6);
		assert_int_equal(rig_count(&r, 1, RS_MEDIA_DIGITS_INBAND), rows[i].sound);
		assert_int_equal(rig_count(&r, 1, RS_MEDIA_DIGITS_HEARD), rows[i].event);
		hang_up(&r, &a, &b);
		assert_int_equal(rig_count(&r, 1, RS_MEDIA_LOST) + rig_count(&r, 1, RS_MEDIA_TS_JUMPS), 0);
		rig_close(&r);
	}
}

/* Streams of 50 packets, of which packet 20 is missing where @lost says so. */
static void
wide_band_is_rated_by_its_own_scale_where_factors_are_known(void **state)
{
	static const struct {
		const char *codec, *fmtp;
		uint8_t head[2]; /* of the payload: AMR's mode request and frame type */
		bool lost;
		double mos; /* 0: there is none */
		uint32_t row;
	} rows[] = {
		{ "G722", "", { 0 }, false, 4.30, RS_MEDIA_MOS_WIDE },
		{ "G722", "", { 0 }, true, 0, RS_MEDIA_NO_BPL },
		{ "AMR-WB", "octet-align=1", { 0xf0, 2 << 3 | 4 }, false, 4.13, RS_MEDIA_MOS_WIDE },
		{ "AMR-WB", "octet-align=1", { 0xf0, 2 << 3 | 4 }, true, 3.33, RS_MEDIA_MOS_WIDE },
		{ "AMR-WB", "mode-set=8", { 0xf4, 0x40 }, true, 3.67, RS_MEDIA_MOS_WIDE }, /* bandwidth-efficient, 23.85 kbit/s */
		{ "AMR-WB", "octet-align=1", { 0xf0, 4 << 3 | 4 }, true, 0, RS_MEDIA_NO_BPL },
		{ "AMR-WB", "octet-align=1", { 0xf0, 3 << 3 | 4 }, false, 0, RS_MEDIA_NO_FACTORS },
		{ "AMR", "octet-align=1", { 0xf0, 7 << 3 | 4 }, false, 4.24, RS_MEDIA_MOS },
		{ "AMR", "octet-align=1", { 0xf0, 6 << 3 | 4 }, false, 0, RS_MEDIA_NO_FACTORS },
		{ "iLBC", "mode=20", { 0 }, false, 0, RS_MEDIA_NO_FACTORS },
		{ "opus", "", { 0 }, false, 0, RS_MEDIA_NO_FACTORS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_slice none = { 0 };
		struct party a, b;
		struct rig r;
		uint8_t pt;

		rig_prepare(&r);
		r.sdp.n_codecs = 0;
		rig_codec(&r, rows[i].codec);
		snprintf(r.sdp.codecs[0].fmtp, sizeof(r.sdp.codecs[0].fmtp), "%s", rows[i].fmtp);
		r.profile.watermark = false;
		rig_open(&r);
		a = party_open(&r, 0, 0);
		b = party_open(&r, 1, 0);
		agree(&r, &a, &b);
		assert_int_equal(media_play(b.e, b.leg, b.m, MEDIA_STOP, 0, none), 0);
		pt = party_stream(&a)->pt;
		for (uint8_t k = 0; k < 50; k++) {
			uint32_t ts = k * (r.sdp.codecs[0].clock_hz / 50);
			uint8_t packet[60] = { 0x80, pt, 0, k, (uint8_t)(ts >> 24), (uint8_t)(ts >> 16), (uint8_t)(ts >> 8), (uint8_t)ts, 0, 0, 0, 9,
				rows[i].head[0], rows[i].head[1] };

			if (!rows[i].lost || k != 20)
				arrive(&r, &a, &b, a.m->ports[0], b.m->ports[0], packet, sizeof(packet));
			sim_play(&r.s, 20 * MS);
		}
		hang_up(&r, &a, &b);
		if (rows[i].mos == 0) {
			assert_int_equal(rig_count(&r, 0, rows[i].row), 1);
			assert_int_equal(rig_count(&r, 0, RS_MEDIA_RATED), 0);
		} else {
			const struct rs_hist *h = rig_hist(&r, 0, rows[i].row);

			assert_int_equal(rig_count(&r, 0, RS_MEDIA_RATED), 1);
			assert_int_equal(hist_count(rig_hist(&r, 0, RS_MEDIA_MOS)) + hist_count(rig_hist(&r, 0, RS_MEDIA_MOS_WIDE)), 1);
			if (h->min_ns / RS_MEDIA_SCALE < rows[i].mos - 0.01 || h->min_ns / RS_MEDIA_SCALE > rows[i].mos + 0.01)
				fail_msg("row %zu: %f", i, h->min_ns / RS_MEDIA_SCALE);
		}
		rig_close(&r);
	}
}

static void
digits_that_cannot_be_sent_are_refused(void **state)
{
	static const struct {
		const char *codec;
		bool events;
		uint32_t how;
	} rows[] = { { "PCMU", false, RS_DTMF_EVENTS }, { "GSM", true, RS_DTMF_INBAND }, { "GSM", false, RS_DTMF_AUTO }, { "GSM", false, RS_DTMF_BOTH } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		struct party a, b;

		rig_prepare(&r);
		r.sdp.n_codecs = 0;
		rig_codec(&r, rows[i].codec);
		if (rows[i].events)
			rig_codec(&r, "telephone-event");
		talk(&r, &a, &b);
		assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_DIGITS, rows[i].how * MEDIA_DIGITS_HOW, rs_slice_str("1")), -ENOTSUP);
		hang_up(&r, &a, &b);
		rig_close(&r);
	}
}

static void
an_echo_sends_back_what_comes(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t n;

	rig_prepare(&r);
	talk(&r, &a, &b);
	assert_int_equal(media_play(b.e, b.leg, b.m, MEDIA_ECHO, 1, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, S);
	n = rig_count(&r, 1, RS_MEDIA_ECHO_SENT);
	assert_in_range(n, 49, 51);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_ECHOED), n - 2, n);
	assert_true(hist_count(rig_hist(&r, 0, RS_MEDIA_RTT)) >= n - 2); /* the way there and back, by watermark */
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_CROSSED), 0);
	assert_int_equal(media_play(b.e, b.leg, b.m, MEDIA_ECHO, 0, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, S);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_ECHO_SENT), n, n);
	hang_up(&r, &a, &b);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_LOST), 0);
	rig_close(&r);
}

static void
media_goes_on_to_where_it_comes_from(void **state)
{
	struct rig r;
	struct party a, b;
	uint32_t at;
	const struct rig_packet *p;

	rig_prepare(&r);
	r.profile.latch = true;
	talk(&r, &a, &b);
	uint8_t data[172] = { 0 };

	rs_rtp_write_header(data, 0, (uint16_t)(party_stream(&b)->seq), party_stream(&b)->ts, b.m->ssrc[0]);
	arrive(&r, &a, &b, a.m->ports[0], 31000, data, sizeof(data));
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_LATCHED), 1);
	at = r.n_sent;
	sim_play(&r.s, 25 * MS);
	p = next_rtp(&r, &at, a.m->ssrc[0]);
	assert_non_null(p);
	assert_int_equal(p->path.local_port, 31000);
	hang_up(&r, &a, &b);
	rig_close(&r);
}

static void
impairment_of_sending_and_receiving(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t sent;

	rig_prepare(&r);
	r.profile.send = (struct rs_impairment){ .loss = rs_impair_share(0.1), .delay_ns = 30 * MS };
	talk(&r, &a, &b);
	sim_play(&r.s, 39 * S);
	hang_up(&r, &a, &b);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_IMPAIRED_LOST), 150, 250);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_LOST), rig_count(&r, 0, RS_MEDIA_IMPAIRED_LOST) - 3, rig_count(&r, 0, RS_MEDIA_IMPAIRED_LOST));
	assert_in_range(rig_hist(&r, 1, RS_MEDIA_DELAY)->min_ns, 35 * MS, 35 * MS + 300000);
	rig_close(&r);
	rig_prepare(&r);
	r.profile.receive = (struct rs_impairment){ .duplicate = rs_impair_share(0.1), .reorder = rs_impair_share(0.1), .reorder_ns = 30 * MS };
	talk(&r, &a, &b);
	sim_play(&r.s, 39 * S);
	sent = rig_count(&r, 0, RS_MEDIA_SENT);
	hang_up(&r, &a, &b);
	assert_in_range(sent, 1999, 2001);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_DUPLICATES), 150, 250);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_REORDERED), 120, 250);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_LOST), 0, 2);
	rig_close(&r);
}

static void
a_capture_is_replayed_with_its_timing(void **state)
{
	static const uint8_t sound[3] = { 1, 2, 3 };
	static const struct rs_replay_packet packets[] = {
		{ .due_ns = 0, .ts = 0, .seq = 0, .len = 3, .pt = 0, .marker = 1 },
		{ .due_ns = 33 * MS, .ts = 264, .seq = 1, .len = 3, .pt = 0 },
		{ .due_ns = 33 * MS, .ts = 264, .seq = 3, .len = 2, .pt = 0 },
		{ .due_ns = 400 * MS, .ts = 3200, .seq = 2, .len = 3, .pt = 101 },
	};
	static const struct rs_replay replay = { .packets = packets, .block = sound, .n = 4, .block_len = 3 };
	struct rig r;
	struct party a, b;
	uint32_t at, seq = 0, ts = 0;
	uint64_t begin = 0;
	const struct rig_packet *p;

	rig_prepare(&r);
	r.replay = (struct rs_replay *)(uintptr_t)&replay;
	talk(&r, &a, &b);
	at = r.n_sent;
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_REPLAY, 1, (struct rs_slice){ 0 }), -EINVAL);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_REPLAY, 0, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, S);
	for (uint32_t i = 0; i < 4; i++) {
		p = next_rtp(&r, &at, a.m->ssrc[0]);
		assert_non_null(p);
		if (i == 0) {
			begin = p->at_ns;
			seq = seq_of(p);
			ts = ts_of(p);
		}
		assert_in_range(p->at_ns - begin, packets[i].due_ns, packets[i].due_ns + 126000);
		assert_int_equal((uint16_t)(seq_of(p) - seq), packets[i].seq);
		assert_int_equal(ts_of(p) - ts, packets[i].ts);
		assert_int_equal(p->data[1], packets[i].pt | packets[i].marker << 7);
		assert_int_equal(p->len, 12 + packets[i].len);
	}
	assert_null(next_rtp(&r, &at, a.m->ssrc[0]));
	/* What is played then goes on behind it. */
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_SOURCE, 0, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, 100 * MS);
	p = next_rtp(&r, &at, a.m->ssrc[0]);
	assert_non_null(p);
	assert_int_equal((uint16_t)(seq_of(p) - seq), 4);
	hang_up(&r, &a, &b);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_packet_of_the_stream_is_counted_by_kind),
		cmocka_unit_test(srtp_that_is_wrong_on_purpose_is_counted_by_cause),
		cmocka_unit_test(crossed_media_is_seen_from_both_ends),
		cmocka_unit_test(transcoded_and_stale_media_is_told_apart),
		cmocka_unit_test(loss_one_way_audio_and_silence_are_judged),
		cmocka_unit_test(reports_come_by_rfc_3550_and_give_the_round_trip),
		cmocka_unit_test(digits_are_sent_and_heard_rfc_4733),
		cmocka_unit_test(digits_are_heard_in_the_sound),
		cmocka_unit_test(digits_go_in_the_sound_as_events_or_both_ways),
		cmocka_unit_test(digits_that_cannot_be_sent_are_refused),
		cmocka_unit_test(wide_band_is_rated_by_its_own_scale_where_factors_are_known),
		cmocka_unit_test(an_echo_sends_back_what_comes),
		cmocka_unit_test(media_goes_on_to_where_it_comes_from),
		cmocka_unit_test(impairment_of_sending_and_receiving),
		cmocka_unit_test(a_capture_is_replayed_with_its_timing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
