/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections of endpoints: opened, used, broken, opened again. */
#include "engine/flow.h"

#include <errno.h>

#define BASE_NS	    (30 * RS_NS_PER_S) /* RFC 5626, 4.5: where all flows of an endpoint are down, ... */
#define BASE_SOME_NS (90 * RS_NS_PER_S) /* ... and where another one is up */
#define MOST_NS	    (1800 * RS_NS_PER_S)
#define AT_ONCE_AGAIN_NS RS_NS_PER_S /* an opening that failed is not tried again sooner */

static struct rs_metrics *
cells(const struct rs_engine *e)
{
	return &e->account->flows;
}

static bool
has_flows(const struct rs_plan_group *g)
{
	return rs_transport_is_stream(g->transport) && g->has_proxy && g->connections != RS_CONNECTIONS_CALL;
}

/* Endpoints of a shared group use the flow of their address. */
static uint32_t
flows_of_group(const struct group *g)
{
	if (!has_flows(g->plan) || g->position == UINT32_MAX)
		return 0;
	return (g->plan->connections == RS_CONNECTIONS_SHARED ? g->plan->n_addrs : g->n) * g->plan->n_hops;
}

uint32_t
flows_count(struct rs_engine *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_groups; i++) {
		e->groups[i].first_flow = flows_of_group(&e->groups[i]) ? n : NO_FLOW;
		n += flows_of_group(&e->groups[i]);
	}
	return n;
}

uint64_t
flows_reserve(const struct rs_plan *plan)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];

		if (has_flows(g))
			n += (uint64_t)(g->connections == RS_CONNECTIONS_SHARED ? g->n_addrs : g->count) * g->n_hops;
	}
	return n * (sizeof(struct flow) + sizeof(struct rs_wheel_node));
}

int
flows_setup(struct rs_engine *e, uint32_t first_node)
{
	e->first_flow_node = first_node;
	e->drop.next = e->n_flows;
	if (e->n_flows == 0)
		return 0;
	if (!e->link.conns)
		return -ENOTSUP;
	e->flows = rs_arena_alloc(&e->arena, (size_t)e->n_flows * sizeof(*e->flows), 64);
	if (!e->flows)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n_groups; i++) {
		struct group *g = &e->groups[i];
		uint32_t n = g->n_flows = flows_of_group(g);

		e->connects |= n > 0 && g->plan->connect_hz > 0;
		for (uint32_t k = 0; k < n; k++)
			e->flows[g->first_flow + k] = (struct flow){ .waiting = NO_LEG, .group = (uint16_t)i, .index = NO_ENDPOINT,
				.hop = (uint8_t)(k % g->plan->n_hops) };
	}
	return 0;
}

struct flow *
flow_of(const struct rs_engine *e, const struct group *g, uint32_t index, uint8_t hop)
{
	uint32_t which;

	if (g->first_flow == NO_FLOW)
		return NULL;
	if (g->plan->connections == RS_CONNECTIONS_SHARED)
		which = index % g->plan->n_addrs;
	else
		which = g->slots ? g->slots[index] : index;
	struct flow *f = &e->flows[g->first_flow + which * g->plan->n_hops + hop];

	if (f->index == NO_ENDPOINT)
		f->index = index;
	return f;
}

static uint32_t
number_of(const struct rs_engine *e, const struct flow *f)
{
	return (uint32_t)(f - e->flows);
}

static void
set_state(struct rs_engine *e, struct flow *f, enum flow_state state)
{
	static const uint8_t gauges[] = { [FLOW_OPENING] = RS_FLOW_OPENING, [FLOW_OPEN] = RS_FLOW_OPEN, [FLOW_RESTING] = RS_FLOW_RESTING };

	if (f->state != FLOW_NONE)
		rs_metric_add(cells(e), gauges[f->state], (uint64_t)-1);
	if (state != FLOW_NONE)
		rs_metric_add(cells(e), gauges[state], 1);
	f->state = (uint8_t)state;
	rs_metric_max(cells(e), RS_FLOW_PEAK, rs_metric_get(cells(e), RS_FLOW_OPEN));
}

static enum rs_conn_cause
cause_of_open(int rc)
{
	switch (rc) {
	case -EACCES: return RS_CONN_CAUSE_NOT_TARGET;
	case -EADDRNOTAVAIL: return RS_CONN_CAUSE_NO_PORT;
	case -EHOSTUNREACH: return RS_CONN_CAUSE_UNREACHABLE;
	default: return RS_CONN_CAUSE_NO_MEMORY;
	}
}

