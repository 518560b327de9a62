/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports with several workers: ring ports whose senders do what a device does with key and table, and what devices are told. One
 * thread takes the turns of all workers.
 */
#include "net_rig.h"

#include "net/flow.h"
#include "net/private.h"

#define WORKERS 4
#define A	0
#define B	1
#define PHONES	64

static const uint32_t workers[WORKERS] = { 0, 1, 2, 3 };
static struct rs_net_prefix a_addrs[2], b_addrs[2], targets[2];

static int
open_pair(struct rig *r, uint32_t n_a, uint32_t n_b, uint8_t steering)
{
	struct rs_net_range phones[] = { { .first = rig_addr("198.18.4.0"), .count = PHONES },
		{ .first = rig_addr("2001:2::4:0"), .count = PHONES } };
	struct rs_net_port_cfg ports[2] = {
		{ .name = "a", .device = "ring:s/a", .addresses = a_addrs, .n_addresses = 2, .workers = workers, .n_workers = n_a,
			.steering = steering },
		{ .name = "b", .device = "ring:s/b", .addresses = b_addrs, .n_addresses = 2, .workers = workers, .n_workers = n_b,
			.steering = steering },
	};
	struct rs_net_cfg cfg = { .ports = ports, .n_ports = 2, .n_workers = WORKERS, .mbufs = RIG_MBUFS, .clock = &r->clock };
	int rc;

	*r = (struct rig){ 0 };
	a_addrs[0] = rig_prefix("198.18.0.2", 20);
	a_addrs[1] = rig_prefix("2001:2::2", 64);
	b_addrs[0] = rig_prefix("198.18.0.3", 20);
	b_addrs[1] = rig_prefix("2001:2::3", 64);
	targets[0] = rig_prefix("198.18.0.0", 20);
	targets[1] = rig_prefix("2001:2::", 64);
	rs_clock_init(&r->clock, 10 * RS_NS_PER_MS);
	rc = rs_net_open(&cfg, &r->net, &r->err);
	if (rc != 0)
		return rc;
	assert_int_equal(rs_net_set_targets(r->net, targets, 2), 0);
	assert_int_equal(rs_net_set_addresses(r->net, B, phones, 2), 0);
	for (uint32_t w = 0; w < WORKERS; w++)
		rs_net_worker_begin(rs_net_worker(r->net, w), rs_clock_now(&r->clock));
	return 0;
}

struct got {
	uint32_t n;
	uint32_t by[WORKERS];
	uint32_t misplaced; /* not at the worker that owns the address */
};

/* A turn of each worker; datagrams to port B are looked at. */
static void
turns(struct rig *r, struct got *got)
{
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct rs_net_worker *w = rs_net_worker(r->net, i);
		struct rs_rx out[64];
		uint32_t packets, n;

		n = rs_net_receive(w, out, 64, &packets);
		for (uint32_t k = 0; k < n; k++) {
			const struct rs_path *p = &out[k].path;

			assert_int_equal(p->port, B);
			got->n++;
			got->by[i]++;
			got->misplaced += rs_steer_queue(&p->local, p->local_port, RS_STEER_BITS,
						  rs_net_port_info(r->net, B)->rx_queues) != i;
		}
		rs_net_release(w);
		rs_net_tick(w, rs_clock_now(&r->clock));
		rs_net_flush(w);
	}
}

static void
settle(struct rig *r, struct got *got)
{
	for (int i = 0; i < 40; i++)
		turns(r, got);
}

/* From each worker of A to each phone at B, some ports of it. */
static void
send_to_phones(struct rig *r, uint32_t n_senders, const char *first, const char *from, struct got *got)
{
	struct rs_addr phones = rig_addr(first);

	for (uint32_t w = 0; w < n_senders; w++) {
		r->link = rs_net_link(rs_net_worker(r->net, w));
		for (uint32_t i = 0; i < PHONES; i++)
			for (uint16_t port = 5060; port < 5068; port++) {
				struct rs_path path = { .local = rig_addr(from), .remote = rs_addr_plus(&phones, i),
					.local_port = (uint16_t)(5060 + w), .remote_port = port, .port = A };

				assert_int_equal(rig_send(r, &path, "x", 1), 0);
			}
		for (int i = 0; i < 20; i++)
			turns(r, got);
	}
	settle(r, got);
}

