/* SPDX-License-Identifier: BSD-3-Clause */
/* A run's connections: what the plan says of them as workers' configurations, and the threads that do their handshakes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/conn/conn.h"
#include "run/conns_size.h"
#include "run/handshake.h"
#include "run/internal.h"
#include "run/tls_heap.h"
#include "run/writer.h"

#define TURN_LEAVES 16 /* as many segments as a port takes with the next burst */

struct worker_conns {
	struct rs_arena arena;
	struct rs_metrics cells, tcp_cells;
	struct rs_conns *conns;
	struct rs_engine *engine;
	struct rs_net_worker *net;
	struct rs_link datagrams;
	uint64_t now;
};

struct run_conns {
	const struct rs_plan *plan;
	struct rs_conns_profile *profiles; /* one a group */
	char (*hosts)[320];
	char **fields;
	struct worker_conns *workers;
	uint32_t n_workers;
	struct rs_tls_profiles *tls;
	struct rs_handshakes *handshakes;
	struct rs_writer *writer; /* the daemon's: of their key logs */
	bool started;
	struct rs_metrics **conn_cells, **tcp_cells, **handshake_cells; /* as the observer wants them */
};

void
worker_conns_input(struct worker_conns *c, const struct rs_rx *rx, uint64_t now)
{
	c->now = now;
	rs_conns_input(c->conns, rx, now);
}

uint64_t
worker_conns_turn(struct worker_conns *c, uint64_t now)
{
	c->now = now;
	return rs_conns_turn(c->conns, now);
}

uint64_t
worker_conns_next(const struct worker_conns *c)
{
	return rs_conns_next(c->conns);
}

uint32_t
worker_conns_poll(struct worker_conns *c, uint64_t now)
{
	c->now = now;
	return rs_conns_poll(c->conns, now);
}

bool
worker_conns_leave(struct worker_conns *c, uint64_t now)
{
	c->now = now;
	return rs_conns_leave(c->conns, TURN_LEAVES, now);
}

uint64_t
run_conns_left(const struct run_conns *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; c && i < c->n_workers; i++)
		n += rs_metric_get(&c->workers[i].cells, RS_CONNS_OPEN);
	return n;
}

/* --- what connections ask --- */

static bool
is_target(void *ctx, const struct rs_addr *to)
{
	struct worker_conns *c = ctx;

	return rs_net_is_target(c->net, to);
}

static bool
listens(void *ctx, const struct rs_path *path, uint32_t *profile, uint64_t *user)
{
	struct worker_conns *c = ctx;

	return rs_engine_listens(c->engine, path->port, &path->local, path->local_port, profile, user);
}

static uint32_t
endpoint(void *ctx, uint32_t profile, uint64_t user, const struct rs_path *path)
{
	struct worker_conns *c = ctx;

	return rs_engine_conn_endpoint(c->engine, profile, user, path);
}

static void
deliver(void *ctx, const struct rs_rx *rx)
{
	struct worker_conns *c = ctx;

	rs_engine_input(c->engine, c->now, rx, 1);
}

/* --- from the plan --- */

static int
make_fields(struct run_conns *c, uint32_t i)
{
	const struct rs_plan_ws *ws = &c->plan->groups[i].ws;
	size_t len = 1, at = 0;

	for (uint32_t k = 0; k < ws->n_headers; k++)
		len += strlen(ws->headers[k]) + 2;
	c->fields[i] = malloc(len);
	if (!c->fields[i])
		return -ENOMEM;
	for (uint32_t k = 0; k < ws->n_headers; k++)
		at += (size_t)snprintf(c->fields[i] + at, len - at, "%s\r\n", ws->headers[k]);
	c->profiles[i].fields = rs_slice_of(c->fields[i], at);
	return 0;
}

