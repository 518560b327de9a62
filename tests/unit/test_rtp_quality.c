/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts and gaps (RFC 3611), and the E-model (G.107). */
#include <errno.h>
#include <math.h>

#include "proto/rtp/burst.h"
#include "proto/rtp/quality.h"
#include "unit.h"

static void
assert_near(double got, double want, double error)
{
	if (!(fabs(got - want) <= error))
		fail_msg("got %.9g, not %.9g", got, want);
}

/* --- bursts --- */

/** Reads a stream, '.' played, 'x' lost, 'd' discarded, from packet 100 on, of 20 ms each. */
static struct rs_rtp_burst_report
stream(const char *text)
{
	struct rs_rtp_burst_report report;
	struct rs_rtp_burst b;
	uint32_t pos = 100;

	rs_rtp_burst_init(&b, pos, RS_RTP_GMIN);
	for (; *text; text++, pos++)
		if (*text != '.')
			rs_rtp_burst_missing(&b, pos, 1, *text == 'd');
	rs_rtp_burst_report(&b, pos, 20, &report);
	return report;
}

#define P16 "................"

static void
rfc3611_4_7_2_losses_far_from_each_other_are_gap(void **state)
{
	struct rs_rtp_burst_report r = stream("x" P16 "x" P16 "d.......");

	(void)state;
	assert_int_equal(r.bursts, 0);
	assert_int_equal(r.counts.c14, 3);
	assert_int_equal(r.counts.c11, 16 + 16 + 7);
	assert_int_equal(r.counts.c13 + r.counts.c22 + r.counts.c23 + r.counts.c33, 0);
	assert_near(r.gap_density, 3.0 / 42, 1e-12);
	assert_near(r.burst_density, 0, 0);
	assert_near(r.burst_ms, 0, 0);
	assert_near(r.gap_ms, 42 * 20, 1e-9);
	assert_near(r.loss_percent, 100 * 2.0 / 42, 1e-9);
	assert_near(r.discard_percent, 100 * 1.0 / 42, 1e-9);
}

static void
rfc3611_4_7_2_losses_within_gmin_are_a_burst(void **state)
{
	/* 15 played packets do not end a burst, 16 do. */
	struct rs_rtp_burst_report r = stream(P16 "x...............x" P16);

	(void)state;
	assert_int_equal(r.bursts, 1);
	assert_int_equal(r.counts.c23, 1);
	assert_int_equal(r.counts.c22, 14);
	assert_int_equal(r.counts.c11, 32);
	r = stream(P16 "x................x" P16);
	assert_int_equal(r.bursts, 0);
	assert_int_equal(r.counts.c14, 2);
}

static void
rfc3611_a_1_transitions_are_counted_by_hand(void **state)
{
	/*
	 * Burst xx.xd....x: c33 xx and xd, c23 ".x" twice, c22 the 3 further dots of the second run; then an isolated loss; then
	 * another burst xxx that the end of the stream closes.
	 */
	struct rs_rtp_burst_report r = stream(P16 "xx.xd....x" P16 ".x" P16 P16 "xxx");

	(void)state;
	assert_int_equal(r.counts.c33, 2 + 2);
	assert_int_equal(r.counts.c23, 2);
	assert_int_equal(r.counts.c22, 3);
	assert_int_equal(r.counts.c13, 2);
	assert_int_equal(r.counts.c14, 1);
	assert_int_equal(r.counts.c11, 16 + 17 + 32);
	assert_int_equal(r.counts.lost, 8);
	assert_int_equal(r.counts.discarded, 1);
	assert_int_equal(r.bursts, 2);
	/* p32 = 2 / (2 + 2 + 4), p23 = 1 - 3/5; of 81 transitions 68 are those of gaps. */
	assert_near(r.burst_density, 0.4 / (0.4 + 0.25), 1e-12);
	assert_near(r.gap_density, 1.0 / 66, 1e-12);
	assert_near(r.gap_ms, 68 * 20 / 2.0, 1e-9);
	assert_near(r.burst_ms, (65 + 1 + 4 + 3 + 4 + 4) * 20 / 2.0 - 680, 1e-9);
	assert_near(r.loss_percent, 100 * 8.0 / 79, 1e-9);
}

static void
a_run_told_at_once_is_the_same_as_one_by_one(void **state)
{
	struct rs_rtp_burst one, run;

	(void)state;
	rs_rtp_burst_init(&one, 0, RS_RTP_GMIN);
	rs_rtp_burst_init(&run, 0, RS_RTP_GMIN);
	for (uint32_t pos = 5; pos < 50; pos += 1 + pos % 20) {
		for (uint32_t k = 0; k < pos % 5; k++)
			rs_rtp_burst_missing(&one, pos + k, 1, false);
		rs_rtp_burst_missing(&run, pos, pos % 5, false);
		pos += pos % 5;
	}
	assert_memory_equal(&one, &run, sizeof(one));
}

