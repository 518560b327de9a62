/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations: what becomes of them. How a REGISTER looks is in register_send.c. */
#include "engine/register.h"

#include <errno.h>

#include "engine/bus.h"
#include "engine/credentials.h"
#include "engine/flow.h"
#include "engine/register_send.h"

#define MOST_TRIES 3
#define RETRY_NS (30 * RS_NS_PER_S) /* after a refresh that failed: RFC 5626, 4.5, all flows failed */
#define TURN_ENDS 64
#define FLOW_FAILED_STATUS 430 /* Flow Failed: RFC 5626, 11.6 */

static uint32_t
node_of(const struct rs_engine *e, uint32_t slot)
{
	return e->legs.cap * TIMERS + slot;
}

static struct activity *
activity_of(const struct rs_engine *e, const struct registration *r)
{
	return &e->activities[r->activity];
}

static struct rs_metrics *
cells(const struct rs_engine *e, const struct registration *r)
{
	return &activity_of(e, r)->account->cells;
}

static bool
registers(const struct rs_plan_activity *a, const struct group *g, const struct rs_engine *e)
{
	return a->kind == RS_DO_REGISTER && &e->groups[a->from] == g && g->position != UINT32_MAX;
}

uint32_t
register_count(const struct rs_engine *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_activities; i++)
		if (registers(&e->plan->activities[i], &e->groups[e->plan->activities[i].from], e))
			n += e->groups[e->plan->activities[i].from].n * registrations_each(&e->plan->groups[e->plan->activities[i].from]);
	return n;
}

int
register_setup(struct rs_engine *e)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < e->n_groups; i++)
		e->groups[i].first_reg = NO_ENDPOINT;
	if (e->n_regs == 0)
		return 0;
	e->regs = rs_arena_alloc(&e->arena, (size_t)e->n_regs * sizeof(*e->regs), 64);
	e->realms = rs_arena_alloc(&e->arena, MAX_REALMS * sizeof(*e->realms), 64);
	if (!e->regs || !e->realms)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n_activities; i++) {
		const struct rs_plan_activity *a = &e->plan->activities[i];
		struct group *g = &e->groups[a->from];

		if (!registers(a, g, e))
			continue;
		g->first_reg = next;
		for (uint32_t k = 0; k < g->n * registrations_each(g->plan); k++) {
			e->regs[next + k].activity = (uint16_t)i;
			e->regs[next + k].hop = (uint8_t)(k % registrations_each(g->plan));
		}
		next += g->n * registrations_each(g->plan);
	}
	return 0;
}

/* Of its first registration; those at further proxies follow. */
static uint32_t
slot_of(const struct group *g, uint32_t index)
{
	return g->first_reg + (g->slots ? g->slots[index] : index) * registrations_each(g->plan);
}

const struct registration *
register_of(const struct rs_engine *e, const struct group *g, uint32_t index)
{
	if (g->first_reg == NO_ENDPOINT || (g->slots && g->slots[index] == NO_ENDPOINT))
		return NULL;
	return &e->regs[slot_of(g, index)];
}

struct rs_slice
register_routes(const struct rs_engine *e, const struct group *g, uint32_t index)
{
	const struct registration *r = register_of(e, g, index);

	return r ? rs_blob_get(&e->blobs, &r->routes) : rs_slice_of(NULL, 0);
}

/* Is the endpoint registered at another proxy as well? */
static bool
has_another(const struct rs_engine *e, const struct registration *r)
{
	const struct group *g = activity_of(e, r)->group;
	const struct registration *all = &e->regs[slot_of(g, r->index)];

	for (uint32_t i = 0; i < registrations_each(g->plan); i++)
		if (&all[i] != r && all[i].state == REG_REGISTERED)
			return true;
	return false;
}

