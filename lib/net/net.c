/* SPDX-License-Identifier: BSD-3-Clause */
/** The life of a net, and what control does to it. */
#include "net/private.h"

#include <inttypes.h>
#include <stdlib.h>

#define CACHE_SIZE 256 /* mbufs that each worker keeps to itself */
#define MBUFS_MIN  1023
#define MTU_MIN    576
#define MTU_MAX    9000

static struct rs_net_sets *
make_sets(const struct rs_net_port *p, const struct rs_net_range *ranges, uint32_t n, int *rc)
{
	struct rs_net_sets *s = calloc(1, sizeof(*s));

	*rc = s == NULL ? -ENOMEM : rs_iface_own(&p->ifc, ranges, n, &s->own);
	if (*rc == 0)
		*rc = rs_iface_own(&p->ifc, ranges, p->routed ? 0 : n, &s->answered);
	if (*rc != 0 && s) {
		rs_ranges_free(s->own);
		free(s);
		s = NULL;
	}
	return s;
}

static void
free_sets(struct rs_net_sets *s)
{
	rs_ranges_free(s->own);
	rs_ranges_free(s->answered);
	free(s);
}

static void *
copy_of(const void *p, size_t size)
{
	void *to = malloc(size ? size : 1);

	if (to && size)
		memcpy(to, p, size);
	return to;
}

static int
port_copy(struct rs_net *net, uint32_t index, const struct rs_net_port_cfg *cfg, struct rs_err *err)
{
	struct rs_net_port *p = &net->ports[index];

	p->net = net;
	p->index = index;
	p->routed = cfg->routed;
	p->mtu = cfg->mtu ? cfg->mtu : RTE_ETHER_MTU;
	p->rx_descriptors = cfg->rx_descriptors;
	p->tx_descriptors = cfg->tx_descriptors;
	p->n_workers = cfg->n_workers;
	p->asked = cfg->steering < RS_STEER_MODES ? cfg->steering : RS_STEER_AUTO;
	p->name = strdup(cfg->name);
	p->device = strdup(cfg->device);
	p->workers = copy_of(cfg->workers, cfg->n_workers * sizeof(*p->workers));
	p->prefixes = copy_of(cfg->addresses, cfg->n_addresses * sizeof(*p->prefixes));
	p->metrics = calloc(net->n_workers, sizeof(*p->metrics));
	if (!p->name || !p->device || !p->workers || !p->prefixes || !p->metrics)
		return rs_err_set(err, -ENOMEM, "port \"%s\": no memory", cfg->name);
	p->kind = rs_net_ring_is(p->device) ? RS_NET_KIND_RING : RS_NET_KIND_VDEV;
	if (p->n_workers == 0)
		return rs_err_set(err, -EINVAL,
			"port \"%s\" has no worker; list one in `workers` of the port", p->name);
	for (uint32_t i = 0; i < p->n_workers; i++) {
		bool twice = false;

		for (uint32_t k = 0; k < i; k++)
			twice |= p->workers[k] == p->workers[i];
		if (p->workers[i] >= net->n_workers || twice)
			return rs_err_set(err, -EINVAL,
				"port \"%s\": worker %u %s; list each of 0 to %u at most once",
				p->name, p->workers[i],
				twice ? "is listed twice" : "does not exist", net->n_workers - 1);
	}
	if (p->mtu < MTU_MIN || p->mtu > MTU_MAX)
		return rs_err_set(err, -EINVAL, "port \"%s\": MTU %u is not between %u and %u",
			p->name, p->mtu, MTU_MIN, MTU_MAX);
	if (cfg->vlan >= RS_VLAN_ID_MASK)
		return rs_err_set(err, -EINVAL, "port \"%s\": VLAN %u is not between 1 and %u",
			p->name, cfg->vlan, RS_VLAN_ID_MASK - 1);
	memcpy(p->ifc.mac, cfg->mac, RS_ETH_ADDR_LEN);
	p->ifc.vlan = cfg->vlan;
	p->ifc.mtu = p->mtu;
	p->ifc.index = (uint8_t)index;
	p->ifc.gateway4 = cfg->gateway4;
	p->ifc.gateway6 = cfg->gateway6;
	p->ifc.prefixes = p->prefixes;
	p->ifc.n_prefixes = cfg->n_addresses;
	return 0;
}

