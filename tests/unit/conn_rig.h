/* SPDX-License-Identifier: BSD-3-Clause */
/** Two workers' connections, joined by a wire with a delay, on a virtual clock. */
#ifndef RS_TESTS_CONN_RIG_H
#define RS_TESTS_CONN_RIG_H

#include "net/conn/conn.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MS RS_NS_PER_MS
#define RIG_SEGMENT 2048
#define RIG_ITEMS 4096

struct rig_segment {
	struct rig_segment *next;
	struct rs_path path; /* as the receiver sees it */
	uint64_t at_ns;
	uint32_t len;
	uint8_t data[RIG_SEGMENT];
};

struct rig_item {
	struct rs_rx rx;
	char text[4096]; /* of a message, cut */
};

struct rig;

struct rig_side {
	struct rig *rig;
	unsigned number;
	struct rs_conns *conns;
	struct rs_link link;
	struct rs_arena arena;
	struct rs_metrics cells, tcp_cells;
	struct rs_conns_profile profile;
	uint8_t buf[RIG_SEGMENT];
	struct rig_item *items;
	uint32_t n_items;
	uint64_t due;
	bool deaf; /* nobody listens */
	bool echoes; /* each message is sent back */
};

struct rig {
	struct rig_side sides[2];
	struct rig_segment *first, *last;
	uint64_t now_ns, delay_ns;
	bool (*on_wire)(struct rig *r, struct rig_segment *s); /* NULL; @return false: lost */
	void (*meanwhile)(struct rig *r); /* NULL; what others do: handshake threads */
	uint64_t bytes; /* on the wire */
};

static int
rig_take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	struct rig_side *s = ctx;

	assert_true(len <= RIG_SEGMENT);
	*buf = (struct rs_buf){ .data = s->buf, .cap = RIG_SEGMENT };
	return 0;
}

static int
rig_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct rig_side *s = ctx;
	struct rig *r = s->rig;
	struct rig_segment *p = calloc(1, sizeof(*p));

	p->path = (struct rs_path){ .local = path->remote, .remote = path->local, .local_port = path->remote_port,
		.remote_port = path->local_port, .port = 0 };
	p->at_ns = r->now_ns + r->delay_ns;
	p->len = len;
	memcpy(p->data, buf->data, len);
	r->bytes += len;
	if (r->on_wire && !r->on_wire(r, p)) {
		free(p);
		return 0;
	}
	if (r->last)
		r->last->next = p;
	else
		r->first = p;
	r->last = p;
	return 0;
}

static uint32_t
rig_mtu(void *ctx, const struct rs_path *path)
{
	return 1500;
}

static bool
rig_is_target(void *ctx, const struct rs_addr *to)
{
	return to->b[0] == 198;
}

static bool
rig_listens(void *ctx, const struct rs_path *path, uint32_t *profile, uint64_t *user)
{
	struct rig_side *s = ctx;

	*profile = 0;
	*user = 7000;
	return !s->deaf;
}

static uint32_t
rig_endpoint(void *ctx, uint32_t profile, uint64_t user, const struct rs_path *path)
{
	return 0;
}

static void
rig_deliver(void *ctx, const struct rs_rx *rx)
{
	struct rig_side *s = ctx;
	struct rig_item *item = &s->items[s->n_items++ % RIG_ITEMS];
	struct rs_buf buf;

	item->rx = *rx;
	if (rx->kind != RS_RX_SIP)
		return;
	snprintf(item->text, sizeof(item->text), "%.*s", (int)rx->len, (const char *)rx->data);
	if (!s->echoes)
		return;
	assert_int_equal(s->link.take(s->link.ctx, &rx->path, &buf), 0);
	memcpy(buf.data, rx->data, rx->len);
	s->link.send(s->link.ctx, &rx->path, &buf, rx->len);
}

static int
rig_no_datagrams(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	return -ENODEV;
}

static void
rig_tune(struct rig *r, const struct rs_conns_profile profiles[2], void (*tune)(struct rs_conns_cfg *cfg))
{
	memset(r, 0, sizeof(*r));
	r->now_ns = 1000 * RS_NS_PER_S;
	r->delay_ns = MS;
	for (unsigned i = 0; i < 2; i++) {
		struct rig_side *s = &r->sides[i];
		struct rs_conns_cfg cfg = rs_conns_defaults();
		static const struct rs_link none = { .take = rig_no_datagrams };

		s->rig = r;
		s->number = i;
		s->profile = profiles[i];
		s->items = calloc(RIG_ITEMS, sizeof(*s->items));
		cfg.profiles = &s->profile;
		cfg.n_profiles = 1;
		cfg.link = (struct rs_tcp_link){ .take = rig_take, .send = rig_send, .mtu = rig_mtu, .ctx = s };
		cfg.is_target = rig_is_target;
		cfg.listens = rig_listens;
		cfg.endpoint = rig_endpoint;
		cfg.deliver = rig_deliver;
		cfg.ctx = s;
		cfg.worker = (uint8_t)i;
		cfg.secret = 0x1234 + i;
		if (tune)
			tune(&cfg);
		assert_int_equal(rs_metrics_init(&s->cells, &rs_conns_metrics_table), 0);
		assert_int_equal(rs_metrics_init(&s->tcp_cells, &rs_tcp_metrics_table), 0);
		assert_int_equal(rs_arena_init(&s->arena, rs_conns_bytes(&cfg)), 0);
		assert_int_equal(rs_conns_create(&cfg, &s->arena, &s->cells, &s->tcp_cells, r->now_ns, &s->conns), 0);
		assert_int_equal(rs_conns_listen(s->conns, 5060), 0);
		s->link = rs_conns_link(s->conns, &none);
	}
}

