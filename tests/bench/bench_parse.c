/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles to parse a SIP message and to decode what a dialog needs of it. Each figure is over many
 * distinct messages in an order that does not repeat soon, so that the branch predictor cannot
 * learn one message by heart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "proto/sip/field.h"

#define MESSAGES 64
#define ROUNDS   2001
#define ROUND    64 /* messages of one sample */

struct corpus {
	char text[MESSAGES][1400];
	size_t len[MESSAGES];
	size_t bytes;
};

static uint32_t
draw(uint32_t *state, uint32_t bound)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*state >> 8) * bound >> 24);
}

static void
token(uint32_t *state, char *out, size_t min, size_t more)
{
	size_t len = min + draw(state, (uint32_t)more);

	for (size_t i = 0; i < len; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz234567"[draw(state, 32)];
	out[len] = '\0';
}

/* What an INVITE often has besides. */
static void
put_optional(char *out, size_t size, uint32_t *state)
{
	static const char *const lines[] = {
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n",
		"Supported: timer, 100rel\r\n",
		"User-Agent: example-phone/2.7.1\r\n",
		"P-Asserted-Identity: <sip:+15550100@198.18.0.1>\r\n",
		"Session-Expires: 1800;refresher=uac\r\n",
		"Accept: application/sdp\r\n",
		"Subject: call\r\n",
	};
	unsigned from = draw(state, 7);
	size_t at = strlen(out);

	for (unsigned i = 0; i < 4; i++)
		at += (size_t)snprintf(out + at, size - at, "%s", lines[(from + i) % 7]);
}

static void
put_message(char *out, size_t size, uint32_t *state, bool request)
{
	char branch[40], tag[40], to_tag[40] = "", call_id[64], body[512] = "";
	unsigned user = draw(state, 100000), cseq = 1 + draw(state, 2000),
		 port = 1024 + draw(state, 60000);
	/* Most messages that a generator receives come from one implementation; lengths differ in
	 * all of them. */
	bool compact = draw(state, 8) == 0, swap = draw(state, 8) == 0;
	size_t at;

	token(state, branch, 20, 12);
	token(state, tag, 8, 20);
	token(state, call_id, 16, 16);
	if (!request)
		token(state, to_tag, 8, 20);
	if (request)
		snprintf(body, sizeof(body),
			"v=0\r\no=- %u %u IN IP4 198.18.4.%u\r\ns=-\r\nc=IN IP4 198.18.4.%u\r\nt=0 0\r\n"
			"m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
			"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
			user, cseq, user % 250, user % 250, port & ~1u);
	if (request)
		at = (size_t)snprintf(
			out, size, "INVITE sip:+1555%07u@198.18.0.1:5060 SIP/2.0\r\n", user);
	else
		at = (size_t)snprintf(out, size, "SIP/2.0 180 Ringing\r\n");
	at += (size_t)snprintf(out + at, size - at,
		"%s: SIP/2.0/UDP 198.18.4.%u:%u;%sbranch=z9hG4bK%s\r\n", compact ? "v" : "Via",
		user % 250, port, swap ? "rport;" : "", branch);
	if (request)
		at += (size_t)snprintf(out + at, size - at, "Max-Forwards: 70\r\n");
	at += (size_t)snprintf(out + at, size - at, "%s: %s<sip:u%u@example.test>;tag=%s\r\n",
		compact ? "f" : "From", swap ? "\"Test, User\" " : "", user, tag);
	at += (size_t)snprintf(out + at, size - at, "%s: <sip:+1555%07u@198.18.0.1:5060>%s%s\r\n",
		compact ? "t" : "To", user, request ? "" : ";tag=", to_tag);
	at += (size_t)snprintf(out + at, size - at, "%s: %s@198.18.4.%u\r\nCSeq: %u INVITE\r\n",
		compact ? "i" : "Call-ID", call_id, user % 250, cseq);
	if (swap && request)
		put_optional(out, size, state);
	at = strlen(out);
	at += (size_t)snprintf(out + at, size - at,
		"%s: <sip:u%u@198.18.4.%u:%u;transport=udp>\r\n", compact ? "m" : "Contact", user,
		user % 250, port);
	if (!swap && request)
		put_optional(out, size, state);
	at = strlen(out);
	if (request)
		at += (size_t)snprintf(out + at, size - at, "Content-Type: application/sdp\r\n");
	snprintf(out + at, size - at, "%s: %zu\r\n\r\n%s", compact ? "l" : "Content-Length",
		strlen(body), body);
}

static void
fill(struct corpus *c, bool request)
{
	uint32_t state = request ? 7 : 11;

	c->bytes = 0;
	for (int i = 0; i < MESSAGES; i++) {
		put_message(c->text[i], sizeof(c->text[i]), &state, request);
		c->len[i] = strlen(c->text[i]);
		c->bytes += c->len[i];
	}
}

/** @return something that depends on every decoded field, so that none is optimised away; 0 on any
 * error */
static __attribute__((noinline)) uintptr_t
dialog_needs(const char *text, size_t len, struct rs_sip_msg *m)
{
	struct rs_slice branch, from, to, call_id;
	struct rs_sip_addr contact;
	struct rs_sip_cseq cseq;
	uint32_t length;
	size_t used;

	if (rs_sip_parse((const uint8_t *)text, len, false, m, &used) != 0)
		return 0;
	branch = rs_sip_branch(rs_sip_get(m, RS_HDR_VIA));
	from = rs_sip_tag(rs_sip_get(m, RS_HDR_FROM));
	to = rs_sip_tag(rs_sip_get(m, RS_HDR_TO));
	call_id = rs_sip_get(m, RS_HDR_CALL_ID);
	if (rs_sip_cseq(rs_sip_get(m, RS_HDR_CSEQ), &cseq) != 0 ||
		rs_sip_addr(rs_sip_get(m, RS_HDR_CONTACT), &contact) != 0 ||
		rs_sip_number(rs_sip_get(m, RS_HDR_CONTENT_LENGTH), &length) != 0 ||
		branch.p == NULL || from.p == NULL)
		return 0;
	return (uintptr_t)branch.p + from.len + to.len + call_id.len + cseq.number +
		contact.uri.len + length + used;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/** Median cycles a message. */
static double
measure(const struct corpus *c, bool scalar)
{
	static uint64_t samples[ROUNDS];
	static struct rs_sip_msg msg;
	volatile uintptr_t sink = 0;
	uint32_t state = 1;
	uint8_t order[ROUND];
	unsigned aux;

	rs_sip_scan_force_scalar(scalar);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start;

		for (int i = 0; i < ROUND; i++)
			order[i] = (uint8_t)draw(&state, MESSAGES);
		_mm_lfence();
		start = __rdtsc();
		for (int i = 0; i < ROUND; i++) {
			uintptr_t got = dialog_needs(c->text[order[i]], c->len[order[i]], &msg);

			if (got == 0) {
				fprintf(stderr, "bench_parse: message %d does not parse\n",
					order[i]);
				exit(1);
			}
			sink += got;
		}
		samples[round] = __rdtscp(&aux) - start;
	}
	rs_sip_scan_force_scalar(false);
	qsort(samples, ROUNDS, sizeof(samples[0]), compare);
	return (double)samples[ROUNDS / 2] / ROUND;
}

static void
print_json(FILE *f, const char *const *names, const double *values, const struct corpus *invite,
	const struct corpus *ringing)
{
	fprintf(f, "{\"bench\": \"parse\", \"figures\": {");
	for (int i = 0; i < 4; i++)
		fprintf(f, "%s\"%s\": {\"value\": %.1f, \"unit\": \"cycles\"}", i > 0 ? ", " : "",
			names[i], values[i]);
	fprintf(f, ", \"invite_bytes\": {\"value\": %zu, \"unit\": \"bytes\"}",
		invite->bytes / MESSAGES);
	fprintf(f, ", \"ringing_bytes\": {\"value\": %zu, \"unit\": \"bytes\"}}",
		ringing->bytes / MESSAGES);
	fprintf(f, ", \"ratios\": {\"invite_scalar\": %.2f, \"ringing_scalar\": %.2f}",
		values[2] / values[0], values[3] / values[1]);
	fprintf(f,
		", \"environment\": {\"kernel\": \"%s\", \"messages\": %d, \"rounds\": %d, \"cycles\": \"TSC\"}}\n",
		rs_sip_scan_name(), MESSAGES, ROUNDS);
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "invite_cycles", "ringing_cycles",
		"invite_cycles_scalar", "ringing_cycles_scalar" };
	static struct corpus invite, ringing;
	double values[4];
	FILE *f;

	if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json") != 0)) {
		fprintf(stderr, "usage: bench_parse [--json FILE]\n");
		return 2;
	}
	fill(&invite, true);
	fill(&ringing, false);
	for (int scalar = 0; scalar < 2; scalar++) {
		values[scalar * 2] = measure(&invite, scalar != 0);
		values[scalar * 2 + 1] = measure(&ringing, scalar != 0);
	}
	printf("%-24s %10s %8s\n", "message", rs_sip_scan_name(), "scalar");
	printf("INVITE with SDP, %4zu B  %10.0f %8.0f cycles\n", invite.bytes / MESSAGES, values[0],
		values[2]);
	printf("180 Ringing, %4zu B      %10.0f %8.0f cycles\n", ringing.bytes / MESSAGES,
		values[1], values[3]);
	if (argc == 1)
		return 0;
	f = fopen(argv[2], "w");
	if (f == NULL) {
		fprintf(stderr, "bench_parse: %s: %s\n", argv[2], strerror(errno));
		return 2;
	}
	print_json(f, names, values, &invite, &ringing);
	return fclose(f) == 0 ? 0 : 2;
}
