/* SPDX-License-Identifier: BSD-3-Clause */
/** Aligned columns without memory: the rows are gone through twice, first for their widths. */
#ifndef RS_OBSERVE_COLUMNS_H
#define RS_OBSERVE_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define COLUMNS 16

struct columns {
	FILE *out;
	bool measuring;
	int n, left; /* the first @left columns are texts, the others figures */
	int blanks;  /* before the next cell; none are left at the end of a line */
	int width[COLUMNS];
};

/** Print the rows that @rows makes of @json by cell functions and end_row. @param left  columns that are texts */
void columns_print(FILE *out, int left, void (*rows)(struct columns *c, const json_t *json),
	const json_t *json);
void cell(struct columns *c, const char *text);
/** A whole number, or "-" for what is none. */
void cell_count(struct columns *c, const json_t *v);
/** Three figures after the point, fewer for large ones; "-" for null. */
void cell_number(struct columns *c, const json_t *v);
void end_row(struct columns *c);
/** A heading over figures: "offered\0started\0" with an empty one at the end. */
void cell_headings(struct columns *c, const char *names);

/** Text of a file that may be anybody's: control characters become '?'. */
void print_text(FILE *out, const char *text);
/** The string @key of @object, or "-". */
const char *text_of(const json_t *object, const char *key);

/** ladder.c: failed calls of a report, one of each cause. */
void ladders_print(FILE *out, const json_t *calls);

#endif
