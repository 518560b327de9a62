/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that carry requests both ways: RFC 5923. */
#include "sim_conns.h"

#include "engine/flow.h"

#define MS RS_NS_PER_MS
enum { LEFT, RIGHT, TO_RIGHT, TO_LEFT };

static unsigned requests, asking; /* over connections */

static unsigned
on_wire(void *ctx, struct sim_packet *p)
{
	char text[SIM_MTU + 1];

	memcpy(text, p->data, p->len);
	text[p->len] = '\0';
	if (memcmp(text, "SIP/2.0 ", 8) == 0)
		return 1;
	requests++;
	text[strcspn(strstr(text, "\r\nVia: ") + 2, "\r") + (size_t)(strstr(text, "\r\nVia: ") + 2 - text)] = '\0';
	asking += strstr(text, ";alias") != NULL;
	return 1;
}

/* Each side is the other one's proxy; the left one calls first. @more: of both groups */
static void
open_plan(struct sim *s, const char *left, const char *right, const char *run)
{
	char plan[4096];

	requests = asking = 0;
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
		"tls = ( { name = \"t\"; } );\n"
		"endpoints = ( { name = \"left\"; kind = \"trunk\"; port = \"a\"; addresses = \"198.18.4.1\"; proxy = \"sip:198.18.8.1:5060\"; %s },\n"
		"              { name = \"right\"; kind = \"trunk\"; port = \"b\"; addresses = \"198.18.8.1\"; proxy = \"sip:198.18.4.1:5060\"; %s } );\n"
		"activities = ( { name = \"l\"; do = \"answer\"; endpoints = \"left\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"               { name = \"r\"; do = \"answer\"; endpoints = \"right\"; scenario = \"uas\"; ring = \"0s\"; },\n"
		"               { name = \"to_right\"; do = \"call\"; from = \"left\"; scenario = \"uac\"; to = \"sip:x@198.18.8.1:5060\"; rate = 100; total = 20;\n"
		"                 hold = \"100ms\"; },\n"
		"               { name = \"to_left\"; do = \"call\"; from = \"right\"; scenario = \"uac\"; to = \"sip:x@198.18.4.1:5060\"; rate = 100; total = 20;\n"
		"                 start = \"manual\"; hold = \"100ms\"; } );\n"
		"run = { legs = \"none\"; %s };\n", left, right, run);
	*s = (struct sim){ .on_wire = on_wire };
	sim_connect(s);
	sim_open(s, plan);
}

static void
call_back(struct sim *s)
{
	sim_play(s, 2000 * MS);
	assert_int_equal(sim_count(s, TO_RIGHT, RS_AM_COMPLETED), 20);
	for (uint32_t i = 0; i < s->n; i++)
		rs_engine_start_activity(s->engines[i], TO_LEFT, s->now_ns);
	sim_play(s, 2000 * MS);
	assert_int_equal(sim_count(s, TO_LEFT, RS_AM_COMPLETED), 20);
}

static void
end(struct sim *s)
{
	sim_sums_hold(s);
	free(s->conns);
	sim_close(s);
}

static void
requests_go_back_on_the_connection_that_asked_for_it(void **state)
{
	static const char *const modes[] = { "", "mode = \"rfc3261\";" };
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		open_plan(&s, "transport = \"tcp\"; alias = true;", "transport = \"tcp\"; alias = true;", modes[i]);
		call_back(&s);
		assert_int_equal(s.conns->opened, 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_NOT_ALIASED), 0);
		assert_int_equal(sim_flows(&s, RS_FLOW_ACCEPTED_OPEN), 1);
		assert_true(requests == 120 && asking == requests);
		end(&s);
	}
}

static void
nothing_of_it_without_the_setting(void **state)
{
	static const struct { const char *left, *right; unsigned asking; } cases[] = {
		{ "transport = \"tcp\";", "transport = \"tcp\"; alias = true;", 60 },
		{ "transport = \"tcp\"; alias = true;", "transport = \"tcp\";", 60 },
		{ "transport = \"tcp\";", "transport = \"tcp\";", 0 },
	};
	static struct sim s;

	for (unsigned i = 0; i < 3; i++) {
		open_plan(&s, cases[i].left, cases[i].right, "");
		call_back(&s);
		assert_int_equal(s.conns->opened, 2);
		assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 0);
		assert_int_equal(asking, cases[i].asking);
		end(&s);
	}
}

