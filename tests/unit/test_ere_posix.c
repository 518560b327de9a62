/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups by the letter of the rule: a naive matcher, exponential and obvious, walks the same
 * tree and tries every division, the longest first. The fast one must agree with it on random
 * expressions, above all the ambiguous ones.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/ere/private.h"
#include "unit.h"

struct naive {
	const struct rs_ere *re;
	struct rs_ere_run text;
	struct rs_ere_group groups[RS_ERE_GROUPS];
	unsigned budget; /* what takes too long is left out */
};

static bool fits(struct naive *v, int32_t id, int32_t from, int32_t to);

static const struct rs_ere_node *
node(const struct naive *v, int32_t id)
{
	return &v->re->nodes[id];
}

static bool
pieces_fit(struct naive *v, int32_t id, int32_t from, int32_t to)
{
	if (id < 0)
		return from == to;
	for (int32_t k = to; k >= from; k--)
		if (fits(v, id, from, k) && pieces_fit(v, node(v, id)->next, k, to))
			return true;
	return false;
}

static bool
iterations_fit(
	struct naive *v, const struct rs_ere_node *rep, uint32_t done, int32_t from, int32_t to)
{
	if (from == to && done >= rep->min)
		return true;
	if (done == rep->max)
		return false;
	for (int32_t k = to; k >= from; k--) {
		if (k == from && done >= rep->min)
			break; /* what is not asked for may not be empty */
		if (fits(v, rep->first, from, k) && iterations_fit(v, rep, done + 1, k, to))
			return true;
	}
	return false;
}

static bool
fits(struct naive *v, int32_t id, int32_t from, int32_t to)
{
	const struct rs_ere_node *n = node(v, id);
	uint8_t c = to > from ? v->text.text[from] : 0;

	if (v->budget == 0)
		return false;
	v->budget--;
	switch (n->kind) {
	case RS_ERE_EMPTY: return from == to;
	case RS_ERE_BYTE: return to == from + 1 && (v->re->icase ? rs_lower(c) : c) == n->arg;
	case RS_ERE_SET: return to == from + 1 && rs_ere_set_has(&v->re->sets[n->set], c);
	case RS_ERE_ASSERT: return from == to && rs_ere_holds(&v->text, n->arg, from);
	case RS_ERE_CAT: return pieces_fit(v, n->first, from, to);
	case RS_ERE_ALT:
		for (int32_t i = n->first; i >= 0; i = node(v, i)->next)
			if (fits(v, i, from, to))
				return true;
		return false;
	case RS_ERE_REP: return iterations_fit(v, n, 0, from, to);
	default: return fits(v, n->first, from, to);
	}
}

static void divide(struct naive *v, int32_t id, int32_t from, int32_t to);

static void
divide_rep(struct naive *v, const struct rs_ere_node *rep, int32_t from, int32_t to)
{
	uint32_t done = 0;
	int32_t start = from, end = from;

	if (from == to && !fits(v, rep->first, from, to))
		return; /* no iteration at all */
	do {
		start = end;
		for (end = to; end >= start; end--)
			if (fits(v, rep->first, start, end) &&
				iterations_fit(v, rep, done + 1, end, to))
				break;
		done++;
	} while (v->budget && (end < to || done < rep->min));
	if (v->budget)
		divide(v, rep->first, start, end);
}

static void
divide(struct naive *v, int32_t id, int32_t from, int32_t to)
{
	const struct rs_ere_node *n = node(v, id);
	int32_t i = n->first;

	switch (n->kind) {
	case RS_ERE_CAT:
		for (; i >= 0 && v->budget; i = node(v, i)->next) {
			int32_t k = to;

			while (v->budget &&
				!(fits(v, i, from, k) && pieces_fit(v, node(v, i)->next, k, to)))
				k--;
			if (v->budget)
				divide(v, i, from, k);
			from = k;
		}
		break;
	case RS_ERE_ALT:
		while (v->budget && !fits(v, i, from, to))
			i = node(v, i)->next;
		if (v->budget)
			divide(v, i, from, to);
		break;
	case RS_ERE_REP: divide_rep(v, n, from, to); break;
	case RS_ERE_GROUP:
		if (n->group < RS_ERE_GROUPS)
			v->groups[n->group] = (struct rs_ere_group){ from, to };
		divide(v, i, from, to);
		break;
	default: break;
	}
}

