/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Connections of endpoints, which outlive calls and registrations: RFC 5626 calls such a thing a flow. One is opened when the first
 * message wants it, opened again as the plan's `reconnect` says when it breaks, and registered over again. Groups whose connections
 * are of each call's own have no flows: the leg itself has the connection.
 */
#ifndef RS_ENGINE_FLOW_H
#define RS_ENGINE_FLOW_H

#include "engine/internal.h"

#define NO_FLOW UINT32_MAX
#define NO_LEG UINT32_MAX

enum flow_state { FLOW_NONE, FLOW_OPENING, FLOW_OPEN, FLOW_RESTING };

struct flow {
	rs_handle conn;
	uint64_t begun_ns;  /* OPENING: since */
	uint64_t cut_ns;    /* when it ended; 0: it has not, or what that cost has been told */
	uint64_t syn_ns;    /* first attempt since */
	uint32_t waiting;   /* first of the legs that wait for it, linked by leg->waits; NO_LEG: none */
	uint32_t index;	    /* of its endpoint in the group; of a shared one, of the first that wanted it */
	uint32_t flow_timer_s; /* the registrar's Flow-Timer; 0: it has said none */
	uint32_t n_lost;    /* of a shared one: registrations that ended with it and are not back */
	uint16_t group;
	uint8_t hop;	    /* which of the group's proxies */
	uint8_t state;	    /* enum flow_state */
	uint8_t failures;   /* consecutive ones (RFC 5626, 4.5) */
	uint8_t times;	    /* it has been opened, modulo 256: a shared one's registrations know which time was theirs */
	uint8_t cause;	    /* enum rs_conn_cause of its last end */
	bool was_open;
	bool is_alias;	    /* the connection is one that the proxy opened: flow_alias.c */
	bool to_register;   /* cut while it was registered: tell how long until it is again */
};
_Static_assert(sizeof(struct flow) <= 64, "a flow is at most a cache line");

/** Whose a connection is: the number that open() is given. */
enum flow_user { USER_FLOW = 1, USER_LEG, USER_LISTEN };
#define USER_SHIFT 60

static inline uint64_t
flow_user(enum flow_user what, uint64_t number)
{
	return (uint64_t)what << USER_SHIFT | number;
}

static inline enum flow_user
flow_user_kind(uint64_t user)
{
	return (enum flow_user)(user >> USER_SHIFT);
}

static inline uint64_t
flow_user_number(uint64_t user)
{
	return user & ((1ull << USER_SHIFT) - 1);
}

/** What a leg is told that wants to send. */
enum flow_ready { FLOW_READY, FLOW_WAIT, FLOW_FAILED };

/** How many this worker needs. Behind groups_setup. */
uint32_t flows_count(struct rs_engine *e);
/** @param first_node  of their timers @return 0, -ENOMEM */
int flows_setup(struct rs_engine *e, uint32_t first_node);
uint64_t flows_reserve(const struct rs_plan *plan);

/** The flow of endpoint @index to proxy @hop; NULL: its group has none. */
struct flow *flow_of(const struct rs_engine *e, const struct group *g, uint32_t index, uint8_t hop);
/** Open it unless it is open, or being opened. @return false: it cannot be now, or rests */
bool flow_want(struct rs_engine *e, struct flow *f);

/**
 * The leg is about to send by @path. FLOW_WAIT: it is linked in and played on when the connection is there; FLOW_FAILED: *@cause.
 */
enum flow_ready leg_connect(struct rs_engine *e, struct leg *leg, uint32_t *cause);
/** The connections of the leg are its own: it opens and closes them. */
static inline bool
leg_has_own(const struct rs_engine *e, const struct leg *leg)
{
	const struct group *g = leg_activity(e, leg)->group;

	return g->first_flow == NO_FLOW &&
		(leg->flags & LEG_LARGE || (leg->flags & LEG_UAC && rs_transport_is_stream((enum rs_transport)g->plan->transport)));
}
/** The peer speaks to it on this connection, or by datagrams: so will it. */
void leg_heard(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx);
/** The connection that the leg is on is closed (<closecon>): what it sends next goes over another one, if it can open one. */
void leg_close_connection(struct rs_engine *e, struct leg *leg);
/** What the leg sends goes there from now on (<setdest>). @return false: over streams only a caller with connections of its own can */
bool leg_redirect(struct rs_engine *e, struct leg *leg, const struct rs_addr *addr, uint16_t port);
/** The leg ends: it waits for nothing, and a connection of its own ends with it. */
void leg_disconnect(struct rs_engine *e, struct leg *leg);
/** @path, over streams with a connection that can be sent on; @out is a copy for that. @return NULL: there is none (counted) */
const struct rs_path *flow_path(struct rs_engine *e, struct leg *leg, const struct rs_path *path, struct rs_path *out);

