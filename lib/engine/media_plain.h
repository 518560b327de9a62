/* SPDX-License-Identifier: BSD-3-Clause */
/** Legs without a media profile whose scenario plays media as SIPp does: it writes the descriptions, the peer's say where to. */
#ifndef RS_ENGINE_MEDIA_PLAIN_H
#define RS_ENGINE_MEDIA_PLAIN_H

#include "engine/media.h"

/** A message of the peer: where its description wants audio and video, there they go from now on. */
void plain_hears(struct rs_engine *e, struct leg *leg, struct media *m, const struct rs_sip_msg *msg);
/** Step @s of a program with keywords for keys is about to be sent for the first time. */
void plain_prepares(const struct rs_engine *e, struct leg *leg, const struct rs_step *s);
/** It was: where the peer's offer waits for it, its lines run. */
void plain_says(struct rs_engine *e, struct leg *leg, const struct rs_step *s);

#endif
