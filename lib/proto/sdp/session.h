/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Offer and answer (RFC 3264) as a state without clock or I/O: what both sides of one dialog agreed on, line by line. Who sends
 * what in which message is the caller's business: the same functions serve an offer in an INVITE, a late one in a 200, an answer
 * in a reliable 18x, an ACK or a PRACK, and every re-offer.
 *
 *	we offer:    rs_sdp_offer() - send - rs_sdp_accept(), or rs_sdp_withdraw() when the request was refused
 *	they offer:  rs_sdp_answer() - send; 488 (Not Acceptable Here) when it fails
 *
 * The functions take up to 48 KiB of stack and no other memory.
 *
 * A message that is rendered again is made by the same call with the same arguments: the bytes are the same, o= included.
 */
#ifndef RS_PROTO_SDP_SESSION_H
#define RS_PROTO_SDP_SESSION_H

#include "proto/sdp/profile.h"

/** Why an m-line, or a whole description, was not taken. A counter each. */
enum rs_sdp_fail {
	RS_SDP_FAIL_NONE,
	RS_SDP_FAIL_OFF,	     /* we do not want the stream (any more) */
	RS_SDP_FAIL_PEER,	     /* the peer set its port to 0 */
	RS_SDP_FAIL_MEDIA,	     /* no media of ours is of that type, or all that are have another m-line */
	RS_SDP_FAIL_TRANSPORT,	     /* a transport that is none of ours (DTLS-SRTP too) */
	RS_SDP_FAIL_NO_CODEC,	     /* no codec in common */
	RS_SDP_FAIL_PAYLOAD,	     /* the answer has nothing that was offered */
	RS_SDP_FAIL_LINE_COUNT,	     /* an answer or a re-offer with another number of m-lines (RFC 3264, 6 and 8) */
	RS_SDP_FAIL_LINE_TYPE,	     /* an m-line of an answer is of another type than the one in its place */
	RS_SDP_FAIL_LINE_PROTO,	     /* an answer that changes between RTP and SRTP */
	RS_SDP_FAIL_TOO_LARGE,	     /* more m-lines than this session has room for, or a refused one's words are too long */
	RS_SDP_FAIL_ALL_REFUSED,     /* the answer refuses every m-line */
	RS_SDP_FAIL_NO_CRYPTO,	     /* RTP/SAVP without a crypto line (RFC 4568, 5.1), or SRTP required and none there */
	RS_SDP_FAIL_CRYPTO_FORBIDDEN, /* RTP/SAVP where SRTP is forbidden */
	RS_SDP_FAIL_CRYPTO_SUITE,    /* no suite, or none without parameters, that the profile names */
	RS_SDP_FAIL_CRYPTO_TAG,	     /* the answer's tag was not offered, or not with this suite */
	RS_SDP_FAIL_CRYPTO_KEY,	     /* malformed: see rs_sdp_crypto_parse(); rs_sdp_result.crypto tells which way */
	RS_SDP_FAIL_CRYPTO_PARAM,    /* the answer's session parameters are not those offered */
	RS_SDP_FAIL_NO_OFFER,	     /* an answer, and nothing had been offered */
	RS_SDP_FAIL_GLARE,	     /* an offer while ours has no answer (491: RFC 3261, 14.2) */
	RS_SDP_FAILS
};
/** @return a name for counters: "sdp_no_codec" and the like */
const char *rs_sdp_fail_name(enum rs_sdp_fail fail);

/** What the peer did against RFC 3264 and we lived with, as bits. */
enum rs_sdp_peer_odd {
	RS_SDP_PEER_DIRECTION = 1,   /* an answer that sends or receives more than the offer allows: cut (6.1) */
	RS_SDP_PEER_PAYLOAD = 2,     /* an answer with formats that were not offered beside some that were */
	RS_SDP_PEER_PROTO = 4,	     /* AVP for AVPF or the other way round */
	RS_SDP_PEER_ORIGIN = 8,	     /* user, id or address of o= changed (8) */
	RS_SDP_PEER_VERSION_STUCK = 16, /* another description with the same version in o= */
	RS_SDP_PEER_VERSION_JUMP = 32, /* the version went back, or on by more than one */
	RS_SDP_PEER_PORT = 64,	     /* an answer with a port for an m-line that was offered with 0 */
	RS_SDP_PEER_CRYPTOS = 128,   /* an answer with several crypto lines: the first counts (RFC 4568, 5.1.2) */
	RS_SDP_PEER_PTIME = 256,     /* a ptime that is out of our bounds: ours is used */
};

