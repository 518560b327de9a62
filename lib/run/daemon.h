/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The daemon: ports and workers of the process, and the runs that are played on them. All functions are the control thread's.
 * The server (server.h) turns JSON-RPC requests into these calls.
 */
#ifndef RS_RUN_DAEMON_H
#define RS_RUN_DAEMON_H

#include "base/err.h"
#include "engine/engine.h"
#include "observe/observe.h"
#include "plan/plan.h"

struct rs_daemon;

enum rs_state {
	RS_STATE_IDLE,
	RS_STATE_RUNNING,
	RS_STATE_PAUSED,
	RS_STATE_DRAINING,
	RS_STATE_DONE
};
const char *rs_state_name(enum rs_state s);

struct rs_daemon_cfg {
	struct rs_plan *plan; /* taken over on success; fixes ports, workers and memory */
	const char *version;
	bool quiet; /* no start lines on stderr */
	uint64_t
		exec_ns; /* CLOCK_MONOTONIC of the process's start, when a run begins with it; else 0 */
};

/**
 * Claim memory and cores (EAL), make the ports, launch the workers; roll back in reverse order on failure.
 * @return 0; -ENODEV, -ENOMEM, -EPERM, -EBUSY, -EIO, -EINVAL with @err (exit status 6, but -EINVAL: 2)
 */
int rs_daemon_open(const struct rs_daemon_cfg *cfg, struct rs_daemon **out, struct rs_err *err);
/** Stop the workers, close the ports. A run that is on is silenced. What a stuck worker may still use is left to the process's end. */
void rs_daemon_close(struct rs_daemon *d);

const struct rs_plan *rs_daemon_plan(const struct rs_daemon *d);
enum rs_state rs_daemon_state(const struct rs_daemon *d);
/** Id of the present or last run, "" before the first. */
const char *rs_daemon_run_id(const struct rs_daemon *d);
double rs_daemon_elapsed_s(const struct rs_daemon *d);

/**
 * Another plan, taken over on success.
 * @return 0; -EBUSY (not idle or done); -EINVAL (ports, workers or memory differ); -EIO (a worker is stuck)
 */
int rs_daemon_load(struct rs_daemon *d, struct rs_plan *plan, struct rs_err *err);

/**
 * Begin a run. Next hops that do not answer do not stop it: the calls that need them fail.
 * @return 0; -EBUSY; -ENOMEM; -EACCES (run.reports); -EIO (a worker is stuck)
 */
int rs_daemon_start(struct rs_daemon *d, struct rs_err *err);
/** Begin an activity with start = "manual" in the run that is on. @return 0; -ENOENT; -EALREADY (or stopped); -EINVAL (no run) */
int rs_daemon_start_activity(struct rs_daemon *d, const char *activity, struct rs_err *err);

enum rs_stop { RS_STOP_DRAIN, RS_STOP_HANGUP, RS_STOP_NOW };
/**
 * No new calls; DRAIN: what is open has the plan's `drain`, then it is hung up; HANGUP: it is hung up now; NOW: silence.
 * @param activity  NULL: the whole run. @return 0; -EINVAL (no run, or by activity with NOW); -ENOENT
 */
int rs_daemon_stop(struct rs_daemon *d, const char *activity, enum rs_stop how, struct rs_err *err);
/** Freeze the arrival clock; open calls go on. @return 0; -EINVAL (not running) */
int rs_daemon_pause(struct rs_daemon *d, struct rs_err *err);
/** @return 0; -EINVAL (not paused) */
int rs_daemon_resume(struct rs_daemon *d, struct rs_err *err);
/** @param by  @value is added to the present rate. @return 0; -ENOENT, -EINVAL (no run, negative, above run.max_rate) */
int rs_daemon_rate(
	struct rs_daemon *d, const char *activity, double value, bool by, struct rs_err *err);
/** Open calls at most, shared by the workers; 0: only run.max_calls. @param activity  NULL: all that place calls. @return 0; -ENOENT, -EINVAL */
int rs_daemon_limit(struct rs_daemon *d, const char *activity, uint64_t value, struct rs_err *err);
/**
 * Calls of @activity that begin from now on play scenario @file (a path, or a shipped one's name); those that are open end on what they
 * began with. Nothing else changes. @return 0; -ENOENT (activity, file); -EINVAL (no run, the scenario, it does not fit); -EBUSY; -ENOMEM
 */
