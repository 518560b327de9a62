/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One TCP and a peer that the test plays segment by segment. Sequence numbers count from the SYN of whoever sends: its
 * SYN is 0.
 */
#ifndef RS_TESTS_UNIT_TCP_SCRIPT_H
#define RS_TESTS_UNIT_TCP_SCRIPT_H

#include "guard.h"
#include "tcp_rig.h"

#define PEER_ISN 0xfffff000u /* sequence numbers wrap early */
#define S	 TCP_SYN
#define A	 TCP_ACK
#define F	 TCP_FIN
#define R	 TCP_RST
#define P	 TCP_PSH

struct script {
	struct rig *r;
	struct end *e;
	struct rs_path path; /* as ours sees it */
	uint32_t isn;	     /* ours */
	rs_handle h;
	uint32_t looked; /* caught packets seen so far */
	/* What the peer's segments have. */
	bool ts;
	uint32_t ts_val, ts_ecr;
	uint16_t window;
	struct segment_out options; /* of its SYN: mss, scale, sack_permitted; of others: sacks */
};

static inline struct script
script_new(const struct rs_tcp_cfg *cfg, int family)
{
	struct script s = { .path = path_of(family), .window = 65535 };

	s.r = rig_new(cfg, NULL);
	s.r->caught = true;
	s.e = &s.r->ends[0];
	s.options.mss = 1460;
	return s;
}

static inline void
script_free(struct script *s)
{
	rig_free(s->r);
}

static inline uint8_t
text_at(uint32_t seq)
{
	return (uint8_t)(seq * 7 + (seq >> 8));
}

/**
 * A segment of the peer, with sequence numbers as they are; @len bytes that follow from their numbers; it ends at an
 * unreadable page.
 */
static inline void
in_raw(struct script *s, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct rs_path peer = flip(&s->path);
	struct segment_out o = s->options;
	struct guard g;
	uint32_t head;

	o.flags = flags;
	o.seq = seq;
	o.ack = ack;
	o.window = s->window;
	o.ts = s->ts;
	o.ts_val = s->ts_val;
	o.ts_ecr = s->ts_ecr;
	if (!(flags & S)) {
		o.mss = 0;
		o.has_scale = o.sack_permitted = false;
	}
	head = rs_tcp_header_len(&o);
	g = guard_new(NULL, head + len);
	for (uint32_t i = 0; i < len; i++)
		g.p[head + i] = text_at(seq - PEER_ISN + i);
	rs_tcp_header_put(g.p, &peer, &o, len, false);
	rs_tcp_input(s->e->t, &s->path, g.p, head + len, false, s->r->now);
	guard_free(&g);
	s->options.n_sacks = 0;
}

static inline void
in(struct script *s, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	in_raw(s, flags, PEER_ISN + seq, flags & A ? s->isn + ack : 0, len);
}

/** The peer says that it has bytes @from to @to. */
static inline void
sack(struct script *s, uint32_t from, uint32_t to)
{
	s->options.sacks[s->options.n_sacks].from = s->isn + from;
	s->options.sacks[s->options.n_sacks++].to = s->isn + to;
}

/** The next segment that ours sent. */
static inline struct segment
out(struct script *s)
{
	struct packet *p = &s->r->packets[s->looked];
	struct rs_path as_peer;
	struct segment seg;

	if (s->looked >= s->r->n_packets)
		fail_msg("nothing was sent");
	s->looked++;
	as_peer = flip(&p->path);
	assert_int_equal(rs_tcp_segment_parse(&as_peer, p->bytes, p->len, false, &seg), 0);
	return seg;
}

static inline void
nothing(struct script *s)
{
	if (s->looked != s->r->n_packets) {
		struct segment seg = out(s);

		fail_msg("flags %02x seq %d ack %d len %u was sent", seg.flags, (int)(seg.seq - s->isn), (int)(seg.ack - PEER_ISN), seg.len);
	}
}

/** The next segment that ours sent is this; PSH does not matter. */
static inline struct segment
expect(struct script *s, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment seg = out(s);

	if ((seg.flags & ~P) != flags || (int)(seg.seq - s->isn) != (int)seq || ((flags & A) && (int)(seg.ack - PEER_ISN) != (int)ack) ||
		seg.len != len)
		fail_msg("flags %02x seq %d ack %d len %u instead of %02x %d %d %u", seg.flags, (int)(seg.seq - s->isn),
			(int)(seg.ack - PEER_ISN), seg.len, flags, (int)seq, (int)ack, len);
	return seg;
}

static inline void
wait_ms(struct script *s, uint64_t ms)
{
	uint64_t end = s->r->now + MS(ms);

	while (s->r->now < end) {
		s->r->now += MS(1) / 2;
		(void)rs_tcp_tick(s->e->t, s->r->now);
	}
}

static inline enum rs_tcp_state
state_of(const struct script *s)
{
	struct rs_tcp_info i;

	return rs_tcp_info(s->e->t, s->h, &i) == 0 ? i.state : RS_TCP_STATE_CLOSED;
}

static inline uint64_t
counted(const struct script *s, uint32_t row)
{
	return cell(s->e, row);
}

static inline void
script_connect(struct script *s)
{
	struct segment syn;

	assert_int_equal(rs_tcp_connect(s->e->t, &s->path, NULL, 5, s->r->now, &s->h), 0);
	syn = out(s);
	assert_int_equal(syn.flags, S);
	s->isn = syn.seq;
	if (s->ts)
		s->ts_ecr = syn.ts_val;
}

/** Established, begun by ours: byte 1 of both is the next. */
static inline void
script_established(struct script *s)
{
	script_connect(s);
	in(s, S | A, 0, 1, 0);
	expect(s, A, 1, 1, 0);
	assert_int_equal(state_of(s), RS_TCP_ESTABLISHED);
	assert_told(s->e, RS_TCP_CONNECTED, RS_TCP_CAUSE_NONE);
}

/** Established, begun by the peer. */
static inline void
script_accepted(struct script *s)
{
	struct segment synack;

	in(s, S, 0, 0, 0);
	synack = out(s);
	assert_int_equal(synack.flags, S | A);
	assert_int_equal(synack.ack, PEER_ISN + 1);
	s->isn = synack.seq;
	if (s->ts)
		s->ts_ecr = synack.ts_val;
	in(s, A, 1, 1, 0);
	assert_told(s->e, RS_TCP_ACCEPTED, RS_TCP_CAUSE_NONE);
	s->h = s->e->h;
	assert_int_equal(state_of(s), RS_TCP_ESTABLISHED);
	nothing(s);
}

/** Write @n bytes. */
static inline int64_t
write_n(struct script *s, uint32_t n)
{
	static const uint8_t zeros[1 << 20];

	return rs_tcp_write(s->e->t, s->h, rs_slice_of(zeros, n), s->r->now);
}

#endif
