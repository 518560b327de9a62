/* SPDX-License-Identifier: BSD-3-Clause */
/* From plan to engine: how much memory, whose calls, which shares. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/steer.h"
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/register.h"
#include "engine/stream.h"
#include "proto/sip/auth.h"

#define LINGER_LEGS 65536 /* answered calls stay a while in timewait: room beside those that are open */

/* Workers that place calls of any activity: max_calls is shared among them. */
static uint32_t
count_placers(const struct rs_plan *plan, const uint8_t *steer_bits, uint32_t worker, uint32_t *position)
{
	uint64_t placers = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_group *g = &plan->groups[plan->activities[i].from];
		const struct rs_plan_port *port = &plan->ports[g->port];
		uint64_t with;

		if (!rs_activity_places(plan->activities[i].kind))
			continue;
		with = group_workers(plan, g, steer_bits[g->port]);
		for (uint32_t w = 0; w < port->n_workers; w++)
			if (with >> w & 1)
				placers |= 1ull << port->workers[w];
	}
	*position = placers >> worker & 1 ? (uint32_t)__builtin_popcountll(placers & ((1ull << worker) - 1)) : UINT32_MAX;
	return (uint32_t)__builtin_popcountll(placers);
}

static uint64_t
share(uint64_t total, uint32_t n, uint32_t position)
{
	if (position == UINT32_MAX || n == 0)
		return 0;
	return total / n + (position < total % n);
}

static uint64_t
legs_needed(const struct rs_plan *plan, const uint8_t *steer_bits, uint32_t worker)
{
	uint64_t legs = 64;
	uint32_t position, n = count_placers(plan, steer_bits, worker, &position), ignored;

	legs += share(plan->max_calls, n, position);
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].kind == RS_DO_ANSWER &&
			group_position(plan, &plan->groups[plan->activities[i].from], worker, &ignored) != UINT32_MAX) {
			legs += plan->max_calls + LINGER_LEGS;
			break;
		}
	return legs;
}

static uint64_t
endpoints_needed(const struct rs_plan *plan)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < plan->n_groups; i++)
		n += plan->groups[i].kind == RS_GROUP_TRUNK ? 1 : plan->groups[i].count;
	return n;
}

/* Do calls of some activity carry media? */
static bool
wants_media(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].media >= 0)
			return true;
	return false;
}

static uint32_t
leg_cost(void)
{
	return (uint32_t)rs_pool_cost(sizeof(struct leg)) + TIMERS * (uint32_t)sizeof(struct rs_wheel_node) +
		2 * (uint32_t)sizeof(struct rs_table_entry);
}

static bool
is_rfc(const struct rs_plan_activity *a)
{
	return a->mode == RS_MODE_RFC3261 && a->program->n_steps > 0;
}

static bool
wants_rfc(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (is_rfc(&plan->activities[i]))
			return true;
	return false;
}

#define TOMBS_LEAST (1u << 14)
#define TOMBS_MOST (1u << 26)
#define TOMBS_PER_CALL 4 /* both sides: the INVITE and the BYE of who answers, the INVITE of who calls; and one to spare */
#define UNKNOWN_RATE_HZ 10000 /* calls that others place */

double
plan_rate(const struct rs_plan *plan)
{
	double rate = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		const struct rs_plan_activity *a = &plan->activities[i];
		double most = a->rate_hz;

		for (uint32_t k = 0; k < a->n_shape; k++)
			if (a->shape[k].rate_to_hz > most)
				most = a->shape[k].rate_to_hz;
		rate += most;
	}
	rate = rate > 0 ? rate : UNKNOWN_RATE_HZ;
	return plan->max_rate_hz > rate ? plan->max_rate_hz : rate;
}

