/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/sip/chars.h"

#define ALNUM (RS_C_TOKEN | RS_C_HOST | RS_C_SCHEME | RS_C_USER)
#define HEX   (ALNUM | RS_C_IPV6)

const uint8_t rs_sip_chars[256] = {
	[' '] = RS_C_BLANK,
	['\t'] = RS_C_BLANK,
	['\r'] = RS_C_BLANK,
	['\n'] = RS_C_BLANK,
	['0' ... '9'] = HEX | RS_C_DIGIT,
	['A' ... 'F'] = HEX,
	['a' ... 'f'] = HEX,
	['G' ... 'Z'] = ALNUM,
	['g' ... 'z'] = ALNUM,
	['-'] = RS_C_TOKEN | RS_C_HOST | RS_C_SCHEME | RS_C_USER,
	['.'] = RS_C_TOKEN | RS_C_HOST | RS_C_SCHEME | RS_C_USER | RS_C_IPV6,
	['_'] = RS_C_TOKEN | RS_C_HOST | RS_C_USER,
	['+'] = RS_C_TOKEN | RS_C_SCHEME | RS_C_USER,
	['!'] = RS_C_TOKEN | RS_C_USER,
	['%'] = RS_C_TOKEN | RS_C_USER,
	['*'] = RS_C_TOKEN | RS_C_USER,
	['~'] = RS_C_TOKEN | RS_C_USER,
	['\''] = RS_C_TOKEN | RS_C_USER,
	['`'] = RS_C_TOKEN,
	[':'] = RS_C_IPV6 | RS_C_USER,
	['('] = RS_C_USER,
	[')'] = RS_C_USER,
	['&'] = RS_C_USER,
	['='] = RS_C_USER,
	['$'] = RS_C_USER,
	[','] = RS_C_USER,
	[';'] = RS_C_USER,
	['?'] = RS_C_USER,
	['/'] = RS_C_USER,
	['#'] = RS_C_USER, /* not in the grammar, but phones dial it unescaped */
};

const uint8_t *
rs_sip_skip_quoted(const uint8_t *p, const uint8_t *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}
