/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Session descriptions as received (RFC 8866), with the attributes that RTP, RTCP and SRTP need. One pass, nothing copied, nothing
 * allocated: every slice points into the caller's bytes, and the struct that the caller gives has room for all that is kept.
 */
#ifndef RS_PROTO_SDP_SDP_H
#define RS_PROTO_SDP_SDP_H

#include "base/slice.h"
#include "base/text.h"

#define RS_SDP_MAX_MEDIA   16	/* m-lines */
#define RS_SDP_MAX_FORMATS 160	/* of all m-lines together */
#define RS_SDP_MAX_ATTRS   384	/* a= lines of the whole body */
#define RS_SDP_MAX_BYTES   65535
#define RS_SDP_NO_PAYLOAD  0xff /* no payload type */
#define RS_SDP_SESSION	   0xff /* in place of an m-line's number: the part before the first */

/** Directions as who wrote the description sees them (RFC 8866, 6.7): bits, so that & combines two wishes. */
enum rs_sdp_direction {
	RS_SDP_INACTIVE = 0,
	RS_SDP_SENDONLY = 1,
	RS_SDP_RECVONLY = 2,
	RS_SDP_SENDRECV = 3,
};

/** The same direction as the other side sees it. */
static inline unsigned
rs_sdp_reverse(unsigned direction)
{
	return (direction & 1) << 1 | direction >> 1;
}

enum rs_sdp_proto {
	RS_SDP_PROTO_OTHER,
	RS_SDP_RTP_AVP,	     /* RFC 3551 */
	RS_SDP_RTP_AVPF,     /* RFC 4585 */
	RS_SDP_RTP_SAVP,     /* RFC 3711 */
	RS_SDP_RTP_SAVPF,    /* RFC 5124 */
	RS_SDP_DTLS_SAVP,    /* UDP/TLS/RTP/SAVP, RFC 5764 */
	RS_SDP_DTLS_SAVPF,   /* UDP/TLS/RTP/SAVPF */
	RS_SDP_PROTOS
};

/** @return "RTP/AVP" and so on; "" for RS_SDP_PROTO_OTHER */
const char *rs_sdp_proto_name(enum rs_sdp_proto proto);

/** What is wrong with a description; a counter each. */
enum rs_sdp_error {
	RS_SDP_OK,
	RS_SDP_ERR_EMPTY,	    /* no line at all */
	RS_SDP_ERR_LINE,	    /* not "<letter>=<value>", or a NUL or a CR inside */
	RS_SDP_ERR_VERSION,	    /* the first line is not v=0 */
	RS_SDP_ERR_ORIGIN,	    /* o= is missing or malformed */
	RS_SDP_ERR_TIME,
	RS_SDP_ERR_BANDWIDTH,
	RS_SDP_ERR_CONNECTION,	    /* c= is malformed, or its address is not of the family it names */
	RS_SDP_ERR_NO_CONNECTION,   /* an m-line that is not rejected has no c= at either level */
	RS_SDP_ERR_DUPLICATE,	    /* a line that stands once stands twice */
	RS_SDP_ERR_ORDER,	    /* a line of the session's behind the first m-line */
	RS_SDP_ERR_MEDIA,	    /* m= is malformed */
	RS_SDP_ERR_PORT,	    /* a port that is no port */
	RS_SDP_ERR_PAYLOAD,	    /* a payload type that is not 0 to 127, or twice in one m-line */
	RS_SDP_ERR_RTPMAP,	    /* rtpmap or fmtp is malformed */
	RS_SDP_ERR_RTPMAP_CONFLICT, /* two different mappings of one payload type, or another codec on a static one (RFC 3551, 6) */
	RS_SDP_ERR_DIRECTION,	    /* two different directions at one level */
	RS_SDP_ERR_PTIME,	    /* ptime or maxptime is malformed, there twice, or ptime is the larger */
	RS_SDP_ERR_RTCP,	    /* a=rtcp is malformed (RFC 3605) */
	RS_SDP_ERR_MID,		    /* two m-lines have one mid, or it is empty (RFC 5888) */
	RS_SDP_ERR_SSRC,
	RS_SDP_ERR_CRYPTO_TAG,	    /* a crypto tag twice in one m-line, or malformed (RFC 4568, 5.1) */
	RS_SDP_ERR_TOO_LONG,	    /* past RS_SDP_MAX_BYTES */
	RS_SDP_ERR_TOO_MANY_MEDIA,
	RS_SDP_ERR_TOO_MANY_FORMATS,
	RS_SDP_ERR_TOO_MANY_ATTRS,
	RS_SDP_ERRORS
};
/** @return a name for counters: "sdp_line", "sdp_no_connection" and the like */
const char *rs_sdp_error_name(enum rs_sdp_error error);

