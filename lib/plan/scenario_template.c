/* SPDX-License-Identifier: BSD-3-Clause */
/* Cutting a text into literal spans and keywords. */
#include "plan/scenario_int.h"

#define MAX_KEYWORD 256

static int
hex(uint8_t ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/*
 * Where the keyword that begins at @at ('[') ends. Quotes hide brackets.
 * @return the place of its ']'; of a further '[', which makes this one plain text; or t->len when
 * there is neither in the line
 */
static size_t
keyword_end(const struct rs_sc_text *t, size_t at)
{
	bool quoted = false;

	for (size_t i = at + 1; i < t->len && t->p[i] != '\n'; i++) {
		if (t->p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (t->p[i] == ']' || t->p[i] == '['))
			return i;
	}
	return t->len;
}

/* The keyword at @at. @return where to go on */
static size_t
bracket(struct rs_sc *c, const struct rs_sc_text *t, size_t at, enum rs_sc_use_of_text use)
{
	size_t end = keyword_end(t, at);
	struct rs_slice kw = rs_slice_of(t->p + at + 1, end > at ? end - at - 1 : 0);
	int line = rs_sc_text_line(t, at);

	if (end == t->len) {
		rs_sc_error(c, line,
			"'[' without ']' in the same line: close it, or write \\x5b for a bracket");
		return at + 1;
	}
	if (t->p[end] == '[') {
		if (rs_sc_is_keyword(kw))
			rs_sc_warn(c, line,
				"'[%.*s' is sent as it stands, for there is a '[' before its ']': put the inner one in quotes",
				(int)(kw.len < 60 ? kw.len : 60), kw.p);
		rs_sc_literal(c, t->p + at, end - at);
		return end;
	}
	if (kw.len == 0)
		rs_sc_error(c, line, "'[]': a keyword is needed, or \\x5b for a bracket");
	else if (kw.len > MAX_KEYWORD)
		rs_sc_error(c, line, "a keyword of %zu characters: %d are allowed", kw.len,
			MAX_KEYWORD);
	else
		rs_sc_keyword(c, kw, line, use);
	return end + 1;
}

int32_t
rs_sc_template(struct rs_sc *c, const struct rs_sc_text *t, enum rs_sc_use_of_text use)
{
	struct rs_template tmpl = { .line = t->lines[0].line };
	uint32_t first = c->ops.n;
	size_t i = 0, from = 0; /* of the run of plain bytes */
	bool message = use == RS_SC_MESSAGE;
	int32_t number;

	c->template_ops = first;
	memset(&c->lines, 0, sizeof(c->lines));
	c->template_auths = c->auths.n;
	while (i < t->len && !c->oom) {
		uint8_t ch = t->p[i];

		if (use == RS_SC_LITERAL || (ch != '[' && ch != '\n' && ch != '\\')) {
			i++;
			continue;
		}
		if (ch == '\\') {
			int hi = i + 3 < t->len && t->p[i + 1] == 'x' ? hex(t->p[i + 2]) : -1;
			int lo = hi >= 0 ? hex(t->p[i + 3]) : -1;
			uint8_t byte = (uint8_t)(hi * 16 + lo);

			if (lo < 0) {
				i++;
				continue;
			}
			rs_sc_literal(c, t->p + from, i - from);
			rs_sc_literal(c, &byte, 1);
			i += 4;
		} else if (ch == '[') {
			rs_sc_literal(c, t->p + from, i - from);
			i = bracket(c, t, i, use);
		} else {
			rs_sc_literal(c, t->p + from, i - from);
			rs_sc_literal(c, "\r\n", 2);
			if (message && tmpl.has_body == 0 && i > 0 && t->p[i - 1] == '\n') {
				rs_sc_op(c, RS_SLOT_BODY);
				tmpl.has_body = 1;
			}
			i++;
		}
		from = i;
	}
	if (!c->oom)
		rs_sc_literal(c, t->p + from, t->len - from);
	/* as an index: the address is known when the program is finished */
	tmpl.ops = (const struct rs_op *)(uintptr_t)first;
	tmpl.n_ops = c->ops.n - first;
	*(struct rs_template *)rs_sc_push(c, &c->templates, sizeof(tmpl)) = tmpl;
	number = (int32_t)c->templates.n - 1;
	rs_sc_auth_values(c);
	return number;
}
