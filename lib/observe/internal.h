/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the observer share. */
#ifndef RS_OBSERVE_INTERNAL_H
#define RS_OBSERVE_INTERNAL_H

#include <math.h>
#include <string.h>

#include "observe/observe.h"

#define NO_HIST   UINT32_MAX
#define SCRATCHES 4

/** Whatever has to do with connections, added up over workers and threads: see connections.c. */
enum set_kind { SET_FLOWS, SET_CONNS, SET_TCP, SET_HANDSHAKES, SETS };

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
	struct rs_hist_sum *mark;    /* copy of sum at the end of the last closed interval */
	struct rs_hist_sum *limited; /* what came in limited intervals; NULL: nothing, or nobody asks */
	struct rs_hist_sum *limited_from; /* copy of that at ZERO_RESET */
	bool splits;                      /* kept with and without limited intervals */
};

/** Signals of trouble, counted; the generator's own and its neighbourhood's. */
struct signals {
	uint64_t misses, misses_inferred, device_no_mbuf, tx_full, tx_no_mbuf, pool_empty,
		redirect_full;                        /* hard: something was lost here */
	uint64_t full_bursts, rx_packets, unresolved; /* worth a look */
};

/** One closed second. Times in ms, NAN without samples. */
struct interval {
	uint64_t t;      /* start, seconds since the run's */
	double length_s; /* from look to look: control may come late, and a rate is by what it saw */
	uint64_t offered, started, open, failed;
	double p50, p99;
	bool calls; /* some call was open or offered in it */
	bool limited;
	uint32_t first_breach, n_breaches; /* which bounds were broken: limits.breaches */
};

/** Bounds; what was lost comes after what was slow. */
enum limit {
	LIMIT_BUSY,
	LIMIT_LATENESS,
	LIMIT_LATENESS_ALL, /* with what gaps explain of it */
	LIMIT_GAP,
	LIMIT_MEDIA_LATENESS,
	LIMIT_MEDIA_LATENESS_ALL, /* with what gaps explain of it */
	LIMIT_TX_FULL,
	LIMIT_TX_NO_MBUF,
	LIMIT_RX_NO_MBUF,
	LIMIT_MISSES,
	LIMIT_MISSES_INFERRED,
	LIMIT_REDIRECT_FULL,
	LIMIT_MEMORY,
	LIMITS
};
#define NOWHERE UINT16_MAX /* a worker or port that does not apply */

struct limit_rule {
	const char *name, *unit;
	const char *live; /* format of the value, for the live line */
	size_t bound;     /* offset in struct rs_health_bounds */
	double factor;    /* of that */
	bool by_time;     /* of no matter while there is no call */
};
extern const struct limit_rule limit_rules[LIMITS];

/** A bound that an interval broke, with the worst worker and port. */
struct breach {
	double value;
	uint16_t worker, port;
	uint8_t limit; /* enum limit */
};

struct limits {
	struct limit_state {
		double worst; /* of all intervals, those within the bound too */
		uint16_t worker, port;
		uint64_t worst_t;
		uint64_t intervals; /* that broke it */
	} of[LIMITS];
	uint64_t *before; /* the image at the end of the last closed interval */
	struct breach *breaches;
	uint32_t n_breaches, cap_breaches;
};

/** Calls that overlapped limited intervals. */
struct taint {
	uint64_t calls, failed;
};
struct taint_count {
	struct taint ended, known; /* at the end of the last closed interval: of all, and of those that knew it themselves */
	struct taint added;        /* those that ended before anybody knew */
	struct taint at_reset;     /* of added */
};

/** The same of streams and their packets, by row from RS_MEDIA_M_JUDGED on. */
struct media_taint {
	uint64_t ended[RS_MEDIA_MEASURED], known[RS_MEDIA_MEASURED], added[RS_MEDIA_MEASURED], at_reset[RS_MEDIA_MEASURED];
};

/** The last closed interval's signals, for the live line and `health`. */
struct now {
	struct signals grown;
	double late_p99_ms, late_max_ms, gap_max_ms; /* NAN without samples */
	char text[64];                               /* "ok" or what stands out */
};

