/* SPDX-License-Identifier: BSD-3-Clause */
/** A daemon without ports and workers: it remembers what it was told, for tests of the control socket. */
#ifndef RS_TESTS_FAKE_DAEMON_H
#define RS_TESTS_FAKE_DAEMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/daemon.h"

struct rs_daemon {
	enum rs_state state;
	uint32_t runs;
	char id[16];
	char told[256];     /* the last thing it was told: "rate calls 5 by" */
	int answer;         /* what the verbs return */
	int status;         /* of the last run */
	size_t stats_bytes; /* size of what rs_daemon_stats gives */
	uint32_t polls;
	bool end_at_poll;
	struct rs_plan plan;
	void (*on_event)(void *ctx, json_t *json);
	void *event_ctx;
};

static inline int
fake_answer(struct rs_daemon *d, struct rs_err *err)
{
	return d->answer ? rs_err_set(err, d->answer, "refused (state %s)", rs_state_name(d->state))
			 : 0;
}

static inline void
fake_event(struct rs_daemon *d, const char *what)
{
	json_t *e = json_pack("{s:s}", "event", what);

	if (d->on_event)
		d->on_event(d->event_ctx, e);
	json_decref(e);
}

const char *
rs_state_name(enum rs_state s)
{
	static const char *const names[] = { "idle", "running", "paused", "draining", "done" };

	return names[s];
}

const struct rs_plan *
rs_daemon_plan(const struct rs_daemon *d)
{
	return &d->plan;
}

enum rs_state
rs_daemon_state(const struct rs_daemon *d)
{
	return d->state;
}

const char *
rs_daemon_run_id(const struct rs_daemon *d)
{
	return d->id;
}

double
rs_daemon_elapsed_s(const struct rs_daemon *d)
{
	(void)d;
	return 1.5;
}

int
rs_daemon_load(struct rs_daemon *d, struct rs_plan *plan, struct rs_err *err)
{
	int rc = fake_answer(d, err);

	snprintf(d->told, sizeof(d->told), "load %s", plan->name);
	if (rc == 0)
		rs_plan_free(plan);
	return rc;
}

int
rs_daemon_start(struct rs_daemon *d, struct rs_err *err)
{
	int rc = fake_answer(d, err);

	snprintf(d->told, sizeof(d->told), "start");
	if (rc)
		return rc;
	d->state = RS_STATE_RUNNING;
	snprintf(d->id, sizeof(d->id), "r%u", ++d->runs);
	fake_event(d, "started");
	return 0;
}

int
rs_daemon_start_activity(struct rs_daemon *d, const char *activity, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "start %s", activity);
	return fake_answer(d, err);
}

int
rs_daemon_stop(struct rs_daemon *d, const char *activity, enum rs_stop how, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "stop %s %d", activity ? activity : "-", how);
	return fake_answer(d, err);
}

int
rs_daemon_pause(struct rs_daemon *d, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "pause");
	return fake_answer(d, err);
}

int
rs_daemon_resume(struct rs_daemon *d, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "resume");
	return fake_answer(d, err);
}

int
rs_daemon_rate(struct rs_daemon *d, const char *activity, double value, bool by, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "rate %s %g%s", activity ? activity : "-", value,
		by ? " by" : "");
	return fake_answer(d, err);
}

int
rs_daemon_limit(struct rs_daemon *d, const char *activity, uint64_t value, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "limit %s %llu", activity ? activity : "-",
		(unsigned long long)value);
	return fake_answer(d, err);
}

int
rs_daemon_reset(struct rs_daemon *d, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "reset");
	return fake_answer(d, err);
}

bool
rs_daemon_poll(struct rs_daemon *d)
{
	d->polls++;
	if (!d->end_at_poll)
		return false;
	d->end_at_poll = false;
	d->state = RS_STATE_DONE;
	fake_event(d, "done");
	return true;
}

json_t *
rs_daemon_status(struct rs_daemon *d)
{
	return json_pack("{s:s, s:s, s:s, s:f}", "state", rs_state_name(d->state), "run", d->id,
		"plan", "fake", "elapsed_s", 1.5);
}

