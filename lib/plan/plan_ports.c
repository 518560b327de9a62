/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: devices, interface addresses, the workers that serve them. */
#include "plan/plan_read.h"

static int
read_mac(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_port *port)
{
	const char *text = rs_part_text(r, p, "mac");
	unsigned v[6];
	int used = 0;

	if (!text)
		return 0;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		    &used) != 6 ||
		text[used] != '\0' || used != 17)
		return rs_part_fail(r, p, "mac", -EINVAL,
			"\"%.40s\" is not an Ethernet address such as "
			"\"02:00:00:00:00:01\"",
			text);
	for (int i = 0; i < 6; i++)
		port->mac[i] = (uint8_t)v[i];
	if (port->mac[0] & 1)
		return rs_part_fail(r, p, "mac", -EINVAL,
			"\"%s\" is a group address: the first byte must be even", text);
	return 0;
}

static int
read_prefixes(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_port *port)
{
	const char *why;

	port->n_addresses = rs_part_n(p, "addresses");
	port->addresses = rs_plan_alloc(r->mem, port->n_addresses * sizeof(*port->addresses));
	if (!port->addresses)
		return -ENOMEM;
	for (uint32_t i = 0; i < port->n_addresses; i++) {
		const char *text = rs_part_string(p, "addresses", i);

		if (rs_prefix_parse(text, &port->addresses[i], &why) != 0)
			return rs_part_fail(r, p, "addresses", -EINVAL, "\"%.80s\" %s", text, why);
		if (!strchr(text, '/'))
			return rs_part_fail(r, p, "addresses", -EINVAL,
				"\"%.80s\" needs its prefix length: \"%.80s/24\"", text, text);
	}
	return 0;
}

static int
read_gateways(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_port *port)
{
	for (uint32_t i = 0; i < rs_part_n(p, "gateway"); i++) {
		const char *text = rs_part_string(p, "gateway", i);
		struct rs_addr a;

		if (rs_addr_parse(rs_slice_str(text), &a) != 0)
			return rs_part_fail(
				r, p, "gateway", -EINVAL, "\"%.80s\" is not an address", text);
		struct rs_addr *to = a.family == 4 ? &port->gateway4 : &port->gateway6;
		if (to->family != 0)
			return rs_part_fail(r, p, "gateway", -EINVAL,
				"two gateways of one family: one for IPv4, one for IPv6");
		*to = a;
		/* a link-local next hop is on the link without a prefix that says so */
		bool link_local = a.family == 6 && a.b[0] == 0xfe && (a.b[1] & 0xc0) == 0x80;
		if (!link_local && !rs_in_prefixes(&a, port->addresses, port->n_addresses))
			return rs_part_fail(r, p, "gateway", -EINVAL,
				"%s is in no prefix of the port's addresses", text);
		for (uint32_t k = 0; k < port->n_addresses; k++)
			if (rs_addr_eq(&a, &port->addresses[k].addr))
				return rs_part_fail(r, p, "gateway", -EINVAL,
					"%s is the port's own address", text);
	}
	return 0;
}

static int
read_workers(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_port *port)
{
	const struct rs_node *n = rs_tree_get(p->node, "workers");
	uint32_t n_workers = r->plan->n_workers;

	if (n && n->n > n_workers)
		return rs_part_fail(r, p, "workers", -EINVAL,
			"%u positions, but workers.cores has %u", n->n, n_workers);
	port->workers = rs_plan_alloc(r->mem, n_workers * sizeof(*port->workers));
	if (!port->workers)
		return -ENOMEM;
	if (!n) {
		for (uint32_t i = 0; i < n_workers; i++)
			port->workers[port->n_workers++] = i;
		return 0;
	}
	for (const struct rs_node *c = n->first; c; c = c->next) {
		if (c->i < 0 || c->i >= n_workers)
			return rs_part_fail(r, p, "workers", -EINVAL,
				"%lld is not a position in workers.cores: 0 to %u", (long long)c->i,
				n_workers - 1);
		for (uint32_t i = 0; i < port->n_workers; i++)
			if (port->workers[i] == (uint32_t)c->i)
				return rs_part_fail(r, p, "workers", -EINVAL,
					"position %lld stands twice", (long long)c->i);
		port->workers[port->n_workers++] = (uint32_t)c->i;
	}
	return 0;
}

