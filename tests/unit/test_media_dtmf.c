/* SPDX-License-Identifier: BSD-3-Clause */
/** DTMF in the voice band, made and detected (ITU-T Q.23, Q.24), and in SIP INFO. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "guard.h"
#include "media/dtmf.h"
#include "media/dtmf_info.h"
#include "media/g711.h"
#include "media/noise.h"

#define MAX_SAMPLES (8000 * 61)

static int16_t pcm[MAX_SAMPLES];
static size_t n_pcm;
static struct rs_dtmf_digit found[256];

static void
silence(uint32_t ms)
{
	memset(pcm + n_pcm, 0, ms * 8 * sizeof(*pcm));
	n_pcm += ms * 8;
}

/** Two sines, of a level each. */
static void
pair(double low_hz, double low_dbm0, double high_hz, double high_dbm0, double ms)
{
	size_t n = (size_t)(ms * 8);

	for (size_t i = 0; i < n; i++)
		pcm[n_pcm + i] = (int16_t)lrint(M_SQRT2 * rs_g711_rms(low_dbm0) *
				sin(2 * M_PI * low_hz * (double)i / 8000 + 1) +
			M_SQRT2 * rs_g711_rms(high_dbm0) *
				sin(2 * M_PI * high_hz * (double)i / 8000 + 2));
	n_pcm += n;
}

/** Noise on top of all that is there. */
static void
add_noise(enum rs_noise_colour colour, double dbm0, uint64_t seed)
{
	double *scratch = malloc(n_pcm * sizeof(*scratch));
	int16_t *noise = malloc(n_pcm * sizeof(*noise));

	rs_noise_make(colour, seed, dbm0, n_pcm, scratch, noise);
	for (size_t i = 0; i < n_pcm; i++)
		pcm[i] = (int16_t)fmax(fmin(pcm[i] + noise[i], INT16_MAX), INT16_MIN);
	free(scratch);
	free(noise);
}

/** Through A-law and the detector, in blocks of @block samples. @return the digits as a string */
static const char *
detect(size_t block)
{
	static char text[256];
	struct rs_dtmf_detector d;
	size_t n = 0;

	rs_dtmf_init(&d, NULL);
	for (size_t at = 0; at < n_pcm; at += block) {
		size_t len = n_pcm - at < block ? n_pcm - at : block;
		uint8_t codes[4000];
		int16_t heard[4000];

		rs_g711_encode(true, pcm + at, len, codes);
		rs_g711_decode(true, codes, len, heard);
		n += rs_dtmf_input(&d, heard, len, found + n, 255 - n);
	}
	if (rs_dtmf_end(&d, &found[n]))
		n++;
	for (size_t i = 0; i < n; i++)
		text[i] = found[i].digit;
	text[n] = 0;
	n_pcm = 0;
	return text;
}

static void
dial(const char *digits, uint32_t on_ms, uint32_t off_ms, double low, double high)
{
	struct rs_dtmf_spec spec = { on_ms, off_ms, low, high };
	int64_t n = rs_dtmf_samples(digits, &spec);

	assert_true(n > 0);
	rs_dtmf_make(digits, &spec, pcm + n_pcm);
	n_pcm += (size_t)n;
}

static void
all_sixteen_digits_are_made_and_found_with_their_durations(void **state)
{
	static const uint32_t on_ms[] = { 50, 80, 100, 250 };

	for (size_t k = 0; k < 4; k++) {
		silence(100);
		dial(RS_DTMF_DIGITS, on_ms[k], 60, -8, -6);
		assert_string_equal(detect(160), RS_DTMF_DIGITS);
		for (size_t i = 0; i < 16; i++) {
			assert_true(labs((long)found[i].duration - (long)on_ms[k] * 8) <= 80);
			assert_true(labs((long)found[i].at -
					    (long)(800 + i * (on_ms[k] + 60) * 8)) <= 40);
			assert_true(fabs(found[i].low_dbm0 + 8) < 1);
			assert_true(fabs(found[i].high_dbm0 + 6) < 1);
		}
	}
}

