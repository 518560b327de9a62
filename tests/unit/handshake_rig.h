/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A pool of handshake threads that the test turns itself, with a time of its own, and OpenSSL as the peer: its SSL object over
 * memory BIOs. Certificates come from scripts/make-certs.
 */
#ifndef RS_TESTS_HANDSHAKE_RIG_H
#define RS_TESTS_HANDSHAKE_RIG_H

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/tls/result.h"
#include "run/handshake.h"
#include "unit.h"

#define MS 1000000ull
#define S  1000000000ull

static char certs_dir[64], cert_files[6][96];
enum { CA_FILE, SERVER_CERT, SERVER_KEY, CLIENT_CERT, CLIENT_KEY, EXPIRED_CERT };
static char expired_key[96];

static inline int
make_certs(void **state)
{
	static const char *const names[] = { "ca.pem", "server.pem", "server.key", "client-0.pem", "client-0.key", "expired.pem" };
	const char *source = getenv("RINGSTORM_SOURCE");
	char command[512];

	snprintf(certs_dir, sizeof(certs_dir), "/tmp/rs-certs-XXXXXX");
	if (!mkdtemp(certs_dir))
		return -1;
	for (int i = 0; i < 6; i++)
		snprintf(cert_files[i], sizeof(cert_files[i]), "%s/%s", certs_dir, names[i]);
	snprintf(expired_key, sizeof(expired_key), "%s/expired.key", certs_dir);
	snprintf(command, sizeof(command), "%s/scripts/make-certs --name sbc.test --name 198.18.0.1 --expired %s 2>/dev/null",
		source ? source : ".", certs_dir);
	return system(command);
}

static inline int
remove_certs(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", certs_dir);
	return system(command);
}

static inline struct rs_plan_tls
plain_profile(void)
{
	return (struct rs_plan_tls){ .name = "t",
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.verify = true,
		.ca = cert_files[CA_FILE],
		.tickets = 2,
		.ticket_wait_ns = 100 * MS,
		.timeout_ns = 10 * S };
}

struct rig {
	struct rs_plan_tls plan;
	const char *cert, *key; /* of the plan */
	struct rs_handshake_opts opts;
	struct rs_clock clock;
	struct rs_tls_profiles *profiles;
	struct rs_handshakes *h;
	struct rs_offload o;
	uint64_t now;
	/* the peer */
	SSL_CTX *ctx;
	SSL *ssl;
	int peer_alert; /* that it received; -1 */
	bool peer_done;
	/* what came of it */
	rs_handle owner;
	struct rs_mail end;
	struct rs_tls_result *result; /* until the next one, or close_rig */
	uint8_t back[4096];
	size_t n_back;
	unsigned outs;
};

static inline void
open_pool(struct rig *r)
{
	struct rs_err err = { 0 };

	if (r->cert) {
		r->plan.certs = &r->cert;
		r->plan.keys = &r->key;
		r->plan.n_certs = 1;
	}
	if (rs_tls_profiles_create(&r->plan, 1, &r->profiles, &err) != 0)
		fail_msg("%s", err.text);
	rs_clock_init(&r->clock, MS);
	r->opts.clock = &r->clock;
	r->opts.profiles = r->profiles;
	r->opts.threads = r->opts.threads ? r->opts.threads : 1;
	r->opts.workers = r->opts.workers ? r->opts.workers : 1;
	r->opts.in_flight = r->opts.in_flight ? r->opts.in_flight : 16;
	r->opts.queue = r->opts.queue ? r->opts.queue : 32;
	r->opts.sessions = r->opts.sessions ? r->opts.sessions : 64;
	assert_int_equal(rs_handshakes_create(&r->opts, &r->h), 0);
	r->o = rs_handshakes_offload(r->h, 0);
	r->now = rs_clock_now(&r->clock);
}

static inline void
close_peer(struct rig *r)
{
	SSL_free(r->ssl);
	r->ssl = NULL;
	r->peer_done = false;
	r->peer_alert = -1;
}

static inline void
drop_result(struct rig *r)
{
	if (r->result)
		r->o.ops->release(r->o.ctx, r->result);
	r->result = NULL;
}

static inline void
close_rig(struct rig *r)
{
	drop_result(r);
	close_peer(r);
	SSL_CTX_free(r->ctx);
	r->ctx = NULL;
	rs_handshakes_free(r->h);
	rs_tls_profiles_free(r->profiles);
	r->h = NULL;
	r->profiles = NULL;
}

static inline void
note_alert(const SSL *ssl, int where, int value)
{
	struct rig *r = SSL_get_app_data(ssl);

	if (r && (where & SSL_CB_ALERT) && (where & SSL_CB_READ))
		r->peer_alert = value & 0xff;
}

static inline SSL_CTX *
peer_context(bool server, const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

	SSL_CTX_set_info_callback(ctx, note_alert);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"peer", 4);
	if (cert) {
		assert_int_equal(SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM), 1);
	}
	return ctx;
}

