/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as received (RFC 6455, 5): judged, unmasked and put together where they lie. */
#include "proto/ws/ws.h"

#define FIN  0x80
#define RSV  0x70
#define MASK 0x80

/** The header of one frame. */
struct header {
	uint64_t len;   /* bytes of payload */
	unsigned bytes; /* of the header itself */
	uint8_t opcode;
	bool fin, masked;
	const uint8_t *key;
};

static const struct {
	const char *name;
	uint16_t code;
} errors[RS_WS_ERRORS] = {
	[RS_WS_FINE] = { "none", RS_WS_CODE_NORMAL },
	[RS_WS_BAD_RSV] = { "reserved bit", RS_WS_CODE_PROTOCOL },
	[RS_WS_BAD_OPCODE] = { "reserved opcode", RS_WS_CODE_PROTOCOL },
	[RS_WS_UNMASKED] = { "unmasked", RS_WS_CODE_PROTOCOL },
	[RS_WS_MASKED] = { "masked", RS_WS_CODE_PROTOCOL },
	[RS_WS_BAD_LENGTH] = { "bad length", RS_WS_CODE_PROTOCOL },
	[RS_WS_CONTROL_TOO_LONG] = { "control frame too long", RS_WS_CODE_PROTOCOL },
	[RS_WS_CONTROL_FRAGMENTED] = { "control frame in fragments", RS_WS_CODE_PROTOCOL },
	[RS_WS_NOT_BEGUN] = { "continuation of nothing", RS_WS_CODE_PROTOCOL },
	[RS_WS_NOT_ENDED] = { "message inside a message", RS_WS_CODE_PROTOCOL },
	[RS_WS_BAD_CLOSE] = { "bad close", RS_WS_CODE_PROTOCOL },
	[RS_WS_BAD_UTF8] = { "not UTF-8", RS_WS_CODE_INVALID },
	[RS_WS_TOO_BIG] = { "message too big", RS_WS_CODE_TOO_BIG },
};

const char *
rs_ws_error_name(enum rs_ws_error error)
{
	return (unsigned)error < RS_WS_ERRORS ? errors[error].name : "";
}

uint16_t
rs_ws_error_code(enum rs_ws_error error)
{
	return (unsigned)error < RS_WS_ERRORS ? errors[error].code : RS_WS_CODE_PROTOCOL;
}

void
rs_ws_init(struct rs_ws *w, bool server)
{
	*w = (struct rs_ws){ .server = server };
}

/* What the first two bytes of a frame tell, and whether they may. */
static enum rs_ws_error
judge(const struct rs_ws *w, const uint8_t *p, struct header *h)
{
	unsigned len = p[1] & ~MASK;

	h->fin = (p[0] & FIN) != 0;
	h->opcode = p[0] & 0x0f;
	h->masked = (p[1] & MASK) != 0;
	h->bytes = 2u + (len < 126 ? 0u : len == 126 ? 2u : 8u) + (h->masked ? 4u : 0u);
	h->len = len;
	if ((p[0] & RSV) != 0)
		return RS_WS_BAD_RSV;
	if (h->masked != (w->server != 0))
		return w->server ? RS_WS_UNMASKED : RS_WS_MASKED;
	switch (h->opcode) {
	case RS_WS_CONTINUATION: return w->opcode == 0 ? RS_WS_NOT_BEGUN : RS_WS_FINE;
	case RS_WS_TEXT:
	case RS_WS_BINARY: return w->opcode != 0 ? RS_WS_NOT_ENDED : RS_WS_FINE;
	case RS_WS_CLOSING:
	case RS_WS_PINGING:
	case RS_WS_PONGING:
		if (!h->fin)
			return RS_WS_CONTROL_FRAGMENTED;
		return len > RS_WS_CONTROL_MAX ? RS_WS_CONTROL_TOO_LONG : RS_WS_FINE;
	default: return RS_WS_BAD_OPCODE;
	}
}

/* The rest of a header that is there as a whole. */
static enum rs_ws_error
read_length(const struct rs_ws *w, const uint8_t *p, size_t max, struct header *h)
{
	unsigned n = h->len == 126 ? 2 : h->len == 127 ? 8 : 0;

	if (n != 0) {
		uint64_t least = n == 2 ? 126 : 65536;

		h->len = 0;
		for (unsigned i = 0; i < n; i++)
			h->len = h->len << 8 | p[2 + i];
		if (h->len < least || h->len >> 63 != 0)
			return RS_WS_BAD_LENGTH;
	}
	h->key = p + h->bytes - 4;
	if (h->opcode < RS_WS_CLOSING && (h->len > max || w->have + h->len > max))
		return RS_WS_TOO_BIG;
	return RS_WS_FINE;
}

static enum rs_ws_event
failed(struct rs_ws *w, size_t len, enum rs_ws_error error, struct rs_ws_frame *frame)
{
	w->error = (uint8_t)error;
	frame->error = (uint8_t)error;
	frame->left = len;
	return RS_WS_ERROR;
}

