/* SPDX-License-Identifier: BSD-3-Clause */
/** Streams as seen from outside of the engine: what runs now, and what a network is to do to them from now on. */
#ifndef RS_ENGINE_STREAMS_H
#define RS_ENGINE_STREAMS_H

#include "engine/engine.h"
#include "engine/impair.h"

/** One stream that is open, with both its directions, for `loadctl streams`. Control asks by mailbox; the worker fills. */
struct rs_stream_info {
	uint64_t number; /* of its call in the activity */
	uint64_t age_ns;
	uint64_t received;
	int64_t lost;	 /* of those expected (RFC 3550, 6.4.1) */
	double jitter_ms;
	double mos;	 /* NAN: nothing came, or no factors are known for the codec */
	const char *mos_scale; /* "G.107", "G.107.1"; NULL: there is no MOS */
	double delay_ms; /* NAN: not measured */
	uint32_t sent, late, duplicates;
	uint16_t activity;
	uint16_t ptime_ms;
	uint8_t line;	 /* of the description, from 0 */
	bool sends, receives, digits;
	char codec[24];
	const char *suite; /* of SRTP; NULL: RTP. Static */
	char call_id[96];
	char remote[64]; /* where it sends to */
};

/** @return how many of @cap were filled, starting at slot *@from (updated; UINT32_MAX at the end) */
uint32_t rs_engine_streams(const struct rs_engine *e, uint64_t now_ns, uint32_t *from, struct rs_stream_info *out, uint32_t cap);

/** Which packets. */
enum rs_impair_direction { RS_IMPAIR_SEND = 1, RS_IMPAIR_RECEIVE = 2 };

/**
 * From now on this is what happens to packets of media profile @profile (an index in plan->media, -1: all), open streams included;
 * all zero: nothing any more. @param directions  enum rs_impair_direction, or'ed. Without media nothing is done.
 */
void rs_engine_impair(struct rs_engine *e, int32_t profile, unsigned directions, const struct rs_impairment *how);
/** The engine's form of what a plan or an order says; @return all zero for none. */
struct rs_impairment rs_impairment_of(const struct rs_impair *i);

/** What does the arithmetic of SRTP, for printing; NULL: no stream can be secure. Valid as long as the engine. */
const char *rs_engine_srtp_name(const struct rs_engine *e);

#endif
