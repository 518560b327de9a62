/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/rtp/burst.h"

void
rs_rtp_burst_init(struct rs_rtp_burst *b, uint32_t first, uint32_t gmin)
{
	*b = (struct rs_rtp_burst){ .next = first, .gmin = gmin };
}

/** Gmin packets in a row were played: the missing ones before them were a burst, or one that stands alone. */
static void
close_group(struct rs_rtp_burst *b)
{
	if (b->group == 1)
		b->c14++;
	else if (b->group > 1)
		b->c13++;
	b->group = 0;
}

void
rs_rtp_burst_missing(struct rs_rtp_burst *b, uint32_t pos, uint32_t n, bool discarded)
{
	uint32_t played = pos - b->next;

	if (n == 0)
		return;
	if (b->group == 0 || played >= b->gmin) {
		close_group(b);
		b->c11 += played;
		b->group = 1;
	} else {
		b->group++;
		if (played == 0) {
			b->c33++;
		} else {
			b->c23++;
			b->c22 += played - 1;
		}
	}
	b->group += n - 1;
	b->c33 += n - 1;
	b->next = pos + n;
	if (discarded)
		b->discarded += n;
	else
		b->lost += n;
}

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

void
rs_rtp_burst_report(const struct rs_rtp_burst *b, uint32_t end, double packet_ms,
	struct rs_rtp_burst_report *out)
{
	struct rs_rtp_burst c = *b;
	double total, expected, p32, p23;

	close_group(&c);
	c.c11 += end - c.next;
	c.next = end;
	/* What goes in comes out: c31 is c13, c32 is c23. */
	total = (double)c.c11 + c.c14 + 2.0 * c.c13 + c.c22 + 2.0 * c.c23 + c.c33;
	/* Packets, not transitions: each burst has one transition more than packets. */
	expected = total - c.c13;
	p32 = share(c.c23, (double)c.c13 + c.c23 + c.c33);
	p23 = c.c22 + c.c23 < 1 ? 1 : 1 - (double)c.c22 / ((double)c.c22 + c.c23);
	*out = (struct rs_rtp_burst_report){
		.loss_percent = 100 * share(c.lost, expected),
		.discard_percent = 100 * share(c.discarded, expected),
		.burst_density = c.c13 > 0 ? share(p23, p23 + p32) : 0,
		.gap_density = share(c.c14, (double)c.c11 + c.c14),
		.gap_ms = total * packet_ms,
		.bursts = c.c13,
		.counts = c,
	};
	if (c.c13 > 0) {
		out->gap_ms = ((double)c.c11 + c.c14 + c.c13) * packet_ms / c.c13;
		out->burst_ms = total * packet_ms / c.c13 - out->gap_ms;
	}
}
