/* SPDX-License-Identifier: BSD-3-Clause */
/* Extended reports (RFC 3611). */
#include "proto/rtcp/load.h"
#include "proto/rtcp/rtcp.h"

#define RRTR_LEN  8 /* bytes behind the block's header */
#define DLRR_LEN  12
#define STATS_LEN 36
#define VOIP_LEN  32

enum rs_rtcp_why
rs_rtcp_next_xr(const struct rs_rtcp_block *xr, size_t *pos, struct rs_rtcp_xr_block *out)
{
	size_t at = *pos == 0 ? 4 : *pos; /* behind the SSRC */
	uint32_t len;

	if (xr->body_len < 4)
		return RS_RTCP_XR_BLOCK;
	if (at == xr->body_len)
		return RS_RTCP_END;
	if (xr->body_len - at < 4)
		return RS_RTCP_XR_BLOCK;
	len = load16(xr->body + at + 2) * 4u;
	if (len > xr->body_len - at - 4)
		return RS_RTCP_XR_BLOCK;
	out->type = xr->body[at];
	out->specific = xr->body[at + 1];
	out->body = xr->body + at + 4;
	out->body_len = len;
	*pos = at + 4 + len;
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_rrtr(const struct rs_rtcp_xr_block *block, uint64_t *ntp)
{
	if (block->body_len != RRTR_LEN)
		return RS_RTCP_XR_BLOCK;
	*ntp = load64(block->body);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_dlrr(const struct rs_rtcp_xr_block *block, unsigned i, struct rs_rtcp_dlrr *out)
{
	const uint8_t *p = block->body + (size_t)i * DLRR_LEN;

	if (block->body_len % DLRR_LEN != 0)
		return RS_RTCP_XR_BLOCK;
	if (i >= block->body_len / DLRR_LEN)
		return RS_RTCP_END;
	*out = (struct rs_rtcp_dlrr){
		.ssrc = load32(p), .lrr = load32(p + 4), .dlrr = load32(p + 8)
	};
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_voip(const struct rs_rtcp_xr_block *block, struct rs_rtcp_voip *out)
{
	const uint8_t *p = block->body;

	if (block->body_len != VOIP_LEN)
		return RS_RTCP_XR_BLOCK;
	*out = (struct rs_rtcp_voip){
		.ssrc = load32(p),
		.loss = p[4],
		.discard = p[5],
		.burst_density = p[6],
		.gap_density = p[7],
		.burst_ms = load16(p + 8),
		.gap_ms = load16(p + 10),
		.round_trip_ms = load16(p + 12),
		.end_system_ms = load16(p + 14),
		.signal_dbm = (int8_t)p[16],
		.noise_dbm = (int8_t)p[17],
		.rerl_db = p[18],
		.gmin = p[19],
		.r = p[20],
		.ext_r = p[21],
		.mos_lq = p[22],
		.mos_cq = p[23],
		.rx_config = p[24],
		.buffer_nominal_ms = load16(p + 26),
		.buffer_max_ms = load16(p + 28),
		.buffer_abs_max_ms = load16(p + 30),
	};
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_stats(const struct rs_rtcp_xr_block *block, struct rs_rtcp_stats *out)
{
	const uint8_t *p = block->body;

	if (block->body_len != STATS_LEN)
		return RS_RTCP_XR_BLOCK;
	*out = (struct rs_rtcp_stats){
		.ssrc = load32(p),
		.begin_seq = load16(p + 4),
		.end_seq = load16(p + 6),
		.lost = load32(p + 8),
		.duplicates = load32(p + 12),
		.min_jitter = load32(p + 16),
		.max_jitter = load32(p + 20),
		.mean_jitter = load32(p + 24),
		.dev_jitter = load32(p + 28),
		.min_ttl = p[32],
		.max_ttl = p[33],
		.mean_ttl = p[34],
		.dev_ttl = p[35],
		.flags = block->specific,
	};
	return RS_RTCP_OK;
}
