/* SPDX-License-Identifier: BSD-3-Clause */
/** WAV files as payload sets: what is taken at which rates, and what is refused with which words. */
#include "media_read.h"

struct wav {
	uint8_t bytes[200000];
	size_t len;
};

static void
put16(struct wav *w, unsigned v)
{
	w->bytes[w->len++] = (uint8_t)v;
	w->bytes[w->len++] = (uint8_t)(v >> 8);
}

static void
put32(struct wav *w, uint32_t v)
{
	put16(w, v & 0xffff);
	put16(w, v >> 16);
}

static void
put_tag(struct wav *w, const char *tag)
{
	memcpy(w->bytes + w->len, tag, 4);
	w->len += 4;
}

static void
wav_head(struct wav *w, unsigned format, unsigned channels, uint32_t rate, unsigned bits,
	uint32_t data)
{
	w->len = 0;
	put_tag(w, "RIFF");
	put32(w, 36 + data);
	put_tag(w, "WAVE");
	put_tag(w, "fmt ");
	put32(w, format == 0xfffe ? 40 : 16);
	put16(w, format);
	put16(w, channels);
	put32(w, rate);
	put32(w, rate * channels * bits / 8);
	put16(w, channels * bits / 8);
	put16(w, bits);
	if (format == 0xfffe) {
		put16(w, 22);
		put16(w, bits);
		put32(w, 4);
		put16(w, 1);
		memcpy(w->bytes + w->len, "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14);
		w->len += 14;
	}
	put_tag(w, "data");
	put32(w, data);
}

/** A second of a sine of 1 kHz with the peak 10,000 on the channels given. */
static void
wav_tone(struct wav *w, unsigned format, unsigned channels, uint32_t rate)
{
	wav_head(w, format, channels, rate, 16, rate * channels * 2);
	for (uint32_t i = 0; i < rate; i++)
		for (unsigned c = 0; c < channels; c++)
			put16(w,
				(uint16_t)(int16_t)lrint(
					(c ? 5000 : 10000) * sin(2 * M_PI * 1000 * i / rate)));
}

static void
wav_of_pcm_at_each_rate_becomes_g711_of_its_level(void **state)
{
	static const uint32_t rates[] = { 8000, 16000, 24000, 32000, 48000 };
	double level = 20 * log10(10000 / M_SQRT2 / RS_G711_RMS_0DBM0);
	static struct wav w;

	for (size_t i = 0; i < 5; i++)
		for (unsigned channels = 1; channels <= 2; channels++)
			for (int extensible = 0; extensible < 2; extensible++) {
				struct rs_payload *p;

				wav_tone(&w, extensible ? 0xfffe : 1, channels, rates[i]);
				p = read_as("a.wav", w.bytes, w.len,
					want(i % 2 ? RS_CODEC_PCMU : RS_CODEC_PCMA, 20));
				assert_int_equal(p->n_frames, 50);
				assert_int_equal(p->ts_step, 160);
				assert_int_equal(p->clock_hz, 8000);
				assert_int_equal(p->max_len, 160);
				/* Two channels of 10,000 and 5,000 are averaged. */
				assert_true(fabs(level_of(p) - level -
						    (channels == 2 ? 20 * log10(0.75) : 0)) < 0.15);
				rs_payload_free(p);
			}
}

static void
wav_of_the_wanted_law_is_sent_as_it_is_and_the_other_is_converted(void **state)
{
	static const unsigned formats[] = { 6, 7 };
	static struct wav w;

	for (int f = 0; f < 2; f++) {
		struct rs_payload *same, *other;

		wav_head(&w, formats[f], 1, 8000, 8, 256);
		for (int c = 0; c < 256; c++)
			w.bytes[w.len++] = (uint8_t)c;
		same = read_as(
			"law.wav", w.bytes, w.len, want(f ? RS_CODEC_PCMU : RS_CODEC_PCMA, 10));
		frame_is(same, 1, w.bytes + 44 + 80, 80);
		/* The last packet is filled with silence. */
		assert_int_equal(same->n_frames, 4);
		assert_int_equal(rs_payload_bytes(same, &same->frames[3]).p[79], f ? 0xff : 0xd5);
		other = read_as(
			"law.wav", w.bytes, w.len, want(f ? RS_CODEC_PCMA : RS_CODEC_PCMU, 10));
		for (int c = 0; c < 256; c++)
			assert_int_equal(other->block[c],
				f ? rs_g711_alaw_encode(rs_g711_ulaw_decode((uint8_t)c))
				  : rs_g711_ulaw_encode(rs_g711_alaw_decode((uint8_t)c)));
		rs_payload_free(same);
		rs_payload_free(other);
	}
}

static void
wav_with_other_chunks_and_from_a_pipe(void **state)
{
	static struct wav w;
	struct rs_payload *p;

	wav_head(&w, 7, 1, 8000, 8, 0xffffffff);
	memset(w.bytes + w.len, 0x11, 160);
	p = read_as("pipe.wav", w.bytes, w.len + 160, want(RS_CODEC_PCMU, 20));
	assert_int_equal(p->n_frames, 1);
	rs_payload_free(p);
	/* A chunk of odd length between fmt and data. */
	wav_head(&w, 7, 1, 8000, 8, 160);
	w.len -= 8;
	put_tag(&w, "LIST");
	put32(&w, 3);
	put32(&w, 0);
	put_tag(&w, "data");
	put32(&w, 160);
	memset(w.bytes + w.len, 0x22, 160);
	p = read_as("list.wav", w.bytes, w.len + 160, want(RS_CODEC_PCMU, 20));
	assert_int_equal(rs_payload_bytes(p, p->frames).p[0], 0x22);
	rs_payload_free(p);
}

static void
wav_that_is_broken_or_not_taken_is_refused_with_the_place(void **state)
{
	struct rs_payload_want w8 = want(RS_CODEC_PCMU, 20);
	static struct wav w;

	refused("a.wav", "RIFF", 4, w8, -EBADMSG, "at byte 0");
	refused("a.wav", "RIFX\0\0\0\0WAVE", 12, w8, -ENOTSUP, "RIFX");
	refused("a.wav", "RIFF\0\0\0\0WAVEfmt ", 16, w8, -EBADMSG,
		"at byte 12: the file ends before a fmt chunk");
	wav_head(&w, 1, 1, 8000, 16, 320);
	refused("a.wav", w.bytes, w.len + 100, w8, -EBADMSG,
		"at byte 44: a \"data\" chunk of 320 bytes, but 100 are left");
	for (size_t len = 12; len < 44; len++)
		refused("a.wav", w.bytes, len, w8, -EBADMSG, "at byte");
	wav_head(&w, 1, 1, 8000, 16, 0);
	refused("a.wav", w.bytes, w.len, w8, -ENODATA, "empty");
	wav_head(&w, 3, 1, 8000, 32, 4);
	refused("a.wav", w.bytes, w.len + 4, w8, -ENOTSUP, "at byte 20: format 3");
	wav_head(&w, 1, 1, 8000, 24, 3);
	refused("a.wav", w.bytes, w.len + 3, w8, -ENOTSUP, "24 bits");
	wav_head(&w, 1, 6, 8000, 16, 12);
	refused("a.wav", w.bytes, w.len + 12, w8, -ENOTSUP, "6 channels");
	wav_head(&w, 1, 0, 8000, 16, 12);
	refused("a.wav", w.bytes, w.len + 12, w8, -ENOTSUP, "0 channels");
	wav_head(&w, 1, 1, 44100, 16, 12);
	refused("a.wav", w.bytes, w.len + 12, w8, -ENOTSUP, "44100 samples/s");
	wav_head(&w, 1, 1, 8000, 16, 12);
	w.bytes[32] = 0;
	refused("a.wav", w.bytes, w.len + 12, w8, -EBADMSG, "a block of 0 bytes");
	wav_head(&w, 1, 1, 8000, 16, 320);
	memset(w.bytes + 44, 0, 320);
	refused("a.wav", w.bytes, w.len + 320, want(RS_CODEC_G722, 20), -ENOTSUP,
		"docs/payloads.md");
	w.bytes[12] = 'x';
	refused("a.wav", w.bytes, w.len + 320, w8, -EBADMSG, "before any fmt");
	wav_head(&w, 0xfffe, 1, 8000, 16, 2);
	w.bytes[50] ^= 1;
	refused("a.wav", w.bytes, w.len + 2, w8, -ENOTSUP, "GUID");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wav_of_pcm_at_each_rate_becomes_g711_of_its_level),
		cmocka_unit_test(wav_of_the_wanted_law_is_sent_as_it_is_and_the_other_is_converted),
		cmocka_unit_test(wav_with_other_chunks_and_from_a_pipe),
		cmocka_unit_test(wav_that_is_broken_or_not_taken_is_refused_with_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
