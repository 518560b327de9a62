/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a handshake failed: OpenSSL's reasons and verify results in our table of causes. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "run/handshake_private.h"

struct row {
	int code;
	enum rs_offload_cause cause;
};

static const struct row verify_rows[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, RS_OFFLOAD_CAUSE_CERT_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, RS_OFFLOAD_CAUSE_CERT_EXPIRED },
	{ X509_V_ERR_HOSTNAME_MISMATCH, RS_OFFLOAD_CAUSE_CERT_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, RS_OFFLOAD_CAUSE_CERT_NAME },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_CERT_UNTRUSTED, RS_OFFLOAD_CAUSE_CERT_CA },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, RS_OFFLOAD_CAUSE_CERT_CA },
};

static const struct row reason_rows[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, RS_OFFLOAD_CAUSE_CERT_MISSING },
	{ SSL_R_UNSUPPORTED_PROTOCOL, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_UNSUPPORTED_SSL_VERSION, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_UNKNOWN_PROTOCOL, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_WRONG_SSL_VERSION, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_VERSION_TOO_LOW, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_VERSION_TOO_HIGH, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_NO_PROTOCOLS_AVAILABLE, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_INAPPROPRIATE_FALLBACK, RS_OFFLOAD_CAUSE_VERSION },
	{ SSL_R_NO_SHARED_CIPHER, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_CIPHERS_AVAILABLE, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_CIPHERS_SPECIFIED, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_WRONG_CIPHER_RETURNED, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_UNKNOWN_CIPHER_RETURNED, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_SHARED_GROUPS, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_SUITABLE_GROUPS, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_WRONG_CURVE, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_WRONG_SIGNATURE_TYPE, RS_OFFLOAD_CAUSE_CIPHER },
	{ SSL_R_NO_APPLICATION_PROTOCOL, RS_OFFLOAD_CAUSE_ALPN },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING, RS_OFFLOAD_CAUSE_CLOSED },
};

/* Of our own making; everything else is said of what the peer sent. */
static const struct row own_rows[] = {
	{ SSL_R_NO_CERTIFICATE_SET, RS_OFFLOAD_CAUSE_LOCAL },
	{ SSL_R_NO_PRIVATE_KEY_ASSIGNED, RS_OFFLOAD_CAUSE_LOCAL },
	{ SSL_R_LIBRARY_BUG, RS_OFFLOAD_CAUSE_LOCAL },
	{ SSL_R_INVALID_CONFIGURATION_NAME, RS_OFFLOAD_CAUSE_LOCAL },
	{ ERR_R_MALLOC_FAILURE, RS_OFFLOAD_CAUSE_LOCAL },
	{ ERR_R_INTERNAL_ERROR, RS_OFFLOAD_CAUSE_LOCAL },
};

static bool
look_up(const struct row *rows, size_t n, int code, enum rs_offload_cause *cause)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code) {
			*cause = rows[i].cause;
			return true;
		}
	return false;
}
#define LOOK_UP(rows, code, cause) look_up(rows, sizeof(rows) / sizeof((rows)[0]), code, cause)

enum rs_offload_cause
rs_hs_cause(const struct rs_hs_task *task, uint32_t *detail)
{
	enum rs_offload_cause cause = RS_OFFLOAD_CAUSE_PEER;
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_REASON(error);

	*detail = 0;
	if (task->alert_received == SSL_AD_CLOSE_NOTIFY)
		return RS_OFFLOAD_CAUSE_CLOSED;
	if (task->alert_received != UINT8_MAX) {
		*detail = task->alert_received;
		return RS_OFFLOAD_CAUSE_ALERT;
	}
	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return error == 0 || reason == ERR_R_MALLOC_FAILURE ? RS_OFFLOAD_CAUSE_LOCAL : RS_OFFLOAD_CAUSE_PEER;
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		long verified = SSL_get_verify_result(task->ssl);

		*detail = (uint32_t)verified;
		cause = RS_OFFLOAD_CAUSE_CERT_OTHER;
		LOOK_UP(verify_rows, (int)verified, &cause);
		return cause;
	}
	if (!LOOK_UP(reason_rows, reason, &cause))
		LOOK_UP(own_rows, reason, &cause);
	return cause;
}
