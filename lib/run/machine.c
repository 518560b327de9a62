/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/machine.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PCI_DEVICES "/sys/bus/pci/devices"
#define KIB         1024u

static void
read_memory(struct rs_machine *m)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long value, huge = 0, huge_free = 0, huge_kib = 0;
	char line[128], name[64];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %llu", name, &value) != 2)
			continue;
		if (strcmp(name, "MemTotal") == 0)
			m->memory_bytes = value * KIB;
		else if (strcmp(name, "MemAvailable") == 0)
			m->available_bytes = value * KIB;
		else if (strcmp(name, "HugePages_Total") == 0)
			huge = value;
		else if (strcmp(name, "HugePages_Free") == 0)
			huge_free = value;
		else if (strcmp(name, "Hugepagesize") == 0)
			huge_kib = value;
	}
	if (f)
		fclose(f);
	m->huge_bytes = huge * huge_kib * KIB;
	m->huge_free_bytes = huge_free * huge_kib * KIB;
}

int
rs_machine_cores(const char *text, cpu_set_t *out)
{
	CPU_ZERO(out);
	while (*text && *text != '\n') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return -EINVAL;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return -EINVAL;
		}
		if (last < first || last >= CPU_SETSIZE)
			return -EINVAL;
		for (unsigned long c = first; c <= last; c++)
			CPU_SET(c, out);
		text = *end == ',' ? end + 1 : end;
		if (text == end && *end && *end != '\n')
			return -EINVAL;
	}
	return 0;
}

/* A mask set by taskset can be widened again, as the daemon's workers do; one set by a container's cpuset cannot. */
static void
find_allowed(struct rs_machine *m)
{
	cpu_set_t mine, one;

	if (sched_getaffinity(0, sizeof(mine), &mine) != 0) {
		m->allowed = m->online;
		return;
	}
	m->allowed = mine;
	for (size_t c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &m->online) || CPU_ISSET(c, &mine))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c, &one);
		if (sched_setaffinity(0, sizeof(one), &one) == 0)
			CPU_SET(c, &m->allowed);
		sched_setaffinity(0, sizeof(mine), &mine);
	}
}

static void
read_cores(struct rs_machine *m)
{
	FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	char text[1024] = "";

	if (!f || !fgets(text, sizeof(text), f) || rs_machine_cores(text, &m->online) != 0 ||
		CPU_COUNT(&m->online) == 0)
		sched_getaffinity(0, sizeof(m->online), &m->online);
	if (f)
		fclose(f);
	find_allowed(m);
}

static int
read_interfaces(struct rs_machine *m)
{
	struct if_nameindex *all = if_nameindex();
	uint32_t n = 0;

	if (!all)
		return errno == ENOMEM || errno == ENOBUFS ? -ENOMEM : 0;
	while (all[n].if_index)
		n++;
	m->interfaces = calloc(n + 1, sizeof(*m->interfaces));
	for (uint32_t i = 0; m->interfaces && i < n; i++)
		snprintf(m->interfaces[m->n_interfaces++], IF_NAMESIZE, "%s", all[i].if_name);
	if_freenameindex(all);
	return m->interfaces ? 0 : -ENOMEM;
}

static bool
is_network(const char *address)
{
	char path[128], class[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/class", address);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(class, sizeof(class), f))
		class[0] = '\0';
	fclose(f);
	return strncmp(class, "0x02", 4) == 0;
}

static void
find_driver(struct rs_machine_pci *p)
{
	char path[128], target[256];
	const char *name;
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", p->address);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(p->driver, sizeof(p->driver), "%.31s", name ? name + 1 : target);
}

static int
read_pci(struct rs_machine *m)
{
	DIR *dir = opendir(PCI_DEVICES);
	const struct dirent *e;
	int rc = 0;

	while (dir && rc == 0 && (e = readdir(dir)) != NULL) {
		struct rs_machine_pci *more;

		if (e->d_name[0] == '.' || !is_network(e->d_name))
			continue;
		more = realloc(m->pci, (m->n_pci + 1) * sizeof(*more));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		m->pci = more;
		more += m->n_pci++;
		*more = (struct rs_machine_pci){ 0 };
		snprintf(more->address, sizeof(more->address), "%.15s", e->d_name);
		find_driver(more);
	}
	if (dir)
		closedir(dir);
	return rc;
}

int
rs_machine_read(struct rs_machine *out)
{
	int rc;

	*out = (struct rs_machine){ 0 };
	read_memory(out);
	read_cores(out);
	rc = read_interfaces(out);
	if (rc == 0)
		rc = read_pci(out);
	if (rc)
		rs_machine_fini(out);
	return rc;
}

void
rs_machine_fini(struct rs_machine *m)
{
	free(m->interfaces);
	free(m->pci);
	*m = (struct rs_machine){ 0 };
}