struct rs_observer {
	struct rs_observed what;
	/* where an image (a flat array of all cells) holds what */
	uint32_t at_engine, at_workers, at_ports, at_media, at_media_workers, at_sets, at_parts, image_cells;
	/** A program that an activity plays or has played; behind everything else, in the order of their numbers. */
	struct part {
		uint32_t activity, nth;       /* of its programs */
		uint32_t n_steps, n_rtds, n_counters;
		uint32_t at_steps, at_counters, at_failures; /* in an image */
		uint32_t at_rtds;             /* in samples */
		char *scenario;               /* its file */
		struct part_step {
			uint8_t kind; /* enum rs_step_kind */
			char *name;
		} *steps;
		char **rtds, **counters;      /* their names */
		struct rs_program_account **accounts; /* one a worker */
	} *parts;
	uint32_t n_parts;
	struct swap {
		uint64_t at_ns;
		uint32_t from, to; /* parts */
		uint64_t open;     /* calls of the activity then */
	} *swaps;
	uint32_t n_swaps;
	uint64_t *from
		[2]; /* by enum zero: images; [ZERO_RUN]: of the processes' own cells, the rest 0 */
	uint64_t zero_ns; /* of the last reset; 0: none */
	uint64_t t0_ns, last_ns;
	uint64_t looked_ns; /* when the last interval was closed; 0: none yet */
	/* histograms: those of each activity, timers; of each worker turns, gaps, lateness and what gaps explain of it */
	uint32_t hist_of[RS_AM_COUNT], n_hists; /* which of an activity's each row is; NO_HIST: it is none */
	struct samples *samples;
	uint32_t n_samples, at_turns, at_gaps, at_late, at_late_gap;
	uint32_t media_hist_of[RS_MEDIA_COUNT], n_media_hists; /* the same of media */
	uint32_t at_media_hists, at_media_late, at_media_late_gap;
	struct set {
		const struct rs_metric_table *table; /* NULL: there is no such */
		struct rs_metrics *const *metrics;   /* n of them, added up */
		uint32_t n, at, at_hists;            /* in an image; of its histograms, in samples */
	} sets[SETS];
	struct rs_metrics **flows;                   /* of the accounts: what sets[SET_FLOWS] adds up */
	struct rs_hist_sum *scratch[SCRATCHES];
	/* intervals */
	struct interval *intervals;
	uint32_t n_intervals, cap_intervals;
	struct rs_call_totals before; /* at the end of the last closed one */
	struct rs_call_totals before_other; /* and of the other side: answered where `before` is placed */
	struct signals signals_before;
	struct conn_peaks {
		uint64_t syns, handshakes; /* so far */
		double syns_per_s, handshakes_per_s; /* in the second with the most, since the last reset */
	} conn_peaks;
	struct now now;
	struct limits limits;
	struct taint_count taint[2][2]; /* [placed][measured] */
	struct media_taint media_taint;
	bool ended;                     /* the run is: no interval comes after the last one */
	bool places; /* some activity places calls: intervals and thresholds are of those */
	bool registers; /* some activity registers endpoints */
};

/* snapshot.c: all cells at one time */
static inline bool
is_placing(const struct rs_plan_activity *a)
{
	return rs_activity_places(a->kind);
}
int snapshot_layout(struct rs_observer *o);
/** Every cell now; offered, open are made of the others, so that their sums hold while workers count. */
void snapshot_read(const struct rs_observer *o, uint64_t *image);
/** @image minus what was there at @zero; what is a state (open, peak, gauges) stays. */
void snapshot_since(const struct rs_observer *o, uint64_t *image, enum zero zero);
const uint64_t *snapshot_activity(
	const struct rs_observer *o, const uint64_t *image, uint32_t activity);
const uint64_t *snapshot_engine(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker);
const uint64_t *snapshot_worker(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker);
const uint64_t *snapshot_port(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker, uint32_t port);
const uint64_t *snapshot_media(
	const struct rs_observer *o, const uint64_t *image, uint32_t activity);
const uint64_t *snapshot_media_worker(
	const struct rs_observer *o, const uint64_t *image, uint32_t worker);
void call_totals_add(struct rs_call_totals *into, const uint64_t *cells, bool measured);
/** Totals of the placing, or of the answering activities of an image. */
struct rs_call_totals snapshot_totals(
	const struct rs_observer *o, const uint64_t *image, bool placed, bool measured);

