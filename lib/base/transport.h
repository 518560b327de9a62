/* SPDX-License-Identifier: BSD-3-Clause */
/** How SIP is carried: RFC 3261, 18, and RFC 7118 for WebSocket. */
#ifndef RS_BASE_TRANSPORT_H
#define RS_BASE_TRANSPORT_H

#include <stdbool.h>

#include "base/slice.h"

enum rs_transport { RS_TRANSPORT_UDP, RS_TRANSPORT_TCP, RS_TRANSPORT_TLS, RS_TRANSPORT_WS, RS_TRANSPORT_WSS, RS_TRANSPORTS };

/** How a connection is ended by us. */
enum rs_conn_close {
	RS_CONN_FIN,	/* in order: a Close frame, close_notify, FIN */
	RS_CONN_RST,
	RS_CONN_SILENT, /* forgotten: the peer hears nothing */
};

/** As a plan has it: "fin", "rst", "silent". */
static inline const char *
rs_conn_close_name(enum rs_conn_close how)
{
	static const char *const names[] = { [RS_CONN_FIN] = "fin", [RS_CONN_RST] = "rst", [RS_CONN_SILENT] = "silent" };

	return names[how];
}

/** As Via has it: "UDP", "TCP", "TLS", "WS", "WSS". */
static inline struct rs_slice
rs_transport_via(enum rs_transport t)
{
	static const char names[RS_TRANSPORTS][4] = { "UDP", "TCP", "TLS", "WS", "WSS" };

	return rs_slice_str(names[t < RS_TRANSPORTS ? t : 0]);
}

/** As scenarios have it in a URI: "UDP", "TCP", "TLS", and "WS" for both of WebSocket's (RFC 7118, 5.2). */
static inline struct rs_slice
rs_transport_uri(enum rs_transport t)
{
	return rs_transport_via(t == RS_TRANSPORT_WSS ? RS_TRANSPORT_WS : t);
}

/** The same where the endpoint keeps the flow for the dialog as well (RFC 5626, 4.3). */
static inline struct rs_slice
rs_transport_uri_ob(enum rs_transport t)
{
	static const char names[RS_TRANSPORTS][8] = { "UDP;ob", "TCP;ob", "TLS;ob", "WS;ob", "WS;ob" };

	return rs_slice_str(names[t < RS_TRANSPORTS ? t : 0]);
}

/** As the parameter of a URI has it: "udp", "tcp", "tls", "ws" for both of WebSocket's (RFC 7118, 5.2). */
static inline const char *
rs_transport_param(enum rs_transport t)
{
	static const char *const names[RS_TRANSPORTS] = { "udp", "tcp", "tls", "ws", "ws" };

	return names[t < RS_TRANSPORTS ? t : 0];
}

/** As a plan has it: "udp", "tcp", "tls", "ws", "wss". */
static inline const char *
rs_transport_word(enum rs_transport t)
{
	static const char *const words[RS_TRANSPORTS] = { "udp", "tcp", "tls", "ws", "wss" };

	return words[t < RS_TRANSPORTS ? t : 0];
}

/** Is it a stream of bytes, on a connection? Then nothing is repeated for loss (RFC 3261, 17: "reliable transport"). */
static inline bool
rs_transport_is_stream(enum rs_transport t)
{
	return t != RS_TRANSPORT_UDP;
}

static inline bool
rs_transport_is_secure(enum rs_transport t)
{
	return t == RS_TRANSPORT_TLS || t == RS_TRANSPORT_WSS;
}

static inline bool
rs_transport_is_ws(enum rs_transport t)
{
	return t == RS_TRANSPORT_WS || t == RS_TRANSPORT_WSS;
}

/** RFC 3261, 19.1.2; RFC 7118, 5.2: the ports of HTTP. */
static inline uint16_t
rs_transport_port(enum rs_transport t)
{
	static const uint16_t ports[RS_TRANSPORTS] = { 5060, 5060, 5061, 80, 443 };

	return ports[t < RS_TRANSPORTS ? t : 0];
}

#endif
