/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said about scenarios that cannot be used. Each file of data/scenarios/bad ends with all
 * that is to be found in it.
 */
#include <dirent.h>
#include <errno.h>

#include "scenario_text.h"

#define MARK "<!-- what is found, by line:\n"

static char *
read_file(const char *path)
{
	static char text[65536];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static void
check_file(const char *path)
{
	static const char *const kinds[] = { "error", "unsupported", "warning" };
	char *expected = strstr(read_file(path), MARK), *end, *found = NULL;
	struct rs_findings findings;
	struct rs_program *p = NULL;
	struct rs_err err = { 0 };
	size_t size;
	FILE *out;
	int rc;

	assert_non_null(expected);
	expected += strlen(MARK);
	end = strstr(expected, "-->");
	assert_non_null(end);
	*end = '\0';
	rc = rs_scenario_load(path, NULL, &p, &findings, &err);
	assert_null(p);
	assert_int_equal(rc, findings.n_errors > 0 ? -EINVAL : -ENOTSUP);
	assert_memory_equal(err.text, path, strlen(path));
	out = open_memstream(&found, &size);
	for (uint32_t i = 0; i < findings.n; i++) {
		fprintf(out, "%d %s: %s\n", findings.list[i].line, kinds[findings.list[i].kind],
			findings.list[i].text);
		assert_int_equal(findings.list[i].construct != NULL,
			findings.list[i].kind == RS_FINDING_UNSUPPORTED);
	}
	fclose(out);
	assert_string_equal(found, expected);
	free(found);
	rs_findings_free(&findings);
}

static void
every_bad_file_is_told_what_is_wrong_with_it(void **state)
{
	char dir[512], path[1024];
	struct dirent *d;
	unsigned n = 0;
	DIR *handle;

	snprintf(dir, sizeof(dir), "%s/tests/unit/data/scenarios/bad", getenv("RINGSTORM_SOURCE"));
	handle = opendir(dir);
	assert_non_null(handle);
	while ((d = readdir(handle)) != NULL) {
		if (strstr(d->d_name, ".xml") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		print_message("%s\n", d->d_name);
		check_file(path);
		n++;
	}
	closedir(handle);
	assert_true(n >= 15);
}

static void
what_is_not_xml_is_an_error_with_its_line(void **state)
{
	assert_finding("", -EINVAL, 0, "empty");
	assert_finding("hello\n", -EINVAL, 1, "not well-formed XML");
	assert_finding("<scenario>\n<nop x=\"1/></scenario>\n", -EINVAL, 2, "\" is missing");
	assert_finding("<scenario>\n\n<!-- <nop/></scenario>\n", -EINVAL, 3, "'-->' is missing");
	assert_finding(
		"<scenario><send>\n<![CDATA[</send></scenario>\n", -EINVAL, 2, "']]>' is missing");
	assert_finding("<scenario>\n<nop\n", -EINVAL, 2, "'>' is missing");
	assert_finding("<?xml \n<scenario/>", -EINVAL, 1, "'?>' is missing");
	assert_finding("\n<!DOCTYPE a [ <scenario/>", -EINVAL, 2, "document type");
	assert_finding("<scenario>\n<pause>\n</scenario>\n", -EINVAL, 3,
		"</scenario> does not close <pause> of line 2");
	assert_finding("<scenario/>\n<scenario/>\n", -EINVAL, 2, "not well-formed XML");
	assert_finding("<scenario>\x01</scenario>", -EINVAL, 1, "not well-formed XML");
}

static void
nul_bytes_and_deep_nesting_are_refused(void **state)
{
	struct rs_program *p;
	struct rs_err err;
	char deep[4096] = "";

	assert_int_equal(
		rs_scenario_compile("x", rs_slice_of("<a\0/>", 5), NULL, &p, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "NUL"));
	for (int i = 0; i < 300; i++)
		strcat(deep, "<scenario>");
	assert_int_equal(
		rs_scenario_compile("x", rs_slice_str(deep), NULL, &p, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "nested"));
}

static void
a_file_that_cannot_be_read_says_so(void **state)
{
	struct rs_findings findings;
	struct rs_program *p;
	struct rs_err err;

	assert_int_equal(rs_scenario_load("/no/such.xml", NULL, &p, &findings, &err), -ENOENT);
	assert_string_equal(
		err.text, "/no/such.xml: cannot open the scenario: No such file or directory");
	assert_int_equal(findings.n, 0);
	assert_int_equal(rs_scenario_load("/tmp", NULL, &p, &findings, &err), -ENOENT);
	assert_int_equal(rs_scenario_load("/dev/zero", NULL, &p, &findings, &err), -ENOENT);
}

static void
a_warning_does_not_stop_a_scenario(void **state)
{
	assert_finding(
		HEAD REQUEST("OPTIONS", "") "<recv response=\"200\" optinal=\"true\"/>\n" TAIL, 0,
		10, "is 'optional' meant?");
}

static void
with_any_key_only_names_that_cannot_be_keys_are_errors(void **state)
{
	const struct rs_scenario_opts opts = { .any_key = true };
	struct rs_findings findings;
	struct rs_program *p;

	assert_int_equal(
		rs_scenario_compile("x",
			rs_slice_str(HEAD REQUEST("OPTIONS", "X: [my_key] [field3]\n") TAIL), &opts,
			&p, &findings, NULL),
		0);
	assert_int_equal(findings.n_warnings, 1);
	rs_findings_free(&findings);
	rs_program_free(p);
	assert_int_equal(rs_scenario_compile("x",
				 rs_slice_str(HEAD REQUEST("OPTIONS", "X: [my key]\n") TAIL), &opts,
				 &p, NULL, NULL),
		-EINVAL);
}

static void
findings_are_bounded_and_printable(void **state)
{
	struct rs_findings findings;
	struct rs_program *p;
	size_t size;
	char *xml;
	FILE *f = open_memstream(&xml, &size);

	fputs("<scenario>", f);
	for (int i = 0; i < 2000; i++)
		fputs("<x\xe9/><label id=\"a\x1b[0m\"/>", f);
	fputs("</scenario>", f);
	fclose(f);
	assert_int_equal(
		rs_scenario_compile("x", rs_slice_of(xml, size), NULL, &p, &findings, NULL),
		-EINVAL);
	assert_true(findings.n <= 500);
	for (uint32_t i = 0; i < findings.n; i++)
		for (const char *c = findings.list[i].text; *c != '\0'; c++)
			assert_true((uint8_t)*c >= 0x20);
	rs_findings_free(&findings);
	free(xml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_file_is_told_what_is_wrong_with_it),
		cmocka_unit_test(what_is_not_xml_is_an_error_with_its_line),
		cmocka_unit_test(nul_bytes_and_deep_nesting_are_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_says_so),
		cmocka_unit_test(a_warning_does_not_stop_a_scenario),
		cmocka_unit_test(with_any_key_only_names_that_cannot_be_keys_are_errors),
		cmocka_unit_test(findings_are_bounded_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
