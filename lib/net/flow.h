/* SPDX-License-Identifier: BSD-3-Clause */
/** A steering rule in rte_flow's words: ETH [VLAN] IPV4|IPV6 UDP|TCP -> QUEUE. */
#ifndef RS_NET_FLOW_H
#define RS_NET_FLOW_H

#include <rte_flow.h>

#include "net/steer.h"

#define RS_NET_FLOW_ITEMS 5 /* the end included */

/** Everything that rte_flow_create points into; it must not be moved. */
struct rs_net_flow_words {
	struct rte_flow_attr attr;
	struct rte_flow_item items[RS_NET_FLOW_ITEMS];
	struct rte_flow_action actions[2];
	struct rte_flow_item_vlan vlan, vlan_mask;
	struct rte_flow_item_ipv4 ip4, ip4_mask;
	struct rte_flow_item_ipv6 ip6, ip6_mask;
	struct rte_flow_item_udp udp, udp_mask;
	struct rte_flow_item_tcp tcp, tcp_mask;
	struct rte_flow_action_queue queue;
};

/** @param protocol  RS_IPPROTO_UDP or _TCP. @param vlan  of the port, 0: untagged */
void rs_net_flow_say(const struct rs_steer_rule *rule, uint8_t protocol, uint16_t vlan, struct rs_net_flow_words *out);

#endif
