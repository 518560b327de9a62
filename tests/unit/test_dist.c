/* SPDX-License-Identifier: BSD-3-Clause */
/** Distributions of durations: their moments, where they exist, how far they go, and that a seed repeats them. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dist.h"

#define DRAWS   200000
#define YEAR_MS (365.0 * 24 * 3600 * 1000)
#define YEAR_NS ((uint64_t)(YEAR_MS * 1e6))

struct moments {
	double mean, variance; /* ms, ms^2 */
	uint64_t least, most;  /* ns */
};

static struct moments
draw(const struct rs_dist *d, uint64_t seed)
{
	struct rs_rng rng = { seed };
	struct moments m = { .least = UINT64_MAX };
	double sum = 0, squares = 0;

	for (int i = 0; i < DRAWS; i++) {
		uint64_t ns = rs_dist_sample(d, &rng);
		double ms = (double)ns / 1e6;

		sum += ms;
		squares += ms * ms;
		m.least = ns < m.least ? ns : m.least;
		m.most = ns > m.most ? ns : m.most;
	}
	m.mean = sum / DRAWS;
	m.variance = squares / DRAWS - m.mean * m.mean;
	return m;
}

/* five standard errors of the mean; of the variance 3 %, 6 % where the tail is long */
static const struct {
	const char *what;
	struct rs_dist d;
	double mean, variance, tolerance;
} rows[] = {
	{ "fixed", { .kind = RS_DIST_FIXED, .a_ns = 1500000 }, 1.5, 0, 0 },
	{ "uniform", { .kind = RS_DIST_UNIFORM, .a_ns = 10000000, .b_ns = 30000000 }, 20,
		400.0 / 12, 0.03 },
	{ "exponential", { .kind = RS_DIST_EXPONENTIAL, .a = 90000 }, 90000, 90000.0 * 90000,
		0.03 },
	{ "normal", { .kind = RS_DIST_NORMAL, .a = 500, .b = 50 }, 500, 2500, 0.03 },
	{ "normal, half of it below 0", { .kind = RS_DIST_NORMAL, .a = 0, .b = 10 }, 3.98942,
		34.0845, 0.03 },
	{ "lognormal", { .kind = RS_DIST_LOGNORMAL, .a = 3, .b = 0.5 }, 22.7599, 147.1268, 0.06 },
	{ "weibull, k 2", { .kind = RS_DIST_WEIBULL, .a = 100, .b = 2 }, 88.62269, 2146.0184,
		0.03 },
	{ "weibull, k 0.8", { .kind = RS_DIST_WEIBULL, .a = 100, .b = 0.8 }, 113.30031, 20396.55,
		0.06 },
	{ "pareto", { .kind = RS_DIST_PARETO, .a = 8, .b = 70 }, 80, 8 * 4900.0 / (49 * 6), 0.06 },
	{ "gamma, k 3", { .kind = RS_DIST_GAMMA, .a = 3, .b = 20 }, 60, 1200, 0.03 },
	{ "gamma, k 0.4", { .kind = RS_DIST_GAMMA, .a = 0.4, .b = 20 }, 8, 160, 0.06 },
	{ "negbin, few failures", { .kind = RS_DIST_NEGBIN, .a = 0.4, .b = 3 }, 4.5, 11.25, 0.03 },
	{ "negbin, many failures", { .kind = RS_DIST_NEGBIN, .a = 0.02, .b = 10 }, 490, 24500,
		0.03 },
	{ "negbin, n below 1", { .kind = RS_DIST_NEGBIN, .a = 0.1, .b = 0.5 }, 4.5, 45, 0.06 },
	{ "negbin, hardly any spread", { .kind = RS_DIST_NEGBIN, .a = 0.5, .b = 1e8 }, 1e8, 2e8,
		0.03 },
	{ "negbin, beyond 100 million", { .kind = RS_DIST_NEGBIN, .a = 0.5, .b = 8e8 }, 8e8, 1.6e9,
		0.03 },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void
draws_have_the_mean_and_the_variance_of_the_distribution(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		struct moments m = draw(&rows[i].d, 7);
		double error = 5 * sqrt(rows[i].variance / DRAWS) + 1e-6;

		if (fabs(m.mean - rows[i].mean) > error)
			fail_msg(
				"%s: mean %.6g, expected %.6g", rows[i].what, m.mean, rows[i].mean);
		if (fabs(m.variance - rows[i].variance) >
			rows[i].tolerance * rows[i].variance + 1e-3)
			fail_msg("%s: variance %.6g, expected %.6g", rows[i].what, m.variance,
				rows[i].variance);
	}
}

