/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the elements of a scenario file, with libxml2's events.
 *
 * The file comes tidied (scenario_tidy.c): without declarations there are no entities, no external
 * subset and no encoding but the one that we name: ISO-8859-1, in which every byte is a character,
 * so that converting back gives the file's bytes.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "plan/scenario_int.h"

#define MAX_DEPTH 32

struct builder {
	struct rs_sc *c;
	const struct rs_sc_tidy *t;
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

/*
 * UTF-8 as libxml2 hands it out, back to the file's bytes. Characters above U+00FF (&#x20ac;) stay
 * UTF-8. @return length
 */
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
		const char *e = p[i] == '\\' && i + 1 < len && p[i + 1] != '\0'
			? strchr(from, p[i + 1])
			: NULL;

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
			rs_sc_error(c, 0,
				"elements are nested deeper than %d: no scenario needs that",
				MAX_DEPTH);
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
		rs_sc_error(b->c, e->line, "</%.60s> does not close <%.60s> of line %d", e->str2,
			b->at->name, b->at->line);
		return;
	}
	for (const char *m = e->message == NULL ? "" : e->message;
		*m != '\0' && n < sizeof(text) - 1; m++)
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
	/*
	 * NOENT: "&amp;" in a value is "&", not a reference; other entities than XML's five cannot
	 * be declared
	 */
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
	struct rs_sc_tidy t;
	struct builder b = { .c = c, .t = &t };
	struct rs_sc_node *root = NULL;

	if (rs_sc_tidy(c, xml, &t)) {
		read_nodes(&b);
		if (!b.failed && !c->oom)
			root = b.root;
	}
	free(t.out.p);
	free(t.tag_lines.p);
	free(t.cdata_lines.p);
	return root;
}
