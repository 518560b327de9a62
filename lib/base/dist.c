/* SPDX-License-Identifier: BSD-3-Clause */
/* Drawing durations. Every loop is bounded: a draw happens on a worker, between packets. */
#include "base/dist.h"

#include <math.h>
#include <stddef.h>

#define YEAR_NS (365ull * 24 * 3600 * 1000000000ull)
#define YEAR_MS ((double)YEAR_NS / 1e6)
#define ATTEMPTS                                                                                   \
	64 /* of a rejection that accepts 3 of 4 at the worst: one draw in 10^38 runs out */

const char *
rs_dist_name(enum rs_dist_kind kind)
{
	static const char *const names[RS_DIST_KINDS] = {
		[RS_DIST_DEFAULT] = "default",
		[RS_DIST_FIXED] = "fixed",
		[RS_DIST_UNIFORM] = "uniform",
		[RS_DIST_VARIABLE] = "variable",
		[RS_DIST_EXPONENTIAL] = "exponential",
		[RS_DIST_NORMAL] = "normal",
		[RS_DIST_LOGNORMAL] = "lognormal",
		[RS_DIST_WEIBULL] = "weibull",
		[RS_DIST_PARETO] = "pareto",
		[RS_DIST_GAMMA] = "gamma",
		[RS_DIST_NEGBIN] = "negbin",
	};

	return kind < RS_DIST_KINDS ? names[kind] : "unknown";
}

/** A size in ms: positive, a year at most. */
static bool
is_size(double ms)
{
	return ms > 0 && ms <= YEAR_MS;
}

/** A shape: positive, and not so large or small that the arithmetic ends. */
static bool
is_shape(double v)
{
	return v >= 1e-3 && v <= 1e9;
}

const char *
rs_dist_check(const struct rs_dist *d)
{
	switch ((enum rs_dist_kind)d->kind) {
	case RS_DIST_DEFAULT:
	case RS_DIST_VARIABLE: return NULL;
	case RS_DIST_FIXED: return d->a_ns > YEAR_NS ? "value must be a year at most" : NULL;
	case RS_DIST_UNIFORM:
		if (d->a_ns > d->b_ns)
			return "min must not be above max";
		return d->b_ns > YEAR_NS ? "max must be a year at most" : NULL;
	case RS_DIST_EXPONENTIAL:
		return is_size(d->a) ? NULL : "mean must be above 0, and a year at most";
	case RS_DIST_NORMAL:
		if (!(d->a >= 0 && d->a <= YEAR_MS))
			return "mean must not be below 0 or above a year";
		return d->b >= 0 && d->b <= YEAR_MS ? NULL
						    : "stdev must not be below 0 or above a year";
	case RS_DIST_LOGNORMAL:
		/* e^24.2 ms is a year: a mean beyond it is one of the duration, not of its logarithm */
		if (!(d->a >= -30 && d->a <= 24.2))
			return "mean is that of the logarithm of the milliseconds: -30 to 24.2, as in 11.4 for 90 s";
		return d->b >= 0 && d->b <= 30
			? NULL
			: "stdev is that of the logarithm of the milliseconds: 0 to 30, as in 0.5";
	case RS_DIST_WEIBULL:
		if (!is_size(d->a))
			return "lambda must be above 0, and a year at most";
		return is_shape(d->b) ? NULL : "k must be 0.001 to 1000000000";
	case RS_DIST_PARETO:
		if (!is_shape(d->a))
			return "k must be 0.001 to 1000000000";
		return is_size(d->b) ? NULL : "x_m must be above 0, and a year at most";
	case RS_DIST_GAMMA:
		if (!is_shape(d->a))
			return "k must be 0.001 to 1000000000";
		return is_size(d->b) ? NULL : "theta must be above 0, and a year at most";
	case RS_DIST_NEGBIN:
		if (!(d->a >= 1e-9 && d->a <= 1))
			return "p is a probability: above 0, and 1 at most";
		return is_shape(d->b) ? NULL : "n must be 0.001 to 1000000000";
	case RS_DIST_KINDS: break;
	}
	return "there is no such distribution";
}

/** (0, 1): a logarithm of it is finite. */
static double
open_unit(struct rs_rng *rng)
{
	return ((double)(rs_rng_next(rng) >> 12) + 0.5) * 0x1p-52;
}

/** Mean 0, standard deviation 1 (Box and Muller: no rejection, two numbers). */
static double
standard_normal(struct rs_rng *rng)
{
	double radius = sqrt(-2 * log(open_unit(rng)));

	return radius * cos(2 * M_PI * open_unit(rng));
}

/** Gamma of scale 1 (Marsaglia and Tsang 2000), at least 95 of 100 attempts succeed. */
static double
standard_gamma(double k, struct rs_rng *rng)
{
	double boost = 1, d, c, x, v, u;

	if (k < 1) { /* their section 6: from the next shape */
		boost = pow(open_unit(rng), 1 / k);
		k += 1;
	}
	d = k - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (int i = 0; i < ATTEMPTS; i++) {
		x = standard_normal(rng);
		v = 1 + c * x;
		if (v <= 0)
			continue;
		v = v * v * v;
		u = open_unit(rng);
		if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
			return boost * d * v;
	}
	return boost * d;
}

