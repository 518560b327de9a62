/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the groups are, once the whole match is known (XBD 9.1: "each subpattern, from left to
 * right, shall match the longest possible string").
 *
 * The tree is walked from the top, each node with the span that it matches. Where a span divides
 * into pieces (of a sequence, or iterations), the ends of the pieces are chosen in one pass over
 * the span, all states side by side: a history is the list of the ends so far, and of two
 * histories that differ the one whose first different end comes later wins. So the states stay
 * sorted by history from byte to byte: within one class of equal histories, those that end a
 * piece here fall behind those that go on. A state reached twice keeps the better history. Each
 * pass takes O(span * states), spans of neighbours do not overlap, and the tree is not deeper
 * than its groups: the whole stays linear in the text.
 */
#include "proto/ere/private.h"

struct list {
	uint16_t *state;
	uint32_t *rank; /* of their histories, the best first; equal ones share it */
	int32_t *slots; /* n_slots for each */
	uint32_t n;
};

struct pass {
	struct rs_ere_run *run;
	struct rs_ere_group *groups;
	unsigned n_groups;
	struct list now;
	struct list then;
	struct list queue; /* of what follows a mark; .rank is not used */
	uint32_t *seen;
	uint16_t *stack;
	/* of the pass at hand */
	int32_t owner; /* whose marks count */
	bool iterations;
	uint16_t exit;
	uint16_t n_slots;
	int32_t to;
	uint32_t rank;
	int32_t *result;
};

size_t
rs_ere_submatch_scratch(const struct rs_ere *re)
{
	return re->n_states * ((3 + 3 * re->slots_max) * sizeof(uint32_t) + 4 * sizeof(uint16_t));
}

static void
pass_init(struct pass *p, struct rs_ere_run *run)
{
	uint32_t n = run->re->n_states;
	size_t slots = (size_t)n * run->re->slots_max;
	uint32_t *words = (uint32_t *)(run + 1);

	p->run = run;
	p->seen = words;
	p->now.rank = words + n;
	p->then.rank = words + 2 * n;
	words += 3 * n;
	p->now.slots = (int32_t *)words;
	p->then.slots = p->now.slots + slots;
	p->queue.slots = p->then.slots + slots;

	uint16_t *halves = (uint16_t *)(p->queue.slots + slots);

	p->now.state = halves;
	p->then.state = halves + n;
	p->queue.state = halves + 2 * n;
	p->stack = halves + 3 * n;
}

static int32_t *
append(struct pass *p, struct list *to, uint16_t state, const int32_t *slots)
{
	int32_t *own = to->slots + (size_t)to->n * p->n_slots;

	to->state[to->n++] = state;
	for (unsigned i = 0; i < p->n_slots; i++)
		own[i] = slots[i];
	return own;
}

static void
mark(struct pass *p, const struct rs_ere_state *st, const int32_t *slots, int32_t t)
{
	int32_t *own = append(p, &p->queue, st->x, slots);

	if (p->iterations) { /* the last iteration so far, then where the next one begins */
		own[0] = own[1];
		own[1] = t;
	} else if (st->arg != RS_ERE_NO_SLOT) {
		own[st->arg] = t;
	}
}

static inline void
push(struct pass *p, uint32_t *depth, uint16_t state, uint32_t stamp)
{
	if (p->seen[state] != stamp) {
		p->seen[state] = stamp;
		p->stack[(*depth)++] = state;
	}
}

/** Add what @from reaches without a byte; true when that is the exit at the end of the span. */
static bool
enter(struct pass *p, uint16_t from, const int32_t *slots, int32_t t)
{
	uint32_t stamp = (uint32_t)t + 1, depth = 0;

	push(p, &depth, from, stamp);
	while (depth) {
		uint16_t id = p->stack[--depth];
		const struct rs_ere_state *st = &p->run->re->states[id];

		p->run->steps++;
		if (id == p->exit) {
			if (t != p->to)
				continue;
			for (unsigned i = 0; i < p->n_slots; i++)
				p->result[i] = slots[i];
			return true;
		}
		switch (st->op) {
		case RS_ERE_OP_SPLIT:
			push(p, &depth, st->y, stamp);
			push(p, &depth, st->x, stamp);
			break;
		case RS_ERE_OP_MARK:
			if (st->owner == p->owner)
				mark(p, st, slots, t);
			else
				push(p, &depth, st->x, stamp);
			break;
		case RS_ERE_OP_ASSERT:
			if (rs_ere_holds(p->run, st->arg, t))
				push(p, &depth, st->x, stamp);
			break;
		default: /* takes a byte */
			p->then.rank[p->then.n] = p->rank;
			append(p, &p->then, id, slots);
		}
	}
	return false;
}

/**
 * Behind the marks: those that passed one at @t come after those that passed none, then those
 * that passed two.
 */
static bool
enter_marked(struct pass *p, int32_t t)
{
	uint32_t i = 0;

	while (i < p->queue.n) {
		uint32_t level = p->queue.n;

		p->rank++;
		for (; i < level; i++)
			if (enter(p, p->queue.state[i], p->queue.slots + (size_t)i * p->n_slots, t))
				return true;
	}
	p->queue.n = 0;
	return false;
}

static bool
step(struct pass *p, int32_t t)
{
	const struct rs_ere *re = p->run->re;
	uint8_t c = p->run->text[t];
	uint32_t i = 0;

	p->rank = 0;
	while (i < p->now.n) {
		uint32_t rank = p->now.rank[i];

		for (; i < p->now.n && p->now.rank[i] == rank; i++) {
			const struct rs_ere_state *st = &re->states[p->now.state[i]];

			p->run->steps++;
			if (rs_ere_consumes(re, st, c) &&
				enter(p, st->x, p->now.slots + (size_t)i * p->n_slots, t + 1))
				return true;
		}
		if (enter_marked(p, t + 1))
			return true;
		p->rank++;
	}
	return false;
}

static void
swap_lists(struct pass *p)
{
	struct list old = p->now;

	p->now = p->then;
	p->then = old;
	p->then.n = 0;
}

/**
 * From @entry at @from to p->exit at p->to; the slots of the best history go from @slots to
 * p->result.
 */
static bool
pass(struct pass *p, uint16_t entry, int32_t from, const int32_t *slots)
{
	memset(p->seen, 0, p->run->re->n_states * sizeof(*p->seen));
	p->now.n = p->then.n = p->queue.n = 0;
	p->rank = 0;
	if (enter(p, entry, slots, from) || enter_marked(p, from))
		return true;
	for (int32_t t = from; t < p->to; t++) {
		swap_lists(p);
		if (p->now.n == 0)
			return false;
		if (step(p, t))
			return true;
	}
	return false;
}

static bool
spans(struct pass *p, const struct rs_ere_node *n, int32_t from, int32_t to)
{
	uint32_t len = (uint32_t)(to - from);

	if (len < n->len_min || len > n->len_max)
		return false;
	p->owner = RS_ERE_NONE;
	p->n_slots = 0;
	p->exit = n->exit;
	p->to = to;
	p->result = NULL;
	return pass(p, n->entry, from, NULL);
}

static bool
wanted(const struct pass *p, const struct rs_ere_node *n)
{
	return n->first_group && n->first_group < p->n_groups;
}

static void resolve(struct pass *p, int32_t id, int32_t from, int32_t to);

static int32_t
run_end(const struct pass *p, const struct rs_ere_node *leaf, int32_t from, int32_t to)
{
	const uint8_t *text = p->run->text;
	const struct rs_ere *re = p->run->re;
	uint8_t c = leaf->arg;
	int32_t t = from;

	p->run->steps++;
	if (leaf->kind == RS_ERE_SET) {
		while (t < to && rs_ere_set_has(&re->sets[leaf->set], text[t]))
			t++;
	} else {
		while (t < to && (re->icase ? rs_lower(text[t]) : text[t]) == c)
			t++;
	}
	p->run->steps += (uint64_t)(t - from);
	return t;
}

/**
 * A sequence. Most ends follow from lengths or from the bytes; at the first that does not, one
 * pass tells all others.
 */
static void
resolve_cat(struct pass *p, int32_t id, int32_t from, int32_t to)
{
	const struct rs_ere_node *nodes = p->run->re->nodes, *cat = &nodes[id];
	int32_t slots[RS_ERE_SLOTS_MAX];
	int32_t final = cat->last, end = from;
	bool known = false;

	while (!wanted(p, &nodes[final]))
		final = nodes[final].prev;
	for (int32_t i = cat->first; i >= 0; i = nodes[i].next) {
		const struct rs_ere_node *n = &nodes[i];
		int32_t start = end;

		if (n->len_min == n->len_max) {
			end = start < 0 ? -1 : start + (int32_t)n->len_min;
		} else if (n->rest != RS_ERE_INF) {
			end = to - (int32_t)n->rest;
		} else if (!known && n->run >= 0) {
			end = run_end(p, &nodes[n->run], start, to);
		} else {
			if (!known) {
				for (unsigned k = 0; k < RS_ERE_SLOTS_MAX; k++)
					slots[k] = -1;
				p->owner = id;
				p->iterations = false;
				p->n_slots = cat->slots;
				p->exit = cat->exit;
				p->to = to;
				p->result = slots;
				pass(p, n->entry, start, slots);
				known = true;
			}
			/*
			 * No slot: the next piece with groups begins behind another one that
			 * has.
			 */
			end = n->slot == RS_ERE_NO_SLOT ? -1 : slots[n->slot];
		}
		if (wanted(p, n))
			resolve(p, i, start, end);
		if (i == final)
			break;
	}
}

/** Of alternatives that match the same span, the first. */
static void
resolve_alt(struct pass *p, const struct rs_ere_node *alt, int32_t from, int32_t to)
{
	const struct rs_ere_node *nodes = p->run->re->nodes;
	int32_t i = alt->first;

	while (i != alt->last && !spans(p, &nodes[i], from, to))
		i = nodes[i].next;
	if (wanted(p, &nodes[i]))
		resolve(p, i, from, to);
}

/**
 * Groups report their last iteration; an empty one counts where it is the only one, or {m} asks
 * for it.
 */
static void
resolve_rep(struct pass *p, int32_t id, int32_t from, int32_t to)
{
	const struct rs_ere_node *nodes = p->run->re->nodes, *rep = &nodes[id];
	const struct rs_ere_node *child = &nodes[rep->first];
	int32_t last[2] = { from, from };

	if (from == to) {
		if (rep->min == 0 && !spans(p, child, from, to))
			return;
	} else if (child->len_min == child->len_max) {
		last[0] = to - (int32_t)child->len_min;
	} else if (rep->max > 1) {
		p->owner = id;
		p->iterations = true;
		p->n_slots = 2;
		p->exit = rep->exit;
		p->to = to;
		p->result = last;
		pass(p, rep->entry, from, last);
	}
	resolve(p, rep->first, last[0], to);
}

static void
resolve(struct pass *p, int32_t id, int32_t from, int32_t to)
{
	const struct rs_ere_node *n = &p->run->re->nodes[id];

	switch (n->kind) {
	case RS_ERE_CAT: resolve_cat(p, id, from, to); break;
	case RS_ERE_ALT: resolve_alt(p, n, from, to); break;
	case RS_ERE_REP: resolve_rep(p, id, from, to); break;
	case RS_ERE_GROUP:
		if (n->group < p->n_groups)
			p->groups[n->group] = (struct rs_ere_group){ from, to };
		if (wanted(p, &p->run->re->nodes[n->first]))
			resolve(p, n->first, from, to);
		break;
	default: break;
	}
}

void
rs_ere_submatch(struct rs_ere_run *run, struct rs_ere_group *groups, unsigned n_groups)
{
	struct pass p = { .groups = groups, .n_groups = n_groups };

	pass_init(&p, run);
	if (wanted(&p, &run->re->nodes[run->re->root]))
		resolve(&p, run->re->root, groups[0].start, groups[0].end);
}
