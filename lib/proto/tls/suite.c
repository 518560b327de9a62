/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, and what suites are made of. */
#include "proto/tls/private.h"

static const struct {
	const char *name;
	uint8_t key_len;
	uint8_t secret_len;
} suites[RS_TLS_SUITES] = {
	[RS_TLS_AES_128_GCM] = { "AES-128-GCM", 16, 32 },
	[RS_TLS_AES_256_GCM] = { "AES-256-GCM", 32, 48 },
	[RS_TLS_CHACHA20_POLY1305] = { "ChaCha20-Poly1305", 32, 32 },
};

const char *
rs_tls_suite_name(enum rs_tls_suite suite)
{
	return (unsigned)suite < RS_TLS_SUITES ? suites[suite].name : "";
}

unsigned
rs_tls_key_len(enum rs_tls_suite suite)
{
	return suites[suite].key_len;
}

unsigned
rs_tls_secret_len(enum rs_tls_suite suite)
{
	return suites[suite].secret_len;
}

static const struct {
	const char *name;
	uint8_t alert;
} errors[RS_TLS_ERRORS] = {
	[RS_TLS_FINE] = { "none", RS_TLS_INTERNAL_ERROR },
	[RS_TLS_BAD_TYPE] = { "unexpected record", RS_TLS_UNEXPECTED_MESSAGE },
	[RS_TLS_BAD_VERSION] = { "bad version", RS_TLS_PROTOCOL_VERSION },
	[RS_TLS_TOO_LONG] = { "too long", RS_TLS_RECORD_OVERFLOW },
	[RS_TLS_TOO_SHORT] = { "too short", RS_TLS_DECODE_ERROR },
	[RS_TLS_AUTH_FAILED] = { "auth failed", RS_TLS_BAD_RECORD_MAC },
	[RS_TLS_ONLY_PADDING] = { "only padding", RS_TLS_UNEXPECTED_MESSAGE },
	[RS_TLS_TOO_MANY_EMPTY] = { "too many empty records", RS_TLS_UNEXPECTED_MESSAGE },
	[RS_TLS_BAD_ALERT] = { "bad alert", RS_TLS_DECODE_ERROR },
	[RS_TLS_BAD_HANDSHAKE] = { "unexpected handshake message", RS_TLS_UNEXPECTED_MESSAGE },
	[RS_TLS_BAD_UPDATE] = { "bad KeyUpdate", RS_TLS_ILLEGAL_PARAMETER },
	[RS_TLS_INTERLEAVED] = { "inside a handshake message", RS_TLS_UNEXPECTED_MESSAGE },
	[RS_TLS_USED_UP] = { "sequence numbers used up", RS_TLS_INTERNAL_ERROR },
	[RS_TLS_NO_MEMORY] = { "no memory for OpenSSL", RS_TLS_INTERNAL_ERROR },
	[RS_TLS_LENT_FAILED] = { "OpenSSL failed", RS_TLS_INTERNAL_ERROR },
};

const char *
rs_tls_error_name(enum rs_tls_error error)
{
	return (unsigned)error < RS_TLS_ERRORS ? errors[error].name : "";
}

enum rs_tls_event
rs_tls_fail(struct rs_tls *t, enum rs_tls_error error, struct rs_tls_record *record)
{
	t->error = (uint8_t)error;
	t->alert = errors[error].alert;
	t->owed = RS_TLS_OWES_ALERT;
	record->error = (uint8_t)error;
	return RS_TLS_ERROR;
}

const char *
rs_tls_alert_name(unsigned alert)
{
	static const struct {
		uint8_t alert;
		const char *name;
	} names[] = {
		{ 0, "close_notify" },
		{ 10, "unexpected_message" },
		{ 20, "bad_record_mac" },
		{ 22, "record_overflow" },
		{ 40, "handshake_failure" },
		{ 42, "bad_certificate" },
		{ 43, "unsupported_certificate" },
		{ 44, "certificate_revoked" },
		{ 45, "certificate_expired" },
		{ 46, "certificate_unknown" },
		{ 47, "illegal_parameter" },
		{ 48, "unknown_ca" },
		{ 49, "access_denied" },
		{ 50, "decode_error" },
		{ 51, "decrypt_error" },
		{ 70, "protocol_version" },
		{ 71, "insufficient_security" },
		{ 80, "internal_error" },
		{ 86, "inappropriate_fallback" },
		{ 90, "user_canceled" },
		{ 100, "no_renegotiation" },
		{ 109, "missing_extension" },
		{ 110, "unsupported_extension" },
		{ 112, "unrecognized_name" },
		{ 113, "bad_certificate_status_response" },
		{ 115, "unknown_psk_identity" },
		{ 116, "certificate_required" },
		{ 120, "no_application_protocol" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].alert == alert)
			return names[i].name;
	return "unknown";
}
