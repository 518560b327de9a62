/* SPDX-License-Identifier: BSD-3-Clause */
/** Connections between the engines of a sim: opened, carrying messages, and cut when a test says so. */
#ifndef RS_TESTS_SIM_CONNS_H
#define RS_TESTS_SIM_CONNS_H

#include "sim.h"

#define SIM_CONNS 4096 /* ends */

struct sim_end {
	struct rs_path path;
	uint64_t user, keep_alive_ns;
	uint32_t peer;	    /* its other end */
	uint16_t generation;
	bool taken, open;
};

struct sim_conns {
	struct sim_end ends[SIM_CONNS];
	uint32_t opened;	 /* so far */
	enum rs_conn_cause refuse; /* not NONE: openings end so */
	int open_error;		 /* returned by open */
	bool silent;		 /* openings are never answered */
};

static void
sim_tell(struct sim *s, const struct sim_end *end, uint8_t event, uint8_t cause)
{
	struct sim_packet p = { .at_ns = s->now_ns + s->delay_ns, .path = end->path,
		.item = { .kind = RS_RX_CONN, .user = end->user, .event = event, .cause = cause } };

	sim_append(s, &p);
}

static struct sim_end *
sim_end_of(struct sim_conns *c, rs_handle conn)
{
	struct sim_end *end = &c->ends[rs_handle_slot(conn) % SIM_CONNS];

	return conn && end->taken && end->path.conn == conn ? end : NULL;
}

static struct sim_end *
sim_end_take(struct sim_conns *c, uint32_t worker)
{
	for (uint32_t i = 1; i < SIM_CONNS; i++) {
		struct sim_end *end = &c->ends[i];

		if (end->taken)
			continue;
		end->taken = true;
		end->open = false;
		end->generation++;
		end->keep_alive_ns = 0;
		end->path = (struct rs_path){ .conn = rs_handle_make(i, end->generation, (uint8_t)worker, RS_KIND_CONNECTION) };
		return end;
	}
	return NULL;
}

static int
sim_conn_open(void *ctx, const struct rs_path *path, uint32_t profile, uint64_t user, rs_handle *out)
{
	struct sim_port *port = ctx;
	struct sim *s = port->sim;
	struct sim_conns *c = s->conns;
	uint8_t far = path->port ^ 1;
	uint32_t worker = s->plan->ports[far].workers[0], group;
	struct sim_end *end, *peer;
	uint64_t peer_user;

	if (c->open_error)
		return c->open_error;
	end = sim_end_take(c, port->worker);
	assert_non_null(end);
	rs_handle conn = end->path.conn;

	end->path = *path;
	end->path.conn = conn;
	end->user = user;
	end->peer = 0;
	*out = conn;
	c->opened++;
	if (c->silent)
		return 0;
	if (c->refuse || !rs_engine_listens(s->engines[worker], far, &path->remote, path->remote_port, &group, &peer_user)) {
		sim_tell(s, end, RS_CONN_CLOSED, c->refuse ? c->refuse : RS_CONN_CAUSE_REFUSED);
		end->taken = false;
		return 0;
	}
	peer = sim_end_take(c, worker);
	assert_non_null(peer);
	conn = peer->path.conn;
	peer->path = (struct rs_path){ .local = path->remote, .local_port = path->remote_port, .remote = path->local,
		.remote_port = (uint16_t)(20000 + end - c->ends), .port = far, .transport = path->transport, .conn = conn };
	peer->user = peer_user;
	peer->peer = (uint32_t)(end - c->ends);
	end->peer = (uint32_t)(peer - c->ends);
	end->open = peer->open = true;
	sim_tell(s, peer, RS_CONN_ACCEPTED, 0);
	sim_tell(s, end, RS_CONN_OPENED, 0);
	return 0;
}

/* Both ends are gone; those told of it that are not @us. */
static void
sim_cut(struct sim *s, struct sim_end *end, const struct sim_end *us, enum rs_conn_cause cause)
{
	struct sim_end *peer = end->peer ? &s->conns->ends[end->peer] : NULL;

	if (peer && peer->taken && peer != us)
		sim_tell(s, peer, RS_CONN_CLOSED, (uint8_t)cause);
	if (end != us)
		sim_tell(s, end, RS_CONN_CLOSED, (uint8_t)cause);
	if (peer)
		peer->taken = false;
	end->taken = false;
}

static void
sim_conn_close(void *ctx, rs_handle conn, enum rs_conn_close how)
{
	struct sim_port *port = ctx;
	struct sim_end *end = sim_end_of(port->sim->conns, conn);

	if (end)
		sim_cut(port->sim, end, end, how == RS_CONN_RST ? RS_CONN_CAUSE_RESET : RS_CONN_CAUSE_PEER);
}

static void
sim_conn_keep_alive(void *ctx, rs_handle conn, uint64_t interval_ns)
{
	struct sim_port *port = ctx;
	struct sim_end *end = sim_end_of(port->sim->conns, conn);

	if (end)
		end->keep_alive_ns = interval_ns;
}

static bool
sim_conn_alive(void *ctx, rs_handle conn)
{
	struct sim_port *port = ctx;

	return sim_end_of(port->sim->conns, conn) != NULL;
}

static int
sim_conn_info(void *ctx, rs_handle conn, struct rs_conn_info *out)
{
	return -ENOENT;
}

static bool
sim_send_stream(struct sim_port *port, const struct rs_path *path, const uint8_t *data, uint32_t len)
{
	struct sim *s = port->sim;
	struct sim_end *end = sim_end_of(s->conns, path->conn);
	struct sim_packet p = { .at_ns = s->now_ns + s->delay_ns, .len = len };

	if (!end || !end->open)
		return false;
	p.path = s->conns->ends[end->peer].path;
	p.item.user = s->conns->ends[end->peer].user;
	memcpy(p.data, data, len);
	s->sent++;
	s->sending = port->worker;
	unsigned copies = s->on_wire ? s->on_wire(s->ctx, &p) : 1;

	while (copies-- > 0)
		sim_append(s, &p);
	return true;
}

/* Before sim_open. */
static inline void
sim_connect(struct sim *s)
{
	static const struct rs_conns_ops ops = { .open = sim_conn_open, .close = sim_conn_close, .keep_alive = sim_conn_keep_alive,
		.alive = sim_conn_alive, .info = sim_conn_info };

	s->conns = calloc(1, sizeof(*s->conns));
	s->conns_ops = &ops;
	s->send_stream = sim_send_stream;
}

static inline uint64_t
sim_flows(const struct sim *s, uint32_t row)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n; i++)
		sum += rs_metric_get(&s->accounts[i]->flows, row);
	return sum;
}

#endif
