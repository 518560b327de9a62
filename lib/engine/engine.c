/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's turn: what came in, what is due, what control wants. */
#include "engine/engine.h"

#include <stdatomic.h>
#include <stdio.h>

#include "engine/bus.h"
#include "engine/dialog.h"
#include "engine/flow.h"
#include "engine/legs.h"
#include "engine/media_sdp.h"
#include "engine/received.h"
#include "engine/register.h"
#include "engine/stream.h"

void
rs_engine_begin(struct rs_engine *e, uint64_t t0_ns)
{
	e->t0 = t0_ns;
	e->measure_from = t0_ns + (e->plan->measure_ns ? e->plan->warmup_ns : 0);
	e->measure_to = e->plan->measure_ns ? e->measure_from + e->plan->measure_ns : UINT64_MAX;
	if (!e->plan->measure_ns)
		e->measure_from = 0;
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (e->activities[i].plan->start == RS_START_AT_ONCE)
			rs_engine_start_activity(e, (int32_t)i, t0_ns);
}

/* CRLF, NUL or nothing: what keeps a NAT binding alive (RFC 5626, 3.5.1, and common practice). */
static bool
is_keepalive(const struct rs_rx *rx)
{
	if (rx->len > 4)
		return false;
	for (uint32_t i = 0; i < rx->len; i++)
		if (rx->data[i] != '\r' && rx->data[i] != '\n' && rx->data[i] != 0)
			return false;
	return true;
}

static void
refuse(struct rs_engine *e, struct activity *a, bool measured, uint32_t row)
{
	struct rs_metrics *m = &a->account->cells;

	rs_metric_inc(m, RS_AM_NOT_STARTED);
	rs_metric_inc(m, row);
	if (measured)
		rs_metric_inc(m, RS_AM_M_NOT_STARTED);
	rs_metric_inc(e->cells, RS_ENG_REFUSED);
}

/* A request that belongs to no call: does an activity answer where it came to? */
static struct activity *
answering_activity(struct rs_engine *e, const struct rs_rx *rx, uint32_t *endpoint)
{
	for (uint32_t i = 0; i < e->n_groups; i++) {
		struct group *g = &e->groups[i];
		int64_t index;

		if (g->answer < 0 || g->plan->port != rx->path.port || g->position == UINT32_MAX)
			continue;
		index = rs_group_find(g->plan, &rx->path.local, rx->path.local_port);
		if (index < 0 || !group_has(g, (uint32_t)index))
			continue;
		*endpoint = (uint32_t)index;
		return &e->activities[g->answer];
	}
	return NULL;
}

/* One of `total`, if any is left. Workers race for the last ones: who finds it taken gives back what it took too much. */
static bool
take_one_of_total(struct activity *a)
{
	if (!a->plan->total)
		return true;
	if (!a->answered_all)
		return a->answered < a->plan->total;
	if (atomic_load_explicit(a->answered_all, memory_order_relaxed) >= a->plan->total)
		return false;
	if (atomic_fetch_add_explicit(a->answered_all, 1, memory_order_relaxed) < a->plan->total)
		return true;
	atomic_fetch_sub_explicit(a->answered_all, 1, memory_order_relaxed);
	return false;
}

static bool
is_total_taken(const struct activity *a)
{
	uint64_t answered = a->answered_all ? atomic_load_explicit(a->answered_all, memory_order_relaxed) : a->answered;

	return a->plan->total && answered >= a->plan->total;
}

/* The call did not start: `total` counts those that did. */
static void
give_one_back(struct activity *a)
{
	if (a->plan->total && a->answered_all)
		atomic_fetch_sub_explicit(a->answered_all, 1, memory_order_relaxed);
}

