/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/resample.h"

#include <math.h>
#include <string.h>

/** Zeros of the sinc on each side. */
#define LOBES    32
#define MAX_TAPS (2 * LOBES * 6 + 1)

int
rs_resample_factor(uint32_t rate_hz)
{
	static const uint32_t rates[] = { 8000, 16000, 24000, 32000, 48000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rate_hz == rates[i])
			return (int)(rate_hz / 8000);
	return 0;
}

/** A sinc that is half down at 4 kHz under a Blackman window, with a sum of 1. */
static int
make_taps(int factor, double *taps)
{
	int half = LOBES * factor;
	double sum = 0;

	for (int i = -half; i <= half; i++) {
		double x = (double)i / factor, w = M_PI * i / half;
		double sinc = i == 0 ? 1 : sin(M_PI * x) / (M_PI * x);

		taps[i + half] = sinc * (0.42 + 0.5 * cos(w) + 0.08 * cos(2 * w));
		sum += taps[i + half];
	}
	for (int i = 0; i <= 2 * half; i++)
		taps[i] /= sum;
	return half;
}

static int16_t
round_sample(double v)
{
	return (int16_t)lrint(fmin(fmax(v, INT16_MIN), INT16_MAX));
}

size_t
rs_resample_down(const int16_t *in, size_t n, int factor, int16_t *out)
{
	double taps[MAX_TAPS];
	size_t made = 0;
	int half;

	if (factor == 1) {
		memcpy(out, in, n * sizeof(*in));
		return n;
	}
	half = make_taps(factor, taps);
	for (size_t at = 0; at < n; at += (size_t)factor) {
		size_t first = at > (size_t)half ? at - (size_t)half : 0;
		size_t last = n - 1 - at > (size_t)half ? at + (size_t)half : n - 1;
		double sum = 0;

		for (size_t i = first; i <= last; i++)
			sum += in[i] * taps[i + (size_t)half - at];
		out[made++] = round_sample(sum);
	}
	return made;
}
