/* SPDX-License-Identifier: BSD-3-Clause */
/** What a server transport puts into requests: RFC 3261, 18.2.1, and RFC 3581, 4. */
#ifndef RS_ENGINE_RECEIVED_H
#define RS_ENGINE_RECEIVED_H

#include "engine/internal.h"

/** @msg, a request parsed from @rx, has `received` and a value of `rport` in its top Via from now on, where they are due. */
void received_put(struct rs_engine *e, const struct rs_rx *rx, struct rs_sip_msg *msg);

#endif
