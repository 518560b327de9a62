/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A stream's RTCP: when it is due (RFC 3550, 6.3 and A.7), and what the report about what was received says (A.3). Pure state:
 * time and randomness are arguments.
 */
#ifndef RS_PROTO_RTCP_SESSION_H
#define RS_PROTO_RTCP_SESSION_H

#include "proto/rtcp/ntp.h"
#include "proto/rtcp/rtcp.h"
#include "proto/rtp/rx.h"

#define RS_RTCP_MIN_NS 5000000000ull /* RFC 3550, 6.2; half of it before the first report */

/** When reports are due. */
struct rs_rtcp_timer {
	uint64_t last_ns; /* tp: the last report */
	uint64_t next_ns; /* tn: the next one */
	uint64_t min_ns;
	float bytes_per_s; /* RTCP's share of the bandwidth */
	float avg_size;    /* bytes, with UDP and IP */
	uint16_t members, pmembers, senders;
	bool sender; /* we are one */
	bool initial;
};
_Static_assert(sizeof(struct rs_rtcp_timer) <= 40, "one for each stream");

/**
 * @param session_bps	bandwidth of the session, of which RTCP has 5 %
 * @param min_ns	RS_RTCP_MIN_NS, or less where a profile allows it; 0: none (RFC 4585, 3.4)
 * @param first_size	bytes that the first report will be, with UDP and IP
 * @param sender	we send media
 * @param random	0 <= random < 1
 */
void rs_rtcp_timer_init(struct rs_rtcp_timer *t, uint64_t now_ns, uint32_t session_bps,
	uint64_t min_ns, uint32_t first_size, bool sender, double random);

/** The interval between reports, randomised (A.7): with one party or two, senders' and receivers' shares are as 25 to 75. */
uint64_t rs_rtcp_timer_interval(const struct rs_rtcp_timer *t, double random);

/**
 * It is @t->next_ns: is a report to be sent, now that the interval is drawn again (timer reconsideration, 6.3.6)? Either way the
 * time of the next one is set.
 * @param size	 bytes of the report if there is one, with UDP and IP
 */
bool rs_rtcp_timer_due(struct rs_rtcp_timer *t, uint64_t now_ns, uint32_t size, double random);

/** A datagram of RTCP came (6.3.3). @param size  bytes, with UDP and IP */
void rs_rtcp_timer_received(struct rs_rtcp_timer *t, uint32_t size);

/** How many are in the session, as far as known; when they become fewer, the next report comes sooner (6.3.4). */
void rs_rtcp_timer_members(
	struct rs_rtcp_timer *t, uint64_t now_ns, uint16_t members, uint16_t senders);

/** What reports about a received stream remember. */
struct rs_rtcp_reporter {
	uint64_t sr_ns;              /* when the last SR came; 0: none did */
	uint64_t rr_ns;              /* when the last RRTR came */
	uint32_t sr_ntp, rr_ntp;     /* short */
	uint32_t ssrc, base;         /* the sequence of the last report, */
	uint32_t expected, received; /* and what had come of it by then */
};

/** An SR of the stream's sender came (its LSR and DLSR are told from now on). */
void rs_rtcp_reporter_sr(
	struct rs_rtcp_reporter *r, const struct rs_rtcp_sender *sr, uint64_t now_ns);

/** Likewise a receiver reference time (RFC 3611, 4.4). */
void rs_rtcp_reporter_rrtr(struct rs_rtcp_reporter *r, uint64_t ntp, uint64_t now_ns);

/**
 * The report block about @rx; the fraction lost is that since the last one (A.3).
 * @return 0; -ENODATA when nothing has been received yet: then there is no block to send
 */
int rs_rtcp_reporter_report(struct rs_rtcp_reporter *r, const struct rs_rtp_rx *rx, uint64_t now_ns,
	struct rs_rtcp_report *out);

/** The sub-block of DLRR about @ssrc. @return 0; -ENODATA when it has sent no reference time */
int rs_rtcp_reporter_dlrr(
	const struct rs_rtcp_reporter *r, uint32_t ssrc, uint64_t now_ns, struct rs_rtcp_dlrr *out);

/**
 * What a receiver knows of the fields of VoIP metrics (RFC 3611, 4.7): loss, discard, densities, durations and the fixed buffer.
 * Levels, R and MOS are 127 (unknown), delays 0: the caller's to set.
 */
void rs_rtcp_voip_metrics(const struct rs_rtp_rx *rx, double packet_ms, struct rs_rtcp_voip *out);

#endif
