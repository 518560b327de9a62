/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose doing it is that something was not reached: the SUT's, the plan's, or the generator's own. */
#include <stdio.h>

#include "observe/internal.h"

#define NAMED 3 /* causes that a sentence names; the report's failures have all */

static const char *const owner_names[OWNERS] = {
	[OWNER_SUT] = "SUT",
	[OWNER_PLAN] = "plan",
	[OWNER_GENERATOR] = "generator",
	[OWNER_STOP] = "stop",
};

enum owner
cause_owner(uint32_t cause)
{
	switch (cause) {
	case RS_CAUSE_NO_BUFFER:
	case RS_CAUSE_NO_MEMORY: return OWNER_GENERATOR;
	case RS_CAUSE_ERROR_ACTION:
	case RS_CAUSE_LOOP:
	case RS_CAUSE_NOT_TARGET:
	case RS_CAUSE_TOO_LONG: return OWNER_PLAN;
	case RS_CAUSE_STOPPED: return OWNER_STOP;
	default: return OWNER_SUT; /* what it said, or did not say in time */
	}
}

const char *
side_name(enum side side)
{
	static const char *const names[SIDES] = {
		[SIDE_ANSWERED] = "answered calls",
		[SIDE_PLACED] = "placed calls",
		[SIDE_REGISTERED] = "registrations",
	};

	return names[side];
}

static bool
is_failure_of(const struct view *v, uint32_t activity, enum side side)
{
	return side_of(&v->o->what.plan->activities[activity]) == side;
}

void
view_causes(const struct view *v, enum side side, uint64_t causes[RS_CAUSES])
{
	const struct rs_observer *o = v->o;

	memset(causes, 0, RS_CAUSES * sizeof(*causes));
	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		if (!is_failure_of(v, a, side))
			continue;
		for (const struct part *p = NULL; (p = part_next(o, a, p)) != NULL;)
			for (uint32_t i = 0; i < (p->n_steps + 1) * RS_CAUSES; i++)
				causes[i % RS_CAUSES] += v->image[p->at_failures + i];
	}
}

uint64_t
view_own_failures(const struct view *v, enum side side)
{
	uint64_t causes[RS_CAUSES], n = 0;

	view_causes(v, side, causes);
	for (uint32_t c = 0; c < RS_CAUSES; c++)
		if (cause_owner(c) == OWNER_GENERATOR)
			n += causes[c];
	return n;
}

static void
append_causes(struct view *v, json_t *reasons, enum side side, enum owner owner, bool excused,
	uint64_t causes[])
{
	uint64_t total = 0;
	char text[512], name[RS_CAUSE_NAME];
	size_t n;

	for (uint32_t c = 0; c < RS_CAUSES; c++)
		if (cause_owner(c) == owner)
			total += causes[c];
	if (total == 0)
		return;
	n = (size_t)snprintf(text, sizeof(text), "%s: %llu %s failed%s:",
		owner_names[excused ? OWNER_GENERATOR : owner], (unsigned long long)total, side_name(side),
		excused ? ", all of them in or after intervals that it limited" : "");
	for (int k = 0; k < NAMED; k++) {
		uint32_t most = RS_CAUSES;

		for (uint32_t c = 0; c < RS_CAUSES; c++)
			if (causes[c] && cause_owner(c) == owner &&
				(most == RS_CAUSES || causes[c] > causes[most]))
				most = c;
		if (most == RS_CAUSES)
			break;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s (%llu)", k ? "," : "",
			rs_cause_name(most, name, sizeof(name)),
			(unsigned long long)causes[most]);
		total -= causes[most];
		causes[most] = 0;
	}
	if (total)
		snprintf(text + n, sizeof(text) - n, " and others (%llu)",
			(unsigned long long)total);
	append(&v->maker, reasons, json_string(text));
}

static void
append_not_started(struct view *v, json_t *reasons, bool placed)
{
	static const struct {
		uint32_t row;
		enum owner owner;
		const char *why;
	} rows[] = {
		{ RS_AM_NOT_LIMIT, OWNER_PLAN, "limit or max_calls was reached" },
		{ RS_AM_NOT_IDLE, OWNER_PLAN, "no callee was idle" },
		{ RS_AM_NOT_MEMORY, OWNER_GENERATOR, "a pool was empty" },
	};
	struct rs_call_totals t = snapshot_totals(v->o, v->image, placed, false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 0;
		char text[160];

		for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++)
			if (is_failure_of(v, a, (enum side)placed))
				n += snapshot_activity(v->o, v->image, a)[rows[i].row];
		if (n == 0)
			continue;
		snprintf(text, sizeof(text), "%s: %llu of %llu %s calls were not started: %s",
			owner_names[rows[i].owner], (unsigned long long)n,
			(unsigned long long)t.offered, placed ? "placed" : "answered", rows[i].why);
		append(&v->maker, reasons, json_string(text));
	}
}

/*
 * Does nobody else get the blame for failures of @side? Not if all were of tainted calls; neither if all measured ones were, and the end of
 * the run explains the others.
 */
struct excuse {
	bool all, but_stopped;
};

static struct excuse
excuse_of(const struct view *v, enum side side, const uint64_t causes[RS_CAUSES])
{
	bool placed = side == SIDE_PLACED;
	struct taint tainted = view_taint(v, placed, false), measured = view_taint(v, placed, true);
	uint64_t failed = snapshot_totals(v->o, v->image, placed, false).failed, stopped = 0;

	for (uint32_t c = 0; c < RS_CAUSES; c++)
		if (cause_owner(c) == OWNER_STOP)
			stopped += causes[c];
	return (struct excuse){
		.all = tainted.failed >= failed,
		.but_stopped = measured.failed >= snapshot_totals(v->o, v->image, placed, true).failed &&
			tainted.failed + stopped >= failed,
	};
}

void
append_owners(struct view *v, json_t *reasons)
{
	uint64_t causes[RS_CAUSES];

	for (int placed = 1; placed >= 0; placed--) {
		append_not_started(v, reasons, placed);
		view_causes(v, (enum side)placed, causes);

		struct excuse e = excuse_of(v, (enum side)placed, causes);

		for (enum owner owner = OWNER_SUT; owner < OWNERS; owner++)
			append_causes(v, reasons, (enum side)placed, owner,
				e.all || (e.but_stopped && owner != OWNER_STOP), causes);
	}
	if (!v->o->registers)
		return;
	view_causes(v, SIDE_REGISTERED, causes);

	uint64_t failed = view_registrations(v, RS_AM_REG_FAILED) +
		view_registrations(v, RS_AM_REG_REFRESH_FAILED) +
		view_registrations(v, RS_AM_REG_END_FAILED);
	bool excused = view_registrations(v, RS_AM_REG_TAINTED_FAILED) >= failed;

	for (enum owner owner = OWNER_SUT; owner < OWNERS; owner++)
		append_causes(v, reasons, SIDE_REGISTERED, owner, excused, causes);
}
