/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive side scaling of devices: can this one be given our key and table, and giving them. */
#include "net/private.h"

#define GROUPS (RS_STEER_RETA_MAX / RTE_ETH_RETA_GROUP_SIZE)

/* Datagrams and segments: everything else goes to queue 0, whose worker owns the port. */
#define UDP4 RTE_ETH_RSS_NONFRAG_IPV4_UDP
#define UDP6 RTE_ETH_RSS_NONFRAG_IPV6_UDP
#define TCP4 RTE_ETH_RSS_NONFRAG_IPV4_TCP
#define TCP6 RTE_ETH_RSS_NONFRAG_IPV6_TCP

static bool
has_ipv6(const struct rs_net_port *p)
{
	for (uint32_t i = 0; i < p->ifc.n_prefixes; i++)
		if (p->prefixes[i].addr.family == 6)
			return true;
	return false;
}

/* What is to be hashed: TCP where the device can; where it cannot, segments are handed over inside. */
static uint64_t
hashed(const struct rs_net_port *p, uint64_t offered)
{
	uint64_t tcp = TCP4 | (has_ipv6(p) ? TCP6 : 0);

	return UDP4 | (has_ipv6(p) ? UDP6 : 0) | ((offered & tcp) == tcp ? tcp : 0);
}

const char *
rs_net_rss_refusal(const struct rs_net_port *p, const struct rte_eth_dev_info *dev)
{
	uint64_t want = UDP4 | (has_ipv6(p) ? UDP6 : 0);

	if ((dev->flow_type_rss_offloads & want) != want)
		return "it does not hash UDP ports";
	if (dev->reta_size == 0 || (dev->reta_size & (dev->reta_size - 1)) ||
		dev->reta_size < 1u << RS_STEER_BITS_MIN || dev->reta_size > RS_STEER_RETA_MAX)
		return "its redirection table has a size that the rule is not made for";
	if (dev->hash_key_size && (dev->hash_key_size < RS_STEER_KEY_MIN || dev->hash_key_size > RS_STEER_KEY_MAX))
		return "its hash key is too short or too long";
	if (p->n_workers > dev->reta_size)
		return "its redirection table is smaller than the number of workers";
	return NULL;
}

void
rs_net_rss_configure(struct rs_net_port *p, const struct rte_eth_dev_info *dev, struct rte_eth_conf *conf)
{
	uint64_t ports = dev->flow_type_rss_offloads & (UDP4 | UDP6 | TCP4 | TCP6);

	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = ports ? ports : dev->flow_type_rss_offloads & RTE_ETH_RSS_IP;
	if (p->mode != RS_STEER_KEY)
		return;
	p->rss_hf = hashed(p, dev->flow_type_rss_offloads);
	p->steer_bits = (uint8_t)rte_log2_u32(dev->reta_size);
	p->rss_key_len = dev->hash_key_size ? dev->hash_key_size : RS_STEER_KEY_MIN;
	rs_steer_key(p->steer_bits, p->rss_key, p->rss_key_len);
	conf->rx_adv_conf.rss_conf.rss_key = p->rss_key;
	conf->rx_adv_conf.rss_conf.rss_key_len = p->rss_key_len;
}

static void
fill_reta(const struct rs_net_port *p, struct rte_eth_rss_reta_entry64 *reta)
{
	for (uint32_t e = 0; e < 1u << p->steer_bits; e++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[e / RTE_ETH_RETA_GROUP_SIZE];

		group->mask = UINT64_MAX;
		group->reta[e % RTE_ETH_RETA_GROUP_SIZE] =
			rs_steer_entry(e, p->steer_bits, p->n_workers, p->peer);
	}
}

int
rs_net_rss_table(struct rs_net_port *p)
{
	struct rte_eth_rss_reta_entry64 reta[GROUPS] = { 0 }, back[GROUPS] = { 0 };
	uint16_t size = (uint16_t)(1u << p->steer_bits);
	int rc;

	fill_reta(p, reta);
	rc = rte_eth_dev_rss_reta_update(p->dev, reta, size);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < size / RTE_ETH_RETA_GROUP_SIZE; i++)
		back[i].mask = UINT64_MAX;
	/* A device that cannot tell is believed. */
	if (rte_eth_dev_rss_reta_query(p->dev, back, size) != 0)
		return 0;
	for (uint32_t i = 0; i < size / RTE_ETH_RETA_GROUP_SIZE; i++)
		if (memcmp(back[i].reta, reta[i].reta, sizeof(back[i].reta)) != 0)
			return -EIO;
	return 0;
}

int
rs_net_rss_program(struct rs_net_port *p)
{
	uint8_t back[RS_STEER_KEY_MAX] = { 0 };
	struct rte_eth_rss_conf conf = {
		.rss_key = p->rss_key,
		.rss_key_len = p->rss_key_len,
		.rss_hf = p->rss_hf,
	};
	int rc = rte_eth_dev_rss_hash_update(p->dev, &conf);

	if (rc != 0)
		return rc;
	conf.rss_key = back;
	conf.rss_key_len = sizeof(back);
	if (rte_eth_dev_rss_hash_conf_get(p->dev, &conf) == 0 && memcmp(back, p->rss_key, p->rss_key_len) != 0)
		return -EIO; /* it said yes, and kept its own */
	return rs_net_rss_table(p);
}
