/* SPDX-License-Identifier: BSD-3-Clause */
/** What the engine's files share. Nothing outside lib/engine includes this. */
#ifndef RS_ENGINE_INTERNAL_H
#define RS_ENGINE_INTERNAL_H

#include "base/clock.h"
#include "base/handle.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/table.h"
#include "base/token.h"
#include "base/wheel.h"
#include "engine/arrivals.h"
#include "engine/blob.h"
#include "engine/engine.h"
#include "engine/tomb.h"
#include "proto/sip/field.h"

#define NO_ENDPOINT UINT32_MAX
#define NO_MEDIA UINT32_MAX
#define TURN_STARTS 64	   /* arrivals started in one turn at most */
#define TURN_WALK 1024	   /* arrivals of other workers passed over in one turn at most */
#define TURN_TIMERS 256	   /* timers served in one turn at most */
#define TURN_HANGUPS 32	   /* legs hung up in one turn at most, ... */
#define TURN_LOOKS 4096	   /* ... and slots looked at for them */
#define LOOP_STEPS 1000	   /* steps a leg may run without waiting */
#define HANGUP_REST_NS RS_NS_PER_S /* from hanging up placed calls to hanging up what is left of answered ones */
#define T2_NS (4 * RS_NS_PER_S)
#define MAX_INVITE_RETRANS 5 /* as SIPp: reference values of its -max_invite_retrans, -max_non_invite_retrans */
#define MAX_OTHER_RETRANS 9
#define SCRATCH_BYTES 65536
#define MEDIA_PORT 6000
#define INVITE_TAG_NONE 0

enum timer { TIMER_WAIT, TIMER_RETRANS, TIMERS };

/** A variable of a call. */
enum value_type { VALUE_UNSET, VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT };
struct value {
	uint8_t type;
	struct rs_blob text;
	double number;
};

enum leg_flag {
	LEG_UAC = 1 << 0,
	LEG_ESTABLISHED = 1 << 1,   /* counted */
	LEG_MEASURED = 1 << 2,	    /* its due time lies in the measured window */
	LEG_FAILING = 1 << 3,	    /* a check failed: it plays on to its end and is counted as failed there */
	LEG_LINGERING = 1 << 4,	    /* timewait: counted as completed, still absorbs retransmissions */
	LEG_PROVISIONAL = 1 << 5,   /* a 1xx to our INVITE came */
	LEG_ANSWERED = 1 << 6,	    /* a 2xx to our INVITE came */
	LEG_ACKED = 1 << 7,	    /* and our ACK was sent */
	LEG_INVITED = 1 << 8,	    /* our INVITE was sent */
	LEG_FINAL = 1 << 9,	    /* a final response to our INVITE came */
	LEG_SENT_2XX = 1 << 10,	    /* UAS: we answered the INVITE with a 2xx */
	LEG_GOT_ACK = 1 << 11,
	LEG_ENDING = 1 << 12,	    /* a BYE was sent or received */
	LEG_FIRST_SENT = 1 << 13,   /* lateness is taken at the first message only */
	LEG_POST_DIAL = 1 << 14,    /* taken */
	LEG_TRYING = 1 << 15,	    /* taken */
	LEG_ROUTES = 1 << 16,	    /* a route set was stored */
	LEG_PAUSED = 1 << 17,	    /* its pause step has begun */
	LEG_RESPONSE = 1 << 18,	    /* response latency taken */
	LEG_CANCELLED = 1 << 19,    /* a CANCEL was sent or received */
	LEG_STAMPED = 1 << 20,	    /* something of this leg waits for the transmit burst */
	LEG_STRICT = 1 << 21,	    /* the first proxy is a strict router: it is the target, which ends the route set */
	LEG_CONNECTING = 1 << 22,   /* its send step waits for a connection */
	LEG_CONNECTED = 1 << 23,    /* it had one of its own */
	LEG_LARGE = 1 << 24,	    /* it has, or is about to have, a connection of its own since a request was too large for UDP */
	LEG_PUT_OFF = 1 << 25,	    /* the request of large_step goes out when that is there */
	LEG_UDP_ONLY = 1 << 26,	    /* the peer takes no connections */
	LEG_TRACED = 1 << 30,	    /* its messages are kept */
};

