/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams of two engines on a virtual clock: what leaves, when, and what the other end makes of it. */
#include "engine_media.h"

static void
packets_are_paced_at_20_ms_and_valid_rtp(void **state)
{
	struct rig r;
	struct party a, b;
	const struct rig_packet *p, *before = NULL;
	uint32_t at = 0, n = 0;

	rig_prepare(&r);
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	assert_int_equal(a.m->ports[0] % 2, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, 2 * S);
	while ((p = next_rtp(&r, &at, a.m->ssrc[0]))) {
		struct rs_rtp_packet parsed;

		assert_int_equal(rs_rtp_parse(p->data, p->len, &parsed), RS_RTP_OK);
		assert_int_equal(parsed.payload_len, 160);
		assert_int_equal(parsed.pt, 0);
		assert_int_equal(parsed.marker, n == 0);
		assert_int_equal(p->path.remote_port, a.m->ports[0]);
		assert_int_equal(p->path.local_port, b.m->ports[0]);
		/* Behind the watermark it is the tone's own bytes. */
		assert_memory_equal(parsed.payload + 32,
			r.payload[0]->block + r.payload[0]->frames[n % r.payload[0]->n_frames].offset + 32, 128);
		if (before) {
			assert_int_equal(p->at_ns - before->at_ns, 20 * MS);
			assert_int_equal((uint16_t)(seq_of(p) - seq_of(before)), 1);
			assert_int_equal(ts_of(p) - ts_of(before), 160);
		}
		before = p;
		n++;
	}
	assert_in_range(n, 99, 101);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SENT), n);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SENT_BYTES), n * 172);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_RECEIVED), n - 1, n);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_RECEIVED), rig_count(&r, 1, RS_MEDIA_MARKED));
	/* On a virtual clock nothing is late by more than a step of it. */
	assert_int_equal(hist_count(rig_hist(&r, 0, RS_MEDIA_LATENESS)), n);
	assert_true(rig_hist(&r, 0, RS_MEDIA_LATENESS)->max_ns <= 1000);
	assert_int_equal(hist_count(rig_hist(&r, 0, RS_MEDIA_LATENESS_GAP)), 0);
	party_close(&a);
	party_close(&b);
	rig_close(&r);
}

static void
one_way_delay_is_what_the_wire_takes(void **state)
{
	struct rig r;
	struct party a, b;
	const struct rs_hist *h;

	rig_prepare(&r);
	r.s.delay_ns = 7 * MS;
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	h = rig_hist(&r, 1, RS_MEDIA_DELAY);
	assert_in_range(hist_count(h), 48, 51);
	assert_in_range(h->min_ns, 7 * MS, 7 * MS + 2000);
	assert_in_range(h->max_ns, 7 * MS, 7 * MS + 2000);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_CROSSED), 0);
	party_close(&a);
	party_close(&b);
	/* Rated at the end: all came, 7 ms of network, 60 ms of buffer, 20 ms of packet. */
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_RATED), 1);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_LOST), 0);
	h = rig_hist(&r, 0, RS_MEDIA_MOS);
	assert_in_range(h->sum_ns, 4340000, 4390000);
	rig_close(&r);
}

static void
phases_are_spread_evenly(void **state)
{
	enum { CALLS = 320 };
	struct rig r;
	struct party *a = calloc(CALLS, sizeof(*a)), *b = calloc(CALLS, sizeof(*b));
	uint32_t by_slot[160] = { 0 }, most = 0, least = UINT32_MAX;

	rig_prepare(&r);
	rig_open(&r);
	for (uint32_t i = 0; i < CALLS; i++) { /* all at once: the worst case */
		a[i] = party_open(&r, 0, i % 4);
		b[i] = party_open(&r, 1, i % 4);
		agree(&r, &a[i], &b[i]);
	}
	sim_play(&r.s, 40 * MS);
	r.n_sent = 0;
	sim_play(&r.s, 20 * MS);
	for (uint32_t i = 0; i < r.n_sent; i++)
		if (r.sent[i].worker == 0 && !is_rtcp(&r.sent[i]))
			by_slot[r.sent[i].at_ns / CALENDAR_SLOT_NS % 160]++;
	for (uint32_t i = 0; i < 160; i++) {
		most = by_slot[i] > most ? by_slot[i] : most;
		least = by_slot[i] < least ? by_slot[i] : least;
	}
	assert_in_range(most, 2, 3);
	assert_in_range(least, 1, 2);
	for (uint32_t i = 0; i < CALLS; i++) {
		party_close(&a[i]);
		party_close(&b[i]);
	}
	rig_close(&r);
	free(a);
	free(b);
}

