/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands between a message that parses and one that may be acted on (RFC 3261, 8.1.1, 8.2 and
 * 20). */
#include <errno.h>

#include "proto/sip/chars.h"
#include "proto/sip/param.h"

/** A check's answer: 0, or a status code with its cause. */
#define REFUSE(why, status, text) (*(why) = (text), (status))

/* Header fields that hold one value and stand at most once. */
static const bool single[RS_HDR_IDS] = {
	[RS_HDR_FROM] = true,
	[RS_HDR_TO] = true,
	[RS_HDR_CALL_ID] = true,
	[RS_HDR_CSEQ] = true,
	[RS_HDR_MAX_FORWARDS] = true,
	[RS_HDR_CONTENT_LENGTH] = true,
	[RS_HDR_CONTENT_TYPE] = true,
	[RS_HDR_EXPIRES] = true,
	[RS_HDR_REFER_TO] = true,
	[RS_HDR_EVENT] = true,
	[RS_HDR_SESSION_EXPIRES] = true,
	[RS_HDR_MIN_SE] = true,
	[RS_HDR_RSEQ] = true,
	[RS_HDR_RACK] = true,
};

static const struct {
	uint8_t id;
	const char *missing;
} mandatory[] = {
	{ RS_HDR_VIA, "no Via" },
	{ RS_HDR_FROM, "no From" },
	{ RS_HDR_TO, "no To" },
	{ RS_HDR_CALL_ID, "no Call-ID" },
	{ RS_HDR_CSEQ, "no CSeq" },
};

/* Option tags that some part of this product acts on; others in Require are answered with 420 (RFC
 * 3261, 8.2.2.3). */
static const char *const options[] = {
	"100rel",
	"timer",
	"replaces",
	"norefersub",
	"path",
	"outbound",
	"gruu",
	"siprec",
	"tdialog",
	"from-change",
	"histinfo",
	"precondition",
	"resource-priority",
	"answermode",
	"sec-agree",
};

/** The version and the single blanks of a request line, which rs_sip_parse is lenient about. */
static int
check_request_line(const struct rs_sip_msg *m, const char **why)
{
	const uint8_t *limit = m->buf + m->len;
	const uint8_t *p = m->uri.p + m->uri.len;
	const uint8_t *end = memchr(p, '\n', (size_t)(limit - p)), *q;
	struct rs_slice version;

	if (end != NULL && end > p && end[-1] == '\r')
		end--;
	if (end == NULL || m->uri.p != m->method_text.p + m->method_text.len + 1 || end - p < 6 ||
		!rs_slice_case_eq(rs_slice_of(p, 5), rs_slice_of(" sip/", 5)))
		return REFUSE(why, 400, "request line has blanks too many");
	version = rs_slice_of(p + 5, (size_t)(end - p - 5));
	if (rs_slice_is(version, "2.0"))
		return 0;
	q = rs_sip_span(version.p, end, RS_C_DIGIT);
	if (q == version.p || q == end || *q != '.' || q + 1 == end ||
		rs_sip_span(q + 1, end, RS_C_DIGIT) != end)
		return REFUSE(why, 400, "request line does not end with a SIP version");
	return REFUSE(why, 505, "SIP version is not 2.0");
}

static int
check_occurrences(const struct rs_sip_msg *m, const char **why)
{
	bool seen[RS_HDR_IDS] = { false };

	for (int i = 0; i < m->n_headers; i++) {
		const struct rs_sip_header *h = &m->headers[i];

		if (h->id == RS_HDR_OTHER) {
			if (!rs_sip_all(rs_slice_of(m->buf + h->name_off, h->name_len), RS_C_TOKEN))
				return REFUSE(why, 400, "header name is not a token");
			continue;
		}
		if (seen[h->id] && single[h->id])
			return REFUSE(why, 400, "header that must stand once is repeated");
		seen[h->id] = true;
	}
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++)
		if (!seen[mandatory[i].id])
			return REFUSE(why, 400, mandatory[i].missing);
	return 0;
}

