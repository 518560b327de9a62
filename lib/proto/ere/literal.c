/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The literal that every match begins with. A third of the expressions in use are nothing else,
 * most others have one.
 */
#include <errno.h>
#include <stdlib.h>

#include "proto/ere/private.h"

/**
 * Appends the bytes that @id always begins with; true when those are all that it matches. @out
 * NULL only counts.
 */
static bool
collect(const struct rs_ere *re, int32_t id, uint8_t *out, uint32_t *len)
{
	const struct rs_ere_node *n = &re->nodes[id];
	bool all = true;

	switch (n->kind) {
	case RS_ERE_EMPTY: return true;
	case RS_ERE_BYTE:
		if (out)
			out[*len] = n->arg;
		(*len)++;
		return true;
	case RS_ERE_CAT:
		for (int32_t i = n->first; i >= 0 && all; i = re->nodes[i].next)
			all = collect(re, i, out, len);
		return all;
	case RS_ERE_GROUP: return collect(re, n->first, out, len);
	case RS_ERE_REP:
		for (uint32_t i = 0; i < n->min && all; i++)
			all = collect(re, n->first, out, len);
		return all && n->min == n->max;
	default: return false;
	}
}

/** How often a byte is met in SIP and SDP: the rarest of a literal is the one to look for. */
static unsigned
frequency(uint8_t c)
{
	static const char commonest[] = "0e1 ti2an:rs.po3;=dlc-45h/g7689mu\r\nb@yf<>vwkxS\"TIAC";
	const char *at = c ? strchr(commonest, c) : NULL;

	return at ? (unsigned)(sizeof(commonest) - (size_t)(at - commonest)) : 0;
}

int
rs_ere_literal_init(struct rs_ere *re)
{
	struct rs_ere_literal *lit = &re->literal;
	uint32_t best = UINT32_MAX;

	lit->fold = re->icase;
	lit->whole = collect(re, re->root, NULL, &lit->len);
	if (lit->len == 0)
		return 0;
	lit->p = malloc(lit->len);
	if (!lit->p)
		return -ENOMEM;
	lit->len = 0;
	collect(re, re->root, lit->p, &lit->len);
	for (uint32_t i = 0; i < lit->len; i++) {
		/* With two cases to look for, a byte without case wins over a rarer letter. */
		bool letter = lit->fold && lit->p[i] >= 'a' && lit->p[i] <= 'z';
		uint32_t cost = letter ? frequency(lit->p[i]) + 30 : frequency(lit->p[i]);

		if (cost < best) {
			best = cost;
			lit->rare = i;
		}
	}
	return 0;
}

static bool
equal_folded(const uint8_t *text, const uint8_t *lower, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (rs_lower(text[i]) != lower[i])
			return false;
	return true;
}

/**
 * Either case of a letter, whichever comes first. The windows bound what looking for the case
 * that does not occur costs, however often the other one does.
 */
static const uint8_t *
find_letter(const uint8_t *p, const uint8_t *end, uint8_t lower)
{
	const ptrdiff_t window = 256;

	while (p < end) {
		const uint8_t *stop = end - p > window ? p + window : end;
		const uint8_t *a = memchr(p, lower, (size_t)(stop - p));
		const uint8_t *b = memchr(p, lower - 32, (size_t)((a ? a : stop) - p));

		if (a || b)
			return b ? b : a;
		p = stop;
	}
	return NULL;
}

/** The rare byte in either case, and the rest compared where it is found. */
static int32_t
find_folded(const struct rs_ere_literal *lit, const uint8_t *text, int32_t len, int32_t from)
{
	uint8_t lower = lit->p[lit->rare];
	bool letter = lower >= 'a' && lower <= 'z';
	const uint8_t *p = text + from + lit->rare;
	const uint8_t *end = text + len - (lit->len - 1 - lit->rare);

	for (; p < end; p++) {
		p = letter ? find_letter(p, end, lower) : memchr(p, lower, (size_t)(end - p));
		if (!p)
			break;
		if (equal_folded(p - lit->rare, lit->p, lit->len))
			return (int32_t)(p - lit->rare - text);
	}
	return -1;
}

int32_t
rs_ere_literal_find(
	const struct rs_ere_literal *lit, const uint8_t *text, int32_t len, int32_t from)
{
	if ((uint32_t)(len - from) < lit->len)
		return -1;
	if (lit->fold)
		return find_folded(lit, text, len, from);

	const uint8_t *at = lit->len == 1
		? memchr(text + from, lit->p[0], (size_t)(len - from))
		: memmem(text + from, (size_t)(len - from), lit->p, lit->len);

	return at ? (int32_t)(at - text) : -1;
}
