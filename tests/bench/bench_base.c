/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TSC cycles of base's hot operations, each on its own, over sets larger than the nearest caches where a worker's are, in an
 * order that does not repeat: the median of many rounds.
 */
#include <pthread.h>

#include "base/hist.h"
#include "base/mailbox.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/token.h"
#include "base/wheel.h"
#include "bench.h"

#define ROUNDS  1001
#define ROUND   256 /* operations of one sample */
#define OBJECTS (1u << 18)

struct bed {
	struct rs_arena arena;
	struct rs_pool pool;
	struct rs_wheel wheel;
	struct rs_table table;
	struct rs_hist hist;
	struct rs_rng rng;
	uint32_t pick[ROUND]; /* drawn afresh before each round, outside the clock */
	uint64_t value[ROUND];
	uint8_t tokens[ROUND][RS_TOKEN_LEN + 6];
	uint32_t taken[ROUND];
	uint64_t sink; /* keeps results alive */
};

static const uint64_t secret = 0x5eed5eed5eed5eedu;

static void
token_write(struct bed *b)
{
	for (int i = 0; i < ROUND; i++)
		rs_token_write(
			&(struct rs_token){ b->value[i], 1, (uint16_t)i }, secret, b->tokens[i]);
}

static void
token_read(struct bed *b)
{
	struct rs_token t;

	for (int i = 0; i < ROUND; i++)
		b->sink += rs_token_read(b->tokens[i], secret, &t) ? t.handle : 0;
}

static void
pool_take_give(struct bed *b)
{
	for (int i = 0; i < ROUND; i++)
		b->taken[i] = rs_pool_take(&b->pool);
	for (int i = 0; i < ROUND; i++)
		rs_pool_give(&b->pool, b->taken[i]);
}

static void
wheel_arm_cancel(struct bed *b)
{
	for (int i = 0; i < ROUND; i++)
		rs_wheel_arm(&b->wheel, b->pick[i], b->value[i] % (64 * RS_NS_PER_S));
	for (int i = 0; i < ROUND; i++)
		rs_wheel_cancel(&b->wheel, b->pick[i]);
}

static void
table_hit(struct bed *b)
{
	uint32_t v = 0;

	for (int i = 0; i < ROUND; i++) {
		uint64_t h = rs_mix64(b->pick[i]);
		uint32_t at = rs_table_first(&b->table, h, &v);

		while (at != RS_TABLE_END && v != b->pick[i])
			at = rs_table_next(&b->table, h, at, &v);
		b->sink += v;
	}
}

static void
table_miss(struct bed *b)
{
	uint32_t v;

	for (int i = 0; i < ROUND; i++)
		b->sink += rs_table_first(&b->table, b->value[i], &v);
}

static void
hash_32_bytes(struct bed *b)
{
	for (int i = 0; i < ROUND; i++)
		b->sink += rs_hash(b->tokens[i], sizeof(b->tokens[i]), secret);
}

static void
hist_record(struct bed *b)
{
	for (int i = 0; i < ROUND; i++)
		rs_hist_record(&b->hist, b->value[i] >> 34);
}

static double
measure(struct bed *b, void (*operation)(struct bed *b))
{
	static uint64_t samples[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start;

		for (int i = 0; i < ROUND; i++) {
			b->value[i] = rs_rng_next(&b->rng);
			b->pick[i] = (uint32_t)rs_random_below(b->value[i], OBJECTS);
		}
		start = rs_bench_tsc();
		operation(b);
		samples[round] = rs_bench_tsc() - start;
	}
	return rs_bench_median(samples, ROUNDS) / ROUND;
}

/* A quarter of a million timers through all levels, by ticks of 1 ms: what the wheel itself costs a timer from arming to firing. */
static double
wheel_whole_life(struct bed *b)
{
	static uint32_t out[4096];
	uint64_t start, n = 0, now;

	now = b->wheel.origin_ns + b->wheel.tick * RS_WHEEL_TICK_NS;
	start = rs_bench_tsc();
	for (uint32_t i = 0; i < OBJECTS; i++)
		rs_wheel_arm(&b->wheel, i, now + rs_rng_next(&b->rng) % (32 * RS_NS_PER_S));
	while (n < OBJECTS) {
		now += RS_WHEEL_TICK_NS;
		n += rs_wheel_expire(&b->wheel, now, out, 4096);
	}
	return (double)(rs_bench_tsc() - start) / OBJECTS;
}

