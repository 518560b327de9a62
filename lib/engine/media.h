/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The media of a call. Two files families meet here: what was agreed (media_sdp*.c: offers and answers in the messages of a leg)
 * and what is sent and received (stream*.c: the calendar, RTP, RTCP, SRTP, judging). A leg without a media profile has neither.
 *
 *	leg created      media_open()    ports are taken, nothing is agreed
 *	SDP agreed       media_apply()   streams begin, change, rest or end, as sdp.streams[] say now
 *	scenario step    media_play()    another source, digits, hold; media_stop()
 *	leg freed        media_close()   streams are counted and end; the ports rest for 5 s
 */
#ifndef RS_ENGINE_MEDIA_H
#define RS_ENGINE_MEDIA_H

#include "engine/internal.h"
#include "engine/media_setup.h"
#include "proto/sdp/session.h"

#define MEDIA_LINES RS_MEDIA_KINDS /* streams of a call: audio, video */
#define MEDIA_DIGITS_MAX 32
#define MEDIA_DIGITS_HOW (1u << 16)

/** From a pool of the engine; leg->media is its slot, NO_MEDIA: none. */
struct media {
	struct rs_sdp_session sdp;
	struct rs_sdp_stream lines[MEDIA_LINES]; /* sdp.streams, ... */
	struct rs_blob more;			 /* ... unless the peer has offered more m-lines: then they are here */
	uint32_t leg;				 /* slot */
	struct rs_addr local;			 /* leg->path.local when the ports were taken, ... */
	uint8_t port;				 /* ... and leg->path.port */
	uint16_t ports[MEDIA_LINES];		 /* by rs_sdp_stream.local: RTP, RTCP is the next one; host byte order; 0: none taken */
	uint16_t profile;			 /* index in plan->media */
	uint32_t streams[MEDIA_LINES];		 /* see media_line(): slots in the pool of streams; NO_MEDIA: none runs */
	uint32_t ssrc[MEDIA_LINES];		 /* by rs_sdp_stream.local */
	uint64_t key_seed;			 /* of our SDES keys: the same bytes for each rendering */
	uint32_t heard;				 /* of an ended stream and the one that it heard: the same at both; 0: none was */
	uint8_t direction;			 /* our wish: enum rs_sdp_direction */
	bool hold_zero;				 /* and c=0.0.0.0 with it */
	bool plain;				 /* media_plain.c: lines[] are c= and m= of the peer's last description */
	bool image;				 /* its line 1 is m=image: UDPTL, no RTP */
	struct media_said {			 /* media_crypto.c: a=crypto lines of the scenario's own description, by line and place */
		uint8_t suite, params;		 /* RS_SDP_SUITE_NONE: none */
	} said[MEDIA_LINES][2];
	uint16_t key_turn[MEDIA_LINES];		 /* descriptions of ours while the line did not run: each has keys of its own */
	uint8_t offerer;			 /* and whose description came first: enum offerer */
	struct media_exchange {			 /* media_sdp.c: one for the INVITE, one for other requests */
		struct rs_blob said;		 /* our description, while it may have to be sent again */
		struct rs_blob before;		 /* the session before an offer of the peer's that our scenario may yet refuse */
		uint8_t state;			 /* enum exchange */
	} exchanges[2];
};

/** What a scenario's step asks for (rtp_stream, play_pcap_*, play_dtmf, rtp_echo, hold). */
enum media_do { MEDIA_SOURCE, MEDIA_REPLAY, MEDIA_DIGITS, MEDIA_ECHO, MEDIA_PAUSE, MEDIA_RESUME, MEDIA_STOP };

static inline struct media *
media_at(const struct rs_engine *e, const struct leg *leg)
{
	return leg->media == NO_MEDIA ? NULL : rs_pool_at(&e->media, leg->media);
}

/** What was agreed on for stream @k of ours, wherever its m-line stands; NULL: it is in none, or refused. */
static inline struct rs_sdp_stream *
media_line(struct media *m, uint32_t k)
{
	for (uint32_t i = 0; i < m->sdp.n_streams; i++) {
		struct rs_sdp_stream *st = &m->sdp.streams[i];

		if (st->state != RS_SDP_STREAM_REFUSED && (m->plain ? i : st->local) == k)
			return st;
	}
	return NULL;
}

/** @return the leg's media with ports taken, all else zero; leg->media is set. NULL: no ports or no memory, counted */
struct media *media_open(struct rs_engine *e, struct leg *leg, uint16_t profile);
/** sdp.streams[] changed: start, stop, hold, resume, new keys, another remote. Idempotent. */
void media_apply(struct rs_engine *e, struct leg *leg, struct media *m);
/**
 * @param what  enum media_do; of all lines that it can be done to
 * @param arg	MEDIA_SOURCE, MEDIA_REPLAY: clip of the program, behind them sources of the setup (media_setup.h); MEDIA_DIGITS: ms of each, 0: as
 *		the profile says, and MEDIA_DIGITS_HOW times enum rs_media_dtmf; MEDIA_ECHO: 0: no more; else not looked at
 * @param text	MEDIA_DIGITS: 0-9 * # A-D, at most MEDIA_DIGITS_MAX; else not looked at
 * @return 0; -ENOENT: no stream runs that could do it; -EINVAL: no such source, or no digits; -ENOTSUP: events were not negotiated, and the sound is not G.711
 */
int media_play(struct rs_engine *e, struct leg *leg, struct media *m, enum media_do what, uint32_t arg, struct rs_slice text);
void media_close(struct rs_engine *e, struct leg *leg);
/** Digits that were received so far (RFC 4733 and in-band, in order of their ends), at most MEDIA_DIGITS_MAX, newest kept. */
struct rs_slice media_digits(const struct rs_engine *e, const struct media *m);

/** The calendar's due slots (bounded); @return when the next one is due, UINT64_MAX: none runs. */
uint64_t streams_turn(struct rs_engine *e, uint64_t now_ns);
/** Received RTP and RTCP, in order; everything else was taken out by the caller. */
void streams_input(struct rs_engine *e, const struct rs_rx *rx, uint32_t n);
/** Is it UDPTL that came for a stream (and is counted then)? Asked of what is not RTP by its first byte. */
bool streams_udptl(struct rs_engine *e, const struct rs_rx *rx);
/** A burst was handed to the device: lateness of what was queued before. */
void streams_flushed(struct rs_engine *e, uint64_t time_ns);

#endif
