/* SPDX-License-Identifier: BSD-3-Clause */
/** What activities, their endpoints and the run may say: registrations, closed loops, shapes, distributions, order, agents. */
#include "unit.h"

#include <math.h>

#include "plan_text.h"

#define S  1000000000ull
#define MS 1000000ull

/** Phones that register, calls to them, pings: what the others change. */
static const char register_plan[] =
	"targets = [ \"198.18.0.0/20\" ];\n"
	"workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"net_x\"; addresses = [ \"198.18.0.2/20\" ]; } );\n"
	"endpoints = (\n"
	"{ name = \"phones\"; port = \"a\"; count = 2; addresses = \"198.18.4.1-198.18.4.2\"; proxy = \"sip:198.18.0.9\"; },\n"
	"{ name = \"carrier\"; port = \"a\"; kind = \"trunk\"; count = 10; addresses = \"198.18.8.1\"; proxy = \"sip:198.18.0.9\"; } );\n"
	"activities = (\n"
	"{ name = \"reg\"; do = \"register\"; endpoints = \"phones\"; rate = 200; },\n"
	"{ name = \"ring\"; do = \"answer\"; endpoints = \"phones\"; scenario = \"uas\"; },\n"
	"{ name = \"inbound\"; do = \"call\"; start = \"after reg\"; from = \"carrier\"; to = \"phones\"; scenario = \"uac\"; rate = 30; } );\n"
	"run = { seed = 1; };\n";

static struct rs_plan *
read_ok(const char *text)
{
	struct rs_plan *p = NULL;
	struct rs_err err = { 0 };

	if (plan_read(text, NULL, 0, &p, &err) != 0)
		fail_msg("%s", err.text);
	return p;
}

static struct rs_plan *
edited(const char *base, const char *old, const char *new)
{
	char *text = plan_edit(base, old, new);
	struct rs_plan *p = read_ok(text);

	free(text);
	return p;
}

static void
a_register_activity_has_defaults_that_spread_refreshes(void **state)
{
	struct rs_plan *p = read_ok(register_plan);
	const struct rs_plan_activity *a = &p->activities[0];

	assert_int_equal(a->kind, RS_DO_REGISTER);
	assert_string_equal(rs_activity_kind_name(a->kind), "register");
	assert_false(rs_activity_places(a->kind));
	assert_int_equal(a->from, 0);
	assert_int_equal(a->to_group, -1);
	assert_true(a->rate_hz == 200.0);
	assert_int_equal(a->expires_ns, 3600 * S);
	assert_true(a->refresh_from == 0.5);
	assert_true(a->refresh_to == 0.9);
	assert_true(a->nonce_reuse);
	assert_true(a->unregister);
	assert_true(a->unregister_rate_hz == 200.0);
	assert_non_null(a->program);
	assert_int_equal(a->program->n_steps, 0);
	assert_int_equal(a->program->n_vars, 0);
	rs_plan_free(p);
}

static void
a_register_activity_may_say_otherwise(void **state)
{
	struct rs_plan *p = edited(register_plan, "rate = 200;",
		"rate = 200; arrivals = \"poisson\"; total = 2; expires = \"60s\"; refresh = [ 0.25, 0.75 ]; nonce_reuse = false; unregister_rate = 50;");
	const struct rs_plan_activity *a = &p->activities[0];

	assert_int_equal(a->arrivals, RS_ARRIVALS_POISSON);
	assert_int_equal(a->total, 2);
	assert_int_equal(a->expires_ns, 60 * S);
	assert_true(a->refresh_from == 0.25);
	assert_true(a->refresh_to == 0.75);
	assert_false(a->nonce_reuse);
	assert_true(a->unregister_rate_hz == 50.0);
	rs_plan_free(p);
	p = edited(register_plan, "rate = 200;", "rate = 200; unregister = false;");
	assert_false(p->activities[0].unregister);
	rs_plan_free(p);
}

