/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/rtcp/build.h"

#include <errno.h>

#include "proto/rtcp/load.h"

#define LOST_MAX 0x7fffff

/** The header of a block with @len bytes behind it, a multiple of 4. @return where they go; NULL: they do not fit */
static uint8_t *
begin(struct rs_rtcp_writer *w, uint8_t type, unsigned count, size_t len)
{
	uint8_t *p = w->buf + w->len;

	if (w->room - w->len < 4 + len)
		return NULL;
	w->len += 4 + len;
	*p++ = (uint8_t)(0x80 | count);
	*p++ = type;
	return store16(p, (uint16_t)(len / 4));
}

static uint8_t *
put_reports(uint8_t *p, const struct rs_rtcp_report *r, unsigned n)
{
	for (; n > 0; n--, r++) {
		int32_t lost = r->lost > LOST_MAX ? LOST_MAX
			: r->lost < -LOST_MAX - 1 ? -LOST_MAX - 1
						  : r->lost;

		p = store32(p, r->ssrc);
		p = store32(p, (uint32_t)r->fraction << 24 | ((uint32_t)lost & 0xffffff));
		p = store32(p, r->highest);
		p = store32(p, r->jitter);
		p = store32(p, r->lsr);
		p = store32(p, r->dlsr);
	}
	return p;
}

int
rs_rtcp_put_sr(struct rs_rtcp_writer *w, const struct rs_rtcp_sender *sender,
	const struct rs_rtcp_report *reports, unsigned n)
{
	uint8_t *p;

	if (n > 31)
		return -EINVAL;
	p = begin(w, RS_RTCP_SR, n, 24 + 24 * (size_t)n);
	if (p == NULL)
		return -ENOSPC;
	p = store32(p, sender->ssrc);
	p = store64(p, sender->ntp);
	p = store32(p, sender->rtp_timestamp);
	p = store32(p, sender->packets);
	p = store32(p, sender->bytes);
	put_reports(p, reports, n);
	return 0;
}

int
rs_rtcp_put_rr(
	struct rs_rtcp_writer *w, uint32_t ssrc, const struct rs_rtcp_report *reports, unsigned n)
{
	uint8_t *p;

	if (n > 31)
		return -EINVAL;
	p = begin(w, RS_RTCP_RR, n, 4 + 24 * (size_t)n);
	if (p == NULL)
		return -ENOSPC;
	put_reports(store32(p, ssrc), reports, n);
	return 0;
}

int
rs_rtcp_put_sdes(struct rs_rtcp_writer *w, uint32_t ssrc, struct rs_slice cname)
{
	/* At least one null ends the chunk, and it fills a word. */
	size_t len = 4 + (2 + cname.len + 4) / 4 * 4;
	uint8_t *p;

	if (cname.len == 0 || cname.len > 255)
		return -EINVAL;
	p = begin(w, RS_RTCP_SDES, 1, len);
	if (p == NULL)
		return -ENOSPC;
	memset(p, 0, len);
	p = store32(p, ssrc);
	p[0] = 1;
	p[1] = (uint8_t)cname.len;
	memcpy(p + 2, cname.p, cname.len);
	return 0;
}

int
rs_rtcp_put_bye(struct rs_rtcp_writer *w, const uint32_t *ssrcs, unsigned n, struct rs_slice reason)
{
	size_t text = reason.len > 0 ? (1 + reason.len + 3) / 4 * 4 : 0;
	uint8_t *p;

	if (n > 31 || reason.len > 255)
		return -EINVAL;
	p = begin(w, RS_RTCP_BYE, n, 4 * (size_t)n + text);
	if (p == NULL)
		return -ENOSPC;
	for (unsigned i = 0; i < n; i++)
		p = store32(p, ssrcs[i]);
	if (text > 0) {
		memset(p, 0, text);
		p[0] = (uint8_t)reason.len;
		memcpy(p + 1, reason.p, reason.len);
	}
	return 0;
}

static uint8_t *
xr_header(uint8_t *p, uint8_t type, size_t len)
{
	p[0] = type;
	p[1] = 0;
	return store16(p + 2, (uint16_t)(len / 4));
}

static uint8_t *
put_voip(uint8_t *p, const struct rs_rtcp_voip *v)
{
	const uint8_t bytes[12] = { (uint8_t)v->signal_dbm, (uint8_t)v->noise_dbm, v->rerl_db,
		v->gmin, v->r, v->ext_r, v->mos_lq, v->mos_cq, v->rx_config, 0 };

	p = store32(p, v->ssrc);
	*p++ = v->loss;
	*p++ = v->discard;
	*p++ = v->burst_density;
	*p++ = v->gap_density;
	p = store16(p, v->burst_ms);
	p = store16(p, v->gap_ms);
	p = store16(p, v->round_trip_ms);
	p = store16(p, v->end_system_ms);
	memcpy(p, bytes, 10);
	p = store16(p + 10, v->buffer_nominal_ms);
	p = store16(p, v->buffer_max_ms);
	return store16(p, v->buffer_abs_max_ms);
}

int
rs_rtcp_put_xr(struct rs_rtcp_writer *w, const struct rs_rtcp_xr *xr)
{
	size_t dlrr_len = 12 * (size_t)xr->dlrrs, len = 4;
	uint8_t *p;

	if (xr->dlrrs > 1000)
		return -EINVAL;
	len += (xr->ntp != NULL ? 12 : 0) + (xr->dlrrs > 0 ? 4 + dlrr_len : 0) +
		(xr->voip != NULL ? 36 : 0);
	p = begin(w, RS_RTCP_XR, 0, len);
	if (p == NULL)
		return -ENOSPC;
	p = store32(p, xr->ssrc);
	if (xr->ntp != NULL)
		p = store64(xr_header(p, RS_RTCP_XR_RRTR, 8), *xr->ntp);
	if (xr->dlrrs > 0)
		p = xr_header(p, RS_RTCP_XR_DLRR, dlrr_len);
	for (unsigned i = 0; i < xr->dlrrs; i++) {
		p = store32(p, xr->dlrr[i].ssrc);
		p = store32(p, xr->dlrr[i].lrr);
		p = store32(p, xr->dlrr[i].dlrr);
	}
	if (xr->voip != NULL)
		put_voip(xr_header(p, RS_RTCP_XR_VOIP, 32), xr->voip);
	return 0;
}
