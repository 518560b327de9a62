/* SPDX-License-Identifier: BSD-3-Clause */
/** Opus in Ogg: pages (RFC 3533) into packets (RFC 7845), packets into frames. Pre-skip and granule positions are not needed. */
#include "media/source.h"

#define PAGE_HEAD 27
/** What no packet of one Opus stream can be longer than: 48 frames of 1,275 bytes and their lengths. */
#define PACKET_MAX (48 * 1277 + 2)

enum { PAGE_CONTINUED = 1, PAGE_FIRST = 2, PAGE_LAST = 4 };

struct ogg {
	struct source *s;
	struct buffer packet; /* what of an unfinished packet was in the pages before */
	size_t packet_at;     /* where it begins, in the file */
	uint32_t serial, next_page;
	uint32_t packets; /* finished ones of the stream; the first two are headers */
	bool found, unfinished, over;
	uint32_t crc[256];
};

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/** CRC-32 of polynomial 0x04c11db7, bits not reflected, from 0 (RFC 3533, 6). */
static void
make_crc(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t r = i << 24;

		for (int bit = 0; bit < 8; bit++)
			r = r & 0x80000000u ? r << 1 ^ 0x04c11db7u : r << 1;
		table[i] = r;
	}
}

/** Of a page, its own CRC taken as 0. */
static uint32_t
page_crc(const uint32_t table[256], const uint8_t *p, size_t len)
{
	uint32_t r = 0;

	for (size_t i = 0; i < len; i++)
		r = r << 8 ^ table[(r >> 24) ^ (i >= 22 && i < 26 ? 0 : p[i])];
	return r;
}

/** The identification header (RFC 7845, 5.1). */
static int
head_packet(struct ogg *o, const uint8_t *p, size_t len)
{
	if (len < 19 || p[8] >> 4 != 0)
		return rs_source_bad(o->s, -EBADMSG, o->packet_at,
			"an OpusHead of %zu bytes, version %u", len, len > 8 ? p[8] : 0);
	if (p[18] != 0)
		return rs_source_bad(o->s, -ENOTSUP, o->packet_at,
			"several Opus streams in one (channel mapping family %u): only mono and stereo are taken",
			p[18]);
	if (p[9] != 1 && p[9] != 2)
		return rs_source_bad(o->s, -EBADMSG, o->packet_at, "%u channels in family 0", p[9]);
	return 0;
}

/** An Opus packet's frames become units. */
static int
audio_packet(struct ogg *o, const uint8_t *p, size_t len)
{
	struct rs_slice frames[RS_OPUS_FRAMES];
	struct source *s = o->s;
	const char *why = "";
	int n = rs_opus_split(rs_slice_of(p, len), frames, &why), rc = 0;
	uint32_t us;

	if (n < 0)
		return rs_source_bad(s, n, o->packet_at, "Opus packet %u: %s", o->packets - 2, why);
	us = rs_opus_frame_us(p[0]);
	if (s->unit_us && us != s->unit_us)
		return rs_source_bad(s, -ENOTSUP, o->packet_at,
			"Opus packet %u has frames of %g ms, those before had %g", o->packets - 2,
			us / 1e3, s->unit_us / 1e3);
	s->unit_us = us;
	for (int i = 0; i < n && rc == 0; i++) {
		struct unit u = { .offset = (uint32_t)s->bytes.len,
			.file_at = (uint32_t)o->packet_at,
			.len = (uint16_t)frames[i].len,
			.tag = p[0] & 0xfc };

		rc = rs_buffer_add(&s->bytes, frames[i].p, frames[i].len) ? rs_source_no_memory(s)
									  : rs_source_add(s, &u);
	}
	return rc;
}

static int
finish_packet(struct ogg *o)
{
	const uint8_t *p = o->packet.p;
	size_t len = o->packet.len;

	o->packet.len = 0;
	o->unfinished = false;
	o->packets++;
	if (o->packets == 1)
		return head_packet(o, p, len);
	if (o->packets > 2)
		return audio_packet(o, p, len);
	if (len < 8 || memcmp(p, "OpusTags", 8) != 0)
		return rs_source_bad(o->s, -EBADMSG, o->packet_at,
			"the second packet is no OpusTags (RFC 7845, 5.2)");
	return 0;
}

