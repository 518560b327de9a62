/* SPDX-License-Identifier: BSD-3-Clause */
/** Broken plans as rows of a table, one test each. */
#ifndef RS_TESTS_PLAN_ROWS_H
#define RS_TESTS_PLAN_ROWS_H

#include "unit.h"

#include "plan_text.h"

struct row {
	const char *what;
	const char *old, *new;   /* the change that breaks the good plan */
	const char *want;        /* the whole message */
	const char *old2, *new2; /* a second change, or NULL */
};

static inline void
broken_plan(void **state)
{
	const struct row *row = *state;
	struct rs_plan *plan = (struct rs_plan *)1;
	struct rs_err err = { 0 };
	char *text = plan_edit(good_plan, row->old, row->new);

	if (row->old2) {
		char *more = plan_edit(text, row->old2, row->new2);

		free(text);
		text = more;
	}
	int rc = plan_read(text, NULL, 0, &plan, &err);
	free(text);
	assert_string_equal(err.text, row->want);
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_null(plan);
}

static inline int
run_rows(struct row *rows, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));

	for (size_t i = 0; i < n; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = broken_plan;
		tests[i].initial_state = &rows[i];
	}
	int failed = _cmocka_run_group_tests("broken plans", tests, n, NULL, NULL);
	free(tests);
	return failed;
}

#endif
