/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of packets: DPDK's, with a stack of blocks behind the caches that workers have. */
#include "net/blocks.h"
#include "net/private.h"

#define OPS "rs_blocks"

static int
ops_alloc(struct rte_mempool *pool)
{
	pool->pool_data = rs_blocks_create(pool->size);
	return pool->pool_data ? 0 : -ENOMEM;
}

static void
ops_free(struct rte_mempool *pool)
{
	rs_blocks_free(pool->pool_data);
}

static int
ops_enqueue(struct rte_mempool *pool, void *const *objects, unsigned n)
{
	rs_blocks_put(pool->pool_data, objects, n);
	return 0;
}

static int
ops_dequeue(struct rte_mempool *pool, void **objects, unsigned n)
{
	return rs_blocks_get(pool->pool_data, objects, n);
}

static unsigned
ops_count(const struct rte_mempool *pool)
{
	return rs_blocks_count(pool->pool_data);
}

static const struct rte_mempool_ops ops = {
	.name = OPS,
	.alloc = ops_alloc,
	.free = ops_free,
	.enqueue = ops_enqueue,
	.dequeue = ops_dequeue,
	.get_count = ops_count,
};

RTE_MEMPOOL_REGISTER_OPS(ops);

/*
 * A stack instead of the usual ring: what was freed last is given out next, so that the packets in use stay few and in the caches
 * however large the pool is. Without hugepages DPDK would begin every packet on a page of its own, for devices that read physical
 * memory: the same cache sets for all headers, and an af_xdp device maps only as much as the packets take side by side.
 */
struct rte_mempool *
rs_net_make_pool(const char *name, uint32_t n, uint16_t room, unsigned cache)
{
	struct rte_pktmbuf_pool_private about = {
		.mbuf_data_room_size = room,
		.mbuf_priv_size = RTE_ALIGN(sizeof(struct rs_net_priv), RTE_MBUF_PRIV_ALIGN),
	};
	struct rte_mempool *pool = rte_mempool_create_empty(name, n,
		(unsigned)sizeof(struct rte_mbuf) + about.mbuf_priv_size + room, cache, sizeof(about), SOCKET_ID_ANY,
		rte_eal_has_hugepages() ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	int rc;

	if (pool == NULL)
		return NULL;
	rc = rte_mempool_set_ops_byname(pool, OPS, NULL);
	if (rc == 0) {
		rte_pktmbuf_pool_init(pool, &about);
		rc = rte_mempool_populate_default(pool);
	}
	if (rc < 0) {
		rte_mempool_free(pool);
		rte_errno = -rc;
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}