/* A new connection of the peer; ours is the other role. */
static inline void
open_peer(struct rig *r, bool server)
{
	close_peer(r);
	r->ssl = SSL_new(r->ctx);
	SSL_set_app_data(r->ssl, r);
	SSL_set_bio(r->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (server)
		SSL_set_accept_state(r->ssl);
	else
		SSL_set_connect_state(r->ssl);
}

static inline int
start_as(struct rig *r, uint16_t type, rs_handle owner, uint64_t who, const char *host)
{
	uint8_t params[sizeof(struct rs_tls_start) + RS_TLS_MAX_HOST];
	struct rs_tls_start s = { .who = who, .n_host = (uint16_t)strlen(host) };

	memcpy(params, &s, sizeof(s));
	memcpy(params + sizeof(s), host, s.n_host);
	return r->o.ops->start(r->o.ctx, owner, type, rs_slice_of(params, sizeof(s) + s.n_host));
}

static inline int
start_client(struct rig *r, rs_handle owner, uint64_t who)
{
	return start_as(r, RS_OFFLOAD_TLS_CLIENT, owner, who, "sbc.test");
}

static inline void
feed_all(struct rig *r, rs_handle owner, const void *p, size_t len)
{
	assert_int_equal(r->o.ops->feed(r->o.ctx, owner, rs_slice_of(p, len)), 0);
}

/* What the peer has to say goes to the pool, in pieces of @piece bytes (0: as it is). */
static inline size_t
carry_to_pool(struct rig *r, size_t piece)
{
	uint8_t buf[16384];
	int n = r->ssl ? BIO_read(SSL_get_wbio(r->ssl), buf, sizeof(buf)) : 0;

	for (int at = 0; at < n;) {
		size_t len = piece && piece < (size_t)(n - at) ? piece : (size_t)(n - at);

		if (r->o.ops->feed(r->o.ctx, r->owner, rs_slice_of(buf + at, len)) == -ENOENT) {
			memcpy(r->back + r->n_back, buf + at, (size_t)(n - at)); /* they are the connection's */
			r->n_back += (size_t)(n - at);
			break;
		}
		at += (int)len;
		if (piece)
			rs_handshakes_turn(r->h, 0, r->now);
	}
	return n > 0 ? (size_t)n : 0;
}

static inline void
take(struct rig *r, const struct rs_mail *m)
{
	assert_int_equal(m->handle, r->owner);
	switch ((enum rs_offload_event)m->type) {
	case RS_OFFLOAD_OUT:
		r->outs++;
		if (r->ssl)
			BIO_write(SSL_get_rbio(r->ssl), m->data, (int)m->arg[0]);
		r->o.ops->release(r->o.ctx, m->data);
		return;
	case RS_OFFLOAD_BACK:
		memcpy(r->back + r->n_back, m->data, m->arg[0]);
		r->n_back += m->arg[0];
		r->o.ops->release(r->o.ctx, m->data);
		return;
	case RS_OFFLOAD_DONE: r->result = m->data; /* fall through */
	case RS_OFFLOAD_FAILED: r->end = *m; return;
	}
}

static inline void
peer_step(struct rig *r)
{
	char buf[1024];

	if (!r->ssl)
		return;
	ERR_clear_error();
	if (!r->peer_done)
		r->peer_done = SSL_do_handshake(r->ssl) == 1;
	if (r->peer_done)
		SSL_read(r->ssl, buf, sizeof(buf)); /* an alert, or nothing */
}

/* Both sides take turns until nothing moves. */
static inline void
play_pieces(struct rig *r, size_t piece)
{
	struct rs_mail mails[8];

	for (int quiet = 0; quiet < 3; quiet++) {
		uint32_t n = rs_handshakes_turn(r->h, 0, r->now);

		for (uint32_t k; (k = r->o.ops->poll(r->o.ctx, mails, 8)) > 0; n += k)
			for (uint32_t i = 0; i < k; i++)
				take(r, &mails[i]);
		peer_step(r);
		if (n + carry_to_pool(r, piece) > 0)
			quiet = 0;
	}
}

static inline void
play(struct rig *r)
{
	play_pieces(r, 0);
}

static inline void
begin_play(struct rig *r, rs_handle owner)
{
	drop_result(r);
	r->owner = owner;
	r->end = (struct rs_mail){ 0 };
	r->n_back = 0;
	r->outs = 0;
}

/* A whole handshake of ours as client of the peer. */
static inline void
connect_as(struct rig *r, uint64_t who, const char *host)
{
	static uint32_t number;

	begin_play(r, rs_handle_make(++number, 1, 0, RS_KIND_CONNECTION));
	open_peer(r, true);
	assert_int_equal(start_as(r, RS_OFFLOAD_TLS_CLIENT, r->owner, who, host), 0);
	play(r);
}

static inline void
accept_one(struct rig *r)
{
	static uint32_t number = 1u << 20;

	begin_play(r, rs_handle_make(++number, 1, 0, RS_KIND_CONNECTION));
	open_peer(r, false);
	assert_int_equal(start_as(r, RS_OFFLOAD_TLS_SERVER, r->owner, number, ""), 0);
	play(r);
}

static inline uint64_t
cell(struct rig *r, uint32_t metric)
{
	return rs_metric_get(rs_handshakes_metrics(r->h, 0), metric);
}

/** started = done + failed + in flight, and nothing waits. */
static inline void
assert_sums(struct rig *r)
{
	uint64_t sum = cell(r, RS_HS_CLIENT_FULL) + cell(r, RS_HS_CLIENT_RESUMED) + cell(r, RS_HS_SERVER_FULL) +
		cell(r, RS_HS_SERVER_RESUMED) + cell(r, RS_HS_IN_FLIGHT);

	for (uint32_t c = 0; c < RS_OFFLOAD_CAUSES; c++)
		sum += cell(r, RS_HS_FAILED + c);
	assert_int_equal(sum, cell(r, RS_HS_STARTED));
}

#endif
