/* SPDX-License-Identifier: BSD-3-Clause */
/* Thresholds of streams: over those of the measured calls, with the tainted ones and without. */
#include "observe/internal.h"

#define STEPS 40 /* of a bisection: more than streams can be told apart by */

static uint64_t
count(const struct view *v, uint32_t row, bool clean)
{
	uint64_t n = view_media(v, row), tainted = clean ? view_media_tainted(v, row) : 0;

	return n > tainted ? n - tainted : 0;
}

/* Streams that ended before anybody knew of a limited interval are left out by it; the others knew, and are in no clean row. */
static const struct rs_hist_sum *
hist(struct view *v, uint32_t row, uint32_t clean_row, bool clean)
{
	return clean ? view_media_hist(v, clean_row, true) : view_media_hist(v, row, false);
}

struct streams_measured
streams_measured(struct view *v, bool clean)
{
	struct streams_measured m = {
		.judged = count(v, RS_MEDIA_M_JUDGED, clean),
		.one_way = count(v, RS_MEDIA_M_ONE_WAY, clean),
		.rated = count(v, RS_MEDIA_M_RATED, clean),
		.expected = count(v, RS_MEDIA_M_EXPECTED, clean),
		.lost = count(v, RS_MEDIA_M_LOST, clean),
	};
	const struct rs_hist_sum *s = hist(v, RS_MEDIA_M_MOS, RS_MEDIA_C_MOS, clean);

	m.mos_min = s->count ? (double)s->min_ns / RS_MEDIA_SCALE : NAN;
	s = hist(v, RS_MEDIA_M_MOS_WIDE, RS_MEDIA_C_MOS_WIDE, clean);
	m.mos_wide_min = s->count ? (double)s->min_ns / RS_MEDIA_SCALE : NAN;
	s = hist(v, RS_MEDIA_M_JITTER_MAX, RS_MEDIA_C_JITTER_MAX, clean);
	m.jitter_max_ms = s->count ? (double)s->max_ns / RS_MEDIA_SCALE : NAN;
	return m;
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : NAN;
}

static json_t *
figures(struct view *v, bool clean)
{
	struct streams_measured m = streams_measured(v, clean);
	json_t *j = json_object();

	put_count(&v->maker, j, "judged", m.judged);
	put_count(&v->maker, j, "rated", m.rated);
	put_count(&v->maker, j, "one_way_audio", m.one_way);
	put_count(&v->maker, j, "expected", m.expected);
	put_count(&v->maker, j, "missing", m.lost);
	put_number(&v->maker, j, "min_mos", m.mos_min);
	put_number(&v->maker, j, "min_mos_wide", m.mos_wide_min);
	put_number(&v->maker, j, "max_jitter_ms", m.jitter_max_ms);
	put_number(&v->maker, j, "max_loss_percent", percent(m.lost, m.expected));
	put_number(&v->maker, j, "one_way_audio_percent", percent(m.one_way, m.judged));
	return j;
}

json_t *
streams_measured_json(struct view *v)
{
	json_t *j = figures(v, false);

	put(&v->maker, j, "without_tainted", figures(v, true));
	return j;
}

/* What a threshold is held against, and how many streams or packets are beyond it. */
struct found {
	double got, clean; /* NAN: nothing was measured */
	uint64_t beyond, of;
	const char *what;
};

/* How many samples are below (else above) @bound. */
static uint64_t
beyond(const struct rs_hist_sum *s, double bound, bool below)
{
	double low = 0, high = 1;
	uint64_t n;

	for (int i = 0; i < STEPS; i++) {
		double q = (low + high) / 2,
		       value = (double)rs_hist_quantile(s, q) / RS_MEDIA_SCALE;

		if (below ? value < bound : value <= bound)
			low = q;
		else
			high = q;
	}
	n = (uint64_t)(low * (double)s->count + 0.5);
	n = n < s->count ? n : s->count;
	n = below ? n : s->count - n;
	return n ? n : 1; /* the extreme one is */
}

static struct found
of_hist(struct view *v, const struct rs_threshold *t, double got, double clean, uint32_t row)
{
	const struct rs_hist_sum *s = view_media_hist(v, row, false);

	return (struct found){ got, clean, s->count ? beyond(s, t->bound, t->metric == RS_TH_MIN_MOS) : 0, s->count, "streams" };
}

static double
least_of(double a, double b)
{
	return isnan(a) || b < a ? b : a;
}

static struct found
find(struct view *v, const struct rs_threshold *t)
{
	struct streams_measured all = streams_measured(v, false), clean = streams_measured(v, true);

	switch (t->metric) {
	case RS_TH_MIN_MOS: /* each scale by itself: whichever is worse */
		return all.mos_wide_min < all.mos_min || isnan(all.mos_min)
			? of_hist(v, t, all.mos_wide_min, least_of(clean.mos_min, clean.mos_wide_min), RS_MEDIA_M_MOS_WIDE)
			: of_hist(v, t, all.mos_min, least_of(clean.mos_min, clean.mos_wide_min), RS_MEDIA_M_MOS);
	case RS_TH_MAX_JITTER_MS:
		return of_hist(v, t, all.jitter_max_ms, clean.jitter_max_ms, RS_MEDIA_M_JITTER_MAX);
	case RS_TH_MAX_LOSS_PERCENT:
		return (struct found){ percent(all.lost, all.expected), percent(clean.lost, clean.expected), all.lost,
			all.expected, "packets" };
	default:
		return (struct found){ percent(all.one_way, all.judged), percent(clean.one_way, clean.judged), all.one_way,
			all.judged, "streams" };
	}
}

enum judgement
judge_media(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	bool least = t->metric == RS_TH_MIN_MOS;
	struct found f = find(v, t);
	char text[300];

	if (isnan(f.got)) {
		snprintf(text, sizeof(text), "%s: at %s %g asked, nothing was measured", t->name,
			least ? "least" : "most", t->bound);
		append(&v->maker, reasons, json_string(text));
		return BROKEN;
	}
	if (least ? f.got >= t->bound : f.got <= t->bound)
		return HOLDS;
	snprintf(text, sizeof(text), "%s: at %s %g asked, %.6g got (%llu of %llu %s)", t->name,
		least ? "least" : "most", t->bound, f.got, (unsigned long long)f.beyond,
		(unsigned long long)f.of, f.what);
	append(&v->maker, reasons, json_string(text));
	if (!isnan(f.clean) && !(least ? f.clean >= t->bound : f.clean <= t->bound))
		return BROKEN;
	if (isnan(f.clean))
		snprintf(text, sizeof(text), "%s: all streams are of calls that overlapped intervals that the generator limited: not "
			"blamed on the SUT", t->name);
	else
		snprintf(text, sizeof(text), "%s: %.6g without streams of calls that overlapped intervals that the generator limited: "
			"not blamed on the SUT", t->name, f.clean);
	append(&v->maker, reasons, json_string(text));
	return TAINTED;
}
