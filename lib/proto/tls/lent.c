/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that are lent: whole ones go in, and what is said of our own accord waits until it is asked for. */
#include <errno.h>

#include "proto/tls/private.h"

#define LENT_RECORD_MAX (RS_TLS_HEADER + RS_TLS_FRAGMENT + 2048) /* RFC 5246, 6.2.3 */

/*
 * Bytes to give: a record, or of what is none the header, which is enough to find the words for it.
 * @return 0: not there yet
 */
static size_t
to_give(const uint8_t *p, size_t len, size_t *need)
{
	size_t total = RS_TLS_HEADER;

	if (len >= RS_TLS_HEADER) {
		total += (size_t)p[3] << 8 | p[4];
		if (p[0] < RS_TLS_TYPE_CCS || p[0] > RS_TLS_TYPE_DATA || p[1] != 3 || total > LENT_RECORD_MAX)
			total = RS_TLS_HEADER;
	}
	*need = len < total ? total - len : 0;
	return len < total ? 0 : total;
}

enum rs_tls_event
rs_tls_lent_unprotect(struct rs_tls *t, uint8_t *buf, size_t len, struct rs_tls_record *record)
{
	size_t total = to_give(buf, len, &record->need);
	enum rs_tls_event event;

	if (total == 0)
		return RS_TLS_MORE;
	event = t->lent->ops->open(t->lent, buf, total, record);
	record->used = event == RS_TLS_ERROR ? 0 : total;
	t->owed = t->lent->n_owed != 0;
	if (event == RS_TLS_CLOSED)
		t->closed |= RS_TLS_CLOSED_RX;
	if (event == RS_TLS_ALERT) {
		t->closed |= RS_TLS_CLOSED_RX | RS_TLS_CLOSED_TX;
		t->alert = record->alert;
		t->owed = 0;
	}
	if (event == RS_TLS_ERROR)
		t->error = record->error;
	return event;
}

/* Is there @room for @bytes besides what is owed? Then that goes first. */
static int
begin(struct rs_tls *t, size_t bytes, uint8_t *out, size_t room, size_t *written)
{
	struct rs_tls_lent *l = t->lent;

	*written = 0;
	if ((t->closed & RS_TLS_CLOSED_TX) != 0)
		return -EPIPE;
	if (l->n_owed + bytes > room)
		return -ENOSPC;
	memcpy(out, l->owed, l->n_owed);
	*written = l->n_owed;
	l->n_owed = 0;
	t->owed = 0;
	return 0;
}

/* What a function of the table has written stands behind what was owed; after a failure nothing goes any more. */
static int
end(struct rs_tls *t, int rc, size_t n, size_t *written)
{
	if (rc == 0) {
		*written += n;
		return 0;
	}
	*written = 0;
	t->error = rc == -ENOMEM ? RS_TLS_NO_MEMORY : RS_TLS_LENT_FAILED;
	return rc;
}

int
rs_tls_lent_protect(struct rs_tls *t, const uint8_t *in, size_t len, uint8_t *out, size_t room,
	size_t *written)
{
	size_t total = rs_tls_sealed_len(t, len), n = 0;
	int rc = t->error != RS_TLS_FINE ? -EPIPE : total > room ? -ENOSPC : 0;

	*written = 0;
	if (rc != 0)
		return rc;
	/* Data that lie in the output go to its end first: no record that is written gets so far. */
	if (len != 0 && in + len > out && in < out + total) {
		memmove(out + total - len, in, len);
		in = out + total - len;
	}
	rc = begin(t, 0, out, room, written);
	if (rc != 0 || len == 0)
		return rc;
	rc = t->lent->ops->seal(t->lent, in, len, out + *written, total - *written, &n);
	return end(t, rc, n, written);
}

int
rs_tls_lent_settle(struct rs_tls *t, uint8_t *out, size_t room, size_t *written)
{
	return begin(t, 0, out, room, written);
}

int
rs_tls_lent_update(struct rs_tls *t, bool ask, uint8_t *out, size_t room, size_t *written)
{
	size_t n = 0;
	int rc = t->error != RS_TLS_FINE ? -EPIPE
					 : begin(t, RS_TLS_LENT_GROWTH, out, room, written);

	if (rc != 0)
		return rc;
	rc = t->lent->ops->update(t->lent, ask, out + *written, room - *written, &n);
	return end(t, rc, n, written);
}

int
rs_tls_lent_close(struct rs_tls *t, uint8_t *out, size_t room, size_t *written)
{
	size_t n = 0;
	int rc = t->error != RS_TLS_FINE ? -EPIPE
					 : begin(t, RS_TLS_LENT_GROWTH, out, room, written);

	if (rc != 0)
		return rc;
	rc = t->lent->ops->close(t->lent, out + *written, room - *written, &n);
	t->closed |= RS_TLS_CLOSED_TX;
	return end(t, rc, n, written);
}