static int
pool_create(struct rs_net *net, const struct rs_net_cfg *cfg, struct rs_err *err)
{
	uint32_t room = RTE_MBUF_DEFAULT_DATAROOM;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (cfg->mbufs < MBUFS_MIN)
		return rs_err_set(err, -EINVAL, "%u packets are too few; %u is the least",
			cfg->mbufs, MBUFS_MIN);
	for (uint32_t i = 0; i < net->n_ports; i++)
		room = RTE_MAX(room, net->ports[i].mtu + rs_eth_len(1));
	snprintf(name, sizeof(name), "rs%" PRIx64, net->id);
	net->pool = rs_net_make_pool(name, cfg->mbufs, (uint16_t)(room + RTE_PKTMBUF_HEADROOM), CACHE_SIZE);
	if (net->pool == NULL)
		return rs_err_set(err, -ENOMEM,
			"no memory for %u packets of %u bytes (%s): raise workers.memory_mb, or lower "
			"workers.mbufs",
			cfg->mbufs, room, rte_strerror(rte_errno));
	snprintf(name, sizeof(name), "rsl%" PRIx64, net->id);
	net->large = rs_net_make_pool(name, (net->n_workers + 1) * RS_NET_LARGE_EACH, RS_NET_LARGE_ROOM, 0);
	if (net->large == NULL)
		return rs_err_set(err, -ENOMEM,
			"no memory for %u packets of 64 KiB (%s): raise workers.memory_mb",
			(net->n_workers + 1) * RS_NET_LARGE_EACH, rte_strerror(rte_errno));
	return 0;
}

/** After the device has told its MAC: addresses that follow from it, sets, cells, mailboxes. */
static int
port_complete(struct rs_net_port *p, struct rs_err *err)
{
	int rc;

	p->ifc.link_local = rs_iface_link_local(p->ifc.mac);
	rc = rs_iface_on_link(&p->ifc, &p->on_link);
	p->ifc.on_link = p->on_link;
	if (rc == 0)
		p->sets = make_sets(p, NULL, 0, &rc);
	for (uint32_t i = 0; rc == 0 && i < p->net->n_workers; i++)
		rc = rs_metrics_init(&p->metrics[i], &rs_net_metrics_table);
	if (rc == 0 && p->n_workers > 1) {
		p->to_owner = calloc(p->n_workers, sizeof(*p->to_owner));
		p->from_owner = calloc(p->n_workers, sizeof(*p->from_owner));
		if (!p->to_owner || !p->from_owner)
			rc = -ENOMEM;
		for (uint32_t i = 1; rc == 0 && i < p->n_workers; i++) {
			p->to_owner[i] = rs_mailbox_create(1024);
			p->from_owner[i] = rs_mailbox_create(1024);
			if (!p->to_owner[i] || !p->from_owner[i])
				rc = -ENOMEM;
		}
	}
	if (rc == 0)
		rc = rs_net_datagram_init(p);
	if (rc != 0)
		return rs_err_set(err, rc, "port \"%s\": %s", p->name,
			rc == -EINVAL ? "an address or prefix is not valid" : "no memory");
	rs_net_probe_info(p);
	p->iface_drops = rs_net_probe_iface_drops(p);
	return 0;
}