static void
blocks_may_have_any_length(void **state)
{
	static const size_t blocks[] = { 1, 7, 40, 80, 160, 480, 4000 };

	for (size_t i = 0; i < 7; i++) {
		silence(33);
		dial("19*#ad", 60, 60, -10, -10);
		silence(100);
		assert_string_equal(detect(blocks[i]), "19*#AD");
	}
}

static void
a_digit_is_known_before_it_ends(void **state)
{
	struct rs_dtmf_detector d;

	rs_dtmf_init(&d, NULL);
	dial("5", 500, 0, -10, -10);
	assert_int_equal(rs_dtmf_input(&d, pcm, 20 * 8, found, 1), 0);
	assert_int_equal(rs_dtmf_now(&d), 0);
	assert_int_equal(rs_dtmf_input(&d, pcm + 20 * 8, 25 * 8, found, 1), 0);
	assert_int_equal(rs_dtmf_now(&d), '5');
	assert_true(rs_dtmf_end(&d, found));
	assert_false(rs_dtmf_end(&d, found));
	n_pcm = 0;
}

static void
q24_quiet_digits_in_noise_are_found(void **state)
{
	/* -25 dBm0 a frequency is -22 dBm0 for both: with noise of -42 dBm0 that is 20 dB of SNR. */
	for (uint64_t seed = 1; seed <= 20; seed++) {
		silence(50);
		dial(RS_DTMF_DIGITS, 50, 50, -25, -25);
		silence(50);
		add_noise(RS_NOISE_WHITE, -42, seed);
		assert_string_equal(detect(160), RS_DTMF_DIGITS);
	}
}

static const double low_hz[4] = { 697, 770, 852, 941 }, high_hz[4] = { 1209, 1336, 1477, 1633 };

/** All sixteen pairs, so far off and with so much difference. @return how many were found, each as what it is */
static int
pairs_found(double low_off, double high_off, double low_dbm0, double high_dbm0, double ms)
{
	static const char keys[] = "123A456B789C*0#D";
	int n = 0;

	for (int k = 0; k < 16; k++) {
		const char *text;

		silence(47);
		pair(low_hz[k / 4] * (1 + low_off), low_dbm0, high_hz[k % 4] * (1 + high_off),
			high_dbm0, ms);
		silence(100);
		text = detect(160);
		if (text[0] == keys[k] && text[1] == 0)
			n++;
		else
			assert_int_equal(text[0], 0);
	}
	return n;
}

static void
q24_frequencies_may_be_1_5_percent_off(void **state)
{
	for (int low = -1; low <= 1; low++)
		for (int high = -1; high <= 1; high++)
			assert_int_equal(pairs_found(low * 0.015, high * 0.015, -10, -10, 50), 16);
}

static void
q24_frequencies_3_5_percent_off_are_none(void **state)
{
	for (int sign = -1; sign <= 1; sign += 2) {
		assert_int_equal(pairs_found(sign * 0.035, 0, -10, -10, 100), 0);
		assert_int_equal(pairs_found(0, sign * 0.035, -10, -10, 100), 0);
		assert_int_equal(pairs_found(sign * 0.035, sign * 0.035, -10, -10, 100), 0);
	}
}

static void
q24_twist_of_8_db_and_4_db_backwards_is_taken_and_more_is_not(void **state)
{
	for (int off = -1; off <= 1; off++) {
		assert_int_equal(pairs_found(off * 0.015, off * 0.015, -8, -16, 50), 16);
		assert_int_equal(pairs_found(off * 0.015, off * 0.015, -14, -10, 50), 16);
	}
	assert_int_equal(pairs_found(0, 0, -6, -18, 100), 0);
	assert_int_equal(pairs_found(0, 0, -18, -9, 100), 0);
	/* One frequency alone. */
	assert_int_equal(pairs_found(0, 0, -6, -60, 100), 0);
	assert_int_equal(pairs_found(0, 0, -60, -6, 100), 0);
}

