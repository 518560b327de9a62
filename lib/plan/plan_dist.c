/* SPDX-License-Identifier: BSD-3-Clause */
/* A duration of a plan that may be drawn: hold and ring. */
#include <math.h>

#include "plan/distribution.h"
#include "plan/plan_read.h"

struct params {
	const char *distribution;
	double value, min, max, mean, stdev, lambda, k, x_m, theta, p, n;
};

#define PARAM(param, kind, text)                                                                   \
	{                                                                                          \
		.name = #param, .type = kind, RS_FIELD(struct params, param), .meaning = text      \
	}

static const struct rs_setting dist_settings[] = {
	{ .name = "distribution",
		.type = RS_SET_STRING,
		.required = true,
		RS_FIELD(struct params, distribution),
		.meaning =
			"\"fixed\" (value), \"uniform\" (min, max), \"exponential\" (mean), \"normal\" (mean, stdev), \"lognormal\" "
			"(mean, stdev), \"weibull\" (lambda, k), \"pareto\" (k, x_m), \"gamma\" (k, theta) or \"negbin\" (p, n)." },
	PARAM(value, RS_SET_MS, "fixed: the duration."),
	PARAM(min, RS_SET_MS, "uniform: the shortest."),
	PARAM(max, RS_SET_MS, "uniform: the longest."),
	PARAM(mean, RS_SET_MS,
		"exponential, normal: the mean. lognormal: that of the natural logarithm of the milliseconds, a plain number."),
	PARAM(stdev, RS_SET_MS,
		"normal: the standard deviation; what falls below 0 is 0. lognormal: that of the logarithm, a plain number."),
	PARAM(lambda, RS_SET_MS, "weibull: the scale."),
	PARAM(k, RS_SET_FLOAT, "weibull, pareto, gamma: the shape."),
	PARAM(x_m, RS_SET_MS, "pareto: the shortest."),
	PARAM(theta, RS_SET_MS, "gamma: the scale."),
	PARAM(p, RS_SET_FLOAT, "negbin: the probability of a success."),
	PARAM(n, RS_SET_FLOAT,
		"negbin: how many successes; the failures before the last of them are the milliseconds."),
};
static const uint32_t n_dist_settings = RS_COUNT(dist_settings);
const struct rs_section rs_group_dist = {
	.name = "hold",
	.settings = dist_settings,
	.n_settings = &n_dist_settings,
	.shape = RS_SECTION_GROUP,
	.meaning =
		"A duration that is drawn anew for each call, { distribution = \"exponential\"; mean = \"90s\"; }. The parameters "
		"are those of SIPp's pauses: times are durations or numbers of milliseconds, the others plain numbers."
};

/** The parameter number @i, as set. */
static int
take(const struct rs_reader *r, const struct rs_part *p, const struct rs_distribution *d, int i,
	const struct params *all, double *out)
{
	const char *name = d->params[i];
	const struct rs_setting *s = rs_setting_find(dist_settings, n_dist_settings, name);
	const struct rs_node *n = rs_tree_get(p->node, name);

	if (!n)
		return rs_part_fail(r, p, name, -EINVAL, "is missing: \"%s\" has %s%s%s", d->name,
			d->params[0], d->params[1] ? " and " : "",
			d->params[1] ? d->params[1] : "");
	if (n->type == RS_NODE_STRING && !d->ms[i])
		return rs_part_fail(r, p, name, -EINVAL,
			"\"%.60s\" is a string, not a number: the %s of \"%s\" has no unit",
			n->text, name, d->name);
	memcpy(out, (const uint8_t *)all + s->offset, sizeof(*out));
	return 0;
}

static int
read_group(const struct rs_reader *r, const struct rs_part *p, struct rs_dist *out)
{
	struct params all = { 0 };
	double v[2] = { 0, 0 };
	char near[100];
	const char *why;
	int rc = rs_part_read(r, p, &all);

	if (rc != 0)
		return rc;
	enum rs_dist_kind kind = rs_distribution_find(all.distribution);
	if (kind == RS_DIST_DEFAULT) {
		size_t n = 0;

		while (rs_distribution_names[n])
			n++;
		rs_did_you_mean(all.distribution, rs_distribution_names, n, near, sizeof(near));
		return rs_part_fail(r, p, "distribution", -EINVAL, "unknown value \"%.60s\"%s",
			all.distribution,
			near[0] ? near
				: ": use \"fixed\", \"uniform\", \"exponential\", \"normal\", \"lognormal\", \"weibull\", "
				  "\"pareto\", \"gamma\" or \"negbin\"");
	}
	const struct rs_distribution *d = rs_distribution_of(kind);
	for (const struct rs_node *c = p->node->first; c; c = c->next)
		if (strcmp(c->name, "distribution") != 0 && strcmp(c->name, d->params[0]) != 0 &&
			!(d->params[1] && strcmp(c->name, d->params[1]) == 0))
			return rs_part_fail(r, p, c->name, -EINVAL,
				"is no parameter of \"%s\", which has %s%s%s: remove it", d->name,
				d->params[0], d->params[1] ? " and " : "",
				d->params[1] ? d->params[1] : "");
	for (int i = 0; i < 2 && d->params[i]; i++)
		if ((rc = take(r, p, d, i, &all, &v[i])) != 0)
			return rc;
	why = rs_distribution_set(kind, v, out);
	return why ? rs_part_fail(r, p, NULL, -EINVAL, "%s", why) : 0;
}

int
rs_read_dist(
	const struct rs_reader *r, const struct rs_part *p, const char *name, struct rs_dist *out)
{
	const struct rs_node *n = rs_tree_get(p->node, name);
	/* the part's name is that of the setting: two settings share the table */
	struct rs_section section = rs_group_dist;
	struct rs_part inside = { .section = &section, .index = -1, .node = n, .in = p };
	struct rs_setting duration = { .name = name,
		.type = RS_SET_DURATION,
		.offset = offsetof(struct rs_dist, a_ns),
		.size = sizeof(out->a_ns) };

	*out = (struct rs_dist){ .kind = RS_DIST_FIXED, .var = RS_NO_VAR };
	if (!n)
		return 0;
	section.name = name;
	return n->type == RS_NODE_GROUP ? read_group(r, &inside, out)
					: rs_value_read(r, p, &duration, n, out);
}
