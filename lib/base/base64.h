/* SPDX-License-Identifier: BSD-3-Clause */
/** Base 64 (RFC 4648, 4): the alphabet with '+' and '/'. */
#ifndef RS_BASE_BASE64_H
#define RS_BASE_BASE64_H

#include "base/slice.h"

/** Characters that @len bytes take, padding included. */
static inline size_t
rs_base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

/** Write @len bytes of @in with padding: rs_base64_len(@len) characters at @out. @return those */
size_t rs_base64_write(const uint8_t *in, size_t len, uint8_t *out);

/**
 * Read @text, all of it. Padding may be left out, but if there is some it is right; the bits that no byte takes are zero; there
 * are no blanks and no other characters (RFC 4648, 3.3 and 3.5).
 *
 * @param text  the characters
 * @param out   room for @cap bytes
 * @return bytes written; -EBADMSG: not base 64; -ENOSPC: more than @cap bytes
 */
int rs_base64_read(struct rs_slice text, uint8_t *out, size_t cap);

#endif
