/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of messages. SIPp's cleaning of CDATA, seen from outside: blanks at both ends of the
 * whole and of every line go; a message without an empty line gets one at its end; a body keeps one
 * line end at its own end if the CDATA had one there. (LF becomes CRLF later, when the template is
 * made.)
 */
#include "plan/scenario_int.h"

static bool
is_blank(uint8_t ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r';
}

bool
rs_sc_clean(struct rs_sc *c, struct rs_slice cdata, int line, struct rs_sc_text *out)
{
	const uint8_t *p = cdata.p, *end = cdata.p + cdata.len;
	bool cut = false, gap = false;
	uint32_t n = 0;

	while (p < end && (is_blank(*p) || *p == '\n'))
		if (*p++ == '\n')
			line++;
	while (end > p && (is_blank(end[-1]) || end[-1] == '\n'))
		cut |= *--end == '\n';
	*out = (struct rs_sc_text){ .p = rs_sc_alloc(c, (size_t)(end - p) + 4) };
	for (const uint8_t *q = p; q < end; q++)
		out->n_lines += *q == '\n';
	out->n_lines++;
	out->lines = rs_sc_alloc(c, out->n_lines * sizeof(out->lines[0]));
	if (out->p == NULL || out->lines == NULL)
		return false;
	for (;;) {
		const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *stop = nl == NULL ? end : nl;

		while (p < stop && is_blank(*p))
			p++;
		out->lines[n].off = (uint32_t)out->len;
		out->lines[n++].line = line++;
		gap |= p == stop && nl != NULL;
		for (const uint8_t *q = p; q < stop; q++)
			out->p[out->len++] = *q;
		while (out->len > out->lines[n - 1].off && is_blank(out->p[out->len - 1]))
			out->len--;
		if (nl == NULL)
			break;
		out->p[out->len++] = '\n';
		p = nl + 1;
	}
	if (!gap) {
		out->p[out->len++] = '\n';
		out->p[out->len++] = '\n';
	} else if (cut) {
		out->p[out->len++] = '\n';
	}
	return true;
}

bool
rs_sc_plain(struct rs_sc *c, struct rs_slice text, int line, struct rs_sc_text *out)
{
	*out = (struct rs_sc_text){
		.p = (uint8_t *)rs_sc_copy(c, text.p, text.len), .len = text.len, .n_lines = 1
	};
	out->lines = rs_sc_alloc(c, sizeof(out->lines[0]));
	if (out->p == NULL || out->lines == NULL)
		return false;
	out->lines[0].line = line;
	return true;
}

int
rs_sc_text_line(const struct rs_sc_text *t, size_t off)
{
	uint32_t lo = 0, hi = t->n_lines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->lines[mid].off <= off)
			lo = mid;
		else
			hi = mid;
	}
	return t->lines[lo].line;
}

bool
rs_sc_start_line(struct rs_sc *c, const struct rs_sc_text *t, struct rs_step *s)
{
	const uint8_t *nl = memchr(t->p, '\n', t->len);
	struct rs_slice first = rs_slice_of(t->p, nl == NULL ? t->len : (size_t)(nl - t->p)),
			token = first;
	const uint8_t *sp = memchr(first.p, ' ', first.len);
	int line = t->lines[0].line;

	if (sp != NULL)
		token.len = (size_t)(sp - first.p);
	if (token.len == 0) {
		rs_sc_error(c, line,
			"<send>: the message is empty: its first line names a method or SIP/2.0 and a code");
		return false;
	}
	if (memchr(token.p, '[', token.len) != NULL) {
		rs_sc_error(c, line,
			"<send>: the message begins with a keyword: write the method, or SIP/2.0, as text");
		return false;
	}
	if (sp == NULL) {
		rs_sc_error(c, line,
			"<send>: '%.*s' is no start line: METHOD URI SIP/2.0 or SIP/2.0 CODE REASON is needed",
			(int)(token.len < 40 ? token.len : 40), token.p);
		return false;
	}
	if (!rs_slice_is(token, "SIP/2.0")) {
		s->method = (uint8_t)rs_sip_method(token);
		s->method_text = rs_slice_of(rs_sc_copy(c, token.p, token.len), token.len);
		return true;
	}
	const uint8_t *code = sp, *end = first.p + first.len;
	uint32_t v = 0, digits = 0;

	while (code < end && *code == ' ')
		code++;
	for (; code < end && *code >= '0' && *code <= '9' && digits < 4; code++, digits++)
		v = v * 10 + (uint32_t)(*code - '0');
	if (digits != 3 || v < 100 || v > 699 || (code < end && *code != ' ')) {
		rs_sc_error(c, line,
			"<send>: SIP/2.0 is to be followed by a code from 100 to 699, written as digits");
		return false;
	}
	s->method = RS_SIP_OTHER;
	s->status = (uint16_t)v;
	return true;
}
