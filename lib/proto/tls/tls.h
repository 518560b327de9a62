/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The record layer of TLS 1.3 (RFC 8446, 5 and 7) and of TLS 1.2 with AEAD suites (RFC 5246, 6; RFC
 * 5288, 7905), for connections whose handshake somebody else has done.
 *
 * An engine is a worker's; a connection's state is the caller's memory, as is all else here. Nothing
 * is allocated after rs_tls_engine_init(). Records are encrypted and decrypted where they lie.
 *
 *	rs_tls_init(engine, &keys, NULL, &tls);
 *	rs_tls_protect(engine, &tls, text, len, out, room, &written);
 *	while ((event = rs_tls_unprotect(engine, &tls, buf, len, &record)) != RS_TLS_MORE) {
 *		...				// record.data; RS_TLS_ALERT and RS_TLS_ERROR end it
 *		buf += record.used;
 *		len -= record.used;
 *	}
 *	if (rs_tls_owes(&tls))			// what came asks for an answer
 *		rs_tls_settle(engine, &tls, out, room, &written);
 *
 * Where the keys come with a struct rs_tls_lent, somebody else makes the records, and all functions
 * do the same as with ours.
 *
 * Traffic keys are changed when the peer says so, when we want to, and of our own accord before a GCM
 * key has been used too often (RFC 8446, 5.5). A renegotiation is refused, tickets are dropped.
 */
#ifndef RS_PROTO_TLS_TLS_H
#define RS_PROTO_TLS_TLS_H

#include "base/slice.h"

#define RS_TLS_ALIGN      64    /* of an engine and of GCM key data */
#define RS_TLS_GCM_BYTES  1024  /* key data of one direction */
#define RS_TLS_FRAGMENT   16384 /* bytes of plaintext in a record (RFC 8446, 5.1) */
#define RS_TLS_RECORD     (5 + RS_TLS_FRAGMENT + 256) /* bytes of a record at most (5.2) */
#define RS_TLS_SETTLE_MAX 512 /* bytes that rs_tls_settle(), _update() and _close() write at most */

enum rs_tls_version { RS_TLS_1_2, RS_TLS_1_3, RS_TLS_VERSIONS };

enum rs_tls_suite {
	RS_TLS_AES_128_GCM,       /* with SHA-256 in TLS 1.3 */
	RS_TLS_AES_256_GCM,       /* with SHA-384 */
	RS_TLS_CHACHA20_POLY1305, /* with SHA-256 */
	RS_TLS_SUITES
};

/** @return a short name, such as "AES-128-GCM" */
const char *rs_tls_suite_name(enum rs_tls_suite suite);

/** @return bytes of the suite's key: 16 or 32 */
unsigned rs_tls_key_len(enum rs_tls_suite suite);

/** @return bytes of the suite's hash in TLS 1.3, and so of a traffic secret: 32 or 48 */
unsigned rs_tls_secret_len(enum rs_tls_suite suite);

/** What one direction begins with. */
struct rs_tls_keys_side {
	uint64_t seq;       /* of the next record: records so far under these keys */
	uint32_t updates;   /* TLS 1.3: KeyUpdates that have followed on the secret below */
	uint8_t secret[48]; /* TLS 1.3: the application traffic secret (RFC 8446, 7.1) */
	uint8_t key[32];    /* TLS 1.2: of the key block (RFC 5246, 6.3) */
	uint8_t iv[12];     /* TLS 1.2: the implicit part: 4 bytes of GCM, 12 of ChaCha20 */
};

struct rs_tls_lent;

struct rs_tls_keys {
	enum rs_tls_version version;
	enum rs_tls_suite suite;
	struct rs_tls_lent *lent; /* not NULL: the records are its, and what is below is not there */
	bool server; /* we are */
	uint16_t
		fragment; /* bytes of plaintext that our records may have (RFC 6066, 4); 0: 16,384 */
	struct rs_tls_keys_side tx; /* what we send with */
	struct rs_tls_keys_side rx;
};

/** One direction. */
struct rs_tls_side {
	uint64_t seq;
	void *gcm; /* expanded key; NULL: it is expanded for each record */
	uint8_t key[32];
	uint8_t iv[12];
	uint8_t secret[48]; /* TLS 1.3 */
	uint8_t spare[4];
};

/** One connection. All is private. */
struct rs_tls {
	union {
		struct {
			struct rs_tls_side tx, rx;
		};
		struct rs_tls_lent *lent;
	};
	uint64_t limit;  /* records that we send under one key */
	uint32_t left;   /* bytes that a handshake message still has */
	uint8_t head[4]; /* of that message */
	uint8_t have;    /* bytes of its head */
	uint8_t ask;     /* the byte of a KeyUpdate */
	uint8_t version;
	uint8_t suite;
	uint8_t server;
	uint8_t owed;   /* bits: see private.h */
	uint8_t closed; /* bits */
	uint8_t error;  /* enum rs_tls_error: nothing is read any more */
	uint8_t alert;  /* to be sent with it */
	uint8_t empty;  /* records without data in a row */
	bool is_lent;
	uint16_t fragment;
};
_Static_assert(
	sizeof(struct rs_tls) == 256, "four cache lines, all there is of an idle connection");

