/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/distribution.h"

#include <string.h>

#define MAX_MS                                                                                     \
	1e15 /* what fits 64 bits of ns with room to spare; the check says what is too long */

static const struct rs_distribution distributions[RS_DIST_KINDS] = {
	[RS_DIST_FIXED] = { "fixed", { "value" }, { true } },
	[RS_DIST_UNIFORM] = { "uniform", { "min", "max" }, { true, true } },
	[RS_DIST_EXPONENTIAL] = { "exponential", { "mean" }, { true } },
	[RS_DIST_NORMAL] = { "normal", { "mean", "stdev" }, { true, true } },
	[RS_DIST_LOGNORMAL] = { "lognormal", { "mean", "stdev" }, { false, false } },
	[RS_DIST_WEIBULL] = { "weibull", { "lambda", "k" }, { true, false } },
	[RS_DIST_PARETO] = { "pareto", { "k", "x_m" }, { false, true } },
	[RS_DIST_GAMMA] = { "gamma", { "k", "theta" }, { false, true } },
	[RS_DIST_NEGBIN] = { "negbin", { "p", "n" }, { false, false } },
};

const char *const rs_distribution_names[] = { "fixed", "uniform", "exponential", "normal",
	"lognormal", "weibull", "pareto", "gamma", "negbin", NULL };

enum rs_dist_kind
rs_distribution_find(const char *name)
{
	for (int i = 0; i < RS_DIST_KINDS; i++)
		if (distributions[i].name && strcmp(distributions[i].name, name) == 0)
			return (enum rs_dist_kind)i;
	return RS_DIST_DEFAULT;
}

const struct rs_distribution *
rs_distribution_of(enum rs_dist_kind kind)
{
	return &distributions[kind];
}

const char *
rs_distribution_set(enum rs_dist_kind kind, const double v[2], struct rs_dist *out)
{
	*out = (struct rs_dist){ .kind = (uint8_t)kind, .var = -1 };
	if (kind == RS_DIST_FIXED || kind == RS_DIST_UNIFORM) {
		if (!(v[0] >= 0 && v[0] <= MAX_MS))
			return kind == RS_DIST_FIXED ? "value must be 0 ms to a year"
						     : "min must be 0 ms to a year";
		if (kind == RS_DIST_UNIFORM && !(v[1] >= 0 && v[1] <= MAX_MS))
			return "max must be 0 ms to a year";
		out->a_ns = (uint64_t)(v[0] * 1e6);
		out->b_ns = kind == RS_DIST_UNIFORM ? (uint64_t)(v[1] * 1e6) : 0;
	} else {
		out->a = v[0];
		out->b = v[1];
	}
	return rs_dist_check(out);
}

void
rs_distribution_get(const struct rs_dist *d, double v[2])
{
	bool in_ns = d->kind == RS_DIST_FIXED || d->kind == RS_DIST_UNIFORM;

	v[0] = in_ns ? (double)d->a_ns / 1e6 : d->a;
	v[1] = in_ns ? (double)d->b_ns / 1e6 : d->b;
}
