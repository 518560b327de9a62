/* SPDX-License-Identifier: BSD-3-Clause */
/* Thresholds of streams: over the whole run. Which streams overlapped limited intervals is known by their number only. */
#include "observe/internal.h"

#define SOME_LOSS                                                                                  \
	0.0005 /* percent: less than one packet of a stream, and more than a histogram's first cell */
#define STEPS 40 /* of a bisection: more than streams can be told apart by */

/* What a threshold is held against, and how many streams are beyond it. */
struct found {
	double got;   /* NAN: nothing was measured */
	double clean; /* of streams that ended in no limited interval; NAN: not known */
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
of_hist(struct view *v, uint32_t row, double bound, bool below)
{
	struct found f = { .got = NAN, .clean = NAN, .what = "streams" };
	const struct rs_hist_sum *s = view_media_hist(v, row, false);

	if (s->count == 0)
		return f;
	f.got = (double)(below ? s->min_ns : s->max_ns) / RS_MEDIA_SCALE;
	f.of = s->count;
	if (below ? f.got >= bound : f.got <= bound)
		return f;
	f.beyond = beyond(s, bound, below);
	s = view_media_hist(v, row, true);
	if (s->count)
		f.clean = (double)(below ? s->min_ns : s->max_ns) / RS_MEDIA_SCALE;
	return f;
}

static struct found
of_counts(const struct view *v, uint32_t part, uint32_t whole, const char *what)
{
	struct found f = { .got = NAN, .clean = NAN, .what = what };

	f.beyond = view_media(v, part);
	f.of = view_media(v, whole);
	if (f.of)
		f.got = 100.0 * (double)f.beyond / (double)f.of;
	return f;
}

/* As many streams as lost something, where packets are counted. */
static uint64_t
streams_with_loss(struct view *v)
{
	const struct rs_hist_sum *s = view_media_hist(v, RS_MEDIA_LOSS, false);

	return s->count && (double)s->max_ns > SOME_LOSS * RS_MEDIA_SCALE
		? beyond(s, SOME_LOSS, false)
		: 0;
}

static uint64_t
tainted_calls(const struct view *v)
{
	return view_taint(v, true, false).calls + view_taint(v, false, false).calls;
}

enum judgement
judge_media(struct view *v, const struct rs_threshold *t, json_t *reasons)
{
	bool least = t->metric == RS_TH_MIN_MOS, holds;
	uint64_t tainted = tainted_calls(v), bad;
	struct found f;
	char text[300];

	switch (t->metric) {
	case RS_TH_MIN_MOS: f = of_hist(v, RS_MEDIA_MOS, t->bound, true); break;
	case RS_TH_MAX_JITTER_MS: f = of_hist(v, RS_MEDIA_JITTER_MAX, t->bound, false); break;
	case RS_TH_MAX_LOSS_PERCENT:
		f = of_counts(v, RS_MEDIA_LOST, RS_MEDIA_EXPECTED, "packets");
		break;
	default: f = of_counts(v, RS_MEDIA_ONE_WAY, RS_MEDIA_JUDGED, "streams"); break;
	}
	if (isnan(f.got)) {
		snprintf(text, sizeof(text), "%s: at %s %g asked, nothing was measured", t->name,
			least ? "least" : "most", t->bound);
		append(&v->maker, reasons, json_string(text));
		return BROKEN;
	}
	holds = least ? f.got >= t->bound : f.got <= t->bound;
	if (holds)
		return HOLDS;
	snprintf(text, sizeof(text), "%s: at %s %g asked, %.6g got (%llu of %llu %s)", t->name,
		least ? "least" : "most", t->bound, f.got, (unsigned long long)f.beyond,
		(unsigned long long)f.of, f.what);
	append(&v->maker, reasons, json_string(text));
	bad = t->metric == RS_TH_MAX_LOSS_PERCENT ? streams_with_loss(v) : f.beyond;
	if (tainted == 0 || (bad > tainted && !(least ? f.clean >= t->bound : f.clean <= t->bound)))
		return BROKEN;
	snprintf(text, sizeof(text),
		"%s: these %llu streams may all be of the %llu calls that overlapped intervals that the generator limited: not "
		"blamed on the SUT",
		t->name, (unsigned long long)bad, (unsigned long long)tainted);
	append(&v->maker, reasons, json_string(text));
	return TAINTED;
}
