/* SPDX-License-Identifier: BSD-3-Clause */
/* Bracket expressions (XBD 9.3.5) in the C locale: bytes, ranges by value, classes of ASCII. */
#include <errno.h>

#include "proto/ere/private.h"

enum element_kind { SINGLE, CLASS, EQUIVALENCE };

struct element {
	enum element_kind kind;
	uint8_t byte;
	struct rs_ere_set set; /* CLASS */
};

bool
rs_ere_is_word(uint8_t c)
{
	uint8_t l = rs_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Not <ctype.h>: what a scenario matches must not depend on the locale of the process. */
static const struct {
	const char *name;
	const char *ranges; /* pairs of first and last byte */
	uint8_t len;
} classes[] = {
	{ "alnum", "AZaz09", 6 },
	{ "alpha", "AZaz", 4 },
	{ "blank", "  \t\t", 4 },
	{ "cntrl", "\0\x1f\x7f\x7f", 4 },
	{ "digit", "09", 2 },
	{ "graph", "!~", 2 },
	{ "lower", "az", 2 },
	{ "print", " ~", 2 },
	{ "punct", "!/:@[`{~", 8 },
	{ "space", "\t\r  ", 4 },
	{ "upper", "AZ", 2 },
	{ "xdigit", "09AFaf", 6 },
};

static void
add_range(struct rs_ere_set *set, uint8_t from, uint8_t to)
{
	for (unsigned c = from; c <= to; c++)
		rs_ere_set_add(set, (uint8_t)c);
}

bool
rs_ere_class(struct rs_slice name, struct rs_ere_set *set)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!rs_slice_is(name, classes[i].name))
			continue;
		for (unsigned k = 0; k < classes[i].len; k += 2)
			add_range(set, (uint8_t)classes[i].ranges[k],
				(uint8_t)classes[i].ranges[k + 1]);
		return true;
	}
	return false;
}

static int
at(const struct rs_ere_builder *b, size_t ahead)
{
	return b->len - b->pos > ahead ? b->p[b->pos + ahead] : -1;
}

static bool
unmatched(struct rs_ere_builder *b, size_t open)
{
	rs_ere_fail(b, -EINVAL, "unmatched [", open);
	return false;
}

/** "[:name:]", "[.c.]" or "[=c=]"; b->pos is at its '['. */
static bool
parse_symbol(struct rs_ere_builder *b, size_t open, struct element *e)
{
	size_t from = b->pos;
	int delimiter = at(b, 1);

	b->pos += 2;

	struct rs_slice name = { b->p + b->pos, 0 };

	while (at(b, name.len) != delimiter || at(b, name.len + 1) != ']') {
		if (at(b, name.len) < 0)
			return unmatched(b, open);
		name.len++;
	}
	b->pos += name.len + 2;
	if (delimiter == ':') {
		e->kind = CLASS;
		if (rs_ere_class(name, &e->set))
			return true;
		rs_ere_fail(b, -EINVAL, "unknown character class", from);
		return false;
	}
	if (name.len != 1) {
		rs_ere_fail(b, -EINVAL, "unknown collating element", from);
		return false;
	}
	e->kind = delimiter == '.' ? SINGLE : EQUIVALENCE;
	e->byte = name.p[0];
	return true;
}

static bool
parse_element(struct rs_ere_builder *b, size_t open, bool hyphen, struct element *e)
{
	int c = at(b, 0), d = at(b, 1);

	*e = (struct element){ .kind = SINGLE };
	if (c < 0)
		return unmatched(b, open);
	if (c == '[' && (d == ':' || d == '.' || d == '='))
		return parse_symbol(b, open, e);
	if (c == '-' && !hyphen && d != ']') {
		if (d < 0)
			return unmatched(b, open);
		rs_ere_fail(b, -EINVAL, "bad range", b->pos);
		return false;
	}
	e->byte = (uint8_t)c;
	b->pos++;
	return true;
}

static uint8_t
upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c & (uint8_t)~0x20 : c;
}

static bool
add_elements(struct rs_ere_builder *b, size_t open, bool hyphen, struct rs_ere_set *set)
{
	struct element from, to;
	size_t start = b->pos;

	if (!parse_element(b, open, hyphen, &from))
		return false;
	if (from.kind == CLASS) {
		for (unsigned i = 0; i < 4; i++)
			set->w[i] |= from.set.w[i];
		return true;
	}
	if (from.kind == EQUIVALENCE || at(b, 0) != '-' || at(b, 1) == ']') {
		rs_ere_set_add(set, from.byte);
		return true;
	}
	b->pos++;
	if (!parse_element(b, open, true, &to))
		return false;

	/*
	 * With case ignored the ends count as capitals, as in glibc: [Z-a] is backwards then,
	 * [X-_] is not.
	 */
	uint8_t lo = b->icase ? upper(from.byte) : from.byte;
	uint8_t hi = b->icase ? upper(to.byte) : to.byte;

	if (to.kind != SINGLE || lo > hi) {
		rs_ere_fail(b, -EINVAL, "bad range", start);
		return false;
	}
	add_range(set, lo, hi);
	return true;
}

int32_t
rs_ere_parse_bracket(struct rs_ere_builder *b)
{
	struct rs_ere_set set = { 0 };
	size_t open = b->pos - 1;
	bool negate = at(b, 0) == '^';

	b->pos += negate;
	for (bool first = true; first || at(b, 0) != ']'; first = false)
		if (!add_elements(b, open, first, &set))
			return RS_ERE_NONE;
	b->pos++;

	for (unsigned c = 'a'; c <= 'z' && b->icase; c++) {
		if (rs_ere_set_has(&set, (uint8_t)c) || rs_ere_set_has(&set, (uint8_t)(c - 32))) {
			rs_ere_set_add(&set, (uint8_t)c);
			rs_ere_set_add(&set, (uint8_t)(c - 32));
		}
	}
	for (unsigned i = 0; i < 4 && negate; i++)
		set.w[i] = ~set.w[i];
	return rs_ere_node_set(b, &set);
}
