/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>

#include "proto/tls/handover.h"

#define RECORD_MAX (5 + 16384 + 2048) /* RFC 5246, 6.2.3 */

enum { CLIENT, SERVER };

/* Where an SSL's tap is found: one index a process, as OpenSSL wants it. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int tap_index = -1;

static void
make_index(void)
{
	tap_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "LABEL RANDOM SECRET", the last two in hexadecimal digits. */
void
rs_tls_tap_keylog(const SSL *ssl, const char *line)
{
	static const char *const labels[] = {
		[CLIENT] = "CLIENT_TRAFFIC_SECRET_0 ", [SERVER] = "SERVER_TRAFFIC_SECRET_0 "
	};
	struct rs_tls_tap *tap = SSL_get_ex_data(ssl, tap_index);

	for (int i = 0; i < 2 && tap != NULL; i++) {
		const char *hex = strrchr(line, ' ');
		size_t n = 0;

		if (strncmp(line, labels[i], strlen(labels[i])) != 0 || hex == NULL)
			continue;
		for (hex++; n < sizeof(tap->secret[i]) && digit(hex[0]) >= 0 && digit(hex[1]) >= 0;
			hex += 2)
			tap->secret[i][n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		tap->secret_len[i] = (uint8_t)n;
	}
}

int
rs_tls_tap_context(SSL_CTX *ctx)
{
	pthread_once(&once, make_index);
	if (tap_index < 0)
		return -ENOMEM;
	SSL_CTX_set_keylog_callback(ctx, rs_tls_tap_keylog);
	return 0;
}

/*
 * Records are counted by their headers. Keys change with ChangeCipherSpec in TLS 1.2, whose record is
 * the last one under the old keys; in TLS 1.3 with Finished, for the data's keys, and with KeyUpdate.
 */
static void
on_message(int write, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct rs_tls_tap *tap = arg;
	const uint8_t *p = buf;
	bool tls13 = SSL_version(ssl) == TLS1_3_VERSION;
	uint64_t *seq = write ? &tap->written.seq : &tap->read.seq;

	if (len == 0)
		return;
	if (type == SSL3_RT_HEADER) {
		*seq = !tls13 && p[0] == SSL3_RT_CHANGE_CIPHER_SPEC ? 0 : *seq + 1;
	} else if (type == SSL3_RT_HANDSHAKE && tls13) {
		if (p[0] == SSL3_MT_FINISHED || p[0] == SSL3_MT_KEY_UPDATE)
			*seq = 0;
		if (p[0] == SSL3_MT_KEY_UPDATE)
			(write ? &tap->written : &tap->read)->updates++;
	}
}

int
rs_tls_tap_attach(struct rs_tls_tap *tap, SSL *ssl)
{
	memset(tap, 0, sizeof(*tap));
	if (SSL_set_ex_data(ssl, tap_index, tap) != 1)
		return -ENOMEM;
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, tap);
	return 0;
}

void
rs_tls_tap_detach(struct rs_tls_tap *tap, SSL *ssl)
{
	SSL_set_ex_data(ssl, tap_index, NULL);
	SSL_set_msg_callback(ssl, NULL);
	OPENSSL_cleanse(tap, sizeof(*tap));
}

int
rs_tls_tap_feed(SSL *ssl, const uint8_t *bytes, size_t len, size_t *used)
{
	size_t total;

	*used = 0;
	if (len < 5)
		return -EAGAIN;
	total = 5 + ((size_t)bytes[3] << 8 | bytes[4]);
	if (bytes[0] < SSL3_RT_CHANGE_CIPHER_SPEC || bytes[0] > SSL3_RT_APPLICATION_DATA ||
		bytes[1] != 3 || total > RECORD_MAX)
		total = 5;
	if (len < total)
		return -EAGAIN;
	if (BIO_write(SSL_get_rbio(ssl), bytes, (int)total) != (int)total)
		return -ENOMEM;
	*used = total;
	return 0;
}

static int
find_suite(const SSL *ssl, enum rs_tls_suite *suite)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	switch (cipher != NULL ? SSL_CIPHER_get_cipher_nid(cipher) : NID_undef) {
	case NID_aes_128_gcm: *suite = RS_TLS_AES_128_GCM; return 0;
	case NID_aes_256_gcm: *suite = RS_TLS_AES_256_GCM; return 0;
	case NID_chacha20_poly1305: *suite = RS_TLS_CHACHA20_POLY1305; return 0;
	default: return -ENOTSUP;
	}
}