static void
a_hardware_key_brings_each_packet_to_its_owner(void **state)
{
	static const uint32_t shapes[][2] = { { 4, 4 }, { 4, 3 }, { 1, 4 }, { 3, 2 } };

	(void)state;
	for (size_t i = 0; i < RTE_DIM(shapes); i++) {
		uint32_t n_a = shapes[i][0], n_b = shapes[i][1];
		struct got got = { 0 };
		struct rig r;

		assert_int_equal(open_pair(&r, n_a, n_b, RS_STEER_AUTO), 0);
		assert_string_equal(rs_net_port_info(r.net, B)->steering, "hardware key");
		assert_int_equal(rs_net_port_info(r.net, B)->steer_bits, RS_STEER_BITS);
		assert_int_equal(rs_net_port_info(r.net, B)->rx_queues, n_b);
		assert_int_equal(rs_net_port_info(r.net, B)->tx_queues, n_a);
		settle(&r, &got);
		send_to_phones(&r, n_a, "198.18.4.0", "198.18.0.2", &got);
		send_to_phones(&r, n_a, "2001:2::4:0", "2001:2::2", &got);
		assert_int_equal(got.n, 2 * n_a * PHONES * 8);
		assert_int_equal(got.misplaced, 0);
		for (uint32_t w = 0; w < n_b; w++)
			assert_in_range(got.by[w], got.n / n_b - got.n / 16, got.n / n_b + got.n / 16);
		rs_net_close(r.net);
	}
}

static void
the_main_peers_constant_is_taken_over(void **state)
{
	struct rs_addr peer, four = rig_addr("198.18.0.2");
	struct got got = { 0 };
	struct rig r;

	(void)state;
	assert_int_equal(open_pair(&r, 4, 4, RS_STEER_KEY), 0);
	/* Bit 94: the last one of the second group behind the prefix; all of its packets are off by one. */
	peer = rig_addr("2001:2::0:2:0:2");
	assert_int_equal(rs_steer_peer(&peer, RS_STEER_BITS), 1);
	settle(&r, &got);
	send_to_phones(&r, 4, "2001:2::4:0", "2001:2::0:2:0:2", &got);
	assert_int_equal(got.n, 4 * PHONES * 8);
	assert_int_equal(got.misplaced, got.n);
	assert_int_equal(rs_net_set_peer(r.net, B, &peer), 0);
	got = (struct got){ 0 };
	send_to_phones(&r, 4, "2001:2::4:0", "2001:2::0:2:0:2", &got);
	assert_int_equal(got.n, 4 * PHONES * 8);
	assert_int_equal(got.misplaced, 0);
	got = (struct got){ 0 };
	send_to_phones(&r, 4, "198.18.4.0", "198.18.0.2", &got); /* the price of it */
	assert_int_equal(got.misplaced, got.n);
	assert_int_equal(rs_net_set_peer(r.net, B, &four), 0);
	got = (struct got){ 0 };
	send_to_phones(&r, 4, "198.18.4.0", "198.18.0.2", &got);
	assert_int_equal(got.misplaced, 0);
	rs_net_close(r.net);
}

static void
a_device_with_a_key_of_its_own_spreads_by_another_rule(void **state)
{
	struct got got = { 0 };
	struct rig r;

	(void)state;
	assert_int_equal(open_pair(&r, 4, 4, RS_STEER_SOFTWARE), 0);
	assert_string_equal(rs_net_port_info(r.net, B)->steering, "software");
	settle(&r, &got);
	send_to_phones(&r, 4, "198.18.4.0", "198.18.0.2", &got);
	assert_int_equal(got.n, 4 * PHONES * 8);
	assert_in_range(got.misplaced, got.n * 5 / 8, got.n * 7 / 8); /* three of four, by chance */
	rs_net_close(r.net);
}

