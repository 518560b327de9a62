/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the observer share. */
#ifndef RS_OBSERVE_INTERNAL_H
#define RS_OBSERVE_INTERNAL_H

#include <math.h>
#include <string.h>

#include "observe/observe.h"

#define LATENCIES    7 /* rows of an activity's histograms, RS_AM_TRYING first */
#define LATENCY(row) ((uint32_t)(row)-RS_AM_TRYING)
_Static_assert(RS_AM_POST_DIAL_ALL - RS_AM_TRYING + 1 == LATENCIES,
	"all rows from TRYING on are histograms");

/** From when on figures count. */
enum zero { ZERO_RUN, ZERO_RESET };

/**
 * What one histogram, or several that mean the same (one a worker), have counted. Memory is taken when the first sample is seen:
 * 96 KiB and 48 KiB a source add up, and most histograms of a run stay empty.
 */
struct samples {
	struct source {
		const struct rs_hist *hist;
		uint32_t *last; /* cells as collected before; NULL: nothing seen yet */
	} * sources;
	uint32_t n_sources;
	struct rs_hist_sum *sum;     /* all since the process began; NULL: nothing */
	struct rs_hist_sum *from[2]; /* by enum zero: copies of sum; NULL: was empty then */
};

/** Signals of trouble, counted; the generator's own and its neighbourhood's. */
struct signals {
	uint64_t misses, device_no_mbuf, tx_full, tx_no_mbuf, pool_empty,
		redirect_full;                        /* hard: something was lost here */
	uint64_t full_bursts, rx_packets, unresolved; /* worth a look */
};

/** One closed second. Times in ms, NAN without samples. */
struct interval {
	uint64_t t;      /* start, seconds since the run's */
	double length_s; /* from look to look: control may come late, and a rate is by what it saw */
	uint64_t offered, started, open, failed;
	double p50, p99;
	bool limited;
};

/** The last closed interval's signals, for the live line and `health`. */
struct now {
	struct signals grown;
	double late_p99_ms, late_max_ms, gap_max_ms; /* NAN without samples */
	char text[64];                               /* "ok" or what stands out */
};

/** A merged histogram of which intervals are cut. */
struct window {
	struct rs_hist_sum *before;
};

enum window_kind { WINDOW_POST_DIAL, WINDOW_LATENESS, WINDOW_GAP, WINDOWS };

struct rs_observer {
	struct rs_observed what;
	/* where an image (a flat array of all cells) holds what */
	uint32_t at_steps, at_counters, at_failures, at_engine, at_workers, at_ports, image_cells;
	uint32_t *step_at, *counter_at, *failure_at,
		*rtd_at; /* per activity, from the group's start; one more: the end */
	uint64_t *from
		[2]; /* by enum zero: images; [ZERO_RUN]: of the processes' own cells, the rest 0 */
	uint64_t zero_ns; /* of the last reset; 0: none */
	uint64_t t0_ns, last_ns;
	uint64_t looked_ns; /* when the last interval was closed; 0: none yet */
	/* histograms: LATENCIES per activity, timers, turns, gaps */
	struct samples *samples;
	uint32_t n_samples, at_rtds, at_turns, at_gaps;
	struct window windows[WINDOWS];
	struct rs_hist_sum *scratch[2];
	/* intervals */
	struct interval *intervals;
	uint32_t n_intervals, cap_intervals;
	struct rs_call_totals before; /* at the end of the last closed one */
	struct signals signals_before;
	struct now now;
	bool places; /* some activity places calls: intervals and thresholds are of those */
};

/* snapshot.c: all cells at one time */
static inline bool
is_placing(const struct rs_plan_activity *a)
{
	return a->kind != RS_DO_ANSWER;
}
int snapshot_layout(struct rs_observer *o);
/** Every cell now; offered, open are made of the others, so that their sums hold while workers count. */
void snapshot_read(const struct rs_observer *o, uint64_t *image);
/** @image minus what was there at @zero; what is a state (open, peak, gauges) stays. */
void snapshot_since(const struct rs_observer *o, uint64_t *image, enum zero zero);
const uint64_t *snapshot_activity(
	const struct rs_observer *o, const uint64_t *image, uint32_t activity);
