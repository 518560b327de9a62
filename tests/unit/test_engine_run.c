/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs on a virtual clock: calls placed and answered by one plan, over a link that may lose and repeat. */
#include "sim.h"

#include <stdio.h>

#define PORTS                                                                                                          \
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0 ]; };\n"                                            \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; },\n"                   \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; } );\n"
#define GROUPS                                                                                                         \
	"endpoints = ( { name = \"callers\"; port = \"a\"; count = 100; addresses = \"198.18.4.1-198.18.4.10\"; },\n" \
	"              { name = \"callees\"; port = \"b\"; count = 100; addresses = \"198.18.8.1-198.18.8.10\"; } );\n"
#define CALLS(more)                                                                                                    \
	"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },\n"       \
	"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; " more " } );\n"

enum { RING, CALL };

static void
every_call_completes_on_both_sides(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; total = 1000; hold = \"300ms\";"));
	sim_play(&s, 20 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OFFERED), 1000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_STARTED), 1000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_ESTABLISHED), 1000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 1000);
	assert_int_equal(sim_count(&s, RING, RS_AM_STARTED), 1000);
	assert_int_equal(sim_count(&s, RING, RS_AM_ESTABLISHED), 1000);
	assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 1000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_SENT), 3000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RECEIVED), 3000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED), 0);
	assert_int_equal(sim_count(&s, CALL, RS_AM_SIP_UNEXPECTED), 0);
	assert_int_equal(sim_count(&s, RING, RS_AM_SIP_UNEXPECTED), 0);
	assert_int_equal(sim_engine(&s, RS_ENG_LEGS), 0);
	assert_int_equal(sim_engine(&s, RS_ENG_LEG_BYTES), 0);
	sim_close(&s);
}

static void
latencies_are_taken_between_bursts(void **state)
{
	struct sim s = { .delay_ns = 5 * RS_NS_PER_MS };
	struct rs_hist *h;

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; total = 100;"));
	sim_play(&s, 10 * RS_NS_PER_S);
	h = s.accounts[0]->activities[CALL].cells.hists[RS_AM_POST_DIAL];
	assert_in_range(atomic_load(&h->min_ns), 10 * RS_NS_PER_MS, 10 * RS_NS_PER_MS + 20000);
	h = s.accounts[0]->activities[CALL].cells.hists[RS_AM_ANSWER];
	assert_in_range(atomic_load(&h->max_ns), 10 * RS_NS_PER_MS, 11 * RS_NS_PER_MS);
	h = s.accounts[0]->activities[CALL].cells.hists[RS_AM_DISCONNECT];
	assert_in_range(atomic_load(&h->min_ns), 10 * RS_NS_PER_MS, 10 * RS_NS_PER_MS + 20000);
	h = s.accounts[0]->activities[CALL].cells.hists[RS_AM_LATENESS];
	assert_in_range(atomic_load(&h->max_ns), 0, 100000);
	sim_close(&s);
}

struct loss {
	uint32_t every, n;
	unsigned copies;
};

static unsigned
some_are_different(void *ctx, struct sim_packet *p)
{
	struct loss *l = ctx;

	return ++l->n % l->every == 0 ? l->copies : 1;
}

static void
lost_messages_are_sent_again(void **state)
{
	struct loss loss = { .every = 7, .copies = 0 };
	struct sim s = { .on_wire = some_are_different, .ctx = &loss };

	/* The hold is longer than the 200's retransmissions: a lost ACK is made good before the BYE. */
	sim_open(&s, PORTS GROUPS CALLS("rate = 10; total = 500; hold = \"6s\";"));
	sim_play(&s, 100 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 0);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OFFERED), 500);
	assert_true(sim_count(&s, CALL, RS_AM_SIP_RETRANSMITTED) > 50);
	assert_true(sim_count(&s, CALL, RS_AM_COMPLETED) >= 490);
	sim_close(&s);
}

