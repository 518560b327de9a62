/* SPDX-License-Identifier: BSD-3-Clause */
/** The bare ipsec-mb loop that SRTP is compared with: see bench_srtp.c. */
#ifndef RS_TESTS_BENCH_SRTP_BARE_H
#define RS_TESTS_BENCH_SRTP_BARE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include "base/arena.h"

#define BARE_AHEAD 16 /* packets between a prefetch and its use */
#define BARE_BATCH 64

/** What one key needs: five cache lines, or one and ipsec-mb's key data. */
struct bare_key {
	uint64_t index;
	uint8_t salt[16];
	uint8_t inner[20], outer[20];
	uint8_t keys[176] __attribute__((aligned(16)));
} __attribute__((aligned(64)));

struct bare {
	IMB_MGR *mgr;
	struct bare_key *keys;
	uint8_t *gcm; /* 1,024 bytes a key; NULL: AES-CM and HMAC-SHA1 */
	unsigned failed;
	IMB_JOB jobs[BARE_BATCH];
	uint8_t iv[BARE_BATCH][16], tag[BARE_BATCH][32];
	struct gcm_context_data gcm_state;
};

/** @return 0; -1 when ipsec-mb does not start here */
static inline int
bare_init(struct bare *b)
{
	b->mgr = alloc_mb_mgr(0);
	if (b->mgr == NULL)
		return -1;
	init_mb_mgr_auto(b->mgr, NULL);
	for (int i = 0; i < BARE_BATCH; i++)
		b->jobs[i] = (IMB_JOB){ .key_len_in_bytes = 16,
			.iv = b->iv[i],
			.iv_len_in_bytes = 16,
			.auth_tag_output = b->tag[i],
			.auth_tag_output_len_in_bytes = 12,
			.cipher_mode = IMB_CIPHER_CNTR,
			.cipher_direction = IMB_DIR_ENCRYPT,
			.hash_alg = IMB_AUTH_HMAC_SHA_1,
			.chain_order = IMB_ORDER_CIPHER_HASH };
	return imb_get_errno(b->mgr) == 0 ? 0 : -1;
}

static inline void
bare_fini(struct bare *b)
{
	free_mb_mgr(b->mgr);
}

/** @n keys with any values. @return 0 or -1 */
static inline int
bare_keys(struct bare *b, struct rs_arena *arena, uint32_t n, bool gcm)
{
	b->keys = rs_arena_alloc(arena, n * sizeof(*b->keys), 64);
	b->gcm = gcm ? rs_arena_alloc(arena, n * 1024ull, 64) : NULL;
	if (b->keys == NULL || (gcm && b->gcm == NULL))
		return -1;
	for (uint32_t k = 0; k < n; k++) {
		uint8_t key[16] = { (uint8_t)k, (uint8_t)(k >> 8), (uint8_t)(k >> 16) },
			unused[176] __attribute__((aligned(16)));

		memset(b->keys[k].inner, key[0] + 1, 40);
		if (gcm)
			IMB_AES128_GCM_PRE(
				b->mgr, key, (struct gcm_key_data *)(b->gcm + k * 1024ull));
		else
			IMB_AES_KEYEXP_128(b->mgr, key, b->keys[k].keys, unused);
	}
	return 0;
}

static inline void
bare_prefetch(const struct bare *b, uint32_t k, uint32_t payload)
{
	const uint8_t *p = (const uint8_t *)&b->keys[k];

	if (b->gcm == NULL) {
		for (int i = 0; i < 5; i++)
			__builtin_prefetch(p + i * 64);
		return;
	}
	__builtin_prefetch(p);
	for (uint32_t i = 0; i < 16;
		i++) /* the key schedule, and powers of the hash key: the low ones are the last */
		if (i < 3 || i + payload / 64 >= 13)
			__builtin_prefetch(b->gcm + k * 1024ull + i * 64u);
}

