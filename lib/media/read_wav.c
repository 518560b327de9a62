/* SPDX-License-Identifier: BSD-3-Clause */
/** RIFF/WAVE: PCM of 16 bits, A-law and mu-law. The sizes in it are not believed. */
#include <stdlib.h>

#include "media/g711.h"
#include "media/resample.h"
#include "media/source.h"

enum format { FORMAT_PCM = 1, FORMAT_ALAW = 6, FORMAT_ULAW = 7, FORMAT_EXTENSIBLE = 0xfffe };

/** A data chunk of this size was written to a pipe: it goes on to the end of the file. */
#define SIZE_UNKNOWN 0xffffffffu

struct wav {
	uint32_t format, channels, rate_hz, align, bits;
	struct rs_slice samples;
	bool has_fmt, has_data;
};

static uint32_t
le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static bool
tag_is(const uint8_t *p, const char *tag)
{
	return memcmp(p, tag, 4) == 0;
}

/** The format behind WAVE_FORMAT_EXTENSIBLE: the first two bytes of a GUID whose others are fixed. */
static int
parse_extensible(const struct source *s, size_t at, uint32_t size, struct wav *w)
{
	static const uint8_t rest[14] = { 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b,
		0x71 };
	const uint8_t *p = s->file.p + at;

	if (size < 40)
		return rs_source_bad(
			s, -EBADMSG, at, "an extensible format has 40 bytes, this has %u", size);
	if (memcmp(p + 26, rest, sizeof(rest)) != 0)
		return rs_source_bad(s, -ENOTSUP, at + 24, "the sub-format is no known GUID");
	w->format = le16(p + 24);
	return 0;
}

static int
parse_fmt(const struct source *s, size_t at, uint32_t size, struct wav *w)
{
	const uint8_t *p = s->file.p + at;
	uint32_t bits;

	if (size < 16)
		return rs_source_bad(
			s, -EBADMSG, at, "the fmt chunk has %u bytes, 16 are the least", size);
	w->format = le16(p);
	w->channels = le16(p + 2);
	w->rate_hz = le32(p + 4);
	w->align = le16(p + 12);
	w->bits = le16(p + 14);
	if (w->format == FORMAT_EXTENSIBLE) {
		int rc = parse_extensible(s, at, size, w);

		if (rc)
			return rc;
	}
	if (w->format != FORMAT_PCM && w->format != FORMAT_ALAW && w->format != FORMAT_ULAW)
		return rs_source_bad(s, -ENOTSUP, at,
			"format %u is not taken, only PCM (1), A-law (6) and mu-law (7): "
			"sox %s -r 8000 -c 1 -b 16 -e signed out.wav",
			w->format, s->name);
	bits = w->format == FORMAT_PCM ? 16 : 8;
	if (w->bits != bits)
		return rs_source_bad(
			s, -ENOTSUP, at + 14, "%u bits a sample, only %u are taken", w->bits, bits);
	if (w->channels != 1 && w->channels != 2)
		return rs_source_bad(
			s, -ENOTSUP, at + 2, "%u channels, only 1 and 2 are taken", w->channels);
	if (w->align != w->channels * bits / 8)
		return rs_source_bad(s, -EBADMSG, at + 12,
			"a block of %u bytes for %u channels of %u bits", w->align, w->channels,
			bits);
	if (!rs_resample_factor(w->rate_hz))
		return rs_source_bad(s, -ENOTSUP, at + 4,
			"%u samples/s, only 8000, 16000, 24000, 32000 and 48000 are taken: "
			"sox %s -r 8000 out.wav",
			w->rate_hz, s->name);
	w->has_fmt = true;
	return 0;
}

/** Walk over the chunks. What lies behind the data is not looked at. */
static int
parse_chunks(const struct source *s, struct wav *w)
{
	const struct rs_slice f = s->file;
	size_t at = 12;

	if (f.len < 12 || !tag_is(f.p, "RIFF") || !tag_is(f.p + 8, "WAVE"))
		return rs_source_bad(s, tag_is(f.p, "RIFF") ? -EBADMSG : -ENOTSUP, 0,
			"not a RIFF file of type WAVE (RIFX and RF64 are not taken)");
	while (!w->has_data) {
		uint32_t size;
		int rc = 0;

		if (f.len - at < 8)
			return rs_source_bad(s, -EBADMSG, at, "the file ends before a %s chunk",
				w->has_fmt ? "data" : "fmt");
		size = le32(f.p + at + 4);
		at += 8;
		if (tag_is(f.p + at - 8, "data") && size == SIZE_UNKNOWN)
			size = (uint32_t)(f.len - at);
		if (size > f.len - at)
			return rs_source_bad(s, -EBADMSG, at,
				"a \"%.4s\" chunk of %u bytes, but %zu are left: the file is cut short",
				(const char *)f.p + at - 8, size, f.len - at);
		if (tag_is(f.p + at - 8, "fmt ")) {
			rc = parse_fmt(s, at, size, w);
		} else if (tag_is(f.p + at - 8, "data")) {
			if (!w->has_fmt)
				return rs_source_bad(
					s, -EBADMSG, at - 8, "a data chunk before any fmt chunk");
			w->samples = rs_slice_of(f.p + at, size);
			w->has_data = true;
		}
		if (rc)
			return rc;
		at += size;
		if (size & 1 && at < f.len) /* chunks begin at even places */
			at++;
	}
	if (w->samples.len < w->align)
		return rs_source_bad(
			s, -ENODATA, (size_t)(w->samples.p - f.p), "the data chunk is empty");
	return 0;
}

static int16_t
sample(const struct wav *w, const uint8_t *p)
{
	if (w->format == FORMAT_ALAW)
		return rs_g711_alaw_decode(*p);
	return w->format == FORMAT_ULAW ? rs_g711_ulaw_decode(*p) : (int16_t)le16(p);
}

/** One channel at 8 kHz. */
static int
make_pcm(struct source *s, const struct wav *w)
{
	size_t n = w->samples.len / w->align;
	int factor = rs_resample_factor(w->rate_hz);
	size_t made = (n + (size_t)factor - 1) / (size_t)factor;
	int16_t *mono = malloc(n * sizeof(*mono));

	s->pcm = malloc(made * sizeof(*s->pcm));
	if (!mono || !s->pcm) {
		free(mono);
		return rs_source_no_memory(s);
	}
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = w->samples.p + i * w->align;
		int sum = sample(w, p);

		if (w->channels == 2)
			sum = (sum + sample(w, p + w->align / 2)) / 2;
		mono[i] = (int16_t)sum;
	}
	s->n_pcm = rs_resample_down(mono, n, factor, s->pcm);
	free(mono);
	return 0;
}

int
rs_read_wav(struct source *s, enum rs_codec want)
{
	struct wav w = { 0 };
	int rc = parse_chunks(s, &w);

	if (rc)
		return rc;
	if (want != RS_CODEC_PCMU && want != RS_CODEC_PCMA)
		return rs_source_bad(s, -ENOTSUP, 8,
			"a WAV can be sent as PCMU and PCMA only; docs/payloads.md says how to make a file of %s",
			rs_codec_info(want)->name);
	s->codec = want;
	/* What is coded already stays as it is. */
	if (w.format == (want == RS_CODEC_PCMA ? FORMAT_ALAW : FORMAT_ULAW) && w.channels == 1 &&
		w.rate_hz == 8000) {
		s->data = w.samples;
		return 0;
	}
	return make_pcm(s, &w);
}
