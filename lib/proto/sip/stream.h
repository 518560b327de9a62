/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * SIP on a stream of bytes (TCP, TLS): where each message ends (RFC 3261, 18.3 and 20.14), and the
 * keep-alives between messages (RFC 5626, 3.5.1 and 5.4).
 *
 * The receiver keeps the bytes that have come in one piece and asks again and again:
 *
 *	while ((event = rs_sip_stream_next(&s, &rs_sip_stream_limits, buf, len, &frame)) !=
 *			RS_SIP_STREAM_MORE && event != RS_SIP_STREAM_ERROR) {
 *		...				// frame.message is one whole message
 *		buf += frame.used;
 *		len -= frame.used;
 *	}
 *	buf += frame.used;			// with MORE, too: what stays begins with a message
 *
 * Nothing is copied, nothing is looked at twice however small the pieces are, and what is told does
 * not depend on how the stream was cut. An idle connection keeps no bytes, only its state.
 *
 * What a message says is not judged here, but for its start line: a peer that speaks something else
 * (HTTP, TLS on a plain port) is found out by its first bytes.
 */
#ifndef RS_PROTO_SIP_STREAM_H
#define RS_PROTO_SIP_STREAM_H

#include "base/slice.h"

/** Where framing stands on one connection. All is private; zeroed is the begin of a stream. */
struct rs_sip_stream {
	uint32_t
		seen; /* bytes of the message at the front that were looked at; 0: between messages */
	uint32_t line;   /* where the line begins that is being looked at */
	uint32_t need;   /* bytes of the whole message; 0: its headers have not ended */
	uint32_t length; /* the first Content-Length */
	uint32_t value;  /* the one being read */
	uint8_t phase;   /* of that */
	uint8_t lengths; /* a Content-Length has been read */
	uint8_t crlf;    /* bytes of CR LF CR LF that have come */
	uint8_t strays;  /* to be told with the next event */
	uint16_t pongs;  /* that are to come */
	uint8_t error;   /* enum rs_sip_stream_error: nothing is read any more */
	uint8_t spare;
};
_Static_assert(sizeof(struct rs_sip_stream) == 28, "one for each connection");

/** Bounds on what a peer can make us keep. */
struct rs_sip_stream_limits {
	uint32_t header; /* bytes of start line and header fields, the empty line included */
	uint32_t body;   /* bytes; header and body together never pass 65,536 (see rs_sip_parse) */
};

/** 16 KiB of header fields, and bodies up to the largest message. */
extern const struct rs_sip_stream_limits rs_sip_stream_limits;

enum rs_sip_stream_event {
	RS_SIP_STREAM_MORE,    /* what is there is no whole message */
	RS_SIP_STREAM_MESSAGE, /* frame.message */
	RS_SIP_STREAM_PING,    /* a double CRLF: a single one is the answer (RFC 5626, 4.4.1) */
	RS_SIP_STREAM_PONG, /* a single CRLF while one is waited for: see rs_sip_stream_pinged() */
	RS_SIP_STREAM_ERROR, /* frame.error: the next message cannot be found, close the connection */
};

enum rs_sip_stream_error {
	RS_SIP_STREAM_FINE,
	RS_SIP_STREAM_NOT_SIP,         /* no start line of SIP where a message begins */
	RS_SIP_STREAM_HEADER_TOO_LONG, /* past limits.header */
	RS_SIP_STREAM_NO_LENGTH,       /* no Content-Length (RFC 3261, 20.14: a MUST on streams) */
	RS_SIP_STREAM_BAD_LENGTH,      /* it is no number */
	RS_SIP_STREAM_LENGTHS_DIFFER,  /* there are several, and not equal */
	RS_SIP_STREAM_BODY_TOO_LONG,   /* past limits.body, or the message past 65,536 bytes */
	RS_SIP_STREAM_ERRORS
};

/** @return a short name, such as "no Content-Length" */
const char *rs_sip_stream_error_name(enum rs_sip_stream_error error);

struct rs_sip_frame {
	size_t used;     /* bytes to take from the front, whatever the event */
	size_t need;     /* with MORE: how many are missing; 0: that is not known yet */
	uint32_t strays; /* CR and LF between messages that were no keep-alive, and ignored */
	uint32_t error;  /* enum rs_sip_stream_error, with ERROR */
	struct rs_slice message; /* with MESSAGE: within the used bytes, no CRLF before it */
};

/**
 * The next thing on the stream.
 *
 * @param buf    the bytes that have come and were not taken from the front yet
 * @param len    how many; nothing at or after @buf + @len is read
 * @param frame  out
 * @return what it is; after RS_SIP_STREAM_ERROR the same error for ever
 */
enum rs_sip_stream_event rs_sip_stream_next(struct rs_sip_stream *s,
	const struct rs_sip_stream_limits *limits, const uint8_t *buf, size_t len,
	struct rs_sip_frame *frame);

/**
 * A double CRLF was sent on the connection: the next single one is its answer. Without that a single
 * CRLF is the first half of a ping or, before a message, to be ignored (RFC 3261, 7.5).
 */
void rs_sip_stream_pinged(struct rs_sip_stream *s);

#endif
