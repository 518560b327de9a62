/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's file: whose it is, and what a dead daemon leaves behind. */
#include "server_rig.h"

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
	static struct rs_daemon daemon; /* until teardown */
	struct rig *rig = *state;
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_socket_is_for_its_owner),
		T(a_living_daemons_socket_is_in_use),
		T(a_dead_daemons_socket_is_taken_over),
		T(another_daemons_socket_is_not_removed),
		T(what_is_no_socket_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
