/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGS  64
#define ARG_BYTES 4096

/** EAL wants argv: strings laid end to end. */
struct args {
	char *argv[MAX_ARGS];
	int argc;
	char text[ARG_BYTES];
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) add(struct args *a, const char *fmt, ...)
{
	va_list ap;
	size_t room = sizeof(a->text) - a->used;

	if (a->argc == MAX_ARGS - 1 || room < 2)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(a->text + a->used, room, fmt, ap);

	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return;
	a->argv[a->argc++] = a->text + a->used;
	a->used += (size_t)n + 1;
}

/* "100@(0-7),0@3,1@4": the main lcore, EAL's own threads and ours float over all cores, so that none sits on a worker's. */
static void
add_lcores(struct args *a, const struct rs_plan *plan)
{
	char map[1024];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int n = snprintf(map, sizeof(map), "%d@(0-%ld)", RS_MAIN_LCORE, cores > 0 ? cores - 1 : 0);

	for (uint32_t w = 0; w < plan->n_workers && n < (int)sizeof(map); w++)
		n += snprintf(map + n, sizeof(map) - (size_t)n, ",%u@%u", w, plan->cores[w]);
	add(a, "--lcores");
	add(a, "%s", map);
	add(a, "--main-lcore");
	add(a, "%d", RS_MAIN_LCORE);
}

/* "0000:3b:00.0" or "3b:00.0", with or without arguments of the driver */
static bool
is_pci(const char *device)
{
	unsigned domain, bus, dev, fn;
	int used = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &used) != 4 &&
		sscanf(device, "%2x:%2x.%1x%n", &bus, &dev, &fn, &used) != 3)
		return false;
	return device[used] == 0 || device[used] == ',';
}

int
rs_eal_start(const struct rs_plan *plan, struct rs_err *err)
{
	static struct args a; /* EAL keeps pointers into it; once per process */
	bool pci = false;
	uint64_t machine_mb =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) >> 20;

	/* EAL would try, for half a minute. */
	if (plan->memory_mb > machine_mb)
		return rs_err_set(err, -ENOMEM,
			"workers.memory_mb is %u, the machine has %llu MiB: lower it",
			plan->memory_mb, (unsigned long long)machine_mb);
	add(&a, "ringstormd");
	add_lcores(&a, plan);
	if (plan->hugepages) {
		add(&a, "--in-memory");
	} else {
		add(&a, "--no-huge");
		add(&a, "--no-shconf");
	}
	add(&a, "-m");
	add(&a, "%u", plan->memory_mb);
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		if (!is_pci(plan->ports[i].device))
			continue;
		pci = true;
		add(&a, "-a");
		add(&a, "%s", plan->ports[i].device);
	}
	if (!pci)
		add(&a, "--no-pci");
	add(&a, "--no-telemetry");
	/* Nothing is shared through files: daemons can have one prefix, and its directory is not left behind by each. */
	add(&a, "--file-prefix");
	add(&a, "ringstorm");
	add(&a, "--log-level=*:error");
	if (rte_eal_init(a.argc, a.argv) >= 0)
		return 0;
	int rc = rte_errno ? -rte_errno : -EINVAL;

	/* EAL says EACCES, too, when there are no huge pages. */
	if (geteuid() != 0 || (!plan->hugepages && (rc == -EACCES || rc == -EPERM)))
		return rs_err_set(
			err, -EPERM, "DPDK's start was refused (%s): run as root", strerror(-rc));
	if (plan->hugepages)
		return rs_err_set(err, -ENOMEM,
			"no %u MiB of hugepages: reserve them (dpdk-hugepages.py --setup 1G) or set workers.hugepages = false",
			plan->memory_mb);
	return rs_err_set(err, rc == -EBUSY ? -EBUSY : -ENOMEM,
		"DPDK could not start with %u MiB (%s): lower workers.memory_mb, or free memory",
		plan->memory_mb, strerror(-rc));
}

void
rs_eal_stop(void)
{
	rte_eal_cleanup();
}
