/* SPDX-License-Identifier: BSD-3-Clause */
/** What this machine has, as the kernel tells it: no DPDK is asked, so that a plan can be checked beside a test that is on. */
#ifndef RS_RUN_MACHINE_H
#define RS_RUN_MACHINE_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct rs_machine {
	uint64_t memory_bytes, available_bytes; /* MemTotal and MemAvailable; 0: not known */
	uint64_t huge_bytes, huge_free_bytes;   /* huge pages of the default size */
	cpu_set_t online;                       /* /sys/devices/system/cpu/online */
	cpu_set_t allowed;               /* of those, the ones that this process may run on */
	char (*interfaces)[IF_NAMESIZE]; /* of this network namespace */
	uint32_t n_interfaces;
	struct rs_machine_pci {
		char address[16]; /* "0000:3b:00.0" */
		char driver[32];  /* "": none is bound */
	} * pci;                  /* network controllers */
	uint32_t n_pci;
};

/**
 * Ask the kernel. What it does not tell stays 0 or empty: a check then says nothing about it.
 * @return 0, -ENOMEM
 */
int rs_machine_read(struct rs_machine *out);
void rs_machine_fini(struct rs_machine *m);

/** "0-3,8" as the kernel writes lists of cores. @return 0; -EINVAL */
int rs_machine_cores(const char *text, cpu_set_t *out);

#endif
