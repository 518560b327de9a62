/* SPDX-License-Identifier: BSD-3-Clause */
/** A plan read while memory runs out: each allocation fails in turn, the plan is refused for it, and nothing stays behind. */
#include "unit.h"

#include "plan_text.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static long fail_at = -1; /* the allocation that fails, counted down; negative: none */
static void *live
	[4096]; /* what our code took and has not given back; not what libraries hand us to free */
static size_t n_live;

static bool
fails(void)
{
	return fail_at >= 0 && fail_at-- == 0;
}

static void *
took(void *p)
{
	if (p && n_live < RS_COUNT(live))
		live[n_live++] = p;
	return p;
}

static void
gave_back(const void *p)
{
	for (size_t i = n_live; i-- > 0;)
		if (live[i] == p) {
			live[i] = live[--n_live];
			return;
		}
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : took(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : took(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	gave_back(old);
	return took(__real_realloc(old, size));
}

void
__wrap_free(void *p)
{
	gave_back(p);
	__real_free(p);
}

static void
every_allocation_may_fail(void **state)
{
	static const struct rs_set sets[] = { { "activities.calls.data", "users.csv" },
		{ "activities.calls.keys.x", "1" }, { "endpoints.callees.count", "1" },
		{ "endpoints.callees.credentials", "users.csv" },
		{ "endpoints.callers.proxy", "sip:198.18.0.3" },
		{ "activities.calls.shape", "( { to = 5; time = \"1s\"; } )" }, };
	char *text = plan_edit(good_plan, "activities = (\n",
		"activities = (\n{ name = \"reg\"; do = \"register\"; endpoints = \"callers\"; rate = 5; },\n");
	size_t before = n_live;
	int rc = -ENOMEM;

	for (long n = 0; rc != 0; n++) {
		struct rs_plan *p = NULL;
		struct rs_err err = { 0 };

		fail_at = n;
		rc = plan_read(text, sets, RS_COUNT(sets), &p, &err);
		bool failed = fail_at < 0;
		fail_at = -1;
		if (failed) {
			assert_int_equal(rc, -ENOMEM);
			assert_null(p);
			assert_string_equal(err.text, "no memory to read t.conf");
		} else {
			assert_int_equal(rc, 0);
		}
		rs_plan_free(p);
		assert_int_equal(n_live, before);
		assert_true(n < 100000);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
