/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/tls_profile.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/tls/handover.h"

#define SECURITY_LEVEL 1 /* of the library: peers under test may have small keys */

/* --- what the library tells goes to the listener of the SSL object --- */

static struct rs_tls_listener *
listener_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

static void
on_key_log(const SSL *ssl, const char *line)
{
	struct rs_tls_listener *l = listener_of(ssl);

	rs_tls_tap_keylog(ssl, line);
	if (l)
		l->secret(l, line);
}

static void
on_info(const SSL *ssl, int where, int value)
{
	struct rs_tls_listener *l = (where & SSL_CB_ALERT) ? listener_of(ssl) : NULL;
	uint8_t description = (uint8_t)value;

	if (!l)
		return;
	if (where & SSL_CB_WRITE)
		l->alert_sent(l, description);
	else if (value >> 8 == SSL3_AL_FATAL || description == SSL_AD_CLOSE_NOTIFY)
		l->alert_received(l, description);
}

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct rs_tls_listener *l = listener_of(ssl);

	return l ? l->session(l, session) : 0;
}

/* RFC 7301, 3.2: the first of ours that the client has, else the alert no_application_protocol. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *arg)
{
	const struct rs_plan_tls *plan = arg;

	for (uint32_t i = 0; i < plan->n_alpn; i++) {
		size_t len = strlen(plan->alpn[i]);

		for (unsigned at = 0; at < in_len; at += 1u + in[at])
			if (in[at] == len && at + 1 + len <= in_len && memcmp(in + at + 1, plan->alpn[i], len) == 0) {
				*out = in + at + 1;
				*out_len = (unsigned char)len;
				return SSL_TLSEXT_ERR_OK;
			}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* `mutual` without `verify`: whatever is shown is good. */
static int
accept_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

/* --- contexts --- */

static bool
offer_alpn(SSL_CTX *ctx, const struct rs_plan_tls *plan)
{
	uint8_t wire[1024];
	unsigned n = 0;

	for (uint32_t i = 0; i < plan->n_alpn; i++) {
		size_t len = strlen(plan->alpn[i]);

		if (len == 0 || len > 255 || n + 1 + len > sizeof(wire))
			return false;
		wire[n++] = (uint8_t)len;
		memcpy(wire + n, plan->alpn[i], len);
		n += (unsigned)len;
	}
	return n == 0 || SSL_CTX_set_alpn_protos(ctx, wire, n) == 0;
}

static int
set_trust(SSL_CTX *ctx, const struct rs_plan_tls *plan, struct rs_err *err)
{
	if (!plan->verify)
		return 0;
	if (plan->ca ? SSL_CTX_load_verify_file(ctx, plan->ca) : SSL_CTX_set_default_verify_paths(ctx))
		return 0;
	ERR_clear_error();
	return rs_err_set(err, -EINVAL, "%.300s: holds no certificate of an authority that can be read",
		plan->ca ? plan->ca : "the system's store");
}

static bool
set_common(SSL_CTX *ctx, const struct rs_tls_profile *p)
{
	const struct rs_plan_tls *plan = &p->plan;

	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_info_callback(ctx, on_info);
	if (rs_tls_tap_context(ctx) != 0)
		return false;
	SSL_CTX_set_keylog_callback(ctx, on_key_log);
	return SSL_CTX_set_min_proto_version(ctx, plan->min_version) == 1 &&
		SSL_CTX_set_max_proto_version(ctx, plan->max_version) == 1 &&
		(!plan->ciphers || SSL_CTX_set_cipher_list(ctx, plan->ciphers) == 1) &&
		(!plan->suites || SSL_CTX_set_ciphersuites(ctx, plan->suites) == 1) &&
		(!plan->groups || SSL_CTX_set1_groups_list(ctx, plan->groups) == 1);
}

static bool
use_cert(SSL_CTX *ctx, const struct rs_tls_profile *p)
{
	const struct rs_tls_cert *c = p->certs;

	return p->n_certs != 1 || SSL_CTX_use_cert_and_key(ctx, c->cert, c->key, c->chain, 1) == 1;
}

