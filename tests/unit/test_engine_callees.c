/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom calls to a group find: idle ones only, whichever activity calls; in turn, at random, never oneself. */
#include "sim.h"

#include <stdio.h>

#include "engine/internal.h"

#define SECOND RS_NS_PER_S
#define CALLS 512

enum { RING, ONE, TWO };

/* Who was called, in that order. */
struct called {
	uint32_t n;
	uint32_t callee[CALLS], caller[CALLS];
};

static uint32_t
number_behind(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	assert_non_null(at);
	return (uint32_t)strtoul(at + strlen(what), NULL, 10);
}

static unsigned
note_call(void *ctx, struct sim_packet *p)
{
	struct called *c = ctx;
	char text[SIM_MTU + 1];

	memcpy(text, p->data, p->len);
	text[p->len] = '\0';
	if (memcmp(text, "INVITE ", 7) == 0 && c->n < CALLS) {
		c->caller[c->n] = number_behind(strstr(text, "\nFrom:"), "sip:u");
		c->callee[c->n++] = number_behind(text, "INVITE sip:u");
	}
	return 1;
}

/* @count callees; @calls: activities that place */
static void
open_with(struct sim *s, struct called *c, int workers, int count, unsigned seed, const char *calls)
{
	char plan[4096];
	int list = 3 * workers - 2;

	*s = (struct sim){ .on_wire = c ? note_call : NULL, .ctx = c };
	snprintf(plan, sizeof(plan),
		"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ %.*s ]; };\n"
		"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ %.*s ]; },\n"
		"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ %.*s ]; } );\n"
		"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; user = \"u{index}\"; },\n"
		"  { name = \"callees\"; port = \"b\"; count = %d; addresses = \"198.18.8.1-198.18.8.10\"; user = \"u{index}\"; proxy = \"sip:198.18.4.1\"; } );\n"
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"
		"  %s ); run = { seed = %u; };\n",
		list, "0, 0, 0, 0", list, "0, 1, 2, 3", list, "0, 1, 2, 3", count, calls, seed);
	sim_open(s, plan);
}

#define CALL(name, more) \
	"{ name = \"" name "\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " }"

static void
one_that_is_in_a_call_is_not_called_by_another_activity(void **state)
{
	for (int workers = 1; workers <= 3; workers++) {
		struct called *c = calloc(1, sizeof(*c));
		bool seen[60] = { false };
		struct sim s;

		open_with(&s, c, workers, 60, 1,
			CALL("one", "rate = 100; hold = \"100s\"; pick = \"random\";") ", "
			CALL("two", "rate = 100; hold = \"100s\"; pick = \"round robin\";"));
		sim_play(&s, 2 * SECOND);
		assert_int_equal(sim_count(&s, ONE, RS_AM_OPEN) + sim_count(&s, TWO, RS_AM_OPEN), 60);
		assert_true(sim_count(&s, ONE, RS_AM_OPEN) >= 20 && sim_count(&s, TWO, RS_AM_OPEN) >= 20);
		assert_int_equal(c->n, 60);
		for (uint32_t i = 0; i < c->n; i++) {
			assert_false(seen[c->callee[i]]);
			seen[c->callee[i]] = true;
		}
		sim_sums_hold(&s);
		assert_in_range(sim_count(&s, ONE, RS_AM_NOT_IDLE) + sim_count(&s, TWO, RS_AM_NOT_IDLE), 338, 342);
		sim_close(&s);
		free(c);
	}
}

