/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan's media need: streams and pairs of RTP ports, beside those that there are. */
#include "run/budget.h"

#define REST_S 5.0 /* a pair of ports rests so long before the next call gets it */

/* Calls an activity has open at a time, as far as the plan says. */
static double
open_calls(const struct rs_plan *plan, const struct rs_plan_activity *a)
{
	double most = a->rate_hz, open;

	for (uint32_t i = 0; i < a->n_shape; i++)
		most = a->shape[i].rate_to_hz > most ? a->shape[i].rate_to_hz : most;
	open = a->open_calls ? (double)a->open_calls : most * (double)rs_dist_mean(&a->hold) / 1e9;
	if (a->total && open > (double)a->total)
		open = (double)a->total;
	if (a->limit && open > (double)a->limit)
		open = (double)a->limit;
	return open > (double)plan->max_calls ? (double)plan->max_calls : open;
}

static double
resting(const struct rs_plan_activity *a)
{
	double most = a->rate_hz;

	for (uint32_t i = 0; i < a->n_shape; i++)
		most = a->shape[i].rate_to_hz > most ? a->shape[i].rate_to_hz : most;
	return a->total && most * REST_S > (double)a->total ? (double)a->total : most * REST_S;
}

/* The profile of calls at group @g that @a places or answers; NULL: none. */
static const struct rs_plan_media *
media_at(const struct rs_plan *plan, const struct rs_plan_activity *a, uint32_t g)
{
	int32_t media = a->from == g ? a->media : -1;

	for (uint32_t i = 0; a->to_group == (int32_t)g && i < plan->n_activities; i++)
		if (plan->activities[i].kind == RS_DO_ANSWER && plan->activities[i].from == g)
			media = plan->activities[i].media;
	return media < 0 ? NULL : &plan->media[media];
}

void
rs_budget_group_media(const struct rs_plan *plan, uint32_t g, struct rs_budget_media *out)
{
	const struct rs_plan_group *group = &plan->groups[g];
	uint64_t addresses = group->kind == RS_GROUP_TRUNK || group->n_addrs < group->count
		? group->n_addrs
		: group->count;

	*out = (struct rs_budget_media){ 0 };
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		const struct rs_plan_media *m = media_at(plan, a, g);

		if (!m)
			continue;
		out->pairs = addresses * ((group->rtp_last - group->rtp_first + 1u) / 2);
		if (!rs_activity_places(a->kind))
			continue;
		out->streams += open_calls(plan, a);
		out->resting += resting(a);
		if (m->sdp.srtp != RS_SDP_SRTP_FORBIDDEN)
			out->contexts += 2 * open_calls(plan, a);
	}
}
