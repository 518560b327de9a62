/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/media_crypto.h"

#include <errno.h>

#include "base/base64.h"
#include "engine/media_sdp.h"

#define KEPT_MAX (MEDIA_LINES * RS_SDP_SUITES) /* crypto lines of the peer's: of each m-line one of each suite */

struct kept {
	uint32_t line;
	struct rs_sdp_crypto crypto;
};

/* --- theirs --- */

static struct kept *
kept(const struct rs_engine *e, const struct media *m, uint32_t *n)
{
	struct rs_slice all = rs_blob_get(&e->blobs, &m->exchanges[0].before);

	*n = (uint32_t)(all.len / sizeof(struct kept));
	return (struct kept *)(uintptr_t)all.p;
}

void
crypto_forget(struct rs_engine *e, struct media *m)
{
	rs_blob_clear(&e->blobs, &m->exchanges[0].before);
}

/* As with a profile: a line with several keys would need all of them at hand, a long MKI room, and keys are derived once only. */
static bool
is_usable(const struct rs_sdp_crypto *c)
{
	return c->n_keys == 1 && c->mki_len <= RS_SDP_MKI_TAKEN && !(c->params & RS_SDP_KDR);
}

/* Of several lines with one suite the first is the one that the peer prefers. */
static bool
has(const struct kept *all, uint32_t n, uint32_t line, uint8_t suite)
{
	for (uint32_t i = 0; i < n; i++)
		if (all[i].line == line && all[i].crypto.suite == suite)
			return true;
	return false;
}

bool
crypto_keep(struct rs_engine *e, struct media *m, uint32_t line, unsigned number)
{
	struct kept all[KEPT_MAX];
	uint32_t n, had;
	const struct kept *before = kept(e, m, &had);

	if (had)
		memcpy(all, before, had * sizeof(*all));
	n = had;
	for (int at = 0; n < KEPT_MAX && (at = rs_sdp_attr_next(e->sdp, number, RS_SDP_ATTR_CRYPTO, at)) >= 0; at++) {
		struct kept *k = &all[n];

		memset(k, 0, sizeof(*k));
		k->line = line;
		/* One that cannot be read, or has what is not known, is none that could be picked (RFC 4568, 7.1.1). */
		n += rs_sdp_crypto_parse(e->sdp->attrs[at].value, &k->crypto) == 0 && is_usable(&k->crypto) &&
			!has(all, n, line, k->crypto.suite);
	}
	return n == had || rs_blob_set(&e->blobs, &m->exchanges[0].before, rs_slice_of((const uint8_t *)all, n * sizeof(*all)));
}

/* Of line @line the one with @suite, RS_SDP_SUITE_NONE: the first one. */
static const struct rs_sdp_crypto *
theirs(const struct rs_engine *e, const struct media *m, uint32_t line, uint8_t suite)
{
	uint32_t n;
	const struct kept *all = kept(e, m, &n);

	for (uint32_t i = 0; i < n; i++)
		if (all[i].line == line && (suite == RS_SDP_SUITE_NONE || all[i].crypto.suite == suite))
			return &all[i].crypto;
	return NULL;
}

/* --- ours --- */

void
crypto_begin(struct media *m)
{
	memset(m->said, 0, sizeof(m->said));
	for (uint32_t k = 0; k < MEDIA_LINES; k++)
		m->key_turn[k] += m->streams[k] == NO_MEDIA;
}

/* A key that is in use stays; what begins again, or has another suite, has another one: else its key stream would be used again. */
static void
own_key(const struct rs_engine *e, const struct media *m, uint32_t place, uint8_t suite, uint8_t *out)
{
	uint8_t keys[MEDIA_LINES * 2 * RS_SDP_KEY_MAX];

	sdp_keys(e->secret, m->key_seed + ((uint64_t)m->key_turn[place / 2] << 8 | suite), MEDIA_LINES * 2, keys);
	memcpy(out, keys + place * RS_SDP_KEY_MAX, RS_SDP_KEY_MAX);
	explicit_bzero(keys, sizeof(keys));
}

