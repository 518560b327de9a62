/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --set PATH=VALUE: run.seed, activities.NAME.rate, activities[0].rate, activities.NAME.keys.x,
 * targets.
 */
#include <stdlib.h>

#include "plan/plan_read.h"

struct cursor {
	struct rs_plan_mem *mem;
	const char *set; /* "PATH=VALUE", for messages */
	struct rs_err *err;
	const char *p; /* what is left of the path */
};

/** The next name of the path, up to '.', '[' or the end. @return NULL without memory */
static const char *
next_name(struct cursor *c)
{
	size_t n = strcspn(c->p, ".[");
	const char *name = rs_plan_copy(c->mem, c->p, n);

	c->p += n;
	return name;
}

static struct rs_node *
new_group(struct cursor *c, struct rs_node *parent, const char *name)
{
	struct rs_node *g = rs_plan_alloc(c->mem, sizeof(*g));

	if (g) {
		g->type = RS_NODE_GROUP;
		g->set = c->set;
		g->name = name;
		rs_tree_append(parent, g);
	}
	return g;
}

/** The part of a list that ".NAME" or "[N]" names. */
static int
find_part(struct cursor *c, const struct rs_node *list, struct rs_node **out)
{
	const char *names[256], *name, *text;
	char near[100], *end;
	size_t n = 0;

	if (*c->p == '[') {
		unsigned long i = strtoul(c->p + 1, &end, 10);

		if (end == c->p + 1 || *end != ']' || c->p[1] == '-' || c->p[1] == '+')
			return rs_err_set(c->err, -EINVAL,
				"--set %.200s: write %s[NUMBER] or %s.NAME", c->set, list->name,
				list->name);
		if (i >= list->n)
			return rs_err_set(c->err, -EINVAL,
				"--set %.200s: there is no %s[%lu]: the plan has 0 to %u", c->set,
				list->name, i, list->n - 1);
		*out = rs_tree_at(list, (uint32_t)i);
		c->p = end + 1;
		return 0;
	}
	if (*c->p != '.')
		return rs_err_set(c->err, -EINVAL,
			"--set %.200s: name one of %s: %s.NAME.SETTING or %s[NUMBER].SETTING",
			c->set, list->name, list->name, list->name);
	c->p++;
	name = next_name(c);
	if (!name)
		return -ENOMEM;
	for (struct rs_node *part = list->first; part; part = part->next) {
		const struct rs_node *own = rs_tree_get(part, "name");

		text = own && own->type == RS_NODE_STRING ? own->text : NULL;
		if (text && strcmp(text, name) == 0) {
			*out = part;
			return 0;
		}
		if (text && n < RS_COUNT(names))
			names[n++] = text;
	}
	return rs_err_set(c->err, -EINVAL, "--set %.200s: there is nothing named '%.60s' in %s%s",
		c->set, name, list->name, rs_did_you_mean(name, names, n, near, sizeof(near)));
}

/** Put @value under @name into @group, in place of what is there. */
static void
replace(struct rs_node *group, const char *name, struct rs_node *value)
{
	struct rs_node *before = NULL;

	value->name = name;
	for (struct rs_node *n = group->first; n; before = n, n = n->next) {
		if (strcmp(n->name, name) != 0)
			continue;
		value->next = n->next;
		if (before)
			before->next = value;
		else
			group->first = value;
		if (group->last == n)
			group->last = value;
		return;
	}
	rs_tree_append(group, value);
}

/** Follow the path to the group that holds the setting, making groups that the plan leaves out. */
static int
walk(struct cursor *c, struct rs_node *root, struct rs_node **group, const char **setting)
{
	struct rs_node *at = root, *next;
	int rc;

	for (int depth = 0; depth < RS_TREE_DEPTH; depth++) {
		const char *name = next_name(c);

		if (!name)
			return -ENOMEM;
		if (name[0] == '\0')
			return rs_err_set(c->err, -EINVAL,
				"--set %.200s: a name is missing in the path", c->set);
		if (*c->p == '\0') {
			*group = at;
			*setting = name;
			return 0;
		}
		next = rs_tree_get(at, name);
		if (!next && *c->p == '.') {
			const struct rs_section *list = NULL;

			for (int i = 0; i < RS_SECTIONS && at == root; i++)
				if (rs_plan_sections[i].shape == RS_SECTION_LIST &&
					strcmp(rs_plan_sections[i].name, name) == 0)
					list = &rs_plan_sections[i];
			if (list)
				return rs_err_set(c->err, -EINVAL,
					"--set %.200s: the plan has no %s", c->set, list->name);
			next = new_group(c, at, name);
			if (!next)
				return -ENOMEM;
		}
		if (next && next->type == RS_NODE_LIST && (rc = find_part(c, next, &next)) != 0)
			return rc;
		if (!next || next->type != RS_NODE_GROUP || *c->p != '.')
			return rs_err_set(c->err, -EINVAL,
				"--set %.200s: '%.60s' has no settings of its own: the path is "
				"SECTION.SETTING, or LIST.NAME.SETTING",
				c->set, name);
		c->p++;
		at = next;
	}
	return rs_err_set(c->err, -EINVAL, "--set %.200s: the path is too long", c->set);
}

int
rs_set_apply(
	struct rs_plan_mem *m, struct rs_node *root, const struct rs_set *set, struct rs_err *err)
{
	size_t n = strlen(set->path) + strlen(set->value) + 2;
	char *text = rs_plan_alloc(m, n);
	struct rs_node *group = NULL, *value;
	const char *setting = "";
	int rc;

	if (!text)
		return -ENOMEM;
	snprintf(text, n, "%s=%s", set->path, set->value);
	struct cursor c = { .mem = m, .set = text, .err = err, .p = set->path };
	if ((rc = walk(&c, root, &group, &setting)) != 0)
		return rc;
	if ((rc = rs_tree_value(m, text, set->value, &value, err)) != 0)
		return rc;
	replace(group, setting, value);
	return 0;
}
