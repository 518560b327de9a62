/* SPDX-License-Identifier: BSD-3-Clause */
/** Certificates and their keys: read from files in PEM form (RFC 7468) and checked, or made. */
#ifndef RS_PLAN_TLS_CERT_H
#define RS_PLAN_TLS_CERT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "base/err.h"

/** What an endpoint shows of itself. */
struct rs_tls_cert {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain; /* those above it, as far as the file has them; NULL: none */
};

/**
 * Read a certificate, those above it that follow in its file, and its key.
 *
 * @param may_be_expired  else that, or not yet being valid, is an error
 * @return 0; -ENOENT, -EACCES; -EINVAL: no certificate or key, one with a pass phrase, not the certificate's key, expired;
 *         -ENOMEM; @err names the file and the remedy
 */
int rs_tls_cert_read(const char *cert_file, const char *key_file, bool may_be_expired, struct rs_tls_cert *out,
	struct rs_err *err);

/** Is there at least one certificate in @file? @return as rs_tls_cert_read; @n: how many */
int rs_tls_ca_check(const char *file, unsigned *n, struct rs_err *err);

/** One of P-256 that is its own authority, for the name @name, valid from an hour ago for ten years. @return 0, -ENOMEM */
int rs_tls_cert_make(const char *name, struct rs_tls_cert *out);

void rs_tls_cert_free(struct rs_tls_cert *c);

#endif
