/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/neigh.h"

#include <stdlib.h>

#define NEVER UINT64_MAX
/* Entries looked at for room for somebody who only asked for us: whom we send to is worth a look at all. */
#define STRANGER_LOOKS 32

int
rs_neigh_init(struct rs_neigh *n, uint32_t cap, uint32_t held_cap, uint32_t per_entry)
{
	uint32_t slots = 16;

	memset(n, 0, sizeof(*n));
	if (cap == 0 || cap >= RS_NEIGH_NONE || held_cap == 0 || held_cap >= RS_NEIGH_NONE)
		return -EINVAL;
	while (slots < cap * 2)
		slots *= 2;
	n->entries = aligned_alloc(64, cap * sizeof(*n->entries));
	n->slots = malloc(slots * sizeof(*n->slots));
	n->held = malloc(held_cap * sizeof(*n->held));
	if (n->entries == NULL || n->slots == NULL || n->held == NULL) {
		rs_neigh_fini(n);
		return -ENOMEM;
	}
	memset(n->entries, 0, cap * sizeof(*n->entries));
	memset(n->slots, 0xff, slots * sizeof(*n->slots));
	for (uint32_t i = 0; i < held_cap; i++)
		n->held[i] = (struct rs_neigh_held){ NULL,
			i + 1 < held_cap ? (uint16_t)(i + 1) : RS_NEIGH_NONE };
	n->mask = slots - 1;
	n->cap = cap;
	n->held_cap = held_cap;
	n->per_entry = per_entry;
	n->next_ns = n->min_ns = NEVER;
	n->recent = RS_NEIGH_NONE;
	return 0;
}

void
rs_neigh_fini(struct rs_neigh *n)
{
	free(n->entries);
	free(n->slots);
	free(n->held);
	memset(n, 0, sizeof(*n));
}

static inline uint32_t
slot_of(const struct rs_neigh *n, const struct rs_addr *a)
{
	uint64_t x;

	if (a->family == 4)
		x = rs_load32(a->b);
	else
		x = rs_load64(a->b) * 0xff51afd7ed558ccdull ^ rs_load64(a->b + 8);
	return (uint32_t)(x * 0x9e3779b97f4a7c15ull >> 32) & n->mask;
}

static inline bool
same(const struct rs_addr *a, const struct rs_addr *b)
{
	return a->family == b->family &&
		(a->family == 4 ? memcmp(a->b, b->b, 4) == 0 : memcmp(a->b, b->b, 16) == 0);
}

static struct rs_neigh_entry *
look_up(struct rs_neigh *n, const struct rs_addr *addr)
{
	for (uint32_t s = slot_of(n, addr); n->slots[s] != RS_NEIGH_NONE; s = (s + 1) & n->mask) {
		if (same(&n->entries[n->slots[s]].addr, addr)) {
			n->recent = n->slots[s];
			return &n->entries[n->slots[s]];
		}
	}
	return NULL;
}

static void
set_due(struct rs_neigh *n, struct rs_neigh_entry *e, uint64_t due_ns)
{
	e->due_ns = due_ns;
	if (due_ns < n->next_ns)
		n->next_ns = due_ns;
	if (due_ns < n->min_ns) /* the scan may have passed it already */
		n->min_ns = due_ns;
}

/** Take an entry out of the table; those behind it move up, so that no mark is left behind. */
static void
forget(struct rs_neigh *n, struct rs_neigh_entry *e)
{
	uint16_t index = (uint16_t)(e - n->entries);
	uint32_t hole = slot_of(n, &e->addr);

	while (n->slots[hole] != index)
		hole = (hole + 1) & n->mask;
	for (uint32_t s = (hole + 1) & n->mask; n->slots[s] != RS_NEIGH_NONE;
		s = (s + 1) & n->mask) {
		uint32_t home = slot_of(n, &n->entries[n->slots[s]].addr);

		if (((s - home) & n->mask) >= ((s - hole) & n->mask)) {
			n->slots[hole] = n->slots[s];
			hole = s;
		}
	}
	n->slots[hole] = RS_NEIGH_NONE;
	e->state = RS_NEIGH_FREE;
	n->n--;
	if (n->recent == index)
		n->recent = RS_NEIGH_NONE;
}

static bool
is_dispensable(const struct rs_neigh_entry *e)
{
	return !e->held &&
		(e->state == RS_NEIGH_STALE || e->state == RS_NEIGH_FAILED ||
			(e->state == RS_NEIGH_REACHABLE && !e->used));
}

