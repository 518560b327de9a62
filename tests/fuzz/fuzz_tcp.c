/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP as a machine with state. The first byte says which options are used and whether there is one end or two: one hears segments that
 * the input makes, near enough to what it expects that they get somewhere, checksums right; two hear one another, through a network that
 * the input says of what becomes of each segment. The rest is steps. What must hold after each: memory within bounds, the user's bytes
 * in order and each the right one; at the end, when all connections are gone, nothing is kept.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "net/eth.h"
#include "net/ip.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START	(100 * RS_NS_PER_S)
#define UNDER	64u /* segments under way */
#define LONGEST 1600u
#define BLOCKS	24u
#define CONNECTIONS 4u

struct way {
	uint32_t len;
	uint8_t to;
	uint8_t bytes[LONGEST];
};

struct end {
	struct world *w;
	uint8_t index;
	struct rs_arena arena;
	struct rs_metrics cells;
	struct rs_tcp *t;
	rs_handle h; /* the last connection heard of */
	rs_handle at[CONNECTIONS]; /* the last one at each slot */
	uint64_t written, got; /* of that connection; with two ends */
	size_t take_max;
	uint8_t habit; /* what the user does in its call-backs */
};

struct world {
	struct end ends[2];
	uint32_t n_ends;
	uint64_t now;
	struct way under[UNDER];
	uint32_t n_under;
	uint32_t last_seq, last_ack; /* of what our end sent last: the peer's next segment is near them */
	uint8_t frame[65536];
	const uint8_t *p;
	size_t left;
};

static uint8_t
next(struct world *w)
{
	if (w->left == 0)
		return 0;
	w->left--;
	return *w->p++;
}

static uint32_t
next32(struct world *w)
{
	uint32_t a = next(w);

	a = a << 8 | next(w);
	a = a << 8 | next(w);
	return a << 8 | next(w);
}

static struct rs_path
path_of(const struct end *e)
{
	struct rs_path p = { .local = { { 198, 18, 0, 1 }, 4 }, .remote = { { 198, 18, 0, 2 }, 4 }, .local_port = 1000, .remote_port = 2000 };

	if (e->index == 1) {
		p.local.b[3] = 2;
		p.remote.b[3] = 1;
		p.local_port = 2000;
		p.remote_port = 1000;
	}
	return p;
}

static int
take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	struct end *e = ctx;

	if (len > sizeof(e->w->frame))
		abort();
	if ((e->habit & 0xc0) == 0xc0 && len % 7 == 0) /* now and then there is none */
		return -ENOBUFS;
	*buf = (struct rs_buf){ .data = e->w->frame, .cap = len };
	return 0;
}

static int
put(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct end *e = ctx;
	struct world *w = e->w;
	struct rs_path peer = { .local = path->remote, .remote = path->local, .local_port = path->remote_port, .remote_port = path->local_port };
	struct segment s;

	/* What we send can be read. */
	if (rs_tcp_segment_parse(&peer, buf->data, len, false, &s) != 0)
		abort();
	w->last_seq = s.seq;
	w->last_ack = s.ack;
	if (w->n_ends == 1)
		return 0;
	if (w->n_under == UNDER || len > LONGEST)
		return -ENOBUFS;
	w->under[w->n_under].len = len;
	w->under[w->n_under].to = 1 - e->index;
	memcpy(w->under[w->n_under++].bytes, buf->data, len);
	return 0;
}

static uint32_t
mtu(void *ctx, const struct rs_path *path)
{
	return 1500;
}

static uint8_t
byte_at(uint64_t i)
{
	return (uint8_t)(i * 31 + (i >> 8));
}

static void
write_some(struct end *e, uint32_t n)
{
	uint8_t text[4096];
	int64_t took;

	n %= sizeof(text);
	for (uint32_t i = 0; i < n; i++)
		text[i] = byte_at(e->written + i);
	took = rs_tcp_write(e->t, e->h, rs_slice_of(text, n), e->w->now);
	if (took > n)
		abort();
	if (took > 0)
		e->written += (uint64_t)took;
}

