/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers tell of failed calls and endpoints, as control asks for it: on ring ports that two workers share. */
#include "run_rig.h"

#include "engine/roster.h"

/* Nobody answers: every call fails after 100 ms. */
#define SILENT(more)                                                                                                   \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; start = \"manual\"; },\n" \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\";\n" \
	"  timeout = \"100ms\"; " more " } );\n"

static json_t *
failed(struct rs_daemon *d, const char *activity, const char *cause, uint32_t max, bool messages)
{
	const struct rs_failed_query q = { .activity = activity, .cause = cause, .max = max, .messages = messages };
	struct rs_err err = { 0 };
	json_t *list = NULL;

	if (rs_daemon_failed(d, &q, &list, &err) != 0)
		fail_msg("%s", err.text);
	return list;
}

static json_int_t
number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static const char *
text(const json_t *j, const char *key)
{
	const char *t = json_string_value(json_object_get(j, key));

	return t ? t : "";
}

static unsigned
with_messages(const json_t *calls)
{
	unsigned n = 0;
	json_t *call;
	size_t i;

	json_array_foreach(calls, i, call) n += json_array_size(json_object_get(call, "ladder")) > 0;
	return n;
}

static void
failed_calls_are_counted_and_some_of_them_explained(void **state)
{
	struct rs_daemon *d = *state;
	unsigned workers = rs_daemon_plan(d)->n_workers;
	json_t *list, *row, *calls, *call, *first;

	rig_load(d, SILENT("rate = 1000; total = 700;"), "");
	list = failed(d, NULL, NULL, 100, false);
	assert_int_equal(json_array_size(list), 0); /* no run yet */
	json_decref(list);
	rig_start(d);
	rig_until_done(d, 5000);
	list = failed(d, NULL, NULL, 100, false);
	assert_int_equal(json_array_size(list), 1);
	row = json_array_get(list, 0);
	assert_int_equal(number(row, "count"), 700);
	assert_string_equal(text(row, "cause"), "timeout");
	calls = json_object_get(row, "calls");
	assert_int_equal(json_array_size(calls), 100);
	assert_int_equal(with_messages(calls), 3 * workers);
	call = json_array_get(calls, 0);
	assert_string_equal(text(call, "activity"), "calls");
	assert_string_equal(text(call, "side"), "placed");
	assert_true(json_number_value(json_object_get(call, "after_ms")) >= 100.0);
	first = json_array_get(json_object_get(call, "ladder"), 0);
	assert_string_equal(text(first, "direction"), "sent");
	assert_memory_equal(text(first, "start_line"), "INVITE sip:", 11);
	assert_string_equal(text(first, "cseq"), "1 INVITE");
	assert_null(json_object_get(first, "message"));
	/* The others are the last ones, the very last first. */
	call = json_array_get(calls, 3 * workers);
	assert_true(json_is_false(json_object_get(call, "messages_kept")));
	assert_true(number(call, "number") >= 650);
	json_decref(list);

	list = failed(d, NULL, NULL, 1, true);
	call = json_array_get(json_object_get(json_array_get(list, 0), "calls"), 0);
	first = json_array_get(json_object_get(call, "ladder"), 0);
	assert_non_null(strstr(text(first, "message"), "\r\nCall-ID: "));
	assert_non_null(strstr(text(first, "message"), text(call, "call_id")));
	json_decref(list);
	list = failed(d, NULL, NULL, 10000, false);
	assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "calls")), (3 + 256) * workers);
	json_decref(list);
}

static void
failed_calls_are_asked_for_by_activity_and_cause(void **state)
{
	struct rs_daemon *d = *state;
	const struct rs_failed_query unknown = { .activity = "cals", .max = 1 };
	struct rs_err err = { 0 };
	json_t *list, *none;

	rig_load(d, SILENT("rate = 1000; total = 10;"), "");
	rig_start(d);
	rig_until_done(d, 5000);
	list = failed(d, "calls", "TIME", 100, false);
	assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "calls")), 10);
	json_decref(list);
	none = failed(d, NULL, "486", 100, false);
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
	assert_int_equal(rs_daemon_failed(d, &unknown, &none, &err), -ENOENT);
	assert_non_null(strstr(err.text, "\"calls\"?"));
}

static void
reset_takes_no_failed_call_away(void **state)
{
	struct rs_daemon *d = *state;
	json_t *list;

	rig_load(d, SILENT("rate = 1000; total = 10;"), "");
	rig_start(d);
	rig_until_done(d, 5000);
	assert_int_equal(rs_daemon_reset(d, NULL), 0);
	list = failed(d, NULL, NULL, 100, false);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(number(json_array_get(list, 0), "count"), 0);
	assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "calls")), 10);
	json_decref(list);
}

