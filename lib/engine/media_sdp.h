/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Session descriptions in the messages of a leg with a media profile: what the scenario writes there is replaced by our offer or
 * answer, what the peer says is taken up before the scenario sees it. Legs without media pass by: leg_has_media() is all they pay.
 *
 * Each transaction has one exchange of its own. That of the INVITE and that of another request (UPDATE, PRACK) may be under way
 * together. A body of ours is kept while its message may have to be sent again: then its bytes are the same.
 */
#ifndef RS_ENGINE_MEDIA_SDP_H
#define RS_ENGINE_MEDIA_SDP_H

#include "engine/media.h"

static inline bool
leg_has_media(const struct leg *leg)
{
	return leg->media != NO_MEDIA;
}

/** Are the descriptions in its messages ours, not its scenario's? */
static inline bool
leg_has_own_sdp(const struct rs_engine *e, const struct leg *leg)
{
	return leg_has_media(leg) && !e->plan->media[leg_activity(e, leg)->plan->media].implied;
}

/** Ports and a session for a leg of an activity with a profile; nothing for others. @return 0, or a cause */
uint32_t sdp_open(struct rs_engine *e, struct leg *leg);
void sdp_close(struct rs_engine *e, struct leg *leg);
/** The call is over: its streams end, whatever its transactions still have to say. */
void sdp_end(struct rs_engine *e, struct leg *leg);
/** Do all agreed streams go to addresses among the plan's targets? */
bool sdp_may_send(const struct rs_engine *e, const struct leg *leg, const struct media *m);

/**
 * A message of the peer: its offer is answered (not sent yet), its answer taken.
 * @return false when nobody else is to see the message: it was refused, or the call has failed with it and may be gone
 */
bool sdp_hears(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq);
/** Our request of @method was refused, or never answered: what it offered is withdrawn. */
void sdp_refused(struct rs_engine *e, struct leg *leg, uint8_t method);

/** A final response of ours refuses a request of @method: what it offered, and was answered already in silence, is as if it never was. */
void sdp_refuses(struct rs_engine *e, struct leg *leg, uint8_t method);

/** A request of ours without a description is about to be sent: its exchange has nothing yet. */
void sdp_sends_none(struct rs_engine *e, struct leg *leg, uint8_t method);
/**
 * Put our description in the place of the body of a rendered message.
 * @param again  it is sent once more
 * @return bytes of the message; -ENOSPC: they are more than @cap
 */
int sdp_put(struct rs_engine *e, struct leg *leg, uint8_t *data, size_t len, size_t cap, bool again);
/**
 * What a scenario's own text says of hold goes with our description in this message, a request of @method or, with @status, the
 * response to one: an answer that was ready is worded anew. Nothing is changed where the message says again what was said before.
 */
void sdp_wishes(struct rs_engine *e, struct leg *leg, uint8_t method, uint16_t status, enum rs_sdp_direction direction, bool hold_zero);
/**
 * Our description for a message that no step writes: a request of @method, or, with @status, the answer to one. It is valid until
 * the next call, in e->scratch2 or a blob of the leg; absent: there is nothing to say.
 */
struct rs_slice sdp_says(struct rs_engine *e, struct leg *leg, uint8_t method, uint16_t status, bool again);
/** Does an offer in a provisional of the peer wait for the answer in our PRACK (@again: or did it)? */
bool sdp_is_due(const struct rs_engine *e, const struct leg *leg, bool again);
/** Was the last request of the peer other than INVITE answered with a description? */
bool sdp_answers(const struct rs_engine *e, const struct leg *leg);
/** The INVITE's exchange is over: nothing of it will be said again. */
void sdp_confirmed(struct rs_engine *e, struct leg *leg);

/* media_body.c */
/** The session description in @msg, be it a part of several; absent: none. */
struct rs_slice sdp_body(const struct rs_sip_msg *msg);

/* media_keys.c */
/** RS_SDP_KEY_MAX bytes for each of @n suites, that follow from the engine's secret and @seed. */
void sdp_keys(uint64_t secret, uint64_t seed, unsigned n, uint8_t *out);

#endif