/**
 * One side of a call. First line: what every message touches; then what sending needs; then the cold rest.
 * Strings live in blobs: a leg without kept headers takes only this.
 */
struct leg {
	uint32_t flags;		 /* enum leg_flag */
	uint16_t step;		 /* the step it is in */
	uint16_t activity;
	uint64_t last_hash;	 /* of the last message that matched a recv */
	uint64_t cause_hash;	 /* of a message that a send of ours answered ... */
	int16_t cause_send;	 /* ... and that send's step; -1: none */
	int16_t cause_recv;	 /* and the recv it answers */
	int16_t last_recv;	 /* step of the last recv that matched; -1: none */
	int16_t retrans_step;	 /* the send that TIMER_RETRANS repeats; -1: none */
	uint8_t retrans_count;
	uint8_t play;		 /* slot of what it plays: see leg_play() */
	uint32_t media;		 /* slot of its struct media; NO_MEDIA: none */
	uint64_t retrans_ns;	 /* the next interval */
	uint32_t endpoint;	 /* index into its group's endpoints of this worker */
	uint32_t cseq;

	uint8_t token[RS_TOKEN_LEN]; /* text of its token: Call-ID, tag, branches */
	bool invited_us;	 /* the call came to us as an INVITE */
	bool retrans_invite;	 /* retrans_step is an INVITE: other limits */
	uint32_t invite_cseq;
	uint32_t last_cseq;
	uint64_t number;	 /* arrival k, or the worker's own count of answered calls */
	struct rs_path path;
	uint32_t remote_tag;	 /* hash of the peer's tag; INVITE_TAG_NONE: not known */
	int16_t invite_step;	 /* the send of our last INVITE; -1: none */
	int16_t large_step;	 /* LEG_PUT_OFF */

	uint64_t due_ns;	 /* arrival's due time, or the INVITE's receive time */
	uint64_t invite_ns;	 /* transmit burst of the INVITE; 0: not yet */
	uint64_t bye_ns;
	uint64_t request_ns;	 /* of the first request of another method */
	uint64_t hash;		 /* UAS: of the Call-ID, while it is in the table */
	struct rs_blob call_id;	 /* UAS: as received */
	struct rs_blob kept;	 /* header lines of the last message received that later steps want */
	struct rs_blob routes;	 /* "<sip:a;lr>, <sip:b;lr>" */
	struct rs_blob contact;	 /* the peer's Contact URI */
	struct rs_blob peer_tag; /* of the last response received */
	struct rs_blob challenge; /* see challenge.c */
	struct rs_blob frame;	 /* values of the variables, then start times of the RTDs */
	uint64_t line;		 /* of the injection files */
	uint32_t callee;	 /* picked endpoint, NO_ENDPOINT: none */
	uint32_t retrans_cseq;	 /* what retrans_step was numbered with */
	uint32_t waits;		 /* the next leg that waits for the same connection: see flow.h */
};
_Static_assert(sizeof(struct leg) <= 320, "a leg's fixed part is at most five cache lines");

/** An emulated user agent as this worker holds it: where its messages leave. Identity follows from group and index. */
struct endpoint {
	struct rs_addr addr;
	uint16_t port;
	uint8_t text_len;
	uint8_t text[41];  /* its address, IPv6 in brackets */
};
_Static_assert(RS_SLOTS <= 64, "a template's slots are a bit mask");
_Static_assert(sizeof(struct endpoint) <= 256, "an endpoint is at most 256 bytes");

