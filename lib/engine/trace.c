/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which calls keep their messages, how, and what stays of those that failed. A call that was not chosen pays one look at its
 * flags per message. Times are those of bursts received and of turns that sent: near enough for a ladder, the histograms have
 * the bursts that were sent.
 */
#include <errno.h>
#include <stddef.h>

#include "engine/internal.h"

#define TRACE_STREAM 5000 /* of random numbers, + activity: beside those of holds, callees and URIs */
#define BURST_PART 10	  /* calls chosen at once, at most: so many-th part of a second's */

uint64_t
tracer_reserve(const struct rs_plan *plan, uint64_t legs)
{
	uint64_t objects = plan->trace_calls ? plan->trace_calls + (uint64_t)RS_TRACE_KEPT : 0;

	return sizeof(struct tracer) + objects * (sizeof(struct rs_trace) + 4) + (objects ? legs * 4 : 0) + 4 * 4096;
}

int
tracer_setup(struct rs_engine *e, uint32_t legs)
{
	const struct rs_plan *plan = e->plan;
	struct tracer *t = rs_arena_alloc(&e->arena, sizeof(*t), 64);
	uint32_t objects = plan->trace_calls + RS_TRACE_KEPT, burst = plan->trace_rate / BURST_PART;

	if (!t)
		return -ENOMEM;
	e->tracer = t;
	t->rng.state = rs_random_at(plan->seed, TRACE_STREAM - 1, e->worker);
	if (!plan->trace_calls || !plan->trace_rate || !(plan->trace_share > 0))
		return 0; /* max_active stays 0: nothing is chosen, failed calls are listed all the same */
	t->max_active = plan->trace_calls;
	t->interval_ns = RS_NS_PER_S / plan->trace_rate;
	t->slack_ns = burst > 1 ? (burst - 1) * t->interval_ns : 0;
	t->below = plan->trace_share < 1 ? (uint64_t)(plan->trace_share * 0x1p64) : UINT64_MAX;
	t->of_leg = rs_arena_alloc(&e->arena, legs * sizeof(*t->of_leg), 64);
	t->objects = rs_arena_alloc(&e->arena, objects * sizeof(*t->objects), 64);
	t->unused = rs_arena_alloc(&e->arena, objects * sizeof(*t->unused), 64);
	if (!t->of_leg || !t->objects || !t->unused)
		return -ENOMEM;
	while (t->n_unused < objects) { /* taken last in, first out: few of them are ever touched */
		t->unused[t->n_unused] = objects - 1 - t->n_unused;
		t->n_unused++;
	}
	return 0;
}

void
trace_choose(struct rs_engine *e, struct leg *leg)
{
	struct tracer *t = e->tracer;

	if (t->below != UINT64_MAX &&
		rs_random_at(e->plan->seed, TRACE_STREAM + leg->activity, leg->number) >= t->below)
		return;
	uint32_t object = t->unused[--t->n_unused];
	struct rs_trace *trace = &t->objects[object];

	memset(&trace->call, 0, sizeof(trace->call));
	trace->used = trace->head = trace->left_out = 0;
	trace->last_ns = INT64_MIN;
	t->of_leg[leg_slot(e, leg)] = object;
	t->active++;
	t->due_ns = (t->due_ns > e->now ? t->due_ns : e->now) + t->interval_ns;
	leg->flags |= LEG_TRACED;
	rs_metric_inc(e->cells, RS_ENG_TRACED);
}

static struct rs_trace *
trace_of(const struct rs_engine *e, const struct leg *leg)
{
	return &e->tracer->objects[e->tracer->of_leg[leg_slot(e, leg)]];
}

/* The first messages stay where they are; of the others the oldest make room. @return where @need bytes are free */
static struct rs_trace_entry *
make_room(struct rs_trace *t, uint32_t need)
{
	uint32_t at = t->head;

	if (t->used + need <= sizeof(t->bytes)) {
		if (t->head == t->used && t->used + need <= RS_TRACE_HEAD_BYTES && !t->left_out)
			t->head += need;
	} else {
		while (at < t->used && t->used - (at - t->head) + need > sizeof(t->bytes)) {
			rs_trace_next(t, &at);
			t->left_out++;
		}
		memmove(t->bytes + t->head, t->bytes + at, t->used - at);
		t->used -= at - t->head;
	}
	t->used += need;
	return (void *)(t->bytes + t->used - need);
}

