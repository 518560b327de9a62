/* SPDX-License-Identifier: BSD-3-Clause */
/** What the tests of the TLS record layer share: engines, keys, and a peer that does what it must not. */
#ifndef RS_TESTS_UNIT_TLS_KIT_H
#define RS_TESTS_UNIT_TLS_KIT_H

#include <stdio.h>
#include <stdlib.h>

#include "proto/tls/private.h"

/** An engine, or NULL when the machine cannot do it. */
static inline struct rs_tls_engine *
kit_engine(enum rs_tls_backend backend)
{
	size_t size = (rs_tls_engine_size() + RS_TLS_ALIGN - 1) / RS_TLS_ALIGN * RS_TLS_ALIGN;
	void *memory = aligned_alloc(RS_TLS_ALIGN, size);
	struct rs_tls_engine *e;

	if (rs_tls_engine_init(memory, backend, &e) == 0)
		return e;
	free(memory);
	return NULL;
}

static inline void
kit_engine_free(struct rs_tls_engine *e)
{
	rs_tls_engine_fini(e);
	free(e);
}

static inline uint32_t
kit_draw(uint64_t *state, uint32_t bound)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((*state >> 33) % bound);
}

static inline void
kit_fill(uint8_t *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(kit_draw(&seed, 256));
}

/** Keys of a client (@server false) or of its server; the same ones the other way round. */
static inline struct rs_tls_keys
kit_keys(enum rs_tls_version version, enum rs_tls_suite suite, bool server)
{
	struct rs_tls_keys keys = { .version = version, .suite = suite, .server = server };
	struct rs_tls_keys_side *side[2] = { server ? &keys.rx : &keys.tx,
		server ? &keys.tx : &keys.rx };

	for (int i = 0; i < 2; i++) {
		kit_fill(side[i]->secret, sizeof(side[i]->secret), 11 + (uint64_t)i);
		kit_fill(side[i]->key, sizeof(side[i]->key), 21 + (uint64_t)i);
		kit_fill(side[i]->iv, sizeof(side[i]->iv), 31 + (uint64_t)i);
	}
	return keys;
}

#define KIT_EACH(version, suite)                                                                   \
	for (int version = 0; version < RS_TLS_VERSIONS; version++)                                \
		for (int suite = 0; suite < RS_TLS_SUITES; suite++)

static inline void
kit_start(struct rs_tls_engine *e, struct rs_tls *t, enum rs_tls_version version,
	enum rs_tls_suite suite, bool server)
{
	struct rs_tls_keys keys = kit_keys(version, suite, server);

	if (rs_tls_init(e, &keys, NULL, t) != 0)
		abort();
}

/**
 * A record of @t that says what it is told to: @outer in its header, @inner behind its data in TLS 1.3,
 * and @padding zeros. @return its length
 */
static inline size_t
kit_craft(struct rs_tls_engine *e, struct rs_tls *t, uint8_t outer, uint8_t inner, const void *data,
	size_t len, size_t padding, uint8_t *out)
{
	size_t head = rs_tls_headroom(t), text = len;
	struct rs_tls_aead a;

	if (len != 0)
		memcpy(out + head, data, len);
	if (t->version == RS_TLS_1_3) {
		out[head + text++] = inner;
		memset(out + head + text, 0, padding);
		text += padding;
	}
	rs_tls_put_header(out, outer, head - RS_TLS_HEADER + text + RS_TLS_TAG);
	if (head > RS_TLS_HEADER)
		kit_fill(out + RS_TLS_HEADER, 8, t->tx.seq); /* any nonce will do */
	rs_tls_prepare(t, &t->tx, out, outer, len, &a);
	a.text = out + head;
	a.len = (uint32_t)text;
	e->ops->seal(e, t->suite, &a, a.text + text);
	t->tx.seq++;
	return head + text + RS_TLS_TAG;
}

#endif
