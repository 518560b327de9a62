/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a pause is: the attributes of pause and timewait. */
#include "base/text.h"
#include "plan/distribution.h"
#include "plan/scenario_int.h"

static void
fixed(struct rs_sc_take *j, double ms_value)
{
	if (ms_value < 0 || ms_value > RS_SC_MAX_MS) {
		rs_sc_error(j->c, j->n->line, "<%s>: a pause is 0 to %ld milliseconds long",
			j->n->name, RS_SC_MAX_MS);
		return;
	}
	j->s->pause = (struct rs_dist){
		.kind = RS_DIST_FIXED, .var = RS_NO_VAR, .a_ns = (uint64_t)(ms_value * 1e6)
	};
}

static void
uniform(struct rs_sc_take *j)
{
	const struct rs_sc_attr *min = rs_sc_attr(j->n, "min"), *max = rs_sc_attr(j->n, "max");
	double lo, hi;

	if (min == NULL || max == NULL) {
		rs_sc_error(j->c, j->n->line,
			"<%s>: a uniform pause needs min=\"...\" and max=\"...\"", j->n->name);
		return;
	}
	if (!rs_sc_double(j->c, j->n, min, &lo) || !rs_sc_double(j->c, j->n, max, &hi))
		return;
	if (lo < 0 || hi < lo || hi > RS_SC_MAX_MS) {
		rs_sc_error(j->c, j->n->line,
			"<%s> min=\"%.40s\" max=\"%.40s\": 0 <= min <= max milliseconds are needed",
			j->n->name, min->text, max->text);
		return;
	}
	j->s->pause = (struct rs_dist){ .kind = RS_DIST_UNIFORM,
		.var = RS_NO_VAR,
		.a_ns = (uint64_t)(lo * 1e6),
		.b_ns = (uint64_t)(hi * 1e6) };
}

/** A distribution by its parameters, SIPp's names for them. */
static void
drawn(struct rs_sc_take *j, enum rs_dist_kind kind)
{
	const struct rs_distribution *d = rs_distribution_of(kind);
	double v[2] = { 0, 0 };

	for (int i = 0; i < 2 && d->params[i]; i++) {
		const struct rs_sc_attr *a = rs_sc_attr(j->n, d->params[i]);

		if (a == NULL) {
			rs_sc_error(j->c, j->n->line,
				"<%s>: the distribution '%s' needs %s=\"...\"%s%s%s", j->n->name,
				d->name, d->params[0], d->params[1] ? " and " : "",
				d->params[1] ? d->params[1] : "", d->params[1] ? "=\"...\"" : "");
			return;
		}
		if (!rs_sc_double(j->c, j->n, a, &v[i]))
			return;
	}
	const char *why = rs_distribution_set(kind, v, &j->s->pause);
	if (why != NULL)
		rs_sc_error(j->c, j->n->line, "<%s>: the distribution '%s': %s", j->n->name,
			d->name, why);
}

static void
unknown(struct rs_sc_take *j, const char *name)
{
	size_t n = 0;

	while (rs_distribution_names[n] != NULL)
		n++;
	const char *near = rs_text_nearest(name, rs_distribution_names, n);
	if (near != NULL)
		rs_sc_error(j->c, j->n->line, "<%s> distribution=\"%.40s\": is %s meant?",
			j->n->name, name, near);
	else
		rs_sc_error(j->c, j->n->line,
			"<%s> distribution=\"%.40s\": fixed, uniform, exponential, normal, lognormal, weibull, pareto, gamma or negbin is needed",
			j->n->name, name);
}

/*
 * The distribution that the attributes describe: distribution="..." or, as older files do, an
 * attribute of its name.
 */
void
rs_sc_take_distribution(struct rs_sc_take *j)
{
	const char *name = j->a->text;
	const struct rs_sc_attr *value = rs_sc_attr(j->n, "value");
	double v;

	if (strcmp(j->a->name, "distribution") != 0)
		name = j->a->name;
	enum rs_dist_kind kind = rs_distribution_find(name);

	if (kind == RS_DIST_UNIFORM)
		uniform(j);
	else if (kind == RS_DIST_FIXED && value == NULL)
		rs_sc_error(j->c, j->n->line,
			"<%s>: a fixed pause needs value=\"milliseconds\"", j->n->name);
	else if (kind == RS_DIST_FIXED && rs_sc_double(j->c, j->n, value, &v))
		fixed(j, v);
	else if (strcmp(name, "gpareto") == 0)
		rs_sc_unsupported(j->c, j->n->line, "gpareto",
			"<%s>: the distribution 'gpareto' is not built; pareto, weibull and lognormal have long tails, too",
			j->n->name);
	else if (kind == RS_DIST_DEFAULT)
		unknown(j, name);
	else if (kind != RS_DIST_FIXED)
		drawn(j, kind);
}

void
rs_sc_take_milliseconds(struct rs_sc_take *j)
{
	long v;

	if (rs_sc_long(j->c, j->n, j->a, 0, RS_SC_MAX_MS, &v))
		fixed(j, (double)v);
}

void
rs_sc_take_pause_variable(struct rs_sc_take *j)
{
	j->s->pause = (struct rs_dist){ .kind = RS_DIST_VARIABLE,
		.var = rs_sc_var(j->c, j->n->line, j->a->value, false) };
}

/* Old spelling of a uniform pause: min and max alone. */
void
rs_sc_take_min(struct rs_sc_take *j)
{
	if (rs_sc_attr(j->n, "distribution") == NULL && rs_sc_attr(j->n, "uniform") == NULL)
		uniform(j);
}

/* A pause's length may be given once. */
void
rs_sc_check_pause(struct rs_sc *c, const struct rs_sc_node *n)
{
	static const char *const ways[] = { "milliseconds", "variable", "distribution" };
	unsigned given = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		given += rs_sc_attr(n, ways[i]) != NULL;
	if (given > 1)
		rs_sc_error(c, n->line,
			"<%s>: the length is given twice: keep one of milliseconds, variable and distribution",
			n->name);
}