/* programs.c */
/** What activity @activity plays now. @return 0, -ENOMEM */
int programs_layout(struct rs_observer *o, uint32_t activity);
void programs_free(struct rs_observer *o);
void programs_read(const struct rs_observer *o, uint64_t *image);
/** The programs of an activity in the order in which they were played: the one behind @before; NULL: the first one. */
const struct part *part_next(const struct rs_observer *o, uint32_t activity, const struct part *before);

/* samples.c: histograms */
/** Room for @n histograms. @return 0, -ENOMEM */
int samples_sources(struct samples *s, uint32_t n);
/** The histograms of activity @activity, which has come while the run is on. @return 0, -ENOMEM */
int samples_activity(struct rs_observer *o, uint32_t activity);
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
/** The same without what came in limited intervals. */
const struct rs_hist_sum *samples_clean(
	const struct samples *s, enum zero zero, struct rs_hist_sum *tmp[2]);
/** What came since the last closed interval, in @tmp; NULL: nothing did. */
const struct rs_hist_sum *samples_interval(const struct samples *s, struct rs_hist_sum *tmp);
/** An interval is closed: the next one begins here. */
void samples_close(struct rs_observer *o, bool limited);
/** NULL when @row is no histogram. */
struct samples *samples_latency(const struct rs_observer *o, uint32_t activity, uint32_t row);
/** The same of rs_media_metrics_table. */
struct samples *samples_media(const struct rs_observer *o, uint32_t activity, uint32_t row);

/* health.c */
void signals_add_port(struct signals *s, const uint64_t *cells);
struct signals signals_of(const struct rs_observer *o, const uint64_t *image);
struct signals signals_minus(const struct signals *a, const struct signals *b);
/** The one signal that stands out most, or "ok". @param broken  a bound of the interval; NULL: it was not limited */
void signals_text(struct now *now, const struct breach *broken);

/* limits.c */
int limits_create(struct rs_observer *o);
void limits_free(struct rs_observer *o);
double limit_bound(const struct rs_observer *o, enum limit which);
/** Hold what came since the last closed interval against the bounds, and begin the next one. @return limited */
bool limits_judge(struct rs_observer *o, const uint64_t *image, struct interval *i);
/** Does it lie in the measured window, in part at least? */
bool interval_measured(const struct rs_observer *o, const struct interval *i);
/** Closed intervals of the measured window in which there was something to judge, and how many of them were limited. */
void limits_share(const struct rs_observer *o, uint64_t *limited, uint64_t *judged);
/** Lateness without the part that gaps explain, in @out (which may be @all). */
void lateness_clear(const struct rs_hist_sum *all, const struct rs_hist_sum *gaps,
	struct rs_hist_sum *scratch, struct rs_hist_sum *out);

/* taint.c */
void taint_close(struct rs_observer *o, const uint64_t *image, bool limited);
void taint_reset(struct rs_observer *o);

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

/* registrations.c */
/** Whose figures an activity's are. Placed and answered calls are told apart by a bool in many places: the numbers are those. */
enum side { SIDE_ANSWERED, SIDE_PLACED, SIDE_REGISTERED, SIDES };
enum side side_of(const struct rs_plan_activity *a);
/** First registrations of an activity in the members that all activities have. */
void registrations_as_calls(struct rs_call_totals *into, const uint64_t *cells);
/** Row @row of all activities that register. */
uint64_t view_registrations(const struct view *v, uint32_t row);
/** The report's `registrations`; null when the plan registers nothing. */
json_t *registrations_json(struct view *v);

