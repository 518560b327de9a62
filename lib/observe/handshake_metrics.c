/* SPDX-License-Identifier: BSD-3-Clause */
#include "observe/handshake_metrics.h"

#define COUNTER(row, n, u, h) [row] = { n, u, h, RS_METRIC_COUNTER }
#define GAUGE(row, n, u, h)   [row] = { n, u, h, RS_METRIC_GAUGE }
#define MOST(row, n, u, h)    [row] = { n, u, h, RS_METRIC_MAX }
#define HIST(row, n, h)       [row] = { n, "ns", h, RS_METRIC_HIST }
#define FAILED(cause, n, h)   COUNTER(RS_HS_FAILED + RS_OFFLOAD_CAUSE_##cause, "failed_" n, "handshakes", h)

static const struct rs_metric_def defs[RS_HANDSHAKE_METRICS] = {
	COUNTER(RS_HS_STARTED, "started", "handshakes", "Handshakes that the thread began."),
	COUNTER(RS_HS_CLIENT_FULL, "client_full", "handshakes", "Completed as client, without resumption."),
	COUNTER(RS_HS_CLIENT_RESUMED, "client_resumed", "handshakes", "Completed as client, resumed."),
	COUNTER(RS_HS_SERVER_FULL, "server_full", "handshakes", "Completed as server, without resumption."),
	COUNTER(RS_HS_SERVER_RESUMED, "server_resumed", "handshakes", "Completed as server, resumed."),
	FAILED(NONE, "none", "Always 0."),
	FAILED(REFUSED, "queue_full", "Always 0: workers count what they refuse."),
	FAILED(PEER, "peer_bytes", "The peer's bytes were no TLS, or no handshake that follows the rules."),
	FAILED(TIMEOUT, "timeout", "The peer did not go on in time."),
	FAILED(CANCELLED, "cancelled", "Given up by the connection's owner."),
	FAILED(CLOSED, "peer_closed", "The peer closed before the end."),
	FAILED(ALERT_VERSION, "alert_version", "The peer sent an alert: no version."),
	FAILED(ALERT_HANDSHAKE, "alert_handshake", "The peer sent an alert: nothing of what we offer."),
	FAILED(ALERT_CERT, "alert_certificate", "The peer sent an alert: our certificate, or that there is none."),
	FAILED(ALERT, "alert", "The peer sent another alert."),
	FAILED(VERSION, "version", "No version that both sides have."),
	FAILED(CIPHER, "no_shared_cipher", "No suite, group or signature algorithm that both sides have."),
	FAILED(ALPN, "no_shared_protocol", "No application protocol that both sides have."),
	FAILED(CERT_EXPIRED, "certificate_expired", "A certificate of the peer is no longer or not yet valid."),
	FAILED(CERT_NAME, "name_mismatch", "The peer's certificate is for another name."),
	FAILED(CERT_CA, "unknown_ca", "The peer's certificate leads to no known authority."),
	FAILED(CERT_MISSING, "no_certificate", "A client showed no certificate."),
	FAILED(CERT_OTHER, "certificate", "The peer's certificate is not valid for another reason."),
	FAILED(LOCAL, "own_failure", "The generator's own: memory, parameters."),
	FAILED(NO_ROOM, "fallback_full", "The generator's own: no room in workers.tls_fallback_mb."),
	COUNTER(RS_HS_DROPPED, "dropped", "handshakes", "Given up by their owner before the thread began them."),
	GAUGE(RS_HS_IN_FLIGHT, "in_flight", "handshakes", "Begun and not ended."),
	MOST(RS_HS_IN_FLIGHT_MOST, "in_flight_most", "handshakes", "The most of these at a time."),
	GAUGE(RS_HS_WAITING, "waiting", "handshakes", "Asked for and not begun: the depth of the thread's queue."),
	MOST(RS_HS_WAITING_MOST, "waiting_most", "handshakes", "The most of these at a time."),
	COUNTER(RS_HS_CROWDED, "crowded", "handshakes",
		"Had to wait until another one ended: as many as workers.handshakes allows were under way."),
	GAUGE(RS_HS_SESSIONS, "sessions", "sessions", "Kept for resumption, one an endpoint."),
	GAUGE(RS_HS_SESSION_BYTES, "session_bytes", "bytes", "Memory of these."),
	COUNTER(RS_HS_RESUME_REFUSED, "resume_refused", "handshakes",
		"A session was offered, and the server made a full handshake."),
	COUNTER(RS_HS_NO_TICKET, "no_ticket", "handshakes", "A ticket was waited for, and none came in time."),
	COUNTER(RS_HS_BYTES_IN, "bytes_in", "bytes", "Received from peers."),
	COUNTER(RS_HS_BYTES_OUT, "bytes_out", "bytes", "Sent to peers."),
	COUNTER(RS_HS_KEY_LOG_LOST, "key_log_lost", "lines", "Lines of key logs that found no room on their way to the file."),
	COUNTER(RS_HS_BUSY_NS, "busy", "ns", "CPU time that handshakes took."),
	COUNTER(RS_HS_LENT, "fallback", "handshakes", "Done, with a suite whose records OpenSSL does."),
	GAUGE(RS_HS_LENT_OPEN, "fallback_open", "connections", "Of them, those whose SSL object is there."),
	GAUGE(RS_HS_HEAP_USED, "fallback_used", "bytes", "Memory that OpenSSL has for them, told by thread 0 for all."),
	GAUGE(RS_HS_HEAP_TAKEN, "fallback_taken", "bytes", "What it has had at the most, in blocks that keep their size; told by thread 0."),
	COUNTER(RS_HS_HEAP_REFUSED, "fallback_refused", "times",
		"OpenSSL wanted memory, and workers.tls_fallback_mb was used up; told by thread 0."),
	HIST(RS_HS_ELAPSED, "elapsed", "From the order to the result, of handshakes that were completed."),
	HIST(RS_HS_WAIT, "wait", "Of it, waiting for the handshake thread: lateness of the generator, not of the peer."),
	HIST(RS_HS_AWAY, "away", "Of it, waiting for the peer's bytes: network and peer."),
	HIST(RS_HS_CPU_FULL, "cpu_full", "CPU time of a handshake without resumption, our side of it."),
	HIST(RS_HS_CPU_RESUMED, "cpu_resumed", "CPU time of a resumed handshake, our side of it."),
};
const struct rs_metric_table rs_handshake_metrics_table = { "handshake", "thread", defs, RS_HANDSHAKE_METRICS };

static const struct rs_metric_def worker_defs[RS_HANDSHAKE_WORKER_METRICS] = {
	COUNTER(RS_HSW_STARTED, "started", "handshakes", "Handed to a handshake thread."),
	COUNTER(RS_HSW_DONE, "done", "handshakes", "Completed."),
	COUNTER(RS_HSW_FAILED, "failed", "handshakes", "Failed or given up; the threads know why."),
	COUNTER(RS_HSW_REFUSED, "refused", "times",
		"A handshake was wanted and the queue was full: the generator's own limit. It is tried again or fails."),
	COUNTER(RS_HSW_PUT_OFF, "put_off", "times", "Received bytes found no room on their way to the thread, and came later."),
	GAUGE(RS_HSW_OPEN, "open", "handshakes", "Handed over and not ended."),
};
const struct rs_metric_table rs_handshake_worker_metrics_table = { "handshake_worker", "worker", worker_defs,
	RS_HANDSHAKE_WORKER_METRICS };
