/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as sent, and the state they begin with. */
#include <errno.h>

#include "proto/tls/private.h"

/*
 * RFC 8446, 5.5: about 2^24.5 full records under one GCM key are safe. Some fewer, for one call of
 * rs_tls_protect() may write several before it looks again.
 */
#define GCM_RECORDS (23726566u - 65536u)

/* RFC 8446, 4.6.3. */
#define KEY_UPDATE 24

enum { LEVEL_WARNING = 1, LEVEL_FATAL = 2 };

static void
init_side(struct rs_tls_engine *e, const struct rs_tls *t, const struct rs_tls_keys_side *keys,
	void *gcm, struct rs_tls_side *s)
{
	bool is_gcm = t->suite != RS_TLS_CHACHA20_POLY1305;

	*s = (struct rs_tls_side){ .seq = keys->seq, .gcm = is_gcm ? gcm : NULL };
	if (t->version == RS_TLS_1_3) {
		memcpy(s->secret, keys->secret, rs_tls_secret_len(t->suite));
		for (uint32_t i = 0; i < keys->updates; i++)
			rs_tls_derive(e, t->suite, s, true);
		rs_tls_derive(e, t->suite, s, false);
		s->seq = keys->seq;
		return;
	}
	memcpy(s->key, keys->key, rs_tls_key_len(t->suite));
	memcpy(s->iv, keys->iv, is_gcm ? 4 : 12);
	if (s->gcm != NULL)
		e->ops->expand(e, s->key, rs_tls_key_len(t->suite), s->gcm);
}

int
rs_tls_init(struct rs_tls_engine *e, const struct rs_tls_keys *keys, void *gcm, struct rs_tls *t)
{
	if ((unsigned)keys->version >= RS_TLS_VERSIONS || (unsigned)keys->suite >= RS_TLS_SUITES ||
		keys->fragment > RS_TLS_FRAGMENT)
		return -EINVAL;
	*t = (struct rs_tls){ .version = (uint8_t)keys->version,
		.suite = (uint8_t)keys->suite,
		.server = keys->server,
		.fragment = keys->fragment != 0 ? keys->fragment : RS_TLS_FRAGMENT,
		.is_lent = keys->lent != NULL,
		.limit = keys->suite == RS_TLS_CHACHA20_POLY1305 ? UINT64_MAX : GCM_RECORDS };
	if (t->is_lent) {
		t->lent = keys->lent;
		t->owed = t->lent->n_owed != 0;
		return 0;
	}
	init_side(e, t, &keys->tx, gcm, &t->tx);
	init_side(e, t, &keys->rx, gcm != NULL ? (uint8_t *)gcm + RS_TLS_GCM_BYTES : NULL, &t->rx);
	return 0;
}

void
rs_tls_fini(struct rs_tls *t)
{
	if (t->is_lent)
		t->lent->ops->give_back(t->lent);
	else if (t->tx.gcm != NULL)
		explicit_bzero(t->tx.gcm, RS_TLS_GCM_BYTES);
	if (!t->is_lent && t->rx.gcm != NULL)
		explicit_bzero(t->rx.gcm, RS_TLS_GCM_BYTES);
	explicit_bzero(t, sizeof(*t));
}

void
rs_tls_set_limit(struct rs_tls *t, uint64_t records)
{
	t->limit = records;
}

static size_t
overhead(const struct rs_tls *t)
{
	return RS_TLS_HEADER + rs_tls_growth(t);
}

static size_t
records(const struct rs_tls *t, size_t len)
{
	return (len + t->fragment - 1) / t->fragment;
}

/* Have our keys been used often enough, or will they have been after @n records more? */
static bool
is_worn(const struct rs_tls *t, size_t n)
{
	return t->version == RS_TLS_1_3 && t->tx.seq != 0 && t->tx.seq + n > t->limit;
}

static size_t
owed_len(const struct rs_tls *t, size_t n)
{
	return ((t->owed & RS_TLS_OWES_UPDATE) != 0 || is_worn(t, n) ? overhead(t) + 5 : 0) +
		((t->owed & RS_TLS_OWES_REFUSAL) != 0 ? overhead(t) + 2 : 0) +
		((t->owed & RS_TLS_OWES_ALERT) != 0 ? overhead(t) + 2 : 0);
}

size_t
rs_tls_sealed_len(const struct rs_tls *t, size_t len)
{
	size_t n = records(t, len);

	if (t->is_lent) /* one more, which may change the keys */
		return t->lent->n_owed + (n + 1) * RS_TLS_LENT_GROWTH + len;
	return owed_len(t, n) + n * overhead(t) + len;
}

/* A record of @len bytes that lie at @record + headroom. @return its end */
static uint8_t *
seal(struct rs_tls_engine *e, struct rs_tls *t, uint8_t type, uint8_t *record, size_t len)
{
	size_t head = rs_tls_headroom(t), text = len;
	struct rs_tls_aead a;

	if (t->version == RS_TLS_1_3) {
		record[head + text++] = type;
		type = RS_TLS_TYPE_DATA;
	}
	rs_tls_put_header(record, type, head - RS_TLS_HEADER + text + RS_TLS_TAG);
	if (head > RS_TLS_HEADER) { /* RFC 5288, 3: any nonce that does not come again */
		uint64_t seq = __builtin_bswap64(t->tx.seq);

		memcpy(record + RS_TLS_HEADER, &seq, sizeof(seq));
	}
	rs_tls_prepare(t, &t->tx, record, type, len, &a);
	a.text = record + head;
	a.len = (uint32_t)text;
	e->ops->seal(e, t->suite, &a, a.text + text);
	t->tx.seq++;
	return a.text + text + RS_TLS_TAG;
}

