/* SPDX-License-Identifier: BSD-3-Clause */
/* What crosses a pair of ring ports: real EAL, real mbufs, one worker that has both ends. */
#include "net_rig.h"

#include "base/steer.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#define ACCESS 0
#define CORE   1

static struct rs_net_prefix access_addrs[2], core_addrs[2], targets[2];

static int
open_rig(struct rig *r, uint16_t vlan)
{
	static const uint32_t workers[] = { 0 };
	struct rs_net_port_cfg ports[2] = {
		{ .name = "access",
			.device = "ring:x/a",
			.vlan = vlan,
			.mtu = 1500,
			.addresses = access_addrs,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 1 },
		{ .name = "core",
			.device = "ring:x/b",
			.vlan = vlan,
			.mtu = 1500,
			.addresses = core_addrs,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 1 },
	};
	struct rs_net_cfg cfg = {
		.ports = ports, .n_ports = 2, .n_workers = 1, .mbufs = RIG_MBUFS, .clock = &r->clock
	};
	int rc;

	access_addrs[0] = rig_prefix("198.18.0.2", 20);
	access_addrs[1] = rig_prefix("2001:2::2", 64);
	core_addrs[0] = rig_prefix("198.18.0.3", 20);
	core_addrs[1] = rig_prefix("2001:2::3", 64);
	targets[0] = rig_prefix("198.18.0.0", 21);
	targets[1] = rig_prefix("2001:2::", 64);
	rs_clock_init(&r->clock, 10 * RS_NS_PER_MS);
	rc = rs_net_open(&cfg, &r->net, &r->err);
	if (rc != 0)
		return rc;
	r->w = rs_net_worker(r->net, 0);
	r->link = rs_net_link(r->w);
	return 0;
}

static int
set_up(void **state)
{
	static struct rig r;

	r = (struct rig){ 0 };
	if (open_rig(&r, 0) != 0) {
		fprintf(stderr, "%s\n", r.err.text);
		return -1;
	}
	assert_int_equal(rs_net_set_targets(r.net, targets, 2), 0);
	rs_net_worker_begin(r.w, rs_clock_now(&r.clock));
	rig_settle(&r);
	*state = &r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	rs_net_close(r->net);
	return 0;
}

static struct rs_path
path4(void)
{
	return (struct rs_path){ .local = rig_addr("198.18.0.2"),
		.remote = rig_addr("198.18.0.3"),
		.local_port = 5060,
		.remote_port = 5070,
		.port = ACCESS };
}

static struct rs_path
path6(void)
{
	return (struct rs_path){ .local = rig_addr("2001:2::2"),
		.remote = rig_addr("2001:2::3"),
		.local_port = 5060,
		.remote_port = 5070,
		.port = ACCESS };
}

static void
check_delivery(struct rig *r, const struct rs_path *path, const void *data, uint32_t len)
{
	struct rs_rx out[64];
	uint32_t n = 0;

	assert_int_equal(rig_send(r, path, data, len), 0);
	for (int i = 0; i < 10 && n == 0; i++)
		n = rig_turn(r, out, 64);
	assert_int_equal(n, 1);
	assert_int_equal(out[0].kind, RS_RX_SIP);
	assert_int_equal(out[0].len, len);
	assert_memory_equal(out[0].data, data, len);
	assert_true(rs_addr_eq(&out[0].path.local, &path->remote));
	assert_true(rs_addr_eq(&out[0].path.remote, &path->local));
	assert_int_equal(out[0].path.local_port, path->remote_port);
	assert_int_equal(out[0].path.remote_port, path->local_port);
	assert_int_equal(out[0].path.port, CORE);
	assert_true(out[0].time_ns != 0);
	rs_net_release(r->w);
}

static void
datagram_crosses_over_ipv4_after_arp(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();

	assert_int_equal(rs_net_resolve(r->w, &path, rs_clock_now(&r->clock)), -EINPROGRESS);
	check_delivery(r, &path, "hello", 5);
	assert_int_equal(rs_net_resolve(r->w, &path, rs_clock_now(&r->clock)), 0);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), 1);
	assert_true(rig_count(r, CORE, RS_NET_RX_ARP) >= 1);
	assert_true(rig_count(r, ACCESS, RS_NET_RX_ARP) >= 1);
	assert_int_equal(
		rig_count(r, ACCESS, RS_NET_TX_PACKETS), rig_count(r, CORE, RS_NET_RX_PACKETS));
	assert_int_equal(
		rig_count(r, ACCESS, RS_NET_TX_BYTES), rig_count(r, CORE, RS_NET_RX_BYTES));
}

