/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Failed calls explained: the messages of calls that were chosen at their start, kept until the call ends; of those that failed
 * some of each cause stay, of the others cause, step and times of the last ones.
 */
#ifndef RS_ENGINE_TRACE_H
#define RS_ENGINE_TRACE_H

#include "net/link.h"

struct rs_engine;

#define RS_TRACE_BYTES 12288	/* of one call; when they are used up the middle is left out */
#define RS_TRACE_HEAD_BYTES 4096 /* what the first messages may take and keep */
#define RS_TRACE_CUT_BYTES 1500	/* of one message */
#define RS_TRACE_KEPT 64	/* failed calls with their messages on one worker */
#define RS_TRACE_PER_CAUSE 3	/* of one activity and cause: the first, and a random choice of the others */
#define RS_FAILED_RING 256	/* failed calls without their messages: the last ones of one worker */

/** A failed call as a whole. */
struct rs_failed_call {
	uint64_t number;   /* arrival, or the worker's count of answered calls */
	uint64_t due_ns;   /* when it was to begin; answered: when it came */
	uint64_t after_ns; /* from then until it failed */
	uint64_t wall_us;  /* the wall clock at due_ns */
	struct rs_path path;
	uint16_t activity;
	uint16_t step;
	uint16_t cause; /* enum rs_cause; RS_CAUSE_NONE: it has not failed */
	uint16_t program; /* number of the one whose `step` it is */
	bool placed;
	uint8_t call_id_len;
	char call_id[80]; /* not terminated; a longer one is cut */
};

enum rs_trace_kind {
	RS_TRACE_SENT,
	RS_TRACE_RECEIVED,
	RS_TRACE_FAILED /* no message: the call failed here with `cause` at `step` */
};
enum rs_trace_flag {
	RS_TRACE_AGAIN = 1 << 0,    /* a retransmission of ours; one of the peer's is told by rs_trace_is_again */
	RS_TRACE_DROPPED = 1 << 1,  /* on purpose (lost=), or not taken by the port */
	RS_TRACE_OWN = 1 << 2,	    /* not in the scenario: said by the engine itself */
	RS_TRACE_IS_CUT = 1 << 3,   /* longer than RS_TRACE_CUT_BYTES */
};

struct rs_trace_entry {
	int64_t at_ns; /* since due_ns: the burst that brought it, or the turn that sent it; never back */
	uint32_t length;
	uint16_t kept; /* bytes of it, which follow */
	uint8_t kind;  /* enum rs_trace_kind */
	uint8_t flags; /* enum rs_trace_flag */
	uint16_t cause, step;
	uint32_t spare;
};

/** One call with its messages: entries one behind the other, each at a multiple of 8. */
struct rs_trace {
	struct rs_failed_call call;
	uint32_t used;	   /* bytes of `bytes` */
	uint32_t head;	   /* where the first messages end: what was left out lay there */
	uint32_t left_out; /* messages */
	uint32_t spare;
	int64_t last_ns;   /* of the last entry */
	uint8_t bytes[RS_TRACE_BYTES - sizeof(struct rs_failed_call) - 24];
};
_Static_assert(sizeof(struct rs_trace) == RS_TRACE_BYTES, "a trace has its size");

/** The next entry of @t from *@at on (0 at first; moved on), or NULL at the end. Its bytes lie behind it. */
static inline const struct rs_trace_entry *
rs_trace_next(const struct rs_trace *t, uint32_t *at)
{
	const struct rs_trace_entry *entry = (const void *)(t->bytes + *at);

	if (*at + sizeof(*entry) > t->used)
		return NULL;
	*at += (uint32_t)sizeof(*entry) + ((entry->kept + 7u) & ~7u);
	return entry;
}

/** Is @entry of @t a retransmission: one of ours, or the same bytes that came before? */
bool rs_trace_is_again(const struct rs_trace *t, const struct rs_trace_entry *entry);

/**
 * Failed calls with their messages. @param from  in, out: 0 at first, UINT64_MAX at the end
 * @return how many of @cap were copied
 */
uint32_t rs_engine_traces(const struct rs_engine *e, uint64_t *from, struct rs_trace *out, uint32_t cap);
/** The last failed calls without their messages, oldest first. @param from  as above */
uint32_t rs_engine_failed(const struct rs_engine *e, uint64_t *from, struct rs_failed_call *out, uint32_t cap);

#endif
