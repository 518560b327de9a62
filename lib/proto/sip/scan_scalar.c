/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel without vectors: the reference that the others are compared with, and what runs on other CPUs. */
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
scan_colon(const uint8_t *p)
{
	unsigned i = 0;

	while (i < RS_SIP_NAME_BYTES && p[i] != ':')
		i++;
	return i;
}

static inline bool
scan_name_is(const uint8_t *p, const struct rs_sip_name *name)
{
	for (unsigned i = 0; i < name->len; i++)
		if (rs_lower(p[i]) != name->text[i])
			return false;
	return true;
}

#include "proto/sip/scan_walk.h"

int
rs_sip_scan_scalar(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return scan_walk(buf, len, msg, scan);
}
