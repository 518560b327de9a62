/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted step by step: of each program that an activity plays or has played. A program may be gone before the report is made,
 * so that its names are kept here; its cells come to the end of the image, its timers to the end of the samples.
 */
#include <errno.h>
#include <stdlib.h>

#include "observe/internal.h"

#define STEP_NAME 160

static char *
copy(struct rs_slice s)
{
	return strndup(s.p ? (const char *)s.p : "", s.len);
}

static void
part_fini(struct part *p)
{
	for (uint32_t i = 0; p->steps && i < p->n_steps; i++)
		free(p->steps[i].name);
	for (uint32_t i = 0; p->rtds && i < p->n_rtds; i++)
		free(p->rtds[i]);
	for (uint32_t i = 0; p->counters && i < p->n_counters; i++)
		free(p->counters[i]);
	free(p->steps);
	free(p->rtds);
	free(p->counters);
	free(p->accounts);
	free(p->scenario);
}

static int
name_all(struct part *p, const struct rs_program *program)
{
	bool all = true;
	char name[STEP_NAME];

	p->n_steps = program->n_steps;
	p->n_rtds = program->n_rtds;
	p->n_counters = program->n_counters;
	p->steps = calloc(p->n_steps + 1, sizeof(*p->steps));
	p->rtds = calloc(p->n_rtds + 1, sizeof(*p->rtds));
	p->counters = calloc(p->n_counters + 1, sizeof(*p->counters));
	if (!p->steps || !p->rtds || !p->counters)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_steps; i++) {
		p->steps[i].kind = program->steps[i].kind;
		p->steps[i].name = strdup(rs_step_name(program, i, name, sizeof(name)));
		all = all && p->steps[i].name;
	}
	for (uint32_t i = 0; i < p->n_rtds; i++)
		all = (p->rtds[i] = copy(program->rtds[i])) && all;
	for (uint32_t i = 0; i < p->n_counters; i++)
		all = (p->counters[i] = copy(program->counters[i])) && all;
	return all ? 0 : -ENOMEM;
}

/* An image of before gets zeros for what was not there. @return false without memory */
static bool
widen(uint64_t **image, uint32_t from, uint32_t to)
{
	uint64_t *more;

	if (!*image)
		return true;
	more = realloc(*image, ((size_t)to + 1) * sizeof(*more));
	if (!more)
		return false;
	memset(more + from, 0, ((size_t)to + 1 - from) * sizeof(*more));
	*image = more;
	return true;
}

/* @return false without memory: then what has become longer is only longer */
static bool
make_room(struct rs_observer *o, uint32_t cells, uint32_t rtds)
{
	uint32_t to = o->image_cells + cells;
	struct samples *more = realloc(o->samples, (o->n_samples + rtds + 1) * sizeof(*more));
	struct part *parts;

	if (!more)
		return false;
	o->samples = more;
	memset(more + o->n_samples, 0, (rtds + 1) * sizeof(*more));
	parts = realloc(o->parts, (o->n_parts + 1) * sizeof(*parts));
	if (!parts)
		return false;
	o->parts = parts;
	return widen(&o->from[ZERO_RUN], o->image_cells, to) && widen(&o->from[ZERO_RESET], o->image_cells, to) &&
		widen(&o->limits.before, o->image_cells, to);
}

static int
add_part(struct rs_observer *o, const struct part *p)
{
	uint32_t cells = p->n_steps * RS_SM_COUNT + p->n_counters + (p->n_steps + 1) * RS_CAUSES;
	struct part *new;

	if (!make_room(o, cells, p->n_rtds))
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_rtds; i++) {
		struct samples *s = &o->samples[o->n_samples + i];

		if (samples_sources(s, o->what.n_workers) != 0) {
			while (i > 0)
				free(o->samples[o->n_samples + --i].sources);
			return -ENOMEM;
		}
		s->splits = true;
		for (uint32_t w = 0; w < o->what.n_workers; w++)
			s->sources[w].hist = p->accounts[w]->rtds[i].hists[0];
	}
	new = &o->parts[o->n_parts];
	*new = *p;
	new->at_steps = o->image_cells;
	new->at_counters = new->at_steps + p->n_steps * RS_SM_COUNT;
	new->at_failures = new->at_counters + p->n_counters;
	new->at_rtds = o->n_samples;
	o->image_cells += cells;
	o->n_samples += p->n_rtds;
	return 0;
}

int
rs_observer_program(struct rs_observer *o, uint32_t activity, const struct rs_program *program, const char *scenario,
	struct rs_program_account *const accounts[], uint32_t *number)
{
	struct part p = { .activity = activity, .scenario = strdup(scenario ? scenario : ""),
		.accounts = calloc(o->what.n_workers + 1, sizeof(*p.accounts)) };
	int rc = p.scenario && p.accounts ? name_all(&p, program) : -ENOMEM;

