/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The head of an HTTP/1.1 message (RFC 9112): start line and fields, as far as an upgrade to
 * WebSocket wants them. Nothing is copied; slices point into the caller's bytes.
 */
#ifndef RS_PROTO_WS_HTTP_H
#define RS_PROTO_WS_HTTP_H

#include "base/slice.h"

#define RS_HTTP_MAX_HEAD   8192 /* bytes, the empty line included */
#define RS_HTTP_MAX_FIELDS 48

struct rs_http_field {
	struct rs_slice name;
	struct rs_slice value; /* blanks at both ends cut */
};

struct rs_http_head {
	struct rs_slice method; /* of a request; absent in a response */
	struct rs_slice target;
	struct rs_slice reason; /* of a response; absent in a request */
	uint16_t status;        /* 100 to 999; 0 in a request */
	uint8_t minor;          /* HTTP/1.minor */
	uint8_t spare;
	uint32_t n_fields;
	struct rs_http_field fields[RS_HTTP_MAX_FIELDS];
};

/**
 * Parse a head, once it is there.
 *
 * Two empty lines before a start line are skipped (RFC 9112, 2.2); line feeds alone end lines; folded
 * fields, blanks before a colon and control characters are refused (RFC 9112, 5; RFC 9110, 5.5).
 *
 * @param buf   what has come so far; nothing at or after @buf + @len is read
 * @param seen  0 before the first call, then as the last call left it: bytes that need not be looked
 *              at again
 * @param head  out, with 0
 * @param used  out, with 0: bytes of the head; what follows is the first frame, or a body
 * @return 0; -EAGAIN: it has not ended yet; -E2BIG: more than RS_HTTP_MAX_HEAD bytes or
 *         RS_HTTP_MAX_FIELDS fields; -EBADMSG: not HTTP/1.x
 */
int rs_http_parse(
	const uint8_t *buf, size_t len, size_t *seen, struct rs_http_head *head, size_t *used);

/**
 * The value of the first field called @name (any case); absent when there is none.
 * @param count  out, or NULL: how many fields have that name
 */
struct rs_slice rs_http_get(const struct rs_http_head *head, const char *name, unsigned *count);

/**
 * Is @token in a comma-separated list in any of the fields called @name?
 * @param exact  case counts
 */
bool rs_http_has(const struct rs_http_head *head, const char *name, const char *token, bool exact);

#endif