const uint64_t *snapshot_step(
	const struct rs_observer *o, const uint64_t *image, uint32_t activity, uint32_t step);
const uint64_t *snapshot_engine(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker);
const uint64_t *snapshot_worker(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker);
const uint64_t *snapshot_port(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker, uint32_t port);
void call_totals_add(struct rs_call_totals *into, const uint64_t *cells, bool measured);
/** Totals of the placing, or of the answering activities of an image. */
struct rs_call_totals snapshot_totals(
	const struct rs_observer *o, const uint64_t *image, bool placed, bool measured);

/* samples.c: histograms */
int samples_layout(struct rs_observer *o);
void samples_free(struct rs_observer *o);
/** Look at all histograms. Without memory for a new one its samples wait in the cells for the next look. */
void samples_collect(struct rs_observer *o);
/** Make now the zero @zero. @return 0, -ENOMEM */
int samples_set_zero(struct rs_observer *o, enum zero zero);
/** What came since @zero, in @tmp; NULL: nothing did. */
const struct rs_hist_sum *samples_since(
	const struct samples *s, enum zero zero, struct rs_hist_sum *tmp);
/** Add what came since @zero to @into. @param tmp  scratch */
void samples_add(
	const struct samples *s, enum zero zero, struct rs_hist_sum *into, struct rs_hist_sum *tmp);
struct samples *samples_latency(const struct rs_observer *o, uint32_t activity, uint32_t row);

/* health.c */
void signals_add_port(struct signals *s, const uint64_t *cells);
struct signals signals_of(const struct rs_observer *o, const uint64_t *image);
struct signals signals_minus(const struct signals *a, const struct signals *b);
bool signals_hard(const struct signals *s);
/** The one signal that stands out most, or "ok". */
void signals_text(struct now *now);

/* interval.c */
/** What has come since the last closed interval, up to @now_ns, as one of its own. @return false: nothing has */
bool interval_tail(struct rs_observer *o, uint64_t now_ns, struct interval *out);

/* json.c */
struct maker {
	bool failed; /* out of memory: the whole is given up at the end */
};
void put(struct maker *m, json_t *object, const char *key, json_t *value);
void put_count(struct maker *m, json_t *object, const char *key, uint64_t value);
void put_text(struct maker *m, json_t *object, const char *key, const char *text);
void put_number(struct maker *m, json_t *object, const char *key, double value); /* NAN: null */
void append(struct maker *m, json_t *array, json_t *value);
json_t *text_json(const char *p, size_t len); /* what is not UTF-8 becomes '?' */
/** {count, min, mean, p50, p90, p99, p999, max} in units of @unit_ns; @s NULL: count 0 and nulls. */
json_t *latency_json(struct maker *m, const struct rs_hist_sum *s, double unit_ns);
/** One of those figures in ms by its name; NAN without samples or for an unknown name. */
double latency_stat(const struct rs_hist_sum *s, const char *stat);

/* What a report is made from. */
struct view {
	struct rs_observer *o;
	const struct rs_run_facts *facts;
	const uint64_t *image; /* since zero */
	enum zero zero;
	uint64_t from_ns, to_ns; /* what it covers */
	struct maker maker;
};

/* report.c */
/** All activities' samples of a latency, in a scratch of the observer's. */
const struct rs_hist_sum *view_latency(struct view *v, uint32_t row);
/** Row of an activity's cells by the name in `latency_ms`; -1: no such. */
int view_latency_row(const char *name);
/* report_parts.c */
json_t *failures_json(struct view *v);
json_t *scenarios_json(struct view *v);
json_t *response_times_json(struct view *v);
json_t *counters_json(struct view *v);
json_t *environment_json(struct view *v);
/* health_json.c */
json_t *health_json(struct view *v);
/* verdict.c */
enum rs_verdict verdict_of(struct view *v, json_t *reasons);

#endif
