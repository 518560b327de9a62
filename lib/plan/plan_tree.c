/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/plan_tree.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plan/plan_lex.h"

struct rs_node *
rs_tree_get(const struct rs_node *g, const char *name)
{
	if (!g || g->type != RS_NODE_GROUP)
		return NULL;
	for (struct rs_node *c = g->first; c; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

struct rs_node *
rs_tree_at(const struct rs_node *n, uint32_t i)
{
	struct rs_node *c = n->first;

	while (c && i-- > 0)
		c = c->next;
	return c;
}

void
rs_tree_append(struct rs_node *parent, struct rs_node *child)
{
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

const char *
rs_tree_type_name(const struct rs_node *n)
{
	static const char *const names[] = { "an integer", "a float", "a boolean", "a string",
		"an array [ ]", "a list ( )", "a group { }" };

	return names[n->type];
}

static bool
at_mark(const struct rs_lex *x, char c)
{
	return x->kind == RS_TOK_MARK && x->mark == c;
}

/**
 * Add a name or an index to the path that messages begin with. @return the length before, for going
 * back
 */
static size_t
path_push(struct rs_lex *x, const char *name, uint32_t index)
{
	size_t before = x->path_len, room = sizeof(x->path) - before;
	int n = name ? snprintf(x->path + before, room, "%s%.60s", before > 0 ? "." : "", name)
		     : snprintf(x->path + before, room, "[%u]", index);

	if (n > 0 && (size_t)n < room)
		x->path_len += (size_t)n;
	return before;
}

static struct rs_node *
new_node(struct rs_lex *x, enum rs_node_type type, const char *name)
{
	struct rs_node *n = rs_plan_alloc(x->mem, sizeof(*n));

	if (n) {
		n->type = (uint8_t)type;
		n->line = x->line;
		n->set = x->origin.set;
		n->name = name;
	}
	return n;
}

static int read_value(struct rs_lex *x, const char *name, int depth, struct rs_node **out);

/**
 * Settings up to the closing brace (or the end of the text at depth 0). The token at hand is the
 * first one inside.
 */
static int
read_settings(struct rs_lex *x, struct rs_node *group, int depth)
{
	int rc;

	while (x->kind == RS_TOK_NAME || x->kind == RS_TOK_BOOL) {
		const char *name = x->text;
		struct rs_node *child, *twin = rs_tree_get(group, name);

		if (x->kind == RS_TOK_BOOL)
			return rs_lex_fail(
				x, x->line, "'%s' cannot be the name of a setting", name);
		if (twin)
			return rs_lex_fail(x, x->line,
				"'%s' is set twice (first in line %d): remove one", name,
				twin->line);
		if (group->n >= RS_TREE_NAMES)
			return rs_lex_fail(
				x, x->line, "more than %d settings in one group", RS_TREE_NAMES);
		int line = x->line;
		size_t before = path_push(x, name, 0);
		if ((rc = rs_lex_next(x)) != 0)
			return rc;
		if (!at_mark(x, '=') && !at_mark(x, ':'))
			return rs_lex_fail(x, line, "has no value: %.60s = ...", name);
		if ((rc = rs_lex_next(x)) != 0 || (rc = read_value(x, name, depth, &child)) != 0)
			return rc;
		child->line = line;
		x->path_len = before;
		rs_tree_append(group, child);
		if ((at_mark(x, ';') || at_mark(x, ',')) && (rc = rs_lex_next(x)) != 0)
			return rc;
	}
	return 0;
}

static int
read_elements(struct rs_lex *x, struct rs_node *list, char close, int depth)
{
	int rc;

	while (!at_mark(x, close)) {
		size_t before =
			list->type == RS_NODE_LIST ? path_push(x, NULL, list->n) : x->path_len;
		struct rs_node *child;

		if ((rc = read_value(x, NULL, depth, &child)) != 0)
			return rc;
		x->path_len = before;
		if (list->type == RS_NODE_ARRAY) {
			if (child->type >= RS_NODE_ARRAY)
				return rs_lex_fail(x, child->line,
					"an array [ ] holds plain values only: use a list ( )");
			if (list->first && list->first->type != child->type)
				return rs_lex_fail(x, child->line,
					"this array mixes %s and %s: all values of an array [ ] are of one type",
					rs_tree_type_name(list->first), rs_tree_type_name(child));
		}
		rs_tree_append(list, child);
		if (at_mark(x, ',')) {
			int line = x->line;

			if ((rc = rs_lex_next(x)) != 0)
				return rc;
			if (at_mark(x, close))
				return rs_lex_fail(
					x, line, "a comma before '%c': remove it", close);
		} else if (!at_mark(x, close)) {
			return rs_lex_fail(x, x->line,
				"expected ',' or '%c' here (the %s starts in line %d)", close,
				close == ']' ? "array" : "list", list->line);
		}
	}
	return 0;
}

static int
read_compound(struct rs_lex *x, const char *name, int depth, struct rs_node **out)
{
	static const char opens[] = "[({", closes[] = "])}";
	size_t which = (size_t)(strchr(opens, x->mark) - opens);
	struct rs_node *n = new_node(x, (enum rs_node_type)(RS_NODE_ARRAY + which), name);
	int rc;

	if (!n)
		return -ENOMEM;
	if (depth >= RS_TREE_DEPTH)
		return rs_lex_fail(x, x->line, "more than %d levels of brackets", RS_TREE_DEPTH);
	if ((rc = rs_lex_next(x)) != 0)
		return rc;
	if (n->type == RS_NODE_GROUP)
		rc = read_settings(x, n, depth + 1);
	else
		rc = read_elements(x, n, closes[which], depth + 1);
	if (rc != 0)
		return rc;
	if (!at_mark(x, closes[which]))
		return rs_lex_fail(x, x->line,
			"expected a setting or '}' here (the group starts in line %d)", n->line);
	*out = n;
	return rs_lex_next(x);
}

/** The token at hand is the value's first; afterwards it is the one behind the value. */
static int
read_value(struct rs_lex *x, const char *name, int depth, struct rs_node **out)
{
	static const enum rs_node_type types[] = { [RS_TOK_INT] = RS_NODE_INT,
		[RS_TOK_FLOAT] = RS_NODE_FLOAT,
		[RS_TOK_BOOL] = RS_NODE_BOOL,
		[RS_TOK_STRING] = RS_NODE_STRING };
	struct rs_node *n;
	int rc;

	if (x->kind == RS_TOK_MARK && strchr("[({", x->mark))
		return read_compound(x, name, depth, out);
	if (x->kind == RS_TOK_NAME)
		return rs_lex_fail(x, x->line, "a text needs quotes: \"%.60s\"", x->text);
	if (x->kind == RS_TOK_END)
		return rs_lex_fail(x, x->line, "a value is missing at the end of the text");
	if (x->kind == RS_TOK_MARK)
		return rs_lex_fail(x, x->line, "expected a value before '%c'", x->mark);
	if (!(n = new_node(x, types[x->kind], name)))
		return -ENOMEM;
	n->text = x->text;
	n->i = x->i;
	n->f = x->f;
	n->b = x->b;
	if ((rc = rs_lex_next(x)) != 0)
		return rc;
	while (n->type == RS_NODE_STRING && x->kind == RS_TOK_STRING) { /* "a" "b" is "ab" */
		size_t a = strlen(n->text), b = strlen(x->text);

		if (a + b > RS_TREE_STRING)
			return rs_lex_fail(
				x, x->line, "a string of more than %d bytes", RS_TREE_STRING);
		char *both = rs_plan_alloc(x->mem, a + b + 1);

		if (!both)
			return -ENOMEM;
		memcpy(both, n->text, a);
		memcpy(both + a, x->text, b);
		n->text = both;
		if ((rc = rs_lex_next(x)) != 0)
			return rc;
	}
	*out = n;
	return 0;
}

int
rs_tree_parse(struct rs_plan_mem *m, const char *file, const char *text, size_t len,
	struct rs_node **root, struct rs_err *err)
{
	struct rs_lex x = { .mem = m,
		.origin = { .file = file },
		.err = err,
		.p = text,
		.end = text + len,
		.next_line = 1 };
	int rc = rs_lex_next(&x);

	if (rc != 0)
		return rc;
	*root = new_node(&x, RS_NODE_GROUP, NULL);
	if (!*root)
		return -ENOMEM;
	if ((rc = read_settings(&x, *root, 0)) != 0)
		return rc;
	if (x.kind == RS_TOK_MARK)
		return rs_lex_fail(&x, x.line, "expected a setting before '%c'", x.mark);
	if (x.kind != RS_TOK_END)
		return rs_lex_fail(
			&x, x.line, "expected a setting (NAME = VALUE;) before %.60s", x.text);
	return 0;
}

int
rs_tree_value(struct rs_plan_mem *m, const char *set, const char *text, struct rs_node **value,
	struct rs_err *err)
{
	struct rs_err quiet;
	bool plain =
		text[0] == '\0' || !strchr("[({\"", text[0]); /* may be a string without quotes */
	struct rs_lex x = { .mem = m,
		.origin = { .set = set },
		.err = plain ? &quiet : err,
		.p = text,
		.end = text + strlen(text),
		.next_line = 1 };
	int rc = rs_lex_next(&x);

	if (rc == 0)
		rc = read_value(&x, NULL, 1, value);
	if (rc == 0 && x.kind != RS_TOK_END)
		rc = rs_lex_fail(&x, 0, "there is more than one value");
	if (rc == -EINVAL && plain) {
		struct rs_node *n = new_node(&x, RS_NODE_STRING, NULL);

		if (!n || !(n->text = rs_plan_dup(m, text)))
			return -ENOMEM;
		*value = n;
		rc = 0;
	}
	return rc;
}
