/* SPDX-License-Identifier: BSD-3-Clause */
/* Failed calls explained: collected from the workers, chosen from, and told by `calls --failed` and in the report. */
#include "run/failed.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_NS      (2 * RS_NS_PER_S)
#define REPORT_CAUSE   3
#define REPORT_CALLS   32

static struct failed *
add(struct failed_list *list)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 256;
		struct failed *more = realloc(list->all, cap * sizeof(*more));

		if (!more) {
			list->no_memory = true;
			return NULL;
		}
		list->all = more;
		list->cap = cap;
	}
	struct failed *f = &list->all[list->n++];

	*f = (struct failed){ 0 };
	return f;
}

static void
add_trace(struct failed_list *list, const struct rs_trace *t, uint32_t worker)
{
	struct rs_trace *copy = malloc(sizeof(*copy));
	struct failed *f = copy ? add(list) : NULL;

	if (!f) {
		list->no_memory = true;
		free(copy);
		return;
	}
	memcpy(copy, t, sizeof(*copy));
	f->call = t->call;
	f->trace = copy;
	f->worker = worker;
}

static void
add_call(struct failed_list *list, const struct rs_failed_call *call, uint32_t worker)
{
	struct failed *f = add(list);

	if (!f)
		return;
	f->call = *call;
	f->worker = worker;
}

static void
collect_of(struct rs_daemon *d, uint32_t w, enum rs_worker_mail what, struct failed_list *list)
{
	const struct rs_look *look = d->workers[w].look;

	for (uint64_t from = 0; from != UINT64_MAX && !list->no_memory;) {
		struct rs_mail m = { .type = (uint16_t)what, .arg = { from } };

		if (d->mute[w] || daemon_ask(d, w, &m, ANSWER_NS) != 0)
			return;
		for (uint32_t i = 0; i < look->n; i++) {
			if (what == RS_MAIL_TRACES)
				add_trace(list, &look->traces[i], w);
			else
				add_call(list, &look->failed[i], w);
		}
		from = m.arg[0];
	}
}

static int
by_cause(const struct rs_failed_call *a, const struct rs_failed_call *b, bool by_step)
{
	if (a->activity != b->activity)
		return a->activity < b->activity ? -1 : 1;
	if (a->cause != b->cause)
		return a->cause < b->cause ? -1 : 1;
	if (by_step && a->step != b->step)
		return a->step < b->step ? -1 : 1;
	return 0;
}

/* With messages: the first one first; without: the last one first. @by_step  bool: steps of a cause lie apart */
static int
in_order(const void *x, const void *y, void *by_step)
{
	const struct failed *a = x, *b = y;
	int order = by_cause(&a->call, &b->call, *(const bool *)by_step);

	if (order)
		return order;
	if ((a->trace != NULL) != (b->trace != NULL))
		return a->trace ? -1 : 1;
	if (a->call.due_ns != b->call.due_ns)
		return (a->call.due_ns < b->call.due_ns) == (a->trace != NULL) ? -1 : 1;
	return a->worker < b->worker ? -1 : a->worker > b->worker;
}

static int
by_rank(const void *x, const void *y, void *by_step)
{
	const struct failed *a = x, *b = y;

	return a->rank != b->rank ? (a->rank < b->rank ? -1 : 1) : in_order(x, y, by_step);
}

void
failed_collect(struct rs_daemon *d, struct failed_list *list)
{
	*list = (struct failed_list){ 0 };
	for (uint32_t w = 0; w < d->launched && d->run && d->run->attached; w++) {
		collect_of(d, w, RS_MAIL_TRACES, list);
		collect_of(d, w, RS_MAIL_FAILED, list);
	}
}

/* The first @n stay. */
static void
cut(struct failed_list *list, uint32_t n)
{
	while (list->n > n)
		free(list->all[--list->n].trace);
}

