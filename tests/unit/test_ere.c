/* SPDX-License-Identifier: BSD-3-Clause */
/* Regular expressions: what they match, by the rules of POSIX, and what that costs. The random twin is test_ere_oracle.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "guard.h"
#include "proto/ere/private.h"

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

static struct rs_ere *
compile(struct rs_slice pattern, bool icase)
{
	struct rs_ere *re;
	const char *err = "";
	size_t off;

	if (rs_ere_compile(pattern, icase, &re, &err, &off))
		fail_msg("\"%.*s\": %s at %zu", (int)pattern.len, (const char *)pattern.p, err, off);
	return re;
}

static void *
scratch_of(const struct rs_ere *re)
{
	void *scratch = aligned_alloc(16, (rs_ere_scratch(re) + 15) & ~(size_t)15);

	assert_non_null(scratch);
	memset(scratch, 0xa5, rs_ere_scratch(re));
	return scratch;
}

/** "(0,2)(-)" : the whole match and each group, "no" when there is none. */
static void
match_text(struct rs_slice pattern, bool icase, struct rs_slice text, char *out, size_t size)
{
	struct rs_ere *re = compile(pattern, icase);
	struct rs_ere_group groups[RS_ERE_GROUPS];
	void *scratch = scratch_of(re);
	size_t n = 0;

	if (rs_ere_match(re, text, scratch, groups, RS_ERE_GROUPS)) {
		for (unsigned i = 0; i <= rs_ere_groups(re) && i < RS_ERE_GROUPS; i++)
			n += groups[i].start < 0 ? (size_t)snprintf(out + n, size - n, "(-)")
						 : (size_t)snprintf(out + n, size - n, "(%d,%d)",
								    groups[i].start, groups[i].end);
	} else {
		snprintf(out, size, "no");
	}
	free(scratch);
	rs_ere_free(re);
}

struct example {
	const char *pattern;
	const char *text;
	const char *expected;
};

static void
check(const struct example *e, size_t n, bool icase)
{
	for (size_t i = 0; i < n; i++) {
		char got[160];

		match_text(rs_slice_str(e[i].pattern), icase, rs_slice_str(e[i].text), got, sizeof(got));
		if (strcmp(got, e[i].expected) != 0)
			fail_msg("\"%s\" on \"%s\": %s, not %s", e[i].pattern, e[i].text, got, e[i].expected);
	}
}

#define CHECK(table, icase) check(table, sizeof(table) / sizeof((table)[0]), icase)

static void
test_the_leftmost_match_wins_then_the_longest(void **state)
{
	static const struct example t[] = {
		{ "b|abc|ab", "xabcd", "(1,4)" },
		{ "abcd|c", "abcd", "(0,4)" },
		{ "abcx|c", "abcd", "(2,3)" },
		{ "a*", "baaa", "(0,0)" },
		{ "a+", "baaa", "(1,4)" },
		{ "a.c", "a\nc", "(0,3)" },
		{ "", "abc", "(0,0)" },
		{ "abc", "ab", "no" },
		{ "(ab|a)(bc)?", "abc", "(0,3)(0,1)(1,3)" },
		{ "x*$", "axx", "(1,3)" },
		{ "^$", "", "(0,0)" },
		{ "^b", "ab", "no" },
		{ "a^b", "a^b", "no" },
		{ "(^a|b)c", "bc", "(0,2)(0,1)" },
		{ "a{2}", "aaa", "(0,2)" },
		{ "a{,2}b", "aaab", "(1,4)" },
		{ "a{2,}", "aaaa", "(0,4)" },
		{ "a{0}b", "ab", "(1,2)" },
	};

	(void)state;
	CHECK(t, false);
}

