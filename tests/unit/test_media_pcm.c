/* SPDX-License-Identifier: BSD-3-Clause */
/** G.711 as the ITU's tables have it, resampling, tones, noise and comfort noise. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "media/cn.h"
#include "media/g711.h"
#include "media/noise.h"
#include "media/resample.h"
#include "media/tone.h"

static void
g711_extreme_values_are_those_of_the_tables(void **state)
{
	/* G.711, table 1: 128 positive values, the largest 4032 of 4096 (here times 8); even bits are inverted. */
	assert_int_equal(rs_g711_alaw_encode(32767), 0xaa);
	assert_int_equal(rs_g711_alaw_encode(-32768), 0x2a);
	assert_int_equal(rs_g711_alaw_encode(0), 0xd5);
	assert_int_equal(rs_g711_alaw_encode(-1), 0x55);
	assert_int_equal(rs_g711_alaw_decode(0xaa), 32256);
	assert_int_equal(rs_g711_alaw_decode(0x2a), -32256);
	assert_int_equal(rs_g711_alaw_decode(0xd5), 8);
	assert_int_equal(rs_g711_alaw_decode(0x55), -8);
	/* Table 2: the largest 8031 of 8159 (here times 4), and a zero of either sign. */
	assert_int_equal(rs_g711_ulaw_encode(32767), 0x80);
	assert_int_equal(rs_g711_ulaw_encode(-32768), 0x00);
	assert_int_equal(rs_g711_ulaw_encode(0), 0xff);
	assert_int_equal(rs_g711_ulaw_encode(-1), 0x7f);
	assert_int_equal(rs_g711_ulaw_decode(0x80), 32124);
	assert_int_equal(rs_g711_ulaw_decode(0x00), -32124);
	assert_int_equal(rs_g711_ulaw_decode(0xff), 0);
	assert_int_equal(rs_g711_ulaw_decode(0x7f), 0);
}

/* Decision value x(n) and output value y(n) of the segments' ends: G.711, tables 1a and 2a. */
static void
g711_segments_begin_where_the_tables_say(void **state)
{
	static const int alaw[7] = { 64, 128, 256, 512, 1024, 2048, 4096 };
	static const int ulaw[8] = { 31, 95, 223, 479, 991, 2015, 4063, 8159 };

	for (int s = 0; s < 6; s++) {
		int x = alaw[s] * 8;

		/* In 16 bits: the last step below has half the width of the first one above. */
		assert_int_equal(rs_g711_alaw_decode(rs_g711_alaw_encode((int16_t)(x - 1))),
			x - (16 << s) / 2);
		assert_int_equal(
			rs_g711_alaw_decode(rs_g711_alaw_encode((int16_t)x)), x + (32 << s) / 2);
	}
	for (int s = 0; s < 7; s++) {
		int x = ulaw[s] * 4;

		assert_int_equal(rs_g711_ulaw_decode(rs_g711_ulaw_encode((int16_t)(x - 1))),
			x - (8 << s) / 2);
		assert_int_equal(
			rs_g711_ulaw_decode(rs_g711_ulaw_encode((int16_t)x)), x + (16 << s) / 2);
	}
}

static void
every_code_comes_back(void **state)
{
	for (int c = 0; c < 256; c++) {
		assert_int_equal(rs_g711_alaw_encode(rs_g711_alaw_decode((uint8_t)c)), c);
		/* Minus zero is the one mu-law code that no sample has. */
		assert_int_equal(
			rs_g711_ulaw_encode(rs_g711_ulaw_decode((uint8_t)c)), c == 0x7f ? 0xff : c);
	}
}

