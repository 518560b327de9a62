/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the daemon share. */
#ifndef RS_RUN_INTERNAL_H
#define RS_RUN_INTERNAL_H

#include "run/daemon.h"
#include "run/worker.h"

#define KEPT_REPORTS 16
#define LEAD_NS                                                                                    \
	(5 * RS_NS_PER_MS) /* commands take effect this much later, on all workers at once */
#define MAIL_SLOTS 256
#define ASK_NS     (5 * RS_NS_PER_S) /* a worker that does not answer for so long is stuck */

struct kept_report {
	char id[40];
	json_t *json;
};

/** What is still answered in a run that drains. */
enum closed { OPEN, CLOSED_BUT_REGISTRARS, CLOSED };

/** One execution of a plan. */
struct run {
	char id[40];
	uint16_t number;
	struct rs_account **accounts; /* one a worker */
	struct run_conns *conns;      /* of all workers; NULL: the plan has datagrams only */
	struct rs_bus *bus;           /* between the workers' engines; NULL: there is one only */
	struct rs_observer *observer;
	uint64_t t0_ns, end_ns;
	uint64_t started_wall_us;
	uint64_t drain_until_ns; /* hang up then */
	uint64_t silence_at_ns;  /* and be silent then; 0: not hanging up yet */
	uint64_t give_up_at_ns;  /* and not wait any longer then; 0: not silent yet */
	uint64_t closing_until_ns; /* BYEs and the like of ended calls are waited for; 0: not yet */
	uint64_t leave_until_ns; /* it is reported, and its connections are being closed; 0: not yet */
	uint64_t unregister_until_ns; /* bindings are being removed; 0: not yet */
	enum closed closed; /* draining, and no call placed is open */
	bool by_hand;
	bool mute; /* silence was asked for */
	char srtp[64]; /* what does the arithmetic of SRTP; "": nothing */
	json_t *cuts;		/* of connections, on purpose: [{t, endpoints, share, how, activity}]; NULL: none yet */
	uint64_t *cuts_made;	/* per activity with do = "drop" */
	bool attached; /* workers hold the engines */
	double *rates; /* asked now, per activity */
	uint64_t *limits;
	_Atomic uint64_t *answered; /* per activity, by all workers */
	_Atomic uint64_t limited_until; /* control tells the workers which calls are tainted */
	uint64_t polled_ns; /* control looked at the run then */
	uint8_t *begun;             /* per activity */
	uint64_t *begun_ns;         /* and when, put off by the pauses since */
	uint8_t *shaped;            /* the plan's shape rules, not `rates` */
	uint64_t paused_ns;         /* since then, if it is paused */
	uint8_t *stopped; /* 2: it is not in the plan any more */
	uint64_t *hangup_at_ns; /* per activity, after its own stop; 0: none */
	enum rs_verdict verdict;
	bool reported;
	const struct rs_engine **engines; /* one a worker: what of them stays as it is may be looked at */
	struct changes *changes; /* of its scenarios and activities; NULL: none yet */
};

struct rs_daemon {
	struct rs_plan *plan;
	const char *version;
	bool quiet;
	uint64_t exec_ns;
	struct rs_clock clock;
	struct rs_net *net;
	struct rs_redirect *redirect;
	struct rs_worker *workers;
	uint32_t n_workers;
	uint32_t launched;
	struct rs_record_ring **rings; /* logs of the workers; behind them key logs, one a handshake thread */
	uint32_t n_rings;
	struct rs_writer *writer;
	struct rs_metrics **worker_cells; /* what observe reads */
	struct rs_metrics **port_cells;
	uint64_t secret;
	enum rs_state state;
	struct run *run; /* present or last */
	uint32_t runs;
	uint32_t request;
	struct kept_report reports[KEPT_REPORTS];
	uint32_t next_report;
	void (*on_event)(void *ctx, json_t *json);
	void *event_ctx;
	bool eal;
	bool mute
		[RS_MAX_WORKERS]; /* let a mail lie or a question unanswered, and has not been heard of since */
	bool lost; /* a worker may still hold a run's memory: neither is freed, no other run begins */
};

/* mail.c */
uint64_t daemon_now(const struct rs_daemon *d);
/** Send @mail to worker @w; its request is set. @return 0; -ETIMEDOUT: its mailbox stays full */
int daemon_post(struct rs_daemon *d, uint32_t w, struct rs_mail *mail);
/** Wait (at most @timeout_ns) for the reply to @mail, which goes to @mail. @return 0, -ETIMEDOUT */
int daemon_await(struct rs_daemon *d, uint32_t w, struct rs_mail *mail, uint64_t timeout_ns);
/** Both. @return 0, -ETIMEDOUT */
int daemon_ask(struct rs_daemon *d, uint32_t w, struct rs_mail *mail, uint64_t timeout_ns);
/** Send @mail to all workers; nothing comes back. */
void daemon_mail(struct rs_daemon *d, const struct rs_mail *mail);
/** Wait (at most @timeout_ns a worker) until all have obeyed what was sent before. @return false: not all have */
bool daemon_settle(struct rs_daemon *d, uint64_t timeout_ns);