static void
answer(struct rs_engine *e, struct activity *a, uint32_t endpoint, const struct rs_rx *rx,
	const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct rs_slice call_id = rs_sip_get(msg, RS_HDR_CALL_ID);
	struct rs_metrics *m = &a->account->cells;
	bool measured = rx->time_ns >= e->measure_from && rx->time_ns < e->measure_to;

	/* Bindings are removed while the run stops: a registrar among its activities goes on. */
	bool closed = e->stopping && (e->silent || msg->method != RS_SIP_REGISTER);

	if (!a->accepts || closed || !take_one_of_total(a)) {
		rs_metric_inc(e->cells, RS_ENG_REFUSED);
		stray_decline(e, a, rx, msg);
		return;
	}
	rs_metric_inc(m, RS_AM_OFFERED);
	if (measured)
		rs_metric_inc(m, RS_AM_M_OFFERED);
	if (rs_metric_get(m, RS_AM_OPEN) >= a->limit) {
		give_one_back(a);
		refuse(e, a, measured, RS_AM_NOT_LIMIT);
		stray_decline(e, a, rx, msg);
		return;
	}
	uint64_t number = a->answered * e->plan->n_workers + e->worker;
	struct leg *leg = leg_create(e, a, number, rx->time_ns);

	if (!leg) {
		give_one_back(a);
		refuse(e, a, measured, RS_AM_NOT_MEMORY);
		stray_decline(e, a, rx, msg);
		return;
	}
	a->answered++;
	leg->endpoint = endpoint;
	leg->path = rx->path;
	leg->invited_us = msg->method == RS_SIP_INVITE;
	leg->hash = call_id_hash(e, call_id);
	if (a->plan->n_data)
		leg->line = leg_inject_line(e, leg, 0);
	if (!rs_blob_set(&e->blobs, &leg->call_id, call_id) ||
		rs_table_add(&e->calls, leg->hash, leg_slot(e, leg)) != 0) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		leg_fail(e, leg, RS_CAUSE_NO_MEMORY, false);
		return;
	}
	trace_received(e, leg, rx);

	uint32_t cause = sdp_open(e, leg);

	if (cause) {
		stray_decline(e, a, rx, msg);
		leg_fail(e, leg, cause, false);
		return;
	}
	/* Steps before the first recv (nop) are played now; then the request finds its recv like any other message. */
	if (leg_run(e, leg, msg))
		leg_receive(e, leg, rx, msg, cseq);
}

/* The group whose endpoint has the address that the message came to. */
static const struct group *
group_at(const struct rs_engine *e, const struct rs_path *path)
{
	for (uint32_t i = 0; i < e->n_groups; i++)
		if (e->groups[i].plan->port == path->port && e->groups[i].automatic &&
			rs_group_find(e->groups[i].plan, &path->local, path->local_port) >= 0)
			return &e->groups[i];
	return NULL;
}

/* A request that no call has and that begins none. */
static void
out_of_call(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, uint32_t row)
{
	const struct group *g = e->rfc ? group_at(e, &rx->path) : NULL;

	rs_metric_inc(e->cells, g && stray_answer(e, g, rx, msg) ? RS_ENG_AUTO_ANSWERED : row);
}

static void
unreachable(struct rs_engine *e, const struct rs_rx *rx)
{
	struct leg *leg;

	rs_metric_inc(e->cells, RS_ENG_UNREACHABLE);
	if (streams_unreachable(e, rx))
		return;
	leg = lookup_quoted(e, rx);
	if (leg)
		leg_fail(e, leg, RS_CAUSE_UNREACHABLE, false);
	else if (e->n_regs)
		register_unreachable(e, rx);
}

static void
input_one(struct rs_engine *e, const struct rs_rx *rx)
{
	struct rs_sip_msg *msg = &e->msg;
	struct rs_sip_cseq cseq;
	struct activity *a;
	struct leg *leg;
	uint32_t endpoint;
	size_t used;

	if (rx->kind == RS_RX_UNREACHABLE) {
		unreachable(e, rx);
		return;
	}
	if (rx->kind == RS_RX_CONN) {
		flows_input(e, rx);
		return;
	}
	if (!rx->path.conn && streams_udptl(e, rx))
		return;
	if (is_keepalive(rx)) {
		rs_metric_inc(e->cells, RS_ENG_KEEPALIVE);
		return;
	}
	if (rs_sip_parse(rx->data, rx->len, false, msg, &used) != 0 || !rs_sip_get(msg, RS_HDR_CALL_ID).len ||
		rs_sip_cseq(rs_sip_get(msg, RS_HDR_CSEQ), &cseq) != 0 || (e->rfc && !rs_sip_get(msg, RS_HDR_VIA).len)) {
		rs_metric_inc(e->cells, RS_ENG_MALFORMED);
		return;
	}
	rs_metric_inc(e->cells, RS_ENG_RECEIVED);
	if (e->rfc && !msg->status)
		received_put(e, rx, msg);
	e->key = 0;
	e->no_tomb = false;
	if (msg->status && register_response(e, rx, msg, &cseq))
		return;
	if (e->rfc && msg->method == RS_SIP_INVITE && !msg->status)
		tombs_prefetch(&e->tombs, server_key(e, msg));
	if (rx->path.conn && !msg->status)
		flows_hear(e, rx, msg);
	switch (lookup_leg(e, &rx->path, msg, &leg)) {
	case LOOKUP_LEG:
		trace_received(e, leg, rx);
		leg_receive(e, leg, rx, msg, &cseq);
		return;
	case LOOKUP_DEAD:
		if (msg->status ? stray_response(e, rx, msg, &cseq) : stray_request(e, rx, msg, &cseq))
			return;
		if (msg->status)
			rs_metric_inc(e->cells, RS_ENG_DEAD_CALL);
		else
			out_of_call(e, rx, msg, RS_ENG_DEAD_CALL);
		return;
	case LOOKUP_OTHER_RUN:
		rs_metric_inc(e->cells, RS_ENG_OTHER_RUN);
		return;
	case LOOKUP_NONE:
		break;
	}
	if (msg->status) {
		rs_metric_inc(e->cells, RS_ENG_OUT_OF_CALL);
		return;
	}
	if (stray_request(e, rx, msg, &cseq))
		return;
	a = answering_activity(e, rx, &endpoint);
	if (!a)
		out_of_call(e, rx, msg, RS_ENG_NO_ENDPOINT);
	else if (!program_begins_with(a->now->program, msg) ||
		(a->rfc && rs_sip_tag(rs_sip_get(msg, RS_HDR_TO)).len)) /* of a dialog that we do not have */
		out_of_call(e, rx, msg, RS_ENG_OUT_OF_CALL);
	else
		answer(e, a, endpoint, rx, msg, &cseq);
}

