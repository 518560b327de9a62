/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP of a stream: what it reports, when, and what the peer reports (RFC 3550, 6; RFC 3611). */
#include <errno.h>

#include "engine/stream.h"
#include "proto/rtcp/build.h"

#define IP_UDP	    28	/* bytes in front of a report: what its bandwidth is reckoned with (RFC 3550, 6.2) */
#define FIRST_SIZE  128 /* bytes that the first report will be */
#define REPORT_ROOM 512
#define UNKNOWN	    127

static double
draw(struct streams *ms)
{
	return rs_random_unit(rs_rng_next(&ms->rng));
}

uint64_t
stream_unix_ns(const struct rs_engine *e)
{
	return e->wall_us * 1000 + (e->now - e->wall_at_ns);
}

void
stream_rtcp_begin(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct stream_cold *cold = &ms->cold[slot];
	const struct rs_media_profile *p = cold->profile;

	if (p->no_rtcp || cold->remote_rtcp_port == 0 || rs_wheel_armed(&e->wheel, ms->first_node + slot))
		return;
	rs_rtcp_timer_init(&cold->timer, e->now, SESSION_BPS, p->rtcp_min_ns ? p->rtcp_min_ns : RS_RTCP_MIN_NS, FIRST_SIZE,
		stream_at(ms, slot)->flags & STREAM_SEND, draw(ms));
	rs_wheel_arm(&e->wheel, ms->first_node + slot, cold->timer.next_ns);
}

static int
put_sender(struct rs_engine *e, const struct stream *s, const struct stream_cold *cold, struct rs_rtcp_writer *w,
	const struct rs_rtcp_report *report, unsigned n)
{
	struct rs_rtcp_sender sender = { .ntp = rs_rtcp_ntp(stream_unix_ns(e)), .ssrc = s->ssrc, .packets = s->sent, .bytes = s->octets };
	int64_t ahead = (int64_t)(e->now - s->due_ns);

	/* The timestamp that sound of this moment would have. */
	sender.rtp_timestamp = s->ts + (uint32_t)(int32_t)(ahead * (int64_t)cold->codec->clock_hz / (int64_t)RS_NS_PER_S);
	return rs_rtcp_put_sr(w, &sender, report, n);
}

static int
put_xr(struct rs_engine *e, uint32_t slot, struct rs_rtcp_writer *w)
{
	struct streams *ms = e->streams;
	const struct stream *s = stream_at(ms, slot);
	const struct stream_rx *srx = &ms->rx[slot];
	struct stream_cold *cold = &ms->cold[slot];
	uint64_t ntp = rs_rtcp_ntp(stream_unix_ns(e));
	struct rs_rtcp_dlrr dlrr;
	struct rs_rtcp_voip voip;
	struct rs_rtcp_xr xr = { .ssrc = s->ssrc, .ntp = &ntp, .dlrr = &dlrr };

	xr.dlrrs = rs_rtcp_reporter_dlrr(&cold->reporter, srx->rtp.ssrc, e->now, &dlrr) == 0;
	if (rs_rtp_rx_valid(&srx->rtp)) {
		struct rs_quality q;

		rs_rtcp_voip_metrics(&srx->rtp, s->ptime_ms, &voip);
		voip.round_trip_ms = (uint16_t)(cold->rtt_ns / RS_NS_PER_MS);
		if (stream_rate(ms, slot, (voip.loss + voip.discard) / 2.56, &q) == 0 && q.scale == RS_QUALITY_NARROW) {
			voip.r = (uint8_t)(q.r + 0.5);
			voip.mos_cq = voip.mos_lq = (uint8_t)(q.mos * 10 + 0.5);
		}
		xr.voip = &voip;
	}
	return rs_rtcp_put_xr(w, &xr);
}

