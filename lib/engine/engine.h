/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The call engine of one worker for one run: endpoints, arrivals, legs and what happens in them. It knows no port, no file and
 * no clock: received items, `now` and commands go in, datagrams leave through the link, cells are counted up. One thread.
 */
#ifndef RS_ENGINE_ENGINE_H
#define RS_ENGINE_ENGINE_H

#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "engine/account.h"
#include "net/link.h"
#include "plan/plan.h"

struct rs_engine;
struct rs_bus;
struct rs_media_setup;

struct rs_engine_cfg {
	const struct rs_plan *plan;
	uint32_t worker;	/* position in plan->cores */
	uint16_t run;		/* number of the run, part of every token */
	uint64_t secret;	/* of the process, for the tokens' check */
	uint32_t pid;
	struct rs_link link;
	struct rs_account *account; /* this worker's cells */
	/*
	 * [plan->n_activities], calls answered in this run by all workers, zeros before it: whose call it is the Call-ID or the
	 * address decides, so that no share of `total` would fit. NULL: this is the only worker.
	 */
	_Atomic uint64_t *answered;
	/*
	 * The end of the last interval that control found limited by the generator, 0 before there is one: a call that was due before
	 * it and ends later is tainted. NULL: nobody judges.
	 */
	const _Atomic uint64_t *limited_until;
	struct rs_bus *bus;	   /* to the other workers' engines; NULL: this is the only worker */
	const struct rs_media_setup *media; /* instead of what the plan's profiles come to; NULL: those */
	const uint8_t *steer_bits; /* [plan->n_ports], R of base/steer.h: the same on all workers. NULL: RS_STEER_BITS each */
	struct rs_log *log;	/* may be NULL */
	uint64_t wall_us;	/* wall clock at now == wall_at_ns, for [timestamp] and [date] */
	uint64_t wall_at_ns;
};

/** What the run reserves on one worker and what of it will be in use (`plan check`). */
struct rs_engine_budget {
	uint64_t reserved_bytes; /* address space */
	uint64_t full_bytes;	 /* memory, once all legs are open and all tombstones are there */
	uint64_t tombstones;	 /* rfc3261 mode: what the rates make in 64*T1, at most 2^26 */
	uint64_t registrations;
	uint64_t legs;		 /* legs at most */
	uint64_t endpoints;
	uint32_t bytes_per_leg;	 /* fixed part, timers, hash entry and bookkeeping; frame and kept headers come on top */
};
void rs_engine_budget(const struct rs_plan *plan, uint32_t worker, struct rs_engine_budget *out);

/** Reserve memory and set everything up; nothing is sent. @return 0, -ENOMEM, -EINVAL with @err */
int rs_engine_create(const struct rs_engine_cfg *cfg, struct rs_engine **out, struct rs_err *err);
void rs_engine_free(struct rs_engine *e);

/**
 * The run begins at @t0_ns (the same on every worker, a little ahead): activities with start = "at once" have their first
 * arrival then, and a call's due time is measured when it lies in [t0 + warmup, t0 + warmup + measure).
 */
void rs_engine_begin(struct rs_engine *e, uint64_t t0_ns);

/** What was received; @now_ns is the turn's. The items are not needed after the call. */
void rs_engine_input(struct rs_engine *e, uint64_t now_ns, const struct rs_rx *rx, uint32_t n);

/** Timers and arrivals that are due, bounded work. @return the next time there is something to do (UINT64_MAX: never) */
uint64_t rs_engine_turn(struct rs_engine *e, uint64_t now_ns);

/** A burst was handed to the device at @time_ns: everything sent before gets this as its send time. */
void rs_engine_flushed(struct rs_engine *e, uint64_t time_ns);

/**
 * The machine had the core from @from_ns to @to_ns: calls due then, or while what piled up is caught up with, are late for that
 * reason, and their lateness is counted as such, too.
 */
void rs_engine_gap(struct rs_engine *e, uint64_t from_ns, uint64_t to_ns);

/** Packets of media that were made so far: what a turn's length is to be judged by. */
uint64_t rs_engine_media_made(const struct rs_engine *e);

/**
 * Which worker must get this item? Needed only where several workers share a port.
 * @return a position in plan->cores
 */
uint32_t rs_engine_owner(struct rs_engine *e, const struct rs_rx *rx);

/* Commands; @activity is an index, or -1 for all. Times are stamped by control, the same on every worker, a little ahead. */
void rs_engine_start_activity(struct rs_engine *e, int32_t activity, uint64_t at_ns);
void rs_engine_set_rate(struct rs_engine *e, int32_t activity, double rate_hz, uint64_t at_ns);
void rs_engine_set_limit(struct rs_engine *e, int32_t activity, uint64_t limit);
void rs_engine_pause(struct rs_engine *e, uint64_t at_ns);
void rs_engine_resume(struct rs_engine *e, uint64_t at_ns);
/** No new calls. */
void rs_engine_stop(struct rs_engine *e, int32_t activity);
/** No new calls, and hang up what is open: BYE, CANCEL, a few per turn. */
void rs_engine_hangup(struct rs_engine *e, int32_t activity);
/** Programs of one activity that calls may have at a time: the present one, and those that are to be ended with. */
#define RS_MAX_PLAYS 16