static void
an_activity_starts_after_another(void **state)
{
	struct rs_plan *p = read_ok(register_plan);

	assert_int_equal(p->activities[0].start, RS_START_AT_ONCE);
	assert_int_equal(p->activities[2].start, RS_START_AFTER);
	assert_int_equal(p->activities[2].after, 0);
	rs_plan_free(p);
	/* one that is named before it stands, and has an end by its total */
	p = edited(register_plan, "rate = 200;",
		"rate = 200; start = \"after more\"; }, { name = \"more\"; do = \"options\"; from = \"carrier\"; rate = 5; total = 7;");
	assert_int_equal(p->activities[0].after, 1);
	assert_int_equal(p->activities[3].after, 0);
	rs_plan_free(p);
	/* by its shape */
	p = edited(register_plan, "rate = 200;",
		"rate = 200; start = \"after more\"; }, { name = \"more\"; do = \"options\"; from = \"carrier\"; rate = 5; shape = ( { to = 0; time = \"9s\"; } );");
	assert_int_equal(p->activities[0].start, RS_START_AFTER);
	rs_plan_free(p);
}

static void
options_pings_by_the_shipped_scenario(void **state)
{
	struct rs_plan *p = edited(register_plan, "rate = 200;",
		"rate = 200; }, { name = \"ping\"; do = \"options\"; from = \"phones\"; rate = 1;");
	const struct rs_plan_activity *a = &p->activities[1];

	assert_int_equal(a->kind, RS_DO_OPTIONS);
	assert_true(rs_activity_places(a->kind));
	assert_string_equal(a->scenario_file, "options");
	assert_int_equal(a->from, 0);
	assert_string_equal(a->to_host, "198.18.0.9");
	rs_plan_free(p);
	/* nothing but the phones themselves need answer them */
	p = edited(register_plan, "rate = 200;",
		"rate = 200; }, { name = \"ping\"; do = \"options\"; from = \"phones\"; to = \"carrier\"; rate = 1; scenario = \"uac-ping\";");
	assert_int_equal(p->activities[1].to_group, 1);
	assert_string_equal(p->activities[1].scenario_file, "uac-ping");
	rs_plan_free(p);
}

static void
the_mode_of_the_run_is_that_of_its_activities_unless_they_say(void **state)
{
	struct rs_plan *p = edited(good_plan, "seed = 1;", "mode = \"rfc3261\";");

	assert_int_equal(p->mode, RS_MODE_RFC3261);
	assert_int_equal(p->activities[0].mode, RS_MODE_RFC3261);
	assert_int_equal(p->activities[1].mode, RS_MODE_RFC3261);
	rs_plan_free(p);
	p = edited(good_plan, "rate = 100;", "rate = 100; mode = \"rfc3261\";");
	assert_int_equal(p->mode, RS_MODE_SIPP);
	assert_int_equal(p->activities[0].mode, RS_MODE_SIPP);
	assert_int_equal(p->activities[1].mode, RS_MODE_RFC3261);
	rs_plan_free(p);
}

static bool asked_for_transactions;

static int
watch_scenario(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out,
	struct rs_findings *findings, struct rs_err *err)
{
	asked_for_transactions = opts->transactions;
	return no_files_scenario(file, opts, out, findings, err);
}

static void
a_scenario_is_compiled_for_its_mode(void **state)
{
	static const char *const modes[] = { "rate = 100; mode = \"sipp\";",
		"rate = 100; mode = \"rfc3261\";" };
	const struct rs_plan_io io = { .n_cores = 2,
		.find = no_files_find,
		.scenario = watch_scenario,
		.data = no_files_data };

	for (int i = 0; i < 2; i++) {
		char *text = plan_edit(good_plan, "rate = 100;", modes[i]);
		struct rs_plan *p = NULL;
		struct rs_err err = { 0 };

		assert_int_equal(
			rs_plan_read_text("t.conf", text, strlen(text), NULL, 0, &io, &p, &err), 0);
		assert_int_equal(asked_for_transactions, i);
		rs_plan_free(p);
		free(text);
	}
}

static void
a_closed_loop_has_no_rate_or_one_as_its_ceiling(void **state)
{
	struct rs_plan *p = edited(good_plan, "rate = 100;", "open_calls = 50;");

	assert_int_equal(p->activities[1].open_calls, 50);
	assert_true(p->activities[1].rate_hz == 0.0);
	rs_plan_free(p);
	p = edited(good_plan, "rate = 100;", "open_calls = 50; rate = 10;");
	assert_int_equal(p->activities[1].open_calls, 50);
	assert_true(p->activities[1].rate_hz == 10.0);
	rs_plan_free(p);
	p = read_ok(good_plan);
	assert_int_equal(p->activities[1].open_calls, 0);
	assert_int_equal(p->activities[1].n_shape, 0);
	assert_null(p->activities[1].shape);
	assert_int_equal(p->activities[1].arrivals, RS_ARRIVALS_UNIFORM);
	rs_plan_free(p);
}

