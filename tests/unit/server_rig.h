/* SPDX-License-Identifier: BSD-3-Clause */
/** A control socket in a directory of its own, and a client's side of it; the daemon behind it is a fake. */
#ifndef RS_TESTS_SERVER_RIG_H
#define RS_TESTS_SERVER_RIG_H

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

static inline int
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

static inline int
tear_down(void **state)
{
	struct rig *rig = *state;

	rs_server_close(rig->server);
	unlink(rig->path);
	rmdir(rig->dir);
	free(rig);
	return 0;
}

static inline int
dial(const struct rig *rig)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, rig->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Turns of the server; it never waits where there is something to do. */
static inline void
serve(struct rig *rig, int turns)
{
	while (turns-- > 0)
		assert_int_equal(rs_server_serve(rig->server, -1, 0), 0);
}

/* Write all of @len bytes, serving in between: neither side may block the other. */
static inline void
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

static inline void
say_text(struct rig *rig, int fd, const char *text)
{
	say(rig, fd, text, strlen(text));
}

/* The next line that the server sends within some turns, or NULL. */
static inline json_t *
hear(struct rig *rig, int fd)
{
	for (int i = 0; i < 400; i++) {
		char *end = memchr(rig->got, '\n', rig->got_len);

		if (end) {
			json_t *j = json_loadb(rig->got, (size_t)(end - rig->got), 0, NULL);

			rig->got_len -= (size_t)(end - rig->got) + 1;
			memmove(rig->got, end + 1, rig->got_len);
			assert_non_null(j);
			assert_string_equal(
				json_string_value(json_object_get(j, "jsonrpc")), "2.0");
			return j;
		}
		ssize_t n = recv(
			fd, rig->got + rig->got_len, sizeof(rig->got) - rig->got_len, MSG_DONTWAIT);

		if (n > 0)
			rig->got_len += (size_t)n;
		else
			serve(rig, 1);
	}
	return NULL;
}

static inline int
code_of(const json_t *j)
{
	return (int)json_integer_value(json_object_get(json_object_get(j, "error"), "code"));
}

static inline int
status_of(const json_t *j)
{
	json_t *data = json_object_get(json_object_get(j, "error"), "data");

	return (int)json_integer_value(json_object_get(data, "status"));
}

/* Ask and look at the code of the error (0: a result). @return the message */
static inline json_t *
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

#define REQUEST(method, params)                                                                    \
	"{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"" method "\", \"params\": " params "}\n"

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