/* report.c */
/** All activities' samples of a latency, in a scratch of the observer's. */
const struct rs_hist_sum *view_latency(struct view *v, uint32_t row);
/** Row of an activity's cells by the name in `latency_ms`; -1: no such. */
int view_latency_row(const char *name);
/** The same without what came in limited intervals. */
const struct rs_hist_sum *view_latency_clean(struct view *v, uint32_t row);
/* taint.c */
/** Calls that ended and overlapped a limited interval. */
struct taint view_taint(const struct view *v, bool placed, bool measured);
/** Of what counter @row (of the measured window) has over all activities, what is of calls that overlapped a limited interval. */
uint64_t view_media_tainted(const struct view *v, uint32_t row);
/* limits_json.c */
/** Every bound: {name, bound, unit, worst, worst_t, intervals, worker, port, remedy}. */
json_t *bounds_json(struct view *v);
/** The bounds that one interval broke: {bound, value, unit, worker, port}. */
json_t *breaches_json(struct view *v, const struct interval *i);
/** The latest limited intervals: {t, limits}. */
json_t *limited_json(struct view *v);
/** A sentence on each bound that was broken. */
void append_broken_bounds(struct view *v, json_t *list);
/* report_parts.c */
json_t *failures_json(struct view *v);
json_t *scenarios_json(struct view *v);
json_t *response_times_json(struct view *v);
json_t *counters_json(struct view *v);
/* programs.c */
/** When activities went over to other programs: {t, activity, from, to, program, open}. */
json_t *swaps_json(struct view *v);
/* report_parts.c */
json_t *environment_json(struct view *v);
/* legs_json.c */
/** {by, matched, unmatched, ..., delay_ms}; null when the plan matches no legs. */
json_t *legs_json(struct view *v);
/* media_json.c */
/** Streams, packets, what became of them; null when no activity of the plan has media. */
json_t *media_json(struct view *v);
/** The sum of a counter of media over all activities. */
uint64_t view_media(const struct view *v, uint32_t row);
/** All activities' samples of a histogram of media, in a scratch of the observer's; @clean: without limited intervals. */
const struct rs_hist_sum *view_media_hist(struct view *v, uint32_t row, bool clean);
/* media_verdict.c */
/** What a threshold comes to. Broken by tainted calls alone, it says nothing about the SUT. */
enum judgement { HOLDS, TAINTED, BROKEN };
/** What thresholds of streams are over: the measured window, with streams of tainted calls and without. */
struct streams_measured {
	uint64_t judged, one_way, rated, expected, lost;
	double mos_min, mos_wide_min, jitter_max_ms; /* NAN: none was measured */
};
struct streams_measured streams_measured(struct view *v, bool clean);
/** The report's `media.measured`. */
json_t *streams_measured_json(struct view *v);
/** A threshold of streams. */
enum judgement judge_media(struct view *v, const struct rs_threshold *t, json_t *reasons);
/* connections.c */
int sets_create(struct rs_observer *o);
void sets_free(struct rs_observer *o);
/** @return how many cells of an image the sets take, from @at on */
uint32_t sets_layout(struct rs_observer *o, uint32_t at);
void sets_read(const struct rs_observer *o, uint64_t *image);
uint32_t sets_hists(const struct rs_observer *o);
int sets_layout_hists(struct rs_observer *o, uint32_t at);
/** An interval of so long is closed: was it the one with the most SYNs, or handshakes? @image has the whole run's cells. */
void conn_peaks_close(struct rs_observer *o, const uint64_t *image, double length_s);
/** Row @row of set @kind; 0: there is no such set. */
uint64_t set_count(const struct view *v, enum set_kind kind, uint32_t row);
/** NULL: nothing came. */
const struct rs_hist_sum *set_hist(struct view *v, enum set_kind kind, uint32_t row);
/** The report's `connections`; null when the plan has datagrams only. */
json_t *connections_json(struct view *v);
/* health_json.c */
json_t *health_json(struct view *v);
/* verdict.c */
enum rs_verdict verdict_of(struct view *v, json_t *reasons);
/* owners.c */
enum owner { OWNER_SUT, OWNER_PLAN, OWNER_GENERATOR, OWNER_STOP, OWNERS };
/** Whose doing a failure of cause @cause is. */
enum owner cause_owner(uint32_t cause);
/** What failed on a side by cause, all steps and activities together. */
void view_causes(const struct view *v, enum side side, uint64_t causes[RS_CAUSES]);
/** What failed there for a cause that names the generator itself. */
uint64_t view_own_failures(const struct view *v, enum side side);
/** "placed calls", ... */
const char *side_name(enum side side);
/** A sentence for each owner with something to its name: calls that failed, or were not started. */
void append_owners(struct view *v, json_t *reasons);

#endif