int
rs_net_open(const struct rs_net_cfg *cfg, struct rs_net **out, struct rs_err *err)
{
	struct rs_net *net;
	int rc = 0;

	if (cfg->n_ports == 0 || cfg->n_ports > RS_NET_PORTS_MAX || cfg->n_workers == 0)
		return rs_err_set(err, -EINVAL,
			"%u ports and %u workers: 1 to %u ports and a worker are needed",
			cfg->n_ports, cfg->n_workers, RS_NET_PORTS_MAX);
	net = calloc(1, sizeof(*net));
	if (net == NULL || (net->ports = calloc(cfg->n_ports, sizeof(*net->ports))) == NULL) {
		free(net);
		return rs_err_set(err, -ENOMEM, "no memory for %u ports", cfg->n_ports);
	}
	net->clock = cfg->clock;
	net->id = rs_tsc() & 0xffffffff;
	net->n_ports = cfg->n_ports;
	net->n_workers = cfg->n_workers;
	for (uint32_t i = 0; rc == 0 && i < cfg->n_ports; i++)
		rc = port_copy(net, i, &cfg->ports[i], err);
	if (rc == 0)
		rc = pool_create(net, cfg, err);
	if (rc == 0)
		rc = rs_net_set_targets(net, NULL, 0);
	if (rc == 0)
		rc = rs_net_ring_attach_all(net, err);
	for (uint32_t i = 0; rc == 0 && i < net->n_ports; i++) {
		if (net->ports[i].kind != RS_NET_KIND_RING)
			rc = rs_net_device_attach(&net->ports[i], err);
	}
	for (uint32_t i = 0; rc == 0 && i < net->n_ports; i++) {
		rc = rs_net_device_start(&net->ports[i], err);
		if (rc == 0)
			rc = port_complete(&net->ports[i], err);
	}
	if (rc == 0 && rs_net_workers_create(net) != 0)
		rc = rs_err_set(err, -ENOMEM, "no memory for %u workers' ports", net->n_workers);
	if (rc != 0) {
		rs_net_close(net);
		return rc;
	}
	*out = net;
	return 0;
}

static void
port_free(struct rs_net_port *p)
{
	while (p->sets) {
		struct rs_net_sets *s = p->sets;

		p->sets = s->older;
		free_sets(s);
	}
	for (uint32_t i = 0; i < p->n_workers; i++) {
		if (p->to_owner)
			rs_mailbox_free(p->to_owner[i]);
		if (p->from_owner)
			rs_mailbox_free(p->from_owner[i]);
	}
	for (uint32_t i = 0; p->metrics && i < p->net->n_workers; i++)
		rs_metrics_fini(&p->metrics[i]);
	rs_ranges_free(p->on_link);
	free(p->to_owner);
	free(p->from_owner);
	free(p->metrics);
	free(p->prefixes);
	free(p->workers);
	free(p->device);
	free(p->name);
}

void
rs_net_close(struct rs_net *net)
{
	if (net == NULL)
		return;
	rs_net_workers_free(net);
	for (uint32_t i = 0; i < net->n_ports; i++)
		rs_net_device_close(&net->ports[i]);
	for (uint32_t i = 0; i < net->n_ports; i++) {
		rs_net_ring_free(&net->ports[i]);
		rs_net_datagram_free(&net->ports[i]);
	}
	while (net->targets) {
		struct rs_net_targets *t = net->targets;

		net->targets = t->older;
		rs_ranges_free(t->set);
		free(t);
	}
	for (uint32_t i = 0; i < net->n_ports; i++)
		rte_mempool_free(net->ports[i].rx_pool);
	rte_mempool_free(net->pool);
	rte_mempool_free(net->large);
	for (uint32_t i = 0; i < net->n_ports; i++)
		port_free(&net->ports[i]);
	free(net->ports);
	free(net);
}

const struct rs_net_port_info *
rs_net_port_info(const struct rs_net *net, uint32_t port)
{
	return &net->ports[port].info;
}

uint32_t
rs_net_n_ports(const struct rs_net *net)
{
	return net->n_ports;
}

/** Is the set in some worker's hands? */
static bool
sets_in_use(const struct rs_net *net, uint32_t port, const struct rs_net_sets *s)
{
	for (uint32_t i = 0; net->workers && i < net->n_workers; i++) {
		const struct rs_net_lane *l = net->workers[i]->lane_of[port];

		if (l && atomic_load(&l->sets) == s)
			return true;
	}
	return false;
}

static bool
targets_in_use(const struct rs_net *net, const struct rs_net_targets *t)
{
	for (uint32_t i = 0; net->workers && i < net->n_workers; i++) {
		if (atomic_load(&net->workers[i]->targets) == t)
			return true;
	}
	return false;
}