enum rs_sdp_stream_state {
	RS_SDP_STREAM_REFUSED, /* port 0; it keeps its place */
	RS_SDP_STREAM_OFFERED, /* in our offer, not answered yet */
	RS_SDP_STREAM_ACTIVE,  /* agreed, be it on hold */
};

enum rs_sdp_stream_flag {
	RS_SDP_MUX = 1,	   /* RTCP on the RTP port (RFC 5761) */
	RS_SDP_RSIZE = 2,  /* reduced-size RTCP (RFC 5506) */
	RS_SDP_SECURE = 4, /* SRTP: tx and rx hold the keys */
	RS_SDP_HELD = 8,   /* the peer does not want to receive: sendonly, inactive, or an address of zeros (RFC 3264, 8.4) */
};

/** A codec of the profile and its payload types. */
struct rs_sdp_use {
	uint8_t codec;	/* index in profile.codecs; RS_SDP_NO_PAYLOAD: not agreed */
	uint8_t send;	/* payload type that the peer expects */
	uint8_t recv;	/* payload type that we expect */
};

/** One m-line as agreed. */
struct rs_sdp_stream {
	/* what a media stream is set up from */
	struct rs_addr remote, remote_rtcp; /* family 0: the peer named a host, which nobody resolved */
	uint16_t remote_port;
	uint16_t remote_rtcp_port;	    /* 0: no RTCP */
	uint16_t ptime_ms;		    /* of the packets that we send; at least one whole frame */
	uint16_t recv_codecs;		    /* bit i: the peer may send profile codec i */
	struct rs_sdp_use use[3];	    /* by enum rs_sdp_role: codec, events, comfort noise */
	uint8_t state;			    /* enum rs_sdp_stream_state */
	uint8_t local;			    /* index in rs_sdp_local.media; RS_SDP_NO_PAYLOAD: none */
	uint8_t direction;		    /* ours, both wishes combined: enum rs_sdp_direction */
	uint8_t peer_direction;		    /* the peer's wish, as the peer sees it */
	uint8_t flags;			    /* enum rs_sdp_stream_flag */
	uint8_t proto;			    /* enum rs_sdp_proto */
	uint8_t why;			    /* enum rs_sdp_fail, of a refused one */
	/* what we said last: for an answer that comes, and for the next offer */
	uint8_t offered;		    /* our offer has a port for it */
	uint8_t offered_direction, offered_proto;
	uint8_t offered_fresh;		    /* with new crypto lines, one for each suite; else with @tx as it is, if secure */
	uint8_t sent_flags;
	uint16_t sent_codecs;		    /* as @recv_codecs */
	uint16_t sent_ptime_ms;
	char mid[16];			    /* the peer's, padded with NULs; longer ones are not kept */
	union {
		struct {
			struct rs_sdp_crypto tx, rx; /* our key and theirs */
		};
		struct {
			char type[16], proto_text[40], format[40];
		} refused; /* the words of an m-line that is written again with port 0 */
	};
};
_Static_assert(sizeof(struct rs_sdp_stream) <= 256, "one chunk of a leg's memory");

/** The offers and answers of one dialog. */
struct rs_sdp_session {
	uint64_t id;		       /* of our o= */
	uint64_t version;	       /* of our o= as sent last */
	uint64_t sent_hash;	       /* of what was sent last, o= left out */
	struct {
		uint64_t version, hash;
		bool sent;
	} unsaid;		       /* the same as they were before our last answer */
	uint64_t peer_version, peer_hash, peer_origin;
	struct rs_sdp_stream *streams; /* by m-line */
	uint8_t cap;		       /* room at @streams, at most RS_SDP_MAX_MEDIA */
	uint8_t n_streams;	       /* m-lines of the last description */
	uint8_t n_agreed;	       /* those of the last answered one */
	bool sent, heard;	       /* something was, ever */
	bool pending;		       /* our offer waits for its answer */
	bool ours;		       /* the last offer was ours, answered or not */
};

/** A stream of ours. */
struct rs_sdp_local_media {
	const struct rs_sdp_profile *profile;
	const uint8_t *keys; /* RS_SDP_KEY_MAX random bytes for each suite of the profile; NULL where SRTP is forbidden */
	uint32_t ssrc;
	uint16_t port;	     /* RTP */
	uint16_t rtcp_port;  /* 0: the next one */
	uint8_t direction;   /* our wish: hold is sendonly or inactive */
	bool off;	     /* not (any more): port 0 */
	bool has_ssrc;	     /* write @ssrc, with rs_sdp_local.cname */
};