static inline void
rig_open(struct rig *r, enum rs_transport transport)
{
	struct rs_conns_profile profiles[2] = { { .transport = transport, .host = rs_slice_of("198.18.0.2", 10) }, { .transport = transport } };

	rig_tune(r, profiles, NULL);
}

static void
rig_close(struct rig *r)
{
	while (r->first) {
		struct rig_segment *p = r->first;

		r->first = p->next;
		free(p);
	}
	for (unsigned i = 0; i < 2; i++) {
		rs_conns_free(r->sides[i].conns);
		rs_metrics_fini(&r->sides[i].cells);
		rs_metrics_fini(&r->sides[i].tcp_cells);
		rs_arena_fini(&r->sides[i].arena);
		free(r->sides[i].items);
	}
}

static void
rig_play(struct rig *r, uint64_t span_ns)
{
	uint64_t until = r->now_ns + span_ns;

	for (;;) {
		uint64_t next = until;

		while (r->first && r->first->at_ns <= r->now_ns) {
			struct rig_segment *p = r->first;
			struct rs_rx rx = { .kind = RS_RX_TCP, .len = p->len, .path = p->path, .time_ns = r->now_ns };
			uint8_t *copy = malloc(p->len ? p->len : 1); /* what is read past the end is seen by the sanitizer */

			r->first = p->next;
			if (!r->first)
				r->last = NULL;
			memcpy(copy, p->data, p->len);
			rx.data = copy;
			rs_conns_input(r->sides[p->path.local.b[3] - 1].conns, &rx, r->now_ns);
			free(copy);
			free(p);
		}
		if (r->meanwhile)
			r->meanwhile(r);
		for (unsigned i = 0; i < 2; i++) {
			(void)rs_conns_poll(r->sides[i].conns, r->now_ns);

			uint64_t due = rs_conns_turn(r->sides[i].conns, r->now_ns);

			next = due < next ? due : next;
		}
		if (r->first && r->first->at_ns < next)
			next = r->first->at_ns;
		if (r->meanwhile && r->now_ns + MS / 4 < next)
			next = r->now_ns + MS / 4;
		if (r->now_ns >= until)
			return;
		r->now_ns = next > r->now_ns ? next : r->now_ns + 1000;
	}
}

/* Side 0 opens a connection to side 1. */
static rs_handle
rig_connect(struct rig *r)
{
	struct rs_path path = { .local = { { 198, 18, 0, 1 }, 4 }, .remote = { { 198, 18, 0, 2 }, 4 }, .local_port = 5060, .remote_port = 5060,
		.transport = (uint8_t)r->sides[0].profile.transport };
	rs_handle h = 0;

	assert_int_equal(r->sides[0].link.conns->open(r->sides[0].link.conns_ctx, &path, 0, 42, &h), 0);
	return h;
}

static int
rig_say(struct rig *r, unsigned side, rs_handle conn, const char *text, size_t len)
{
	struct rig_side *s = &r->sides[side];
	struct rs_path path = { .transport = (uint8_t)s->profile.transport, .conn = conn };
	struct rs_buf buf;
	int rc = s->link.take(s->link.ctx, &path, &buf);

	if (rc)
		return rc;
	assert_true(len <= buf.cap);
	memcpy(buf.data, text, len);
	return s->link.send(s->link.ctx, &path, &buf, (uint32_t)len);
}

/* The item number @n from the end of what side @side was told. */
static inline const struct rig_item *
rig_last(const struct rig *r, unsigned side, uint32_t n)
{
	const struct rig_side *s = &r->sides[side];

	assert_true(s->n_items > n);
	return &s->items[(s->n_items - 1 - n) % RIG_ITEMS];
}

static inline void
rig_is_event(const struct rig *r, unsigned side, uint8_t event, uint8_t cause)
{
	const struct rig_item *i = rig_last(r, side, 0);

	assert_int_equal(i->rx.kind, RS_RX_CONN);
	assert_int_equal(i->rx.event, event);
	assert_int_equal(i->rx.cause, cause);
}

#endif