/**
 * An entry that holds nothing and is not in use makes room. The search goes on where the last one ended, so that a flood of strangers
 * costs a few looks each and pushes out its own, as the oldest.
 * @param looks  at most so many entries are looked at
 */
static struct rs_neigh_entry *
make_room(struct rs_neigh *n, uint32_t looks)
{
	for (; looks; looks--) {
		struct rs_neigh_entry *e = &n->entries[n->hand];

		n->hand = n->hand + 1 < n->high ? n->hand + 1 : 0;
		if (e->state == RS_NEIGH_FREE)
			return e;
		if (is_dispensable(e)) {
			forget(n, e);
			return e;
		}
	}
	return NULL;
}

static struct rs_neigh_entry *
add(struct rs_neigh *n, const struct rs_addr *addr, uint32_t looks)
{
	struct rs_neigh_entry *e = n->high < n->cap ? &n->entries[n->high++] : make_room(n, looks);
	uint32_t s;

	if (e == NULL)
		return NULL;
	*e = (struct rs_neigh_entry){ .first = RS_NEIGH_NONE, .last = RS_NEIGH_NONE };
	e->addr.family = addr->family;
	memcpy(e->addr.b, addr->b, addr->family == 4 ? 4 : 16);
	for (s = slot_of(n, addr); n->slots[s] != RS_NEIGH_NONE; s = (s + 1) & n->mask)
		;
	n->slots[s] = (uint16_t)(e - n->entries);
	n->n++;
	return e;
}

static void
start_asking(struct rs_neigh *n, struct rs_neigh_entry *e, uint64_t now_ns)
{
	e->state = RS_NEIGH_ASKING;
	e->tries = 0;
	n->fresh = true;
	set_due(n, e, now_ns);
}

int
rs_neigh_find(struct rs_neigh *n, const struct rs_addr *addr, uint64_t now_ns,
	struct rs_neigh_entry **out)
{
	struct rs_neigh_entry *e;

	if (n->recent != RS_NEIGH_NONE && same(&n->entries[n->recent].addr, addr))
		e = &n->entries[n->recent];
	else
		e = look_up(n, addr);
	if (e == NULL) {
		e = add(n, addr, n->high);
		if (e == NULL)
			return -ENOBUFS;
		start_asking(n, e, now_ns);
	}
	*out = e;
	switch (e->state) {
	case RS_NEIGH_REACHABLE:
	case RS_NEIGH_PROBING: e->used = true; return 0;
	case RS_NEIGH_STALE:
		e->used = true;
		e->state = RS_NEIGH_PROBING;
		e->tries = 0;
		set_due(n, e, now_ns);
		return 0;
	case RS_NEIGH_FAILED: return -EHOSTUNREACH;
	default: return -EINPROGRESS;
	}
}

int
rs_neigh_hold(struct rs_neigh *n, struct rs_neigh_entry *e, void *buf)
{
	uint16_t i = n->free_held;

	if (e->held >= n->per_entry || i == RS_NEIGH_NONE)
		return -ENOBUFS;
	n->free_held = n->held[i].next;
	n->held[i] = (struct rs_neigh_held){ buf, RS_NEIGH_NONE };
	if (e->held++)
		n->held[e->last].next = i;
	else
		e->first = i;
	e->last = i;
	n->n_held++;
	return 0;
}

void *
rs_neigh_take(struct rs_neigh *n, struct rs_neigh_entry *e)
{
	uint16_t i = e->first;

	if (e->held == 0)
		return NULL;
	e->held--;
	e->first = n->held[i].next;
	n->held[i].next = n->free_held;
	n->free_held = i;
	n->n_held--;
	return n->held[i].buf;
}

void *
rs_neigh_take_any(struct rs_neigh *n)
{
	for (uint32_t i = 0; n->n_held && i < n->high; i++) {
		if (n->entries[i].held)
			return rs_neigh_take(n, &n->entries[i]);
	}
	return NULL;
}

