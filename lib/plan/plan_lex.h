/* SPDX-License-Identifier: BSD-3-Clause */
/** Tokens of libconfig's grammar. Private to lib/plan. */
#ifndef RS_PLAN_LEX_H
#define RS_PLAN_LEX_H

#include "plan/plan_tree.h"

enum rs_token {
	RS_TOK_END,
	RS_TOK_NAME,
	RS_TOK_INT,
	RS_TOK_FLOAT,
	RS_TOK_BOOL,
	RS_TOK_STRING,
	RS_TOK_MARK /* one of = : ; , { } [ ] ( ) */
};

struct rs_lex {
	struct rs_plan_mem *mem;
	struct rs_tree_origin origin;
	struct rs_err *err;
	const char *p, *end;
	int next_line;  /* of p */
	char path[160]; /* the setting that is being read, for messages: "ports[0].mtu" */
	size_t path_len;
	/* the token at hand */
	enum rs_token kind;
	char mark;
	int line;
	const char *text; /* NAME, STRING (decoded) and numbers as written */
	int64_t i;
	double f;
	bool b;
};

/** Take the next token. @return 0; -EINVAL, -ENOMEM */
int rs_lex_next(struct rs_lex *x);

/** Set the error, with "file:line: SETTING: " or "--set PATH=VALUE: " in front. @return -EINVAL */
int rs_lex_fail(struct rs_lex *x, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
