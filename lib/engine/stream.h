/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Streams: what a call's m-line sends and receives. A stream lies in parts, by how often they are touched: struct stream (sending,
 * two cache lines), struct stream_rx (receiving), struct stream_cold (reports, digits, what was agreed) at the same slot of three
 * arrays, and keys from a pool of their own where it is secure. Only files of lib/engine named stream*.c and media.c include this.
 */
#ifndef RS_ENGINE_STREAM_H
#define RS_ENGINE_STREAM_H

#include "engine/calendar.h"
#include "engine/media.h"
#include "engine/media_ports.h"
#include "media/dtmf.h"
#include "proto/rtcp/session.h"
#include "proto/rtp/event.h"
#include "proto/rtp/quality.h"
#include "proto/rtp/rx.h"
#include "proto/rtp/watermark.h"
#include "proto/srtp/srtp.h"

#define STREAM_BATCH   64   /* packets that are built, protected and sent together */
#define STREAMS_A_TURN 128  /* packets sent in one turn at most, as many as it takes in: what is left is due at once in the next one */
#define STREAM_NONE    UINT32_MAX
#define SENT_RUNS      1024
#define MAX_RX_PROFILES 1024
#define TIMEOUT_NS	(5 * RS_NS_PER_S)
#define SESSION_BPS	64000 /* of which RTCP has 5 % */

enum stream_flag {
	STREAM_SEND = 1 << 0,	  /* the agreed direction lets us */
	STREAM_RECV = 1 << 1,
	STREAM_SECURE = 1 << 2,
	STREAM_MARK = 1 << 3,	  /* watermarks */
	STREAM_MUX = 1 << 4,
	STREAM_RSIZE = 1 << 5,
	STREAM_PAUSED = 1 << 6,	  /* by a step */
	STREAM_MARKER = 1 << 7,	  /* the next packet begins a talkspurt */
	STREAM_DIGITS = 1 << 8,	  /* events are being sent: cold.digits */
	STREAM_REPLAY = 1 << 9,	  /* a capture is: cold.replay */
	STREAM_ECHO = 1 << 10,
	STREAM_IMPAIRED = 1 << 11, /* sending */
	STREAM_WRONG = 1 << 12,
	STREAM_BEGUN = 1 << 13,	  /* something was sent */
	STREAM_TIMED = 1 << 14,	  /* due_ns has a phase */
	STREAM_UDPTL = 1 << 15,	  /* no RTP: datagrams of a capture as they are, and nothing is judged */
	STREAM_SLOW = STREAM_DIGITS | STREAM_REPLAY | STREAM_IMPAIRED | STREAM_WRONG, /* what sending looks at apart */
};

/** What each packet sent touches. */
struct stream {
	uint64_t due_ns;		  /* of the next packet */
	const struct rs_payload *payload; /* NULL: silent */
	uint32_t frame;			  /* of it, the next one; below n_frames */
	uint32_t ssrc;			  /* ours */
	uint32_t ts;			  /* of what is due at due_ns */
	uint32_t sent;			  /* packets */
	uint32_t octets;		  /* of payload (SR) */
	uint32_t keys;			  /* slot, STREAM_NONE: not secure */
	uint32_t flags;			  /* enum stream_flag */
	uint16_t seq;			  /* of the next packet */
	uint16_t ts_step;		  /* clock units a packet */
	uint16_t generation;		  /* of its slot */
	uint16_t aux;			  /* of its watermarks: whom it hears, see stream_fold() */
	uint16_t activity;
	uint8_t pt, pt_noise, pt_event;	  /* the peer's; RS_SDP_NO_PAYLOAD: none */
	uint8_t ptime_ms;
	uint8_t pad[2];
	struct rs_path path;		  /* RTP's */
	uint32_t media;			  /* slot */
	uint32_t ptime_ns;
	uint8_t line;
	uint8_t unused[7];
};
_Static_assert(sizeof(struct stream) == 128, "sending touches two cache lines of a stream");

/** What each packet received touches: three cache lines of it. */
struct stream_rx {
	uint64_t peer;		/* the stream that is heard, by watermark; 0: none yet */
	uint64_t delay_sum_ns;
	uint32_t keys;
	uint32_t marked, absent, crossed; /* packets */
	uint32_t delay_max_ns;
	uint16_t activity;
	uint16_t flags;		/* of enum stream_flag, those below 1 << 16 */
	uint16_t from_port;	/* where it is to come from */
	struct rs_addr from;
	uint16_t generation;
	bool echoed;		/* our own watermarks came back */
	uint8_t mode;		/* AMR: frame type of its first packet + 1; MODE_NONE: it has none; 0: nothing came yet */
	struct rs_rtp_rx rtp;
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct stream_rx, rtp) == 64, "our own share of receiving is one cache line");
_Static_assert(sizeof(struct stream_rx) == 448, "receiving takes seven cache lines, three of them with every packet");

