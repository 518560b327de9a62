/* SPDX-License-Identifier: BSD-3-Clause */
/** Comfort noise payloads, RFC 3389: a level, and optionally the shape of its spectrum. */
#ifndef RS_MEDIA_CN_H
#define RS_MEDIA_CN_H

#include <stddef.h>
#include <stdint.h>

/** The fixed payload type at 8 kHz (RFC 3551, 6). */
#define RS_CN_PT 13
/** Reflection coefficients that are kept; a payload may have more (RFC 3389, 3: the receiver may use fewer). */
#define RS_CN_ORDER 12

struct rs_cn {
	uint8_t level_dbov; /* 0 to 127: this many dB below overload (RFC 3389, 3.1) */
	uint8_t order;      /* coefficients below */
	uint8_t k
		[RS_CN_ORDER]; /* quantised reflection coefficients, 0 to 254, 127 is 0 (RFC 3389, 3.2) */
};

/**
 * Read a payload.
 * @return 0; -EBADMSG: no byte, the reserved first bit is set, or a coefficient of 255
 */
int rs_cn_parse(const uint8_t *p, size_t len, struct rs_cn *out);

/** Write a payload. @return its bytes (1 + order); -ENOSPC; -EINVAL: a level over 127, too many coefficients or one of 255 */
int rs_cn_build(const struct rs_cn *cn, uint8_t *out, size_t cap);

/** The value of a coefficient's byte, -1 < k < 1, and back (the nearest; @k is cut to what there is). */
double rs_cn_coefficient(uint8_t n);
uint8_t rs_cn_quantise(double k);

/** The level byte for noise of @dbm0: overload is a square wave of peak 32,768, 6.15 dBm0. */
uint8_t rs_cn_level(double dbm0);

#endif
