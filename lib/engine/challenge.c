/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Digest authentication of calls: challenges that recv auth="true" keeps, [authentication], and verifyauth.
 *
 * What is kept are messages again, with challenges as their only headers, the newest first. Before each stand the number of the last
 * request before it (the use of a nonce is counted from there, so a request that is repeated has the credentials that it had) and its
 * length. What one challenge asks for is still answered when another realm asks, too: a proxy, and then whom it leads to.
 */
#include <errno.h>

#include "engine/credentials.h"
#include "proto/sip/compose.h"

static const char kept_start[] = "SIP/2.0 401 Unauthorized\r\n";

/** Before each message that is kept. */
struct kept_head {
	uint32_t cseq;
	uint32_t len;
};

static bool
is_challenge(uint8_t header_id)
{
	return header_id == RS_HDR_WWW_AUTHENTICATE || header_id == RS_HDR_PROXY_AUTHENTICATE;
}

static bool
same_realm(const struct rs_auth_challenge *a, const struct rs_auth_challenge *b)
{
	return a->proxy == b->proxy && rs_slice_eq(a->realm, b->realm);
}

static bool
is_among(const struct rs_auth_challenge *c, const struct rs_auth_challenge *list, int n)
{
	for (int i = 0; i < n; i++)
		if (same_realm(c, &list[i]))
			return true;
	return false;
}

/** The message at @pos of what is kept. @return false: there is no further one */
static bool
kept_next(struct rs_slice kept, size_t *pos, struct kept_head *head, struct rs_sip_msg *msg)
{
	size_t used;

	if (*pos + sizeof(*head) > kept.len)
		return false;
	memcpy(head, kept.p + *pos, sizeof(*head));
	*pos += sizeof(*head) + head->len;
	return rs_sip_parse(kept.p + *pos - head->len, head->len, false, msg, &used) == 0;
}

/** Put the challenges of @msg behind @len bytes of the scratch, but for those of a realm among the @n of @newer. @return bytes */
static size_t
put_challenges(struct rs_engine *e, size_t len, uint32_t cseq, const struct rs_sip_msg *msg, const struct rs_auth_challenge *newer, int n)
{
	struct rs_sip_out o = rs_sip_out(e->scratch + len + sizeof(struct kept_head), SCRATCH_BYTES - len - sizeof(struct kept_head));
	struct kept_head head = { .cseq = cseq };
	size_t start;

	rs_out_text(&o, kept_start);
	start = o.len;
	for (int i = 0; i < msg->n_headers; i++) {
		const struct rs_sip_header *h = &msg->headers[i];
		struct rs_auth_challenge c;

		if (!is_challenge(h->id))
			continue;
		if (n > 0 && rs_auth_challenge(rs_sip_value(msg, i), &c) == 0) {
			c.proxy = h->id == RS_HDR_PROXY_AUTHENTICATE;
			if (is_among(&c, newer, n))
				continue;
		}
		rs_out_bytes(&o, rs_slice_of(msg->buf + h->name_off, h->end_off - h->name_off));
		rs_out_text(&o, "\r\n");
	}
	if (o.len == start)
		return len;
	rs_out_text(&o, "\r\n");
	head.len = (uint32_t)o.len;
	if (o.full || len + sizeof(head) + o.len > UINT16_MAX)
		return len;
	memcpy(e->scratch + len, &head, sizeof(head));
	return len + sizeof(head) + o.len;
}

bool
leg_keep_challenges(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_slice kept = rs_blob_get(&e->blobs, &leg->challenge);
	struct rs_auth_challenge challenges[MAX_CHALLENGES];
	int n = challenges_of(e, msg, challenges, MAX_CHALLENGES);
	struct kept_head head;
	struct rs_sip_msg old;
	size_t pos = 0, len;

	if (n <= 0) {
		rs_blob_clear(&e->blobs, &leg->challenge);
		return true;
	}
	len = put_challenges(e, 0, leg->cseq, msg, NULL, 0);
	for (int i = 1; len > 0 && i < MAX_CHALLENGES && kept_next(kept, &pos, &head, &old); i++)
		len = put_challenges(e, len, head.cseq, &old, challenges, n);
	return len > 0 && rs_blob_set(&e->blobs, &leg->challenge, rs_slice_of(e->scratch, len));
}

