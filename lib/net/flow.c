/* SPDX-License-Identifier: BSD-3-Clause */
/* Steering by rte_flow, for devices that match packets but do not take a hash key of ours. */
#include "net/flow.h"

#include <stdlib.h>

#include "net/private.h"

#define RULES_MAX 512 /* as many as the smallest tables of such devices hold */

static void
say_address(const struct rs_steer_rule *r, struct rs_net_flow_words *out, struct rte_flow_item *item)
{
	if (r->addr.family == 4) {
		item->type = RTE_FLOW_ITEM_TYPE_IPV4;
		item->spec = &out->ip4;
		item->mask = &out->ip4_mask;
		memcpy(&out->ip4.hdr.dst_addr, r->addr.b, 4);
		memcpy(&out->ip4_mask.hdr.dst_addr, r->mask.b, 4);
	} else {
		item->type = RTE_FLOW_ITEM_TYPE_IPV6;
		item->spec = &out->ip6;
		item->mask = &out->ip6_mask;
		memcpy(out->ip6.hdr.dst_addr, r->addr.b, 16);
		memcpy(out->ip6_mask.hdr.dst_addr, r->mask.b, 16);
	}
}

void
rs_net_flow_say(const struct rs_steer_rule *r, uint8_t protocol, uint16_t vlan, struct rs_net_flow_words *out)
{
	struct rte_flow_item *item = out->items;

	memset(out, 0, sizeof(*out));
	out->attr.ingress = 1;
	item++->type = RTE_FLOW_ITEM_TYPE_ETH;
	if (vlan) {
		out->vlan.tci = rte_cpu_to_be_16(vlan);
		out->vlan_mask.tci = RTE_BE16(0x0fff);
		*item++ = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &out->vlan, .mask = &out->vlan_mask
		};
	}
	say_address(r, out, item++);
	item->type = protocol == RS_IPPROTO_TCP ? RTE_FLOW_ITEM_TYPE_TCP : RTE_FLOW_ITEM_TYPE_UDP;
	if (r->port_mask && protocol == RS_IPPROTO_TCP) {
		out->tcp.hdr.dst_port = rte_cpu_to_be_16(r->port);
		out->tcp_mask.hdr.dst_port = rte_cpu_to_be_16(r->port_mask);
		item->spec = &out->tcp;
		item->mask = &out->tcp_mask;
	} else if (r->port_mask) {
		out->udp.hdr.dst_port = rte_cpu_to_be_16(r->port);
		out->udp_mask.hdr.dst_port = rte_cpu_to_be_16(r->port_mask);
		item->spec = &out->udp;
		item->mask = &out->udp_mask;
	}
	item[1].type = RTE_FLOW_ITEM_TYPE_END;
	out->queue.index = r->queue;
	out->actions[0] = (struct rte_flow_action){ .type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &out->queue };
	out->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

int
rs_net_flow_check(const struct rs_net_port *p)
{
	struct rs_steer_range one = { .first = { .b = { 198, 18, 0, 1 }, .family = 4 }, .count = 1, .port = 5060, .ports = 1 };
	struct rs_net_flow_words words;
	struct rte_flow_error error;
	struct rs_steer_rule rule;

	if (rs_steer_rules_listed(&one, 1, p->steer_bits, p->n_workers, &rule, 1) != 1)
		return -EINVAL;
	rs_net_flow_say(&rule, RS_IPPROTO_UDP, p->ifc.vlan, &words);
	return rte_flow_validate(p->dev, &words.attr, words.items, words.actions, &error);
}

/* One rule an address where they are few, else masks, where these can say it. @return rules or negative */
static int
make_rules(const struct rs_net_port *p, const struct rs_net_range *ranges, uint32_t n, struct rs_steer_rule *rules)
{
	struct rs_steer_range *named = calloc(n + 1, sizeof(*named));
	int rc = named ? 0 : -ENOMEM, more;

	for (uint32_t i = 0; rc == 0 && i < n; i++)
		named[i] = (struct rs_steer_range){ ranges[i].first, ranges[i].count, ranges[i].port,
			ranges[i].ports ? ranges[i].ports : 1 };
	if (rc == 0)
		rc = rs_steer_rules_listed(named, n, p->steer_bits, p->n_workers, rules, RULES_MAX);
	free(named);
	if (rc != -ENOSPC)
		return rc;
	rc = rs_steer_rules_masked(4, p->steer_bits, p->n_workers, rules, RULES_MAX);
	if (rc < 0)
		return rc;
	more = rs_steer_rules_masked(6, p->steer_bits, p->n_workers, rules + rc, RULES_MAX - (uint32_t)rc);
	return more < 0 ? more : rc + more;
}

void
rs_net_flow_clear(struct rs_net_port *p)
{
	struct rte_flow_error error;

	for (uint32_t i = 0; i < p->n_flows; i++)
		(void)rte_flow_destroy(p->dev, p->flows[i], &error);
	free(p->flows);
	p->flows = NULL;
	p->n_flows = 0;
}

/* All or none: half of the rules would be no rule. @return 0, -ENOTSUP */
static int
give(struct rs_net_port *p, const struct rs_steer_rule *rules, uint32_t n, uint8_t protocol)
{
	uint32_t before = p->n_flows;
	struct rs_net_flow_words words;
	struct rte_flow_error error;

	for (uint32_t i = 0; i < n; i++) {
		struct rte_flow *flow;

		rs_net_flow_say(&rules[i], protocol, p->ifc.vlan, &words);
		flow = rte_flow_create(p->dev, &words.attr, words.items, words.actions, &error);
		if (flow == NULL) {
			while (p->n_flows > before)
				(void)rte_flow_destroy(p->dev, p->flows[--p->n_flows], &error);
			return -ENOTSUP;
		}
		p->flows[p->n_flows++] = flow;
	}
	return 0;
}

/*
 * Connections have ports of their own, any of them, so that only masks say whose they are. A device that does not take these gives
 * segments to queue 0, and they are handed over inside.
 */
static void
give_tcp(struct rs_net_port *p, struct rs_steer_rule *rules)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		int n = rs_steer_rules_masked(family, p->steer_bits, p->n_workers, rules, RULES_MAX - p->n_flows);

		if (n > 0)
			(void)give(p, rules, (uint32_t)n, RS_IPPROTO_TCP);
	}
}

int
rs_net_flow_set(struct rs_net_port *p, const struct rs_net_range *ranges, uint32_t n)
{
	struct rs_steer_rule *rules = calloc(RULES_MAX, sizeof(*rules));
	int rc;

	rs_net_flow_clear(p);
	p->flows = calloc(RULES_MAX, sizeof(*p->flows));
	rc = rules && p->flows ? make_rules(p, ranges, n, rules) : -ENOMEM;
	if (rc >= 0)
		rc = give(p, rules, (uint32_t)rc, RS_IPPROTO_UDP);
	if (rc == 0)
		give_tcp(p, rules);
	else
		rs_net_flow_clear(p);
	free(rules);
	return rc;
}
