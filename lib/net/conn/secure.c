/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS. The handshake is a handshake thread's: bytes go to it and come from it as they are. It hands over keys, record numbers and what
 * it has read too much; from then on records are ours.
 */
#include <string.h>

#include "net/conn/private.h"
#include "proto/tls/result.h"

#define MAILS 32
#define AGAIN_NS (2 * RS_NS_PER_MS)

static const struct rs_offload_ops *
ops(const struct rs_conns *c)
{
	return c->cfg.offload.ops;
}

/* --- those that wait for a thread to have room: an avalanche comes all at once, and what it waits is ours --- */

static struct conn *
neighbour(const struct rs_conns *c, uint32_t slot)
{
	return slot == NONE ? NULL : conn_at(c, slot);
}

static void
enqueue(struct rs_conns *c, struct conn *x)
{
	struct conn *last = neighbour(c, c->queue_last);
	uint32_t slot = conn_slot(c, x);

	x->state = CONN_QUEUED;
	x->fed = NONE;
	x->owed = c->queue_last;
	*(last ? &last->fed : &c->queue_first) = slot;
	c->queue_last = slot;
}

static void
dequeue(struct rs_conns *c, struct conn *x)
{
	struct conn *next = neighbour(c, x->fed), *before = neighbour(c, x->owed);

	*(before ? &before->fed : &c->queue_first) = x->fed;
	*(next ? &next->owed : &c->queue_last) = x->owed;
	x->fed = x->owed = 0;
	x->state = CONN_OPENING;
}

/* @return 0; -EAGAIN: the thread has no room */
static int
start(struct rs_conns *c, struct conn *x)
{
	const struct rs_conns_profile *p = profile_of(c, x);
	bool ours = !(x->flags & CONN_ACCEPTED);
	union {
		struct rs_tls_start start;
		uint8_t bytes[sizeof(struct rs_tls_start) + RS_TLS_MAX_HOST];
	} params;
	size_t n = ours && p->server.len <= RS_TLS_MAX_HOST ? p->server.len : 0;
	uint32_t index = c->cfg.endpoint(c->cfg.ctx, x->profile, x->user, &x->path);
	int rc;

	params.start = (struct rs_tls_start){ .who = ours ? (uint64_t)x->profile << 32 | index : x->path.conn, .index = index,
		.waited_ns = (now_ms(c) - x->begun_ms) * RS_NS_PER_MS, .profile = p->tls, .n_host = (uint16_t)n };
	if (n)
		memcpy(params.bytes + sizeof(struct rs_tls_start), p->server.p, n);
	rc = ops(c)->start(c->cfg.offload.ctx, x->path.conn, ours ? RS_OFFLOAD_TLS_CLIENT : RS_OFFLOAD_TLS_SERVER,
		rs_slice_of(params.bytes, sizeof(struct rs_tls_start) + n));
	if (rc == 0)
		x->state = CONN_SECURING;
	return rc;
}

bool
secure_begin(struct rs_conns *c, struct conn *x)
{
	int rc = -EINVAL;

	x->begun_ms = now_ms(c);
	conn_deadline(c, x, c->cfg.open_ns);
	rs_metric_inc(c->cells, RS_CONNS_HANDSHAKES);
	if (ops(c))
		rc = c->queue_first == NONE ? start(c, x) : -EAGAIN;
	if (rc == -EAGAIN)
		enqueue(c, x);
	if (rc == 0 || rc == -EAGAIN)
		return true;
	conn_end(c, x, RS_CONN_CAUSE_TLS_QUEUE, 0, RS_CONN_RST);
	return false;
}

/* @return how many have begun */
static uint32_t
begin_queued(struct rs_conns *c)
{
	uint32_t n = 0;

	while (c->queue_first != NONE) {
		struct conn *x = conn_at(c, c->queue_first);
		int rc = start(c, x);

		if (rc == -EAGAIN)
			break;
		enum conn_state state = rc ? CONN_OPENING : CONN_SECURING;

		dequeue(c, x);
		x->state = (uint8_t)state;
		n++;
		if (rc)
			conn_end(c, x, RS_CONN_CAUSE_TLS_QUEUE, 0, RS_CONN_RST);
		else
			rs_tcp_read(c->tcp, x->tcp, c->now_ns); /* what came meanwhile */
	}
	return n;
}