/** Endpoints of a group that this worker may pick as callees: the idle ones as a list, longest idle first, and a bit each. */
struct callees {
	uint32_t n;
	uint32_t first;	     /* callee index = first + slot * stride */
	uint32_t stride;
	uint32_t *next;	     /* per slot: in the list, or one of those below */
	uint32_t *prev;
	uint64_t *bits, *words; /* idle; words of them that are not 0. NULL: all pick the longest idle */
	uint32_t head, tail, idle;
};
#define CALLEE_END UINT32_MAX
#define CALLEE_BUSY (UINT32_MAX - 1)	  /* in a call */
#define CALLEE_GONE (UINT32_MAX - 2)	  /* not registered */
#define CALLEE_BUSY_GONE (UINT32_MAX - 3) /* both: it does not come back to the list when the call ends */

/** Endpoints of one group that this worker owns: those that the rule of base/steer.h gives it. */
struct group {
	const struct rs_plan_group *plan;
	const struct rs_plan_port *port;
	uint32_t position;   /* of this worker among the port's workers; UINT32_MAX: none */
	bool shared;	     /* one address for all workers: every worker holds all endpoints */
	uint8_t steer_bits;  /* of the rule, at its port */
	uint32_t n;	     /* endpoints here */
	uint32_t *slots;     /* index -> slot, NO_ENDPOINT: another worker's; NULL: slot = index */
	uint64_t with;	     /* positions of the workers that have some: a bit each */
	uint32_t starters;   /* workers that have some: they start its calls, and share what there is of them, ... */
	uint32_t rank;	     /* ... and which of them this one is; UINT32_MAX: none */
	struct endpoint *endpoints; /* shared: only one */
	int32_t answer;	     /* activity that answers here, -1: none */
	uint32_t first_reg;  /* its registrations begin here in e->regs; NO_ENDPOINT: it has none */
	uint32_t first_flow; /* its connections begin here in e->flows; NO_FLOW: it has none */
	uint32_t next_flow, n_flows; /* connect_rate: the next one to be opened, and how many there are */
	bool automatic;	     /* what no scenario waits for is answered: see stray.c, ua.c */
	bool registers;	     /* an activity registers it: only those of it are called for which that is known */
	uint64_t callers;    /* workers that call it: a bit each for plan->cores */
	struct callees callees;
};

/** Headers that a step may have written itself. */
enum sent_has {
	SENT_ROUTE = 1 << 0, SENT_CREDENTIALS = 1 << 1, SENT_SUPPORTED = 1 << 2, SENT_REQUIRE = 1 << 3,
	SENT_SESSION_EXPIRES = 1 << 4, SENT_RSEQ = 1 << 5,
};
/** What a message that was rendered says of itself; looked up in its bytes, since a scenario writes what it likes. */
struct sent {
	struct rs_sip_cseq cseq; /* all zero: there is none */
	struct rs_slice to;
	uint32_t has;		 /* enum sent_has */
	uint32_t rseq;		 /* that a step wrote itself; 0: it did not */
	size_t end;		 /* where the empty line begins; 0: there is none */
};
/** Walk the header lines once. */
void sent_read(const uint8_t *data, size_t len, struct sent *out);
/** The flag of a header that stands at the beginning of @line, 0: none of them. */
uint32_t sent_flag(const uint8_t *line, size_t len);

/** What a template says of its message before it is rendered: see facts.c. */
enum cseq_from { CSEQ_UNKNOWN, CSEQ_OWN, CSEQ_LAST };
struct facts {
	uint8_t cseq;	  /* enum cseq_from: [cseq], or that of the last message */
	bool known;	  /* no line is a variable's: `has` is all there is */
	bool has_body;		 /* the empty line is not at its end */
	bool body;		 /* and there is something behind it */
	bool sdp;		 /* which is a session description */
	uint32_t has;	  /* enum sent_has */
};

/**
 * A program as one worker plays it for an activity: what the calls that began with it end with, whatever the activity plays now.
 * Made by control where it takes the place of another one (play.c); the worker alone touches it until it is over.
 */
