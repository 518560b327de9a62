/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches of RTP packets (RFC 3711, 3.1 and 3.3; RFC 7714, 8.1). */
#include "proto/srtp/prefetch.h"
#include "proto/srtp/private.h"

#define MAX_INDEX ((1ull << 48) - 1)

/** What a header says. */
struct header {
	uint32_t len;  /* bytes up to the payload: CSRCs and extension included */
	uint32_t ssrc; /* as it stands in the packet */
	uint16_t seq;
};

static inline enum rs_srtp_status
read_header(const uint8_t *p, uint32_t len, struct header *h)
{
	if (__builtin_expect(len - 12 > RS_SRTP_MAX_LEN - 12, 0))
		return len < 12 ? RS_SRTP_TOO_SHORT : RS_SRTP_TOO_LONG;
	if (p[0] >> 6 != 2)
		return RS_SRTP_BAD_VERSION;
	h->len = 12 + (p[0] & 15u) * 4;
	h->ssrc = rs_load32(p + 8);
	h->seq = (uint16_t)(p[2] << 8 | p[3]);
	if (__builtin_expect((p[0] & 0x10) != 0, 0)) {
		if (len < h->len + 4)
			return RS_SRTP_TOO_SHORT;
		h->len += 4 + (uint32_t)(p[h->len + 2] << 8 | p[h->len + 3]) * 4;
	}
	return h->len <= len ? RS_SRTP_OK : RS_SRTP_TOO_SHORT;
}

/**
 * RFC 3711, 3.3.1 and appendix A: the index nearest to the highest one, with the same ROC where two
 * are as near. There is no ROC below 0. May be above MAX_INDEX.
 */
static inline uint64_t
estimate(const struct rs_srtp_stream *s, uint16_t seq)
{
	uint16_t ahead;
	int64_t index;

	if (s == NULL)
		return seq;
	ahead = (uint16_t)(seq - (uint16_t)s->index);
	if (__builtin_expect(!s->started || ahead == 0x8000, 0))
		return (s->index & ~0xffffull) | seq;
	index = (int64_t)s->index + (int16_t)ahead;
	return index >= 0 ? (uint64_t)index : seq;
}

/** What the first look at a packet's place in its stream says. */
static inline enum rs_srtp_status
place(struct rs_srtp_ctx *c, const struct header *h, struct rs_srtp_stream **s, uint64_t *index)
{
	*s = rs_srtp_find(&c->now, &c->before, h->ssrc);
	if (__builtin_expect(*s != &c->now && (c->options & RS_SRTP_ONE_SSRC) != 0, 0))
		return RS_SRTP_WRONG_SSRC;
	*index = estimate(*s, h->seq);
	if (__builtin_expect(*index > MAX_INDEX, 0))
		return RS_SRTP_LIFETIME;
	return rs_srtp_seen(*s, *index);
}

static inline void
fill_keys(struct rs_srtp_engine *e, unsigned k, IMB_JOB *job, const struct rs_srtp_ctx *c,
	const struct header *h, uint64_t index)
{
	job->enc_keys = c->keys;
	job->u.HMAC._hashed_auth_key_xor_ipad = c->inner;
	job->u.HMAC._hashed_auth_key_xor_opad = c->outer;
	rs_srtp_iv_cm(e->iv[k], c->salt, h->ssrc, index);
}

/* The parts of a packet of @text_end bytes to be encrypted or decrypted (RFC 7714, 8.1). */
static inline void
aead(const struct rs_srtp_ctx *c, uint8_t *p, const struct header *h, uint32_t text_end,
	uint64_t index, struct rs_srtp_aead *a)
{
	a->keys = c->gcm_keys;
	a->key_len = c->key_len;
	a->aad = p;
	a->aad_len = h->len;
	a->text = p + h->len;
	a->text_len = text_end - h->len;
	rs_srtp_iv_gcm(a->iv, c->salt, h->ssrc, index);
}

/* Encrypt or decrypt a packet without a tag. */
static void
cipher_alone(struct rs_srtp_engine *e, const struct rs_srtp_ctx *c, uint8_t *p,
	const struct header *h, uint32_t end, uint64_t index)
{
	IMB_JOB *job = rs_srtp_job(e, RS_SRTP_ALONE, c->key_len, p, h->len, end, 0);

	fill_keys(e, RS_SRTP_ALONE, job, c, h, index);
	rs_srtp_cipher(e, RS_SRTP_ALONE, RS_SRTP_ALONE + 1);
}

/*
 * Take a packet into its stream; encrypt it, unless it wants a tag of HMAC. @return whether it
 * does: then job @k is filled
 */
