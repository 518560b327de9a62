/* SPDX-License-Identifier: BSD-3-Clause */
/* When reports are due (RFC 3550, 6.3 and A.7). */
#include "proto/rtcp/session.h"

#define RTCP_SHARE      0.05    /* of the session's bandwidth */
#define SENDERS_SHARE   0.25    /* of RTCP's */
#define RECONSIDERATION 1.21828 /* e - 3/2: what reconsideration makes intervals longer by */

uint64_t
rs_rtcp_timer_interval(const struct rs_rtcp_timer *t, double random)
{
	double bandwidth = t->bytes_per_s, n = t->members, min_s = (double)t->min_ns / 1e9, s;

	if (t->initial)
		min_s /= 2;
	if (t->senders <= t->members * SENDERS_SHARE) {
		if (t->sender) {
			bandwidth *= SENDERS_SHARE;
			n = t->senders;
		} else {
			bandwidth *= 1 - SENDERS_SHARE;
			n -= t->senders;
		}
	}
	s = bandwidth > 0 ? t->avg_size * n / bandwidth : 0;
	if (s < min_s)
		s = min_s;
	return (uint64_t)(s * (random + 0.5) / RECONSIDERATION * 1e9);
}

void
rs_rtcp_timer_init(struct rs_rtcp_timer *t, uint64_t now_ns, uint32_t session_bps, uint64_t min_ns,
	uint32_t first_size, bool sender, double random)
{
	*t = (struct rs_rtcp_timer){
		.last_ns = now_ns,
		.min_ns = min_ns,
		.bytes_per_s = (float)(session_bps / 8.0 * RTCP_SHARE),
		.avg_size = (float)first_size,
		/* A call has two parties, and we know it from its signalling. */
		.members = 2,
		.pmembers = 2,
		.senders = sender ? 2 : 1,
		.sender = sender,
		.initial = true,
	};
	t->next_ns = now_ns + rs_rtcp_timer_interval(t, random);
}

static void
average(struct rs_rtcp_timer *t, uint32_t size)
{
	t->avg_size += ((float)size - t->avg_size) / 16;
}

bool
rs_rtcp_timer_due(struct rs_rtcp_timer *t, uint64_t now_ns, uint32_t size, double random)
{
	uint64_t next = t->last_ns + rs_rtcp_timer_interval(t, random);
	bool due = next <= now_ns;

	if (due) {
		average(t, size);
		t->last_ns = now_ns;
		t->initial = false;
		/* Drawn once more: the interval just used was spent on the decision. */
		next = now_ns + rs_rtcp_timer_interval(t, random);
	}
	t->next_ns = next;
	t->pmembers = t->members;
	return due;
}

void
rs_rtcp_timer_received(struct rs_rtcp_timer *t, uint32_t size)
{
	average(t, size);
}

void
rs_rtcp_timer_members(struct rs_rtcp_timer *t, uint64_t now_ns, uint16_t members, uint16_t senders)
{
	t->members = members;
	t->senders = senders;
	if (members >= t->pmembers || t->pmembers == 0)
		return;
	t->next_ns =
		now_ns + (t->next_ns > now_ns ? (t->next_ns - now_ns) * members / t->pmembers : 0);
	t->last_ns = now_ns - (now_ns - t->last_ns) * members / t->pmembers;
	t->pmembers = members;
}
