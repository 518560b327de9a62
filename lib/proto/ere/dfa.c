/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table of at most 255 rows, made once when the expression is compiled: each row stands for a
 * set of states that the expression may be in. Many expressions in use need fewer than 30.
 */
#include <errno.h>
#include <stdlib.h>

#include "proto/ere/private.h"

#define ROWS_MAX   255
#define STATES_MAX 512
#define WORDS      (STATES_MAX / 64)

struct row {
	uint64_t states[WORDS]; /* those that take a byte */
	uint8_t accept;
};

struct build {
	const struct rs_ere *re;
	struct rs_ere_dfa *dfa;
	uint16_t n_rows;
	bool overflow;
	uint16_t stack[STATES_MAX];
	uint64_t seen[WORDS];
	uint8_t sample[256]; /* a byte of each class */
	struct row rows[ROWS_MAX];
};

static bool
test_and_set(uint64_t *bits, uint32_t i)
{
	uint64_t bit = UINT64_C(1) << (i & 63);
	bool was = bits[i >> 6] & bit;

	bits[i >> 6] |= bit;
	return was;
}

/** Tell @state's byte set apart from the classes so far. */
static void
refine(struct build *b, const struct rs_ere_state *state)
{
	uint8_t *class_of = b->dfa->class_of;
	int16_t split[256];
	bool inside[256] = { false }, outside[256] = { false };

	for (unsigned c = 0; c < 256; c++)
		*(rs_ere_consumes(b->re, state, (uint8_t)c) ? &inside[class_of[c]]
							    : &outside[class_of[c]]) = true;
	for (unsigned k = 0, n = b->dfa->n_classes; k < n; k++)
		split[k] = inside[k] && outside[k] ? (int16_t)b->dfa->n_classes++ : -1;
	for (unsigned c = 0; c < 256; c++)
		if (split[class_of[c]] >= 0 && rs_ere_consumes(b->re, state, (uint8_t)c))
			class_of[c] = (uint8_t)split[class_of[c]];
}

static void
make_classes(struct build *b)
{
	b->dfa->n_classes = 1;
	for (uint32_t i = 0; i < b->re->n_states; i++) {
		uint8_t op = b->re->states[i].op;

		if (op == RS_ERE_OP_BYTE || op == RS_ERE_OP_FOLD || op == RS_ERE_OP_SET)
			refine(b, &b->re->states[i]);
	}
	for (unsigned c = 0; c < 256; c++)
		b->sample[b->dfa->class_of[c]] = (uint8_t)c;
}

/**
 * Add to @row all that @state reaches without a byte, inside the text or, with @end, at its end.
 */
static void
reach(struct build *b, struct row *row, uint16_t state, bool begin, bool end)
{
	uint32_t depth = 0;

	if (test_and_set(b->seen, state))
		return;
	b->stack[depth++] = state;
	while (depth) {
		uint16_t id = b->stack[--depth];
		const struct rs_ere_state *s = &b->re->states[id];
		bool pass = s->op == RS_ERE_OP_SPLIT || s->op == RS_ERE_OP_MARK;

		if (s->op == RS_ERE_OP_ASSERT)
			pass = s->arg == RS_ERE_BEGIN ? begin : end;
		else if (s->op == RS_ERE_OP_ACCEPT)
			row->accept |= end ? 2 : 3;
		else if (!pass)
			row->states[id >> 6] |= UINT64_C(1) << (id & 63);
		if (pass && !test_and_set(b->seen, s->x))
			b->stack[depth++] = s->x;
		if (s->op == RS_ERE_OP_SPLIT && !test_and_set(b->seen, s->y))
			b->stack[depth++] = s->y;
	}
}

/** The row of all that follows @from on byte @c; @from NULL: the row to start from. */
static struct row
successor(struct build *b, const struct row *from, uint8_t c, bool begin)
{
	struct row inside = { .accept = 0 }, at_end = { .accept = 0 };

	for (int pass = 0; pass < 2; pass++) {
		struct row *to = pass ? &at_end : &inside;

		memset(b->seen, 0, sizeof(b->seen));
		if (!from)
			reach(b, to, b->re->start, begin, pass);
		for (unsigned w = 0; w < WORDS && from; w++) {
			for (uint64_t bits = from->states[w]; bits; bits &= bits - 1) {
				const struct rs_ere_state *s =
					&b->re->states[w * 64 + (unsigned)__builtin_ctzll(bits)];

				if (rs_ere_consumes(b->re, s, c))
					reach(b, to, s->x, begin, pass);
			}
		}
	}
	inside.accept |= at_end.accept;
	return inside;
}

static uint8_t
row_number(struct build *b, const struct row *row)
{
	for (uint16_t i = 0; i < b->n_rows; i++)
		if (b->rows[i].accept == row->accept &&
			memcmp(b->rows[i].states, row->states, sizeof(row->states)) == 0)
			return (uint8_t)i;
	if (b->n_rows == ROWS_MAX) {
		b->overflow = true;
		return 0;
	}
	b->rows[b->n_rows] = *row;
	b->dfa->accept[b->n_rows] = row->accept;
	return (uint8_t)b->n_rows++;
}

static void
fill(struct build *b)
{
	struct rs_ere_dfa *dfa = b->dfa;
	struct row row = { .accept = 0 };

	row_number(b, &row); /* the dead one */
	row = successor(b, NULL, 0, true);
	dfa->start_begin = row_number(b, &row);
	row = successor(b, NULL, 0, false);
	dfa->start_inside = row_number(b, &row);
	for (uint16_t i = 0; i < b->n_rows && !b->overflow; i++) {
		for (uint16_t k = 0; k < dfa->n_classes && !b->overflow; k++) {
			row = successor(b, &b->rows[i], b->sample[k], false);
			dfa->next[i * dfa->n_classes + k] = row_number(b, &row);
		}
	}
}

static bool
fits(const struct rs_ere *re)
{
	if (re->n_states > STATES_MAX || re->literal.whole)
		return false;
	/* A word edge depends on the byte to come as well, which would square the table. */
	for (uint32_t i = 0; i < re->n_states; i++)
		if (re->states[i].op == RS_ERE_OP_ASSERT && re->states[i].arg > RS_ERE_END)
			return false;
	return true;
}

int
rs_ere_dfa_build(struct rs_ere *re)
{
	if (!fits(re))
		return 0;

	struct build *b = calloc(1, sizeof(*b));
	struct rs_ere_dfa *dfa = calloc(1, sizeof(*dfa) + ROWS_MAX * 256);
	int rc = -ENOMEM;

	if (b && dfa) {
		b->re = re;
		b->dfa = dfa;
		make_classes(b);
		fill(b);
		if (!b->overflow) {
			re->dfa = realloc(dfa, sizeof(*dfa) + (size_t)b->n_rows * dfa->n_classes);
			dfa = re->dfa ? NULL : dfa;
		}
		rc = b->overflow || re->dfa ? 0 : -ENOMEM;
	}
	free(dfa);
	free(b);
	return rc;
}
