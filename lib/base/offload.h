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

/** What is asked for; each has its own parameters. */
enum rs_offload_type {
	RS_OFFLOAD_TLS_CLIENT = 1, /* params: struct rs_tls_start (run/handshake.h); result: struct rs_tls_result */
	RS_OFFLOAD_TLS_SERVER,
};

enum rs_offload_event {
	RS_OFFLOAD_OUT = 1, /* data block: bytes for the wire; arg[0] = length */
	/**
	 * Data block: the result (keys), arg[0] = length; arg[1] = of all bytes that were fed, how many are dealt with or in
	 * the result; arg[2] = ns that the task waited for its own thread, arg[3] = ns of CPU time it took. What was fed
	 * beyond arg[1] comes back, in its order.
	 */
	RS_OFFLOAD_DONE,
	/** arg[0] = enum rs_offload_cause; arg[1] = its detail; arg[2] = TLS alert that was sent, 0: none; arg[3] as for DONE */
	RS_OFFLOAD_FAILED,
	RS_OFFLOAD_BACK, /* data block: bytes that were fed when the result was already under way; arg[0] = length */
};

/** Why a task failed. Names and meanings: rs_offload_cause_name, rs_offload_cause_help. */
enum rs_offload_cause {
	RS_OFFLOAD_CAUSE_NONE,
	RS_OFFLOAD_CAUSE_REFUSED,  /* the queue is full */
	RS_OFFLOAD_CAUSE_PEER,	   /* the peer's bytes were wrong */
	RS_OFFLOAD_CAUSE_TIMEOUT,
	RS_OFFLOAD_CAUSE_CANCELLED,
	RS_OFFLOAD_CAUSE_CLOSED,      /* the peer closed before the end */
	RS_OFFLOAD_CAUSE_ALERT_VERSION, /* detail of all ALERT*: the alert received (RFC 8446, 6) */
	RS_OFFLOAD_CAUSE_ALERT_HANDSHAKE,
	RS_OFFLOAD_CAUSE_ALERT_CERT,
	RS_OFFLOAD_CAUSE_ALERT,
	RS_OFFLOAD_CAUSE_VERSION,
	RS_OFFLOAD_CAUSE_CIPHER,
	RS_OFFLOAD_CAUSE_ALPN,
	RS_OFFLOAD_CAUSE_CERT_EXPIRED, /* detail of all CERT_*: X509_V_ERR_* */
	RS_OFFLOAD_CAUSE_CERT_NAME,
	RS_OFFLOAD_CAUSE_CERT_CA,
	RS_OFFLOAD_CAUSE_CERT_MISSING,
	RS_OFFLOAD_CAUSE_CERT_OTHER,
	RS_OFFLOAD_CAUSE_LOCAL,	      /* ours: no memory, parameters that cannot be, a failure inside the library */
	RS_OFFLOAD_CAUSE_NO_ROOM,     /* ours: the memory for OpenSSL's records is full */
	RS_OFFLOAD_CAUSES
};

/** "certificate expired"; never NULL. */
const char *rs_offload_cause_name(enum rs_offload_cause cause);
/** A sentence for the documentation. */
const char *rs_offload_cause_help(enum rs_offload_cause cause);

struct rs_offload_ops {
	/** Begin a task of @type for @owner with @params copied. @return 0; -EAGAIN when the queue is full; -EINVAL: no such params */
	int (*start)(void *ctx, rs_handle owner, uint16_t type, struct rs_slice params);
	/**
	 * Bytes from the wire, copied, all or none. No bytes: the peer has closed, nothing more will come.
	 * @return 0, -EAGAIN (the caller keeps or drops them), -ENOENT
	 */
	int (*feed)(void *ctx, rs_handle owner, struct rs_slice bytes);
	/** End it; a last RS_OFFLOAD_FAILED with cause CANCELLED comes back, or the end that was already under way. */
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
