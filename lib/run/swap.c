/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Other programs and more activities for a run that is on. Control makes everything, one of each for every worker, and hands it over by
 * mail; a worker takes it between two bursts. A program is freed when all workers have let go of it; what it counted stays until the run
 * itself goes, and then the plan is again what was loaded.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "run/internal.h"

#define MAX_SWAPS 1000 /* in one run: the cells of all its programs are kept for the report */

/** A program that has come. */
struct program {
	uint32_t activity;
	struct rs_program *program;  /* NULL: freed */
	char *file;
	struct rs_program_account *accounts; /* one a worker; NULL: those that the activity has */
	struct rs_play **plays;	     /* likewise; NULL: freed */
};

/** What an activity was when the run began. */
struct began {
	struct rs_program *program;
	const char *file;
	bool swapped;		     /* it plays another one now */
	bool over;		     /* and nobody has this one any more */
};

struct changes {
	uint32_t n_workers;
	uint32_t n_began;	     /* activities */
	struct began *began;
	uint32_t texts;		     /* room that a call has: see rs_engine_texts() */
	struct program *programs;
	uint32_t n_programs, n_swaps;
	struct rs_late **lates;	     /* [n_lates][n_workers] */
	uint32_t n_lates;
	struct rs_plan **applied;    /* their text is in use */
	uint32_t n_applied;
};

static struct changes *
changes_of(struct rs_daemon *d)
{
	struct changes *c = d->run->changes;

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->n_workers = d->n_workers;
	c->n_began = d->plan->n_activities;
	c->texts = rs_engine_texts(d->plan);
	c->began = calloc(c->n_began + 1, sizeof(*c->began));
	c->lates = calloc((size_t)RS_LATE_ACTIVITIES * d->n_workers, sizeof(struct rs_late *));
	if (!c->began || !c->lates) {
		changes_free(c);
		return NULL;
	}
	for (uint32_t i = 0; i < c->n_began; i++)
		c->began[i] = (struct began){ .program = d->plan->activities[i].program, .file = d->plan->activities[i].scenario_file };
	d->run->changes = c;
	return c;
}

static void
free_plays(struct program *p, uint32_t n_workers)
{
	for (uint32_t w = 0; p->plays && w < n_workers; w++)
		rs_play_free(p->plays[w]);
	free(p->plays);
	p->plays = NULL;
	rs_program_free(p->program);
	p->program = NULL;
}

static void
free_program(struct program *p, uint32_t n_workers)
{
	free_plays(p, n_workers);
	for (uint32_t w = 0; p->accounts && w < n_workers; w++)
		rs_program_account_fini(&p->accounts[w]);
	free(p->accounts);
	free(p->file);
}

static bool
is_over(const struct program *p, uint32_t n_workers)
{
	for (uint32_t w = 0; w < n_workers; w++)
		if (!rs_play_is_over(p->plays[w]))
			return false;
	return true;
}

static bool
first_is_over(const struct run *r, uint32_t activity, uint32_t n_workers)
{
	for (uint32_t w = 0; w < n_workers; w++)
		if (!rs_play_is_over(rs_engine_first_play(r->engines[w], activity)))
			return false;
	return true;
}

void
changes_poll(struct rs_daemon *d)
{
	struct changes *c = d->run->changes;

	for (uint32_t i = 0; c && i < c->n_began; i++)
		if (c->began[i].swapped && !c->began[i].over)
			c->began[i].over = first_is_over(d->run, i, c->n_workers);
	for (uint32_t i = 0; c && i < c->n_programs; i++)
		if (c->programs[i].plays && is_over(&c->programs[i], c->n_workers))
			free_plays(&c->programs[i], c->n_workers);
}

/* Programs that calls of @activity may have. */
static uint32_t
plays_of(const struct changes *c, uint32_t activity)
{
	uint32_t n = activity < c->n_began && !c->began[activity].over;

	for (uint32_t i = 0; i < c->n_programs; i++)
		n += c->programs[i].activity == activity && c->programs[i].plays;
	return n;
}

