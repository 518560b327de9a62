/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/g711.h"

#include <math.h>

/** Added to a mu-law magnitude, so that every segment begins at a power of two (G.711, table 2). */
#define ULAW_BIAS 33
#define ULAW_MAX  8191
#define SIGN_BIT  0x80
/** A-law sends every second bit inverted (G.711, 3.2), so that silence has edges. */
#define ALAW_TOGGLE 0x55

/** The place of the highest set bit; @v is not 0. */
static int
top_bit(uint32_t v)
{
	return 31 - __builtin_clz(v);
}

uint8_t
rs_g711_alaw_encode(int16_t sample)
{
	/* A negative value's magnitude is its complement: the steps to both sides of 0 have the same width. */
	uint32_t magnitude = (uint32_t)(sample < 0 ? ~sample : sample) >> 4;
	/* Segments 0 and 1 have steps of the same width: up to 31 the magnitude is the code. */
	uint32_t code = magnitude;

	if (magnitude >= 32) {
		int shift = top_bit(magnitude) - 4;

		code = (uint32_t)(shift + 1) << 4 | (magnitude >> shift & 15);
	}
	return (uint8_t)((code | (sample < 0 ? 0 : SIGN_BIT)) ^ ALAW_TOGGLE);
}

int16_t
rs_g711_alaw_decode(uint8_t code)
{
	uint8_t bits = code ^ ALAW_TOGGLE;
	int segment = bits >> 4 & 7, step = bits & 15;
	/* Twice the 12-bit magnitude plus one: the middle of the step. */
	int value = segment == 0 ? 2 * step + 1 : (2 * step + 33) << (segment - 1);

	return (int16_t)((bits & SIGN_BIT ? value : -value) * 8);
}

uint8_t
rs_g711_ulaw_encode(int16_t sample)
{
	uint32_t magnitude = ((uint32_t)(sample < 0 ? ~sample : sample) >> 2) + ULAW_BIAS;
	int segment;

	if (magnitude > ULAW_MAX)
		magnitude = ULAW_MAX;
	segment = top_bit(magnitude) - 5;
	/* All bits of the code but the sign's are sent inverted. */
	return (uint8_t)((sample < 0 ? 0 : SIGN_BIT) |
		(~((uint32_t)segment << 4 | (magnitude >> (segment + 1) & 15)) & 0x7f));
}

int16_t
rs_g711_ulaw_decode(uint8_t code)
{
	int segment = ~code >> 4 & 7, step = ~code & 15;
	int value = ((2 * step + ULAW_BIAS) << segment) - ULAW_BIAS;

	return (int16_t)((code & SIGN_BIT ? value : -value) * 4);
}

void
rs_g711_encode(bool alaw, const int16_t *samples, size_t n, uint8_t *codes)
{
	for (size_t i = 0; i < n; i++)
		codes[i] = alaw ? rs_g711_alaw_encode(samples[i]) : rs_g711_ulaw_encode(samples[i]);
}

void
rs_g711_decode(bool alaw, const uint8_t *codes, size_t n, int16_t *samples)
{
	for (size_t i = 0; i < n; i++)
		samples[i] = alaw ? rs_g711_alaw_decode(codes[i]) : rs_g711_ulaw_decode(codes[i]);
}

double
rs_g711_level(const int16_t *samples, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)samples[i] * samples[i];
	return sum > 0 ? fmax(-100, 20 * log10(sqrt(sum / (double)n) / RS_G711_RMS_0DBM0)) : -100;
}

double
rs_g711_rms(double dbm0)
{
	return RS_G711_RMS_0DBM0 * pow(10, dbm0 / 20);
}
