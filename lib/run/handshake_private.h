/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the handshake threads share. Private to lib/run/handshake*.c. */
#ifndef RS_RUN_HANDSHAKE_PRIVATE_H
#define RS_RUN_HANDSHAKE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/table.h"
#include "proto/tls/handover.h"
#include "proto/tls/result.h"
#include "run/handshake.h"

#define RS_HS_BLOCK  2048	/* bytes of a block, its header included */
#define RS_HS_BLOCKS 256	/* of orders, and of events, between one worker and one thread */
#define RS_HS_HELD   (64u << 10) /* bytes from a peer that wait for the thread; a certificate chain has a few thousand */

/** The owner of a block takes it back. */
enum rs_hs_home { RS_HS_WORKER, RS_HS_EVENT, RS_HS_RESULT };

struct rs_hs_block {
	struct rs_hs_block *next; /* of those that rest */
	uint16_t home;		  /* enum rs_hs_home */
	uint16_t thread;
	uint32_t len;		  /* EVENT, RESULT: bytes used, to be wiped */
	uint8_t bytes[];
};
#define RS_HS_ROOM (RS_HS_BLOCK - sizeof(struct rs_hs_block))

static inline struct rs_hs_block *
rs_hs_block_of(void *data)
{
	return (struct rs_hs_block *)((uint8_t *)data - offsetof(struct rs_hs_block, bytes));
}

/**
 * Worker to thread; request: number of the task, handle: its owner, arg[2]: when, on the worker's clock. Each handshake has one
 * START, one CLOSED and one CANCEL at most, and each FEED a block, so that the ring always has room (see ring sizes in
 * handshake.c).
 */
enum rs_hs_order {
	RS_HS_START = 1, /* block: struct rs_tls_start; arg[0] = bytes, arg[1] = enum rs_offload_type */
	RS_HS_FEED,	 /* block; arg[0] = bytes */
	RS_HS_CLOSED,
	RS_HS_CANCEL,
};

enum rs_hs_state {
	RS_HS_FREE,
	RS_HS_QUEUED,	 /* waits for a place among those in flight */
	RS_HS_SHAKING,
	RS_HS_TICKETS,	 /* complete; tickets are waited for */
	RS_HS_ENDING,	 /* the end is known, and goes behind bytes that wait for room */
	RS_HS_HANDED,	 /* the result is on its way: what is fed goes back */
};

struct rs_hs_thread;
struct rs_hs_lent;

/** A handshake, on its thread's side. */
struct rs_hs_task {
	rs_handle owner;
	struct rs_hs_thread *thread;
	struct rs_hs_task *next, *prev; /* of those queued, or of those in flight */
	SSL *ssl;
	const struct rs_tls_profile *profile;
	struct rs_tls_listener listener;
	struct rs_tls_tap tap;		/* what the record layer will begin with */
	struct rs_slice in;		/* what the SSL may read now */
	uint8_t *held;			/* from the peer, not taken yet */
	uint8_t *pending;		/* to the peer, without a block yet */
	uint8_t *plain;			/* decrypted already: what came with the tickets */
	SSL_SESSION *session;		/* the newest that can be resumed */
	struct rs_hs_block *result;	/* ENDING and done: without the bytes behind the struct */
	uint32_t n_held, n_pending, n_plain;
	uint16_t worker;
	uint16_t profile_index;
	uint32_t number;		/* in its pair */
	uint8_t state;			/* enum rs_hs_state */
	uint8_t type;			/* enum rs_offload_type */
	uint8_t cause;			/* enum rs_offload_cause: of the end */
	uint8_t alert_sent;		/* 0: none */
	uint8_t alert_received;		/* UINT8_MAX: none */
	uint8_t n_sessions;
	bool closed, offered;		/* the peer has closed; a session was offered */
	uint32_t detail;		/* of the cause */
	uint32_t index;
	uint64_t who;
	uint64_t fed;			/* bytes */
	uint64_t started_ns, begun_ns, deadline_ns, finished_ns;
	uint64_t sent_ns;		/* the last bytes went to the worker; 0: since then some came */
	uint64_t wait_ns, away_ns, cpu_ns;
	uint16_t n_host;
	char host[RS_TLS_MAX_HOST + 1];
};

/** Between one worker and one thread. */
struct rs_hs_pair {
	struct rs_mailbox *orders, *spent;   /* worker to thread; the orders' blocks back */
	struct rs_mailbox *events, *returns; /* thread to worker; the events' blocks back */
	uint8_t *order_memory, *event_memory;
	/* the worker's */
	_Alignas(64) struct rs_hs_block *order_blocks;
	uint32_t n_order_blocks;
	uint32_t n_free;		     /* of free[] */
	uint32_t n_results;		     /* not released yet */
	uint32_t *free;			     /* numbers of tasks */
	struct rs_hs_entry {
		rs_handle owner;
		bool closed, cancelled;	     /* the thread was told */
	} *entries;
	/* the thread's */
	_Alignas(64) struct rs_hs_block *event_blocks;
	struct rs_hs_task *tasks;	     /* by number */
};

struct rs_hs_worker {
	struct rs_handshakes *h;
	uint32_t id;
	uint32_t turn; /* the thread whose events are next */
	struct rs_arena arena;
	struct rs_table owners; /* mixed handle -> thread * queue + number */
	struct rs_metrics cells;
};

struct rs_hs_list {
	struct rs_hs_task *first, *last;
	uint32_t n;
};

/** Sessions of clients, one an endpoint, as bytes. */
struct rs_hs_sessions {
	struct rs_arena arena;
	struct rs_table table; /* mixed who and profile -> slot */
	struct rs_hs_session {
		uint64_t who;
		uint8_t *bytes; /* NULL: the slot is free */
		uint32_t len;
		uint32_t used;	/* handshakes since the first one was kept */
		uint16_t profile;
	} *slots;
	uint32_t cap, hand, n;
	uint64_t n_bytes;
};

