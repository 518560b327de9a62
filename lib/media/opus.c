/* SPDX-License-Identifier: BSD-3-Clause */
/** Opus packets: how many frames are in one, where, and how long they are (RFC 6716, 3). */
#include "media/source.h"

/** 120 ms, requirement [R5]. */
#define MAX_PACKET_US 120000

uint32_t
rs_opus_frame_us(uint8_t toc)
{
	static const uint16_t silk_us100[] = { 100, 200, 400, 600 },
			      celt_us100[] = { 25, 50, 100, 200 };
	int config = toc >> 3;

	if (config < 12)
		return silk_us100[config & 3] * 100u;
	if (config < 16) /* hybrid */
		return config & 1 ? 20000 : 10000;
	return celt_us100[config & 3] * 100u;
}

/** A length of one or two bytes (RFC 6716, 3.2.1), taken off @s. @return -1 when it is not all there */
static int
take_length(struct rs_slice *s)
{
	size_t n = s->len > 0 && s->p[0] >= 252 ? 2 : 1;
	int len;

	if (s->len < n)
		return -1;
	len = n == 2 ? s->p[1] * 4 + s->p[0] : s->p[0];
	*s = rs_slice_of(s->p + n, s->len - n);
	return len;
}

/** Bytes of padding behind the frame count (RFC 6716, 3.2.5), their number taken off @s. @return -1 when it is cut */
static long
take_padding(struct rs_slice *s)
{
	long padding = 0;
	uint8_t b;

	do {
		if (s->len == 0)
			return -1;
		b = s->p[0];
		padding += b == 255 ? 254 : b;
		*s = rs_slice_of(s->p + 1, s->len - 1);
	} while (b == 255);
	return padding;
}

/** Cut @n frames of @rest: the first n - 1 have lengths before them, or all have the same length. */
static int
cut(struct rs_slice rest, int n, bool lengths, struct rs_slice *frames, const char **why)
{
	size_t sum = 0;

	for (int i = 0; i + 1 < n && lengths; i++) {
		int len = take_length(&rest);

		if (len < 0) {
			*why = "the packet ends within the lengths of its frames [R4, R7]";
			return -EBADMSG;
		}
		frames[i].len = (size_t)len;
		sum += (size_t)len;
	}
	if (sum > rest.len || (!lengths && rest.len % (size_t)n != 0)) {
		*why = lengths ? "its frames are longer than the packet [R4, R7]"
			       : "its bytes cannot be shared out evenly to its frames [R3, R6]";
		return -EBADMSG;
	}
	for (int i = 0; i < n; i++) {
		if (!lengths)
			frames[i].len = rest.len / (size_t)(n - i);
		else if (i + 1 == n)
			frames[i].len = rest.len;
		frames[i].p = rest.p;
		rest = rs_slice_of(rest.p + frames[i].len, rest.len - frames[i].len);
		if (frames[i].len > RS_OPUS_FRAME_MAX) {
			*why = "a frame of more than 1,275 bytes [R2]";
			return -EBADMSG;
		}
	}
	return n;
}

int
rs_opus_split(struct rs_slice packet, struct rs_slice frames[RS_OPUS_FRAMES], const char **why)
{
	struct rs_slice rest;
	uint8_t toc, head;
	long padding;

	if (packet.len == 0) {
		*why = "a packet of no bytes [R1]";
		return -EBADMSG;
	}
	toc = packet.p[0];
	rest = rs_slice_of(packet.p + 1, packet.len - 1);
	if ((toc & 3) < 3)
		return cut(rest, (toc & 3) == 0 ? 1 : 2, (toc & 3) == 2, frames, why);
	if (rest.len == 0) {
		*why = "no byte that counts its frames [R6, R7]";
		return -EBADMSG;
	}
	head = rest.p[0];
	rest = rs_slice_of(rest.p + 1, rest.len - 1);
	if ((head & 63) == 0 || (head & 63) * rs_opus_frame_us(toc) > MAX_PACKET_US) {
		*why = "no frames, or more than 120 ms [R5]";
		return -EBADMSG;
	}
	padding = head & 0x40 ? take_padding(&rest) : 0;
	if (padding < 0 || (size_t)padding > rest.len) {
		*why = "more padding than packet [R6, R7]";
		return -EBADMSG;
	}
	rest.len -= (size_t)padding;
	return cut(rest, head & 63, head & 0x80, frames, why);
}
