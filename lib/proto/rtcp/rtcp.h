/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * RTCP (RFC 3550, 6; feedback RFC 4585 and 5104; reduced size RFC 5506; extended reports RFC 3611), read. Nothing is copied; all
 * numbers are in host order. A datagram is checked as a whole by rs_rtcp_check; after that its blocks and what is in them can be
 * read, and each reader checks again what it reads.
 */
#ifndef RS_PROTO_RTCP_RTCP_H
#define RS_PROTO_RTCP_RTCP_H

#include "base/slice.h"

enum rs_rtcp_type {
	RS_RTCP_SR = 200,
	RS_RTCP_RR = 201,
	RS_RTCP_SDES = 202,
	RS_RTCP_BYE = 203,
	RS_RTCP_APP = 204,
	RS_RTCP_RTPFB = 205, /* RFC 4585 */
	RS_RTCP_PSFB = 206,
	RS_RTCP_XR = 207, /* RFC 3611 */
};

/** Formats of feedback messages: the count field of RTPFB and PSFB. */
enum {
	RS_RTCP_NACK = 1,  /* of RTPFB */
	RS_RTCP_TWCC = 15, /* of RTPFB */
	RS_RTCP_PLI = 1,   /* of PSFB */
	RS_RTCP_FIR = 4,   /* of PSFB (RFC 5104) */
	RS_RTCP_AFB = 15,  /* of PSFB: REMB, when it says so */
};

enum rs_rtcp_xr_type {
	RS_RTCP_XR_RRTR = 4,
	RS_RTCP_XR_DLRR = 5,
	RS_RTCP_XR_STATS = 6,
	RS_RTCP_XR_VOIP = 7,
};

/** Why bytes are no RTCP, or why a block is not what its type says. */
enum rs_rtcp_why {
	RS_RTCP_OK,
	RS_RTCP_END,     /* nothing is left (not an error: what an iterator ends with) */
	RS_RTCP_SHORT,   /* less than a block's header */
	RS_RTCP_VERSION, /* not version 2 */
	RS_RTCP_LENGTH,  /* a block longer than what is left of the datagram */
	RS_RTCP_PADDING, /* in front of the last block, or a count that cannot be */
	RS_RTCP_FIRST,   /* not SR or RR at the front, where reduced size was not agreed on */
	RS_RTCP_COUNT,   /* a block too short for what it says it holds */
	RS_RTCP_ITEM, /* a chunk or item of SDES, a reason of BYE that does not fit, feedback of an odd length */
	RS_RTCP_XR_BLOCK, /* a report block of XR that does not fit, or has another length than its type */
	RS_RTCP_FOREIGN, /* the first byte or type is not one of RTCP's */
	RS_RTCP_WHYS
};

/** One RTCP packet of a datagram. */
struct rs_rtcp_block {
	const uint8_t *body; /* behind the 4-byte header */
	uint32_t body_len;   /* bytes, without padding */
	uint8_t type;
	uint8_t count; /* reports, sources or the format of feedback: 0 to 31 */
};

struct rs_rtcp_sender {
	uint64_t ntp; /* 32.32 fixed point, seconds since 1900 */
	uint32_t ssrc, rtp_timestamp, packets, bytes;
};

/** A report block of SR or RR (RFC 3550, 6.4.1). */
struct rs_rtcp_report {
	uint32_t ssrc;      /* whom it is about */
	uint8_t fraction;   /* lost since the last report, in 1/256 */
	int32_t lost;       /* since the begin: 24 bits on the wire, and signed */
	uint32_t highest;   /* extended sequence number */
	uint32_t jitter;    /* ticks of the media clock */
	uint32_t lsr, dlsr; /* 1/65536 s; 0: no SR came */
};

/** How far an SDES is read. */
struct rs_rtcp_sdes {
	uint32_t pos, ssrc;
	uint8_t chunks;
	bool inside; /* a chunk */
};

struct rs_rtcp_sdes_item {
	struct rs_slice text;
	uint32_t ssrc;
	uint8_t type; /* 1: CNAME */
};

struct rs_rtcp_app {
	struct rs_slice data;
	uint32_t ssrc;
	uint8_t subtype;
	char name[5];
};

struct rs_rtcp_feedback {
	struct rs_slice fci;
	uint32_t sender_ssrc, media_ssrc;
	uint8_t format;
};

struct rs_rtcp_remb {
	uint64_t bps; /* saturated: the wire can say more than 64 bits hold */
	uint8_t ssrcs;
};

struct rs_rtcp_xr_block {
	const uint8_t *body; /* behind the 4-byte header */
	uint32_t body_len;
	uint8_t type;
	uint8_t specific;
};

/** One sub-block of DLRR (RFC 3611, 4.5). */
struct rs_rtcp_dlrr {
	uint32_t ssrc, lrr, dlrr; /* 1/65536 s */
};

/** VoIP metrics (RFC 3611, 4.7), the values as on the wire; 127 stands for a level, R or MOS that is not known. */
struct rs_rtcp_voip {
	uint32_t ssrc;
	uint8_t loss, discard, burst_density, gap_density; /* of 256 */
	uint16_t burst_ms, gap_ms, round_trip_ms, end_system_ms;
	int8_t signal_dbm, noise_dbm;
	uint8_t rerl_db, gmin, r, ext_r, mos_lq, mos_cq; /* MOS times 10 */
	uint8_t rx_config;
	uint8_t reserved;
	uint16_t buffer_nominal_ms, buffer_max_ms, buffer_abs_max_ms;
};

