/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the daemon share. */
#ifndef RS_RUN_INTERNAL_H
#define RS_RUN_INTERNAL_H

#include "run/daemon.h"
#include "run/worker.h"

#define KEPT_REPORTS 16
#define LEAD_NS (5 * RS_NS_PER_MS) /* commands take effect this much later, on all workers at once */
#define MAIL_SLOTS 256

struct kept_report {
	char id[40];
	json_t *json;
};

/** One execution of a plan. */
struct run {
	char id[40];
	uint16_t number;
	struct rs_account **accounts; /* one a worker */
	struct rs_observer *observer;
	uint64_t t0_ns, end_ns;
	uint64_t started_wall_us;
	uint64_t drain_until_ns;      /* hang up then */
	uint64_t silence_at_ns;	      /* and be silent then; 0: not hanging up yet */
	bool by_hand;
	bool attached;		      /* workers hold the engines */
	double *rates;		      /* asked now, per activity */
	uint64_t *limits;
	uint8_t *begun;		      /* per activity */
	uint8_t *stopped;
	enum rs_verdict verdict;
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
	struct rs_record_ring **rings; /* logs of the workers */
	struct rs_writer *writer;
	struct rs_metrics **worker_cells; /* what observe reads */
	struct rs_metrics **port_cells;
	uint64_t secret;
	enum rs_state state;
	struct run *run;	      /* present or last */
	uint32_t runs;
	uint32_t request;
	struct kept_report reports[KEPT_REPORTS];
	uint32_t next_report;
	void (*on_event)(void *ctx, json_t *json);
	void *event_ctx;
	bool eal;
};

/* daemon.c */
uint64_t daemon_now(const struct rs_daemon *d);
void daemon_mail(struct rs_daemon *d, const struct rs_mail *mail);
/** Send @mail to worker @w and wait (at most @timeout_ns) for its reply, which goes to @mail. @return 0, -ETIMEDOUT */
int daemon_ask(struct rs_daemon *d, uint32_t w, struct rs_mail *mail, uint64_t timeout_ns);
void daemon_event(struct rs_daemon *d, const char *what, json_t *more);
int daemon_activity(const struct rs_daemon *d, const char *name, int32_t *out, struct rs_err *err);
int net_take_plan(struct rs_daemon *d, struct rs_err *err);

/* run.c */
void run_free(struct rs_daemon *d);
void run_facts(const struct rs_daemon *d, struct rs_run_facts *out);

#endif
