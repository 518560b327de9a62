/* SPDX-License-Identifier: BSD-3-Clause */
/* What is sent without being asked for each time: answers to `wait`, events, and stats once in a while. */
#include <stdlib.h>
#include <string.h>

#include "run/server_private.h"

static void
drop_wait(struct rs_server *s, uint32_t i)
{
	s->waits[i].client->waits--;
	json_decref(s->waits[i].id);
	s->waits[i] = s->waits[--s->n_waits];
}

static bool
run_is_on(const struct rs_daemon *d)
{
	enum rs_state state = rs_daemon_state(d);

	return state == RS_STATE_RUNNING || state == RS_STATE_PAUSED || state == RS_STATE_DRAINING;
}

/* {run, status, verdict} of the run that has ended. */
static json_t *
outcome(struct rs_daemon *d)
{
	json_t *report = rs_daemon_report(d, NULL);
	const char *verdict =
		json_string_value(json_object_get(json_object_get(report, "run"), "verdict"));
	json_t *j = json_pack("{s:s, s:i, s:s?}", "run", rs_daemon_run_id(d), "status",
		rs_daemon_run_status(d), "verdict", verdict);

	json_decref(report);
	return j;
}

int
stream_wait(struct request *r, double timeout_s)
{
	struct rs_server *s = r->server;

	if (rs_daemon_state(s->daemon) == RS_STATE_DONE) {
		r->result = outcome(s->daemon);
		return RPC_ANSWER;
	}
	if (!run_is_on(s->daemon))
		return rpc_fail(r, RPC_STATE, STATUS_USAGE,
			"nothing to wait for: no run is on (state %s)",
			rs_state_name(rs_daemon_state(s->daemon)));
	if (s->n_waits == MAX_WAITS)
		return rpc_fail(
			r, RPC_BUSY, STATUS_RESOURCE, "%d requests are waiting already", MAX_WAITS);
	s->waits[s->n_waits++] = (struct pending){
		.client = r->client,
		.id = json_incref(r->id),
		.deadline_ms = timeout_s < 0 || timeout_s > 1e9
			? UINT64_MAX
			: rs_clock_mono_ms() + (uint64_t)(timeout_s * 1000.0),
	};
	r->client->waits++;
	return RPC_LATER;
}

/* @expired  the time is over, else the daemon goes */
static void
answer_without_end(struct rs_server *s, uint32_t i, bool expired)
{
	struct pending *p = &s->waits[i];

	if (p->id && expired)
		rpc_reply_error(
			p->client, p->id, RPC_EXPIRED, STATUS_EXPIRED, "the run has not ended yet");
	else if (p->id)
		rpc_reply_error(p->client, p->id, RPC_STATE, STATUS_RESOURCE, "the daemon ends");
	drop_wait(s, i);
}

void
stream_answer_waits(struct rs_server *s, uint64_t now_ms)
{
	bool on = run_is_on(s->daemon);

	for (uint32_t i = s->n_waits; i-- > 0;) {
		struct pending *p = &s->waits[i];

		if (!on) {
			if (p->id)
				rpc_reply(p->client, p->id, outcome(s->daemon));
			drop_wait(s, i);
		} else if (now_ms >= p->deadline_ms) {
			answer_without_end(s, i, true);
		}
	}
}

void
stream_end(struct rs_server *s)
{
	if (s->n_waits && !run_is_on(s->daemon))
		stream_answer_waits(s, 0);
	while (s->n_waits)
		answer_without_end(s, s->n_waits - 1, false);
}

void
stream_forget(struct rs_server *s, const struct client *c)
{
	for (uint32_t i = s->n_waits; i-- > 0;)
		if (s->waits[i].client == c)
			drop_wait(s, i);
}

static char *
notification(const char *method, json_t *params)
{
	json_t *message =
		json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", method, "params", params);
	char *line = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	return line;
}

void
stream_event(void *server, json_t *event)
{
	struct rs_server *s = server;
	char *line = NULL;

	for (uint32_t i = 0; i < s->n_clients; i++) {
		if (!s->clients[i]->events || s->clients[i]->dead)
			continue;
		if (!line)
			line = notification("event", event);
		if (line)
			client_notify(s->clients[i], line);
		else
			s->clients[i]->dropped++;
	}
	free(line);
}

void
stream_tick(struct rs_server *s, uint64_t now_ms)
{
	char *line = NULL;

	for (uint32_t i = 0; i < s->n_clients; i++) {
		struct client *c = s->clients[i];

		if (c->stats_every_ms == 0 || now_ms < c->stats_next_ms || c->dead)
			continue;
		/* After a stall the rhythm starts anew, the missed ones are not made up for. */
		c->stats_next_ms += c->stats_every_ms;
		if (c->stats_next_ms <= now_ms)
			c->stats_next_ms = now_ms + c->stats_every_ms;
		if (!line) {
			json_t *stats = rs_daemon_stats(s->daemon);

			if (!stats)
				continue; /* no run yet */
			line = notification("stats", stats);
			json_decref(stats);
		}
		if (line)
			client_notify(c, line);
	}
	free(line);
}

int
stream_due(const struct rs_server *s, uint64_t now_ms, int cap)
{
	uint64_t due = now_ms + (uint64_t)cap;

	for (uint32_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].deadline_ms < due)
			due = s->waits[i].deadline_ms;
	for (uint32_t i = 0; i < s->n_clients; i++)
		if (s->clients[i]->stats_every_ms && s->clients[i]->stats_next_ms < due)
			due = s->clients[i]->stats_next_ms;
	return due > now_ms ? (int)(due - now_ms) : 0;
}
