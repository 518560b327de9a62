/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections cut on purpose: on demand, and by the timetable of activities with do = "drop". What was cut, and when, goes to the report. */
#include <stdio.h>
#include <stdlib.h>

#include "run/internal.h"

#define MOST_TOLD 1000 /* cuts that the report lists; all are counted */

/* @param group  -1: all */
static void
cut(struct rs_daemon *d, int32_t group, double share, enum rs_conn_close how, const char *activity)
{
	struct rs_mail m = { .type = RS_MAIL_DROP };
	const char *name = group < 0 ? "all" : d->plan->groups[group].name;
	struct run *r = d->run;

	m.arg[1] = (uint64_t)(int64_t)group;
	memcpy(&m.arg[2], &share, sizeof(share));
	m.arg[3] = how;
	daemon_mail(d, &m);
	if (!r->cuts)
		r->cuts = json_array();
	if (json_array_size(r->cuts) < MOST_TOLD)
		json_array_append_new(r->cuts,
			json_pack("{s:f, s:s, s:f, s:s, s:s?}", "t", (double)(daemon_now(d) - r->t0_ns) / RS_NS_PER_S, "endpoints", name,
				"share", share, "how", rs_conn_close_name(how), "activity", activity));
	daemon_event(d, "connections dropped",
		json_pack("{s:s, s:f, s:s, s:s*}", "endpoints", name, "share", share, "how", rs_conn_close_name(how), "activity", activity));
}

static int
find_group(const struct rs_daemon *d, const char *name, int32_t *out, struct rs_err *err)
{
	const char *names[256], *near;
	uint32_t n = 0;

	*out = -1;
	for (uint32_t i = 0; i < d->plan->n_groups; i++) {
		const struct rs_plan_group *g = &d->plan->groups[i];

		if (name && strcmp(g->name, name) == 0)
			*out = (int32_t)i;
		if (rs_transport_is_stream((enum rs_transport)g->transport) && n < 256)
			names[n++] = g->name;
	}
	if (n == 0)
		return rs_err_set(err, -EINVAL, "the plan has no connections: its groups speak UDP");
	if (!name || (*out >= 0 && rs_transport_is_stream((enum rs_transport)d->plan->groups[*out].transport)))
		return 0;
	if (*out >= 0)
		return rs_err_set(err, -EINVAL, "group \"%.60s\" speaks UDP: it has no connections", name);
	near = rs_text_nearest(name, names, n);
	return rs_err_set(err, -ENOENT, "no group \"%.60s\"%s%s%s", name, near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int
rs_daemon_drop(struct rs_daemon *d, const char *group, double share, enum rs_conn_close how, struct rs_err *err)
{
	int32_t number;
	int rc;

	if (!run_is_on(d))
		return rs_err_set(err, -EINVAL, "no run is on (state %s)", rs_state_name(d->state));
	if (!(share > 0 && share <= 1))
		return rs_err_set(err, -EINVAL, "share %g: give more than 0, and 1 at most", share);
	rc = find_group(d, group, &number, err);
	if (rc == 0)
		cut(d, number, share, how, NULL);
	return rc;
}

bool
drops_over(const struct rs_daemon *d, uint32_t i)
{
	return d->run->stopped[i] || d->run->cuts_made[i] >= d->plan->activities[i].total;
}

void
drops_follow(struct rs_daemon *d)
{
	uint64_t now = daemon_now(d);

	if (d->state != RS_STATE_RUNNING)
		return;
	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &d->plan->activities[i];
		struct run *r = d->run;

		if (a->kind != RS_DO_DROP || !r->begun[i] || drops_over(d, i) ||
			now < r->begun_ns[i] + a->wait_ns + r->cuts_made[i] * a->every_ns)
			continue;
		cut(d, (int32_t)a->from, a->share, (enum rs_conn_close)a->how, a->name);
		r->cuts_made[i]++;
	}
}
