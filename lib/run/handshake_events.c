/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread's side of the rings: blocks for events, and what they carry. The rings hold more than there can be at a time. */
#include <stdlib.h>

#include "run/handshake_private.h"

static struct rs_hs_pair *
pair_of(const struct rs_hs_task *task)
{
	return rs_hs_pair_of(task->thread->h, task->worker, task->thread->id);
}

void
rs_hs_take_returns(struct rs_hs_pair *pair)
{
	struct rs_mail mails[16];
	uint32_t n;

	while ((n = rs_mailbox_receive(pair->returns, mails, 16)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			struct rs_hs_block *b = mails[i].data;

			if (b->home == RS_HS_RESULT) {
				rs_hs_unlend(b);
				OPENSSL_clear_free(b, sizeof(*b) + b->len);
				continue;
			}
			b->next = pair->event_blocks;
			pair->event_blocks = b;
		}
}

/* @return bytes that found room */
static size_t
send_bytes(struct rs_hs_task *task, struct rs_slice bytes)
{
	struct rs_hs_pair *pair = pair_of(task);
	size_t sent = 0;

	while (sent < bytes.len) {
		size_t n = bytes.len - sent < RS_HS_ROOM ? bytes.len - sent : RS_HS_ROOM;
		struct rs_hs_block *b = pair->event_blocks;

		if (!b)
			break;
		pair->event_blocks = b->next;
		memcpy(b->bytes, bytes.p + sent, n);
		rs_mailbox_send(pair->events,
			&(struct rs_mail){ .type = RS_OFFLOAD_OUT,
				.from = (uint16_t)task->thread->id,
				.request = task->number,
				.handle = task->owner,
				.arg = { n },
				.data = b->bytes });
		sent += n;
	}
	if (sent) {
		task->sent_ns = rs_hs_now(task->thread);
		rs_metric_add(&task->thread->cells, RS_HS_BYTES_OUT, sent);
	}
	return sent;
}

/* @return false without memory */
static bool
keep(struct rs_hs_task *task, struct rs_slice bytes)
{
	uint8_t *more;

	if (bytes.len == 0)
		return true;
	more = realloc(task->pending, task->n_pending + bytes.len);
	if (!more)
		return false;
	memcpy(more + task->n_pending, bytes.p, bytes.len);
	task->thread->n_blocked += task->n_pending == 0;
	task->pending = more;
	task->n_pending += (uint32_t)bytes.len;
	return true;
}

bool
rs_hs_send_out(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;
	struct rs_slice out = rs_slice_of(t->out, t->n_out);
	size_t sent = task->n_pending ? 0 : send_bytes(task, out);
	bool lost = t->out_lost;

	t->n_out = 0;
	t->out_lost = false;
	return !lost && keep(task, rs_slice_of(out.p + sent, out.len - sent));
}

bool
rs_hs_send_pending(struct rs_hs_task *task)
{
	size_t sent = send_bytes(task, rs_slice_of(task->pending, task->n_pending));

	task->n_pending -= (uint32_t)sent;
	if (task->n_pending) {
		memmove(task->pending, task->pending + sent, task->n_pending);
		return false;
	}
	free(task->pending);
	task->pending = NULL;
	return true;
}

static void
tell(struct rs_hs_task *task, enum rs_offload_event event, const uint64_t *args, void *data)
{
	rs_mailbox_send(pair_of(task)->events,
		&(struct rs_mail){ .type = (uint16_t)event,
			.from = (uint16_t)task->thread->id,
			.request = task->number,
			.handle = task->owner,
			.arg = { args[0], args[1], args[2], args[3] },
			.data = data });
}

void
rs_hs_tell_failed(struct rs_hs_task *task)
{
	uint64_t args[4] = { task->cause, task->detail, task->alert_sent, task->cpu_ns };

	tell(task, RS_OFFLOAD_FAILED, args, NULL);
}

void
rs_hs_tell_done(struct rs_hs_task *task)
{
	size_t head = sizeof(struct rs_hs_block) + sizeof(struct rs_tls_result);
	size_t len = sizeof(struct rs_tls_result) + task->n_plain + task->n_held;
	struct rs_hs_block *b = task->result;
	struct rs_tls_result *r;

	if (task->n_plain + task->n_held > 0) {
		b = malloc(sizeof(*b) + len);
		if (!b) {
			task->cause = RS_OFFLOAD_CAUSE_LOCAL; /* what is lent is dropped with the task */
			rs_hs_tell_failed(task);
			return;
		}
		memcpy(b, task->result, head);
		OPENSSL_clear_free(task->result, head);
	}
	task->result = NULL; /* the worker's, until it comes back */
	r = (struct rs_tls_result *)b->bytes;
	b->home = RS_HS_RESULT;
	b->thread = (uint16_t)task->thread->id;
	b->len = (uint32_t)len;
	r->n_plain = task->n_plain;
	r->n_raw = task->n_held;
	if (task->n_plain)
		memcpy(r->bytes, task->plain, task->n_plain);
	if (task->n_held)
		memcpy(r->bytes + task->n_plain, task->held, task->n_held);

	uint64_t args[4] = { len, task->fed, task->wait_ns, task->cpu_ns };

	tell(task, RS_OFFLOAD_DONE, args, b->bytes);
}

void
rs_hs_send_back(struct rs_hs_task *task, const struct rs_mail *order)
{
	struct rs_hs_block *b = order->data;
	uint64_t args[4] = { order->arg[0] };

	tell(task, RS_OFFLOAD_BACK, args, b->bytes);
}
