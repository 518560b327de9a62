/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Tokens: a handle written into what we send (Via branches, tags, Call-IDs), so that what comes back finds its object by
 * index and compare, without a hash. 128 bits in 26 lower-case base32 characters (RFC 4648 alphabet), the first one 2 bits short.
 */
#ifndef RS_BASE_TOKEN_H
#define RS_BASE_TOKEN_H

#include <stdbool.h>

#include "base/handle.h"

#define RS_TOKEN_LEN 26

struct rs_token {
	rs_handle handle;
	uint16_t run; /* number of the run that minted it */
	uint16_t aux; /* the minter's own: a step, a further generation */
};

/** @param secret  of this process; makes the 32-bit check; @param out  RS_TOKEN_LEN bytes, not terminated */
void rs_token_write(const struct rs_token *token, uint64_t secret, uint8_t *out);

/**
 * Read a token back.
 * @param text  at least RS_TOKEN_LEN readable bytes (upper-case letters are taken too: SUTs change case)
 * @return true when the 26 characters are of the alphabet and the check fits @secret
 */
bool rs_token_read(const uint8_t *text, uint64_t secret, struct rs_token *token);

#endif
