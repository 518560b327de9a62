/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams longer than the MTU across a pair of ring ports: sent in fragments, put together whatever the wire does to them, and
 * nothing kept of what never completes. DPDK's own rte_ip_frag is the oracle in both directions.
 */
#include "net_rig.h"

#include <rte_ip_frag.h>
#include <rte_ring.h>

#include "net/private.h"

#define ACCESS 0
#define CORE   1
#define LONG   4000
#define WORKERS 2

static struct rs_net_prefix addrs[2][2], targets[2];
static uint8_t text[RS_DATAGRAM_MAX + 1];

static int
open_rig(struct rig *r, uint32_t n_workers)
{
	static const uint32_t workers[WORKERS] = { 0, 1 };
	struct rs_net_port_cfg ports[2] = { { .name = "access", .device = "ring:f/a" },
		{ .name = "core", .device = "ring:f/b" } };
	struct rs_net_cfg cfg = { .ports = ports, .n_ports = 2, .n_workers = n_workers, .mbufs = RIG_MBUFS, .clock = &r->clock };

	for (uint32_t i = 0; i < 2; i++) {
		addrs[i][0] = rig_prefix(i == ACCESS ? "198.18.0.2" : "198.18.0.3", 20);
		addrs[i][1] = rig_prefix(i == ACCESS ? "2001:2::2" : "2001:2::3", 64);
		ports[i].mtu = 1500;
		ports[i].addresses = addrs[i];
		ports[i].n_addresses = 2;
		ports[i].workers = workers;
		ports[i].n_workers = n_workers;
	}
	targets[0] = rig_prefix("198.18.0.0", 21);
	targets[1] = rig_prefix("2001:2::", 64);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	rs_clock_init(&r->clock, 10 * RS_NS_PER_MS);
	if (rs_net_open(&cfg, &r->net, &r->err) != 0) {
		fprintf(stderr, "%s\n", r->err.text);
		return -1;
	}
	r->w = rs_net_worker(r->net, 0);
	r->link = rs_net_link(r->w);
	return rs_net_set_targets(r->net, targets, 2);
}

static struct rs_path
path_of(int family)
{
	return (struct rs_path){ .local = addrs[ACCESS][family == 6].addr,
		.remote = addrs[CORE][family == 6].addr,
		.local_port = 5060,
		.remote_port = 5070,
		.port = ACCESS };
}

/** Both neighbours known, the wire still. */
static void
meet(struct rig *r)
{
	struct rs_path path4 = path_of(4), path6 = path_of(6);

	rs_net_worker_begin(r->w, rs_clock_now(&r->clock));
	rig_settle(r);
	assert_int_equal(rs_net_resolve(r->w, &path4, rs_clock_now(&r->clock)), -EINPROGRESS);
	assert_int_equal(rs_net_resolve(r->w, &path6, rs_clock_now(&r->clock)), -EINPROGRESS);
	rig_settle(r);
	assert_int_equal(rs_net_resolve(r->w, &path4, rs_clock_now(&r->clock)), 0);
	assert_int_equal(rs_net_resolve(r->w, &path6, rs_clock_now(&r->clock)), 0);
}

static int
set_up(void **state)
{
	static struct rig r;

	r = (struct rig){ 0 };
	*state = &r;
	if (open_rig(&r, 1) != 0)
		return -1;
	meet(&r);
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	rs_net_close(r->net);
	return 0;
}

/** What the engine does with a message that does not fit. */
static int
send_long(struct rig *r, const struct rs_path *path, uint32_t len)
{
	struct rs_buf buf;
	int rc = rs_link_take_large(&r->link, path, &buf);

	if (rc != 0)
		return rc;
	assert_int_equal(buf.cap, RS_DATAGRAM_MAX);
	memcpy(buf.data, text, len);
	return r->link.send(r->link.ctx, path, &buf, len);
}

/** Take what ACCESS has sent off the wire. */
static uint32_t
take_frames(struct rig *r, struct rte_mbuf **frames)
{
	rs_net_flush(r->w);
	return rte_ring_dequeue_burst(r->net->ports[ACCESS].tx_rings[0], (void **)frames, 64, NULL);
}

static void
put_frame(struct rig *r, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(r->net->ports[ACCESS].tx_rings[0], m), 0);
}

static struct rte_mbuf *
copy_of(struct rig *r, const struct rte_mbuf *m)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(m, r->net->pool, 0, UINT32_MAX);

	assert_non_null(copy);
	return copy;
}

