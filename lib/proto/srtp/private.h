/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * How a batch goes: packets are taken in chunks. Preparing a packet judges its header and fills a
 * job, ipsec-mb's description of a packet's arithmetic, which the OpenSSL backend reads as well.
 * Then all ciphers and all hashes of the chunk are done at once, and a last pass, in order, writes
 * or compares tags. AEAD packets and those without a tag have nothing to gain from that and are
 * done as they come.
 */
#ifndef RS_PROTO_SRTP_PRIVATE_H
#define RS_PROTO_SRTP_PRIVATE_H

#include <stdbool.h>
#include <string.h>

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include "proto/srtp/srtp.h"

#define RS_SRTP_CHUNK 64            /* packets; the hash works on 16 at once */
#define RS_SRTP_ALONE RS_SRTP_CHUNK /* the job that no packet of a chunk has */
#define RS_SRTP_AHEAD 16            /* packets between a prefetch and its use */

_Static_assert(RS_SRTP_GCM_BYTES >= sizeof(struct gcm_key_data), "room for ipsec-mb's key data");

/** What a packet needs again after its arithmetic. */
struct rs_srtp_work {
	struct rs_srtp_item *item;
	uint64_t index; /* that it was prepared for */
	uint32_t tail;  /* where MKI and tag begin */
	uint32_t under; /* the 4 bytes there, while the ROC stands in their place */
};

/** One AEAD operation. */
struct rs_srtp_aead {
	uint8_t iv[16] __attribute__((aligned(16))); /* 12 of them */
	const void *keys;                            /* as expanded by gcm_expand */
	uint32_t key_len;
	uint32_t aad_len;
	const uint8_t *aad;
	uint8_t *text; /* in place */
	uint32_t text_len;
};

struct rs_srtp_ops {
	/*
	 * Make what jobs point at: from an AES key to 240 bytes; from an HMAC key of 20 bytes; from
	 * a GCM key to RS_SRTP_GCM_BYTES.
	 */
	void (*expand)(
		struct rs_srtp_engine *e, const uint8_t *key, unsigned key_len, uint8_t *keys);
	void (*hmac_key)(
		struct rs_srtp_engine *e, const uint8_t *key, uint8_t *inner, uint8_t *outer);
	void (*gcm_expand)(
		struct rs_srtp_engine *e, const uint8_t *key, unsigned key_len, void *keys);
	/*
	 * AES-CTR of jobs that have one key length in common; HMAC-SHA1 to job->auth_tag_output, at
	 * least 12 bytes.
	 */
	void (*cipher)(struct rs_srtp_engine *e, IMB_JOB *jobs, unsigned n, unsigned key_len);
	void (*hash)(struct rs_srtp_engine *e, IMB_JOB *jobs, unsigned n);
	/*
	 * Encrypt and write 16 bytes of tag; compare the tag and decrypt: false leaves the text as
	 * it was.
	 */
	void (*seal)(struct rs_srtp_engine *e, const struct rs_srtp_aead *a, uint8_t *tag);
	bool (*open)(struct rs_srtp_engine *e, const struct rs_srtp_aead *a, const uint8_t *tag);
};

extern const struct rs_srtp_ops rs_srtp_imb_ops, rs_srtp_evp_ops;

struct rs_srtp_evp;

struct rs_srtp_engine {
	const struct rs_srtp_ops *ops;
	IMB_MGR *mgr;            /* NULL: OpenSSL */
	struct rs_srtp_evp *evp; /* NULL: ipsec-mb */
	char name[48];
	bool powers_last; /* GCM: a short packet uses the end of the powers of the hash key */
	/*
	 * Of each job; the last one is for packets that are done alone while a chunk is under way.
	 */
	IMB_JOB jobs[RS_SRTP_CHUNK + 1];
	struct rs_srtp_work work[RS_SRTP_CHUNK + 1];
	uint8_t key_len[RS_SRTP_CHUNK + 1]; /* of the cipher, 0: none */
	uint8_t iv[RS_SRTP_CHUNK + 1][16];
	uint8_t tag[RS_SRTP_CHUNK + 1][32];
	uint8_t when[RS_SRTP_CHUNK]; /* item of the chunk -> its job or one of enum rs_srtp_when */
	uint8_t rtcp_keys[RS_SRTP_CHUNK + 1][240] __attribute__((aligned(16)));
	uint8_t gcm_keys[RS_SRTP_GCM_BYTES] __attribute__((aligned(64)));
	struct gcm_context_data gcm;
};

/** What became of an item of a chunk when it was prepared, if not a job. */
enum rs_srtp_when {
	RS_SRTP_DONE = 0xff,
	RS_SRTP_AGAIN = 0xfe /* refused for its index: look again when its turn comes */
};

int rs_srtp_evp_init(struct rs_srtp_engine *e, void *memory);
void rs_srtp_evp_fini(struct rs_srtp_engine *e);
size_t rs_srtp_evp_size(void);
int rs_srtp_imb_init(struct rs_srtp_engine *e, enum rs_srtp_backend backend, void *memory);
size_t rs_srtp_imb_size(void);

static inline uint32_t
rs_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
rs_store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

/** Two words as one store: what reads an IV as a whole soon after would wait for two. */
static inline void
rs_srtp_put_iv(uint8_t *iv, uint64_t a, uint64_t b)
{
	uint64_t both __attribute__((vector_size(16))) = { a, b };

	memcpy(iv, &both, sizeof(both));
}

/**
 * RFC 3711, 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16; the last two bytes count blocks.
 * @ssrc as in the packet
 */
