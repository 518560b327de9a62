/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keywords that are more than a name: [$variable], [last_Header:], [fieldN ...], [fill ...], [file
 * ...].
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/scenario_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
shown(struct rs_slice s)
{
	return (int)(s.len < 60 ? s.len : 60);
}

struct rs_slice
rs_sc_param(struct rs_slice params, const char *name)
{
	size_t i = 0, len = strlen(name);

	while (i < params.len) {
		size_t start, eq, from;

		while (i < params.len && (params.p[i] == ' ' || params.p[i] == '\t'))
			i++;
		start = i;
		while (i < params.len && params.p[i] != '=' && params.p[i] != ' ')
			i++;
		eq = i;
		if (i < params.len && params.p[i] == '=')
			i++;
		from = i;
		if (i < params.len && params.p[i] == '"') {
			from = ++i;
			while (i < params.len && params.p[i] != '"')
				i++;
		} else {
			while (i < params.len && params.p[i] != ' ')
				i++;
		}
		if (eq - start == len && memcmp(params.p + start, name, len) == 0)
			return rs_slice_of(params.p + from, i - from);
		if (i < params.len)
			i++;
	}
	return rs_slice_of(NULL, 0);
}

static struct rs_slice
behind(struct rs_slice s, size_t n)
{
	return rs_slice_of(s.p + n, s.len - n);
}

static void
kw_var(struct rs_sc *c, struct rs_slice kw, int line)
{
	int16_t v = rs_sc_var(c, line, behind(kw, 1), false);

	rs_sc_op(c, RS_SLOT_VAR)->aux = (uint32_t)v;
}

static void
kw_last(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice name = rs_slice_trim(behind(kw, strlen("last_")));
	struct rs_op *op;
	uint32_t off;

	if (name.len > 0 && name.p[name.len - 1] == ':')
		name.len--;
	name = rs_slice_trim(name);
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || name.p[i] == ':' || name.p[i] == '"')
			name.len = 0;
	if (name.len == 0) {
		rs_sc_error(
			c, line, "[%.*s]: a header's name is needed behind last_", shown(kw), kw.p);
		return;
	}
	off = rs_sc_text_add(c, name.p, name.len);
	op = rs_sc_op(c, RS_SLOT_LAST_HEADER);
	op->off = off;
	op->len = (uint32_t)name.len;
	op->header_id = (uint8_t)rs_sip_header_id(name);
	op->with_name = 1; /* with its colon or without: SIPp always gives the whole line */
}

static int16_t
inject_file(struct rs_sc *c, struct rs_slice name, int line)
{
	if (name.p == NULL)
		return 0;
	for (uint32_t i = 0; i < c->opts->n_files; i++)
		if (rs_slice_is(name, c->opts->files[i]))
			return (int16_t)i;
	if (!c->opts->any_key)
		rs_sc_error(c, line,
			"[field file=\"%.*s\"]: no injection file of this name: give it in the activity's data",
			shown(name), name.p);
	return 0;
}

static void
kw_field(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice rest = behind(kw, strlen("field")), file, expr;
	struct rs_field_ref *f;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < rest.len && rest.p[i] >= '0' && rest.p[i] <= '9' && n < UINT16_MAX; i++)
		n = n * 10 + (uint32_t)(rest.p[i] - '0');
	if (n > UINT16_MAX || (i < rest.len && rest.p[i] != ' ')) {
		rs_sc_error(c, line,
			"[%.*s]: [fieldN], [fieldN file=\"name\"] or [fieldN line=\"number\"] is needed",
			shown(kw), kw.p);
		return;
	}
	if (c->opts->n_files == 0 && !c->opts->any_key)
		rs_sc_error(c, line,
			"[%.*s]: there is no injection file: set the activity's data = \"file\"",
			shown(kw), kw.p);
	rest = behind(rest, i);
	file = rs_sc_param(rest, "file");
	expr = rs_sc_param(rest, "line");
	rs_sc_op(c, RS_SLOT_FIELD)->aux = c->fields.n;
	f = rs_sc_push(c, &c->fields, sizeof(*f));
	*f = (struct rs_field_ref){ .file = inject_file(c, file, line),
		.field = (uint16_t)n,
		.line_var = RS_NO_VAR,
		.line = -1 };
	if (expr.p == NULL)
		return;
	if (expr.len > 3 && expr.p[0] == '[' && expr.p[1] == '$' && expr.p[expr.len - 1] == ']') {
		int16_t v = rs_sc_var(c, line, rs_slice_of(expr.p + 2, expr.len - 3), false);

		if (!c->oom)
			RS_SC_AT(c->fields, struct rs_field_ref, c->fields.n - 1)->line_var = v;
		return;
	}
	uint32_t v = 0;

	for (i = 0; i < expr.len && expr.p[i] >= '0' && expr.p[i] <= '9' && v < 100000000; i++)
		v = v * 10 + (uint32_t)(expr.p[i] - '0');
	if (i != expr.len || expr.len == 0)
		rs_sc_error(c, line, "[%.*s]: line is a number (from 0) or \"[$variable]\"",
			shown(kw), kw.p);
	f->line = (int32_t)v;
}

