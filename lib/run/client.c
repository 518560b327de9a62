/* SPDX-License-Identifier: BSD-3-Clause */
/* One client of the control socket: bytes to lines on the way in, a bounded queue on the way out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/server_private.h"

struct client *
client_new(struct rs_server *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c) {
		c->server = s;
		c->fd = fd;
	}
	return c;
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	stream_forget(c->server, c);
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
}

/* Room for @more bytes behind the @len that are used. */
static int
make_room(void **buf, size_t *cap, size_t len, size_t more)
{
	size_t want = *cap ? *cap : 4096;
	void *grown;

	while (want < len + more)
		want *= 2;
	if (want == *cap)
		return 0;
	grown = realloc(*buf, want);
	if (!grown)
		return -ENOMEM;
	*buf = grown;
	*cap = want;
	return 0;
}

/* Hand over complete lines, as many as the turn and the queue allow. */
static void
take_lines(struct client *c)
{
	size_t at = 0;
	uint32_t n = 0;
	uint8_t *end = NULL;

	c->more = false;
	while (!c->dead) {
		end = c->in_len > c->scanned
			? memchr(c->in + c->scanned, '\n', c->in_len - c->scanned)
			: NULL;
		if (!end)
			break;
		if (n++ == TURN_REQUESTS || client_queued(c) > PAUSE_BYTES) {
			c->more = true;
			break;
		}
		size_t len = (size_t)(end - (c->in + at));

		if (c->skipping || len > LINE_MAX_BYTES)
			rpc_too_long(c);
		else
			rpc_line(c, c->in + at, len);
		c->skipping = false;
		at += len + 1;
		c->scanned = at;
	}
	if (!c->more)
		c->scanned = c->in_len;
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
	c->scanned -= at;
	/* Of a line that is too long only its end is of interest. */
	if (!c->more && (c->skipping || c->in_len > LINE_MAX_BYTES)) {
		c->skipping = true;
		c->in_len = c->scanned = 0;
	}
}

void
client_feed(struct client *c, const void *bytes, size_t len)
{
	void *in = c->in;

	if (make_room(&in, &c->in_cap, c->in_len, len) != 0) {
		c->dead = true;
		return;
	}
	c->in = in;
	memcpy(c->in + c->in_len, bytes, len);
	c->in_len += len;
	take_lines(c);
}

void
client_read(struct client *c)
{
	uint8_t bytes[READ_BYTES];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0) {
		client_feed(c, bytes, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		c->dead = true;
		return;
	}
	c->eof = true;
	if (c->skipping)
		rpc_too_long(c);
	else if (c->in_len > 0 && !c->more)
		rpc_reply_error(c, NULL, RPC_PARSE, STATUS_USAGE, "the last line has no end");
	c->skipping = false;
}

void
client_resume(struct client *c)
{
	if (c->more)
		take_lines(c);
}

void
client_flush(struct client *c)
{
	while (c->fd >= 0 && !c->dead && c->out_at < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			c->out_at += (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else {
			if (n < 0 && errno != EAGAIN)
				c->dead = true;
			return;
		}
	}
	if (c->out_at == c->out_len)
		c->out_at = c->out_len = 0;
}

void
client_send(struct client *c, const char *line)
{
	size_t len = strlen(line);
	void *out = c->out;

	if (c->dead)
		return;
	if (c->out_at > 0) {
		memmove(c->out, c->out + c->out_at, client_queued(c));
		c->out_len -= c->out_at;
		c->out_at = 0;
	}
	if (make_room(&out, &c->out_cap, c->out_len, len + 1) != 0) {
		c->dead = true;
		return;
	}
	c->out = out;
	memcpy(c->out + c->out_len, line, len);
	c->out[c->out_len + len] = '\n';
	c->out_len += len + 1;
	client_flush(c);
}

void
client_notify(struct client *c, const char *line)
{
	char told[128];

	if (client_queued(c) + strlen(line) > QUEUE_BYTES) {
		c->dropped++;
		return;
	}
	if (c->dropped) {
		snprintf(told, sizeof(told),
			"{\"jsonrpc\": \"2.0\", \"method\": \"dropped\", \"params\": {\"count\": %llu}}",
			(unsigned long long)c->dropped);
		c->dropped = 0;
		client_send(c, told);
	}
	client_send(c, line);
}
