/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of connections share. */
#ifndef RS_NET_CONN_PRIVATE_H
#define RS_NET_CONN_PRIVATE_H

#include "base/clock.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/wheel.h"
#include "net/conn/conn.h"
#include "proto/sip/stream.h"
#include "proto/tls/tls.h"
#include "proto/ws/upgrade.h"
#include "proto/ws/ws.h"

#define NONE UINT32_MAX
#define MESSAGE_MAX 65536u
#define SMALL 2048u			  /* bytes of buffers: most of what is unfinished is the end of a segment */
#define MIDDLE (RS_TLS_RECORD + 2048u)	  /* a record */
#define LARGE (MESSAGE_MAX + 32768u)	  /* the largest message, and what came behind it */
#define SIZES 3

/** Bytes that wait for the rest of what they belong to. */
struct gather {
	uint32_t slot; /* of a buffer, its size in the upper two bits; NONE: no bytes */
	uint32_t len;
};

enum conn_state {
	CONN_OPENING,	/* TCP */
	CONN_QUEUED,	/* TLS, and the handshake thread has no room to begin: fed and owed are its neighbours in the queue */
	CONN_SECURING,	/* TLS: bytes go to the handshake thread */
	CONN_TAKING,	/* it is done, and gives back what it was fed in vain */
	CONN_UPGRADING, /* HTTP */
	CONN_UP,
};

enum conn_flag {
	CONN_ACCEPTED = 1 << 0,
	CONN_TOLD = 1 << 1,	/* the engine knows of it */
	CONN_STARVED = 1 << 2,	/* the handshake thread has no room: again in a moment */
	CONN_PINGED = 1 << 3,	/* a pong is waited for, until due_ms */
	CONN_RESUMED = 1 << 4,
	CONN_TLS_1_3 = 1 << 5,
	CONN_DOOMED = 1 << 6,	/* bytes of it are lost: it ends as soon as nobody is in the middle of something */
	CONN_HALF = 1 << 7,	/* the peer has closed; what it said before that is with the handshake thread */
};

struct conn {
	rs_handle tcp;
	uint64_t user;
	struct rs_path path;	/* conn: our handle */
	struct gather wire, app, out; /* records; messages; what TCP did not take yet */
	union {
		struct rs_sip_stream sip;
		struct {
			struct rs_ws ws;
			uint32_t seen;	/* of the HTTP head */
			uint8_t nonce_of[8]; /* what its nonce is made of */
		};
	};
	uint32_t tls;		/* slot; NONE */
	uint32_t fed;		/* bytes that the handshake thread was given */
	uint32_t owed;		/* of them, those that still come back */
	uint32_t keep_ms;	/* between keep-alives; 0: none */
	uint32_t due_ms;	/* deadline of what is under way: opening, message, pong */
	uint32_t begun_ms;
	uint16_t profile;
	uint8_t state;		/* enum conn_state */
	uint8_t flags;		/* enum conn_flag */
};
_Static_assert(sizeof(struct conn) <= 168, "with TCP's end at most 512 bytes");

struct rs_conns {
	struct rs_conns_cfg cfg;
	struct rs_tcp *tcp;
	struct rs_link datagrams;
	struct rs_metrics *cells;
	struct rs_pool conns, tls, sizes[SIZES];
	struct rs_wheel wheel;
	struct rs_rng rng;
	uint64_t now_ns, origin_ns, rx_ns;
	uint8_t *out;		/* a message being made, with room in front; then its records */
	uint8_t *sealed;
	struct rs_tls_engine *engine;
	uint32_t queue_first, queue_last; /* slots of those that wait for a handshake thread, the oldest first; NONE */
	struct rs_http_head head;
	bool taken;		/* out is in use */
};

/* Room in front of a message: a frame's header, and a record's. */
#define HEADROOM 64

static inline struct conn *
conn_at(const struct rs_conns *c, uint32_t slot)
{
	return rs_pool_at(&c->conns, slot);
}

static inline uint32_t
conn_slot(const struct rs_conns *c, const struct conn *x)
{
	return (uint32_t)((size_t)((const uint8_t *)x - c->conns.base) / c->conns.size);
}

