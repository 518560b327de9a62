/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/media_ports.h"

#include <errno.h>

#include "base/steer.h"

#define LEAST_PAIRS 64 /* at each address, however many there are */
#define TAKEN	    UINT32_MAX /* stands in `next` of a pair that is given out */

void
media_ports_range(const struct rs_plan *plan, uint32_t group, uint16_t *low, uint16_t *high)
{
	*low = (uint16_t)((plan->groups[group].rtp_first + 1) & ~1);
	*high = (uint16_t)((plan->groups[group].rtp_last - 1) | 1);
}

/* How far @addr is behind @first: modulo 2^64, and UINT64_MAX for another family or another upper half. */
static inline uint64_t
distance(const struct rs_addr *first, const struct rs_addr *addr)
{
	uint64_t a, b;

	if (first->family != addr->family)
		return UINT64_MAX;
	if (first->family == 4)
		return (uint64_t)rs_steer_low(addr) - rs_steer_low(first);
	memcpy(&a, first->b, 8);
	memcpy(&b, addr->b, 8);
	if (a != b)
		return UINT64_MAX;
	memcpy(&a, first->b + 8, 8);
	memcpy(&b, addr->b + 8, 8);
	return __builtin_bswap64(b) - __builtin_bswap64(a);
}

static struct rs_addr
moved(const struct rs_addr *first, uint64_t by)
{
	struct rs_addr out = *first;
	uint8_t *end = out.b + (first->family == 6 ? 16 : 4);
	uint64_t carry = by;

	for (uint8_t *at = end - 1; at >= out.b && carry; at--) {
		carry += *at;
		*at = (uint8_t)carry;
		carry >>= 8;
	}
	return out;
}

/* Cut what the block @b already has out of [@first, @first + @count): @return what is in front; what is behind goes to the rest. */
static uint32_t
cut(const struct media_block *b, const struct rs_addr *first, uint32_t count, struct rs_addr *rest, uint32_t *n_rest)
{
	uint64_t from = distance(&b->first, first), to = distance(first, &b->first);

	*n_rest = 0;
	if (from < b->count) { /* it begins within */
		uint64_t skip = b->count - from;

		if (skip < count) {
			*rest = moved(first, skip);
			*n_rest = count - (uint32_t)skip;
		}
		return 0;
	}
	if (to >= count)
		return count;
	if (to + b->count < count) {
		*rest = moved(first, to + b->count);
		*n_rest = count - (uint32_t)(to + b->count);
	}
	return (uint32_t)to;
}

/* Groups may share addresses, with other SIP ports: each address stands in one block only. */
static int
add_range(struct media_block *blocks, uint32_t *n, const struct media_block *like, struct rs_addr first, uint32_t count)
{
	for (uint32_t i = 0; i < *n && count > 0; i++) {
		struct rs_addr rest;
		uint32_t n_rest;

		if (blocks[i].port != like->port)
			continue;
		count = cut(&blocks[i], &first, count, &rest, &n_rest);
		if (n_rest > 0 && add_range(blocks, n, like, rest, n_rest) != 0)
			return -E2BIG;
	}
	if (count == 0)
		return 0;
	if (*n == MEDIA_BLOCKS)
		return -E2BIG;
	blocks[*n] = *like;
	blocks[*n].first = first;
	blocks[(*n)++].count = count;
	return 0;
}

static uint32_t
position_of(const struct rs_plan_port *port, uint32_t worker)
{
	for (uint32_t i = 0; i < port->n_workers; i++)
		if (port->workers[i] == worker)
			return i;
	return UINT32_MAX;
}

/* Pairs are numbered through the whole range, also those that other workers have: enough of ours must be among them. */
static uint32_t
pairs_of(const struct media_block *b, uint32_t range, uint64_t streams)
{
	uint64_t want = (streams * 2 / b->count + LEAST_PAIRS) * b->workers;

	return want < range ? (uint32_t)want : range;
}

static int
make_blocks(const struct rs_plan *plan, const uint8_t *steer_bits, uint32_t worker, uint64_t streams,
	struct media_block *blocks, uint32_t *n)
{
	*n = 0;
	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];
		const struct rs_plan_port *port = &plan->ports[g->port];
		struct media_block like = { .port = (uint8_t)g->port, .workers = port->n_workers };
		uint32_t before = *n;
		uint16_t high;

		like.position = position_of(port, worker);
		like.bits = steer_bits ? steer_bits[g->port] : RS_STEER_BITS;
		if (like.position == UINT32_MAX)
			continue;
		media_ports_range(plan, i, &like.low, &high);
		for (uint32_t k = 0; k < g->n_addresses; k++)
			if (add_range(blocks, n, &like, g->addresses[k].first, g->addresses[k].count) != 0)
				return -E2BIG;
		for (uint32_t k = before; k < *n; k++)
			blocks[k].pairs = pairs_of(&blocks[k], (uint32_t)(high - like.low + 1) / 2, streams);
	}
	return 0;
}