static void
the_mean_for_budgets_is_that_of_the_draws(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		double mean = (double)rs_dist_mean(&rows[i].d) / 1e6;

		if (fabs(mean - rows[i].mean) > rows[i].mean * 1e-5)
			fail_msg("%s: %.6g, expected %.6g", rows[i].what, mean, rows[i].mean);
	}
	/* no mean, or one beyond what a run can wait for */
	const struct rs_dist endless[] = { { .kind = RS_DIST_PARETO, .a = 1, .b = 5 },
		{ .kind = RS_DIST_LOGNORMAL, .a = 20, .b = 9 },
		{ .kind = RS_DIST_WEIBULL, .a = 1, .b = 0.001 },
		{ .kind = RS_DIST_GAMMA, .a = 1e9, .b = 1e6 },
		{ .kind = RS_DIST_NEGBIN, .a = 1e-9, .b = 1e9 } };
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++)
		assert_int_equal(rs_dist_mean(&endless[i]), YEAR_NS);
}

static void
a_median_tells_the_shapes_apart(void **state)
{
	/* median: exponential ln 2, gamma of shape 3 2.67406, weibull ln(2)^(1/k), pareto 2^(1/k), lognormal e^mean */
	static const struct {
		struct rs_dist d;
		double median;
	} medians[] = {
		{ { .kind = RS_DIST_EXPONENTIAL, .a = 1000 }, 693.147 },
		{ { .kind = RS_DIST_GAMMA, .a = 3, .b = 1000 }, 2674.06 },
		{ { .kind = RS_DIST_WEIBULL, .a = 1000, .b = 0.5 }, 480.453 },
		{ { .kind = RS_DIST_PARETO, .a = 0.5, .b = 1000 }, 4000 },
		{ { .kind = RS_DIST_LOGNORMAL, .a = 7, .b = 2 }, 1096.633 },
		{ { .kind = RS_DIST_NORMAL, .a = 1000, .b = 100 }, 1000 },
	};

	for (size_t i = 0; i < sizeof(medians) / sizeof(medians[0]); i++) {
		struct rs_rng rng = { 11 };
		int below = 0;

		for (int k = 0; k < DRAWS; k++)
			below += (double)rs_dist_sample(&medians[i].d, &rng) / 1e6 <
				medians[i].median;
		if (abs(below - DRAWS / 2) > 5 * 224) /* five standard deviations */
			fail_msg("%s: %d of %d below the median", rs_dist_name(medians[i].d.kind),
				below, DRAWS);
	}
}

static void
the_same_seed_draws_the_same_durations_and_another_one_others(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		struct rs_rng a = { 3 }, b = { 3 }, c = { 4 };
		int differ = 0;

		for (int k = 0; k < 100; k++) {
			uint64_t ns = rs_dist_sample(&rows[i].d, &a);

			assert_int_equal(ns, rs_dist_sample(&rows[i].d, &b));
			differ += ns != rs_dist_sample(&rows[i].d, &c);
		}
		assert_int_equal(a.state, b.state);
		assert_true(rows[i].d.kind == RS_DIST_FIXED || differ > 50);
	}
}

static void
no_draw_is_longer_than_a_year(void **state)
{
	static const struct rs_dist wild[] = {
		{ .kind = RS_DIST_EXPONENTIAL, .a = YEAR_MS },
		{ .kind = RS_DIST_NORMAL, .a = YEAR_MS, .b = YEAR_MS },
		{ .kind = RS_DIST_LOGNORMAL, .a = 24, .b = 30 },
		{ .kind = RS_DIST_WEIBULL, .a = YEAR_MS, .b = 0.001 },
		{ .kind = RS_DIST_PARETO, .a = 0.001, .b = YEAR_MS },
		{ .kind = RS_DIST_GAMMA, .a = 1e9, .b = YEAR_MS },
		{ .kind = RS_DIST_GAMMA, .a = 0.001, .b = 1e-3 },
		{ .kind = RS_DIST_NEGBIN, .a = 1e-9, .b = 1e9 },
		{ .kind = RS_DIST_NEGBIN, .a = 1, .b = 0.001 },
	};

	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		assert_null(rs_dist_check(&wild[i]));
		assert_true(draw(&wild[i], 5).most <= YEAR_NS);
	}
}

static void
bounds_of_a_distribution_are_kept(void **state)
{
	struct rs_dist uniform = { .kind = RS_DIST_UNIFORM, .a_ns = 5, .b_ns = 8 };
	struct moments m = draw(&uniform, 1);

	assert_int_equal(m.least, 5);
	assert_int_equal(m.most, 8);
	struct rs_dist pareto = { .kind = RS_DIST_PARETO, .a = 3, .b = 7 };
	assert_true(draw(&pareto, 1).least >= 7000000);
	struct rs_dist certain = { .kind = RS_DIST_NEGBIN, .a = 1, .b = 4 };
	assert_int_equal(draw(&certain, 1).most, 0);
	struct rs_dist still = { .kind = RS_DIST_NORMAL, .a = 20, .b = 0 };
	m = draw(&still, 1);
	assert_int_equal(m.least, 20000000);
	assert_int_equal(m.most, 20000000);
}

