/* SPDX-License-Identifier: BSD-3-Clause */
/** Files without a header: what they are, their names say. */
#include <stdlib.h>

#include "media/g711.h"
#include "media/source.h"

static const struct {
	const char *end;
	enum rs_codec codec;
	bool serial; /* a bit in 16 bits: the ITU's form */
} ends[] = {
	{ ".ulaw", RS_CODEC_PCMU, false },
	{ ".ul", RS_CODEC_PCMU, false },
	{ ".pcmu", RS_CODEC_PCMU, false },
	{ ".alaw", RS_CODEC_PCMA, false },
	{ ".al", RS_CODEC_PCMA, false },
	{ ".pcma", RS_CODEC_PCMA, false },
	{ ".g722", RS_CODEC_G722, false },
	{ ".g729", RS_CODEC_G729, false },
	{ ".bit", RS_CODEC_G729, true },
};

#define ENDS (sizeof(ends) / sizeof(ends[0]))

/** Names of files that begin with something we would have seen: octets under them would be heard as noise. */
static const struct {
	const char *end, *magic; /* NULL: a form that is not read at all */
} headed[] = {
	{ ".wav", "RIFF" },
	{ ".opus", "OggS" },
	{ ".ogg", "OggS" },
	{ ".oga", "OggS" },
	{ ".amr", "#!AMR" },
	{ ".awb", "#!AMR-WB" },
	{ ".lbc", "#!iLBC" },
	{ ".pcap", NULL },
	{ ".pcapng", NULL },
	{ ".mp3", NULL },
	{ ".flac", NULL },
	{ ".m4a", NULL },
	{ ".aac", NULL },
	{ ".au", NULL },
	{ ".gsm", NULL },
	{ ".xml", NULL },
};

#define HEADED (sizeof(headed) / sizeof(headed[0]))

#define G729_FRAME 10
#define G729_SID   2
/** The ITU's serial form: a sync word, the number of bits, and a word for each bit (G.729's and G.192's reference software). */
#define SERIAL_SYNC 0x6b21
#define SERIAL_ONE  0x81
#define SERIAL_ZERO 0x7f

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && rs_slice_case_eq(rs_slice_str(name + len - n), rs_slice_str(end));
}

static size_t
find_end(const char *name)
{
	size_t i = 0;

	while (i < ENDS && !ends_with(name, ends[i].end))
		i++;
	return i;
}

/** Is the name that of a file with a head, or the content that of a capture? */
static int
not_raw(const struct source *s)
{
	static const uint8_t captures[][4] = { { 0xd4, 0xc3, 0xb2, 0xa1 },
		{ 0xa1, 0xb2, 0xc3, 0xd4 }, { 0x4d, 0x3c, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0x3c, 0x4d },
		{ 0x0a, 0x0d, 0x0d, 0x0a } };

	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++)
		if (s->file.len >= 4 && memcmp(s->file.p, captures[i], 4) == 0)
			return rs_source_bad(s, -ENOTSUP, 0,
				"a capture (pcap): it is replayed with its own timing, not cut into frames");
	for (size_t i = 0; i < HEADED; i++) {
		if (!ends_with(s->name, headed[i].end))
			continue;
		if (headed[i].magic)
			return rs_source_bad(s, -EBADMSG, 0,
				"named %s, but does not begin with \"%s\"", headed[i].end,
				headed[i].magic);
		return rs_source_bad(s, -ENOTSUP, 0,
			"%s files are not read; docs/payloads.md says which are, and how to make them",
			headed[i].end);
	}
	return 0;
}

/** The file has one law, the other one is wanted. */
static int
other_law(struct source *s, bool alaw)
{
	s->pcm = malloc(s->file.len * sizeof(*s->pcm));
	if (!s->pcm)
		return rs_source_no_memory(s);
	s->n_pcm = s->file.len;
	rs_g711_decode(alaw, s->file.p, s->file.len, s->pcm);
	return 0;
}

