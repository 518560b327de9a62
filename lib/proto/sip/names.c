/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of headers and methods, and from a name to its identity. */
#include "proto/sip/scan.h"

/* Which bits must be equal: all but the one that tells upper case from lower, and all of a hyphen
 * and of the colon. */
#define LETTERS(len)                                                                               \
	{                                                                                          \
		[0 ...(len) - 1] = 0xdf, [len] = 0xff                                              \
	}
#define HYPHEN(len, at)                                                                            \
	{                                                                                          \
		[0 ...(at) - 1] = 0xdf, [at] = 0xff, [(at) + 1 ...(len) - 1] = 0xdf, [len] = 0xff  \
	}
#define HYPHENS(len, at, at2)                                                                      \
	{                                                                                          \
		[0 ...(at) - 1] = 0xdf, [at] = 0xff, [(at) + 1 ...(at2) - 1] = 0xdf, [at2] = 0xff, \
			     [(at2) + 1 ...(len) - 1] = 0xdf, [len] = 0xff                         \
	}

/* ENTRY(key, header, spelling in lower case, its first letter, its last, its bits); compact forms
 * are those IANA lists. */
#define SPELLINGS(ENTRY)                                                                           \
	ENTRY(VIA, VIA, "via", 'v', 'a', LETTERS(3))                                               \
	ENTRY(V, VIA, "v", 'v', 'v', LETTERS(1))                                                   \
	ENTRY(FROM, FROM, "from", 'f', 'm', LETTERS(4))                                            \
	ENTRY(F, FROM, "f", 'f', 'f', LETTERS(1))                                                  \
	ENTRY(TO, TO, "to", 't', 'o', LETTERS(2))                                                  \
	ENTRY(T, TO, "t", 't', 't', LETTERS(1))                                                    \
	ENTRY(CALL_ID, CALL_ID, "call-id", 'c', 'd', HYPHEN(7, 4))                                 \
	ENTRY(I, CALL_ID, "i", 'i', 'i', LETTERS(1))                                               \
	ENTRY(CSEQ, CSEQ, "cseq", 'c', 'q', LETTERS(4))                                            \
	ENTRY(CONTACT, CONTACT, "contact", 'c', 't', LETTERS(7))                                   \
	ENTRY(M, CONTACT, "m", 'm', 'm', LETTERS(1))                                               \
	ENTRY(CONTENT_LENGTH, CONTENT_LENGTH, "content-length", 'c', 'h', HYPHEN(14, 7))           \
	ENTRY(L, CONTENT_LENGTH, "l", 'l', 'l', LETTERS(1))                                        \
	ENTRY(CONTENT_TYPE, CONTENT_TYPE, "content-type", 'c', 'e', HYPHEN(12, 7))                 \
	ENTRY(C, CONTENT_TYPE, "c", 'c', 'c', LETTERS(1))                                          \
	ENTRY(MAX_FORWARDS, MAX_FORWARDS, "max-forwards", 'm', 's', HYPHEN(12, 3))                 \
	ENTRY(ROUTE, ROUTE, "route", 'r', 'e', LETTERS(5))                                         \
	ENTRY(RECORD_ROUTE, RECORD_ROUTE, "record-route", 'r', 'e', HYPHEN(12, 6))                 \
	ENTRY(EXPIRES, EXPIRES, "expires", 'e', 's', LETTERS(7))                                   \
	ENTRY(SUPPORTED, SUPPORTED, "supported", 's', 'd', LETTERS(9))                             \
	ENTRY(K, SUPPORTED, "k", 'k', 'k', LETTERS(1))                                             \
	ENTRY(REQUIRE, REQUIRE, "require", 'r', 'e', LETTERS(7))                                   \
	ENTRY(ALLOW, ALLOW, "allow", 'a', 'w', LETTERS(5))                                         \
	ENTRY(SUBJECT, SUBJECT, "subject", 's', 't', LETTERS(7))                                   \
	ENTRY(S, SUBJECT, "s", 's', 's', LETTERS(1))                                               \
	ENTRY(REFER_TO, REFER_TO, "refer-to", 'r', 'o', HYPHEN(8, 5))                              \
	ENTRY(R, REFER_TO, "r", 'r', 'r', LETTERS(1))                                              \
	ENTRY(REFERRED_BY, REFERRED_BY, "referred-by", 'r', 'y', HYPHEN(11, 8))                    \
	ENTRY(B, REFERRED_BY, "b", 'b', 'b', LETTERS(1))                                           \
	ENTRY(EVENT, EVENT, "event", 'e', 't', LETTERS(5))                                         \
	ENTRY(O, EVENT, "o", 'o', 'o', LETTERS(1))                                                 \
	ENTRY(WWW_AUTHENTICATE, WWW_AUTHENTICATE, "www-authenticate", 'w', 'e', HYPHEN(16, 3))     \
	ENTRY(PROXY_AUTHENTICATE, PROXY_AUTHENTICATE, "proxy-authenticate", 'p', 'e',              \
		HYPHEN(18, 5))                                                                     \
	ENTRY(AUTHORIZATION, AUTHORIZATION, "authorization", 'a', 'n', LETTERS(13))                \
	ENTRY(PROXY_AUTHORIZATION, PROXY_AUTHORIZATION, "proxy-authorization", 'p', 'n',           \
		HYPHEN(19, 5))                                                                     \
	ENTRY(CONTENT_ENCODING, CONTENT_ENCODING, "content-encoding", 'c', 'g', HYPHEN(16, 7))     \
	ENTRY(E, CONTENT_ENCODING, "e", 'e', 'e', LETTERS(1))                                      \
	ENTRY(ALLOW_EVENTS, ALLOW_EVENTS, "allow-events", 'a', 's', HYPHEN(12, 5))                 \
	ENTRY(U, ALLOW_EVENTS, "u", 'u', 'u', LETTERS(1))                                          \
	ENTRY(ACCEPT_CONTACT, ACCEPT_CONTACT, "accept-contact", 'a', 't', HYPHEN(14, 6))           \
	ENTRY(A, ACCEPT_CONTACT, "a", 'a', 'a', LETTERS(1))                                        \
	ENTRY(REJECT_CONTACT, REJECT_CONTACT, "reject-contact", 'r', 't', HYPHEN(14, 6))           \
	ENTRY(J, REJECT_CONTACT, "j", 'j', 'j', LETTERS(1))                                        \
	ENTRY(REQUEST_DISPOSITION, REQUEST_DISPOSITION, "request-disposition", 'r', 'n',           \
		HYPHEN(19, 7))                                                                     \
	ENTRY(D, REQUEST_DISPOSITION, "d", 'd', 'd', LETTERS(1))                                   \
	ENTRY(IDENTITY, IDENTITY, "identity", 'i', 'y', LETTERS(8))                                \
	ENTRY(Y, IDENTITY, "y", 'y', 'y', LETTERS(1))                                              \
	ENTRY(SESSION_EXPIRES, SESSION_EXPIRES, "session-expires", 's', 's', HYPHEN(15, 7))        \
	ENTRY(X, SESSION_EXPIRES, "x", 'x', 'x', LETTERS(1))                                       \
	ENTRY(MIN_SE, MIN_SE, "min-se", 'm', 'e', HYPHEN(6, 3))                                    \
	ENTRY(RSEQ, RSEQ, "rseq", 'r', 'q', LETTERS(4))                                            \
	ENTRY(RACK, RACK, "rack", 'r', 'k', LETTERS(4))                                            \
	ENTRY(PATH, PATH, "path", 'p', 'h', LETTERS(4))                                            \
	ENTRY(SERVICE_ROUTE, SERVICE_ROUTE, "service-route", 's', 'e', HYPHEN(13, 7))              \
	ENTRY(RETRY_AFTER, RETRY_AFTER, "retry-after", 'r', 'r', HYPHEN(11, 5))                    \
	ENTRY(REASON, REASON, "reason", 'r', 'n', LETTERS(6))                                      \
	ENTRY(SESSION_ID, SESSION_ID, "session-id", 's', 'd', HYPHEN(10, 7))                       \
	ENTRY(USER_TO_USER, USER_TO_USER, "user-to-user", 'u', 'r', HYPHENS(12, 4, 7))