/* RFC 5246, 6.3: PRF(master secret, "key expansion", server's and client's random). */
static int
key_block(const SSL *ssl, uint8_t *block, size_t len)
{
	uint8_t master[SSL_MAX_MASTER_KEY_LENGTH], client[SSL3_RANDOM_SIZE],
		server[SSL3_RANDOM_SIZE];
	const SSL_SESSION *session = SSL_get_session(ssl);
	const EVP_MD *md = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
	size_t master_len =
		session != NULL ? SSL_SESSION_get_master_key(session, master, sizeof(master)) : 0;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	int rc = -EIO;

	SSL_get_client_random(ssl, client, sizeof(client));
	SSL_get_server_random(ssl, server, sizeof(server));
	if (ctx != NULL && md != NULL && master_len != 0) {
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(
				OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)EVP_MD_get0_name(md), 0),
			OSSL_PARAM_construct_octet_string(
				OSSL_KDF_PARAM_SECRET, master, master_len),
			OSSL_PARAM_construct_octet_string(
				OSSL_KDF_PARAM_SEED, (void *)(uintptr_t) "key expansion", 13),
			OSSL_PARAM_construct_octet_string(
				OSSL_KDF_PARAM_SEED, server, sizeof(server)),
			OSSL_PARAM_construct_octet_string(
				OSSL_KDF_PARAM_SEED, client, sizeof(client)),
			OSSL_PARAM_construct_end(),
		};

		if (EVP_KDF_derive(ctx, block, len, params) == 1)
			rc = 0;
	}
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	OPENSSL_cleanse(master, sizeof(master));
	return rc;
}

/* RFC 5246, 6.3 and RFC 5288, 3: no MAC keys; both keys, then both IVs, the client's first. */
static int
keys_of_12(const SSL *ssl, struct rs_tls_keys *keys)
{
	struct rs_tls_keys_side *client = keys->server ? &keys->rx : &keys->tx;
	struct rs_tls_keys_side *server = keys->server ? &keys->tx : &keys->rx;
	size_t key_len = rs_tls_key_len(keys->suite);
	size_t iv_len = keys->suite == RS_TLS_CHACHA20_POLY1305 ? 12 : 4;
	uint8_t block[2 * (32 + 12)];
	int rc = key_block(ssl, block, 2 * (key_len + iv_len));

	if (rc == 0) {
		memcpy(client->key, block, key_len);
		memcpy(server->key, block + key_len, key_len);
		memcpy(client->iv, block + 2 * key_len, iv_len);
		memcpy(server->iv, block + 2 * key_len + iv_len, iv_len);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return rc;
}

static int
keys_of_13(const struct rs_tls_tap *tap, struct rs_tls_keys *keys)
{
	unsigned len = rs_tls_secret_len(keys->suite);

	if (tap->secret_len[CLIENT] != len || tap->secret_len[SERVER] != len)
		return -EIO;
	memcpy(keys->tx.secret, tap->secret[keys->server ? SERVER : CLIENT], len);
	memcpy(keys->rx.secret, tap->secret[keys->server ? CLIENT : SERVER], len);
	keys->tx.updates = tap->written.updates;
	keys->rx.updates = tap->read.updates;
	return 0;
}

int
rs_tls_handover(SSL *ssl, const struct rs_tls_tap *tap, struct rs_tls_keys *keys)
{
	const SSL_SESSION *session = SSL_get_session(ssl);
	unsigned max = session != NULL ? SSL_SESSION_get_max_fragment_length(session) : 0;
	int version = SSL_version(ssl);

	if (!SSL_is_init_finished(ssl))
		return -EAGAIN;
	if (SSL_has_pending(ssl) || BIO_ctrl_pending(SSL_get_rbio(ssl)) != 0)
		return -EBUSY;
	*keys = (struct rs_tls_keys){ .server = SSL_is_server(ssl) != 0 };
	if ((version != TLS1_2_VERSION && version != TLS1_3_VERSION) ||
		find_suite(ssl, &keys->suite) != 0)
		return -ENOTSUP;
	keys->version = version == TLS1_3_VERSION ? RS_TLS_1_3 : RS_TLS_1_2;
	/* RFC 6066, 4: 1 is 512 bytes, 4 is 4,096; OpenSSL has 255 for "none yet". */
	if (max >= TLSEXT_max_fragment_length_512 && max <= TLSEXT_max_fragment_length_4096)
		keys->fragment = (uint16_t)(256u << max);
	keys->tx.seq = tap->written.seq;
	keys->rx.seq = tap->read.seq;
	return keys->version == RS_TLS_1_3 ? keys_of_13(tap, keys) : keys_of_12(ssl, keys);
}
