/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `scenario swap` and `plan apply`: what the run that is on is to play from now on, checked as a whole before anything of it is done.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "run/internal.h"

int
rs_daemon_swap(struct rs_daemon *d, const char *activity, const char *file, struct rs_err *err)
{
	struct rs_program *program = NULL;
	char path[PATH_MAX];
	int32_t i;
	int rc = daemon_need_calls(d, err);

	if (rc == 0)
		rc = daemon_activity(d, activity, &i, err);
	if (rc)
		return rc;
	if (i < 0 || !rs_activity_plays(d->plan->activities[i].kind))
		return rs_err_set(err, -EINVAL,
			i < 0 ? "which activity?" : "activity \"%s\" neither places nor answers calls: it plays no scenario", activity);
	rc = rs_plan_scenario(d->plan, (uint32_t)i, file, path, sizeof(path), &program, err);
	if (rc == -ENOTSUP)
		rc = -EINVAL;
	if (rc == 0)
		rc = swap_check(d, (uint32_t)i, program, err);
	if (rc == 0)
		rc = swap_program(d, (uint32_t)i, program, path, err);
	if (rc && rc != -EIO && program)
		rs_program_free(program);
	return rc;
}

struct apply {
	struct rs_daemon *d;
	struct rs_plan *plan;
	json_t *applied, *refused;
	uint32_t n_new;
};

static void
refuse(struct apply *ap, int line, const char *set, const char *setting, const char *text)
{
	json_array_append_new(ap->refused,
		json_pack("{s:o, s:i, s:o*, s:o, s:o}", "file", rs_json_text(ap->plan->file), "line", line, "set",
			set ? rs_json_text(set) : NULL, "setting", rs_json_text(setting), "text", rs_json_text(text)));
}

static void
refuse_activity(struct apply *ap, uint32_t i, const char *setting, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "activities[%u]%s%s", i, setting ? "." : "", setting ? setting : "");
	refuse(ap, rs_plan_line(ap->plan, i, setting), NULL, path, text);
}

static int32_t
find(const struct rs_plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (strcmp(plan->activities[i].name, name) == 0)
			return (int32_t)i;
	return -1;
}

static bool
plays_another(const struct rs_plan_activity *was, const struct rs_plan_activity *is)
{
	return rs_activity_plays(is->kind) &&
		(was->program->digest != is->program->digest || strcmp(was->scenario_file, is->scenario_file) != 0);
}

/* Of an activity that both have: can it play what the plan wants? */
static bool
may_swap(struct apply *ap, uint32_t was, uint32_t is)
{
	const struct rs_plan_activity *a = &ap->plan->activities[is];
	struct rs_err err = { 0 };

	if (!plays_another(&ap->d->plan->activities[was], a))
		return false;
	if (rs_plan_scenario_fits(ap->d->plan, was, a->program, a->scenario_file, &err) == 0 &&
		swap_check(ap->d, was, a->program, &err) == 0)
		return true;
	refuse_activity(ap, is, "scenario", err.text);
	return false;
}

/* The media profile of an activity that is new: one made up for its scenario stands for what its group's calls have in the run. */
static void
match_media(const struct rs_plan *run, const struct rs_plan *plan, struct rs_plan_activity *a)
{
	const struct rs_plan_media *m = a->media >= 0 ? &plan->media[a->media] : NULL;

	if (!m || !m->implied)
		return;
	a->media = INT32_MAX;
	for (uint32_t i = 0; i < run->n_activities; i++) {
		const struct rs_plan_activity *has = &run->activities[i];
		struct rs_err err;

		if (has->from == a->from && has->media >= 0 && has->kind == a->kind &&
			rs_plan_scenario_fits(run, i, a->program, "", &err) == 0)
			a->media = has->media;
	}
}

/* Where its plan's endpoints and media differ from the run's, so may what a number stands for. */
static bool
same_group(const struct rs_plan *run, const struct rs_plan *plan, uint32_t group)
{
	return group < run->n_groups && strcmp(run->groups[group].name, plan->groups[group].name) == 0;
}

