/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Tombstones: what is left of a transaction that is finished, until nothing of it can be on its way any more (64*T1: timers D, J, L
 * and M of RFC 3261, 17, and RFC 6026). 32 bytes each and an entry in a hash table; what they answer is rebuilt from the message
 * that came again. All live equally long, so that the oldest is always the first to go: a ring, no timers.
 */
#ifndef RS_ENGINE_TOMB_H
#define RS_ENGINE_TOMB_H

#include "base/table.h"

enum tomb_kind {
	TOMB_ABSORB,   /* server, INVITE: answered and acknowledged; a copy is swallowed */
	TOMB_ANSWER,   /* server, other: a copy of the request gets the answer again */
	TOMB_REFUSED,  /* client, INVITE: a copy of the refusal gets its ACK again */
	TOMB_ACCEPTED, /* client, INVITE: a copy of the 2xx gets its ACK; another branch's 2xx an ACK and a BYE */
};

struct tomb {
	uint64_t hash;
	uint64_t handle;     /* with aux: the token that is our tag */
	uint32_t expires_ms; /* of the engine's clock, wraps */
	uint32_t peer_tag;   /* ACCEPTED: hash of the dialog's */
	uint16_t aux;
	uint16_t status;     /* ANSWER */
	uint8_t kind;
	uint8_t spare[3];
};
_Static_assert(sizeof(struct tomb) == 32, "with its table entries a tombstone takes at most 64 bytes");

struct tombs {
	struct rs_table table;
	struct tomb *ring;
	uint32_t cap, first, n;
	uint32_t life_ms;
	uint64_t early; /* given up before their time, for want of room */
};

/** Address space for @cap of them. */
uint64_t tombs_reserve(uint32_t cap);
/** @return 0, -ENOMEM */
int tombs_init(struct tombs *t, struct rs_arena *a, uint32_t cap, uint64_t life_ns);
void tombs_add(struct tombs *t, uint64_t now_ns, struct tomb tomb);
/** @return the tombstone with @hash, or NULL */
struct tomb *tombs_find(struct tombs *t, uint64_t hash);
/** @hash will be looked for, or added, soon: its place in the table is most likely cold. */
static inline void
tombs_prefetch(const struct tombs *t, uint64_t hash)
{
	__builtin_prefetch(&t->table.entries[(uint32_t)(hash >> 32) & t->table.mask], 1);
}
/** Let go of those whose time has come, a bounded number. */
void tombs_expire(struct tombs *t, uint64_t now_ns);

#endif