/* There is no whole frame: the front of the next one joins what is kept of the message. */
static enum rs_ws_event
more(struct rs_ws *w, uint8_t *buf, size_t len, size_t need, struct rs_ws_frame *frame)
{
	if (w->gap != 0) {
		memmove(buf + w->have, buf + w->have + w->gap, len - w->have - w->gap);
		len -= w->gap;
		w->gap = 0;
	}
	frame->left = len;
	frame->need = need;
	return RS_WS_MORE;
}

/* RFC 6455, 7.4: which codes may stand in a Close. */
static bool
is_code(unsigned code)
{
	if (code < 3000)
		return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
	return code <= 4999;
}

static enum rs_ws_event
closed(struct rs_ws *w, size_t len, struct rs_slice payload, struct rs_ws_frame *frame)
{
	frame->code = RS_WS_CODE_NONE;
	if (payload.len == 1)
		return failed(w, len, RS_WS_BAD_CLOSE, frame);
	if (payload.len >= 2) {
		frame->code = (uint16_t)(payload.p[0] << 8 | payload.p[1]);
		payload = rs_slice_of(payload.p + 2, payload.len - 2);
		if (!is_code(frame->code))
			return failed(w, len, RS_WS_BAD_CLOSE, frame);
		if (!rs_ws_utf8(payload))
			return failed(w, len, RS_WS_BAD_UTF8, frame);
	}
	w->closed = 1;
	frame->payload = payload;
	frame->used = len;
	return RS_WS_CLOSE;
}

static enum rs_ws_event
control(struct rs_ws *w, const struct header *h, size_t len, struct rs_slice payload,
	struct rs_ws_frame *frame)
{
	if (h->opcode == RS_WS_CLOSING)
		return closed(w, len, payload, frame);
	/* Between fragments it stays behind what is kept, for the caller has its payload. */
	if (w->opcode == 0)
		frame->used = h->bytes + payload.len;
	else
		w->gap += h->bytes + (uint32_t)payload.len;
	frame->left = len - frame->used;
	frame->payload = payload;
	return h->opcode == RS_WS_PINGING ? RS_WS_PING : RS_WS_PONG;
}

static enum rs_ws_event
message(struct rs_ws *w, size_t len, struct rs_slice payload, size_t used, uint8_t opcode,
	struct rs_ws_frame *frame)
{
	if (opcode == RS_WS_TEXT && !rs_ws_utf8(payload))
		return failed(w, len, RS_WS_BAD_UTF8, frame);
	w->have = 0;
	w->gap = 0;
	w->opcode = 0;
	frame->payload = payload;
	frame->opcode = opcode;
	frame->used = used;
	frame->left = len - used;
	return RS_WS_MESSAGE;
}

/* A fragment joins what is there of its message. */
static void
join(struct rs_ws *w, const struct header *h, uint8_t *buf, const uint8_t *payload)
{
	if (h->opcode != RS_WS_CONTINUATION)
		w->opcode = h->opcode;
	memmove(buf + w->have, payload, h->len);
	w->have += (uint32_t)h->len;
	w->gap += h->bytes;
}

enum rs_ws_event
rs_ws_next(struct rs_ws *w, uint8_t *buf, size_t len, size_t max, struct rs_ws_frame *frame)
{
	*frame = (struct rs_ws_frame){ 0 };
	if (w->error != RS_WS_FINE)
		return failed(w, len, w->error, frame);
	if (w->closed) {
		frame->used = len;
		return RS_WS_MORE;
	}
	for (;;) {
		uint8_t *p = buf + w->have + w->gap, *payload;
		size_t n = len - w->have - w->gap;
		enum rs_ws_error error;
		struct header h;

		if (n < 2)
			return more(w, buf, len, 2 - n, frame);
		error = judge(w, p, &h);
		if (error != RS_WS_FINE)
			return failed(w, len, error, frame);
		if (n < h.bytes)
			return more(w, buf, len, h.bytes - n, frame);
		error = read_length(w, p, max, &h);
		if (error != RS_WS_FINE)
			return failed(w, len, error, frame);
		if (n - h.bytes < h.len)
			return more(w, buf, len, h.len - (n - h.bytes), frame);
		payload = p + h.bytes;
		if (h.masked)
			rs_ws_mask(payload, h.len, h.key);
		if (h.opcode >= RS_WS_CLOSING)
			return control(w, &h, len, rs_slice_of(payload, h.len), frame);
		if (h.fin && w->opcode == 0)
			return message(w, len, rs_slice_of(payload, h.len), h.bytes + h.len,
				h.opcode, frame);
		join(w, &h, buf, payload);
		if (h.fin)
			return message(w, len, rs_slice_of(buf, w->have), w->have + w->gap,
				w->opcode, frame);
	}
}
