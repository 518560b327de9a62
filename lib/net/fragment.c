/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/fragment.h"

#include "base/table.h"

#define MORE4 0x2000
#define MORE6 1

uint32_t
rs_fragment_put(const struct rs_iface *ifc, const struct rs_path *path,
	const struct rs_neigh_entry *e, uint32_t id, const uint8_t *datagram, uint32_t total,
	uint32_t offset, uint32_t unit, uint8_t *frame)
{
	uint32_t len = total - offset < unit ? total - offset : unit;
	bool more = offset + len < total, v4 = path->remote.family == 4;
	uint32_t eth = rs_eth_len(ifc->vlan), head = rs_ip_hdr_len(&path->remote);
	uint8_t *p = frame + eth;

	rs_eth_put(frame, e->mac, ifc->mac, ifc->vlan, v4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6);
	if (v4) {
		rs_ip_put_fragment(p, &path->local, &path->remote, RS_IPPROTO_UDP, len, RS_IP_TTL,
			(uint16_t)id, (uint16_t)(offset / 8 | (more ? MORE4 : 0)));
	} else {
		rs_ip_put(p, &path->local, &path->remote, RS_IPPROTO_FRAGMENT,
			len + RS_IP6_FRAGMENT_LEN, RS_IP_TTL);
		p[head] = RS_IPPROTO_UDP;
		p[head + 1] = 0;
		rs_store16(p + head + 2, (uint16_t)(offset | (more ? MORE6 : 0)));
		rs_store32(p + head + 4, id);
		head += RS_IP6_FRAGMENT_LEN;
	}
	memcpy(p + head, datagram + offset, len);
	return eth + head + len;
}

void
rs_fragment_ids_init(struct rs_fragment_ids *ids, uint32_t seed, uint32_t worker, uint32_t workers)
{
	/* A start that differs from the last process's: its fragments may still lie in the peer's memory. */
	for (uint32_t i = 0; i < 256; i++)
		ids->next[i] = (seed + i * 2654435761u) / workers * workers + worker;
	ids->step = workers;
}

uint32_t
rs_fragment_id(struct rs_fragment_ids *ids, const struct rs_path *path)
{
	uint64_t hash = rs_hash(path->local.b, sizeof(path->local.b), 0) ^
		rs_hash(path->remote.b, sizeof(path->remote.b), 1);
	uint32_t *next = &ids->next[hash & 255], id = *next;

	*next += ids->step;
	return id;
}

uint16_t
rs_pmtu_of(const struct rs_pmtu *p, const struct rs_addr *dst, uint16_t mtu, uint64_t now_ns)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct rs_pmtu_entry *e = &p->entries[i];

		if (rs_addr_eq(&e->dst, dst))
			return e->until_ns > now_ns && e->mtu < mtu ? e->mtu : mtu;
	}
	return mtu;
}

bool
rs_pmtu_learn(struct rs_pmtu *p, const struct rs_addr *dst, uint32_t told, uint16_t mtu, uint64_t now_ns)
{
	uint16_t least = dst->family == 4 ? RS_MTU4_MIN : RS_MTU6_MIN;
	struct rs_pmtu_entry *e = NULL;
	uint32_t oldest = 0;

	if (told < least)
		told = least;
	if (told >= mtu)
		return false;
	for (uint32_t i = 0; i < p->n && e == NULL; i++) {
		if (rs_addr_eq(&p->entries[i].dst, dst))
			e = &p->entries[i];
		if (p->entries[i].until_ns < p->entries[oldest].until_ns)
			oldest = i;
	}
	if (e == NULL)
		e = p->n < RS_PMTU_MAX ? &p->entries[p->n++] : &p->entries[oldest];
	*e = (struct rs_pmtu_entry){ .dst = *dst, .mtu = (uint16_t)told, .until_ns = now_ns + RS_PMTU_NS };
	return true;
}
