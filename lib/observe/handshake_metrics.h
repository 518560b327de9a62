/* SPDX-License-Identifier: BSD-3-Clause */
/** What handshake threads count, and what workers count of them. */
#ifndef RS_OBSERVE_HANDSHAKE_METRICS_H
#define RS_OBSERVE_HANDSHAKE_METRICS_H

#include "base/metric.h"
#include "base/offload.h"

/** Cells of (thread), written by it. */
enum rs_handshake_metric {
	RS_HS_STARTED, /* begun by the thread; always started = done_* + failed of all causes + in_flight */
	RS_HS_CLIENT_FULL, RS_HS_CLIENT_RESUMED, RS_HS_SERVER_FULL, RS_HS_SERVER_RESUMED, /* done */
	RS_HS_FAILED,  /* RS_OFFLOAD_CAUSES of them, by enum rs_offload_cause */
	RS_HS_DROPPED = RS_HS_FAILED + RS_OFFLOAD_CAUSES, /* cancelled while they waited for the thread: never started */
	RS_HS_IN_FLIGHT,      /* gauge */
	RS_HS_IN_FLIGHT_MOST, /* max */
	RS_HS_WAITING,	      /* gauge: starts that wait for a place */
	RS_HS_WAITING_MOST,   /* max */
	RS_HS_CROWDED,	      /* starts that found in_flight of them under way */
	RS_HS_SESSIONS,	      /* gauge: sessions kept for resumption */
	RS_HS_SESSION_BYTES,  /* gauge */
	RS_HS_RESUME_REFUSED, /* a session was offered, and the handshake was a full one */
	RS_HS_NO_TICKET,      /* clients that waited for a ticket in vain */
	RS_HS_BYTES_IN, RS_HS_BYTES_OUT,
	RS_HS_KEY_LOG_LOST,   /* lines of key logs that found no room on their way to the writer */
	RS_HS_BUSY_NS,	      /* CPU time of handshakes */
	RS_HS_LENT,	      /* done, with a suite whose records OpenSSL does */
	RS_HS_LENT_OPEN,      /* gauge: of them, those whose SSL object is there */
	RS_HS_HEAP_USED, RS_HS_HEAP_TAKEN, RS_HS_HEAP_REFUSED, /* of all threads and workers, told by thread 0 */
	RS_HS_ELAPSED,	      /* hist: order to result */
	RS_HS_WAIT,	      /* hist: of it, waiting for this thread: ours */
	RS_HS_AWAY,	      /* hist: of it, waiting for the peer's bytes */
	RS_HS_CPU_FULL, RS_HS_CPU_RESUMED, /* hist: CPU time of one handshake, this side of it */
	RS_HANDSHAKE_METRICS
};
extern const struct rs_metric_table rs_handshake_metrics_table;

/** Cells of (worker), written by it. */
enum rs_handshake_worker_metric {
	RS_HSW_STARTED, RS_HSW_DONE, RS_HSW_FAILED,
	RS_HSW_REFUSED,	  /* starts that found the queue full */
	RS_HSW_PUT_OFF,	  /* bytes that found no room on their way to the thread: fed again later */
	RS_HSW_OPEN,	  /* gauge */
	RS_HANDSHAKE_WORKER_METRICS
};
extern const struct rs_metric_table rs_handshake_worker_metrics_table;

#endif
