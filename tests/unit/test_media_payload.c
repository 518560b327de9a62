/* SPDX-License-Identifier: BSD-3-Clause */
/** Payload sets: octets, G.729, AMR and iLBC files into packets of any ptime; tones, noise, DTX; and what is refused with which words. */
#include "media_read.h"

#include <stdio.h>
#include <unistd.h>

#include "media/cn.h"
#include "media/dtmf.h"

static void
rfc3551_octets_are_cut_at_any_ptime(void **state)
{
	uint8_t octets[9600];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 / 3);
	for (unsigned ms = 10; ms <= 60; ms++) {
		static const struct {
			const char *name;
			enum rs_codec codec;
		} files[] = { { "a.ulaw", RS_CODEC_PCMU }, { "A.ALAW", RS_CODEC_PCMA },
			{ "a.g722", RS_CODEC_G722 }, { "noname", RS_CODEC_PCMA } };

		for (size_t f = 0; f < 4; f++) {
			struct rs_payload *p = read_as(
				files[f].name, octets, sizeof(octets), want(files[f].codec, ms));
			size_t whole = sizeof(octets) / (ms * 8);

			/* 4.5.2: G.722's clock runs at 8,000 Hz, though it samples at 16,000. */
			assert_int_equal(p->clock_hz, 8000);
			assert_int_equal(p->ts_step, ms * 8);
			for (size_t k = 0; k < whole; k++)
				frame_is(p, k, octets + k * ms * 8, ms * 8);
			/* Round and round. */
			frame_is(p, p->n_frames * 5ull + 1, octets + ms * 8, ms * 8);
			assert_int_equal(
				p->n_frames, whole + (f != 2 && sizeof(octets) % (ms * 8) != 0));
			rs_payload_free(p);
		}
	}
}

static void
what_does_not_loop_ends(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_PCMU, 10);
	struct rs_payload *p;
	uint8_t octets[160] = { 0 };

	w.loop = false;
	p = read_as("a.ul", octets, sizeof(octets), w);
	assert_non_null(rs_payload_frame(p, 1));
	assert_null(rs_payload_frame(p, 2));
	rs_payload_free(p);
}

static void
raw_octets_of_the_other_law_are_converted(void **state)
{
	uint8_t octets[80];
	struct rs_payload *p;

	memset(octets, 0x2a, sizeof(octets));
	p = read_as("a.alaw", octets, sizeof(octets), want(RS_CODEC_PCMU, 10));
	assert_int_equal(p->block[0], rs_g711_ulaw_encode(rs_g711_alaw_decode(0x2a)));
	rs_payload_free(p);
	refused("a.alaw", octets, 80, want(RS_CODEC_G722, 10), -ENOTSUP,
		"the name says that it is PCMA, but G722");
	refused("a.bin", octets, 80, want(RS_CODEC_OPUS, 20), -EBADMSG, "OggS");
	refused("a.bin", octets, 80, want(RS_CODEC_AMR, 20), -EBADMSG, "#!AMR");
	refused("a.g722", octets, 79, want(RS_CODEC_G722, 10), -ENODATA, "less than one packet");
}

static void
names_and_captures_that_are_no_octets_are_refused(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_PCMU, 20);

	refused("a.WAV", "0123456789", 10, w, -EBADMSG,
		"named .wav, but does not begin with \"RIFF\"");
	refused("a.opus", "0123456789", 10, want(RS_CODEC_OPUS, 20), -EBADMSG, "OggS");
	refused("a.mp3", "0123456789", 10, w, -ENOTSUP, ".mp3 files are not read");
	refused("a", "\xd4\xc3\xb2\xa1......", 10, w, -ENOTSUP, "a capture");
	refused("a", "\x0a\x0d\x0d\x0a......", 10, w, -ENOTSUP, "a capture");
	/* A raw file may well begin so by chance: its name says what it is. */
	rs_payload_free(read_as("a.ulaw", "\x0a\x0d\x0d\x0a......", 10, w));
}

