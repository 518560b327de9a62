/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The opening handshake of WebSocket (RFC 6455, 4) with the subprotocol "sip" (RFC 7118, 4), for
 * both sides. Heads are read by rs_http_parse(). Nothing is allocated.
 */
#ifndef RS_PROTO_WS_UPGRADE_H
#define RS_PROTO_WS_UPGRADE_H

#include "proto/ws/http.h"

/** What a client asks. */
struct rs_ws_request {
	struct rs_slice host;   /* with ":port" where that is not the scheme's own */
	struct rs_slice path;   /* with its query; absent: "/" */
	struct rs_slice origin; /* as a browser would say it; absent: none */
	struct rs_slice fields; /* more field lines, each with CR LF at its end; absent: none */
};

/**
 * Write a request.
 *
 * @param nonce  16 random bytes, which rs_ws_read_answer() wants again
 * @return bytes written; -ENOSPC: more than @room; -EINVAL: no host, a blank or a control character
 *         where none may be, a path without '/' at its begin, or field lines that are none
 */
int rs_ws_write_request(
	const struct rs_ws_request *request, const uint8_t nonce[16], uint8_t *out, size_t room);

enum rs_ws_outcome {
	RS_WS_UPGRADED,
	RS_WS_INTERIM,        /* 1xx other than 101: the answer is the next head (RFC 9110, 15.2) */
	RS_WS_REDIRECTED,     /* 3xx: status, and location if it has one */
	RS_WS_REFUSED,        /* any other status */
	RS_WS_NO_UPGRADE,     /* 101 without "Upgrade: websocket" and "Connection: Upgrade" */
	RS_WS_WRONG_ACCEPT,   /* not the answer to our key */
	RS_WS_WRONG_PROTOCOL, /* not "sip" (RFC 7118, 4.1) */
	RS_WS_EXTENSION,      /* one that was not asked for */
	RS_WS_OUTCOMES
};

/** @return a short name, such as "redirected" */
const char *rs_ws_outcome_name(enum rs_ws_outcome outcome);

struct rs_ws_answer {
	enum rs_ws_outcome outcome;
	uint16_t status;
	struct rs_slice location; /* absent: none */
};

/** Judge a server's answer (RFC 6455, 4.1). @head is a response. @nonce as in the request */
void rs_ws_read_answer(
	const struct rs_http_head *head, const uint8_t nonce[16], struct rs_ws_answer *answer);

/** What a server was asked. The caller may still refuse it: by path 404, by origin 403, and so on. */
struct rs_ws_asked {
	uint16_t status;     /* to answer with: 101, or 400, 405, 426, 505 */
	const char *why;     /* a short English cause; NULL with 101 */
	struct rs_slice key; /* the rest is told with 101 only */
	struct rs_slice host;
	struct rs_slice target;
	struct rs_slice origin; /* absent: none */
};

/** Judge a client's request (RFC 6455, 4.2.1). @head is a request, or else the status is 400 */
void rs_ws_read_request(const struct rs_http_head *head, struct rs_ws_asked *asked);

/**
 * Write the answer for asked->status; one that refuses says "Connection: close", and 426 which
 * version we speak (RFC 6455, 4.4).
 *
 * @param fields  more field lines, each with CR LF at its end; absent: none
 * @return bytes written; -ENOSPC: more than @room; -EINVAL: field lines that are none
 */
int rs_ws_write_answer(
	const struct rs_ws_asked *asked, struct rs_slice fields, uint8_t *out, size_t room);

#endif
