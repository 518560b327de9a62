/* SPDX-License-Identifier: BSD-3-Clause */
/* Another scenario for an activity of a plan that has been read: compiled as its own was, and held against what the activity has. */
#include <limits.h>

#include "plan/plan_read.h"

/* What media a scenario without a profile of its own needs was made up for the one that the activity began with. */
static int
check_media(const struct rs_plan *plan, const struct rs_plan_activity *a, const struct rs_program *p, const char *file, struct rs_err *err)
{
	const struct rs_plan_media *m = a->media >= 0 ? &plan->media[a->media] : NULL;
	const char *lacks = NULL;

	if (!p->media)
		return 0;
	if (!m)
		lacks = "media";
	else if (!m->implied)
		return 0;
	else if ((p->video || p->image) && !m->video)
		lacks = "a second stream";
	else if (p->image && !m->images)
		lacks = "images";
	else if (p->crypto && m->sdp.srtp == RS_SDP_SRTP_FORBIDDEN)
		lacks = "keys for SRTP";
	return lacks ? rs_err_set(err, -EINVAL,
			       "%.300s: it needs %s, which activity \"%.64s\" does not have: stop the run, and start it with this scenario",
			       file, lacks, a->name)
		     : 0;
}

int
rs_plan_scenario_fits(const struct rs_plan *plan, uint32_t activity, const struct rs_program *p, const char *file, struct rs_err *err)
{
	const struct rs_plan_activity *a = &plan->activities[activity];

	if (p->is_server != (a->kind == RS_DO_ANSWER))
		return rs_err_set(err, -EINVAL,
			p->is_server
				? "%.300s: it begins with a <recv>, it answers calls, and activity \"%.64s\" places them: give it one that begins with a <send>"
				: "%.300s: it begins with a <send>, it places calls, and activity \"%.64s\" answers them: give it one that begins with a <recv>",
			file, a->name);
	return check_media(plan, a, p, file, err);
}

int
rs_plan_scenario(const struct rs_plan *plan, uint32_t activity, const char *name, char *path, size_t cap, struct rs_program **out,
	struct rs_err *err)
{
	const struct rs_plan_activity *a = &plan->activities[activity];
	const struct rs_scenario_opts opts = {
		.keys = a->keys,
		.n_keys = a->n_keys,
		.files = a->data_names,
		.n_files = a->n_data,
		.transactions = a->mode == RS_MODE_RFC3261,
	};
	int rc = rs_plan_files.find(plan->file, name, true, path, cap, err);

	*out = NULL;
	if (rc == 0)
		rc = rs_scenario_load(path, &opts, out, NULL, err);
	if (rc == 0)
		rc = rs_plan_scenario_fits(plan, activity, *out, path, err);
	if (rc && *out) {
		rs_program_free(*out);
		*out = NULL;
	}
	return rc;
}
