/* SPDX-License-Identifier: BSD-3-Clause */
/** Small text work shared by plan, CLI and engine: numbers, durations, addresses, near names. */
#ifndef RS_BASE_TEXT_H
#define RS_BASE_TEXT_H

#include "base/slice.h"

/** Write @v in decimal at @out (20 bytes are enough). @return bytes written */
size_t rs_text_u64(uint8_t *out, uint64_t v);

/** "250ms", "1.5s", "10m", "2h", "100us", "0": @return 0 with @ns set, -EINVAL (no or unknown unit), -ERANGE */
int rs_text_duration(const char *text, uint64_t *ns);

/** The name of @names (@n of them) nearest to @name by edit distance, or NULL when none is near (more than 1/3 differs). */
const char *rs_text_nearest(const char *name, const char *const *names, size_t n);

/** An IP address: IPv4 in the first 4 bytes of b with family 4, IPv6 in all 16 with family 6. Network byte order. */
struct rs_addr {
	uint8_t b[16];
	uint8_t family; /* 4, 6; 0: none */
};

/** "198.18.0.1" or "2001:2::1" (brackets allowed). @return 0, -EINVAL */
int rs_addr_parse(struct rs_slice text, struct rs_addr *out);
/** @return bytes written to @out (at most 39; no brackets; RFC 5952 form) */
size_t rs_addr_write(const struct rs_addr *a, uint8_t *out);
bool rs_addr_eq(const struct rs_addr *a, const struct rs_addr *b);
/** Is @a inside @net/@bits? */
bool rs_addr_in(const struct rs_addr *a, const struct rs_addr *net, unsigned bits);
/** @a plus @n, carried through the bytes of its family. */
struct rs_addr rs_addr_plus(const struct rs_addr *a, uint64_t n);
/** @b - @a when both are of one family and the distance fits 32 bits: @return 0, -EINVAL */
int rs_addr_distance(const struct rs_addr *a, const struct rs_addr *b, uint32_t *n);

#endif