static void
report_has_some_calls_of_each_cause_with_their_ladders(void **state)
{
	struct rs_daemon *d = *state;
	json_t *report, *calls;

	rig_load(d, SILENT("rate = 1000; total = 300;"), "");
	rig_start(d);
	rig_until_done(d, 5000);
	report = rs_daemon_report(d, NULL);
	calls = json_object_get(report, "failed_calls");
	assert_int_equal(json_array_size(calls), 3);
	assert_int_equal(with_messages(calls), 3);
	assert_null(json_object_get(json_array_get(json_object_get(json_array_get(calls, 0), "ladder"), 0), "message"));
	json_decref(report);
	report = rs_daemon_stats(d);
	assert_null(json_object_get(report, "failed_calls")); /* asking the workers every second is too much */
	json_decref(report);

	rig_load(d, RIG_CALLS("rate = 500; total = 5;"), "");
	rig_start(d);
	rig_until_done(d, 2000);
	report = rs_daemon_report(d, NULL);
	assert_int_equal(json_array_size(json_object_get(report, "failed_calls")), 0);
	json_decref(report);
}

static void
plan_that_keeps_no_messages_still_lists_failed_calls(void **state)
{
	struct rs_daemon *d = *state;
	json_t *report, *calls;

	rig_load(d, SILENT("rate = 1000; total = 10;"), "keep_messages = { calls = 0; };");
	rig_start(d);
	rig_until_done(d, 5000);
	report = rs_daemon_report(d, NULL);
	calls = json_object_get(report, "failed_calls");
	assert_int_equal(json_array_size(calls), 3);
	assert_int_equal(with_messages(calls), 0);
	json_decref(report);
}

/* Sum of @state over all groups of an answer of rs_daemon_endpoints. */
static json_int_t
states(const json_t *list, const char *state)
{
	json_int_t sum = 0;
	json_t *group;
	size_t i;

	json_array_foreach(list, i, group) sum += number(json_object_get(group, "states"), state);
	return sum;
}

static size_t
listed(const json_t *list)
{
	size_t n = 0, i;
	json_t *group;

	json_array_foreach(list, i, group) n += json_array_size(json_object_get(group, "endpoints"));
	return n;
}

static void
endpoints_are_listed_with_their_state(void **state)
{
	struct rs_daemon *d = *state;
	json_t *list, *group, *endpoint;
	size_t i;

	rig_load(d, RIG_CALLS("rate = 500; total = 150; hold = \"100s\";"), "");
	list = rs_daemon_endpoints(d, -1, 100);
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(listed(list), 0); /* nobody has them before a run */
	json_decref(list);
	rig_start(d);
	rig_play(d, 600);

	list = rs_daemon_endpoints(d, -1, 100);
	assert_int_equal(states(list, "idle") + states(list, "busy"), 8000);
	assert_int_equal(states(list, "busy"), 150);
	assert_int_equal(listed(list), 100);
	assert_int_equal(number(json_array_get(list, 0), "matching"), 4000);
	json_decref(list);

	list = rs_daemon_endpoints(d, RS_ENDPOINT_BUSY, 1000);
	group = json_array_get(list, 1);
	assert_int_equal(number(group, "matching"), 150);
	assert_int_equal(listed(list), 150);
	json_array_foreach(json_object_get(group, "endpoints"), i, endpoint)
	{
		char user[16];

		assert_string_equal(text(endpoint, "state"), "busy");
		assert_int_equal(number(endpoint, "calls"), 1);
		snprintf(user, sizeof(user), "%lld", (long long)number(endpoint, "index"));
		assert_string_equal(text(endpoint, "user"), user);
		assert_memory_equal(text(endpoint, "address"), "198.18.8.", 9);
		assert_true(json_is_null(json_object_get(endpoint, "expires_in_s")));
	}
	json_decref(list);

	list = rs_daemon_endpoints(d, RS_ENDPOINT_BUSY, 0);
	assert_int_equal(listed(list), 0);
	assert_int_equal(states(list, "busy"), 150);
	json_decref(list);
	list = rs_daemon_endpoints(d, RS_ENDPOINT_REGISTERED, 1000);
	assert_int_equal(listed(list), 0);
	assert_int_equal(number(json_array_get(list, 0), "matching"), 0);
	json_decref(list);

	/* Every endpoint once, whichever worker has it. */
	static bool seen[2][4000];

	list = rs_daemon_endpoints(d, -1, 100000);
	assert_int_equal(listed(list), 8000);
	for (size_t g = 0; g < 2; g++) {
		json_array_foreach(json_object_get(json_array_get(list, g), "endpoints"), i, endpoint)
		{
			json_int_t index = number(endpoint, "index");

			assert_in_range(index, 0, 3999);
			assert_false(seen[g][index]);
			seen[g][index] = true;
		}
	}
	json_decref(list);
	rig_silence(d);
	list = rs_daemon_endpoints(d, -1, 0);
	assert_int_equal(states(list, "busy"), 0);
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_calls_are_counted_and_some_of_them_explained),
		cmocka_unit_test(failed_calls_are_asked_for_by_activity_and_cause),
		cmocka_unit_test(reset_takes_no_failed_call_away),
		cmocka_unit_test(report_has_some_calls_of_each_cause_with_their_ladders),
		cmocka_unit_test(plan_that_keeps_no_messages_still_lists_failed_calls),
		cmocka_unit_test(endpoints_are_listed_with_their_state),
	};

	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