/* RFC 5626, 4.5: 50 to 100 % of min(1800 s, base * 2^failures). */
static uint64_t
rest_length(struct rs_engine *e, const struct flow *f)
{
	const struct group *g = &e->groups[f->group];
	uint64_t most = BASE_NS, spread;

	switch ((enum rs_reconnect)g->plan->reconnect) {
	case RS_RECONNECT_AT_ONCE: return f->failures ? AT_ONCE_AGAIN_NS : 0;
	case RS_RECONNECT_SPREAD:
		spread = g->plan->spread_ns;
		return (f->failures ? AT_ONCE_AGAIN_NS : 0) + (spread ? rs_rng_next(&e->rng) % spread : 0);
	case RS_RECONNECT_NEVER: return UINT64_MAX;
	case RS_RECONNECT_RFC5626: break;
	}
	for (uint8_t hop = 0; hop < g->plan->n_hops; hop++)
		if (hop != f->hop && flow_of(e, g, f->index, hop)->state == FLOW_OPEN)
			most = BASE_SOME_NS;
	for (unsigned i = 0; i < f->failures && most < MOST_NS; i++)
		most *= 2;
	most = most < MOST_NS ? most : MOST_NS;
	return most / 2 + rs_rng_next(&e->rng) % (most / 2);
}

/* It is not there: when it will be tried again. */
static void
rest(struct rs_engine *e, struct flow *f)
{
	uint64_t length = rest_length(e, f);

	f->conn = 0;
	if (length == UINT64_MAX || e->stopping) {
		set_state(e, f, FLOW_NONE);
		return;
	}
	set_state(e, f, FLOW_RESTING);
	rs_wheel_arm(&e->wheel, e->first_flow_node + number_of(e, f), e->now + length);
}

/* Those who wait for it hear that it is not to be had; whoever wants it next begins anew. */
static void
tell_failed(struct rs_engine *e, struct flow *f, enum rs_conn_cause cause)
{
	uint32_t next = f->waiting;

	f->waiting = NO_LEG;
	while (next != NO_LEG) {
		struct leg *leg = leg_at(e, next);

		next = leg->waits;
		leg->waits = NO_LEG;
		leg->flags &= ~(uint32_t)LEG_CONNECTING;
		leg_fail(e, leg, RS_CAUSE_CONNECTION + cause, false);
	}
}

static void
failed(struct rs_engine *e, struct flow *f, enum rs_conn_cause cause)
{
	rs_metric_inc(cells(e), RS_FLOW_FAILED + cause);
	f->failures += f->failures < UINT8_MAX;
	rest(e, f);
	register_disconnected(e, f, RS_CAUSE_CONNECTION + cause);
	tell_failed(e, f, cause);
}

static bool
begin(struct rs_engine *e, struct flow *f)
{
	const struct group *g = &e->groups[f->group];
	const struct endpoint *ep = group_endpoint(g, f->index);
	const struct rs_plan_hop *hop = &g->plan->hops[f->hop];
	struct rs_path path = { .local = ep->addr, .local_port = ep->port, .remote = hop->addr, .remote_port = hop->port,
		.port = (uint8_t)g->plan->port, .transport = g->plan->transport };
	int rc;

	f->begun_ns = e->now;
	f->is_alias = false;
	if (f->cut_ns && !f->syn_ns)
		f->syn_ns = e->now;
	rs_metric_inc(cells(e), RS_FLOW_STARTED);
	set_state(e, f, FLOW_OPENING);
	rc = e->link.conns->open(e->link.conns_ctx, &path, f->group, flow_user(USER_FLOW, number_of(e, f)), &f->conn);
	if (rc == 0)
		return true;
	failed(e, f, cause_of_open(rc));
	return false;
}

bool
flow_want(struct rs_engine *e, struct flow *f)
{
	if (f->state == FLOW_NONE)
		return !e->silent && begin(e, f);
	return f->state != FLOW_RESTING;
}

void
flow_timer(struct rs_engine *e, uint32_t number)
{
	struct flow *f = &e->flows[number];

	if (f->state == FLOW_RESTING && !e->silent && !e->stopping)
		begin(e, f);
}

void
flow_rested(struct rs_engine *e, struct flow *f)
{
	rs_wheel_cancel(&e->wheel, e->first_flow_node + number_of(e, f));
}

/* --- legs --- */

static bool
is_alive(const struct rs_engine *e, rs_handle conn)
{
	return conn && e->link.conns->alive(e->link.conns_ctx, conn);
}

