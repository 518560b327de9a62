/* SPDX-License-Identifier: BSD-3-Clause */
/* Ramps, steps and spikes: how many arrivals a shape makes due until when, and the reverse. */
#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "engine/arrivals.h"
#include "engine/engine.h"

#define LONGEST_NS 4e18 /* 126 years */

unsigned __int128
units_of(double arrivals)
{
	double whole = floor(arrivals);

	return (unsigned __int128)(uint64_t)whole * UNIT + (uint64_t)((arrivals - whole) * 0x1p32 + 0.5);
}

double
units_number(unsigned __int128 units)
{
	return (double)(uint64_t)(units >> 32) + (double)(uint32_t)units * 0x1p-32;
}

uint64_t
shape_bytes(const struct rs_plan_activity *plan)
{
	return plan->n_shape ? (2 * (uint64_t)plan->n_shape + 1) * sizeof(struct piece) : 0;
}

static double
seconds(uint64_t ns)
{
	return (double)ns / (double)RS_NS_PER_S;
}

/* Another piece from @begin_ns on; the one before it ends there. */
static void
add_piece(struct shape *s, uint64_t begin_ns, double rate_hz, double slope)
{
	struct piece *p = &s->pieces[s->n];

	*p = (struct piece){ .begin_ns = begin_ns, .rate_hz = rate_hz, .slope = slope };
	if (s->n)
		p->units = shape_units(s, begin_ns);
	s->n++;
}

void
shape_setup(struct shape *s, void *memory, const struct rs_plan_activity *plan)
{
	double rate = plan->rate_hz;
	uint64_t at = 0;

	s->n = 0;
	if (plan->n_shape == 0)
		return;
	s->pieces = memory;
	for (uint32_t i = 0; i < plan->n_shape; i++) {
		const struct rs_stretch *x = &plan->shape[i];

		if (x->begin_ns > at) /* between two of them the rate stays what it was */
			add_piece(s, at, rate, 0);
		if (x->end_ns > x->begin_ns)
			add_piece(s, x->begin_ns, x->rate_from_hz,
				(x->rate_to_hz - x->rate_from_hz) / seconds(x->end_ns - x->begin_ns));
		rate = x->rate_to_hz;
		at = x->end_ns;
	}
	add_piece(s, at, rate, 0);
}

/* The last piece that begins at or before @at_ns. */
static const struct piece *
piece_at(const struct shape *s, uint64_t at_ns)
{
	uint32_t low = 0, high = s->n;

	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (s->pieces[mid].begin_ns <= at_ns)
			low = mid;
		else
			high = mid;
	}
	return &s->pieces[low];
}

unsigned __int128
shape_units(const struct shape *s, uint64_t at_ns)
{
	const struct piece *p = piece_at(s, at_ns);
	double t = seconds(at_ns - p->begin_ns), passed = t * (p->rate_hz + p->slope * t / 2);

	return p->units + units_of(fmax(passed, 0));
}

uint64_t
shape_time(const struct shape *s, unsigned __int128 units)
{
	uint32_t low = 0, high = s->n;

	while (high - low > 1) { /* the last piece before which no more than these have passed: one without any is skipped */
		uint32_t mid = low + (high - low) / 2;

		if (s->pieces[mid].units <= units)
			low = mid;
		else
			high = mid;
	}
	const struct piece *p = &s->pieces[low];
	double more = units_number(units - p->units);
	/* rate * t + slope * t^2 / 2 = more, solved so that neither a level nor a falling rate divides by nothing. */
	double root = sqrt(fmax(p->rate_hz * p->rate_hz + 2 * p->slope * more, 0));
	double ns = more > 0 ? 2 * more / (p->rate_hz + root) * (double)RS_NS_PER_S : 0;
	bool last = low + 1 == s->n;

	if ((last && p->rate_hz <= 0) || !(ns < LONGEST_NS))
		return NEVER_NS;
	uint64_t at = p->begin_ns + (uint64_t)ns;

	return last || at < s->pieces[low + 1].begin_ns ? at : s->pieces[low + 1].begin_ns;
}

uint64_t
shape_end(const struct shape *s)
{
	const struct piece *last = &s->pieces[s->n - 1];

	return last->rate_hz > 0 ? NEVER_NS : last->begin_ns;
}

double
rs_engine_shape_rate(const struct rs_plan_activity *a, uint64_t since_ns)
{
	double rate = a->rate_hz;

	for (uint32_t i = 0; i < a->n_shape && since_ns >= a->shape[i].begin_ns; i++) {
		const struct rs_stretch *x = &a->shape[i];

		rate = x->rate_to_hz;
		if (since_ns < x->end_ns)
			rate = x->rate_from_hz + (x->rate_to_hz - x->rate_from_hz) *
				(double)(since_ns - x->begin_ns) / (double)(x->end_ns - x->begin_ns);
	}
	return rate;
}
