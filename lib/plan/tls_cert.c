/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/tls_cert.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HOUR_S	     3600L
#define TEN_YEARS_S  (10L * 365 * 24 * HOUR_S)
#define MOST_CHAIN   16

/* A key with a pass phrase is refused: nobody is there to type it. */
static int
no_pass_phrase(char *buf, int size, int writing, void *arg)
{
	return -1;
}

static int
open_file(const char *file, BIO **out, struct rs_err *err)
{
	FILE *f = fopen(file, "re");
	struct stat st;
	int rc = -errno;

	*out = NULL;
	if (!f)
		return rs_err_set(err, rc == -ENOENT || rc == -EACCES ? rc : -EINVAL, "%.300s: %s", file, strerror(-rc));
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		fclose(f);
		return rs_err_set(err, -EINVAL, "%.300s: is not a regular file", file);
	}
	*out = BIO_new_fp(f, BIO_CLOSE);
	if (*out)
		return 0;
	fclose(f);
	return rs_err_set(err, -ENOMEM, "no memory to read %.300s", file);
}

/* @return the next certificate; NULL at the end, or for what is none */
static X509 *
next_cert(BIO *bio)
{
	X509 *cert = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL);

	ERR_clear_error();
	return cert;
}

static int
read_certs(const char *file, struct rs_tls_cert *out, struct rs_err *err)
{
	BIO *bio;
	X509 *above;
	int rc = open_file(file, &bio, err);

	if (rc != 0)
		return rc;
	out->cert = next_cert(bio);
	if (!out->cert)
		rc = rs_err_set(err, -EINVAL, "%.300s: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", file);
	while (rc == 0 && (above = next_cert(bio)) != NULL) {
		out->chain = out->chain ? out->chain : sk_X509_new_null();
		if (out->chain && sk_X509_num(out->chain) >= MOST_CHAIN)
			rc = rs_err_set(err, -EINVAL, "%.300s: more than %d certificates above the first one", file, MOST_CHAIN);
		else if (!out->chain || sk_X509_push(out->chain, above) == 0)
			rc = rs_err_set(err, -ENOMEM, "no memory to read %.300s", file);
		if (rc != 0)
			X509_free(above);
	}
	BIO_free(bio);
	return rc;
}

static int
read_key(const char *file, struct rs_tls_cert *out, struct rs_err *err)
{
	BIO *bio;
	int rc = open_file(file, &bio, err);

	if (rc != 0)
		return rc;
	out->key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	ERR_clear_error();
	BIO_free(bio);
	if (out->key)
		return 0;
	return rs_err_set(err, -EINVAL,
		"%.300s: holds no private key in PEM form without a pass phrase: \"openssl pkey -in FILE -out NEW\" takes one off", file);
}

static int
check_dates(const char *file, const X509 *cert, struct rs_err *err)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert), *to = X509_get0_notAfter(cert);
	bool early = X509_cmp_current_time(from) > 0, late = X509_cmp_current_time(to) < 0;
	struct tm tm;
	char when[32];

	if (!early && !late)
		return 0;
	if (ASN1_TIME_to_tm(early ? from : to, &tm) != 1 || strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(when, sizeof(when), "an unreadable time");
	return rs_err_set(err, -EINVAL, "%.300s: %s %s UTC: make another, or set expired = true to show it on purpose", file,
		early ? "is not valid before" : "expired at", when);
}

int
rs_tls_cert_read(const char *cert_file, const char *key_file, bool may_be_expired, struct rs_tls_cert *out,
	struct rs_err *err)
{
	int rc;

	*out = (struct rs_tls_cert){ 0 };
	if ((rc = read_certs(cert_file, out, err)) == 0 && (rc = read_key(key_file, out, err)) == 0 &&
		X509_check_private_key(out->cert, out->key) != 1)
		rc = rs_err_set(err, -EINVAL, "%.300s: is not the key of the certificate in %.300s: name the two that belong together",
			key_file, cert_file);
	if (rc == 0 && !may_be_expired)
		rc = check_dates(cert_file, out->cert, err);
	ERR_clear_error();
	if (rc != 0)
		rs_tls_cert_free(out);
	return rc;
}

int
rs_tls_ca_check(const char *file, unsigned *n, struct rs_err *err)
{
	BIO *bio;
	X509 *cert;
	int rc = open_file(file, &bio, err);

	*n = 0;
	if (rc != 0)
		return rc;
	for (; (cert = next_cert(bio)) != NULL; (*n)++)
		X509_free(cert);
	BIO_free(bio);
	return *n ? 0 : rs_err_set(err, -EINVAL, "%.300s: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", file);
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool
fill_in(X509 *cert, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	uint64_t serial = 0;
	char alt[160];

	snprintf(alt, sizeof(alt), "DNS:%.100s", name);
	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 && X509_set_version(cert, X509_VERSION_3) == 1 &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR_S) && X509_gmtime_adj(X509_getm_notAfter(cert), TEN_YEARS_S) &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
		X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
		add_extension(cert, NID_basic_constraints, "critical,CA:TRUE") &&
		add_extension(cert, NID_subject_alt_name, alt) && X509_sign(cert, key, EVP_sha256()) > 0;
}

int
rs_tls_cert_make(const char *name, struct rs_tls_cert *out)
{
	*out = (struct rs_tls_cert){ .cert = X509_new(), .key = EVP_EC_gen("P-256") };
	if (out->cert && out->key && fill_in(out->cert, out->key, name))
		return 0;
	rs_tls_cert_free(out);
	ERR_clear_error();
	return -ENOMEM;
}

void
rs_tls_cert_free(struct rs_tls_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->chain, X509_free);
	*c = (struct rs_tls_cert){ 0 };
}
