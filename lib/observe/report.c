/* SPDX-License-Identifier: BSD-3-Clause */
/* The report: its members in CONTRACT's order. */
#include <stdlib.h>
#include <time.h>

#include "observe/internal.h"

static const struct {
	const char *name;
	uint32_t row;
} latencies[] = {
	{ "trying", RS_AM_TRYING },
	{ "post_dial", RS_AM_POST_DIAL },
	{ "answer", RS_AM_ANSWER },
	{ "disconnect", RS_AM_DISCONNECT },
	{ "response", RS_AM_RESPONSE },
	{ "register", RS_AM_REGISTER },
	{ "refresh", RS_AM_REFRESH },
};
#define N_LATENCIES (sizeof(latencies) / sizeof(latencies[0]))

const struct rs_hist_sum *
view_latency(struct view *v, uint32_t row)
{
	struct rs_observer *o = v->o;

	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t a = 0; a < o->what.plan->n_activities; a++)
		samples_add(samples_latency(o, a, row), v->zero, o->scratch[0], o->scratch[1]);
	return o->scratch[0];
}

const struct rs_hist_sum *
view_latency_clean(struct view *v, uint32_t row)
{
	struct rs_observer *o = v->o;

	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		const struct rs_hist_sum *s =
			samples_clean(samples_latency(o, a, row), v->zero, &o->scratch[1]);

		if (s)
			rs_hist_sum_add(o->scratch[0], s);
	}
	return o->scratch[0];
}

int
view_latency_row(const char *name)
{
	for (size_t i = 0; i < N_LATENCIES; i++)
		if (strcmp(latencies[i].name, name) == 0)
			return (int)latencies[i].row;
	return -1;
}

static void
put_calls(struct maker *m, json_t *j, const struct rs_call_totals *t)
{
	put_count(m, j, "offered", t->offered);
	put_count(m, j, "not_started", t->not_started);
	put_count(m, j, "started", t->started);
	put_count(m, j, "established", t->established);
	put_count(m, j, "completed", t->completed);
	put_count(m, j, "failed", t->failed);
	put_count(m, j, "open", t->open);
	put_count(m, j, "peak", t->peak);
}

static json_t *
calls_json(struct view *v)
{
	json_t *j = json_object();

	for (int placed = 1; placed >= 0; placed--) {
		struct rs_call_totals t = snapshot_totals(v->o, v->image, placed, false);
		json_t *side = json_object();

		put_calls(&v->maker, side, &t);
		put(&v->maker, j, placed ? "placed" : "answered", side);
	}
	return j;
}

static json_t *
activities_json(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	json_t *list = json_array();

	for (uint32_t a = 0; a < plan->n_activities; a++) {
		const uint64_t *c = snapshot_activity(v->o, v->image, a);
		struct rs_call_totals t = { 0 };
		json_t *j = json_object(), *why = json_object();

		if (side_of(&plan->activities[a]) == SIDE_REGISTERED)
			registrations_as_calls(&t, c);
		else
			call_totals_add(&t, c, false);
		put_text(&v->maker, j, "name", plan->activities[a].name);
		put_text(&v->maker, j, "do", rs_activity_kind_name(plan->activities[a].kind));
		put_calls(&v->maker, j, &t);
		put_count(&v->maker, why, "limit", c[RS_AM_NOT_LIMIT]);
		put_count(&v->maker, why, "no_idle_callee", c[RS_AM_NOT_IDLE]);
		put_count(&v->maker, why, "no_memory", c[RS_AM_NOT_MEMORY]);
		put(&v->maker, j, "not_started_because", why);
		if (rs_activity_places(plan->activities[a].kind)) {
			put_count(&v->maker, j, "max_starts_1ms", c[RS_AM_BURST_1MS]);
			put_count(&v->maker, j, "max_starts_10ms", c[RS_AM_BURST_10MS]);
		}
		append(&v->maker, list, j);
	}
	return list;
}

/*
 * `received`: messages that parsed, those that came again among them; `sent`: sent for the first time, by the scenario or for
 * it; `retransmitted`: sent again, not part of `sent`. Dropped on purpose (lost=) is neither.
 */
