/* SPDX-License-Identifier: BSD-3-Clause */
/* The run: seed, times, limits, thresholds. */
#include <strings.h>

#include "plan/plan_read.h"

#define MAX_NAMES 64

/** Divide "post_dial_p99_ms". @return false when it is not such a name */
static bool
latency_name(const char *name, struct rs_threshold *t)
{
	for (const char *const *l = rs_plan_latencies; *l; l++) {
		size_t n = strlen(*l);

		if (strncmp(name, *l, n) != 0 || name[n] != '_')
			continue;
		for (const char *const *s = rs_plan_stats; *s; s++) {
			size_t k = strlen(*s);

			if (strncmp(name + n + 1, *s, k) == 0 &&
				strcmp(name + n + 1 + k, "_ms") == 0) {
				t->metric = RS_TH_LATENCY;
				t->latency = *l;
				t->stat = *s;
				return true;
			}
		}
	}
	return false;
}

static int
unknown_threshold(const struct rs_reader *r, const struct rs_part *p, const struct rs_node *c)
{
	char store[MAX_NAMES][32], near[100];
	const char *names[MAX_NAMES];
	size_t n = 0;

	for (uint32_t i = 0; i < rs_plan_n_thresholds; i++)
		names[n++] = rs_plan_thresholds[i].name;
	for (const char *const *l = rs_plan_latencies; *l; l++)
		for (const char *const *s = rs_plan_stats; *s && n < MAX_NAMES; s++, n++) {
			snprintf(store[n], sizeof(store[n]), "%s_%s_ms", *l, *s);
			names[n] = store[n];
		}
	rs_did_you_mean(c->name, names, n, near, sizeof(near));
	return rs_part_fail(r, p, "thresholds", -EINVAL, "unknown threshold '%.60s'%s", c->name,
		near[0] ? near
			: ": known are failed_percent, not_started_percent and <latency>_<stat>_ms, such as post_dial_p99_ms");
}

/** In the order of rs_plan_thresholds. */
static enum rs_threshold_metric
fixed_metric(const struct rs_setting *row)
{
	static const enum rs_threshold_metric metrics[] = { RS_TH_FAILED_PERCENT,
		RS_TH_NOT_STARTED_PERCENT, RS_TH_MIN_MOS, RS_TH_MAX_LOSS_PERCENT,
		RS_TH_MAX_JITTER_MS, RS_TH_ONE_WAY_AUDIO_PERCENT };

	return metrics[row - rs_plan_thresholds];
}

static int
read_thresholds(struct rs_reader *r, const struct rs_part *run)
{
	static const struct rs_setting in_ms = {
		.name = "thresholds", .type = RS_SET_FLOAT, .max = 86400000
	};
	const struct rs_node *g = rs_tree_get(run->node, "thresholds");
	struct rs_plan *plan = r->plan;
	int rc;

	plan->thresholds = rs_plan_alloc(r->mem, ((g ? g->n : 0) + 1) * sizeof(*plan->thresholds));
	if (!plan->thresholds)
		return -ENOMEM;
	/* always judged: a plan that says nothing about it wants no failure */
	plan->thresholds[plan->n_thresholds++] =
		(struct rs_threshold){ .name = "failed_percent", .metric = RS_TH_FAILED_PERCENT };
	for (const struct rs_node *c = g ? g->first : NULL; c; c = c->next) {
		const struct rs_setting *fixed =
			rs_setting_find(rs_plan_thresholds, rs_plan_n_thresholds, c->name);
		struct rs_threshold *t = &plan->thresholds[strcmp(c->name, "failed_percent") == 0
				? 0
				: plan->n_thresholds];
		struct rs_part at = *run;
		struct rs_setting row = fixed ? *fixed : in_ms;
		char where[100];

		at.node = c;
		snprintf(where, sizeof(where), "thresholds.%.60s", c->name);
		row.name = where;
		t->name = c->name;
		if (fixed)
			t->metric = fixed_metric(fixed);
		else if (!latency_name(c->name, t))
			return unknown_threshold(r, &at, c);
		if ((rc = rs_part_number(r, &at, c, &row, &t->bound)) != 0)
			return rc;
		plan->n_thresholds += t != plan->thresholds;
	}
	return 0;
}

/** RFC 3261, 17.1.1.1: T1 may be raised and, in a network of one's own, lowered; T2 is a bound on what grows from T1. */
static int
check_timers(const struct rs_reader *r, const struct rs_part *p)
{
	const struct rs_plan *plan = r->plan;
	const struct {
		const char *name;
		uint64_t ns;
	} timers[] = { { "t1", plan->t1_ns }, { "t2", plan->t2_ns }, { "t4", plan->t4_ns } };

	for (size_t i = 0; i < RS_COUNT(timers); i++)
		if (timers[i].ns < 1000000 || timers[i].ns > 3600ull * 1000000000)
			return rs_part_fail(
				r, p, timers[i].name, -EINVAL, "is out of range: 1ms to 1h");
	if (plan->t2_ns < plan->t1_ns)
		return rs_part_fail(r, p, rs_tree_get(p->node, "t2") ? "t2" : "t1", -EINVAL,
			"t2 (%g ms) is shorter than t1 (%g ms): raise t2, or lower t1",
			(double)plan->t2_ns / 1e6, (double)plan->t1_ns / 1e6);
	return 0;
}

/** RFC 3261, 25.1: token */
static bool
is_token(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			    (*c >= '0' && *c <= '9') || strchr("-.!%*_+`'~", *c)))
			return false;
	return true;
}

static int
read_legs(const struct rs_reader *r, const struct rs_part *p)
{
	static const char *const words[] = { [RS_LEGS_AUTO] = "auto",
		[RS_LEGS_NONE] = "none",
		[RS_LEGS_CALLED_USER] = "called user",
		[RS_LEGS_CALLING_USER] = "calling user",
		[RS_LEGS_SESSION_ID] = "session-id",
		[RS_LEGS_USER_TO_USER] = "user-to-user" };
	const char *text = rs_part_text(r, p, "legs");
	char near[100];

	if (!text)
		return -ENOMEM;
	for (uint32_t i = 0; i < RS_COUNT(words); i++)
		if (strcasecmp(words[i], text) == 0) {
			r->plan->legs = (uint8_t)i;
			return 0;
		}
	rs_did_you_mean(text, words, RS_COUNT(words), near, sizeof(near));
	/* a header of one's own has a name like X-Call-Ref; what merely resembles a word is a slip */
	if (!is_token(text) || near[0])
		return rs_part_fail(r, p, "legs", -EINVAL, "unknown value \"%.80s\"%s%s", text,
			near,
			near[0] ? ""
				: ": use \"auto\", \"none\", \"called user\", \"calling user\", "
				  "\"session-id\", \"user-to-user\" or the name of a header");
	r->plan->legs = RS_LEGS_HEADER;
	r->plan->legs_header = text;
	return 0;
}

int
rs_read_run(struct rs_reader *r)
{
	struct rs_part p = rs_part_of(r, RS_SECTION_RUN, -1);
	int rc = rs_part_read(r, &p, r->plan);

	if (rc != 0)
		return rc;
	if (rs_tree_get(p.node, "measure") && r->plan->measure_ns == 0)
		return rs_part_fail(
			r, &p, "measure", -EINVAL, "is 0: leave it out to measure the whole run");
	if ((rc = check_timers(r, &p)) != 0 || (rc = read_legs(r, &p)) != 0)
		return rc;
	return read_thresholds(r, &p);
}
