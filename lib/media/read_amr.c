/* SPDX-License-Identifier: BSD-3-Clause */
/** AMR and AMR-WB storage (RFC 4867, 5) and iLBC storage (RFC 3952, 4.1): a line that says what it is, then frames. */
#include "media/source.h"

/** A frame type that does not exist. */
#define NO -1

/** Bits of a frame of each type: speech, then SIDs (AMR's 9 to 11 are those of other systems). */
static const int16_t amr_bits[16] = { 95, 103, 118, 134, 148, 159, 204, 244, 39, 43, 38, 37, NO, NO,
	NO, 0 };
/** 14 says that a speech frame was lost. */
static const int16_t wb_bits[16] = { 132, 177, 253, 285, 317, 365, 397, 461, 477, 40, NO, NO, NO,
	NO, 0, 0 };

static const struct {
	const char *magic;
	enum rs_codec codec;
	uint8_t first_sid;
} forms[] = {
	{ "#!AMR\n", RS_CODEC_AMR, 8 },
	{ "#!AMR-WB\n", RS_CODEC_AMR_WB, 9 },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

int
rs_amr_frame_bits(enum rs_codec codec, unsigned ft)
{
	return codec == RS_CODEC_AMR ? amr_bits[ft] : wb_bits[ft];
}

int
rs_read_amr(struct source *s)
{
	size_t form = 0, at;

	while (form < FORMS && !rs_source_begins(s, forms[form].magic))
		form++;
	if (form == FORMS)
		return rs_source_bad(s, -ENOTSUP, 0,
			"neither \"#!AMR\" nor \"#!AMR-WB\" on its first line; more than one channel (_MC) is not taken");
	s->codec = forms[form].codec;
	s->unit_us = 20000;
	s->data = s->file;
	for (at = strlen(forms[form].magic); at < s->file.len;) {
		uint8_t head = s->file.p[at], ft = head >> 3 & 15;
		int bits = rs_amr_frame_bits(s->codec, ft), rc;
		struct unit u = {
			.offset = (uint32_t)at + 1, .file_at = (uint32_t)at, .tag = head
		};

		/* P | FT (4) | Q | P | P, where P is 0 (RFC 4867, 5.3). */
		if (head & 0x83)
			return rs_source_bad(s, -EBADMSG, at,
				"0x%02x does not begin a frame: padding bits are set", head);
		if (bits == NO)
			return rs_source_bad(
				s, -EBADMSG, at, "a frame of type %u, which does not exist", ft);
		u.len = (uint16_t)((bits + 7) / 8);
		u.kind = bits == 0                    ? UNIT_NONE
			: ft >= forms[form].first_sid ? UNIT_SID
						      : UNIT_SPEECH;
		if (u.len > s->file.len - at - 1)
			return rs_source_bad(s, -EBADMSG, at,
				"a frame of type %u has %u bytes, but %zu are left: the file is cut short",
				ft, u.len, s->file.len - at - 1);
		rc = rs_source_add(s, &u);
		if (rc)
			return rc;
		at += 1u + u.len;
	}
	return 0;
}

int
rs_read_ilbc(struct source *s)
{
	bool is_30 = rs_source_begins(s, "#!iLBC30\n");
	size_t frame = is_30 ? 50 : 38, at = strlen("#!iLBC30\n");

	if (!is_30 && !rs_source_begins(s, "#!iLBC20\n"))
		return rs_source_bad(
			s, -ENOTSUP, 0, "neither \"#!iLBC20\" nor \"#!iLBC30\" on its first line");
	s->codec = RS_CODEC_ILBC;
	s->unit_us = is_30 ? 30000 : 20000;
	s->data = s->file;
	for (; at < s->file.len; at += frame) {
		struct unit u = {
			.offset = (uint32_t)at, .file_at = (uint32_t)at, .len = (uint16_t)frame
		};
		int rc;

		if (s->file.len - at < frame)
			return rs_source_bad(s, -EBADMSG, at,
				"%zu bytes are left for a frame of %zu: the file is cut short",
				s->file.len - at, frame);
		rc = rs_source_add(s, &u);
		if (rc)
			return rc;
	}
	return 0;
}