/* daemon.c */
/** Tell those who listen. @param more  members beside the usual ones; taken over, may be NULL */
void daemon_event(struct rs_daemon *d, const char *what, json_t *more);
/** The number of activity @name; NULL: -1, all. @return 0; -ENOENT with the nearest name */
int daemon_activity(const struct rs_daemon *d, const char *name, int32_t *out, struct rs_err *err);
/** Give the plan's addresses and targets to the ports; workers take them over when a run is attached. @return 0, -ENOMEM, -EINVAL */
int daemon_take_addresses(struct rs_daemon *d, struct rs_err *err);

/* orders.c */
/** Orders about new calls make sense only while there are any to come. @return 0, -EINVAL */
int daemon_need_calls(const struct rs_daemon *d, struct rs_err *err);

/* activities.c */
/** Begin activity @i, on all workers at once. @param after  why: the one that it waited for; may be NULL */
void activity_begin(struct rs_daemon *d, uint32_t i, const char *after);
/** Has it reached its end on every worker (nothing more comes, nothing is open), or been stopped? */
bool activity_over(const struct rs_daemon *d, uint32_t i);
/** Begin what waits for an activity that is over. */
void activities_follow(struct rs_daemon *d);
/** Has activity @i, with do = "drop", made its cuts, or been stopped? */
bool drops_over(const struct rs_daemon *d, uint32_t i);
/** Make the cuts that are due. */
void drops_follow(struct rs_daemon *d);
/** The activity that @i waits for, or NULL. */
const char *activity_awaited(const struct rs_daemon *d, uint32_t i);
/** Does a run's end wait for it? */
bool activity_has_end(const struct rs_plan_activity *a);
/** The rate it asks for now, by its shape where that rules. */
double activity_rate(const struct rs_daemon *d, uint32_t i);
/** The run goes on at @at_ns. */
void activities_resumed(struct rs_daemon *d, uint64_t at_ns);

/* conns.c */
/** Connections for each worker, and handshake threads where the plan has TLS. @return 0 with NULL: none are needed */
int run_conns_create(struct rs_daemon *d, struct run_conns **out, struct rs_err *err);
/** No worker has them any more. NULL is fine. */
void run_conns_free(struct run_conns *c);
/** The table for the engine of @worker, and, once there is one, the engine itself. */
struct rs_link run_conns_link(struct run_conns *c, uint32_t worker, const struct rs_link *datagrams);
void run_conns_engine(struct run_conns *c, uint32_t worker, struct rs_engine *e);
struct worker_conns *run_conns_worker(struct run_conns *c, uint32_t worker);
/** What they count, for the observer; @c NULL: nothing. */
void run_conns_observed(const struct run_conns *c, struct rs_observed *out);
/** Connections of all workers, ours and peers'. @param c  NULL: none */
uint64_t run_conns_left(const struct run_conns *c);

/* run.c */
/** The last run goes. @return 0; -EIO: a worker does not give it back, so that it stays where it is and the daemon is lost */
int run_free(struct rs_daemon *d, struct rs_err *err);
bool run_is_on(const struct rs_daemon *d);
/** What a run's owner knows, for reports. */
void run_facts(const struct rs_daemon *d, struct rs_run_facts *out);

/* swap.c */
/** All that a run has been told to play besides what it began with. */
struct changes;
/** A program that an activity plays: compiled by the caller, taken over on success. @return 0, -EBUSY, -EINVAL, -ENOMEM, -EIO */
int swap_program(struct rs_daemon *d, uint32_t activity, struct rs_program *program, const char *file, struct rs_err *err);
/** Can it be taken over, when that is tried at once? */
int swap_check(struct rs_daemon *d, uint32_t activity, const struct rs_program *program, struct rs_err *err);
/**
 * Put @a behind the plan's activities, on all workers. Its program and files are taken over; what else it points to outlives the run.
 * @return 0, -ENOSPC, -ENOMEM, -EIO
 */
int add_activity(struct rs_daemon *d, struct rs_plan_activity *a, struct rs_err *err);
/** Can it be put there? @param more  so many are to come before it */
int add_check(struct rs_daemon *d, const struct rs_plan_activity *a, uint32_t more, struct rs_err *err);
/** @plan has been applied: taken over, as its text is in use from now on. @return 0, -ENOMEM */
int changes_applied(struct rs_daemon *d, struct rs_plan *plan);
/** Free the programs that no call has any more. */
void changes_poll(struct rs_daemon *d);
/** The run goes: the plan is again what was loaded. Before its observer and accounts are freed ... */
void changes_undo(struct rs_daemon *d);
/** ... and after. */
void changes_free(struct changes *c);

/* failed.c */
/** Some failed calls of each cause with their ladders, for the report. A new reference */
json_t *failed_report(struct rs_daemon *d);

/* end.c */
/** The three ways to an end, each going further than the one before; each but once. */
void run_drain(struct rs_daemon *d, const char *why);
void run_hang_up(struct rs_daemon *d);
void run_silence(struct rs_daemon *d);

/* steer.c */
/** The peer whose packets to port @port are to reach their owner directly; family 4: those of IPv4. */
struct rs_addr daemon_main_peer(const struct rs_plan *plan, uint32_t port);
/** R of the owner rule at each port. */
void daemon_steer_bits(const struct rs_daemon *d, uint8_t bits[RS_MAX_PORTS]);

#endif
