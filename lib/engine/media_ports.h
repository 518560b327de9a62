/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The media ports of a worker: pairs of an even port for RTP and the next one for RTCP at the addresses of its endpoints, and which
 * stream has them. What comes to a pair of another worker by the rule of base/steer.h would not get here, so only own ones are given
 * out. Pairs are numbered so that the first ones of all addresses lie together: few calls at each of many addresses touch little
 * memory, and an address and port find their pair by its number.
 */
#ifndef RS_ENGINE_MEDIA_PORTS_H
#define RS_ENGINE_MEDIA_PORTS_H

#include "base/arena.h"
#include "base/clock.h"
#include "net/link.h"
#include "plan/plan.h"

#define MEDIA_PORT_REST_NS (5 * RS_NS_PER_S) /* what is still on its way to a stream that has ended must not reach another one */
#define MEDIA_BLOCKS	   256

struct media_pair {
	uint64_t rested_ns; /* when it was given back */
	uint32_t next;	    /* of those that rest at its address, the one given back next */
	uint32_t stream;    /* slot + 1; 0: none */
};
_Static_assert(sizeof(struct media_pair) == 16, "four pairs a cache line");

/** What is in use of one address. Pairs by their number at this address. */
struct media_address {
	uint32_t fresh;	     /* from here on none was ever given out */
	uint32_t head, tail; /* those that rest, oldest first; number + 1, 0: none */
};

/** Addresses in a row at one port of the plan. */
struct media_block {
	struct rs_addr first;
	uint32_t count;
	uint32_t pairs; /* at each address */
	uint16_t low;	/* the first one's even port */
	uint8_t port;	/* of the plan */
	uint8_t bits;	/* of the rule */
	uint32_t workers, position; /* of that port */
	struct media_pair *pair;    /* number * count + address */
	struct media_address *addresses;
};

struct media_ports {
	struct media_block *blocks;
	uint32_t n_blocks;
	uint32_t used;
};

/** The range that group @group takes its pairs from: @low is even, @high odd. The one place that knows. */
void media_ports_range(const struct rs_plan *plan, uint32_t group, uint16_t *low, uint16_t *high);

/** Bytes of an arena for the pairs of worker @worker, of which @streams are used at a time at most. */
uint64_t media_ports_reserve(const struct rs_plan *plan, uint32_t worker, uint64_t streams);
/** @param steer_bits  [plan->n_ports] @return 0, -ENOMEM; -E2BIG: addresses in more than MEDIA_BLOCKS pieces */
int media_ports_init(struct media_ports *p, struct rs_arena *a, const struct rs_plan *plan, const uint8_t *steer_bits,
	uint32_t worker, uint64_t streams);

/** Take a pair at our address @addr of port @port. @return its even port; 0: none is free, or has rested long enough */
uint16_t media_ports_take(struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint64_t now_ns);
/** Give a pair back; nothing is received there any more. */
void media_ports_give(struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint16_t rtp, uint64_t now_ns);

/** The pair that a datagram to @addr and @media_port belongs to, whether it is taken or not; NULL: not one of ours. */
struct media_pair *media_ports_find(const struct media_ports *p, uint8_t port, const struct rs_addr *addr, uint16_t media_port);

#endif
