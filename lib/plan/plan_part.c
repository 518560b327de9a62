/* SPDX-License-Identifier: BSD-3-Clause */
/* One section of a plan against its table: known names, types, ranges, defaults. */
#include <stdarg.h>

#include "plan/plan_read.h"

int
rs_part_fail(const struct rs_reader *r, const struct rs_part *p, const char *setting, int code,
	const char *fmt, ...)
{
	char text[768], where[160];
	size_t at;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	const struct rs_node *n = setting ? rs_tree_get(p->node, setting) : NULL;
	if (!n && setting && p->section->shape == RS_SECTION_VALUE)
		n = p->node;
	if (!n)
		n = p->node;
	at = (size_t)snprintf(where, sizeof(where), "%s", p->section->name);
	if (p->index >= 0)
		at += (size_t)snprintf(where + at, sizeof(where) - at, "[%d]", p->index);
	if (setting && p->section->shape != RS_SECTION_VALUE)
		snprintf(where + at, sizeof(where) - at, ".%.100s", setting);
	if (n && n->set)
		return rs_err_set(r->err, code, "--set %.200s: %s: %s", n->set, where, text);
	return rs_err_at(r->err, code, r->file, n ? n->line : 0, "%s: %s", where, text);
}

struct rs_part
rs_part_of(const struct rs_reader *r, enum rs_section_id id, int index)
{
	struct rs_part p = { .section = &rs_plan_sections[id], .index = index };
	const struct rs_node *n = rs_tree_get(r->root, p.section->name);

	p.node = n && index >= 0 ? rs_tree_at(n, (uint32_t)index) : n;
	return p;
}

const char *
rs_did_you_mean(const char *name, const char *const *names, size_t n, char *buf, size_t cap)
{
	const char *near = rs_text_nearest(name, names, n);

	buf[0] = '\0';
	if (near)
		snprintf(buf, cap, ": did you mean '%s'?", near);
	return buf;
}

static void
store(const struct rs_setting *s, void *into, uint64_t v, double f)
{
	uint8_t *at = (uint8_t *)into + s->offset;

	if (s->offset == RS_SET_CUSTOM)
		return;
	if (s->type == RS_SET_FLOAT)
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
		[RS_SET_GROUP] = "a group: { NAME = VALUE; }" };

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
	if (s->type == RS_SET_DURATION && (n->type == RS_NODE_INT || n->type == RS_NODE_FLOAT))
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
	enum rs_node_type want = s->type == RS_SET_INTS ? RS_NODE_INT : RS_NODE_STRING;

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
		if (c->type != want)
			return rs_part_fail(r, p, s->name, -EINVAL, "holds %s: it is %s",
				rs_tree_type_name(c), wanted(s));
	return 0;
}

static int
read_setting(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
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
	case RS_SET_GROUP: return n->type == RS_NODE_GROUP ? 0 : wrong_type(r, p, s, n);
	}
	return -EINVAL;
}

/** The default, read the same way as a plan's own text. */
static int
read_default(
	const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s, void *into)
{
	struct rs_node *n;

	if (s->required)
		return rs_part_fail(r, p, s->name, -EINVAL, "is missing: add %s = %s;", s->name,
			s->type == RS_SET_STRINGS ? "[ \"...\" ]" : "\"...\"");
	if (!s->standard || s->derived || s->offset == RS_SET_CUSTOM)
		return 0;
	int rc = rs_tree_value(r->mem, "default", s->standard, &n, r->err);
	return rc == 0 ? read_setting(r, p, s, n, into) : rc;
}

static int
unknown_setting(const struct rs_reader *r, const struct rs_part *p, const struct rs_node *c)
{
	const char *names[64] = { NULL };
	char near[100], hint[160] = "";
	struct rs_part at = *p;
	size_t n = 0;

	for (; n < *p->section->n_settings && n < RS_COUNT(names); n++)
		names[n] = p->section->settings[n].name;
	rs_did_you_mean(c->name, names, n, near, sizeof(near));
	if (!near[0]) {
		size_t used = (size_t)snprintf(hint, sizeof(hint), ": known are %s", names[0]);

		for (size_t i = 1; i < n && used < sizeof(hint) - 40; i++)
			used += (size_t)snprintf(hint + used, sizeof(hint) - used, ", %s%s",
				names[i],
				i + 1 < n && used + 40 >= sizeof(hint) - 40 ? ", ..." : "");
	}
	at.node = c;
	return rs_part_fail(
		r, &at, NULL, -EINVAL, "unknown setting '%.60s'%s%s", c->name, near, hint);
}

int
rs_part_read(const struct rs_reader *r, const struct rs_part *p, void *into)
{
	const struct rs_setting *rows = p->section->settings;
	uint32_t n = *p->section->n_settings;
	int rc;

	if (p->node && p->node->type != RS_NODE_GROUP)
		return rs_part_fail(
			r, p, NULL, -EINVAL, "is %s, not a group { }", rs_tree_type_name(p->node));
	for (const struct rs_node *c = p->node ? p->node->first : NULL; c; c = c->next) {
		const struct rs_setting *s = rs_setting_find(rows, n, c->name);

		if (!s)
			return unknown_setting(r, p, c);
		if (s->later)
			return rs_part_fail(
				r, p, s->name, -EINVAL, "is not in this version: %s", s->later);
		if ((rc = read_setting(r, p, s, c, into)) != 0)
			return rc;
	}
	for (uint32_t i = 0; i < n; i++)
		if (!rs_tree_get(p->node, rows[i].name) &&
			(rc = read_default(r, p, &rows[i], into)) != 0)
			return rc;
	return 0;
}

const char *
rs_part_text(const struct rs_reader *r, const struct rs_part *p, const char *name)
{
	const struct rs_setting *s =
		rs_setting_find(p->section->settings, *p->section->n_settings, name);
	struct rs_node *n = rs_tree_get(p->node, name);

	if (!n && s && s->standard && !s->derived &&
		rs_tree_value(r->mem, "default", s->standard, &n, r->err) != 0)
		return NULL;
	return n ? n->text : NULL;
}

static const struct rs_node *
list_node(const struct rs_part *p, const char *name)
{
	return p->section->shape == RS_SECTION_VALUE ? p->node : rs_tree_get(p->node, name);
}

const char *
rs_part_string(const struct rs_part *p, const char *name, uint32_t i)
{
	const struct rs_node *n = list_node(p, name);

	if (!n)
		return NULL;
	if (n->type < RS_NODE_ARRAY)
		return i == 0 ? n->text : NULL;
	n = rs_tree_at(n, i);
	return n ? n->text : NULL;
}

uint32_t
rs_part_n(const struct rs_part *p, const char *name)
{
	const struct rs_node *n = list_node(p, name);

	if (!n)
		return 0;
	return n->type < RS_NODE_ARRAY ? 1 : n->n;
}

int
rs_part_check_name(const struct rs_reader *r, const struct rs_part *p, const char *name)
{
	size_t n = strlen(name);
	bool ok = n <= 63 &&
		((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'));

	for (size_t i = 1; i < n && ok; i++)
		ok = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
			(name[i] >= '0' && name[i] <= '9') || name[i] == '-' || name[i] == '_';
	if (ok)
		return 0;
	return rs_part_fail(r, p, "name", -EINVAL,
		"\"%.80s\" is no name: use a letter, then letters, digits, '-' and '_', 63 at most",
		name);
}
