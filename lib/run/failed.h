/* SPDX-License-Identifier: BSD-3-Clause */
/** Failed calls of all workers, as control has collected them. */
#ifndef RS_RUN_FAILED_H
#define RS_RUN_FAILED_H

#include "run/internal.h"

struct failed {
	struct rs_failed_call call;
	struct rs_trace *trace; /* NULL: its messages were not kept */
	uint32_t worker;
	uint32_t rank; /* among those of its cause */
};

struct failed_list {
	struct failed *all;
	uint32_t n, cap;
	bool no_memory;
};

/** Ask the workers; one that does not answer is left out. */
void failed_collect(struct rs_daemon *d, struct failed_list *list);
/**
 * Leave at most @per_cause of each activity and cause (and step, if @by_step), and @total in all: first the first ones of every
 * cause, then the second ones, and so on. Ordered by activity and cause (and step); those with messages come first.
 */
void failed_choose(struct failed_list *list, bool by_step, uint32_t per_cause, uint32_t total);
/** Keep those of @activity (-1: all) whose cause's name has @cause in it (NULL: all). */
void failed_filter(struct failed_list *list, int32_t activity, const char *cause);
void failed_free(struct failed_list *list);

/** failed_json.c: one call with its ladder. @param messages  with the messages' texts */
json_t *failed_json(const struct rs_daemon *d, const struct failed *f, bool messages);

#endif
