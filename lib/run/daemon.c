/* SPDX-License-Identifier: BSD-3-Clause */
/* The process's part: memory, ports, workers, and mail between control and them. Started in that order, ended in reverse. */
#include "run/daemon.h"

#include <rte_launch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "run/eal.h"
#include "run/internal.h"
#include "run/writer.h"

#define RING_BYTES (256 * 1024)

static const char *const states[] = {
	[RS_STATE_IDLE] = "idle",
	[RS_STATE_RUNNING] = "running",
	[RS_STATE_PAUSED] = "paused",
	[RS_STATE_DRAINING] = "draining",
	[RS_STATE_DONE] = "done",
};

const char *
rs_state_name(enum rs_state s)
{
	return states[s];
}

void
daemon_event(struct rs_daemon *d, const char *what, json_t *more)
{
	json_t *e = more ? more : json_object();

	json_object_set_new(e, "event", json_string(what));
	json_object_set_new(e, "state", json_string(rs_state_name(d->state)));
	json_object_set_new(e, "run", json_string(rs_daemon_run_id(d)));
	json_object_set_new(e, "elapsed_s", json_real(rs_daemon_elapsed_s(d)));
	if (d->on_event)
		d->on_event(d->event_ctx, e);
	json_decref(e);
}

void
rs_daemon_on_event(struct rs_daemon *d, void (*fn)(void *ctx, json_t *json), void *ctx)
{
	d->on_event = fn;
	d->event_ctx = ctx;
}

/* Plan words to net's words: siblings do not know each other. */
static int
open_net(struct rs_daemon *d, struct rs_err *err)
{
	const struct rs_plan *plan = d->plan;
	struct rs_net_port_cfg ports[RS_MAX_PORTS] = { 0 };
	struct rs_net_prefix prefixes[RS_MAX_PORTS][16];
	struct rs_net_cfg cfg = {
		.ports = ports,
		.n_ports = plan->n_ports,
		.n_workers = plan->n_workers,
		.mbufs = plan->mbufs,
		.clock = &d->clock,
	};

	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct rs_plan_port *p = &plan->ports[i];

		ports[i] = (struct rs_net_port_cfg){
			.name = p->name,
			.device = p->device,
			.vlan = p->vlan,
			.mtu = p->mtu,
			.addresses = prefixes[i],
			.n_addresses = p->n_addresses < 16 ? p->n_addresses : 16,
			.gateway4 = p->gateway4,
			.gateway6 = p->gateway6,
			.routed = p->routed,
			.workers = p->workers,
			.n_workers = p->n_workers,
			.steering = p->steering,
			.rx_descriptors = p->rx_descriptors,
			.tx_descriptors = p->tx_descriptors,
		};
		memcpy(ports[i].mac, p->mac, 6);
		for (uint32_t a = 0; a < ports[i].n_addresses; a++)
			prefixes[i][a] = (struct rs_net_prefix){ p->addresses[a].addr,
				p->addresses[a].bits };
	}
	return rs_net_open(&cfg, &d->net, err);
}

int
daemon_take_addresses(struct rs_daemon *d, struct rs_err *err)
{
	const struct rs_plan *plan = d->plan;
	struct rs_net_prefix *targets = calloc(plan->n_targets + 1, sizeof(*targets));
	int rc = targets ? 0 : -ENOMEM;

	for (uint32_t i = 0; rc == 0 && i < plan->n_targets; i++)
		targets[i] = (struct rs_net_prefix){ plan->targets[i].addr, plan->targets[i].bits };
	if (rc == 0)
		rc = rs_net_set_targets(d->net, targets, plan->n_targets);
	free(targets);
	for (uint32_t p = 0; rc == 0 && p < plan->n_ports; p++) {
		struct rs_net_range *ranges = NULL;
		uint32_t n = 0;

		for (uint32_t g = 0; g < plan->n_groups && rc == 0; g++) {
			const struct rs_plan_group *group = &plan->groups[g];

			if (group->port != p)
				continue;
			struct rs_net_range *more =
				realloc(ranges, (n + group->n_addresses) * sizeof(*ranges));

			if (!more) {
				rc = -ENOMEM;
				break;
			}
			ranges = more;
			for (uint32_t a = 0; a < group->n_addresses; a++)
				ranges[n++] = (struct rs_net_range){
					.first = group->addresses[a].first,
					.count = group->addresses[a].count,
					.port = group->sip_port,
					.ports = group->kind == RS_GROUP_TRUNK
						? 1
						: (group->count + group->n_addrs - 1) / group->n_addrs,
				};
		}
		if (rc == 0)
			rc = rs_net_set_addresses(d->net, p, ranges, n);
		free(ranges);
		struct rs_addr peer = daemon_main_peer(plan, p);

		/* Refused, it costs a detour for each packet, and nothing else. */
		(void)rs_net_set_peer(d->net, p, &peer);
	}
	return rc ? rs_err_set(err, rc, "the plan's addresses were refused: %s", strerror(-rc)) : 0;
}