static void
kw_fill(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice rest = behind(kw, strlen("fill")), text = rs_sc_param(rest, "text"),
			var = rs_sc_param(rest, "variable");
	struct rs_fill *f;
	int16_t v;

	if (var.p == NULL) {
		rs_sc_error(c, line, "[fill]: variable=\"name\" (how many characters) is missing");
		return;
	}
	v = rs_sc_var(c, line, var, false);
	if (text.p == NULL || text.len == 0)
		text = rs_slice_str("X");
	rs_sc_op(c, RS_SLOT_FILL)->aux = c->fills.n;
	f = rs_sc_push(c, &c->fills, sizeof(*f));
	f->text = rs_slice_of(rs_sc_copy(c, text.p, text.len), text.len);
	f->var = v;
}

/* [file name="..."]: its bytes, as they are, become part of the template. */
static void
kw_file(struct rs_sc *c, struct rs_slice kw, int line)
{
	struct rs_slice name = rs_sc_param(behind(kw, strlen("file")), "name");
	const char *slash = strrchr(c->name, '/');
	char path[4096];
	uint8_t *bytes;
	struct stat st;
	ssize_t n = 0;
	int fd;

	if (name.p == NULL || name.len == 0) {
		rs_sc_error(c, line, "[file]: name=\"path\" is missing");
		return;
	}
	if (memchr(name.p, '[', name.len) != NULL) {
		rs_sc_unsupported(c, line, "file with keyword",
			"[file name=\"%.*s\"]: a keyword in the name is not built", shown(name),
			name.p);
		return;
	}
	if (name.p[0] == '/' || slash == NULL)
		n = snprintf(path, sizeof(path), "%.*s", (int)name.len, name.p);
	else
		n = snprintf(path, sizeof(path), "%.*s/%.*s", (int)(slash - c->name), c->name,
			(int)name.len, name.p);
	fd = n < (ssize_t)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rs_sc_error(c, line,
			"[file name=\"%.*s\"]: cannot be read (relative names count from the scenario's directory)",
			shown(name), name.p);
		if (fd >= 0)
			close(fd);
		return;
	}
	bytes = st.st_size <= RS_SC_MAX_INLINE ? rs_sc_alloc(c, (size_t)st.st_size + 1) : NULL;
	if (st.st_size > RS_SC_MAX_INLINE)
		rs_sc_error(c, line,
			"[file name=\"%.*s\"]: larger than %u KiB: no datagram holds it",
			shown(name), name.p, RS_SC_MAX_INLINE >> 10);
	n = bytes != NULL ? read(fd, bytes, (size_t)st.st_size) : 0;
	if (n > 0)
		rs_sc_literal(c, bytes, (size_t)n);
	close(fd);
}

static bool
is_var(struct rs_slice kw)
{
	return kw.p[0] == '$';
}

static bool
is_field(struct rs_slice kw)
{
	return rs_slice_begins(kw, "field") && kw.len > 5 && kw.p[5] >= '0' && kw.p[5] <= '9';
}

static bool
is_fill(struct rs_slice kw)
{
	return rs_slice_is(kw, "fill") || rs_slice_begins(kw, "fill ");
}

static bool
is_file(struct rs_slice kw)
{
	return rs_slice_is(kw, "file") || rs_slice_begins(kw, "file ");
}

static bool
is_last(struct rs_slice kw)
{
	return rs_slice_begins(kw, "last_");
}

static const struct {
	bool (*is)(struct rs_slice kw);
	void (*take)(struct rs_sc *c, struct rs_slice kw, int line);
} families[] = { { is_var, kw_var }, { is_field, kw_field }, { is_fill, kw_fill },
	{ is_file, kw_file }, { is_last, kw_last } };

bool
rs_sc_is_family(struct rs_slice kw)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (families[i].is(kw))
			return true;
	return false;
}

bool
rs_sc_family(struct rs_sc *c, struct rs_slice kw, int line)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		if (families[i].is(kw)) {
			families[i].take(c, kw, line);
			return true;
		}
	}
	return false;
}