/** What is under way of an older connection with the same four is gone: in the world it would be told apart by its age. */
static void
connect_anew(struct end *e)
{
	struct rs_path path = path_of(e);
	rs_handle h;

	e->w->n_under = 0;
	if (rs_tcp_connect(e->t, &path, NULL, 1, e->w->now, &h) == 0) {
		e->h = e->at[rs_handle_slot(h)] = h;
		e->written = e->got = 0;
	}
}

static void
event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event what, enum rs_tcp_cause cause)
{
	struct end *e = ctx;
	struct rs_tcp_info info;

	if (rs_tcp_info(e->t, h, &info) != 0)
		abort();
	e->at[rs_handle_slot(h)] = h;
	if (what == RS_TCP_CONNECTED || what == RS_TCP_ACCEPTED) {
		if (h != e->h) {
			if (e->h)
				(void)rs_tcp_abort(e->t, e->h, e->w->now);
			e->h = h;
			e->written = 0;
		}
		e->got = 0;
	}
	switch (e->habit & 7) {
	case 1: write_some(e, 700); break;
	case 2: (void)rs_tcp_close(e->t, h, e->w->now); break;
	case 3: (void)rs_tcp_abort(e->t, h, e->w->now); break;
	case 4:
		if (what == RS_TCP_HALF_CLOSED)
			(void)rs_tcp_shutdown(e->t, h, e->w->now);
		break;
	case 5:
		if (what == RS_TCP_CLOSED)
			connect_anew(e);
		break;
	case 6: (void)rs_tcp_close_gently(e->t, h, e->w->now); break;
	default: break;
	}
}

static size_t
data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	struct end *e = ctx;
	size_t n = bytes.len < e->take_max ? bytes.len : e->take_max;
	volatile uint8_t sum = 0;

	if (bytes.len == 0)
		abort();
	for (size_t i = 0; i < bytes.len; i++) {
		sum = (uint8_t)(sum + bytes.p[i]);
		if (e->w->n_ends == 2 && h == e->h && bytes.p[i] != byte_at(e->got + i))
			abort();
	}
	if (h == e->h)
		e->got += n;
	switch (e->habit >> 3 & 7) {
	case 1: write_some(e, 100); break;
	case 2: (void)rs_tcp_close(e->t, h, e->w->now); break;
	case 3: (void)rs_tcp_abort(e->t, h, e->w->now); break;
	case 4: (void)rs_tcp_read(e->t, h, e->w->now); break;
	case 5: (void)rs_tcp_shutdown(e->t, h, e->w->now); break;
	case 6: (void)rs_tcp_close_gently(e->t, h, e->w->now); break;
	default: break;
	}
	return n;
}

/** To an end, from a block of its own: the sanitizer watches its end. */
static void
hear(struct end *e, const uint8_t *bytes, uint32_t len)
{
	struct rs_path path = path_of(e);
	uint8_t *copy = malloc(len ? len : 1);

	if (copy == NULL)
		return;
	memcpy(copy, bytes, len);
	rs_tcp_input(e->t, &path, copy, len, false, e->w->now);
	free(copy);
}

static void
put_sum(const struct rs_path *path, uint8_t *p, uint32_t len)
{
	uint16_t sum;

	memset(p + 16, 0, 2);
	sum = (uint16_t)~rs_ip_fold(rs_ip_sum(p, len, rs_ip_pseudo_sum(&path->remote, &path->local, RS_IPPROTO_TCP, len)));
	memcpy(p + 16, &sum, 2);
}

