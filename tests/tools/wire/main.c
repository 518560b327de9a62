/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wire between two Ethernet interfaces that impairs what passes, and knows exactly what it did.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "forward.h"

enum { EXIT_USAGE = 2, EXIT_DEVICE = 6 };

struct options {
	const char *interfaces[2];
	const char *specs[2];
	const char *log, *summary, *ready;
	uint64_t seed;
	bool log_all;
};

static volatile sig_atomic_t stop_asked, look_asked;

static void
on_stop(int signal)
{
	stop_asked = 1;
}

static void
on_look(int signal)
{
	look_asked = 1;
}

static void
print_help(FILE *out)
{
	fputs("usage: wire --a INTERFACE --b INTERFACE [OPTION]...\n"
	      "\n"
	      "Carry Ethernet frames between two interfaces of this network namespace (ends of veth pairs, or the kernel's\n"
	      "side of taps), and lose, delay, reorder, duplicate or corrupt IP packets on the way. ARP, neighbour and router\n"
	      "discovery, IGMP and MLD always pass. What becomes of packet n of a direction follows from the seed, the\n"
	      "direction and n alone; only what a rate drops depends on time.\n"
	      "\n"
	      "  --ab SPEC, --ba SPEC   what to do from a to b, and from b to a: items below, divided by commas\n"
	      "  --both SPEC            the same for both directions\n"
	      "  --seed N               another seed gives other packets the same fate (1)\n"
	      "  --log FILE             a line of JSON for each packet that something was done to\n"
	      "  --log-all              ... and for the others\n"
	      "  --summary FILE         where the summary goes at the end, and on SIGUSR1 (standard output)\n"
	      "  --ready FILE           make this file once frames are carried (else \"ready\" is printed)\n"
	      "  --help\n"
	      "\n"
	      "SIGINT or SIGTERM ends it. Offloads of the interfaces' users must be off (ethtool -K DEV tx off tso off gso off\n"
	      "gro off): a frame larger than the other end's MTU is not carried. Exit: 0, 2 usage, 6 device or permission.\n"
	      "\n",
		out);
	rs_wire_spec_help(out);
}

static int
usage(const char *text, const char *what)
{
	fprintf(stderr, "wire: %s%s; try wire --help\n", text, what);
	return EXIT_USAGE;
}

/* @return 0; EXIT_USAGE; -1: help was wanted */
static int
read_options(int argc, char **argv, struct options *o)
{
	enum { A = 256, B, AB, BA, BOTH, SEED, LOG, LOG_ALL, SUMMARY, READY, HELP };
	static const struct option names[] = { { "a", 1, NULL, A }, { "b", 1, NULL, B },
		{ "ab", 1, NULL, AB }, { "ba", 1, NULL, BA }, { "both", 1, NULL, BOTH },
		{ "seed", 1, NULL, SEED }, { "log", 1, NULL, LOG }, { "log-all", 0, NULL, LOG_ALL },
		{ "summary", 1, NULL, SUMMARY }, { "ready", 1, NULL, READY },
		{ "help", 0, NULL, HELP }, { NULL, 0, NULL, 0 } };
	char *end;

	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (c) {
		case A: o->interfaces[0] = optarg; break;
		case B: o->interfaces[1] = optarg; break;
		case AB: o->specs[0] = optarg; break;
		case BA: o->specs[1] = optarg; break;
		case BOTH: o->specs[0] = o->specs[1] = optarg; break;
		case SEED:
			o->seed = strtoull(optarg, &end, 10);
			if (end == optarg || *end != '\0' || *optarg == '-')
				return usage("--seed wants a number, not ", optarg);
			break;
		case LOG: o->log = optarg; break;
		case LOG_ALL: o->log_all = true; break;
		case SUMMARY: o->summary = optarg; break;
		case READY: o->ready = optarg; break;
		case HELP: return -1;
		default: return EXIT_USAGE; /* getopt has said what is wrong */
		}
	}
	if (optind < argc)
		return usage("what is ", argv[optind]);
	if (o->interfaces[0] == NULL || o->interfaces[1] == NULL)
		return usage("both --a and --b are needed", "");
	if (strcmp(o->interfaces[0], o->interfaces[1]) == 0)
		return usage("both ends are ", o->interfaces[0]);
	return 0;
}

