/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of headers and methods, and from a name to its identity. */
#include "proto/sip/scan.h"

/* ENTRY(key, header, spelling in lower case, its first letter, its last letter); compact forms are those IANA lists. */
#define SPELLINGS(ENTRY) \
	ENTRY(VIA, VIA, "via", 'v', 'a') \
	ENTRY(V, VIA, "v", 'v', 'v') \
	ENTRY(FROM, FROM, "from", 'f', 'm') \
	ENTRY(F, FROM, "f", 'f', 'f') \
	ENTRY(TO, TO, "to", 't', 'o') \
	ENTRY(T, TO, "t", 't', 't') \
	ENTRY(CALL_ID, CALL_ID, "call-id", 'c', 'd') \
	ENTRY(I, CALL_ID, "i", 'i', 'i') \
	ENTRY(CSEQ, CSEQ, "cseq", 'c', 'q') \
	ENTRY(CONTACT, CONTACT, "contact", 'c', 't') \
	ENTRY(M, CONTACT, "m", 'm', 'm') \
	ENTRY(CONTENT_LENGTH, CONTENT_LENGTH, "content-length", 'c', 'h') \
	ENTRY(L, CONTENT_LENGTH, "l", 'l', 'l') \
	ENTRY(CONTENT_TYPE, CONTENT_TYPE, "content-type", 'c', 'e') \
	ENTRY(C, CONTENT_TYPE, "c", 'c', 'c') \
	ENTRY(MAX_FORWARDS, MAX_FORWARDS, "max-forwards", 'm', 's') \
	ENTRY(ROUTE, ROUTE, "route", 'r', 'e') \
	ENTRY(RECORD_ROUTE, RECORD_ROUTE, "record-route", 'r', 'e') \
	ENTRY(EXPIRES, EXPIRES, "expires", 'e', 's') \
	ENTRY(SUPPORTED, SUPPORTED, "supported", 's', 'd') \
	ENTRY(K, SUPPORTED, "k", 'k', 'k') \
	ENTRY(REQUIRE, REQUIRE, "require", 'r', 'e') \
	ENTRY(ALLOW, ALLOW, "allow", 'a', 'w') \
	ENTRY(SUBJECT, SUBJECT, "subject", 's', 't') \
	ENTRY(S, SUBJECT, "s", 's', 's') \
	ENTRY(REFER_TO, REFER_TO, "refer-to", 'r', 'o') \
	ENTRY(R, REFER_TO, "r", 'r', 'r') \
	ENTRY(REFERRED_BY, REFERRED_BY, "referred-by", 'r', 'y') \
	ENTRY(B, REFERRED_BY, "b", 'b', 'b') \
	ENTRY(EVENT, EVENT, "event", 'e', 't') \
	ENTRY(O, EVENT, "o", 'o', 'o') \
	ENTRY(WWW_AUTHENTICATE, WWW_AUTHENTICATE, "www-authenticate", 'w', 'e') \
	ENTRY(PROXY_AUTHENTICATE, PROXY_AUTHENTICATE, "proxy-authenticate", 'p', 'e') \
	ENTRY(AUTHORIZATION, AUTHORIZATION, "authorization", 'a', 'n') \
	ENTRY(PROXY_AUTHORIZATION, PROXY_AUTHORIZATION, "proxy-authorization", 'p', 'n') \
	ENTRY(CONTENT_ENCODING, CONTENT_ENCODING, "content-encoding", 'c', 'g') \
	ENTRY(E, CONTENT_ENCODING, "e", 'e', 'e') \
	ENTRY(ALLOW_EVENTS, ALLOW_EVENTS, "allow-events", 'a', 's') \
	ENTRY(U, ALLOW_EVENTS, "u", 'u', 'u') \
	ENTRY(ACCEPT_CONTACT, ACCEPT_CONTACT, "accept-contact", 'a', 't') \
	ENTRY(A, ACCEPT_CONTACT, "a", 'a', 'a') \
	ENTRY(REJECT_CONTACT, REJECT_CONTACT, "reject-contact", 'r', 't') \
	ENTRY(J, REJECT_CONTACT, "j", 'j', 'j') \
	ENTRY(REQUEST_DISPOSITION, REQUEST_DISPOSITION, "request-disposition", 'r', 'n') \
	ENTRY(D, REQUEST_DISPOSITION, "d", 'd', 'd') \
	ENTRY(IDENTITY, IDENTITY, "identity", 'i', 'y') \
	ENTRY(Y, IDENTITY, "y", 'y', 'y') \
	ENTRY(SESSION_EXPIRES, SESSION_EXPIRES, "session-expires", 's', 's') \
	ENTRY(X, SESSION_EXPIRES, "x", 'x', 'x') \
	ENTRY(MIN_SE, MIN_SE, "min-se", 'm', 'e') \
	ENTRY(RSEQ, RSEQ, "rseq", 'r', 'q') \
	ENTRY(RACK, RACK, "rack", 'r', 'k') \
	ENTRY(PATH, PATH, "path", 'p', 'h') \
	ENTRY(SERVICE_ROUTE, SERVICE_ROUTE, "service-route", 's', 'e') \
	ENTRY(RETRY_AFTER, RETRY_AFTER, "retry-after", 'r', 'r') \
	ENTRY(REASON, REASON, "reason", 'r', 'n') \
	ENTRY(SESSION_ID, SESSION_ID, "session-id", 's', 'd') \
	ENTRY(USER_TO_USER, USER_TO_USER, "user-to-user", 'u', 'r')

