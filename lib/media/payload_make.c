/* SPDX-License-Identifier: BSD-3-Clause */
/** Payload sets that no file is needed for: tones, noise, silence, DTMF, and silences cut into a set. */
#include <math.h>
#include <stdlib.h>

#include "media/cn.h"
#include "media/dtmf.h"
#include "media/g711.h"
#include "media/source.h"

#define PER_MS 8u

static int
check(struct rs_payload_want *want, const char *what, struct rs_err *err)
{
	if (want->codec != RS_CODEC_PCMU && want->codec != RS_CODEC_PCMA)
		return rs_err_set(err, -ENOTSUP, "%s: can be made as PCMU and PCMA only", what);
	return rs_want_check(want, what, err);
}

static int
too_long(struct rs_err *err, const char *what)
{
	return rs_err_set(
		err, -EFBIG, "%s: is longer than %u s", what, RS_PAYLOAD_SAMPLES_MAX / 8000);
}

static int
no_memory(struct rs_err *err, const char *what)
{
	return rs_err_set(err, -ENOMEM, "%s: no memory for its samples", what);
}

/** Samples that are the caller's to give away. */
static int
from_samples(const char *what, int16_t *samples, size_t n, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err)
{
	struct source s = {
		.name = what, .err = err, .codec = want->codec, .pcm = samples, .n_pcm = n
	};
	int rc = rs_repack(&s, want, out);

	rs_source_free(&s);
	return rc;
}

int
rs_payload_pcm(const int16_t *samples, size_t n, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err)
{
	struct rs_payload_want w = *want;
	int rc = check(&w, "samples", err);
	int16_t *copy;

	*out = NULL;
	if (rc)
		return rc;
	if (n == 0)
		return rs_err_set(err, -EINVAL, "samples: there are none");
	if (n > RS_PAYLOAD_SAMPLES_MAX)
		return too_long(err, "samples");
	copy = malloc(n * sizeof(*copy));
	if (!copy)
		return no_memory(err, "samples");
	memcpy(copy, samples, n * sizeof(*copy));
	return from_samples("samples", copy, n, &w, out, err);
}

/** The least common multiple, in samples, of a period and a packet. */
static uint64_t
come_round(uint64_t a, uint64_t b)
{
	uint64_t x = a, y = b;

	while (y) {
		uint64_t rest = x % y;

		x = y;
		y = rest;
	}
	return a / x * b;
}

int
rs_payload_tone(const struct rs_tone *tone, const struct rs_payload_want *want,
	struct rs_payload **out, struct rs_err *err)
{
	struct rs_payload_want w = *want;
	int rc = check(&w, "tone", err);
	const char *why = rs_tone_check(tone);
	int16_t *samples;
	uint64_t n;

	*out = NULL;
	if (rc)
		return rc;
	if (why)
		return rs_err_set(err, -EINVAL, "tone: %s", why);
	n = come_round((uint64_t)rs_tone_period_ms(tone) * PER_MS, w.ptime_ns / 125000);
	if (n > RS_PAYLOAD_SAMPLES_MAX)
		return too_long(err, "tone");
	samples = malloc(n * sizeof(*samples));
	if (!samples)
		return no_memory(err, "tone");
	rs_tone_make(tone, 0, n, samples);
	return from_samples("tone", samples, n, &w, out, err);
}

int
rs_payload_noise(enum rs_noise_colour colour, uint64_t seed, double dbm0, uint32_t ms,
	const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err)
{
	struct rs_payload_want w = *want;
	size_t n = (size_t)ms * PER_MS;
	int rc = check(&w, "noise", err);
	int16_t *samples;
	double *scratch;

	*out = NULL;
	if (rc)
		return rc;
	if (!(dbm0 >= -60 && dbm0 <= -3))
		return rs_err_set(
			err, -EINVAL, "noise: a level is from -60 to -3 dBm0, not %g", dbm0);
	if (ms == 0)
		return rs_err_set(err, -EINVAL, "noise: lasts at least 1 ms");
	if (n > RS_PAYLOAD_SAMPLES_MAX)
		return too_long(err, "noise");
	samples = malloc(n * sizeof(*samples));
	scratch = malloc(n * sizeof(*scratch));
	if (samples && scratch)
		rs_noise_make(colour, seed, dbm0, n, scratch, samples);
	else
		rc = no_memory(err, "noise");
	free(scratch);
	if (rc) {
		free(samples);
		return rc;
	}
	return from_samples("noise", samples, n, &w, out, err);
}

