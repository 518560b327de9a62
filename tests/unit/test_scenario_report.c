/* SPDX-License-Identifier: BSD-3-Clause */
/* The compatibility report, and the scenarios that come with the product. */
#include <errno.h>

#include "plan/report.h"
#include "scenario_text.h"

static const char *
source(const char *path)
{
	static char full[512];

	snprintf(full, sizeof(full), "%s/%s", getenv("RINGSTORM_SOURCE"), path);
	return full;
}

static char *
printed(const struct rs_check *check)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	rs_scenario_check_print(f, check);
	fclose(f);
	return text;
}

static void
all_scenarios_of_the_product_are_usable_without_a_finding(void **state)
{
	const struct rs_scenario_opts strict = { 0 };
	struct rs_check check;

	assert_int_equal(rs_scenario_check(source("config/scenarios"), &strict, &check, NULL), 0);
	assert_true(check.n_files >= 12);
	assert_true(rs_scenario_check_ok(&check));
	for (uint32_t i = 0; i < check.n_files; i++)
		assert_int_equal(check.files[i].findings.n, 0);
	rs_scenario_check_free(&check);
}

static void
a_directory_is_summed_up(void **state)
{
	struct rs_check check;
	json_t *json;
	char *text;

	assert_int_equal(
		rs_scenario_check(source("tests/unit/data/scenarios/bad"), NULL, &check, NULL), 0);
	assert_int_equal(check.n_usable, 0);
	assert_true(check.n_missing > 20);
	assert_true(check.missing[0].files >= check.missing[1].files);
	text = printed(&check);
	assert_non_null(strstr(text, "unsupported.xml:16: unsupported: <sendCmd>"));
	assert_non_null(strstr(text, "unsupported.xml: not usable"));
	assert_non_null(strstr(text, "files: 0 usable"));
	assert_non_null(strstr(text, "\nsendCmd "));
	free(text);
	json = rs_scenario_check_json(&check);
	assert_int_equal(json_integer_value(json_object_get(json, "usable")), 0);
	assert_int_equal(json_array_size(json_object_get(json, "files")), check.n_files);
	assert_int_equal(json_array_size(json_object_get(json, "missing")), check.n_missing);
	json_decref(json);
	rs_scenario_check_free(&check);
}

static void
a_file_that_is_not_there_is_an_error_of_the_check(void **state)
{
	struct rs_check check;
	struct rs_err err;

	assert_int_equal(rs_scenario_check("/no/such", NULL, &check, &err), -ENOENT);
	rs_scenario_check_free(&check);
	assert_int_equal(rs_scenario_check(source("lib"), NULL, &check, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no *.xml"));
	rs_scenario_check_free(&check);
}

static void
a_program_is_shown_in_words(void **state)
{
	struct rs_program *p = compile(HEAD
		"<label id=\"l\"/><send retrans=\"500\" start_rtd=\"t\" lost=\"10\" counter=\"c\"><![CDATA[INVITE sip:a SIP/2.0\n[last_Via:] [$v] [cseq]\n]]></send>"
		"<recv response=\"200\" rtd=\"t\" timeout=\"100\" ontimeout=\"l\" next=\"l\" test=\"v\" chance=\"0.25\"><action>"
		"<ereg regexp=\"a\" search_in=\"hdr\" header=\"To:\" assign_to=\"v\" check_it=\"true\"/></action></recv>"
		"<pause distribution=\"uniform\" min=\"1\" max=\"2\" condexec=\"v\"/><pause variable=\"v\"/>"
		"<pause distribution=\"weibull\" lambda=\"3\" k=\"4\"/><pause distribution=\"exponential\" mean=\"900\"/><timewait/>" TAIL);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	static const char *const wanted[] = {
		"places calls, 7 steps, 1 variables",
		"send INVITE, again after 500 ms, starts timer t, counts c, lost 10 %",
		"[last_Via] [$v] [cseq]",
		"recv 200, timeout 100 ms, stops timer t, then to 0 (INVITE) if $v with probability 0.25, "
		"on timeout to 0 (INVITE)",
		"ereg to $v in header To:, must hold",
		"kept: Via From To Contact",
		"pause uniform 1 to 2 ms, if $v",
		"pause $v ms",
		"pause weibull lambda 3 ms, k 4\n",
		"pause exponential mean 900 ms\n",
		"timewait as long as",
	};

	rs_scenario_show(f, p);
	fclose(f);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("'%s' is not in:\n%s", wanted[i], text);
	free(text);
	rs_program_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_scenarios_of_the_product_are_usable_without_a_finding),
		cmocka_unit_test(a_directory_is_summed_up),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error_of_the_check),
		cmocka_unit_test(a_program_is_shown_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
