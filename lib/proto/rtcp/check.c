/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram as a whole (RFC 3550, A.2): each block is read through once. */
#include "proto/rtcp/rtcp.h"

static enum rs_rtcp_why
check_sr(const struct rs_rtcp_block *b)
{
	/* What is behind the reports is a profile's own. */
	return b->body_len < 24 + b->count * 24u ? RS_RTCP_COUNT : RS_RTCP_OK;
}

static enum rs_rtcp_why
check_rr(const struct rs_rtcp_block *b)
{
	return b->body_len < 4 + b->count * 24u ? RS_RTCP_COUNT : RS_RTCP_OK;
}

static enum rs_rtcp_why
check_sdes(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_sdes_item item;
	struct rs_rtcp_sdes at = { 0 };
	enum rs_rtcp_why why;

	if (b->body_len < b->count * 8u)
		return RS_RTCP_COUNT;
	while ((why = rs_rtcp_next_item(b, &at, &item)) == RS_RTCP_OK)
		;
	return why == RS_RTCP_END ? RS_RTCP_OK : why;
}

static enum rs_rtcp_why
check_bye(const struct rs_rtcp_block *b)
{
	struct rs_slice reason;

	return rs_rtcp_read_reason(b, &reason);
}

static enum rs_rtcp_why
check_app(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_app app;

	return rs_rtcp_read_app(b, &app);
}

static enum rs_rtcp_why
check_feedback(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_feedback fb;
	struct rs_rtcp_remb remb;
	enum rs_rtcp_why why = rs_rtcp_read_feedback(b, &fb);

	if (why != RS_RTCP_OK)
		return why;
	if (b->type == RS_RTCP_RTPFB)
		return fb.format == RS_RTCP_NACK && fb.fci.len == 0 ? RS_RTCP_ITEM : RS_RTCP_OK;
	if (fb.format == RS_RTCP_FIR && (fb.fci.len == 0 || fb.fci.len % 8 != 0))
		return RS_RTCP_ITEM;
	if (fb.format == RS_RTCP_AFB && rs_rtcp_read_remb(&fb, &remb) == RS_RTCP_ITEM)
		return RS_RTCP_ITEM;
	return RS_RTCP_OK;
}

static enum rs_rtcp_why
check_xr_block(const struct rs_rtcp_xr_block *x)
{
	struct rs_rtcp_dlrr dlrr;
	struct rs_rtcp_voip voip;
	struct rs_rtcp_stats stats;
	enum rs_rtcp_why why;
	uint64_t ntp;

	switch (x->type) {
	case RS_RTCP_XR_RRTR: return rs_rtcp_read_rrtr(x, &ntp);
	case RS_RTCP_XR_VOIP: return rs_rtcp_read_voip(x, &voip);
	case RS_RTCP_XR_STATS: return rs_rtcp_read_stats(x, &stats);
	case RS_RTCP_XR_DLRR:
		why = rs_rtcp_read_dlrr(x, 0, &dlrr);
		return why == RS_RTCP_END ? RS_RTCP_OK : why;
	default: return RS_RTCP_OK;
	}
}

static enum rs_rtcp_why
check_xr(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_xr_block x;
	enum rs_rtcp_why why;
	size_t pos = 0;

	while ((why = rs_rtcp_next_xr(b, &pos, &x)) == RS_RTCP_OK)
		if ((why = check_xr_block(&x)) != RS_RTCP_OK)
			return why;
	return why == RS_RTCP_END ? RS_RTCP_OK : why;
}

static enum rs_rtcp_why (*const checks[])(const struct rs_rtcp_block *) = {
	[RS_RTCP_SR - RS_RTCP_SR] = check_sr,
	[RS_RTCP_RR - RS_RTCP_SR] = check_rr,
	[RS_RTCP_SDES - RS_RTCP_SR] = check_sdes,
	[RS_RTCP_BYE - RS_RTCP_SR] = check_bye,
	[RS_RTCP_APP - RS_RTCP_SR] = check_app,
	[RS_RTCP_RTPFB - RS_RTCP_SR] = check_feedback,
	[RS_RTCP_PSFB - RS_RTCP_SR] = check_feedback,
	[RS_RTCP_XR - RS_RTCP_SR] = check_xr,
};

enum rs_rtcp_why
rs_rtcp_check(const uint8_t *buf, size_t len, bool reduced)
{
	struct rs_rtcp_block block;
	enum rs_rtcp_why why;
	size_t pos = 0;
	bool first = true;

	if (len == 0)
		return RS_RTCP_SHORT;
	while ((why = rs_rtcp_next(buf, len, &pos, &block)) == RS_RTCP_OK) {
		if (first && !reduced && block.type != RS_RTCP_SR && block.type != RS_RTCP_RR)
			return RS_RTCP_FIRST;
		first = false;
		if (block.type >= RS_RTCP_SR && block.type <= RS_RTCP_XR) {
			why = checks[block.type - RS_RTCP_SR](&block);
			if (why != RS_RTCP_OK)
				return why;
		}
	}
	return why == RS_RTCP_END ? RS_RTCP_OK : why;
}