void
failed_choose(struct failed_list *list, bool by_step, uint32_t per_cause, uint32_t total)
{
	uint32_t n = 0;

	if (list->n == 0)
		return;
	qsort_r(list->all, list->n, sizeof(*list->all), in_order, &by_step);
	for (uint32_t i = 0; i < list->n; i++) {
		struct failed *f = &list->all[i], *before = i ? f - 1 : NULL;

		f->rank = before && by_cause(&before->call, &f->call, by_step) == 0
			? before->rank + 1
			: 0;
	}
	qsort_r(list->all, list->n, sizeof(*list->all), by_rank, &by_step);
	while (n < list->n && n < total && list->all[n].rank < per_cause)
		n++;
	cut(list, n);
	if (list->n)
		qsort_r(list->all, list->n, sizeof(*list->all), in_order, &by_step);
}

void
failed_filter(struct failed_list *list, int32_t activity, const char *cause)
{
	uint32_t n = 0;
	char name[RS_CAUSE_NAME];

	for (uint32_t i = 0; i < list->n; i++) {
		struct failed f = list->all[i];

		if ((activity >= 0 && f.call.activity != (uint32_t)activity) ||
			(cause && !strcasestr(rs_cause_name(f.call.cause, name, sizeof(name)), cause)))
			free(f.trace);
		else
			list->all[n++] = f;
	}
	list->n = n;
}

void
failed_free(struct failed_list *list)
{
	cut(list, 0);
	free(list->all);
}

json_t *
failed_report(struct rs_daemon *d)
{
	struct failed_list list;
	json_t *out = json_array();

	failed_collect(d, &list);
	failed_choose(&list, false, REPORT_CAUSE, REPORT_CALLS);
	for (uint32_t i = 0; i < list.n; i++)
		json_array_append_new(out, failed_json(d, &list.all[i], false));
	failed_free(&list);
	return out;
}

static bool
same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* The row of `failures` that @call belongs to; one of its own when `reset` has taken it out of the figures. */
static json_t *
row_of(json_t *rows, const json_t *call)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (same(row, call, "activity") && same(row, call, "cause") && same(row, call, "index") &&
			same(row, call, "program"))
			return row;
	}
	row = json_pack("{s:O, s:O, s:O, s:O, s:O, s:i, s:[]}", "program", json_object_get(call, "program"), "cause",
		json_object_get(call, "cause"), "step",
		json_object_get(call, "step"), "index", json_object_get(call, "index"), "activity",
		json_object_get(call, "activity"), "count", 0, "calls");
	json_array_append_new(rows, row);
	return row;
}

/* What was counted: a copy of the report's `failures`, those that are asked for, each with an empty list of calls. */
static json_t *
rows_of(struct rs_daemon *d, const struct rs_failed_query *q)
{
	json_t *stats = rs_daemon_stats(d), *rows = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(stats, "failures"), i, row)
	{
		const char *cause = json_string_value(json_object_get(row, "cause")),
			   *activity = json_string_value(json_object_get(row, "activity"));

		if ((q->activity && activity && strcmp(activity, q->activity) != 0) ||
			(q->cause && cause && !strcasestr(cause, q->cause)))
			continue;
		row = json_copy(row);
		json_object_set_new(row, "calls", json_array());
		json_array_append_new(rows, row);
	}
	json_decref(stats);
	return rows;
}

int
rs_daemon_failed(struct rs_daemon *d, const struct rs_failed_query *q, json_t **out, struct rs_err *err)
{
	struct failed_list list;
	int32_t activity;
	int rc = daemon_activity(d, q->activity, &activity, err);

	if (rc)
		return rc;
	*out = rows_of(d, q);
	failed_collect(d, &list);
	failed_filter(&list, activity, q->cause);
	failed_choose(&list, true, UINT32_MAX, q->max);
	for (uint32_t i = 0; i < list.n; i++) {
		json_t *call = failed_json(d, &list.all[i], q->messages);

		json_array_append_new(json_object_get(row_of(*out, call), "calls"), call);
	}
	failed_free(&list);
	return 0;
}
