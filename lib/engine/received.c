/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a request really came from, put into its top Via before anybody looks at it: `received` (RFC 3261, 18.2.1), and the port in
 * `rport` if the client asks for it (RFC 3581, 4). All that answers it copies Via from there.
 */
#include <stdio.h>

#include "engine/received.h"

#define ROOM 80 /* what is put in at most */

struct insertion {
	const uint8_t *at; /* NULL: nothing */
	char text[64];
};

static void
find_received(const struct rs_sip_via *via, const struct rs_addr *from, struct insertion *out)
{
	struct rs_slice text = rs_slice_trim(via->text);
	struct rs_addr named;
	uint8_t addr[48];

	if (via->received.p || (!via->rport && rs_addr_parse(via->host, &named) == 0 && rs_addr_eq(&named, from)))
		return; /* with rport it always is there (RFC 3581, 4) */
	out->at = text.p + text.len;
	snprintf(out->text, sizeof(out->text), ";received=%.*s", (int)rs_addr_write(from, addr), (const char *)addr);
}

static uint8_t *
copy(uint8_t *to, const uint8_t **from, const struct insertion *in)
{
	size_t n = in->at ? (size_t)(in->at - *from) : 0, len = in->at ? strlen(in->text) : 0;

	memcpy(to, *from, n);
	memcpy(to + n, in->text, len);
	*from += n;
	return to + n + len;
}

void
received_put(struct rs_engine *e, const struct rs_rx *rx, struct rs_sip_msg *msg)
{
	struct insertion rport = { 0 }, received = { 0 };
	const uint8_t *from = msg->buf, *end = msg->buf + msg->len;
	uint8_t *to = e->received;
	struct rs_sip_via via;
	size_t pos = 0, used;

	if (msg->len + ROOM > SCRATCH_BYTES || rs_sip_via_next(rs_sip_get(msg, RS_HDR_VIA), &pos, &via) != 0)
		return;
	rport.at = via.rport_end;
	snprintf(rport.text, sizeof(rport.text), "=%u", rx->path.remote_port);
	find_received(&via, &rx->path.remote, &received);
	if (!rport.at && !received.at)
		return;
	to = copy(to, &from, &rport);
	to = copy(to, &from, &received);
	memcpy(to, from, (size_t)(end - from));
	to += end - from;
	if (rs_sip_parse(e->received, (size_t)(to - e->received), false, msg, &used) != 0) /* as it came: what could be wrong with it? */
		(void)rs_sip_parse(rx->data, rx->len, false, msg, &used);
}