/** Statistics summary (RFC 3611, 4.6). Fields that its flags leave out are 0 on the wire. */
struct rs_rtcp_stats {
	uint32_t ssrc;
	uint16_t begin_seq, end_seq;
	uint32_t lost, duplicates, min_jitter, max_jitter, mean_jitter, dev_jitter;
	uint8_t min_ttl, max_ttl, mean_ttl, dev_ttl;
	uint8_t flags; /* L 0x80, D 0x40, J 0x20, ToH 0x18 */
};

const char *rs_rtcp_why_name(enum rs_rtcp_why why);

/**
 * Check a datagram: its blocks fill it, each holds what it says, padding is at its end only (RFC 3550, A.2). Types that are not
 * known pass. Nothing at or after @buf + @len is read.
 * @param reduced  what begins with another block than SR or RR is allowed (RFC 5506)
 * @return RS_RTCP_OK or what is wrong first
 */
enum rs_rtcp_why rs_rtcp_check(const uint8_t *buf, size_t len, bool reduced);

/**
 * The next block of a datagram.
 * @param pos  in/out: 0 at first
 * @return RS_RTCP_OK with @out; RS_RTCP_END; what is wrong
 */
enum rs_rtcp_why rs_rtcp_next(
	const uint8_t *buf, size_t len, size_t *pos, struct rs_rtcp_block *out);

/** @return RS_RTCP_OK; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_sender(const struct rs_rtcp_block *sr, struct rs_rtcp_sender *out);

/** The SSRC that a block begins with: its sender's, in all types but SDES and BYE. @return RS_RTCP_OK; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_ssrc(const struct rs_rtcp_block *block, uint32_t *ssrc);

/** Report number @i of an SR or RR. @return RS_RTCP_OK; RS_RTCP_END behind the last; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_report(
	const struct rs_rtcp_block *block, unsigned i, struct rs_rtcp_report *out);

/**
 * The next item of an SDES.
 * @param at  in/out: zeros at first
 * @return RS_RTCP_OK; RS_RTCP_END; RS_RTCP_ITEM
 */
enum rs_rtcp_why rs_rtcp_next_item(
	const struct rs_rtcp_block *sdes, struct rs_rtcp_sdes *at, struct rs_rtcp_sdes_item *out);

/** Source number @i that says BYE. @return RS_RTCP_OK; RS_RTCP_END; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_bye(const struct rs_rtcp_block *bye, unsigned i, uint32_t *ssrc);

/** Why it leaves; an absent slice when it does not say. @return RS_RTCP_OK; RS_RTCP_ITEM; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_reason(const struct rs_rtcp_block *bye, struct rs_slice *reason);

/** @return RS_RTCP_OK; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_app(const struct rs_rtcp_block *app, struct rs_rtcp_app *out);

/** An RTPFB or PSFB. @return RS_RTCP_OK; RS_RTCP_COUNT */
enum rs_rtcp_why rs_rtcp_read_feedback(
	const struct rs_rtcp_block *block, struct rs_rtcp_feedback *out);

/** Pair @i of a NACK: a sequence number and a mask of the 16 behind it. @return RS_RTCP_OK; RS_RTCP_END */
enum rs_rtcp_why rs_rtcp_read_nack(
	const struct rs_rtcp_feedback *nack, unsigned i, uint16_t *seq, uint16_t *mask);

/** Entry @i of a FIR (RFC 5104, 4.3.1). @return RS_RTCP_OK; RS_RTCP_END */
enum rs_rtcp_why rs_rtcp_read_fir(
	const struct rs_rtcp_feedback *fir, unsigned i, uint32_t *ssrc, uint8_t *seq);

/** Application-layer feedback that is REMB. @return RS_RTCP_OK; RS_RTCP_FOREIGN: it is not; RS_RTCP_ITEM: its list does not fit */
enum rs_rtcp_why rs_rtcp_read_remb(const struct rs_rtcp_feedback *afb, struct rs_rtcp_remb *out);

/**
 * The next report block of an XR.
 * @param pos  in/out: 0 at first
 * @return RS_RTCP_OK; RS_RTCP_END; RS_RTCP_XR_BLOCK
 */
enum rs_rtcp_why rs_rtcp_next_xr(
	const struct rs_rtcp_block *xr, size_t *pos, struct rs_rtcp_xr_block *out);

/* These four: RS_RTCP_OK; RS_RTCP_XR_BLOCK when the length is not the type's; DLRR: RS_RTCP_END behind the last sub-block. */
enum rs_rtcp_why rs_rtcp_read_rrtr(const struct rs_rtcp_xr_block *block, uint64_t *ntp);
enum rs_rtcp_why rs_rtcp_read_dlrr(
	const struct rs_rtcp_xr_block *block, unsigned i, struct rs_rtcp_dlrr *out);
enum rs_rtcp_why rs_rtcp_read_voip(const struct rs_rtcp_xr_block *block, struct rs_rtcp_voip *out);
enum rs_rtcp_why rs_rtcp_read_stats(
	const struct rs_rtcp_xr_block *block, struct rs_rtcp_stats *out);

#endif
