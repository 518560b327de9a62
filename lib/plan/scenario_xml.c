/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the elements of a scenario file.
 *
 * SIPp's own reader takes more than XML allows (hyphens in comments, '<' and '&' in attribute values, \" inside quotes, blanks in
 * front of the declaration), and its files use it. So the file is tidied first: comments, declarations and the document type
 * are blanked out, attribute values are escaped, and the line of every start tag and CDATA section is noted down. What
 * remains is for libxml2 to judge. Without declarations there are no entities, no external subset and no encoding but the one
 * that we name: ISO-8859-1, in which every byte is a character, so that converting back gives the file's bytes.
 */
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "plan/scenario_int.h"

#define MAX_DEPTH 32

struct tidy {
	struct rs_sc *c;
	const uint8_t *in, *end;
	int line;
	struct rs_sc_vec out;		      /* bytes */
	struct rs_sc_vec tag_lines, cdata_lines; /* int */
	bool failed;
};

static void
put(struct tidy *t, const char *s, size_t len)
{
	struct rs_sc_vec *o = &t->out;

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

	while (p < t->end && ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')))
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

	*(int *)rs_sc_push(t->c, &t->tag_lines, sizeof(int)) = line;
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
			*(int *)rs_sc_push(t->c, &t->cdata_lines, sizeof(int)) = t->line;
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

/* --- from libxml2's events to nodes --- */

struct builder {
	struct rs_sc *c;
	struct tidy *t;
	xmlParserCtxtPtr ctxt;
	struct rs_sc_node *root, *at;
	uint32_t tag, cdata;
	unsigned depth;
	bool failed;
};

static void
stop(struct builder *b)
{
	b->failed = true;
	xmlStopParser(b->ctxt);
}

/* UTF-8 as libxml2 hands it out, back to the file's bytes. Characters above U+00FF (&#x20ac;) stay UTF-8. @return length */
static size_t
to_bytes(uint8_t *out, const uint8_t *in, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if ((in[i] & 0xfe) == 0xc2 && i + 1 < len) {
			out[n++] = (uint8_t)(in[i] << 6 | (in[i + 1] & 0x3f));
			i++;
		} else {
			out[n++] = in[i];
		}
	}
	return n;
}

/* Backslashes in an attribute's value: \\ \" \n \t \r; another one stays. */
static size_t
unescape(uint8_t *p, size_t len)
{
	static const char from[] = "\\\"ntr", to[] = "\\\"\n\t\r";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *e = p[i] == '\\' && i + 1 < len && p[i + 1] != '\0' ? strchr(from, p[i + 1]) : NULL;

		if (e != NULL) {
			p[n++] = (uint8_t)to[e - from];
			i++;
		} else {
			p[n++] = p[i];
		}
	}
	p[n] = '\0';
	return n;
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	struct builder *b = ctx;
	struct rs_sc *c = b->c;
	struct rs_sc_node *n = rs_sc_alloc(c, sizeof(*n));
	struct rs_sc_attr *attrs;
	uint32_t n_attrs = 0;

	while (atts != NULL && atts[2 * n_attrs] != NULL)
		n_attrs++;
	attrs = rs_sc_alloc(c, (n_attrs + 1) * sizeof(*attrs));
	if (n == NULL || attrs == NULL || ++b->depth > MAX_DEPTH) {
		if (b->depth > MAX_DEPTH)
			rs_sc_error(c, 0, "elements are nested deeper than %d: no scenario needs that", MAX_DEPTH);
		stop(b);
		return;
	}
	n->name = rs_sc_copy(c, name, strlen((const char *)name));
	n->line = b->tag < b->t->tag_lines.n ? *RS_SC_AT(b->t->tag_lines, int, b->tag) : 0;
	b->tag++;
	for (uint32_t i = 0; i < n_attrs; i++) {
		const char *value = (const char *)atts[2 * i + 1];
		size_t len = value == NULL ? 0 : strlen(value);
		uint8_t *copy = rs_sc_alloc(c, len + 1);

		attrs[i].name = rs_sc_copy(c, atts[2 * i], strlen((const char *)atts[2 * i]));
		if (copy == NULL || attrs[i].name == NULL) {
			stop(b);
			return;
		}
		len = unescape(copy, to_bytes(copy, (const uint8_t *)value, len));
		attrs[i].value = rs_slice_of(copy, len);
		attrs[i].text = (const char *)copy;
	}
	n->attrs = attrs;
	n->n_attrs = n_attrs;
	n->parent = b->at;
	if (b->at == NULL)
		b->root = n;
	else if (b->at->first == NULL)
		b->at->first = b->at->last = n;
	else
		b->at->last = b->at->last->next = n;
	b->at = n;
	if (c->oom)
		stop(b);
}