#define MODE_NONE 0xff

/** What has been counted of rs_rtp_rx_report already. */
struct stream_counted {
	uint64_t expected, missing;
	uint32_t duplicates, reordered, late;
};

struct stream_digits {
	struct rs_rtp_event_tx tx;
	uint64_t next_ns;	 /* of the next digit */
	char text[MEDIA_DIGITS_MAX];
	uint8_t how[MEDIA_DIGITS_MAX]; /* each of them: events, in-band or both */
	uint8_t n, at;
	uint16_t ms;
	uint32_t begin_ts;
	uint32_t wave_at, tone_len, wave_len; /* in-band: samples of the digit that were sent; of its tone; with the pause behind it */
	struct rs_dtmf_wave wave;
};

struct stream_cold {
	struct rs_rtcp_timer timer;
	struct rs_rtcp_reporter reporter;
	struct rs_rtp_event_rx event;
	struct stream_counted counted;
	struct stream_digits digits;
	const struct rs_media_profile *profile;
	const struct rs_sdp_codec *codec;
	const struct rs_replay *replay;
	int32_t loops;		 /* the source is to play so many times more behind this one; -1: for ever */
	uint64_t replay_ns;	 /* due time of its first packet */
	uint64_t begun_ns;
	uint64_t rtt_ns;	 /* the last one; 0: none */
	uint64_t bye_ns;
	uint32_t source;	 /* what plays: of the profile; UINT32_MAX: nothing */
	uint32_t replay_at;	 /* the next packet */
	uint32_t replay_ts;	 /* what its first one has */
	uint16_t replay_seq, replay_high; /* its first one's, the highest so far */
	uint16_t remote_rtcp_port;
	struct rs_addr remote_rtcp;
	uint8_t heard_n;
	uint8_t agreed_ms;	 /* ptime; the source may have packets of another length only */
	bool heard_inband;	 /* the last one, at heard_ns */
	uint64_t heard_ns;
	uint32_t sound_ts;	 /* of the sound that the detector has not seen yet */
	bool bye_said;
	char heard[MEDIA_DIGITS_MAX];
	struct rs_impair_state send_state, receive_state;
	uint32_t detector;	 /* slot, STREAM_NONE: none */
};
_Static_assert(sizeof(struct stream_cold) <= 512, "what a stream has beside its packets");

/** Keys of a secure stream. */
struct stream_keys {
	struct rs_srtp_ctx tx, rx;
};
_Static_assert(sizeof(struct stream_keys) == 768, "both directions of SRTP");

/** The same of its reports, and what the keys were made from. */
struct stream_secrets {
	struct rs_srtcp_ctx tx, rx;
	uint32_t gcm; /* slot, STREAM_NONE: the suite needs none */
	uint8_t suite;
	uint8_t params_tx, params_rx;
	uint8_t key_tx[RS_SDP_KEY_MAX], key_rx[RS_SDP_KEY_MAX];
	uint8_t mki_tx[8], mki_rx[8];
	uint8_t mki_tx_len, mki_rx_len;
	uint8_t unused[11];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct stream_secrets) == 512, "SRTCP and master keys of both directions");

/** Bytes of a stream without and with SRTP, both directions, its timer and bookkeeping included; GCM takes RS_SRTP_GCM_BYTES twice more. */
#define STREAM_BYTES                                                                                                   \
	(sizeof(struct stream) + sizeof(struct stream_rx) + sizeof(struct stream_cold) + sizeof(struct rs_wheel_node) +  \
		sizeof(struct calendar_place) + sizeof(uint32_t) + 2 * sizeof(uint32_t))
#define STREAM_SECURE_BYTES (STREAM_BYTES + sizeof(struct stream_keys) + sizeof(struct stream_secrets) + 2 * sizeof(uint32_t))
_Static_assert(STREAM_BYTES <= 1200, "a plain stream, both directions");
_Static_assert(STREAM_SECURE_BYTES <= 2500, "a secure stream, both directions");

/** Packets with the same due time that wait for their burst. */
struct sent_run {
	uint64_t due_ns;
	uint32_t n;
	uint32_t activity;
};