void
secure_cancel(struct rs_conns *c, struct conn *x)
{
	if (x->state == CONN_QUEUED)
		dequeue(c, x);
	if (x->state == CONN_SECURING)
		ops(c)->cancel(c->cfg.offload.ctx, x->path.conn);
	if (x->tls == NONE)
		return;
	rs_tls_fini(conn_tls(c, x));
	rs_pool_give(&c->tls, x->tls);
	rs_metric_add(c->cells, RS_CONNS_TLS_OPEN, (uint64_t)-1);
	x->tls = NONE;
}

size_t
secure_bytes(struct rs_conns *c, struct conn *x, struct rs_slice bytes)
{
	if (x->state == CONN_SECURING && ops(c)->feed(c->cfg.offload.ctx, x->path.conn, bytes) == 0) {
		x->fed += (uint32_t)bytes.len;
		return bytes.len;
	}
	if (x->state == CONN_SECURING) { /* TCP keeps them until then */
		x->flags |= CONN_STARVED;
		rs_wheel_arm(&c->wheel, conn_slot(c, x), c->now_ns + AGAIN_NS);
	}
	return 0;
}

bool
secure_half_closed(struct rs_conns *c, struct conn *x)
{
	bool reading = x->state == CONN_SECURING ? ops(c)->feed(c->cfg.offload.ctx, x->path.conn, (struct rs_slice){ 0 }) == 0 : x->owed > 0;

	if (reading)
		x->flags |= CONN_HALF;
	return reading;
}

/* --- records --- */

static void
count_record(struct rs_conns *c, const struct rs_tls_record *r)
{
	rs_metric_add(c->cells, RS_CONNS_TICKETS, r->tickets);
	rs_metric_add(c->cells, RS_CONNS_KEY_UPDATES, r->updates);
}

static void
app(struct rs_conns *c, struct conn *x, struct rs_slice data)
{
	if (data.len == 0)
		return;
	if (x->state == CONN_UPGRADING)
		upgrade_bytes(c, x, (uint8_t *)(uintptr_t)data.p, data.len);
	else
		conn_app(c, x, (uint8_t *)(uintptr_t)data.p, data.len);
}

/* What the record layer wants to say of its own accord. */
static void
settle(struct rs_conns *c, struct conn *x)
{
	uint8_t bytes[RS_TLS_SETTLE_MAX];
	size_t n;

	if (rs_tls_owes(conn_tls(c, x)) && rs_tls_settle(c->engine, conn_tls(c, x), bytes, sizeof(bytes), &n) == 0)
		(void)conn_put(c, x, bytes, n);
}

/* @return bytes used; *@alive */
static size_t
records(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len, bool *alive)
{
	rs_handle me = x->path.conn;
	struct rs_tls_record r = { 0 };
	size_t used = 0;

	*alive = true;
	for (;;) {
		enum rs_tls_event event = rs_tls_unprotect(c->engine, conn_tls(c, x), p + used, len - used, &r);

		used += r.used;
		count_record(c, &r);
		switch (event) {
		case RS_TLS_MORE:
			settle(c, x);
			return used;
		case RS_TLS_DATA:
			app(c, x, r.data);
			break;
		case RS_TLS_HANDSHAKE:
		case RS_TLS_WARNING:
			settle(c, x);
			break;
		case RS_TLS_CLOSED:
			conn_end(c, x, RS_CONN_CAUSE_PEER, 0, RS_CONN_FIN);
			break;
		case RS_TLS_ALERT:
			rs_metric_inc(c->cells, RS_CONNS_ALERTS);
			conn_end(c, x, RS_CONN_CAUSE_TLS_ALERT, r.alert, RS_CONN_RST);
			break;
		case RS_TLS_ERROR:
			settle(c, x);
			conn_end(c, x, r.error == RS_TLS_NO_MEMORY ? RS_CONN_CAUSE_NO_MEMORY : RS_CONN_CAUSE_TLS_RECORD, r.error, RS_CONN_FIN);
			break;
		}
		if (!conn_is(c, me)) {
			*alive = false;
			return used;
		}
	}
}

void
secure_wire(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len)
{
	bool was = x->wire.len > 0, alive;
	size_t used;

	if (was) {
		if (!gather_add(c, &x->wire, p, len)) {
			conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
			return;
		}
		p = gather_bytes(c, &x->wire);
		len = x->wire.len;
	}
	used = records(c, x, p, len, &alive);
	if (!alive)
		return;
	if (was) {
		gather_keep(c, &x->wire, p + used, len - used);
		if (x->wire.len == 0)
			conn_arm(c, x);
	} else if (len > used) {
		if (!gather_add(c, &x->wire, p + used, len - used)) {
			conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
			return;
		}
		conn_deadline(c, x, c->cfg.message_ns);
	}
}

/* --- what comes from the handshake threads --- */

