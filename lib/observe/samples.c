/* SPDX-License-Identifier: BSD-3-Clause */
/* Histograms as a reader keeps them: 64-bit sums, merged over workers where they mean the same. */
#include <errno.h>
#include <stdlib.h>

#include "observe/internal.h"

int
samples_sources(struct samples *s, uint32_t n)
{
	s->sources = calloc(n ? n : 1, sizeof(*s->sources));
	s->n_sources = s->sources ? n : 0;
	return s->sources ? 0 : -ENOMEM;
}

static int
layout_activity(struct rs_observer *o, uint32_t a)
{
	const struct rs_observed *what = &o->what;
	int rc = 0;

	for (uint32_t row = 0; row < RS_AM_COUNT && rc == 0; row++) {
		struct samples *s = samples_latency(o, a, row);

		if (!s)
			continue;
		rc = samples_sources(s, what->n_workers);
		s->splits = true;
		for (uint32_t w = 0; w < s->n_sources; w++)
			s->sources[w].hist = what->accounts[w]->activities[a].cells.hists[row];
	}
	return rc;
}

static int
layout_media(struct rs_observer *o, uint32_t a)
{
	int rc = 0;

	for (uint32_t row = 0; row < RS_MEDIA_COUNT && rc == 0; row++) {
		struct samples *s = samples_media(o, a, row);

		if (!s)
			continue;
		rc = samples_sources(s, o->what.n_workers);
		s->splits = true;
		for (uint32_t w = 0; w < s->n_sources; w++)
			s->sources[w].hist = o->what.accounts[w]->activities[a].media.hists[row];
	}
	return rc;
}

/* Row @row of the media of all activities of worker @w. */
static int
layout_media_worker(struct rs_observer *o, struct samples *s, uint32_t w, uint32_t row)
{
	uint32_t n = o->what.plan->n_activities;
	int rc = samples_sources(s, n + RS_LATE_ACTIVITIES); /* those without a histogram are yet to come */

	for (uint32_t a = 0; a < n && rc == 0; a++)
		s->sources[a].hist = o->what.accounts[w]->activities[a].media.hists[row];
	return rc;
}

/* Row @row of all activities of worker @w. */
static int
layout_worker(struct rs_observer *o, struct samples *s, uint32_t w, uint32_t row)
{
	uint32_t n = o->what.plan->n_activities;
	int rc = samples_sources(s, n + RS_LATE_ACTIVITIES); /* those without a histogram are yet to come */

	for (uint32_t a = 0; a < n && rc == 0; a++)
		s->sources[a].hist = o->what.accounts[w]->activities[a].cells.hists[row];
	return rc;
}

static void
number_rows(struct rs_observer *o)
{
	for (uint32_t row = 0; row < RS_AM_COUNT; row++)
		o->hist_of[row] = rs_activity_metrics_table.defs[row].type == RS_METRIC_HIST
			? o->n_hists++
			: NO_HIST;
	for (uint32_t row = RS_MEDIA_COUNT; row-- > 0;) /* the part of a row is looked at before its whole */
		o->media_hist_of[row] = rs_media_metrics_table.defs[row].type == RS_METRIC_HIST
			? o->n_media_hists++
			: NO_HIST;
}

