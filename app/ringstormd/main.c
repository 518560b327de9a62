/* SPDX-License-Identifier: BSD-3-Clause */
/* ringstormd: reads the plan, opens the ports, serves the control socket, and stays in the foreground. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "plan/plan.h"
#include "run/daemon.h"
#include "run/server.h"
#include "run/tls_heap.h"

#define DEFAULT_SOCKET "/run/ringstorm/ringstorm.sock"
#define POLL_MS        50

/* Exit status: see CONTRACT and ringstormd(8). */
enum { EXIT_OK = 0, EXIT_USAGE = 2, EXIT_STOPPED = 5, EXIT_RESOURCE = 6, EXIT_SOCKET = 7 };

static const char usage[] =
	"usage: ringstormd --config PLAN [--socket PATH] [--start] [--report FILE] [--set PATH=VALUE]... [--quiet]\n"
	"\n"
	"Opens the ports that PLAN names, starts its workers and waits on the control socket for loadctl.\n"
	"\n"
	"  -c, --config PLAN      the plan: ports, workers and memory are fixed by it until the daemon ends\n"
	"  -s, --socket PATH      control socket (default: $RINGSTORM_SOCKET, else " DEFAULT_SOCKET
	")\n"
	"      --start            start the run at once, and exit with its status when it has ended\n"
	"      --report FILE      write the report of every run that ends to FILE (JSON)\n"
	"      --set PATH=VALUE   change a setting of the plan, e.g. --set activities.calls.rate=200\n"
	"      --quiet            no start lines and no report text\n"
	"      --version          print the version and exit\n"
	"      --help             print this and exit\n"
	"\n"
	"A first SIGINT or SIGTERM drains the run and reports, a second one ends it now.\n"
	"\n"
	"exit status: 0 passed, 1 a threshold failed, 2 usage or plan, 4 generator limited, 5 stopped by hand,\n"
	"             6 device, memory or permission, 7 socket in use\n";

struct options {
	const char *config, *socket, *report;
	bool start, quiet;
	struct rs_set sets[64];
	uint32_t n_sets;
};

static int
add_set(struct options *o, char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq || eq == arg) {
		fprintf(stderr, "ringstormd: --set %s: give PATH=VALUE, e.g. --set run.seed=7\n",
			arg);
		return -1;
	}
	if (o->n_sets == sizeof(o->sets) / sizeof(o->sets[0])) {
		fprintf(stderr, "ringstormd: more than %zu --set: put the settings into the plan\n",
			sizeof(o->sets) / sizeof(o->sets[0]));
		return -1;
	}
	*eq = 0;
	o->sets[o->n_sets++] = (struct rs_set){ arg, eq + 1 };
	return 0;
}

/* @return -1: go on; else the exit status */
static int
read_options(int argc, char **argv, struct options *o)
{
	enum { OPT_START = 256, OPT_REPORT, OPT_SET, OPT_QUIET, OPT_VERSION, OPT_HELP };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "start", no_argument, NULL, OPT_START },
		{ "report", required_argument, NULL, OPT_REPORT },
		{ "set", required_argument, NULL, OPT_SET },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:s:h", longs, NULL)) != -1) {
		switch (c) {
		case 'c': o->config = optarg; break;
		case 's': o->socket = optarg; break;
		case OPT_START: o->start = true; break;
		case OPT_REPORT: o->report = optarg; break;
		case OPT_SET:
			if (add_set(o, optarg) != 0)
				return EXIT_USAGE;
			break;
		case OPT_QUIET: o->quiet = true; break;
		case OPT_VERSION: printf("ringstormd %s\n", RS_VERSION); return EXIT_OK;
		case 'h':
		case OPT_HELP: fputs(usage, stdout); return EXIT_OK;
		default: fputs("try: ringstormd --help\n", stderr); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ringstormd: what is \"%s\"? The plan is given by --config\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	if (!o->config) {
		fputs("ringstormd: no plan: give --config PLAN (try: ringstormd --help)\n", stderr);
		return EXIT_USAGE;
	}
	if (!o->socket)
		o->socket = getenv("RINGSTORM_SOCKET");
	if (!o->socket)
		o->socket = DEFAULT_SOCKET;
	return -1;
}

static int
exit_of(int rc)
{
	switch (rc) {
	case -EINVAL: return EXIT_USAGE;
	case -EADDRINUSE: return EXIT_SOCKET;
	default: return EXIT_RESOURCE;
	}
}

/** What the main loop needs to remember. */
struct session {
	struct options *options;
	struct rs_daemon *daemon;
	struct rs_server *server;
	int signals; /* how many came */
	int signal_fd;
};

static bool
say_unwritten(const char *path)
{
	fprintf(stderr, "ringstormd: %s: the report cannot be written (%s)\n", path,
		strerror(errno));
	return false;
}

/* Better known before the run than after it. */
static bool
may_write(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (path && fd < 0)
		return say_unwritten(path);
	if (fd >= 0)
		close(fd);
	return true;
}

