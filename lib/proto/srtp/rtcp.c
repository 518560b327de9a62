/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches of RTCP packets (RFC 3711, 3.4; RFC 7714, 9). What is in a compound packet is not looked
 * at behind the first SSRC.
 */
#include "proto/srtp/private.h"

#define HEADER    8 /* bytes in the clear */
#define WORD      4 /* bytes of E bit and index */
#define MAX_INDEX 0x7fffffffu
#define E_BIT     0x80000000u

static enum rs_srtp_status
judge_header(const uint8_t *p, uint32_t len)
{
	if (len < HEADER || len > RS_SRTP_MAX_LEN)
		return len < HEADER ? RS_SRTP_TOO_SHORT : RS_SRTP_TOO_LONG;
	return p[0] >> 6 == 2 ? RS_SRTP_OK : RS_SRTP_BAD_VERSION;
}

static IMB_JOB *
fill_job(struct rs_srtp_engine *e, unsigned k, const struct rs_srtcp_ctx *c, uint8_t *p,
	uint32_t end, uint32_t word)
{
	IMB_JOB *job =
		rs_srtp_job(e, k, (word & E_BIT) != 0 ? c->key_len : 0, p, HEADER, end, end + WORD);

	job->enc_keys = e->rtcp_keys[k];
	job->u.HMAC._hashed_auth_key_xor_ipad = c->inner;
	job->u.HMAC._hashed_auth_key_xor_opad = c->outer;
	rs_srtp_iv_cm(e->iv[k], c->salt, rs_load32(p + 4), word & MAX_INDEX);
	return job;
}

/*
 * Seal or open a packet of @end bytes (RFC 7714, 9.2 and 9.3). Additional data is the header and
 * the word with E bit and index; all of the packet and that word if it is not encrypted: the word
 * then stands in for the first bytes of the tag.
 */
static bool
aead(struct rs_srtp_engine *e, const struct rs_srtcp_ctx *c, uint8_t *p, uint32_t end,
	uint32_t word, bool opening, uint8_t *tag)
{
	struct rs_srtp_aead a = { .keys = e->gcm_keys, .key_len = c->key_len };
	uint32_t net = __builtin_bswap32(word), under = rs_load32(p + end);
	uint8_t aad[HEADER + WORD];
	bool ok = true;

	e->ops->gcm_expand(e, c->key, c->key_len, e->gcm_keys);
	rs_srtp_iv_gcm(a.iv, c->salt, rs_load32(p + 4), word & MAX_INDEX);
	if ((word & E_BIT) != 0) {
		memcpy(aad, p, HEADER);
		rs_store32(aad + HEADER, net);
		a.aad = aad;
		a.aad_len = sizeof(aad);
		a.text = p + HEADER;
		a.text_len = end - HEADER;
	} else {
		rs_store32(p + end, net);
		a.aad = p;
		a.aad_len = end + WORD;
		a.text = p + end;
	}
	if (opening)
		ok = e->ops->open(e, &a, tag);
	else
		e->ops->seal(e, &a, tag);
	rs_store32(p + end, under);
	return ok;
}

static bool
prepare_protect(struct rs_srtp_engine *e, struct rs_srtp_item *item, unsigned k)
{
	struct rs_srtcp_ctx *c = item->rtcp;
	uint32_t len = item->len, more = WORD + (uint32_t)c->mki_len + c->tag_len, word = 0;
	uint8_t *p = item->packet, tag[16];
	struct rs_srtp_stream *s = NULL;
	enum rs_srtp_status status = judge_header(p, len);

	if (status == RS_SRTP_OK && (item->room < len || item->room - len < more))
		status = RS_SRTP_NO_ROOM;
	if (status == RS_SRTP_OK) {
		s = rs_srtp_find(&c->now, &c->before, rs_load32(p + 4));
		word = s == NULL ? 0 : (uint32_t)s->index + s->started;
		if (s != &c->now && (c->options & RS_SRTP_ONE_SSRC) != 0)
			status = RS_SRTP_WRONG_SSRC;
		else if (c->left == 0 || word > MAX_INDEX)
			status = RS_SRTP_LIFETIME;
	}
	if (status != RS_SRTP_OK)
		return rs_srtp_refuse(item, status), false;
	c->left--;
	item->flags = rs_srtp_accept(&c->now, &c->before, s, rs_load32(p + 4), word);
	item->status = RS_SRTP_OK;
	item->out_len = len + more;
	if ((c->options & RS_SRTP_UNENCRYPTED_RTCP) == 0)
		word |= E_BIT;
	else
		item->flags |= RS_SRTP_CLEAR;
	if (c->gcm) {
		aead(e, c, p, len, word, false, tag);
		memcpy(p + len, tag, sizeof(tag));
		rs_store32(p + len + sizeof(tag), __builtin_bswap32(word));
		if (c->mki_len != 0)
			memcpy(p + len + sizeof(tag) + WORD, c->mki, c->mki_len);
		return false;
	}
	rs_store32(p + len, __builtin_bswap32(word));
	fill_job(e, k, c, p, len, word);
	if (e->key_len[k] != 0)
		e->ops->expand(e, c->key, c->key_len, e->rtcp_keys[k]);
	e->work[k] = (struct rs_srtp_work){ .item = item, .tail = len + WORD };
	return true;
}

static unsigned
protect_chunk(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned jobs = 0, ok = 0;

	for (unsigned i = 0; i < n; i++) {
		jobs += prepare_protect(e, &items[i], jobs);
		ok += items[i].status == RS_SRTP_OK;
	}
	if (jobs == 0)
		return ok;
	rs_srtp_cipher(e, 0, jobs);
	e->ops->hash(e, e->jobs, jobs);
	for (unsigned k = 0; k < jobs; k++) {
		const struct rs_srtp_work *w = &e->work[k];
		const struct rs_srtcp_ctx *c = w->item->rtcp;

		rs_srtp_put_tail(e, k, c->mki, c->mki_len, c->tag_len, w->item->packet + w->tail);
	}
	return ok;
}

