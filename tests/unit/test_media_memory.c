/* SPDX-License-Identifier: BSD-3-Clause */
/** Files read and payloads made while memory runs out: each allocation fails in turn, that is said, and nothing stays behind. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/payload.h"
#include "media/replay.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static long fail_at = -1; /* the allocation that fails, counted down; negative: none */
static void *live[4096];  /* what our code took and has not given back */
static size_t n_live;

static bool
fails(void)
{
	return fail_at >= 0 && fail_at-- == 0;
}

static void *
took(void *p)
{
	if (p && n_live < sizeof(live) / sizeof(live[0]))
		live[n_live++] = p;
	return p;
}

static void
gave_back(const void *p)
{
	for (size_t i = n_live; i-- > 0;)
		if (live[i] == p) {
			live[i] = live[--n_live];
			return;
		}
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : took(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : took(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	gave_back(old);
	return took(__real_realloc(old, size));
}

void
__wrap_free(void *p)
{
	gave_back(p);
	__real_free(p);
}

static const char *source_dir;

/** One of the fuzzers' inputs, less its first @skip bytes. */
static size_t
sample(const char *name, size_t skip, uint8_t *out, size_t cap)
{
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", source_dir, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	fseek(f, (long)skip, SEEK_SET);
	n = fread(out, 1, cap, f);
	fclose(f);
	assert_true(n > 0);
	return n;
}

/** What is made, by number. @return 0 or the error; *@made is to be freed */
typedef int make(int number, struct rs_payload **made, struct rs_err *err);

static void
each_allocation_fails(make *make_one, int number)
{
	size_t before = n_live;
	int rc = -ENOMEM;

	for (long n = 0; rc != 0; n++) {
		struct rs_payload *p = NULL;
		struct rs_err err = { 0 };

		fail_at = n;
		rc = make_one(number, &p, &err);
		fail_at = -1;
		if (rc != 0 && (rc != -ENOMEM || err.code != rc || p != NULL))
			fail_msg("%d.%ld: %d: %s", number, n, rc, err.text);
		assert_true(n < 1000);
		rs_payload_free(p);
		assert_int_equal(n_live, before);
	}
}

static const struct {
	const char *file;
	size_t skip;
	enum rs_codec codec;
	const char *name;
} files[] = {
	{ "wav/pcm48stereo", 0, RS_CODEC_PCMA, "a.wav" },
	{ "wav/ulaw", 0, RS_CODEC_PCMU, "a.wav" },
	{ "frames/opus_over_pages", 1, RS_CODEC_OPUS, "a.opus" },
	{ "frames/amr_wb", 1, RS_CODEC_AMR_WB, "a.awb" },
	{ "frames/ilbc20", 1, RS_CODEC_ILBC, "a.lbc" },
	{ "frames/g729", 1, RS_CODEC_G729, "a.g729" },
	{ "frames/g729_serial", 1, RS_CODEC_G729, "a.bit" },
	{ "frames/pcma", 1, RS_CODEC_PCMU, "a.alaw" },
};

static int
read_one(int number, struct rs_payload **made, struct rs_err *err)
{
	struct rs_payload_want want = { .codec = files[number].codec };
	static uint8_t bytes[65536];
	long fail = fail_at;
	size_t n;

	fail_at = -1;
	n = sample(files[number].file, files[number].skip, bytes, sizeof(bytes));
	fail_at = fail;
	return rs_payload_read(files[number].name, rs_slice_of(bytes, n), &want, made, err);
}

static void
files_are_read_or_refused_for_lack_of_memory(void **state)
{
	for (int i = 0; i < (int)(sizeof(files) / sizeof(files[0])); i++)
		each_allocation_fails(read_one, i);
}

static int
make_one_of(int number, struct rs_payload **made, struct rs_err *err)
{
	struct rs_payload_want want = { .codec = RS_CODEC_PCMA };
	struct rs_payload_dtx dtx = { .talk_ms = 40, .silence_ms = 40 };
	struct rs_payload *tone;
	int rc;

	switch (number) {
	case 0: return rs_payload_silence(&want, made, err);
	case 1: return rs_payload_noise(RS_NOISE_PINK, 1, -20, 100, &want, made, err);
	case 2: return rs_payload_dtmf("12", 50, 50, -10, &want, made, err);
	default:
		rc = rs_payload_tone(rs_tone_preset("eu-dial"), &want, &tone, err);
		if (rc)
			return rc;
		rc = rs_payload_dtx(tone, &dtx, made, err);
		rs_payload_free(tone);
		return rc;
	}
}

static void
payloads_are_made_or_refused_for_lack_of_memory(void **state)
{
	for (int i = 0; i < 4; i++)
		each_allocation_fails(make_one_of, i);
}

static void
captures_are_read_or_refused_for_lack_of_memory(void **state)
{
	static uint8_t bytes[65536];
	size_t n = sample("pcap/ethernet", 0, bytes, sizeof(bytes)), before = n_live;
	int rc = -ENOMEM;

	for (long k = 0; rc != 0; k++) {
		struct rs_replay *r = NULL;
		struct rs_err err = { 0 };

		fail_at = k;
		rc = rs_replay_read("a.pcap", rs_slice_of(bytes, n), NULL, &r, &err);
		fail_at = -1;
		assert_true(rc == 0 || (rc == -ENOMEM && err.code == rc && !r));
		assert_true(k < 100);
		rs_replay_free(r);
		assert_int_equal(n_live, before);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_or_refused_for_lack_of_memory),
		cmocka_unit_test(payloads_are_made_or_refused_for_lack_of_memory),
		cmocka_unit_test(captures_are_read_or_refused_for_lack_of_memory),
	};

	source_dir = getenv("RINGSTORM_SOURCE");
	if (!source_dir)
		source_dir = ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
