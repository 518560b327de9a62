/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as received. */
#include "proto/tls/private.h"

#define EMPTY_MAX 32 /* records without data in a row: they cost us more than the peer */

/* What the header of a record tells, as far as it is there. @total: bytes of the record; 0: not known */
static enum rs_tls_error
judge(const struct rs_tls *t, const uint8_t *p, size_t len, size_t *total)
{
	size_t text, grown = t->version == RS_TLS_1_3 ? 256 : rs_tls_growth(t);

	*total = 0;
	if (len == 0)
		return RS_TLS_FINE;
	if (p[0] != RS_TLS_TYPE_DATA &&
		(t->version == RS_TLS_1_3 ||
			(p[0] != RS_TLS_TYPE_ALERT && p[0] != RS_TLS_TYPE_HANDSHAKE)))
		return RS_TLS_BAD_TYPE;
	if (len < RS_TLS_HEADER)
		return RS_TLS_FINE;
	/* RFC 8446, 5.1: the version of a record means nothing any more. */
	if (t->version == RS_TLS_1_2 && (p[1] != 3 || p[2] != 3))
		return RS_TLS_BAD_VERSION;
	text = (size_t)p[3] << 8 | p[4];
	if (text > RS_TLS_FRAGMENT + grown)
		return RS_TLS_TOO_LONG;
	/* TLS 1.3 has a byte of content type at least. */
	if (text < rs_tls_growth(t))
		return RS_TLS_TOO_SHORT;
	*total = RS_TLS_HEADER + text;
	return RS_TLS_FINE;
}

/* RFC 8446, 5.4: the last byte that is not zero is the content type. @return 0: there is none */
static uint8_t
unpad(const uint8_t *text, size_t *len)
{
	size_t n = *len;

	while (n > 0 && text[n - 1] == 0)
		n--;
	if (n == 0)
		return 0;
	*len = n - 1;
	return text[n - 1];
}

/* Decrypt the record of @total bytes at @p. @type, @data: out */
static enum rs_tls_error
open_record(struct rs_tls_engine *e, struct rs_tls *t, uint8_t *p, size_t total, uint8_t *type,
	struct rs_slice *data)
{
	size_t head = rs_tls_headroom(t), len = total - head - RS_TLS_TAG;
	struct rs_tls_aead a;

	if (t->rx.seq == UINT64_MAX)
		return RS_TLS_USED_UP;
	rs_tls_prepare(t, &t->rx, p, p[0], len, &a);
	a.text = p + head;
	a.len = (uint32_t)len;
	if (!e->ops->open(e, t->suite, &a, a.text + len))
		return RS_TLS_AUTH_FAILED;
	t->rx.seq++;
	*type = p[0];
	if (t->version == RS_TLS_1_3) {
		/* RFC 8446, 5.4: with its padding, one byte more than plaintext may have. */
		if (len > RS_TLS_FRAGMENT + 1)
			return RS_TLS_TOO_LONG;
		*type = unpad(a.text, &len);
		if (*type == 0)
			return RS_TLS_ONLY_PADDING;
	}
	*data = rs_slice_of(a.text, len);
	return RS_TLS_FINE;
}

/* RFC 8446, 6; RFC 5246, 7.2. */
static enum rs_tls_event
alert(struct rs_tls *t, struct rs_slice data, struct rs_tls_record *record)
{
	if (data.len != 2)
		return rs_tls_fail(t, RS_TLS_BAD_ALERT, record);
	record->alert = data.p[1];
	if (record->alert == RS_TLS_CLOSE_NOTIFY) {
		t->closed |= RS_TLS_CLOSED_RX;
		return RS_TLS_CLOSED;
	}
	/* In TLS 1.3 the level means nothing: these two are closure, all others are errors. */
	if (t->version == RS_TLS_1_3 ? record->alert == RS_TLS_USER_CANCELED : data.p[0] == 1)
		return RS_TLS_WARNING;
	t->closed |= RS_TLS_CLOSED_RX | RS_TLS_CLOSED_TX;
	t->alert = record->alert;
	t->owed = 0;
	return RS_TLS_ALERT;
}

static enum rs_tls_event
dispatch(struct rs_tls_engine *e, struct rs_tls *t, uint8_t type, struct rs_slice data,
	struct rs_tls_record *record)
{
	enum rs_tls_error error;

	if (type != RS_TLS_TYPE_HANDSHAKE && t->have != 0)
		return rs_tls_fail(t, RS_TLS_INTERLEAVED, record);
	switch (type) {
	case RS_TLS_TYPE_DATA:
		t->empty = data.len == 0 ? t->empty + 1 : 0;
		if (t->empty > EMPTY_MAX)
			return rs_tls_fail(t, RS_TLS_TOO_MANY_EMPTY, record);
		record->data = data;
		return RS_TLS_DATA;
	case RS_TLS_TYPE_ALERT: return alert(t, data, record);
	case RS_TLS_TYPE_HANDSHAKE:
		error = rs_tls_handshake(e, t, data.p, data.len, record);
		return error == RS_TLS_FINE ? RS_TLS_HANDSHAKE : rs_tls_fail(t, error, record);
	default: return rs_tls_fail(t, RS_TLS_BAD_TYPE, record);
	}
}

enum rs_tls_event
rs_tls_unprotect(struct rs_tls_engine *e, struct rs_tls *t, uint8_t *buf, size_t len,
	struct rs_tls_record *record)
{
	enum rs_tls_error error;
	struct rs_slice data;
	uint8_t type;
	size_t total;

	*record = (struct rs_tls_record){ 0 };
	if (t->error != RS_TLS_FINE) {
		record->error = t->error;
		return RS_TLS_ERROR;
	}
	if ((t->closed & RS_TLS_CLOSED_RX) != 0) {
		record->used = len;
		record->alert = t->alert;
		return t->alert != RS_TLS_CLOSE_NOTIFY ? RS_TLS_ALERT : RS_TLS_MORE;
	}
	if (t->is_lent)
		return rs_tls_lent_unprotect(t, buf, len, record);
	error = judge(t, buf, len, &total);
	if (error != RS_TLS_FINE)
		return rs_tls_fail(t, error, record);
	if (total == 0 || len < total) {
		record->need = (total == 0 ? RS_TLS_HEADER : total) - len;
		return RS_TLS_MORE;
	}
	error = open_record(e, t, buf, total, &type, &data);
	if (error != RS_TLS_FINE)
		return rs_tls_fail(t, error, record);
	record->used = total;
	return dispatch(e, t, type, data, record);
}