/* A compound packet as RFC 3550, 6.1 wants it: a report first, then who we are. */
static int
build(struct rs_engine *e, uint32_t slot, bool bye, struct rs_rtcp_writer *w)
{
	struct streams *ms = e->streams;
	struct stream *s = stream_at(ms, slot);
	struct stream_cold *cold = &ms->cold[slot];
	const struct media *m = stream_media(e, s);
	struct rs_rtcp_report report;
	unsigned n = rs_rtcp_reporter_report(&cold->reporter, &ms->rx[slot].rtp, e->now, &report) == 0;
	int rc = s->flags & STREAM_BEGUN ? put_sender(e, s, cold, w, &report, n) : rs_rtcp_put_rr(w, s->ssrc, &report, n);

	if (rc == 0)
		rc = rs_rtcp_put_sdes(w, s->ssrc, rs_slice_of(leg_at(e, m->leg)->token, RS_TOKEN_LEN));
	if (rc == 0 && cold->profile->xr)
		rc = put_xr(e, slot, w);
	if (rc == 0 && bye)
		rc = rs_rtcp_put_bye(w, &s->ssrc, 1, (struct rs_slice){ 0 });
	return rc;
}

static bool
protect(struct rs_engine *e, const struct stream *s, uint8_t *p, uint32_t *len, uint32_t room)
{
	struct streams *ms = e->streams;
	struct rs_srtp_item item;

	if (s->keys == STREAM_NONE)
		return true;
	item = (struct rs_srtp_item){ .rtcp = &ms->secrets[s->keys].tx, .packet = p, .len = *len, .room = room };
	if (rs_srtcp_protect_batch(ms->srtp, &item, 1) != 1)
		return false;
	*len = item.out_len;
	return true;
}

void
stream_rtcp_send(struct rs_engine *e, uint32_t slot, bool bye)
{
	struct streams *ms = e->streams;
	struct stream *s = stream_at(ms, slot);
	const struct stream_cold *cold = &ms->cold[slot];
	struct rs_path path = s->path;
	struct rs_rtcp_writer w = { 0 };
	struct rs_buf buf;
	uint32_t len;

	if (cold->profile->no_rtcp || cold->remote_rtcp_port == 0 || e->silent)
		return;
	if (bye && s->sent == 0 && cold->timer.initial) /* who has said nothing says no goodbye (RFC 3550, 6.3.7) */
		return;
	path.remote = cold->remote_rtcp;
	path.remote_port = cold->remote_rtcp_port;
	path.local_port += !(s->flags & STREAM_MUX);
	if (e->link.take(e->link.ctx, &path, &buf) != 0)
		return;
	w.buf = buf.data;
	w.room = buf.cap < REPORT_ROOM ? buf.cap : REPORT_ROOM;
	if (build(e, slot, bye, &w) != 0) {
		e->link.drop(e->link.ctx, &buf);
		return;
	}
	len = (uint32_t)w.len;
	if (!protect(e, s, buf.data, &len, buf.cap)) {
		e->link.drop(e->link.ctx, &buf);
		return;
	}
	if (e->link.send(e->link.ctx, &path, &buf, len) == 0)
		rs_metric_inc(stream_cells(e, s->activity), RS_MEDIA_RTCP_SENT);
}

void
streams_timer(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct stream_cold *cold = &ms->cold[slot];

	if (!rs_pool_is_taken(&ms->pool, slot))
		return;
	stream_count(e, slot);
	cold->timer.sender = stream_at(ms, slot)->flags & STREAM_SEND;
	if (rs_rtcp_timer_due(&cold->timer, e->now, FIRST_SIZE, draw(ms)))
		stream_rtcp_send(e, slot, false);
	rs_wheel_arm(&e->wheel, ms->first_node + slot, cold->timer.next_ns);
}

/* --- received --- */

static void
take_round_trip(struct rs_engine *e, uint32_t slot, uint32_t lsr, uint32_t dlsr)
{
	struct stream_cold *cold = &e->streams->cold[slot];

	if (rs_rtcp_round_trip(rs_rtcp_short(rs_rtcp_ntp(stream_unix_ns(e))), lsr, dlsr, &cold->rtt_ns) == 0)
		rs_metric_record(stream_cells(e, e->streams->rx[slot].activity), RS_MEDIA_RTT, cold->rtt_ns);
}

static void
take_reports(struct rs_engine *e, uint32_t slot, const struct rs_rtcp_block *block)
{
	const struct stream *s = stream_at(e->streams, slot);
	struct rs_rtcp_report report;

	for (unsigned i = 0; rs_rtcp_read_report(block, i, &report) == RS_RTCP_OK; i++)
		if (report.ssrc == s->ssrc && report.lsr)
			take_round_trip(e, slot, report.lsr, report.dlsr);
}

