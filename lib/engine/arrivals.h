/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * When calls come, as an activity of one worker holds it. Arrivals are reckoned in units: arrival k is due when so many units have
 * passed, k of them in even arrivals, the sum of k + 1 gaps in random ones. Rates, shapes, changes and pauses only say how fast
 * units pass. Units are integers, so that every worker comes to the same sums in whatever order it adds and subtracts.
 */
#ifndef RS_ENGINE_ARRIVALS_H
#define RS_ENGINE_ARRIVALS_H

#include "base/arena.h"
#include "plan/plan.h"

#define MAX_CHANGES 64 /* orders that may be under way, stamped but not yet due */
#define UNIT ((unsigned __int128)1 << 32) /* one arrival */
#define NEVER_NS UINT64_MAX

/** A length of time through which a shape's rate is linear. */
struct piece {
	uint64_t begin_ns;	  /* since the shape's beginning */
	double rate_hz;		  /* there */
	double slope;		  /* Hz a second */
	unsigned __int128 units;  /* passed before it */
};

struct shape {
	struct piece *pieces; /* one after the other, the first at 0; the last has no end and no slope */
	uint32_t n;	      /* 0: no shape */
};

/** The most starts in any window of one length, counted in slots of a sixteenth: windows are up to that much longer. */
#define BURST_PARTS 16
#define BURST_SLOTS (BURST_PARTS + 1)
struct burst {
	uint64_t slot;	/* of the last start */
	uint32_t sum;	/* of the slots up to there */
	uint32_t most;
	uint32_t starts[BURST_SLOTS];
};

enum change_what { CHANGE_RATE, CHANGE_PAUSE, CHANGE_RESUME };
struct change {
	uint64_t at_ns;
	double rate_hz;
	enum change_what what;
};

/** A closed loop: places that are held occupied. */
#define LOOP_MARKS 64
struct loop {
	uint64_t all;	  /* calls held open by all workers */
	uint64_t target;  /* by this one */
	uint64_t total;	  /* this worker's share of the activity's; 0: no end */
	uint64_t offered;
	double pace_hz;	  /* starts a second of this worker, where they are paced */
	bool ceiling;	  /* all are: a rate was asked for. Else what replaces a completed call comes at once, ... */
	double max_hz;	  /* ... but under run.max_rate, of all workers; 0: none */
	uint64_t max_ns;  /* that lets none come before */
	uint64_t next_ns; /* paced starts: not before */
	uint64_t completed; /* calls of this worker, when looked last */
	uint64_t free;	  /* places, when looked last: */
	uint64_t paced;	  /* so many of them are taken at the pace ... */
	uint64_t paced_ns; /* ... and the first of those is free since then; ... */
	struct loop_mark {
		uint64_t at_ns, n;
	} marks[LOOP_MARKS]; /* ... the others at once, oldest first */
	uint32_t n_marks;
};

struct arrivals {
	bool running;
	bool stopped;	     /* for good */
	bool paused;
	bool shaped;	     /* the plan's shape rules; else rate_hz */
	bool poisson;
	bool found;	     /* arrival k is this worker's */
	bool due_known;
	double rate_hz;
	double unit_ns;	     /* 1e9 / rate_hz */
	uint64_t base_ns;    /* where what follows counts from: */
	unsigned __int128 units; /* of arrival k */
	uint64_t shape_at_ns;	 /* the shape's clock then ... */
	unsigned __int128 shape_units; /* ... and what had passed of it */
	uint64_t k;	     /* the next one of this worker, or as far as it has looked for it */
	uint32_t caller;     /* k modulo the group's endpoints */
	uint64_t due_ns;     /* of arrival k */
	uint64_t total;	     /* 0: no end */
	uint64_t pace_ns, pace_due_ns; /* catch-up: when the last start was allowed, and when it was due */
	bool asked;	     /* a rate was set before it began: */
	double asked_hz;
	struct shape shape;
	struct loop loop;
	uint32_t n_changes;  /* that control stamped, each taken over when its time comes */
	struct change changes[MAX_CHANGES];
};

/* arrivals_shape.c */
/** Bytes of arena that the shape of @plan takes. */
uint64_t shape_bytes(const struct rs_plan_activity *plan);
/** @param memory  shape_bytes(), aligned to 64 */
void shape_setup(struct shape *s, void *memory, const struct rs_plan_activity *plan);
/** Units that have passed at @at_ns of the shape's clock. */
unsigned __int128 shape_units(const struct shape *s, uint64_t at_ns);
/** When @units have passed, by the shape's clock; NEVER_NS: it ends before. */
uint64_t shape_time(const struct shape *s, unsigned __int128 units);
/** From when on no unit passes any more, by the shape's clock; NEVER_NS: it goes on. */
uint64_t shape_end(const struct shape *s);
unsigned __int128 units_of(double arrivals);
double units_number(unsigned __int128 units);

/* arrivals_burst.c */
/** One more start. @param slot  the time in sixteenths of the window. @return true when there is a new maximum */
bool burst_add(struct burst *b, uint64_t slot);

#endif
