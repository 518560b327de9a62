/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * SRTP and SRTCP (RFC 3711, 6188, 7714) in batches: packets are encrypted, decrypted and verified
 * where they lie.
 *
 * A context is one direction of one stream. It is the caller's memory, as is all else here; nothing
 * is allocated after rs_srtp_engine_init(). An engine belongs to one thread; a context may be
 * handed from thread to thread, but only between engines of the same name.
 *
 *	struct rs_srtp_keys keys = { .suite = suite, .key = key, .salt = salt };
 *	rs_srtp_init(engine, &keys, NULL, &ctx);
 *	struct rs_srtp_item item = { .ctx = &ctx, .packet = p, .len = 172, .room = 256 };
 *	rs_srtp_protect_batch(engine, &item, 1);	// item.status, item.out_len
 *
 * Not here: key derivation rates other than 0 (RFC 3711, 4.3.1), encrypted header extensions (RFC
 * 6904), AES-F8.
 */
#ifndef RS_PROTO_SRTP_SRTP_H
#define RS_PROTO_SRTP_SRTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define RS_SRTP_ALIGN     64    /* of an engine, a context and GCM key data */
#define RS_SRTP_GCM_BYTES 1024  /* key data of an AEAD suite, beside the context */
#define RS_SRTP_WINDOW    128   /* packets that may come late (RFC 3711, 3.3.2: at least 64) */
#define RS_SRTP_MAX_LEN   65535 /* bytes of a packet before it is protected */
#define RS_SRTP_MKI_MAX   128   /* bytes (RFC 4568, 6.1) */
#define RS_SRTP_OVERHEAD  (16 + 4 + RS_SRTP_MKI_MAX) /* bytes that a packet can grow by, at most */

enum rs_srtp_suite {
	RS_SRTP_AES_CM_128_SHA1_80, /* RFC 3711; the rest of the name is HMAC and bits of the tag */
	RS_SRTP_AES_CM_128_SHA1_32,
	RS_SRTP_AES_CM_192_SHA1_80, /* RFC 6188 */
	RS_SRTP_AES_CM_192_SHA1_32,
	RS_SRTP_AES_CM_256_SHA1_80,
	RS_SRTP_AES_CM_256_SHA1_32,
	RS_SRTP_AEAD_AES_128_GCM, /* RFC 7714 */
	RS_SRTP_AEAD_AES_256_GCM,
	RS_SRTP_NULL_SHA1_80, /* not encrypted */
	RS_SRTP_NULL_SHA1_32,
	RS_SRTP_SUITES
};

/**
 * What a suite asks of its keys and of a packet's room. Tags of SRTCP are never cut to 32 bits (RFC
 * 4568, 6.2.2).
 */
struct rs_srtp_suite_info {
	const char *name; /* as in RFC 4568, 6188, 7714 */
	uint8_t key_len;  /* bytes of the master key */
	uint8_t salt_len; /* bytes of the master salt */
	uint8_t tag_len;  /* bytes */
	uint8_t rtcp_tag_len;
};

/** @return the properties of @suite; NULL if there is no such suite */
const struct rs_srtp_suite_info *rs_srtp_suite(enum rs_srtp_suite suite);

enum rs_srtp_option {
	/* RTP is not encrypted (UNENCRYPTED_SRTP); not with AEAD suites */
	RS_SRTP_UNENCRYPTED = 1,
	/* we send SRTCP with E = 0; what we receive says it itself */
	RS_SRTP_UNENCRYPTED_RTCP = 2,
	/* RTP has no tag, SRTCP always has; not with AEAD suites */
	RS_SRTP_UNAUTHENTICATED = 4,
	/* a sender may protect an index again: gives the payloads away when they differ */
	RS_SRTP_REPEAT = 8,
	/* the first SSRC is the only one: see rs_srtp_unprotect_batch() */
	RS_SRTP_ONE_SSRC = 16,
};

struct rs_srtp_keys {
	enum rs_srtp_suite suite;
	uint32_t options;       /* rs_srtp_option, ored */
	struct rs_slice key;    /* master key; its length must be the suite's */
	struct rs_slice salt;   /* master salt; likewise */
	struct rs_slice mki;    /* up to RS_SRTP_MKI_MAX bytes, which must outlive the contexts */
	uint64_t lifetime;      /* RTP packets, at most 2^48; 0: 2^48 (RFC 3711, 9.2) */
	uint64_t rtcp_lifetime; /* RTCP packets, at most 2^31; 0: 2^31 */
};

