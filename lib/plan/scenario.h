/* SPDX-License-Identifier: BSD-3-Clause */
/** Compiling SIPp XML scenarios to programs. */
#ifndef RS_PLAN_SCENARIO_H
#define RS_PLAN_SCENARIO_H

#include "base/err.h"
#include "plan/program.h"

struct rs_key {
	const char *name;
	const char *value;
};

enum rs_finding_kind {
	RS_FINDING_ERROR,	/* the file cannot be used */
	RS_FINDING_UNSUPPORTED, /* SIPp would take it, this build does not: the file cannot be used */
	RS_FINDING_WARNING	/* an unknown attribute, ...: played, but look */
};

struct rs_finding {
	enum rs_finding_kind kind;
	int line;	       /* 0: of the file as a whole */
	const char *construct; /* UNSUPPORTED: its name, static text, to be counted; else NULL */
	char text[240];	       /* names the construct and the remedy */
};

/** What the compiler has to say about a file. */
struct rs_findings {
	struct rs_finding *list;
	uint32_t n, cap;
	uint32_t n_errors, n_unsupported, n_warnings;
};
void rs_findings_free(struct rs_findings *f);

struct rs_scenario_opts {
	const struct rs_key *keys;     /* custom keywords */
	uint32_t n_keys;
	const char *const *files;      /* injection files by name, the default one first */
	uint32_t n_files;
	bool transactions;	       /* rfc3261 mode: any final response and any request may have to be rendered again */
	bool no_files;		       /* media files are not opened: their clips are empty */
	bool any_key;		       /* check only: unknown keywords that could be custom ones are warnings */
};

/**
 * Compile the scenario in @file; all findings are listed, not only the first.
 *
 * @param out       out: the program, NULL when there are errors or unsupported constructs
 * @param findings  out: may be NULL
 * @param err       out: the first error, with file and line
 * @return 0; -ENOENT, -EACCES (the file); -EINVAL (errors); -ENOTSUP (only unsupported constructs);
 * -ENOMEM
 */
int rs_scenario_load(const char *file, const struct rs_scenario_opts *opts, struct rs_program **out,
	struct rs_findings *findings, struct rs_err *err);

/** The same from memory; @name stands for the file in messages. */
int rs_scenario_compile(const char *name, struct rs_slice xml, const struct rs_scenario_opts *opts,
	struct rs_program **out, struct rs_findings *findings, struct rs_err *err);

#endif