static void
over_tls_nobody_has_shown_that_he_is_who_he_says(void **state) /* section 9.1 */
{
	static struct sim s;

	open_plan(&s, "transport = \"tls\"; tls = \"t\"; alias = true;", "transport = \"tls\"; tls = \"t\"; alias = true;", "");
	call_back(&s);
	assert_int_equal(s.conns->opened, 2);
	assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 0);
	assert_true(sim_flows(&s, RS_FLOW_NOT_ALIASED) > 0);
	end(&s);
}

/* Each request names another address or port than the proxy's. */
static unsigned
name_another(void *ctx, struct sim_packet *p)
{
	uint8_t *at = memmem(p->data, p->len, ctx, strlen(ctx));

	if (at)
		at[strlen(ctx) - 1] = '9';
	return 1;
}

static void
who_names_another_is_not_believed(void **state)
{
	static char *const names[] = { "/TCP 198.18.4.1", "/TCP 198.18.4.1:5060" };
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		open_plan(&s, "transport = \"tcp\"; alias = true;", "transport = \"tcp\"; alias = true;", "");
		s.on_wire = name_another;
		s.ctx = names[i];
		call_back(&s);
		assert_int_equal(s.conns->opened, 2);
		assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 0);
		assert_true(sim_flows(&s, RS_FLOW_NOT_ALIASED) >= 20);
		end(&s);
	}
}

static void
when_it_ends_there_is_another_one(void **state)
{
	static struct sim s;

	for (unsigned i = 0; i < 2; i++) {
		open_plan(&s, "transport = \"tcp\"; alias = true; reconnect = \"never\";", "transport = \"tcp\"; alias = true; reconnect = \"at once\";", "");
		sim_play(&s, 2000 * MS);
		assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 1);
		if (i == 0) { /* by the left end, which opened it, or by the right one */
			rs_engine_drop(s.engines[0], 0, 1.0, RS_CONN_FIN);
			sim_play(&s, 100 * MS);
		} else {
			rs_engine_drop(s.engines[1], 1, 1.0, RS_CONN_RST);
			sim_play(&s, 100 * MS);
		}
		assert_int_equal(s.conns->opened, 2); /* the right one's own */
		assert_int_equal(sim_flows(&s, RS_FLOW_REOPENED), 1);
		assert_int_equal(sim_flows(&s, RS_FLOW_ACCEPTED_OPEN), 1);
		call_back(&s);
		assert_int_equal(s.conns->opened, 2);
		assert_int_equal(sim_flows(&s, RS_FLOW_ALIASED), 2); /* by the left one this time */
		assert_int_equal(sim_flows(&s, RS_FLOW_OPEN), 2);
		end(&s);
	}
}

static void
bad_plan(const char *group, const char *why)
{
	char plan[1024];
	struct rs_plan *p = NULL;
	struct rs_err err = { 0 };

	snprintf(plan, sizeof(plan), "targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"g\"; port = \"a\"; addresses = \"198.18.4.1\"; alias = true; %s } );\n"
		"activities = ( { name = \"l\"; do = \"answer\"; endpoints = \"g\"; scenario = \"uas\"; } );\n", group);
	assert_int_equal(rs_plan_parse("sim.conf", plan, NULL, 0, &p, &err), -EINVAL);
	if (!strstr(err.text, "alias") || !strstr(err.text, why))
		fail_msg("%s", err.text);
}

static void
plans_that_cannot_have_it_are_refused(void **state)
{
	bad_plan("", "over UDP there are none");
	bad_plan("transport = \"ws\"; proxy = \"sip:198.18.8.1\";", "only its client opens");
	bad_plan("transport = \"tcp\";", "set proxy");
	bad_plan("transport = \"tcp\"; proxy = \"sip:198.18.8.1\"; connections = \"call\";", "that stay");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_go_back_on_the_connection_that_asked_for_it),
		cmocka_unit_test(nothing_of_it_without_the_setting),
		cmocka_unit_test(over_tls_nobody_has_shown_that_he_is_who_he_says),
		cmocka_unit_test(who_names_another_is_not_believed),
		cmocka_unit_test(when_it_ends_there_is_another_one),
		cmocka_unit_test(plans_that_cannot_have_it_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