/* @return false when it could not be written */
static bool
write_report(const struct session *s)
{
	json_t *report = rs_daemon_report(s->daemon, NULL);
	const char *path = s->options->report;
	bool written = report != NULL;

	if (report && path &&
		json_dump_file(report, path, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) != 0)
		written = say_unwritten(path);
	if (report && s->options->start && !s->options->quiet)
		rs_report_print(stdout, report);
	fflush(stdout);
	json_decref(report);
	return written;
}

/* @return true when the daemon is to exit now */
static bool
take_signal(struct session *s)
{
	struct signalfd_siginfo info;
	struct rs_err err = { 0 };
	enum rs_state state = rs_daemon_state(s->daemon);

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (state == RS_STATE_IDLE || state == RS_STATE_DONE)
		return true;
	s->signals++;
	fprintf(stderr,
		s->signals == 1 ? "draining; once more to end at once\n" : "ending at once\n");
	rs_daemon_stop(s->daemon, NULL, s->signals == 1 ? RS_STOP_DRAIN : RS_STOP_NOW, &err);
	return false;
}

static bool
is_on(const struct rs_daemon *d)
{
	enum rs_state s = rs_daemon_state(d);

	return s == RS_STATE_RUNNING || s == RS_STATE_PAUSED || s == RS_STATE_DRAINING;
}

/*
 * The run is over and reported; legs in timewait still answer a BYE that comes again because our 200 was lost. That is over
 * after the scenario's own timewait, at once by a signal.
 */
static void
linger(struct session *s)
{
	int rc;

	do
		rc = rs_server_serve(s->server, s->signal_fd,
			POLL_MS); /* those who wait for the end are told, too */
	while (rc == 0 && s->signals == 0 && !is_on(s->daemon) &&
		rs_daemon_lingering(s->daemon) > 0);
}

/* Serve until quit, a signal while idle, or the end of the run that --start began. @return exit status */
static int
serve(struct session *s)
{
	bool on = is_on(s->daemon);

	for (;;) {
		int rc = rs_server_serve(s->server, s->signal_fd, POLL_MS);

		if (rc == 2 && take_signal(s))
			return EXIT_OK;
		if (on && !is_on(s->daemon)) {
			int status = rs_daemon_run_status(s->daemon);

			if (!write_report(s))
				status = EXIT_RESOURCE;
			if (s->options->start || s->signals) {
				linger(s);
				return status;
			}
		}
		on = is_on(s->daemon);
		if (rc == 1)
			return EXIT_OK;
	}
}

/* Signals are read from a descriptor; EAL's and our own threads inherit the mask, so that none of them is hit. */
static int
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* When this process began, on CLOCK_MONOTONIC: the kernel counts it in ticks since boot (proc(5), field 22). */
static uint64_t
exec_ns(void)
{
	char text[1024], *at;
	unsigned long long ticks = 0;
	struct timespec boot, mono;
	FILE *f = fopen("/proc/self/stat", "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	at = strrchr(text, ')'); /* the name may hold anything */
	if (!at ||
		sscanf(at + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			&ticks) != 1)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	uint64_t asleep = (uint64_t)(boot.tv_sec - mono.tv_sec) * RS_NS_PER_S +
		(uint64_t)boot.tv_nsec - (uint64_t)mono.tv_nsec;

	return ticks * (RS_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK)) - asleep;
}

static int
run(struct options *o)
{
	struct session s = { .options = o, .signal_fd = block_signals() };
	struct rs_daemon_cfg cfg = {
		.version = RS_VERSION, .quiet = o->quiet, .exec_ns = o->start ? exec_ns() : 0
	};
	struct rs_err err = { 0 };
	int status;
	int rc = rs_plan_load(o->config, o->sets, o->n_sets, &cfg.plan, &err);

	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	if (!may_write(o->report)) {
		rs_plan_free(cfg.plan);
		return EXIT_RESOURCE;
	}
	rc = rs_server_claim(o->socket, &err);
	if (rc == 0)
		rc = rs_daemon_open(&cfg, &s.daemon, &err);
	if (rc) {
		fprintf(stderr, "ringstormd: %s\n", err.text);
		rs_plan_free(cfg.plan);
		return exit_of(rc);
	}
	rc = rs_server_open(o->socket, s.daemon, &s.server, &err);
	if (rc == 0 && o->start)
		rc = rs_daemon_start(s.daemon, &err);
	if (rc) {
		fprintf(stderr, "ringstormd: %s\n", err.text);
		status = exit_of(rc);
	} else {
		if (!o->quiet)
			fprintf(stderr, "ready: %s on %s\n", rs_daemon_plan(s.daemon)->name,
				o->socket);
		status = serve(&s);
	}
	rs_server_close(s.server);
	rs_daemon_close(s.daemon);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	int status;

	if (rs_tls_heap_install() != 0) { /* nobody has used it before */
		fputs("ringstormd: OpenSSL does not take memory functions\n", stderr);
		return EXIT_RESOURCE;
	}
	status = read_options(argc, argv, &o);

	return status >= 0 ? status : run(&o);
}