int
samples_layout(struct rs_observer *o)
{
	const struct rs_observed *what = &o->what;
	uint32_t n = what->plan->n_activities, room = n + RS_LATE_ACTIVITIES;
	int rc = 0;

	number_rows(o);
	o->at_turns = room * o->n_hists;
	o->at_gaps = o->at_turns + what->n_workers;
	o->at_late_gap = o->at_gaps + what->n_workers; /* looked at before the whole it is part of */
	o->at_late = o->at_late_gap + what->n_workers;
	o->at_media_hists = o->at_late + what->n_workers;
	o->at_media_late_gap = o->at_media_hists + room * o->n_media_hists;
	o->at_media_late = o->at_media_late_gap + what->n_workers;
	o->n_samples = o->at_media_late + what->n_workers + sets_hists(o);
	o->samples = calloc(o->n_samples + 1, sizeof(*o->samples));
	if (!o->samples)
		return -ENOMEM;
	for (uint32_t a = 0; a < n && rc == 0; a++)
		rc = layout_activity(o, a);
	for (uint32_t a = 0; a < n && rc == 0; a++)
		rc = layout_media(o, a);
	for (uint32_t w = 0; w < what->n_workers && rc == 0; w++) {
		rc = layout_worker(o, &o->samples[o->at_late + w], w, RS_AM_LATENESS);
		if (rc == 0)
			rc = layout_worker(
				o, &o->samples[o->at_late_gap + w], w, RS_AM_LATENESS_GAP);
		if (rc == 0)
			rc = layout_media_worker(
				o, &o->samples[o->at_media_late + w], w, RS_MEDIA_LATENESS);
		if (rc == 0)
			rc = layout_media_worker(
				o, &o->samples[o->at_media_late_gap + w], w, RS_MEDIA_LATENESS_GAP);
	}
	if (rc == 0)
		rc = sets_layout_hists(o, o->at_media_late + what->n_workers);
	for (uint32_t w = 0; what->workers && w < what->n_workers && rc == 0; w++) {
		rc = samples_sources(&o->samples[o->at_turns + w], 1);
		if (rc == 0)
			rc = samples_sources(&o->samples[o->at_gaps + w], 1);
		if (rc == 0) {
			o->samples[o->at_turns + w].sources->hist =
				what->workers[w]->hists[RS_WORK_TURN];
			o->samples[o->at_gaps + w].sources->hist =
				what->workers[w]->hists[RS_WORK_GAP];
		}
	}
	return rc;
}

int
samples_activity(struct rs_observer *o, uint32_t a)
{
	int rc = layout_activity(o, a);

	if (rc == 0)
		rc = layout_media(o, a);
	for (uint32_t w = 0; w < o->what.n_workers && rc == 0; w++) {
		const struct rs_activity_account *x = &o->what.accounts[w]->activities[a];

		o->samples[o->at_late + w].sources[a].hist = x->cells.hists[RS_AM_LATENESS];
		o->samples[o->at_late_gap + w].sources[a].hist = x->cells.hists[RS_AM_LATENESS_GAP];
		o->samples[o->at_media_late + w].sources[a].hist = x->media.hists[RS_MEDIA_LATENESS];
		o->samples[o->at_media_late_gap + w].sources[a].hist = x->media.hists[RS_MEDIA_LATENESS_GAP];
	}
	return rc;
}

void
samples_free(struct rs_observer *o)
{
	for (uint32_t i = 0; o->samples && i < o->n_samples; i++) {
		struct samples *s = &o->samples[i];

		for (uint32_t k = 0; k < s->n_sources; k++)
			free(s->sources[k].last);
		free(s->sources);
		free(s->sum);
		free(s->from[ZERO_RUN]);
		free(s->from[ZERO_RESET]);
		free(s->mark);
		free(s->limited);
		free(s->limited_from);
	}
	free(o->samples);
}

static bool
is_empty(const struct rs_hist *h)
{
	return atomic_load_explicit(&h->min_ns, memory_order_relaxed) == UINT64_MAX;
}

static bool
ready(struct samples *s, struct source *from)
{
	if (!from->hist || (!from->last && is_empty(from->hist)))
		return false;
	if (!from->last)
		from->last = calloc(RS_HIST_CELLS, sizeof(*from->last));
	if (!s->sum)
		s->sum = rs_hist_sum_create();
	return from->last && s->sum;
}

/* rs_hist_collect takes sum and extremes over from its source as a whole: with several they are put together here. */
static void
collect(struct samples *s)
{
	uint64_t sum_ns = 0, min_ns = UINT64_MAX, max_ns = 0;

	for (uint32_t i = 0; i < s->n_sources; i++) {
		if (!ready(s, &s->sources[i]))
			continue;
		rs_hist_collect(s->sources[i].hist, s->sources[i].last, s->sum);
		sum_ns += s->sum->sum_ns;
		if (s->sum->min_ns < min_ns)
			min_ns = s->sum->min_ns;
		if (s->sum->max_ns > max_ns)
			max_ns = s->sum->max_ns;
	}
	if (!s->sum)
		return;
	s->sum->sum_ns = sum_ns;
	s->sum->min_ns = min_ns;
	s->sum->max_ns = max_ns;
}

void
samples_collect(struct rs_observer *o)
{
	for (uint32_t i = 0; i < o->n_samples; i++)
		collect(&o->samples[i]);
}

