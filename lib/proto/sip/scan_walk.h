/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The walk over a header section, the same for every kernel. The file that includes it defines
 * first, each as static inline:
 *
 * - uint64_t scan_line_feeds(p): bit i is set when p[i] is LF; reads p[0] to p[63]
 * - unsigned scan_positions(m, at, out): writes at + i for each bit i of @m, lowest first, and
 *   returns how many; four places of @out may be written even if there are fewer
 * - unsigned scan_colon(p): where the first ':' of p[0] to p[31] is, 32 when there is none; reads
 *   all of them
 * - bool scan_name_is(p, name): does @p begin with name->text, case ignored, colon included? Reads
 *   p[0] to p[31]
 * - scan_colon_short(p), scan_name_is_short(p, name): likewise within 16 bytes, all of which are
 *   read; 16 when there is no ':', and names are compared only where p has one
 *
 * The walk sees to it that these bytes may be read. It avoids branches that depend on lengths: at
 * these sizes one wrong guess costs as much as a header. What is rare (folds, blanks in odd places,
 * empty values) is told by one compare and handled apart.
 */
#ifndef RS_PROTO_SIP_SCAN_WALK_H
#define RS_PROTO_SIP_SCAN_WALK_H

#include "proto/sip/scan.h"

#define SCAN_BLOCK 64u
#define SCAN_ROUND 16u /* blocks whose line ends are found before their lines are looked at */

#define SCAN_RARE(cond) __builtin_expect(!!(cond), 0)

static inline bool
scan_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/** Line feeds of the block at @at: bit i stands for buf[at + i], and is 0 where the buffer has
 * ended. */
static inline uint64_t
scan_block(const uint8_t *buf, size_t len, size_t at)
{
	uint8_t whole[SCAN_BLOCK];
	size_t from;

	if (SCAN_RARE(len < SCAN_BLOCK)) {
		memset(whole, 0, sizeof(whole));
		memcpy(whole, buf, len);
		return scan_line_feeds(whole) >> at;
	}
	/* The last block is read from further left, and what was seen before is shifted out. */
	from = at <= len - SCAN_BLOCK ? at : len - SCAN_BLOCK;
	return scan_line_feeds(buf + from) >> (at - from);
}

/** Identity of the name of @len bytes at @p and the colon behind it; 32 bytes may be read, or 16 if
 * @brief. */
static inline unsigned
scan_identify(const uint8_t *p, unsigned len, bool brief)
{
	const struct rs_sip_name_slot *slot =
		&rs_sip_name_slots[RS_SIP_NAME_SLOT(len, p[0], p[len - 1])];
	const struct rs_sip_name *name = &rs_sip_names[slot->name];

	return slot->id & -(unsigned)(brief ? scan_name_is_short(p, name) : scan_name_is(p, name));
}

/** What scan_header() takes for granted did not hold: a long name, no colon, odd blanks, an empty
 * value. */
static __attribute__((noinline)) int
scan_header_odd(const uint8_t *buf, uint32_t start, uint32_t end, struct rs_sip_header *h)
{
	const uint8_t *found = memchr(buf + start, ':', end - start);
	uint8_t name[RS_SIP_NAME_BYTES] = { 0 };
	uint32_t colon, name_len, value;

	if (found == NULL)
		return -1;
	colon = (uint32_t)(found - buf);
	name_len = colon - start;
	while (name_len > 0 && scan_blank(buf[start + name_len - 1]))
		name_len--;
	if (name_len == 0)
		return -1;
	value = colon + 1;
	while (value < end && scan_blank(buf[value]))
		value++;
	while (end > value && scan_blank(buf[end - 1]))
		end--;
	h->name_off = start;
	h->value_off = value;
	h->end_off = end;
	h->name_len = (uint16_t)name_len;
	h->id = RS_HDR_OTHER;
	h->folded = 0;
	if (name_len < RS_SIP_NAME_BYTES) {
		memcpy(name, buf + start, name_len);
		name[name_len] = ':';
		h->id = (uint8_t)scan_identify(name, name_len, false);
	}
	return h->id;
}

/**
 * One header line, [start, end) and a line end behind it.
 * @param brief  only 16 bytes from @start on may be read as one; else 32
 * @return its identity; -1 when it has no name or no colon
 */
