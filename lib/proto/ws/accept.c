/* SPDX-License-Identifier: BSD-3-Clause */
/* What client and server of an upgrade have in common. */
#include "base/base64.h"
#include "proto/ws/private.h"

void
rs_ws_accept(const uint8_t key[RS_WS_KEY_LEN], uint8_t out[RS_WS_ACCEPT_LEN])
{
	/* RFC 6455, 1.3 */
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t text[RS_WS_KEY_LEN + sizeof(guid) - 1], hash[20];

	memcpy(text, key, RS_WS_KEY_LEN);
	memcpy(text + RS_WS_KEY_LEN, guid, sizeof(guid) - 1);
	rs_ws_sha1(text, sizeof(text), hash);
	rs_base64_write(hash, sizeof(hash), out);
}

bool
rs_ws_are_fields(struct rs_slice lines)
{
	while (lines.len > 0) {
		const uint8_t *end = memchr(lines.p, '\r', lines.len);
		size_t len = end != NULL ? (size_t)(end - lines.p) : lines.len;
		const uint8_t *colon = memchr(lines.p, ':', len);

		if (colon == NULL || colon == lines.p || lines.len - len < 2 || end[1] != '\n' ||
			!rs_ws_is_line(rs_slice_of(lines.p, (size_t)(colon - lines.p)), false) ||
			!rs_ws_is_line(rs_slice_of(lines.p, len), true))
			return false;
		lines = rs_slice_of(end + 2, lines.len - len - 2);
	}
	return true;
}
