/* SPDX-License-Identifier: BSD-3-Clause */
/** What the items of an outline are: see outline.c, which makes them, and compare.c. Private to this directory. */
#ifndef RS_PROTO_SDP_OUTLINE_H
#define RS_PROTO_SDP_OUTLINE_H

/** There is one of each up to BANDWIDTH for an m-line; what is zero is left out. */
enum item {
	ITEM_ORIGIN,	  /* hash: user, id, version */
	ITEM_NAME,	  /* hash */
	ITEM_LINE,	  /* number: port, hash: type and transport, 16 bits each; always there */
	ITEM_PORTS,	  /* number: how many, unless one */
	ITEM_ADDRESS,	  /* number: family, 0: a host name */
	ITEM_RTCP,	  /* hash: distance from the RTP port */
	ITEM_MUX,	  /* number: 1 */
	ITEM_PTIME,	  /* number: ptime, hash: maxptime */
	ITEM_DIRECTION,	  /* number */
	ITEM_FINGERPRINT, /* hash: fingerprint and setup */
	ITEM_BANDWIDTH,	  /* hash */
	ITEM_CODEC,	  /* number: payload type, hash: name and fmtp, 16 bits each */
	ITEM_CRYPTO,	  /* number: suite, hash: the line */
	ITEM_ATTR,	  /* number: name, hash: value */
};

#endif