static int
check_device(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_port *port)
{
	const char *d = port->device;
	size_t n = strlen(d);

	if (strncmp(d, "ring:", 5) != 0)
		return 0;
	bool ok = n >= 8 && n <= 24 && d[n - 2] == '/' && (d[n - 1] == 'a' || d[n - 1] == 'b');
	for (size_t i = 5; i + 2 < n && ok; i++)
		ok = (d[i] >= 'a' && d[i] <= 'z') || (d[i] >= 'A' && d[i] <= 'Z') ||
			(d[i] >= '0' && d[i] <= '9') || d[i] == '-' || d[i] == '_';
	if (ok)
		return 0;
	return rs_part_fail(r, p, "device", -EINVAL,
		"\"%.80s\" is no end of a ring: write \"ring:NAME/a\" and \"ring:NAME/b\"", d);
}

/** What two ports may not have in common. */
static int
check_twins(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_port *port)
{
	for (const struct rs_plan_port *o = r->plan->ports; o < port; o++) {
		char text[48];

		if (strcmp(o->name, port->name) == 0)
			return rs_part_fail(r, p, "name", -EINVAL,
				"there is another port \"%s\" (line %d)", o->name, o->line);
		if (strcmp(o->device, port->device) == 0)
			return rs_part_fail(r, p, "device", -EINVAL,
				"\"%.80s\" is already port \"%s\" (line %d)", o->device, o->name,
				o->line);
		for (uint32_t i = 0; i < o->n_addresses; i++)
			for (uint32_t k = 0; k < port->n_addresses; k++)
				if (rs_addr_eq(&o->addresses[i].addr, &port->addresses[k].addr))
					return rs_part_fail(r, p, "addresses", -EINVAL,
						"%s is also an address of port \"%s\" (line %d)",
						rs_addr_text(&port->addresses[k].addr, text),
						o->name, o->line);
	}
	return 0;
}

/** A ring needs both of its ends, and every worker something to do. */
static int
check_ports(const struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	bool served[RS_MAX_WORKERS] = { false };

	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct rs_plan_port *port = &plan->ports[i];
		size_t n = strlen(port->device);
		bool paired = strncmp(port->device, "ring:", 5) != 0;

		for (uint32_t k = 0; k < plan->n_ports && !paired; k++)
			paired = k != i && strlen(plan->ports[k].device) == n &&
				strncmp(plan->ports[k].device, port->device, n - 1) == 0;
		if (!paired) {
			struct rs_part p = rs_part_of(r, RS_SECTION_PORTS, (int)i);

			return rs_part_fail(r, &p, "device", -EINVAL,
				"\"%s\" has no other end: add a port with device = \"%.*s%c\"",
				port->device, (int)n - 1, port->device,
				port->device[n - 1] == 'a' ? 'b' : 'a');
		}
		for (uint32_t k = 0; k < port->n_workers; k++)
			served[port->workers[k]] = true;
	}
	for (uint32_t i = 0; i < plan->n_workers; i++)
		if (!served[i]) {
			struct rs_part p = rs_part_of(r, RS_SECTION_WORKERS, -1);

			return rs_part_fail(r, &p, "cores", -EINVAL,
				"the worker on core %u serves no port: add its position %u to some ports[].workers",
				plan->cores[i], i);
		}
	return 0;
}

int
rs_read_ports(struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	struct rs_part all = rs_part_of(r, RS_SECTION_PORTS, -1);
	int rc;

	if (all.node->n > RS_MAX_PORTS)
		return rs_part_fail(
			r, &all, NULL, -EINVAL, "%u ports: at most %d", all.node->n, RS_MAX_PORTS);
	plan->ports = rs_plan_alloc(r->mem, all.node->n * sizeof(*plan->ports));
	if (!plan->ports)
		return -ENOMEM;
	for (; plan->n_ports < all.node->n; plan->n_ports++) {
		struct rs_part p = rs_part_of(r, RS_SECTION_PORTS, (int)plan->n_ports);
		struct rs_plan_port *port = &plan->ports[plan->n_ports];

		port->line = p.node->line;
		if ((rc = rs_part_read(r, &p, port)) != 0 ||
			(rc = rs_part_check_name(r, &p, port->name)) != 0 ||
			(rc = check_device(r, &p, port)) != 0 ||
			(rc = read_mac(r, &p, port)) != 0 ||
			(rc = read_prefixes(r, &p, port)) != 0 ||
			(rc = read_gateways(r, &p, port)) != 0 ||
			(rc = read_workers(r, &p, port)) != 0 ||
			(rc = check_twins(r, &p, port)) != 0)
			return rc;
	}
	return check_ports(r);
}