static void
repeated_messages_change_nothing(void **state)
{
	struct loss twice = { .every = 1, .copies = 3 };
	struct sim s = { .on_wire = some_are_different, .ctx = &twice };

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; total = 200; hold = \"100ms\";"));
	sim_play(&s, 20 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 200);
	assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 200);
	assert_int_equal(sim_count(&s, RING, RS_AM_STARTED), 200);
	assert_true(sim_count(&s, RING, RS_AM_SIP_RETRANS_RECEIVED) >= 200);
	sim_close(&s);
}

static void
a_silent_peer_is_a_failure_by_retransmissions_or_timeout(void **state)
{
	struct loss all = { .every = 1, .copies = 0 };
	struct sim s = { .on_wire = some_are_different, .ctx = &all };

	sim_open(&s, PORTS GROUPS CALLS("rate = 10; total = 10;"));
	sim_play(&s, 60 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_FAILED), 10);
	assert_int_equal(sim_cause(&s, CALL, RS_CAUSE_RETRANSMISSIONS) + sim_cause(&s, CALL, RS_CAUSE_TIMEOUT), 10);
	assert_int_equal(sim_engine(&s, RS_ENG_LEGS), 0);
	sim_close(&s);
}

static void
a_limit_leaves_calls_offered_but_not_started(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; total = 300; hold = \"1s\"; limit = 20;"));
	sim_play(&s, 20 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OFFERED), 300);
	assert_int_equal(sim_count(&s, CALL, RS_AM_PEAK), 20);
	assert_true(sim_count(&s, CALL, RS_AM_NOT_LIMIT) > 150);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), sim_count(&s, CALL, RS_AM_STARTED));
	sim_close(&s);
}

static void
without_an_idle_callee_a_call_is_not_started(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 1000; total = 1000; hold = \"10s\";"));
	sim_play(&s, 5 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_STARTED), 100);
	assert_int_equal(sim_count(&s, CALL, RS_AM_NOT_IDLE), 900);
	sim_close(&s);
}

static void
the_rate_can_be_turned(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 10;"));
	sim_play(&s, 10 * RS_NS_PER_S);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 100, 101);
	rs_engine_set_rate(s.engines[0], CALL, 1000, s.now_ns + RS_NS_PER_MS);
	sim_play(&s, RS_NS_PER_S + RS_NS_PER_MS);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 1099, 1102);
	rs_engine_pause(s.engines[0], s.now_ns + RS_NS_PER_MS);
	sim_play(&s, 10 * RS_NS_PER_S);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 1100, 1104);
	rs_engine_resume(s.engines[0], s.now_ns);
	sim_play(&s, RS_NS_PER_S);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 2099, 2105);
	sim_close(&s);
}

static void
hanging_up_ends_every_call_with_bye_or_cancel(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; hold = \"100s\";"));
	sim_play(&s, 500 * RS_NS_PER_MS);
	assert_in_range(sim_count(&s, CALL, RS_AM_OPEN), 49, 51);
	rs_engine_hangup(s.engines[0], -1);
	sim_play(&s, 2 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OPEN), 0);
	assert_int_equal(sim_cause(&s, CALL, RS_CAUSE_STOPPED), sim_count(&s, CALL, RS_AM_FAILED));
	assert_int_equal(sim_count(&s, RING, RS_AM_OPEN), 0);
	assert_true(sim_count(&s, RING, RS_AM_COMPLETED) >= 45); /* the callees got their BYE */
	sim_close(&s);
}

static void
two_activities_can_be_hung_up_at_once(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; },"
		" { name = \"one\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100;"
		"   hold = \"100s\"; },"
		" { name = \"two\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 100;"
		"   hold = \"100s\"; } );");
	sim_play(&s, 200 * RS_NS_PER_MS);
	assert_true(sim_count(&s, 1, RS_AM_OPEN) > 10 && sim_count(&s, 2, RS_AM_OPEN) > 10);
	rs_engine_hangup(s.engines[0], 1);
	rs_engine_hangup(s.engines[0], 2);
	sim_play(&s, RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, 1, RS_AM_OPEN), 0);
	assert_int_equal(sim_count(&s, 2, RS_AM_OPEN), 0);
	sim_close(&s);
}

