/* SPDX-License-Identifier: BSD-3-Clause */
/* Master keys and salts of our SDES offers and answers: made again whenever they are wanted, kept nowhere. */
#include "base/chacha.h"
#include "engine/media_sdp.h"

_Static_assert(RS_SDP_KEY_MAX <= RS_CHACHA_BLOCK, "a key is at most one block");

void
sdp_keys(uint64_t secret, uint64_t seed, unsigned n, uint8_t *out)
{
	uint8_t key[32], nonce[12] = "sdes", block[RS_CHACHA_BLOCK];

	for (unsigned i = 0; i < 4; i++) {
		uint64_t part = i ? rs_mix64(secret + i) : secret;

		memcpy(key + i * sizeof(part), &part, sizeof(part));
	}
	memcpy(nonce + 4, &seed, sizeof(seed));
	for (unsigned i = 0; i < n; i++) {
		rs_chacha_block(key, i, nonce, block);
		memcpy(out + i * RS_SDP_KEY_MAX, block, RS_SDP_KEY_MAX);
	}
}
