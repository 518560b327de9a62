/* SPDX-License-Identifier: BSD-3-Clause */
/* What expressions may cost: time, memory, and not a byte read behind the text. */
#include <errno.h>

#include "ere_build.h"
#include "guard.h"

/* Linked with --wrap: the n-th allocation from now fails, and what was allocated is counted. */
static unsigned fail_at;
static long live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static bool
refuse(void)
{
	return fail_at && --fail_at == 0;
}

void *
__wrap_malloc(size_t size)
{
	if (refuse())
		return NULL;
	live++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (refuse())
		return NULL;
	live++;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	if (refuse())
		return NULL;
	live += p == NULL;
	return __real_realloc(p, size);
}

void
__wrap_free(void *p)
{
	live -= p != NULL;
	__real_free(p);
}

static void
test_patterns_too_large_are_refused_at_once(void **state)
{
	static const char *const t[] = { "a{4000}", "((a{60}){60}){60}", "(a{0,100}){100}",
		"a{32768}", "((((a*){9}){9}){9}){9}", "(a|b){1000,}(c|d){1000,}" };
	struct rs_ere *re;
	const char *err;
	size_t off;
	char deep[601];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(
			rs_ere_compile(rs_slice_str(t[i]), false, &re, &err, &off), -E2BIG);
	memset(deep, '(', 300);
	memset(deep + 300, ')', 300);
	assert_int_equal(rs_ere_compile(rs_slice_of(deep, 600), false, &re, &err, &off), -E2BIG);
	/* As deep, but without width: repeated, it stays what it is. */
	rs_ere_free(compile(rs_slice_str("(((((){999}){999}){999}){999}|a)"), false));
	rs_ere_free(compile(rs_slice_str("a{3998}"), false));
}

static void
test_every_failing_allocation_is_reported_and_leaks_nothing(void **state)
{
	static const char *const t[] = { "<sip:([^@]+)@([^>;]+)", "INVITE",
		"(a|[b-d]){2,5}\\>|.*x$" };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int rc = -ENOMEM;
		unsigned n = 0;

		while (rc == -ENOMEM) {
			struct rs_ere *re;
			const char *err = NULL;
			size_t off;
			long before = live;

			fail_at = ++n;
			rc = rs_ere_compile(rs_slice_str(t[i]), false, &re, &err, &off);
			fail_at = 0;
			if (rc == -ENOMEM)
				assert_string_equal(err, "out of memory");
			rs_ere_free(re);
			assert_int_equal(live, before);
		}
		assert_int_equal(rc, 0);
		assert_true(n > 3);
	}
}

static void
test_nothing_is_read_behind_the_text_or_the_pattern(void **state)
{
	static const char *const patterns[] = { "needle", "x(a|b)*c", "[^;]*;", "\\<w+\\>",
		"a{1,3}$", "[[:alpha:]", "a{1", "a\\" };
	static const char *const texts[] = { "", "n", "needl", "xab", "ww", "aa", "xabab" };

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct guard p = guard_new(patterns[i], strlen(patterns[i]));
		struct rs_ere *re;
		const char *err;
		size_t off;

		for (int icase = 0; icase < 2; icase++) {
			if (rs_ere_compile(rs_slice_of(p.p, p.len), icase, &re, &err, &off))
				continue;

			struct guard scratch =
				guard_new(NULL, (rs_ere_scratch(re) + 15) & ~(size_t)15);

			for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
				struct guard t = guard_new(texts[k], strlen(texts[k]));
				struct rs_ere_group g[3];

				rs_ere_match(re, rs_slice_of(t.p, t.len), scratch.p, g, 3);
				guard_free(&t);
			}
			guard_free(&scratch);
			rs_ere_free(re);
		}
		guard_free(&p);
	}
}