static bool
same_parts(const struct rs_plan *run, const struct rs_plan *plan, const struct rs_plan_activity *a)
{
	return same_group(run, plan, a->from) && (a->to_group < 0 || same_group(run, plan, (uint32_t)a->to_group)) &&
		(a->media < 0 || plan->media[a->media].implied ||
			((uint32_t)a->media < run->n_media && strcmp(run->media[a->media].name, plan->media[a->media].name) == 0));
}

static bool
may_add(struct apply *ap, uint32_t is)
{
	struct rs_plan_activity *a = &ap->plan->activities[is];
	struct rs_err err = { 0 };

	if (!same_parts(ap->d->plan, ap->plan, a)) {
		refuse_activity(ap, is, NULL, "its endpoints or media are not those of the run: stop it, load this plan and start anew");
		return false;
	}
	match_media(ap->d->plan, ap->plan, a);
	if (a->start == RS_START_AFTER) {
		int32_t after = find(ap->d->plan, ap->plan->activities[a->after].name);

		if (after < 0) {
			refuse_activity(ap, is, "start", "it waits for an activity that is new as well: apply that one first");
			return false;
		}
	}
	if (add_check(ap->d, a, ap->n_new, &err) == 0) {
		ap->n_new++;
		return true;
	}
	refuse_activity(ap, is, NULL, err.text);
	return false;
}

static void
note(struct apply *ap, const char *activity, const char *what, json_t *value)
{
	json_array_append_new(ap->applied, json_pack("{s:o, s:s, s:o}", "activity", rs_json_text(activity), "what", what, "value", value));
}

static int
apply_rate(struct apply *ap, uint32_t was, const struct rs_plan_activity *a, struct rs_err *err)
{
	const struct run *r = ap->d->run;
	bool rated = (rs_activity_places(a->kind) || a->kind == RS_DO_REGISTER) && a->n_shape == 0;
	bool differs = r->rates[was] < a->rate_hz || r->rates[was] > a->rate_hz;

	if (!rated || !differs || r->stopped[was])
		return 0;
	int rc = rs_daemon_rate(ap->d, a->name, a->rate_hz, false, err);

	if (rc == 0)
		note(ap, a->name, "rate", json_real(a->rate_hz));
	return rc;
}

static int
apply_limit(struct apply *ap, uint32_t was, const struct rs_plan_activity *a, struct rs_err *err)
{
	uint64_t limit = a->open_calls ? a->open_calls : a->limit;

	if (!rs_activity_plays(a->kind) || ap->d->run->limits[was] == limit || ap->d->run->stopped[was])
		return 0;
	int rc = rs_daemon_limit(ap->d, a->name, limit, err);

	if (rc == 0)
		note(ap, a->name, a->open_calls ? "open_calls" : "limit", json_integer((json_int_t)limit));
	return rc;
}

static int
apply_new(struct apply *ap, struct rs_plan_activity *a, struct rs_err *err)
{
	struct rs_daemon *d = ap->d;
	uint32_t index = d->plan->n_activities;

	if (a->start == RS_START_AFTER)
		a->after = (uint32_t)find(d->plan, ap->plan->activities[a->after].name);
	int rc = add_activity(d, a, err);

	if (rc)
		return rc;
	note(ap, a->name, "new", json_true());
	if (a->start == RS_START_AT_ONCE)
		activity_begin(d, index, NULL);
	return 0;
}

/* What is in the one and not in the other; an activity that has been stopped does not come back. */
static int
apply_gone(struct apply *ap, struct rs_err *err)
{
	struct rs_daemon *d = ap->d;

	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		const char *name = d->plan->activities[i].name;
		int rc;

		if (find(ap->plan, name) >= 0 || d->run->stopped[i])
			continue;
		rc = rs_daemon_stop(d, name, RS_STOP_DRAIN, err);
		if (rc)
			return rc;
		d->run->stopped[i] = 2;
		note(ap, name, "gone", json_true());
	}
	return 0;
}

/* What may be done of each activity of the plan: found before anything is. */
enum todo { TODO_NOTHING, TODO_SWAP, TODO_ADD, TODO_REFUSED };

