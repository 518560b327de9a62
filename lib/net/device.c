/* SPDX-License-Identifier: BSD-3-Clause */
/** A port's device: found or made, configured, started, closed. */
#include "net/private.h"

#include <inttypes.h>

#include <rte_dev.h>

#define STRING_MAX 1024

/** The driver's name for the device: the string up to its first comma. */
static void
name_of(const char *device, char *out, size_t size)
{
	size_t n = strcspn(device, ",");

	snprintf(out, size, "%.*s", (int)n, device);
}

int
rs_net_device_attach(struct rs_net_port *p, struct rs_err *err)
{
	char name[RTE_ETH_NAME_MAX_LEN], string[STRING_MAX];
	int rc;

	name_of(p->device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &p->dev) == 0) {
		p->kind = RS_NET_KIND_EXISTING;
		p->attached = true;
		return 0;
	}
	p->kind = strncmp(name, "net_", 4) == 0 ? RS_NET_KIND_VDEV : RS_NET_KIND_PCI;
	rc = rs_net_probe_string(p, string, sizeof(string), err);
	if (rc != 0)
		return rc;
	p->frame_size = rs_net_probe_frame_size(string);
	rs_kernel_sockets(&p->sockets); /* those of others; rs_net_device_start takes them out */
	rc = rte_dev_probe(string);
	if (rc != 0)
		return rs_net_probe_failure(p, rc, "cannot be opened", err);
	if (rte_eth_dev_get_port_by_name(name, &p->dev) != 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": device \"%s\" was opened but has no Ethernet port", p->name,
			p->device);
	p->attached = true;
	return 0;
}

/** The MAC: the plan's, the device's, or one of our own making. */
static void
choose_mac(struct rs_net_port *p)
{
	struct rte_ether_addr mac = { 0 };
	uint32_t hash = 2166136261u ^ p->index;

	if (!rs_eth_is_zero(p->ifc.mac))
		return;
	if (!rs_net_probe_mac_is_peers(p) && rte_eth_macaddr_get(p->dev, &mac) == 0 &&
		!rte_is_zero_ether_addr(&mac)) {
		memcpy(p->ifc.mac, mac.addr_bytes, RS_ETH_ADDR_LEN);
		return;
	}
	for (const char *s = p->name; *s; s++)
		hash = (hash ^ (uint8_t)*s) * 16777619u;
	p->ifc.mac[0] = 0x02; /* locally administered */
	p->ifc.mac[1] = (uint8_t)p->index;
	rs_store32(p->ifc.mac + 2, hash);
}

/**
 * See to it that the device passes on what the interface wants to hear. Devices without such
 * filters refuse: they pass all.
 */
static void
open_filters(struct rs_net_port *p)
{
	struct rte_ether_addr mac;
	bool ours = rte_eth_macaddr_get(p->dev, &mac) == 0 &&
		rs_eth_addr_eq(mac.addr_bytes, p->ifc.mac);

	if (p->kind == RS_NET_KIND_RING)
		return;
	if (!ours) {
		memcpy(mac.addr_bytes, p->ifc.mac, RS_ETH_ADDR_LEN);
		if (p->kind == RS_NET_KIND_VDEV ||
			rte_eth_dev_default_mac_addr_set(p->dev, &mac) != 0)
			p->promiscuous = rte_eth_promiscuous_enable(p->dev) == 0;
	}
	for (uint32_t i = 0; i < p->ifc.n_prefixes; i++) {
		if (p->prefixes[i].addr.family != 6)
			continue;
		/*
		 * Solicited-node groups of thousands of addresses: all multicast is simpler than
		 * that many filters.
		 */
		if (rte_eth_allmulticast_enable(p->dev) != 0)
			p->promiscuous = rte_eth_promiscuous_enable(p->dev) == 0;
		break;
	}
}

/** af_packet does not take a queue whose packets hold less than its frames. */
static int
make_rx_pool(struct rs_net_port *p)
{
	uint32_t room = p->frame_size + RTE_PKTMBUF_HEADROOM;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (room <= rte_pktmbuf_data_room_size(p->net->pool) || room > UINT16_MAX)
		return 0; /* beyond: the driver says what it thinks of it */
	snprintf(name, sizeof(name), "rsp%" PRIx64 "_%u", p->net->id, p->index);
	p->rx_pool = rs_net_make_pool(name, p->n_workers * RS_NET_RX_OWN_EACH, (uint16_t)room, 0);
	return p->rx_pool ? 0 : -ENOMEM;
}

