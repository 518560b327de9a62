/* SPDX-License-Identifier: BSD-3-Clause */
/** A worker: one lcore and everything it owns. Control talks to it by mail only. */
#ifndef RS_RUN_WORKER_H
#define RS_RUN_WORKER_H

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "engine/engine.h"
#include "net/net.h"
#include "observe/observe.h"
#include "run/look.h"
#include "run/streams.h"

/** Mail from control; a reply echoes type and request. Times are in arg[0], activities in arg[1] (as int32_t). */
enum rs_worker_mail {
	/* data: the engine; reply when next hops are known or do not answer: arg[0] = those that do not */
	RS_MAIL_ATTACH = 1,
	RS_MAIL_DETACH, /* reply: data: the engine, no longer in use */
	RS_MAIL_BEGIN,  /* arg[0]: t0 */
	RS_MAIL_START_ACTIVITY,
	RS_MAIL_RATE,  /* arg[2]: the double's bits */
	RS_MAIL_LIMIT, /* arg[2]: calls */
	RS_MAIL_PAUSE,
	RS_MAIL_RESUME,
	RS_MAIL_STOP,
	RS_MAIL_HANGUP,
	RS_MAIL_UNREGISTER, /* all bindings, paced */
	RS_MAIL_SILENCE,
	RS_MAIL_CALLS, /* arg[0]: slot to go on at; reply: arg[0] = the next one, UINT32_MAX at the end; calls in `calls` */
	/* arg[0]: where to go on, 0 at first; reply: arg[0] = where next, UINT64_MAX at the end; what there is in `look` */
	RS_MAIL_TRACES,
	RS_MAIL_FAILED,
	RS_MAIL_ENDPOINTS, /* arg[1]: only those in this state (-1: all); arg[2]: so many at most, 0: they are counted */
	RS_MAIL_STREAMS,
	RS_MAIL_BUSY,  /* endpoints that the worker has picked for open calls */
	RS_MAIL_DROP,  /* connections; arg[1]: group (-1: all), arg[2]: the share's bits, arg[3]: enum rs_conn_close */
	RS_MAIL_LEAVE, /* the run is over: its connections are closed */
	RS_MAIL_IMPAIR, /* reply: it has its copy of impair_asked */
	RS_MAIL_SWAP,  /* data: struct rs_play of arg[1]; reply: arg[0] = 0, or an errno, and it stays control's */
	RS_MAIL_ADD,   /* data: struct rs_late; reply */
	RS_MAIL_PING,  /* reply: all mail before it has been obeyed */
	RS_MAIL_EXIT,
};

/** Open calls of a worker, as many as one mail asks for. Control reads them after the reply, and until it asks again. */
#define RS_CALLS_CHUNK 64
struct rs_calls {
	uint32_t n;
	struct rs_call_info calls[RS_CALLS_CHUNK];
};

struct rs_redirect;

struct rs_worker {
	uint32_t id;
	bool idle_sleep;
	const struct rs_clock *clock;
	struct rs_net_worker *net;
	struct rs_redirect *redirect; /* NULL: no port is shared */
	struct rs_mailbox *in, *out;
	struct rs_metrics cells;
	struct rs_log log;
	struct rs_calls *calls;
	struct rs_look *look;
	struct rs_impair_order impair_asked; /* control's, until it sends RS_MAIL_IMPAIR */
	/* the worker's own from here on */
	struct rs_engine *engine;
	const struct rs_plan *plan;
	struct worker_conns *conns; /* NULL: the plan has datagrams only */
	uint64_t conns_due;
	bool leaving; /* they are being closed */
	bool preparing;
	uint64_t prepare_until;
	struct rs_mail attach;
	uint64_t next_due;
	uint64_t net_next;
	uint64_t idle_turns;
	uint64_t turn_ns;   /* when the present turn began */
	uint64_t ended_ns;  /* when the one before it ended; 0: it slept since */
	uint64_t told_ns;   /* up to when the engine knows of gaps in it */
	uint32_t turn_work; /* packets it received */
	uint64_t turn_media; /* packets of media its engine had made when it began */
	uint64_t media_ns;   /* what one of them takes of late */
	struct rs_impair_order impair; /* not due yet */
};

struct worker_conns;
/* conns.c: connections of a worker's run */
void worker_conns_input(struct worker_conns *c, const struct rs_rx *rx, uint64_t now);
/** What handshake threads have done. @return how much */
uint32_t worker_conns_poll(struct worker_conns *c, uint64_t now);
/** @return when there is something to do again */
uint64_t worker_conns_next(const struct worker_conns *c);
uint64_t worker_conns_turn(struct worker_conns *c, uint64_t now);
/** Close some. @return false: all are */
bool worker_conns_leave(struct worker_conns *c, uint64_t now);

/** The loop: returns when RS_MAIL_EXIT came. @param arg  struct rs_worker */
int rs_worker_main(void *arg);

/* redirect.c */
/** Rings between all pairs of @n workers, for ports that several of them share. @return 0, -ENOMEM */
int rs_redirect_create(uint32_t n, struct rs_redirect **out);
/** Frees what is still in the rings, too; no worker may run any more. NULL is fine. */
void rs_redirect_free(struct rs_redirect *r);
/** Hand @mbuf over. @return false when the ring is full: the mbuf is freed here, the caller counts it */
bool rs_redirect_send(struct rs_redirect *r, uint32_t from, uint32_t to, void *mbuf);
/** Take what came for worker @to, from each of the others in turn. @return how many, at most @cap */
uint32_t rs_redirect_receive(struct rs_redirect *r, uint32_t to, void **mbufs, uint32_t cap);

#endif
