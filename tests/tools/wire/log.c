/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <inttypes.h>

#define LOGGED_BYTES 64 /* of a header's value: enough to tell calls apart */

static void
write_text(FILE *out, struct rs_slice text)
{
	fputc('"', out);
	for (size_t i = 0; i < text.len && i < LOGGED_BYTES; i++) {
		if (text.p[i] < 0x20 || text.p[i] >= 0x7f)
			fprintf(out, "\\u%04x", text.p[i]);
		else if (text.p[i] == '"' || text.p[i] == '\\')
			fprintf(out, "\\%c", text.p[i]);
		else
			fputc(text.p[i], out);
	}
	fputc('"', out);
}

static void
write_member(FILE *out, const char *name, struct rs_slice text)
{
	if (text.p == NULL)
		return;
	fprintf(out, ", \"%s\": ", name);
	write_text(out, text);
}

/* "drop:loss", "reorder+duplicate", "pass" */
static void
write_action(FILE *out, const struct rs_wire_fate *fate, enum rs_wire_loss lost)
{
	const char *plus = "";

	fputs(", \"action\": \"", out);
	if (fate == NULL) {
		fputs("pass", out);
	} else if (lost != RS_WIRE_KEPT) {
		fprintf(out, "drop:%s", rs_wire_loss_name(lost));
	} else {
		const struct {
			bool done;
			const char *name;
		} done[] = { { fate->reorder, "reorder" }, { fate->duplicate, "duplicate" },
			{ fate->corrupt, "corrupt" }, { fate->delay_ns > 0, "delay" } };

		for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
			if (done[i].done) {
				fprintf(out, "%s%s", plus, done[i].name);
				plus = "+";
			}
		}
		if (*plus == '\0')
			fputs("pass", out);
	}
	fputc('"', out);
	if (fate != NULL && lost == RS_WIRE_KEPT && fate->delay_ns > 0)
		fprintf(out, ", \"delay_ms\": %.3f", (double)fate->delay_ns / 1e6);
}

void
rs_wire_log_packet(FILE *out, uint64_t t_ns, const char *direction,
	const struct rs_wire_frame *frame, const struct rs_wire_fate *fate, enum rs_wire_loss lost)
{
	fprintf(out, "{\"t\": %.6f, \"dir\": \"%s\"", (double)t_ns / 1e9, direction);
	if (fate != NULL)
		fprintf(out, ", \"n\": %" PRIu64, fate->number);
	write_action(out, fate, lost);
	if (frame->udp)
		fprintf(out, ", \"src\": %u, \"dst\": %u", frame->source_port,
			frame->destination_port);
	if (frame->start[0] != '\0') {
		write_member(out, "sip", rs_slice_str(frame->start));
		write_member(out, "cseq", frame->cseq);
		write_member(out, "call_id", frame->call_id);
		write_member(out, "branch", frame->branch);
	}
	fputs("}\n", out);
}

static void
write_counts(FILE *out, const struct rs_wire_counts *c)
{
	fprintf(out,
		"{\"received\": %" PRIu64 ", \"repeated\": %" PRIu64 ", \"dropped\": %" PRIu64
		", \"duplicated\": %" PRIu64 ", \"delivered_again\": %" PRIu64 "}",
		c->received, c->repeated, c->dropped, c->duplicated, c->delivered_again);
}

static void
write_sender(FILE *out, const struct rs_addr *address, uint16_t port)
{
	uint8_t text[40];
	size_t len = address->family != 0 ? rs_addr_write(address, text) : 0;

	if (len == 0)
		fputs("\"others\"", out);
	else
		fprintf(out, address->family == 6 ? "\"[%.*s]:%u\"" : "\"%.*s:%u\"", (int)len,
			(const char *)text, port);
}

static void
write_direction(FILE *out, const struct rs_wire_about *a, const struct rs_wire_tally *t)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = { { "received", t->frames }, { "bytes", t->bytes },
		{ "untouched", t->untouched }, { "numbered", a->numbered },
		{ "forwarded", t->forwarded }, { "duplicated", t->duplicated },
		{ "reordered", t->reordered }, { "delayed", t->delayed },
		{ "corrupted", t->corrupted }, { "left", a->left },
		{ "send_failed", t->send_failed }, { "overrun", a->overrun },
		{ "checksums_finished", t->checksums_finished }, { "untracked", t->untracked } };

	fprintf(out, "    \"%s\": {\n      \"from\": \"%s\", \"to\": \"%s\", \"spec\": ", a->name,
		a->from, a->to);
	write_text(out, rs_slice_str(a->spec));
	fputs(",\n      ", out);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		fprintf(out, "\"%s\": %" PRIu64 ", ", numbers[i].name, numbers[i].value);
	fputs("\n      \"dropped\": {", out);
	for (int i = RS_WIRE_KEPT + 1; i < RS_WIRE_LOSSES; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i > RS_WIRE_KEPT + 1 ? ", " : "",
			rs_wire_loss_name(i), t->dropped[i]);
	fputs("},\n      \"udp\": ", out);
	write_counts(out, &t->udp);
	fputs(",\n      \"senders\": {", out);
	for (uint32_t i = 0; i < t->n_senders; i++) {
		fputs(i > 0 ? ",\n        " : "\n        ", out);
		write_sender(out, &t->senders[i].address, t->senders[i].port);
		fputs(": ", out);
		write_counts(out, &t->senders[i].counts);
	}
	fputs("},\n      \"sip\": {", out);
	for (uint32_t i = 0; i < t->n_starts; i++) {
		fputs(i > 0 ? ",\n        " : "\n        ", out);
		write_text(out, rs_slice_str(t->starts[i].start));
		fputs(": ", out);
		write_counts(out, &t->starts[i].counts);
	}
	fputs("}\n    }", out);
}

void
rs_wire_log_summary(FILE *out, uint64_t seed, uint64_t duration_ns,
	const struct rs_wire_about about[2], const struct rs_wire_tally tally[2])
{
	fprintf(out,
		"{\n  \"schema\": \"ringstorm.wire/1\", \"seed\": %" PRIu64
		", \"duration_s\": %.3f,\n  \"directions\": {\n",
		seed, (double)duration_ns / 1e9);
	write_direction(out, &about[0], &tally[0]);
	fputs(",\n", out);
	write_direction(out, &about[1], &tally[1]);
	fputs("\n  }\n}\n", out);
}