void
rs_engine_input(struct rs_engine *e, uint64_t now_ns, const struct rs_rx *rx, uint32_t n)
{
	e->now = now_ns;
	if (e->silent)
		return;
	for (uint32_t i = 0; i < n;) {
		uint32_t from = i;

		while (i < n && rx[i].kind == RS_RX_RTP && e->streams)
			i++;
		if (i > from)
			streams_input(e, &rx[from], i - from);
		else
			input_one(e, &rx[i++]);
	}
}

/*
 * A few legs a turn, so that a hundred thousand BYEs do not leave at once. Placed calls first: their BYE or CANCEL ends answered
 * ones in order. Answered calls that are still there a while later are ours to end.
 * @return the next time there is something to do
 */
static uint64_t
hang_up_some(struct rs_engine *e)
{
	bool placed_only = e->hangup_rest_ns == 0 || e->now < e->hangup_rest_ns;
	uint32_t budget = TURN_HANGUPS, looks = TURN_LOOKS;

	if (e->hangup_rest_ns && placed_only)
		return e->hangup_rest_ns;
	while (e->hangup_next < e->legs.fresh && budget > 0 && looks-- > 0) {
		uint32_t slot = e->hangup_next++;
		struct leg *leg = leg_at(e, slot);

		if (!rs_pool_is_taken(&e->legs, slot) || (leg->flags & LEG_LINGERING) ||
			!leg_activity(e, leg)->hang_up || (placed_only && e->hangup_all && !(leg->flags & LEG_UAC)))
			continue;
		leg_fail(e, leg, RS_CAUSE_STOPPED, true);
		budget--;
	}
	if (e->hangup_next < e->legs.fresh)
		return e->now;
	if (placed_only && e->hangup_all) {
		e->hangup_next = 0;
		e->hangup_rest_ns = e->now + HANGUP_REST_NS;
		return e->hangup_rest_ns;
	}
	e->hanging_up = false;
	return UINT64_MAX;
}

/* Its arrivals, and whether it has reached its end on this worker: nothing more comes, and nothing of it is open. */
static uint64_t
activity_turn(struct rs_engine *e, struct activity *a)
{
	struct rs_metrics *m = &a->account->cells;
	uint64_t next = UINT64_MAX;
	bool over = false;

	if (a->group->position == UINT32_MAX || a->plan->kind == RS_DO_DROP)
		return next;
	if (rs_activity_places(a->plan->kind))
		next = arrivals_turn(e, a, &over);
	else if (a->plan->kind == RS_DO_ANSWER)
		over = a->arrivals.stopped || is_total_taken(a);
	else
		next = register_turn(e, a, &over);
	over = over && rs_metric_get(m, RS_AM_OPEN) == 0;
	if (rs_metric_get(m, RS_AM_OVER) != over)
		rs_metric_set(m, RS_AM_OVER, over);
	return next;
}

#define TOLD 64 /* mails of other workers heard in one turn */

