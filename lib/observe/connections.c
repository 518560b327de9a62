/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections in the report: what endpoints have, what TCP, TLS and WebSocket cost, and how long it took to come back. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "net/conn/conn.h"
#include "observe/handshake_metrics.h"
#include "observe/internal.h"

static bool
has_connections(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_groups; i++)
		if (rs_transport_is_stream(rs_group_stream(&plan->groups[i])))
			return true;
	return false;
}

int
sets_create(struct rs_observer *o)
{
	const struct rs_observed *w = &o->what;

	o->flows = calloc(w->n_workers + 1, sizeof(struct rs_metrics *));
	if (!o->flows)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n_workers; i++)
		o->flows[i] = &w->accounts[i]->flows;
	if (!has_connections(w->plan))
		return 0;
	o->sets[SET_FLOWS] = (struct set){ .table = &rs_flow_metrics_table, .metrics = o->flows, .n = w->n_workers };
	if (w->conns)
		o->sets[SET_CONNS] = (struct set){ .table = &rs_conns_metrics_table, .metrics = w->conns, .n = w->n_workers };
	if (w->tcps)
		o->sets[SET_TCP] = (struct set){ .table = &rs_tcp_metrics_table, .metrics = w->tcps, .n = w->n_workers };
	if (w->handshakes)
		o->sets[SET_HANDSHAKES] = (struct set){ .table = &rs_handshake_metrics_table, .metrics = w->handshakes, .n = w->n_handshakes };
	return 0;
}

void
sets_free(struct rs_observer *o)
{
	free(o->flows);
}

uint32_t
sets_layout(struct rs_observer *o, uint32_t at)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < SETS; k++) {
		o->sets[k].at = at + n;
		n += o->sets[k].table ? o->sets[k].table->n_defs : 0;
	}
	return n;
}

void
sets_read(const struct rs_observer *o, uint64_t *image)
{
	for (unsigned k = 0; k < SETS; k++) {
		const struct set *s = &o->sets[k];

		for (uint32_t i = 0; s->table && i < s->n; i++)
			for (uint32_t row = 0; row < s->table->n_defs; row++)
				image[s->at + row] += rs_metric_get(s->metrics[i], row);
	}
}

static bool
is_hist(const struct set *s, uint32_t row)
{
	return s->table->defs[row].type == RS_METRIC_HIST;
}

uint32_t
sets_hists(const struct rs_observer *o)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < SETS; k++)
		for (uint32_t row = 0; o->sets[k].table && row < o->sets[k].table->n_defs; row++)
			n += is_hist(&o->sets[k], row);
	return n;
}

int
sets_layout_hists(struct rs_observer *o, uint32_t at)
{
	for (unsigned k = 0; k < SETS; k++) {
		struct set *s = &o->sets[k];

		s->at_hists = at;
		for (uint32_t row = 0; s->table && row < s->table->n_defs; row++) {
			struct samples *samples = &o->samples[at];

			if (!is_hist(s, row))
				continue;
			at++;
			samples->sources = calloc(s->n ? s->n : 1, sizeof(*samples->sources));
			if (!samples->sources)
				return -ENOMEM;
			samples->n_sources = s->n;
			for (uint32_t i = 0; i < s->n; i++)
				samples->sources[i].hist = s->metrics[i]->hists[row];
		}
	}
	return 0;
}

uint64_t
set_count(const struct view *v, enum set_kind kind, uint32_t row)
{
	const struct set *s = &v->o->sets[kind];

	return s->table ? v->image[s->at + row] : 0;
}

const struct rs_hist_sum *
set_hist(struct view *v, enum set_kind kind, uint32_t row)
{
	const struct set *s = &v->o->sets[kind];
	uint32_t at = s->at_hists;

	if (!s->table)
		return NULL;
	for (uint32_t i = 0; i < row; i++)
		at += is_hist(s, i);
	return samples_since(&v->o->samples[at], v->zero, v->o->scratch[1]);
}

