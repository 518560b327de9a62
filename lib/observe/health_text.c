/* SPDX-License-Identifier: BSD-3-Clause */
/* Health for people, from its JSON. */
#include "observe/columns.h"
#include "observe/observe.h"

static const struct {
	const char *member, *title;
} signal_columns[] = {
	{ "misses", "missed" },
	{ "device_no_mbuf", "no rx buffer" },
	{ "tx_full", "tx full" },
	{ "tx_no_mbuf", "no tx buffer" },
	{ "unresolved", "unresolved" },
	{ "redirect_full", "redirect full" },
	{ "pool_empty", "pool empty" },
};
#define N_SIGNALS (sizeof(signal_columns) / sizeof(signal_columns[0]))

static const json_t *
stat_of(const json_t *object, const char *hist, const char *stat)
{
	return json_object_get(json_object_get(object, hist), stat);
}

static void
percent_cell(struct columns *c, const json_t *share)
{
	char text[32] = "-";

	if (json_is_number(share))
		snprintf(text, sizeof(text), "%.1f %%", 100 * json_number_value(share));
	cell(c, text);
}

static void
time_row(struct columns *c, const char *name, const json_t *j)
{
	cell(c, name);
	percent_cell(c, json_object_get(j, "busy"));
	cell_number(c, stat_of(j, "turn_us", "p50"));
	cell_number(c, stat_of(j, "turn_us", "p99"));
	cell_number(c, stat_of(j, "turn_us", "max"));
	cell_count(c, stat_of(j, "gap_us", "count"));
	cell_number(c, stat_of(j, "gap_us", "p99"));
	cell_number(c, stat_of(j, "gap_us", "max"));
	end_row(c);
}

static void
worker_name(const json_t *w, char *out, size_t cap)
{
	snprintf(out, cap, "worker %lld",
		(long long)json_integer_value(json_object_get(w, "worker")));
}

static void
time_rows(struct columns *c, const json_t *health)
{
	const json_t *list = json_object_get(health, "workers"), *w;
	size_t i;

	cell_headings(c, "Time, us\0busy\0turn p50\0p99\0max\0gaps\0gap p99\0max\0");
	time_row(c, "all", health);
	json_array_foreach(list, i, w)
	{
		char name[32];

		worker_name(w, name, sizeof(name));
		time_row(c, name, w);
	}
}

static void
loss_row(struct columns *c, const char *name, const json_t *j)
{
	cell(c, name);
	for (size_t i = 0; i < N_SIGNALS; i++)
		cell_count(c, json_object_get(j, signal_columns[i].member));
	end_row(c);
}

static void
loss_rows(struct columns *c, const json_t *health)
{
	const json_t *last = json_object_get(health, "last_interval"), *w;
	size_t i;

	cell(c, "Lost here");
	for (i = 0; i < N_SIGNALS; i++)
		cell(c, signal_columns[i].title);
	end_row(c);
	loss_row(c, "all", health);
	json_array_foreach(json_object_get(health, "workers"), i, w)
	{
		char name[32];

		worker_name(w, name, sizeof(name));
		loss_row(c, name, w);
	}
	if (last)
		loss_row(c, "last second", last);
}

void
rs_health_print(FILE *out, const json_t *health)
{
	const json_t *signals = json_object_get(health, "signals"), *s;
	const char *now = json_string_value(json_object_get(health, "now"));
	size_t i;

	if (now) {
		fputs("Now: ", out);
		print_text(out, now);
		fputc('\n', out);
	}
	if (json_array_size(signals) == 0)
		fputs("Nothing was lost here.\n", out);
	json_array_foreach(signals, i, s)
	{
		fputs("  - ", out);
		print_text(out, json_is_string(s) ? json_string_value(s) : "-");
		fputc('\n', out);
	}
	fprintf(out, "Limited intervals: %lld\n",
		(long long)json_integer_value(json_object_get(health, "limited_intervals")));
	columns_print(out, 1, time_rows, health);
	columns_print(out, 1, loss_rows, health);
}