struct rs_hs_thread {
	struct rs_handshakes *h;
	uint32_t id;
	pthread_t pthread;
	bool running;
	uint32_t turn;		/* the worker whose orders are next */
	uint64_t fixed_ns;	/* of rs_handshakes_turn; 0: the clock is read */
	uint64_t scan_ns;	/* when deadlines are looked at again */
	uint64_t cpu_ns;	/* of this thread, when the present step began; 0: no step */
	struct rs_hs_list queued, flying;
	uint32_t n_blocked;	/* in flight, with bytes that wait for room */
	uint8_t *out;		/* of the present step */
	uint32_t n_out, cap_out;
	bool out_lost;
	struct rs_hs_sessions sessions;
	struct rs_metrics cells;
	struct rs_hs_lent *lent;      /* SSL objects that workers have, or that have come back */
	struct rs_hs_lent *came_back; /* of them, those to be freed */
	_Alignas(64) _Atomic(struct rs_hs_lent *) back; /* from the workers: the latest first */
};

struct rs_handshakes {
	struct rs_handshake_opts opts;
	BIO_METHOD *bio, *lent_bio;
	struct rs_hs_thread *threads;
	struct rs_hs_worker *workers;
	struct rs_hs_pair *pairs; /* [worker * threads + thread] */
	atomic_bool quit;
};

static inline struct rs_hs_pair *
rs_hs_pair_of(struct rs_handshakes *h, uint32_t worker, uint32_t thread)
{
	return &h->pairs[worker * h->opts.threads + thread];
}

/* handshake_worker.c */
extern const struct rs_offload_ops rs_hs_ops;

/* handshake_thread.c */
uint32_t rs_hs_turn(struct rs_hs_thread *t);
uint64_t rs_hs_now(const struct rs_hs_thread *t);
/** The end of a task: told as soon as its last bytes have room. @cause NONE: done, with task->result */
void rs_hs_end(struct rs_hs_task *task, enum rs_offload_cause cause, uint32_t detail);
/** Keep bytes that the task cannot take now. @return 0; -ENOMEM; -ENOSPC: too many */
int rs_hs_hold(struct rs_hs_task *task, struct rs_slice bytes);
/** CPU time from here to rs_hs_spend, or to rs_hs_end, is the task's. */
void rs_hs_spend_from_now(struct rs_hs_thread *t);
void rs_hs_spend(struct rs_hs_task *task);
void rs_hs_list_add(struct rs_hs_list *l, struct rs_hs_task *task);
void rs_hs_list_remove(struct rs_hs_list *l, struct rs_hs_task *task);
/** Everything that hangs off a task, but for its place in lists. */
void rs_hs_task_clear(struct rs_hs_task *task);

/* handshake_events.c */
/** Hand over what a step wrote; what has no room is kept in the task (n_blocked). @return false without memory: bytes are lost */
bool rs_hs_send_out(struct rs_hs_task *task);
/** What was kept, as far as there is room. @return true when nothing is left */
bool rs_hs_send_pending(struct rs_hs_task *task);
void rs_hs_tell_done(struct rs_hs_task *task);
void rs_hs_tell_failed(struct rs_hs_task *task);
/** The order's block becomes an event. */
void rs_hs_send_back(struct rs_hs_task *task, const struct rs_mail *order);
void rs_hs_take_returns(struct rs_hs_pair *pair);

/* handshake_tls.c: the task's state becomes SHAKING, TICKETS or ENDING */
void rs_hs_begin(struct rs_hs_task *task);
void rs_hs_input(struct rs_hs_task *task, struct rs_slice bytes);
void rs_hs_peer_closed(struct rs_hs_task *task);
/** TICKETS: no more waiting. */
void rs_hs_without_ticket(struct rs_hs_task *task);

/* handshake_bio.c */
BIO_METHOD *rs_hs_bio_method(void);

/* handshake_lent.c */
BIO_METHOD *rs_hs_lent_bio_method(void);
/** The task's SSL object goes to the worker, behind @keys. @return false without memory */
bool rs_hs_lend(struct rs_hs_task *task, struct rs_tls_keys *keys);
/** Free some of what has come back. @return how many */
uint32_t rs_hs_take_lent(struct rs_hs_thread *t);
/** Free all, wherever it is: workers do not run any more. */
void rs_hs_free_lent(struct rs_hs_thread *t);
/** Nobody has taken over what a result lends. */
void rs_hs_unlend(struct rs_hs_block *result);

/* handshake_cause.c */
/** Why the last step of @task failed, by OpenSSL's error queue and what its callbacks told. */
enum rs_offload_cause rs_hs_cause(const struct rs_hs_task *task, uint32_t *detail);

/* handshake_sessions.c */
int rs_hs_sessions_init(struct rs_hs_sessions *s, uint32_t cap);
void rs_hs_sessions_fini(struct rs_hs_sessions *s);
/** Keep @session for @who, in place of an older one. @return 0; -ENOMEM; -EINVAL: it cannot be kept */
int rs_hs_session_put(struct rs_hs_sessions *s, uint64_t who, uint16_t profile, SSL_SESSION *session);
/** The one of @who, if a @share of its handshakes shall resume and this is one of them. @return NULL: none */
SSL_SESSION *rs_hs_session_get(struct rs_hs_sessions *s, uint64_t who, uint16_t profile, double share, uint64_t seed);
void rs_hs_session_drop(struct rs_hs_sessions *s, uint64_t who, uint16_t profile);

#endif
