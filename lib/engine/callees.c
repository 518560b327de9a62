/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which endpoint of a group is called next. One that a call of this run has picked is not picked again before that call is over,
 * whichever activity either belongs to: a group has one set of idle endpoints on a worker. The workers that call the group share
 * its endpoints out, callee i to the one of rank i mod n, so that nobody has to ask anybody.
 */
#include <errno.h>

#include "engine/internal.h"

#define CALLEE_STREAM 3000 /* of random numbers, + activity: beside those of holds, arrivals and traces */
#define TRIES 8 /* random looks for an idle one, before the next one from there on is taken */
#define WORD_BITS 64

/* --- idle ones: a list, the longest idle first; and, if needed, a bit each, with a bit for each word of them that is not 0 --- */

static void
set_bit(struct callees *c, uint32_t slot)
{
	uint32_t word = slot / WORD_BITS;

	c->bits[word] |= 1ull << slot % WORD_BITS;
	c->words[word / WORD_BITS] |= 1ull << word % WORD_BITS;
}

static void
clear_bit(struct callees *c, uint32_t slot)
{
	uint32_t word = slot / WORD_BITS;

	c->bits[word] &= ~(1ull << slot % WORD_BITS);
	if (c->bits[word] == 0)
		c->words[word / WORD_BITS] &= ~(1ull << word % WORD_BITS);
}

static void
put_tail(struct callees *c, uint32_t slot)
{
	c->next[slot] = CALLEE_END;
	c->prev[slot] = c->tail;
	*(c->tail == CALLEE_END ? &c->head : &c->next[c->tail]) = slot;
	c->tail = slot;
	c->idle++;
	if (c->bits)
		set_bit(c, slot);
}

/* @what  it is from now on */
static void
take_out(struct callees *c, uint32_t slot, uint32_t what)
{
	uint32_t next = c->next[slot], prev = c->prev[slot];

	*(prev == CALLEE_END ? &c->head : &c->next[prev]) = next;
	*(next == CALLEE_END ? &c->tail : &c->prev[next]) = prev;
	c->next[slot] = what;
	c->idle--;
	if (c->bits)
		clear_bit(c, slot);
}

static uint32_t
words_of(uint32_t bits)
{
	return (bits + WORD_BITS - 1) / WORD_BITS;
}

/* The first bit from @from on, or @n_words * 64. */
static uint32_t
next_bit(const uint64_t *words, uint32_t n_words, uint32_t from)
{
	uint32_t i = from / WORD_BITS;

	if (i >= n_words)
		return n_words * WORD_BITS;
	for (uint64_t word = words[i] >> from % WORD_BITS << from % WORD_BITS;; word = words[i]) {
		if (word)
			return i * WORD_BITS + (uint32_t)__builtin_ctzll(word);
		if (++i == n_words)
			return n_words * WORD_BITS;
	}
}

/* The first idle one from @from on, or CALLEE_END. */
static uint32_t
idle_from(const struct callees *c, uint32_t from)
{
	uint32_t n = words_of(c->n), word = from / WORD_BITS;
	uint64_t here = word < n ? c->bits[word] >> from % WORD_BITS << from % WORD_BITS : 0;

	if (here == 0) {
		word = next_bit(c->words, words_of(n), word + 1);
		if (word >= n)
			return CALLEE_END;
		here = c->bits[word];
	}
	return word * WORD_BITS + (uint32_t)__builtin_ctzll(here);
}

/* The first idle one from @from on, going round, that is not @self. */
static uint32_t
idle_round(const struct callees *c, uint32_t from, uint32_t self)
{
	uint32_t slot = idle_from(c, from);

	if (slot != CALLEE_END && slot == self)
		slot = idle_from(c, slot + 1);
	if (slot == CALLEE_END)
		slot = idle_from(c, 0);
	if (slot != CALLEE_END && slot == self)
		slot = idle_from(c, slot + 1);
	return slot;
}

/* --- who has which --- */

/* Workers that place calls to group @g: a bit each. */
static uint64_t
callers_of(const struct rs_engine *e, uint32_t g)
{
	uint64_t callers = 0;

	for (uint32_t i = 0; i < e->n_activities; i++) {
		const struct rs_plan_activity *a = &e->plan->activities[i];
		const struct group *from = &e->groups[a->from];

		if (!rs_activity_places(a->kind) || a->to_group != (int32_t)g)
			continue;
		for (uint32_t w = 0; w < from->port->n_workers; w++)
			if (from->with >> w & 1)
				callers |= 1ull << from->port->workers[w];
	}
	return callers;
}

/* Does anybody pick in another order than the list's? */
static bool
wants_bits(const struct rs_engine *e, const struct group *g)
{
	for (uint32_t i = 0; i < e->n_activities; i++) {
		const struct rs_plan_activity *a = &e->plan->activities[i];

		if (rs_activity_places(a->kind) && a->to_group == (int32_t)(g - e->groups) && a->pick != RS_PICK_IDLE)
			return true;
	}
	return false;
}

