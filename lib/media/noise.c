/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/noise.h"

#include <math.h>

#include "base/rng.h"
#include "media/g711.h"

/** Sources of pink noise, each renewed half as often as the one before: down to 8,000 / 2^11 = 4 Hz. */
#define ROWS 11

/** About normal, mean 0: the sum of four even draws needs no logarithm and has no far tails to clip. */
static double
draw(struct rs_rng *rng)
{
	uint64_t v = rs_rng_next(rng);

	return (double)((v & 0xffff) + (v >> 16 & 0xffff) + (v >> 32 & 0xffff) + (v >> 48)) /
		0x1p17 -
		1;
}

/** Voss's way: row r is drawn anew every 2^r samples; a count's lowest set bit says which one is due. */
static double
pink(struct rs_rng *rng, uint64_t count, double rows[ROWS])
{
	double sum = draw(rng);
	int due = count ? __builtin_ctzll(count) : ROWS;

	if (due < ROWS)
		rows[due] = draw(rng);
	for (int r = 0; r < ROWS; r++)
		sum += rows[r];
	return sum;
}

void
rs_noise_make(enum rs_noise_colour colour, uint64_t seed, double dbm0, size_t n, double *scratch,
	int16_t *out)
{
	struct rs_rng rng = { rs_mix64(seed) };
	double rows[ROWS], mean = 0, power = 0, gain;

	for (int r = 0; r < ROWS; r++)
		rows[r] = draw(&rng);
	for (size_t i = 0; i < n; i++) {
		scratch[i] = colour == RS_NOISE_PINK ? pink(&rng, i, rows) : draw(&rng);
		mean += scratch[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		scratch[i] -= mean;
		power += scratch[i] * scratch[i] / (double)n;
	}
	gain = power > 0 ? rs_g711_rms(dbm0) / sqrt(power) : 0;
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)lrint(fmin(fmax(scratch[i] * gain, INT16_MIN), INT16_MAX));
}
