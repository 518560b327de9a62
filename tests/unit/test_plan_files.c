/* SPDX-License-Identifier: BSD-3-Clause */
/** Plans as files: the shipped ones, where scenarios are looked for, and that the committed documentation is current. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "plan/plan_document.h"
#include "plan_text.h"

static char dir[64];

static const char *
source(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("RINGSTORM_SOURCE"), name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *
in_dir(const char *name)
{
	static char paths[4][128]; /* so that a few may be compared with each other */
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int
set_up(void **state)
{
	strcpy(dir, "/tmp/rs-plan-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "t.conf", "mine.xml", "uac.xml", "sub.d",
		"users.csv" };

	unsetenv("RINGSTORM_SCENARIOS");
	for (size_t i = 0; i < RS_COUNT(names); i++)
		remove(in_dir(names[i]));
	return rmdir(dir);
}

static void
the_shipped_plans_are_good(void **state)
{
	static const char *const names[] = { "demo", "avalanche", "two-workers", "options", "lab-uac",
		"lab-uas" };
	/* whatever cores this machine has, two workers included */
	long cores = sysconf(_SC_NPROCESSORS_CONF);

	for (size_t i = 0; i < RS_COUNT(names); i++) {
		char name[64];
		struct rs_plan *p;
		struct rs_err err = { 0 };

		if (strcmp(names[i], "two-workers") == 0 && cores < 2)
			continue;
		snprintf(name, sizeof(name), "config/plans/%s.conf", names[i]);
		if (rs_plan_load(source(name), NULL, 0, &p, &err) != 0)
			fail_msg("%s", err.text);
		rs_plan_free(p);
	}

	struct rs_plan *p;
	struct rs_err err = { 0 };

	if (rs_plan_load(source("config/register-and-call"), NULL, 0, &p, &err) != 0)
		fail_msg("%s", err.text);
	rs_plan_free(p);
}

static const char mine[] =
	"<scenario name=\"mine\"><send><![CDATA[\nOPTIONS sip:a@b SIP/2.0\nContent-Length: 0\n\n]]></send></scenario>";

/** @return the file that scenario = @name of a plan in dir means; "" with @err set when the plan is refused */
static const char *
scenario_of(const char *name, struct rs_err *err)
{
	static char file[256];
	char value[128], *text, *one;
	struct rs_plan *p;

	snprintf(value, sizeof(value), "scenario = \"%s\"", name);
	one = plan_edit(good_plan, "workers = { cores = [ 0, 1 ]; };", "");
	text = plan_edit(one, " workers = [ 0 ];", "");
	free(one);
	one = plan_edit(text, " workers = [ 1 ];", "");
	free(text);
	text = plan_edit(one, "scenario = \"uac\"", value);
	free(one);
	write_file("t.conf", text);
	free(text);
	err->code = 0;
	err->text[0] = '\0';
	if (rs_plan_load(in_dir("t.conf"), NULL, 0, &p, err) != 0)
		return "";
	snprintf(file, sizeof(file), "%s", p->activities[1].scenario_file);
	rs_plan_free(p);
	return file;
}

static void
a_scenario_is_looked_for_beside_the_plan_then_among_the_shipped(void **state)
{
	struct rs_err err;

	assert_string_equal(scenario_of("uac", &err), source("config/scenarios/uac.xml"));
	write_file("uac.xml", mine);
	write_file("mine.xml", mine);
	assert_string_equal(scenario_of("uac", &err), in_dir("uac.xml"));
	assert_string_equal(scenario_of("mine", &err), in_dir("mine.xml"));
	assert_string_equal(scenario_of("mine.xml", &err), in_dir("mine.xml"));
	assert_string_equal(scenario_of(in_dir("mine.xml"), &err), in_dir("mine.xml"));
	remove(in_dir("uac.xml"));
	setenv("RINGSTORM_SCENARIOS", source("config/scenarios"), 1);
	assert_string_equal(scenario_of("uac", &err), source("config/scenarios/uac.xml"));
	unsetenv("RINGSTORM_SCENARIOS");
}

static void
what_is_no_file_is_refused_with_the_place_looked_at(void **state)
{
	struct rs_err err;

	assert_string_equal(scenario_of("nowhere.xml", &err), "");
	assert_non_null(strstr(err.text, "t.conf:11: activities[1].scenario: \""));
	assert_non_null(strstr(err.text, "nowhere.xml\": No such file"));
	assert_string_equal(scenario_of("nowhere", &err), "");
	assert_non_null(strstr(err.text,
		"there is no scenario \"nowhere\": no nowhere.xml beside the plan or in "));
	assert_string_equal(scenario_of("/dev/zero", &err), ""); /* reading it would never end */
	assert_non_null(strstr(err.text, "is not a regular file"));
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(scenario_of("..", &err), "");
	assert_string_equal(scenario_of("/tmp/", &err), "");
}

static void
a_plan_that_cannot_be_read_says_why(void **state)
{
	struct rs_plan *p;
	struct rs_err err;

	assert_int_equal(rs_plan_load(in_dir("none.conf"), NULL, 0, &p, &err), -ENOENT);
	assert_non_null(strstr(err.text, "none.conf: No such file"));
	assert_int_equal(rs_plan_load("/dev/zero", NULL, 0, &p, &err), -EINVAL);
	assert_null(p);
}

static void
a_directory_stands_for_the_plan_in_it(void **state)
{
	struct rs_plan *p;
	struct rs_err err;

	assert_int_equal(rs_plan_load(dir, NULL, 0, &p, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/plan.conf: No such file"));
	write_file("mine.xml", mine);
	assert_string_not_equal(scenario_of("mine", &err), "");
	assert_int_equal(rename(in_dir("t.conf"), in_dir("plan.conf")), 0);
	if (rs_plan_load(dir, NULL, 0, &p, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(p->name, "plan.conf");
	assert_string_equal(p->activities[1].scenario_file, in_dir("mine.xml")); /* what it names lies beside it */
	rs_plan_free(p);
	remove(in_dir("plan.conf"));
}

static void
is_current(const char *name, void (*write)(FILE *))
{
	char *want, *have = calloc(1, 1 << 17);
	size_t n;
	FILE *f = open_memstream(&want, &n);

	write(f);
	fclose(f);
	f = fopen(source(name), "r");
	assert_non_null(f);
	assert_true(fread(have, 1, (1 << 17) - 1, f) > 0);
	fclose(f);
	if (strcmp(have, want) != 0)
		fail_msg(
			"%s is older than the reader's tables: write it anew with gendoc (docs/meson.build)",
			name);
	free(have);
	free(want);
}

static void
the_documentation_is_that_of_the_tables(void **state)
{
	is_current("docs/plan.md", rs_plan_document);
	is_current("docs/man/ringstorm.plan.5", rs_plan_document_man);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_plans_are_good),
		cmocka_unit_test(a_scenario_is_looked_for_beside_the_plan_then_among_the_shipped),
		cmocka_unit_test(what_is_no_file_is_refused_with_the_place_looked_at),
		cmocka_unit_test(a_plan_that_cannot_be_read_says_why),
		cmocka_unit_test(a_directory_stands_for_the_plan_in_it),
		cmocka_unit_test(the_documentation_is_that_of_the_tables),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
