/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Plans: the libconfig file that describes a whole test, read into structs with every reference resolved and every scenario
 * and injection file loaded. Immutable once read.
 */
#ifndef RS_PLAN_PLAN_H
#define RS_PLAN_PLAN_H

#include <stdio.h>

#include "base/dist.h"
#include "base/err.h"
#include "base/text.h"
#include "base/transport.h"
#include "plan/plan_media.h"
#include "plan/plan_tls.h"
#include "plan/program.h"
#include "plan/scenario.h"

#define RS_MAX_WORKERS 64
#define RS_MAX_PORTS   16
#define RS_MAX_FLOWS   4
#define RS_LATE_ACTIVITIES 32 /* that may come into a plan while it runs: there is room for so many */

struct rs_prefix {
	struct rs_addr addr;
	uint8_t bits;
};

/** "198.18.4.1-198.18.7.250" or one address. */
struct rs_addr_range {
	struct rs_addr first;
	uint32_t count;
};

struct rs_plan_port {
	const char *name;
	const char *device;	    /* DPDK device string, PCI address, or "ring:x/a" */
	uint16_t vlan;		    /* 0: untagged */
	uint16_t mtu;		    /* 1500 */
	uint8_t mac[6];		    /* all zero: the device's own */
	struct rs_prefix *addresses; /* the interface's own, with their prefix lengths */
	uint32_t n_addresses;
	struct rs_addr gateway4, gateway6; /* family 0: none */
	bool routed;		    /* endpoint addresses are behind this port: no neighbour entry each */
	uint32_t *workers;	    /* positions in workers.cores */
	uint32_t n_workers;
	uint8_t steering;	    /* enum rs_steer_mode (base/steer.h) */
	uint16_t rx_descriptors, tx_descriptors; /* 1024 */
	int line;
};

enum rs_group_kind { RS_GROUP_PHONE, RS_GROUP_TRUNK };

/** A text with {index}, {index:05} or {random} in it. */
struct rs_pattern {
	const char *text;	/* as written */
	struct rs_slice before, after;
	uint8_t what;		/* 0: no field, 1: index, 2: random */
	uint8_t width;		/* zero-padded to so many digits */
};

enum rs_ua_100rel { RS_100REL_OFF, RS_100REL_SUPPORTED, RS_100REL_REQUIRED };
enum rs_ua_refresher { RS_REFRESHER_AUTO, RS_REFRESHER_UAC, RS_REFRESHER_UAS };

/** What the endpoints of a group do of their own accord, outside any scenario (`ua = { }`). */
struct rs_ua {
	bool automatic;		 /* answers what no scenario waits for: OPTIONS, NOTIFY, re-INVITE, UPDATE, INFO ... */
	uint8_t rel;		 /* enum rs_ua_100rel (RFC 3262) */
	uint8_t refresher;	 /* enum rs_ua_refresher (RFC 4028) */
	uint64_t session_expires_ns; /* session timer asked for; 0: none of our own, the peer's is honoured */
	uint64_t min_se_ns;	 /* 90 s: RFC 4028, 5 */
};

/** Whose a connection is. */
enum rs_connections {
	RS_CONNECTIONS_ENDPOINT, /* each endpoint's own, as long as the run lasts */
	RS_CONNECTIONS_SHARED,	 /* one for all endpoints of an address and port on a worker: SIPp's t1 */
	RS_CONNECTIONS_CALL	 /* each call's own: SIPp's tn */
};

/** When a connection that broke is opened again. */
enum rs_reconnect { RS_RECONNECT_RFC5626, RS_RECONNECT_AT_ONCE, RS_RECONNECT_SPREAD, RS_RECONNECT_NEVER };

/** What carries a request that is too large for a datagram (RFC 3261, 18.1.1). */
enum rs_large { RS_LARGE_UDP, RS_LARGE_TCP };

/** SIP over WebSocket (RFC 7118): what the upgrade says. */
struct rs_plan_ws {
	const char *path;	/* "/" */
	const char *host;	/* NULL: proxy's host and port */
	const char *origin;	/* NULL: no such header */
	const char **headers;	/* further ones, "Name: value" */
	uint32_t n_headers;
};