static enum todo
todo_of(struct apply *ap, uint32_t i)
{
	const char *name = ap->plan->activities[i].name;
	int32_t was = find(ap->d->plan, name);

	if (was < 0)
		return may_add(ap, i) ? TODO_ADD : TODO_REFUSED;
	if (ap->d->plan->activities[was].kind != ap->plan->activities[i].kind)
		return TODO_REFUSED; /* its `do` is among the changes */
	if (ap->d->run->stopped[was]) {
		refuse_activity(ap, i, NULL, "it has been stopped, for the rest of the run: give it another name");
		return TODO_REFUSED;
	}
	return may_swap(ap, (uint32_t)was, i) ? TODO_SWAP : TODO_NOTHING;
}

static int
check(struct apply *ap, uint8_t todo[], struct rs_err *err)
{
	struct rs_plan_changes changes;

	if (rs_plan_compare(ap->d->plan, ap->plan, &changes) != 0)
		return rs_err_set(err, -ENOMEM, "no memory");
	for (uint32_t i = 0; i < changes.n; i++)
		refuse(ap, changes.list[i].line, changes.list[i].set, changes.list[i].setting, changes.list[i].text);
	rs_plan_changes_free(&changes);
	for (uint32_t i = 0; i < ap->plan->n_activities; i++)
		todo[i] = (uint8_t)todo_of(ap, i);
	return 0;
}

/* Rates that fall come first, so that run.max_rate is not passed on the way. */
static int
apply_rates(struct apply *ap, const uint8_t todo[], bool falling, struct rs_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < ap->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &ap->plan->activities[i];
		int32_t was = find(ap->d->plan, a->name);

		if (todo[i] == TODO_ADD || todo[i] == TODO_REFUSED || was < 0 || (a->rate_hz < ap->d->run->rates[was]) != falling)
			continue;
		rc = apply_rate(ap, (uint32_t)was, a, err);
	}
	return rc;
}

static int
apply_activities(struct apply *ap, const uint8_t todo[], struct rs_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < ap->plan->n_activities; i++) {
		struct rs_plan_activity *a = &ap->plan->activities[i];
		int32_t was = find(ap->d->plan, a->name);

		if (todo[i] == TODO_REFUSED)
			continue;
		if (todo[i] == TODO_ADD) {
			rc = apply_new(ap, a, err);
			continue;
		}
		if (todo[i] == TODO_SWAP) {
			rc = swap_program(ap->d, (uint32_t)was, a->program, a->scenario_file, err);
			if (rc == 0) {
				a->program = NULL; /* the run's now */
				note(ap, a->name, "scenario", rs_json_text(ap->d->plan->activities[was].scenario_file));
			}
		}
		if (rc == 0)
			rc = apply_limit(ap, (uint32_t)was, a, err);
	}
	return rc;
}

int
rs_daemon_apply(struct rs_daemon *d, struct rs_plan *plan, bool partial, json_t **out, struct rs_err *err)
{
	struct apply ap = { .d = d, .plan = plan, .applied = json_array(), .refused = json_array() };
	uint8_t *todo = calloc(plan->n_activities + 1, 1);
	int rc = daemon_need_calls(d, err);

	*out = json_pack("{s:o, s:o}", "applied", ap.applied, "refused", ap.refused);
	if (rc == 0 && (!todo || !*out))
		rc = rs_err_set(err, -ENOMEM, "no memory");
	if (rc == 0)
		rc = check(&ap, todo, err);
	if (rc == 0 && json_array_size(ap.refused) > 0 && !partial)
		rc = -EINVAL;
	if (rc == 0 && changes_applied(d, plan) != 0)
		rc = rs_err_set(err, -ENOMEM, "no memory");
	if (rc) {
		free(todo);
		rs_plan_free(plan);
		return rc;
	}
	rc = apply_gone(&ap, err);
	if (rc == 0)
		rc = apply_rates(&ap, todo, true, err);
	if (rc == 0)
		rc = apply_rates(&ap, todo, false, err);
	if (rc == 0)
		rc = apply_activities(&ap, todo, err);
	daemon_event(d, "plan applied", json_pack("{s:o}", "plan", rs_json_text(plan->name)));
	free(todo);
	return rc;
}
