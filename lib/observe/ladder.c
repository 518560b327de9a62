/* SPDX-License-Identifier: BSD-3-Clause */
/* A failed call for people: a line of what is known of it, and its messages as arrows between caller and callee. */
#include <string.h>

#include "observe/columns.h"
#include "observe/observe.h"

#define ARROW    48 /* characters between both addresses */
#define LADDERS  5  /* of the report's text */

static void
print_flags(FILE *out, const json_t *row)
{
	const json_t *flag;
	size_t i;

	json_array_foreach(json_object_get(row, "flags"), i, flag)
	{
		fputs(i ? ", " : "  (", out);
		print_text(out, json_is_string(flag) ? json_string_value(flag) : "-");
	}
	if (json_array_size(json_object_get(row, "flags")))
		fputc(')', out);
}

/* "--- INVITE sip:a@b --->", or "<-- 200 OK ---" where it goes the other way. */
static void
print_arrow(FILE *out, const char *line, bool to_callee)
{
	char text[ARROW + 1];
	size_t n;

	if (strncmp(line, "SIP/2.0 ", 8) == 0)
		line += 8;
	n = strlen(line);
	if (n > 8 && strcmp(line + n - 8, " SIP/2.0") == 0)
		n -= 8;
	if (n > ARROW - 9)
		n = ARROW - 9;
	memset(text, '-', ARROW);
	text[ARROW] = 0;
	if (to_callee)
		text[ARROW - 1] = '>';
	else
		text[0] = '<';
	text[3] = ' ';
	memcpy(text + 4, line, n);
	text[4 + n] = ' ';
	print_text(out, text);
}

static void
print_message(FILE *out, const json_t *row)
{
	const char *p = json_string_value(json_object_get(row, "message"));
	char line[512];

	while (p && *p) {
		size_t n = strcspn(p, "\r\n");

		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1), p);
		fputs("                 | ", out);
		print_text(out, line);
		fputc('\n', out);
		p += n;
		p += *p == '\r';
		p += *p == '\n';
	}
}

static void
print_row(FILE *out, const json_t *call, const json_t *row, bool first)
{
	const char *direction = text_of(row, "direction"), *left = text_of(call, "caller"),
		   *right = text_of(call, "callee");
	bool placed = strcmp(text_of(call, "side"), "placed") == 0, sent = strcmp(direction, "sent") == 0;

	fprintf(out, "  %11.3f ms  ", json_number_value(json_object_get(row, "t_ms")));
	if (strcmp(direction, "left out") == 0) {
		fprintf(out, "... %lld messages are left out here\n",
			(long long)json_integer_value(json_object_get(row, "messages")));
		return;
	}
	if (strcmp(direction, "failed") == 0) {
		fputs("failed: ", out);
		print_text(out, text_of(row, "cause"));
		fputs(" at ", out);
		print_text(out, text_of(row, "step"));
		fputc('\n', out);
		return;
	}
	fprintf(out, "%*s  ", (int)strlen(left), first ? left : "");
	print_arrow(out, text_of(row, "start_line"), sent == placed);
	fprintf(out, "  %*s  CSeq ", -(int)strlen(right), first ? right : "");
	print_text(out, text_of(row, "cseq"));
	print_flags(out, row);
	fputc('\n', out);
}

void
rs_failed_call_print(FILE *out, const json_t *call, bool messages)
{
	const json_t *ladder = json_object_get(call, "ladder"), *row;
	size_t i;

	fputs("Failed: ", out);
	print_text(out, text_of(call, "cause"));
	fputs(" at ", out);
	print_text(out, text_of(call, "step"));
	fprintf(out, ", call %lld of ", (long long)json_integer_value(json_object_get(call, "number")));
	print_text(out, text_of(call, "activity"));
	fputs(", started ", out);
	print_text(out, text_of(call, "started"));
	fprintf(out, ", after %.3f ms\n  ", json_number_value(json_object_get(call, "after_ms")));
	print_text(out, text_of(call, "caller"));
	fputs(" -> ", out);
	print_text(out, text_of(call, "callee"));
	fputs("  Call-ID ", out);
	print_text(out, text_of(call, "call_id"));
	fputc('\n', out);
	json_array_foreach(ladder, i, row)
	{
		print_row(out, call, row, i == 0);
		if (messages)
			print_message(out, row);
	}
}

static bool
same(const json_t *a, const json_t *b, const char *key)
{
	return strcmp(text_of(a, key), text_of(b, key)) == 0;
}

/* One of each cause; the JSON has more. */
void
ladders_print(FILE *out, const json_t *calls)
{
	const json_t *call, *before = NULL;
	unsigned n = 0;
	size_t i;

	json_array_foreach(calls, i, call)
	{
		bool shown = before && same(before, call, "cause") && same(before, call, "activity");

		before = call;
		if (shown || n == LADDERS || json_array_size(json_object_get(call, "ladder")) == 0)
			continue;
		fputc('\n', out);
		rs_failed_call_print(out, call, false);
		n++;
	}
}
