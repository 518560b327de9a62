/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Reading a run: snapshots of all cells, one-second intervals, figures over the measured window, health signals, the report.
 * Everything here runs on the control thread and only reads what workers count.
 */
#ifndef RS_OBSERVE_OBSERVE_H
#define RS_OBSERVE_OBSERVE_H

#include <jansson.h>
#include <stdio.h>

#include "base/metric.h"
#include "engine/account.h"
#include "net/net.h"
#include "plan/plan.h"

/** Cells of (worker): the loop. */
enum rs_worker_metric {
	RS_WORK_TURNS,
	RS_WORK_BUSY_TURNS,  /* turns that did work */
	RS_WORK_BUSY_CYCLES, /* TSC cycles of those turns */
	RS_WORK_IDLE_CYCLES,
	RS_WORK_SLEEPS,
	RS_WORK_MAILS,
	RS_WORK_REDIRECTED,    /* packets handed to other workers */
	RS_WORK_REDIRECT_FULL, /* packets dropped because their ring was full */
	RS_WORK_TURN,          /* hist: length of a busy turn */
	RS_WORK_GAP,           /* hist: time between turns that no work or sleep explains */
	RS_WORKER_METRICS
};
extern const struct rs_metric_table rs_worker_metrics_table;

/** What a run's observer looks at; all of it outlives the observer. */
struct rs_observed {
	const struct rs_plan *plan;
	const struct rs_net *net; /* NULL in tests without ports */
	/** rs_net_port_info: handed in, so that reports can be made and tested without DPDK. NULL: ports are told by plan only */
	const struct rs_net_port_info *(*port_info)(const struct rs_net *net, uint32_t port);
	struct rs_account *const *accounts; /* one a worker */
	struct rs_metrics *const *workers;  /* one a worker: rs_worker_metrics_table */
	struct rs_metrics *const *ports;    /* [worker * n_ports + port], entries may be NULL */
	uint32_t n_workers, n_ports;
	/** Of connections, each may be NULL: [n_workers] of net/conn and of TCP; of the handshake threads. */
	struct rs_metrics *const *conns, *const *tcps, *const *handshakes;
	uint32_t n_handshakes;
	const struct rs_clock *clock;
	/** Told to the workers' engines: see struct rs_engine_cfg. NULL: nobody wants to know */
	_Atomic uint64_t *limited_until;
};

enum rs_verdict { RS_VERDICT_PASSED, RS_VERDICT_FAILED, RS_VERDICT_STOPPED, RS_VERDICT_LIMITED };

/** What only the run's owner knows. */
struct rs_run_facts {
	const char *id;
	uint64_t started_wall_us;
	uint64_t t0_ns, end_ns; /* end 0: still on */
	bool stopped_by_hand;
	const char *state; /* "running", ... */
	double rate_hz;    /* asked now, of all placing activities */
	uint32_t memory_mb;
	json_t *failed_calls; /* of the report: some of each cause, with their ladders; NULL: left out */
	json_t *cuts;	  /* of connections, on purpose; NULL: none */
	const char *srtp; /* what does the arithmetic of SRTP; NULL: nothing does */
	double start_ms; /* from the process's start to the first arrival, in a run begun with the process; else 0 */
};

struct rs_observer;

/** @return 0, -ENOMEM */
int rs_observer_create(const struct rs_observed *what, struct rs_observer **out);
void rs_observer_free(struct rs_observer *o);

/**
 * Look at all cells. Call at least once a second of the run (histograms' 32-bit cells); an interval is closed at every whole
 * second since t0 that has passed.
 */
void rs_observer_tick(struct rs_observer *o, uint64_t now_ns, uint64_t t0_ns);

/** The run has ended at @now_ns: what there is of the last second is an interval, too. */
void rs_observer_end(struct rs_observer *o, uint64_t now_ns, uint64_t t0_ns);

/**
 * Another program that activity @activity plays from now on, beside those that it has played. Names are copied.
 * @param accounts  of its steps, one a worker: they outlive the observer. @param number  out: of the program in this run; those that
 *   the activities begin with have the activities' numbers
 * @return 0, -ENOMEM
 */
int rs_observer_program(struct rs_observer *o, uint32_t activity, const struct rs_program *program, const char *scenario,
	struct rs_program_account *const accounts[], uint32_t *number);