static void
silence_sends_nothing_more(void **state)
{
	struct sim s = { 0 };
	uint64_t sent;

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; hold = \"100s\";"));
	sim_play(&s, 500 * RS_NS_PER_MS);
	rs_engine_silence(s.engines[0]);
	sent = s.sent;
	sim_play(&s, 10 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(s.sent, sent);
	assert_int_equal(sim_engine(&s, RS_ENG_LEGS), 0);
	sim_close(&s);
}

static void
the_link_says_why_nothing_leaves(void **state)
{
	static const struct {
		int error;
		uint32_t cause;
	} cases[] = { { -EACCES, RS_CAUSE_NOT_TARGET }, { -EHOSTUNREACH, RS_CAUSE_NO_ROUTE },
		{ -ENOBUFS, RS_CAUSE_NO_BUFFER } };

	for (size_t i = 0; i < 3; i++) {
		struct sim s = { .send_error = cases[i].error };

		sim_open(&s, PORTS GROUPS CALLS("rate = 10; total = 5;"));
		sim_play(&s, RS_NS_PER_S);
		sim_sums_hold(&s);
		assert_int_equal(sim_cause(&s, CALL, cases[i].cause), 5);
		sim_close(&s);
	}
}

#define TWO_WORKERS                                                                                                    \
	"targets = [ \"198.18.0.0/20\" ]; workers = { cores = [ 0, 1 ]; };\n"                                         \
	"ports = ( { name = \"a\"; device = \"ring:x/a\"; addresses = [ \"198.18.0.2/20\" ]; workers = [ 0, 1 ]; },\n" \
	"          { name = \"b\"; device = \"ring:x/b\"; addresses = [ \"198.18.0.3/20\" ]; workers = [ 0, 1 ]; } );\n"

static void
workers_share_the_calls_out(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, TWO_WORKERS GROUPS CALLS("rate = 200; total = 1000; hold = \"100ms\";"));
	sim_play(&s, 20 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_OFFERED), 1000);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 1000);
	assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 1000);
	for (uint32_t w = 0; w < 2; w++)
		assert_int_equal(rs_metric_get(&s.accounts[w]->activities[CALL].cells, RS_AM_OFFERED), 500);
	sim_close(&s);
}

#define TRUNKS                                                                                                         \
	"endpoints = ( { name = \"callers\"; kind = \"trunk\"; port = \"a\"; count = 1000; addresses = \"198.18.4.1\"; },\n" \
	"  { name = \"callees\"; kind = \"trunk\"; port = \"b\"; count = 1000; addresses = \"198.18.8.1\"; } );\n"

static void
a_trunk_is_one_address_for_all_workers(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, TWO_WORKERS TRUNKS CALLS("rate = 200; total = 1000; hold = \"100ms\";"));
	sim_play(&s, 20 * RS_NS_PER_S);
	sim_sums_hold(&s);
	assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 1000);
	assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 1000);
	for (uint32_t w = 0; w < 2; w++)
		assert_in_range(rs_metric_get(&s.accounts[w]->activities[RING].cells, RS_AM_STARTED), 400, 600);
	sim_close(&s);
}

static void
a_measured_window_counts_by_due_time(void **state)
{
	struct sim s = { 0 };

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; hold = \"100ms\";")
		"run = { warmup = \"2s\"; measure = \"3s\"; };");
	sim_play(&s, 7 * RS_NS_PER_S);
	assert_in_range(sim_count(&s, CALL, RS_AM_M_OFFERED), 299, 301);
	assert_in_range(sim_count(&s, CALL, RS_AM_OFFERED), 699, 702);
	sim_close(&s);
}