/* @image has the whole run's. */
void
conn_peaks_close(struct rs_observer *o, const uint64_t *image, double length_s)
{
	static const uint32_t of_handshakes[] = { RS_HS_CLIENT_FULL, RS_HS_CLIENT_RESUMED, RS_HS_SERVER_FULL, RS_HS_SERVER_RESUMED };
	const struct set *tcp = &o->sets[SET_TCP], *hs = &o->sets[SET_HANDSHAKES];
	struct conn_peaks *p = &o->conn_peaks;
	uint64_t syns = tcp->table ? image[tcp->at + RS_NET_TCP_CONNECTS] : 0, handshakes = 0;

	for (size_t i = 0; hs->table && i < sizeof(of_handshakes) / sizeof(of_handshakes[0]); i++)
		handshakes += image[hs->at + of_handshakes[i]];
	if (length_s > 0) {
		p->syns_per_s = fmax(p->syns_per_s, (double)(syns - p->syns) / length_s);
		p->handshakes_per_s = fmax(p->handshakes_per_s, (double)(handshakes - p->handshakes) / length_s);
	}
	p->syns = syns;
	p->handshakes = handshakes;
}

/* --- JSON --- */

struct member {
	const char *name;
	uint32_t row;
};

static void
put_counts(struct view *v, json_t *j, enum set_kind kind, const struct member *members)
{
	for (const struct member *m = members; m->name; m++)
		put_count(&v->maker, j, m->name, set_count(v, kind, m->row));
}

static void
put_hists(struct view *v, json_t *j, enum set_kind kind, const struct member *members)
{
	for (const struct member *m = members; m->name; m++)
		put(&v->maker, j, m->name, latency_json(&v->maker, set_hist(v, kind, m->row), 1e6));
}

/* By cause, those that there were. */
static json_t *
causes_json(struct view *v, uint32_t first)
{
	json_t *list = json_array();

	for (uint32_t c = 0; c < RS_CONN_CAUSES; c++) {
		uint64_t n = set_count(v, SET_FLOWS, first + c);
		json_t *j = n ? json_object() : NULL;

		if (!n)
			continue;
		put_text(&v->maker, j, "cause", rs_conn_cause_name((enum rs_conn_cause)c));
		put_count(&v->maker, j, "count", n);
		append(&v->maker, list, j);
	}
	return list;
}

static json_t *
handshakes_json(struct view *v)
{
	static const struct member hists[] = { { "elapsed_ms", RS_HS_ELAPSED }, { "own_wait_ms", RS_HS_WAIT }, { "peer_wait_ms", RS_HS_AWAY }, { 0 } };
	static const struct member counts[] = { { "client_full", RS_HS_CLIENT_FULL }, { "client_resumed", RS_HS_CLIENT_RESUMED },
		{ "server_full", RS_HS_SERVER_FULL }, { "server_resumed", RS_HS_SERVER_RESUMED }, { "in_flight", RS_HS_IN_FLIGHT },
		{ "waiting", RS_HS_WAITING }, { "waiting_most", RS_HS_WAITING_MOST }, { 0 } };
	json_t *j, *failed;
	uint64_t done = 0, resumed;

	if (!v->o->sets[SET_HANDSHAKES].table)
		return json_null();
	j = json_object();
	failed = json_object();
	put_counts(v, j, SET_HANDSHAKES, counts);
	resumed = set_count(v, SET_HANDSHAKES, RS_HS_CLIENT_RESUMED);
	done = resumed + set_count(v, SET_HANDSHAKES, RS_HS_CLIENT_FULL);
	put_number(&v->maker, j, "resumed_share", done ? (double)resumed / (double)done : NAN);
	for (uint32_t c = 1; c < RS_OFFLOAD_CAUSES; c++)
		if (set_count(v, SET_HANDSHAKES, RS_HS_FAILED + c))
			put_count(&v->maker, failed, rs_offload_cause_name((enum rs_offload_cause)c), set_count(v, SET_HANDSHAKES, RS_HS_FAILED + c));
	put(&v->maker, j, "failed", failed);
	put_hists(v, j, SET_HANDSHAKES, hists);
	return j;
}