bool
leg_is_answered(struct rs_engine *e, const struct leg *leg, const struct rs_auth_challenge *c)
{
	struct rs_slice kept = rs_blob_get(&e->blobs, &leg->challenge);
	struct rs_auth_challenge challenges[MAX_CHALLENGES];
	struct kept_head head;
	struct rs_sip_msg old;
	size_t pos = 0;

	while (kept_next(kept, &pos, &head, &old))
		if (is_among(c, challenges, rs_auth_challenges(&old, challenges, MAX_CHALLENGES)))
			return true;
	return false;
}

/** Method and Request-URI of the request at @text, which is written up to @end at least in its first line. @return false: it is none */
static bool
request_line(const uint8_t *text, const uint8_t *end, struct rs_slice *method, struct rs_slice *uri)
{
	const uint8_t *space = memchr(text, ' ', (size_t)(end - text)), *second;

	if (!space)
		return false;
	*method = rs_slice_of(text, (size_t)(space - text));
	second = memchr(space + 1, ' ', (size_t)(end - space - 1));
	*uri = rs_slice_of(space + 1, second ? (size_t)(second - space - 1) : 0);
	return second && !rs_slice_is(*method, "SIP/2.0");
}

/** @given, else what @own gives for the leg's endpoint, in @buf. @return false: there is none */
static bool
own_or(struct rs_engine *e, const struct leg *leg, struct rs_slice given,
	int (*own)(const struct rs_plan_group *, uint32_t, uint8_t *, size_t), uint8_t *buf, struct rs_slice *out)
{
	int n;

	*out = given;
	if (given.p)
		return true;
	n = own(leg_activity(e, leg)->group->plan, leg->endpoint, buf, MAX_CREDENTIAL);
	*out = rs_slice_of(buf, n > 0 ? (size_t)n : 0);
	return n >= 0;
}

int
leg_authenticate(struct rs_engine *e, struct leg *leg, struct rs_slice user, struct rs_slice password, const uint8_t *request,
	uint8_t *out, size_t cap)
{
	struct rs_slice kept = rs_blob_get(&e->blobs, &leg->challenge);
	uint8_t user_buf[MAX_CREDENTIAL], password_buf[MAX_CREDENTIAL];
	struct rs_auth_challenge challenges[MAX_CHALLENGES];
	struct credentials in = { 0 };
	struct kept_head head;
	struct rs_sip_msg msg;
	size_t pos = 0, len = 0;
	int n;

	if (kept.len == 0 || !request_line(request, out, &in.method, &in.uri) ||
		!own_or(e, leg, user, endpoint_auth_user, user_buf, &in.user) ||
		!own_or(e, leg, password, endpoint_password, password_buf, &in.password))
		return 0;
	while (kept_next(kept, &pos, &head, &msg)) {
		n = rs_auth_challenges(&msg, challenges, MAX_CHALLENGES);
		in.nc = e->render.cseq > head.cseq ? e->render.cseq - head.cseq : 1;
		/* One for all uses of a nonce: the session key of -sess is made of the first one (RFC 7616, 3.4.2). */
		in.cnonce = rs_hash(leg->token, RS_TOKEN_LEN, e->secret ^ rs_mix64(head.cseq));
		n = leg_credentials(e, challenges, n > 0 ? (unsigned)n : 0, &in, out + len, cap - len);
		if (n < 0)
			return n;
		len += (size_t)n;
	}
	return len > 2 ? (int)len - 2 : (int)len;
}

bool
leg_verify(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, struct rs_slice user, struct rs_slice password)
{
	static const uint8_t ids[] = { RS_HDR_AUTHORIZATION, RS_HDR_PROXY_AUTHORIZATION };
	struct rs_slice method = msg ? msg->method_text : rs_slice_of(NULL, 0);
	struct rs_auth_credentials c;

	if (!msg)
		msg = leg_kept(e, leg);
	/* What is kept of a request has another start line. */
	if (!method.p && leg->last_recv >= 0)
		method = leg_program(e, leg)->steps[leg->last_recv].method_text;
	for (size_t k = 0; msg && k < sizeof(ids); k++)
		for (int i = msg->first[ids[k]]; i >= 0; i = rs_sip_next(msg, i))
			if (rs_auth_credentials(rs_sip_value(msg, i), &c) == 0 && rs_auth_user_is(&c, user) &&
				rs_auth_verify(e->hasher, &c, password, method))
				return true;
	return false;
}