static uint64_t
steps_for(const struct rs_ere *re, void *scratch, const char *unit, size_t len, const char *end)
{
	struct rs_ere_group g[RS_ERE_GROUPS];
	struct guard t = guard_new(NULL, len);
	size_t n = strlen(unit);

	for (size_t i = 0; i < len; i++)
		t.p[i] = (uint8_t)unit[i % n];
	memcpy(t.p + len - strlen(end), end, strlen(end));
	rs_ere_match(re, rs_slice_of(t.p, len), scratch, g, RS_ERE_GROUPS);
	guard_free(&t);
	return ((struct rs_ere_run *)scratch)->steps;
}

static void
test_time_is_linear_in_the_text(void **state)
{
	static const struct {
		const char *pattern;
		const char *unit;
		const char *end;
	} t[] = {
		{ "(a*)*b", "a", "" },
		{ "(a*)*b", "a", "b" },
		{ "(a|aa)+$", "a", "" },
		{ "(a|aa)+$", "a", "b" },
		{ "(a*)(a*)(a*)(a*)b", "a", "" },
		{ "((a|ab)(c|bcd)*)*(d*)", "abcd", "" },
		{ "(x+x+)+y", "x", "" },
		{ "(.*)(.*)(.*)x", "ab", "x" },
		{ "(a?){20}a{20}", "a", "" },
		{ "(((a*)*)*)*$", "a", "" },
		{ "a.*b.*c", "ab", "" },
		{ "([^;]*;)*z", "ab;", "" },
		{ "\\<(a|b|ab)*\\>c", "ab", "" },
		{ "(a|b)*a(a|b){9}", "abbab", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rs_ere *re = compile(rs_slice_str(t[i].pattern), false);
		void *scratch = scratch_of(re);
		uint64_t half = steps_for(re, scratch, t[i].unit, 32768, t[i].end);
		uint64_t full = steps_for(re, scratch, t[i].unit, 65536, t[i].end);

		if (full > half * 2 + 4096)
			fail_msg("\"%s\": %llu steps, %llu for twice the text", t[i].pattern,
				(unsigned long long)half, (unsigned long long)full);
		/*
		 * Each pass visits and tests a state once a byte; there are at most two passes a
		 * level of groups.
		 */
		assert_true(full < 65537ull * re->n_states * 2 * 10 + 10 * 65536);
		free(scratch);
		rs_ere_free(re);
	}
}

static void
test_literals_are_found_wherever_they_are(void **state)
{
	static const char *const literals[] = { "x", "INVITE", "aab", "-q-", "zzzz", "SIP/2 0 200",
		"EEE" };
	char text[700];

	(void)state;
	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		struct rs_ere *re = compile(rs_slice_str(literals[i]), false), *folded;
		size_t n = strlen(literals[i]);
		void *scratch = scratch_of(re);

		folded = compile(rs_slice_str(literals[i]), true);
		assert_true(re->literal.whole && re->literal.len == n);
		for (size_t at = 0; at + n <= sizeof(text); at++) {
			struct rs_ere_group g;

			for (size_t k = 0; k < sizeof(text); k++)
				text[k] = "aAeEzI-Q0 "[(k * 7 + k / 10) % 10];
			memcpy(text + at, literals[i], n);
			for (size_t k = at; k < at + n; k += 2)
				text[k] = (char)rs_lower((uint8_t)text[k]);
			assert_true(rs_ere_match(
				folded, rs_slice_of(text, sizeof(text)), scratch, &g, 1));
			assert_true((size_t)g.start <= at && g.end == g.start + (int32_t)n);
			memcpy(text + at, literals[i], n);
			assert_true(
				rs_ere_match(re, rs_slice_of(text, sizeof(text)), scratch, &g, 1));
			assert_true((size_t)g.start <= at && g.end == g.start + (int32_t)n);
			assert_memory_equal(text + g.start, literals[i], n);
		}
		free(scratch);
		rs_ere_free(re);
		rs_ere_free(folded);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals_are_found_wherever_they_are),
		cmocka_unit_test(test_patterns_too_large_are_refused_at_once),
		cmocka_unit_test(test_every_failing_allocation_is_reported_and_leaks_nothing),
		cmocka_unit_test(test_nothing_is_read_behind_the_text_or_the_pattern),
		cmocka_unit_test(test_time_is_linear_in_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
