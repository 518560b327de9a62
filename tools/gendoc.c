/* SPDX-License-Identifier: BSD-3-Clause */
/* usage: gendoc plan|man: write docs/plan.md or docs/man/ringstorm.plan.5 from the plan reader's own tables. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "plan/plan_document.h"

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "plan") == 0)
		rs_plan_document(stdout);
	else if (argc == 2 && strcmp(argv[1], "man") == 0)
		rs_plan_document_man(stdout);
	else {
		fprintf(stderr, "usage: gendoc plan|man\n");
		return 2;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
