/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/plan_lex.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int
rs_lex_fail(struct rs_lex *x, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (x->origin.set)
		return rs_err_set(x->err, -EINVAL, "--set %.300s: %s", x->origin.set, text);
	return rs_err_at(x->err, -EINVAL, x->origin.file, line, "%.*s%s%s", (int)x->path_len,
		x->path, x->path_len > 0 ? ": " : "", text);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '*';
}

/** The character @n places on, NUL past the end. */
static char
peek(const struct rs_lex *x, size_t n)
{
	return (size_t)(x->end - x->p) > n ? x->p[n] : '\0';
}

/** Skip space and comments: # and // to the end of the line, and C's. */
static int
skip_space(struct rs_lex *x)
{
	while (x->p < x->end) {
		char c = *x->p;

		if (c == '\n') {
			x->next_line++;
			x->p++;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
			x->p++;
		} else if (c == '#' || (c == '/' && peek(x, 1) == '/')) {
			while (x->p < x->end && *x->p != '\n')
				x->p++;
		} else if (c == '/' && peek(x, 1) == '*') {
			int line = x->next_line;

			for (x->p += 2; !(peek(x, 0) == '*' && peek(x, 1) == '/'); x->p++) {
				if (x->p >= x->end)
					return rs_lex_fail(
						x, line, "this comment has no end: write */");
				x->next_line += *x->p == '\n';
			}
			x->p += 2;
		} else {
			break;
		}
	}
	return 0;
}

/** The character that the escape at x->p (behind the backslash) stands for, -1 for none. */
static int
escape(struct rs_lex *x)
{
	static const char from[] = "nrtf\\\"", to[] = "\n\r\t\f\\\"";
	char c = peek(x, 0);
	const char *at = c ? strchr(from, c) : NULL;

	if (at) {
		x->p++;
		return (unsigned char)to[at - from];
	}
	if (c == 'x' && is_hex(peek(x, 1)) && is_hex(peek(x, 2))) {
		char digits[3] = { x->p[1], x->p[2], '\0' };

		x->p += 3;
		return (int)strtol(digits, NULL, 16);
	}
	return -1;
}

/** Strings that follow each other are one string. */
static int
lex_string(struct rs_lex *x)
{
	size_t cap = 0, len = 0;
	char *out;

	for (const char *q = x->p + 1; q < x->end && *q != '"'; q++, cap++)
		if (*q == '\\')
			q++;
	if (cap > RS_TREE_STRING)
		return rs_lex_fail(x, x->line, "a string of more than %d bytes (or without an end)",
			RS_TREE_STRING);
	out = rs_plan_alloc(x->mem, cap + 1);
	if (!out)
		return -ENOMEM;
	x->p++;
	while (x->p < x->end && *x->p != '"') {
		int c = (unsigned char)*x->p++;

		if (c == '\\') {
			c = escape(x);
			if (c < 0)
				return rs_lex_fail(x, x->next_line,
					"unknown escape in a string: \\n \\r \\t \\f \\\\ \\\" and \\xNN are known");
		}
		if (c == '\n' && x->p[-1] == '\n')
			x->next_line++;
		if (c == 0)
			return rs_lex_fail(x, x->next_line, "a string cannot hold the byte 0");
		out[len++] = (char)c;
	}
	if (x->p >= x->end)
		return rs_lex_fail(x, x->line, "this string has no end: write \"");
	x->p++;
	x->kind = RS_TOK_STRING;
	x->text = out;
	return 0;
}

static int
lex_integer(struct rs_lex *x, const char *start, bool hex)
{
	bool is_long = peek(x, 0) == 'L';
	char *end;

	errno = 0;
	long long v = strtoll(x->text, &end, hex ? 16 : 10);
	if (errno == ERANGE)
		return rs_lex_fail(x, x->line, "%s does not fit 64 bits", x->text);
	if (is_long)
		x->p += peek(x, 1) == 'L' ? 2 : 1;
	else if ((v > INT32_MAX || v < INT32_MIN) && !x->origin.set)
		return rs_lex_fail(
			x, x->line, "%s does not fit 32 bits: write %sL", x->text, x->text);
	x->kind = RS_TOK_INT;
	x->i = v;
	x->f = (double)v;
	x->text = rs_plan_copy(x->mem, start, (size_t)(x->p - start));
	return x->text ? 0 : -ENOMEM;
}

