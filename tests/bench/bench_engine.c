/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench_engine [--json FILE]
 *
 * What the engine itself takes for a plain call, without ports: two engines joined by buffers in memory, time around each one's
 * input and turns. Keys: uac_cycles, uas_cycles (per call, median and least of rounds of 64 calls); the same in rfc3261 mode, for so
 * long that tombstones come and go: rfc_uac_cycles, rfc_uas_cycles; and with both sides of each call matched (run.legs): legs_uac_cycles,
 * legs_uas_cycles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench.h"
#include "engine/bus.h"
#include "engine/engine.h"

#define BATCH 64
#define ROUNDS 2000
#define RFC_ROUNDS 40000 /* at 64,000 calls/s: 40 s, more than 64*T1 */
#define SLOTS 512
#define BYTES 1472

struct side {
	struct rs_engine *engine;
	struct rs_account *account;
	struct rs_rx out[SLOTS];
	uint8_t bufs[SLOTS][BYTES];
	uint32_t n;
	uint64_t cycles;
	uint64_t now;
};

static int
take(void *ctx, const struct rs_path *path, struct rs_buf *buf)
{
	struct side *s = ctx;

	*buf = (struct rs_buf){ s->bufs[s->n], BYTES, NULL };
	return s->n < SLOTS ? 0 : -ENOBUFS;
}

static int
send_it(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len)
{
	struct side *s = ctx;

	s->out[s->n] = (struct rs_rx){
		.data = buf->data,
		.len = len,
		.kind = RS_RX_SIP,
		.time_ns = s->now,
		.path = { .local = path->remote, .remote = path->local, .local_port = path->remote_port,
			.remote_port = path->local_port, .port = path->port ^ 1 },
	};
	s->n++;
	return 0;
}

static void
drop(void *ctx, struct rs_buf *buf)
{
}

static void
open_side(struct side *s, const struct rs_plan *plan, uint32_t worker, struct rs_bus *bus, uint64_t now)
{
	struct rs_err err;
	struct rs_engine_cfg cfg = { .plan = plan, .worker = worker, .run = 1, .secret = 99, .pid = 4242, .wall_at_ns = now,
		.bus = bus, .link = { .take = take, .send = send_it, .drop = drop, .ctx = s } };

	if (rs_account_create(plan, &s->account) != 0)
		exit(6);
	cfg.account = s->account;
	if (rs_engine_create(&cfg, &s->engine, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(6);
	}
	rs_engine_begin(s->engine, now);
}

/* One side takes what the other sent, and gets its turn. */
static void
play(struct side *s, struct side *from, uint64_t now)
{
	uint64_t t;

	s->n = 0;
	s->now = now;
	t = rs_tsc();
	rs_engine_input(s->engine, now, from->out, from->n);
	rs_engine_turn(s->engine, now);
	rs_engine_flushed(s->engine, now);
	s->cycles += rs_tsc() - t;
	from->n = 0;
}

static const char plan_text[] =
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0 ]; },\n"
	"  { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 1 ]; } );\n"
	"endpoints = ( { name = \"callers\"; kind = \"trunk\"; port = \"a\"; count = 100000; addresses = \"198.18.0.4\"; },\n"
	"  { name = \"callees\"; kind = \"trunk\"; port = \"b\"; count = 100000; addresses = \"198.18.0.5\"; } );\n"
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"%s/uas.xml\"; },\n"
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"%s/uac.xml\"; rate = 64000.0; } );\n"
	"run = { mode = \"%s\"; keep_messages = { calls = 0; }; legs = \"%s\"; };\n";

static uint64_t
cycles_of(struct side *s, uint64_t calls)
{
	return s->cycles / (calls ? calls : 1);
}

/* @return exit status */
static int
measure(struct rs_bench *bench, const char *mode, const char *legs, const char *const names[4], uint32_t rounds)
{
	static uint64_t uac_cycles[RFC_ROUNDS], uas_cycles[RFC_ROUNDS];
	struct side *uac = calloc(1, sizeof(*uac)), *uas = calloc(1, sizeof(*uas));
	struct rs_bus *bus = NULL;
	struct rs_plan *plan;
	struct rs_err err;
	char text[4096];
	uint64_t now = 1000 * RS_NS_PER_S, done = 0;

	snprintf(text, sizeof(text), plan_text, BENCH_SCENARIOS, BENCH_SCENARIOS, mode, legs);
	if (!uac || !uas || rs_plan_parse("bench", text, NULL, 0, &plan, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (rs_bus_create(2, &bus) != 0)
		return 6;
	open_side(uac, plan, 0, bus, now);
	open_side(uas, plan, 1, bus, now);
	for (uint32_t round = 0; round < rounds; round++) {
		now += BATCH * RS_NS_PER_S / 64000;
		uac->cycles = uas->cycles = 0;
		for (unsigned leg = 0; leg < 4; leg++) { /* INVITE; 180 200; ACK BYE; 200 */
			play(uac, uas, now);
			play(uas, uac, now);
		}
		uint64_t completed = rs_metric_get(&uac->account->activities[1].cells, RS_AM_COMPLETED);

		uac_cycles[round] = cycles_of(uac, completed - done);
		uas_cycles[round] = cycles_of(uas, completed - done);
		done = completed;
	}
	if (rs_metric_get(&uac->account->activities[1].cells, RS_AM_FAILED) || done < BATCH * (uint64_t)(rounds - 2)) {
		fprintf(stderr, "%s: only %llu calls completed\n", mode, (unsigned long long)done);
		return 1;
	}
	rs_bench_figure(bench, names[0], rs_bench_median(uac_cycles, rounds), "cycles");
	rs_bench_figure(bench, names[1], rs_bench_median(uas_cycles, rounds), "cycles");
	rs_bench_figure(bench, names[2], (double)uac_cycles[0], "cycles"); /* the median sorts them */
	rs_bench_figure(bench, names[3], (double)uas_cycles[0], "cycles");
	return 0;
}

int
main(int argc, char **argv)
{
	static const char *const plain[] = { "uac_cycles", "uas_cycles", "uac_cycles_least", "uas_cycles_least" };
	static const char *const matched[] = { "legs_uac_cycles", "legs_uas_cycles", "legs_uac_cycles_least", "legs_uas_cycles_least" };
	static const char *const rfc[] = { "rfc_uac_cycles", "rfc_uas_cycles", "rfc_uac_cycles_least", "rfc_uas_cycles_least" };
	struct rs_bench bench;
	int rc;

	if (rs_bench_begin(&bench, "engine", argc, argv) != 0)
		return 2;
	rc = measure(&bench, "sipp", "none", plain, ROUNDS);
	if (rc == 0)
		rc = measure(&bench, "sipp", "auto", matched, ROUNDS);
	if (rc == 0)
		rc = measure(&bench, "rfc3261", "none", rfc, RFC_ROUNDS);
	return rc ? rc : rs_bench_end(&bench);
}
