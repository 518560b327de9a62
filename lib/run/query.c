/* SPDX-License-Identifier: BSD-3-Clause */
/* What control tells about itself: JSON for the verbs that look. */
#include <stdio.h>

#include "run/internal.h"

#define CALLS_NS (2 * RS_NS_PER_S)

const char *
rs_daemon_run_id(const struct rs_daemon *d)
{
	return d->run ? d->run->id : "";
}

double
rs_daemon_elapsed_s(const struct rs_daemon *d)
{
	uint64_t now;

	if (!d->run || !d->run->t0_ns)
		return 0;
	now = d->run->end_ns ? d->run->end_ns : daemon_now(d);
	return now > d->run->t0_ns ? (double)(now - d->run->t0_ns) / 1e9 : 0;
}

uint64_t
rs_daemon_lingering(const struct rs_daemon *d)
{
	struct rs_totals t = { 0 };

	if (d->run)
		rs_observer_totals(d->run->observer, &t);
	return t.lingering;
}

/* What waits for something else to be over: ["calls for reg"]. */
static json_t *
waiting(const struct rs_daemon *d)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < d->plan->n_activities; i++)
		if (activity_awaited(d, i))
			json_array_append_new(list,
				json_sprintf("%s for %s", d->plan->activities[i].name,
					activity_awaited(d, i)));
	return list;
}

json_t *
rs_daemon_status(struct rs_daemon *d)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:f}", "state", rs_state_name(d->state), "run",
		rs_daemon_run_id(d), "plan", rs_json_text(d->plan->name), "elapsed_s",
		rs_daemon_elapsed_s(d));

	for (uint32_t i = 0; j && i < d->plan->n_activities; i++)
		if (activity_awaited(d, i))
			json_object_set_new(j, "waiting", waiting(d));
	if (j && d->run)
		json_object_set_new(j, "limited_s",
			json_integer((json_int_t)rs_observer_limited(d->run->observer)));
	return j;
}

json_t *
rs_daemon_stats(struct rs_daemon *d)
{
	struct rs_run_facts facts;

	if (!d->run)
		return NULL;
	run_facts(d, &facts);
	return rs_observer_stats(
		d->run->observer, &facts, d->run->end_ns ? d->run->end_ns : daemon_now(d));
}

static json_t *
number(double v)
{
	return v == v ? json_real(v) : json_null();
}

json_t *
rs_daemon_live(struct rs_daemon *d)
{
	struct rs_run_facts facts;
	struct rs_live l;
	json_t *j = rs_daemon_status(d);

	if (!d->run || !j)
		return j;
	run_facts(d, &facts);
	rs_observer_live(d->run->observer, &facts, daemon_now(d), &l);
	json_object_set_new(j, "rate_asked", json_real(l.rate_asked));
	json_object_set_new(j, "rate_reached", number(l.rate_reached));
	json_object_set_new(j, "offered", json_integer((json_int_t)l.offered));
	json_object_set_new(j, "open", json_integer((json_int_t)l.open));
	json_object_set_new(j, "completed", json_integer((json_int_t)l.completed));
	json_object_set_new(j, "failed", json_integer((json_int_t)l.failed));
	json_object_set_new(j, "p50_ms", number(l.p50_ms));
	json_object_set_new(j, "p99_ms", number(l.p99_ms));
	if (l.registers)
		json_object_set_new(j, "registered", json_integer((json_int_t)l.registered));
	json_object_set_new(j, "limited_s", json_integer((json_int_t)l.limited));
	json_object_set_new(j, "health", json_string(l.health ? l.health : "ok"));
	return j;
}

json_t *
rs_daemon_health(struct rs_daemon *d)
{
	return d->run ? rs_observer_health(d->run->observer) : json_object();
}

