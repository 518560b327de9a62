/* SPDX-License-Identifier: BSD-3-Clause */
/* Health for people, from its JSON. */
#include "observe/columns.h"
#include "observe/observe.h"

static const struct {
	const char *member, *title;
} signal_columns[] = {
	{ "misses", "missed" },
	{ "misses_inferred", "inferred" },
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
	cell_count(c, json_object_get(j, "max_starts_1ms"));
	cell_count(c, json_object_get(j, "max_starts_10ms"));
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

	cell_headings(c, "Time, us\0busy\0turn p50\0p99\0max\0gaps\0gap p99\0max\0starts in 1 ms\0in 10 ms\0");
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

static void
place_text(const json_t *j, char *out, size_t cap)
{
	const json_t *worker = json_object_get(j, "worker"), *port = json_object_get(j, "port");
	int n = 0;

	out[0] = 0;
	if (json_is_integer(worker))
		n = snprintf(out, cap, "worker %lld", (long long)json_integer_value(worker));
	if (json_is_string(port) && (size_t)n < cap)
		snprintf(out + n, cap - (size_t)n, "%sport %.40s", n ? ", " : "",
			json_string_value(port));
}

static void
bound_rows(struct columns *c, const json_t *list)
{
	const json_t *b;
	size_t i;

	cell_headings(c, "Bound\0unit\0worst at\0at most\0worst\0in second\0intervals beyond\0");
	json_array_foreach(list, i, b)
	{
		char place[80];

		place_text(b, place, sizeof(place));
		cell(c, text_of(b, "name"));
		cell(c, text_of(b, "unit"));
		cell(c, place);
		cell_number(c, json_object_get(b, "bound"));
		cell_number(c, json_object_get(b, "worst"));
		cell_count(c, json_object_get(b, "t"));
		cell_count(c, json_object_get(b, "intervals"));
		end_row(c);
	}
}

#define SHOWN 10 /* limited seconds, the latest */

static void
print_limited(FILE *out, const json_t *list)
{
	size_t n = json_array_size(list), i = n > SHOWN ? n - SHOWN : 0, k;
	const json_t *l;

	for (; i < n; i++) {
		const json_t *at = json_array_get(list, i);

		fprintf(out, "  second %lld:",
			(long long)json_integer_value(json_object_get(at, "t")));
		json_array_foreach(json_object_get(at, "limits"), k, l)
		{
			char place[80];

			place_text(l, place, sizeof(place));
			fputs(k ? "; " : " ", out);
			print_text(out, text_of(l, "bound"));
			fprintf(out, " %.1f ", json_number_value(json_object_get(l, "value")));
			print_text(out, text_of(l, "unit"));
			fputs(place[0] ? ", " : "", out);
			print_text(out, place);
		}
		fputc('\n', out);
	}
}

static void
print_limits(FILE *out, const json_t *health)
{
	const json_t *bounds = json_object_get(health, "bounds"), *b;
	size_t i;

	fprintf(out, "Limited intervals: %lld; of the %lld measured: %lld, allowed are %g %%\n",
		(long long)json_integer_value(json_object_get(health, "limited_intervals")),
		(long long)json_integer_value(json_object_get(health, "measured_intervals")),
		(long long)json_integer_value(json_object_get(health, "limited_measured")),
		json_number_value(json_object_get(health, "limited_percent")));
	print_limited(out, json_object_get(health, "limited"));
	json_array_foreach(bounds, i, b)
	{
		if (!json_is_string(json_object_get(b, "remedy")))
			continue;
		fputs("  ", out);
		print_text(out, text_of(b, "name"));
		fputs(": ", out);
		print_text(out, text_of(b, "remedy"));
		fputc('\n', out);
	}
	columns_print(out, 3, bound_rows, bounds);
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
	print_limits(out, health);
	columns_print(out, 1, time_rows, health);
	columns_print(out, 1, loss_rows, health);
}