static void
check_arrives(struct rig *r, const struct rs_path *path, uint32_t len)
{
	struct rs_rx out[64];
	uint32_t n = 0;

	for (int i = 0; i < 10 && n == 0; i++)
		n = rig_turn(r, out, 64);
	assert_int_equal(n, 1);
	assert_int_equal(out[0].kind, RS_RX_SIP);
	assert_int_equal(out[0].len, len);
	assert_memory_equal(out[0].data, text, len);
	assert_true(rs_addr_eq(&out[0].path.remote, &path->local));
	assert_int_equal(out[0].path.remote_port, path->local_port);
	assert_int_equal(out[0].path.port, CORE);
	assert_true(out[0].time_ns != 0);
	rs_net_release(r->w);
}

static uint32_t
in_use(struct rig *r)
{
	return rte_mempool_in_use_count(r->net->pool) + rte_mempool_in_use_count(r->net->large);
}

static void
long_datagram_crosses_in_fragments(void **state)
{
	static const uint32_t lens[] = { 1473, 1500, LONG, 9000, RS_DATAGRAM_MAX };
	struct rig *r = *state;
	uint32_t before = in_use(r), n = 0;

	for (int family = 4; family <= 6; family += 2) {
		struct rs_path path = path_of(family);

		for (uint32_t i = 0; i < 5; i++, n++) {
			assert_int_equal(send_long(r, &path, lens[i]), 0);
			check_arrives(r, &path, lens[i]);
		}
	}
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_FRAGMENTED), n);
	assert_int_equal(rig_count(r, CORE, RS_NET_FRAG_WHOLE), n);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), n);
	assert_int_equal(in_use(r), before);
}

static void
fragments_obey_mtu_and_have_no_df(void **state)
{
	struct rig *r = *state;
	struct rte_mbuf *frames[64];

	for (int family = 4; family <= 6; family += 2) {
		struct rs_path path = path_of(family);
		uint32_t n;

		assert_int_equal(send_long(r, &path, LONG), 0);
		n = take_frames(r, frames);
		assert_int_equal(n, 3);
		for (uint32_t i = 0; i < n; i++) {
			const uint8_t *p = rte_pktmbuf_mtod(frames[i], const uint8_t *);

			assert_true(frames[i]->pkt_len <= 14 + 1500);
			assert_int_equal(frames[i]->nb_segs, 1);
			if (family == 4)
				assert_int_equal(rs_load16(p + 20), (i * 1480 / 8) | (i < 2 ? 0x2000 : 0));
			else
				assert_int_equal(rs_load16(p + 56), (i * 1448) | (i < 2 ? 1 : 0));
		}
		rte_pktmbuf_free_bulk(frames, n);
	}
}

static void
message_that_fits_is_not_cut(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	struct rte_mbuf *frames[64];

	assert_int_equal(send_long(r, &path, 1472), 0);
	assert_int_equal(take_frames(r, frames), 1);
	assert_int_equal(frames[0]->pkt_len, 1514);
	assert_ptr_equal(frames[0]->pool, r->net->pool);
	put_frame(r, frames[0]);
	check_arrives(r, &path, 1472);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_FRAGMENTED), 0);
}

static void
too_long_for_a_datagram_is_refused(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	uint32_t before = in_use(r);
	struct rs_buf buf;

	assert_int_equal(r->link.take_large(r->link.ctx, &path, &buf), 0);
	assert_int_equal(r->link.send(r->link.ctx, &path, &buf, RS_DATAGRAM_MAX + 1), -EMSGSIZE);
	assert_int_equal(r->link.take(r->link.ctx, &path, &buf), 0);
	assert_int_equal(buf.cap, 1472);
	assert_int_equal(r->link.send(r->link.ctx, &path, &buf, 1473), -EMSGSIZE);
	assert_int_equal(in_use(r), before);
}

static void
large_buffers_are_few_and_come_back(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	struct rs_buf bufs[2 * RS_NET_LARGE_EACH + 1];
	uint32_t n = 0;

	while (r->link.take_large(r->link.ctx, &path, &bufs[n]) == 0)
		n++;
	assert_int_equal(n, 2 * RS_NET_LARGE_EACH);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_TX_NO_MBUF), 1);
	for (uint32_t i = 0; i < n; i++)
		r->link.drop(r->link.ctx, &bufs[i]);
	assert_int_equal(send_long(r, &path, LONG), 0);
	check_arrives(r, &path, LONG);
}

