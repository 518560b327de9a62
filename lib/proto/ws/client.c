/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side of an upgrade (RFC 6455, 4.1). */
#include <errno.h>

#include "base/base64.h"
#include "proto/ws/private.h"

const char *
rs_ws_outcome_name(enum rs_ws_outcome outcome)
{
	static const char *const names[RS_WS_OUTCOMES] = {
		[RS_WS_UPGRADED] = "upgraded",
		[RS_WS_INTERIM] = "interim",
		[RS_WS_REDIRECTED] = "redirected",
		[RS_WS_REFUSED] = "refused",
		[RS_WS_NO_UPGRADE] = "no upgrade",
		[RS_WS_WRONG_ACCEPT] = "wrong Sec-WebSocket-Accept",
		[RS_WS_WRONG_PROTOCOL] = "wrong subprotocol",
		[RS_WS_EXTENSION] = "extension not asked for",
	};

	return (unsigned)outcome < RS_WS_OUTCOMES ? names[outcome] : "";
}

int
rs_ws_write_request(
	const struct rs_ws_request *request, const uint8_t nonce[16], uint8_t *out, size_t room)
{
	struct rs_slice path = request->path.p != NULL ? request->path : rs_slice_str("/");
	struct rs_ws_text t = { out, room, 0 };
	uint8_t key[RS_WS_KEY_LEN];

	if (request->host.len == 0 || !rs_ws_is_line(request->host, false) || path.len == 0 ||
		path.p[0] != '/' || !rs_ws_is_line(path, false) ||
		!rs_ws_is_line(request->origin, false) || !rs_ws_are_fields(request->fields))
		return -EINVAL;
	rs_base64_write(nonce, 16, key);
	rs_ws_put_str(&t, "GET ");
	rs_ws_put(&t, path);
	rs_ws_put_str(&t, " HTTP/1.1\r\n");
	rs_ws_put_field(&t, "Host", request->host);
	rs_ws_put_str(&t, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
	rs_ws_put_field(&t, "Sec-WebSocket-Key", rs_slice_of(key, sizeof(key)));
	if (request->origin.p != NULL)
		rs_ws_put_field(&t, "Origin", request->origin);
	rs_ws_put_str(&t, "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n");
	rs_ws_put(&t, request->fields);
	rs_ws_put_str(&t, "\r\n");
	return t.len <= room ? (int)t.len : -ENOSPC;
}

static enum rs_ws_outcome
outcome(const struct rs_http_head *head, const uint8_t nonce[16])
{
	uint8_t key[RS_WS_KEY_LEN], accept[RS_WS_ACCEPT_LEN];
	struct rs_slice got;
	unsigned n;

	if (head->status != 101) {
		if (head->status < 200)
			return RS_WS_INTERIM;
		return head->status / 100 == 3 ? RS_WS_REDIRECTED : RS_WS_REFUSED;
	}
	if (!rs_http_has(head, "Upgrade", "websocket", false) ||
		!rs_http_has(head, "Connection", "upgrade", false))
		return RS_WS_NO_UPGRADE;
	rs_base64_write(nonce, 16, key);
	rs_ws_accept(key, accept);
	got = rs_http_get(head, "Sec-WebSocket-Accept", &n);
	if (n != 1 || !rs_slice_eq(got, rs_slice_of(accept, sizeof(accept))))
		return RS_WS_WRONG_ACCEPT;
	rs_http_get(head, "Sec-WebSocket-Extensions", &n);
	if (n != 0)
		return RS_WS_EXTENSION;
	got = rs_http_get(head, "Sec-WebSocket-Protocol", &n);
	return n == 1 && rs_slice_is(got, "sip") ? RS_WS_UPGRADED : RS_WS_WRONG_PROTOCOL;
}

void
rs_ws_read_answer(
	const struct rs_http_head *head, const uint8_t nonce[16], struct rs_ws_answer *answer)
{
	answer->status = head->status;
	answer->outcome = outcome(head, nonce);
	answer->location = rs_http_get(head, "Location", NULL);
}
