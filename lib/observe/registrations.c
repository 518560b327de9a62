/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations in the report: they are no calls, and are counted, explained and judged by themselves. */
#include "observe/internal.h"

enum side
side_of(const struct rs_plan_activity *a)
{
	if (a->kind == RS_DO_REGISTER)
		return SIDE_REGISTERED;
	return is_placing(a) ? SIDE_PLACED : SIDE_ANSWERED;
}

void
registrations_as_calls(struct rs_call_totals *into, const uint64_t *c)
{
	into->offered += c[RS_AM_REG_OFFERED];
	into->started += c[RS_AM_REG_OFFERED];
	into->established += c[RS_AM_REG_DONE];
	into->completed += c[RS_AM_REG_DONE];
	into->failed += c[RS_AM_REG_FAILED];
	into->open += c[RS_AM_OPEN];
	into->peak += c[RS_AM_REG_PEAK];
}

uint64_t
view_registrations(const struct view *v, uint32_t row)
{
	const struct rs_plan *plan = v->o->what.plan;
	uint64_t n = 0;

	for (uint32_t a = 0; a < plan->n_activities; a++)
		if (side_of(&plan->activities[a]) == SIDE_REGISTERED)
			n += snapshot_activity(v->o, v->image, a)[row];
	return n;
}

static json_t *
causes_json(struct view *v)
{
	uint64_t causes[RS_CAUSES];
	json_t *list = json_array();

	view_causes(v, SIDE_REGISTERED, causes);
	for (;;) {
		json_t *j;
		uint32_t most = 0;
		char name[RS_CAUSE_NAME];

		for (uint32_t c = 1; c < RS_CAUSES; c++)
			if (causes[c] > causes[most])
				most = c;
		if (causes[most] == 0)
			return list;
		j = json_object();
		put_text(&v->maker, j, "cause", rs_cause_name(most, name, sizeof(name)));
		put_count(&v->maker, j, "count", causes[most]);
		append(&v->maker, list, j);
		causes[most] = 0;
	}
}

json_t *
registrations_json(struct view *v)
{
	static const struct {
		const char *name;
		uint32_t row;
	} members[] = {
		{ "offered", RS_AM_REG_OFFERED },
		{ "registered", RS_AM_REG_DONE },
		{ "failed", RS_AM_REG_FAILED },
		{ "refreshed", RS_AM_REG_REFRESHED },
		{ "refresh_failed", RS_AM_REG_REFRESH_FAILED },
		{ "unregistered", RS_AM_REG_ENDED },
		{ "unregister_failed", RS_AM_REG_END_FAILED },
		{ "challenged", RS_AM_REG_CHALLENGED },
		{ "active", RS_AM_REG_ACTIVE },
		{ "peak", RS_AM_REG_PEAK },
		{ "under_way", RS_AM_REG_UNDER_WAY },
		{ "tainted", RS_AM_REG_TAINTED },
		{ "tainted_failed", RS_AM_REG_TAINTED_FAILED },
	};
	json_t *j;

	if (!v->o->registers)
		return json_null();
	j = json_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		put_count(&v->maker, j, members[i].name, view_registrations(v, members[i].row));
	put(&v->maker, j, "failures", causes_json(v));
	return j;
}