struct rs_plan_group {
	const char *name;
	enum rs_group_kind kind;
	uint32_t port;		/* index */
	uint32_t count;		/* endpoints */
	struct rs_addr_range *addresses;
	uint32_t n_addresses;	/* ranges */
	uint32_t n_addrs;	/* addresses in all ranges (A) */
	uint16_t sip_port;	/* 5060 */
	uint8_t transport;	/* enum rs_transport */
	uint8_t connections;	/* enum rs_connections */
	uint8_t reconnect;	/* enum rs_reconnect */
	uint8_t large_messages; /* enum rs_large */
	bool alias;		/* RFC 5923: connections carry requests both ways */
	bool outbound;		/* RFC 5626: +sip.instance, reg-id, ob */
	uint64_t spread_ns;	/* RS_RECONNECT_SPREAD: at a time drawn from so long */
	uint64_t keep_alive_ns;	/* 0: none */
	double connect_hz;	/* connections opened a second from the run's begin on, all workers together; 0: when they are wanted */
	struct rs_plan_ws ws;
	bool has_proxy;
	struct rs_addr proxy;	/* the next hop, a literal address */
	uint16_t proxy_port;
	struct rs_plan_hop { struct rs_addr addr; uint16_t port; } hops[RS_MAX_FLOWS]; /* outbound: of each flow; [0] is the proxy */
	uint8_t n_hops;
	const char *proxy_text;	/* as written */
	const char *proxy_host; /* its host, as written */
	struct rs_pattern user;	/* "{index}" unless set */
	const char *domain;	/* NULL: the endpoint's address */
	struct rs_pattern password; /* text NULL: none; {index} as in user */
	struct rs_pattern auth_user; /* user name in credentials; text NULL: `user` */
	struct rs_inject *credentials; /* line i: user;password of endpoint i, before `password`; NULL: none */
	struct rs_ua ua;
	int32_t media;		/* index of its profile; -1: none */
	int32_t tls;		/* likewise */
	uint16_t rtp_first, rtp_last; /* UDP ports of each of its addresses that media may have: RTP even, RTCP the next one */
	int line;
};

/** What its connections carry SIP by: TCP also beside UDP, for large messages. RS_TRANSPORT_UDP: it has none. */
static inline enum rs_transport
rs_group_stream(const struct rs_plan_group *g)
{
	return g->large_messages == RS_LARGE_TCP ? RS_TRANSPORT_TCP : (enum rs_transport)g->transport;
}

enum rs_activity_kind { RS_DO_CALL, RS_DO_ANSWER, RS_DO_OPTIONS, RS_DO_REGISTER, RS_DO_DROP };
/** "call", "answer", ... as in `do` */
const char *rs_activity_kind_name(enum rs_activity_kind kind);

/** Does it place calls, by rate or as a closed loop? The others answer, register or cut connections. */
static inline bool
rs_activity_places(enum rs_activity_kind kind)
{
	return kind == RS_DO_CALL || kind == RS_DO_OPTIONS;
}

/** Does it play a scenario? */
static inline bool
rs_activity_plays(enum rs_activity_kind kind)
{
	return rs_activity_places(kind) || kind == RS_DO_ANSWER;
}

enum rs_start_kind { RS_START_AT_ONCE, RS_START_AFTER, RS_START_MANUAL };
enum rs_pick { RS_PICK_IDLE, RS_PICK_ROUND_ROBIN, RS_PICK_RANDOM };
enum rs_arrivals { RS_ARRIVALS_UNIFORM, RS_ARRIVALS_POISSON };

/** How messages find what waits for them: as SIPp does it, or by client and server transactions (RFC 3261, 17; RFC 6026). */
enum rs_mode { RS_MODE_SIPP, RS_MODE_RFC3261 };

/**
 * A stretch of an activity's rate: from @rate_from_hz at its beginning linearly to @rate_to_hz at its end. Behind the last one its
 * rate_to_hz holds on. `shape` in the plan: steps, ramps and spikes are all made of these.
 */
struct rs_stretch {
	uint64_t begin_ns, end_ns; /* since the activity's start; a step has a rate_from equal to rate_to */
	double rate_from_hz, rate_to_hz;
};

struct rs_node;

