/* SPDX-License-Identifier: BSD-3-Clause */
/* Media that is agreed and not carried: ports by the leg's number, no streams. It stands in for what sends and receives. */
#include "engine/media.h"

struct media *
media_open(struct rs_engine *e, struct leg *leg, uint16_t profile)
{
	const struct rs_plan_group *g = leg_activity(e, leg)->group->plan;
	uint32_t slot = rs_pool_take(&e->media), pairs = (g->rtp_last - g->rtp_first + 1u) / 2;
	struct media *m;

	if (slot == RS_POOL_NONE) {
		rs_metric_inc(e->cells, RS_ENG_POOL_EMPTY);
		return NULL;
	}
	leg->media = slot;
	m = rs_pool_at(&e->media, slot);
	memset(m, 0, sizeof(*m));
	m->leg = leg_slot(e, leg);
	m->profile = profile;
	m->ports[0] = (uint16_t)(g->rtp_first + 2 * (slot % pairs));
	m->streams[0] = m->streams[1] = NO_MEDIA;
	return m;
}

void
media_apply(struct rs_engine *e, struct leg *leg, struct media *m)
{
}

int
media_play(struct rs_engine *e, struct leg *leg, struct media *m, enum media_do what, uint32_t arg, struct rs_slice text)
{
	return 0;
}

void
media_close(struct rs_engine *e, struct leg *leg)
{
	rs_pool_give(&e->media, leg->media);
}