static void
datagram_crosses_over_ipv6_after_nd(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path6();

	check_delivery(r, &path, "hello", 5);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), 1);
	assert_true(rig_count(r, CORE, RS_NET_RX_ND) >= 1);
}

static void
largest_datagram_is_what_the_mtu_leaves(void **state)
{
	struct rig *r = *state;
	struct rs_path v4 = path4(), v6 = path6();
	struct rs_buf buf;
	char data[1472];

	memset(data, 'x', sizeof(data));
	assert_int_equal(r->link.take(r->link.ctx, &v4, &buf), 0);
	assert_int_equal(buf.cap, 1472);
	r->link.drop(r->link.ctx, &buf);
	assert_int_equal(r->link.take(r->link.ctx, &v6, &buf), 0);
	assert_int_equal(buf.cap, 1452);
	assert_int_equal(r->link.send(r->link.ctx, &v6, &buf, 1453), -EMSGSIZE);
	check_delivery(r, &v4, data, 1472);
	check_delivery(r, &v6, data, 1452);
	check_delivery(r, &v4, data, 0);
}

static void
destination_outside_targets_is_refused(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();

	path.remote = rig_addr("198.18.8.1"); /* on the link, but in no target */
	assert_int_equal(rig_send(r, &path, "x", 1), -EACCES);
	assert_int_equal(rs_net_resolve(r->w, &path, 1), -EACCES);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_NOT_TARGET), 1);
	rig_settle(r);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), 0);
}

static void
destination_without_route_is_refused(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	struct rs_net_prefix everywhere = rig_prefix("0.0.0.0", 0);

	assert_int_equal(rs_net_set_targets(r->net, &everywhere, 1), 0);
	rs_net_worker_begin(r->w, rs_clock_now(&r->clock));
	path.remote = rig_addr("198.19.0.1");
	assert_int_equal(rig_send(r, &path, "x", 1), -EHOSTUNREACH);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_NO_ROUTE), 1);
}

static void
neighbour_that_does_not_answer_ends_in_refusal(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	uint64_t now = rs_clock_now(&r->clock);

	path.remote = rig_addr("198.18.0.9");
	assert_int_equal(rig_send(r, &path, "x", 1), 0);
	for (int i = 0; i < 100; i++) {
		struct rs_rx out[64];
		uint32_t packets;

		now += 50 * RS_NS_PER_MS;
		rs_net_tick(r->w, now);
		rs_net_flush(r->w);
		assert_int_equal(rs_net_receive(r->w, out, 64, &packets), 0);
		if (rig_count(r, ACCESS, RS_NET_TX_UNRESOLVED))
			break;
	}
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_UNRESOLVED), 1);
	assert_int_equal(rig_send(r, &path, "x", 1), -EHOSTUNREACH);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_UNRESOLVED), 2);
}

/** Put a frame on the wire towards CORE as a foreign sender would: below our output. */
static void
inject(struct rig *r, const uint8_t *frame, uint32_t len)
{
	struct rs_path path = path4();
	struct rte_mbuf *m;
	struct rs_buf buf;
	uint16_t dev;

	assert_int_equal(r->link.take(r->link.ctx, &path, &buf), 0);
	m = buf.opaque;
	memcpy(buf.data, frame, len);
	m->pkt_len = len;
	m->data_len = (uint16_t)len;
	/* What a sender on another core may leave behind. */
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD |
		RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 99;
	RTE_ETH_FOREACH_DEV(dev)
	{
		char name[RTE_ETH_NAME_MAX_LEN];

		assert_int_equal(rte_eth_dev_get_name_by_port(dev, name), 0);
		if (name[strlen(name) - 1] == '0') /* the end whose index is 0: ACCESS */
			assert_int_equal(rte_eth_tx_burst(dev, 0, &m, 1), 1);
	}
}

