/* SPDX-License-Identifier: BSD-3-Clause */
/* Life and death of a leg, its variables, and what both are counted as. */
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/media_sdp.h"

static void
count(struct leg *leg, struct activity *a, uint32_t row, uint32_t measured_row)
{
	rs_metric_inc(&a->account->cells, row);
	if (leg->flags & LEG_MEASURED)
		rs_metric_inc(&a->account->cells, measured_row);
}

static void
gauges(struct rs_engine *e)
{
	rs_metric_set(e->cells, RS_ENG_LEGS, e->legs.used);
	rs_metric_set(e->cells, RS_ENG_LEG_BYTES, rs_engine_leg_bytes(e));
}

static void
open_add(struct rs_engine *e, struct leg *leg, int n)
{
	struct activity *a = leg_activity(e, leg);
	struct rs_metrics *m = &a->account->cells;

	rs_metric_add(m, RS_AM_OPEN, (uint64_t)(int64_t)n);
	rs_metric_max(m, RS_AM_PEAK, rs_metric_get(m, RS_AM_OPEN));
	if (leg->flags & LEG_UAC)
		e->open_placed += (uint64_t)(int64_t)n;
}

struct leg *
leg_create(struct rs_engine *e, struct activity *a, uint64_t number, uint64_t due_ns)
{
	uint32_t slot = rs_pool_take(&e->legs);

	if (slot == RS_POOL_NONE) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		return NULL;
	}
	struct leg *leg = leg_at(e, slot);

	memset(leg, 0, sizeof(*leg));
	leg->activity = (uint16_t)(a - e->activities);
	leg->number = number;
	leg->due_ns = due_ns;
	leg->cause_send = leg->cause_recv = leg->last_recv = leg->retrans_step = leg->invite_step = -1;
	leg->callee = NO_ENDPOINT;
	leg->waits = NO_LEG;
	leg->media = NO_MEDIA;
	leg->play = a->now->slot;
	if (a->now->frame_bytes) {
		uint8_t *frame = rs_blob_alloc(&e->blobs, &leg->frame, a->now->frame_bytes);

		if (!frame) {
			rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
			rs_pool_give(&e->legs, slot);
			return NULL;
		}
		memset(frame, 0, a->now->frame_bytes);
		for (uint32_t i = 0; i < a->now->program->n_rtds; i++) /* a timer that is never started counts from here */
			*leg_rtd(e, leg, (int)i) = due_ns;
	}
	a->now->legs++;
	if (rs_activity_places(a->plan->kind))
		leg->flags = LEG_UAC;
	if (due_ns >= e->measure_from && due_ns < e->measure_to)
		leg->flags |= LEG_MEASURED;

	uint32_t generation = e->legs.generation[slot];
	struct rs_token token = {
		.handle = rs_handle_make(slot, (uint16_t)generation, (uint8_t)e->worker, RS_KIND_LEG),
		.run = e->run,
		.aux = (uint16_t)(generation >> 16),
	};

	rs_token_write(&token, e->secret, leg->token);
	if (a->rfc)
		rfc_open(e, leg);
	if (a->legs)
		legs_begin(e, leg);
	count(leg, a, RS_AM_STARTED, RS_AM_M_STARTED);
	open_add(e, leg, 1);
	gauges(e);
	trace_begin(e, leg);
	return leg;
}

static void
clear_values(struct rs_engine *e, struct leg *leg)
{
	const struct rs_program *p = leg_program(e, leg);

	for (uint32_t i = 0; i < p->n_vars && leg->frame.class; i++) {
		struct value *v = &((struct value *)(void *)rs_blob_bytes(&e->blobs, &leg->frame))[i];

		rs_blob_clear(&e->blobs, &v->text);
	}
}

void
leg_free(struct rs_engine *e, struct leg *leg)
{
	uint32_t slot = leg_slot(e, leg);
	struct activity *a = leg_activity(e, leg);

	if (a->rfc)
		rfc_bury(e, leg);
	if (leg_has_media(leg))
		sdp_close(e, leg);
	stamps_settle(e, leg);
	trace_end(e, leg);
	if (rs_transport_is_stream(leg->path.transport) || leg->path.conn)
		leg_disconnect(e, leg);
	rs_wheel_cancel(&e->wheel, slot * TIMERS + TIMER_WAIT);
	rs_wheel_cancel(&e->wheel, slot * TIMERS + TIMER_RETRANS);
	if (leg->call_id.class)
		rs_table_remove(&e->calls, leg->hash, slot);
	if (leg->callee != NO_ENDPOINT)
		callees_return(a, leg->callee);
	clear_values(e, leg);
	rs_blob_clear(&e->blobs, &leg->call_id);
	rs_blob_clear(&e->blobs, &leg->kept);
	rs_blob_clear(&e->blobs, &leg->challenge);
	rs_blob_clear(&e->blobs, &leg->routes);
	rs_blob_clear(&e->blobs, &leg->contact);
	rs_blob_clear(&e->blobs, &leg->peer_tag);
	rs_blob_clear(&e->blobs, &leg->frame);
	if (leg->flags & LEG_LINGERING)
		rs_metric_add(e->cells, RS_ENG_LINGERING, (uint64_t)-1);
	play_leave(e, a, leg);
	rs_pool_give(&e->legs, slot);
	gauges(e);
}

