/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Keys of legs whose scenario writes its own descriptions, with SIPp's keywords for a=crypto lines (RFC 4568): what was rendered is
 * remembered, what the peer says is kept until the other half is there.
 */
#ifndef RS_ENGINE_MEDIA_CRYPTO_H
#define RS_ENGINE_MEDIA_CRYPTO_H

#include "engine/media.h"

/** Whose description is the offer of an exchange. */
enum offerer { OFFERER_NOBODY, OFFERER_WE, OFFERER_THEY };

/** Write part @op (RS_SLOT_CRYPTO) of an a=crypto line, and remember it. @return bytes; -ENOSPC */
int crypto_put(struct rs_engine *e, struct leg *leg, const struct rs_op *op, uint8_t *out, size_t cap);
/** A message with a description is about to be rendered for the first time. */
void crypto_begin(struct media *m);
/** Keep the crypto lines of line @line of @m, which is number @number in e->sdp. @return false: no memory */
bool crypto_keep(struct rs_engine *e, struct media *m, uint32_t line, unsigned number);
/** Forget those of a description before. */
void crypto_forget(struct rs_engine *e, struct media *m);
/** Both halves are there: the keys of line @line. @return RS_SDP_FAIL_NONE, with keys or without; else why there can be none */
enum rs_sdp_fail crypto_agree(struct rs_engine *e, struct media *m, uint32_t line);

#endif