static int
make_profiles(struct run_conns *c)
{
	uint32_t n = c->plan->n_groups;

	c->profiles = calloc(n + 1, sizeof(*c->profiles));
	c->hosts = calloc(n + 1, sizeof(*c->hosts));
	c->fields = calloc(n + 1, sizeof(*c->fields));
	if (!c->profiles || !c->hosts || !c->fields)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct rs_plan_group *g = &c->plan->groups[i];
		struct rs_conns_profile *p = &c->profiles[i];

		p->transport = rs_group_stream(g);
		p->path = rs_slice_str(g->ws.path ? g->ws.path : "/");
		if (g->ws.origin)
			p->origin = rs_slice_str(g->ws.origin);
		if (g->ws.host)
			snprintf(c->hosts[i], sizeof(c->hosts[i]), "%s", g->ws.host);
		else if (g->proxy_host)
			snprintf(c->hosts[i], sizeof(c->hosts[i]), "%s:%u", g->proxy_host, g->proxy_port);
		p->host = rs_slice_str(c->hosts[i]);
		if (g->proxy_host)
			p->server = rs_slice_str(g->proxy_host);
		p->tls = g->tls >= 0 ? (uint16_t)g->tls : 0;
		if (g->ws.n_headers && make_fields(c, i) != 0)
			return -ENOMEM;
	}
	return 0;
}

static int
make_handshakes(struct run_conns *c, struct rs_daemon *d, struct rs_err *err)
{
	const struct rs_plan *plan = c->plan;
	struct rs_handshake_opts opts = { .threads = plan->handshake_threads, .workers = c->n_workers, .in_flight = plan->handshakes,
		.queue = plan->handshake_queue, .sessions = plan->sessions, .seed = plan->seed, .clock = &d->clock,
		.rings = d->rings + d->n_workers };
	int rc = rs_tls_profiles_create(plan->tls, plan->n_tls, &c->tls, err);

	if (rc)
		return rc;
	rc = rs_tls_heap_reserve(rs_conns_lent_room(plan));
	if (rc)
		return rs_err_set(err, rc, "no address space for OpenSSL's records: lower workers.tls_fallback_mb");
	opts.profiles = c->tls;
	rc = rs_handshakes_create(&opts, &c->handshakes);
	for (uint32_t i = 0; rc == 0 && i < opts.threads; i++)
		c->handshake_cells[i] = rs_handshakes_metrics(c->handshakes, i);
	if (rc == 0)
		rc = rs_handshakes_start(c->handshakes);
	c->started = rc == 0;
	c->writer = d->writer;
	return rc ? rs_err_set(err, rc, "%u handshake threads could not be started: %s", opts.threads, strerror(-rc)) : 0;
}

/* --- workers --- */

static void
own_ports(const struct rs_daemon *d, uint32_t worker, struct rs_conns_cfg *cfg)
{
	uint8_t bits[RS_MAX_PORTS];

	daemon_steer_bits(d, bits);
	for (uint32_t p = 0; p < d->plan->n_ports; p++) {
		const struct rs_plan_port *port = &d->plan->ports[p];

		cfg->ports[p].bits = bits[p];
		cfg->ports[p].queues = port->n_workers;
		for (uint32_t i = 0; i < port->n_workers; i++)
			if (port->workers[i] == worker)
				cfg->ports[p].queue = i;
	}
}

static int
listen_at(struct worker_conns *w, const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_groups; i++) {
		const struct rs_plan_group *g = &plan->groups[i];
		uint32_t ports = g->kind == RS_GROUP_TRUNK ? 1 : (g->count + g->n_addrs - 1) / g->n_addrs;

		for (uint32_t k = 0; rs_transport_is_stream(rs_group_stream(g)) && k < ports; k++) {
			int rc = rs_conns_listen(w->conns, (uint16_t)(g->sip_port + k));

			if (rc && rc != -EADDRINUSE) /* another group's as well */
				return rc;
		}
	}
	return 0;
}

static int
make_worker(struct run_conns *c, struct rs_daemon *d, uint32_t i, struct rs_err *err)
{
	struct worker_conns *w = &c->workers[i];
	struct rs_conns_cfg cfg = rs_conns_defaults();
	int rc;

	w->net = d->workers[i].net;
	rs_conns_size(c->plan, &cfg);
	cfg.profiles = c->profiles;
	cfg.n_profiles = c->plan->n_groups;
	cfg.link = rs_net_tcp_link(w->net);
	own_ports(d, i, &cfg);
	cfg.is_target = is_target;
	cfg.listens = listens;
	cfg.endpoint = endpoint;
	cfg.deliver = deliver;
	cfg.ctx = w;
	cfg.worker = (uint8_t)i;
	cfg.secret = d->secret;
	if (c->handshakes)
		cfg.offload = rs_handshakes_offload(c->handshakes, i);
	rc = rs_metrics_init(&w->cells, &rs_conns_metrics_table);
	if (rc == 0)
		rc = rs_metrics_init(&w->tcp_cells, &rs_tcp_metrics_table);
	if (rc == 0)
		rc = rs_arena_init(&w->arena, rs_conns_bytes(&cfg));
	if (rc == 0)
		rc = rs_conns_create(&cfg, &w->arena, &w->cells, &w->tcp_cells, daemon_now(d), &w->conns);
	if (rc == 0)
		rc = listen_at(w, c->plan);
	return rc ? rs_err_set(err, rc, "worker %u: no memory for %u connections (%llu MiB): lower count or run.max_calls", i, cfg.connections,
		(unsigned long long)(rs_conns_bytes(&cfg) >> 20)) : 0;
}