static void
stretch_is(const struct rs_stretch *s, uint64_t begin, uint64_t end, double from, double to)
{
	assert_int_equal(s->begin_ns, begin);
	assert_int_equal(s->end_ns, end);
	assert_true(s->rate_from_hz == from);
	assert_true(s->rate_to_hz == to);
}

static void
a_shape_is_made_of_ramps_steps_and_spikes(void **state)
{
	struct rs_plan *p = edited(good_plan, "rate = 100;",
		"shape = ( { to = 300.0; time = \"60s\"; }, { rate = 200; time = \"300s\"; }, { spike = 900.0; time = \"5s\"; }, { to = 0; time = \"1500ms\"; } );");
	const struct rs_plan_activity *a = &p->activities[1];

	assert_true(a->rate_hz == 0.0);
	assert_int_equal(a->n_shape, 4);
	stretch_is(&a->shape[0], 0, 60 * S, 0, 300);
	stretch_is(&a->shape[1], 60 * S, 360 * S, 200, 200);
	stretch_is(&a->shape[2], 360 * S, 365 * S, 900, 900);
	stretch_is(&a->shape[3], 365 * S, 366500 * MS, 200, 0); /* from before the spike */
	rs_plan_free(p);
	/* what a spike at the end goes back to holds on */
	p = edited(good_plan, "rate = 100;",
		"rate = 100; shape = ( { to = 50; time = \"1s\"; }, { spike = 400; time = \"2s\"; } );");
	a = &p->activities[1];
	assert_true(a->rate_hz == 100.0);
	assert_int_equal(a->n_shape, 3);
	stretch_is(&a->shape[0], 0, S, 100, 50);
	stretch_is(&a->shape[1], S, 3 * S, 400, 400);
	assert_int_equal(a->shape[2].begin_ns, 3 * S);
	assert_true(a->shape[2].end_ns > 3 * S);
	assert_true(a->shape[2].rate_from_hz == 50.0);
	assert_true(a->shape[2].rate_to_hz == 50.0);
	rs_plan_free(p);
}

static void
a_hold_is_a_duration_or_drawn(void **state)
{
	static const struct {
		const char *text;
		struct rs_dist want;
	} rows[] = {
		{ "\"90s\"", { .kind = RS_DIST_FIXED, .a_ns = 90 * S } },
		{ "0", { .kind = RS_DIST_FIXED } },
		{ "{ distribution = \"fixed\"; value = \"2s\"; }",
			{ .kind = RS_DIST_FIXED, .a_ns = 2 * S } },
		{ "{ distribution = \"uniform\"; min = 500; max = \"2s\"; }",
			{ .kind = RS_DIST_UNIFORM, .a_ns = 500 * MS, .b_ns = 2 * S } },
		{ "{ distribution = \"exponential\"; mean = \"90s\"; }",
			{ .kind = RS_DIST_EXPONENTIAL, .a = 90000 } },
		{ "{ distribution = \"normal\"; mean = \"5s\"; stdev = 250.5; }",
			{ .kind = RS_DIST_NORMAL, .a = 5000, .b = 250.5 } },
		{ "{ distribution = \"lognormal\"; mean = 11.2; stdev = 0.5; }",
			{ .kind = RS_DIST_LOGNORMAL, .a = 11.2, .b = 0.5 } },
		{ "{ distribution = \"weibull\"; lambda = \"1m\"; k = 2; }",
			{ .kind = RS_DIST_WEIBULL, .a = 60000, .b = 2 } },
		{ "{ distribution = \"pareto\"; k = 1.5; x_m = \"3s\"; }",
			{ .kind = RS_DIST_PARETO, .a = 1.5, .b = 3000 } },
		{ "{ distribution = \"gamma\"; k = 3; theta = \"20s\"; }",
			{ .kind = RS_DIST_GAMMA, .a = 3, .b = 20000 } },
		{ "{ distribution = \"negbin\"; p = 0.1; n = 2; }",
			{ .kind = RS_DIST_NEGBIN, .a = 0.1, .b = 2 } },
	};
	char more[200];

	for (size_t i = 0; i < RS_COUNT(rows); i++)
		for (int ring = 0; ring < 2; ring++) {
			snprintf(more, sizeof(more),
				ring ? "scenario = \"uas\"; ring = %s;"
				     : "scenario = \"uac\"; hold = %s;",
				rows[i].text);
			struct rs_plan *p = edited(good_plan,
				ring ? "scenario = \"uas\";" : "scenario = \"uac\";", more);
			const struct rs_dist *d =
				ring ? &p->activities[0].ring : &p->activities[1].hold;

			assert_int_equal(d->kind, rows[i].want.kind);
			assert_int_equal(d->a_ns, rows[i].want.a_ns);
			assert_int_equal(d->b_ns, rows[i].want.b_ns);
			assert_true(d->a == rows[i].want.a && d->b == rows[i].want.b);
			rs_plan_free(p);
		}
}

