/* SPDX-License-Identifier: BSD-3-Clause */
/* All cells at one time, in one flat array: totals, zeros and differences are made of such images. */
#include <errno.h>
#include <stdlib.h>

#include "observe/internal.h"

#define DEVICE_ROWS(row) ((row) >= RS_NET_DEV_MISSED && (row) <= RS_NET_DEV_NO_MBUF)

int
snapshot_layout(struct rs_observer *o)
{
	const struct rs_observed *w = &o->what;
	uint32_t n = w->plan->n_activities + RS_LATE_ACTIVITIES;

	for (uint32_t a = 0; a < w->plan->n_activities; a++) {
		o->places |= is_placing(&w->plan->activities[a]);
		o->registers |= side_of(&w->plan->activities[a]) == SIDE_REGISTERED;
	}
	o->at_engine = n * RS_AM_COUNT;
	o->at_workers = o->at_engine + w->n_workers * RS_ENG_COUNT;
	o->at_ports = o->at_workers + w->n_workers * RS_WORKER_METRICS;
	o->at_media = o->at_ports + w->n_workers * w->n_ports * RS_NET_METRICS;
	o->at_media_workers = o->at_media + n * RS_MEDIA_COUNT;
	o->at_sets = o->at_media_workers + w->n_workers * RS_MEDIA_W_COUNT;
	o->at_parts = o->image_cells = o->at_sets + sets_layout(o, o->at_sets);
	return 0;
}

/*
 * From the last row to the first, and a call's end is counted after its start: what is read never shows an end without its
 * start, and the measured part is never more than the whole.
 */
static void
add_activity(const struct rs_metrics *m, uint64_t *into)
{
	for (uint32_t row = RS_AM_COUNT; row-- > 0;)
		into[row] += atomic_load_explicit(&m->cells[row], memory_order_acquire);
}

static void
close_sums(uint64_t *c)
{
	c[RS_AM_OFFERED] = c[RS_AM_STARTED] + c[RS_AM_NOT_STARTED];
	c[RS_AM_OPEN] = c[RS_AM_STARTED] - c[RS_AM_COMPLETED] - c[RS_AM_FAILED] + /* one of the two is none */
		c[RS_AM_REG_OFFERED] - c[RS_AM_REG_DONE] - c[RS_AM_REG_FAILED];
	c[RS_AM_M_OFFERED] = c[RS_AM_M_STARTED] + c[RS_AM_M_NOT_STARTED];
}

static void
add_cells(const struct rs_metrics *m, uint64_t *into)
{
	for (uint32_t row = 0; m && row < m->table->n_defs; row++)
		into[row] += rs_metric_get(m, row);
}

/* From the last row to the first here, too: a stream's end is counted after its begin. */
static void
read_media(const struct rs_observer *o, uint32_t a, uint64_t *image)
{
	uint64_t *media = image + o->at_media + a * RS_MEDIA_COUNT;

	for (uint32_t w = 0; w < o->what.n_workers; w++) {
		const struct rs_metrics *m = &o->what.accounts[w]->activities[a].media;

		for (uint32_t row = RS_MEDIA_COUNT; row-- > 0;)
			media[row] += atomic_load_explicit(&m->cells[row], memory_order_acquire);
	}
	media[RS_MEDIA_OPEN] = media[RS_MEDIA_STARTED] - media[RS_MEDIA_ENDED];
}

static void
read_activity(const struct rs_observer *o, uint32_t a, uint64_t *image)
{
	for (uint32_t w = 0; w < o->what.n_workers; w++)
		add_activity(&o->what.accounts[w]->activities[a].cells, image + a * RS_AM_COUNT);
	close_sums(image + a * RS_AM_COUNT);
}