static double
log_factorial(double k)
{
	int sign; /* not lgamma: that writes a global */

	return lgamma_r(k + 1, &sign);
}

/** Transformed rejection (Hoermann 1993, PTRS), for means of 10 and more; 3 of 4 attempts succeed and more. */
static double
poisson_large(double mean, struct rs_rng *rng)
{
	double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
	double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), accept = 0.9277 - 3.6224 / (b - 2);
	double log_mean = log(mean);

	for (int i = 0; i < ATTEMPTS; i++) {
		double u = open_unit(rng) - 0.5, v = open_unit(rng), edge = 0.5 - fabs(u);
		double k = floor((2 * a / edge + b) * u + mean + 0.43);

		if (edge >= 0.07 && v <= accept)
			return k;
		if (k < 0 || (edge < 0.013 && v > edge))
			continue;
		if (log(v * inverse_alpha / (a / (edge * edge) + b)) <=
			k * log_mean - mean - log_factorial(k))
			return k;
	}
	return floor(mean);
}

static double
poisson(double mean, struct rs_rng *rng)
{
	double u, term, sum, k;

	if (mean >
		1e8) /* a step of 1 is nothing beside the spread, and log_factorial has no digits left */
		return fmax(0, floor(mean + sqrt(mean) * standard_normal(rng) + 0.5));
	if (mean >= 10)
		return poisson_large(mean, rng);
	/* by the distribution function: beyond 100 its terms are below the resolution of u */
	u = open_unit(rng);
	term = sum = exp(-mean);
	for (k = 0; u > sum && k < 100; k++) {
		term *= mean / (k + 1);
		sum += term;
	}
	return k;
}

static uint64_t
ns_of(double ms)
{
	if (!(ms > 0))
		return 0;
	return ms >= YEAR_MS ? YEAR_NS : (uint64_t)(ms * 1e6);
}

uint64_t
rs_dist_sample(const struct rs_dist *d, struct rs_rng *rng)
{
	switch ((enum rs_dist_kind)d->kind) {
	case RS_DIST_DEFAULT:
	case RS_DIST_VARIABLE:
	case RS_DIST_KINDS: break;
	case RS_DIST_FIXED: return d->a_ns;
	case RS_DIST_UNIFORM:
		return d->a_ns + rs_random_below(rs_rng_next(rng), d->b_ns - d->a_ns + 1);
	case RS_DIST_EXPONENTIAL: return ns_of(-d->a * log(open_unit(rng)));
	case RS_DIST_NORMAL: return ns_of(d->a + d->b * standard_normal(rng));
	case RS_DIST_LOGNORMAL: return ns_of(exp(d->a + d->b * standard_normal(rng)));
	case RS_DIST_WEIBULL: return ns_of(d->a * pow(-log(open_unit(rng)), 1 / d->b));
	case RS_DIST_PARETO: return ns_of(d->b * pow(open_unit(rng), -1 / d->a));
	case RS_DIST_GAMMA: return ns_of(d->b * standard_gamma(d->a, rng));
	case RS_DIST_NEGBIN: /* a Poisson whose mean is a gamma */
		return ns_of(poisson(standard_gamma(d->b, rng) * (1 - d->a) / d->a, rng));
	}
	return 0;
}

/** Of a normal distribution whose part below 0 is taken as 0. */
static double
folded_normal_mean(double mean, double stdev)
{
	double z = stdev > 0 ? mean / stdev : INFINITY;

	if (z > 40)
		return mean;
	return mean * 0.5 * erfc(-z / M_SQRT2) + stdev * exp(-z * z / 2) / sqrt(2 * M_PI);
}

uint64_t
rs_dist_mean(const struct rs_dist *d)
{
	switch ((enum rs_dist_kind)d->kind) {
	case RS_DIST_DEFAULT:
	case RS_DIST_VARIABLE:
	case RS_DIST_KINDS: break;
	case RS_DIST_FIXED: return d->a_ns;
	case RS_DIST_UNIFORM: return d->a_ns + (d->b_ns - d->a_ns) / 2;
	case RS_DIST_EXPONENTIAL: return ns_of(d->a);
	case RS_DIST_NORMAL: return ns_of(folded_normal_mean(d->a, d->b));
	case RS_DIST_LOGNORMAL: return ns_of(exp(d->a + d->b * d->b / 2));
	case RS_DIST_WEIBULL: return ns_of(d->a * tgamma(1 + 1 / d->b));
	case RS_DIST_PARETO: return d->a > 1 ? ns_of(d->a / (d->a - 1) * d->b) : YEAR_NS;
	case RS_DIST_GAMMA: return ns_of(d->a * d->b);
	case RS_DIST_NEGBIN: return ns_of(d->b * (1 - d->a) / d->a);
	}
	return 0;
}
