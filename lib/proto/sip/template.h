/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Message templates: a message compiled to literal spans and typed slots. Rendering copies and patches; it allocates nothing
 * and always gives the same bytes for the same context.
 */
#ifndef RS_PROTO_SIP_TEMPLATE_H
#define RS_PROTO_SIP_TEMPLATE_H

#include "base/text.h"
#include "proto/sip/msg.h"

/** What stands in a slot. `n` below is the slot's number (an offset such as +1), `aux` its index or text. */
enum rs_slot {
	RS_SLOT_LITERAL,     /* bytes [off, off + len) of the template's text */
	RS_SLOT_LINE,	     /* a line begins; writes nothing (see rs_template_render for lines that stay empty) */
	RS_SLOT_BODY,	     /* the body begins here: what LEN counts from */
	RS_SLOT_LEN,	     /* body length + n, "%5u": patched when the end is known */
	/* text that the context holds ready */
	RS_SLOT_REMOTE_IP,   /* IPv6 in brackets, as all addresses here */
	RS_SLOT_REMOTE_HOST, /* as the plan's proxy spells it */
	RS_SLOT_REMOTE_PORT, /* + n, as all numbers here */
	RS_SLOT_TRANSPORT,   /* "UDP" */
	RS_SLOT_URI_TRANSPORT,	   /* TRANSPORT behind "transport=": what it is called there */
	RS_SLOT_CONTACT_TRANSPORT, /* the same in the URI of our Contact: with what else belongs there, ";ob" */
	RS_SLOT_LOCAL_IP,
	RS_SLOT_LOCAL_IP_TYPE, /* "4" or "6" */
	RS_SLOT_LOCAL_PORT,
	RS_SLOT_SERVER_IP,   /* the address the last request arrived on */
	RS_SLOT_MEDIA_IP,
	RS_SLOT_MEDIA_IP_TYPE,
	RS_SLOT_MEDIA_PORT,  /* aux: n of its m= line, which is left out where the port is the call's own */
	RS_SLOT_AUTO_MEDIA_PORT,
	RS_SLOT_VIDEO_PORT,  /* MEDIA_PORT in an m=video or m=image line, or below it; with_name: AUTO_MEDIA_PORT there */
	RS_SLOT_CALL_NUMBER,
	RS_SLOT_CALL_ID,
	RS_SLOT_DYNAMIC_ID,
	RS_SLOT_PID,
	RS_SLOT_SERVICE,
	RS_SLOT_USER,	     /* the endpoint's user part (ours; SIPp has no such keyword) */
	RS_SLOT_DOMAIN,	     /* the endpoint's domain, else its address (ours) */
	RS_SLOT_TAG,	     /* the leg's own tag, a token (ours) */
	RS_SLOT_MSG_INDEX,
	RS_SLOT_BRANCH,	     /* "z9hG4bK" and a token; n tells several of one message apart (but see branch_by_index) */
	RS_SLOT_CSEQ,
	RS_SLOT_LAST_CSEQ_NUMBER,
	RS_SLOT_CLOCK_TICK,  /* ms since the start of the run */
	RS_SLOT_TIMESTAMP,   /* "2026-01-31 12:00:00.123456" */
	RS_SLOT_DATE,	     /* RFC 1123, GMT */
	RS_SLOT_SIPP_VERSION,
	/* from the last message received */
	RS_SLOT_LAST_MESSAGE,
	RS_SLOT_LAST_REQUEST_URI, /* the URI inside its To */
	RS_SLOT_LAST_HEADER, /* aux: header name; with_name: the whole "Name: value", else the value; several joined by ", " */
	RS_SLOT_PEER_TAG_PARAM, /* ";tag=..." of the peer, empty without one */
	/* from the dialog */
	RS_SLOT_NEXT_URL,    /* the peer's Contact URI */
	RS_SLOT_ROUTES,	     /* the whole "Route: ..." line from the stored route set, nothing when there is none */
	/* by the context's function */
	RS_SLOT_VAR,	     /* aux: variable */
	RS_SLOT_FIELD,	     /* aux: field access (file, field, line) of the program */
	RS_SLOT_FILL,	     /* aux: fill of the program */
	RS_SLOT_AUTH,	     /* aux: auth use of the program; the whole Authorization or Proxy-Authorization line */
	RS_SLOT_CRYPTO,	     /* aux: 2 * line (0 audio, 1 video) + crypto line of it (0, 1); header_id: enum rs_crypto_part; with_name: suite */
	RS_SLOTS
};

