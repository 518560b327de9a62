/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of a rate over time: ramps, steps and spikes of a plan, made into stretches. */
#include "plan/plan_read.h"

#define MAX_PIECES  256
#define MAX_RATE    100000000
#define AFTER_SPIKE 1000000 /* ns; a spike at the end: what it goes back to holds on */

struct piece {
	double to, rate, spike;
	uint64_t time_ns;
};

static const struct rs_setting shape_settings[] = {
	{ .name = "to",
		.type = RS_SET_FLOAT,
		.max = MAX_RATE,
		.unit = "calls/s",
		RS_FIELD(struct piece, to),
		.meaning = "A ramp: linearly from the rate before to this one." },
	{ .name = "rate",
		.type = RS_SET_FLOAT,
		.max = MAX_RATE,
		.unit = "calls/s",
		RS_FIELD(struct piece, rate),
		.meaning = "A step: this rate from here on." },
	{ .name = "spike",
		.type = RS_SET_FLOAT,
		.max = MAX_RATE,
		.unit = "calls/s",
		RS_FIELD(struct piece, spike),
		.meaning = "A spike: this rate for the time, then back to the one before." },
	{ .name = "time",
		.type = RS_SET_DURATION,
		.required = true,
		RS_FIELD(struct piece, time_ns),
		.meaning = "How long the ramp, step or spike takes." },
};
static const uint32_t n_shape_settings = RS_COUNT(shape_settings);
const struct rs_section rs_group_shape = { .name = "shape",
	.settings = shape_settings,
	.n_settings = &n_shape_settings,
	.shape = RS_SECTION_LIST,
	.meaning =
		"The rate over time, ( { to = 300; time = \"60s\"; }, { rate = 300; time = \"300s\"; }, { spike = 900; time = "
		"\"5s\"; } ), beginning at rate (default 0). Each group is a ramp, a step or a spike: it has time and one of the "
		"others. The last rate holds on; an activity whose last rate is 0 has an end." };

static int
read_piece(const struct rs_reader *r, const struct rs_part *p, struct piece *out)
{
	static const char *const kinds[] = { "to", "rate", "spike" };
	const char *have = NULL;
	int rc;

	*out = (struct piece){ 0 };
	if (!p->node || p->node->type != RS_NODE_GROUP)
		return rs_part_fail(r, p, NULL, -EINVAL, "is %s, not a group { }",
			p->node ? rs_tree_type_name(p->node) : "nothing");
	if ((rc = rs_part_read(r, p, out)) != 0)
		return rc;
	for (size_t i = 0; i < RS_COUNT(kinds); i++) {
		if (!rs_tree_get(p->node, kinds[i]))
			continue;
		if (have)
			return rs_part_fail(r, p, kinds[i], -EINVAL,
				"stands beside %s: a ramp (to), a step (rate) and a spike are groups of their own",
				have);
		have = kinds[i];
	}
	if (!have)
		return rs_part_fail(r, p, NULL, -EINVAL,
			"has no rate: add to (a ramp), rate (a step) or spike");
	if (out->time_ns == 0)
		return rs_part_fail(r, p, "time", -EINVAL, "is 0: how long does it take?");
	return 0;
}

static int
check_rate(const struct rs_reader *r, const struct rs_part *p, const char *setting, double rate)
{
	double max = r->plan->max_rate_hz;

	if (max > 0 && rate > max)
		return rs_part_fail(r, p, setting, -EINVAL,
			"%g is above run.max_rate, %g: lower it, or raise run.max_rate", rate, max);
	return 0;
}

static void
append(struct rs_plan_activity *a, uint64_t length_ns, double from, double to)
{
	uint64_t begin = a->n_shape > 0 ? a->shape[a->n_shape - 1].end_ns : 0;

	a->shape[a->n_shape++] = (struct rs_stretch){ begin, begin + length_ns, from, to };
}

int
rs_read_shape(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	static const struct rs_setting list = { .name = "shape", .group = &rs_group_shape };
	const struct rs_node *node = rs_tree_get(p->node, "shape");
	double now = a->rate_hz, most = a->rate_hz;
	bool spiked = false;
	int rc;

	if (node->n == 0 || node->n > MAX_PIECES)
		return rs_part_fail(
			r, p, "shape", -EINVAL, "has %u groups: 1 to %d", node->n, MAX_PIECES);
	a->shape = rs_plan_alloc(r->mem, (node->n + 1) * sizeof(*a->shape));
	if (!a->shape)
		return -ENOMEM;
	for (uint32_t i = 0; i < node->n; i++) {
		struct rs_part inside = rs_part_inside(p, &list, (int)i);
		struct piece piece;

		if ((rc = read_piece(r, &inside, &piece)) != 0)
			return rc;
		bool ramp = rs_tree_get(inside.node, "to") != NULL;
		double rate = piece.to + piece.rate + piece.spike; /* the others are 0 */
		spiked = rs_tree_get(inside.node, "spike") != NULL;
		if ((rc = check_rate(r, &inside,
			     ramp             ? "to"
				     : spiked ? "spike"
					      : "rate",
			     rate)) != 0)
			return rc;
		append(a, piece.time_ns, ramp ? now : rate, rate);
		now = spiked ? now : rate;
		most = rate > most ? rate : most;
	}
	if (spiked)
		append(a, AFTER_SPIKE, now, now);
	if (!(most > 0))
		return rs_part_fail(
			r, p, "shape", -EINVAL, "is 0 all the time: no call would be placed");
	return 0;
}
