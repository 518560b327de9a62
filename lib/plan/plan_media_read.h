/* SPDX-License-Identifier: BSD-3-Clause */
/** Media profiles as they are written, between their table of settings, plan_media.c and plan_source.c. Private to lib/plan. */
#ifndef RS_PLAN_MEDIA_READ_H
#define RS_PLAN_MEDIA_READ_H

#include "plan/plan_media.h"
#include "plan/plan_read.h"

/** In percent, as a plan has them. */
struct rs_impair_text {
	double loss, burst, burst_length, duplicate, reorder;
	uint64_t delay_ns, jitter_ns;
};

struct rs_dtx_text {
	uint64_t talk_ns, silence_ns, noise_ns;
	uint32_t noise_level;
};

/** What a profile sends, ready in every length of packet that is possible. @return 0, -EINVAL, -ENOMEM */
int rs_read_sources(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_media *m);
void rs_media_free(struct rs_plan_media *m);

#endif
