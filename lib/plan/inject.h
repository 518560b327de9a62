/* SPDX-License-Identifier: BSD-3-Clause */
/** Injection files (SIPp's -inf): lines of fields separated by ';', read once, split once, immutable. */
#ifndef RS_PLAN_INJECT_H
#define RS_PLAN_INJECT_H

#include "base/err.h"
#include "base/slice.h"

enum rs_inject_mode { RS_INJECT_SEQUENTIAL, RS_INJECT_RANDOM, RS_INJECT_USER };

struct rs_inject {
	const char *file;
	enum rs_inject_mode mode;
	uint64_t n_lines;   /* with PRINTF: the number of virtual lines */
	uint32_t n_fields;  /* of the widest line */
	bool is_printf;
	int64_t printf_offset;
	int64_t printf_multiple;
	uint32_t n_real;    /* lines in the file */
	uint32_t n_ignored; /* lines of data behind the first empty one: not used, as SIPp does; worth a warning */
	uint64_t stream;    /* of RANDOM, from the content: two files draw independently, a copy draws the same */
	const uint32_t *line_first; /* n_real + 1: index of each line's first field in fields */
	const struct rs_slice *fields;
	void *memory;
};

/**
 * Read the whole of @file.
 * @return 0; -ENOENT, -EACCES and what else open and read say; -EINVAL (empty, no or unknown mode line, bad PRINTF), with
 *         the line in @err; -ENOMEM
 */
int rs_inject_load(const char *file, struct rs_inject **out, struct rs_err *err);

/** The same from memory, which is copied; @name stands for the file in messages. */
int rs_inject_parse(const char *name, struct rs_slice text, struct rs_inject **out, struct rs_err *err);
void rs_inject_free(struct rs_inject *in);

/** The line that use number @k takes: k modulo n_lines (SEQUENTIAL; USER, where k is the user), drawn from (seed, k) (RANDOM). */
uint64_t rs_inject_line(const struct rs_inject *in, uint64_t seed, uint64_t k);

/**
 * Field @field of line @line, both from 0. In PRINTF files line l of the n_lines is line l modulo n_real of the file, and each
 * %d, %5d or %05d in it is printf_offset + l * printf_multiple; %% is a percent sign.
 * @return bytes written to @out; 0 when there is no such line or field; -ENOSPC
 */
int rs_inject_field(const struct rs_inject *in, uint64_t line, uint32_t field, uint8_t *out, size_t cap);

#endif
