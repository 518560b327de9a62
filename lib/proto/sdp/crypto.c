/* SPDX-License-Identifier: BSD-3-Clause */
/* One a=crypto line, read and written (RFC 4568, 9). */
#include "proto/sdp/crypto.h"

#include <errno.h>

#include "base/base64.h"
#include "proto/sdp/words.h"
#include "proto/sip/compose.h"

#define TAG_MAX      999999999u
#define LIFETIME_MAX ((uint64_t)1 << 48) /* RFC 3711, 9.2 */
#define MKI_LEN_MAX  128
#define KDR_MAX      24
#define WSH_MIN      64

const char *
rs_sdp_crypto_error_name(enum rs_sdp_crypto_error error)
{
	static const char *const names[RS_SDP_CRYPTO_ERRORS] = {
		[RS_SDP_CRYPTO_OK] = "crypto_ok",
		[RS_SDP_CRYPTO_BAD_TAG] = "crypto_tag",
		[RS_SDP_CRYPTO_BAD_SUITE] = "crypto_suite",
		[RS_SDP_CRYPTO_NEW_SUITE] = "crypto_suite_unknown",
		[RS_SDP_CRYPTO_BAD_METHOD] = "crypto_method",
		[RS_SDP_CRYPTO_BAD_BASE64] = "crypto_base64",
		[RS_SDP_CRYPTO_BAD_LENGTH] = "crypto_key_length",
		[RS_SDP_CRYPTO_BAD_LIFETIME] = "crypto_lifetime",
		[RS_SDP_CRYPTO_BAD_MKI] = "crypto_mki",
		[RS_SDP_CRYPTO_BAD_PARAM] = "crypto_param",
	};

	return error < RS_SDP_CRYPTO_ERRORS ? names[error] : "crypto_unknown";
}

static int
wrong(struct rs_sdp_crypto *c, enum rs_sdp_crypto_error error)
{
	c->error = (uint8_t)error;
	return -EBADMSG;
}

static int
read_lifetime(struct rs_slice text, uint64_t *out)
{
	uint64_t v;

	if (rs_sdp_skip(&text, "2^")) {
		if (rs_sdp_number(text, 48, &v) != 0)
			return -EBADMSG;
		*out = (uint64_t)1 << v;
		return 0;
	}
	if (rs_sdp_number(text, LIFETIME_MAX, &v) != 0 || v == 0)
		return -EBADMSG;
	*out = v;
	return 0;
}

/** "value:length"; the value is a number that the length has room for. */
static int
read_mki(struct rs_slice text, uint64_t *value, uint8_t *len)
{
	struct rs_slice number = rs_sdp_cut(&text, ':');
	uint64_t n, v;

	if (rs_sdp_number(text, MKI_LEN_MAX, &n) != 0 || n == 0 ||
		rs_sdp_number(number, UINT64_MAX, &v) != 0)
		return -EBADMSG;
	if (n < 8 && v >> (8 * n) != 0)
		return -EBADMSG;
	*value = v;
	*len = (uint8_t)n;
	return 0;
}

/** One "inline:key||salt[|lifetime][|MKI:length]" into @c. */
static int
read_key(struct rs_slice text, struct rs_sdp_crypto *c)
{
	struct rs_slice part;
	int n;

	if (!rs_sdp_skip(&text, "inline:"))
		return wrong(c, RS_SDP_CRYPTO_BAD_METHOD);
	part = rs_sdp_cut(&text, '|');
	n = rs_base64_read(part, c->key, sizeof(c->key));
	if (n == -EBADMSG)
		return wrong(c, RS_SDP_CRYPTO_BAD_BASE64);
	if (n != (int)rs_sdp_suite_bytes(c->suite))
		return wrong(c, RS_SDP_CRYPTO_BAD_LENGTH);
	if (text.len > 0 && memchr(text.p, ':', text.len) == NULL) {
		part = text;
		text.len = 0;
	} else if (text.len > 0) {
		part = rs_sdp_cut(&text, '|');
		if (memchr(part.p, ':', part.len) != NULL) {
			if (text.len > 0)
				return wrong(c, RS_SDP_CRYPTO_BAD_MKI);
			text = part;
			part.len = 0;
		}
	} else {
		part.len = 0;
	}
	if (part.len > 0 && read_lifetime(part, &c->lifetime) != 0)
		return wrong(c, RS_SDP_CRYPTO_BAD_LIFETIME);
	if (text.len > 0 && read_mki(text, &c->mki, &c->mki_len) != 0)
		return wrong(c, RS_SDP_CRYPTO_BAD_MKI);
	return 0;
}

