/* SPDX-License-Identifier: BSD-3-Clause */
/** Memory of one plan: grows while the plan is read, is freed as a whole. Private to lib/plan. */
#ifndef RS_PLAN_MEM_H
#define RS_PLAN_MEM_H

#include <stddef.h>
#include <stdint.h>

struct rs_plan_block {
	struct rs_plan_block *next;
	size_t size, used;
	max_align_t data[];
};

struct rs_plan_mem {
	struct rs_plan_block *blocks; /* the one in use first */
};

/** @return @size zeroed bytes (aligned for anything), NULL without memory */
void *rs_plan_alloc(struct rs_plan_mem *m, size_t size);

/** @return a copy of @len bytes at @s with a NUL behind them, NULL without memory */
char *rs_plan_copy(struct rs_plan_mem *m, const char *s, size_t len);
char *rs_plan_dup(struct rs_plan_mem *m, const char *s);

void rs_plan_mem_fini(struct rs_plan_mem *m);

#endif
