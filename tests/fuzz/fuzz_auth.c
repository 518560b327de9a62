/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Challenges and credentials, as a header's value and as a whole message: what they tell lies inside them, what is written for
 * a challenge can be read again, stands on one line, and verifies.
 */
#include <stdlib.h>

#include "proto/sip/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(struct rs_slice s, const uint8_t *data, size_t size)
{
	if (s.p != NULL && (s.p < data || s.p > data + size || s.len > (size_t)(data + size - s.p)))
		abort();
}

static void
answer(struct rs_auth_hasher *h, const struct rs_auth_challenge *c, struct rs_slice user, struct rs_slice uri)
{
	struct rs_slice password = rs_slice_of("secret", 6), method = rs_slice_of("INVITE", 6);
	struct rs_auth_in in = { .challenge = c, .user = user, .password = password, .method = method, .uri = uri, .nc = 7,
		.cnonce = rs_slice_of("0123456789abcdef", 16) };
	struct rs_auth_credentials back;
	static uint8_t out[8192];
	int n = rs_auth_write(h, &in, out, sizeof(out));

	if (n < 0) {
		if (c->realm.len + c->nonce.len + c->opaque.len + 2 * (user.len + uri.len) < sizeof(out) / 2)
			abort();
		return;
	}
	for (int i = 0; i < n; i++)
		if (out[i] == '\r' || out[i] == '\n')
			abort();
	if (rs_auth_credentials(rs_slice_of(out, (size_t)n), &back) != 0 || !rs_auth_user_is(&back, user) ||
		!rs_auth_verify(h, &back, password, method) || rs_auth_verify(h, &back, user, method))
		abort();
}

static void
touch(struct rs_auth_hasher *h, const struct rs_auth_challenge *c, const uint8_t *data, size_t size)
{
	inside(c->realm, data, size);
	inside(c->nonce, data, size);
	inside(c->opaque, data, size);
	inside(c->domain, data, size);
	if (c->algorithm < RS_AUTH_UNKNOWN && size < 2000)
		answer(h, c, rs_slice_of("a\"b\\", 4), rs_slice_of("sip:\\\"x", 7));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_auth_hasher *h;
	static struct rs_sip_msg msg;
	struct rs_auth_challenge c[4];
	struct rs_auth_credentials cred;
	size_t used;
	int n;

	if (h == NULL && rs_auth_hasher_create(&h) != 0)
		abort();
	if (rs_auth_challenge(rs_slice_of(data, size), c) == 0)
		touch(h, c, data, size);
	if (rs_auth_credentials(rs_slice_of(data, size), &cred) == 0) {
		inside(cred.user, data, size);
		inside(cred.nonce, data, size);
		inside(cred.uri, data, size);
		inside(cred.response, data, size);
		rs_auth_verify(h, &cred, rs_slice_of("secret", 6), rs_slice_of("BYE", 3));
	}
	if (rs_sip_parse(data, size, false, &msg, &used) != 0)
		return 0;
	n = rs_auth_challenges(&msg, c, 4);
	if (n == 0 || n > 4)
		abort();
	for (int i = 0; i < n; i++)
		touch(h, &c[i], data, size);
	return 0;
}
