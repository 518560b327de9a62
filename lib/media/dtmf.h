/* SPDX-License-Identifier: BSD-3-Clause */
/** In-band DTMF at 8 kHz (ITU-T Q.23): made, and detected as ITU-T Q.24 asks of a receiver. */
#ifndef RS_MEDIA_DTMF_H
#define RS_MEDIA_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The digits in the order of RFC 4733's event codes 0 to 15. */
#define RS_DTMF_DIGITS "0123456789*#ABCD"

struct rs_dtmf_spec {
	uint32_t on_ms, off_ms;     /* 1 to 60,000; 0 to 60,000 */
	double low_dbm0, high_dbm0; /* of each frequency, -60 to -3 */
};

/**
 * Samples of @digits: each on_ms and off_ms, a comma 1 s. Lower case a to d are digits, too.
 * @return samples; -EINVAL: no digits, another character, or a value out of its range
 */
int64_t rs_dtmf_samples(const char *digits, const struct rs_dtmf_spec *spec);

/** Write them: what rs_dtmf_samples says, which must not have failed. */
void rs_dtmf_make(const char *digits, const struct rs_dtmf_spec *spec, int16_t *out);

/** One digit, made as it is wanted: two oscillators. */
struct rs_dtmf_wave {
	double turn[2], last[2], before[2]; /* of each frequency: 2 cos of its step, the last two samples */
};

/** @param digit  of RS_DTMF_DIGITS. @param dbm0  of each frequency */
void rs_dtmf_wave_begin(struct rs_dtmf_wave *w, char digit, double dbm0);
/** The next @n samples. */
void rs_dtmf_wave_next(struct rs_dtmf_wave *w, size_t n, int16_t *out);

/* The detector. */

#define RS_DTMF_TONES 8
#define RS_DTMF_HOP   40 /* samples between two looks: 5 ms */
/** Hops that are kept: the window of three, and the one that it has left. */
#define RS_DTMF_HISTORY 4

/** The ends of what a digit is, for plans that want others than the defaults (rs_dtmf_limits_default). */
struct rs_dtmf_limits {
	float min_dbm0; /* of the weaker frequency: -30 */
	float twist_db; /* how much the high one may be below the low one: 9, Q.24's 8 and a little */
	float reverse_db;    /* and above it: 5, Q.24's 4 and a little */
	float max_deviation; /* of each frequency, on average: 0.025, between Q.24's 1.5 % that are taken and 3.5 % that are not */
	float min_share; /* of the energy that must lie in the two frequencies, on average: 0.95 */
	uint8_t min_hops; /* looks in a row that make a digit: 5, so that 40 ms are one and 24 ms are none */
	uint8_t end_hops; /* looks without it that end it: 6, so that 10 ms are no pause and 40 ms are one */
};

struct rs_dtmf_digit {
	char digit;                /* of RS_DTMF_DIGITS */
	float low_dbm0, high_dbm0; /* the highest seen */
	uint64_t at;               /* samples since the detector's start, +-40 */
	uint32_t duration;         /* samples, +-80 */
};

/** One stream's detector, in the caller's memory. */
struct rs_dtmf_detector {
	struct rs_dtmf_limits limits;
	uint64_t samples; /* taken so far */
	/* The hop that is being filled: Goertzel's two values for each frequency, and the energy. */
	float s1[RS_DTMF_TONES], s2[RS_DTMF_TONES], energy;
	uint32_t filled; /* of its samples */
	/* Hops before it, newest last. */
	float re[RS_DTMF_HISTORY][RS_DTMF_TONES], im[RS_DTMF_HISTORY][RS_DTMF_TONES],
		power[RS_DTMF_HISTORY];
	uint32_t hops; /* in the history */
	/* What has been seen lately. */
	char candidate;                 /* 0: none */
	float low_off, high_off, share; /* sums over its looks: deviations, energy */
	uint8_t hits, misses;
	bool open; /* a digit that began and has not ended */
	uint64_t candidate_at, last_hit;
	struct rs_dtmf_digit digit;
};
_Static_assert(sizeof(struct rs_dtmf_detector) == 448, "seven cache lines a stream that listens");

extern const struct rs_dtmf_limits rs_dtmf_limits_default;

/** @param limits  NULL: the defaults */
void rs_dtmf_init(struct rs_dtmf_detector *d, const struct rs_dtmf_limits *limits);

/**
 * Take @n more samples, in blocks of any length; what was lost is to be given as silence, so that durations are right.
 *
 * @param out  digits that ended within them, in order
 * @param cap  of @out: what does not fit is lost; n / 400 + 1 are enough
 * @return digits in @out
 */
size_t rs_dtmf_input(struct rs_dtmf_detector *d, const int16_t *samples, size_t n,
	struct rs_dtmf_digit *out, size_t cap);

/** A digit that has begun: it is known 35 ms after its start, well before it ends. @return 0 when there is none */
static inline char
rs_dtmf_now(const struct rs_dtmf_detector *d)
{
	return d->open ? d->digit.digit : 0;
}

/** The stream is over: the digit that had begun, if any. @return whether there is one */
bool rs_dtmf_end(struct rs_dtmf_detector *d, struct rs_dtmf_digit *out);

#endif