static void
test_brackets(void **state)
{
	static const struct example t[] = {
		{ "[]a]+", "x]a]", "(1,4)" },
		{ "[^]a]", "]ab", "(2,3)" },
		{ "[a-]+", "x-a", "(1,3)" },
		{ "[--/]+", "+-./0", "(1,4)" },
		{ "[\\n]+", "\nn\\", "(1,3)" },
		{ "[[:alpha:]_]+", "1aZ_2", "(1,4)" },
		{ "[[:digit:]]+", "a12b", "(1,3)" },
		{ "[^[:space:]]+", " \tab\r\n", "(2,4)" },
		{ "[[:punct:]]+", "a<;=>b", "(1,5)" },
		{ "[[:xdigit:]]{2}", "xfF", "(1,3)" },
		{ "[[:blank:]]", "\na\t", "(2,3)" },
		{ "[[:cntrl:]]+", "a\x01\x1f\x7f", "(1,4)" },
		{ "[[:upper:]][[:lower:]]", "aAa", "(1,3)" },
		{ "[[.-.]-/]", ".", "(0,1)" },
		{ "[[=a=]b]+", "xab", "(1,3)" },
		{ "[[:alnum:][:graph:]]+", " a!", "(1,3)" },
		{ "[^a]", "\xff", "(0,1)" },
		{ "[\x80-\xff]+", "a\xc3\xa4", "(1,3)" },
		{ "[^ -~]", "abc", "no" },
	};

	(void)state;
	CHECK(t, false);
}

static void
test_escapes(void **state)
{
	static const struct example t[] = {
		{ "\\.\\*\\(\\{\\\\", "x.*({\\", "(1,6)" },
		{ "\\w+", "-a_9-", "(1,4)" },
		{ "\\W+", "a--b", "(1,3)" },
		{ "\\s+", "a \t\r\nb", "(1,5)" },
		{ "\\S+", "  ab ", "(2,4)" },
		{ "\\<b", "ab b", "(3,4)" },
		{ "a\\>", "ab a", "(3,4)" },
		{ "\\bb", "ab b", "(3,4)" },
		{ "\\Bb", "b ab", "(3,4)" },
		{ "\\`a\\'", "a", "(0,1)" },
		{ "\\<", "", "no" },
		{ "\\B", "", "(0,0)" },
		{ "\\n", "n", "(0,1)" },
		{ "(\\<a)+", "aa", "(0,1)(0,1)" }, /* regexec says (0,2): an edge inside what is repeated */
	};

	(void)state;
	CHECK(t, false);
}

static void
test_case_can_be_ignored(void **state)
{
	static const struct example t[] = {
		{ "InViTe", "xINVITE", "(1,7)" },
		{ "\\invite", "INVITE", "(0,6)" },
		{ "[a-c]+", "xAbC", "(1,4)" },
		{ "[^a]", "Ab", "(1,2)" },
		{ "[[:upper:]]+", "1aB", "(1,3)" },
		{ "[X-_]+", "axZ_", "(1,4)" },
		{ "[@-`]+", "a", "(0,1)" },
		{ "k@", "K`K@", "(2,4)" },
		{ "@", "`@", "(1,2)" },
		{ "x?to:", "XTO:", "(0,4)" },
	};

	(void)state;
	CHECK(t, true);
}

