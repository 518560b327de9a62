/* SPDX-License-Identifier: BSD-3-Clause */
/* What the test runs on: sut, targets, workers. */
#include <unistd.h>

#include "plan/plan_read.h"

#define MBUF_BYTES 2560 /* data room, headers and the pool's own share of one packet buffer */

static int
read_targets(struct rs_reader *r)
{
	struct rs_part p = rs_part_of(r, RS_SECTION_TARGETS, -1);
	struct rs_plan *plan = r->plan;
	const char *why;
	int rc;

	if (!p.node)
		return rs_part_fail(r, &p, NULL, -EINVAL,
			"is missing: name the addresses of the system under test, such as "
			"targets = [ \"198.18.0.1/32\" ];");
	if ((rc = rs_part_check_elements(r, &p, &rs_settings_targets[0], p.node)) != 0)
		return rc;
	plan->n_targets = rs_part_n(&p, "targets");
	plan->targets = rs_plan_alloc(r->mem, plan->n_targets * sizeof(*plan->targets));
	if (!plan->targets)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->n_targets; i++) {
		const char *text = rs_part_string(&p, "targets", i);

		if (rs_prefix_parse(text, &plan->targets[i], &why) != 0)
			return rs_part_fail(r, &p, NULL, -EINVAL, "\"%.80s\" %s", text, why);
		if (plan->targets[i].bits == 0)
			return rs_part_fail(r, &p, NULL, -EINVAL,
				"\"%.80s\" is the whole internet: name the addresses of the "
				"system under test",
				text);
	}
	return 0;
}

static int
read_cores(struct rs_reader *r, const struct rs_part *p)
{
	struct rs_plan *plan = r->plan;
	const struct rs_node *n = rs_tree_get(p->node, "cores");
	long system = r->io->n_cores ? (long)r->io->n_cores : sysconf(_SC_NPROCESSORS_CONF);
	uint32_t cores = system > 0 ? (uint32_t)system : 1;

	if (!n) {
		plan->cores[0] = cores - 1;
		plan->n_workers = 1;
		return 0;
	}
	if (n->n > RS_MAX_WORKERS)
		return rs_part_fail(
			r, p, "cores", -EINVAL, "%u workers: at most %d", n->n, RS_MAX_WORKERS);
	for (const struct rs_node *c = n->first; c; c = c->next) {
		if (c->i < 0 || c->i >= cores)
			return rs_part_fail(r, p, "cores", -EINVAL,
				"core %lld does not exist: this machine has 0 to %u",
				(long long)c->i, cores - 1);
		plan->cores[plan->n_workers++] = (uint32_t)c->i;
	}
	return 0;
}

int
rs_read_machine(struct rs_reader *r)
{
	struct rs_part sut = rs_part_of(r, RS_SECTION_SUT, -1),
		       workers = rs_part_of(r, RS_SECTION_WORKERS, -1);
	struct rs_plan *plan = r->plan;
	int rc;

	if ((rc = rs_part_read(r, &sut, plan)) != 0 || (rc = read_targets(r)) != 0)
		return rc;
	if ((rc = rs_part_read(r, &workers, plan)) != 0 || (rc = read_cores(r, &workers)) != 0)
		return rc;
	uint64_t need_mb = ((uint64_t)plan->mbufs * MBUF_BYTES >> 20) + 1;
	if (need_mb > plan->memory_mb)
		return rs_part_fail(r, &workers, "mbufs", -EINVAL,
			"%u packets need %llu MiB: raise workers.memory_mb (%u)", plan->mbufs,
			(unsigned long long)need_mb, plan->memory_mb);
	return 0;
}