static void
wait_for(struct rs_engine *e, struct leg *leg, struct flow *f)
{
	leg->flags |= LEG_CONNECTING;
	leg->waits = NO_LEG;
	if (f) {
		leg->waits = f->waiting;
		f->waiting = leg_slot(e, leg);
	}
}

/* A connection of the call's own. */
static enum flow_ready
connect_own(struct rs_engine *e, struct leg *leg, uint32_t *cause)
{
	struct activity *a = leg_activity(e, leg);
	uint64_t generation = e->legs.generation[leg_slot(e, leg)] & 0x0fffffff;
	int rc;

	if (leg->flags & LEG_CONNECTED) { /* it had one */
		*cause = RS_CAUSE_CONNECTION + RS_CONN_CAUSE_PEER;
		return FLOW_FAILED;
	}
	rs_metric_inc(cells(e), RS_FLOW_STARTED);
	rc = e->link.conns->open(e->link.conns_ctx, &leg->path, (uint32_t)(a->group - e->groups),
		flow_user(USER_LEG, generation << 32 | leg_slot(e, leg)), &leg->path.conn);
	if (rc) {
		rs_metric_inc(cells(e), RS_FLOW_FAILED + cause_of_open(rc));
		*cause = RS_CAUSE_CONNECTION + cause_of_open(rc);
		return FLOW_FAILED;
	}
	rs_metric_add(cells(e), RS_FLOW_OPENING, 1);
	wait_for(e, leg, NULL);
	return FLOW_WAIT;
}

enum flow_ready
leg_connect(struct rs_engine *e, struct leg *leg, uint32_t *cause)
{
	struct activity *a = leg_activity(e, leg);
	struct flow *f = flow_of(e, a->group, leg->endpoint, 0);

	if (is_alive(e, leg->path.conn))
		return FLOW_READY;
	if (!f && !leg_has_own(e, leg)) { /* of a peer's, which is gone */
		*cause = RS_CAUSE_CONNECTION + RS_CONN_CAUSE_PEER;
		return FLOW_FAILED;
	}
	if (!f)
		return connect_own(e, leg, cause);
	for (uint8_t hop = 0; hop < a->group->plan->n_hops; hop++) { /* any of its flows will do */
		struct flow *other = flow_of(e, a->group, leg->endpoint, hop);

		if (other->state != FLOW_OPEN)
			continue;
		leg->path.conn = other->conn;
		leg->path.remote = a->group->plan->hops[hop].addr;
		leg->path.remote_port = a->group->plan->hops[hop].port;
		return FLOW_READY;
	}
	if (!flow_want(e, f)) {
		*cause = RS_CAUSE_NOT_CONNECTED;
		return FLOW_FAILED;
	}
	wait_for(e, leg, f);
	return FLOW_WAIT;
}

const struct rs_path *
flow_path(struct rs_engine *e, struct leg *leg, const struct rs_path *path, struct rs_path *out)
{
	const struct group *g = leg_activity(e, leg)->group;

	if (!rs_transport_is_stream(path->transport) || is_alive(e, path->conn))
		return path;
	*out = *path;
	if (is_alive(e, leg->path.conn)) {
		out->conn = leg->path.conn;
		return out;
	}
	for (uint8_t hop = 0; g->first_flow != NO_FLOW && hop < g->plan->n_hops; hop++) {
		const struct flow *f = flow_of(e, g, leg->endpoint, hop);

		if (f->state == FLOW_OPEN) {
			leg->path.conn = out->conn = f->conn;
			return out;
		}
	}
	rs_metric_inc(cells(e), RS_FLOW_NOT_SENT);
	return NULL;
}

static void
unlink_leg(struct rs_engine *e, struct leg *leg)
{
	struct flow *f = flow_of(e, leg_activity(e, leg)->group, leg->endpoint, 0);
	uint32_t slot = leg_slot(e, leg), *at = f ? &f->waiting : NULL;

	while (at && *at != NO_LEG && *at != slot)
		at = &leg_at(e, *at)->waits;
	if (at && *at == slot)
		*at = leg->waits;
}

void
leg_heard(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx)
{
	if (rs_transport_is_stream((enum rs_transport)rx->path.transport) && !leg_has_own(e, leg))
		leg->path.conn = rx->path.conn;
	if (leg->path.transport != rx->path.transport && !rx->path.conn && !(leg->flags & LEG_UAC)) { /* the port was the connection's */
		leg->path.remote = rx->path.remote;
		leg->path.remote_port = rx->path.remote_port;
	}
	leg->path.transport = rx->path.transport;
}

