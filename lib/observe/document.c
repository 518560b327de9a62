/* SPDX-License-Identifier: BSD-3-Clause */
/* docs/metrics.md from the tables that the code counts by. */
#include "net/conn/conn.h"
#include "observe/handshake_metrics.h"
#include "observe/internal.h"

#include "net/tcp/tcp.h"

static void
print_table(FILE *out, const char *title, const char *about, const struct rs_metric_table *t)
{
	static const char *const types[] = {
		[RS_METRIC_COUNTER] = "counter",
		[RS_METRIC_GAUGE] = "gauge",
		[RS_METRIC_MAX] = "highest",
		[RS_METRIC_HIST] = "histogram",
	};

	fprintf(out, "\n## %s\n\n%s One set of cells for each ", title, about);
	for (const char *p = t->labels; *p; p++)
		fputs(*p == ',' ? ", " : (char[2]){ *p }, out);
	fputs(".\n\n", out);
	fputs("| name | type | unit | meaning |\n|---|---|---|---|\n", out);
	for (uint32_t i = 0; i < t->n_defs; i++)
		fprintf(out, "| `%s` | %s | %s | %s |\n", t->defs[i].name, types[t->defs[i].type],
			t->defs[i].unit, t->defs[i].help);
}

void
rs_metrics_document(FILE *out)
{
	char name[RS_CAUSE_NAME];

	fputs("<!-- Written by gendoc from the tables in the code: see docs/meson.build. -->\n"
	      "# Metrics\n\n"
	      "What ringstorm counts, and who writes it. A cell is written by one thread and never set back: an interval or the\n"
	      "figures since `reset` are differences of two looks. A gauge is a state, \"highest\" the most ever seen; a histogram\n"
	      "has an error of at most 0.1 % or 32 ns. The report's members are made of these cells.\n",
		out);
	print_table(
		out, "Activities", "Calls, messages and latencies.", &rs_activity_metrics_table);
	print_table(out, "Steps", "What each step of a scenario did.", &rs_step_metrics_table);
	print_table(out, "Response timers", "A scenario's `start_rtd` and `rtd`.",
		&rs_rtd_metrics_table);
	print_table(out, "Engine", "Messages before they belong to a call, and memory.",
		&rs_engine_metrics_table);
	print_table(out, "Media", "Streams: what they sent, received, and what became of it.",
		&rs_media_metrics_table);
	print_table(out, "Media of a worker", "What belongs to no activity.",
		&rs_media_worker_metrics_table);
	print_table(out, "Connections of endpoints", "Opened, ended, and how long it took to come back.",
		&rs_flow_metrics_table);
	print_table(out, "Connections", "Layers above TCP.", &rs_conns_metrics_table);
	print_table(
		out, "Ports", "Frames, packets and what became of them.", &rs_net_metrics_table);
	print_table(out, "TCP", "Connections, segments, and what was not taken and why; no transport of a plan uses it yet.",
		&rs_tcp_metrics_table);
	print_table(out, "Workers", "The loop.", &rs_worker_metrics_table);
	print_table(out, "Handshake threads", "TLS handshakes, off the workers.", &rs_handshake_metrics_table);
	print_table(out, "Handshakes of a worker", "What workers ask of handshake threads.",
		&rs_handshake_worker_metrics_table);
	fputs("\n## Causes of failure\n\n"
	      "A failed call has one cause, counted at the step where it failed (`failures` in the report).\n\n"
	      "| cause | meaning |\n|---|---|\n",
		out);
	for (uint32_t c = RS_CAUSE_NONE + 1; c < RS_CAUSE_RESPONSE; c++)
		fprintf(out, "| `%s` | %s |\n", rs_cause_name(c, name, sizeof(name)),
			rs_cause_help(c));
	fprintf(out, "| `response CODE` | %s |\n", rs_cause_help(RS_CAUSE_RESPONSE));
	fputs("\n## Why handshakes fail\n\n| cause | meaning |\n|---|---|\n", out);
	for (enum rs_offload_cause c = RS_OFFLOAD_CAUSE_NONE + 1; c < RS_OFFLOAD_CAUSES; c++)
		fprintf(out, "| `%s` | %s |\n", rs_offload_cause_name(c), rs_offload_cause_help(c));
}