static void
rfc3551_4_5_6_g729_frames_and_a_sid_at_the_end(void **state)
{
	uint8_t bytes[42];
	struct rs_payload *p;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	p = read_as("a.g729", bytes, 40, want(RS_CODEC_G729, 20));
	assert_int_equal(p->n_frames, 2);
	assert_int_equal(p->ts_step, 160);
	frame_is(p, 1, bytes + 20, 20);
	rs_payload_free(p);
	p = read_as("a.g729", bytes, 42, want(RS_CODEC_G729, 10));
	assert_int_equal(p->n_frames, 5);
	frame_is(p, 4, bytes + 40, 2);
	rs_payload_free(p);
	p = read_as("a.g729", bytes, 32, want(RS_CODEC_G729, 20));
	frame_is(p, 1, bytes + 20, 12);
	rs_payload_free(p);
	refused("a.g729", bytes, 35, want(RS_CODEC_G729, 20), -EBADMSG,
		"at byte 30: 5 bytes are left");
	refused("a.g729", bytes, 40, want(RS_CODEC_G729, 15), -EINVAL, "multiple of 10 ms");
}

/** One frame of the ITU's serial form, all bits of it @one but the first. @return its bytes */
static size_t
serial(uint8_t *out, unsigned bits)
{
	memcpy(out, (const uint8_t[]){ 0x21, 0x6b, (uint8_t)bits, 0 }, 4);
	for (unsigned i = 0; i < bits; i++)
		memcpy(out + 4 + 2 * i, i % 3 ? "\x7f" : "\x81", 2);
	return 4 + 2 * bits;
}

static void
g729_of_the_itu_serial_form_has_silences(void **state)
{
	uint8_t bytes[2000];
	size_t n = 0;
	struct rs_payload *p;

	n += serial(bytes + n, 80);
	n += serial(bytes + n, 16);
	n += serial(bytes + n, 0);
	n += serial(bytes + n, 0);
	n += serial(bytes + n, 80);
	p = read_as("a.bit", bytes, n, want(RS_CODEC_G729, 10));
	assert_int_equal(p->n_frames, 5);
	frame_is(p, 0, "\x92\x49\x24\x92\x49\x24\x92\x49\x24\x92", 10);
	frame_is(p, 1, "\x92\x49", 2);
	assert_int_equal(p->frames[2].kind, RS_FRAME_NONE);
	assert_int_equal(p->frames[3].kind, RS_FRAME_NONE);
	/* RFC 3551, 4.1: the marker at a talkspurt's first packet, and only there. */
	assert_int_equal(p->frames[1].mark, 0);
	assert_int_equal(p->frames[4].mark, 1);
	rs_payload_free(p);
	/* A frame behind a SID in the same packet could not say when it is due. */
	n += serial(bytes + n, 80);
	p = read_as("a.bit", bytes, n, want(RS_CODEC_G729, 20));
	assert_int_equal(p->n_frames, 3);
	frame_is(p, 0, "\x92\x49\x24\x92\x49\x24\x92\x49\x24\x92\x92\x49", 12);
	rs_payload_free(p);
	refused("a.bit", bytes, n, want(RS_CODEC_G729, 60), -ENOTSUP, "only a ptime of 10 ms");
	refused("a.bit", bytes, n - 2, want(RS_CODEC_G729, 10), -EBADMSG, "ends within a frame");
	refused("a.bit", bytes + 2, n - 2, want(RS_CODEC_G729, 10), -EBADMSG,
		"at byte 0: no sync word");
	bytes[4] = 0x80;
	refused("a.bit", bytes, n, want(RS_CODEC_G729, 10), -EBADMSG,
		"at byte 4: 0x0080 is no bit");
	bytes[4] = 0x81;
	bytes[2] = 81;
	refused("a.bit", bytes, n, want(RS_CODEC_G729, 10), -EBADMSG,
		"at byte 2: a frame of 81 bits");
}

/* AMR: frames of FT 7 (12.2 kbit/s, 244 bits), a SID, nothing. */

static size_t
amr_frame(uint8_t *out, unsigned ft, size_t len, uint8_t fill)
{
	out[0] = (uint8_t)(ft << 3 | 4);
	memset(out + 1, fill, len);
	return len + 1;
}

static void
rfc4867_4_4_octet_aligned_payload(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_AMR, 40);
	uint8_t file[200] = "#!AMR\n", packet[65];
	size_t n = 6;
	struct rs_payload *p;

	w.octet_align = true;
	n += amr_frame(file + n, 7, 31, 0xa5);
	file[n - 1] &= 0xf0; /* 244 bits: 4 of padding */
	n += amr_frame(file + n, 7, 31, 0x3c);
	file[n - 1] &= 0xf0;
	p = read_as("a.amr", file, n, w);
	assert_int_equal(p->n_frames, 1);
	assert_int_equal(p->ts_step, 320);
	assert_true(p->octet_align);
	/* CMR 15; two entries FT 7, Q 1, the first one followed by another. */
	memcpy(packet, "\xf0\xbc\x3c", 3);
	memset(packet + 3, 0xa5, 31);
	packet[33] = 0xa0;
	memset(packet + 34, 0x3c, 31);
	packet[64] = 0x30;
	frame_is(p, 0, packet, 65);
	rs_payload_free(p);
}

