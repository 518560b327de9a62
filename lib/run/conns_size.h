/* SPDX-License-Identifier: BSD-3-Clause */
/** How many connections a plan may come to, and what they take. */
#ifndef RS_RUN_CONNS_SIZE_H
#define RS_RUN_CONNS_SIZE_H

#include "net/conn/conn.h"
#include "plan/plan.h"

/** Does a group speak over connections; @secure: over TLS? */
bool rs_conns_has(const struct rs_plan *plan, bool secure);

/** Sizes of one worker's connections: room for the most that may come to it, of which only what is used takes memory. */
void rs_conns_size(const struct rs_plan *plan, struct rs_conns_cfg *cfg);

/** Connections that the plan's endpoints open, as far as it says; @secure: of them those with TLS. */
uint64_t rs_conns_planned(const struct rs_plan *plan, bool secure);

/** Is there a group whose TLS profile has suites with records by OpenSSL? */
bool rs_conns_lent(const struct rs_plan *plan);

/** Bytes that OpenSSL has for the records of the connections that the plan's endpoints open, if all have such a suite. */
uint64_t rs_conns_lent_bytes(const struct rs_plan *plan);

/** Bytes that it may have at the most. */
uint64_t rs_conns_lent_room(const struct rs_plan *plan);

/** Bytes in use when so many are open and idle, on all workers. */
uint64_t rs_conns_idle_bytes(const struct rs_plan *plan, uint64_t connections, uint64_t secure);

#endif
