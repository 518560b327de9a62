/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Metrics. A module declares a static table of definitions and an enum of its rows. An instance is one set of cells for that
 * table with labels (worker, port, activity, ...), made by control; exactly one thread writes its cells, any thread may read
 * them. Cells only grow (gauges aside) and are never reset: intervals are differences of snapshots.
 */
#ifndef RS_BASE_METRIC_H
#define RS_BASE_METRIC_H

#include <stdatomic.h>

#include "base/hist.h"

enum rs_metric_type {
	RS_METRIC_COUNTER,
	RS_METRIC_GAUGE,
	RS_METRIC_MAX,	/* highest value seen */
	RS_METRIC_HIST
};

struct rs_metric_def {
	const char *name; /* "calls_started": words of the field, lower case; the unit is its own member */
	const char *unit; /* "calls", "packets", "bytes", "ns", ... */
	const char *help; /* one sentence for docs and exporters */
	enum rs_metric_type type;
};

struct rs_metric_table {
	const char *module; /* "engine", "port", ... */
	const char *labels; /* "worker,activity": what an instance is told apart by */
	const struct rs_metric_def *defs;
	uint32_t n_defs;
};

struct rs_metrics {
	const struct rs_metric_table *table;
	_Atomic uint64_t *cells;  /* n_defs; those of histograms are unused */
	struct rs_hist **hists;	  /* n_defs; NULL where the definition is no histogram */
};

/** Memory for one instance, zeroed. @return 0, -ENOMEM */
int rs_metrics_init(struct rs_metrics *m, const struct rs_metric_table *table);
void rs_metrics_fini(struct rs_metrics *m);
/** Bytes of memory that one instance takes. */
uint64_t rs_metrics_bytes(const struct rs_metric_table *table);

/* Writer's side: plain load and store, relaxed, since there is one writer. */
static inline void
rs_metric_add(struct rs_metrics *m, uint32_t i, uint64_t n)
{
	atomic_store_explicit(&m->cells[i], atomic_load_explicit(&m->cells[i], memory_order_relaxed) + n,
		memory_order_relaxed);
}

static inline void
rs_metric_inc(struct rs_metrics *m, uint32_t i)
{
	rs_metric_add(m, i, 1);
}

static inline void
rs_metric_set(struct rs_metrics *m, uint32_t i, uint64_t v)
{
	atomic_store_explicit(&m->cells[i], v, memory_order_relaxed);
}

static inline void
rs_metric_max(struct rs_metrics *m, uint32_t i, uint64_t v)
{
	if (v > atomic_load_explicit(&m->cells[i], memory_order_relaxed))
		rs_metric_set(m, i, v);
}

static inline void
rs_metric_record(struct rs_metrics *m, uint32_t i, uint64_t ns)
{
	rs_hist_record(m->hists[i], ns);
}

static inline void
rs_metric_record_n(struct rs_metrics *m, uint32_t i, uint64_t ns, uint32_t n)
{
	rs_hist_record_n(m->hists[i], ns, n);
}

/* Anybody's side. */
static inline uint64_t
rs_metric_get(const struct rs_metrics *m, uint32_t i)
{
	return atomic_load_explicit(&m->cells[i], memory_order_relaxed);
}

#endif