/** Several keys are told apart by an MKI, of one length in all of them (RFC 4568, 6.1). */
static int
read_keys(struct rs_slice text, struct rs_sdp_crypto *c)
{
	struct rs_sdp_crypto more = { .suite = c->suite };
	int err = read_key(rs_sdp_cut(&text, ';'), c);

	c->n_keys = 1;
	while (err == 0 && text.len > 0) {
		more.mki_len = 0;
		err = read_key(rs_sdp_cut(&text, ';'), &more);
		if (err != 0)
			return wrong(c, more.error);
		if (c->mki_len == 0 || more.mki_len != c->mki_len || c->n_keys == UINT8_MAX)
			return wrong(c, RS_SDP_CRYPTO_BAD_MKI);
		c->n_keys++;
	}
	return err;
}

/** A session parameter's bit and, in @c, its value. @return 0: malformed */
static unsigned
read_param(struct rs_slice word, struct rs_sdp_crypto *c)
{
	uint64_t v;

	if (rs_slice_is(word, "UNENCRYPTED_SRTP"))
		return RS_SDP_UNENCRYPTED_SRTP;
	if (rs_slice_is(word, "UNENCRYPTED_SRTCP"))
		return RS_SDP_UNENCRYPTED_SRTCP;
	if (rs_slice_is(word, "UNAUTHENTICATED_SRTP"))
		return RS_SDP_UNAUTHENTICATED_SRTP;
	if (rs_sdp_skip(&word, "KDR=")) {
		if (rs_sdp_number(word, KDR_MAX, &v) != 0)
			return 0;
		c->kdr = (uint8_t)v;
		return RS_SDP_KDR;
	}
	if (rs_sdp_skip(&word, "WSH=")) {
		if (rs_sdp_number(word, UINT16_MAX, &v) != 0 || v < WSH_MIN)
			return 0;
		c->wsh = (uint16_t)v;
		return RS_SDP_WSH;
	}
	if (rs_sdp_skip(&word, "FEC_ORDER=")) {
		c->fec_first = rs_slice_is(word, "FEC_SRTP");
		return c->fec_first || rs_slice_is(word, "SRTP_FEC") ? RS_SDP_FEC_ORDER : 0;
	}
	if (rs_sdp_skip(&word, "FEC_KEY="))
		return rs_sdp_skip(&word, "inline:") ? RS_SDP_FEC_KEY : 0;
	return RS_SDP_PARAM_UNKNOWN;
}

static int
read_params(struct rs_slice rest, struct rs_sdp_crypto *c)
{
	struct rs_slice word;

	while ((word = rs_sdp_word(&rest)).len > 0) {
		unsigned bit;

		if (word.p[0] == '-') /* may be ignored by who does not know it (6.3.8) */
			continue;
		bit = read_param(word, c);
		if (bit == 0 || (bit != RS_SDP_PARAM_UNKNOWN && (c->params & bit) != 0))
			return wrong(c, RS_SDP_CRYPTO_BAD_PARAM);
		c->params |= (uint8_t)bit;
	}
	return 0;
}