static int
make_worker(struct rs_daemon *d, uint32_t i)
{
	struct rs_worker *w = &d->workers[i];

	w->id = i;
	w->idle_sleep = d->plan->idle_sleep;
	w->clock = &d->clock;
	w->net = rs_net_worker(d->net, i);
	w->redirect = d->redirect;
	w->in = rs_mailbox_create(MAIL_SLOTS);
	w->out = rs_mailbox_create(MAIL_SLOTS);
	w->calls = calloc(1, sizeof(*w->calls));
	w->look = calloc(1, sizeof(*w->look));
	d->rings[i] = rs_record_ring_create(RING_BYTES);
	w->log = (struct rs_log){ .level = RS_LOG_INFO, .ring = d->rings[i], .fd = STDERR_FILENO };
	if (!w->in || !w->out || !w->calls || !w->look || !d->rings[i] ||
		rs_metrics_init(&w->cells, &rs_worker_metrics_table) != 0)
		return -ENOMEM;
	d->worker_cells[i] = &w->cells;
	for (uint32_t p = 0; p < d->plan->n_ports; p++)
		d->port_cells[i * d->plan->n_ports + p] = rs_net_metrics(d->net, i, p);
	return 0;
}

static bool
ports_are_shared(const struct rs_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].n_workers > 1)
			return true;
	return false;
}

static int
make_workers(struct rs_daemon *d, struct rs_err *err)
{
	uint32_t n = d->plan->n_workers;
	int rc = 0;

	d->n_workers = n;
	d->workers = calloc(n, sizeof(*d->workers));
	d->n_rings = n + d->plan->handshake_threads;
	d->rings = calloc(d->n_rings, sizeof(struct rs_record_ring *));
	d->worker_cells = calloc(n, sizeof(struct rs_metrics *));
	d->port_cells = calloc((size_t)n * (d->plan->n_ports + 1), sizeof(struct rs_metrics *));
	if (!d->workers || !d->rings || !d->worker_cells || !d->port_cells)
		rc = -ENOMEM;
	if (rc == 0 && ports_are_shared(d->plan))
		rc = rs_redirect_create(n, &d->redirect);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = make_worker(d, i);
	for (uint32_t i = n; rc == 0 && i < d->n_rings; i++) /* of the handshake threads, for key logs */
		rc = (d->rings[i] = rs_record_ring_create(RING_BYTES)) ? 0 : -ENOMEM;
	if (rc == 0)
		rc = rs_writer_start(d->rings, d->n_rings, STDERR_FILENO, &d->writer);
	return rc ? rs_err_set(err, rc, "no memory for %u workers", n) : 0;
}

static int
launch(struct rs_daemon *d, struct rs_err *err)
{
	for (uint32_t i = 0; i < d->n_workers; i++) {
		int rc = rte_eal_remote_launch(rs_worker_main, &d->workers[i], i);

		if (rc)
			return rs_err_set(err, rc, "worker %u could not be started on core %u", i,
				d->plan->cores[i]);
		d->launched = i + 1;
	}
	/* Not before the ports' addresses are in their hands may control replace them. */
	if (!daemon_settle(d, ASK_NS))
		return rs_err_set(err, -EIO,
			"a worker does not run: are the cores of workers.cores there, and free?");
	return 0;
}

static void
say_ports(const struct rs_daemon *d)
{
	for (uint32_t i = 0; i < d->plan->n_ports; i++) {
		const struct rs_net_port_info *p = rs_net_port_info(d->net, i);

		fprintf(stderr,
			"port %s: %s, %s, mac %02x:%02x:%02x:%02x:%02x:%02x, mtu %u, %u/%u queues, steering %s, offloads %s, "
			"miss counter %s\n",
			p->name, p->device, p->driver, p->mac[0], p->mac[1], p->mac[2], p->mac[3],
			p->mac[4], p->mac[5], p->mtu, p->rx_queues, p->tx_queues, p->steering,
			p->offloads, p->miss_counter);
	}
	for (uint32_t i = 0; i < d->n_workers; i++) {
		uint32_t first = 0;

		while (d->plan->cores[first] != d->plan->cores[i])
			first++;
		fprintf(stderr, "worker %u: core %u, idle %s%s\n", i, d->plan->cores[i],
			d->plan->idle_sleep ? "sleep" : "busy",
			first == i ? "" : "; another worker has this core, too: no figure of this run is about speed");
	}
}

/* Plans of more than this take seconds to start: each stage is announced. */
#define LARGE_MB    256
#define LARGE_MBUFS 65536

static void
say_stage(const struct rs_daemon *d, const char *what, uint64_t n, const char *unit)
{
	if (!d->quiet && (d->plan->memory_mb > LARGE_MB || d->plan->mbufs > LARGE_MBUFS))
		fprintf(stderr, "starting: %s, %llu %s (%.1f s so far)\n", what,
			(unsigned long long)n, unit, (double)(daemon_now(d) - d->clock.ns0) / 1e9);
}