void
leg_disconnect(struct rs_engine *e, struct leg *leg)
{
	bool own = leg_has_own(e, leg);

	if (leg->flags & LEG_CONNECTING && own)
		rs_metric_add(cells(e), RS_FLOW_OPENING, (uint64_t)-1);
	else if (leg->flags & LEG_CONNECTING)
		unlink_leg(e, leg);
	if (own && leg->flags & LEG_CONNECTED && is_alive(e, leg->path.conn))
		rs_metric_add(cells(e), RS_FLOW_OPEN, (uint64_t)-1);
	if (own && leg->path.conn)
		e->link.conns->close(e->link.conns_ctx, leg->path.conn, RS_CONN_FIN);
}

/* --- what happens to connections --- */

static void
play_on(struct rs_engine *e, struct leg *leg)
{
	bool put_off = leg->flags & LEG_PUT_OFF;

	leg->flags &= ~(uint32_t)LEG_CONNECTING;
	leg->waits = NO_LEG;
	if (put_off && !large_send(e, leg))
		return;
	if (!put_off || (leg_step(e, leg)->kind == RS_STEP_SEND && !(leg->flags & LEG_LINGERING)))
		leg_run(e, leg, NULL);
}

void
flow_opened(struct rs_engine *e, struct flow *f)
{
	const struct rs_plan_group *plan = e->groups[f->group].plan;
	uint32_t next = f->waiting;

	if (!f->is_alias) {
		rs_metric_inc(cells(e), RS_FLOW_OPENED);
		rs_metric_record(cells(e), RS_FLOW_SETUP, e->now - f->begun_ns);
	} else if (f->cut_ns && !f->syn_ns) {
		f->syn_ns = e->now;
	}
	set_state(e, f, FLOW_OPEN);
	f->times++;
	if (f->was_open)
		rs_metric_inc(cells(e), RS_FLOW_REOPENED);
	if (f->cut_ns) {
		rs_metric_record(cells(e), RS_FLOW_BACK, e->now - f->cut_ns);
		rs_metric_record(cells(e), RS_FLOW_BACK_SYN, e->now - f->syn_ns);
		if (!f->to_register)
			f->cut_ns = f->syn_ns = 0;
	}
	f->was_open = true;
	if (plan->keep_alive_ns)
		e->link.conns->keep_alive(e->link.conns_ctx, f->conn, plan->keep_alive_ns);
	if (e->n_regs == 0 || !plan->outbound) /* else a success is one with its registration (RFC 5626, 4.5) */
		f->failures = 0;
	f->waiting = NO_LEG;
	register_connected(e, f);
	while (next != NO_LEG) {
		struct leg *leg = leg_at(e, next);

		next = leg->waits;
		leg->path.conn = f->conn;
		play_on(e, leg);
	}
}

void
flow_registered(struct rs_engine *e, struct flow *f, bool lost, uint32_t flow_timer_s)
{
	bool shared = e->groups[f->group].plan->connections == RS_CONNECTIONS_SHARED;

	f->failures = 0;
	if (flow_timer_s && flow_timer_s != f->flow_timer_s && f->state == FLOW_OPEN) /* it comes before the plan's own */
		e->link.conns->keep_alive(e->link.conns_ctx, f->conn, (uint64_t)flow_timer_s * RS_NS_PER_S);
	f->flow_timer_s = flow_timer_s;
	if (!f->cut_ns || (shared && !lost))
		return;
	rs_metric_record(cells(e), RS_FLOW_REGISTERED, e->now - f->cut_ns);
	rs_metric_record(cells(e), RS_FLOW_REGISTERED_SYN, e->now - f->syn_ns);
	if (shared && --f->n_lost > 0)
		return;
	f->cut_ns = f->syn_ns = 0;
	f->to_register = false;
}

void
flow_broken(struct rs_engine *e, struct flow *f, enum rs_conn_cause cause)
{
	if (!f->is_alias) /* else counted as one of those that are accepted */
		rs_metric_inc(cells(e), RS_FLOW_BROKEN + cause);
	f->is_alias = false;
	f->cause = (uint8_t)cause;
	if (!f->cut_ns)
		f->cut_ns = e->now;
	f->syn_ns = 0;
	f->to_register |= register_disconnected(e, f, RS_CAUSE_CONNECTION + cause);
	f->flow_timer_s = 0;
	rest(e, f);
	e->legs_to_tell = true;
	if (f->state == FLOW_RESTING && !rs_wheel_armed(&e->wheel, e->first_flow_node + number_of(e, f)))
		flow_timer(e, number_of(e, f));
}