/** Frames of 10 bytes; a SID can be told only where it is the last one, as in a packet (RFC 3551, 4.5.6). */
static int
read_g729(struct source *s)
{
	size_t rest = s->file.len % G729_FRAME;

	if (rest != 0 && rest != G729_SID)
		return rs_source_bad(s, -EBADMSG, s->file.len - rest,
			"%zu bytes are left behind the last frame of 10: a cut file, or not G.729",
			rest);
	s->unit_us = 10000;
	s->data = s->file;
	for (size_t at = 0; at < s->file.len; at += G729_FRAME) {
		bool sid = s->file.len - at == G729_SID;
		struct unit u = { .offset = (uint32_t)at,
			.file_at = (uint32_t)at,
			.len = sid ? G729_SID : G729_FRAME,
			.kind = sid ? UNIT_SID : UNIT_SPEECH };
		int rc = rs_source_add(s, &u);

		if (rc)
			return rc;
	}
	return 0;
}

static unsigned
word(const struct source *s, size_t at)
{
	return s->file.p[at] | (unsigned)s->file.p[at + 1] << 8;
}

/** The bits of one frame of the serial form, at @at, into bytes; the first one is the most significant (RFC 3551, 4.5.6). */
static int
read_serial_bits(struct source *s, size_t at, unsigned n, uint8_t *out)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned w = word(s, at + 2 * i);

		if (w != SERIAL_ONE && w != SERIAL_ZERO)
			return rs_source_bad(
				s, -EBADMSG, at + 2 * i, "0x%04x is no bit (0x81 or 0x7f)", w);
		if (w == SERIAL_ONE)
			out[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return 0;
}

static int
read_serial(struct source *s)
{
	size_t at = 0;

	s->unit_us = 10000;
	while (at < s->file.len) {
		struct unit u = { .offset = (uint32_t)s->bytes.len, .file_at = (uint32_t)at };
		uint8_t frame[G729_FRAME] = { 0 };
		unsigned bits;
		int rc;

		if (s->file.len - at < 4 || word(s, at) != SERIAL_SYNC)
			return rs_source_bad(
				s, -EBADMSG, at, "no sync word 0x6b21 where a frame begins");
		bits = word(s, at + 2);
		at += 4;
		/* 15 bits of a SID, in some writers with one to fill up; an untransmitted frame has none. */
		if (bits != 80 && bits != 16 && bits != 15 && bits != 0)
			return rs_source_bad(s, -EBADMSG, at - 2,
				"a frame of %u bits; G.729 has 80, 16, 15 and 0", bits);
		if ((s->file.len - at) / 2 < bits)
			return rs_source_bad(
				s, -EBADMSG, at, "the file ends within a frame of %u bits", bits);
		rc = read_serial_bits(s, at, bits, frame);
		if (rc)
			return rc;
		u.len = (uint16_t)((bits + 7) / 8);
		u.kind = bits == 80 ? UNIT_SPEECH : bits ? UNIT_SID : UNIT_NONE;
		if (rs_buffer_add(&s->bytes, frame, u.len))
			return rs_source_no_memory(s);
		rc = rs_source_add(s, &u);
		if (rc)
			return rc;
		at += 2 * bits;
	}
	s->data = rs_slice_of(s->bytes.p, s->bytes.len);
	return 0;
}

int
rs_read_raw(struct source *s, enum rs_codec want)
{
	size_t end = find_end(s->name);
	enum rs_codec is = end < ENDS ? ends[end].codec : want;
	int rc = end < ENDS ? 0 : not_raw(s);

	if (rc)
		return rc;
	s->codec = want;
	if (is != want && is <= RS_CODEC_PCMA && want <= RS_CODEC_PCMA)
		return other_law(s, is == RS_CODEC_PCMA);
	if (is != want)
		return rs_source_bad(s, -ENOTSUP, 0,
			"the name says that it is %s, but %s is to be sent",
			rs_codec_info(is)->name, rs_codec_info(want)->name);
	switch (is) {
	case RS_CODEC_PCMU:
	case RS_CODEC_PCMA:
	case RS_CODEC_G722: s->data = s->file; return 0;
	case RS_CODEC_G729: return end < ENDS && ends[end].serial ? read_serial(s) : read_g729(s);
	case RS_CODEC_OPUS:
		return rs_source_bad(s, -EBADMSG, 0,
			"no Ogg file (it does not begin with \"OggS\"), which Opus is read from");
	default:
		return rs_source_bad(s, -EBADMSG, 0,
			"no file of %s: it does not begin with \"#!%s\"", rs_codec_info(is)->name,
			rs_codec_info(is)->name);
	}
}