static void
rfc4867_4_3_bandwidth_efficient_payload(void **state)
{
	uint8_t file[200] = "#!AMR\n";
	size_t n = 6;
	struct rs_payload *p;
	const struct rs_frame *f;
	const uint8_t *b;

	/* 4.3.5.1, single channel, one frame of 7.4 kbit/s (FT 4, 148 bits): 4 + 6 + 148 = 158 bits, 20 bytes. */
	n += amr_frame(file + n, 4, 19, 0xff);
	file[n - 1] = 0xf0;
	n += amr_frame(file + n, 7, 31, 0xff);
	file[n - 1] = 0xf0;
	p = read_as("a.amr", file, n, want(RS_CODEC_AMR, 20));
	assert_int_equal(p->n_frames, 2);
	f = rs_payload_frame(p, 0);
	b = rs_payload_bytes(p, f).p;
	assert_int_equal(f->len, 20);
	/* 1111 0 0100 1 | 111111 ...: CMR 15, F 0, FT 4, Q 1. */
	assert_int_equal(b[0], 0xf2);
	assert_int_equal(b[1], 0x7f);
	assert_int_equal(b[19], 0xfc);
	/* 12.2 kbit/s: 4 + 6 + 244 = 254 bits, 32 bytes. */
	assert_int_equal(rs_payload_frame(p, 1)->len, 32);
	rs_payload_free(p);
}

static void
rfc4867_5_all_frame_types_of_both_codecs(void **state)
{
	/* Bits: RFC 4867, 3.6 and table 1 of TS 26.101 and 26.201. */
	static const int nb[] = { 95, 103, 118, 134, 148, 159, 204, 244, 39 };
	static const int wb[] = { 132, 177, 253, 285, 317, 365, 397, 461, 477, 40 };

	for (int wide = 0; wide < 2; wide++)
		for (unsigned ft = 0; ft < (wide ? 10 : 9); ft++) {
			int bits = wide ? wb[ft] : nb[ft];
			uint8_t file[80];
			size_t n = (size_t)sprintf((char *)file, wide ? "#!AMR-WB\n" : "#!AMR\n");
			struct rs_payload_want w = want(wide ? RS_CODEC_AMR_WB : RS_CODEC_AMR, 20);
			struct rs_payload *p;

			n += amr_frame(file + n, ft, (size_t)(bits + 7) / 8, 0xff);
			p = read_as("x", file, n, w);
			assert_int_equal(rs_payload_frame(p, 0)->len, (10 + bits + 7) / 8);
			assert_int_equal(p->ts_step, wide ? 320 : 160);
			rs_payload_free(p);
			w.octet_align = true;
			p = read_as("x", file, n, w);
			assert_int_equal(rs_payload_frame(p, 0)->len, 2 + (bits + 7) / 8);
			rs_payload_free(p);
			refused("x", file, n - 1, w, -EBADMSG, "cut short");
		}
}

static void
rfc4867_4_1_silence_is_not_sent_and_speech_after_it_is_marked(void **state)
{
	uint8_t file[400] = "#!AMR\n";
	size_t n = 6;
	struct rs_payload *p;

	n += amr_frame(file + n, 7, 31, 1);
	n += amr_frame(file + n, 8, 5, 2);
	for (int i = 0; i < 3; i++)
		n += amr_frame(file + n, 15, 0, 0);
	n += amr_frame(file + n, 8, 5, 2);
	n += amr_frame(file + n, 7, 31, 1);
	n += amr_frame(file + n, 7, 31, 1);
	p = read_as("a.amr", file, n, want(RS_CODEC_AMR, 20));
	assert_int_equal(p->n_frames, 8);
	for (uint32_t k = 0; k < 8; k++) {
		assert_int_equal(
			p->frames[k].kind, k >= 2 && k <= 4 ? RS_FRAME_NONE : RS_FRAME_MEDIA);
		assert_int_equal(p->frames[k].mark, k == 6);
	}
	rs_payload_free(p);
	/* In longer packets a frame of no data keeps its place. */
	p = read_as("a.amr", file, n, want(RS_CODEC_AMR, 40));
	assert_int_equal(p->n_frames, 4);
	assert_int_equal(p->frames[1].kind, RS_FRAME_NONE);
	assert_int_equal(p->frames[2].len, (4 + 12 + 39 + 7) / 8);
	assert_int_equal(p->frames[3].mark, 1);
	rs_payload_free(p);
}