static void
a_plain_call_takes_at_most_a_kibibyte_a_leg(void **state)
{
	struct sim s = { 0 };
	uint64_t legs, bytes;

	sim_open(&s, PORTS GROUPS CALLS("rate = 100; hold = \"100s\";"));
	sim_play(&s, 500 * RS_NS_PER_MS);
	legs = sim_engine(&s, RS_ENG_LEGS);
	bytes = rs_engine_leg_bytes(s.engines[0]);
	assert_in_range(legs, 98, 102);
	assert_in_range(bytes / legs, 300, 1024);
	sim_close(&s);
}

/* `timeout` is for answers that do not come; how long a call lasts is the caller's `hold`. */
static void
an_answered_call_lasts_as_long_as_the_caller_holds_it(void **state)
{
	static const char *const modes[] = { "sipp", "rfc3261" };

	for (unsigned i = 0; i < 2; i++) {
		struct sim s = { 0 };
		char plan[2048];

		snprintf(plan, sizeof(plan), PORTS GROUPS CALLS("rate = 10; total = 20; hold = \"90s\"; timeout = \"32s\";")
			"run = { mode = \"%s\"; };\n", modes[i]);
		sim_open(&s, plan);
		sim_play(&s, 130 * RS_NS_PER_S);
		sim_sums_hold(&s);
		assert_int_equal(sim_count(&s, CALL, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, RING, RS_AM_COMPLETED), 20);
		assert_int_equal(sim_count(&s, RING, RS_AM_FAILED), 0);
		sim_close(&s);
	}
}

static unsigned
loses_byes(void *ctx, struct sim_packet *p)
{
	return memcmp(p->data, "BYE ", 4) != 0;
}

static void
an_answered_call_is_limited_by_a_timeout_that_is_written(void **state)
{
	struct sim s = { .on_wire = loses_byes };

	sim_open(&s, PORTS GROUPS
		"activities = ( { name = \"ring\"; do = \"answer\"; endpoints = \"callees\"; scenario = \"uas\"; timeout = \"60s\"; },\n"
		"  { name = \"calls\"; do = \"call\"; from = \"callers\"; to = \"callees\"; scenario = \"uac\"; rate = 10; total = 1; } );\n");
	sim_play(&s, 59 * RS_NS_PER_S);
	assert_int_equal(sim_count(&s, RING, RS_AM_OPEN), 1);
	sim_play(&s, 2 * RS_NS_PER_S);
	assert_int_equal(sim_cause(&s, RING, RS_CAUSE_TIMEOUT), 1);
	sim_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_completes_on_both_sides),
		cmocka_unit_test(latencies_are_taken_between_bursts),
		cmocka_unit_test(lost_messages_are_sent_again),
		cmocka_unit_test(repeated_messages_change_nothing),
		cmocka_unit_test(an_answered_call_lasts_as_long_as_the_caller_holds_it),
		cmocka_unit_test(an_answered_call_is_limited_by_a_timeout_that_is_written),
		cmocka_unit_test(a_silent_peer_is_a_failure_by_retransmissions_or_timeout),
		cmocka_unit_test(a_limit_leaves_calls_offered_but_not_started),
		cmocka_unit_test(without_an_idle_callee_a_call_is_not_started),
		cmocka_unit_test(the_rate_can_be_turned),
		cmocka_unit_test(hanging_up_ends_every_call_with_bye_or_cancel),
		cmocka_unit_test(two_activities_can_be_hung_up_at_once),
		cmocka_unit_test(silence_sends_nothing_more),
		cmocka_unit_test(the_link_says_why_nothing_leaves),
		cmocka_unit_test(workers_share_the_calls_out),
		cmocka_unit_test(a_trunk_is_one_address_for_all_workers),
		cmocka_unit_test(a_measured_window_counts_by_due_time),
		cmocka_unit_test(a_plain_call_takes_at_most_a_kibibyte_a_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
