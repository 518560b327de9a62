/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/dist.h"

uint64_t
rs_dist_sample(const struct rs_dist *d, struct rs_rng *rng)
{
	switch ((enum rs_dist_kind)d->kind) {
	case RS_DIST_FIXED:
		return d->a_ns;
	case RS_DIST_UNIFORM:
		return d->a_ns + rs_random_below(rs_rng_next(rng), d->b_ns - d->a_ns + 1);
	default:
		return 0;
	}
}
