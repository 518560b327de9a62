/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of a text are cut where they end, and what stands behind it is not read. */
#include "base/slice.h"
#include "guard.h"
#include "unit.h"

static void
assert_slice(struct rs_slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_true(rs_slice_is(s, text));
}

static void
parts_come_one_by_one_and_trimmed(void **state)
{
	static const char text[] = " 12# ,100,,\tin-band";
	struct guard g = guard_new(text, sizeof(text) - 1);
	struct rs_slice rest = rs_slice_of(g.p, g.len);

	(void)state;
	assert_slice(rs_slice_part(&rest, ','), "12#");
	assert_slice(rs_slice_part(&rest, ','), "100");
	assert_slice(rs_slice_part(&rest, ','), "");
	assert_slice(rs_slice_part(&rest, ','), "in-band");
	assert_slice(rs_slice_part(&rest, ','), "");
	assert_int_equal(rest.len, 0);
	guard_free(&g);
}

static void
a_separator_at_the_end_has_nothing_behind_it(void **state)
{
	struct guard g = guard_new("a;", 2);
	struct rs_slice rest = rs_slice_of(g.p, g.len), absent = { NULL, 0 };

	(void)state;
	assert_slice(rs_slice_part(&rest, ';'), "a");
	assert_int_equal(rest.len, 0);
	assert_slice(rs_slice_part(&rest, ';'), "");
	assert_slice(rs_slice_part(&absent, ';'), "");
	guard_free(&g);
}

static void
beginnings_are_compared_up_to_the_end_only(void **state)
{
	struct guard g = guard_new("m=au", 4);
	struct rs_slice s = rs_slice_of(g.p, g.len), absent = { NULL, 0 };

	(void)state;
	assert_true(rs_slice_begins(s, "m="));
	assert_true(rs_slice_begins(s, "m=au"));
	assert_false(rs_slice_begins(s, "m=audio"));
	assert_false(rs_slice_begins(s, "M="));
	assert_true(rs_slice_begins(absent, ""));
	assert_false(rs_slice_begins(absent, "m"));
	guard_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_come_one_by_one_and_trimmed),
		cmocka_unit_test(a_separator_at_the_end_has_nothing_behind_it),
		cmocka_unit_test(beginnings_are_compared_up_to_the_end_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
