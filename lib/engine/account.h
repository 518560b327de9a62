/* SPDX-License-Identifier: BSD-3-Clause */
/** What the engine counts: tables of metrics, causes of failure, and one worker's set of cells for one run. */
#ifndef RS_ENGINE_ACCOUNT_H
#define RS_ENGINE_ACCOUNT_H

#include "engine/flow_account.h"
#include "engine/media_account.h"
#include "plan/plan.h"
#include "proto/sdp/compare.h"
#include "proto/sdp/session.h"

/** Cells of (worker). */
enum rs_engine_metric {
	RS_ENG_RECEIVED,      /* SIP messages that parsed */
	RS_ENG_MALFORMED,
	RS_ENG_KEEPALIVE,     /* CRLF, NUL or empty datagrams */
	RS_ENG_DEAD_CALL,     /* for a leg that has ended: stale generation */
	RS_ENG_OTHER_RUN,     /* token of another run */
	RS_ENG_OUT_OF_CALL,   /* belongs to no leg and starts none */
	RS_ENG_NO_ENDPOINT,   /* request to an address where no activity answers */
	RS_ENG_REFUSED,	      /* calls to us not taken: no memory, limit reached or stopping */
	RS_ENG_UNREACHABLE,   /* ICMP errors that named a datagram of ours */
	RS_ENG_LEGS,	      /* gauge: open and lingering */
	RS_ENG_LINGERING,     /* gauge: in timewait */
	RS_ENG_LEG_BYTES,     /* gauge */
	RS_ENG_POOL_EMPTY,    /* an object was wanted and its pool was empty */
	RS_ENG_STOP_ASKED,    /* gauge: a scenario asks for the end of the run: 1 gracefully, 2 now */
	RS_ENG_BURST_1MS, RS_ENG_BURST_10MS, /* max: as RS_AM_BURST_1MS, of all activities together */
	RS_ENG_AUTO_ANSWERED, /* requests out of calls, answered by endpoints themselves */
	RS_ENG_REPEATED,      /* copies that tombstones knew */
	RS_ENG_STRAY_SENT,    /* messages sent out of any call */
	RS_ENG_TOMBS,	      /* gauge */
	RS_ENG_TOMBS_EARLY,   /* tombstones given up before their time, for want of room */
	RS_ENG_TRACED,	      /* calls chosen to have their messages kept */
	RS_ENG_CHALLENGE_BROKEN, /* challenges that cannot be read, or 401 and 407 without one */
	RS_ENG_CHALLENGE_UNKNOWN, /* challenges of a scheme, algorithm or qop that we have not */
	RS_ENG_BUS_FULL,      /* what workers tell each other, lost for want of room */
	RS_ENG_HALVES,	      /* gauge: sides of calls that wait for their other one, see legs.h */
	RS_ENG_HALVES_EARLY,  /* given up before their time, for want of room */
	RS_ENG_REPEATED_SENT, /* of RS_ENG_REPEATED: answered again */
	RS_ENG_CLOSING,	      /* gauge: legs of ended calls whose transactions are being brought to an end (rfc3261 mode) */
	RS_ENG_ROUTES_LONG,   /* dialogs along more proxies than MAX_ROUTES */
	RS_ENG_OTHER_DIALOG,  /* requests in a call of ours with tags that are not its: 481 (rfc3261 mode) */
	RS_ENG_ENDPOINT_BYTES, /* gauge: endpoints, their registrations, timers and maps; no strings */
	RS_ENG_REG_TEXT_BYTES, /* gauge: what registrations keep as text */
	RS_ENG_SDP_FAIL,      /* RS_SDP_FAILS of them, by enum rs_sdp_fail: descriptions of peers not agreed to */
	RS_ENG_SDP_BROKEN = RS_ENG_SDP_FAIL + RS_SDP_FAILS, /* RS_SDP_ERRORS of them, by enum rs_sdp_error: that cannot be read */
	RS_ENG_SDP_NO_ANSWER = RS_ENG_SDP_BROKEN + RS_SDP_ERRORS, /* 2xx and ACKs without the answer that our offer needs */
	RS_ENG_SDP_NOT_TARGET, /* media addresses outside `targets` */
	RS_ENG_SDP_ODD,	      /* descriptions against RFC 3264 that we lived with */
	RS_ENG_SDP_UNSAID,    /* descriptions of ours that could not be written */
	RS_ENG_COUNT
};
extern const struct rs_metric_table rs_engine_metrics_table;

