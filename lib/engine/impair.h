/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Impairment of a stream's packets: loss, duplication, delay and reordering, as pure state. Randomness is an argument: 64 random bits
 * a packet. And what is sent wrong on purpose.
 */
#ifndef RS_ENGINE_IMPAIR_H
#define RS_ENGINE_IMPAIR_H

#include <stdbool.h>
#include <stdint.h>

/** What a network does. Shares are of 2^32; all zero: nothing. */
struct rs_impairment {
	uint32_t loss;	     /* of all packets (Bernoulli); with @to_bad: of those in the good state */
	uint32_t to_bad, to_good; /* Gilbert-Elliott: changes of state in front of a packet; 0: there is only the good one */
	uint32_t loss_bad;   /* of those in the bad state */
	uint32_t duplicate;
	uint32_t reorder;    /* held back by @reorder_ns, so that later ones overtake it */
	uint64_t reorder_ns;
	uint64_t delay_ns;   /* of every packet */
	uint64_t jitter_ns;  /* and between 0 and this beside it, evenly */
};

/** One stream's state. */
struct rs_impair_state {
	bool bad;
};

struct rs_impaired {
	uint64_t delay_ns;
	uint8_t copies; /* 0: lost, 1, 2 */
};

/** A share in 2^32 of a probability: 1.0 is all of them. */
uint32_t rs_impair_share(double probability);

bool rs_impairment_is_any(const struct rs_impairment *how);

/** What becomes of one packet. @param random  64 random bits; they are used up in parts, mixed where there are too few */
struct rs_impaired rs_impair(struct rs_impair_state *state, const struct rs_impairment *how, uint64_t random);

/** The share of a Gilbert-Elliott or Bernoulli model's packets that are lost in the long run. */
double rs_impairment_loss(const struct rs_impairment *how);

/** Secure packets that are sent wrong on purpose; shares of 2^32. At most one of them befalls a packet. */
struct rs_wrong {
	uint32_t tag;	 /* a bit of the authentication tag is turned */
	uint32_t header; /* the payload type is changed behind the protection */
	uint32_t replay; /* the packet is sent twice */
	uint32_t key;	 /* protected with another key */
	uint32_t roc;	 /* protected with a rollover counter that is ahead by one */
	/* of streams, from their begin on: */
	uint32_t stream_key, stream_roc;
};

enum rs_wrong_what { RS_WRONG_NONE, RS_WRONG_TAG, RS_WRONG_HEADER, RS_WRONG_REPLAY, RS_WRONG_KEY, RS_WRONG_ROC, RS_WRONGS };

bool rs_wrong_is_any(const struct rs_wrong *how);
enum rs_wrong_what rs_wrong_pick(const struct rs_wrong *how, uint32_t random);

#endif
