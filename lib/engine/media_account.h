/* SPDX-License-Identifier: BSD-3-Clause */
/** What is counted of media. */
#ifndef RS_ENGINE_MEDIA_ACCOUNT_H
#define RS_ENGINE_MEDIA_ACCOUNT_H

#include "base/metric.h"

/** Cells of (worker, activity). */
enum rs_media_metric {
	RS_MEDIA_STARTED, RS_MEDIA_ENDED, /* streams, each with both its directions */
	RS_MEDIA_OPEN,			  /* gauge */
	RS_MEDIA_PEAK,			  /* max of OPEN */
	RS_MEDIA_SECURE,		  /* of STARTED: SRTP */
	RS_MEDIA_SENT, RS_MEDIA_SENT_BYTES, /* packets and bytes behind UDP */
	RS_MEDIA_NO_BUFFER, RS_MEDIA_NOT_TARGET, RS_MEDIA_NO_ROUTE, /* due, and not sent */
	RS_MEDIA_KEY_USED_UP,		  /* not sent: the key's lifetime is over */
	RS_MEDIA_NO_PORTS, RS_MEDIA_NO_MEMORY, /* calls without media for want of ... */
	RS_MEDIA_NO_ADDRESS,		  /* streams that could not start: the peer named a host */
	RS_MEDIA_NO_KEYS,		  /* streams that could not start: keys or MKI that cannot be used */
	RS_MEDIA_RECEIVED, RS_MEDIA_RECEIVED_BYTES, /* RTP that belongs to a stream, once it is authentic */
	RS_MEDIA_HELD,			  /* of RECEIVED: while nothing was to be received */
	/* received, and not taken */
	RS_MEDIA_SHORT, RS_MEDIA_VERSION, RS_MEDIA_HEADER, RS_MEDIA_WRONG_PORT,
	RS_MEDIA_AUTH_FAILED, RS_MEDIA_REPLAYED, RS_MEDIA_TOO_OLD, RS_MEDIA_SRTP_OTHER,
	RS_MEDIA_OTHER_SSRC, RS_MEDIA_BAD_SEQ,
	/* received, taken, and odd */
	RS_MEDIA_PT_UNKNOWN, RS_MEDIA_PT_CHANGED, RS_MEDIA_SSRC_CHANGED, RS_MEDIA_RESTARTED, RS_MEDIA_TS_JUMPS,
	RS_MEDIA_WRONG_SOURCE, RS_MEDIA_LATCHED,
	/* of the whole stream, at its end and with its reports */
	RS_MEDIA_EXPECTED, RS_MEDIA_LOST, RS_MEDIA_DUPLICATES, RS_MEDIA_REORDERED, RS_MEDIA_LATE,
	/* watermarks */
	RS_MEDIA_MARKED, RS_MEDIA_ABSENT, RS_MEDIA_BROKEN, RS_MEDIA_STALE, RS_MEDIA_CROSSED, RS_MEDIA_ECHOED,
	RS_MEDIA_ECHO_SENT,
	RS_MEDIA_DIGITS_SENT, RS_MEDIA_DIGITS_HEARD, RS_MEDIA_DIGITS_INBAND,
	RS_MEDIA_RTCP_SENT, RS_MEDIA_RTCP_RECEIVED, RS_MEDIA_RTCP_BAD, RS_MEDIA_RTCP_BYE,
	RS_MEDIA_UNREACHABLE,
	RS_MEDIA_UDPTL_SENT, RS_MEDIA_UDPTL_RECEIVED, /* datagrams of m=image lines */
	/* streams judged at their end */
	RS_MEDIA_JUDGED,	/* that were to receive */
	RS_MEDIA_NEVER_HEARD, RS_MEDIA_ONE_WAY, RS_MEDIA_TIMED_OUT, RS_MEDIA_TRANSCODED, RS_MEDIA_CROSSED_STREAMS, RS_MEDIA_RATED,
	RS_MEDIA_NO_FACTORS, RS_MEDIA_NO_BPL, /* heard, and not rated: enum rs_quality_why */
	/*
	 * Of calls whose due time (answered: arrival) lies in the measured window, at each stream's end: what thresholds are over. Then
	 * those of them whose call overlapped a limited interval, as far as that was known; the same order.
	 */
	RS_MEDIA_M_JUDGED, RS_MEDIA_M_ONE_WAY, RS_MEDIA_M_RATED, RS_MEDIA_M_EXPECTED, RS_MEDIA_M_LOST,
	RS_MEDIA_T_JUDGED, RS_MEDIA_T_ONE_WAY, RS_MEDIA_T_RATED, RS_MEDIA_T_EXPECTED, RS_MEDIA_T_LOST,
	RS_MEDIA_LEGS_CROSSED, /* calls whose both ends are known, and heard others than each other */
	/* done to them on purpose */
	RS_MEDIA_IMPAIRED_LOST, RS_MEDIA_IMPAIRED_DUPLICATED, RS_MEDIA_IMPAIRED_DELAYED, RS_MEDIA_WRONG_SENT,
	/* histograms */
	RS_MEDIA_LATENESS, RS_MEDIA_LATENESS_GAP, RS_MEDIA_DELAY, RS_MEDIA_RTT, RS_MEDIA_JITTER, RS_MEDIA_JITTER_MAX, RS_MEDIA_GAP,
	RS_MEDIA_FIRST, RS_MEDIA_MOS, RS_MEDIA_R, RS_MEDIA_LOSS,
	RS_MEDIA_MOS_WIDE, /* G.107.1: another scale */
	RS_MEDIA_M_MOS, RS_MEDIA_M_MOS_WIDE, RS_MEDIA_M_JITTER_MAX, /* of the measured window */
	RS_MEDIA_C_MOS, RS_MEDIA_C_MOS_WIDE, RS_MEDIA_C_JITTER_MAX, /* and of calls that overlapped no limited interval that was known of */
	RS_MEDIA_COUNT
};
extern const struct rs_metric_table rs_media_metrics_table;

#define RS_MEDIA_MEASURED (RS_MEDIA_T_JUDGED - RS_MEDIA_M_JUDGED) /* counters of the measured window, and as many of tainted calls */

/** Cells of (worker): what belongs to no activity. */
enum rs_media_worker_metric {
	RS_MEDIA_W_NO_STREAM,	/* RTP or RTCP to a pair of ours that no stream has (any more, or yet) */
	RS_MEDIA_W_NOT_OURS,	/* or to no such pair */
	RS_MEDIA_W_PORTS,	/* gauges */
	RS_MEDIA_W_STREAMS, RS_MEDIA_W_BYTES,
	RS_MEDIA_W_PROTECTED, RS_MEDIA_W_VERIFIED, /* RTP packets by SRTP, sent and received */
	RS_MEDIA_W_FULL_TURNS,	/* turns that left some of what was due to the next one */
	RS_MEDIA_W_COUNT
};
extern const struct rs_metric_table rs_media_worker_metrics_table;

/** Histograms of what is no time: a MOS, R or percentage of 1 is recorded as so many. */
#define RS_MEDIA_SCALE 1000000.0

#endif