static void
endpoints_have_credentials(void **state)
{
	struct rs_plan *p = edited(good_plan, "count = 1000;",
		"count = 1000; password = \"p#{index:05}\\\"\"; auth_user = \"auth {index}\";");
	uint8_t out[40];
	int n = rs_pattern_write(&p->groups[0].password, 42, 0, out, sizeof(out));

	assert_int_equal(n, 8);
	assert_memory_equal(out, "p#00042\"", 8);
	n = rs_pattern_write(&p->groups[0].auth_user, 42, 0, out, sizeof(out));
	assert_memory_equal(out, "auth 42", (size_t)n);
	assert_null(p->groups[0].credentials);
	assert_null(p->groups[1].password.text);
	assert_null(p->groups[1].auth_user.text);
	rs_plan_free(p);

	/* the file of these tests has one line */
	p = edited(good_plan, "count = 10;", "count = 1; credentials = \"users.csv\";");
	n = rs_inject_field(p->groups[1].credentials, 0, 1, out, sizeof(out));
	assert_int_equal(n, 1);
	assert_memory_equal(out, "b", 1);
	rs_plan_free(p);
	p = edited(register_plan, "kind = \"trunk\"; count = 10;",
		"kind = \"trunk\"; count = 10; password = \"secret\";");
	assert_string_equal(p->groups[1].password.text, "secret");
	rs_plan_free(p);
}

static void
endpoints_are_user_agents(void **state)
{
	struct rs_plan *p = edited(good_plan, "count = 1000;",
		"count = 1000; ua = { automatic = false; rel100 = \"required\"; refresher = \"uas\"; session_expires = \"1800s\"; min_se = \"120s\"; };");
	const struct rs_ua *a = &p->groups[0].ua, *b = &p->groups[1].ua;

	assert_false(a->automatic);
	assert_int_equal(a->rel, RS_100REL_REQUIRED);
	assert_int_equal(a->refresher, RS_REFRESHER_UAS);
	assert_int_equal(a->session_expires_ns, 1800 * S);
	assert_int_equal(a->min_se_ns, 120 * S);
	assert_true(b->automatic);
	assert_int_equal(b->rel, RS_100REL_SUPPORTED);
	assert_int_equal(b->refresher, RS_REFRESHER_AUTO);
	assert_int_equal(b->session_expires_ns, 0);
	assert_int_equal(b->min_se_ns, 90 * S);
	rs_plan_free(p);
	/* the defaults of what a group in part leaves out */
	p = edited(good_plan, "count = 1000;", "count = 1000; ua = { rel100 = \"off\"; };");
	assert_true(p->groups[0].ua.automatic);
	assert_int_equal(p->groups[0].ua.rel, RS_100REL_OFF);
	assert_int_equal(p->groups[0].ua.min_se_ns, 90 * S);
	rs_plan_free(p);
}