struct rs_plan_activity {
	const char *name;
	enum rs_activity_kind kind;
	enum rs_start_kind start;
	uint32_t after;		  /* START_AFTER: index of the activity */
	uint32_t from;		  /* group of the callers; ANSWER: of the endpoints */
	int32_t to_group;	  /* callees, -1: to_uri */
	struct rs_pattern to_user; /* of a URI template */
	struct rs_addr to_addr;	  /* its host when that is a literal address; family 0: none */
	uint16_t to_port;
	const char *to_host;	  /* as written */
	enum rs_pick pick;
	const char *scenario_file;
	struct rs_program *program; /* register: one without steps */
	double rate_hz;		  /* calls a second */
	enum rs_arrivals arrivals;
	uint64_t total;		  /* 0: no end by count */
	uint64_t limit;		  /* open calls of this activity; 0: only max_calls */
	uint8_t mode;		  /* enum rs_mode */
	uint64_t open_calls;	  /* closed loop: so many are held open, instead of a rate; 0: by rate */
	struct rs_stretch *shape; /* NULL: rate_hz all the time */
	uint32_t n_shape;
	struct rs_dist hold;	  /* length of <pause/> when placing */
	struct rs_dist ring;	  /* the same when answering */
	/* register */
	uint64_t expires_ns;	  /* asked for; the granted one rules */
	double refresh_from, refresh_to; /* part of the expiry at which it is refreshed, drawn between both: 0.5, 0.9 */
	bool nonce_reuse;	  /* send credentials at once with the nonce of before and a higher nc */
	bool unregister;	  /* at the end of the run */
	double unregister_rate_hz; /* 0: as rate_hz */
	/* drop */
	double share;		  /* of the group's connections, 0 to 1 */
	uint8_t how;		  /* enum rs_conn_close */
	uint64_t wait_ns, every_ns; /* from its start to the first cut, and from cut to cut; `total` cuts */
	uint64_t timeout_ns;	  /* of a recv without its own; 32 s */
	bool timeout_written;	  /* in the plan: then it limits how long an answered call waits for the peer's next request, too */
	struct rs_inject **data;  /* injection files, the default one first */
	uint32_t n_data;
	const char **data_names;  /* as the plan and scenarios say them */
	struct rs_key *keys;
	uint32_t n_keys;
	int32_t media;		  /* index of the profile of its calls: its group's, or the implied one; -1: no media */
	const struct rs_node *written;
	int line;
};

enum rs_threshold_metric {
	RS_TH_FAILED_PERCENT, RS_TH_LATENCY /* <latency>_<stat>_ms */, RS_TH_NOT_STARTED_PERCENT,
	RS_TH_MIN_MOS,		      /* at least */
	RS_TH_MAX_LOSS_PERCENT, RS_TH_MAX_JITTER_MS, RS_TH_ONE_WAY_AUDIO_PERCENT
};

struct rs_threshold {
	const char *name;	 /* as written: "post_dial_p99_ms" */
	enum rs_threshold_metric metric;
	const char *latency;	 /* "post_dial" */
	const char *stat;	 /* "p99", "mean", "max", ... */
	double bound;		 /* at most; RS_TH_MIN_MOS: at least */
};

/** What a placed call and the call that answers it are matched by, behind an SUT that rewrites everything else (`run.legs`). */
enum rs_legs_key {
	RS_LEGS_AUTO,	/* by called user, where an activity calls a group that this plan answers; else none */
	RS_LEGS_NONE, RS_LEGS_CALLED_USER, RS_LEGS_CALLING_USER,
	RS_LEGS_SESSION_ID, RS_LEGS_USER_TO_USER, RS_LEGS_HEADER /* legs_header */
};

/** Beyond these a second of the run is limited by the generator itself (`run.health`). */
struct rs_health_bounds {
	double busy_percent;	    /* of a worker's cycles: 95 */
	double lateness_p99_ms;	    /* 20 */
	double media_lateness_p99_ms; /* of RTP packets: 10 */
	double gap_percent;	    /* of the second that the machine took from a worker: 25 */
	double drops;		    /* of our own in a second, misses at our ports included: 0 */
	double not_started;	    /* calls in a second for want of our own memory: 0 */
};

struct rs_plan {
	const char *file;
	const char *name;	 /* the file's name, for the report */
	const char *sut_name, *sut_version;
	struct rs_prefix *targets;
	uint32_t n_targets;
	uint32_t cores[RS_MAX_WORKERS];
	uint32_t n_workers;
	bool idle_sleep;	 /* else busy polling */
	uint32_t memory_mb;	 /* EAL memory, for packets */
	bool hugepages;
	uint32_t mbufs;
	uint32_t handshake_threads, handshakes, handshake_queue, sessions; /* of TLS: see run/handshake.h */
	uint32_t fallback_mb;	 /* 0: as much as the plan's connections may need */
	struct rs_plan_port *ports;
	uint32_t n_ports;
	struct rs_plan_media *media;
	uint32_t n_media;	 /* implied ones are the last */
	struct rs_plan_tls *tls;
	uint32_t n_tls;
	struct rs_plan_group *groups;
	uint32_t n_groups;
	struct rs_plan_activity *activities;
	uint32_t n_activities;
	/* run */
	uint64_t seed;
	uint64_t warmup_ns, measure_ns, drain_ns; /* measure 0: not set */
	uint64_t max_calls;	 /* open calls in all */
	double max_rate_hz;	 /* the ceiling no rate may pass; 0: none */
	double catch_up;	 /* 2.0 */
	const char *reports;	 /* directory or NULL */
	uint8_t mode;		 /* enum rs_mode: of activities that do not say */
	uint64_t t1_ns, t2_ns, t4_ns; /* RFC 3261, 17.1.1.1: 500 ms, 4 s, 5 s */
	double limited_percent;	 /* 5: more limited intervals than this make the run `generator limited` */
	struct rs_health_bounds health;
	uint8_t legs;		 /* enum rs_legs_key */
	const char *legs_header; /* RS_LEGS_HEADER: its name */
	double trace_share;	 /* of the calls, chosen at their start, whose messages are kept: 1.0 ... */
	uint32_t trace_calls;	 /* ... but at most so many at a time on one worker: 64; 0: none ... */
	uint32_t trace_rate;	 /* ... and so many new ones a second: 500 */
	struct rs_threshold *thresholds;
	uint32_t n_thresholds;
	const struct rs_node *root; /* as it was written */
	void *memory;		 /* of the reader */
};

