/* SPDX-License-Identifier: BSD-3-Clause */
/** Any bytes as a capture: refused with an error, or every packet of the stream lies in the block and time does not go back. */
#include <stdlib.h>

#include "media/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_replay_want want = { .port = 5004 };
	unsigned sum = 0;

	for (int any = 0; any < 3; any++) {
		struct rs_replay *r;
		struct rs_err err = { 0 };
		int rc;

		if (any == 2)
			want = (struct rs_replay_want){ .udptl = true };
		rc = rs_replay_read(
			"fuzz", rs_slice_of(data, size), any == 1 ? NULL : &want, &r, &err);

		if (rc) {
			check(!r && err.code == rc && err.text[0] != '\0');
			continue;
		}
		check(r->n > 0 && r->n_streams > 0 && r->udptl == (any == 2) && (any || r->port == 5004));
		check(r->packets[0].due_ns == 0 && r->packets[0].seq == 0 && r->packets[0].ts == 0);
		for (uint32_t i = 0; i < r->n; i++) {
			struct rs_slice bytes = rs_replay_bytes(r, &r->packets[i]);

			check((size_t)r->packets[i].offset + bytes.len <= r->block_len &&
				r->packets[i].pt < 128);
			check(i == 0 || r->packets[i].due_ns >= r->packets[i - 1].due_ns);
			for (size_t k = 0; k < bytes.len; k++)
				sum += bytes.p[k];
		}
		rs_replay_free(r);
	}
	check(sum != 1u << 31);
	return 0;
}