static void
nothing_lost_is_one_gap(void **state)
{
	struct rs_rtp_burst_report r = stream(P16 P16);

	(void)state;
	assert_near(r.gap_ms, 640, 1e-9);
	assert_near(r.loss_percent + r.discard_percent + r.burst_density + r.gap_density + r.burst_ms, 0, 0);
	r = stream("");
	assert_near(r.gap_ms, 0, 0);
}

/* --- quality --- */

static void
g107_b_4_mos_of_r(void **state)
{
	(void)state;
	assert_near(rs_quality_mos(93.2), 4.409, 0.0005);
	assert_near(rs_quality_mos(-1), 1, 0);
	assert_near(rs_quality_mos(0), 1, 0);
	assert_near(rs_quality_mos(3), 1, 0);
	assert_near(rs_quality_mos(100), 4.5, 0);
	assert_near(rs_quality_mos(120), 4.5, 0);
	assert_near(rs_quality_mos(60), 3.1, 1e-9);
}

static void
g107_golden_values(void **state)
{
	static const struct {
		const char *codec;
		double loss, r, mos; /* percent; R of 0: not asked */
	} golden[] = {
		{ "PCMU", 0, 91.76, 4.38 },
		{ "PCMA", 1, 88.12, 4.29 },
		{ "pcmu", 3, 81.62, 4.08 },
		{ "PCMU", 5, 75.98, 3.86 },
		{ "PCMU/noplc", 1, 0, 3.77 },
		{ "PCMA/noplc", 3, 0, 2.72 },
		{ "PCMU/noplc", 5, 0, 2.10 },
		{ "G729", 0, 0, 4.05 },
		{ "G729", 1, 0, 3.89 },
		{ "G729", 3, 0, 3.56 },
		{ "G729", 5, 0, 3.27 },
	};
	struct rs_quality q;

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct rs_quality_input in = { .loss_percent = golden[i].loss, .burst_ratio = 1, .buffer_ms = 60 };

		assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str(golden[i].codec), -1), &in, &q), 0);
		if (golden[i].r != 0)
			assert_near(q.r, golden[i].r, 0.005);
		assert_near(q.mos, golden[i].mos, 0.005);
		assert_int_equal(q.scale, RS_QUALITY_NARROW);
		assert_int_equal(q.delay, RS_QUALITY_DELAY_NONE);
	}
}

static void
delay_is_the_networks_and_the_buffers(void **state)
{
	struct rs_quality_input in = { .burst_ratio = 1, .network_ms = 150, .buffer_ms = 60, .packet_ms = 20,
		.delay = RS_QUALITY_DELAY_MEASURED };
	struct rs_quality q;

	(void)state;
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("PCMU"), -1), &in, &q), 0);
	assert_near(q.delay_ms, 230, 1e-9);
	assert_near(q.id, 0.024 * 230 + 0.11 * (230 - 177.3), 1e-9);
	assert_int_equal(q.delay, RS_QUALITY_DELAY_MEASURED);
	/* One that is not known is not guessed. */
	in.delay = RS_QUALITY_DELAY_NONE;
	rs_quality_rate(rs_quality_codec(rs_slice_str("PCMU"), -1), &in, &q);
	assert_near(q.delay_ms, 80, 1e-9);
}

static void
g107_7_5_bursts_are_worse_than_independent_losses(void **state)
{
	(void)state;
	assert_near(rs_quality_ie_eff(0, 4.3, 2, 1), 95 * 2 / 6.3, 1e-9);
	assert_near(rs_quality_ie_eff(0, 4.3, 2, 2), 95 * 2 / 5.3, 1e-9);
	assert_near(rs_quality_ie_eff(11, 19, 0, 1), 11, 0);
}

static void
g107_1_wide_band_is_another_scale(void **state)
{
	struct rs_quality_input in = { .burst_ratio = 1, .buffer_ms = 60 };
	struct rs_quality q;

	(void)state;
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("G722"), -1), &in, &q), 0);
	assert_int_equal(q.scale, RS_QUALITY_WIDE);
	assert_string_equal(rs_quality_scale_name(q.scale), "G.107.1");
	assert_near(q.r, 129 - 13 - 1.44, 1e-9);
	assert_near(q.mos, rs_quality_mos(q.r / 1.29), 1e-9);
	/* What the standard gives no factor for is not made up. */
	in.loss_percent = 1;
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("G722"), -1), &in, &q), -ENOTSUP);
	assert_int_equal(q.scale, RS_QUALITY_WIDE);
	assert_int_equal(q.why, RS_QUALITY_NO_BPL);
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("GSM"), -1), &in, &q), -ENOTSUP);
	in.loss_percent = 0;
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("opus"), -1), &in, &q), -ENOTSUP);
	assert_int_equal(q.scale, RS_QUALITY_FULL);
	assert_null(rs_quality_codec(rs_slice_str("nothing"), -1));
	assert_null(rs_quality_codec(rs_slice_str("iLBC"), -1)); /* and one that is not in the table at all */
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("iLBC"), -1), &in, &q), -ENOTSUP);
}

