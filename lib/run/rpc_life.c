/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods that change something: plans and runs, rates and limits. */
#include <stdlib.h>
#include <string.h>

#include "engine/streams.h"
#include "run/files.h"
#include "run/server_private.h"

/* Most of them answer with the state they led to. */
static enum rpc_outcome
done(struct request *r, int rc, const struct rs_err *err)
{
	if (rc)
		return rpc_fail_errno(r, rc, err);
	r->result = rs_daemon_status(r->daemon);
	return RPC_ANSWER;
}

static bool
may_load(struct request *r)
{
	enum rs_state state = rs_daemon_state(r->daemon);

	if (state == RS_STATE_IDLE || state == RS_STATE_DONE)
		return true;
	rpc_fail(r, RPC_STATE, STATUS_USAGE, "a run is %s: stop it first", rs_state_name(state));
	return false;
}

/* Read @file with the request's `set` and make it the daemon's plan. @return 0, or -EINVAL with r->code set */
static int
load_plan(struct request *r, const char *file)
{
	struct rs_err err = { 0 };
	struct rs_plan *plan;
	int rc = rs_plan_load_json(file, json_object_get(r->params, "set"), &plan, &err);

	if (rc) {
		rpc_fail(r, RPC_PLAN, STATUS_USAGE, "%s", err.text);
		return -EINVAL;
	}
	rc = rs_daemon_load(r->daemon, plan, &err);
	if (rc) {
		rs_plan_free(plan);
		rpc_fail_errno(r, rc, &err);
		return -EINVAL;
	}
	return 0;
}

static enum rpc_outcome
load(struct request *r)
{
	struct rs_err err = { 0 };

	if (may_load(r) && load_plan(r, param_text(r, "plan")) == 0)
		done(r, 0, &err);
	return RPC_ANSWER;
}

static enum rpc_outcome
start(struct request *r)
{
	const char *activity = param_text(r, "activity");
	struct rs_err err = { 0 };

	return done(r,
		activity ? rs_daemon_start_activity(r->daemon, activity, &err)
			 : rs_daemon_start(r->daemon, &err),
		&err);
}

static enum rpc_outcome
run(struct request *r)
{
	const char *file = param_text(r, "plan");
	struct rs_err err = { 0 };
	char *own = NULL;
	int rc = 0;

	if (!may_load(r))
		return RPC_ANSWER;
	/* Settings without a plan are put over the present one's file. */
	if (!file && json_array_size(json_object_get(r->params, "set")) > 0)
		file = own = strdup(rs_daemon_plan(r->daemon)->file);
	if (file)
		rc = load_plan(r, file);
	free(own);
	return rc ? RPC_ANSWER : done(r, rs_daemon_start(r->daemon, &err), &err);
}

static enum rpc_outcome
stop(struct request *r)
{
	const char *how = param_text(r, "how");
	struct rs_err err = { 0 };
	enum rs_stop level = !how || strcmp(how, "drain") == 0 ? RS_STOP_DRAIN
		: strcmp(how, "hangup") == 0                   ? RS_STOP_HANGUP
							       : RS_STOP_NOW;

	return done(r, rs_daemon_stop(r->daemon, param_text(r, "activity"), level, &err), &err);
}

static enum rpc_outcome
pause_run(struct request *r)
{
	struct rs_err err = { 0 };

	return done(r, rs_daemon_pause(r->daemon, &err), &err);
}

static enum rpc_outcome
resume(struct request *r)
{
	struct rs_err err = { 0 };

	return done(r, rs_daemon_resume(r->daemon, &err), &err);
}

static enum rpc_outcome
wait_for_end(struct request *r)
{
	double timeout_s = param_number(r, "timeout_s", -1);

	if (timeout_s < 0 && json_is_number(json_object_get(r->params, "timeout_s")))
		return rpc_fail(r, RPC_PARAMS, STATUS_USAGE,
			"wait: parameter \"timeout_s\" must not be negative");
	return stream_wait(r, timeout_s);
}

static enum rpc_outcome
reset(struct request *r)
{
	struct rs_err err = { 0 };

	return done(r, rs_daemon_reset(r->daemon, &err), &err);
}

/* A run that is on is ended at once, so that it has its report and its status. */
static enum rpc_outcome
quit(struct request *r)
{
	struct rs_err err = { 0 };
	enum rs_state state = rs_daemon_state(r->daemon);

	if (state != RS_STATE_IDLE && state != RS_STATE_DONE)
		rs_daemon_stop(r->daemon, NULL, RS_STOP_NOW, &err);
	r->server->quit = true;
	return done(r, 0, &err);
}