/* Finished transactions are remembered for 64*T1: as many as the plan's rates make in that time. */
static uint32_t
tombs_needed(const struct rs_plan *plan)
{
	double n;

	if (!wants_rfc(plan))
		return 0;
	n = plan_rate(plan) * TOMBS_PER_CALL * 64 * (double)plan->t1_ns / RS_NS_PER_S;
	return n < TOMBS_LEAST ? TOMBS_LEAST : n > TOMBS_MOST ? TOMBS_MOST : (uint32_t)n;
}

#define MANY_TEXTS 64 /* no scenario seen fills more variables with text at a time */
#define FEW_TEXTS  4  /* for scenarios that come while the run is on */

static uint64_t
registrations_needed(const struct rs_plan *plan)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++)
		if (plan->activities[i].kind == RS_DO_REGISTER)
			n += (uint64_t)plan->groups[plan->activities[i].from].count * registrations_each(&plan->groups[plan->activities[i].from]);
	return n;
}

uint32_t
rs_engine_texts(const struct rs_plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		uint32_t vars = plan->activities[i].program->n_vars;

		if (vars > n)
			n = vars < MANY_TEXTS ? vars : MANY_TEXTS;
	}
	return n > FEW_TEXTS ? n : FEW_TEXTS;
}

int
rs_engine_may_play(uint32_t texts, const struct rs_program *p, struct rs_err *err)
{
	uint32_t vars = p->n_vars < MANY_TEXTS ? p->n_vars : MANY_TEXTS;

	if (vars > texts)
		return rs_err_set(err, -EINVAL,
			"%.300s: it has %u variables, and a call of this run has room for %u: use fewer, or stop the run and start it with this scenario",
			p->file, p->n_vars, texts);
	if (p->n_vars * sizeof(struct value) + p->n_rtds * sizeof(uint64_t) > UINT16_MAX)
		return rs_err_set(err, -EINVAL, "%.300s: its %u variables take more than the 64 KiB a call may have: use fewer", p->file,
			p->n_vars);
	return 0;
}

static struct rs_blob_count
blobs_needed(const struct rs_plan *plan, uint64_t legs)
{
	/* In rfc3261 mode a leg knows both parties, its routes, and puts an INVITE aside; a registration has a nonce and routes. */
	struct rs_blob_count n = { .legs = (uint32_t)(legs * (1 + wants_rfc(plan) + wants_media(plan) + legs_sdp_wanted(plan))), .registrations = (uint32_t)registrations_needed(plan) };

	n.texts = rs_engine_texts(plan);
	return n;
}

#define MEDIA_COST rs_pool_cost(sizeof(struct media))
#define SAID_BYTES 512 /* a description that may have to be sent again */
#define OUTLINE_BYTES 128 /* of an offer or an answer, where those of both legs are compared */
#define LEG_TEXTS 3 /* strings of 64 bytes that a plain call's leg keeps; rfc3261 mode has as many more */

/* What is used of the reserved: pools hand out slots that were used before, and most legs have few and short strings. */
static uint64_t
full_bytes(const struct rs_plan *plan, const struct rs_engine_budget *b, uint64_t callees)
{
	bool rfc = wants_rfc(plan);
	uint64_t leg = leg_cost() + 2 * sizeof(struct rs_table_entry) + (rfc ? 2 : 1) * LEG_TEXTS * rs_pool_cost(64) +
		(rfc ? sizeof(struct dialog) : 0) + (wants_media(plan) ? MEDIA_COST + SAID_BYTES : 0) +
		(legs_sdp_wanted(plan) ? sizeof(struct leg_sdp) + 2 * rs_pool_cost(OUTLINE_BYTES) : 0);

	return b->legs * leg + b->tombstones * (sizeof(struct tomb) + 4 * sizeof(struct rs_table_entry)) +
		b->endpoints * (sizeof(struct endpoint) + sizeof(uint32_t)) + callees_bytes(callees) +
		b->registrations * (sizeof(struct registration) + sizeof(struct rs_wheel_node) + 2 * rs_pool_cost(64)) + (1u << 20);
}