/** It is cut by us: closed as @how says, and opened again as when it breaks. */
void flow_cut(struct rs_engine *e, struct flow *f, enum rs_conn_close how);
/** It is of no use any more (430, RFC 5626): closed, and opened again as when it breaks. */
void flow_give_up(struct rs_engine *e, struct flow *f);

/** It is open, whoever opened it; those who wait for it go on. */
void flow_opened(struct rs_engine *e, struct flow *f);
/** It rests no longer: somebody else has opened a connection for it. */
void flow_rested(struct rs_engine *e, struct flow *f);
/** It was open. Whatever waits for it hears of it. */
void flow_broken(struct rs_engine *e, struct flow *f, enum rs_conn_cause cause);
/* flow_alias.c: connections that carry requests both ways (RFC 5923) */
/** @msg is a request, on a connection that a peer opened to group @group: does it ask that ours go there, too? */
void flow_alias(struct rs_engine *e, uint32_t group, const struct rs_rx *rx, const struct rs_sip_msg *msg);
/** A connection that a peer opened has ended: whose it was looks for another one. */
void flow_alias_end(struct rs_engine *e, uint32_t group, const struct rs_rx *rx);

void flows_input(struct rs_engine *e, const struct rs_rx *rx);
/** A request came on a connection. */
void flows_hear(struct rs_engine *e, const struct rs_rx *rx, const struct rs_sip_msg *msg);
void flow_timer(struct rs_engine *e, uint32_t number);
/** The leg's connection has ended: what it was asked on it is not answered any more. The leg may be gone behind it. */
void leg_cut(struct rs_engine *e, struct leg *leg, enum rs_conn_cause cause);
/** Connections that are opened whether anybody wants them or not (`connect_rate`), some each turn. @return when to go on */
uint64_t flows_connect_turn(struct rs_engine *e);
/** Cuts that were ordered, some each turn. @return when to go on */
uint64_t flows_drop_turn(struct rs_engine *e);
/** Legs whose connection has ended are told, some each turn. @return when to go on */
uint64_t flows_turn(struct rs_engine *e);

/* large.c: requests that are too large for UDP (RFC 3261, 18.1.1) */
/** What is rendered next for the leg is a request that may be too large: send_template measures it. */
void large_look(struct rs_engine *e, const struct leg *leg);
/** @len bytes for @path, whose MTU leaves room for @fits: are they too many? Then the leg takes to TCP, and has sent nothing yet. */
bool large_found(struct rs_engine *e, struct leg *leg, const struct rs_path *path, uint32_t fits, uint32_t len);
/** The request of @step, all of which is noted as if it were sent, is sent when a connection is there. @return 0, or a cause as a negative number */
int large_put_off(struct rs_engine *e, struct leg *leg, uint32_t step);
/** It is, or never will be: what was put off is sent. @return false: the leg is gone */
bool large_send(struct rs_engine *e, struct leg *leg);
/** There will be no connection, because of @cause. @return false: UDP is not to be tried */
bool large_falls_back(struct rs_engine *e, struct leg *leg, enum rs_conn_cause cause);
/** The connection of a leg that speaks UDP by its plan is gone: it does again. */
void large_over(struct rs_engine *e, struct leg *leg);
/* send.c */
void send_arm(struct rs_engine *e, struct leg *leg, uint32_t step);

/** The endpoint is registered over @f, with @flow_timer_s of its 200 (0: none). @lost: over a shared one that ended, it had been before */
void flow_registered(struct rs_engine *e, struct flow *f, bool lost, uint32_t flow_timer_s);

/* register_flow.c: what becomes of a registration when its flow does */
void register_connected(struct rs_engine *e, struct flow *f);
/** @return its endpoint was registered over it */
bool register_disconnected(struct rs_engine *e, struct flow *f, uint32_t cause);
/** Registrations whose shared flow has ended or is back, some each turn. @return when to go on */
uint64_t registrations_turn(struct rs_engine *e);

#endif
