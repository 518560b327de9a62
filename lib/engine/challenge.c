/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Digest authentication of calls: challenges that recv auth="true" keeps, [authentication], and verifyauth.
 *
 * What is kept is a message again, with the challenges as its only headers, behind the number of the last request before: the
 * use of a nonce is counted from there, so a request that is repeated has the credentials that it had.
 */
#include <errno.h>

#include "engine/credentials.h"

static const char kept_start[] = "SIP/2.0 401 Unauthorized\r\n";
#define NUMBER_BYTES sizeof(uint32_t)

static bool
is_challenge(uint8_t header_id)
{
	return header_id == RS_HDR_WWW_AUTHENTICATE || header_id == RS_HDR_PROXY_AUTHENTICATE;
}

static uint8_t *
append(uint8_t *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

bool
leg_keep_challenges(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	size_t len = NUMBER_BYTES + sizeof(kept_start) - 1 + 2;
	struct rs_auth_challenge challenges[MAX_CHALLENGES];
	uint8_t *p;

	rs_blob_clear(&e->blobs, &leg->challenge);
	if (challenges_of(e, msg, challenges, MAX_CHALLENGES) <= 0)
		return true;
	for (int i = 0; i < msg->n_headers; i++)
		if (is_challenge(msg->headers[i].id))
			len += msg->headers[i].end_off - msg->headers[i].name_off + 2;
	p = len <= UINT16_MAX ? rs_blob_alloc(&e->blobs, &leg->challenge, len) : NULL;
	if (!p)
		return false;
	p = append(p, &leg->cseq, NUMBER_BYTES);
	p = append(p, kept_start, sizeof(kept_start) - 1);
	for (int i = 0; i < msg->n_headers; i++) {
		const struct rs_sip_header *h = &msg->headers[i];

		if (!is_challenge(h->id))
			continue;
		p = append(p, msg->buf + h->name_off, h->end_off - h->name_off);
		p = append(p, "\r\n", 2);
	}
	append(p, "\r\n", 2);
	return true;
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
	struct rs_sip_msg msg;
	uint32_t before;
	size_t used;
	int n;

	if (kept.len == 0 || !request_line(request, out, &in.method, &in.uri) ||
		!own_or(e, leg, user, endpoint_auth_user, user_buf, &in.user) ||
		!own_or(e, leg, password, endpoint_password, password_buf, &in.password))
		return 0;
	memcpy(&before, kept.p, NUMBER_BYTES);
	if (rs_sip_parse(kept.p + NUMBER_BYTES, kept.len - NUMBER_BYTES, false, &msg, &used) != 0)
		return 0;
	n = rs_auth_challenges(&msg, challenges, MAX_CHALLENGES);
	in.nc = e->render.cseq > before ? e->render.cseq - before : 1;
	in.cnonce = rs_hash(leg->token, RS_TOKEN_LEN, e->secret ^ rs_mix64(in.nc));
	n = leg_credentials(e, challenges, n > 0 ? (unsigned)n : 0, &in, out, cap);
	return n > 2 ? n - 2 : n;
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
		method = leg_activity(e, leg)->program->steps[leg->last_recv].method_text;
	for (size_t k = 0; msg && k < sizeof(ids); k++)
		for (int i = msg->first[ids[k]]; i >= 0; i = rs_sip_next(msg, i))
			if (rs_auth_credentials(rs_sip_value(msg, i), &c) == 0 && rs_auth_user_is(&c, user) &&
				rs_auth_verify(e->hasher, &c, password, method))
				return true;
	return false;
}
