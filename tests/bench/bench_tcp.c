/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP by itself: two ends in one process, a segment of one handed to the other at once. A message of 500 bytes from one end and an
 * answer of 400 bytes from the other, on connections in random order, few (all in the cache) and many (none is); and what an idle end
 * takes of memory, look-up and timer included.
 */
#include "bench.h"

#include "base/rng.h"
#include "net/tcp/tcp.h"

#define FEW	100u
#define MANY	100000u
#define ROUNDS	31u
#define CALLS	2000u /* message and answer, each round */
#define UNDER	64u

struct end {
	struct bed *bed;
	uint32_t index;
	struct rs_arena arena;
	struct rs_metrics cells;
	struct rs_tcp *t;
};

struct bed {
	struct end ends[2];
	rs_handle handles[MANY];
	uint32_t open;
	uint64_t now;
	/* Segments under way, first in, first out. */
	struct {
		struct rs_path path;
		uint32_t len;
		uint8_t to, bytes[1600];
	} under[UNDER];
	uint32_t first, last;
	uint8_t frame[2048];
};

static int
take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	*buf = (struct rs_buf){ .data = ((struct end *)ctx)->bed->frame, .cap = len };
	return 0;
}

static int
put(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct end *e = ctx;
	struct bed *b = e->bed;
	uint32_t i = b->last++ % UNDER;

	b->under[i].path = (struct rs_path){
		.local = path->remote, .remote = path->local, .local_port = path->remote_port, .remote_port = path->local_port
	};
	b->under[i].len = len;
	b->under[i].to = (uint8_t)(1 - e->index);
	memcpy(b->under[i].bytes, buf->data, len);
	return 0;
}

static uint32_t
mtu(void *ctx, const struct rs_path *path)
{
	return 1500;
}

static void
event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event what, enum rs_tcp_cause cause)
{
	struct end *e = ctx;

	if (what == RS_TCP_CONNECTED) {
		e->bed->handles[user] = h;
		e->bed->open++;
	}
}

static size_t
data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	static const uint8_t answer[400];
	struct end *e = ctx;

	if (e->index == 1)
		(void)rs_tcp_write(e->t, h, rs_slice_of(answer, sizeof(answer)), e->bed->now);
	return bytes.len;
}

static void
carry(struct bed *b)
{
	while (b->first != b->last) {
		uint32_t i = b->first++ % UNDER;

		rs_tcp_input(b->ends[b->under[i].to].t, &b->under[i].path, b->under[i].bytes, b->under[i].len, false, b->now);
	}
}

static uint64_t
set_up(struct bed *b, uint32_t n)
{
	struct rs_tcp_cfg cfg = rs_tcp_defaults(), without;
	struct rs_addr any = { .family = 0 };
	rs_handle l;

	*b = (struct bed){ .now = RS_NS_PER_S };
	cfg.connections = n;
	cfg.time_waits = 1;
	cfg.listeners = 1;
	without = cfg;
	without.connections = 1;
	for (uint32_t i = 0; i < 2; i++) {
		struct end *e = &b->ends[i];
		struct rs_tcp_link link = { take, put, mtu, e };
		struct rs_tcp_user user = { event, data, e };

		*e = (struct end){ .bed = b, .index = i };
		if (rs_metrics_init(&e->cells, &rs_tcp_metrics_table) != 0 || rs_arena_init(&e->arena, rs_tcp_bytes(&cfg)) != 0 ||
			rs_tcp_create(&cfg, &link, &user, &e->arena, &e->cells, b->now, &e->t) != 0)
			return 0;
	}
	if (rs_tcp_listen(b->ends[1].t, &any, 5060, 64, 0, &l) != 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		struct rs_path path = { .local = { { 198, 18, (uint8_t)(i / 200 / 250), (uint8_t)(i / 200 % 250) }, 4 },
			.remote = { { 198, 19, 0, 1 }, 4 },
			.local_port = (uint16_t)(10000 + i % 200),
			.remote_port = 5060 };
		rs_handle h;

		(void)rs_tcp_connect(b->ends[0].t, &path, NULL, i, b->now, &h);
		carry(b);
	}
	return (rs_tcp_bytes(&cfg) - rs_tcp_bytes(&without)) / (n > 1 ? n - 1 : 1);
}

/** @return cycles of a segment: made by one end and dealt with by the other; timers included */
static double
measure(struct bed *b, uint32_t n, double *per_call)
{
	static const uint8_t message[500];
	uint64_t samples[ROUNDS], segments = 0;
	struct rs_rng g = { 1 };
	double median;

	for (uint32_t r = 0; r < ROUNDS; r++) {
		uint64_t was = rs_metric_get(&b->ends[0].cells, RS_NET_TCP_TX_SEGMENTS) +
			rs_metric_get(&b->ends[1].cells, RS_NET_TCP_TX_SEGMENTS);
		uint64_t start = rs_bench_tsc();

		for (uint32_t i = 0; i < CALLS; i++) {
			rs_handle h = b->handles[rs_random_below(rs_rng_next(&g), n)];

			b->now += 50 * RS_NS_PER_US;
			(void)rs_tcp_write(b->ends[0].t, h, rs_slice_of(message, sizeof(message)), b->now);
			carry(b);
			if (i % 16 == 0) {
				(void)rs_tcp_tick(b->ends[0].t, b->now);
				(void)rs_tcp_tick(b->ends[1].t, b->now);
				carry(b);
			}
		}
		samples[r] = rs_bench_tsc() - start;
		segments = rs_metric_get(&b->ends[0].cells, RS_NET_TCP_TX_SEGMENTS) +
			rs_metric_get(&b->ends[1].cells, RS_NET_TCP_TX_SEGMENTS) - was;
	}
	median = rs_bench_median(samples, ROUNDS);
	*per_call = median / CALLS;
	return median / (double)segments;
}

int
main(int argc, char **argv)
{
	static struct bed b;
	static const struct {
		uint32_t n;
		const char *segment, *call;
	} sizes[] = { { FEW, "segment_100_connections", "call_100_connections" },
		{ MANY, "segment_100000_connections", "call_100000_connections" } };
	struct rs_bench bench;
	uint64_t idle = 0;

	if (rs_bench_begin(&bench, "tcp", argc, argv) != 0)
		return 2;
	for (size_t i = 0; i < 2; i++) {
		double call, segment;

		idle = set_up(&b, sizes[i].n);
		if (idle == 0 || b.open != sizes[i].n) {
			fprintf(stderr, "bench_tcp: not enough memory\n");
			return 1;
		}
		segment = measure(&b, sizes[i].n, &call);
		rs_bench_figure(&bench, sizes[i].segment, segment, "cycles");
		rs_bench_figure(&bench, sizes[i].call, call, "cycles");
		for (uint32_t k = 0; k < 2; k++) {
			rs_arena_fini(&b.ends[k].arena);
			rs_metrics_fini(&b.ends[k].cells);
		}
	}
	rs_bench_figure(&bench, "idle_end", (double)idle, "bytes");
	return rs_bench_end(&bench);
}
