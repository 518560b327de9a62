/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/metric.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whole cache lines: the writers of two instances must not share one. */
static void *
alloc_lines(size_t size)
{
	void *p;

	size = (size + 63) & ~(size_t)63;
	p = aligned_alloc(64, size);
	if (p != NULL)
		memset(p, 0, size);
	return p;
}

int
rs_metrics_init(struct rs_metrics *m, const struct rs_metric_table *table)
{
	*m = (struct rs_metrics){ .table = table };
	m->cells = alloc_lines(sizeof(*m->cells) * (table->n_defs + 1));
	m->hists = calloc(table->n_defs + 1, sizeof(struct rs_hist *));
	if (m->cells == NULL || m->hists == NULL)
		goto fail;
	for (uint32_t i = 0; i < table->n_defs; i++) {
		if (table->defs[i].type != RS_METRIC_HIST)
			continue;
		m->hists[i] = alloc_lines(sizeof(struct rs_hist));
		if (m->hists[i] == NULL)
			goto fail;
		rs_hist_init(m->hists[i]);
	}
	return 0;
fail:
	rs_metrics_fini(m);
	return -ENOMEM;
}

uint64_t
rs_metrics_bytes(const struct rs_metric_table *table)
{
	uint64_t n = (uint64_t)(table->n_defs + 1) * (sizeof(_Atomic uint64_t) + sizeof(struct rs_hist *));

	for (uint32_t i = 0; i < table->n_defs; i++)
		n += table->defs[i].type == RS_METRIC_HIST ? sizeof(struct rs_hist) : 0;
	return n;
}

void
rs_metrics_fini(struct rs_metrics *m)
{
	if (m->hists != NULL)
		for (uint32_t i = 0; i < m->table->n_defs; i++)
			free(m->hists[i]);
	free(m->hists);
	free(m->cells);
	*m = (struct rs_metrics){ 0 };
}
