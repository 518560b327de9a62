/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages and keep-alives on a stream of bytes. */
#include "proto/sip/chars.h"
#include "proto/sip/scan.h"
#include "proto/sip/stream_private.h"

const struct rs_sip_stream_limits rs_sip_stream_limits = { 16384, RS_SIP_MAX_MESSAGE };

const char *
rs_sip_stream_error_name(enum rs_sip_stream_error error)
{
	static const char *const names[RS_SIP_STREAM_ERRORS] = {
		[RS_SIP_STREAM_FINE] = "none",
		[RS_SIP_STREAM_NOT_SIP] = "not SIP",
		[RS_SIP_STREAM_HEADER_TOO_LONG] = "header too long",
		[RS_SIP_STREAM_NO_LENGTH] = "no Content-Length",
		[RS_SIP_STREAM_BAD_LENGTH] = "bad Content-Length",
		[RS_SIP_STREAM_LENGTHS_DIFFER] = "Content-Lengths differ",
		[RS_SIP_STREAM_BODY_TOO_LONG] = "body too long",
	};

	return (unsigned)error < RS_SIP_STREAM_ERRORS ? names[error] : "";
}

void
rs_sip_stream_pinged(struct rs_sip_stream *s)
{
	/* A single CRLF that came before is no half of a ping any more: else the answer would be
	 * its other half. */
	s->strays = (uint8_t)(s->strays + s->crlf);
	s->crlf = 0;
	s->pongs += s->pongs < UINT16_MAX;
}

static enum rs_sip_stream_event
failed(struct rs_sip_stream *s, enum rs_sip_stream_error error, struct rs_sip_frame *frame)
{
	s->error = (uint8_t)error;
	frame->error = error;
	return RS_SIP_STREAM_ERROR;
}

/* CR and LF before a message. @return PING or PONG; MORE: what stands at frame->used is none of them */
static enum rs_sip_stream_event
between(struct rs_sip_stream *s, const uint8_t *buf, size_t len, struct rs_sip_frame *frame)
{
	while (frame->used < len) {
		uint8_t c = buf[frame->used];

		if (c != '\r' && c != '\n')
			break;
		frame->used++;
		if (c != "\r\n"[s->crlf & 1]) {
			frame->strays += s->crlf + (c == '\n');
			s->crlf = c == '\r';
			continue;
		}
		s->crlf++;
		if (s->crlf == 2 && s->pongs > 0) {
			s->pongs--;
			s->crlf = 0;
			return RS_SIP_STREAM_PONG;
		}
		if (s->crlf == 4) {
			s->crlf = 0;
			return RS_SIP_STREAM_PING;
		}
	}
	if (frame->used < len) {
		frame->strays += s->crlf;
		s->crlf = 0;
	}
	return RS_SIP_STREAM_MORE;
}

/* The empty line ends at @end. */
static enum rs_sip_stream_error
header_end(struct rs_sip_stream *s, const struct rs_sip_stream_limits *limits, uint32_t end)
{
	enum rs_sip_stream_error error = rs_sip_stream_field_end(s);

	if (error != RS_SIP_STREAM_FINE)
		return error;
	if (s->lengths == 0)
		return RS_SIP_STREAM_NO_LENGTH;
	if (s->length > limits->body || s->length > RS_SIP_MAX_MESSAGE ||
		end + s->length > RS_SIP_MAX_MESSAGE)
		return RS_SIP_STREAM_BODY_TOO_LONG;
	s->need = end + s->length;
	return RS_SIP_STREAM_FINE;
}

/* The line from s->line to the LF at @lf. */
static enum rs_sip_stream_error
line(struct rs_sip_stream *s, const struct rs_sip_stream_limits *limits, const uint8_t *buf,
	uint32_t lf)
{
	uint32_t start = s->line, end = lf;
	enum rs_sip_stream_error error;

	if (lf >= limits->header)
		return RS_SIP_STREAM_HEADER_TOO_LONG;
	s->line = lf + 1;
	end -= end > start && buf[end - 1] == '\r';
	if (__builtin_expect(start == 0, 0)) {
		struct rs_sip_msg msg;

		return rs_sip_start_line(buf, end, &msg) == 0 ? RS_SIP_STREAM_FINE
							      : RS_SIP_STREAM_NOT_SIP;
	}
	if (start == end)
		return header_end(s, limits, lf + 1);
	if (buf[start] == ' ' || buf[start] == '\t')
		return rs_sip_stream_fold(s, buf + start, end - start);
	if (s->phase != 0) {
		error = rs_sip_stream_field_end(s);
		if (error != RS_SIP_STREAM_FINE)
			return error;
	}
	/* Most lines begin with another letter than Content-Length and l. */
	if (rs_lower(buf[start]) != 'c' && rs_lower(buf[start]) != 'l')
		return RS_SIP_STREAM_FINE;
	return rs_sip_stream_field(s, buf + start, end - start);
}

/* Look at what has come of the header section, until its end is found. */
static enum rs_sip_stream_error
header(struct rs_sip_stream *s, const struct rs_sip_stream_limits *limits, const uint8_t *buf,
	size_t len)
{
	uint32_t lf[RS_SIP_LINES_SPAN + 4];

	if (s->seen == 0 && !rs_sip_is(buf[0], RS_C_TOKEN))
		return RS_SIP_STREAM_NOT_SIP;
	while (s->seen < len && s->need == 0) {
		unsigned n = rs_sip_lines(buf, len, s->seen, lf);

		for (unsigned i = 0; i < n && s->need == 0; i++) {
			enum rs_sip_stream_error error = line(s, limits, buf, lf[i]);

			if (error != RS_SIP_STREAM_FINE)
				return error;
		}
		s->seen =
			(uint32_t)(len - s->seen < RS_SIP_LINES_SPAN ? len
								     : s->seen + RS_SIP_LINES_SPAN);
		if (s->need == 0 && s->seen > limits->header)
			return RS_SIP_STREAM_HEADER_TOO_LONG;
	}
	return RS_SIP_STREAM_FINE;
}

enum rs_sip_stream_event
rs_sip_stream_next(struct rs_sip_stream *s, const struct rs_sip_stream_limits *limits,
	const uint8_t *buf, size_t len, struct rs_sip_frame *frame)
{
	enum rs_sip_stream_error error;
	enum rs_sip_stream_event event;

	*frame = (struct rs_sip_frame){ .strays = s->strays };
	s->strays = 0;
	if (s->error != RS_SIP_STREAM_FINE)
		return failed(s, s->error, frame);
	if (s->seen == 0) {
		event = between(s, buf, len, frame);
		if (event != RS_SIP_STREAM_MORE || frame->used == len)
			return event;
		buf += frame->used;
		len -= frame->used;
	}
	if (s->need == 0) {
		error = header(s, limits, buf, len);
		if (error != RS_SIP_STREAM_FINE)
			return failed(s, error, frame);
	}
	if (s->need == 0 || s->need > len) {
		frame->need = s->need == 0 ? 0 : s->need - len;
		return RS_SIP_STREAM_MORE;
	}
	frame->message = rs_slice_of(buf, s->need);
	frame->used += s->need;
	*s = (struct rs_sip_stream){ .pongs = s->pongs };
	return RS_SIP_STREAM_MESSAGE;
}