int
swap_check(struct rs_daemon *d, uint32_t activity, const struct rs_program *program, struct rs_err *err)
{
	const struct rs_plan_activity *a = &d->plan->activities[activity];
	struct changes *c = changes_of(d);

	if (!c)
		return rs_err_set(err, -ENOMEM, "no memory for another program");
	changes_poll(d);
	if (d->run->stopped[activity])
		return rs_err_set(err, -EINVAL, "activity \"%s\" has been stopped: no call of it would play another scenario", a->name);
	if (plays_of(c, activity) >= RS_MAX_PLAYS)
		return rs_err_set(err, -EBUSY,
			"activity \"%s\": open calls have %d scenarios of before, the most there may be: wait until some of them have ended",
			a->name, RS_MAX_PLAYS - 1);
	if (c->n_swaps >= MAX_SWAPS)
		return rs_err_set(err, -EBUSY, "scenarios of this run have been changed %d times, the most there may be: start a new one", MAX_SWAPS);
	return rs_engine_may_play(c->texts, program, err);
}

/* Everything of @p for every worker; @number is the one that it will have. @return 0, -ENOMEM */
static int
make_program(struct rs_daemon *d, struct program *p, const struct rs_program *program, uint32_t number,
	struct rs_program_account *accounts[])
{
	int rc = 0;

	p->plays = calloc(d->n_workers, sizeof(struct rs_play *));
	if (!p->plays)
		return -ENOMEM;
	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++) {
		rc = accounts ? 0 : rs_program_account_init(&p->accounts[w], program);
		if (rc == 0)
			rc = rs_play_create(program, accounts ? accounts[w] : &p->accounts[w], (uint16_t)number, &p->plays[w]);
	}
	return rc;
}

static struct program *
new_program(struct changes *c, uint32_t activity, const char *file)
{
	struct program *more = realloc(c->programs, (c->n_programs + 1) * sizeof(*more)), *p;

	if (!more)
		return NULL;
	c->programs = more;
	p = &more[c->n_programs];
	*p = (struct program){ .activity = activity, .file = strdup(file ? file : "") };
	return p->file ? p : NULL;
}

/* All workers get their part before any answer is waited for. @return 0; -EIO: not all have it, and the daemon is lost */
static int
hand_over(struct rs_daemon *d, enum rs_worker_mail type, uint32_t activity, void *data[], struct rs_err *err)
{
	struct rs_mail mails[RS_MAX_WORKERS];
	int rc = 0;

	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++) {
		mails[w] = (struct rs_mail){ .type = (uint16_t)type, .arg = { 0, activity }, .data = data[w] };
		rc = daemon_post(d, w, &mails[w]);
	}
	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++) {
		rc = daemon_await(d, w, &mails[w], ASK_NS);
		if (rc == 0 && mails[w].arg[0])
			rc = -(int)mails[w].arg[0];
	}
	if (rc == 0)
		return 0;
	d->lost = true; /* some have it, some not: nobody knows what they will do with it */
	return rs_err_set(err, -EIO, "a worker does not answer: restart the daemon");
}

int
swap_program(struct rs_daemon *d, uint32_t activity, struct rs_program *program, const char *file, struct rs_err *err)
{
	struct rs_plan_activity *a = &d->plan->activities[activity];
	struct rs_program_account *accounts[RS_MAX_WORKERS];
	void *data[RS_MAX_WORKERS];
	struct changes *c = changes_of(d);
	struct program *p = c ? new_program(c, activity, file) : NULL;
	uint32_t number = rs_observer_programs(d->run->observer);
	int rc = -ENOMEM;

	if (p)
		p->accounts = calloc(d->n_workers, sizeof(*p->accounts));
	if (p && p->accounts)
		rc = make_program(d, p, program, number, NULL);
	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++)
		accounts[w] = &p->accounts[w];
	if (rc == 0)
		rc = rs_observer_program(d->run->observer, activity, program, p->file, accounts, &number);
	if (rc) {
		if (p)
			free_program(p, d->n_workers);
		return rs_err_set(err, rc, "no memory for another program");
	}
	p->program = program;
	c->n_programs++;
	for (uint32_t w = 0; w < d->n_workers; w++)
		data[w] = p->plays[w];
	rc = hand_over(d, RS_MAIL_SWAP, activity, data, err);
	if (rc)
		return rc; /* what a stuck worker may have is left to the process's end */
	c->n_swaps++;
	if (activity < c->n_began)
		c->began[activity].swapped = true;
	rs_observer_swapped(d->run->observer, daemon_now(d), number);
	a->program = program;
	daemon_event(d, "scenario", json_pack("{s:s, s:o, s:o}", "activity", a->name, "from", rs_json_text(a->scenario_file), "to",
		rs_json_text(p->file)));
	a->scenario_file = p->file;
	return 0;
}

