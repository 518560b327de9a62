/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The text is made aside first: callers wrap an error by passing its own text as an argument. */
static int
set(struct rs_err *err, int code, const char *prefix, const char *fmt, va_list args)
{
	char text[sizeof(err->text)];
	int n;

	if (err == NULL)
		return code;
	n = snprintf(text, sizeof(text), "%s", prefix);
	if (n >= 0 && (size_t)n < sizeof(text))
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
	err->code = code;
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

int
rs_err_set(struct rs_err *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(err, code, "", fmt, args);
	va_end(args);
	return code;
}

int
rs_err_at(struct rs_err *err, int code, const char *file, int line, const char *fmt, ...)
{
	char prefix[512];
	va_list args;

	if (line > 0)
		snprintf(prefix, sizeof(prefix), "%s:%d: ", file, line);
	else
		snprintf(prefix, sizeof(prefix), "%s: ", file);
	va_start(args, fmt);
	set(err, code, prefix, fmt, args);
	va_end(args);
	return code;
}