struct rs_play {
	const struct rs_program *program;
	struct rs_program_account *account;
	uint64_t *slots;	    /* per template of the program: bit per enum rs_slot that stands in it */
	struct facts *facts;	    /* per template */
	struct value *globals;	    /* n_vars: those of scope Global, of this worker */
	void *ere_scratch;
	uint32_t frame_bytes;
	uint32_t legs;		    /* that have it */
	uint16_t number;	    /* of all programs of the run */
	uint8_t slot;		    /* in plays */
	bool wants_peer_tag;	    /* the program has [peer_tag_param] */
	bool wants_dynamic_id;	    /* and [dynamic_id] */
	_Atomic bool over;	    /* the worker has let go of it */
};

struct activity {
	const struct rs_plan_activity *plan;
	struct rs_play *now;	    /* what new calls play */
	struct rs_play *plays[RS_MAX_PLAYS]; /* that one, and those that calls still have */
	struct rs_play first;	    /* what it began with */
	struct rs_activity_account *account;
	struct group *group;	    /* callers, or those who answer */
	struct group *to;	    /* NULL: a URI */
	uint32_t callee_turn;	    /* pick = "round robin": the slot that is next */
	struct arrivals arrivals;
	uint64_t limit;		    /* this worker's share; UINT64_MAX: none */
	uint64_t answered;	    /* calls answered so far by this worker */
	_Atomic uint64_t *answered_all; /* by all workers; NULL: `answered` it is */
	struct burst burst_1ms, burst_10ms;
	bool rfc;		    /* mode = "rfc3261" */
	bool reg_end;		    /* register: un-registering: */
	uint32_t reg_next;	    /* the next slot of the group, ... */
	uint64_t reg_next_ns;	    /* ... not before this */
	bool accepts;		    /* answer: takes new calls */
	bool hang_up;		    /* its legs are being hung up */
	bool legs;		    /* its legs are matched: see legs.h */
};

/** Something whose time is the next transmit burst. */
struct stamp {
	uint32_t slot;
	uint32_t generation;
	uint8_t what;
	uint8_t rtd;
	uint16_t activity;
};
enum stamp_what {
	STAMP_REGISTER, STAMP_INVITE, STAMP_BYE, STAMP_REQUEST, STAMP_RTD_START, STAMP_RTD_STOP, STAMP_RTD_REPEAT, STAMP_LATENESS,
	STAMP_OK, /* the 2xx to an INVITE, where legs are matched */
};
#define MAX_STAMPS 4096

