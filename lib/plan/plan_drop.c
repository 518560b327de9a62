/* SPDX-License-Identifier: BSD-3-Clause */
/* Activities that cut a group's connections by a timetable. */
#include "plan/plan_read.h"

int
rs_read_drop(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a)
{
	const struct rs_plan_group *g = &r->plan->groups[a->from];

	if (!rs_transport_is_stream(g->transport))
		return rs_part_fail(r, p, "endpoints", -EINVAL,
			"group \"%s\" speaks UDP, and has no connections to cut: set endpoints[%u].transport", g->name, a->from);
	if (!(a->share > 0))
		return rs_part_fail(r, p, "share", -EINVAL, "is 0: nothing would be cut");
	if (a->total == 0)
		a->total = 1;
	if (a->total > 1 && a->every_ns == 0)
		return rs_part_fail(r, p, "every", -EINVAL, "is missing: %llu cuts need the time from one to the next",
			(unsigned long long)a->total);
	if (a->total == 1 && a->every_ns)
		return rs_part_fail(r, p, "every", -EINVAL, "is of no use with one cut: set total, or remove it");
	return rs_plan_own_program(r, a, "drop");
}