/** False when there is no match; v->budget is 0 when it took too long to tell. */
static bool
naive_match(struct naive *v)
{
	for (int32_t from = 0; from <= v->text.len; from++) {
		for (int32_t to = v->text.len; to >= from; to--) {
			if (!fits(v, v->re->root, from, to))
				continue;
			for (unsigned i = 0; i < RS_ERE_GROUPS; i++)
				v->groups[i] = (struct rs_ere_group){ -1, -1 };
			v->groups[0] = (struct rs_ere_group){ from, to };
			divide(v, v->re->root, from, to);
			return true;
		}
	}
	return false;
}

struct gen {
	uint64_t seed;
	char out[2048];
	unsigned n;
};

static unsigned
below(struct gen *g, unsigned n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 7;
	g->seed ^= g->seed << 17;
	return (unsigned)((g->seed >> 33) % n);
}

static void
put(struct gen *g, const char *s)
{
	g->n += (unsigned)snprintf(g->out + g->n, sizeof(g->out) - g->n, "%s", s);
	assert_true(g->n < sizeof(g->out));
}

static void
pattern(struct gen *g, unsigned depth)
{
	static const char *const atoms[] = { "a", "b", "a", "b", "ab", ".", "[ab]", "[^a]", "" };
	static const char *const repeats[] = { "*", "*", "+", "?", "{2}", "{0,2}", "{1,}", "{1,3}",
		"{2,3}", "{2,}" };
	static const char *const edges[] = { "^", "$", "\\<", "\\>", "\\b", "\\B" };
	unsigned alternatives = below(g, 3) == 0 ? 2 + below(g, 2) : 1;

	for (unsigned i = 0; i < alternatives; i++) {
		if (i)
			put(g, "|");
		for (unsigned k = 1 + below(g, 3); k > 0; k--) {
			const char *atom = atoms[below(g, 9)];

			if (below(g, 24) == 0) {
				put(g, edges[below(g, 6)]);
				continue;
			}
			if (depth && below(g, 2)) {
				put(g, "(");
				pattern(g, depth - 1);
				put(g, ")");
			} else if (*atom) {
				put(g, atom);
			} else {
				continue;
			}
			if (below(g, 2))
				put(g, repeats[below(g, 10)]);
		}
	}
}

static void
test_groups_are_those_of_the_naive_matcher(void **state)
{
	struct gen g = { .seed = 0x5eed0004 };
	unsigned compared = 0, left_out = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct rs_ere *re;
		const char *err;
		size_t off;

		g.n = 0;
		g.out[0] = '\0';
		pattern(&g, 1 + i % 3);
		if (rs_ere_compile(rs_slice_str(g.out), false, &re, &err, &off))
			continue;

		void *scratch = aligned_alloc(16, (rs_ere_scratch(re) + 15) & ~(size_t)15);

		for (unsigned k = 0; k < 8; k++) {
			struct rs_ere_group ours[RS_ERE_GROUPS];
			struct naive v = { .re = re, .budget = 20000 };
			char text[12];

			v.text.text = (const uint8_t *)text;
			v.text.len = (int32_t)below(&g, 10);
			for (int32_t t = 0; t < v.text.len; t++)
				text[t] = "ab "[below(&g, k < 6 ? 2 : 3)];

			bool found = naive_match(&v);

			if (v.budget == 0) {
				left_out++;
				continue;
			}
			compared++;
			if (rs_ere_match(re, rs_slice_of(text, (size_t)v.text.len), scratch, ours,
				    RS_ERE_GROUPS) != found)
				fail_msg("\"%s\" on \"%.*s\": expected %d", g.out, v.text.len, text,
					found);
			for (unsigned n = 0; found && n < RS_ERE_GROUPS; n++)
				if (ours[n].start != v.groups[n].start ||
					ours[n].end != v.groups[n].end)
					fail_msg(
						"\"%s\" on \"%.*s\", group %u: (%d,%d), not (%d,%d)",
						g.out, v.text.len, text, n, ours[n].start,
						ours[n].end, v.groups[n].start, v.groups[n].end);
		}
		free(scratch);
		rs_ere_free(re);
	}
	assert_true(compared > 100000);
	assert_true(left_out < compared / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_are_those_of_the_naive_matcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
