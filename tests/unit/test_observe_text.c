/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reports and health for people, held against files; and the page on metrics against the tables it is written from.
 * RINGSTORM_WRITE=1 writes the files under tests/unit/data anew: read the difference before it is committed.
 */
#include "observe_rig.h"

static char *
source(const char *name, char path[1024])
{
	const char *root = getenv("RINGSTORM_SOURCE");

	snprintf(path, 1024, "%s/%s", root ? root : ".", name);
	return path;
}

static void
assert_file(const char *name, const char *text, bool may_write)
{
	char path[1024], *have = calloc(1, 1 << 17);
	FILE *f;

	if (may_write && getenv("RINGSTORM_WRITE")) {
		f = fopen(source(name, path), "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	f = fopen(source(name, path), "r");
	if (!f)
		fail_msg("no %s", path);
	assert_true(fread(have, 1, (1 << 17) - 1, f) > 0);
	fclose(f);
	if (strcmp(have, text) != 0)
		fail_msg("%s is not what is printed now:\n%s", name, text);
	free(have);
}

static char *
print(void (*fn)(FILE *, const json_t *), const json_t *json)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fn(f, json);
	fclose(f);
	return text;
}

/* What is this machine's and not the run's. */
static void
make_the_same_everywhere(json_t *report)
{
	json_t *e = json_object_get(report, "environment");

	json_object_set_new(e, "cpu", json_string("a processor"));
	json_object_set_new(e, "version", json_string("0.0"));
}

static void
a_report_reads_as_in_the_file(void **state)
{
	enum rs_verdict verdict;
	struct rig rig;
	json_t *report;
	char *text;

	rig_up(&rig);
	rig_play(&rig);
	report = rs_observer_report(rig.o, &rig.facts, &verdict);
	make_the_same_everywhere(report);
	text = print(rs_report_print, report);
	assert_file("tests/unit/data/report.txt", text, true);
	free(text);
	json_decref(report);
	rig_down(&rig);
}

static void
health_reads_as_in_the_file(void **state)
{
	struct rig rig;
	json_t *health;
	char *text;

	rig_up(&rig);
	rig_play(&rig);
	health = rs_observer_health(rig.o);
	text = print(rs_health_print, health);
	assert_file("tests/unit/data/health.txt", text, true);
	free(text);
	json_decref(health);
	rig_down(&rig);
}

static void
any_json_can_be_printed(void **state)
{
	static const char *const odd[] = {
		"{}", "[]", "[{\"run\": 1}]", "{\"run\": [], \"calls\": 7, \"activities\": {}, \"failures\": [1, null]}",
		"{\"run\": {\"reasons\": [1, {}], \"id\": 5}, \"latency_ms\": [], \"scenarios\": [null, {\"steps\": [0]}]}",
		"{\"health\": {\"workers\": [1], \"signals\": [2], \"busy\": \"x\", \"turn_us\": {\"p50\": \"y\"}}}",
		"{\"failed_calls\": [1, {\"ladder\": [2, {}, {\"start_line\": 3, \"flags\": [4]}, {\"direction\": \"left out\"}]}]}",
		"{\"latency_ms\": {\"x\": {\"count\": 1, \"p50\": 1e300, \"max\": -1e300, \"p99\": null}}}",
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_t *j = json_loads(odd[i], 0, NULL);

		assert_non_null(j);
		free(print(rs_report_print, j));
		free(print(rs_health_print, j));
		json_decref(j);
	}
	free(print(rs_report_print, NULL));
}

static json_t *
failed_calls(void)
{
	static const char calls[] =
		"[{'cause': 'response 486', 'step': '180', 'activity': 'calls', 'number': 7, 'side': 'placed',"
		"  'started': '2026-01-02T03:04:05.678Z', 'after_ms': 12.4, 'call_id': 'x@y', 'caller': '198.18.4.1:5060',"
		"  'callee': '198.18.8.1:5060', 'ladder': ["
		"  {'t_ms': 0.0, 'direction': 'sent', 'start_line': 'INVITE sip:bob@198.18.8.1:5060 SIP/2.0', 'cseq': '1 INVITE', 'flags': []},"
		"  {'t_ms': 500.0, 'direction': 'sent', 'start_line': 'INVITE sip:bob@198.18.8.1:5060 SIP/2.0', 'cseq': '1 INVITE',"
		"   'flags': ['retransmission']},"
		"  {'t_ms': 510.0, 'direction': 'left out', 'messages': 9},"
		"  {'t_ms': 512.345, 'direction': 'received', 'start_line': 'SIP/2.0 486 Busy Here', 'cseq': '1 INVITE', 'flags': [],"
		"   'message': 'SIP/2.0 486 Busy Here\\r\\nX: a\\u001bb\\r\\n\\r\\n'},"
		"  {'t_ms': 512.4, 'direction': 'failed', 'cause': 'response 486', 'step': '180'}]},"
		" {'cause': 'response 486', 'activity': 'calls', 'number': 8, 'ladder': [{'t_ms': 0.0, 'direction': 'sent'}]},"
		" {'cause': 'timeout', 'activity': 'ring', 'number': 9, 'side': 'answered', 'caller': '[2001:2::1]:5060',"
		"  'callee': '[2001:2::2]:5070', 'ladder': ["
		"  {'t_ms': 0.0, 'direction': 'received', 'start_line': 'INVITE sip:a@b SIP/2.0', 'cseq': '1 INVITE'},"
		"  {'t_ms': 0.1, 'direction': 'sent', 'start_line': 'SIP/2.0 200 OK', 'cseq': '1 INVITE'}]}]";
	char text[sizeof(calls)];

	for (size_t i = 0; i < sizeof(calls); i++)
		text[i] = calls[i] == '\'' ? '"' : calls[i];

	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return j;
}

static void
failed_call_reads_as_a_ladder_between_caller_and_callee(void **state)
{
	static const char placed[] =
		"Failed: response 486 at 180, call 7 of calls, started 2026-01-02T03:04:05.678Z, after 12.400 ms\n"
		"  198.18.4.1:5060 -> 198.18.8.1:5060  Call-ID x@y\n"
		"        0.000 ms  198.18.4.1:5060  --- INVITE sip:bob@198.18.8.1:5060 ------------>  198.18.8.1:5060  CSeq 1 INVITE\n"
		"      500.000 ms                   --- INVITE sip:bob@198.18.8.1:5060 ------------>                   CSeq 1 INVITE  (retransmission)\n"
		"      510.000 ms  ... 9 messages are left out here\n"
		"      512.345 ms                   <-- 486 Busy Here ------------------------------                   CSeq 1 INVITE\n";
	json_t *report = json_pack("{s:o}", "failed_calls", failed_calls()), *calls = json_object_get(report, "failed_calls");
	char *text = print(rs_report_print, report), *at;
	size_t n;
	FILE *f;

	at = strstr(text, "Failed: response 486");
	assert_non_null(at);
	assert_memory_equal(at, placed, strlen(placed));
	assert_non_null(strstr(text, "      512.400 ms  failed: response 486 at 180\n"));
	assert_null(strstr(text, "call 8 of")); /* one of each cause */
	assert_non_null(strstr(text, "[2001:2::1]:5060  --- INVITE sip:a@b -----"));
	assert_non_null(strstr(text, "----->  [2001:2::2]:5070  CSeq 1 INVITE\n"));
	assert_non_null(strstr(text, "  <-- 200 OK -----"));
	free(text);

	f = open_memstream(&text, &n);
	rs_failed_call_print(f, json_array_get(calls, 0), true);
	fclose(f);
	assert_non_null(strstr(text, "                 | SIP/2.0 486 Busy Here\n                 | X: a?b\n"));
	free(text);
	json_decref(report);
}

static void
control_characters_do_not_reach_the_terminal(void **state)
{
	json_t *j = json_pack("{s:{s:s}, s:[{s:s}]}", "run", "id", "a\x1b[2Jb", "activities", "name", "x\x1b]0;y\x07");
	char *text = print(rs_report_print, j);

	assert_null(strchr(text, 0x1b));
	assert_null(strchr(text, 0x07));
	assert_non_null(strstr(text, "a?[2Jb"));
	free(text);
	json_decref(j);
}

static void
the_page_on_metrics_is_that_of_the_tables(void **state)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	rs_metrics_document(f);
	fclose(f);
	assert_non_null(strstr(text, "`not_started_limit`"));
	assert_non_null(strstr(text, "`retransmissions`"));
	assert_file("docs/metrics.md", text, false);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_reads_as_in_the_file),
		cmocka_unit_test(health_reads_as_in_the_file),
		cmocka_unit_test(any_json_can_be_printed),
		cmocka_unit_test(failed_call_reads_as_a_ladder_between_caller_and_callee),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(the_page_on_metrics_is_that_of_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
