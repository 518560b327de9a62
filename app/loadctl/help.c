/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "loadctl.h"

static const struct {
	unsigned bit;
	const char *option, *what;
} options[] = {
	{ OPT_SET, "--set PATH=VALUE",
		"put a value over the plan's, e.g. activities.calls.rate=200; may be repeated" },
	{ OPT_JSON_FILE, "--json FILE",
		"write the report to FILE (\"-\": to standard output, without any other text)" },
	{ OPT_WAIT, "--wait", "wait for the end of the run" },
	{ OPT_HANGUP, "--hangup", "hang up now: BYE, CANCEL, paced" },
	{ OPT_NOW, "--now", "be silent at once" },
	{ OPT_TIMEOUT, "--timeout S", "wait at most S seconds" },
	{ OPT_BY, "--by N", "add N to the present rate (it may be negative)" },
	{ OPT_FAILED, "--failed", "failed calls instead of open ones" },
	{ OPT_ACTIVITY, "--activity A", "only those of activity A" },
	{ OPT_CAUSE, "--cause C", "only those whose cause has C in it, e.g. 486 or timeout" },
	{ OPT_MESSAGES, "--messages", "with the whole messages" },
	{ OPT_WATCH, "--watch", "go on printing" },
	{ OPT_STATE, "--state S",
		"only those that are idle, busy, registered, registering, failed or unregistered" },
	{ OPT_LIMIT, "--limit N", "list at most N (100)" },
	{ OPT_CALL, "--call ID", "only those of the call with this Call-ID" },
	{ OPT_DIRECTION, "--direction D", "packets that we send (default), receive, or both" },
	{ OPT_SHARE, "--share P", "so many of them, chosen at random: 0.1 is a tenth (default: all)" },
	{ OPT_RST, "--rst", "with RST (unless another way is named)" },
	{ OPT_FIN, "--fin", "in order: a Close frame, close_notify, FIN" },
	{ OPT_SILENT, "--silent", "without telling the peer" },
	{ OPT_PARTIAL, "--partial", "change what can be changed, and list the rest" },
	{ OPT_JSON, "--json", "print JSON" },
};

static void
print_option(const char *option, const char *what)
{
	printf("  %-20s %s\n", option, what);
}

void
help_all(void)
{
	puts("usage: loadctl [--socket PATH] VERB [ARGUMENTS]\n"
	     "\n"
	     "Drives ringstormd. `loadctl VERB --help` tells more about a verb.\n");
	for (const struct verb *v = verbs; v->name; v++) {
		char left[64];

		snprintf(left, sizeof(left), "%s", v->name);
		print_option(left, v->what);
	}
	puts("");
	print_option("--socket PATH",
		"the daemon's socket (default: $RINGSTORM_SOCKET, else " DEFAULT_SOCKET ")");
	print_option("--version", "print the version and exit");
	print_option("--help", "print this and exit");
	puts("\nexit status: 0 obeyed, or the run passed; 1 a threshold failed, 2 usage or plan, 3 no daemon,\n"
	     "             4 generator limited, 5 stopped by hand, 6 device, memory or permission, 8 wait --timeout expired");
}

void
help_verb(const struct verb *v)
{
	printf("usage: loadctl [--socket PATH] %s%s%s%s\n\n%s: %s\n", v->name,
		v->usage[0] ? " " : "", v->usage, v->options & OPT_JSON ? " [--json]" : "", v->name,
		v->what);
	if (v->more)
		printf("\n%s", v->more);
	puts("");
	for (size_t i = 0; i < COUNT(options); i++)
		if (v->options & options[i].bit)
			print_option(options[i].option, options[i].what);
	print_option("--socket PATH",
		"the daemon's socket (default: $RINGSTORM_SOCKET, else " DEFAULT_SOCKET ")");
	print_option("--help", "print this and exit");
	if (v->fn == verb_run || v->fn == verb_wait || v->fn == verb_start)
		printf("\nexit status: 0 %s, 1 a threshold failed, 2 usage, plan or state, 3 no daemon,\n"
		       "             4 generator limited, 5 stopped by hand, 6 memory or device%s\n",
			v->fn == verb_start ? "started (--wait: passed)" : "passed",
			v->fn == verb_wait ? ", 8 the time is over" : "");
	else if (v->fn == verb_plan_check || v->fn == verb_scenario_check ||
		v->fn == verb_scenario_show)
		puts("\nexit status: 0 usable, 2 not usable");
	else
		puts("\nexit status: 0 obeyed, 2 usage or state, 3 no daemon, 6 memory or device");
	printf("\nexample: %s\n", v->example);
}
