/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tainted calls: those that overlapped an interval which the generator limited. A call is counted when it ends. One that ends after
 * the interval was judged knows it by its due time (the worker compares it with limited_until); those that ended within it, before
 * anybody knew, are added here.
 */
#include "observe/internal.h"

static struct taint
counted(const uint64_t *c, bool measured)
{
	return measured
		? (struct taint){ c[RS_AM_M_TAINTED], c[RS_AM_M_TAINTED_FAILED] }
		: (struct taint){ c[RS_AM_TAINTED], c[RS_AM_TAINTED_FAILED] };
}

static struct taint
ended(const uint64_t *c, bool measured)
{
	return measured
		? (struct taint){ c[RS_AM_M_COMPLETED] + c[RS_AM_M_FAILED], c[RS_AM_M_FAILED] }
		: (struct taint){ c[RS_AM_COMPLETED] + c[RS_AM_FAILED], c[RS_AM_FAILED] };
}

static struct taint
sum(const struct rs_observer *o, const uint64_t *image, bool placed, bool measured,
	struct taint (*of)(const uint64_t *c, bool measured))
{
	struct taint t = { 0 };

	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		if (is_placing(&o->what.plan->activities[a]) != placed)
			continue;
		struct taint one = of(snapshot_activity(o, image, a), measured);

		t.calls += one.calls;
		t.failed += one.failed;
	}
	return t;
}

static uint64_t
rest(uint64_t ended_more, uint64_t known_more)
{
	return ended_more > known_more ? ended_more - known_more : 0;
}

static uint64_t
media_sum(const struct rs_observer *o, const uint64_t *image, uint32_t row)
{
	uint64_t n = 0;

	for (uint32_t a = 0; a < o->what.plan->n_activities; a++)
		n += snapshot_media(o, image, a)[row];
	return n;
}

static void
media_close(struct rs_observer *o, const uint64_t *image, bool limited)
{
	struct media_taint *t = &o->media_taint;

	for (uint32_t i = 0; i < RS_MEDIA_MEASURED; i++) {
		uint64_t end = media_sum(o, image, RS_MEDIA_M_JUDGED + i);
		uint64_t known = media_sum(o, image, RS_MEDIA_T_JUDGED + i);

		if (limited)
			t->added[i] += rest(end - t->ended[i], known - t->known[i]);
		t->ended[i] = end;
		t->known[i] = known;
	}
}

void
taint_close(struct rs_observer *o, const uint64_t *image, bool limited)
{
	media_close(o, image, limited);
	for (int placed = 0; placed < 2; placed++)
		for (int measured = 0; measured < 2; measured++) {
			struct taint end = sum(o, image, placed, measured, ended);
			struct taint known = sum(o, image, placed, measured, counted);
			struct taint_count *t = &o->taint[placed][measured];

			if (limited) {
				t->added.calls += rest(end.calls - t->ended.calls,
					known.calls - t->known.calls);
				t->added.failed += rest(end.failed - t->ended.failed,
					known.failed - t->known.failed);
			}
			t->ended = end;
			t->known = known;
		}
}

void
taint_reset(struct rs_observer *o)
{
	memcpy(o->media_taint.at_reset, o->media_taint.added, sizeof(o->media_taint.added));
	for (int placed = 0; placed < 2; placed++)
		for (int measured = 0; measured < 2; measured++)
			o->taint[placed][measured].at_reset = o->taint[placed][measured].added;
}

struct taint
view_taint(const struct view *v, bool placed, bool measured)
{
	const struct taint_count *c = &v->o->taint[placed][measured];
	struct taint t = sum(v->o, v->image, placed, measured, counted);

	t.calls += c->added.calls;
	t.failed += c->added.failed;
	if (v->zero == ZERO_RESET) {
		t.calls -= c->at_reset.calls;
		t.failed -= c->at_reset.failed;
	}
	/* Cells are read while workers count: a call that ended between two looks may be in both. */
	struct taint all = sum(v->o, v->image, placed, measured, ended);

	if (t.calls > all.calls)
		t.calls = all.calls;
	if (t.failed > all.failed)
		t.failed = all.failed;
	return t;
}

uint64_t
view_media_tainted(const struct view *v, uint32_t row)
{
	const struct media_taint *t = &v->o->media_taint;
	uint32_t i = row - RS_MEDIA_M_JUDGED;

	return media_sum(v->o, v->image, row + RS_MEDIA_MEASURED) + t->added[i] - (v->zero == ZERO_RESET ? t->at_reset[i] : 0);
}
