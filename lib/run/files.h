/* SPDX-License-Identifier: BSD-3-Clause */
/** Reading plans and scenarios for the verbs: the same answers from the daemon and from loadctl without one. */
#ifndef RS_RUN_FILES_H
#define RS_RUN_FILES_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "plan/plan.h"
#include "plan/report.h"
#include "run/machine.h"

#define RS_MAX_SETS 64

/**
 * rs_plan_load with the settings of a JSON list.
 *
 * @param sets  ["PATH=VALUE", ...] or NULL
 * @return as rs_plan_load; -EINVAL too for a setting without "=", more than RS_MAX_SETS, or what is no regular file
 */
int rs_plan_load_json(const char *file, json_t *sets, struct rs_plan **out, struct rs_err *err);

/**
 * What a plan will do, what it needs and what this machine has, for `plan check`: {plan, sut, targets, workers: [{core, legs,
 * tombstones, registrations, endpoints, bytes_per_leg, engine_bytes, histogram_bytes, reserved_bytes}], packet_memory_mb, mbufs,
 * ports, endpoints, activities, run, needs, machine, problems: [text], remarks: [text]}; see run/budget.h.
 * @return a new reference, NULL without memory
 */
json_t *rs_plan_check_json(const struct rs_plan *plan);
/** The same on @machine. */
json_t *rs_plan_check_on(const struct rs_plan *plan, const struct rs_machine *machine);
/** Are there no problems: can it be played? */
bool rs_plan_check_ok(const json_t *check);

/** The same as text, from its JSON. */
void rs_plan_check_print(FILE *out, const json_t *check);

/** The file of scenario @name: a path, or the name of a shipped one. @return 0; -ENOENT, ... with @err */
int rs_scenario_find(const char *name, char *path, size_t cap, struct rs_err *err);

/** Compile @name and describe it as rs_scenario_show does. @return 0 with @text (to be freed); negative errno with @err */
int rs_scenario_text(const char *name, char **text, struct rs_err *err);

#endif