static bool
take_keys(struct rs_conns *c, struct conn *x, struct rs_tls_result *result)
{
	uint32_t slot = rs_pool_take(&c->tls);
	void *memory;

	if (slot == RS_POOL_NONE)
		return false;
	x->tls = slot;
	memory = rs_pool_at(&c->tls, slot);
	if (rs_tls_init(c->engine, &result->keys, (uint8_t *)memory + sizeof(struct rs_tls), memory) != 0) {
		rs_pool_give(&c->tls, slot);
		x->tls = NONE;
		return false;
	}
	rs_metric_add(c->cells, RS_CONNS_TLS_OPEN, 1);
	if (result->keys.lent)
		rs_metric_inc(c->cells, RS_CONNS_FALLBACK);
	result->keys.lent = NULL; /* goes back with the connection, not with the result */
	return true;
}

/* All that the thread was fed in vain is back: TCP's own bytes go on. */
static void
take_over(struct rs_conns *c, struct conn *x)
{
	if (x->owed == 0 && x->flags & CONN_HALF) /* and has not said close_notify */
		conn_end(c, x, RS_CONN_CAUSE_TRUNCATED, 0, RS_CONN_FIN);
	else if (x->owed == 0 && x->state != CONN_TAKING)
		rs_tcp_read(c->tcp, x->tcp, c->now_ns);
}

static void
done(struct rs_conns *c, struct conn *x, const struct rs_mail *m)
{
	struct rs_tls_result *result = m->data;
	rs_handle me = x->path.conn;
	uint64_t took_ms = now_ms(c) - x->begun_ms;

	x->state = CONN_TAKING;
	x->owed = x->fed - (uint32_t)m->arg[1];
	if (!take_keys(c, x, result)) {
		conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
		return;
	}
	rs_metric_inc(c->cells, RS_CONNS_HANDSHAKES_DONE);
	rs_metric_record(c->cells, RS_CONNS_HANDSHAKE_TIME, took_ms * RS_NS_PER_MS);
	rs_metric_record(c->cells, RS_CONNS_HANDSHAKE_WAIT, m->arg[2]);
	if (result->resumed) {
		rs_metric_inc(c->cells, RS_CONNS_RESUMED);
		x->flags |= CONN_RESUMED;
	}
	if (conn_tls(c, x)->version == RS_TLS_1_3)
		x->flags |= CONN_TLS_1_3;
	conn_go_on(c, x);
	if (conn_is(c, me) && result->n_plain)
		app(c, x, rs_slice_of(result->bytes, result->n_plain));
	if (conn_is(c, me) && result->n_raw)
		secure_wire(c, x, result->bytes + result->n_plain, result->n_raw);
	if (conn_is(c, me))
		take_over(c, x);
}

static void
mail(struct rs_conns *c, const struct rs_mail *m)
{
	struct conn *x = conn_of(c, m->handle);
	size_t n = (size_t)m->arg[0];

	if (!x)
		return;
	switch ((enum rs_offload_event)m->type) {
	case RS_OFFLOAD_OUT:
		if (!conn_put(c, x, m->data, n))
			conn_end(c, x, RS_CONN_CAUSE_NO_MEMORY, 0, RS_CONN_RST);
		break;
	case RS_OFFLOAD_DONE:
		done(c, x, m);
		break;
	case RS_OFFLOAD_BACK:
		x->owed -= n < x->owed ? (uint32_t)n : x->owed;
		secure_wire(c, x, m->data, n);
		if (conn_of(c, m->handle))
			take_over(c, x);
		break;
	case RS_OFFLOAD_FAILED:
		x->state = CONN_OPENING; /* its task is over */
		conn_end(c, x, m->arg[0] == RS_OFFLOAD_CAUSE_REFUSED   ? RS_CONN_CAUSE_TLS_QUEUE
				: m->arg[0] == RS_OFFLOAD_CAUSE_NO_ROOM ? RS_CONN_CAUSE_NO_MEMORY
									: RS_CONN_CAUSE_TLS,
			(uint16_t)m->arg[0], RS_CONN_FIN);
		break;
	}
}

uint32_t
secure_poll(struct rs_conns *c)
{
	struct rs_mail mails[MAILS];
	uint32_t n;

	if (!ops(c))
		return 0;
	n = ops(c)->poll(c->cfg.offload.ctx, mails, MAILS);
	for (uint32_t i = 0; i < n; i++) {
		mail(c, &mails[i]);
		if (mails[i].data)
			ops(c)->release(c->cfg.offload.ctx, mails[i].data);
	}
	return n + begin_queued(c);
}
