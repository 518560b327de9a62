/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making XML of a scenario file.
 *
 * SIPp's own reader takes more than XML allows (hyphens in comments, '<' and '&' in attribute
 * values, \" inside quotes, blanks in front of the declaration), and its files use it. So comments,
 * declarations and the document type are blanked out, attribute values are escaped, and the line of
 * every start tag and CDATA section is noted down. What remains is for libxml2 to judge
 * (scenario_xml.c).
 */
#include "plan/scenario_int.h"

struct tidy {
	struct rs_sc *c;
	const uint8_t *in, *end;
	int line;
	struct rs_sc_tidy *to;
	bool failed;
};

static void
put(struct tidy *t, const char *s, size_t len)
{
	struct rs_sc_vec *o = &t->to->out;

	if (o->n + len > o->cap) {
		size_t cap = (o->cap + len) * 2;
		void *p = cap < UINT32_MAX ? realloc(o->p, cap) : NULL;

		if (p == NULL) {
			t->c->oom = true;
			t->failed = true;
			return;
		}
		o->p = p;
		o->cap = (uint32_t)cap;
	}
	memcpy((char *)o->p + o->n, s, len);
	o->n += (uint32_t)len;
}

/* One byte of the file, as it stands. */
static void
keep(struct tidy *t)
{
	if (*t->in == '\n')
		t->line++;
	put(t, (const char *)t->in++, 1);
}

static void
blank(struct tidy *t)
{
	put(t, *t->in == '\n' ? "\n" : " ", 1);
	if (*t->in++ == '\n')
		t->line++;
}

static bool
at(const struct tidy *t, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(t->end - t->in) >= n && memcmp(t->in, s, n) == 0;
}

/* Everything up to and including @close, by @step; a finding when it never comes. */
static void
until(struct tidy *t, const char *close, const char *what, void (*step)(struct tidy *))
{
	int line = t->line;

	while (t->in < t->end && !at(t, close))
		step(t);
	if (t->in == t->end) {
		rs_sc_error(t->c, line, "%s is not closed: '%s' is missing", what, close);
		t->failed = true;
		return;
	}
	for (size_t i = 0; i < strlen(close); i++)
		step(t);
}

/* <!DOCTYPE ...>, its quoted names and internal subset included. */
static void
doctype(struct tidy *t)
{
	int depth = 0, line = t->line;
	uint8_t quote = 0;

	for (; t->in < t->end; blank(t)) {
		uint8_t ch = *t->in;

		if (quote != 0) {
			if (ch == quote)
				quote = 0;
		} else if (ch == '"' || ch == '\'') {
			quote = ch;
		} else if (ch == '[') {
			depth++;
		} else if (ch == ']') {
			depth--;
		} else if (ch == '>' && depth <= 0) {
			blank(t);
			return;
		}
	}
	rs_sc_error(t->c, line, "the document type is not closed: '>' is missing");
	t->failed = true;
}

/* Is the '&' at @t->in the start of a reference that XML knows without declarations? */
static bool
is_reference(const struct tidy *t)
{
	static const char *const known[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&apos;" };
	const uint8_t *p = t->in + 2;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (at(t, known[i]))
			return true;
	if (!at(t, "&#"))
		return false;
	if (p < t->end && *p == 'x')
		p++;
	const uint8_t *digits = p;

	while (p < t->end &&
		((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')))
		p++;
	return p > digits && p < t->end && *p == ';';
}

static void
attr_value(struct tidy *t, uint8_t quote)
{
	int line = t->line;

	keep(t);
	while (t->in < t->end && *t->in != quote) {
		if (*t->in == '\\' && t->in + 1 < t->end) {
			keep(t);
			if (*t->in == '"') {
				put(t, "&quot;", 6);
				t->in++;
				continue;
			}
			if (*t->in == '\\') {
				keep(t);
				continue;
			}
			continue;
		}
		if (*t->in == '<') {
			put(t, "&lt;", 4);
			t->in++;
		} else if (*t->in == '&' && !is_reference(t)) {
			put(t, "&amp;", 5);
			t->in++;
		} else if (*t->in == '\t') {
			put(t, "&#9;", 4); /* XML would make it a blank */
			t->in++;
		} else {
			keep(t);
		}
	}
	if (t->in == t->end) {
		rs_sc_error(t->c, line, "an attribute's value is not closed: %c is missing", quote);
		t->failed = true;
		return;
	}
	keep(t);
}

static void
start_tag(struct tidy *t)
{
	int line = t->line;

	*(int *)rs_sc_push(t->c, &t->to->tag_lines, sizeof(int)) = line;
	while (t->in < t->end && *t->in != '>' && !t->failed) {
		if (*t->in == '"' || *t->in == '\'')
			attr_value(t, *t->in);
		else
			keep(t);
	}
	if (t->in < t->end)
		keep(t);
	else if (!t->failed) {
		rs_sc_error(t->c, line, "an element's start is not closed: '>' is missing");
		t->failed = true;
	}
}

static void
tidy(struct tidy *t)
{
	if (at(t, "\xef\xbb\xbf")) /* the byte order mark of UTF-8 */
		t->in += 3;
	while (t->in < t->end && !t->failed) {
		if (at(t, "<!--"))
			until(t, "-->", "a comment", blank);
		else if (at(t, "<![CDATA[")) {
			*(int *)rs_sc_push(t->c, &t->to->cdata_lines, sizeof(int)) = t->line;
			until(t, "]]>", "a CDATA section", keep);
		} else if (at(t, "<?"))
			until(t, "?>", "a declaration", blank);
		else if (at(t, "<!"))
			doctype(t);
		else if (at(t, "</"))
			until(t, ">", "an element's end", keep);
		else if (*t->in == '<')
			start_tag(t);
		else if (*t->in == '&' && !is_reference(t)) {
			put(t, "&amp;", 5);
			t->in++;
		} else
			keep(t);
	}
}

bool
rs_sc_tidy(struct rs_sc *c, struct rs_slice xml, struct rs_sc_tidy *out)
{
	struct tidy t = { .c = c, .in = xml.p, .end = xml.p + xml.len, .line = 1, .to = out };

	*out = (struct rs_sc_tidy){ 0 };
	if (xml.len > 0 && memchr(xml.p, '\0', xml.len) != NULL) {
		rs_sc_error(c, 0,
			"the file holds NUL bytes: scenarios are text; write \\x00 for such a byte");
		return false;
	}
	tidy(&t);
	if (!t.failed && out->out.n == 0) {
		rs_sc_error(c, 0, "the file is empty: a <scenario> is needed");
		t.failed = true;
	}
	return !t.failed && !c->oom;
}
