/* SPDX-License-Identifier: BSD-3-Clause */
/** What a plan needs, beside what a machine has. */
#ifndef RS_RUN_BUDGET_H
#define RS_RUN_BUDGET_H

#include <jansson.h>

#include "plan/plan.h"
#include "run/machine.h"

/** Totals over the plan, and of each worker what it takes. Memory is what is in use once all calls are open. */
struct rs_budget {
	uint64_t addresses; /* of endpoints, and the ports' own */
	uint64_t udp_ports; /* pairs of address and SIP port */
	uint64_t endpoints;
	uint64_t legs;          /* open at most, those that still absorb repetitions included */
	uint64_t tombstones;    /* at most; 0: no activity is in rfc3261 mode */
	uint64_t registrations; /* endpoints that are kept registered */
	double refresh_hz;      /* refreshes a second that their expiry makes, as asked for */
	uint64_t streams;       /* of media, open at a time as far as rates and lengths of calls say; 0: none, or not known */
	uint64_t rtp_pairs;     /* pairs of RTP ports that the groups with media have */
	uint64_t srtp_contexts; /* keys of streams, a sending and a receiving one each */
	uint64_t connections;	/* that the plan's endpoints open, as far as it says; 0: it has datagrams only */
	uint32_t cores;         /* different ones */
	uint64_t packet_bytes, engine_bytes, histogram_bytes, connection_bytes;
	struct rs_budget_worker {
		uint64_t legs, tombstones, registrations, endpoints;
		uint64_t engine_bytes, histogram_bytes;
		uint64_t reserved_bytes; /* address space */
		uint32_t bytes_per_leg;
	} workers[RS_MAX_WORKERS];
};

/** What the media of one group's calls come to. */
struct rs_budget_media {
	uint64_t pairs;	 /* of ports that there are; 0: no media */
	double streams;	 /* open at a time */
	double resting;	 /* pairs that rest after their call */
	double contexts; /* of SRTP */
};
void rs_budget_group_media(const struct rs_plan *plan, uint32_t g, struct rs_budget_media *out);

void rs_budget_of(const struct rs_plan *plan, struct rs_budget *out);

static inline uint64_t
rs_budget_bytes(const struct rs_budget *b)
{
	return b->packet_bytes + b->engine_bytes + b->histogram_bytes + b->connection_bytes;
}

/** Why @plan cannot be played on @m, each with its remedy: an array of texts, empty when it can. NULL without memory. */
json_t *rs_budget_problems(
	const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m);

/** What it can do, but hardly as it is meant: an array of texts. NULL without memory. */
json_t *rs_budget_remarks(
	const struct rs_plan *plan, const struct rs_budget *b, const struct rs_machine *m);

/** {addresses, udp_ports, endpoints, streams, rtp_pairs, srtp_contexts, legs, tombstones, registrations, refresh_rate, memory: {...}, cores} */
json_t *rs_budget_json(const struct rs_budget *b);

/** {memory: {...}, cores: [...], allowed_cores: [...], interfaces: [...], pci: [{address, driver}]} */
json_t *rs_machine_json(const struct rs_machine *m);

/** Both as text, from their JSON. @workers: as of `plan check` */
void rs_budget_print(FILE *out, const json_t *needs, json_t *workers, const json_t *machine);

#endif
