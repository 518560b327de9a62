/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handshake messages after the handshake: KeyUpdate is obeyed, tickets are dropped as they come, a
 * renegotiation is refused. No message is kept, however long it is.
 */
#include "proto/tls/private.h"

/* RFC 8446, B.3; RFC 5246, 7.4. */
enum {
	HELLO_REQUEST = 0,
	CLIENT_HELLO = 1,
	NEW_SESSION_TICKET = 4,
	KEY_UPDATE = 24,
};

/* The head of a message is there: may it come, and so long? */
static enum rs_tls_error
judge(const struct rs_tls *t)
{
	uint8_t type = t->head[0];

	if (t->version == RS_TLS_1_3) {
		if (type == KEY_UPDATE)
			return t->left == 1 ? RS_TLS_FINE : RS_TLS_BAD_UPDATE;
		return type == NEW_SESSION_TICKET && !t->server ? RS_TLS_FINE
								: RS_TLS_BAD_HANDSHAKE;
	}
	if (type == HELLO_REQUEST)
		return !t->server && t->left == 0 ? RS_TLS_FINE : RS_TLS_BAD_HANDSHAKE;
	return type == CLIENT_HELLO && t->server ? RS_TLS_FINE : RS_TLS_BAD_HANDSHAKE;
}

/* A message has ended; @last: so has its record. */
static enum rs_tls_error
obey(struct rs_tls_engine *e, struct rs_tls *t, bool last, struct rs_tls_record *record)
{
	switch (t->head[0]) {
	case NEW_SESSION_TICKET: record->tickets += record->tickets < UINT8_MAX; break;
	case KEY_UPDATE:
		/* RFC 8446, 5.1: messages do not span a change of keys. */
		if (!last || t->ask > 1)
			return RS_TLS_BAD_UPDATE;
		rs_tls_derive(e, t->suite, &t->rx, true);
		if (t->ask == 1)
			t->owed |= RS_TLS_OWES_UPDATE;
		record->updates++;
		break;
	default:
		t->owed |= RS_TLS_OWES_REFUSAL;
		record->requests += record->requests < UINT8_MAX;
		break;
	}
	t->have = 0;
	return RS_TLS_FINE;
}

enum rs_tls_error
rs_tls_handshake(struct rs_tls_engine *e, struct rs_tls *t, const uint8_t *p, size_t len,
	struct rs_tls_record *record)
{
	const uint8_t *end = p + len;
	enum rs_tls_error error;

	if (len == 0) /* RFC 8446, 5.1 */
		return RS_TLS_BAD_HANDSHAKE;
	while (p < end) {
		if (t->have < sizeof(t->head)) {
			t->head[t->have++] = *p++;
			if (t->have < sizeof(t->head))
				continue;
			t->left =
				(uint32_t)t->head[1] << 16 | (uint32_t)t->head[2] << 8 | t->head[3];
			error = judge(t);
			if (error != RS_TLS_FINE)
				return error;
		}
		if (t->left != 0 && p < end) {
			size_t take = t->left < (size_t)(end - p) ? t->left : (size_t)(end - p);

			t->ask = *p;
			t->left -= (uint32_t)take;
			p += take;
		}
		if (t->left == 0) {
			error = obey(e, t, p == end, record);
			if (error != RS_TLS_FINE)
				return error;
		}
	}
	return RS_TLS_FINE;
}
