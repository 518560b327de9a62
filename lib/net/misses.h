/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Packets that were lost because a worker did not look in time, inferred where nothing counts them. Two signs together: for so
 * long nobody looked that, at the rate of before, more came than the queue holds; and when somebody looked, the queue was full:
 * one full burst after the other, as many packets as it holds. What came and was not there is taken for lost. Where the queue was
 * full without a gap, or more came than the rate of before explains, the number is not known: it is counted as 1. Pure.
 */
#ifndef RS_NET_MISSES_H
#define RS_NET_MISSES_H

#include <stdbool.h>
#include <stdint.h>

#define RS_MISSES_WINDOW_NS 10000000ull /* the rate is that of the last windows of this length */
#define RS_MISSES_GAP_NS    200000ull	/* two looks further apart than this: nobody looked in between */

struct rs_misses {
	uint32_t depth;	  /* packets that the queue holds */
	uint64_t look_ns; /* the last look */
	uint64_t rate;	  /* packets/s, smoothed */
	/* The window being measured: time in which somebody looked, and what came. */
	uint64_t window_ns, window_packets;
	/* Full bursts in a row. */
	uint64_t run_ns;	/* the look before them */
	uint64_t run_first_ns;	/* the first of them */
	uint64_t run_packets;
	uint64_t run_told;	/* packets of the run that were judged already */
	uint64_t run_rate;	/* as it was before */
	bool run_gap;		/* nobody had looked for a while before them */
};

/**
 * Somebody looked into the queue.
 * @param now_ns  after it was looked into
 * @param got     packets taken
 * @param full    whether there may have been more: it was as many as were asked for
 * @return packets inferred to be lost, to be counted
 */
uint64_t rs_misses_look(struct rs_misses *m, uint64_t now_ns, uint32_t got, bool full);

#endif
