/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/iface.h"

struct rs_addr
rs_iface_link_local(const uint8_t *mac)
{
	struct rs_addr a = { .family = 6 };

	a.b[0] = 0xfe;
	a.b[1] = 0x80;
	a.b[8] = mac[0] ^ 2;
	a.b[9] = mac[1];
	a.b[10] = mac[2];
	a.b[11] = 0xff;
	a.b[12] = 0xfe;
	memcpy(a.b + 13, mac + 3, 3);
	return a;
}

int
rs_iface_on_link(const struct rs_iface *ifc, struct rs_ranges **out)
{
	static const struct rs_net_prefix link_local = { { { 0xfe, 0x80 }, 6 }, 10 };
	struct rs_ranges *r = rs_ranges_create();
	int rc = r == NULL ? -ENOMEM : rs_ranges_add_prefix(r, &link_local);

	for (uint32_t i = 0; rc == 0 && i < ifc->n_prefixes; i++)
		rc = rs_ranges_add_prefix(r, &ifc->prefixes[i]);
	if (rc != 0) {
		rs_ranges_free(r);
		return rc;
	}
	rs_ranges_seal(r);
	*out = r;
	return 0;
}

int
rs_iface_own(const struct rs_iface *ifc, const struct rs_net_range *ranges, uint32_t n,
	struct rs_ranges **out)
{
	struct rs_ranges *r = rs_ranges_create();
	int rc = r == NULL ? -ENOMEM : rs_ranges_add(r, &ifc->link_local, 1);

	for (uint32_t i = 0; rc == 0 && i < ifc->n_prefixes; i++)
		rc = rs_ranges_add(r, &ifc->prefixes[i].addr, 1);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = rs_ranges_add(r, &ranges[i].first, ranges[i].count);
	if (rc != 0) {
		rs_ranges_free(r);
		return rc;
	}
	rs_ranges_seal(r);
	*out = r;
	return 0;
}

const struct rs_addr *
rs_iface_source(const struct rs_iface *ifc, const struct rs_addr *dst)
{
	const struct rs_addr *first = NULL;

	for (uint32_t i = 0; i < ifc->n_prefixes; i++) {
		const struct rs_net_prefix *p = &ifc->prefixes[i];

		if (p->addr.family != dst->family)
			continue;
		if (rs_addr_in(dst, &p->addr, p->bits))
			return &p->addr;
		if (first == NULL)
			first = &p->addr;
	}
	return first == NULL && dst->family == 6 ? &ifc->link_local : first;
}
