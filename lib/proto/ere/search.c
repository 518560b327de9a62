/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the leftmost-longest match is. Two ways to the same answer:
 * - the table (dfa.c), tried at each place where a match may begin. Quick, but a bad pair of
 *   expression and text could make each try long, so the tries share a budget proportional to
 *   the text;
 * - all states side by side, each with the earliest beginning that reached it: time O(text *
 *   states) whatever comes. It takes over when the budget is spent or there is no table.
 */
#include "proto/ere/private.h"

struct list {
	uint16_t *state;
	int32_t *start; /* where the match that got here began; ascending */
	uint32_t n;
};

struct search {
	struct rs_ere_run *run;
	struct list now;
	struct list then;
	uint32_t *seen; /* per state: the last position that added it, plus one */
	uint16_t *stack;
	struct rs_ere_group best;
};

#define DFA_BUDGET 4 /* table steps per byte of text */

size_t
rs_ere_search_scratch(const struct rs_ere *re)
{
	return re->n_states * (3 * sizeof(uint32_t) + 3 * sizeof(uint16_t));
}

static void
search_init(struct search *s, struct rs_ere_run *run)
{
	uint32_t n = run->re->n_states;
	uint32_t *words = (uint32_t *)(run + 1);
	uint16_t *halves = (uint16_t *)(words + 3 * n);

	*s = (struct search){ .run = run, .best = { -1, -1 } };
	s->now.start = (int32_t *)words;
	s->then.start = (int32_t *)(words + n);
	s->seen = words + 2 * n;
	s->now.state = halves;
	s->then.state = halves + n;
	s->stack = halves + 2 * n;
	memset(s->seen, 0, n * sizeof(*s->seen));
}

bool
rs_ere_holds(const struct rs_ere_run *run, uint8_t which, int32_t t)
{
	bool before = t > 0 && rs_ere_is_word(run->text[t - 1]);
	bool after = t < run->len && rs_ere_is_word(run->text[t]);

	switch (which) {
	case RS_ERE_BEGIN: return t == 0;
	case RS_ERE_END: return t == run->len;
	case RS_ERE_WORD_BEGIN: return !before && after;
	case RS_ERE_WORD_END: return before && !after;
	case RS_ERE_WORD_EDGE: return before != after;
	default: return before == after;
	}
}

static inline void
push(struct search *s, uint32_t *depth, uint16_t state, uint32_t stamp)
{
	if (s->seen[state] != stamp) {
		s->seen[state] = stamp;
		s->stack[(*depth)++] = state;
	}
}

/**
 * Add @from, and what it reaches without a byte, to the states alive at @t. Earlier beginnings
 * come first and stay.
 */
static void
add(struct search *s, struct list *to, uint16_t from, int32_t start, int32_t t)
{
	const struct rs_ere_state *states = s->run->re->states;
	uint32_t stamp = (uint32_t)t + 1, depth = 0;

	push(s, &depth, from, stamp);
	while (depth) {
		uint16_t id = s->stack[--depth];
		const struct rs_ere_state *st = &states[id];

		s->run->steps++;
		switch (st->op) {
		case RS_ERE_OP_ACCEPT: s->best = (struct rs_ere_group){ start, t }; break;
		case RS_ERE_OP_SPLIT:
			push(s, &depth, st->y, stamp);
			push(s, &depth, st->x, stamp);
			break;
		case RS_ERE_OP_MARK: push(s, &depth, st->x, stamp); break;
		case RS_ERE_OP_ASSERT:
			if (rs_ere_holds(s->run, st->arg, t))
				push(s, &depth, st->x, stamp);
			break;
		default: /* takes a byte */ to->state[to->n] = id; to->start[to->n++] = start;
		}
	}
}

/** The next place at or after @from where a match may begin; -1: none. */
static int32_t
candidate(const struct rs_ere_run *run, int32_t from)
{
	const struct rs_ere *re = run->re;

	if (re->anchored)
		return from == 0 ? 0 : -1;
	if (re->literal.p)
		return rs_ere_literal_find(&re->literal, run->text, run->len, from);
	if (re->nodes[re->root].len_min == 0)
		return from <= run->len ? from : -1;
	for (; from < run->len; from++)
		if (re->first[run->text[from]])
			return from;
	return -1;
}

static void
step(struct search *s, int32_t t)
{
	const struct rs_ere *re = s->run->re;
	uint8_t c = s->run->text[t];
	struct list swap = s->then;

	swap.n = 0;
	for (uint32_t i = 0; i < s->now.n; i++) {
		const struct rs_ere_state *st = &re->states[s->now.state[i]];

		s->run->steps++;
		if (s->best.start >= 0 && s->now.start[i] > s->best.start)
			break;
		if (rs_ere_consumes(re, st, c))
			add(s, &swap, st->x, s->now.start[i], t + 1);
	}
	s->then = s->now;
	s->now = swap;
}

static bool
search_states(struct rs_ere_run *run, int32_t from, struct rs_ere_group *whole)
{
	struct search s;

	search_init(&s, run);
	for (int32_t t = from;; t++) {
		if (s.now.n == 0) {
			if (s.best.start >= 0)
				break;
			t = candidate(run, t);
			if (t < 0)
				break;
		}
		if (s.best.start < 0 && (t == 0 || !run->re->anchored) &&
			(t == run->len || run->re->first[run->text[t]]))
			add(&s, &s.now, run->re->start, t, t);
		if (t == run->len)
			break;
		step(&s, t);
	}
	*whole = s.best;
	return s.best.start >= 0;
}

/** The end of the longest match that begins at @from, or -1. */
static int32_t
table_run(struct rs_ere_run *run, int32_t from)
{
	const struct rs_ere_dfa *dfa = run->re->dfa;
	const uint8_t *text = run->text;
	uint32_t row = from == 0 ? dfa->start_begin : dfa->start_inside;
	int32_t t = from, end = -1;

	for (; t < run->len && row; t++) {
		if (dfa->accept[row] & 1)
			end = t;
		row = dfa->next[row * dfa->n_classes + dfa->class_of[text[t]]];
	}
	if (row && dfa->accept[row] & (t == run->len ? 3 : 1))
		end = t;
	run->steps += (uint64_t)(t - from) + 1;
	return end;
}

bool
rs_ere_search(struct rs_ere_run *run, struct rs_ere_group *whole)
{
	const struct rs_ere *re = run->re;
	uint64_t budget = DFA_BUDGET * (uint64_t)run->len + 64;
	int32_t at = candidate(run, 0);

	if (at >= 0 && re->literal.whole && !re->anchored) {
		*whole = (struct rs_ere_group){ at, at + (int32_t)re->literal.len };
		return true;
	}
	for (; at >= 0 && re->dfa && run->steps < budget; at = candidate(run, at + 1)) {
		int32_t end = table_run(run, at);

		if (end >= 0) {
			*whole = (struct rs_ere_group){ at, end };
			return true;
		}
	}
	return at >= 0 && search_states(run, at, whole);
}