/** One batch on its way out. */
struct stream_batch {
	struct rs_buf bufs[STREAM_BATCH];
	struct rs_srtp_item items[STREAM_BATCH];
	uint32_t item_of[STREAM_BATCH]; /* packet of each item */
	uint32_t lens[STREAM_BATCH];
	struct stream *streams[STREAM_BATCH];
	uint64_t dues[STREAM_BATCH];
	uint8_t wrong[STREAM_BATCH];  /* enum rs_wrong_what */
	uint32_t n, n_items;
	bool odd; /* some of it is sent wrong on purpose, or impaired */
	struct rs_srtp_ctx ahead; /* RS_WRONG_ROC */
	struct rs_srtp_ctx *ahead_of; /* NULL: not in use */
};

/** A packet that impairment holds back, whole and protected. */
#define HELD_MAX   4096
#define HELD_BYTES 512 /* longer ones are not held back */
struct held {
	uint64_t due_ns;
	struct rs_path path;
	uint32_t stream;
	uint16_t generation;
	uint16_t len;
	bool received;	/* else it is to be sent */
	uint8_t data[HELD_BYTES];
};

/** All of a worker's media. */
struct streams {
	const struct rs_media_setup *setup;
	struct rs_pool pool;	/* struct stream */
	struct stream_rx *rx;	/* of the stream at the same slot */
	struct stream_cold *cold;
	struct rs_pool keys;	/* struct stream_keys */
	struct stream_secrets *secrets;
	struct rs_pool gcm;	/* 2 * RS_SRTP_GCM_BYTES */
	struct rs_pool detectors; /* struct rs_dtmf_detector */
	struct rs_srtp_engine *srtp;
	struct calendar calendar;
	struct media_ports ports;
	uint32_t first_node;	/* their timers in e->wheel */
	struct rs_rng rng;
	uint64_t begun;		/* streams so far */
	uint64_t made;		/* packets */
	struct rs_rtp_profile *profiles; /* of what is received, each different one once */
	uint32_t n_profiles;
	struct sent_run *runs;
	uint32_t n_runs;
	struct stream_batch *batch;
	bool impairs_received;	/* some profile does: else what comes in need not ask its own, which lies far away */
	struct held **heap;	/* by due time */
	struct held *helds;
	uint32_t n_held;
	uint8_t *scratch;	/* a datagram of RTCP */
	bool images;		/* of some profile: what comes to a media port may be UDPTL */
};

static inline struct stream *
stream_at(const struct streams *ms, uint32_t slot)
{
	return (struct stream *)(void *)(ms->pool.base + (size_t)slot * sizeof(struct stream));
}

static inline uint32_t
stream_slot(const struct streams *ms, const struct stream *s)
{
	return (uint32_t)(s - (const struct stream *)(const void *)ms->pool.base);
}

static inline struct media *
stream_media(const struct rs_engine *e, const struct stream *s)
{
	return rs_pool_at(&e->media, s->media);
}

static inline struct stream_keys *
keys_at(const struct streams *ms, uint32_t slot)
{
	return rs_pool_at(&ms->keys, slot);
}

static inline struct rs_metrics *
stream_cells(const struct rs_engine *e, uint32_t activity)
{
	return &e->activities[activity].account->media;
}

static inline rs_handle
stream_handle(const struct rs_engine *e, uint32_t slot, uint16_t generation)
{
	return rs_handle_make(slot, generation, (uint8_t)e->worker, RS_KIND_STREAM);
}

/** Sixteen bits that name a stream in the watermarks of the one that hears it; 0 is nobody. */
static inline uint16_t
stream_fold(rs_handle h)
{
	uint16_t v = (uint16_t)(rs_mix64(h) >> 48);

	return v ? v : 1;
}

/** Bytes of the engine's arena; 0: no media. */
uint64_t streams_reserve(const struct rs_plan *plan, const struct rs_media_setup *setup, uint32_t worker, uint64_t legs);
/* stream_plan.c */
/** The setup of an engine: cfg->media, or what the plan's profiles come to. @return 0 with @out, to be freed, NULL: no media; -ENOMEM */
int streams_plan(const struct rs_engine_cfg *cfg, struct rs_media_setup **out);
/** What media adds to a plan's budget on one worker. */
void streams_budget(const struct rs_plan *plan, uint32_t worker, struct rs_engine_budget *budget);

/* stream_setup.c */
/** How many streams, and so timers of the wheel, there will be. */
uint32_t streams_count(const struct rs_media_setup *setup, uint64_t legs);
/** @return 0, -ENOMEM; e->streams stays NULL without a setup */
int streams_setup(struct rs_engine *e, const struct rs_media_setup *setup, uint64_t legs, uint32_t first_node);
void streams_free(struct rs_engine *e);
void streams_gauges(struct rs_engine *e);

