/* SPDX-License-Identifier: BSD-3-Clause */
/* One setting's value: of its type, in its range, stored where its row says. */
#include "plan/plan_read.h"

static void
store(const struct rs_setting *s, void *into, uint64_t v, double f)
{
	uint8_t *at = (uint8_t *)into + s->offset;

	if (s->offset == RS_SET_CUSTOM)
		return;
	if (s->type == RS_SET_FLOAT || s->type == RS_SET_MS)
		memcpy(at, &f, sizeof(f));
	else
		memcpy(at, &v, s->size); /* little-endian: the low bytes come first */
}

_Static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "store() copies the low bytes of a value");

/** "1 to 4094 packets", "at least 1" ... */
static const char *
range_text(const struct rs_setting *s, char *buf, size_t cap)
{
	const char *unit = s->unit ? s->unit : "", *gap = s->unit ? " " : "";

	if (s->max == INT64_MAX)
		snprintf(buf, cap, "at least %lld%s%s", (long long)s->min, gap, unit);
	else
		snprintf(buf, cap, "%lld to %lld%s%s", (long long)s->min, (long long)s->max, gap,
			unit);
	return buf;
}

static const char *
wanted(const struct rs_setting *s)
{
	static const char *const names[] = { [RS_SET_STRING] = "a string",
		[RS_SET_INT] = "an integer",
		[RS_SET_FLOAT] = "a number",
		[RS_SET_BOOL] = "true or false",
		[RS_SET_DURATION] =
			"a duration: a string with a unit, such as \"90s\" or \"250ms\"",
		[RS_SET_WORD] = "a string",
		[RS_SET_STRINGS] = "a string or an array of strings",
		[RS_SET_INTS] = "an array of integers",
		[RS_SET_FLOATS] = "an array of numbers",
		[RS_SET_MS] = "a duration such as \"90s\", or a number of milliseconds",
		[RS_SET_DIST] =
			"a duration such as \"90s\", or a group { distribution = \"...\"; ... }",
		[RS_SET_GROUP] = "a group: { NAME = VALUE; }",
		[RS_SET_GROUPS] = "a list of groups: ( { NAME = VALUE; } )" };

	return names[s->type];
}

static int
read_word(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const char *text, void *into)
{
	char list[160] = "", near[80];
	const char *known[16];
	size_t n = 0, at = 0;

	for (uint64_t i = 0; s->words[i].word; i++) {
		const struct rs_word *w = &s->words[i];

		if (strcmp(w->word, text) == 0) {
			if (w->instead)
				return rs_part_fail(r, p, s->name, -EINVAL,
					"\"%s\" is not in this version: %s", text, w->instead);
			store(s, into, i, 0);
			return 0;
		}
		if (w->instead)
			continue;
		known[n++] = w->word;
		at += (size_t)snprintf(
			list + at, sizeof(list) - at, "%s\"%s\"", n > 1 ? ", " : "", w->word);
	}
	rs_did_you_mean(text, known, n, near, sizeof(near));
	return rs_part_fail(r, p, s->name, -EINVAL, "unknown value \"%.100s\"%s%s%s", text, near,
		near[0] ? " Known: " : ": use ", list);
}

static int
read_duration(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const char *text, void *into)
{
	uint64_t ns;
	int rc = rs_text_duration(text, &ns);

	if (rc == -ERANGE || (rc == 0 && ns > RS_SET_MAX_NS))
		return rs_part_fail(
			r, p, s->name, -EINVAL, "\"%.60s\" is too long: at most a year", text);
	if (rc != 0)
		return rs_part_fail(r, p, s->name, -EINVAL,
			"\"%.60s\" is not a duration: write a number and us, ms, s, m or h, "
			"such as \"90s\"",
			text);
	store(s, into, ns, 0);
	return 0;
}

static bool
is_text(const struct rs_node *n)
{
	/* what --set gives without quotes may look like a number */
	return n->type == RS_NODE_STRING || (n->set && n->type < RS_NODE_ARRAY);
}

int
rs_part_number(const struct rs_reader *r, const struct rs_part *p, const struct rs_node *n,
	const struct rs_setting *s, double *value)
{
	char range[80];

	if (n->type != RS_NODE_INT && n->type != RS_NODE_FLOAT)
		return rs_part_fail(
			r, p, s->name, -EINVAL, "%s is not %s", rs_tree_type_name(n), wanted(s));
	if ((s->min != 0 || s->max != 0) && !(n->f >= (double)s->min && n->f <= (double)s->max))
		return rs_part_fail(r, p, s->name, -EINVAL, "%s is out of range: %s", n->text,
			range_text(s, range, sizeof(range)));
	*value = n->f;
	return 0;
}

static int
wrong_type(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const struct rs_node *n)
{
	if ((s->type == RS_SET_DURATION || s->type == RS_SET_DIST) &&
		(n->type == RS_NODE_INT || n->type == RS_NODE_FLOAT))
		return rs_part_fail(r, p, s->name, -EINVAL,
			"%s has no unit: write \"%ss\" or another unit", n->text, n->text);
	if (s->type == RS_SET_STRING && n->type < RS_NODE_ARRAY)
		return rs_part_fail(r, p, s->name, -EINVAL, "%s is not a string: write \"%s\"",
			n->text, n->text);
	if ((s->type == RS_SET_INT || s->type == RS_SET_FLOAT || s->type == RS_SET_BOOL) &&
		n->type == RS_NODE_STRING)
		return rs_part_fail(r, p, s->name, -EINVAL, "\"%.60s\" is a string, not %s%s",
			n->text, wanted(s), n->set ? "" : ": write it without quotes");
	return rs_part_fail(
		r, p, s->name, -EINVAL, "%s is not %s", rs_tree_type_name(n), wanted(s));
}

