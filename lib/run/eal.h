/* SPDX-License-Identifier: BSD-3-Clause */
/** The environment of DPDK: memory for packets and one lcore a worker; the main lcore floats over all cores. */
#ifndef RS_RUN_EAL_H
#define RS_RUN_EAL_H

#include "base/err.h"
#include "plan/plan.h"

#define RS_MAIN_LCORE 100

/**
 * Start EAL for @plan: lcore w is worker w on core plan->cores[w]; hugepages only when the plan asks for them.
 * May be called once in a process. @return 0; -EPERM, -ENOMEM, -EBUSY, -EINVAL with @err
 */
int rs_eal_start(const struct rs_plan *plan, struct rs_err *err);
void rs_eal_stop(void);

#endif
