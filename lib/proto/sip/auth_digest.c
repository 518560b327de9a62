/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The digest itself (RFC 7616, 3.4.1 to 3.4.3; RFC 2069 where a challenge has no qop).
 *
 * Realm and nonce go into the hash as they stood between their quotes, escapes and all: that is
 * what servers do. User name and URI are ours to quote, so they are hashed as they are and escaped
 * where they are written.
 *
 * The hashes are called directly: in OpenSSL 3.0 each EVP_DigestInit takes memory anew, even for a
 * context used before, and nothing here may do so per message. These functions are marked as old,
 * hence the macro.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "proto/sip/auth_scan.h"
#include "proto/sip/compose.h"

#define MAX_HASH SHA256_DIGEST_LENGTH
#define MAX_HEX  (2 * MAX_HASH)

static const struct {
	bool sha256, sess;
} algorithms[RS_AUTH_UNKNOWN] = {
	[RS_AUTH_MD5] = { false, false },
	[RS_AUTH_MD5_SESS] = { false, true },
	[RS_AUTH_SHA256] = { true, false },
	[RS_AUTH_SHA256_SESS] = { true, true },
};

struct rs_auth_hasher {
	MD5_CTX md5;
	SHA256_CTX sha256;
};

int
rs_auth_hasher_create(struct rs_auth_hasher **out)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : -ENOMEM;
}

void
rs_auth_hasher_free(struct rs_auth_hasher *h)
{
	free(h);
}

static bool
hash_begin(struct rs_auth_hasher *h, bool sha256)
{
	return (sha256 ? SHA256_Init(&h->sha256) : MD5_Init(&h->md5)) == 1;
}

static bool
hash_add(struct rs_auth_hasher *h, bool sha256, const void *p, size_t len)
{
	if (len == 0)
		return true;
	return (sha256 ? SHA256_Update(&h->sha256, p, len) : MD5_Update(&h->md5, p, len)) == 1;
}

static size_t
hash_end(struct rs_auth_hasher *h, bool sha256, uint8_t *out)
{
	if (sha256)
		return SHA256_Final(out, &h->sha256) == 1 ? SHA256_DIGEST_LENGTH : 0;
	return MD5_Final(out, &h->md5) == 1 ? MD5_DIGEST_LENGTH : 0;
}

/** A hash in lower-case hexadecimal digits. */
struct hex {
	uint8_t text[MAX_HEX];
	size_t len;
};

static struct rs_slice
hex_slice(const struct hex *x)
{
	return rs_slice_of(x->text, x->len);
}

/** H() of @parts with a ':' between each two; without a length when the library failed. */
static struct hex
hash_joined(struct rs_auth_hasher *h, bool sha256, const struct rs_slice *parts, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[MAX_HASH];
	struct hex x = { .len = 0 };
	bool ok = hash_begin(h, sha256);
	size_t len;

	for (size_t i = 0; i < n && ok; i++)
		ok = (i == 0 || hash_add(h, sha256, ":", 1)) &&
			hash_add(h, sha256, parts[i].p, parts[i].len);
	if (!ok)
		return x;
	len = hash_end(h, sha256, raw);
	for (size_t i = 0; i < len; i++) {
		x.text[2 * i] = (uint8_t)digits[raw[i] >> 4];
		x.text[2 * i + 1] = (uint8_t)digits[raw[i] & 15];
	}
	x.len = 2 * len;
	return x;
}

#define HASH(h, which, ...)                                                                        \
	hash_joined(h, which, (const struct rs_slice[]){ __VA_ARGS__ },                            \
		sizeof((const struct rs_slice[]){ __VA_ARGS__ }) / sizeof(struct rs_slice))

/** All that goes into a response. */
struct digest {
	enum rs_auth_algorithm algorithm;
	bool qop_auth;
	struct rs_slice user, realm, password, nonce, cnonce, nc, method, uri;
};

static struct hex
response_of(struct rs_auth_hasher *h, const struct digest *d)
{
	bool which = algorithms[d->algorithm].sha256;
	struct hex a1 = HASH(h, which, d->user, d->realm, d->password), a2;

	if (algorithms[d->algorithm].sess && a1.len > 0)
		a1 = HASH(h, which, hex_slice(&a1), d->nonce, d->cnonce);
	a2 = HASH(h, which, d->method, d->uri);
	if (a1.len == 0 || a2.len == 0)
		return (struct hex){ .len = 0 };
	if (d->qop_auth)
		return HASH(h, which, hex_slice(&a1), d->nonce, d->nc, d->cnonce,
			rs_slice_of("auth", 4), hex_slice(&a2));
	return HASH(h, which, hex_slice(&a1), d->nonce, hex_slice(&a2));
}

