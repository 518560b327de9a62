/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of the control socket. `kill -9` leaves it behind, so a file alone means nothing: whoever accepts a connection
 * lives. Two daemons that start at once take turns by a lock on the directory, which needs no file of its own.
 */
#include "run/socket_path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "run/server.h"

#define OWN_DIRECTORY "/run/ringstorm"
#define LOCK_TRIES    20 /* of 50 ms: whoever may read the directory may also hold the lock */

static int
address_of(const char *path, struct sockaddr_un *out, struct rs_err *err)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] == '\0')
		return rs_err_set(err, -EINVAL, "the control socket's path is empty");
	if (strlen(path) >= sizeof(out->sun_path))
		return rs_err_set(err, -EINVAL,
			"%.200s: a socket's path has at most %zu characters", path,
			sizeof(out->sun_path) - 1);
	memcpy(out->sun_path, path, strlen(path) + 1);
	return 0;
}

static void
directory_of(const char *path, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(out, cap, ".");
	else
		snprintf(out, cap, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* Does somebody listen at @a? @return 1, 0 (nobody, the file is stale), or a negative errno: -ENOENT: no file */
static int
is_alive(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc = 1;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) != 0) {
		/* EAGAIN: its queue of connections is full. */
		rc = errno == EAGAIN ? 1 : errno == ECONNREFUSED ? 0 : -errno;
	}
	close(fd);
	return rc;
}

/* Nobody must be there; what a dead daemon left is removed when @clean. */
static int
check_free(const struct sockaddr_un *a, bool clean, struct rs_err *err)
{
	struct stat st;
	int alive;

	if (lstat(a->sun_path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR
			? 0
			: rs_err_set(err, -errno, "%s: %s", a->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return rs_err_set(err, -EEXIST,
			"%s: there is a file that is no socket: remove it or name another --socket",
			a->sun_path);
	alive = is_alive(a);
	if (alive == 1)
		return rs_err_set(err, -EADDRINUSE,
			"%s: another daemon is using this socket: end it (loadctl quit) or name another --socket",
			a->sun_path);
	if (alive < 0 && alive != -ENOENT)
		return rs_err_set(err, alive, "%s: %s", a->sun_path, strerror(-alive));
	if (clean && unlink(a->sun_path) != 0 && errno != ENOENT)
		return rs_err_set(err, -errno, "%s: a dead daemon's socket cannot be removed: %s",
			a->sun_path, strerror(errno));
	return 0;
}

int
rs_server_claim(const char *path, struct rs_err *err)
{
	struct sockaddr_un a;
	int rc = address_of(path, &a, err);

	return rc ? rc : check_free(&a, false, err);
}

static int
lock_directory(const char *dir, struct rs_err *err)
{
	int fd;

	if (strcmp(dir, OWN_DIRECTORY) == 0 && mkdir(dir, 0755) != 0 && errno != EEXIST)
		return rs_err_set(
			err, -errno, "%s: the directory cannot be made: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rs_err_set(err, -errno, "%s: %s: the control socket needs this directory",
			dir, strerror(errno));
	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
		usleep(50000);
	return fd;
}

static int
bind_and_listen(const struct sockaddr_un *a, int backlog, int *out, struct rs_err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc = 0;

	/* The mode goes to the file with the bind, so that there is no moment in which others could connect. */
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
		bind(fd, (const struct sockaddr *)a, sizeof(*a)) != 0) {
		rc = rs_err_set(err, -errno, "%s: %s", a->sun_path, strerror(errno));
	} else if (chmod(a->sun_path, 0600) != 0 || listen(fd, backlog) != 0) {
		rc = rs_err_set(err, -errno, "%s: %s", a->sun_path, strerror(errno));
		unlink(a->sun_path);
	}
	if (rc == 0)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	return rc;
}

int
socket_listen(const char *path, int backlog, int *fd, struct rs_err *err)
{
	struct sockaddr_un a;
	char dir[sizeof(a.sun_path)];
	int rc = address_of(path, &a, err), lock;

	if (rc)
		return rc;
	directory_of(path, dir, sizeof(dir));
	lock = lock_directory(dir, err);
	if (lock < 0)
		return lock;
	rc = check_free(&a, true, err);
	if (rc == 0)
		rc = bind_and_listen(&a, backlog, fd, err);
	close(lock);
	return rc;
}