enum rs_tls_event {
	RS_TLS_MORE,      /* what is there is no whole record */
	RS_TLS_DATA,      /* record.data, which may be empty */
	RS_TLS_HANDSHAKE, /* record.tickets, updates, requests */
	RS_TLS_WARNING,   /* record.alert: the connection goes on */
	RS_TLS_CLOSED,    /* close_notify: nothing more comes (RFC 8446, 6.1) */
	RS_TLS_ALERT,     /* record.alert is the peer's last word (6.2) */
	RS_TLS_ERROR,     /* record.error: settle, then close the connection */
};

enum rs_tls_error {
	RS_TLS_FINE,
	RS_TLS_BAD_TYPE,       /* a record that may not come here (unexpected_message) */
	RS_TLS_BAD_VERSION,    /* TLS 1.2: not 3.3 (protocol_version) */
	RS_TLS_TOO_LONG,       /* (record_overflow) */
	RS_TLS_TOO_SHORT,      /* for nonce and tag (decode_error) */
	RS_TLS_AUTH_FAILED,    /* (bad_record_mac) */
	RS_TLS_ONLY_PADDING,   /* no content type behind the data (unexpected_message) */
	RS_TLS_TOO_MANY_EMPTY, /* records without data (unexpected_message) */
	RS_TLS_BAD_ALERT,      /* not of two bytes (decode_error) */
	RS_TLS_BAD_HANDSHAKE, /* a message that may not come after a handshake (unexpected_message) */
	RS_TLS_BAD_UPDATE, /* a KeyUpdate that is none, or not at a record's end (illegal_parameter) */
	RS_TLS_INTERLEAVED, /* something else inside a handshake message (unexpected_message) */
	RS_TLS_USED_UP,     /* no sequence number is left (internal_error) */
	RS_TLS_NO_MEMORY,   /* lent records: there is none for them */
	RS_TLS_LENT_FAILED, /* lent records, for another reason */
	RS_TLS_ERRORS
};

/** @return a short name, such as "auth failed" */
const char *rs_tls_error_name(enum rs_tls_error error);

/** Alerts that we send or give a meaning (RFC 8446, 6; RFC 5246, 7.2). */
enum rs_tls_alert {
	RS_TLS_CLOSE_NOTIFY = 0,
	RS_TLS_UNEXPECTED_MESSAGE = 10,
	RS_TLS_BAD_RECORD_MAC = 20,
	RS_TLS_RECORD_OVERFLOW = 22,
	RS_TLS_ILLEGAL_PARAMETER = 47,
	RS_TLS_DECODE_ERROR = 50,
	RS_TLS_PROTOCOL_VERSION = 70,
	RS_TLS_INTERNAL_ERROR = 80,
	RS_TLS_USER_CANCELED = 90,
	RS_TLS_NO_RENEGOTIATION = 100,
};

/** @return the name in the RFCs, such as "close_notify"; "unknown" */
const char *rs_tls_alert_name(unsigned alert);

struct rs_tls_record {
	size_t used;          /* bytes to take from the front, whatever the event */
	size_t need;          /* with MORE: so many bytes are missing, at least */
	struct rs_slice data; /* in the buffer */
	uint8_t alert;
	uint8_t error;    /* enum rs_tls_error, with ERROR */
	uint8_t tickets;  /* NewSessionTicket messages that were dropped */
	uint8_t updates;  /* KeyUpdate messages: the keys that we receive with are new ones */
	uint8_t requests; /* TLS 1.2: renegotiations, which are refused */
};

#define RS_TLS_LENT_GROWTH 96 /* bytes of a record besides its data, at most: CBC with SHA-384 has 85 */
#define RS_TLS_LENT_OWED   192 /* of our own accord: two alerts, with what goes with them */

/**
 * Records of suites that this layer does not have: who did the handshake goes on with it, behind this
 * table. Here are the record's bounds, the order of things, and what callers see; there is the rest.
 * No function of it blocks.
 */
struct rs_tls_lent_ops {
	/**
	 * A record, or the header of what can be none, decrypted where it lies.
	 * @return as rs_tls_unprotect(), but not MORE; record.error has a meaning with ERROR
	 */
	enum rs_tls_event (*open)(
		struct rs_tls_lent *l, uint8_t *p, size_t len, struct rs_tls_record *record);
	/** Records of @len > 0 bytes that do not lie in @out. @return 0; -ENOMEM; -EPIPE */
	int (*seal)(struct rs_tls_lent *l, const uint8_t *in, size_t len, uint8_t *out, size_t room,
		size_t *written);
	int (*update)(
		struct rs_tls_lent *l, bool ask, uint8_t *out, size_t room, size_t *written);
	int (*close)(struct rs_tls_lent *l, uint8_t *out, size_t room, size_t *written);
	/** Nobody calls it any more. */
	void (*give_back)(struct rs_tls_lent *l);
};

