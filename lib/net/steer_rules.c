/* SPDX-License-Identifier: BSD-3-Clause */
/* The owner rule as a list of matches, for devices that match but do not take a key. */
#include "net/steer.h"

#include <errno.h>

static unsigned
addr_bytes(const struct rs_addr *a)
{
	return a->family == 6 ? 16 : 4;
}

static struct rs_addr
low_bits(uint8_t family, uint32_t v)
{
	struct rs_addr a = { .family = family };
	unsigned end = addr_bytes(&a);

	for (unsigned i = 1; i <= 4; i++, v >>= 8)
		a.b[end - i] = (uint8_t)v;
	return a;
}

static struct rs_addr
whole(uint8_t family)
{
	struct rs_addr a = { .family = family };

	memset(a.b, 0xff, addr_bytes(&a));
	return a;
}

/* Do all pairs of ports of @r, at one address, have one owner? */
static bool
one_owner(const struct rs_steer_range *r, const struct rs_addr *a, unsigned bits, uint32_t queues)
{
	uint32_t owner = rs_steer_queue(a, r->port, bits, queues);

	for (uint32_t i = 1; i < r->ports; i++)
		if (rs_steer_queue(a, (uint16_t)(r->port + i), bits, queues) != owner)
			return false;
	return true;
}

int
rs_steer_rules_listed(const struct rs_steer_range *ranges, uint32_t n, unsigned bits, uint32_t queues,
	struct rs_steer_rule *out, uint32_t cap)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rs_steer_range *r = &ranges[i];

		for (uint32_t k = 0; k < r->count; k++) {
			struct rs_addr a = rs_addr_plus(&r->first, k);
			bool one = one_owner(r, &a, bits, queues);

			/* A rule takes both ports of a pair. */
			for (uint32_t port = r->port & ~1u; port < (uint32_t)r->port + r->ports; port += 2) {
				if (used == cap)
					return -ENOSPC;
				out[used++] = (struct rs_steer_rule){
					.addr = a,
					.mask = whole(a.family),
					.port = one ? 0 : (uint16_t)port,
					.port_mask = one ? 0 : 0xfffe,
					.queue = (uint16_t)rs_steer_queue(&a, (uint16_t)port, bits, queues),
				};
				if (one)
					break;
			}
		}
	}
	return (int)used;
}

int
rs_steer_rules_masked(uint8_t family, unsigned bits, uint32_t queues, struct rs_steer_rule *out, uint32_t cap)
{
	uint32_t used = 0;

	if (queues == 0 || (queues & (queues - 1)) || queues > 1u << bits)
		return -EINVAL;
	if (queues * queues > cap)
		return -ENOSPC;
	/* The remainder is the low bits of address XOR port / 2. */
	for (uint32_t a = 0; a < queues; a++)
		for (uint32_t p = 0; p < queues; p++)
			out[used++] = (struct rs_steer_rule){
				.addr = low_bits(family, a),
				.mask = low_bits(family, queues - 1),
				.port = (uint16_t)(p << 1),
				.port_mask = (uint16_t)((queues - 1) << 1),
				.queue = (uint16_t)(a ^ p),
			};
	return (int)used;
}

static bool
matches(const struct rs_steer_rule *r, const struct rs_addr *addr, uint16_t port)
{
	if (r->addr.family != addr->family || (port & r->port_mask) != r->port)
		return false;
	for (unsigned i = 0; i < addr_bytes(addr); i++)
		if ((addr->b[i] & r->mask.b[i]) != r->addr.b[i])
			return false;
	return true;
}

int
rs_steer_rules_find(const struct rs_steer_rule *rules, uint32_t n, const struct rs_addr *addr, uint16_t port)
{
	for (uint32_t i = 0; i < n; i++)
		if (matches(&rules[i], addr, port))
			return rules[i].queue;
	return -1;
}
