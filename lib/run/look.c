/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/look.h"

#include "run/worker.h"

static void
look_at_endpoints(struct rs_worker *w, const struct rs_mail *m, uint64_t *from)
{
	struct rs_look *look = w->look;
	uint32_t cap = m->arg[2] < RS_LOOK_ITEMS ? (uint32_t)m->arg[2] : RS_LOOK_ITEMS;

	rs_engine_endpoints(
		w->engine, from, (int)(int64_t)m->arg[1], &look->endpoints, look->infos, cap);
	look->n = look->endpoints.n;
}

static void
look_at_streams(struct rs_worker *w, uint64_t *from)
{
	uint32_t slot = (uint32_t)*from;

	w->look->n = rs_engine_streams(w->engine, w->turn_ns, &slot, w->look->streams, RS_LOOK_STREAMS);
	*from = slot == UINT32_MAX ? UINT64_MAX : slot;
}

void
rs_worker_look(struct rs_worker *w, const struct rs_mail *m, struct rs_mail *back)
{
	uint64_t from = m->arg[0];

	w->look->n = 0;
	w->look->endpoints = (struct rs_endpoint_chunk){ 0 };
	if (!w->engine)
		from = UINT64_MAX;
	else if (m->type == RS_MAIL_TRACES)
		w->look->n =
			rs_engine_traces(w->engine, &from, w->look->traces, RS_LOOK_TRACES);
	else if (m->type == RS_MAIL_FAILED)
		w->look->n = rs_engine_failed(w->engine, &from, w->look->failed, RS_LOOK_ITEMS);
	else if (m->type == RS_MAIL_BUSY)
		w->look->n = rs_engine_busy(w->engine, &from, &w->look->endpoints.group,
			w->look->busy, RS_LOOK_BUSY);
	else if (m->type == RS_MAIL_STREAMS)
		look_at_streams(w, &from);
	else
		look_at_endpoints(w, m, &from);
	*back = *m;
	back->arg[0] = from;
}