static void
all_65536_samples_come_back_as_near_as_the_law_allows(void **state)
{
	int last_a = -40000, last_u = -40000;

	for (int x = INT16_MIN; x <= INT16_MAX; x++) {
		int a = rs_g711_alaw_decode(rs_g711_alaw_encode((int16_t)x));
		int u = rs_g711_ulaw_decode(rs_g711_ulaw_encode((int16_t)x));

		assert_true(a >= last_a && u >= last_u);
		last_a = a;
		last_u = u;
		/* A sign is kept, and a negative sample is its complement's mirror image. */
		assert_true((x < 0) == (a < 0));
		assert_int_equal(a, -rs_g711_alaw_decode(rs_g711_alaw_encode((int16_t)~x)));
		assert_int_equal(u, -rs_g711_ulaw_decode(rs_g711_ulaw_encode((int16_t)~x)));
		/* 13 of 16 bits, 14 of 16: half a step is 8 and 4 at first, then 1/32 of the value at most (1/33 with the bias). */
		assert_true(abs(x - a) <= 8 || abs(x - a) * 32 <= abs(x) + 32);
		assert_true(
			abs(x - u) <= 4 || abs(x) > 32124 || abs(x - u) * 32 <= abs(x) + 132 + 32);
	}
	assert_int_equal(last_a, 32256);
	assert_int_equal(last_u, 32124);
}

static void
the_digital_milliwatt_is_0_dbm0(void **state)
{
	/* G.711, tables 5 and 6: eight codes of a sine of 1 kHz at 0 dBm0. */
	static const uint8_t alaw[8] = { 0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4 };
	static const uint8_t ulaw[8] = { 0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e };
	int16_t pcm[8];

	rs_g711_decode(true, alaw, 8, pcm);
	assert_true(fabs(rs_g711_level(pcm, 8)) < 0.1);
	rs_g711_decode(false, ulaw, 8, pcm);
	assert_true(fabs(rs_g711_level(pcm, 8)) < 0.1);
	assert_true(rs_g711_level(pcm, 0) == -100);
}

/** The level of @hz behind a resampling from @rate_hz, as dB less the level before. */
static double
gain(uint32_t rate_hz, double hz)
{
	int factor = rs_resample_factor(rate_hz);
	size_t n = rate_hz, made;
	int16_t *in = calloc(n, sizeof(*in)), *out = calloc(n, sizeof(*out));
	double db;

	for (size_t i = 0; i < n; i++)
		in[i] = (int16_t)lrint(10000 * sin(2 * M_PI * hz * (double)i / rate_hz));
	made = rs_resample_down(in, n, factor, out);
	assert_int_equal(made, 8000);
	/* Without the ends, where silence meets the tone. */
	db = rs_g711_level(out + 200, made - 400) - rs_g711_level(in, n);
	free(in);
	free(out);
	return db;
}

static void
resampling_keeps_what_8_khz_can_carry_and_drops_the_rest(void **state)
{
	static const uint32_t rates[] = { 16000, 24000, 32000, 48000 };

	for (size_t i = 0; i < 4; i++) {
		for (double hz = 200; hz <= 3400; hz += 400)
			assert_true(fabs(gain(rates[i], hz)) < 0.1);
		for (double hz = 4600; hz < rates[i] / 2; hz += 700)
			assert_true(gain(rates[i], hz) < -60);
	}
	assert_int_equal(rs_resample_factor(8000), 1);
	assert_int_equal(rs_resample_factor(44100), 0);
	assert_int_equal(rs_resample_factor(0), 0);
	assert_int_equal(rs_resample_factor(96000), 0);
}

static void
resampling_takes_any_length_and_reads_nothing_past_it(void **state)
{
	for (size_t n = 1; n < 20; n++) {
		struct guard in = guard_new(NULL, n * 2), out = guard_new(NULL, (n + 5) / 6 * 2);

		assert_int_equal(
			rs_resample_down((int16_t *)(void *)in.p, n, 6, (int16_t *)(void *)out.p),
			(n + 5) / 6);
		guard_free(&in);
		guard_free(&out);
	}
}

/** The level of one frequency in @pcm, in dBm0. */
static double
level_at(const int16_t *pcm, size_t n, double hz)
{
	double re = 0, im = 0;

	for (size_t i = 0; i < n; i++) {
		re += pcm[i] * cos(2 * M_PI * hz * (double)i / 8000);
		im += pcm[i] * sin(2 * M_PI * hz * (double)i / 8000);
	}
	return 20 * log10(sqrt(2 * (re * re + im * im)) / (double)n / RS_G711_RMS_0DBM0);
}

