/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket as a client sees it: a line in, a line out. */
#include "server_rig.h"

static void
a_request_is_answered_with_its_id(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j = expect(rig, fd, REQUEST("status", "{}"), 0);

	assert_int_equal(json_integer_value(json_object_get(j, "id")), 7);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "result"), "state")), "idle");
	json_decref(j);
	j = expect(
		rig, fd, "{\"jsonrpc\": \"2.0\", \"id\": \"a b\", \"method\": \"status\"}\r\n", 0);
	assert_string_equal(json_string_value(json_object_get(j, "id")), "a b");
	json_decref(j);
	close(fd);
}

static void
a_notification_is_obeyed_without_an_answer(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);

	say_text(rig, fd, "{\"jsonrpc\": \"2.0\", \"method\": \"pause\"}\n\n");
	assert_string_equal(rig->daemon.told, "pause");
	json_decref(expect(rig, fd, REQUEST("status", "{}"), 0)); /* the first thing that comes */
	close(fd);
}

static void
what_is_wrong_with_a_request_is_told_by_code(void **state)
{
	static const struct {
		const char *line;
		int code;
	} rows[] = {
		{ "hello\n", -32700 },
		{ "{\"jsonrpc\": \"2.0\"\n", -32700 },
		{ "{\"id\": 1, \"id\": 2}\n", -32700 },
		{ "\xff\xfe\n", -32700 },
		{ "17\n", -32600 },
		{ "[]\n", -32600 },
		{ "{}\n", -32600 },
		{ "{\"jsonrpc\": \"1.0\", \"id\": 1, \"method\": \"status\"}\n", -32600 },
		{ "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": 5}\n", -32600 },
		{ "{\"jsonrpc\": \"2.0\", \"id\": {}, \"method\": \"status\"}\n", -32600 },
		{ REQUEST("statu", "{}"), -32601 },
		{ REQUEST("status", "[]"), -32602 },
		{ REQUEST("status", "{\"more\": 1}"), -32602 },
		{ REQUEST("load", "{}"), -32602 },
		{ REQUEST("load", "{\"plan\": \"\"}"), -32602 },
		{ REQUEST("load", "{\"plan\": \"x\", \"set\": [1]}"), -32602 },
		{ REQUEST("rate", "{}"), -32602 },
		{ REQUEST("rate", "{\"rate\": 1, \"by\": 1}"), -32602 },
		{ REQUEST("rate", "{\"rate\": \"NaN\"}"), -32602 },
		{ REQUEST("rate", "{\"rate\": 1e999}"), -32700 },
		{ REQUEST("limit", "{\"limit\": -1}"), -32602 },
		{ REQUEST("limit", "{\"limit\": 1.5}"), -32602 },
		{ REQUEST("stop", "{\"how\": \"gently\"}"), -32602 },
		{ REQUEST("wait", "{\"timeout_s\": -1}"), -32602 },
		{ REQUEST("calls", "{\"max\": 1000000}"), -32602 },
		{ REQUEST("calls", "{\"failed\": true, \"max\": 1000000}"), -32602 },
		{ REQUEST("calls", "{\"cause\": \"486\"}"), -32602 },
		{ REQUEST("calls", "{\"failed\": true, \"activity\": \"cals\"}"), -32002 },
		{ REQUEST("endpoints", "{\"state\": \"bsy\"}"), -32602 },
		{ REQUEST("endpoints", "{\"limit\": 1000000}"), -32602 },
		{ REQUEST("streams", "{\"max\": 10001}"), -32602 },
		{ REQUEST("impair", "{}"), -32602 },
		{ REQUEST("scenario.swap", "{\"activity\": \"calls\"}"), -32602 },
		{ REQUEST("scenario.swap", "{\"activity\": \"nobody\", \"scenario\": \"uac\"}"), -32002 },
		{ REQUEST("plan.apply", "{}"), -32602 },
		{ REQUEST("plan.apply", "{\"plan\": \"/no/such.conf\"}"), -32003 },
		{ REQUEST("impair", "{\"set\": [], \"direction\": \"up\"}"), -32602 },
		{ REQUEST("stats", "{\"watch\": true, \"interval_s\": 0}"), -32602 },
	};
	struct rig *rig = *state;
	int fd = dial(rig);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *j = expect(rig, fd, rows[i].line, rows[i].code);

		assert_int_equal(status_of(j), 2);
		json_decref(j);
	}
	json_decref(expect(rig, fd, REQUEST("status", "{}"), 0));
	close(fd);
}

static void
an_unknown_name_is_answered_with_the_nearest(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j = expect(rig, fd, REQUEST("statu", "{}"), -32601);

	assert_non_null(
		strstr(json_string_value(json_object_get(json_object_get(j, "error"), "message")),
			"\"status\""));
	json_decref(j);
	j = expect(rig, fd, REQUEST("limit", "{\"limit\": 1, \"activty\": \"x\"}"), -32602);
	assert_non_null(
		strstr(json_string_value(json_object_get(json_object_get(j, "error"), "message")),
			"\"activity\""));
	json_decref(j);
	close(fd);
}