static int
make_client(struct rs_tls_profile *p, struct rs_err *err)
{
	const struct rs_plan_tls *plan = &p->plan;
	SSL_CTX *ctx = p->client = SSL_CTX_new(TLS_client_method());

	if (!ctx || !set_common(ctx, p) || !offer_alpn(ctx, plan) || ((plan->n_certs || plan->generate) && !use_cert(ctx, p)))
		return -EINVAL;
	SSL_CTX_set_verify(ctx, plan->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(
		ctx, plan->resume > 0 ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	return set_trust(ctx, plan, err);
}

static int
make_server(struct rs_tls_profile *p, struct rs_err *err)
{
	static const unsigned char context[] = "ringstorm";
	const struct rs_plan_tls *plan = &p->plan;
	SSL_CTX *ctx = p->server = SSL_CTX_new(TLS_server_method());

	if (!ctx || !set_common(ctx, p) || !use_cert(ctx, p))
		return -EINVAL;
	if (plan->mutual)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, plan->verify ? NULL : accept_any);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Tickets carry what the server must know: nothing is kept, and all threads have the keys. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_session_id_context(ctx, context, sizeof(context) - 1) != 1 ||
		SSL_CTX_set_num_tickets(ctx, plan->tickets) != 1)
		return -EINVAL;
	if (plan->tickets == 0)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (plan->n_alpn)
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, &p->plan);
	return plan->mutual ? set_trust(ctx, plan, err) : 0;
}

/* --- profiles --- */

static int
make_certs(struct rs_tls_profile *p, struct rs_err *err)
{
	const struct rs_plan_tls *plan = &p->plan;
	uint32_t n = plan->n_certs ? plan->n_certs : plan->generate ? plan->generate : 1;
	char name[64];
	int rc = 0;

	p->certs = calloc(n, sizeof(*p->certs));
	if (!p->certs)
		return -ENOMEM;
	for (; p->n_certs < n && rc == 0; p->n_certs += rc == 0) {
		struct rs_tls_cert *c = &p->certs[p->n_certs];

		snprintf(name, sizeof(name), "ringstorm-%u", p->n_certs);
		rc = plan->n_certs ? rs_tls_cert_read(plan->certs[p->n_certs], plan->keys[p->n_certs], plan->expired, c, err)
				   : rs_tls_cert_make(name, c);
	}
	return rc;
}

static int
open_key_log(struct rs_tls_profile *p, struct rs_err *err)
{
	const char *file = p->plan.key_log;

	if (!file)
		return 0;
	p->key_log = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (p->key_log >= 0 && p->key_log <= UINT16_MAX) /* a record's aux says which file it is for */
		return 0;
	return rs_err_set(err, -EINVAL, "%.300s: %s", file, p->key_log < 0 ? strerror(errno) : "too many open files");
}

static int
make(struct rs_tls_profile *p, struct rs_err *err)
{
	unsigned long error;
	int rc;

	ERR_clear_error();
	if ((rc = open_key_log(p, err)) != 0 || (rc = make_certs(p, err)) != 0 || (rc = make_client(p, err)) != 0 ||
		(rc = make_server(p, err)) != 0) {
		error = ERR_peek_error();
		ERR_clear_error();
		if (!err || err->code)
			return rc;
		return rs_err_set(err, rc, "TLS profile \"%.60s\": %s", p->plan.name,
			rc == -ENOMEM ? "no memory" : error ? ERR_reason_error_string(error) : "cannot be made");
	}
	return 0;
}

int
rs_tls_profiles_create(const struct rs_plan_tls *plans, uint32_t n, struct rs_tls_profiles **out, struct rs_err *err)
{
	struct rs_tls_profiles *all = calloc(1, sizeof(*all));
	int rc = 0;

	*out = NULL;
	if (err)
		*err = (struct rs_err){ 0 };
	if (!all || !(all->profiles = calloc(n ? n : 1, sizeof(*all->profiles)))) {
		free(all);
		return rs_err_set(err, -ENOMEM, "no memory for TLS profiles");
	}
	for (; all->n < n && rc == 0; all->n++) {
		all->profiles[all->n] = (struct rs_tls_profile){ .plan = plans[all->n], .key_log = -1 };
		rc = make(&all->profiles[all->n], err);
	}
	if (rc != 0) {
		rs_tls_profiles_free(all);
		return rc;
	}
	*out = all;
	return 0;
}

void
rs_tls_profiles_free(struct rs_tls_profiles *all)
{
	if (!all)
		return;
	for (uint32_t i = 0; i < all->n; i++) {
		struct rs_tls_profile *p = &all->profiles[i];

		SSL_CTX_free(p->client);
		SSL_CTX_free(p->server);
		for (uint32_t k = 0; k < p->n_certs; k++)
			rs_tls_cert_free(&p->certs[k]);
		free(p->certs);
		if (p->key_log >= 0)
			close(p->key_log);
	}
	free(all->profiles);
	free(all);
}

const struct rs_tls_cert *
rs_tls_profile_cert(const struct rs_tls_profile *p, uint32_t index)
{
	return p->n_certs == 1 ? NULL : &p->certs[index % p->n_certs];
}
