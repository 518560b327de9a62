/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * G.711: 16-bit linear samples to A-law and mu-law and back, as the ITU's reference (G.191) does it: A-law takes the upper 13
 * bits of a sample, mu-law the upper 14.
 *
 * Levels: a sine whose peak is 32,768 has +3.14 dBm0, the overload level of A-law (G.711, 3).
 */
#ifndef RS_MEDIA_G711_H
#define RS_MEDIA_G711_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Root mean square, in 16-bit units, of a signal of 0 dBm0. */
#define RS_G711_RMS_0DBM0 16141.0

/** The code of silence, which fills up last packets. */
#define RS_G711_PCMU_SILENCE 0xff
#define RS_G711_PCMA_SILENCE 0xd5

uint8_t rs_g711_alaw_encode(int16_t sample);
int16_t rs_g711_alaw_decode(uint8_t code);
uint8_t rs_g711_ulaw_encode(int16_t sample);
int16_t rs_g711_ulaw_decode(uint8_t code);

/** @n samples at once; @alaw chooses the law. */
void rs_g711_encode(bool alaw, const int16_t *samples, size_t n, uint8_t *codes);
void rs_g711_decode(bool alaw, const uint8_t *codes, size_t n, int16_t *samples);

/** The mean level of @n samples. @return dBm0; -100 for silence and for n == 0 */
double rs_g711_level(const int16_t *samples, size_t n);

/** Root mean square, in 16-bit units, of a signal of @dbm0. */
double rs_g711_rms(double dbm0);

#endif