int
rs_payload_silence(const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err)
{
	static const int16_t zero[8] = { 0 };

	/* One sample: the rest of the packet is filled up. */
	return rs_payload_pcm(zero, 1, want, out, err);
}

int
rs_payload_dtmf(const char *digits, uint32_t on_ms, uint32_t off_ms, double dbm0,
	const struct rs_payload_want *want, struct rs_payload **out, struct rs_err *err)
{
	struct rs_dtmf_spec spec = {
		.on_ms = on_ms, .off_ms = off_ms, .low_dbm0 = dbm0, .high_dbm0 = dbm0
	};
	struct rs_payload_want w = *want;
	int rc = check(&w, "dtmf", err);
	int16_t *samples;
	int64_t n;

	*out = NULL;
	if (rc)
		return rc;
	n = rs_dtmf_samples(digits, &spec);
	if (n < 0)
		return rs_err_set(err, -EINVAL,
			"dtmf: digits are 0-9, *, #, A-D and a comma; each lasts 1 to 60,000 ms, at -60 to -3 dBm0 a frequency");
	if (n > RS_PAYLOAD_SAMPLES_MAX)
		return too_long(err, "dtmf");
	samples = malloc((size_t)n * sizeof(*samples));
	if (!samples)
		return no_memory(err, "dtmf");
	rs_dtmf_make(digits, &spec, samples);
	return from_samples("dtmf", samples, (size_t)n, &w, out, err);
}

/** So many frames as @ms last, rounded up, at least one. */
static uint64_t
frames_of(uint32_t ms, uint64_t ptime_ns)
{
	uint64_t n = (ms * 1000000ull + ptime_ns - 1) / ptime_ns;

	return n ? n : 1;
}

int
rs_payload_dtx(const struct rs_payload *from, const struct rs_payload_dtx *dtx,
	struct rs_payload **out, struct rs_err *err)
{
	struct rs_payload_want w = { from->codec, from->ptime_ns, from->octet_align, from->loop };
	struct rs_cn cn = { .level_dbov = dtx->cn_level_dbov };
	uint64_t talk = frames_of(dtx->talk_ms, w.ptime_ns),
		 silence = frames_of(dtx->silence_ms, w.ptime_ns);
	uint64_t every = dtx->cn_every_ms ? frames_of(dtx->cn_every_ms, w.ptime_ns) : silence;
	uint64_t n = (from->n_frames + talk + silence - 1) / (talk + silence) * (talk + silence);
	struct maker m = { 0 };
	uint8_t noise[1];
	int rc = 0;

	*out = NULL;
	if (w.codec > RS_CODEC_G722)
		return rs_err_set(err, -ENOTSUP,
			"dtx: %s has no comfort noise of RFC 3389, only PCMU, PCMA and G722 have",
			rs_codec_info(w.codec)->name);
	if (rs_cn_build(&cn, noise, sizeof(noise)) < 0)
		return rs_err_set(err, -EINVAL,
			"dtx: a comfort noise level is 0 to 127 dB below overload, not %u",
			dtx->cn_level_dbov);
	if (n > RS_PAYLOAD_SAMPLES_MAX / 80)
		return too_long(err, "dtx");
	for (uint64_t k = 0; k < n && rc == 0; k++) {
		uint64_t place = k % (talk + silence);
		const struct rs_frame *f = &from->frames[k % from->n_frames];
		bool over = k >= from->n_frames && !from->loop;

		if (place < talk && !over)
			rc = rs_maker_add(&m, f->kind, from->block + f->offset, f->len);
		else if (place >= talk && (place - talk) % every == 0)
			rc = rs_maker_add(&m, RS_FRAME_CN, noise, sizeof(noise));
		else
			rc = rs_maker_add(&m, RS_FRAME_NONE, NULL, 0);
	}
	if (rc == 0)
		rc = rs_maker_finish(&m, &w, out);
	rs_maker_drop(&m);
	return rc ? no_memory(err, "dtx") : 0;
}