/* Whoever picks callees of this group is told, on whichever worker it is. */
static void
tell_callers(struct rs_engine *e, const struct registration *r, bool registered)
{
	uint32_t group = activity_of(e, r)->plan->from;
	uint64_t holders = callee_holders(e, group, r->index);
	struct rs_mail mail = { .type = RS_BUS_REGISTERED, .from = (uint16_t)e->worker, .arg = { group, r->index, registered } };

	for (uint32_t w = 0; holders; w++, holders >>= 1) {
		if (!(holders & 1))
			continue;
		if (w == e->worker)
			callee_registered(e, group, r->index, registered);
		else if (!e->bus || !rs_bus_tell(e->bus, e->worker, w, &mail))
			rs_metric_inc(e->cells, RS_ENG_BUS_FULL);
	}
}

static void
set_state(struct rs_engine *e, struct registration *r, enum reg_state state)
{
	bool was = r->state == REG_REGISTERED, is = state == REG_REGISTERED;

	r->state = (uint8_t)state;
	if (was == is)
		return;
	rs_metric_add(cells(e, r), RS_AM_REG_ACTIVE, is ? 1 : (uint64_t)-1);
	rs_metric_max(cells(e, r), RS_AM_REG_PEAK, rs_metric_get(cells(e, r), RS_AM_REG_ACTIVE));
	if (!has_another(e, r))
		tell_callers(e, r, is);
}

static void
arm(struct rs_engine *e, const struct registration *r, uint64_t due_ns)
{
	rs_wheel_arm(&e->wheel, node_of(e, (uint32_t)(r - e->regs)), due_ns);
}

static void failed(struct rs_engine *e, struct registration *r, uint32_t cause);

struct flow *
register_flow(const struct rs_engine *e, const struct registration *r)
{
	return flow_of(e, activity_of(e, r)->group, r->index, r->hop);
}

#define LOOK_AGAIN_NS (50 * RS_NS_PER_MS)

/* @return false: it waits for its connection, or has failed for want of one */
static bool
is_connected(struct rs_engine *e, struct registration *r)
{
	struct flow *f = register_flow(e, r);

	if (!f || f->state == FLOW_OPEN)
		return true;
	r->waits = true; /* should it fail at once: see register_disconnected */
	if (flow_want(e, f)) {
		if (activity_of(e, r)->group->plan->connections == RS_CONNECTIONS_SHARED)
			arm(e, r, e->now + LOOK_AGAIN_NS);
	} else if (r->waits) {
		failed(e, r, RS_CAUSE_NOT_CONNECTED);
	}
	return false;
}

/* A REGISTER begins a transaction of its own. */
static void
transmit_new(struct rs_engine *e, struct registration *r)
{
	uint64_t t1 = e->plan->t1_ns;

	if (!is_connected(e, r))
		return;
	if (register_flow(e, r))
		r->flow_times = register_flow(e, r)->times;
	if (r->waits)
		register_stamp(e, r);
	r->waits = false;
	r->cseq++;
	r->too_long = r->unreachable = false;
	r->interval_ms = (uint32_t)(t1 / RS_NS_PER_MS);
	r->next_ns = e->now + t1;
	r->give_up_ns = e->now + 64 * t1;
	register_send(e, r, false);
	if (r->too_long) /* and will be when it is sent again */
		r->give_up_ns = r->next_ns = e->now;
	else if (rs_transport_is_stream(activity_of(e, r)->group->plan->transport)) /* no timer E: 17.1.2.2 */
		r->next_ns = r->give_up_ns;
	arm(e, r, r->next_ns);
}

static void
begin(struct rs_engine *e, struct registration *r, enum reg_what what)
{
	r->what = (uint8_t)what;
	r->tries = 0;
	r->sent_ns = 0;
	r->under_way = true;
	r->measured = e->now >= e->measure_from && e->now < e->measure_to;
	if (!activity_of(e, r)->plan->nonce_reuse)
		register_forget_challenges(r);
	rs_metric_add(cells(e, r), RS_AM_REG_UNDER_WAY, 1);
	if (r->measured)
		rs_metric_inc(cells(e, r), RS_AM_M_REG_STARTED);
	transmit_new(e, r);
	if (r->under_way && !r->waits)
		register_stamp(e, r);
}

static void
ended(struct rs_engine *e, struct registration *r)
{
	r->under_way = r->waits = false;
	rs_wheel_cancel(&e->wheel, node_of(e, (uint32_t)(r - e->regs)));
	rs_metric_add(cells(e, r), RS_AM_REG_UNDER_WAY, (uint64_t)-1);
}

