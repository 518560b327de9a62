/* SPDX-License-Identifier: BSD-3-Clause */
/* What ICMP says about a segment of ours, believed as far as RFC 5927 does: anybody can write such a message. */
#include "net/tcp/private.h"

#include "net/eth.h"
#include "net/fragment.h"
#include "net/icmp.h"

int
rs_tcp_error_kind(uint8_t family, uint8_t type, uint8_t code)
{
	if (family == 4) {
		if (type == RS_ICMP_TIME_EXCEEDED)
			return RS_TCP_ERROR_SOFT;
		if (type != RS_ICMP_UNREACHABLE)
			return -1;
		if (code == RS_ICMP_NEEDS_FRAGMENT)
			return RS_TCP_ERROR_TOO_BIG;
		/* Protocol, port; prohibited: net, host, by filter (RFC 1812, 5.2.7.1). */
		return code == 2 || code == 3 || code == 9 || code == 10 || code == 13 ? RS_TCP_ERROR_HARD : RS_TCP_ERROR_SOFT;
	}
	switch (type) {
	case RS_ICMP6_TOO_BIG: return RS_TCP_ERROR_TOO_BIG;
	case RS_ICMP6_TIME_EXCEEDED: return RS_TCP_ERROR_SOFT;
	case RS_ICMP6_UNREACHABLE: return code == 1 || code == 4 ? RS_TCP_ERROR_HARD : RS_TCP_ERROR_SOFT;
	default: return -1;
	}
}

/** What an old router may have meant (RFC 1191, 7). */
static uint32_t
plateau_below(uint32_t mtu)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, RS_MTU4_MIN };
	uint32_t i = 0;

	while (i + 1 < sizeof(plateaus) / sizeof(plateaus[0]) && plateaus[i] >= mtu)
		i++;
	return plateaus[i];
}

static void
too_big(struct rs_tcp *t, struct tcp_conn *c, uint32_t mtu)
{
	uint32_t least_mtu = c->path.remote.family == 4 ? RS_MTU4_MIN : RS_MTU6_MIN, payload;
	uint32_t head = (c->path.remote.family == 4 ? 20 : 40) + RS_TCP_HDR_LEN + (c->flags & F_TIMESTAMPS ? TCP_TS_LEN : 0);

	if (mtu == 0)
		mtu = plateau_below(c->mtu);
	mtu = most(mtu, least_mtu);
	payload = mtu > head ? mtu - head : 0;
	if (mtu >= c->mtu || payload >= c->size_sent) { /* larger than what we have sent: why should it not pass? */
		count(t, RS_NET_TCP_ICMP_IGNORED);
		return;
	}
	if (payload < c->size_acked) { /* as long ones came through before: it is believed when no more do */
		c->mtu_told = (uint16_t)mtu;
		return;
	}
	count(t, RS_NET_TCP_ICMP_TOO_BIG);
	c->mtu = (uint16_t)mtu;
	c->mtu_told = 0;
	tcp_set_mss(c);
	/* What did not fit is sent again at once, and the network was not crowded (RFC 1191, 6.5). */
	c->snd_nxt = c->snd_una;
	c->flags &= ~(uint32_t)(F_RECOVERY | F_TIMING);
	c->dupacks = 0;
	clear_due(c, DUE_RETRANSMIT);
}

void
rs_tcp_error(struct rs_tcp *t, const struct rs_path *path, struct rs_slice quoted, enum rs_tcp_error_kind kind, uint32_t mtu,
	uint64_t now_ns)
{
	struct tcp_conn *c;
	uint32_t at, seq;

	tcp_set_now(t, now_ns);
	at = quoted.len < 8 ? NONE : tcp_find(t, path);
	if (at == NONE || (at & AT_KIND) != AT_CONNECTION) {
		count(t, RS_NET_TCP_ICMP_IGNORED);
		return;
	}
	c = conn_at(t, at);
	seq = rs_load32(quoted.p + 4);
	if (before(seq, c->snd_una) || !before(seq, c->snd_max)) { /* not under way (RFC 5927, 4.1) */
		count(t, RS_NET_TCP_ICMP_IGNORED);
		return;
	}
	if (kind == RS_TCP_ERROR_TOO_BIG) {
		if (is_synchronized(c))
			too_big(t, c, mtu);
		tcp_output(t, c);
		return;
	}
	count(t, RS_NET_TCP_ICMP_UNREACHABLE);
	/* An established connection outlives it (RFC 5927, 5.2); one that is being made need not wait (RFC 5461, 4.1). */
	if (kind == RS_TCP_ERROR_HARD && c->state == RS_TCP_SYN_SENT)
		tcp_end(t, c, RS_TCP_CAUSE_UNREACHABLE);
	else
		c->flags |= F_SOFT_ERROR;
}
