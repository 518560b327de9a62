/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control socket says later or unasked: waits, events, stats; and how its service ends. */
#include "server_rig.h"

static void
wait_is_answered_when_the_run_ends(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig), other = dial(rig);
	json_t *j = expect(rig, fd, REQUEST("wait", "{}"), -32001); /* nothing to wait for */

	json_decref(j);
	json_decref(expect(rig, fd, REQUEST("start", "{}"), 0));
	say_text(rig, fd, REQUEST("wait", "{}") REQUEST("wait", "{\"timeout_s\": 0.001}"));
	/* Other requests go on meanwhile, on this and on other connections. */
	json_decref(expect(rig, other, REQUEST("status", "{}"), 0));
	usleep(2000);
	j = hear(rig, fd);
	assert_int_equal(code_of(j), -32005);
	assert_int_equal(status_of(j), 8);
	json_decref(j);
	json_decref(expect(rig, fd, REQUEST("status", "{}"), 0));
	rig->daemon.status = 4;
	rig->daemon.end_at_poll = true;
	usleep(60000);
	j = hear(rig, fd);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(j, "result"), "status")), 4);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "result"), "verdict")),
		"generator limited");
	json_decref(j);
	/* A run that is over needs no waiting. */
	json_decref(expect(rig, fd, REQUEST("wait", "{}"), 0));
	close(fd);
	close(other);
}

static void
a_client_that_leaves_takes_its_waits_along(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);

	json_decref(expect(rig, fd, REQUEST("start", "{}"), 0));
	for (int i = 0; i < 10; i++)
		say_text(rig, fd, REQUEST("wait", "{}"));
	close(fd);
	serve(rig, 3);
	rig->daemon.end_at_poll = true;
	usleep(60000);
	serve(rig, 3);
	assert_int_equal(rig->daemon.state, RS_STATE_DONE);
}

static void
a_client_that_has_said_its_last_word_still_gets_what_it_waits_for(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j;

	json_decref(expect(rig, fd, REQUEST("start", "{}"), 0));
	say_text(rig, fd, REQUEST("wait", "{}"));
	shutdown(fd, SHUT_WR);
	serve(rig, 5);
	rig->daemon.end_at_poll = true;
	usleep(60000);
	j = hear(rig, fd);
	assert_non_null(j);
	assert_int_equal(code_of(j), 0);
	json_decref(j);
	close(fd);
}

static void
events_go_to_those_who_asked(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig), other = dial(rig);
	json_t *j;

	json_decref(expect(rig, fd, REQUEST("events", "{}"), 0));
	json_decref(expect(rig, other, REQUEST("start", "{}"), 0));
	j = hear(rig, fd);
	assert_string_equal(json_string_value(json_object_get(j, "method")), "event");
	assert_null(json_object_get(j, "id"));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "params"), "event")),
		"started");
	json_decref(j);
	json_decref(expect(rig, fd, REQUEST("events", "{\"watch\": false}"), 0));
	fake_event(&rig->daemon, "unheard");
	assert_null(hear(rig, fd));
	close(fd);
	close(other);
}

static void
stats_come_again_and_again(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);

	/* Before the first run there is nothing to show, and that is no error of the subscription. */
	json_decref(expect(rig, fd, REQUEST("stats", "{}"), -32001));
	json_decref(expect(rig, fd, REQUEST("stats", "{\"watch\": true, \"interval_s\": 0.1}"), 0));
	assert_null(hear(rig, fd));
	rig->daemon.runs = 1;
	for (int i = 0; i < 3; i++) {
		json_t *j;

		usleep(110000);
		j = hear(rig, fd);
		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "method")), "stats");
		json_decref(j);
	}
	close(fd);
}

static void
a_reader_that_does_not_read_loses_notifications_and_is_told_how_many(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig), events = 0, dropped = 0, sent = 20000;
	json_t *j;

	json_decref(expect(rig, fd, REQUEST("events", "{}"), 0));
	for (int i = 0; i < sent; i++)
		fake_event(&rig->daemon,
			"a line of a hundred bytes or so, to fill the queue with before anybody looks at it at all");
	serve(rig, 5);
	while ((j = hear(rig, fd))) {
		events += strcmp(json_string_value(json_object_get(j, "method")), "event") == 0;
		json_decref(j);
	}
	assert_true(events > 1000 && events < sent);
	fake_event(&rig->daemon, "the next one");
	j = hear(rig, fd);
	assert_string_equal(json_string_value(json_object_get(j, "method")), "dropped");
	dropped = (int)json_integer_value(json_object_get(json_object_get(j, "params"), "count"));
	assert_int_equal(events + dropped, sent);
	json_decref(j);
	json_decref(hear(rig, fd));
	json_decref(expect(rig, fd, REQUEST("status", "{}"), 0));
	close(fd);
}