int
samples_set_zero(struct rs_observer *o, enum zero zero)
{
	/* All memory first, so that either all zeros move or none: a new one means the run's until then. */
	for (uint32_t i = 0; i < o->n_samples; i++) {
		struct samples *s = &o->samples[i];

		if (s->sum && !s->from[zero]) {
			s->from[zero] = rs_hist_sum_create();
			if (!s->from[zero])
				return -ENOMEM;
			if (s->from[ZERO_RUN])
				memcpy(s->from[zero], s->from[ZERO_RUN], sizeof(*s->sum));
		}
		if (s->limited && !s->limited_from) {
			s->limited_from = rs_hist_sum_create();
			if (!s->limited_from)
				return -ENOMEM;
		}
	}
	for (uint32_t i = 0; i < o->n_samples; i++) {
		struct samples *s = &o->samples[i];

		if (s->sum)
			memcpy(s->from[zero], s->sum, sizeof(*s->sum));
		if (s->limited && zero == ZERO_RESET)
			memcpy(s->limited_from, s->limited, sizeof(*s->limited));
	}
	return 0;
}

/* Difference of @now and @before, an earlier copy of it or NULL, in @tmp. @return @now itself when @before is NULL, NULL when equal */
static const struct rs_hist_sum *
grown(const struct rs_hist_sum *now, const struct rs_hist_sum *before, struct rs_hist_sum *tmp)
{
	if (!now || now->count == (before ? before->count : 0))
		return NULL;
	if (!before)
		return now;
	rs_hist_sum_diff(tmp, now, before);
	return tmp;
}

const struct rs_hist_sum *
samples_since(const struct samples *s, enum zero zero, struct rs_hist_sum *tmp)
{
	return grown(s->sum, s->from[zero] ? s->from[zero] : s->from[ZERO_RUN], tmp);
}

const struct rs_hist_sum *
samples_clean(const struct samples *s, enum zero zero, struct rs_hist_sum *tmp[2])
{
	const struct rs_hist_sum *all = samples_since(s, zero, tmp[0]), *limited;

	limited = grown(s->limited, zero == ZERO_RESET ? s->limited_from : NULL, tmp[1]);
	if (!all || !limited)
		return all;
	if (all->count == limited->count)
		return NULL;
	rs_hist_sum_diff(tmp[0], all, limited);
	return tmp[0];
}

const struct rs_hist_sum *
samples_interval(const struct samples *s, struct rs_hist_sum *tmp)
{
	return grown(s->sum, s->mark ? s->mark : s->from[ZERO_RUN], tmp);
}

/* Without memory the interval's samples stay with the next one's, and count as clean. */
static void
close_one(struct samples *s, bool limited, struct rs_hist_sum *tmp)
{
	const struct rs_hist_sum *part = samples_interval(s, tmp);

	if (!part)
		return;
	if (!s->mark)
		s->mark = rs_hist_sum_create();
	if (limited && s->splits && !s->limited)
		s->limited = rs_hist_sum_create();
	if (!s->mark || (limited && s->splits && !s->limited))
		return;
	if (limited && s->splits)
		rs_hist_sum_add(s->limited, part);
	memcpy(s->mark, s->sum, sizeof(*s->mark));
}

void
samples_close(struct rs_observer *o, bool limited)
{
	for (uint32_t i = 0; i < o->n_samples; i++)
		close_one(&o->samples[i], limited, o->scratch[1]);
}

void
samples_add(
	const struct samples *s, enum zero zero, struct rs_hist_sum *into, struct rs_hist_sum *tmp)
{
	const struct rs_hist_sum *sum = samples_since(s, zero, tmp);

	if (sum)
		rs_hist_sum_add(into, sum);
}

struct samples *
samples_latency(const struct rs_observer *o, uint32_t activity, uint32_t row)
{
	return o->hist_of[row] == NO_HIST ? NULL
					  : &o->samples[activity * o->n_hists + o->hist_of[row]];
}

struct samples *
samples_media(const struct rs_observer *o, uint32_t activity, uint32_t row)
{
	return o->media_hist_of[row] == NO_HIST
		? NULL
		: &o->samples[o->at_media_hists + activity * o->n_media_hists + o->media_hist_of[row]];
}
