/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that carry requests both ways (RFC 5923). Where a group says `alias`, its requests ask for it, and a connection that its
 * proxy opened to one of its endpoints with a request that asks for it is that endpoint's to the proxy: none is opened beside it.
 * Over TLS a server may do so only if the client's certificate has shown that the client is who Via says (section 9.1 and 9.3): the
 * workers do not know what it showed, so there connections of peers are not used. Over TCP nothing is shown, and the address from which
 * the request comes must be the one that it names.
 */
#include "engine/flow.h"

static bool
asks(const struct rs_sip_msg *msg, struct rs_sip_via *via)
{
	size_t pos = 0;

	return rs_sip_via_next(rs_sip_get(msg, RS_HDR_VIA), &pos, via) == 0 && via->alias;
}

/* Is the proxy @hop what @via names, and where @rx came from? */
static bool
is_from(const struct rs_plan_hop *hop, const struct rs_sip_via *via, const struct rs_rx *rx)
{
	struct rs_addr named;
	uint16_t port = via->port ? via->port : rs_transport_port((enum rs_transport)rx->path.transport);

	if (rs_addr_parse(via->host, &named) == 0 && !rs_addr_eq(&named, &rx->path.remote))
		return false;
	return port == hop->port && rs_addr_eq(&hop->addr, &rx->path.remote);
}

void
flow_alias(struct rs_engine *e, uint32_t group, const struct rs_rx *rx, const struct rs_sip_msg *msg)
{
	const struct group *g = &e->groups[group];
	struct rs_sip_via via;
	int64_t index;

	if (!g->plan->alias || g->first_flow == NO_FLOW || !asks(msg, &via))
		return;
	index = rs_group_find(g->plan, &rx->path.local, rx->path.local_port);
	if (index < 0 || !group_has(g, (uint32_t)index))
		return;
	for (uint8_t hop = 0; hop < g->plan->n_hops && !rs_transport_is_secure((enum rs_transport)rx->path.transport); hop++) {
		struct flow *f = flow_of(e, g, (uint32_t)index, hop);

		if (!is_from(&g->plan->hops[hop], &via, rx))
			continue;
		if (f->state == FLOW_OPENING || f->state == FLOW_OPEN) /* it has one, and keeps it */
			return;
		if (f->state == FLOW_RESTING)
			flow_rested(e, f);
		f->conn = rx->path.conn;
		f->is_alias = true;
		rs_metric_inc(&e->account->flows, RS_FLOW_ALIASED);
		flow_opened(e, f);
		return;
	}
	rs_metric_inc(&e->account->flows, RS_FLOW_NOT_ALIASED);
}

void
flow_alias_end(struct rs_engine *e, uint32_t group, const struct rs_rx *rx)
{
	const struct group *g = &e->groups[group];
	int64_t index;

	if (!g->plan->alias || g->first_flow == NO_FLOW)
		return;
	index = rs_group_find(g->plan, &rx->path.local, rx->path.local_port);
	for (uint8_t hop = 0; index >= 0 && group_has(g, (uint32_t)index) && hop < g->plan->n_hops; hop++) {
		struct flow *f = flow_of(e, g, (uint32_t)index, hop);

		if (f->is_alias && f->state == FLOW_OPEN && f->conn == rx->path.conn)
			flow_broken(e, f, (enum rs_conn_cause)rx->cause);
	}
}
