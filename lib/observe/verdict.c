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

/* A share of the placed and of the answered calls; the better half must not hide the other. */
static bool
judge_percent(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	bool good = true;

	for (int placed = 1; placed >= 0; placed--) {
		struct rs_call_totals c = snapshot_totals(v->o, v->image, placed, true);
		bool failed = t->metric == RS_TH_FAILED_PERCENT;
		uint64_t part = failed ? c.failed : c.not_started,
			 whole = failed ? c.started : c.offered;
		double percent = whole ? 100.0 * (double)part / (double)whole : 0;
		char text[200];

		if (percent <= t->bound)
			continue;
		good = false;
		snprintf(text, sizeof(text),
			"%s: at most %g asked, %.6g got (%llu of %llu %s calls)", t->name, t->bound,
			percent, (unsigned long long)part, (unsigned long long)whole,
			placed ? "placed" : "answered");
		reason(v, reasons, text);
	}
	return good;
}

static bool
judge_latency(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	int row = view_latency_row(t->latency);
	double got = row < 0 ? NAN : latency_stat(view_latency(v, (uint32_t)row), t->stat);
	char text[200];

	if (got <= t->bound)
		return true;
	if (isnan(got)) /* what was not measured was not shown to hold */
		snprintf(text, sizeof(text), "%s: at most %g asked, nothing was measured", t->name,
			t->bound);
	else
		snprintf(text, sizeof(text), "%s: at most %g asked, %.6g got", t->name, t->bound,
			got);
	reason(v, reasons, text);
	return false;
}

/* With nothing started, no share of it failed: that is no success. */
static bool
judge_started(struct view *v, json_t *reasons)
{
	bool good = true;

	for (int placed = 1; placed >= 0; placed--) {
		struct rs_call_totals c = snapshot_totals(v->o, v->image, placed, true);
		char text[120];

		if (c.offered == 0 || c.started > 0)
			continue;
		good = false;
		snprintf(text, sizeof(text), "none of %llu calls %s was started",
			(unsigned long long)c.offered, placed ? "to be placed" : "that came");
		reason(v, reasons, text);
	}
	return good;
}

enum rs_verdict
verdict_of(struct view *v, json_t *reasons)
{
	static const struct rs_threshold none_fails = {
		.name = "failed_percent",
		.metric = RS_TH_FAILED_PERCENT,
		.bound = 0.0,
	};
	const struct rs_plan *plan = v->o->what.plan;
	bool good = true, set = false;

	if (v->facts->stopped_by_hand)
		reason(v, reasons, "stopped by hand");
	for (uint32_t i = 0; i < plan->n_thresholds; i++) {
		const struct rs_threshold *t = &plan->thresholds[i];

		set |= t->metric == RS_TH_FAILED_PERCENT;
		good &= t->metric == RS_TH_LATENCY ? judge_latency(v, t, reasons)
						   : judge_percent(v, t, reasons);
	}
	if (!set)
		good &= judge_percent(v, &none_fails, reasons);
	good &= judge_started(v, reasons);
	if (v->facts->stopped_by_hand)
		return RS_VERDICT_STOPPED;
	return good ? RS_VERDICT_PASSED : RS_VERDICT_FAILED;
}