struct rs_engine {
	const struct rs_plan *plan;
	struct rs_account *account;
	struct rs_metrics *cells;    /* account->engine */
	struct rs_link link;
	struct rs_log *log;
	struct rs_arena arena;
	struct rs_pool legs;
	struct rs_wheel wheel;
	struct rs_table calls;	     /* Call-IDs of the legs that answer */
	struct rs_blobs blobs;
	struct activity *activities;
	uint32_t n_activities;
	struct group *groups;
	uint32_t n_groups;
	uint32_t worker;
	uint8_t steer_bits[RS_MAX_PORTS]; /* of the owner rule, per port */
	uint16_t run;
	uint64_t secret;
	uint64_t hash_seed;
	uint64_t now;
	uint64_t t0;
	uint64_t measure_from, measure_to;
	uint64_t gap_from, gap_until; /* due times that a gap of the machine made late */
	const _Atomic uint64_t *limited_until;
	_Atomic uint64_t never_limited; /* what limited_until is when nobody judges: 0 */
	struct burst burst_1ms, burst_10ms; /* of all activities */
	uint64_t open_placed;	     /* for max_calls */
	uint64_t max_calls;	     /* this worker's share */
	struct rs_rng rng;
	uint8_t pid_text[12];
	uint8_t pid_len;
	uint32_t dynamic_id;
	uint64_t wall_us, wall_at_ns;
	bool plays_end;		     /* some are over, perhaps */
	bool silent;
	bool stopping;		     /* no new calls at all */
	bool hanging_up;	     /* legs of the activities that say so, or all */
	bool hangup_all;
	uint32_t hangup_next;	     /* slot the hang-up has reached */
	uint64_t hangup_rest_ns;     /* then answered calls are hung up, too; 0: in the first pass, over the placed ones */
	struct stamp *stamps;
	uint32_t n_stamps;
	uint8_t *scratch;	     /* SCRATCH_BYTES: kept headers put together, expansions */
	uint8_t *received;	     /* SCRATCH_BYTES: the request being dealt with, once its Via says where it came from */
	uint8_t *scratch2;	     /* SCRATCH_BYTES: renderings of actions */
	struct rs_sip_msg msg;	     /* the message being dealt with */
	struct rs_sip_msg kept_msg;  /* kept headers, parsed again */
	struct rs_sip_msg swapped;   /* a message with its From and To exchanged */
	struct rs_render render;
	struct rs_pool media;	     /* struct media, of legs that have a profile; none without one */
	struct rs_sdp *sdp;	     /* the description being read; NULL: no leg has media */
	enum sdp_sends { SDP_SENDS_NONE, SDP_SENDS, SDP_SENDS_AGAIN } sdp_sends; /* the message being rendered has one of ours */
	/* rfc3261 mode; nothing of it without an activity that has it */
	struct dialog *dialogs;	     /* of the leg with the same slot */
	struct tombs tombs;
	bool rfc;		     /* some activity is in it */
	bool no_tomb;		     /* the request being dealt with has no tombstone */
	uint64_t key;		     /* its transaction, once reckoned; 0: not yet */
	const struct client *again;  /* whose request is being sent once more */
	const struct rs_path *path;  /* what is being sent takes this one, not the leg's */
	struct sent sent;	     /* what the message that was rendered for it says of itself; `to` until it is sent */
	const struct rs_step *complete; /* what this step does not write is put into its message: see auth_retry.h; NULL: nothing */
	/* registrations: of the endpoints of all groups that an activity registers, group after group */
	struct registration *regs;
	uint32_t n_regs;
	struct realm *realms;
	uint8_t n_realms;
	uint64_t reg_text_bytes;     /* of the blobs' bytes: nonces and routes */
	/* connections of endpoints: see flow.h */
	struct flow *flows;
	uint32_t n_flows, first_flow_node;
	bool connects;		     /* some group has a connect_rate and flows that have not been opened */
	uint32_t regs_next, regs_left; /* that are looked at because a shared flow has ended or is back: register_flow.c */
	bool legs_to_tell;	     /* of connections that have ended: flow_legs.c */
	uint32_t tell_next, tell_end, tell_left;
	struct drop {
		uint32_t next;	     /* flow that is looked at next; n_flows: nothing is to be cut */
		int32_t group;
		uint8_t how;	     /* enum rs_conn_close */
		double share;
	} drop;
	struct rs_bus *bus;	     /* NULL: the only worker */
	struct matcher *matcher;     /* NULL: no legs are matched */
	struct streams *streams;     /* NULL: no media, see stream.h */
	struct rs_media_setup *media_setup; /* what it was made from; of this engine alone */
	struct tracer *tracer;
	enum large { LARGE_NO, LARGE_LOOK, LARGE_FOUND, LARGE_SEND } large; /* see large.c */
	uint8_t sending;	     /* enum rs_trace_flag of the next message that is sent */
	struct rs_auth_hasher *hasher;
};

static inline struct leg *
leg_at(const struct rs_engine *e, uint32_t slot)
{
	return rs_pool_at(&e->legs, slot);
}

static inline uint32_t
leg_slot(const struct rs_engine *e, const struct leg *leg)
{
	return (uint32_t)(((const uint8_t *)leg - e->legs.base) / e->legs.size);
}

static inline struct activity *
leg_activity(const struct rs_engine *e, const struct leg *leg)
{
	return &e->activities[leg->activity];
}

static inline struct rs_play *
leg_play(const struct rs_engine *e, const struct leg *leg)
{
	return leg_activity(e, leg)->plays[leg->play];
}

