/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TSC cycles to match an expression, groups included, against SIP messages of about 700 bytes;
 * regexec of the C library does the same beside it, in turn. The messages differ, so that the
 * branch predictor cannot learn one by heart.
 */
#include <regex.h>

#include "base/rng.h"
#include "bench.h"
#include "proto/ere/ere.h"

#define MESSAGES 64
#define ROUNDS   301
#define GROUPS   3

struct message {
	char text[1000];
	size_t len;
};

struct contender {
	struct rs_ere *ours;
	regex_t theirs;
	void *scratch;
	uint64_t found; /* keeps results alive, and must be equal for both */
	uint64_t found_theirs;
};

static const struct {
	const char *name;
	const char *name_theirs;
	const char *pattern;
	bool icase;
} cases[] = {
	{ "literal", "literal_regexec", "CSeq: 1 INVITE", false },
	{ "literal_absent", "literal_absent_regexec", "Retry-After", false },
	{ "literal_nocase", "literal_nocase_regexec", "content-type", true },
	{ "sdp_port", "sdp_port_regexec", "m=audio ([0-9]{1,5}) RTP/AVP", false },
	{ "tag", "tag_regexec", "tag=([A-Za-z0-9]+)", false },
	{ "uri", "uri_regexec", "<sip:([^@]+)@([^>;]+)", false },
	{ "host", "host_regexec", "([0-9]{1,3}\\.){3}[0-9]{1,3}:([0-9]+)", false },
	{ "first_word", "first_word_regexec", "^([A-Z]+) sips?:(.*) SIP/2", false },
};

static void
fill(struct message *m, struct rs_rng *rng)
{
	unsigned user = (unsigned)(rs_rng_next(rng) % 100000);
	unsigned port = 1024 + (unsigned)(rs_rng_next(rng) % 60000);
	unsigned long long call = rs_rng_next(rng);

	m->len = (size_t)snprintf(m->text, sizeof(m->text),
		"INVITE sip:u%u@198.18.0.1:5060 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.18.4.%u:%u;branch=z9hG4bK%llx\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"User %u\" <sip:u%u@198.18.4.%u:%u>;tag=%llx\r\n"
		"To: <sip:u%u@198.18.0.1:5060>\r\n"
		"Call-ID: %llu@198.18.4.%u\r\n"
		"CSeq: 1 INVITE\r\n"
		"Contact: <sip:u%u@198.18.4.%u:%u;transport=udp>\r\n"
		"Content-Type: application/sdp\r\n"
		"Content-Length: 231\r\n"
		"\r\n"
		"v=0\r\no=- %u 1 IN IP4 198.18.4.%u\r\ns=-\r\nc=IN IP4 198.18.4.%u\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		user, user % 250, port, call, user, user, user % 250, port, call ^ user, user + 1,
		call, user % 250, user, user % 250, port, user, user % 250, user % 250, port & ~1u);
}

static uint64_t
round_ours(struct contender *c, const struct message *m)
{
	uint64_t before = rs_bench_tsc();

	for (int i = 0; i < MESSAGES; i++) {
		struct rs_ere_group g[GROUPS];

		if (rs_ere_match(c->ours, rs_slice_of(m[i].text, m[i].len), c->scratch, g, GROUPS))
			c->found += (uint64_t)(g[0].start + g[0].end);
	}
	return rs_bench_tsc() - before;
}

static uint64_t
round_theirs(struct contender *c, const struct message *m)
{
	uint64_t before = rs_bench_tsc();

	for (int i = 0; i < MESSAGES; i++) {
		regmatch_t g[GROUPS];

		if (regexec(&c->theirs, m[i].text, GROUPS, g, 0) == 0)
			c->found_theirs += (uint64_t)(g[0].rm_so + g[0].rm_eo);
	}
	return rs_bench_tsc() - before;
}

/** @return 0; 1 when the two do not find the same */
static int
run_case(struct rs_bench *b, unsigned k, const struct message *messages)
{
	static uint64_t ours[ROUNDS], theirs[ROUNDS];
	struct contender c = { .found = 0 };
	const char *err;
	size_t off;

	if (rs_ere_compile(rs_slice_str(cases[k].pattern), cases[k].icase, &c.ours, &err, &off) ||
		regcomp(&c.theirs, cases[k].pattern,
			REG_EXTENDED | (cases[k].icase ? REG_ICASE : 0)))
		return 1;
	c.scratch = aligned_alloc(16, (rs_ere_scratch(c.ours) + 15) & ~(size_t)15);
	for (int i = 0; i < ROUNDS && c.scratch; i++) {
		ours[i] = round_ours(&c, messages);
		theirs[i] = round_theirs(&c, messages);
	}
	rs_bench_figure(b, cases[k].name, rs_bench_median(ours, ROUNDS) / MESSAGES, "cycles");
	rs_bench_figure(
		b, cases[k].name_theirs, rs_bench_median(theirs, ROUNDS) / MESSAGES, "cycles");
	free(c.scratch);
	rs_ere_free(c.ours);
	regfree(&c.theirs);
	return c.found != c.found_theirs;
}

int
main(int argc, char **argv)
{
	static struct message messages[MESSAGES];
	struct rs_bench bench;
	struct rs_rng rng = { .state = 1 };

	if (rs_bench_begin(&bench, "ere", argc, argv) != 0)
		return 2;
	for (int i = 0; i < MESSAGES; i++)
		fill(&messages[i], &rng);
	for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		if (run_case(&bench, k, messages) != 0) {
			fprintf(stderr, "bench_ere: %s: regexec finds something else\n",
				cases[k].name);
			return 1;
		}
	}
	return rs_bench_end(&bench);
}