int
add_check(struct rs_daemon *d, const struct rs_plan_activity *a, uint32_t more, struct rs_err *err)
{
	struct changes *c = changes_of(d);
	int rc;

	if (!c)
		return rs_err_set(err, -ENOMEM, "no memory for another activity");
	if (c->n_lates + more >= RS_LATE_ACTIVITIES)
		return rs_err_set(err, -ENOSPC, "%d activities have come into this run, the most there may be: start a new one", RS_LATE_ACTIVITIES);
	if (d->state == RS_STATE_PAUSED)
		return rs_err_set(err, -EINVAL, "the run is paused: resume it first");
	rc = rs_engine_may_add(d->plan, c->n_began, a, err);
	return rc ? rc : rs_engine_may_play(c->texts, a->program, err);
}

/* Its cells on every worker, and its place in the observer. @return 0, -ENOMEM */
static int
account_for(struct rs_daemon *d, uint32_t index)
{
	struct run *r = d->run;
	int rc = 0;

	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++)
		if (r->accounts[w]->n_activities == index) /* it may be left from a try that failed */
			rc = rs_account_add(r->accounts[w], d->plan->activities[index].program);
	return rc;
}

int
add_activity(struct rs_daemon *d, struct rs_plan_activity *a, struct rs_err *err)
{
	struct rs_program_account *accounts[RS_MAX_WORKERS];
	uint32_t index = d->plan->n_activities;
	void *data[RS_MAX_WORKERS];
	struct run *r = d->run;
	struct changes *c = changes_of(d);
	struct rs_late **lates = &c->lates[(size_t)c->n_lates * d->n_workers];
	struct program *p = new_program(c, index, a->scenario_file);
	int rc = p ? 0 : -ENOMEM;

	if (rc == 0) {
		d->plan->activities[index] = *a;
		rc = account_for(d, index);
	}
	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++)
		accounts[w] = &r->accounts[w]->activities[index].program;
	if (rc == 0)
		rc = make_program(d, p, a->program, rs_observer_programs(r->observer), accounts);
	for (uint32_t w = 0; rc == 0 && w < d->n_workers; w++)
		rc = rs_late_create(r->engines[w], index, r->answered ? &r->answered[index] : NULL, p->plays[w], &lates[w]);
	if (rc == 0)
		rc = rs_observer_add(r->observer, index);
	if (rc) {
		if (p)
			free_program(p, d->n_workers);
		for (uint32_t w = 0; w < d->n_workers; w++) {
			rs_late_free(lates[w]);
			lates[w] = NULL;
		}
		return rs_err_set(err, rc, "no memory for another activity");
	}
	p->program = rs_activity_plays(a->kind) ? a->program : NULL; /* else it is its plan's */
	c->n_programs++;
	c->n_lates++;
	d->plan->n_activities++;
	a->program = NULL;
	a->n_data = 0;
	r->rates[index] = d->plan->activities[index].rate_hz;
	r->limits[index] = d->plan->activities[index].open_calls ? d->plan->activities[index].open_calls : d->plan->activities[index].limit;
	r->shaped[index] = d->plan->activities[index].n_shape > 0;
	for (uint32_t w = 0; w < d->n_workers; w++)
		data[w] = lates[w];
	return hand_over(d, RS_MAIL_ADD, index, data, err);
}

int
changes_applied(struct rs_daemon *d, struct rs_plan *plan)
{
	struct changes *c = changes_of(d);
	struct rs_plan **more = c ? realloc(c->applied, (c->n_applied + 1) * sizeof(struct rs_plan *)) : NULL;

	if (!more)
		return -ENOMEM;
	c->applied = more;
	more[c->n_applied++] = plan;
	return 0;
}

void
changes_undo(struct rs_daemon *d)
{
	struct changes *c = d->run->changes;

	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_began; i++) {
		d->plan->activities[i].program = c->began[i].program;
		d->plan->activities[i].scenario_file = c->began[i].file;
	}
	for (uint32_t i = c->n_began; i < d->plan->n_activities; i++)
		for (uint32_t k = 0; k < d->plan->activities[i].n_data; k++)
			rs_inject_free(d->plan->activities[i].data[k]);
	d->plan->n_activities = c->n_began;
}

void
changes_free(struct changes *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_programs; i++)
		free_program(&c->programs[i], c->n_workers);
	for (uint32_t i = 0; c->lates && i < RS_LATE_ACTIVITIES * c->n_workers; i++)
		rs_late_free(c->lates[i]);
	for (uint32_t i = 0; i < c->n_applied; i++)
		rs_plan_free(c->applied[i]);
	free(c->applied);
	free(c->lates);
	free(c->programs);
	free(c->began);
	free(c);
}
