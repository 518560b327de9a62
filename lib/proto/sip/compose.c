/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages put together line by line: see compose.h. */
#include "proto/sip/compose.h"

#include <errno.h>

#include "base/text.h"
#include "proto/sip/field.h"

#define MAX_FORWARDS 70 /* RFC 3261, 8.1.1.6 */

/** @len bytes at the end of what is there, or NULL: this and all that follows is left out. */
static uint8_t *
room(struct rs_sip_out *o, size_t len)
{
	uint8_t *p = o->p + o->len;

	if (o->full || o->cap - o->len < len) {
		o->full = true;
		return NULL;
	}
	o->len += len;
	return p;
}

void
rs_out_bytes(struct rs_sip_out *o, struct rs_slice s)
{
	uint8_t *p = room(o, s.len);

	if (p != NULL && s.len > 0)
		memcpy(p, s.p, s.len);
}

void
rs_out_text(struct rs_sip_out *o, const char *text)
{
	rs_out_bytes(o, rs_slice_str(text));
}

void
rs_out_number(struct rs_sip_out *o, uint64_t n)
{
	uint8_t digits[20];

	rs_out_bytes(o, rs_slice_of(digits, rs_text_u64(digits, n)));
}

static bool
breaks_line(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/**
 * A value on one line: a fold becomes one space (RFC 3261, 7.3.1). No CR or LF of a peer gets
 * through, so none can begin a header of its own in what we send.
 */
static void
out_unfolded(struct rs_sip_out *o, struct rs_slice value)
{
	size_t from = 0, i = 0;

	while (i < value.len) {
		size_t cut = i;

		if (!breaks_line(value.p[i])) {
			i++;
			continue;
		}
		while (cut > from && (value.p[cut - 1] == ' ' || value.p[cut - 1] == '\t'))
			cut--;
		while (i < value.len &&
			(breaks_line(value.p[i]) || value.p[i] == ' ' || value.p[i] == '\t'))
			i++;
		rs_out_bytes(o, rs_slice_of(value.p + from, cut - from));
		rs_out_text(o, " ");
		from = i;
	}
	rs_out_bytes(o, rs_slice_of(value.p + from, value.len - from));
}

void
rs_out_header(struct rs_sip_out *o, const char *name, struct rs_slice value)
{
	if (value.len == 0)
		return;
	rs_out_text(o, name);
	rs_out_text(o, ": ");
	out_unfolded(o, value);
	rs_out_text(o, "\r\n");
}

void
rs_out_request(struct rs_sip_out *o, const struct rs_sip_request *r)
{
	const char *method = rs_sip_method_name(r->method);

	if (r->method == RS_SIP_OTHER)
		o->full = true; /* it has no name to write */
	rs_out_text(o, method);
	rs_out_text(o, " ");
	out_unfolded(o, r->uri);
	rs_out_text(o, " SIP/2.0\r\nVia: SIP/2.0/");
	if (r->transport.len > 0)
		rs_out_bytes(o, r->transport);
	else
		rs_out_text(o, "UDP");
	rs_out_text(o, " ");
	rs_out_bytes(o, r->host);
	if (r->port != 0) {
		rs_out_text(o, ":");
		rs_out_number(o, r->port);
	}
	if (r->branch.len > 0) {
		rs_out_text(o, ";branch=");
		rs_out_bytes(o, r->branch);
	}
	if (r->rport)
		rs_out_text(o, ";rport");
	if (r->alias)
		rs_out_text(o, ";alias");
	rs_out_text(o, "\r\n");
	rs_out_header(o, "Route", r->routes);
	rs_out_header(o, "From", r->from);
	rs_out_header(o, "To", r->to);
	rs_out_header(o, "Call-ID", r->call_id);
	rs_out_text(o, "CSeq: ");
	rs_out_number(o, r->cseq);
	rs_out_text(o, " ");
	rs_out_text(o, method);
	rs_out_text(o, "\r\nMax-Forwards: ");
	rs_out_number(o, MAX_FORWARDS);
	rs_out_text(o, "\r\n");
}

/** All values of one header, a line for each line of the request, in its order. */
static void
copy_all(struct rs_sip_out *o, const struct rs_sip_msg *request, enum rs_sip_header_id id)
{
	for (int i = request->first[id]; i >= 0; i = rs_sip_next(request, i))
		rs_out_header(o, rs_sip_header_name(id), rs_sip_value(request, i));
}

static void
copy_first(struct rs_sip_out *o, const struct rs_sip_msg *request, enum rs_sip_header_id id)
{
	rs_out_header(o, rs_sip_header_name(id), rs_sip_get(request, id));
}

static void
copy_to(struct rs_sip_out *o, const struct rs_sip_msg *request, struct rs_slice tag)
{
	struct rs_slice to = rs_sip_get(request, RS_HDR_TO);

	if (to.len == 0)
		return;
	rs_out_text(o, "To: ");
	out_unfolded(o, to);
	if (tag.len > 0 && rs_sip_tag(to).p == NULL) {
		rs_out_text(o, ";tag=");
		rs_out_bytes(o, tag);
	}
	rs_out_text(o, "\r\n");
}

void
rs_out_response(struct rs_sip_out *o, const struct rs_sip_msg *request, uint16_t status,
	const char *reason, struct rs_slice tag, bool dialog)
{
	rs_out_text(o, "SIP/2.0 ");
	rs_out_number(o, status);
	rs_out_text(o, " ");
	rs_out_text(o, reason != NULL ? reason : rs_sip_reason(status));
	rs_out_text(o, "\r\n");
	copy_all(o, request, RS_HDR_VIA);
	if (dialog)
		copy_all(o, request, RS_HDR_RECORD_ROUTE);
	copy_first(o, request, RS_HDR_FROM);
	copy_to(o, request, tag);
	copy_first(o, request, RS_HDR_CALL_ID);
	copy_first(o, request, RS_HDR_CSEQ);
	if (status == 100) {
		/* RFC 3261, 8.2.6.1: the sender measures the way with it. */
		int i = rs_sip_find(request, rs_slice_str("Timestamp"), 0);

		if (i >= 0)
			rs_out_header(o, "Timestamp", rs_sip_value(request, i));
	}
}

int
rs_out_end(struct rs_sip_out *o, const char *content_type, struct rs_slice body)
{
	if (body.len > 0 && content_type != NULL)
		rs_out_header(o, "Content-Type", rs_slice_str(content_type));
	rs_out_text(o, "Content-Length: ");
	rs_out_number(o, body.len);
	rs_out_text(o, "\r\n\r\n");
	rs_out_bytes(o, body);
	return o->full ? -ENOSPC : (int)o->len;
}
