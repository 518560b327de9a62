/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer: what workers log comes out whole and in order, what found no room is told of, and nobody waits for it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "run/writer.h"
#include "unit.h"

#define WORKERS 2
#define LINES 2000

/* All that was written to the pipe @fd until its other end closed, to be freed. */
static char *
read_all(int fd)
{
	size_t len = 0, cap = 1 << 20;
	char *text = malloc(cap);
	ssize_t n;

	while ((n = read(fd, text + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = 0;
	close(fd);
	return text;
}

/* A file that keeps what is written without anybody reading. */
static int
open_file(void)
{
	char name[] = "/tmp/rs-writer-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

static char *
text_of(int fd)
{
	lseek(fd, 0, SEEK_SET);
	return read_all(fd);
}

static void
what_is_logged_before_the_end_is_written(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(65536);
	struct rs_log log = { .level = RS_LOG_INFO, .ring = ring, .fd = -1 };
	struct rs_writer *w;
	int fd = open_file();

	assert_int_equal(rs_writer_start(&ring, 1, fd, &w), 0);
	for (int i = 0; i < 500; i++)
		rs_log(&log, RS_LOG_WARN, "test", 0, "line %d", i);
	rs_writer_stop(w);

	char *text = text_of(fd), line[32];
	const char *at = text;

	for (int i = 0; i < 500; i++) {
		snprintf(line, sizeof(line), "test: line %d\n", i);
		at = strstr(at, line);
		assert_non_null(at);
	}
	free(text);
	rs_record_ring_free(ring);
}

static void
records_that_are_no_log_are_passed_over(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct rs_writer *w;
	int fd = open_file();

	memcpy(rs_record_reserve(ring, RS_RECORD_PACKET, 0, 0, 6), "packet", 6);
	rs_record_commit(ring);
	memcpy(rs_record_reserve(ring, RS_RECORD_LOG, 0, 0, 4), "line", 4);
	rs_record_commit(ring);
	assert_int_equal(rs_writer_start(&ring, 1, fd, &w), 0);
	rs_writer_stop(w);

	char *text = text_of(fd);

	assert_string_equal(text, "line\n");
	free(text);
	rs_record_ring_free(ring);
}

static void
lines_that_found_no_room_are_counted_where_they_are_missing(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct rs_log log = { .level = RS_LOG_INFO, .ring = ring, .fd = -1 };
	struct rs_writer *w;
	char expected[64];
	int fd = open_file();

	for (int i = 0; i < 1000; i++)
		rs_log(&log, RS_LOG_WARN, "test", 0, "line %d", i);
	assert_true(rs_record_dropped(ring) > 0);
	assert_int_equal(rs_writer_start(&ring, 1, fd, &w), 0);
	rs_writer_stop(w);

	char *text = text_of(fd);

	snprintf(expected, sizeof(expected), "warning log: %llu lines of thread 0", (unsigned long long)rs_record_dropped(ring));
	assert_non_null(strstr(text, "line 0\n"));
	assert_non_null(strstr(text, expected));
	assert_ptr_equal(strstr(strstr(text, expected) + 1, "warning log:"), NULL); /* told once */
	free(text);
	rs_record_ring_free(ring);
}

static void
a_settled_writer_has_written_what_files_are_closed_behind(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct rs_writer *w;
	int log = open_file(), keys = open_file();
	char *text;

	assert_true(rs_record_is_empty(ring));
	assert_int_equal(rs_writer_start(&ring, 1, log, &w), 0);
	for (int i = 0; i < 20; i++) {
		memcpy(rs_record_reserve(ring, RS_RECORD_KEY_LOG, (uint16_t)keys, 0, 6), "SECRET", 6);
		rs_record_commit(ring);
	}
	rs_writer_settle(w);
	assert_true(rs_record_is_empty(ring));
	assert_int_equal(lseek(keys, 0, SEEK_END), 20 * 7);
	text = text_of(keys);
	assert_memory_equal(text, "SECRET\nSECRET\n", 14);
	free(text);
	rs_writer_stop(w);
	close(log);
	rs_record_ring_free(ring);
}

struct worker {
	struct rs_record_ring *ring;
	unsigned number;
};

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct rs_log log = { .level = RS_LOG_INFO, .ring = worker->ring, .fd = -1 };

	for (unsigned i = 0; i < LINES; i++)
		rs_log(&log, RS_LOG_WARN, "test", 0, "worker %u line %u.", worker->number, i);
	return NULL;
}

static void
workers_that_log_at_once_each_have_their_lines_in_order(void **state)
{
	struct rs_record_ring *rings[WORKERS];
	struct worker workers[WORKERS];
	pthread_t threads[WORKERS];
	struct rs_writer *w;
	int fd = open_file();

	for (unsigned i = 0; i < WORKERS; i++) {
		rings[i] = rs_record_ring_create(1 << 20);
		workers[i] = (struct worker){ rings[i], i };
	}
	assert_int_equal(rs_writer_start(rings, WORKERS, fd, &w), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	rs_writer_stop(w);

	char *text = text_of(fd), line[48];

	for (unsigned i = 0; i < WORKERS; i++) {
		const char *at = text;

		assert_int_equal(rs_record_dropped(rings[i]), 0);
		for (unsigned k = 0; k < LINES; k++) {
			snprintf(line, sizeof(line), "test: worker %u line %u.\n", i, k);
			at = strstr(at, line);
			assert_non_null(at);
		}
		rs_record_ring_free(rings[i]);
	}
	free(text);
}

/* A log that nobody reads stalls the writer, and the writer alone. */
static void
worker_goes_on_when_nobody_reads_its_log(void **state)
{
	struct rs_record_ring *ring = rs_record_ring_create(4096);
	struct worker worker = { ring, 0 };
	struct rs_writer *w;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0);
	assert_int_equal(rs_writer_start(&ring, 1, fds[1], &w), 0);
	for (int i = 0; i < 10; i++)
		work(&worker); /* returns, though far more than ring and pipe hold */
	assert_true(rs_record_dropped(ring) > 0);
	close(fds[0]); /* the reader goes: EPIPE ends the stall */
	rs_writer_stop(w);
	close(fds[1]);
	rs_record_ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_logged_before_the_end_is_written),
		cmocka_unit_test(records_that_are_no_log_are_passed_over),
		cmocka_unit_test(lines_that_found_no_room_are_counted_where_they_are_missing),
		cmocka_unit_test(a_settled_writer_has_written_what_files_are_closed_behind),
		cmocka_unit_test(workers_that_log_at_once_each_have_their_lines_in_order),
		cmocka_unit_test(worker_goes_on_when_nobody_reads_its_log),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