static void
order_and_copies_do_not_matter(void **state)
{
	struct rig *r = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct rs_path path = path_of(family);
		struct rte_mbuf *f[64];
		uint32_t before = in_use(r);

		assert_int_equal(send_long(r, &path, LONG), 0);
		assert_int_equal(take_frames(r, f), 3);
		put_frame(r, f[2]);
		put_frame(r, f[1]);
		put_frame(r, f[0]);
		check_arrives(r, &path, LONG);
		assert_int_equal(send_long(r, &path, LONG), 0);
		assert_int_equal(take_frames(r, f), 3);
		for (int i = 0; i < 3; i++) {
			put_frame(r, copy_of(r, f[i]));
			put_frame(r, f[i]);
		}
		check_arrives(r, &path, LONG);
		rig_settle(r);
		assert_int_equal(in_use(r), before);
	}
	assert_int_equal(rig_count(r, CORE, RS_NET_FRAG_DUPLICATE), 6);
}

static void
hole_is_given_up_and_counted(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	uint32_t before = in_use(r);
	struct rte_mbuf *f[64];

	assert_int_equal(send_long(r, &path, LONG), 0);
	assert_int_equal(take_frames(r, f), 3);
	put_frame(r, f[0]);
	put_frame(r, f[2]);
	rte_pktmbuf_free(f[1]);
	rig_settle(r);
	/* No received packet is kept while the hole is open. */
	assert_int_equal(in_use(r), before);
	assert_int_equal(rig_count(r, CORE, RS_NET_FRAG_TIMEOUT), 0);
	rs_net_tick(r->w, rs_clock_now(&r->clock) + RS_REASSEMBLY_NS);
	assert_int_equal(rig_count(r, CORE, RS_NET_FRAG_TIMEOUT), 1);
	assert_int_equal(rig_count(r, CORE, RS_NET_RX_SIP), 0);
}

static void
flood_of_first_fragments_leaves_other_traffic_alone(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	uint32_t before = in_use(r), whole = 0, plain = 0;
	struct rte_mbuf *f[64], *first;

	assert_int_equal(send_long(r, &path, LONG), 0);
	assert_int_equal(take_frames(r, f), 3);
	first = f[0];
	rte_pktmbuf_free(f[1]);
	rte_pktmbuf_free(f[2]);
	for (uint32_t i = 0; i < 20000; i++) {
		struct rte_mbuf *m = copy_of(r, first);
		uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
		struct rs_rx out[64];
		uint16_t check;

		rs_store16(p + 18, (uint16_t)i); /* another number each */
		p[28] = (uint8_t)(128 | i >> 14);
		rs_store16(p + 24, 0);
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(p + 14, 20, 0));
		memcpy(p + 24, &check, 2);
		put_frame(r, m);
		if (i % 20 == 0)
			assert_int_equal(send_long(r, &path, LONG), 0);
		if (i % 20 == 10)
			assert_int_equal(rig_send(r, &path, "plain", 5), 0);
		for (uint32_t n = rig_turn(r, out, 64); n > 0; n--) {
			whole += out[n - 1].len == LONG;
			plain += out[n - 1].len == 5;
		}
		rs_net_release(r->w);
	}
	rte_pktmbuf_free(first);
	assert_int_equal(whole, 1000);
	assert_int_equal(plain, 1000);
	assert_int_equal(in_use(r), before);
	assert_true(rig_count(r, CORE, RS_NET_FRAG_EVICTED) >= 20000 - RS_REASSEMBLY_LIVE);
}

static void
fragments_wait_for_the_neighbour_in_order(void **state)
{
	static struct rig r;
	struct rs_path path;

	(void)state;
	r = (struct rig){ 0 };
	assert_int_equal(open_rig(&r, 1), 0);
	rs_net_worker_begin(r.w, rs_clock_now(&r.clock));
	path = path_of(4);
	assert_int_equal(send_long(&r, &path, LONG), 0);
	check_arrives(&r, &path, LONG);
	rs_net_close(r.net);
}

static void
too_many_fragments_to_wait_are_refused_as_a_whole(void **state)
{
	static struct rig r;
	struct rs_path path;
	uint32_t before;

	(void)state;
	r = (struct rig){ 0 };
	assert_int_equal(open_rig(&r, 1), 0);
	rs_net_worker_begin(r.w, rs_clock_now(&r.clock));
	path = path_of(4);
	assert_int_equal(send_long(&r, &path, 40000), 0); /* 28 of the 64 that may wait */
	assert_int_equal(send_long(&r, &path, 40000), 0);
	before = in_use(&r);
	assert_int_equal(send_long(&r, &path, 40000), -EHOSTUNREACH);
	assert_int_equal(in_use(&r), before);
	assert_int_equal(rig_count(&r, ACCESS, RS_NET_TX_UNRESOLVED), 1);
	rs_net_close(r.net);
}