/** What is not as the RFC says and was taken all the same, as bits. */
enum rs_sdp_oddity {
	RS_SDP_ODD_LF = 1,	   /* lines end with LF alone */
	RS_SDP_ODD_NO_NAME = 2,	   /* no s= */
	RS_SDP_ODD_NO_TIME = 4,	   /* no t= */
	RS_SDP_ODD_STRAY = 8,	   /* rtpmap, fmtp or rtcp-fb of a payload type that the m-line does not have */
	RS_SDP_ODD_REPEATED = 16,  /* an fmtp, label, setup or rtcp twice: the first counts */
	RS_SDP_ODD_CLOCK = 32,	   /* a static payload type with another clock than RFC 3551's: its rtpmap counts */
};

/** Attributes with an identity; others are RS_SDP_ATTR_OTHER. */
enum rs_sdp_attr_id {
	RS_SDP_ATTR_OTHER,
	RS_SDP_ATTR_RTPMAP, RS_SDP_ATTR_FMTP, RS_SDP_ATTR_PTIME, RS_SDP_ATTR_MAXPTIME,
	RS_SDP_ATTR_RTCP, RS_SDP_ATTR_RTCP_MUX, RS_SDP_ATTR_RTCP_RSIZE, RS_SDP_ATTR_RTCP_FB,
	RS_SDP_ATTR_SENDRECV, RS_SDP_ATTR_SENDONLY, RS_SDP_ATTR_RECVONLY, RS_SDP_ATTR_INACTIVE,
	RS_SDP_ATTR_MID, RS_SDP_ATTR_SSRC, RS_SDP_ATTR_CRYPTO, RS_SDP_ATTR_SETUP, RS_SDP_ATTR_FINGERPRINT,
	RS_SDP_ATTR_LABEL,
	RS_SDP_ATTRS
};

/** One a= line. */
struct rs_sdp_attr {
	struct rs_slice name;
	struct rs_slice value; /* behind the colon; absent without one */
	uint16_t line;	       /* counts from 1 */
	uint8_t media;	       /* number of the m-line, RS_SDP_SESSION */
	uint8_t id;	       /* enum rs_sdp_attr_id */
};

/** One format of an m-line. */
struct rs_sdp_format {
	struct rs_slice text;	/* as in the m-line */
	struct rs_slice name;	/* encoding: of the rtpmap, else RFC 3551's; absent: unknown. Case does not count */
	struct rs_slice fmtp;	/* parameters; absent: none */
	uint32_t clock_hz;
	uint8_t channels;	/* 1 when nothing says more */
	uint8_t payload;	/* 0 to 127; RS_SDP_NO_PAYLOAD in an m-line that is not RTP */
	bool mapped;		/* an rtpmap said so */
};

/** c=, or the address of an a=rtcp. */
struct rs_sdp_connection {
	struct rs_slice text; /* the address or host name, a multicast's "/ttl" cut; absent: no such line */
	struct rs_addr addr;  /* family 0: none, or a host name */
};

struct rs_sdp_bandwidth {
	uint32_t as_kbps;  /* b=AS, 0: none */
	uint32_t tias_bps; /* b=TIAS (RFC 3890) */
};

