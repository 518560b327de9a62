/* SPDX-License-Identifier: BSD-3-Clause */
/* What control asks of streams that run, and tells them. */
#include <math.h>
#include <stdio.h>

#include "engine/stream.h"
#include "engine/streams.h"

static void
remote_text(const struct rs_path *path, char *out, size_t cap)
{
	uint8_t addr[40];
	int n = (int)rs_addr_write(&path->remote, addr);

	snprintf(out, cap, path->remote.family == 6 ? "[%.*s]:%u" : "%.*s:%u", n, (const char *)addr, path->remote_port);
}

static void
describe(const struct rs_engine *e, uint32_t slot, uint64_t now_ns, struct rs_stream_info *out)
{
	const struct streams *ms = e->streams;
	const struct stream *s = stream_at(ms, slot);
	const struct stream_rx *srx = &ms->rx[slot];
	const struct stream_cold *cold = &ms->cold[slot];
	const struct leg *leg = leg_at(e, stream_media(e, s)->leg);
	const struct rs_sdp_suite_info *suite;
	struct rs_rtp_rx_report r;
	struct rs_quality q;

	rs_rtp_rx_report(&srx->rtp, s->ptime_ms ? s->ptime_ms : 20, &r);
	*out = (struct rs_stream_info){
		.number = leg->number,
		.age_ns = now_ns > cold->begun_ns ? now_ns - cold->begun_ns : 0,
		.received = r.received,
		.lost = r.lost,
		.jitter_ms = r.jitter_ms,
		.mos = NAN,
		.delay_ms = srx->marked ? (double)srx->delay_sum_ns / srx->marked / 1e6 : NAN,
		.sent = s->sent,
		.late = r.late,
		.duplicates = r.duplicates,
		.activity = s->activity,
		.ptime_ms = s->ptime_ms,
		.line = s->line,
		.sends = (s->flags & STREAM_SEND) && !(s->flags & STREAM_PAUSED),
		.receives = s->flags & STREAM_RECV,
		.digits = s->flags & STREAM_DIGITS,
	};
	if (r.received && stream_rate(ms, slot, stream_loss_percent(&r), &q) == 0) {
		out->mos = q.mos;
		out->mos_scale = rs_quality_scale_name(q.scale);
	}
	if (cold->codec)
		snprintf(out->codec, sizeof(out->codec), "%s", cold->codec->name);
	suite = (s->flags & STREAM_SECURE) ? rs_sdp_suite_info(e->streams->secrets[s->keys].suite) : NULL;
	out->suite = suite ? suite->name : NULL;
	leg_call_id(e, leg, out->call_id, sizeof(out->call_id));
	remote_text(&s->path, out->remote, sizeof(out->remote));
}

uint32_t
rs_engine_streams(const struct rs_engine *e, uint64_t now_ns, uint32_t *from, struct rs_stream_info *out, uint32_t cap)
{
	uint32_t n = 0, slot = *from;

	for (; e->streams && slot < e->streams->pool.fresh && n < cap; slot++)
		if (rs_pool_is_taken(&e->streams->pool, slot))
			describe(e, slot, now_ns, &out[n++]);
	*from = e->streams && slot < e->streams->pool.fresh ? slot : UINT32_MAX;
	return n;
}

void
rs_engine_impair(struct rs_engine *e, int32_t profile, unsigned directions, const struct rs_impairment *how)
{
	struct streams *ms = e->streams;

	if (!ms)
		return;
	/* The setup that a plan comes to is this engine's alone; what a stream does with its profile it looks up there each time. */
	for (uint32_t i = 0; i < ms->setup->n_profiles; i++) {
		struct rs_media_profile *p = (struct rs_media_profile *)(uintptr_t)&ms->setup->profiles[i];

		if (profile >= 0 && (uint32_t)profile != i)
			continue;
		if (directions & RS_IMPAIR_SEND)
			p->send = *how;
		if (directions & RS_IMPAIR_RECEIVE)
			p->receive = *how;
	}
	streams_impair_look(ms);
	for (uint32_t slot = 0; slot < ms->pool.fresh && (directions & RS_IMPAIR_SEND); slot++) {
		struct stream *s = stream_at(ms, slot);

		if (!rs_pool_is_taken(&ms->pool, slot))
			continue;
		if (rs_impairment_is_any(&ms->cold[slot].profile->send))
			s->flags |= STREAM_IMPAIRED;
		else
			s->flags &= ~(uint32_t)STREAM_IMPAIRED;
	}
}

const char *
rs_engine_srtp_name(const struct rs_engine *e)
{
	return e->streams && e->streams->srtp ? rs_srtp_engine_name(e->streams->srtp) : NULL;
}