struct rs_set { const char *path; const char *value; }; /* --set PATH=VALUE */

/**
 * Read a plan, apply @sets on top, resolve names, load scenarios and injection files (relative names: beside the plan, then in
 * the directory of shipped scenarios), and check the whole. A directory stands for the plan.conf in it.
 * @return 0; -ENOENT, -EACCES; -EINVAL; -ENOMEM; @err names file, line, setting and remedy
 */
int rs_plan_load(const char *file, const struct rs_set *sets, uint32_t n_sets, struct rs_plan **out, struct rs_err *err);

/** The same from memory; @name stands for the file. */
int rs_plan_parse(const char *name, const char *text, const struct rs_set *sets, uint32_t n_sets, struct rs_plan **out,
	struct rs_err *err);
void rs_plan_free(struct rs_plan *p);

/** Does @b need another start of the daemon than @a? @return NULL when not, else the name of the setting that differs */
const char *rs_plan_static_difference(const struct rs_plan *a, const struct rs_plan *b);

/** What a plan sets otherwise than another one, and what cannot be changed while that is played. */
struct rs_plan_change {
	char *setting;	 /* "activities[1].hold" */
	char *text;	 /* what it is, what it was, the remedy */
	int line;	 /* of the second plan's file; 0: nowhere */
	const char *set; /* "PATH=VALUE" where it comes from --set; of the second plan */
};
struct rs_plan_changes {
	struct rs_plan_change *list;
	uint32_t n;
};
/**
 * Hold plan @is against @was, which is being played. Activities are told by their names; those that only one of both has, and of the
 * others `rate`, `limit`, `scenario` and a changed `open_calls`, can be changed and are not listed.
 * @return 0, -ENOMEM
 */
int rs_plan_compare(const struct rs_plan *was, const struct rs_plan *is, struct rs_plan_changes *out);
/** Where the file of @plan sets @setting of activity @activity; where it does not, or NULL: where the activity begins. */
int rs_plan_line(const struct rs_plan *plan, uint32_t activity, const char *setting);
void rs_plan_changes_free(struct rs_plan_changes *c);

/**
 * Another scenario for activity @activity: found beside the plan or by a shipped one's name, compiled with the activity's files, keys
 * and mode, and held against what it does and has.
 * @param path  out: its file
 * @return 0; as rs_scenario_load; -EINVAL: it does not fit
 */
int rs_plan_scenario(const struct rs_plan *plan, uint32_t activity, const char *name, char *path, size_t cap, struct rs_program **out,
	struct rs_err *err);
/** Can activity @activity play @p? @return 0; -EINVAL with the reason and the remedy */
int rs_plan_scenario_fits(const struct rs_plan *plan, uint32_t activity, const struct rs_program *p, const char *file,
	struct rs_err *err);

/** Write the text of @p for endpoint @index to @out. @return bytes, -ENOSPC. @random: the value that {random} takes */
int rs_pattern_write(const struct rs_pattern *p, uint64_t index, uint64_t random, uint8_t *out, size_t cap);

/** Address of endpoint number @index of @g, and its SIP port (CONTRACT: index mod A, sip_port + index / A; a trunk has one pair). */
void rs_group_address(const struct rs_plan_group *g, uint32_t index, struct rs_addr *addr, uint16_t *port);

/** The reverse: which endpoint of @g has this address and port? -1: none; a trunk: 0. */
int64_t rs_group_find(const struct rs_plan_group *g, const struct rs_addr *addr, uint16_t port);

/** What run.max_rate leaves to each closed loop that has no rate of its own, calls/s; 0: there is no ceiling. */
double rs_plan_loop_ceiling(const struct rs_plan *plan);

/** Refreshes a second that the expiry asked for makes, once all endpoints of @a are registered. */
double rs_plan_refresh_rate(const struct rs_plan *plan, const struct rs_plan_activity *a);

/** Markdown of every setting (name, type, default, meaning) from the reader's own tables; for docs and --help. */
void rs_plan_document(FILE *out);

#endif
