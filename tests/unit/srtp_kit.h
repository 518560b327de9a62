/* SPDX-License-Identifier: BSD-3-Clause */
/** What the tests of SRTP share: engines of every backend that the machine has, keys, packets. */
#ifndef RS_TESTS_UNIT_SRTP_KIT_H
#define RS_TESTS_UNIT_SRTP_KIT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/srtp/srtp.h"

#define KIT_ROOM 2048

/** An engine, or NULL when the machine cannot do it. */
static inline struct rs_srtp_engine *
kit_engine(enum rs_srtp_backend backend)
{
	size_t size = (rs_srtp_engine_size() + RS_SRTP_ALIGN - 1) / RS_SRTP_ALIGN * RS_SRTP_ALIGN;
	void *memory = aligned_alloc(RS_SRTP_ALIGN, size);
	struct rs_srtp_engine *e;

	if (rs_srtp_engine_init(memory, backend, &e) == 0)
		return e;
	free(memory);
	return NULL;
}

static inline void
kit_engine_free(struct rs_srtp_engine *e)
{
	rs_srtp_engine_fini(e);
	free(e);
}

/** A direction with memory for everything. */
struct kit_side {
	struct rs_srtp_ctx rtp;
	struct rs_srtcp_ctx rtcp;
	uint8_t gcm[RS_SRTP_GCM_BYTES] __attribute__((aligned(RS_SRTP_ALIGN)));
};

static const uint8_t kit_bytes[RS_SRTP_MKI_MAX + 3] = { 0x51, 0xa7, 0x03, 0xee, 0x19, 0x5c, 0x72,
	0x40, 0x9b, 0xd1, 0x66, 0x08, 0xf3, 0x2a, 0x84, 0xc5, 0x1e, 0x77, 0xb0, 0x49, 0x92, 0x3d,
	0xea, 0x05, 0x6f, 0xd8, 0x21, 0x94, 0xbc, 0x57, 0x0e, 0xa3, 0x38, 0xf1, 0x60, 0xcb, 0x15,
	0x8d, 0x42, 0xe6, 0x7b, 0x29, 0xd4, 0x93, 0x01 };

static inline struct rs_srtp_keys
kit_keys(enum rs_srtp_suite suite, unsigned mki_len)
{
	const struct rs_srtp_suite_info *info = rs_srtp_suite(suite);

	return (struct rs_srtp_keys){ .suite = suite,
		.key = { kit_bytes, info->key_len },
		.salt = { kit_bytes + 32, info->salt_len },
		.mki = { kit_bytes + 3, mki_len } };
}

static inline int
kit_side(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, struct kit_side *side)
{
	int rc = rs_srtp_init(e, keys, side->gcm, &side->rtp);

	return rc != 0 ? rc : rs_srtcp_init(e, keys, &side->rtcp);
}

static inline uint32_t
kit_draw(uint64_t *state, uint32_t bound)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((*state >> 33) % bound);
}

/** An RTP packet with CSRCs and an extension now and then. @return its length */
static inline uint32_t
kit_rtp(uint8_t *p, uint64_t *state, uint32_t ssrc, uint16_t seq, uint32_t payload)
{
	uint32_t csrcs = kit_draw(state, 8) == 0 ? kit_draw(state, 16) : 0,
		 words = kit_draw(state, 8) == 0 ? kit_draw(state, 5) : 99;
	uint32_t len = 12 + csrcs * 4 + (words != 99 ? 4 + words * 4 : 0) + payload;

	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)kit_draw(state, 256);
	p[0] = (uint8_t)(0x80 | csrcs | (words != 99 ? 0x10 : 0));
	p[1] &= 0x7f;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	if (words != 99) {
		p[12 + csrcs * 4 + 2] = 0;
		p[12 + csrcs * 4 + 3] = (uint8_t)words;
	}
	return len;
}

/** A compound RTCP packet, as far as SRTCP looks. @return its length */
static inline uint32_t
kit_rtcp(uint8_t *p, uint64_t *state, uint32_t ssrc, uint32_t words)
{
	uint32_t len = 8 + words * 4;

	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)kit_draw(state, 256);
	p[0] = 0x80;
	p[1] = 200;
	p[2] = (uint8_t)((len / 4 - 1) >> 8);
	p[3] = (uint8_t)(len / 4 - 1);
	for (int i = 0; i < 4; i++)
		p[4 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	return len;
}

enum kit_do { KIT_PROTECT, KIT_UNPROTECT, KIT_RTCP_PROTECT, KIT_RTCP_UNPROTECT };

/** One packet in place. @return its status; @len becomes out_len */
static inline enum rs_srtp_status
kit_one(struct rs_srtp_engine *e, enum kit_do what, struct kit_side *side, uint8_t *p,
	uint32_t *len)
{
	static unsigned (*const runs[])(
		struct rs_srtp_engine *, struct rs_srtp_item *, unsigned) = { rs_srtp_protect_batch,
		rs_srtp_unprotect_batch, rs_srtcp_protect_batch, rs_srtcp_unprotect_batch };
	struct rs_srtp_item item = { .packet = p, .len = *len, .room = KIT_ROOM };

	if (what < KIT_RTCP_PROTECT)
		item.ctx = &side->rtp;
	else
		item.rtcp = &side->rtcp;
	if (runs[what](e, &item, 1) != (item.status == RS_SRTP_OK))
		abort();
	*len = item.out_len;
	return item.status;
}

/** Bytes of a string of hex digits and blanks. @return how many */
static inline uint32_t
kit_hex(const char *text, uint8_t *out)
{
	uint32_t n = 0;
	unsigned value;

	for (; *text != '\0'; text += 2) {
		while (*text == ' ')
			text++;
		if (sscanf(text, "%2x", &value) != 1)
			abort();
		out[n++] = (uint8_t)value;
	}
	return n;
}

#endif