static inline void
bare_iv(uint8_t *iv, const struct bare_key *k, const uint8_t *p)
{
	uint64_t a, c;
	uint32_t ssrc;

	memcpy(&ssrc, p + 8, 4);
	memcpy(&a, k->salt, 8);
	memcpy(&c, k->salt + 8, 8);
	/* in one store: GCM reads it as a whole at once */
	uint64_t both __attribute__((vector_size(16))) = { a ^ (uint64_t)ssrc << 32,
		c ^ __builtin_bswap64(k->index << 16) };
	memcpy(iv, &both, 16);
}

static inline void
bare_gcm(struct bare *b, const uint32_t *order, uint8_t *packets, size_t stride, unsigned n,
	uint32_t payload, bool unprotect)
{
	for (unsigned i = 0; i < n; i++) {
		struct bare_key *k = &b->keys[order[i]];
		const void *key = b->gcm + order[i] * 1024ull;
		uint8_t *p = packets + i * stride, iv[16], tag[16];

		bare_prefetch(b, order[i + BARE_AHEAD], payload);
		k->index++;
		bare_iv(iv, k, p);
		if (unprotect) {
			IMB_AES128_GCM_DEC(b->mgr, key, &b->gcm_state, p + 12, p + 12, payload, iv,
				p, 12, tag, 16);
			b->failed += memcmp(tag, p + 12 + payload, 16) != 0;
		} else {
			IMB_AES128_GCM_ENC(b->mgr, key, &b->gcm_state, p + 12, p + 12, payload, iv,
				p, 12, p + 12 + payload, 16);
		}
	}
}

/**
 * Protect or unprotect @n packets of 12 + @payload bytes, @stride bytes apart, with the keys
 * @order[0..n-1]; those behind, up to
 * @order[n + BARE_AHEAD - 1], are prefetched.
 */
static __attribute__((noinline)) void
bare_run(struct bare *b, const uint32_t *order, uint8_t *packets, size_t stride, unsigned n,
	uint32_t payload, bool unprotect)
{
	if (b->gcm != NULL) {
		bare_gcm(b, order, packets, stride, n, payload, unprotect);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		struct bare_key *k = &b->keys[order[i]];
		uint8_t *p = packets + i * stride;
		IMB_JOB *job = &b->jobs[i];
		uint32_t roc;

		bare_prefetch(b, order[i + BARE_AHEAD], payload);
		k->index++;
		bare_iv(b->iv[i], k, p);
		if (unprotect) /* the tag is looked at when the ROC has taken its place */
			memcpy(b->tag[i] + 20, p + 12 + payload, 10);
		roc = __builtin_bswap32((uint32_t)(k->index >> 16));
		memcpy(p + 12 + payload, &roc, 4);
		job->enc_keys = k->keys;
		job->src = p;
		job->dst = p + 12;
		job->cipher_start_src_offset_in_bytes = 12;
		job->msg_len_to_cipher_in_bytes = payload;
		job->msg_len_to_hash_in_bytes = 12 + payload + 4;
		job->u.HMAC._hashed_auth_key_xor_ipad = k->inner;
		job->u.HMAC._hashed_auth_key_xor_opad = k->outer;
	}
	if (!unprotect)
		IMB_SUBMIT_CIPHER_BURST_NOCHECK(
			b->mgr, b->jobs, n, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES);
	IMB_SUBMIT_HASH_BURST_NOCHECK(b->mgr, b->jobs, n, IMB_AUTH_HMAC_SHA_1);
	for (unsigned i = 0; i < n; i++)
		if (unprotect)
			b->failed += memcmp(b->tag[i], b->tag[i] + 20, 10) != 0;
		else
			memcpy(packets + i * stride + 12 + payload, b->tag[i], 10);
	if (unprotect)
		IMB_SUBMIT_CIPHER_BURST_NOCHECK(
			b->mgr, b->jobs, n, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES);
}

#endif
