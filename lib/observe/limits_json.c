/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounds as JSON and in words: how near each came, where it broke, and what to change. */
#include <stdio.h>

#include "observe/internal.h"

#define MARGIN 0.8 /* of what was reached while it was too much */
#define LATEST 100 /* limited intervals that `health` lists; the report has all of them */

/* The most calls a second that a whole interval within all bounds started; else a part of what was started outside of them. */
static double
sustainable_hz(const struct rs_observer *o)
{
	double within = 0, beyond = 0;

	for (uint32_t k = 0; k < o->n_intervals; k++) {
		const struct interval *i = &o->intervals[k];
		double hz = i->length_s > 0.9 ? (double)i->started / i->length_s : 0;
		double *most = i->limited ? &beyond : &within;

		if (hz > *most)
			*most = hz;
	}
	/* A slow beginning says nothing about what the machine can do. */
	return within > MARGIN * beyond ? within : MARGIN * beyond;
}

static const struct rs_plan_port *
port_of(const struct rs_observer *o, const struct limit_state *s)
{
	return s->port < o->what.n_ports ? &o->what.plan->ports[s->port] : NULL;
}

static void
remedy(const struct rs_observer *o, enum limit which, char *out, size_t cap)
{
	const struct rs_plan *plan = o->what.plan;
	const struct limit_state *s = &o->limits.of[which];
	const struct rs_plan_port *port = port_of(o, s);
	double hz = sustainable_hz(o);

	switch (which) {
	case LIMIT_BUSY:
	case LIMIT_LATENESS:
	case LIMIT_LATENESS_ALL:
		if (hz >= 1)
			snprintf(out, cap,
				"lower the rate to %.0f calls/s or less, or add a core to workers.cores (%u now)",
				hz, plan->n_workers);
		else
			snprintf(out, cap,
				"lower the rate, or add a core to workers.cores (%u now)",
				plan->n_workers);
		break;
	case LIMIT_MEDIA_LATENESS:
	case LIMIT_MEDIA_LATENESS_ALL:
		snprintf(out, cap,
			"fewer streams for each core: lower the rate or the length of calls, or add a core to workers.cores (%u now)",
			plan->n_workers);
		break;
	case LIMIT_GAP:
		snprintf(out, cap,
			"the machine gave core %u to something else: isolate it (isolcpus, a cpuset), name another in "
			"workers.cores, or stop what runs beside",
			s->worker < plan->n_workers ? plan->cores[s->worker] : 0);
		break;
	case LIMIT_TX_FULL:
		snprintf(out, cap,
			"the port takes packets too slowly: raise ports.tx_descriptors (%u now), or lower the rate",
			port ? port->tx_descriptors : 0);
		break;
	case LIMIT_TX_NO_MBUF:
	case LIMIT_RX_NO_MBUF:
		snprintf(out, cap,
			"packet buffers ran out: raise workers.mbufs (%u now) and workers.memory_mb (%u now)",
			plan->mbufs, plan->memory_mb);
		break;
	case LIMIT_MISSES:
	case LIMIT_MISSES_INFERRED:
		snprintf(out, cap,
			"the receive queue overflowed: raise ports.rx_descriptors (%u now), lower the rate, or give the "
			"port more workers",
			port ? port->rx_descriptors : 0);
		break;
	case LIMIT_REDIRECT_FULL:
		snprintf(out, cap,
			"a worker did not take what others received for it: lower the rate, or give each port workers "
			"of its own (ports.workers)");
		break;
	case LIMIT_MEMORY:
		snprintf(out, cap,
			"pools are made for run.max_calls: raise it (%llu now), or lower the rate or the length of calls",
			(unsigned long long)plan->max_calls);
		break;
	default: out[0] = 0; break;
	}
}

static void
put_place(struct view *v, json_t *j, uint32_t worker, uint32_t port)
{
	const struct rs_observed *what = &v->o->what;

	put(&v->maker, j, "worker", worker == NOWHERE ? json_null() : json_integer(worker));
	if (port < what->n_ports)
		put_text(&v->maker, j, "port", what->plan->ports[port].name);
	else
		put(&v->maker, j, "port", json_null());
}

json_t *
bounds_json(struct view *v)
{
	json_t *list = json_array();
	struct maker *m = &v->maker;

	for (uint32_t k = 0; k < LIMITS; k++) {
		const struct limit_state *s = &v->o->limits.of[k];
		bool seen = s->worst > 0;
		json_t *j = json_object();
		char text[240];

		put_text(m, j, "name", limit_rules[k].name);
		put_text(m, j, "unit", limit_rules[k].unit);
		put_number(m, j, "bound", limit_bound(v->o, k));
		put_number(m, j, "worst", s->worst);
		put_count(m, j, "intervals", s->intervals);
		put(m, j, "t", seen ? json_integer((json_int_t)s->worst_t) : json_null());
		put_place(v, j, seen ? s->worker : NOWHERE, seen ? s->port : NOWHERE);
		if (s->intervals)
			remedy(v->o, k, text, sizeof(text));
		put_text(m, j, "remedy", s->intervals ? text : NULL);
		append(m, list, j);
	}
	return list;
}

json_t *
breaches_json(struct view *v, const struct interval *i)
{
	json_t *list = json_array();

	for (uint32_t k = 0; k < i->n_breaches; k++) {
		const struct breach *b = &v->o->limits.breaches[i->first_breach + k];
		json_t *j = json_object();

		put_text(&v->maker, j, "bound", limit_rules[b->limit].name);
		put_number(&v->maker, j, "value", b->value);
		put_text(&v->maker, j, "unit", limit_rules[b->limit].unit);
		put_place(v, j, b->worker, b->port);
		append(&v->maker, list, j);
	}
	return list;
}

json_t *
limited_json(struct view *v)
{
	json_t *list = json_array();
	uint64_t all = rs_observer_limited(v->o), seen = 0;

	for (uint32_t k = 0; k < v->o->n_intervals; k++) {
		const struct interval *i = &v->o->intervals[k];
		json_t *j;

		if (!i->limited || ++seen + LATEST <= all)
			continue;
		j = json_object();
		put_count(&v->maker, j, "t", i->t);
		put(&v->maker, j, "limits", breaches_json(v, i));
		append(&v->maker, list, j);
	}
	return list;
}

void
append_broken_bounds(struct view *v, json_t *list)
{
	const struct rs_observed *what = &v->o->what;

	for (uint32_t k = 0; k < LIMITS; k++) {
		const struct limit_state *s = &v->o->limits.of[k];
		const struct rs_plan_port *port = port_of(v->o, s);
		char text[500], place[80] = "", change[240];

		if (s->intervals == 0)
			continue;
		if (port && what->n_workers > 0)
			snprintf(place, sizeof(place), ", worker %u, port %.40s", s->worker,
				port->name);
		else if (s->worker != NOWHERE)
			snprintf(place, sizeof(place), ", worker %u", s->worker);
		remedy(v->o, k, change, sizeof(change));
		snprintf(text, sizeof(text),
			"generator: %s beyond %g %s in %llu intervals, at worst %.*f in second %llu%s: %s",
			limit_rules[k].name, limit_bound(v->o, k), limit_rules[k].unit,
			(unsigned long long)s->intervals, limit_rules[k].by_time ? 1 : 0, s->worst,
			(unsigned long long)s->worst_t, place, change);
		append(&v->maker, list, rs_json_text(text));
	}
}