static void
wrong_checksum_is_counted_not_believed(void **state)
{
	struct rig *r = *state;
	const uint8_t *mac = rs_net_port_info(r->net, CORE)->mac;
	/* 198.18.0.2:5060 > 198.18.0.3:5070, "hi", UDP checksum 0xbad0 (wrong) */
	uint8_t frame[] = { 0, 0, 0, 0, 0, 0, 2, 9, 9, 9, 9, 9, 0x08, 0x00, 0x45, 0, 0, 30, 0, 0,
		0x40, 0, 64, 17, 0xae, 0xa7, 198, 18, 0, 2, 198, 18, 0, 3, 0x13, 0xc4, 0x13, 0xce,
		0, 10, 0xba, 0xd0, 'h', 'i' };

	memcpy(frame, mac, 6);
	inject(r, frame, sizeof(frame));
	rig_settle(r);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_BAD_CHECKSUM), 1);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), 0);
}

static void
full_ring_drops_and_counts(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	struct rs_rx out[64];
	uint32_t packets, n = 0, got = 0;

	check_delivery(r, &path, "first", 5);
	/*
	 * More than the pool holds, with nobody reading: the ring (4,096) and the pool (4,095) end
	 * it.
	 */
	while (rig_send(r, &path, "x", 1) == 0)
		n++;
	rs_net_flush(r->w);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_NO_MBUF), 1);
	do {
		got = rs_net_receive(r->w, out, 64, &packets);
		rs_net_release(r->w);
		n -= got;
	} while (packets);
	assert_int_equal(n + 0, rig_count(r, ACCESS, RS_NET_TX_FULL));
	assert_true(rig_count(r, CORE, RS_NET_RX_FULL_BURSTS) > 10);
	check_delivery(r, &path, "again", 5);
}

static void
detached_item_comes_back_whole(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	struct rs_rx out[64], back;
	uint32_t n = 0;
	void *mbuf;

	assert_int_equal(rig_send(r, &path, "kept", 4), 0);
	for (int i = 0; i < 10 && n == 0; i++)
		n = rig_turn(r, out, 64);
	assert_int_equal(n, 1);
	mbuf = rs_net_detach(r->w, &out[0]);
	rs_net_release(r->w);
	rig_settle(r);
	rs_net_attach(r->w, mbuf, &back);
	assert_int_equal(back.len, 4);
	assert_memory_equal(back.data, "kept", 4);
	assert_int_equal(back.path.local_port, 5070);
	rs_net_release(r->w);
}

static void
count_flush(void *ctx, uint64_t time_ns)
{
	uint64_t *seen = ctx;

	*seen = time_ns;
}

static void
flush_tells_the_time_before_the_burst(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	uint64_t seen = 0, before;

	check_delivery(r, &path, "first", 5);
	rs_net_on_flush(r->w, count_flush, &seen);
	rs_net_flush(r->w);
	assert_int_equal(seen, 0); /* nothing was queued */
	before = rs_clock_now(&r->clock);
	assert_int_equal(rig_send(r, &path, "x", 1), 0);
	assert_int_equal(seen, 0);
	rs_net_flush(r->w);
	assert_true(seen >= before && seen <= rs_clock_now(&r->clock));
}

static void
own_ranges_are_taken_over_at_begin(void **state)
{
	struct rig *r = *state;
	struct rs_net_range range = { .first = rig_addr("198.18.4.0"), .count = 1000 };
	struct rs_path path = path4();

	path.remote = rig_addr("198.18.7.231"); /* the last of the range */
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_net_set_addresses(r->net, CORE, &range, 1), 0);
	rs_net_worker_begin(r->w, rs_clock_now(&r->clock));
	check_delivery(r, &path, "range", 5);
	rig_settle(r);
	assert_int_equal(rs_net_set_addresses(r->net, CORE, NULL, 0), 0);
	rs_net_worker_begin(r->w, rs_clock_now(&r->clock));
	rig_settle(r);
	assert_int_equal(rig_send(r, &path, "gone", 4), 0);
	rig_settle(r);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_NOT_OURS), 1);
}

static void
tagged_pair_talks_in_its_vlan(void **state)
{
	struct rig r = { 0 };
	struct rs_path path = path4();

	(void)state;
	assert_int_equal(open_rig(&r, 100), 0);
	assert_int_equal(rs_net_set_targets(r.net, targets, 2), 0);
	rs_net_worker_begin(r.w, rs_clock_now(&r.clock));
	rig_settle(&r);
	check_delivery(&r, &path, "tagged", 6);
	path = path6();
	check_delivery(&r, &path, "tagged", 6);
	rs_net_close(r.net);
}

