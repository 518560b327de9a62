/* SPDX-License-Identifier: BSD-3-Clause */
/* Passed or not: thresholds over the measured calls, each side of them judged by itself. */
#include "observe/internal.h"

int
rs_verdict_status(enum rs_verdict verdict)
{
	static const int status[] = {
		[RS_VERDICT_PASSED] = 0,
		[RS_VERDICT_FAILED] = 1,
		[RS_VERDICT_STOPPED] = 5,
		[RS_VERDICT_LIMITED] = 4,
	};

	return status[verdict];
}

const char *
rs_verdict_name(enum rs_verdict verdict)
{
	static const char *const names[] = {
		[RS_VERDICT_PASSED] = "passed",
		[RS_VERDICT_FAILED] = "failed",
		[RS_VERDICT_STOPPED] = "stopped",
		[RS_VERDICT_LIMITED] = "generator limited",
	};

	return names[verdict];
}

static void
reason(struct view *v, json_t *reasons, const char *text)
{
	append(&v->maker, reasons, json_string(text));
}

static enum judgement
worse(enum judgement a, enum judgement b)
{
	return a > b ? a : b;
}

static double
percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static uint64_t
without(uint64_t n, uint64_t taken)
{
	return n > taken ? n - taken : 0;
}

/* What a share of failures is made of, in the measured window. Refreshes and ends are judged as first registrations are. */
struct measured {
	uint64_t started, failed;
	struct taint tainted;
};

static struct measured
measured_of(const struct view *v, enum side side)
{
	if (side == SIDE_REGISTERED)
		return (struct measured){
			.started = view_registrations(v, RS_AM_M_REG_STARTED),
			.failed = view_registrations(v, RS_AM_M_REG_FAILED),
			.tainted = { view_registrations(v, RS_AM_REG_TAINTED),
				view_registrations(v, RS_AM_REG_TAINTED_FAILED) },
		};
	struct rs_call_totals c = snapshot_totals(v->o, v->image, side == SIDE_PLACED, true);

	return (struct measured){
		.started = c.started, .failed = c.failed, .tainted = view_taint(v, side == SIDE_PLACED, true)
	};
}

static uint64_t
failed_in_all(const struct view *v, enum side side)
{
	if (side == SIDE_REGISTERED)
		return view_registrations(v, RS_AM_REG_FAILED) + view_registrations(v, RS_AM_REG_REFRESH_FAILED) +
			view_registrations(v, RS_AM_REG_END_FAILED);
	return snapshot_totals(v->o, v->image, side == SIDE_PLACED, false).failed;
}

/* Calls that failed: all of them, or those that no limited interval and no cause of our own explains. */
static enum judgement
judge_failed(struct view *v, const struct rs_threshold *t, enum side side, json_t *reasons)
{
	struct measured c = measured_of(v, side);
	struct taint tainted = c.tainted;
	/* Causes are counted over the whole run: what failed outside of the measured window may have been ours to the last call. */
	uint64_t own = without(view_own_failures(v, side), without(failed_in_all(v, side), c.failed));
	uint64_t clean = without(c.failed, tainted.failed > own ? tainted.failed : own);
	double percent = percent_of(c.failed, c.started);
	char text[240];

	if (percent <= t->bound)
		return HOLDS;
	snprintf(text, sizeof(text), "%s: at most %g asked, %.6g got (%llu of %llu %s)",
		t->name, t->bound, percent, (unsigned long long)c.failed,
		(unsigned long long)c.started, side_name(side));
	reason(v, reasons, text);
	if (percent_of(clean, without(c.started, tainted.calls)) > t->bound)
		return BROKEN;
	if (clean == 0)
		snprintf(text, sizeof(text),
			"all %llu failed %s overlapped intervals that the generator limited: not blamed on the SUT",
			(unsigned long long)c.failed, side_name(side));
	else
		snprintf(text, sizeof(text),
			"%s: %.6g without the %s that overlapped intervals that the generator limited: not blamed on "
			"the SUT",
			t->name, percent_of(clean, without(c.started, tainted.calls)),
			side_name(side));
	reason(v, reasons, text);
	return TAINTED;
}

/* Of the measured calls that were not started, how many surely were for want of our own memory? The cause is counted over the whole run. */
static uint64_t
own_not_started(const struct view *v, bool placed, const struct rs_call_totals *measured)
{
	struct rs_call_totals all = snapshot_totals(v->o, v->image, placed, false);
	uint64_t n = 0;

	for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++)
		if (is_placing(&v->o->what.plan->activities[a]) == placed)
			n += snapshot_activity(v->o, v->image, a)[RS_AM_NOT_MEMORY];
	return without(n, without(all.not_started, measured->not_started));
}

static enum judgement
judge_not_started(struct view *v, const struct rs_threshold *t, bool placed, json_t *reasons)
{
	struct rs_call_totals c = snapshot_totals(v->o, v->image, placed, true);
	double percent = percent_of(c.not_started, c.offered);
	char text[200];

	if (percent <= t->bound)
		return HOLDS;
	snprintf(text, sizeof(text), "%s: at most %g asked, %.6g got (%llu of %llu %s calls)",
		t->name, t->bound, percent, (unsigned long long)c.not_started,
		(unsigned long long)c.offered, placed ? "placed" : "answered");
	reason(v, reasons, text);
	if (percent_of(without(c.not_started, own_not_started(v, placed, &c)), c.offered) > t->bound)
		return BROKEN;
	snprintf(text, sizeof(text), "%s: it was a pool of ours that was empty: not blamed on the SUT", t->name);
	reason(v, reasons, text);
	return TAINTED;
}