	for (uint32_t i = 0; i < o->n_parts; i++)
		p.nth += o->parts[i].activity == activity;
	for (uint32_t w = 0; rc == 0 && w < o->what.n_workers; w++)
		p.accounts[w] = accounts[w];
	if (rc == 0)
		rc = add_part(o, &p);
	if (rc) {
		part_fini(&p);
		return rc;
	}
	*number = o->n_parts++;
	return 0;
}

int
programs_layout(struct rs_observer *o, uint32_t activity)
{
	const struct rs_plan_activity *a = &o->what.plan->activities[activity];
	struct rs_program_account *accounts[RS_MAX_WORKERS];
	uint32_t number;

	for (uint32_t w = 0; w < o->what.n_workers; w++)
		accounts[w] = &o->what.accounts[w]->activities[activity].program;
	return rs_observer_program(o, activity, a->program, a->scenario_file, accounts, &number);
}

void
programs_free(struct rs_observer *o)
{
	for (uint32_t i = 0; i < o->n_parts; i++)
		part_fini(&o->parts[i]);
	free(o->parts);
	free(o->swaps);
}

void
programs_read(const struct rs_observer *o, uint64_t *image)
{
	for (uint32_t i = 0; i < o->n_parts; i++) {
		const struct part *p = &o->parts[i];

		for (uint32_t w = 0; w < o->what.n_workers; w++) {
			const struct rs_program_account *x = p->accounts[w];

			for (uint32_t s = 0; s < p->n_steps; s++)
				for (uint32_t row = 0; row < RS_SM_COUNT; row++)
					image[p->at_steps + s * RS_SM_COUNT + row] += rs_metric_get(&x->steps[s], row);
			for (uint32_t k = 0; k < p->n_counters; k++)
				image[p->at_counters + k] += atomic_load_explicit(&x->counters[k], memory_order_relaxed);
			for (uint32_t k = 0; k < (p->n_steps + 1) * RS_CAUSES; k++)
				image[p->at_failures + k] += atomic_load_explicit(&x->failures[k], memory_order_relaxed);
		}
	}
}

const struct part *
part_next(const struct rs_observer *o, uint32_t activity, const struct part *before)
{
	for (uint32_t i = before ? (uint32_t)(before - o->parts) + 1 : 0; i < o->n_parts; i++)
		if (o->parts[i].activity == activity)
			return &o->parts[i];
	return NULL;
}

uint32_t
rs_observer_programs(const struct rs_observer *o)
{
	return o->n_parts;
}

const char *
rs_observer_step_name(const struct rs_observer *o, uint32_t number, uint32_t step)
{
	if (number >= o->n_parts || step >= o->parts[number].n_steps)
		return NULL;
	return o->parts[number].steps[step].name;
}

uint32_t
rs_observer_program_of(const struct rs_observer *o, uint32_t number)
{
	return number < o->n_parts ? o->parts[number].nth : 0;
}

void
rs_observer_swapped(struct rs_observer *o, uint64_t at_ns, uint32_t number)
{
	struct swap *more = realloc(o->swaps, (o->n_swaps + 1) * sizeof(*more));
	const struct part *to = &o->parts[number], *from = to, *p = NULL;
	struct rs_call_totals t;

	if (!more)
		return; /* the programs are told all the same */
	o->swaps = more;
	while ((p = part_next(o, to->activity, p)) != NULL && p != to)
		from = p;
	rs_observer_activity(o, to->activity, &t);
	o->swaps[o->n_swaps++] = (struct swap){ .at_ns = at_ns, .from = (uint32_t)(from - o->parts), .to = number, .open = t.open };
}

json_t *
swaps_json(struct view *v)
{
	const struct rs_observer *o = v->o;
	json_t *list = json_array();

	for (uint32_t i = 0; i < o->n_swaps; i++) {
		const struct swap *s = &o->swaps[i];
		const struct part *to = &o->parts[s->to];
		json_t *j = json_object();

		put_number(&v->maker, j, "t", s->at_ns > v->facts->t0_ns ? (double)(s->at_ns - v->facts->t0_ns) / 1e9 : 0);
		put_text(&v->maker, j, "activity", o->what.plan->activities[to->activity].name);
		put_text(&v->maker, j, "from", o->parts[s->from].scenario);
		put_text(&v->maker, j, "to", to->scenario);
		put_count(&v->maker, j, "program", to->nth);
		put_count(&v->maker, j, "open", s->open);
		append(&v->maker, list, j);
	}
	return list;
}
