/* SPDX-License-Identifier: BSD-3-Clause */
#include "observe/observe.h"

#define COUNTER(row, n, u, h) [row] = { n, u, h, RS_METRIC_COUNTER }
#define HIST(row, n, h)       [row] = { n, "ns", h, RS_METRIC_HIST }

static const struct rs_metric_def defs[RS_WORKER_METRICS] = {
	COUNTER(RS_WORK_TURNS, "turns", "turns", "Turns of the loop."),
	COUNTER(RS_WORK_BUSY_TURNS, "busy_turns", "turns",
		"Turns that found work: packets, mail or something due."),
	COUNTER(RS_WORK_BUSY_CYCLES, "busy_cycles", "cycles",
		"TSC cycles of the turns that found work."),
	COUNTER(RS_WORK_IDLE_CYCLES, "idle_cycles", "cycles",
		"TSC cycles of the other turns, sleep not included."),
	COUNTER(RS_WORK_SLEEPS, "sleeps", "times",
		"Short sleeps for want of work (idle = \"sleep\")."),
	COUNTER(RS_WORK_MAILS, "mails", "messages", "Messages from control and other threads."),
	COUNTER(RS_WORK_REDIRECTED, "redirected", "packets",
		"Packets handed to the worker that owns their call."),
	COUNTER(RS_WORK_REDIRECT_FULL, "redirect_full", "packets",
		"Packets dropped because that worker's ring was full."),
	HIST(RS_WORK_TURN, "turn", "The length of a turn that found work."),
	HIST(RS_WORK_GAP, "gap",
		"Time in a turn that its work does not explain: the machine had the core."),
};
const struct rs_metric_table rs_worker_metrics_table = { "worker", "worker", defs,
	RS_WORKER_METRICS };
