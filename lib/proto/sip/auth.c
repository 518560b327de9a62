/* SPDX-License-Identifier: BSD-3-Clause */
/* Challenges and credentials read (RFC 3261, 22 and 25.1; RFC 7616, 3.3 and 3.4). */
#include <errno.h>

#include "proto/sip/auth_scan.h"
#include "proto/sip/chars.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/** A parameter that is known: where its text goes. */
struct known {
	const char *name;
	struct rs_slice *to;
};

/** What comes back in our own messages must not break their lines; a tab is as good as a space. */
static bool
is_printable(struct rs_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/**
 * Read all parameters of the scheme at @pos; those in @known are absent before.
 * @return 0; -EBADMSG with @pos at the next scheme where that can be told, else at the end
 */
static int
read_params(struct rs_slice value, size_t *pos, const struct known *known, size_t n_known)
{
	struct rs_slice name, text;
	int err, result = 0;

	while ((err = rs_auth_param_next(value, pos, &name, &text)) == 0) {
		for (size_t i = 0; i < n_known; i++) {
			if (!rs_slice_case_eq(name, rs_slice_str(known[i].name)))
				continue;
			/* RFC 7235, 2.1: each name once. */
			if (known[i].to->p != NULL || !is_printable(text))
				result = -EBADMSG;
			*known[i].to = text;
		}
	}
	if (err == -ENOENT)
		return result;
	*pos = value.len;
	return -EBADMSG;
}

/** Is "auth" among the options of @qop? @given: there are some. */
static bool
has_auth(struct rs_slice qop, bool *given)
{
	const uint8_t *p = qop.p, *end = qop.p ? qop.p + qop.len : NULL, *q;
	bool found = false;

	*given = false;
	while (p != NULL && p < end) {
		for (q = p; q < end && *q != ',' && !rs_sip_is(*q, RS_C_BLANK);)
			q++;
		if (q > p) {
			struct rs_slice option = rs_slice_of(p, (size_t)(q - p));

			*given = true;
			found |= rs_slice_case_eq(option, rs_slice_str("auth"));
		}
		p = q + (q < end);
	}
	return found;
}

static int
digest_challenge(struct rs_slice value, size_t *pos, struct rs_auth_challenge *out)
{
	struct rs_slice algorithm = { NULL, 0 }, qop = { NULL, 0 }, stale = { NULL, 0 };
	struct known known[] = {
		{ "realm", &out->realm },
		{ "nonce", &out->nonce },
		{ "opaque", &out->opaque },
		{ "domain", &out->domain },
		{ "algorithm", &algorithm },
		{ "qop", &qop },
		{ "stale", &stale },
	};
	bool given;
	int err;

	*out = (struct rs_auth_challenge){ 0 };
	err = read_params(value, pos, known, COUNT(known));
	if (err != 0)
		return err;
	if (out->realm.p == NULL || out->nonce.p == NULL)
		return -EBADMSG;
	out->algorithm_given = algorithm.p != NULL;
	out->algorithm = out->algorithm_given ? rs_auth_algorithm(algorithm) : RS_AUTH_MD5;
	out->qop_auth = has_auth(qop, &given);
	out->qop_other = given && !out->qop_auth;
	out->stale = rs_slice_case_eq(stale, rs_slice_str("true"));
	return 0;
}

/** The challenge at @pos. @return as rs_auth_challenge(); -ENOENT: there is no further one */
static int
challenge_next(struct rs_slice value, size_t *pos, struct rs_auth_challenge *out)
{
	struct rs_slice scheme;
	int err = rs_auth_scheme(value, pos, &scheme);

	if (err == 0 && rs_slice_case_eq(scheme, rs_slice_str("Digest")))
		return digest_challenge(value, pos, out);
	if (err == 0) {
		err = rs_auth_skip(value, pos);
		if (err == 0)
			return -ENOTSUP;
	}
	if (err != -ENOENT)
		*pos = value.len; /* where it goes on cannot be told */
	return err;
}

int
rs_auth_challenge(struct rs_slice value, struct rs_auth_challenge *out)
{
	size_t pos = 0;
	int err = challenge_next(value, &pos, out);

	return err == -ENOENT ? -EBADMSG : err;
}

/** Challenges on their way out. */
struct chosen {
	struct rs_auth_challenge *out;
	unsigned n, cap;
	bool any, unsupported;
};

static void
choose(struct chosen *c, const struct rs_auth_challenge *challenge)
{
	if (challenge->algorithm == RS_AUTH_UNKNOWN || challenge->qop_other) {
		c->unsupported = true;
		return;
	}
	for (unsigned i = 0; i < c->n; i++)
		if (c->out[i].proxy == challenge->proxy &&
			rs_slice_eq(c->out[i].realm, challenge->realm))
			return;
	if (c->n < c->cap)
		c->out[c->n++] = *challenge;
}

static void
choose_from(struct chosen *c, struct rs_slice value, bool proxy)
{
	struct rs_auth_challenge challenge;
	size_t pos = 0;
	int err;

	c->any = true;
	while ((err = challenge_next(value, &pos, &challenge)) != -ENOENT) {
		challenge.proxy = proxy;
		if (err == 0)
			choose(c, &challenge);
		else if (err == -ENOTSUP)
			c->unsupported = true;
	}
}

int
rs_auth_challenges(const struct rs_sip_msg *msg, struct rs_auth_challenge *out, unsigned cap)
{
	static const uint8_t ids[] = { RS_HDR_WWW_AUTHENTICATE, RS_HDR_PROXY_AUTHENTICATE };
	struct chosen c = { .out = out, .cap = cap };

	for (size_t k = 0; k < COUNT(ids); k++)
		for (int i = msg->first[ids[k]]; i >= 0; i = rs_sip_next(msg, i))
			choose_from(&c, rs_sip_value(msg, i), ids[k] == RS_HDR_PROXY_AUTHENTICATE);
	if (c.n > 0)
		return (int)c.n;
	if (!c.any)
		return -ENOENT;
	return c.unsupported ? -ENOTSUP : -EBADMSG;
}

/** nc-value: eight hexadecimal digits (RFC 7616, 3.4). */
static bool
read_nc(struct rs_slice text, uint32_t *out)
{
	uint32_t n = 0;

	if (text.len != 8)
		return false;
	for (size_t i = 0; i < 8; i++) {
		uint8_t c = rs_lower(text.p[i]);

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = n;
	return true;
}

int
rs_auth_credentials(struct rs_slice value, struct rs_auth_credentials *out)
{
	struct rs_slice algorithm = { NULL, 0 }, qop = { NULL, 0 }, scheme;
	struct known known[] = {
		{ "username", &out->user },
		{ "realm", &out->realm },
		{ "nonce", &out->nonce },
		{ "uri", &out->uri },
		{ "response", &out->response },
		{ "cnonce", &out->cnonce },
		{ "opaque", &out->opaque },
		{ "nc", &out->nc_text },
		{ "algorithm", &algorithm },
		{ "qop", &qop },
	};
	size_t pos = 0;
	int err;

	*out = (struct rs_auth_credentials){ 0 };
	if (rs_auth_scheme(value, &pos, &scheme) != 0)
		return -EBADMSG;
	if (!rs_slice_case_eq(scheme, rs_slice_str("Digest")))
		return -ENOTSUP;
	err = read_params(value, &pos, known, COUNT(known));
	if (err != 0)
		return err;
	for (size_t i = 0; i < 5; i++)
		if (known[i].to->p == NULL)
			return -EBADMSG;
	out->algorithm = algorithm.p != NULL ? rs_auth_algorithm(algorithm) : RS_AUTH_MD5;
	out->qop_auth = rs_slice_case_eq(qop, rs_slice_str("auth"));
	if (out->algorithm == RS_AUTH_UNKNOWN || (qop.len > 0 && !out->qop_auth))
		return -ENOTSUP;
	if (out->nc_text.p != NULL && !read_nc(out->nc_text, &out->nc))
		return -EBADMSG;
	if (out->qop_auth && (out->nc_text.p == NULL || out->cnonce.p == NULL))
		return -EBADMSG;
	return 0;
}