static void
budget_of(const struct rs_plan *plan, const uint8_t *steer_bits, uint32_t worker, struct rs_engine_budget *out)
{
	uint64_t callees = 0, shapes = 0, plays = 0;

	for (uint32_t i = 0; i < plan->n_activities; i++) {
		if (plan->activities[i].to_group >= 0)
			callees += plan->groups[plan->activities[i].to_group].count;
		shapes += shape_bytes(&plan->activities[i]);
		plays += play_bytes(plan->activities[i].program);
	}
	out->legs = legs_needed(plan, steer_bits, worker);
	out->endpoints = endpoints_needed(plan);
	out->bytes_per_leg = leg_cost();
	out->tombstones = tombs_needed(plan);
	out->registrations = registrations_needed(plan);
	out->full_bytes = full_bytes(plan, out, callees);
	/* Tables round up to a power of two; a page of slack for every allocation. */
	out->reserved_bytes = out->legs * (leg_cost() + 4 * sizeof(struct rs_table_entry)) +
		rs_blobs_reserve(blobs_needed(plan, out->legs)) + out->endpoints * (sizeof(struct endpoint) + sizeof(uint32_t)) + callees_bytes(callees) + shapes +
		(wants_rfc(plan) ? out->legs * sizeof(struct dialog) + tombs_reserve(tombs_needed(plan)) : 0) +
		plays + 3 * SCRATCH_BYTES + MAX_STAMPS * sizeof(struct stamp) +
		registrations_needed(plan) * (sizeof(struct registration) + sizeof(struct rs_wheel_node)) +
		MAX_REALMS * (sizeof(struct realm) + 512) + tracer_reserve(plan, out->legs) +
		legs_reserve(plan, out->legs) + flows_reserve(plan) + (wants_media(plan) ? out->legs * MEDIA_COST + sizeof(struct rs_sdp) : 0) +
		(64 + plan->n_activities + plan->n_groups) * 4096 + (1u << 20);
}

static void
steer_setup(const struct rs_plan *plan, const uint8_t *bits, uint8_t *out)
{
	memset(out, RS_STEER_BITS, RS_MAX_PORTS);
	for (uint32_t i = 0; bits && i < plan->n_ports; i++)
		out[i] = bits[i];
}

void
rs_engine_budget(const struct rs_plan *plan, uint32_t worker, struct rs_engine_budget *out)
{
	uint8_t bits[RS_MAX_PORTS];

	steer_setup(plan, NULL, bits);
	budget_of(plan, bits, worker, out);
	streams_budget(plan, worker, out);
}

static int
first_play(struct rs_engine *e, struct activity *a, uint32_t index)
{
	uint8_t *memory = rs_arena_alloc(&e->arena, play_bytes(a->plan->program), 64);

	a->now = a->plays[0] = &a->first;
	return memory ? play_setup(&a->first, a->plan->program, &a->account->program, (uint16_t)index, memory) : -ENOMEM;
}

void
activity_fill(const struct rs_engine *e, struct activity *a, uint32_t index)
{
	const struct rs_plan_activity *plan = &e->plan->activities[index];

	a->plan = plan;
	a->rfc = is_rfc(plan);
	a->legs = rs_engine_matches_legs(e->plan, index);
	a->account = &e->account->activities[index];
	a->group = &e->groups[plan->from];
	a->to = rs_activity_places(plan->kind) && plan->to_group >= 0 ? &e->groups[plan->to_group] : NULL;
	a->limit = plan->limit ? share(plan->limit, a->group->starters, a->group->rank) : UINT64_MAX;
	a->arrivals.loop.max_hz = plan->open_calls && !(plan->rate_hz > 0) ? rs_plan_loop_ceiling(e->plan) : e->plan->max_rate_hz;
	if (plan->open_calls)
		loop_target(a, plan->open_calls);
}

void
activity_join(struct rs_engine *e, struct activity *a)
{
	if ((a->rfc || a->plan->kind == RS_DO_REGISTER) && a->group->plan->ua.automatic)
		a->group->automatic = true;
	if (a->group->position == UINT32_MAX) /* no part in it: the others say when it is over */
		rs_metric_set(&a->account->cells, RS_AM_OVER, 1);
}

