/* SPDX-License-Identifier: BSD-3-Clause */
/* One turn of a handshake thread: orders, handshakes that may begin, deadlines. */
#include <stdlib.h>
#include <time.h>

#include "run/handshake_private.h"
#include "run/tls_heap.h"

#define ORDERS	   16	   /* of one worker in one turn */
#define BEGINS	   4	   /* in one turn: what is under way goes on first */
#define SCAN_NS	   5000000 /* deadlines are a matter of seconds */

uint64_t
rs_hs_now(const struct rs_hs_thread *t)
{
	return t->fixed_ns ? t->fixed_ns : rs_clock_now(t->h->opts.clock);
}

/* Not the time that passes: a thread that lost its core has not worked. */
static uint64_t
thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * RS_NS_PER_S + (uint64_t)ts.tv_nsec;
}

void
rs_hs_spend_from_now(struct rs_hs_thread *t)
{
	t->cpu_ns = thread_cpu_ns();
}

void
rs_hs_spend(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;

	if (t->cpu_ns)
		task->cpu_ns += thread_cpu_ns() - t->cpu_ns;
	t->cpu_ns = 0;
}

void
rs_hs_list_add(struct rs_hs_list *l, struct rs_hs_task *task)
{
	task->next = NULL;
	task->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = task;
	l->last = task;
	l->n++;
}

void
rs_hs_list_remove(struct rs_hs_list *l, struct rs_hs_task *task)
{
	*(task->prev ? &task->prev->next : &l->first) = task->next;
	*(task->next ? &task->next->prev : &l->last) = task->prev;
	task->next = task->prev = NULL;
	l->n--;
}

