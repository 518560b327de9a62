/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The walk over a header section, the same for every kernel. The file that includes it defines first
 *
 *   static inline uint64_t scan_line_feeds(const uint8_t *p)
 *	   bit i is set when p[i] is LF; reads p[0] to p[63]
 *   static inline unsigned scan_colon(const uint8_t *p)
 *	   where the first ':' of p[0] to p[31] is; 32 when there is none; reads all of them
 *   static inline bool scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
 *	   do the first name->len bytes of p, case ignored, spell @name? Reads p[0] to p[31]
 *
 * The walk sees to it that these bytes may be read: the end of the buffer is copied where a whole block is not left.
 */
#ifndef RS_PROTO_SIP_SCAN_WALK_H
#define RS_PROTO_SIP_SCAN_WALK_H

#include "proto/sip/scan.h"

#define SCAN_BLOCK 64u
#define SCAN_BATCH 128u /* line ends kept between the two steps; further lines wait for the next round */

static inline bool
scan_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/** Line feeds of one block, at @p with @left bytes until the end of the buffer. */
static inline uint64_t
scan_block(const uint8_t *p, size_t left)
{
	uint8_t tail[SCAN_BLOCK];

	if (__builtin_expect(left >= SCAN_BLOCK, 1))
		return scan_line_feeds(p);
	memset(tail, 0, sizeof(tail));
	memcpy(tail, p, left);
	return scan_line_feeds(tail);
}

/** Identity of the name of @len bytes at @p, of which 32 may be read. */
static inline uint8_t
scan_identify(const uint8_t *p, unsigned len)
{
	const struct rs_sip_name *name =
		&rs_sip_names[rs_sip_name_slots[RS_SIP_NAME_SLOT(len, p[0], p[len - 1])]];

	return name->len == len && scan_name_is(p, name) ? name->id : RS_HDR_OTHER;
}

/** One header line, [start, end) without its line end. @return false when it has no name or no colon */
static inline bool
scan_header(const uint8_t *buf, size_t len, uint32_t start, uint32_t end, struct rs_sip_header *h)
{
	uint8_t tail[RS_SIP_NAME_BYTES];
	const uint8_t *p = buf + start;
	uint32_t name_len, value, colon;

	if (__builtin_expect(len - start < RS_SIP_NAME_BYTES, 0)) {
		memset(tail, 0, sizeof(tail));
		memcpy(tail, p, len - start);
		p = tail;
	}
	name_len = scan_colon(p);
	if (__builtin_expect(name_len == RS_SIP_NAME_BYTES, 0)) {
		const uint8_t *far = end - start > RS_SIP_NAME_BYTES
			? memchr(buf + start, ':', end - start) : NULL;

		if (far == NULL)
			return false;
		name_len = (uint32_t)(far - (buf + start));
	}
	colon = start + name_len;
	if (colon >= end)
		return false;
	while (name_len > 0 && scan_blank(buf[start + name_len - 1]))
		name_len--;
	if (name_len == 0)
		return false;
	value = colon + 1;
	while (value < end && scan_blank(buf[value]))
		value++;
	while (end > value && scan_blank(buf[end - 1]))
		end--;
	h->name_off = start;
	h->value_off = value;
	h->end_off = end;
	h->name_len = (uint16_t)name_len;
	h->id = name_len <= RS_SIP_NAME_BYTES ? scan_identify(p, name_len) : RS_HDR_OTHER;
	h->folded = 0;
	return true;
}

/** A continuation line (RFC 3261, 7.3.1) belongs to the value of @h. */
static inline void
scan_fold(const uint8_t *buf, uint32_t start, uint32_t end, struct rs_sip_header *h)
{
	h->folded = 1;
	while (end > start && scan_blank(buf[end - 1]))
		end--;
	while (start < end && scan_blank(buf[start]))
		start++;
	if (start == end)
		return;
	if (h->end_off == h->value_off)
		h->value_off = start;
	h->end_off = end;
}

/**
 * Step one: write down where the lines end, until the empty line, or until the batch is full.
 * @return how many; @pos is then where to go on, @done whether the last one is the empty line's
 */
static inline unsigned
scan_lines(const uint8_t *buf, size_t len, size_t *pos, uint64_t *carry, uint32_t *lf, bool *done)
{
	unsigned n = 0;

	while (!*done && *pos < len && n <= SCAN_BATCH - SCAN_BLOCK) {
		uint32_t at = (uint32_t)*pos;
		uint64_t m = scan_block(buf + at, len - at);
		/* An empty line is LF LF or LF CR LF: only line feeds this close need a second look. */
		uint64_t close = m & (m << 1 | m << 2 | *carry);
		unsigned k = (unsigned)__builtin_popcountll(m), i;

		*carry = (m >> 63) * 3 | (m >> 62 & 1);
		while (__builtin_expect(close != 0, 0)) {
			unsigned bit = (unsigned)__builtin_ctzll(close);
			uint8_t before = buf[at + bit - 1];

			if (before == '\n' || before == '\r') {
				m &= UINT64_MAX >> (63 - bit);
				k = (unsigned)__builtin_popcountll(m);
				*done = true;
				break;
			}
			close &= close - 1;
		}
		/* Four at a time without asking how many there are: most blocks have fewer, and no branch is guessed wrong. */
		for (i = 0; i < k; i += 4) {
			for (unsigned j = 0; j < 4; j++) {
				lf[n + i + j] = at + (m != 0 ? (unsigned)__builtin_ctzll(m) : 0);
				m &= m - 1;
			}
		}
		n += k;
		*pos += SCAN_BLOCK;
	}
	return n;
}

static inline int
scan_walk(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	uint32_t lf[SCAN_BATCH + 4];
	struct rs_sip_header spare, *h = NULL;
	uint32_t start = 0;
	uint64_t carry = 0;
	unsigned count = 0;
	size_t pos = 0;
	bool done = false, started = false;

	while (!done && pos < len) {
		unsigned n = scan_lines(buf, len, &pos, &carry, lf, &done);
		unsigned i = 0, lines = n - done;

		if (!started && n > 0) {
			scan->line_end = lf[0] - (lf[0] > 0 && buf[lf[0] - 1] == '\r');
			start = lf[0] + 1;
			started = true;
			i = 1;
		}
		for (; i < lines; i++) {
			uint32_t end = lf[i];

			end -= buf[end - 1] == '\r' && end > start;
			if (__builtin_expect(scan_blank(buf[start]), 0)) {
				if (h == NULL)
					return RS_SCAN_BAD;
				scan_fold(buf, start, end, h);
				start = lf[i] + 1;
				continue;
			}
			if (__builtin_expect(count < RS_SIP_MAX_HEADERS, 1)) {
				h = &msg->headers[count];
			} else {
				h = &spare;
				msg->n_headers_full = 1;
			}
			if (__builtin_expect(!scan_header(buf, len, start, end, h), 0))
				return RS_SCAN_BAD;
			start = lf[i] + 1;
			if (h == &spare) {
				/* Framing must not depend on where the length stands. */
				if (h->id == RS_HDR_CONTENT_LENGTH && scan->lengths++ == 0)
					scan->length = rs_slice_of(buf + h->value_off,
								   h->end_off - h->value_off);
				continue;
			}
			if (msg->first[h->id] < 0)
				msg->first[h->id] = (int16_t)count;
			msg->n_headers = (uint16_t)++count;
		}
		if (done)
			scan->body_off = lf[n - 1] + 1;
	}
	if (done)
		return RS_SCAN_OK;
	return started ? RS_SCAN_NO_END : RS_SCAN_NO_LINE;
}

#endif
