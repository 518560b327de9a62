/* SPDX-License-Identifier: BSD-3-Clause */
/** The ChaCha20 block function (RFC 8439, 2.3): bytes that follow from a key and cannot be told from random ones without it. */
#ifndef RS_BASE_CHACHA_H
#define RS_BASE_CHACHA_H

#include <stdint.h>

#define RS_CHACHA_BLOCK 64

/** @param nonce  96 bits; with @counter it names the block */
void rs_chacha_block(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t out[RS_CHACHA_BLOCK]);

#endif
