/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of a TLS handshake. Each call takes what the peer sent and ends with what goes to the peer handed over. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "run/handshake_private.h"
#include "run/tls_heap.h"

#define RECORD_HEAD 5			  /* RFC 8446, 5.1: type, version, length */
#define RECORD_MOST ((1u << 14) + 256)	  /* 5.2 */

static struct rs_hs_task *
task_of(struct rs_tls_listener *l)
{
	return (struct rs_hs_task *)((uint8_t *)l - offsetof(struct rs_hs_task, listener));
}

/* --- what the library tells --- */

static void
log_secret(struct rs_hs_task *task, const char *line)
{
	struct rs_hs_thread *t = task->thread;
	struct rs_record_ring *const *rings = t->h->opts.rings;
	size_t len = strlen(line);
	void *p;

	if (!rings || task->profile->key_log < 0)
		return;
	p = rs_record_reserve(
		rings[t->id], RS_RECORD_KEY_LOG, (uint16_t)task->profile->key_log, rs_hs_now(t), (uint32_t)len);
	if (!p) {
		rs_metric_inc(&t->cells, RS_HS_KEY_LOG_LOST);
		return;
	}
	memcpy(p, line, len);
	rs_record_commit(rings[t->id]);
}

static void
on_secret(struct rs_tls_listener *l, const char *line)
{
	log_secret(task_of(l), line);
}

static void
on_alert_sent(struct rs_tls_listener *l, uint8_t description)
{
	task_of(l)->alert_sent = description;
}

static void
on_alert_received(struct rs_tls_listener *l, uint8_t description)
{
	task_of(l)->alert_received = description;
}

/* Of several tickets only the last one is kept. */
static int
on_session(struct rs_tls_listener *l, SSL_SESSION *session)
{
	struct rs_hs_task *task = task_of(l);

	if (task->profile->plan.resume <= 0 || task->n_sessions == UINT8_MAX)
		return 0;
	SSL_SESSION_free(task->session);
	task->session = session;
	task->n_sessions++;
	return 1;
}

static void
keep_session(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;

	if (!task->session || rs_hs_session_put(&t->sessions, task->who, task->profile_index, task->session) != 0)
		return;
	rs_metric_set(&t->cells, RS_HS_SESSIONS, t->sessions.n);
	rs_metric_set(&t->cells, RS_HS_SESSION_BYTES, t->sessions.n_bytes);
}

/* --- beginning --- */

/* What the server is called, for it (RFC 6066, 3: names only) and for the check of its certificate (RFC 6125, 6). */
static bool
set_names(struct rs_hs_task *task)
{
	const struct rs_plan_tls *plan = &task->profile->plan;
	const char *name = plan->check_name ? plan->check_name : task->host;
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(task->host);
	const char *sni = plan->sni ? plan->sni : ip ? "" : task->host;
	bool ok = !sni[0] || SSL_set_tlsext_host_name(task->ssl, sni) == 1;

	ASN1_OCTET_STRING_free(ip);
	if (!ok || !plan->verify || !name[0])
		return ok;
	ip = a2i_IPADDRESS(name);
	ok = ip ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(task->ssl), name) == 1
		: SSL_set1_host(task->ssl, name) == 1;
	ASN1_OCTET_STRING_free(ip);
	return ok;
}

static bool
set_client(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;
	SSL_SESSION *session = rs_hs_session_get(&t->sessions, task->who, task->profile_index,
		task->profile->plan.resume, t->h->opts.seed);

	if (session) {
		task->offered = SSL_set_session(task->ssl, session) == 1;
		SSL_SESSION_free(session);
	}
	SSL_set_connect_state(task->ssl);
	return set_names(task);
}

