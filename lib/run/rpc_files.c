/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods that read plans and scenarios without using them. */
#include <stdlib.h>
#include <sys/stat.h>

#include "run/files.h"
#include "run/server_private.h"

static enum rpc_outcome
plan_check(struct request *r)
{
	struct rs_err err = { 0 };
	struct rs_plan *plan;

	if (rs_plan_load_json(
		    param_text(r, "plan"), json_object_get(r->params, "set"), &plan, &err) != 0)
		return rpc_fail(r, RPC_PLAN, STATUS_USAGE, "%s", err.text);
	r->result = rs_plan_check_json(plan);
	rs_plan_free(plan);
	return RPC_ANSWER;
}

static enum rpc_outcome
scenario_check(struct request *r)
{
	const char *path = param_text(r, "path");
	struct rs_err err = { 0 };
	struct rs_check check;
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return rpc_fail(r, RPC_PLAN, STATUS_USAGE,
			"%s: neither a regular file nor a directory", path);
	rc = rs_scenario_check(path, NULL, &check, &err);
	if (rc)
		rpc_fail(r, RPC_PLAN, STATUS_USAGE, "%s", err.text);
	else
		r->result = rs_scenario_check_json(&check);
	rs_scenario_check_free(&check);
	return RPC_ANSWER;
}

static enum rpc_outcome
scenario_show(struct request *r)
{
	struct rs_err err = { 0 };
	char *text = NULL;

	if (rs_scenario_text(param_text(r, "scenario"), &text, &err) != 0)
		return rpc_fail(r, RPC_PLAN, STATUS_USAGE, "%s", err.text);
	r->result = json_pack("{s:s}", "text", text);
	free(text);
	if (!r->result)
		return rpc_fail(r, RPC_PLAN, STATUS_USAGE, "the scenario's text is not UTF-8");
	return RPC_ANSWER;
}

static const struct param plan_params[] = { { "plan", PARAM_TEXT, true, NULL },
	{ "set", PARAM_TEXTS, false, NULL }, { 0 } };
static const struct param path_params[] = { { "path", PARAM_TEXT, true, NULL }, { 0 } };
static const struct param scenario_params[] = { { "scenario", PARAM_TEXT, true, NULL }, { 0 } };

const struct method file_methods[] = {
	{ "plan.check", plan_check, plan_params },
	{ "scenario.check", scenario_check, path_params },
	{ "scenario.show", scenario_show, scenario_params },
	{ 0 },
};
