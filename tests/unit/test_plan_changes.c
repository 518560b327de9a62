/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan says otherwise than one that is being played. */
#include "unit.h"

#include "plan_text.h"

static struct rs_plan *
read_plan(const char *text)
{
	struct rs_err err = { 0 };
	struct rs_plan *p;

	if (rs_plan_parse("p.conf", text, NULL, 0, &p, &err) != 0)
		fail_msg("%s", err.text);
	return p;
}

/* The plan with @old replaced by @new differs in @setting at @line, and says @text; NULL: in nothing. */
static void
differs(const char *old, const char *new, const char *setting, int line, const char *text)
{
	char *edited = plan_edit(good_plan, old, new);
	struct rs_plan *was = read_plan(good_plan), *is = read_plan(edited);
	struct rs_plan_changes c;

	assert_int_equal(rs_plan_compare(was, is, &c), 0);
	assert_int_equal(c.n, setting ? 1 : 0);
	if (setting) {
		assert_string_equal(c.list[0].setting, setting);
		assert_int_equal(c.list[0].line, line);
		if (!strstr(c.list[0].text, text))
			fail_msg("%s", c.list[0].text);
	}
	rs_plan_changes_free(&c);
	rs_plan_free(was);
	rs_plan_free(is);
	free(edited);
}

static void
what_can_be_changed_is_not_told(void **state)
{
	differs("rate = 100;", "rate = 100;", NULL, 0, NULL);
	differs("rate = 100;", "rate = 250.5;", NULL, 0, NULL);
	differs("rate = 100;", "rate = 100; limit = 20;", NULL, 0, NULL);
	differs("scenario = \"uac\"", "scenario = \"uac_auth\"", NULL, 0, NULL);
	differs("name = \"calls\"", "name = \"others\"", NULL, 0, NULL); /* one is gone, another one new */
}

static void
another_way_of_writing_is_no_change(void **state)
{
	differs("seed = 1", "seed = 1; mode = \"sipp\"", NULL, 0, NULL); /* what holds anyway */
	differs("targets = [ \"198.18.0.0/20\" ]", "targets = ( \"198.18.0.0/20\" )", NULL, 0, NULL);
	differs("targets = [ \"198.18.0.0/20\" ]", "targets = \"198.18.0.0/20\"", NULL, 0, NULL);
	differs("run = { seed = 1; };", "run = { catch_up = 2.0; seed = 1; };", NULL, 0, NULL);
	differs("{ name = \"callees\"; port = \"b\"; count = 10;", "{ count = 10; port = \"b\"; name = \"callees\";", NULL, 0, NULL);
}

static void
what_cannot_be_changed_is_told_with_its_line(void **state)
{
	differs("198.18.0.0/20", "198.18.0.0/16", "targets", 1, "stop the run");
	differs("cores = [ 0, 1 ]", "cores = [ 0, 1 ]; idle = \"busy\"", "workers.idle", 2, "restart the daemon");
	differs("\"ring:x/a\"; ", "\"ring:x/a\"; mtu = 9000; ", "ports[0].mtu", 4, "not set in the run");
	differs("count = 10;", "count = 11;", "endpoints[1].count", 8, "is 11 here and 10 in the run: ");
	differs("total = 1000;", "total = 2000;", "activities[1].total", 11, "give it another name");
	differs("total = 1000;", "", "activities[1].total", 11, "is not set here, in the run it is 1000");
	differs("seed = 1;", "seed = 1; thresholds = { failed_percent = 1.0; };", "run.thresholds", 12, "not set in the run");
	differs("rate = 100; total = 1000;", "open_calls = 5; total = 1000;", "activities[1].open_calls", 11, "not set in the run");
}

static void
groups_are_told_setting_by_setting(void **state)
{
	char *one = plan_edit(good_plan, "seed = 1;", "seed = 1;\nthresholds = {\nfailed_percent = 1.0; };"),
	     *two = plan_edit(good_plan, "seed = 1;", "seed = 1;\nthresholds = {\nfailed_percent = 2.5; };");
	struct rs_plan *was = read_plan(one), *is = read_plan(two);
	struct rs_plan_changes c;

	assert_int_equal(rs_plan_compare(was, is, &c), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.list[0].setting, "run.thresholds.failed_percent");
	assert_int_equal(c.list[0].line, 14);
	rs_plan_changes_free(&c);
	rs_plan_free(was);
	rs_plan_free(is);
	free(one);
	free(two);
}

