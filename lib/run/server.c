/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's clients and the turns in which they are served. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/server_private.h"
#include "run/socket_path.h"

#define POLL_MS 50   /* the daemon's runs are moved along this often */
#define QUIT_MS 5000 /* how long a run that is silenced by `quit` may take to end */
#define BACKLOG 32

int
rs_server_open(const char *path, struct rs_daemon *d, struct rs_server **out, struct rs_err *err)
{
	struct rs_server *s = calloc(1, sizeof(*s));
	struct stat st;
	int rc;

	if (!s)
		return rs_err_set(err, -ENOMEM, "no memory for the control socket");
	s->daemon = d;
	s->fd = -1;
	s->path = strdup(path);
	rc = s->path ? socket_listen(path, BACKLOG, &s->fd, err) : -ENOMEM;
	if (rc) {
		free(s->path);
		free(s);
		return rc;
	}
	if (stat(path, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	rs_daemon_on_event(d, stream_event, s);
	*out = s;
	return 0;
}

void
rs_server_close(struct rs_server *s)
{
	struct stat st;

	if (!s)
		return;
	stream_end(s);
	rs_daemon_on_event(s->daemon, NULL, NULL);
	while (s->n_clients) {
		client_flush(s->clients[--s->n_clients]);
		client_free(s->clients[s->n_clients]);
	}
	if (s->fd >= 0)
		close(s->fd);
	if (stat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
	free(s->path);
	free(s);
}

/* Only root and the user the daemon runs as may speak, whatever became of the file's mode. */
static bool
peer_may(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		(peer.uid == 0 || peer.uid == geteuid());
}

static void
take_client(struct rs_server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;

	if (fd < 0)
		return;
	c = client_new(s, fd);
	if (!c) {
		close(fd);
		return;
	}
	if (!peer_may(fd) || s->n_clients == MAX_CLIENTS) {
		rpc_reply_error(c, NULL, RPC_BUSY, STATUS_RESOURCE,
			peer_may(fd) ? "too many clients"
				     : "not permitted: be root or the daemon's user");
		client_free(c);
		return;
	}
	s->clients[s->n_clients++] = c;
}

static void
drop_clients(struct rs_server *s)
{
	for (uint32_t i = s->n_clients; i-- > 0;) {
		struct client *c = s->clients[i];
		/* One that has said its last word stays for what it has asked for. */
		bool over = c->eof && !c->more && !c->waits && !c->events && !c->stats_every_ms &&
			client_queued(c) == 0;

		if (!c->dead && !over)
			continue;
		s->clients[i] = s->clients[--s->n_clients];
		client_free(c);
	}
}

static short
interest(const struct client *c)
{
	short events = client_queued(c) ? POLLOUT : 0;

	if (!c->eof && !c->more && client_queued(c) <= PAUSE_BYTES)
		events |= POLLIN;
	return events;
}

static void
serve_client(struct client *c, short happened)
{
	if (happened & (POLLHUP | POLLERR) && !(happened & POLLIN)) {
		c->dead = true;
		return;
	}
	if (happened & POLLOUT)
		client_flush(c);
	client_resume(c);
	if (happened & POLLIN)
		client_read(c);
}

/* One turn: wait at most @timeout_ms, then serve whoever has something. @return true when @signal_fd is readable */
static bool
turn(struct rs_server *s, int signal_fd, int timeout_ms)
{
	struct pollfd fds[MAX_CLIENTS + 2];
	uint32_t n = s->n_clients;

	for (uint32_t i = 0; i < n; i++) {
		struct client *c = s->clients[i];

		fds[i] = (struct pollfd){ .fd = c->fd, .events = interest(c) };
		if (c->more && client_queued(c) <= PAUSE_BYTES)
			timeout_ms = 0;
	}
	fds[n] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	fds[n + 1] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	if (poll(fds, n + 2, timeout_ms) < 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		serve_client(s->clients[i], fds[i].revents);
	if (fds[n].revents)
		take_client(s);
	return signal_fd >= 0 && fds[n + 1].revents;
}

static bool
may_quit(const struct rs_server *s, uint64_t now_ms)
{
	enum rs_state state = rs_daemon_state(s->daemon);

	return s->quit &&
		(state == RS_STATE_IDLE || state == RS_STATE_DONE || now_ms >= s->quit_ms);
}

int
rs_server_serve(struct rs_server *s, int signal_fd, int timeout_ms)
{
	uint64_t now = rs_clock_mono_ms();
	/* One turn, so that the caller sees every change of the run's state. */
	bool signalled =
		turn(s, signal_fd, stream_due(s, now, timeout_ms < POLL_MS ? timeout_ms : POLL_MS));

	now = rs_clock_mono_ms();
	if (now - s->polled_ms >= POLL_MS) {
		rs_daemon_poll(s->daemon);
		s->polled_ms = now;
	}
	stream_tick(s, now);
	stream_answer_waits(s, now);
	drop_clients(s);
	if (s->quit && s->quit_ms == 0)
		s->quit_ms = now + QUIT_MS;
	if (signalled)
		return 2;
	return may_quit(s, now) ? 1 : 0;
}