/** name="value", where @value may need escapes. */
static void
out_quoted(struct rs_sip_out *o, const char *name, struct rs_slice value, bool escape)
{
	size_t from = 0;

	rs_out_text(o, name);
	rs_out_text(o, "=\"");
	for (size_t i = 0; escape && i < value.len; i++) {
		if (value.p[i] != '"' && value.p[i] != '\\')
			continue;
		rs_out_bytes(o, rs_slice_of(value.p + from, i - from));
		rs_out_text(o, "\\");
		from = i;
	}
	rs_out_bytes(o, rs_slice_of(value.p + from, value.len - from));
	rs_out_text(o, "\"");
}

int
rs_auth_write(struct rs_auth_hasher *h, const struct rs_auth_in *in, uint8_t *out, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	const struct rs_auth_challenge *c = in->challenge;
	struct rs_sip_out o = rs_sip_out(out, cap);
	struct hex response;
	uint8_t nc[8];

	if (c->algorithm >= RS_AUTH_UNKNOWN)
		return -ENOTSUP;
	for (int i = 0; i < 8; i++)
		nc[i] = (uint8_t)digits[in->nc >> (28 - 4 * i) & 15];
	response = response_of(h,
		&(struct digest){ .algorithm = (enum rs_auth_algorithm)c->algorithm,
			.qop_auth = c->qop_auth,
			.user = in->user,
			.realm = c->realm,
			.password = in->password,
			.nonce = c->nonce,
			.cnonce = in->cnonce,
			.nc = rs_slice_of(nc, sizeof(nc)),
			.method = in->method,
			.uri = in->uri });
	if (response.len == 0)
		return -EIO;
	out_quoted(&o, "Digest username", in->user, true);
	out_quoted(&o, ", realm", c->realm, false);
	out_quoted(&o, ", nonce", c->nonce, false);
	out_quoted(&o, ", uri", in->uri, true);
	out_quoted(&o, ", response", hex_slice(&response), false);
	if (c->algorithm_given) {
		rs_out_text(&o, ", algorithm=");
		rs_out_text(&o, rs_auth_algorithm_name((enum rs_auth_algorithm)c->algorithm));
	}
	if (c->opaque.p != NULL)
		out_quoted(&o, ", opaque", c->opaque, false);
	if (c->qop_auth || algorithms[c->algorithm].sess)
		out_quoted(&o, ", cnonce", in->cnonce, false);
	if (c->qop_auth) {
		rs_out_text(&o, ", qop=auth, nc=");
		rs_out_bytes(&o, rs_slice_of(nc, sizeof(nc)));
	}
	return o.full ? -ENOSPC : (int)o.len;
}

/**
 * @raw with its escapes resolved, in @buf when it has some.
 * @return absent when it is too long for that
 */
static struct rs_slice
unescaped(struct rs_slice raw, uint8_t *buf, size_t cap)
{
	size_t n = 0;

	if (raw.len == 0 || memchr(raw.p, '\\', raw.len) == NULL)
		return raw;
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.len)
			i++;
		if (n == cap)
			return rs_slice_of(NULL, 0);
		buf[n++] = raw.p[i];
	}
	return rs_slice_of(buf, n);
}

bool
rs_auth_user_is(const struct rs_auth_credentials *c, struct rs_slice user)
{
	uint8_t buf[256];

	return c->user.p != NULL && rs_slice_eq(unescaped(c->user, buf, sizeof(buf)), user);
}

bool
rs_auth_verify(struct rs_auth_hasher *h, const struct rs_auth_credentials *c,
	struct rs_slice password, struct rs_slice method)
{
	uint8_t user[256], uri[1024], given[MAX_HEX];
	struct hex response;

	if (c->algorithm >= RS_AUTH_UNKNOWN)
		return false;
	response = response_of(h,
		&(struct digest){ .algorithm = (enum rs_auth_algorithm)c->algorithm,
			.qop_auth = c->qop_auth,
			.user = unescaped(c->user, user, sizeof(user)),
			.realm = c->realm,
			.password = password,
			.nonce = c->nonce,
			.cnonce = c->cnonce,
			.nc = c->nc_text,
			.method = method,
			.uri = unescaped(c->uri, uri, sizeof(uri)) });
	if (response.len == 0 || c->response.len != response.len)
		return false;
	for (size_t i = 0; i < response.len; i++)
		given[i] = rs_lower(c->response.p[i]);
	return CRYPTO_memcmp(given, response.text, response.len) == 0;
}
