/* SPDX-License-Identifier: BSD-3-Clause */
/** How a REGISTER looks, and what is remembered of challenges. Private to the registrations' files. */
#ifndef RS_ENGINE_REGISTER_SEND_H
#define RS_ENGINE_REGISTER_SEND_H

#include "engine/register.h"
#include "proto/sip/auth.h"

/** Send the REGISTER under way; @again: the same once more. */
void register_send(struct rs_engine *e, struct registration *r, bool again);
/** Its send time is that of the next transmit burst. */
void register_stamp(struct rs_engine *e, struct registration *r);
/** What registrations keep has changed since the blobs took @before bytes. */
void register_count_text(struct rs_engine *e, uint64_t before);
/** How often the nonce kept for the realm of @c has been used, the REGISTER under way included; 0: none is kept. */
uint32_t register_uses(const struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c);
void register_forget_challenges(struct registration *r);
/** What the next REGISTERs answer, beside other realms' challenges. @return false without memory */
bool register_keep_challenge(struct rs_engine *e, struct registration *r, const struct rs_auth_challenge *c);
/** Does the endpoint have a password? */
bool register_can_authenticate(const struct rs_engine *e, const struct registration *r);

#endif