static void
rfc4867_5_what_is_no_amr_is_refused(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_AMR, 20);

	refused("a.amr", "#!AMR_MC1.0\n", 12, w, -ENOTSUP, "more than one channel");
	refused("a.amr", "#!AMR\n", 6, w, -ENODATA, "less than one packet");
	refused("a.amr", "#!AMR\n\x7c\x7c", 8, w, -ENODATA,
		"less than one packet that is to be sent");
	refused("a.amr", "#!AMR\n\x80", 7, w, -EBADMSG, "at byte 6: 0x80 does not begin a frame");
	refused("a.amr", "#!AMR\n\x64", 7, w, -EBADMSG, "at byte 6: a frame of type 12");
	refused("a.amr", "#!AMR\n\x7c", 7, want(RS_CODEC_PCMU, 20), -ENOTSUP,
		"holds AMR, but PCMU");
	refused("a.amr", "#!AMR\n\x7c", 7, want(RS_CODEC_AMR_WB, 20), -ENOTSUP,
		"holds AMR, but AMR-WB");
	refused("a.amr", "#!AMR\n\x7c", 7, want(RS_CODEC_AMR, 30), -EINVAL, "multiple of 20 ms");
}

static void
rfc3952_4_1_ilbc_of_both_frame_lengths(void **state)
{
	uint8_t file[9 + 150];
	struct rs_payload *p;

	memset(file, 7, sizeof(file));
	memcpy(file, "#!iLBC30\n", 9);
	p = read_as("a.lbc", file, 9 + 100, (struct rs_payload_want){ .codec = RS_CODEC_ILBC });
	assert_int_equal(p->n_frames, 2);
	assert_int_equal(p->ptime_ns, MS(30));
	assert_int_equal(p->ts_step, 240);
	assert_int_equal(p->max_len, 50);
	rs_payload_free(p);
	p = read_as("a.lbc", file, 9 + 100, want(RS_CODEC_ILBC, 60));
	assert_int_equal(p->max_len, 100);
	rs_payload_free(p);
	refused("a.lbc", file, 9 + 100, want(RS_CODEC_ILBC, 20), -ENOTSUP,
		"frames of 30 ms, from which no packets of 20 ms");
	refused("a.lbc", file, 9 + 99, want(RS_CODEC_ILBC, 30), -EBADMSG,
		"at byte 59: 49 bytes are left");
	memcpy(file, "#!iLBC20\n", 9);
	p = read_as("a.lbc", file, 9 + 76, want(RS_CODEC_ILBC, 20));
	assert_int_equal(p->n_frames, 2);
	rs_payload_free(p);
	memcpy(file, "#!iLBC25\n", 9);
	refused("a.lbc", file, 9 + 76, want(RS_CODEC_ILBC, 20), -ENOTSUP, "neither");
}

static void
ptimes_beyond_10_to_60_ms_are_refused(void **state)
{
	refused("a.ul", "abc", 3, want(RS_CODEC_PCMU, 9), -EINVAL, "10 to 60 ms");
	refused("a.ul", "abc", 3, want(RS_CODEC_PCMU, 61), -EINVAL, "10 to 60 ms");
	refused("a.ul", "abc", 3, (struct rs_payload_want){ .ptime_ns = 20000001 }, -EINVAL,
		"multiple of 1 ms");
	refused("a.ul", "abc", 3, (struct rs_payload_want){ .codec = RS_CODECS }, -EINVAL,
		"no codec");
}