static void
a_tone_has_its_frequencies_at_their_levels(void **state)
{
	const struct rs_tone *us = rs_tone_preset("us-ringback");
	static int16_t pcm[48000];

	assert_non_null(us);
	assert_null(rs_tone_check(us));
	assert_int_equal(rs_tone_period_ms(us), 6000);
	rs_tone_make(us, 0, 48000, pcm);
	assert_true(fabs(level_at(pcm, 16000, 440) + 19) < 0.05);
	assert_true(fabs(level_at(pcm, 16000, 480) + 19) < 0.05);
	assert_true(level_at(pcm, 16000, 1000) < -70);
	/* 2 s of tone, 4 s of nothing. */
	for (size_t i = 16000; i < 48000; i++)
		assert_int_equal(pcm[i], 0);
}

static void
a_tone_is_the_same_in_pieces(void **state)
{
	const struct rs_tone *busy = rs_tone_preset("eu-busy");
	static int16_t whole[20000], part[20000];

	rs_tone_make(busy, 7, 20000, whole);
	for (size_t at = 0; at < 20000; at += 160)
		rs_tone_make(busy, 7 + at, 160, part + at);
	assert_memory_equal(whole, part, sizeof(whole));
	/* Days later the phase is still exact. */
	rs_tone_make(busy, 8000ull * 86400 * 30 + 7, 20000, part);
	assert_memory_equal(whole, part, sizeof(whole));
}

static void
presets_can_all_be_made(void **state)
{
	const char *name;
	size_t n = 0;

	for (; (name = rs_tone_preset_name(n)) != NULL; n++)
		assert_null(rs_tone_check(rs_tone_preset(name)));
	assert_true(n >= 8);
	assert_null(rs_tone_preset("us"));
	assert_int_equal(rs_tone_period_ms(rs_tone_preset("eu-dial")), 40);
	assert_int_equal(rs_tone_period_ms(rs_tone_preset("us-dial")), 100);
}

static void
a_tone_that_cannot_be_is_refused_with_the_reason(void **state)
{
	struct rs_tone none = { 0 }, high = { { { 4000, -10 } }, { 0 } },
		       loud = { { { 400, 3 }, { 500, 3 } }, { 0 } },
		       odd = { { { 400, -10 } }, { 500 } }, nan_level = { { { 400, NAN } }, { 0 } };

	assert_non_null(strstr(rs_tone_check(&none), "at least one"));
	assert_non_null(strstr(rs_tone_check(&high), "4,000"));
	assert_non_null(strstr(rs_tone_check(&loud), "together"));
	assert_non_null(strstr(rs_tone_check(&odd), "off"));
	assert_non_null(rs_tone_check(&nan_level));
}

static void
noise_has_its_level_and_colour_and_comes_again_from_its_seed(void **state)
{
	static int16_t white[80000], pink[80000], again[80000];
	static double scratch[80000];
	double low_white = 0, high_white = 0, low_pink = 0, high_pink = 0;

	rs_noise_make(RS_NOISE_WHITE, 1, -20, 80000, scratch, white);
	rs_noise_make(RS_NOISE_PINK, 1, -30, 80000, scratch, pink);
	assert_true(fabs(rs_g711_level(white, 80000) + 20) < 0.05);
	assert_true(fabs(rs_g711_level(pink, 80000) + 30) < 0.05);
	rs_noise_make(RS_NOISE_WHITE, 1, -20, 80000, scratch, again);
	assert_memory_equal(white, again, sizeof(white));
	rs_noise_make(RS_NOISE_WHITE, 2, -20, 80000, scratch, again);
	assert_memory_not_equal(white, again, sizeof(white));
	/* Power in 1 Hz, averaged around 100 Hz and around 1,600 Hz: four octaves, 12 dB of pink noise. */
	for (int i = 0; i < 40; i++) {
		low_white += pow(10, level_at(white, 80000, 90 + i * 0.5) / 10);
		high_white += pow(10, level_at(white, 80000, 1590 + i * 0.5) / 10);
		low_pink += pow(10, level_at(pink, 80000, 90 + i * 0.5) / 10);
		high_pink += pow(10, level_at(pink, 80000, 1590 + i * 0.5) / 10);
	}
	assert_true(fabs(10 * log10(low_white / high_white)) < 3);
	assert_true(fabs(10 * log10(low_pink / high_pink) - 12) < 4);
}