/* After the end itself was counted, as with calls. */
static void
count_tainted(struct rs_engine *e, const struct registration *r, bool is_failure)
{
	uint64_t begun_ns = r->sent_ns ? r->sent_ns : r->give_up_ns - 64 * e->plan->t1_ns;

	if (!r->measured || begun_ns >= atomic_load_explicit(e->limited_until, memory_order_relaxed))
		return;
	rs_metric_inc(cells(e, r), RS_AM_REG_TAINTED);
	if (is_failure)
		rs_metric_inc(cells(e, r), RS_AM_REG_TAINTED_FAILED);
}

static void
failed(struct rs_engine *e, struct registration *r, uint32_t cause)
{
	static const uint16_t rows[] = {
		[REG_FIRST] = RS_AM_REG_FAILED, [REG_REFRESH] = RS_AM_REG_REFRESH_FAILED, [REG_END] = RS_AM_REG_END_FAILED
	};

	ended(e, r);
	rs_metric_inc(cells(e, r), rows[r->what]);
	if (r->measured)
		rs_metric_inc(cells(e, r), RS_AM_M_REG_FAILED);
	count_tainted(e, r, true);
	rs_account_fail(&activity_of(e, r)->account->program, 0, cause);
	r->counted = true;
	if (r->what == REG_END) {
		set_state(e, r, REG_UNREGISTERED);
		return;
	}
	set_state(e, r, REG_FAILED);
	if (r->what == REG_REFRESH && !activity_of(e, r)->reg_end && !(register_flow(e, r) && register_flow(e, r)->state != FLOW_OPEN)) {
		r->next_ns = e->now + RETRY_NS / 2 + rs_random_below(rs_rng_next(&e->rng), RETRY_NS / 2);
		arm(e, r, r->next_ns);
	}
}

void
register_offer(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t index, uint64_t due_ns)
{
	struct registration *r = &e->regs[slot_of(a->group, index)];

	if (r->state != REG_NONE)
		return;
	for (uint32_t i = 0; i < registrations_each(a->group->plan); i++, r++) {
		rs_metric_inc(&a->account->cells, RS_AM_REG_OFFERED);
		r->index = index;
		r->expires_s = (uint32_t)(a->plan->expires_ns / RS_NS_PER_S);
		r->state = REG_REGISTERING;
		begin(e, r, REG_FIRST);
	}
	rs_metric_record(&a->account->cells, RS_AM_LATENESS, e->now > due_ns ? e->now - due_ns : 0);
}

/* --- answers --- */

/* Host and port of our Contact, which of WebSocket is a name (RFC 7118, 5); with outbound the flow as well. */
static bool
is_its_contact(const struct rs_engine *e, const struct registration *r, const struct rs_sip_addr *contact)
{
	const struct group *g = activity_of(e, r)->group;
	const struct endpoint *ep = group_endpoint(g, r->index);
	struct rs_slice id;
	struct rs_sip_uri uri;
	struct rs_addr addr;
	uint32_t number;

	if (rs_sip_uri(contact->uri, &uri) != 0 || (uri.port ? uri.port : rs_transport_port((enum rs_transport)g->plan->transport)) != ep->port)
		return false;
	if (rs_transport_is_ws((enum rs_transport)g->plan->transport) ? !rs_slice_case_eq(uri.host, rs_slice_of(ep->text, ep->text_len)) :
		rs_addr_parse(uri.host, &addr) != 0 || !rs_addr_eq(&addr, &ep->addr))
		return false;
	return !g->plan->outbound || !rs_sip_param(contact->params, "reg-id", &id) || rs_sip_number(id, &number) != 0 ||
		number == r->hop + 1u;
}

