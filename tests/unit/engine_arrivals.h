/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Runs of one placing activity whose calls tell when they were started, by whom, with what line of the injection file, and how
 * long they were held: an INVITE with all that, a pause, a BYE. Nothing answers, and nothing is waited for.
 */
#ifndef RS_TESTS_ENGINE_ARRIVALS_H
#define RS_TESTS_ENGINE_ARRIVALS_H

#include "sim.h"

#include <stdio.h>
#include <unistd.h>

#define MS RS_NS_PER_MS
#define SECOND RS_NS_PER_S
#define MAX_CALLS 40000

struct seen_call {
	uint64_t start_ns, end_ns; /* since the run's beginning; start + 1, so that 0 is: not seen */
	unsigned caller, line;
};

struct seen {
	struct sim s;
	char dir[64];
	uint64_t t0;
	unsigned n; /* calls started */
	struct seen_call calls[MAX_CALLS];
};

static inline unsigned
number_behind(const struct sim_packet *p, const char *name)
{
	const char *at = memmem(p->data, p->len, name, strlen(name));

	assert_non_null(at);
	return (unsigned)atoi(at + strlen(name));
}

static inline unsigned
note_call(void *ctx, struct sim_packet *p)
{
	struct seen *x = ctx;
	unsigned k = number_behind(p, "X-Number: ");
	struct seen_call *c;

	assert_true(k < MAX_CALLS);
	c = &x->calls[k];
	if (memcmp(p->data, "BYE", 3) == 0) {
		c->end_ns = x->s.now_ns - x->t0 + 1;
		return 0;
	}
	assert_int_equal(c->start_ns, 0);
	c->start_ns = x->s.now_ns - x->t0 + 1;
	c->caller = number_behind(p, "From: <sip:u");
	c->line = number_behind(p, "X-Line: ");
	x->n++;
	return 0;
}

static inline void
seen_write(const struct seen *x, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", x->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

#define SEEN_SEND(method)                                                                                              \
	"<send><![CDATA[\n" method " sip:[service]@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n" \
	"From: <sip:u[user]@[local_ip]>;tag=[tag]\nTo: <sip:[service]@[remote_ip]>\nCall-ID: [call_id]\nCSeq: [cseq] " method "\n" \
	"X-Number: [call_number]\nX-Line: [field0]\nContent-Length: 0\n]]></send>\n"

/* @workers: how many, at most 4; @group: of "callers"; @call: settings of the activity; @more: of the plan */
static inline void
seen_open(struct seen *x, int workers, const char *group, const char *call, const char *more)
{
	char plan[4096];
	int list = 3 * workers - 2; /* characters */

	memset(x, 0, sizeof(*x));
	strcpy(x->dir, "/tmp/rs-arrivals-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	seen_write(x, "call.xml", "<?xml version=\"1.0\"?>\n<scenario name=\"call\">\n" SEEN_SEND("INVITE") "<pause/>\n"
		SEEN_SEND("BYE") "</scenario>\n");
	seen_write(x, "lines.csv", "RANDOM\n0;\n1;\n2;\n3;\n4;\n5;\n6;\n7;\n8;\n9;\n10;\n");
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ %.*s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ %.*s ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 0 ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; %s } );\n"
		"activities = ( { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"sip:bob@198.18.8.1\"; scenario = \"%s/call.xml\";\n"
		"  data = \"%s/lines.csv\"; %s } );\n%s", list, "0, 0, 0, 0", list, "0, 1, 2, 3", group, x->dir, x->dir, call, more);
	x->s.on_wire = note_call;
	x->s.ctx = x;
	sim_open(&x->s, plan);
	x->t0 = x->s.now_ns;
}

static inline void
seen_close(struct seen *x)
{
	char path[128];

	sim_sums_hold(&x->s);
	sim_close(&x->s);
	snprintf(path, sizeof(path), "%s/call.xml", x->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lines.csv", x->dir);
	unlink(path);
	rmdir(x->dir);
}

#define PHONES "count = 7; addresses = \"198.18.4.1-198.18.4.7\";"
#define TRUNK  "kind = \"trunk\"; count = 100; addresses = \"198.18.4.1\";"

/* Calls started in [from_ms, to_ms) of the run. */
static inline unsigned
started_in(const struct seen *x, uint64_t from_ms, uint64_t to_ms)
{
	unsigned n = 0;

	for (unsigned k = 0; k < MAX_CALLS; k++)
		n += x->calls[k].start_ns > from_ms * MS && x->calls[k].start_ns <= to_ms * MS;
	return n;
}

static inline uint64_t
seen_count(const struct seen *x, uint32_t row)
{
	return sim_count(&x->s, 0, row);
}

#endif
