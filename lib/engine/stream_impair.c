/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that impairment holds back: a heap by the time when they go on. */
#include "engine/stream.h"

void
streams_impair_look(struct streams *ms)
{
	ms->impairs_received = false;
	for (uint32_t i = 0; i < ms->setup->n_profiles; i++)
		ms->impairs_received |= rs_impairment_is_any(&ms->setup->profiles[i].receive);
}

static void
swap(struct streams *ms, uint32_t a, uint32_t b)
{
	struct held *h = ms->heap[a];

	ms->heap[a] = ms->heap[b];
	ms->heap[b] = h;
}

bool
streams_hold(struct rs_engine *e, uint32_t stream, const struct rs_path *path, const uint8_t *data, uint32_t len,
	uint64_t delay_ns, bool received)
{
	struct streams *ms = e->streams;
	struct held *h;

	if (ms->n_held == HELD_MAX || len > HELD_BYTES)
		return false;
	h = ms->heap[ms->n_held];
	h->due_ns = e->now + delay_ns;
	h->path = *path;
	h->stream = stream;
	h->generation = stream_at(ms, stream)->generation;
	h->len = (uint16_t)len;
	h->received = received;
	memcpy(h->data, data, len);
	for (uint32_t i = ms->n_held++; i > 0 && ms->heap[i]->due_ns < ms->heap[(i - 1) / 2]->due_ns; i = (i - 1) / 2)
		swap(ms, i, (i - 1) / 2);
	return true;
}

static struct held *
first_out(struct streams *ms)
{
	struct held *h = ms->heap[0];
	uint32_t i = 0;

	swap(ms, 0, --ms->n_held);
	for (;;) {
		uint32_t least = i, kid = 2 * i + 1;

		for (uint32_t k = kid; k < kid + 2 && k < ms->n_held; k++)
			if (ms->heap[k]->due_ns < ms->heap[least]->due_ns)
				least = k;
		if (least == i)
			return h;
		swap(ms, i, least);
		i = least;
	}
}

static void
go_on(struct rs_engine *e, struct held *h)
{
	struct streams *ms = e->streams;
	struct rs_buf buf;

	if (!rs_pool_is_live(&ms->pool, h->stream, h->generation))
		return;
	if (h->received) {
		struct rs_rx rx = { .data = h->data, .len = h->len, .kind = RS_RX_RTP, .path = h->path, .time_ns = e->now, .opaque = ms };

		streams_input(e, &rx, 1);
		return;
	}
	if (e->link.take(e->link.ctx, &h->path, &buf) != 0)
		return;
	memcpy(buf.data, h->data, h->len);
	if (e->link.send(e->link.ctx, &h->path, &buf, h->len) != 0)
		return;
	rs_metric_inc(stream_cells(e, ms->rx[h->stream].activity), RS_MEDIA_SENT);
	rs_metric_add(stream_cells(e, ms->rx[h->stream].activity), RS_MEDIA_SENT_BYTES, h->len);
}

uint64_t
streams_release(struct rs_engine *e)
{
	struct streams *ms = e->streams;

	for (uint32_t i = 0; i < STREAMS_A_TURN && ms->n_held > 0 && ms->heap[0]->due_ns <= e->now; i++)
		go_on(e, first_out(ms)); /* its place is taken again at the earliest when it has gone */
	return ms->n_held ? ms->heap[0]->due_ns : UINT64_MAX;
}
