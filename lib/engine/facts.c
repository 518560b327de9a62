/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a template's messages before any is rendered, so that nothing has to be looked up in their bytes. */
#include <errno.h>

#include "engine/internal.h"

/* The line that a literal ends in, from its beginning or behind its last line end. */
static struct rs_slice
last_line(struct rs_slice text)
{
	size_t at = text.len;

	while (at > 0 && text.p[at - 1] != '\n')
		at--;
	return rs_slice_of(text.p + at, text.len - at);
}

static bool
begins_cseq(struct rs_slice line)
{
	return line.len >= 5 && memcmp(line.p, "CSeq:", 5) == 0 && rs_slice_trim(rs_slice_of(line.p + 5, line.len - 5)).len == 0;
}

static uint32_t
flags_of(struct rs_slice text, bool at_line)
{
	uint32_t has = 0;

	while (text.len > 0) {
		const uint8_t *nl = memchr(text.p, '\n', text.len);
		size_t n = nl ? (size_t)(nl - text.p) + 1 : text.len;

		if (at_line)
			has |= sent_flag(text.p, n);
		at_line = true;
		text = rs_slice_of(text.p + n, text.len - n);
	}
	return has;
}

/* Is there more behind the empty line than ends of line? */
static bool
says_anything(const struct rs_template *t, uint32_t from)
{
	for (uint32_t i = from; i < t->n_ops; i++) {
		const struct rs_op *op = &t->ops[i];

		if (op->slot == RS_SLOT_LINE)
			continue;
		if (op->slot != RS_SLOT_LITERAL || rs_slice_trim(rs_slice_of(t->text + op->off, op->len)).len > 0)
			return true;
	}
	return false;
}

static void
read_template(const struct rs_template *t, struct facts *f)
{
	struct rs_slice line = { NULL, 0 };
	bool at_line = true;

	*f = (struct facts){ .known = true };
	for (uint32_t i = 0; i < t->n_ops; i++) {
		const struct rs_op *op = &t->ops[i];
		struct rs_slice text = { t->text + op->off, op->len };

		switch ((enum rs_slot)op->slot) {
		case RS_SLOT_LINE:
			line = rs_slice_of(NULL, 0);
			at_line = true;
			continue;
		case RS_SLOT_BODY:
			f->has_body = true;
			f->body = says_anything(t, i + 1);
			return;
		case RS_SLOT_LITERAL:
			f->has |= flags_of(text, at_line);
			line = last_line(text);
			at_line = text.len > 0 && text.p[text.len - 1] == '\n';
			continue;
		case RS_SLOT_CSEQ:
			if (op->n == 0 && begins_cseq(line))
				f->cseq = CSEQ_OWN;
			break;
		case RS_SLOT_LAST_HEADER:
			if (op->header_id == RS_HDR_CSEQ && (op->with_name || begins_cseq(line)))
				f->cseq = CSEQ_LAST;
			if (op->header_id == RS_HDR_OTHER || op->header_id == RS_HDR_ROUTE)
				f->known = f->known && !at_line;
			break;
		case RS_SLOT_ROUTES:
			f->has |= SENT_ROUTE;
			break;
		case RS_SLOT_AUTH:
			f->has |= SENT_CREDENTIALS;
			break;
		case RS_SLOT_VAR:
		case RS_SLOT_FIELD:
		case RS_SLOT_FILL:
		case RS_SLOT_LAST_MESSAGE:
			f->known = false; /* it may hold whole lines */
			break;
		default:
			break;
		}
		at_line = false;
		line = rs_slice_of(NULL, 0);
	}
}

/* Does a line in front of the body say Content-Type: application/sdp? A type that is a variable's is not looked for. */
static bool
has_sdp(const struct rs_template *t)
{
	static const char *const names[] = { "Content-Type:", "c:" };

	for (uint32_t i = 0; i < t->n_ops && t->ops[i].slot != RS_SLOT_BODY; i++) {
		struct rs_slice text = { t->text + t->ops[i].off, t->ops[i].len };

		while (t->ops[i].slot == RS_SLOT_LITERAL && text.len > 0) {
			const uint8_t *nl = memchr(text.p, '\n', text.len);
			size_t n = nl ? (size_t)(nl - text.p) + 1 : text.len;

			for (size_t k = 0; k < 2; k++) {
				size_t len = strlen(names[k]);
				struct rs_slice type;

				if (n <= len || !rs_slice_case_eq(rs_slice_of(text.p, len), rs_slice_str(names[k])))
					continue;
				type = rs_slice_trim(rs_slice_of(text.p + len, n - len));
				if (type.len >= 15 && rs_slice_case_eq(rs_slice_of(type.p, 15), rs_slice_str("application/sdp")))
					return true;
			}
			text = rs_slice_of(text.p + n, text.len - n);
		}
	}
	return false;
}

void
facts_read(const struct rs_program *p, struct facts *out)
{
	for (uint32_t t = 0; t < p->n_templates; t++) {
		read_template(&p->templates[t], &out[t]);
		out[t].sdp = out[t].body && has_sdp(&p->templates[t]);
	}
}
