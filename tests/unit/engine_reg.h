/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Registrations against a registrar that is played by hand: one endpoint, u000 at 198.18.4.1:5060, unless a test wants more.
 */
#ifndef RS_TESTS_ENGINE_REG_H
#define RS_TESTS_ENGINE_REG_H

#include "engine_peer.h"

#include "engine/credentials.h"

#define CHALLENGE "WWW-Authenticate: Digest realm=\"r\", nonce=\"n0\", qop=\"auth\"\n"
#define GRANTED(s) "Expires: " #s "\n"

static inline void
reg_open(struct peer *p, unsigned count, const char *endpoints, const char *activity, const char *more)
{
	char plan[4096];

	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
		"endpoints = ( { name = \"us\"; port = \"a\"; count = %u; addresses = \"198.18.4.1-198.18.4.4\"; user = \"u{index:03}\";\n"
		"                proxy = \"sip:198.18.8.1\"; domain = \"example.test\"; %s } );\n"
		"activities = ( { name = \"reg\"; do = \"register\"; endpoints = \"us\"; rate = 1000; %s } %s", count, endpoints, activity,
		strncmp(more, ",", 1) == 0 ? "" : ");\n");
	strncat(plan, more, sizeof(plan) - strlen(plan) - 1);
	p->s.on_wire = peer_takes;
	p->s.ctx = p;
	p->start_ns = 1000 * RS_NS_PER_S;
	sim_open(&p->s, plan);
	sim_play(&p->s, MS / 2);
}

static inline void
reg_open_one(struct peer *p, const char *activity)
{
	reg_open(p, 1, "password = \"secret\";", activity, "");
}

static inline void
reg_close(struct peer *p)
{
	sim_close(&p->s);
}

/* Play until the engine has sent something more, for @ms at most. @return after how many ms it has */
static inline uint64_t
wait_sent(struct peer *p, uint64_t ms)
{
	uint64_t from = (p->s.now_ns - p->start_ns) / MS;

	for (uint64_t i = 0; i < ms && p->n_read == p->n_sent; i++)
		peer_wait(p, 1);
	return p->n_read < p->n_sent ? p->sent_at[p->n_read] - from : UINT64_MAX;
}

#endif