/** The beginning of what is lent. */
struct rs_tls_lent {
	const struct rs_tls_lent_ops *ops;
	uint32_t n_owed; /* bytes that open() wrote, and the peer has not got yet */
	uint8_t owed[RS_TLS_LENT_OWED];
};

/** Which code does the arithmetic: the best that the machine has, or one by name, for tests. */
enum rs_tls_backend {
	RS_TLS_BEST,
	RS_TLS_AVX512,
	RS_TLS_AVX2,
	RS_TLS_AVX,
	RS_TLS_SSE,
	RS_TLS_OPENSSL,
	RS_TLS_BACKENDS
};

struct rs_tls_engine;

/** @return bytes of an engine */
size_t rs_tls_engine_size(void);

/**
 * Make an engine. RS_TLS_BEST is ipsec-mb on machines with AES-NI, OpenSSL on others.
 *
 * @param memory   rs_tls_engine_size() bytes at a multiple of RS_TLS_ALIGN
 * @param engine   out: it lies in @memory
 * @return 0; -ENOTSUP when the machine cannot do @backend; -ENOMEM from OpenSSL, whose contexts are
 *         made here
 */
int rs_tls_engine_init(void *memory, enum rs_tls_backend backend, struct rs_tls_engine **engine);

/** Give back what OpenSSL holds and wipe key material. @memory is the caller's again. */
void rs_tls_engine_fini(struct rs_tls_engine *e);

/** @return what does the arithmetic, for printing */
const char *rs_tls_engine_name(const struct rs_tls_engine *e);

/**
 * Begin where a handshake has ended. Engines of any backend may serve the connection later, if @gcm is
 * NULL; else those of the same name.
 *
 * @param keys  may be wiped afterwards; what is lent is @t's from here on, and goes back with rs_tls_fini()
 * @param gcm   2 * RS_TLS_GCM_BYTES at a multiple of RS_TLS_ALIGN, where expanded GCM keys are kept as
 *              long as @t lives; NULL: they are expanded for each record, which takes some 300 cycles
 * @return 0; -EINVAL: an unknown version or suite, a fragment past 16,384
 */
int rs_tls_init(
	struct rs_tls_engine *e, const struct rs_tls_keys *keys, void *gcm, struct rs_tls *t);

/** Wipe the keys of a connection that has ended. */
void rs_tls_fini(struct rs_tls *t);

/** Bytes in front of the first record's data. Data that already lie there in the output are not moved. */
static inline size_t
rs_tls_headroom(const struct rs_tls *t)
{
	return t->version == RS_TLS_1_2 && t->suite != RS_TLS_CHACHA20_POLY1305 ? 13 : 5;
}

/** Bytes that rs_tls_protect() writes for @len bytes of data, what is owed included. */
size_t rs_tls_sealed_len(const struct rs_tls *t, size_t len);

/**
 * Data as records; before them what is owed.
 *
 * @param in       may lie anywhere in @out, too; best at @out + rs_tls_headroom()
 * @param len      0: nothing but what is owed
 * @param out      room for @room bytes; nothing past rs_tls_sealed_len() is touched
 * @param written  out; 0 with an error
 * @return 0; -ENOSPC: @room is too small, nothing has changed; -EPIPE: we have closed, or an error has
 */
int rs_tls_protect(struct rs_tls_engine *e, struct rs_tls *t, const uint8_t *in, size_t len,
	uint8_t *out, size_t room, size_t *written);

/** Is there something to answer that rs_tls_settle() would write? */
static inline bool
rs_tls_owes(const struct rs_tls *t)
{
	return t->owed != 0;
}

/**
 * Write what is owed: a KeyUpdate that was asked for, the refusal of a renegotiation, the alert of an
 * error. Returns as rs_tls_protect(); an alert is still written after an error.
 */
int rs_tls_settle(
	struct rs_tls_engine *e, struct rs_tls *t, uint8_t *out, size_t room, size_t *written);

/**
 * Go over to new keys for what we send (RFC 8446, 4.6.3).
 * @param ask  the peer is to do the same
 * @return as rs_tls_protect(); -ENOTSUP in TLS 1.2
 */
int rs_tls_update(struct rs_tls_engine *e, struct rs_tls *t, bool ask, uint8_t *out, size_t room,
	size_t *written);

/** Write close_notify: nothing is sent after it. Returns as rs_tls_protect(). */
int rs_tls_close(
	struct rs_tls_engine *e, struct rs_tls *t, uint8_t *out, size_t room, size_t *written);

/**
 * The next record.
 *
 * @param buf     the bytes that have come and were not taken from the front yet; decrypted in place
 * @param len     how many; nothing at or after @buf + @len is touched
 * @param record  out
 * @return what it is; after RS_TLS_ERROR and RS_TLS_ALERT the same for ever; after RS_TLS_CLOSED
 *         what comes is taken and ignored
 */
enum rs_tls_event rs_tls_unprotect(struct rs_tls_engine *e, struct rs_tls *t, uint8_t *buf,
	size_t len, struct rs_tls_record *record);

/** A lower limit of records under one key of ours than RFC 8446, 5.5 has for GCM: for tests. */
void rs_tls_set_limit(struct rs_tls *t, uint64_t records);

#endif