/** Cells of (worker, activity). */
enum rs_activity_metric {
	RS_AM_OFFERED, RS_AM_NOT_STARTED, RS_AM_STARTED, RS_AM_ESTABLISHED, RS_AM_COMPLETED, RS_AM_FAILED,
	RS_AM_OPEN,		/* gauge */
	RS_AM_PEAK,		/* max */
	RS_AM_NOT_LIMIT,	/* not started: limit or max_calls */
	RS_AM_NOT_IDLE,	/* not started: no idle callee */
	RS_AM_NOT_MEMORY,	/* not started: a pool was empty */
	RS_AM_SIP_SENT, RS_AM_SIP_RECEIVED,
	RS_AM_SIP_RETRANSMITTED,    /* sent again by us */
	RS_AM_SIP_RETRANS_RECEIVED, /* received again */
	RS_AM_SIP_UNEXPECTED,
	RS_AM_SIP_LOST,	/* dropped on purpose (lost=) */
	RS_AM_AUTO_ANSWERED,
	/* of calls whose due time (answered: arrival) lies in the measured window */
	RS_AM_M_OFFERED, RS_AM_M_NOT_STARTED, RS_AM_M_STARTED, RS_AM_M_ESTABLISHED, RS_AM_M_COMPLETED, RS_AM_M_FAILED,
	RS_AM_TRYING,		/* hist: INVITE to 100 */
	RS_AM_POST_DIAL,	/* hist: INVITE to the first 18x or final (RFC 6076, 4.3) */
	RS_AM_ANSWER,		/* hist: INVITE to 2xx */
	RS_AM_DISCONNECT,	/* hist: BYE to its final response (RFC 6076, 4.4) */
	RS_AM_RESPONSE,	/* hist: first request of another method (OPTIONS, MESSAGE, ...) to its final response */
	RS_AM_LATENESS,	/* hist: due time to transmit burst */
	RS_AM_POST_DIAL_ALL,	/* hist: as POST_DIAL, of the whole run, for intervals */
	RS_AM_TAINTED,		/* ended, and a limited interval lay between their due time and their end */
	RS_AM_TAINTED_FAILED, RS_AM_M_TAINTED, RS_AM_M_TAINTED_FAILED,
	RS_AM_LATENESS_GAP,	/* hist: the part of LATENESS that a gap of the machine explains */
	RS_AM_SIP_REORDERED,	/* provisionals that came behind the final response (rfc3261 mode) */
	RS_AM_SESSION_REFRESHES, /* by us (RFC 4028) */
	RS_AM_FORKS_ENDED,	/* 2xx of further branches, acknowledged and hung up */
	RS_AM_AUTHENTICATED,	/* requests sent again with credentials */
	RS_AM_OVER,	/* gauge: 1 when nothing more of it comes and nothing of it is open, on this worker */
	RS_AM_BURST_1MS, RS_AM_BURST_10MS, /* max: calls started within so much time, see arrivals.h */
	/* register: first registrations, refreshes, ends */
	RS_AM_REG_OFFERED, RS_AM_REG_DONE, RS_AM_REG_FAILED, RS_AM_REG_REFRESHED, RS_AM_REG_REFRESH_FAILED, RS_AM_REG_ENDED,
	RS_AM_REG_END_FAILED, RS_AM_REG_CHALLENGED,
	RS_AM_M_REG_STARTED, RS_AM_M_REG_FAILED, /* first registrations, refreshes and ends that began in the measured window */
	RS_AM_REG_ACTIVE,	/* gauge: bindings now */
	RS_AM_REG_PEAK,		/* max */
	RS_AM_REG_UNDER_WAY,	/* gauge: REGISTER transactions */
	RS_AM_REG_ENDING,	/* gauge: 1 while un-registering goes on */
	RS_AM_REGISTER,		/* hist: first REGISTER to its 200, challenge included (RFC 6076, 4.1) */
	RS_AM_REFRESH,		/* hist: the same of a refresh */
	RS_AM_REG_TAINTED, RS_AM_REG_TAINTED_FAILED, /* of those in the measured window, as RS_AM_M_TAINTED */
	/* legs, see legs.h: all that ended behind their INVITE, and those of them that were established */
	RS_AM_LEGS, RS_AM_LEGS_UP, RS_AM_LEGS_MATCHED, RS_AM_LEGS_MATCHED_UP,
	RS_AM_LEGS_NO_KEY,	/* their INVITE has nothing to be matched by */
	RS_AM_LEGS_WRONG,	/* matched ones that another endpoint answered than the one that was picked */
	RS_AM_LEG_INVITE, RS_AM_LEG_OK, RS_AM_LEG_BYE, /* hist: what the SUT added */
	/* descriptions of matched legs, see legs_sdp.h; what the SUT changed, a row a bit of enum rs_sdp_change */
	RS_AM_SDP_OFFERS, RS_AM_SDP_ANSWERS, RS_AM_SDP_UNCOMPARED,
	RS_AM_SDP_OFFER,
	RS_AM_SDP_ANSWER = RS_AM_SDP_OFFER + RS_SDP_CHANGES,
	RS_AM_SDP_END = RS_AM_SDP_ANSWER + RS_SDP_CHANGES - 1,
	RS_AM_COUNT
};
extern const struct rs_metric_table rs_activity_metrics_table;