static struct rs_trace_entry *
append(struct rs_engine *e, struct leg *leg, enum rs_trace_kind kind, uint64_t time_ns, uint32_t kept)
{
	struct rs_trace *t = trace_of(e, leg);
	struct rs_trace_entry *entry = make_room(t, (uint32_t)sizeof(*entry) + ((kept + 7u) & ~7u));
	int64_t at_ns = (int64_t)(time_ns - leg->due_ns);

	/* A burst is received some time after the turn began that the answer to it is sent in. */
	t->last_ns = at_ns > t->last_ns ? at_ns : t->last_ns;
	*entry = (struct rs_trace_entry){
		.at_ns = t->last_ns,
		.kept = (uint16_t)kept,
		.kind = (uint8_t)kind,
	};
	return entry;
}

void
trace_add(struct rs_engine *e, struct leg *leg, enum rs_trace_kind kind, const uint8_t *data, uint32_t len,
	uint64_t time_ns, uint8_t flags)
{
	uint32_t kept = len < RS_TRACE_CUT_BYTES ? len : RS_TRACE_CUT_BYTES;
	struct rs_trace_entry *entry = append(e, leg, kind, time_ns, kept);

	entry->length = len;
	entry->flags = (uint8_t)(flags | (kept < len ? RS_TRACE_IS_CUT : 0));
	memcpy(entry + 1, data, kept);
}

/* The last message did not leave: the port did not take it. */
void
trace_not_sent(struct rs_engine *e, struct leg *leg)
{
	struct rs_trace *t = trace_of(e, leg);
	struct rs_trace_entry *last = NULL, *entry;

	for (uint32_t at = 0; (entry = (struct rs_trace_entry *)rs_trace_next(t, &at)) != NULL;)
		if (entry->kind == RS_TRACE_SENT)
			last = entry;
	if (last)
		last->flags |= RS_TRACE_DROPPED;
}

/* The Call-ID as it is on the wire where the scenario says [call_id]. */
static void
write_call_id(const struct rs_engine *e, const struct leg *leg, struct rs_failed_call *call)
{
	struct rs_slice id = rs_blob_get(&e->blobs, &leg->call_id);
	const struct endpoint *ep = group_endpoint(e->activities[leg->activity].group, leg->endpoint);

	if (id.len) {
		call->call_id_len = (uint8_t)(id.len < sizeof(call->call_id) ? id.len : sizeof(call->call_id));
		memcpy(call->call_id, id.p, call->call_id_len);
		return;
	}
	_Static_assert(RS_TOKEN_LEN + 1 + sizeof(ep->text) <= sizeof(call->call_id), "our own Call-IDs fit");
	memcpy(call->call_id, leg->token, RS_TOKEN_LEN);
	call->call_id[RS_TOKEN_LEN] = '@';
	memcpy(call->call_id + RS_TOKEN_LEN + 1, ep->text, ep->text_len);
	call->call_id_len = (uint8_t)(RS_TOKEN_LEN + 1 + ep->text_len);
}

static void
describe(const struct rs_engine *e, const struct leg *leg, uint32_t cause, struct rs_failed_call *call)
{
	int64_t since_wall = (int64_t)(leg->due_ns - e->wall_at_ns);

	call->number = leg->number;
	call->due_ns = leg->due_ns;
	call->after_ns = e->now > leg->due_ns ? e->now - leg->due_ns : 0;
	call->wall_us = e->wall_us + (uint64_t)(since_wall / (int64_t)RS_NS_PER_US);
	call->path = leg->path;
	call->activity = leg->activity;
	call->program = leg_play(e, leg)->number;
	call->step = leg->step;
	call->cause = (uint16_t)cause;
	call->placed = leg->flags & LEG_UAC;
	write_call_id(e, leg, call);
}

static struct rs_failed_call *
ring_next(struct tracer *t)
{
	return &t->ring[t->ring_end++ % RS_FAILED_RING];
}

void
trace_failed(struct rs_engine *e, struct leg *leg, uint32_t cause)
{
	if (!(leg->flags & LEG_TRACED)) {
		if (!(leg->flags & LEG_FAILING))
			describe(e, leg, cause, ring_next(e->tracer));
		return;
	}
	struct rs_trace_entry *entry = append(e, leg, RS_TRACE_FAILED, e->now, 0);
	struct rs_failed_call *call = &trace_of(e, leg)->call;

	entry->cause = (uint16_t)cause;
	entry->step = leg->step;
	if (call->cause != RS_CAUSE_NONE) /* a check that failed before is what counts */
		return;
	describe(e, leg, cause, call);
	call->after_ns = entry->at_ns > 0 ? (uint64_t)entry->at_ns : 0;
}