/** Both workers take a turn each, in this one thread. @return items that worker @at got */
static uint32_t
turns(struct rig *r, uint32_t at, struct rs_rx *out)
{
	uint32_t got = 0;

	for (uint32_t i = 0; i < 2; i++) {
		struct rs_net_worker *w = rs_net_worker(r->net, i);
		struct rs_rx other[64];
		uint32_t packets, n;

		rs_net_flush(w);
		n = rs_net_receive(w, i == at ? out : other, 64, &packets);
		assert_true(i == at || n == 0);
		got += n;
		rs_net_tick(w, rs_clock_now(&r->clock));
		rs_net_flush(w);
	}
	return got;
}

static void
workers_of_one_port_share_what_its_owner_knows(void **state)
{
	static const uint32_t workers[] = { 0, 1 };
	struct rig r = { 0 };
	struct rs_net_port_cfg ports[2] = {
		{ .name = "access",
			.device = "ring:two/a",
			.mtu = 1500,
			.addresses = access_addrs,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 2,
			.steering = RS_STEER_PAIR },
		{ .name = "core",
			.device = "ring:two/b",
			.mtu = 1500,
			.addresses = core_addrs,
			.n_addresses = 2,
			.workers = workers,
			.n_workers = 2,
			.steering = RS_STEER_PAIR },
	};
	struct rs_net_cfg cfg = {
		.ports = ports, .n_ports = 2, .n_workers = 2, .mbufs = RIG_MBUFS, .clock = &r.clock
	};
	struct rs_path path = path4();
	struct rs_rx out[64];
	uint32_t n = 0;

	(void)state;
	rs_clock_init(&r.clock, 10 * RS_NS_PER_MS);
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), 0);
	assert_int_equal(rs_net_set_targets(r.net, targets, 2), 0);
	for (uint32_t i = 0; i < 2; i++)
		rs_net_worker_begin(rs_net_worker(r.net, i), rs_clock_now(&r.clock));
	for (int i = 0; i < 100; i++) {
		(void)turns(&r, 0, out);
		for (uint32_t k = 0; k < 2; k++)
			rs_net_release(rs_net_worker(r.net, k));
	}
	/* Worker 1 sends, the owner (0) asks for it, hears the answer and passes it on. */
	r.link = rs_net_link(rs_net_worker(r.net, 1));
	assert_int_equal(rig_send(&r, &path, "second", 6), 0);
	for (int i = 0; i < 20 && n == 0; i++)
		n = turns(&r, 1, out);
	assert_int_equal(n, 1);
	assert_memory_equal(out[0].data, "second", 6);
	assert_true(rs_metric_get(rs_net_metrics(r.net, 0, ACCESS), RS_NET_TX_PACKETS) > 0);
	assert_int_equal(rs_metric_get(rs_net_metrics(r.net, 1, ACCESS), RS_NET_TX_PACKETS), 1);
	assert_string_equal(rs_net_port_info(r.net, ACCESS)->steering, "queue pair");
	rs_net_close(r.net);
}

static void
port_that_eal_has_is_used_and_left(void **state)
{
	static const uint32_t workers[] = { 0 };
	struct rte_ring *ring = rte_ring_create("loop", 64, SOCKET_ID_ANY, 0);
	int dev = rte_eth_from_ring(ring);
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rs_net_port_cfg port = {
		.name = "there", .device = name, .workers = workers, .n_workers = 1
	};
	struct rig r = { 0 };
	struct rs_net_cfg cfg = {
		.ports = &port, .n_ports = 1, .n_workers = 1, .mbufs = 1023, .clock = &r.clock
	};

	(void)state;
	assert_true(dev >= 0);
	assert_int_equal(rte_eth_dev_get_name_by_port((uint16_t)dev, name), 0);
	rs_clock_init(&r.clock, RS_NS_PER_MS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), 0);
		assert_string_equal(rs_net_port_info(r.net, 0)->driver, "net_ring");
		assert_int_equal(rs_net_port_info(r.net, 0)->mtu, 1500);
		rs_net_close(r.net);
		assert_true(rte_eth_dev_is_valid_port((uint16_t)dev));
	}
	assert_int_equal(rte_eth_dev_close((uint16_t)dev), 0);
	rte_ring_free(ring);
}

