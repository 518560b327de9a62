/* SPDX-License-Identifier: BSD-3-Clause */
/** What holds for every payload set that was read from any bytes. */
#ifndef RS_TESTS_FUZZ_PAYLOAD_USE_H
#define RS_TESTS_FUZZ_PAYLOAD_USE_H

#include <stdlib.h>

#include "media/payload.h"

static inline void
payload_check(bool ok)
{
	if (!ok)
		abort();
}

/** Every frame lies in the block and is of a kind that the codec has; the whole is not longer than the file can be. */
static inline void
payload_use(const struct rs_payload *p, const struct rs_payload_want *want)
{
	unsigned sum = 0;

	payload_check(p->codec == want->codec && p->n_frames > 0 && p->ts_step > 0);
	payload_check(p->ptime_ns >= RS_PTIME_MIN_NS && p->ptime_ns <= RS_PTIME_MAX_NS);
	payload_check(want->ptime_ns == 0 || p->ptime_ns == want->ptime_ns);
	payload_check((uint64_t)p->ts_step * 1000000000 == p->ptime_ns * p->clock_hz);
	for (uint64_t k = 0; k < p->n_frames; k++) {
		const struct rs_frame *f = rs_payload_frame(p, k);
		struct rs_slice bytes = rs_payload_bytes(p, f);

		payload_check(f->kind == RS_FRAME_MEDIA || f->kind == RS_FRAME_NONE);
		payload_check((f->len == 0) == (f->kind == RS_FRAME_NONE) && f->len <= p->max_len &&
			f->len <= RS_PAYLOAD_MAX);
		payload_check((size_t)f->offset + f->len <= p->block_len);
		for (size_t i = 0; i < bytes.len; i++)
			sum += bytes.p[i];
	}
	payload_check(sum != 1u << 31);
	payload_check((rs_payload_frame(p, p->n_frames) != NULL) == want->loop);
}

/** Read @bytes as @name for @want: a set that can be used, or an error with its text. */
static inline void
payload_read(const char *name, struct rs_slice bytes, const struct rs_payload_want *want)
{
	struct rs_payload *p;
	struct rs_err err = { 0 };
	int rc = rs_payload_read(name, bytes, want, &p, &err);

	if (rc) {
		payload_check(!p && err.code == rc && err.text[0] != '\0');
		return;
	}
	payload_use(p, want);
	rs_payload_free(p);
}

#endif