static void
router_lowers_what_a_destination_gets(void **state)
{
	struct rig *r = *state;
	struct rs_path path = path_of(4);
	struct rs_addr core = path.remote, access = path.local;
	struct rte_mbuf *m = rte_pktmbuf_alloc(r->net->pool), *f[64];
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t check;
	struct rs_buf buf;

	/* CORE says that a datagram of ours needed fragmentation; 1,300 bytes get through. */
	rs_eth_put(p, r->net->ports[ACCESS].ifc.mac, r->net->ports[CORE].ifc.mac, 0, RS_ETHERTYPE_IPV4);
	rs_ip_put(p + 14, &core, &access, RS_IPPROTO_ICMP, 8 + 28, 64);
	memset(p + 34, 0, 36);
	p[34] = RS_ICMP_UNREACHABLE;
	p[35] = RS_ICMP_NEEDS_FRAGMENT;
	rs_store16(p + 40, 1300);
	rs_ip_put(p + 42, &access, &core, RS_IPPROTO_UDP, 1480, 64);
	check = (uint16_t)~rs_ip_fold(rs_ip_sum(p + 34, 36, 0));
	memcpy(p + 36, &check, 2);
	m->pkt_len = m->data_len = 70;
	assert_int_equal(rte_ring_enqueue(r->net->ports[CORE].tx_rings[0], m), 0);
	rig_settle(r);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_RX_TOO_BIG), 1);
	assert_int_equal(rig_count(r, ACCESS, RS_NET_RX_UNREACHABLE), 0);
	assert_int_equal(r->link.take(r->link.ctx, &path, &buf), 0);
	assert_int_equal(buf.cap, 1300 - 28);
	r->link.drop(r->link.ctx, &buf);
	assert_int_equal(send_long(r, &path, 1400), 0);
	assert_int_equal(take_frames(r, f), 2);
	assert_true(f[0]->pkt_len <= 14 + 1300);
	put_frame(r, f[0]);
	put_frame(r, f[1]);
	check_arrives(r, &path, 1400);
	path.remote.b[3] = 9; /* others are not concerned */
	assert_int_equal(r->link.take(r->link.ctx, &path, &buf), 0);
	assert_int_equal(buf.cap, 1472);
	r->link.drop(r->link.ctx, &buf);
}

/** The oracle puts ours together. */
static void
dpdk_puts_our_fragments_together(void **state)
{
	struct rig *r = *state;
	struct rte_ip_frag_tbl *table = rte_ip_frag_table_create(16, 4, 64, rte_get_tsc_hz(), SOCKET_ID_ANY);
	struct rte_ip_frag_death_row row = { 0 };

	assert_non_null(table);
	for (int family = 4; family <= 6; family += 2) {
		struct rs_path path = path_of(family);
		struct rte_mbuf *f[64], *whole = NULL;
		static uint8_t flat[16384];
		uint32_t head = family == 4 ? 28 : 48;
		const uint8_t *p;

		assert_int_equal(send_long(r, &path, LONG), 0);
		assert_int_equal(take_frames(r, f), 3);
		for (int i = 0; i < 3; i++) {
			assert_null(whole);
			f[i]->l2_len = 14;
			f[i]->l3_len = family == 4 ? 20 : 40 + 8;
			if (family == 4) {
				whole = rte_ipv4_frag_reassemble_packet(table, &row, f[i], rte_rdtsc(),
					rte_pktmbuf_mtod_offset(f[i], struct rte_ipv4_hdr *, 14));
			} else {
				struct rte_ipv6_hdr *h = rte_pktmbuf_mtod_offset(f[i], struct rte_ipv6_hdr *, 14);

				whole = rte_ipv6_frag_reassemble_packet(table, &row, f[i], rte_rdtsc(), h,
					rte_ipv6_frag_get_ipv6_fragment_header(h));
			}
		}
		assert_non_null(whole);
		assert_int_equal(whole->pkt_len, 14 + head + LONG);
		p = rte_pktmbuf_read(whole, 14 + head, LONG, flat);
		assert_memory_equal(p, text, LONG);
		rte_pktmbuf_free(whole);
	}
	rte_ip_frag_free_death_row(&row, 0);
	rte_ip_frag_table_destroy(table);
}

