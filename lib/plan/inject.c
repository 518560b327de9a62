/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/inject.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/text.h"

/** Columns that a "%Nd" may ask for: more is a slip of the pen. */
#define MAX_WIDTH 255

static const char *const mode_names[] = {
	[RS_INJECT_SEQUENTIAL] = "SEQUENTIAL",
	[RS_INJECT_RANDOM] = "RANDOM",
	[RS_INJECT_USER] = "USER",
};

enum option { OPTION_PRINTF, OPTION_OFFSET, OPTION_MULTIPLE, OPTIONS };
static const char *const option_names[OPTIONS] = { "PRINTF", "PRINTFOFFSET", "PRINTFMULTIPLE" };

/** What is freed as a whole: the text, the tables and the structure itself. */
struct store {
	struct rs_inject in;
	uint8_t *text;
	struct rs_slice *fields;
	uint32_t *line_first;
	char *name;
};

/** A walk over the text, a line at a time. */
struct lines {
	const uint8_t *p, *end;
	int number; /* of the line given last, from 1 */
};

/** The next line without its end (LF or CRLF, which the last may lack); false behind the last. */
static bool
next_line(struct lines *l, struct rs_slice *line)
{
	const uint8_t *nl;

	if (l->p == l->end)
		return false;
	nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	*line = rs_slice_of(l->p, (size_t)((nl ? nl : l->end) - l->p));
	l->p = nl ? nl + 1 : l->end;
	l->number += l->number < INT_MAX;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool
is_word(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/** Does @text hold @word, with no letter, digit or underscore beside it? */
static bool
holds_word(struct rs_slice text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.len; i++)
		if (memcmp(text.p + i, word, n) == 0 && (i == 0 || !is_word(text.p[i - 1])) &&
		    (i + n == text.len || !is_word(text.p[i + n])))
			return true;
	return false;
}

/** The text up to the next @sep, which is taken off @rest with it; false when @rest is absent. */
static bool
split(struct rs_slice *rest, uint8_t sep, struct rs_slice *part)
{
	const uint8_t *at;

	if (!rest->p)
		return false;
	at = rest->len > 0 ? memchr(rest->p, sep, rest->len) : NULL;
	*part = rs_slice_of(rest->p, at ? (size_t)(at - rest->p) : rest->len);
	if (at)
		*rest = rs_slice_of(at + 1, rest->len - part->len - 1);
	else
		rest->p = NULL;
	return true;
}

static bool
parse_number(struct rs_slice text, int64_t *out)
{
	bool negative = text.len > 0 && text.p[0] == '-';
	size_t i = negative;
	int64_t v = 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++) {
		int digit = text.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, digit, &v))
			return false;
	}
	/* Counted downwards, because INT64_MIN has no positive twin. */
	return negative ? (*out = v, true) : !__builtin_sub_overflow(0, v, out);
}

/** One NAME=NUMBER of the first line. */
static int
parse_option(struct rs_inject *in, struct rs_slice text, struct rs_err *err)
{
	struct rs_slice name = { NULL, 0 }, value = text;
	char spelt[24];
	const char *near;
	int64_t number;
	int o;

	if (memchr(text.p, '=', text.len))
		split(&value, '=', &name);
	else
		name = text;
	name = rs_slice_trim(name);
	for (o = 0; o < OPTIONS && !rs_slice_is(name, option_names[o]); o++)
		;
	if (o == OPTIONS) {
		snprintf(spelt, sizeof(spelt), "%.*s", (int)(name.len < 23 ? name.len : 23),
			(const char *)name.p);
		near = rs_text_nearest(spelt, option_names, OPTIONS);
		return rs_err_at(err, -EINVAL, in->file, 1,
			"\"%s\" is not an option of an injection file; %s%s", spelt,
			near ? "did you mean " : "known are PRINTF, PRINTFOFFSET and PRINTFMULTIPLE",
			near ? near : "");
	}
	if (text.p == value.p || !parse_number(rs_slice_trim(value), &number))
		return rs_err_at(err, -EINVAL, in->file, 1,
			"%s needs a whole number of at most 64 bits, as in %s=1000", option_names[o],
			option_names[o]);
	switch (o) {
	case OPTION_PRINTF:
		if (number < 1)
			return rs_err_at(err, -EINVAL, in->file, 1,
				"PRINTF is the number of lines to make, at least 1");
		in->is_printf = true;
		in->n_lines = (uint64_t)number;
		break;
	case OPTION_OFFSET:
		in->printf_offset = number;
		break;
	case OPTION_MULTIPLE:
		in->printf_multiple = number;
		break;
	}
	return 0;
}

