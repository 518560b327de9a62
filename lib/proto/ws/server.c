/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's side of an upgrade (RFC 6455, 4.2). */
#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "proto/ws/private.h"

static const struct {
	uint16_t status;
	const char *reason;
} reasons[] = {
	{ 101, "Switching Protocols" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 426, "Upgrade Required" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *
reason(unsigned status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Refused";
}

static bool
is_key(struct rs_slice key)
{
	uint8_t nonce[16];

	return key.len == RS_WS_KEY_LEN &&
		rs_base64_read(key, nonce, sizeof(nonce)) == sizeof(nonce);
}

static unsigned
refuse(struct rs_ws_asked *asked, unsigned status, const char *why)
{
	asked->why = why;
	return status;
}

static unsigned
judge(const struct rs_http_head *head, struct rs_ws_asked *asked)
{
	struct rs_slice version;
	unsigned n;

	if (head->status != 0)
		return refuse(asked, 400, "not a request");
	if (head->minor < 1)
		return refuse(asked, 505, "HTTP before 1.1");
	if (!rs_slice_is(head->method, "GET"))
		return refuse(asked, 405, "method is not GET");
	asked->host = rs_http_get(head, "Host", &n);
	if (n != 1 || asked->host.len == 0)
		return refuse(asked, 400, "not one Host");
	if (!rs_http_has(head, "Upgrade", "websocket", false))
		return refuse(asked, 426, "no upgrade to websocket");
	if (!rs_http_has(head, "Connection", "upgrade", false))
		return refuse(asked, 400, "Connection without Upgrade");
	version = rs_http_get(head, "Sec-WebSocket-Version", &n);
	if (n != 1 || !rs_slice_is(version, "13"))
		return refuse(asked, 426, "version is not 13");
	asked->key = rs_http_get(head, "Sec-WebSocket-Key", &n);
	if (n != 1 || !is_key(asked->key))
		return refuse(asked, 400, "no Sec-WebSocket-Key of 16 bytes");
	if (!rs_http_has(head, "Sec-WebSocket-Protocol", "sip", true))
		return refuse(asked, 400, "subprotocol sip is not offered");
	return 101;
}

void
rs_ws_read_request(const struct rs_http_head *head, struct rs_ws_asked *asked)
{
	*asked = (struct rs_ws_asked){ .target = head->target };
	asked->status = (uint16_t)judge(head, asked);
	asked->origin = rs_http_get(head, "Origin", NULL);
}

int
rs_ws_write_answer(
	const struct rs_ws_asked *asked, struct rs_slice fields, uint8_t *out, size_t room)
{
	struct rs_ws_text t = { out, room, 0 };
	uint8_t accept[RS_WS_ACCEPT_LEN];
	char line[64];

	if (!rs_ws_are_fields(fields))
		return -EINVAL;
	snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", asked->status, reason(asked->status));
	rs_ws_put_str(&t, line);
	if (asked->status == 101) {
		rs_ws_accept(asked->key.p, accept);
		rs_ws_put_str(&t, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
		rs_ws_put_field(&t, "Sec-WebSocket-Accept", rs_slice_of(accept, sizeof(accept)));
		rs_ws_put_str(&t, "Sec-WebSocket-Protocol: sip\r\n");
	} else {
		rs_ws_put_str(&t, "Content-Length: 0\r\n");
		if (asked->status == 426) /* RFC 9110, 15.5.22 */
			rs_ws_put_str(&t,
				"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n");
		else
			rs_ws_put_str(&t, "Connection: close\r\n");
		if (asked->status == 405)
			rs_ws_put_str(&t, "Allow: GET\r\n");
	}
	rs_ws_put(&t, fields);
	rs_ws_put_str(&t, "\r\n");
	return t.len <= room ? (int)t.len : -ENOSPC;
}
