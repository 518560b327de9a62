/* SPDX-License-Identifier: BSD-3-Clause */
/** One TCP, or two joined by a network that loses, delays, repeats and reorders, on a virtual clock. */
#ifndef RS_TESTS_UNIT_TCP_RIG_H
#define RS_TESTS_UNIT_TCP_RIG_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcp.h"

#define START	  (1000 * RS_NS_PER_S)
#define MS(n)	  ((uint64_t)(n) * RS_NS_PER_MS)
#define ENDS	  2
#define PACKETS	  8192u
#define EVENTS	  64u
#define FRAME_MAX 2048u

struct rig;

/** A segment under way, or caught. */
struct packet {
	uint64_t at_ns, serial;
	struct rs_path path; /* as its sender sees it */
	uint32_t len;
	uint8_t to;
	uint8_t bytes[FRAME_MAX];
};

struct told {
	rs_handle h;
	uint64_t user;
	enum rs_tcp_event event;
	enum rs_tcp_cause cause;
};

/** One TCP and its user. */
struct end {
	struct rig *rig;
	uint32_t index;
	struct rs_arena arena;
	struct rs_metrics cells;
	struct rs_tcp *t;
	struct told told[EVENTS];
	uint32_t n_told;
	/* What the user does with bytes. */
	size_t take_max; /* of each call: SIZE_MAX takes all */
	void (*on_data)(struct end *e, rs_handle h, struct rs_slice bytes);
	void (*on_event)(struct end *e, rs_handle h, enum rs_tcp_event event);
	uint8_t *got;
	size_t n_got, got_cap;
	rs_handle h; /* of the last connection that was told of */
	uint32_t no_buffers; /* so many packets are not there */
	void *mine; /* the test's */
	uint8_t frame[65536];
};

struct rig {
	uint64_t now;
	struct end ends[ENDS];
	uint32_t n_ends;
	uint32_t mtu;
	/* The network; chances in 1/1000. */
	uint32_t loss, repeat, reorder;
	uint64_t delay_ns, jitter_ns;
	struct rs_rng rng;
	bool caught; /* what is sent is only kept, for the test to look at */
	struct packet *packets; /* under way, in no order; caught ones in order */
	uint32_t n_packets;
	uint64_t sent, lost, serial;
	uint32_t big; /* longer IP packets do not pass: ICMP */
};

static inline struct rs_addr
addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static inline int
rig_take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	struct end *e = ctx;

	if (e->no_buffers) {
		e->no_buffers--;
		return -ENOBUFS;
	}
	assert_true(len <= sizeof(e->frame));
	*buf = (struct rs_buf){ .data = e->frame, .cap = len };
	return 0;
}

static inline void
rig_put(struct rig *r, const struct rs_path *path, const uint8_t *bytes, uint32_t len, uint32_t to, uint64_t at)
{
	struct packet *p = &r->packets[r->n_packets++];

	assert_true(r->n_packets < PACKETS);
	assert_true(len <= FRAME_MAX);
	*p = (struct packet){ .at_ns = at, .serial = r->serial++, .path = *path, .len = len, .to = (uint8_t)to };
	memcpy(p->bytes, bytes, len);
}

static inline bool
chance(struct rig *r, uint32_t in_1000)
{
	return in_1000 && rs_random_below(rs_rng_next(&r->rng), 1000) < in_1000;
}

static inline int
rig_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct end *e = ctx;
	struct rig *r = e->rig;
	uint64_t at = r->now + r->delay_ns;

	(void)mss;
	r->sent++;
	if (r->caught) {
		rig_put(r, path, buf->data, len, 1 - e->index, r->now);
		return 0;
	}
	if (r->big && len + (path->remote.family == 4 ? 20u : 40u) > r->big) {
		r->lost++;
		/* Not from within the call: the router's answer comes later. */
		rig_put(r, path, buf->data, 8, 2 + e->index, at);
		return 0;
	}
	if (chance(r, r->loss)) {
		r->lost++;
		return 0;
	}
	if (r->jitter_ns)
		at += rs_random_below(rs_rng_next(&r->rng), r->jitter_ns);
	if (chance(r, r->reorder))
		at += 3 * r->delay_ns;
	rig_put(r, path, buf->data, len, 1 - e->index, at);
	if (chance(r, r->repeat))
		rig_put(r, path, buf->data, len, 1 - e->index, at + r->delay_ns / 2);
	return 0;
}

static inline uint32_t
rig_mtu(void *ctx, const struct rs_path *path)
{
	const struct end *e = ctx;

	return e->rig->mtu;
}

static inline void
rig_event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event event, enum rs_tcp_cause cause)
{
	struct end *e = ctx;

	if (e->n_told == EVENTS) /* the last ones are kept */
		memmove(e->told, e->told + 1, --e->n_told * sizeof(e->told[0]));
	e->told[e->n_told++] = (struct told){ h, user, event, cause };
	e->h = h;
	if (e->on_event)
		e->on_event(e, h, event);
}

static inline size_t
rig_data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	struct end *e = ctx;
	size_t n = bytes.len < e->take_max ? bytes.len : e->take_max;

	if (e->got) {
		assert_true(e->n_got + n <= e->got_cap);
		memcpy(e->got + e->n_got, bytes.p, n);
	}
	e->n_got += n;
	if (e->on_data)
		e->on_data(e, h, rs_slice_of(bytes.p, n));
	return n;
}

static inline struct rs_tcp_cfg
rig_cfg(void)
{
	struct rs_tcp_cfg cfg = rs_tcp_defaults();

	cfg.connections = 64;
	cfg.time_waits = 16;
	cfg.blocks = 1024;
	cfg.half_open = 16;
	memcpy(cfg.secret, "a secret of thirty-two bytes....", 32);
	return cfg;
}