static void
on_end(void *ctx, const xmlChar *name)
{
	struct builder *b = ctx;

	b->depth--;
	if (b->at != NULL)
		b->at = b->at->parent;
}

static void
on_cdata(void *ctx, const xmlChar *value, int len)
{
	struct builder *b = ctx;
	int line = b->cdata < b->t->cdata_lines.n ? *RS_SC_AT(b->t->cdata_lines, int, b->cdata) : 0;
	uint8_t *copy;

	b->cdata++;
	if (b->at == NULL)
		return;
	if (b->at->cdata.p != NULL) {
		b->at->more_cdata = true;
		return;
	}
	copy = rs_sc_alloc(b->c, (size_t)len + 1);
	if (copy == NULL) {
		stop(b);
		return;
	}
	b->at->cdata = rs_slice_of(copy, to_bytes(copy, value, (size_t)len));
	b->at->cdata_line = line;
	b->at->text_first = b->at->first == NULL;
}

static void
on_text(void *ctx, const xmlChar *text, int len)
{
	struct builder *b = ctx;

	if (b->at == NULL || b->at->stray_line != 0)
		return;
	for (int i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
			b->at->stray_line = b->at->last != NULL ? b->at->last->line : b->at->line;
}

/* The first error is the one that matters; the parser has it, its text in parts is not wanted. */
static void
on_error(void *ctx, const char *msg, ...)
{
	struct builder *b = ctx;
	const xmlError *e = xmlCtxtGetLastError(b->ctxt);
	char text[160];
	size_t n = 0;

	if (e == NULL || e->level < XML_ERR_ERROR || b->failed)
		return;
	b->failed = true;
	if (e->code == XML_ERR_TAG_NAME_MISMATCH && b->at != NULL && e->str2 != NULL) {
		rs_sc_error(b->c, e->line, "</%.60s> does not close <%.60s> of line %d", e->str2, b->at->name, b->at->line);
		return;
	}
	for (const char *m = e->message == NULL ? "" : e->message; *m != '\0' && n < sizeof(text) - 1; m++)
		text[n++] = *m;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	rs_sc_error(b->c, e->line, "not well-formed XML: %s", text);
}

static void
read_nodes(struct builder *b)
{
	xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
	xmlSAXHandler sax = {
		.startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_cdata,
		.error = on_error,
		.fatalError = on_error,
	};
	xmlDocPtr doc;

	if (ctxt == NULL) {
		b->c->oom = true;
		return;
	}
	b->ctxt = ctxt;
	*ctxt->sax = sax;
	ctxt->userData = b;
	/* NOENT: "&amp;" in a value is "&", not a reference; other entities than XML's five cannot be declared */
	doc = xmlCtxtReadMemory(ctxt, b->t->out.p, (int)b->t->out.n, b->c->name, "ISO-8859-1",
		XML_PARSE_NONET | XML_PARSE_SAX1 | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT);
	if (!b->failed && !b->c->oom && !ctxt->wellFormed) {
		rs_sc_error(b->c, 0, "not well-formed XML");
		b->failed = true;
	}
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
}

struct rs_sc_node *
rs_sc_xml(struct rs_sc *c, struct rs_slice xml)
{
	struct tidy t = { .c = c, .in = xml.p, .end = xml.p + xml.len, .line = 1 };
	struct builder b = { .c = c, .t = &t };
	struct rs_sc_node *root = NULL;

	if (memchr(xml.p == NULL ? (const uint8_t *)"" : xml.p, '\0', xml.len) != NULL) {
		rs_sc_error(c, 0, "the file holds NUL bytes: scenarios are text, one byte a character; write \\x00 for such a byte");
		return NULL;
	}
	tidy(&t);
	if (!t.failed && t.out.n == 0) {
		rs_sc_error(c, 0, "the file is empty: a <scenario> is needed");
		t.failed = true;
	}
	if (!t.failed && !c->oom) {
		read_nodes(&b);
		if (!b.failed && !c->oom)
			root = b.root;
	}
	free(t.out.p);
	free(t.tag_lines.p);
	free(t.cdata_lines.p);
	return root;
}