static void
verbs_reach_the_daemon_with_their_parameters(void **state)
{
	static const struct {
		const char *line, *told;
	} rows[] = {
		{ REQUEST("start", "{}"), "start" },
		{ REQUEST("start", "{\"activity\": \"b\"}"), "start b" },
		{ REQUEST("stop", "{}"), "stop - 0" },
		{ REQUEST("stop", "{\"how\": \"hangup\", \"activity\": \"b\"}"), "stop b 1" },
		{ REQUEST("stop", "{\"how\": \"now\"}"), "stop - 2" },
		{ REQUEST("pause", "{}"), "pause" },
		{ REQUEST("resume", "{}"), "resume" },
		{ REQUEST("reset", "{}"), "reset" },
		{ REQUEST("rate", "{\"rate\": 2.5}"), "rate - 2.5" },
		{ REQUEST("rate", "{\"activity\": \"b\", \"by\": -3}"), "rate b -3 by" },
		{ REQUEST("limit", "{\"activity\": null, \"limit\": 12}"), "limit - 12" },
		{ REQUEST("calls", "{\"failed\": true}"), "failed - - 100" },
		{ REQUEST("calls", "{\"failed\": true, \"activity\": \"calls\", \"cause\": \"486\", \"max\": 7, \"messages\": true}"),
			"failed calls 486 7 messages" },
		{ REQUEST("streams", "{}"), "streams - 100" },
		{ REQUEST("streams", "{\"call\": \"a@b\", \"max\": 5}"), "streams a@b 5" },
		{ REQUEST("impair", "{\"set\": []}"), "impair - 1 off" },
		{ REQUEST("scenario.swap", "{\"activity\": \"calls\", \"scenario\": \"/x/y.xml\"}"), "swap calls /x/y.xml" },
		{ REQUEST("impair", "{\"profile\": \"p\", \"direction\": \"both\", \"set\": [\"delay=2ms\"]}"), "impair p 3 delay=2ms" },
		{ REQUEST("endpoints", "{}"), "endpoints -1 100" },
		{ REQUEST("endpoints", "{\"state\": \"busy\", \"limit\": 5}"), "endpoints 1 5" },
	};
	struct rig *rig = *state;
	int fd = dial(rig);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_decref(expect(rig, fd, rows[i].line, 0));
		assert_string_equal(rig->daemon.told, rows[i].told);
	}
	close(fd);
}

static void
what_the_daemon_refuses_carries_an_exit_status(void **state)
{
	static const struct {
		int rc, code, status;
	} rows[] = {
		{ -EBUSY, -32001, 2 },
		{ -EINVAL, -32001, 2 },
		{ -EALREADY, -32001, 2 },
		{ -ENOENT, -32002, 2 },
		{ -ENOMEM, -32004, 6 },
		{ -EPERM, -32004, 6 },
		{ -ETIMEDOUT, -32004, 6 },
	};
	struct rig *rig = *state;
	int fd = dial(rig);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig->daemon.answer = rows[i].rc;
		json_t *j = expect(rig, fd, REQUEST("start", "{}"), rows[i].code);

		assert_int_equal(status_of(j), rows[i].status);
		json_decref(j);
	}
	close(fd);
}

static void
requests_in_one_packet_are_answered_in_order(void **state)
{
	struct rig *rig = *state;
	char line[128], *all = calloc(1, 1000 * sizeof(line));
	int fd = dial(rig);

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line),
			"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"status\"}\n", i);
		strcat(all, line);
	}
	say_text(rig, fd, all);
	for (int i = 0; i < 1000; i++) {
		json_t *j = hear(rig, fd);

		assert_int_equal(json_integer_value(json_object_get(j, "id")), i);
		json_decref(j);
	}
	free(all);
	close(fd);
}

static void
a_line_may_come_byte_by_byte(void **state)
{
	const char *line = REQUEST("rate", "{\"rate\": 9}");
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j;

	for (const char *p = line; *p; p++) {
		assert_string_equal(rig->daemon.told, "");
		say(rig, fd, p, 1);
	}
	j = hear(rig, fd);
	assert_string_equal(rig->daemon.told, "rate - 9");
	json_decref(j);
	close(fd);
}

static void
a_line_of_a_mebibyte_is_read_and_a_longer_one_is_skipped(void **state)
{
	static const size_t sizes[] = { MIB, MIB + 1, 3 * MIB };
	static const int codes[] = { 0, -32700, -32700 };
	struct rig *rig = *state;
	char *line = malloc(3 * MIB + 1);
	int fd = dial(rig);

	for (size_t i = 0; i < 3; i++) {
		const char *request = REQUEST("status", "{}");
		size_t n = strlen(request) - 1;

		memset(line, ' ', sizes[i]);
		memcpy(line, request, n);
		line[sizes[i]] = '\n';
		say(rig, fd, line, sizes[i] + 1);
		json_t *j = hear(rig, fd);

		assert_int_equal(code_of(j), codes[i]);
		json_decref(j);
	}
	json_decref(expect(rig, fd, REQUEST("status", "{}"), 0));
	free(line);
	close(fd);
}

static void
a_client_that_ends_in_the_middle_of_a_line_is_told_and_let_go(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j;
	char byte;

	say_text(rig, fd, REQUEST("status", "{}") "{\"jsonrpc");
	shutdown(fd, SHUT_WR);
	j = hear(rig, fd);
	assert_int_equal(code_of(j), 0);
	json_decref(j);
	j = hear(rig, fd);
	assert_int_equal(code_of(j), -32700);
	json_decref(j);
	serve(rig, 3);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_request_is_answered_with_its_id),
		T(a_notification_is_obeyed_without_an_answer),
		T(what_is_wrong_with_a_request_is_told_by_code),
		T(an_unknown_name_is_answered_with_the_nearest),
		T(verbs_reach_the_daemon_with_their_parameters),
		T(what_the_daemon_refuses_carries_an_exit_status),
		T(requests_in_one_packet_are_answered_in_order),
		T(a_line_may_come_byte_by_byte),
		T(a_line_of_a_mebibyte_is_read_and_a_longer_one_is_skipped),
		T(a_client_that_ends_in_the_middle_of_a_line_is_told_and_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
