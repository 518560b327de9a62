/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heads of HTTP, as a server and as a client of an upgrade read them; fed byte by byte they give the
 * same. What a server answers is a head itself, and what it accepts its own client accepts.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "proto/ws/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_slice(const uint8_t *data, size_t size, struct rs_slice s)
{
	if (s.p != NULL && (s.p < data || s.len > size || s.p + s.len > data + size))
		abort();
}

static void
answer(const struct rs_http_head *head)
{
	static struct rs_http_head back;
	struct rs_ws_asked asked;
	struct rs_ws_answer got;
	uint8_t out[512], nonce[16];
	size_t seen = 0, used;
	int n;

	rs_ws_read_request(head, &asked);
	n = rs_ws_write_answer(&asked, rs_slice_str("X: y\r\n"), out, sizeof(out));
	if (n <= 0 || rs_http_parse(out, (size_t)n, &seen, &back, &used) != 0 || used != (size_t)n)
		abort();
	if (asked.status != 101)
		return;
	if (rs_base64_read(asked.key, nonce, sizeof(nonce)) != sizeof(nonce))
		abort();
	rs_ws_read_answer(&back, nonce, &got);
	if (got.outcome != RS_WS_UPGRADED)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rs_http_head head, again;
	struct rs_ws_answer got;
	size_t seen = 0, used = 0, used_again = 0;
	int rc = rs_http_parse(data, size, &seen, &head, &used), rc_again = -EAGAIN;

	seen = 0;
	for (size_t n = 1; n <= size && rc_again == -EAGAIN; n++) {
		rc_again = rs_http_parse(data, n, &seen, &again, &used_again);
		if (seen > n)
			abort();
	}
	if (rc != rc_again || used != used_again)
		abort();
	if (rc != 0)
		return 0;
	check_slice(data, used, head.method);
	check_slice(data, used, head.target);
	check_slice(data, used, head.reason);
	for (uint32_t i = 0; i < head.n_fields; i++) {
		check_slice(data, used, head.fields[i].name);
		check_slice(data, used, head.fields[i].value);
	}
	answer(&head);
	rs_ws_read_answer(&head, (const uint8_t *)"the sample nonce", &got);
	return 0;
}