static int
read_specs(struct rs_wire *w, const struct options *o)
{
	static const char *const names[2] = { "ab", "ba" };
	struct rs_err err = { 0 };

	for (int i = 0; i < 2; i++) {
		struct rs_wire_direction *d = &w->directions[i];

		d->name = names[i];
		d->text = o->specs[i];
		rs_wire_spec_init(&d->spec);
		if (rs_wire_spec_parse(d->text, &d->spec, &err) != 0) {
			fprintf(stderr, "wire: --%s: %s\n", d->name, err.text);
			return EXIT_USAGE;
		}
	}
	return 0;
}

/* SIGTERM, SIGINT and SIGUSR1 are heard only where the wire waits. */
static void
catch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop }, look = { .sa_handler = on_look };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGUSR1, &look, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Written beside and renamed: whoever finds the file finds all of it. */
static void
write_summary(struct rs_wire *w, void *arg)
{
	const char *name = arg;
	char beside[4096];
	FILE *out;

	if (name == NULL) {
		rs_wire_summarize(w, stdout);
		fflush(stdout);
		return;
	}
	snprintf(beside, sizeof(beside), "%s.part", name);
	out = fopen(beside, "w");
	if (out != NULL)
		rs_wire_summarize(w, out);
	if (out == NULL || fclose(out) != 0 || rename(beside, name) != 0)
		fprintf(stderr, "wire: the summary cannot be written to %s: %s\n", name,
			strerror(errno));
}

static void
tell_ready(const char *name)
{
	FILE *out = name != NULL ? fopen(name, "w") : stdout;

	if (out == NULL) {
		fprintf(stderr, "wire: %s: %s\n", name, strerror(errno));
		return;
	}
	fputs("ready\n", out);
	if (name != NULL)
		fclose(out);
	else
		fflush(out);
}

static int
open_wire(struct rs_wire *w, const struct options *o)
{
	struct rs_err err = { 0 };

	if (rs_wire_pool_init(&w->pool, RS_WIRE_PACKETS) != 0)
		return fprintf(stderr, "wire: no memory\n"), EXIT_DEVICE;
	for (int i = 0; i < 2; i++) {
		struct rs_wire_direction *d = &w->directions[i];

		rs_wire_model_init(&d->model, &d->spec, o->seed, (uint32_t)i);
		if (rs_wire_queue_init(&d->queue, &d->spec, RS_WIRE_PACKETS) != 0 ||
			rs_wire_tally_init(&d->tally) != 0)
			return fprintf(stderr, "wire: no memory\n"), EXIT_DEVICE;
	}
	for (int i = 0; i < 2; i++) {
		if (rs_wire_end_open(&w->ends[i], o->interfaces[i], &err) != 0)
			return fprintf(stderr, "wire: %s\n", err.text), EXIT_DEVICE;
	}
	if (o->log != NULL && (w->log = fopen(o->log, "w")) == NULL)
		return fprintf(stderr, "wire: %s: %s\n", o->log, strerror(errno)), EXIT_DEVICE;
	return 0;
}

static void
close_wire(struct rs_wire *w)
{
	if (w->log != NULL)
		fclose(w->log);
	for (int i = 0; i < 2; i++) {
		rs_wire_end_close(&w->ends[i]);
		rs_wire_tally_fini(&w->directions[i].tally);
		rs_wire_queue_fini(&w->directions[i].queue);
	}
	if (w->pool.packets != NULL)
		rs_wire_pool_fini(&w->pool);
}

int
main(int argc, char **argv)
{
	struct options o = { .specs = { "", "" }, .seed = 1 };
	struct rs_wire w = { .ends = { { .fd = -1 }, { .fd = -1 } } };
	int status = read_options(argc, argv, &o);

	if (status < 0) {
		print_help(stdout);
		return 0;
	}
	if (status == 0)
		status = read_specs(&w, &o);
	if (status != 0)
		return status;
	w.seed = o.seed;
	w.log_all = o.log_all;
	catch_signals();
	/* Else the kernel rounds every wait up to 50 us more. */
	prctl(PR_SET_TIMERSLACK, 1ul);
	status = open_wire(&w, &o);
	if (status == 0) {
		w.begin_ns = rs_clock_mono_ns();
		tell_ready(o.ready);
		if (rs_wire_forward(
			    &w, &stop_asked, &look_asked, write_summary, (void *)o.summary) != 0) {
			fprintf(stderr, "wire: an interface is gone or down\n");
			status = EXIT_DEVICE;
		}
		write_summary(&w, (void *)o.summary);
	}
	close_wire(&w);
	return status;
}