int
rs_sdp_crypto_parse(struct rs_slice value, struct rs_sdp_crypto *out)
{
	struct rs_slice word;
	uint64_t tag;
	int err;

	*out = (struct rs_sdp_crypto){ .tag = 0 };
	word = rs_sdp_word(&value);
	if (word.len > 9 || rs_sdp_number(word, TAG_MAX, &tag) != 0 ||
		(word.len > 1 && word.p[0] == '0'))
		return wrong(out, RS_SDP_CRYPTO_BAD_TAG);
	out->tag = (uint32_t)tag;
	word = rs_sdp_word(&value);
	if (word.len == 0)
		return wrong(out, RS_SDP_CRYPTO_BAD_SUITE);
	out->suite = (uint8_t)rs_sdp_suite_find(word);
	if (out->suite == RS_SDP_SUITE_NONE) {
		out->error = RS_SDP_CRYPTO_NEW_SUITE;
		return -ENOTSUP;
	}
	word = rs_sdp_word(&value);
	err = read_keys(word, out);
	if (err == 0)
		err = read_params(value, out);
	if (err == 0 && (out->params & RS_SDP_PARAM_UNKNOWN) != 0)
		return -ENOTSUP;
	return err;
}

static bool
can_be_written(const struct rs_sdp_crypto *c)
{
	unsigned never = RS_SDP_FEC_KEY | RS_SDP_PARAM_UNKNOWN;

	if (rs_sdp_suite_info(c->suite) == NULL || c->tag > TAG_MAX || c->lifetime > LIFETIME_MAX)
		return false;
	if (c->mki_len > MKI_LEN_MAX || (c->mki_len < 8 && c->mki >> (8 * c->mki_len) != 0))
		return false;
	if ((c->params & RS_SDP_KDR) != 0 && c->kdr > KDR_MAX)
		return false;
	if ((c->params & RS_SDP_WSH) != 0 && c->wsh < WSH_MIN)
		return false;
	return (c->params & never) == 0;
}

static void
write_params(struct rs_sip_out *o, const struct rs_sdp_crypto *c)
{
	if (c->params & RS_SDP_KDR) {
		rs_out_text(o, " KDR=");
		rs_out_number(o, c->kdr);
	}
	if (c->params & RS_SDP_UNENCRYPTED_SRTP)
		rs_out_text(o, " UNENCRYPTED_SRTP");
	if (c->params & RS_SDP_UNENCRYPTED_SRTCP)
		rs_out_text(o, " UNENCRYPTED_SRTCP");
	if (c->params & RS_SDP_UNAUTHENTICATED_SRTP)
		rs_out_text(o, " UNAUTHENTICATED_SRTP");
	if (c->params & RS_SDP_FEC_ORDER)
		rs_out_text(o, c->fec_first ? " FEC_ORDER=FEC_SRTP" : " FEC_ORDER=SRTP_FEC");
	if (c->params & RS_SDP_WSH) {
		rs_out_text(o, " WSH=");
		rs_out_number(o, c->wsh);
	}
}

static void
write_lifetime(struct rs_sip_out *o, uint64_t lifetime)
{
	rs_out_text(o, "|");
	if ((lifetime & (lifetime - 1)) == 0) {
		rs_out_text(o, "2^");
		lifetime = (uint64_t)__builtin_ctzll(lifetime);
	}
	rs_out_number(o, lifetime);
}

int
rs_sdp_crypto_build(const struct rs_sdp_crypto *c, uint8_t *out, size_t cap)
{
	struct rs_sip_out o = rs_sip_out(out, cap);
	uint8_t text[(RS_SDP_KEY_MAX + 2) / 3 * 4];
	size_t n;

	if (!can_be_written(c))
		return -EINVAL;
	rs_out_number(&o, c->tag);
	rs_out_text(&o, " ");
	rs_out_text(&o, rs_sdp_suite_info(c->suite)->name);
	rs_out_text(&o, " inline:");
	n = rs_base64_write(c->key, rs_sdp_suite_bytes(c->suite), text);
	rs_out_bytes(&o, rs_slice_of(text, n));
	if (c->lifetime != 0)
		write_lifetime(&o, c->lifetime);
	if (c->mki_len != 0) {
		rs_out_text(&o, "|");
		rs_out_number(&o, c->mki);
		rs_out_text(&o, ":");
		rs_out_number(&o, c->mki_len);
	}
	write_params(&o, c);
	return o.full ? -ENOSPC : (int)o.len;
}