static inline int
scan_header(const uint8_t *buf, uint32_t start, uint32_t end, struct rs_sip_header *h, bool brief)
{
	const uint8_t *p = buf + start;
	uint32_t name_len = brief ? scan_colon_short(p) : scan_colon(p);
	uint32_t none = brief ? RS_SIP_NAME_BYTES / 2 : RS_SIP_NAME_BYTES;
	uint32_t colon = start + name_len, value;
	unsigned id;

	if (SCAN_RARE(name_len - 1 >= none - 1 || colon >= end))
		return scan_header_odd(buf, start, end, h);
	/* A line end or a blank stands behind the value's last byte, so buf[value] is there even if
	 * the value is empty. */
	value = colon + 1 + (buf[colon + 1] == ' ');
	if (SCAN_RARE(buf[colon - 1] <= ' ' || buf[value] <= ' ' || buf[end - 1] <= ' '))
		return scan_header_odd(buf, start, end, h);
	id = scan_identify(p, name_len, brief);
	h->name_off = start;
	h->value_off = value;
	h->end_off = end;
	h->name_len = (uint16_t)name_len;
	h->id = (uint8_t)id;
	h->folded = 0;
	return (int)id;
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

/** A header past the last one that there is room for; only its length, for framing must not depend
 * on where that stands. */
static inline int
scan_surplus(const uint8_t *buf, uint32_t start, uint32_t end, struct rs_sip_header *h,
	struct rs_sip_scan *scan)
{
	int id = scan_header_odd(buf, start, end, h);

	if (id == RS_HDR_CONTENT_LENGTH && scan->lengths++ == 0)
		scan->length = rs_slice_of(buf + h->value_off, h->end_off - h->value_off);
	return id;
}

static inline int
scan_walk(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	uint32_t lf[SCAN_ROUND * SCAN_BLOCK + 4];
	struct rs_sip_header spare, *h = NULL, *next = msg->headers;
	struct rs_sip_header *const limit = msg->headers + RS_SIP_MAX_HEADERS;
	uint32_t start = 0;
	bool started = false;

	for (size_t pos = 0; pos < len;) {
		unsigned n = 0, i = 0;

		for (unsigned block = 0; block < SCAN_ROUND && pos < len;
			block++, pos += SCAN_BLOCK)
			n += scan_positions(scan_block(buf, len, pos), (uint32_t)pos, lf + n);
		if (!started && n > 0) {
			started = true;
			scan->line_end = lf[0] - (lf[0] > 0 && buf[lf[0] - 1] == '\r');
			start = lf[0] + 1;
			i = 1;
		}
		for (; i < n; i++) {
			uint32_t line = start, end = lf[i];
			int16_t first;
			int id;

			/* A line that is only LF has an LF before it. */
			end -= buf[end - 1] == '\r';
			start = lf[i] + 1;
			if (SCAN_RARE(buf[line] <= ' ')) {
				if (line == end) {
					msg->n_headers = (uint16_t)(next - msg->headers);
					scan->body_off = start;
					return RS_SCAN_OK;
				}
				if (scan_blank(buf[line])) {
					if (h == NULL)
						return RS_SCAN_BAD;
					scan_fold(buf, line, end, h);
					continue;
				}
			}
			if (SCAN_RARE(next == limit)) {
				h = &spare;
				msg->n_headers_full = 1;
				if (scan_surplus(buf, line, end, h, scan) < 0)
					return RS_SCAN_BAD;
				continue;
			}
			h = next++;
			/* The last header of a message without a body is near the end of what may
			 * be read. */
			if (line + (size_t)RS_SIP_NAME_BYTES <= len)
				id = scan_header(buf, line, end, h, false);
			else if (line + (size_t)RS_SIP_NAME_BYTES / 2 <= len)
				id = scan_header(buf, line, end, h, true);
			else
				id = scan_header_odd(buf, line, end, h);
			if (SCAN_RARE(id < 0))
				return RS_SCAN_BAD;
			first = msg->first[id];
			msg->first[id] = first < 0 ? (int16_t)(h - msg->headers) : first;
		}
	}
	return started ? RS_SCAN_NO_END : RS_SCAN_NO_LINE;
}

static inline unsigned
scan_lines(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	size_t end = len - from < RS_SIP_LINES_SPAN ? len : from + RS_SIP_LINES_SPAN;
	unsigned n = 0;

	for (size_t at = from; at < end; at += SCAN_BLOCK)
		n += scan_positions(scan_block(buf, end, at), (uint32_t)at, lf + n);
	return n;
}

#endif
