/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Whole runs on a virtual clock: engines of one plan joined by a recording link that delivers after a set time, and that a test
 * may let lose, repeat or change datagrams. No EAL, no ports, no real time.
 */
#ifndef RS_TESTS_SIM_H
#define RS_TESTS_SIM_H

#include "base/clock.h"
#include "engine/engine.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define SIM_WORKERS 4
#define SIM_MTU 1472
#define SIM_BUFS 64 /* a batch of media */

struct sim_packet {
	struct sim_packet *next;
	struct rs_path path; /* as the receiver sees it */
	uint64_t at_ns;
	uint32_t len;
	struct rs_rx item; /* kind RS_RX_CONN, and user: of connections, see sim_conns.h */
	uint8_t data[SIM_MTU];
};

struct sim;

struct sim_port {
	struct sim *sim;
	uint32_t worker;
	uint8_t buf[SIM_BUFS][SIM_MTU];
	bool taken[SIM_BUFS];
	bool one_buf; /* whoever takes a second one before the first is sent or dropped is wrong */
};

struct sim {
	struct rs_plan *plan;
	struct rs_engine *engines[SIM_WORKERS];
	struct rs_account *accounts[SIM_WORKERS];
	struct sim_port ports[SIM_WORKERS];
	uint64_t due[SIM_WORKERS];
	uint32_t n;
	uint64_t now_ns;
	uint64_t delay_ns;
	struct sim_packet *first, *last;
	uint64_t sent;
	/** May look at or change a packet on its way. @return how many copies arrive (0: lost) */
	unsigned (*on_wire)(void *ctx, struct sim_packet *p);
	void *ctx;
	uint32_t sending; /* worker of the packet that on_wire sees */
	const uint8_t *steer_bits; /* [ports]; NULL: the default */
	int send_error; /* returned instead of sending */
	int (*judge)(void *ctx, const struct rs_path *path); /* NULL; else what it returns, unless 0, is returned instead of sending */
	struct rs_log *log;
	const _Atomic uint64_t *limited_until;
	const struct rs_media_setup *media; /* NULL: no media */
	struct rs_bus *bus; /* NULL: the engines tell each other nothing */
	struct sim_conns *conns; /* NULL: datagrams only */
	const struct rs_conns_ops *conns_ops;
	bool (*send_stream)(struct sim_port *port, const struct rs_path *path, const uint8_t *data, uint32_t len);
};

static int
sim_take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct sim_port *port = ctx;

	for (uint32_t i = 0; i < SIM_BUFS; i++) {
		assert_false(port->one_buf && port->taken[i]);
		if (port->taken[i])
			continue;
		port->taken[i] = true;
		*buf = (struct rs_buf){ port->buf[i], SIM_MTU, &port->taken[i] };
		return 0;
	}
	return -ENOBUFS;
}

static void
sim_drop(void *ctx, struct rs_buf *buf)
{
	*(bool *)buf->opaque = false;
}

static void
sim_append(struct sim *s, const struct sim_packet *p)
{
	struct sim_packet *copy = malloc(sizeof(*copy));

	memcpy(copy, p, sizeof(*copy));
	copy->next = NULL;
	if (s->last)
		s->last->next = copy;
	else
		s->first = copy;
	s->last = copy;
}

/* What leaves a port arrives at its partner, ends swapped: port 0 is wired to port 1, 2 to 3. */
static int
sim_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct sim_port *port = ctx;
	struct sim *s = port->sim;
	struct sim_packet p = { .at_ns = s->now_ns + s->delay_ns, .len = len };
	unsigned copies = 1;

	*(bool *)buf->opaque = false;
	if (s->send_error)
		return s->send_error;
	if (s->judge && s->judge(s->ctx, path) != 0)
		return s->judge(s->ctx, path);
	assert_true(len <= SIM_MTU);
	if (rs_transport_is_stream((enum rs_transport)path->transport))
		return s->send_stream(port, path, buf->data, len) ? 0 : -ENOTCONN;
	p.path = (struct rs_path){ .local = path->remote, .remote = path->local, .local_port = path->remote_port,
		.remote_port = path->local_port, .port = path->port ^ 1 };
	memcpy(p.data, buf->data, len);
	s->sent++;
	s->sending = port->worker;
	if (s->on_wire)
		copies = s->on_wire(s->ctx, &p);
	while (copies-- > 0)
		sim_append(s, &p);
	return 0;
}

