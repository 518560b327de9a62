/* SPDX-License-Identifier: BSD-3-Clause */
#include "run/handshake.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "run/handshake_private.h"

#define MAX_THREADS 32
#define MAX_WORKERS 255
#define MAX_QUEUE   65536u
#define EMPTY_TURNS 200	  /* then the thread rests: */
#define REST_NS	    50000 /* a twentieth of what a handshake takes at its peer */
#define SSL_BYTES   (30u << 10)
#define SESSION_BYTES 1600u

/* --- rings --- */

static uint32_t
power(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static struct rs_hs_block *
make_blocks(uint8_t *memory, enum rs_hs_home home, uint32_t thread)
{
	struct rs_hs_block *first = NULL;

	for (uint32_t i = 0; i < RS_HS_BLOCKS; i++) {
		struct rs_hs_block *b = (struct rs_hs_block *)(memory + (size_t)i * RS_HS_BLOCK);

		*b = (struct rs_hs_block){ .next = first, .home = (uint16_t)home, .thread = (uint16_t)thread };
		first = b;
	}
	return first;
}

/*
 * Nothing sent is ever without room: orders are the blocks, and for each task one CLOSED and one CANCEL, twice, as those to one that
 * has ended may lie before those to its number's next user; events are both sides' blocks, and an end for each task; and no task
 * begins while as many results as there are numbers left lie unreleased.
 */
static int
make_pair(struct rs_hs_pair *p, const struct rs_handshake_opts *o, uint32_t thread)
{
	p->orders = rs_mailbox_create(power(RS_HS_BLOCKS + 4 * o->queue));
	p->spent = rs_mailbox_create(power(RS_HS_BLOCKS));
	p->events = rs_mailbox_create(power(2 * RS_HS_BLOCKS + o->queue));
	p->returns = rs_mailbox_create(power(RS_HS_BLOCKS + 2 * o->queue));
	p->order_memory = aligned_alloc(64, RS_HS_BLOCKS * RS_HS_BLOCK);
	p->event_memory = aligned_alloc(64, RS_HS_BLOCKS * RS_HS_BLOCK);
	p->free = calloc(o->queue, sizeof(*p->free));
	p->entries = calloc(o->queue, sizeof(*p->entries));
	p->tasks = calloc(o->queue, sizeof(*p->tasks));
	if (!p->orders || !p->spent || !p->events || !p->returns || !p->order_memory || !p->event_memory || !p->free ||
		!p->entries || !p->tasks)
		return -ENOMEM;
	p->order_blocks = make_blocks(p->order_memory, RS_HS_WORKER, thread);
	p->n_order_blocks = RS_HS_BLOCKS;
	p->event_blocks = make_blocks(p->event_memory, RS_HS_EVENT, thread);
	for (p->n_free = 0; p->n_free < o->queue; p->n_free++)
		p->free[p->n_free] = o->queue - 1 - p->n_free;
	return 0;
}

/* Results on their way, or on their way back: they are the thread's, not of a pool. */
static void
free_results(struct rs_mailbox *m)
{
	struct rs_mail mail;

	while (m && rs_mailbox_receive(m, &mail, 1) == 1) {
		struct rs_hs_block *b = mail.data;

		if (mail.type == RS_OFFLOAD_DONE)
			b = rs_hs_block_of(mail.data);
		else if (mail.type != 0)
			continue;
		if (b->home != RS_HS_RESULT)
			continue;
		rs_hs_unlend(b);
		OPENSSL_clear_free(b, sizeof(*b) + b->len);
	}
}

static void
free_pair(struct rs_hs_pair *p, uint32_t queue)
{
	for (uint32_t i = 0; p->tasks && i < queue; i++)
		rs_hs_task_clear(&p->tasks[i]);
	free_results(p->events);
	free_results(p->returns);
	free(p->tasks);
	free(p->entries);
	free(p->free);
	free(p->event_memory);
	free(p->order_memory);
	rs_mailbox_free(p->returns);
	rs_mailbox_free(p->events);
	rs_mailbox_free(p->spent);
	rs_mailbox_free(p->orders);
}

/* --- the pool --- */

static bool
are_possible(const struct rs_handshake_opts *o)
{
	return o->threads >= 1 && o->threads <= MAX_THREADS && o->workers >= 1 && o->workers <= MAX_WORKERS &&
		o->in_flight >= 1 && o->queue >= 1 && o->queue <= MAX_QUEUE && o->clock && o->profiles;
}

static int
make_worker(struct rs_handshakes *h, uint32_t id)
{
	struct rs_hs_worker *w = &h->workers[id];
	uint32_t all = h->opts.threads * h->opts.queue;
	int rc;

	w->h = h;
	w->id = id;
	if ((rc = rs_arena_init(&w->arena, (size_t)all * 64 + 65536)) != 0 ||
		(rc = rs_table_init(&w->owners, &w->arena, all)) != 0 ||
		(rc = rs_metrics_init(&w->cells, &rs_handshake_worker_metrics_table)) != 0)
		return rc;
	for (uint32_t i = 0; i < h->opts.threads && rc == 0; i++)
		rc = make_pair(rs_hs_pair_of(h, id, i), &h->opts, i);
	return rc;
}

static int
make_thread(struct rs_handshakes *h, uint32_t id)
{
	struct rs_hs_thread *t = &h->threads[id];
	int rc;

	t->h = h;
	t->id = id;
	rc = rs_metrics_init(&t->cells, &rs_handshake_metrics_table);
	return rc ? rc : rs_hs_sessions_init(&t->sessions, h->opts.sessions);
}

int
rs_handshakes_create(const struct rs_handshake_opts *opts, struct rs_handshakes **out)
{
	struct rs_handshakes *h;
	int rc = 0;

	*out = NULL;
	if (!are_possible(opts))
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->opts = *opts;
	h->bio = rs_hs_bio_method();
	h->lent_bio = rs_hs_lent_bio_method();
	h->threads = aligned_alloc(64, opts->threads * sizeof(*h->threads));
	h->workers = calloc(opts->workers, sizeof(*h->workers));
	h->pairs = aligned_alloc(64, (size_t)opts->workers * opts->threads * sizeof(*h->pairs));
	if (h->threads)
		memset(h->threads, 0, opts->threads * sizeof(*h->threads));
	if (!h->bio || !h->lent_bio || !h->threads || !h->workers || !h->pairs)
		rc = -ENOMEM;
	if (h->pairs)
		memset(h->pairs, 0, (size_t)opts->workers * opts->threads * sizeof(*h->pairs));
	for (uint32_t i = 0; i < opts->threads && rc == 0; i++)
		rc = make_thread(h, i);
	for (uint32_t i = 0; i < opts->workers && rc == 0; i++)
		rc = make_worker(h, i);
	if (rc != 0) {
		rs_handshakes_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

void
rs_handshakes_free(struct rs_handshakes *h)
{
	if (!h)
		return;
	rs_handshakes_stop(h);
	for (uint32_t i = 0; h->workers && i < h->opts.workers; i++) {
		rs_metrics_fini(&h->workers[i].cells);
		if (h->workers[i].arena.base)
			rs_arena_fini(&h->workers[i].arena);
	}
	for (uint32_t i = 0; h->pairs && i < h->opts.workers * h->opts.threads; i++)
		free_pair(&h->pairs[i], h->opts.queue);
	for (uint32_t i = 0; h->threads && i < h->opts.threads; i++) {
		rs_hs_free_lent(&h->threads[i]);
		rs_hs_sessions_fini(&h->threads[i].sessions);
		rs_metrics_fini(&h->threads[i].cells);
		free(h->threads[i].out);
	}
	free(h->pairs);
	free(h->workers);
	free(h->threads);
	BIO_meth_free(h->bio);
	BIO_meth_free(h->lent_bio);
	free(h);
}

/* --- threads --- */

static void *
thread_main(void *arg)
{
	struct rs_hs_thread *t = arg;
	struct timespec rest = { .tv_nsec = REST_NS };
	uint32_t empty = 0;

	prctl(PR_SET_TIMERSLACK, 1);
	while (!atomic_load_explicit(&t->h->quit, memory_order_relaxed)) {
		if (rs_hs_turn(t) > 0)
			empty = 0;
		else if (++empty > EMPTY_TURNS)
			nanosleep(&rest, NULL);
		else
			__builtin_ia32_pause();
	}
	OPENSSL_thread_stop();
	return NULL;
}

int
rs_handshakes_start(struct rs_handshakes *h)
{
	char name[16];

	atomic_store(&h->quit, false);
	for (uint32_t i = 0; i < h->opts.threads; i++) {
		struct rs_hs_thread *t = &h->threads[i];

		t->fixed_ns = 0;
		if (pthread_create(&t->pthread, NULL, thread_main, t) != 0) {
			rs_handshakes_stop(h);
			return -EAGAIN;
		}
		t->running = true;
		snprintf(name, sizeof(name), "handshake-%u", (uint8_t)i);
		pthread_setname_np(t->pthread, name);
	}
	return 0;
}

void
rs_handshakes_stop(struct rs_handshakes *h)
{
	atomic_store(&h->quit, true);
	for (uint32_t i = 0; h->threads && i < h->opts.threads; i++) {
		if (h->threads[i].running)
			pthread_join(h->threads[i].pthread, NULL);
		h->threads[i].running = false;
	}
}

uint32_t
rs_handshakes_turn(struct rs_handshakes *h, uint32_t thread, uint64_t now)
{
	h->threads[thread].fixed_ns = now;
	return rs_hs_turn(&h->threads[thread]);
}

struct rs_offload
rs_handshakes_offload(struct rs_handshakes *h, uint32_t worker)
{
	return (struct rs_offload){ &rs_hs_ops, &h->workers[worker] };
}

struct rs_metrics *
rs_handshakes_metrics(struct rs_handshakes *h, uint32_t thread)
{
	return &h->threads[thread].cells;
}

struct rs_metrics *
rs_handshakes_worker_metrics(struct rs_handshakes *h, uint32_t worker)
{
	return &h->workers[worker].cells;
}

uint64_t
rs_handshakes_bytes(const struct rs_handshake_opts *o)
{
	uint64_t mails = power(RS_HS_BLOCKS + 4 * o->queue) + power(RS_HS_BLOCKS) + power(2 * RS_HS_BLOCKS + o->queue) +
		power(RS_HS_BLOCKS + 2 * o->queue);
	uint64_t pair = mails * sizeof(struct rs_mail) + 2ull * RS_HS_BLOCKS * RS_HS_BLOCK +
		(uint64_t)o->queue * (sizeof(struct rs_hs_task) + sizeof(struct rs_hs_entry) + sizeof(uint32_t) + 32);
	uint64_t thread = (uint64_t)o->in_flight * SSL_BYTES + (uint64_t)o->sessions * SESSION_BYTES +
		rs_metrics_bytes(&rs_handshake_metrics_table);

	return o->threads * (thread + o->workers * pair);
}
