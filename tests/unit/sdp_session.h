/* SPDX-License-Identifier: BSD-3-Clause */
/** Two sides that offer and answer, for the tests of lib/proto/sdp/session.h. */
#ifndef RS_TESTS_UNIT_SDP_SESSION_H
#define RS_TESTS_UNIT_SDP_SESSION_H

#include "proto/sdp/session.h"
#include "sdp_text.h"

/* What stands before the m-lines of a peer's description. */
#define PEER(version)                                                                              \
	"v=0\r\no=peer 1 " version " IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n"
#define OFFER  PEER("1")
#define OFFER2 PEER("2")
#define ANSWER PEER("1")

#define SIDE_KEYS (RS_SDP_MAX_SUITES * RS_SDP_KEY_MAX)

/** @size bytes of zeros that live as long as the program: sides are copied, what they point to stays. */
static inline void *
lasting(size_t size)
{
	static struct block {
		struct block *next;
		max_align_t data[];
	} * all;
	struct block *b = calloc(1, sizeof(*b) + size);

	assert_non_null(b);
	b->next = all;
	all = b;
	return b->data;
}

struct side {
	struct rs_sdp_profile *profiles;
	struct rs_sdp_local_media *media;
	struct rs_sdp_stream *streams;
	uint8_t *keys;
	char *text; /* what it said last */
	struct rs_sdp_local local;
	struct rs_sdp_session session;
	struct rs_sdp_result result;
};

static struct rs_sdp parsed;

/** A profile with the codecs of @names, blanks between them; not complete yet. Video ones are made as they come. */
static inline struct rs_sdp_profile
profile(const char *type, const char *names)
{
	struct rs_sdp_profile p = { .srtp = RS_SDP_SRTP_FORBIDDEN };
	char copy[128], *save = NULL;

	snprintf(p.type, sizeof(p.type), "%s", type);
	snprintf(copy, sizeof(copy), "%s", names);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		struct rs_sdp_codec *c = &p.codecs[p.n_codecs++];

		if (rs_sdp_codec_find(rs_slice_str(word), c) == 0)
			continue;
		*c = (struct rs_sdp_codec){ .clock_hz = 90000,
			.channels = 1,
			.frame_ms = 10,
			.payload = strcmp(word, "H261") == 0 ? 31 : 32 };
		snprintf(c->name, sizeof(c->name), "%s", word);
	}
	return p;
}

/** A side with audio codecs and, when @video is not NULL, video codecs. */
static inline struct side
side_new(const char *audio, const char *video)
{
	struct side s = { .profiles = lasting(4 * sizeof(*s.profiles)),
		.media = lasting(4 * sizeof(*s.media)),
		.streams = lasting(8 * sizeof(*s.streams)),
		.keys = lasting(SIDE_KEYS),
		.text = lasting(4096) };

	for (size_t i = 0; i < SIDE_KEYS; i++)
		s.keys[i] = (uint8_t)(i * 31 + 7);
	s.profiles[0] = profile("audio", audio);
	assert_int_equal(rs_sdp_profile_complete(&s.profiles[0]), 0);
	if (video != NULL) {
		s.profiles[1] = profile("video", video);
		assert_int_equal(rs_sdp_profile_complete(&s.profiles[1]), 0);
	}
	for (int i = 0; i < 2; i++)
		s.media[i] = (struct rs_sdp_local_media){ .profile = &s.profiles[i],
			.keys = s.keys,
			.port = (uint16_t)(6000 + 2 * i),
			.direction = RS_SDP_SENDRECV };
	s.local = (struct rs_sdp_local){
		.address = addr("192.0.2.7"), .media = s.media, .n_media = video != NULL ? 2 : 1
	};
	rs_sdp_session_init(&s.session, 77, s.streams, 8);
	return s;
}

/** The side's offer, the same when it is rendered again. */
static inline const char *
offer_of(struct side *s)
{
	char again[4096];
	int n = rs_sdp_offer(&s->session, &s->local, (uint8_t *)s->text, 4095);

	if (n < 0)
		fail_msg("no offer: %d", n);
	s->text[n] = '\0';
	assert_int_equal(rs_sdp_offer(&s->session, &s->local, (uint8_t *)again, 4095), n);
	assert_memory_equal(s->text, again, (size_t)n);
	return s->text;
}

static inline int
try_answer(struct side *s, const char *offer)
{
	int n;

	assert_parses(offer, &parsed);
	n = rs_sdp_answer(&s->session, &s->local, &parsed, (uint8_t *)s->text, 4095, &s->result);
	if (n >= 0)
		s->text[n] = '\0';
	return n;
}

/** The side's answer to @offer, the same when it is rendered again. */
static inline const char *
answer_to(struct side *s, const char *offer)
{
	struct rs_sdp_result again_result;
	char again[4096];
	int n = try_answer(s, offer);

	if (n < 0)
		fail_msg("no answer: %d %s", n, rs_sdp_fail_name(s->result.why));
	assert_int_equal(rs_sdp_answer(&s->session, &s->local, &parsed, (uint8_t *)again, 4095,
				 &again_result),
		n);
	assert_memory_equal(s->text, again, (size_t)n);
	return s->text;
}

static inline int
try_accept(struct side *s, const char *answer)
{
	assert_parses(answer, &parsed);
	return rs_sdp_accept(&s->session, &s->local, &parsed, &s->result);
}

static inline void
accept_text(struct side *s, const char *answer)
{
	if (try_accept(s, answer) != 0)
		fail_msg("not accepted: %s", rs_sdp_fail_name(s->result.why));
}

static inline void
exchange(struct side *offerer, struct side *answerer)
{
	offer_of(offerer);
	answer_to(answerer, offerer->text);
	accept_text(offerer, answerer->text);
}

static inline void
assert_has(const char *text, const char *part)
{
	if (text == NULL || strstr(text, part) == NULL)
		fail_msg("no\n%s\nin\n%s", part, text != NULL ? text : "");
}

#endif
