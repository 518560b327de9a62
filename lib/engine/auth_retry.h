/* SPDX-License-Identifier: BSD-3-Clause */
/** Challenged requests in rfc3261 mode: sent again with credentials when the endpoint has some (RFC 3261, 22.2). */
#ifndef RS_ENGINE_AUTH_RETRY_H
#define RS_ENGINE_AUTH_RETRY_H

#include "engine/dialog.h"

/** The credentials' header lines, into a request of our own whose first line is in @o; e->render.cseq is its number. */
void auth_put(struct rs_engine *e, struct leg *leg, struct rs_sip_out *o);
/** Does the scenario deal with a response @status itself: has it a step that waits for it? */
bool scenario_waits_for(const struct rs_engine *e, const struct leg *leg, uint16_t status);
/**
 * The response is a challenge that we can answer and the scenario does not wait for: the request goes again, as a new transaction.
 * @return true when it did
 */
bool auth_retry(struct rs_engine *e, struct leg *leg, const struct client *c, const struct rs_sip_msg *msg);
/** Is there anything that a message of step @s may lack? */
bool auth_completes(const struct rs_engine *e, const struct leg *leg, const struct rs_step *s);
/**
 * Put what a step does not write into its request: the credentials, once the leg was challenged, and the endpoint's Service-Route.
 * @param data  @len bytes of @cap
 * @return bytes with them; -ENOSPC
 */
int auth_insert(struct rs_engine *e, struct leg *leg, const struct sent *sent, uint8_t *data, size_t len, size_t cap);
/** Service-Route of the endpoint, for a request of @method that begins outside a dialog (RFC 3608, 5) or belongs to one that did. */
struct rs_slice auth_service_route(const struct rs_engine *e, const struct leg *leg, uint8_t method);

#endif
