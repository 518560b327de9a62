/* SPDX-License-Identifier: BSD-3-Clause */
/* The observer's life, and the zero of its figures. */
#include <errno.h>
#include <stdlib.h>

#include "observe/internal.h"

int
rs_observer_create(const struct rs_observed *what, struct rs_observer **out)
{
	struct rs_observer *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return -ENOMEM;
	o->what = *what;
	rc = sets_create(o);
	if (rc == 0)
		rc = snapshot_layout(o);
	if (rc == 0)
		rc = samples_layout(o);
	for (uint32_t a = 0; a < what->plan->n_activities && rc == 0; a++)
		rc = programs_layout(o, a);
	o->from[ZERO_RUN] = rc == 0 ? calloc(o->image_cells + 1, sizeof(uint64_t)) : NULL;
	if (!o->from[ZERO_RUN])
		rc = -ENOMEM;
	for (uint32_t i = 0; i < SCRATCHES && rc == 0; i++) {
		o->scratch[i] = rs_hist_sum_create();
		rc = o->scratch[i] ? 0 : -ENOMEM;
	}
	if (rc == 0)
		rc = limits_create(o);
	if (rc == 0) {
		/* The cells of workers and ports live as long as the process: what earlier runs left in them is not ours. */
		snapshot_read(o, o->from[ZERO_RUN]);
		samples_collect(o);
		rc = samples_set_zero(o, ZERO_RUN);
	}
	if (rc) {
		rs_observer_free(o);
		return rc;
	}
	o->now = (struct now){
		.late_p99_ms = NAN, .late_max_ms = NAN, .gap_max_ms = NAN, .text = "ok"
	};
	*out = o;
	return 0;
}

void
rs_observer_free(struct rs_observer *o)
{
	if (!o)
		return;
	free(o->intervals);
	limits_free(o);
	samples_free(o);
	sets_free(o);
	for (uint32_t i = 0; i < SCRATCHES; i++)
		free(o->scratch[i]);
	free(o->from[ZERO_RUN]);
	free(o->from[ZERO_RESET]);
	programs_free(o);
	free(o);
}

int
rs_observer_add(struct rs_observer *o, uint32_t activity)
{
	int rc = samples_activity(o, activity);

	return rc ? rc : programs_layout(o, activity);
}

void
rs_observer_reset(struct rs_observer *o, uint64_t now_ns)
{
	uint64_t *image = o->from[ZERO_RESET] ? o->from[ZERO_RESET]
					      : calloc(o->image_cells + 1, sizeof(*image));

	samples_collect(o);
	if (!image || samples_set_zero(o, ZERO_RESET) != 0) {
		if (!o->from[ZERO_RESET])
			free(image);
		return; /* without memory the zero stays where it was */
	}
	snapshot_read(o, image);
	o->from[ZERO_RESET] = image;
	o->zero_ns = now_ns;
	taint_reset(o);
	o->conn_peaks.syns_per_s = o->conn_peaks.handshakes_per_s = 0;
}