json_t *
rs_daemon_stats(struct rs_daemon *d)
{
	char *fill;
	json_t *j;

	if (d->runs == 0)
		return NULL;
	fill = malloc(d->stats_bytes + 1);
	memset(fill, 'x', d->stats_bytes);
	fill[d->stats_bytes] = '\0';
	j = json_pack("{s:s, s:I}", "fill", fill, "polls", (json_int_t)d->polls);
	free(fill);
	return j;
}

json_t *
rs_daemon_live(struct rs_daemon *d)
{
	return rs_daemon_status(d);
}

json_t *
rs_daemon_health(struct rs_daemon *d)
{
	(void)d;
	return json_object();
}

json_t *
rs_daemon_activities(struct rs_daemon *d)
{
	(void)d;
	return json_pack("[{s:s}]", "name", "calls");
}

json_t *
rs_daemon_calls(struct rs_daemon *d, uint32_t max)
{
	(void)d;
	return json_pack("[{s:i}]", "max", (int)max);
}

int
rs_daemon_failed(struct rs_daemon *d, const struct rs_failed_query *q, json_t **out, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "failed %s %s %u%s", q->activity ? q->activity : "-",
		q->cause ? q->cause : "-", q->max, q->messages ? " messages" : "");
	if (q->activity && strcmp(q->activity, "calls") != 0)
		return rs_err_set(err, -ENOENT, "no activity \"%s\"", q->activity);
	*out = json_pack("[{s:s, s:i}]", "cause", "time-out", "count", 3);
	return 0;
}

json_t *
rs_daemon_endpoints(struct rs_daemon *d, int state, uint64_t limit)
{
	snprintf(d->told, sizeof(d->told), "endpoints %d %u", state, (unsigned)limit);
	return json_array();
}

int
rs_daemon_swap(struct rs_daemon *d, const char *activity, const char *file, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "swap %s %.60s", activity, file);
	return strcmp(activity, "calls") == 0 ? 0 : rs_err_set(err, -ENOENT, "no activity \"%s\"", activity);
}

int
rs_daemon_apply(struct rs_daemon *d, struct rs_plan *plan, bool partial, json_t **out, struct rs_err *err)
{
	(void)err;
	snprintf(d->told, sizeof(d->told), "apply %.40s%s", plan->name, partial ? " partial" : "");
	*out = json_pack("{s:[], s:[{s:s, s:i, s:s, s:s}]}", "applied", "refused", "file", plan->name, "line", 7, "setting", "ports[0].mtu",
		"text", "not now");
	rs_plan_free(plan);
	return partial ? 0 : -EINVAL;
}

json_t *
rs_daemon_media(struct rs_daemon *d)
{
	return d->state == RS_STATE_IDLE ? NULL : json_null();
}

json_t *
rs_daemon_streams(struct rs_daemon *d, const char *call_id, uint32_t max)
{
	snprintf(d->told, sizeof(d->told), "streams %s %u", call_id ? call_id : "-", max);
	return json_array();
}

int
rs_daemon_impair(struct rs_daemon *d, const char *profile, unsigned directions, const json_t *set, struct rs_err *err)
{
	(void)err;
	snprintf(d->told, sizeof(d->told), "impair %s %u %s", profile ? profile : "-", directions,
		json_array_size(set) ? json_string_value(json_array_get(set, 0)) : "off");
	return 0;
}

json_t *
rs_daemon_connections(struct rs_daemon *d)
{
	return d->state == RS_STATE_IDLE ? NULL : json_null();
}

int
rs_daemon_drop(struct rs_daemon *d, const char *group, double share, enum rs_conn_close how, struct rs_err *err)
{
	snprintf(d->told, sizeof(d->told), "drop %s %.2f %d", group ? group : "-", share, how);
	return fake_answer(d, err);
}

json_t *
rs_daemon_report(struct rs_daemon *d, const char *id)
{
	if (d->state != RS_STATE_DONE || (id && strcmp(id, d->id) != 0))
		return NULL;
	return json_pack("{s:s, s:{s:s, s:s}}", "schema", "ringstorm.report/1", "run", "id", d->id,
		"verdict", "generator limited");
}

int
rs_daemon_run_status(const struct rs_daemon *d)
{
	return d->state == RS_STATE_DONE ? d->status : -1;
}

void
rs_daemon_on_event(struct rs_daemon *d, void (*fn)(void *ctx, json_t *json), void *ctx)
{
	d->on_event = fn;
	d->event_ctx = ctx;
}

#endif
