/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Each hop of 5 ms Goertzel's recurrence gives the complex amplitude of the eight frequencies; three hops make a window of 15 ms.
 * How far the phase has turned from one window to the next says how far a frequency is off, much finer than a window can tell
 * frequencies apart: so 1.5 % off is taken and 3.5 % off is not, and voices, whose pitch glides, are not taken for digits.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "media/dtmf.h"
#include "media/g711.h"

#define WINDOW_HOPS 3
#define WINDOW      (WINDOW_HOPS * RS_DTMF_HOP)
#define RATE_HZ     8000.0f
/** A window that covers 80 % of a tone's start or end still counts: what a digit's ends are off on average. */
#define EDGE 4
/** In one window the other frequency shifts the phase a little: a look may be this much further off than their mean. */
#define ONE_LOOK 1.2f
/** And of the energy it may find so much less; before the frequencies are told apart, less still. */
#define ONE_SHARE   0.96f
#define ROUGH_SHARE 0.7f

const struct rs_dtmf_limits rs_dtmf_limits_default = {
	.min_dbm0 = -30,
	.twist_db = 9,
	.reverse_db = 5,
	.max_deviation = 0.025f,
	.min_share = 0.95f,
	.min_hops = 5,
	.end_hops = 6,
};

/** Of w = 2 pi hz / 8000: how a sample and how a hop turns the phase. */
static const struct {
	float hz, cos_w, sin_w, cos_hop, sin_hop;
} tones[RS_DTMF_TONES] = {
	{ 697, 0.853868905f, 0.520488130f, -0.995561965f, 0.094108313f },
	{ 770, 0.822640518f, 0.568561851f, 0.587785252f, -0.809016994f },
	{ 852, 0.784343492f, 0.620326758f, -0.062790520f, 0.998026728f },
	{ 941, 0.739102284f, 0.673593211f, -0.278991106f, -0.960293686f },
	{ 1209, 0.582052012f, 0.813151558f, 0.960293686f, 0.278991106f },
	{ 1336, 0.498185105f, 0.867070701f, -0.425779292f, -0.904827052f },
	{ 1477, 0.399309195f, 0.916816321f, -0.750111070f, 0.661311865f },
	{ 1633, 0.284266353f, 0.958745347f, 0.509041416f, 0.860742027f },
};

static const char keys[] = "123A456B789C*0#D";

void
rs_dtmf_init(struct rs_dtmf_detector *d, const struct rs_dtmf_limits *limits)
{
	memset(d, 0, sizeof(*d));
	d->limits = limits ? *limits : rs_dtmf_limits_default;
}

/** CMPLXF, which not every compiler's headers have. */
static float complex
complex_of(float re, float im)
{
	return re + im * I;
}

/** The complex amplitude of tone @t over the window that begins with hop @first of the history, as of its end. */
static float complex
window(const struct rs_dtmf_detector *d, int first, int t)
{
	float complex hop = complex_of(tones[t].cos_hop, tones[t].sin_hop), sum = 0;

	for (int h = first; h < first + WINDOW_HOPS; h++)
		sum = sum * hop + complex_of(d->re[h][t], d->im[h][t]);
	return sum;
}

struct peak {
	int tone;
	float complex now,
		before;  /* amplitudes in the newest window and in the one a hop earlier */
	float off;       /* how far off its frequency is, in radians a sample */
	float deviation; /* the same as a share of the frequency */
	float power;     /* mean square of this frequency alone */
};

/** The sum of a turning unit vector over a window, as of its end. */
static float complex
turning(float radians)
{
	float half = radians / 2;
	float sum = fabsf(half) < 1e-5f ? WINDOW : sinf(half * WINDOW) / sinf(half);

	return sum * complex_of(cosf(half * (WINDOW - 1)), sinf(half * (WINDOW - 1)));
}

