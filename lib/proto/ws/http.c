/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "proto/ws/http.h"

#define EMPTY 4 /* bytes of empty lines before a start line */

/* RFC 9110, 5.6.2: tchar. */
static bool
is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (rs_lower(c) >= 'a' && rs_lower(c) <= 'z') ||
		(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_tchar(s.p[i]))
			return false;
	return s.len != 0;
}

/* RFC 9110, 5.5: visible characters, blanks and whatever is not ASCII. */
static bool
is_text(struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* @return the minor version of "HTTP/1.x"; -1: it is another thing */
static int
version(struct rs_slice s)
{
	if (s.len != 8 || memcmp(s.p, "HTTP/1.", 7) != 0 || s.p[7] < '0' || s.p[7] > '9')
		return -1;
	return s.p[7] - '0';
}

/* The text up to the next space, which is taken, too. */
static struct rs_slice
word(struct rs_slice *line)
{
	const uint8_t *space = line->len != 0 ? memchr(line->p, ' ', line->len) : NULL;
	struct rs_slice got = *line;

	if (space == NULL) {
		*line = rs_slice_of(line->p + line->len, 0);
		return got;
	}
	got.len = (size_t)(space - line->p);
	*line = rs_slice_of(space + 1, line->len - got.len - 1);
	return got;
}

/* RFC 9112, 3 and 4. */
static int
start_line(struct rs_slice line, struct rs_http_head *head)
{
	struct rs_slice first = word(&line), second;
	int minor = version(first);

	if (minor >= 0) {
		second = word(&line);
		if (second.len != 3 || !is_text(line))
			return -EBADMSG;
		head->status = 0;
		for (int i = 0; i < 3; i++) {
			if (second.p[i] < '0' || second.p[i] > '9')
				return -EBADMSG;
			head->status = (uint16_t)(head->status * 10 + (second.p[i] - '0'));
		}
		head->method = head->target = rs_slice_of(NULL, 0);
		head->reason = line;
		head->minor = (uint8_t)minor;
		return head->status >= 100 ? 0 : -EBADMSG;
	}
	second = word(&line);
	minor = version(line);
	if (!is_token(first) || second.len == 0 || !is_text(second) || minor < 0)
		return -EBADMSG;
	head->status = 0;
	head->method = first;
	head->target = second;
	head->reason = rs_slice_of(NULL, 0);
	head->minor = (uint8_t)minor;
	return 0;
}

static int
field(struct rs_slice line, struct rs_http_head *head)
{
	const uint8_t *colon = memchr(line.p, ':', line.len);
	struct rs_http_field f;
	size_t at;

	if (colon == NULL)
		return -EBADMSG;
	at = (size_t)(colon - line.p);
	f.name = rs_slice_of(line.p, at);
	f.value = rs_slice_trim(rs_slice_of(colon + 1, line.len - at - 1));
	if (!is_token(f.name) || !is_text(f.value))
		return -EBADMSG;
	if (head->n_fields == RS_HTTP_MAX_FIELDS)
		return -E2BIG;
	head->fields[head->n_fields++] = f;
	return 0;
}

/* The line that begins at *@at, without its line end. *@at: behind that */
static struct rs_slice
next_line(const uint8_t *buf, size_t end, size_t *at)
{
	const uint8_t *lf = memchr(buf + *at, '\n', end - *at);
	struct rs_slice line = { buf + *at, (size_t)(lf - buf) - *at };

	*at = (size_t)(lf - buf) + 1;
	line.len -= line.len > 0 && line.p[line.len - 1] == '\r';
	return line;
}

/* Look for the empty line from *@seen on. @return bytes up to its end; 0: it is not there */
static size_t
find_end(const uint8_t *buf, size_t len, size_t skip, size_t *seen)
{
	size_t at = *seen > skip ? *seen : skip;

	while (at < len) {
		const uint8_t *lf = memchr(buf + at, '\n', len - at);
		size_t after;

		if (lf == NULL) {
			at = len;
			break;
		}
		after = (size_t)(lf - buf) + 1;
		if (after < len && buf[after] == '\n')
			return after + 1;
		if (after + 1 < len && buf[after] == '\r' && buf[after + 1] == '\n')
			return after + 2;
		if (after == len || (after + 1 == len && buf[after] == '\r')) {
			at = after - 1; /* that line feed again, when more is there */
			break;
		}
		at = after;
	}
	*seen = at;
	return 0;
}

int
rs_http_parse(const uint8_t *buf, size_t len, size_t *seen, struct rs_http_head *head, size_t *used)
{
	size_t most = len < RS_HTTP_MAX_HEAD ? len : RS_HTTP_MAX_HEAD, skip = 0, end, at;
	int err;

	while (skip < most && skip < EMPTY && (buf[skip] == '\r' || buf[skip] == '\n'))
		skip++;
	if (skip < most && !is_tchar(buf[skip]))
		return -EBADMSG;
	end = find_end(buf, most, skip, seen);
	if (end == 0)
		return len >= RS_HTTP_MAX_HEAD ? -E2BIG : -EAGAIN;
	at = skip;
	head->n_fields = 0;
	err = start_line(next_line(buf, end, &at), head);
	while (err == 0) {
		struct rs_slice line = next_line(buf, end, &at);

		if (at == end)
			break;
		err = line.len != 0 ? field(line, head) : -EBADMSG;
	}
	*used = end;
	return err;
}

struct rs_slice
rs_http_get(const struct rs_http_head *head, const char *name, unsigned *count)
{
	struct rs_slice first = { NULL, 0 };
	unsigned n = 0;

	for (uint32_t i = 0; i < head->n_fields; i++)
		if (rs_slice_case_eq(head->fields[i].name, rs_slice_str(name)) && n++ == 0)
			first = head->fields[i].value;
	if (count != NULL)
		*count = n;
	return first;
}

static bool
in_list(struct rs_slice list, struct rs_slice token, bool exact)
{
	while (list.len > 0) {
		const uint8_t *comma = memchr(list.p, ',', list.len);
		size_t len = comma != NULL ? (size_t)(comma - list.p) : list.len;
		struct rs_slice one = rs_slice_trim(rs_slice_of(list.p, len));

		if (exact ? rs_slice_eq(one, token) : rs_slice_case_eq(one, token))
			return true;
		list = comma != NULL ? rs_slice_of(comma + 1, list.len - len - 1)
				     : rs_slice_of(NULL, 0);
	}
	return false;
}

bool
rs_http_has(const struct rs_http_head *head, const char *name, const char *token, bool exact)
{
	for (uint32_t i = 0; i < head->n_fields; i++)
		if (rs_slice_case_eq(head->fields[i].name, rs_slice_str(name)) &&
			in_list(head->fields[i].value, rs_slice_str(token), exact))
			return true;
	return false;
}
