/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of endpoints. */
#include "plan/plan_read.h"

#define MAX_DOMAIN    253 /* RFC 1035, 2.3.4, as text */
#define MAX_GROUPS    256
#define MAX_ENDPOINTS 4000000 /* of all groups; each takes memory in every worker */

static int
read_range(const struct rs_reader *r, const struct rs_part *p, const char *text,
	struct rs_addr_range *range)
{
	const char *dash = strchr(text, '-'), *slash = strchr(text, '/');
	struct rs_slice first = rs_slice_str(text), last;
	struct rs_addr end;
	uint32_t n = 0;

	if (slash)
		return rs_part_fail(r, p, "addresses", -EINVAL,
			"\"%.80s\" is a prefix: write a range \"FIRST-LAST\"", text);
	if (dash)
		first.len = (size_t)(dash - text);
	last = dash ? rs_slice_trim(rs_slice_str(dash + 1)) : first;
	first = rs_slice_trim(first);
	if (rs_addr_parse(first, &range->first) != 0 || rs_addr_parse(last, &end) != 0)
		return rs_part_fail(r, p, "addresses", -EINVAL,
			"\"%.100s\" is not an address or a range \"FIRST-LAST\"", text);
	if (range->first.family != end.family)
		return rs_part_fail(r, p, "addresses", -EINVAL,
			"\"%.100s\" begins in one address family and ends in the other", text);
	if (rs_addr_distance(&range->first, &end, &n) != 0)
		return rs_part_fail(r, p, "addresses", -EINVAL,
			"\"%.100s\" ends before it begins, or is too long", text);
	if (n >= 1u << 24)
		return rs_part_fail(r, p, "addresses", -EINVAL,
			"\"%.100s\" has more than 16777216 addresses", text);
	range->count = n + 1;
	return 0;
}

static bool
ranges_overlap(const struct rs_addr_range *a, const struct rs_addr_range *b)
{
	uint32_t n;

	return (rs_addr_distance(&a->first, &b->first, &n) == 0 && n < a->count) ||
		(rs_addr_distance(&b->first, &a->first, &n) == 0 && n < b->count);
}

static int
read_addresses(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	uint32_t n = rs_part_n(p, "addresses");
	int rc;

	g->addresses = rs_plan_alloc(r->mem, n * sizeof(*g->addresses));
	if (!g->addresses)
		return -ENOMEM;
	for (; g->n_addresses < n; g->n_addresses++) {
		struct rs_addr_range *range = &g->addresses[g->n_addresses];
		const char *text = rs_part_string(p, "addresses", g->n_addresses);

		if ((rc = read_range(r, p, text, range)) != 0)
			return rc;
		if (range->first.family != g->addresses[0].first.family)
			return rs_part_fail(r, p, "addresses", -EINVAL,
				"mixes IPv4 and IPv6: make two groups of it");
		for (uint32_t i = 0; i < g->n_addresses; i++)
			if (ranges_overlap(range, &g->addresses[i]))
				return rs_part_fail(r, p, "addresses", -EINVAL,
					"\"%.100s\" overlaps \"%.100s\"", text,
					rs_part_string(p, "addresses", i));
		if (g->n_addrs + range->count > 1u << 24)
			return rs_part_fail(
				r, p, "addresses", -EINVAL, "more than 16777216 addresses in all");
		g->n_addrs += range->count;
	}
	return 0;
}

/** Endpoints' addresses lie on the port's link, or the port is told that they are routed. */
static int
check_on_port(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	const struct rs_plan_port *port = &r->plan->ports[g->port];
	char a[48];

	for (uint32_t i = 0; i < g->n_addresses; i++) {
		const struct rs_addr_range *range = &g->addresses[i];
		struct rs_addr last = rs_addr_plus(&range->first, range->count - 1);
		bool inside = false;
		uint32_t n;

		for (uint32_t k = 0; k < port->n_addresses && !inside; k++)
			inside = rs_addr_in(&range->first, &port->addresses[k].addr,
					 port->addresses[k].bits) &&
				rs_addr_in(
					&last, &port->addresses[k].addr, port->addresses[k].bits);
		if (!inside && !port->routed)
			return rs_part_fail(r, p, "addresses", -EINVAL,
				"\"%.100s\" is not inside a prefix of port \"%s\": widen "
				"ports[%u].addresses, or set ports[%u].routed = true if the SUT has a route",
				rs_part_string(p, "addresses", i), port->name, g->port, g->port);
		const struct rs_addr *gw =
			range->first.family == 4 ? &port->gateway4 : &port->gateway6;
		if (rs_addr_distance(&range->first, gw, &n) == 0 && n < range->count)
			return rs_part_fail(r, p, "addresses", -EINVAL,
				"\"%.100s\" contains %s, the gateway of port \"%s\"",
				rs_part_string(p, "addresses", i), rs_addr_text(gw, a), port->name);
	}
	return 0;
}

