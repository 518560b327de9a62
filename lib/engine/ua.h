/* SPDX-License-Identifier: BSD-3-Clause */
/** What user agents do of their own accord: between ua.c (requests), ua_rel.c (RFC 3262) and ua_session.c (RFC 4028). */
#ifndef RS_ENGINE_UA_H
#define RS_ENGINE_UA_H

#include "engine/dialog.h"

/** Is @tag among the option tags of the message's headers @header? */
bool ua_has_option(const struct rs_sip_msg *msg, enum rs_sip_header_id header, const char *tag);

/* ua_rel.c */
/** An INVITE came: are our provisionals to be reliable? */
void rel_invited(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *invite);
/** Is this provisional of ours a reliable one? */
bool rel_sends(const struct rs_engine *e, const struct leg *leg, uint16_t status);
/** The next one's number. */
void rel_number(struct rs_engine *e, struct leg *leg);
/** @number: the RSeq that the step wrote itself, 0: ours. @body: it has one */
void rel_sent(struct rs_engine *e, struct leg *leg, uint32_t number, bool body);
/** @return true when @prack acknowledges what we sent last */
bool rel_acknowledged(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *prack);

/* ua_session.c */
/** A request that may set or refresh the session timer came: its Session-Expires is taken over. @return 0, or 422 */
uint16_t session_asked(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** Session-Expires and Require of our 2xx, whole lines; nothing without a session timer. */
void session_put_answer(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o);
/** Min-SE of our 422. */
void session_put_least(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o);
/** Session-Expires and Min-SE of our INVITE. */
void session_put_request(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o);
/** Min-SE of a refresh of ours, if a 422 has asked for it (RFC 4028, 7.3). */
void session_put_told(const struct rs_engine *e, const struct leg *leg, struct rs_sip_out *o);
/** The timer begins again: a 2xx was sent or received. */
void session_begin(struct rs_engine *e, struct leg *leg);

#endif