/* After the end itself was counted, so that no look at the cells shows more tainted calls than ended ones. */
static void
count_tainted(struct rs_engine *e, struct leg *leg, bool failed)
{
	struct activity *a = leg_activity(e, leg);

	if (leg->due_ns >= atomic_load_explicit(e->limited_until, memory_order_relaxed))
		return;
	count(leg, a, RS_AM_TAINTED, RS_AM_M_TAINTED);
	if (failed)
		count(leg, a, RS_AM_TAINTED_FAILED, RS_AM_M_TAINTED_FAILED);
}

static void
count_failure(struct rs_engine *e, struct leg *leg, uint32_t cause)
{
	struct activity *a = leg_activity(e, leg);

	rs_account_fail(leg_play(e, leg)->account, leg->step, cause);
	count(leg, a, RS_AM_FAILED, RS_AM_M_FAILED);
	count_tainted(e, leg, true);
	open_add(e, leg, -1);
}

void
leg_complete(struct rs_engine *e, struct leg *leg)
{
	struct activity *a = leg_activity(e, leg);

	if (leg->flags & LEG_FAILING) { /* counted when the check failed to hold: see leg_actions */
		count(leg, a, RS_AM_FAILED, RS_AM_M_FAILED);
	} else {
		count(leg, a, RS_AM_COMPLETED, RS_AM_M_COMPLETED);
	}
	count_tainted(e, leg, leg->flags & LEG_FAILING);
	open_add(e, leg, -1);
	trace_end(e, leg);
	if (leg_has_media(leg))
		sdp_end(e, leg);
	if (a->legs)
		legs_end(e, leg);
	if (leg->callee != NO_ENDPOINT) {
		callees_return(a, leg->callee);
		leg->callee = NO_ENDPOINT;
	}
}

void
leg_fail(struct rs_engine *e, struct leg *leg, uint32_t cause, bool hang_up)
{
	if (leg->flags & LEG_LINGERING) { /* over and counted already */
		leg_free(e, leg);
		return;
	}
	trace_failed(e, leg, cause);
	if (hang_up && !e->silent)
		leg_hang_up(e, leg, NULL);
	if (leg->flags & LEG_FAILING) {
		count(leg, leg_activity(e, leg), RS_AM_FAILED, RS_AM_M_FAILED);
		count_tainted(e, leg, true);
		open_add(e, leg, -1);
	} else {
		count_failure(e, leg, cause);
	}
	trace_end(e, leg);
	if (leg_has_media(leg))
		sdp_end(e, leg);
	if (leg_activity(e, leg)->legs)
		legs_end(e, leg);
	leg_part(e, leg);
}

void
leg_part(struct rs_engine *e, struct leg *leg)
{
	if (leg_is_rfc(e, leg) && !e->silent && rfc_outstanding(e, leg))
		rfc_close(e, leg);
	else
		leg_free(e, leg);
}

void
leg_established(struct rs_engine *e, struct leg *leg)
{
	if (leg->flags & LEG_ESTABLISHED)
		return;
	leg->flags |= LEG_ESTABLISHED;
	count(leg, leg_activity(e, leg), RS_AM_ESTABLISHED, RS_AM_M_ESTABLISHED);
}

uint64_t
leg_inject_line(const struct rs_engine *e, const struct leg *leg, uint32_t file)
{
	const struct rs_inject *in = leg_activity(e, leg)->plan->data[file];

	return rs_inject_line(in, e->plan->seed ^ file, in->mode == RS_INJECT_USER ? leg->endpoint : leg->number);
}

struct value *
leg_value(struct rs_engine *e, struct leg *leg, int16_t var)
{
	const struct rs_play *play = leg_play(e, leg);

	if (play->program->vars[var].scope != RS_VAR_CALL)
		return &play->globals[var];
	return &((struct value *)(void *)rs_blob_bytes(&e->blobs, &leg->frame))[var];
}

uint64_t *
leg_rtd(struct rs_engine *e, struct leg *leg, int rtd)
{
	const struct rs_program *p = leg_program(e, leg);
	uint8_t *frame = rs_blob_bytes(&e->blobs, &leg->frame);

	return &((uint64_t *)(void *)(frame + p->n_vars * sizeof(struct value)))[rtd];
}

/* "set" as SIPp means it: a match, a true, a number other than zero, or any text. */
bool
leg_set(struct rs_engine *e, struct leg *leg, int16_t var)
{
	const struct value *v = leg_value(e, leg, var);

	switch (v->type) {
	case VALUE_NUMBER:
	case VALUE_BOOL:
		return v->number != 0;
	case VALUE_TEXT:
		return true;
	default:
		return false;
	}
}