static void
q24_40_ms_are_a_digit_and_24_ms_are_none(void **state)
{
	/* At any place between the detector's looks. */
	for (int shift = 0; shift < 40; shift++) {
		n_pcm = (size_t)shift;
		memset(pcm, 0, n_pcm * 2);
		silence(60);
		dial("7", 40, 60, -10, -10);
		assert_string_equal(detect(160), "7");
		n_pcm = (size_t)shift;
		memset(pcm, 0, n_pcm * 2);
		silence(60);
		dial("7", 24, 60, -10, -10);
		assert_string_equal(detect(160), "");
	}
}

static void
q24_a_gap_of_10_ms_is_no_pause_and_one_of_40_ms_is(void **state)
{
	for (int shift = 0; shift < 40; shift++) {
		n_pcm = (size_t)shift;
		memset(pcm, 0, n_pcm * 2);
		dial("3", 50, 10, -10, -10);
		dial("3", 50, 100, -10, -10);
		assert_string_equal(detect(160), "3");
		assert_true(labs((long)found[0].duration - 110 * 8) <= 80);
		n_pcm = (size_t)shift;
		memset(pcm, 0, n_pcm * 2);
		dial("3", 50, 40, -10, -10);
		dial("3", 50, 100, -10, -10);
		assert_string_equal(detect(160), "33");
	}
}

static void
another_digit_without_a_pause_is_another(void **state)
{
	dial("1", 100, 0, -10, -10);
	dial("9", 100, 0, -10, -10);
	assert_string_equal(detect(160), "19");
}

/** Voice-like: harmonics of a pitch that glides, under formants that move, in syllables, with breath. */
static void
babble(uint64_t seed, size_t n)
{
	struct rs_rng rng = { seed };
	double phase = 0, pitch = 120, to = 120, f1 = 500, f2 = 1500, level = 0, aim = 0;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		if (i % 1200 == 0) {
			to = 80 + 180 * rs_random_unit(rs_rng_next(&rng));
			f1 = 300 + 600 * rs_random_unit(rs_rng_next(&rng));
			f2 = 900 + 1600 * rs_random_unit(rs_rng_next(&rng));
			aim = rs_random_unit(rs_rng_next(&rng)) < 0.3 ? 0 : 9000;
		}
		/* A held vowel now and then: the pitch stands still. */
		if (i / 1200 % 3)
			pitch += (to - pitch) / 800;
		level += (aim - level) / 200;
		phase += pitch / 8000;
		for (int h = 1; h * pitch < 3600; h++) {
			double f = h * pitch;
			double gain = 1 / (1 + pow((f - f1) / 90, 2)) +
				0.7 / (1 + pow((f - f2) / 120, 2)) + 0.02;

			sum += gain * sin(2 * M_PI * h * phase);
		}
		pcm[i] = (int16_t)fmax(fmin(level * sum, INT16_MAX), INT16_MIN);
	}
	n_pcm = n;
}

static void
a_minute_of_speech_like_noise_holds_no_digit(void **state)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		babble(seed, 8000 * 60);
		add_noise(RS_NOISE_PINK, -35, seed);
		assert_string_equal(detect(160), "");
	}
	n_pcm = 8000 * 60;
	memset(pcm, 0, sizeof(pcm));
	add_noise(RS_NOISE_PINK, -12, 9);
	assert_string_equal(detect(160), "");
	n_pcm = 8000 * 60;
	memset(pcm, 0, sizeof(pcm));
	add_noise(RS_NOISE_WHITE, -12, 9);
	assert_string_equal(detect(160), "");
}

static void
call_progress_tones_are_no_digits(void **state)
{
	static const double tones[][2] = { { 350, 440 }, { 440, 480 }, { 480, 620 }, { 425, 425 },
		{ 400, 450 }, { 1004, 1004 }, { 1100, 1100 }, { 2100, 2100 }, { 950, 1400 },
		{ 697, 770 }, { 1209, 1477 } };

	for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++) {
		pair(tones[i][0], -13, tones[i][1], -13, 1000);
		assert_string_equal(detect(160), "");
	}
}

