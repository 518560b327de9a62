/* SPDX-License-Identifier: BSD-3-Clause */
/* Our description in a message that a scenario wrote: the body is replaced, its length with it. */
#include <errno.h>

#include "engine/media_sdp.h"

/* Does a line of @text say @wanted? */
static bool
has_line(struct rs_slice text, const char *wanted)
{
	size_t n = strlen(wanted);

	for (size_t at = 0; at + n <= text.len;) {
		const uint8_t *nl = memchr(text.p + at, '\n', text.len - at);
		size_t end = nl ? (size_t)(nl - text.p) : text.len, len = end - at;

		len -= len > 0 && text.p[at + len - 1] == '\r';
		if (len == n && memcmp(text.p + at, wanted, n) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

/* Hold and resume are what the scenario's own text says of them (RFC 3264, 8.4). */
static enum rs_sdp_direction
read_direction(struct rs_slice text)
{
	return has_line(text, "a=sendonly") ? RS_SDP_SENDONLY :
		has_line(text, "a=recvonly") ? RS_SDP_RECVONLY :
		has_line(text, "a=inactive") ? RS_SDP_INACTIVE :
					       RS_SDP_SENDRECV;
}

static uint16_t
status_of(const uint8_t *data, size_t len)
{
	if (len < 12 || memcmp(data, "SIP/2.0 ", 8) != 0)
		return 0;
	return (uint16_t)((data[8] - '0') * 100 + (data[9] - '0') * 10 + (data[10] - '0'));
}

/* The value of Content-Length (or l) in the header lines, which end at @end. */
static bool
find_length(const uint8_t *data, size_t end, size_t *from, size_t *to)
{
	for (size_t at = 0; at < end;) {
		const uint8_t *nl = memchr(data + at, '\n', end - at);
		size_t next = nl ? (size_t)(nl - data) + 1 : end, colon = at;

		while (colon < next && data[colon] != ':')
			colon++;
		struct rs_slice name = rs_slice_trim(rs_slice_of(data + at, colon - at));

		if (colon < next && (rs_slice_case_eq(name, rs_slice_str("Content-Length")) || rs_slice_case_eq(name, rs_slice_str("l")))) {
			struct rs_slice value = rs_slice_trim(rs_slice_of(data + colon + 1, next - colon - 1));

			*from = (size_t)(value.p - data);
			*to = *from + value.len;
			return true;
		}
		at = next;
	}
	return false;
}

/* @begin: of the body */
static int
replace(uint8_t *data, size_t end, size_t begin, struct rs_slice body, size_t cap)
{
	uint8_t digits[24];
	size_t from, to, n = rs_text_u64(digits, body.len);

	if (find_length(data, end, &from, &to)) {
		if (begin + n > cap)
			return -ENOSPC;
		memmove(data + from + n, data + to, begin - to);
		memcpy(data + from, digits, n);
		begin = begin - (to - from) + n;
	}
	if (begin + body.len > cap)
		return -ENOSPC;
	if (body.len)
		memcpy(data + begin, body.p, body.len);
	return (int)(begin + body.len);
}

int
sdp_put(struct rs_engine *e, struct leg *leg, uint8_t *data, size_t len, size_t cap, bool again)
{
	uint16_t status = status_of(data, len);
	struct rs_slice text;
	struct sent sent;
	size_t begin;

	sent_read(data, len, &sent);
	switch (sent.cseq.method) {
	case RS_SIP_INVITE:
	case RS_SIP_ACK:
	case RS_SIP_UPDATE:
	case RS_SIP_PRACK:
		break;
	default: /* a description of something else */
		return (int)len;
	}
	if (sent.end == 0)
		return (int)len;
	begin = sent.end + (data[sent.end] == '\r' ? 2 : 1);
	if (begin > len)
		return (int)len;
	text = rs_slice_of(data + begin, len - begin);
	if (!again)
		sdp_wishes(e, leg, (uint8_t)sent.cseq.method, status, read_direction(text),
			has_line(text, "c=IN IP4 0.0.0.0") || has_line(text, "c=IN IP6 ::"));
	return replace(data, sent.end, begin, sdp_says(e, leg, (uint8_t)sent.cseq.method, status, again), cap);
}
