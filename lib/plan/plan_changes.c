/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two plans side by side, setting by setting as they are written: what the second one says otherwise and no running plan can take over.
 * Rates, limits and scenarios of activities that both have are no part of this, nor are activities that only one has.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan/plan_read.h"

#define PATH_MOST 240

struct compare {
	struct rs_plan_changes *out;
	const char *remedy;
	bool no_memory;
};

void
rs_plan_changes_free(struct rs_plan_changes *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		free(c->list[i].setting);
		free(c->list[i].text);
	}
	free(c->list);
	*c = (struct rs_plan_changes){ 0 };
}

static const char *
value_text(const struct rs_node *n)
{
	return n->type == RS_NODE_GROUP ? "{ ... }" : n->type == RS_NODE_LIST || n->type == RS_NODE_ARRAY ? "a list" : n->text;
}

/* @line  where nothing is set: of what it would stand in */
static void
differs(struct compare *c, const char *path, const struct rs_node *was, const struct rs_node *is, int line)
{
	struct rs_plan_changes *out = c->out;
	struct rs_plan_change *more = realloc(out->list, (out->n + 1) * sizeof(*more)), *new;
	char *text = NULL;

	if (!more) {
		c->no_memory = true;
		return;
	}
	out->list = more;
	new = &more[out->n];
	if (is && was && strcmp(value_text(is), value_text(was)) != 0)
		c->no_memory |= asprintf(&text, "is %.80s here and %.80s in the run: %s", value_text(is), value_text(was), c->remedy) < 0;
	else if (is)
		c->no_memory |= asprintf(&text, "is %s: %s", was ? "not what the run has" : "not set in the run", c->remedy) < 0;
	else
		c->no_memory |= asprintf(&text, "is not set here, in the run it is %.80s: %s", value_text(was), c->remedy) < 0;
	*new = (struct rs_plan_change){ .line = is ? is->line : line, .set = is ? is->set : NULL, .setting = strdup(path), .text = text };
	if (!new->setting || c->no_memory) {
		free(new->setting);
		free(text);
		c->no_memory = true;
		return;
	}
	out->n++;
}

static bool
is_list(const struct rs_node *n)
{
	return n->type == RS_NODE_LIST || n->type == RS_NODE_ARRAY;
}

static bool
is_number(const struct rs_node *n)
{
	return n->type == RS_NODE_INT || n->type == RS_NODE_FLOAT;
}

static bool same(const struct rs_node *a, const struct rs_node *b);

static bool
same_children(const struct rs_node *a, const struct rs_node *b)
{
	const struct rs_node *y = b->first;

	if (a->n != b->n)
		return false;
	for (const struct rs_node *x = a->first; x; x = x->next) {
		if (a->type == RS_NODE_GROUP)
			y = rs_tree_get(b, x->name);
		if (!y || !same(x, y))
			return false;
		y = y->next;
	}
	return true;
}

/* A text and a list of that one text mean the same, as do 5 and 5.0. */
static bool
same(const struct rs_node *a, const struct rs_node *b)
{
	if (is_list(a) && !is_list(b) && a->n == 1)
		return same(a->first, b);
	if (is_list(b) && !is_list(a) && b->n == 1)
		return same(a, b->first);
	if (is_list(a) && is_list(b))
		return same_children(a, b);
	if (is_number(a) && is_number(b)) {
		double x = a->type == RS_NODE_INT ? (double)a->i : a->f, y = b->type == RS_NODE_INT ? (double)b->i : b->f;

		return !(x < y) && !(x > y);
	}
	if (a->type != b->type)
		return false;
	switch ((enum rs_node_type)a->type) {
	case RS_NODE_GROUP: return same_children(a, b);
	case RS_NODE_BOOL: return a->b == b->b;
	default: return strcmp(a->text, b->text) == 0;
	}
}

/* Is @n what holds where nothing is set? */
static bool
is_standard(const struct rs_setting *s, const struct rs_node *n)
{
	const char *standard = s ? s->standard : NULL;
	size_t len;

	if (!standard || s->derived || !n->text || is_list(n) || n->type == RS_NODE_GROUP)
		return false;
	len = strlen(standard);
	if (n->type == RS_NODE_STRING)
		return len >= 2 && standard[0] == '"' && strlen(n->text) == len - 2 && strncmp(standard + 1, n->text, len - 2) == 0;
	return is_number(n) ? strtod(standard, NULL) == (n->type == RS_NODE_INT ? (double)n->i : n->f) : strcmp(standard, n->text) == 0;
}

struct place {
	const char *path; /* of the group */
	const struct rs_setting *settings;
	uint32_t n;
	bool (*left_out)(const struct rs_node *was, const struct rs_node *is); /* settings that are none of ours; NULL: all are */
};

static void compare_groups(struct compare *c, const struct place *p, const struct rs_node *was, const struct rs_node *is);

