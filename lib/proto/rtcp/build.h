/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * RTCP, written: blocks are put one behind the other into a buffer of the caller's. Each function returns 0; -ENOSPC when the
 * block does not fit (nothing is written then); -EINVAL when it cannot be said on the wire.
 */
#ifndef RS_PROTO_RTCP_BUILD_H
#define RS_PROTO_RTCP_BUILD_H

#include "proto/rtcp/rtcp.h"

struct rs_rtcp_writer {
	uint8_t *buf;
	size_t room; /* bytes */
	size_t len;  /* bytes written */
};

/** @param n  reports, at most 31; loss counts are saturated to 24 bits */
int rs_rtcp_put_sr(struct rs_rtcp_writer *w, const struct rs_rtcp_sender *sender,
	const struct rs_rtcp_report *reports, unsigned n);
int rs_rtcp_put_rr(
	struct rs_rtcp_writer *w, uint32_t ssrc, const struct rs_rtcp_report *reports, unsigned n);

/** One chunk with a CNAME (RFC 3550, 6.5.1). @param cname  1 to 255 bytes */
int rs_rtcp_put_sdes(struct rs_rtcp_writer *w, uint32_t ssrc, struct rs_slice cname);

/** @param n  sources, at most 31; @param reason  at most 255 bytes; with none it is left out */
int rs_rtcp_put_bye(
	struct rs_rtcp_writer *w, const uint32_t *ssrcs, unsigned n, struct rs_slice reason);

/** What goes into one XR; what is NULL or 0 is left out. */
struct rs_rtcp_xr {
	uint32_t ssrc;       /* its sender's */
	const uint64_t *ntp; /* receiver reference time */
	const struct rs_rtcp_dlrr *dlrr;
	unsigned dlrrs;
	const struct rs_rtcp_voip *voip;
};

int rs_rtcp_put_xr(struct rs_rtcp_writer *w, const struct rs_rtcp_xr *xr);

#endif
