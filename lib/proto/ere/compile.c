/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "proto/ere/private.h"

static void
add_all(struct rs_ere_set *to, const struct rs_ere_set *from)
{
	for (unsigned i = 0; i < 4; i++)
		to->w[i] |= from->w[i];
}

void
rs_ere_first_bytes(const struct rs_ere *re, int32_t id, struct rs_ere_set *set)
{
	const struct rs_ere_node *n = &re->nodes[id];

	switch (n->kind) {
	case RS_ERE_BYTE:
		rs_ere_set_add(set, n->arg);
		if (re->icase && n->arg >= 'a' && n->arg <= 'z')
			rs_ere_set_add(set, n->arg - 32);
		break;
	case RS_ERE_SET: add_all(set, &re->sets[n->set]); break;
	default:
		for (int32_t i = n->first; i >= 0; i = re->nodes[i].next) {
			rs_ere_first_bytes(re, i, set);
			if (n->kind == RS_ERE_CAT && re->nodes[i].len_min > 0)
				break;
		}
	}
}

/**
 * The SET or BYTE that @id repeats, when it is no more than one of them repeated, in groups or
 * not.
 */
static int32_t
run_leaf(const struct rs_ere *re, int32_t id)
{
	bool repeats = false;

	for (;; id = re->nodes[id].first) {
		const struct rs_ere_node *n = &re->nodes[id];

		if (n->kind == RS_ERE_SET || n->kind == RS_ERE_BYTE)
			return repeats ? id : RS_ERE_NONE;
		if (n->kind != RS_ERE_GROUP && n->kind != RS_ERE_REP)
			return RS_ERE_NONE;
		repeats |= n->kind == RS_ERE_REP;
	}
}

/**
 * A piece such as [^@]+ before '@' ends where its bytes end: nothing that may follow begins with
 * one of them. There the sub-match pass needs no choice.
 */
static void
find_runs(struct rs_ere *re, const struct rs_ere_node *cat)
{
	for (int32_t i = cat->first; i >= 0; i = re->nodes[i].next) {
		struct rs_ere_set own = { 0 }, follow = { 0 };
		struct rs_ere_node *n = &re->nodes[i];
		int32_t leaf = n->mark ? run_leaf(re, i) : RS_ERE_NONE;
		uint64_t common = 0;

		if (leaf < 0)
			continue;
		rs_ere_first_bytes(re, leaf, &own);
		for (int32_t k = n->next; k >= 0; k = re->nodes[k].next) {
			rs_ere_first_bytes(re, k, &follow);
			if (re->nodes[k].len_min > 0)
				break;
		}
		for (unsigned w = 0; w < 4; w++)
			common |= follow.w[w] & own.w[w];
		n->run = common == 0 ? leaf : RS_ERE_NONE;
	}
}

/** Does every match of @id begin at the beginning of the text? */
static bool
is_anchored(const struct rs_ere *re, int32_t id)
{
	const struct rs_ere_node *n = &re->nodes[id];

	switch (n->kind) {
	case RS_ERE_ASSERT: return n->arg == RS_ERE_BEGIN;
	case RS_ERE_CAT:
	case RS_ERE_GROUP: return is_anchored(re, n->first);
	case RS_ERE_ALT:
		for (int32_t i = n->first; i >= 0; i = re->nodes[i].next)
			if (!is_anchored(re, i))
				return false;
		return true;
	default: return false;
	}
}

static void
analyse(struct rs_ere *re)
{
	struct rs_ere_set first = { 0 };

	re->anchored = is_anchored(re, re->root);
	rs_ere_first_bytes(re, re->root, &first);
	for (unsigned c = 0; c < 256; c++)
		re->first[c] =
			re->nodes[re->root].len_min == 0 || rs_ere_set_has(&first, (uint8_t)c);
	for (uint32_t i = 0; i < re->n_nodes; i++) {
		const struct rs_ere_node *n = &re->nodes[i];

		if (n->first_group == 0)
			continue;
		if (n->kind == RS_ERE_CAT) {
			find_runs(re, n);
			re->slots_max = n->slots > re->slots_max ? n->slots : re->slots_max;
		} else if (n->kind == RS_ERE_REP) {
			re->slots_max = re->slots_max < 2 ? 2 : re->slots_max;
		}
	}
}

/** From the tree to what matches; @b's arrays belong to @re from here on. */
static int
finish(struct rs_ere *re, struct rs_ere_builder *b, int32_t root)
{
	re->nodes = b->nodes;
	re->sets = b->sets;
	re->n_nodes = b->n_nodes;
	re->n_sets = b->n_sets;
	re->n_groups = b->n_groups;
	re->icase = b->icase;
	re->root = root;
	re->states = calloc(re->nodes[root].states + 1, sizeof(*re->states));
	if (!re->states)
		return -ENOMEM;
	rs_ere_emit(re);
	analyse(re);

	int rc = rs_ere_literal_init(re);

	return rc ? rc : rs_ere_dfa_build(re);
}

int
rs_ere_compile(
	struct rs_slice pattern, bool icase, struct rs_ere **out, const char **err, size_t *err_off)
{
	struct rs_ere_builder b = { .p = pattern.p, .len = pattern.len, .icase = icase };
	struct rs_ere *re = NULL;
	int32_t root;

	*out = NULL;
	if (pattern.len > RS_ERE_PATTERN_MAX)
		rs_ere_fail(&b, -E2BIG, "expression longer than 65,535 bytes", RS_ERE_PATTERN_MAX);
	root = rs_ere_parse(&b);
	if (b.rc == 0 && b.nodes[root].states >= RS_ERE_STATES_MAX)
		rs_ere_fail(&b, -E2BIG, "more than 4,000 states", b.len);
	if (b.rc == 0) {
		re = calloc(1, sizeof(*re));
		if (re && finish(re, &b, root) == 0) {
			*out = re;
			return 0;
		}
		rs_ere_fail(&b, -ENOMEM, "out of memory", 0);
	}
	*err = b.err;
	*err_off = b.err_off;
	if (re) {
		rs_ere_free(re);
	} else {
		free(b.nodes);
		free(b.sets);
	}
	return b.rc;
}

void
rs_ere_free(struct rs_ere *re)
{
	if (!re)
		return;
	free(re->literal.p);
	free(re->dfa);
	free(re->states);
	free(re->sets);
	free(re->nodes);
	free(re);
}

unsigned
rs_ere_groups(const struct rs_ere *re)
{
	return re->n_groups;
}