/** And we the oracle's. */
static void
we_put_dpdks_fragments_together(void **state)
{
	struct rig *r = *state;
	uint32_t before = in_use(r);

	for (int family = 4; family <= 6; family += 2) {
		struct rs_path path = path_of(family);
		struct rte_mbuf *large = rte_pktmbuf_alloc(r->net->large), *out[8];
		uint32_t head = family == 4 ? 20 : 40;
		uint8_t *p = (uint8_t *)large->buf_addr + 128;
		int n;

		memcpy(p + head + 8, text, LONG);
		rs_udp_put(p + head + 8, LONG, &path.local, path.local_port, &path.remote, path.remote_port, false);
		if (family == 4)
			rs_ip_put_fragment(p, &path.local, &path.remote, RS_IPPROTO_UDP, LONG + 8, 64, 77, 0);
		else
			rs_ip_put(p, &path.local, &path.remote, RS_IPPROTO_UDP, LONG + 8, 64);
		large->data_off = 128;
		large->data_len = (uint16_t)(head + LONG + 8);
		large->pkt_len = large->data_len;
		n = family == 4 ? rte_ipv4_fragment_packet(large, out, 8, 1500, r->net->pool, r->net->pool)
				: rte_ipv6_fragment_packet(large, out, 8, 1500, r->net->pool, r->net->pool);
		assert_int_equal(n, 3);
		for (int i = n - 1; i >= 0; i--) {
			struct rte_mbuf *flat = copy_of(r, out[i]); /* in one piece, as devices give them */
			uint8_t *eth = (uint8_t *)rte_pktmbuf_prepend(flat, 14);

			rte_pktmbuf_free(out[i]);
			assert_non_null(eth);
			if (family == 4) {
				struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 14);

				ip->hdr_checksum = 0; /* it leaves it to the device */
				ip->hdr_checksum = rte_ipv4_cksum(ip);
			}
			rs_eth_put(eth, r->net->ports[CORE].ifc.mac, r->net->ports[ACCESS].ifc.mac, 0,
				family == 4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6);
			put_frame(r, flat);
		}
		rte_pktmbuf_free(large);
		check_arrives(r, &path, LONG);
	}
	assert_int_equal(in_use(r), before);
}

static void
fragments_at_another_worker_reach_the_owner(void **state)
{
	static struct rig r;
	struct rs_path path;
	struct rte_mbuf *f[64];
	struct rs_net_worker *other;
	struct rs_rx out[64];
	uint32_t packets;

	(void)state;
	r = (struct rig){ 0 };
	assert_int_equal(open_rig(&r, WORKERS), 0);
	meet(&r);
	other = rs_net_worker(r.net, 1);
	path = path_of(4);
	assert_int_equal(send_long(&r, &path, LONG), 0);
	assert_int_equal(take_frames(&r, f), 3);
	/* One at its owner, two at the other worker. */
	put_frame(&r, f[1]);
	for (int i = 0; i <= 2; i += 2)
		assert_int_equal(rte_ring_enqueue(r.net->ports[ACCESS].tx_rings[1], f[i]), 0);
	assert_int_equal(rs_net_receive(other, out, 64, &packets), 0);
	rs_net_release(other);
	assert_int_equal(packets, 2);
	assert_int_equal(rs_metric_get(rs_net_metrics(r.net, 1, CORE), RS_NET_FRAG_HANDED), 2);
	check_arrives(&r, &path, LONG);
	/* An owner that does not look: what does not fit its ring is lost, and counted. */
	for (uint32_t i = 0; i < 600; i++) {
		assert_int_equal(send_long(&r, &path, 1500), 0);
		assert_int_equal(take_frames(&r, f), 2);
		rte_pktmbuf_free(f[1]);
		assert_int_equal(rte_ring_enqueue(r.net->ports[ACCESS].tx_rings[1], f[0]), 0);
		assert_int_equal(rs_net_receive(other, out, 64, &packets), 0);
		rs_net_release(other);
	}
	assert_true(rs_metric_get(rs_net_metrics(r.net, 1, CORE), RS_NET_FRAG_LOST) >= 600 - 512);
	/* Some are still in the ring: closing frees them. */
	rs_net_close(r.net);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(long_datagram_crosses_in_fragments),
		TEST(fragments_obey_mtu_and_have_no_df),
		TEST(message_that_fits_is_not_cut),
		TEST(too_long_for_a_datagram_is_refused),
		TEST(large_buffers_are_few_and_come_back),
		TEST(order_and_copies_do_not_matter),
		TEST(hole_is_given_up_and_counted),
		TEST(flood_of_first_fragments_leaves_other_traffic_alone),
		cmocka_unit_test(fragments_wait_for_the_neighbour_in_order),
		cmocka_unit_test(too_many_fragments_to_wait_are_refused_as_a_whole),
		TEST(router_lowers_what_a_destination_gets),
		TEST(dpdk_puts_our_fragments_together),
		TEST(we_put_dpdks_fragments_together),
		cmocka_unit_test(fragments_at_another_worker_reach_the_owner),
	};

	return cmocka_run_group_tests(tests, rig_eal, rig_eal_end);
}
