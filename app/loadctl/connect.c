/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to the daemon: requests out, answers and notifications in, a line each. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "loadctl.h"

#define READ_BYTES 65536

struct link {
	int fd;
	int last_id;
	char *in;
	size_t len, cap;
};

int
link_open(const char *path, struct link **out)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct link *l;

	if (strlen(path) >= sizeof(a.sun_path)) {
		fprintf(stderr, "loadctl: %s: a socket's path has at most %zu characters\n", path,
			sizeof(a.sun_path) - 1);
		return EXIT_USAGE;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	l = calloc(1, sizeof(*l));
	if (!l) {
		fputs("loadctl: no memory\n", stderr);
		return EXIT_RESOURCE;
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		int why = errno;

		fprintf(stderr, "loadctl: no daemon at %s: %s%s\n", path, strerror(why),
			why == EACCES || why == EPERM ? ": be root or the daemon's user"
						      : ": start ringstormd, or name its --socket");
		link_close(l);
		return EXIT_NO_DAEMON;
	}
	*out = l;
	return 0;
}

void
link_close(struct link *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l->in);
	free(l);
}

int
link_fd(const struct link *l)
{
	return l->fd;
}

int
link_send(struct link *l, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", ++l->last_id,
		"method", method, "params", params ? params : json_object());
	char *line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len = line ? strlen(line) : 0, at = 0;
	int id = line ? l->last_id : -1;

	json_decref(request);
	if (line)
		line[len++] = '\n'; /* in place of the end of the string */
	while (id >= 0 && at < len) {
		ssize_t n = send(l->fd, line + at, len - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			id = -1;
	}
	free(line);
	return id;
}

/* One more read. @return 0, -EAGAIN, -EPIPE */
static int
read_more(struct link *l, int timeout_ms)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;

	if (l->cap - l->len < READ_BYTES) {
		char *grown = realloc(l->in, l->cap * 2 + READ_BYTES);

		if (!grown)
			return -EPIPE;
		l->in = grown;
		l->cap = l->cap * 2 + READ_BYTES;
	}
	n = poll(&p, 1, timeout_ms);
	if (n == 0 || (n < 0 && errno == EINTR))
		return -EAGAIN;
	n = recv(l->fd, l->in + l->len, l->cap - l->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -EPIPE;
	l->len += (size_t)n;
	return 0;
}

bool
link_ready(const struct link *l)
{
	return l->len > 0 && memchr(l->in, '\n', l->len);
}

int
link_receive(struct link *l, int timeout_ms, json_t **message)
{
	uint64_t until = rs_clock_mono_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);

	for (;;) {
		char *end = l->len > 0 ? memchr(l->in, '\n', l->len) : NULL;

		if (end) {
			size_t used = (size_t)(end - l->in) + 1;

			*message = json_loadb(l->in, used - 1, 0, NULL);
			memmove(l->in, l->in + used, l->len - used);
			l->len -= used;
			return *message ? 0 : -EPIPE;
		}
		uint64_t now = rs_clock_mono_ms();
		int rc = read_more(l, timeout_ms < 0 ? -1 : until > now ? (int)(until - now) : 0);

		if (rc == -EPIPE || (rc == -EAGAIN && timeout_ms >= 0 && rs_clock_mono_ms() >= until))
			return rc;
	}
}

int
message_id(const json_t *message)
{
	json_t *id = json_object_get(message, "id");

	return json_is_integer(id) ? (int)json_integer_value(id) : -1;
}

void
print_refused(const json_t *list)
{
	json_t *j;
	size_t i;

	json_array_foreach(list, i, j)
	{
		const char *set = json_string_value(json_object_get(j, "set"));
		int line = (int)json_integer_value(json_object_get(j, "line"));

		if (set)
			fprintf(stderr, "--set %s: ", set);
		else
			fprintf(stderr, "%s:%d: ", json_string_value(json_object_get(j, "file")), line);
		fprintf(stderr, "%s: %s\n", json_string_value(json_object_get(j, "setting")), json_string_value(json_object_get(j, "text")));
	}
}

int
message_result(const json_t *message, json_t **result)
{
	json_t *error = json_object_get(message, "error");
	json_t *status = json_object_get(json_object_get(error, "data"), "status");
	const char *text = json_string_value(json_object_get(error, "message"));

	*result = NULL;
	if (!error) {
		*result = json_incref(json_object_get(message, "result"));
		return 0;
	}
	fprintf(stderr, "loadctl: %s\n", text ? text : "the daemon refused");
	print_refused(json_object_get(json_object_get(error, "data"), "refused"));
	return json_is_integer(status) ? (int)json_integer_value(status) : EXIT_USAGE;
}

int
link_lost(const struct args *a)
{
	fprintf(stderr, "loadctl: %s: the daemon closed the connection\n", a->socket);
	return EXIT_NO_DAEMON;
}

int
ask(const struct args *a, const char *method, json_t *params, json_t **result)
{
	struct link *l;
	json_t *message;
	int status = link_open(a->socket, &l);

	*result = NULL;
	if (status) {
		json_decref(params);
		return status;
	}
	if (link_send(l, method, params) < 0 || link_receive(l, -1, &message) != 0) {
		status = link_lost(a);
	} else {
		status = message_result(message, result);
		json_decref(message);
	}
	link_close(l);
	return status;
}

int
tell(const struct args *a, const char *method, json_t *params)
{
	json_t *result;
	int status = ask(a, method, params, &result);

	if (status == 0 && a->given & OPT_JSON)
		print_json(result);
	json_decref(result);
	return status;
}
