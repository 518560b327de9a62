/* SPDX-License-Identifier: BSD-3-Clause */
/** AMR and AMR-WB payloads, both forms: a mode request, a table of contents, speech (RFC 4867, 4.3 and 4.4). */
#include "media/source.h"

/** No mode is requested (RFC 4867, 4.3.1). */
#define CMR_NONE 15

/** Bits, most significant first, into zeroed bytes. */
struct bits {
	uint8_t *p;
	size_t n;
};

static void
put(struct bits *b, unsigned value, int width)
{
	while (width-- > 0) {
		if (value >> width & 1)
			b->p[b->n / 8] |= (uint8_t)(0x80 >> b->n % 8);
		b->n++;
	}
}

/** F | FT (4) | Q: the octet in front of a stored frame has the last two where they are needed. */
static unsigned
toc(const struct unit *u, bool more)
{
	return (unsigned)more << 5 | (u->tag >> 2 & 31);
}

/** Bits of speech: those of the octets, but for the last one's padding. */
static int
speech_bits(const struct source *s, const struct unit *u)
{
	return rs_amr_frame_bits(s->codec, u->tag >> 3 & 15);
}

int
rs_repack_amr(const struct source *s, size_t first, size_t n, bool octet_align, uint8_t *out)
{
	struct bits b = { out, 0 };

	/* At most 3 frames of 60 bytes in 60 ms: it always fits. */
	memset(out, 0, 256);
	put(&b, CMR_NONE, 4);
	if (octet_align)
		put(&b, 0, 4);
	for (size_t i = 0; i < n; i++) {
		put(&b, toc(rs_source_unit(s, first + i), i + 1 < n), 6);
		if (octet_align)
			put(&b, 0, 2);
	}
	for (size_t i = 0; i < n; i++) {
		const struct unit *u = rs_source_unit(s, first + i);
		int left = speech_bits(s, u);

		for (const uint8_t *p = s->data.p + u->offset; left > 0; p++, left -= 8)
			put(&b, left < 8 ? *p >> (8 - left) : *p, left < 8 ? left : 8);
		if (octet_align)
			b.n = (b.n + 7) / 8 * 8;
	}
	return (int)((b.n + 7) / 8);
}
