/* SPDX-License-Identifier: BSD-3-Clause */
/** How plans and scenarios write distributions: names and parameters. Private to lib/plan. */
#ifndef RS_PLAN_DISTRIBUTION_H
#define RS_PLAN_DISTRIBUTION_H

#include "base/dist.h"

struct rs_distribution {
	const char *name;
	const char *params[2]; /* [1] NULL: it has one */
	bool ms[2];            /* a time in ms, so that a plan may give it a unit */
};

/** NULL-terminated: "fixed", "uniform", ... */
extern const char *const rs_distribution_names[];

/** @return the kind that @name means, RS_DIST_DEFAULT when there is none */
enum rs_dist_kind rs_distribution_find(const char *name);

/** @kind: one that rs_distribution_find gave. */
const struct rs_distribution *rs_distribution_of(enum rs_dist_kind kind);

/** Fill @out. @return NULL; or what is wrong with the parameters, for people */
const char *rs_distribution_set(enum rs_dist_kind kind, const double v[2], struct rs_dist *out);

/** The other way round, for those who print. */
void rs_distribution_get(const struct rs_dist *d, double v[2]);

#endif