/** A program made ready to be played by one worker. */
struct rs_play;
/**
 * @param account  what its steps count up: of this program and worker alone. @param number  of all programs of the run, for traces
 * @return 0; -ENOMEM; -EINVAL: its variables take more than a call may have (64 KiB)
 */
int rs_play_create(const struct rs_program *p, struct rs_program_account *account, uint16_t number, struct rs_play **out);
void rs_play_free(struct rs_play *p);
/** No call of the worker has it any more, nor can it have: everything of it may be freed but for one that is an engine's own. */
bool rs_play_is_over(const struct rs_play *p);
/** What activity @activity began with; the engine's own. */
const struct rs_play *rs_engine_first_play(const struct rs_engine *e, uint32_t activity);
/**
 * Calls of activity @activity that begin from now on play @play; those that are open end on what they began with. Between two bursts.
 * @return 0; -EBUSY: calls of RS_MAX_PLAYS programs are open
 */
int rs_engine_swap(struct rs_engine *e, uint32_t activity, struct rs_play *play);
/** An activity that has come into the plan, made ready for one worker. */
struct rs_late;
/**
 * Activity number @index of the engine's plan, which the engine does not have yet; its account is there. Called by control while the
 * worker runs: only what stays as it is while an engine lives is looked at.
 * @param answered  as in struct rs_engine_cfg, of this activity; NULL: the only worker. @param play  what it begins with
 * @return 0, -ENOMEM
 */
int rs_late_create(const struct rs_engine *e, uint32_t index, _Atomic uint64_t *answered, struct rs_play *play, struct rs_late **out);
/** Before the worker has it, or when the engine is gone: its shape lies here. */
void rs_late_free(struct rs_late *l);
/** It is the next one of the engine's activities; rs_engine_start_activity() begins it. */
void rs_engine_add(struct rs_engine *e, const struct rs_late *l);
/**
 * Is what @a needs there in a run that began with the first @began activities of @plan? @return 0; -EINVAL with reason and remedy
 */
int rs_engine_may_add(const struct rs_plan *plan, uint32_t began, const struct rs_plan_activity *a, struct rs_err *err);
/** Variables of a call that may hold text at a time in a run that begins with @plan: there is room for so many. */
uint32_t rs_engine_texts(const struct rs_plan *plan);
/** Has a call in a run with room for @texts enough for @p? @return 0; -EINVAL with reason and remedy */
int rs_engine_may_play(uint32_t texts, const struct rs_program *p, struct rs_err *err);

/** Remove the bindings of all registered endpoints, at the pace of their activities (`unregister`). */
void rs_engine_unregister(struct rs_engine *e);
/** Has another worker something to tell it, or does it wait to be heard? */
bool rs_engine_is_told(const struct rs_engine *e);
/**
 * Does somebody of ours take connections at @addr and @local_port? @user is what their items carry, *@group the plan's group, whose
 * transport it is. @return false: the SYN is refused
 */
bool rs_engine_listens(const struct rs_engine *e, uint8_t port, const struct rs_addr *addr, uint16_t local_port, uint32_t *group,
	uint64_t *user);

/**
 * Cut connections of group @group (-1: all), some each turn: each with probability @share. They are opened again as `reconnect` says.
 * A second order while one is under way replaces it.
 */
void rs_engine_drop(struct rs_engine *e, int32_t group, double share, enum rs_conn_close how);

/** Which endpoint of its group a connection is of: @user as it was opened with, or as rs_engine_listens said. */
uint32_t rs_engine_conn_endpoint(const struct rs_engine *e, uint32_t group, uint64_t user, const struct rs_path *path);

/** No new calls, and nothing is sent any more: open calls end as failed, cause `stopped`. */
void rs_engine_silence(struct rs_engine *e);

/** The rate that the shape of @a asks for @since_ns after its start; without a shape, its rate. */
double rs_engine_shape_rate(const struct rs_plan_activity *a, uint64_t since_ns);

/** Are the calls of activity @activity matched with their other halves (`run.legs`)? */
bool rs_engine_matches_legs(const struct rs_plan *plan, uint32_t activity);

/** Legs that are open or still absorb retransmissions. */
uint32_t rs_engine_legs(const struct rs_engine *e);
/** Bytes that the open legs have taken from all pools, timers, table entries and kept headers included. */
uint64_t rs_engine_leg_bytes(const struct rs_engine *e);

/** One open call, for `loadctl calls`. Control asks by mailbox; the worker fills. */
struct rs_call_info {
	uint64_t number;
	uint64_t age_ns;
	uint16_t activity;
	uint16_t step;
	uint16_t program; /* number of the one whose step it is */
	char call_id[96];
	char remote[64];
};
/** @return how many of @cap were filled, starting at slot *@from (updated; UINT32_MAX at the end) */
uint32_t rs_engine_calls(const struct rs_engine *e, uint64_t now_ns, uint32_t *from, struct rs_call_info *out, uint32_t cap);

#endif
