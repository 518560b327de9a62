/* SPDX-License-Identifier: BSD-3-Clause */
/** From 16, 24, 32 or 48 kHz down to 8 kHz, before a run. */
#ifndef RS_MEDIA_RESAMPLE_H
#define RS_MEDIA_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/** Is @rate_hz a multiple of 8,000 that rs_resample_down takes (8,000 to 48,000)? */
int rs_resample_factor(uint32_t rate_hz);

/**
 * Every @factor-th sample of @in through a low-pass: a windowed sinc, flat (0.1 dB) to 3,400 Hz, 60 dB down from 4,600 Hz on, without
 * delay. What lies before and behind @in is silence.
 *
 * @param factor  1 (a copy), 2, 3, 4 or 6: the input's rate over 8,000 Hz
 * @param out     at least ceil(@n / @factor) samples
 * @return samples in @out
 */
size_t rs_resample_down(const int16_t *in, size_t n, int factor, int16_t *out);

#endif