/** One m-line and what stands below it, the session's defaults filled in. */
struct rs_sdp_media {
	struct rs_slice type;	     /* "audio" */
	struct rs_slice proto_text;  /* "RTP/AVP" */
	struct rs_slice formats_text; /* all of them, as in the m-line */
	struct rs_sdp_connection connection; /* its own, else the session's */
	struct rs_sdp_connection rtcp;	     /* a=rtcp with an address; absent: that of @connection */
	struct rs_slice mid, label;	     /* absent: none */
	struct rs_slice setup, fingerprint;  /* its own, else the session's (RFC 8842) */
	struct rs_sdp_bandwidth bandwidth;
	uint32_t ssrc;		     /* of the first a=ssrc; has_ssrc tells whether there is one */
	uint16_t line;		     /* of the m= line, counts from 1 */
	uint16_t port;		     /* 0: rejected, or not offered */
	uint16_t n_ports;	     /* 1 without "/n" */
	uint16_t rtcp_port;	     /* a=rtcp; else the RTP port with rtcp-mux, else the next one; 0: rejected */
	uint16_t ptime_ms, maxptime_ms; /* 0: not said */
	uint16_t first_format, n_formats; /* in sdp.formats */
	uint16_t n_crypto;	     /* a=crypto lines */
	uint8_t proto;		     /* enum rs_sdp_proto */
	uint8_t direction;	     /* enum rs_sdp_direction */
	bool rtcp_mux, rtcp_rsize, has_rtcp, has_ssrc;
	bool own_connection;	     /* c= stands below the m-line */
};

/** One description. About 30 KiB: a worker has one or two, a leg has none. */
struct rs_sdp {
	struct rs_slice body;
	struct rs_slice user, id, version_text, origin_address; /* of o= */
	uint64_t version;			/* of o=, as a number */
	struct rs_slice name;			/* s=; absent: none */
	struct rs_sdp_connection connection;	/* of the session */
	struct rs_sdp_bandwidth bandwidth;
	uint16_t n_media, n_formats, n_attrs;
	uint16_t error_line;			/* counts from 1; 0: no line is to blame */
	uint8_t error;				/* enum rs_sdp_error */
	uint8_t odd;				/* enum rs_sdp_oddity */
	uint8_t direction;			/* of the session, sendrecv when nothing says so */
	struct rs_sdp_media media[RS_SDP_MAX_MEDIA];
	struct rs_sdp_format formats[RS_SDP_MAX_FORMATS];
	struct rs_sdp_attr attrs[RS_SDP_MAX_ATTRS];
};
_Static_assert(sizeof(struct rs_sdp) <= 36 * 1024, "a worker's scratch memory");

/**
 * Read a description (RFC 8866; RFC 3264 for the port 0; RFC 3551, 3605, 4568, 5761, 5888).
 *
 * Line ends are CRLF or LF, empty lines are skipped, as are lines of letters and attributes that are not known. Nothing at or after
 * @buf + @len is read. Crypto lines are not read here, but for their tags: see rs_sdp_crypto_parse().
 *
 * @param buf  the body as received; it must stay valid as long as @out is used
 * @param len  bytes in @buf
 * @param out  out: the description; on failure @out->error and @out->error_line say what is wrong and where
 * @return 0; -EBADMSG: it cannot be read or contradicts itself; -E2BIG: more than @out has room for
 */
int rs_sdp_parse(const uint8_t *buf, size_t len, struct rs_sdp *out);

/** Format @i of @m, 0 to @m->n_formats - 1. */
static inline const struct rs_sdp_format *
rs_sdp_format(const struct rs_sdp *sdp, const struct rs_sdp_media *m, unsigned i)
{
	return &sdp->formats[m->first_format + i];
}

/**
 * The next attribute @id of m-line @media (RS_SDP_SESSION: of the session) at or behind position @from.
 *
 * @return its position in sdp->attrs; -1: no more
 */
int rs_sdp_attr_next(const struct rs_sdp *sdp, unsigned media, enum rs_sdp_attr_id id, int from);

/** What a static payload type stands for. */
struct rs_sdp_static {
	const char *name;
	uint32_t clock_hz;
	uint8_t channels;
};
/** @return RFC 3551's table 4 and 5; NULL: not assigned there (all from 96 on) */
const struct rs_sdp_static *rs_sdp_static(unsigned payload);

#endif