static bool
make_ssl(struct rs_hs_task *task)
{
	const struct rs_tls_cert *cert = rs_tls_profile_cert(task->profile, task->index);
	bool client = task->type == RS_OFFLOAD_TLS_CLIENT;
	BIO *bio;

	task->ssl = SSL_new(client ? task->profile->client : task->profile->server);
	if (!task->ssl)
		return false;
	task->listener = (struct rs_tls_listener){ on_secret, on_alert_sent, on_alert_received, on_session };
	bio = BIO_new(task->thread->h->bio);
	if (!bio || rs_tls_tap_attach(&task->tap, task->ssl) != 0 ||
		SSL_set_app_data(task->ssl, &task->listener) != 1) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, task);
	SSL_set_bio(task->ssl, bio, bio);
	if (cert && SSL_use_cert_and_key(task->ssl, cert->cert, cert->key, cert->chain, 1) != 1)
		return false;
	if (client)
		return set_client(task);
	SSL_set_accept_state(task->ssl);
	return true;
}

/* --- the result --- */

static bool
fill_result(struct rs_hs_task *task, struct rs_tls_result *r)
{
	const unsigned char *alpn = NULL;
	unsigned n_alpn = 0;
	int rc;

	*r = (struct rs_tls_result){ .version = (uint16_t)SSL_version(task->ssl),
		.suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(task->ssl)),
		.resumed = SSL_session_reused(task->ssl) == 1,
		.tickets = task->n_sessions,
		.finished_ns = task->finished_ns };
	SSL_get0_alpn_selected(task->ssl, &alpn, &n_alpn);
	if (n_alpn <= RS_TLS_MAX_ALPN && n_alpn > 0) {
		memcpy(r->alpn, alpn, n_alpn);
		r->alpn_len = (uint8_t)n_alpn;
	}
	rc = rs_tls_handover(task->ssl, &task->tap, &r->keys);
	return rc == 0 || (rc == -ENOTSUP && task->profile->plan.lends && rs_hs_lend(task, &r->keys));
}

static void
conclude(struct rs_hs_task *task)
{
	struct rs_hs_block *b = malloc(sizeof(*b) + sizeof(struct rs_tls_result));

	task->result = b;
	if (b)
		*(struct rs_tls_result *)b->bytes = (struct rs_tls_result){ 0 };
	keep_session(task);
	if (b && fill_result(task, (struct rs_tls_result *)b->bytes))
		rs_hs_end(task, RS_OFFLOAD_CAUSE_NONE, 0);
	else
		rs_hs_end(task, RS_OFFLOAD_CAUSE_LOCAL, 0);
}

static void
failed(struct rs_hs_task *task)
{
	uint32_t detail;
	enum rs_offload_cause cause = rs_hs_cause(task, &detail);

	if (task->offered)
		rs_hs_session_drop(&task->thread->sessions, task->who, task->profile_index);
	rs_hs_end(task, cause, detail);
}

/* --- steps --- */

/* What was not read belongs behind what comes next. @return 0; -ENOSPC, -ENOMEM */
static int
keep_rest(struct rs_hs_task *task)
{
	struct rs_slice rest = task->in;

	task->in = rs_slice_of(NULL, 0);
	if (task->n_held == 0)
		return rs_hs_hold(task, rest);
	if (rest.len)
		memmove(task->held, rest.p, rest.len);
	task->n_held = (uint32_t)rest.len;
	return 0;
}

static bool
wants_ticket(const struct rs_hs_task *task)
{
	return task->type == RS_OFFLOAD_TLS_CLIENT && SSL_version(task->ssl) == TLS1_3_VERSION &&
		task->profile->plan.resume > 0 && task->profile->plan.ticket_wait_ns > 0 && task->n_sessions == 0;
}

/* @return SSL_get_error of it: NONE with plain text in @task, WANT_READ, ... */
static int
read_record(struct rs_hs_task *task, size_t len)
{
	struct rs_slice all = task->in;
	int n, error;

	task->plain = task->plain ? task->plain : malloc(RECORD_MOST);
	if (!task->plain)
		return SSL_ERROR_SYSCALL;
	task->in.len = len;
	ERR_clear_error();
	n = SSL_read(task->ssl, task->plain, RECORD_MOST);
	error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(task->ssl, n);
	task->in = rs_slice_of(task->in.p, all.len - (size_t)(task->in.p - all.p));
	task->n_plain = n > 0 ? (uint32_t)n : 0;
	return error;
}

/*
 * Tickets are records behind the handshake (RFC 8446, 4.6.1). The library gets whole ones only: a part would stay inside it, where
 * nobody can hand it over.
 */
