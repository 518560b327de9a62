/* SPDX-License-Identifier: BSD-3-Clause */
/** What the halves of the parser share: see parse.c (lines) and attr.c (attributes). Private to this directory. */
#ifndef RS_PROTO_SDP_READER_H
#define RS_PROTO_SDP_READER_H

#include "proto/sdp/sdp.h"
#include "proto/sdp/words.h"

/** Where the pass is. */
struct reader {
	struct rs_sdp *sdp;
	struct rs_sdp_media *media; /* the m-line that attributes belong to; NULL: the session */
	struct rs_slice setup, fingerprint; /* of the session */
	uint16_t line;		    /* counts from 1 */
	bool has_direction;	    /* at this level */
	bool has_time;
	bool has_nul;		    /* somewhere in the body */
};

/** Note what is wrong with this line. @return -EBADMSG */
int rs_sdp_wrong(struct reader *r, enum rs_sdp_error error);

/** The value of an a= line. @return 0, -EBADMSG, -E2BIG: noted */
int rs_sdp_attribute(struct reader *r, struct rs_slice value);

/** "IN IP4 address" of c= and a=rtcp. @return 0, -EBADMSG: not noted */
int rs_sdp_address(struct rs_slice rest, struct rs_sdp_connection *out);

#endif