/** The segments of one page of our stream: 255 goes on, less ends a packet (RFC 3533, 5). */
static int
read_segments(struct ogg *o, const uint8_t *lacing, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		int rc = 0;

		if (!o->unfinished) {
			o->unfinished = true;
			o->packet_at = at;
		}
		/* Tags may hold pictures; only what becomes payload has a bound. */
		if (o->packets >= 2 && o->packet.len + lacing[i] > PACKET_MAX)
			return rs_source_bad(o->s, -EBADMSG, o->packet_at,
				"a packet of more than %d bytes", PACKET_MAX);
		if (rs_buffer_add(&o->packet, o->s->file.p + at, lacing[i]))
			return rs_source_no_memory(o->s);
		at += lacing[i];
		if (lacing[i] < 255)
			rc = finish_packet(o);
		if (rc)
			return rc;
	}
	return 0;
}

/** Is the page at @p, of the segments from @body on, the first one of an Opus stream? */
static bool
begins_opus(const uint8_t *p, const uint8_t *body, size_t len)
{
	return p[5] & PAGE_FIRST && len >= 8 && memcmp(body, "OpusHead", 8) == 0;
}

/** One page at @at. @param len out: its bytes */
static int
read_page(struct ogg *o, size_t at, size_t *len)
{
	const struct source *s = o->s;
	const uint8_t *p = s->file.p + at;
	size_t left = s->file.len - at, head, body = 0;

	if (left < PAGE_HEAD || memcmp(p, "OggS", 4) != 0)
		return rs_source_bad(s, -EBADMSG, at,
			left < PAGE_HEAD ? "%zu bytes are left for a page: the file is cut short"
					 : "no page begins here (\"OggS\"), %zu bytes are left",
			left);
	if (p[4] != 0)
		return rs_source_bad(s, -ENOTSUP, at + 4, "Ogg of version %u", p[4]);
	head = PAGE_HEAD + p[26];
	for (size_t i = PAGE_HEAD; i < head && i < left; i++)
		body += p[i];
	if (left < head + body)
		return rs_source_bad(s, -EBADMSG, at,
			"a page of %zu bytes, but %zu are left: the file is cut short", head + body,
			left);
	*len = head + body;
	if (page_crc(o->crc, p, *len) != le32(p + 22))
		return rs_source_bad(s, -EBADMSG, at + 22,
			"the page's checksum is wrong: 0x%08x stands there, 0x%08x it would be",
			le32(p + 22), page_crc(o->crc, p, *len));
	if (begins_opus(p, p + head, body)) {
		if (o->over)
			return rs_source_bad(s, -ENOTSUP, at,
				"a second Opus stream behind the first one (a chained file)");
		if (!o->found)
			o->serial = le32(p + 14);
		o->next_page = o->found ? o->next_page : le32(p + 18);
		o->found = true;
	}
	/* Others' pages: video, or another track. */
	if (!o->found || le32(p + 14) != o->serial || o->over)
		return 0;
	if (le32(p + 18) != o->next_page)
		return rs_source_bad(s, -EBADMSG, at + 18,
			"page %u follows where %u is due: a page is missing", le32(p + 18),
			o->next_page);
	if (!(p[5] & PAGE_CONTINUED) != !o->unfinished)
		return rs_source_bad(s, -EBADMSG, at + 5,
			o->unfinished ? "the page does not go on with the packet before"
				      : "the page goes on with a packet that did not begin");
	o->next_page++;
	o->over = p[5] & PAGE_LAST;
	return read_segments(o, p + PAGE_HEAD, p[26], at + head);
}

int
rs_read_ogg(struct source *s)
{
	struct ogg o = { .s = s };
	size_t at = 0, len = 0;
	int rc = 0;

	make_crc(o.crc);
	s->codec = RS_CODEC_OPUS;
	for (; at < s->file.len && rc == 0; at += len)
		rc = read_page(&o, at, &len);
	rs_buffer_drop(&o.packet);
	if (rc)
		return rc;
	if (!o.found)
		return rs_source_bad(s, -ENOTSUP, 0,
			"an Ogg file without Opus (Vorbis?): opusenc makes one from a WAV");
	if (o.unfinished)
		return rs_source_bad(s, -EBADMSG, o.packet_at, "the file ends within a packet");
	s->data = rs_slice_of(s->bytes.p, s->bytes.len);
	return 0;
}