static inline const struct rs_program *
leg_program(const struct rs_engine *e, const struct leg *leg)
{
	return leg_play(e, leg)->program;
}

/** What step @step, which sends, says of its message. */
static inline const struct facts *
leg_facts(const struct rs_engine *e, const struct leg *leg, int step)
{
	const struct rs_play *play = leg_play(e, leg);

	return &play->facts[play->program->steps[step].template];
}

static inline const struct rs_step *
leg_step(const struct rs_engine *e, const struct leg *leg)
{
	return &leg_program(e, leg)->steps[leg->step];
}

/** What a Contact of ours says behind its port. */
static inline const char *
contact_transport(const struct rs_path *path)
{
	static const char *const texts[RS_TRANSPORTS] = { "", ";transport=tcp", ";transport=tls", ";transport=ws", ";transport=ws" };

	return texts[path->transport];
}

static inline bool
chance(struct rs_engine *e, uint32_t below)
{
	return below == UINT32_MAX || (uint32_t)(rs_rng_next(&e->rng) >> 32) < below;
}

/* leg.c: life and death of a leg */
struct leg *leg_create(struct rs_engine *e, struct activity *a, uint64_t number, uint64_t due_ns);
void leg_free(struct rs_engine *e, struct leg *leg);
/** The scenario reached its end (or its timewait). */
void leg_complete(struct rs_engine *e, struct leg *leg);
/** The call is over and counted: the leg goes, in rfc3261 mode as soon as its transactions are at their end. */
void leg_part(struct rs_engine *e, struct leg *leg);
/** The call failed: counted with @cause at its present step, the peer told by @hang_up, the leg freed. */
void leg_fail(struct rs_engine *e, struct leg *leg, uint32_t cause, bool hang_up);
void leg_established(struct rs_engine *e, struct leg *leg);
struct value *leg_value(struct rs_engine *e, struct leg *leg, int16_t var);
uint64_t *leg_rtd(struct rs_engine *e, struct leg *leg, int rtd);
bool leg_set(struct rs_engine *e, struct leg *leg, int16_t var);

/* run.c: playing steps */
/** Play on from leg->step until it waits or ends. @last: the live message, or NULL. @return false when the leg is gone */
bool leg_run(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last);
/** Where does the program go after @step has been done? Sets leg->step. @return true when its `next` was taken */
bool leg_next(struct rs_engine *e, struct leg *leg, uint32_t step);
void leg_timer(struct rs_engine *e, struct leg *leg, enum timer which);
/** Nothing came in time: where the recv says to go then, else the call has failed. */
void leg_timed_out(struct rs_engine *e, struct leg *leg);

/* send.c, hangup.c and render.c (see render.h): rendering and sending */
struct client;
struct dialog;
struct texts;
/** Send template of step @step. @return 0, or a cause as a negative number */
int leg_send(struct rs_engine *e, struct leg *leg, uint32_t step, const struct rs_sip_msg *last, bool again);
/** Send one of the program's own templates (ACK, BYE, CANCEL, 200). */
void leg_send_own(struct rs_engine *e, struct leg *leg, int32_t template, enum rs_sip_method method,
	const struct rs_sip_msg *last);
/** What the peer must be told when a call ends before its scenario. */
void leg_hang_up(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *last);
void leg_retransmit(struct rs_engine *e, struct leg *leg);
/** Render template @t of the leg's program into @out for an action. @return bytes or negative */
int leg_render(struct rs_engine *e, struct leg *leg, int32_t template, const struct rs_sip_msg *last, uint8_t *out,
	size_t cap);
/** The line of injection file @file that the leg uses. */
uint64_t leg_inject_line(const struct rs_engine *e, const struct leg *leg, uint32_t file);
void stamp_add(struct rs_engine *e, struct leg *leg, enum stamp_what what, int rtd);
/** The leg ends: what it waits for the burst with is taken at @e->now. */
void stamps_settle(struct rs_engine *e, struct leg *leg);

