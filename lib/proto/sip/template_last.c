/* SPDX-License-Identifier: BSD-3-Clause */
/** What a template takes over from the last message received: headers and the URI of its To. */
#include "proto/sip/template_put.h"

#include "proto/sip/field.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** A folded value on one line: a fold and the blanks around it are one space (RFC 3261, 7.3.1). */
static uint8_t *
put_unfolded(uint8_t *p, const uint8_t *end, struct rs_slice v)
{
	size_t i = 0;

	while (i < v.len) {
		size_t run = i, text;
		bool fold = false;

		while (run < v.len && is_blank(v.p[run])) {
			fold |= v.p[run] == '\n' || v.p[run] == '\r';
			run++;
		}
		/* Blanks inside a line stay as they are: they may stand in a quoted string. */
		p = fold ? put_bytes(p, end, (const uint8_t *)" ", 1) :
			   put_bytes(p, end, v.p + i, run - i);
		if (!p)
			return NULL;
		for (text = run; text < v.len && !is_blank(v.p[text]); text++)
			;
		p = put_bytes(p, end, v.p + run, text - run);
		if (!p)
			return NULL;
		i = text;
	}
	return p;
}

static uint8_t *
put_value(uint8_t *p, const uint8_t *end, const struct rs_sip_msg *m, int i)
{
	struct rs_slice v = rs_sip_value(m, i);

	return m->headers[i].folded ? put_unfolded(p, end, v) : put_slice(p, end, v);
}

static struct rs_slice
op_name(const struct rs_template *t, const struct rs_op *op)
{
	return rs_slice_of(t->text + op->off, op->len);
}

uint8_t *
rs_template_put_last_uri(uint8_t *p, const uint8_t *end, const struct rs_sip_msg *m)
{
	struct rs_slice to = rs_sip_get(m, RS_HDR_TO);
	struct rs_sip_addr addr;

	if (!to.p || rs_sip_addr(to, &addr) != 0)
		return p;
	return put_slice(p, end, addr.uri);
}

int
rs_template_last_first(const struct rs_template *t, const struct rs_op *op,
	const struct rs_sip_msg *m)
{
	return op->header_id != RS_HDR_OTHER ? m->first[op->header_id] :
					       rs_sip_find(m, op_name(t, op), 0);
}

static int
last_next(const struct rs_template *t, const struct rs_op *op, const struct rs_sip_msg *m, int i)
{
	return op->header_id != RS_HDR_OTHER ? rs_sip_next(m, i) :
					       rs_sip_find(m, op_name(t, op), i + 1);
}

uint8_t *
rs_template_put_last_header(uint8_t *p, const uint8_t *end, const struct rs_template *t,
	const struct rs_op *op, const struct rs_sip_msg *m, int first)
{
	if (op->with_name) {
		const struct rs_sip_header *h = &m->headers[first];
		/* As the peer spelt it; what was kept of a message may have lost that. */
		struct rs_slice name = h->name_len > 0 ?
			rs_slice_of(m->buf + h->name_off, h->name_len) : op_name(t, op);

		p = put_slice(p, end, name);
		if (p)
			p = put_bytes(p, end, (const uint8_t *)": ", 2);
	}
	if (p)
		p = put_value(p, end, m, first);
	for (int i = last_next(t, op, m, first); p && i >= 0; i = last_next(t, op, m, i)) {
		p = put_bytes(p, end, (const uint8_t *)", ", 2);
		if (p)
			p = put_value(p, end, m, i);
	}
	return p;
}