static bool
params_ok(struct rs_slice params)
{
	struct rs_slice name, value;
	size_t pos = 0;
	int err;

	while ((err = rs_sip_param_next(params, &pos, &name, &value)) == 0)
		;
	return err == -ENOENT;
}

static bool
address_ok(const struct rs_sip_addr *a)
{
	struct rs_sip_uri uri;

	if (rs_sip_uri(a->uri, &uri) != 0 || !params_ok(a->params))
		return false;
	/* Without brackets a '?' could belong to the URI or not (RFC 3261, 20.10; RFC
	 * 4475, 3.1.2.13). */
	return a->angle || memchr(a->uri.p, '?', a->uri.len) == NULL;
}

/** All headers with @id hold well formed addresses. */
static bool
addresses_ok(const struct rs_sip_msg *m, enum rs_sip_header_id id)
{
	struct rs_sip_addr a;

	for (int i = m->first[id]; i >= 0; i = rs_sip_next(m, i)) {
		struct rs_slice value = rs_sip_value(m, i);
		size_t pos = 0;
		int err;

		while ((err = rs_sip_addr_next(value, &pos, &a)) == 0)
			if (a.star ? id != RS_HDR_CONTACT : !address_ok(&a))
				return false;
		if (err != -ENOENT || value.len == 0)
			return false;
	}
	return true;
}

static int
check_vias(const struct rs_sip_msg *m, const char **why)
{
	struct rs_sip_via via;
	bool top = true;

	for (int i = m->first[RS_HDR_VIA]; i >= 0; i = rs_sip_next(m, i)) {
		struct rs_slice value = rs_sip_value(m, i);
		size_t pos = 0;
		int err;

		while ((err = rs_sip_via_next(value, &pos, &via)) == 0) {
			/* It promises to be unique and is not: as a transaction's key it would
			 * match strangers' (RFC 4475, 3.2.1). */
			if (top && rs_slice_is(via.branch, "z9hG4bK"))
				return REFUSE(why, 400, "branch is only the magic cookie");
			top = false;
		}
		if (err != -ENOENT || value.len == 0)
			return REFUSE(why, 400, "Via is malformed");
	}
	return 0;
}

/** From and To hold exactly one address. */
static bool
party_ok(struct rs_slice value, struct rs_sip_addr *a)
{
	size_t pos = 0;

	return rs_sip_addr_next(value, &pos, a) == 0 && pos == value.len && !a->star &&
		address_ok(a);
}

static int
check_parties(const struct rs_sip_msg *m, const char **why)
{
	struct rs_sip_addr from, to;
	struct rs_sip_uri uri;

	if (!party_ok(rs_sip_get(m, RS_HDR_FROM), &from))
		return REFUSE(why, 400, "From is malformed");
	if (!party_ok(rs_sip_get(m, RS_HDR_TO), &to))
		return REFUSE(why, 400, "To is malformed");
	/* The address of record is a SIP or SIPS URI (RFC 3261, 10.2). */
	if (m->method == RS_SIP_REGISTER && (rs_sip_uri(to.uri, &uri) != 0 || uri.host.p == NULL))
		return REFUSE(why, 400, "To of a REGISTER is no SIP URI");
	if (!addresses_ok(m, RS_HDR_CONTACT))
		return REFUSE(why, 400, "Contact is malformed");
	if (!addresses_ok(m, RS_HDR_ROUTE) || !addresses_ok(m, RS_HDR_RECORD_ROUTE))
		return REFUSE(why, 400, "Route or Record-Route is malformed");
	return 0;
}