static void
test_groups_follow_the_posix_rules(void **state)
{
	static const struct example t[] = {
		/* Earlier pieces are longest first. */
		{ "(a*)(a*)", "aaa", "(0,3)(0,3)(3,3)" },
		{ "(a?)(ab)?(b*)", "abb", "(0,3)(0,1)(-)(1,3)" },
		{ "a?(ab)?(b?)", "ab", "(0,2)(-)(1,2)" },
		{ "(a+|b+)+(a*)", "aabb", "(0,4)(2,4)(4,4)" },
		/* Without parentheses it is a piece all the same: what is before the group takes its share first. */
		{ "a*b?(a*b)", "aabab", "(0,5)(3,5)" },
		{ "[ab]*(b|ab)", "abab", "(0,4)(3,4)" },
		/* Of several iterations the last one counts. */
		{ "(a|b)*", "abab", "(0,4)(3,4)" },
		{ "(ab?)*", "aba", "(0,3)(2,3)" },
		{ "(a|ab|c|bcd){0,10}(d*)", "ababcd", "(0,6)(3,6)(6,6)" },
		{ "(..|.)*", "abcde", "(0,5)(4,5)" },
		{ "(a{1,2}){2}", "aaa", "(0,3)(2,3)" },
		{ "(a{1,3}){2,3}", "aaaa", "(0,4)(3,4)" },
		/* An empty iteration counts only when there is no other, or when it is asked for. */
		{ "(a*)*", "b", "(0,0)(0,0)" },
		{ "(a*)*", "ab", "(0,1)(0,1)" },
		{ "(a*)+", "aa", "(0,2)(0,2)" },
		{ "(a*){2}", "aa", "(0,2)(2,2)" },
		{ "(a|b*)?c", "c", "(0,1)(0,0)" },
		{ "(a)*", "b", "(0,0)(-)" },
		{ "x(^|a)*b", "xb", "(0,2)(-)" },
		{ "(a){0}b", "ab", "(1,2)(-)" },
		/* Of alternatives that match the same bytes the first one counts. */
		{ "(a)|(a)", "a", "(0,1)(0,1)(-)" },
		{ "(a|(a))", "a", "(0,1)(0,1)(-)" },
		{ "((a)(b)|(ab))", "ab", "(0,2)(0,2)(0,1)(1,2)(-)" },
		{ "(ab|(a)(b))(c)?", "ab", "(0,2)(0,2)(-)(-)(-)" },
		/* Only nine are reported. */
		{ "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "abcdefghij",
		  "(0,10)(0,1)(1,2)(2,3)(3,4)(4,5)(5,6)(6,7)(7,8)(8,9)" },
	};

	(void)state;
	CHECK(t, false);
}

/** docs/ere.md lists these: regexec answers otherwise, the rule in the first column is why we do not. */
static void
test_groups_where_regexec_deviates(void **state)
{
	static const struct example t[] = {
		/* A group in a group relates to the last match of the outer one. */
		{ "((a)|b)*", "ab", "(0,2)(1,2)(-)" },
		{ "((a)|(b))*", "ab", "(0,2)(1,2)(-)(1,2)" },
		{ "((..)|(.)){2}", "abc", "(0,3)(2,3)(-)(2,3)" },
		{ "(a(b)?)+", "aba", "(0,3)(2,3)(-)" },
		/* Each piece, from left to right, is as long as the whole match allows. */
		{ "(a|ab)(c|bcd)(d*)", "abcd", "(0,4)(0,2)(2,3)(3,4)" },
	};

	(void)state;
	CHECK(t, false);
}

