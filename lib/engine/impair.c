/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/impair.h"

#include "base/rng.h"

uint32_t
rs_impair_share(double probability)
{
	double v = probability * 4294967296.0;

	return !(v > 0) ? 0 : v >= 4294967295.0 ? UINT32_MAX : (uint32_t)v;
}

bool
rs_impairment_is_any(const struct rs_impairment *how)
{
	return how->loss || (how->to_bad && how->loss_bad) || how->duplicate || (how->reorder && how->reorder_ns) || how->delay_ns ||
		how->jitter_ns;
}

static uint32_t
draw(uint64_t *random)
{
	uint32_t v = (uint32_t)(*random >> 32);

	*random = rs_mix64(*random + 0x9e3779b97f4a7c15u);
	return v;
}

/* A share of UINT32_MAX is all. */
static bool
hits(uint32_t share, uint64_t *random)
{
	return share && (share == UINT32_MAX || draw(random) < share);
}

struct rs_impaired
rs_impair(struct rs_impair_state *state, const struct rs_impairment *how, uint64_t random)
{
	struct rs_impaired out = { .copies = 1, .delay_ns = how->delay_ns };

	if (how->to_bad) {
		if (hits(state->bad ? how->to_good : how->to_bad, &random))
			state->bad = !state->bad;
	} else {
		state->bad = false;
	}
	if (hits(state->bad ? how->loss_bad : how->loss, &random)) {
		out.copies = 0;
		return out;
	}
	if (hits(how->duplicate, &random))
		out.copies = 2;
	if (how->jitter_ns)
		out.delay_ns += rs_random_below((uint64_t)draw(&random) << 32, how->jitter_ns + 1);
	if (hits(how->reorder, &random))
		out.delay_ns += how->reorder_ns;
	return out;
}

double
rs_impairment_loss(const struct rs_impairment *how)
{
	double good = how->loss / 4294967296.0, bad = how->loss_bad / 4294967296.0, share;

	if (!how->to_bad)
		return good;
	share = how->to_bad / ((double)how->to_bad + how->to_good);
	return good * (1 - share) + bad * share;
}

bool
rs_wrong_is_any(const struct rs_wrong *how)
{
	return how->tag || how->header || how->replay || how->key || how->roc;
}

enum rs_wrong_what
rs_wrong_pick(const struct rs_wrong *how, uint32_t random)
{
	const uint32_t shares[RS_WRONGS] = {
		[RS_WRONG_TAG] = how->tag, [RS_WRONG_HEADER] = how->header, [RS_WRONG_REPLAY] = how->replay,
		[RS_WRONG_KEY] = how->key, [RS_WRONG_ROC] = how->roc,
	};
	uint64_t at = 0;

	for (enum rs_wrong_what w = RS_WRONG_TAG; w < RS_WRONGS; w++) {
		at += shares[w];
		if (shares[w] && (random < at || at >= UINT32_MAX))
			return w;
	}
	return RS_WRONG_NONE;
}