/** Cells of (worker, activity, step). */
enum rs_step_metric { RS_SM_MESSAGES, RS_SM_RETRANS, RS_SM_TIMEOUTS, RS_SM_UNEXPECTED, RS_SM_LOST, RS_SM_COUNT };
extern const struct rs_metric_table rs_step_metrics_table;

/** Cells of (worker, activity, timer): one histogram. */
extern const struct rs_metric_table rs_rtd_metrics_table;

/** Why a call failed. Response codes 300 to 699 follow the named causes. */
enum rs_cause {
	RS_CAUSE_NONE,
	RS_CAUSE_TIMEOUT,	   /* what a recv waits for did not come in time */
	RS_CAUSE_RETRANSMISSIONS,  /* no answer to the last retransmission */
	RS_CAUSE_UNEXPECTED,	   /* a message that the scenario does not expect there */
	RS_CAUSE_BYE,		   /* the peer hung up unexpectedly */
	RS_CAUSE_CANCEL,	   /* the peer cancelled unexpectedly */
	RS_CAUSE_CHECK,		   /* ereg, test or strcmp with check_it did not hold */
	RS_CAUSE_ERROR_ACTION,	   /* <error> in the scenario */
	RS_CAUSE_LOOP,		   /* the scenario ran 1,000 steps without waiting */
	RS_CAUSE_NO_ROUTE,
	RS_CAUSE_NOT_TARGET,	   /* the destination is outside `targets` */
	RS_CAUSE_UNREACHABLE,	   /* ICMP said so */
	RS_CAUSE_NO_BUFFER,	   /* no packet buffer, or the transmit queue is full */
	RS_CAUSE_NO_MEMORY,	   /* a pool of the worker is empty */
	RS_CAUSE_TOO_LONG,	   /* a message does not fit a datagram, even in fragments */
	RS_CAUSE_STOPPED,	   /* by `stop` */
	RS_CAUSE_SESSION_EXPIRED,  /* the session timer was not refreshed (RFC 4028, 10) */
	RS_CAUSE_CANCELLED_LATE,   /* the CANCEL crossed a 2xx (rfc3261 mode) */
	RS_CAUSE_MEDIA,		   /* offer and answer come to nothing */
	RS_CAUSE_MEDIA_TARGET,	   /* the peer's media address is outside `targets` */
	RS_CAUSE_NO_MEDIA_PORT,	   /* no pair of RTP ports is free */
	RS_CAUSE_NOT_CONNECTED,	   /* the endpoint's connection is down, and not tried again yet */
	RS_CAUSE_DESTINATION,	   /* <setdest> named none that the call can have */
	RS_CAUSE_CONNECTION,	   /* + enum rs_conn_cause: the connection was not to be had, or ended under a request */
	RS_CAUSE_RESPONSE = RS_CAUSE_CONNECTION + RS_CONN_CAUSES, /* + code - 300 */
	RS_CAUSES = RS_CAUSE_RESPONSE + 400
};
#define RS_CAUSE_NAME 64 /* bytes that any cause's name fits in */
/** "timeout", "response 486", ... @return @buf */
const char *rs_cause_name(uint32_t cause, char *buf, size_t cap);
/** One sentence on cause @cause below RS_CAUSE_RESPONSE (all responses share that entry's), for docs. */
const char *rs_cause_help(uint32_t cause);

