/* SPDX-License-Identifier: BSD-3-Clause */
/** Private to lib/proto/ws. */
#ifndef RS_PROTO_WS_PRIVATE_H
#define RS_PROTO_WS_PRIVATE_H

#include "proto/ws/upgrade.h"

/** XOR with a key that begins at @p[0]; all kernels give the same. */
typedef void rs_ws_mask_fn(uint8_t *p, size_t len, uint32_t key);

rs_ws_mask_fn rs_ws_mask_scalar, rs_ws_mask_sse2, rs_ws_mask_avx2;

/** What is left over of a vector kernel: fewer bytes than a vector has. */
static inline void
rs_ws_mask_rest(uint8_t *p, size_t len, uint32_t key)
{
	uint64_t both = (uint64_t)key << 32 | key;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		v ^= both;
		memcpy(p, &v, 8);
	}
	for (size_t i = 0; i < len; i++)
		p[i] ^= (uint8_t)(both >> 8 * i);
}

/** SHA-1 (RFC 3174) of @len bytes: nothing but the answer to a key hangs on it. */
void rs_ws_sha1(const uint8_t *text, size_t len, uint8_t out[20]);

#define RS_WS_KEY_LEN    24 /* base 64 of 16 bytes */
#define RS_WS_ACCEPT_LEN 28 /* base 64 of SHA-1 */

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 4.2.2). */
void rs_ws_accept(const uint8_t key[RS_WS_KEY_LEN], uint8_t out[RS_WS_ACCEPT_LEN]);

/** A buffer that is filled from the front; room that is not there is counted all the same. */
struct rs_ws_text {
	uint8_t *out;
	size_t room;
	size_t len;
};

static inline void
rs_ws_put(struct rs_ws_text *t, struct rs_slice s)
{
	if (s.len != 0 && t->len <= t->room && s.len <= t->room - t->len)
		memcpy(t->out + t->len, s.p, s.len);
	t->len += s.len;
}

static inline void
rs_ws_put_str(struct rs_ws_text *t, const char *s)
{
	rs_ws_put(t, rs_slice_str(s));
}

/** One field line. */
static inline void
rs_ws_put_field(struct rs_ws_text *t, const char *name, struct rs_slice value)
{
	rs_ws_put_str(t, name);
	rs_ws_put_str(t, ": ");
	rs_ws_put(t, value);
	rs_ws_put_str(t, "\r\n");
}

/** May @s stand in a line: no CR, LF or other control character? @blank: are spaces and tabs allowed? */
static inline bool
rs_ws_is_line(struct rs_slice s, bool blank)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == 0x7f ||
			(s.p[i] <= ' ' && !(blank && (s.p[i] == ' ' || s.p[i] == '\t'))))
			return false;
	return true;
}

/** Field lines of a user: each ends with CR LF, has a name and a colon, and there is no empty one. */
bool rs_ws_are_fields(struct rs_slice lines);

#endif
