/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of the report that go through scenarios step by step, and where it was run. */
#include <stdlib.h>
#include <unistd.h>

#include "observe/internal.h"

#ifndef RS_VERSION
#error "the build passes the project's version"
#endif

static const struct rs_plan_activity *
activity(const struct view *v, uint32_t a)
{
	return &v->o->what.plan->activities[a];
}

struct failure {
	const struct part *part;
	uint32_t step, cause;
	uint64_t count;
};

static int
most_first(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->part->activity != y->part->activity)
		return x->part->activity < y->part->activity ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x->step != y->step ? (x->step < y->step ? -1 : 1) : (x->cause < y->cause ? -1 : 1);
}

static json_t *
failure_json(struct view *v, const struct failure *f)
{
	const struct part *p = f->part;
	bool in_step = f->step < p->n_steps;
	char cause[RS_CAUSE_NAME];
	json_t *j = json_object();

	put_text(&v->maker, j, "cause", rs_cause_name(f->cause, cause, sizeof(cause)));
	put_text(&v->maker, j, "step",
		in_step ? p->steps[f->step].name : "before the first step");
	put(&v->maker, j, "index", in_step ? json_integer(f->step) : json_null());
	put_text(&v->maker, j, "activity", activity(v, p->activity)->name);
	put_count(&v->maker, j, "program", p->nth);
	put_count(&v->maker, j, "count", f->count);
	return j;
}

json_t *
failures_json(struct view *v)
{
	const struct rs_observer *o = v->o;
	json_t *list = json_array();
	struct failure *all;
	uint32_t n = 0;

	for (uint32_t k = 0; k < o->n_parts; k++)
		for (uint32_t i = 0; i < (o->parts[k].n_steps + 1) * RS_CAUSES; i++)
			n += v->image[o->parts[k].at_failures + i] > 0;
	all = calloc(n + 1, sizeof(*all));
	if (!all) {
		v->maker.failed = true;
		return list;
	}
	n = 0;
	for (uint32_t k = 0; k < o->n_parts; k++) {
		const struct part *p = &o->parts[k];

		for (uint32_t i = 0; i < (p->n_steps + 1) * RS_CAUSES; i++)
			if (v->image[p->at_failures + i] && side_of(activity(v, p->activity)) != SIDE_REGISTERED)
				all[n++] = (struct failure){
					.part = p,
					.step = i / RS_CAUSES,
					.cause = i % RS_CAUSES,
					.count = v->image[p->at_failures + i],
				};
	}
	qsort(all, n, sizeof(*all), most_first);
	for (uint32_t i = 0; i < n; i++)
		append(&v->maker, list, failure_json(v, &all[i]));
	free(all);
	return list;
}

static json_t *
step_json(struct view *v, const struct part *p, uint32_t s)
{
	static const char *const kinds[] = {
		[RS_STEP_SEND] = "send",
		[RS_STEP_RECV] = "recv",
		[RS_STEP_PAUSE] = "pause",
		[RS_STEP_TIMEWAIT] = "timewait",
		[RS_STEP_NOP] = "nop",
	};
	static const char *const names[RS_SM_COUNT] = { "messages", "retrans", "timeouts",
		"unexpected", "lost" };
	const uint64_t *c = v->image + p->at_steps + s * RS_SM_COUNT;
	json_t *j = json_object();

	put_count(&v->maker, j, "index", s);
	put_text(&v->maker, j, "kind", kinds[p->steps[s].kind]);
	put_text(&v->maker, j, "name", p->steps[s].name);
	for (uint32_t i = 0; i < RS_SM_COUNT; i++)
		put_count(&v->maker, j, names[i], c[i]);
	return j;
}

json_t *
scenarios_json(struct view *v)
{
	json_t *list = json_array();

	for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++) {
		if (!rs_activity_plays(activity(v, a)->kind))
			continue;
		for (const struct part *p = NULL; (p = part_next(v->o, a, p)) != NULL;) {
			json_t *j = json_object(), *steps = json_array();

			for (uint32_t s = 0; s < p->n_steps; s++)
				append(&v->maker, steps, step_json(v, p, s));
			put_text(&v->maker, j, "activity", activity(v, a)->name);
			put_text(&v->maker, j, "scenario", p->scenario);
			put_count(&v->maker, j, "program", p->nth);
			put(&v->maker, j, "steps", steps);
			append(&v->maker, list, j);
		}
	}
	return list;
}