static inline bool
prepare_protect(struct rs_srtp_engine *e, struct rs_srtp_item *item, unsigned k)
{
	struct rs_srtp_ctx *c = item->ctx;
	uint32_t len = item->len, more = (uint32_t)c->mki_len + c->tag_len;
	uint8_t *p = item->packet;
	struct rs_srtp_stream *s;
	struct header h;
	uint64_t index;
	enum rs_srtp_status status = read_header(p, len, &h);
	IMB_JOB *job;

	if (status == RS_SRTP_OK && (item->room < len || item->room - len < more))
		status = RS_SRTP_NO_ROOM;
	if (__builtin_expect(status == RS_SRTP_OK, 1))
		status = place(c, &h, &s, &index);
	if (__builtin_expect(status == RS_SRTP_REPLAYED && (c->options & RS_SRTP_REPEAT) != 0, 0))
		status = RS_SRTP_OK;
	if (status == RS_SRTP_OK && c->left == 0)
		status = RS_SRTP_LIFETIME;
	if (__builtin_expect(status != RS_SRTP_OK, 0))
		return rs_srtp_refuse(item, status), false;
	c->left--;
	item->flags = rs_srtp_accept(&c->now, &c->before, s, h.ssrc, index);
	item->status = RS_SRTP_OK;
	item->out_len = len + more;
	if (c->gcm) {
		struct rs_srtp_aead a;

		aead(c, p, &h, len, index, &a);
		e->ops->seal(e, &a, p + len);
		/* behind the tag, which counts as ciphertext (RFC 7714, 8.2) */
		if (c->mki_len != 0)
			memcpy(p + len + 16, c->mki, c->mki_len);
		return false;
	}
	if (__builtin_expect(c->tag_len == 0, 0)) {
		cipher_alone(e, c, p, &h, len, index);
		rs_srtp_put_tail(e, RS_SRTP_ALONE, c->mki, c->mki_len, 0, p + len);
		return false;
	}
	rs_store32(p + len, __builtin_bswap32((uint32_t)(index >> 16)));
	job = rs_srtp_job(e, k, c->key_len, p, h.len, len, len + 4);
	fill_keys(e, k, job, c, &h, index);
	e->work[k].item = item;
	e->work[k].tail = len;
	return true;
}

static unsigned
protect_chunk(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n, unsigned left)
{
	unsigned jobs = 0, ok = 0;

	for (unsigned i = 0; i < n; i++) {
		prefetch_next(e, items, i, left);
		jobs += prepare_protect(e, &items[i], jobs);
		ok += items[i].status == RS_SRTP_OK;
	}
	if (jobs == 0)
		return ok;
	rs_srtp_cipher(e, 0, jobs);
	e->ops->hash(e, e->jobs, jobs);
	for (unsigned k = 0; k < jobs; k++) {
		const struct rs_srtp_work *w = &e->work[k];
		const struct rs_srtp_ctx *c = w->item->ctx;

		rs_srtp_put_tail(e, k, c->mki, c->mki_len, c->tag_len, w->item->packet + w->tail);
	}
	return ok;
}

unsigned
rs_srtp_protect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned ok = 0;

	prefetch_first(e, items, n);
	for (unsigned i = 0; i < n; i += RS_SRTP_CHUNK)
		ok += protect_chunk(
			e, items + i, n - i < RS_SRTP_CHUNK ? n - i : RS_SRTP_CHUNK, n - i);
	return ok;
}

static inline void
accept_packet(struct rs_srtp_item *item, struct rs_srtp_stream *s, const struct header *h,
	uint64_t index, uint32_t len)
{
	struct rs_srtp_ctx *c = item->ctx;

	c->left--;
	item->flags = rs_srtp_accept(&c->now, &c->before, s, h->ssrc, index);
	item->status = RS_SRTP_OK;
	item->out_len = len;
}

/*
 * Judge what can be judged before the tag is known; where there is no HMAC to wait for, do the rest
 * as well.
 */
static inline unsigned
prepare_unprotect(struct rs_srtp_engine *e, struct rs_srtp_item *item, unsigned k)
{
	struct rs_srtp_ctx *c = item->ctx;
	uint32_t len = item->len, less = (uint32_t)c->mki_len + c->tag_len, end = len - less;
	uint8_t *p = item->packet;
	struct rs_srtp_stream *s;
	struct header h;
	uint64_t index;
	enum rs_srtp_status status = len < less ? RS_SRTP_TOO_SHORT : read_header(p, end, &h);
	struct rs_srtp_work *w;
	IMB_JOB *job;

	if (__builtin_expect(status != RS_SRTP_OK, 0))
		return rs_srtp_refuse(item, status), RS_SRTP_DONE;
	status = place(c, &h, &s, &index);
	if (__builtin_expect(status != RS_SRTP_OK, 0))
		; /* that is the verdict, unless packets before it move its place */
	else if (__builtin_expect(c->mki_len != 0, 0) &&
		memcmp(c->gcm ? p + len - c->mki_len : p + end, c->mki, c->mki_len) != 0)
		status = RS_SRTP_UNKNOWN_MKI;
	else if (__builtin_expect(c->left == 0, 0))
		status = RS_SRTP_LIFETIME;
	if (__builtin_expect(status != RS_SRTP_OK, 0))
		return rs_srtp_refuse(item, status),
		       c->gcm || c->tag_len == 0 ? RS_SRTP_DONE : RS_SRTP_AGAIN;
	if (c->gcm) {
		struct rs_srtp_aead a;

		aead(c, p, &h, end, index, &a);
		if (e->ops->open(e, &a, p + end))
			accept_packet(item, s, &h, index, end);
		else
			rs_srtp_refuse(item, RS_SRTP_AUTH_FAILED);
		return RS_SRTP_DONE;
	}
	if (__builtin_expect(c->tag_len == 0, 0)) {
		cipher_alone(e, c, p, &h, end, index);
		accept_packet(item, s, &h, index, end);
		return RS_SRTP_DONE;
	}
	w = &e->work[k];
	w->item = item;
	w->index = index;
	w->tail = end;
	w->under = rs_load32(p + end);
	rs_store32(p + end, __builtin_bswap32((uint32_t)(index >> 16)));
	job = rs_srtp_job(e, k, c->key_len, p, h.len, end, end + 4);
	fill_keys(e, k, job, c, &h, index);
	return k;
}

