/* SPDX-License-Identifier: BSD-3-Clause */
/* One section of a plan against its table: known names, types, ranges, defaults. */
#include <stdarg.h>

#include "plan/plan_read.h"

/** "endpoints[0].ua". @return its length */
static size_t
part_path(const struct rs_part *p, char *buf, size_t cap)
{
	size_t at = 0;

	if (p->in) {
		at = part_path(p->in, buf, cap);
		at += (size_t)snprintf(buf + at, cap - at, ".");
	}
	at += (size_t)snprintf(buf + at, cap - at, "%s", p->section->name);
	if (p->index >= 0)
		at += (size_t)snprintf(buf + at, cap - at, "[%d]", p->index);
	return at;
}

int
rs_part_fail(const struct rs_reader *r, const struct rs_part *p, const char *setting, int code,
	const char *fmt, ...)
{
	char text[768], where[240];
	size_t at;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	const struct rs_node *n = setting ? rs_tree_get(p->node, setting) : NULL;
	if (!n && setting && p->section->shape == RS_SECTION_VALUE)
		n = p->node;
	for (const struct rs_part *q = p; !n && q; q = q->in)
		n = q->node;
	at = part_path(p, where, sizeof(where) - 110);
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

struct rs_part
rs_part_inside(const struct rs_part *p, const struct rs_setting *s, int index)
{
	const struct rs_node *n = rs_tree_get(p->node, s->name);
	struct rs_part q = { .section = s->group, .index = index, .in = p };

	q.node = n && index >= 0 ? rs_tree_at(n, (uint32_t)index) : n;
	return q;
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

/** A setting that the plan leaves out: its default, read the same way as a plan's own text. */
static int
read_default(
	const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s, void *into)
{
	struct rs_node *n;

	if (s->required)
		return rs_part_fail(r, p, s->name, -EINVAL, "is missing: add %s = %s;", s->name,
			s->type == RS_SET_STRINGS ? "[ \"...\" ]" : "\"...\"");
	if (s->type == RS_SET_GROUP && s->offset != RS_SET_CUSTOM) {
		struct rs_part inside = rs_part_inside(p, s, -1);

		return rs_part_read(r, &inside, into);
	}
	if (!s->standard || s->derived || s->offset == RS_SET_CUSTOM)
		return 0;
	int rc = rs_tree_value(r->mem, "default", s->standard, &n, r->err);
	return rc == 0 ? rs_value_read(r, p, s, n, into) : rc;
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

		for (size_t i = 1; i < n; i++) {
			bool full = used + strlen(names[i]) >= sizeof(hint) - 40;

			used += (size_t)snprintf(
				hint + used, sizeof(hint) - used, ", %s", full ? "..." : names[i]);
			if (full)
				break;
		}
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
		if ((rc = rs_value_read(r, p, s, c, into)) != 0)
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
