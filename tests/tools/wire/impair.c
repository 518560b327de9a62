/* SPDX-License-Identifier: BSD-3-Clause */
#include "impair.h"

#include <math.h>

#include "base/rng.h"

/*
 * Each decision draws from a stream of its own, so that asking for duplicates does not change
 * which packets are lost.
 */
enum stream {
	STREAM_LOSS,
	STREAM_BURST,
	STREAM_DUPLICATE,
	STREAM_REORDER,
	STREAM_CORRUPT,
	STREAM_CORRUPT_WHERE,
	STREAM_DELAY,
	STREAM_DELAY_ANGLE,
	STREAMS
};

const char *
rs_wire_loss_name(enum rs_wire_loss loss)
{
	static const char *const names[RS_WIRE_LOSSES] = { "", "loss", "burst", "queue" };

	return names[loss];
}

void
rs_wire_model_init(
	struct rs_wire_model *m, const struct rs_wire_spec *spec, uint64_t seed, uint32_t direction)
{
	*m = (struct rs_wire_model){ .spec = *spec, .seed = seed, .direction = direction };
}

static uint64_t
draw(const struct rs_wire_model *m, enum stream stream)
{
	return rs_random_at(m->seed, (uint64_t)m->direction * STREAMS + stream, m->number);
}

static bool
happens(const struct rs_wire_model *m, enum stream stream, double chance)
{
	return chance > 0 && rs_random_unit(draw(m, stream)) < chance;
}

/*
 * The state in which this packet is met: one step of the chain from the state of the packet
 * before.
 */
static bool
step_burst(struct rs_wire_model *m)
{
	if (m->spec.burst_enter <= 0)
		return false;
	if (m->bad)
		m->bad = !happens(m, STREAM_BURST, m->spec.burst_leave);
	else
		m->bad = happens(m, STREAM_BURST, m->spec.burst_enter);
	return m->bad;
}

static uint64_t
draw_delay(const struct rs_wire_model *m)
{
	double unit = rs_random_unit(draw(m, STREAM_DELAY)), delay = (double)m->spec.delay_ns;

	if (m->spec.jitter_ns == 0)
		return m->spec.delay_ns;
	if (m->spec.normal) /* Box and Muller; 1 - unit is above 0 */
		delay += (double)m->spec.jitter_ns * sqrt(-2 * log(1 - unit)) *
			cos(2 * M_PI * rs_random_unit(draw(m, STREAM_DELAY_ANGLE)));
	else
		delay += (double)m->spec.jitter_ns * (2 * unit - 1);
	return delay > 0 ? (uint64_t)delay : 0;
}

struct rs_wire_fate
rs_wire_decide(struct rs_wire_model *m)
{
	const struct rs_wire_spec *s = &m->spec;
	struct rs_wire_fate fate = {
		.number = m->number,
		.duplicate = happens(m, STREAM_DUPLICATE, s->duplicate),
		.reorder = happens(m, STREAM_REORDER, s->reorder),
		.corrupt = happens(m, STREAM_CORRUPT, s->corrupt),
		.corrupt_where = draw(m, STREAM_CORRUPT_WHERE),
		.delay_ns = draw_delay(m),
	};

	/* The chain moves for every packet, also for one that is lost anyway. */
	if (step_burst(m))
		fate.lost = RS_WIRE_LOST_IN_BURST;
	else if (happens(m, STREAM_LOSS, s->loss))
		fate.lost = RS_WIRE_LOST_ALONE;
	m->number++;
	return fate;
}