static int
check_numbers(const struct rs_sip_msg *m, const char **why)
{
	struct rs_slice length = rs_sip_get(m, RS_HDR_CONTENT_LENGTH);
	struct rs_slice hops = rs_sip_get(m, RS_HDR_MAX_FORWARDS);
	struct rs_sip_cseq cseq;
	uint32_t n;

	if (rs_sip_cseq(rs_sip_get(m, RS_HDR_CSEQ), &cseq) != 0)
		return REFUSE(why, 400, "CSeq is malformed");
	if (m->status == 0 && !rs_slice_eq(cseq.method_text, m->method_text))
		return REFUSE(why, 400, "CSeq names another method");
	if (length.p != NULL && rs_sip_number(length, &n) != 0)
		return REFUSE(why, 400, "Content-Length is no number");
	if (hops.p != NULL && (rs_sip_number(hops, &n) != 0 || n > 255))
		return REFUSE(why, 400, "Max-Forwards is no number from 0 to 255");
	return 0;
}

static bool
call_id_ok(struct rs_slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (rs_sip_is(value.p[i], RS_C_BLANK))
			return false;
	return value.len > 0;
}

static bool
scheme_known(struct rs_slice scheme)
{
	/* tel: and urn:service: name callees that an SBC routes, so a callee behind it may well be
	 * asked for. */
	return rs_slice_case_eq(scheme, rs_slice_str("tel")) ||
		rs_slice_case_eq(scheme, rs_slice_str("urn"));
}

static int
check_request_uri(const struct rs_sip_msg *m, const char **why)
{
	struct rs_sip_uri uri;

	if (rs_sip_uri(m->uri, &uri) != 0)
		return REFUSE(why, 400, "Request-URI is malformed");
	for (size_t i = 0; i < m->uri.len; i++)
		if (rs_sip_is(m->uri.p[i], RS_C_BLANK))
			return REFUSE(why, 400, "Request-URI has blanks inside");
	if (uri.host.p == NULL)
		return scheme_known(uri.scheme)
			? 0
			: REFUSE(why, 416, "Request-URI has an unknown scheme");
	if (uri.headers.len > 0)
		return REFUSE(why, 400, "Request-URI has headers");
	return params_ok(uri.params) ? 0 : REFUSE(why, 400, "Request-URI has malformed parameters");
}

static bool
option_known(struct rs_slice tag)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (rs_slice_case_eq(tag, rs_slice_str(options[i])))
			return true;
	return false;
}

static int
check_require(const struct rs_sip_msg *m, const char **why)
{
	for (int i = m->first[RS_HDR_REQUIRE]; i >= 0; i = rs_sip_next(m, i)) {
		struct rs_slice rest = rs_sip_value(m, i);

		while (rest.len > 0) {
			const uint8_t *comma = memchr(rest.p, ',', rest.len);
			size_t len = comma != NULL ? (size_t)(comma - rest.p) : rest.len;
			struct rs_slice tag = rs_slice_trim(rs_slice_of(rest.p, len));

			if (tag.len > 0 && !option_known(tag))
				return REFUSE(why, 420, "Require names an unknown extension");
			len += comma != NULL;
			rest = rs_slice_of(rest.p + len, rest.len - len);
		}
	}
	return 0;
}

int
rs_sip_validate(const struct rs_sip_msg *m, const char **why)
{
	bool request = m->status == 0;
	int status = 0;

	*why = "";
	if (request)
		status = check_request_line(m, why);
	if (status == 0)
		status = check_occurrences(m, why);
	if (status == 0)
		status = check_vias(m, why);
	if (status == 0 && !call_id_ok(rs_sip_get(m, RS_HDR_CALL_ID)))
		status = REFUSE(why, 400, "Call-ID is empty or has blanks inside");
	if (status == 0)
		status = check_numbers(m, why);
	if (status == 0)
		status = check_parties(m, why);
	if (status == 0 && request)
		status = check_request_uri(m, why);
	/* Require does not apply to ACK and CANCEL (RFC 3261, 8.2.2.3). */
	if (status == 0 && request && m->method != RS_SIP_ACK && m->method != RS_SIP_CANCEL)
		status = check_require(m, why);
	return status;
}
