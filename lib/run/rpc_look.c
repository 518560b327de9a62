/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods that only look. */
#include <string.h>

#include "engine/roster.h"
#include "run/server_private.h"

#define CALLS_SHOWN     100
#define CALLS_MAX       10000
#define ENDPOINTS_SHOWN 100
#define ENDPOINTS_MAX   100000

static enum rpc_outcome
answer(struct request *r, json_t *json)
{
	if (!json)
		return rpc_fail(r, RPC_RESOURCE, STATUS_RESOURCE, "no memory for the answer");
	r->result = json;
	return RPC_ANSWER;
}

static enum rpc_outcome
status(struct request *r)
{
	return answer(r, rs_daemon_status(r->daemon));
}

static enum rpc_outcome
live(struct request *r)
{
	return answer(r, rs_daemon_live(r->daemon));
}

static enum rpc_outcome
health(struct request *r)
{
	return answer(r, rs_daemon_health(r->daemon));
}

static enum rpc_outcome
activities(struct request *r)
{
	return answer(r, rs_daemon_activities(r->daemon));
}

static enum rpc_outcome
endpoints(struct request *r)
{
	const char *state = param_text(r, "state");
	uint64_t limit = param_count(r, "limit", ENDPOINTS_SHOWN);
	char known[128] = "";

	if (limit > ENDPOINTS_MAX)
		return rpc_fail(r, RPC_PARAMS, STATUS_USAGE, "endpoints: \"limit\" is at most %d",
			ENDPOINTS_MAX);
	if (state && rs_endpoint_state_of(state) < 0) {
		for (int s = 0; s < RS_ENDPOINT_STATES; s++)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
				s ? ", " : "", rs_endpoint_state_name(s));
		return rpc_fail(r, RPC_PARAMS, STATUS_USAGE,
			"endpoints: no state \"%.40s\": there are %s", state, known);
	}
	return answer(r,
		rs_daemon_endpoints(
			r->daemon, state ? rs_endpoint_state_of(state) : -1, limit));
}

static enum rpc_outcome
failed_calls(struct request *r, uint32_t max)
{
	struct rs_failed_query q = {
		.activity = param_text(r, "activity"),
		.cause = param_text(r, "cause"),
		.max = max,
		.messages = param_bool(r, "messages", false),
	};
	struct rs_err err = { 0 };
	json_t *json = NULL;
	int rc = rs_daemon_failed(r->daemon, &q, &json, &err);

	return rc ? rpc_fail_errno(r, rc, &err) : answer(r, json);
}

static enum rpc_outcome
calls(struct request *r)
{
	uint64_t max = param_count(r, "max", CALLS_SHOWN);

	if (max > CALLS_MAX)
		return rpc_fail(
			r, RPC_PARAMS, STATUS_USAGE, "calls: \"max\" is at most %d", CALLS_MAX);
	if (param_bool(r, "failed", false))
		return failed_calls(r, (uint32_t)max);
	if (param_text(r, "activity") || param_text(r, "cause") || param_bool(r, "messages", false))
		return rpc_fail(r, RPC_PARAMS, STATUS_USAGE,
			"calls: \"activity\", \"cause\" and \"messages\" are of failed calls: \"failed\" must be true");
	return answer(r, rs_daemon_calls(r->daemon, (uint32_t)max));
}

static enum rpc_outcome
stats(struct request *r)
{
	double every_s = param_number(r, "interval_s", 1);
	json_t *json;

	if (!(every_s >= 0.1 && every_s <= 3600))
		return rpc_fail(
			r, RPC_PARAMS, STATUS_USAGE, "stats: \"interval_s\" is 0.1 to 3600");
	if (json_is_boolean(json_object_get(r->params, "watch"))) {
		r->client->stats_every_ms =
			param_bool(r, "watch", false) ? (uint64_t)(every_s * 1000) : 0;
		r->client->stats_next_ms = rs_clock_mono_ms();
		return answer(r, json_pack("{s:b}", "watching", r->client->stats_every_ms != 0));
	}
	json = rs_daemon_stats(r->daemon);
	if (!json)
		return rpc_fail(r, RPC_STATE, STATUS_USAGE, "no run yet (state %s)",
			rs_state_name(rs_daemon_state(r->daemon)));
	return answer(r, json);
}

static enum rpc_outcome
connections(struct request *r)
{
	json_t *json = rs_daemon_connections(r->daemon);

	return json ? answer(r, json)
		    : rpc_fail(r, RPC_STATE, STATUS_USAGE, "no run yet (state %s)",
				rs_state_name(rs_daemon_state(r->daemon)));
}

static enum rpc_outcome
media(struct request *r)
{
	json_t *json = rs_daemon_media(r->daemon);

	return json ? answer(r, json)
		    : rpc_fail(r, RPC_STATE, STATUS_USAGE, "no run yet (state %s)",
				rs_state_name(rs_daemon_state(r->daemon)));
}

static enum rpc_outcome
streams(struct request *r)
{
	uint64_t max = param_count(r, "max", CALLS_SHOWN);

	if (max > CALLS_MAX)
		return rpc_fail(
			r, RPC_PARAMS, STATUS_USAGE, "streams: \"max\" is at most %d", CALLS_MAX);
	return answer(r, rs_daemon_streams(r->daemon, param_text(r, "call"), (uint32_t)max));
}

static enum rpc_outcome
events(struct request *r)
{
	r->client->events = param_bool(r, "watch", true);
	return answer(r, json_pack("{s:b}", "watching", r->client->events));
}

static enum rpc_outcome
report(struct request *r)
{
	const char *id = param_text(r, "id");
	json_t *json = rs_daemon_report(r->daemon, id);

	if (json)
		return answer(r, json);
	if (id)
		return rpc_fail(r, RPC_NOT_FOUND, STATUS_USAGE, "no report of run \"%.80s\"", id);
	return rpc_fail(r, RPC_STATE, STATUS_USAGE, "no run has ended yet (state %s)",
		rs_state_name(rs_daemon_state(r->daemon)));
}

static const struct param calls_params[] = { { "failed", PARAM_BOOL, false, NULL },
	{ "max", PARAM_COUNT, false, NULL }, { "activity", PARAM_TEXT, false, NULL },
	{ "cause", PARAM_TEXT, false, NULL }, { "messages", PARAM_BOOL, false, NULL }, { 0 } };
static const struct param endpoints_params[] = { { "state", PARAM_TEXT, false, NULL },
	{ "limit", PARAM_COUNT, false, NULL }, { 0 } };
static const struct param streams_params[] = { { "call", PARAM_TEXT, false, NULL },
	{ "max", PARAM_COUNT, false, NULL }, { 0 } };
static const struct param stats_params[] = { { "watch", PARAM_BOOL, false, NULL },
	{ "interval_s", PARAM_NUMBER, false, NULL }, { 0 } };
static const struct param events_params[] = { { "watch", PARAM_BOOL, false, NULL }, { 0 } };
static const struct param report_params[] = { { "id", PARAM_TEXT, false, NULL }, { 0 } };

const struct method look_methods[] = {
	{ "status", status, NULL },
	{ "stats", stats, stats_params },
	{ "live", live, NULL },
	{ "health", health, NULL },
	{ "activities", activities, NULL },
	{ "calls", calls, calls_params },
	{ "endpoints", endpoints, endpoints_params },
	{ "media", media, NULL },
	{ "connections", connections, NULL },
	{ "streams", streams, streams_params },
	{ "events", events, events_params },
	{ "report", report, report_params },
	{ 0 },
};