static enum rpc_outcome
rate(struct request *r)
{
	bool by = json_is_number(json_object_get(r->params, "by"));
	bool to = json_is_number(json_object_get(r->params, "rate"));
	struct rs_err err = { 0 };

	if (by == to)
		return rpc_fail(
			r, RPC_PARAMS, STATUS_USAGE, "rate: give either \"rate\" or \"by\"");
	return done(r,
		rs_daemon_rate(r->daemon, param_text(r, "activity"),
			param_number(r, by ? "by" : "rate", 0), by, &err),
		&err);
}

static enum rpc_outcome
limit(struct request *r)
{
	struct rs_err err = { 0 };

	return done(r,
		rs_daemon_limit(
			r->daemon, param_text(r, "activity"), param_count(r, "limit", 0), &err),
		&err);
}

static enum rpc_outcome
impair(struct request *r)
{
	const char *direction = param_text(r, "direction");
	unsigned directions = !direction || strcmp(direction, "send") == 0 ? RS_IMPAIR_SEND
		: strcmp(direction, "receive") == 0                        ? RS_IMPAIR_RECEIVE
									   : RS_IMPAIR_SEND | RS_IMPAIR_RECEIVE;
	json_t *set = json_object_get(r->params, "set");
	struct rs_err err = { 0 };

	return done(r, rs_daemon_impair(r->daemon, param_text(r, "profile"), directions, set, &err), &err);
}

static enum rpc_outcome
drop(struct request *r)
{
	const char *how = param_text(r, "how");
	enum rs_conn_close close = !how || strcmp(how, "rst") == 0 ? RS_CONN_RST
		: strcmp(how, "fin") == 0			   ? RS_CONN_FIN
								   : RS_CONN_SILENT;
	struct rs_err err = { 0 };

	return done(r, rs_daemon_drop(r->daemon, param_text(r, "endpoints"), param_number(r, "share", 1), close, &err), &err);
}

static const char *const hows_known[] = { "rst", "fin", "silent", NULL };
static const struct param drop_params[] = { { "endpoints", PARAM_TEXT, false, NULL }, { "share", PARAM_NUMBER, false, NULL },
	{ "how", PARAM_WORD, false, hows_known }, { 0 } };
static const char *const directions_known[] = { "send", "receive", "both", NULL };
static const struct param impair_params[] = { { "profile", PARAM_TEXT, false, NULL },
	{ "direction", PARAM_WORD, false, directions_known }, { "set", PARAM_TEXTS, true, NULL }, { 0 } };
static const char *const stops[] = { "drain", "hangup", "now", NULL };
static const struct param load_params[] = { { "plan", PARAM_TEXT, true, NULL },
	{ "set", PARAM_TEXTS, false, NULL }, { 0 } };
static const struct param run_params[] = { { "plan", PARAM_TEXT, false, NULL },
	{ "set", PARAM_TEXTS, false, NULL }, { 0 } };
static const struct param activity_params[] = { { "activity", PARAM_TEXT, false, NULL }, { 0 } };
static const struct param stop_params[] = { { "activity", PARAM_TEXT, false, NULL },
	{ "how", PARAM_WORD, false, stops }, { 0 } };
static const struct param wait_params[] = { { "timeout_s", PARAM_NUMBER, false, NULL }, { 0 } };
static const struct param rate_params[] = { { "activity", PARAM_TEXT, false, NULL },
	{ "rate", PARAM_NUMBER, false, NULL }, { "by", PARAM_NUMBER, false, NULL }, { 0 } };
static const struct param limit_params[] = { { "activity", PARAM_TEXT, false, NULL },
	{ "limit", PARAM_COUNT, true, NULL }, { 0 } };

const struct method life_methods[] = {
	{ "load", load, load_params },
	{ "start", start, activity_params },
	{ "run", run, run_params },
	{ "stop", stop, stop_params },
	{ "pause", pause_run, NULL },
	{ "resume", resume, NULL },
	{ "wait", wait_for_end, wait_params },
	{ "reset", reset, NULL },
	{ "quit", quit, NULL },
	{ "rate", rate, rate_params },
	{ "limit", limit, limit_params },
	{ "impair", impair, impair_params },
	{ "connections.drop", drop, drop_params },
	{ 0 },
};
