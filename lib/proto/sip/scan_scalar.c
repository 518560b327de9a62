/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel without vectors: the reference that the others are compared with, and what runs on
 * other CPUs. */
#include "proto/sip/scan.h"

static inline uint64_t
scan_line_feeds(const uint8_t *p)
{
	uint64_t m = 0;

	for (unsigned i = 0; i < 64; i++)
		m |= (uint64_t)(p[i] == '\n') << i;
	return m;
}

static inline unsigned
colon_within(const uint8_t *p, unsigned max)
{
	unsigned i = 0;

	while (i < max && p[i] != ':')
		i++;
	return i;
}

static inline unsigned
scan_colon(const uint8_t *p)
{
	return colon_within(p, 32);
}

static inline unsigned
scan_colon_short(const uint8_t *p)
{
	return colon_within(p, 16);
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	unsigned i = 0;

	while (name->text[i] != ':' && rs_lower(p[i]) == name->text[i])
		i++;
	return name->text[i] == ':' && p[i] == ':';
}

static inline bool
scan_name_is_short(const uint8_t *p, const struct rs_sip_name *name)
{
	return scan_name_is(p, name);
}

static inline unsigned
scan_positions(uint64_t m, uint32_t at, uint32_t *out)
{
	unsigned n = 0;

	for (; m != 0; m &= m - 1)
		out[n++] = at + (unsigned)__builtin_ctzll(m);
	return n;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_scalar(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}

unsigned
rs_sip_lines_scalar(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	return scan_lines(buf, len, from, lf);
}
