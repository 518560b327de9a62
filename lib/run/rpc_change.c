/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods that change what a run plays. */
#include "run/files.h"
#include "run/server_private.h"

static enum rpc_outcome
scenario_swap(struct request *r)
{
	struct rs_err err = { 0 };
	int rc = rs_daemon_swap(r->daemon, param_text(r, "activity"), param_text(r, "scenario"), &err);

	if (rc)
		return rpc_fail_errno(r, rc, &err);
	r->result = rs_daemon_status(r->daemon);
	return RPC_ANSWER;
}

static enum rpc_outcome
plan_apply(struct request *r)
{
	struct rs_err err = { 0 };
	struct rs_plan *plan;
	json_t *out = NULL, *refused;
	int rc;

	if (rs_plan_load_json(param_text(r, "plan"), json_object_get(r->params, "set"), &plan, &err) != 0)
		return rpc_fail(r, RPC_PLAN, STATUS_USAGE, "%s", err.text);
	rc = rs_daemon_apply(r->daemon, plan, param_bool(r, "partial", false), &out, &err);
	refused = json_object_get(out, "refused");
	if (rc == 0) {
		r->result = out;
		return RPC_ANSWER;
	}
	if (!err.text[0] && json_array_size(refused) > 0) {
		r->refused = json_incref(refused);
		rpc_fail(r, RPC_STATE, STATUS_USAGE, "%zu %s cannot be changed while the run is on: nothing has been changed",
			json_array_size(refused), json_array_size(refused) == 1 ? "setting" : "settings");
	} else {
		rpc_fail_errno(r, rc, &err);
	}
	json_decref(out);
	return RPC_ANSWER;
}

static const struct param swap_params[] = { { "activity", PARAM_TEXT, true, NULL }, { "scenario", PARAM_TEXT, true, NULL }, { 0 } };
static const struct param apply_params[] = { { "plan", PARAM_TEXT, true, NULL }, { "set", PARAM_TEXTS, false, NULL },
	{ "partial", PARAM_BOOL, false, NULL }, { 0 } };

const struct method change_methods[] = {
	{ "scenario.swap", scenario_swap, swap_params },
	{ "plan.apply", plan_apply, apply_params },
	{ 0 },
};
