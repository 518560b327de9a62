/* SPDX-License-Identifier: BSD-3-Clause */
/* What reports say about a stream that is received (RFC 3550, A.3; RFC 3611, 4.5 and 4.7), and the round trip they give. */
#include <errno.h>

#include "proto/rtcp/session.h"

#define UNKNOWN 127 /* a level, R or MOS */

int
rs_rtcp_round_trip(uint32_t now, uint32_t lsr, uint32_t dlsr, uint64_t *rtt_ns)
{
	int32_t rtt = (int32_t)(now - lsr - dlsr);

	if (lsr == 0)
		return -ENODATA;
	/* Where the time is shorter than what the wire can say, rounding may make it negative. */
	if (rtt == -1)
		rtt = 0;
	if (rtt < 0)
		return -ERANGE;
	*rtt_ns = (uint64_t)rtt * 1000000000u >> 16;
	return 0;
}

void
rs_rtcp_reporter_sr(struct rs_rtcp_reporter *r, const struct rs_rtcp_sender *sr, uint64_t now_ns)
{
	r->sr_ns = now_ns;
	r->sr_ntp = rs_rtcp_short(sr->ntp);
}

void
rs_rtcp_reporter_rrtr(struct rs_rtcp_reporter *r, uint64_t ntp, uint64_t now_ns)
{
	r->rr_ns = now_ns;
	r->rr_ntp = rs_rtcp_short(ntp);
}

static uint8_t
fraction(uint32_t expected, uint32_t received)
{
	int64_t lost = (int64_t)expected - received;
	uint64_t share;

	if (expected == 0 || lost <= 0)
		return 0;
	share = ((uint64_t)lost << 8) / expected;
	return share > 255 ? 255 : (uint8_t)share;
}

int
rs_rtcp_reporter_report(struct rs_rtcp_reporter *r, const struct rs_rtp_rx *rx, uint64_t now_ns,
	struct rs_rtcp_report *out)
{
	uint32_t expected = rs_rtp_rx_expected(rx);

	if (!rs_rtp_rx_valid(rx))
		return -ENODATA;
	/* The stream began anew since (A.1: so do these). */
	if (rx->ssrc != r->ssrc || rx->base != r->base) {
		r->ssrc = rx->ssrc;
		r->base = rx->base;
		r->expected = 0;
		r->received = 0;
	}
	*out = (struct rs_rtcp_report){
		.ssrc = rx->ssrc,
		.fraction = fraction(expected - r->expected, rx->received - r->received),
		.lost = (int32_t)(expected - rx->received),
		.highest = rs_rtp_rx_highest(rx),
		.jitter = rs_rtp_rx_jitter_ticks(rx),
	};
	if (r->sr_ns != 0) {
		out->lsr = r->sr_ntp;
		out->dlsr = rs_rtcp_short_ns(now_ns - r->sr_ns);
	}
	r->expected = expected;
	r->received = rx->received;
	return 0;
}

int
rs_rtcp_reporter_dlrr(
	const struct rs_rtcp_reporter *r, uint32_t ssrc, uint64_t now_ns, struct rs_rtcp_dlrr *out)
{
	if (r->rr_ns == 0)
		return -ENODATA;
	*out = (struct rs_rtcp_dlrr){
		.ssrc = ssrc, .lrr = r->rr_ntp, .dlrr = rs_rtcp_short_ns(now_ns - r->rr_ns)
	};
	return 0;
}

static uint8_t
of_256(double share)
{
	double v = share * 256;

	return v >= 255 ? 255 : (uint8_t)v;
}

static uint16_t
ms_16(double ms)
{
	return ms >= UINT16_MAX ? UINT16_MAX : (uint16_t)(ms + 0.5);
}

void
rs_rtcp_voip_metrics(const struct rs_rtp_rx *rx, double packet_ms, struct rs_rtcp_voip *out)
{
	struct rs_rtp_rx_report report;
	const struct rs_rtp_burst_report *b = &report.burst;
	uint16_t buffer_ms = ms_16(rx->profile->playout_ns / 1e6);

	rs_rtp_rx_report(rx, packet_ms, &report);
	*out = (struct rs_rtcp_voip){
		.ssrc = rx->ssrc,
		.loss = of_256(b->loss_percent / 100),
		.discard = of_256(b->discard_percent / 100),
		.burst_density = of_256(b->burst_density),
		.gap_density = of_256(b->gap_density),
		.burst_ms = ms_16(b->burst_ms),
		.gap_ms = ms_16(b->gap_ms),
		.signal_dbm = UNKNOWN,
		.noise_dbm = UNKNOWN,
		.rerl_db = UNKNOWN,
		.gmin = rx->profile->gmin,
		.r = UNKNOWN,
		.ext_r = UNKNOWN,
		.mos_lq = UNKNOWN,
		.mos_cq = UNKNOWN,
		/* PLC not said, buffer not adaptive (10), its adjustment rate none. */
		.rx_config = 2 << 4,
		.buffer_nominal_ms = buffer_ms,
		.buffer_max_ms = buffer_ms,
		.buffer_abs_max_ms = buffer_ms,
	};
}
