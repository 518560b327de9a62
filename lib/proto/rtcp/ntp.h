/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * NTP timestamps and the round trip they give (RFC 3550, 4 and 6.4.1; RFC 3611, 4.4 and 4.5). A time here is ns since 1970; a
 * short one is the middle 32 bits of NTP's 64: 1/65536 s, and comes round every 18 hours.
 */
#ifndef RS_PROTO_RTCP_NTP_H
#define RS_PROTO_RTCP_NTP_H

#include <stdint.h>

#define RS_RTCP_NTP_1970 2208988800ull /* s from 1900 to 1970 */

/** To 32.32 fixed point; the second counter wraps in 2036, as NTP's does. */
static inline uint64_t
rs_rtcp_ntp(uint64_t unix_ns)
{
	uint64_t s = unix_ns / 1000000000u, ns = unix_ns % 1000000000u;

	/* Rounded up, so that the way back, which rounds down, ends where it began. */
	return (s + RS_RTCP_NTP_1970) << 32 | ((ns << 32) + 999999999u) / 1000000000u;
}

/** Back, of a time between 1970 and 2036. */
static inline uint64_t
rs_rtcp_unix_ns(uint64_t ntp)
{
	return ((ntp >> 32) - RS_RTCP_NTP_1970) * 1000000000u +
		((ntp & 0xffffffffu) * 1000000000u >> 32);
}

static inline uint32_t
rs_rtcp_short(uint64_t ntp)
{
	return (uint32_t)(ntp >> 16);
}

/** A length of time in 1/65536 s, saturated. */
static inline uint32_t
rs_rtcp_short_ns(uint64_t ns)
{
	unsigned __int128 v = ((unsigned __int128)ns << 16) / 1000000000u;

	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

/**
 * Round trip by a report block, or by a sub-block of DLRR with its LRR and DLRR.
 *
 * @param now	 short NTP when the report came, of the clock that wrote @lsr
 * @param rtt_ns out; resolution is 15 us
 * @return 0; -ENODATA when @lsr is 0: the peer had no report of ours yet; -ERANGE when it comes out negative: one of the clocks was
 * 	set, or the peer's DLSR is wrong
 */
int rs_rtcp_round_trip(uint32_t now, uint32_t lsr, uint32_t dlsr, uint64_t *rtt_ns);

#endif