/** A segment that the input makes: near what is expected, or anywhere. */
static void
hear_made(struct world *w)
{
	struct end *e = &w->ends[0];
	struct rs_path path = path_of(e);
	uint8_t how = next(w), flags = next(w), p[512] = { 0 };
	uint32_t options = next(w) % 11 * 4, len = next(w), head = RS_TCP_HDR_LEN + options;
	uint32_t seq = how & 1 ? next32(w) : w->last_ack + (uint32_t)(int8_t)next(w) * (how & 4 ? 61u : 0u);
	uint32_t ack = how & 2 ? next32(w) : w->last_seq + (how & 8 ? next(w) : how & 16 ? 1u : 0u);

	rs_store16(p, path.remote_port);
	rs_store16(p + 2, path.local_port);
	rs_store32(p + 4, seq);
	rs_store32(p + 8, ack);
	p[12] = (uint8_t)(head / 4 << 4);
	p[13] = flags;
	rs_store16(p + 14, how & 32 ? 65535 : next(w));
	if (how & 64 && options >= 12) { /* a timestamp that is right, and others behind it */
		rs_store32(p + 20, 0x0101080a);
		rs_store32(p + 24, next(w));
		rs_store32(p + 28, next(w));
	}
	for (uint32_t i = how & 64 && options >= 12 ? 12 : 0; i < options; i++)
		p[RS_TCP_HDR_LEN + i] = next(w);
	if (how & 128) {
		len = head + len > sizeof(p) ? (uint32_t)sizeof(p) - head : len;
	} else {
		len = 0;
	}
	put_sum(&path, p, head + len);
	hear(e, p, head + len);
}

static void
hear_bytes(struct world *w)
{
	uint32_t len = next(w);
	uint8_t p[256];

	for (uint32_t i = 0; i < len; i++)
		p[i] = next(w);
	if (len >= RS_TCP_HDR_LEN) {
		struct rs_path path = path_of(&w->ends[0]);

		put_sum(&path, p, len);
	}
	hear(&w->ends[0], p, len);
}

/** One of the segments under way arrives, is lost, comes twice, or is cut and changed. */
static void
carry(struct world *w, uint8_t what)
{
	uint32_t i = what >> 2, n;
	struct way s;

	if (w->n_under == 0)
		return;
	i %= w->n_under;
	s = w->under[i];
	n = --w->n_under - i;
	if ((what & 3) == 1) { /* it stays under way, and arrives */
		w->n_under++;
	} else {
		memmove(&w->under[i], &w->under[i + 1], n * sizeof(s));
	}
	if ((what & 3) != 2)
		hear(&w->ends[s.to], s.bytes, s.len);
}

static void
tell_error(struct world *w)
{
	struct end *e = &w->ends[0];
	struct rs_path path = path_of(e);
	uint8_t how = next(w), quoted[8];

	rs_store16(quoted, path.local_port);
	rs_store16(quoted + 2, path.remote_port);
	rs_store32(quoted + 4, w->last_seq + (how >> 4));
	rs_tcp_error(e->t, &path, rs_slice_of(quoted, how & 8 ? 7 : 8), (enum rs_tcp_error_kind)(how % 3), next32(w) & 0xffff, w->now);
}

static void
step(struct world *w)
{
	uint8_t op = next(w);
	struct end *e = &w->ends[w->n_ends == 2 ? op >> 7 : 0];

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (w->n_ends == 1)
			hear_made(w);
		else
			carry(w, next(w));
		break;
	case 4:
		if (w->n_ends == 1)
			hear_bytes(w);
		break;
	case 5: write_some(e, next(w) * 16u); break;
	case 6: (void)rs_tcp_read(e->t, e->h, w->now); break;
	case 7: (void)rs_tcp_shutdown(e->t, e->h, w->now); break;
	case 8: (void)rs_tcp_close(e->t, e->h, w->now); break;
	case 9: (void)rs_tcp_abort(e->t, e->h, w->now); break;
	case 10: connect_anew(e); break;
	case 11: e->habit = next(w); break;
	case 12: e->take_max = next(w) * 8u; break;
	case 13: w->now += next(w) * RS_NS_PER_MS; break;
	case 14: w->now += next(w) * RS_NS_PER_S; break;
	case 15:
		if (w->n_ends == 1)
			tell_error(w);
		break;
	}
	for (uint32_t i = 0; i < w->n_ends; i++) {
		struct end *x = &w->ends[i];

		(void)rs_tcp_tick(x->t, w->now);
		if (rs_metric_get(&x->cells, RS_NET_TCP_BLOCKS) > BLOCKS || rs_metric_get(&x->cells, RS_NET_TCP_OPEN) > CONNECTIONS ||
			rs_metric_get(&x->cells, RS_NET_TCP_HALF_OPEN) > 2 || rs_metric_get(&x->cells, RS_NET_TCP_TIME_WAIT) > 2)
			abort();
	}
}

