/* SPDX-License-Identifier: BSD-3-Clause */
/** What a worker tells of calls and endpoints when control asks by mail: copied a few at a time. */
#ifndef RS_RUN_LOOK_H
#define RS_RUN_LOOK_H

#include "base/mailbox.h"
#include "engine/roster.h"
#include "engine/streams.h"
#include "engine/trace.h"

#define RS_LOOK_TRACES 4 /* 48 KiB: some 10 us of a turn */
#define RS_LOOK_ITEMS  64
#define RS_LOOK_BUSY   1024
#define RS_LOOK_STREAMS 16 /* some 20 us */

/** The answer to one mail: control reads it after the reply, and until it asks again. */
struct rs_look {
	uint32_t n;
	struct rs_endpoint_chunk endpoints; /* RS_MAIL_ENDPOINTS */
	union {
		struct rs_trace traces[RS_LOOK_TRACES];
		struct rs_failed_call failed[RS_LOOK_ITEMS];
		struct rs_endpoint_info infos[RS_LOOK_ITEMS];
		struct rs_stream_info streams[RS_LOOK_STREAMS];
		uint32_t busy[RS_LOOK_BUSY]; /* RS_MAIL_BUSY: indices in endpoints.group */
	};
};

struct rs_worker;

/** Fill w->look for mail @m (RS_MAIL_TRACES, _FAILED, _ENDPOINTS, _STREAMS or _BUSY); @back is @m with where to go on. */
void rs_worker_look(struct rs_worker *w, const struct rs_mail *m, struct rs_mail *back);

#endif
