/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire's model: what becomes of packet n follows from (seed, direction, n), with the
 * statistics that were asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/wire/impair.h"
#include "base/clock.h"
#include "unit.h"

#define PACKETS 200000

static struct rs_wire_spec
spec_of(const char *text)
{
	struct rs_wire_spec spec;
	struct rs_err err = { 0 };

	rs_wire_spec_init(&spec);
	if (rs_wire_spec_parse(text, &spec, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return spec;
}

static struct rs_wire_model
model_of(const char *text, uint64_t seed, uint32_t direction)
{
	struct rs_wire_spec spec = spec_of(text);
	struct rs_wire_model m;

	rs_wire_model_init(&m, &spec, seed, direction);
	return m;
}

/*
 * @got events of chance @p in @n: within five deviations of their mean, which a right model misses
 * once in two million.
 */
static void
assert_share(uint64_t got, double p, uint64_t n)
{
	double mean = p * (double)n, deviation = sqrt(mean * (1 - p));

	if (fabs((double)got - mean) > 5 * deviation + 1)
		fail_msg("%lu of %lu, not about %.0f", (unsigned long)got, (unsigned long)n, mean);
}

static void
nothing_is_asked_for_and_nothing_happens(void **state)
{
	struct rs_wire_model m = model_of("", 1, 0);

	for (uint64_t i = 0; i < 1000; i++) {
		struct rs_wire_fate f = rs_wire_decide(&m);

		assert_int_equal(f.number, i);
		assert_int_equal(f.lost, RS_WIRE_KEPT);
		assert_false(f.duplicate || f.reorder || f.corrupt || f.delay_ns != 0);
	}
}

static void
each_chance_is_met(void **state)
{
	struct rs_wire_model m = model_of("loss=5%,duplicate=0.01,reorder=2%,corrupt=0.5%", 7, 0);
	uint64_t lost = 0, duplicate = 0, reorder = 0, corrupt = 0, lost_and_duplicate = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct rs_wire_fate f = rs_wire_decide(&m);

		lost += f.lost == RS_WIRE_LOST_ALONE;
		duplicate += f.duplicate;
		reorder += f.reorder;
		corrupt += f.corrupt;
		lost_and_duplicate += f.lost != RS_WIRE_KEPT && f.duplicate;
	}
	assert_share(lost, 0.05, PACKETS);
	assert_share(duplicate, 0.01, PACKETS);
	assert_share(reorder, 0.02, PACKETS);
	assert_share(corrupt, 0.005, PACKETS);
	/* The decisions are independent of one another. */
	assert_share(lost_and_duplicate, 0.05 * 0.01, PACKETS);
}

static void
certain_is_always_and_zero_is_never(void **state)
{
	struct rs_wire_model all = model_of("loss=1", 3, 1), none = model_of("loss=0", 3, 1);

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(rs_wire_decide(&all).lost, RS_WIRE_LOST_ALONE);
		assert_int_equal(rs_wire_decide(&none).lost, RS_WIRE_KEPT);
	}
}

static void
same_seed_same_fate_and_another_seed_or_direction_another(void **state)
{
	const char *text = "loss=50%,duplicate=50%,delay=10ms,jitter=5ms";
	struct rs_wire_model a = model_of(text, 42, 0), b = model_of(text, 42, 0);
	struct rs_wire_model seed = model_of(text, 43, 0), direction = model_of(text, 42, 1);
	int other_seed = 0, other_direction = 0;

	for (int i = 0; i < 1000; i++) {
		struct rs_wire_fate f = rs_wire_decide(&a), g = rs_wire_decide(&b);

		assert_int_equal(f.lost, g.lost);
		assert_int_equal(f.duplicate, g.duplicate);
		assert_int_equal(f.delay_ns, g.delay_ns);
		other_seed += rs_wire_decide(&seed).lost != f.lost;
		other_direction += rs_wire_decide(&direction).lost != f.lost;
	}
	assert_share((uint64_t)other_seed, 0.5, 1000);
	assert_share((uint64_t)other_direction, 0.5, 1000);
}

static void
another_impairment_beside_it_does_not_change_which_packets_are_lost(void **state)
{
	struct rs_wire_model alone = model_of("loss=10%", 5, 0);
	struct rs_wire_model beside =
		model_of("loss=10%,duplicate=20%,reorder=20%,delay=1ms,jitter=1ms/normal", 5, 0);

	for (int i = 0; i < 10000; i++)
		assert_int_equal(rs_wire_decide(&alone).lost, rs_wire_decide(&beside).lost);
}

/* Share lost, and mean number of packets that are lost one after another. */
static void
measure_bursts(struct rs_wire_model *m, double *share, double *length)
{
	uint64_t lost = 0, bursts = 0;
	bool before = false;

	for (int i = 0; i < PACKETS; i++) {
		bool now = rs_wire_decide(m).lost == RS_WIRE_LOST_IN_BURST;

		lost += now;
		bursts += now && !before;
		before = now;
	}
	*share = (double)lost / PACKETS;
	*length = (double)lost / (double)bursts;
}

