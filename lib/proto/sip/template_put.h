/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Private to the template renderer: appending to a bounded buffer.
 *
 * Every writer takes the place to write at and the buffer's end, and gives the place behind what
 * it wrote, or NULL when it does not fit; nothing is ever written at or past the end. By value, so
 * that the loop keeps the place in a register.
 */
#ifndef RS_PROTO_SIP_TEMPLATE_PUT_H
#define RS_PROTO_SIP_TEMPLATE_PUT_H

#include "proto/sip/template.h"

/**
 * Copy @n bytes without a call when they are few: most literals and values are shorter than a call
 * to memcpy is worth. The last block overlaps the one before it, so that neither side is touched
 * outside its @n bytes.
 */
static inline void
put_copy(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n > 128) {
		memcpy(d, s, n);
	} else if (n >= 16) {
		for (size_t i = 0; i + 16 < n; i += 16)
			memcpy(d + i, s + i, 16);
		memcpy(d + n - 16, s + n - 16, 16);
	} else if (n >= 8) {
		memcpy(d, s, 8);
		memcpy(d + n - 8, s + n - 8, 8);
	} else if (n >= 4) {
		memcpy(d, s, 4);
		memcpy(d + n - 4, s + n - 4, 4);
	} else if (n > 0) {
		d[0] = s[0];
		d[n / 2] = s[n / 2];
		d[n - 1] = s[n - 1];
	}
}

static inline uint8_t *
put_bytes(uint8_t *p, const uint8_t *end, const uint8_t *s, size_t n)
{
	if (n > (size_t)(end - p))
		return NULL;
	put_copy(p, s, n);
	return p + n;
}

static inline uint8_t *
put_slice(uint8_t *p, const uint8_t *end, struct rs_slice s)
{
	return put_bytes(p, end, s.p, s.len);
}

/** The URI inside the To of @m; nothing when there is no To or it cannot be read. */
uint8_t *rs_template_put_last_uri(uint8_t *p, const uint8_t *end, const struct rs_sip_msg *m);

/** The index in @m of the first header that LAST_HEADER op @op names; -1: none. */
int rs_template_last_first(const struct rs_template *t, const struct rs_op *op,
	const struct rs_sip_msg *m);

/** All headers of @m that @op names, from index @first on (see above), as one line without its CRLF. */
uint8_t *rs_template_put_last_header(uint8_t *p, const uint8_t *end,
	const struct rs_template *t, const struct rs_op *op, const struct rs_sip_msg *m, int first);

#endif