static void
compare_one(struct compare *c, const struct place *p, const char *name, const struct rs_node *was, const struct rs_node *is, int line)
{
	const struct rs_setting *s = rs_setting_find(p->settings, p->n, name);
	char path[PATH_MOST];

	snprintf(path, sizeof(path), "%s.%s", p->path, name);
	if (p->left_out && p->left_out(was, is))
		return;
	if (was && is && was->type == RS_NODE_GROUP && is->type == RS_NODE_GROUP) {
		struct place inside = { .path = path };

		if (s && s->group) {
			inside.settings = s->group->settings;
			inside.n = *s->group->n_settings;
		}
		compare_groups(c, &inside, was, is);
		return;
	}
	if (was && is ? same(was, is) : is_standard(s, was ? was : is))
		return;
	differs(c, path, was, is, line);
}

/* Either may be NULL: nothing is set there. */
static void
compare_groups(struct compare *c, const struct place *p, const struct rs_node *was, const struct rs_node *is)
{
	int line = is ? is->line : 0;

	for (const struct rs_node *n = is ? is->first : NULL; n; n = n->next)
		compare_one(c, p, n->name, rs_tree_get(was, n->name), n, line);
	for (const struct rs_node *n = was ? was->first : NULL; n; n = n->next)
		if (!rs_tree_get(is, n->name))
			compare_one(c, p, n->name, n, NULL, line);
}

/* Parts of a list are told by their places: endpoints, ports and profiles are what they are by their order. */
static void
compare_lists(struct compare *c, const struct rs_section *s, const struct rs_node *was, const struct rs_node *is)
{
	struct place p = { .settings = s->settings, .n = *s->n_settings };
	const struct rs_node *old = was ? was->first : NULL;
	char path[PATH_MOST];
	int i = 0;

	p.path = path;
	for (const struct rs_node *n = is ? is->first : NULL; n; n = n->next, i++) {
		snprintf(path, sizeof(path), "%s[%d]", s->name, i);
		if (old)
			compare_groups(c, &p, old, n);
		else
			differs(c, path, NULL, n, n->line);
		old = old ? old->next : NULL;
	}
	for (; old; old = old->next, i++) {
		snprintf(path, sizeof(path), "%s[%d]", s->name, i);
		differs(c, path, old, NULL, is ? is->line : 0);
	}
}

static void
compare_section(struct compare *c, const struct rs_section *s, const struct rs_node *was, const struct rs_node *is)
{
	const struct place p = { .path = s->name, .settings = s->settings, .n = *s->n_settings };

	if (s->shape == RS_SECTION_LIST)
		compare_lists(c, s, was, is);
	else if (s->shape == RS_SECTION_GROUP)
		compare_groups(c, &p, was, is);
	else if (was && is ? !same(was, is) : was || is)
		differs(c, s->name, was, is, 0);
}

/* What an activity that is on can be told. A closed loop stays one, and a rate is not put in its place. */
static bool
is_live(const struct rs_node *was, const struct rs_node *is)
{
	static const char *const live[] = { "rate", "limit", "scenario" };
	const char *name = is ? is->name : was->name;

	for (size_t i = 0; i < RS_COUNT(live); i++)
		if (strcmp(name, live[i]) == 0)
			return true;
	return strcmp(name, "open_calls") == 0 && was && is;
}

static void
compare_activities(struct compare *c, const struct rs_plan *was, const struct rs_plan *is)
{
	const struct rs_section *s = &rs_plan_sections[RS_SECTION_ACTIVITIES];
	struct place p = { .settings = s->settings, .n = *s->n_settings, .left_out = is_live };
	char path[PATH_MOST];

	p.path = path;
	for (uint32_t i = 0; i < is->n_activities; i++)
		for (uint32_t k = 0; k < was->n_activities; k++) {
			if (strcmp(was->activities[k].name, is->activities[i].name) != 0)
				continue;
			snprintf(path, sizeof(path), "%s[%u]", s->name, i);
			compare_groups(c, &p, was->activities[k].written, is->activities[i].written);
		}
}

int
rs_plan_line(const struct rs_plan *plan, uint32_t activity, const char *setting)
{
	const struct rs_plan_activity *a = &plan->activities[activity];
	const struct rs_node *n = setting ? rs_tree_get(a->written, setting) : NULL;

	return n ? n->line : a->line;
}

int
rs_plan_compare(const struct rs_plan *was, const struct rs_plan *is, struct rs_plan_changes *out)
{
	struct compare c = { .out = out };

	*out = (struct rs_plan_changes){ 0 };
	for (int i = 0; i < RS_SECTIONS; i++) {
		const struct rs_section *s = &rs_plan_sections[i];

		c.remedy = i == RS_SECTION_WORKERS || i == RS_SECTION_PORTS
			? "to change it, restart the daemon with this plan"
			: "to change it, stop the run, load this plan and start anew";
		if (i == RS_SECTION_ACTIVITIES) {
			c.remedy = "not while the activity is on: give it another name, then it takes the place of this one";
			compare_activities(&c, was, is);
		} else {
			compare_section(&c, s, rs_tree_get(was->root, s->name), rs_tree_get(is->root, s->name));
		}
	}
	if (!c.no_memory)
		return 0;
	rs_plan_changes_free(out);
	return -ENOMEM;
}