/* stream.c: begin, change, end */
/** Stream @line of @m (see media_line) begins, or goes on as @st says now. @return 0, or it does not run: -ENOMEM, -EINVAL */
int stream_apply(struct rs_engine *e, struct media *m, uint32_t line, const struct rs_sdp_stream *st);
void stream_stop(struct rs_engine *e, struct media *m, uint32_t line);
/** Should it stand in the calendar? Puts it there, or takes it out. */
void stream_settle(struct rs_engine *e, struct stream *s);
/** Another source from the next packet on. */
void stream_play(struct rs_engine *e, struct stream *s, const struct rs_payload *payload, int32_t loops);

/* stream_keys.c */
/** Keys as agreed in @st: made, changed, or as they were. @return 0; -ENOMEM; -EINVAL: they cannot be used */
int stream_keys_apply(struct rs_engine *e, struct stream *s, const struct rs_sdp_stream *st);
void stream_keys_drop(struct rs_engine *e, struct stream *s);

/* stream_send.c */
/** Protect and send what is in the batch. */
void stream_batch_send(struct rs_engine *e);
/** A packet of @s into the batch, header first; payload of @len bytes from @from. @return its bytes in the buffer, NULL: no buffer */
uint8_t *stream_put(struct rs_engine *e, struct stream *s, uint8_t m_pt, uint32_t ts, const uint8_t *from, uint32_t len,
	uint64_t due_ns);

/** A datagram of @s that is no RTP, as it is and at once. */
void stream_put_udptl(struct rs_engine *e, struct stream *s, const uint8_t *from, uint32_t len, uint64_t due_ns);

/* stream_digits.c */
/** @param ms  of each; 0: as the profile says. @param how  enum rs_media_dtmf; AUTO: as the profile says */
int stream_digits_begin(struct rs_engine *e, struct stream *s, struct rs_slice text, uint32_t ms, uint32_t how);
/** A packet of an event instead of sound, if one is due. @return true: sound is not sent now */
bool stream_digits_send(struct rs_engine *e, struct stream *s);
void stream_digits_event(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p);
void stream_digits_sound(struct rs_engine *e, uint32_t slot, const struct rs_rtp_packet *p);
void stream_digits_end(struct rs_engine *e, uint32_t slot);

/* stream_replay.c */
void stream_replay_begin(struct rs_engine *e, struct stream *s, const struct rs_replay *r);
/** Send what of the capture is due; moves due_ns on. */
void stream_replay_send(struct rs_engine *e, struct stream *s);

/* stream_rtcp.c */
void stream_rtcp_begin(struct rs_engine *e, uint32_t slot);
/** @param bye  the stream ends */
void stream_rtcp_send(struct rs_engine *e, uint32_t slot, bool bye);
void stream_rtcp_input(struct rs_engine *e, uint32_t slot, const struct rs_rx *rx, uint32_t len);
/** Timer @node of the wheel. */
void streams_timer(struct rs_engine *e, uint32_t slot);
/** Nanoseconds since 1970. */
uint64_t stream_unix_ns(const struct rs_engine *e);

/* stream_judge.c */
/** What came and did not, as far as it is known now. */
void stream_count(struct rs_engine *e, uint32_t slot);
void stream_judge(struct rs_engine *e, uint32_t slot);
/** Mode of the codec, by its first packet; MODE_NONE: it is none that has modes, or the packet does not say. */
uint8_t stream_mode(const struct stream_cold *cold, const struct rs_rtp_packet *p);
/** Of what was expected, what did not come or came too late to be played; at most 100. */
double stream_loss_percent(const struct rs_rtp_rx_report *r);
/** Rate what came. @return as rs_quality_rate() */
int stream_rate(const struct streams *ms, uint32_t slot, double loss_percent, struct rs_quality *out);
/** One-way delay, or half the round trip, in ms and where it is from. */
double stream_delay_ms(const struct stream_rx *rx, const struct stream_cold *cold, enum rs_quality_delay *from);

/* stream_impair.c */
/** A profile's impairment may have changed. */
void streams_impair_look(struct streams *ms);
/** Packets that were held back and are due. @return when the next one is, UINT64_MAX: none */
uint64_t streams_release(struct rs_engine *e);
/** Hold back @len bytes for @delay_ns. @return false: no room, they go at once */
bool streams_hold(struct rs_engine *e, uint32_t stream, const struct rs_path *path, const uint8_t *data, uint32_t len,
	uint64_t delay_ns, bool received);

/* stream_receive.c */
/** ICMP quotes media of ours. @return false: it does not */
bool streams_unreachable(struct rs_engine *e, const struct rs_rx *rx);

#endif