void
flow_cut(struct rs_engine *e, struct flow *f, enum rs_conn_close how)
{
	if (f->state != FLOW_OPEN)
		return;
	e->link.conns->close(e->link.conns_ctx, f->conn, how);
	if (f->is_alias) {
		rs_metric_add(cells(e), RS_FLOW_ACCEPTED_OPEN, (uint64_t)-1);
		rs_metric_inc(cells(e), RS_FLOW_BROKEN + RS_CONN_CAUSE_LOCAL);
	}
	flow_broken(e, f, RS_CONN_CAUSE_LOCAL);
}

void
flow_give_up(struct rs_engine *e, struct flow *f)
{
	f->failures += f->failures < UINT8_MAX;
	flow_cut(e, f, RS_CONN_FIN);
}

static void
flow_event(struct rs_engine *e, struct flow *f, const struct rs_rx *rx)
{
	if (rx->path.conn != f->conn) /* of one before */
		return;
	if (rx->event == RS_CONN_OPENED && f->state == FLOW_OPENING)
		flow_opened(e, f);
	else if (rx->event == RS_CONN_CLOSED && f->state == FLOW_OPENING)
		failed(e, f, (enum rs_conn_cause)rx->cause);
	else if (rx->event == RS_CONN_CLOSED && f->state == FLOW_OPEN)
		flow_broken(e, f, (enum rs_conn_cause)rx->cause);
}

static void
leg_event(struct rs_engine *e, const struct rs_rx *rx)
{
	uint32_t slot = (uint32_t)rx->user, generation = (uint32_t)(rx->user >> 32) & 0x0fffffff;
	struct leg *leg;

	if (slot >= e->legs.cap || !rs_pool_is_taken(&e->legs, slot) || (e->legs.generation[slot] & 0x0fffffff) != generation)
		return;
	leg = leg_at(e, slot);
	if (rx->path.conn != leg->path.conn)
		return;
	if (rx->event == RS_CONN_OPENED) {
		rs_metric_add(cells(e), RS_FLOW_OPENING, (uint64_t)-1);
		rs_metric_add(cells(e), RS_FLOW_OPEN, 1);
		rs_metric_max(cells(e), RS_FLOW_PEAK, rs_metric_get(cells(e), RS_FLOW_OPEN));
		rs_metric_inc(cells(e), RS_FLOW_OPENED);
		leg->flags |= LEG_CONNECTED;
		play_on(e, leg);
	} else if (rx->event == RS_CONN_CLOSED && !(leg->flags & LEG_CONNECTED)) {
		rs_metric_add(cells(e), RS_FLOW_OPENING, (uint64_t)-1);
		rs_metric_inc(cells(e), RS_FLOW_FAILED + rx->cause);
		leg->flags &= ~(uint32_t)LEG_CONNECTING;
		leg->path.conn = 0;
		if (leg->flags & LEG_PUT_OFF && large_falls_back(e, leg, (enum rs_conn_cause)rx->cause))
			play_on(e, leg);
		else
			leg_fail(e, leg, RS_CAUSE_CONNECTION + rx->cause, false);
	} else if (rx->event == RS_CONN_CLOSED) {
		rs_metric_add(cells(e), RS_FLOW_OPEN, (uint64_t)-1);
		rs_metric_inc(cells(e), RS_FLOW_BROKEN + rx->cause);
		leg->path.conn = 0;
		leg_cut(e, leg, (enum rs_conn_cause)rx->cause);
	}
}

void
flows_input(struct rs_engine *e, const struct rs_rx *rx)
{
	uint64_t number = flow_user_number(rx->user);

	switch (flow_user_kind(rx->user)) {
	case USER_FLOW:
		if (number < e->n_flows)
			flow_event(e, &e->flows[number], rx);
		break;
	case USER_LEG:
		leg_event(e, rx);
		break;
	case USER_LISTEN:
		if (rx->event == RS_CONN_ACCEPTED) {
			rs_metric_inc(cells(e), RS_FLOW_ACCEPTED);
			rs_metric_add(cells(e), RS_FLOW_ACCEPTED_OPEN, 1);
		} else if (rx->event == RS_CONN_CLOSED) {
			rs_metric_add(cells(e), RS_FLOW_ACCEPTED_OPEN, (uint64_t)-1);
			rs_metric_inc(cells(e), RS_FLOW_BROKEN + rx->cause);
			e->legs_to_tell = true;
			flow_alias_end(e, (uint32_t)number, rx);
		} else {
			rs_metric_inc(cells(e), RS_FLOW_NOT_ACCEPTED + rx->cause);
		}
		break;
	}
}
