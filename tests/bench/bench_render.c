/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles to render a message: an INVITE with SDP, as a caller sends it, and a 180 that takes six headers over from a received
 * INVITE. Each sample renders for many different calls in an order that does not repeat soon, as bench_parse does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "proto/sip/template.h"

#define CALLS 64
#define ROUNDS 2001
#define ROUND 64 /* messages of one sample */
#define CAP 2048

/** One call: what its messages are made from. */
struct call {
	struct rs_render r;
	struct rs_sip_msg last;
	char invite[CAP];
	char call_id[48], user[16], service[16], tag[32], branch[48], local_ip[24];
};

/** A template and the memory it points into. */
struct program {
	struct rs_template t;
	struct rs_op ops[64];
	char text[4096];
	size_t used;
};

static const struct {
	const char *name;
	enum rs_slot slot;
} keywords[] = {
	{ "service", RS_SLOT_SERVICE }, { "remote_ip", RS_SLOT_REMOTE_IP }, { "remote_port", RS_SLOT_REMOTE_PORT },
	{ "transport", RS_SLOT_TRANSPORT }, { "local_ip", RS_SLOT_LOCAL_IP }, { "local_port", RS_SLOT_LOCAL_PORT },
	{ "local_ip_type", RS_SLOT_LOCAL_IP_TYPE }, { "media_ip", RS_SLOT_MEDIA_IP },
	{ "media_ip_type", RS_SLOT_MEDIA_IP_TYPE }, { "media_port", RS_SLOT_MEDIA_PORT }, { "branch", RS_SLOT_BRANCH },
	{ "call_id", RS_SLOT_CALL_ID }, { "call_number", RS_SLOT_CALL_NUMBER }, { "cseq", RS_SLOT_CSEQ },
	{ "user", RS_SLOT_USER }, { "tag", RS_SLOT_TAG }, { "len", RS_SLOT_LEN }, { "body", RS_SLOT_BODY },
};

static const char invite_text[] =
	"INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\r\n"
	"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"[user]\" <sip:[user]@[local_ip]:[local_port]>;tag=[tag]\r\n"
	"To: <sip:[service]@[remote_ip]:[remote_port]>\r\n"
	"Call-ID: [call_id]\r\n"
	"CSeq: [cseq] INVITE\r\n"
	"Contact: <sip:[user]@[local_ip]:[local_port]>\r\n"
	"Subject: call [call_number]\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: [len]\r\n"
	"\r\n"
	"[body]"
	"v=0\r\n"
	"o=- 53655765 2353687637 IN IP[local_ip_type] [local_ip]\r\n"
	"s=-\r\n"
	"c=IN IP[media_ip_type] [media_ip]\r\n"
	"t=0 0\r\n"
	"m=audio [media_port] RTP/AVP 0 8 101\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\n"
	"a=fmtp:101 0-15\r\n"
	"a=ptime:20\r\n"
	"a=sendrecv\r\n";

static const char ringing_text[] =
	"SIP/2.0 180 Ringing\r\n"
	"[last_Via]\r\n"
	"[last_From]\r\n"
	"[last_To];tag=[tag]\r\n"
	"[last_Call-ID]\r\n"
	"[last_CSeq]\r\n"
	"[last_Record-Route]\r\n"
	"Contact: <sip:[local_ip]:[local_port];transport=[transport]>\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

static uint32_t
draw(uint32_t *state, uint32_t bound)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*state >> 8) * bound >> 24);
}

static void
token(uint32_t *state, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz234567"[draw(state, 32)];
	out[len] = '\0';
}

static struct rs_op *
add(struct program *p, enum rs_slot slot, const char *text, size_t len)
{
	struct rs_op *op = &p->ops[p->t.n_ops++];

	op->slot = slot;
	op->off = (uint32_t)p->used;
	op->len = (uint32_t)len;
	memcpy(p->text + p->used, text, len);
	p->used += len;
	return op;
}

static void
add_keyword(struct program *p, const char *name, size_t len)
{
	struct rs_op *op;

	if (len > 5 && memcmp(name, "last_", 5) == 0) {
		op = add(p, RS_SLOT_LAST_HEADER, name + 5, len - 5);
		op->header_id = rs_sip_header_id(rs_slice_of(name + 5, len - 5));
		op->with_name = 1;
		return;
	}
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (rs_slice_is(rs_slice_of(name, len), keywords[i].name)) {
			add(p, keywords[i].slot, "", 0);
			return;
		}
	}
	fprintf(stderr, "bench_render: unknown keyword %.*s\n", (int)len, name);
	exit(1);
}

static void
compile(struct program *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	p->t.ops = p->ops;
	p->t.text = (const uint8_t *)p->text;
	while (*text) {
		size_t len = strcspn(text, "[");

		if (len > 0)
			add(p, RS_SLOT_LITERAL, text, len);
		text += len;
		if (*text == '[') {
			len = strcspn(text, "]");
			add_keyword(p, text + 1, len - 1);
			text += len + 1;
		}
	}
}