#define KEY(key, header, text, first, last, bits) SPELLING_##key,
enum { SPELLING_NONE, SPELLINGS(KEY) };

#define NAME(key, header, text, first, last, bits) { text ":", bits },
const struct rs_sip_name rs_sip_names[] = {
	/* An empty slot leads here, and no line begins with a colon. */
	{ ":", { 0xff } }, SPELLINGS(NAME)
};

#define SLOT(key, header, text, first, last, bits)                                                 \
	[RS_SIP_NAME_SLOT(sizeof(text) - 1, first, last)] = { SPELLING_##key, RS_HDR_##header },
const struct rs_sip_name_slot rs_sip_name_slots[RS_SIP_NAME_SLOTS] = { SPELLINGS(SLOT) };

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
	const struct rs_sip_name_slot *slot;
	const uint8_t *text;

	if (name.len == 0 || name.len >= RS_SIP_NAME_BYTES)
		return RS_HDR_OTHER;
	slot = &rs_sip_name_slots[RS_SIP_NAME_SLOT(name.len, name.p[0], name.p[name.len - 1])];
	text = rs_sip_names[slot->name].text;
	return text[name.len] == ':' && rs_slice_case_eq(name, rs_slice_of(text, name.len))
		? slot->id
		: RS_HDR_OTHER;
}

