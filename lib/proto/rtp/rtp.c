/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/rtp/rtp.h"

static const char *const why_names[RS_RTP_WHYS] = {
	[RS_RTP_OK] = "ok",
	[RS_RTP_SHORT] = "short",
	[RS_RTP_VERSION] = "version",
	[RS_RTP_CSRC] = "csrc",
	[RS_RTP_EXTENSION] = "extension",
	[RS_RTP_PADDING] = "padding",
	[RS_RTP_CONTROL] = "rtcp",
};

const char *
rs_rtp_why_name(enum rs_rtp_why why)
{
	return (unsigned)why < RS_RTP_WHYS ? why_names[why] : "?";
}

static uint16_t
load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

enum rs_rtp_why
rs_rtp_parse_header(const uint8_t *buf, size_t len, struct rs_rtp_packet *out)
{
	size_t at = RS_RTP_HEADER_LEN;

	if (len < RS_RTP_HEADER_LEN)
		return RS_RTP_SHORT;
	if (buf[0] >> 6 != 2)
		return RS_RTP_VERSION;
	if (buf[1] >= 192 && buf[1] <= 223)
		return RS_RTP_CONTROL;
	out->csrcs = buf[0] & 15;
	out->marker = buf[1] >> 7;
	out->pt = buf[1] & 0x7f;
	out->seq = load16(buf + 2);
	out->timestamp = load32(buf + 4);
	out->ssrc = load32(buf + 8);
	out->ext = NULL;
	out->ext_profile = 0;
	out->ext_words = 0;
	out->padding = 0;
	at += out->csrcs * 4u;
	if (at > len)
		return RS_RTP_CSRC;
	if (buf[0] & 0x10) {
		if (len - at < 4)
			return RS_RTP_EXTENSION;
		out->ext_profile = load16(buf + at);
		out->ext_words = load16(buf + at + 2);
		at += 4;
		if (out->ext_words * 4u > len - at)
			return RS_RTP_EXTENSION;
		out->ext = buf + at;
		at += out->ext_words * 4u;
	}
	out->header_len = (uint16_t)at;
	out->payload = buf + at;
	out->payload_len = (uint32_t)(len - at);
	return RS_RTP_OK;
}

enum rs_rtp_why
rs_rtp_strip_padding(const uint8_t *buf, struct rs_rtp_packet *packet)
{
	uint8_t n;

	if ((buf[0] & 0x20) == 0)
		return RS_RTP_OK;
	if (packet->payload_len == 0)
		return RS_RTP_PADDING;
	n = packet->payload[packet->payload_len - 1];
	if (n == 0 || n > packet->payload_len)
		return RS_RTP_PADDING;
	packet->padding = n;
	packet->payload_len -= n;
	return RS_RTP_OK;
}

enum rs_rtp_why
rs_rtp_parse(const uint8_t *buf, size_t len, struct rs_rtp_packet *out)
{
	enum rs_rtp_why why = rs_rtp_parse_header(buf, len, out);

	return why == RS_RTP_OK ? rs_rtp_strip_padding(buf, out) : why;
}
