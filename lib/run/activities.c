/* SPDX-License-Identifier: BSD-3-Clause */
/* The activities of a run that is on: which have begun, which wait for another one, which are over, what they ask for. */
#include "run/internal.h"

void
activity_begin(struct rs_daemon *d, uint32_t i, const char *after)
{
	uint64_t at = daemon_now(d) + LEAD_NS;

	d->run->begun[i] = 1;
	d->run->begun_ns[i] = at;
	daemon_mail(d, &(struct rs_mail){ .type = RS_MAIL_START_ACTIVITY, .arg = { at, i } });
	daemon_event(d, "activity started",
		json_pack("{s:s, s:s*}", "activity", d->plan->activities[i].name, "after", after));
}

bool
activity_over(const struct rs_daemon *d, uint32_t i)
{
	bool over = d->run->begun[i] || d->run->stopped[i];

	if (d->plan->activities[i].kind == RS_DO_DROP)
		return drops_over(d, i);
	for (uint32_t w = 0; w < d->n_workers && over; w++)
		over = rs_metric_get(&d->run->accounts[w]->activities[i].cells, RS_AM_OVER) != 0;
	return over;
}

void
activities_follow(struct rs_daemon *d)
{
	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		const struct rs_plan_activity *a = &d->plan->activities[i];

		if (a->start == RS_START_AFTER && !d->run->begun[i] && !d->run->stopped[i] &&
			activity_over(d, a->after))
			activity_begin(d, i, d->plan->activities[a->after].name);
	}
}

const char *
activity_awaited(const struct rs_daemon *d, uint32_t i)
{
	const struct rs_plan_activity *a = &d->plan->activities[i];

	if (!d->run || a->start != RS_START_AFTER || d->run->begun[i] || d->run->stopped[i] ||
		(d->state != RS_STATE_RUNNING && d->state != RS_STATE_PAUSED))
		return NULL;
	return d->plan->activities[a->after].name;
}

bool
activity_has_end(const struct rs_plan_activity *a)
{
	return (a->total && a->kind != RS_DO_DROP) || (a->n_shape && a->shape[a->n_shape - 1].rate_to_hz <= 0);
}

double
activity_rate(const struct rs_daemon *d, uint32_t i)
{
	const struct rs_plan_activity *a = &d->plan->activities[i];
	const struct run *r = d->run;
	uint64_t now;

	if (!r)
		return rs_engine_shape_rate(a, 0);
	if (!r->shaped[i])
		return r->rates[i];
	now = d->state == RS_STATE_PAUSED ? r->paused_ns : r->end_ns ? r->end_ns : daemon_now(d);
	return rs_engine_shape_rate(
		a, r->begun[i] && now > r->begun_ns[i] ? now - r->begun_ns[i] : 0);
}

void
activities_resumed(struct rs_daemon *d, uint64_t at_ns)
{
	for (uint32_t i = 0; i < d->plan->n_activities; i++) {
		uint64_t *begun = &d->run->begun_ns[i];

		if (d->run->begun[i]) /* shapes have stood still */
			*begun += at_ns - (*begun > d->run->paused_ns ? *begun : d->run->paused_ns);
	}
}
