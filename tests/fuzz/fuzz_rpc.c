/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Any bytes from a client of the control socket, in pieces: each complete line that is not blank is answered by one line of
 * JSON-RPC or was a notification or a wait, and whatever was asked for, the daemon goes on.
 */
#include <stdlib.h>

#include "../unit/fake_daemon.h"
#include "run/server_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* Everything queued is lines of JSON-RPC 2.0. */
static void
check_queue(const struct client *c)
{
	const char *p = c->out + c->out_at, *end = c->out + c->out_len;

	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));

		check(line_end != NULL);
		json_t *j = json_loadb(p, (size_t)(line_end - p), 0, NULL);
		json_t *error = json_object_get(j, "error");

		check(json_is_object(j) && json_object_get(j, "jsonrpc"));
		check(!error ||
			(json_is_integer(json_object_get(error, "code")) &&
				json_string_length(json_object_get(error, "message")) > 0));
		json_decref(j);
		p = line_end + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_daemon daemon = { .plan = { .file = "/nonexistent/plan" } };
	struct rs_server server = { .daemon = &daemon, .fd = -1 };
	struct client *c = client_new(&server, -1);
	size_t piece = size > 0 ? (size_t)data[0] + 1 : 1;
	uint64_t now_ms = rs_clock_mono_ms();

	check(c != NULL);
	server.clients[server.n_clients++] = c;
	rs_daemon_on_event(&daemon, stream_event, &server);
	for (size_t at = 0; at < size; at += piece) {
		client_feed(c, data + at, size - at < piece ? size - at : piece);
		while (c->more) {
			c->out_len = c->out_at = 0; /* the client reads */
			client_resume(c);
		}
		check(!c->dead);
		stream_tick(&server, now_ms += 100);
		stream_answer_waits(&server, now_ms);
		check_queue(c);
		if (client_queued(c) > PAUSE_BYTES / 2)
			c->out_len = c->out_at = 0;
	}
	daemon.state = RS_STATE_DONE;
	stream_answer_waits(&server, now_ms);
	check(server.n_waits == 0 && c->waits == 0);
	check_queue(c);
	client_free(c);
	return 0;
}
