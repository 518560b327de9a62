/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Registrations: an endpoint's binding at its registrar, from the first REGISTER over refreshes to the last one (RFC 3261, 10), with
 * digest, 423, Path (RFC 3327) and Service-Route (RFC 3608). Each REGISTER is a non-INVITE transaction (17.1.2) in every mode.
 */
#ifndef RS_ENGINE_REGISTER_H
#define RS_ENGINE_REGISTER_H

#include "engine/internal.h"

enum reg_state { REG_NONE, REG_REGISTERING, REG_REGISTERED, REG_FAILED, REG_UNREGISTERED };
enum reg_what { REG_FIRST, REG_REFRESH, REG_END };

/** A challenge that is answered from now on: of one realm of the registrar's, or of a proxy's before it. */
struct reg_challenge {
	struct rs_blob nonce; /* "nonce", NUL, "opaque" */
	uint32_t cseq;	      /* of the last REGISTER before it came: uses of the nonce are counted from there */
	uint8_t realm;	      /* 1 + index into e->realms; 0: none so far */
};
#define REG_CHALLENGES 2

struct registration {
	uint64_t sent_ns;    /* transmit burst of the first REGISTER of what is under way; 0: not yet */
	uint64_t next_ns;    /* under way: the next copy; else: the next refresh */
	uint64_t give_up_ns; /* timer F */
	uint64_t expires_ns; /* the binding's end */
	struct reg_challenge challenges[REG_CHALLENGES];
	struct rs_blob routes; /* Service-Route */
	uint32_t index;	     /* of the endpoint in its group */
	uint32_t cseq;
	uint32_t expires_s;  /* asked for: the plan's, or what a 423 wants */
	uint32_t interval_ms;
	uint16_t activity;
	uint8_t state;	     /* enum reg_state */
	uint8_t what;	     /* enum reg_what, while under way */
	uint8_t tries;	     /* challenges and 423s answered in what is under way */
	uint8_t hop;	     /* which of the group's proxies it is at: reg-id is one more (RFC 5626, 4.2) */
	uint8_t flow_times;  /* which opening of a shared flow it was asked on last: see register_flow.c */
	bool lost;	     /* was registered over a shared flow that ended, and is not again yet */
	bool waits;	     /* the REGISTER under way waits for its connection */
	bool under_way;
	bool counted;	     /* the first registration has succeeded or failed */
	bool measured;
	bool too_long;	     /* the REGISTER under way fits no datagram */
	bool unreachable;    /* ICMP has said so of it */
};
_Static_assert(sizeof(struct registration) <= 128, "with its endpoint, its timer and its nonce at most 256 bytes");

/** What challenges of one registrar have in common, kept once. */
#define MAX_REALMS 255
struct realm {
	struct rs_slice realm;
	uint8_t algorithm;
	bool algorithm_given, qop_auth, proxy;
};

/** How many registrations worker @e->worker has. */
uint32_t register_count(const struct rs_engine *e);
/** @return 0, -ENOMEM */
int register_setup(struct rs_engine *e);
/** Arrival: endpoint @index begins to register. */
void register_offer(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t index, uint64_t due_ns);
/** @return true when the response was one to a REGISTER of ours */
bool register_response(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq);
/** ICMP said that a datagram of ours did not arrive: when the REGISTER that it quotes is never answered, that was why. */
void register_unreachable(struct rs_engine *e, const struct rs_rx *rx);
void register_timer(struct rs_engine *e, uint32_t slot);
void register_stamped(struct rs_engine *e, uint32_t slot, uint64_t time_ns);
/** The end: un-register at the activity's pace. @return when to go on */
uint64_t register_turn(struct rs_engine *e, struct activity *a, bool *over);
/** Un-register what the activity has registered. */
void register_end(struct rs_engine *e, struct activity *a);
/** How many registrations an endpoint of the group has: one at each proxy. */
static inline uint32_t
registrations_each(const struct rs_plan_group *g)
{
	return g->n_hops > 1 ? g->n_hops : 1;
}
/** Service-Route of endpoint @index of @g; absent: none. */
struct rs_slice register_routes(const struct rs_engine *e, const struct group *g, uint32_t index);
/** The flow that it is registered over; NULL: datagrams have none, and a group that opens connections for calls only has none either. */
struct flow *register_flow(const struct rs_engine *e, const struct registration *r);
/** Its connection is there. */
void registration_connected(struct rs_engine *e, struct registration *r);
/** Its connection is gone, for @cause. @return it was registered */
bool registration_disconnected(struct rs_engine *e, struct registration *r, uint32_t cause);
const struct registration *register_of(const struct rs_engine *e, const struct group *g, uint32_t index);

#endif