static void
round_robin_is_the_order_of_the_group_however_long_calls_last(void **state)
{
	struct called *c = calloc(1, sizeof(*c));
	struct sim s;

	open_with(&s, c, 1, 10, 1,
		CALL("one", "rate = 10; total = 100; pick = \"round robin\"; hold = { distribution = \"uniform\"; min = 0; max = 800; };"));
	sim_play(&s, 15 * SECOND);
	assert_int_equal(sim_count(&s, ONE, RS_AM_COMPLETED), 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(c->callee[i], i % 10);
	sim_close(&s);
	free(c);
}

static void
round_robin_passes_over_those_that_are_busy(void **state)
{
	struct called *c = calloc(1, sizeof(*c));
	struct sim s;
	uint32_t turns = 0;

	/* 200 callees, some words of them busy for long: what is next is found, going round. */
	open_with(&s, c, 1, 200, 1,
		CALL("one", "rate = 100; total = 150; hold = \"100s\";") ", "
		CALL("two", "rate = 10; total = 100; hold = \"10ms\"; start = \"manual\"; pick = \"round robin\";"));
	sim_play(&s, 2 * SECOND);
	assert_int_equal(sim_count(&s, ONE, RS_AM_OPEN), 150); /* 0 to 149 */
	c->n = 0;
	rs_engine_start_activity(s.engines[0], TWO, s.now_ns);
	sim_play(&s, 11 * SECOND);
	assert_int_equal(c->n, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(c->callee[i], 150 + turns++ % 50);
	sim_close(&s);
	free(c);
}

static void
random_callees_are_all_over_the_group_and_the_seeds_own(void **state)
{
	struct called *c[3];
	uint32_t n_callees = 0, down = 0;
	bool seen[400] = { false };

	for (unsigned i = 0; i < 3; i++) {
		struct sim s;

		c[i] = calloc(1, sizeof(*c[i]));
		open_with(&s, c[i], 1, 400, i == 2 ? 2 : 1, CALL("one", "rate = 100; total = 400; pick = \"random\"; hold = \"0s\";"));
		sim_play(&s, 6 * SECOND);
		assert_int_equal(c[i]->n, 400);
		sim_close(&s);
	}
	assert_memory_equal(c[0]->callee, c[1]->callee, sizeof(c[0]->callee));
	assert_memory_not_equal(c[0]->callee, c[2]->callee, sizeof(c[0]->callee));
	for (uint32_t i = 0; i < 400; i++) {
		n_callees += !seen[c[0]->callee[i]];
		seen[c[0]->callee[i]] = true;
		down += i && c[0]->callee[i] < c[0]->callee[i - 1];
	}
	assert_in_range(n_callees, 225, 280); /* 400 (1 - 1/e) = 253 */
	assert_in_range(down, 165, 235);      /* as often down as up */
	for (unsigned i = 0; i < 3; i++)
		free(c[i]);
}

static void
random_finds_the_last_idle_ones(void **state)
{
	struct sim s;

	open_with(&s, NULL, 1, 400, 1, CALL("one", "rate = 200; pick = \"random\"; hold = \"100s\";"));
	sim_play(&s, 3 * SECOND);
	assert_int_equal(sim_count(&s, ONE, RS_AM_OPEN), 400);
	sim_close(&s);
}

static void
nobody_calls_oneself(void **state)
{
	/* Nobody answers: each ends after 20 ms. */
	static const char *const picks[] = { "idle", "round robin", "random" };

	for (size_t i = 0; i < 3; i++) {
		struct called *c = calloc(1, sizeof(*c));
		struct sim s;
		char call[300];

		snprintf(call, sizeof(call),
			"{ name = \"one\"; do = \"call\"; from = \"callees\"; to = \"callees\"; scenario = \"uac\"; rate = 20; total = 100; "
			"timeout = \"20ms\"; pick = \"%s\"; }", picks[i]);
		open_with(&s, c, 1, 3, 1, call);
		sim_play(&s, 6 * SECOND);
		assert_int_equal(c->n, 100);
		for (uint32_t k = 0; k < c->n; k++)
			assert_int_not_equal(c->callee[k], c->caller[k]);
		sim_close(&s);
		free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_in_a_call_is_not_called_by_another_activity),
		cmocka_unit_test(round_robin_is_the_order_of_the_group_however_long_calls_last),
		cmocka_unit_test(round_robin_passes_over_those_that_are_busy),
		cmocka_unit_test(random_callees_are_all_over_the_group_and_the_seeds_own),
		cmocka_unit_test(random_finds_the_last_idle_ones),
		cmocka_unit_test(nobody_calls_oneself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