static inline uint32_t
now_ms(const struct rs_conns *c)
{
	return (uint32_t)((c->now_ns - c->origin_ns) / RS_NS_PER_MS);
}

static inline const struct rs_conns_profile *
profile_of(const struct rs_conns *c, const struct conn *x)
{
	return &c->cfg.profiles[x->profile];
}

static inline struct rs_tls *
conn_tls(const struct rs_conns *c, const struct conn *x)
{
	return rs_pool_at(&c->tls, x->tls);
}

/** The connection that @h names, or NULL. */
struct conn *conn_of(const struct rs_conns *c, rs_handle h);
/** Is it still the one that @h names? What calls out asks behind it. */
static inline bool
conn_is(const struct rs_conns *c, rs_handle h)
{
	return rs_pool_is_live(&c->conns, rs_handle_slot(h), rs_handle_generation(h));
}

/* conn.c */
/** It is over: told, and gone. @how  what the peer hears */
void conn_end(struct rs_conns *c, struct conn *x, enum rs_conn_cause cause, uint16_t detail, enum rs_conn_close how);
/** TCP is there (and TLS): go on to the next layer, and tell once all are. */
void conn_go_on(struct rs_conns *c, struct conn *x);

/* gather.c */
int gather_setup(struct rs_conns *c, struct rs_arena *a);
/** Append. @return false: no buffer */
bool gather_add(struct rs_conns *c, struct gather *g, const uint8_t *p, size_t len);
uint8_t *gather_bytes(const struct rs_conns *c, const struct gather *g);
/** @len bytes from @from on are what is left. */
void gather_keep(struct rs_conns *c, struct gather *g, const uint8_t *from, size_t len);
void gather_clear(struct rs_conns *c, struct gather *g);

/* receive.c */
/** Bytes from TCP, behind the handshake. The connection may be gone behind it. */
void conn_wire(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len);
/** Bytes that are no longer encrypted. */
void conn_app(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len);

/* send.c */
/** Bytes that a layer wants to say: encrypted, where there is TLS. @p: HEADROOM bytes before it may be written @return 0, negative errno */
int conn_say(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len);
/** To TCP as they are. @return false: no room was left, and the connection is of no use any more */
bool conn_put(struct rs_conns *c, struct conn *x, const uint8_t *p, size_t len);
/** What waits. @return false: the connection is gone */
bool conn_flush(struct rs_conns *c, struct conn *x);
/** A frame of @opcode, or where there is no WebSocket nothing. */
void conn_control(struct rs_conns *c, struct conn *x, enum rs_ws_opcode opcode, const uint8_t *payload, size_t len);
int conn_link_take(void *ctx, const struct rs_path *path, struct rs_buf *buf);
int conn_link_send(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len);
void conn_link_drop(void *ctx, struct rs_buf *buf);
int conn_link_large(void *ctx, const struct rs_path *path, struct rs_buf *buf);

/* upgrade.c */
/** The client's request. @return false: it cannot be written, and the connection is gone */
bool upgrade_ask(struct rs_conns *c, struct conn *x);
/** Bytes of the head. @return false: the connection is gone */
bool upgrade_bytes(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len);

/* secure.c */
bool secure_begin(struct rs_conns *c, struct conn *x);
/** @return bytes taken */
size_t secure_bytes(struct rs_conns *c, struct conn *x, struct rs_slice bytes);
/** The peer has closed. @return true: what it said before is still being read, and tells how it ends */
bool secure_half_closed(struct rs_conns *c, struct conn *x);
uint32_t secure_poll(struct rs_conns *c);
void secure_cancel(struct rs_conns *c, struct conn *x);
void secure_wire(struct rs_conns *c, struct conn *x, uint8_t *p, size_t len);

/* timer.c */
/** Its deadline or keep-alive has changed. */
void conn_arm(struct rs_conns *c, struct conn *x);
void conn_timer(struct rs_conns *c, struct conn *x);
/** Something came: the next keep-alive is due a whole interval later. */
void conn_deadline(struct rs_conns *c, struct conn *x, uint64_t length_ns);

#endif
