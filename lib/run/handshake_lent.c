/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records by OpenSSL, for suites that our record layer does not have: the SSL object goes to the worker behind a table of functions, and
 * comes back to its thread to be freed. The worker gives it whole records only, so that it holds no bytes between two of them, and its
 * buffers are there while a function runs.
 */
#include <errno.h>
#include <openssl/err.h>

#include "run/handshake_private.h"
#include "run/tls_heap.h"

#define BACK 32 /* freed in one turn */

struct rs_hs_lent {
	struct rs_tls_lent lent; /* first: what the worker has */
	SSL *ssl;
	struct rs_slice in;	 /* the record that may be read */
	uint8_t *out;		 /* where records go now */
	size_t room, n_out;
	bool lost;		 /* there was no room: the peer misses a record */
	uint8_t sent, received;	 /* alerts, of the present function; UINT8_MAX: none */
	bool fatal;		 /* received */
	struct rs_tls_record *record; /* being opened; NULL */
	struct rs_hs_thread *home;
	struct rs_hs_lent *back;      /* the next that has come back */
	struct rs_hs_lent *next, *prev; /* of all that the thread has lent */
};

/* --- what OpenSSL reads and writes --- */

static int
bio_read(BIO *bio, char *out, size_t len, size_t *n)
{
	struct rs_hs_lent *l = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (l->in.len == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*n = len < l->in.len ? len : l->in.len;
	memcpy(out, l->in.p, *n);
	l->in.p += *n;
	l->in.len -= *n;
	return 1;
}

static int
bio_write(BIO *bio, const char *in, size_t len, size_t *n)
{
	struct rs_hs_lent *l = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*n = len;
	if (len > l->room - l->n_out) {
		l->lost = true;
		return 1;
	}
	memcpy(l->out + l->n_out, in, len);
	l->n_out += len;
	return 1;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *p)
{
	const struct rs_hs_lent *l = BIO_get_data(bio);

	if (command == BIO_CTRL_PENDING)
		return (long)l->in.len;
	return command == BIO_CTRL_FLUSH;
}

static int
bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *
rs_hs_lent_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records");

	if (!m || BIO_meth_set_read_ex(m, bio_read) != 1 || BIO_meth_set_write_ex(m, bio_write) != 1 ||
		BIO_meth_set_ctrl(m, bio_ctrl) != 1 || BIO_meth_set_create(m, bio_create) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

static void
on_message(int write, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct rs_hs_lent *l = arg;
	const uint8_t *p = buf;

	if (type == SSL3_RT_ALERT && len == 2 && write) {
		l->sent = p[1];
		if (l->record && p[1] == SSL_AD_NO_RENEGOTIATION)
			l->record->requests++;
	} else if (type == SSL3_RT_ALERT && len == 2) {
		l->received = p[1];
		/* RFC 8446, 6: in TLS 1.3 the level means nothing. */
		l->fatal = SSL_version(ssl) == TLS1_3_VERSION ? p[1] != SSL_AD_CLOSE_NOTIFY && p[1] != SSL_AD_USER_CANCELLED
							       : p[0] == SSL3_AL_FATAL;
	} else if (type == SSL3_RT_HANDSHAKE && len > 0 && !write && l->record) {
		l->record->tickets += p[0] == SSL3_MT_NEWSESSION_TICKET;
		l->record->updates += p[0] == SSL3_MT_KEY_UPDATE;
	}
}

/* --- what the worker calls --- */

static struct rs_hs_lent *
lent_of(struct rs_tls_lent *lent)
{
	return (struct rs_hs_lent *)lent;
}

static void
begin(struct rs_hs_lent *l, uint8_t *out, size_t room)
{
	l->out = out;
	l->room = room;
	l->n_out = 0;
	l->lost = false;
	l->sent = l->received = UINT8_MAX;
	l->fatal = false;
	rs_tls_heap_enter();
	ERR_clear_error();
}

static bool
is_out_of_memory(void)
{
	unsigned long error;
	bool is = rs_tls_heap_was_refused();

	while ((error = ERR_get_error()) != 0)
		is |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is;
}

/* @ok: what OpenSSL said. @return 0; -ENOMEM; -EPIPE */
static int
end(struct rs_hs_lent *l, bool ok, size_t *written)
{
	int rc = 0;

	if (!ok || l->lost)
		rc = is_out_of_memory() ? -ENOMEM : -EPIPE;
	rs_tls_heap_leave();
	*written = rc == 0 ? l->n_out : 0;
	return rc;
}

/* What is wrong, by the alert that OpenSSL has for it. */
static enum rs_tls_error
error_of(const struct rs_hs_lent *l)
{
	static const struct {
		uint8_t alert;
		enum rs_tls_error error;
	} rows[] = {
		{ SSL_AD_BAD_RECORD_MAC, RS_TLS_AUTH_FAILED },
		{ SSL_AD_UNEXPECTED_MESSAGE, RS_TLS_BAD_TYPE },
		{ SSL_AD_RECORD_OVERFLOW, RS_TLS_TOO_LONG },
		{ SSL_AD_PROTOCOL_VERSION, RS_TLS_BAD_VERSION },
		{ SSL_AD_DECODE_ERROR, RS_TLS_BAD_HANDSHAKE },
		{ SSL_AD_ILLEGAL_PARAMETER, RS_TLS_BAD_UPDATE },
	};

	if (is_out_of_memory())
		return RS_TLS_NO_MEMORY;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].alert == l->sent)
			return rows[i].error;
	return RS_TLS_LENT_FAILED;
}

