/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The text of a plan as a tree. The grammar is libconfig's (the tests hold this reader against
 * libconfig itself); it is read
 * here and not by libconfig 1.5, because that wraps numbers that do not fit, has "syntax error" as
 * its only message and follows
 * @include to any file. Private to lib/plan.
 */
#ifndef RS_PLAN_TREE_H
#define RS_PLAN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan_mem.h"

#define RS_TREE_DEPTH  16   /* levels of brackets; a plan needs 5 */
#define RS_TREE_STRING 8191 /* bytes of one string */
#define RS_TREE_NAMES  1000 /* settings in one group */

enum rs_node_type {
	RS_NODE_INT,
	RS_NODE_FLOAT,
	RS_NODE_BOOL,
	RS_NODE_STRING,
	RS_NODE_ARRAY, /* [ ]: scalars of one type */
	RS_NODE_LIST,  /* ( ): values of any type */
	RS_NODE_GROUP  /* { }: settings with names */
};

struct rs_node {
	uint8_t type;
	int line;
	const char *set;  /* "PATH=VALUE" when it comes from --set, else NULL */
	const char *name; /* of a setting; NULL in arrays and lists */
	const char *text; /* of a scalar: a string's value; else as it was written */
	int64_t i;
	double f;
	bool b;
	uint32_t n; /* children */
	struct rs_node *first, *last, *next;
};

/** Where a text comes from, for its errors. */
struct rs_tree_origin {
	const char *file;
	const char *set; /* "PATH=VALUE" or NULL */
};

/**
 * Read a whole file's text of @len bytes. @return 0; -EINVAL with file, line and remedy in @err;
 * -ENOMEM
 */
int rs_tree_parse(struct rs_plan_mem *m, const char *file, const char *text, size_t len,
	struct rs_node **root, struct rs_err *err);

/**
 * Read the value of a --set. What does not start like a libconfig value is taken as a string
 * without quotes, so that
 * rate=5000, hold=90s and cores=[0,1] all mean what they look like. Numbers need no L here.
 */
int rs_tree_value(struct rs_plan_mem *m, const char *set, const char *text, struct rs_node **value,
	struct rs_err *err);

/** @return the setting @name of group @g, NULL when it is not there (or @g is NULL) */
struct rs_node *rs_tree_get(const struct rs_node *g, const char *name);

/** @return child number @i of @n, NULL past the end */
struct rs_node *rs_tree_at(const struct rs_node *n, uint32_t i);

void rs_tree_append(struct rs_node *parent, struct rs_node *child);

/** "an integer", "a string", ... for messages. */
const char *rs_tree_type_name(const struct rs_node *n);

#endif