unsigned
rs_srtcp_protect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned ok = 0;

	for (unsigned i = 0; i < n; i += RS_SRTP_CHUNK)
		ok += protect_chunk(e, items + i, n - i < RS_SRTP_CHUNK ? n - i : RS_SRTP_CHUNK);
	return ok;
}

/* What the packet's index says, with the stream as it is now. */
static enum rs_srtp_status
place(struct rs_srtcp_ctx *c, uint32_t ssrc, uint32_t index, struct rs_srtp_stream **s)
{
	*s = rs_srtp_find(&c->now, &c->before, ssrc);
	if (*s != &c->now && (c->options & RS_SRTP_ONE_SSRC) != 0)
		return RS_SRTP_WRONG_SSRC;
	return rs_srtp_seen(*s, index);
}

static void
accept_packet(struct rs_srtp_item *item, struct rs_srtp_stream *s, uint32_t word, uint32_t len)
{
	struct rs_srtcp_ctx *c = item->rtcp;

	c->left--;
	item->flags = rs_srtp_accept(
		&c->now, &c->before, s, rs_load32(item->packet + 4), word & MAX_INDEX);
	item->flags |= (word & E_BIT) == 0 ? RS_SRTP_CLEAR : 0;
	item->status = RS_SRTP_OK;
	item->out_len = len;
}

static unsigned
prepare_unprotect(struct rs_srtp_engine *e, struct rs_srtp_item *item, unsigned k)
{
	struct rs_srtcp_ctx *c = item->rtcp;
	uint32_t len = item->len, less = WORD + (uint32_t)c->mki_len + c->tag_len, end = len - less,
		 word;
	uint8_t *p = item->packet, *at;
	struct rs_srtp_stream *s;
	enum rs_srtp_status status = len < less ? RS_SRTP_TOO_SHORT : judge_header(p, end);

	if (status != RS_SRTP_OK)
		return rs_srtp_refuse(item, status), RS_SRTP_DONE;
	at = p + end + (c->gcm ? 16 : 0);
	word = __builtin_bswap32(rs_load32(at));
	status = place(c, rs_load32(p + 4), word & MAX_INDEX, &s);
	if (status != RS_SRTP_OK)
		; /* that is the verdict, unless packets before it change what was seen */
	else if (c->mki_len != 0 && memcmp(at + WORD, c->mki, c->mki_len) != 0)
		status = RS_SRTP_UNKNOWN_MKI;
	else if (c->left == 0)
		status = RS_SRTP_LIFETIME;
	else if (c->gcm && !aead(e, c, p, end, word, true, memcpy(e->tag[k], p + end, 16)))
		status = RS_SRTP_AUTH_FAILED;
	if (status != RS_SRTP_OK)
		return rs_srtp_refuse(item, status), c->gcm ? RS_SRTP_DONE : RS_SRTP_AGAIN;
	if (c->gcm) {
		accept_packet(item, s, word, end);
		return RS_SRTP_DONE;
	}
	fill_job(e, k, c, p, end, word);
	e->work[k] = (struct rs_srtp_work){ .item = item, .index = word, .tail = end };
	return k;
}

/*
 * The same verdicts as one by one: the index is the packet's own, so that only what was seen can
 * have changed since.
 */
static void
finish_unprotect(struct rs_srtp_engine *e, unsigned k)
{
	const struct rs_srtp_work *w = &e->work[k];
	struct rs_srtp_item *item = w->item;
	struct rs_srtcp_ctx *c = item->rtcp;
	uint32_t word = (uint32_t)w->index;
	const uint8_t *tag = item->packet + w->tail + WORD + c->mki_len;
	struct rs_srtp_stream *s;
	enum rs_srtp_status status = place(c, rs_load32(item->packet + 4), word & MAX_INDEX, &s);

	if (status == RS_SRTP_OK && c->left == 0)
		status = RS_SRTP_LIFETIME;
	if (status == RS_SRTP_OK && memcmp(e->tag[k], tag, c->tag_len) != 0)
		status = RS_SRTP_AUTH_FAILED;
	if (status != RS_SRTP_OK) {
		e->key_len[k] = 0; /* stays encrypted */
		rs_srtp_refuse(item, status);
		return;
	}
	if (e->key_len[k] != 0)
		e->ops->expand(e, c->key, c->key_len, e->rtcp_keys[k]);
	accept_packet(item, s, word, w->tail);
}

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
unprotect_chunk(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned jobs = 0, ok = 0;

	for (unsigned i = 0; i < n; i++) {
		e->when[i] = (uint8_t)prepare_unprotect(e, &items[i], jobs);
		jobs += e->when[i] == jobs;
	}
	if (jobs != 0)
		e->ops->hash(e, e->jobs, jobs);
	for (unsigned i = 0; i < n; i++) {
		if (e->when[i] == RS_SRTP_AGAIN)
			unprotect_alone(e, &items[i]);
		else if (e->when[i] != RS_SRTP_DONE)
			finish_unprotect(e, e->when[i]);
		ok += items[i].status == RS_SRTP_OK;
	}
	rs_srtp_cipher(e, 0, jobs);
	return ok;
}

unsigned
rs_srtcp_unprotect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n)
{
	unsigned ok = 0;

	for (unsigned i = 0; i < n; i += RS_SRTP_CHUNK)
		ok += unprotect_chunk(e, items + i, n - i < RS_SRTP_CHUNK ? n - i : RS_SRTP_CHUNK);
	return ok;
}