#define MAILS   (1u << 20)
#define STRETCH 1024u

static void *
send_mails(void *arg)
{
	struct rs_mail mail = { .type = 1 };

	for (uint32_t i = 0; i < MAILS; i++)
		while (!rs_mailbox_send(arg, &mail))
			__builtin_ia32_pause();
	return NULL;
}

/**
 * Cycles a mail from one busy thread to another, in bulk: the median of many stretches, so that those in which the kernel took
 * one of the two off its core do not count. < 0 without a second thread.
 */
static double
mailbox_hop(void)
{
	static uint64_t samples[MAILS / STRETCH];
	struct rs_mailbox *m = rs_mailbox_create(1024);
	struct rs_mail out[32];
	pthread_t sender;
	uint64_t start;

	if (m == NULL || pthread_create(&sender, NULL, send_mails, m) != 0) {
		rs_mailbox_free(m);
		return -1;
	}
	for (uint32_t i = 0; i < MAILS / STRETCH; i++) {
		start = rs_tsc();
		for (uint32_t got = 0; got < STRETCH;) {
			uint32_t want = STRETCH - got;
			uint32_t n = rs_mailbox_receive(m, out, want < 32 ? want : 32);

			got += n;
			if (n == 0)
				__builtin_ia32_pause();
		}
		samples[i] = rs_tsc() - start;
	}
	pthread_join(sender, NULL);
	rs_mailbox_free(m);
	return rs_bench_median(samples, MAILS / STRETCH) / STRETCH;
}

static double
mailbox_send_receive(void)
{
	static uint64_t samples[ROUNDS];
	struct rs_mailbox *m = rs_mailbox_create(ROUND);
	struct rs_mail mail = { .type = 1 }, out[32];

	if (m == NULL)
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = rs_bench_tsc();

		for (int i = 0; i < ROUND; i++)
			rs_mailbox_send(m, &mail);
		while (rs_mailbox_receive(m, out, 32) > 0)
			;
		samples[round] = rs_bench_tsc() - start;
	}
	rs_mailbox_free(m);
	return rs_bench_median(samples, ROUNDS) / ROUND;
}

static int
lay_out(struct bed *b)
{
	if (rs_arena_init(&b->arena, 128u << 20) != 0 ||
		rs_pool_init(&b->pool, &b->arena, 256, OBJECTS) != 0 ||
		rs_wheel_init(&b->wheel, &b->arena, OBJECTS, 0) != 0 ||
		rs_table_init(&b->table, &b->arena, OBJECTS) != 0)
		return -ENOMEM;
	rs_hist_init(&b->hist);
	for (uint32_t i = 0; i < OBJECTS; i++)
		rs_table_add(&b->table, rs_mix64(i), i);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct bed b;
	static const struct {
		const char *name;
		void (*operation)(struct bed *b);
	} operations[] = {
		{ "token_write", token_write },
		{ "token_read", token_read },
		{ "hash_32_bytes", hash_32_bytes },
		{ "table_hit", table_hit },
		{ "table_miss", table_miss },
		{ "wheel_arm_cancel", wheel_arm_cancel },
		{ "pool_take_give", pool_take_give },
		{ "hist_record", hist_record },
	};
	struct rs_bench bench;

	if (rs_bench_begin(&bench, "base", argc, argv) != 0)
		return 2;
	if (lay_out(&b) != 0) {
		fprintf(stderr, "bench_base: not enough memory\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		rs_bench_figure(
			&bench, operations[i].name, measure(&b, operations[i].operation), "cycles");
	rs_bench_figure(&bench, "wheel_arm_to_fire", wheel_whole_life(&b), "cycles");
	rs_bench_figure(&bench, "mailbox_send_receive", mailbox_send_receive(), "cycles");
	rs_bench_figure(&bench, "mailbox_hop", mailbox_hop(), "cycles");
	rs_arena_fini(&b.arena);
	return rs_bench_end(&bench);
}
