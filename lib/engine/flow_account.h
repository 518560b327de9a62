/* SPDX-License-Identifier: BSD-3-Clause */
/** What is counted of connections. */
#ifndef RS_ENGINE_FLOW_ACCOUNT_H
#define RS_ENGINE_FLOW_ACCOUNT_H

#include "base/metric.h"
#include "net/link.h"

/** Cells of (worker). */
enum rs_flow_metric {
	RS_FLOW_OPEN,	  /* gauge: ours, messages can be sent */
	RS_FLOW_PEAK,	  /* max of OPEN */
	RS_FLOW_OPENING,  /* gauge */
	RS_FLOW_RESTING,  /* gauge: broken or refused, and waiting to be opened again */
	RS_FLOW_STARTED,  /* openings begun */
	RS_FLOW_OPENED,
	RS_FLOW_REOPENED, /* of OPENED: had been open before */
	RS_FLOW_ACCEPTED, /* opened by peers */
	RS_FLOW_ACCEPTED_OPEN, /* gauge */
	RS_FLOW_ALIASED,  /* of ACCEPTED: taken for our own requests (RFC 5923) */
	RS_FLOW_NOT_ALIASED, /* asked to be, but not to be trusted with them */
	RS_FLOW_DROPPED,  /* cut on purpose */
	RS_FLOW_NOT_SENT, /* messages for connections that were gone */
	RS_FLOW_LEGS_CUT, /* calls that a request of theirs was under way for on a connection that broke */
	RS_FLOW_SWITCHED, /* requests too large for UDP */
	RS_FLOW_FELL_BACK, /* of them, sent over UDP after all */
	RS_FLOW_FAILED,	  /* RS_CONN_CAUSES of them: openings that came to nothing, by cause */
	RS_FLOW_BROKEN = RS_FLOW_FAILED + RS_CONN_CAUSES, /* and open ones that ended, by cause */
	RS_FLOW_NOT_ACCEPTED = RS_FLOW_BROKEN + RS_CONN_CAUSES, /* and peers' that came to nothing */
	RS_FLOW_SETUP = RS_FLOW_NOT_ACCEPTED + RS_CONN_CAUSES, /* hist: open() to OPENED */
	RS_FLOW_BACK,	  /* hist: cut to open again */
	RS_FLOW_BACK_SYN, /* hist: first attempt behind the cut to open again */
	RS_FLOW_REGISTERED, RS_FLOW_REGISTERED_SYN, /* hist: the same up to registered again */
	RS_FLOW_COUNT
};
extern const struct rs_metric_table rs_flow_metrics_table;

#endif