/** What is counted step by step: of one program, as one activity plays it on one worker. */
struct rs_program_account {
	struct rs_metrics *steps;   /* n_steps */
	struct rs_metrics *rtds;    /* n_rtds */
	_Atomic uint64_t *counters; /* n_counters: the scenario's counter="..." */
	_Atomic uint64_t *failures; /* [n_steps + 1][RS_CAUSES]; the last row: before the first step */
	uint32_t n_steps, n_rtds, n_counters;
};

struct rs_activity_account {
	struct rs_metrics cells;
	struct rs_metrics media;    /* rs_media_metrics_table */
	struct rs_program_account program; /* that the activity began with */
};

struct rs_account {
	struct rs_metrics engine;
	struct rs_metrics media; /* rs_media_worker_metrics_table */
	struct rs_metrics flows; /* rs_flow_metrics_table */
	struct rs_activity_account *activities; /* [cap_activities]: there is room for those that come later */
	uint32_t n_activities, cap_activities;
};

/** Zeroed cells for one worker's part of a run of @plan. @return 0, -ENOMEM */
int rs_account_create(const struct rs_plan *plan, struct rs_account **out);
void rs_account_free(struct rs_account *a);
/** Zeroed cells for activity number @a->n_activities, which plays @p. @return 0; -ENOMEM; -ENOSPC: RS_LATE_ACTIVITIES are there */
int rs_account_add(struct rs_account *a, const struct rs_program *p);
/** Zeroed cells of one program. @return 0; -ENOMEM, and @a is to be given to rs_program_account_fini() all the same */
int rs_program_account_init(struct rs_program_account *a, const struct rs_program *p);
void rs_program_account_fini(struct rs_program_account *a);
/** Bytes of memory that it takes: histograms and counters. */
uint64_t rs_account_bytes(const struct rs_plan *plan);

/** The scenario's counter number @i goes up by one. */
static inline void
rs_account_count(struct rs_program_account *a, uint32_t i)
{
	atomic_store_explicit(&a->counters[i], atomic_load_explicit(&a->counters[i], memory_order_relaxed) + 1,
		memory_order_relaxed);
}

/** One more call failed with @cause at @step. */
static inline void
rs_account_fail(struct rs_program_account *a, uint32_t step, uint32_t cause)
{
	_Atomic uint64_t *cell = &a->failures[(size_t)step * RS_CAUSES + cause];

	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + 1, memory_order_relaxed);
}

static inline uint64_t
rs_account_failures(const struct rs_program_account *a, uint32_t step, uint32_t cause)
{
	return atomic_load_explicit(&a->failures[(size_t)step * RS_CAUSES + cause], memory_order_relaxed);
}

#endif
