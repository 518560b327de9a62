/* SPDX-License-Identifier: BSD-3-Clause */
/* Destinations: allowed by targets, and reachable from the port that the packets leave by. */
#include "plan/plan_read.h"

static bool
is_ring(const struct rs_plan_port *port)
{
	return strncmp(port->device, "ring:", 5) == 0;
}

/** Is @b the other end of @a? */
static bool
is_pair(const struct rs_plan_port *a, const struct rs_plan_port *b)
{
	size_t n = strlen(a->device);

	return a != b && is_ring(a) && strlen(b->device) == n &&
		strncmp(a->device, b->device, n - 1) == 0;
}

/** Does a range lie inside one of the targets? */
static bool
range_allowed(const struct rs_plan *plan, const struct rs_addr *first, uint32_t count)
{
	struct rs_addr last = rs_addr_plus(first, count - 1);

	for (uint32_t i = 0; i < plan->n_targets; i++)
		if (rs_addr_in(first, &plan->targets[i].addr, plan->targets[i].bits) &&
			rs_addr_in(&last, &plan->targets[i].addr, plan->targets[i].bits))
			return true;
	return false;
}

/** On the link of @port, or behind its gateway? */
static bool
reachable(const struct rs_plan_port *port, const struct rs_addr *a)
{
	return (a->family == 4 ? port->gateway4 : port->gateway6).family != 0 ||
		rs_in_prefixes(a, port->addresses, port->n_addresses);
}

static int
check_destination(const struct rs_reader *r, const struct rs_part *p, const char *setting,
	const struct rs_plan_group *from, const struct rs_addr *a)
{
	const struct rs_plan_port *port = &r->plan->ports[from->port];
	char text[48];

	rs_addr_text(a, text);
	if (!range_allowed(r->plan, a, 1))
		return rs_part_fail(r, p, setting, -EINVAL,
			"%s is not inside targets: add \"%s/%d\" to targets if it is the system "
			"under test",
			text, text, a->family == 4 ? 32 : 128);
	if (!reachable(port, a))
		return rs_part_fail(r, p, setting, -EINVAL,
			"%s is in no prefix of port \"%s\", and the port has no IPv%d gateway: set "
			"ports[%u].gateway",
			text, port->name, a->family, from->port);
	return 0;
}

/** Calls that go to the picked endpoint's own address. */
static int
check_to_group(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *from,
	const struct rs_plan_group *to)
{
	const struct rs_plan_port *a = &r->plan->ports[from->port], *b = &r->plan->ports[to->port];
	char text[48], end[48];

	for (uint32_t i = 0; i < to->n_addresses; i++) {
		const struct rs_addr_range *range = &to->addresses[i];
		struct rs_addr last = rs_addr_plus(&range->first, range->count - 1);

		rs_addr_text(&range->first, text);
		rs_addr_text(&last, end);
		if (!range_allowed(r->plan, &range->first, range->count))
			return rs_part_fail(r, p, "to", -EINVAL,
				"the addresses of group \"%s\" (%s to %s) are not inside one of targets: "
				"add a prefix that holds them, or give group \"%s\" a proxy",
				to->name, text, end, from->name);
		if (!reachable(a, &range->first) || !reachable(a, &last))
			return rs_part_fail(r, p, "to", -EINVAL,
				"%s of group \"%s\" is in no prefix of port \"%s\", and the port has no "
				"IPv%d gateway: set ports[%u].gateway",
				reachable(a, &range->first) ? end : text, to->name, a->name,
				range->first.family, from->port);
	}
	if ((is_ring(a) || is_ring(b)) && !is_pair(a, b))
		return rs_part_fail(r, p, "to", -EINVAL,
			"group \"%s\" is on port \"%s\" (%.60s), which no packet of port \"%s\" (%.60s) "
			"can reach: the groups must be on the two ends of one ring",
			to->name, b->name, b->device, a->name, a->device);
	return 0;
}

int
rs_check_routes(const struct rs_reader *r)
{
	const struct rs_plan *plan = r->plan;
	int rc;

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];
		struct rs_part p = rs_part_of(r, RS_SECTION_ENDPOINTS, (int)i);

		if (g->has_proxy && (rc = check_destination(r, &p, "proxy", g, &g->proxy)) != 0)
			return rc;
	}
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		const struct rs_plan_group *from = &plan->groups[a->from];
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);

		if (!rs_activity_places(a->kind) ||
			from->has_proxy) /* the next hop is the proxy, checked above */
			continue;
		rc = a->to_group < 0 ? check_destination(r, &p, "to", from, &a->to_addr)
				     : check_to_group(r, &p, from, &plan->groups[a->to_group]);
		if (rc != 0)
			return rc;
	}
	return 0;
}
