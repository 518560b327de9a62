/* SPDX-License-Identifier: BSD-3-Clause */
/** The TLS profiles of a plan made ready: contexts, certificates and key logs that all handshake threads share. */
#ifndef RS_RUN_TLS_PROFILE_H
#define RS_RUN_TLS_PROFILE_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "plan/plan_tls.h"
#include "plan/tls_cert.h"

struct rs_tls_profile {
	struct rs_plan_tls plan; /* its texts are the plan's */
	SSL_CTX *client, *server;
	struct rs_tls_cert *certs; /* n_certs; where there is one only, the contexts have it */
	uint32_t n_certs;
	int key_log; /* descriptor; -1: none */
};

struct rs_tls_profiles {
	struct rs_tls_profile *profiles;
	uint32_t n;
};

/** What is told of a handshake on its way, to who is the SSL object's application data; without one, nobody. */
struct rs_tls_listener {
	void (*secret)(struct rs_tls_listener *l, const char *line); /* a line of a key log */
	void (*alert_sent)(struct rs_tls_listener *l, uint8_t description);
	void (*alert_received)(struct rs_tls_listener *l, uint8_t description);
	int (*session)(struct rs_tls_listener *l, SSL_SESSION *session); /* client: one that can be resumed; 1: it is taken */
};

/**
 * Read and make what @n profiles of a plan say; the plan outlives it.
 * @return 0; -EINVAL, -ENOENT, -EACCES, -ENOMEM with file and remedy in @err
 */
int rs_tls_profiles_create(const struct rs_plan_tls *plans, uint32_t n, struct rs_tls_profiles **out, struct rs_err *err);
/** No handshake uses them any more, and the writer has written what it had of their key logs. NULL is fine. */
void rs_tls_profiles_free(struct rs_tls_profiles *p);

/** The certificate that endpoint @index shows; where the contexts have it already, NULL. */
const struct rs_tls_cert *rs_tls_profile_cert(const struct rs_tls_profile *p, uint32_t index);

#endif
