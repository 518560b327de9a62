/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/dtmf.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "media/g711.h"
#include "media/tone.h"

#define PER_MS   8u
#define PAUSE_MS 1000u
#define MAX_MS   60000u

/** Rows and columns of the keypad (Q.23). */
static const uint16_t low_hz[4] = { 697, 770, 852, 941 }, high_hz[4] = { 1209, 1336, 1477, 1633 };
static const char keys[] = "123A456B789C*0#D";

/** The key's number, row by row; -1 when it is none. */
static int
key(char digit)
{
	const char *at = strchr(keys, digit >= 'a' && digit <= 'd' ? digit - 'a' + 'A' : digit);

	return digit && at ? (int)(at - keys) : -1;
}

static bool
in_range(double dbm0)
{
	return dbm0 >= -60 && dbm0 <= -3;
}

int64_t
rs_dtmf_samples(const char *digits, const struct rs_dtmf_spec *spec)
{
	int64_t n = 0;

	if (!*digits || spec->on_ms == 0 || spec->on_ms > MAX_MS || spec->off_ms > MAX_MS ||
		!in_range(spec->low_dbm0) || !in_range(spec->high_dbm0))
		return -EINVAL;
	for (; *digits; digits++) {
		if (*digits != ',' && key(*digits) < 0)
			return -EINVAL;
		n += (*digits == ',' ? PAUSE_MS : spec->on_ms + spec->off_ms) * PER_MS;
	}
	return n;
}

void
rs_dtmf_make(const char *digits, const struct rs_dtmf_spec *spec, int16_t *out)
{
	size_t on = spec->on_ms * PER_MS, off = spec->off_ms * PER_MS;

	for (; *digits; digits++) {
		int k = key(*digits);
		struct rs_tone tone = { 0 };

		if (k < 0) {
			memset(out, 0, PAUSE_MS * PER_MS * sizeof(*out));
			out += PAUSE_MS * PER_MS;
			continue;
		}
		tone.part[0].hz = low_hz[k / 4];
		tone.part[0].dbm0 = (float)spec->low_dbm0;
		tone.part[1].hz = high_hz[k % 4];
		tone.part[1].dbm0 = (float)spec->high_dbm0;
		rs_tone_make(&tone, 0, on, out);
		memset(out + on, 0, off * sizeof(*out));
		out += on + off;
	}
}

void
rs_dtmf_wave_begin(struct rs_dtmf_wave *w, char digit, double dbm0)
{
	int k = key(digit);
	const uint16_t hz[2] = { low_hz[(k < 0 ? 0 : k) / 4], high_hz[(k < 0 ? 0 : k) % 4] };

	for (int i = 0; i < 2; i++) {
		double step = 2 * M_PI * hz[i] / 8000, peak = M_SQRT2 * rs_g711_rms(dbm0);

		w->turn[i] = 2 * cos(step);
		w->last[i] = -peak * sin(step); /* so that the first sample is at phase 0 */
		w->before[i] = -peak * sin(2 * step);
	}
}

void
rs_dtmf_wave_next(struct rs_dtmf_wave *w, size_t n, int16_t *out)
{
	for (size_t k = 0; k < n; k++) {
		double sum = 0;

		for (int i = 0; i < 2; i++) {
			double next = w->turn[i] * w->last[i] - w->before[i];

			w->before[i] = w->last[i];
			w->last[i] = next;
			sum += next;
		}
		out[k] = (int16_t)lrint(sum);
	}
}