static void
test_patterns_of_sip_scenarios(void **state)
{
	static const char message[] =
		"INVITE sip:bob@198.18.0.1:5060 SIP/2.0\r\n"
		"From: \"Alice\" <sip:alice@198.18.0.2:5060>;tag=9fxced76sl\r\n"
		"To: <sip:bob@198.18.0.1>\r\n"
		"Call-ID: 3848276298220188511@198.18.0.2\r\n"
		"CSeq: 314159 INVITE\r\n"
		"Contact: <sip:alice@198.18.0.2:5062;transport=udp>\r\n"
		"\r\n"
		"m=audio 49172 RTP/AVP 0 101\r\n";
	static const struct {
		const char *pattern;
		const char *groups[4];
	} t[] = {
		{ "m=audio ([0-9]{1,5}) RTP/AVP", { "m=audio 49172 RTP/AVP", "49172" } },
		{ "<sip:([^@]+)@([^>;]+)", { "<sip:alice@198.18.0.2:5060", "alice", "198.18.0.2:5060" } },
		{ "tag=([A-Za-z0-9]+)", { "tag=9fxced76sl", "9fxced76sl" } },
		{ "([0-9]{1,3}\\.){3}[0-9]{1,3}:([0-9]*)", { "198.18.0.1:5060", "0.", "5060" } },
		{ "CSeq: *([0-9]+) +([A-Z]+)", { "CSeq: 314159 INVITE", "314159", "INVITE" } },
		{ "sip:(.*)@(.*):([0-9]+)>;tag",
		  { "sip:bob@198.18.0.1:5060 SIP/2.0\r\nFrom: \"Alice\" <sip:alice@198.18.0.2:5060>;tag",
		    "bob@198.18.0.1:5060 SIP/2.0\r\nFrom: \"Alice\" <sip:alice", "198.18.0.2", "5060" } },
		{ "Contact:[ ]*<(sip:[^>]*)>", { "Contact: <sip:alice@198.18.0.2:5062;transport=udp>",
						 "sip:alice@198.18.0.2:5062;transport=udp" } },
		{ "(INVITE|ACK|BYE) +(sips?):([^ ;]+)", { "INVITE sip:bob@198.18.0.1:5060", "INVITE", "sip", "bob@198.18.0.1:5060" } },
	};
	struct rs_slice text = rs_slice_str(message);

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rs_ere *re = compile(rs_slice_str(t[i].pattern), false);
		struct rs_ere_group g[4];
		void *scratch = scratch_of(re);

		assert_true(rs_ere_match(re, text, scratch, g, 4));
		for (unsigned k = 0; k < 4 && t[i].groups[k]; k++) {
			struct rs_slice got = { text.p + g[k].start, (size_t)(g[k].end - g[k].start) };

			if (!rs_slice_is(got, t[i].groups[k]))
				fail_msg("\"%s\", group %u: \"%.*s\"", t[i].pattern, k, (int)got.len, (const char *)got.p);
		}
		free(scratch);
		rs_ere_free(re);
	}
}

static void
test_text_and_pattern_may_hold_nul(void **state)
{
	char got[64];

	(void)state;
	match_text(rs_slice_str("a(.)b"), false, rs_slice_of("xa\0b", 4), got, sizeof(got));
	assert_string_equal(got, "(1,4)(2,3)");
	match_text(rs_slice_of("\0b", 2), true, rs_slice_of("a\0B", 3), got, sizeof(got));
	assert_string_equal(got, "(1,3)");
	match_text(rs_slice_str("x*"), false, (struct rs_slice){ NULL, 0 }, got, sizeof(got));
	assert_string_equal(got, "(0,0)");
	match_text(rs_slice_str("x"), true, (struct rs_slice){ NULL, 0 }, got, sizeof(got));
	assert_string_equal(got, "no");
}

static void
test_malformed_patterns_are_refused_with_cause_and_place(void **state)
{
	static const struct {
		const char *pattern;
		const char *cause;
		size_t off;
	} t[] = {
		{ "(a)\\1", "back-reference", 3 },
		{ "(a", "unmatched (", 0 },
		{ "a((b)", "unmatched (", 1 },
		{ "x[a", "unmatched [", 1 },
		{ "[]", "unmatched [", 0 },
		{ "[[:alpha:]", "unmatched [", 0 },
		{ "[[:foo:]]", "unknown character class", 1 },
		{ "[[.space.]]", "unknown collating element", 1 },
		{ "[b-a]", "bad range", 1 },
		{ "[a-c-e]", "bad range", 4 },
		{ "[a-[:digit:]]", "bad range", 1 },
		{ "a{1", "unmatched {", 1 },
		{ "a{x}", "bad content of {}", 1 },
		{ "a{2,1}", "bad content of {}", 1 },
		{ "a{}", "bad content of {}", 1 },
		{ "*a", "nothing to repeat", 0 },
		{ "a|+b", "nothing to repeat", 2 },
		{ "(?a)", "nothing to repeat", 1 },
		{ "^*", "nothing to repeat", 1 },
		{ "{1}", "nothing to repeat", 0 },
		{ "ab\\", "trailing backslash", 2 },
	};
	struct rs_ere *re;
	const char *err;
	size_t off;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(rs_ere_compile(rs_slice_str(t[i].pattern), false, &re, &err, &off), -EINVAL);
		assert_null(re);
		assert_string_equal(err, t[i].cause);
		if (off != t[i].off)
			fail_msg("\"%s\": at %zu", t[i].pattern, off);
	}
}

