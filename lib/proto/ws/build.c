/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as sent (RFC 6455, 5.2), made where the payload lies. */
#include "proto/ws/ws.h"

uint8_t *
rs_ws_wrap(uint8_t *payload, size_t len, enum rs_ws_opcode opcode, bool fin, const uint8_t *mask)
{
	unsigned extra = len < 126 ? 0 : len < 65536 ? 2 : 8;
	uint8_t *p = payload - rs_ws_header_len(len, mask != NULL);

	p[0] = (uint8_t)((fin ? 0x80 : 0) | opcode);
	p[1] = (uint8_t)((mask != NULL ? 0x80 : 0) | (extra == 0 ? len : extra == 2 ? 126 : 127));
	for (unsigned i = 0; i < extra; i++)
		p[2 + i] = (uint8_t)((uint64_t)len >> 8 * (extra - 1 - i));
	if (mask != NULL) {
		memcpy(payload - 4, mask, 4);
		rs_ws_mask(payload, len, mask);
	}
	return p;
}

size_t
rs_ws_close_payload(uint16_t code, struct rs_slice reason, uint8_t *out)
{
	size_t len = reason.len;

	if (code == 0)
		return 0;
	out[0] = (uint8_t)(code >> 8);
	out[1] = (uint8_t)code;
	if (len > RS_WS_CONTROL_MAX - 2) {
		len = RS_WS_CONTROL_MAX - 2;
		while (len > 0 && (reason.p[len] & 0xc0) == 0x80)
			len--;
	}
	if (len != 0)
		memcpy(out + 2, reason.p, len);
	return 2 + len;
}
