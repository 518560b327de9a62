/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Handshake threads: TLS handshakes in OpenSSL, off the workers, behind the offload interface (base/offload.h). Between each
 * worker and each thread lie four rings (orders, their spent blocks, events, and the blocks of these on their way back), one
 * writer and one reader each; nobody locks, and a worker never waits: what has no room is -EAGAIN.
 *
 *	struct rs_offload o = rs_handshakes_offload(h, worker);
 *	o.ops->start(o.ctx, connection, RS_OFFLOAD_TLS_CLIENT, rs_slice_of(&start, sizeof(start) + start.n_host));
 *	o.ops->feed(o.ctx, connection, bytes from the peer);
 *	n = o.ops->poll(o.ctx, mails, cap);     OUT: send; DONE: struct rs_tls_result; FAILED: cause; then release(data)
 *
 * A handshake stays on one thread, chosen by @who: all handshakes of an endpoint meet the sessions it has.
 */
#ifndef RS_RUN_HANDSHAKE_H
#define RS_RUN_HANDSHAKE_H

#include "base/clock.h"
#include "base/offload.h"
#include "base/record.h"
#include "observe/handshake_metrics.h"
#include "proto/tls/result.h"
#include "run/tls_profile.h"

struct rs_handshake_opts {
	uint32_t threads;   /* 1 to 32 */
	uint32_t workers;   /* 1 to 255 */
	uint32_t in_flight; /* handshakes on one thread at a time: each takes some 30 KiB while it lasts */
	uint32_t queue;	    /* that one worker may have with one thread, begun or waiting; at most 65,536 */
	uint32_t sessions;  /* kept for resumption by one thread, some 1.5 KiB each; the oldest go */
	uint64_t seed;
	const struct rs_clock *clock;		/* outlives the pool, as do these: */
	const struct rs_tls_profiles *profiles;
	struct rs_record_ring *const *rings;	/* one a thread, for key logs; NULL: none are written */
};

struct rs_handshakes;

/** Rings, tasks and cells, and no thread yet. @return 0, -EINVAL, -ENOMEM */
int rs_handshakes_create(const struct rs_handshake_opts *opts, struct rs_handshakes **out);
/** Start the threads. @return 0; -EAGAIN */
int rs_handshakes_start(struct rs_handshakes *h);
/** End the threads; what is open stays as it is. No worker uses its offload interface any more. */
void rs_handshakes_stop(struct rs_handshakes *h);
/** All blocks of events are released, or not looked at again. NULL is fine. */
void rs_handshakes_free(struct rs_handshakes *h);

/** The interface for worker number @worker, used by it alone. */
struct rs_offload rs_handshakes_offload(struct rs_handshakes *h, uint32_t worker);

/** Cells of thread number @thread, of worker number @worker. */
struct rs_metrics *rs_handshakes_metrics(struct rs_handshakes *h, uint32_t thread);
struct rs_metrics *rs_handshakes_worker_metrics(struct rs_handshakes *h, uint32_t worker);

/** Bytes of memory of a pool with such @opts, handshakes and sessions at their most included. */
uint64_t rs_handshakes_bytes(const struct rs_handshake_opts *opts);

/**
 * One turn of thread number @thread at @now: what a thread does over and over, for tests that play without threads.
 * @return how much it did; 0: nothing to do
 */
uint32_t rs_handshakes_turn(struct rs_handshakes *h, uint32_t thread, uint64_t now);

#endif