/** One SSRC's place in the key stream and what was received (or sent) of the packets before it. */
struct rs_srtp_stream {
	unsigned __int128 seen; /* bit n: index - n */
	uint64_t index;         /* the highest so far: ROC and sequence number; SRTCP: 31 bits */
	uint32_t ssrc;          /* as it stands in the packet */
	uint32_t started;       /* a packet has passed; before that only the ROC in index counts */
};

/** One direction of one RTP stream. All is private. */
struct rs_srtp_ctx {
	/* first line: every packet */
	struct rs_srtp_stream now;
	uint64_t left;    /* packets that the key may still be used for */
	uint8_t salt[16]; /* session salt: 14 bytes, 12 for GCM; then zero */
	uint8_t suite;
	uint8_t key_len; /* bytes of the cipher's key; 0: not encrypted */
	uint8_t tag_len; /* bytes */
	uint8_t mki_len;
	uint8_t options;
	uint8_t gcm; /* a suite of RFC 7714 */
	uint8_t spare[2];
	/* second line: HMAC, then the keys, the last of AES-128 in the fifth line */
	const uint8_t *mki;
	uint8_t inner[20]; /* SHA-1 after the inner padded key; OpenSSL: the key itself */
	uint8_t outer[20];
	union {
		uint8_t keys[240]; /* the key schedule; OpenSSL: the key itself */
		void *gcm_keys;
	};
	/* last line: after a change of SSRC only */
	struct rs_srtp_stream before;
} __attribute__((aligned(RS_SRTP_ALIGN)));
_Static_assert(sizeof(struct rs_srtp_ctx) == 384, "six cache lines a direction");
_Static_assert(
	offsetof(struct rs_srtp_ctx, mki) == 64 && offsetof(struct rs_srtp_ctx, keys) + 176 <= 320,
	"AES-128 takes five of them");

/**
 * One direction of one stream's RTCP: seldom used, so its keys are not kept expanded. All is
 * private.
 */
struct rs_srtcp_ctx {
	struct rs_srtp_stream now, before;
	uint64_t left;
	const uint8_t *mki;
	uint8_t salt[16];
	uint8_t suite;
	uint8_t key_len;
	uint8_t tag_len;
	uint8_t mki_len;
	uint8_t options;
	uint8_t gcm;
	uint8_t inner[20];
	uint8_t outer[20];
	uint8_t key[32];
	uint8_t spare[10];
} __attribute__((aligned(RS_SRTP_ALIGN)));
_Static_assert(sizeof(struct rs_srtcp_ctx) == 192, "three cache lines a direction");

enum rs_srtp_status {
	RS_SRTP_OK,
	RS_SRTP_TOO_SHORT,   /* for its header, CSRCs, extension, tag, MKI, index */
	RS_SRTP_TOO_LONG,    /* more than RS_SRTP_MAX_LEN, as no UDP datagram is */
	RS_SRTP_BAD_VERSION, /* not 2 */
	RS_SRTP_NO_ROOM,     /* protect: room is too small for what is appended */
	RS_SRTP_AUTH_FAILED, /* changed on its way, or of another key */
	RS_SRTP_REPLAYED,    /* its index has been there */
	RS_SRTP_TOO_OLD,     /* its index is RS_SRTP_WINDOW or more behind */
	RS_SRTP_LIFETIME,    /* the key has been used up, or the index has */
	RS_SRTP_UNKNOWN_MKI,
	RS_SRTP_WRONG_SSRC, /* RS_SRTP_ONE_SSRC only */
	RS_SRTP_STATUSES
};

/** @return a short name, such as "auth failed" */
const char *rs_srtp_status_name(enum rs_srtp_status status);

enum rs_srtp_flag {
	RS_SRTP_NEW_SSRC = 1 << 0, /* the first packet of an SSRC other than the one before */
	RS_SRTP_CLEAR = 1 << 1,    /* SRTCP: was not encrypted (E = 0) */
};

/** One packet of a batch. */
struct rs_srtp_item {
	union {
		struct rs_srtp_ctx *ctx;   /* rs_srtp_*_batch() */
		struct rs_srtcp_ctx *rtcp; /* rs_srtcp_*_batch() */
	};
	uint8_t *packet;  /* from the RTP or RTCP header on */
	uint32_t len;     /* bytes */
	uint32_t room;    /* bytes that may be written from packet on; protect only */
	uint32_t out_len; /* out: bytes of the result; with a status other than RS_SRTP_OK, len */
	uint8_t status;   /* out: rs_srtp_status */
	uint8_t flags;    /* out: rs_srtp_flag, ored; 0 unless RS_SRTP_OK */
	uint8_t spare[2];
};
_Static_assert(sizeof(struct rs_srtp_item) == 32, "two in a cache line");