static void
what_cannot_be_dialled_is_refused(void **state)
{
	struct rs_dtmf_spec spec = { 50, 50, -10, -10 }, zero = { 0, 50, -10, -10 },
			    loud = { 50, 50, 0, -10 }, nan_level = { 50, 50, NAN, -10 };

	assert_int_equal(rs_dtmf_samples("1,2", &spec), 8 * (100 + 1000 + 100));
	assert_int_equal(rs_dtmf_samples("", &spec), -EINVAL);
	assert_int_equal(rs_dtmf_samples("12E", &spec), -EINVAL);
	assert_int_equal(rs_dtmf_samples("1", &zero), -EINVAL);
	assert_int_equal(rs_dtmf_samples("1", &loud), -EINVAL);
	assert_int_equal(rs_dtmf_samples("1", &nan_level), -EINVAL);
}

/** The digit of a body, 0 when it is refused. */
static char
info(enum rs_dtmf_info_kind kind, const char *body, uint32_t *ms)
{
	struct guard g = guard_new(body, strlen(body));
	struct rs_dtmf_info out;
	int rc = rs_dtmf_info_parse(kind, rs_slice_of(g.p, g.len), &out);

	guard_free(&g);
	assert_true(rc == 0 || rc == -EBADMSG);
	if (ms)
		*ms = out.duration_ms;
	return rc ? 0 : out.digit;
}

static void
info_bodies_are_read_as_phones_write_them(void **state)
{
	uint32_t ms;

	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal=5\r\nDuration=160\r\n", &ms), '5');
	assert_int_equal(ms, 160);
	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal= *\nDuration= 250", &ms), '*');
	assert_int_equal(ms, 250);
	assert_int_equal(
		info(RS_DTMF_INFO_RELAY, "duration=100\r\nsignal = d \r\nX-Other: 1\r\n", &ms),
		'D');
	assert_int_equal(ms, 100);
	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal=11", &ms), '#');
	assert_int_equal(ms, 0);
	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal=10\r\n", NULL), '*');
	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal=16\r\n", NULL), RS_DTMF_FLASH);
	assert_int_equal(info(RS_DTMF_INFO_RELAY, "Signal=hf\r\n", NULL), RS_DTMF_FLASH);
	assert_int_equal(info(RS_DTMF_INFO_PLAIN, "5", NULL), '5');
	assert_int_equal(info(RS_DTMF_INFO_PLAIN, " #\r\n", NULL), '#');
	assert_int_equal(info(RS_DTMF_INFO_PLAIN, "11", NULL), '#');
}