/*
 * Whether job @k has the tag that the packet came with. The 4 bytes under the ROC are compared from
 * where they are kept: they have just been put back, and a longer load over them would wait.
 */
static inline bool
same_tag(const struct rs_srtp_engine *e, unsigned k, const struct rs_srtp_ctx *c,
	const uint8_t *tail)
{
	const uint8_t *own = e->tag[k];

	if (__builtin_expect(c->mki_len != 0, 0))
		return memcmp(own, tail + c->mki_len, c->tag_len) == 0;
	if (rs_load32(own) != e->work[k].under)
		return false;
	return __builtin_expect(c->tag_len == 10, 1)
		? memcmp(own + 4, tail + 4, 6) == 0
		: memcmp(own + 4, tail + 4, c->tag_len - 4u) == 0;
}

/*
 * Job @k is hashed: the verdict, with the stream as the packets before left it. @return false when
 * the index was not the one that they lead to, so that all must be done again
 */
static inline bool
finish_unprotect(struct rs_srtp_engine *e, unsigned k)
{
	const struct rs_srtp_work *w = &e->work[k];
	struct rs_srtp_item *item = w->item;
	struct rs_srtp_ctx *c = item->ctx;
	uint8_t *tail = item->packet + w->tail;
	struct rs_srtp_stream *s;
	struct header h = { .ssrc = rs_load32(item->packet + 8),
		.seq = (uint16_t)(item->packet[2] << 8 | item->packet[3]) };
	uint64_t index;
	enum rs_srtp_status status;

	rs_store32(tail, w->under);
	status = place(c, &h, &s, &index);
	if (__builtin_expect(status == RS_SRTP_WRONG_SSRC || index != w->index, 0)) {
		e->key_len[k] = 0;
		return false;
	}
	if (status == RS_SRTP_OK && c->left == 0)
		status = RS_SRTP_LIFETIME;
	if (status == RS_SRTP_OK && !same_tag(e, k, c, tail))
		status = RS_SRTP_AUTH_FAILED;
	if (__builtin_expect(status == RS_SRTP_OK, 1)) {
		accept_packet(item, s, &h, index, w->tail);
		return true;
	}
	e->key_len[k] = 0; /* stays encrypted */
	rs_srtp_refuse(item, status);
	return true;
}

/* One packet that the others of its chunk made wait. */
static void
unprotect_alone(struct rs_srtp_engine *e, struct rs_srtp_item *item)
{
	if (prepare_unprotect(e, item, RS_SRTP_ALONE) != RS_SRTP_ALONE)
		return;
	e->ops->hash(e, &e->jobs[RS_SRTP_ALONE], 1);
	finish_unprotect(e, RS_SRTP_ALONE);
	rs_srtp_cipher(e, RS_SRTP_ALONE, RS_SRTP_ALONE + 1);
}

static unsigned
unprotect_chunk(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n, unsigned left)
{
	unsigned jobs = 0, ok = 0;

	for (unsigned i = 0; i < n; i++) {
		prefetch_next(e, items, i, left);
		e->when[i] = (uint8_t)prepare_unprotect(e, &items[i], jobs);
		jobs += e->when[i] == jobs;
	}
	if (jobs != 0)
		e->ops->hash(e, e->jobs, jobs);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = e->when[i];

		if (__builtin_expect(
			    k == RS_SRTP_AGAIN || (k != RS_SRTP_DONE && !finish_unprotect(e, k)),
			    0))
			unprotect_alone(e, &items[i]);
		ok += items[i].status == RS_SRTP_OK;
	}
	rs_srtp_cipher(e, 0, jobs);
	return ok;
}

unsigned
rs_srtp_unprotect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned ok = 0;

	prefetch_first(e, items, n);
	for (unsigned i = 0; i < n; i += RS_SRTP_CHUNK)
		ok += unprotect_chunk(
			e, items + i, n - i < RS_SRTP_CHUNK ? n - i : RS_SRTP_CHUNK, n - i);
	return ok;
}