static inline void
rs_srtp_iv_cm(uint8_t *iv, const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
	uint64_t a, b;

	memcpy(&a, salt, 8);
	memcpy(&b, salt + 8, 8);
	a ^= (uint64_t)ssrc << 32;
	rs_srtp_put_iv(iv, a, b ^ __builtin_bswap64(index << 16));
}

/**
 * RFC 7714, 8.1 and 9.1: two zero bytes, SSRC, 48 bits of index, XOR salt. @ssrc as in the packet
 */
static inline void
rs_srtp_iv_gcm(uint8_t *iv, const uint8_t *salt, uint32_t ssrc, uint64_t index)
{
	uint64_t a;
	uint32_t b;

	memcpy(&a, salt, 8);
	memcpy(&b, salt + 8, 4);
	a ^= __builtin_bswap64((uint64_t)__builtin_bswap32(ssrc) << 16 | index >> 32);
	rs_srtp_put_iv(iv, a, b ^ __builtin_bswap32((uint32_t)index));
}

/** The stream of @ssrc: the one of the last packet, the one before it, or none yet (NULL). */
static inline struct rs_srtp_stream *
rs_srtp_find(struct rs_srtp_stream *now, struct rs_srtp_stream *before, uint32_t ssrc)
{
	if (__builtin_expect(now->ssrc == ssrc || !now->started, 1))
		return now;
	return before->started && before->ssrc == ssrc ? before : NULL;
}

/** RFC 3711, 3.3.2. @s is NULL for a stream that begins. */
static inline enum rs_srtp_status
rs_srtp_seen(const struct rs_srtp_stream *s, uint64_t index)
{
	if (s == NULL || !s->started || index > s->index)
		return RS_SRTP_OK;
	if (s->index - index >= RS_SRTP_WINDOW)
		return RS_SRTP_TOO_OLD;
	return (s->seen >> (s->index - index)) & 1 ? RS_SRTP_REPLAYED : RS_SRTP_OK;
}

static inline void
rs_srtp_see(struct rs_srtp_stream *s, uint32_t ssrc, uint64_t index)
{
	if (__builtin_expect(!s->started, 0)) {
		*s = (struct rs_srtp_stream){
			.seen = 1, .index = index, .ssrc = ssrc, .started = 1
		};
	} else if (__builtin_expect(index == s->index + 1, 1)) {
		s->seen = s->seen << 1 | 1;
		s->index = index;
	} else if (index > s->index) {
		s->seen = index - s->index < RS_SRTP_WINDOW ? s->seen << (index - s->index) | 1 : 1;
		s->index = index;
	} else {
		s->seen |= (unsigned __int128)1 << (s->index - index);
	}
}

/**
 * An accepted packet of stream @s (NULL: it begins): it is the current one now. @return flags of
 * the item
 */
static inline uint8_t
rs_srtp_accept(struct rs_srtp_stream *now, struct rs_srtp_stream *before, struct rs_srtp_stream *s,
	uint32_t ssrc, uint64_t index)
{
	if (__builtin_expect(s != now, 0)) {
		struct rs_srtp_stream other = s != NULL ? *s : (struct rs_srtp_stream){ 0 };

		*before = *now;
		*now = other;
	}
	rs_srtp_see(now, ssrc, index);
	return s == NULL ? RS_SRTP_NEW_SSRC : 0;
}

/** AES-CTR of the jobs @from to @n - 1 that have a cipher, by runs of one key length. */
static inline void
rs_srtp_cipher(struct rs_srtp_engine *e, unsigned from, unsigned n)
{
	for (unsigned to; from < n; from = to) {
		uint8_t len = e->key_len[from];

		for (to = from + 1; to < n && e->key_len[to] == len; to++)
			continue;
		if (len != 0)
			e->ops->cipher(e, &e->jobs[from], to - from, len);
	}
}

/**
 * Fill job @k but for its IV and keys: encrypt @p[@from, @tail) with a key of @key_len bytes (0:
 * nothing), hash @p[0, @hash_len).
 */
static inline IMB_JOB *
rs_srtp_job(struct rs_srtp_engine *e, unsigned k, uint8_t key_len, uint8_t *p, uint32_t from,
	uint32_t tail, uint32_t hash_len)
{
	IMB_JOB *job = &e->jobs[k];

	e->key_len[k] = tail > from ? key_len : 0; /* ipsec-mb takes no empty text */
	job->key_len_in_bytes = key_len;
	job->src = p;
	job->dst = p + from;
	job->cipher_start_src_offset_in_bytes = from;
	job->msg_len_to_cipher_in_bytes = tail - from;
	job->msg_len_to_hash_in_bytes = hash_len;
	return job;
}

/** Write MKI and tag of job @k at @out. */
static inline void
rs_srtp_put_tail(struct rs_srtp_engine *e, unsigned k, const uint8_t *mki, unsigned mki_len,
	unsigned tag_len, uint8_t *out)
{
	if (__builtin_expect(mki_len != 0, 0)) {
		memcpy(out, mki, mki_len);
		out += mki_len;
	}
	if (__builtin_expect(tag_len == 10, 1))
		memcpy(out, e->tag[k], 10);
	else
		memcpy(out, e->tag[k], tag_len);
}

/** An item that is refused. @return @status */
static inline enum rs_srtp_status
rs_srtp_refuse(struct rs_srtp_item *item, enum rs_srtp_status status)
{
	item->status = (uint8_t)status;
	item->flags = 0;
	item->out_len = item->len;
	return status;
}

#endif