static void
sim_open(struct sim *s, const char *plan)
{
	struct rs_err err = { 0 };

	if (rs_plan_parse("sim.conf", plan, NULL, 0, &s->plan, &err) != 0)
		fail_msg("%s", err.text);
	s->now_ns = 1000 * RS_NS_PER_S;
	if (!s->delay_ns)
		s->delay_ns = RS_NS_PER_MS;
	s->n = s->plan->n_workers;
	for (uint32_t i = 0; i < s->n; i++) {
		s->ports[i] = (struct sim_port){ .sim = s, .worker = i, .one_buf = !s->media && s->plan->n_media == 0 };
		assert_int_equal(rs_account_create(s->plan, &s->accounts[i]), 0);
		struct rs_engine_cfg cfg = {
			.plan = s->plan,
			.worker = i,
			.run = 7,
			.secret = 0x1234567890abcdef,
			.pid = 42,
			.link = { .take = sim_take, .send = sim_send, .drop = sim_drop, .ctx = &s->ports[i],
				.conns = s->conns_ops, .conns_ctx = &s->ports[i] },
			.account = s->accounts[i],
			.steer_bits = s->steer_bits,
			.log = s->log,
			.limited_until = s->limited_until,
			.bus = s->bus,
			.media = s->media,
			.wall_us = 1760000000000000,
			.wall_at_ns = s->now_ns,
		};

		if (rs_engine_create(&cfg, &s->engines[i], &err) != 0)
			fail_msg("%s", err.text);
		rs_engine_begin(s->engines[i], s->now_ns);
	}
}

static void
sim_close(struct sim *s)
{
	while (s->first) {
		struct sim_packet *p = s->first;

		s->first = p->next;
		free(p);
	}
	for (uint32_t i = 0; i < s->n; i++) {
		rs_engine_free(s->engines[i]);
		rs_account_free(s->accounts[i]);
	}
	rs_plan_free(s->plan);
}

static void
sim_deliver(struct sim *s, const struct sim_packet *p)
{
	struct rs_rx rx = { .data = p->data, .len = p->len, .kind = rs_rx_kind_of(p->data, p->len), .path = p->path, .time_ns = p->at_ns,
		.user = p->item.user, .event = p->item.event, .cause = p->item.cause };
	/* An allocation of its own, so that a read past the end is seen by the sanitizer. */
	uint8_t *copy = malloc(p->len ? p->len : 1);
	uint32_t owner = s->plan->ports[p->path.port].workers[0];

	if (p->item.kind == RS_RX_CONN)
		rx.kind = RS_RX_CONN;
	if (!p->path.conn)
		owner = rs_engine_owner(s->engines[owner], &rx);
	else
		owner = rs_handle_worker(p->path.conn);
	memcpy(copy, p->data, p->len);
	rx.data = copy;
	rs_engine_input(s->engines[owner], s->now_ns, &rx, 1);
	rs_engine_flushed(s->engines[owner], s->now_ns);
	free(copy);
}

/* Play for @span_ns of virtual time. */
static void
sim_play(struct sim *s, uint64_t span_ns)
{
	uint64_t until = s->now_ns + span_ns;

	for (;;) {
		uint64_t next = until;

		while (s->first && s->first->at_ns <= s->now_ns) {
			struct sim_packet *p = s->first;

			s->first = p->next;
			if (!s->first)
				s->last = NULL;
			sim_deliver(s, p);
			free(p);
		}
		for (uint32_t i = 0; i < s->n; i++) {
			uint64_t due = rs_engine_turn(s->engines[i], s->now_ns);

			rs_engine_flushed(s->engines[i], s->now_ns);
			if (rs_engine_is_told(s->engines[i]))
				due = s->now_ns;
			if (due < next)
				next = due;
		}
		if (s->first && s->first->at_ns < next)
			next = s->first->at_ns;
		if (s->now_ns >= until)
			return;
		s->now_ns = next > s->now_ns ? next : s->now_ns + 1000;
	}
}

/* Sum over workers of row @row of activity @activity. */
static inline uint64_t
sim_count(const struct sim *s, uint32_t activity, uint32_t row)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n; i++)
		sum += rs_metric_get(&s->accounts[i]->activities[activity].cells, row);
	return sum;
}

static inline uint64_t
sim_engine(const struct sim *s, uint32_t row)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n; i++)
		sum += rs_metric_get(&s->accounts[i]->engine, row);
	return sum;
}

static inline uint64_t
sim_cause(const struct sim *s, uint32_t activity, uint32_t cause)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n; i++)
		for (uint32_t step = 0; step <= s->accounts[i]->activities[activity].program.n_steps; step++)
			sum += rs_account_failures(&s->accounts[i]->activities[activity].program, step, cause);
	return sum;
}

/* offered = started + not_started, started = completed + failed + open: always. */
static inline void
sim_sums_hold(const struct sim *s)
{
	for (uint32_t a = 0; a < s->plan->n_activities; a++) {
		assert_int_equal(sim_count(s, a, RS_AM_OFFERED),
			sim_count(s, a, RS_AM_STARTED) + sim_count(s, a, RS_AM_NOT_STARTED));
		assert_int_equal(sim_count(s, a, RS_AM_STARTED),
			sim_count(s, a, RS_AM_COMPLETED) + sim_count(s, a, RS_AM_FAILED) +
				sim_count(s, a, RS_AM_OPEN));
	}
}

#endif