/** Which code does the arithmetic: the best that the machine has, or one by name, for tests. */
enum rs_srtp_backend {
	RS_SRTP_BEST,
	RS_SRTP_AVX512,
	RS_SRTP_AVX2,
	RS_SRTP_AVX,
	RS_SRTP_SSE,
	RS_SRTP_OPENSSL,
	RS_SRTP_BACKENDS
};

struct rs_srtp_engine;

/** @return bytes of an engine */
size_t rs_srtp_engine_size(void);

/**
 * Make an engine. RS_SRTP_BEST is ipsec-mb on machines with AES-NI, OpenSSL on others.
 *
 * @param memory   rs_srtp_engine_size() bytes at a multiple of RS_SRTP_ALIGN
 * @param backend  what to use
 * @param engine   out: it lies in @memory
 * @return 0; -ENOTSUP when the machine cannot do @backend; -ENOMEM from OpenSSL, whose contexts are
 *          made here
 */
int rs_srtp_engine_init(void *memory, enum rs_srtp_backend backend, struct rs_srtp_engine **engine);

/** Give back what OpenSSL holds and wipe key material. @memory is the caller's again. */
void rs_srtp_engine_fini(struct rs_srtp_engine *e);

/** @return what does the arithmetic, for printing: "ipsec-mb 1.3.0, AVX512" or "OpenSSL 3.0.19" */
const char *rs_srtp_engine_name(const struct rs_srtp_engine *e);

/**
 * Derive the session keys of one direction's RTP (RFC 3711, 4.3; RFC 6188, 3; RFC 7714, 11) and
 * start with ROC 0.
 *
 * @param keys  master key; may be forgotten afterwards, but for the bytes of its MKI
 * @param gcm   AEAD suites: RS_SRTP_GCM_BYTES at a multiple of RS_SRTP_ALIGN, which live as long as
 *                  @ctx; else not looked at
 * @param ctx   out
 * @return 0; -EINVAL for lengths that are not the suite's, an unknown suite, a lifetime over its
 *          maximum, no @gcm; -ENOTSUP for an option that the suite does not allow
 */
int rs_srtp_init(struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, void *gcm,
	struct rs_srtp_ctx *ctx);

/**
 * The same for RTCP (labels 3 to 5). The first index sent is 0 (RFC 3711, 3.2.1). Errors as above;
 * no @gcm is wanted.
 */
int rs_srtcp_init(
	struct rs_srtp_engine *e, const struct rs_srtp_keys *keys, struct rs_srtcp_ctx *ctx);

/**
 * The next packet, whatever its sequence number, has this ROC (RFC 3711, 3.3.1); what was seen is
 * forgotten. A sender that goes back to an index it has used gives its payloads away.
 */
void rs_srtp_set_roc(struct rs_srtp_ctx *ctx, uint32_t roc);

/** @return the ROC of the highest index so far */
uint32_t rs_srtp_roc(const struct rs_srtp_ctx *ctx);

/** The next RTCP packet that is sent has this @index (31 bits). */
void rs_srtcp_set_index(struct rs_srtcp_ctx *ctx, uint32_t index);

/**
 * Encrypt @n RTP packets and append MKI and tag (RFC 3711, 3.3; RFC 7714, 8.1). All in order:
 * packets of one context in one batch get the indices that they would get one by one. Batches of 16
 * and more are the fast ones; any size is right.
 *
 * The index is estimated from the sequence number, so that a sender may send out of order; an index
 * sent before is RS_SRTP_REPLAYED. Another SSRC begins at ROC 0, the one before it is remembered. A
 * packet whose status is not RS_SRTP_OK is as it was, and so is its context. Nothing past room is
 * read or written.
 *
 * @return how many are RS_SRTP_OK
 */
unsigned rs_srtp_protect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n);

/**
 * Verify and decrypt @n SRTP packets and cut MKI and tag off (RFC 3711, 3.3; RFC 7714, 8.1), with
 * the verdicts that they would get one by one.
 *
 * A packet of another SSRC is judged as the first of its stream, with ROC 0; if it is authentic,
 * the context goes over to that SSRC and remembers the one before, with its ROC and window, for
 * what comes late and for a change back. With RS_SRTP_ONE_SSRC it is RS_SRTP_WRONG_SSRC instead. A
 * packet whose status is not RS_SRTP_OK is as it was, and so is its context. Nothing past len is
 * read or written.
 *
 * @return how many are RS_SRTP_OK
 */
unsigned rs_srtp_unprotect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n);

/** The same for compound RTCP packets, with E bit and index (RFC 3711, 3.4; RFC 7714, 9). */
unsigned rs_srtcp_protect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n);
unsigned rs_srtcp_unprotect_batch(struct rs_srtp_engine *e, struct rs_srtp_item *items, unsigned n);

#endif