int rs_daemon_swap(struct rs_daemon *d, const char *activity, const char *file, struct rs_err *err);
/**
 * Make the run what @plan says: rates, limits, scenarios, new activities, activities that are gone. What cannot be changed while it is
 * on is listed in *@out {applied: [...], refused: [{file, line, setting, text}]}, and unless @partial nothing is changed then.
 * @param plan  freed here, or kept. @return 0; -EINVAL: refused, with @out; other errnos with @err alone
 */
int rs_daemon_apply(struct rs_daemon *d, struct rs_plan *plan, bool partial, json_t **out, struct rs_err *err);
/** Move the zero of `stats`. @return 0; -EINVAL (no run yet) */
int rs_daemon_reset(struct rs_daemon *d, struct rs_err *err);

/**
 * Moves runs along: call every 100 ms or so (and at least once a second).
 * @return true when the run ended in this call: its report is ready
 */
bool rs_daemon_poll(struct rs_daemon *d);

/** JSON for the verbs; new references. */
json_t *rs_daemon_status(struct rs_daemon *d); /* {state, run, plan, elapsed_s} */
json_t *rs_daemon_stats(
	struct rs_daemon *d); /* the report's members since reset; NULL before the first run */
json_t *rs_daemon_live(struct rs_daemon *d); /* figures of the live line */
json_t *rs_daemon_health(struct rs_daemon *d);
json_t *rs_daemon_activities(
	struct rs_daemon *d); /* [{name, do, state, rate, limit, offered, ...}] */
json_t *rs_daemon_calls(struct rs_daemon *d,
	uint32_t max); /* open calls: [{activity, number, age_s, step, call_id, remote}] */

/** Totals of media since the last reset, as in the report; null where the plan has none; NULL before the first run. */
json_t *rs_daemon_media(struct rs_daemon *d);
/** Open streams: [{activity, number, call_id, direction, remote, codec, suite, sent, received, lost, jitter_ms, mos, ...}]. @param call_id  NULL: all */
json_t *rs_daemon_streams(struct rs_daemon *d, const char *call_id, uint32_t max);
/** Totals of connections since the last reset, as in the report; null where the plan has none; NULL before the first run. */
json_t *rs_daemon_connections(struct rs_daemon *d);
/** Cut a share (0 to 1) of the connections of group @group (NULL: all). @return 0; -EINVAL (no run, no connections, the share), -ENOENT */
int rs_daemon_drop(struct rs_daemon *d, const char *group, double share, enum rs_conn_close how, struct rs_err *err);

/**
 * From now on packets are impaired so, of media profile @profile (NULL: all). @param directions  enum rs_impair_direction, or'ed
 * @param set  ["loss_percent=1", "delay=20ms"]: the settings of send_impair in a plan; what is not there is none
 * @return 0; -EINVAL (no run, or a word that is none), -ENOENT
 */
int rs_daemon_impair(struct rs_daemon *d, const char *profile, unsigned directions, const json_t *set, struct rs_err *err);

/** Which failed calls are asked for. */
struct rs_failed_query {
	const char *activity, *cause; /* NULL: any; a cause whose name has this in it */
	uint32_t max;                 /* calls in all */
	bool messages;                /* with their texts */
};
/**
 * [{cause, step, index, activity, count, calls: [{number, started, after_ms, call_id, ladder, ...}]}]: how many failed in which
 * way, and of each some calls: those whose messages were kept, then the last ones.
 * @return 0 with @out, -ENOENT (no such activity)
 */
int rs_daemon_failed(struct rs_daemon *d, const struct rs_failed_query *q, json_t **out,
	struct rs_err *err);
/**
 * Groups: [{name, kind, count, port, addresses, states: {idle: n, ...}, matching, endpoints: [{index, user, address, state, ...}]}].
 * @param state  enum rs_endpoint_state of those to list, -1: all. @param limit  so many in all; the others are counted
 */
json_t *rs_daemon_endpoints(struct rs_daemon *d, int state, uint64_t limit);
/** Report of run @id (NULL: the last one), or NULL when it is not there. */
json_t *rs_daemon_report(struct rs_daemon *d, const char *id);
/** Legs that have completed and still answer repeated requests (timewait). */
uint64_t rs_daemon_lingering(const struct rs_daemon *d);
/** Exit status of the last run by CONTRACT; -1 before any. */
int rs_daemon_run_status(const struct rs_daemon *d);

/** Called for everything worth an event line: state changes, rate changes, end of run. @json is borrowed. */
void rs_daemon_on_event(struct rs_daemon *d, void (*fn)(void *ctx, json_t *json), void *ctx);

#endif
