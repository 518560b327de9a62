/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP datagrams: every reader on every block; what the check lets pass, all of them can read. */
#include <stdlib.h>

#include "proto/rtcp/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** @return whether all that is in it could be read */
static bool
read_xr(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_xr_block x;
	struct rs_rtcp_dlrr dlrr;
	struct rs_rtcp_voip voip;
	struct rs_rtcp_stats stats;
	enum rs_rtcp_why why, of_block;
	bool whole = true;
	uint64_t ntp;
	size_t pos = 0;

	while ((why = rs_rtcp_next_xr(b, &pos, &x)) == RS_RTCP_OK) {
		of_block = RS_RTCP_END;
		for (unsigned i = 0; (of_block = rs_rtcp_read_dlrr(&x, i, &dlrr)) == RS_RTCP_OK; i++)
			;
		whole = whole && (x.type != RS_RTCP_XR_DLRR || of_block == RS_RTCP_END);
		of_block = rs_rtcp_read_rrtr(&x, &ntp);
		whole = whole && (x.type != RS_RTCP_XR_RRTR || of_block == RS_RTCP_OK);
		of_block = rs_rtcp_read_voip(&x, &voip);
		whole = whole && (x.type != RS_RTCP_XR_VOIP || of_block == RS_RTCP_OK);
		of_block = rs_rtcp_read_stats(&x, &stats);
		whole = whole && (x.type != RS_RTCP_XR_STATS || of_block == RS_RTCP_OK);
	}
	return whole && why == RS_RTCP_END;
}

static bool
read_feedback(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_feedback fb;
	struct rs_rtcp_remb remb;
	uint16_t seq, mask;
	uint32_t ssrc;
	uint8_t fir_seq;

	if (rs_rtcp_read_feedback(b, &fb) != RS_RTCP_OK)
		return false;
	for (unsigned i = 0; rs_rtcp_read_nack(&fb, i, &seq, &mask) == RS_RTCP_OK; i++)
		;
	for (unsigned i = 0; rs_rtcp_read_fir(&fb, i, &ssrc, &fir_seq) == RS_RTCP_OK; i++)
		;
	rs_rtcp_read_remb(&fb, &remb);
	return true;
}

static bool
read_sdes(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_sdes at = { 0 };
	struct rs_rtcp_sdes_item item;
	enum rs_rtcp_why why;

	while ((why = rs_rtcp_next_item(b, &at, &item)) == RS_RTCP_OK)
		if (item.text.p + item.text.len > b->body + b->body_len)
			abort();
	return why == RS_RTCP_END;
}

/** Reports read are reports written: what comes back is the same bytes. */
static bool
read_reports(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_report reports[31];
	struct rs_rtcp_sender sender = { 0 };
	uint8_t out[28 + 31 * 24];
	struct rs_rtcp_writer w = { .buf = out, .room = sizeof(out) };
	unsigned n = 0;

	while (n < 31 && rs_rtcp_read_report(b, n, &reports[n]) == RS_RTCP_OK)
		n++;
	if (n != b->count)
		return false;
	if (b->type == RS_RTCP_SR ? rs_rtcp_read_sender(b, &sender) != RS_RTCP_OK
				  : rs_rtcp_read_ssrc(b, &sender.ssrc) != RS_RTCP_OK)
		return false;
	if ((b->type == RS_RTCP_SR ? rs_rtcp_put_sr(&w, &sender, reports, n)
				   : rs_rtcp_put_rr(&w, sender.ssrc, reports, n)) != 0 ||
		memcmp(out + 4, b->body, w.len - 4) != 0)
		abort();
	return true;
}

static bool
read_block(const struct rs_rtcp_block *b)
{
	struct rs_rtcp_app app;
	struct rs_slice reason;
	uint32_t ssrc;

	for (unsigned i = 0; rs_rtcp_read_bye(b, i, &ssrc) == RS_RTCP_OK; i++)
		;
	switch (b->type) {
	case RS_RTCP_SR:
	case RS_RTCP_RR: return read_reports(b);
	case RS_RTCP_SDES: return read_sdes(b);
	case RS_RTCP_BYE: return rs_rtcp_read_reason(b, &reason) == RS_RTCP_OK;
	case RS_RTCP_APP: return rs_rtcp_read_app(b, &app) == RS_RTCP_OK;
	case RS_RTCP_RTPFB:
	case RS_RTCP_PSFB: return read_feedback(b);
	case RS_RTCP_XR: return read_xr(b);
	default: return true;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rs_rtcp_why why = rs_rtcp_check(data, size, true), next;
	struct rs_rtcp_block block;
	size_t pos = 0;
	bool whole = size > 0;

	while ((next = rs_rtcp_next(data, size, &pos, &block)) == RS_RTCP_OK)
		whole = read_block(&block) && whole;
	whole = whole && next == RS_RTCP_END;
	if (why == RS_RTCP_OK && !whole)
		abort();
	if (rs_rtcp_check(data, size, false) == RS_RTCP_OK && why != RS_RTCP_OK)
		abort();
	return 0;
}
