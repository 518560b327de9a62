/* SPDX-License-Identifier: BSD-3-Clause */
/* Feedback messages (RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb). */
#include "proto/rtcp/load.h"
#include "proto/rtcp/rtcp.h"

enum rs_rtcp_why
rs_rtcp_read_feedback(const struct rs_rtcp_block *block, struct rs_rtcp_feedback *out)
{
	if (block->body_len < 8)
		return RS_RTCP_COUNT;
	out->sender_ssrc = load32(block->body);
	out->media_ssrc = load32(block->body + 4);
	out->format = block->count;
	out->fci = rs_slice_of(block->body + 8, block->body_len - 8);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_nack(const struct rs_rtcp_feedback *nack, unsigned i, uint16_t *seq, uint16_t *mask)
{
	if (i >= nack->fci.len / 4)
		return RS_RTCP_END;
	*seq = load16(nack->fci.p + i * 4u);
	*mask = load16(nack->fci.p + i * 4u + 2);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_fir(const struct rs_rtcp_feedback *fir, unsigned i, uint32_t *ssrc, uint8_t *seq)
{
	if (i >= fir->fci.len / 8)
		return RS_RTCP_END;
	*ssrc = load32(fir->fci.p + i * 8u);
	*seq = fir->fci.p[i * 8u + 4];
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_remb(const struct rs_rtcp_feedback *afb, struct rs_rtcp_remb *out)
{
	const uint8_t *p = afb->fci.p;
	uint32_t mantissa;
	unsigned exponent;

	if (afb->fci.len < 8 || memcmp(p, "REMB", 4) != 0)
		return RS_RTCP_FOREIGN;
	out->ssrcs = p[4];
	if (8 + p[4] * 4u > afb->fci.len)
		return RS_RTCP_ITEM;
	exponent = p[5] >> 2;
	mantissa = load32(p + 4) & 0x3ffff;
	out->bps = exponent < 46 || mantissa == 0
		? (uint64_t)mantissa << (mantissa == 0 ? 0 : exponent)
		: UINT64_MAX;
	return RS_RTCP_OK;
}