void
snapshot_read(const struct rs_observer *o, uint64_t *image)
{
	const struct rs_observed *what = &o->what;

	memset(image, 0, o->image_cells * sizeof(*image));
	for (uint32_t a = 0; a < what->plan->n_activities; a++) {
		read_activity(o, a, image);
		read_media(o, a, image);
	}
	programs_read(o, image);
	sets_read(o, image);
	for (uint32_t w = 0; w < what->n_workers; w++) {
		add_cells(&what->accounts[w]->engine, image + o->at_engine + w * RS_ENG_COUNT);
		add_cells(&what->accounts[w]->media, image + o->at_media_workers + w * RS_MEDIA_W_COUNT);
		if (what->workers)
			add_cells(what->workers[w], image + o->at_workers + w * RS_WORKER_METRICS);
		for (uint32_t p = 0; what->ports && p < what->n_ports; p++)
			add_cells(what->ports[w * what->n_ports + p],
				image + o->at_ports + (w * what->n_ports + p) * RS_NET_METRICS);
	}
}

static void
subtract(const struct rs_metric_table *t, uint64_t *image, const uint64_t *from)
{
	for (uint32_t i = 0; i < t->n_defs; i++)
		if (t->defs[i].type == RS_METRIC_COUNTER ||
			(t == &rs_net_metrics_table && DEVICE_ROWS(i)))
			image[i] -= from[i];
}

void
snapshot_since(const struct rs_observer *o, uint64_t *image, enum zero zero)
{
	const uint64_t *from = o->from[zero] ? o->from[zero] : o->from[ZERO_RUN];
	uint32_t at = 0;

	for (; at < o->at_engine; at += RS_AM_COUNT)
		subtract(&rs_activity_metrics_table, image + at, from + at);
	for (; at < o->at_workers; at += RS_ENG_COUNT)
		subtract(&rs_engine_metrics_table, image + at, from + at);
	for (; at < o->at_ports; at += RS_WORKER_METRICS)
		subtract(&rs_worker_metrics_table, image + at, from + at);
	for (; at < o->at_media; at += RS_NET_METRICS)
		subtract(&rs_net_metrics_table, image + at, from + at);
	for (; at < o->at_media_workers; at += RS_MEDIA_COUNT)
		subtract(&rs_media_metrics_table, image + at, from + at);
	for (; at < o->at_sets; at += RS_MEDIA_W_COUNT)
		subtract(&rs_media_worker_metrics_table, image + at, from + at);
	for (unsigned k = 0; k < SETS; k++)
		if (o->sets[k].table)
			subtract(o->sets[k].table, image + o->sets[k].at, from + o->sets[k].at);
	for (at = o->at_parts; at < o->image_cells; at++)
		image[at] -= from[at];
}

const uint64_t *
snapshot_activity(const struct rs_observer *o, const uint64_t *image, uint32_t activity)
{
	return image + activity * RS_AM_COUNT;
}

const uint64_t *
snapshot_engine(const struct rs_observer *o, const uint64_t *image, uint32_t worker)
{
	return image + o->at_engine + worker * RS_ENG_COUNT;
}

const uint64_t *
snapshot_worker(const struct rs_observer *o, const uint64_t *image, uint32_t worker)
{
	return image + o->at_workers + worker * RS_WORKER_METRICS;
}

const uint64_t *
snapshot_port(const struct rs_observer *o, const uint64_t *image, uint32_t worker, uint32_t port)
{
	return image + o->at_ports + (worker * o->what.n_ports + port) * RS_NET_METRICS;
}

const uint64_t *
snapshot_media(const struct rs_observer *o, const uint64_t *image, uint32_t activity)
{
	return image + o->at_media + activity * RS_MEDIA_COUNT;
}

const uint64_t *
snapshot_media_worker(const struct rs_observer *o, const uint64_t *image, uint32_t worker)
{
	return image + o->at_media_workers + worker * RS_MEDIA_W_COUNT;
}

