/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WebSocket frames cut into pieces. The first byte of the input says who we are, the second where
 * the bytes are cut: what comes of them is what comes of the whole in one piece.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 400

static uint64_t
mix(uint64_t sum, uint64_t n)
{
	sum = (sum ^ n) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

static uint64_t
mix_frame(uint64_t sum, enum rs_ws_event event, const struct rs_ws_frame *f)
{
	sum = mix(mix(mix(sum, event), f->error), f->code * 16u + f->opcode);
	sum = mix(sum, f->payload.len);
	for (size_t i = 0; i < f->payload.len; i++)
		sum = mix(sum, f->payload.p[i]);
	if (event == RS_WS_MESSAGE && f->payload.len > MAX)
		abort();
	if ((event == RS_WS_PING || event == RS_WS_PONG) && f->payload.len > RS_WS_CONTROL_MAX)
		abort();
	return sum;
}

static uint64_t
play(const uint8_t *data, size_t size, bool server, unsigned cut)
{
	uint8_t *kept = malloc(size + 1);
	size_t n = 0, at = 0;
	enum rs_ws_event event = RS_WS_MORE;
	struct rs_ws_frame f = { 0 };
	uint64_t sum = 0;
	struct rs_ws w;

	rs_ws_init(&w, server);
	while (at < size && event != RS_WS_ERROR) {
		size_t add, from = 0;
		uint8_t *copy;

		cut = cut != 0 ? (cut * 5 + 7) % 251 + 1 : 0;
		add = cut == 0 || size - at < cut ? size - at : cut;
		memcpy(kept + n, data + at, add);
		n += add;
		at += add;
		copy = malloc(n + 1); /* its end is guarded by the sanitizer */
		memcpy(copy, kept, n);
		do {
			event = rs_ws_next(&w, copy + from, n, MAX, &f);
			if (f.used + f.left > n)
				abort();
			if (event != RS_WS_MORE)
				sum = mix_frame(sum, event, &f);
			from += f.used;
			n = f.left;
		} while (event != RS_WS_MORE && event != RS_WS_ERROR);
		memcpy(kept, copy + from, n);
		free(copy);
	}
	free(kept);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;

	if (size < 2)
		return 0;
	rs_ws_mask_force_scalar(false);
	whole = play(data + 2, size - 2, data[0] & 1, 0);
	rs_ws_mask_force_scalar(true);
	if (play(data + 2, size - 2, data[0] & 1, data[1] + 1u) != whole)
		abort();
	return 0;
}