#define KEY(key, header, text, first, last) SPELLING_##key,
enum { SPELLING_NONE, SPELLINGS(KEY) };

#define NAME(key, header, text, first, last) { text, sizeof(text) - 1, RS_HDR_##header },
const struct rs_sip_name rs_sip_names[] = { { "", 0, RS_HDR_OTHER }, SPELLINGS(NAME) };

#define SLOT(key, header, text, first, last)                                                               \
	[RS_SIP_NAME_SLOT(sizeof(text) - 1, first, last)] = SPELLING_##key,
const uint8_t rs_sip_name_slots[RS_SIP_NAME_SLOTS] = { SPELLINGS(SLOT) };

static const char *const long_names[RS_HDR_IDS] = {
	[RS_HDR_OTHER] = "",
	[RS_HDR_VIA] = "Via",
	[RS_HDR_FROM] = "From",
	[RS_HDR_TO] = "To",
	[RS_HDR_CALL_ID] = "Call-ID",
	[RS_HDR_CSEQ] = "CSeq",
	[RS_HDR_CONTACT] = "Contact",
	[RS_HDR_CONTENT_LENGTH] = "Content-Length",
	[RS_HDR_CONTENT_TYPE] = "Content-Type",
	[RS_HDR_MAX_FORWARDS] = "Max-Forwards",
	[RS_HDR_ROUTE] = "Route",
	[RS_HDR_RECORD_ROUTE] = "Record-Route",
	[RS_HDR_EXPIRES] = "Expires",
	[RS_HDR_SUPPORTED] = "Supported",
	[RS_HDR_REQUIRE] = "Require",
	[RS_HDR_ALLOW] = "Allow",
	[RS_HDR_SUBJECT] = "Subject",
	[RS_HDR_REFER_TO] = "Refer-To",
	[RS_HDR_REFERRED_BY] = "Referred-By",
	[RS_HDR_EVENT] = "Event",
	[RS_HDR_WWW_AUTHENTICATE] = "WWW-Authenticate",
	[RS_HDR_PROXY_AUTHENTICATE] = "Proxy-Authenticate",
	[RS_HDR_AUTHORIZATION] = "Authorization",
	[RS_HDR_PROXY_AUTHORIZATION] = "Proxy-Authorization",
	[RS_HDR_CONTENT_ENCODING] = "Content-Encoding",
	[RS_HDR_ALLOW_EVENTS] = "Allow-Events",
	[RS_HDR_ACCEPT_CONTACT] = "Accept-Contact",
	[RS_HDR_REJECT_CONTACT] = "Reject-Contact",
	[RS_HDR_REQUEST_DISPOSITION] = "Request-Disposition",
	[RS_HDR_IDENTITY] = "Identity",
	[RS_HDR_SESSION_EXPIRES] = "Session-Expires",
	[RS_HDR_MIN_SE] = "Min-SE",
	[RS_HDR_RSEQ] = "RSeq",
	[RS_HDR_RACK] = "RAck",
	[RS_HDR_PATH] = "Path",
	[RS_HDR_SERVICE_ROUTE] = "Service-Route",
	[RS_HDR_RETRY_AFTER] = "Retry-After",
	[RS_HDR_REASON] = "Reason",
	[RS_HDR_SESSION_ID] = "Session-ID",
	[RS_HDR_USER_TO_USER] = "User-to-User",
};