static void
srtp_decrypts(enum rs_sdp_suite suite, uint32_t tag)
{
	struct rig r;
	struct party a, b;
	uint32_t at = 0;
	const struct rig_packet *p;

	rig_prepare(&r);
	rig_secure(&r, suite);
	r.profile.rtcp_min_ns = S;
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	assert_int_not_equal(party_stream(&a)->keys, STREAM_NONE);
	sim_play(&r.s, 5 * S);
	while ((p = next_rtp(&r, &at, a.m->ssrc[0])))
		assert_int_equal(p->len, 172 + tag);
	for (uint32_t w = 0; w < 2; w++) {
		assert_in_range(rig_count(&r, w, RS_MEDIA_RECEIVED), 248, 251);
		assert_int_equal(rig_count(&r, w, RS_MEDIA_RECEIVED), rig_count(&r, w, RS_MEDIA_MARKED));
		assert_int_equal(rig_count(&r, w, RS_MEDIA_AUTH_FAILED), 0);
		assert_true(rig_count(&r, w, RS_MEDIA_RTCP_RECEIVED) > 1);
		assert_int_equal(rig_count(&r, w, RS_MEDIA_SECURE), 1);
	}
	/* A new agreement with the same keys: the contexts go on, nothing is replayed. */
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_RECEIVED), 298, 302);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_AUTH_FAILED) + rig_count(&r, 0, RS_MEDIA_REPLAYED), 0);
	/* And with new ones. */
	a.local.rekey = true;
	a.m->key_seed++;
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_RECEIVED), 346, 352);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_RECEIVED), 346, 352);
	assert_in_range(rig_count(&r, 1, RS_MEDIA_AUTH_FAILED), 0, 1); /* what was on its way */
	party_close(&a);
	party_close(&b);
	rig_close(&r);
}

static void
srtp_packets_decrypt(void **state)
{
	srtp_decrypts(RS_SDP_AES_CM_128_HMAC_SHA1_80, 10);
	srtp_decrypts(RS_SDP_AES_CM_128_HMAC_SHA1_32, 4);
	srtp_decrypts(RS_SDP_AES_256_CM_HMAC_SHA1_80, 10);
	srtp_decrypts(RS_SDP_AEAD_AES_128_GCM, 16);
	srtp_decrypts(RS_SDP_AEAD_AES_256_GCM, 16);
}

static void
hold_stops_and_resume_goes_on_with_the_clock(void **state)
{
	struct rig r;
	struct party a, b;
	uint32_t at = 0, mine;
	const struct rig_packet *p, *last = NULL;

	rig_prepare(&r);
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	b.media.direction = RS_SDP_SENDONLY; /* b holds a */
	agree(&r, &b, &a);
	while ((p = next_rtp(&r, &at, a.m->ssrc[0])))
		last = p;
	mine = r.n_sent;
	at = r.n_sent;
	sim_play(&r.s, 3 * S);
	assert_null(next_rtp(&r, &at, a.m->ssrc[0]));
	assert_in_range(r.n_sent - mine, 149, 152); /* b sends on */
	b.media.direction = RS_SDP_SENDRECV;
	agree(&r, &b, &a);
	at = mine;
	sim_play(&r.s, S);
	p = next_rtp(&r, &at, a.m->ssrc[0]);
	assert_non_null(p);
	assert_int_equal((uint16_t)(seq_of(p) - seq_of(last)), 1);
	assert_int_equal((p->at_ns - last->at_ns) % (20 * MS), 0);
	assert_int_equal(ts_of(p) - ts_of(last), (p->at_ns - last->at_ns) / (20 * MS) * 160);
	assert_true(p->data[1] & RS_RTP_MARKER);
	party_close(&a);
	party_close(&b);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_LOST), 0);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_LATE), 0);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_TIMED_OUT), 0);
	rig_close(&r);
}