/** The first line: how lines are picked, and how many there are of a PRINTF file. */
static int
parse_mode(struct rs_inject *in, struct rs_slice line, struct rs_err *err)
{
	struct rs_slice rest = line, part;
	/* The order in which SIPp looks, should a line name several. */
	static const enum rs_inject_mode order[] = {
		RS_INJECT_RANDOM, RS_INJECT_SEQUENTIAL, RS_INJECT_USER
	};
	bool known = false, options = false;
	int64_t last;

	split(&rest, ',', &part);
	for (size_t i = 0; i < 3 && !known; i++) {
		known = holds_word(part, mode_names[order[i]]);
		in->mode = order[i];
	}
	if (!known)
		return rs_err_at(err, -EINVAL, in->file, 1,
			"\"%.*s\" does not say how lines are picked: the first line must be "
			"SEQUENTIAL, RANDOM or USER (and may go on with ,PRINTF=n)",
			(int)(line.len < 40 ? line.len : 40), (const char *)line.p);
	in->printf_multiple = 1;
	while (split(&rest, ',', &part)) {
		int rc;

		part = rs_slice_trim(part);
		if (part.len == 0)
			continue;
		rc = parse_option(in, part, err);
		if (rc)
			return rc;
		options = true;
	}
	if (options && !in->is_printf)
		return rs_err_at(err, -EINVAL, in->file, 1,
			"PRINTFOFFSET and PRINTFMULTIPLE need PRINTF=n beside them");
	if (in->is_printf &&
	    (__builtin_mul_overflow((int64_t)(in->n_lines - 1), in->printf_multiple, &last) ||
	     __builtin_add_overflow(last, in->printf_offset, &last)))
		return rs_err_at(err, -EINVAL, in->file, 1,
			"the numbers that PRINTF, PRINTFOFFSET and PRINTFMULTIPLE make do not fit 64 bits");
	return 0;
}

/** In a PRINTF file a % begins %d, %Nd, %0Nd or %%: nothing else can be filled in later. */
static int
check_conversions(const struct rs_inject *in, struct rs_slice line, int number,
	struct rs_err *err)
{
	for (size_t i = 0; i < line.len; i++) {
		size_t begin = i;
		unsigned width = 0;

		if (line.p[i] != '%')
			continue;
		if (++i < line.len && line.p[i] == '%')
			continue;
		for (; i < line.len && line.p[i] >= '0' && line.p[i] <= '9' && width <= MAX_WIDTH; i++)
			width = width * 10 + (line.p[i] - '0');
		if (i == line.len || line.p[i] != 'd' || width > MAX_WIDTH)
			return rs_err_at(err, -EINVAL, in->file, number,
				"\"%.*s\" cannot be filled in: a PRINTF file knows %%d, %%5d, %%05d "
				"(at most %d columns) and %%%%",
				(int)(i < line.len ? i - begin + 1 : i - begin),
				(const char *)line.p + begin, MAX_WIDTH);
	}
	return 0;
}

/** Cut the lines behind the first one into fields. */
static int
parse_lines(struct store *s, struct lines *l, struct rs_err *err)
{
	struct rs_inject *in = &s->in;
	uint32_t n_fields = 0;
	struct rs_slice line;

	while (next_line(l, &line)) {
		uint32_t first = n_fields;
		const uint8_t *begin = line.p, *end = line.p + line.len;

		/* SIPp ends at the first empty line; files in use rely on it for notes at their end. */
		if (line.len == 0)
			break;
		if (line.p[0] == '#')
			continue;
		if (in->is_printf && check_conversions(in, line, l->number, err))
			return -EINVAL;
		s->line_first[in->n_real++] = first;
		for (const uint8_t *c = begin; c < end; c++) {
			if (*c == ';') {
				s->fields[n_fields++] = rs_slice_of(begin, (size_t)(c - begin));
				begin = c + 1;
			}
		}
		s->fields[n_fields++] = rs_slice_of(begin, (size_t)(end - begin));
		if (n_fields - first > in->n_fields)
			in->n_fields = n_fields - first;
	}
	s->line_first[in->n_real] = n_fields;
	while (next_line(l, &line))
		in->n_ignored += line.len > 0 && line.p[0] != '#';
	if (in->n_real == 0)
		return rs_err_at(err, -EINVAL, in->file, l->number,
			"there is no line of data behind the first line%s",
			in->n_ignored ? ": an empty line ends the file" : "");
	if (!in->is_printf)
		in->n_lines = in->n_real;
	return 0;
}