json_t *
connections_json(struct view *v)
{
	static const struct member flows[] = { { "open", RS_FLOW_OPEN }, { "peak", RS_FLOW_PEAK }, { "opening", RS_FLOW_OPENING },
		{ "resting", RS_FLOW_RESTING }, { "started", RS_FLOW_STARTED }, { "opened", RS_FLOW_OPENED }, { "reopened", RS_FLOW_REOPENED },
		{ "accepted", RS_FLOW_ACCEPTED }, { "accepted_open", RS_FLOW_ACCEPTED_OPEN },
		{ "aliased", RS_FLOW_ALIASED }, { "not_aliased", RS_FLOW_NOT_ALIASED }, { "dropped", RS_FLOW_DROPPED },
		{ "not_sent", RS_FLOW_NOT_SENT }, { "calls_cut", RS_FLOW_LEGS_CUT },
		{ "switched_to_tcp", RS_FLOW_SWITCHED }, { "fell_back_to_udp", RS_FLOW_FELL_BACK }, { 0 } };
	static const struct member back[] = { { "setup_ms", RS_FLOW_SETUP }, { "back_ms", RS_FLOW_BACK }, { "back_from_syn_ms", RS_FLOW_BACK_SYN },
		{ "registered_ms", RS_FLOW_REGISTERED }, { "registered_from_syn_ms", RS_FLOW_REGISTERED_SYN }, { 0 } };
	static const struct member conns[] = { { "all", RS_CONNS_OPEN }, { "tls", RS_CONNS_TLS_OPEN },
		{ "tls_fallback", RS_CONNS_FALLBACK }, { "messages_in", RS_CONNS_MESSAGES_IN },
		{ "messages_out", RS_CONNS_MESSAGES_OUT }, { "bytes_in", RS_CONNS_BYTES_IN }, { "bytes_out", RS_CONNS_BYTES_OUT },
		{ "pings_out", RS_CONNS_PINGS_OUT }, { "pongs_in", RS_CONNS_PONGS_IN }, { "pings_in", RS_CONNS_PINGS_IN },
		{ "full", RS_CONNS_FULL }, { "no_buffer", RS_CONNS_NO_BUFFER }, { "nobody_listens", RS_CONNS_NOBODY },
		{ "upgrades", RS_CONNS_UPGRADES }, { "upgrades_refused", RS_CONNS_UPGRADES_REFUSED }, { 0 } };
	static const struct member tcp[] = { { "segments_in", RS_NET_TCP_RX_SEGMENTS }, { "segments_out", RS_NET_TCP_TX_SEGMENTS },
		{ "retransmitted", RS_NET_TCP_TX_RETRANSMITTED },
		{ "retransmitted_bytes", RS_NET_TCP_TX_RETRANSMITTED_BYTES }, { "time_wait", RS_NET_TCP_TIME_WAIT }, { "out_of_order", RS_NET_TCP_RX_OUT_OF_ORDER },
		{ "duplicates", RS_NET_TCP_RX_DUPLICATE }, { "bad_checksum", RS_NET_TCP_RX_BAD_CHECKSUM }, { "syns_dropped", RS_NET_TCP_SYN_BACKLOG },
		{ "resets_out", RS_NET_TCP_TX_RESETS }, { 0 } };
	static const struct member round_trips[] = { { "rtt_ms", RS_NET_TCP_RTT }, { 0 } };
	json_t *j, *t;

	if (!v->o->sets[SET_FLOWS].table)
		return json_null();
	j = json_object();
	t = json_object();
	put_counts(v, j, SET_FLOWS, flows);
	put_number(&v->maker, j, "peak_syns_per_s", v->o->conn_peaks.syns_per_s);
	if (v->o->sets[SET_HANDSHAKES].table)
		put_number(&v->maker, j, "peak_handshakes_per_s", v->o->conn_peaks.handshakes_per_s);
	put(&v->maker, j, "cuts", v->facts->cuts ? json_incref(v->facts->cuts) : json_array());
	put(&v->maker, j, "failed", causes_json(v, RS_FLOW_FAILED));
	put(&v->maker, j, "ended", causes_json(v, RS_FLOW_BROKEN));
	put(&v->maker, j, "not_accepted", causes_json(v, RS_FLOW_NOT_ACCEPTED));
	put_hists(v, j, SET_FLOWS, back);
	put_counts(v, j, SET_CONNS, conns);
	put_counts(v, t, SET_TCP, tcp);
	put_hists(v, t, SET_TCP, round_trips);
	put(&v->maker, j, "tcp", t);
	put(&v->maker, j, "handshakes", handshakes_json(v));
	return j;
}