/** How many programs there are: the number of the next one. */
uint32_t rs_observer_programs(const struct rs_observer *o);
/** From @at_ns on calls of its activity play program @number: for the report. */
void rs_observer_swapped(struct rs_observer *o, uint64_t at_ns, uint32_t number);
/** Activity @activity has come into the plan, and its cells into the accounts, while the run is on. @return 0, -ENOMEM */
int rs_observer_add(struct rs_observer *o, uint32_t activity);
/** What step @step of program @number is called; NULL: there is no such. */
const char *rs_observer_step_name(const struct rs_observer *o, uint32_t number, uint32_t step);
/** Which of its activity's programs is program @number: from 0. */
uint32_t rs_observer_program_of(const struct rs_observer *o, uint32_t number);

/** Seconds so far that the generator limited. */
uint64_t rs_observer_limited(const struct rs_observer *o);

/** Totals right now, without waiting for a tick. */
struct rs_totals {
	struct rs_call_totals {
		uint64_t offered, not_started, started, established, completed, failed, open, peak;
	} placed, answered;
	uint64_t sip_sent, sip_received, sip_retransmitted, sip_unexpected, sip_malformed;
	uint64_t lingering;
	uint64_t closing;      /* legs of ended calls with transactions under way */
	uint64_t registered;   /* bindings now */
	uint64_t registering;  /* REGISTER transactions under way, ... */
	uint64_t registering_first; /* ... those of first registrations */
	uint64_t unregistering; /* workers that still remove bindings */
	uint64_t stop_asked; /* the highest level that a scenario asked for */
};
void rs_observer_totals(const struct rs_observer *o, struct rs_totals *out);
/** The same members of one activity. */
void rs_observer_activity(
	const struct rs_observer *o, uint32_t activity, struct rs_call_totals *out);

/** The live line's figures over the last closed interval. Times in ms, NAN without samples. */
struct rs_live {
	double elapsed_s, rate_asked, rate_reached, p50_ms, p99_ms;
	uint64_t open, failed, offered, completed;
	uint64_t limited; /* seconds so far that the generator limited */
	bool registers;	  /* the plan registers endpoints: */
	uint64_t registered; /* how many are now */
	const char
		*health; /* "ok", or the signal that stands out: "late 12 ms", "pool empty", ... */
};
void rs_observer_live(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns,
	struct rs_live *out);

/** Set the zero of rs_observer_stats (verb `reset`). */
void rs_observer_reset(struct rs_observer *o, uint64_t now_ns);

/**
 * The report (CONTRACT "Report", schema "ringstorm.report/1") as a JSON object, new reference; NULL without memory.
 * @param verdict  out: passed or failed by the thresholds, stopped by hand, ...
 */
json_t *rs_observer_report(
	struct rs_observer *o, const struct rs_run_facts *facts, enum rs_verdict *verdict);

/** The report's members since the last `reset`, for the verb `stats`. */
json_t *rs_observer_stats(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns);

/** Signals per worker with their present figures, for `health`; and one line on each that stands out. */
json_t *rs_observer_health(struct rs_observer *o);

/** A report (or stats) as text for people, from its JSON, so that loadctl prints files as well. */
void rs_report_print(FILE *out, const json_t *report);

/** A failed call of the report or of `calls --failed` as text: what happened, and its ladder. @param messages  and these, whole */
void rs_failed_call_print(FILE *out, const json_t *call, bool messages);

/** `connections` as text. */
void rs_connections_print(FILE *out, const json_t *connections);
/** `media` as text. */
void rs_media_print(FILE *out, const json_t *media);
/** `media` of the report now, since the last reset; null where the plan has none. NULL without memory. */
json_t *rs_observer_media(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns);

/** `health` as text. */
void rs_health_print(FILE *out, const json_t *health);

/** A text that came from a user or a peer as a JSON string, what is not UTF-8 in it as '?'; NULL: null. A new reference */
json_t *rs_json_text(const char *text);

/** Exit status of a run by CONTRACT: 0 passed, 1 failed, 4 limited, 5 stopped. */
int rs_verdict_status(enum rs_verdict verdict);
const char *rs_verdict_name(enum rs_verdict verdict);

/** Markdown of every metric of every module, from their tables. */
void rs_metrics_document(FILE *out);

#endif