enum rs_sip_header_id
rs_sip_header_id(struct rs_slice name)
{
	const struct rs_sip_name *known;

	if (name.len == 0 || name.len > RS_SIP_NAME_BYTES)
		return RS_HDR_OTHER;
	known = &rs_sip_names[rs_sip_name_slots[RS_SIP_NAME_SLOT(name.len, name.p[0],
								  name.p[name.len - 1])]];
	return rs_slice_case_eq(name, rs_slice_of(known->text, known->len)) ? known->id : RS_HDR_OTHER;
}

const char *
rs_sip_header_name(enum rs_sip_header_id id)
{
	return (unsigned)id < RS_HDR_IDS ? long_names[id] : "";
}

/* Like the header names: one slot a method, by length and first letter. */
#define METHOD_SLOTS 32u
#define METHOD_SLOT(len, first) (((unsigned)(len) + (unsigned)(first) * 3u) & (METHOD_SLOTS - 1u))

struct method {
	const char *text;
	uint8_t len;
	uint8_t method;
};

#define METHOD(name, first) \
	[METHOD_SLOT(sizeof(#name) - 1, first)] = { #name, sizeof(#name) - 1, RS_SIP_##name }

static const struct method methods[METHOD_SLOTS] = {
	METHOD(INVITE, 'I'),	METHOD(ACK, 'A'),	METHOD(BYE, 'B'),     METHOD(CANCEL, 'C'),
	METHOD(OPTIONS, 'O'),	METHOD(REGISTER, 'R'),	METHOD(PRACK, 'P'),   METHOD(UPDATE, 'U'),
	METHOD(INFO, 'I'),	METHOD(MESSAGE, 'M'),	METHOD(SUBSCRIBE, 'S'), METHOD(NOTIFY, 'N'),
	METHOD(REFER, 'R'),	METHOD(PUBLISH, 'P'),
};

static const char *const method_names[RS_SIP_METHODS] = {
	[RS_SIP_OTHER] = "",		[RS_SIP_INVITE] = "INVITE",	[RS_SIP_ACK] = "ACK",
	[RS_SIP_BYE] = "BYE",		[RS_SIP_CANCEL] = "CANCEL",	[RS_SIP_OPTIONS] = "OPTIONS",
	[RS_SIP_REGISTER] = "REGISTER",	[RS_SIP_PRACK] = "PRACK",	[RS_SIP_UPDATE] = "UPDATE",
	[RS_SIP_INFO] = "INFO",		[RS_SIP_MESSAGE] = "MESSAGE",	[RS_SIP_SUBSCRIBE] = "SUBSCRIBE",
	[RS_SIP_NOTIFY] = "NOTIFY",	[RS_SIP_REFER] = "REFER",	[RS_SIP_PUBLISH] = "PUBLISH",
};

enum rs_sip_method
rs_sip_method(struct rs_slice text)
{
	const struct method *m;

	if (text.len < 3 || text.len > 9)
		return RS_SIP_OTHER;
	m = &methods[METHOD_SLOT(text.len, text.p[0])];
	return m->len == text.len && memcmp(m->text, text.p, text.len) == 0 ? m->method : RS_SIP_OTHER;
}

const char *
rs_sip_method_name(enum rs_sip_method method)
{
	return (unsigned)method < RS_SIP_METHODS ? method_names[method] : "";
}
