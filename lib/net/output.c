/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/output.h"

int
rs_output_next_hop(const struct rs_iface *ifc, const struct rs_ranges *targets,
	struct rs_neigh *neigh, const struct rs_addr *remote, uint64_t now_ns,
	struct rs_neigh_entry **e)
{
	const struct rs_addr *next;
	int rc;

	if (!rs_output_allowed(targets, remote))
		return -EACCES;
	rc = rs_route(ifc, remote, &next);
	if (rc != 0)
		return rc;
	return rs_neigh_find(neigh, next, now_ns, e);
}

uint32_t
rs_output_ip(const struct rs_iface *ifc, const struct rs_path *path, const struct rs_neigh_entry *e,
	uint8_t proto, uint8_t *bytes, uint32_t len, uint8_t **frame)
{
	uint32_t head = rs_ip_hdr_len(&path->remote);
	uint32_t eth = rs_eth_len(ifc->vlan);
	uint8_t *p = bytes - head;

	rs_ip_put(p, &path->local, &path->remote, proto, len, RS_IP_TTL);
	*frame = p - eth;
	rs_eth_put(*frame, e->mac, ifc->mac, ifc->vlan,
		path->remote.family == 4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6);
	return eth + head + len;
}

uint32_t
rs_output_udp(const struct rs_iface *ifc, const struct rs_path *path,
	const struct rs_neigh_entry *e, uint8_t *payload, uint32_t len, uint8_t **frame)
{
	rs_udp_put(payload, len, &path->local, path->local_port, &path->remote, path->remote_port,
		ifc->udp_offload);
	return rs_output_ip(
		ifc, path, e, RS_IPPROTO_UDP, payload - RS_UDP_HDR_LEN, len + RS_UDP_HDR_LEN, frame);
}
