/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * SIP messages as received: one vector pass finds the lines and names the headers, the rest is decoded on demand.
 * Nothing is copied and nothing is allocated; every slice points into the caller's bytes.
 */
#ifndef RS_PROTO_SIP_MSG_H
#define RS_PROTO_SIP_MSG_H

#include "base/slice.h"

#define RS_SIP_MAX_HEADERS 96

/** Methods the product names; anything else is RS_SIP_OTHER and its text is in msg.method. */
enum rs_sip_method {
	RS_SIP_OTHER,
	RS_SIP_INVITE,
	RS_SIP_ACK,
	RS_SIP_BYE,
	RS_SIP_CANCEL,
	RS_SIP_OPTIONS,
	RS_SIP_REGISTER,
	RS_SIP_PRACK,
	RS_SIP_UPDATE,
	RS_SIP_INFO,
	RS_SIP_MESSAGE,
	RS_SIP_SUBSCRIBE,
	RS_SIP_NOTIFY,
	RS_SIP_REFER,
	RS_SIP_PUBLISH,
	RS_SIP_METHODS
};

/** Headers with an identity of their own, compact forms folded in (RFC 3261, 7.3.3); others are RS_HDR_OTHER. */
enum rs_sip_header_id {
	RS_HDR_OTHER,
	RS_HDR_VIA,
	RS_HDR_FROM,
	RS_HDR_TO,
	RS_HDR_CALL_ID,
	RS_HDR_CSEQ,
	RS_HDR_CONTACT,
	RS_HDR_CONTENT_LENGTH,
	RS_HDR_CONTENT_TYPE,
	RS_HDR_MAX_FORWARDS,
	RS_HDR_ROUTE,
	RS_HDR_RECORD_ROUTE,
	RS_HDR_EXPIRES,
	RS_HDR_SUPPORTED,
	RS_HDR_REQUIRE,
	RS_HDR_ALLOW,
	RS_HDR_SUBJECT,
	RS_HDR_REFER_TO,
	RS_HDR_REFERRED_BY,
	RS_HDR_EVENT,
	RS_HDR_WWW_AUTHENTICATE,
	RS_HDR_PROXY_AUTHENTICATE,
	RS_HDR_AUTHORIZATION,
	RS_HDR_PROXY_AUTHORIZATION,
	RS_HDR_CONTENT_ENCODING,
	RS_HDR_ALLOW_EVENTS,
	RS_HDR_ACCEPT_CONTACT,
	RS_HDR_REJECT_CONTACT,
	RS_HDR_REQUEST_DISPOSITION,
	RS_HDR_IDENTITY,
	RS_HDR_SESSION_EXPIRES,
	RS_HDR_MIN_SE,
	RS_HDR_RSEQ,
	RS_HDR_RACK,
	RS_HDR_PATH,
	RS_HDR_SERVICE_ROUTE,
	RS_HDR_RETRY_AFTER,
	RS_HDR_REASON,
	RS_HDR_SESSION_ID,
	RS_HDR_USER_TO_USER,
	RS_HDR_IDS
};

/** One header field as it stands in the message; offsets count from msg.buf. */
struct rs_sip_header {
	uint32_t name_off;
	uint32_t value_off; /* first byte after the colon and its white space */
	uint32_t end_off;   /* one past the value's last byte: before the CRLF, folds inside, trailing blanks cut */
	uint16_t name_len;
	uint8_t id;	  /* enum rs_sip_header_id */
	uint8_t folded;	  /* the value has continuation lines */
};

struct rs_sip_msg {
	const uint8_t *buf;
	uint32_t len;		   /* bytes this message takes, body included */
	uint16_t status;	   /* 100 to 699; 0 in a request */
	uint8_t method;		   /* enum rs_sip_method; of the request line, RS_SIP_OTHER in a response */
	uint8_t n_headers_full;	   /* 1 when headers past RS_SIP_MAX_HEADERS were left out */
	uint16_t n_headers;
	struct rs_slice method_text; /* request: the method; response: absent */
	struct rs_slice uri;	   /* Request-URI; absent in a response */
	struct rs_slice reason;	   /* reason phrase; absent in a request */
	struct rs_slice body;	   /* as Content-Length says, or to the end of the datagram */
	int16_t first[RS_HDR_IDS]; /* index of the first header with that id, -1 if none */
	struct rs_sip_header headers[RS_SIP_MAX_HEADERS];
};

/**
 * Parse the start line and index the headers of one SIP message.
 *
 * Nothing at or after @buf + @len is read. On a datagram (@stream false) a missing Content-Length means "to the end", one that
 * is larger than what is there is -EBADMSG, and bytes behind the body are ignored (RFC 3261, 18.3). Bare LF line ends are taken.
 * Leading CRLFs are skipped (RFC 3261, 7.5).
 *
 * @param buf     the bytes as received
 * @param len     bytes in @buf
 * @param stream  the bytes come from a stream: Content-Length is needed, and more may follow
 * @param msg     out: start line, header index, body; headers are decoded later, on demand
 * @param used    out: bytes of @buf that the message takes, leading CRLFs included; without a message only those CRLFs (on a
 *                stream they are keep-alives: RFC 5626, 3.5.1)
 * @return 0; -EAGAIN if the message is not complete yet (streams only); -EBADMSG if it is not SIP (RFC 3261, 7 and 25.1) or
 *         takes more than 65,536 bytes
 */
int rs_sip_parse(const uint8_t *buf, size_t len, bool stream, struct rs_sip_msg *msg, size_t *used);

/** Name of the scan kernel that rs_sip_parse uses on this machine: "avx2", "sse2" or "scalar". */
const char *rs_sip_scan_name(void);

/** Use the scalar kernel (for tests and benches) or the best one again. Not for use while another thread parses. */
void rs_sip_scan_force_scalar(bool on);

/** The value of header number @i, folds still inside. */
static inline struct rs_slice
rs_sip_value(const struct rs_sip_msg *m, int i)
{
	const struct rs_sip_header *h = &m->headers[i];

	return (struct rs_slice){ m->buf + h->value_off, h->end_off - h->value_off };
}

/** The value of the first header with @id; absent (p == NULL) when there is none. */
static inline struct rs_slice
rs_sip_get(const struct rs_sip_msg *m, enum rs_sip_header_id id)
{
	return m->first[id] < 0 ? (struct rs_slice){ NULL, 0 } : rs_sip_value(m, m->first[id]);
}

/** The next header with the same id as header @i, or -1. */
int rs_sip_next(const struct rs_sip_msg *m, int i);

/** The first header at or after index @from whose name is @name in long or compact form, any case; -1 if none. */
int rs_sip_find(const struct rs_sip_msg *m, struct rs_slice name, int from);

/** Identity of a header name, compact forms included. */
enum rs_sip_header_id rs_sip_header_id(struct rs_slice name);
/** The long form of @id's name, as RFC 3261 spells it. */
const char *rs_sip_header_name(enum rs_sip_header_id id);

/** Identity of a method name; case counts (RFC 3261, 7.1). */
enum rs_sip_method rs_sip_method(struct rs_slice text);
const char *rs_sip_method_name(enum rs_sip_method method);

/**
 * Is this header set one that RFC 3261 lets a user agent act on? Checks what rs_sip_parse leaves to its caller: From, To, Call-ID,
 * CSeq and Via present and well formed, CSeq's method equal to the request's, Content-Length single and numeric.
 * @return 0, or a status code that a UAS would answer with (400, 416, 420, 505), with @why set to a short English cause; of a
 *         response not 0 means that it is to be dropped
 */
int rs_sip_validate(const struct rs_sip_msg *m, const char **why);

#endif
