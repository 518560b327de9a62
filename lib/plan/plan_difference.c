/* SPDX-License-Identifier: BSD-3-Clause */
/* What only a new start of the daemon can change. */
#include "plan/plan.h"

static bool
same_prefixes(const struct rs_plan_port *a, const struct rs_plan_port *b)
{
	if (a->n_addresses != b->n_addresses)
		return false;
	for (uint32_t i = 0; i < a->n_addresses; i++)
		if (!rs_addr_eq(&a->addresses[i].addr, &b->addresses[i].addr) ||
			a->addresses[i].bits != b->addresses[i].bits)
			return false;
	return true;
}

static const char *
port_difference(const struct rs_plan_port *a, const struct rs_plan_port *b)
{
	if (strcmp(a->name, b->name) != 0)
		return "ports[].name";
	if (strcmp(a->device, b->device) != 0)
		return "ports[].device";
	if (a->vlan != b->vlan)
		return "ports[].vlan";
	if (a->mtu != b->mtu)
		return "ports[].mtu";
	if (memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
		return "ports[].mac";
	if (!same_prefixes(a, b))
		return "ports[].addresses";
	if (!rs_addr_eq(&a->gateway4, &b->gateway4) || !rs_addr_eq(&a->gateway6, &b->gateway6))
		return "ports[].gateway";
	if (a->routed != b->routed)
		return "ports[].routed";
	if (a->n_workers != b->n_workers ||
		memcmp(a->workers, b->workers, a->n_workers * sizeof(*a->workers)) != 0)
		return "ports[].workers";
	if (a->steering != b->steering)
		return "ports[].steering";
	if (a->rx_descriptors != b->rx_descriptors)
		return "ports[].rx_descriptors";
	if (a->tx_descriptors != b->tx_descriptors)
		return "ports[].tx_descriptors";
	return NULL;
}

const char *
rs_plan_static_difference(const struct rs_plan *a, const struct rs_plan *b)
{
	if (a->n_workers != b->n_workers ||
		memcmp(a->cores, b->cores, a->n_workers * sizeof(*a->cores)) != 0)
		return "workers.cores";
	if (a->idle_sleep != b->idle_sleep)
		return "workers.idle";
	if (a->memory_mb != b->memory_mb)
		return "workers.memory_mb";
	if (a->mbufs != b->mbufs)
		return "workers.mbufs";
	if (a->hugepages != b->hugepages)
		return "workers.hugepages";
	if (a->handshake_threads != b->handshake_threads)
		return "workers.handshake_threads";
	if (a->handshakes != b->handshakes)
		return "workers.handshakes";
	if (a->handshake_queue != b->handshake_queue)
		return "workers.handshake_queue";
	if (a->sessions != b->sessions)
		return "workers.sessions";
	if (a->fallback_mb != b->fallback_mb)
		return "workers.tls_fallback_mb";
	if (a->n_ports != b->n_ports)
		return "ports";
	for (uint32_t i = 0; i < a->n_ports; i++) {
		const char *d = port_difference(&a->ports[i], &b->ports[i]);

		if (d)
			return d;
	}
	return NULL;
}