/* RFC 8446, 4.6.3: a KeyUpdate that asks for one is answered before anything else is sent. OpenSSL would do so with the next data. */
static bool
answer_update(struct rs_hs_lent *l)
{
	if (SSL_get_key_update_type(l->ssl) == SSL_KEY_UPDATE_NONE)
		return true;
	return SSL_key_update(l->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(l->ssl) == 1;
}

static enum rs_tls_event
judge(struct rs_hs_lent *l, int error, struct rs_tls_record *record)
{
	if (error == SSL_ERROR_ZERO_RETURN)
		return RS_TLS_CLOSED;
	record->alert = l->received != UINT8_MAX ? l->received : 0;
	if (error == SSL_ERROR_WANT_READ && !l->lost && answer_update(l) && !l->lost) {
		if (record->tickets || record->updates || record->requests)
			return RS_TLS_HANDSHAKE;
		return l->received != UINT8_MAX ? RS_TLS_WARNING : RS_TLS_DATA;
	}
	if (l->received != UINT8_MAX && l->fatal)
		return RS_TLS_ALERT;
	record->error = (uint8_t)error_of(l);
	return RS_TLS_ERROR;
}

/* OpenSSL has read the record before it writes what was in it: both may be the same place. */
static enum rs_tls_event
open_record(struct rs_tls_lent *lent, uint8_t *p, size_t len, struct rs_tls_record *record)
{
	struct rs_hs_lent *l = lent_of(lent);
	enum rs_tls_event event = RS_TLS_DATA;
	int n;

	begin(l, lent->owed + lent->n_owed, sizeof(lent->owed) - lent->n_owed);
	l->in = rs_slice_of(p, len);
	l->record = record;
	n = SSL_read(l->ssl, p, (int)len);
	if (n > 0)
		record->data = rs_slice_of(p, (size_t)n);
	else
		event = judge(l, SSL_get_error(l->ssl, n), record);
	l->record = NULL;
	l->in = rs_slice_of(NULL, 0);
	lent->n_owed += (uint32_t)l->n_out;
	rs_tls_heap_leave();
	return event;
}

static int
seal(struct rs_tls_lent *lent, const uint8_t *in, size_t len, uint8_t *out, size_t room, size_t *written)
{
	struct rs_hs_lent *l = lent_of(lent);

	begin(l, out, room);
	return end(l, SSL_write(l->ssl, in, (int)len) == (int)len, written);
}

static int
update(struct rs_tls_lent *lent, bool ask, uint8_t *out, size_t room, size_t *written)
{
	struct rs_hs_lent *l = lent_of(lent);

	begin(l, out, room);
	return end(l,
		SSL_key_update(l->ssl, ask ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
			SSL_do_handshake(l->ssl) == 1,
		written);
}

static int
close_records(struct rs_tls_lent *lent, uint8_t *out, size_t room, size_t *written)
{
	struct rs_hs_lent *l = lent_of(lent);

	begin(l, out, room);
	return end(l, SSL_shutdown(l->ssl) >= 0, written);
}

static void
give_back(struct rs_tls_lent *lent)
{
	struct rs_hs_lent *l = lent_of(lent);
	_Atomic(struct rs_hs_lent *) *first = &l->home->back;

	l->back = atomic_load_explicit(first, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(first, &l->back, l, memory_order_release, memory_order_relaxed))
		;
}

static const struct rs_tls_lent_ops lent_ops = { open_record, seal, update, close_records, give_back };

/* --- the thread's --- */

bool
rs_hs_lend(struct rs_hs_task *task, struct rs_tls_keys *keys)
{
	struct rs_hs_thread *t = task->thread;
	const SSL_SESSION *session = SSL_get_session(task->ssl);
	unsigned fragment = session ? SSL_SESSION_get_max_fragment_length(session) : 0;
	struct rs_hs_lent *l;
	BIO *bio;

	l = OPENSSL_zalloc(sizeof(*l));
	bio = BIO_new(t->h->lent_bio);
	if (!l || !bio) {
		OPENSSL_free(l);
		BIO_free(bio);
		return false;
	}
	l->lent.ops = &lent_ops;
	l->home = t;
	l->ssl = task->ssl;
	l->next = t->lent;
	if (t->lent)
		t->lent->prev = l;
	t->lent = l;
	rs_metric_inc(&t->cells, RS_HS_LENT);
	rs_metric_add(&t->cells, RS_HS_LENT_OPEN, 1);
	BIO_set_data(bio, l);
	rs_tls_tap_detach(&task->tap, l->ssl);
	SSL_set_app_data(l->ssl, NULL);
	SSL_set_info_callback(l->ssl, NULL);
	SSL_set_msg_callback(l->ssl, on_message);
	SSL_set_msg_callback_arg(l->ssl, l);
	SSL_set_bio(l->ssl, bio, bio);
	SSL_certs_clear(l->ssl);
	task->ssl = NULL;
	*keys = (struct rs_tls_keys){ .lent = &l->lent, .server = SSL_is_server(l->ssl) != 0,
		.version = SSL_version(l->ssl) == TLS1_3_VERSION ? RS_TLS_1_3 : RS_TLS_1_2 };
	/* RFC 6066, 4 */
	if (fragment >= TLSEXT_max_fragment_length_512 && fragment <= TLSEXT_max_fragment_length_4096)
		keys->fragment = (uint16_t)(256u << fragment);
	return true;
}

static void
free_lent(struct rs_hs_lent *l)
{
	struct rs_hs_thread *t = l->home;

	*(l->prev ? &l->prev->next : &t->lent) = l->next;
	if (l->next)
		l->next->prev = l->prev;
	/* else the library takes the session for one that broke off, and it is not resumed (RFC 5246, 7.2.2) */
	SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(l->ssl);
	OPENSSL_free(l);
	rs_metric_add(&t->cells, RS_HS_LENT_OPEN, (uint64_t)-1);
}

uint32_t
rs_hs_take_lent(struct rs_hs_thread *t)
{
	struct rs_tls_heap_use use;
	uint32_t n = 0;

	if (!t->lent)
		return 0;
	if (!t->came_back)
		t->came_back = atomic_exchange_explicit(&t->back, NULL, memory_order_acquire);
	for (; n < BACK && t->came_back; n++) {
		struct rs_hs_lent *l = t->came_back;

		t->came_back = l->back;
		free_lent(l);
	}
	if (t->id == 0) {
		rs_tls_heap_use(&use);
		rs_metric_set(&t->cells, RS_HS_HEAP_USED, use.used);
		rs_metric_set(&t->cells, RS_HS_HEAP_TAKEN, use.taken);
		rs_metric_set(&t->cells, RS_HS_HEAP_REFUSED, use.refused);
	}
	return n;
}

void
rs_hs_free_lent(struct rs_hs_thread *t)
{
	while (t->lent)
		free_lent(t->lent);
	t->came_back = NULL;
	atomic_store(&t->back, NULL);
}

void
rs_hs_unlend(struct rs_hs_block *result)
{
	struct rs_tls_result *r = (struct rs_tls_result *)result->bytes;

	if (r->keys.lent)
		free_lent(lent_of(r->keys.lent));
	r->keys.lent = NULL;
}
