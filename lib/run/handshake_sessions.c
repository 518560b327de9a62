/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions of clients for resumption (RFC 8446, 2.2; RFC 5077): the newest of each endpoint, as bytes. When there is no room,
 * whoever was first goes first.
 */
#include <openssl/asn1.h>
#include <stdlib.h>

#include "base/rng.h"
#include "run/handshake_private.h"

#define MAX_SESSION (64 << 10) /* bytes, with the peer's certificate */
#define PEER_TAG    3	       /* of it, in the library's form of a session */

static uint64_t
hash_of(uint64_t who, uint16_t profile)
{
	return rs_mix64(who + rs_mix64(profile + 1u));
}

static struct rs_hs_session *
find(const struct rs_hs_sessions *s, uint64_t who, uint16_t profile, uint32_t *slot)
{
	uint64_t hash = hash_of(who, profile);

	for (uint32_t i = rs_table_first(&s->table, hash, slot); i != RS_TABLE_END;
		i = rs_table_next(&s->table, hash, i, slot))
		if (s->slots[*slot].who == who && s->slots[*slot].profile == profile)
			return &s->slots[*slot];
	return NULL;
}

int
rs_hs_sessions_init(struct rs_hs_sessions *s, uint32_t cap)
{
	uint64_t bytes = (uint64_t)cap * (sizeof(*s->slots) + 64) + 65536;
	int rc;

	if (cap == 0)
		return 0;
	rc = rs_arena_init(&s->arena, bytes);
	if (rc != 0)
		return rc;
	s->cap = cap;
	s->slots = rs_arena_alloc(&s->arena, cap * sizeof(*s->slots), 64);
	return s->slots && rs_table_init(&s->table, &s->arena, cap) == 0 ? 0 : -ENOMEM;
}

static void
empty(struct rs_hs_sessions *s, struct rs_hs_session *e)
{
	if (!e->bytes)
		return;
	OPENSSL_clear_free(e->bytes, e->len);
	e->bytes = NULL;
	s->n--;
	s->n_bytes -= e->len;
}

void
rs_hs_sessions_fini(struct rs_hs_sessions *s)
{
	for (uint32_t i = 0; s->slots && i < s->cap; i++)
		empty(s, &s->slots[i]);
	if (s->cap)
		rs_arena_fini(&s->arena);
}

/* The slot of @who: its own, or that of whoever was first. */
static struct rs_hs_session *
take_slot(struct rs_hs_sessions *s, uint64_t who, uint16_t profile)
{
	uint32_t slot;
	struct rs_hs_session *e = find(s, who, profile, &slot);

	if (e)
		return e;
	e = &s->slots[s->hand];
	if (e->bytes)
		rs_table_remove(&s->table, hash_of(e->who, e->profile), s->hand);
	empty(s, e);
	*e = (struct rs_hs_session){ .who = who, .profile = profile };
	if (rs_table_add(&s->table, hash_of(who, profile), s->hand) != 0)
		return NULL;
	s->hand = s->hand + 1 < s->cap ? s->hand + 1 : 0;
	return e;
}

/*
 * The bytes without the server's certificate, which a resumed handshake does not look at (RFC 8446, 4.6.1: it has been
 * authenticated): it is most of them, and the library takes longer to read it than for all the rest of such a handshake.
 * @return bytes at @out, which may not be longer than @in; 0: they are no session
 */
static size_t
without_peer(const uint8_t *in, size_t len, uint8_t *out)
{
	const unsigned char *p = in, *end, *element;
	size_t n = 0, keep = 0;
	uint8_t *w = out;
	long inside;
	int tag, class;

	if ((ASN1_get_object(&p, &inside, &tag, &class, (long)len) & 0x80) || tag != V_ASN1_SEQUENCE)
		return 0;
	end = p + inside;
	for (int pass = 0; pass < 2; pass++) {
		const unsigned char *q = p;

		if (pass == 1)
			ASN1_put_object(&w, 1, (int)keep, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
		while (q < end) {
			element = q;
			if (ASN1_get_object(&q, &inside, &tag, &class, (long)(end - q)) & 0x80)
				return 0;
			q += inside;
			n = (size_t)(q - element);
			if (class == V_ASN1_CONTEXT_SPECIFIC && tag == PEER_TAG)
				continue;
			keep += pass == 0 ? n : 0;
			if (pass == 1) {
				memcpy(w, element, n);
				w += n;
			}
		}
	}
	return (size_t)(w - out);
}

/* @return bytes of their own; NULL */
static uint8_t *
write_session(SSL_SESSION *session, uint32_t *len)
{
	uint8_t *whole = NULL, *bytes = NULL;
	int n = i2d_SSL_SESSION(session, &whole);
	uint8_t *rest = n > 0 && n <= MAX_SESSION ? OPENSSL_malloc((size_t)n) : NULL;

	*len = rest ? (uint32_t)without_peer(whole, (size_t)n, rest) : 0;
	if (*len)
		bytes = OPENSSL_memdup(rest, *len);
	if (rest)
		OPENSSL_clear_free(rest, (size_t)n);
	if (n > 0)
		OPENSSL_clear_free(whole, (size_t)n);
	return bytes;
}

int
rs_hs_session_put(struct rs_hs_sessions *s, uint64_t who, uint16_t profile, SSL_SESSION *session)
{
	struct rs_hs_session *e;
	uint8_t *bytes;
	uint32_t len;

	if (s->cap == 0)
		return -EINVAL;
	bytes = write_session(session, &len);
	if (!bytes)
		return -EINVAL;
	e = take_slot(s, who, profile);
	if (!e) {
		OPENSSL_clear_free(bytes, len);
		return -ENOMEM;
	}
	empty(s, e);
	e->bytes = bytes;
	e->len = len;
	s->n++;
	s->n_bytes += e->len;
	return 0;
}

SSL_SESSION *
rs_hs_session_get(struct rs_hs_sessions *s, uint64_t who, uint16_t profile, double share, uint64_t seed)
{
	uint32_t slot;
	struct rs_hs_session *e = share > 0 && s->cap ? find(s, who, profile, &slot) : NULL;
	const unsigned char *p;

	if (!e || !e->bytes || rs_random_unit(rs_random_at(seed, who, e->used++)) >= share)
		return NULL;
	p = e->bytes;
	return d2i_SSL_SESSION(NULL, &p, (long)e->len);
}

void
rs_hs_session_drop(struct rs_hs_sessions *s, uint64_t who, uint16_t profile)
{
	uint32_t slot;
	struct rs_hs_session *e = s->cap ? find(s, who, profile, &slot) : NULL;

	if (!e)
		return;
	rs_table_remove(&s->table, hash_of(who, profile), slot);
	empty(s, e);
}
