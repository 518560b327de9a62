/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan's media profiles as streams want them. */
#include <errno.h>
#include <stdlib.h>

#include "engine/stream.h"
#include "engine/streams.h"

#define REORDER_NS (30 * RS_NS_PER_MS) /* held back so long, a packet of 20 ms lets the next one pass */

static const struct rs_payload *
payload(const void *ctx, uint32_t source, const struct rs_sdp_codec *codec, uint16_t ptime_ms)
{
	const struct rs_plan_media *m = ctx;

	/* Clips are the program's: see media.c. */
	return source == 0 ? rs_media_payload(m, (unsigned)(codec - m->sdp.codecs), ptime_ms) : NULL;
}

struct rs_impairment
rs_impairment_of(const struct rs_impair *i)
{
	return (struct rs_impairment){
		.loss = rs_impair_share(i->loss),
		.to_bad = rs_impair_share(i->burst_begin),
		.to_good = rs_impair_share(i->burst_end),
		.loss_bad = UINT32_MAX,
		.duplicate = rs_impair_share(i->duplicate),
		.reorder = rs_impair_share(i->reorder),
		.reorder_ns = REORDER_NS,
		.delay_ns = i->delay_ns,
		.jitter_ns = i->jitter_ns,
	};
}

static bool
has_events(const struct rs_sdp_profile *p)
{
	for (uint32_t i = 0; i < p->n_codecs; i++)
		if (p->codecs[i].role == RS_SDP_ROLE_EVENT)
			return true;
	return false;
}

static bool
hears_sound(const struct rs_plan_media *m)
{
	if (m->implied || m->hear_dtmf == RS_DTMF_EVENTS)
		return false;
	return m->hear_dtmf != RS_DTMF_AUTO || !has_events(&m->sdp); /* else they come as events */
}

static void
fill(const struct rs_plan_media *m, struct rs_media_profile *out)
{
	*out = (struct rs_media_profile){
		.sdp = { &m->sdp, m->video },
		.payload = payload,
		.ctx = m,
		.playout_ns = (uint32_t)m->jitter_buffer_ns,
		.timeout_ns = m->timeout_ns ? m->timeout_ns : UINT64_MAX,
		.watermark = m->watermark,
		.no_rtcp = !m->rtcp,
		.xr = m->rtcp,
		.echo = m->echo,
		.images = m->images,
		.hear_digits = hears_sound(m),
		.dtmf = m->implied ? RS_DTMF_EVENTS : m->dtmf, /* SIPp knows no other */
		.send = rs_impairment_of(&m->send),
		.receive = rs_impairment_of(&m->receive),
		.wrong = {
			.tag = rs_impair_share(m->wrong.bad_tag),
			.header = rs_impair_share(m->wrong.tampered),
			.replay = rs_impair_share(m->wrong.replay),
			.stream_key = rs_impair_share(m->wrong.wrong_key),
			.stream_roc = rs_impair_share(m->wrong.roc_jump),
		},
	};
}

static int
of_plan(const struct rs_plan *plan, struct rs_media_setup **out)
{
	struct rs_media_profile *profiles;
	struct rs_media_setup *setup;
	bool wanted = false;

	*out = NULL;
	for (uint32_t i = 0; i < plan->n_activities; i++)
		wanted |= plan->activities[i].media >= 0;
	if (!wanted)
		return 0;
	setup = calloc(1, sizeof(*setup) + plan->n_media * sizeof(*profiles));
	if (!setup)
		return -ENOMEM;
	profiles = (struct rs_media_profile *)(setup + 1);
	for (uint32_t i = 0; i < plan->n_media; i++)
		fill(&plan->media[i], &profiles[i]);
	*setup = (struct rs_media_setup){ .profiles = profiles, .n_profiles = plan->n_media };
	*out = setup;
	return 0;
}

int
streams_plan(const struct rs_engine_cfg *cfg, struct rs_media_setup **out)
{
	if (!cfg->media)
		return of_plan(cfg->plan, out);
	*out = malloc(sizeof(**out));
	if (!*out)
		return -ENOMEM;
	**out = *cfg->media;
	return 0;
}

void
streams_budget(const struct rs_plan *plan, uint32_t worker, struct rs_engine_budget *budget)
{
	struct rs_media_setup *setup;

	if (of_plan(plan, &setup) != 0 || !setup)
		return;
	budget->reserved_bytes += streams_reserve(plan, setup, worker, budget->legs);
	budget->full_bytes += streams_count(setup, budget->legs) * (uint64_t)STREAM_SECURE_BYTES;
	free(setup);
}