static int
configure(struct rs_net_port *p, struct rs_err *err)
{
	const uint64_t rx_checks = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info dev;
	uint16_t rx, tx, n = (uint16_t)p->n_workers;
	int rc = rte_eth_dev_info_get(p->dev, &dev);

	if (p->kind != RS_NET_KIND_RING)
		p->n_tx = n;

	if (rc != 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": the device does not describe itself: %s", p->name,
			rte_strerror(-rc));
	if (n > dev.max_rx_queues || p->n_tx > dev.max_tx_queues)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": %u workers need as many queues, device \"%s\" has %u; list fewer "
			"in `workers` of the port",
			p->name, n, p->device, RTE_MIN(dev.max_rx_queues, dev.max_tx_queues));
	/*
	 * Software devices that offer checksums make them in software, and not faster than we do.
	 */
	if (p->kind == RS_NET_KIND_PCI || p->kind == RS_NET_KIND_EXISTING) {
		conf.rxmode.offloads = dev.rx_offload_capa & rx_checks;
		conf.txmode.offloads = dev.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
		p->ifc.udp_offload = conf.txmode.offloads != 0;
	}
	if (p->kind != RS_NET_KIND_RING && (rc = rs_net_probe_steering(p, &dev, err)) != 0)
		return rc;
	if (n > 1 && dev.flow_type_rss_offloads)
		rs_net_rss_configure(p, &dev, &conf);
	conf.rxmode.mtu = RTE_ETHER_MTU;
	if (p->kind != RS_NET_KIND_RING && p->mtu <= dev.max_mtu)
		conf.rxmode.mtu = p->mtu;
	rc = make_rx_pool(p);
	if (rc == 0)
		rc = rte_eth_dev_configure(p->dev, n, p->n_tx, &conf);
	if (rc != 0 && p->mode == RS_STEER_KEY && p->asked == RS_STEER_AUTO) { /* it described itself wrongly */
		p->mode = RS_STEER_SOFTWARE;
		p->steer_bits = RS_STEER_BITS;
		conf.rx_adv_conf.rss_conf.rss_key = NULL;
		conf.rx_adv_conf.rss_conf.rss_key_len = 0;
		rc = rte_eth_dev_configure(p->dev, n, p->n_tx, &conf);
	}
	rx = p->rx_descriptors ? p->rx_descriptors : 2048;
	tx = p->tx_descriptors ? p->tx_descriptors : 2048;
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->dev, &rx, &tx);
	p->rx_descriptors = rx;
	for (uint16_t q = 0; rc == 0 && q < n; q++)
		rc = rte_eth_rx_queue_setup(p->dev, q, rx, SOCKET_ID_ANY, NULL,
			p->rx_pool ? p->rx_pool : p->net->pool);
	for (uint16_t q = 0; rc == 0 && q < p->n_tx; q++)
		rc = rte_eth_tx_queue_setup(p->dev, q, tx, SOCKET_ID_ANY, NULL);
	if (rc != 0)
		return rs_net_probe_failure(p, rc, "cannot be configured", err);
	return 0;
}

static int
set_mtu(const struct rs_net_port *p, struct rs_err *err)
{
	uint16_t mtu = 0;
	int rc;

	/* Rings carry what fits an mbuf, and cannot be told. */
	if (p->kind == RS_NET_KIND_RING ||
		(rte_eth_dev_get_mtu(p->dev, &mtu) == 0 && mtu == p->mtu))
		return 0;
	rc = rte_eth_dev_set_mtu(p->dev, p->mtu);
	/* A device that cannot be told but has room enough is good enough. */
	if (rc == 0 || (rc == -ENOTSUP && mtu >= p->mtu))
		return 0;
	return rs_err_set(err, rc == -EPERM ? -EPERM : -EINVAL,
		"port \"%s\": device \"%s\" has MTU %u and refuses %u: %s; set "
		"`mtu` of the port to %u",
		p->name, p->device, mtu, p->mtu, rte_strerror(-rc), mtu);
}

/* What the started device says to being steered: what it refuses is done in software, unless the plan insists on it. */
static int
steer(struct rs_net_port *p, struct rs_err *err)
{
	int rc = 0;

	if (p->n_workers == 1 || p->kind == RS_NET_KIND_RING)
		return 0;
	if (p->mode == RS_STEER_KEY)
		rc = rs_net_rss_program(p);
	else if (p->mode == RS_STEER_FLOW)
		rc = rs_net_flow_check(p);
	if (rc == 0)
		return 0;
	if (p->asked != RS_STEER_AUTO)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": device \"%s\" refuses steering by %s: %s; remove `steering`, or write \"software\"", p->name,
			p->device, rs_steer_mode_name(p->mode), rte_strerror(-rc));
	if (p->mode == RS_STEER_KEY && rs_net_flow_check(p) == 0) {
		p->mode = RS_STEER_FLOW;
		return 0;
	}
	p->mode = RS_STEER_SOFTWARE;
	p->steer_bits = RS_STEER_BITS;
	return 0;
}

/** The sockets that appeared since the device was asked for are its own. */
static void
find_sockets(struct rs_net_port *p)
{
	struct rs_kernel_sockets before = p->sockets;

	p->sockets.n = 0;
	if (p->kind != RS_NET_KIND_VDEV)
		return;
	rs_kernel_sockets(&p->sockets);
	rs_kernel_sockets_new(&p->sockets, &before);
}

int
rs_net_device_start(struct rs_net_port *p, struct rs_err *err)
{
	int rc = configure(p, err);

	if (rc != 0)
		return rc;
	choose_mac(p);
	rc = set_mtu(p, err);
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_start(p->dev);
	if (rc != 0)
		return rs_net_probe_failure(p, rc, "does not start", err);
	p->started = true;
	open_filters(p);
	find_sockets(p);
	return steer(p, err);
}

void
rs_net_device_close(struct rs_net_port *p)
{
	struct rte_eth_dev_info dev = { 0 };

	if (!p->attached)
		return;
	(void)rte_eth_dev_info_get(p->dev, &dev);
	rs_net_flow_clear(p);
	if (p->promiscuous)
		(void)rte_eth_promiscuous_disable(p->dev);
	if (p->started)
		(void)rte_eth_dev_stop(p->dev);
	if (p->kind != RS_NET_KIND_EXISTING) {
		(void)rte_eth_dev_close(p->dev);
		if (dev.device)
			(void)rte_dev_remove(dev.device);
	}
	p->attached = p->started = false;
}
