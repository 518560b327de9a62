/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/flow_account.h"

#define COUNTER(row, n, u, h) [row] = { n, u, h, RS_METRIC_COUNTER }
#define GAUGE(row, n, u, h) [row] = { n, u, h, RS_METRIC_GAUGE }
#define HIST(row, n, h) [row] = { n, "ns", h, RS_METRIC_HIST }
/* What comes of a cause: openings that failed of it, open ones that ended of it, peers' that were not accepted for it. */
#define CAUSE(cause, n, h) \
	COUNTER(RS_FLOW_FAILED + RS_CONN_CAUSE_##cause, "connections_failed_" n, "connections", "Not opened: " h), \
	COUNTER(RS_FLOW_BROKEN + RS_CONN_CAUSE_##cause, "connections_ended_" n, "connections", "Were open, and ended: " h), \
	COUNTER(RS_FLOW_NOT_ACCEPTED + RS_CONN_CAUSE_##cause, "connections_not_accepted_" n, "connections", \
		"Opened by peers, and gone before TLS and WebSocket were done: " h)

static const struct rs_metric_def defs[RS_FLOW_COUNT] = {
	GAUGE(RS_FLOW_OPEN, "connections_open", "connections", "Connections of our endpoints' own that are open, those of peers that are used as such (RFC 5923) included."),
	[RS_FLOW_PEAK] = { "connections_peak", "connections", "The most of them at a time.", RS_METRIC_MAX },
	GAUGE(RS_FLOW_OPENING, "connections_opening", "connections", "Connections being opened."),
	GAUGE(RS_FLOW_RESTING, "connections_resting", "connections", "Connections that ended and wait to be opened again, as `reconnect` says."),
	COUNTER(RS_FLOW_STARTED, "connections_started", "connections", "Openings begun."),
	COUNTER(RS_FLOW_OPENED, "connections_opened", "connections", "Openings that succeeded, TLS and WebSocket included."),
	COUNTER(RS_FLOW_REOPENED, "connections_reopened", "connections", "Of them, those of endpoints whose connection had ended before."),
	COUNTER(RS_FLOW_ACCEPTED, "connections_accepted", "connections", "Connections that peers opened to us."),
	GAUGE(RS_FLOW_ACCEPTED_OPEN, "connections_accepted_open", "connections", "Those of them that are open."),
	COUNTER(RS_FLOW_ALIASED, "connections_aliased", "connections", "Of those that peers opened: taken for our own requests to them, as they asked (RFC 5923)."),
	COUNTER(RS_FLOW_NOT_ALIASED, "connections_not_aliased", "messages", "Requests that asked for it in vain: over TLS, or not from the address that they name."),
	COUNTER(RS_FLOW_DROPPED, "connections_dropped", "connections", "Connections that we cut on purpose."),
	COUNTER(RS_FLOW_NOT_SENT, "connection_gone", "messages", "Messages that could not be sent: their connection was gone."),
	COUNTER(RS_FLOW_LEGS_CUT, "connection_calls_cut", "calls", "Calls that waited for an answer on a connection that ended."),
	COUNTER(RS_FLOW_SWITCHED, "switched_to_tcp", "messages", "Requests that were too large for UDP, and were given to a connection (RFC 3261, 18.1.1)."),
	COUNTER(RS_FLOW_FELL_BACK, "fell_back_to_udp", "messages", "Of them, those sent over UDP after all: the peer takes no TCP."),
	CAUSE(NONE, "none", "no cause was found."),
	CAUSE(LOCAL, "local", "we closed them."),
	CAUSE(PEER, "peer", "the peer closed them in order."),
	CAUSE(REFUSED, "refused", "RST answered the SYN."),
	CAUSE(TIMEOUT, "timeout", "no answer to the SYN, or to data."),
	CAUSE(UNREACHABLE, "unreachable", "ICMP said so, or there is no route or neighbour."),
	CAUSE(RESET, "reset", "RST."),
	CAUSE(NO_PORT, "no_port", "no local port was left."),
	CAUSE(NO_MEMORY, "no_memory", "a pool was empty."),
	CAUSE(NOT_TARGET, "not_target", "the destination is not among the plan's `targets`."),
	CAUSE(TLS, "tls", "the TLS handshake failed."),
	CAUSE(TLS_RECORD, "tls_record", "a TLS record was wrong."),
	CAUSE(TLS_ALERT, "tls_alert", "the peer's fatal TLS alert, behind the handshake."),
	CAUSE(TRUNCATED, "truncated", "the peer closed TCP without TLS's close_notify."),
	CAUSE(TLS_QUEUE, "tls_queue", "our own handshake threads had no room."),
	CAUSE(HTTP, "http", "the upgrade to WebSocket was answered otherwise."),
	CAUSE(HTTP_401, "http_401", "the upgrade was answered with 401."),
	CAUSE(HTTP_403, "http_403", "the upgrade was answered with 403."),
	CAUSE(HTTP_404, "http_404", "the upgrade was answered with 404."),
	CAUSE(HTTP_503, "http_503", "the upgrade was answered with 503."),
	CAUSE(REDIRECTED, "redirected", "the upgrade was answered with 3xx, which is not followed."),
	CAUSE(WS_ACCEPT, "ws_accept", "the Sec-WebSocket-Accept was not the answer to our key."),
	CAUSE(WS_PROTOCOL, "ws_protocol", "the subprotocol agreed on was not sip."),
	CAUSE(WS_EXTENSION, "ws_extension", "the upgrade agreed on an extension that was not asked for."),
	CAUSE(WS, "ws", "frames broke RFC 6455."),
	CAUSE(WS_ERROR, "ws_error", "the peer's Close had another code than 1000 and 1001."),
	CAUSE(FRAMING, "framing", "bytes that are no stream of SIP messages."),
	CAUSE(TOO_LONG, "too_long", "a message was larger than we take."),
	CAUSE(SLOW, "slow", "a message or handshake did not come to its end in time."),
	CAUSE(PONG, "pong", "no answer to a keep-alive (RFC 5626, 4.4.1)."),
	HIST(RS_FLOW_SETUP, "connection_setup", "From the beginning of an opening to its end, TLS and WebSocket included."),
	HIST(RS_FLOW_BACK, "connection_back", "From the end of a connection to when it was open again."),
	HIST(RS_FLOW_BACK_SYN, "connection_back_syn", "From the first attempt behind that end to when it was open again."),
	HIST(RS_FLOW_REGISTERED, "registered_back", "From the end of a connection to when its endpoint was registered again."),
	HIST(RS_FLOW_REGISTERED_SYN, "registered_back_syn", "From the first attempt behind that end to when its endpoint was registered again."),
};
const struct rs_metric_table rs_flow_metrics_table = { "connections", "worker", defs, RS_FLOW_COUNT };

const char *
rs_conn_cause_name(enum rs_conn_cause cause)
{
	static const char *const names[RS_CONN_CAUSES] = {
		[RS_CONN_CAUSE_NONE] = "none",
		[RS_CONN_CAUSE_LOCAL] = "closed by us",
		[RS_CONN_CAUSE_PEER] = "closed by the peer",
		[RS_CONN_CAUSE_REFUSED] = "refused",
		[RS_CONN_CAUSE_TIMEOUT] = "timeout",
		[RS_CONN_CAUSE_UNREACHABLE] = "unreachable",
		[RS_CONN_CAUSE_RESET] = "reset",
		[RS_CONN_CAUSE_NO_PORT] = "no local port",
		[RS_CONN_CAUSE_NO_MEMORY] = "no memory",
		[RS_CONN_CAUSE_NOT_TARGET] = "not a target",
		[RS_CONN_CAUSE_TLS] = "TLS handshake",
		[RS_CONN_CAUSE_TLS_RECORD] = "TLS record",
		[RS_CONN_CAUSE_TLS_ALERT] = "TLS alert",
		[RS_CONN_CAUSE_TRUNCATED] = "closed without close_notify",
		[RS_CONN_CAUSE_TLS_QUEUE] = "handshake queue full",
		[RS_CONN_CAUSE_HTTP] = "upgrade refused",
		[RS_CONN_CAUSE_HTTP_401] = "upgrade refused with 401",
		[RS_CONN_CAUSE_HTTP_403] = "upgrade refused with 403",
		[RS_CONN_CAUSE_HTTP_404] = "upgrade refused with 404",
		[RS_CONN_CAUSE_HTTP_503] = "upgrade refused with 503",
		[RS_CONN_CAUSE_REDIRECTED] = "upgrade redirected",
		[RS_CONN_CAUSE_WS_ACCEPT] = "wrong Sec-WebSocket-Accept",
		[RS_CONN_CAUSE_WS_PROTOCOL] = "wrong subprotocol",
		[RS_CONN_CAUSE_WS_EXTENSION] = "extension not asked for",
		[RS_CONN_CAUSE_WS] = "WebSocket protocol",
		[RS_CONN_CAUSE_WS_ERROR] = "closed by the peer for an error",
		[RS_CONN_CAUSE_FRAMING] = "no SIP stream",
		[RS_CONN_CAUSE_TOO_LONG] = "message too long",
		[RS_CONN_CAUSE_SLOW] = "too slow",
		[RS_CONN_CAUSE_PONG] = "no pong",
	};

	return cause < RS_CONN_CAUSES ? names[cause] : "none";
}
