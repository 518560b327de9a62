/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RS_BASE_ERR_H
#define RS_BASE_ERR_H

#include <errno.h>

/** What went wrong, for a person: where it stands, what is wrong, what to do about it. One line, no newline at its end. */
struct rs_err {
	int code;	 /* negative errno of the failure; 0: nothing set */
	char text[1024];
};

/** Set @err (NULL is allowed) to @code and the text. @return @code, so that callers can `return rs_err_set(...)`. */
int rs_err_set(struct rs_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** The same with "file:line: " in front; @line 0 leaves the line out. */
int rs_err_at(struct rs_err *err, int code, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
