/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/offload.h"

static const struct {
	const char *name, *help;
} causes[RS_OFFLOAD_CAUSES] = {
	[RS_OFFLOAD_CAUSE_NONE] = { "none", "It did not fail." },
	[RS_OFFLOAD_CAUSE_REFUSED] = { "queue full",
		"The generator's own queue of handshakes had no room: workers.handshake_queue, workers.handshake_threads." },
	[RS_OFFLOAD_CAUSE_PEER] = { "peer's bytes",
		"What the peer sent is no TLS, or no handshake that follows the rules." },
	[RS_OFFLOAD_CAUSE_TIMEOUT] = { "timeout", "The peer did not go on in time (tls[].timeout)." },
	[RS_OFFLOAD_CAUSE_CANCELLED] = { "cancelled", "The connection was given up on our side." },
	[RS_OFFLOAD_CAUSE_CLOSED] = { "peer closed",
		"The peer closed, by close_notify or without it, before the handshake was complete." },
	[RS_OFFLOAD_CAUSE_ALERT_VERSION] = { "alert: version", "The peer ended the handshake: it has no version of ours (RFC 8446, 6.2)." },
	[RS_OFFLOAD_CAUSE_ALERT_HANDSHAKE] = { "alert: handshake failure",
		"The peer ended the handshake: it accepts none of what we offer, mostly cipher suites or groups." },
	[RS_OFFLOAD_CAUSE_ALERT_CERT] = { "alert: certificate", "The peer ended the handshake: it does not accept our certificate, or that we show none." },
	[RS_OFFLOAD_CAUSE_ALERT] = { "alert: other", "The peer ended the handshake with another alert." },
	[RS_OFFLOAD_CAUSE_VERSION] = { "version", "No version of TLS that both sides have." },
	[RS_OFFLOAD_CAUSE_CIPHER] = { "no shared cipher",
		"No cipher suite, group or signature algorithm that both sides have." },
	[RS_OFFLOAD_CAUSE_ALPN] = { "no shared protocol",
		"None of the application protocols (ALPN) that the peer offered is ours." },
	[RS_OFFLOAD_CAUSE_CERT_EXPIRED] = { "certificate expired",
		"The peer's certificate, or one above it, is no longer or not yet valid." },
	[RS_OFFLOAD_CAUSE_CERT_NAME] = { "name mismatch",
		"The peer's certificate is for another name or address." },
	[RS_OFFLOAD_CAUSE_CERT_CA] = { "unknown CA",
		"The peer's certificate does not lead to an authority of tls[].ca." },
	[RS_OFFLOAD_CAUSE_CERT_MISSING] = { "no certificate",
		"A client showed no certificate where mutual = true." },
	[RS_OFFLOAD_CAUSE_CERT_OTHER] = { "certificate",
		"The peer's certificate is not valid for another reason, whose number is told." },
	[RS_OFFLOAD_CAUSE_LOCAL] = { "own failure",
		"The generator itself failed: no memory, or parameters that do not go together." },
	[RS_OFFLOAD_CAUSE_NO_ROOM] = { "fallback full",
		"The generator's own memory for OpenSSL's records had no room: workers.tls_fallback_mb." },
};

const char *
rs_offload_cause_name(enum rs_offload_cause cause)
{
	return cause < RS_OFFLOAD_CAUSES ? causes[cause].name : "unknown";
}

const char *
rs_offload_cause_help(enum rs_offload_cause cause)
{
	return cause < RS_OFFLOAD_CAUSES ? causes[cause].help : "";
}
