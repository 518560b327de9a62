/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Contexts of a batch of RTP packets on their way into the cache, in two stages: with 100,000 of
 * them a packet's keys are nowhere near, and where GCM's are is only known when the context has
 * arrived.
 */
#ifndef RS_PROTO_SRTP_PREFETCH_H
#define RS_PROTO_SRTP_PREFETCH_H

#include "proto/srtp/private.h"

/**
 * Bring in what packet @i + 2 * RS_SRTP_AHEAD shows of itself, and the keys of @i + RS_SRTP_AHEAD.
 */
static inline void
prefetch_ctx(const struct rs_srtp_item *item)
{
	__builtin_prefetch(item->ctx);
	__builtin_prefetch((const uint8_t *)item->ctx + 64);
	__builtin_prefetch(item->packet);
}

static inline void
prefetch_lines(const uint8_t *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		__builtin_prefetch(p + i * 64);
}

/* GCM: the key schedule, and as many powers of the hash key as the packet has blocks. */
static inline void
prefetch_keys(const struct rs_srtp_engine *e, const struct rs_srtp_item *item)
{
	const struct rs_srtp_ctx *c = item->ctx;
	unsigned powers = item->len / 64 + 1; /* lines of them, past the first */

	if (!c->gcm) {
		prefetch_lines((const uint8_t *)c, 2, c->key_len > 16 ? 6 : 5);
	} else if (e->powers_last) {
		prefetch_lines(c->gcm_keys, 0, 4);
		prefetch_lines(c->gcm_keys, powers < 11 ? 15 - powers : 4, 16);
	} else {
		prefetch_lines(c->gcm_keys, 0, 8);
	}
}

static inline void
prefetch_first(const struct rs_srtp_engine *e, const struct rs_srtp_item *items, unsigned n)
{
	for (unsigned i = 0; i < n && i < 2 * RS_SRTP_AHEAD; i++)
		prefetch_ctx(&items[i]);
	for (unsigned i = 0; i < n && i < RS_SRTP_AHEAD; i++)
		prefetch_keys(e, &items[i]);
}

static inline void
prefetch_next(
	const struct rs_srtp_engine *e, const struct rs_srtp_item *items, unsigned i, unsigned n)
{
	if (i + 2 * RS_SRTP_AHEAD < n)
		prefetch_ctx(&items[i + 2 * RS_SRTP_AHEAD]);
	if (i + RS_SRTP_AHEAD < n)
		prefetch_keys(e, &items[i + RS_SRTP_AHEAD]);
}

#endif
