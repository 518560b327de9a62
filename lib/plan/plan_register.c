/* SPDX-License-Identifier: BSD-3-Clause */
/* Activities that register a group's endpoints. */
#include "plan/plan_read.h"

#define REFRESH_FROM 0.5
#define REFRESH_TO   0.9

static int
check_group(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_activity *a)
{
	const struct rs_plan_group *g = &r->plan->groups[a->from];

	if (g->kind == RS_GROUP_TRUNK)
		return rs_part_fail(r, p, "endpoints", -EINVAL,
			"group \"%s\" is a trunk, which does not register: make it phones, or remove "
			"the activity",
			g->name);
	if (!g->has_proxy)
		return rs_part_fail(r, p, "endpoints", -EINVAL,
			"group \"%s\" has no proxy: set endpoints[%u].proxy, the registrar's address",
			g->name, a->from);
	if (rs_transport_is_stream(g->transport) && g->connections == RS_CONNECTIONS_CALL)
		return rs_part_fail(r, p, "endpoints", -EINVAL,
			"group \"%s\" opens connections for calls only, and a registration needs one that stays: set "
			"endpoints[%u].connections = \"endpoint\"",
			g->name, a->from);
	for (const struct rs_plan_activity *o = r->plan->activities; o < a; o++)
		if (o->kind == RS_DO_REGISTER && o->from == a->from)
			return rs_part_fail(r, p, "endpoints", -EINVAL,
				"group \"%s\" is registered by activity \"%s\" (line %d) already",
				g->name, o->name, o->line);
	return 0;
}

static int
read_refresh(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const struct rs_node *n = rs_tree_get(p->node, "refresh");

	a->refresh_from = REFRESH_FROM;
	a->refresh_to = REFRESH_TO;
	if (!n)
		return 0;
	if (n->n != 2)
		return rs_part_fail(r, p, "refresh", -EINVAL,
			"has %u numbers: it is from and to, as in [ 0.5, 0.9 ]", n->n);
	a->refresh_from = n->first->f;
	a->refresh_to = n->first->next->f;
	if (!(a->refresh_from > 0 && a->refresh_from <= a->refresh_to && a->refresh_to < 1))
		return rs_part_fail(r, p, "refresh", -EINVAL,
			"%g to %g is no part of the expiry: 0 < from <= to < 1 is needed",
			a->refresh_from, a->refresh_to);
	return 0;
}

static int
check_rates(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	double max = r->plan->max_rate_hz;

	if (a->unregister_rate_hz == 0)
		a->unregister_rate_hz = a->rate_hz;
	if (max > 0 && a->unregister_rate_hz > max)
		return rs_part_fail(r, p, "unregister_rate", -EINVAL,
			"%g is above run.max_rate, %g: lower it, or raise run.max_rate",
			a->unregister_rate_hz, max);
	if (rs_tree_get(p->node, "unregister_rate") && !a->unregister)
		return rs_part_fail(r, p, "unregister_rate", -EINVAL,
			"is set, but unregister is false: remove one of them");
	return 0;
}

int
rs_plan_own_program(const struct rs_reader *r, struct rs_plan_activity *a, const char *name)
{
	a->program = rs_plan_alloc(r->mem, sizeof(*a->program));
	if (!a->program)
		return -ENOMEM;
	*a->program = (struct rs_program){ .name = rs_slice_str(name),
		.file = "",
		.abort_ack = -1,
		.abort_refused = -1,
		.abort_bye = -1,
		.abort_cancel = -1,
		.auto_200 = -1 };
	return 0;
}

int
rs_read_register(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	int rc;

	if ((rc = check_group(r, p, a)) != 0 || (rc = read_refresh(r, p, a)) != 0 ||
		(rc = check_rates(r, p, a)) != 0)
		return rc;
	if (a->expires_ns < 1000000000)
		return rs_part_fail(
			r, p, "expires", -EINVAL, "is below 1s, which is what SIP counts in");
	return rs_plan_own_program(r, a, "register");
}
