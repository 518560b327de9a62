/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses: of endpoints, prefixes, and in messages. */
#include "plan/plan_read.h"

const char *
rs_addr_text(const struct rs_addr *a, char buf[48])
{
	buf[rs_addr_write(a, (uint8_t *)buf)] = '\0';
	return buf;
}

int
rs_prefix_parse(const char *text, struct rs_prefix *out, const char **why)
{
	struct rs_slice s = rs_slice_str(text);
	const char *slash = strchr(text, '/');
	uint32_t bits = 0;

	if (slash)
		s.len = (size_t)(slash - text);
	if (rs_addr_parse(s, &out->addr) != 0) {
		*why = "is not an address: write \"ADDRESS/BITS\"";
		return -EINVAL;
	}
	uint32_t width = out->addr.family == 4 ? 32 : 128;
	out->bits = (uint8_t)width;
	if (!slash)
		return 0;
	size_t n = strlen(slash + 1);
	for (size_t i = 1; i <= n; i++)
		bits = slash[i] >= '0' && slash[i] <= '9' && n <= 3
			? bits * 10 + (uint32_t)(slash[i] - '0')
			: 1000;
	if (n == 0 || bits > width) {
		*why = out->addr.family == 4 ? "has no prefix length of 0 to 32"
					     : "has no prefix length of 0 to 128";
		return -EINVAL;
	}
	out->bits = (uint8_t)bits;
	return 0;
}

bool
rs_in_prefixes(const struct rs_addr *a, const struct rs_prefix *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (rs_addr_in(a, &p[i].addr, p[i].bits))
			return true;
	return false;
}

void
rs_group_address(
	const struct rs_plan_group *g, uint32_t index, struct rs_addr *addr, uint16_t *port)
{
	uint32_t k = 0, row = 0;

	if (g->kind != RS_GROUP_TRUNK) {
		k = index % g->n_addrs;
		row = index / g->n_addrs;
	}
	const struct rs_addr_range *range = g->addresses;
	while (k >= range->count) {
		k -= range->count;
		range++;
	}
	*addr = rs_addr_plus(&range->first, k);
	*port = (uint16_t)(g->sip_port + row);
}

int64_t
rs_group_find(const struct rs_plan_group *g, const struct rs_addr *addr, uint16_t port)
{
	uint32_t before = 0, n;

	if (port < g->sip_port)
		return -1;
	uint64_t row = (uint64_t)(port - g->sip_port) * g->n_addrs;
	for (uint32_t i = 0; i < g->n_addresses; i++) {
		const struct rs_addr_range *range = &g->addresses[i];

		if (rs_addr_distance(&range->first, addr, &n) == 0 && n < range->count) {
			uint64_t index = row + before + n;

			if (g->kind == RS_GROUP_TRUNK)
				return row == 0 ? 0 : -1;
			return index < g->count ? (int64_t)index : -1;
		}
		before += range->count;
	}
	return -1;
}
