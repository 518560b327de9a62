/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stream comes to: counted as far as it is known with its reports, judged and rated at its end. */
#include "engine/stream.h"

#define SILENT_NS RS_NS_PER_S /* a stream that lived for so long and heard nothing is one-way */

/* A count that has grown; what late packets take away again is made up for later. */
static void
grow(struct rs_metrics *m, uint32_t row, uint64_t *counted, uint64_t now)
{
	if (now <= *counted)
		return;
	rs_metric_add(m, row, now - *counted);
	*counted = now;
}

static void
grow32(struct rs_metrics *m, uint32_t row, uint32_t *counted, uint32_t now)
{
	uint64_t before = *counted;

	grow(m, row, &before, now);
	*counted = (uint32_t)before;
}

static void
count_report(struct rs_metrics *m, struct stream_counted *c, const struct rs_rtp_rx_report *r, bool last)
{
	grow(m, RS_MEDIA_EXPECTED, &c->expected, r->expected);
	if (last) /* before that a missing packet may be on its way */
		grow(m, RS_MEDIA_LOST, &c->missing, r->missing);
	grow32(m, RS_MEDIA_DUPLICATES, &c->duplicates, r->duplicates);
	grow32(m, RS_MEDIA_REORDERED, &c->reordered, r->reordered);
	grow32(m, RS_MEDIA_LATE, &c->late, r->late);
}

void
stream_count(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	struct rs_rtp_rx_report r;

	rs_rtp_rx_report(&ms->rx[slot].rtp, stream_at(ms, slot)->ptime_ms, &r);
	count_report(stream_cells(e, ms->rx[slot].activity), &ms->cold[slot].counted, &r, false);
}

double
stream_delay_ms(const struct stream_rx *rx, const struct stream_cold *cold, enum rs_quality_delay *from)
{
	if (rx->marked && rx->delay_sum_ns) {
		*from = RS_QUALITY_DELAY_MEASURED;
		return (double)rx->delay_sum_ns / rx->marked / 1e6;
	}
	*from = cold->rtt_ns ? RS_QUALITY_DELAY_RTT : RS_QUALITY_DELAY_NONE;
	return (double)cold->rtt_ns / 2e6;
}

static void
record_ms(struct rs_metrics *m, uint32_t row, double ms)
{
	rs_metric_record(m, row, ms > 0 ? (uint64_t)(ms * 1e6) : 0);
}

static void
record_value(struct rs_metrics *m, uint32_t row, double v)
{
	rs_metric_record(m, row, v > 0 ? (uint64_t)(v * RS_MEDIA_SCALE) : 0);
}

/* Whose figures a stream's are besides all: its call's due time lies in the measured window; that call overlapped a limited interval. */
struct standing {
	bool measured, tainted;
};

static struct standing
standing_of(const struct rs_engine *e, const struct stream *s)
{
	const struct leg *leg = leg_at(e, stream_media(e, s)->leg);

	return (struct standing){ leg->flags & LEG_MEASURED, leg->due_ns < atomic_load_explicit(e->limited_until, memory_order_relaxed) };
}

/* @row: of those of the measured window. The whole first, so that no look shows more of the part. */
static void
count_measured(struct rs_metrics *m, struct standing st, uint32_t row, uint64_t n)
{
	if (!st.measured)
		return;
	rs_metric_add(m, row, n);
	if (st.tainted)
		rs_metric_add(m, row + RS_MEDIA_MEASURED, n);
}

static void
record_measured(struct rs_metrics *m, struct standing st, uint32_t row, uint32_t clean_row, double v)
{
	if (!st.measured)
		return;
	record_value(m, row, v);
	if (!st.tainted)
		record_value(m, clean_row, v);
}

/* RFC 4867, 4.3 and 4.4: octet-aligned, or packed behind the mode request. A first frame without speech tells nothing. */
uint8_t
stream_mode(const struct stream_cold *cold, const struct rs_rtp_packet *p)
{
	const char *name = cold->codec ? cold->codec->name : "";
	bool wide = strcmp(name, "AMR-WB") == 0;
	uint8_t type;

	if ((!wide && strcmp(name, "AMR") != 0) || p->payload_len < 2)
		return MODE_NONE;
	type = strstr(cold->codec->fmtp, "octet-align=1") ? p->payload[1] >> 3 & 15 : (uint8_t)((p->payload[0] & 7) << 1 | p->payload[1] >> 7);
	return type > (wide ? 8 : 7) ? 0 : type + 1;
}

double
stream_loss_percent(const struct rs_rtp_rx_report *r)
{
	double loss = r->expected ? 100.0 * (double)(r->missing + r->late) / (double)r->expected : 0;

	return loss > 100 ? 100 : loss;
}