/* An answer says the tag of the line that it takes (RFC 4568, 5.1.2); an offer numbers its own. */
static uint32_t
own_tag(const struct rs_engine *e, const struct media *m, uint32_t place, uint8_t suite)
{
	const struct rs_sdp_crypto *c = m->offerer == OFFERER_THEY ? theirs(e, m, place / 2, suite) : NULL;

	return c ? c->tag : place % 2 + 1;
}

int
crypto_put(struct rs_engine *e, struct leg *leg, const struct rs_op *op, uint8_t *out, size_t cap)
{
	struct media *m = media_at(e, leg);
	uint8_t key[RS_SDP_KEY_MAX], text[(RS_SDP_KEY_MAX + 2) / 3 * 4];
	struct media_said *said;
	struct rs_slice s;

	if (!m || op->aux >= MEDIA_LINES * 2)
		return 0;
	said = &m->said[op->aux / 2][op->aux % 2];
	switch ((enum rs_crypto_part)op->header_id) {
	case RS_CRYPTO_TAG:
		s = rs_slice_of(text, rs_text_u64(text, own_tag(e, m, op->aux, op->with_name)));
		break;
	case RS_CRYPTO_SUITE:
		said->suite = op->with_name;
		s = rs_slice_str(rs_sdp_suite_info(op->with_name)->name);
		break;
	case RS_CRYPTO_KEY:
		own_key(e, m, op->aux, said->suite, key);
		s = rs_slice_of(text, rs_base64_write(key, rs_sdp_suite_bytes(RS_SDP_AES_CM_128_HMAC_SHA1_80), text));
		break;
	case RS_CRYPTO_PLAIN:
		said->params |= RS_SDP_UNENCRYPTED_SRTP;
		s = rs_slice_str("UNENCRYPTED_SRTP");
		break;
	default:
		return 0;
	}
	if (s.len > cap)
		return -ENOSPC;
	memcpy(out, s.p, s.len);
	return (int)s.len;
}

/* --- both --- */

/* Their line and the place of ours that go together; NULL: none do. */
static const struct rs_sdp_crypto *
pair(const struct rs_engine *e, const struct media *m, uint32_t line, uint32_t *place, enum rs_sdp_fail *why)
{
	const struct rs_sdp_crypto *c = theirs(e, m, line, RS_SDP_SUITE_NONE);

	*why = RS_SDP_FAIL_CRYPTO_SUITE;
	for (uint32_t i = 0; i < 2 && m->offerer == OFFERER_THEY; i++) {
		uint8_t suite = m->said[line][i].suite;

		*place = line * 2 + i;
		if (suite != RS_SDP_SUITE_NONE && (c = theirs(e, m, line, suite)) != NULL)
			return c;
	}
	if (m->offerer == OFFERER_THEY)
		return NULL;
	*why = RS_SDP_FAIL_CRYPTO_TAG;
	if (c->tag < 1 || c->tag > 2 || m->said[line][c->tag - 1].suite != c->suite)
		return NULL;
	*place = line * 2 + c->tag - 1;
	return c;
}

enum rs_sdp_fail
crypto_agree(struct rs_engine *e, struct media *m, uint32_t line)
{
	struct rs_sdp_stream *st = &m->lines[line];
	bool we = m->said[line][0].suite || m->said[line][1].suite, they = theirs(e, m, line, RS_SDP_SUITE_NONE) != NULL;
	const struct rs_sdp_crypto *c;
	enum rs_sdp_fail why;
	uint32_t place = 0;

	st->flags &= (uint8_t)~RS_SDP_SECURE;
	if (!we || !they) /* SRTP as an option that one side does not have: plain */
		return st->proto == RS_SDP_RTP_SAVP || st->proto == RS_SDP_RTP_SAVPF ? RS_SDP_FAIL_NO_CRYPTO : RS_SDP_FAIL_NONE;
	c = pair(e, m, line, &place, &why);
	if (!c)
		return why;
	st->rx = *c;
	st->tx = (struct rs_sdp_crypto){ .suite = c->suite, .tag = c->tag, .params = m->said[line][place % 2].params };
	own_key(e, m, place, c->suite, st->tx.key);
	st->flags |= RS_SDP_SECURE;
	return RS_SDP_FAIL_NONE;
}