/* A record of a few bytes from elsewhere. @return its end */
static uint8_t *
seal_small(struct rs_tls_engine *e, struct rs_tls *t, uint8_t type, const uint8_t *data, size_t len,
	uint8_t *out)
{
	memcpy(out + rs_tls_headroom(t), data, len);
	return seal(e, t, type, out, len);
}

static uint8_t *
seal_alert(struct rs_tls_engine *e, struct rs_tls *t, uint8_t level, uint8_t alert, uint8_t *out)
{
	return seal_small(e, t, RS_TLS_TYPE_ALERT, (const uint8_t[2]){ level, alert }, 2, out);
}

/* The last record under a key says that there is another one. */
static uint8_t *
seal_update(struct rs_tls_engine *e, struct rs_tls *t, bool ask, uint8_t *out)
{
	out = seal_small(e, t, RS_TLS_TYPE_HANDSHAKE,
		(const uint8_t[5]){ KEY_UPDATE, 0, 0, 1, ask }, 5, out);
	rs_tls_derive(e, t->suite, &t->tx, true);
	t->owed &= (uint8_t)~RS_TLS_OWES_UPDATE;
	return out;
}

/* What is owed, before @n records more. */
static uint8_t *
seal_owed(struct rs_tls_engine *e, struct rs_tls *t, size_t n, uint8_t *out)
{
	if ((t->owed & RS_TLS_OWES_UPDATE) != 0 || is_worn(t, n))
		out = seal_update(e, t, false, out);
	if ((t->owed & RS_TLS_OWES_REFUSAL) != 0)
		out = seal_alert(e, t, LEVEL_WARNING, RS_TLS_NO_RENEGOTIATION, out);
	if ((t->owed & RS_TLS_OWES_ALERT) != 0) {
		out = seal_alert(e, t, LEVEL_FATAL, t->alert, out);
		t->closed |= RS_TLS_CLOSED_TX;
	}
	t->owed = 0;
	return out;
}

/* May @bytes in up to @n records be sent? */
static int
check(const struct rs_tls *t, size_t n, size_t bytes, size_t room)
{
	if ((t->closed & RS_TLS_CLOSED_TX) != 0)
		return -EPIPE;
	/* RFC 8446, 5.3: numbers never begin anew. Three more for what is owed. */
	if (t->tx.seq >= UINT64_MAX - n - 3)
		return -EPIPE;
	return bytes > room ? -ENOSPC : 0;
}

int
rs_tls_protect(struct rs_tls_engine *e, struct rs_tls *t, const uint8_t *in, size_t len,
	uint8_t *out, size_t room, size_t *written)
{
	size_t n = records(t, len), total = rs_tls_sealed_len(t, len);
	int rc;
	uint8_t *p;

	if (t->is_lent)
		return rs_tls_lent_protect(t, in, len, out, room, written);
	rc = t->error != RS_TLS_FINE ? -EPIPE : check(t, n, total, room);
	*written = 0;
	if (rc != 0)
		return rc;
	/*
	 * Data that lie in the output may be overwritten by the records before them: all of them go to
	 * the end first, from where each piece is moved forward.
	 */
	if (n != 0 && (n > 1 || owed_len(t, n) != 0) && in + len > out && in < out + total) {
		memmove(out + total - len, in, len);
		in = out + total - len;
	}
	p = seal_owed(e, t, n, out);
	while (len > 0) {
		size_t piece = len < t->fragment ? len : t->fragment;

		if (in != p + rs_tls_headroom(t))
			memmove(p + rs_tls_headroom(t), in, piece);
		p = seal(e, t, RS_TLS_TYPE_DATA, p, piece);
		in += piece;
		len -= piece;
	}
	*written = (size_t)(p - out);
	return 0;
}

int
rs_tls_settle(struct rs_tls_engine *e, struct rs_tls *t, uint8_t *out, size_t room, size_t *written)
{
	int rc;

	if (t->is_lent)
		return rs_tls_lent_settle(t, out, room, written);
	rc = check(t, 0, owed_len(t, 0), room);
	*written = rc == 0 ? (size_t)(seal_owed(e, t, 0, out) - out) : 0;
	return rc;
}

int
rs_tls_update(struct rs_tls_engine *e, struct rs_tls *t, bool ask, uint8_t *out, size_t room,
	size_t *written)
{
	int rc;

	*written = 0;
	if (t->version != RS_TLS_1_3)
		return -ENOTSUP;
	if (t->is_lent)
		return rs_tls_lent_update(t, ask, out, room, written);
	rc = t->error != RS_TLS_FINE ? -EPIPE
				     : check(t, 1, owed_len(t, 1) + overhead(t) + 5, room);
	if (rc != 0)
		return rc;
	/* The one that is owed is this one. */
	t->owed &= (uint8_t)~RS_TLS_OWES_UPDATE;
	*written = (size_t)(seal_update(e, t, ask, seal_owed(e, t, 1, out)) - out);
	return 0;
}

int
rs_tls_close(struct rs_tls_engine *e, struct rs_tls *t, uint8_t *out, size_t room, size_t *written)
{
	int rc;
	uint8_t *p;

	if (t->is_lent)
		return rs_tls_lent_close(t, out, room, written);
	rc = t->error != RS_TLS_FINE ? -EPIPE
				     : check(t, 1, owed_len(t, 1) + overhead(t) + 2, room);
	*written = 0;
	if (rc != 0)
		return rc;
	p = seal_alert(e, t, LEVEL_WARNING, RS_TLS_CLOSE_NOTIFY, seal_owed(e, t, 1, out));
	t->closed |= RS_TLS_CLOSED_TX;
	*written = (size_t)(p - out);
	return 0;
}