static const char *
activity_word(const struct rs_daemon *d, uint32_t i)
{
	if (!d->run || d->state == RS_STATE_IDLE)
		return "idle";
	if (d->state == RS_STATE_DONE)
		return "done";
	if (d->run->stopped[i] || d->state == RS_STATE_DRAINING)
		return "stopped";
	if (!d->run->begun[i])
		return "waiting";
	return d->state == RS_STATE_PAUSED ? "paused" : "running";
}

/* A new reference: a word, or whom it waits for. */
static json_t *
activity_state(const struct rs_daemon *d, uint32_t i)
{
	const char *awaited = activity_awaited(d, i);

	return awaited ? json_sprintf("waiting for %s", awaited)
		       : json_string(activity_word(d, i));
}

json_t *
rs_daemon_activities(struct rs_daemon *d)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &d->plan->activities[i];
		struct rs_call_totals t = { 0 };

		if (d->run)
			rs_observer_activity(d->run->observer, i, &t);
		json_array_append_new(list,
			json_pack(
				"{s:o, s:s, s:o, s:o, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
				"name", rs_json_text(a->name), "do", rs_activity_kind_name(a->kind),
				"state", activity_state(d, i), "scenario",
				rs_json_text(a->scenario_file), "rate",
				activity_rate(d, i), "limit",
				(json_int_t)(d->run ? d->run->limits[i] : a->limit), "total",
				(json_int_t)a->total, "offered", (json_int_t)t.offered,
				"not_started", (json_int_t)t.not_started, "started",
				(json_int_t)t.started, "established", (json_int_t)t.established,
				"completed", (json_int_t)t.completed, "failed",
				(json_int_t)t.failed, "open", (json_int_t)t.open, "peak",
				(json_int_t)t.peak));
	}
	return list;
}

static json_t *
call_json(const struct rs_daemon *d, const struct rs_call_info *c, uint32_t worker)
{
	const struct rs_plan_activity *a = &d->plan->activities[c->activity];
	const char *step = rs_observer_step_name(d->run->observer, c->program, c->step);

	return json_pack("{s:o, s:I, s:f, s:i, s:o, s:o, s:s, s:i}", "activity",
		rs_json_text(a->name), "number", (json_int_t)c->number, "age_s",
		(double)c->age_ns / 1e9, "step_index", (int)c->step, "step",
		rs_json_text(step ? step : ""), "call_id",
		rs_json_text(c->call_id), "remote", c->remote, "worker", (int)worker);
}

json_t *
rs_daemon_calls(struct rs_daemon *d, uint32_t max)
{
	json_t *list = json_array();

	for (uint32_t w = 0; w < d->launched && d->run && d->run->attached; w++) {
		const struct rs_calls *calls = d->workers[w].calls;
		uint64_t from = 0;

		while (from != UINT32_MAX && json_array_size(list) < max) {
			struct rs_mail m = { .type = RS_MAIL_CALLS, .arg = { from } };

			if (daemon_ask(d, w, &m, CALLS_NS) != 0)
				return list;
			from = m.arg[0];
			for (uint32_t i = 0; i < calls->n && json_array_size(list) < max; i++)
				json_array_append_new(list, call_json(d, &calls->calls[i], w));
		}
	}
	return list;
}

static bool
is_run_id(const char *id)
{
	return id[strspn(id, "0123456789TZ-")] == 0;
}

json_t *
rs_daemon_report(struct rs_daemon *d, const char *id)
{
	char path[1024];
	json_t *j = NULL;

	for (uint32_t i = 0; i < KEPT_REPORTS && d->next_report > 0; i++) {
		struct kept_report *k =
			&d->reports[(d->next_report - 1 + KEPT_REPORTS - i) % KEPT_REPORTS];

		if (k->json && (!id || strcmp(k->id, id) == 0))
			return json_incref(k->json);
		if (!id)
			break;
	}
	if (id && d->plan->reports && is_run_id(id)) { /* an id is never a path */
		snprintf(path, sizeof(path), "%s/%s.json", d->plan->reports, id);
		j = json_load_file(path, 0, NULL);
	}
	return j;
}
