/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines and error texts: tagged, cut, safe to print, limited in rate. */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "unit.h"

static void
line_to_a_file_has_level_tag_text_and_newline(void **state)
{
	struct rs_log log = { .level = RS_LOG_INFO };
	char got[256] = { 0 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	log.fd = fds[1];
	rs_log(&log, RS_LOG_WARN, "port", 5, "%s lost %d packets", "access", 3);
	rs_log(&log, RS_LOG_DEBUG, "port", 5, "not made");
	rs_log(&log, RS_LOG_ERROR, "run", 5, "over");
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "warning port: access lost 3 packets\nerror run: over\n");
	close(fds[0]);
	close(fds[1]);
}

static void
line_to_a_ring_is_a_record_with_its_level_and_time(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct rs_log log = { .level = RS_LOG_DEBUG, .ring = ring, .fd = -1 };
	const struct rs_record *rec;

	rs_log(&log, RS_LOG_INFO, "engine", 777, "call %u", 9);
	rec = rs_record_peek(ring);
	assert_non_null(rec);
	assert_int_equal(rec->type, RS_RECORD_LOG);
	assert_int_equal(rec->aux, RS_LOG_INFO);
	assert_int_equal(rec->time_ns, 777);
	assert_int_equal(rec->len, strlen("info engine: call 9"));
	assert_memory_equal(rec + 1, "info engine: call 9", rec->len);
	rs_record_ring_free(ring);
}

static void
long_line_is_cut_at_1000_bytes_and_control_bytes_are_made_dots(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(8192);
	struct rs_log log = { .level = RS_LOG_INFO, .ring = ring };
	char text[3000];
	const struct rs_record *rec;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rs_log(&log, RS_LOG_INFO, "t", 0, "%s", text);
	rec = rs_record_peek(ring);
	assert_int_equal(rec->len, 1000);
	rs_record_pop(ring);
	rs_log(&log, RS_LOG_INFO, text, 0, "%s", text); /* a tag longer than the line */
	assert_int_equal(rs_record_peek(ring)->len, 1000);
	rs_record_pop(ring);
	rs_log(&log, RS_LOG_INFO, "t", 0, "a\r\nerror fake: b\x1b[2J\xc3\xa4");
	rec = rs_record_peek(ring);
	assert_memory_equal(rec + 1, "info t: a..error fake: b.[2J\xc3\xa4", rec->len);
	rs_record_ring_free(ring);
}

static void
full_ring_counts_the_lines_it_loses(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct rs_log log = { .level = RS_LOG_INFO, .ring = ring };

	for (int i = 0; i < 200; i++)
		rs_log(&log, RS_LOG_INFO, "t", 0, "%0100d", i);
	assert_int_equal(rs_record_dropped(ring), 200 - 4096 / 128);
	rs_record_ring_free(ring);
}

static void
burst_passes_and_the_rest_of_the_second_is_counted(void **state)
{
	struct rs_log_limit l = { 0 };
	uint64_t t = 50000000000;
	uint32_t suppressed, passed = 0;

	for (int i = 0; i < 100; i++)
		passed += rs_log_allow(&l, t + (uint64_t)i * 1000000, 5, &suppressed);
	assert_int_equal(passed, 5);
	assert_false(rs_log_allow(&l, t + 999999999, 5, &suppressed));
	assert_true(rs_log_allow(&l, t + 1000000000, 5, &suppressed));
	assert_int_equal(suppressed, 96);
	assert_true(rs_log_allow(&l, t + 1000000001, 5, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_false(rs_log_allow(&l, t + 1000000001, 0, &suppressed));
}

static void
error_text_says_where_and_what(void **state)
{
	struct rs_err err = { 0 };

	assert_int_equal(rs_err_set(&err, -EINVAL, "no %s", "port"), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, "no port");
	assert_int_equal(
		rs_err_at(&err, -ENOENT, "a.plan", 12, "unknown setting %s", "x"), -ENOENT);
	assert_string_equal(err.text, "a.plan:12: unknown setting x");
	rs_err_at(&err, -ENOENT, "a.plan", 0, "cannot be read");
	assert_string_equal(err.text, "a.plan: cannot be read");
	/* wrapped in itself */
	rs_err_set(&err, -EIO, "scenario uac: %s", err.text);
	assert_string_equal(err.text, "scenario uac: a.plan: cannot be read");
	assert_int_equal(rs_err_set(NULL, -EIO, "nobody listens"), -EIO);
	assert_int_equal(rs_err_at(NULL, -EIO, "f", 1, "nobody listens"), -EIO);
}

static void
long_error_text_is_cut(void **state)
{
	struct rs_err err = { 0 };
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rs_err_set(&err, -E2BIG, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	rs_err_at(&err, -E2BIG, text, 3, "%s", text);
	assert_true(strlen(err.text) < sizeof(err.text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_to_a_file_has_level_tag_text_and_newline),
		cmocka_unit_test(line_to_a_ring_is_a_record_with_its_level_and_time),
		cmocka_unit_test(long_line_is_cut_at_1000_bytes_and_control_bytes_are_made_dots),
		cmocka_unit_test(full_ring_counts_the_lines_it_loses),
		cmocka_unit_test(burst_passes_and_the_rest_of_the_second_is_counted),
		cmocka_unit_test(error_text_says_where_and_what),
		cmocka_unit_test(long_error_text_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