static void
legs_are_matched_by_a_word_or_a_header(void **state)
{
	static const struct {
		const char *text;
		enum rs_legs_key want;
		const char *header;
	} rows[] = { { "auto", RS_LEGS_AUTO, NULL }, { "none", RS_LEGS_NONE, NULL },
		{ "called user", RS_LEGS_CALLED_USER, NULL },
		{ "calling user", RS_LEGS_CALLING_USER, NULL },
		{ "Session-ID", RS_LEGS_SESSION_ID, NULL },
		{ "user-to-user", RS_LEGS_USER_TO_USER, NULL },
		{ "X-Call-Ref", RS_LEGS_HEADER, "X-Call-Ref" } };
	char more[80];

	for (size_t i = 0; i < RS_COUNT(rows); i++) {
		snprintf(more, sizeof(more), "legs = \"%s\";", rows[i].text);
		struct rs_plan *p = edited(good_plan, "seed = 1;", more);

		assert_int_equal(p->legs, rows[i].want);
		if (rows[i].header)
			assert_string_equal(p->legs_header, rows[i].header);
		else
			assert_null(p->legs_header);
		rs_plan_free(p);
	}
}

static void
groups_inside_the_run_change_what_they_name_only(void **state)
{
	struct rs_plan *p = edited(good_plan, "seed = 1;",
		"t1 = \"100ms\"; t2 = \"1s\"; t4 = \"2s\"; limited_percent = 0; health = { lateness_p99_ms = 2.5; drops = 3; }; keep_messages = { share = 0.5; calls = 0; };");

	assert_int_equal(p->t1_ns, 100 * MS);
	assert_int_equal(p->t2_ns, S);
	assert_int_equal(p->t4_ns, 2 * S);
	assert_true(p->limited_percent == 0.0);
	assert_true(p->health.lateness_p99_ms == 2.5);
	assert_true(p->health.drops == 3.0);
	assert_true(p->health.busy_percent == 95.0);
	assert_true(p->trace_share == 0.5);
	assert_int_equal(p->trace_calls, 0);
	assert_int_equal(p->trace_rate, 500);
	rs_plan_free(p);
}

static void
set_reaches_into_groups_inside_sections(void **state)
{
	static const struct rs_set sets[] = { { "run.health.busy_percent", "80" },
		{ "run.keep_messages.share", "0.25" }, { "endpoints.callers.ua.rel100", "off" },
		{ "activities.calls.hold.distribution", "exponential" },
		{ "activities.calls.hold.mean", "90s" },
		{ "activities.calls.shape", "( { to = 5; time = \"1s\"; } )" },
		{ "activities.calls.shape[0].to", "7" },
		{ "run.thresholds.register_p99_ms", "5" } };
	struct rs_plan *p = NULL;
	struct rs_err err = { 0 };

	if (plan_read(good_plan, sets, RS_COUNT(sets), &p, &err) != 0)
		fail_msg("%s", err.text);
	assert_true(p->health.busy_percent == 80.0);
	assert_true(p->trace_share == 0.25);
	assert_int_equal(p->groups[0].ua.rel, RS_100REL_OFF);
	assert_int_equal(p->activities[1].hold.kind, RS_DIST_EXPONENTIAL);
	assert_true(p->activities[1].hold.a == 90000.0);
	assert_int_equal(p->activities[1].n_shape, 1);
	stretch_is(&p->activities[1].shape[0], 0, S, 100, 7);
	assert_string_equal(p->thresholds[1].latency, "register");
	rs_plan_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_register_activity_has_defaults_that_spread_refreshes),
		cmocka_unit_test(a_register_activity_may_say_otherwise),
		cmocka_unit_test(an_activity_starts_after_another),
		cmocka_unit_test(options_pings_by_the_shipped_scenario),
		cmocka_unit_test(the_mode_of_the_run_is_that_of_its_activities_unless_they_say),
		cmocka_unit_test(a_scenario_is_compiled_for_its_mode),
		cmocka_unit_test(a_closed_loop_has_no_rate_or_one_as_its_ceiling),
		cmocka_unit_test(a_shape_is_made_of_ramps_steps_and_spikes),
		cmocka_unit_test(a_hold_is_a_duration_or_drawn),
		cmocka_unit_test(endpoints_have_credentials),
		cmocka_unit_test(endpoints_are_user_agents),
		cmocka_unit_test(legs_are_matched_by_a_word_or_a_header),
		cmocka_unit_test(groups_inside_the_run_change_what_they_name_only),
		cmocka_unit_test(set_reaches_into_groups_inside_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