static inline void
rig_add(struct rig *r, const struct rs_tcp_cfg *cfg)
{
	struct end *e = &r->ends[r->n_ends];
	struct rs_tcp_link link = { rig_take, rig_send, rig_mtu, e };
	struct rs_tcp_user user = { rig_event, rig_data, e };

	*e = (struct end){ .rig = r, .index = r->n_ends++, .take_max = SIZE_MAX };
	assert_int_equal(rs_metrics_init(&e->cells, &rs_tcp_metrics_table), 0);
	assert_int_equal(rs_arena_init(&e->arena, rs_tcp_bytes(cfg)), 0);
	assert_int_equal(rs_tcp_create(cfg, &link, &user, &e->arena, &e->cells, r->now, &e->t), 0);
}

static inline struct rig *
rig_new(const struct rs_tcp_cfg *a, const struct rs_tcp_cfg *b)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->packets = malloc(PACKETS * sizeof(*r->packets));
	assert_non_null(r->packets);
	r->now = START;
	r->mtu = 1500;
	r->delay_ns = MS(5);
	rig_add(r, a);
	if (b)
		rig_add(r, b);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	for (uint32_t i = 0; i < r->n_ends; i++) {
		rs_arena_fini(&r->ends[i].arena);
		rs_metrics_fini(&r->ends[i].cells);
		free(r->ends[i].got);
	}
	free(r->packets);
	free(r);
}

static inline uint64_t
cell(const struct end *e, uint32_t row)
{
	return rs_metric_get(&e->cells, row);
}

static inline struct rs_path
flip(const struct rs_path *p)
{
	return (struct rs_path){ .local = p->remote, .remote = p->local, .local_port = p->remote_port, .remote_port = p->local_port };
}

/** Let the virtual clock run until @until_ns: packets arrive, timers fire, in their order. */
static inline void
rig_run(struct rig *r, uint64_t until_ns)
{
	for (;;) {
		uint64_t next = UINT64_MAX;
		uint32_t which = UINT32_MAX, k = UINT32_MAX;

		for (uint32_t i = 0; i < r->n_packets; i++) {
			const struct packet *p = &r->packets[i];

			if (p->at_ns < next || (p->at_ns == next && p->serial < r->packets[which].serial)) {
				next = p->at_ns;
				which = i;
			}
		}
		for (uint32_t i = 0; i < r->n_ends; i++) {
			uint64_t due = rs_tcp_next_due(r->ends[i].t);

			if (due < next) {
				next = due;
				k = i;
			}
		}
		if (next > until_ns)
			break;
		if (next > r->now)
			r->now = next;
		if (k != UINT32_MAX) {
			(void)rs_tcp_tick(r->ends[k].t, r->now);
			if (rs_tcp_next_due(r->ends[k].t) <= r->now) /* the wheel is coarse: nearer, not there */
				r->now += RS_NS_PER_MS;
			continue;
		}
		struct packet p = r->packets[which];
		struct rs_path path = flip(&p.path);

		r->packets[which] = r->packets[--r->n_packets];
		if (p.to >= 2)
			rs_tcp_error(r->ends[p.to - 2].t, &p.path, rs_slice_of(p.bytes, p.len), RS_TCP_ERROR_TOO_BIG, r->big, r->now);
		else if (p.to < r->n_ends)
			rs_tcp_input(r->ends[p.to].t, &path, p.bytes, p.len, false, r->now);
	}
	if (r->now < until_ns)
		r->now = until_ns;
	for (uint32_t i = 0; i < r->n_ends; i++)
		(void)rs_tcp_tick(r->ends[i].t, r->now);
}

static inline void
rig_go(struct rig *r, uint64_t ns)
{
	rig_run(r, r->now + ns);
}

/** The last event of @e is this. */
static inline void
assert_told(const struct end *e, enum rs_tcp_event event, enum rs_tcp_cause cause)
{
	assert_true(e->n_told > 0);
	assert_int_equal(e->told[e->n_told - 1].event, event);
	assert_int_equal(e->told[e->n_told - 1].cause, cause);
}

static inline struct rs_tcp_info
info(const struct end *e, rs_handle h)
{
	struct rs_tcp_info i;

	assert_int_equal(rs_tcp_info(e->t, h, &i), 0);
	return i;
}

static inline rs_handle
rig_listen(struct end *e, const char *at, uint16_t port)
{
	struct rs_addr a = { .family = 0 };
	rs_handle h;

	if (at)
		a = addr(at);
	assert_int_equal(rs_tcp_listen(e->t, &a, port, 16, 77, &h), 0);
	return h;
}

static inline struct rs_path
path_of(int family)
{
	return (struct rs_path){ .local = addr(family == 4 ? "198.18.0.2" : "2001:2::2"),
		.remote = addr(family == 4 ? "198.18.0.1" : "2001:2::1"),
		.local_port = 40000,
		.remote_port = 5060 };
}

/** A connection of end 0 to a listener of end 1, established. */
static inline rs_handle
rig_connect(struct rig *r, int family)
{
	struct rs_path path = path_of(family);
	rs_handle h;

	assert_int_equal(rs_tcp_connect(r->ends[0].t, &path, NULL, 5, r->now, &h), 0);
	for (uint32_t i = 0; i < 1000 && info(&r->ends[0], h).state != RS_TCP_ESTABLISHED; i++)
		rig_go(r, MS(100));
	assert_int_equal(info(&r->ends[0], h).state, RS_TCP_ESTABLISHED);
	return h;
}

#endif
