/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Messages that no scenario writes: what a user agent says of its own accord (REGISTER, PRACK, refreshes, answers to what nobody
 * waits for). Put together line by line into the caller's bytes; what does not fit is remembered, not written.
 */
#ifndef RS_PROTO_SIP_COMPOSE_H
#define RS_PROTO_SIP_COMPOSE_H

#include "base/slice.h"
#include "proto/sip/msg.h"

struct rs_sip_out {
	uint8_t *p;
	size_t len, cap;
	bool full; /* something did not fit: the message is not to be sent */
};

static inline struct rs_sip_out
rs_sip_out(uint8_t *p, size_t cap)
{
	return (struct rs_sip_out){ .p = p, .cap = cap };
}

void rs_out_bytes(struct rs_sip_out *o, struct rs_slice s);
void rs_out_text(struct rs_sip_out *o, const char *text);
void rs_out_number(struct rs_sip_out *o, uint64_t n);
/** "Name: value" and the line's end; nothing when @value is absent or empty. */
void rs_out_header(struct rs_sip_out *o, const char *name, struct rs_slice value);

/** The lines that every request begins with. Slices that are absent are left out where RFC 3261 lets them. */
struct rs_sip_request {
	enum rs_sip_method method;
	struct rs_slice uri;
	struct rs_slice transport;	/* "UDP" */
	struct rs_slice host;		/* sent-by, IPv6 in brackets */
	uint16_t port;
	struct rs_slice branch;		/* whole, with its cookie */
	bool rport;			/* Via asks for the answer to come where the request comes from (RFC 3581, 3) */
	bool alias;			/* Via has that parameter (RFC 5923, 5) */
	struct rs_slice routes;		/* "<sip:a;lr>, <sip:b;lr>" */
	struct rs_slice from, to;	/* values with their tags */
	struct rs_slice call_id;
	uint32_t cseq;
};
/** Request line, Via, Route, From, To, Call-ID, CSeq, Max-Forwards. */
void rs_out_request(struct rs_sip_out *o, const struct rs_sip_request *r);

/**
 * Status line and what a response copies from the request: Via (all), From, To, Call-ID, CSeq, Record-Route too when @dialog (RFC
 * 3261, 8.2.6.2 and 12.1.1). @tag is put behind To when that has none; absent: none is.
 */
void rs_out_response(struct rs_sip_out *o, const struct rs_sip_msg *request, uint16_t status, const char *reason,
	struct rs_slice tag, bool dialog);

/** Content-Type (when there is a body), Content-Length, the empty line, the body. @return bytes of the message; -ENOSPC */
int rs_out_end(struct rs_sip_out *o, const char *content_type, struct rs_slice body);

/** RFC 3261's reason phrase for @status, "" when it has none. */
const char *rs_sip_reason(uint16_t status);

#endif
