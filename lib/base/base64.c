/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
rs_base64_write(const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)in[i] << 16;

		if (n > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (n > 2)
			v |= in[i + 2];
		*p++ = (uint8_t)alphabet[v >> 18];
		*p++ = (uint8_t)alphabet[v >> 12 & 63];
		*p++ = n > 1 ? (uint8_t)alphabet[v >> 6 & 63] : '=';
		*p++ = n > 2 ? (uint8_t)alphabet[v & 63] : '=';
	}
	return (size_t)(p - out);
}

static int
value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
rs_base64_read(struct rs_slice text, uint8_t *out, size_t cap)
{
	size_t n = 0, len = text.len;
	uint32_t bits = 0;
	unsigned held = 0;

	while (len > 0 && text.len - len < 2 && text.p[len - 1] == '=')
		len--;
	if (len % 4 == 1 || (len != text.len && text.len % 4 != 0))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		int v = value_of(text.p[i]);

		if (v < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)v;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (n == cap)
			return -ENOSPC;
		out[n++] = (uint8_t)(bits >> held);
	}
	return (bits & ((1u << held) - 1)) != 0 ? -EBADMSG : (int)n;
}