static void
queue_pairs_bring_packets_to_the_senders_number(void **state)
{
	struct got got = { 0 };
	struct rig r;

	(void)state;
	assert_int_equal(open_pair(&r, 4, 4, RS_STEER_PAIR), 0);
	assert_string_equal(rs_net_port_info(r.net, A)->steering, "queue pair");
	settle(&r, &got);
	send_to_phones(&r, 2, "198.18.4.0", "198.18.0.2", &got);
	assert_int_equal(got.by[0], PHONES * 8);
	assert_int_equal(got.by[1], PHONES * 8);
	assert_int_equal(got.n, 2 * PHONES * 8);
	rs_net_close(r.net);
}

static void
what_a_device_cannot_do_is_refused_when_the_plan_insists(void **state)
{
	struct rs_net_port_cfg port = { .name = "p", .device = "net_null0", .workers = workers, .n_workers = 2 };
	struct rig r = { 0 };
	struct rs_net_cfg cfg = { .ports = &port, .n_ports = 1, .n_workers = 2, .mbufs = 1023, .clock = &r.clock };

	(void)state;
	rs_clock_init(&r.clock, RS_NS_PER_MS);
	assert_int_equal(open_pair(&r, 2, 2, RS_STEER_FLOW), -EINVAL);
	assert_non_null(strstr(r.err.text, "cannot be steered by rte_flow"));
	assert_int_equal(open_pair(&r, 3, 2, RS_STEER_PAIR), -EINVAL);
	for (uint8_t mode = RS_STEER_KEY; mode <= RS_STEER_FLOW; mode++) {
		port.steering = mode;
		assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), -EINVAL);
		assert_non_null(strstr(r.err.text, rs_steer_mode_name(mode)));
		assert_non_null(strstr(r.err.text, "\"software\""));
	}
	port.steering = RS_STEER_AUTO;
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), 0);
	assert_string_equal(rs_net_port_info(r.net, 0)->steering, "software");
	rs_net_close(r.net);
	port.n_workers = 1; /* nothing to steer: nothing to refuse */
	port.steering = RS_STEER_FLOW;
	assert_int_equal(rs_net_open(&cfg, &r.net, &r.err), 0);
	assert_string_equal(rs_net_port_info(r.net, 0)->steering, "single queue");
	rs_net_close(r.net);
}

/* --- what devices are told: net_null takes key and table, and hashes nothing --- */

