/* SPDX-License-Identifier: BSD-3-Clause */
/** Challenged requests in rfc3261 mode: sent again with credentials when the endpoint has some (RFC 3261, 22.2). */
#ifndef RS_ENGINE_AUTH_RETRY_H
#define RS_ENGINE_AUTH_RETRY_H

#include "engine/dialog.h"

/** A request begins a transaction: does it carry credentials, and the how many-eth use of the nonce are they? */
void auth_note(struct rs_engine *e, struct leg *leg, struct client *c);
/** The credentials' header lines of a request of our own. @c: NULL for an ACK, which has its INVITE's */
void auth_put(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_request *r, struct rs_sip_out *o);
/**
 * The response is a challenge that we can answer and the scenario does not wait for: the request goes again, as a new transaction.
 * @return true when it did
 */
bool auth_retry(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg);
/**
 * Put the credentials into a request that a step has rendered.
 * @param data  @len bytes of @cap
 * @return bytes with them; -ENOSPC
 */
int auth_insert(struct rs_engine *e, struct leg *leg, const struct client *c, uint8_t *data, size_t len, size_t cap);

#endif
