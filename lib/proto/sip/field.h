/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Decoding of single header values (RFC 3261, 20 and 25.1). Each function takes one value as rs_sip_value() gives it and
 * reads nothing past its end. Folds (RFC 3261, 7.3.1) count as white space.
 */
#ifndef RS_PROTO_SIP_FIELD_H
#define RS_PROTO_SIP_FIELD_H

#include "base/slice.h"
#include "proto/sip/msg.h"

struct rs_sip_cseq {
	uint32_t number;
	uint8_t method; /* enum rs_sip_method */
	struct rs_slice method_text;
};

/** A name-addr or addr-spec with the header's parameters behind it: From, To, Contact, Route, Record-Route, Refer-To. */
struct rs_sip_addr {
	struct rs_slice display; /* without the quotes; escapes are left in */
	struct rs_slice uri;	 /* without angle brackets */
	struct rs_slice params;	 /* what follows, from the first ';' on; may be empty */
	bool angle;		 /* the URI stood in angle brackets */
	bool star;		 /* Contact: * */
};

struct rs_sip_uri {
	struct rs_slice scheme; /* "sip", "sips", "tel", ... */
	struct rs_slice user;	/* with password cut off; absent when there is no '@' */
	struct rs_slice host;	/* IPv6 references without brackets */
	uint16_t port;		/* 0 when not given */
	bool ipv6;		/* the host was an IPv6 reference */
	struct rs_slice params;	/* from the first ';' on, headers cut off */
	struct rs_slice headers;/* behind '?' */
};

struct rs_sip_via {
	struct rs_slice transport; /* "UDP", "TCP", ... */
	struct rs_slice host;	   /* IPv6 references without brackets */
	uint16_t port;		   /* 0 when not given */
	struct rs_slice branch;	   /* absent when there is none */
	struct rs_slice received;
	struct rs_slice params;	   /* from the first ';' on */
	bool rport;		   /* the parameter is there */
	const uint8_t *rport_end;  /* behind its name, where it is there without a value; else NULL */
	bool alias;		   /* likewise (RFC 5923, 5) */
	bool ipv6;
	struct rs_slice text;	   /* this one value of the header, without the comma */
};

/** CSeq: @return 0 or -EBADMSG (number above 2^31-1 included: RFC 3261, 8.1.1.5). */
int rs_sip_cseq(struct rs_slice value, struct rs_sip_cseq *out);

/**
 * One address of a header that may hold several, separated by commas.
 * @param pos  in: where to start in @value, 0 first; out: where the next one starts, or value.len
 * @return 0; -ENOENT when there is no further one; -EBADMSG
 */
int rs_sip_addr_next(struct rs_slice value, size_t *pos, struct rs_sip_addr *out);

/** The first address of @value. @return 0 or -EBADMSG */
int rs_sip_addr(struct rs_slice value, struct rs_sip_addr *out);

/** The top (or next, by @pos as in rs_sip_addr_next) value of a Via header. @return 0, -ENOENT, -EBADMSG */
int rs_sip_via_next(struct rs_slice value, size_t *pos, struct rs_sip_via *out);

/** @return 0; -EBADMSG. Schemes other than sip and sips are split at the first ':' only (host absent). */
int rs_sip_uri(struct rs_slice text, struct rs_sip_uri *out);

/**
 * Parameter @name of a list that starts with ';' (as .params above).
 * @return true when it is there; @out is then its value, unquoted, empty for a flag
 */
bool rs_sip_param(struct rs_slice params, const char *name, struct rs_slice *out);

/** Tag of a From or To value, without decoding the rest: absent when there is none. Fast path. */
struct rs_slice rs_sip_tag(struct rs_slice value);

/** Branch of the top Via value, without decoding the rest: absent when there is none. Fast path. */
struct rs_slice rs_sip_branch(struct rs_slice via_value);

/** An unsigned decimal number that fills @text. @return 0, -EBADMSG, -ERANGE */
int rs_sip_number(struct rs_slice text, uint32_t *out);

#endif