static bool
begin(struct world *w, uint8_t mode, uint32_t i)
{
	struct end *e = &w->ends[i];
	struct rs_tcp_link link = { take, put, mtu, e };
	struct rs_tcp_user user = { event, data, e };
	struct rs_tcp_cfg cfg = rs_tcp_defaults();
	struct rs_addr any = { .family = 0 };
	rs_handle h;

	cfg.connections = CONNECTIONS;
	cfg.time_waits = 2;
	cfg.listeners = 1;
	cfg.blocks = BLOCKS;
	cfg.half_open = 2;
	cfg.send_bytes = 16384;
	cfg.receive_bytes = mode & 2 ? 4096 : 131072;
	cfg.timestamps = mode & 4;
	cfg.sack = mode & 8;
	cfg.window_scale = mode & 16;
	cfg.keep_idle_ns = mode & 32 ? 20 * RS_NS_PER_S : 0;
	*e = (struct end){ .w = w, .index = (uint8_t)i, .take_max = SIZE_MAX };
	if (rs_metrics_init(&e->cells, &rs_tcp_metrics_table) != 0)
		return false;
	if (rs_arena_init(&e->arena, rs_tcp_bytes(&cfg)) != 0) {
		rs_metrics_fini(&e->cells);
		return false;
	}
	if (rs_tcp_create(&cfg, &link, &user, &e->arena, &e->cells, START, &e->t) != 0)
		abort();
	if (mode & 64 || i == 1)
		(void)rs_tcp_listen(e->t, &any, i ? 2000 : 1000, 2, 9, &h);
	return true;
}

/** All connections go, by force; nothing may be left. */
static void
finish(struct world *w, uint32_t n)
{
	w->n_ends = 1; /* what is sent now is not kept */
	for (uint32_t i = 0; i < n; i++) {
		struct end *e = &w->ends[i];

		e->habit = 3;
		for (uint32_t slot = 0; slot < CONNECTIONS; slot++)
			(void)rs_tcp_abort(e->t, e->at[slot], w->now);
		for (uint32_t k = 0; k < 10; k++) {
			w->now += 60 * RS_NS_PER_S;
			(void)rs_tcp_tick(e->t, w->now);
		}
		if (rs_metric_get(&e->cells, RS_NET_TCP_OPEN) || rs_metric_get(&e->cells, RS_NET_TCP_BLOCKS) ||
			rs_metric_get(&e->cells, RS_NET_TCP_HALF_OPEN) || rs_metric_get(&e->cells, RS_NET_TCP_TIME_WAIT) ||
			rs_tcp_next_due(e->t) != UINT64_MAX)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct world world;
	struct world *w = &world;
	uint32_t n, made = 0;

	if (size < 2 || size > 8192)
		return 0;
	*w = (struct world){ .now = START, .p = input + 1, .left = size - 1 };
	n = input[0] & 1 ? 2 : 1;
	while (made < n && begin(w, input[0], made))
		made++;
	w->n_ends = n;
	if (made == n) {
		while (w->left)
			step(w);
		finish(w, n);
	}
	for (uint32_t i = 0; i < made; i++) {
		rs_arena_fini(&w->ends[i].arena);
		rs_metrics_fini(&w->ends[i].cells);
	}
	return 0;
}
