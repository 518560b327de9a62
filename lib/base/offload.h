/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The offload interface: work that a worker must not do itself (handshakes) is started, fed with bytes from the wire and
 * cancelled; bytes for the wire, the result and failures come back as mails. Whoever runs it (a thread pool, a test) gives the
 * table; whoever uses it (connections, media) does not know which.
 */
#ifndef RS_BASE_OFFLOAD_H
#define RS_BASE_OFFLOAD_H

#include "base/handle.h"
#include "base/mailbox.h"
#include "base/slice.h"

enum rs_offload_event {
	RS_OFFLOAD_OUT = 1, /* data block: bytes for the wire; arg[0] = length */
	RS_OFFLOAD_DONE,    /* data block: the result (keys), arg[0] = length */
	RS_OFFLOAD_FAILED,  /* arg[0] = enum rs_offload_cause */
};

enum rs_offload_cause {
	RS_OFFLOAD_CAUSE_NONE,
	RS_OFFLOAD_CAUSE_REFUSED,  /* the queue is full */
	RS_OFFLOAD_CAUSE_PEER,	   /* the peer's bytes were wrong */
	RS_OFFLOAD_CAUSE_TIMEOUT,
	RS_OFFLOAD_CAUSE_CANCELLED,
	RS_OFFLOAD_CAUSES
};

struct rs_offload_ops {
	/** Begin a task of @type for @owner with @params copied. @return 0, -EAGAIN when the queue is full */
	int (*start)(void *ctx, rs_handle owner, uint16_t type, struct rs_slice params);
	/** Bytes from the wire, copied. @return 0, -EAGAIN (the caller keeps or drops them), -ENOENT */
	int (*feed)(void *ctx, rs_handle owner, struct rs_slice bytes);
	/** End it; a last RS_OFFLOAD_FAILED with cause CANCELLED comes back. */
	void (*cancel)(void *ctx, rs_handle owner);
	/** Take finished events. @return how many of @cap were copied to @out */
	uint32_t (*poll)(void *ctx, struct rs_mail *out, uint32_t cap);
	/** Give a data block of an event back. */
	void (*release)(void *ctx, void *data);
};

struct rs_offload {
	const struct rs_offload_ops *ops;
	void *ctx;
};

#endif
