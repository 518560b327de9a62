/* SPDX-License-Identifier: BSD-3-Clause */
/** The receive side of a ring port with several queues, as those who send to it see it. */
#ifndef RS_NET_SPREAD_H
#define RS_NET_SPREAD_H

#include <stdatomic.h>

#include "net/steer.h"

struct rs_net_spread {
	struct rs_steer_hash hash;
	_Atomic uint16_t reta[RS_STEER_RETA_MAX]; /* control writes between runs, senders read */
};

/** The queue of the port for @frame; 0 for what is not hashed (ARP, ICMP, fragments), as with a device. */
static inline uint16_t
rs_net_spread_queue(const struct rs_net_spread *s, const uint8_t *frame, uint32_t len)
{
	uint32_t entry;

	if (!rs_steer_frame(&s->hash, frame, len, &entry))
		return 0;
	return atomic_load_explicit(&s->reta[entry], memory_order_relaxed);
}

#endif