static void
listen(struct rs_engine *e)
{
	struct rs_mail mails[TOLD];
	uint32_t n = rs_bus_listen(e->bus, e->worker, mails, TOLD);

	for (uint32_t i = 0; i < n; i++) {
		const struct rs_mail *m = &mails[i];

		switch ((enum rs_bus_mail)m->type) {
		case RS_BUS_REGISTERED:
			callee_registered(e, (uint32_t)m->arg[0], (uint32_t)m->arg[1], m->arg[2]);
			break;
		case RS_BUS_LEG:
			legs_heard(e, m);
			break;
		case RS_BUS_LEG_SDP:
			legs_sdp_heard(e, m);
			break;
		}
	}
}

bool
rs_engine_is_told(const struct rs_engine *e)
{
	return e->bus && rs_bus_is_waiting(e->bus, e->worker);
}

static void
timer(struct rs_engine *e, uint32_t node)
{
	uint32_t slot = node / TIMERS, legs = e->legs.cap * TIMERS, first_flow = legs + e->n_regs, first_stream = first_flow + e->n_flows;

	/* An earlier one of this turn may have ended the leg, or moved it on and armed this timer anew. */
	if (rs_wheel_armed(&e->wheel, node))
		return;
	if (node >= first_stream)
		streams_timer(e, node - first_stream);
	else if (node >= first_flow)
		flow_timer(e, node - first_flow);
	else if (node >= legs)
		register_timer(e, node - legs);
	else if (rs_pool_is_taken(&e->legs, slot))
		leg_timer(e, leg_at(e, slot), (enum timer)(node % TIMERS));
}

uint64_t
rs_engine_turn(struct rs_engine *e, uint64_t now_ns)
{
	uint32_t nodes[TURN_TIMERS];
	uint64_t next = UINT64_MAX, due;

	e->now = now_ns;
	if (e->plays_end)
		plays_end(e);
	if (e->bus)
		listen(e);
	uint32_t n = rs_wheel_expire(&e->wheel, now_ns, nodes, TURN_TIMERS);

	for (uint32_t i = 0; i < n; i++)
		timer(e, nodes[i]);
	if (n == TURN_TIMERS)
		next = now_ns;
	if (e->rfc) {
		tombs_expire(&e->tombs, now_ns);
		rs_metric_set(e->cells, RS_ENG_TOMBS, e->tombs.n);
		rs_metric_set(e->cells, RS_ENG_TOMBS_EARLY, e->tombs.early);
	}
	if (e->hanging_up) {
		due = hang_up_some(e);
		if (due < next)
			next = due;
	}
	if (e->connects && e->t0 && !e->stopping) {
		due = e->now >= e->t0 ? flows_connect_turn(e) : e->t0;
		if (due < next)
			next = due;
	}
	if (e->drop.next < e->n_flows) {
		due = flows_drop_turn(e);
		if (due < next)
			next = due;
	}
	if (e->regs_left > 0) {
		due = registrations_turn(e);
		if (due < next)
			next = due;
	}
	if (e->legs_to_tell || e->tell_left > 0) {
		due = flows_turn(e);
		if (due < next)
			next = due;
	}
	for (uint32_t i = 0; i < e->n_activities; i++) {
		if (e->stopping && e->activities[i].plan->kind != RS_DO_REGISTER)
			continue;
		due = activity_turn(e, &e->activities[i]);
		if (due < next)
			next = due;
	}
	if (e->streams) { /* the last one: what steps have begun begins at once */
		due = streams_turn(e, now_ns);
		if (due < next)
			next = due;
	}
	due = rs_wheel_next(&e->wheel);
	return due < next ? due : next;
}

void
rs_engine_start_activity(struct rs_engine *e, int32_t activity, uint64_t at_ns)
{
	struct activity *a = &e->activities[activity];

	if (a->plan->kind == RS_DO_DROP) /* control's own: see rs_engine_drop */
		return;
	if (a->plan->kind == RS_DO_ANSWER) {
		const struct group *g = a->group;

		if (g->position != UINT32_MAX && (g->answer < 0 || e->activities[g->answer].arrivals.stopped))
			a->group->answer = activity;
		a->accepts = true;
	} else {
		arrivals_begin(e, a, at_ns);
	}
}

static bool
is_meant(const struct rs_engine *e, int32_t activity, uint32_t i)
{
	return activity < 0 || (uint32_t)activity == i;
}

void
rs_engine_set_rate(struct rs_engine *e, int32_t activity, double rate_hz, uint64_t at_ns)
{
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (is_meant(e, activity, i) && e->activities[i].plan->kind != RS_DO_ANSWER &&
			(activity >= 0 || rs_activity_places(e->activities[i].plan->kind)))
			arrivals_order(&e->activities[i], CHANGE_RATE, rate_hz, at_ns);
}

