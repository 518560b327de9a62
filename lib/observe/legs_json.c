/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs: what was counted on both sides of calls, and what is left when those are taken off that found each other. */
#include "engine/engine.h"
#include "observe/internal.h"

struct legs {
	uint64_t matched, unmatched, loose; /* of one side; loose: not established, and without another side */
	uint64_t wrong, no_key;
};

/* Cells are read one by one while workers go on counting. */
static uint64_t
minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static struct legs
side(const struct view *v, bool placed)
{
	const struct rs_plan *plan = v->o->what.plan;
	struct legs l = { 0 };

	for (uint32_t a = 0; a < plan->n_activities; a++) {
		const uint64_t *c = snapshot_activity(v->o, v->image, a);

		if (rs_activity_places(plan->activities[a].kind) != placed || !rs_engine_matches_legs(plan, a))
			continue;
		l.matched += c[RS_AM_LEGS_MATCHED];
		l.unmatched += minus(c[RS_AM_LEGS_UP], c[RS_AM_LEGS_MATCHED_UP]);
		l.loose += minus(minus(c[RS_AM_LEGS], c[RS_AM_LEGS_UP]),
			minus(c[RS_AM_LEGS_MATCHED], c[RS_AM_LEGS_MATCHED_UP]));
		l.wrong += c[RS_AM_LEGS_WRONG];
		l.no_key += c[RS_AM_LEGS_NO_KEY];
	}
	return l;
}

static const char *
key_name(const struct rs_plan *plan)
{
	switch ((enum rs_legs_key)plan->legs) {
	case RS_LEGS_CALLING_USER:
		return "calling user";
	case RS_LEGS_SESSION_ID:
		return "session-id";
	case RS_LEGS_USER_TO_USER:
		return "user-to-user";
	case RS_LEGS_HEADER:
		return plan->legs_header;
	default:
		return "called user";
	}
}

static json_t *
delays(struct view *v)
{
	static const struct {
		const char *name;
		uint32_t row;
	} rows[] = { { "invite", RS_AM_LEG_INVITE }, { "ok", RS_AM_LEG_OK }, { "bye", RS_AM_LEG_BYE } };
	json_t *j = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put(&v->maker, j, rows[i].name, latency_json(&v->maker, view_latency(v, rows[i].row), 1e6));
	return j;
}

static void
add_changes(struct maker *m, json_t *j, const uint64_t *n)
{
	json_t *changed = json_object();

	for (unsigned i = 0; i < RS_SDP_CHANGES; i++)
		if (n[i])
			put_count(m, changed, rs_sdp_change_name(i), n[i]);
	put(m, j, "changed", changed);
}

/* What the system under test made of the descriptions; null where no matched call has media. */
static json_t *
sdp_json(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	uint64_t n[RS_AM_SDP_END - RS_AM_SDP_OFFERS + 1] = { 0 };
	json_t *j, *offers, *answers;
	bool any = false;

	for (uint32_t a = 0; a < plan->n_activities; a++) {
		if (!rs_activity_places(plan->activities[a].kind) || !rs_engine_matches_legs(plan, a))
			continue;
		any |= plan->activities[a].media >= 0;
		for (uint32_t row = RS_AM_SDP_OFFERS; row <= RS_AM_SDP_END; row++)
			n[row - RS_AM_SDP_OFFERS] += snapshot_activity(v->o, v->image, a)[row];
	}
	if (!any)
		return json_null();
	j = json_object();
	offers = json_object();
	answers = json_object();
	put_count(&v->maker, offers, "compared", n[0]);
	add_changes(&v->maker, offers, n + RS_AM_SDP_OFFER - RS_AM_SDP_OFFERS);
	put_count(&v->maker, answers, "compared", n[RS_AM_SDP_ANSWERS - RS_AM_SDP_OFFERS]);
	add_changes(&v->maker, answers, n + RS_AM_SDP_ANSWER - RS_AM_SDP_OFFERS);
	put(&v->maker, j, "offers", offers);
	put(&v->maker, j, "answers", answers);
	put_count(&v->maker, j, "uncompared", n[RS_AM_SDP_UNCOMPARED - RS_AM_SDP_OFFERS]);
	return j;
}

json_t *
legs_json(struct view *v)
{
	const struct rs_plan *plan = v->o->what.plan;
	struct legs placed = side(v, true), answered = side(v, false);
	struct maker *m = &v->maker;
	uint64_t early = 0;
	bool on = false;
	json_t *j;

	for (uint32_t a = 0; a < plan->n_activities; a++)
		on |= rs_engine_matches_legs(plan, a);
	if (!on)
		return json_null();
	for (uint32_t w = 0; w < v->o->what.n_workers; w++)
		early += snapshot_engine(v->o, v->image, w)[RS_ENG_HALVES_EARLY];
	j = json_object();
	put_text(m, j, "by", key_name(plan));
	put_count(m, j, "matched", placed.matched);
	put_count(m, j, "unmatched", placed.unmatched + answered.unmatched);
	put_count(m, j, "unmatched_placed", placed.unmatched);
	put_count(m, j, "unmatched_answered", answered.unmatched);
	put_count(m, j, "wrong_endpoint", placed.wrong);
	put_count(m, j, "not_forwarded", placed.loose);
	put_count(m, j, "branches", answered.loose);
	put_count(m, j, "without_key", placed.no_key + answered.no_key);
	put_count(m, j, "given_up", early);
	put(m, j, "delay_ms", delays(v));
	put(m, j, "sdp", sdp_json(v));
	return j;
}