void
call_totals_add(struct rs_call_totals *into, const uint64_t *c, bool measured)
{
	uint32_t shift = measured ? RS_AM_M_OFFERED - RS_AM_OFFERED : 0;

	into->offered += c[RS_AM_OFFERED + shift];
	into->not_started += c[RS_AM_NOT_STARTED + shift];
	into->started += c[RS_AM_STARTED + shift];
	into->established += c[RS_AM_ESTABLISHED + shift];
	into->completed += c[RS_AM_COMPLETED + shift];
	into->failed += c[RS_AM_FAILED + shift];
	into->open += measured ? c[RS_AM_M_STARTED] - c[RS_AM_M_COMPLETED] - c[RS_AM_M_FAILED]
			       : c[RS_AM_OPEN];
	into->peak += c[RS_AM_PEAK];
}

struct rs_call_totals
snapshot_totals(const struct rs_observer *o, const uint64_t *image, bool placed, bool measured)
{
	struct rs_call_totals t = { 0 };

	for (uint32_t a = 0; a < o->what.plan->n_activities; a++)
		if (side_of(&o->what.plan->activities[a]) == (enum side)placed)
			call_totals_add(&t, snapshot_activity(o, image, a), measured);
	return t;
}

/* The cells of one activity right now, of all workers. */
static void
read_cells(const struct rs_observer *o, uint32_t activity, uint64_t cells[RS_AM_COUNT])
{
	memset(cells, 0, RS_AM_COUNT * sizeof(*cells));
	for (uint32_t w = 0; w < o->what.n_workers; w++)
		add_activity(&o->what.accounts[w]->activities[activity].cells, cells);
	close_sums(cells);
}

void
rs_observer_activity(const struct rs_observer *o, uint32_t activity, struct rs_call_totals *out)
{
	uint64_t cells[RS_AM_COUNT];

	memset(out, 0, sizeof(*out));
	read_cells(o, activity, cells);
	if (side_of(&o->what.plan->activities[activity]) == SIDE_REGISTERED)
		registrations_as_calls(out, cells);
	else
		call_totals_add(out, cells, false);
}

void
rs_observer_totals(const struct rs_observer *o, struct rs_totals *out)
{
	uint64_t cells[RS_AM_COUNT];

	memset(out, 0, sizeof(*out));
	for (uint32_t a = 0; a < o->what.plan->n_activities; a++) {
		enum side side = side_of(&o->what.plan->activities[a]);

		read_cells(o, a, cells);
		if (side != SIDE_REGISTERED)
			call_totals_add(side == SIDE_PLACED ? &out->placed : &out->answered, cells, false);
		else
			out->registering_first += cells[RS_AM_OPEN];
		out->sip_sent += cells[RS_AM_SIP_SENT];
		out->registered += cells[RS_AM_REG_ACTIVE];
		out->registering += cells[RS_AM_REG_UNDER_WAY];
		out->unregistering += cells[RS_AM_REG_ENDING];
		out->sip_retransmitted += cells[RS_AM_SIP_RETRANSMITTED];
		out->sip_unexpected += cells[RS_AM_SIP_UNEXPECTED];
	}
	for (uint32_t w = 0; w < o->what.n_workers; w++) {
		const struct rs_metrics *e = &o->what.accounts[w]->engine;
		uint64_t asked = rs_metric_get(e, RS_ENG_STOP_ASKED);

		out->sip_sent += rs_metric_get(e, RS_ENG_STRAY_SENT);
		out->sip_retransmitted += rs_metric_get(e, RS_ENG_REPEATED_SENT);
		out->sip_received += rs_metric_get(e, RS_ENG_RECEIVED);
		out->sip_malformed += rs_metric_get(e, RS_ENG_MALFORMED);
		out->lingering += rs_metric_get(e, RS_ENG_LINGERING);
		out->closing += rs_metric_get(e, RS_ENG_CLOSING);
		if (asked > out->stop_asked)
			out->stop_asked = asked;
	}
}