static uint64_t
hash_text(const uint8_t *p, size_t len)
{
	uint64_t h = len, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = rs_mix64(h ^ word);
	}
	word = 0;
	memcpy(&word, p, len);
	return rs_mix64(h ^ word);
}

static int
line_of(const uint8_t *text, const uint8_t *at)
{
	int n = 1;

	for (; text < at; text++)
		n += *text == '\n';
	return n;
}

/** Parse @len bytes at @text, which become the result's own whatever happens. */
static int
parse_owned(const char *name, uint8_t *text, size_t len, struct rs_inject **out,
	struct rs_err *err)
{
	struct lines l = { text, text + len, 0 };
	struct store *s = calloc(1, sizeof(*s));
	size_t n_lines = 1, n_seps = 0;
	struct rs_slice line;
	const uint8_t *nul;
	int rc;

	*out = NULL;
	if (!s) {
		free(text);
		return rs_err_at(err, -ENOMEM, name, 0, "no memory for an injection file");
	}
	s->text = text;
	s->in.memory = s;
	s->name = strdup(name);
	s->in.file = s->name ? s->name : name;
	if (!next_line(&l, &line)) {
		rc = rs_err_at(err, -EINVAL, name, 0,
			"the file is empty: its first line must be SEQUENTIAL, RANDOM or USER, the "
			"lines behind it hold fields separated by ';'");
		goto fail;
	}
	nul = memchr(text, 0, len);
	if (nul) {
		rc = rs_err_at(err, -EINVAL, name, line_of(text, nul),
			"a NUL byte: an injection file is plain text (is this one UTF-16? save it "
			"as UTF-8)");
		goto fail;
	}
	for (size_t i = 0; i < len; i++) {
		n_lines += text[i] == '\n';
		n_seps += text[i] == ';';
	}
	if (n_lines + n_seps >= UINT32_MAX) {
		rc = rs_err_at(err, -EINVAL, name, 0, "the file has more than 4294967294 fields");
		goto fail;
	}
	/* As many as there could be: pages that comments leave unused are never touched. */
	s->fields = malloc((n_lines + n_seps) * sizeof(*s->fields));
	s->line_first = malloc((n_lines + 1) * sizeof(*s->line_first));
	if (!s->name || !s->fields || !s->line_first) {
		rc = rs_err_at(err, -ENOMEM, name, 0, "no memory for %zu fields", n_lines + n_seps);
		goto fail;
	}
	rc = parse_mode(&s->in, line, err);
	if (rc == 0)
		rc = parse_lines(s, &l, err);
	if (rc)
		goto fail;
	s->in.fields = s->fields;
	s->in.line_first = s->line_first;
	s->in.stream = hash_text(text, len);
	*out = &s->in;
	return 0;
fail:
	rs_inject_free(&s->in);
	return rc;
}

int
rs_inject_parse(const char *name, struct rs_slice text, struct rs_inject **out, struct rs_err *err)
{
	uint8_t *copy = malloc(text.len + 1);

	*out = NULL;
	if (!copy)
		return rs_err_at(err, -ENOMEM, name, 0, "no memory for %zu bytes", text.len);
	if (text.len > 0)
		memcpy(copy, text.p, text.len);
	return parse_owned(name, copy, text.len, out, err);
}

/** All bytes of @fd, which need not be a regular file. @return 0, negative errno */
static int
read_all(int fd, uint8_t **text, size_t *len)
{
	struct stat st;
	size_t cap, n = 0;
	uint8_t *buf;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* One byte more than a regular file has, so that its end is seen without growing. */
	cap = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 65536;
	buf = malloc(cap);
	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, buf + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int rc = -errno;

			free(buf);
			return rc;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n == cap) {
			uint8_t *more = realloc(buf, cap * 2);

			if (!more) {
				free(buf);
				return -ENOMEM;
			}
			buf = more;
			cap *= 2;
		}
	}
	*text = buf;
	*len = n;
	return 0;
}

int
rs_inject_load(const char *file, struct rs_inject **out, struct rs_err *err)
{
	uint8_t *text = NULL;
	size_t len = 0;
	int fd, rc;

	*out = NULL;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		return rs_err_at(err, rc, file, 0, "the injection file cannot be opened: %s",
			strerror(-rc));
	}
	rc = read_all(fd, &text, &len);
	close(fd);
	if (rc)
		return rs_err_at(err, rc, file, 0, "the injection file cannot be read: %s",
			strerror(-rc));
	return parse_owned(file, text, len, out, err);
}

void
rs_inject_free(struct rs_inject *in)
{
	struct store *s;

	if (!in)
		return;
	s = in->memory;
	free(s->text);
	free(s->fields);
	free(s->line_first);
	free(s->name);
	free(s);
}