static void
a_draw_takes_few_numbers(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		struct rs_rng rng = { 9 };

		for (int k = 0; k < 10000; k++)
			rs_dist_sample(&rows[i].d, &rng);
		/* the state moves by a constant a number: 6 a draw on average are plenty */
		uint64_t step = 0x9e3779b97f4a7c15u, numbers = 0;
		for (uint64_t s = 9; s != rng.state && numbers < 60000; s += step)
			numbers++;
		assert_true(numbers < 60000);
	}
}

static void
default_and_variable_are_the_callers(void **state)
{
	struct rs_dist d = { .kind = RS_DIST_DEFAULT };
	struct rs_rng rng = { 1 };

	assert_int_equal(rs_dist_sample(&d, &rng), 0);
	assert_int_equal(rs_dist_mean(&d), 0);
	assert_null(rs_dist_check(&d));
	d.kind = RS_DIST_VARIABLE;
	assert_int_equal(rs_dist_sample(&d, &rng), 0);
	assert_null(rs_dist_check(&d));
	assert_int_equal(rng.state, 1);
}

static void
parameters_without_sense_are_named(void **state)
{
	static const struct {
		struct rs_dist d;
		const char *names; /* what the message speaks of */
	} bad[] = {
		{ { .kind = RS_DIST_FIXED, .a_ns = UINT64_MAX }, "value" },
		{ { .kind = RS_DIST_UNIFORM, .a_ns = 2, .b_ns = 1 }, "min" },
		{ { .kind = RS_DIST_UNIFORM, .b_ns = UINT64_MAX }, "max" },
		{ { .kind = RS_DIST_EXPONENTIAL, .a = 0 }, "mean" },
		{ { .kind = RS_DIST_EXPONENTIAL, .a = NAN }, "mean" },
		{ { .kind = RS_DIST_EXPONENTIAL, .a = INFINITY }, "mean" },
		{ { .kind = RS_DIST_NORMAL, .a = -1, .b = 1 }, "mean" },
		{ { .kind = RS_DIST_NORMAL, .a = 1, .b = -1 }, "stdev" },
		{ { .kind = RS_DIST_LOGNORMAL, .a = 90000, .b = 1 }, "logarithm" },
		{ { .kind = RS_DIST_LOGNORMAL, .a = 1, .b = NAN }, "logarithm" },
		{ { .kind = RS_DIST_WEIBULL, .a = 0, .b = 1 }, "lambda" },
		{ { .kind = RS_DIST_WEIBULL, .a = 1, .b = 0 }, "k" },
		{ { .kind = RS_DIST_PARETO, .a = 0, .b = 1 }, "k" },
		{ { .kind = RS_DIST_PARETO, .a = 1, .b = 0 }, "x_m" },
		{ { .kind = RS_DIST_GAMMA, .a = 0, .b = 1 }, "k" },
		{ { .kind = RS_DIST_GAMMA, .a = 1, .b = -1 }, "theta" },
		{ { .kind = RS_DIST_NEGBIN, .a = 1.5, .b = 1 }, "p" },
		{ { .kind = RS_DIST_NEGBIN, .a = 0, .b = 1 }, "p" },
		{ { .kind = RS_DIST_NEGBIN, .a = 0.5, .b = 0 }, "n" },
		{ { .kind = RS_DIST_KINDS }, "distribution" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = rs_dist_check(&bad[i].d);

		if (!why || !strstr(why, bad[i].names))
			fail_msg("row %zu: %s", i, why ? why : "accepted");
	}
	for (size_t i = 0; i < N_ROWS; i++)
		assert_null(rs_dist_check(&rows[i].d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_have_the_mean_and_the_variance_of_the_distribution),
		cmocka_unit_test(the_mean_for_budgets_is_that_of_the_draws),
		cmocka_unit_test(a_median_tells_the_shapes_apart),
		cmocka_unit_test(the_same_seed_draws_the_same_durations_and_another_one_others),
		cmocka_unit_test(no_draw_is_longer_than_a_year),
		cmocka_unit_test(bounds_of_a_distribution_are_kept),
		cmocka_unit_test(a_draw_takes_few_numbers),
		cmocka_unit_test(default_and_variable_are_the_callers),
		cmocka_unit_test(parameters_without_sense_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
