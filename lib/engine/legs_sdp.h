/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the system under test made of the descriptions of a call: each of its legs notes the outlines (proto/sdp/compare.h) of the
 * first offer and of the answer to it as they are on the wire, they go with its half, and are compared where the halves meet.
 * Calls without media take no part in it.
 */
#ifndef RS_ENGINE_LEGS_SDP_H
#define RS_ENGINE_LEGS_SDP_H

#include "base/mailbox.h"
#include "engine/internal.h"
#include "proto/sdp/compare.h"

/** Outlines of one side; of a leg, of its half, of what is between both. */
struct leg_sdp {
	struct rs_blob offer, answer; /* rs_sdp_item each; empty: there was none, or it was too long */
	uint8_t flags;
};
#define LEG_SDP_OURS	1 /* the offer was sent by this side */
#define LEG_SDP_OVER	2 /* later ones are re-offers, and their answers */
#define LEG_SDP_OFFERED 4 /* there was an offer, be it kept or not: what goes the other way is no other one */

/** Another worker's outlines as far as they have come: its half follows them. */
struct leg_sdp_arrival {
	uint64_t key; /* 0: nothing */
	uint8_t n, n_offer, n_answer, flags;
	struct rs_sdp_item items[2 * RS_SDP_OUTLINE_MAX];
};

/** Do calls take part whose legs are matched? */
bool legs_sdp_wanted(const struct rs_plan *plan);
/** Bytes of @legs legs and @halves halves. */
uint64_t legs_sdp_reserve(const struct rs_plan *plan, uint64_t legs, uint64_t halves);
/** @return 0, -ENOMEM; e->matcher->sdp stays NULL where nothing is to be compared */
int legs_sdp_setup(struct rs_engine *e, uint32_t legs, uint32_t halves);

/** @leg begins. */
void legs_sdp_begin(struct rs_engine *e, const struct leg *leg);
/** This message is about to be sent, in full. */
void legs_sdp_sent(struct rs_engine *e, const struct leg *leg, const uint8_t *data, size_t len);
/** A description in a request of @method, or in a response to one; empty: it has none. @param ours  sent, else received */
void legs_sdp_note(struct rs_engine *e, const struct leg *leg, bool ours, uint8_t method, uint16_t status, struct rs_slice body);
/** @leg is over: what it noted is the caller's now. */
struct leg_sdp legs_sdp_end(struct rs_engine *e, const struct leg *leg);
void legs_sdp_clear(struct rs_engine *e, struct leg_sdp *sdp);

/** Send the outlines ahead of the half with @key; they are gone then. @return false: some did not go, no room */
bool legs_sdp_post(struct rs_engine *e, uint32_t to, uint64_t key, struct leg_sdp *sdp);
/** Some of another worker's (RS_BUS_LEG_SDP). */
void legs_sdp_heard(struct rs_engine *e, const struct rs_mail *mail);
/** Its half with @key has come: @return what came before it */
struct leg_sdp legs_sdp_arrived(struct rs_engine *e, uint16_t from, uint64_t key);

/** Both sides of one call. @param cells  of the placing activity */
void legs_sdp_count(struct rs_engine *e, struct rs_metrics *cells, const struct leg_sdp *placed, const struct leg_sdp *answered);

#endif