static uint64_t
bytes_of(const struct media_block *b)
{
	return (uint64_t)b->count * b->pairs * sizeof(struct media_pair) + b->count * sizeof(struct media_address);
}

uint64_t
media_ports_reserve(const struct rs_plan *plan, uint32_t worker, uint64_t streams)
{
	struct media_block blocks[MEDIA_BLOCKS];
	uint64_t bytes = sizeof(blocks) + 4096;
	uint32_t n;

	make_blocks(plan, NULL, worker, streams, blocks, &n);
	for (uint32_t i = 0; i < n; i++)
		bytes += bytes_of(&blocks[i]) + 2 * 4096;
	return bytes;
}

int
media_ports_init(struct media_ports *p, struct rs_arena *a, const struct rs_plan *plan, const uint8_t *steer_bits,
	uint32_t worker, uint64_t streams)
{
	*p = (struct media_ports){ .blocks = rs_arena_alloc(a, MEDIA_BLOCKS * sizeof(*p->blocks), 64) };
	if (!p->blocks)
		return -ENOMEM;
	if (make_blocks(plan, steer_bits, worker, streams, p->blocks, &p->n_blocks) != 0)
		return -E2BIG;
	for (uint32_t i = 0; i < p->n_blocks; i++) {
		struct media_block *b = &p->blocks[i];

		b->pair = rs_arena_alloc(a, (size_t)b->count * b->pairs * sizeof(*b->pair), 64);
		b->addresses = rs_arena_alloc(a, (size_t)b->count * sizeof(*b->addresses), 64);
		if (!b->pair || !b->addresses)
			return -ENOMEM;
	}
	return 0;
}

static inline struct media_block *
block_of(const struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint32_t *at)
{
	for (uint32_t i = 0; i < p->n_blocks; i++) {
		struct media_block *b = &p->blocks[i];
		uint64_t d = distance(&b->first, addr);

		if (b->port == port && d < b->count) {
			*at = (uint32_t)d;
			return b;
		}
	}
	return NULL;
}

static inline struct media_pair *
pair_at(const struct media_block *b, uint32_t number, uint32_t at)
{
	return &b->pair[(size_t)number * b->count + at];
}

static inline uint16_t
port_of(const struct media_block *b, uint32_t number)
{
	return (uint16_t)(b->low + 2 * number);
}

uint16_t
media_ports_take(struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint64_t now_ns)
{
	uint32_t at, number;
	struct media_block *b = block_of(p, port, addr, &at);
	struct media_address *a;
	struct media_pair *pair;

	if (!b)
		return 0;
	a = &b->addresses[at];
	if (a->head && now_ns - pair_at(b, a->head - 1, at)->rested_ns >= MEDIA_PORT_REST_NS) {
		number = a->head - 1;
		a->head = pair_at(b, number, at)->next;
		if (!a->head)
			a->tail = 0;
	} else {
		while (a->fresh < b->pairs &&
			rs_steer_queue(addr, port_of(b, a->fresh), b->bits, b->workers) != b->position)
			a->fresh++;
		if (a->fresh == b->pairs)
			return 0;
		number = a->fresh++;
	}
	pair = pair_at(b, number, at);
	*pair = (struct media_pair){ .next = TAKEN };
	p->used++;
	return port_of(b, number);
}

struct media_pair *
media_ports_find(const struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint16_t media_port)
{
	uint32_t at, number;
	const struct media_block *b = block_of(p, port, addr, &at);

	if (!b || media_port < b->low)
		return NULL;
	number = (uint32_t)(media_port - b->low) / 2;
	return number < b->pairs ? pair_at(b, number, at) : NULL;
}

void
media_ports_give(struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint16_t rtp, uint64_t now_ns)
{
	uint32_t at, number;
	struct media_block *b = block_of(p, port, addr, &at);
	struct media_address *a;
	struct media_pair *pair;

	if (!b)
		return;
	number = (uint32_t)(rtp - b->low) / 2;
	pair = pair_at(b, number, at);
	if (pair->next != TAKEN) /* given back already */
		return;
	*pair = (struct media_pair){ .rested_ns = now_ns };
	a = &b->addresses[at];
	if (a->tail)
		pair_at(b, a->tail - 1, at)->next = number + 1;
	else
		a->head = number + 1;
	a->tail = number + 1;
	p->used--;
}
