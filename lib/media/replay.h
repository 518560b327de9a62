/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One RTP stream out of a capture (pcap or pcapng), to be sent again with its own timing, payloads, markers and payload types, and
 * with each stream's own SSRC, sequence numbers and timestamps; or one of UDPTL (T.38: what an m=image line carries), whose datagrams
 * are sent as they are. Made before a run and shared by all that play it.
 */
#ifndef RS_MEDIA_REPLAY_H
#define RS_MEDIA_REPLAY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

/** Bytes of a capture that is read. */
#define RS_REPLAY_FILE_MAX (1024u << 20)

struct rs_replay_packet {
	uint64_t due_ns; /* after the first packet */
	uint32_t offset; /* of its payload in the block */
	uint32_t ts;     /* the timestamp less the first packet's, modulo 2^32 */
	uint16_t
		seq; /* the sequence number less the first packet's, modulo 2^16: gaps and reordering stay */
	uint16_t len; /* bytes of payload, padding left out; UDPTL: the whole datagram */
	uint8_t pt;
	uint8_t marker;
};
_Static_assert(sizeof(struct rs_replay_packet) == 24, "what one packet costs besides its bytes");

struct rs_replay {
	const struct rs_replay_packet *packets;
	const uint8_t *block;
	uint32_t n; /* at least 1 */
	size_t block_len;
	uint32_t ssrc;      /* in the capture */
	uint16_t port;      /* it was sent to */
	uint32_t n_streams; /* of its kind in the capture: others than this one were left out */
	uint64_t n_skipped; /* packets that are no RTP over UDP, or fragments */
	bool udptl; /* seq, ts, pt and marker of its packets are 0 */
};

/** Which stream. 0: any. */
struct rs_replay_want {
	uint16_t port; /* it was sent to */
	uint32_t ssrc;
	bool udptl;    /* not RTP: the datagrams of one UDPTL flow, whole */
};

/**
 * Read a capture: Ethernet with any VLAN tags, Linux cooked (SLL, SLL2), raw IP, BSD loopback; IPv4 and IPv6, UDP, RTP. A
 * stream is an SSRC sent to one address and port. Taken is the first one in the capture that fits @want and has two packets or
 * more, else the first one that fits. Extension headers, CSRCs and padding are left out (RFC 3550, 5.1). A flow of UDPTL is all that
 * was sent to one address and port and counts: the first 16 bits of most of its datagrams are up to four more than those of the one
 * before, or the same (T.38, 9.1: numbers go up by one, and a datagram may be sent twice).
 *
 * @param want  NULL: any stream
 * @return 0; what open and read say; -EFBIG; -EBADMSG: no capture, a broken or a cut one (@err says what is wrong and at which
 *         packet), or packets cut short when they were captured; -ENOTSUP: a link type that we do not know; -ENODATA: no RTP
 *         (UDPTL) that fits, @err lists what there is; -ENOMEM
 */
int rs_replay_open(const char *path, const struct rs_replay_want *want, struct rs_replay **out,
	struct rs_err *err);

/** The same from memory; @name stands for the file in messages. */
int rs_replay_read(const char *name, struct rs_slice bytes, const struct rs_replay_want *want,
	struct rs_replay **out, struct rs_err *err);

void rs_replay_free(struct rs_replay *r);

static inline struct rs_slice
rs_replay_bytes(const struct rs_replay *r, const struct rs_replay_packet *p)
{
	return rs_slice_of(r->block + p->offset, p->len);
}

#endif