static json_t *
sip_json(struct view *v)
{
	static const struct {
		const char *name;
		uint32_t row;
		int of_engine; /* the same outside calls, -1: there is none */
	} of_activity[] = {
		{ "sent", RS_AM_SIP_SENT, RS_ENG_STRAY_SENT },
		{ "retransmitted", RS_AM_SIP_RETRANSMITTED, RS_ENG_REPEATED_SENT },
		{ "unexpected", RS_AM_SIP_UNEXPECTED, -1 },
		{ "retransmissions_received", RS_AM_SIP_RETRANS_RECEIVED, RS_ENG_REPEATED },
		{ "lost_on_purpose", RS_AM_SIP_LOST, -1 },
		{ "auto_answered", RS_AM_AUTO_ANSWERED, RS_ENG_AUTO_ANSWERED },
		{ "reordered", RS_AM_SIP_REORDERED, -1 },
	};
	static const struct {
		const char *name;
		uint32_t row;
	} of_engine[] = {
		{ "received", RS_ENG_RECEIVED }, { "malformed", RS_ENG_MALFORMED }, { "keepalives", RS_ENG_KEEPALIVE },
		{ "dead_call", RS_ENG_DEAD_CALL }, { "other_run", RS_ENG_OTHER_RUN },
		{ "out_of_call", RS_ENG_OUT_OF_CALL }, { "no_endpoint", RS_ENG_NO_ENDPOINT },
		{ "refused", RS_ENG_REFUSED }, { "unreachable", RS_ENG_UNREACHABLE },
		{ "challenges_broken", RS_ENG_CHALLENGE_BROKEN }, { "challenges_unknown", RS_ENG_CHALLENGE_UNKNOWN },
		{ "routes_too_long", RS_ENG_ROUTES_LONG }, { "other_dialog", RS_ENG_OTHER_DIALOG },
	};
	static const char *const first[] = { "sent", "received", "retransmitted", "unexpected",
		"malformed" };
	json_t *j = json_object();

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		put_count(&v->maker, j, first[i], 0); /* the order in which people read them */
	for (size_t i = 0; i < sizeof(of_activity) / sizeof(of_activity[0]); i++) {
		uint64_t n = 0;

		for (uint32_t a = 0; a < v->o->what.plan->n_activities; a++)
			n += snapshot_activity(v->o, v->image, a)[of_activity[i].row];
		for (uint32_t w = 0; of_activity[i].of_engine >= 0 && w < v->o->what.n_workers; w++)
			n += snapshot_engine(v->o, v->image, w)[of_activity[i].of_engine];
		put_count(&v->maker, j, of_activity[i].name, n);
	}
	for (size_t i = 0; i < sizeof(of_engine) / sizeof(of_engine[0]); i++) {
		uint64_t n = 0;

		for (uint32_t w = 0; w < v->o->what.n_workers; w++)
			n += snapshot_engine(v->o, v->image, w)[of_engine[i].row];
		put_count(&v->maker, j, of_engine[i].name, n);
	}
	return j;
}

static json_t *
latencies_json(struct view *v)
{
	json_t *j = json_object();

	for (size_t i = 0; i < N_LATENCIES; i++)
		put(&v->maker, j, latencies[i].name,
			latency_json(&v->maker, view_latency(v, latencies[i].row), 1e6));
	return j;
}

/* The same of what no limited interval had a part in. */
static json_t *
clean_latencies_json(struct view *v)
{
	json_t *j = json_object();

	for (size_t i = 0; i < N_LATENCIES; i++)
		put(&v->maker, j, latencies[i].name,
			latency_json(&v->maker, view_latency_clean(v, latencies[i].row), 1e6));
	return j;
}

static json_t *
tainted_json(struct view *v)
{
	json_t *j = json_object();

	for (int placed = 1; placed >= 0; placed--) {
		struct taint t = view_taint(v, placed, false);
		json_t *side = json_object();

		put_count(&v->maker, side, "calls", t.calls);
		put_count(&v->maker, side, "failed", t.failed);
		put(&v->maker, j, placed ? "placed" : "answered", side);
	}
	return j;
}

static void
append_interval(struct view *v, json_t *list, const struct interval *i)
{
	json_t *j = json_object();
	struct maker *m = &v->maker;

	put_count(m, j, "t", i->t);
	put_count(m, j, "offered", i->offered);
	put_count(m, j, "started", i->started);
	put_count(m, j, "open", i->open);
	put_count(m, j, "failed", i->failed);
	put_number(m, j, "p50", i->p50);
	put_number(m, j, "p99", i->p99);
	put(m, j, "limited", json_boolean(i->limited));
	if (i->limited)
		put(m, j, "limits", breaches_json(v, i));
	put_number(m, j, "length_s", i->length_s);
	append(m, list, j);
}

static json_t *
intervals_json(struct view *v)
{
	json_t *list = json_array();
	struct interval tail;
	uint64_t first = 0;

	if (v->zero == ZERO_RESET && v->from_ns > v->o->t0_ns)
		first = (v->from_ns - v->o->t0_ns) / RS_NS_PER_S;
	for (uint32_t i = 0; i < v->o->n_intervals; i++)
		if (v->o->intervals[i].t >= first)
			append_interval(v, list, &v->o->intervals[i]);
	/* So that their sums are those of `calls`, the second that is not over is there as well. */
	if (interval_tail(v->o, v->to_ns, &tail))
		append_interval(v, list, &tail);
	return list;
}

