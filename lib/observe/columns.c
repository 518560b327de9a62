/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include "observe/columns.h"

static int
text_width(const char *text)
{
	int n = 0;

	for (const char *p = text; *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80; /* UTF-8: bytes that begin a character */
	return n;
}

void
print_text(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++)
		fputc((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p, out);
}

const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

void
cell(struct columns *c, const char *text)
{
	int width = text_width(text), column = c->n < COLUMNS ? c->n : COLUMNS - 1;
	int pad = c->width[column] - width;

	c->n++;
	if (c->measuring) {
		if (pad < 0)
			c->width[column] = width;
		return;
	}
	if (column >= c->left && pad > 0)
		c->blanks += pad;
	fprintf(c->out, "%*s", c->blanks, "");
	print_text(c->out, text);
	c->blanks = 2 + (column < c->left && pad > 0 ? pad : 0);
}

void
end_row(struct columns *c)
{
	c->n = c->blanks = 0;
	if (!c->measuring)
		fputc('\n', c->out);
}

void
cell_count(struct columns *c, const json_t *v)
{
	char text[32] = "-";

	if (json_is_integer(v))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	cell(c, text);
}

void
cell_number(struct columns *c, const json_t *v)
{
	double d = json_number_value(v), size = fabs(d);
	char text[64] = "-";

	if (json_is_number(v) && size < 1e15)
		snprintf(text, sizeof(text), "%.*f",
			size < 10             ? 3
				: size < 100  ? 2
				: size < 1000 ? 1
					      : 0,
			d);
	cell(c, text);
}

void
cell_headings(struct columns *c, const char *names)
{
	for (; *names; names += strlen(names) + 1)
		cell(c, names);
	end_row(c);
}

void
columns_print(FILE *out, int left, void (*rows)(struct columns *c, const json_t *json),
	const json_t *json)
{
	struct columns c = { .out = out, .measuring = true, .left = left };

	rows(&c, json);
	c.measuring = false;
	c.n = 0;
	rows(&c, json);
}
