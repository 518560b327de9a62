/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket as a client sees it: lines in, lines out, over a real socket; the daemon behind it is a fake. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_daemon.h"
#include "run/server.h"
#include "unit.h"

#define MIB (1024 * 1024)

struct rig {
	struct rs_daemon daemon;
	struct rs_server *server;
	char dir[32], path[64];
	char got[4 * MIB]; /* what the client has received and not looked at */
	size_t got_len;
};

static int
set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct rs_err err = { 0 };

	strcpy(rig->dir, "/tmp/rs-server-XXXXXX");
	if (!mkdtemp(rig->dir))
		return -1;
	snprintf(rig->path, sizeof(rig->path), "%s/sock", rig->dir);
	*state = rig;
	return rs_server_open(rig->path, &rig->daemon, &rig->server, &err);
}

static int
tear_down(void **state)
{
	struct rig *rig = *state;

	rs_server_close(rig->server);
	unlink(rig->path);
	rmdir(rig->dir);
	free(rig);
	return 0;
}

static int
dial(const struct rig *rig)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, rig->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Turns of the server; it never waits where there is something to do. */
static void
serve(struct rig *rig, int turns)
{
	while (turns-- > 0)
		assert_int_equal(rs_server_serve(rig->server, -1, 0), 0);
}

/* Write all of @len bytes, serving in between: neither side may block the other. */
static void
say(struct rig *rig, int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else {
			assert_int_equal(errno, EAGAIN);
		}
		serve(rig, 1);
	}
	serve(rig, 3);
}

static void
say_text(struct rig *rig, int fd, const char *text)
{
	say(rig, fd, text, strlen(text));
}

/* The next line that the server sends within some turns, or NULL. */
static json_t *
hear(struct rig *rig, int fd)
{
	for (int i = 0; i < 400; i++) {
		char *end = memchr(rig->got, '\n', rig->got_len);

		if (end) {
			json_t *j = json_loadb(rig->got, (size_t)(end - rig->got), 0, NULL);

			rig->got_len -= (size_t)(end - rig->got) + 1;
			memmove(rig->got, end + 1, rig->got_len);
			assert_non_null(j);
			assert_string_equal(json_string_value(json_object_get(j, "jsonrpc")), "2.0");
			return j;
		}
		ssize_t n = recv(fd, rig->got + rig->got_len, sizeof(rig->got) - rig->got_len, MSG_DONTWAIT);

		if (n > 0)
			rig->got_len += (size_t)n;
		else
			serve(rig, 1);
	}
	return NULL;
}

static int
code_of(const json_t *j)
{
	return (int)json_integer_value(json_object_get(json_object_get(j, "error"), "code"));
}

static int
status_of(const json_t *j)
{
	json_t *data = json_object_get(json_object_get(j, "error"), "data");

	return (int)json_integer_value(json_object_get(data, "status"));
}

/* Ask and look at the code of the error (0: a result). @return the message */
static json_t *
expect(struct rig *rig, int fd, const char *line, int code)
{
	json_t *j;

	say_text(rig, fd, line);
	j = hear(rig, fd);
	assert_non_null(j);
	assert_int_equal(code_of(j), code);
	assert_true((json_object_get(j, "result") != NULL) == (code == 0));
	return j;
}

#define REQUEST(method, params) "{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"" method "\", \"params\": " params "}\n"

static void
a_request_is_answered_with_its_id(void **state)
{
	struct rig *rig = *state;
	int fd = dial(rig);
	json_t *j = expect(rig, fd, REQUEST("status", "{}"), 0);

	assert_int_equal(json_integer_value(json_object_get(j, "id")), 7);
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "result"), "state")), "idle");
	json_decref(j);
	j = expect(rig, fd, "{\"jsonrpc\": \"2.0\", \"id\": \"a b\", \"method\": \"status\"}\r\n", 0);
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

	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(j, "error"), "message")), "\"status\""));
	json_decref(j);
	j = expect(rig, fd, REQUEST("limit", "{\"limit\": 1, \"activty\": \"x\"}"), -32602);
	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(j, "error"), "message")), "\"activity\""));
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
		{ -EBUSY, -32001, 2 }, { -EINVAL, -32001, 2 }, { -EALREADY, -32001, 2 }, { -ENOENT, -32002, 2 },
		{ -ENOMEM, -32004, 6 }, { -EPERM, -32004, 6 }, { -ETIMEDOUT, -32004, 6 },
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
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"status\"}\n", i);
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
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "result"), "status")), 4);
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "result"), "verdict")), "generator limited");
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
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "params"), "event")), "started");
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
		fake_event(&rig->daemon, "a line of a hundred bytes or so, to fill the queue with before anybody looks at it at all");
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
		int n = snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"stats\"}\n", sent);

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

static void
the_socket_is_for_its_owner(void **state)
{
	struct rig *rig = *state;
	struct stat st;

	assert_int_equal(stat(rig->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_living_daemons_socket_is_in_use(void **state)
{
	struct rig *rig = *state;
	struct rs_server *second;
	struct rs_err err = { 0 };

	assert_int_equal(rs_server_claim(rig->path, &err), -EADDRINUSE);
	assert_int_equal(rs_server_open(rig->path, &rig->daemon, &second, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, rig->path));
}

static void
a_dead_daemons_socket_is_taken_over(void **state)
{
	struct rig *rig = *state;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct rs_daemon daemon = { 0 };
	struct rs_server *server;
	struct rs_err err = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/dead", rig->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd); /* the file stays, as after kill -9 */
	assert_int_equal(rs_server_claim(a.sun_path, &err), 0);
	assert_int_equal(access(a.sun_path, F_OK), 0); /* only asked */
	assert_int_equal(rs_server_open(a.sun_path, &daemon, &server, &err), 0);
	assert_int_equal(rs_server_claim(a.sun_path, &err), -EADDRINUSE);
	rs_server_close(server);
	assert_int_equal(access(a.sun_path, F_OK), -1); /* a clean end removes it */
}

static void
another_daemons_socket_is_not_removed(void **state)
{
	struct rig *rig = *state;
	struct rs_daemon daemon = { 0 };
	struct rs_server *first = rig->server;
	struct rs_err err = { 0 };

	unlink(rig->path); /* somebody took it away, and another daemon came */
	assert_int_equal(rs_server_open(rig->path, &daemon, &rig->server, &err), 0);
	rs_server_close(first);
	assert_int_equal(access(rig->path, F_OK), 0);
}

static void
what_is_no_socket_is_left_alone(void **state)
{
	struct rig *rig = *state;
	struct rs_server *server;
	struct rs_err err = { 0 };
	char path[64], longer[200];
	int fd;

	snprintf(path, sizeof(path), "%s/file", rig->dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(rs_server_open(path, &rig->daemon, &server, &err), -EEXIST);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/none/sock", rig->dir);
	assert_int_equal(rs_server_open(path, &rig->daemon, &server, &err), -ENOENT);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(rs_server_open(longer, &rig->daemon, &server, &err), -EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

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
		T(the_socket_is_for_its_owner),
		T(a_living_daemons_socket_is_in_use),
		T(a_dead_daemons_socket_is_taken_over),
		T(another_daemons_socket_is_not_removed),
		T(what_is_no_socket_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
