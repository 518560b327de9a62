/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No address and SIP port belongs to two endpoints of one port. A group's pairs are rectangles:
 * full rows of SIP ports over all
 * addresses, and a last row over the first few. Two groups overlap where two of their rectangles
 * do. Nor is a SIP port among those that media may have at the same address.
 */
#include "plan/plan_read.h"

struct rect {
	struct rs_addr first;
	uint32_t count;
	uint32_t port_low, port_high; /* both inside */
};

/**
 * Rectangle number @i of range @k of @g: 0 the full rows, 1 the last one. @return false when it is
 * empty
 */
static bool
rect_of(const struct rs_plan_group *g, uint32_t k, uint32_t i, struct rect *out)
{
	uint32_t count = g->kind == RS_GROUP_TRUNK ? 1 : g->count;
	uint32_t rows = count / g->n_addrs, rest = count % g->n_addrs, before = 0;
	const struct rs_addr_range *range = &g->addresses[k];

	for (uint32_t j = 0; j < k; j++)
		before += g->addresses[j].count;
	out->first = range->first;
	out->count = range->count;
	out->port_low = g->sip_port + (i == 0 ? 0 : rows);
	out->port_high = i == 0 ? g->sip_port + rows - 1 : out->port_low;
	if (i == 0)
		return rows > 0;
	if (rest <= before)
		return false;
	if (out->count > rest - before)
		out->count = rest - before;
	return true;
}

static bool
rects_overlap(const struct rect *a, const struct rect *b, struct rs_addr *where, uint32_t *port)
{
	uint32_t n;

	if (a->port_high < b->port_low || b->port_high < a->port_low)
		return false;
	*port = a->port_low > b->port_low ? a->port_low : b->port_low;
	if (rs_addr_distance(&a->first, &b->first, &n) == 0 && n < a->count) {
		*where = b->first;
		return true;
	}
	if (rs_addr_distance(&b->first, &a->first, &n) == 0 && n < b->count) {
		*where = a->first;
		return true;
	}
	return false;
}

static bool
groups_overlap(const struct rs_plan_group *a, const struct rs_plan_group *b, struct rs_addr *where,
	uint32_t *port)
{
	for (uint32_t ka = 0; ka < 2 * a->n_addresses; ka++)
		for (uint32_t kb = 0; kb < 2 * b->n_addresses; kb++) {
			struct rect ra, rb;

			if (rect_of(a, ka / 2, ka % 2, &ra) && rect_of(b, kb / 2, kb % 2, &rb) &&
				rects_overlap(&ra, &rb, where, port))
				return true;
		}
	return false;
}

/** Does a SIP port of @sip lie among the media ports of @media, at an address of both? */
static bool
media_overlaps(const struct rs_plan_group *media, const struct rs_plan_group *sip,
	struct rs_addr *where, uint32_t *port)
{
	for (uint32_t km = 0; km < media->n_addresses && media->media >= 0; km++)
		for (uint32_t ks = 0; ks < 2 * sip->n_addresses; ks++) {
			struct rect rm = { .first = media->addresses[km].first,
				.count = media->addresses[km].count,
				.port_low = media->rtp_first,
				.port_high = media->rtp_last };
			struct rect rs;

			if (rect_of(sip, ks / 2, ks % 2, &rs) &&
				rects_overlap(&rm, &rs, where, port))
				return true;
		}
	return false;
}

static int
check_media(const struct rs_reader *r, uint32_t i, uint32_t k)
{
	const struct rs_plan_group *g = &r->plan->groups[i], *o = &r->plan->groups[k];
	struct rs_part p = rs_part_of(r, RS_SECTION_ENDPOINTS, (int)i);
	struct rs_addr where;
	uint32_t port;
	char text[48];

	if (i == k || g->port != o->port || !media_overlaps(g, o, &where, &port))
		return 0;
	return rs_part_fail(r, &p, "rtp_ports", -EINVAL,
		"%u at %s is a SIP port of group \"%s\" (line %d): set another range", port,
		rs_addr_text(&where, text), o->name, o->line);
}

int
rs_check_overlaps(const struct rs_reader *r)
{
	const struct rs_plan *plan = r->plan;

	for (uint32_t i = 0; i < plan->n_groups; i++)
		for (uint32_t k = 0; k < i; k++) {
			const struct rs_plan_group *a = &plan->groups[k], *b = &plan->groups[i];
			struct rs_addr where;
			uint32_t port;
			char text[48];

			if (a->port != b->port || !groups_overlap(a, b, &where, &port))
				continue;
			struct rs_part p = rs_part_of(r, RS_SECTION_ENDPOINTS, (int)i);
			return rs_part_fail(r, &p, "addresses", -EINVAL,
				"%s with SIP port %u belongs to group \"%s\" (line %d) as well: "
				"use other addresses or another sip_port",
				rs_addr_text(&where, text), port, a->name, a->line);
		}
	for (uint32_t i = 0; i < plan->n_groups; i++)
		for (uint32_t k = 0; k < plan->n_groups; k++)
			if (check_media(r, i, k) != 0)
				return -EINVAL;
	return 0;
}
