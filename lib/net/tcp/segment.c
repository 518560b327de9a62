/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/tcp/segment.h"

#include "net/ip.h"
#include "net/tcp/tcp.h"

enum option {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_SCALE = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_SACK = 5,
	OPTION_TIMESTAMPS = 8,
};

static void
read_sacks(const uint8_t *p, uint32_t n, struct segment *s)
{
	for (; n && s->n_sacks < TCP_SACKS_MAX; n--, p += 8) {
		s->sacks[s->n_sacks].from = rs_load32(p);
		s->sacks[s->n_sacks].to = rs_load32(p + 4);
		s->n_sacks++;
	}
}

/** One option of @len bytes, its kind and length included. @return false: it cannot be so long */
static bool
read_option(uint8_t kind, const uint8_t *p, uint32_t len, struct segment *s)
{
	bool syn = s->flags & TCP_SYN;

	switch (kind) {
	case OPTION_MSS:
		if (len != 4)
			return false;
		if (syn)
			s->mss = rs_load16(p + 2);
		return true;
	case OPTION_SCALE:
		if (len != 3)
			return false;
		s->has_scale = syn;
		s->scale = p[2] > TCP_WINDOW_SHIFT ? TCP_WINDOW_SHIFT : p[2];
		return true;
	case OPTION_SACK_PERMITTED:
		if (len != 2)
			return false;
		s->sack_permitted = syn;
		return true;
	case OPTION_SACK:
		if (len < 10 || len % 8 != 2)
			return false;
		read_sacks(p + 2, len / 8, s);
		return true;
	case OPTION_TIMESTAMPS:
		if (len != 10)
			return false;
		s->has_ts = true;
		s->ts_val = rs_load32(p + 2);
		s->ts_ecr = rs_load32(p + 6);
		return true;
	default: return true; /* not known: passed over (RFC 9293, 3.1) */
	}
}

static int
read_options(const uint8_t *p, uint32_t len, struct segment *s)
{
	/* Nearly all segments have timestamps and nothing else. */
	if (len == TCP_TS_LEN && rs_load32(p) == 0x0101080a) {
		s->has_ts = true;
		s->ts_val = rs_load32(p + 4);
		s->ts_ecr = rs_load32(p + 8);
		return 0;
	}
	while (len && *p != OPTION_END) {
		uint32_t n = 1;

		if (*p != OPTION_NOP) {
			if (len < 2 || p[1] < 2 || p[1] > len)
				return RS_NET_TCP_RX_BAD_OPTION;
			n = p[1];
			if (!read_option(*p, p, n, s))
				return RS_NET_TCP_RX_BAD_OPTION;
		}
		p += n;
		len -= n;
	}
	return 0;
}

int
rs_tcp_segment_parse(const struct rs_path *path, const uint8_t *p, uint32_t len, bool sum_is_good, struct segment *s)
{
	uint32_t head;

	*s = (struct segment){ 0 };
	if (len < RS_TCP_HDR_LEN)
		return RS_NET_TCP_RX_TRUNCATED;
	head = (p[12] >> 4) * 4u;
	if (head < RS_TCP_HDR_LEN || head > len)
		return RS_NET_TCP_RX_TRUNCATED;
	if (!sum_is_good &&
		rs_ip_fold(rs_ip_sum(p, len, rs_ip_pseudo_sum(&path->remote, &path->local, RS_IPPROTO_TCP, len))) != 0xffff)
		return RS_NET_TCP_RX_BAD_CHECKSUM;
	s->seq = rs_load32(p + 4);
	s->ack = rs_load32(p + 8);
	s->flags = p[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
	s->window = rs_load16(p + 14);
	s->payload = p + head;
	s->len = len - head;
	if (!(s->flags & (TCP_SYN | TCP_RST | TCP_ACK)) || ((s->flags & TCP_SYN) && (s->flags & (TCP_FIN | TCP_RST))))
		return RS_NET_TCP_RX_BAD_FLAGS;
	return read_options(p + RS_TCP_HDR_LEN, head - RS_TCP_HDR_LEN, s);
}

uint32_t
rs_tcp_header_len(const struct segment_out *s)
{
	uint32_t n = RS_TCP_HDR_LEN;

	if (s->mss)
		n += 4;
	if (s->ts)
		n += TCP_TS_LEN;
	if (s->has_scale)
		n += 4;
	if (s->sack_permitted)
		n += 4;
	if (s->n_sacks)
		n += 4 + 8u * s->n_sacks;
	return n;
}

void
rs_tcp_header_put(uint8_t *p, const struct rs_path *path, const struct segment_out *s, uint32_t len, bool offload)
{
	uint32_t head = rs_tcp_header_len(s), sum;
	uint8_t *o = p + RS_TCP_HDR_LEN;
	uint16_t check;

	rs_store16(p, path->local_port);
	rs_store16(p + 2, path->remote_port);
	rs_store32(p + 4, s->seq);
	rs_store32(p + 8, s->flags & TCP_ACK ? s->ack : 0);
	p[12] = (uint8_t)(head / 4 << 4);
	p[13] = s->flags;
	rs_store16(p + 14, s->window);
	rs_store32(p + 16, 0); /* checksum, urgent pointer */
	if (s->mss) {
		rs_store32(o, OPTION_MSS << 24 | 4 << 16 | s->mss);
		o += 4;
	}
	if (s->ts) {
		rs_store32(o, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_TIMESTAMPS << 8 | 10);
		rs_store32(o + 4, s->ts_val);
		rs_store32(o + 8, s->ts_ecr);
		o += TCP_TS_LEN;
	}
	if (s->has_scale) {
		rs_store32(o, OPTION_NOP << 24 | OPTION_SCALE << 16 | 3 << 8 | s->scale);
		o += 4;
	}
	if (s->sack_permitted) {
		rs_store32(o, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_SACK_PERMITTED << 8 | 2);
		o += 4;
	}
	if (s->n_sacks) {
		rs_store32(o, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_SACK << 8 | (2 + 8u * s->n_sacks));
		o += 4;
		for (uint32_t i = 0; i < s->n_sacks; i++, o += 8) {
			rs_store32(o, s->sacks[i].from);
			rs_store32(o + 4, s->sacks[i].to);
		}
	}
	sum = rs_ip_pseudo_sum(&path->local, &path->remote, RS_IPPROTO_TCP, head + len);
	if (offload) {
		check = rs_ip_fold(sum);
	} else {
		check = (uint16_t)~rs_ip_fold(rs_ip_sum(p, head + len, sum));
	}
	memcpy(p + 16, &check, 2);
}
