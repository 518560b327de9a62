/* SPDX-License-Identifier: BSD-3-Clause */
/* Was a second limited by the generator itself? Its signals against the plan's bounds, worker by worker and port by port. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "observe/internal.h"

#define FIELD(f) offsetof(struct rs_health_bounds, f)

/*
 * What gaps make late is caught up with and may be so much later: a gap may be as long as a tenth of a second before what it does to
 * the calls' rhythm outweighs that the machine, not the load, is the cause.
 */
#define GAP_FACTOR 5

const struct limit_rule limit_rules[LIMITS] = {
	[LIMIT_BUSY] = { "busy", "%", "busy %.0f %%", FIELD(busy_percent), 1, true },
	[LIMIT_LATENESS] = { "lateness", "ms", "late %.0f ms", FIELD(lateness_p99_ms), 1, true },
	[LIMIT_LATENESS_ALL] = { "lateness_with_gaps", "ms", "late %.0f ms",
		FIELD(lateness_p99_ms), GAP_FACTOR, true },
	[LIMIT_GAP] = { "gap", "%", "gaps %.0f %%", FIELD(gap_percent), 1, true },
	[LIMIT_MEDIA_LATENESS] = { "media_lateness", "ms", "media late %.0f ms",
		FIELD(media_lateness_p99_ms), 1, true },
	[LIMIT_MEDIA_LATENESS_ALL] = { "media_lateness_with_gaps", "ms", "media late %.0f ms",
		FIELD(media_lateness_p99_ms), GAP_FACTOR, true },
	[LIMIT_TX_FULL] = { "tx_full", "packets", "transmit queue full (%.0f)", FIELD(drops), 1,
		false },
	[LIMIT_TX_NO_MBUF] = { "tx_no_mbuf", "packets", "no packet buffers (%.0f)", FIELD(drops), 1,
		false },
	[LIMIT_RX_NO_MBUF] = { "device_no_mbuf", "packets", "no packet buffers (%.0f)",
		FIELD(drops), 1, false },
	[LIMIT_MISSES] = { "misses", "packets", "device missed packets (%.0f)", FIELD(drops), 1,
		false },
	[LIMIT_MISSES_INFERRED] = { "misses_inferred", "packets",
		"packets missed, as inferred (%.0f)", FIELD(drops), 1, false },
	[LIMIT_REDIRECT_FULL] = { "redirect_full", "packets", "redirect ring full (%.0f)",
		FIELD(drops), 1, false },
	[LIMIT_MEMORY] = { "memory", "times", "pool empty (%.0f)", FIELD(not_started), 1, false },
};

double
limit_bound(const struct rs_observer *o, enum limit which)
{
	double bound;

	memcpy(&bound, (const char *)&o->what.plan->health + limit_rules[which].bound,
		sizeof(bound));
	return limit_rules[which].factor * bound;
}

/* What was found in one interval, the worst of all workers and ports for each bound. */
struct findings {
	double value[LIMITS];
	uint16_t worker[LIMITS];
	uint16_t port[LIMITS];
	double drops; /* of all kinds together */
};

static void
find(struct findings *f, enum limit which, double value, uint32_t worker, uint32_t port)
{
	if (!(value > f->value[which])) /* never with NAN */
		return;
	f->value[which] = value;
	f->worker[which] = (uint16_t)worker;
	f->port[which] = (uint16_t)port;
}

static uint64_t
grown(const uint64_t *now, const uint64_t *before, uint32_t row)
{
	return now[row] > before[row] ? now[row] - before[row] : 0;
}

void
lateness_clear(const struct rs_hist_sum *all, const struct rs_hist_sum *gaps,
	struct rs_hist_sum *scratch, struct rs_hist_sum *out)
{
	/* A sample may be in @gaps that came after @all was looked at. */
	rs_hist_sum_clear(scratch);
	for (uint32_t i = 0; i < RS_HIST_CELLS; i++) {
		scratch->cells[i] = gaps->cells[i] < all->cells[i] ? gaps->cells[i] : all->cells[i];
		scratch->count += scratch->cells[i];
	}
	scratch->sum_ns = gaps->sum_ns < all->sum_ns ? gaps->sum_ns : all->sum_ns;
	rs_hist_sum_diff(out, all, scratch);
}