/* AMR-WB by its modes, with loss where there is a Bpl; R without delay. */
static void
g107_1_golden_values(void **state)
{
	static const struct {
		int mode;
		double loss, r, mos; /* R of 0: there is no figure */
		enum rs_quality_why why;
	} golden[] = {
		{ 0, 0, 73, 2.922, RS_QUALITY_RATED },
		{ 1, 0, 88, 3.512, RS_QUALITY_RATED },
		{ 2, 0, 109, 4.182, RS_QUALITY_RATED },
		{ 4, 0, 112, 4.254, RS_QUALITY_RATED },
		{ 7, 0, 121, 4.421, RS_QUALITY_RATED },
		{ 8, 0, 119, 4.390, RS_QUALITY_RATED },
		{ 2, 1, 94.849, 3.758, RS_QUALITY_RATED },
		{ 2, 2, 85.190, 3.406, RS_QUALITY_RATED },
		{ 2, 5, 68.677, 2.746, RS_QUALITY_RATED },
		{ 7, 1, 105.464, 4.089, RS_QUALITY_RATED },
		{ 7, 3, 86.658, 3.462, RS_QUALITY_RATED },
		{ 8, 1, 104.593, 4.064, RS_QUALITY_RATED },
		{ 8, 5, 76.071, 3.046, RS_QUALITY_RATED },
		{ 4, 1, 0, 0, RS_QUALITY_NO_BPL },
		{ 0, 0.1, 0, 0, RS_QUALITY_NO_BPL },
		{ 3, 0, 0, 0, RS_QUALITY_NO_FACTORS },
		{ 5, 0, 0, 0, RS_QUALITY_NO_FACTORS },
		{ 6, 0, 0, 0, RS_QUALITY_NO_FACTORS },
		{ 9, 0, 0, 0, RS_QUALITY_NO_FACTORS }, /* SID */
		{ -1, 0, 0, 0, RS_QUALITY_NO_FACTORS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct rs_quality_input in = { .loss_percent = golden[i].loss, .burst_ratio = 1 };
		struct rs_quality q;
		int rc = rs_quality_rate(rs_quality_codec(rs_slice_str("amr-wb"), golden[i].mode), &in, &q);

		assert_int_equal(q.why, golden[i].why);
		assert_int_equal(rc, golden[i].why ? -ENOTSUP : 0);
		if (golden[i].why)
			continue;
		assert_int_equal(q.scale, RS_QUALITY_WIDE);
		assert_near(q.r, golden[i].r, 0.001);
		assert_near(q.mos, golden[i].mos, 0.001);
	}
}

static void
amr_is_rated_at_12_2_kbit_only(void **state)
{
	struct rs_quality_input in = { .burst_ratio = 1 };
	struct rs_quality q;

	(void)state;
	assert_int_equal(rs_quality_rate(rs_quality_codec(rs_slice_str("AMR"), 7), &in, &q), 0);
	assert_near(q.r, 93.2 - 5, 1e-9);
	assert_int_equal(q.scale, RS_QUALITY_NARROW);
	for (int mode = -1; mode < 7; mode++)
		assert_null(rs_quality_codec(rs_slice_str("AMR"), mode));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3611_4_7_2_losses_far_from_each_other_are_gap),
		cmocka_unit_test(rfc3611_4_7_2_losses_within_gmin_are_a_burst),
		cmocka_unit_test(rfc3611_a_1_transitions_are_counted_by_hand),
		cmocka_unit_test(a_run_told_at_once_is_the_same_as_one_by_one),
		cmocka_unit_test(nothing_lost_is_one_gap),
		cmocka_unit_test(g107_b_4_mos_of_r),
		cmocka_unit_test(g107_golden_values),
		cmocka_unit_test(delay_is_the_networks_and_the_buffers),
		cmocka_unit_test(g107_7_5_bursts_are_worse_than_independent_losses),
		cmocka_unit_test(g107_1_wide_band_is_another_scale),
		cmocka_unit_test(g107_1_golden_values),
		cmocka_unit_test(amr_is_rated_at_12_2_kbit_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
