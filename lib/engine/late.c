/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Activities that come into a plan while it is played. Everything of one is made by control beforehand, so that the worker only puts it
 * behind those it has; what was laid out for the whole run when it began is not laid out anew, and an activity that needs more of it is
 * refused.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/internal.h"
#include "engine/legs.h"

struct rs_late {
	struct activity activity;
	struct rs_play *play;
};

#define ALIGNED(n) (((uint64_t)(n) + 63) & ~63ull)

int
rs_late_create(const struct rs_engine *e, uint32_t index, _Atomic uint64_t *answered, struct rs_play *play, struct rs_late **out)
{
	uint64_t head = ALIGNED(sizeof(struct rs_late)), bytes = head + ALIGNED(shape_bytes(&e->plan->activities[index]) + 64);
	uint8_t *memory = aligned_alloc(64, bytes);
	struct rs_late *l = (struct rs_late *)(void *)memory;

	if (!memory)
		return -ENOMEM;
	memset(memory, 0, bytes);
	activity_fill(e, &l->activity, index);
	l->activity.legs = l->activity.legs && e->matcher;
	l->activity.answered_all = answered;
	shape_setup(&l->activity.arrivals.shape, memory + head, l->activity.plan);
	l->play = play;
	*out = l;
	return 0;
}

void
rs_late_free(struct rs_late *l)
{
	free(l);
}

void
rs_engine_add(struct rs_engine *e, const struct rs_late *l)
{
	struct activity *a = &e->activities[e->n_activities++];

	*a = l->activity;
	a->now = a->plays[0] = l->play;
	activity_join(e, a);
}

/* Does @has, which the run began with, have what @a needs of callees? */
static bool
calls_like(const struct rs_plan_activity *has, const struct rs_plan_activity *a)
{
	return rs_activity_places(has->kind) && has->from == a->from &&
		(a->to_group < 0 || (has->to_group == a->to_group && (a->pick == RS_PICK_IDLE || has->pick != RS_PICK_IDLE)));
}

static const char *
lacks(const struct rs_plan *plan, uint32_t began, const struct rs_plan_activity *a)
{
	bool same_side = false, callees = a->to_group < 0, rfc = false, media = a->media < 0;

	for (uint32_t i = 0; i < began; i++) {
		const struct rs_plan_activity *has = &plan->activities[i];
		bool places = rs_activity_places(a->kind);

		same_side |= has->from == a->from && (places ? rs_activity_places(has->kind) : has->kind == RS_DO_ANSWER);
		callees |= calls_like(has, a);
		rfc |= has->mode == RS_MODE_RFC3261 && has->kind != RS_DO_REGISTER;
		media |= has->media == a->media && has->from == a->from;
	}
	if (a->kind == RS_DO_DROP) /* control's own */
		return NULL;
	if (a->kind == RS_DO_REGISTER)
		return "room for registrations is laid out when a run begins";
	if (!same_side)
		return a->kind == RS_DO_ANSWER ? "no activity answered its group when the run began, and room for its calls is laid out then"
					       : "no activity placed calls from its group when the run began, and room for them is laid out then";
	if (!callees)
		return "its group did not call that one, with such a pick, when the run began, and who calls whom is laid out then";
	if (a->mode == RS_MODE_RFC3261 && !rfc)
		return "no activity was in mode \"rfc3261\" when the run began, and room for transactions is laid out then";
	if (!media)
		return "calls of its group had no such media when the run began, and room for streams is laid out then";
	return NULL;
}

int
rs_engine_may_add(const struct rs_plan *plan, uint32_t began, const struct rs_plan_activity *a, struct rs_err *err)
{
	const char *reason = lacks(plan, began, a);

	return reason ? rs_err_set(err, -EINVAL, "%s: stop the run, load this plan and start anew", reason) : 0;
}
