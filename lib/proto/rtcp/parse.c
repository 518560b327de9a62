/* SPDX-License-Identifier: BSD-3-Clause */
/* The blocks of a datagram, and what RFC 3550 has in them. */
#include "proto/rtcp/load.h"
#include "proto/rtcp/rtcp.h"

#define HEADER_LEN 4
#define REPORT_LEN 24
#define SENDER_LEN 24 /* SSRC and sender information */

static const char *const why_names[RS_RTCP_WHYS] = {
	[RS_RTCP_OK] = "ok",
	[RS_RTCP_END] = "end",
	[RS_RTCP_SHORT] = "short",
	[RS_RTCP_VERSION] = "version",
	[RS_RTCP_LENGTH] = "length",
	[RS_RTCP_PADDING] = "padding",
	[RS_RTCP_FIRST] = "first",
	[RS_RTCP_COUNT] = "count",
	[RS_RTCP_ITEM] = "item",
	[RS_RTCP_XR_BLOCK] = "xr",
	[RS_RTCP_FOREIGN] = "foreign",
};

const char *
rs_rtcp_why_name(enum rs_rtcp_why why)
{
	return (unsigned)why < RS_RTCP_WHYS ? why_names[why] : "?";
}

enum rs_rtcp_why
rs_rtcp_next(const uint8_t *buf, size_t len, size_t *pos, struct rs_rtcp_block *out)
{
	const uint8_t *p = buf + *pos;
	size_t left = len - *pos, size;

	if (left == 0)
		return RS_RTCP_END;
	if (left < HEADER_LEN)
		return RS_RTCP_SHORT;
	if (p[0] >> 6 != 2)
		return RS_RTCP_VERSION;
	if (p[1] < 192 || p[1] > 223)
		return RS_RTCP_FOREIGN;
	size = (load16(p + 2) + 1u) * 4u;
	if (size > left)
		return RS_RTCP_LENGTH;
	out->body = p + HEADER_LEN;
	out->body_len = (uint32_t)(size - HEADER_LEN);
	out->type = p[1];
	out->count = p[0] & 31;
	if (p[0] & 0x20) {
		uint8_t padding;

		/* Whole words, at the end of the datagram (RFC 3550, 6.4.1). */
		if (size != left || size == HEADER_LEN)
			return RS_RTCP_PADDING;
		padding = p[size - 1];
		if (padding == 0 || padding % 4 != 0 || padding > out->body_len)
			return RS_RTCP_PADDING;
		out->body_len -= padding;
	}
	*pos += size;
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_ssrc(const struct rs_rtcp_block *block, uint32_t *ssrc)
{
	if (block->body_len < 4)
		return RS_RTCP_COUNT;
	*ssrc = load32(block->body);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_sender(const struct rs_rtcp_block *sr, struct rs_rtcp_sender *out)
{
	const uint8_t *p = sr->body;

	if (sr->body_len < SENDER_LEN)
		return RS_RTCP_COUNT;
	*out = (struct rs_rtcp_sender){
		.ssrc = load32(p),
		.ntp = load64(p + 4),
		.rtp_timestamp = load32(p + 12),
		.packets = load32(p + 16),
		.bytes = load32(p + 20),
	};
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_report(const struct rs_rtcp_block *block, unsigned i, struct rs_rtcp_report *out)
{
	size_t at = (block->type == RS_RTCP_SR ? SENDER_LEN : 4) + (size_t)i * REPORT_LEN;
	const uint8_t *p = block->body + at;

	if (i >= block->count)
		return RS_RTCP_END;
	if (at + REPORT_LEN > block->body_len)
		return RS_RTCP_COUNT;
	*out = (struct rs_rtcp_report){
		.ssrc = load32(p),
		.fraction = p[4],
		.lost = (int32_t)(load32(p + 4) << 8) >> 8,
		.highest = load32(p + 8),
		.jitter = load32(p + 12),
		.lsr = load32(p + 16),
		.dlsr = load32(p + 20),
	};
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_next_item(
	const struct rs_rtcp_block *sdes, struct rs_rtcp_sdes *at, struct rs_rtcp_sdes_item *out)
{
	const uint8_t *p = sdes->body;
	uint32_t left;

	for (;;) {
		if (!at->inside) {
			if (at->chunks == sdes->count)
				return at->pos == sdes->body_len ? RS_RTCP_END : RS_RTCP_ITEM;
			if (sdes->body_len - at->pos < 8)
				return RS_RTCP_ITEM;
			at->ssrc = load32(p + at->pos);
			at->pos += 4;
			at->chunks++;
			at->inside = true;
		}
		left = sdes->body_len - at->pos;
		if (left == 0)
			return RS_RTCP_ITEM;
		if (p[at->pos] != 0)
			break;
		/* The null that ends a chunk, and those behind it up to the next word. */
		at->pos = (at->pos + 4) & ~3u;
		at->inside = false;
	}
	if (left < 2 || left - 2 < p[at->pos + 1])
		return RS_RTCP_ITEM;
	out->ssrc = at->ssrc;
	out->type = p[at->pos];
	out->text = rs_slice_of(p + at->pos + 2, p[at->pos + 1]);
	at->pos += 2u + p[at->pos + 1];
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_bye(const struct rs_rtcp_block *bye, unsigned i, uint32_t *ssrc)
{
	if (i >= bye->count)
		return RS_RTCP_END;
	if ((i + 1) * 4u > bye->body_len)
		return RS_RTCP_COUNT;
	*ssrc = load32(bye->body + i * 4u);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_reason(const struct rs_rtcp_block *bye, struct rs_slice *reason)
{
	size_t at = bye->count * 4u;

	*reason = (struct rs_slice){ NULL, 0 };
	if (at > bye->body_len)
		return RS_RTCP_COUNT;
	if (at == bye->body_len)
		return RS_RTCP_OK;
	if (bye->body_len - at - 1 < bye->body[at])
		return RS_RTCP_ITEM;
	*reason = rs_slice_of(bye->body + at + 1, bye->body[at]);
	return RS_RTCP_OK;
}

enum rs_rtcp_why
rs_rtcp_read_app(const struct rs_rtcp_block *app, struct rs_rtcp_app *out)
{
	if (app->body_len < 8)
		return RS_RTCP_COUNT;
	out->ssrc = load32(app->body);
	memcpy(out->name, app->body + 4, 4);
	out->name[4] = 0;
	out->subtype = app->count;
	out->data = rs_slice_of(app->body + 8, app->body_len - 8);
	return RS_RTCP_OK;
}