static double
p99_ms(const struct rs_hist_sum *s)
{
	return s && s->count ? (double)rs_hist_quantile(s, 0.99) / 1e6 : NAN;
}

/* Of all calls or packets, and of those that no gap of the machine made late. */
static void
look_at_lateness(struct rs_observer *o, struct findings *f, uint32_t w, bool media)
{
	const struct rs_hist_sum *all = samples_interval(
		&o->samples[(media ? o->at_media_late : o->at_late) + w], o->scratch[0]);
	const struct rs_hist_sum *gaps = samples_interval(
		&o->samples[(media ? o->at_media_late_gap : o->at_late_gap) + w], o->scratch[1]);

	find(f, media ? LIMIT_MEDIA_LATENESS_ALL : LIMIT_LATENESS_ALL, p99_ms(all), w, NOWHERE);
	if (all && gaps) {
		lateness_clear(all, gaps, o->scratch[2], o->scratch[0]);
		all = o->scratch[0];
	}
	find(f, media ? LIMIT_MEDIA_LATENESS : LIMIT_LATENESS, p99_ms(all), w, NOWHERE);
}

/* Shares of the time: of a second at least, or a run's last 3 ms would be judged by one packet. */
static void
look_at_time(struct rs_observer *o, struct findings *f, uint32_t w, double length_s,
	const uint64_t *now, const uint64_t *before)
{
	const struct rs_hist_sum *gaps =
		samples_interval(&o->samples[o->at_gaps + w], o->scratch[0]);
	double gap_s = gaps ? (double)gaps->sum_ns / 1e9 : 0;
	double hz = o->what.clock ? (double)o->what.clock->hz : 0;
	double span_s = length_s > 1 ? length_s : 1;

	/* Not one turn: it stands still, and will know for how long when it goes on. */
	if (length_s > 0.5 && before[RS_WORK_TURNS] && !grown(now, before, RS_WORK_TURNS))
		gap_s = length_s;
	if (gap_s > span_s)
		gap_s = span_s;
	find(f, LIMIT_GAP, 100 * gap_s / span_s, w, NOWHERE);
	if (hz > 0 && gap_s < span_s) {
		/* Gaps lie in busy turns when it matters; counting them as such elsewhere makes a worker look idler. */
		double busy_s = (double)grown(now, before, RS_WORK_BUSY_CYCLES) / hz - gap_s;
		double share = busy_s / (span_s - gap_s);

		find(f, LIMIT_BUSY, 100 * (share < 1 ? share : 1), w, NOWHERE);
	}
	look_at_lateness(o, f, w, false);
	look_at_lateness(o, f, w, true);
}

static void
drop(struct findings *f, enum limit which, uint64_t n, uint32_t worker, uint32_t port)
{
	f->drops += (double)n;
	find(f, which, (double)n, worker, port);
}