static int
callees_init(struct rs_engine *e, struct group *g)
{
	struct callees *c = &g->callees;
	uint32_t count = g->plan->count, words;

	c->head = c->tail = CALLEE_END;
	c->stride = (uint32_t)__builtin_popcountll(g->callers);
	if (!(g->callers >> e->worker & 1))
		return 0;
	c->first = (uint32_t)__builtin_popcountll(g->callers & ((1ull << e->worker) - 1));
	c->n = count > c->first ? (count - c->first + c->stride - 1) / c->stride : 0;
	if (c->n == 0)
		return 0;
	words = words_of(c->n);
	c->next = rs_arena_alloc(&e->arena, 2 * (size_t)c->n * sizeof(*c->next), 64);
	if (!c->next)
		return -ENOMEM;
	c->prev = c->next + c->n;
	if (wants_bits(e, g)) {
		c->bits = rs_arena_alloc(&e->arena, ((size_t)words + words_of(words)) * sizeof(*c->bits), 64);
		if (!c->bits)
			return -ENOMEM;
		c->words = c->bits + words;
	}
	for (uint32_t i = 0; i < c->n; i++)
		if (g->registers)
			c->next[i] = CALLEE_GONE;
		else
			put_tail(c, i);
	return 0;
}

int
callees_setup(struct rs_engine *e)
{
	for (uint32_t i = 0; i < e->n_groups; i++) {
		struct group *g = &e->groups[i];

		g->callers = callers_of(e, i);
		g->registers = group_is_registered(e->plan, i);
		if (g->callers && callees_init(e, g) != 0)
			return -ENOMEM;
	}
	return 0;
}

uint64_t
callees_bytes(uint64_t n)
{
	return n * 2 * sizeof(uint32_t) + (n / WORD_BITS + n / (WORD_BITS * WORD_BITS) + 2) * sizeof(uint64_t);
}

uint64_t
callee_holders(const struct rs_engine *e, uint32_t group, uint32_t index)
{
	uint64_t callers = e->groups[group].callers;

	if (callers == 0)
		return 0;
	for (uint32_t rank = index % e->groups[group].callees.stride; rank > 0; rank--)
		callers &= callers - 1;
	return callers & -callers;
}

/* The slot of endpoint @index, or CALLEE_END: it is not held here. */
static uint32_t
slot_of(const struct callees *c, uint32_t index)
{
	return c->n && index % c->stride == c->first && index / c->stride < c->n ? index / c->stride : CALLEE_END;
}

/* --- the choice --- */

static uint32_t
pick_random(struct rs_engine *e, const struct activity *a, const struct callees *c, uint64_t k, uint32_t self)
{
	struct rs_rng rng = { rs_random_at(e->plan->seed, CALLEE_STREAM + (uint64_t)(a - e->activities), k) };
	uint32_t slot = 0;

	for (int i = 0; i < TRIES; i++) {
		slot = (uint32_t)rs_random_below(rs_rng_next(&rng), c->n);
		if (slot != self && c->bits[slot / WORD_BITS] >> slot % WORD_BITS & 1)
			return slot;
	}
	return idle_round(c, slot, self);
}

uint32_t
callees_pick(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t caller)
{
	struct callees *c = &a->to->callees;
	uint32_t self = a->to == a->group ? slot_of(c, caller) : CALLEE_END, slot = CALLEE_END; /* nobody calls itself */

	if (c->idle == 0)
		return NO_ENDPOINT;
	switch (a->plan->pick) {
	case RS_PICK_IDLE:
		slot = c->head != self ? c->head : c->next[c->head];
		break;
	case RS_PICK_ROUND_ROBIN:
		slot = idle_round(c, a->callee_turn, self);
		if (slot != CALLEE_END)
			a->callee_turn = slot + 1;
		break;
	case RS_PICK_RANDOM:
		slot = pick_random(e, a, c, k, self);
		break;
	}
	if (slot == CALLEE_END)
		return NO_ENDPOINT;
	take_out(c, slot, CALLEE_BUSY);
	return c->first + slot * c->stride;
}

void
callees_return(struct activity *a, uint32_t callee)
{
	struct callees *c = &a->to->callees;
	uint32_t slot = slot_of(c, callee);

	if (c->next[slot] == CALLEE_BUSY_GONE)
		c->next[slot] = CALLEE_GONE;
	else
		put_tail(c, slot);
}

void
callee_registered(struct rs_engine *e, uint32_t group, uint32_t index, bool registered)
{
	struct callees *c = &e->groups[group].callees;
	uint32_t slot = slot_of(c, index);

	if (slot == CALLEE_END || !e->groups[group].registers)
		return;
	switch (c->next[slot]) {
	case CALLEE_GONE:
		if (registered)
			put_tail(c, slot);
		break;
	case CALLEE_BUSY_GONE:
		if (registered)
			c->next[slot] = CALLEE_BUSY;
		break;
	case CALLEE_BUSY:
		if (!registered)
			c->next[slot] = CALLEE_BUSY_GONE;
		break;
	default:
		if (!registered)
			take_out(c, slot, CALLEE_GONE);
		break;
	}
}