static double
measured_s(const struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	uint64_t from = v->from_ns, to = v->to_ns;

	if (plan->measure_ns) {
		uint64_t begin = v->facts->t0_ns + plan->warmup_ns, end = begin + plan->measure_ns;

		from = from > begin ? from : begin;
		to = to < end ? to : end;
	}
	return to > from ? (double)(to - from) / 1e9 : 0;
}

static json_t *
run_json(struct view *v, enum rs_verdict *verdict)
{
	const struct rs_run_facts *f = v->facts;
	struct maker *m = &v->maker;
	time_t s = (time_t)(f->started_wall_us / 1000000);
	json_t *j = json_object(), *reasons = json_array();
	char started[48], day[24];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(started, sizeof(started), "%s.%03uZ", day,
		(unsigned)(f->started_wall_us / 1000 % 1000));
	*verdict = verdict_of(v, reasons);
	put_text(m, j, "id", f->id);
	put_text(m, j, "plan", v->o->what.plan->name);
	put_count(m, j, "seed", v->o->what.plan->seed);
	put_text(m, j, "started", started);
	put_number(m, j, "duration_s",
		v->to_ns > v->from_ns ? (double)(v->to_ns - v->from_ns) / 1e9 : 0);
	put_number(m, j, "measured_s", measured_s(v));
	put_text(m, j, "verdict", rs_verdict_name(*verdict));
	put(m, j, "reasons", reasons);
	put_text(m, j, "state", f->state);
	put_number(m, j, "rate_asked", f->rate_hz);
	if (v->o->what.plan->sut_name) {
		put_text(m, j, "sut", v->o->what.plan->sut_name);
		put_text(m, j, "sut_version", v->o->what.plan->sut_version);
	}
	return j;
}

static json_t *
make(struct view *v, enum rs_verdict *verdict)
{
	json_t *r = json_object();
	struct maker *m = &v->maker;

	put_text(m, r, "schema", "ringstorm.report/1");
	put(m, r, "run", run_json(v, verdict));
	put(m, r, "calls", calls_json(v));
	put(m, r, "activities", activities_json(v));
	put(m, r, "sip", sip_json(v));
	put(m, r, "registrations", registrations_json(v));
	put(m, r, "connections", connections_json(v));
	put(m, r, "failures", failures_json(v));
	if (v->facts->failed_calls)
		put(m, r, "failed_calls", json_incref(v->facts->failed_calls));
	put(m, r, "latency_ms", latencies_json(v));
	put(m, r, "latency_clean_ms", clean_latencies_json(v));
	put(m, r, "tainted", tainted_json(v));
	put(m, r, "lateness_ms", latency_json(m, view_latency(v, RS_AM_LATENESS), 1e6));
	put(m, r, "legs", legs_json(v));
	put(m, r, "media", media_json(v));
	put(m, r, "response_times", response_times_json(v));
	put(m, r, "scenarios", scenarios_json(v));
	put(m, r, "swaps", swaps_json(v));
	put(m, r, "counters", counters_json(v));
	put(m, r, "intervals", intervals_json(v));
	put(m, r, "health", health_json(v));
	put(m, r, "environment", environment_json(v));
	if (m->failed) {
		json_decref(r);
		return NULL;
	}
	return r;
}

/* @param verdict  NULL: only `media` is asked for */
static json_t *
report_since(struct rs_observer *o, const struct rs_run_facts *facts, enum zero zero,
	uint64_t now_ns, enum rs_verdict *verdict)
{
	uint64_t *image = calloc(o->image_cells + 1, sizeof(*image));
	struct view v = { .o = o, .facts = facts, .image = image, .zero = zero };
	json_t *r;

	if (!image)
		return NULL;
	snapshot_read(o, image);
	snapshot_since(o, image, zero);
	samples_collect(o);
	v.to_ns = facts->end_ns ? facts->end_ns : now_ns;
	v.from_ns = zero == ZERO_RESET && o->zero_ns > facts->t0_ns ? o->zero_ns : facts->t0_ns;
	r = verdict ? make(&v, verdict) : media_json(&v);
	if (v.maker.failed && !verdict) {
		json_decref(r);
		r = NULL;
	}
	free(image);
	return r;
}

json_t *
rs_observer_report(
	struct rs_observer *o, const struct rs_run_facts *facts, enum rs_verdict *verdict)
{
	return report_since(o, facts, ZERO_RUN, o->last_ns, verdict);
}

json_t *
rs_observer_stats(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns)
{
	enum rs_verdict verdict;

	return report_since(o, facts, ZERO_RESET, now_ns, &verdict);
}

json_t *
rs_observer_media(struct rs_observer *o, const struct rs_run_facts *facts, uint64_t now_ns)
{
	return report_since(o, facts, ZERO_RESET, now_ns, NULL);
}
