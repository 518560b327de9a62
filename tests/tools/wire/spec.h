/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a wire does to the packets of one direction, as its user wrote it:
 * "loss=5%,delay=20ms,reorder=1%/3".
 */
#ifndef RS_WIRE_SPEC_H
#define RS_WIRE_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct rs_wire_spec {
	double loss; /* each packet alone */
	/*
	 * Gilbert-Elliott: chances to go from the good state to the bad one and back; what meets
	 * the bad one is lost
	 */
	double burst_enter, burst_leave;
	double duplicate;
	uint64_t duplicate_after_ns; /* the copy follows so much later */
	double reorder;
	uint32_t reorder_distance; /* so many packets overtake it ... */
	uint64_t reorder_hold_ns;  /* ... or as many as come in this time */
	double corrupt;            /* one bit behind the Ethernet header is turned over */
	uint64_t delay_ns;
	uint64_t jitter_ns; /* uniform: at most so much more or less; normal: the deviation */
	bool normal;
	bool overtake;        /* jitter may change the order; else it never does */
	double rate_pps;      /* 0: no limit */
	double rate_bps;      /* of whole frames; 0: no limit */
	uint32_t queue_limit; /* packets that wait for the rate; more are dropped */
	/* Whom all this concerns; the others pass untouched and are not numbered. */
	uint16_t port;   /* UDP source or destination; 0: any */
	uint32_t larger; /* frames of more bytes than this */
	uint32_t copies; /* the first so many transmissions of a datagram; 0: all */
	char sip[64];    /* "INVITE|200 INVITE": only these start lines; empty: all */
};

/**
 * Read @text, items divided by commas (rs_wire_spec_help() names them), on top of what @spec says.
 *
 * @param text  "" changes nothing
 * @param spec  in, out: start with rs_wire_spec_init()
 * @param err   out: what is wrong with which item
 * @return 0, -EINVAL
 */
int rs_wire_spec_parse(const char *text, struct rs_wire_spec *spec, struct rs_err *err);

/** A wire that does nothing to anybody. */
void rs_wire_spec_init(struct rs_wire_spec *spec);

/** Does a start line ("INVITE", "200 INVITE") belong to those that @spec concerns? */
bool rs_wire_spec_wants_sip(const struct rs_wire_spec *spec, const char *start);

/** One line for each item, for --help. */
void rs_wire_spec_help(FILE *out);

#endif
