/* SPDX-License-Identifier: BSD-3-Clause */
/* usage: gendoc plan|man|metrics: write docs/plan.md, docs/man/ringstorm.plan.5 or docs/metrics.md from the code's own tables. */
#include <stdio.h>
#include <string.h>

#include "observe/observe.h"
#include "plan/plan.h"
#include "plan/plan_document.h"

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "plan") == 0)
		rs_plan_document(stdout);
	else if (argc == 2 && strcmp(argv[1], "man") == 0)
		rs_plan_document_man(stdout);
	else if (argc == 2 && strcmp(argv[1], "metrics") == 0)
		rs_metrics_document(stdout);
	else {
		fprintf(stderr, "usage: gendoc plan|man|metrics\n");
		return 2;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
