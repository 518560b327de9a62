/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a datagram costs on each side of a pair of ring ports, one core playing both: take, fill,
 * headers, checksum and burst on the way out; burst, judging with checksum, and freeing on the way
 * in. 600 bytes is a SIP message with SDP.
 *
 * TSC cycles a packet, medians of bursts of 32.
 */
#include <rte_eal.h>

#include "bench.h"
#include "net/ip.h"
#include "net/net.h"

#define BURST  32
#define ROUNDS 40000
#define MBUFS  16383

struct bed {
	struct rs_clock clock;
	struct rs_net *net;
	struct rs_net_worker *w;
	struct rs_link link;
	uint64_t send[ROUNDS], receive[ROUNDS];
};

static int
open_bed(struct bed *b)
{
	static const uint32_t workers[] = { 0 };
	struct rs_net_prefix a[] = { { { { 198, 18, 0, 2 }, 4 }, 20 },
		{ { { 0x20, 1, 0, 2, [15] = 2 }, 6 }, 64 } };
	struct rs_net_prefix c[] = { { { { 198, 18, 0, 3 }, 4 }, 20 },
		{ { { 0x20, 1, 0, 2, [15] = 3 }, 6 }, 64 } };
	struct rs_net_port_cfg ports[] = {
		{ .name = "access",
			.device = "ring:x/a",
			.mtu = 1500,
			.addresses = a,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 1 },
		{ .name = "core",
			.device = "ring:x/b",
			.mtu = 1500,
			.addresses = c,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 1 },
	};
	struct rs_net_cfg cfg = {
		.ports = ports, .n_ports = 2, .n_workers = 1, .mbufs = MBUFS, .clock = &b->clock
	};
	struct rs_net_range phones = { .first = { { 198, 18, 4, 0 }, 4 }, .count = 1000 };
	struct rs_err err = { 0 };

	rs_clock_init(&b->clock, 10 * RS_NS_PER_MS);
	if (rs_net_open(&cfg, &b->net, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	b->w = rs_net_worker(b->net, 0);
	b->link = rs_net_link(b->w);
	if (rs_net_set_targets(b->net, a, 2) != 0 ||
		rs_net_set_addresses(b->net, 0, &phones, 1) != 0)
		return -1;
	rs_net_worker_begin(b->w, rs_clock_now(&b->clock));
	return 0;
}

static void
send_burst(struct bed *b, const struct rs_path *path, const uint8_t *data, uint32_t len)
{
	for (unsigned i = 0; i < BURST; i++) {
		struct rs_buf buf;

		if (b->link.take(b->link.ctx, path, &buf) != 0)
			return;
		memcpy(buf.data, data, len);
		(void)b->link.send(b->link.ctx, path, &buf, len);
	}
	rs_net_flush(b->w);
}

/** Both ends until nothing moves, so that neighbours are known and caches warm. */
static void
settle(struct bed *b)
{
	struct rs_rx out[64];
	uint32_t packets;

	for (int i = 0; i < 1000; i++) {
		(void)rs_net_receive(b->w, out, 64, &packets);
		rs_net_release(b->w);
		rs_net_tick(b->w, rs_clock_now(&b->clock));
		rs_net_flush(b->w);
	}
}

static void
measure(struct rs_bench *bench, struct bed *b, const struct rs_path *path, uint32_t len,
	const char *send_name, const char *receive_name)
{
	static uint8_t data[1472];
	struct rs_rx out[64];
	uint64_t got = 0;

	memset(data, 'x', sizeof(data));
	send_burst(b, path, data, len);
	settle(b);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t t0 = rs_bench_tsc(), t1, t2;
		uint32_t packets;

		send_burst(b, path, data, len);
		t1 = rs_bench_tsc();
		got += rs_net_receive(b->w, out, 64, &packets);
		rs_net_release(b->w);
		t2 = rs_bench_tsc();
		b->send[i] = t1 - t0;
		b->receive[i] = t2 - t1;
	}
	if (got != (uint64_t)ROUNDS * BURST)
		fprintf(stderr, "%s: %llu of %llu arrived\n", receive_name, (unsigned long long)got,
			(unsigned long long)ROUNDS * BURST);
	rs_bench_figure(bench, send_name, rs_bench_median(b->send, ROUNDS) / BURST, "cycles");
	rs_bench_figure(bench, receive_name, rs_bench_median(b->receive, ROUNDS) / BURST, "cycles");
}

static void
measure_sum(struct rs_bench *bench, struct bed *b)
{
	static uint8_t data[600];
	uint32_t sum = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t t0 = rs_bench_tsc();

		for (unsigned k = 0; k < BURST; k++)
			sum = rs_ip_sum(data, sizeof(data), sum & 0xffff);
		b->send[i] = rs_bench_tsc() - t0;
	}
	data[0] = (uint8_t)sum;
	rs_bench_figure(bench, "checksum_600", rs_bench_median(b->send, ROUNDS) / BURST, "cycles");
}

int
main(int argc, char **argv)
{
	static char *eal[] = { "bench_net", "--no-huge", "--no-shconf", "--no-pci", "-m", "256",
		"--no-telemetry", "-l", "0", "--log-level", "error" };
	static struct bed bed;
	struct rs_path v4 = { .local = { { 198, 18, 0, 2 }, 4 }, .remote = { { 198, 18, 0, 3 }, 4 }, .local_port = 5060, .remote_port = 5070 };
	struct rs_path v6 = { .local = { { 0x20, 1, 0, 2, [15] = 2 }, 6 }, .remote = { { 0x20, 1, 0, 2, [15] = 3 }, 6 },
		.local_port = 5060, .remote_port = 5070 };
	struct rs_bench bench;

	if (rs_bench_begin(&bench, "net", argc, argv) != 0)
		return 2;
	if (rte_eal_init((int)(sizeof(eal) / sizeof(eal[0])), eal) < 0 || open_bed(&bed) != 0)
		return 6;
	measure(&bench, &bed, &v4, 600, "send_600", "receive_600");
	measure(&bench, &bed, &v6, 600, "send6_600", "receive6_600");
	measure(&bench, &bed, &v4, 100, "send_100", "receive_100");
	measure_sum(&bench, &bed);
	rs_net_close(bed.net);
	(void)rte_eal_cleanup();
	return rs_bench_end(&bench);
}
