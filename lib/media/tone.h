/* SPDX-License-Identifier: BSD-3-Clause */
/** Tones at 8 kHz: up to four frequencies at once, with a cadence; the call progress tones of two worlds (ITU-T E.180). */
#ifndef RS_MEDIA_TONE_H
#define RS_MEDIA_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_TONE_FREQUENCIES 4
#define RS_TONE_CADENCE     8

struct rs_tone {
	struct {
		uint16_t hz; /* 1 to 3,999; 0 ends the list */
		float dbm0;  /* level of this frequency alone */
	} part[RS_TONE_FREQUENCIES];
	/** on, off, on, off, ... in ms; 0 ends the list; none: always on. Every "on" begins at phase 0. */
	uint16_t cadence_ms[RS_TONE_CADENCE];
};

/** A known tone, by name: "us-ringback", "eu-busy", ... @return NULL when there is none of that name */
const struct rs_tone *rs_tone_preset(const char *name);

/** Preset number @i, for lists. @return its name, NULL behind the last */
const char *rs_tone_preset_name(size_t i);

/**
 * Can the tone be made? All that rs_tone_make and rs_tone_period take for granted.
 * @return NULL, or what is wrong, for people
 */
const char *rs_tone_check(const struct rs_tone *t);

/**
 * After how many ms the tone may be repeated without a click: its cadence, or the least time in which all its frequencies come
 * round (a divisor of 1,000 ms).
 */
uint32_t rs_tone_period_ms(const struct rs_tone *t);

/** Samples @first to @first + @n - 1 of the tone, at 8 kHz. */
void rs_tone_make(const struct rs_tone *t, uint64_t first, size_t n, int16_t *out);

#endif