/* A device that does not take the rules any more steers no longer; that is told, and no error. */
static void
steer_flows(struct rs_net_port *p, const struct rs_net_range *ranges, uint32_t n)
{
	if (p->n_workers == 1 || (p->mode != RS_STEER_FLOW))
		return;
	if (rs_net_flow_set(p, ranges, n) == 0)
		p->info.steering = rs_steer_mode_name(RS_STEER_FLOW);
	else
		p->info.steering = rs_steer_mode_name(RS_STEER_SOFTWARE);
}

int
rs_net_set_peer(struct rs_net *net, uint32_t port, const struct rs_addr *peer)
{
	struct rs_net_port *p = &net->ports[port];
	uint32_t c = rs_steer_peer(peer, p->steer_bits);

	if (p->n_workers == 1 || p->mode != RS_STEER_KEY || c == p->peer)
		return 0;
	p->peer = c;
	if (p->kind != RS_NET_KIND_RING)
		return rs_net_rss_table(p);
	rs_net_spread_fill(p);
	return 0;
}

int
rs_net_set_addresses(
	struct rs_net *net, uint32_t port, const struct rs_net_range *ranges, uint32_t n_ranges)
{
	struct rs_net_port *p = &net->ports[port];
	struct rs_net_sets *s, **link;
	int rc;

	s = make_sets(p, ranges, n_ranges, &rc);
	if (s == NULL)
		return rc;
	for (link = &p->sets; *link;) {
		struct rs_net_sets *old = *link;

		if (sets_in_use(net, port, old)) {
			link = &old->older;
		} else {
			*link = old->older;
			free_sets(old);
		}
	}
	s->older = p->sets;
	p->sets = s;
	steer_flows(p, ranges, n_ranges);
	return 0;
}

int
rs_net_set_targets(struct rs_net *net, const struct rs_net_prefix *targets, uint32_t n_targets)
{
	struct rs_net_targets *t = calloc(1, sizeof(*t)), **link;
	int rc = t == NULL || (t->set = rs_ranges_create()) == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < n_targets; i++)
		rc = rs_ranges_add_prefix(t->set, &targets[i]);
	if (rc != 0) {
		if (t)
			rs_ranges_free(t->set);
		free(t);
		return rc;
	}
	rs_ranges_seal(t->set);
	for (link = &net->targets; *link;) {
		struct rs_net_targets *old = *link;

		if (targets_in_use(net, old)) {
			link = &old->older;
		} else {
			*link = old->older;
			rs_ranges_free(old->set);
			free(old);
		}
	}
	t->older = net->targets;
	net->targets = t;
	return 0;
}

struct rs_net_worker *
rs_net_worker(struct rs_net *net, uint32_t worker)
{
	return worker < net->n_workers ? net->workers[worker] : NULL;
}

struct rs_metrics *
rs_net_metrics(struct rs_net *net, uint32_t worker, uint32_t port)
{
	return &net->ports[port].metrics[worker];
}

static void
poll_kernel(struct rs_net_port *p, struct rs_metrics *m)
{
	uint64_t drops, iface;

	if (p->kind != RS_NET_KIND_VDEV)
		return;
	drops = rs_kernel_drops(&p->sockets, &p->socket_drops);
	iface = rs_net_probe_iface_drops(p);
	if (iface > p->iface_drops)
		drops += iface - p->iface_drops;
	p->iface_drops = iface;
	rs_metric_add(m, RS_NET_KERNEL_DROPS, drops);
}

void
rs_net_poll_device_stats(struct rs_net *net)
{
	for (uint32_t i = 0; i < net->n_ports; i++) {
		struct rs_net_port *p = &net->ports[i];
		struct rs_metrics *m = &p->metrics[p->workers[0]];
		struct rte_eth_stats stats;
		struct rte_eth_link link;

		if (rte_eth_stats_get(p->dev, &stats) == 0) {
			rs_metric_set(m, RS_NET_DEV_MISSED, stats.imissed);
			rs_metric_set(m, RS_NET_DEV_ERRORS, stats.ierrors + stats.oerrors);
			rs_metric_set(m, RS_NET_DEV_NO_MBUF, stats.rx_nombuf);
		}
		poll_kernel(p, m);
		if (rte_eth_link_get_nowait(p->dev, &link) == 0)
			p->info.link_up = link.link_status == RTE_ETH_LINK_UP;
	}
}