/** All of ours at this moment. */
struct rs_sdp_local {
	struct rs_addr address;
	const struct rs_sdp_local_media *media; /* the order of our first offer */
	struct rs_slice user, name, cname;	/* of o=, s= and a=ssrc; may be absent */
	uint8_t n_media;
	bool hold_zero;	 /* c=0.0.0.0, hold as RFC 2543 had it */
	bool all_codecs; /* a re-offer names all codecs again, not those of our last description */
	bool rekey;	 /* a re-offer has new keys, and an answer too */
};

struct rs_sdp_result {
	uint16_t odd;	  /* enum rs_sdp_peer_odd */
	uint8_t why;	  /* enum rs_sdp_fail */
	uint8_t line;	  /* number of the m-line that @why is about, from 0 */
	uint8_t n_active; /* streams that are agreed now */
	uint8_t crypto;	  /* enum rs_sdp_crypto_error of the line that could not be read */
};

/**
 * Begin a session.
 *
 * @param id       session id of our o=, at most 2^63 - 1 (some peers read it as a signed number)
 * @param streams  room for @cap m-lines, the caller's; it holds the agreed streams as long as the session lives
 */
void rs_sdp_session_init(struct rs_sdp_session *s, uint64_t id, struct rs_sdp_stream *streams, unsigned cap);

/**
 * Write an offer (RFC 3264, 5 and 8): agreed streams in their places, with their payload types, their key and the codecs of our
 * last description; refused ones with port 0; media of ours that has no m-line yet behind them. The version in o= goes up by one
 * when this differs from what we sent last.
 *
 * @return bytes written to @out; -ENOSPC: more than @cap; -E2BIG: more m-lines than the session has room for; -EINVAL: what
 *         @local says cannot be written (no address, no port, no keys)
 */
int rs_sdp_offer(struct rs_sdp_session *s, const struct rs_sdp_local *local, uint8_t *out, size_t cap);

/** Our offer was refused (488, 491, a time-out): what was agreed before stands (RFC 3261, 14.1). */
void rs_sdp_withdraw(struct rs_sdp_session *s);

/**
 * Answer an offer (RFC 3264, 6 and 8; RFC 4568, 5.1.2): of each m-line that is ours the first offered codec that we have, with the
 * offerer's payload types, events of the codec's clock, the first acceptable crypto line; all others are refused in their places.
 *
 * @param result  out: why, when it fails; what was odd
 * @return bytes written to @out; -ENOTSUP: nothing can be agreed (488) or @result->why is RS_SDP_FAIL_GLARE (491); -ENOSPC, -EINVAL
 *         as rs_sdp_offer(). The session is as before on each of them.
 */
int rs_sdp_answer(struct rs_sdp_session *s, const struct rs_sdp_local *local, const struct rs_sdp *offer, uint8_t *out,
	size_t cap, struct rs_sdp_result *result);

/**
 * Write the answer that rs_sdp_answer() made once more, with the directions and the hold that @local wishes now: whoever words an
 * answer may know them only when it is due. Everything else is as it was; it must not have been sent yet.
 *
 * @return bytes written to @out; -ENOSPC, -EINVAL as rs_sdp_offer(), with the session as before
 */
int rs_sdp_redirect(struct rs_sdp_session *s, const struct rs_sdp_local *local, uint8_t *out, size_t cap);

/**
 * Take the answer to our offer. @local is the one that the offer was made from. It may be called again with the answer of a later
 * response to the same request (another fork, 18x and then 200).
 *
 * @param result  out: why, when it fails; what was odd
 * @return 0; -ENOTSUP: the answer is not one to our offer, or refuses all of it. The session is as before then, but no longer
 *         waits.
 */
int rs_sdp_accept(struct rs_sdp_session *s, const struct rs_sdp_local *local, const struct rs_sdp *answer,
	struct rs_sdp_result *result);

/** Port that our RTCP for this stream comes to: the RTP port with rtcp-mux. */
static inline uint16_t
rs_sdp_local_rtcp(const struct rs_sdp_stream *st, const struct rs_sdp_local_media *lm)
{
	if (st->flags & RS_SDP_MUX)
		return lm->port;
	return lm->rtcp_port != 0 ? lm->rtcp_port : (uint16_t)(lm->port + 1);
}

#endif
