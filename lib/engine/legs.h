/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Legs: a placed call and the call that answers it, matched behind an SUT that rewrites Call-ID, tags and Via, by what it passes on
 * (`run.legs`). When a call is over, each of its two sides makes a record of it, a half; the hash of what both have in common says
 * which worker gets it, and there the halves that wait find each other. Nobody waits for anybody: what has not been matched is the
 * difference of what was counted on the one and on the other side.
 */
#ifndef RS_ENGINE_LEGS_H
#define RS_ENGINE_LEGS_H

#include "base/mailbox.h"
#include "engine/internal.h"
#include "engine/legs_sdp.h"

/** What matching needs of an open leg beside the leg itself; at the leg's own slot of a parallel array. */
struct leg_times {
	uint64_t key;	/* hash of what its INVITE is matched by; 0: no INVITE yet */
	uint64_t ok_ns; /* the 2xx to the INVITE: placed: received, answered: sent; 0: none */
	uint64_t bye_ns;
	bool bye_sent;	/* by this side */
};
_Static_assert(sizeof(struct leg_times) == 32, "two legs a cache line");

enum half_flag {
	HALF_PLACED = 1 << 0,
	HALF_UP = 1 << 1, /* established */
	HALF_MEASURED = 1 << 2,
	HALF_BYE_SENT = 1 << 3,
};

/** One side of a call that is over. Times of transmit or receive bursts; 0: there was none. */
struct half {
	uint64_t key;
	uint64_t invite_ns;
	uint64_t ok_ns;
	uint64_t bye_ns;
	uint64_t end_ns;
	uint32_t endpoint; /* answered: its index in the group; placed: of the callee that was picked, NO_ENDPOINT: none */
	uint16_t activity;
	uint16_t flags;	   /* enum half_flag */
	/* while it waits for the other one */
	uint32_t next, prev; /* with the same key: behind the first one the others, newest first */
	uint32_t chain;	     /* the first ones of a bucket; of those that are free the next one */
	uint32_t heard;	     /* media.heard; it stands here for want of another place, and is set all the time */
};
_Static_assert(sizeof(struct half) == 64, "a half is one cache line");

/** Halves of which something is still to be handed to the device. */
struct late {
	struct half half;
	struct leg_sdp sdp;
	uint8_t unsettled; /* LATE_* */
};
#define LATE_INVITE 1
#define LATE_OK	    2
#define LATE_BYE    4
#define MAX_LATE    512

struct matcher {
	enum rs_legs_key by;
	struct rs_slice header;	 /* RS_LEGS_HEADER: its name */
	struct leg_times *times; /* of the leg with the same slot */
	struct late *late;
	uint32_t n_late;
	uint64_t window_ns;
	/*
	 * Halves that wait here. Mostly a few, so that what is touched must be small, and up to `cap`: the last one freed is taken
	 * next, and there are as many buckets as halves (linear hashing: they are split and merged one by one).
	 */
	struct half *halves;
	uint32_t cap, used, fresh, free;
	uint32_t hand;		 /* when all are taken, this one gives way: they were taken in about that order */
	uint32_t *buckets;
	uint32_t n_buckets;
	/* legs_sdp.c; NULL: no descriptions are compared */
	struct leg_sdp *sdp;	    /* of the leg with the same slot */
	struct leg_sdp *halves_sdp; /* of the half with the same slot */
	struct leg_sdp_arrival *arrivals; /* by worker */
	struct rs_sip_msg msg;	    /* one that is sent, read again */
};

/** Bytes that matching reserves for @legs legs; 0: it is off. */
uint64_t legs_reserve(const struct rs_plan *plan, uint64_t legs);
/** @return 0, -ENOMEM; e->matcher stays NULL when the plan matches nothing */
int legs_setup(struct rs_engine *e, uint32_t legs);

/** A leg of an activity that is matched begins. */
static inline void
legs_begin(struct rs_engine *e, const struct leg *leg)
{
	e->matcher->times[leg_slot(e, leg)] = (struct leg_times){ 0 };
	legs_sdp_begin(e, leg);
}

static inline void
legs_sent_ok(struct rs_engine *e, const struct leg *leg, uint64_t time_ns)
{
	e->matcher->times[leg_slot(e, leg)].ok_ns = time_ns;
}

static inline void
legs_sent_bye(struct rs_engine *e, const struct leg *leg, uint64_t time_ns)
{
	struct leg_times *t = &e->matcher->times[leg_slot(e, leg)];

	t->bye_ns = time_ns;
	t->bye_sent = true;
}

void legs_sent_invite(struct rs_engine *e, const struct leg *leg, const uint8_t *data, size_t len);

/** @leg sends these bytes: all that counts is its first INVITE, and descriptions. */
static inline void
legs_sent(struct rs_engine *e, const struct leg *leg, const uint8_t *data, size_t len)
{
	if ((leg->flags & (LEG_UAC | LEG_INVITED)) == LEG_UAC)
		legs_sent_invite(e, leg, data, len);
	if (leg->media != NO_MEDIA)
		legs_sdp_sent(e, leg, data, len);
}

/** This came for @leg, which has not dealt with it yet. */
void legs_received(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
/** @leg is over and counted. */
void legs_end(struct rs_engine *e, struct leg *leg);
/** The burst with what late halves wait for was handed to the device. */
void legs_flushed(struct rs_engine *e, uint64_t time_ns);
/** Another worker's half (RS_BUS_LEG). */
void legs_heard(struct rs_engine *e, const struct rs_mail *mail);

/* legs_match.c */
uint64_t halves_reserve(uint32_t cap);
int halves_init(struct matcher *m, struct rs_arena *a, uint32_t cap);
/** Find the other half of @h among those that wait and count the pair, or let @h wait; @sdp is taken over. */
void legs_match(struct rs_engine *e, const struct half *h, struct leg_sdp *sdp);

/* legs_key.c */
/** What an INVITE is matched by, in its bytes; empty when it is not there. @param header  name, for RS_LEGS_HEADER */
struct rs_slice legs_key_text(enum rs_legs_key by, struct rs_slice header, struct rs_slice message);

#endif
