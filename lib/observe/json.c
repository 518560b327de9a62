/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>

#include "observe/internal.h"

void
put(struct maker *m, json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) != 0)
		m->failed = true;
}

void
append(struct maker *m, json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) != 0)
		m->failed = true;
}

void
put_count(struct maker *m, json_t *object, const char *key, uint64_t value)
{
	put(m, object, key, json_integer((json_int_t)value));
}

void
put_number(struct maker *m, json_t *object, const char *key, double value)
{
	put(m, object, key, isnan(value) ? json_null() : json_real(value));
}

json_t *
text_json(const char *p, size_t len)
{
	json_t *j = json_stringn(p, len);

	if (j)
		return j;
	/* Names come from users' files, and those need not be UTF-8. */
	char *copy = malloc(len + 1);

	for (size_t i = 0; copy && i < len; i++)
		copy[i] = p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?';
	j = copy ? json_stringn(copy, len) : NULL;
	free(copy);
	return j;
}

json_t *
rs_json_text(const char *text)
{
	return text ? text_json(text, strlen(text)) : json_null();
}

void
put_text(struct maker *m, json_t *object, const char *key, const char *text)
{
	put(m, object, key, rs_json_text(text));
}

static const struct {
	const char *name;
	double q; /* 0: see figure */
} stats[] = {
	{ "min", 0 },
	{ "mean", 0 },
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
	{ "p999", 0.999 },
	{ "max", 0 },
};

static double
figure_ns(const struct rs_hist_sum *s, size_t i)
{
	if (!s || s->count == 0)
		return NAN;
	if (stats[i].q > 0)
		return (double)rs_hist_quantile(s, stats[i].q);
	if (strcmp(stats[i].name, "mean") == 0)
		return (double)s->sum_ns / (double)s->count;
	return (double)(strcmp(stats[i].name, "min") == 0 ? s->min_ns : s->max_ns);
}

json_t *
latency_json(struct maker *m, const struct rs_hist_sum *s, double unit_ns)
{
	json_t *j = json_object();

	put_count(m, j, "count", s ? s->count : 0);
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		put_number(m, j, stats[i].name, figure_ns(s, i) / unit_ns);
	return j;
}

double
latency_stat(const struct rs_hist_sum *s, const char *stat)
{
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		if (strcmp(stats[i].name, stat) == 0)
			return figure_ns(s, i) / 1e6;
	return NAN;
}
