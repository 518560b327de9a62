/* SPDX-License-Identifier: BSD-3-Clause */
/* Health as JSON: of the report, and of the verb. */
#include <stdlib.h>

#include "observe/internal.h"

static double
busy_share(const struct view *v, uint64_t cycles, uint32_t workers)
{
	const struct rs_clock *clock = v->o->what.clock;
	double span = clock && v->to_ns > v->from_ns
		? (double)(v->to_ns - v->from_ns) / 1e9 * (double)clock->hz
		: 0;
	double share = span > 0 && workers ? (double)cycles / (span * workers) : 0;

	return share > 1 ? 1 : share; /* the cycles before t0 are counted, its time is not */
}

static void
put_signals(struct maker *m, json_t *j, const struct signals *s)
{
	put_count(m, j, "misses", s->misses);
	put_count(m, j, "misses_inferred", s->misses_inferred);
	put_count(m, j, "drops", s->tx_full + s->tx_no_mbuf + s->redirect_full + s->unresolved);
	put_count(m, j, "tx_full", s->tx_full);
	put_count(m, j, "tx_no_mbuf", s->tx_no_mbuf);
	put_count(m, j, "device_no_mbuf", s->device_no_mbuf);
	put_count(m, j, "unresolved", s->unresolved);
	put_count(m, j, "redirect_full", s->redirect_full);
	put_count(m, j, "pool_empty", s->pool_empty);
	put_count(m, j, "full_bursts", s->full_bursts);
}

static json_t *
hist_us(struct view *v, uint32_t from, uint32_t n)
{
	struct rs_observer *o = v->o;

	rs_hist_sum_clear(o->scratch[0]);
	for (uint32_t i = 0; i < n; i++)
		samples_add(&o->samples[from + i], v->zero, o->scratch[0], o->scratch[1]);
	return latency_json(&v->maker, o->scratch[0], 1e3);
}

static json_t *
worker_json(struct view *v, uint32_t w)
{
	const uint64_t *c = snapshot_worker(v->o, v->image, w),
		       *e = snapshot_engine(v->o, v->image, w);
	struct maker *m = &v->maker;
	json_t *j = json_object();

	put_count(m, j, "worker", w);
	put_count(m, j, "core", v->o->what.plan->cores[w]);
	put_number(m, j, "busy", busy_share(v, c[RS_WORK_BUSY_CYCLES], 1));
	put_count(m, j, "turns", c[RS_WORK_TURNS]);
	put_count(m, j, "busy_turns", c[RS_WORK_BUSY_TURNS]);
	put_count(m, j, "busy_cycles", c[RS_WORK_BUSY_CYCLES]);
	put_count(m, j, "sleeps", c[RS_WORK_SLEEPS]);
	put_count(m, j, "redirected", c[RS_WORK_REDIRECTED]);
	put_count(m, j, "legs", e[RS_ENG_LEGS]);
	put_count(m, j, "legs_lingering", e[RS_ENG_LINGERING]);
	put_count(m, j, "max_starts_1ms", e[RS_ENG_BURST_1MS]);
	put_count(m, j, "max_starts_10ms", e[RS_ENG_BURST_10MS]);
	put_count(m, j, "leg_bytes", e[RS_ENG_LEG_BYTES]);

	struct signals s = {
		/* of this worker's cells alone */
		.pool_empty = e[RS_ENG_POOL_EMPTY],
		.redirect_full = c[RS_WORK_REDIRECT_FULL],
	};

	for (uint32_t p = 0; p < v->o->what.n_ports; p++)
		signals_add_port(&s, snapshot_port(v->o, v->image, w, p));
	put_signals(m, j, &s);
	put(m, j, "turn_us", hist_us(v, v->o->at_turns + w, 1));
	put(m, j, "gap_us", hist_us(v, v->o->at_gaps + w, 1));
	return j;
}

static json_t *
port_json(struct view *v, uint32_t port)
{
	const struct rs_observed *what = &v->o->what;
	json_t *j = json_object();

	put_text(&v->maker, j, "name", what->plan->ports[port].name);
	for (uint32_t i = 0; i < RS_NET_METRICS; i++) {
		uint64_t n = 0;

		for (uint32_t w = 0; w < what->n_workers; w++)
			n += snapshot_port(v->o, v->image, w, port)[i];
		put_count(&v->maker, j, rs_net_metrics_table.defs[i].name, n);
	}
	return j;
}