static void
fill(struct call *calls, const struct program *invite)
{
	uint32_t state = 3;

	for (int i = 0; i < CALLS; i++) {
		struct call *c = &calls[i];
		size_t used;
		int n;

		token(&state, c->call_id, 26 + draw(&state, 12));
		token(&state, c->tag, 26);
		snprintf(c->branch, sizeof(c->branch), "z9hG4bK%.26s", c->call_id);
		snprintf(c->user, sizeof(c->user), "u%05u", draw(&state, 100000));
		snprintf(c->service, sizeof(c->service), "1555%07u", draw(&state, 10000000));
		snprintf(c->local_ip, sizeof(c->local_ip), "198.18.%u.%u", draw(&state, 256), draw(&state, 256));
		c->r = (struct rs_render){
			.remote_ip = rs_slice_str("198.18.0.1"), .local_ip = rs_slice_str(c->local_ip),
			.media_ip = rs_slice_str(c->local_ip), .transport = rs_slice_str("UDP"),
			.call_id = rs_slice_str(c->call_id), .service = rs_slice_str(c->service),
			.user = rs_slice_str(c->user), .tag = rs_slice_str(c->tag), .branch = rs_slice_str(c->branch),
			.remote_port = 5060, .local_port = 5060, .media_port = (uint16_t)(6000 + draw(&state, 50000)),
			.local_family = 4, .media_family = 4, .call_number = draw(&state, 1000000) + 1, .cseq = 1,
			.last = &c->last,
		};
		n = rs_template_render(&invite->t, &c->r, (uint8_t *)c->invite, CAP);
		if (n < 0 || rs_sip_parse((const uint8_t *)c->invite, (size_t)n, false, &c->last, &used) != 0) {
			fprintf(stderr, "bench_render: the INVITE of call %d is not SIP\n", i);
			exit(1);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/** Median cycles a message; @bytes: the mean length. */
static double
measure(const struct call *calls, const struct program *p, bool scalar, size_t *bytes)
{
	static uint64_t samples[ROUNDS];
	static uint8_t out[CAP];
	uint32_t state = 1;
	uint8_t order[ROUND];
	uint64_t total = 0;
	unsigned aux;

	rs_sip_scan_force_scalar(scalar);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start;

		for (int i = 0; i < ROUND; i++)
			order[i] = (uint8_t)draw(&state, CALLS);
		_mm_lfence();
		start = __rdtsc();
		for (int i = 0; i < ROUND; i++) {
			int n = rs_template_render(&p->t, &calls[order[i]].r, out, CAP);

			if (n < 0) {
				fprintf(stderr, "bench_render: call %d does not fit\n", order[i]);
				exit(1);
			}
			total += (uint64_t)n;
		}
		samples[round] = __rdtscp(&aux) - start;
	}
	rs_sip_scan_force_scalar(false);
	qsort(samples, ROUNDS, sizeof(samples[0]), compare);
	*bytes = total / ((uint64_t)ROUNDS * ROUND);
	return (double)samples[ROUNDS / 2] / ROUND;
}

static void
print_json(FILE *f, const char *const *names, const double *values, const size_t *bytes)
{
	fprintf(f, "{\"bench\": \"render\", \"figures\": {");
	for (int i = 0; i < 4; i++)
		fprintf(f, "\"%s\": {\"value\": %.1f, \"unit\": \"cycles\"}, ", names[i], values[i]);
	fprintf(f, "\"invite_bytes\": {\"value\": %zu, \"unit\": \"bytes\"}, ", bytes[0]);
	fprintf(f, "\"ringing_bytes\": {\"value\": %zu, \"unit\": \"bytes\"}}", bytes[1]);
	fprintf(f, ", \"ratios\": {}, \"environment\": {\"kernel\": \"%s\", \"calls\": %d, \"rounds\": %d, "
		"\"cycles\": \"TSC\"}}\n", rs_sip_scan_name(), CALLS, ROUNDS);
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "invite_cycles", "ringing_cycles", "invite_cycles_scalar",
					     "ringing_cycles_scalar" };
	static struct program invite, ringing;
	static struct call calls[CALLS];
	double values[4];
	size_t bytes[2];
	FILE *f;

	if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json") != 0)) {
		fprintf(stderr, "usage: bench_render [--json FILE]\n");
		return 2;
	}
	compile(&invite, invite_text);
	compile(&ringing, ringing_text);
	fill(calls, &invite);
	/* Rendering scans nothing, so the scalar figures differ by noise; the keys are those of the parse bench. */
	for (int scalar = 0; scalar < 2; scalar++) {
		values[scalar * 2] = measure(calls, &invite, scalar != 0, &bytes[0]);
		values[scalar * 2 + 1] = measure(calls, &ringing, scalar != 0, &bytes[1]);
	}
	printf("%-24s %10s %8s\n", "message", rs_sip_scan_name(), "scalar");
	printf("INVITE with SDP, %4zu B  %10.0f %8.0f cycles\n", bytes[0], values[0], values[2]);
	printf("180 Ringing, %4zu B      %10.0f %8.0f cycles\n", bytes[1], values[1], values[3]);
	if (argc == 1)
		return 0;
	f = fopen(argv[2], "w");
	if (f == NULL) {
		fprintf(stderr, "bench_render: %s: %s\n", argv[2], strerror(errno));
		return 2;
	}
	print_json(f, names, values, bytes);
	return fclose(f) == 0 ? 0 : 2;
}