/* What the registrar grants our contact: its own parameter, else Expires, else what was asked for (10.3, 10.2.4). */
static uint32_t
granted(const struct rs_engine *e, const struct registration *r, const struct rs_sip_msg *msg)
{
	struct rs_slice value, expires;
	struct rs_sip_addr contact;
	uint32_t seconds;

	for (int i = msg->first[RS_HDR_CONTACT]; i >= 0; i = rs_sip_next(msg, i)) {
		size_t pos = 0;

		value = rs_sip_value(msg, i);
		while (rs_sip_addr_next(value, &pos, &contact) == 0) {
			if (!is_its_contact(e, r, &contact))
				continue;
			if (rs_sip_param(contact.params, "expires", &expires) && rs_sip_number(expires, &seconds) == 0)
				return seconds;
		}
	}
	value = rs_sip_get(msg, RS_HDR_EXPIRES);
	return value.p && rs_sip_number(value, &seconds) == 0 ? seconds : r->expires_s;
}

static void
keep_routes(struct rs_engine *e, struct registration *r, const struct rs_sip_msg *msg)
{
	size_t len = 0;

	for (int i = msg->first[RS_HDR_SERVICE_ROUTE]; i >= 0; i = rs_sip_next(msg, i)) {
		struct rs_slice v = rs_sip_value(msg, i);

		if (len + v.len + 2 > SCRATCH_BYTES)
			break;
		if (len > 0) {
			memcpy(e->scratch + len, ", ", 2);
			len += 2;
		}
		memcpy(e->scratch + len, v.p, v.len);
		len += v.len;
	}
	uint64_t before = e->blobs.bytes;

	if (!rs_blob_set(&e->blobs, &r->routes, rs_slice_of(e->scratch, len)))
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
	register_count_text(e, before);
}

/* RFC 5626, 10. */
static uint32_t
flow_timer_of(const struct rs_sip_msg *msg)
{
	int i = rs_sip_find(msg, rs_slice_str("Flow-Timer"), 0);
	uint32_t seconds;

	return i >= 0 && rs_sip_number(rs_sip_value(msg, i), &seconds) == 0 ? seconds : 0;
}

static void
registered(struct rs_engine *e, struct registration *r, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	const struct rs_plan_activity *plan = activity_of(e, r)->plan;
	bool first = r->what == REG_FIRST;
	uint64_t span = (uint64_t)granted(e, r, msg) * RS_NS_PER_S;
	double part = plan->refresh_from + (plan->refresh_to - plan->refresh_from) * rs_random_unit(rs_rng_next(&e->rng));

	if (r->what != REG_END && span == 0) { /* it says yes and binds nothing */
		failed(e, r, RS_CAUSE_UNEXPECTED);
		return;
	}
	ended(e, r);
	if (r->what == REG_END) {
		rs_metric_inc(cells(e, r), RS_AM_REG_ENDED);
		count_tainted(e, r, false);
		set_state(e, r, REG_UNREGISTERED);
		return;
	}
	rs_metric_inc(cells(e, r), first ? RS_AM_REG_DONE : RS_AM_REG_REFRESHED);
	count_tainted(e, r, false);
	if (r->measured && r->sent_ns && rx->time_ns >= r->sent_ns)
		rs_metric_record(cells(e, r), first ? RS_AM_REGISTER : RS_AM_REFRESH, rx->time_ns - r->sent_ns);
	r->counted = true;
	r->expires_ns = e->now + span;
	keep_routes(e, r, msg);
	set_state(e, r, REG_REGISTERED);
	if (register_flow(e, r))
		flow_registered(e, register_flow(e, r), r->lost, flow_timer_of(msg));
	r->lost = false;
	if (activity_of(e, r)->reg_end)
		return;
	r->next_ns = e->now + (uint64_t)((double)span * part);
	arm(e, r, r->next_ns);
}

static bool
challenged(struct rs_engine *e, struct registration *r, const struct rs_sip_msg *msg)
{
	struct rs_auth_challenge c[REG_CHALLENGES];
	int n = challenges_of(e, msg, c, REG_CHALLENGES);

	if (n <= 0 || r->tries >= MOST_TRIES)
		return false;
	/* Of a nonce used before nobody knows why it is refused; of a new one it is for the password (RFC 7616, 3.3). */
	for (int i = 0; i < n; i++)
		if (!c[i].stale && register_uses(e, r, &c[i]) == 1)
			return false;
	for (int i = 0; i < n; i++)
		if (!register_keep_challenge(e, r, &c[i]))
			return false;
	rs_metric_inc(cells(e, r), RS_AM_REG_CHALLENGED);
	return register_can_authenticate(e, r);
}