/** From both amplitudes to all else. */
static void
measure(struct peak *p)
{
	float complex hop = complex_of(tones[p->tone].cos_hop, tones[p->tone].sin_hop);
	float sum;

	p->off = cargf(p->now * conjf(p->before * hop)) / RS_DTMF_HOP;
	p->deviation = p->off / (2 * (float)M_PI) * RATE_HZ / tones[p->tone].hz;
	/* A sine of mean square p has the amplitude sqrt(2 p); half of it turns this way. */
	sum = cabsf(p->now) / cabsf(turning(p->off));
	p->power = 2 * sum * sum;
}

/** What of @other stands in @p's amplitudes, as a window of 15 ms tells frequencies apart only so well, is taken out. */
static void
take_out(struct peak *p, const struct peak *other)
{
	float apart = 2 * (float)M_PI / RATE_HZ * (tones[p->tone].hz - tones[other->tone].hz);
	float complex share = turning(apart - other->off) / turning(-other->off);

	p->now -= share * other->now;
	p->before -= share * other->before;
	measure(p);
}

/** Mean of twice the product of both frequencies: in a window that holds no whole number of beats it is not 0. */
static float
beat(const struct peak *a, const struct peak *b)
{
	float apart = 2 * (float)M_PI / RATE_HZ * (tones[a->tone].hz - tones[b->tone].hz) + a->off -
		b->off;
	float complex product = a->now / turning(-a->off) * conjf(b->now / turning(-b->off));

	return 4 * crealf(product * conjf(turning(apart))) / WINDOW;
}

/** The strongest of four tones in the newest window. */
static struct peak
strongest(const struct rs_dtmf_detector *d, int from)
{
	struct peak peak = { .tone = from };
	float best = -1;

	for (int t = from; t < from + 4; t++) {
		float complex now = window(d, 1, t);
		float square = crealf(now) * crealf(now) + cimagf(now) * cimagf(now);

		if (square > best) {
			best = square;
			peak.tone = t;
			peak.now = now;
		}
	}
	peak.before = window(d, 0, peak.tone);
	measure(&peak);
	return peak;
}

static float
level(float power)
{
	return 20 * log10f(sqrtf(power) / (float)RS_G711_RMS_0DBM0);
}

/** What the newest window holds. */
struct seen {
	char digit; /* 0: none */
	float low_dbm0, high_dbm0;
	float low_off, high_off; /* deviations */
	float share;             /* of the energy */
};

static struct seen
look(const struct rs_dtmf_detector *d)
{
	const struct rs_dtmf_limits *limits = &d->limits;
	float total = (d->power[1] + d->power[2] + d->power[3]) / WINDOW, twist;
	float off = limits->max_deviation * ONE_LOOK;
	struct seen seen = { 0 };
	struct peak low, high, raw;

	/* Most of the time there is no need to look closer. */
	if (total <= 0 || level(total) < limits->min_dbm0)
		return seen;
	low = strongest(d, 0);
	high = strongest(d, 4);
	if (low.power + high.power < limits->min_share * ROUGH_SHARE * total)
		return seen;
	raw = low;
	take_out(&low, &high);
	take_out(&high, &raw);
	if (fabsf(low.deviation) > off || fabsf(high.deviation) > off)
		return seen;
	seen.share = fminf((low.power + high.power + beat(&low, &high)) / total, 1);
	if (seen.share < limits->min_share * ONE_SHARE)
		return seen;
	seen.low_dbm0 = level(low.power);
	seen.high_dbm0 = level(high.power);
	twist = seen.low_dbm0 - seen.high_dbm0;
	if (twist > limits->twist_db || -twist > limits->reverse_db ||
		fminf(seen.low_dbm0, seen.high_dbm0) < limits->min_dbm0)
		return seen;
	seen.low_off = low.deviation;
	seen.high_off = high.deviation;
	seen.digit = keys[low.tone * 4 + high.tone - 4];
	return seen;
}

