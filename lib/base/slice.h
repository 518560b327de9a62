/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RS_BASE_SLICE_H
#define RS_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A run of bytes that belongs to somebody else; not terminated by NUL. An absent one has p == NULL. */
struct rs_slice {
	const uint8_t *p;
	size_t len; /* bytes */
};

/** The slice of a string literal or of any NUL-terminated string. */
static inline struct rs_slice
rs_slice_str(const char *s)
{
	return (struct rs_slice){ (const uint8_t *)s, strlen(s) };
}

static inline struct rs_slice
rs_slice_of(const void *p, size_t len)
{
	return (struct rs_slice){ (const uint8_t *)p, len };
}

static inline bool
rs_slice_eq(struct rs_slice a, struct rs_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline uint8_t
rs_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/** Equal when the case of ASCII letters is ignored. */
static inline bool
rs_slice_case_eq(struct rs_slice a, struct rs_slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (rs_lower(a.p[i]) != rs_lower(b.p[i]))
			return false;
	return true;
}

static inline bool
rs_slice_is(struct rs_slice a, const char *s)
{
	return rs_slice_eq(a, rs_slice_str(s));
}

static inline bool
rs_slice_begins(struct rs_slice a, const char *with)
{
	size_t n = strlen(with);

	return a.len >= n && (n == 0 || memcmp(a.p, with, n) == 0);
}

/** @a without spaces, tabs, CR and LF at both ends. */
static inline struct rs_slice
rs_slice_trim(struct rs_slice a)
{
	while (a.len > 0 && (a.p[0] == ' ' || a.p[0] == '\t' || a.p[0] == '\r' || a.p[0] == '\n')) {
		a.p++;
		a.len--;
	}
	while (a.len > 0 && (a.p[a.len - 1] == ' ' || a.p[a.len - 1] == '\t' ||
			     a.p[a.len - 1] == '\r' || a.p[a.len - 1] == '\n'))
		a.len--;
	return a;
}

/** The next part of "a,b,c", trimmed; it and the @separator (one byte) behind it are taken off @rest. Behind the last one: empty. */
static inline struct rs_slice
rs_slice_part(struct rs_slice *rest, char separator)
{
	const uint8_t *end = rest->len ? memchr(rest->p, separator, rest->len) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->len;
	struct rs_slice part = rs_slice_trim(rs_slice_of(rest->p, n));

	n += end != NULL;
	*rest = rs_slice_of(rest->p + n, rest->len - n);
	return part;
}

#endif