/* 423: the registrar wants a longer interval (10.2.8). */
static bool
too_brief(const struct rs_engine *e, struct registration *r, const struct rs_sip_msg *msg)
{
	int i = rs_sip_find(msg, rs_slice_str("Min-Expires"), 0);
	uint32_t seconds;

	if (i < 0 || r->what == REG_END || rs_sip_number(rs_sip_value(msg, i), &seconds) != 0 || seconds <= r->expires_s ||
		r->tries >= MOST_TRIES)
		return false;
	r->expires_s = seconds;
	return true;
}

static struct registration *
of_token(struct rs_engine *e, const uint8_t *token)
{
	struct rs_token t;

	if (!rs_token_read(token, e->secret, &t) || rs_handle_kind(t.handle) != RS_KIND_ENDPOINT || t.run != e->run ||
		rs_handle_worker(t.handle) != e->worker || rs_handle_slot(t.handle) >= e->n_regs)
		return NULL;
	return &e->regs[rs_handle_slot(t.handle)];
}

static struct registration *
find(struct rs_engine *e, const struct rs_sip_msg *msg)
{
	struct rs_slice branch = rs_sip_branch(rs_sip_get(msg, RS_HDR_VIA));

	return branch.len < 7 + RS_TOKEN_LEN ? NULL : of_token(e, branch.p + 7);
}

void
register_unreachable(struct rs_engine *e, const struct rs_rx *rx)
{
	struct rs_slice token;
	size_t pos = 0;

	while ((token = lookup_quoted_token(rx, &pos)).len) {
		struct registration *r = of_token(e, token.p);
		const struct endpoint *ep = r ? group_endpoint(activity_of(e, r)->group, r->index) : NULL;

		if (!r || !r->under_way || ep->port != rx->path.local_port || !rs_addr_eq(&ep->addr, &rx->path.local))
			continue;
		r->unreachable = true; /* it is sent on: a registrar that starts again comes back */
		return;
	}
}

bool
register_response(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq)
{
	struct registration *r = e->n_regs && cseq->method == RS_SIP_REGISTER ? find(e, msg) : NULL;

	if (!r)
		return false;
	rs_metric_inc(cells(e, r), RS_AM_SIP_RECEIVED);
	if (!r->under_way || cseq->number != r->cseq) {
		rs_metric_inc(cells(e, r), RS_AM_SIP_RETRANS_RECEIVED);
		return true;
	}
	if (msg->status < 200) {
		r->interval_ms = (uint32_t)(e->plan->t2_ns / RS_NS_PER_MS);
		r->next_ns = e->now + e->plan->t2_ns;
		arm(e, r, r->next_ns < r->give_up_ns ? r->next_ns : r->give_up_ns);
		return true;
	}
	if (msg->status < 300) {
		registered(e, r, rx, msg);
		return true;
	}
	if (((msg->status == 401 || msg->status == 407) && challenged(e, r, msg)) || (msg->status == 423 && too_brief(e, r, msg))) {
		r->tries++;
		transmit_new(e, r);
		return true;
	}
	failed(e, r, RS_CAUSE_RESPONSE + msg->status - 300u);
	if (msg->status == FLOW_FAILED_STATUS && register_flow(e, r))
		flow_give_up(e, register_flow(e, r));
	return true;
}

/* --- time --- */

static void
send_again(struct rs_engine *e, struct registration *r)
{
	uint32_t t2 = (uint32_t)(e->plan->t2_ns / RS_NS_PER_MS);

	r->interval_ms = 2 * r->interval_ms < t2 ? 2 * r->interval_ms : t2;
	r->next_ns += r->interval_ms * RS_NS_PER_MS;
	if (r->next_ns <= e->now)
		r->next_ns = e->now + r->interval_ms * RS_NS_PER_MS;
	register_send(e, r, true);
	arm(e, r, r->next_ns < r->give_up_ns ? r->next_ns : r->give_up_ns);
}