/* A share of the placed and of the answered calls; the better half must not hide the other. */
static enum judgement
judge_percent(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	enum judgement j = HOLDS;

	for (int placed = 1; placed >= 0; placed--)
		j = worse(j,
			t->metric == RS_TH_FAILED_PERCENT
				? judge_failed(v, t, (enum side)placed, reasons)
				: judge_not_started(v, t, placed, reasons));
	if (t->metric == RS_TH_FAILED_PERCENT && v->o->registers)
		j = worse(j, judge_failed(v, t, SIDE_REGISTERED, reasons));
	return j;
}

static enum judgement
judge_latency(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	int row = view_latency_row(t->latency);
	double got = row < 0 ? NAN : latency_stat(view_latency(v, (uint32_t)row), t->stat), clean;
	char text[200];

	if (got <= t->bound)
		return HOLDS;
	if (isnan(got)) { /* what was not measured was not shown to hold */
		snprintf(text, sizeof(text), "%s: at most %g asked, nothing was measured", t->name,
			t->bound);
		reason(v, reasons, text);
		return BROKEN;
	}
	snprintf(text, sizeof(text), "%s: at most %g asked, %.6g got", t->name, t->bound, got);
	reason(v, reasons, text);
	clean = latency_stat(view_latency_clean(v, (uint32_t)row), t->stat);
	if (clean > t->bound)
		return BROKEN;
	if (isnan(clean))
		snprintf(text, sizeof(text), "%s: all of it was measured in intervals that the generator limited",
			t->name);
	else
		snprintf(text, sizeof(text), "%s: %.6g outside intervals that the generator limited", t->name,
			clean);
	reason(v, reasons, text);
	return TAINTED;
}

/* With nothing started, no share of it failed: that is no success. */
static enum judgement
judge_started(struct view *v, json_t *reasons)
{
	enum judgement j = HOLDS;

	for (int placed = 1; placed >= 0; placed--) {
		struct rs_call_totals c = snapshot_totals(v->o, v->image, placed, true);
		char text[120];

		if (c.offered == 0 || c.started > 0)
			continue;
		j = BROKEN;
		snprintf(text, sizeof(text), "none of %llu calls %s was started",
			(unsigned long long)c.offered, placed ? "to be placed" : "that came");
		reason(v, reasons, text);
	}
	return j;
}

static enum judgement
judge_thresholds(struct view *v, json_t *reasons)
{
	static const struct rs_threshold none_fails = {
		.name = "failed_percent",
		.metric = RS_TH_FAILED_PERCENT,
		.bound = 0.0,
	};
	const struct rs_plan *plan = v->o->what.plan;
	enum judgement j = HOLDS;
	bool set = false;

	for (uint32_t i = 0; i < plan->n_thresholds; i++) {
		const struct rs_threshold *t = &plan->thresholds[i];

		set |= t->metric == RS_TH_FAILED_PERCENT;
		j = worse(j,
			t->metric == RS_TH_LATENCY             ? judge_latency(v, t, reasons)
				: t->metric >= RS_TH_MIN_MOS ? judge_media(v, t, reasons)
							     : judge_percent(v, t, reasons));
	}
	if (!set)
		j = worse(j, judge_percent(v, &none_fails, reasons));
	return worse(j, judge_started(v, reasons));
}

/* @return more of the measured intervals were limited than the plan allows */
static bool
judge_intervals(struct view *v, json_t *reasons)
{
	struct taint placed = view_taint(v, true, false), answered = view_taint(v, false, false);
	double allowed = v->o->what.plan->limited_percent;
	uint64_t limited, judged;
	bool too_many;
	char text[300];

	limits_share(v->o, &limited, &judged);
	if (limited == 0)
		return false;
	too_many = percent_of(limited, judged) > allowed;
	snprintf(text, sizeof(text),
		"%llu of %llu intervals were limited by the generator (%g %% allowed); the %llu placed and %llu answered "
		"calls that overlapped them are tainted, %llu and %llu of those failed",
		(unsigned long long)limited, (unsigned long long)judged, allowed,
		(unsigned long long)placed.calls, (unsigned long long)answered.calls,
		(unsigned long long)placed.failed, (unsigned long long)answered.failed);
	reason(v, reasons, text);
	return too_many;
}

enum rs_verdict
verdict_of(struct view *v, json_t *reasons)
{
	enum judgement j;
	bool limited;

	if (v->facts->stopped_by_hand)
		reason(v, reasons, "stopped by hand");
	j = judge_thresholds(v, reasons);
	limited = judge_intervals(v, reasons);
	append_broken_bounds(v, reasons);
	append_owners(v, reasons);
	if (v->facts->stopped_by_hand)
		return RS_VERDICT_STOPPED;
	if (limited)
		return RS_VERDICT_LIMITED;
	return j == HOLDS ? RS_VERDICT_PASSED : j == TAINTED ? RS_VERDICT_LIMITED : RS_VERDICT_FAILED;
}
