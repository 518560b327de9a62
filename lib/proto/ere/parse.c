/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grammar of XBD 9.5.3 as glibc's regcomp reads it with REG_EXTENDED: where the standard leaves
 * a form undefined (a leading '*', an unmatched ')', an empty alternative), scenarios rely on what
 * that does.
 */
#include <errno.h>

#include "proto/ere/private.h"

static int32_t parse_alternatives(struct rs_ere_builder *b);

static int
peek(const struct rs_ere_builder *b)
{
	return b->pos < b->len ? b->p[b->pos] : -1;
}

static int32_t
invalid(struct rs_ere_builder *b, const char *err, size_t off)
{
	return rs_ere_fail(b, -EINVAL, err, off);
}

static int32_t
class_node(struct rs_ere_builder *b, const char *name, bool negate)
{
	struct rs_ere_set set = { 0 };

	rs_ere_class(rs_slice_str(name), &set);
	if (name[0] == 'a') /* \w is [_[:alnum:]] */
		rs_ere_set_add(&set, '_');
	for (unsigned i = 0; i < 4 && negate; i++)
		set.w[i] = ~set.w[i];
	return rs_ere_node_set(b, &set);
}

static int32_t
parse_escape(struct rs_ere_builder *b)
{
	size_t at = b->pos++;
	int c = peek(b);

	if (c < 0)
		return invalid(b, "trailing backslash", at);
	b->pos++;
	if (c >= '1' && c <= '9')
		return invalid(b, "back-reference", at);
	switch (c) {
	case 'w':
	case 'W': return class_node(b, "alnum", c == 'W');
	case 's':
	case 'S': return class_node(b, "space", c == 'S');
	case '<': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_WORD_BEGIN);
	case '>': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_WORD_END);
	case 'b': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_WORD_EDGE);
	case 'B': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_NOT_WORD_EDGE);
	case '`': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_BEGIN);
	case '\'': return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_END);
	default: return rs_ere_node_byte(b, (uint8_t)c);
	}
}

static int32_t
parse_group(struct rs_ere_builder *b)
{
	size_t at = b->pos++;
	unsigned number = ++b->n_groups;

	if (b->nest == RS_ERE_NEST_MAX)
		return rs_ere_fail(b, -E2BIG, "parentheses nested too deeply", at);
	b->nest++;

	int32_t child = parse_alternatives(b);

	b->nest--;
	if (b->rc)
		return RS_ERE_NONE;
	if (peek(b) != ')')
		return invalid(b, "unmatched (", at);
	b->pos++;
	return rs_ere_node_group(b, child, number);
}

static int32_t
parse_atom(struct rs_ere_builder *b)
{
	struct rs_ere_set any = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	uint8_t c = b->p[b->pos];

	switch (c) {
	case '*':
	case '+':
	case '?':
	case '{': return invalid(b, "nothing to repeat", b->pos);
	case '(': return parse_group(b);
	case '\\': return parse_escape(b);
	case '[': b->pos++; return rs_ere_parse_bracket(b);
	case '.': b->pos++; return rs_ere_node_set(b, &any);
	case '^': b->pos++; return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_BEGIN);
	case '$': b->pos++; return rs_ere_node_leaf(b, RS_ERE_ASSERT, RS_ERE_END);
	default: b->pos++; return rs_ere_node_byte(b, c);
	}
}

/** Digits; @missing when there are none. */
static uint32_t
parse_number(struct rs_ere_builder *b, uint32_t missing)
{
	uint32_t n = 0;
	size_t from = b->pos;

	for (; peek(b) >= '0' && peek(b) <= '9'; b->pos++)
		if (n <= RS_ERE_DUP_MAX)
			n = n * 10 + (uint32_t)(peek(b) - '0');
	return b->pos == from ? missing : n;
}

/** "{m}", "{m,}", "{m,n}" and glibc's "{,n}". */
static int32_t
parse_interval(struct rs_ere_builder *b, int32_t atom)
{
	size_t at = b->pos++;
	uint32_t min = parse_number(b, RS_ERE_INF);
	uint32_t max = min;

	if (peek(b) == ',') {
		b->pos++;
		min = min == RS_ERE_INF ? 0 : min;
		max = parse_number(b, RS_ERE_INF);
	} else if (min == RS_ERE_INF) {
		return invalid(b, peek(b) < 0 ? "unmatched {" : "bad content of {}", at);
	}
	if (peek(b) < 0)
		return invalid(b, "unmatched {", at);
	if (peek(b) != '}' || min > max)
		return invalid(b, "bad content of {}", at);
	b->pos++;
	if (min > RS_ERE_DUP_MAX || (max != RS_ERE_INF && max > RS_ERE_DUP_MAX))
		return rs_ere_fail(b, -E2BIG, "count in {} above 32,767", at);
	return rs_ere_node_rep(b, atom, min, max);
}

static int32_t
parse_piece(struct rs_ere_builder *b)
{
	int32_t node = parse_atom(b);

	/* glibc takes no repetition behind an assertion, but takes one behind "(^)". */
	if (b->rc || b->nodes[node].kind == RS_ERE_ASSERT)
		return node;
	while (b->rc == 0) {
		int c = peek(b);

		if (c == '{') {
			node = parse_interval(b, node);
			continue;
		}
		if (c != '*' && c != '+' && c != '?')
			break;
		b->pos++;
		node = rs_ere_node_rep(b, node, c == '+', c == '?' ? 1 : RS_ERE_INF);
	}
	return node;
}

static int32_t
parse_branch(struct rs_ere_builder *b)
{
	int32_t first = RS_ERE_NONE, last = RS_ERE_NONE;

	while (b->rc == 0 && b->pos < b->len && peek(b) != '|' && !(b->nest && peek(b) == ')'))
		rs_ere_node_append(b, &first, &last, parse_piece(b));
	return rs_ere_node_list(b, RS_ERE_CAT, first, last);
}

static int32_t
parse_alternatives(struct rs_ere_builder *b)
{
	int32_t first = RS_ERE_NONE, last = RS_ERE_NONE;

	rs_ere_node_append(b, &first, &last, parse_branch(b));
	while (b->rc == 0 && peek(b) == '|') {
		b->pos++;
		rs_ere_node_append(b, &first, &last, parse_branch(b));
	}
	return rs_ere_node_list(b, RS_ERE_ALT, first, last);
}

int32_t
rs_ere_parse(struct rs_ere_builder *b)
{
	return parse_alternatives(b);
}
