/* SPDX-License-Identifier: BSD-3-Clause */
/** Datagrams that were seen before, by a 64-bit hash of who sent what to whom. */
#ifndef RS_WIRE_SEEN_H
#define RS_WIRE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#define RS_WIRE_SEEN_MAX                                                                           \
	(1u << 24) /* different datagrams; beyond that no new ones are remembered */

struct rs_wire_seen_entry {
	uint64_t hash;      /* 0: free */
	uint32_t copies;    /* that the sender sent */
	uint32_t delivered; /* that went on, our duplicates included */
};

struct rs_wire_seen {
	struct rs_wire_seen_entry *entries;
	uint32_t n, cap; /* @cap: a power of two */
};

/** @return 0, -ENOMEM */
int rs_wire_seen_init(struct rs_wire_seen *s);
void rs_wire_seen_fini(struct rs_wire_seen *s);

/**
 * The entry of @hash, a new one (no copies) if there is none yet. Valid until the next call.
 * @return NULL when it is new and there is no room
 */
struct rs_wire_seen_entry *rs_wire_seen(struct rs_wire_seen *s, uint64_t hash);

#endif