struct rs_neigh_entry *
rs_neigh_learn(struct rs_neigh *n, const struct rs_neigh_news *news, uint64_t now_ns)
{
	struct rs_neigh_entry *e;
	bool known, differs;

	if (rs_eth_is_group(news->mac) || rs_eth_is_zero(news->mac))
		return NULL;
	e = look_up(n, &news->addr);
	if (e == NULL) {
		if (!(news->flags & RS_NEIGH_CREATE))
			return NULL;
		e = add(n, &news->addr, STRANGER_LOOKS);
		if (e == NULL)
			return NULL;
		e->state = RS_NEIGH_ASKING;
	}
	known = e->state != RS_NEIGH_ASKING && e->state != RS_NEIGH_FAILED;
	differs = known && !rs_eth_addr_eq(e->mac, news->mac);
	if (differs && !(news->flags & RS_NEIGH_OVERRIDE)) {
		/* RFC 4861, 7.2.5: a doubt about the MAC we use, not a better one. */
		if (e->state == RS_NEIGH_REACHABLE) {
			e->state = RS_NEIGH_STALE;
			set_due(n, e, now_ns + RS_NEIGH_FORGET_NS);
		}
		return NULL;
	}
	memcpy(e->mac, news->mac, RS_ETH_ADDR_LEN);
	if ((news->flags & RS_NEIGH_CONFIRMED) || !known || differs) {
		e->state = RS_NEIGH_REACHABLE;
		e->tries = 0;
		/* Known by its own word only, it is asked back sooner if it comes into use. */
		if (!(news->flags & RS_NEIGH_CONFIRMED) && e->held == 0) {
			e->state = RS_NEIGH_STALE;
			set_due(n, e, now_ns + RS_NEIGH_FORGET_NS);
		} else {
			set_due(n, e, now_ns + RS_NEIGH_REACHABLE_NS);
		}
	}
	return e;
}

/** The entry's time has come. @return the job for the caller; its next due time is set */
static enum rs_neigh_job
due(struct rs_neigh *n, struct rs_neigh_entry *e, uint64_t now_ns)
{
	uint64_t wait;

	switch (e->state) {
	case RS_NEIGH_ASKING:
		if (e->tries == RS_NEIGH_ASKS) {
			e->state = RS_NEIGH_FAILED;
			set_due(n, e, now_ns + RS_NEIGH_FAILED_NS);
			return RS_NEIGH_DROP;
		}
		wait = RS_NEIGH_ASK_NS << e->tries++;
		set_due(n, e, now_ns + (wait < RS_NEIGH_ASK_MAX_NS ? wait : RS_NEIGH_ASK_MAX_NS));
		return RS_NEIGH_ASK;
	case RS_NEIGH_REACHABLE:
		if (!e->used) {
			e->state = RS_NEIGH_STALE;
			set_due(n, e, now_ns + RS_NEIGH_FORGET_NS);
			return RS_NEIGH_NO_JOB;
		}
		e->used = false;
		e->state = RS_NEIGH_PROBING;
		e->tries = 0;
		/* fall through */
	case RS_NEIGH_PROBING:
		if (e->tries == RS_NEIGH_PROBES) { /* perhaps it moved: ask everybody */
			e->state = RS_NEIGH_ASKING;
			e->tries = 1;
			set_due(n, e, now_ns + RS_NEIGH_ASK_NS);
			return RS_NEIGH_ASK;
		}
		e->tries++;
		set_due(n, e, now_ns + RS_NEIGH_ASK_MAX_NS);
		return RS_NEIGH_PROBE;
	case RS_NEIGH_FAILED: /* the next send asks anew */
	case RS_NEIGH_STALE: forget(n, e); return RS_NEIGH_NO_JOB;
	default: return RS_NEIGH_NO_JOB;
	}
}

enum rs_neigh_job
rs_neigh_due(struct rs_neigh *n, uint64_t now_ns, struct rs_neigh_entry **out)
{
	if (now_ns < n->next_ns)
		return RS_NEIGH_NO_JOB;
	if (n->scan == 0) {
		n->min_ns = NEVER;
		n->fresh = false;
	}
	for (; n->scan < n->high; n->scan++) {
		struct rs_neigh_entry *e = &n->entries[n->scan];

		if (e->state == RS_NEIGH_FREE)
			continue;
		if (e->due_ns <= now_ns) {
			enum rs_neigh_job job = due(n, e, now_ns);

			if (job != RS_NEIGH_NO_JOB) {
				*out = e;
				return job;
			}
			if (e->state == RS_NEIGH_FREE)
				continue;
		}
		if (e->due_ns < n->min_ns)
			n->min_ns = e->due_ns;
	}
	n->scan = 0;
	n->next_ns = n->min_ns;
	n->min_ns = NEVER;
	return RS_NEIGH_NO_JOB;
}
