/* SPDX-License-Identifier: BSD-3-Clause */
/** Files in memory, read as payload sets from the edge of an unreadable page. */
#ifndef RS_TESTS_UNIT_MEDIA_READ_H
#define RS_TESTS_UNIT_MEDIA_READ_H

#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "media/g711.h"
#include "media/payload.h"

#define MS(n) ((n)*1000000ull)

static inline struct rs_payload_want
want(enum rs_codec codec, unsigned ms)
{
	return (struct rs_payload_want){ .codec = codec, .ptime_ns = MS(ms), .loop = true };
}

static inline struct rs_payload *
read_as(const char *name, const void *bytes, size_t len, struct rs_payload_want w)
{
	struct guard g = guard_new(bytes, len);
	struct rs_payload *p = NULL;
	struct rs_err err = { 0 };
	int rc = rs_payload_read(name, rs_slice_of(g.p, g.len), &w, &p, &err);

	guard_free(&g);
	if (rc)
		fail_msg("%d: %s", rc, err.text);
	return p;
}

/** Refused with @code and an error that begins with the name and has @words in it. */
static inline void
refused(const char *name, const void *bytes, size_t len, struct rs_payload_want w, int code,
	const char *words)
{
	struct guard g = guard_new(bytes, len);
	struct rs_payload *p = (void *)1;
	struct rs_err err = { 0 };
	int rc = rs_payload_read(name, rs_slice_of(g.p, g.len), &w, &p, &err);

	guard_free(&g);
	assert_null(p);
	if (rc != code || err.code != code || strncmp(err.text, name, strlen(name)) != 0 ||
		!strstr(err.text, words))
		fail_msg("%d (not %d) \"%s\" lacks \"%s\"", rc, code, err.text, words);
	assert_int_equal(rs_payload_read(name, rs_slice_of(NULL, 0), &w, &p, NULL) < 0, 1);
}

static inline void
frame_is(const struct rs_payload *p, uint64_t k, const void *bytes, size_t len)
{
	const struct rs_frame *f = rs_payload_frame(p, k);

	assert_non_null(f);
	assert_int_equal(f->len, len);
	assert_memory_equal(rs_payload_bytes(p, f).p, bytes, len);
}

/** The level of all that is in a set of G.711, without its ends. */
static inline double
level_of(const struct rs_payload *p)
{
	int16_t *pcm = malloc(p->block_len * 2);
	double level;

	rs_g711_decode(p->codec == RS_CODEC_PCMA, p->block, p->block_len, pcm);
	level = rs_g711_level(pcm + 400, p->block_len - 800);
	free(pcm);
	return level;
}

#endif