static void
files_that_cannot_be_opened_are_told_of(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_PCMU, 20);
	struct rs_payload *p;
	struct rs_err err;
	char path[] = "/tmp/ringstorm-test-XXXXXX";
	int fd;

	assert_int_equal(rs_payload_open("/nowhere/a.wav", &w, &p, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere/a.wav: No such file or directory");
	assert_int_equal(rs_payload_open("/tmp", &w, &p, &err), -EISDIR);
	assert_int_equal(rs_payload_open("/dev/null", &w, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a regular file"));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(rs_payload_open(path, &w, &p, &err), -ENODATA);
	assert_int_equal(write(fd, "12345678", 8), 8);
	assert_int_equal(rs_payload_open(path, &w, &p, &err), 0);
	assert_int_equal(p->n_frames, 1);
	rs_payload_free(p);
	assert_int_equal(ftruncate(fd, (off_t)RS_PAYLOAD_FILE_MAX + 1), 0);
	assert_int_equal(rs_payload_open(path, &w, &p, &err), -EFBIG);
	assert_non_null(strstr(err.text, "256 MiB"));
	close(fd);
	unlink(path);
}

static void
a_tone_goes_round_without_a_click(void **state)
{
	for (unsigned ms = 10; ms <= 60; ms += 10) {
		struct rs_payload_want w = want(RS_CODEC_PCMA, ms);
		struct rs_payload *p;
		struct rs_err err;
		int16_t last[2], first[2], step = 0, pcm[480];

		assert_int_equal(rs_payload_tone(rs_tone_preset("eu-dial"), &w, &p, &err), 0);
		assert_true(p->n_frames * ms % 40 == 0);
		rs_g711_decode(true, p->block, 480 < p->block_len ? 480 : p->block_len, pcm);
		for (size_t i = 1; i < 320; i++)
			step = (int16_t)fmax(step, abs(pcm[i] - pcm[i - 1]));
		rs_g711_decode(true, p->block + p->block_len - 2, 2, last);
		rs_g711_decode(true, p->block, 2, first);
		assert_true(abs(first[0] - last[1]) <= step);
		rs_payload_free(p);
	}
}

static void
tones_noise_and_silence_have_their_levels(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_PCMU, 20);
	struct rs_payload *p;
	struct rs_err err;

	assert_int_equal(rs_payload_tone(rs_tone_preset("milliwatt"), &w, &p, &err), 0);
	assert_true(fabs(level_of(p)) < 0.1);
	rs_payload_free(p);
	assert_int_equal(rs_payload_noise(RS_NOISE_PINK, 1, -25, 2000, &w, &p, &err), 0);
	assert_int_equal(p->n_frames, 100);
	assert_true(fabs(level_of(p) + 25) < 0.3);
	rs_payload_free(p);
	assert_int_equal(rs_payload_silence(&w, &p, &err), 0);
	assert_int_equal(p->n_frames, 1);
	for (size_t i = 0; i < 160; i++)
		assert_int_equal(p->block[i], 0xff);
	rs_payload_free(p);
	assert_int_equal(rs_payload_noise(RS_NOISE_PINK, 1, 0, 2000, &w, &p, &err), -EINVAL);
	assert_int_equal(rs_payload_noise(RS_NOISE_PINK, 1, -25, 0, &w, &p, &err), -EINVAL);
	assert_int_equal(rs_payload_noise(RS_NOISE_PINK, 1, -25, 3600001, &w, &p, &err), -EFBIG);
	assert_int_equal(rs_payload_tone(&(struct rs_tone){ 0 }, &w, &p, &err), -EINVAL);
	w.codec = RS_CODEC_OPUS;
	assert_int_equal(rs_payload_noise(RS_NOISE_PINK, 1, -25, 1000, &w, &p, &err), -ENOTSUP);
	assert_null(p);
}

static void
digits_that_are_sent_are_the_digits_that_are_heard(void **state)
{
	struct rs_payload_want w = { .codec = RS_CODEC_PCMU, .ptime_ns = MS(30) };
	struct rs_dtmf_digit out[8];
	struct rs_dtmf_detector d;
	struct rs_payload *p;
	struct rs_err err;
	size_t n = 0;

	assert_int_equal(rs_payload_dtmf("4711,#", 70, 70, -8, &w, &p, &err), 0);
	rs_dtmf_init(&d, NULL);
	for (uint64_t k = 0; rs_payload_frame(p, k); k++) {
		int16_t pcm[480];

		rs_g711_decode(false, rs_payload_bytes(p, rs_payload_frame(p, k)).p, 240, pcm);
		n += rs_dtmf_input(&d, pcm, 240, out + n, 8 - n);
	}
	assert_int_equal(n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(out[i].digit, "4711#"[i]);
	rs_payload_free(p);
	assert_int_equal(rs_payload_dtmf("47x", 70, 70, -8, &w, &p, &err), -EINVAL);
}

static void
rfc3389_4_silences_have_comfort_noise_and_talk_after_them_a_marker(void **state)
{
	struct rs_payload_want w = want(RS_CODEC_PCMA, 20);
	struct rs_payload_dtx dtx = {
		.talk_ms = 100, .silence_ms = 190, .cn_every_ms = 80, .cn_level_dbov = 60
	};
	struct rs_payload *tone, *p;
	struct rs_err err;
	struct rs_cn cn;

	assert_int_equal(rs_payload_tone(rs_tone_preset("milliwatt"), &w, &tone, &err), 0);
	assert_int_equal(rs_payload_dtx(tone, &dtx, &p, &err), 0);
	/* 5 frames of talk, 10 of silence; the tone's own round is longer. */
	assert_int_equal(p->n_frames % 15, 0);
	assert_true(p->n_frames >= tone->n_frames);
	for (uint32_t k = 0; k < p->n_frames; k++) {
		const struct rs_frame *f = &p->frames[k];
		uint32_t place = k % 15;

		assert_int_equal(f->kind,
			place < 5                      ? RS_FRAME_MEDIA
				: (place - 5) % 4 == 0 ? RS_FRAME_CN
						       : RS_FRAME_NONE);
		assert_int_equal(f->mark, place == 0);
		assert_int_equal(f->len, place < 5 ? 160 : (place - 5) % 4 == 0 ? 1 : 0);
		if (f->kind == RS_FRAME_CN)
			assert_int_equal(rs_cn_parse(rs_payload_bytes(p, f).p, f->len, &cn), 0);
		else if (place < 5)
			frame_is(p, k, tone->block + k % tone->n_frames * 160, 160);
	}
	assert_int_equal(cn.level_dbov, 60);
	rs_payload_free(p);
	dtx.cn_level_dbov = 128;
	assert_int_equal(rs_payload_dtx(tone, &dtx, &p, &err), -EINVAL);
	rs_payload_free(tone);
}

static void
codecs_are_found_by_name_in_any_case(void **state)
{
	enum rs_codec codec;

	for (enum rs_codec c = 0; c < RS_CODECS; c++) {
		assert_int_equal(rs_codec_find(rs_slice_str(rs_codec_info(c)->name), &codec), 0);
		assert_int_equal(codec, c);
	}
	assert_int_equal(rs_codec_find(rs_slice_str("OPUS"), &codec), 0);
	assert_int_equal(codec, RS_CODEC_OPUS);
	assert_int_equal(rs_codec_find(rs_slice_str("G723"), &codec), -ENOENT);
	assert_int_equal(rs_codec_info(RS_CODEC_G722)->clock_hz, 8000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3551_octets_are_cut_at_any_ptime),
		cmocka_unit_test(what_does_not_loop_ends),
		cmocka_unit_test(raw_octets_of_the_other_law_are_converted),
		cmocka_unit_test(names_and_captures_that_are_no_octets_are_refused),
		cmocka_unit_test(rfc3551_4_5_6_g729_frames_and_a_sid_at_the_end),
		cmocka_unit_test(g729_of_the_itu_serial_form_has_silences),
		cmocka_unit_test(rfc4867_4_4_octet_aligned_payload),
		cmocka_unit_test(rfc4867_4_3_bandwidth_efficient_payload),
		cmocka_unit_test(rfc4867_5_all_frame_types_of_both_codecs),
		cmocka_unit_test(rfc4867_4_1_silence_is_not_sent_and_speech_after_it_is_marked),
		cmocka_unit_test(rfc4867_5_what_is_no_amr_is_refused),
		cmocka_unit_test(rfc3952_4_1_ilbc_of_both_frame_lengths),
		cmocka_unit_test(ptimes_beyond_10_to_60_ms_are_refused),
		cmocka_unit_test(files_that_cannot_be_opened_are_told_of),
		cmocka_unit_test(a_tone_goes_round_without_a_click),
		cmocka_unit_test(tones_noise_and_silence_have_their_levels),
		cmocka_unit_test(digits_that_are_sent_are_the_digits_that_are_heard),
		cmocka_unit_test(
			rfc3389_4_silences_have_comfort_noise_and_talk_after_them_a_marker),
		cmocka_unit_test(codecs_are_found_by_name_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
