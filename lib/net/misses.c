/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/misses.h"

#define NS_PER_S 1000000000ull

static uint64_t
packets_in(uint64_t rate, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)rate * ns / NS_PER_S);
}

/** The rate of looks that found the queue not full: only those tell what came. */
static void
measure(struct rs_misses *m, uint64_t ns, uint32_t got)
{
	uint64_t rate;

	m->window_ns += ns;
	m->window_packets += got;
	if (m->window_ns < RS_MISSES_WINDOW_NS)
		return;
	rate = m->window_packets * NS_PER_S / m->window_ns;
	m->rate = m->rate ? (3 * m->rate + rate) / 4 : rate;
	m->window_ns = m->window_packets = 0;
}

/** The queue is empty again. What did the run of full bursts that ends here say? */
static uint64_t
judge_end(struct rs_misses *m, uint64_t now_ns)
{
	uint64_t came = packets_in(m->run_rate, now_ns - m->run_ns);
	uint64_t meanwhile = packets_in(m->run_rate, now_ns - m->run_first_ns);

	/* What waited at first, and an eighth less: a driver may keep some of the queue's places for itself. */
	if (!m->run_gap || m->run_packets < m->depth - m->depth / 8 + meanwhile)
		return 0;
	if (came > m->run_packets)
		return came - m->run_packets;
	return m->run_told == 0; /* else it was said already */
}

uint64_t
rs_misses_look(struct rs_misses *m, uint64_t now_ns, uint32_t got, bool full)
{
	uint64_t since = m->look_ns ? now_ns - m->look_ns : 0, missed = 0;

	if (!full) {
		if (m->run_packets) {
			m->run_packets += got;
			missed = judge_end(m, now_ns);
			m->run_packets = 0;
		} else {
			measure(m, since, got);
		}
		m->look_ns = now_ns;
		return missed;
	}
	if (m->run_packets == 0) {
		m->run_gap = since >= RS_MISSES_GAP_NS;
		m->run_ns = m->look_ns ? m->look_ns : now_ns;
		m->run_first_ns = now_ns;
		m->run_rate = m->rate;
		m->run_told = 0;
	}
	m->run_packets += got;
	m->look_ns = now_ns;
	/*
	 * Twice the queue in full bursts, and no end: more comes than is taken. How much more nobody knows; one for each queue's worth
	 * says that it happens.
	 */
	if (m->run_packets - m->run_told >= 2ull * m->depth) {
		m->run_told = m->run_packets - m->depth;
		missed = 1;
	}
	return missed;
}
