/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an INVITE is matched by. It is looked up in the bytes, those that a scenario has just rendered as well as those received,
 * so that both sides of a call are read by the same rules.
 */
#include "engine/legs.h"

static bool
begins_with(const uint8_t *p, const uint8_t *end, struct rs_slice name)
{
	return (size_t)(end - p) > name.len && rs_slice_case_eq(rs_slice_of(p, name.len), name);
}

/* The value of the first header called @name, or @compact (0: it has no such form), up to its line's end. */
static struct rs_slice
header_value(struct rs_slice m, struct rs_slice name, uint8_t compact)
{
	const uint8_t *p = m.p, *end = m.p + m.len, *eol;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end && *p != '\r' && *p != '\n') {
		const uint8_t *q = p;

		if (begins_with(p, end, name))
			q += name.len;
		else if (compact && rs_lower(*p) == compact)
			q++;
		else
			continue;
		while (q < end && (*q == ' ' || *q == '\t'))
			q++;
		if (q == end || *q != ':')
			continue;
		eol = memchr(q, '\n', (size_t)(end - q));
		return rs_slice_trim(rs_slice_of(q + 1, (size_t)((eol ? eol : end) - q) - 1));
	}
	return rs_slice_of(NULL, 0);
}

static struct rs_slice
up_to(struct rs_slice s, uint8_t stop)
{
	const uint8_t *at = s.len ? memchr(s.p, stop, s.len) : NULL;

	return at ? rs_slice_of(s.p, (size_t)(at - s.p)) : s;
}

/* The user of a SIP URI without password and parameters, the number of a tel URI. */
static struct rs_slice
uri_user(struct rs_slice uri)
{
	struct rs_slice scheme = up_to(uri, ':'), rest;

	if (scheme.len == uri.len)
		return rs_slice_of(NULL, 0);
	rest = rs_slice_of(uri.p + scheme.len + 1, uri.len - scheme.len - 1);
	if (rs_slice_case_eq(scheme, rs_slice_str("tel")))
		return up_to(rest, ';');
	size_t n = rest.len;

	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] == '@')
			return rs_slice_of(rest.p, i < n ? i : n);
		if (n == rest.len && (rest.p[i] == ':' || rest.p[i] == ';'))
			n = i;
	}
	return rs_slice_of(NULL, 0);
}

static struct rs_slice
party_user(struct rs_slice message, const char *name, uint8_t compact)
{
	struct rs_slice value = header_value(message, rs_slice_str(name), compact);
	struct rs_sip_addr addr;

	return value.len && rs_sip_addr(value, &addr) == 0 ? uri_user(addr.uri) : rs_slice_of(NULL, 0);
}

static struct rs_slice
called_user(struct rs_slice message)
{
	static const char start[] = "INVITE ";
	struct rs_slice uri, user;

	if (message.len < sizeof(start))
		return rs_slice_of(NULL, 0);
	uri = up_to(rs_slice_of(message.p + sizeof(start) - 1, message.len - sizeof(start) + 1), ' ');
	user = uri_user(uri);
	return user.len ? user : party_user(message, "To", 't');
}

/* RFC 7989, 5: the caller's UUID stands first, whoever passes the INVITE on; one of zeros is that of nobody. */
static struct rs_slice
session_id(struct rs_slice message)
{
	struct rs_slice id = rs_slice_trim(up_to(header_value(message, rs_slice_str("Session-ID"), 0), ';'));

	for (size_t i = 0; i < id.len; i++)
		if (id.p[i] != '0')
			return id;
	return rs_slice_of(NULL, 0);
}

struct rs_slice
legs_key_text(enum rs_legs_key by, struct rs_slice header, struct rs_slice message)
{
	if (message.len == 0)
		return message;
	switch (by) {
	case RS_LEGS_AUTO:
	case RS_LEGS_CALLED_USER:
		return called_user(message);
	case RS_LEGS_CALLING_USER:
		return party_user(message, "From", 'f');
	case RS_LEGS_SESSION_ID:
		return session_id(message);
	case RS_LEGS_USER_TO_USER: /* RFC 7433, 4.1: parameters say how it is encoded */
		return rs_slice_trim(up_to(header_value(message, rs_slice_str("User-to-User"), 0), ';'));
	case RS_LEGS_HEADER:
		return header_value(message, header, 0);
	case RS_LEGS_NONE:
		break;
	}
	return rs_slice_of(NULL, 0);
}