static void
answers_are_never_dropped_requests_wait_instead(void **state)
{
	struct rig *rig = *state;
	char line[128];
	int fd = dial(rig), sent = 0, heard = 0;
	json_t *j;

	rig->daemon.runs = 1;
	rig->daemon.stats_bytes = 100000;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	/* A client that only sends is not read from any more at some point: its own socket fills. */
	for (int stuck = 0; stuck < 50 && sent < 100000;) {
		int n = snprintf(line, sizeof(line),
			"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"stats\"}\n", sent);

		if (send(fd, line, (size_t)n, MSG_NOSIGNAL) == n) {
			sent++;
			stuck = 0;
		} else {
			stuck++;
			serve(rig, 1);
		}
	}
	assert_true(sent > 100 && sent < 100000);
	while (heard < sent && (j = hear(rig, fd))) {
		assert_int_equal(json_integer_value(json_object_get(j, "id")), heard);
		heard++;
		json_decref(j);
	}
	assert_int_equal(heard, sent);
	close(fd);
}

static void
more_clients_than_there_is_room_for_are_told(void **state)
{
	struct rig *rig = *state;
	int fds[65];
	json_t *j;

	for (int i = 0; i < 64; i++) {
		fds[i] = dial(rig);
		serve(rig, 1);
	}
	fds[64] = dial(rig);
	j = hear(rig, fds[64]);
	assert_int_equal(code_of(j), -32006);
	json_decref(j);
	for (int i = 0; i < 65; i++)
		close(fds[i]);
	serve(rig, 2);
	fds[0] = dial(rig);
	json_decref(expect(rig, fds[0], REQUEST("status", "{}"), 0));
	close(fds[0]);
}

static void
quit_is_answered_and_ends_the_service(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig), rc = 0;
	char byte;

	say_text(rig, fd, ""); /* accepted */
	send(fd, REQUEST("quit", "{}"), strlen(REQUEST("quit", "{}")), 0);
	for (int i = 0; i < 5 && rc == 0; i++)
		rc = rs_server_serve(rig->server, -1, 0);
	assert_int_equal(rc, 1);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	close(fd);
}

static void
quit_ends_a_run_first(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig), rc = 0;

	json_decref(expect(rig, fd, REQUEST("start", "{}"), 0));
	json_decref(expect(rig, fd, REQUEST("quit", "{}"), 0));
	assert_string_equal(rig->daemon.told, "stop - 2");
	rig->daemon.end_at_poll = true;
	usleep(60000);
	for (int i = 0; i < 5 && rc == 0; i++)
		rc = rs_server_serve(rig->server, -1, 0);
	assert_int_equal(rc, 1);
	assert_int_equal(rig->daemon.state, RS_STATE_DONE);
	close(fd);
}

static void
a_signal_is_told_and_not_read(void **state)
{
	struct rig *rig = *state;
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(rs_server_serve(rig->server, pipe_fds[0], 0), 0);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	assert_int_equal(rs_server_serve(rig->server, pipe_fds[0], 1000), 2);
	assert_int_equal(rs_server_serve(rig->server, pipe_fds[0], 1000), 2);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void
the_daemon_is_polled_while_nobody_asks(void **state)
{
	struct rig *rig = *state;
	uint32_t before = rig->daemon.polls;

	for (int i = 0; i < 6; i++)
		rs_server_serve(rig->server, -1, 50);
	assert_in_range(rig->daemon.polls - before, 4, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(wait_is_answered_when_the_run_ends),
		T(a_client_that_leaves_takes_its_waits_along),
		T(a_client_that_has_said_its_last_word_still_gets_what_it_waits_for),
		T(events_go_to_those_who_asked),
		T(stats_come_again_and_again),
		T(a_reader_that_does_not_read_loses_notifications_and_is_told_how_many),
		T(answers_are_never_dropped_requests_wait_instead),
		T(more_clients_than_there_is_room_for_are_told),
		T(quit_is_answered_and_ends_the_service),
		T(quit_ends_a_run_first),
		T(a_signal_is_told_and_not_read),
		T(the_daemon_is_polled_while_nobody_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