static void
give_back(struct tracer *t, uint32_t object, bool list)
{
	if (list)
		*ring_next(t) = t->objects[object].call;
	t->unused[t->n_unused++] = object;
}

static struct trace_group *
group_of(struct tracer *t, const struct rs_failed_call *call)
{
	for (uint32_t i = 0; i < t->n_groups; i++)
		if (t->groups[i].activity == call->activity && t->groups[i].cause == call->cause)
			return &t->groups[i];
	if (t->n_groups == TRACE_GROUPS)
		return NULL;
	t->groups[t->n_groups] = (struct trace_group){ .activity = call->activity, .cause = call->cause };
	return &t->groups[t->n_groups++];
}

/* A cause that is seen for the first time takes the place of one of those that have most. */
static void
make_place(struct tracer *t)
{
	struct trace_group *most = &t->groups[0];

	for (uint32_t i = 1; i < t->n_groups; i++)
		if (t->groups[i].n > most->n)
			most = &t->groups[i];
	give_back(t, most->objects[--most->n], true);
	t->n_kept--;
}

/* Keep the first of a cause, and of the others each with the same chance. */
static void
keep(struct tracer *t, uint32_t object)
{
	struct trace_group *g = group_of(t, &t->objects[object].call);
	uint64_t place;

	if (!g) {
		give_back(t, object, true);
		return;
	}
	g->seen++;
	if (g->n == 0 && t->n_kept == RS_TRACE_KEPT)
		make_place(t);
	if (g->n < RS_TRACE_PER_CAUSE && t->n_kept < RS_TRACE_KEPT) {
		g->objects[g->n++] = object;
		t->n_kept++;
		return;
	}
	place = rs_random_below(rs_rng_next(&t->rng), g->seen - 1) + 1;
	if (place < g->n) {
		uint32_t old = g->objects[place];

		g->objects[place] = object;
		object = old;
	}
	give_back(t, object, true);
}

void
trace_close(struct rs_engine *e, struct leg *leg)
{
	struct tracer *t = e->tracer;
	uint32_t object = t->of_leg[leg_slot(e, leg)];

	leg->flags &= ~(uint32_t)LEG_TRACED;
	t->active--;
	if (t->objects[object].call.cause == RS_CAUSE_NONE)
		give_back(t, object, false);
	else
		keep(t, object);
}

bool
rs_trace_is_again(const struct rs_trace *t, const struct rs_trace_entry *entry)
{
	const struct rs_trace_entry *old;

	if (entry->flags & RS_TRACE_AGAIN)
		return true;
	for (uint32_t at = 0; (old = rs_trace_next(t, &at)) != NULL && old != entry;)
		if (old->kind == entry->kind && old->length == entry->length && entry->kept > 0 &&
			memcmp(old + 1, entry + 1, entry->kept) == 0)
			return true;
	return false;
}

uint32_t
rs_engine_traces(const struct rs_engine *e, uint64_t *from, struct rs_trace *out, uint32_t cap)
{
	const struct tracer *t = e->tracer;
	uint32_t n = 0;

	for (; *from < (uint64_t)t->n_groups * RS_TRACE_PER_CAUSE && n < cap; ++*from) {
		const struct trace_group *g = &t->groups[*from / RS_TRACE_PER_CAUSE];
		const struct rs_trace *kept;

		if (*from % RS_TRACE_PER_CAUSE >= g->n)
			continue;
		kept = &t->objects[g->objects[*from % RS_TRACE_PER_CAUSE]];
		memcpy(&out[n++], kept, offsetof(struct rs_trace, bytes) + kept->used);
	}
	if (*from >= (uint64_t)t->n_groups * RS_TRACE_PER_CAUSE)
		*from = UINT64_MAX;
	return n;
}

uint32_t
rs_engine_failed(const struct rs_engine *e, uint64_t *from, struct rs_failed_call *out, uint32_t cap)
{
	const struct tracer *t = e->tracer;
	uint32_t n = 0;

	if (t->ring_end > RS_FAILED_RING && *from < t->ring_end - RS_FAILED_RING)
		*from = t->ring_end - RS_FAILED_RING;
	for (; *from < t->ring_end && n < cap; ++*from)
		out[n++] = t->ring[*from % RS_FAILED_RING];
	if (*from >= t->ring_end)
		*from = UINT64_MAX;
	return n;
}
