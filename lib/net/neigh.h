/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The neighbours of one port as one worker knows them: IP address to MAC (RFC 826; RFC 4861, 7.3).
 * Asks with back-off, holds buffers while it asks (bounded per neighbour and in all), ages what it
 * knows. It sends nothing itself: rs_neigh_due tells the caller what to ask. One thread owns it;
 * memory is taken at creation only.
 */
#ifndef RS_NET_NEIGH_H
#define RS_NET_NEIGH_H

#include "net/ranges.h"

/*
 * An unanswered question is asked 6 times in 3.1 s: SIP gives up after 32 s, and a person sees "no
 * answer" sooner than that.
 */
#define RS_NEIGH_ASKS         6
#define RS_NEIGH_ASK_NS       100000000ull   /* doubles with each question, up to: */
#define RS_NEIGH_ASK_MAX_NS   1000000000ull  /* RFC 4861: RetransTimer */
#define RS_NEIGH_PROBES       3              /* RFC 4861: MAX_UNICAST_SOLICIT */
#define RS_NEIGH_REACHABLE_NS 30000000000ull /* RFC 4861: REACHABLE_TIME */
#define RS_NEIGH_FORGET_NS    600000000000ull
#define RS_NEIGH_FAILED_NS    3000000000ull /* sends are refused at once, then it is asked again */
#define RS_NEIGH_NONE         UINT16_MAX

enum rs_neigh_state {
	RS_NEIGH_FREE,
	RS_NEIGH_ASKING,    /* no MAC yet; buffers wait */
	RS_NEIGH_REACHABLE, /* confirmed lately */
	RS_NEIGH_STALE,     /* MAC known, nobody uses it */
	RS_NEIGH_PROBING,   /* MAC in use while it is asked whether it still holds */
	RS_NEIGH_FAILED     /* did not answer */
};

/** One neighbour; a send touches its first 32 bytes. */
struct rs_neigh_entry {
	_Alignas(64) struct rs_addr addr;
	uint8_t mac[RS_ETH_ADDR_LEN];
	uint8_t state; /* enum rs_neigh_state */
	uint8_t tries;
	bool used;                  /* since the last look at its age */
	uint16_t first, last, held; /* buffers that wait */
	uint64_t due_ns;            /* next question, next look at its age */
};
_Static_assert(sizeof(struct rs_neigh_entry) == 64, "a neighbour is one cache line");

struct rs_neigh {
	struct rs_neigh_entry *entries;
	uint16_t *slots; /* open addressing: index of an entry or RS_NEIGH_NONE */
	uint32_t mask;
	uint32_t cap, high; /* entries at or above @high were never used */
	uint32_t n;         /* in use */
	uint16_t recent;    /* the entry found last */
	struct rs_neigh_held {
		void *buf;
		uint16_t next;
	} * held;
	uint32_t held_cap, n_held;
	uint32_t per_entry;
	uint16_t free_held;
	uint64_t next_ns; /* nothing is due before */
	uint64_t min_ns;  /* of the scan under way */
	uint32_t scan;
	uint32_t hand; /* who is looked at next when room is wanted */
	bool fresh; /* a neighbour was added that nobody asked for yet */
};

/**
 * @param cap        neighbours at most (below 65,535)
 * @param held_cap   buffers held in all (below 65,535)
 * @param per_entry  buffers held for one neighbour
 * @return 0, -ENOMEM, -EINVAL
 */
int rs_neigh_init(struct rs_neigh *n, uint32_t cap, uint32_t held_cap, uint32_t per_entry);
/** Buffers still held are lost: take them out before (rs_neigh_take_any). */
void rs_neigh_fini(struct rs_neigh *n);

/**
 * Look @addr up to send to it.
 * @param e  out: the neighbour; its MAC counts if 0 is returned
 * @return 0; -EINPROGRESS: being asked for, hold the buffer; -EHOSTUNREACH: does not answer;
 * 	-ENOBUFS: no room for one more
 */
int rs_neigh_find(
	struct rs_neigh *n, const struct rs_addr *addr, uint64_t now_ns, struct rs_neigh_entry **e);

/** Hold @buf until @e is known. @return 0; -ENOBUFS: it stays the caller's */
int rs_neigh_hold(struct rs_neigh *n, struct rs_neigh_entry *e, void *buf);
/** How many more buffers may be held for @e. */
static inline uint32_t
rs_neigh_room(const struct rs_neigh *n, const struct rs_neigh_entry *e)
{
	uint32_t each = n->per_entry - e->held, all = n->held_cap - n->n_held;

	return each < all ? each : all;
}
/** Take the oldest buffer held for @e. @return NULL when there is none */
void *rs_neigh_take(struct rs_neigh *n, struct rs_neigh_entry *e);
/** Take any held buffer, to close. @return NULL when there is none */
void *rs_neigh_take_any(struct rs_neigh *n);

enum rs_neigh_news_flags {
	RS_NEIGH_CREATE = 1 << 0,    /* it spoke to us: we shall want to answer */
	RS_NEIGH_OVERRIDE = 1 << 1,  /* a different MAC replaces the known one */
	RS_NEIGH_CONFIRMED = 1 << 2, /* an answer to our question: it can be reached */
};

/** What a frame said about a neighbour. */
struct rs_neigh_news {
	struct rs_addr addr; /* family 0: nothing */
	uint8_t mac[RS_ETH_ADDR_LEN];
	uint8_t flags; /* enum rs_neigh_news_flags */
};

/** @return the neighbour when its MAC is known now (rs_neigh_take its buffers), else NULL */
struct rs_neigh_entry *rs_neigh_learn(
	struct rs_neigh *n, const struct rs_neigh_news *news, uint64_t now_ns);

enum rs_neigh_job {
	RS_NEIGH_NO_JOB,
	RS_NEIGH_ASK,   /* ask everybody on the link */
	RS_NEIGH_PROBE, /* ask its MAC */
	RS_NEIGH_DROP   /* it did not answer: its buffers are to be taken and dropped */
};

/** What is due, one job a call, until RS_NEIGH_NO_JOB; then nothing is due before n->next_ns. */
enum rs_neigh_job rs_neigh_due(struct rs_neigh *n, uint64_t now_ns, struct rs_neigh_entry **e);

#endif