static int
check_sizes(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_group *g)
{
	if (g->kind == RS_GROUP_TRUNK) {
		if (g->n_addrs > 1)
			return rs_part_fail(r, p, "addresses", -EINVAL,
				"a trunk has one address, not %u: make it phones, or a "
				"trunk for each",
				g->n_addrs);
		return 0;
	}
	uint32_t last = g->sip_port + (g->count - 1) / g->n_addrs;
	if (last > UINT16_MAX)
		return rs_part_fail(r, p, "count", -EINVAL,
			"%u endpoints on %u addresses need SIP ports %u to %u: at most 65535; "
			"add addresses",
			g->count, g->n_addrs, g->sip_port, last);
	return 0;
}

static int
read_user(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g)
{
	const char *text = rs_part_text(r, p, "user"), *why;

	if (!text)
		return -ENOMEM;
	if (rs_pattern_parse(text, &g->user, &why) != 0)
		return rs_part_fail(r, p, "user", -EINVAL, "\"%.100s\" %s", text, why);
	if (g->domain && strlen(g->domain) > MAX_DOMAIN)
		return rs_part_fail(r, p, "domain", -EINVAL,
			"\"%.100s...\" is longer than a host name can be: at most %d bytes",
			g->domain, MAX_DOMAIN);
	for (const char *c = g->domain; c && *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			    (*c >= '0' && *c <= '9') || strchr("[]:.-_", *c)))
			return rs_part_fail(r, p, "domain", -EINVAL,
				"\"%.100s\" is not a host name", g->domain);
	return 0;
}

static int
find_port(const struct rs_reader *r, const struct rs_part *p, uint32_t *out)
{
	const char *name = rs_part_text(r, p, "port"), *names[RS_MAX_PORTS];
	char near[100];

	for (uint32_t i = 0; i < r->plan->n_ports; i++) {
		names[i] = r->plan->ports[i].name;
		if (strcmp(names[i], name) == 0) {
			*out = i;
			return 0;
		}
	}
	return rs_part_fail(r, p, "port", -EINVAL, "there is no port \"%.60s\"%s", name,
		rs_did_you_mean(name, names, r->plan->n_ports, near, sizeof(near)));
}

int
rs_read_endpoints(struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	struct rs_part all = rs_part_of(r, RS_SECTION_ENDPOINTS, -1);
	uint64_t endpoints = 0;
	int rc;

	if (all.node->n > MAX_GROUPS)
		return rs_part_fail(
			r, &all, NULL, -EINVAL, "%u groups: at most %d", all.node->n, MAX_GROUPS);
	plan->groups = rs_plan_alloc(r->mem, all.node->n * sizeof(*plan->groups));
	if (!plan->groups)
		return -ENOMEM;
	while (plan->n_groups < all.node->n) {
		struct rs_part p = rs_part_of(r, RS_SECTION_ENDPOINTS, (int)plan->n_groups);
		/* counted first: what a failing one has loaded so far is freed with the plan */
		struct rs_plan_group *g = &plan->groups[plan->n_groups++];

		g->line = p.node->line;
		if ((rc = rs_part_read(r, &p, g)) != 0 ||
			(rc = rs_part_check_name(r, &p, g->name)) != 0)
			return rc;
		for (const struct rs_plan_group *o = plan->groups; o < g; o++)
			if (strcmp(o->name, g->name) == 0)
				return rs_part_fail(r, &p, "name", -EINVAL,
					"there is another group \"%s\" (line %d)", o->name,
					o->line);
		if ((rc = find_port(r, &p, &g->port)) != 0 ||
			(rc = read_addresses(r, &p, g)) != 0 ||
			(rc = check_on_port(r, &p, g)) != 0 || (rc = check_sizes(r, &p, g)) != 0 ||
			(rc = rs_read_transport(r, &p, g)) != 0 || (rc = read_user(r, &p, g)) != 0 ||
			(rc = rs_read_agent(r, &p, g)) != 0 ||
			(rc = rs_read_group_media(r, &p, g)) != 0 ||
			(rc = rs_read_group_tls(r, &p, g)) != 0)
			return rc;
		endpoints += g->count;
		if (endpoints > MAX_ENDPOINTS)
			return rs_part_fail(r, &p, "count", -EINVAL,
				"%llu endpoints in all groups so far: at most %d",
				(unsigned long long)endpoints, MAX_ENDPOINTS);
	}
	return rs_check_overlaps(r);
}
