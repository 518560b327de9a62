/* SPDX-License-Identifier: BSD-3-Clause */
/* loadctl: one verb a call, told to the daemon over its control socket; plans and scenarios are checked without one. */
#include <signal.h>
#include <string.h>

#include "loadctl.h"

int
main(int argc, char **argv)
{
	const struct verb *verb;
	struct args a = { 0 };
	int status = EXIT_OBEYED;

	/* A reader that goes away is an error of the write, not an end without a word. */
	signal(SIGPIPE, SIG_IGN);
	switch (args_read(argc, argv, &a, &verb)) {
	case ASK_WRONG: return EXIT_USAGE;
	case ASK_VERSION: printf("loadctl %s\n", RS_VERSION); break;
	case ASK_HELP:
		if (verb)
			help_verb(verb);
		else
			help_all();
		break;
	case ASK_VERB: status = verb->fn(&a); break;
	}
	if (fflush(stdout) != 0 && status == EXIT_OBEYED) {
		perror("loadctl: standard output");
		status = EXIT_RESOURCE;
	}
	return status;
}
