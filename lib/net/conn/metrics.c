/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/conn/conn.h"

#define COUNTER(row, n, u, h) [row] = { n, u, h, RS_METRIC_COUNTER }
#define GAUGE(row, n, u, h) [row] = { n, u, h, RS_METRIC_GAUGE }
#define HIST(row, n, h) [row] = { n, "ns", h, RS_METRIC_HIST }

static const struct rs_metric_def defs[RS_CONNS_METRICS] = {
	GAUGE(RS_CONNS_OPEN, "conns_open", "connections", "Connections now, ours and peers', in whatever state."),
	GAUGE(RS_CONNS_TLS_OPEN, "conns_tls", "connections", "Those of them whose TLS keys are there."),
	COUNTER(RS_CONNS_MESSAGES_IN, "conns_messages_in", "messages", "SIP messages that came over connections."),
	COUNTER(RS_CONNS_MESSAGES_OUT, "conns_messages_out", "messages", "SIP messages sent over connections."),
	COUNTER(RS_CONNS_BYTES_IN, "conns_bytes_in", "bytes", "Bytes of the messages that came."),
	COUNTER(RS_CONNS_BYTES_OUT, "conns_bytes_out", "bytes", "Bytes of the messages sent."),
	COUNTER(RS_CONNS_PINGS_IN, "conns_pings_in", "pings", "Keep-alives that came: two CRLF, or WebSocket's Ping."),
	COUNTER(RS_CONNS_PONGS_IN, "conns_pongs_in", "pongs", "Answers to ours."),
	COUNTER(RS_CONNS_PINGS_OUT, "conns_pings_out", "pings", "Keep-alives sent."),
	COUNTER(RS_CONNS_PONGS_OUT, "conns_pongs_out", "pongs", "Answers sent."),
	COUNTER(RS_CONNS_STRAYS, "conns_strays", "bytes", "CR and LF between messages that were no keep-alive."),
	COUNTER(RS_CONNS_HANDSHAKES, "conns_handshakes", "handshakes", "TLS handshakes begun."),
	COUNTER(RS_CONNS_HANDSHAKES_DONE, "conns_handshakes_done", "handshakes", "Those that succeeded."),
	COUNTER(RS_CONNS_RESUMED, "conns_resumed", "handshakes", "Those of them that resumed a session."),
	COUNTER(RS_CONNS_FALLBACK, "conns_fallback", "connections", "TLS connections whose suite has its records done by OpenSSL."),
	COUNTER(RS_CONNS_KEY_UPDATES, "conns_key_updates", "messages", "KeyUpdates of peers (RFC 8446, 4.6.3)."),
	COUNTER(RS_CONNS_TICKETS, "conns_tickets", "messages", "Session tickets that came after the hand-over, and were dropped."),
	COUNTER(RS_CONNS_ALERTS, "conns_alerts", "alerts", "Fatal TLS alerts of peers behind the handshake."),
	COUNTER(RS_CONNS_UPGRADES, "conns_upgrades", "requests", "Upgrades to WebSocket that peers asked for and got."),
	COUNTER(RS_CONNS_UPGRADES_REFUSED, "conns_upgrades_refused", "requests", "Those refused: path, version, subprotocol, or no upgrade at all."),
	COUNTER(RS_CONNS_FULL, "conns_full", "messages", "Messages not sent: the peer has not read those before."),
	COUNTER(RS_CONNS_NO_BUFFER, "conns_no_buffer", "times", "No buffer was free for bytes that wait for the rest of a message."),
	COUNTER(RS_CONNS_NOBODY, "conns_nobody", "connections", "Connections to an address and port where nobody listens, reset."),
	GAUGE(RS_CONNS_GATHERING, "conns_gathering", "buffers", "Buffers of unfinished messages."),
	HIST(RS_CONNS_HANDSHAKE_TIME, "handshake", "TLS handshakes that succeeded, from the beginning to the end."),
	HIST(RS_CONNS_HANDSHAKE_WAIT, "handshake_wait", "The part of them that our own handshake thread was waited for."),
};
const struct rs_metric_table rs_conns_metrics_table = { "conns", "worker", defs, RS_CONNS_METRICS };