static int
activity_setup(struct rs_engine *e, struct activity *a, uint32_t index)
{
	uint64_t bytes = shape_bytes(&e->plan->activities[index]);
	void *pieces = bytes ? rs_arena_alloc(&e->arena, bytes, 64) : NULL;

	if (bytes && !pieces)
		return -ENOMEM;
	activity_fill(e, a, index);
	shape_setup(&a->arrivals.shape, pieces, a->plan);
	activity_join(e, a);
	return first_play(e, a, index);
}

static int
media_setup(struct rs_engine *e, uint64_t legs)
{
	e->sdp = rs_arena_alloc(&e->arena, sizeof(*e->sdp), 64);
	return e->sdp ? rs_pool_init(&e->media, &e->arena, sizeof(struct media), (uint32_t)legs) : -ENOMEM;
}

static int
pools_setup(struct rs_engine *e, uint64_t legs, uint32_t n_streams, uint64_t now_ns)
{
	int rc = rs_pool_init(&e->legs, &e->arena, sizeof(struct leg), (uint32_t)legs);

	if (rc == 0)
		rc = rs_wheel_init(&e->wheel, &e->arena, (uint32_t)legs * TIMERS + e->n_regs + e->n_flows + n_streams, now_ns);
	if (rc == 0)
		rc = rs_table_init(&e->calls, &e->arena, (uint32_t)legs);
	if (rc == 0)
		rc = rs_blobs_init(&e->blobs, &e->arena, blobs_needed(e->plan, legs));
	if (rc == 0 && n_streams > 0)
		rc = media_setup(e, legs);
	if (rc || !wants_rfc(e->plan))
		return rc;
	e->rfc = true;
	e->dialogs = rs_arena_alloc(&e->arena, legs * sizeof(*e->dialogs), 64);
	return e->dialogs ? tombs_init(&e->tombs, &e->arena, tombs_needed(e->plan), 64 * e->plan->t1_ns) : -ENOMEM;
}

static int
scratch_setup(struct rs_engine *e)
{
	e->stamps = rs_arena_alloc(&e->arena, MAX_STAMPS * sizeof(*e->stamps), 64);
	e->scratch = rs_arena_alloc(&e->arena, SCRATCH_BYTES, 64);
	e->scratch2 = rs_arena_alloc(&e->arena, SCRATCH_BYTES, 64);
	e->received = rs_arena_alloc(&e->arena, SCRATCH_BYTES, 64);
	return e->stamps && e->scratch && e->scratch2 && e->received ? 0 : -ENOMEM;
}

static int
everything_setup(struct rs_engine *e, const struct rs_engine_cfg *cfg, const struct rs_engine_budget *budget)
{
	size_t from = e->arena.used, bytes;
	uint32_t position, n;
	int rc = groups_setup(e);

	if (rc == 0)
		rc = callees_setup(e);
	bytes = e->arena.used - from;
	e->n_regs = rc == 0 ? register_count(e) : 0;
	e->n_flows = rc == 0 ? flows_count(e) : 0;
	if (rc == 0)
		rc = pools_setup(e, budget->legs, streams_count(e->media_setup, budget->legs), cfg->wall_at_ns);
	from = e->arena.used;
	if (rc == 0)
		rc = register_setup(e);
	if (rc == 0)
		rc = flows_setup(e, (uint32_t)budget->legs * TIMERS + e->n_regs);
	bytes += e->arena.used - from + (e->n_regs + e->n_flows) * sizeof(struct rs_wheel_node);
	if (rc == 0)
		rc = legs_setup(e, (uint32_t)budget->legs);
	if (rc == 0)
		rc = tracer_setup(e, (uint32_t)budget->legs);
	if (rc == 0)
		rc = streams_setup(e, e->media_setup, budget->legs, (uint32_t)budget->legs * TIMERS + e->n_regs + e->n_flows);
	if (rc == 0)
		rc = scratch_setup(e);
	for (uint32_t i = 0; rc == 0 && i < e->n_activities; i++)
		rc = activity_setup(e, &e->activities[i], i);
	rs_metric_set(e->cells, RS_ENG_ENDPOINT_BYTES, bytes);
	n = count_placers(e->plan, e->steer_bits, e->worker, &position);
	e->max_calls = e->plan->max_calls ? share(e->plan->max_calls, n, position) : UINT64_MAX;
	return rc;
}