static void
bursts_have_the_share_and_the_mean_length_that_were_asked_for(void **state)
{
	static const struct {
		const char *text;
		double share, length;
	} cases[] = { { "burst=5%/4", 0.05, 4 }, { "burst=1%/10", 0.01, 10 },
		{ "burst=20%/2", 0.2, 2 }, { "gilbert=0.02/0.25", 0.02 / 0.27, 4 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rs_wire_model m = model_of(cases[i].text, 11, 0);
		double share, length;

		measure_bursts(&m, &share, &length);
		assert_true(fabs(share / cases[i].share - 1) < 0.1);
		assert_true(fabs(length / cases[i].length - 1) < 0.1);
	}
}

static void
independent_loss_comes_on_top_of_bursts(void **state)
{
	struct rs_wire_model m = model_of("burst=5%/4,loss=10%", 11, 0);
	uint64_t alone = 0, burst = 0;

	for (int i = 0; i < PACKETS; i++) {
		enum rs_wire_loss lost = rs_wire_decide(&m).lost;

		alone += lost == RS_WIRE_LOST_ALONE;
		burst += lost == RS_WIRE_LOST_IN_BURST;
	}
	assert_true(fabs((double)burst / PACKETS / 0.05 - 1) < 0.1);
	assert_share(alone, 0.1 * 0.95, PACKETS);
}

static void
uniform_jitter_fills_its_bounds_and_normal_jitter_has_its_deviation(void **state)
{
	struct rs_wire_model uniform = model_of("delay=20ms,jitter=5ms", 2, 0);
	struct rs_wire_model normal = model_of("delay=50ms,jitter=5ms/normal", 2, 0);
	double sum = 0, squares = 0, mean;
	uint64_t least = UINT64_MAX, most = 0;

	for (int i = 0; i < PACKETS; i++) {
		uint64_t d = rs_wire_decide(&uniform).delay_ns;

		least = d < least ? d : least;
		most = d > most ? d : most;
		d = rs_wire_decide(&normal).delay_ns;
		sum += (double)d;
		squares += (double)d * (double)d;
	}
	assert_in_range(least, 15000000, 15010000);
	assert_in_range(most, 24990000, 25000000);
	mean = sum / PACKETS;
	assert_true(fabs(mean - 50e6) < 0.1e6);
	assert_true(fabs(sqrt(squares / PACKETS - mean * mean) - 5e6) < 0.1e6);
}

static void
jitter_wider_than_the_delay_never_makes_it_negative(void **state)
{
	struct rs_wire_model m = model_of("delay=1ms,jitter=10ms", 2, 0);
	uint64_t zero = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t d = rs_wire_decide(&m).delay_ns;

		assert_true(d <= 11 * RS_NS_PER_MS);
		zero += d == 0;
	}
	assert_share(zero, 9.0 / 20, 10000);
}

static void
specifications_are_read_as_written(void **state)
{
	struct rs_wire_spec s = spec_of(
		"loss=0.5%,reorder=2%/7/50ms,duplicate=1%/100ms,rate=2.5mbit/30,larger=1200,port=5060,copies=1,overtake=yes");

	assert_true(fabs(s.loss - 0.005) < 1e-12);
	assert_int_equal(s.reorder_distance, 7);
	assert_int_equal(s.reorder_hold_ns, 50 * RS_NS_PER_MS);
	assert_int_equal(s.duplicate_after_ns, 100 * RS_NS_PER_MS);
	assert_true(s.rate_bps == 2.5e6 && s.rate_pps == 0);
	assert_int_equal(s.queue_limit, 30);
	assert_int_equal(s.larger, 1200);
	assert_int_equal(s.port, 5060);
	assert_int_equal(s.copies, 1);
	assert_true(s.overtake);
	s = spec_of("rate=500pps");
	assert_true(s.rate_pps == 500 && s.rate_bps == 0);
}

static void
start_lines_are_chosen_whole(void **state)
{
	struct rs_wire_spec s = spec_of("sip=ACK|200 INVITE");

	assert_true(rs_wire_spec_wants_sip(&s, "ACK"));
	assert_true(rs_wire_spec_wants_sip(&s, "200 INVITE"));
	assert_false(rs_wire_spec_wants_sip(&s, "INVITE"));
	assert_false(rs_wire_spec_wants_sip(&s, "200"));
	assert_false(rs_wire_spec_wants_sip(&s, "AC"));
	assert_false(rs_wire_spec_wants_sip(&s, ""));
	s = spec_of("");
	assert_true(rs_wire_spec_wants_sip(&s, ""));
}

static void
what_cannot_be_read_is_refused_with_its_name(void **state)
{
	static const char *const bad[] = { "loss", "loss=", "loss=5", "loss=105%", "loss=-1%",
		"loss=5%%", "burst=5%", "burst=5%/0.5", "burst=100%/3", "burst=90%/1",
		"gilbert=0.1", "gilbert=0.1/0", "delay=20", "delay=fast", "jitter=5ms/gamma",
		"reorder=1%/0", "reorder=1%/3/x", "duplicate=1%/2", "rate=100", "rate=0pps",
		"rate=5pps/0", "rate=5furlongs", "port=70000", "port=-1", "larger=x",
		"overtake=maybe", "sip=", "evaporate=1%", "=" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rs_wire_spec spec;
		struct rs_err err = { 0 };

		rs_wire_spec_init(&spec);
		if (rs_wire_spec_parse(bad[i], &spec, &err) != -EINVAL)
			fail_msg("'%s' was accepted", bad[i]);
		assert_string_not_equal(err.text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_for_and_nothing_happens),
		cmocka_unit_test(each_chance_is_met),
		cmocka_unit_test(certain_is_always_and_zero_is_never),
		cmocka_unit_test(same_seed_same_fate_and_another_seed_or_direction_another),
		cmocka_unit_test(
			another_impairment_beside_it_does_not_change_which_packets_are_lost),
		cmocka_unit_test(bursts_have_the_share_and_the_mean_length_that_were_asked_for),
		cmocka_unit_test(independent_loss_comes_on_top_of_bursts),
		cmocka_unit_test(
			uniform_jitter_fills_its_bounds_and_normal_jitter_has_its_deviation),
		cmocka_unit_test(jitter_wider_than_the_delay_never_makes_it_negative),
		cmocka_unit_test(specifications_are_read_as_written),
		cmocka_unit_test(start_lines_are_chosen_whole),
		cmocka_unit_test(what_cannot_be_read_is_refused_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