static void
what_comes_from_the_command_line_says_so(void **state)
{
	const struct rs_set set = { "run.seed", "7" };
	struct rs_plan *was = read_plan(good_plan), *is;
	struct rs_plan_changes c;
	struct rs_err err;

	assert_int_equal(rs_plan_parse("p.conf", good_plan, &set, 1, &is, &err), 0);
	assert_int_equal(rs_plan_compare(was, is, &c), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.list[0].set, "run.seed=7");
	rs_plan_changes_free(&c);
	rs_plan_free(was);
	rs_plan_free(is);
}

static void
lines_of_activities(void **state)
{
	struct rs_plan *p = read_plan(good_plan);

	assert_int_equal(rs_plan_line(p, 1, "rate"), 11);
	assert_int_equal(rs_plan_line(p, 0, NULL), 10);
	assert_int_equal(rs_plan_line(p, 0, "hold"), 10);
	rs_plan_free(p);
}

static void
refused(const struct rs_plan *p, uint32_t activity, const char *name, const char *why)
{
	struct rs_program *program;
	struct rs_err err = { 0 };
	char path[4096];

	assert_int_not_equal(rs_plan_scenario(p, activity, name, path, sizeof(path), &program, &err), 0);
	assert_null(program);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
}

static void
another_scenario_is_held_against_its_activity(void **state)
{
	struct rs_plan *p = read_plan(good_plan);
	struct rs_program *program;
	struct rs_err err;
	char path[4096];

	assert_int_equal(rs_plan_scenario(p, 1, "uac_auth", path, sizeof(path), &program, &err), 0);
	assert_non_null(strstr(path, "uac_auth.xml"));
	assert_int_not_equal(program->digest, p->activities[1].program->digest);
	rs_program_free(program);
	assert_int_equal(rs_plan_scenario(p, 1, "uac", path, sizeof(path), &program, &err), 0);
	assert_int_equal(program->digest, p->activities[1].program->digest);
	rs_program_free(program);
	refused(p, 1, "uas", "places them");
	refused(p, 0, "uac", "answers them");
	refused(p, 1, "nothing", "no scenario \"nothing\"");
	rs_plan_free(p);
}

static void
media_must_have_been_there(void **state)
{
	struct rs_program plays = { .media = true }, video = { .media = true, .video = true };
	struct rs_plan_media audio = { .implied = true }, of_group = { 0 };
	struct rs_plan_activity a = { .name = "calls", .kind = RS_DO_CALL, .media = -1 };
	struct rs_plan plan = { .activities = &a, .n_activities = 1, .media = &audio, .n_media = 1 };
	struct rs_err err = { 0 };

	assert_int_equal(rs_plan_scenario_fits(&plan, 0, &plays, "x.xml", &err), -EINVAL);
	assert_non_null(strstr(err.text, "x.xml: it needs media, which activity \"calls\" does not have: stop the run"));
	a.media = 0;
	assert_int_equal(rs_plan_scenario_fits(&plan, 0, &plays, "x.xml", &err), 0);
	assert_int_equal(rs_plan_scenario_fits(&plan, 0, &video, "x.xml", &err), -EINVAL);
	plan.media = &of_group; /* says itself what it has */
	assert_int_equal(rs_plan_scenario_fits(&plan, 0, &video, "x.xml", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_changed_is_not_told),
		cmocka_unit_test(another_way_of_writing_is_no_change),
		cmocka_unit_test(what_cannot_be_changed_is_told_with_its_line),
		cmocka_unit_test(groups_are_told_setting_by_setting),
		cmocka_unit_test(what_comes_from_the_command_line_says_so),
		cmocka_unit_test(lines_of_activities),
		cmocka_unit_test(another_scenario_is_held_against_its_activity),
		cmocka_unit_test(media_must_have_been_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
