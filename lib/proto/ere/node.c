/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "proto/ere/private.h"

#define TOO_MANY "more than 4,000 states"

int32_t
rs_ere_fail(struct rs_ere_builder *b, int rc, const char *err, size_t off)
{
	if (b->rc == 0) {
		b->rc = rc;
		b->err = err;
		b->err_off = off < b->len ? off : b->len;
	}
	return RS_ERE_NONE;
}

/** Room for one more of @size bytes in an array that doubles; NULL: the old one still stands. */
static void *
grow(void *old, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return old;

	uint32_t more = *cap ? *cap * 2 : 16;
	void *p = realloc(old, more * size);

	if (p)
		*cap = more;
	return p;
}

static int32_t
node_new(struct rs_ere_builder *b, enum rs_ere_kind kind)
{
	if (b->rc)
		return RS_ERE_NONE;

	struct rs_ere_node *nodes = grow(b->nodes, b->n_nodes, &b->cap_nodes, sizeof(*nodes));

	if (!nodes)
		return rs_ere_fail(b, -ENOMEM, "out of memory", b->pos);
	b->nodes = nodes;
	b->nodes[b->n_nodes] = (struct rs_ere_node){
		.kind = kind,
		.slot = RS_ERE_NO_SLOT,
		.first = RS_ERE_NONE,
		.last = RS_ERE_NONE,
		.next = RS_ERE_NONE,
		.prev = RS_ERE_NONE,
		.run = RS_ERE_NONE,
	};
	return (int32_t)b->n_nodes++;
}

static uint32_t
len_add(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return a == RS_ERE_INF || b == RS_ERE_INF || sum >= RS_ERE_INF ? RS_ERE_INF : (uint32_t)sum;
}

static uint32_t
len_mul(uint32_t a, uint32_t b)
{
	uint64_t product = (uint64_t)a * b;

	if (a == 0 || b == 0)
		return 0;
	return a == RS_ERE_INF || b == RS_ERE_INF || product >= RS_ERE_INF ? RS_ERE_INF
									   : (uint32_t)product;
}

static uint8_t
group_min(uint8_t a, uint8_t b)
{
	if (a == 0 || b == 0)
		return a | b;
	return a < b ? a : b;
}

int32_t
rs_ere_node_leaf(struct rs_ere_builder *b, enum rs_ere_kind kind, uint8_t arg)
{
	int32_t id = node_new(b, kind);

	if (id < 0)
		return id;

	struct rs_ere_node *n = &b->nodes[id];

	n->arg = arg;
	n->states = kind != RS_ERE_EMPTY;
	n->len_min = n->len_max = kind == RS_ERE_BYTE || kind == RS_ERE_SET;
	return id;
}

int32_t
rs_ere_node_byte(struct rs_ere_builder *b, uint8_t c)
{
	return rs_ere_node_leaf(b, RS_ERE_BYTE, b->icase ? rs_lower(c) : c);
}

int32_t
rs_ere_node_set(struct rs_ere_builder *b, const struct rs_ere_set *set)
{
	unsigned n = 0, lowest = 256, highest = 0;

	if (b->rc)
		return RS_ERE_NONE;
	for (unsigned c = 0; c < 256; c++) {
		if (!rs_ere_set_has(set, (uint8_t)c))
			continue;
		n++;
		lowest = lowest == 256 ? c : lowest;
		highest = c;
	}
	/* "[.]" is how many write a plain byte: as one it may be part of a literal. */
	if (n == 1 || (n == 2 && b->icase && rs_lower((uint8_t)lowest) == highest))
		return rs_ere_node_byte(b, (uint8_t)highest);

	uint32_t i = 0;

	while (i < b->n_sets && memcmp(&b->sets[i], set, sizeof(*set)) != 0)
		i++;
	if (i == b->n_sets) {
		if (i == RS_ERE_STATES_MAX)
			return rs_ere_fail(b, -E2BIG, TOO_MANY, b->pos);

		struct rs_ere_set *sets = grow(b->sets, b->n_sets, &b->cap_sets, sizeof(*sets));

		if (!sets)
			return rs_ere_fail(b, -ENOMEM, "out of memory", b->pos);
		b->sets = sets;
		b->sets[b->n_sets++] = *set;
	}

	int32_t id = rs_ere_node_leaf(b, RS_ERE_SET, 0);

	if (id >= 0)
		b->nodes[id].set = (uint16_t)i;
	return id;
}

int32_t
rs_ere_node_group(struct rs_ere_builder *b, int32_t child, unsigned number)
{
	int32_t id = node_new(b, RS_ERE_GROUP);

	if (id < 0)
		return id;

	struct rs_ere_node *n = &b->nodes[id];
	const struct rs_ere_node *c = &b->nodes[child];

	n->first = n->last = child;
	n->group = (uint16_t)number;
	n->first_group = c->first_group;
	if (number < RS_ERE_GROUPS)
		n->first_group = group_min(c->first_group, (uint8_t)number);
	n->len_min = c->len_min;
	n->len_max = c->len_max;
	n->states = c->states;
	return id;
}

