/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "loadctl.h"

#define MAX_COLUMNS 16
#define CELL_BYTES  256

void
print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

void
print_json_line(const json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
	fflush(stdout);
}

/* "a, b, c" */
static const char *
joined(const json_t *list, char *buf, size_t cap)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < json_array_size(list) && at < cap; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		int n = snprintf(buf + at, cap - at, "%s%s", i ? ", " : "", text ? text : "?");

		at += n > 0 ? (size_t)n : 0;
	}
	return buf;
}

static const char *
cell(const json_t *row, const char *key, char *buf, size_t cap)
{
	const json_t *v = json_object_get(row, key);

	if (json_is_array(v))
		return joined(v, buf, cap);
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, cap, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, cap, "%.6g", json_real_value(v));
	else
		snprintf(buf, cap, "%s", json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-");
	return buf;
}

static void
print_cell(const char *text, const struct column *c, int width, bool last)
{
	if (c->left)
		printf("%-*s%s", last ? 0 : width, text, last ? "\n" : "  ");
	else
		printf("%*s%s", width, text, last ? "\n" : "  ");
}

void
print_table(const json_t *list, const struct column *columns, size_t n, const char *when_empty)
{
	int width[MAX_COLUMNS];
	char buf[CELL_BYTES];
	json_t *row;
	size_t i;

	if (json_array_size(list) == 0) {
		puts(when_empty);
		return;
	}
	for (size_t c = 0; c < n && c < MAX_COLUMNS; c++) {
		width[c] = (int)strlen(columns[c].title);
		json_array_foreach(list, i, row)
		{
			int len = (int)strlen(cell(row, columns[c].key, buf, sizeof(buf)));

			width[c] = len > width[c] ? len : width[c];
		}
	}
	for (size_t c = 0; c < n && c < MAX_COLUMNS; c++)
		print_cell(columns[c].title, &columns[c], width[c], c + 1 == n);
	json_array_foreach(list, i, row) for (size_t c = 0; c < n && c < MAX_COLUMNS; c++)
		print_cell(cell(row, columns[c].key, buf, sizeof(buf)), &columns[c], width[c],
			c + 1 == n);
}