const char *
rs_sip_header_name(enum rs_sip_header_id id)
{
	return (unsigned)id < RS_HDR_IDS ? long_names[id] : "";
}

/* Like the header names: one slot a method, by length and first letter. */
#define METHOD_SLOTS            32u
#define METHOD_SLOT(len, first) (((unsigned)(len) + (unsigned)(first)*3u) & (METHOD_SLOTS - 1u))

struct method {
	const char *text;
	uint8_t len;
	uint8_t method;
};

#define METHOD(name, first)                                                                        \
	[METHOD_SLOT(sizeof(#name) - 1, first)] = { #name, sizeof(#name) - 1, RS_SIP_##name }

static const struct method methods[METHOD_SLOTS] = {
	METHOD(INVITE, 'I'),
	METHOD(ACK, 'A'),
	METHOD(BYE, 'B'),
	METHOD(CANCEL, 'C'),
	METHOD(OPTIONS, 'O'),
	METHOD(REGISTER, 'R'),
	METHOD(PRACK, 'P'),
	METHOD(UPDATE, 'U'),
	METHOD(INFO, 'I'),
	METHOD(MESSAGE, 'M'),
	METHOD(SUBSCRIBE, 'S'),
	METHOD(NOTIFY, 'N'),
	METHOD(REFER, 'R'),
	METHOD(PUBLISH, 'P'),
};

static const char *const method_names[RS_SIP_METHODS] = {
	[RS_SIP_OTHER] = "",
	[RS_SIP_INVITE] = "INVITE",
	[RS_SIP_ACK] = "ACK",
	[RS_SIP_BYE] = "BYE",
	[RS_SIP_CANCEL] = "CANCEL",
	[RS_SIP_OPTIONS] = "OPTIONS",
	[RS_SIP_REGISTER] = "REGISTER",
	[RS_SIP_PRACK] = "PRACK",
	[RS_SIP_UPDATE] = "UPDATE",
	[RS_SIP_INFO] = "INFO",
	[RS_SIP_MESSAGE] = "MESSAGE",
	[RS_SIP_SUBSCRIBE] = "SUBSCRIBE",
	[RS_SIP_NOTIFY] = "NOTIFY",
	[RS_SIP_REFER] = "REFER",
	[RS_SIP_PUBLISH] = "PUBLISH",
};

enum rs_sip_method
rs_sip_method(struct rs_slice text)
{
	const struct method *m;
	uint32_t got, want;

	if (text.len < 3 || text.len > 9)
		return RS_SIP_OTHER;
	m = &methods[METHOD_SLOT(text.len, text.p[0])];
	if (m->len != text.len)
		return RS_SIP_OTHER;
	if (text.len == 3 || text.len == 9)
		return memcmp(m->text, text.p, text.len) == 0 ? m->method : RS_SIP_OTHER;
	/* First and last four bytes cover the others: cheaper than a call. */
	memcpy(&got, text.p, 4);
	memcpy(&want, m->text, 4);
	if (got != want)
		return RS_SIP_OTHER;
	memcpy(&got, text.p + text.len - 4, 4);
	memcpy(&want, m->text + m->len - 4, 4);
	return got == want ? m->method : RS_SIP_OTHER;
}

const char *
rs_sip_method_name(enum rs_sip_method method)
{
	return (unsigned)method < RS_SIP_METHODS ? method_names[method] : "";
}