void
rs_engine_set_limit(struct rs_engine *e, int32_t activity, uint64_t limit)
{
	for (uint32_t i = 0; i < e->n_activities; i++) {
		struct activity *a = &e->activities[i];

		if (!is_meant(e, activity, i) || a->group->rank == UINT32_MAX)
			continue;
		if (a->plan->open_calls) { /* a closed loop holds as many open as it may */
			loop_target(a, limit);
			continue;
		}
		a->limit = limit / a->group->starters + (a->group->rank < limit % a->group->starters);
	}
}

void
rs_engine_pause(struct rs_engine *e, uint64_t at_ns)
{
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (e->activities[i].plan->kind != RS_DO_ANSWER)
			arrivals_order(&e->activities[i], CHANGE_PAUSE, 0, at_ns);
}

void
rs_engine_resume(struct rs_engine *e, uint64_t at_ns)
{
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (e->activities[i].plan->kind != RS_DO_ANSWER)
			arrivals_order(&e->activities[i], CHANGE_RESUME, 0, at_ns);
}

void
rs_engine_stop(struct rs_engine *e, int32_t activity)
{
	for (uint32_t i = 0; i < e->n_activities; i++) {
		if (!is_meant(e, activity, i))
			continue;
		e->activities[i].arrivals.stopped = true;
		e->activities[i].accepts = activity < 0 && e->activities[i].accepts;
	}
}

void
rs_engine_unregister(struct rs_engine *e)
{
	for (uint32_t i = 0; i < e->n_activities; i++)
		if (e->activities[i].plan->kind == RS_DO_REGISTER && e->activities[i].plan->unregister)
			register_end(e, &e->activities[i]);
}

void
rs_engine_hangup(struct rs_engine *e, int32_t activity)
{
	rs_engine_stop(e, activity);
	if (activity >= 0 && e->activities[activity].plan->kind == RS_DO_REGISTER)
		register_end(e, &e->activities[activity]);
	if (activity < 0)
		e->stopping = e->hangup_all = true;
	for (uint32_t i = 0; i < e->n_activities; i++)
		e->activities[i].hang_up |= is_meant(e, activity, i);
	e->hanging_up = true;
	e->hangup_next = 0; /* what an earlier one has left is among them */
	e->hangup_rest_ns = 0;
}

void
rs_engine_silence(struct rs_engine *e)
{
	e->silent = true;
	e->stopping = true;
	rs_engine_stop(e, -1);
	e->hanging_up = false;
	for (uint32_t slot = 0; slot < e->legs.fresh; slot++) {
		if (!rs_pool_is_taken(&e->legs, slot))
			continue;
		leg_fail(e, leg_at(e, slot), RS_CAUSE_STOPPED, false);
	}
}

void
leg_call_id(const struct rs_engine *e, const struct leg *leg, char *out, size_t cap)
{
	struct rs_slice id = rs_blob_get(&e->blobs, &leg->call_id);
	const struct endpoint *ep = group_endpoint(e->activities[leg->activity].group, leg->endpoint);

	if (id.len)
		snprintf(out, cap, "%.*s", (int)id.len, (const char *)id.p);
	else
		snprintf(out, cap, "%.*s@%.*s", RS_TOKEN_LEN, leg->token, (int)ep->text_len, (const char *)ep->text);
}

uint32_t
rs_engine_calls(const struct rs_engine *e, uint64_t now_ns, uint32_t *from, struct rs_call_info *out, uint32_t cap)
{
	uint32_t n = 0, slot = *from;

	for (; slot < e->legs.fresh && n < cap; slot++) {
		const struct leg *leg = leg_at(e, slot);
		struct rs_call_info *info = &out[n];
		uint8_t addr[40];

		if (!rs_pool_is_taken(&e->legs, slot) ||
			(leg->flags & LEG_LINGERING))
			continue;
		info->number = leg->number;
		info->age_ns = now_ns > leg->due_ns ? now_ns - leg->due_ns : 0;
		info->activity = leg->activity;
		info->step = leg->step;
		info->program = leg_play(e, leg)->number;
		leg_call_id(e, leg, info->call_id, sizeof(info->call_id));
		int n_addr = (int)rs_addr_write(&leg->path.remote, addr);

		snprintf(info->remote, sizeof(info->remote), leg->path.remote.family == 6 ? "[%.*s]:%u" : "%.*s:%u", n_addr,
			(const char *)addr, leg->path.remote_port);
		n++;
	}
	*from = slot >= e->legs.fresh ? UINT32_MAX : slot;
	return n;
}
