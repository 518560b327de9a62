/* SPDX-License-Identifier: BSD-3-Clause */
/* run.max_rate: what all activities may do together. */
#include "plan/plan_read.h"

#define NS_PER_S 1e9

static bool
is_of(const struct rs_plan_activity *a, bool calls)
{
	return calls ? rs_activity_places(a->kind) : a->kind == RS_DO_REGISTER;
}

/** The highest rate that an activity asks for by itself. */
static double
highest(const struct rs_plan_activity *a)
{
	double most = a->rate_hz;

	for (uint32_t i = 0; i < a->n_shape; i++) {
		most = a->shape[i].rate_from_hz > most ? a->shape[i].rate_from_hz : most;
		most = a->shape[i].rate_to_hz > most ? a->shape[i].rate_to_hz : most;
	}
	return most;
}

/** Of an activity and those that wait for it, which begin when it is through: the higher of both. */
static double
highest_of_chain(const struct rs_plan *plan, uint32_t first, bool calls)
{
	const struct rs_plan_activity *a = &plan->activities[first];
	double own = is_of(a, calls) ? highest(a) : 0, after = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].start == RS_START_AFTER && plan->activities[i].after == first)
			after += highest_of_chain(plan, i, calls);
	return own > after ? own : after;
}

static double
highest_together(const struct rs_plan *plan, bool calls)
{
	double all = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].start != RS_START_AFTER)
			all += highest_of_chain(plan, i, calls);
	return all;
}

static bool
is_free_loop(const struct rs_plan_activity *a)
{
	return a->open_calls > 0 && !(a->rate_hz > 0);
}

double
rs_plan_loop_ceiling(const struct rs_plan *plan)
{
	uint32_t loops = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++)
		loops += is_free_loop(&plan->activities[i]);
	if (!(plan->max_rate_hz > 0) || loops == 0)
		return plan->max_rate_hz;
	return (plan->max_rate_hz - highest_together(plan, true)) / loops;
}

static int
check_refreshes(const struct rs_reader *r)
{
	const struct rs_plan *plan = r->plan;
	double all = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);

		if (a->kind != RS_DO_REGISTER)
			continue;
		all += rs_plan_refresh_rate(plan, a);
		if (all > plan->max_rate_hz)
			return rs_part_fail(r, &p, "expires", -EINVAL,
				"makes %.1f refreshes a second, above run.max_rate, %g: raise it, register "
				"fewer, or raise run.max_rate",
				all, plan->max_rate_hz);
	}
	return 0;
}

int
rs_check_ceiling(const struct rs_reader *r)
{
	const struct rs_plan *plan = r->plan;
	struct rs_part run = rs_part_of(r, RS_SECTION_RUN, -1);

	if (!(plan->max_rate_hz > 0))
		return 0;
	for (int calls = 0; calls <= 1; calls++) {
		double all = highest_together(plan, calls);

		if (all > plan->max_rate_hz)
			return rs_part_fail(r, &run, "max_rate", -EINVAL,
				"the activities together reach %g %s a second, above %g: lower their rates, "
				"let one start after another, or raise it",
				all, calls ? "calls" : "registrations", plan->max_rate_hz);
	}
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);

		if (is_free_loop(&plan->activities[i]) && !(rs_plan_loop_ceiling(plan) > 0))
			return rs_part_fail(r, &p, "open_calls", -EINVAL,
				"the other activities take all of run.max_rate, %g: set rate, lower theirs, or "
				"raise run.max_rate",
				plan->max_rate_hz);
	}
	return check_refreshes(r);
}

double
rs_plan_refresh_rate(const struct rs_plan *plan, const struct rs_plan_activity *a)
{
	uint64_t count = plan->groups[a->from].count;

	if (a->total && a->total < count)
		count = a->total;
	return (double)count * NS_PER_S /
		((double)a->expires_ns * (a->refresh_from + a->refresh_to) / 2);
}
