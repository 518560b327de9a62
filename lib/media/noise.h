/* SPDX-License-Identifier: BSD-3-Clause */
/** Noise at 8 kHz, the same from the same seed. */
#ifndef RS_MEDIA_NOISE_H
#define RS_MEDIA_NOISE_H

#include <stddef.h>
#include <stdint.h>

enum rs_noise_colour {
	RS_NOISE_WHITE, /* the same power at all frequencies */
	RS_NOISE_PINK,  /* 3 dB less an octave, as rooms and speech have it */
};

/**
 * @n samples of noise of @dbm0 over all of them (rounding and, above -10 dBm0, clipping aside).
 *
 * @param scratch  @n doubles
 */
void rs_noise_make(enum rs_noise_colour colour, uint64_t seed, double dbm0, size_t n,
	double *scratch, int16_t *out);

#endif