int
stream_rate(const struct streams *ms, uint32_t slot, double loss_percent, struct rs_quality *out)
{
	const struct stream_rx *srx = &ms->rx[slot];
	const struct stream_cold *cold = &ms->cold[slot];
	uint8_t ptime_ms = stream_at(ms, slot)->ptime_ms;
	struct rs_quality_input in = { .loss_percent = loss_percent, .burst_ratio = 1, .packet_ms = ptime_ms ? ptime_ms : 20,
		.buffer_ms = srx->rtp.profile->playout_ns / 1e6 };

	in.network_ms = stream_delay_ms(srx, cold, &in.delay);
	return rs_quality_rate(cold->codec ? rs_quality_codec(rs_slice_str(cold->codec->name), srx->mode == MODE_NONE ? -1 : srx->mode - 1) : NULL,
		&in, out);
}

/* Figures of another scale are not mixed. */
static void
rate(struct rs_engine *e, uint32_t slot, struct standing st, double loss_percent)
{
	struct rs_metrics *m = stream_cells(e, e->streams->rx[slot].activity);
	struct rs_quality q;

	if (stream_rate(e->streams, slot, loss_percent, &q) != 0) {
		rs_metric_inc(m, q.why == RS_QUALITY_NO_BPL ? RS_MEDIA_NO_BPL : RS_MEDIA_NO_FACTORS);
		return;
	}
	rs_metric_inc(m, RS_MEDIA_RATED);
	count_measured(m, st, RS_MEDIA_M_RATED, 1);
	if (q.scale == RS_QUALITY_WIDE) {
		record_value(m, RS_MEDIA_MOS_WIDE, q.mos);
		record_measured(m, st, RS_MEDIA_M_MOS_WIDE, RS_MEDIA_C_MOS_WIDE, q.mos);
		return;
	}
	record_value(m, RS_MEDIA_MOS, q.mos);
	record_value(m, RS_MEDIA_R, q.r);
	record_measured(m, st, RS_MEDIA_M_MOS, RS_MEDIA_C_MOS, q.mos);
}

static void
judge_silence(struct rs_engine *e, uint32_t slot, struct standing st)
{
	struct streams *ms = e->streams;
	const struct stream_cold *cold = &ms->cold[slot];
	struct rs_metrics *m = stream_cells(e, ms->rx[slot].activity);
	uint64_t timeout = cold->profile->timeout_ns ? cold->profile->timeout_ns : TIMEOUT_NS;

	/* Whoever hears nothing at all need not wait for the time-out, which may not be watched. */
	if (ms->rx[slot].rtp.cold.first_ns == 0 && timeout > SILENT_NS)
		timeout = SILENT_NS;
	switch (rs_rtp_rx_silence(&ms->rx[slot].rtp, e->now, timeout)) {
	case RS_RTP_HEARD:
	case RS_RTP_QUIET: break;
	case RS_RTP_NEVER:
		rs_metric_inc(m, RS_MEDIA_NEVER_HEARD);
		if (stream_at(ms, slot)->sent) {
			rs_metric_inc(m, RS_MEDIA_ONE_WAY);
			count_measured(m, st, RS_MEDIA_M_ONE_WAY, 1);
		}
		break;
	case RS_RTP_TIMED_OUT:
		if (!cold->bye_said) /* then it was said */
			rs_metric_inc(m, RS_MEDIA_TIMED_OUT);
		break;
	}
}

void
stream_judge(struct rs_engine *e, uint32_t slot)
{
	struct streams *ms = e->streams;
	const struct stream_rx *srx = &ms->rx[slot];
	struct rs_metrics *m = stream_cells(e, srx->activity);
	const struct stream *s = stream_at(ms, slot);
	struct standing st = standing_of(e, s);
	struct rs_rtp_rx_report r;
	double loss;

	if (s->flags & STREAM_UDPTL)
		return;
	rs_rtp_rx_report(&srx->rtp, s->ptime_ms ? s->ptime_ms : 20, &r);
	count_report(m, &ms->cold[slot].counted, &r, true);
	count_measured(m, st, RS_MEDIA_M_EXPECTED, r.expected);
	count_measured(m, st, RS_MEDIA_M_LOST, r.missing);
	if (s->flags & STREAM_RECV) {
		rs_metric_inc(m, RS_MEDIA_JUDGED);
		count_measured(m, st, RS_MEDIA_M_JUDGED, 1);
		judge_silence(e, slot, st);
	}
	if (srx->crossed)
		rs_metric_inc(m, RS_MEDIA_CROSSED_STREAMS);
	if (r.received == 0)
		return;
	if ((s->flags & STREAM_MARK) && srx->absent && !srx->marked && !srx->echoed)
		rs_metric_inc(m, RS_MEDIA_TRANSCODED);
	loss = stream_loss_percent(&r);
	record_ms(m, RS_MEDIA_JITTER, r.mean_jitter_ms);
	record_ms(m, RS_MEDIA_JITTER_MAX, r.max_jitter_ms);
	record_measured(m, st, RS_MEDIA_M_JITTER_MAX, RS_MEDIA_C_JITTER_MAX, r.max_jitter_ms);
	record_ms(m, RS_MEDIA_GAP, r.max_gap_ms);
	if (r.first_packet_ns >= 0)
		rs_metric_record(m, RS_MEDIA_FIRST, (uint64_t)r.first_packet_ns);
	record_value(m, RS_MEDIA_LOSS, loss);
	rate(e, slot, st, loss);
}
