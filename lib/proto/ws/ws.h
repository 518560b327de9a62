/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * WebSocket frames (RFC 6455, 5 to 7) as SIP uses them (RFC 7118): a message, in one frame or in
 * fragments, is one SIP message.
 *
 * The receiver keeps the bytes that have come in one piece. Frames are unmasked where they lie, and
 * fragments are put together there, so that the bytes behind may move to the front:
 *
 *	while ((event = rs_ws_next(&ws, buf, len, max, &frame)) != RS_WS_MORE) {
 *		...				// frame.payload, valid until the next call
 *		buf += frame.used;
 *		len = frame.left;
 *	}
 *	buf += frame.used;
 *	len = frame.left;			// what came besides is appended at buf + len
 */
#ifndef RS_PROTO_WS_WS_H
#define RS_PROTO_WS_WS_H

#include "base/slice.h"

enum rs_ws_opcode {
	RS_WS_CONTINUATION = 0,
	RS_WS_TEXT = 1,
	RS_WS_BINARY = 2,
	RS_WS_CLOSING = 8,
	RS_WS_PINGING = 9,
	RS_WS_PONGING = 10,
};

/** Status codes of RFC 6455, 7.4.1, as far as we say them or give them a meaning. */
enum rs_ws_code {
	RS_WS_CODE_NORMAL = 1000,
	RS_WS_CODE_GOING_AWAY = 1001,
	RS_WS_CODE_PROTOCOL = 1002,
	RS_WS_CODE_UNSUPPORTED = 1003,
	RS_WS_CODE_NONE = 1005, /* a Close without a code; never on the wire */
	RS_WS_CODE_INVALID = 1007,
	RS_WS_CODE_TOO_BIG = 1009,
};

/** Where reading stands on one connection. All is private; see rs_ws_init(). */
struct rs_ws {
	uint32_t have; /* bytes of a fragmented message, at the front */
	uint32_t
		gap; /* bytes of headers and control frames behind it, which nobody wants any more */
	uint8_t server; /* we are: what we receive is masked */
	uint8_t opcode; /* of the fragmented message under way; 0: none */
	uint8_t closed; /* a Close has come */
	uint8_t error;  /* enum rs_ws_error */
};
_Static_assert(sizeof(struct rs_ws) == 12, "one for each connection");

enum rs_ws_event {
	RS_WS_MORE,    /* what is there is no whole frame */
	RS_WS_MESSAGE, /* payload, of opcode RS_WS_TEXT or RS_WS_BINARY */
	RS_WS_PING,    /* payload: to be sent back in a Pong (5.5.2) */
	RS_WS_PONG,    /* payload */
	RS_WS_CLOSE,   /* code, and payload: the reason; what comes after it is ignored (5.5.1) */
	RS_WS_ERROR, /* error: send a Close with rs_ws_error_code() and close the connection (7.1.7) */
};

enum rs_ws_error {
	RS_WS_FINE,
	RS_WS_BAD_RSV,            /* a reserved bit, and no extension was agreed on (5.2) */
	RS_WS_BAD_OPCODE,         /* a reserved opcode (5.2) */
	RS_WS_UNMASKED,           /* from a client (5.1) */
	RS_WS_MASKED,             /* from a server (5.1) */
	RS_WS_BAD_LENGTH,         /* not in the fewest bytes, or past 2^63 (5.2) */
	RS_WS_CONTROL_TOO_LONG,   /* more than 125 bytes (5.5) */
	RS_WS_CONTROL_FRAGMENTED, /* (5.5) */
	RS_WS_NOT_BEGUN,          /* a continuation of nothing (5.4) */
	RS_WS_NOT_ENDED,          /* a new message inside a fragmented one (5.4) */
	RS_WS_BAD_CLOSE,          /* one byte, or a code that is not for the wire (7.4) */
	RS_WS_BAD_UTF8,           /* in a text message or a reason (8.1) */
	RS_WS_TOO_BIG,            /* the message is longer than the receiver wants (7.4.1) */
	RS_WS_ERRORS
};

/** @return a short name, such as "unmasked" */
const char *rs_ws_error_name(enum rs_ws_error error);

/** @return the code to close with: 1002, 1007 or 1009 */
uint16_t rs_ws_error_code(enum rs_ws_error error);

struct rs_ws_frame {
	size_t used;             /* bytes to take from the front, whatever the event */
	size_t left;             /* valid bytes from there on: the new length of the buffer */
	size_t need;             /* with MORE: at least so many are missing */
	struct rs_slice payload; /* unmasked, in the buffer */
	uint16_t code;           /* with CLOSE; RS_WS_CODE_NONE if it has none */
	uint8_t opcode;          /* with MESSAGE */
	uint8_t error;           /* enum rs_ws_error, with ERROR */
};

/** Begin on a connection whose upgrade is done. @server: we accepted it */
void rs_ws_init(struct rs_ws *w, bool server);

/**
 * The next thing on the connection.
 *
 * @param buf    the bytes that have come and were not taken from the front yet; written to
 * @param len    how many; nothing at or after @buf + @len is touched
 * @param max    bytes of the longest message that is wanted, at most 2^31
 * @param frame  out
 * @return what it is; after RS_WS_ERROR the same error for ever
 */
enum rs_ws_event rs_ws_next(
	struct rs_ws *w, uint8_t *buf, size_t len, size_t max, struct rs_ws_frame *frame);

#define RS_WS_HEADROOM    14  /* bytes that a header takes at most */
#define RS_WS_CONTROL_MAX 125 /* bytes of payload of a control frame */

/** Bytes that the header of a frame of @len bytes takes. */
static inline size_t
rs_ws_header_len(size_t len, bool masked)
{
	return 2u + (len < 126 ? 0u : len < 65536 ? 2u : 8u) + (masked ? 4u : 0u);
}

/**
 * Make a frame of a payload where it lies: the header is written in front of it, and it is masked.
 *
 * @param payload  at least rs_ws_header_len() bytes before it may be written
 * @param len      bytes; at most RS_WS_CONTROL_MAX of a control frame
 * @param opcode   enum rs_ws_opcode
 * @param fin      the last or only frame of its message
 * @param mask     a client's: four random bytes (5.3); a server's: NULL
 * @return where the frame begins
 */
uint8_t *rs_ws_wrap(
	uint8_t *payload, size_t len, enum rs_ws_opcode opcode, bool fin, const uint8_t *mask);

/**
 * The payload of a Close (5.5.1).
 * @param code    0: none, and no reason either
 * @param reason  cut to what fits, at the end of a character
 * @param out     RS_WS_CONTROL_MAX bytes
 * @return bytes
 */
size_t rs_ws_close_payload(uint16_t code, struct rs_slice reason, uint8_t *out);

/** Mask or unmask @len bytes in place (5.3). */
void rs_ws_mask(uint8_t *p, size_t len, const uint8_t key[4]);

/** Name of the kernel behind rs_ws_mask() on this machine: "avx2", "sse2" or "scalar". */
const char *rs_ws_mask_name(void);

/** Use the scalar kernel (for tests and benches) or the best one again. */
void rs_ws_mask_force_scalar(bool on);

/** Is all of @text UTF-8 (RFC 3629: no surrogates, nothing longer than needed, at most U+10FFFF)? */
bool rs_ws_utf8(struct rs_slice text);

#endif
