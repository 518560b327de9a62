/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals that the generator, not the SUT, may be what a figure shows. */
#include <math.h>

#include "observe/internal.h"

/* Above these a signal is worth a word: a call is to leave within its millisecond, and 10 ms without the core are many packets. */
#define LATE_MS 10.0
#define GAP_MS  10.0
#define BURST                                                                                      \
	32 /* packets; when most come in full bursts, the queue may have held more than we saw */

void
signals_add_port(struct signals *s, const uint64_t *c)
{
	s->misses += c[RS_NET_DEV_MISSED] + c[RS_NET_KERNEL_DROPS];
	s->misses_inferred += c[RS_NET_MISSES_INFERRED];
	s->device_no_mbuf += c[RS_NET_DEV_NO_MBUF] + c[RS_NET_FRAG_NO_MBUF];
	s->tx_full += c[RS_NET_TX_FULL];
	s->tx_no_mbuf += c[RS_NET_TX_NO_MBUF];
	s->full_bursts += c[RS_NET_RX_FULL_BURSTS];
	s->rx_packets += c[RS_NET_RX_PACKETS];
	s->redirect_full += c[RS_NET_FRAG_LOST];
	s->unresolved += c[RS_NET_TX_UNRESOLVED];
}

struct signals
signals_of(const struct rs_observer *o, const uint64_t *image)
{
	struct signals s = { 0 };

	for (uint32_t w = 0; w < o->what.n_workers; w++) {
		s.pool_empty += snapshot_engine(o, image, w)[RS_ENG_POOL_EMPTY];
		s.redirect_full += snapshot_worker(o, image, w)[RS_WORK_REDIRECT_FULL];
		for (uint32_t p = 0; p < o->what.n_ports; p++)
			signals_add_port(&s, snapshot_port(o, image, w, p));
	}
	return s;
}

struct signals
signals_minus(const struct signals *a, const struct signals *b)
{
	return (struct signals){
		.misses = a->misses - b->misses,
		.misses_inferred = a->misses_inferred - b->misses_inferred,
		.device_no_mbuf = a->device_no_mbuf - b->device_no_mbuf,
		.tx_full = a->tx_full - b->tx_full,
		.tx_no_mbuf = a->tx_no_mbuf - b->tx_no_mbuf,
		.pool_empty = a->pool_empty - b->pool_empty,
		.redirect_full = a->redirect_full - b->redirect_full,
		.full_bursts = a->full_bursts - b->full_bursts,
		.rx_packets = a->rx_packets - b->rx_packets,
		.unresolved = a->unresolved - b->unresolved,
	};
}

void
signals_text(struct now *now, const struct breach *broken)
{
	if (broken) {
		int n = snprintf(now->text, sizeof(now->text), "limited: ");

		snprintf(now->text + n, sizeof(now->text) - (size_t)n,
			limit_rules[broken->limit].live, broken->value);
		return;
	}
	const struct signals *g = &now->grown;
	const struct {
		uint64_t n;
		const char *text;
	} counted[] = {
		/* what lost something first */
		{ g->pool_empty, "pool empty" },
		{ g->misses, "device missed packets" },
		{ g->misses_inferred, "packets missed, as inferred" },
		{ g->device_no_mbuf + g->tx_no_mbuf, "no packet buffers" },
		{ g->tx_full, "transmit queue full" },
		{ g->redirect_full, "redirect ring full" },
	};

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (counted[i].n) {
			snprintf(now->text, sizeof(now->text), "%s (%llu)", counted[i].text,
				(unsigned long long)counted[i].n);
			return;
		}
	if (now->late_p99_ms > LATE_MS) /* never with NAN */
		snprintf(now->text, sizeof(now->text), "late %.0f ms", now->late_p99_ms);
	else if (now->gap_max_ms > GAP_MS)
		snprintf(now->text, sizeof(now->text), "gap %.0f ms", now->gap_max_ms);
	else if (g->unresolved)
		snprintf(now->text, sizeof(now->text), "neighbour unresolved (%llu)",
			(unsigned long long)g->unresolved);
	else if (g->full_bursts * BURST > g->rx_packets / 2)
		snprintf(now->text, sizeof(now->text), "full bursts (%llu)",
			(unsigned long long)g->full_bursts);
	else
		snprintf(now->text, sizeof(now->text), "ok");
}
