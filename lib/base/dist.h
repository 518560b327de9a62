/* SPDX-License-Identifier: BSD-3-Clause */
/** Distributions of durations: how long a pause is, how long a call is held. */
#ifndef RS_BASE_DIST_H
#define RS_BASE_DIST_H

#include <stdbool.h>

#include "base/rng.h"

/** All in milliseconds, as SIPp's scenarios give them. */
enum rs_dist_kind {
	RS_DIST_DEFAULT,     /* of a pause: what the activity says (`hold`, `ring`) */
	RS_DIST_FIXED,	     /* a_ns */
	RS_DIST_UNIFORM,     /* from a_ns to b_ns, both included */
	RS_DIST_VARIABLE,    /* of a pause: the number in variable var, ms */
	RS_DIST_EXPONENTIAL, /* a: mean */
	RS_DIST_NORMAL,	     /* a: mean, b: standard deviation; below 0: 0 */
	RS_DIST_LOGNORMAL,   /* a: mean, b: standard deviation of the logarithm */
	RS_DIST_WEIBULL,     /* a: lambda (scale), b: k (shape) */
	RS_DIST_PARETO,	     /* a: k (shape), b: x_m (least value) */
	RS_DIST_GAMMA,	     /* a: k (shape), b: theta (scale) */
	RS_DIST_NEGBIN,	     /* negative binomial, a: p (probability), b: n (successes): failures before the n-th success */
	RS_DIST_KINDS
};

struct rs_dist {
	uint8_t kind; /* enum rs_dist_kind */
	int16_t var;
	uint64_t a_ns, b_ns;
	double a, b;
};

/** "exponential", ... as plans and scenarios spell it. */
const char *rs_dist_name(enum rs_dist_kind kind);

/** Are the parameters in the range where the distribution exists? @return NULL, or what is wrong, for people */
const char *rs_dist_check(const struct rs_dist *d);

/**
 * Draw a duration. DEFAULT and VARIABLE are the caller's: 0 here. Bounded work; a year at most.
 * @param rng  moved on by as many numbers as the draw took
 * @return ns
 */
uint64_t rs_dist_sample(const struct rs_dist *d, struct rs_rng *rng);

/** The distribution's mean in ns, for budgets; a year where it has none. */
uint64_t rs_dist_mean(const struct rs_dist *d);

#endif