static void
read_tickets(struct rs_hs_task *task)
{
	int error = SSL_ERROR_WANT_READ;

	while (error == SSL_ERROR_WANT_READ && task->in.len >= RECORD_HEAD) {
		size_t len = RECORD_HEAD + ((size_t)task->in.p[3] << 8 | task->in.p[4]);

		if (len > RECORD_HEAD + RECORD_MOST || task->in.len < len)
			break;
		error = read_record(task, len);
	}
	if (!rs_hs_send_out(task) || keep_rest(task) != 0)
		rs_hs_end(task, RS_OFFLOAD_CAUSE_LOCAL, 0);
	else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_NONE)
		failed(task);
	else if (task->n_sessions > 0 || error == SSL_ERROR_NONE || task->closed)
		conclude(task);
}

static void
finished(struct rs_hs_task *task)
{
	if (!wants_ticket(task)) {
		conclude(task);
		return;
	}
	task->state = RS_HS_TICKETS;
	task->deadline_ns = task->finished_ns + task->profile->plan.ticket_wait_ns;
	task->in = rs_slice_of(task->held, task->n_held);
	read_tickets(task);
}

static void
shake(struct rs_hs_task *task)
{
	int rc, error, kept;

	ERR_clear_error();
	rc = SSL_do_handshake(task->ssl);
	error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(task->ssl, rc);
	if (rc == 1)
		task->finished_ns = rs_hs_now(task->thread);
	if (!rs_hs_send_out(task))
		rs_hs_end(task, RS_OFFLOAD_CAUSE_LOCAL, 0);
	else if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ)
		failed(task);
	else if ((kept = keep_rest(task)) != 0)
		rs_hs_end(task, kept == -ENOMEM ? RS_OFFLOAD_CAUSE_LOCAL : RS_OFFLOAD_CAUSE_PEER, 0);
	else if (rc == 1)
		finished(task);
	else if (task->closed)
		rs_hs_end(task, RS_OFFLOAD_CAUSE_CLOSED, 0);
}

/* A profile whose connections may keep their SSL object has it made of memory that is counted. */
static void
enter(struct rs_hs_task *task)
{
	rs_hs_spend_from_now(task->thread);
	if (task->profile->plan.lends)
		rs_tls_heap_enter();
}

static void
leave(struct rs_hs_task *task)
{
	rs_tls_heap_leave();
	rs_hs_spend(task);
}

void
rs_hs_input(struct rs_hs_task *task, struct rs_slice bytes)
{
	int rc = 0;

	enter(task);
	task->in = bytes;
	if (task->n_held > 0) {
		rc = rs_hs_hold(task, bytes);
		task->in = rs_slice_of(task->held, task->n_held);
	}
	if (rc != 0)
		rs_hs_end(task, rc == -ENOMEM ? RS_OFFLOAD_CAUSE_LOCAL : RS_OFFLOAD_CAUSE_PEER, 0);
	else if (task->state == RS_HS_TICKETS)
		read_tickets(task);
	else
		shake(task);
	leave(task);
}

void
rs_hs_begin(struct rs_hs_task *task)
{
	task->state = RS_HS_SHAKING;
	enter(task);
	if (make_ssl(task)) {
		task->in = rs_slice_of(task->held, task->n_held);
		shake(task);
	} else {
		rs_hs_end(task, RS_OFFLOAD_CAUSE_LOCAL, 0);
	}
	leave(task);
}

void
rs_hs_peer_closed(struct rs_hs_task *task)
{
	task->closed = true;
	enter(task);
	if (task->state == RS_HS_SHAKING && task->n_pending == 0)
		rs_hs_end(task, RS_OFFLOAD_CAUSE_CLOSED, 0);
	else if (task->state == RS_HS_TICKETS)
		conclude(task); /* that it has closed is the connection's to know */
	leave(task);
}

void
rs_hs_without_ticket(struct rs_hs_task *task)
{
	rs_metric_inc(&task->thread->cells, RS_HS_NO_TICKET);
	enter(task);
	conclude(task);
	leave(task);
}
