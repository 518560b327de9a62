/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * On the wire, little endian: "RSwm" 4, check 4, stream 8, sent_ns 8, seq 4, run 2, aux 2. The check is over the three words behind
 * it, with the secret: two multiplications.
 */
#include "proto/rtp/watermark.h"

#include <string.h>

#define MAGIC 0x6d775352u

_Static_assert(sizeof(struct rs_rtp_watermark) == 24, "what is written behind magic and check");
_Static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a watermark is stored as it lies in memory");

static uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Each word is made odd-looking by a constant of its own first, so that a zero does not wipe out the others. */
static uint32_t
check_of(const uint64_t word[3], uint64_t secret)
{
	uint64_t h = fold(word[0] ^ secret ^ 0x9e3779b97f4a7c15u, word[1] ^ 0xbb67ae8584caa73bu);

	h = fold(h ^ word[2] ^ 0x3c6ef372fe94f82bu, secret ^ 0xa54ff53a5f1d36f1u);
	return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

void
rs_rtp_watermark_write(const struct rs_rtp_watermark *mark, uint64_t secret, uint8_t *out)
{
	uint64_t word[3] = { mark->stream, mark->sent_ns,
		(uint64_t)mark->aux << 48 | (uint64_t)mark->run << 32 | mark->seq };
	uint64_t head = (uint64_t)check_of(word, secret) << 32 | MAGIC;

	memcpy(out, &head, 8);
	memcpy(out + 8, word, 24);
}

enum rs_rtp_mark
rs_rtp_watermark_read(const uint8_t *payload, size_t len, uint64_t secret, uint16_t run,
	struct rs_rtp_watermark *mark)
{
	uint64_t head, word[3];

	if (len < RS_RTP_WATERMARK_LEN)
		return RS_RTP_MARK_SHORT;
	memcpy(&head, payload, 8);
	if ((uint32_t)head != MAGIC)
		return RS_RTP_MARK_ABSENT;
	memcpy(word, payload + 8, 24);
	if ((uint32_t)(head >> 32) != check_of(word, secret))
		return RS_RTP_MARK_BROKEN;
	mark->stream = word[0];
	mark->sent_ns = word[1];
	mark->seq = (uint32_t)word[2];
	mark->run = (uint16_t)(word[2] >> 32);
	mark->aux = (uint16_t)(word[2] >> 48);
	return mark->run == run ? RS_RTP_MARK_OK : RS_RTP_MARK_STALE;
}

enum rs_rtp_mark
rs_rtp_watermark_find(const uint8_t *payload, size_t len, uint64_t secret, uint16_t run, size_t *at,
	struct rs_rtp_watermark *mark)
{
	enum rs_rtp_mark found;

	if (len < RS_RTP_WATERMARK_LEN)
		return RS_RTP_MARK_SHORT;
	for (size_t i = *at; i <= len - RS_RTP_WATERMARK_LEN; i++) {
		if (payload[i] != (MAGIC & 0xff))
			continue;
		found = rs_rtp_watermark_read(payload + i, len - i, secret, run, mark);
		if (found == RS_RTP_MARK_OK || found == RS_RTP_MARK_STALE) {
			*at = i;
			return found;
		}
	}
	return RS_RTP_MARK_ABSENT;
}