static uint16_t
null_device(void)
{
	uint16_t dev = 0;
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_RSS };
	struct rte_mempool *pool = rte_pktmbuf_pool_create("null", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	assert_non_null(pool);
	assert_int_equal(rte_dev_probe("net_null7"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null7", &dev), 0);
	assert_int_equal(rte_eth_dev_configure(dev, 4, 4, &conf), 0);
	for (uint16_t q = 0; q < 4; q++) {
		assert_int_equal(rte_eth_rx_queue_setup(dev, q, 64, SOCKET_ID_ANY, NULL, pool), 0);
		assert_int_equal(rte_eth_tx_queue_setup(dev, q, 64, SOCKET_ID_ANY, NULL), 0);
	}
	assert_int_equal(rte_eth_dev_start(dev), 0);
	return dev;
}

static void
a_device_gets_key_and_table(void **state)
{
	uint16_t dev = null_device();
	struct rs_net_port p = { .dev = dev, .name = "p", .device = "0000:3b:00.0", .kind = RS_NET_KIND_PCI, .n_workers = 4,
		.mode = RS_STEER_KEY };
	struct rte_eth_rss_reta_entry64 reta[RS_STEER_RETA_MAX / RTE_ETH_RETA_GROUP_SIZE] = { 0 };
	struct rs_net_prefix v6 = rig_prefix("2001:2::1", 64);
	uint8_t want[RS_STEER_KEY_MAX], key[RS_STEER_KEY_MAX] = { 0 };
	struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = sizeof(key) };
	struct rte_eth_conf eth = { 0 };
	struct rte_eth_dev_info info;

	(void)state;
	assert_int_equal(rte_eth_dev_info_get(dev, &info), 0);
	assert_null(rs_net_rss_refusal(&p, &info));
	rs_net_rss_configure(&p, &info, &eth);
	assert_int_equal(1u << p.steer_bits, info.reta_size);
	assert_int_equal(eth.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
	assert_ptr_equal(eth.rx_adv_conf.rss_conf.rss_key, p.rss_key);
	assert_int_equal(eth.rx_adv_conf.rss_conf.rss_hf & ~(uint64_t)(RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP), 0);
	assert_int_equal(p.rss_hf, RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV4_TCP);
	for (uint32_t c = 0; c < 2; c++) {
		p.peer = c;
		assert_int_equal(c ? rs_net_rss_table(&p) : rs_net_rss_program(&p), 0);
		reta[0].mask = UINT64_MAX;
		for (uint32_t i = 0; i < info.reta_size / RTE_ETH_RETA_GROUP_SIZE; i++)
			reta[i].mask = UINT64_MAX;
		assert_int_equal(rte_eth_dev_rss_reta_query(dev, reta, info.reta_size), 0);
		for (uint32_t e = 0; e < info.reta_size; e++)
			assert_int_equal(reta[e / RTE_ETH_RETA_GROUP_SIZE].reta[e % RTE_ETH_RETA_GROUP_SIZE],
				rs_steer_entry(e, p.steer_bits, 4, c));
	}
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(dev, &conf), 0);
	rs_steer_key(p.steer_bits, want, sizeof(want));
	assert_memory_equal(key, want, RS_STEER_KEY_MIN);

	/* What makes a device unfit. */
	p.prefixes = &v6;
	p.ifc.n_prefixes = 1;
	info.flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_UDP;
	assert_non_null(rs_net_rss_refusal(&p, &info));
	p.ifc.n_prefixes = 0;
	assert_null(rs_net_rss_refusal(&p, &info));
	info.hash_key_size = 16;
	assert_non_null(rs_net_rss_refusal(&p, &info));
	info.hash_key_size = 52;
	info.reta_size = 4096;
	assert_non_null(rs_net_rss_refusal(&p, &info));
	info.reta_size = 32;
	assert_non_null(rs_net_rss_refusal(&p, &info));
	info.reta_size = 128;
	assert_null(rs_net_rss_refusal(&p, &info));
	rs_net_rss_configure(&p, &info, &eth);
	assert_int_equal(p.steer_bits, 7);
	assert_int_equal(p.rss_key_len, 52);

	/* Rules: this device has none, and says so. */
	assert_true(rs_net_flow_check(&p) < 0);
	assert_int_equal(rs_net_flow_set(&p, NULL, 0), 0); /* none wanted, none refused */
	rs_net_flow_clear(&p);
	struct rs_net_range one = { .first = rig_addr("198.18.4.1"), .count = 3, .port = 5060, .ports = 2 };
	assert_int_equal(rs_net_flow_set(&p, &one, 1), -ENOTSUP);
	assert_null(p.flows);
	one.count = 100000;
	p.n_workers = 3; /* too many addresses, and three is no power of two */
	assert_int_equal(rs_net_flow_set(&p, &one, 1), -EINVAL);
	assert_int_equal(rte_eth_dev_stop(dev), 0);
	assert_int_equal(rte_eth_dev_close(dev), 0);
}

static void
a_rule_in_flow_words_is_what_it_was(void **state)
{
	struct rs_steer_rule four = { .addr = rig_addr("198.18.4.1"), .mask = rig_addr("255.255.255.255"), .port = 5060,
		.port_mask = 0xfffe, .queue = 3 };
	struct rs_steer_rule six = { .addr = rig_addr("::1"), .mask = rig_addr("::3"), .queue = 1 };
	struct rs_net_flow_words w;

	(void)state;
	rs_net_flow_say(&four, RS_IPPROTO_UDP, 0, &w);
	assert_true(w.attr.ingress && !w.attr.egress);
	assert_int_equal(w.items[0].type, RTE_FLOW_ITEM_TYPE_ETH);
	assert_null(w.items[0].spec);
	assert_int_equal(w.items[1].type, RTE_FLOW_ITEM_TYPE_IPV4);
	assert_memory_equal(&((const struct rte_flow_item_ipv4 *)w.items[1].spec)->hdr.dst_addr, four.addr.b, 4);
	assert_int_equal(((const struct rte_flow_item_ipv4 *)w.items[1].mask)->hdr.dst_addr, UINT32_MAX);
	assert_int_equal(((const struct rte_flow_item_ipv4 *)w.items[1].mask)->hdr.src_addr, 0);
	assert_int_equal(w.items[2].type, RTE_FLOW_ITEM_TYPE_UDP);
	assert_int_equal(((const struct rte_flow_item_udp *)w.items[2].spec)->hdr.dst_port, RTE_BE16(5060));
	assert_int_equal(((const struct rte_flow_item_udp *)w.items[2].mask)->hdr.dst_port, RTE_BE16(0xfffe));
	assert_int_equal(((const struct rte_flow_item_udp *)w.items[2].mask)->hdr.src_port, 0);
	assert_int_equal(w.items[3].type, RTE_FLOW_ITEM_TYPE_END);
	assert_int_equal(w.actions[0].type, RTE_FLOW_ACTION_TYPE_QUEUE);
	assert_int_equal(((const struct rte_flow_action_queue *)w.actions[0].conf)->index, 3);
	assert_int_equal(w.actions[1].type, RTE_FLOW_ACTION_TYPE_END);

	rs_net_flow_say(&four, RS_IPPROTO_TCP, 0, &w);
	assert_int_equal(w.items[2].type, RTE_FLOW_ITEM_TYPE_TCP);
	assert_int_equal(((const struct rte_flow_item_tcp *)w.items[2].spec)->hdr.dst_port, RTE_BE16(5060));
	assert_int_equal(((const struct rte_flow_item_tcp *)w.items[2].mask)->hdr.dst_port, RTE_BE16(0xfffe));

	rs_net_flow_say(&six, RS_IPPROTO_UDP, 100, &w);
	assert_int_equal(w.items[1].type, RTE_FLOW_ITEM_TYPE_VLAN);
	assert_int_equal(((const struct rte_flow_item_vlan *)w.items[1].spec)->tci, RTE_BE16(100));
	assert_int_equal(((const struct rte_flow_item_vlan *)w.items[1].mask)->tci, RTE_BE16(0xfff));
	assert_int_equal(w.items[2].type, RTE_FLOW_ITEM_TYPE_IPV6);
	assert_memory_equal(((const struct rte_flow_item_ipv6 *)w.items[2].spec)->hdr.dst_addr, six.addr.b, 16);
	assert_memory_equal(((const struct rte_flow_item_ipv6 *)w.items[2].mask)->hdr.dst_addr, six.mask.b, 16);
	assert_null(w.items[3].spec); /* any UDP port */
	assert_int_equal(w.items[4].type, RTE_FLOW_ITEM_TYPE_END);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hardware_key_brings_each_packet_to_its_owner),
		cmocka_unit_test(the_main_peers_constant_is_taken_over),
		cmocka_unit_test(a_device_with_a_key_of_its_own_spreads_by_another_rule),
		cmocka_unit_test(queue_pairs_bring_packets_to_the_senders_number),
		cmocka_unit_test(what_a_device_cannot_do_is_refused_when_the_plan_insists),
		cmocka_unit_test(a_device_gets_key_and_table),
		cmocka_unit_test(a_rule_in_flow_words_is_what_it_was),
	};

	return cmocka_run_group_tests(tests, rig_eal, rig_eal_end);
}