static void
test_patterns_too_large_are_refused_at_once(void **state)
{
	static const char *const t[] = { "a{4000}",		 "((a{60}){60}){60}", "(a{0,100}){100}", "a{32768}",
					 "((((a*){9}){9}){9}){9}", "(a|b){1000,}(c|d){1000,}" };
	struct rs_ere *re;
	const char *err;
	size_t off;
	char deep[601];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(rs_ere_compile(rs_slice_str(t[i]), false, &re, &err, &off), -E2BIG);
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
	static const char *const t[] = { "<sip:([^@]+)@([^>;]+)", "INVITE", "(a|[b-d]){2,5}\\>|.*x$" };

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
	static const char *const patterns[] = { "needle", "x(a|b)*c", "[^;]*;", "\\<w+\\>", "a{1,3}$", "[[:alpha:]", "a{1", "a\\" };
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

			struct guard scratch = guard_new(NULL, (rs_ere_scratch(re) + 15) & ~(size_t)15);

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
		{ "(a*)*b", "a", "" },		{ "(a*)*b", "a", "b" },	       { "(a|aa)+$", "a", "" },
		{ "(a|aa)+$", "a", "b" },	{ "(a*)(a*)(a*)(a*)b", "a", "" }, { "((a|ab)(c|bcd)*)*(d*)", "abcd", "" },
		{ "(x+x+)+y", "x", "" },	{ "(.*)(.*)(.*)x", "ab", "x" }, { "(a?){20}a{20}", "a", "" },
		{ "(((a*)*)*)*$", "a", "" },	{ "a.*b.*c", "ab", "" },       { "([^;]*;)*z", "ab;", "" },
		{ "\\<(a|b|ab)*\\>c", "ab", "" }, { "(a|b)*a(a|b){9}", "abbab", "" },
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
		/* Each pass visits and tests a state once a byte; there are at most two passes a level of groups. */
		assert_true(full < 65537ull * re->n_states * 2 * 10 + 10 * 65536);
		free(scratch);
		rs_ere_free(re);
	}
}

static void
test_literals_are_found_wherever_they_are(void **state)
{
	static const char *const literals[] = { "x", "INVITE", "aab", "-q-", "zzzz", "SIP/2 0 200", "EEE" };
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
			assert_true(rs_ere_match(folded, rs_slice_of(text, sizeof(text)), scratch, &g, 1));
			assert_true((size_t)g.start <= at && g.end == g.start + (int32_t)n);
			memcpy(text + at, literals[i], n);
			assert_true(rs_ere_match(re, rs_slice_of(text, sizeof(text)), scratch, &g, 1));
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
		cmocka_unit_test(test_the_leftmost_match_wins_then_the_longest),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_case_can_be_ignored),
		cmocka_unit_test(test_groups_follow_the_posix_rules),
		cmocka_unit_test(test_groups_where_regexec_deviates),
		cmocka_unit_test(test_patterns_of_sip_scenarios),
		cmocka_unit_test(test_text_and_pattern_may_hold_nul),
		cmocka_unit_test(test_literals_are_found_wherever_they_are),
		cmocka_unit_test(test_malformed_patterns_are_refused_with_cause_and_place),
		cmocka_unit_test(test_patterns_too_large_are_refused_at_once),
		cmocka_unit_test(test_every_failing_allocation_is_reported_and_leaks_nothing),
		cmocka_unit_test(test_nothing_is_read_behind_the_text_or_the_pattern),
		cmocka_unit_test(test_time_is_linear_in_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
