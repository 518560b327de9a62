/* SPDX-License-Identifier: BSD-3-Clause */
/* Histograms as a reader keeps them: 64-bit sums, merged over workers where they mean the same. */
#include <errno.h>
#include <stdlib.h>

#include "observe/internal.h"

static int
set_sources(struct samples *s, uint32_t n)
{
	s->sources = calloc(n ? n : 1, sizeof(*s->sources));
	s->n_sources = s->sources ? n : 0;
	return s->sources ? 0 : -ENOMEM;
}

static int
layout_activity(struct rs_observer *o, uint32_t a)
{
	const struct rs_observed *what = &o->what;
	uint32_t n_rtds = o->rtd_at[a + 1] - o->rtd_at[a];
	int rc = 0;

	for (uint32_t k = 0; k < LATENCIES && rc == 0; k++) {
		struct samples *s = &o->samples[a * LATENCIES + k];

		rc = set_sources(s, what->n_workers);
		for (uint32_t w = 0; w < s->n_sources; w++)
			s->sources[w].hist =
				what->accounts[w]->activities[a].cells.hists[RS_AM_TRYING + k];
	}
	for (uint32_t i = 0; i < n_rtds && rc == 0; i++) {
		struct samples *s = &o->samples[o->at_rtds + o->rtd_at[a] + i];

		rc = set_sources(s, what->n_workers);
		for (uint32_t w = 0; w < s->n_sources; w++)
			s->sources[w].hist = what->accounts[w]->activities[a].rtds[i].hists[0];
	}
	return rc;
}

int
samples_layout(struct rs_observer *o)
{
	const struct rs_observed *what = &o->what;
	uint32_t n = what->plan->n_activities, rtds = 0;
	int rc = 0;

	o->rtd_at = calloc(n + 1, sizeof(*o->rtd_at));
	if (!o->rtd_at)
		return -ENOMEM;
	for (uint32_t a = 0; a < n; a++) {
		o->rtd_at[a] = rtds;
		rtds += what->plan->activities[a].program->n_rtds;
	}
	o->rtd_at[n] = rtds;
	o->at_rtds = n * LATENCIES;
	o->at_turns = o->at_rtds + rtds;
	o->at_gaps = o->at_turns + what->n_workers;
	o->n_samples = o->at_gaps + what->n_workers;
	o->samples = calloc(o->n_samples + 1, sizeof(*o->samples));
	if (!o->samples)
		return -ENOMEM;
	for (uint32_t a = 0; a < n && rc == 0; a++)
		rc = layout_activity(o, a);
	for (uint32_t w = 0; what->workers && w < what->n_workers && rc == 0; w++) {
		rc = set_sources(&o->samples[o->at_turns + w], 1);
		if (rc == 0)
			rc = set_sources(&o->samples[o->at_gaps + w], 1);
		if (rc == 0) {
			o->samples[o->at_turns + w].sources->hist =
				what->workers[w]->hists[RS_WORK_TURN];
			o->samples[o->at_gaps + w].sources->hist =
				what->workers[w]->hists[RS_WORK_GAP];
		}
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
	}
	free(o->samples);
	free(o->rtd_at);
}

static bool
is_empty(const struct rs_hist *h)
{
	return atomic_load_explicit(&h->min_ns, memory_order_relaxed) == UINT64_MAX;
}

static bool
ready(struct samples *s, struct source *from)
{
	if (!from->last && is_empty(from->hist))
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
	}
	for (uint32_t i = 0; i < o->n_samples; i++)
		if (o->samples[i].sum)
			memcpy(o->samples[i].from[zero], o->samples[i].sum,
				sizeof(struct rs_hist_sum));
	return 0;
}

const struct rs_hist_sum *
samples_since(const struct samples *s, enum zero zero, struct rs_hist_sum *tmp)
{
	const struct rs_hist_sum *from = s->from[zero] ? s->from[zero] : s->from[ZERO_RUN];

	if (!s->sum || s->sum->count == (from ? from->count : 0))
		return NULL;
	if (!from)
		return s->sum;
	rs_hist_sum_diff(tmp, s->sum, from);
	return tmp;
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
	return &o->samples[activity * LATENCIES + LATENCY(row)];
}