static int
lex_number(struct rs_lex *x)
{
	const char *start = x->p;
	bool hex =
		peek(x, 0) == '0' && (peek(x, 1) == 'x' || peek(x, 1) == 'X') && is_hex(peek(x, 2));
	bool is_float = false;

	if (hex) {
		for (x->p += 2; is_hex(peek(x, 0)); x->p++)
			;
	} else {
		if (*x->p == '-' || *x->p == '+')
			x->p++;
		while (is_digit(peek(x, 0)))
			x->p++;
		if (peek(x, 0) == '.') {
			is_float = true;
			for (x->p++; is_digit(peek(x, 0)); x->p++)
				;
		}
		size_t exp = 1 + (peek(x, 1) == '-' || peek(x, 1) == '+');
		if ((peek(x, 0) == 'e' || peek(x, 0) == 'E') && is_digit(peek(x, exp))) {
			is_float = true;
			for (x->p += exp; is_digit(peek(x, 0)); x->p++)
				;
		}
	}
	x->text = rs_plan_copy(x->mem, start, (size_t)(x->p - start));
	if (!x->text)
		return -ENOMEM;
	if (is_float) {
		x->kind = RS_TOK_FLOAT;
		x->f = strtod(x->text, NULL);
		if (!isfinite(x->f))
			return rs_lex_fail(x, x->line, "%s is too large for a number", x->text);
	} else {
		int rc = lex_integer(x, start, hex);
		if (rc != 0)
			return rc;
	}
	if (is_name(peek(x, 0)) || peek(x, 0) == '.') {
		while (is_name(peek(x, 0)) || peek(x, 0) == '.')
			x->p++;
		return rs_lex_fail(x, x->line,
			"%.*s is not a number: texts, addresses and durations need quotes: \"%.*s\"",
			(int)(x->p - start > 60 ? 60 : x->p - start), start,
			(int)(x->p - start > 60 ? 60 : x->p - start), start);
	}
	return 0;
}

static int
lex_word(struct rs_lex *x)
{
	const char *start = x->p;

	while (is_name(peek(x, 0)))
		x->p++;
	x->text = rs_plan_copy(x->mem, start, (size_t)(x->p - start));
	if (!x->text)
		return -ENOMEM;
	bool yes = strcasecmp(x->text, "true") == 0;
	if (yes || strcasecmp(x->text, "false") == 0) {
		x->kind = RS_TOK_BOOL;
		x->b = yes;
	} else {
		x->kind = RS_TOK_NAME;
	}
	return 0;
}

int
rs_lex_next(struct rs_lex *x)
{
	int rc = skip_space(x);

	if (rc != 0)
		return rc;
	x->line = x->next_line;
	char c = peek(x, 0), d = peek(x, 1);
	if (x->p >= x->end) {
		x->kind = RS_TOK_END;
		return 0;
	}
	if (c == '"')
		return lex_string(x);
	if (is_digit(c) || (c == '.' && is_digit(d)) ||
		((c == '-' || c == '+') && (is_digit(d) || (d == '.' && is_digit(peek(x, 2))))))
		return lex_number(x);
	if (is_letter(c) || c == '*')
		return lex_word(x);
	if (c != '\0' && strchr("=:;,{}[]()", c)) {
		x->kind = RS_TOK_MARK;
		x->mark = c;
		x->p++;
		return 0;
	}
	if (c == '@')
		return rs_lex_fail(x, x->line,
			"@include is not in this version: put its settings into this file");
	if (c == '\'')
		return rs_lex_fail(x, x->line, "strings stand in double quotes");
	if (c > ' ' && c < 127)
		return rs_lex_fail(x, x->line, "unexpected character '%c'", c);
	return rs_lex_fail(
		x, x->line, "unexpected byte 0x%02x outside of a string", (unsigned char)c);
}