int
run_conns_create(struct rs_daemon *d, struct run_conns **out, struct rs_err *err)
{
	struct run_conns *c;
	int rc = 0;

	if (!rs_conns_has(d->plan, false))
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c || !(c->workers = calloc(d->n_workers, sizeof(*c->workers)))) {
		free(c);
		return rs_err_set(err, -ENOMEM, "no memory for connections");
	}
	*out = c;
	c->conn_cells = calloc(d->n_workers, sizeof(struct rs_metrics *));
	c->tcp_cells = calloc(d->n_workers, sizeof(struct rs_metrics *));
	c->handshake_cells = calloc(d->plan->handshake_threads + 1, sizeof(struct rs_metrics *));
	if (!c->conn_cells || !c->tcp_cells || !c->handshake_cells)
		return rs_err_set(err, -ENOMEM, "no memory for connections");
	c->plan = d->plan;
	c->n_workers = d->n_workers;
	if (make_profiles(c) != 0)
		return rs_err_set(err, -ENOMEM, "no memory for connections");
	if (rs_conns_has(d->plan, true))
		rc = make_handshakes(c, d, err);
	for (uint32_t i = 0; rc == 0 && i < c->n_workers; i++) {
		c->conn_cells[i] = &c->workers[i].cells;
		c->tcp_cells[i] = &c->workers[i].tcp_cells;
		rc = make_worker(c, d, i, err);
	}
	return rc;
}

void
run_conns_observed(const struct run_conns *c, struct rs_observed *out)
{
	if (!c)
		return;
	out->conns = c->conn_cells;
	out->tcps = c->tcp_cells;
	out->handshakes = c->handshakes ? c->handshake_cells : NULL;
	out->n_handshakes = c->handshakes ? c->plan->handshake_threads : 0;
}

void
run_conns_free(struct run_conns *c)
{
	if (!c)
		return;
	if (c->started) {
		rs_handshakes_stop(c->handshakes);
		rs_writer_settle(c->writer);
	}
	for (uint32_t i = 0; i < c->n_workers; i++) {
		struct worker_conns *w = &c->workers[i];

		rs_conns_free(w->conns);
		rs_metrics_fini(&w->cells);
		rs_metrics_fini(&w->tcp_cells);
		rs_arena_fini(&w->arena);
	}
	rs_handshakes_free(c->handshakes);
	rs_tls_profiles_free(c->tls);
	for (uint32_t i = 0; c->fields && i < c->plan->n_groups; i++)
		free(c->fields[i]);
	free(c->conn_cells);
	free(c->tcp_cells);
	free(c->handshake_cells);
	free(c->fields);
	free(c->hosts);
	free(c->profiles);
	free(c->workers);
	free(c);
}

struct rs_link
run_conns_link(struct run_conns *c, uint32_t worker, const struct rs_link *datagrams)
{
	return rs_conns_link(c->workers[worker].conns, datagrams);
}

void
run_conns_engine(struct run_conns *c, uint32_t worker, struct rs_engine *e)
{
	c->workers[worker].engine = e;
}

struct worker_conns *
run_conns_worker(struct run_conns *c, uint32_t worker)
{
	return &c->workers[worker];
}

/* --- while a run is on --- */

json_t *
rs_daemon_connections(struct rs_daemon *d)
{
	struct rs_run_facts facts;
	json_t *stats, *j;

	if (!d->run)
		return NULL;
	run_facts(d, &facts);
	stats = rs_observer_stats(d->run->observer, &facts, d->run->end_ns ? d->run->end_ns : daemon_now(d));
	j = json_incref(json_object_get(stats, "connections"));
	json_decref(stats);
	return j;
}