static void
free_ssl(struct rs_hs_task *task)
{
	if (!task->ssl)
		return;
	/* else the library takes the session for one that broke off, and it is not resumed (RFC 5246, 7.2.2) */
	SSL_set_shutdown(task->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(task->ssl);
	task->ssl = NULL;
}

void
rs_hs_task_clear(struct rs_hs_task *task)
{
	free_ssl(task);
	SSL_SESSION_free(task->session);
	free(task->held);
	free(task->pending);
	OPENSSL_clear_free(task->plain, task->n_plain);
	if (task->result)
		rs_hs_unlend(task->result);
	if (task->result)
		OPENSSL_clear_free(task->result, sizeof(*task->result) + sizeof(struct rs_tls_result));
	OPENSSL_cleanse(&task->tap, sizeof(task->tap));
	task->held = task->pending = task->plain = NULL;
	task->session = NULL;
	task->result = NULL;
	task->n_held = task->n_pending = task->n_plain = 0;
}

int
rs_hs_hold(struct rs_hs_task *task, struct rs_slice bytes)
{
	uint8_t *more;

	if (bytes.len == 0)
		return 0;
	if (task->n_held + bytes.len > RS_HS_HELD)
		return -ENOSPC;
	more = realloc(task->held, task->n_held + bytes.len);
	if (!more)
		return -ENOMEM;
	memcpy(more + task->n_held, bytes.p, bytes.len);
	task->held = more;
	task->n_held += (uint32_t)bytes.len;
	return 0;
}

static void
count_end(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;
	struct rs_metrics *m = &t->cells;
	const struct rs_tls_result *r;

	rs_metric_add(m, RS_HS_BUSY_NS, task->cpu_ns);
	if (task->cause != RS_OFFLOAD_CAUSE_NONE) {
		rs_metric_inc(m, RS_HS_FAILED + task->cause);
		return;
	}
	r = (const struct rs_tls_result *)task->result->bytes;
	rs_metric_inc(m,
		r->keys.server ? (r->resumed ? RS_HS_SERVER_RESUMED : RS_HS_SERVER_FULL)
			     : (r->resumed ? RS_HS_CLIENT_RESUMED : RS_HS_CLIENT_FULL));
	if (task->offered && !r->resumed)
		rs_metric_inc(m, RS_HS_RESUME_REFUSED);
	if (task->finished_ns > task->started_ns)
		rs_metric_record(m, RS_HS_ELAPSED, task->finished_ns - task->started_ns);
	rs_metric_record(m, RS_HS_WAIT, task->wait_ns);
	rs_metric_record(m, RS_HS_AWAY, task->away_ns);
	rs_metric_record(m, r->resumed ? RS_HS_CPU_RESUMED : RS_HS_CPU_FULL, task->cpu_ns);
}

/* Its last bytes are on their way. */
static void
tell_end(struct rs_hs_task *task)
{
	struct rs_hs_thread *t = task->thread;

	count_end(task);
	rs_hs_list_remove(&t->flying, task);
	if (task->cause == RS_OFFLOAD_CAUSE_NONE) {
		rs_hs_tell_done(task);
		task->state = task->cause == RS_OFFLOAD_CAUSE_NONE ? RS_HS_HANDED : RS_HS_FREE;
	} else {
		rs_hs_tell_failed(task);
		task->state = RS_HS_FREE;
	}
	rs_hs_task_clear(task);
}

void
rs_hs_end(struct rs_hs_task *task, enum rs_offload_cause cause, uint32_t detail)
{
	task->cause = (uint8_t)cause;
	task->detail = detail;
	if (cause != RS_OFFLOAD_CAUSE_NONE && rs_tls_heap_was_refused())
		task->cause = RS_OFFLOAD_CAUSE_NO_ROOM;
	task->state = RS_HS_ENDING;
	free_ssl(task);
	rs_hs_spend(task);
	if (task->n_pending == 0)
		tell_end(task);
}

static void
flush_blocked(struct rs_hs_thread *t)
{
	struct rs_hs_task *next;

	for (struct rs_hs_task *task = t->flying.first; task && t->n_blocked; task = next) {
		next = task->next;
		if (task->n_pending == 0 || !rs_hs_send_pending(task))
			continue;
		t->n_blocked--;
		if (task->state == RS_HS_ENDING)
			tell_end(task);
		else
			rs_hs_input(task, rs_slice_of(NULL, 0));
	}
}

/* --- orders --- */

static void
order_start(struct rs_hs_thread *t, struct rs_hs_task *task, const struct rs_mail *mail)
{
	const struct rs_hs_block *b = mail->data;
	struct rs_tls_start s;

	memcpy(&s, b->bytes, sizeof(s));
	*task = (struct rs_hs_task){ .owner = mail->handle,
		.thread = t,
		.profile = &t->h->opts.profiles->profiles[s.profile],
		.profile_index = s.profile,
		.worker = mail->from,
		.number = mail->request,
		.state = RS_HS_QUEUED,
		.type = (uint8_t)mail->arg[1],
		.alert_received = UINT8_MAX,
		.index = s.index,
		.who = s.who,
		.started_ns = mail->arg[2] > s.waited_ns ? mail->arg[2] - s.waited_ns : 0,
		.n_host = s.n_host };
	memcpy(task->host, b->bytes + sizeof(s), s.n_host);
	rs_hs_list_add(&t->queued, task);
	if (t->flying.n >= t->h->opts.in_flight)
		rs_metric_inc(&t->cells, RS_HS_CROWDED);
}

static void
order_feed(struct rs_hs_thread *t, struct rs_hs_task *task, const struct rs_mail *mail)
{
	struct rs_hs_block *b = mail->data;
	struct rs_slice bytes = rs_slice_of(b->bytes, mail->arg[0]);
	uint64_t now = rs_hs_now(t), fed_ns = mail->arg[2];
	int rc = 0;

	task->fed += bytes.len;
	rs_metric_add(&t->cells, RS_HS_BYTES_IN, bytes.len);
	if (task->sent_ns && fed_ns > task->sent_ns)
		task->away_ns += fed_ns - task->sent_ns;
	if (task->state != RS_HS_QUEUED && now > fed_ns)
		task->wait_ns += now - fed_ns;
	task->sent_ns = 0;
	if ((task->state == RS_HS_SHAKING || task->state == RS_HS_TICKETS) && task->n_pending == 0)
		rs_hs_input(task, bytes);
	else
		rc = rs_hs_hold(task, bytes);
	if (rc == 0)
		return;
	if (task->state == RS_HS_QUEUED) {
		rs_hs_list_remove(&t->queued, task);
		rs_hs_list_add(&t->flying, task);
		rs_metric_inc(&t->cells, RS_HS_STARTED);
	}
	t->n_blocked -= task->n_pending > 0;
	task->n_pending = 0; /* nobody will miss it */
	rs_hs_end(task, rc == -ENOMEM ? RS_OFFLOAD_CAUSE_LOCAL : RS_OFFLOAD_CAUSE_PEER, 0);
}

static void
order_cancel(struct rs_hs_thread *t, struct rs_hs_task *task)
{
	if (task->state == RS_HS_QUEUED) {
		rs_hs_list_remove(&t->queued, task);
		rs_metric_inc(&t->cells, RS_HS_DROPPED);
		task->cause = RS_OFFLOAD_CAUSE_CANCELLED;
		rs_hs_tell_failed(task);
		rs_hs_task_clear(task);
		task->state = RS_HS_FREE;
		return;
	}
	t->n_blocked -= task->n_pending > 0;
	task->n_pending = 0;
	rs_hs_end(task, RS_OFFLOAD_CAUSE_CANCELLED, 0);
}

static void
obey(struct rs_hs_thread *t, struct rs_hs_pair *pair, const struct rs_mail *mail)
{
	struct rs_hs_task *task = &pair->tasks[mail->request];
	bool open = task->state != RS_HS_FREE && task->state != RS_HS_HANDED;

	switch ((enum rs_hs_order)mail->type) {
	case RS_HS_START: order_start(t, task, mail); break;
	case RS_HS_FEED:
		if (task->state == RS_HS_HANDED) {
			rs_hs_send_back(task, mail);
			return; /* the block, too */
		}
		if (open)
			order_feed(t, task, mail);
		break;
	case RS_HS_CLOSED:
		if (open)
			rs_hs_peer_closed(task);
		break;
	case RS_HS_CANCEL:
		if (open)
			order_cancel(t, task);
		break;
	}
	if (mail->data)
		rs_mailbox_send(pair->spent, &(struct rs_mail){ .data = mail->data });
}

static uint32_t
obey_all(struct rs_hs_thread *t)
{
	struct rs_mail mails[ORDERS];
	uint32_t workers = t->h->opts.workers, all = 0;

	for (uint32_t i = 0; i < workers; i++) {
		struct rs_hs_pair *pair = rs_hs_pair_of(t->h, t->turn, t->id);
		uint32_t n = rs_mailbox_receive(pair->orders, mails, ORDERS);

		rs_hs_take_returns(pair);
		for (uint32_t k = 0; k < n; k++)
			obey(t, pair, &mails[k]);
		all += n;
		t->turn = t->turn + 1 < workers ? t->turn + 1 : 0;
	}
	return all;
}

/* --- beginning, deadlines --- */

static uint32_t
begin_some(struct rs_hs_thread *t)
{
	uint32_t n = 0;

	for (; n < BEGINS && t->queued.first && t->flying.n < t->h->opts.in_flight; n++) {
		struct rs_hs_task *task = t->queued.first;
		uint64_t now = rs_hs_now(t);

		rs_hs_list_remove(&t->queued, task);
		rs_hs_list_add(&t->flying, task);
		rs_metric_inc(&t->cells, RS_HS_STARTED);
		rs_metric_max(&t->cells, RS_HS_IN_FLIGHT_MOST, t->flying.n);
		task->begun_ns = now;
		task->deadline_ns = now + task->profile->plan.timeout_ns;
		if (now > task->started_ns)
			task->wait_ns += now - task->started_ns;
		rs_hs_begin(task);
	}
	return n;
}

static void
check_deadlines(struct rs_hs_thread *t, uint64_t now)
{
	struct rs_hs_task *next;

	t->scan_ns = now + SCAN_NS;
	for (struct rs_hs_task *task = t->flying.first; task; task = next) {
		next = task->next;
		if (now < task->deadline_ns)
			continue;
		if (task->state == RS_HS_TICKETS)
			rs_hs_without_ticket(task);
		else if (task->state == RS_HS_SHAKING) {
			t->n_blocked -= task->n_pending > 0;
			task->n_pending = 0;
			rs_hs_end(task, RS_OFFLOAD_CAUSE_TIMEOUT, 0);
		}
	}
}

uint32_t
rs_hs_turn(struct rs_hs_thread *t)
{
	uint32_t n = obey_all(t);
	uint64_t now;

	rs_metric_set(&t->cells, RS_HS_WAITING, t->queued.n);
	rs_metric_max(&t->cells, RS_HS_WAITING_MOST, t->queued.n);
	if (t->n_blocked)
		flush_blocked(t);
	n += begin_some(t);
	n += rs_hs_take_lent(t);
	now = rs_hs_now(t);
	if (now >= t->scan_ns)
		check_deadlines(t, now);
	rs_metric_set(&t->cells, RS_HS_IN_FLIGHT, t->flying.n);
	return n;
}