static void
unequal_ends_are_refused(void **state)
{
	static const uint32_t workers[] = { 0, 1 };
	struct rs_net_port_cfg ports[2] = {
		{ .name = "access", .device = "ring:z/a", .workers = workers, .n_workers = 2, .steering = RS_STEER_PAIR },
		{ .name = "core", .device = "ring:z/b", .workers = workers, .n_workers = 1 },
	};
	struct rig r = { 0 };
	struct rs_net_cfg cfg = {
		.ports = ports, .n_ports = 2, .n_workers = 2, .mbufs = 1023, .clock = &r.clock
	};

	(void)state;
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -EINVAL);
	assert_non_null(strstr(r.err.text, "the same number"));
	cfg.n_workers = 1;
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -EINVAL);
	assert_non_null(strstr(r.err.text, "does not exist"));
}

static void
one_end_alone_is_refused_with_a_remedy(void **state)
{
	static const uint32_t workers[] = { 0 };
	struct rs_net_port_cfg port = { .name = "lonely",
		.device = "ring:y/a",
		.mtu = 1500,
		.workers = workers,
		.n_workers = 1 };
	struct rig r = { 0 };
	struct rs_net_cfg cfg = {
		.ports = &port, .n_ports = 1, .n_workers = 1, .mbufs = 1023, .clock = &r.clock
	};

	(void)state;
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -EINVAL);
	assert_non_null(strstr(r.err.text, "ring:y/b"));
	port.device = "net_af_packet0,iface=rs-absent";
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -ENODEV);
	assert_non_null(strstr(r.err.text, "rs-absent"));
	assert_non_null(strstr(r.err.text, "lonely"));
	port.device = "net_af_xdp0";
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -EINVAL);
	assert_non_null(strstr(r.err.text, "iface="));
}

static void
every_buffer_comes_home(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path4();
	struct rs_buf buf[RIG_MBUFS + 1];
	uint32_t n = 0;

	check_delivery(r, &path, "first", 5);
	rig_settle(r);
	while (n <= RIG_MBUFS && r->link.take(r->link.ctx, &path, &buf[n]) == 0)
		n++;
	assert_int_equal(n, RIG_MBUFS);
	while (n)
		r->link.drop(r->link.ctx, &buf[--n]);
}

#define RIG_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

static void
a_port_that_was_not_looked_at_tells_nothing_of_misses(void **state)
{
	static const uint32_t workers[] = { 0 };
	struct rs_net_port_cfg port = { .name = "endless", .device = "net_null1", .workers = workers, .n_workers = 1 };
	struct rig r = { 0 };
	struct rs_net_cfg cfg = { .ports = &port, .n_ports = 1, .n_workers = 1, .mbufs = 1023, .clock = &r.clock };
	struct rs_rx out[32];
	uint32_t packets;

	(void)state;
	rs_clock_init(&r.clock, RS_NS_PER_MS);
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), 0);
	/* Always more than is taken; in every other turn other ports have used up all that a turn takes. */
	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(rs_net_receive(rs_net_worker(r.net, 0), out, i % 2 ? 32 : 0, &packets), 0);
		assert_int_equal(packets, i % 2 ? 32 : 0);
	}
	assert_true(rs_metric_get(rs_net_metrics(r.net, 0, 0), RS_NET_MISSES_INFERRED) > 0);
	rs_net_close(r.net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(datagram_crosses_over_ipv4_after_arp),
		RIG_TEST(datagram_crosses_over_ipv6_after_nd),
		RIG_TEST(largest_datagram_is_what_the_mtu_leaves),
		RIG_TEST(destination_outside_targets_is_refused),
		RIG_TEST(destination_without_route_is_refused),
		RIG_TEST(neighbour_that_does_not_answer_ends_in_refusal),
		RIG_TEST(wrong_checksum_is_counted_not_believed),
		RIG_TEST(full_ring_drops_and_counts),
		RIG_TEST(detached_item_comes_back_whole),
		RIG_TEST(flush_tells_the_time_before_the_burst),
		RIG_TEST(own_ranges_are_taken_over_at_begin),
		RIG_TEST(every_buffer_comes_home),
		cmocka_unit_test(tagged_pair_talks_in_its_vlan),
		cmocka_unit_test(workers_of_one_port_share_what_its_owner_knows),
		cmocka_unit_test(port_that_eal_has_is_used_and_left),
		cmocka_unit_test(a_port_that_was_not_looked_at_tells_nothing_of_misses),
		cmocka_unit_test(unequal_ends_are_refused),
		cmocka_unit_test(one_end_alone_is_refused_with_a_remedy),
	};

	return cmocka_run_group_tests(tests, rig_eal, rig_eal_end);
}
