/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/cn.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "media/g711.h"

#define MAX_LEVEL 127

int
rs_cn_parse(const uint8_t *p, size_t len, struct rs_cn *out)
{
	if (len == 0 || p[0] > MAX_LEVEL)
		return -EBADMSG;
	memset(out, 0, sizeof(*out));
	out->level_dbov = p[0];
	for (size_t i = 1; i < len; i++) {
		if (p[i] == 255)
			return -EBADMSG;
		if (i <= RS_CN_ORDER)
			out->k[out->order++] = p[i];
	}
	return 0;
}

int
rs_cn_build(const struct rs_cn *cn, uint8_t *out, size_t cap)
{
	if (cn->level_dbov > MAX_LEVEL || cn->order > RS_CN_ORDER)
		return -EINVAL;
	if (cap < 1u + cn->order)
		return -ENOSPC;
	out[0] = cn->level_dbov;
	for (int i = 0; i < cn->order; i++) {
		if (cn->k[i] == 255)
			return -EINVAL;
		out[1 + i] = cn->k[i];
	}
	return 1 + cn->order;
}

double
rs_cn_coefficient(uint8_t n)
{
	return 258.0 * (n - 127) / 32768;
}

uint8_t
rs_cn_quantise(double k)
{
	return (uint8_t)lrint(fmin(fmax(k * 32768 / 258 + 127, 0), 254));
}

uint8_t
rs_cn_level(double dbm0)
{
	double dbov = -20 * log10(rs_g711_rms(dbm0) / 32768);

	return (uint8_t)lrint(fmin(fmax(dbov, 0), MAX_LEVEL));
}