/** Of an a=crypto line, for CRYPTO. */
enum rs_crypto_part {
	RS_CRYPTO_TAG,
	RS_CRYPTO_SUITE, /* enum rs_sdp_suite */
	RS_CRYPTO_KEY,	 /* master key and salt in base64 */
	RS_CRYPTO_PLAIN, /* "UNENCRYPTED_SRTP" */
};

struct rs_op {
	uint8_t slot;	    /* enum rs_slot */
	uint8_t header_id;  /* LAST_HEADER: enum rs_sip_header_id, RS_HDR_OTHER: look the name up */
	uint8_t with_name;  /* LAST_HEADER: the line's name is to be written, too */
	uint8_t pad;
	int32_t n;
	uint32_t off, len;  /* LITERAL: span of the text; LAST_HEADER: the name's span */
	uint32_t aux;
};

struct rs_template {
	const struct rs_op *ops;
	uint32_t n_ops;
	const uint8_t *text;  /* all literal bytes, of the whole program */
	uint32_t has_body;    /* there is a BODY op */
	int32_t line;	      /* of the scenario file */
};

/** The values of one rendering. Absent slices are written as nothing. */
struct rs_render {
	struct rs_slice remote_ip, remote_host, local_ip, server_ip, media_ip;
	struct rs_slice transport, uri_transport, contact_transport, call_id, service, user, domain, tag, branch, pid;
	struct rs_slice timestamp, date; /* of the current second: made by the owner when asked for, see want below */
	uint16_t remote_port, local_port, media_port;
	uint16_t video_port;  /* the call's own; 0: it has none, and VIDEO_PORT is as MEDIA_PORT */
	uint8_t local_family, media_family; /* 4, 6 */
	bool media_port_own;  /* media_port is the call's own: AUTO_MEDIA_PORT is the same one */
	bool branch_by_index; /* BRANCH is branch "-" msg_index + n, so that [branch-4] is that of the step 4 before (SIPp) */
	bool branch_whole;    /* BRANCH is branch as it is, whatever n: a transaction has one branch (RFC 3261, 8.1.1.7) */
	bool branch_alias;    /* and BRANCH is followed by Via's parameter `alias` (RFC 5923, 5) */
	uint32_t msg_index;
	uint64_t call_number;	/* from 1 */
	uint32_t dynamic_id;
	uint32_t cseq;
	uint32_t last_cseq;
	uint64_t clock_tick_ms;
	const struct rs_sip_msg *last;	/* last message received, or the parts of it that were kept; NULL: none */
	struct rs_slice peer_tag;	/* absent: none */
	struct rs_slice next_url;
	struct rs_slice routes;		/* "<sip:a;lr>, <sip:b;lr>"; absent: none */
	/** VAR, FIELD, FILL, AUTH, CRYPTO, TIMESTAMP, DATE: write at most @cap bytes at @out. @return bytes written, or -ENOSPC */
	int (*expand)(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap);
	void *ctx;
};

/**
 * Render @t.
 *
 * A line that is left empty because a slot at its start had nothing to write (a header that the last message lacks, an empty
 * variable, no routes) is dropped, its end included; blanks behind such a slot are dropped, too, lest the rest of the line fold
 * into the one before. A slot with nothing to write elsewhere leaves its line as it is. This is what SIPp does.
 *
 * @param out  @cap bytes
 * @return bytes written; -ENOSPC when they do not fit (@cap, or a length the five columns of LEN)
 */
int rs_template_render(const struct rs_template *t, const struct rs_render *r, uint8_t *out, size_t cap);

#endif