int32_t
rs_ere_node_rep(struct rs_ere_builder *b, int32_t child, uint32_t min, uint32_t max)
{
	if (b->rc)
		return RS_ERE_NONE;

	struct rs_ere_node *c = &b->nodes[child];

	if (max == 0)
		return rs_ere_node_leaf(b, RS_ERE_EMPTY, 0);
	/*
	 * What has no width says the same however often it is said. This, and the next rule,
	 * also bound how deep "a**?+..." can become: what remains at least doubles the states.
	 */
	if (c->len_max == 0)
		max = 1;
	if (max == 1 && min >= 1)
		return child;
	if (max == 1)
		min = 0;
	if (c->kind == RS_ERE_REP && c->min <= 1 && min <= 1 &&
		(c->max == 1 || c->max == RS_ERE_INF) && (max == 1 || max == RS_ERE_INF)) {
		c->min = c->min < min ? c->min : min;
		max = c->max > max ? c->max : max;
		c->max = max;
		min = c->min;
		child = c->first;
		c = &b->nodes[child];
	}

	int32_t id = node_new(b, RS_ERE_REP);

	if (id < 0)
		return id;

	struct rs_ere_node *n = &b->nodes[id];

	c = &b->nodes[child];
	uint64_t unit = c->states + (c->first_group != 0);
	uint64_t states = max == RS_ERE_INF ? unit * (min ? min : 1) + 1 : unit * max + (max - min);

	if (states > RS_ERE_STATES_MAX)
		return rs_ere_fail(b, -E2BIG, TOO_MANY, b->pos);
	n->first = n->last = child;
	n->min = min;
	n->max = max;
	n->first_group = c->first_group;
	n->len_min = len_mul(c->len_min, min);
	n->len_max = len_mul(c->len_max, max);
	n->states = (uint32_t)states;
	return id;
}

void
rs_ere_node_append(struct rs_ere_builder *b, int32_t *first, int32_t *last, int32_t node)
{
	if (node < 0)
		return;
	b->nodes[node].prev = *last;
	if (*last >= 0)
		b->nodes[*last].next = node;
	else
		*first = node;
	*last = node;
}

/** What follows each piece. */
static void
cat_rests(struct rs_ere_builder *b, const struct rs_ere_node *cat)
{
	uint32_t rest = 0;

	for (int32_t i = cat->last; i >= 0; i = b->nodes[i].prev) {
		struct rs_ere_node *n = &b->nodes[i];

		n->rest = rest;
		rest = n->len_min == n->len_max ? len_add(rest, n->len_min) : RS_ERE_INF;
	}
}

/**
 * Decide which ends of pieces are marked, and which of those are kept: those next to a piece
 * with groups.
 */
static void
cat_marks(struct rs_ere_builder *b, struct rs_ere_node *cat)
{
	struct rs_ere_node *nodes = b->nodes;
	int32_t final = cat->last;
	int32_t open = RS_ERE_NONE; /* of variable length, with only fixed ones behind it so far */

	while (nodes[final].first_group == 0)
		final = nodes[final].prev;
	for (int32_t i = cat->first; i >= 0; i = nodes[i].next) {
		struct rs_ere_node *n = &nodes[i];

		if (n->first_group && open >= 0) {
			if (nodes[open].slot == RS_ERE_NO_SLOT)
				nodes[open].slot = (uint8_t)cat->slots++;
			open = RS_ERE_NONE;
		}
		if (n->len_min != n->len_max && i != cat->last) {
			n->mark = true;
			cat->states++;
			if (n->first_group)
				n->slot = (uint8_t)cat->slots++;
			open = i;
		}
		if (i == final)
			return;
	}
}

int32_t
rs_ere_node_list(struct rs_ere_builder *b, enum rs_ere_kind kind, int32_t first, int32_t last)
{
	if (b->rc)
		return RS_ERE_NONE;
	if (first < 0)
		return rs_ere_node_leaf(b, RS_ERE_EMPTY, 0);
	if (first == last)
		return first;

	int32_t id = node_new(b, kind);

	if (id < 0)
		return id;

	struct rs_ere_node *n = &b->nodes[id];

	n->first = first;
	n->last = last;
	n->len_min = kind == RS_ERE_CAT ? 0 : RS_ERE_INF;
	for (int32_t i = first; i >= 0; i = b->nodes[i].next) {
		const struct rs_ere_node *c = &b->nodes[i];

		if (kind == RS_ERE_CAT) {
			n->len_min = len_add(n->len_min, c->len_min);
			n->len_max = len_add(n->len_max, c->len_max);
		} else {
			n->len_min = c->len_min < n->len_min ? c->len_min : n->len_min;
			n->len_max = c->len_max > n->len_max ? c->len_max : n->len_max;
			n->states += i != first;
		}
		n->first_group = group_min(n->first_group, c->first_group);
		n->states += c->states;
		if (n->states > RS_ERE_STATES_MAX)
			return rs_ere_fail(b, -E2BIG, TOO_MANY, b->pos);
	}
	if (kind == RS_ERE_CAT && n->first_group) {
		cat_rests(b, n);
		cat_marks(b, n);
	}
	if (n->states > RS_ERE_STATES_MAX)
		return rs_ere_fail(b, -E2BIG, TOO_MANY, b->pos);
	return id;
}
