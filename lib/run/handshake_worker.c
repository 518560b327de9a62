/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's side of the rings: orders out, events in. */
#include "base/rng.h"
#include "run/handshake_private.h"

static uint64_t
mixed(rs_handle owner)
{
	return rs_mix64(owner);
}

/* @return false: no such task */
static bool
find(const struct rs_hs_worker *w, rs_handle owner, uint32_t *thread, uint32_t *number)
{
	uint32_t queue = w->h->opts.queue, v;

	for (uint32_t i = rs_table_first(&w->owners, mixed(owner), &v); i != RS_TABLE_END;
		i = rs_table_next(&w->owners, mixed(owner), i, &v)) {
		*thread = v / queue;
		*number = v % queue;
		if (rs_hs_pair_of(w->h, w->id, *thread)->entries[*number].owner == owner)
			return true;
	}
	return false;
}

static void
take_spent(struct rs_hs_pair *pair)
{
	struct rs_mail mails[16];
	uint32_t n;

	while ((n = rs_mailbox_receive(pair->spent, mails, 16)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			struct rs_hs_block *b = mails[i].data;

			b->next = pair->order_blocks;
			pair->order_blocks = b;
			pair->n_order_blocks++;
		}
}

static bool
has_blocks(struct rs_hs_pair *pair, uint32_t n)
{
	if (pair->n_order_blocks < n)
		take_spent(pair);
	return pair->n_order_blocks >= n;
}

/* There is a block, and the ring has room. */
static void
order(struct rs_hs_worker *w, struct rs_hs_pair *pair, struct rs_mail *mail, struct rs_slice bytes)
{
	struct rs_hs_block *b = pair->order_blocks;

	pair->order_blocks = b->next;
	pair->n_order_blocks--;
	memcpy(b->bytes, bytes.p, bytes.len);
	mail->from = (uint16_t)w->id;
	mail->arg[0] = bytes.len;
	mail->arg[2] = rs_clock_now(w->h->opts.clock);
	mail->data = b;
	rs_mailbox_send(pair->orders, mail);
}

static bool
is_start(const struct rs_handshakes *h, uint16_t type, struct rs_slice params, struct rs_tls_start *out)
{
	if ((type != RS_OFFLOAD_TLS_CLIENT && type != RS_OFFLOAD_TLS_SERVER) || params.len < sizeof(*out))
		return false;
	memcpy(out, params.p, sizeof(*out));
	return out->n_host <= RS_TLS_MAX_HOST && params.len == sizeof(*out) + out->n_host &&
		out->profile < h->opts.profiles->n;
}

static int
start(void *ctx, rs_handle owner, uint16_t type, struct rs_slice params)
{
	struct rs_hs_worker *w = ctx;
	struct rs_tls_start s;
	uint32_t thread, number;

	if (!is_start(w->h, type, params, &s) || find(w, owner, &thread, &number))
		return -EINVAL;
	thread = (uint32_t)rs_random_below(rs_mix64(s.who), w->h->opts.threads);

	struct rs_hs_pair *pair = rs_hs_pair_of(w->h, w->id, thread);

	if (pair->n_free <= pair->n_results || !has_blocks(pair, 1)) {
		rs_metric_inc(&w->cells, RS_HSW_REFUSED);
		return -EAGAIN;
	}
	number = pair->free[--pair->n_free];
	pair->entries[number] = (struct rs_hs_entry){ .owner = owner };
	rs_table_add(&w->owners, mixed(owner), thread * w->h->opts.queue + number);
	order(w, pair,
		&(struct rs_mail){ .type = RS_HS_START, .request = number, .handle = owner, .arg = { [1] = type } },
		params);
	rs_metric_inc(&w->cells, RS_HSW_STARTED);
	rs_metric_add(&w->cells, RS_HSW_OPEN, 1);
	return 0;
}

static int
tell_closed(struct rs_hs_worker *w, struct rs_hs_pair *pair, rs_handle owner, uint32_t number)
{
	struct rs_mail mail = { .type = RS_HS_CLOSED, .from = (uint16_t)w->id, .request = number, .handle = owner };

	if (!pair->entries[number].closed)
		rs_mailbox_send(pair->orders, &mail);
	pair->entries[number].closed = true;
	return 0;
}

static int
feed(void *ctx, rs_handle owner, struct rs_slice bytes)
{
	struct rs_hs_worker *w = ctx;
	uint32_t thread, number;

	if (!find(w, owner, &thread, &number))
		return -ENOENT;

	struct rs_hs_pair *pair = rs_hs_pair_of(w->h, w->id, thread);

	if (bytes.len == 0)
		return tell_closed(w, pair, owner, number);
	if (bytes.len > RS_HS_ROOM * RS_HS_BLOCKS ||
		!has_blocks(pair, (uint32_t)((bytes.len + RS_HS_ROOM - 1) / RS_HS_ROOM))) {
		rs_metric_inc(&w->cells, RS_HSW_PUT_OFF);
		return -EAGAIN;
	}
	while (bytes.len > 0) {
		size_t n = bytes.len < RS_HS_ROOM ? bytes.len : RS_HS_ROOM;

		order(w, pair, &(struct rs_mail){ .type = RS_HS_FEED, .request = number, .handle = owner },
			rs_slice_of(bytes.p, n));
		bytes.p += n;
		bytes.len -= n;
	}
	return 0;
}

static void
cancel(void *ctx, rs_handle owner)
{
	struct rs_hs_worker *w = ctx;
	uint32_t thread, number;

	if (!find(w, owner, &thread, &number))
		return;

	struct rs_hs_pair *pair = rs_hs_pair_of(w->h, w->id, thread);
	struct rs_mail mail = { .type = RS_HS_CANCEL, .from = (uint16_t)w->id, .request = number, .handle = owner };

	if (!pair->entries[number].cancelled)
		rs_mailbox_send(pair->orders, &mail);
	pair->entries[number].cancelled = true;
}

static void
ended(struct rs_hs_worker *w, struct rs_hs_pair *pair, uint32_t thread, const struct rs_mail *mail)
{
	bool done = mail->type == RS_OFFLOAD_DONE;

	rs_table_remove(&w->owners, mixed(mail->handle), thread * w->h->opts.queue + mail->request);
	pair->entries[mail->request].owner = 0;
	pair->free[pair->n_free++] = mail->request;
	pair->n_results += done;
	rs_metric_inc(&w->cells, done ? RS_HSW_DONE : RS_HSW_FAILED);
	rs_metric_set(&w->cells, RS_HSW_OPEN, rs_metric_get(&w->cells, RS_HSW_OPEN) - 1);
}

static uint32_t
poll_events(void *ctx, struct rs_mail *out, uint32_t cap)
{
	struct rs_hs_worker *w = ctx;
	uint32_t threads = w->h->opts.threads, n = 0;

	for (uint32_t i = 0; i < threads && n < cap; i++) {
		uint32_t thread = w->turn;
		struct rs_hs_pair *pair = rs_hs_pair_of(w->h, w->id, thread);
		uint32_t got = rs_mailbox_receive(pair->events, out + n, cap - n);

		for (uint32_t k = n; k < n + got; k++)
			if (out[k].type == RS_OFFLOAD_DONE || out[k].type == RS_OFFLOAD_FAILED)
				ended(w, pair, thread, &out[k]);
		n += got;
		w->turn = thread + 1 < threads ? thread + 1 : 0;
	}
	return n;
}

static void
release(void *ctx, void *data)
{
	struct rs_hs_worker *w = ctx;
	struct rs_hs_block *b;

	if (!data)
		return;
	b = rs_hs_block_of(data);

	struct rs_hs_pair *pair = rs_hs_pair_of(w->h, w->id, b->thread);

	if (b->home == RS_HS_WORKER) { /* it came back with bytes that were too late */
		b->next = pair->order_blocks;
		pair->order_blocks = b;
		pair->n_order_blocks++;
		return;
	}
	pair->n_results -= b->home == RS_HS_RESULT;
	rs_mailbox_send(pair->returns, &(struct rs_mail){ .data = b });
}

const struct rs_offload_ops rs_hs_ops = { start, feed, cancel, poll_events, release };
