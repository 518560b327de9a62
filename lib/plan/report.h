/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What people are told about scenarios: a compiled program in words, and which files this build can
 * play.
 */
#ifndef RS_PLAN_REPORT_H
#define RS_PLAN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "plan/scenario.h"

/**
 * Print @p step by step: number, line, kind, message, size and slots of its template, actions, what
 * is kept of what is received.
 */
void rs_scenario_show(FILE *out, const struct rs_program *p);

/** What was found in one file. */
struct rs_checked {
	char *file;
	int rc;    /* of rs_scenario_load: 0 usable, -EINVAL, -ENOTSUP, -ENOENT, -EACCES */
	char *why; /* the file could not be read; else NULL */
	uint32_t steps;
	struct rs_findings findings;
};

/** A construct that is not built, and in how many of the files it stands. */
struct rs_missing {
	const char *construct;
	uint32_t files;
	uint32_t uses;
};

struct rs_check {
	struct rs_checked *files;
	uint32_t n_files;
	uint32_t n_usable;
	struct rs_missing *missing; /* most files first */
	uint32_t n_missing;
};

/**
 * Compile the file @path, or every *.xml directly inside the directory @path in the order of their
 * names, and keep what was found.
 *
 * @param opts  NULL: custom keywords and injection files are taken for granted (any_key)
 * @param out   out: to be freed with rs_scenario_check_free, also after an error
 * @param err   out: why nothing could be checked
 * @return 0, whatever was found in the files; -ENOENT, -EACCES (@path itself; -ENOENT too when the
 * directory holds no *.xml);
 *         -ENOMEM
 */
int rs_scenario_check(const char *path, const struct rs_scenario_opts *opts, struct rs_check *out,
	struct rs_err *err);
void rs_scenario_check_free(struct rs_check *check);

/** Are all files usable? */
static inline bool
rs_scenario_check_ok(const struct rs_check *check)
{
	return check->n_usable == check->n_files;
}

/** The compatibility report as text: each finding as file:line, then a summary. */
void rs_scenario_check_print(FILE *out, const struct rs_check *check);

/**
 * The same as JSON: {"files": [{"file", "usable", "steps", "findings": [{"kind", "line",
 * "construct", "text"}]}], "usable": n, "not_usable": n, "missing": [{"construct", "files",
 * "uses"}]}. @return a new reference, NULL without memory
 */
json_t *rs_scenario_check_json(const struct rs_check *check);

#endif