int
rs_engine_create(const struct rs_engine_cfg *cfg, struct rs_engine **out, struct rs_err *err)
{
	uint8_t steer_bits[RS_MAX_PORTS];
	struct rs_engine_budget budget;
	struct rs_engine *e = calloc(1, sizeof(*e));
	int rc = -ENOMEM;

	steer_setup(cfg->plan, cfg->steer_bits, steer_bits);
	budget_of(cfg->plan, steer_bits, cfg->worker, &budget);
	if (!e || streams_plan(cfg, &e->media_setup) != 0)
		goto fail;
	budget.reserved_bytes += streams_reserve(cfg->plan, e->media_setup, cfg->worker, budget.legs);
	if (rs_arena_init(&e->arena, budget.reserved_bytes) != 0)
		goto fail;
	e->plan = cfg->plan;
	memcpy(e->steer_bits, steer_bits, sizeof(e->steer_bits));
	e->account = cfg->account;
	e->cells = &cfg->account->engine;
	e->link = cfg->link;
	e->bus = cfg->bus;
	e->log = cfg->log;
	e->worker = cfg->worker;
	e->run = cfg->run;
	e->secret = cfg->secret;
	e->hash_seed = rs_mix64(cfg->secret + 1);
	e->rng.state = rs_random_at(cfg->plan->seed, 0x77, cfg->worker);
	e->wall_us = cfg->wall_us;
	e->wall_at_ns = e->now = cfg->wall_at_ns;
	e->measure_from = e->measure_to = UINT64_MAX;
	e->limited_until = cfg->limited_until ? cfg->limited_until : &e->never_limited;
	e->dynamic_id = 10000;
	e->pid_len = (uint8_t)rs_text_u64(e->pid_text, cfg->pid % 100000000);
	e->n_groups = cfg->plan->n_groups;
	e->n_activities = cfg->plan->n_activities;
	e->groups = calloc(e->n_groups ? e->n_groups : 1, sizeof(*e->groups));
	e->activities = calloc(e->n_activities + RS_LATE_ACTIVITIES, sizeof(*e->activities));
	if (!e->groups || !e->activities)
		goto fail;
	for (uint32_t i = 0; cfg->answered && i < e->n_activities; i++)
		e->activities[i].answered_all = &cfg->answered[i];
	rc = everything_setup(e, cfg, &budget);
	if (rc == 0)
		rc = rs_auth_hasher_create(&e->hasher);
	if (rc)
		goto fail;
	*out = e;
	return 0;
fail:
	rs_engine_free(e);
	return rs_err_set(err, rc,
		"worker %u: no memory for %llu legs (%llu MiB): lower run.max_calls, or give the machine more",
		cfg->worker, (unsigned long long)budget.legs, (unsigned long long)(budget.reserved_bytes >> 20));
}

void
rs_engine_free(struct rs_engine *e)
{
	if (!e)
		return;
	rs_auth_hasher_free(e->hasher);
	streams_free(e);
	free(e->media_setup);
	free(e->activities);
	free(e->groups);
	rs_arena_fini(&e->arena);
	free(e);
}

uint32_t
rs_engine_legs(const struct rs_engine *e)
{
	return e->legs.used;
}

uint64_t
rs_engine_leg_bytes(const struct rs_engine *e)
{
	return (uint64_t)e->legs.used * leg_cost() + e->blobs.bytes - e->reg_text_bytes;
}
