/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/tone.h"

#include <math.h>
#include <string.h>

#include "media/g711.h"

/* Levels of the US tones are those of the Precise Tone Plan; 425 Hz at -10 dBm0 is what E.180 recommends. */
static const struct preset {
	const char *name;
	struct rs_tone tone;
} presets[] = {
	{ "us-dial", { { { 350, -13 }, { 440, -13 } }, { 0 } } },
	{ "us-ringback", { { { 440, -19 }, { 480, -19 } }, { 2000, 4000 } } },
	{ "us-busy", { { { 480, -24 }, { 620, -24 } }, { 500, 500 } } },
	{ "us-reorder", { { { 480, -24 }, { 620, -24 } }, { 250, 250 } } },
	{ "eu-dial", { { { 425, -10 } }, { 0 } } },
	{ "eu-ringback", { { { 425, -10 } }, { 1000, 4000 } } },
	{ "eu-busy", { { { 425, -10 } }, { 500, 500 } } },
	{ "eu-congestion", { { { 425, -10 } }, { 250, 250 } } },
	{ "uk-ringback", { { { 400, -16 }, { 450, -16 } }, { 400, 200, 400, 2000 } } },
	{ "uk-busy", { { { 400, -13 } }, { 375, 375 } } },
	{ "milliwatt", { { { 1004, 0 } }, { 0 } } },
};

#define PRESETS (sizeof(presets) / sizeof(presets[0]))

const struct rs_tone *
rs_tone_preset(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (strcmp(name, presets[i].name) == 0)
			return &presets[i].tone;
	return NULL;
}

const char *
rs_tone_preset_name(size_t i)
{
	return i < PRESETS ? presets[i].name : NULL;
}

const char *
rs_tone_check(const struct rs_tone *t)
{
	double peak = 0;
	int n = 0;

	for (int i = 0; i < RS_TONE_FREQUENCIES && t->part[i].hz; i++) {
		if (t->part[i].hz >= 4000)
			return "a tone's frequency lies below 4,000 Hz";
		if (!(t->part[i].dbm0 >= -60 && t->part[i].dbm0 <= 3.14f))
			return "a tone's level is from -60 to 3.14 dBm0";
		peak += M_SQRT2 * rs_g711_rms(t->part[i].dbm0);
	}
	if (t->part[0].hz == 0)
		return "a tone has at least one frequency";
	if (peak > INT16_MAX + 2)
		return "the frequencies' peaks come to more than 3.14 dBm0 together: lower their levels";
	while (n < RS_TONE_CADENCE && t->cadence_ms[n])
		n++;
	return n % 2 ? "a cadence has an \"off\" for each \"on\"" : NULL;
}

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

uint32_t
rs_tone_period_ms(const struct rs_tone *t)
{
	uint32_t sum = 0, divisor = 1000;

	for (int i = 0; i < RS_TONE_CADENCE && t->cadence_ms[i]; i++)
		sum += t->cadence_ms[i];
	if (sum)
		return sum;
	for (int i = 0; i < RS_TONE_FREQUENCIES && t->part[i].hz; i++)
		divisor = common_divisor(divisor, t->part[i].hz);
	return 1000 / divisor;
}

/** Where sample @at lies in its "on", or -1 in an "off". */
static int64_t
place(const struct rs_tone *t, uint64_t at)
{
	uint64_t rest;

	if (t->cadence_ms[0] == 0)
		return (int64_t)at;
	rest = at % (rs_tone_period_ms(t) * 8ull);
	for (int i = 0; i < RS_TONE_CADENCE; i++) {
		uint64_t len = t->cadence_ms[i] * 8ull;

		if (rest < len)
			return i % 2 ? -1 : (int64_t)rest;
		rest -= len;
	}
	return -1;
}

void
rs_tone_make(const struct rs_tone *t, uint64_t first, size_t n, int16_t *out)
{
	double peak[RS_TONE_FREQUENCIES] = { 0 };

	for (int f = 0; f < RS_TONE_FREQUENCIES && t->part[f].hz; f++)
		peak[f] = M_SQRT2 * rs_g711_rms(t->part[f].dbm0);
	for (size_t i = 0; i < n; i++) {
		int64_t at = place(t, first + i);
		double sum = 0;

		/* The phase is reduced as an integer, so that hours later it is as exact as at first. */
		for (int f = 0; at >= 0 && f < RS_TONE_FREQUENCIES && t->part[f].hz; f++)
			sum += peak[f] *
				sin(2 * M_PI / 8000 *
					(double)((uint64_t)at * t->part[f].hz % 8000));
		out[i] = (int16_t)lrint(fmin(fmax(sum, INT16_MIN), INT16_MAX));
	}
}