/* keep.c: what later steps want of a message */
/** Keep what @step says of @msg. @return false without memory */
bool leg_keep(struct rs_engine *e, struct leg *leg, const struct rs_step *step, const struct rs_sip_msg *msg);
#define MAX_ROUTES 64 /* proxies that a dialog may run along */
/** Route set and target of a dialog that @msg makes. @return 0; RS_CAUSE_NO_MEMORY; RS_CAUSE_TOO_LONG: more than MAX_ROUTES (counted) */
uint32_t leg_store_routes(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg);
/** The peer's target is @uri from now on, behind the same proxies. @return false without memory */
bool leg_move_target(struct rs_engine *e, struct leg *leg, struct rs_slice uri);
/** Values of Record-Route, one by one, in reverse order when @reverse. @return how many there are, of which the first @max are in @values */
size_t join_routes(const struct rs_sip_msg *msg, bool reverse, struct rs_slice *values, size_t max);
/** Keep of @request what its answer copies, in @blob, which read_request() reads again. @return false without memory */
bool keep_request(struct rs_engine *e, struct rs_blob *blob, const struct rs_sip_msg *request);
/** @return the message in e->kept_msg, NULL: there is none */
const struct rs_sip_msg *read_request(struct rs_engine *e, const struct rs_blob *blob);
/** The kept headers as a message (in e->kept_msg), or NULL when nothing was kept. */
const struct rs_sip_msg *leg_kept(struct rs_engine *e, struct leg *leg);

/* match.c: which recv a message belongs to */
void leg_receive(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq);
/** The message goes to the scenario: the recv it belongs to, or `unexpected`. */
void leg_match(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, const struct rs_sip_msg *msg,
	const struct rs_sip_cseq *cseq, uint64_t hash);
/** The call is to fail with this message: from now on @leg is in the recv that it belongs to, if that is still ahead of it. */
void leg_blame(const struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg, const struct rs_sip_cseq *cseq);
/** Would the program of an answering activity begin with this request? */
bool program_begins_with(const struct rs_program *p, const struct rs_sip_msg *msg);

/* latency.c: what responses tell */
void latency_rtd(struct rs_engine *e, struct leg *leg, const struct rs_step *step, uint64_t time_ns);
void latency_response(struct rs_engine *e, struct leg *leg, const struct rs_rx *rx, uint16_t status,
	enum rs_sip_method method);

/* action.c: what stands in <action>. @return false when the call is to end now (stop_call) */
bool leg_actions(struct rs_engine *e, struct leg *leg, const struct rs_step *step, const struct rs_sip_msg *last);

/* arrivals.c */
void arrivals_begin(struct rs_engine *e, struct activity *a, uint64_t at_ns);
/** Start what is due. @param over  out: nothing more comes. @return when the next one is due */
uint64_t arrivals_turn(struct rs_engine *e, struct activity *a, bool *over);
/** A stamped order; what has not begun yet takes it over at once. */
void arrivals_order(struct activity *a, enum change_what what, double rate_hz, uint64_t at_ns);
/** Take the first stamped change over. */
void arrivals_change(struct arrivals *r);
/** Go on to the first arrival from r->k on that this worker starts, past at most *@walk others. @return false: not reached */
bool arrivals_find(struct rs_engine *e, struct activity *a, uint32_t *walk);
/** The arrival after r->k. */
void arrivals_next(struct rs_engine *e, struct activity *a);

/* arrivals_loop.c */
void loop_begin(struct activity *a);
/** Start what there is room for. @return when there is something to do, by what is known now */
uint64_t loop_turn(struct rs_engine *e, struct activity *a);
/** Hold @n calls open from now on, all workers together; UINT64_MAX: as many as the plan says. */
void loop_target(struct activity *a, uint64_t n);

/* offer.c */
void offer(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t caller, uint64_t due_ns);