static void
info_bodies_that_say_no_digit_are_refused(void **state)
{
	static const char *const bad[] = { "", "\r\n", "Signal=", "Signal=E", "Signal=17",
		"Signal=5x", "Signal", "Duration=100\r\n", "Signal=5\r\nDuration=x\r\n",
		"Signal=5\r\nDuration=-1", "Signal=5\r\nDuration=60001",
		"Signal=5\r\nDuration=", "Signal=1\r\nSignal=2\r\n", "Signal=09", "=5" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(info(RS_DTMF_INFO_RELAY, bad[i], NULL), 0);
	assert_int_equal(info(RS_DTMF_INFO_PLAIN, "", NULL), 0);
	assert_int_equal(info(RS_DTMF_INFO_PLAIN, "55", NULL), 0);
}

static void
info_bodies_that_are_written_can_be_read(void **state)
{
	uint8_t out[64];

	for (const char *digit = RS_DTMF_DIGITS "!"; *digit; digit++)
		for (int kind = 0; kind < 2; kind++) {
			struct rs_dtmf_info in = { *digit, kind == RS_DTMF_INFO_RELAY ? 120 : 0 },
					    back;
			int n = rs_dtmf_info_build(
				(enum rs_dtmf_info_kind)kind, &in, out, sizeof(out));

			assert_true(n > 0);
			assert_int_equal(rs_dtmf_info_build((enum rs_dtmf_info_kind)kind, &in, out,
						 (size_t)n - 1),
				-ENOSPC);
			assert_int_equal(rs_dtmf_info_parse((enum rs_dtmf_info_kind)kind,
						 rs_slice_of(out, (size_t)n), &back),
				0);
			assert_int_equal(back.digit, *digit);
			assert_int_equal(back.duration_ms, in.duration_ms);
		}
	assert_int_equal(rs_dtmf_info_build(RS_DTMF_INFO_RELAY, &(struct rs_dtmf_info){ '5', 160 },
				 out, sizeof(out)),
		24);
	assert_memory_equal(out, "Signal=5\r\nDuration=160\r\n", 24);
	assert_int_equal(rs_dtmf_info_build(RS_DTMF_INFO_PLAIN, &(struct rs_dtmf_info){ 'E', 0 },
				 out, sizeof(out)),
		-EINVAL);
}

static void
info_content_types_are_told_apart(void **state)
{
	enum rs_dtmf_info_kind kind;

	assert_int_equal(
		rs_dtmf_info_kind(rs_slice_str("Application/DTMF-Relay ; charset=utf-8"), &kind),
		0);
	assert_int_equal(kind, RS_DTMF_INFO_RELAY);
	assert_int_equal(rs_dtmf_info_kind(rs_slice_str("application/dtmf"), &kind), 0);
	assert_int_equal(kind, RS_DTMF_INFO_PLAIN);
	assert_int_equal(rs_dtmf_info_kind(rs_slice_str("application/sdp"), &kind), -ENOENT);
	assert_int_equal(rs_dtmf_info_kind((struct rs_slice){ NULL, 0 }, &kind), -ENOENT);
	assert_string_equal(rs_dtmf_info_type(RS_DTMF_INFO_RELAY), "application/dtmf-relay");
}

/* What is made as it is wanted is what is made at once, in pieces of any length. */
static void
a_digit_made_in_pieces_is_the_same(void **state)
{
	struct rs_dtmf_spec spec = { .on_ms = 2000, .low_dbm0 = -10, .high_dbm0 = -10 };
	static int16_t whole[16000], piece[16000];

	for (const char *digit = RS_DTMF_DIGITS; *digit; digit++) {
		struct rs_dtmf_wave w;
		size_t n = 1;

		rs_dtmf_make((char[]){ *digit, 0 }, &spec, whole);
		rs_dtmf_wave_begin(&w, *digit, -10);
		for (size_t at = 0; at < 16000; at += n, n = n % 480 + 7) {
			n = n < 16000 - at ? n : 16000 - at;
			rs_dtmf_wave_next(&w, n, piece + at);
		}
		for (size_t i = 0; i < 16000; i++)
			assert_in_range(piece[i] - whole[i] + 1, 0, 2); /* rounding */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digit_made_in_pieces_is_the_same),
		cmocka_unit_test(all_sixteen_digits_are_made_and_found_with_their_durations),
		cmocka_unit_test(blocks_may_have_any_length),
		cmocka_unit_test(a_digit_is_known_before_it_ends),
		cmocka_unit_test(q24_quiet_digits_in_noise_are_found),
		cmocka_unit_test(q24_frequencies_may_be_1_5_percent_off),
		cmocka_unit_test(q24_frequencies_3_5_percent_off_are_none),
		cmocka_unit_test(q24_twist_of_8_db_and_4_db_backwards_is_taken_and_more_is_not),
		cmocka_unit_test(q24_40_ms_are_a_digit_and_24_ms_are_none),
		cmocka_unit_test(q24_a_gap_of_10_ms_is_no_pause_and_one_of_40_ms_is),
		cmocka_unit_test(another_digit_without_a_pause_is_another),
		cmocka_unit_test(a_minute_of_speech_like_noise_holds_no_digit),
		cmocka_unit_test(call_progress_tones_are_no_digits),
		cmocka_unit_test(what_cannot_be_dialled_is_refused),
		cmocka_unit_test(info_bodies_are_read_as_phones_write_them),
		cmocka_unit_test(info_bodies_that_say_no_digit_are_refused),
		cmocka_unit_test(info_bodies_that_are_written_can_be_read),
		cmocka_unit_test(info_content_types_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
