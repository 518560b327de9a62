/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections of a report, for people. */
#include "observe/columns.h"
#include "observe/observe.h"

static void
count_rows(struct columns *c, const json_t *j)
{
	static const char *const members[] = { "open", "peak", "opening", "resting", "opened", "reopened", "accepted", "dropped", "calls_cut" };

	cell_headings(c, "Connections\0open\0peak\0opening\0resting\0opened\0again\0accepted\0dropped\0calls cut\0");
	cell(c, "endpoints");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cell_count(c, json_object_get(j, members[i]));
	end_row(c);
}

static void
peak_rows(struct columns *c, const json_t *j)
{
	cell_headings(c, "In the busiest second\0SYNs\0handshakes\0");
	cell(c, "");
	cell_number(c, json_object_get(j, "peak_syns_per_s"));
	cell_number(c, json_object_get(j, "peak_handshakes_per_s"));
	end_row(c);
}

static void
large_rows(struct columns *c, const json_t *j)
{
	cell_headings(c, "Too large for UDP\0given to TCP\0then to UDP after all\0");
	cell(c, "requests");
	cell_count(c, json_object_get(j, "switched_to_tcp"));
	cell_count(c, json_object_get(j, "fell_back_to_udp"));
	end_row(c);
}

static void
cause_rows(struct columns *c, const json_t *j)
{
	static const struct {
		const char *list, *words;
	} lists[] = { { "failed", "were not opened" }, { "ended", "ended" }, { "not_accepted", "were not accepted" } };
	const json_t *f;
	size_t i;

	cell_headings(c, "Connections that\0because\0count\0");
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
		json_array_foreach(json_object_get(j, lists[k].list), i, f)
		{
			cell(c, lists[k].words);
			cell(c, text_of(f, "cause"));
			cell_count(c, json_object_get(f, "count"));
			end_row(c);
		}
}

static void
cut_rows(struct columns *c, const json_t *j)
{
	const json_t *cut;
	size_t i;

	cell_headings(c, "Cut on purpose\0how\0by\0at, s\0share\0");
	json_array_foreach(json_object_get(j, "cuts"), i, cut)
	{
		const char *by = text_of(cut, "activity");

		cell(c, text_of(cut, "endpoints"));
		cell(c, text_of(cut, "how"));
		cell(c, by && by[0] ? by : "loadctl");
		cell_number(c, json_object_get(cut, "t"));
		cell_number(c, json_object_get(cut, "share"));
		end_row(c);
	}
}

static void
figure_row(struct columns *c, const char *name, const json_t *j)
{
	static const char *const stats[] = { "min", "mean", "p50", "p90", "p99", "p999", "max" };

	if (json_integer_value(json_object_get(j, "count")) == 0)
		return;
	cell(c, name);
	cell_count(c, json_object_get(j, "count"));
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		cell_number(c, json_object_get(j, stats[i]));
	end_row(c);
}

static void
figure_rows(struct columns *c, const json_t *j)
{
	const json_t *h = json_object_get(j, "handshakes");

	cell_headings(c, "Connections, ms\0count\0min\0mean\0p50\0p90\0p99\0p99.9\0max\0");
	figure_row(c, "set-up", json_object_get(j, "setup_ms"));
	figure_row(c, "TCP round trip", json_object_get(json_object_get(j, "tcp"), "rtt_ms"));
	figure_row(c, "TLS handshake", json_object_get(h, "elapsed_ms"));
	figure_row(c, "  waiting for our own thread", json_object_get(h, "own_wait_ms"));
	figure_row(c, "cut to open again", json_object_get(j, "back_ms"));
	figure_row(c, "first SYN to open again", json_object_get(j, "back_from_syn_ms"));
	figure_row(c, "cut to registered again", json_object_get(j, "registered_ms"));
	figure_row(c, "first SYN to registered again", json_object_get(j, "registered_from_syn_ms"));
}

void
rs_connections_print(FILE *out, const json_t *connections)
{
	fputc('\n', out);
	columns_print(out, 1, count_rows, connections);
	fputc('\n', out);
	columns_print(out, 1, peak_rows, connections);
	if (json_integer_value(json_object_get(connections, "switched_to_tcp")) > 0) {
		fputc('\n', out);
		columns_print(out, 1, large_rows, connections);
	}
	if (json_array_size(json_object_get(connections, "failed")) + json_array_size(json_object_get(connections, "ended")) +
		json_array_size(json_object_get(connections, "not_accepted")) > 0) {
		fputc('\n', out);
		columns_print(out, 2, cause_rows, connections);
	}
	if (json_array_size(json_object_get(connections, "cuts")) > 0) {
		fputc('\n', out);
		columns_print(out, 3, cut_rows, connections);
	}
	fputc('\n', out);
	columns_print(out, 1, figure_rows, connections);
}