/* endpoint.c: groups, owners */
int groups_setup(struct rs_engine *e);
/* facts.c */
/** @param out  [n_templates of @p] */
void facts_read(const struct rs_program *p, struct facts *out);
/* play.c */
/** Bytes that a play of @p takes beside its struct. */
uint64_t play_bytes(const struct rs_program *p);
/** Make @play ready in @memory: play_bytes(), aligned to 64, zeros. @return 0; -EINVAL: too many variables */
int play_setup(struct rs_play *play, const struct rs_program *p, struct rs_program_account *account, uint16_t number, uint8_t *memory);
/** One of its legs has ended: it may be the last one of a program that is no longer played. */
void play_leave(struct rs_engine *e, struct activity *a, struct leg *leg);
/** Let go of those that no leg has any more; between two bursts. */
void plays_end(struct rs_engine *e);
uint32_t group_position(const struct rs_plan *plan, const struct rs_plan_group *g, uint32_t worker, uint32_t *n_workers);
bool group_is_shared(const struct rs_plan *plan, const struct rs_plan_group *g);
/** The workers of its port (a bit a position) that have endpoints of it, by the rule with @bits. */
uint64_t group_workers(const struct rs_plan *plan, const struct rs_plan_group *g, unsigned bits);
/** Is endpoint @index this worker's? Of a shared group all are. */
bool group_has(const struct group *g, uint32_t index);
/** Does an activity register the group? Then only those of it are called for which that is known. */
bool group_is_registered(const struct rs_plan *plan, uint32_t group);
/** Endpoint @index, which must be this worker's. */
struct endpoint *group_endpoint(const struct group *g, uint32_t index);

/* callees.c */
/** Who may be picked here; behind groups_setup. @return 0, -ENOMEM */
int callees_setup(struct rs_engine *e);
/** What @n of them take. */
uint64_t callees_bytes(uint64_t n);
/** @param k  the arrival, for `random` @return index of a callee in the `to` group, or NO_ENDPOINT */
uint32_t callees_pick(struct rs_engine *e, struct activity *a, uint64_t k, uint32_t caller);
void callees_return(struct activity *a, uint32_t callee);
/**
 * Endpoint @index is registered now, or no longer: only registered ones are picked where an activity of the plan registers the
 * group, and at the start none is. Nothing happens on a worker that does not hold it (see callee_holders).
 */
void callee_registered(struct rs_engine *e, uint32_t group, uint32_t index, bool registered);
/** Workers (a bit for each position in plan->cores) that must hear of it when endpoint @index of @group is registered or not. */
uint64_t callee_holders(const struct rs_engine *e, uint32_t group, uint32_t index);

/* setup.c */
/** What an activity is by its plan; nothing of it is on yet, and what it plays is not there. */
void activity_fill(const struct rs_engine *e, struct activity *a, uint32_t index);
/** It is one of the engine's. */
void activity_join(struct rs_engine *e, struct activity *a);
/** The most calls and registrations a second that the plan asks for, all workers together; a guess where others place them. */
double plan_rate(const struct rs_plan *plan);

/* lookup.c: which leg a message belongs to */
enum lookup { LOOKUP_LEG, LOOKUP_NONE, LOOKUP_DEAD, LOOKUP_OTHER_RUN };
enum lookup lookup_leg(struct rs_engine *e, const struct rs_path *path, const struct rs_sip_msg *msg, struct leg **out);
/** The leg whose datagram ICMP quotes in @rx, or NULL. */
struct leg *lookup_quoted(struct rs_engine *e, const struct rs_rx *rx);
/** What stands in the place of a token in the datagram that is quoted, from *@pos on; empty: nothing more does. */
struct rs_slice lookup_quoted_token(const struct rs_rx *rx, size_t *pos);
/* engine.c: the Call-ID as it is on the wire where the scenario says [call_id]; cut where it does not fit */
void leg_call_id(const struct rs_engine *e, const struct leg *leg, char *out, size_t cap);
uint64_t call_id_hash(const struct rs_engine *e, struct rs_slice call_id);

#include "engine/tracer.h"

#endif
