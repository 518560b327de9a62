/* SPDX-License-Identifier: BSD-3-Clause */
/* When an activity starts: at once, by hand, or after another one. */
#include "plan/plan_read.h"

static int
find_before(const struct rs_reader *r, const struct rs_part *p, const char *text, uint32_t *out)
{
	const struct rs_plan *plan = r->plan;
	const char *name = text + strlen("after "), *names[64];
	uint32_t n = plan->n_activities < RS_COUNT(names) ? plan->n_activities : RS_COUNT(names);
	char near[100];

	for (uint32_t i = 0; i < n; i++) {
		names[i] = plan->activities[i].name;
		if (strcmp(names[i], name) == 0) {
			*out = i;
			return 0;
		}
	}
	return rs_part_fail(r, p, "start", -EINVAL, "there is no activity \"%.60s\"%s", name,
		rs_did_you_mean(name, names, n, near, sizeof(near)));
}

/** Is there a moment after which it does nothing new? */
static bool
has_end(const struct rs_plan_activity *a)
{
	return a->kind == RS_DO_REGISTER || a->total > 0 ||
		(a->n_shape > 0 && !(a->shape[a->n_shape - 1].rate_to_hz > 0));
}

static int
check_before(const struct rs_reader *r, const struct rs_part *p, const struct rs_plan_activity *a)
{
	const struct rs_plan *plan = r->plan;
	const struct rs_plan_activity *before = &plan->activities[a->after];

	if (before == a)
		return rs_part_fail(
			r, p, "start", -EINVAL, "\"after %s\" is after itself", a->name);
	if (!has_end(before))
		return rs_part_fail(r, p, "start", -EINVAL,
			"activity \"%s\" (line %d) has no end: give it a total, or a shape that ends "
			"at rate 0",
			before->name, before->line);
	for (uint32_t i = 0; i < plan->n_activities && before->start == RS_START_AFTER; i++) {
		before = &plan->activities[before->after];
		if (before == a)
			return rs_part_fail(r, p, "start", -EINVAL,
				"activities wait for each other: \"%s\" starts, by way of others, after "
				"itself",
				a->name);
	}
	return 0;
}

int
rs_read_starts(const struct rs_reader *r)
{
	struct rs_plan *plan = r->plan;
	int rc;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);
		struct rs_plan_activity *a = &plan->activities[i];
		const char *text = rs_part_text(r, &p, "start");

		if (!text)
			return -ENOMEM;
		if (strcmp(text, "at once") == 0)
			a->start = RS_START_AT_ONCE;
		else if (strcmp(text, "manual") == 0)
			a->start = RS_START_MANUAL;
		else if (strncmp(text, "after ", 6) != 0)
			return rs_part_fail(r, &p, "start", -EINVAL,
				"unknown value \"%.80s\": use \"at once\", \"manual\" or \"after NAME\"",
				text);
		else if ((rc = find_before(r, &p, text, &a->after)) != 0)
			return rc;
		else
			a->start = RS_START_AFTER;
	}
	for (uint32_t i = 0; i < plan->n_activities; i++) {
		struct rs_part p = rs_part_of(r, RS_SECTION_ACTIVITIES, (int)i);

		if (plan->activities[i].start == RS_START_AFTER &&
			(rc = check_before(r, &p, &plan->activities[i])) != 0)
			return rc;
	}
	return 0;
}