/* A sentence on each signal that showed at all. */
static json_t *
sentences(struct view *v, const struct signals *s)
{
	const struct {
		uint64_t n;
		const char *text;
	} lines[] = {
		{ s->pool_empty,
			"times a pool was empty: the plan asks for more calls than it gives memory" },
		{ s->misses, "packets missed by devices for want of room" },
		{ s->misses_inferred,
			"packets missed, as inferred: the port counts none, and a worker came late to a busy queue" },
		{ s->device_no_mbuf, "receives without a packet buffer: see workers.mbufs" },
		{ s->tx_no_mbuf, "packets not sent for want of a buffer: see workers.mbufs" },
		{ s->tx_full, "packets dropped: a transmit queue stayed full" },
		{ s->redirect_full, "packets dropped between workers: a ring was full" },
		{ s->unresolved,
			"packets dropped: a neighbour did not answer ARP or neighbour discovery" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[160];

		if (!lines[i].n)
			continue;
		snprintf(text, sizeof(text), "%llu %s", (unsigned long long)lines[i].n,
			lines[i].text);
		append(&v->maker, list, json_string(text));
	}
	return list;
}

static const struct rs_hist_sum *
lateness_without_gaps(struct view *v)
{
	struct rs_observer *o = v->o;

	memcpy(o->scratch[3], view_latency(v, RS_AM_LATENESS_GAP), sizeof(*o->scratch[3]));
	(void)view_latency(v, RS_AM_LATENESS);
	if (o->scratch[3]->count)
		lateness_clear(o->scratch[0], o->scratch[3], o->scratch[2], o->scratch[0]);
	return o->scratch[0];
}

json_t *
health_json(struct view *v)
{
	struct rs_observer *o = v->o;
	struct signals s = signals_of(o, v->image);
	json_t *j = json_object(), *workers = json_array(), *ports = json_array();
	struct maker *m = &v->maker;
	uint64_t limited, judged, busy = 0, starts_1ms = 0, starts_10ms = 0;

	for (uint32_t w = 0; w < o->what.n_workers; w++) {
		busy += snapshot_worker(o, v->image, w)[RS_WORK_BUSY_CYCLES];
		/* The workers' bursts need not have been at one time: all together have started no more than this. */
		starts_1ms += snapshot_engine(o, v->image, w)[RS_ENG_BURST_1MS];
		starts_10ms += snapshot_engine(o, v->image, w)[RS_ENG_BURST_10MS];
		append(m, workers, worker_json(v, w));
	}
	for (uint32_t p = 0; p < o->what.n_ports; p++)
		append(m, ports, port_json(v, p));
	put_count(m, j, "limited_intervals", rs_observer_limited(o));
	limits_share(o, &limited, &judged);
	put_count(m, j, "limited_measured", limited);
	put_count(m, j, "measured_intervals", judged);
	put_number(m, j, "limited_percent", o->what.plan->limited_percent);
	put(m, j, "bounds", bounds_json(v));
	put(m, j, "limited", limited_json(v));
	put_number(m, j, "busy", busy_share(v, busy, o->what.n_workers));
	put(m, j, "lateness", latency_json(m, view_latency(v, RS_AM_LATENESS), 1e6));
	put(m, j, "lateness_without_gaps", latency_json(m, lateness_without_gaps(v), 1e6));
	put_signals(m, j, &s);
	put(m, j, "turn_us", hist_us(v, o->at_turns, o->what.n_workers));
	put(m, j, "gap_us", hist_us(v, o->at_gaps, o->what.n_workers));
	put_count(m, j, "max_starts_1ms", starts_1ms);
	put_count(m, j, "max_starts_10ms", starts_10ms);
	put(m, j, "signals", sentences(v, &s));
	put(m, j, "workers", workers);
	put(m, j, "ports", ports);
	return j;
}

json_t *
rs_observer_health(struct rs_observer *o)
{
	uint64_t *image = calloc(o->image_cells + 1, sizeof(*image));
	struct view v = {
		.o = o, .image = image, .zero = ZERO_RUN, .from_ns = o->t0_ns, .to_ns = o->last_ns
	};
	json_t *j, *last = json_object();

	if (!image) {
		json_decref(last);
		return NULL;
	}
	snapshot_read(o, image);
	snapshot_since(o, image, ZERO_RUN);
	samples_collect(o);
	j = health_json(&v);
	put_text(&v.maker, j, "now", o->now.text);
	put_number(&v.maker, last, "lateness_p99_ms", o->now.late_p99_ms);
	put_number(&v.maker, last, "lateness_max_ms", o->now.late_max_ms);
	put_number(&v.maker, last, "gap_max_ms", o->now.gap_max_ms);
	put_signals(&v.maker, last, &o->now.grown);
	put(&v.maker, j, "last_interval", last);
	free(image);
	if (v.maker.failed) {
		json_decref(j);
		return NULL;
	}
	return j;
}