static void
take_xr(struct rs_engine *e, uint32_t slot, const struct rs_rtcp_block *block)
{
	struct stream_cold *cold = &e->streams->cold[slot];
	const struct stream *s = stream_at(e->streams, slot);
	struct rs_rtcp_xr_block xr;
	struct rs_rtcp_dlrr dlrr;
	uint64_t ntp;
	size_t pos = 0;

	while (rs_rtcp_next_xr(block, &pos, &xr) == RS_RTCP_OK) {
		if (xr.type == RS_RTCP_XR_RRTR && rs_rtcp_read_rrtr(&xr, &ntp) == RS_RTCP_OK)
			rs_rtcp_reporter_rrtr(&cold->reporter, ntp, e->now);
		for (unsigned i = 0; xr.type == RS_RTCP_XR_DLRR && rs_rtcp_read_dlrr(&xr, i, &dlrr) == RS_RTCP_OK; i++)
			if (dlrr.ssrc == s->ssrc && dlrr.lrr && !(s->flags & STREAM_BEGUN)) /* who sends has it from reports */
				take_round_trip(e, slot, dlrr.lrr, dlrr.dlrr);
	}
}

static void
take_block(struct rs_engine *e, uint32_t slot, const struct rs_rtcp_block *block)
{
	struct stream_cold *cold = &e->streams->cold[slot];
	struct rs_rtcp_sender sender;

	switch (block->type) {
	case RS_RTCP_SR:
		if (rs_rtcp_read_sender(block, &sender) == RS_RTCP_OK)
			rs_rtcp_reporter_sr(&cold->reporter, &sender, e->now);
		take_reports(e, slot, block);
		break;
	case RS_RTCP_RR: take_reports(e, slot, block); break;
	case RS_RTCP_XR: take_xr(e, slot, block); break;
	case RS_RTCP_BYE:
		cold->bye_said = true;
		cold->bye_ns = e->now;
		rs_metric_inc(stream_cells(e, e->streams->rx[slot].activity), RS_MEDIA_RTCP_BYE);
		break;
	default: break;
	}
}

static bool
decrypt(struct rs_engine *e, const struct stream_rx *srx, uint8_t *p, uint32_t *len)
{
	struct rs_metrics *m = stream_cells(e, srx->activity);
	struct rs_srtp_item item = { .rtcp = &e->streams->secrets[srx->keys].rx, .packet = p, .len = *len };

	if (rs_srtcp_unprotect_batch(e->streams->srtp, &item, 1) == 1) {
		*len = item.out_len;
		return true;
	}
	rs_metric_inc(m, item.status == RS_SRTP_AUTH_FAILED ? RS_MEDIA_AUTH_FAILED
			: item.status == RS_SRTP_REPLAYED   ? RS_MEDIA_REPLAYED
			: item.status == RS_SRTP_TOO_OLD    ? RS_MEDIA_TOO_OLD
							    : RS_MEDIA_SRTP_OTHER);
	return false;
}

void
stream_rtcp_input(struct rs_engine *e, uint32_t slot, const struct rs_rx *rx, uint32_t len)
{
	struct streams *ms = e->streams;
	struct stream_rx *srx = &ms->rx[slot];
	struct rs_metrics *m = stream_cells(e, srx->activity);
	struct rs_rtcp_block block;
	size_t pos = 0;

	if (srx->keys != STREAM_NONE && !decrypt(e, srx, (uint8_t *)(uintptr_t)rx->data, &len))
		return;
	if (rs_rtcp_check(rx->data, len, srx->flags & STREAM_RSIZE) != RS_RTCP_OK) {
		rs_metric_inc(m, RS_MEDIA_RTCP_BAD);
		return;
	}
	rs_metric_inc(m, RS_MEDIA_RTCP_RECEIVED);
	rs_rtcp_timer_received(&ms->cold[slot].timer, len + IP_UDP);
	while (rs_rtcp_next(rx->data, len, &pos, &block) == RS_RTCP_OK)
		take_block(e, slot, &block);
}
