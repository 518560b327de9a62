/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regular expressions: what they match, by the rules of POSIX. test_ere_oracle.c and
 * test_ere_posix.c hold them against others on random input, test_ere_bounds.c is about costs.
 */
#include <errno.h>

#include "ere_build.h"

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

		match_text(rs_slice_str(e[i].pattern), icase, rs_slice_str(e[i].text), got,
			sizeof(got));
		if (strcmp(got, e[i].expected) != 0)
			fail_msg("\"%s\" on \"%s\": %s, not %s", e[i].pattern, e[i].text, got,
				e[i].expected);
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
		{ "\\.\\*\\(\\{\\\\", "x.*({\\", "(1,6)" }, { "\\w+", "-a_9-", "(1,4)" },
		{ "\\W+", "a--b", "(1,3)" }, { "\\s+", "a \t\r\nb", "(1,5)" },
		{ "\\S+", "  ab ", "(2,4)" }, { "\\<b", "ab b", "(3,4)" },
		{ "a\\>", "ab a", "(3,4)" }, { "\\bb", "ab b", "(3,4)" },
		{ "\\Bb", "b ab", "(3,4)" }, { "\\`a\\'", "a", "(0,1)" }, { "\\<", "", "no" },
		{ "\\B", "", "(0,0)" }, { "\\n", "n", "(0,1)" },
		{ "(\\<a)+", "aa", "(0,1)(0,1)" }, /* regexec finds none: docs/ere.md */
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
		/*
		 * Without parentheses it is a piece all the same: what is before the group takes
		 * its share first.
		 */
		{ "a*b?(a*b)", "aabab", "(0,5)(3,5)" },
		{ "[ab]*(b|ab)", "abab", "(0,4)(3,4)" },
		/* Of several iterations the last one counts. */
		{ "(a|b)*", "abab", "(0,4)(3,4)" },
		{ "(ab?)*", "aba", "(0,3)(2,3)" },
		{ "(a|ab|c|bcd){0,10}(d*)", "ababcd", "(0,6)(3,6)(6,6)" },
		{ "(..|.)*", "abcde", "(0,5)(4,5)" },
		{ "(a{1,2}){2}", "aaa", "(0,3)(2,3)" },
		{ "(a{1,3}){2,3}", "aaaa", "(0,4)(3,4)" },
		/*
		 * An empty iteration counts only when there is no other, or when it is asked
		 * for.
		 */
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

/**
 * docs/ere.md lists these: regexec answers otherwise, the rule in the first column is why we do
 * not.
 */
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
		{ "<sip:([^@]+)@([^>;]+)",
			{ "<sip:alice@198.18.0.2:5060", "alice", "198.18.0.2:5060" } },
		{ "tag=([A-Za-z0-9]+)", { "tag=9fxced76sl", "9fxced76sl" } },
		{ "([0-9]{1,3}\\.){3}[0-9]{1,3}:([0-9]*)", { "198.18.0.1:5060", "0.", "5060" } },
		{ "CSeq: *([0-9]+) +([A-Z]+)", { "CSeq: 314159 INVITE", "314159", "INVITE" } },
		{ "sip:(.*)@(.*):([0-9]+)>;tag",
			{ "sip:bob@198.18.0.1:5060 SIP/2.0\r\nFrom: \"Alice\" <sip:alice@198.18.0.2:5060>;tag",
				"bob@198.18.0.1:5060 SIP/2.0\r\nFrom: \"Alice\" <sip:alice",
				"198.18.0.2", "5060" } },
		{ "Contact:[ ]*<(sip:[^>]*)>",
			{ "Contact: <sip:alice@198.18.0.2:5062;transport=udp>",
				"sip:alice@198.18.0.2:5062;transport=udp" } },
		{ "(INVITE|ACK|BYE) +(sips?):([^ ;]+)",
			{ "INVITE sip:bob@198.18.0.1:5060", "INVITE", "sip",
				"bob@198.18.0.1:5060" } },
	};
	struct rs_slice text = rs_slice_str(message);

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rs_ere *re = compile(rs_slice_str(t[i].pattern), false);
		struct rs_ere_group g[4];
		void *scratch = scratch_of(re);

		assert_true(rs_ere_match(re, text, scratch, g, 4));
		for (unsigned k = 0; k < 4 && t[i].groups[k]; k++) {
			struct rs_slice got = { text.p + g[k].start,
				(size_t)(g[k].end - g[k].start) };

			if (!rs_slice_is(got, t[i].groups[k]))
				fail_msg("\"%s\", group %u: \"%.*s\"", t[i].pattern, k,
					(int)got.len, (const char *)got.p);
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
		assert_int_equal(rs_ere_compile(rs_slice_str(t[i].pattern), false, &re, &err, &off),
			-EINVAL);
		assert_null(re);
		assert_string_equal(err, t[i].cause);
		if (off != t[i].off)
			fail_msg("\"%s\": at %zu", t[i].pattern, off);
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
		cmocka_unit_test(test_malformed_patterns_are_refused_with_cause_and_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