static void
rfc3389_3_a_payload_is_a_level_and_coefficients(void **state)
{
	struct rs_cn cn = { .level_dbov = 78, .order = 2, .k = { 127, 200 } }, back;
	uint8_t out[8];

	assert_int_equal(rs_cn_build(&cn, out, sizeof(out)), 3);
	assert_memory_equal(out, "\x4e\x7f\xc8", 3);
	assert_int_equal(rs_cn_parse(out, 3, &back), 0);
	assert_memory_equal(&back, &cn, sizeof(cn));
	assert_int_equal(rs_cn_build(&cn, out, 2), -ENOSPC);
	cn.level_dbov = 128;
	assert_int_equal(rs_cn_build(&cn, out, sizeof(out)), -EINVAL);
	/* 3.2: k = 258 * (N - 127) / 32768, between -1 and 1. */
	assert_true(rs_cn_coefficient(127) == 0);
	assert_true(fabs(rs_cn_coefficient(254) - 0.99994) < 0.0001);
	assert_true(fabs(rs_cn_coefficient(0) + 0.99994) < 0.0001);
	for (int n = 0; n < 255; n++)
		assert_int_equal(rs_cn_quantise(rs_cn_coefficient((uint8_t)n)), n);
	/* 3.1: 0 dBm0 is about 6 dB below overload. */
	assert_int_equal(rs_cn_level(0), 6);
	assert_int_equal(rs_cn_level(-60), 66);
	assert_int_equal(rs_cn_level(-300), 127);
}

static void
rfc3389_3_what_is_no_comfort_noise_is_refused(void **state)
{
	uint8_t many[40];
	struct guard one = guard_new("\x40", 1);
	struct rs_cn cn;

	assert_int_equal(rs_cn_parse(one.p, 1, &cn), 0);
	assert_int_equal(cn.order, 0);
	guard_free(&one);
	assert_int_equal(rs_cn_parse((const uint8_t *)"", 0, &cn), -EBADMSG);
	assert_int_equal(rs_cn_parse((const uint8_t *)"\x80", 1, &cn), -EBADMSG);
	assert_int_equal(rs_cn_parse((const uint8_t *)"\x20\xff", 2, &cn), -EBADMSG);
	memset(many, 100, sizeof(many));
	assert_int_equal(rs_cn_parse(many, sizeof(many), &cn), 0);
	assert_int_equal(cn.order, RS_CN_ORDER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(g711_extreme_values_are_those_of_the_tables),
		cmocka_unit_test(g711_segments_begin_where_the_tables_say),
		cmocka_unit_test(every_code_comes_back),
		cmocka_unit_test(all_65536_samples_come_back_as_near_as_the_law_allows),
		cmocka_unit_test(the_digital_milliwatt_is_0_dbm0),
		cmocka_unit_test(resampling_keeps_what_8_khz_can_carry_and_drops_the_rest),
		cmocka_unit_test(resampling_takes_any_length_and_reads_nothing_past_it),
		cmocka_unit_test(a_tone_has_its_frequencies_at_their_levels),
		cmocka_unit_test(a_tone_is_the_same_in_pieces),
		cmocka_unit_test(presets_can_all_be_made),
		cmocka_unit_test(a_tone_that_cannot_be_is_refused_with_the_reason),
		cmocka_unit_test(noise_has_its_level_and_colour_and_comes_again_from_its_seed),
		cmocka_unit_test(rfc3389_3_a_payload_is_a_level_and_coefficients),
		cmocka_unit_test(rfc3389_3_what_is_no_comfort_noise_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