static void
close_digit(struct rs_dtmf_detector *d, struct rs_dtmf_digit *out)
{
	d->digit.duration = (uint32_t)(d->last_hit - EDGE - d->digit.at);
	d->open = false;
	*out = d->digit;
}

/** Enough looks in a row, and their frequencies right on average. */
static bool
is_digit(const struct rs_dtmf_detector *d)
{
	float most = d->limits.max_deviation * (float)d->hits;
	float least = d->limits.min_share * (float)d->hits;

	return d->candidate && d->hits >= d->limits.min_hops && fabsf(d->low_off) <= most &&
		fabsf(d->high_off) <= most && d->share >= least;
}

/** One more window. @return 1 when a digit has ended, which is then in @out */
static int
judge(struct rs_dtmf_detector *d, struct rs_dtmf_digit *out)
{
	struct seen seen = look(d);
	int ended = 0;

	if (seen.digit != d->candidate) {
		d->candidate = seen.digit;
		d->candidate_at = d->samples - WINDOW + EDGE;
		d->hits = 0;
		d->low_off = d->high_off = d->share = 0;
	}
	if (seen.digit && d->hits < UINT8_MAX) {
		d->hits++;
		d->low_off += seen.low_off;
		d->high_off += seen.high_off;
		d->share += seen.share;
	}
	if (d->open && seen.digit != d->digit.digit && ++d->misses >= d->limits.end_hops) {
		close_digit(d, out);
		ended = 1;
	}
	if (!d->open && is_digit(d)) {
		d->open = true;
		d->digit = (struct rs_dtmf_digit){ .digit = seen.digit,
			.low_dbm0 = seen.low_dbm0,
			.high_dbm0 = seen.high_dbm0,
			.at = d->candidate_at };
	}
	if (d->open && seen.digit == d->digit.digit) {
		d->misses = 0;
		d->last_hit = d->samples;
		d->digit.low_dbm0 = fmaxf(d->digit.low_dbm0, seen.low_dbm0);
		d->digit.high_dbm0 = fmaxf(d->digit.high_dbm0, seen.high_dbm0);
	}
	return ended;
}

/** The hop is full: its amplitudes go into the history. */
static void
finish_hop(struct rs_dtmf_detector *d)
{
	const int last = RS_DTMF_HISTORY - 1;

	memmove(d->re[0], d->re[1], sizeof(d->re[0]) * last);
	memmove(d->im[0], d->im[1], sizeof(d->im[0]) * last);
	memmove(&d->power[0], &d->power[1], sizeof(d->power[0]) * last);
	for (int t = 0; t < RS_DTMF_TONES; t++) {
		d->re[last][t] = d->s1[t] - tones[t].cos_w * d->s2[t];
		d->im[last][t] = tones[t].sin_w * d->s2[t];
		d->s1[t] = d->s2[t] = 0;
	}
	d->power[last] = d->energy;
	d->energy = 0;
	d->filled = 0;
	if (d->hops < RS_DTMF_HISTORY)
		d->hops++;
}

size_t
rs_dtmf_input(struct rs_dtmf_detector *d, const int16_t *samples, size_t n,
	struct rs_dtmf_digit *out, size_t cap)
{
	struct rs_dtmf_digit ended;
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		float x = samples[i];

		for (int t = 0; t < RS_DTMF_TONES; t++) {
			float s = x + 2 * tones[t].cos_w * d->s1[t] - d->s2[t];

			d->s2[t] = d->s1[t];
			d->s1[t] = s;
		}
		d->energy += x * x;
		d->samples++;
		if (++d->filled < RS_DTMF_HOP)
			continue;
		finish_hop(d);
		if (d->hops == RS_DTMF_HISTORY && judge(d, &ended) && made < cap)
			out[made++] = ended;
	}
	return made;
}

bool
rs_dtmf_end(struct rs_dtmf_detector *d, struct rs_dtmf_digit *out)
{
	if (!d->open)
		return false;
	close_digit(d, out);
	return true;
}
