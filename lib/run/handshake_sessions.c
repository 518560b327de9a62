/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions of clients for resumption (RFC 8446, 2.2; RFC 5077): the newest of each endpoint, as bytes. When there is no room,
 * whoever was first goes first.
 */
#include <stdlib.h>

#include "base/rng.h"
#include "run/handshake_private.h"

#define MAX_SESSION (16 << 10) /* bytes: with the peer's certificate in it */

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

int
rs_hs_session_put(struct rs_hs_sessions *s, uint64_t who, uint16_t profile, SSL_SESSION *session)
{
	int len = i2d_SSL_SESSION(session, NULL);
	struct rs_hs_session *e;
	uint8_t *bytes, *p;

	if (s->cap == 0 || len <= 0 || len > MAX_SESSION)
		return -EINVAL;
	p = bytes = OPENSSL_malloc((size_t)len);
	if (!bytes)
		return -ENOMEM;
	i2d_SSL_SESSION(session, &p);
	e = take_slot(s, who, profile);
	if (!e) {
		OPENSSL_clear_free(bytes, (size_t)len);
		return -ENOMEM;
	}
	empty(s, e);
	e->bytes = bytes;
	e->len = (uint32_t)len;
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
