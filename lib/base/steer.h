/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Which worker of a port an address and port of ours belongs to. One rule in every mode of steering: the engine shares endpoints
 * out by it, software redirects by it, hardware merely computes it earlier (net/steer.h).
 */
#ifndef RS_BASE_STEER_H
#define RS_BASE_STEER_H

#include "base/text.h"

/** R, log2 of the number of entries of a device's redirection table (RETA): what devices have, and what is used without one. */
#define RS_STEER_BITS_MIN 6
#define RS_STEER_BITS_MAX 11
#define RS_STEER_BITS	  9

/** How a port's packets get to the worker that owns them. */
enum rs_steer_mode {
	RS_STEER_AUTO,	   /* as asked for: the first of those below that the device can do */
	RS_STEER_KEY,	   /* the device's RSS with a key and a table of ours: the rule itself */
	RS_STEER_FLOW,	   /* rte_flow rules */
	RS_STEER_PAIR,	   /* each worker has a queue pair of its own, and the other end does not know of the rule */
	RS_STEER_SOFTWARE, /* the device spreads by a rule of its own, or not at all */
	RS_STEER_MODES
};

/** "hardware key", "rte_flow", "queue pair", "software"; "auto" */
static inline const char *
rs_steer_mode_name(enum rs_steer_mode mode)
{
	static const char *const names[RS_STEER_MODES] = { "auto", "hardware key", "rte_flow", "queue pair", "software" };

	return names[mode];
}

/** The low 32 bits of an address of either family. */
static inline uint32_t
rs_steer_low(const struct rs_addr *a)
{
	uint32_t v;

	memcpy(&v, a->b + (a->family == 6 ? 12 : 0), 4);
	return __builtin_bswap32(v);
}

/**
 * The rule. A port and the next one, of an RTP stream and its RTCP, have one owner.
 *
 * @param addr    ours
 * @param port    ours
 * @param bits    R of the port
 * @param queues  workers of the port, at least 1
 * @return position among the port's workers
 */
static inline uint32_t
rs_steer_queue(const struct rs_addr *addr, uint16_t port, unsigned bits, uint32_t queues)
{
	return ((rs_steer_low(addr) ^ (uint32_t)(port >> 1)) & ((1u << bits) - 1)) % queues;
}

#endif