void
register_timer(struct rs_engine *e, uint32_t slot)
{
	struct registration *r = &e->regs[slot];

	if (e->silent)
		return;
	if (!r->under_way) {
		if (!activity_of(e, r)->reg_end)
			begin(e, r, REG_REFRESH);
	} else if (r->waits) {
		transmit_new(e, r);
	} else if (e->now >= r->give_up_ns) {
		failed(e, r, r->too_long ? RS_CAUSE_TOO_LONG : r->unreachable ? RS_CAUSE_UNREACHABLE : RS_CAUSE_TIMEOUT);
	} else {
		send_again(e, r);
	}
}

void
registration_connected(struct rs_engine *e, struct registration *r)
{
	if (r->waits)
		transmit_new(e, r);
	else if (!r->under_way && r->state == REG_FAILED && !activity_of(e, r)->reg_end)
		begin(e, r, REG_REFRESH);
}

bool
registration_disconnected(struct rs_engine *e, struct registration *r, uint32_t cause)
{
	bool was = r->state == REG_REGISTERED;

	if (r->under_way && cause == RS_CAUSE_CONNECTION + RS_CONN_CAUSE_LOCAL &&
		activity_of(e, r)->group->plan->reconnect != RS_RECONNECT_NEVER) {
		r->waits = true; /* cut on purpose: no fault of the peer's, it is asked again on the next connection */
		rs_wheel_cancel(&e->wheel, node_of(e, (uint32_t)(r - e->regs)));
	} else if (r->under_way) {
		failed(e, r, cause);
	} else if (was) {
		rs_wheel_cancel(&e->wheel, node_of(e, (uint32_t)(r - e->regs)));
		set_state(e, r, REG_FAILED);
	}
	return was;
}

void
register_stamped(struct rs_engine *e, uint32_t slot, uint64_t time_ns)
{
	if (!e->regs[slot].sent_ns)
		e->regs[slot].sent_ns = time_ns;
}

void
register_end(struct rs_engine *e, struct activity *a)
{
	if (a->reg_end || a->group->first_reg == NO_ENDPOINT)
		return;
	a->reg_end = true;
	a->reg_next = 0;
	a->reg_next_ns = e->now;
}

/* One binding after the other, at this worker's share of the pace. What is under way is waited for first. */
static uint64_t
end_some(struct rs_engine *e, struct activity *a)
{
	struct group *g = a->group;
	double share = a->plan->unregister_rate_hz * g->n / (g->plan->count ? g->plan->count : 1);
	uint64_t gap = share > 0 ? (uint64_t)((double)RS_NS_PER_S / share) : 0;

	uint32_t all = g->n * registrations_each(g->plan);

	for (unsigned i = 0; i < TURN_ENDS && a->reg_next < all; i++) {
		struct registration *r = &e->regs[g->first_reg + a->reg_next];

		if (e->now < a->reg_next_ns)
			return a->reg_next_ns;
		if (r->under_way) /* its timer ends that */
			return e->now + RS_NS_PER_MS;
		a->reg_next++;
		if (r->state != REG_REGISTERED)
			continue;
		a->reg_next_ns = (a->reg_next_ns + RS_NS_PER_MS > e->now ? a->reg_next_ns : e->now) + gap;
		begin(e, r, REG_END);
	}
	return a->reg_next < all ? e->now : UINT64_MAX;
}

uint64_t
register_turn(struct rs_engine *e, struct activity *a, bool *over)
{
	struct rs_metrics *m = &a->account->cells;
	uint64_t next = UINT64_MAX;
	bool all = false;

	if (a->group->first_reg == NO_ENDPOINT)
		return next;
	if (a->reg_end)
		next = end_some(e, a);
	else
		next = arrivals_turn(e, a, &all);
	*over = all && rs_metric_get(m, RS_AM_REG_DONE) + rs_metric_get(m, RS_AM_REG_FAILED) >= rs_metric_get(m, RS_AM_REG_OFFERED);
	if (rs_metric_get(m, RS_AM_REG_ENDING) != (a->reg_end && next != UINT64_MAX))
		rs_metric_set(m, RS_AM_REG_ENDING, a->reg_end && next != UINT64_MAX);
	return next;
}