int
rs_part_check_elements(const struct rs_reader *r, const struct rs_part *p,
	const struct rs_setting *s, const struct rs_node *n)
{
	enum rs_node_type want = s->type == RS_SET_STRINGS ? RS_NODE_STRING : RS_NODE_INT;

	if (n->type == want && s->type == RS_SET_STRINGS)
		return n->text[0] ? 0 : rs_part_fail(r, p, s->name, -EINVAL, "is empty");
	if (s->type == RS_SET_STRINGS && is_text(n))
		return 0;
	if (n->type != RS_NODE_ARRAY && n->type != RS_NODE_LIST)
		return wrong_type(r, p, s, n);
	if (n->n == 0)
		return rs_part_fail(
			r, p, s->name, -EINVAL, "is empty: leave it out or name at least one");
	for (const struct rs_node *c = n->first; c; c = c->next)
		if (c->type != want && !(s->type == RS_SET_FLOATS && c->type == RS_NODE_FLOAT))
			return rs_part_fail(r, p, s->name, -EINVAL, "holds %s: it is %s",
				rs_tree_type_name(c), wanted(s));
	return 0;
}

/** Milliseconds, with a unit or without. */
static int
read_ms(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const struct rs_node *n, void *into)
{
	struct rs_setting as_duration = *s;
	uint64_t ns = 0;
	double ms;
	int rc;

	if (n->type == RS_NODE_STRING) {
		as_duration.offset = 0;
		as_duration.size = sizeof(ns);
		as_duration.type = RS_SET_DURATION;
		if ((rc = read_duration(r, p, &as_duration, n->text, &ns)) != 0)
			return rc;
		store(s, into, 0, (double)ns / 1e6);
		return 0;
	}
	if ((rc = rs_part_number(r, p, n, s, &ms)) == 0)
		store(s, into, 0, ms);
	return rc;
}

static int
read_group(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const struct rs_node *n, void *into)
{
	if (n->type != RS_NODE_GROUP)
		return wrong_type(r, p, s, n);
	if (s->offset == RS_SET_CUSTOM)
		return 0;
	struct rs_part inside = rs_part_inside(p, s, -1);

	return rs_part_read(r, &inside, into);
}

int
rs_value_read(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const struct rs_node *n, void *into)
{
	char range[80];
	double f;
	int rc;

	switch ((enum rs_setting_type)s->type) {
	case RS_SET_STRING:
		if (!is_text(n))
			return wrong_type(r, p, s, n);
		if (n->text[0] == '\0')
			return rs_part_fail(r, p, s->name, -EINVAL, "is empty%s",
				s->required ? "" : ": leave it out");
		store(s, into, (uint64_t)(uintptr_t)n->text, 0);
		return 0;
	case RS_SET_INT:
		if (n->type != RS_NODE_INT)
			return wrong_type(r, p, s, n);
		if ((s->min != 0 || s->max != 0) && (n->i < s->min || n->i > s->max))
			return rs_part_fail(r, p, s->name, -EINVAL, "%s is out of range: %s",
				n->text, range_text(s, range, sizeof(range)));
		store(s, into, (uint64_t)n->i, 0);
		return 0;
	case RS_SET_FLOAT:
		if (n->type != RS_NODE_INT && n->type != RS_NODE_FLOAT)
			return wrong_type(r, p, s, n);
		if ((rc = rs_part_number(r, p, n, s, &f)) == 0)
			store(s, into, 0, f);
		return rc;
	case RS_SET_BOOL:
		if (n->type != RS_NODE_BOOL)
			return wrong_type(r, p, s, n);
		store(s, into, n->b, 0);
		return 0;
	case RS_SET_DURATION:
		/* "0" is the one duration that needs no unit */
		if (n->type == RS_NODE_INT && n->i == 0)
			return read_duration(r, p, s, "0s", into);
		return n->type == RS_NODE_STRING ? read_duration(r, p, s, n->text, into)
						 : wrong_type(r, p, s, n);
	case RS_SET_WORD:
		return n->type == RS_NODE_STRING ? read_word(r, p, s, n->text, into)
						 : wrong_type(r, p, s, n);
	case RS_SET_STRINGS:
	case RS_SET_INTS: return rs_part_check_elements(r, p, s, n);
	case RS_SET_FLOATS: return rs_part_check_elements(r, p, s, n);
	case RS_SET_MS: return read_ms(r, p, s, n, into);
	case RS_SET_DIST:
		/* its parts are read by rs_read_dist */
		return n->type == RS_NODE_GROUP || n->type == RS_NODE_STRING ||
				(n->type == RS_NODE_INT && n->i == 0)
			? 0
			: wrong_type(r, p, s, n);
	case RS_SET_GROUP: return read_group(r, p, s, n, into);
	case RS_SET_GROUPS: return n->type == RS_NODE_LIST ? 0 : wrong_type(r, p, s, n);
	}
	return -EINVAL;
}
