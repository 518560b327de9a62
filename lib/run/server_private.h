/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the control socket share. */
#ifndef RS_RUN_SERVER_PRIVATE_H
#define RS_RUN_SERVER_PRIVATE_H

#include <jansson.h>
#include <sys/types.h>

#include "base/clock.h"
#include "run/server.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define READ_BYTES     (64 * 1024)
#define QUEUE_BYTES    (1024 * 1024) /* notifications are dropped above it */
#define PAUSE_BYTES    (256 * 1024) /* requests wait above it: a client that sends must also read */
#define TURN_REQUESTS  64 /* of one client, before the others and the run get their turn */
#define MAX_CLIENTS    64
#define MAX_WAITS      256

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/** JSON-RPC 2.0, 5.1; those below -32000 are ours, and carry data: {"status": exit status of loadctl}. */
enum rpc_code {
	RPC_PARSE = -32700,
	RPC_REQUEST = -32600,
	RPC_METHOD = -32601,
	RPC_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	RPC_STATE = -32001,     /* the daemon's state does not allow it */
	RPC_NOT_FOUND = -32002, /* no such activity, run, file */
	RPC_PLAN = -32003,      /* the plan or scenario is wrong */
	RPC_RESOURCE = -32004,  /* memory, device, permission */
	RPC_EXPIRED = -32005,   /* wait: the time is over */
	RPC_BUSY = -32006,      /* too many clients or waits */
};

/** Exit statuses that errors carry (CONTRACT). */
enum rpc_status { STATUS_USAGE = 2, STATUS_RESOURCE = 6, STATUS_EXPIRED = 8 };

/** One connection. */
struct client {
	struct rs_server *server;
	int fd;        /* -1: no socket behind it, what is queued stays (fuzzing) */
	bool eof;      /* it sends no more */
	bool dead;     /* to be freed at the end of the turn */
	bool skipping; /* in a line that was too long */
	bool more;     /* complete lines are waiting in `in` */
	uint8_t *in;
	size_t in_len, in_cap, scanned;
	char *out;
	size_t out_at, out_len, out_cap;
	uint32_t waits;
	/* subscriptions */
	bool events;
	uint64_t stats_every_ms; /* 0: none */
	uint64_t stats_next_ms;
	uint64_t dropped; /* notifications, since the last one that told so */
};

/** A `wait` that has no answer yet. */
struct pending {
	struct client *client;
	json_t *id;           /* NULL: it was a notification, nobody wants the answer */
	uint64_t deadline_ms; /* UINT64_MAX: none */
};

struct rs_server {
	struct rs_daemon *daemon;
	int fd;
	char *path;
	dev_t dev; /* of the socket's file: another daemon's is not removed */
	ino_t ino;
	struct client *clients[MAX_CLIENTS];
	uint32_t n_clients;
	struct pending waits[MAX_WAITS];
	uint32_t n_waits;
	uint64_t polled_ms;
	bool quit;
	uint64_t quit_ms; /* exit then, whatever the run does */
};

/** One request on its way; a method's function sets `result` or calls rpc_fail. */
struct request {
	struct rs_server *server;
	struct client *client;
	struct rs_daemon *daemon;
	json_t *params; /* an object, borrowed */
	json_t *id;     /* NULL: a notification */
	json_t *result;
	int code; /* 0: no error */
	int status;
	json_t *refused; /* beside an error: settings that cannot be changed; NULL: not told */
	char text[1200];
};

enum rpc_outcome { RPC_ANSWER, RPC_LATER };

/* client.c */
struct client *client_new(struct rs_server *s, int fd);
void client_free(struct client *c);
/** Bytes that came: complete lines are handed to rpc_line. */
void client_feed(struct client *c, const void *bytes, size_t len);
/** Read once, and handle what is complete. */
void client_read(struct client *c);
/** Go on with lines that waited. */
void client_resume(struct client *c);
/** Queue @line (and a newline) and send what the socket takes. */
void client_send(struct client *c, const char *line);
/** The same for a notification: dropped and counted when the queue is full. */
void client_notify(struct client *c, const char *line);
void client_flush(struct client *c);
static inline size_t
client_queued(const struct client *c)
{
	return c->out_len - c->out_at;
}

/* rpc.c */
void rpc_line(struct client *c, const uint8_t *line, size_t len);
void rpc_too_long(struct client *c);
void rpc_reply(struct client *c, json_t *id, json_t *result);
void rpc_reply_error(struct client *c, json_t *id, int code, int status, const char *text);
/** The same with `refused` in its data. */
void rpc_reply_refused(struct client *c, const struct request *r);
enum rpc_outcome rpc_fail(struct request *r, enum rpc_code code, int status, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** An error of the daemon, by its errno. */
enum rpc_outcome rpc_fail_errno(struct request *r, int rc, const struct rs_err *err);

/* rpc_params.c */
enum param_kind {
	PARAM_TEXT, /* a string that is not empty */
	PARAM_NUMBER,
	PARAM_COUNT, /* an integer from 0 */
	PARAM_BOOL,
	PARAM_TEXTS, /* a list of strings */
	PARAM_WORD,  /* one of `words` */
};
struct param {
	const char *name;
	enum param_kind kind;
	bool required;
	const char *const *words;
};
/** @return 0, or -EINVAL with r->code set */
int params_check(struct request *r, const char *method, const struct param *params);
const char *param_text(const struct request *r, const char *name);
bool param_bool(const struct request *r, const char *name, bool otherwise);
double param_number(const struct request *r, const char *name, double otherwise);
uint64_t param_count(const struct request *r, const char *name, uint64_t otherwise);

/* The methods: rpc_life.c, rpc_look.c, rpc_files.c, rpc_change.c. Each file ends its table with a NULL name. */
struct method {
	const char *name;
	enum rpc_outcome (*fn)(struct request *r);
	const struct param *params; /* ends with a NULL name; NULL: none */
};
extern const struct method life_methods[], look_methods[], file_methods[], change_methods[];

/* stream.c */
/** Answer `wait`s whose run has ended or whose time is over. */
void stream_answer_waits(struct rs_server *s, uint64_t now_ms);
/** The daemon goes: waits that are left get an error. */
void stream_end(struct rs_server *s);
/** @return 0, -EBUSY */
int stream_wait(struct request *r, double timeout_s);
void stream_forget(struct rs_server *s, const struct client *c);
void stream_tick(struct rs_server *s, uint64_t now_ms);
/** @return milliseconds until something is due, at most @cap */
int stream_due(const struct rs_server *s, uint64_t now_ms, int cap);
void stream_event(void *server, json_t *event);

#endif