static void
a_step_pauses_changes_the_source_and_stops(void **state)
{
	struct rig r;
	struct party a, b;
	uint32_t n;

	rig_prepare(&r);
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_PAUSE, 0, (struct rs_slice){ 0 }), 0);
	n = (uint32_t)rig_count(&r, 0, RS_MEDIA_SENT);
	sim_play(&r.s, S);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SENT), n);
	a.e->now = r.s.now_ns;
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_SOURCE, 1, (struct rs_slice){ 0 }), 0);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_SOURCE, 9, (struct rs_slice){ 0 }), -EINVAL);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_RESUME, 0, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, 2 * S); /* a second of sound, then silence */
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SENT), n + 50);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_SOURCE, 0, (struct rs_slice){ 0 }), 0);
	sim_play(&r.s, S);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_SENT), n + 99, n + 101);
	assert_int_equal(media_play(a.e, a.leg, a.m, MEDIA_STOP, 0, (struct rs_slice){ 0 }), 0);
	n = (uint32_t)rig_count(&r, 0, RS_MEDIA_SENT);
	sim_play(&r.s, S);
	assert_int_equal(rig_count(&r, 0, RS_MEDIA_SENT), n);
	party_close(&a);
	party_close(&b);
	assert_int_equal(rig_count(&r, 1, RS_MEDIA_LOST), 0);
	rig_close(&r);
}

static void
late_packets_are_all_sent_and_their_lateness_counted(void **state)
{
	struct rig r;
	struct party a, b;
	uint64_t n;

	rig_prepare(&r);
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	n = rig_count(&r, 0, RS_MEDIA_SENT);
	/* The machine has the core for 200 ms. */
	r.s.now_ns += 200 * MS;
	rs_engine_gap(a.e, r.s.now_ns - 200 * MS, r.s.now_ns);
	sim_play(&r.s, S);
	assert_in_range(rig_count(&r, 0, RS_MEDIA_SENT), n + 59, n + 61);
	assert_in_range(rig_hist(&r, 0, RS_MEDIA_LATENESS)->max_ns, 180 * MS, 201 * MS);
	assert_in_range(hist_count(rig_hist(&r, 0, RS_MEDIA_LATENESS_GAP)), 10, 25);
	assert_int_equal(hist_count(rig_hist(&r, 0, RS_MEDIA_LATENESS)), rig_count(&r, 0, RS_MEDIA_SENT));
	party_close(&a);
	party_close(&b);
	rig_close(&r);
}

static void
ports_rest_5_s_and_what_comes_there_is_counted(void **state)
{
	struct rig r;
	struct party a, b, c;
	uint16_t port;

	rig_prepare(&r);
	rig_open(&r);
	a = party_open(&r, 0, 0);
	b = party_open(&r, 1, 0);
	agree(&r, &a, &b);
	sim_play(&r.s, S);
	port = b.m->ports[0];
	party_close(&b); /* a does not know, and sends on */
	sim_play(&r.s, S);
	assert_in_range(rs_metric_get(&r.s.accounts[1]->media, RS_MEDIA_W_NO_STREAM), 49, 53);
	c = party_open(&r, 1, 0);
	assert_int_not_equal(c.m->ports[0], port);
	party_close(&c);
	sim_play(&r.s, 4 * S - MS);
	c = party_open(&r, 1, 0);
	assert_int_not_equal(c.m->ports[0], port);
	b = party_open(&r, 1, 1); /* another address has its own */
	party_close(&b);
	party_close(&c);
	sim_play(&r.s, 2 * MS);
	c = party_open(&r, 1, 0); /* the oldest one first */
	assert_int_equal(c.m->ports[0], port);
	party_close(&c);
	party_close(&a);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_paced_at_20_ms_and_valid_rtp),
		cmocka_unit_test(one_way_delay_is_what_the_wire_takes),
		cmocka_unit_test(phases_are_spread_evenly),
		cmocka_unit_test(srtp_packets_decrypt),
		cmocka_unit_test(hold_stops_and_resume_goes_on_with_the_clock),
		cmocka_unit_test(a_step_pauses_changes_the_source_and_stops),
		cmocka_unit_test(late_packets_are_all_sent_and_their_lateness_counted),
		cmocka_unit_test(ports_rest_5_s_and_what_comes_there_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
