/* SPDX-License-Identifier: BSD-3-Clause */
/* The run second by second, and the live line. */
#include <math.h>
#include <stdlib.h>

#include "observe/internal.h"

static double
ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* What came since the last closed interval into @n histograms from @from on, merged in scratch[0]. */
static const struct rs_hist_sum *
merged(struct rs_observer *o, uint32_t from, uint32_t n)
{
	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t i = from; i < from + n; i++) {
		const struct rs_hist_sum *s = samples_interval(&o->samples[i], o->scratch[1]);

		if (s)
			rs_hist_sum_add(o->scratch[0], s);
	}
	return o->scratch[0];
}

static const struct rs_hist_sum *
post_dial(struct rs_observer *o)
{
	const struct rs_plan *plan = o->what.plan;

	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t a = 0; a < plan->n_activities; a++) {
		if (is_placing(&plan->activities[a]) != o->places)
			continue;
		const struct rs_hist_sum *s = samples_interval(
			samples_latency(o, a, RS_AM_POST_DIAL_ALL), o->scratch[1]);

		if (s)
			rs_hist_sum_add(o->scratch[0], s);
	}
	return o->scratch[0];
}

static void
fill_times(struct rs_observer *o, struct interval *out, struct now *now)
{
	uint32_t n = o->what.n_workers;
	const struct rs_hist_sum *s = post_dial(o);

	*now = (struct now){ .late_p99_ms = NAN, .late_max_ms = NAN, .gap_max_ms = NAN };
	if (s->count) {
		out->p50 = ms(rs_hist_quantile(s, 0.5));
		out->p99 = ms(rs_hist_quantile(s, 0.99));
	}
	s = merged(o, o->at_late, n);
	if (s->count) {
		now->late_p99_ms = ms(rs_hist_quantile(s, 0.99));
		now->late_max_ms = ms(s->max_ns);
	}
	s = merged(o, o->at_gaps, n);
	if (s->count)
		now->gap_max_ms = ms(s->max_ns);
}

static void
read_cells(struct rs_observer *o, uint64_t *image)
{
	snapshot_read(o, image);
	snapshot_since(o, image, ZERO_RUN);
}

static void
fill_counts(
	struct rs_observer *o, const uint64_t *image, struct interval *out, struct now *now)
{
	struct rs_call_totals t = snapshot_totals(o, image, o->places, false);
	struct signals all = signals_of(o, image);

	now->grown = signals_minus(&all, &o->signals_before);
	out->offered = t.offered - o->before.offered;
	out->started = t.started - o->before.started;
	out->failed = t.failed - o->before.failed;
	out->open = t.open;
}

/* Calls of either side, and registrations: what is answered suffers as what is placed does. */
static bool
had_calls(const struct rs_observer *o, const uint64_t *image)
{
	struct rs_call_totals t = snapshot_totals(o, image, !o->places, false);
	const struct rs_call_totals *was = &o->before_other;
	struct rs_call_totals mine = snapshot_totals(o, image, o->places, false);

	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		const uint64_t *now = snapshot_activity(o, image, a), *before = snapshot_activity(o, o->limits.before, a);

		if (now[RS_AM_REG_UNDER_WAY] || now[RS_AM_REG_DONE] != before[RS_AM_REG_DONE] ||
			now[RS_AM_REG_REFRESHED] != before[RS_AM_REG_REFRESHED])
			return true;
	}
	return t.open || was->open || mine.open || o->before.open || t.offered != was->offered ||
		mine.offered != o->before.offered;
}

/*
 * Close the interval. When it was limited, that is told to the workers before calls are counted: a call that ends in between is
 * among those of this interval, and one that ends later knows it by itself.
 */
static void
close_interval(
	struct rs_observer *o, uint64_t *image, uint64_t now_ns, struct interval *out, struct now *now)
{
	out->calls = had_calls(o, image);
	out->limited = limits_judge(o, image, out);
	if (out->limited) {
		if (o->what.limited_until)
			atomic_store_explicit(o->what.limited_until, now_ns, memory_order_relaxed);
		read_cells(o, image);
		fill_counts(o, image, out, now);
	}
	signals_text(now, out->n_breaches ? &o->limits.breaches[out->first_breach] : NULL);
	taint_close(o, image, out->limited);
	conn_peaks_close(o, image, out->length_s);
	samples_close(o, out->limited);
	o->before = snapshot_totals(o, image, o->places, false);
	o->before_other = snapshot_totals(o, image, !o->places, false);
	o->signals_before = signals_of(o, image);
	o->looked_ns = now_ns;
}

/* The part of the run since the last closed interval. */
static void
cut(struct rs_observer *o, uint64_t now_ns, bool close, struct interval *out, struct now *now)
{
	uint64_t from = o->looked_ns > o->t0_ns ? o->looked_ns : o->t0_ns;
	uint64_t *image = calloc(o->image_cells + 1, sizeof(*image));

	samples_collect(o);
	*out = (struct interval){
		.t = o->n_intervals,
		.length_s = now_ns > from ? (double)(now_ns - from) / 1e9 : 0,
		.p50 = NAN,
		.p99 = NAN,
	};
	fill_times(o, out, now);
	if (image) {
		read_cells(o, image);
		fill_counts(o, image, out, now);
		if (close)
			close_interval(o, image, now_ns, out, now);
	}
	free(image);
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
	uint32_t first = o->n_intervals;
	uint64_t open = o->before.open;
	struct interval last;

	cut(o, now_ns, true, &last, &o->now);
	last.t = whole - 1;
	for (; o->n_intervals + 1 < whole; o->n_intervals++)
		o->intervals[o->n_intervals] = (struct interval){
			.t = o->n_intervals,
			.open = open,
			.p50 = NAN,
			.p99 = NAN,
			.calls = last.calls,
			.limited = last.limited, /* and so does what limited it */
		};
	o->intervals[o->n_intervals++] = last;
	if (last.limited)
		for (uint32_t k = first; k + 1 < o->n_intervals; k++) {
			o->intervals[k].first_breach = last.first_breach;
			o->intervals[k].n_breaches = last.n_breaches;
		}
}

void
rs_observer_end(struct rs_observer *o, uint64_t now_ns, uint64_t t0_ns)
{
	struct interval last;
	struct now now;

	rs_observer_tick(o, now_ns, t0_ns);
	if (o->ended || now_ns <= t0_ns || !interval_tail(o, now_ns, &last) ||
		!reserve(o, (uint64_t)o->n_intervals + 1))
		return;
	cut(o, now_ns, true, &last, &now);
	o->intervals[o->n_intervals++] = last;
	o->ended = true;
}

bool
interval_tail(struct rs_observer *o, uint64_t now_ns, struct interval *out)
{
	struct now now;

	if (o->ended)
		return false;
	cut(o, now_ns, false, out, &now);
	return out->offered || out->started || out->failed || out->open || !isnan(out->p50);
}

uint64_t
rs_observer_limited(const struct rs_observer *o)
{
	uint64_t n = 0;

	for (uint32_t k = 0; k < o->n_intervals; k++)
		n += o->intervals[k].limited;
	return n;
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
		.limited = rs_observer_limited(o),
		.registers = o->registers,
		.registered = all.registered,
		.health = o->now.text,
	};
}