int
rs_daemon_open(const struct rs_daemon_cfg *cfg, struct rs_daemon **out, struct rs_err *err)
{
	struct rs_daemon *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return rs_err_set(err, -ENOMEM, "no memory");
	d->plan = cfg->plan;
	d->version = cfg->version;
	d->quiet = cfg->quiet;
	d->exec_ns = cfg->exec_ns;
	if (getrandom(&d->secret, sizeof(d->secret), 0) != sizeof(d->secret))
		d->secret = rs_clock_wall_us() * 0x9e3779b97f4a7c15u;
	rs_clock_init(&d->clock, 10 * RS_NS_PER_MS);
	say_stage(d, "memory for packets", d->plan->memory_mb, "MiB");
	rc = rs_eal_start(d->plan, err);
	if (rc == 0) {
		d->eal = true;
		say_stage(d, "ports and packets", d->plan->mbufs, "packets");
		rc = open_net(d, err);
	}
	if (rc == 0)
		rc = daemon_take_addresses(d, err);
	if (rc == 0) {
		say_stage(d, "workers", d->plan->n_workers,
			d->plan->n_workers == 1 ? "worker" : "workers");
		rc = make_workers(d, err);
	}
	if (rc == 0)
		rc = launch(d, err);
	if (rc) {
		d->plan = NULL; /* stays the caller's */
		rs_daemon_close(d);
		return rc;
	}
	if (!d->quiet)
		say_ports(d);
	*out = d;
	return 0;
}

/* @return false: one of them does not end */
static bool
end_workers(struct rs_daemon *d)
{
	uint64_t until = daemon_now(d) + ASK_NS;

	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_EXIT });
	for (uint32_t i = 0; i < d->launched; i++) {
		while (rte_eal_get_lcore_state(i) == RUNNING) {
			if (daemon_now(d) > until)
				return false;
			usleep(1000);
		}
		rte_eal_wait_lcore(i);
	}
	return true;
}

static void
free_workers(struct rs_daemon *d)
{
	for (uint32_t i = 0; d->workers && i < d->n_workers; i++) {
		rs_mailbox_free(d->workers[i].in);
		rs_mailbox_free(d->workers[i].out);
		rs_metrics_fini(&d->workers[i].cells);
		free(d->workers[i].calls);
		free(d->workers[i].look);
	}
	for (uint32_t i = 0; d->rings && i < d->n_rings; i++)
		rs_record_ring_free(d->rings[i]);
}

void
rs_daemon_close(struct rs_daemon *d)
{
	if (!d)
		return;
	bool whole = run_free(d, NULL) == 0;

	if (!end_workers(d) || !whole)
		return; /* what a stuck worker may still use ends with the process */
	rs_writer_stop(d->writer);
	free_workers(d);
	rs_redirect_free(d->redirect);
	if (d->net)
		rs_net_close(d->net);
	if (d->eal)
		rs_eal_stop();
	for (uint32_t i = 0; i < KEPT_REPORTS; i++)
		json_decref(d->reports[i].json);
	free(d->workers);
	free(d->rings);
	free(d->worker_cells);
	free(d->port_cells);
	rs_plan_free(d->plan);
	free(d);
}

const struct rs_plan *
rs_daemon_plan(const struct rs_daemon *d)
{
	return d->plan;
}

enum rs_state
rs_daemon_state(const struct rs_daemon *d)
{
	return d->state;
}

int
daemon_activity(const struct rs_daemon *d, const char *name, int32_t *out, struct rs_err *err)
{
	const char *names[64];
	uint32_t n = 0;

	*out = -1;
	if (!name)
		return 0;
	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		if (strcmp(d->plan->activities[i].name, name) == 0) {
			*out = (int32_t)i;
			return 0;
		}
		if (n < 64)
			names[n++] = d->plan->activities[i].name;
	}
	const char *near = rs_text_nearest(name, names, n);

	return rs_err_set(err, -ENOENT, "no activity \"%s\"%s%s%s", name,
		near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int
rs_daemon_load(struct rs_daemon *d, struct rs_plan *plan, struct rs_err *err)
{
	if (run_is_on(d))
		return rs_err_set(
			err, -EBUSY, "a run is %s: stop it first", rs_state_name(d->state));
	const char *what = rs_plan_static_difference(d->plan, plan);

	if (what)
		return rs_err_set(err, -EINVAL,
			"%s: %s differs from what the daemon was started with: restart the daemon",
			plan->file, what);
	int rc = run_free(d, err);

	if (rc)
		return rc;
	rs_plan_free(d->plan);
	d->plan = plan;
	d->state = RS_STATE_IDLE;
	json_t *more = json_pack("{s:s}", "plan", plan->name);

	daemon_event(d, "loaded", more);
	return 0;
}