json_t *
response_times_json(struct view *v)
{
	struct rs_observer *o = v->o;
	json_t *list = json_array();

	for (uint32_t k = 0; k < o->n_parts; k++) {
		const struct part *p = &o->parts[k];

		for (uint32_t i = 0; i < p->n_rtds; i++) {
			const struct samples *s = &o->samples[p->at_rtds + i];
			json_t *j = json_object(),
			       *figures = latency_json(
				       &v->maker, samples_since(s, v->zero, o->scratch[0]), 1e6);

			put_text(&v->maker, j, "activity", activity(v, p->activity)->name);
			put_text(&v->maker, j, "name", p->rtds[i]);
			put_count(&v->maker, j, "program", p->nth);
			if (json_object_update(j, figures) != 0)
				v->maker.failed = true;
			json_decref(figures);
			append(&v->maker, list, j);
		}
	}
	return list;
}

json_t *
counters_json(struct view *v)
{
	const struct rs_observer *o = v->o;
	json_t *list = json_array();

	for (uint32_t k = 0; k < o->n_parts; k++) {
		const struct part *p = &o->parts[k];

		for (uint32_t i = 0; i < p->n_counters; i++) {
			json_t *j = json_object();

			put_text(&v->maker, j, "activity", activity(v, p->activity)->name);
			put_text(&v->maker, j, "name", p->counters[i]);
			put_count(&v->maker, j, "program", p->nth);
			put_count(&v->maker, j, "count", v->image[p->at_counters + i]);
			append(&v->maker, list, j);
		}
	}
	return list;
}

/* The value of "key : value" in @file, or "". */
static void
value_of(const char *file, const char *key, char *out, size_t cap)
{
	char line[256];
	FILE *f = fopen(file, "re");

	out[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		colon[strcspn(colon, "\n")] = 0;
		snprintf(out, cap, "%s", colon);
		break;
	}
	if (f)
		fclose(f);
}

static json_t *
ports_json(struct view *v)
{
	const struct rs_observed *what = &v->o->what;
	struct maker *m = &v->maker;
	json_t *list = json_array();

	for (uint32_t p = 0; p < what->n_ports; p++) {
		const struct rs_net_port_info *i =
			what->net && what->port_info ? what->port_info(what->net, p) : NULL;
		json_t *j = json_object();

		put_text(m, j, "name", what->plan->ports[p].name);
		put_text(m, j, "device", what->plan->ports[p].device);
		put_text(m, j, "driver", i ? i->driver : NULL);
		put_text(m, j, "steering", i ? i->steering : NULL);
		put_text(m, j, "offloads", i ? i->offloads : NULL);
		put_text(m, j, "miss_counter", i ? i->miss_counter : NULL);
		if (i) {
			put_count(m, j, "mtu", i->mtu);
			put_count(m, j, "rx_queues", i->rx_queues);
			put_count(m, j, "tx_queues", i->tx_queues);
			put_count(m, j, "speed_mbps", i->speed_mbps);
		}
		append(m, list, j);
	}
	return list;
}

json_t *
environment_json(struct view *v)
{
	const struct rs_observed *what = &v->o->what;
	struct maker *m = &v->maker;
	json_t *j = json_object(), *cores = json_array(), *memory = json_object();
	char cpu[128], resident[64];
	uint64_t legs = 0, endpoints = 0, texts = 0;

	value_of("/proc/cpuinfo", "model name", cpu, sizeof(cpu));
	value_of("/proc/self/status", "VmHWM", resident, sizeof(resident));
	for (uint32_t w = 0; w < what->n_workers; w++) {
		append(m, cores, json_integer(what->plan->cores[w]));
		legs += snapshot_engine(v->o, v->image, w)[RS_ENG_LEG_BYTES];
		endpoints += snapshot_engine(v->o, v->image, w)[RS_ENG_ENDPOINT_BYTES];
		texts += snapshot_engine(v->o, v->image, w)[RS_ENG_REG_TEXT_BYTES];
	}
	put_text(m, j, "version", RS_VERSION);
	put_text(m, j, "cpu", cpu[0] ? cpu : NULL);
	put_count(m, j, "workers", what->n_workers);
	put(m, j, "cores", cores);
	put_text(m, j, "idle", what->plan->idle_sleep ? "sleep" : "poll");
	put(m, j, "ports", ports_json(v));
	if (v->facts->srtp)
		put_text(m, j, "srtp", v->facts->srtp);
	put_count(m, memory, "packets_mb", v->facts->memory_mb);
	put(m, memory, "hugepages", json_boolean(what->plan->hugepages));
	put_count(m, memory, "legs_bytes", legs);
	put_count(m, memory, "endpoints_bytes", endpoints);
	put_count(m, memory, "registration_texts_bytes", texts);
	put_count(m, memory, "resident_peak_kb", strtoull(resident, NULL, 10));
	put(m, j, "memory", memory);
	if (v->facts->start_ms > 0)
		put_number(m, j, "start_ms", v->facts->start_ms);
	return j;
}
