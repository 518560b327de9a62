/* SPDX-License-Identifier: BSD-3-Clause */
/* The run second by second, and the live line. */
#include <math.h>
#include <stdlib.h>

#include "observe/internal.h"

/* What @kind is about, merged into scratch[0]. */
static void
merge(struct rs_observer *o, enum window_kind kind)
{
	const struct rs_plan *plan = o->what.plan;

	rs_hist_sum_clear(o->scratch[0]);
	if (kind == WINDOW_GAP) {
		for (uint32_t w = 0; w < o->what.n_workers; w++)
			samples_add(&o->samples[o->at_gaps + w], ZERO_RUN, o->scratch[0],
				o->scratch[1]);
		return;
	}
	for (uint32_t a = 0; a < plan->n_activities; a++)
		if (is_placing(&plan->activities[a]) == o->places)
			samples_add(samples_latency(o, a,
					    kind == WINDOW_LATENESS ? RS_AM_LATENESS
								    : RS_AM_POST_DIAL_ALL),
				ZERO_RUN, o->scratch[0], o->scratch[1]);
}

/* What came into @kind since its window was closed last, in scratch[1]; NULL: nothing. @param close  begin a new window */
static const struct rs_hist_sum *
window(struct rs_observer *o, enum window_kind kind, bool close)
{
	struct rs_hist_sum *before = o->windows[kind].before;

	merge(o, kind);
	if (o->scratch[0]->count == before->count)
		return NULL;
	rs_hist_sum_diff(o->scratch[1], o->scratch[0], before);
	if (close)
		memcpy(before, o->scratch[0], sizeof(*before));
	return o->scratch[1];
}

static double
ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* The part of the run since the last closed interval. */
static void
cut(struct rs_observer *o, uint64_t now_ns, bool close, struct interval *out, struct now *now)
{
	uint64_t from = o->looked_ns > o->t0_ns ? o->looked_ns : o->t0_ns;
	uint64_t *image = calloc(o->image_cells + 1, sizeof(*image));
	const struct rs_hist_sum *s;

	samples_collect(o);
	*out = (struct interval){
		.t = o->n_intervals,
		.length_s = now_ns > from ? (double)(now_ns - from) / 1e9 : 0,
		.p50 = NAN,
		.p99 = NAN,
	};
	*now = (struct now){ .late_p99_ms = NAN, .late_max_ms = NAN, .gap_max_ms = NAN };
	if (image) {
		snapshot_read(o, image);
		snapshot_since(o, image, ZERO_RUN);

		struct rs_call_totals t = snapshot_totals(o, image, o->places, false);
		struct signals all = signals_of(o, image);

		now->grown = signals_minus(&all, &o->signals_before);
		out->offered = t.offered - o->before.offered;
		out->started = t.started - o->before.started;
		out->failed = t.failed - o->before.failed;
		out->open = t.open;
		out->limited = signals_hard(&now->grown);
		if (close) {
			o->before = t;
			o->signals_before = all;
			o->looked_ns = now_ns;
		}
	}
	free(image);
	s = window(o, WINDOW_POST_DIAL, close);
	if (s) {
		out->p50 = ms(rs_hist_quantile(s, 0.5));
		out->p99 = ms(rs_hist_quantile(s, 0.99));
	}
	s = window(o, WINDOW_LATENESS, close);
	if (s) {
		now->late_p99_ms = ms(rs_hist_quantile(s, 0.99));
		now->late_max_ms = ms(s->max_ns);
	}
	s = window(o, WINDOW_GAP, close);
	if (s)
		now->gap_max_ms = ms(s->max_ns);
	signals_text(now);
}

static bool
reserve(struct rs_observer *o, uint64_t n)
{
	struct interval *more;
	uint64_t cap = o->cap_intervals ? o->cap_intervals : 64;

	while (cap < n)
		cap *= 2;
	if (cap == o->cap_intervals)
		return true;
	more = realloc(o->intervals, cap * sizeof(*more));
	if (!more)
		return false;
	o->intervals = more;
	o->cap_intervals = (uint32_t)cap;
	return true;
}

void
rs_observer_tick(struct rs_observer *o, uint64_t now_ns, uint64_t t0_ns)
{
	uint64_t whole;

	o->t0_ns = t0_ns;
	if (now_ns > o->last_ns)
		o->last_ns = now_ns;
	if (now_ns < t0_ns)
		return;
	whole = (now_ns - t0_ns) / RS_NS_PER_S;
	if (whole <= o->n_intervals || whole > UINT32_MAX / 2 || !reserve(o, whole))
		return;
	/* Seconds that nobody looked at in time: what they counted shows in the last of them. */
	while (o->n_intervals + 1 < whole) {
		struct interval *i = &o->intervals[o->n_intervals];

		*i = (struct interval){
			.t = o->n_intervals, .open = o->before.open, .p50 = NAN, .p99 = NAN
		};
		o->n_intervals++;
	}
	struct interval last;

	cut(o, now_ns, true, &last, &o->now);
	o->intervals[o->n_intervals++] = last;
}

bool
interval_tail(struct rs_observer *o, uint64_t now_ns, struct interval *out)
{
	struct now now;

	cut(o, now_ns, false, out, &now);
	return out->offered || out->started || out->failed || out->open || !isnan(out->p50);
}

void
rs_observer_live(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns,
	struct rs_live *out)
{
	const struct interval *i = o->n_intervals ? &o->intervals[o->n_intervals - 1] : NULL;
	struct rs_totals all;
	const struct rs_call_totals *t = o->places ? &all.placed : &all.answered;

	rs_observer_totals(o, &all);
	*out = (struct rs_live){
		.elapsed_s = now_ns > facts->t0_ns && facts->t0_ns
			? (double)(now_ns - facts->t0_ns) / 1e9
			: 0,
		.rate_asked = facts->rate_hz,
		.rate_reached = i && i->length_s > 0 ? (double)i->started / i->length_s : NAN,
		.p50_ms = i ? i->p50 : NAN,
		.p99_ms = i ? i->p99 : NAN,
		.open = t->open,
		.failed = t->failed,
		.offered = t->offered,
		.completed = t->completed,
		.health = o->now.text,
	};
}
