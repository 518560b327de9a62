/* SPDX-License-Identifier: BSD-3-Clause */
/** Opus frames into one packet (RFC 6716, 3.2): the TOC says how many there are and how they are told apart. */
#include "media/source.h"

/** @return bytes written */
static size_t
put_length(uint8_t *out, size_t len)
{
	if (len < 252) {
		out[0] = (uint8_t)len;
		return 1;
	}
	out[0] = (uint8_t)(252 + (len & 3));
	out[1] = (uint8_t)((len - out[0]) >> 2);
	return 2;
}

int
rs_repack_opus(const struct source *s, size_t first, size_t n, uint8_t *out)
{
	const struct unit *head = rs_source_unit(s, first);
	size_t sum = 0, len = 1;
	bool same = true;

	for (size_t i = 0; i < n; i++) {
		const struct unit *u = rs_source_unit(s, first + i);

		if (u->tag != head->tag)
			return rs_source_bad(s, -ENOTSUP, u->file_at,
				"the encoder changes its mode (TOC 0x%02x to 0x%02x) within a packet of this ptime, "
				"which one packet cannot hold: encode with frames of the ptime that is sent "
				"(these have %g ms)",
				head->tag, u->tag, s->unit_us / 1e3);
		same = same && u->len == head->len;
		sum += u->len;
	}
	if (sum + 2 * n + 2 > RS_PAYLOAD_MAX)
		return rs_source_bad(s, -EMSGSIZE, head->file_at,
			"a packet of about %zu bytes, more than the %d that fit: a lower bit rate or a shorter ptime",
			sum, RS_PAYLOAD_MAX);
	out[0] = (uint8_t)(head->tag | (n == 1 ? 0 : n > 2 ? 3 : same ? 1 : 2));
	if (n > 2)
		out[len++] = (uint8_t)(n | (same ? 0 : 0x80));
	for (size_t i = 0; i + 1 < n && !same; i++)
		len += put_length(out + len, rs_source_unit(s, first + i)->len);
	for (size_t i = 0; i < n; i++) {
		const struct unit *u = rs_source_unit(s, first + i);

		if (u->len)
			memcpy(out + len, s->data.p + u->offset, u->len);
		len += u->len;
	}
	return (int)len;
}