static void
look_at_port(struct rs_observer *o, struct findings *f, uint32_t w, uint32_t p,
	const uint64_t *now, const uint64_t *before)
{
	static const struct {
		enum limit which;
		uint32_t row;
	} rows[] = {
		{ LIMIT_TX_FULL, RS_NET_TX_FULL },
		{ LIMIT_TX_NO_MBUF, RS_NET_TX_NO_MBUF },
		{ LIMIT_RX_NO_MBUF, RS_NET_DEV_NO_MBUF },
		{ LIMIT_RX_NO_MBUF, RS_NET_FRAG_NO_MBUF },
		{ LIMIT_MISSES, RS_NET_DEV_MISSED },
		{ LIMIT_MISSES, RS_NET_KERNEL_DROPS },
		{ LIMIT_MISSES_INFERRED, RS_NET_MISSES_INFERRED },
		{ LIMIT_REDIRECT_FULL, RS_NET_FRAG_LOST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		drop(f, rows[i].which, grown(now, before, rows[i].row), w, p);
}

/* Streams of worker @w are counted by activity: of all workers together. */
static uint64_t
streams_without_memory(const struct rs_observer *o, const uint64_t *image, const uint64_t *before)
{
	uint64_t n = 0;

	for (uint32_t a = 0; a < o->what.plan->n_activities; a++)
		n += grown(snapshot_media(o, image, a), snapshot_media(o, before, a), RS_MEDIA_NO_MEMORY);
	return n;
}

static void
look(struct rs_observer *o, struct findings *f, const uint64_t *image, double length_s)
{
	const uint64_t *before = o->limits.before;

	find(f, LIMIT_MEMORY, (double)streams_without_memory(o, image, before), NOWHERE, NOWHERE);
	for (uint32_t w = 0; w < o->what.n_workers; w++) {
		const uint64_t *now = snapshot_worker(o, image, w),
			       *was = snapshot_worker(o, before, w);

		look_at_time(o, f, w, length_s, now, was);
		drop(f, LIMIT_REDIRECT_FULL, grown(now, was, RS_WORK_REDIRECT_FULL), w, NOWHERE);
		find(f, LIMIT_MEMORY,
			(double)grown(snapshot_engine(o, image, w), snapshot_engine(o, before, w),
				RS_ENG_POOL_EMPTY),
			w, NOWHERE);
		for (uint32_t p = 0; p < o->what.n_ports; p++)
			look_at_port(o, f, w, p, snapshot_port(o, image, w, p),
				snapshot_port(o, before, w, p));
	}
}

static bool
is_broken(const struct rs_observer *o, const struct findings *f, enum limit which, bool calls)
{
	const struct limit_rule *r = &limit_rules[which];
	double bound = limit_bound(o, which);

	if (r->by_time) /* time that no call needed was not missed */
		return calls && f->value[which] > bound;
	if (r->bound == FIELD(drops))
		return f->value[which] > 0 && f->drops > bound;
	return f->value[which] > bound;
}

static void
keep_breach(struct rs_observer *o, struct interval *i, const struct breach *b)
{
	struct limits *l = &o->limits;

	if (l->n_breaches == l->cap_breaches) {
		uint32_t cap = l->cap_breaches ? 2 * l->cap_breaches : 64;
		struct breach *more = realloc(l->breaches, cap * sizeof(*more));

		if (!more)
			return; /* the interval is limited all the same */
		l->breaches = more;
		l->cap_breaches = cap;
	}
	if (i->n_breaches++ == 0)
		i->first_breach = l->n_breaches;
	l->breaches[l->n_breaches++] = *b;
}

bool
limits_judge(struct rs_observer *o, const uint64_t *image, struct interval *i)
{
	struct findings f = { 0 };
	bool any = false;

	look(o, &f, image, i->length_s);
	/* From the last to the first: the live line shows what was lost rather than what was slow. */
	for (uint32_t k = LIMITS; k-- > 0;) {
		struct limit_state *s = &o->limits.of[k];
		bool broken = is_broken(o, &f, k, i->calls);

		if (f.value[k] > s->worst && (i->calls || !limit_rules[k].by_time)) {
			s->worst = f.value[k];
			s->worker = f.worker[k];
			s->port = f.port[k];
			s->worst_t = i->t;
		}
		if (!broken)
			continue;
		any = true;
		s->intervals++;
		keep_breach(o, i,
			&(struct breach){
				.limit = (uint8_t)k,
				.worker = f.worker[k],
				.port = f.port[k],
				.value = f.value[k],
			});
	}
	memcpy(o->limits.before, image, o->image_cells * sizeof(*image));
	return any;
}

bool
interval_measured(const struct rs_observer *o, const struct interval *i)
{
	const struct rs_plan *plan = o->what.plan;
	uint64_t begin = i->t * RS_NS_PER_S;

	return !plan->measure_ns ||
		(begin + RS_NS_PER_S > plan->warmup_ns &&
			begin < plan->warmup_ns + plan->measure_ns);
}

void
limits_share(const struct rs_observer *o, uint64_t *limited, uint64_t *judged)
{
	*limited = *judged = 0;
	for (uint32_t k = 0; k < o->n_intervals; k++) {
		const struct interval *i = &o->intervals[k];

		if (!interval_measured(o, i) || !(i->calls || i->limited))
			continue;
		*limited += i->limited;
		++*judged;
	}
}

int
limits_create(struct rs_observer *o)
{
	o->limits.before = calloc(o->image_cells + 1, sizeof(uint64_t));
	return o->limits.before ? 0 : -ENOMEM;
}

void
limits_free(struct rs_observer *o)
{
	free(o->limits.before);
	free(o->limits.breaches);
}
